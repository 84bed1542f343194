//! The search behind a single curve's fit: starting values from the data, Levenberg-Marquardt with
//! the exact gradient, small dense algebra on the stack. Knows no standard error and no refusal.

// Index loops read like the formulae they are, over arrays whose size the compiler knows.
#![allow(clippy::needless_range_loop)]

use crate::curve::{Observation, SLOTS, value, value_and_gradient};

/// Steps tried before a fit is given up.
const STEPS_MAX: usize = 200;
/// Distinct doses among which replicates are looked for.
const GROUPS_SEARCHED: usize = 64;

/// Observations with replicates at one dose drawn together: their mean with the sum of their
/// weights gives the same normal equations as the replicates themselves, and the curve is computed
/// once. The sum of squares inside the groups is the same for every curve.
pub(crate) struct Grouped {
    pub(crate) points: Vec<Observation>,
    pub(crate) within: f64,
    pub(crate) count: usize,
}

impl Grouped {
    pub(crate) fn of(observations: &[Observation]) -> Grouped {
        let mut points: Vec<Observation> = Vec::with_capacity(observations.len().min(GROUPS_SEARCHED));
        let mut within = 0.0;
        for o in observations {
            let recent = points.len().saturating_sub(GROUPS_SEARCHED);
            match points.iter_mut().skip(recent).rev().find(|p| p.log_dose == o.log_dose) {
                Some(group) => {
                    // Welford's step keeps mean and sum of squares exact for close replicates.
                    let weight = group.weight + o.weight;
                    let gap = o.response - group.response;
                    within += group.weight * o.weight / weight * gap * gap;
                    group.response += o.weight / weight * gap;
                    group.weight = weight;
                }
                None => points.push(*o),
            }
        }
        Grouped { points, within, count: observations.len() }
    }
}

/// Extent of the data, for starting values and for judging a minimum.
pub(crate) struct Extent {
    response_min: f64,
    response_max: f64,
    log_dose_min: f64,
    log_dose_max: f64,
    total: f64,
}

impl Extent {
    pub(crate) fn of(observations: &[Observation]) -> Extent {
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
        e.total = observations.iter().map(|o| o.weight * (o.response - mean).powi(2)).sum();
        e
    }
}

/// Asymptotes a little beyond the data, slope and middle by the logit line.
pub(crate) fn start_from_data<const P: usize>(data: &Grouped, extent: &Extent) -> Option<[f64; P]> {
    let range = extent.response_max - extent.response_min;
    let (c, d) = (extent.response_min - 0.02 * range, extent.response_max + 0.02 * range);
    let (mut w, mut sx, mut sz, mut sxx, mut sxz) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for o in &data.points {
        if !o.log_dose.is_finite() {
            continue;
        }
        let share = (o.response - c) / (d - c);
        // Points near an asymptote carry no slope; they are weighted down as in logit regression.
        let weight = o.weight * share * (1.0 - share);
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
/// best combinations are handed on. With five parameters a curve with c above d is another curve, not
/// the same one written the other way round; only c below d is searched (as drc does).
pub(crate) fn starts_from_grid<const P: usize>(data: &Grouped, extent: &Extent) -> Vec<[f64; P]> {
    let width = (extent.log_dose_max - extent.log_dose_min).max(1e-6);
    let mut candidates: Vec<(f64, [f64; P])> = Vec::new();
    for k in 0..=12 {
        let log_e = extent.log_dose_min + width * (f64::from(k) - 1.0) / 10.0;
        for steepness in [0.3, 0.7, 1.5, 3.0, 8.0] {
            for b in [steepness, -steepness] {
                let (mut w, mut q1, mut q2, mut y1, mut qy) = (0.0, 0.0, 0.0, 0.0, 0.0);
                for o in &data.points {
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
                if P == 5 && range <= 0.0 {
                    continue;
                }
                let c = (y1 - range * q1) / w;
                let theta = start_at::<P>(b, c, c + range, log_e);
                candidates.push((residual_sum(&theta, &data.points), theta));
            }
        }
    }
    candidates.sort_by(|x, y| x.0.total_cmp(&y.0));
    candidates.into_iter().take(4).map(|(_, theta)| theta).collect()
}

pub(crate) fn widen<const P: usize>(theta: &[f64; P]) -> [f64; SLOTS] {
    let mut wide = [0.0; SLOTS];
    for (to, from) in wide.iter_mut().zip(theta) {
        *to = *from;
    }
    wide
}

fn residual_sum<const P: usize>(theta: &[f64; P], observations: &[Observation]) -> f64 {
    let wide = widen(theta);
    observations.iter().map(|o| o.weight * (o.response - value(&wide, o.log_dose)).powi(2)).sum()
}

/// Where a descent ended.
pub(crate) struct Minimum<const P: usize> {
    pub(crate) theta: [f64; P],
    pub(crate) rss: f64,
    pub(crate) steps: usize,
    pub(crate) converged: bool,
}

impl<const P: usize> Minimum<P> {
    pub(crate) fn is_strange(&self, extent: &Extent) -> bool {
        let beyond = 2.5;
        !self.converged
            || self.theta[3] < extent.log_dose_min - beyond
            || self.theta[3] > extent.log_dose_max + beyond
            || self.theta[0].abs() > 20.0
            || self.rss > 0.5 * extent.total
    }
}

/// Normal equations at a point.
pub(crate) struct Normal<const P: usize> {
    pub(crate) matrix: [[f64; P]; P],
    pub(crate) gradient: [f64; P],
    pub(crate) rss: f64,
}

#[inline]
pub(crate) fn normal_equations<const P: usize>(theta: &[f64; P], data: &Grouped) -> Normal<P> {
    let mut n = Normal { matrix: [[0.0; P]; P], gradient: [0.0; P], rss: data.within };
    for o in &data.points {
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
pub(crate) fn descend<const P: usize>(start: [f64; P], data: &Grouped) -> Minimum<P> {
    let mut theta = start;
    let mut normal = normal_equations(&theta, data);
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
        // 1e-16 of the sum is a step of about 1e-8 standard errors.
        let negligible = predicted <= 1e-16 * normal.rss || normal.rss == 0.0;
        if small || (negligible && damping <= 1e-3) {
            return Minimum { theta, rss: normal.rss, steps, converged: true };
        }
        let allowed = trial[0] * theta[0] > 0.0
            && (P == 4 || trial[1] < trial[2])
            && trial.iter().all(|t| t.is_finite())
            && trial[P - 1].abs() < 1e12;
        let next = if allowed { Some(normal_equations(&trial, data)) } else { None };
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
                    return Minimum { theta, rss: normal.rss, steps, converged };
                }
            }
        }
    }
    Minimum { theta, rss: normal.rss, steps, converged: false }
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

pub(crate) fn invert<const P: usize>(matrix: &[[f64; P]; P]) -> Option<[[f64; P]; P]> {
    let factor = cholesky(matrix)?;
    let mut inverse = [[0.0; P]; P];
    for i in 0..P {
        let mut unit = [0.0; P];
        unit[i] = 1.0;
        inverse[i] = solve(&factor, &unit);
    }
    Some(inverse)
}
