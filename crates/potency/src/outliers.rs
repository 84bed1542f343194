//! The outlier rule: externally studentised residuals of a curve's own fit against a
//! Bonferroni-corrected t quantile. One pass; it names, and removing is another's decision.

use serde::Serialize;

use crate::curve::{CurveModel, Observation};
use crate::distributions::student_quantile;
use crate::fit::{FitError, Information, fit_curve};
use crate::joint::{Shared, fit_joint, fitted, leverage};
use crate::lines::{LinePoint, OwnLine};

/// An observation the rule names.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outlier {
    /// Index into the observations handed in.
    pub index: usize,
    /// Externally studentised residual.
    pub studentised_residual: f64,
    /// The quantile it is beyond.
    pub critical_value: f64,
    /// Fitted response.
    pub fitted: f64,
}

/// Most observations for which each is left out in turn. A working limit.
const DELETION_MAX: usize = 100;

/// Names the outliers of one curve at the level `alpha` (before Bonferroni).
pub fn find_outliers(
    model: CurveModel,
    observations: &[Observation],
    alpha: f64,
) -> Result<Vec<Outlier>, FitError> {
    let curves = [observations.to_vec()];
    let fit = match fit_joint(model, &curves, Shared::NOTHING, Information::Expected) {
        Ok(fit) => fit,
        Err(error @ FitError::NotConverged(_)) => {
            return by_deletion(model, observations, alpha).ok_or(error);
        }
        Err(error) => return Err(error),
    };
    let count = observations.len();
    let df = fit.residual_df as f64 - 1.0;
    if df < 1.0 {
        return Ok(Vec::new());
    }
    let critical_value = student_quantile(1.0 - alpha / (2.0 * count as f64), df);
    // Responses that lie on the curve to rounding have no outliers; their residuals are noise of
    // the arithmetic.
    let size: f64 = observations.iter().map(|o| o.weight * o.response * o.response).sum();
    if fit.rss <= 1e-24 * size {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for (index, o) in observations.iter().enumerate() {
        let expected = fitted(&fit, 0, o.log_dose);
        let residual = o.weight.sqrt() * (o.response - expected);
        let open = 1.0 - leverage(&fit, 0, o);
        if open <= 1e-9 {
            continue;
        }
        let remaining = fit.rss - residual * residual / open;
        let studentised = if remaining <= 0.0 {
            f64::INFINITY.copysign(residual)
        } else {
            residual / (remaining / df * open).sqrt()
        };
        if studentised.abs() > critical_value {
            found.push(Outlier {
                index,
                studentised_residual: studentised,
                critical_value,
                fitted: expected,
            });
        }
    }
    Ok(found)
}

/// The same rule for a straight line: the residuals of one preparation's own line. `None` where the
/// preparation has no line of its own.
pub fn find_line_outliers(points: &[LinePoint], alpha: f64) -> Option<Vec<Outlier>> {
    let own = OwnLine::fit(points)?;
    let df = own.residual_df as f64 - 1.0;
    let size: f64 = points.iter().map(|p| p.weight * p.y * p.y).sum();
    if df < 1.0 || own.rss <= 1e-24 * size {
        return Some(Vec::new());
    }
    let critical_value = student_quantile(1.0 - alpha / (2.0 * points.len() as f64), df);
    let mut found = Vec::new();
    for (index, p) in points.iter().enumerate() {
        let fitted = own.intercept + own.slope * p.x;
        let residual = p.weight.sqrt() * (p.y - fitted);
        let open = 1.0 - own.leverage(p);
        if open <= 1e-9 {
            continue;
        }
        let remaining = own.rss - residual * residual / open;
        let studentised_residual = if remaining <= 0.0 {
            f64::INFINITY.copysign(residual)
        } else {
            residual / (remaining / df * open).sqrt()
        };
        if studentised_residual.abs() > critical_value {
            found.push(Outlier { index, studentised_residual, critical_value, fitted });
        }
    }
    Some(found)
}

/// The same rule where one gross value keeps the whole curve from being fitted: the studentised
/// residual is by definition the distance from the curve fitted without the observation, over the
/// standard error of that prediction. The worst observation alone is judged.
fn by_deletion(model: CurveModel, observations: &[Observation], alpha: f64) -> Option<Vec<Outlier>> {
    let count = observations.len();
    if count > DELETION_MAX {
        return None;
    }
    let mut worst: Option<Outlier> = None;
    for (index, o) in observations.iter().enumerate() {
        let mut rest = observations.to_vec();
        rest.remove(index);
        let Ok(fit) = fit_curve(model, &rest, Information::Expected) else {
            continue;
        };
        let expected = fit.parameters.response(o.log_dose.exp());
        let variance = fit.rss / fit.residual_df as f64;
        let prediction = variance / o.weight + fit.prediction_variance(o.log_dose);
        let studentised_residual = (o.response - expected) / prediction.sqrt();
        let critical_value = student_quantile(1.0 - alpha / (2.0 * count as f64), fit.residual_df as f64);
        let further =
            worst.as_ref().is_none_or(|w| studentised_residual.abs() > w.studentised_residual.abs());
        if further && studentised_residual.abs() > critical_value {
            worst = Some(Outlier { index, studentised_residual, critical_value, fitted: expected });
        }
    }
    worst.map(|w| vec![w])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::curve::CurveParameters;

    fn curve_with(shift: f64) -> Vec<Observation> {
        let p = CurveParameters { b: 1.5, c: 1.0, d: 9.0, e: 5.0, g: 1.0 };
        let mut o = Vec::new();
        for (k, dose) in [0.3, 1.0, 3.0, 10.0, 30.0, 100.0].into_iter().enumerate() {
            for replicate in 0..3 {
                let noise = 0.1 * f64::from((k as i32 * 7 + replicate * 5) % 5 - 2);
                o.push(Observation::new(dose, p.response(dose) + noise));
            }
        }
        o[7].response += shift;
        o
    }

    /// Row Q15. Silent on clean data, names exactly the shifted well, and the studentised residual is
    /// the t statistic of a dummy parameter for that well (its deleted residual).
    #[test]
    fn names_the_shifted_well_only() {
        assert!(find_outliers(CurveModel::FourParameter, &curve_with(0.0), 0.01).unwrap().is_empty());
        let found = find_outliers(CurveModel::FourParameter, &curve_with(3.0), 0.01).unwrap();
        assert_eq!(found.iter().map(|o| o.index).collect::<Vec<_>>(), vec![7]);
        assert!(found[0].studentised_residual > found[0].critical_value);
    }

    /// Row Q15. A value so gross that no curve goes through all wells is named all the same.
    #[test]
    fn a_gross_value_that_spoils_the_fit_is_named() {
        let mut o = curve_with(0.0);
        o[7].response = 60.0;
        let found = find_outliers(CurveModel::FourParameter, &o, 0.01).unwrap();
        assert_eq!(found.iter().map(|o| o.index).collect::<Vec<_>>(), vec![7]);
    }
}
