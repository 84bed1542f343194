//! From a qPCR table to a report: standard curves, samples with intervals, calls against a cut-off,
//! residual DNA per dose, vector copies per cell, limit of detection. A well without amplification
//! is censored: it never becomes a number.

use crate::interval::Interval;
use crate::limits::{HitLevel, LimitError, hit_rate_limit, poisson_limit};
use crate::method::{Method, MethodError, Outcome, QPCR, sha256_hex};
use crate::probit::probit_limit;
pub use crate::qpcr_report::*;
use crate::qpcr_table::{Cq, QpcrTable, QpcrTableError, QpcrWell, Task};
use crate::report::Flag;
use crate::standard_line::StandardLine;
use crate::words::{Words, words};

/// Why a qPCR table gives no report.
#[derive(Debug, thiserror::Error)]
pub enum QpcrError {
    /// The table.
    #[error(transparent)]
    Table(#[from] QpcrTableError),
    /// The method file.
    #[error(transparent)]
    Method(#[from] MethodError),
    /// An option names a target that is not there.
    #[error("no target {name:?} in the table; it has: {found}")]
    NoSuchTarget {
        /// Asked for.
        name: String,
        /// Found.
        found: String,
    },
    /// A count or a level.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// An option that is no possible value.
    #[error("{what} is {value}; it must be above 0 (a fraction at most 1)")]
    BadOption {
        /// Which.
        what: Words,
        /// Value.
        value: f64,
    },
}

/// Analyses a qPCR table.
pub fn analyse_qpcr(csv_bytes: &[u8], options: &QpcrOptions) -> Result<QpcrReport, QpcrError> {
    let method = Method::parse(options.method_toml.as_deref().unwrap_or(QPCR))?;
    let table = QpcrTable::read(csv_bytes)?;
    check_options(options, &table)?;
    let level = method.number("confidence-level")?;
    let detection = method.number("detection-probability")?;
    let rules = DetectionRules { level, detection, tests_min: method.number("hit-rate-tests-min")? };
    let mut report = QpcrReport {
        kind: "qpcr",
        method: method.reference.clone(),
        input_sha256: sha256_hex(csv_bytes),
        quantity_unit: table.quantity_unit.clone(),
        options: options.clone(),
        curves: table.targets.iter().map(|t| standard_curve(&table, t, options, &rules)).collect(),
        samples: Vec::new(),
        residual_dna: Vec::new(),
        vector_copies: Vec::new(),
        absence: Vec::new(),
        suitability: Vec::new(),
        suitable: false,
        flags: flags(&table),
    };
    report.samples = samples(&table, &report.curves, options, level);
    for curve in &report.curves {
        let blanks =
            table.wells.iter().filter(|w| w.task == Task::NoTemplateControl && w.target == curve.target);
        let (mut wells, mut positive) = (0, 0);
        for well in blanks {
            wells += 1;
            positive += usize::from(matches!(well.cq, Cq::Value(_)));
        }
        let has_standards = !curve.hits.is_empty();
        let line = curve.line.as_ref();
        let mut measures = vec![("no-template-control-positives", (wells > 0).then_some(positive as f64))];
        if has_standards {
            measures.push(("slope", line.map(|l| l.slope)));
            measures.push(("r-squared", line.map(|l| l.r_squared)));
            measures.push(("standard-levels", Some(line.map_or(0.0, |l| l.levels as f64))));
        }
        report.suitability.extend(method.judge(&curve.target, &measures));
    }
    crate::qpcr_results::residual_dna(&mut report, &method, &table);
    crate::qpcr_results::vector_copies(&mut report, &method, level)?;
    crate::qpcr_absence::absence(&mut report, &method, &table, level, detection)?;
    report.suitable =
        !report.suitability.is_empty() && report.suitability.iter().all(|v| v.outcome == Outcome::Met);
    Ok(report)
}

fn check_options(options: &QpcrOptions, table: &QpcrTable) -> Result<(), QpcrError> {
    let mut targets: Vec<&String> = Vec::new();
    targets.extend(&options.internal_control_target);
    if let Some(v) = &options.vector_copies {
        targets.extend([&v.vector_target, &v.reference_target]);
    }
    targets.extend(options.residual_dna.as_ref().and_then(|r| r.target.as_ref()));
    targets.extend(options.absence.as_ref().and_then(|a| a.target.as_ref()));
    for name in targets {
        if !table.targets.contains(name) {
            return Err(QpcrError::NoSuchTarget { name: name.clone(), found: table.targets.join(", ") });
        }
    }
    let dna = options.residual_dna.clone().unwrap_or_default();
    let fraction = options.vector_copies.as_ref().and_then(|v| v.transduced_fraction);
    for (what, value, max) in [
        (words("the cut-off Cq", "Cq 判定值"), options.cut_off_cq, f64::MAX),
        (
            words("nanograms per quantity unit", "每數量單位之奈克數"),
            dna.nanograms_per_quantity_unit,
            f64::MAX,
        ),
        (words("millilitres of product per well", "每孔代表之產品毫升數"), dna.product_ml_per_well, f64::MAX),
        (words("millilitres per dose", "每劑毫升數"), dna.dose_ml, f64::MAX),
        (
            words("millilitres tested for absence", "檢驗之毫升數"),
            options.absence.as_ref().and_then(|a| a.volume_ml),
            f64::MAX,
        ),
        (words("the transduced fraction", "轉導比例"), fraction, 1.0),
    ] {
        if let Some(value) = value
            && !(value > 0.0 && value <= max)
        {
            return Err(QpcrError::BadOption { what, value });
        }
    }
    Ok(())
}

fn flags(table: &QpcrTable) -> Vec<Flag> {
    let mut flags = Vec::new();
    let undetermined: Vec<usize> =
        table.wells.iter().filter(|w| w.cq == Cq::Undetermined).map(|w| w.line).collect();
    if !undetermined.is_empty() {
        flags.push(
            Flag::new(
                "undetermined",
                "wells without amplification are below detection, not 0",
                "未擴增之孔為低於偵測極限，並非 0",
            )
            .on_lines(undetermined),
        );
    }
    if !table.missing_lines.is_empty() {
        flags.push(
            Flag::new("missing-cq", "wells with an empty Cq took no part", "Cq 空白之孔未納入")
                .on_lines(table.missing_lines.clone()),
        );
    }
    if !table.excluded_lines.is_empty() {
        flags.push(
            Flag::new("excluded", "wells the table marks as excluded took no part", "表中標示排除之孔未納入")
                .on_lines(table.excluded_lines.clone()),
        );
    }
    if table.concluded_tasks {
        flags.push(Flag::new(
            "tasks-concluded",
            "there is no task column: wells with a quantity were taken as standards",
            "無任務欄位：有數量之孔視為標準品",
        ));
    }
    flags
}

/// What limits of detection are judged by.
struct DetectionRules {
    level: f64,
    detection: f64,
    tests_min: f64,
}

fn standard_curve(
    table: &QpcrTable,
    target: &str,
    options: &QpcrOptions,
    rules: &DetectionRules,
) -> StandardCurve {
    let (level, detection) = (rules.level, rules.detection);
    let standards: Vec<&QpcrWell> =
        table.wells.iter().filter(|w| w.task == Task::Standard && w.target == target).collect();
    // The limit of detection is that of the decision: a well past the cut-off is no hit, as it would be
    // none in a sample. The internal control has no cut-off.
    let control = options.internal_control_target.as_deref() == Some(target);
    let cut_off = options.cut_off_cq.filter(|_| !control).unwrap_or(f64::INFINITY);
    let mut hits: Vec<HitLevel> = Vec::new();
    let mut levels_left_out: Vec<f64> = Vec::new();
    for well in &standards {
        let Some(amount) = well.quantity else {
            continue;
        };
        // The mean of the wells that did amplify would be too early a Cq: a level with a well that did
        // not amplify says something about detection and nothing about the line.
        if well.cq == Cq::Undetermined && !levels_left_out.contains(&amount) {
            levels_left_out.push(amount);
        }
        let hit = u64::from(matches!(well.cq, Cq::Value(cq) if cq <= cut_off));
        match hits.iter_mut().find(|h| h.amount == amount) {
            Some(h) => {
                h.positive += hit;
                h.tested += 1;
            }
            None => hits.push(HitLevel { amount, positive: hit, tested: 1 }),
        }
    }
    hits.sort_by(|a, b| b.amount.total_cmp(&a.amount));
    levels_left_out.sort_by(|a, b| b.total_cmp(a));
    let points: Vec<(f64, f64)> = standards
        .iter()
        .filter_map(|w| match (w.quantity, w.cq) {
            (Some(q), Cq::Value(cq)) if !levels_left_out.contains(&q) => Some((q.log10(), cq)),
            _ => None,
        })
        .collect();
    let line = StandardLine::fit(&points);
    let efficiency_of = |slope: f64| 10f64.powf(-1.0 / slope) - 1.0;
    let fitted = line.as_ref().ok();
    let probit = if hits.is_empty() { None } else { Some(probit_limit(&hits, detection, level)) };
    StandardCurve {
        target: target.to_string(),
        efficiency: fitted.filter(|l| l.slope < 0.0).map(|l| efficiency_of(l.slope)),
        efficiency_interval: fitted.map(|l| l.slope_interval(level)).filter(|i| i.1 < 0.0).map(|(a, b)| {
            // The steeper slope is the lower efficiency.
            (efficiency_of(a), efficiency_of(b))
        }),
        refusal: line.as_ref().err().map(|e| e.text()),
        probit_refusal: probit.as_ref().and_then(|p| p.as_ref().err()).map(|e| e.text()),
        probit: probit.and_then(Result::ok),
        poisson: poisson_limit(&hits, detection, level).ok().flatten(),
        hit_rate: hit_rate_limit(&hits, detection, rules.tests_min, level),
        line: line.ok(),
        levels_left_out,
        hits,
        points,
    }
}

fn samples(
    table: &QpcrTable,
    curves: &[StandardCurve],
    options: &QpcrOptions,
    level: f64,
) -> Vec<QpcrSample> {
    let mut order: Vec<(String, String)> = Vec::new();
    let mut known = std::collections::HashMap::new();
    let mut groups: Vec<Vec<Cq>> = Vec::new();
    for well in table.wells.iter().filter(|w| matches!(w.task, Task::Unknown | Task::PositiveControl)) {
        let key = (well.sample.clone(), well.target.clone());
        let index = *known.entry(key.clone()).or_insert_with(|| {
            order.push(key);
            groups.push(Vec::new());
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(index) {
            group.push(well.cq);
        }
    }
    let mut controls: std::collections::HashMap<&str, bool> = std::collections::HashMap::new();
    if let Some(target) = &options.internal_control_target {
        for ((sample, t), cqs) in order.iter().zip(&groups) {
            if t == target {
                controls.insert(sample, cqs.iter().all(|c| matches!(c, Cq::Value(_))));
            }
        }
    }
    order
        .iter()
        .zip(&groups)
        .map(|((sample, target), cqs)| {
            let line = curves.iter().find(|c| c.target == *target).and_then(|c| c.line.as_ref());
            let call = options
                .cut_off_cq
                .filter(|_| options.internal_control_target.as_ref() != Some(target))
                .map(|cut_off| {
                    let positive = cqs.iter().any(|c| matches!(c, Cq::Value(cq) if *cq <= cut_off));
                    let control_well = options.internal_control_target.is_none()
                        || controls.get(sample.as_str()) == Some(&true);
                    match (positive, control_well) {
                        (true, _) => Call::Positive,
                        (false, true) => Call::Negative,
                        (false, false) => Call::NotAssessable,
                    }
                });
            one_sample(sample, target, cqs, line, call, level)
        })
        .collect()
}

fn one_sample(
    sample: &str,
    target: &str,
    cqs: &[Cq],
    line: Option<&StandardLine>,
    call: Option<Call>,
    level: f64,
) -> QpcrSample {
    let values: Vec<f64> =
        cqs.iter().filter_map(|c| if let Cq::Value(v) = c { Some(*v) } else { None }).collect();
    let status = if values.is_empty() {
        QuantityStatus::NotDetected
    } else if values.len() < cqs.len() {
        QuantityStatus::PartlyDetected
    } else if line.is_none() {
        QuantityStatus::NotAssessable
    } else {
        QuantityStatus::Quantified
    };
    let reading =
        if status == QuantityStatus::Quantified { line.and_then(|l| l.read(&values, level)) } else { None };
    let power = |x: Option<f64>| x.map(|x| 10f64.powf(x)).filter(|x| x.is_finite());
    QpcrSample {
        sample: sample.to_string(),
        target: target.to_string(),
        replicates: cqs.len(),
        amplified: values.len(),
        cq_mean: (values.len() == cqs.len()).then(|| values.iter().sum::<f64>() / values.len() as f64),
        status,
        quantity: power(reading.map(|r| r.x)),
        interval: reading.map_or(Interval::UNBOUNDED, |r| Interval {
            low: power(r.interval.low),
            high: power(r.interval.high),
        }),
        earliest_quantity: values
            .iter()
            .copied()
            .reduce(f64::min)
            .and_then(|cq| line.and_then(|l| l.read(&[cq], level)))
            .and_then(|r| power(Some(r.x))),
        log_standard_error: reading.map(|r| r.standard_error * std::f64::consts::LN_10),
        extrapolated: reading.zip(line).is_some_and(|(r, l)| r.x < l.x_low || r.x > l.x_high),
        call,
    }
}
