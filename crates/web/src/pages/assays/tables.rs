//! Potency and qPCR results on a page: curves, parameters with their errors, intervals, verdicts, flags. Computes
//! nothing.

use super::{
    colon, interval, maybe, number, picture, status_tag,
    table::{cell, numbers, panel, table, verdicts, words},
};
use crate::layout::Frame;
use maud::{Markup, html};
use vena_potency::{
    PotencyReport, QpcrReport,
    combine::MeanKind,
    qpcr::{Call, QpcrSample, QuantityStatus},
    report::{Estimate, Flag, LineErrorFrom, OutlierReport, RunReport, SampleReport},
    variance::VarianceRow,
};

/// The size the crate draws at; the room is kept free before the picture shows.
const PICTURE: (f64, f64) = (760.0, 460.0);

/// A drawing in its frame; on a phone it keeps a size at which its words can be read, and is moved by a finger.
pub(super) fn wide(frame: &Frame, svg: &str, alt: &str) -> Markup {
    html! {
        div { figure class="plot wide" tabindex="0" { (picture(svg, &frame.t(alt), PICTURE)) } p class="swipe quiet small" { (frame.t("assay-swipe")) } }
    }
}

fn of_run(run: &str, name: &str) -> String {
    [run, name].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// A potency result.
pub fn potency(frame: &Frame, report: &PotencyReport) -> Markup {
    html! {
        section class="panel" aria-labelledby="curve-title" {
            header { h2 id="curve-title" { (frame.t("assay-curves")) } (suitable(frame, report.suitable)) }
            div class="body" { (wide(frame, &vena_potency::potency_svg(report, frame.lang), "assay-curves-alt")) }
        }
        (flags(frame, &report.flags))
        section class="panel edge" aria-labelledby="relative-title" {
            header { h2 id="relative-title" { (frame.t("assay-relative-potency")) }
                @if let Some(reference) = &report.reference { span class="quiet" { (frame.t("assay-reference")) (colon(frame)) (reference.name) @if let Some(standard) = &report.options.standard { " = " (standard.name) " " (standard.lot) ", " (number(standard.assigned_value)) " " (standard.unit) } } } }
            @if report.relative_potency.is_empty() { div class="empty" { b { (frame.t("assay-one-preparation")) } } }
            @else { (samples(frame, &report.relative_potency)) }
            @for one in &report.combined {
                div class="body" { b { (one.sample) } (colon(frame))
                    @if let Some(combined) = &one.combination {
                        @let mean = match combined.reported { MeanKind::Weighted => &combined.weighted, MeanKind::SemiWeighted => &combined.semi_weighted };
                        (frame.t("assay-combined")) " " b { (number(mean.potency)) } " (" (interval(&mean.interval)) ")" }
                    @if let Some(refusal) = &one.refusal { (refusal.get(frame.lang)) } }
            }
        }
        section class="panel edge" aria-labelledby="parameters-title" {
            header { h2 id="parameters-title" { (frame.t("assay-fit-parameters")) } }
            (parameters(frame, &report.parameters))
            @for run in &report.runs { @for curve in &run.curves { @if let Some(refusal) = &curve.refusal { p class="body soon" { (of_run(&run.name, &curve.name)) (colon(frame)) (refusal.get(frame.lang)) } } } }
        }
        @for run in &report.runs { (variance(frame, run, report.options.line_error)) }
        @if !report.outliers.is_empty() { (outliers(frame, &report.outliers)) }
        (verdicts(frame, &report.suitability))
        p class="quiet small" { (report.method.id) "@" (report.method.version) " · " (report.method.program) }
    }
}

/// What a parameter of a curve or line is.
fn parameter_name(parameter: &str) -> Option<&'static str> {
    Some(match parameter {
        "b" => "assay-parameter-b",
        "c" => "assay-parameter-c",
        "d" => "assay-parameter-d",
        "e" => "assay-parameter-e",
        "g" => "assay-parameter-g",
        "intercept" => "assay-parameter-intercept",
        "slope" => "assay-parameter-slope",
        _ => return None,
    })
}

/// A line for each fit, a column for each parameter.
fn parameters(frame: &Frame, estimates: &[Estimate]) -> Markup {
    let mut names: Vec<&str> = Vec::new();
    let mut fits: Vec<(&str, &str, &str)> = Vec::new();
    for one in estimates {
        if !names.contains(&one.parameter) {
            names.push(one.parameter);
        }
        let fit = (one.run.as_str(), one.curve.as_str(), one.fit);
        if !fits.contains(&fit) {
            fits.push(fit);
        }
    }
    let mut columns = vec![words(frame.t("assay-curve")), words(frame.t("assay-fit"))];
    columns.extend(
        names
            .iter()
            .map(|name| numbers(parameter_name(name).map_or_else(|| (*name).to_owned(), |key| frame.t(key)))),
    );
    let row = |fit: &(&str, &str, &str)| {
        let (run, curve, how) = *fit;
        let mut cells = vec![
            cell(of_run(run, curve)),
            cell(frame.t(if how == "shared" { "assay-fit-shared" } else { "assay-fit-own" })),
        ];
        cells.extend(names.iter().map(|name| {
            let own = estimates.iter().find(|one| (one.run.as_str(), one.curve.as_str(), one.fit, one.parameter) == (run, curve, how, *name));
            html! { @match own { Some(own) => { (number(own.estimate)) @if let Some(error) = own.standard_error { " " span class="small quiet" { "± " (number(error)) } } }, None => "–" } }
        }));
        cells
    };
    table(&frame.t("assay-fit-parameters"), &columns, &fits.iter().map(row).collect::<Vec<_>>())
}

/// The analysis of variance of a run of lines, and what the errors rest on. A very small p is given as below a bound.
fn variance(frame: &Frame, run: &RunReport, asked: LineErrorFrom) -> Markup {
    let columns = [
        words(frame.t("assay-variance-source")),
        numbers(frame.t("assay-variance-df")),
        numbers(frame.t("assay-variance-sum")),
        numbers(frame.t("assay-variance-mean")),
        numbers("F"),
        numbers("p"),
    ];
    let p = |p: f64| if p < P_SHOWN_MIN { format!("< {}", number(P_SHOWN_MIN)) } else { number(p) };
    let row = |one: &VarianceRow| {
        vec![
            cell(frame.t(variance_source(one.source))),
            cell(one.df.to_string()),
            cell(number(one.sum_of_squares)),
            cell(maybe(one.mean_square)),
            cell(maybe(one.f)),
            cell(one.p.map_or_else(|| "–".to_owned(), p)),
        ]
    };
    html! {
        @if let Some(own) = &run.variance {
            @let from_replicates = asked == LineErrorFrom::Replicates && own.replicates.is_some();
            section class="panel edge variance" aria-label=(of_run(&run.name, &frame.t("assay-variance"))) {
                header { h2 { (of_run(&run.name, &frame.t("assay-variance"))) } }
                (table(&frame.t("assay-variance"), &columns, &own.rows.iter().map(row).collect::<Vec<_>>()))
                @if let Some(error) = &run.line_error {
                    p class="body medium" { (frame.tw(if from_replicates { "assay-variance-from-replicates" } else { "assay-variance-from-lines" }, &[("variance", &number(error.variance)), ("df", &error.df.to_string())])) " " (frame.t("assay-variance-help")) }
                }
            }
        }
    }
}

/// The smallest p that is written as a number.
const P_SHOWN_MIN: f64 = 0.0001;

fn variance_source(source: &str) -> &'static str {
    match source {
        "preparations" => "assay-variance-preparations",
        "regression" => "assay-variance-regression",
        "non-parallelism" => "assay-variance-non-parallelism",
        "intersection" => "assay-variance-intersection",
        "non-linearity" => "assay-variance-non-linearity",
        "treatments" => "assay-variance-treatments",
        "blocks" => "assay-variance-blocks",
        "residual" => "assay-variance-residual",
        _ => "assay-variance-total",
    }
}

fn outliers(frame: &Frame, outliers: &[OutlierReport]) -> Markup {
    let columns = [
        words(frame.t("assay-curve")),
        words(frame.t("assay-well")),
        numbers(frame.t("assay-dose")),
        numbers(frame.t("assay-response")),
        numbers(frame.t("assay-residual")),
        words(frame.t("assay-status")),
    ];
    let rows: Vec<Vec<Markup>> = outliers
        .iter()
        .map(|one| {
            vec![
                cell(of_run(&one.run, &one.curve)),
                cell(format!("{} ({})", one.well, one.line)),
                cell(number(one.dose)),
                cell(number(one.response)),
                cell(format!("{} / ±{}", number(one.studentised_residual), number(one.critical_value))),
                cell(frame.t(if one.removed { "assay-outlier-removed" } else { "assay-outlier-kept" })),
            ]
        })
        .collect();
    panel(frame, "outliers-title", "assay-outliers", &columns, &rows)
}

fn samples(frame: &Frame, samples: &[SampleReport]) -> Markup {
    let columns = [
        words(frame.t("assay-sample")),
        numbers(frame.t("assay-estimate")),
        numbers(frame.t("assay-interval")),
        words(frame.t("assay-parallel")),
        words(frame.t("assay-status")),
    ];
    let row = |one: &SampleReport| {
        vec![
            cell(of_run(&one.run, &one.sample)),
            html! { b { (maybe(one.estimate)) } @if let Some(assigned) = &one.assigned { br; b { (number(assigned.estimate)) } " " (assigned.standard.unit) } },
            html! { (maybe(one.low)) " … " (maybe(one.high)) br; @if let Some(assigned) = &one.assigned { (maybe(assigned.low)) " … " (maybe(assigned.high)) br; } span class="quiet small" { @if one.interval == "fieller" { "Fieller" } @else { (frame.t("assay-interval-delta")) } } },
            html! { @match &one.parallelism {
                Some(p) => { (frame.t(if p.reversed { "assay-reversed" } else if p.parallel { "assay-is-parallel" } else { "assay-not-parallel" }))
                    ul class="small quiet" { @for check in &p.checks { li { (frame.t(measure(check.measure))) (colon(frame)) (interval(&check.interval)) " [" (number(check.margin_low)) ", " (number(check.margin_high)) "]" } } } }
                None => @match one.line.as_ref().and_then(|line| line.slope_ratio.as_ref()) {
                    Some(ratio) => { (frame.t(if ratio.equivalent { "assay-is-parallel" } else { "assay-not-parallel" }))
                        ul class="small quiet" { li { (frame.t("assay-slope-ratio")) (colon(frame)) (interval(&ratio.interval)) } } }
                    None => "–",
                },
            } },
            html! { (status_tag(&frame.t(if one.reportable { "assay-reportable" } else { "assay-not-reportable" }), !one.reportable)) @if let Some(refusal) = &one.refusal { br; span class="small" { (refusal.get(frame.lang)) } } },
        ]
    };
    table(&frame.t("assay-relative-potency"), &columns, &samples.iter().map(row).collect::<Vec<_>>())
}

/// A qPCR result.
pub fn qpcr(frame: &Frame, report: &QpcrReport) -> Markup {
    let unit = report.quantity_unit.as_deref().unwrap_or_default();
    html! {
        section class="panel" aria-labelledby="curve-title" {
            header { h2 id="curve-title" { (frame.t("assay-standard-curve")) } (suitable(frame, report.suitable)) }
            div class="body stack" {
                (wide(frame, &vena_potency::qpcr_svg(report, frame.lang), "assay-standard-curve-alt"))
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
            (quantities(frame, report, unit))
            @for one in &report.absence { p class="body" { (one.sample) (colon(frame)) b { (one.call.label(frame.lang)) } " · " (one.positive) " / " (one.tested) @if let Some(upper) = one.concentration_upper { " · ≤ " (number(upper)) " /mL" } @if !one.missing.is_empty() { " " span class="soon" { (one.missing.iter().map(|what| what.get(frame.lang)).collect::<Vec<_>>().join(", ")) } } } }
            @for one in &report.residual_dna { p class="body" { (one.sample) (colon(frame)) (frame.t("assay-residual-dna")) " " b { @if one.at_most { "≤ " } (maybe(one.ng_per_dose)) } " ng (" (interval(&one.interval)) ")" @if !one.missing.is_empty() { " " span class="soon" { (one.missing.iter().map(|what| what.get(frame.lang)).collect::<Vec<_>>().join(", ")) } } } }
            @for one in &report.vector_copies { p class="body" { (one.sample) (colon(frame)) (frame.t("assay-vector-copies")) " " b { (maybe(one.copies_per_cell)) } " (" (interval(&one.interval)) ")" @if let Some(refusal) = &one.refusal { " " (refusal.get(frame.lang)) } } }
        }
        (verdicts(frame, &report.suitability))
        p class="quiet small" { (report.method.id) "@" (report.method.version) " · " (report.method.program) }
    }
}

fn quantities(frame: &Frame, report: &QpcrReport, unit: &str) -> Markup {
    let columns = [
        words(frame.t("assay-sample")),
        words(frame.t("assay-target")),
        numbers(frame.t("assay-amplified")),
        numbers("Cq"),
        numbers(if unit.is_empty() {
            frame.t("assay-quantity")
        } else {
            format!("{} ({unit})", frame.t("assay-quantity"))
        }),
        words(frame.t("assay-status")),
    ];
    let row = |one: &QpcrSample| {
        vec![
            cell(&one.sample),
            cell(&one.target),
            cell(format!("{} / {}", one.amplified, one.replicates)),
            cell(maybe(one.cq_mean)),
            html! { b { (maybe(one.quantity)) } br; span class="small quiet" { (interval(&one.interval)) } },
            html! { (frame.t(quantity_status(one.status))) @if one.extrapolated { " · " span class="soon" { (frame.t("assay-extrapolated")) } } @if let Some(call) = one.call { " · " b { (frame.t(called(call))) } } },
        ]
    };
    table(&frame.t("assay-samples"), &columns, &report.samples.iter().map(row).collect::<Vec<_>>())
}

fn measure(name: &str) -> &'static str {
    match name {
        "slope-ratio" => "assay-slope-ratio",
        "range-ratio" => "assay-range-ratio",
        "lower-asymptote-difference" => "assay-lower-asymptote",
        _ => "assay-asymmetry-ratio",
    }
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
