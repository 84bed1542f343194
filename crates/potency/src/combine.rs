//! Combination of independent assays of one sample: weighted, semi-weighted and unweighted means of
//! the logarithm of potency, and the test of heterogeneity (as in Ph. Eur. 5.3). Knows no curve.

use serde::Serialize;

use crate::distributions::{chi_squared_upper_tail, student_quantile};
use crate::interval::Interval;

/// One assay's result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AssayResult {
    /// Name of the assay or run.
    pub name: String,
    /// Relative potency.
    pub potency: f64,
    /// Standard error of its natural logarithm.
    pub log_standard_error: f64,
    /// Residual degrees of freedom.
    pub residual_df: usize,
}

/// A mean potency.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Mean {
    /// Potency.
    pub potency: f64,
    /// Standard error of its natural logarithm.
    pub log_standard_error: f64,
    /// Degrees of freedom of the interval.
    pub df: f64,
    /// Interval.
    pub interval: Interval,
}

/// Which mean is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MeanKind {
    /// Weights 1/s².
    Weighted,
    /// Weights 1/(s² + s² between assays).
    SemiWeighted,
}

/// Assays combined.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Combination {
    /// What went in.
    pub assays: Vec<AssayResult>,
    /// Chi-squared of heterogeneity.
    pub heterogeneity_chi_squared: f64,
    /// Its degrees of freedom.
    pub heterogeneity_df: usize,
    /// Its upper tail probability.
    pub heterogeneity_p: f64,
    /// Variance between assays of the natural logarithm, not below 0.
    pub between_variance: f64,
    /// Weighted mean.
    pub weighted: Mean,
    /// Semi-weighted mean.
    pub semi_weighted: Mean,
    /// Unweighted mean, whose error comes from the spread of the assays alone.
    pub unweighted: Mean,
    /// Which of the first two the heterogeneity test chooses.
    pub reported: MeanKind,
}

/// Why assays cannot be combined.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CombineError {
    /// Fewer than two.
    #[error("{0} assay to combine; at least 2 are needed")]
    TooFew(usize),
    /// A potency or standard error that cannot be used.
    #[error(
        "assay {name}: potency {potency} with log standard error {log_standard_error} cannot be combined"
    )]
    Unusable {
        /// Assay.
        name: String,
        /// Potency.
        potency: f64,
        /// Standard error.
        log_standard_error: f64,
    },
}

/// Combines assays at a confidence level; heterogeneity below `heterogeneity_alpha` chooses the
/// semi-weighted mean.
pub fn combine(
    assays: &[AssayResult],
    confidence_level: f64,
    heterogeneity_alpha: f64,
) -> Result<Combination, CombineError> {
    if assays.len() < 2 {
        return Err(CombineError::TooFew(assays.len()));
    }
    for a in assays {
        let well = a.potency > 0.0
            && a.potency.is_finite()
            && a.log_standard_error > 0.0
            && a.log_standard_error.is_finite();
        if !well || a.residual_df == 0 {
            return Err(CombineError::Unusable {
                name: a.name.clone(),
                potency: a.potency,
                log_standard_error: a.log_standard_error,
            });
        }
    }
    let n = assays.len() as f64;
    let logs: Vec<f64> = assays.iter().map(|a| a.potency.ln()).collect();
    let variances: Vec<f64> = assays.iter().map(|a| a.log_standard_error.powi(2)).collect();
    let weights: Vec<f64> = variances.iter().map(|v| 1.0 / v).collect();
    let weighted_log = mean_of(&logs, &weights);
    let chi: f64 = logs.iter().zip(&weights).map(|(m, w)| w * (m - weighted_log).powi(2)).sum();
    let plain_log = logs.iter().sum::<f64>() / n;
    let spread = logs.iter().map(|m| (m - plain_log).powi(2)).sum::<f64>() / (n - 1.0);
    let between = (spread - variances.iter().sum::<f64>() / n).max(0.0);
    let semi: Vec<f64> = variances.iter().map(|v| 1.0 / (v + between)).collect();
    let p = chi_squared_upper_tail(chi, n - 1.0);
    let pooled_df: usize = assays.iter().map(|a| a.residual_df).sum();
    let mean = |log: f64, error: f64, df: f64| {
        let half = student_quantile(0.5 + confidence_level / 2.0, df) * error;
        Mean {
            potency: log.exp(),
            log_standard_error: error,
            df,
            interval: Interval::new((log - half).exp(), (log + half).exp()),
        }
    };
    Ok(Combination {
        assays: assays.to_vec(),
        heterogeneity_chi_squared: chi,
        heterogeneity_df: assays.len() - 1,
        heterogeneity_p: p,
        between_variance: between,
        weighted: mean(weighted_log, (1.0 / weights.iter().sum::<f64>()).sqrt(), pooled_df as f64),
        // When the assays differ, their number and not their wells is what the interval rests on.
        semi_weighted: mean(mean_of(&logs, &semi), (1.0 / semi.iter().sum::<f64>()).sqrt(), n - 1.0),
        unweighted: mean(plain_log, (spread / n).sqrt(), n - 1.0),
        reported: if p < heterogeneity_alpha { MeanKind::SemiWeighted } else { MeanKind::Weighted },
    })
}

fn mean_of(values: &[f64], weights: &[f64]) -> f64 {
    values.iter().zip(weights).map(|(v, w)| v * w).sum::<f64>() / weights.iter().sum::<f64>()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn assay(name: &str, potency: f64, log_standard_error: f64) -> AssayResult {
        AssayResult { name: name.into(), potency, log_standard_error, residual_df: 20 }
    }

    /// Row Q15. Two agreeing assays of equal precision: the geometric mean, error over root 2.
    #[test]
    fn equal_assays_give_the_geometric_mean() {
        let c = combine(&[assay("1", 0.8, 0.1), assay("2", 0.9, 0.1)], 0.95, 0.1).unwrap();
        assert!((c.weighted.potency - (0.8f64 * 0.9).sqrt()).abs() < 1e-12);
        assert!((c.weighted.log_standard_error - 0.1 / 2f64.sqrt()).abs() < 1e-12);
        assert_eq!(c.reported, MeanKind::Weighted);
        let chi = (0.8f64 / 0.9).ln().powi(2) / 2.0 / 0.01;
        assert!((c.heterogeneity_chi_squared - chi).abs() < 1e-12);
    }

    /// Row Q15. Assays that disagree: the semi-weighted mean, and a wider interval.
    #[test]
    fn heterogeneous_assays_are_semi_weighted() {
        let c = combine(&[assay("1", 0.5, 0.02), assay("2", 1.0, 0.02), assay("3", 1.4, 0.2)], 0.95, 0.1)
            .unwrap();
        assert_eq!(c.reported, MeanKind::SemiWeighted);
        let width = |m: Mean| m.interval.high.unwrap() / m.interval.low.unwrap();
        assert!(width(c.semi_weighted) > width(c.weighted));
        assert!(c.between_variance > 0.0);
    }

    /// Row Q15. Nothing to combine, or an assay without an error.
    #[test]
    fn refusals() {
        assert_eq!(combine(&[assay("1", 1.0, 0.1)], 0.95, 0.1), Err(CombineError::TooFew(1)));
        assert!(combine(&[assay("1", 1.0, 0.1), assay("2", -1.0, 0.1)], 0.95, 0.1).is_err());
        assert!(combine(&[assay("1", 1.0, 0.1), assay("2", 1.0, 0.0)], 0.95, 0.1).is_err());
    }
}
