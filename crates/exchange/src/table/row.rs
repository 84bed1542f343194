//! One row of a long table to one fact, or to the reason why not. Never guesses. Knows no grading.

use super::header::{Column, Header};
use crate::{
    settle::Draft,
    trouble::Trouble,
    value::{BIRTH_DATE, Reading, SEX, Written, interpret},
};
use std::{borrow::Cow, collections::HashMap, sync::Arc};
use vena_base::{Answer, Concept, Fact, Origin, Stamp, Text, Value, When, Zone, time::TimeError};
use vena_knowledge::{Catalogue, ConceptInfo, Kind};

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

    /// Reads one record; beside the fact comes what was noticed about it.
    ///
    /// # Errors
    /// The reason why the row cannot be used.
    pub fn read(&mut self, record: &[Cow<'_, str>], line: u64) -> Result<(Draft, Option<Trouble>), Trouble> {
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
        let (when, undated, reading, refused) = match self.value_and_time(info, written, time) {
            Ok((when, undated, reading)) => (when, undated, reading, None),
            Err(trouble) => match self.unreadable(info, written, time) {
                Some((when, reading)) => (when, false, reading, Some(trouble)),
                None => return Err(trouble),
            },
        };
        let mut fact = Fact::new(info.concept, reading.value, when);
        fact.flags.extend(reading.flag);
        fact.origin = Origin::Line(line);
        fact.until = self.time(header.get(record, Column::Until), "until")?;
        fact.recorded = self.recorded(header.get(record, Column::Recorded))?;
        fact.route = text(header.get(record, Column::Route));
        fact.note = text(header.get(record, Column::Note));
        fact.recorded_by = text(header.get(record, Column::RecordedBy));
        fact.attributed_to = self.cause(header.get(record, Column::Cause))?;
        Ok((Draft { fact, undated, file: None }, refused.or(reading.noticed)))
    }

    /// An observation whose value cannot be read was made all the same: an older one must not stand for it.
    /// The row stays refused and reported; in its place stands that nothing could be assessed.
    fn unreadable(&self, info: &ConceptInfo, written: Written<'_>, time: &str) -> Option<(When, Reading)> {
        let observed = matches!(info.kind, Kind::Quantity | Kind::Answers) && info.holds_h.is_some();
        let when =
            self.time(time, "time").ok().flatten().filter(|_| observed && !written.value.is_empty())?;
        let why: String = format!("unreadable: {}", written.text()).chars().take(100).collect();
        Some((when, Reading::plain(Value::NotAssessed(why.into()))))
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
    /// it certain to have been recorded.
    fn recorded(&self, text: &str) -> Result<Option<Stamp>, Trouble> {
        match self.time(text, "recorded")? {
            None => Ok(None),
            Some(When::Instant(stamp)) => Ok(Some(stamp)),
            Some(day) => match self.zone {
                Some(zone) => Ok(Some(Stamp::in_zone(day.latest(zone), zone))),
                None => {
                    Err(Trouble::Time { field: "recorded", error: TimeError::NeedsZone(text.to_owned()) })
                }
            },
        }
    }

    fn cause(&self, text: &str) -> Result<Option<Answer>, Trouble> {
        if text.is_empty() {
            return Ok(None);
        }
        let info = self.catalogue.get(CAUSE);
        info.and_then(|info| info.answer_from_words(text)).map(Some).ok_or_else(|| Trouble::Value {
            concept: info.map_or_else(|| Text::same("cause"), |info| info.name.clone()),
            written: text.to_owned(),
            reason: Text::new("not one of the known causes", "不是已知的原因"),
        })
    }
}

fn text(text: &str) -> Option<Arc<str>> {
    (!text.is_empty()).then(|| Arc::from(text))
}
