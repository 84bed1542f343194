//! A growth-based or rapid method against the compendial one, on the same samples or on separate
//! ones: McNemar, differences of proportions with intervals, equivalence and non-inferiority.
//! Knows counts and margins, not methods.

use serde::Serialize;

use crate::distributions::{chi_squared_upper_tail, normal_quantile};
use crate::limits::{LimitError, check_level, clopper_pearson};
use crate::words::words;

/// Results of both methods on the same samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PairedCounts {
    /// Both positive.
    pub both: u64,
    /// Only the alternative positive.
    pub only_alternative: u64,
    /// Only the compendial positive.
    pub only_compendial: u64,
    /// Neither.
    pub neither: u64,
}

/// Results of a comparison. Proportions and differences between -1 and 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MethodComparison {
    /// Share the alternative method detects, with its Clopper-Pearson interval.
    pub alternative: (f64, f64, f64),
    /// Share the compendial method detects, with its interval.
    pub compendial: (f64, f64, f64),
    /// Alternative less compendial.
    pub difference: f64,
    /// Newcombe's interval of the difference at the equivalence level.
    pub difference_interval: (f64, f64),
    /// Level of that interval.
    pub equivalence_level: f64,
    /// Margin (largest allowed difference).
    pub margin: f64,
    /// Lower limit above minus the margin.
    pub non_inferior: bool,
    /// Whole interval inside plus or minus the margin.
    pub equivalent: bool,
    /// McNemar's test, for paired results only.
    pub mcnemar: Option<McNemar>,
}

/// McNemar's test of the discordant pairs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct McNemar {
    /// Exact two-sided p.
    pub exact_p: f64,
    /// Mid-p.
    pub mid_p: f64,
    /// Chi-squared without continuity correction; `None` without discordant pairs.
    pub chi_squared: Option<f64>,
    /// Its p.
    pub chi_squared_p: Option<f64>,
}

/// Exact and mid-p McNemar test.
pub fn mcnemar(only_first: u64, only_second: u64) -> McNemar {
    let n = only_first + only_second;
    if n == 0 {
        return McNemar { exact_p: 1.0, mid_p: 1.0, chi_squared: None, chi_squared_p: None };
    }
    let least = only_first.min(only_second);
    let tail = binomial_half_tail(least, n);
    let point = binomial_half_point(least, n);
    let exact_p = (2.0 * tail).min(1.0);
    let mid_p = if only_first == only_second { 1.0 - 0.5 * point } else { 2.0 * tail - point };
    let gap = only_first.abs_diff(only_second) as f64;
    let chi = gap * gap / n as f64;
    McNemar { exact_p, mid_p, chi_squared: Some(chi), chi_squared_p: Some(chi_squared_upper_tail(chi, 1.0)) }
}

/// P(X = k) for X binomial with probability one half.
fn binomial_half_point(k: u64, n: u64) -> f64 {
    let log = statrs::function::factorial::ln_binomial(n, k);
    (log - n as f64 * std::f64::consts::LN_2).exp()
}

/// P(X ≤ k), by the beta function for large n.
fn binomial_half_tail(k: u64, n: u64) -> f64 {
    if k >= n {
        return 1.0;
    }
    statrs::function::beta::beta_reg((n - k) as f64, (k + 1) as f64, 0.5)
}

/// Wilson's score interval.
fn wilson(positive: u64, tested: u64, z: f64) -> (f64, f64) {
    let (n, p) = (tested as f64, positive as f64 / tested as f64);
    let centre = p + z * z / (2.0 * n);
    let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    ((centre - half).max(0.0) / scale, ((centre + half) / scale).min(1.0))
}

/// Newcombe's interval for the difference of two paired proportions (his method 10).
pub fn newcombe_paired(c: &PairedCounts, level: f64) -> Result<(f64, f64), LimitError> {
    check_level(level)?;
    let n = c.both + c.only_alternative + c.only_compendial + c.neither;
    if n == 0 {
        return Err(LimitError::BadCount { positive: 0, tested: 0 });
    }
    let z = normal_quantile(0.5 + level / 2.0);
    let (x1, x2) = (c.both + c.only_alternative, c.both + c.only_compendial);
    let (p1, p2) = (x1 as f64 / n as f64, x2 as f64 / n as f64);
    let ((l1, u1), (l2, u2)) = (wilson(x1, n, z), wilson(x2, n, z));
    let (a, b, g, d) = (c.both as f64, c.only_alternative as f64, c.only_compendial as f64, c.neither as f64);
    let margins = (a + b) * (g + d) * (a + g) * (b + d);
    let raw = a * d - b * g;
    // Newcombe's continuity correction of the correlation applies only when it is positive.
    let corrected = if raw > 0.0 { (raw - n as f64 / 2.0).max(0.0) } else { raw };
    let phi = if margins == 0.0 { 0.0 } else { corrected / margins.sqrt() };
    let down = ((p1 - l1).powi(2) - 2.0 * phi * (p1 - l1) * (u2 - p2) + (u2 - p2).powi(2)).max(0.0).sqrt();
    let up = ((u1 - p1).powi(2) - 2.0 * phi * (u1 - p1) * (p2 - l2) + (p2 - l2).powi(2)).max(0.0).sqrt();
    Ok((p1 - p2 - down, p1 - p2 + up))
}

/// Newcombe's interval for the difference of two independent proportions (his method 10 for
/// unpaired data: square-and-add of Wilson's limits).
pub fn newcombe_independent(
    x1: u64,
    n1: u64,
    x2: u64,
    n2: u64,
    level: f64,
) -> Result<(f64, f64), LimitError> {
    check_level(level)?;
    for (positive, tested) in [(x1, n1), (x2, n2)] {
        if tested == 0 || positive > tested {
            return Err(LimitError::BadCount { positive, tested });
        }
    }
    let z = normal_quantile(0.5 + level / 2.0);
    let (p1, p2) = (x1 as f64 / n1 as f64, x2 as f64 / n2 as f64);
    let ((l1, u1), (l2, u2)) = (wilson(x1, n1, z), wilson(x2, n2, z));
    let down = ((p1 - l1).powi(2) + (u2 - p2).powi(2)).sqrt();
    let up = ((u1 - p1).powi(2) + (p2 - l2).powi(2)).sqrt();
    Ok((p1 - p2 - down, p1 - p2 + up))
}

/// Compares the methods on the same samples. `margin` and `equivalence_level` come from the method
/// file (or the validation plan), `confidence_level` is that of the single proportions.
pub fn compare_paired(
    c: &PairedCounts,
    margin: f64,
    equivalence_level: f64,
    confidence_level: f64,
) -> Result<MethodComparison, LimitError> {
    let n = c.both + c.only_alternative + c.only_compendial + c.neither;
    let interval = newcombe_paired(c, equivalence_level)?;
    let counts = ((c.both + c.only_alternative, n), (c.both + c.only_compendial, n));
    let mut result = judged(counts, interval, margin, equivalence_level, confidence_level)?;
    result.mcnemar = Some(mcnemar(c.only_alternative, c.only_compendial));
    Ok(result)
}

/// Compares the methods on separate samples: (positive, tested) of each.
pub fn compare_independent(
    alternative: (u64, u64),
    compendial: (u64, u64),
    margin: f64,
    equivalence_level: f64,
    confidence_level: f64,
) -> Result<MethodComparison, LimitError> {
    let interval =
        newcombe_independent(alternative.0, alternative.1, compendial.0, compendial.1, equivalence_level)?;
    judged((alternative, compendial), interval, margin, equivalence_level, confidence_level)
}

fn judged(
    (alternative, compendial): ((u64, u64), (u64, u64)),
    interval: (f64, f64),
    margin: f64,
    equivalence_level: f64,
    confidence_level: f64,
) -> Result<MethodComparison, LimitError> {
    crate::limits::check_positive(words("the margin", "界限"), margin)?;
    let share = |(x, n): (u64, u64)| -> Result<(f64, f64, f64), LimitError> {
        let (low, high) = clopper_pearson(x, n, confidence_level)?;
        Ok((x as f64 / n as f64, low, high))
    };
    let (a, c) = (share(alternative)?, share(compendial)?);
    Ok(MethodComparison {
        alternative: a,
        compendial: c,
        difference: a.0 - c.0,
        difference_interval: interval,
        equivalence_level,
        margin,
        non_inferior: interval.0 > -margin,
        equivalent: interval.0 > -margin && interval.1 < margin,
        mcnemar: None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Row Q9. McNemar on 1 against 7: exact 2 × 9/256, mid-p less one point probability.
    #[test]
    fn mcnemar_exact_and_mid_p() {
        let m = mcnemar(1, 7);
        assert!((m.exact_p - 18.0 / 256.0).abs() < 1e-12);
        assert!((m.mid_p - 10.0 / 256.0).abs() < 1e-12);
        assert!((m.chi_squared.unwrap() - 4.5).abs() < 1e-12);
        assert_eq!(mcnemar(0, 0).exact_p, 1.0);
        assert!((mcnemar(4, 4).exact_p - 1.0).abs() < 1e-12);
        assert!(mcnemar(4, 4).mid_p < 1.0);
        assert!((mcnemar(0, 5).exact_p - 2.0 / 32.0).abs() < 1e-12);
    }

    /// Row Q9. Newcombe 1998, independent 56/70 against 48/80: 0.0524 to 0.3339.
    #[test]
    fn newcombe_independent_published_example() {
        let (low, high) = newcombe_independent(56, 70, 48, 80, 0.95).unwrap();
        assert!((low - 0.0524).abs() < 5e-5 && (high - 0.3339).abs() < 5e-5, "{low} {high}");
    }

    /// Row Q9. Margin: at, just inside and just outside the lower limit.
    #[test]
    fn non_inferiority_turns_at_the_margin() {
        let c = PairedCounts { both: 50, only_alternative: 2, only_compendial: 5, neither: 3 };
        let (low, _) = newcombe_paired(&c, 0.90).unwrap();
        for (margin, expected) in [(-low, false), (-low * 0.999, false), (-low * 1.001, true)] {
            assert_eq!(compare_paired(&c, margin, 0.90, 0.95).unwrap().non_inferior, expected);
        }
        assert!(
            compare_paired(
                &PairedCounts { both: 0, only_alternative: 0, only_compendial: 0, neither: 0 },
                0.2,
                0.9,
                0.95
            )
            .is_err()
        );
    }

    /// Row Q9. No difference seen in a few samples is not equivalence.
    #[test]
    fn few_samples_show_nothing() {
        let few = compare_independent((4, 5), (4, 5), 0.2, 0.9, 0.95).unwrap();
        assert_eq!((few.difference, few.equivalent, few.non_inferior), (0.0, false, false));
        let many = compare_independent((400, 500), (400, 500), 0.2, 0.9, 0.95).unwrap();
        assert!(many.equivalent && many.non_inferior);
    }
}
