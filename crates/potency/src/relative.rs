//! Relative potency of a sample against the reference from jointly fitted curves, and parallelism by
//! equivalence of the curves' parameters. Knows fits, margins and quantiles, no table and no page.

use serde::Serialize;

use crate::curve::{CurveModel, Observation};
use crate::distributions::{f_upper_tail, student_quantile};
use crate::fit::{FitError, Information};
use crate::interval::{Interval, Ratio};
use crate::joint::{JointFit, Shared, Tied, fit_joint, refit_tied};
use crate::method::{Method, MethodError};

/// Relative potency with its intervals.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RelativePotency {
    /// Dose of the reference over the dose of the sample with the same effect: e(reference)/e(sample).
    pub estimate: f64,
    /// Standard error by the delta method.
    pub standard_error: f64,
    /// Standard error of the natural logarithm, for combining assays.
    pub log_standard_error: f64,
    /// Residual degrees of freedom.
    pub residual_df: usize,
    /// Confidence level of the intervals.
    pub confidence_level: f64,
    /// Delta method, symmetric (as drc's EDcomp).
    pub delta: Interval,
    /// Delta method on the logarithm.
    pub delta_log: Interval,
    /// Fieller's theorem.
    pub fieller: Interval,
    /// Profile of the likelihood.
    pub profile_likelihood: Interval,
    /// Sample over reference the other way round: e(sample)/e(reference).
    pub reciprocal: f64,
}

/// Relative potency of curve `sample` against curve `reference` in a fit whose curves are parallel.
pub fn relative_potency(
    fit: &JointFit,
    curves: &[Vec<Observation>],
    reference: usize,
    sample: usize,
    confidence_level: f64,
) -> RelativePotency {
    let ratio = Ratio {
        numerator: fit.curves[reference].e,
        denominator: fit.curves[sample].e,
        numerator_variance: fit.covariance_of((reference, 3), (reference, 3)),
        denominator_variance: fit.covariance_of((sample, 3), (sample, 3)),
        covariance: fit.covariance_of((reference, 3), (sample, 3)),
    };
    let t = student_quantile(0.5 + confidence_level / 2.0, fit.residual_df as f64);
    let estimate = ratio.estimate();
    RelativePotency {
        estimate,
        standard_error: ratio.standard_error(),
        log_standard_error: ratio.standard_error() / estimate,
        residual_df: fit.residual_df,
        confidence_level,
        delta: ratio.delta(t),
        delta_log: ratio.delta_log(t),
        fieller: ratio.fieller(t),
        profile_likelihood: profile(fit, curves, reference, sample, t, &ratio),
        reciprocal: 1.0 / estimate,
    }
}

/// The fit when the potency is held at `exp(log_potency)`: the sample's doses are
/// multiplied by the potency and then share the reference's middle dose.
fn held(
    fit: &JointFit,
    curves: &[Vec<Observation>],
    (reference, sample): (usize, usize),
    log_potency: f64,
    neighbour: Option<&Tied>,
) -> Option<Tied> {
    let mut shifted = curves.to_vec();
    for o in &mut shifted[sample] {
        o.log_dose += log_potency;
    }
    refit_tied(fit, &shifted, reference, sample, neighbour)
}

/// The potencies whose best fit is not worse than the minimum by more than t² residual variances.
fn profile(
    fit: &JointFit,
    curves: &[Vec<Observation>],
    reference: usize,
    sample: usize,
    t: f64,
    ratio: &Ratio,
) -> Interval {
    let log_estimate = ratio.estimate().ln();
    let log_error = ratio.standard_error() / ratio.estimate();
    let limit = fit.rss * (1.0 + t * t / fit.residual_df as f64);
    if !limit.is_finite() || !log_error.is_finite() || log_error <= 0.0 {
        return Interval::UNBOUNDED;
    }
    let side = |sign: f64| -> Option<f64> {
        // The fit at the farthest potency known to be inside leads on to the next.
        let mut neighbour: Option<Tied> = None;
        let mut excess = |distance: f64| -> Option<f64> {
            let at = log_estimate + sign * distance;
            let found = held(fit, curves, (reference, sample), at, neighbour.as_ref())?;
            let excess = found.rss - limit;
            if excess < 0.0 {
                neighbour = Some(found);
            }
            Some(excess)
        };
        let (mut inner, mut outer) = (0.0, t * log_error);
        // Widen until outside; an interval hundreds of times the estimate is no interval.
        let mut widened = 0;
        while excess(outer)? < 0.0 {
            inner = outer;
            outer *= 1.6;
            widened += 1;
            if widened > 20 || outer > 14.0 {
                return None;
            }
        }
        for _ in 0..60 {
            let middle = 0.5 * (inner + outer);
            if outer - inner <= 1e-10 * outer {
                break;
            }
            // The sum may jump where a parameter runs off; at the jump itself no search settles, and what
            // is not known to be outside counts as inside.
            if excess(middle).is_none_or(|e| e < 0.0) { inner = middle } else { outer = middle }
        }
        Some((log_estimate + sign * 0.5 * (inner + outer)).exp())
    };
    Interval { low: side(-1.0), high: side(1.0) }
}

/// One parameter held against its equivalence margins.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EquivalenceCheck {
    /// `slope-ratio`, `range-ratio`, `lower-asymptote-difference` or `asymmetry-ratio`.
    pub measure: &'static str,
    /// Estimate.
    pub estimate: f64,
    /// Interval at the equivalence confidence level (Fieller).
    pub interval: Interval,
    /// Lower margin.
    pub margin_low: f64,
    /// Upper margin.
    pub margin_high: f64,
    /// Whether the whole interval lies inside the margins.
    pub equivalent: bool,
}

/// Parallelism of a sample's curve with the reference's.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Parallelism {
    /// All parameters equivalent.
    pub parallel: bool,
    /// Level of the intervals.
    pub confidence_level: f64,
    /// Each parameter.
    pub checks: Vec<EquivalenceCheck>,
    /// Slopes of opposite sign: no potency can be given.
    pub reversed: bool,
    /// F test of parallel against free curves. For information: it decides nothing, because it
    /// punishes precise assays and rewards noisy ones.
    pub f_test_for_information: Option<FTest>,
}

/// An F test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FTest {
    /// Statistic.
    pub f: f64,
    /// Numerator degrees of freedom.
    pub df1: usize,
    /// Denominator degrees of freedom.
    pub df2: usize,
    /// Upper tail probability.
    pub p: f64,
}

/// The margins of parallelism, from a method file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Margins {
    /// Level of the intervals held against the margins.
    pub confidence_level: f64,
    /// Slope ratio.
    pub slope: (f64, f64),
    /// Ratio of ranges.
    pub range: (f64, f64),
    /// Difference of lower asymptotes over the reference's range.
    pub lower: (f64, f64),
    /// Ratio of asymmetry parameters.
    pub asymmetry: (f64, f64),
}

impl Margins {
    /// Reads the margins of a method.
    pub fn of(method: &Method) -> Result<Margins, MethodError> {
        let pair = |name: &str| -> Result<(f64, f64), MethodError> {
            Ok((method.number(&format!("{name}-lower"))?, method.number(&format!("{name}-upper"))?))
        };
        Ok(Margins {
            confidence_level: method.number("equivalence-confidence-level")?,
            slope: pair("slope-ratio")?,
            range: pair("range-ratio")?,
            lower: pair("lower-asymptote-difference")?,
            asymmetry: pair("asymmetry-ratio")?,
        })
    }
}

/// Parallelism of two curves: each fitted with its own parameters, every pair of parameters held
/// against its margins by interval.
pub fn parallelism(
    model: CurveModel,
    reference: &[Observation],
    sample: &[Observation],
    information: Information,
    margins: &Margins,
) -> Result<Parallelism, FitError> {
    let pair = [reference.to_vec(), sample.to_vec()];
    let free = fit_joint(model, &pair, Shared::NOTHING, information)?;
    let t = student_quantile(0.5 + margins.confidence_level / 2.0, free.residual_df as f64);
    let five = model == CurveModel::FiveParameter;
    // Weights of the fitted parameters in numerator and denominator: (curve, slot, factor).
    let slope: (Vec<_>, Vec<_>) = (vec![(1, 0, 1.0)], vec![(0, 0, 1.0)]);
    let range = (vec![(1, 2, 1.0), (1, 1, -1.0)], vec![(0, 2, 1.0), (0, 1, -1.0)]);
    let lower = (vec![(1, 1, 1.0), (0, 1, -1.0)], vec![(0, 2, 1.0), (0, 1, -1.0)]);
    let asymmetry = (vec![(1, 4, 1.0)], vec![(0, 4, 1.0)]);
    let mut checks = vec![
        equivalence(&free, "slope-ratio", &slope, t, margins.slope),
        equivalence(&free, "range-ratio", &range, t, margins.range),
        equivalence(&free, "lower-asymptote-difference", &lower, t, margins.lower),
    ];
    if five {
        checks.push(equivalence(&free, "asymmetry-ratio", &asymmetry, t, margins.asymmetry));
    }
    let rises = |k: usize| free.curves[k].b * (free.curves[k].d - free.curves[k].c) < 0.0;
    let reversed = rises(0) != rises(1);
    let f_test = if reversed { None } else { f_test(model, &pair, &free, information) };
    Ok(Parallelism {
        parallel: !reversed && checks.iter().all(|c| c.equivalent),
        confidence_level: margins.confidence_level,
        checks,
        reversed,
        f_test_for_information: f_test,
    })
}

fn f_test(
    model: CurveModel,
    pair: &[Vec<Observation>],
    free: &JointFit,
    information: Information,
) -> Option<FTest> {
    let parallel = fit_joint(model, pair, Shared::PARALLEL, information).ok()?;
    let df1 = parallel.residual_df - free.residual_df;
    let f = ((parallel.rss - free.rss).max(0.0) / df1 as f64) / free.residual_variance();
    f.is_finite().then(|| FTest {
        f,
        df1,
        df2: free.residual_df,
        p: f_upper_tail(f, df1 as f64, free.residual_df as f64),
    })
}

type Weights = Vec<(usize, usize, f64)>;

fn equivalence(
    fit: &JointFit,
    measure: &'static str,
    (numerator, denominator): &(Weights, Weights),
    t: f64,
    (margin_low, margin_high): (f64, f64),
) -> EquivalenceCheck {
    let value = |weights: &Weights| -> f64 {
        weights
            .iter()
            .map(|(curve, slot, factor)| {
                let p = fit.curves[*curve];
                factor * [p.b, p.c, p.d, p.e, p.g][*slot]
            })
            .sum()
    };
    let covariance = |one: &Weights, other: &Weights| -> f64 {
        let mut sum = 0.0;
        for (c1, s1, f1) in one {
            for (c2, s2, f2) in other {
                sum += f1 * f2 * fit.covariance_of((*c1, *s1), (*c2, *s2));
            }
        }
        sum
    };
    let ratio = Ratio {
        numerator: value(numerator),
        denominator: value(denominator),
        numerator_variance: covariance(numerator, numerator),
        denominator_variance: covariance(denominator, denominator),
        covariance: covariance(numerator, denominator),
    };
    let interval = ratio.fieller(t);
    EquivalenceCheck {
        measure,
        estimate: ratio.estimate(),
        interval,
        margin_low,
        margin_high,
        equivalent: interval.is_inside(margin_low, margin_high),
    }
}
