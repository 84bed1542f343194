//! From a dose-response table to a report: reads, fits, names outliers, judges, compares, combines.
//! Pure: the same bytes, options and method file give the same report to the bit.

use crate::assay_table::{AssayTable, AssayTableError, Well};
use crate::combine::{AssayResult, combine};
use crate::curve::{CurveParameters, Observation};
use crate::fit::{CurveFit, FitError, fit_curve};
use crate::interval::Interval;
use crate::joint::{JointFit, Shared, fit_joint};
use crate::lines::{LineError, LinePoint, LinePotency, parallel_line, slope_ratio_assay};
use crate::method::{Method, MethodError, Outcome, RELATIVE_POTENCY, sha256_hex};
use crate::outliers::find_outliers;
use crate::plot::{PictureCurve, PicturePoint, PotencyPicture};
use crate::relative::{Margins, parallelism, relative_potency};
use crate::report::*;

/// Why a potency table gives no report.
#[derive(Debug, thiserror::Error)]
pub enum PotencyError {
    /// The table.
    #[error(transparent)]
    Table(#[from] AssayTableError),
    /// The method file.
    #[error(transparent)]
    Method(#[from] MethodError),
    /// The reference named by the caller is not in the table.
    #[error("no preparation {name:?} in the table; it has: {found}")]
    NoSuchReference {
        /// Asked for.
        name: String,
        /// Found.
        found: String,
    },
    /// The standard's assigned value.
    #[error("the assigned value {0} of the reference standard is not a positive number")]
    BadStandard(f64),
    /// Not one curve of the table can be fitted.
    #[error("no curve can be fitted: {0}")]
    NothingFitted(String),
}

/// The wells of one preparation in one run.
#[derive(Clone)]
struct Curve {
    name: String,
    wells: Vec<Well>,
}

impl Curve {
    fn observations(&self) -> Vec<Observation> {
        self.wells
            .iter()
            .map(|w| Observation {
                log_dose: w.dose.ln(),
                response: w.response,
                weight: w.weight,
            })
            .collect()
    }
}

struct Analysis<'a> {
    options: &'a PotencyOptions,
    method: &'a Method,
    confidence_level: f64,
    report: PotencyReport,
}

/// Analyses a dose-response table. Refuses what cannot be read, what names no such reference, and a
/// table of which not one curve can be fitted; anything less stands in the report.
pub fn analyse_potency(
    csv_bytes: &[u8],
    options: &PotencyOptions,
) -> Result<PotencyReport, PotencyError> {
    let method = Method::parse(options.method_toml.as_deref().unwrap_or(RELATIVE_POTENCY))?;
    let table = AssayTable::read(csv_bytes, &options.columns)?;
    if let Some(standard) = &options.standard
        && !(standard.assigned_value > 0.0 && standard.assigned_value.is_finite())
    {
        return Err(PotencyError::BadStandard(standard.assigned_value));
    }
    let reference = choose_reference(&table, options)?;
    let mut analysis = Analysis {
        options,
        method: &method,
        confidence_level: method.number("confidence-level")?,
        report: empty_report(csv_bytes, &table, options, &method),
    };
    analysis.flag_input(&table, reference.as_ref());
    for (run, name) in table.runs.iter().enumerate() {
        let mut curves: Vec<Curve> = table
            .preparations
            .iter()
            .map(|p| Curve {
                name: p.clone(),
                wells: Vec::new(),
            })
            .collect();
        for well in table.wells.iter().filter(|w| w.run == run) {
            if let Some(curve) = curves.get_mut(well.preparation) {
                curve.wells.push(well.clone());
            }
        }
        curves.retain(|c| !c.wells.is_empty());
        // The reference first: every comparison is against curve 0.
        if let Some(r) = &reference {
            curves.sort_by_key(|c| c.name != r.name);
        }
        match options.assay {
            AssayKind::Curves => analysis.run_of_curves(name, curves, reference.as_ref())?,
            AssayKind::ParallelLine | AssayKind::SlopeRatio => {
                analysis.run_of_lines(name, curves, reference.as_ref())?
            }
        }
    }
    analysis.report.reference = reference;
    analysis.combine_runs()?;
    analysis.refuse_if_nothing_fitted()?;
    let mut report = analysis.report;
    report.suitable = !report.suitability.is_empty()
        && report.suitability.iter().all(|v| v.outcome == Outcome::Met);
    Ok(report)
}

fn choose_reference(
    table: &AssayTable,
    options: &PotencyOptions,
) -> Result<Option<ReferenceChoice>, PotencyError> {
    if let Some(name) = &options.reference {
        return match table
            .preparations
            .iter()
            .find(|p| p.trim().eq_ignore_ascii_case(name.trim()))
        {
            Some(found) => Ok(Some(ReferenceChoice {
                name: found.clone(),
                chosen: "named",
            })),
            None => Err(PotencyError::NoSuchReference {
                name: name.clone(),
                found: table.preparations.join(", "),
            }),
        };
    }
    if table.preparations.len() < 2 {
        return Ok(None);
    }
    let words = [
        "reference",
        "standard",
        "ref",
        "std",
        "rs",
        "標準品",
        "對照標準品",
    ];
    let recognised: Vec<&String> = table
        .preparations
        .iter()
        .filter(|p| {
            let p = p.to_lowercase();
            words.contains(&p.as_str())
                || ["reference", "standard", "標準品"]
                    .iter()
                    .any(|w| p.contains(w))
        })
        .collect();
    Ok(match (recognised.as_slice(), table.preparations.first()) {
        ([one], _) => Some(ReferenceChoice {
            name: (*one).clone(),
            chosen: "recognised",
        }),
        (_, Some(first)) => Some(ReferenceChoice {
            name: first.clone(),
            chosen: "first-alphabetical",
        }),
        _ => None,
    })
}

fn empty_report(
    bytes: &[u8],
    table: &AssayTable,
    options: &PotencyOptions,
    method: &Method,
) -> PotencyReport {
    PotencyReport {
        kind: "potency",
        method: method.reference.clone(),
        input: InputSummary {
            sha256: sha256_hex(bytes),
            bytes: bytes.len(),
            columns: table.columns.clone(),
            dose_unit: table.dose_unit.clone(),
            response_unit: table.response_unit.clone(),
            dose_scale: table.dose_scale,
            observations: table.wells.len(),
            excluded_lines: table.excluded_lines.clone(),
            missing_lines: table.missing_lines.clone(),
        },
        options: options.clone(),
        reference: None,
        parameters: Vec::new(),
        relative_potency: Vec::new(),
        combined: Vec::new(),
        runs: Vec::new(),
        outliers: Vec::new(),
        suitability: Vec::new(),
        suitable: false,
        flags: Vec::new(),
        picture: PotencyPicture {
            dose_label: table.columns.dose.clone(),
            response_label: table.columns.response.clone(),
            curves: Vec::new(),
        },
    }
}

impl Analysis<'_> {
    fn flag(&mut self, flag: Flag) {
        self.report.flags.push(flag);
    }

    fn flag_input(&mut self, table: &AssayTable, reference: Option<&ReferenceChoice>) {
        if !table.missing_lines.is_empty() {
            self.flag(
                Flag::new(
                    "missing-response",
                    "wells without a response took no part",
                    "無反應值之孔未納入",
                )
                .on_lines(table.missing_lines.clone()),
            );
        }
        if !table.excluded_lines.is_empty() {
            self.flag(
                Flag::new(
                    "excluded",
                    "wells the table marks as excluded took no part",
                    "表中標示排除之孔未納入",
                )
                .on_lines(table.excluded_lines.clone()),
            );
        }
        let unused = &table.columns.unused;
        if !unused.is_empty() {
            let names = unused.join(", ");
            self.flag(Flag::new(
                "unused-columns",
                format!("columns not used: {names}"),
                format!("未使用之欄位：{names}"),
            ));
        }
        let zero: Vec<usize> = table
            .wells
            .iter()
            .filter(|w| w.dose == 0.0)
            .map(|w| w.line)
            .collect();
        if !zero.is_empty() {
            self.flag(
                Flag::new(
                    "dose-zero",
                    "dose 0 stands for the asymptote: it takes part in curves, has no place on a log dose axis",
                    "劑量 0 代表漸近線：納入曲線擬合，但不在對數劑量軸上",
                )
                .on_lines(zero),
            );
        }
        if let Some(r) = reference.filter(|r| r.chosen == "first-alphabetical") {
            self.flag(Flag::new(
                "reference-not-named",
                format!("no preparation is named as the reference; {} was taken, first in alphabetical order", r.name),
                format!("未指定標準品；依字母順序取第一個：{}", r.name),
            ));
        }
    }

    fn run_of_curves(
        &mut self,
        run: &str,
        mut curves: Vec<Curve>,
        reference: Option<&ReferenceChoice>,
    ) -> Result<(), PotencyError> {
        self.handle_outliers(run, &mut curves)?;
        let mut reports = Vec::new();
        let mut fits: Vec<Option<CurveFit>> = Vec::new();
        for curve in &curves {
            let fitted = fit_curve(
                self.options.model,
                &curve.observations(),
                self.options.information,
            );
            let report = self.curve_report(run, curve, &fitted);
            reports.push(report);
            fits.push(fitted.ok());
        }
        let mut run_report = RunReport {
            name: run.to_string(),
            curves: reports,
            shared_rss: None,
            shared_residual_df: None,
            shared_refusal: None,
        };
        if curves.len() > 1
            && let Some(reference) = reference
        {
            self.compare(run, &curves, &fits, reference, &mut run_report)?;
        }
        for (curve, fit) in curves.iter().zip(&fits) {
            self.report.picture.curves.push(PictureCurve {
                run: run.to_string(),
                name: curve.name.clone(),
                points: curve
                    .wells
                    .iter()
                    .map(|w| PicturePoint {
                        dose: w.dose,
                        response: w.response,
                        removed: false,
                    })
                    .collect(),
                parameters: fit.as_ref().map(|f| f.parameters),
            });
        }
        let removed: Vec<OutlierReport> = self
            .report
            .outliers
            .iter()
            .filter(|o| o.removed && o.run == run)
            .cloned()
            .collect();
        for o in removed {
            if let Some(c) = self
                .report
                .picture
                .curves
                .iter_mut()
                .find(|c| c.run == run && c.name == o.curve)
            {
                c.points.push(PicturePoint {
                    dose: o.dose,
                    response: o.response,
                    removed: true,
                });
            }
        }
        self.report.runs.push(run_report);
        Ok(())
    }

    fn handle_outliers(&mut self, run: &str, curves: &mut [Curve]) -> Result<(), PotencyError> {
        let alpha = self.method.number("outlier-alpha")?;
        let fraction_max = self.method.number("outlier-fraction-max")?;
        for curve in curves {
            // A curve that cannot be fitted has no residuals; its refusal is reported with the fit.
            let Ok(found) = find_outliers(self.options.model, &curve.observations(), alpha) else {
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

    fn curve_report(
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
            if half >= low && half <= high {
                1.0
            } else {
                0.0
            }
        });
        let window = fit.map(|f| {
            (f.parameters.d - f.parameters.c).abs() / (f.rss / f.residual_df as f64).sqrt()
        });
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
            let errors =
                (0..self.options.model.parameter_count()).map(|k| Some(f.standard_error(k)));
            push_parameters(
                &mut self.report.parameters,
                run,
                &curve.name,
                "own",
                &f.parameters,
                errors,
            );
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
            direction: p.map(|p| {
                if p.b * (p.d - p.c) > 0.0 {
                    "falling"
                } else {
                    "rising"
                }
            }),
            half_maximal_dose: p.map(|p| p.half_maximal_dose()),
            rss: fit.map(|f| f.rss),
            residual_df: fit.map(|f| f.residual_df),
            r_squared,
            information: fit.map(|f| f.information),
            refusal: fitted.as_ref().err().map(|e| e.to_string()),
        }
    }

    /// Curves of one run against its reference, which is curve 0 if the run has it.
    fn compare(
        &mut self,
        run: &str,
        curves: &[Curve],
        fits: &[Option<CurveFit>],
        reference: &ReferenceChoice,
        run_report: &mut RunReport,
    ) -> Result<(), PotencyError> {
        let margins = Margins::of(self.method)?;
        let reference_fit = curves
            .first()
            .zip(fits.first())
            .filter(|(c, f)| c.name == reference.name && f.is_some());
        if reference_fit.is_none() {
            for curve in curves.iter().filter(|c| c.name != reference.name) {
                let text = format!(
                    "the reference {} is not in this run or cannot be fitted",
                    reference.name
                );
                self.report
                    .relative_potency
                    .push(refused(run, &curve.name, &reference.name, text));
            }
            return Ok(());
        }
        let observations: Vec<Vec<Observation>> = curves.iter().map(Curve::observations).collect();
        let mut together: Vec<(usize, Option<crate::relative::Parallelism>)> = vec![(0, None)];
        for (k, curve) in curves.iter().enumerate().skip(1) {
            let parallel = match &fits[k] {
                Some(_) => parallelism(
                    self.options.model,
                    &observations[0],
                    &observations[k],
                    self.options.information,
                    &margins,
                )
                .map_err(|e| e.to_string()),
                None => Err("the curve cannot be fitted".to_string()),
            };
            match parallel {
                Ok(p) if p.reversed => {
                    let mut sample = refused(
                        run,
                        &curve.name,
                        &reference.name,
                        "the curve runs against the reference's".into(),
                    );
                    sample.parallelism = Some(p);
                    self.flag(Flag::new(
                        "reversed-curve",
                        format!(
                            "{} runs against the reference: one rises, the other falls",
                            curve.name
                        ),
                        format!("{} 與標準品曲線方向相反", curve.name),
                    ));
                    self.report.relative_potency.push(sample);
                }
                Ok(p) => together.push((k, Some(p))),
                Err(text) => self.report.relative_potency.push(refused(
                    run,
                    &curve.name,
                    &reference.name,
                    text,
                )),
            }
        }
        if together.len() < 2 {
            return Ok(());
        }
        let data: Vec<Vec<Observation>> = together
            .iter()
            .map(|(k, _)| observations[*k].clone())
            .collect();
        match fit_joint(
            self.options.model,
            &data,
            Shared::PARALLEL,
            self.options.information,
        ) {
            Ok(fit) => {
                run_report.shared_rss = Some(fit.rss);
                run_report.shared_residual_df = Some(fit.residual_df);
                let names: Vec<&str> = together
                    .iter()
                    .map(|(k, _)| curves[*k].name.as_str())
                    .collect();
                self.report_shared(
                    run,
                    &fit,
                    &data,
                    &names,
                    together.into_iter().map(|(_, p)| p).collect(),
                );
            }
            Err(error) => {
                run_report.shared_refusal = Some(error.to_string());
                for (k, parallel) in together.into_iter().skip(1) {
                    let mut sample =
                        refused(run, &curves[k].name, &reference.name, error.to_string());
                    sample.parallelism = parallel;
                    self.report.relative_potency.push(sample);
                }
            }
        }
        Ok(())
    }

    fn report_shared(
        &mut self,
        run: &str,
        fit: &JointFit,
        data: &[Vec<Observation>],
        names: &[&str],
        parallel: Vec<Option<crate::relative::Parallelism>>,
    ) {
        let mut shared = Vec::new();
        for (k, name) in names.iter().enumerate() {
            let errors =
                (0..self.options.model.parameter_count()).map(|slot| fit.standard_error(k, slot));
            push_parameters(&mut shared, run, name, "shared", &fit.curves[k], errors);
        }
        self.report.parameters.splice(0..0, shared);
        for (k, parallelism) in parallel.into_iter().enumerate().skip(1) {
            let potency = relative_potency(fit, data, 0, k, self.confidence_level);
            let is_parallel = parallelism.as_ref().is_some_and(|p| p.parallel);
            if !is_parallel {
                self.flag(Flag::new(
                    "not-parallel",
                    format!("{}: parallelism is not shown; the relative potency is printed for inspection, not for use", names[k]),
                    format!("{}：未能證明平行性；所列相對效價僅供檢視，不得採用", names[k]),
                ));
            }
            let interval = potency.profile_likelihood;
            self.judge_width(run, names[k], interval);
            self.report.relative_potency.push(SampleReport {
                run: run.to_string(),
                sample: names[k].to_string(),
                reference: names[0].to_string(),
                estimate: Some(potency.estimate),
                low: potency.delta.low,
                high: potency.delta.high,
                interval: "delta",
                assigned: self.assigned(potency.estimate, potency.delta),
                reportable: is_parallel,
                relative_potency: Some(potency),
                line: None,
                parallelism,
                refusal: None,
            });
        }
    }

    fn judge_width(&mut self, run: &str, sample: &str, interval: Interval) {
        let fold = interval
            .low
            .zip(interval.high)
            .filter(|(l, _)| *l > 0.0)
            .map(|(l, h)| h / l);
        let verdicts = self
            .method
            .judge(&label(run, sample), &[("potency-interval-fold", fold)]);
        self.report.suitability.extend(verdicts);
    }

    fn assigned(&self, estimate: f64, interval: Interval) -> Option<AssignedPotency> {
        self.options
            .standard
            .as_ref()
            .map(|standard| AssignedPotency {
                estimate: estimate * standard.assigned_value,
                low: interval.low.map(|l| l * standard.assigned_value),
                high: interval.high.map(|h| h * standard.assigned_value),
                standard: standard.clone(),
            })
    }

    fn run_of_lines(
        &mut self,
        run: &str,
        curves: Vec<Curve>,
        reference: Option<&ReferenceChoice>,
    ) -> Result<(), PotencyError> {
        let level = self.method.number("equivalence-confidence-level")?;
        let margins = (
            self.method.number("slope-ratio-lower")?,
            self.method.number("slope-ratio-upper")?,
        );
        let parallel = self.options.assay == AssayKind::ParallelLine;
        let refuse_all = |analysis: &mut Self, text: String| {
            for c in curves
                .iter()
                .filter(|c| reference.is_none_or(|r| r.name != c.name))
            {
                let name = reference.map_or("", |r| r.name.as_str());
                analysis
                    .report
                    .relative_potency
                    .push(refused(run, &c.name, name, text.clone()));
            }
        };
        self.report.runs.push(RunReport {
            name: run.to_string(),
            curves: curves.iter().map(line_curve_report).collect(),
            shared_rss: None,
            shared_residual_df: None,
            shared_refusal: None,
        });
        let has_reference =
            reference.is_some_and(|r| curves.first().is_some_and(|c| c.name == r.name));
        if !has_reference || curves.len() < 2 {
            refuse_all(
                self,
                "a line assay needs the reference and a sample in the same run".to_string(),
            );
            return Ok(());
        }
        if self.options.log_response
            && curves
                .iter()
                .flat_map(|c| &c.wells)
                .any(|w| w.response <= 0.0)
        {
            refuse_all(
                self,
                "a response of 0 or below has no logarithm".to_string(),
            );
            return Ok(());
        }
        let points: Vec<Vec<LinePoint>> = curves
            .iter()
            .map(|c| {
                c.wells
                    .iter()
                    .filter(|w| !parallel || w.dose > 0.0)
                    .map(|w| LinePoint {
                        x: if parallel { w.dose.ln() } else { w.dose },
                        y: if self.options.log_response {
                            w.response.ln()
                        } else {
                            w.response
                        },
                    })
                    .collect()
            })
            .collect();
        let result: Result<Vec<LinePotency>, LineError> = if parallel {
            parallel_line(&points, self.confidence_level, level, margins)
        } else {
            slope_ratio_assay(&points, self.confidence_level)
        };
        match result {
            Err(error) => refuse_all(self, error.to_string()),
            Ok(results) => {
                for (curve, line) in curves.iter().skip(1).zip(results) {
                    self.judge_width(run, &curve.name, line.fieller);
                    let is_parallel =
                        !parallel || line.slope_ratio.as_ref().is_some_and(|s| s.equivalent);
                    self.report.relative_potency.push(SampleReport {
                        run: run.to_string(),
                        sample: curve.name.clone(),
                        reference: curves[0].name.clone(),
                        estimate: Some(line.estimate),
                        low: line.fieller.low,
                        high: line.fieller.high,
                        interval: "fieller",
                        assigned: self.assigned(line.estimate, line.fieller),
                        reportable: is_parallel,
                        relative_potency: None,
                        line: Some(line),
                        parallelism: None,
                        refusal: None,
                    });
                }
            }
        }
        Ok(())
    }

    fn combine_runs(&mut self) -> Result<(), PotencyError> {
        if self.report.runs.len() < 2 {
            return Ok(());
        }
        let alpha = self.method.number("heterogeneity-alpha")?;
        let mut samples: Vec<String> = self
            .report
            .relative_potency
            .iter()
            .map(|s| s.sample.clone())
            .collect();
        samples.sort();
        samples.dedup();
        for sample in samples {
            let of_sample = self
                .report
                .relative_potency
                .iter()
                .filter(|s| s.sample == sample);
            // Only what may be reported is combined; what is left out stands among the results.
            let assays: Vec<AssayResult> = of_sample
                .filter(|s| s.reportable)
                .filter_map(|s| {
                    let log_error = s
                        .relative_potency
                        .as_ref()
                        .map(|p| p.log_standard_error)
                        .or(s.line.as_ref().map(|l| l.log_standard_error));
                    let df = s
                        .relative_potency
                        .as_ref()
                        .map(|p| p.residual_df)
                        .or(s.line.as_ref().map(|l| l.residual_df));
                    Some(AssayResult {
                        name: s.run.clone(),
                        potency: s.estimate?,
                        log_standard_error: log_error?,
                        residual_df: df?,
                    })
                })
                .collect();
            let result = combine(&assays, self.confidence_level, alpha);
            self.report.combined.push(CombinedReport {
                sample,
                refusal: result.as_ref().err().map(|e| e.to_string()),
                combination: result.ok(),
            });
        }
        Ok(())
    }

    fn refuse_if_nothing_fitted(&self) -> Result<(), PotencyError> {
        let curves: Vec<&CurveReport> = self.report.runs.iter().flat_map(|r| &r.curves).collect();
        let lines = self.options.assay != AssayKind::Curves;
        let nothing = if lines {
            self.report
                .relative_potency
                .iter()
                .all(|s| s.estimate.is_none())
        } else {
            curves.iter().all(|c| c.refusal.is_some())
        };
        if !nothing {
            return Ok(());
        }
        let mut reasons: Vec<String> = curves
            .iter()
            .filter_map(|c| c.refusal.as_ref().map(|r| named(&c.name, r)))
            .collect();
        reasons.extend(
            self.report
                .relative_potency
                .iter()
                .filter_map(|s| s.refusal.as_ref().map(|r| named(&s.sample, r))),
        );
        if reasons.is_empty() {
            reasons
                .push("a line assay needs the reference and a sample in the same run".to_string());
        }
        reasons.truncate(5);
        Err(PotencyError::NothingFitted(reasons.join("; ")))
    }
}

fn named(name: &str, reason: &str) -> String {
    if name.is_empty() {
        reason.to_string()
    } else {
        format!("{name}: {reason}")
    }
}

fn label(run: &str, name: &str) -> String {
    match (run.is_empty(), name.is_empty()) {
        (true, _) => name.to_string(),
        (false, true) => run.to_string(),
        (false, false) => format!("{run}: {name}"),
    }
}

fn refused(run: &str, sample: &str, reference: &str, refusal: String) -> SampleReport {
    SampleReport {
        run: run.to_string(),
        sample: sample.to_string(),
        reference: reference.to_string(),
        estimate: None,
        low: None,
        high: None,
        interval: "none",
        assigned: None,
        reportable: false,
        relative_potency: None,
        line: None,
        parallelism: None,
        refusal: Some(refusal),
    }
}

fn push_parameters(
    into: &mut Vec<Estimate>,
    run: &str,
    curve: &str,
    fit: &'static str,
    p: &CurveParameters,
    errors: impl Iterator<Item = Option<f64>>,
) {
    for ((parameter, estimate), error) in
        [("b", p.b), ("c", p.c), ("d", p.d), ("e", p.e), ("g", p.g)]
            .into_iter()
            .zip(errors)
    {
        into.push(Estimate {
            run: run.to_string(),
            curve: curve.to_string(),
            fit,
            parameter,
            estimate,
            standard_error: error.filter(|e| e.is_finite()),
        });
    }
}

/// Distinct doses above 0, fewest replicates at any dose, lowest and highest dose above 0.
fn doses_of(wells: &[Well]) -> (usize, usize, f64, f64) {
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
    let above: Vec<f64> = levels
        .iter()
        .map(|(d, _)| *d)
        .filter(|d| *d > 0.0)
        .collect();
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
    wells
        .iter()
        .map(|w| w.weight * (w.response - mean).powi(2))
        .sum()
}

fn line_curve_report(curve: &Curve) -> CurveReport {
    let (dose_levels, replicates_min, _, _) = doses_of(&curve.wells);
    CurveReport {
        name: curve.name.clone(),
        observations: curve.wells.len(),
        dose_levels,
        replicates_min,
        direction: None,
        half_maximal_dose: None,
        rss: None,
        residual_df: None,
        r_squared: None,
        information: None,
        refusal: None,
    }
}
