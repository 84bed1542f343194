//! Endotoxin, method comparison, residual pluripotent cells and detection-limit series as a person reads them in a
//! terminal. Must not compute anything.

use crate::assay_text::{ending, interval, maybe, number, pick};
use std::fmt::Write;
use vena_base::Lang;
use vena_potency::{ComparisonReport, CultureReport, EndotoxinReport, SeriesReport, method::MethodReference};

fn heading(out: &mut String, file: &str, method: &MethodReference, lang: Lang) {
    let _ = writeln!(out, "{file}: {} {} {}", pick(lang, "method", "方法"), method.id, method.version);
}

/// Endotoxin: each sample with what it holds per kilogram and hour.
pub fn endotoxin(report: &EndotoxinReport, file: &str, lang: Lang) -> String {
    let mut out = String::new();
    heading(&mut out, file, &report.method, lang);
    for one in &report.samples {
        let most = match (one.at_most, one.at_least) {
            (true, _) => "≤ ",
            (false, true) => "≥ ",
            (false, false) => "",
        };
        let _ = writeln!(
            out,
            "  {}: {most}{} {}; {most}{} EU/mL ({}), {} {} %",
            one.sample,
            maybe(one.eu_per_kg_per_hour),
            pick(lang, "EU/kg and hour", "EU／公斤／小時"),
            maybe(one.eu_per_ml),
            interval(&one.interval),
            pick(lang, "recovery", "回收率"),
            maybe(one.recovery_percent)
        );
        if let Some(most) = one.maximum_valid_dilution {
            let title = pick(lang, "largest valid dilution", "最大有效稀釋");
            let _ = writeln!(out, "    {title} 1:{}", number(most));
        }
        for missing in &one.missing {
            let _ = writeln!(out, "    ! {}: {}", pick(lang, "missing", "缺少"), missing.get(lang));
        }
    }
    ending(&mut out, &report.suitability, &report.flags, &report.input_sha256, lang);
    out
}

/// A comparison: what may be said, then the numbers behind it.
pub fn comparison(report: &ComparisonReport, file: &str, lang: Lang) -> String {
    let mut out = String::new();
    heading(&mut out, file, &report.method, lang);
    let _ = writeln!(out, "  {}", report.conclusion.get(lang));
    for one in &report.rates {
        let name = match one.method {
            "alternative" => pick(lang, "alternative", "替代方法"),
            _ => pick(lang, "compendial", "藥典方法"),
        };
        let level = one.level.map_or_else(String::new, |level| format!(" {}", number(level)));
        let _ = writeln!(
            out,
            "  {name}{level}: {} / {} = {:.1} % ({:.1} … {:.1} %)",
            one.positive,
            one.tested,
            100.0 * one.share,
            100.0 * one.low,
            100.0 * one.high
        );
    }
    if let Some(test) = &report.comparison.mcnemar {
        let exact = pick(lang, "exact", "精確");
        let _ =
            writeln!(out, "  McNemar: {exact} p = {}, mid-p = {}", number(test.exact_p), number(test.mid_p));
    }
    ending(&mut out, &report.suitability, &report.flags, &report.input_sha256, lang);
    out
}

/// A share as a percentage.
fn share(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{} %", vena_potency::as_written(100.0 * share, 3)))
}

/// Residual pluripotent cells: the conclusion of each sample.
pub fn culture(report: &CultureReport, file: &str, lang: Lang) -> String {
    let mut out = String::new();
    heading(&mut out, file, &report.method, lang);
    for one in &report.samples {
        let found = &one.finding;
        let _ = writeln!(out, "  {}: {}", one.sample, one.conclusion.get(lang));
        let _ = writeln!(
            out,
            "    {} / {} {}; {} ≤ {}; {} {}",
            found.colonies,
            number(found.cells_plated),
            pick(lang, "cells", "細胞"),
            pick(lang, "share", "比例"),
            share(found.residual_upper),
            pick(lang, "limit of detection", "偵測極限"),
            share(Some(found.detection_limit))
        );
        if let Some(cells) = one.residual_per_dose_upper {
            let _ = writeln!(out, "    {} ≤ {}", pick(lang, "cells in a dose", "每劑細胞數"), number(cells));
        }
    }
    if let Some(first) = report.samples.first() {
        let title = pick(lang, "efficiency", "效率");
        let _ = writeln!(
            out,
            "  {title}: {} ({} … {})",
            share(Some(first.finding.efficiency)),
            share(first.finding.efficiency_interval.low),
            share(first.finding.efficiency_interval.high)
        );
    }
    ending(&mut out, &[], &report.flags, &report.input_sha256, lang);
    out
}

/// How many times lower than a published limit this one is, or higher.
fn times(lower: f64, lang: Lang) -> String {
    let times = vena_potency::as_written(if lower >= 1.0 { lower } else { 1.0 / lower }, 3);
    match (lower >= 1.0, lang) {
        (true, Lang::En) => format!("{times} times lower"),
        (false, Lang::En) => format!("{times} times higher"),
        (true, Lang::ZhTw) => format!("低 {times} 倍"),
        (false, Lang::ZhTw) => format!("高 {times} 倍"),
    }
}

/// A series: the limit by each rule, the levels.
pub fn series(report: &SeriesReport, file: &str, lang: Lang) -> String {
    let mut out = String::new();
    heading(&mut out, file, &report.method, lang);
    for one in &report.limits {
        let label = one.label.get(lang);
        match (&one.refusal, one.limit_percent) {
            (None, Some(limit)) => {
                let bounded = one.interval.low.is_some() || one.interval.high.is_some();
                let within =
                    if bounded { format!(" ({} %)", interval(&one.interval)) } else { String::new() };
                let _ = writeln!(out, "  {label}: {} %{within}", number(limit));
            }
            (refusal, _) => {
                let why = refusal.as_ref().map_or("–", |refusal| refusal.get(lang));
                let _ = writeln!(out, "  ! {label}: {why}");
            }
        }
        for published in &one.compared {
            let _ = writeln!(
                out,
                "    {}: {} % ({})",
                published.label.get(lang),
                published.limit_percent,
                times(published.times_lower, lang)
            );
        }
    }
    for level in &report.levels {
        let _ = writeln!(
            out,
            "  {:>12} %: {} {}, {} {}, {} / {}",
            number(level.spike_percent),
            level.wells,
            pick(lang, "wells", "孔"),
            pick(lang, "mean", "平均"),
            number(level.mean),
            level.detected,
            level.wells
        );
    }
    ending(&mut out, &[], &report.flags, &report.input_sha256, lang);
    out
}
