//! Entry points for fuzzing: any bytes in, no panic out. What is accepted must also be drawn and
//! written. Knows nothing the other modules do not.

use vena_base::Lang;

use crate::curve::CurveModel;
use crate::report::{AssayKind, OutlierHandling, PotencyOptions};
use crate::{QpcrOptions, analyse_potency, analyse_qpcr, potency_svg, qpcr_svg};

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

/// Feeds bytes to the qPCR reader.
pub fn fuzz_qpcr_csv(bytes: &[u8]) {
    if let Ok(report) = analyse_qpcr(bytes, &QpcrOptions { cut_off_cq: Some(38.0), ..QpcrOptions::default() })
    {
        let _ = qpcr_svg(&report, Lang::En);
        let _ = serde_json::to_vec(&report);
    }
}
