//! Quantiles and tail probabilities the assays need, over statrs, with arguments checked so that no
//! input can panic. Returns NaN where a distribution does not exist. Knows no assay.

use statrs::distribution::{Beta, ChiSquared, ContinuousCDF, FisherSnedecor, Normal, StudentsT};

/// Quantile of Student's t; `df` may be fractional.
pub fn student_quantile(probability: f64, df: f64) -> f64 {
    if !(probability > 0.0 && probability < 1.0) {
        return f64::NAN;
    }
    StudentsT::new(0.0, 1.0, df).map_or(f64::NAN, |t| t.inverse_cdf(probability))
}

/// Two-sided p of a t statistic.
pub fn student_two_sided(t: f64, df: f64) -> f64 {
    if t.is_nan() {
        return f64::NAN;
    }
    StudentsT::new(0.0, 1.0, df).map_or(f64::NAN, |d| 2.0 * d.sf(t.abs()))
}

/// Upper tail of F.
pub fn f_upper_tail(f: f64, df1: f64, df2: f64) -> f64 {
    if f.is_nan() || f < 0.0 {
        return f64::NAN;
    }
    FisherSnedecor::new(df1, df2).map_or(f64::NAN, |d| d.sf(f))
}

/// Upper tail of chi-squared.
pub fn chi_squared_upper_tail(x: f64, df: f64) -> f64 {
    if x.is_nan() || x < 0.0 {
        return f64::NAN;
    }
    ChiSquared::new(df).map_or(f64::NAN, |d| d.sf(x))
}

/// Quantile of chi-squared; statrs' own inverse is sharpened by Newton steps on its distribution
/// function, because limits of counts are quoted to many digits.
pub fn chi_squared_quantile(probability: f64, df: f64) -> f64 {
    let well = probability > 0.0 && probability < 1.0 && df > 0.0;
    if !well {
        return f64::NAN;
    }
    let Ok(d) = ChiSquared::new(df) else {
        return f64::NAN;
    };
    bracketed_root(|x| d.cdf(x) - probability, 0.0, df + 40.0 * (2.0 * df).sqrt() + 200.0)
}

/// Quantile of the beta distribution.
pub fn beta_quantile(probability: f64, a: f64, b: f64) -> f64 {
    if !(probability > 0.0 && probability < 1.0) {
        return f64::NAN;
    }
    let Ok(d) = Beta::new(a, b) else {
        return f64::NAN;
    };
    bracketed_root(|x| d.cdf(x) - probability, 0.0, 1.0)
}

/// Standard normal distribution function.
pub fn normal_cdf(z: f64) -> f64 {
    Normal::standard().cdf(z)
}

/// Standard normal quantile.
pub fn normal_quantile(probability: f64) -> f64 {
    if probability > 0.0 && probability < 1.0 {
        Normal::standard().inverse_cdf(probability)
    } else {
        f64::NAN
    }
}

/// Root of an increasing function between two bounds by bisection to the last bit that changes.
pub(crate) fn bracketed_root(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    for _ in 0..2000 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if f(middle) < 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows Q9, Q15. Textbook quantiles.
    #[test]
    fn quantiles_are_those_of_the_tables() {
        assert!((student_quantile(0.975, 10.0) - 2.228_138_851_964_939).abs() < 1e-9);
        assert!((normal_quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-9);
        assert!((chi_squared_quantile(0.95, 2.0) + 2.0 * 0.05f64.ln()).abs() < 1e-9);
        assert!((beta_quantile(0.95, 1.0, 10.0) - (1.0 - 0.05f64.powf(0.1))).abs() < 1e-12);
        assert!((f_upper_tail(4.964_602_743_730_711, 1.0, 10.0) - 0.05).abs() < 1e-6);
        assert!((chi_squared_upper_tail(3.841_458_820_694_124, 1.0) - 0.05).abs() < 1e-9);
        assert!((student_two_sided(2.228_138_851_964_939, 10.0) - 0.05).abs() < 1e-9);
    }

    /// Row Q15. Nothing outside a distribution's range panics.
    #[test]
    fn impossible_arguments_give_nan() {
        for p in [f64::NAN, -1.0, 0.0, 1.0, 2.0] {
            assert!(student_quantile(p, 5.0).is_nan());
            assert!(normal_quantile(p).is_nan());
            assert!(beta_quantile(p, 1.0, 1.0).is_nan());
            assert!(chi_squared_quantile(p, 1.0).is_nan());
        }
        assert!(student_quantile(0.9, 0.0).is_nan());
        assert!(f_upper_tail(f64::NAN, 1.0, 1.0).is_nan());
        assert!(beta_quantile(0.5, -1.0, 0.0).is_nan());
    }
}
