//! Mycoplasma and replication-competent virus: what must be absent, what so many negative wells still
//! allow, and whether the test could have found it. Knows the report and the table's wells.

use vena_base::Text;

use crate::limits::{AbsenceFinding, absence as finding_of};
use crate::method::Method;
use crate::qpcr::{AbsenceKind, AbsenceResult, AbsenceTest, Call, QpcrError, QpcrReport};
use crate::qpcr_table::{Cq, QpcrTable, Task};

/// Judges every sample of the target.
pub(crate) fn absence(
    report: &mut QpcrReport,
    method: &Method,
    table: &QpcrTable,
    level: f64,
    detection: f64,
) -> Result<(), QpcrError> {
    let Some(options) = report.options.absence.clone() else {
        return Ok(());
    };
    let Some(target) = target_of(&options, report, table) else {
        return Err(QpcrError::NoSuchTarget { name: String::new(), found: table.targets.join(", ") });
    };
    let concentration = match options.kind {
        AbsenceKind::Mycoplasma => None,
        AbsenceKind::ReplicationCompetentVirus => Some(method.number("retrovirus-target-concentration")?),
    };
    if options.kind == AbsenceKind::Mycoplasma {
        // A series that jumps from none to all has no probit line; the lowest level found in the needed
        // share of enough tests then is the limit shown.
        let curve = report.curves.iter().find(|c| c.target == target);
        let shown = curve.and_then(|c| match (&c.probit, &c.hit_rate) {
            (Some(probit), _) => Some(probit.limit),
            (None, hits) => hits.map(|h| h.limit),
        });
        let verdicts = method.judge(&target, &[("mycoplasma-detection-limit", shown)]);
        report.suitability.extend(verdicts);
    }
    let cut_off = report.options.cut_off_cq.unwrap_or(f64::INFINITY);
    let samples: Vec<String> =
        report.samples.iter().filter(|s| s.target == target).map(|s| s.sample.clone()).collect();
    for sample in samples {
        let wells = || {
            table.wells.iter().filter(|w| w.task == Task::Unknown && w.target == target && w.sample == sample)
        };
        let tested = wells().count() as u64;
        // A positive control of the same target is no sample.
        if tested == 0 {
            continue;
        }
        let positive = wells().filter(|w| matches!(w.cq, Cq::Value(cq) if cq <= cut_off)).count() as u64;
        let aim = options.volume_ml.zip(concentration).map(|(volume, c)| (volume, c, detection));
        let found = finding_of(positive, tested, level, aim)?;
        let result = judged(report, &options, sample, found);
        let over_needed = options.volume_ml.zip(result.finding.volume_needed).map(|(v, needed)| v / needed);
        let mut measures =
            vec![("absence-positives", (result.call != Call::NotAssessable).then_some(positive as f64))];
        if concentration.is_some() {
            measures.push(("absence-volume-over-needed", over_needed));
        }
        let verdicts = method.judge(&result.sample, &measures);
        report.suitability.extend(verdicts);
        report.absence.push(result);
    }
    Ok(())
}

fn target_of(options: &AbsenceTest, report: &QpcrReport, table: &QpcrTable) -> Option<String> {
    options.target.clone().or_else(|| {
        let control = report.options.internal_control_target.as_ref();
        let mut others = table.targets.iter().filter(|t| Some(*t) != control);
        match (others.next(), others.next()) {
            (Some(one), None) => Some(one.clone()),
            _ => None,
        }
    })
}

fn judged(
    report: &QpcrReport,
    options: &AbsenceTest,
    sample: String,
    finding: AbsenceFinding,
) -> AbsenceResult {
    let mut missing = Vec::new();
    if let Some(control) = &report.options.internal_control_target {
        let amplified = report
            .samples
            .iter()
            .any(|s| s.sample == sample && s.target == *control && s.replicates == s.amplified);
        if !amplified {
            missing.push(Text::new(
                format!("amplification of the internal control {control}"),
                format!("內部對照 {control} 之擴增"),
            ));
        }
    }
    if options.volume_ml.is_none() {
        missing.push(Text::new("millilitres tested", "檢驗之毫升數"));
    }
    // A finding stands whatever is missing; absence does not.
    let call = if finding.positive > 0 {
        Call::Positive
    } else if missing.is_empty() && finding.volume_suffices != Some(false) {
        Call::Negative
    } else {
        Call::NotAssessable
    };
    let wells = finding.tested as f64;
    AbsenceResult {
        positive: finding.positive,
        tested: finding.tested,
        call,
        concentration_upper: options
            .volume_ml
            .map(|volume| finding.mean_upper * wells / volume)
            .filter(|upper| upper.is_finite()),
        sample,
        finding,
        missing,
    }
}
