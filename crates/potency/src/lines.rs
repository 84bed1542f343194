//! Parallel-line and slope-ratio assays: straight lines against log dose or dose, potency by
//! Fieller's theorem, parallelism by equivalence of slopes. Knows no table and no page.

use nalgebra::{DMatrix, DVector};
use serde::Serialize;

use crate::distributions::{f_upper_tail, student_quantile};
use crate::interval::{Interval, Ratio};
use crate::relative::FTest;

/// One observation of a line: x is ln dose (parallel-line) or dose (slope-ratio).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinePoint {
    /// Abscissa.
    pub x: f64,
    /// Response, transformed if the assay says so.
    pub y: f64,
    /// Weight, positive.
    pub weight: f64,
}

/// An estimate with its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coefficient {
    /// Estimate.
    pub estimate: f64,
    /// Standard error.
    pub standard_error: f64,
}

/// The lines of one fit: one intercept and one slope per preparation; what is shared stands in each.
#[derive(Debug, Clone, PartialEq)]
pub struct LineFit {
    /// Intercepts.
    pub intercepts: Vec<Coefficient>,
    /// Slopes.
    pub slopes: Vec<Coefficient>,
    /// Weighted residual sum of squares about the lines.
    pub rss: f64,
    /// Its degrees of freedom.
    pub residual_df: usize,
    /// Variance behind every error and interval.
    pub error: LineVariance,
    /// One result per preparation after the reference.
    pub potencies: Vec<LinePotency>,
}

/// A residual variance with its degrees of freedom.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LineVariance {
    /// Variance of the response (transformed, if the assay says so).
    pub variance: f64,
    /// Degrees of freedom.
    pub df: usize,
}

/// One preparation's own straight line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OwnLine {
    /// Intercept.
    pub intercept: f64,
    /// Slope.
    pub slope: f64,
    /// Weighted residual sum of squares.
    pub rss: f64,
    /// Residual degrees of freedom.
    pub residual_df: usize,
    /// Coefficient of determination; `None` when all responses are equal.
    pub r_squared: Option<f64>,
    mean_x: f64,
    sxx: f64,
    weight: f64,
}

impl OwnLine {
    /// Fits one preparation alone. `None` without two doses or without anything left for the error.
    pub fn fit(points: &[LinePoint]) -> Option<OwnLine> {
        if distinct(points) < 2 || points.len() < 3 {
            return None;
        }
        let s = sums(points);
        let slope = s.sxy / s.sxx;
        let intercept = s.y - slope * s.x;
        // From the residuals themselves: the difference of two large sums would lose digits.
        let rss: f64 = points.iter().map(|p| p.weight * (p.y - intercept - slope * p.x).powi(2)).sum();
        Some(OwnLine {
            intercept,
            slope,
            rss,
            residual_df: points.len() - 2,
            r_squared: (s.syy > 0.0).then(|| 1.0 - rss / s.syy),
            mean_x: s.x,
            sxx: s.sxx,
            weight: s.weight,
        })
    }

    /// How far a point pulls the line towards itself, 0 to 1.
    pub fn leverage(&self, point: &LinePoint) -> f64 {
        point.weight * (1.0 / self.weight + (point.x - self.mean_x).powi(2) / self.sxx)
    }
}

/// Why lines cannot be fitted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LineError {
    /// A line needs two doses.
    #[error("preparation {preparation} has {found} distinct doses; a line needs at least 2")]
    TooFewDoses {
        /// Index of the preparation.
        preparation: usize,
        /// Found.
        found: usize,
    },
    /// Nothing left for the error.
    #[error("{found} observations for {parameters} parameters leave nothing to estimate the error from")]
    TooFewObservations {
        /// Observations.
        found: usize,
        /// Parameters.
        parameters: usize,
    },
    /// All responses equal.
    #[error("all responses are equal: the lines have no slope")]
    AllResponsesEqual,
    /// The normal equations are singular.
    #[error("the doses do not determine the lines")]
    Singular,
}

/// One sample in a line assay.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LinePotency {
    /// Relative potency.
    pub estimate: f64,
    /// Fieller's interval.
    pub fieller: Interval,
    /// Delta interval (on the logarithm for parallel lines).
    pub delta: Interval,
    /// Standard error of the natural logarithm.
    pub log_standard_error: f64,
    /// Residual degrees of freedom.
    pub residual_df: usize,
    /// Ratio of slopes, each preparation with its own (parallel-line only).
    pub slope_ratio: Option<SlopeRatio>,
    /// F test of parallelism, for information only (parallel-line only).
    pub f_test_for_information: Option<FTest>,
}

/// Equivalence of slopes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SlopeRatio {
    /// Estimate.
    pub estimate: f64,
    /// Interval (Fieller).
    pub interval: Interval,
    /// Inside the margins.
    pub equivalent: bool,
}

#[derive(Debug, Clone, Copy)]
struct Sums {
    /// Observations.
    n: f64,
    /// Sum of the weights.
    weight: f64,
    x: f64,
    y: f64,
    sxx: f64,
    sxy: f64,
    syy: f64,
}

fn sums(points: &[LinePoint]) -> Sums {
    let of = |f: &dyn Fn(&LinePoint) -> f64| points.iter().map(|p| p.weight * f(p)).sum::<f64>();
    let weight = of(&|_| 1.0);
    let (x, y) = (of(&|p| p.x) / weight, of(&|p| p.y) / weight);
    Sums {
        n: points.len() as f64,
        weight,
        x,
        y,
        sxx: of(&|p| (p.x - x).powi(2)),
        sxy: of(&|p| (p.x - x) * (p.y - y)),
        syy: of(&|p| (p.y - y).powi(2)),
    }
}

fn distinct(points: &[LinePoint]) -> usize {
    let mut x: Vec<f64> = points.iter().map(|p| p.x).collect();
    x.sort_by(f64::total_cmp);
    x.dedup();
    x.len()
}

fn check(preparations: &[Vec<LinePoint>], parameters: usize) -> Result<(), LineError> {
    for (preparation, points) in preparations.iter().enumerate() {
        let found = distinct(points);
        if found < 2 {
            return Err(LineError::TooFewDoses { preparation, found });
        }
    }
    let found = preparations.iter().map(Vec::len).sum();
    if found <= parameters {
        return Err(LineError::TooFewObservations { found, parameters });
    }
    let first = preparations.first().and_then(|p| p.first()).map_or(0.0, |p| p.y);
    if preparations.iter().flatten().all(|p| p.y == first) {
        return Err(LineError::AllResponsesEqual);
    }
    Ok(())
}

/// Parallel-line assay: preparation 0 is the reference; one result per further preparation.
/// `slope_margins` and `equivalence_level` judge parallelism. Errors and intervals rest on `error`
/// (that of the replicates, as the European Pharmacopoeia has it) or, without one, on the residuals
/// about the lines.
pub fn parallel_line(
    preparations: &[Vec<LinePoint>],
    confidence_level: f64,
    equivalence_level: f64,
    slope_margins: (f64, f64),
    error: Option<LineVariance>,
) -> Result<LineFit, LineError> {
    check(preparations, preparations.len() + 1)?;
    let all: Vec<Sums> = preparations.iter().map(|p| sums(p)).collect();
    let sxx: f64 = all.iter().map(|s| s.sxx).sum();
    let slope = all.iter().map(|s| s.sxy).sum::<f64>() / sxx;
    let observations: usize = preparations.iter().map(Vec::len).sum();
    let residual_df = observations - preparations.len() - 1;
    let rss: f64 = preparations
        .iter()
        .zip(&all)
        .flat_map(|(points, s)| points.iter().map(move |p| (p, s.y - slope * s.x)))
        .map(|(p, intercept)| p.weight * (p.y - intercept - slope * p.x).powi(2))
        .sum();
    let error = error.unwrap_or(LineVariance { variance: rss / residual_df as f64, df: residual_df });
    let variance = error.variance;
    let t = student_quantile(0.5 + confidence_level / 2.0, error.df as f64);
    let Some((reference, samples)) = all.split_first() else {
        return Err(LineError::Singular);
    };
    let mut results = Vec::new();
    for s in samples {
        let shift = s.x - reference.x;
        let ratio = Ratio {
            numerator: (s.y - slope * s.x) - (reference.y - slope * reference.x),
            denominator: slope,
            numerator_variance: variance * (1.0 / s.weight + 1.0 / reference.weight + shift * shift / sxx),
            denominator_variance: variance / sxx,
            covariance: -variance * shift / sxx,
        };
        let exponential = |i: Interval| Interval { low: i.low.map(f64::exp), high: i.high.map(f64::exp) };
        results.push(LinePotency {
            estimate: ratio.estimate().exp(),
            fieller: exponential(ratio.fieller(t)),
            delta: exponential(ratio.delta(t)),
            log_standard_error: ratio.standard_error(),
            residual_df: error.df,
            slope_ratio: slope_ratio(reference, s, equivalence_level, slope_margins),
            f_test_for_information: parallel_f_test(reference, s),
        });
    }
    let intercept = |s: &Sums| Coefficient {
        estimate: s.y - slope * s.x,
        standard_error: (variance * (1.0 / s.weight + s.x * s.x / sxx)).sqrt(),
    };
    let slope = Coefficient { estimate: slope, standard_error: (variance / sxx).sqrt() };
    Ok(LineFit {
        intercepts: all.iter().map(intercept).collect(),
        slopes: vec![slope; all.len()],
        rss,
        residual_df,
        error,
        potencies: results,
    })
}

fn own_residuals(r: &Sums, s: &Sums) -> (f64, f64) {
    let rss = (r.syy - r.sxy * r.sxy / r.sxx).max(0.0) + (s.syy - s.sxy * s.sxy / s.sxx).max(0.0);
    (rss, r.n + s.n - 4.0)
}

fn slope_ratio(r: &Sums, s: &Sums, level: f64, margins: (f64, f64)) -> Option<SlopeRatio> {
    let (rss, df) = own_residuals(r, s);
    if df < 1.0 {
        return None;
    }
    let variance = rss / df;
    let ratio = Ratio {
        numerator: s.sxy / s.sxx,
        denominator: r.sxy / r.sxx,
        numerator_variance: variance / s.sxx,
        denominator_variance: variance / r.sxx,
        covariance: 0.0,
    };
    let interval = ratio.fieller(student_quantile(0.5 + level / 2.0, df));
    Some(SlopeRatio {
        estimate: ratio.estimate(),
        interval,
        equivalent: interval.is_inside(margins.0, margins.1),
    })
}

fn parallel_f_test(r: &Sums, s: &Sums) -> Option<FTest> {
    let (rss, df) = own_residuals(r, s);
    let common = (r.sxy + s.sxy).powi(2) / (r.sxx + s.sxx);
    let extra = (r.syy + s.syy - common - rss).max(0.0);
    let f = extra / (rss / df);
    (df >= 1.0 && f.is_finite()).then(|| FTest { f, df1: 1, df2: df as usize, p: f_upper_tail(f, 1.0, df) })
}

/// Slope-ratio assay: common intercept at dose 0, potency is the ratio of slopes. Preparation 0 is
/// the reference. `error` as in [`parallel_line`].
pub fn slope_ratio_assay(
    preparations: &[Vec<LinePoint>],
    confidence_level: f64,
    error: Option<LineVariance>,
) -> Result<LineFit, LineError> {
    let parameters = preparations.len() + 1;
    check(preparations, parameters)?;
    let mut normal = DMatrix::<f64>::zeros(parameters, parameters);
    let mut right = DVector::<f64>::zeros(parameters);
    for (k, points) in preparations.iter().enumerate() {
        for p in points {
            normal[(0, 0)] += p.weight;
            normal[(0, k + 1)] += p.weight * p.x;
            normal[(k + 1, 0)] += p.weight * p.x;
            normal[(k + 1, k + 1)] += p.weight * p.x * p.x;
            right[0] += p.weight * p.y;
            right[k + 1] += p.weight * p.x * p.y;
        }
    }
    let inverse = normal.cholesky().ok_or(LineError::Singular)?.inverse();
    let estimate = &inverse * right;
    let observations: usize = preparations.iter().map(Vec::len).sum();
    let residual_df = observations - parameters;
    let mut rss = 0.0;
    for (k, points) in preparations.iter().enumerate() {
        rss += points
            .iter()
            .map(|p| p.weight * (p.y - estimate[0] - estimate[k + 1] * p.x).powi(2))
            .sum::<f64>();
    }
    let error = error.unwrap_or(LineVariance { variance: rss / residual_df as f64, df: residual_df });
    let variance = error.variance;
    let t = student_quantile(0.5 + confidence_level / 2.0, error.df as f64);
    let coefficient = |place: usize| Coefficient {
        estimate: estimate[place],
        standard_error: (variance * inverse[(place, place)]).sqrt(),
    };
    let potency = |k: usize| {
        let ratio = Ratio {
            numerator: estimate[k + 1],
            denominator: estimate[1],
            numerator_variance: variance * inverse[(k + 1, k + 1)],
            denominator_variance: variance * inverse[(1, 1)],
            covariance: variance * inverse[(k + 1, 1)],
        };
        LinePotency {
            estimate: ratio.estimate(),
            fieller: ratio.fieller(t),
            delta: ratio.delta(t),
            log_standard_error: ratio.standard_error() / ratio.estimate().abs(),
            residual_df: error.df,
            slope_ratio: None,
            f_test_for_information: None,
        }
    };
    Ok(LineFit {
        intercepts: vec![coefficient(0); preparations.len()],
        slopes: (1..=preparations.len()).map(coefficient).collect(),
        rss,
        residual_df,
        error,
        potencies: (1..preparations.len()).map(potency).collect(),
    })
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;
