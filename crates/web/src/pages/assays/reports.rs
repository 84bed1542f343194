//! Endotoxin, method comparison, residual pluripotent cells and detection-limit series on a page: what may be said
//! first, then the picture, the numbers and the criteria. Computes nothing.

use super::{
    colon, interval, maybe, number, status_tag,
    table::{Column, cell, numbers, panel, verdicts, words},
    tables::{flags, suitable, wide},
};
use crate::layout::Frame;
use maud::{Markup, html};
use vena_base::Text;
use vena_potency::{
    ComparisonReport, CultureReport, EndotoxinReport, SeriesReport, method::MethodReference,
    reports::series::RuleLimit,
};

fn drawing(frame: &Frame, title: &str, status: Markup, svg: &str, alt: &str) -> Markup {
    html! {
        section class="panel" aria-labelledby="picture-title" {
            header { h2 id="picture-title" { (frame.t(title)) } (status) }
            div class="body" { (wide(frame, svg, alt)) }
        }
    }
}

fn method(method: &MethodReference) -> Markup {
    html! { p class="quiet small" { (method.id) "@" (method.version) " · " (method.program) } }
}

fn said(frame: &Frame, texts: &[Text]) -> String {
    texts.iter().map(|text| text.get(frame.lang)).collect::<Vec<_>>().join(", ")
}

/// Headings; the first is of what names the row, the two of words are told by their names.
fn columns(frame: &Frame, heads: &[&str]) -> Vec<Column> {
    let of_words = |head: &str| matches!(head, "assay-status" | "assay-published");
    heads
        .iter()
        .map(|head| if of_words(head) { words(frame.t(head)) } else { numbers(frame.t(head)) })
        .collect()
}

/// Endotoxin.
pub fn endotoxin(frame: &Frame, report: &EndotoxinReport) -> Markup {
    let rows: Vec<Vec<Markup>> = report
        .samples
        .iter()
        .map(|one| {
            let most = match (one.at_most, one.at_least) {
                (true, _) => "≤ ",
                (false, true) => "≥ ",
                (false, false) => "",
            };
            vec![
                cell(&one.sample),
                html! { b { (most) (maybe(one.eu_per_kg_per_hour)) } },
                html! { (most) (maybe(one.eu_per_dose)) },
                html! { (most) (maybe(one.eu_per_ml)) br; span class="small quiet" { (interval(&one.interval)) } },
                html! { (maybe(one.recovery_percent)) " %" },
                html! { "1:" (number(one.dilution)) br; span class="small quiet" { "≤ 1:" (maybe(one.maximum_valid_dilution)) } },
                html! { (outcome(frame, one.suitable, one.missing.is_empty())) @if !one.missing.is_empty() { br; span class="small soon" { (said(frame, &one.missing)) } } },
            ]
        })
        .collect();
    let missing: Vec<Text> = report.samples.first().map(|one| one.missing.clone()).unwrap_or_default();
    html! {
        @if !missing.is_empty() { p class="notice warn" { b { (frame.t("assay-missing")) } " " (said(frame, &missing)) } }
        (panel(frame, "samples-title", "assay-samples", &columns(frame, &["assay-sample", "assay-eu-kg-h", "assay-eu-dose", "assay-eu-ml", "assay-recovery", "assay-dilution", "assay-status"]), &rows))
        (drawing(frame, "assay-standard-curve", suitable(frame, report.suitable), &vena_potency::endotoxin_svg(report, frame.lang), "assay-endotoxin-alt"))
        (flags(frame, &report.flags))
        (verdicts(frame, &report.suitability))
        (method(&report.method))
    }
}

/// Whether a sample meets its criteria; what cannot be judged is not called a failure.
fn outcome(frame: &Frame, met: bool, assessable: bool) -> Markup {
    let key = match (met, assessable) {
        (true, _) => "assay-met",
        (false, true) => "assay-not-met",
        (false, false) => "assay-not-assessable",
    };
    status_tag(&frame.t(key), !met)
}

/// A rapid method against the compendial one.
pub fn comparison(frame: &Frame, report: &ComparisonReport) -> Markup {
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let found = &report.comparison;
    let rows: Vec<Vec<Markup>> = report
        .rates
        .iter()
        .map(|one| {
            let name =
                frame.t(if one.method == "alternative" { "assay-alternative" } else { "assay-compendial" });
            let level = one.level.map(|level| {
                format!(" · {} {}", number(level), report.level_unit.as_deref().unwrap_or_default())
            });
            vec![
                cell(format!("{name}{}", level.unwrap_or_default())),
                cell(format!("{} / {}", one.positive, one.tested)),
                html! { b { (percent(one.share)) } },
                cell(format!("{} … {}", percent(one.low), percent(one.high))),
            ]
        })
        .collect();
    html! {
        p class="notice" id="conclusion" { b { (report.conclusion.get(frame.lang)) } }
        (drawing(frame, "assay-comparison", suitable(frame, report.suitable), &vena_potency::comparison_svg(report, frame.lang), "assay-comparison-alt"))
        (panel(frame, "rates-title", "assay-rates", &columns(frame, &["assay-method", "assay-positive-of", "assay-share", "assay-interval"]), &rows))
        section class="panel" aria-labelledby="tests-title" {
            header { h2 id="tests-title" { (frame.t("assay-tests")) } }
            dl class="pairs body" {
                @if let Some(counts) = &report.counts {
                    dt { (frame.t("assay-both")) } dd { (counts.both) } dt { (frame.t("assay-only-alternative")) } dd { (counts.only_alternative) }
                    dt { (frame.t("assay-only-compendial")) } dd { (counts.only_compendial) } dt { (frame.t("assay-neither")) } dd { (counts.neither) }
                }
                dt { (frame.t("assay-difference")) } dd { b { (percent(found.difference)) } " (" (percent(found.difference_interval.0)) " … " (percent(found.difference_interval.1)) "; " (frame.tw("assay-level", &[("value", &format!("{:.0} %", 100.0 * found.equivalence_level))])) ")" }
                dt { (frame.t("assay-margin")) } dd { "± " (percent(found.margin)) }
                dt { (frame.t("assay-non-inferior")) } dd { (yes(frame, found.non_inferior)) }
                dt { (frame.t("assay-equivalent")) } dd { (yes(frame, found.equivalent)) }
                @if let Some(test) = &found.mcnemar { dt { "McNemar" } dd { (frame.t("assay-exact")) " p = " (number(test.exact_p)) " · mid-p = " (number(test.mid_p)) } }
            }
        }
        (flags(frame, &report.flags))
        (verdicts(frame, &report.suitability))
        (method(&report.method))
    }
}

fn yes(frame: &Frame, shown: bool) -> Markup {
    status_tag(&frame.t(if shown { "assay-shown" } else { "assay-not-shown" }), !shown)
}

/// A share as a percentage; shares of residual cells lie far below one in a thousand.
fn share(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{} %", vena_potency::as_written(100.0 * share, 3)))
}

/// Residual pluripotent cells.
pub fn culture(frame: &Frame, report: &CultureReport) -> Markup {
    let rows: Vec<Vec<Markup>> = report
        .samples
        .iter()
        .map(|one| {
            let found = &one.finding;
            vec![
                cell(&one.sample),
                cell(format!("{} / {}", found.colonies, number(found.cells_plated))),
                html! { (share(found.residual_fraction)) },
                html! { b { "≤ " (share(found.residual_upper)) } },
                html! { "≤ " (maybe(one.residual_per_dose_upper)) },
                html! { (share(Some(found.detection_limit))) br; span class="small quiet" { "≤ " (share(found.detection_limit_upper)) } },
                cell(times(frame, one.times_below_published)),
            ]
        })
        .collect();
    html! {
        @for one in &report.samples { p class="notice" { b { (one.conclusion.get(frame.lang)) } } }
        (drawing(frame, "assay-culture", html! {}, &vena_potency::culture_svg(report, frame.lang), "assay-culture-alt"))
        (panel(frame, "samples-title", "assay-samples", &columns(frame, &["assay-sample", "assay-colonies-of-cells", "assay-residual-share", "assay-residual-upper", "assay-residual-dose", "assay-detection-limit", "assay-below-published"]), &rows))
        section class="panel" aria-labelledby="controls-title" {
            header { h2 id="controls-title" { (frame.t("assay-controls")) } }
            dl class="pairs body" {
                @if let Some(first) = report.samples.first() { dt { (frame.t("assay-efficiency")) } dd { (format!("{:.1} %", 100.0 * first.finding.efficiency)) " (" (share(first.finding.efficiency_interval.low)) " … " (share(first.finding.efficiency_interval.high)) ")" } }
                @for spike in &report.spikes { dt { (frame.t("assay-spiked")) } dd { (spike.colonies) " / " (number(spike.spiked_cells)) } }
                dt { (frame.t("assay-blanks")) } dd { (report.blank_colonies) " / " (number(report.blank_cells)) " · " (frame.tw("assay-cultures", &[("n", &report.blanks.to_string())])) }
                dt { (frame.t("assay-published-limit")) } dd { (share(Some(report.published_limit))) }
            }
        }
        (flags(frame, &report.flags))
        (method(&report.method))
    }
}

/// A series: each rule's limit, the levels, the wells.
pub fn series(frame: &Frame, report: &SeriesReport) -> Markup {
    let limits: Vec<Vec<Markup>> = report.limits.iter().map(|one| limit_row(frame, one)).collect();
    let levels: Vec<Vec<Markup>> = report
        .levels
        .iter()
        .map(|one| {
            vec![
                cell(format!("{} %", number(one.spike_percent))),
                cell(one.wells.to_string()),
                html! { b { (number(one.mean)) } @if let Some(deviation) = one.deviation { " ± " (number(deviation)) } },
                cell(format!("{} / {}", one.detected, one.wells)),
                cell(if one.without_count > 0 { one.without_count.to_string() } else { "–".into() }),
            ]
        })
        .collect();
    let wells = &report.wells;
    html! {
        (panel(frame, "limits-title", "assay-limits", &columns(frame, &["assay-rule", "assay-limit-percent", "assay-interval", "assay-published"]), &limits))
        (drawing(frame, "assay-series", html! {}, &vena_potency::series_svg(report, frame.lang), "assay-series-alt"))
        (panel(frame, "levels-title", "assay-levels", &columns(frame, &["assay-spike", "assay-wells", "assay-mean-colonies", "assay-detected", "assay-without-count"]), &levels))
        section class="panel" aria-labelledby="wells-title" {
            header { h2 id="wells-title" { (frame.t("assay-wells")) } }
            dl class="pairs body" {
                dt { (frame.t("assay-counted")) } dd { (wells.counted) }
                dt { (frame.t("assay-positive-wells")) } dd { (wells.positive) }
                dt { (frame.t("assay-colonies-in-all")) } dd { (wells.colonies) " (" (frame.tw("assay-mean-per-well", &[("value", &number(wells.mean))])) ")" }
                @if let Some(estimate) = wells.by_empty_wells { dt { (frame.t("assay-by-empty-wells")) } dd { (number(estimate)) } }
                dt { (frame.t("assay-decision-limit")) } dd { (number(report.decision_limit)) }
            }
        }
        (flags(frame, &report.flags))
        (method(&report.method))
    }
}

/// How many times lower than a published limit this one is, or higher.
fn times(frame: &Frame, lower: f64) -> String {
    let (key, times) =
        if lower >= 1.0 { ("assay-times-lower", lower) } else { ("assay-times-higher", 1.0 / lower) };
    frame.tw(key, &[("times", &vena_potency::as_written(times, 3))])
}

/// An interval of percentages; an open end is a dash.
fn percents(low: Option<f64>, high: Option<f64>) -> String {
    let end = |end: Option<f64>| end.map_or_else(|| "–".to_owned(), |end| format!("{} %", number(end)));
    if low.is_none() && high.is_none() { "–".to_owned() } else { format!("{} … {}", end(low), end(high)) }
}

fn limit_row(frame: &Frame, one: &RuleLimit) -> Vec<Markup> {
    let compared = one.compared.iter().map(|published| {
        html! { li { (published.label.get(frame.lang)) (colon(frame)) (published.limit_percent) " % · " (times(frame, published.times_lower)) } }
    });
    vec![
        html! { (one.label.get(frame.lang)) },
        html! { @match &one.refusal { Some(refusal) => span class="small soon wrap" { (refusal.get(frame.lang)) }, None => b { (maybe(one.limit_percent)) " %" } } },
        html! { @if one.refusal.is_none() { (percents(one.interval.low, one.interval.high)) } @else { "–" } },
        html! { @if one.compared.is_empty() { "–" } @else { ul class="small" { @for line in compared { (line) } } } },
    ]
}
