//! Early ICAHT (Rejeski 2023, handbook Table 12) from written daily counts, by another road than the
//! product's kernel: every day is spelled out in words (N neutropenic, R recovered, gap), then read.

use std::collections::BTreeMap;

/// The early grade of days 0 to 30, or `None` where a gap of eight days or more leaves it open.
///
/// `counts`: the lowest count of each day in /µL. The plain reading: gaps of up to seven days are drawn
/// straight, recovery is three days in a row above 500, the longest joined episode counts.
pub fn early_grade(counts: &BTreeMap<i64, f64>) -> Option<u8> {
    let inside: BTreeMap<i64, f64> =
        counts.iter().filter(|(d, _)| (0..=30).contains(*d)).map(|(d, v)| (*d, *v)).collect();
    let days = filled(&inside)?;
    let longest_500 = longest(&days, 500.0);
    let longest_100 = longest(&days, 100.0);
    if let Some((start, end)) = longest_500.iter().copied().find(|(start, end)| *start <= 3 && *end == 30) {
        debug_assert!(end >= start);
        return Some(4);
    }
    let length = |runs: &[(i64, i64)]| runs.iter().map(|(a, b)| b - a + 1).max().unwrap_or(0);
    let by_500 = match length(&longest_500) {
        0 => 0,
        1..=6 => 1,
        7..=13 => 2,
        _ => 3,
    };
    let by_100 = match length(&longest_100) {
        ..=6 => 0,
        7..=13 => 3,
        _ => 4,
    };
    Some(by_500.max(by_100))
}

/// All 31 days, or `None` when a stretch of eight or more is unknown.
fn filled(counts: &BTreeMap<i64, f64>) -> Option<Vec<f64>> {
    (0..=30_i64)
        .map(|day| {
            if let Some(value) = counts.get(&day) {
                return Some(*value);
            }
            let before = counts.range(..day).next_back();
            let after = counts.range(day + 1..).next();
            match (before, after) {
                (Some((d0, v0)), Some((d1, v1))) if d1 - d0 - 1 <= 7 => {
                    let share = (day - d0) as f64 / (d1 - d0) as f64;
                    // Half goes to the even ten, as R rounds.
                    Some(((v0 + (v1 - v0) * share) / 10.0).round_ties_even() * 10.0)
                }
                (Some((d0, v0)), None) if day - d0 <= 7 && 30 - d0 <= 7 => Some(*v0),
                (None, Some((d1, v1))) if *d1 <= 7 => Some(*v1),
                _ => None,
            }
        })
        .collect()
}

/// Episodes at or below a limit. Stretches parted by fewer than three days are one, at either limit: the
/// published method treats both alike.
fn longest(days: &[f64], limit: f64) -> Vec<(i64, i64)> {
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for (day, value) in (0_i64..).zip(days) {
        if *value > limit {
            continue;
        }
        match runs.last_mut() {
            Some((_, end)) if day - *end <= 3 => *end = day,
            _ => runs.push((day, day)),
        }
    }
    runs
}

/// CAR-HEMATOTOX (Rejeski 2021; handbook Fig. 7) from the five baseline values in the table's own units.
pub fn hematotox(
    platelets_per_nl: f64,
    anc_per_ul: f64,
    haemoglobin_g_dl: f64,
    crp_mg_dl: f64,
    ferritin_ng_ml: f64,
) -> u8 {
    let platelets = if platelets_per_nl > 175.0 {
        0
    } else if platelets_per_nl >= 75.0 {
        1
    } else {
        2
    };
    let ferritin = if ferritin_ng_ml < 650.0 {
        0
    } else if ferritin_ng_ml <= 2000.0 {
        1
    } else {
        2
    };
    let neutrophils = u8::from(anc_per_ul <= 1200.0);
    let red = u8::from(haemoglobin_g_dl <= 9.0);
    let inflamed = u8::from(crp_mg_dl >= 3.0);
    platelets + ferritin + neutrophils + red + inflamed
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn daily(values: impl Fn(i64) -> f64) -> BTreeMap<i64, f64> {
        (0..=30).map(|d| (d, values(d))).collect()
    }

    /// Row X8.
    #[test]
    fn the_table_read_a_second_time() {
        let run = |from: i64, to: i64, low: f64| {
            early_grade(&daily(|d| if (from..=to).contains(&d) { low } else { 900.0 }))
        };
        assert_eq!(run(40, 41, 0.0), Some(0));
        assert_eq!(run(5, 10, 500.0), Some(1));
        assert_eq!(run(5, 11, 500.0), Some(2));
        assert_eq!(run(5, 18, 500.0), Some(3));
        assert_eq!(run(5, 11, 100.0), Some(3));
        assert_eq!(run(5, 18, 100.0), Some(4));
        assert_eq!(run(3, 30, 400.0), Some(4));
        assert_eq!(run(4, 30, 400.0), Some(3));
        assert_eq!(hematotox(175.0, 1201.0, 9.1, 2.99, 649.0), 1);
        assert_eq!(hematotox(74.0, 1200.0, 9.0, 3.0, 2001.0), 7);
    }
}
