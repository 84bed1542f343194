//! CAR-HEMATOTOX at every cut-off, with each input missing, by its baselines.
#![allow(clippy::unwrap_used)]

mod support;
use support::{chart, finding, missing};
use vena_clinical::{Finding, Status};

const LDC: &str = "D-5 09:00 | lymphodepletion |\nD0 10:00 | infusion |\n";
const BEST: [(&str, &str); 5] = [
    ("platelets", "200 10*9/L"),
    ("anc", "3000 /uL"),
    ("haemoglobin", "12 g/dL"),
    ("crp", "0.5 mg/dL"),
    ("ferritin", "100 ng/mL"),
];

/// The best values on day -5, with some replaced or (empty) left out.
fn lines(changed: &[(&str, &str)]) -> String {
    let value = |what: &str, best: &'static str| {
        changed
            .iter()
            .find(|(name, _)| *name == what)
            .map_or(best.to_owned(), |(_, value)| (*value).to_owned())
    };
    BEST.iter()
        .map(|(what, best)| (what, value(what, best)))
        .filter(|(_, value)| !value.is_empty())
        .map(|(what, value)| format!("D-5 07:00 | {what} | {value}\n"))
        .collect()
}

#[track_caller]
fn score(lines: &str, at: &str, expected: &str) -> Finding {
    let found = finding(&chart(lines), "car_hematotox", at);
    assert_eq!(found.brief(), expected, "{lines}: {found:#?}");
    found
}

#[track_caller]
fn changed(changes: &[(&str, &str)], expected: &str) -> Finding {
    score(&format!("{LDC}{}", lines(changes)), "D+10 08:00", expected)
}

/// Row X8.
#[test]
fn points_at_every_cut_off() {
    changed(&[], "0");
    for (what, value, expected) in [
        ("platelets", "176 10*9/L", "0"),
        ("platelets", "175 10*9/L", "1"),
        ("platelets", "75 10*9/L", "1"),
        ("platelets", "74 10*9/L", "2"),
        ("anc", "1201 /uL", "0"),
        ("anc", "1200 /uL", "1"),
        ("anc", "1.2 10*9/L", "1"),
        ("haemoglobin", "9.1 g/dL", "0"),
        ("haemoglobin", "9.0 g/dL", "1"),
        ("haemoglobin", "90 g/L", "1"),
        ("crp", "2.9 mg/dL", "0"),
        ("crp", "3.0 mg/dL", "1"),
        ("crp", "30 mg/L", "1"),
        ("crp", "<3.0 mg/dL", "0"),
        ("ferritin", "649 ng/mL", "0"),
        ("ferritin", "650 ng/mL", "1"),
        ("ferritin", "2000 ug/L", "1"),
        ("ferritin", "2001 ng/mL", "2"),
        ("ferritin", ">2000 ng/mL", "2"),
        ("ferritin", ">1000 ng/mL", "1–2"),
    ] {
        changed(&[(what, value)], expected);
    }
    let worst = [
        ("platelets", "20 10*9/L"),
        ("anc", "100 /uL"),
        ("haemoglobin", "7 g/dL"),
        ("crp", "20 mg/dL"),
        ("ferritin", "9000 ng/mL"),
    ];
    changed(&worst, "7");
    assert!(changed(&[("anc", "1200 /uL")], "1").provisional, "what exactly the cut-off gives is open");
}

/// Row X8.
#[test]
fn a_missing_input_is_an_interval_never_nothing() {
    for (what, high) in [("platelets", 2), ("anc", 1), ("haemoglobin", 1), ("crp", 1), ("ferritin", 2)] {
        let found = changed(&[(what, "")], &format!("0–{high}"));
        assert_eq!((found.status, missing(&found)), (Status::Interval, vec![what]));
        assert_eq!(found.value, None);
        assert_eq!(found.settled_by[0].concept.as_str(), what);
    }
    let one = changed(
        &[("platelets", ""), ("anc", ""), ("haemoglobin", ""), ("crp", ""), ("ferritin", "100 ng/mL")],
        "0–5",
    );
    assert_eq!(missing(&one).len(), 4);
    let none = score(LDC, "D+10 08:00", "?");
    assert_eq!((none.status, missing(&none).len()), (Status::NotAssessable, 5));
}

/// Row X8.
#[test]
fn the_baseline_is_before_lymphodepletion() {
    // The latest before the start counts; what comes after it does not; nor does what is too old.
    let base = lines(&[]);
    score(&format!("{LDC}{base}D-6 07:00 | platelets | 20 10*9/L"), "D+10 08:00", "0");
    score(&format!("{LDC}{base}D-5 10:00 | platelets | 20 10*9/L"), "D+10 08:00", "0");
    score(&format!("{LDC}{base}D-4 10:00 | platelets | 20 10*9/L"), "D+10 08:00", "0");
    let without = lines(&[("platelets", "")]);
    score(&format!("{LDC}{without}D-8 07:00 | platelets | 20 10*9/L"), "D+10 08:00", "2");
    score(&format!("{LDC}{without}D-9 07:00 | platelets | 20 10*9/L"), "D+10 08:00", "0–2");
    // Each day of it may have a row: the first is the start. An older course is another.
    let rows = "D-5 09:00 | lymphodepletion |\nD-4 09:00 | lymphodepletion |\nD-3 09:00 | lymphodepletion |\nD-40 09:00 | lymphodepletion |\nD0 10:00 | infusion |\n";
    score(&format!("{rows}{base}D-4 07:00 | platelets | 20 10*9/L"), "D+10 08:00", "0");
    // On the day it began, in unknown order: both stay possible, or it is taken and said.
    score(&format!("{LDC}{base}D-5 | platelets | 20 10*9/L"), "D+10 08:00", "0–2");
    let dated = score(&format!("{LDC}{without}D-5 | platelets | 20 10*9/L"), "D+10 08:00", "2");
    assert!(dated.because.iter().any(|reason| reason.used.en.contains("on the day lymphodepletion began")));
}

/// Row X8.
#[test]
fn without_lymphodepletion_the_reference_day_and_without_both_now() {
    let infusion = "D0 10:00 | infusion |\n";
    let base = lines(&[]);
    let found = score(&format!("{infusion}{base}"), "D+10 08:00", "0");
    assert!(found.notes.iter().any(|note| note.en.contains("day -5")));
    let without = lines(&[("platelets", "")]);
    for (day, expected) in [(-9, "0–2"), (-8, "2"), (-5, "2"), (-4, "0–2"), (-2, "0–2"), (-1, "0–2")]
    {
        score(&format!("{infusion}{without}D{day} 07:00 | platelets | 20 10*9/L"), "D+10 08:00", expected);
    }
    // The nearest to the reference day counts.
    score(&format!("{infusion}{base}D-4 07:00 | platelets | 20 10*9/L"), "D+10 08:00", "0");
    // The first lymphodepleting drug shows the start.
    let drug = "D-4 09:00 | fludarabine | 50 mg\n";
    let open = score(&format!("{infusion}{without}D-3 07:00 | platelets | 20 10*9/L"), "D+10 08:00", "0–2");
    assert!(missing(&open).contains(&"lymphodepletion"));
    assert!(open.because.iter().any(|reason| reason.used.zh_tw.contains("不足以確定分數")));
    score(
        &format!("{infusion}{without}D-7 07:00 | platelets | 20 10*9/L\nD-4 07:00 | platelets | 200 10*9/L"),
        "D+10 08:00",
        "2",
    );
    score(&format!("{infusion}{drug}{without}D-3 07:00 | platelets | 20 10*9/L"), "D+10 08:00", "0–2");
    // Neither: the latest values, provisionally.
    let now = score(&base, "D-4 08:00", "0");
    assert!(now.provisional);
    score(&base, "D-1 08:00", "?");
}

/// Row X8: a record that could not be read makes the reference day unknown.
#[test]
fn an_unreadable_infusion_or_lymphodepletion_scores_nothing() {
    let base = lines(&[]);
    let mark = "D-20 | infusion | not assessed: unreadable: 2026-13-01\n";
    let found = score(&format!("{mark}{base}D+9 07:00 | platelets | 20 10*9/L"), "D+10 08:00", "?");
    assert_eq!(found.status, Status::NotAssessable);
    assert!(found.notes[0].en.contains("could not be read") && found.notes[0].zh_tw.contains("無法判讀"));
    assert_eq!(finding(&chart(&format!("{mark}{base}")), "crs", "D+10 08:00").status, Status::NotAssessable);
    let mark = "D-20 | lymphodepletion | not assessed: unreadable: 31/02\n";
    let infusion = "D0 10:00 | infusion |\n";
    let found = score(&format!("{infusion}{mark}{base}"), "D+10 08:00", "?");
    assert_eq!(missing(&found), ["lymphodepletion"]);
    // Beside one that was read it is said, and the answer is provisional.
    let both = score(&format!("{LDC}{mark}{base}"), "D+10 08:00", "0");
    assert!(both.provisional && both.notes.iter().any(|note| note.en.contains("could not be read")));
    // A value that could not be read may have been any; an older one does not stand for it.
    let without = lines(&[("platelets", "")]);
    let unread =
        "D-6 07:00 | platelets | 200 10*9/L\nD-5 08:00 | platelets | not assessed: unreadable: 2O0\n";
    let found = score(&format!("{LDC}{without}{unread}"), "D+10 08:00", "0–2");
    assert!(
        found.settled_by[0].question.en.contains("Read again")
            && found.settled_by[0].question.en.contains("2O0")
    );
    let undone = "D-6 07:00 | platelets | 200 10*9/L\nD-5 08:00 | platelets | not assessed\n";
    score(&format!("{LDC}{without}{undone}"), "D+10 08:00", "0");
}

/// Row X8.
#[test]
fn risk_is_told_with_outcomes_only_where_they_were_seen() {
    let high = [("platelets", "20 10*9/L")];
    let one = [("crp", "5 mg/dL")];
    let told = |diagnosis: &str, changes: &[(&str, &str)]| {
        let lines = format!("{LDC}D-20 | diagnosis | {diagnosis}\n{}", lines(changes));
        finding(&chart(&lines), "car_hematotox", "D+10 08:00")
            .notes
            .iter()
            .map(|n| n.en.clone())
            .collect::<Vec<_>>()
            .join("\n")
    };
    for diagnosis in ["dlbcl", "lbcl", "mcl", "mm"] {
        let notes = told(diagnosis, &high);
        assert!(notes.contains("High risk") && notes.contains("aplastic"), "{diagnosis}: {notes}");
        assert!(!notes.contains(", low risk:"), "{notes}");
        assert!(!notes.contains("mortality"));
        let low = told(diagnosis, &one);
        assert!(
            low.contains("Low risk") && low.contains(", low risk:") && !low.contains(", high risk:"),
            "{low}"
        );
    }
    for diagnosis in ["b-all", "fl"] {
        let notes = told(diagnosis, &high);
        assert!(notes.contains("High risk") && !notes.contains("aplastic"), "{diagnosis}: {notes}");
    }
    let open = told("dlbcl", &[("platelets", "")]);
    assert!(open.contains("Risk is open") && !open.contains("aplastic"));
}

/// Row X8: a value outside the window is named with its age and never used.
#[test]
fn values_outside_the_window_are_named_with_their_age() {
    let without = lines(&[("platelets", "")]);
    let named = |found: &Finding| {
        let reason = found.because.iter().find(|reason| reason.criterion == "platelets").unwrap().clone();
        assert_eq!((reason.grade_low, reason.grade_high, reason.deciding), (None, None, false));
        (reason.used.en, reason.used.zh_tw)
    };
    let old = score(&format!("{LDC}{without}D-12 07:00 | platelets | 20 10*9/L"), "D+10 08:00", "0–2");
    let (en, zh_tw) = named(&old);
    assert!(en.contains("7 days before lymphodepletion began") && en.contains("too old"), "{en}");
    assert!(zh_tw.contains("前 7 天") && zh_tw.contains("過早"), "{zh_tw}");
    // Of several older ones the newest; one from after the start where there is no older one.
    let two = "D-30 07:00 | platelets | 90 10*9/L\nD-9 07:00 | platelets | 20 10*9/L";
    assert!(named(&score(&format!("{LDC}{without}{two}"), "D+10 08:00", "0–2")).0.contains("4 days before"));
    let late = score(&format!("{LDC}{without}D-2 07:00 | platelets | 20 10*9/L"), "D+10 08:00", "0–2");
    let (en, zh_tw) = named(&late);
    assert!(en.contains("3 days after lymphodepletion began") && en.contains("too late"), "{en}");
    assert!(zh_tw.contains("過晚"));
    // All five too old: nothing is scored, and each is named.
    let all = lines(&[]).replace("D-5", "D-20");
    let found = score(&format!("{LDC}{all}"), "D+10 08:00", "?");
    assert_eq!((missing(&found).len(), found.because.len()), (5, 5));
    assert!(found.because.iter().all(|reason| reason.used.en.contains("15 days before")));
    assert!(found.notes.iter().any(|note| note.en.contains("up to 3 days earlier")));
    // Without lymphodepletion the age is counted from the infusion.
    let infusion = "D0 10:00 | infusion |\n";
    let found = score(&format!("{infusion}{without}D-12 07:00 | platelets | 20 10*9/L"), "D+10 08:00", "0–2");
    assert!(named(&found).0.contains("12 days before the infusion"));
    // What counts tells its age too.
    let used = score(&format!("{LDC}{without}D-6 07:00 | platelets | 200 10*9/L"), "D+10 08:00", "0");
    let reason = used.because.iter().find(|reason| reason.criterion == "platelets-0").unwrap();
    assert!(reason.used.en.contains("1 day before lymphodepletion began"), "{}", reason.used.en);
}

/// Row X8: where lymphodepletion began late, the values of about day -5 are still those of the score.
#[test]
fn late_lymphodepletion_leaves_the_reference_day() {
    let late = |day: i32| format!("D{day} 09:00 | lymphodepletion |\nD0 10:00 | infusion |\n");
    let base = lines(&[]);
    let found = score(&format!("{}{base}", late(-1)), "D+10 08:00", "0");
    assert!(found.provisional, "older than the leeway before the start");
    assert!(found.notes.iter().any(|note| note.en.contains("began late") && note.zh_tw.contains("較晚")));
    assert!(!score(&format!("{}{base}", late(-2)), "D+10 08:00", "0").provisional);
    let without = lines(&[("platelets", "")]);
    for (day, expected) in [(-9, "0–2"), (-8, "2"), (-5, "2"), (-2, "2")] {
        let line = format!("D{day} 07:00 | platelets | 20 10*9/L");
        score(&format!("{}{without}{line}", late(-1)), "D+10 08:00", expected);
    }
    // The latest before the start wins over the reference day.
    let two = "D-5 08:00 | platelets | 20 10*9/L\nD-2 07:00 | platelets | 200 10*9/L";
    score(&format!("{}{without}{two}", late(-1)), "D+10 08:00", "0");
    // An early start keeps its own window.
    score(&format!("{}{without}D-11 07:00 | platelets | 20 10*9/L", late(-10)), "D+10 08:00", "2–7");
}
