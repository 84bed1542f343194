//! CRS at every cut-off, with each input missing, over its episodes.
#![allow(clippy::unwrap_used)]

mod support;
use support::{brief, check, chart, finding, infused, instant, missing, rules};
use vena_clinical::{Question, Status, crs_episodes};

const SIGNS_NONE: &str = "D+1 09:00 | hypotension | none\nD+1 09:00 | oxygen device | none\n";
const FEVER: &str = "D+1 09:00 | body temperature | 38.5 Cel\n";

#[track_caller]
fn crs(lines: &str, expected: &str) -> vena_clinical::Finding {
    check("crs", lines, "D+1 10:00", expected)
}

/// Row X2.
#[test]
fn fever_at_its_cut_off() {
    for (temperature, expected) in [("37.9", "0"), ("38.0", "1"), ("38.1", "1"), ("100.4 [degF]", "1"), ("100.3 [degF]", "0")] {
        let value = if temperature.contains(' ') { temperature.to_owned() } else { format!("{temperature} Cel") };
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

/// Row X2.
#[test]
fn hypotension_by_statement_and_by_drug() {
    let base = format!("{FEVER}D+1 09:00 | oxygen device | none\n");
    let with = |lines: &str, expected: &str| crs(&format!("{base}{lines}"), expected);
    with("D+1 09:00 | hypotension | none", "1");
    with("D+1 09:00 | hypotension | no-vasopressor", "2");
    with("D+1 09:00 | hypotension | vasopressor-required", "3");
    with("D+1 09:00 | hypotension | several-vasopressors", "4");
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
    with("D+1 08:00 | norepinephrine | 0.1 ug/kg/min\nD+1 09:30 | norepinephrine | stopped\nD+1 09:45 | hypotension | none", "1");
    with("D+1 08:00 | norepinephrine | 0.1 ug/kg/min\nD+1 09:30 | norepinephrine | 0 ug/kg/min\nD+1 09:45 | hypotension | none", "1");
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
    with("D+1 09:00 | hypotension | present-vasopressor-unknown\nD+1 09:00 | vasopressor-need | several", "4");
    with("D+1 09:00 | vasopressor-need | one", "3");
    with("D+1 09:00 | vasopressor-need | none", "1–2");
    with("D+1 09:00 | hypotension | none\nD+1 09:00 | vasopressor-need | none", "1");
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
    crs(&format!("{base}D+1 09:00 | hypotension | no-vasopressor\nD+1 09:30 | systolic pressure | 80 mm[Hg]"), "2");
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
        with(&format!("D+1 09:00 | oxygen device | nasal-cannula\nD+1 09:00 | oxygen flow | {flow} L/min"), expected);
    }
    with("D+1 09:00 | oxygen device | simple-mask\nD+1 09:00 | oxygen flow | 5 L/min", "3");
    for (flow, expected) in [("5", "2–3"), ("6", "2–3"), ("7", "3"), ("0", "1")] {
        with(&format!("D+1 09:00 | oxygen flow | {flow} L/min"), expected);
    }
    // The flow of an earlier device does not belong to the cannula.
    with("D+1 07:00 | oxygen device | simple-mask\nD+1 07:00 | oxygen flow | 10 L/min\nD+1 09:00 | oxygen device | nasal-cannula", "2–3");
    with("D+1 07:00 | oxygen device | nasal-cannula\nD+1 07:00 | oxygen flow | 4 L/min\nD+1 09:00 | oxygen device | nasal-cannula", "2");
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

const AFEBRILE_SHOCK: &str = "D+1 06:00 | body temperature | 38.5 Cel
    D+1 09:00 | body temperature | 37.0 Cel
    D+1 09:00 | hypotension | no-vasopressor
    D+1 09:00 | oxygen device | none\n";

/// Row X2.
#[test]
fn fever_is_not_needed_after_treatment_within_the_episode() {
    for drug in ["paracetamol", "ibuprofen", "tocilizumab", "siltuximab", "anakinra", "dexamethasone", "methylprednisolone"] {
        let found = crs(&format!("{AFEBRILE_SHOCK}D+1 07:00 | {drug} | 100 mg"), "2");
        assert!(found.because.iter().any(|r| r.criterion == "fever-waived"), "{drug}");
    }
    // Before the onset and before the infusion it does not count.
    for early in ["D+1 05:00 | paracetamol | 500 mg", "D0 09:00 | paracetamol | 500 mg"] {
        let found = crs(&format!("{AFEBRILE_SHOCK}{early}"), "0–2");
        assert_eq!(found.settled_by[0].concept.as_str(), "antipyretic-therapy");
        assert_eq!(missing(&found), ["antipyretic-therapy"]);
    }
    let treated = "D+1 06:00 | body temperature | 38.5 Cel\nD+1 07:00 | paracetamol | 500 mg\n";
    crs(&format!("{treated}{SIGNS_NONE}D+1 09:00 | body temperature | 37.0 Cel"), "0");
    crs(&format!("{treated}{SIGNS_NONE}D+1 09:00 | body temperature | 38.2 Cel"), "1");
    crs(&format!("{treated}D+1 09:00 | body temperature | 37.0 Cel\nD+1 09:00 | oxygen device | none"), "?");
    // A drug that was tried and not given is none.
    crs(&format!("{AFEBRILE_SHOCK}D+1 07:00 | paracetamol | not assessed"), "0–2");
}

/// Row X2.
#[test]
fn the_clinicians_word_settles_the_drug_log() {
    crs(&format!("{AFEBRILE_SHOCK}D+1 09:30 | antipyretic-therapy | none-given"), "0");
    crs(&format!("{AFEBRILE_SHOCK}D+1 09:30 | antipyretic-therapy | given"), "2");
    // Said before the fever, it says nothing of the time after it.
    crs(&format!("{AFEBRILE_SHOCK}D+1 05:30 | antipyretic-therapy | none-given"), "0–2");
    crs(&format!("{AFEBRILE_SHOCK}D+1 07:00 | paracetamol | 500 mg\nD+1 09:30 | antipyretic-therapy | none-given"), "2");
    let none = "D+1 06:00 | body temperature | 38.5 Cel\nD+1 09:00 | body temperature | 37 Cel\n";
    crs(&format!("{none}{SIGNS_NONE}"), "0");
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
    crs(&format!("{shock}D+1 09:00 | hypotension | vasopressor-required\nD+1 09:00 | hypotension-cause | cardiac"), "1");
    crs(&format!("{shock}D+1 09:00 | hypotension | vasopressor-required\nD+1 09:00 | hypotension-cause | crs"), "3");
    let hypoxic = format!("{FEVER}D+1 09:00 | hypotension | none\n");
    crs(&format!("{hypoxic}D+1 09:00 | oxygen device | cpap\nD+1 09:00 | hypoxia-cause | infection"), "1");
    let found = crs(&format!("{hypoxic}D+1 09:00 | oxygen device | cpap"), "4");
    assert!(found.notes.iter().any(|note| note.en.contains("without a stated cause")));
}

/// Row X2.
#[test]
fn old_observations_do_not_stand_for_now() {
    let hold = rules().lexicon.holds_h(vena_base::Concept::known("hypotension")).expect("hypotension goes stale");
    let days = (hold / 24.0).ceil() as u32 + 1;
    let chart = infused(&format!("{SIGNS_NONE}D+{} 09:00 | body temperature | 38.5 Cel", 1 + days));
    let found = finding(&chart, "crs", &format!("D+{} 10:00", 1 + days));
    assert_eq!(found.brief(), "≥1");
    let stale = found.because.iter().find(|r| r.criterion == "hypotension").expect("the old statement is shown");
    assert!(stale.used.en.contains("too old") && stale.grade_low.is_none());
    // With an end of its own it stands until then.
    let long = infused(&format!(
        "D+1 09:00 | hypotension | no-vasopressor | until D+9 12:00\nD+8 09:00 | body temperature | 38.5 Cel\nD+8 09:00 | oxygen device | none"
    ));
    assert_eq!(brief(&long, "crs", "D+8 10:00"), "2");
    let ended = infused(
        "D+1 06:00 | hypotension | no-vasopressor | until D+1 08:00\nD+1 09:00 | body temperature | 38.5 Cel\nD+1 09:00 | oxygen device | none",
    );
    assert_eq!(brief(&ended, "crs", "D+1 10:00"), "≥1");
}

/// Row X2.
#[test]
fn an_episode_ends_and_a_new_one_needs_fever() {
    let first = "D+1 06:00 | body temperature | 38.5 Cel\nD+1 07:00 | tocilizumab | 480 mg
        D+1 08:00 | body temperature | 37.0 Cel\nD+1 08:00 | hypotension | none\nD+1 08:00 | oxygen device | none\n";
    let again = "D+2 09:00 | body temperature | 37.0 Cel\nD+2 09:00 | hypotension | no-vasopressor\nD+2 09:00 | oxygen device | none\n";
    // Still open: the old drug makes fever unnecessary.
    check("crs", &format!("{first}{again}"), "D+2 10:00", "2");
    // Closed by a clinician: fever is needed again, and the old drug no longer counts.
    let closed = format!("{first}D+1 20:00 | crs-episode-closed |\n{again}");
    check("crs", &closed, "D+2 10:00", "0");
    check("crs", &format!("{closed}D+2 09:30 | body temperature | 38.3 Cel"), "D+2 10:00", "2");
    let refever = format!("{closed}D+2 09:10 | body temperature | 38.3 Cel\nD+2 09:30 | body temperature | 37.3 Cel");
    check("crs", &refever, "D+2 10:00", "0–2");
}

/// Row X2.
#[test]
fn enough_quiet_hours_end_an_episode() {
    let quiet = rules().crs.site.clean_hours.expect("the site's hours");
    let hold = rules().lexicon.holds_h(vena_base::Concept::known("body-temperature")).unwrap();
    let step = (hold.min(quiet) / 2.0).max(1.0) as i64;
    let lines = "D+1 00:00 | body temperature | 38.5 Cel\nD+1 00:00 | paracetamol | 500 mg";
    let start = instant("D+1 02:00");
    let hours = |n: i64| start.checked_add(jiff::SignedDuration::from_hours(n)).unwrap();
    let mut facts = support::facts(&format!("D0 10:00 | infusion |\n{lines}"));
    let observe = |facts: &mut Vec<vena_base::Fact>, at: jiff::Timestamp, pressure: &str| {
        for line in ["body temperature | 37.0 Cel", pressure, "oxygen device | none"] {
            let mut fact = support::fact(&format!("D0 11:00 | {line}"));
            fact.when = vena_base::When::Instant(vena_base::Stamp::utc(at));
            facts.push(fact);
        }
    };
    let last = quiet as i64;
    let mut n = 0;
    while n < last {
        observe(&mut facts, hours(n), "hypotension | none");
        n += step;
    }
    // At the last quiet hour the episode is over: pressure alone no longer grades. Just before, it does.
    for (at, expected) in [(hours(last), "0"), (hours(last).checked_sub(jiff::SignedDuration::from_mins(1)).unwrap(), "2")] {
        let mut all = facts.clone();
        observe(&mut all, at, "hypotension | no-vasopressor");
        let chart = vena_base::Chart::new("p", support::zone(), all);
        let found = vena_clinical::assess(&chart, rules(), &Question::at(at));
        assert_eq!(found.finding("crs").unwrap().brief(), expected, "at {at}");
    }
}

/// Row X2.
#[test]
fn episodes_are_told_with_peak_and_waiver() {
    let chart = infused(&format!(
        "D+1 06:00 | body temperature | 38.5 Cel\nD+1 07:00 | tocilizumab | 480 mg\n{SIGNS_NONE}
         D+1 12:00 | hypotension | vasopressor-required\nD+1 20:00 | crs-episode-closed |\nD+3 06:00 | body temperature | 39 Cel"
    ));
    let episodes = crs_episodes(&chart, rules(), &Question::at(instant("D+3 07:00")));
    assert_eq!(episodes.len(), 2);
    assert_eq!(episodes[0].start, support::when("D+1 06:00"));
    assert_eq!(episodes[0].end, Some(instant("D+1 20:00")));
    assert_eq!(episodes[0].peak_low, 3);
    assert_eq!(episodes[0].waiver.unwrap().concept.as_str(), "tocilizumab");
    assert_eq!(episodes[0].waiver.unwrap().at, instant("D+1 07:00"));
    assert_eq!((episodes[1].end, episodes[1].waiver), (None, None));
}

/// Row X2.
#[test]
fn a_date_that_cannot_be_ordered_gives_an_interval() {
    // The fever is known to the day of infusion only: before it or after it.
    let dated = "D0 | body temperature | 38.5 Cel\nD0 12:00 | hypotension | none\nD0 12:00 | oxygen device | none";
    let found = check("crs", dated, "D0 20:00", "0–1");
    assert!(found.notes.iter().any(|note| note.en.contains("only to the day")));
    // A fever from before the infusion opens nothing; afterwards the temperature is not known.
    check("crs", &dated.replace("D0 |", "D0 08:00 |"), "D0 20:00", "0–1");
    check("crs", &dated.replace("D0 |", "D0 10:00 |"), "D0 20:00", "1");
    // The statement is known to the day only: before or after the other.
    let dated = format!("{FEVER}D+1 | hypotension | none\nD+1 08:00 | hypotension | no-vasopressor\nD+1 09:00 | oxygen device | none");
    crs(&dated, "1–2");
    // The drug is known to the day of the fever only: before it or after it.
    crs(&format!("{AFEBRILE_SHOCK}D+1 | paracetamol | 500 mg"), "0–2");
    // The next day it is after the fever for certain.
    let lines = "D+1 06:00 | body temperature | 38.5 Cel\nD+2 | paracetamol | 500 mg\nD+2 22:00 | body temperature | 37 Cel
        D+2 22:00 | hypotension | no-vasopressor\nD+2 22:00 | oxygen device | none";
    check("crs", lines, "D+2 23:00", "2");
}

/// Row X2.
#[test]
fn after_death_the_grade_is_as_of_death() {
    let lines = format!("{FEVER}D+1 09:00 | hypotension | several-vasopressors\nD+1 09:00 | oxygen device | none\nD+1 10:00 | death |");
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
    let lines = format!("D0 10:00 | infusion |\n{SIGNS_NONE}D+1 09:00 | body temperature | 38.5 Cel | recorded D+1 15:00");
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
