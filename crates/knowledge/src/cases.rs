//! Cases beside a rule file: facts in, expected finding out, readable by clinicians. Knows how to
//! read and spell them out; the rules that must meet them live elsewhere.
//!
//! The format is described in `knowledge/README.md`.

use crate::catalogue::Catalogue;
use crate::document::{Document, Table};
use crate::problem::{Fault, Place, Problem};
use crate::values::{ValueError, read_value_in};
use jiff::{Span, Timestamp, civil::Date};
use std::fmt;
use vena_base::{Answer, Chart, Concept, Decimal, Fact, Text, Value, When, Zone};

/// A time told from the day of infusion: `D+2 08:00`, `D-5`, or an absolute date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseTime {
    /// Calendar days after the infusion (negative before), and a clock time where there is one.
    Day(i32, Option<String>),
    /// A date or time as written.
    Absolute(String),
}

impl CaseTime {
    /// Reads `D+2 08:00`, `D+2`, `D-5`, `D0` or an absolute date or time.
    pub fn parse(text: &str) -> Option<CaseTime> {
        let text = text.trim();
        let Some(rest) = text.strip_prefix('D') else {
            return text.starts_with(|c: char| c.is_ascii_digit()).then(|| CaseTime::Absolute(text.to_owned()));
        };
        let (day, clock) = match rest.split_once(' ') {
            Some((day, clock)) => (day, Some(clock.trim().to_owned())),
            None => (rest, None),
        };
        Some(CaseTime::Day(day.parse().ok()?, clock))
    }

    /// The time, given the day of infusion and the zone.
    pub fn when(&self, infusion: Date, zone: &Zone) -> Option<When> {
        match self {
            CaseTime::Absolute(text) => When::parse(text, Some(zone)).ok(),
            CaseTime::Day(days, clock) => {
                let date = infusion.checked_add(Span::new().try_days(*days).ok()?).ok()?;
                match clock {
                    Some(clock) => When::parse(&format!("{date} {clock}"), Some(zone)).ok(),
                    None => Some(When::Date(date)),
                }
            }
        }
    }
}

impl fmt::Display for CaseTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CaseTime::Absolute(text) => f.write_str(text),
            CaseTime::Day(day, clock) => {
                write!(f, "D{day:+}")?;
                clock.as_ref().map_or(Ok(()), |clock| write!(f, " {clock}"))
            }
        }
    }
}

/// One row of a case, as a table's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseFact {
    /// The name or code as a table has it.
    pub what: String,
    /// When it happened.
    pub time: CaseTime,
    /// The value as written; empty for an event.
    pub value: String,
    /// The unit as written.
    pub unit: Option<String>,
    /// Until when.
    pub until: Option<CaseTime>,
    /// When it was recorded.
    pub recorded: Option<CaseTime>,
    /// The cause a clinician gave (an answer of `hypotension-cause`).
    pub cause: Option<String>,
}

/// What a finding must be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expect {
    /// `crs`, `icans`, `icaht_early`, `icaht_late`, `car_hematotox`.
    pub scale: String,
    /// `value`, `at-least`, `interval`, `not-assessable`, `not-applicable`.
    pub status: String,
    /// The grade or score.
    pub value: Option<u8>,
    /// The least it can be.
    pub low: Option<u8>,
    /// The most it can be.
    pub high: Option<u8>,
    /// Concepts that must be named as missing.
    pub missing: Vec<Concept>,
    /// Days at or below 500.
    pub days_le_500: Option<u32>,
    /// Days at or below 100.
    pub days_le_100: Option<u32>,
    /// The entry that must decide.
    pub criterion: Option<String>,
    /// The finding must be marked provisional (`Some(true)`), or must not.
    pub provisional: Option<bool>,
}

/// Where a generated case's value stands to its cut-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Position {
    /// One step below.
    Below,
    /// Exactly on it.
    At,
    /// One step above.
    Above,
    /// No value at all.
    Missing,
}

/// One case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Id within the rule's cases.
    pub id: String,
    /// `id@version` of the rule set it belongs to.
    pub rule: String,
    /// What it shows.
    pub title: Text,
    /// The rule sets to use besides the defaults: the case's own, where it is not the default.
    pub using: Vec<String>,
    /// The zone in which its days are counted.
    pub zone: String,
    /// The day of infusion (D0).
    pub infusion_day: Date,
    /// The facts, in the order written.
    pub facts: Vec<CaseFact>,
    /// The instant asked about.
    pub at: CaseTime,
    /// As known at this instant, where it matters.
    pub known_at: Option<CaseTime>,
    /// What must come out; empty for a generated case that only tells whether an entry is met.
    pub expect: Vec<Expect>,
    /// Generated: the entry and where the value stands to its cut-off.
    pub around: Option<(String, Position)>,
    /// Generated: whether the entry is met; `None` where the value is missing.
    pub holds: Option<bool>,
    /// Where it stands.
    pub place: Place,
}

/// Why a case cannot be made into a chart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CaseError {
    /// The catalogue has no such name.
    #[error("“{0}” is nothing the catalogue knows")]
    Unknown(String),
    /// The value cannot be read.
    #[error("“{what}”: {error}")]
    Value {
        /// The name as written.
        what: String,
        /// What is wrong.
        error: ValueError,
    },
    /// A time cannot be read.
    #[error("“{0}” is not a time")]
    Time(String),
    /// The zone is unknown.
    #[error("“{0}” is not a time zone")]
    Zone(String),
}

impl Case {
    /// The case's facts as a chart, and the instant asked about.
    ///
    /// # Errors
    /// A name, value or time that cannot be read.
    pub fn chart(&self, catalogue: &Catalogue) -> Result<(Chart, Timestamp), CaseError> {
        let zone = Zone::named(&self.zone).map_err(|_| CaseError::Zone(self.zone.clone()))?;
        let time = |time: &CaseTime| {
            time.when(self.infusion_day, &zone).ok_or_else(|| CaseError::Time(time.to_string()))
        };
        let mut facts = Vec::with_capacity(self.facts.len());
        for row in &self.facts {
            facts.push(fact(row, catalogue, &zone, &time)?);
        }
        let at = time(&self.at)?.latest(&zone);
        Ok((Chart::new(self.id.as_str(), zone, facts), at))
    }

    /// The instant of knowledge, where the case names one.
    ///
    /// # Errors
    /// A time or zone that cannot be read.
    pub fn known_at(&self) -> Result<Option<Timestamp>, CaseError> {
        let zone = Zone::named(&self.zone).map_err(|_| CaseError::Zone(self.zone.clone()))?;
        let Some(time) = &self.known_at else { return Ok(None) };
        let when = time.when(self.infusion_day, &zone).ok_or_else(|| CaseError::Time(time.to_string()))?;
        Ok(Some(when.latest(&zone)))
    }
}

fn fact(
    row: &CaseFact,
    catalogue: &Catalogue,
    zone: &Zone,
    time: &impl Fn(&CaseTime) -> Result<When, CaseError>,
) -> Result<Fact, CaseError> {
    let info = catalogue.find(&row.what).ok_or_else(|| CaseError::Unknown(row.what.clone()))?;
    let value = read_value_in(info, &row.value, row.unit.as_deref(), Some(zone))
        .map_err(|error| CaseError::Value { what: row.what.clone(), error })?;
    let when = match (&value, &row.time) {
        // A birth date happens when it says.
        (Value::Moment(when), CaseTime::Absolute(text)) if text == &row.value => *when,
        (_, at) => time(at)?,
    };
    let mut fact = Fact::new(info.concept, value, when);
    fact.until = row.until.as_ref().map(time).transpose()?;
    fact.recorded = match row.recorded.as_ref().map(time).transpose()? {
        Some(When::Instant(stamp)) => Some(stamp),
        Some(_) => return Err(CaseError::Time("recorded".to_owned())),
        None => None,
    };
    fact.attributed_to = row.cause.as_deref().map(Answer::of);
    Ok(fact)
}

/// A cut-off with what else is true around it, from which cases are spelled out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Around {
    /// The entry whose cut-off it is.
    pub entry: String,
    /// The step between “at” and “just below”; the last written digit where it is not given.
    pub step: Option<Decimal>,
    /// The time of the varied value.
    pub when: CaseTime,
    /// The case without the varied value and with no expectation yet.
    pub base: Case,
    /// What must come out below, at, above, and without the value.
    pub expect: [(Position, Vec<Expect>); 4],
}

/// Reads a file of cases.
pub(crate) fn read(file: &str, text: &str, catalogue: &Catalogue, problems: &mut Vec<Problem>) -> CaseFile {
    let document = Document::new(file, text);
    let root = document.parse();
    let top = Table::new(&document, root.get_ref(), root.span());
    let reader = CaseReader {
        rule: top.needed("rule"),
        using: top.texts("using"),
        zone: top.needed("zone"),
        infusion_day: infusion_day(&top),
        scale: top.needed("scale"),
        catalogue,
        document: &document,
    };
    let mut cases = Vec::new();
    for table in top.tables("case") {
        cases.push(reader.case(&table, true));
    }
    let arounds = top.tables("around").iter().map(|table| reader.around(table)).collect();
    let place = top.place_of("rule");
    let rule = reader.rule.clone();
    top.finish();
    problems.extend(document.into_problems());
    CaseFile { rule, cases, arounds, place }
}

/// What one file of cases holds.
pub(crate) struct CaseFile {
    pub(crate) rule: String,
    pub(crate) cases: Vec<Case>,
    pub(crate) arounds: Vec<Around>,
    pub(crate) place: Place,
}

fn infusion_day(top: &Table<'_, '_>) -> Date {
    let text = top.needed("infusion-day");
    text.parse().unwrap_or_else(|_| {
        top.report("infusion-day", Fault::Case(format!("“{text}” is not a date")));
        Date::default()
    })
}

struct CaseReader<'r, 'a> {
    rule: String,
    using: Vec<String>,
    zone: String,
    infusion_day: Date,
    scale: String,
    catalogue: &'r Catalogue,
    document: &'r Document<'a>,
}

impl CaseReader<'_, '_> {
    fn case(&self, table: &Table<'_, '_>, alone: bool) -> Case {
        let mut facts = Vec::new();
        for (cells, place) in table.rows("facts") {
            facts.extend(self.row(&cells, &place));
        }
        for series in table.tables("series") {
            facts.extend(self.series(&series));
        }
        let case = Case {
            id: table.needed("id"),
            rule: self.rule.clone(),
            title: table.needed_languages(""),
            using: self.using.clone(),
            zone: self.zone.clone(),
            infusion_day: self.infusion_day,
            facts,
            at: self.time(table, "at").unwrap_or(CaseTime::Day(0, None)),
            known_at: table.has("known-at").then(|| self.time(table, "known-at")).flatten(),
            expect: if alone { self.expects(table, "expect") } else { Vec::new() },
            around: None,
            holds: None,
            place: table.place(),
        };
        if alone {
            if let Err(error) = case.chart(self.catalogue) {
                self.document.report(&case.place, Fault::Case(error.to_string()));
            }
            if case.expect.is_empty() {
                table.report("expect", Fault::Missing("expect".to_owned()));
            }
            table.finish();
        }
        case
    }

    fn time(&self, table: &Table<'_, '_>, key: &str) -> Option<CaseTime> {
        let text = table.needed(key);
        let time = CaseTime::parse(&text);
        if time.is_none() && !text.is_empty() {
            table.report(key, Fault::Case(format!("“{text}” is not a time like D+2 08:00")));
        }
        time
    }

    /// what, time, value, unit, until, recorded, cause: what is left out at the end is empty.
    fn row(&self, cells: &[String], place: &Place) -> Option<CaseFact> {
        let cell = |at: usize| cells.get(at).map(|text| text.trim()).filter(|text| !text.is_empty());
        let time = |at: usize| -> Option<CaseTime> {
            let text = cell(at)?;
            let time = CaseTime::parse(text);
            if time.is_none() {
                self.document.report(place, Fault::Case(format!("“{text}” is not a time like D+2 08:00")));
            }
            time
        };
        let what = cell(0).unwrap_or_default().to_owned();
        if self.catalogue.find(&what).is_none() {
            self.document.report(place, Fault::NoSuchConcept(what));
            return None;
        }
        if cells.len() > 7 {
            self.document.report(place, Fault::Case("a row has at most seven cells".to_owned()));
        }
        let value = cell(2).unwrap_or_default().to_owned();
        // A birth date needs no time of its own.
        let at = if cell(1).is_none() { CaseTime::parse(&value) } else { time(1) };
        if at.is_none() {
            self.document.report(place, Fault::Case(format!("“{what}” has no time")));
        }
        Some(CaseFact {
            what,
            time: at?,
            value,
            unit: cell(3).map(str::to_owned),
            until: time(4),
            recorded: time(5),
            cause: cell(6).map(str::to_owned),
        })
    }

    /// One value a day: `values = ["800", "400 x14", "- x3"]`; `-` is a day without value.
    fn series(&self, table: &Table<'_, '_>) -> Vec<CaseFact> {
        let (what, unit) = (table.needed("what"), table.text("unit"));
        let from = self.time(table, "from");
        let place = table.place();
        let mut facts = Vec::new();
        let Some(CaseTime::Day(first, clock)) = from else {
            table.report("from", Fault::Case("a series begins at a day like D+0 07:00".to_owned()));
            return facts;
        };
        let mut day = first;
        for cell in table.cells("values") {
            let (value, times) = match cell.split_once(" x") {
                Some((value, times)) => (value.trim().to_owned(), times.trim().parse().unwrap_or(0)),
                None => (cell.trim().to_owned(), 1),
            };
            if !(1..=400).contains(&times) {
                table.report("values", Fault::Case(format!("“{cell}” is not a value like 400 x14")));
                return facts;
            }
            for _ in 0..times {
                if value != "-" {
                    let row = [what.clone(), CaseTime::Day(day, clock.clone()).to_string(), value.clone()];
                    let mut cells = row.to_vec();
                    cells.extend(unit.clone());
                    facts.extend(self.row(&cells, &place));
                }
                day += 1;
            }
        }
        table.finish();
        facts
    }

    fn expects(&self, table: &Table<'_, '_>, key: &str) -> Vec<Expect> {
        table.tables(key).iter().map(|row| self.expect(row)).collect()
    }

    fn expect(&self, row: &Table<'_, '_>) -> Expect {
        const STATUSES: [(&str, &str); 5] = [
            ("value", "value"),
            ("at-least", "at-least"),
            ("interval", "interval"),
            ("not-assessable", "not-assessable"),
            ("not-applicable", "not-applicable"),
        ];
        let count = |key| row.text(key).and_then(|text| text.parse().ok());
        let expect = Expect {
            scale: row.text("scale").unwrap_or_else(|| self.scale.clone()),
            status: {
                row.needed("status");
                row.one_of("status", &STATUSES).unwrap_or_default().to_owned()
            },
            value: row.small("value"),
            low: row.small("low"),
            high: row.small("high"),
            missing: row.texts("missing").iter().map(|id| Concept::of(id)).collect(),
            days_le_500: count("days-le-500"),
            days_le_100: count("days-le-100"),
            criterion: row.text("criterion"),
            provisional: row.flag("provisional"),
        };
        for concept in &expect.missing {
            if self.catalogue.get(*concept).is_none() {
                row.report("missing", Fault::NoSuchConcept(concept.to_string()));
            }
        }
        let numbers = (expect.value.is_some(), expect.low.is_some(), expect.high.is_some());
        let fits = match expect.status.as_str() {
            "value" => numbers.0,
            "at-least" => !numbers.0 && numbers.1,
            "interval" => numbers == (false, true, true),
            _ => numbers == (false, false, false),
        };
        if !fits {
            row.report("status", Fault::Case("status and numbers do not fit each other".to_owned()));
        }
        row.finish();
        expect
    }

    fn around(&self, table: &Table<'_, '_>) -> Around {
        let mut base = self.case(table, false);
        base.expect.clear();
        let around = Around {
            entry: table.needed("entry"),
            step: table.decimal("step"),
            when: self.time(table, "when").unwrap_or(CaseTime::Day(0, None)),
            expect: [
                (Position::Below, self.expects(table, "below")),
                (Position::At, self.expects(table, "exactly")),
                (Position::Above, self.expects(table, "above")),
                (Position::Missing, self.expects(table, "without")),
            ],
            base,
        };
        for (key, (_, expects)) in ["below", "exactly", "above", "without"].iter().zip(&around.expect) {
            if expects.is_empty() {
                table.report(key, Fault::Missing((*key).to_owned()));
            }
        }
        table.finish();
        around
    }
}
