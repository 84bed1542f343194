//! One run's samples held against its reference: parallelism, relative potency from curves or from
//! lines, written into the report. Knows nothing of tables.

use vena_base::Text;

use crate::curve::Observation;
use crate::fit::CurveFit;
use crate::interval::Interval;
use crate::joint::{JointFit, Shared, fit_joint};
use crate::potency::{Analysis, Curve, PotencyError, label};
use crate::relative::{Margins, Parallelism, parallelism, relative_potency};
use crate::report::*;
use crate::single::push_parameters;

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
                reportable: is_parallel && self.reference_known,
                relative_potency: Some(potency),
                line: None,
                parallelism: Some(parallelism),
                refusal: None,
            });
        }
    }

    pub(crate) fn judge_width(&mut self, run: &str, sample: &str, interval: Interval) {
        let fold = interval.low.zip(interval.high).filter(|(l, _)| *l > 0.0).map(|(l, h)| h / l);
        let verdicts = self.method.judge(&label(run, sample), &[("potency-interval-fold", fold)]);
        self.report.suitability.extend(verdicts);
    }

    pub(crate) fn assigned(&self, estimate: f64, interval: Interval) -> Option<AssignedPotency> {
        self.options.standard.as_ref().map(|standard| AssignedPotency {
            estimate: estimate * standard.assigned_value,
            low: interval.low.map(|l| l * standard.assigned_value),
            high: interval.high.map(|h| h * standard.assigned_value),
            standard: standard.clone(),
        })
    }
}

pub(crate) fn refused(run: &str, sample: &str, reference: &str, refusal: Text) -> SampleReport {
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
