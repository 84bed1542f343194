//! Entry points for fuzzing: any bytes in, no panic out. What is accepted must also be drawn and
//! written. Knows nothing the other modules do not.

use vena_base::Lang;

use crate::curve::CurveModel;
use crate::qpcr::{AbsenceKind, AbsenceTest};
use crate::report::{AssayKind, OutlierHandling, PotencyOptions};
use crate::{
    ComparisonOptions, CultureOptions, EndotoxinOptions, QpcrOptions, SeriesOptions, analyse_comparison,
    analyse_culture, analyse_endotoxin, analyse_potency, analyse_qpcr, analyse_series, comparison_svg,
    culture_svg, endotoxin_svg, potency_svg, qpcr_svg, series_svg,
};

/// Feeds bytes to the potency reader with every analysis.
pub fn fuzz_potency_csv(bytes: &[u8]) {
    for (assay, model) in [
        (AssayKind::Curves, CurveModel::FourParameter),
        (AssayKind::Curves, CurveModel::FiveParameter),
        (AssayKind::ParallelLine, CurveModel::FourParameter),
        (AssayKind::SlopeRatio, CurveModel::FourParameter),
    ] {
        let options =
            PotencyOptions { assay, model, outliers: OutlierHandling::Remove, ..PotencyOptions::default() };
        if let Ok(report) = analyse_potency(bytes, &options) {
            let _ = potency_svg(&report, Lang::ZhTw);
            let _ = serde_json::to_vec(&report);
        }
    }
}

/// Feeds bytes to the readers of the small tables.
pub fn fuzz_small_tables(bytes: &[u8]) {
    let dose = EndotoxinOptions { dose_ml: Some(50.0), weight_kg: Some(60.0), ..EndotoxinOptions::default() };
    if let Ok(report) = analyse_endotoxin(bytes, &dose) {
        let _ = (endotoxin_svg(&report, Lang::ZhTw), serde_json::to_vec(&report));
    }
    if let Ok(report) = analyse_comparison(bytes, &ComparisonOptions::default()) {
        let _ = (comparison_svg(&report, Lang::En), serde_json::to_vec(&report));
    }
    if let Ok(report) = analyse_culture(bytes, &CultureOptions::default()) {
        let _ = (culture_svg(&report, Lang::ZhTw), serde_json::to_vec(&report));
    }
    if let Ok(report) = analyse_series(bytes, &SeriesOptions::default()) {
        let _ = (series_svg(&report, Lang::En), serde_json::to_vec(&report));
    }
}

/// Feeds bytes to the qPCR reader.
pub fn fuzz_qpcr_csv(bytes: &[u8]) {
    let absence =
        AbsenceTest { kind: AbsenceKind::ReplicationCompetentVirus, volume_ml: Some(300.0), target: None };
    let options = QpcrOptions { cut_off_cq: Some(38.0), absence: Some(absence), ..QpcrOptions::default() };
    if let Ok(report) = analyse_qpcr(bytes, &options) {
        let _ = qpcr_svg(&report, Lang::En);
        let _ = serde_json::to_vec(&report);
    }
}
