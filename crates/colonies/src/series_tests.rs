//! Tests of detection limits.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::knowledge::tables;
use crate::synthetic::Dice;
use proptest::prelude::*;

fn rules() -> SpikeRules {
    tables().unwrap().spike
}

fn well(spike_percent: f64, count: u64) -> SpikeWell {
    SpikeWell { spike_percent, cells_plated: Some(1e5), count: Some(count) }
}

fn series() -> Vec<SpikeWell> {
    let mut wells: Vec<SpikeWell> = [1, 2, 3, 2].iter().map(|&c| well(0.0, c)).collect();
    wells.extend([4, 3, 4].iter().map(|&c| well(0.001, c)));
    wells.extend([5, 6, 7].iter().map(|&c| well(0.01, c)));
    wells.extend([50, 60, 55].iter().map(|&c| well(0.1, c)));
    wells
}

/// Row Q11. Blanks 1, 2, 3, 2: mean 2, deviation √(2/3), so the decision limit
/// is 2 + 3 × 0.8165 = 4.449; 0.01 % (mean 6) is above, 0.001 % (3.67) is not.
#[test]
fn lowest_spike_above_the_blanks() {
    let limit = detection_limit(&series(), LimitRule::BlankDeviations, &rules()).unwrap();
    assert!((limit.decision_limit - (2.0 + 3.0 * (2.0f64 / 3.0).sqrt())).abs() < 1e-12);
    assert_eq!(limit.limit_percent, 0.01);
    let times: Vec<f64> = limit.compared.iter().map(|c| c.times_lower).collect();
    assert!((times[0] - 2.0).abs() < 1e-12 && (times[1] - 0.001).abs() < 1e-12);
}

/// Row Q11. Exactly on the decision limit is not above it.
#[test]
fn on_the_limit_is_not_detected() {
    let mut wells: Vec<SpikeWell> = (0..3).map(|_| well(0.0, 4)).collect();
    wells.push(well(0.1, 4));
    assert_eq!(
        detection_limit(&wells, LimitRule::BlankDeviations, &rules()),
        Err(SeriesRefusal::NothingDetected { decision_limit: 4.0 })
    );
    wells.push(well(0.2, 5));
    assert_eq!(detection_limit(&wells, LimitRule::BlankDeviations, &rules()).unwrap().limit_percent, 0.2);
}

/// Row Q11. A low level that shows by chance under one that does not is no limit.
#[test]
fn a_gap_above_ends_the_search() {
    let mut wells: Vec<SpikeWell> = [0, 1, 0].iter().map(|&c| well(0.0, c)).collect();
    wells.extend([well(0.001, 40), well(0.01, 0), well(0.1, 60)]);
    assert_eq!(detection_limit(&wells, LimitRule::BlankDeviations, &rules()).unwrap().limit_percent, 0.1);
}

/// Row Q11. Poisson: 10 colonies from 100 spiked cells on plates of 10⁵ give
/// e = 0.1 and s = −ln(0.05) / (0.1 × 10⁵).
#[test]
fn poisson_by_hand() {
    let mut wells: Vec<SpikeWell> = (0..3).map(|_| well(0.0, 0)).collect();
    wells.push(well(0.1, 10));
    let limit = detection_limit(&wells, LimitRule::Poisson, &rules()).unwrap();
    assert!((limit.efficiency.unwrap() - 0.1).abs() < 1e-12);
    assert!((limit.limit_percent - 100.0 * 2.995_732_273_553_991 / 1e4).abs() < 1e-9);
}

/// Row Q11. Probit: detection rates drawn from a known line are found again.
#[test]
fn probit_finds_its_line() {
    use statrs::distribution::{ContinuousCDF, Normal};
    let normal = Normal::standard();
    let mut wells: Vec<SpikeWell> = (0..10).map(|_| well(0.0, 0)).collect();
    let mut dice = Dice::new(7);
    for step in -6..=2 {
        let spike = 10f64.powf(f64::from(step) / 3.0);
        for _ in 0..400 {
            let seen = f64::from(dice.between(0.0, 1.0)) < normal.cdf(1.0 + 2.5 * spike.log10());
            wells.push(well(spike, if seen { 3 } else { 0 }));
        }
    }
    let limit = detection_limit(&wells, LimitRule::Probit, &rules()).unwrap().limit_percent;
    let truth = 10f64.powf((1.644_853_6 - 1.0) / 2.5);
    assert!((limit / truth - 1.0).abs() < 0.08, "{limit} for {truth}");
}

/// Row Q11. Each thing missing has its own refusal.
#[test]
fn refusals() {
    let rules = rules();
    let refusal = |wells: &[SpikeWell], rule| detection_limit(wells, rule, &rules).unwrap_err();
    assert_eq!(refusal(&[], LimitRule::BlankDeviations), SeriesRefusal::TooFewBlanks { found: 0, needed: 3 });
    let blanks: Vec<SpikeWell> = (0..3).map(|_| well(0.0, 0)).collect();
    assert_eq!(
        refusal(&blanks[..2], LimitRule::Poisson),
        SeriesRefusal::TooFewBlanks { found: 2, needed: 3 }
    );
    assert_eq!(refusal(&blanks, LimitRule::Poisson), SeriesRefusal::NoSpikes);
    let mut wells = blanks.clone();
    wells.push(SpikeWell { spike_percent: 1.0, cells_plated: None, count: Some(3) });
    assert_eq!(refusal(&wells, LimitRule::Poisson), SeriesRefusal::CellsMissing { wells: 1 });
    assert_eq!(refusal(&wells, LimitRule::Probit), SeriesRefusal::NotDetermined);
    wells.push(well(f64::NAN, 1));
    assert!(matches!(refusal(&wells, LimitRule::Probit), SeriesRefusal::Impossible { well: 5, .. }));
    let mut flat = blanks;
    flat.push(well(1.0, 0));
    assert_eq!(refusal(&flat, LimitRule::Poisson), SeriesRefusal::NoEfficiency);
}

/// Row Q11. Wells without a count are named, never taken as zero.
#[test]
fn summary_keeps_what_is_missing() {
    let wells: Vec<(String, Option<u64>)> =
        vec![("A1".into(), Some(0)), ("A2".into(), Some(2)), ("A3".into(), None), ("A4".into(), Some(0))];
    let summary = summarise(&wells);
    assert_eq!((summary.counted, summary.positive, summary.colonies), (3, 1, 2));
    assert_eq!(summary.without_count, ["A3"]);
    assert!((summary.by_empty_wells.unwrap() - (1.5f64).ln()).abs() < 1e-12);
}

proptest! {
    /// Row Q11. The order of wells changes nothing, and no series panics.
    #[test]
    fn order_does_not_matter(counts in proptest::collection::vec((0usize..5, proptest::option::of(0u64..200)), 0..40), turn in 0usize..40) {
        let spikes = [0.0, 1e-5, 1e-3, 0.02, 1.0];
        let wells: Vec<SpikeWell> = counts
            .iter()
            .map(|&(s, count)| SpikeWell { spike_percent: spikes[s], cells_plated: Some(1e5), count })
            .collect();
        let mut turned = wells.clone();
        if !turned.is_empty() {
            let by = turn % turned.len();
            turned.rotate_left(by);
        }
        for rule in [LimitRule::BlankDeviations, LimitRule::Probit] {
            let one = detection_limit(&wells, rule, &rules());
            let two = detection_limit(&turned, rule, &rules());
            prop_assert_eq!(one.map(|l| (l.limit_percent * 1e12).round()), two.map(|l| (l.limit_percent * 1e12).round()));
        }
    }
}
