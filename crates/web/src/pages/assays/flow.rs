//! A flow result on a page: what was read, the gate tree with counts, the plot with gates that can be moved, the
//! panel's verdict. Knows no route and no store.

use super::{Showing, named_number, number, picture, status_tag};
use crate::layout::Frame;
use maud::{Markup, html};
use vena_base::Lang;
use vena_flow::{
    Analysis, FlowReport, Outcome, PanelReport, Verdict,
    gating::{Gate, GateResult, GateShape},
    plot::{DensityPlot, PlotText},
};

/// The plot's drawing: the plane's corner and side in the picture's units, as `vena_flow` draws them.
const PLANE: (f64, f64, f64) = (76.0, 40.0, 400.0);
const PICTURE: (f64, f64) = (496.0, 506.0);

/// The whole result.
pub fn result(
    frame: &Frame,
    showing: &Showing<'_>,
    analysis: &Analysis,
    panel: Option<&PanelReport>,
) -> Markup {
    let report = &analysis.report;
    let chosen = chosen(analysis, showing.gate);
    let plot = analysis.plot(chosen.map(|gate| gate.id.as_str()));
    html! {
        section class="panel" aria-labelledby="plot-title" {
            header { h2 id="plot-title" { (frame.t("assay-plot")) } }
            div class="body stack" {
                @if !planes(analysis).is_empty() {
                    nav class="bar wrapping" aria-label=(frame.t("assay-planes")) {
                        @for gate in planes(analysis) {
                            a class="button" href=(format!("{}?gate={}", showing.base, crate::viewer::encode(&gate.id))) aria-current=[(Some(gate) == chosen).then_some("true")] data-part="" { (gate.id) }
                        }
                    }
                }
                @match &plot {
                    Ok(plot) => (drawn(frame, showing, plot, chosen)),
                    Err(problem) => p class="notice warn" { span lang="en" { (problem) } },
                }
            }
        }
        section class="panel edge" aria-labelledby="gates-title" {
            header { h2 id="gates-title" { (frame.t("assay-gates")) } span class="quiet" { (named_number(frame, "assay-events", report.events)) } }
            (tree(frame, showing, analysis))
        }
        @if let Some(gate) = chosen.filter(|_| showing.editable()) { (edit(frame, showing, analysis, gate)) }
        @if let Some(panel) = panel { (verdict(frame, panel)) }
        (what_was_read(frame, report))
    }
}

/// The plot as SVG text, for a picture on its own.
pub fn svg(analysis: &Analysis, gate: Option<&str>, lang: Lang) -> Option<String> {
    let plot = analysis.plot(chosen(analysis, gate).map(|gate| gate.id.as_str())).ok()?;
    Some(plot.to_svg(&PlotText {
        events: if lang == Lang::En { "events".into() } else { "個事件".into() },
        ..PlotText::default()
    }))
}

fn has_plane(gate: &Gate) -> bool {
    match &gate.shape {
        GateShape::Rectangle { ranges } => ranges.len() == 2,
        GateShape::Polygon { .. } => true,
        GateShape::Ellipsoid { dimensions, .. } => dimensions.len() == 2,
        GateShape::Quadrant { dividers, .. } => dividers.len() == 2,
        GateShape::Boolean { .. } => false,
    }
}

fn planes(analysis: &Analysis) -> Vec<&Gate> {
    analysis.document.gates.iter().filter(|gate| has_plane(gate)).collect()
}

fn chosen<'a>(analysis: &'a Analysis, wanted: Option<&str>) -> Option<&'a Gate> {
    let all = planes(analysis);
    wanted.and_then(|id| all.iter().find(|gate| gate.id == id)).or_else(|| all.first()).copied()
}

fn drawn(frame: &Frame, showing: &Showing<'_>, plot: &DensityPlot, gate: Option<&Gate>) -> Markup {
    let words = PlotText { events: frame.t("assay-events-unit"), ..PlotText::default() };
    let alt = frame
        .tw("assay-plot-alt", &[("x", &plot.x_name), ("y", &plot.y_name), ("n", &plot.events.to_string())]);
    html! {
        figure class="plot" {
            (picture(&plot.to_svg(&words), &alt, PICTURE))
            @if let Some(gate) = gate.filter(|_| showing.editable()) { (handles(plot, gate)) }
        }
        @if plot.beyond > 0 { p class="quiet small" { (named_number(frame, "assay-beyond", plot.beyond)) } }
        @if plot.undefined > 0 { p class="soon small" { (named_number(frame, "assay-undefined", plot.undefined)) } }
    }
}

/// A handle for each point that can be dragged; each names the two fields it moves. Fields are the keyboard's way.
fn handles(plot: &DensityPlot, gate: &Gate) -> Markup {
    let (left, top, side) = PLANE;
    let x = |value: f64| left + plot.x.place(value).clamp(0.0, 1.0) * side;
    let y = |value: f64| top + (1.0 - plot.y.place(value).clamp(0.0, 1.0)) * side;
    let points: Vec<(f64, f64, String, String)> = match &gate.shape {
        GateShape::Polygon { vertices, .. } => vertices
            .iter()
            .enumerate()
            .map(|(i, [a, b])| (x(*a), y(*b), format!("v{i}x"), format!("v{i}y")))
            .collect(),
        GateShape::Rectangle { ranges } => match ranges.as_slice() {
            [across, up] => {
                let ends = |low: Option<f64>, high: Option<f64>, axis: &vena_flow::plot::Axis| {
                    (low.unwrap_or(axis.low), high.unwrap_or(axis.high))
                };
                let (x_low, x_high) = ends(across.min, across.max, &plot.x);
                let (y_low, y_high) = ends(up.min, up.max, &plot.y);
                [
                    (x_low, "min0", y_low, "min1"),
                    (x_high, "max0", y_low, "min1"),
                    (x_high, "max0", y_high, "max1"),
                    (x_low, "min0", y_high, "max1"),
                ]
                .map(|(a, a_field, b, b_field)| (x(a), y(b), a_field.to_owned(), b_field.to_owned()))
                .to_vec()
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    let line: String = points.iter().map(|(x, y, ..)| format!("{x:.2},{y:.2} ")).collect();
    html! {
        @if !points.is_empty() {
            svg class="handles" viewBox=(format!("0 0 {} {}", PICTURE.0, PICTURE.1)) aria-hidden="true" data-form="gate-form"
                data-x-low=(plot.x.low) data-x-high=(plot.x.high) data-y-low=(plot.y.low) data-y-high=(plot.y.high)
                data-left=(left) data-top=(top) data-side=(side) {
                polygon class="outline" points=(line.trim_end()) {}
                @for (x, y, a, b) in &points { circle class="handle" cx=(format!("{x:.2}")) cy=(format!("{y:.2}")) r="9" data-x=(a) data-y=(b) {} }
            }
        }
    }
}

fn shape_name(shape: &GateShape) -> &'static str {
    match shape {
        GateShape::Rectangle { ranges } if ranges.len() == 1 => "assay-shape-range",
        GateShape::Rectangle { .. } => "assay-shape-rectangle",
        GateShape::Polygon { .. } => "assay-shape-polygon",
        GateShape::Ellipsoid { .. } => "assay-shape-ellipsoid",
        GateShape::Quadrant { .. } => "assay-shape-quadrant",
        GateShape::Boolean { .. } => "assay-shape-boolean",
    }
}

fn tree(frame: &Frame, showing: &Showing<'_>, analysis: &Analysis) -> Markup {
    let gates = &analysis.report.gates;
    html! {
        @if gates.is_empty() {
            div class="empty" { b { (frame.t("assay-no-gates")) } p { (frame.t("assay-no-gates-help")) } }
        } @else {
            div class="scroller" tabindex="0" role="group" aria-label=(frame.t("assay-gates")) {
                table {
                    thead { tr {
                        th scope="col" { (frame.t("assay-gate")) } th scope="col" { (frame.t("assay-shape")) }
                        th scope="col" class="number" { (frame.t("assay-count")) } th scope="col" class="number" { (frame.t("assay-of-parent")) }
                        th scope="col" class="number" { (frame.t("assay-of-all")) }
                    } }
                    tbody { @for gate in gates { (row(frame, showing, analysis, gate)) } }
                }
            }
        }
    }
}

fn row(frame: &Frame, showing: &Showing<'_>, analysis: &Analysis, gate: &GateResult) -> Markup {
    let depth = gate.path.matches('/').count().clamp(1, 8);
    let percent = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |v| format!("{v:.2} %"));
    let own = analysis.document.gate(&gate.id);
    html! {
        tr {
            th scope="row" class=(format!("depth{depth}")) {
                @if own.is_some_and(has_plane) {
                    a href=(format!("{}?gate={}", showing.base, crate::viewer::encode(&gate.id))) data-part="" { (gate.id) }
                } @else { (gate.id) }
            }
            td class="keep" { @if let Some(own) = own { (frame.t(shape_name(&own.shape))) } @else { (frame.t("assay-shape-quadrant")) } }
            td class="number keep" { (gate.count) " / " (gate.parent_count) }
            td class="number keep" { b { (percent(gate.percent_of_parent)) } }
            td class="number keep" { (percent(gate.percent_of_total)) }
        }
    }
}

/// The numbers of one gate. Dragging fills these fields; without a script they are typed.
fn edit(frame: &Frame, showing: &Showing<'_>, analysis: &Analysis, gate: &Gate) -> Markup {
    let rows = fields(analysis, gate);
    html! {
        section class="panel" aria-labelledby="edit-title" {
            header { h2 id="edit-title" { (frame.tw("assay-move-gate", &[("gate", &gate.id)])) } }
            div class="body stack" {
                @if rows.is_empty() {
                    p { (frame.t("assay-not-movable")) }
                } @else {
                    p class="quiet medium" { (frame.t("assay-move-help")) }
                    form id="gate-form" class="edit-grid" method="post" action=(format!("{}/gate", showing.base)) data-part-form="" novalidate {
                        (showing.hidden())
                        input type="hidden" name="gate" value=(gate.id);
                        @for (name, label, value) in &rows {
                            div class="field" {
                                label for=(format!("gate-{name}")) { (label) }
                                div class="box" { input id=(format!("gate-{name}")) name=(name) value=(value) inputmode="decimal" autocomplete="off"; }
                            }
                        }
                        button class="button first" type="submit" { (frame.t("assay-recompute")) }
                    }
                }
            }
        }
    }
}

/// Fields of a movable gate: name, label, value.
fn fields(analysis: &Analysis, gate: &Gate) -> Vec<(String, String, String)> {
    let name = |dimension: &vena_flow::gating::Dimension| match &dimension.source {
        vena_flow::gating::DimensionSource::Channel(channel) => {
            let stain = analysis
                .report
                .channels
                .iter()
                .find(|own| own.name == *channel)
                .map_or("", |own| own.stain.as_str());
            if stain.is_empty() { channel.clone() } else { format!("{stain} ({channel})") }
        }
        vena_flow::gating::DimensionSource::Ratio(id) => id.clone(),
    };
    let written = |value: Option<f64>| value.map_or_else(String::new, |v| v.to_string());
    match &gate.shape {
        GateShape::Polygon { dimensions: [across, up], vertices } => {
            let point = |(i, [a, b]): (usize, &[f64; 2])| {
                [
                    (format!("v{i}x"), format!("{} {}", i + 1, name(across)), a.to_string()),
                    (format!("v{i}y"), format!("{} {}", i + 1, name(up)), b.to_string()),
                ]
            };
            vertices.iter().enumerate().flat_map(point).collect()
        }
        GateShape::Rectangle { ranges } => {
            let range = |(i, range): (usize, &vena_flow::gating::Range)| {
                [
                    (format!("min{i}"), format!("{} ≥", name(&range.dimension)), written(range.min)),
                    (format!("max{i}"), format!("{} <", name(&range.dimension)), written(range.max)),
                ]
            };
            ranges.iter().enumerate().flat_map(range).collect()
        }
        _ => Vec::new(),
    }
}

/// The shape a submitted form means, from the gate as it stands. `None` where a number is missing or none.
pub fn moved(gate: &Gate, typed: impl Fn(&str) -> String) -> Option<GateShape> {
    let number = |name: &str| typed(name).parse::<f64>().ok().filter(|value| value.is_finite());
    let bound = |name: &str| if typed(name).is_empty() { Some(None) } else { number(name).map(Some) };
    match &gate.shape {
        GateShape::Polygon { dimensions, vertices } => {
            let vertices =
                (0..vertices.len()).map(|i| Some([number(&format!("v{i}x"))?, number(&format!("v{i}y"))?]));
            Some(GateShape::Polygon {
                dimensions: dimensions.clone(),
                vertices: vertices.collect::<Option<_>>()?,
            })
        }
        GateShape::Rectangle { ranges } => {
            let mut moved = ranges.clone();
            for (i, range) in moved.iter_mut().enumerate() {
                (range.min, range.max) = (bound(&format!("min{i}"))?, bound(&format!("max{i}"))?);
                // A range without any end is no gate, and one that ends before it begins holds nothing.
                if range.min.is_none() && range.max.is_none()
                    || range.min.zip(range.max).is_some_and(|(low, high)| low >= high)
                {
                    return None;
                }
            }
            Some(GateShape::Rectangle { ranges: moved })
        }
        _ => None,
    }
}

fn verdict(frame: &Frame, panel: &PanelReport) -> Markup {
    let lang = frame.lang;
    let pick = |en: &str, zh: &str| if lang == Lang::En { en.to_owned() } else { zh.to_owned() };
    let words = match panel.verdict {
        Verdict::Meets => "assay-panel-meets",
        Verdict::DoesNotMeet => "assay-panel-fails",
        Verdict::NotAssessable => "assay-panel-open",
    };
    let outcome = |outcome: Outcome| match outcome {
        Outcome::Met => "assay-met",
        Outcome::NotMet => "assay-not-met",
        Outcome::Missing => "assay-missing-marker",
        Outcome::Reported => "assay-reported",
    };
    html! {
        section class="panel edge" aria-labelledby="panel-title" {
            header { h2 id="panel-title" { (pick(&panel.en, &panel.zh_tw)) } span class="quiet" { (panel.panel) " · " (panel.status) } }
            div class="body" { p { b { (frame.t(words)) } @if !panel.missing.is_empty() { ": " (panel.missing.join(", ")) } } }
            div class="scroller" tabindex="0" role="group" aria-label=(pick(&panel.en, &panel.zh_tw)) {
                table {
                    thead { tr { th scope="col" { (frame.t("assay-marker")) } th scope="col" class="number" { "%" } th scope="col" { (frame.t("assay-outcome")) } th scope="col" { (frame.t("why")) } th scope="col" { (frame.t("source")) } } }
                    tbody { @for one in &panel.criteria {
                        tr {
                            th scope="row" { (one.marker) }
                            td class="number keep" { (one.percent.map_or_else(|| "–".to_owned(), |p| format!("{p:.2}"))) }
                            td { (status_tag(&frame.t(outcome(one.outcome)), one.outcome == Outcome::NotMet)) }
                            td { (pick(&one.because_en, &one.because_zh_tw)) }
                            td class="quiet small" { (one.source) }
                        }
                    } }
                }
            }
        }
    }
}

fn what_was_read(frame: &Frame, report: &FlowReport) -> Markup {
    let compensation = &report.compensation;
    let kind = match compensation.kind.as_str() {
        "file" => "assay-compensation-file",
        "matrix" => "assay-compensation-matrix",
        "already-compensated" => "assay-compensation-already",
        "not-usable" => "assay-compensation-unusable",
        _ => "assay-compensation-none",
    };
    html! {
        section class="panel" aria-labelledby="read-title" {
            header { h2 id="read-title" { (frame.t("assay-what-was-read")) } }
            div class="body stack" {
                dl class="pairs" {
                    dt { "FCS" } dd { (report.fcs_version.magic()) " · " (frame.tw("assay-data-set", &[("n", &report.data_set.0.to_string()), ("of", &report.data_set.1.to_string())])) }
                    dt { (frame.t("assay-event-count")) } dd { (report.events) }
                    dt { (frame.t("assay-compensation")) } dd { (frame.t(kind)) " " span class="quiet" { (compensation.from) @if let Some(why) = &compensation.because { (why.get(frame.lang)) } } @if compensation.used { " · " (frame.t("assay-compensation-used")) } }
                    dt { (frame.t("assay-tolerances")) } dd { @let used: Vec<&str> = report.tolerances_used.iter().map(|t| t.name()).collect(); @if used.is_empty() { (frame.t("assay-strict")) } @else { span lang="en" { (used.join(", ")) } } }
                }
                @for note in &report.notes { p class="soon medium" { (note.get(frame.lang)) } }
                details class="why" {
                    summary { (frame.tw("assay-channels", &[("n", &report.channels.len().to_string())])) }
                    ul class="medium" { @for channel in &report.channels { li { (channel.name) @if !channel.stain.is_empty() { " · " (channel.stain) } } } }
                }
                @if let Some(matrix) = &compensation.matrix {
                    details class="why" {
                        summary { (frame.t("assay-compensation-matrix")) }
                        div class="scroller" tabindex="0" role="group" aria-label=(frame.t("assay-compensation-matrix")) { table {
                            tbody { @for (name, values) in matrix.fluorochromes.iter().zip(matrix.coefficients.chunks(matrix.detectors.len().max(1))) { tr { th scope="row" { (name) } @for value in values { td class="number" { (number(*value)) } } } } }
                        } }
                    }
                }
            }
        }
    }
}
