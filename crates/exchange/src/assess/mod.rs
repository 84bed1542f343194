//! An assessment as JSON (one object a line, to the published schema) and as text in either language.
//! Wire types, kept apart from `clinical`'s own so that either may change. Does no grading.

mod text;

use crate::report::{Problem, ReadReport, place_text};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use vena_base::{Concept, Lang, Stamp, Text, Zone};
use vena_clinical::{Assessment, Carried, Finding, LastAssessable, Reason, Status};

pub use text::assess_text;

/// The JSON Schema (draft 2020-12) that every line of [`assess_json`] keeps to.
pub const SCHEMA: &str = include_str!("../../../../docs/schema/assess.schema.json");

/// An assessment with what was known and said about its input.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// The assessment.
    pub assessment: &'a Assessment,
    /// The chart's zone: days are counted and times are written in it.
    pub zone: &'a Zone,
    /// What was recorded later was not seen.
    pub known_at: Option<Timestamp>,
    /// What the reader said about this patient's input.
    pub report: &'a ReadReport,
    /// What bedside scales that cannot be settled now said when they last could be.
    pub last: &'a [LastAssessable],
}

impl<'a> Told<'a> {
    fn last_of(&self, scale: &str) -> Option<&'a LastAssessable> {
        self.last.iter().find(|last| &*last.finding.scale == scale)
    }
}

#[derive(Serialize)]
struct Line<'a> {
    patient: &'a str,
    at: String,
    known_at: Option<String>,
    zone: &'a str,
    zone_assumed: bool,
    day: Option<i32>,
    findings: BTreeMap<&'a str, WireFinding<'a>>,
    notes: &'a [Text],
    problems: Vec<WireProblem>,
    problem_counts: &'a BTreeMap<&'static str, u64>,
}

#[derive(Serialize)]
struct WireFinding<'a> {
    status: Status,
    value: Option<u8>,
    low: Option<u8>,
    high: Option<u8>,
    because: Vec<WireReason<'a>>,
    missing: &'a [Concept],
    settled_by: Vec<WireSettle<'a>>,
    rule: &'a str,
    provisional: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    days_le_500: Option<Option<u32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    days_le_100: Option<Option<u32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    carried: Option<&'a Carried>,
    differs: Vec<WireDiffers<'a>>,
    notes: &'a [Text],
    #[serde(skip_serializing_if = "Option::is_none")]
    last_assessable: Option<WireLast>,
}

/// What was said as of an earlier instant; never the answer to the question.
#[derive(Serialize)]
struct WireLast {
    at: String,
    status: Status,
    value: Option<u8>,
    low: Option<u8>,
    high: Option<u8>,
}

#[derive(Serialize)]
struct WireReason<'a> {
    criterion: &'a str,
    label: &'a Text,
    used: &'a Text,
    when: Option<String>,
    late: bool,
    grade_low: Option<u8>,
    grade_high: Option<u8>,
    deciding: bool,
    attributed: Option<&'a str>,
    source: &'a Text,
}

#[derive(Serialize)]
struct WireSettle<'a> {
    concept: &'a str,
    question: &'a Text,
}

#[derive(Serialize)]
struct WireDiffers<'a> {
    rule: &'a str,
    answer: &'a str,
}

#[derive(Serialize)]
struct WireProblem {
    kind: &'static str,
    place: String,
    kept: bool,
    message: Text,
}

/// An instant as it is written: the last instant of a day or second without its row of nines.
fn shown(at: Timestamp, zone: &Zone) -> Stamp {
    const LAST: i32 = 999_999_999;
    let written = if at.subsec_nanosecond() == LAST {
        Timestamp::from_second(at.as_second()).unwrap_or(at)
    } else {
        at
    };
    Stamp::in_zone(written, zone)
}

/// One JSON object without line end, to [`SCHEMA`].
pub fn assess_json(told: &Told<'_>) -> String {
    let Told { assessment, zone, known_at, report, .. } = *told;
    let stamp = |at: Timestamp| shown(at, zone).to_string();
    let line = Line {
        patient: &assessment.patient,
        at: stamp(assessment.at),
        known_at: known_at.map(stamp),
        zone: zone.name(),
        zone_assumed: zone.assumed,
        day: assessment.day,
        findings: assessment.findings.iter().map(|f| (&*f.scale, finding(f, told))).collect(),
        notes: &assessment.notes,
        problems: report.problems.iter().map(problem).collect(),
        problem_counts: &report.counts,
    };
    // Strings, numbers and lists only: nothing of it can fail to be written.
    serde_json::to_string(&line).unwrap_or_default()
}

fn finding<'a>(finding: &'a Finding, told: &Told<'_>) -> WireFinding<'a> {
    let last = told.last_of(&finding.scale).map(|last| WireLast {
        at: shown(last.at, told.zone).to_string(),
        status: last.finding.status,
        value: last.finding.value,
        low: last.finding.low,
        high: last.finding.high,
    });
    let counts_days = finding.scale.starts_with("icaht");
    WireFinding {
        status: finding.status,
        value: finding.value,
        low: finding.low,
        high: finding.high,
        because: finding.because.iter().map(reason).collect(),
        missing: &finding.missing,
        settled_by: finding
            .settled_by
            .iter()
            .map(|s| WireSettle { concept: s.concept.as_str(), question: &s.question })
            .collect(),
        rule: &finding.rule,
        provisional: finding.provisional,
        since: finding.since.map(|when| when.to_string()),
        days_le_500: counts_days.then_some(finding.days_le_500),
        days_le_100: counts_days.then_some(finding.days_le_100),
        carried: finding.carried.as_ref(),
        differs: finding.differs.iter().map(|(rule, answer)| WireDiffers { rule, answer }).collect(),
        notes: &finding.notes,
        last_assessable: last,
    }
}

fn reason(reason: &Reason) -> WireReason<'_> {
    WireReason {
        criterion: &reason.criterion,
        label: &reason.label,
        used: &reason.used,
        when: reason.when.map(|when| when.to_string()),
        late: reason.late,
        grade_low: reason.grade_low,
        grade_high: reason.grade_high,
        deciding: reason.deciding,
        attributed: reason.attributed.map(|answer| answer.as_str()),
        source: &reason.source,
    }
}

fn problem(problem: &Problem) -> WireProblem {
    WireProblem {
        kind: problem.trouble.kind(),
        place: place_text(&problem.place, Lang::En),
        kept: problem.trouble.is_kept(),
        message: Text::new(problem.message(Lang::En), problem.message(Lang::ZhTw)),
    }
}
