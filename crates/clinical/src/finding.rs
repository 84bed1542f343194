//! What an assessment says: a finding a scale, each with its reasons, what is missing and what
//! would settle it. Knows no scale's criteria.

use crate::span::Span;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use vena_base::{Answer, Concept, Text, When};

/// How much a finding says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The grade or score is settled.
    Value,
    /// The grade is at least `value`; it may be up to the highest of the scale.
    AtLeast,
    /// The grade or score lies between `low` and `high`.
    Interval,
    /// Nothing can be said; `missing` and `notes` say why.
    NotAssessable,
    /// The scale does not apply at this instant.
    NotApplicable,
}

/// One criterion that was looked at, with the fact used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// The id of the criterion in its knowledge file.
    pub criterion: String,
    /// The criterion in words, rendered from the knowledge file's numbers.
    pub label: Text,
    /// The value used, with unit as written, its age, and how it was taken.
    pub used: Text,
    /// When the fact happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// The fact was recorded after the instant assessed, or late by the site's measure.
    pub late: bool,
    /// The least grade this criterion gives; absent where the fact does not count.
    pub grade_low: Option<u8>,
    /// The highest grade this criterion allows; absent where the fact does not count.
    pub grade_high: Option<u8>,
    /// Whether this criterion decides the finding.
    pub deciding: bool,
    /// The cause a clinician gave; absent counts as the therapy's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributed: Option<Answer>,
    /// The source that says so; empty where there is none.
    pub source: Text,
}

/// A measurement or question that would settle the finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settle {
    /// The fact to record.
    pub concept: Concept,
    /// The question to ask, in words.
    pub question: Text,
}

/// Days of a window that were not measured and carry the value of another day, and what the grade could be
/// were they known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// Stretches of days, first and last, both included, counted from infusion.
    pub days: Vec<(i32, i32)>,
    /// The least grade whatever happened on those days.
    pub low: u8,
    /// The highest grade whatever happened on those days.
    pub high: u8,
}

/// What one scale says at the instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The scale: `crs`, `icans`, `icaht_early`, `icaht_late`, `car_hematotox`.
    pub scale: Arc<str>,
    /// How much is said.
    pub status: Status,
    /// The grade or score; for [`Status::AtLeast`] the least it can be.
    pub value: Option<u8>,
    /// The least grade or score the facts allow.
    pub low: Option<u8>,
    /// The highest grade or score the facts allow.
    pub high: Option<u8>,
    /// The criteria looked at, with the values used.
    pub because: Vec<Reason>,
    /// The facts that were missing, stale or not assessed, and matter.
    pub missing: Vec<Concept>,
    /// What would settle the finding.
    pub settled_by: Vec<Settle>,
    /// The rule set, `id@version`.
    pub rule: String,
    /// A provisional number, a single measurement or another makeshift stands behind it.
    pub provisional: bool,
    /// Since when (the start of the CRS episode, the first day of the neutropenic episode).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<When>,
    /// Days with neutrophils ≤ 500/µL that the grade counts (ICAHT).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_le_500: Option<u32>,
    /// Days with neutrophils ≤ 100/µL that the grade counts (ICAHT).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_le_100: Option<u32>,
    /// Days the method filled by carrying a value to an end of the window (early ICAHT).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<Carried>,
    /// Rule sets that would answer otherwise, with their answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differs: Vec<(String, String)>,
    /// Remarks a reader needs to judge the finding.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Text>,
}

impl Finding {
    /// A finding that says nothing yet.
    pub(crate) fn new(scale: &str, rule: &str, status: Status) -> Finding {
        Finding {
            scale: Arc::from(scale),
            status,
            value: None,
            low: None,
            high: None,
            because: Vec::new(),
            missing: Vec::new(),
            settled_by: Vec::new(),
            rule: rule.to_owned(),
            provisional: false,
            since: None,
            days_le_500: None,
            days_le_100: None,
            carried: None,
            differs: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Takes the grades the facts allow and says them as this scale's status.
    pub(crate) fn say(&mut self, span: Span, highest: u8) {
        self.status = status_of(span, highest);
        let (value, low, high) = match self.status {
            Status::Value | Status::AtLeast => (Some(span.low), Some(span.low), Some(span.high)),
            Status::Interval => (None, Some(span.low), Some(span.high)),
            Status::NotAssessable | Status::NotApplicable => (None, None, None),
        };
        (self.value, self.low, self.high) = (value, low, high);
    }

    /// Adds what is missing, once.
    pub(crate) fn lacks(&mut self, concept: Concept) {
        if !self.missing.contains(&concept) {
            self.missing.push(concept);
        }
    }

    /// Adds a question, once.
    pub(crate) fn ask(&mut self, concept: Concept, question: Text) {
        let settle = Settle { concept, question };
        if !self.settled_by.contains(&settle) {
            self.settled_by.push(settle);
        }
    }

    /// The answer in a few characters, for comparing readings: `2`, `≥2`, `1–3`, `?`, `–`.
    pub fn brief(&self) -> String {
        match (self.status, self.low, self.high) {
            (Status::Value, Some(low), _) => low.to_string(),
            (Status::AtLeast, Some(low), _) => format!("≥{low}"),
            (Status::Interval, Some(low), Some(high)) => format!("{low}–{high}"),
            (Status::NotApplicable, _, _) => "–".to_owned(),
            _ => "?".to_owned(),
        }
    }
}

/// How a span of grades is said on a scale that ends at `highest`.
pub(crate) fn status_of(span: Span, highest: u8) -> Status {
    if span.settled() {
        Status::Value
    } else if span.high < highest {
        Status::Interval
    } else if span.low > 0 {
        Status::AtLeast
    } else {
        Status::NotAssessable
    }
}

/// One patient at one instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// The patient as the chart names them.
    pub patient: Arc<str>,
    /// The instant.
    pub at: Timestamp,
    /// The day after infusion (the day of infusion is 0), in the chart's zone.
    pub day: Option<i32>,
    /// A finding for each scale.
    pub findings: Vec<Finding>,
    /// Remarks that concern every finding.
    pub notes: Vec<Text>,
}

impl Assessment {
    /// The finding of one scale.
    pub fn finding(&self, scale: &str) -> Option<&Finding> {
        self.findings.iter().find(|finding| &*finding.scale == scale)
    }
}

/// What is asked of [`crate::assess`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// The instant to assess.
    pub at: Timestamp,
    /// Only what was recorded by then; `None` takes everything recorded.
    pub known_at: Option<Timestamp>,
    /// Which infusion day, counted from 0, where there are several.
    pub infusion: Option<usize>,
}

impl Question {
    /// Everything recorded, at one instant, of the only infusion.
    pub fn at(at: Timestamp) -> Question {
        Question { at, known_at: None, infusion: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_said_as_it_is() {
        assert_eq!(status_of(Span::exactly(4), 4), Status::Value);
        assert_eq!(status_of(Span::NONE, 4), Status::Value);
        assert_eq!(status_of(Span::between(1, 4), 4), Status::AtLeast);
        assert_eq!(status_of(Span::between(0, 3), 4), Status::Interval);
        assert_eq!(status_of(Span::unknown(4), 4), Status::NotAssessable);
    }
}
