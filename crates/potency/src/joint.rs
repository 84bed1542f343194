//! Least-squares fit of several curves at once, each parameter shared or each curve's own.
//! Knows no preparation names and no potency; linear algebra by nalgebra.

// Index loops read like the formulae they are.
#![allow(clippy::needless_range_loop)]

use nalgebra::{DMatrix, DVector};

use crate::curve::{
    CurveModel, CurveParameters, Observation, SLOTS, second_derivatives, value, value_and_gradient,
};
use crate::fit::{FitError, Information, check_observations, fit_curve};
use crate::words::words;

/// Which of b, c, d, e, g all curves share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shared {
    /// For b, c, d, e, g in that order.
    pub slots: [bool; SLOTS],
}

impl Shared {
    /// Parallel curves: everything shared but the dose at the middle.
    pub const PARALLEL: Shared = Shared { slots: [true, true, true, false, true] };
    /// Every curve its own parameters.
    pub const NOTHING: Shared = Shared { slots: [false; SLOTS] };
}

/// Maps each curve's slots to positions in the vector of parameters that are fitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    model: CurveModel,
    index: Vec<[usize; SLOTS]>,
    count: usize,
}

impl Layout {
    /// Layout for `curves` curves.
    pub fn new(model: CurveModel, curves: usize, shared: Shared) -> Layout {
        let mut index = vec![[usize::MAX; SLOTS]; curves];
        let mut count = 0;
        for slot in 0..model.parameter_count() {
            for (curve, places) in index.iter_mut().enumerate() {
                if curve == 0 || !shared.slots[slot] {
                    count += 1;
                }
                places[slot] = count - 1;
            }
        }
        Layout { model, index, count }
    }

    /// The same layout with the middle dose of curve `b` tied to that of curve `a`.
    pub fn tie_middle(&self, a: usize, b: usize) -> Layout {
        let mut tied = self.clone();
        let (Some(keep), Some(gone)) = (self.place(a, 3), self.place(b, 3)) else {
            return tied;
        };
        if keep == gone {
            return tied;
        }
        for places in &mut tied.index {
            for place in places.iter_mut().filter(|p| **p != usize::MAX) {
                if *place == gone {
                    *place = keep;
                }
                if *place > gone {
                    *place -= 1;
                }
            }
        }
        tied.count -= 1;
        tied
    }

    /// Number of fitted parameters.
    pub fn parameter_count(&self) -> usize {
        self.count
    }

    /// Position of a curve's slot in the fitted vector.
    pub fn place(&self, curve: usize, slot: usize) -> Option<usize> {
        self.index.get(curve).and_then(|p| p.get(slot)).copied().filter(|p| *p != usize::MAX)
    }

    fn theta(&self, curve: usize, vector: &DVector<f64>) -> [f64; SLOTS] {
        let mut theta = [0.0; SLOTS];
        for (slot, t) in theta.iter_mut().enumerate() {
            if let Some(place) = self.place(curve, slot) {
                *t = vector[place];
            }
        }
        theta
    }
}

/// A joint fit.
#[derive(Debug, Clone)]
pub struct JointFit {
    /// Which parameter is where.
    pub layout: Layout,
    /// Per curve.
    pub curves: Vec<CurveParameters>,
    /// Covariance of the fitted vector with e and g (not their logarithms).
    pub covariance: DMatrix<f64>,
    /// Which information matrix gave it.
    pub information: Information,
    /// Weighted residual sum of squares.
    pub rss: f64,
    /// Observations less fitted parameters.
    pub residual_df: usize,
    vector: DVector<f64>,
}

impl JointFit {
    /// Variance of the residuals.
    pub fn residual_variance(&self) -> f64 {
        self.rss / self.residual_df as f64
    }

    /// Standard error of a curve's slot, `None` where the model has no such slot.
    pub fn standard_error(&self, curve: usize, slot: usize) -> Option<f64> {
        self.layout.place(curve, slot).map(|p| self.covariance[(p, p)].sqrt())
    }

    /// Covariance of two curves' slots (0 where a slot is absent).
    pub fn covariance_of(&self, first: (usize, usize), second: (usize, usize)) -> f64 {
        match (self.layout.place(first.0, first.1), self.layout.place(second.0, second.1)) {
            (Some(i), Some(j)) => self.covariance[(i, j)],
            _ => 0.0,
        }
    }
}

/// Fits curves with shared parameters, each curve first alone for its starting values.
pub fn fit_joint(
    model: CurveModel,
    curves: &[Vec<Observation>],
    shared: Shared,
    information: Information,
) -> Result<JointFit, FitError> {
    let layout = Layout::new(model, curves.len(), shared);
    let mut sum = DVector::<f64>::zeros(layout.count);
    let mut uses = DVector::<f64>::zeros(layout.count);
    for (curve, observations) in curves.iter().enumerate() {
        check_observations(model, observations)?;
        let alone = fit_curve(model, observations, Information::Expected)?.parameters.internal();
        for (slot, x) in alone.iter().enumerate() {
            if let Some(place) = layout.place(curve, slot) {
                sum[place] += x;
                uses[place] += 1.0;
            }
        }
    }
    let start = sum.component_div(&uses);
    let mut best: Option<(DVector<f64>, f64)> = None;
    // A curve that runs against the others gives a mean slope near 0; steeper starts on either side
    // are tried too and the lowest minimum kept.
    for factor in [1.0, 2.0, -1.0] {
        let mut from = start.clone();
        for curve in 0..curves.len() {
            if let (true, Some(place)) = (shared.slots[0] && curve == 0, layout.place(curve, 0)) {
                from[place] *= factor;
            }
        }
        if let Some((vector, rss)) = descend(&layout, curves, from, Wanted::Place)
            && best.as_ref().is_none_or(|b| rss < b.1)
        {
            best = Some((vector, rss));
        }
        if !shared.slots[0] || (factor == 1.0 && curves.len() == 1) {
            break;
        }
    }
    let (vector, rss) = best.ok_or(FitError::NotConverged(words("the curves together", "共同擬合之曲線")))?;
    finish(layout, curves, vector, rss, information)
}

/// Parameters of a fit in which two middles are tied, and its sum of squares.
pub(crate) struct Tied {
    vector: DVector<f64>,
    pub(crate) rss: f64,
}

/// Continues a joint fit on other data with two middles tied, from the fit itself and from a neighbour on
/// the profile of the likelihood, and gives the lower: where a slope grows steep only the neighbour leads on.
pub(crate) fn refit_tied(
    fit: &JointFit,
    curves: &[Vec<Observation>],
    reference: usize,
    test: usize,
    neighbour: Option<&Tied>,
) -> Option<Tied> {
    let layout = fit.layout.tie_middle(reference, test);
    let mut start = DVector::<f64>::zeros(layout.count);
    for curve in 0..curves.len() {
        for slot in 0..SLOTS {
            if let (Some(to), Some(from)) = (layout.place(curve, slot), fit.layout.place(curve, slot))
                && !(slot == 3 && curve == test)
            {
                start[to] = fit.vector[from];
            }
        }
    }
    [Some(start), neighbour.map(|n| n.vector.clone())]
        .into_iter()
        .flatten()
        .filter_map(|from| descend(&layout, curves, from, Wanted::Sum))
        .map(|(vector, rss)| Tied { vector, rss })
        .min_by(|a, b| a.rss.total_cmp(&b.rss))
}

/// What a descent is made for.
#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    /// The parameters: they must have settled.
    Place,
    /// The sum of squares alone: where the potency held leaves a parameter undetermined (a slope that
    /// may be as steep as it likes), the parameter runs on while the sum has long reached its limit.
    Sum,
}

/// Steps of a descent.
const STEPS_MAX: usize = 400;
/// Steps at the end over which the sum must have stood still when the sum alone is wanted.
const STEPS_STILL: usize = 100;

struct Equations {
    matrix: DMatrix<f64>,
    gradient: DVector<f64>,
    rss: f64,
}

fn equations(
    layout: &Layout,
    curves: &[Vec<Observation>],
    vector: &DVector<f64>,
    observed: bool,
) -> Equations {
    let n = layout.count;
    let mut e = Equations { matrix: DMatrix::zeros(n, n), gradient: DVector::zeros(n), rss: 0.0 };
    let five = layout.model == CurveModel::FiveParameter;
    let slots = layout.model.parameter_count();
    for (curve, observations) in curves.iter().enumerate() {
        let theta = layout.theta(curve, vector);
        let places = layout.index[curve];
        for o in observations {
            let (f, j) = if five {
                value_and_gradient::<5>(&theta, o.log_dose)
            } else {
                let (f, j) = value_and_gradient::<4>(&[theta[0], theta[1], theta[2], theta[3]], o.log_dose);
                (f, [j[0], j[1], j[2], j[3], 0.0])
            };
            let residual = o.response - f;
            e.rss += o.weight * residual * residual;
            let second = if observed { Some(second_derivatives(&theta, five, o.log_dose)) } else { None };
            for i in 0..slots {
                e.gradient[places[i]] += o.weight * j[i] * residual;
                for k in 0..slots {
                    let bend = second.as_ref().map_or(0.0, |s| residual * s[i][k]);
                    e.matrix[(places[i], places[k])] += o.weight * (j[i] * j[k] - bend);
                }
            }
        }
    }
    e
}

/// Levenberg-Marquardt; `None` when what is wanted does not settle.
fn descend(
    layout: &Layout,
    curves: &[Vec<Observation>],
    start: DVector<f64>,
    wanted: Wanted,
) -> Option<(DVector<f64>, f64)> {
    let slopes: Vec<usize> = (0..curves.len()).filter_map(|c| layout.place(c, 0)).collect();
    let mut at = start;
    let mut now = equations(layout, curves, &at, false);
    let mut damping = 1e-3;
    let mut earlier = f64::INFINITY;
    for step in 0..STEPS_MAX {
        if step == STEPS_MAX - STEPS_STILL {
            earlier = now.rss;
        }
        let mut matrix = now.matrix.clone();
        for i in 0..layout.count {
            matrix[(i, i)] += damping * matrix[(i, i)].max(1e-30);
        }
        let Some(factor) = matrix.cholesky() else {
            damping = (damping * 10.0).max(1e-8);
            if damping > 1e12 {
                return (wanted == Wanted::Sum).then_some((at, now.rss));
            }
            continue;
        };
        let step = factor.solve(&now.gradient);
        let predicted = step.dot(&now.gradient);
        let small = step.iter().zip(at.iter()).all(|(s, t)| s.abs() <= 1e-11 * (t.abs() + 1e-6));
        if small || now.rss == 0.0 || (predicted <= 1e-20 * now.rss && damping <= 1e-3) {
            return Some((at, now.rss));
        }
        let trial = &at + &step;
        let allowed = trial.iter().all(|t| t.is_finite()) && slopes.iter().all(|s| trial[*s] * at[*s] > 0.0);
        let next = allowed.then(|| equations(layout, curves, &trial, false));
        match next {
            Some(next) if next.rss <= now.rss => {
                at = trial;
                now = next;
                damping = (damping * 0.1).max(1e-15);
            }
            _ => {
                damping *= 10.0;
                if damping > 1e12 {
                    return (wanted == Wanted::Sum || predicted <= 1e-9 * now.rss).then_some((at, now.rss));
                }
            }
        }
    }
    let still = earlier - now.rss <= 1e-8 * now.rss;
    (wanted == Wanted::Sum && still).then_some((at, now.rss))
}

fn finish(
    layout: Layout,
    curves: &[Vec<Observation>],
    mut vector: DVector<f64>,
    rss: f64,
    information: Information,
) -> Result<JointFit, FitError> {
    name_asymptotes(&layout, curves.len(), &mut vector);
    let observations: usize = curves.iter().map(Vec::len).sum();
    if observations <= layout.count {
        return Err(FitError::TooFewObservations { found: observations, parameters: layout.count });
    }
    let residual_df = observations - layout.count;
    let mut used = information;
    let mut inverse = None;
    if information == Information::Observed {
        inverse = equations(&layout, curves, &vector, true).matrix.cholesky().map(|c| c.inverse());
    }
    if inverse.is_none() {
        used = Information::Expected;
        inverse = equations(&layout, curves, &vector, false).matrix.cholesky().map(|c| c.inverse());
    }
    let mut covariance = inverse.ok_or(FitError::NotConverged(words(
        "the data do not determine every parameter",
        "資料不足以決定所有參數",
    )))?;
    covariance *= rss / residual_df as f64;
    let per_curve: Vec<CurveParameters> =
        (0..curves.len()).map(|c| CurveParameters::from_internal(&layout.theta(c, &vector))).collect();
    let mut by = DVector::from_element(layout.count, 1.0);
    for (curve, p) in per_curve.iter().enumerate() {
        for (slot, factor) in [(3, p.e), (4, p.g)] {
            if let Some(place) = layout.place(curve, slot) {
                by[place] = factor;
            }
        }
    }
    for i in 0..layout.count {
        for j in 0..layout.count {
            covariance[(i, j)] *= by[i] * by[j];
        }
    }
    Ok(JointFit { layout, curves: per_curve, covariance, information: used, rss, residual_df, vector })
}

/// Writes four-parameter curves so that c is the lower asymptote, where the layout allows it.
fn name_asymptotes(layout: &Layout, curves: usize, vector: &mut DVector<f64>) {
    if layout.model == CurveModel::FiveParameter {
        return;
    }
    let mut done: Vec<usize> = Vec::new();
    for curve in 0..curves {
        let (Some(b), Some(c), Some(d)) =
            (layout.place(curve, 0), layout.place(curve, 1), layout.place(curve, 2))
        else {
            continue;
        };
        let all_shared_alike = (0..curves).all(|k| {
            let same = [0, 1, 2].map(|s| layout.place(k, s) == layout.place(curve, s));
            same == [true; 3] || same == [false; 3]
        });
        if all_shared_alike && !done.contains(&b) && vector[c] > vector[d] {
            vector.swap_rows(c, d);
            vector[b] = -vector[b];
        }
        done.push(b);
    }
}

/// Fitted value of a curve in a joint fit at ln dose.
pub(crate) fn fitted(fit: &JointFit, curve: usize, log_dose: f64) -> f64 {
    value(&fit.layout.theta(curve, &fit.vector), log_dose)
}

/// Leverage of one observation: how much of its own value its fitted value is (0 to 1).
pub(crate) fn leverage(fit: &JointFit, curve: usize, o: &Observation) -> f64 {
    let theta = fit.layout.theta(curve, &fit.vector);
    let (_, j) = if fit.layout.model == CurveModel::FiveParameter {
        value_and_gradient::<5>(&theta, o.log_dose)
    } else {
        let (f, j) = value_and_gradient::<4>(&[theta[0], theta[1], theta[2], theta[3]], o.log_dose);
        (f, [j[0], j[1], j[2], j[3], 0.0])
    };
    let by = [1.0, 1.0, 1.0, 1.0 / theta[3].exp(), 1.0 / theta[4].exp()];
    let mut h = 0.0;
    for i in 0..SLOTS {
        for k in 0..SLOTS {
            h += j[i] * by[i] * j[k] * by[k] * fit.covariance_of((curve, i), (curve, k));
        }
    }
    o.weight * h / fit.residual_variance()
}
