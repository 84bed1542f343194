//! Tests of detection limits.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::method::SPIKE_SERIES;
use proptest::prelude::*;

fn rules() -> SpikeRules {
    SpikeRules::of(&Method::parse(SPIKE_SERIES).unwrap()).unwrap()
}

fn limit_of(wells: &[SpikeWell], rule: LimitRule) -> Result<DetectionLimit, SeriesRefusal> {
    let rules = rules();
    detection_limit(wells, &judge_series(wells, &rules)?, rule, &rules)
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
    let limit = limit_of(&series(), LimitRule::BlankDeviations).unwrap();
    let judged = judge_series(&series(), &rules()).unwrap();
    assert!((judged.decision_limit - (2.0 + 3.0 * (2.0f64 / 3.0).sqrt())).abs() < 1e-12);
    assert_eq!(limit.limit_percent, 0.01);
}

/// Row Q11. Exactly on the decision limit is not above it.
#[test]
fn on_the_limit_is_not_detected() {
    let mut wells: Vec<SpikeWell> = (0..3).map(|_| well(0.0, 4)).collect();
    wells.push(well(0.1, 4));
    assert_eq!(
        limit_of(&wells, LimitRule::BlankDeviations),
        Err(SeriesRefusal::NothingDetected { decision_limit: 4.0 })
    );
    wells.push(well(0.2, 5));
    assert_eq!(limit_of(&wells, LimitRule::BlankDeviations).unwrap().limit_percent, 0.2);
}

/// Row Q11. A low level that shows by chance under one that does not is no limit.
#[test]
fn a_gap_above_ends_the_search() {
    let mut wells: Vec<SpikeWell> = [0, 1, 0].iter().map(|&c| well(0.0, c)).collect();
    wells.extend([well(0.001, 40), well(0.01, 0), well(0.1, 60)]);
    assert_eq!(limit_of(&wells, LimitRule::BlankDeviations).unwrap().limit_percent, 0.1);
}

/// Row Q11. Poisson: 10 colonies from 100 spiked cells on plates of 10⁵ give
/// e = 0.1 and s = −ln(0.05) / (0.1 × 10⁵).
#[test]
fn poisson_by_hand() {
    let mut wells: Vec<SpikeWell> = (0..3).map(|_| well(0.0, 0)).collect();
    wells.push(well(0.1, 10));
    let limit = limit_of(&wells, LimitRule::Poisson).unwrap();
    assert!((limit.efficiency.unwrap() - 0.1).abs() < 1e-12);
    assert!((limit.limit_percent - 100.0 * 2.995_732_273_553_991 / 1e4).abs() < 1e-9);
}

/// Row Q11. Probit: detection rates drawn from a known line are found again.
#[test]
fn probit_finds_its_line() {
    use statrs::distribution::{ContinuousCDF, Normal};
    let normal = Normal::standard();
    let mut wells: Vec<SpikeWell> = (0..10).map(|_| well(0.0, 0)).collect();
    let mut state = 7u64;
    let mut draw = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    for step in -6..=2 {
        let spike = 10f64.powf(f64::from(step) / 3.0);
        for _ in 0..400 {
            let seen = draw() < normal.cdf(1.0 + 2.5 * spike.log10());
            wells.push(well(spike, if seen { 3 } else { 0 }));
        }
    }
    let limit = limit_of(&wells, LimitRule::Probit).unwrap().limit_percent;
    let truth = 10f64.powf((1.644_853_6 - 1.0) / 2.5);
    assert!((limit / truth - 1.0).abs() < 0.08, "{limit} for {truth}");
}

/// Row Q11. Each thing missing has its own refusal.
#[test]
fn refusals() {
    let refusal = |wells: &[SpikeWell], rule| limit_of(wells, rule).unwrap_err();
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
    assert!(matches!(
        refusal(&wells, LimitRule::Probit),
        SeriesRefusal::Probit(ProbitError::TooFewAmounts(1))
    ));
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
            let one = limit_of(&wells, rule);
            let two = limit_of(&turned, rule);
            prop_assert_eq!(one.map(|l| (l.limit_percent * 1e12).round()), two.map(|l| (l.limit_percent * 1e12).round()));
        }
    }
}
