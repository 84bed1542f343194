//! ICAHT early and late: bands, gaps, joins, edges, bounds, the three readings, windows that end.
#![allow(clippy::unwrap_used)]

mod support;
use support::{check, finding, infused, missing, rules, rules_using, when};
use vena_base::{Bound, Chart, Concept, Decimal, Fact, Quantity, Value};
use vena_clinical::{Finding, Question, Rules, Status, assess, grade_days, grade_late_days, grade_open_days};

const NAN: f32 = f32::NAN;

/// Row X8.
fn days(parts: &[(usize, f32)]) -> Vec<f32> {
    parts.iter().flat_map(|(count, value)| std::iter::repeat_n(*value, *count)).collect()
}

fn readings() -> [Rules; 3] {
    ["icaht/longest-run-plain", "icaht/longest-run-published", "icaht/cumulative"].map(rules_using)
}

/// The grades of plain, published and cumulative reading.
fn three(values: &[f32]) -> [u8; 3] {
    readings().map(|rules| grade_days(values, &rules.icaht, rules.icaht.reading).grade)
}

/// Row X8.
#[test]
fn bands_of_days_at_their_edges() {
    for (low_days, expected) in [(0, 0), (1, 1), (6, 1), (7, 2), (13, 2), (14, 3), (21, 3)] {
        let values = days(&[(5, 2000.0), (low_days, 500.0), (26 - low_days, 2000.0)]);
        assert_eq!(three(&values), [expected; 3], "{low_days} days at 500");
        let above = days(&[(5, 2000.0), (low_days, 501.0), (26 - low_days, 2000.0)]);
        assert_eq!(three(&above), [0; 3], "{low_days} days at 501");
    }
    for (deep_days, expected) in [(1, 1), (6, 1), (7, 3), (13, 3), (14, 4)] {
        let values = days(&[(5, 2000.0), (deep_days, 100.0), (26 - deep_days, 2000.0)]);
        assert_eq!(three(&values), [expected; 3], "{deep_days} days at 100");
    }
    let mixed = days(&[(5, 2000.0), (7, 101.0), (6, 100.0), (13, 2000.0)]);
    assert_eq!(three(&mixed), [2; 3]);
}

/// Row X8.
#[test]
fn never_above_starts_by_day_three() {
    for (start, expected) in [(0, 4), (3, 4), (4, 3)] {
        let values = days(&[(start, 2000.0), (31 - start, 300.0)]);
        assert_eq!(three(&values)[0], expected, "from day {start}");
    }
    // Death or loss cut the window: whatever its length it never ended.
    assert_eq!(three(&days(&[(2, 2000.0), (5, 300.0)])), [4, 4, 1]);
    assert_eq!(three(&days(&[(5, 300.0)])), [4; 3]);
    // The last value is day 20; the rest stays missing.
    let lost = days(&[(21, 300.0), (10, NAN)]);
    let plain = rules().icaht.clone();
    let found = grade_days(&lost, &plain, plain.reading);
    assert_eq!((found.low, found.grade, found.high), (3, 4, 4));
    assert!(found.never_above);
    let open = grade_open_days(&days(&[(10, 300.0)]), &plain, plain.reading);
    assert_eq!((open.grade, open.still_low, open.never_above), (2, true, false));
}

/// Row X8.
#[test]
fn short_recoveries_are_joined_and_long_ones_are_not() {
    let with = |gap: usize| days(&[(5, 2000.0), (5, 300.0), (gap, 900.0), (5, 300.0), (16 - gap, 2000.0)]);
    let plain = rules().icaht.clone();
    for (gap, days_le_500, grade) in [(1, 11, 2), (2, 12, 2), (3, 5, 1)] {
        let found = grade_days(&with(gap), &plain, plain.reading);
        assert_eq!((found.days_le_500, found.grade), (days_le_500, grade), "{gap} days above");
    }
    assert_eq!(three(&with(3)), [1, 1, 2], "the cumulative reading adds both runs");
    assert_eq!(three(&with(1)), [2, 2, 2]);
}

/// Row X8.
#[test]
fn a_recovery_at_the_edge_is_filled_only_as_published() {
    let values = days(&[(29, 300.0), (2, 2000.0)]);
    assert_eq!(three(&values), [3, 4, 3]);
    let head = days(&[(2, 2000.0), (12, 300.0), (17, 2000.0)]);
    assert_eq!(three(&head), [2, 3, 2]);
    let three_days = days(&[(28, 300.0), (3, 2000.0)]);
    assert_eq!(three(&three_days), [3, 3, 3]);
    // Nothing low: there is nothing to fill towards.
    assert_eq!(three(&days(&[(2, 2000.0)])), [0, 0, 0]);
}

/// Row X8.
#[test]
fn gaps_are_filled_up_to_the_cap() {
    let plain = rules().icaht.clone();
    let grade = |values: &[f32]| grade_days(values, &plain, plain.reading);
    let gap = |n: usize| days(&[(5, 2000.0), (1, 400.0), (n, NAN), (1, 400.0), (24 - n, 2000.0)]);
    assert_eq!((grade(&gap(7)).days_le_500, grade(&gap(7)).grade), (9, 2));
    let broken = grade(&gap(8));
    assert_eq!((broken.days_le_500, broken.grade, broken.low, broken.high), (1, 1, 1, 3));
    // Ends are carried flat, and capped likewise.
    let tail = |n: usize| days(&[(10, 2000.0), (21 - n, 300.0), (n, NAN)]);
    assert_eq!(grade(&tail(7)).days_le_500, 21);
    assert_eq!(grade(&tail(8)).days_le_500, 13);
    let head = |n: usize| days(&[(n, NAN), (10, 300.0), (21 - n, 2000.0)]);
    assert_eq!(grade(&head(7)).days_le_500, 17);
    assert_eq!(grade(&head(8)).days_le_500, 10);
}

/// Row X8.
#[test]
fn filled_values_are_rounded_half_to_even() {
    let plain = rules().icaht.clone();
    let low = |a: f32, b: f32| grade_days(&days(&[(4, 2000.0), (1, a), (1, NAN), (1, b), (24, 2000.0)]), &plain, plain.reading).days_le_500;
    assert_eq!(low(510.0, 500.0), 2, "505 is rounded to 500");
    assert_eq!(low(520.0, 500.0), 1, "510 stays above");
    assert_eq!(low(511.0, 501.0), 0, "506 is rounded to 510");
    // A measured value is not rounded.
    assert_eq!(grade_days(&days(&[(1, 2000.0), (1, 504.0), (29, 2000.0)]), &plain, plain.reading).days_le_500, 0);
}

/// Row X8.
#[test]
fn nothing_measured_says_nothing() {
    let plain = rules().icaht.clone();
    let found = grade_days(&days(&[(31, NAN)]), &plain, plain.reading);
    assert_eq!((found.known_days, found.low, found.high), (0, 0, 4));
    assert_eq!(grade_days(&[], &plain, plain.reading).known_days, 0);
}

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
    assert_eq!(early(&over, "D+3 20:00").brief(), "1");
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
    facts.extend(measured.map(|day| anc(day, if (5..=19).contains(&day) { 400.0 } else { 2000.0 }, Bound::Exact)));
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
    assert_eq!(late(&nadir, "", "D+120 08:00").differs, [("icaht/longest-run-published@2024".to_owned(), "4".to_owned())]);
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
    assert!(open.notes.iter().any(|note| note.en.contains("open until day 100")));
}

/// Row X8. The grade by counting days one by one, written without bits.
fn slow(values: &[f32], published: bool) -> u8 {
    let known: Vec<usize> = (0..values.len()).filter(|i| !values[*i].is_nan()).collect();
    let (Some(first), Some(last)) = (known.first().copied(), known.last().copied()) else { return 0 };
    let mut filled: Vec<Option<f64>> = values.iter().map(|v| (!v.is_nan()).then_some(f64::from(*v))).collect();
    if first <= 7 {
        (0..first).for_each(|i| filled[i] = filled[first]);
    }
    if values.len() - 1 - last <= 7 {
        (last + 1..values.len()).for_each(|i| filled[i] = filled[last]);
    }
    for pair in known.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        if b - a - 1 <= 7 {
            for i in a + 1..b {
                let x = (f64::from(values[a]) * (b - i) as f64 + f64::from(values[b]) * (i - a) as f64) / (10.0 * (b - a) as f64);
                filled[i] = Some(x.round_ties_even() * 10.0);
            }
        }
    }
    let end = (0..filled.len()).rev().find(|i| filled[*i].is_some()).unwrap();
    let runs = |line: f64| -> Vec<(usize, usize)> {
        let mut low: Vec<bool> = filled.iter().map(|v| v.is_some_and(|v| v <= line)).collect();
        let original = low.clone();
        if original.iter().any(|l| *l) {
            let mut i = 0;
            while i <= end {
                let j = (i..=end).take_while(|k| original[*k] == original[i]).last().unwrap();
                let inner = i > 0 && j < end;
                if !original[i] && j - i + 1 < 3 && (inner || published) {
                    (i..=j).for_each(|k| low[k] = true);
                }
                i = j + 1;
            }
        }
        let mut found = Vec::new();
        let mut i = 0;
        while i < low.len() {
            if low[i] {
                let j = (i..low.len()).take_while(|k| low[*k]).last().unwrap();
                found.push((i, j));
                i = j;
            }
            i += 1;
        }
        found
    };
    let longest = |runs: &[(usize, usize)]| runs.iter().map(|(a, b)| b - a + 1).max().unwrap_or(0);
    let low = runs(500.0);
    if low.iter().any(|(a, b)| *a <= 3 && *b >= end) {
        return 4;
    }
    let by_low = match longest(&low) {
        0 => 0,
        1..=6 => 1,
        7..=13 => 2,
        _ => 3,
    };
    let by_deep = match longest(&runs(100.0)) {
        0..=6 => 0,
        7..=13 => 3,
        _ => 4,
    };
    by_low.max(by_deep)
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    fn value() -> impl Strategy<Value = f32> {
        prop_oneof![
            3 => Just(NAN),
            1 => prop::sample::select(vec![100.0_f32, 101.0, 500.0, 501.0, 505.0, 510.0]),
            2 => (0_u16..200).prop_map(f32::from),
            2 => (100_u16..900).prop_map(f32::from),
            1 => (900_u16..4000).prop_map(f32::from),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        /// Row X8.
        #[test]
        fn the_kernel_counts_as_one_counts_by_hand(values in prop::collection::vec(value(), 1..32)) {
            let plain = &readings()[0].icaht;
            let published = &readings()[1].icaht;
            prop_assert_eq!(grade_days(&values, plain, plain.reading).grade, slow(&values, false));
            prop_assert_eq!(grade_days(&values, published, published.reading).grade, slow(&values, true));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]
        /// Row X8. Any filling of what stays missing gives a grade within the interval.
        #[test]
        fn no_filling_leaves_the_interval(values in prop::collection::vec(value(), 31), fill in prop::collection::vec(0_u16..3000, 31)) {
            for rules in readings() {
                let numbers = &rules.icaht;
                let found = grade_days(&values, numbers, numbers.reading);
                prop_assert!(found.low <= found.grade && found.grade <= found.high);
                // Only days beyond the cap are filled: the others are as the method fills them.
                let mut filled = values.clone();
                let mut i = 0;
                while i < filled.len() {
                    let run = filled[i..].iter().take_while(|v| v.is_nan()).count();
                    if run > numbers.gap_days {
                        for k in i..i + run {
                            filled[k] = f32::from(fill[k]);
                        }
                    }
                    i += run.max(1);
                }
                let one = grade_days(&filled, numbers, numbers.reading).grade;
                if found.known_days > 0 {
                    prop_assert!((found.low..=found.high).contains(&one), "{} not in {}..={}", one, found.low, found.high);
                }
            }
        }

        /// Row X8. A lower value never lowers the grade.
        #[test]
        fn worse_is_never_graded_lower(values in prop::collection::vec(value(), 31), day in 0_usize..31, less in 0_u16..1000) {
            let mut worse = values.clone();
            if !worse[day].is_nan() {
                worse[day] = (worse[day] - f32::from(less)).max(0.0);
            }
            for rules in readings() {
                let numbers = &rules.icaht;
                let (before, after) = (grade_days(&values, numbers, numbers.reading), grade_days(&worse, numbers, numbers.reading));
                prop_assert!(after.grade >= before.grade && after.low >= before.low && after.high >= before.high);
                let window = values.len();
                let late = |v: &[f32]| grade_late_days(&v[..window], numbers, numbers.reading).grade;
                prop_assert!(late(&worse) >= late(&values));
            }
        }
    }
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
