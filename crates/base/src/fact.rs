//! The one currency: a fact is about whom, what, with which value, when it happened (and until
//! when), when and by whom it was recorded, and from where. Knows no rule and no file format.

use crate::{
    concept::{Answer, Concept},
    quantity::Quantity,
    time::{Stamp, When},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// A number in the concept's canonical unit.
    Quantity(Quantity),
    /// One of the concept's answers.
    Answer(Answer),
    /// A date or instant (birth date).
    Moment(When),
    /// Words that stand for themselves (diagnosis, remark).
    Text(Arc<str>),
    /// It happened; there is no value (infusion, death, a drug given without a dose).
    Happened,
    /// It was tried and could not be assessed; the reason as written.
    NotAssessed(Arc<str>),
}

/// What the reader noticed about a fact that it kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flag {
    /// Outside the catalogue's plausible range, inside the possible one.
    Implausible,
    /// Dated after `now`.
    InTheFuture,
    /// Dated before birth.
    BeforeBirth,
    /// Ends before it begins.
    EndsBeforeStart,
    /// The source calls it preliminary, or does not know how it stands.
    Preliminary,
}

/// Where a fact came from, to find it again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Made in a test or by a program.
    #[default]
    Program,
    /// A line of a table; the first line is 1.
    Line(u64),
    /// A place in a FHIR document, e.g. `Bundle.entry[3].resource`.
    Path(Arc<str>),
    /// A recorded event.
    Event(Arc<str>),
}

/// One clinical statement about one patient.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// What it is about.
    pub concept: Concept,
    /// What was found.
    pub value: Value,
    /// When it happened.
    pub when: When,
    /// Until when, for what lasts (an infusion, oxygen, a drug).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<When>,
    /// When it was recorded; absent is taken as the time of happening, and said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<Stamp>,
    /// When the source put another version in its place or took it back: known only before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<Stamp>,
    /// By whom it was recorded (a pseudonymous user id or a system's name).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_by: Option<Arc<str>>,
    /// Route of a drug, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Arc<str>>,
    /// A remark, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Arc<str>>,
    /// The cause a clinician gave for the finding; absent counts as the therapy's and says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributed_to: Option<Answer>,
    /// What the reader noticed and kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Flag>,
    /// Where it came from.
    #[serde(default)]
    pub origin: Origin,
}

impl Fact {
    /// A fact with only what every fact has.
    pub fn new(concept: Concept, value: Value, when: When) -> Fact {
        Fact {
            concept,
            value,
            when,
            until: None,
            recorded: None,
            replaced: None,
            recorded_by: None,
            route: None,
            note: None,
            attributed_to: None,
            flags: Vec::new(),
            origin: Origin::Program,
        }
    }

    /// The number in the canonical unit, where the value is an exact or bounded quantity.
    pub fn quantity(&self) -> Option<&Quantity> {
        match &self.value {
            Value::Quantity(quantity) => Some(quantity),
            _ => None,
        }
    }

    /// The answer, where the value is one.
    pub fn answer(&self) -> Option<Answer> {
        match self.value {
            Value::Answer(answer) => Some(answer),
            _ => None,
        }
    }
}

/// Something known, or known to be missing: never a silent default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Observed<T> {
    /// Seen, and fresh enough to use.
    Known(T),
    /// Seen, but too old to stand for now.
    Stale(T),
    /// Tried and could not be assessed.
    NotAssessed,
    /// Never seen.
    Missing,
}

impl<T> Observed<T> {
    /// The value where it may be used.
    pub fn known(self) -> Option<T> {
        match self {
            Observed::Known(value) => Some(value),
            _ => None,
        }
    }

    /// Changes the value and keeps whether it may be used.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Observed<U> {
        match self {
            Observed::Known(value) => Observed::Known(change(value)),
            Observed::Stale(value) => Observed::Stale(change(value)),
            Observed::NotAssessed => Observed::NotAssessed,
            Observed::Missing => Observed::Missing,
        }
    }
}
