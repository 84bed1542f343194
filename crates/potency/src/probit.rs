//! Limit of detection by probit regression: the share of positive tests against the logarithm of the
//! amount, by maximum likelihood. Knows no assay.

use serde::Serialize;

use crate::distributions::{chi_squared_upper_tail, normal_cdf, normal_quantile};
use crate::interval::{Interval, Ratio};
use crate::limits::{HitLevel, LimitError, check_level, check_positive};
use crate::words::words;

/// Why probit gives no limit.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ProbitError {
    /// A count or a level.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// Fewer than two amounts.
    #[error("{0} amount above 0; probit needs at least 2")]
    TooFewAmounts(usize),
    /// The shares jump from none to all: the slope has no estimate.
    #[error(
        "no amount with some but not all tests positive, or only one: the slope cannot be estimated; test more amounts between {between_low} and {between_high}"
    )]
    Separated {
        /// Largest amount with no positive, or 0.
        between_low: f64,
        /// Smallest amount with all positive.
        between_high: f64,
    },
    /// Positives fall with the amount.
    #[error("the share of positive tests does not rise with the amount (slope {0})")]
    NotRising(f64),
    /// The search did not settle.
    #[error("the probit fit did not converge")]
    NotConverged,
}

/// A probit limit of detection.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProbitLimit {
    /// Intercept of probit against log10 amount.
    pub intercept: f64,
    /// Slope.
    pub slope: f64,
    /// Standard error of the slope.
    pub slope_standard_error: f64,
    /// Detection probability the limit stands for.
    pub detection: f64,
    /// Limit of detection in the unit of the amounts.
    pub limit: f64,
    /// Fieller's interval of the limit.
    pub interval: Interval,
    /// Interval by the delta method on log10.
    pub delta: Interval,
    /// Confidence level.
    pub confidence_level: f64,
    /// Pearson's chi-squared of fit.
    pub chi_squared: f64,
    /// Its degrees of freedom.
    pub chi_squared_df: usize,
    /// Its upper tail; `None` without degrees of freedom.
    pub chi_squared_p: Option<f64>,
    /// Tests at amount 0 (controls): they have no logarithm and took no part.
    pub controls: Option<HitLevel>,
}

/// Fits probit(P) = a + b log10(amount) and reads the amount at the detection probability.
pub fn probit_limit(
    levels: &[HitLevel],
    detection: f64,
    confidence_level: f64,
) -> Result<ProbitLimit, ProbitError> {
    check_level(detection)?;
    check_level(confidence_level)?;
    let mut controls: Option<HitLevel> = None;
    let mut used: Vec<HitLevel> = Vec::new();
    for l in levels {
        if l.tested == 0 || l.positive > l.tested {
            return Err(LimitError::BadCount { positive: l.positive, tested: l.tested }.into());
        }
        if l.amount == 0.0 {
            let c = controls.get_or_insert(HitLevel { amount: 0.0, positive: 0, tested: 0 });
            c.positive += l.positive;
            c.tested += l.tested;
            continue;
        }
        check_positive(words("the amount", "含量"), l.amount)?;
        match used.iter_mut().find(|u| u.amount == l.amount) {
            Some(same) => {
                same.positive += l.positive;
                same.tested += l.tested;
            }
            None => used.push(*l),
        }
    }
    used.sort_by(|a, b| a.amount.total_cmp(&b.amount));
    if used.len() < 2 {
        return Err(ProbitError::TooFewAmounts(used.len()));
    }
    refuse_separation(&used)?;
    let fit = maximise(&used)?;
    if fit.slope <= 0.0 {
        return Err(ProbitError::NotRising(fit.slope));
    }
    let z = normal_quantile(0.5 + confidence_level / 2.0);
    let ratio = Ratio {
        numerator: normal_quantile(detection) - fit.intercept,
        denominator: fit.slope,
        numerator_variance: fit.covariance[0],
        denominator_variance: fit.covariance[2],
        covariance: -fit.covariance[1],
    };
    let power =
        |i: Interval| Interval { low: i.low.map(|x| 10f64.powf(x)), high: i.high.map(|x| 10f64.powf(x)) };
    let chi_squared: f64 = used
        .iter()
        .map(|l| {
            let p = normal_cdf(fit.intercept + fit.slope * l.amount.log10()).clamp(1e-12, 1.0 - 1e-12);
            let n = l.tested as f64;
            (l.positive as f64 - n * p).powi(2) / (n * p * (1.0 - p))
        })
        .sum();
    let chi_squared_df = used.len() - 2;
    Ok(ProbitLimit {
        intercept: fit.intercept,
        slope: fit.slope,
        slope_standard_error: fit.covariance[2].sqrt(),
        detection,
        limit: 10f64.powf(ratio.estimate()),
        interval: power(ratio.fieller(z)),
        delta: power(ratio.delta(z)),
        confidence_level,
        chi_squared,
        chi_squared_df,
        chi_squared_p: (chi_squared_df > 0)
            .then(|| chi_squared_upper_tail(chi_squared, chi_squared_df as f64)),
        controls,
    })
}

/// Maximum likelihood exists only when the amounts of positive and of negative tests overlap.
fn refuse_separation(used: &[HitLevel]) -> Result<(), ProbitError> {
    let lowest_positive = used.iter().find(|l| l.positive > 0).map(|l| l.amount);
    let highest_negative = used.iter().rev().find(|l| l.positive < l.tested).map(|l| l.amount);
    match (lowest_positive, highest_negative) {
        (Some(positive), Some(negative)) if positive < negative => Ok(()),
        (positive, negative) => Err(ProbitError::Separated {
            between_low: negative.unwrap_or(0.0),
            between_high: positive.unwrap_or(f64::INFINITY),
        }),
    }
}

struct Fit {
    intercept: f64,
    slope: f64,
    /// Variances and covariance: intercept, both, slope.
    covariance: [f64; 3],
}

/// Fisher scoring with halved steps.
fn maximise(used: &[HitLevel]) -> Result<Fit, ProbitError> {
    let likelihood = |a: f64, b: f64| -> f64 {
        used.iter()
            .map(|l| {
                let eta = a + b * l.amount.log10();
                let (p, q) = (normal_cdf(eta).max(1e-300), normal_cdf(-eta).max(1e-300));
                l.positive as f64 * p.ln() + (l.tested - l.positive) as f64 * q.ln()
            })
            .sum()
    };
    let (mut a, mut b) = (0.0, 0.0);
    let mut value = likelihood(a, b);
    for _ in 0..500 {
        let (mut waa, mut wab, mut wbb, mut ga, mut gb) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for l in used {
            let x = l.amount.log10();
            let eta = (a + b * x).clamp(-8.0, 8.0);
            let (p, q) = (normal_cdf(eta), normal_cdf(-eta));
            let density = (-0.5 * eta * eta).exp() / (2.0 * std::f64::consts::PI).sqrt();
            let n = l.tested as f64;
            let weight = n * density * density / (p * q);
            let score = (l.positive as f64 - n * p) * density / (p * q);
            waa += weight;
            wab += weight * x;
            wbb += weight * x * x;
            ga += score;
            gb += score * x;
        }
        let determinant = waa * wbb - wab * wab;
        let well = determinant > 1e-12 * waa * wbb && determinant.is_finite();
        if !well {
            return Err(ProbitError::NotConverged);
        }
        let (mut da, mut db) = ((wbb * ga - wab * gb) / determinant, (waa * gb - wab * ga) / determinant);
        if da.abs() <= 1e-11 * (1.0 + a.abs()) && db.abs() <= 1e-11 * (1.0 + b.abs()) {
            return Ok(Fit {
                intercept: a,
                slope: b,
                covariance: [wbb / determinant, -wab / determinant, waa / determinant],
            });
        }
        let mut halvings = 0;
        while likelihood(a + da, b + db) < value - 1e-12 * value.abs() && halvings < 40 {
            da *= 0.5;
            db *= 0.5;
            halvings += 1;
        }
        a += da;
        b += db;
        value = likelihood(a, b);
    }
    Err(ProbitError::NotConverged)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn level(amount: f64, positive: u64, tested: u64) -> HitLevel {
        HitLevel { amount, positive, tested }
    }

    /// Row Q12. Symmetric data: the half-way amount is the middle one, and the limit follows from
    /// the slope.
    #[test]
    fn symmetric_series() {
        let r = probit_limit(&[level(1.0, 4, 24), level(10.0, 12, 24), level(100.0, 20, 24)], 0.95, 0.95)
            .unwrap();
        assert!((r.intercept + r.slope).abs() < 1e-9);
        assert!((r.limit.log10() - (1.0 + normal_quantile(0.95) / r.slope)).abs() < 1e-9);
        assert!(r.interval.low.unwrap() < r.limit && r.limit < r.interval.high.unwrap());
        assert!(r.chi_squared_p.unwrap() > 0.9);
    }

    /// Row Q12. From none to all in one step: refused with the gap to be tested.
    #[test]
    fn separated_series_names_the_gap() {
        let e = probit_limit(&[level(1.0, 0, 8), level(10.0, 8, 8)], 0.95, 0.95).unwrap_err();
        assert_eq!(e, ProbitError::Separated { between_low: 1.0, between_high: 10.0 });
        assert!(matches!(probit_limit(&[level(1.0, 0, 8)], 0.95, 0.95), Err(ProbitError::TooFewAmounts(1))));
        assert!(matches!(
            probit_limit(&[level(1.0, 9, 8), level(2.0, 1, 8)], 0.95, 0.95),
            Err(ProbitError::Limit(_))
        ));
        assert!(matches!(
            probit_limit(&[level(1.0, 7, 8), level(2.0, 1, 8)], 0.95, 0.95),
            Err(ProbitError::NotRising(_))
        ));
    }
}
