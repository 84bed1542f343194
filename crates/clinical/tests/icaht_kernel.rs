//! The ICAHT kernel on days: bands, gaps, joins, edges, the three readings, and the same counted by
//! hand.
#![allow(clippy::unwrap_used, clippy::needless_range_loop)]

mod support;
use support::{rules, rules_using};
use vena_clinical::{Rules, grade_days, grade_late_days, grade_open_days};

const NAN: f32 = f32::NAN;

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
    let low = |a: f32, b: f32| {
        grade_days(&days(&[(4, 2000.0), (1, a), (1, NAN), (1, b), (24, 2000.0)]), &plain, plain.reading)
            .days_le_500
    };
    assert_eq!(low(510.0, 500.0), 2, "505 is rounded to 500");
    assert_eq!(low(520.0, 500.0), 1, "510 stays above");
    assert_eq!(low(511.0, 501.0), 0, "506 is rounded to 510");
    // A measured value is not rounded.
    assert_eq!(
        grade_days(&days(&[(1, 2000.0), (1, 504.0), (29, 2000.0)]), &plain, plain.reading).days_le_500,
        0
    );
}

/// Row X8.
#[test]
fn nothing_measured_says_nothing() {
    let plain = rules().icaht.clone();
    let found = grade_days(&days(&[(31, NAN)]), &plain, plain.reading);
    assert_eq!((found.known_days, found.low, found.high), (0, 0, 4));
    assert_eq!(grade_days(&[], &plain, plain.reading).known_days, 0);
}

/// Row X8. The grade by counting days one by one, written without bits.
fn slow(values: &[f32], published: bool) -> u8 {
    let known: Vec<usize> = (0..values.len()).filter(|i| !values[*i].is_nan()).collect();
    let (Some(first), Some(last)) = (known.first().copied(), known.last().copied()) else {
        return 0;
    };
    let mut filled: Vec<Option<f64>> =
        values.iter().map(|v| (!v.is_nan()).then_some(f64::from(*v))).collect();
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
                let x = (f64::from(values[a]) * (b - i) as f64 + f64::from(values[b]) * (i - a) as f64)
                    / (10.0 * (b - a) as f64);
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
