//! The few numbers a list of results shows, read from the stored result. Computes nothing.

use super::number;
use crate::layout::Frame;
use serde_json::Value;
use vena_base::Lang;
use vena_journey::{AssayKind, AssayRecord};

/// Lines of one result at most.
const LINES_MAX: usize = 4;

/// Names and values.
pub fn of(frame: &Frame, record: &AssayRecord) -> Vec<(String, String)> {
    let Ok(result) = record.result.read::<Value>() else { return Vec::new() };
    let list = |place: &str| result.pointer(place).and_then(Value::as_array).cloned().unwrap_or_default();
    let text =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let shown = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), number);
    let count = |value: Option<&Value>| {
        value.and_then(Value::as_u64).map_or_else(|| "–".to_owned(), |n| n.to_string())
    };
    let mut lines: Vec<(String, String)> = match record.kind {
        AssayKind::FlowCytometry => {
            let percent = |gate: &Value| {
                gate.get("percent_of_parent")
                    .and_then(Value::as_f64)
                    .map_or_else(|| "–".to_owned(), |p| format!("{p:.2} %"))
            };
            list("/report/gates").iter().map(|gate| (text(gate, "id"), percent(gate))).collect()
        }
        AssayKind::Colonies => {
            let mut counts = vec![(
                frame.t("assay-automatic-count"),
                list("/automatic/images")
                    .iter()
                    .map(|image| count(image.get("count")))
                    .collect::<Vec<_>>()
                    .join(", "),
            )];
            let corrected: Vec<String> =
                list("/corrected").iter().map(|image| count(image.get("corrected"))).collect();
            if !corrected.is_empty() {
                counts.push((frame.t("assay-corrected-count"), corrected.join(", ")));
            }
            counts
        }
        AssayKind::Potency => {
            let estimate = |sample: &Value| shown(sample.get("estimate").and_then(Value::as_f64));
            list("/relative_potency")
                .iter()
                .map(|sample| (text(sample, "sample"), estimate(sample)))
                .collect()
        }
        AssayKind::Endotoxin => {
            let per_kg = |sample: &Value| {
                let bound = |name: &str| sample.get(name).and_then(Value::as_bool) == Some(true);
                let sign = match (bound("at_most"), bound("at_least")) {
                    (true, _) => "≤ ",
                    (false, true) => "≥ ",
                    (false, false) => "",
                };
                format!("{sign}{} EU/kg/h", shown(sample.get("eu_per_kg_per_hour").and_then(Value::as_f64)))
            };
            list("/samples").iter().map(|sample| (text(sample, "sample"), per_kg(sample))).collect()
        }
        AssayKind::MethodComparison => {
            let pick = if frame.lang == Lang::En { "/conclusion/en" } else { "/conclusion/zh-TW" };
            let said = result.pointer(pick).and_then(Value::as_str).unwrap_or("–").to_owned();
            vec![(frame.t("assay-comparison"), said)]
        }
        AssayKind::ResidualPluripotent => {
            let upper = |sample: &Value| {
                let share = sample.pointer("/finding/residual_upper").and_then(Value::as_f64);
                share.map_or_else(
                    || "–".to_owned(),
                    |share| format!("≤ {} %", vena_potency::as_written(100.0 * share, 3)),
                )
            };
            list("/samples").iter().map(|sample| (text(sample, "sample"), upper(sample))).collect()
        }
        AssayKind::SpikeSeries => {
            let limit =
                |rule: &Value| format!("{} %", shown(rule.get("limit_percent").and_then(Value::as_f64)));
            let name = |rule: &Value| {
                let pick = if frame.lang == Lang::En { "/label/en" } else { "/label/zh-TW" };
                rule.pointer(pick).and_then(Value::as_str).unwrap_or_default().to_owned()
            };
            list("/limits").iter().map(|rule| (name(rule), limit(rule))).collect()
        }
        AssayKind::Qpcr => {
            let quantity = |sample: &Value| shown(sample.get("quantity").and_then(Value::as_f64));
            list("/samples").iter().map(|sample| (text(sample, "sample"), quantity(sample))).collect()
        }
    };
    if lines.len() > LINES_MAX {
        let rest = lines.len() - LINES_MAX;
        lines.truncate(LINES_MAX);
        lines.push((frame.tw("and-more", &[("n", &rest.to_string())]), String::new()));
    }
    lines
}
