//! Rule sets as typed tables: thresholds, numbers and texts, each with its source. Knows no patient
//! and decides nothing.

use crate::cases::{Around, Case};
use crate::label;
use crate::problem::Place;
use crate::sources::Cite;
use std::collections::BTreeMap;
use vena_base::{Answer, Concept, Decimal, Lang, Text};

/// How far a rule set has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Life {
    /// The source was not seen, or is ambiguous.
    Provisional,
    /// Checked against the cited text, twice.
    Sourced,
    /// Sourced, and signed for use at this site by a named person.
    Active,
}

impl Life {
    /// `provisional`, `sourced` or `active`.
    pub fn as_str(self) -> &'static str {
        match self {
            Life::Provisional => "provisional",
            Life::Sourced => "sourced",
            Life::Active => "active",
        }
    }

    /// The word in both languages.
    pub fn name(self) -> Text {
        match self {
            Life::Provisional => Text::new("provisional", "暫定"),
            Life::Sourced => Text::new("sourced", "已查核"),
            Life::Active => Text::new("active", "啟用"),
        }
    }
}

/// A comparison, always written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// Below.
    Lt,
    /// At or below.
    Le,
    /// Equal.
    Eq,
    /// At or above.
    Ge,
    /// Above.
    Gt,
}

impl Comparison {
    /// The sign for reading: `<`, `≤`, `=`, `≥`, `>`.
    pub fn sign(self) -> &'static str {
        match self {
            Comparison::Lt => "<",
            Comparison::Le => "≤",
            Comparison::Eq => "=",
            Comparison::Ge => "≥",
            Comparison::Gt => ">",
        }
    }

    /// Whether `x` stands in this relation to `value`.
    pub fn holds(self, x: f64, value: f64) -> bool {
        match self {
            Comparison::Lt => x < value,
            Comparison::Le => x <= value,
            Comparison::Eq => x == value,
            Comparison::Ge => x >= value,
            Comparison::Gt => x > value,
        }
    }
}

/// A comparison, a number and its unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// How a value is compared with the number.
    pub comparison: Comparison,
    /// The number as written.
    pub decimal: Decimal,
    /// UCUM unit of the number; for a concept of the catalogue it can be converted to its unit.
    pub unit: String,
    /// The number in the unit in which values are compared: the concept's canonical unit, or `unit`
    /// where there is no concept.
    pub value: f64,
}

impl Threshold {
    pub(crate) fn new(comparison: Comparison, decimal: Decimal, unit: String, value: f64) -> Threshold {
        Threshold { comparison, decimal, unit, value }
    }

    /// Whether a value, in the concept's canonical unit, meets it.
    pub fn holds(&self, x: f64) -> bool {
        self.comparison.holds(x, self.value)
    }

    /// Whether every value from `low` to `high` (both included) meets it, or none does; `None` where
    /// some do and some do not, or where a bound is no number.
    pub fn holds_range(&self, low: f64, high: f64) -> Option<bool> {
        if low.is_nan() || high.is_nan() || low > high {
            return None;
        }
        match (self.holds(low), self.holds(high)) {
            _ if self.comparison == Comparison::Eq && low < high => {
                let outside = self.value < low || self.value > high;
                outside.then_some(false)
            }
            (true, true) => Some(true),
            (false, false) => Some(false),
            _ => None,
        }
    }

    /// “≥ 38.0 °C”.
    pub fn label(&self, lang: Lang) -> String {
        let number = label::for_reading(&self.decimal);
        let unit = label::unit_behind(&number, &self.unit, lang);
        let gap = if unit.is_empty() || unit == "%" { "" } else { " " };
        format!("{} {number}{gap}{unit}", self.comparison.sign())
    }
}

/// A number with its unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount {
    /// The number as written.
    pub decimal: Decimal,
    /// UCUM unit.
    pub unit: String,
}

/// A site's own value in place of the source's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlay {
    /// The value the source gives.
    pub source_value: Decimal,
    /// Why the site differs.
    pub reason: Text,
    /// Who signed.
    pub signed_by: String,
    /// The day it was signed (ISO 8601).
    pub signed_on: String,
}

/// One line of a rule set.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Id within the rule set.
    pub id: String,
    /// What it says, rendered from its numbers.
    pub label: Text,
    /// The comparison it makes, where it makes one.
    pub threshold: Option<Threshold>,
    /// The number it states, where it is a count, window or cap rather than a comparison.
    pub number: Option<Decimal>,
    /// Unit of `number` or of the threshold.
    pub unit: Option<String>,
    /// Where a band or period begins (a period states it apart from the threshold).
    pub from: Option<Amount>,
    /// Where a band or period ends; the end itself belongs to it.
    pub to: Option<Amount>,
    /// What it is about.
    pub concept: Option<Concept>,
    /// The grade it gives; the lower one where it gives an interval.
    pub grade: Option<u8>,
    /// The higher grade where it gives an interval.
    pub grade_high: Option<u8>,
    /// The points it gives.
    pub points: Option<u8>,
    /// The answers that meet it.
    pub answers: Vec<Answer>,
    /// The item is scored in reverse.
    pub reverse: bool,
    /// The group of patients it was observed in (outcome figures).
    pub group: Option<String>,
    /// The source was not seen, or is ambiguous.
    pub provisional: bool,
    /// A site's value stands in place of the source's.
    pub overlaid: bool,
    /// What the site signed, where it did.
    pub overlay: Option<Overlay>,
    /// Where it comes from.
    pub source: Cite,
    /// Other sources that say the same.
    pub also: Vec<Cite>,
    /// What to know about it; for a provisional entry, what would settle it.
    pub note: Option<Text>,
    /// The concept is a measured quantity, so values can stand around the cut-off.
    pub(crate) measured: bool,
    pub(crate) templates: Text,
    pub(crate) place: Place,
}

impl Entry {
    /// Whether a value, in the concept's canonical unit, meets the comparison and lies within the band.
    pub fn holds(&self, x: f64) -> Option<bool> {
        let threshold = self.threshold.as_ref()?;
        Some(threshold.holds(x) && self.to.as_ref().is_none_or(|to| x <= to.decimal.to_f64()))
    }

    /// All sources, the first one first.
    pub fn cites(&self) -> impl Iterator<Item = &Cite> {
        std::iter::once(&self.source).chain(&self.also)
    }
}

/// Why a rule or a number cannot be given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// No rule set of that id.
    #[error("no rule set “{0}”")]
    NoSuchRule(String),
    /// No such version.
    #[error("“{rule}” has no version “{version}”; it has {known}")]
    NoSuchVersion {
        /// The rule's id.
        rule: String,
        /// The version asked for.
        version: String,
        /// The versions there are.
        known: String,
    },
    /// No such entry.
    #[error("{rule} has no entry “{entry}”")]
    NoSuchEntry {
        /// `id@version`.
        rule: String,
        /// The entry asked for.
        entry: String,
    },
    /// The entry makes no comparison.
    #[error("entry “{entry}” of {rule} makes no comparison")]
    NoThreshold {
        /// `id@version`.
        rule: String,
        /// The entry.
        entry: String,
    },
    /// The entry states no number.
    #[error("entry “{entry}” of {rule} states no number")]
    NoNumber {
        /// `id@version`.
        rule: String,
        /// The entry.
        entry: String,
    },
}

impl RuleError {
    /// The error in one language.
    pub fn message(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, _) => self.to_string(),
            (Lang::ZhTw, RuleError::NoSuchRule(rule)) => format!("沒有規則「{rule}」"),
            (Lang::ZhTw, RuleError::NoSuchVersion { rule, version, known }) => {
                format!("規則「{rule}」沒有版本「{version}」；現有版本：{known}")
            }
            (Lang::ZhTw, RuleError::NoSuchEntry { rule, entry }) => {
                format!("{rule} 沒有條目「{entry}」")
            }
            (Lang::ZhTw, RuleError::NoThreshold { rule, entry }) => {
                format!("{rule} 的條目「{entry}」沒有界限值")
            }
            (Lang::ZhTw, RuleError::NoNumber { rule, entry }) => {
                format!("{rule} 的條目「{entry}」沒有數值")
            }
        }
    }
}

/// One version of one rule set.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleSet {
    /// Id without version: `crs/astct`.
    pub id: String,
    /// Version: `2019`.
    pub version: String,
    /// How far it has come.
    pub status: Life,
    /// What it is called.
    pub title: Text,
    /// From which day the source gives it (ISO 8601, as precise as known).
    pub effective: Option<String>,
    /// The versions it takes the place of.
    pub supersedes: Vec<String>,
    /// What it is taken from.
    pub sources: Vec<Cite>,
    /// SHA-256 of its file, in hexadecimal.
    pub digest: String,
    /// The version taken when none is named.
    pub default: bool,
    /// What to know about it.
    pub note: Option<Text>,
    /// The file it was read from.
    pub file: String,
    pub(crate) entries: Vec<Entry>,
    pub(crate) index: BTreeMap<String, usize>,
    pub(crate) cases: Vec<Case>,
    pub(crate) arounds: Vec<Around>,
    pub(crate) place: Place,
}

impl RuleSet {
    /// `crs/astct@2019`.
    pub fn name(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }

    /// All entries in the order of the file.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The cases written by hand beside the rule file.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// The cases around each cut-off, as written beside the rule file, before they are spelled out.
    pub fn arounds(&self) -> &[Around] {
        &self.arounds
    }

    /// Whether the rule set or any of its entries is provisional.
    pub fn has_provisional(&self) -> bool {
        self.status == Life::Provisional || self.entries.iter().any(|e| e.provisional)
    }

    /// An entry.
    ///
    /// # Errors
    /// [`RuleError::NoSuchEntry`].
    pub fn entry(&self, id: &str) -> Result<&Entry, RuleError> {
        self.index
            .get(id)
            .and_then(|at| self.entries.get(*at))
            .ok_or_else(|| RuleError::NoSuchEntry { rule: self.name(), entry: id.to_owned() })
    }

    /// An entry's comparison.
    ///
    /// # Errors
    /// No such entry, or it makes no comparison.
    pub fn threshold(&self, id: &str) -> Result<&Threshold, RuleError> {
        self.entry(id)?
            .threshold
            .as_ref()
            .ok_or_else(|| RuleError::NoThreshold { rule: self.name(), entry: id.to_owned() })
    }

    /// An entry's number: a count, window or cap in the entry's unit.
    ///
    /// # Errors
    /// No such entry, or it states no number.
    pub fn number(&self, id: &str) -> Result<f64, RuleError> {
        self.entry(id)?
            .number
            .as_ref()
            .map(Decimal::to_f64)
            .ok_or_else(|| RuleError::NoNumber { rule: self.name(), entry: id.to_owned() })
    }

    /// An entry's label.
    pub fn text(&self, id: &str) -> Option<&Text> {
        self.entry(id).ok().map(|entry| &entry.label)
    }
}
