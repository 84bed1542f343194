//! The dose-response function with four and five parameters, and its exact derivatives.
//! Knows no data and no fitting.
//!
//! Parametrisation (that of the R package drc, LL.4 and LL.5):
//! `f(x) = c + (d - c) / (1 + exp(b (ln x - ln e)))^g`, with g = 1 for four parameters.
//! * `c` lower, `d` upper asymptote (with five parameters too: the mirrored family with c above d is
//!   not searched); `e` the dose at half the range (EC50) when g = 1;
//! * `b` positive: the response falls with the dose; `b` negative: it rises. (Many plate readers
//!   report the Hill slope, which is -b.)
//! * dose 0 is the asymptote itself: `d` when b > 0, `c` when b < 0. It takes part in the fit and
//!   says nothing about b, e or g.

use serde::{Deserialize, Serialize};

/// Number of parameters the arithmetic carries: b, c, d, ln e, ln g.
pub const SLOTS: usize = 5;

/// Which curve is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CurveModel {
    /// Symmetric on the log dose axis (LL.4).
    #[default]
    FourParameter,
    /// With an asymmetry parameter (LL.5).
    FiveParameter,
}

impl CurveModel {
    /// How many parameters a curve of its own has.
    pub fn parameter_count(self) -> usize {
        match self {
            CurveModel::FourParameter => 4,
            CurveModel::FiveParameter => 5,
        }
    }
}

/// One curve's parameters as reported.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurveParameters {
    /// Slope at e; positive when the response falls. No unit.
    pub b: f64,
    /// Lower asymptote, response unit.
    pub c: f64,
    /// Upper asymptote, response unit.
    pub d: f64,
    /// Dose at the middle (EC50 of the four-parameter curve), dose unit.
    pub e: f64,
    /// Asymmetry; 1 for the four-parameter curve.
    pub g: f64,
}

impl CurveParameters {
    /// Response at a dose (dose unit, not negative; 0 gives the asymptote).
    pub fn response(&self, dose: f64) -> f64 {
        value(&self.internal(), dose.ln())
    }

    /// The dose at which half of the range is reached: e for the four-parameter curve, and
    /// `e (2^(1/g) - 1)^(1/b)` for the five-parameter one. Dose unit.
    pub fn half_maximal_dose(&self) -> f64 {
        if self.g == 1.0 { self.e } else { self.e * (2f64.powf(1.0 / self.g) - 1.0).powf(1.0 / self.b) }
    }

    pub(crate) fn internal(&self) -> [f64; SLOTS] {
        [self.b, self.c, self.d, self.e.ln(), self.g.ln()]
    }

    pub(crate) fn from_internal(theta: &[f64; SLOTS]) -> CurveParameters {
        CurveParameters { b: theta[0], c: theta[1], d: theta[2], e: theta[3].exp(), g: theta[4].exp() }
    }
}

/// One observation ready for fitting: natural logarithm of the dose (minus infinity for dose 0),
/// response, weight (the fit minimises the sum of weight × residual²).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// ln(dose); `f64::NEG_INFINITY` at dose 0.
    pub log_dose: f64,
    /// Response.
    pub response: f64,
    /// Weight, positive.
    pub weight: f64,
}

impl Observation {
    /// Observation with weight 1.
    pub fn new(dose: f64, response: f64) -> Observation {
        Observation { log_dose: dose.ln(), response, weight: 1.0 }
    }
}

/// Shared pieces of the curve at one dose.
struct Pieces {
    /// (1 + u)^-g.
    q: f64,
    /// u / (1 + u).
    p: f64,
    /// 1 / (1 + u).
    s: f64,
    /// ln x - ln e, 0 at dose 0 where every product with it vanishes.
    distance: f64,
    /// ln(1 + u), 0 where the product with q vanishes.
    log_denominator: f64,
}

#[inline(always)]
fn pieces(b: f64, log_e: f64, g: f64, five: bool, log_dose: f64) -> Pieces {
    if log_dose == f64::NEG_INFINITY {
        let q = if b >= 0.0 { 1.0 } else { 0.0 };
        return Pieces { q, p: 0.0, s: 1.0, distance: 0.0, log_denominator: 0.0 };
    }
    let distance = log_dose - log_e;
    // Beyond ±700 the exponential leaves the range of f64; the curve is its asymptote there.
    let u = (b * distance).clamp(-700.0, 700.0).exp();
    let s = 1.0 / (1.0 + u);
    let p = u * s;
    if five {
        let log_denominator = u.ln_1p();
        Pieces { q: (-g * log_denominator).exp(), p, s, distance, log_denominator }
    } else {
        Pieces { q: s, p, s, distance, log_denominator: 0.0 }
    }
}

/// Response for internal parameters (b, c, d, ln e, ln g) at ln dose.
#[inline]
pub(crate) fn value(theta: &[f64; SLOTS], log_dose: f64) -> f64 {
    let five = theta[4] != 0.0;
    let at = pieces(theta[0], theta[3], theta[4].exp(), five, log_dose);
    theta[1] + (theta[2] - theta[1]) * at.q
}

/// Response and gradient by (b, c, d, ln e[, ln g]); P is 4 or 5.
#[inline(always)]
pub(crate) fn value_and_gradient<const P: usize>(theta: &[f64; P], log_dose: f64) -> (f64, [f64; P]) {
    let (b, c, d, log_e) = (theta[0], theta[1], theta[2], theta[3]);
    let g = if P == 5 { theta[P - 1].exp() } else { 1.0 };
    let at = pieces(b, log_e, g, P == 5, log_dose);
    let range = d - c;
    let slope = range * g * at.q * at.p;
    let mut gradient = [0.0; P];
    gradient[0] = -slope * at.distance;
    gradient[1] = 1.0 - at.q;
    gradient[2] = at.q;
    gradient[3] = slope * b;
    if P == 5 {
        gradient[P - 1] = -range * g * at.q * at.log_denominator;
    }
    (c + range * at.q, gradient)
}

/// Second derivatives by (b, c, d, ln e, ln g), symmetric.
pub(crate) fn second_derivatives(theta: &[f64; SLOTS], five: bool, log_dose: f64) -> [[f64; SLOTS]; SLOTS] {
    let (b, c, d, log_e) = (theta[0], theta[1], theta[2], theta[3]);
    let g = theta[4].exp();
    let Pieces { q, p, s, distance: l, log_denominator: ln_d } = pieces(b, log_e, g, five, log_dose);
    let range = d - c;
    let first = [-g * q * p * l, g * q * p * b, -g * q * ln_d];
    let bend = g * p - s;
    let mut second = [[0.0; SLOTS]; SLOTS];
    let mut set = |i: usize, j: usize, x: f64| {
        second[i][j] = x;
        second[j][i] = x;
    };
    set(0, 0, range * g * l * l * q * p * bend);
    set(0, 3, range * g * q * p * (1.0 - b * l * bend));
    set(3, 3, range * g * b * b * q * p * bend);
    if five {
        set(0, 4, range * g * q * p * l * (g * ln_d - 1.0));
        set(3, 4, range * g * q * p * b * (1.0 - g * ln_d));
        set(4, 4, range * (g * g * q * ln_d * ln_d - g * q * ln_d));
    }
    for (k, slot) in [0, 3, 4].into_iter().enumerate() {
        if slot < 4 || five {
            set(1, slot, -first[k]);
            set(2, slot, first[k]);
        }
    }
    second
}

#[cfg(test)]
mod tests {
    #![allow(clippy::needless_range_loop)]
    use super::*;

    /// Row Q15. Gradient and second derivatives against central differences.
    #[test]
    fn derivatives_agree_with_differences() {
        for (theta, five) in [
            ([1.7, 0.4, 6.0, 0.9, 0.0], false),
            ([-2.2, 0.1, 3.0, -0.5, 0.0], false),
            ([1.3, 0.5, 5.0, 0.4, 0.7], true),
            ([-0.8, 1.0, 9.0, 1.4, -0.6], true),
        ] {
            for log_dose in [f64::NEG_INFINITY, -2.0, 0.1, 0.9, 3.5] {
                let gradient: Vec<f64> = if five {
                    value_and_gradient::<5>(&theta, log_dose).1.to_vec()
                } else {
                    value_and_gradient::<4>(&[theta[0], theta[1], theta[2], theta[3]], log_dose).1.to_vec()
                };
                let second = second_derivatives(&theta, five, log_dose);
                for i in 0..gradient.len() {
                    let h = 1e-5;
                    let (mut up, mut down) = (theta, theta);
                    up[i] += h;
                    down[i] -= h;
                    let f = |t: &[f64; 5], x: f64| {
                        let at = pieces(t[0], t[3], t[4].exp(), five, x);
                        t[1] + (t[2] - t[1]) * at.q
                    };
                    let numeric = (f(&up, log_dose) - f(&down, log_dose)) / (2.0 * h);
                    assert!(
                        (numeric - gradient[i]).abs() < 1e-7,
                        "{theta:?} {log_dose} {i}: {numeric} {}",
                        gradient[i]
                    );
                    for j in 0..gradient.len() {
                        let g = |t: &[f64; 5]| {
                            if five {
                                value_and_gradient::<5>(t, log_dose).1[j]
                            } else {
                                value_and_gradient::<4>(&[t[0], t[1], t[2], t[3]], log_dose).1[j]
                            }
                        };
                        let numeric = (g(&up) - g(&down)) / (2.0 * h);
                        assert!(
                            (numeric - second[i][j]).abs() < 1e-6,
                            "{theta:?} {log_dose} {i}{j}: {numeric} {}",
                            second[i][j]
                        );
                    }
                }
            }
        }
    }

    /// Row Q15. Dose 0 is the asymptote, on the side the sign of b says.
    #[test]
    fn dose_zero_is_the_asymptote() {
        let falling = CurveParameters { b: 2.0, c: 1.0, d: 9.0, e: 3.0, g: 1.0 };
        assert_eq!(falling.response(0.0), 9.0);
        assert_eq!(CurveParameters { b: -2.0, ..falling }.response(0.0), 1.0);
        assert_eq!(falling.response(3.0), 5.0);
        let five = CurveParameters { g: 2.5, ..falling };
        assert!((five.response(five.half_maximal_dose()) - 5.0).abs() < 1e-12);
    }
}
