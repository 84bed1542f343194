//! What must hold for any chart: nothing panics, order does not matter, a later fact never changes an
//! earlier instant's grade as known then, and a worse finding is never graded lower.
#![allow(clippy::unwrap_used)]

mod support;
use proptest::prelude::*;
use std::fmt::Write as _;
use support::{instant, rules, zone};
use vena_base::{Chart, Fact};
use vena_clinical::{Assessment, Question, Status, assess, concepts_read, course, crs_episodes};

/// Lines that may follow an infusion at 10:00 of day 0; `{}` is the time.
const LINES: [&str; 66] = [
    "body temperature | 36.8 Cel",
    "body temperature | 38.0 Cel",
    "body temperature | 39.5 Cel",
    "body temperature | not assessed",
    "body temperature | 38.6 Cel | cause infection",
    "other-cause-of-fever | present",
    "other-cause-of-fever | none",
    "hypotension | none",
    "hypotension | no-vasopressor",
    "hypotension | vasopressor-required",
    "hypotension | several-vasopressors | cause cardiac",
    "hypotension | present-vasopressor-unknown",
    "hypotension-cause | infection",
    "vasopressor-need | one",
    "systolic pressure | 80 mm[Hg]",
    "oxygen device | none",
    "oxygen device | nasal-cannula",
    "oxygen device | cpap",
    "oxygen device | other",
    "oxygen flow | 4 L/min",
    "oxygen flow | 8 L/min",
    "SpO2 | 85 %",
    "norepinephrine | 0.1 ug/kg/min",
    "norepinephrine | stopped",
    "vasopressin | 0.03 U/min",
    "paracetamol | 500 mg",
    "tocilizumab | 480 mg",
    "antipyretic-therapy | none-given",
    "crs-episode-closed |",
    "ICE score | 10",
    "ICE score | 2",
    "ICE score | not assessed",
    "level of consciousness | alert",
    "level of consciousness | awakens-to-touch",
    "level of consciousness | unarousable",
    "sedation | sedated",
    "seizure | none",
    "motor | none",
    "raised ICP signs | none",
    "anc | 80 /uL",
    "anc | <500 /uL",
    "anc | 2500 /uL",
    "anc | not assessed: unreadable: 4OO",
    "MAP | 60 mm[Hg]",
    "DBP | 45 mm[Hg]",
    "FiO2 | 40 %",
    "FiO2 | 21 %",
    "epinephrine | 0.3 mg | route im",
    "epinephrine | 0.01 mg | route iv",
    "epinephrine | 0.05 ug/kg/min",
    "dexamethasone | 10 mg | route eye",
    "dexamethasone | 10 mg | route intrathecal",
    "dexamethasone | 10 mg",
    "vasopressor-need | none",
    "hypoxia-cause | infection",
    "CAPD score | 12",
    "CAPD score | 0",
    "capd-validity | unarousable",
    "capd-validity | not-performed",
    "developmental-delay | present",
    "motor | tremor",
    "neuroimaging | haemorrhage",
    "neuroimaging | diffuse-oedema",
    "last follow-up |",
    "relapse |",
    "death |",
];

/// A fact: line, hours after day -6, written with a clock time or only as a date, recorded how late, and
/// for how many hours it lasted.
type Told = (usize, i64, bool, Option<i64>, Option<i64>);

fn told() -> impl Strategy<Value = Told> {
    let recorded = prop::option::weighted(0.3, 0_i64..100);
    let lasted = prop::option::weighted(0.1, 0_i64..60);
    (0..LINES.len(), 0_i64..1200, prop::bool::weighted(0.15), recorded, lasted)
}

fn fact((line, hours, dated, recorded, lasted): Told) -> Fact {
    let mut fact = support::fact(&format!("D0 10:00 | {}", LINES[line]));
    let at = instant("D-6 10:00").checked_add(jiff::SignedDuration::from_hours(hours)).unwrap();
    let stamp = |at| vena_base::Stamp::utc(at);
    let when = |at| {
        if dated { vena_base::When::Date(zone().day_of(at)) } else { vena_base::When::Instant(stamp(at)) }
    };
    fact.when = when(at);
    fact.until = lasted.map(|hours| when(at.checked_add(jiff::SignedDuration::from_hours(hours)).unwrap()));
    fact.recorded =
        recorded.map(|late| stamp(at.checked_add(jiff::SignedDuration::from_hours(late)).unwrap()));
    fact
}

/// The infusion is told with its clock time, or only to the day.
fn facts(told: &[Told]) -> Vec<Fact> {
    let infusion = if told.first().is_some_and(|(line, ..)| line % 3 == 0) { "D0" } else { "D0 10:00" };
    let mut facts = support::facts(&format!("{infusion} | infusion |\nD-5 09:00 | lymphodepletion |"));
    facts.extend(told.iter().map(|one| fact(*one)));
    facts
}

fn hours(n: i64) -> jiff::Timestamp {
    instant("D-6 10:00").checked_add(jiff::SignedDuration::from_hours(n)).unwrap()
}

/// What a finding says must hang together.
fn hangs_together(assessment: &Assessment) {
    for found in &assessment.findings {
        match found.status {
            Status::Value => {
                assert!(found.value.is_some() && found.low == found.high && found.low == found.value)
            }
            Status::AtLeast => {
                assert!(found.value == found.low && found.low < found.high && found.low > Some(0))
            }
            Status::Interval => {
                assert!(found.value.is_none() && found.low < found.high && found.low.is_some())
            }
            Status::NotAssessable => {
                assert!(found.value.is_none() && found.low.is_none() && found.high.is_none());
                assert!(!found.settled_by.is_empty(), "{found:#?}");
            }
            Status::NotApplicable => assert!(found.value.is_none() && !found.notes.is_empty()),
        }
        let mut texts: Vec<&vena_base::Text> = found.notes.iter().collect();
        texts.extend(found.because.iter().flat_map(|reason| [&reason.label, &reason.used]));
        texts.extend(found.settled_by.iter().map(|settle| &settle.question));
        for text in texts {
            assert!(!text.en.is_empty() && !text.zh_tw.is_empty(), "{found:#?}");
        }
        assert!(found.rule.contains('@'));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Rows X2, X5, X8.
    #[test]
    fn order_does_not_matter_and_nothing_panics(told in prop::collection::vec(told(), 0..40), at in 0_i64..1300, seed in any::<u64>()) {
        let forward = facts(&told);
        let mut shuffled = forward.clone();
        let n = shuffled.len();
        let mut state = seed;
        for i in (1..n).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(i, (state >> 33) as usize % (i + 1));
        }
        let q = Question::at(hours(at));
        let one = Chart::new("p", zone(), forward);
        let two = Chart::new("p", zone(), shuffled);
        let (a, b) = (assess(&one, rules(), &q), assess(&two, rules(), &q));
        prop_assert_eq!(&a, &b);
        hangs_together(&a);
        prop_assert_eq!(course(&one, rules(), &q), course(&two, rules(), &q));
        prop_assert_eq!(crs_episodes(&one, rules(), &q), crs_episodes(&two, rules(), &q));
    }

    /// Rows X2, X5, X8.
    #[test]
    fn a_later_fact_never_changes_what_was_known_then(told in prop::collection::vec(told(), 0..30), later in prop::collection::vec(told(), 1..10), at in 0_i64..1200) {
        let then = Question { at: hours(at), known_at: Some(hours(at)), infusion: None };
        let before = Chart::new("p", zone(), facts(&told));
        // Facts that happened or were recorded after the instant.
        let mut all = facts(&told);
        for (line, when, dated, recorded, lasted) in later {
            let happens = at + 25 + when % 300;
            all.push(fact((line, happens, dated, recorded, lasted)));
            all.push(fact((line, at.saturating_sub(3), dated, Some(4 + when % 50), lasted)));
        }
        let after = Chart::new("p", zone(), all);
        let (mut a, mut b) = (assess(&before, rules(), &then), assess(&after, rules(), &then));
        // The remark counts facts without a time of recording in the whole chart.
        a.notes.clear();
        b.notes.clear();
        prop_assert_eq!(a, b);
    }
}

/// Each finding in order of severity, for one domain at a time.
const WORSE: [(&str, &[&str]); 13] = [
    ("crs", &["body temperature | 37.9 Cel", "body temperature | 38.0 Cel", "body temperature | 40 Cel"]),
    (
        "crs",
        &[
            "hypotension | none",
            "hypotension | no-vasopressor",
            "hypotension | vasopressor-required",
            "hypotension | several-vasopressors",
        ],
    ),
    (
        "crs",
        &[
            "oxygen device | none",
            "oxygen device | blow-by",
            "oxygen device | simple-mask",
            "oxygen device | cpap",
        ],
    ),
    (
        "crs",
        &["oxygen flow | 0 L/min", "oxygen flow | 1 L/min", "oxygen flow | 6 L/min", "oxygen flow | 7 L/min"],
    ),
    ("icans", &["ICE score | 10", "ICE score | 7", "ICE score | 6", "ICE score | 2", "ICE score | 0"]),
    (
        "icans",
        &[
            "level of consciousness | alert",
            "level of consciousness | awakens-spontaneously",
            "level of consciousness | awakens-to-voice",
            "level of consciousness | awakens-to-touch",
            "level of consciousness | unarousable",
        ],
    ),
    ("icans", &["seizure | none", "seizure | rapidly-resolving", "seizure | prolonged"]),
    ("icans", &["motor | none", "motor | deep-focal-weakness"]),
    ("crs", &["MAP | 70 mm[Hg]", "MAP | 60 mm[Hg]"]),
    ("crs", &["SpO2 | 97 %", "SpO2 | 85 %"]),
    ("crs", &["FiO2 | 21 %", "FiO2 | 60 %"]),
    ("icaht_late", &["anc | 2000 /uL", "anc | 1200 /uL", "anc | 800 /uL", "anc | 300 /uL", "anc | 60 /uL"]),
    ("icans", &["neuroimaging | normal", "neuroimaging | focal-oedema", "neuroimaging | diffuse-oedema"]),
];

/// The grades a finding leaves possible.
fn possible(chart: &Chart, scale: &str, at: &str) -> (u8, u8) {
    let found = support::finding(chart, scale, at);
    match found.status {
        Status::NotAssessable => (0, 4),
        Status::NotApplicable => (0, 0),
        _ => (found.low.unwrap(), found.high.unwrap()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Rows X2, X5.
    #[test]
    fn a_worse_finding_is_never_graded_lower(told in prop::collection::vec(told(), 0..25), which in 0..WORSE.len(), step in 0_usize..4) {
        let (scale, lines) = WORSE[which];
        let step = step.min(lines.len() - 2);
        let quiet: Vec<Told> = told.into_iter().filter(|(line, ..)| !LINES[*line].starts_with("death")).collect();
        let with = |line: &str| {
            let mut all = facts(&quiet);
            all.push(support::fact(&format!("D+46 09:00 | {line}")));
            Chart::new("p", zone(), all)
        };
        let (mild, worse) = (possible(&with(lines[step]), scale, "D+46 09:30"), possible(&with(lines[step + 1]), scale, "D+46 09:30"));
        prop_assert!(worse.0 >= mild.0 && worse.1 >= mild.1, "{} → {}: {mild:?} → {worse:?}", lines[step], lines[step + 1]);
    }
}

/// Rows X2, X5, X8.
#[test]
fn the_catalogue_names_every_concept_and_class_read() {
    let catalogue = &vena_knowledge::Knowledge::embedded().catalogue;
    let mut unknown = String::new();
    for concept in concepts_read(rules()).into_iter().filter(|concept| catalogue.get(*concept).is_none()) {
        let _ = write!(unknown, "{concept} ");
    }
    for class in vena_clinical::DRUG_CLASSES.iter().filter(|class| rules().lexicon.class(class).is_empty()) {
        let _ = write!(unknown, "class {class} ");
    }
    assert!(unknown.is_empty(), "not in the catalogue: {unknown}");
}

/// Rows X2, X5, X8.
#[test]
fn the_course_tells_each_day() {
    let chart = support::infused(
        "D+1 06:00 | body temperature | 38.5 Cel\nD+1 06:00 | hypotension | none\nD+1 06:00 | oxygen device | none
         D+1 14:00 | hypotension | no-vasopressor\nD+1 20:00 | hypotension | none\nD+2 06:00 | body temperature | 37 Cel
         D+2 06:00 | hypotension | none\nD+2 06:00 | oxygen device | none\nD+3 06:00 | ICE score | 5\nD+1 06:00 | anc | 400 /uL\nD+2 06:00 | anc | 3000 /uL",
    );
    let days = course(&chart, rules(), &Question::at(instant("D+3 08:00")));
    assert_eq!(days.iter().map(|day| day.day).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert_eq!(days[1].date.to_string(), "2026-03-02");
    assert_eq!(days[1].crs.grade, Some(2));
    assert_eq!(days[2].crs.grade, Some(1), "the fever of the evening before still stands at midnight");
    assert_eq!(days[3].icans.grade, Some(2));
    assert_eq!((days[1].anc_per_ul, days[3].anc_per_ul), (Some(400.0), None));
    assert_eq!(days[2].icaht.grade, Some(1), "days 0 (carried back) and 1");
}
