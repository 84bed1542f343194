//! Potency and qPCR results on a page: curves, parameters with their errors, intervals, verdicts, flags. Computes
//! nothing.

use super::{interval, maybe, number, picture, status_tag};
use crate::layout::Frame;
use maud::{Markup, html};
use vena_potency::{
    PotencyReport, QpcrReport,
    combine::MeanKind,
    method::{Outcome, Verdict},
    qpcr::{Call, QuantityStatus},
    report::{Flag, SampleReport},
};

/// The size the crate draws at; the room is kept free before the picture shows.
pub(super) const PICTURE: (f64, f64) = (760.0, 460.0);

fn of_run(run: &str, name: &str) -> String {
    [run, name].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// A potency result.
pub fn potency(frame: &Frame, report: &PotencyReport) -> Markup {
    html! {
        section class="panel" aria-labelledby="curve-title" {
            header { h2 id="curve-title" { (frame.t("assay-curves")) } (suitable(frame, report.suitable)) }
            div class="body" { figure class="plot wide" { (picture(&vena_potency::potency_svg(report, frame.lang), &frame.t("assay-curves-alt"), PICTURE)) } }
        }
        (flags(frame, &report.flags))
        section class="panel edge" aria-labelledby="relative-title" {
            header { h2 id="relative-title" { (frame.t("assay-relative-potency")) }
                @if let Some(reference) = &report.reference { span class="quiet" { (frame.t("assay-reference")) ": " (reference.name) @if let Some(standard) = &report.options.standard { " = " (standard.name) " " (standard.lot) ", " (number(standard.assigned_value)) " " (standard.unit) } } } }
            @if report.relative_potency.is_empty() { div class="empty" { b { (frame.t("assay-one-preparation")) } } }
            @else { (samples(frame, &report.relative_potency)) }
            @for one in &report.combined {
                div class="body" { b { (one.sample) } ": "
                    @if let Some(combined) = &one.combination {
                        @let mean = match combined.reported { MeanKind::Weighted => &combined.weighted, MeanKind::SemiWeighted => &combined.semi_weighted };
                        (frame.t("assay-combined")) " " b { (number(mean.potency)) } " (" (interval(&mean.interval)) ")" }
                    @if let Some(refusal) = &one.refusal { (refusal.get(frame.lang)) } }
            }
        }
        section class="panel edge" aria-labelledby="parameters-title" {
            header { h2 id="parameters-title" { (frame.t("assay-fit-parameters")) } }
            div class="scroller" tabindex="0" role="group" aria-label=(frame.t("assay-fit-parameters")) { table {
                thead { tr { th scope="col" { (frame.t("assay-curve")) } th scope="col" { (frame.t("assay-fit")) } th scope="col" { (frame.t("assay-parameter")) } th scope="col" class="number" { (frame.t("assay-estimate")) } th scope="col" class="number" { (frame.t("assay-standard-error")) } } }
                tbody { @for one in &report.parameters { tr {
                    th scope="row" { (of_run(&one.run, &one.curve)) }
                    td { (frame.t(if one.fit == "shared" { "assay-fit-shared" } else { "assay-fit-own" })) }
                    td { (one.parameter) } td class="number keep" { (number(one.estimate)) } td class="number keep" { (maybe(one.standard_error)) }
                } } }
            } }
            @for run in &report.runs { @for curve in &run.curves { @if let Some(refusal) = &curve.refusal { p class="body soon" { (of_run(&run.name, &curve.name)) ": " (refusal.get(frame.lang)) } } } }
        }
        @if !report.outliers.is_empty() {
            section class="panel edge" aria-labelledby="outliers-title" {
                header { h2 id="outliers-title" { (frame.t("assay-outliers")) } }
                div class="scroller" tabindex="0" role="group" aria-label=(frame.t("assay-outliers")) { table {
                    thead { tr { th scope="col" { (frame.t("assay-curve")) } th scope="col" { (frame.t("assay-well")) } th scope="col" class="number" { (frame.t("assay-dose")) } th scope="col" class="number" { (frame.t("assay-response")) } th scope="col" class="number" { (frame.t("assay-residual")) } th scope="col" { (frame.t("assay-status")) } } }
                    tbody { @for one in &report.outliers { tr {
                        th scope="row" { (of_run(&one.run, &one.curve)) } td { (one.well) " (" (one.line) ")" } td class="number" { (number(one.dose)) } td class="number" { (number(one.response)) }
                        td class="number keep" { (number(one.studentised_residual)) " / ±" (number(one.critical_value)) } td { (frame.t(if one.removed { "assay-outlier-removed" } else { "assay-outlier-kept" })) }
                    } } }
                } }
            }
        }
        (verdicts(frame, &report.suitability))
        p class="quiet small" { (report.method.id) "@" (report.method.version) " · " (report.method.program) }
    }
}

fn samples(frame: &Frame, samples: &[SampleReport]) -> Markup {
    html! {
        div class="scroller" tabindex="0" role="group" aria-label=(frame.t("assay-relative-potency")) { table {
            thead { tr { th scope="col" { (frame.t("assay-sample")) } th scope="col" class="number" { (frame.t("assay-estimate")) } th scope="col" class="number" { (frame.t("assay-interval")) } th scope="col" { (frame.t("assay-parallel")) } th scope="col" { (frame.t("assay-status")) } } }
            tbody { @for one in samples { tr {
                th scope="row" { (of_run(&one.run, &one.sample)) }
                td class="number keep" { b { (maybe(one.estimate)) } @if let Some(assigned) = &one.assigned { br; b { (number(assigned.estimate)) } " " (assigned.standard.unit) } }
                td class="number keep" { (maybe(one.low)) " … " (maybe(one.high)) br; @if let Some(assigned) = &one.assigned { (maybe(assigned.low)) " … " (maybe(assigned.high)) br; } span class="quiet small" lang="en" { (one.interval) } }
                td { @match &one.parallelism {
                    Some(p) => { (frame.t(if p.reversed { "assay-reversed" } else if p.parallel { "assay-is-parallel" } else { "assay-not-parallel" }))
                        ul class="small quiet" { @for check in &p.checks { li { (frame.t(measure(check.measure))) ": " (interval(&check.interval)) " [" (number(check.margin_low)) ", " (number(check.margin_high)) "]" } } } }
                    None => "–",
                } }
                td { (status_tag(&frame.t(if one.reportable { "assay-reportable" } else { "assay-not-reportable" }), !one.reportable)) @if let Some(refusal) = &one.refusal { br; span class="small" { (refusal.get(frame.lang)) } } }
            } } }
        } }
    }
}

/// A qPCR result.
pub fn qpcr(frame: &Frame, report: &QpcrReport) -> Markup {
    let unit = report.quantity_unit.as_deref().unwrap_or_default();
    html! {
        section class="panel" aria-labelledby="curve-title" {
            header { h2 id="curve-title" { (frame.t("assay-standard-curve")) } (suitable(frame, report.suitable)) }
            div class="body stack" {
                figure class="plot wide" { (picture(&vena_potency::qpcr_svg(report, frame.lang), &frame.t("assay-standard-curve-alt"), PICTURE)) }
                @for curve in &report.curves {
                    dl class="pairs" {
                        dt { (frame.t("assay-target")) } dd { b { (curve.target) } }
                        @if let Some(line) = &curve.line {
                            dt { (frame.t("assay-slope")) } dd { (number(line.slope)) " ± " (number(line.slope_standard_error)) }
                            dt { "R²" } dd { (number(line.r_squared)) }
                        }
                        @if let Some(efficiency) = curve.efficiency { dt { (frame.t("assay-efficiency")) } dd { (format!("{:.1} %", 100.0 * efficiency)) @if let Some((low, high)) = curve.efficiency_interval { (format!(" ({:.1} … {:.1} %)", 100.0 * low, 100.0 * high)) } } }
                        @if let Some(refusal) = &curve.refusal { dt { (frame.t("why")) } dd { (refusal.get(frame.lang)) } }
                        @if let Some(limit) = &curve.probit { dt { (frame.t("assay-limit-probit")) } dd { (number(limit.limit)) " " (unit) " (" (interval(&limit.interval)) ")" } }
                        @if let Some(limit) = &curve.poisson { dt { (frame.t("assay-limit-poisson")) } dd { (number(limit.limit)) " " (unit) " (" (interval(&limit.limit_interval)) ")" } }
                    }
                }
            }
        }
        (flags(frame, &report.flags))
        section class="panel edge" aria-labelledby="samples-title" {
            header { h2 id="samples-title" { (frame.t("assay-samples")) } }
            div class="scroller" tabindex="0" role="group" aria-label=(frame.t("assay-samples")) { table {
                thead { tr { th scope="col" { (frame.t("assay-sample")) } th scope="col" { (frame.t("assay-target")) } th scope="col" class="number" { (frame.t("assay-amplified")) } th scope="col" class="number" { "Cq" } th scope="col" class="number" { (frame.t("assay-quantity")) " " (unit) } th scope="col" { (frame.t("assay-status")) } } }
                tbody { @for one in &report.samples { tr {
                    th scope="row" { (one.sample) } td { (one.target) } td class="number" { (one.amplified) " / " (one.replicates) } td class="number" { (maybe(one.cq_mean)) }
                    td class="number keep" { b { (maybe(one.quantity)) } br; span class="small quiet" { (interval(&one.interval)) } }
                    td { (frame.t(quantity_status(one.status))) @if one.extrapolated { " · " span class="soon" { (frame.t("assay-extrapolated")) } } @if let Some(call) = one.call { " · " b { (frame.t(called(call))) } } }
                } } }
            } }
            @for one in &report.absence { p class="body" { (one.sample) ": " b { (one.call.label(frame.lang)) } " · " (one.positive) " / " (one.tested) @if let Some(upper) = one.concentration_upper { " · ≤ " (number(upper)) " /mL" } @if !one.missing.is_empty() { " " span class="soon" { (one.missing.iter().map(|what| what.get(frame.lang)).collect::<Vec<_>>().join(", ")) } } } }
            @for one in &report.residual_dna { p class="body" { (one.sample) ": " (frame.t("assay-residual-dna")) " " b { @if one.at_most { "≤ " } (maybe(one.ng_per_dose)) } " ng (" (interval(&one.interval)) ")" @if !one.missing.is_empty() { " " span class="soon" { (one.missing.iter().map(|what| what.get(frame.lang)).collect::<Vec<_>>().join(", ")) } } } }
            @for one in &report.vector_copies { p class="body" { (one.sample) ": " (frame.t("assay-vector-copies")) " " b { (maybe(one.copies_per_cell)) } " (" (interval(&one.interval)) ")" @if let Some(refusal) = &one.refusal { " " (refusal.get(frame.lang)) } } }
        }
        (verdicts(frame, &report.suitability))
        p class="quiet small" { (report.method.id) "@" (report.method.version) " · " (report.method.program) }
    }
}

fn measure(name: &str) -> &'static str {
    match name {
        "slope-ratio" => "assay-slope-ratio",
        "range-ratio" => "assay-range-ratio",
        "lower-asymptote-difference" => "assay-lower-asymptote",
        _ => "assay-asymmetry-ratio",
    }
}

/// A UCUM unit as people write it: nothing for the number one, no brackets around what is counted or agreed.
fn unit(ucum: &str) -> String {
    if ucum == "1" { String::new() } else { ucum.replace(['{', '}', '[', ']'], "") }
}

fn quantity_status(status: QuantityStatus) -> &'static str {
    match status {
        QuantityStatus::Quantified => "assay-quantified",
        QuantityStatus::PartlyDetected => "assay-partly-detected",
        QuantityStatus::NotDetected => "assay-not-detected",
        QuantityStatus::NotAssessable => "assay-not-assessable",
    }
}

fn called(call: Call) -> &'static str {
    match call {
        Call::Positive => "assay-positive",
        Call::Negative => "assay-negative",
        Call::NotAssessable => "assay-not-assessable",
    }
}

pub(super) fn suitable(frame: &Frame, suitable: bool) -> Markup {
    status_tag(&frame.t(if suitable { "assay-suitable" } else { "assay-not-suitable" }), !suitable)
}

pub(super) fn flags(frame: &Frame, flags: &[Flag]) -> Markup {
    html! { @for flag in flags { p class="notice warn" { span { (flag.text.get(frame.lang)) @if !flag.lines.is_empty() { " (" (frame.tw("assay-lines", &[("list", &flag.lines.iter().take(20).map(ToString::to_string).collect::<Vec<_>>().join(", "))])) ")" } } } } }
}

pub(super) fn verdicts(frame: &Frame, verdicts: &[Verdict]) -> Markup {
    let words = |outcome: Outcome| match outcome {
        Outcome::Met => "assay-met",
        Outcome::NotMet => "assay-not-met",
        Outcome::NotAssessable => "assay-not-assessable",
    };
    html! {
        @if !verdicts.is_empty() {
            section class="panel edge" aria-labelledby="suitability-title" {
                header { h2 id="suitability-title" { (frame.t("assay-suitability")) } }
                div class="scroller" tabindex="0" role="group" aria-label=(frame.t("assay-suitability")) { table {
                    thead { tr { th scope="col" { (frame.t("assay-subject")) } th scope="col" { (frame.t("criterion")) } th scope="col" class="number" { (frame.t("value-used")) } th scope="col" class="number" { (frame.t("assay-limit")) } th scope="col" { (frame.t("assay-outcome")) } th scope="col" { (frame.t("source")) } } }
                    tbody { @for one in verdicts { tr {
                        th scope="row" { (one.subject) } td { (one.criterion.label.get(frame.lang)) } td class="number keep" { (maybe(one.value)) } td class="number keep" { (one.criterion.limit_text) " " (unit(&one.criterion.unit)) }
                        td { (status_tag(&frame.t(words(one.outcome)), one.outcome == Outcome::NotMet)) } td class="quiet small" { (one.criterion.source) }
                    } } }
                } }
            }
        }
    }
}
