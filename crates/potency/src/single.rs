//! One curve alone in the report: outliers named or removed, parameters, system suitability.
//! Knows no other curve.

use crate::assay_table::Well;
use crate::curve::CurveParameters;
use crate::fit::{CurveFit, FitError};
use crate::line_assay::LineScale;
use crate::outliers::find_outliers;
use crate::potency::{Analysis, Curve, PotencyError, label};
use crate::report::*;

impl Analysis<'_> {
    pub(crate) fn handle_outliers(&mut self, run: &str, curves: &mut [Curve]) -> Result<(), PotencyError> {
        let alpha = self.method.number("outlier-alpha")?;
        let fraction_max = self.method.number("outlier-fraction-max")?;
        for curve in curves {
            // A curve that cannot be fitted has no residuals; its refusal is reported with the fit.
            let found = match LineScale::of(self.options) {
                Some(scale) => scale.outliers(&curve.wells, alpha),
                None => find_outliers(self.options.model, &curve.observations(), alpha).ok(),
            };
            let Some(found) = found else {
                continue;
            };
            let wanted = self.options.outliers == OutlierHandling::Remove && !found.is_empty();
            let too_many = found.len() as f64 > fraction_max * curve.wells.len() as f64;
            let remove = wanted && !too_many;
            if wanted && too_many {
                self.flag(Flag::new(
                    "too-many-outliers",
                    format!(
                        "{}: {} of {} wells are outliers, more than may be removed; none was",
                        curve.name,
                        found.len(),
                        curve.wells.len()
                    ),
                    format!(
                        "{}：{} 孔中有 {} 孔為離群值，超過可刪除比例，故均未刪除",
                        curve.name,
                        curve.wells.len(),
                        found.len()
                    ),
                ));
            }
            for o in &found {
                if let Some(w) = curve.wells.get(o.index) {
                    self.report.outliers.push(OutlierReport {
                        run: run.to_string(),
                        curve: curve.name.clone(),
                        line: w.line,
                        well: w.well.clone(),
                        dose: w.dose,
                        response: w.response,
                        fitted: o.fitted,
                        studentised_residual: o.studentised_residual,
                        critical_value: o.critical_value,
                        removed: remove,
                    });
                }
            }
            if remove {
                let gone: Vec<usize> = found.iter().map(|o| o.index).collect();
                let mut index = 0;
                curve.wells.retain(|_| {
                    index += 1;
                    !gone.contains(&(index - 1))
                });
            }
        }
        Ok(())
    }

    pub(crate) fn curve_report(
        &mut self,
        run: &str,
        curve: &Curve,
        fitted: &Result<CurveFit, FitError>,
    ) -> CurveReport {
        let (dose_levels, replicates_min, low, high) = doses_of(&curve.wells);
        let fit = fitted.as_ref().ok();
        let p = fit.map(|f| f.parameters);
        let r_squared = fit.map(|f| 1.0 - f.rss / total_sum(&curve.wells));
        let inside = p.map(|p| {
            let half = p.half_maximal_dose();
            if half >= low && half <= high { 1.0 } else { 0.0 }
        });
        let window =
            fit.map(|f| (f.parameters.d - f.parameters.c).abs() / (f.rss / f.residual_df as f64).sqrt());
        let subject = label(run, &curve.name);
        self.report.suitability.extend(self.method.judge(
            &subject,
            &[
                ("dose-levels", Some(dose_levels as f64)),
                ("replicates", Some(replicates_min as f64)),
                ("r-squared", r_squared),
                ("ec50-inside-doses", inside),
                ("signal-window", window),
            ],
        ));
        if let Some(f) = fit {
            let errors = (0..self.options.model.parameter_count()).map(|k| Some(f.standard_error(k)));
            push_parameters(&mut self.report.parameters, run, &curve.name, "own", &f.parameters, errors);
        }
        if inside == Some(0.0) {
            let name = &curve.name;
            self.flag(Flag::new(
                "ec50-outside-doses",
                format!("{name}: the EC50 lies outside the doses tested"),
                format!("{name}：EC50 在受試劑量範圍之外"),
            ));
        }
        CurveReport {
            name: curve.name.clone(),
            observations: curve.wells.len(),
            dose_levels,
            replicates_min,
            direction: p.map(|p| if p.b * (p.d - p.c) > 0.0 { "falling" } else { "rising" }),
            half_maximal_dose: p.map(|p| p.half_maximal_dose()),
            rss: fit.map(|f| f.rss),
            residual_df: fit.map(|f| f.residual_df),
            r_squared,
            information: fit.map(|f| f.information),
            refusal: fitted.as_ref().err().map(|e| e.text()),
        }
    }
}

pub(crate) fn push_parameters(
    into: &mut Vec<Estimate>,
    run: &str,
    curve: &str,
    fit: &'static str,
    p: &CurveParameters,
    errors: impl Iterator<Item = Option<f64>>,
) {
    for ((parameter, estimate), error) in
        [("b", p.b), ("c", p.c), ("d", p.d), ("e", p.e), ("g", p.g)].into_iter().zip(errors)
    {
        into.push(Estimate {
            run: run.to_string(),
            curve: curve.to_string(),
            fit,
            shared_with: Vec::new(),
            parameter,
            estimate,
            standard_error: error.filter(|e| e.is_finite()),
        });
    }
}

/// Distinct doses above 0, fewest replicates at any dose, lowest and highest dose above 0.
pub(crate) fn doses_of(wells: &[Well]) -> (usize, usize, f64, f64) {
    let mut doses: Vec<f64> = wells.iter().map(|w| w.dose).collect();
    doses.sort_by(f64::total_cmp);
    let mut levels: Vec<(f64, usize)> = Vec::new();
    for dose in doses {
        match levels.last_mut() {
            Some((last, count)) if *last == dose => *count += 1,
            _ => levels.push((dose, 1)),
        }
    }
    let replicates = levels.iter().map(|(_, count)| *count).min().unwrap_or(0);
    let above: Vec<f64> = levels.iter().map(|(d, _)| *d).filter(|d| *d > 0.0).collect();
    (
        above.len(),
        replicates,
        above.first().copied().unwrap_or(f64::NAN),
        above.last().copied().unwrap_or(f64::NAN),
    )
}

fn total_sum(wells: &[Well]) -> f64 {
    let weight: f64 = wells.iter().map(|w| w.weight).sum();
    let mean = wells.iter().map(|w| w.weight * w.response).sum::<f64>() / weight;
    wells.iter().map(|w| w.weight * (w.response - mean).powi(2)).sum()
}
