//! One run's samples held against its reference: parallelism, relative potency from curves or from
//! lines, written into the report. Knows nothing of tables.

use vena_base::Text;

use crate::assay_table::Well;
use crate::curve::Observation;
use crate::fit::CurveFit;
use crate::interval::Interval;
use crate::joint::{JointFit, Shared, fit_joint};
use crate::lines::{LineError, LinePoint, LinePotency, parallel_line, slope_ratio_assay};
use crate::potency::{Analysis, Curve, PotencyError, label};
use crate::relative::{Margins, Parallelism, parallelism, relative_potency};
use crate::report::*;
use crate::single::{doses_of, push_parameters};
use crate::words::{Words, words};

/// Why a line assay has nothing to compare.
pub(crate) const NO_PAIR: Words = words(
    "a line assay needs the reference and a sample in the same run",
    "直線試驗須在同一批次中同時有標準品與檢品",
);

impl Analysis<'_> {
    /// Curves of one run against its reference, which is curve 0 if the run has it.
    pub(crate) fn compare(
        &mut self,
        run: &str,
        curves: &[Curve],
        fits: &[Option<CurveFit>],
        reference: &ReferenceChoice,
    ) -> Result<Vec<SharedFit>, PotencyError> {
        let has_reference =
            curves.first().zip(fits.first()).is_some_and(|(c, f)| c.name == reference.name && f.is_some());
        if !has_reference {
            let text = Text::new(
                format!("the reference {} is not in this run or cannot be fitted", reference.name),
                format!("標準品 {} 不在此批次中，或無法擬合", reference.name),
            );
            for curve in curves.iter().filter(|c| c.name != reference.name) {
                let sample = refused(run, &curve.name, &reference.name, text.clone());
                self.report.relative_potency.push(sample);
            }
            return Ok(Vec::new());
        }
        let judged = self.judge_parallelism(run, curves, fits)?;
        // Parallel samples share one fit with the reference; a sample that is not parallel is fitted
        // with the reference alone, so that it spoils no other sample's potency.
        let (parallel, apart): (Vec<_>, Vec<_>) = judged.into_iter().partition(|(_, p)| p.parallel);
        let mut groups: Vec<Vec<(usize, Parallelism)>> = apart.into_iter().map(|one| vec![one]).collect();
        if !parallel.is_empty() {
            groups.insert(0, parallel);
        }
        Ok(groups.into_iter().map(|group| self.fit_group(run, curves, group)).collect())
    }

    /// Parallelism of every sample; what is refused or runs the other way goes into the report here.
    fn judge_parallelism(
        &mut self,
        run: &str,
        curves: &[Curve],
        fits: &[Option<CurveFit>],
    ) -> Result<Vec<(usize, Parallelism)>, PotencyError> {
        let margins = Margins::of(self.method)?;
        let (model, information) = (self.options.model, self.options.information);
        let mut judged = Vec::new();
        let Some((reference, _)) = curves.split_first() else {
            return Ok(judged);
        };
        let observations = reference.observations();
        for (k, curve) in curves.iter().enumerate().skip(1) {
            let parallel = match fits.get(k) {
                Some(Some(_)) => {
                    parallelism(model, &observations, &curve.observations(), information, &margins)
                        .map_err(|e| e.text())
                }
                _ => Err(Text::new("the curve cannot be fitted", "曲線無法擬合")),
            };
            let (text, parallel) = match parallel {
                Ok(p) if p.reversed => {
                    self.flag(Flag::new(
                        "reversed-curve",
                        format!("{} runs against the reference: one rises, the other falls", curve.name),
                        format!("{} 與標準品曲線方向相反", curve.name),
                    ));
                    (Text::new("the curve runs against the reference's", "曲線方向與標準品相反"), Some(p))
                }
                Ok(p) => {
                    judged.push((k, p));
                    continue;
                }
                Err(text) => (text, None),
            };
            let mut sample = refused(run, &curve.name, &reference.name, text);
            sample.parallelism = parallel;
            self.report.relative_potency.push(sample);
        }
        Ok(judged)
    }

    /// One fit of the reference with the samples of a group.
    fn fit_group(&mut self, run: &str, curves: &[Curve], group: Vec<(usize, Parallelism)>) -> SharedFit {
        let members: Vec<&Curve> =
            std::iter::once(0).chain(group.iter().map(|(k, _)| *k)).filter_map(|k| curves.get(k)).collect();
        let names: Vec<&str> = members.iter().map(|c| c.name.as_str()).collect();
        let data: Vec<Vec<Observation>> = members.iter().map(|c| c.observations()).collect();
        let parallel: Vec<Parallelism> = group.into_iter().map(|(_, p)| p).collect();
        let mut shared = SharedFit {
            curves: names.iter().map(|n| n.to_string()).collect(),
            rss: None,
            residual_df: None,
            refusal: None,
        };
        match fit_joint(self.options.model, &data, Shared::PARALLEL, self.options.information) {
            Ok(fit) => {
                shared.rss = Some(fit.rss);
                shared.residual_df = Some(fit.residual_df);
                self.report_shared(run, &fit, &data, &names, parallel);
            }
            Err(error) => {
                shared.refusal = Some(error.text());
                let reference = names.first().copied().unwrap_or_default();
                for (name, p) in names.iter().skip(1).zip(parallel) {
                    let mut sample = refused(run, name, reference, error.text());
                    sample.parallelism = Some(p);
                    self.report.relative_potency.push(sample);
                }
            }
        }
        shared
    }

    fn report_shared(
        &mut self,
        run: &str,
        fit: &JointFit,
        data: &[Vec<Observation>],
        names: &[&str],
        parallel: Vec<Parallelism>,
    ) {
        let mut shared = Vec::new();
        for (k, name) in names.iter().enumerate() {
            let errors = (0..self.options.model.parameter_count()).map(|slot| fit.standard_error(k, slot));
            push_parameters(&mut shared, run, name, "shared", &fit.curves[k], errors);
        }
        let others: Vec<String> = names.iter().map(|n| n.to_string()).collect();
        for estimate in &mut shared {
            estimate.shared_with = others.iter().filter(|n| **n != estimate.curve).cloned().collect();
        }
        // The shared fit first: it is the one the potency rests on.
        let place = self.report.parameters.iter().take_while(|p| p.fit == "shared").count();
        self.report.parameters.splice(place..place, shared);
        for (k, parallelism) in (1..).zip(parallel) {
            let potency = relative_potency(fit, data, 0, k, self.confidence_level);
            let is_parallel = parallelism.parallel;
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
                parallelism: Some(parallelism),
                refusal: None,
            });
        }
    }

    fn judge_width(&mut self, run: &str, sample: &str, interval: Interval) {
        let fold = interval.low.zip(interval.high).filter(|(l, _)| *l > 0.0).map(|(l, h)| h / l);
        let verdicts = self.method.judge(&label(run, sample), &[("potency-interval-fold", fold)]);
        self.report.suitability.extend(verdicts);
    }

    fn assigned(&self, estimate: f64, interval: Interval) -> Option<AssignedPotency> {
        self.options.standard.as_ref().map(|standard| AssignedPotency {
            estimate: estimate * standard.assigned_value,
            low: interval.low.map(|l| l * standard.assigned_value),
            high: interval.high.map(|h| h * standard.assigned_value),
            standard: standard.clone(),
        })
    }

    /// What a line assay does not use is said, not left out in silence.
    fn flag_line_limits(&mut self, curves: &[Curve], parallel: bool) {
        let wells = || curves.iter().flat_map(|c| &c.wells);
        let zero: Vec<usize> = wells().filter(|w| parallel && w.dose == 0.0).map(|w| w.line).collect();
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
        if wells().any(|w| w.weight != 1.0) {
            self.flag(Flag::new(
                "weights-not-used",
                "lines are fitted without weights",
                "直線擬合未使用權重",
            ));
        }
        self.flag(Flag::new(
            "outlier-rule-not-applied",
            "the outlier rule is one of curves; lines were fitted to all wells",
            "離群值規則僅適用於曲線；直線以全部孔擬合",
        ));
    }

    pub(crate) fn run_of_lines(
        &mut self,
        run: &str,
        curves: Vec<Curve>,
        reference: Option<&ReferenceChoice>,
    ) -> Result<(), PotencyError> {
        let level = self.method.number("equivalence-confidence-level")?;
        let margins = (self.method.number("slope-ratio-lower")?, self.method.number("slope-ratio-upper")?);
        let parallel = self.options.assay == AssayKind::ParallelLine;
        let refuse_all = |analysis: &mut Self, text: Text| {
            for c in curves.iter().filter(|c| reference.is_none_or(|r| r.name != c.name)) {
                let name = reference.map_or("", |r| r.name.as_str());
                analysis.report.relative_potency.push(refused(run, &c.name, name, text.clone()));
            }
        };
        self.report.runs.push(RunReport {
            name: run.to_string(),
            curves: curves.iter().map(line_curve_report).collect(),
            shared: Vec::new(),
        });
        let has_reference = reference.is_some_and(|r| curves.first().is_some_and(|c| c.name == r.name));
        if !has_reference || curves.len() < 2 {
            refuse_all(self, NO_PAIR.text());
            return Ok(());
        }
        if self.options.log_response && curves.iter().flat_map(|c| &c.wells).any(|w| w.response <= 0.0) {
            refuse_all(
                self,
                Text::new("a response of 0 or below has no logarithm", "反應值小於或等於 0 者無對數"),
            );
            return Ok(());
        }
        self.flag_line_limits(&curves, parallel);
        let points = line_points(&curves, parallel, self.options.log_response);
        let result: Result<Vec<LinePotency>, LineError> = if parallel {
            parallel_line(&points, self.confidence_level, level, margins)
        } else {
            slope_ratio_assay(&points, self.confidence_level)
        };
        match result {
            Err(error) => refuse_all(self, error.text()),
            Ok(results) => self.report_lines(run, &curves, results, parallel),
        }
        Ok(())
    }

    fn report_lines(&mut self, run: &str, curves: &[Curve], results: Vec<LinePotency>, parallel: bool) {
        let reference = curves.first().map_or(String::new(), |c| c.name.clone());
        for (curve, line) in curves.iter().skip(1).zip(results) {
            self.judge_width(run, &curve.name, line.fieller);
            let is_parallel = !parallel || line.slope_ratio.as_ref().is_some_and(|s| s.equivalent);
            self.report.relative_potency.push(SampleReport {
                run: run.to_string(),
                sample: curve.name.clone(),
                reference: reference.clone(),
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

/// Wells as points of a line: ln dose (doses above 0) for parallel lines, dose for slope ratio.
fn line_points(curves: &[Curve], parallel: bool, log_response: bool) -> Vec<Vec<LinePoint>> {
    let point = |w: &Well| LinePoint {
        x: if parallel { w.dose.ln() } else { w.dose },
        y: if log_response { w.response.ln() } else { w.response },
    };
    curves.iter().map(|c| c.wells.iter().filter(|w| !parallel || w.dose > 0.0).map(point).collect()).collect()
}

fn refused(run: &str, sample: &str, reference: &str, refusal: Text) -> SampleReport {
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
