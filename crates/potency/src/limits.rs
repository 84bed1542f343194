//! Detection limits and counts: exact binomial and Poisson intervals, zero of n, the Poisson limit of
//! detection, volumes that must be tested. Knows numbers of wells, colonies and animals, not what
//! they mean.

use serde::Serialize;

use crate::distributions::{beta_quantile, chi_squared_quantile};
use crate::interval::Interval;
use crate::words::{Words, words};

/// Why a count cannot be judged.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LimitError {
    /// More positives than tested, or nothing tested.
    #[error("{positive} of {tested} is not a possible count")]
    BadCount {
        /// Positives.
        positive: u64,
        /// Tested.
        tested: u64,
    },
    /// A level that is no probability.
    #[error("{0} is not a probability between 0 and 1")]
    BadLevel(f64),
    /// A count beyond what anybody counts.
    #[error("{what} is {value}; at most {max} can be judged")]
    TooLarge {
        /// Which.
        what: Words,
        /// Value.
        value: f64,
        /// Limit.
        max: f64,
    },
    /// An amount that must be above 0.
    #[error("{what} is {value}; it must be above 0")]
    NotPositive {
        /// Which.
        what: Words,
        /// Value.
        value: f64,
    },
}

pub(crate) fn check_level(level: f64) -> Result<(), LimitError> {
    if level > 0.0 && level < 1.0 { Ok(()) } else { Err(LimitError::BadLevel(level)) }
}

pub(crate) fn check_positive(what: Words, value: f64) -> Result<(), LimitError> {
    if value > 0.0 && value.is_finite() { Ok(()) } else { Err(LimitError::NotPositive { what, value }) }
}

fn check_count(positive: u64, tested: u64) -> Result<(), LimitError> {
    if tested == 0 || positive > tested { Err(LimitError::BadCount { positive, tested }) } else { Ok(()) }
}

/// Clopper-Pearson interval of a proportion, two-sided, exact. Limits 0 and 1 at the ends.
pub fn clopper_pearson(positive: u64, tested: u64, level: f64) -> Result<(f64, f64), LimitError> {
    check_count(positive, tested)?;
    check_level(level)?;
    let tail = (1.0 - level) / 2.0;
    Ok((lower_limit(positive, tested, tail), upper_limit(positive, tested, tail)))
}

/// One-sided exact upper limit of a proportion: 0 of 10 at 0.95 gives 0.2589.
pub fn proportion_upper_limit(positive: u64, tested: u64, level: f64) -> Result<f64, LimitError> {
    check_count(positive, tested)?;
    check_level(level)?;
    Ok(upper_limit(positive, tested, 1.0 - level))
}

fn lower_limit(positive: u64, tested: u64, tail: f64) -> f64 {
    if positive == 0 { 0.0 } else { beta_quantile(tail, positive as f64, (tested - positive + 1) as f64) }
}

fn upper_limit(positive: u64, tested: u64, tail: f64) -> f64 {
    if positive == tested {
        1.0
    } else if positive == 0 {
        // The closed form has no rounding to speak of.
        -f64::exp_m1(tail.ln() / tested as f64)
    } else {
        beta_quantile(1.0 - tail, (positive + 1) as f64, (tested - positive) as f64)
    }
}

/// Exact (Garwood) interval of a Poisson mean from a count, two-sided.
pub fn poisson_interval(count: u64, level: f64) -> Result<(f64, f64), LimitError> {
    check_level(level)?;
    let tail = (1.0 - level) / 2.0;
    let low = if count == 0 { 0.0 } else { 0.5 * chi_squared_quantile(tail, 2.0 * count as f64) };
    Ok((low, poisson_upper(count, tail)))
}

/// One-sided exact upper limit of a Poisson mean: a count of 0 at 0.95 gives 2.9957.
pub fn poisson_upper_limit(count: u64, level: f64) -> Result<f64, LimitError> {
    check_level(level)?;
    Ok(poisson_upper(count, 1.0 - level))
}

/// One-sided exact lower limit of a Poisson mean: 0 for a count of 0, 0.0513 for 1 at 0.95.
pub fn poisson_lower_limit(count: u64, level: f64) -> Result<f64, LimitError> {
    check_level(level)?;
    Ok(if count == 0 { 0.0 } else { 0.5 * chi_squared_quantile(1.0 - level, 2.0 * count as f64) })
}

fn poisson_upper(count: u64, tail: f64) -> f64 {
    if count == 0 { -tail.ln() } else { 0.5 * chi_squared_quantile(1.0 - tail, 2.0 * (count + 1) as f64) }
}

/// Mean number of targets per test at which a test that finds a single target with probability
/// `efficiency` is positive with probability `detection`: -ln(1 - detection)/efficiency.
pub fn poisson_detection_limit(detection: f64, efficiency: f64) -> Result<f64, LimitError> {
    check_level(detection)?;
    check_positive(words("the efficiency", "效率"), efficiency)?;
    if efficiency > 1.0 {
        return Err(LimitError::BadLevel(efficiency));
    }
    Ok(-(-detection).ln_1p() / efficiency)
}

/// Volume (or number of cells) that must be tested so that a concentration is found with
/// probability `detection`. Unit: that of 1/concentration. For 1 in 100 mL at 0.95: 299.6 mL.
pub fn volume_to_test(concentration: f64, detection: f64) -> Result<f64, LimitError> {
    check_positive(words("the concentration", "濃度"), concentration)?;
    Ok(poisson_detection_limit(detection, 1.0)? / concentration)
}

/// Probability of finding at least one in a volume.
pub fn probability_of_detection(concentration: f64, volume: f64) -> Result<f64, LimitError> {
    check_positive(words("the concentration", "濃度"), concentration)?;
    check_positive(words("the volume", "體積"), volume)?;
    Ok(-f64::exp_m1(-concentration * volume))
}

/// A test for something that must not be there (replication-competent virus, mycoplasma, tumours).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AbsenceFinding {
    /// Positive tests.
    pub positive: u64,
    /// Tests.
    pub tested: u64,
    /// One-sided exact upper limit of the proportion positive.
    pub proportion_upper: f64,
    /// Upper limit of the mean per tested unit, by Poisson.
    pub mean_upper: f64,
    /// Whether what was tested would have found the target concentration with the needed
    /// probability; `None` when no target was given.
    pub volume_suffices: Option<bool>,
    /// Volume needed, in the unit of the volume tested.
    pub volume_needed: Option<f64>,
    /// Confidence level.
    pub confidence_level: f64,
}

/// What 0 (or more) of n positive says. `target` is (volume tested in all, concentration that must
/// be found, detection probability).
pub fn absence(
    positive: u64,
    tested: u64,
    level: f64,
    target: Option<(f64, f64, f64)>,
) -> Result<AbsenceFinding, LimitError> {
    let proportion_upper = proportion_upper_limit(positive, tested, level)?;
    let volume_needed = target.map(|(_, c, detection)| volume_to_test(c, detection)).transpose()?;
    Ok(AbsenceFinding {
        positive,
        tested,
        proportion_upper,
        mean_upper: -(-proportion_upper).ln_1p(),
        volume_suffices: target.zip(volume_needed).map(|((volume, _, _), needed)| volume >= needed),
        volume_needed,
        confidence_level: level,
    })
}

/// One level of a series of dilutions or spikes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct HitLevel {
    /// Amount per test (copies, cells, CFU).
    pub amount: f64,
    /// Positive tests.
    pub positive: u64,
    /// Tests.
    pub tested: u64,
}

/// Limit of detection read from the hits themselves, without a model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct HitRateLimit {
    /// Lowest amount from which upwards every level is found in at least the needed share of its tests.
    pub limit: f64,
    /// Positive tests there.
    pub positive: u64,
    /// Tests there.
    pub tested: u64,
    /// One-sided exact lower limit of the share found there.
    pub share_lower: f64,
}

/// The hit-rate limit. `None` when no level has enough tests, or the highest one misses the share.
pub fn hit_rate_limit(
    levels: &[HitLevel],
    detection: f64,
    tests_min: f64,
    level: f64,
) -> Option<HitRateLimit> {
    let mut sorted: Vec<&HitLevel> = levels.iter().filter(|l| l.amount > 0.0 && l.tested > 0).collect();
    sorted.sort_by(|a, b| b.amount.total_cmp(&a.amount));
    let found = |l: &&&HitLevel| l.positive as f64 >= detection * l.tested as f64;
    // Levels with few tests show nothing by themselves but must not contradict.
    let lowest = sorted.iter().take_while(found).filter(|l| l.tested as f64 >= tests_min).last()?;
    check_level(level).ok()?;
    Some(HitRateLimit {
        limit: lowest.amount,
        positive: lowest.positive,
        tested: lowest.tested,
        share_lower: lower_limit(lowest.positive, lowest.tested, 1.0 - level),
    })
}

/// Limit of detection by the single-hit Poisson model: P(positive) = 1 - exp(-efficiency × amount).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PoissonLimit {
    /// Chance that one target makes a test positive (can exceed 1 when amounts are understated).
    pub efficiency: f64,
    /// Likelihood interval of the efficiency.
    pub efficiency_interval: Interval,
    /// Amount found with the detection probability.
    pub limit: f64,
    /// Its interval.
    pub limit_interval: Interval,
}

/// Fits the single-hit model by maximum likelihood with a likelihood-ratio interval. `Ok(None)` when
/// all tests are positive or none is: the efficiency then has no estimate on one side.
pub fn poisson_limit(
    levels: &[HitLevel],
    detection: f64,
    level: f64,
) -> Result<Option<PoissonLimit>, LimitError> {
    check_level(detection)?;
    check_level(level)?;
    for l in levels {
        check_positive(words("the amount", "含量"), l.amount)?;
        check_count(l.positive, l.tested)?;
    }
    if levels.iter().all(|l| l.positive == 0) || levels.iter().all(|l| l.positive == l.tested) {
        return Ok(None);
    }
    let likelihood = |log_efficiency: f64| -> f64 {
        levels
            .iter()
            .map(|l| {
                let mean = log_efficiency.exp() * l.amount;
                let hits = if l.positive == 0 {
                    0.0
                } else {
                    l.positive as f64 * (-f64::exp_m1(-mean)).max(1e-300).ln()
                };
                hits - (l.tested - l.positive) as f64 * mean
            })
            .sum()
    };
    let score = |log_efficiency: f64| -> f64 {
        levels
            .iter()
            .map(|l| {
                let mean = log_efficiency.exp() * l.amount;
                let hits = if mean > 700.0 { 0.0 } else { l.positive as f64 * mean / f64::exp_m1(mean) };
                hits - (l.tested - l.positive) as f64 * mean
            })
            .sum()
    };
    // The score falls from positive to negative; its root is the estimate.
    let largest = levels.iter().map(|l| l.amount).fold(0.0, f64::max).ln();
    let smallest = levels.iter().map(|l| l.amount).fold(f64::INFINITY, f64::min).ln();
    let (low, high) = (-largest - 50.0, -smallest + 50.0);
    let best = crate::distributions::bracketed_root(|x| -score(x), low, high);
    let drop = 0.5 * chi_squared_quantile(level, 1.0);
    let top = likelihood(best);
    let below = crate::distributions::bracketed_root(|x| likelihood(x) - (top - drop), low, best);
    let above = crate::distributions::bracketed_root(|x| (top - drop) - likelihood(x), best, high);
    let needed = -(-detection).ln_1p();
    Ok(Some(PoissonLimit {
        efficiency: best.exp(),
        efficiency_interval: Interval::new(below.exp(), above.exp()),
        limit: needed / best.exp(),
        limit_interval: Interval::new(needed / above.exp(), needed / below.exp()),
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Rows Q14, Q15. 0 of 10 animals still allows 25.9 % one-sided.
    #[test]
    fn zero_of_ten_allows_a_quarter() {
        let upper = proportion_upper_limit(0, 10, 0.95).unwrap();
        assert!((upper - 0.258_865_5).abs() < 1e-6, "{upper}");
        assert_eq!(proportion_upper_limit(10, 10, 0.95).unwrap(), 1.0);
        // The definition: with the limit as truth, a result this low has 5 % probability.
        let p = proportion_upper_limit(1, 20, 0.95).unwrap();
        let at_most_one = (1.0 - p).powi(20) + 20.0 * p * (1.0 - p).powi(19);
        assert!((at_most_one - 0.05).abs() < 1e-9);
    }

    /// Row Q9. Clopper-Pearson by its definition, and its ends.
    #[test]
    fn clopper_pearson_is_exact() {
        let (low, high) = clopper_pearson(8, 10, 0.95).unwrap();
        assert!((low - 0.443_904_5).abs() < 1e-6 && (high - 0.974_789_3).abs() < 1e-6, "{low} {high}");
        assert_eq!(clopper_pearson(0, 5, 0.95).unwrap().0, 0.0);
        assert_eq!(clopper_pearson(5, 5, 0.95).unwrap().1, 1.0);
        assert!(clopper_pearson(6, 5, 0.95).is_err() && clopper_pearson(0, 0, 0.95).is_err());
        assert!(clopper_pearson(1, 5, 1.0).is_err());
    }

    /// Row Q12. Poisson: 0 gives 3 (2.9957), and the Garwood limits of 10.
    #[test]
    fn poisson_limits() {
        assert!((poisson_upper_limit(0, 0.95).unwrap() - 2.995_732_273_553_991).abs() < 1e-12);
        let (low, high) = poisson_interval(10, 0.95).unwrap();
        assert!((low - 4.795_389).abs() < 1e-5 && (high - 18.390_356).abs() < 1e-5, "{low} {high}");
    }

    /// Row Q14. One replication-competent retrovirus in 100 mL needs 300 mL.
    #[test]
    fn volume_for_one_in_a_hundred_millilitres() {
        assert!((volume_to_test(0.01, 0.95).unwrap() - 299.573).abs() < 1e-3);
        let exact = volume_to_test(0.01, 0.95).unwrap();
        let at = |volume: f64| absence(0, 1, 0.95, Some((volume, 0.01, 0.95))).unwrap().volume_suffices;
        assert_eq!((at(exact), at(exact * 0.999), at(exact * 1.001)), (Some(true), Some(false), Some(true)));
        assert!(volume_to_test(0.0, 0.95).is_err());
        assert!((probability_of_detection(0.01, exact).unwrap() - 0.95).abs() < 1e-12);
    }

    /// Row Q7. 24 of 24 at 10, 23 of 24 at 5, 12 of 24 at 1: 5 is the lowest found in 95 %; three tests of
    /// a level show nothing, and a gap above stops the way down.
    #[test]
    fn hit_rate() {
        let l = |amount: f64, positive: u64, tested: u64| HitLevel { amount, positive, tested };
        let of = |levels: &[HitLevel]| hit_rate_limit(levels, 0.95, 24.0, 0.95).map(|h| h.limit);
        assert_eq!(of(&[l(1.0, 12, 24), l(10.0, 24, 24), l(5.0, 23, 24)]), Some(5.0));
        assert_eq!(of(&[l(10.0, 22, 24), l(5.0, 24, 24)]), None);
        assert_eq!(of(&[l(10.0, 3, 3)]), None);
        assert_eq!(of(&[l(100.0, 3, 3), l(10.0, 24, 24), l(1.0, 0, 24)]), Some(10.0));
        let found = hit_rate_limit(&[l(10.0, 24, 24)], 0.95, 24.0, 0.95).unwrap();
        assert!((found.share_lower - 0.05f64.powf(1.0 / 24.0)).abs() < 1e-9);
    }

    /// Row Q12. One level of spikes: the estimate is -ln(1 - p)/amount.
    #[test]
    fn single_hit_estimate_has_a_closed_form() {
        let r = poisson_limit(&[HitLevel { amount: 2.0, positive: 15, tested: 20 }], 0.95, 0.95)
            .unwrap()
            .unwrap();
        assert!((r.efficiency - 4f64.ln() / 2.0).abs() < 1e-9);
        assert!((r.limit - -(0.05f64.ln()) / r.efficiency).abs() < 1e-9);
        assert!(r.limit_interval.low.unwrap() < r.limit && r.limit < r.limit_interval.high.unwrap());
        assert!(
            poisson_limit(&[HitLevel { amount: 2.0, positive: 20, tested: 20 }], 0.95, 0.95)
                .unwrap()
                .is_none()
        );
    }
}
