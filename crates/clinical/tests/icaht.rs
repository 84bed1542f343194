//! ICAHT of charts, early and late: windows that open and end, bounds, gaps, readings that differ.
#![allow(clippy::unwrap_used)]

mod support;
use support::{check, finding, infused, missing, rules, rules_using, when};
use vena_base::{Bound, Chart, Concept, Decimal, Fact, Quantity, Value};
use vena_clinical::{Finding, Question, Rules, Status, assess, grade_days, grade_late_days};

/// A neutrophil count of a day, in /µL.
fn anc(day: i32, value: f64, bound: Bound) -> Fact {
    let written = Decimal::parse(&value.to_string()).unwrap();
    let quantity = Quantity::new(written, "/uL", "/uL", bound, None).unwrap();
    Fact::new(Concept::known("anc"), Value::Quantity(quantity), when(&format!("D{day:+} 08:00")))
}

fn series(from: i32, values: &[f64]) -> Chart {
    let mut facts = support::facts("D0 07:00 | infusion |");
    facts.extend((from..).zip(values).map(|(day, value)| anc(day, *value, Bound::Exact)));
    Chart::new("p", support::zone(), facts)
}

fn early(chart: &Chart, at: &str) -> Finding {
    finding(chart, "icaht_early", at)
}

/// Row X8.
#[test]
fn inside_the_window_a_running_episode_is_at_least() {
    let chart = series(0, &[2000.0, 400.0, 400.0, 400.0]);
    let found = early(&chart, "D+3 20:00");
    assert_eq!((found.brief().as_str(), found.high), ("≥1", Some(4)));
    assert_eq!(found.days_le_500, Some(3));
    assert_eq!(found.since, Some(when("D+1")));
    assert!(found.notes.iter().any(|note| note.en.contains("open until day 30")));
    let over = series(0, &[2000.0, 400.0, 400.0, 2000.0]);
    assert_eq!(early(&over, "D+3 20:00").brief(), "≥1", "another episode may still come");
    assert!(early(&over, "D+3 20:00").provisional && !early(&over, "D+60 20:00").provisional);
    assert!(early(&over, "D+3 20:00").notes.iter().any(|note| note.en.contains("open")));
    // Before the infusion, and with nothing measured.
    assert_eq!(early(&chart, "D0 06:00").brief(), "–");
    let none = check("icaht_early", "", "D+10 08:00", "?");
    assert_eq!((none.status, missing(&none)), (Status::NotAssessable, vec!["anc"]));
}

/// Row X8.
#[test]
fn day_thirty_belongs_to_the_window() {
    let values: Vec<f64> = [2000.0; 30].into_iter().chain([400.0, 400.0]).collect();
    let chart = series(0, &values);
    assert_eq!(early(&chart, "D+29 20:00").brief(), "0");
    assert_eq!(early(&chart, "D+30 20:00").days_le_500, Some(1));
    assert_eq!(early(&chart, "D+40 20:00").days_le_500, Some(1), "day 31 is outside");
    let never = series(0, &[300.0; 31]);
    assert_eq!(early(&never, "D+29 20:00").brief(), "≥3");
    assert_eq!(early(&never, "D+30 20:00").brief(), "4");
    assert_eq!(early(&never, "D+31 00:00").brief(), "4");
}

/// Row X8.
#[test]
fn a_wide_gap_gives_an_interval_and_names_the_day() {
    let mut facts = support::facts("D0 07:00 | infusion |");
    let measured = (0..=5).chain(19..=30);
    facts.extend(
        measured.map(|day| anc(day, if (5..=19).contains(&day) { 400.0 } else { 2000.0 }, Bound::Exact)),
    );
    let chart = Chart::new("p", support::zone(), facts);
    let found = early(&chart, "D+40 08:00");
    assert_eq!((found.brief().as_str(), found.low, found.high), ("1–3", Some(1), Some(3)));
    assert_eq!((found.value, missing(&found)), (None, vec!["anc"]));
    assert!(found.settled_by[0].question.en.contains("day 12"), "{:?}", found.settled_by);
    assert!(found.settled_by[0].question.en.contains("2026-03-13"));
}

/// Row X8.
#[test]
fn the_lowest_of_a_day_counts_and_bounds_are_kept() {
    let mut facts = support::facts("D0 07:00 | infusion |");
    facts.extend((0..=30).map(|day| anc(day, 2000.0, Bound::Exact)));
    let mut second = anc(10, 400.0, Bound::Exact);
    second.when = when("D+10 20:00");
    facts.push(second);
    let chart = Chart::new("p", support::zone(), facts.clone());
    assert_eq!(early(&chart, "D+40 08:00").days_le_500, Some(1));
    // Below 100 for a week is deep whatever the value; below 1000 may be anything.
    let bounded = |value: f64| {
        let mut facts = facts.clone();
        facts.extend((12..=18).map(|day| anc(day, value, Bound::Below)));
        early(&Chart::new("p", support::zone(), facts), "D+40 08:00")
    };
    assert_eq!(bounded(100.0).brief(), "3");
    assert_eq!(bounded(500.0).brief(), "2–3");
    assert!(bounded(1000.0).settled_by[0].question.en.contains("day 12"));
    assert_eq!(bounded(1000.0).brief(), "1–3");
}

/// Row X8.
#[test]
fn death_and_loss_end_the_window() {
    let with = |line: &str| {
        let mut facts = support::facts(&format!("D0 07:00 | infusion |\n{line}"));
        facts.extend((0..=8).map(|day| anc(day, if day < 2 { 2000.0 } else { 300.0 }, Bound::Exact)));
        early(&Chart::new("p", support::zone(), facts), "D+40 08:00")
    };
    assert_eq!(with("D+8 20:00 | death |").brief(), "4");
    assert_eq!(with("D+8 | last follow-up |").brief(), "4");
    // Without death or loss the rest of the window is simply missing.
    let open = with("");
    assert_eq!((open.brief().as_str(), open.high), ("≥2", Some(4)));
}

/// Row X8.
#[test]
fn the_finding_says_when_another_reading_differs() {
    let values: Vec<f64> = [300.0; 29].into_iter().chain([2000.0; 2]).collect();
    let found = early(&series(0, &values), "D+40 08:00");
    assert_eq!((found.brief().as_str(), found.rule.as_str()), ("3", "icaht/longest-run-plain@2023"));
    assert_eq!(found.differs, [("icaht/longest-run-published@2024".to_owned(), "4".to_owned())]);
    let published = rules_using("icaht/longest-run-published");
    let at = support::instant("D+40 08:00");
    let theirs = assess(&series(0, &values), &published, &Question::at(at));
    let theirs = theirs.finding("icaht_early").unwrap();
    assert_eq!((theirs.brief().as_str(), theirs.rule.as_str()), ("4", "icaht/longest-run-published@2024"));
    assert_eq!(theirs.differs.len(), 2);
    let same: Vec<f64> = [2000.0; 31].to_vec();
    assert!(early(&series(0, &same), "D+40 08:00").differs.is_empty());
    assert!(Rules::choose(vena_knowledge::Knowledge::embedded(), &["icaht/median"]).is_err());
    for (own, full) in [
        ("cumulative", "icaht/cumulative"),
        ("longest-run-published@2024", "icaht/longest-run-published@2024"),
    ] {
        let rules = |name| Rules::choose(vena_knowledge::Knowledge::embedded(), &[name]).unwrap();
        assert_eq!(rules(own), rules(full), "a reading goes by its own name too");
        assert_ne!(rules(own), Rules::choose(vena_knowledge::Knowledge::embedded(), &[]).unwrap());
    }
    assert!(Rules::choose(vena_knowledge::Knowledge::embedded(), &["icaht/cumulative@1900"]).is_err());
}

fn late(values: &[(i32, f64)], more: &str, at: &str) -> Finding {
    let mut facts = support::facts(&format!("D0 07:00 | infusion |\n{more}"));
    facts.extend(values.iter().map(|(day, value)| anc(*day, *value, Bound::Exact)));
    finding(&Chart::new("p", support::zone(), facts), "icaht_late", at)
}

/// Row X8.
#[test]
fn late_grades_at_every_cut_off() {
    for (value, expected) in [
        (1500.1, "0"),
        (1500.0, "1"),
        (1000.1, "1"),
        (1000.0, "2"),
        (500.1, "2"),
        (500.0, "3"),
        (100.1, "3"),
        (100.0, "4"),
    ] {
        let found = late(&[(40, value), (50, value), (60, 3000.0)], "", "D+120 08:00");
        assert_eq!(found.brief(), expected, "{value}");
        assert!(!found.provisional || expected != "0");
    }
}

/// Row X8.
#[test]
fn late_wants_two_time_points() {
    let nadir = [(40, 90.0), (50, 1400.0), (60, 3000.0)];
    assert_eq!(late(&nadir, "", "D+120 08:00").brief(), "1", "the second-lowest grades");
    assert_eq!(
        late(&nadir, "", "D+120 08:00").differs,
        [("icaht/longest-run-published@2024".to_owned(), "4".to_owned())]
    );
    let transient = [(40, 90.0), (50, 2000.0)];
    assert_eq!(late(&transient, "", "D+120 08:00").brief(), "0");
    let single = late(&[(40, 400.0)], "", "D+120 08:00");
    assert_eq!((single.brief().as_str(), single.provisional), ("3", true));
    assert!(!single.settled_by.is_empty());
    let published = rules_using("icaht/longest-run-published").icaht;
    assert_eq!(grade_late_days(&[90.0, 1400.0], &published, published.reading).grade, 4);
    assert_eq!(grade_late_days(&[90.0, 1501.0], &published, published.reading).grade, 0);
    assert_eq!(grade_late_days(&[90.0], &published, published.reading).grade, 4);
}

/// Row X8.
#[test]
fn the_late_window_begins_and_ends() {
    let low = [(30, 90.0), (31, 400.0), (32, 400.0)];
    assert_eq!(late(&low, "", "D+30 08:00").brief(), "–");
    assert_eq!(late(&low, "", "D+120 08:00").brief(), "3", "day 30 is outside");
    let at_the_end = [(100, 400.0), (99, 400.0), (101, 90.0), (102, 90.0)];
    assert_eq!(late(&at_the_end, "", "D+120 08:00").brief(), "3", "day 100 is inside");
    for ending in ["relapse", "next therapy", "death"] {
        let values = [(40, 1200.0), (41, 1200.0), (60, 90.0), (61, 90.0)];
        let found = late(&values, &format!("D+50 | {ending} |"), "D+120 08:00");
        assert_eq!(found.brief(), "1", "{ending}");
        let early = late(&values, &format!("D+20 | {ending} |"), "D+120 08:00");
        assert_eq!(early.status, Status::NotApplicable, "{ending}");
    }
    assert_eq!(missing(&late(&[(10, 400.0)], "", "D+120 08:00")), ["anc"]);
    let open = late(&[(40, 400.0), (41, 400.0)], "", "D+50 08:00");
    assert_eq!((open.brief().as_str(), open.high, open.provisional), ("≥3", Some(4), true));
    assert!(open.notes.iter().any(|note| note.en.contains("open until day 100")));
}

/// Row X8. A chart is graded by the kernel that grades a registry.
#[test]
fn one_kernel_for_chart_and_registry() {
    let values = [2000.0, 400.0, 90.0, 400.0, 3000.0, 450.0, 2000.0];
    let mut all = [2000.0_f64; 31];
    all[..7].copy_from_slice(&values);
    let chart = series(0, &all);
    let days: Vec<f32> = all.iter().map(|v| *v as f32).collect();
    let numbers = &rules().icaht;
    let found = early(&chart, "D+50 08:00");
    assert_eq!(found.value, Some(grade_days(&days, numbers, numbers.reading).grade));
    assert!(infused("").all().len() == 1);
}
