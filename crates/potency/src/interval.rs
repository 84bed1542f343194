//! Confidence intervals of a ratio of two estimates: by the delta method and by Fieller's theorem.
//! Knows estimates and their covariance, not where they come from.

use serde::Serialize;

/// An interval that may be open: Fieller's theorem can leave a side unbounded, and then there is no
/// number to print.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Lower limit, `None` when unbounded.
    pub low: Option<f64>,
    /// Upper limit, `None` when unbounded.
    pub high: Option<f64>,
}

impl Interval {
    /// Both limits known.
    pub fn new(low: f64, high: f64) -> Interval {
        Interval { low: low.is_finite().then_some(low), high: high.is_finite().then_some(high) }
    }

    /// Nothing is known.
    pub const UNBOUNDED: Interval = Interval { low: None, high: None };

    /// Whether the whole interval lies in the margins, the margins included. An unbounded interval
    /// lies in none.
    pub fn is_inside(&self, low: f64, high: f64) -> bool {
        matches!((self.low, self.high), (Some(l), Some(h)) if l >= low && h <= high)
    }
}

/// Numerator and denominator with their variances and covariance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// Numerator.
    pub numerator: f64,
    /// Denominator.
    pub denominator: f64,
    /// Variance of the numerator.
    pub numerator_variance: f64,
    /// Variance of the denominator.
    pub denominator_variance: f64,
    /// Their covariance.
    pub covariance: f64,
}

impl Ratio {
    /// The estimate.
    pub fn estimate(&self) -> f64 {
        self.numerator / self.denominator
    }

    /// Standard error by the delta method.
    pub fn standard_error(&self) -> f64 {
        let r = self.estimate();
        let variance =
            self.numerator_variance - 2.0 * r * self.covariance + r * r * self.denominator_variance;
        variance.max(0.0).sqrt() / self.denominator.abs()
    }

    /// Symmetric interval: estimate ± quantile × standard error (as drc's EDcomp gives it).
    pub fn delta(&self, quantile: f64) -> Interval {
        let half = quantile * self.standard_error();
        Interval::new(self.estimate() - half, self.estimate() + half)
    }

    /// Delta method on the logarithm: never below 0; for positive ratios only.
    pub fn delta_log(&self, quantile: f64) -> Interval {
        let r = self.estimate();
        if r <= 0.0 {
            return Interval::UNBOUNDED;
        }
        let half = quantile * self.standard_error() / r;
        Interval::new(r * (-half).exp(), r * half.exp())
    }

    /// Fieller's interval: every ratio not contradicted at this quantile. Unbounded when the
    /// denominator cannot be told from 0.
    pub fn fieller(&self, quantile: f64) -> Interval {
        let t2 = quantile * quantile;
        let a = self.denominator * self.denominator - t2 * self.denominator_variance;
        let b = self.numerator * self.denominator - t2 * self.covariance;
        let c = self.numerator * self.numerator - t2 * self.numerator_variance;
        let discriminant = b * b - a * c;
        let bounded = a > 0.0 && discriminant >= 0.0;
        if !bounded {
            return Interval::UNBOUNDED;
        }
        let root = discriminant.sqrt();
        Interval::new((b - root) / a, (b + root) / a)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(denominator_variance: f64) -> Ratio {
        Ratio {
            numerator: 2.0,
            denominator: 4.0,
            numerator_variance: 0.04,
            denominator_variance,
            covariance: 0.01,
        }
    }

    /// Row Q15. Each Fieller limit makes |numerator - r denominator| exactly t standard errors.
    #[test]
    fn fieller_limits_satisfy_their_equation() {
        let q = ratio(0.09);
        let i = q.fieller(2.0);
        for r in [i.low.unwrap_or(f64::NAN), i.high.unwrap_or(f64::NAN)] {
            let gap = q.numerator - r * q.denominator;
            let variance = q.numerator_variance - 2.0 * r * q.covariance + r * r * q.denominator_variance;
            assert!((gap.abs() - 2.0 * variance.sqrt()).abs() < 1e-12);
        }
    }

    /// Row Q15. A certain denominator: Fieller and delta are the same.
    #[test]
    fn fieller_is_delta_when_the_denominator_is_certain() {
        let q = Ratio { covariance: 0.0, ..ratio(0.0) };
        let (f, d) = (q.fieller(1.5), q.delta(1.5));
        assert!((f.low.unwrap_or(f64::NAN) - d.low.unwrap_or(0.0)).abs() < 1e-12);
        assert!((f.high.unwrap_or(f64::NAN) - d.high.unwrap_or(0.0)).abs() < 1e-12);
    }

    /// Row Q15. A denominator that may be 0 leaves the interval open, and open is inside nothing.
    #[test]
    fn uncertain_denominator_is_unbounded() {
        let open = ratio(4.1).fieller(2.0);
        assert_eq!(open, Interval::UNBOUNDED);
        assert!(!open.is_inside(-1e9, 1e9));
        assert!(Interval::new(0.8, 1.25).is_inside(0.8, 1.25));
        assert!(!Interval::new(0.799, 1.25).is_inside(0.8, 1.25));
        assert!(!Interval::new(0.8, 1.251).is_inside(0.8, 1.25));
    }
}
