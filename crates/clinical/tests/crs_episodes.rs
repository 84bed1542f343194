//! CRS over time: what opens an episode, what makes fever unnecessary within it, what ends it, and how
//! long an observation stands.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;
use support::{brief, check, finding, infused, instant, missing, rules};
use vena_clinical::{Question, crs_episodes};

const SIGNS_NONE: &str = "D+1 09:00 | hypotension | none\nD+1 09:00 | oxygen device | none\n";
const FEVER: &str = "D+1 09:00 | body temperature | 38.5 Cel\n";

#[track_caller]
fn crs(lines: &str, expected: &str) -> vena_clinical::Finding {
    check("crs", lines, "D+1 10:00", expected)
}

const AFEBRILE_SHOCK: &str = "D+1 06:00 | body temperature | 38.5 Cel
    D+1 09:00 | body temperature | 37.0 Cel
    D+1 09:00 | hypotension | no-vasopressor
    D+1 09:00 | oxygen device | none\n";

/// Row X2.
#[test]
fn fever_is_not_needed_after_treatment_within_the_episode() {
    for drug in [
        "paracetamol",
        "ibuprofen",
        "tocilizumab",
        "siltuximab",
        "anakinra",
        "dexamethasone",
        "methylprednisolone",
    ] {
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
    crs(
        &format!(
            "{AFEBRILE_SHOCK}D+1 07:00 | paracetamol | 500 mg\nD+1 09:30 | antipyretic-therapy | none-given"
        ),
        "2",
    );
    let none = "D+1 06:00 | body temperature | 38.5 Cel\nD+1 09:00 | body temperature | 37 Cel\n";
    crs(&format!("{none}{SIGNS_NONE}"), "0");
}

/// Row X2.
#[test]
fn old_observations_do_not_stand_for_now() {
    let hold =
        rules().lexicon.holds_h(vena_base::Concept::known("hypotension")).expect("hypotension goes stale");
    let days = (hold / 24.0).ceil() as u32 + 1;
    let chart = infused(&format!("{SIGNS_NONE}D+{} 09:00 | body temperature | 38.5 Cel", 1 + days));
    let found = finding(&chart, "crs", &format!("D+{} 10:00", 1 + days));
    assert_eq!(found.brief(), "≥1");
    let stale =
        found.because.iter().find(|r| r.criterion == "hypotension").expect("the old statement is shown");
    assert!(stale.used.en.contains("too old") && stale.grade_low.is_none());
    // With an end of its own it stands until then.
    let long = infused(
        "D+1 09:00 | hypotension | no-vasopressor | until D+9 12:00\nD+8 09:00 | body temperature | 38.5 Cel\nD+8 09:00 | oxygen device | none",
    );
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
    let refever =
        format!("{closed}D+2 09:10 | body temperature | 38.3 Cel\nD+2 09:30 | body temperature | 37.3 Cel");
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
    for (at, expected) in
        [(hours(last), "0"), (hours(last).checked_sub(jiff::SignedDuration::from_mins(1)).unwrap(), "2")]
    {
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
    let dated =
        "D0 | body temperature | 38.5 Cel\nD0 12:00 | hypotension | none\nD0 12:00 | oxygen device | none";
    let found = check("crs", dated, "D0 20:00", "0–1");
    assert!(found.notes.iter().any(|note| note.en.contains("only to the day")));
    // A fever from before the infusion opens nothing; afterwards the temperature is not known.
    check("crs", &dated.replace("D0 |", "D0 08:00 |"), "D0 20:00", "0–1");
    check("crs", &dated.replace("D0 |", "D0 10:00 |"), "D0 20:00", "1");
    // The statement is known to the day only: before or after the other.
    let dated = format!(
        "{FEVER}D+1 | hypotension | none\nD+1 08:00 | hypotension | no-vasopressor\nD+1 09:00 | oxygen device | none"
    );
    crs(&dated, "1–2");
    // The drug is known to the day of the fever only: before it or after it.
    crs(&format!("{AFEBRILE_SHOCK}D+1 | paracetamol | 500 mg"), "0–2");
    // The next day it is after the fever for certain.
    let lines = "D+1 06:00 | body temperature | 38.5 Cel\nD+2 | paracetamol | 500 mg\nD+2 22:00 | body temperature | 37 Cel
        D+2 22:00 | hypotension | no-vasopressor\nD+2 22:00 | oxygen device | none";
    check("crs", lines, "D+2 23:00", "2");
}

/// Row X2: a late onset grades like any other, and asks for another cause.
#[test]
fn a_late_onset_grades_and_asks_for_another_cause() {
    let fever = |day: i32, more: &str| {
        let lines = format!(
            "D+{day} 08:00 | body temperature | 39 Cel\nD+{day} 08:00 | hypotension | vasopressor-required\nD+{day} 08:00 | oxygen device | none\n{more}"
        );
        finding(&infused(&lines), "crs", &format!("D+{day} 09:00"))
    };
    let late = |found: &vena_clinical::Finding| {
        found
            .notes
            .iter()
            .any(|n| n.en.contains("usually begins within 14 days") && n.zh_tw.contains("14 天內"))
    };
    let asks = |found: &vena_clinical::Finding| {
        found.settled_by.iter().any(|settle| settle.concept.as_str() == "other-cause-of-fever")
    };
    for day in [1, 13, 14] {
        let found = fever(day, "");
        assert_eq!((found.brief().as_str(), late(&found), asks(&found)), ("3", false, false), "{day}");
    }
    for day in [15, 30, 31, 60] {
        let found = fever(day, "");
        assert_eq!((found.brief().as_str(), late(&found), asks(&found)), ("3", true, true), "{day}");
        assert!(found.provisional && found.notes.iter().any(|n| n.en.contains(&format!("day {day}"))));
        // Said to be CRS, it is no longer asked; said to be an infection, it does not count.
        let none = fever(day, &format!("D+{day} 08:00 | other cause of fever | none"));
        assert_eq!(
            (none.brief().as_str(), late(&none), asks(&none), none.provisional),
            ("3", true, false, false)
        );
        let other = fever(day, &format!("D+{day} 08:00 | other cause of fever | present"));
        assert_eq!((other.brief().as_str(), late(&other)), ("0", false));
    }
    // The day the fever began counts, not the day asked about.
    let lasting = "D+14 08:00 | body temperature | 39 Cel\nD+15 08:00 | body temperature | 39 Cel\nD+15 08:00 | hypotension | none\nD+15 08:00 | oxygen device | none";
    let found = finding(&infused(lasting), "crs", "D+15 09:00");
    assert_eq!((found.brief().as_str(), late(&found)), ("1", false));
    // No fever was seen, but it may have been hidden: the signs ask.
    let masked = "D+40 07:00 | paracetamol | 500 mg\nD+40 08:00 | body temperature | 37 Cel\nD+40 08:00 | hypotension | no-vasopressor\nD+40 08:00 | oxygen device | none";
    let found = finding(&infused(masked), "crs", "D+40 09:00");
    assert_eq!((found.brief().as_str(), late(&found)), ("0–2", true));
}
