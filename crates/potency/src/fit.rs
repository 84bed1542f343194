//! Least-squares fit of one curve: starting values from the data, Levenberg-Marquardt with the
//! exact gradient, standard errors. Knows no preparation, plate or report.
//!
//! Written out for four and five parameters on the stack: the general solvers allocate per
//! iteration and cost more than the curve itself, and ten thousand fits in a bootstrap are usual.

// Index loops read like the formulae they are, over arrays whose size the compiler knows.
#![allow(clippy::needless_range_loop)]

use serde::{Deserialize, Serialize};

use crate::curve::{
    CurveModel, CurveParameters, Observation, SLOTS, second_derivatives, value, value_and_gradient,
};
use crate::descent::{
    Extent, Grouped, Minimum, Normal, descend, invert, normal_equations, start_from_data, starts_from_grid,
    widen,
};
use crate::words::{Words, words};

/// Why a curve cannot be fitted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FitError {
    /// Fewer distinct doses than parameters.
    #[error(
        "{found} distinct doses, but the curve has {needed} parameters: at least {needed} doses are needed"
    )]
    TooFewDoses {
        /// Distinct doses found, dose 0 included.
        found: usize,
        /// Needed.
        needed: usize,
    },
    /// No residual degree of freedom.
    #[error("{found} observations for {parameters} parameters leave nothing to estimate the error from")]
    TooFewObservations {
        /// Observations.
        found: usize,
        /// Parameters.
        parameters: usize,
    },
    /// All responses equal.
    #[error("all {count} responses are {response}: there is no curve to fit")]
    AllResponsesEqual {
        /// Observations.
        count: usize,
        /// The one value.
        response: f64,
    },
    /// A dose, response or weight that cannot enter a fit.
    #[error(
        "observation {index}: dose, response and weight must be finite, the dose not negative, the weight positive"
    )]
    BadObservation {
        /// Index from 0.
        index: usize,
    },
    /// The search did not end at a minimum.
    #[error("the fit did not converge: {0}")]
    NotConverged(Words),
}

/// Which information matrix the standard errors come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Information {
    /// Second derivatives of the residual sum of squares at the minimum (as drc reports).
    #[default]
    Observed,
    /// Products of first derivatives only (as nls and SciPy's curve_fit report).
    Expected,
}

/// A fitted curve.
#[derive(Debug, Clone, PartialEq)]
pub struct CurveFit {
    /// Estimates.
    pub parameters: CurveParameters,
    /// Covariance of b, c, d, e, g in that order; the last row is 0 for four parameters.
    pub covariance: [[f64; SLOTS]; SLOTS],
    /// Which information matrix gave the covariance: the expected one when the observed one is not
    /// positive definite.
    pub information: Information,
    /// Weighted residual sum of squares.
    pub rss: f64,
    /// Observations less parameters.
    pub residual_df: usize,
    /// Steps taken.
    pub steps: usize,
}

impl CurveFit {
    /// Variance of the fitted response at ln dose, from the parameters' covariance.
    pub fn prediction_variance(&self, log_dose: f64) -> f64 {
        let theta = self.parameters.internal();
        let gradient = if self.parameters.g == 1.0 {
            let (_, g) = value_and_gradient::<4>(&[theta[0], theta[1], theta[2], theta[3]], log_dose);
            [g[0], g[1], g[2], g[3], 0.0]
        } else {
            value_and_gradient::<5>(&theta, log_dose).1
        };
        let by = [1.0, 1.0, 1.0, 1.0 / self.parameters.e, 1.0 / self.parameters.g];
        let mut variance = 0.0;
        for i in 0..SLOTS {
            for k in 0..SLOTS {
                variance += gradient[i] * by[i] * gradient[k] * by[k] * self.covariance[i][k];
            }
        }
        variance
    }

    /// Standard error of a slot: 0 b, 1 c, 2 d, 3 e, 4 g.
    pub fn standard_error(&self, slot: usize) -> f64 {
        self.covariance.get(slot).and_then(|row| row.get(slot)).map_or(f64::NAN, |v| v.sqrt())
    }
}

/// Fits one curve. Refuses data that no curve can be fitted to; see [`FitError`].
pub fn fit_curve(
    model: CurveModel,
    observations: &[Observation],
    information: Information,
) -> Result<CurveFit, FitError> {
    check_observations(model, observations)?;
    match model {
        CurveModel::FourParameter => fit_sized::<4>(observations, information),
        CurveModel::FiveParameter => fit_sized::<5>(observations, information),
    }
}

/// The refusals that do not need a fit.
pub(crate) fn check_observations(model: CurveModel, observations: &[Observation]) -> Result<(), FitError> {
    let parameters = model.parameter_count();
    let mut seen = [f64::NAN; 5];
    let mut distinct = 0;
    let mut first = f64::NAN;
    let mut varies = false;
    for (index, o) in observations.iter().enumerate() {
        let dose_well = o.log_dose == f64::NEG_INFINITY || o.log_dose.is_finite();
        if !dose_well || !o.response.is_finite() || !o.weight.is_finite() || o.weight <= 0.0 {
            return Err(FitError::BadObservation { index });
        }
        if distinct < parameters && !seen.iter().take(distinct).any(|s| *s == o.log_dose) {
            if let Some(place) = seen.get_mut(distinct) {
                *place = o.log_dose;
            }
            distinct += 1;
        }
        if index == 0 {
            first = o.response;
        }
        varies |= o.response != first;
    }
    if distinct < parameters {
        return Err(FitError::TooFewDoses { found: distinct, needed: parameters });
    }
    if observations.len() <= parameters {
        return Err(FitError::TooFewObservations { found: observations.len(), parameters });
    }
    if !varies {
        return Err(FitError::AllResponsesEqual { count: observations.len(), response: first });
    }
    Ok(())
}

fn fit_sized<const P: usize>(
    observations: &[Observation],
    information: Information,
) -> Result<CurveFit, FitError> {
    let extent = Extent::of(observations);
    let data = Grouped::of(observations);
    let mut best: Option<Minimum<P>> = None;
    if let Some(start) = start_from_data::<P>(&data, &extent) {
        best = Some(descend(start, &data));
    }
    // The start from the data is nearly always right; when its minimum looks strange the whole
    // plausible region is searched.
    if best.as_ref().is_none_or(|m| m.is_strange(&extent)) {
        for start in starts_from_grid::<P>(&data, &extent) {
            let minimum = descend(start, &data);
            let better = best.as_ref().is_none_or(|b| {
                (minimum.converged && !b.converged)
                    || (minimum.converged == b.converged && minimum.rss < b.rss)
            });
            if better {
                best = Some(minimum);
            }
        }
    }
    let minimum =
        best.ok_or(FitError::NotConverged(words("no starting value could be found", "找不到起始值")))?;
    if !minimum.converged {
        return Err(FitError::NotConverged(undetermined::<P>(words(
            "the steps did not settle",
            "疊代未收斂",
        ))));
    }
    finish(minimum, &data, information)
}

/// Names the asymptotes (c below d), and turns the information matrix into standard errors.
fn finish<const P: usize>(
    mut m: Minimum<P>,
    data: &Grouped,
    information: Information,
) -> Result<CurveFit, FitError> {
    if P == 4 && m.theta[1] > m.theta[2] {
        // The same curve written the other way round.
        m.theta.swap(1, 2);
        m.theta[0] = -m.theta[0];
    }
    if information == Information::Observed {
        polish(&mut m, data);
    }
    let theta = widen(&m.theta);
    let residual_df = data.count - P;
    let scale = m.rss / residual_df as f64;
    let normal = normal_equations(&m.theta, data);
    let mut used = information;
    let mut inverse = None;
    if information == Information::Observed {
        inverse = invert(&observed_information(&m.theta, &normal, data));
    }
    if inverse.is_none() {
        used = Information::Expected;
        inverse = invert(&normal.matrix);
    }
    let inverse = inverse.ok_or(FitError::NotConverged(undetermined::<P>(words(
        "the data do not determine every parameter",
        "資料不足以決定所有參數",
    ))))?;
    let parameters = CurveParameters::from_internal(&theta);
    let by = [1.0, 1.0, 1.0, parameters.e, parameters.g];
    let mut covariance = [[0.0; SLOTS]; SLOTS];
    for i in 0..P {
        for k in 0..P {
            covariance[i][k] = scale * inverse[i][k] * by[i] * by[k];
        }
    }
    Ok(CurveFit { parameters, covariance, information: used, rss: m.rss, residual_df, steps: m.steps })
}

/// Five parameters that do not settle are nearly always an asymmetry the data cannot tell.
const fn undetermined<const P: usize>(otherwise: Words) -> Words {
    if P == 5 {
        words(
            "the data do not determine the asymmetry; try four parameters",
            "資料不足以決定不對稱參數；請改用四參數",
        )
    } else {
        otherwise
    }
}

/// Half the second derivatives of the sum of squares (lower triangle).
fn observed_information<const P: usize>(
    theta: &[f64; P],
    normal: &Normal<P>,
    data: &Grouped,
) -> [[f64; P]; P] {
    let wide = widen(theta);
    let mut observed = normal.matrix;
    for o in &data.points {
        let residual = o.weight * (o.response - value(&wide, o.log_dose));
        let second = second_derivatives(&wide, P == 5, o.log_dose);
        for i in 0..P {
            for k in 0..=i {
                observed[i][k] -= residual * second[i][k];
            }
        }
    }
    observed
}

/// A few Newton steps: where residuals are large against the curvature the search creeps, and
/// Newton's steps end at the minimum itself.
fn polish<const P: usize>(m: &mut Minimum<P>, data: &Grouped) {
    for _ in 0..6 {
        let normal = normal_equations(&m.theta, data);
        let Some(inverse) = invert(&observed_information(&m.theta, &normal, data)) else {
            return;
        };
        let mut trial = m.theta;
        let mut small = true;
        for i in 0..P {
            let step: f64 = (0..P).map(|k| inverse[i][k] * normal.gradient[k]).sum();
            trial[i] += step;
            small &= step.abs() <= 1e-13 * (1.0 + m.theta[i].abs());
        }
        let rss = normal_equations(&trial, data).rss;
        let better = rss <= m.rss * (1.0 + 1e-14) && trial[0] * m.theta[0] > 0.0;
        if !better {
            return;
        }
        m.theta = trial;
        m.rss = rss;
        if small {
            return;
        }
    }
}
