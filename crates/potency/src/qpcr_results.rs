//! What quantities mean for the product: residual DNA per dose, vector copies per cell. Knows the
//! report's samples, not the table's wells.

use vena_base::Text;

use crate::interval::Interval;
use crate::method::{Method, MethodError};
use crate::qpcr::{QpcrReport, QpcrSample, QuantityStatus, ResidualDna, ResidualDnaResult, VectorCopyResult};
use crate::qpcr_table::QpcrTable;
use crate::words::words;

/// Residual DNA per dose of every sample of the target.
pub(crate) fn residual_dna(report: &mut QpcrReport, method: &Method, table: &QpcrTable) {
    let Some(options) = report.options.residual_dna.clone() else {
        return;
    };
    let target = options.target.clone().or_else(|| match table.targets.as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    });
    let missing = missing_context(&options, target.is_some());
    let factor = options
        .nanograms_per_quantity_unit
        .zip(options.product_ml_per_well)
        .zip(options.dose_ml)
        .map(|((ng, ml), dose)| ng / ml * dose);
    let lowest = report
        .curves
        .iter()
        .find(|c| Some(&c.target) == target.as_ref())
        .and_then(|c| c.line.as_ref())
        .map(|l| 10f64.powf(l.x_low));
    let mut results = Vec::new();
    let mut verdicts = Vec::new();
    for s in report.samples.iter().filter(|s| target.as_ref().is_none_or(|t| *t == s.target)) {
        let result = dna_of_sample(s, lowest, factor, missing.clone());
        verdicts.extend(method.judge(&s.sample, &[("residual-dna-ng-per-dose", result.ng_per_dose)]));
        results.push(result);
    }
    report.residual_dna = results;
    report.suitability.extend(verdicts);
}

fn missing_context(options: &ResidualDna, has_target: bool) -> Vec<Text> {
    let mut missing = Vec::new();
    for (value, what) in [
        (options.nanograms_per_quantity_unit, words("nanograms per quantity unit", "每數量單位之奈克數")),
        (options.product_ml_per_well, words("millilitres of product per well", "每孔代表之產品毫升數")),
        (options.dose_ml, words("millilitres per dose", "每劑毫升數")),
    ] {
        if value.is_none() {
            missing.push(what.text());
        }
    }
    if !has_target {
        missing.push(Text::new("target (the table has several)", "標的（表中不只一個）"));
    }
    missing
}

fn dna_of_sample(
    s: &QpcrSample,
    lowest: Option<f64>,
    factor: Option<f64>,
    mut missing: Vec<Text>,
) -> ResidualDnaResult {
    let quantified = s.status == QuantityStatus::Quantified;
    // What did not amplify in every well lies below the lowest standard; the standard bounds it.
    let quantity = if quantified { s.quantity } else { lowest };
    if quantity.is_none() {
        missing.push(Text::new("standard curve", "標準曲線"));
    }
    if !quantified && s.earliest_quantity.zip(lowest).is_some_and(|(earliest, low)| earliest > low) {
        // One well failed while another reads inside the curve: no bound can be given.
        missing.push(Text::new(
            "agreeing replicates (some amplified inside the curve, some not at all)",
            "一致的重複孔（部分於曲線範圍內擴增，部分未擴增）",
        ));
    }
    let per_dose = |x: Option<f64>| {
        if missing.is_empty() { x.zip(factor).map(|(x, f)| x * f) } else { None }
    };
    let ng_per_dose = per_dose(quantity);
    let interval = if quantified {
        Interval { low: per_dose(s.interval.low), high: per_dose(s.interval.high) }
    } else {
        Interval { low: None, high: ng_per_dose }
    };
    ResidualDnaResult { sample: s.sample.clone(), ng_per_dose, interval, at_most: !quantified, missing }
}

/// Half width of the interval of a difference of two logarithms: each error has the degrees of freedom
/// of its own standard curve, together those of Welch and Satterthwaite.
fn both_errors(level: f64, (one, one_df): (f64, f64), (other, other_df): (f64, f64)) -> f64 {
    let together = one.hypot(other);
    let df = together.powi(4) / (one.powi(4) / one_df + other.powi(4) / other_df);
    if together == 0.0 {
        return 0.0;
    }
    crate::distributions::student_quantile(0.5 + level / 2.0, df) * together
}

/// Vector copies per cell: vector copies over reference-gene copies, times the gene's copies per cell.
pub(crate) fn vector_copies(report: &mut QpcrReport, method: &Method, level: f64) -> Result<(), MethodError> {
    let Some(options) = report.options.vector_copies.clone() else {
        return Ok(());
    };
    let gene_copies = method.number("reference-gene-copies-per-cell")?;
    let df = |target: &str| -> f64 {
        let line = report.curves.iter().find(|c| c.target == target).and_then(|c| c.line.as_ref());
        line.map_or(f64::NAN, |l| l.residual_df as f64)
    };
    let (vector_df, reference_df) = (df(&options.vector_target), df(&options.reference_target));
    let of_target =
        |target: &str| -> Vec<&QpcrSample> { report.samples.iter().filter(|s| s.target == target).collect() };
    let references = of_target(&options.reference_target);
    let mut results = Vec::new();
    let mut verdicts = Vec::new();
    for vector in of_target(&options.vector_target) {
        let reference = references.iter().find(|r| r.sample == vector.sample);
        let ready = |s: &QpcrSample| s.quantity.zip(s.log_standard_error);
        let mut result = VectorCopyResult {
            sample: vector.sample.clone(),
            copies_per_cell: None,
            interval: Interval::UNBOUNDED,
            copies_per_transduced_cell: None,
            refusal: None,
        };
        match (ready(vector), reference.and_then(|r| ready(r))) {
            (Some((copies, error)), Some((gene, gene_error))) => {
                let per_cell = copies / gene * gene_copies;
                let half = both_errors(level, (error, vector_df), (gene_error, reference_df));
                result.copies_per_cell = Some(per_cell);
                result.interval = Interval::new(per_cell * (-half).exp(), per_cell * half.exp());
                result.copies_per_transduced_cell = options.transduced_fraction.map(|f| per_cell / f);
            }
            (None, Some(_)) if vector.status == QuantityStatus::NotDetected => {
                result.refusal = Some(Text::new(
                    "the vector was not detected; below the limit of detection",
                    "未檢出載體；低於偵測極限",
                ));
            }
            (None, _) => {
                result.refusal = Some(Text::new("the vector could not be quantified", "載體無法定量"))
            }
            (_, None) => {
                result.refusal = Some(Text::new(
                    "the reference gene could not be quantified in this sample",
                    "此檢品之參考基因無法定量",
                ))
            }
        }
        let judged = result.copies_per_transduced_cell.or(result.copies_per_cell);
        verdicts.extend(method.judge(&vector.sample, &[("vector-copies-per-cell", judged)]));
        results.push(result);
    }
    report.vector_copies = results;
    report.suitability.extend(verdicts);
    Ok(())
}
