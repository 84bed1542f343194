//! A flow result on a page: what was read, the gate tree with counts, the plot with gates that can be moved, the
//! panel's verdict. Knows no route and no store.

use super::{
    Showing, colon, gates, named_number, number, picture, status_tag,
    table::{cell, numbers, source, table, words},
};
use crate::layout::Frame;
use maud::{Markup, html};
use vena_app::assays::gate_fields::NewShape;
use vena_base::{Lang, Text};
use vena_flow::{
    Analysis, CountReport, FlowReport, Outcome, PanelReport, ProductCells, Verdict,
    gating::{Gate, GateResult, GateShape},
    plot::{DensityPlot, PlotError, PlotSpec, PlotText},
};

/// The size `vena_flow` draws a plot at.
pub const PICTURE: (f64, f64) = (496.0, 506.0);

/// The whole result.
pub fn result(
    frame: &Frame,
    showing: &Showing<'_>,
    analysis: &Analysis,
    panel: Option<&PanelReport>,
    count: Option<&Result<CountReport, Text>>,
) -> Markup {
    let report = &analysis.report;
    let chosen = chosen(analysis, showing.gate);
    let plot = plot_of(analysis, chosen);
    html! {
        @if let Some(panel) = panel { (verdict_first(frame, panel)) }
        div class="flow-first" {
            section class="panel" aria-labelledby="plot-title" {
                header { h2 id="plot-title" { (frame.t("assay-plot")) } }
                div class="body stack" {
                    @if !analysis.document.gates.is_empty() {
                        nav class="bar wrapping" aria-label=(frame.t("assay-planes")) {
                            @for gate in &analysis.document.gates {
                                a class="button" href=(format!("{}?gate={}", showing.base, crate::viewer::encode(&gate.id))) aria-current=[(Some(gate) == chosen).then_some("true")] data-part="" { (gate.id) }
                            }
                        }
                    }
                    @match &plot {
                        Ok(plot) => (drawn(frame, showing, plot, chosen)),
                        Err(problem) => p class="notice warn" { (problem.message(frame.lang)) },
                    }
                }
            }
            div class="stack" {
                section class="panel edge" aria-labelledby="gates-title" {
                    header { h2 id="gates-title" { (frame.t("assay-gates")) } span class="quiet" { (named_number(frame, "assay-events", report.events)) } }
                    (tree(frame, showing, analysis))
                }
                @if let Some(count) = count { (counted(frame, count)) }
            }
        }
        @if showing.editable() { (gates::edit(frame, showing, analysis, chosen, showing.undo)) }
        @if let Some(panel) = panel { (verdict(frame, panel)) }
        (what_was_read(frame, report))
    }
}

/// The plot as SVG text, for a picture on its own.
pub fn svg(analysis: &Analysis, gate: Option<&str>, lang: Lang) -> Option<String> {
    let plot = plot_of(analysis, chosen(analysis, gate)).ok()?;
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

/// The gate asked for, else the first that has a plane, else the first.
fn chosen<'a>(analysis: &'a Analysis, wanted: Option<&str>) -> Option<&'a Gate> {
    let asked = wanted.and_then(|id| analysis.document.gate(id));
    asked.or_else(|| planes(analysis).first().copied()).or_else(|| analysis.document.gates.first())
}

/// The plot a gate is shown in: its own plane; for a range, its dimension against another; for a Boolean gate, the
/// plane of the first gate it combines, with its own events.
fn plot_of(analysis: &Analysis, gate: Option<&Gate>) -> Result<DensityPlot, PlotError> {
    let Some(gate) = gate else { return analysis.plot(None) };
    if has_plane(gate) {
        return analysis.plot(Some(&gate.id));
    }
    let mut spec = match planes(analysis).first() {
        Some(first) => PlotSpec::for_gate(&analysis.document, &first.id)?,
        None => PlotSpec::automatic(None, &analysis.data_set)?,
    };
    spec.population = match &gate.shape {
        GateShape::Boolean { .. } => Some(gate.id.clone()),
        _ => gate.parent.clone(),
    };
    if let GateShape::Rectangle { ranges } = &gate.shape
        && let [range] = ranges.as_slice()
    {
        if spec.y == range.dimension {
            std::mem::swap(&mut spec.x, &mut spec.y);
        }
        spec.x = range.dimension.clone();
    }
    DensityPlot::new(
        &analysis.document,
        &analysis.data_set,
        &analysis.compensation,
        &analysis.report.gates,
        &spec,
    )
}

fn drawn(frame: &Frame, showing: &Showing<'_>, plot: &DensityPlot, gate: Option<&Gate>) -> Markup {
    let words = PlotText { events: frame.t("assay-events-unit"), ..PlotText::default() };
    let alt = frame
        .tw("assay-plot-alt", &[("x", &plot.x_name), ("y", &plot.y_name), ("n", &plot.events.to_string())]);
    html! {
        figure class="plot" {
            (picture(&plot.to_svg(&words), &alt, PICTURE))
            @if let Some(gate) = gate.filter(|_| showing.editable()) { (gates::handles(frame, plot, gate)) }
        }
        @if plot.beyond > 0 { p class="quiet small" { (named_number(frame, "assay-beyond", plot.beyond)) } }
        @if plot.undefined > 0 { p class="soon small" { (named_number(frame, "assay-undefined", plot.undefined)) } }
    }
}

/// The name of a new gate's shape.
pub fn new_shape_name(shape: NewShape) -> &'static str {
    match shape {
        NewShape::Rectangle => "assay-shape-rectangle",
        NewShape::Range => "assay-shape-range",
        NewShape::Polygon => "assay-shape-polygon",
        NewShape::Ellipsoid => "assay-shape-ellipsoid",
        NewShape::Quadrant => "assay-shape-quadrant",
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

/// What the panel says, before anything else.
fn verdict_first(frame: &Frame, panel: &PanelReport) -> Markup {
    let name = if frame.lang == Lang::En { &panel.en } else { &panel.zh_tw };
    let met = panel.verdict == Verdict::Meets;
    html! {
        p class=(if met { "notice" } else { "notice warn" }) { span { b { (frame.t(verdict_words(panel.verdict))) @if !panel.missing.is_empty() { (colon(frame)) (panel.missing.join(", ")) } } " · " a href="#panel-title" { (name) } } }
    }
}

fn verdict_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Meets => "assay-panel-meets",
        Verdict::DoesNotMeet => "assay-panel-fails",
        Verdict::NotAssessable => "assay-panel-open",
    }
}

/// Cells per microlitre and viability.
fn counted(frame: &Frame, count: &Result<CountReport, Text>) -> Markup {
    html! {
        section class="panel edge" aria-labelledby="counted-title" {
            header { h2 id="counted-title" { (frame.t("assay-counts")) } }
            @match count {
                Err(refusal) => p class="body soon" { (refusal.get(frame.lang)) },
                Ok(count) => {
                    @if let Some(viability) = &count.viability { p class="body" { (frame.t("assay-viability")) " " b { (format!("{:.2} %", viability.percent)) } " (" (viability.viable) " / " (viability.cells) ")" } }
                    @if let Some(cells) = &count.product { (collected(frame, cells)) }
                    @for missing in &count.missing { p class="body soon" { (missing.get(frame.lang)) } }
                    (populations(frame, count))
                }
            }
        }
    }
}

fn populations(frame: &Frame, count: &CountReport) -> Markup {
    let columns = [
        words(frame.t("assay-gate")),
        numbers(frame.t("assay-event-count")),
        numbers(frame.t("assay-cells-per-ul")),
    ];
    let rows: Vec<Vec<Markup>> = count
        .populations
        .iter()
        .map(|one| {
            vec![
                cell(&one.gate),
                cell(one.events.to_string()),
                html! { @match &one.count { Some(count) => { b { (number(count.cells_per_microlitre)) } @if let Some(error) = count.relative_standard_error { " ± " (format!("{:.1} %", 100.0 * error)) } }, None => "–" } },
            ]
        })
        .collect();
    table(&frame.t("assay-counts"), &columns, &rows)
}

/// Cells of the whole product; what suffices is told on the journey, by its product's profile.
fn collected(frame: &Frame, cells: &ProductCells) -> Markup {
    let total = |cells: Option<f64>| {
        cells.map_or_else(|| "–".to_owned(), |cells| format!("{:.3} × 10⁹", cells / 1e9))
    };
    html! {
        dl class="pairs body" {
            dt { (frame.t("assay-product-tnc")) } dd { b class="figure" { (total(cells.viable_nucleated)) } }
            dt { (frame.t("assay-product-cd3-cells")) } dd { b class="figure" { (total(cells.viable_cd3)) } }
            dt { (frame.t("assay-product-share")) } dd { b class="figure" { (cells.t_cell_share_percent.map_or_else(|| "–".to_owned(), |share| format!("{share:.2} %"))) } " (" (cells.cd3_events) " / " (cells.nucleated_events) ")" }
        }
        @for missing in &cells.missing { p class="body soon" { (missing.get(frame.lang)) } }
        p class="body quiet" { (frame.t("assay-product-profile")) }
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
                        th scope="col" { (frame.t("assay-gate")) }
                        th scope="col" class="number" { (frame.t("assay-count")) } th scope="col" class="number" { (frame.t("assay-of-parent")) }
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
                @if own.is_some() {
                    a href=(format!("{}?gate={}", showing.base, crate::viewer::encode(&gate.id))) data-part="" { (gate.id) }
                } @else { (gate.id) }
                " " span class="small quiet keep" { (frame.t(own.map_or("assay-shape-quadrant", |own| shape_name(&own.shape)))) }
            }
            td class="number keep" { (gate.count) " / " (gate.parent_count) }
            td class="number keep" { b { (percent(gate.percent_of_parent)) } br; span class="small quiet" { (frame.t("assay-of-all")) " " (percent(gate.percent_of_total)) } }
        }
    }
}

fn verdict(frame: &Frame, panel: &PanelReport) -> Markup {
    let lang = frame.lang;
    let pick = |en: &str, zh: &str| if lang == Lang::En { en.to_owned() } else { zh.to_owned() };
    let outcome = |outcome: Outcome| match outcome {
        Outcome::Met => "assay-met",
        Outcome::NotMet => "assay-not-met",
        Outcome::Missing => "assay-missing-marker",
        Outcome::Reported => "assay-reported",
    };
    let columns = [
        words(frame.t("assay-marker")),
        numbers("%"),
        words(frame.t("assay-outcome")),
        words(frame.t("why")),
        words(frame.t("source")),
    ];
    let rows: Vec<Vec<Markup>> = panel
        .criteria
        .iter()
        .map(|one| {
            vec![
                cell(&one.marker),
                cell(one.percent.map_or_else(|| "–".to_owned(), |percent| format!("{percent:.2}"))),
                status_tag(&frame.t(outcome(one.outcome)), one.outcome == Outcome::NotMet),
                cell(pick(&one.because_en, &one.because_zh_tw)),
                html! { span class="quiet small" { (source(&one.source)) } },
            ]
        })
        .collect();
    html! {
        section class="panel edge" aria-labelledby="panel-title" {
            header { h2 id="panel-title" { (pick(&panel.en, &panel.zh_tw)) } span class="quiet" { (panel.panel) @if panel.status == "provisional" { " " span class="tag provisional" { span { (vena_knowledge::Life::Provisional.name().get(frame.lang)) } } } } }
            div class="body" { p { b { (frame.t(verdict_words(panel.verdict))) } @if !panel.missing.is_empty() { (colon(frame)) (panel.missing.join(", ")) } } }
            (table(&pick(&panel.en, &panel.zh_tw), &columns, &rows))
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
