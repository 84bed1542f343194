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

/// Steps tried before a fit is given up.
const STEPS_MAX: usize = 200;

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
    #[error(
        "{found} observations for {parameters} parameters leave nothing to estimate the error from"
    )]
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
    NotConverged(&'static str),
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
    /// Standard error of a slot: 0 b, 1 c, 2 d, 3 e, 4 g.
    pub fn standard_error(&self, slot: usize) -> f64 {
        self.covariance
            .get(slot)
            .and_then(|row| row.get(slot))
            .map_or(f64::NAN, |v| v.sqrt())
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
pub(crate) fn check_observations(
    model: CurveModel,
    observations: &[Observation],
) -> Result<(), FitError> {
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
        return Err(FitError::TooFewDoses {
            found: distinct,
            needed: parameters,
        });
    }
    if observations.len() <= parameters {
        return Err(FitError::TooFewObservations {
            found: observations.len(),
            parameters,
        });
    }
    if !varies {
        return Err(FitError::AllResponsesEqual {
            count: observations.len(),
            response: first,
        });
    }
    Ok(())
}

fn fit_sized<const P: usize>(
    observations: &[Observation],
    information: Information,
) -> Result<CurveFit, FitError> {
    let extent = Extent::of(observations);
    let mut best: Option<Minimum<P>> = None;
    if let Some(start) = start_from_data::<P>(observations, &extent) {
        best = Some(descend(start, observations));
    }
    // The start from the data is nearly always right; when its minimum looks strange the whole
    // plausible region is searched.
    if best.as_ref().is_none_or(|m| m.is_strange(&extent)) {
        for start in starts_from_grid::<P>(observations, &extent) {
            let minimum = descend(start, observations);
            let better = best.as_ref().is_none_or(|b| {
                (minimum.converged && !b.converged)
                    || (minimum.converged == b.converged && minimum.rss < b.rss)
            });
            if better {
                best = Some(minimum);
            }
        }
    }
    let minimum = best.ok_or(FitError::NotConverged("no starting value could be found"))?;
    if !minimum.converged {
        return Err(FitError::NotConverged("the steps did not settle"));
    }
    finish(minimum, observations, information)
}

/// Extent of the data, for starting values and for judging a minimum.
struct Extent {
    response_min: f64,
    response_max: f64,
    log_dose_min: f64,
    log_dose_max: f64,
    total: f64,
}

impl Extent {
    fn of(observations: &[Observation]) -> Extent {
        let mut e = Extent {
            response_min: f64::INFINITY,
            response_max: f64::NEG_INFINITY,
            log_dose_min: f64::INFINITY,
            log_dose_max: f64::NEG_INFINITY,
            total: 0.0,
        };
        let (mut weight, mut mean) = (0.0, 0.0);
        for o in observations {
            e.response_min = e.response_min.min(o.response);
            e.response_max = e.response_max.max(o.response);
            if o.log_dose.is_finite() {
                e.log_dose_min = e.log_dose_min.min(o.log_dose);
                e.log_dose_max = e.log_dose_max.max(o.log_dose);
            }
            weight += o.weight;
            mean += o.weight * o.response;
        }
        mean /= weight;
        e.total = observations
            .iter()
            .map(|o| o.weight * (o.response - mean).powi(2))
            .sum();
        e
    }
}

/// Asymptotes a little beyond the data, slope and middle by the logit line.
fn start_from_data<const P: usize>(
    observations: &[Observation],
    extent: &Extent,
) -> Option<[f64; P]> {
    let range = extent.response_max - extent.response_min;
    let (c, d) = (
        extent.response_min - 0.02 * range,
        extent.response_max + 0.02 * range,
    );
    let (mut w, mut sx, mut sz, mut sxx, mut sxz) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for o in observations {
        if !o.log_dose.is_finite() {
            continue;
        }
        let share = (o.response - c) / (d - c);
        // Points near an asymptote carry no slope; they are weighted down as in logit regression.
        let weight = share * (1.0 - share);
        let logit = ((1.0 - share) / share).ln();
        w += weight;
        sx += weight * o.log_dose;
        sz += weight * logit;
        sxx += weight * o.log_dose * o.log_dose;
        sxz += weight * o.log_dose * logit;
    }
    let spread = w * sxx - sx * sx;
    if spread <= 0.0 || !spread.is_finite() {
        return None;
    }
    let b = (w * sxz - sx * sz) / spread;
    if b == 0.0 || !b.is_finite() {
        return None;
    }
    let log_e = sx / w - (sz / w) / b;
    let log_e = log_e.clamp(extent.log_dose_min - 1.0, extent.log_dose_max + 1.0);
    Some(start_at(b, c, d, log_e))
}

fn start_at<const P: usize>(b: f64, c: f64, d: f64, log_e: f64) -> [f64; P] {
    let mut theta = [0.0; P];
    theta[0] = b;
    theta[1] = c;
    theta[2] = d;
    theta[3] = log_e;
    theta
}

/// For each slope and middle of a grid the best asymptotes are a straight-line problem; the four
/// best combinations are handed on.
fn starts_from_grid<const P: usize>(
    observations: &[Observation],
    extent: &Extent,
) -> Vec<[f64; P]> {
    let width = (extent.log_dose_max - extent.log_dose_min).max(1e-6);
    let mut candidates: Vec<(f64, [f64; P])> = Vec::new();
    for k in 0..=12 {
        let log_e = extent.log_dose_min + width * (f64::from(k) - 1.0) / 10.0;
        for steepness in [0.3, 0.7, 1.5, 3.0, 8.0] {
            for b in [steepness, -steepness] {
                let (mut w, mut q1, mut q2, mut y1, mut qy) = (0.0, 0.0, 0.0, 0.0, 0.0);
                for o in observations {
                    let q = value(&[b, 0.0, 1.0, log_e, 0.0], o.log_dose);
                    w += o.weight;
                    q1 += o.weight * q;
                    q2 += o.weight * q * q;
                    y1 += o.weight * o.response;
                    qy += o.weight * q * o.response;
                }
                let determinant = w * q2 - q1 * q1;
                if determinant <= 1e-12 * w * w {
                    continue;
                }
                let range = (w * qy - q1 * y1) / determinant;
                let c = (y1 - range * q1) / w;
                let theta = start_at::<P>(b, c, c + range, log_e);
                candidates.push((residual_sum(&theta, observations), theta));
            }
        }
    }
    candidates.sort_by(|x, y| x.0.total_cmp(&y.0));
    candidates
        .into_iter()
        .take(4)
        .map(|(_, theta)| theta)
        .collect()
}

fn widen<const P: usize>(theta: &[f64; P]) -> [f64; SLOTS] {
    let mut wide = [0.0; SLOTS];
    for (to, from) in wide.iter_mut().zip(theta) {
        *to = *from;
    }
    wide
}

fn residual_sum<const P: usize>(theta: &[f64; P], observations: &[Observation]) -> f64 {
    let wide = widen(theta);
    observations
        .iter()
        .map(|o| o.weight * (o.response - value(&wide, o.log_dose)).powi(2))
        .sum()
}

/// Where a descent ended.
struct Minimum<const P: usize> {
    theta: [f64; P],
    rss: f64,
    steps: usize,
    converged: bool,
}

impl<const P: usize> Minimum<P> {
    fn is_strange(&self, extent: &Extent) -> bool {
        let beyond = 2.5;
        !self.converged
            || self.theta[3] < extent.log_dose_min - beyond
            || self.theta[3] > extent.log_dose_max + beyond
            || self.theta[0].abs() > 20.0
            || self.rss > 0.5 * extent.total
    }
}

/// Normal equations at a point.
struct Normal<const P: usize> {
    matrix: [[f64; P]; P],
    gradient: [f64; P],
    rss: f64,
}

#[inline]
fn normal_equations<const P: usize>(theta: &[f64; P], observations: &[Observation]) -> Normal<P> {
    let mut n = Normal {
        matrix: [[0.0; P]; P],
        gradient: [0.0; P],
        rss: 0.0,
    };
    for o in observations {
        let (f, j) = value_and_gradient(theta, o.log_dose);
        let residual = o.response - f;
        n.rss += o.weight * residual * residual;
        for i in 0..P {
            let wj = o.weight * j[i];
            n.gradient[i] += wj * residual;
            for k in 0..=i {
                n.matrix[i][k] += wj * j[k];
            }
        }
    }
    n
}

/// Levenberg-Marquardt with Marquardt's scaling. Steps that change the sign of b are refused: they
/// would move every dose-0 observation from one asymptote to the other.
fn descend<const P: usize>(start: [f64; P], observations: &[Observation]) -> Minimum<P> {
    let mut theta = start;
    let mut normal = normal_equations(&theta, observations);
    let mut damping = 1e-3;
    let mut steps = 0;
    while steps < STEPS_MAX {
        steps += 1;
        let Some(step) = damped_step(&normal, damping) else {
            damping = (damping * 10.0).max(1e-8);
            if damping > 1e12 {
                break;
            }
            continue;
        };
        let mut trial = theta;
        let mut small = true;
        for i in 0..P {
            trial[i] += step[i];
            small &= step[i].abs() <= 1e-11 * (theta[i].abs() + 1e-6);
        }
        let predicted: f64 = (0..P).map(|i| step[i] * normal.gradient[i]).sum();
        let negligible = predicted <= 1e-20 * normal.rss || normal.rss == 0.0;
        if small || (negligible && damping <= 1e-3) {
            return Minimum {
                theta,
                rss: normal.rss,
                steps,
                converged: true,
            };
        }
        let allowed = trial[0] * theta[0] > 0.0
            && trial.iter().all(|t| t.is_finite())
            && trial[P - 1].abs() < 1e12;
        let next = if allowed {
            Some(normal_equations(&trial, observations))
        } else {
            None
        };
        match next {
            Some(next) if next.rss <= normal.rss => {
                theta = trial;
                normal = next;
                damping = (damping * 0.1).max(1e-15);
            }
            _ => {
                damping *= 10.0;
                if damping > 1e12 {
                    // No step of any length lowers the sum: rounding has been reached.
                    let converged = predicted <= 1e-9 * normal.rss.max(f64::MIN_POSITIVE);
                    return Minimum {
                        theta,
                        rss: normal.rss,
                        steps,
                        converged,
                    };
                }
            }
        }
    }
    Minimum {
        theta,
        rss: normal.rss,
        steps,
        converged: false,
    }
}

fn damped_step<const P: usize>(normal: &Normal<P>, damping: f64) -> Option<[f64; P]> {
    let mut matrix = normal.matrix;
    for (i, row) in matrix.iter_mut().enumerate() {
        row[i] += damping * row[i].max(1e-30);
    }
    let factor = cholesky(&matrix)?;
    Some(solve(&factor, &normal.gradient))
}

/// Lower Cholesky factor of a symmetric matrix given by its lower triangle.
fn cholesky<const P: usize>(matrix: &[[f64; P]; P]) -> Option<[[f64; P]; P]> {
    let mut l = [[0.0; P]; P];
    for i in 0..P {
        for j in 0..=i {
            let mut sum = matrix[i][j];
            for k in 0..j {
                sum -= l[i][k] * l[j][k];
            }
            if i == j {
                // Relative to the diagonal: a pivot of nothing but rounding is no pivot.
                let pivot = sum > 1e-14 * matrix[i][i] && sum.is_finite();
                if !pivot {
                    return None;
                }
                l[i][i] = sum.sqrt();
            } else {
                l[i][j] = sum / l[j][j];
            }
        }
    }
    Some(l)
}

fn solve<const P: usize>(l: &[[f64; P]; P], right: &[f64; P]) -> [f64; P] {
    let mut x = *right;
    for i in 0..P {
        for k in 0..i {
            x[i] -= l[i][k] * x[k];
        }
        x[i] /= l[i][i];
    }
    for i in (0..P).rev() {
        for k in i + 1..P {
            x[i] -= l[k][i] * x[k];
        }
        x[i] /= l[i][i];
    }
    x
}

fn invert<const P: usize>(matrix: &[[f64; P]; P]) -> Option<[[f64; P]; P]> {
    let factor = cholesky(matrix)?;
    let mut inverse = [[0.0; P]; P];
    for i in 0..P {
        let mut unit = [0.0; P];
        unit[i] = 1.0;
        inverse[i] = solve(&factor, &unit);
    }
    Some(inverse)
}

/// Names the asymptotes (c below d), and turns the information matrix into standard errors.
fn finish<const P: usize>(
    mut m: Minimum<P>,
    observations: &[Observation],
    information: Information,
) -> Result<CurveFit, FitError> {
    if P == 4 && m.theta[1] > m.theta[2] {
        // The same curve written the other way round.
        m.theta.swap(1, 2);
        m.theta[0] = -m.theta[0];
    }
    let theta = widen(&m.theta);
    let residual_df = observations.len() - P;
    let scale = m.rss / residual_df as f64;
    let expected = normal_equations(&m.theta, observations).matrix;
    let mut used = information;
    let mut inverse = None;
    if information == Information::Observed {
        let mut observed = expected;
        for o in observations {
            let residual = o.weight * (o.response - value(&theta, o.log_dose));
            let second = second_derivatives(&theta, P == 5, o.log_dose);
            for i in 0..P {
                for k in 0..=i {
                    observed[i][k] -= residual * second[i][k];
                }
            }
        }
        inverse = invert(&observed);
    }
    if inverse.is_none() {
        used = Information::Expected;
        inverse = invert(&expected);
    }
    let inverse = inverse.ok_or(FitError::NotConverged(
        "the data do not determine every parameter",
    ))?;
    let parameters = CurveParameters::from_internal(&theta);
    let by = [1.0, 1.0, 1.0, parameters.e, parameters.g];
    let mut covariance = [[0.0; SLOTS]; SLOTS];
    for i in 0..P {
        for k in 0..P {
            covariance[i][k] = scale * inverse[i][k] * by[i] * by[k];
        }
    }
    Ok(CurveFit {
        parameters,
        covariance,
        information: used,
        rss: m.rss,
        residual_df,
        steps: m.steps,
    })
}
