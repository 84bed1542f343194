//! One row of a long table to one fact, or to the reason why not. Never guesses. Knows no grading.

use super::header::{Column, Header};
use crate::{
    settle::Draft,
    trouble::Trouble,
    value::{BIRTH_DATE, Reading, SEX, Written, interpret, opens_course, unreadable},
};
use std::{borrow::Cow, collections::HashMap, sync::Arc};
use vena_base::{Answer, Concept, Fact, Origin, Stamp, Text, Value, When, Zone};
use vena_knowledge::{Catalogue, CommonWord, ConceptInfo, Kind, answers_known};

/// Concepts whose answers name a cause.
const CAUSE: Concept = Concept::known("hypotension-cause");

/// What reading rows needs, for one patient.
pub struct RowReader<'a> {
    /// The columns.
    pub header: &'a Header,
    /// The names of things.
    pub catalogue: &'a Catalogue,
    /// Where times without offset are read.
    pub zone: Option<&'a Zone>,
    found: HashMap<String, Option<&'a ConceptInfo>>,
}

impl<'a> RowReader<'a> {
    /// A reader for one patient's rows.
    pub fn new(header: &'a Header, catalogue: &'a Catalogue, zone: Option<&'a Zone>) -> RowReader<'a> {
        RowReader { header, catalogue, zone, found: HashMap::new() }
    }

    fn find(&mut self, what: &str) -> Option<&'a ConceptInfo> {
        if let Some(found) = self.found.get(what) {
            return *found;
        }
        let found = self.catalogue.find(what);
        self.found.insert(what.to_owned(), found);
        found
    }

    /// Reads one record: the facts it gives (a cell may say several things), and what was noticed.
    ///
    /// # Errors
    /// The reason why the row cannot be used.
    pub fn read(&mut self, record: &[Cow<'_, str>], line: u64) -> Result<RowRead, Trouble> {
        let header = self.header;
        let what = header.get(record, Column::What);
        if what.is_empty() {
            return Err(Trouble::MissingField { column: "what" });
        }
        let Some(info) = self.find(what) else {
            return Err(Trouble::UnknownWhat { what: what.to_owned() });
        };
        let unit = Some(header.get(record, Column::Unit)).filter(|unit| !unit.is_empty());
        let written = Written { value: header.get(record, Column::Value), unit };
        let time = header.get(record, Column::Time);
        let (rest, rest_wrong) = self.rest(record);
        let read = self.value_and_time(info, written, time);
        let (when, undated, reading, refused) = match (read, rest_wrong) {
            (Ok((when, undated, reading)), None) => (when, undated, reading, None),
            // That a drug ran must not be lost with the end of it that cannot be read.
            (Ok((when, undated, reading)), wrong @ Some(_)) if info.kind == Kind::Drug => {
                (when, undated, reading, wrong)
            }
            (Ok(_), Some(trouble)) | (Err(trouble), _) => {
                match self.in_its_place(info, written, time, &trouble) {
                    Some((when, _, reading)) if reading.value == Value::Happened => {
                        (when, false, reading, Some(dose_not_read(trouble)))
                    }
                    Some((when, undated, reading)) => (when, undated, reading, Some(trouble)),
                    None => return Err(trouble),
                }
            }
        };
        let concept = reading.concept.or(info.parts.first().copied()).unwrap_or(info.concept);
        let mut fact = Fact::new(concept, reading.value, when);
        fact.flags.extend(reading.flag);
        fact.origin = Origin::Line(line);
        (fact.until, fact.recorded, fact.attributed_to) = (rest.until, rest.recorded, rest.cause);
        fact.route = text(header.get(record, Column::Route));
        fact.note = text(header.get(record, Column::Note));
        fact.recorded_by = text(header.get(record, Column::RecordedBy));
        let also = reading.also.into_iter().map(|(concept, value)| {
            // What is implausible of pressures written as one may be either of them.
            let flags = if info.parts.is_empty() { Vec::new() } else { fact.flags.clone() };
            let fact = Fact { concept, value, flags, ..fact.clone() };
            Draft { recorded_on: rest.recorded_on, ..Draft::new(fact, None) }
        });
        let also = also.collect();
        let draft = Draft { undated, recorded_on: rest.recorded_on, ..Draft::new(fact, None) };
        Ok(RowRead { draft, also, noticed: refused.or(reading.noticed) })
    }

    /// The columns beside value and time, as far as they can be read, and the first that cannot.
    fn rest(&self, record: &[Cow<'_, str>]) -> (Rest, Option<Trouble>) {
        let mut wrong = None;
        let mut note = |trouble| {
            wrong.get_or_insert(trouble);
        };
        let until = self.time(self.header.get(record, Column::Until), "until");
        let recorded = self.recorded(self.header.get(record, Column::Recorded));
        let cause = self.cause(self.header.get(record, Column::Cause));
        let until = until.map_err(&mut note).unwrap_or_default();
        let (recorded, recorded_on) = recorded.map_err(&mut note).unwrap_or_default();
        let cause = cause.map_err(&mut note).unwrap_or_default();
        (Rest { until, recorded, recorded_on, cause }, wrong)
    }

    /// What stands where a row cannot be used: an observation was made all the same, so that an older one
    /// must not stand for it; a drug or cells with a number were given, whatever its unit. The row stays
    /// reported.
    fn in_its_place(
        &self,
        info: &ConceptInfo,
        written: Written<'_>,
        time: &str,
        trouble: &Trouble,
    ) -> Option<(When, bool, Reading)> {
        let when = self.time(time, "time").ok().flatten();
        if opens_course(info.concept) {
            // “2e6 cells/kg” at a known time says that the cells were given; only how many is not read.
            let number_alone = matches!(trouble, Trouble::Value { .. }) && is_a_dose(written.value);
            if let Some(when) = when.filter(|_| number_alone) {
                return Some((when, false, Reading::plain(Value::Happened)));
            }
            // “No infusion” says nothing of one that cannot be read.
            let denied = self.catalogue.common_words().get(written.value) == Some(CommonWord::DidNotHappen);
            let what = if when.is_some() { written.text() } else { format!("{time} {}", written.text()) };
            let mark = unreadable(info, what.trim()).filter(|_| !denied)?;
            return Some((when.unwrap_or(When::Year(0)), when.is_none(), Reading::plain(mark)));
        }
        let when = when.filter(|_| !written.value.is_empty())?;
        let value = match info.kind {
            Kind::Drug if is_a_dose(written.value) => Value::Happened,
            _ => unreadable(info, &written.text())?,
        };
        Some((when, false, Reading::plain(value)))
    }

    /// Value and time together: the birth date may stand in either column, and sex needs no time.
    fn value_and_time(
        &self,
        info: &ConceptInfo,
        written: Written<'_>,
        time: &str,
    ) -> Result<(When, bool, Reading), Trouble> {
        let when = self.time(time, "time")?;
        if info.kind == Kind::Moment && written.value.is_empty() {
            let when = when.ok_or(Trouble::MissingField { column: "time" })?;
            return Ok((when, false, Reading::plain(Value::Moment(when))));
        }
        let reading = interpret(self.catalogue, info, written, self.zone)?;
        match (when, &reading.value) {
            (Some(when), _) => Ok((when, false, reading)),
            (None, Value::Moment(moment)) if info.concept == BIRTH_DATE => Ok((*moment, false, reading)),
            // Replaced when the rest of the patient's rows is known.
            (None, _) if info.concept == SEX => Ok((When::Year(0), true, reading)),
            (None, _) => Err(Trouble::MissingField { column: "time" }),
        }
    }

    fn time(&self, text: &str, field: &'static str) -> Result<Option<When>, Trouble> {
        if text.is_empty() {
            return Ok(None);
        }
        When::parse(text, self.zone).map(Some).map_err(|error| Trouble::Time { field, error })
    }

    /// A time of recording is an instant; of a day its last instant is taken, because only then is
    /// it certain to have been recorded. Where that lies is known when the patient's zone is.
    fn recorded(&self, text: &str) -> Result<(Option<Stamp>, Option<When>), Trouble> {
        Ok(match self.time(text, "recorded")? {
            None => (None, None),
            Some(When::Instant(stamp)) => (Some(stamp), None),
            Some(day) => (None, Some(day)),
        })
    }

    fn cause(&self, text: &str) -> Result<Option<Answer>, Trouble> {
        if text.is_empty() {
            return Ok(None);
        }
        let info = self.catalogue.get(CAUSE);
        info.and_then(|info| info.answer_from_words(text)).map(Some).ok_or_else(|| {
            let known = info.map(answers_known).unwrap_or_default();
            Trouble::Value {
                concept: Text::new("the cause", "歸因"),
                written: text.to_owned(),
                reason: Text::new(
                    format!("none of the known causes: {}", known.en),
                    format!("不是已知的原因：{}", known.zh_tw),
                ),
            }
        })
    }
}

/// What one row gives.
pub struct RowRead {
    /// The fact of the row's own concept.
    pub draft: Draft,
    /// What its cell says of other concepts.
    pub also: Vec<Draft>,
    /// What was noticed, or why the value was refused and a mark stands in its place.
    pub noticed: Option<Trouble>,
}

/// The columns beside value and time, read.
struct Rest {
    until: Option<When>,
    recorded: Option<Stamp>,
    recorded_on: Option<When>,
    cause: Option<Answer>,
}

/// A number that is not nothing: a dose, though its unit may not be understood.
fn is_a_dose(value: &str) -> bool {
    let digits = |c: char| c.is_ascii_digit();
    value.starts_with(digits) && value.split(|c: char| !digits(c)).any(|run| run.bytes().any(|b| b != b'0'))
}

/// That the drug was given is kept; its dose is not read.
fn dose_not_read(trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::Value { concept, written, reason } => Trouble::DoseNotRead { concept, written, reason },
        other => other,
    }
}

fn text(text: &str) -> Option<Arc<str>> {
    (!text.is_empty()).then(|| Arc::from(text))
}
