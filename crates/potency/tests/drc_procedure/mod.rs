//! The way the R package drc comes to its estimates, written again for tests: starting values, scaling,
//! Nash's variable-metric search with differences for derivatives, and its early stop. It shows that
//! drc's printed digits are what that search leaves behind, not another minimum. Knows no report; the
//! product never searches like this.
//!
//! Sources: Nash JC, Compact Numerical Methods for Computers, 2nd ed. 1990, algorithm 21; R's manual
//! page of `optim` (steps of 1e-3, parscale); drc's manual page of `drmc` (relTol 1e-7, 500 steps).

use nalgebra::{DMatrix, DVector};

/// Relative change of the sum of squares below which drc stops.
const RELATIVE_STOP: f64 = 1e-7;
const STEPS_MAX: usize = 500;
/// Step of a difference, in units of each parameter's scale.
const DIFFERENCE: f64 = 1e-3;
/// A rejected step is shortened to this part of itself.
const SHORTER: f64 = 0.2;
/// Share of the promised fall that a step must deliver.
const DELIVERED: f64 = 1e-4;

/// Where the search stopped.
pub struct Stopped {
    /// Parameters, as the objective takes them.
    pub at: Vec<f64>,
    /// Sum of squares there.
    pub value: f64,
    /// Second derivatives there, by differences.
    pub hessian: DMatrix<f64>,
}

/// drc's scale of doses or responses: the power of ten at or below the median; 1 when the median is 0.
pub fn scale(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    let median = if n % 2 == 1 { sorted[n / 2] } else { 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]) };
    if median > 0.0 { 10f64.powf(median.log10().floor()) } else { 1.0 }
}

/// drc's starting values of b, c, d, e: asymptotes a thousandth of the range beyond the data, then a
/// straight line through the logits of the positive doses.
pub fn start(points: &[(f64, f64)]) -> [f64; 4] {
    let low = points.iter().map(|p| p.1).fold(f64::INFINITY, f64::min);
    let high = points.iter().map(|p| p.1).fold(f64::NEG_INFINITY, f64::max);
    let beyond = 0.001 * (high - low);
    let (c, d) = (low - beyond, high + beyond);
    let logits: Vec<(f64, f64)> =
        points.iter().filter(|p| p.0 > 0.0).map(|(x, y)| (x.ln(), ((d - y) / (y - c)).ln())).collect();
    let n = logits.len() as f64;
    let mean_x = logits.iter().map(|p| p.0).sum::<f64>() / n;
    let mean_z = logits.iter().map(|p| p.1).sum::<f64>() / n;
    let slope = logits.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_z)).sum::<f64>()
        / logits.iter().map(|p| (p.0 - mean_x).powi(2)).sum::<f64>();
    [slope, c, d, (mean_x - mean_z / slope).exp()]
}

/// Searches the least value of `objective` from `from` as drc does.
pub fn search(objective: impl Fn(&[f64]) -> f64, from: &[f64]) -> Stopped {
    let unit: Vec<f64> = from.iter().map(|p| if p.abs() < 1e-4 { 1.0 } else { p.abs() }).collect();
    let n = from.len();
    let real = |p: &DVector<f64>| -> Vec<f64> { (0..n).map(|k| p[k] * unit[k]).collect() };
    let f = |p: &DVector<f64>| objective(&real(p));
    let gradient = |p: &DVector<f64>| {
        DVector::from_fn(n, |k, _| {
            let (mut up, mut down) = (p.clone(), p.clone());
            up[k] += DIFFERENCE;
            down[k] -= DIFFERENCE;
            (f(&up) - f(&down)) / (2.0 * DIFFERENCE)
        })
    };
    let mut at = DVector::from_fn(n, |k, _| from[k] / unit[k]);
    let mut least = f(&at);
    let mut slope = gradient(&at);
    let mut metric = DMatrix::<f64>::identity(n, n);
    // How many gradients ago the metric was the identity: 0 is a fresh start.
    let mut age = 0;
    for _ in 0..STEPS_MAX {
        let direction = -(&metric * &slope);
        let promised = direction.dot(&slope);
        let step = if promised < 0.0 { line_search(&f, &at, &direction, least, promised) } else { None };
        let Some((length, value)) = step else {
            // Nothing gained along this direction: from a fresh start that is the end.
            if age == 0 {
                break;
            }
            metric = DMatrix::identity(n, n);
            age = 0;
            continue;
        };
        let moved = length * &direction;
        at += &moved;
        let enough = (value - least).abs() > RELATIVE_STOP * (least.abs() + RELATIVE_STOP);
        least = value;
        if !enough {
            if age == 0 {
                break;
            }
            metric = DMatrix::identity(n, n);
            age = 0;
            continue;
        }
        let next = gradient(&at);
        let bend = &next - &slope;
        slope = next;
        age += 1;
        let along = moved.dot(&bend);
        if along > 0.0 {
            let turned = &metric * &bend;
            let weight = 1.0 + bend.dot(&turned) / along;
            metric += (weight * &moved * moved.transpose()
                - &moved * turned.transpose()
                - &turned * moved.transpose())
                / along;
        } else {
            age = 0;
        }
        if age > 2 * n {
            age = 0;
        }
        if age == 0 {
            metric = DMatrix::identity(n, n);
        }
    }
    // R takes the outer difference in the parameter itself, the inner one in its scale.
    let hessian = DMatrix::from_fn(n, n, |i, k| {
        let of = |i: usize, k: usize| {
            let (mut up, mut down) = (at.clone(), at.clone());
            up[i] += DIFFERENCE / unit[i];
            down[i] -= DIFFERENCE / unit[i];
            (gradient(&up)[k] - gradient(&down)[k]) / (2.0 * DIFFERENCE * unit[k])
        };
        0.5 * (of(i, k) + of(k, i))
    });
    Stopped { value: least, at: real(&at), hessian }
}

/// The longest of 1, 0.2, 0.04 … of the direction that lowers the value by enough, with the value there.
fn line_search(
    f: &impl Fn(&DVector<f64>) -> f64,
    at: &DVector<f64>,
    direction: &DVector<f64>,
    least: f64,
    promised: f64,
) -> Option<(f64, f64)> {
    let mut length = 1.0;
    loop {
        let trial = at + length * direction;
        // A step that no longer changes any parameter's first sixteen digits beside 10 is none.
        if at.iter().zip(trial.iter()).all(|(a, b)| 10.0 + a == 10.0 + b) {
            return None;
        }
        let value = f(&trial);
        if value.is_finite() && value <= least + promised * length * DELIVERED {
            return Some((length, value));
        }
        length *= SHORTER;
    }
}
