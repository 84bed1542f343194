//! ICANS at every cut-off, with each domain missing, under sedation, by age.
#![allow(clippy::unwrap_used)]

mod support;
use support::{check, finding, infused, missing};
use vena_clinical::{Finding, Status};

const ADULT: &str = "1980-01-01 | birth date | 1980-01-01\n";
const CHILD: &str = "2020-01-01 | birth date | 2020-01-01\n";
const CALM: &str =
    "D+3 09:00 | seizure | none\nD+3 09:00 | motor | none\nD+3 09:00 | raised ICP signs | none\n";
const ALERT: &str = "D+3 09:00 | level of consciousness | alert\n";

#[track_caller]
fn icans(lines: &str, expected: &str) -> Finding {
    check("icans", lines, "D+3 10:00", expected)
}

#[track_caller]
fn adult(lines: &str, expected: &str) -> Finding {
    icans(&format!("{ADULT}{CALM}{lines}"), expected)
}

#[track_caller]
fn child(lines: &str, expected: &str) -> Finding {
    icans(&format!("{CHILD}{CALM}{lines}"), expected)
}

/// Rows X4, X5.
#[test]
fn ice_at_every_cut_off() {
    for (score, expected) in
        [(10, "0"), (9, "1"), (8, "1"), (7, "1"), (6, "2"), (3, "2"), (2, "3"), (1, "3"), (0, "3")]
    {
        adult(&format!("{ALERT}D+3 09:00 | ICE score | {score}"), expected);
    }
}

/// Rows X4, X5.
#[test]
fn a_score_of_nothing_needs_arousal() {
    let zero = "D+3 09:00 | ICE score | 0\n";
    adult(&format!("{zero}D+3 09:00 | level of consciousness | awakens to voice"), "3");
    adult(&format!("{zero}D+3 09:00 | level of consciousness | unarousable"), "4");
    adult(zero, "≥3");
    adult("D+3 09:00 | ICE score | not assessed\nD+3 09:00 | level of consciousness | unarousable", "4");
    let found = adult(&format!("D+3 09:00 | ICE score | not assessed\n{ALERT}"), "?");
    assert_eq!(missing(&found), ["ice-score"]);
}

/// Row X5.
#[test]
fn each_domain_missing_leaves_it_open() {
    let all = [
        ("ice-score", "D+3 09:00 | ICE score | 10"),
        ("level-of-consciousness", "D+3 09:00 | level of consciousness | alert"),
        ("seizure", "D+3 09:00 | seizure | none"),
        ("motor", "D+3 09:00 | motor | none"),
        ("raised-icp-signs", "D+3 09:00 | raised ICP signs | none"),
    ];
    let lines = |without: &str| -> String {
        let kept = all.iter().filter(|(concept, _)| *concept != without).map(|(_, line)| *line);
        format!("{ADULT}{}", kept.collect::<Vec<_>>().join("\n"))
    };
    icans(&lines(""), "0");
    for (concept, _) in all {
        let found = icans(&lines(concept), "?");
        assert_eq!(missing(&found), [concept]);
        assert_eq!(found.settled_by[0].concept.as_str(), concept);
        // With a finding elsewhere the grade is at least that.
        icans(
            &format!("{}\nD+3 09:30 | ICE score | 5", lines(concept)),
            if concept == "ice-score" { "2" } else { "≥2" },
        );
    }
    let alone = icans(&format!("{ADULT}D+3 09:00 | ICE score | 10"), "?");
    assert_eq!(missing(&alone), ["level-of-consciousness", "seizure", "motor", "raised-icp-signs"]);
    assert_eq!(icans("", "?").status, Status::NotAssessable);
}

/// Row X5.
#[test]
fn the_worst_of_the_five_domains() {
    let ten = "D+3 09:00 | ICE score | 10\n";
    for (answer, expected) in [
        ("alert", "0"),
        ("awakens-spontaneously", "1"),
        ("awakens-to-voice", "2"),
        ("awakens-to-touch", "3"),
        ("unarousable", "4"),
    ] {
        adult(&format!("{ten}D+3 09:00 | level of consciousness | {answer}"), expected);
    }
    let base = format!("{ten}{ALERT}");
    for (line, expected) in [
        ("seizure | rapidly-resolving", "3"),
        ("seizure | nonconvulsive-resolved", "3"),
        ("seizure | prolonged", "4"),
        ("seizure | repetitive-no-return", "4"),
        ("motor | deep-focal-weakness", "4"),
        ("motor | tremor", "0"),
        ("motor | myoclonus", "0"),
        ("neuroimaging | normal", "0"),
        ("neuroimaging | haemorrhage", "0"),
        ("neuroimaging | focal-oedema", "3"),
        ("neuroimaging | diffuse-oedema", "4"),
        ("raised ICP signs | posturing", "4"),
        ("raised ICP signs | sixth-nerve-palsy", "4"),
        ("raised ICP signs | papilloedema", "4"),
        ("raised ICP signs | cushing-triad", "4"),
    ] {
        adult(&format!("{base}D+3 09:30 | {line}"), expected);
    }
    let found = adult(&format!("{base}D+3 09:30 | motor | tremor"), "0");
    assert!(found.because.iter().any(|reason| reason.used.en.contains("outside this scale")));
}

/// Row X5.
#[test]
fn imaging_does_not_stand_for_signs() {
    let base = format!(
        "{ADULT}{ALERT}D+3 09:00 | ICE score | 10\nD+3 09:00 | seizure | none\nD+3 09:00 | motor | none\n"
    );
    icans(&format!("{base}D+3 09:00 | neuroimaging | normal"), "?");
    icans(&format!("{base}D+3 09:00 | neuroimaging | focal-oedema"), "≥3");
    icans(&format!("{base}D+3 09:00 | neuroimaging | diffuse-oedema"), "4");
    icans(&format!("{base}D+3 09:00 | raised ICP signs | none"), "0");
}

/// Row X5.
#[test]
fn sedation_does_not_count() {
    let low = "D+3 09:00 | level of consciousness | unarousable\nD+3 09:00 | ICE score | not assessed\n";
    adult(low, "4");
    let found = adult(&format!("{low}D+3 09:00 | sedation | sedated"), "?");
    assert!(found.because.iter().any(|reason| reason.used.en.contains("sedation")));
    adult(&format!("{low}D+3 08:00 | propofol | 100 mg"), "?");
    adult(&format!("{low}D+3 08:00 | propofol | 100 mg | until D+3 08:30"), "4");
    adult(&format!("{low}D+3 08:00 | propofol | 100 mg\nD+3 09:30 | sedation | none"), "4");
    adult(&format!("{low}D+3 09:00 | sedation | sedated\nD+3 09:30 | seizure | prolonged"), "4");
    // Alert is not lowered, sedated or not; a score of nothing may be the sedation's.
    adult(
        "D+3 09:00 | ICE score | 10\nD+3 09:00 | level of consciousness | alert\nD+3 09:00 | sedation | sedated",
        "0",
    );
    adult(
        "D+3 09:00 | ICE score | 0\nD+3 09:00 | level of consciousness | unarousable\nD+3 09:00 | sedation | sedated",
        "?",
    );
}

/// Rows X4, X5.
#[test]
fn the_tool_follows_age() {
    let both = format!("{CALM}{ALERT}D+3 09:00 | ICE score | 5\nD+3 09:00 | CAPD score | 9\n");
    // Day 3 is 2026-03-04.
    for (birth, expected) in [("2014-03-05", "3"), ("2014-03-04", "2"), ("2014-03-03", "2"), ("2014-02", "2")]
    {
        let none = "D+1 09:00 | developmental delay | none\n";
        let found = icans(&format!("{birth} | birth date | {birth}\n{none}{both}"), expected);
        let conflict = found.notes.iter().any(|note| note.en.contains("sources conflict"));
        assert_eq!(conflict, expected == "2", "{birth}");
    }
    let delayed = format!("{ADULT}D+3 09:00 | developmental delay | present\n{both}");
    icans(&delayed, "3");
    // From twelve on a CAPD speaks of a delay nobody recorded: either score may count.
    let found = icans(&format!("2011-01-01 | birth date | 2011-01-01\n{both}"), "2–3");
    assert!(missing(&found).contains(&"developmental-delay"));
    let unknown = icans(&format!("{CALM}{ALERT}D+3 09:00 | ICE score | 5"), "2");
    assert!(unknown.notes.iter().any(|note| note.en.contains("Age is not known")));
    icans(&format!("{CALM}{ALERT}D+3 09:00 | CAPD score | 9"), "3");
    // A birth month that leaves the tool open is no age.
    let open =
        icans(&format!("2014-03 | birth date | 2014-03\n{CALM}{ALERT}D+3 09:00 | CAPD score | 9"), "3");
    assert!(open.notes.iter().any(|note| note.en.contains("Age is not known")));
    // A child's ICE does not stand for CAPD.
    let wrong_tool = icans(&format!("{CHILD}{CALM}{ALERT}D+3 09:00 | ICE score | 10"), "?");
    assert_eq!(missing(&wrong_tool), ["capd-score"]);
}

/// Row X5: what was there before the cells is not theirs; what was normal then still stands.
#[test]
fn signs_from_before_the_infusion_do_not_count() {
    let scene = |infusion: &str, lines: &str| {
        let chart = support::chart(&format!("{infusion} | infusion |\n{ADULT}{CALM}{ALERT}{lines}"));
        finding(&chart, "icans", "D+3 10:00")
    };
    let ten = "D+3 09:00 | ICE score | 10\n";
    for line in [
        "seizure | prolonged",
        "motor | deep-focal-weakness",
        "level of consciousness | unarousable",
        "raised ICP signs | posturing",
        "ICE score | 5",
    ] {
        let before = scene("D+3 09:45", &format!("{ten}D+3 09:30 | {line}"));
        assert_eq!(before.brief(), "?", "{line}: {before:#?}");
        assert!(before.because.iter().any(|reason| reason.used.zh_tw.contains("輸注前")), "{line}");
        let after = scene("D+3 09:15", &format!("{ten}D+3 09:30 | {line}"));
        assert_eq!(after.status, Status::Value, "{line}");
        let day_only = scene("D+3", &format!("{ten}D+3 09:30 | {line}"));
        assert_ne!(day_only.status, Status::Value, "{line}");
    }
    assert_eq!(scene("D+3 09:45", ten).brief(), "0");
    assert_eq!(scene("D+3 09:45", &format!("{ten}D+3 09:30 | neuroimaging | diffuse-oedema")).brief(), "0");
}

/// Row X5: an answer outside the scale says nothing of what was seen before it.
#[test]
fn what_is_outside_the_scale_does_not_take_back_what_is_on_it() {
    let base = format!("{ALERT}D+3 09:00 | ICE score | 10\n");
    let found =
        adult(&format!("{base}D+3 09:10 | motor | deep-focal-weakness\nD+3 09:30 | motor | tremor"), "?");
    assert_eq!(missing(&found), ["motor"]);
    adult(&format!("{base}D+3 09:30 | motor | tremor"), "0");
    adult(&format!("{base}D+3 09:10 | motor | deep-focal-weakness\nD+3 09:30 | motor | none"), "0");
    let oedema = "D+1 09:00 | neuroimaging | diffuse-oedema\n";
    let bled = adult(&format!("{base}{oedema}D+3 09:30 | neuroimaging | haemorrhage"), "?");
    assert_eq!(missing(&bled), ["neuroimaging"]);
    adult(&format!("{base}{oedema}D+3 09:30 | neuroimaging | normal"), "0");
    // Signs of pressure with a haemorrhage count until somebody says that it explains them.
    let signs = "D+3 09:30 | neuroimaging | haemorrhage\nD+3 09:30 | raised ICP signs | posturing";
    let found = adult(&format!("{base}{signs}"), "4");
    assert!(
        found
            .notes
            .iter()
            .any(|note| note.en.contains("haemorrhage is outside") && note.zh_tw.contains("顱內出血"))
    );
    adult(&format!("{base}{signs} | cause other"), "0");
    for (kind, expected) in [
        ("none", "0"),
        ("rapidly-resolving", "3"),
        ("nonconvulsive-resolved", "3"),
        ("prolonged", "4"),
        ("repetitive-no-return", "4"),
        ("present-kind-unknown", "≥3"),
    ] {
        adult(&format!("{base}D+3 09:30 | seizure | {kind}"), expected);
    }
}

/// Rows X4, X5.
#[test]
fn ice_from_its_items() {
    let items = |orientation: &str, naming: &str, rest: &str| {
        let mut lines = ALERT.to_owned();
        for (item, score) in [
            ("orientation", orientation),
            ("naming", naming),
            ("command", rest),
            ("writing", rest),
            ("attention", rest),
        ] {
            if !score.is_empty() {
                lines += &format!("D+3 09:00 | ice-{item} | {score}\n");
            }
        }
        lines
    };
    adult(&items("4", "3", "1"), "0");
    adult(&items("4", "0", "1"), "1");
    adult(&items("3", "0", "1"), "2");
    adult(&items("4", "", "1"), "0–1");
}

/// Rows X4, X5.
#[test]
fn ice_items_that_are_missing_leave_points_open() {
    let some = format!(
        "{ALERT}D+3 09:00 | ice-orientation | 4\nD+3 09:00 | ice-naming | 3\nD+3 09:00 | ice-command | 1\n"
    );
    let found = adult(&some, "0–1");
    assert_eq!(missing(&found), ["ice-score"]);
    adult(&format!("{some}D+3 09:00 | ice-writing | not assessed\nD+3 09:00 | ice-attention | 1"), "0–1");
    adult(&format!("{some}D+3 09:00 | ice-writing | 0\nD+3 09:00 | ice-attention | 1"), "1");
    // A total is preferred to items that are older or incomplete.
    adult(&format!("{some}D+3 09:30 | ICE score | 5"), "2");
}

/// Rows X4, X5: an older full score does not fill what a newer examination left open.
#[test]
fn an_older_total_does_not_stand_for_a_newer_examination() {
    let before = format!("{ALERT}D+3 01:00 | ICE score | 10\n");
    adult(&before, "0");
    let half = format!("{before}D+3 09:00 | ice-orientation | 1\nD+3 09:00 | ice-naming | 3\n");
    adult(&half, "1–2");
    adult(&format!("{before}D+3 09:00 | ice-attention | not assessed\n"), "0–3");
    adult(&format!("{half}D+3 09:30 | ICE score | 9\n"), "1");
}

/// Rows X4, X5.
#[test]
fn ice_needs_language_and_baseline() {
    let two = format!("{ALERT}D+3 09:00 | ICE score | 5\n");
    adult(&two, "2");
    for validity in ["language", "aphasia-before", "not-testable-other"] {
        let found = adult(&format!("{two}D+3 09:00 | ice-validity | {validity}"), "?");
        assert!(found.because.iter().any(|reason| reason.criterion == "ice-not-valid"));
    }
    adult(&format!("{two}D+3 09:00 | ice-validity | valid"), "2");
    // Two points were lost before the therapy: a five may be a seven.
    adult(&format!("{two}D-5 09:00 | ice-baseline | 8"), "1–2");
    adult(&format!("{two}D-5 09:00 | ice-baseline | 10"), "2");
    adult(&format!("{ALERT}D+3 09:00 | ICE score | 8\nD-5 09:00 | ice-baseline | 8"), "0–1");
}

/// Rows X4, X5.
#[test]
fn capd_at_every_cut_off() {
    for (score, arousal, expected) in [
        (0, "alert", "0"),
        (1, "alert", "1"),
        (8, "alert", "1"),
        (8, "awakens-spontaneously", "1"),
        (8, "awakens-to-voice", "2"),
        (9, "alert", "3"),
        (10, "alert", "3"),
        (32, "alert", "3"),
    ] {
        child(
            &format!("D+3 09:00 | CAPD score | {score}\nD+3 09:00 | level of consciousness | {arousal}"),
            expected,
        );
    }
    child("D+3 09:00 | CAPD score | 8", "≥1");
    child(&format!("D+3 09:00 | CAPD score | not assessed\n{ALERT}"), "?");
    child("D+3 09:00 | CAPD score | not assessed\nD+3 09:00 | level of consciousness | unarousable", "4");
    child("D+3 09:00 | CAPD score | not assessed: comatose", "4");
    child("D+3 09:00 | CAPD score | not assessed: asleep", "?");
    child(ALERT, "?");
}

/// Row X4.
#[test]
fn capd_items_count_in_reverse_up_to_the_fourth() {
    let items = |first: &str, last: &str| -> String {
        let line = |n: usize| format!("D+3 09:00 | capd-item-{n} | {}\n", if n <= 4 { first } else { last });
        (1..=8).map(line).collect::<String>() + ALERT
    };
    child(&items("always", "never"), "0");
    child(&items("often", "never"), "1");
    child(&items("often", "rarely"), "1");
    child(&items("sometimes", "rarely"), "3");
    child(&items("never", "never"), "3");
    child(&items("2", "0"), "1");
    // Four points are open for each missing item.
    let seven: String = items("often", "never")
        .lines()
        .filter(|line| !line.contains("item-8"))
        .map(|l| format!("{l}\n"))
        .collect();
    child(&seven, "1");
    let six: String =
        seven.lines().filter(|line| !line.contains("item-7")).map(|l| format!("{l}\n")).collect();
    child(&six, "1–3");
}

/// Row X5.
#[test]
fn another_cause_is_left_out() {
    let ten = format!("{ALERT}D+3 09:00 | ICE score | 10\n");
    adult(&format!("{ten}D+3 09:30 | seizure | prolonged | cause other"), "0");
    adult(&format!("{ALERT}D+3 09:00 | ICE score | 2 | cause infection"), "0");
    let found = adult(&format!("{ten}D+3 09:30 | seizure | prolonged"), "4");
    assert!(found.notes.iter().any(|note| note.en.contains("count as ICANS")));
}

/// Row X5.
#[test]
fn stale_scores_do_not_stand_for_now() {
    let chart = infused(&format!("{ADULT}{CALM}{ALERT}D+3 09:00 | ICE score | 10"));
    let found = finding(&chart, "icans", "D+20 10:00");
    assert_eq!(found.status, Status::NotAssessable);
    assert!(found.because.iter().any(|reason| reason.used.en.contains("too old")));
    assert_eq!(support::brief(&chart, "icans", "D0 09:00"), "–");
}

/// Row X5: from the age of the ICE on a CAPD alone neither grades nor clears until a delay is stated.
#[test]
fn a_capd_from_twelve_on_waits_for_the_ice() {
    let teen = "2011-01-01 | birth date | 2011-01-01\n";
    for (score, by_capd) in [(0, "grade 0"), (5, "grade 1"), (8, "grade 1"), (9, "grade 3"), (32, "grade 3")]
    {
        let lines = format!("{CALM}{ALERT}D+3 09:00 | CAPD score | {score}\n");
        let found = icans(&format!("{teen}{lines}"), "?");
        assert_eq!(missing(&found), ["ice-score", "developmental-delay"], "{score}");
        assert!(found.notes.iter().any(|n| n.en.contains(by_capd) && n.zh_tw.contains("ICE")), "{found:#?}");
        let shown = found.because.iter().find(|reason| reason.used.en.contains("CAPD")).unwrap();
        assert_eq!((shown.grade_high, shown.deciding), (None, false));
        // A stated delay, its absence, and the ICE settle it.
        let delayed =
            icans(&format!("{teen}{lines}D+1 09:00 | developmental delay | present\n"), &by_capd[6..]);
        assert_eq!(delayed.status, Status::Value);
        let none = icans(&format!("{teen}{lines}D+1 09:00 | developmental delay | none\n"), "?");
        assert_eq!(missing(&none), ["ice-score"]);
        assert!(none.because.iter().any(|reason| reason.used.en.contains("the other score test applies")));
        assert_eq!(none.because.len(), found.because.len());
    }
    let base = format!("{teen}{CALM}D+3 09:00 | CAPD score | 5\n");
    icans(&format!("{base}D+3 09:00 | level of consciousness | awakens to touch"), "≥3");
    icans(&format!("{base}D+3 09:00 | level of consciousness | unarousable"), "4");
    icans(&format!("{teen}{CALM}{ALERT}D+3 09:00 | CAPD item 5 | often"), "?");
    // On the twelfth birthday it waits, the day before it grades.
    let capd = format!("{CALM}{ALERT}D+3 09:00 | CAPD score | 9\n");
    icans(&format!("2014-03-04 | birth date | 2014-03-04\n{capd}"), "?");
    icans(&format!("2014-03-05 | birth date | 2014-03-05\n{capd}"), "3");
}
