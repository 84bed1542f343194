//! One run of a line assay written into the report: points, parameters, suitability, parallelism by
//! the ratio of slopes, relative potency by Fieller. Knows nothing of tables.

use vena_base::Text;

use crate::assay_table::Well;
use crate::compare::refused;
use crate::lines::{LineError, LineFit, LinePoint, LineVariance, OwnLine, parallel_line, slope_ratio_assay};
use crate::outliers::{Outlier, find_line_outliers};
use crate::plot::{PictureCurve, PictureLine, PicturePoint};
use crate::potency::{Analysis, Curve, PotencyError, label};
use crate::report::*;
use crate::single::doses_of;
use crate::variance::variance_table;
use crate::words::{Words, words};

/// Why a line assay has nothing to compare.
pub(crate) const NO_PAIR: Words = words(
    "a line assay needs the reference and a sample in the same run",
    "直線試驗須在同一批次中同時有標準品與檢品",
);

/// How wells become points of a line.
#[derive(Clone, Copy)]
pub(crate) struct LineScale {
    /// ln dose (parallel lines) or dose (slope ratio).
    parallel: bool,
    log_response: bool,
}

impl LineScale {
    /// `None` for curves.
    pub(crate) fn of(options: &PotencyOptions) -> Option<LineScale> {
        let parallel = match options.assay {
            AssayKind::Curves => return None,
            AssayKind::ParallelLine => true,
            AssayKind::SlopeRatio => false,
        };
        Some(LineScale { parallel, log_response: options.log_response })
    }

    /// Whether a well has a place on the line: dose 0 has no logarithm, nor has a response of 0.
    fn holds(self, w: &Well) -> bool {
        (!self.parallel || w.dose > 0.0) && (!self.log_response || w.response > 0.0)
    }

    fn point(self, w: &Well) -> LinePoint {
        LinePoint {
            x: if self.parallel { w.dose.ln() } else { w.dose },
            y: if self.log_response { w.response.ln() } else { w.response },
            weight: w.weight,
        }
    }

    /// The points of a curve's wells that have a place.
    fn points(self, wells: &[Well]) -> Vec<LinePoint> {
        wells.iter().filter(|w| self.holds(w)).map(|w| self.point(w)).collect()
    }

    /// The block of each of those points by number; nothing where a well has none.
    fn blocks(self, curves: &[Curve]) -> Vec<Vec<usize>> {
        let held = |c: &Curve| c.wells.iter().filter(|w| self.holds(w)).cloned().collect::<Vec<Well>>();
        let wells: Vec<Vec<Well>> = curves.iter().map(held).collect();
        if wells.iter().flatten().any(|w| w.block.is_empty()) {
            return Vec::new();
        }
        let mut names: Vec<&str> = wells.iter().flatten().map(|w| w.block.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let number = |w: &Well| names.binary_search(&w.block.as_str()).unwrap_or(0);
        wells.iter().map(|of| of.iter().map(number).collect()).collect()
    }

    /// The outliers among the wells, by the wells' own indices and on the scale of the response.
    pub(crate) fn outliers(self, wells: &[Well], alpha: f64) -> Option<Vec<Outlier>> {
        let placed: Vec<usize> =
            (0..wells.len()).filter(|k| wells.get(*k).is_some_and(|w| self.holds(w))).collect();
        let mut found = find_line_outliers(&self.points(wells), alpha)?;
        for outlier in &mut found {
            outlier.index = placed.get(outlier.index).copied().unwrap_or(outlier.index);
            if self.log_response {
                outlier.fitted = outlier.fitted.exp();
            }
        }
        Some(found)
    }
}

impl Analysis<'_> {
    pub(crate) fn run_of_lines(
        &mut self,
        run: &str,
        mut curves: Vec<Curve>,
        scale: LineScale,
        reference: Option<&ReferenceChoice>,
    ) -> Result<(), PotencyError> {
        let all_wells = curves.clone();
        self.handle_outliers(run, &mut curves)?;
        let points: Vec<Vec<LinePoint>> = curves.iter().map(|c| scale.points(&c.wells)).collect();
        let own: Vec<Option<OwnLine>> = points.iter().map(|p| OwnLine::fit(p)).collect();
        self.report.runs.push(RunReport {
            name: run.to_string(),
            curves: curves.iter().zip(&own).map(|(c, line)| line_report(c, line.as_ref())).collect(),
            shared: Vec::new(),
            line_error: None,
            variance: None,
        });
        let fitted = self.fit_lines(run, &curves, &points, scale, reference)?;
        self.picture_of_lines(run, &all_wells, &curves, scale, fitted.as_ref());
        if let Some(fit) = fitted {
            self.judge_lines(run, &curves, &own);
            self.report_lines(run, &curves, fit, scale);
        }
        Ok(())
    }

    /// The shared fit, or every sample refused with the reason.
    fn fit_lines(
        &mut self,
        run: &str,
        curves: &[Curve],
        points: &[Vec<LinePoint>],
        scale: LineScale,
        reference: Option<&ReferenceChoice>,
    ) -> Result<Option<LineFit>, PotencyError> {
        let confidence = self.confidence_level;
        let level = self.method.number("equivalence-confidence-level")?;
        let margins = (self.method.number("slope-ratio-lower")?, self.method.number("slope-ratio-upper")?);
        let has_reference = reference.is_some_and(|r| curves.first().is_some_and(|c| c.name == r.name));
        let no_logarithm =
            scale.log_response && curves.iter().flat_map(|c| &c.wells).any(|w| w.response <= 0.0);
        let fitted = if !has_reference || curves.len() < 2 {
            Err(NO_PAIR.text())
        } else if no_logarithm {
            Err(Text::new("a response of 0 or below has no logarithm", "反應值小於或等於 0 者無對數"))
        } else if scale.parallel {
            self.flag_dose_zero(curves);
            let fit = |error| parallel_line(points, confidence, level, margins, error);
            self.fit_with_error(curves, points, scale, fit).map_err(|e| e.text())
        } else {
            let fit = |error| slope_ratio_assay(points, confidence, error);
            self.fit_with_error(curves, points, scale, fit).map_err(|e| e.text())
        };
        match fitted {
            Ok(fit) => Ok(Some(fit)),
            Err(text) => {
                let name = reference.map_or("", |r| r.name.as_str());
                for c in curves.iter().filter(|c| c.name != name) {
                    self.report.relative_potency.push(refused(run, &c.name, name, text.clone()));
                }
                Ok(None)
            }
        }
    }

    /// The fit with the error that is asked for; the analysis of variance goes into the report.
    fn fit_with_error(
        &mut self,
        curves: &[Curve],
        points: &[Vec<LinePoint>],
        scale: LineScale,
        fit: impl Fn(Option<LineVariance>) -> Result<LineFit, LineError>,
    ) -> Result<LineFit, LineError> {
        let mut fitted = fit(None)?;
        let blocks = scale.blocks(curves);
        let table = variance_table(points, &blocks, scale.parallel, fitted.error);
        let replicates = table.as_ref().and_then(|t| t.replicates);
        match (self.options.line_error, replicates) {
            (LineErrorFrom::Replicates, Some(error)) => fitted = fit(Some(error))?,
            (LineErrorFrom::Replicates, None) => self.flag(Flag::new(
                "no-replicates",
                "no dose stands twice: the errors rest on the residuals about the lines, which hold the lines' own lack of fit",
                "沒有重複的劑量：誤差取自直線殘差，其中含有直線本身之失擬",
            )),
            (LineErrorFrom::Lines, _) => {}
        }
        let has_blocks = curves.iter().flat_map(|c| &c.wells).any(|w| !w.block.is_empty());
        if has_blocks && !table.as_ref().is_some_and(|t| t.blocks) {
            self.flag(Flag::new(
                "blocks-not-complete",
                "the blocks are not complete (every dose of every preparation equally often in each, weights alike): they were not taken out of the error",
                "區集不完整（每一區集須含各製劑之各劑量且次數與權重相同）：未自誤差中扣除",
            ));
        }
        if let Some(run) = self.report.runs.last_mut() {
            run.line_error = Some(fitted.error);
            run.variance = table;
        }
        Ok(fitted)
    }

    /// What a line does not use is said, not left out in silence.
    fn flag_dose_zero(&mut self, curves: &[Curve]) {
        let wells = curves.iter().flat_map(|c| &c.wells);
        let zero: Vec<usize> = wells.filter(|w| w.dose == 0.0).map(|w| w.line).collect();
        if !zero.is_empty() {
            self.flag(
                Flag::new(
                    "dose-zero-left-out",
                    "dose 0 has no logarithm and took no part in the lines",
                    "劑量 0 無對數，未納入直線擬合",
                )
                .on_lines(zero),
            );
        }
    }

    fn judge_lines(&mut self, run: &str, curves: &[Curve], own: &[Option<OwnLine>]) {
        for (curve, line) in curves.iter().zip(own) {
            let (dose_levels, replicates, _, _) = doses_of(&curve.wells);
            self.report.suitability.extend(self.method.judge(
                &label(run, &curve.name),
                &[
                    ("line-dose-levels", Some(dose_levels as f64)),
                    ("replicates", Some(replicates as f64)),
                    ("r-squared", line.as_ref().and_then(|l| l.r_squared)),
                ],
            ));
        }
    }

    fn report_lines(&mut self, run: &str, curves: &[Curve], fit: LineFit, scale: LineScale) {
        let reference = curves.first().map_or(String::new(), |c| c.name.clone());
        let names: Vec<String> = curves.iter().map(|c| c.name.clone()).collect();
        for (k, name) in names.iter().enumerate() {
            for (parameter, coefficients) in [("intercept", &fit.intercepts), ("slope", &fit.slopes)] {
                if let Some(c) = coefficients.get(k) {
                    self.report.parameters.push(Estimate {
                        run: run.to_string(),
                        curve: name.clone(),
                        fit: "shared",
                        shared_with: names.iter().filter(|n| *n != name).cloned().collect(),
                        parameter,
                        estimate: c.estimate,
                        standard_error: Some(c.standard_error).filter(|e| e.is_finite()),
                    });
                }
            }
        }
        if let Some(last) = self.report.runs.last_mut() {
            last.shared.push(SharedFit {
                curves: names,
                rss: Some(fit.rss),
                residual_df: Some(fit.residual_df),
                refusal: None,
            });
        }
        for (curve, line) in curves.iter().skip(1).zip(fit.potencies) {
            self.judge_width(run, &curve.name, line.fieller);
            let is_parallel = !scale.parallel || line.slope_ratio.as_ref().is_some_and(|s| s.equivalent);
            if !is_parallel {
                self.flag(Flag::new(
                    "not-parallel",
                    format!("{}: parallelism is not shown; the relative potency is printed for inspection, not for use", curve.name),
                    format!("{}：未能證明平行性；所列相對效價僅供檢視，不得採用", curve.name),
                ));
            }
            self.report.relative_potency.push(SampleReport {
                run: run.to_string(),
                sample: curve.name.clone(),
                reference: reference.clone(),
                estimate: Some(line.estimate),
                low: line.fieller.low,
                high: line.fieller.high,
                interval: "fieller",
                assigned: self.assigned(line.estimate, line.fieller),
                reportable: is_parallel && self.reference_known,
                relative_potency: None,
                line: Some(line),
                parallelism: None,
                refusal: None,
            });
        }
    }

    fn picture_of_lines(
        &mut self,
        run: &str,
        all: &[Curve],
        kept: &[Curve],
        scale: LineScale,
        fit: Option<&LineFit>,
    ) {
        for (k, curve) in all.iter().enumerate() {
            let lines: Vec<usize> =
                kept.get(k).map(|c| c.wells.iter().map(|w| w.line).collect()).unwrap_or_default();
            let line = fit.and_then(|f| {
                Some(PictureLine {
                    intercept: f.intercepts.get(k)?.estimate,
                    slope: f.slopes.get(k)?.estimate,
                    log_dose: scale.parallel,
                    log_response: scale.log_response,
                })
            });
            self.report.picture.curves.push(PictureCurve {
                run: run.to_string(),
                name: curve.name.clone(),
                points: curve
                    .wells
                    .iter()
                    .map(|w| PicturePoint {
                        dose: w.dose,
                        response: w.response,
                        removed: !lines.contains(&w.line),
                    })
                    .collect(),
                parameters: None,
                line,
            });
        }
    }
}

fn line_report(curve: &Curve, line: Option<&OwnLine>) -> CurveReport {
    let (dose_levels, replicates_min, _, _) = doses_of(&curve.wells);
    CurveReport {
        name: curve.name.clone(),
        observations: curve.wells.len(),
        dose_levels,
        replicates_min,
        direction: line.map(|l| if l.slope < 0.0 { "falling" } else { "rising" }),
        half_maximal_dose: None,
        rss: line.map(|l| l.rss),
        residual_df: line.map(|l| l.residual_df),
        r_squared: line.and_then(|l| l.r_squared),
        information: None,
        refusal: None,
    }
}
