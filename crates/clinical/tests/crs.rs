//! CRS at every cut-off, with each input missing, over its episodes.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;
use support::{brief, chart, check, finding, infused, instant, missing, rules};
use vena_clinical::{Question, Status};

const SIGNS_NONE: &str = "D+1 09:00 | hypotension | none\nD+1 09:00 | oxygen device | none\n";
const FEVER: &str = "D+1 09:00 | body temperature | 38.5 Cel\n";

#[track_caller]
fn crs(lines: &str, expected: &str) -> vena_clinical::Finding {
    check("crs", lines, "D+1 10:00", expected)
}

/// Row X2.
#[test]
fn fever_at_its_cut_off() {
    for (temperature, expected) in
        [("37.9", "0"), ("38.0", "1"), ("38.1", "1"), ("100.4 [degF]", "1"), ("100.3 [degF]", "0")]
    {
        let value =
            if temperature.contains(' ') { temperature.to_owned() } else { format!("{temperature} Cel") };
        crs(&format!("{SIGNS_NONE}D+1 09:00 | body temperature | {value}"), expected);
    }
}

/// Row X2.
#[test]
fn each_input_missing() {
    let found = crs(&format!("{FEVER}D+1 09:00 | oxygen device | none"), "≥1");
    assert_eq!((found.low, found.high), (Some(1), Some(4)));
    assert_eq!(missing(&found), ["hypotension"]);
    assert_eq!(found.settled_by[0].concept.as_str(), "hypotension");
    let found = crs(&format!("{FEVER}D+1 09:00 | hypotension | none"), "≥1");
    assert_eq!(missing(&found), ["oxygen-device"]);
    let found = crs(SIGNS_NONE, "0–1");
    assert_eq!(missing(&found), ["body-temperature"]);
    let found = crs("", "?");
    assert_eq!(missing(&found), ["body-temperature", "hypotension", "oxygen-device"]);
    assert_eq!(found.value, None);
    crs("D+1 09:00 | hypotension | no-vasopressor\nD+1 09:00 | oxygen device | none", "0–2");
    // A grade that nothing missing could change misses nothing.
    let found = crs(&format!("{FEVER}D+1 09:00 | oxygen device | cpap"), "4");
    assert!(found.missing.is_empty());
}

/// Row X2.
#[test]
fn without_fever_ever_nothing_grades() {
    crs("D+1 09:00 | body temperature | 37.2 Cel", "0");
    crs("D+1 09:00 | body temperature | 37.2 Cel\nD+1 09:00 | hypotension | several-vasopressors", "0");
    crs("D+1 09:00 | body temperature | 37.2 Cel\nD+1 08:00 | norepinephrine | 0.1 ug/kg/min", "0");
}

/// Row X2: what was given may have hidden a fever nobody measured.
#[test]
fn a_drug_against_fever_leaves_an_unseen_fever_open() {
    let base = "D+1 09:00 | body temperature | 37.0 Cel\nD+1 09:00 | oxygen device | none\n";
    let found = crs(
        &format!("{base}D+1 09:00 | hypotension | vasopressor-required\nD+1 06:00 | tocilizumab | 500 mg"),
        "0–3",
    );
    assert!(!found.settled_by.is_empty());
    crs(&format!("{base}D+1 09:00 | hypotension | none\nD+1 06:00 | tocilizumab | 500 mg"), "0");
    crs(
        &format!("{base}D+1 09:00 | hypotension | vasopressor-required\nD0 09:00 | paracetamol | 500 mg"),
        "0",
    );
}

/// Row X2: a cause speaks of what was seen when it was given, not of what is worse later.
#[test]
fn a_cause_does_not_silence_what_is_worse_later() {
    let base = format!(
        "{FEVER}D+1 07:00 | oxygen device | none\nD+1 08:00 | hypotension | no-vasopressor\nD+1 08:05 | hypotension-cause | infection\n"
    );
    crs(&base, "1");
    crs(&format!("{base}D+1 09:00 | hypotension | no-vasopressor"), "1");
    crs(&format!("{base}D+1 09:00 | hypotension | several-vasopressors"), "4");
    crs(&format!("{base}D+1 08:30 | norepinephrine | 0.1 ug/kg/min"), "3");
    let early =
        format!("{FEVER}D+1 07:00 | oxygen device | none\nD+1 07:00 | hypotension-cause | infection\n");
    crs(&format!("{early}D+1 09:00 | hypotension | several-vasopressors"), "4");
}

/// Row X2.
#[test]
fn hypotension_by_statement_and_by_drug() {
    let base = format!("{FEVER}D+1 09:00 | oxygen device | none\n");
    let with = |lines: &str, expected: &str| crs(&format!("{base}{lines}"), expected);
    with("D+1 09:00 | hypotension | none", "1");
    with("D+1 09:00 | hypotension | no-vasopressor", "2");
    with("D+1 09:00 | hypotension | vasopressor-required", "3");
    with("D+1 09:00 | hypotension | several-vasopressors", "4");
    with("D+1 09:00 | hypotension | vasopressors-uncounted", "≥3");
    with("D+1 09:00 | hypotension | present-vasopressor-unknown", "≥2");
    with("D+1 08:00 | norepinephrine | 0.1 ug/kg/min", "3");
    with("D+1 08:00 | norepinephrine | 0.1 ug/kg/min\nD+1 08:00 | vasopressin | 0.03 U/min", "3");
    with("D+1 08:00 | norepinephrine | 0.1 ug/kg/min\nD+1 08:00 | epinephrine | 0.1 ug/kg/min", "4");
    with("D+1 08:00 | vasopressin | 0.03 U/min", "2–3");
    // Inotropes are no vasopressors: the domain stays unknown.
    with("D+1 08:00 | dobutamine | 5 ug/kg/min", "≥1");
}

/// Row X2.
#[test]
fn drugs_that_end_and_statements_that_contradict() {
    let base = format!("{FEVER}D+1 09:00 | oxygen device | none\n");
    let with = |lines: &str, expected: &str| crs(&format!("{base}{lines}"), expected);
    with("D+1 08:00 | norepinephrine | 0.1 ug/kg/min | until D+1 09:30\nD+1 09:45 | hypotension | none", "1");
    with(
        "D+1 08:00 | norepinephrine | 0.1 ug/kg/min\nD+1 09:30 | norepinephrine | stopped\nD+1 09:45 | hypotension | none",
        "1",
    );
    with(
        "D+1 08:00 | norepinephrine | 0.1 ug/kg/min\nD+1 09:30 | norepinephrine | 0 ug/kg/min\nD+1 09:45 | hypotension | none",
        "1",
    );
    // An older or simultaneous “none” is outranked.
    with("D+1 08:00 | norepinephrine | 0.1 ug/kg/min\nD+1 07:00 | hypotension | none", "3");
    with("D+1 08:00 | norepinephrine | 0.1 ug/kg/min\nD+1 08:00 | hypotension | none", "3");
    // A newer “none” against a drug without recorded end: both stay possible.
    let found = with("D+1 08:00 | norepinephrine | 0.1 ug/kg/min\nD+1 09:00 | hypotension | none", "1–3");
    assert!(!found.settled_by.is_empty());
    // A newer “none” does not undo a drug that certainly runs.
    with("D+1 08:00 | norepinephrine | 0.1 ug/kg/min | until D+1 12:00\nD+1 09:00 | hypotension | none", "3");
    // Stopped, then nothing said: unknown.
    with("D+1 08:00 | norepinephrine | 0.1 ug/kg/min | until D+1 09:30", "≥1");
}

/// Row X2.
#[test]
fn which_vasopressors_are_needed() {
    let base = format!("{FEVER}D+1 09:00 | oxygen device | none\n");
    let with = |lines: &str, expected: &str| crs(&format!("{base}{lines}"), expected);
    with("D+1 09:00 | hypotension | present-vasopressor-unknown\nD+1 09:00 | vasopressor-need | none", "2");
    with("D+1 09:00 | hypotension | present-vasopressor-unknown\nD+1 09:00 | vasopressor-need | one", "3");
    with(
        "D+1 09:00 | hypotension | present-vasopressor-unknown\nD+1 09:00 | vasopressor-need | several",
        "4",
    );
    with("D+1 09:00 | vasopressor-need | one", "3");
    with("D+1 09:00 | vasopressor-need | none", "1–2");
    with("D+1 09:00 | hypotension | none\nD+1 09:00 | vasopressor-need | none", "1");
    // A newer plain statement replaces an older need; told at once, one of the two is wrong.
    with("D+1 09:00 | hypotension | none\nD+1 08:00 | vasopressor-need | one", "1");
    with("D+1 09:00 | hypotension | no-vasopressor\nD+1 08:00 | vasopressor-need | one", "2");
    with("D+1 09:00 | hypotension | none\nD+1 09:00 | vasopressor-need | one", "1–3");
    with("D+1 09:00 | hypotension | none\nD+1 09:30 | vasopressor-need | one", "3");
}

/// Row X2.
#[test]
fn blood_pressure_asks_and_never_grades() {
    let base = format!("{FEVER}D+1 09:00 | oxygen device | none\n");
    let low = crs(&format!("{base}D+1 09:30 | systolic pressure | 80 mm[Hg]"), "≥1");
    assert!(low.settled_by[0].question.en.contains("80"), "{:?}", low.settled_by);
    assert!(low.settled_by[0].question.zh_tw.contains("80"));
    let normal = crs(&format!("{base}D+1 09:30 | systolic pressure | 120 mm[Hg]"), "≥1");
    assert!(!normal.settled_by[0].question.en.contains("120"));
    // “None” and a newer low pressure: no longer certain. An older one changes nothing.
    crs(&format!("{base}D+1 09:00 | hypotension | none\nD+1 09:30 | systolic pressure | 80 mm[Hg]"), "≥1");
    crs(&format!("{base}D+1 09:00 | hypotension | none\nD+1 08:30 | systolic pressure | 80 mm[Hg]"), "1");
    crs(&format!("{base}D+1 09:00 | hypotension | none\nD+1 09:30 | systolic pressure | 90 mm[Hg]"), "1");
    crs(
        &format!("{base}D+1 09:00 | hypotension | no-vasopressor\nD+1 09:30 | systolic pressure | 80 mm[Hg]"),
        "2",
    );
}

/// Row X2.
#[test]
fn oxygen_by_device_and_flow() {
    let base = format!("{FEVER}D+1 09:00 | hypotension | none\n");
    let with = |lines: &str, expected: &str| crs(&format!("{base}{lines}"), expected);
    for (device, expected) in [
        ("none", "1"),
        ("blow-by", "2"),
        ("nasal-cannula", "2–3"),
        ("high-flow-nasal-cannula", "3"),
        ("simple-mask", "3"),
        ("venturi-mask", "3"),
        ("non-rebreather", "3"),
        ("cpap", "4"),
        ("bipap", "4"),
        ("ventilator", "4"),
        ("ventilator-airway-protection", "1"),
        ("other", "≥2"),
    ] {
        with(&format!("D+1 09:00 | oxygen device | {device}"), expected);
    }
    for (flow, expected) in [("5.9", "2"), ("6", "2"), ("6.1", "3"), ("0", "1"), (">6", "3"), ("<6", "2")] {
        with(
            &format!("D+1 09:00 | oxygen device | nasal-cannula\nD+1 09:00 | oxygen flow | {flow} L/min"),
            expected,
        );
    }
    with("D+1 09:00 | oxygen device | simple-mask\nD+1 09:00 | oxygen flow | 5 L/min", "3");
    for (flow, expected) in [("5", "2–3"), ("6", "2–3"), ("7", "2–3"), ("0", "1")] {
        with(&format!("D+1 09:00 | oxygen flow | {flow} L/min"), expected);
    }
    // The flow of an earlier device does not belong to the cannula.
    with(
        "D+1 07:00 | oxygen device | simple-mask\nD+1 07:00 | oxygen flow | 10 L/min\nD+1 09:00 | oxygen device | nasal-cannula",
        "2–3",
    );
    with(
        "D+1 07:00 | oxygen device | nasal-cannula\nD+1 07:00 | oxygen flow | 4 L/min\nD+1 09:00 | oxygen device | nasal-cannula",
        "2",
    );
    // A flow that is newer than “none” speaks against it.
    with("D+1 08:00 | oxygen device | none\nD+1 09:00 | oxygen flow | 4 L/min", "2–3");
}

/// Row X2.
#[test]
fn saturation_asks_and_never_grades() {
    let base = format!("{FEVER}D+1 09:00 | hypotension | none\n");
    let found = crs(&format!("{base}D+1 09:30 | SpO2 | 85 %"), "≥1");
    assert!(found.settled_by[0].question.en.contains("85"), "{:?}", found.settled_by);
    crs(&format!("{base}D+1 09:00 | oxygen device | none\nD+1 09:30 | SpO2 | 85 %"), "≥1");
    crs(&format!("{base}D+1 09:00 | oxygen device | none\nD+1 08:30 | SpO2 | 85 %"), "1");
    crs(&format!("{base}D+1 09:00 | oxygen device | none\nD+1 09:30 | SpO2 | 96 %"), "1");
}

/// Row X2.
#[test]
fn another_cause_is_left_out_and_said() {
    let base = "D+1 09:00 | oxygen device | none\nD+1 09:00 | hypotension | none\n";
    let found = crs(&format!("{base}D+1 09:00 | body temperature | 38.5 Cel | cause infection"), "0");
    assert!(found.because.iter().any(|r| r.used.en.contains("another cause")));
    crs(&format!("{base}{FEVER}D+1 09:00 | other-cause-of-fever | present"), "0");
    crs(&format!("{base}{FEVER}D+1 09:30 | other-cause-of-fever | present"), "0");
    crs(&format!("{base}{FEVER}D+1 09:00 | other-cause-of-fever | none"), "1");
    let shock = format!("{FEVER}D+1 09:00 | oxygen device | none\n");
    crs(&format!("{shock}D+1 09:00 | hypotension | vasopressor-required | cause sedation"), "1");
    crs(
        &format!(
            "{shock}D+1 09:00 | hypotension | vasopressor-required\nD+1 09:00 | hypotension-cause | cardiac"
        ),
        "1",
    );
    crs(
        &format!(
            "{shock}D+1 09:00 | hypotension | vasopressor-required\nD+1 09:00 | hypotension-cause | crs"
        ),
        "3",
    );
    let hypoxic = format!("{FEVER}D+1 09:00 | hypotension | none\n");
    crs(&format!("{hypoxic}D+1 09:00 | oxygen device | cpap\nD+1 09:00 | hypoxia-cause | infection"), "1");
    let found = crs(&format!("{hypoxic}D+1 09:00 | oxygen device | cpap"), "4");
    assert!(found.notes.iter().any(|note| note.en.contains("without a stated cause")));
}

/// Row X2.
#[test]
fn after_death_the_grade_is_as_of_death() {
    let lines = format!(
        "{FEVER}D+1 09:00 | hypotension | several-vasopressors\nD+1 09:00 | oxygen device | none\nD+1 10:00 | death |"
    );
    check("crs", &lines, "D+1 10:00", "4");
    let found = check("crs", &lines, "D+20 10:00", "4");
    assert_eq!(found.status, Status::Value);
}

/// Row X2.
#[test]
fn infusions_are_never_guessed() {
    let none = chart(FEVER);
    let found = finding(&none, "crs", "D+1 10:00");
    assert_eq!((found.status, missing(&found)), (Status::NotAssessable, vec!["infusion"]));
    let before = infused(FEVER);
    assert_eq!(brief(&before, "crs", "D0 09:59"), "–");
    let twice = chart(&format!("D0 10:00 | infusion |\nD0 15:00 | infusion |\n{FEVER}{SIGNS_NONE}"));
    assert_eq!(brief(&twice, "crs", "D+1 10:00"), "1");
    let two_days = chart(&format!("D0 10:00 | infusion |\nD+60 10:00 | infusion |\n{FEVER}{SIGNS_NONE}"));
    assert_eq!(brief(&two_days, "crs", "D+1 10:00"), "1", "before the second it is clear which is meant");
    let asked = support::ask(&two_days, "D+61 10:00");
    for found in &asked.findings {
        assert_eq!(found.status, Status::NotAssessable, "{}", found.scale);
        assert!(found.notes[0].en.contains("which"));
    }
    let q = |index| Question { at: instant("D+61 10:00"), known_at: None, infusion: Some(index) };
    let first = vena_clinical::assess(&two_days, rules(), &q(0));
    assert!(first.notes.iter().any(|note| note.en.contains("next infusion")));
    let second = vena_clinical::assess(&two_days, rules(), &q(1));
    assert_eq!(second.day, Some(1));
    let third = vena_clinical::assess(&two_days, rules(), &q(2));
    assert_eq!(third.finding("crs").unwrap().status, Status::NotAssessable);
}

/// Row X2.
#[test]
fn two_times_and_late_entries() {
    let lines = format!(
        "D0 10:00 | infusion |\n{SIGNS_NONE}D+1 09:00 | body temperature | 38.5 Cel | recorded D+1 15:00"
    );
    let chart = chart(&lines);
    let at = instant("D+1 10:00");
    let known = |known: &str| Question { at, known_at: Some(instant(known)), infusion: None };
    let then = vena_clinical::assess(&chart, rules(), &known("D+1 10:00"));
    assert_eq!(then.finding("crs").unwrap().brief(), "0–1");
    let later = vena_clinical::assess(&chart, rules(), &known("D+1 15:00"));
    let found = later.finding("crs").unwrap();
    assert_eq!(found.brief(), "1");
    assert!(found.because.iter().any(|reason| reason.criterion == "fever" && reason.late));
    assert!(later.notes.iter().any(|note| note.en.contains("no time of recording")));
}
