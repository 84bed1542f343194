//! Cases beside a rule file: facts in, expected finding out, readable by clinicians. Knows how to
//! turn them into charts; the rules that must meet them live elsewhere.
//!
//! The format is described in `knowledge/README.md`.

use crate::catalogue::Catalogue;
use crate::problem::Place;
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
            return text
                .starts_with(|c: char| c.is_ascii_digit())
                .then(|| CaseTime::Absolute(text.to_owned()));
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
        error: Box<ValueError>,
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
        let Some(time) = &self.known_at else {
            return Ok(None);
        };
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
        .map_err(|error| CaseError::Value { what: row.what.clone(), error: Box::new(error) })?;
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
