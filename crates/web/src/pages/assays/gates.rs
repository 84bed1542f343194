//! Gates as they are changed on a page: handles over the plot, the numbers of the chosen gate, points of a polygon,
//! new gates, Boolean gates, removing and taking back. Every form works without a script; a script drags.
//! Knows no route and no store.

use super::{Showing, flow};
use crate::layout::Frame;
use maud::{Markup, html};
use vena_app::assays::gate_fields::{GateField, NewShape, Part, fields};
use vena_base::Lang;
use vena_flow::{
    Analysis,
    gating::{BooleanOperation, Dimension, DimensionSource, Gate, GateShape, Operand},
    plot::{Axis, DensityPlot},
};

/// The plot's drawing: the plane's corner and side in the picture's units, as `vena_flow` draws them.
const PLANE: (f64, f64, f64) = (76.0, 40.0, 400.0);
/// Points of an ellipse's outline.
const ELLIPSE_POINTS: u32 = 48;

/// A point that can be dragged: where it stands, which fields it moves, what it is called.
struct Handle {
    /// Where its point is, outside the plot too; the knob stands inside.
    at: (f64, f64),
    kind: &'static str,
    x: Option<String>,
    y: Option<String>,
    label: String,
}

/// The plane in the picture's units.
struct Plane<'a> {
    x: &'a Axis,
    y: &'a Axis,
}

impl Plane<'_> {
    fn across(&self, value: f64) -> f64 {
        PLANE.0 + drawable(self.x.place(value)) * PLANE.2
    }

    fn up(&self, value: f64) -> f64 {
        PLANE.1 + (1.0 - drawable(self.y.place(value))) * PLANE.2
    }
}

/// A place far outside is drawn towards, but not farther than a browser reckons with.
fn drawable(place: f64) -> f64 {
    place.clamp(-1e4, 1e4)
}

/// Where a handle can be seized: inside the plot, whatever it moves lies outside.
fn within((x, y): (f64, f64)) -> (f64, f64) {
    (x.clamp(PLANE.0, PLANE.0 + PLANE.2), y.clamp(PLANE.1, PLANE.1 + PLANE.2))
}

/// Handles of the gate shown, over its plot. Fields are the way without a script.
pub fn handles(frame: &Frame, plot: &DensityPlot, gate: &Gate) -> Markup {
    let plane = Plane { x: &plot.x, y: &plot.y };
    let found = handles_of(frame, &plane, &gate.shape);
    let outline = outline_of(&plane, &gate.shape, &found);
    let middles = match &gate.shape {
        GateShape::Polygon { .. } => middles(&found),
        _ => Vec::new(),
    };
    html! {
        @if !found.is_empty() {
            svg class="handles" viewBox=(format!("0 0 {} {}", flow::PICTURE.0, flow::PICTURE.1)) role="group" aria-label=(frame.tw("assay-handles", &[("gate", &gate.id)])) data-form="gate-form" data-shape=(kind_of(&gate.shape))
                data-x-low=(plot.x.low) data-x-high=(plot.x.high) data-y-low=(plot.y.low) data-y-high=(plot.y.high)
                data-left=(PLANE.0) data-top=(PLANE.1) data-side=(PLANE.2) {
                // Sides run towards points outside and are cut at the plot's edge.
                clipPath id="plot-room" { rect x=(PLANE.0) y=(PLANE.1) width=(PLANE.2) height=(PLANE.2) {} }
                g clip-path="url(#plot-room)" { @for line in &outline { polyline class="outline" points=(line) {} } }
                @for (i, (x, y)) in middles.iter().enumerate() {
                    g class="middle" data-add=(i) { circle class="reach" cx=(place(*x)) cy=(place(*y)) r="14" {} path d=(format!("M{} {}h8m-4 -4v8", place(x - 4.0), place(*y))) {} }
                }
                @for handle in &found {
                    @let (x, y) = within(handle.at);
                    g class="handle" tabindex="0" role="button" aria-label=(handle.label) data-kind=(handle.kind) data-x=[handle.x.as_deref()] data-y=[handle.y.as_deref()]
                        data-far-x=[(x != handle.at.0).then(|| place(handle.at.0))] data-far-y=[(y != handle.at.1).then(|| place(handle.at.1))] {
                        circle class="reach" cx=(place(x)) cy=(place(y)) r="26" {}
                        circle class="knob" cx=(place(x)) cy=(place(y)) r="8" {}
                    }
                }
            }
        }
    }
}

fn place(value: f64) -> String {
    format!("{value:.2}")
}

fn kind_of(shape: &GateShape) -> &'static str {
    match shape {
        GateShape::Rectangle { .. } => "rectangle",
        GateShape::Polygon { .. } => "polygon",
        GateShape::Ellipsoid { .. } => "ellipsoid",
        GateShape::Quadrant { .. } => "quadrant",
        GateShape::Boolean { .. } => "boolean",
    }
}

fn handles_of(frame: &Frame, plane: &Plane<'_>, shape: &GateShape) -> Vec<Handle> {
    match shape {
        GateShape::Polygon { vertices, .. } => vertices
            .iter()
            .enumerate()
            .map(|(i, [a, b])| Handle {
                at: (plane.across(*a), plane.up(*b)),
                kind: "point",
                x: Some(format!("v{i}x")),
                y: Some(format!("v{i}y")),
                label: frame.tw("assay-point", &[("n", &(i + 1).to_string())]),
            })
            .collect(),
        GateShape::Rectangle { ranges } => match ranges.as_slice() {
            [across, up] => {
                let ends = |low: Option<f64>, high: Option<f64>, axis: &Axis| {
                    (low.unwrap_or(axis.low), high.unwrap_or(axis.high))
                };
                let (x_low, x_high) = ends(across.min, across.max, plane.x);
                let (y_low, y_high) = ends(up.min, up.max, plane.y);
                [
                    (x_low, "min0", y_low, "min1"),
                    (x_high, "max0", y_low, "min1"),
                    (x_high, "max0", y_high, "max1"),
                    (x_low, "min0", y_high, "max1"),
                ]
                .into_iter()
                .enumerate()
                .map(|(i, (a, a_field, b, b_field))| Handle {
                    at: (plane.across(a), plane.up(b)),
                    kind: "corner",
                    x: Some(a_field.to_owned()),
                    y: Some(b_field.to_owned()),
                    label: frame.tw("assay-corner", &[("n", &(i + 1).to_string())]),
                })
                .collect()
            }
            _ => Vec::new(),
        },
        GateShape::Ellipsoid { mean, covariance, distance_square, .. } => {
            ellipse_handles(frame, plane, mean, covariance, *distance_square)
        }
        GateShape::Quadrant { dividers, .. } => match dividers.as_slice() {
            [across, up] => {
                let handle = |x: Option<(usize, f64)>, y: Option<(usize, f64)>, at, n: usize| Handle {
                    at,
                    kind: "cut",
                    x: x.map(|(j, _)| format!("cut0-{j}")),
                    y: y.map(|(j, _)| format!("cut1-{j}")),
                    label: frame.tw("assay-cut-handle", &[("n", &n.to_string())]),
                };
                let (edge_x, edge_y) = (PLANE.0 + PLANE.2 - 10.0, PLANE.1 + 10.0);
                let mut all: Vec<Handle> = Vec::new();
                for (j, v) in across.values.iter().enumerate() {
                    all.push(handle(Some((j, *v)), None, (plane.across(*v), edge_y), all.len() + 1));
                }
                for (j, v) in up.values.iter().enumerate() {
                    all.push(handle(None, Some((j, *v)), (edge_x, plane.up(*v)), all.len() + 1));
                }
                if let ([v], [w]) = (across.values.as_slice(), up.values.as_slice()) {
                    let both = (plane.across(*v), plane.up(*w));
                    all.push(handle(Some((0, *v)), Some((0, *w)), both, all.len() + 1));
                }
                all
            }
            _ => Vec::new(),
        },
        GateShape::Boolean { .. } => Vec::new(),
    }
}

/// Main axes of an ellipse in the picture's units: half axes as vectors, the longer first. `None` where the matrix
/// is no covariance.
fn axes(plane: &Plane<'_>, covariance: &[Vec<f64>], distance_square: f64) -> Option<[(f64, f64); 2]> {
    let [row0, row1] = covariance else { return None };
    let ([a, b], [_, d]) = (row0.as_slice(), row1.as_slice()) else { return None };
    let (sx, sy) = (PLANE.2 / (plane.x.high - plane.x.low), -PLANE.2 / (plane.y.high - plane.y.low));
    let (a, b, d) =
        (a * sx * sx * distance_square, b * sx * sy * distance_square, d * sy * sy * distance_square);
    let half_difference = (a - d) / 2.0;
    let root = half_difference.hypot(b);
    let middle = f64::midpoint(a, d);
    let angle = 0.5 * (2.0 * b).atan2(a - d);
    let (long, short) = (middle + root, middle - root);
    let proper = short > 0.0 && long.is_finite();
    proper.then(|| {
        let (long, short) = (long.sqrt(), short.sqrt());
        [(long * angle.cos(), long * angle.sin()), (-short * angle.sin(), short * angle.cos())]
    })
}

fn ellipse_handles(
    frame: &Frame,
    plane: &Plane<'_>,
    mean: &[f64],
    covariance: &[Vec<f64>],
    distance_square: f64,
) -> Vec<Handle> {
    let (&[a, b], Some([long, short])) = (mean, axes(plane, covariance, distance_square)) else {
        return Vec::new();
    };
    let centre = (plane.across(a), plane.up(b));
    let handle = |at, kind, label: &str| Handle {
        at,
        kind,
        x: (kind == "centre").then(|| "mean0".to_owned()),
        y: (kind == "centre").then(|| "mean1".to_owned()),
        label: frame.t(label),
    };
    vec![
        handle(centre, "centre", "assay-handle-centre"),
        handle((centre.0 + long.0, centre.1 + long.1), "long", "assay-handle-long"),
        handle((centre.0 + short.0, centre.1 + short.1), "short", "assay-handle-short"),
    ]
}

fn outline_of(plane: &Plane<'_>, shape: &GateShape, handles: &[Handle]) -> Vec<String> {
    let line = |points: &mut dyn Iterator<Item = (f64, f64)>| {
        points.map(|(x, y)| format!("{x:.2},{y:.2}")).collect::<Vec<_>>().join(" ")
    };
    match shape {
        GateShape::Ellipsoid { covariance, distance_square, .. } => {
            let Some(([long, short], centre)) =
                axes(plane, covariance, *distance_square).zip(handles.first().map(|h| h.at))
            else {
                return Vec::new();
            };
            let point = |n: u32| {
                let angle = std::f64::consts::TAU * f64::from(n) / f64::from(ELLIPSE_POINTS);
                let (cos, sin) = (angle.cos(), angle.sin());
                (centre.0 + long.0 * cos + short.0 * sin, centre.1 + long.1 * cos + short.1 * sin)
            };
            vec![line(&mut (0..=ELLIPSE_POINTS).map(point))]
        }
        GateShape::Quadrant { .. } => handles
            .iter()
            .filter_map(|handle| match (&handle.x, &handle.y) {
                (Some(_), None) => {
                    Some(line(&mut [(handle.at.0, PLANE.1), (handle.at.0, PLANE.1 + PLANE.2)].into_iter()))
                }
                (None, Some(_)) => {
                    Some(line(&mut [(PLANE.0, handle.at.1), (PLANE.0 + PLANE.2, handle.at.1)].into_iter()))
                }
                _ => None,
            })
            .collect(),
        _ => vec![line(&mut handles.iter().chain(handles.first()).map(|handle| handle.at))],
    }
}

/// Middles of a polygon's sides, where a point can be added.
fn middles(handles: &[Handle]) -> Vec<(f64, f64)> {
    handles
        .iter()
        .zip(handles.iter().cycle().skip(1))
        .map(|(a, b)| (f64::midpoint(a.at.0, b.at.0), f64::midpoint(a.at.1, b.at.1)))
        .collect()
}

/// A dimension as people know it: stain, channel, scale.
pub fn dimension_name(analysis: &Analysis, dimension: &Dimension) -> String {
    match &dimension.source {
        DimensionSource::Channel(channel) => {
            let stain = analysis
                .report
                .channels
                .iter()
                .find(|own| own.name == *channel)
                .map_or("", |own| own.stain.as_str());
            if stain.is_empty() { channel.clone() } else { format!("{stain} ({channel})") }
        }
        DimensionSource::Ratio(id) => id.clone(),
    }
}

/// Everything that can be done to the gates: the numbers of the one shown, more points, Boolean combination, a new
/// gate, removing, taking back.
pub fn edit(
    frame: &Frame,
    showing: &Showing<'_>,
    analysis: &Analysis,
    gate: Option<&Gate>,
    undo: bool,
) -> Markup {
    html! {
        @if let Some(gate) = gate {
            section class="panel" aria-labelledby="edit-title" {
                header { h2 id="edit-title" { (frame.tw("assay-move-gate", &[("gate", &gate.id)])) } }
                div class="body stack" {
                    @match &gate.shape {
                        GateShape::Boolean { operation, operands } => (combine(frame, showing, analysis, Some(gate), *operation, operands)),
                        shape => (numbers(frame, showing, analysis, gate, &fields(shape))),
                    }
                    form class="bar" method="post" action=(format!("{}/gate", showing.base)) data-part-form="" {
                        (showing.hidden()) input type="hidden" name="gate" value=(gate.id);
                        @if undo { (undo_button(frame)) }
                        button class="button stop" name="change" value="remove" type="submit" { (frame.tw("assay-remove-gate", &[("gate", &gate.id)])) }
                    }
                }
            }
        } @else if undo {
            form class="bar" method="post" action=(format!("{}/gate", showing.base)) data-part-form="" { (showing.hidden()) (undo_button(frame)) }
        }
        (new_gate(frame, showing, analysis))
    }
}

fn undo_button(frame: &Frame) -> Markup {
    html! { button class="button" name="change" value="undo" type="submit" { (frame.t("assay-undo")) } }
}

fn label_of(frame: &Frame, analysis: &Analysis, part: &Part<'_>) -> String {
    let name = |dimension: &Dimension| dimension_name(analysis, dimension);
    match part {
        Part::Point(n, dimension) => format!("{n} {}", name(dimension)),
        Part::Low(dimension) => format!("{} ≥", name(dimension)),
        Part::High(dimension) => format!("{} <", name(dimension)),
        Part::Centre(dimension) => frame.tw("assay-field-centre", &[("name", &name(dimension))]),
        Part::Half(dimension) => frame.tw("assay-field-half", &[("name", &name(dimension))]),
        Part::Tilt(..) => frame.t("assay-field-tilt"),
        Part::Cut(dimension) => frame.tw("assay-field-cut", &[("name", &name(dimension))]),
    }
}

/// The numbers of one gate. Dragging fills these fields; without a script they are typed.
fn numbers(
    frame: &Frame,
    showing: &Showing<'_>,
    analysis: &Analysis,
    gate: &Gate,
    rows: &[GateField<'_>],
) -> Markup {
    let points = match &gate.shape {
        GateShape::Polygon { vertices, .. } => vertices.len(),
        _ => 0,
    };
    html! {
        @if rows.is_empty() { p { (frame.t("assay-not-movable")) } }
        @else {
            p class="quiet medium" { (frame.t("assay-move-help")) }
            form id="gate-form" class="edit-grid" method="post" action=(format!("{}/gate", showing.base)) data-part-form="" novalidate {
                (showing.hidden())
                input type="hidden" name="gate" value=(gate.id);
                @for row in rows {
                    div class="field" {
                        label for=(format!("gate-{}", row.name)) { (label_of(frame, analysis, &row.part)) }
                        div class="box" { input id=(format!("gate-{}", row.name)) name=(row.name) value=(row.value) inputmode="decimal" autocomplete="off"; }
                    }
                }
                button class="button first" type="submit" { (frame.t("assay-recompute")) }
                @if points > 0 { (points_of(frame, points)) }
            }
        }
    }
}

/// Points added and taken away, one button each; a script does it in the plot.
fn points_of(frame: &Frame, points: usize) -> Markup {
    html! {
        details class="why all-columns" {
            summary { (frame.t("assay-points")) }
            p class="quiet small" { (frame.t("assay-points-help")) }
            div class="bar" { @for i in 0..points {
                button class="button" name="change" value=(format!("add-point-{i}")) type="submit" { (frame.tw("assay-add-point", &[("n", &(i + 1).to_string())])) }
                @if points > 3 { button class="button" name="change" value=(format!("remove-point-{i}")) type="submit" { (frame.tw("assay-remove-point", &[("n", &(i + 1).to_string())])) } }
            } }
        }
    }
}

/// Ids of all populations that gates may rest on.
pub fn population_ids(analysis: &Analysis) -> Vec<String> {
    let mut ids = Vec::new();
    for gate in &analysis.document.gates {
        match &gate.shape {
            GateShape::Quadrant { quadrants, .. } => ids.extend(quadrants.iter().map(|one| one.id.clone())),
            _ => ids.push(gate.id.clone()),
        }
    }
    ids
}

/// AND, OR or NOT of other gates.
fn combine(
    frame: &Frame,
    showing: &Showing<'_>,
    analysis: &Analysis,
    gate: Option<&Gate>,
    operation: BooleanOperation,
    operands: &[Operand],
) -> Markup {
    let own = gate.map(|gate| gate.id.as_str());
    let change = if gate.is_some() { "combine" } else { "add-boolean" };
    let prefix = if gate.is_some() { "own" } else { "new" };
    let stands = |id: &str| match operands.iter().find(|operand| operand.gate == id) {
        None => "",
        Some(Operand { complement: false, .. }) => "in",
        Some(_) => "out",
    };
    html! {
        form class="form" method="post" action=(format!("{}/gate", showing.base)) data-part-form="" novalidate {
            (showing.hidden())
            @if let Some(own) = own { input type="hidden" name="gate" value=(own); }
            @else {
                div class="field" { label for="boolean-name" { (frame.t("assay-gate-name")) } div class="box" { input id="boolean-name" name="gate" autocomplete="off" required; } }
                (parents(frame, analysis, "boolean-parent"))
            }
            div class="field" { label for=(format!("{prefix}-operation")) { (frame.t("assay-operation")) }
                div class="box" { select id=(format!("{prefix}-operation")) name="operation" {
                    @for (word, value) in [("and", BooleanOperation::And), ("or", BooleanOperation::Or), ("not", BooleanOperation::Not)] {
                        option value=(word) selected[value == operation] { (frame.t(operation_words(value))) }
                    }
                } } }
            fieldset class="field" {
                legend class="label" { (frame.t("assay-operands")) }
                div class="edit-grid" {
                    @for (i, id) in population_ids(analysis).iter().enumerate() {
                        @if own != Some(id.as_str()) {
                            div class="field" { label for=(format!("{prefix}-operand-{i}")) { (id) }
                                div class="box" { select id=(format!("{prefix}-operand-{i}")) name=(format!("operand{i}")) {
                                    @for (word, key) in [("", "assay-operand-none"), ("in", "assay-operand-in"), ("out", "assay-operand-out")] {
                                        option value=(word) selected[stands(id) == word] { (frame.t(key)) }
                                    }
                                } } }
                        }
                    }
                }
            }
            button class="button first" name="change" value=(change) type="submit" { (frame.t(if gate.is_some() { "assay-recompute" } else { "assay-add-gate" })) }
        }
    }
}

fn operation_words(operation: BooleanOperation) -> &'static str {
    match operation {
        BooleanOperation::And => "assay-operation-and",
        BooleanOperation::Or => "assay-operation-or",
        BooleanOperation::Not => "assay-operation-not",
    }
}

fn parents(frame: &Frame, analysis: &Analysis, id: &str) -> Markup {
    html! {
        div class="field" { label for=(id) { (frame.t("assay-parent")) }
            div class="box" { select id=(id) name="parent" { option value="" { (frame.t("assay-all-events")) } @for own in population_ids(analysis) { option value=(own) { (own) } } } } }
    }
}

/// A dimension a new gate may lie on: the word in the form, the name, the dimension where the document has it.
pub struct Offered {
    /// `d3` for one the document uses, `c:FSC-A:linear` for a channel.
    pub word: String,
    /// As people read it.
    pub name: String,
}

/// What a new gate may lie on: dimensions the gates use already, then every channel as it is and on a logicle scale.
pub fn dimensions(analysis: &Analysis, lang: Lang) -> Vec<Offered> {
    let used = used_dimensions(analysis);
    let mut all: Vec<Offered> = used
        .iter()
        .enumerate()
        .map(|(i, dimension)| {
            let scale = dimension.transform.as_deref().map(|id| format!(" · {id}")).unwrap_or_default();
            Offered { word: format!("d{i}"), name: format!("{}{scale}", dimension_name(analysis, dimension)) }
        })
        .collect();
    for channel in &analysis.report.channels {
        let name = if channel.stain.is_empty() {
            channel.name.clone()
        } else {
            format!("{} ({})", channel.stain, channel.name)
        };
        let plain = used.iter().any(|dimension| {
            dimension.transform.is_none()
                && dimension.source == DimensionSource::Channel(channel.name.clone())
        });
        if !plain {
            let words = if lang == Lang::En { "linear" } else { "線性" };
            all.push(Offered {
                word: format!("linear:{}", channel.name), name: format!("{name} · {words}")
            });
        }
        all.push(Offered { word: format!("logicle:{}", channel.name), name: format!("{name} · logicle") });
    }
    all
}

/// The dimensions the document's gates lie on, each once, in their order.
pub fn used_dimensions(analysis: &Analysis) -> Vec<Dimension> {
    let mut all: Vec<Dimension> = Vec::new();
    for gate in &analysis.document.gates {
        let own: Vec<&Dimension> = match &gate.shape {
            GateShape::Rectangle { ranges } => ranges.iter().map(|range| &range.dimension).collect(),
            GateShape::Polygon { dimensions, .. } => dimensions.iter().collect(),
            GateShape::Ellipsoid { dimensions, .. } => dimensions.iter().collect(),
            GateShape::Quadrant { dividers, .. } => {
                dividers.iter().map(|divider| &divider.dimension).collect()
            }
            GateShape::Boolean { .. } => Vec::new(),
        };
        for dimension in own {
            if !all.contains(dimension) {
                all.push(dimension.clone());
            }
        }
    }
    all
}

/// A new gate: its name, its shape, where it lies; it begins in the middle and is moved from there.
fn new_gate(frame: &Frame, showing: &Showing<'_>, analysis: &Analysis) -> Markup {
    let offered = dimensions(analysis, frame.lang);
    let none = analysis.document.gates.is_empty();
    html! {
        section class="panel" aria-labelledby="new-gate-title" {
            header { h2 id="new-gate-title" { (frame.t("assay-new-gate")) } }
            div class="body stack" {
                p class="quiet medium" { (frame.t("assay-new-gate-help")) }
                form class="edit-grid" method="post" action=(format!("{}/gate", showing.base)) data-part-form="" novalidate {
                    (showing.hidden())
                    div class="field" { label for="new-name" { (frame.t("assay-gate-name")) } div class="box" { input id="new-name" name="gate" autocomplete="off" required; } }
                    div class="field" { label for="new-shape" { (frame.t("assay-shape")) }
                        div class="box" { select id="new-shape" name="shape" { @for shape in NewShape::ALL { option value=(shape.as_str()) { (frame.t(flow::new_shape_name(shape))) } } } } }
                    (parents(frame, analysis, "new-parent"))
                    @for (name, key, chosen) in [("x", "assay-across", 0), ("y", "assay-up", 1)] {
                        div class="field" { label for=(format!("new-{name}")) { (frame.t(key)) }
                            div class="box" { select id=(format!("new-{name}")) name=(name) { @for (i, one) in offered.iter().enumerate() { option value=(one.word) selected[i == chosen * if none { 2 } else { 1 }] { (one.name) } } } } }
                    }
                    button class="button first" name="change" value="add" type="submit" { (frame.t("assay-add-gate")) }
                }
                @if population_ids(analysis).len() > 1 {
                    details class="why" { summary { (frame.t("assay-new-boolean")) } (combine(frame, showing, analysis, None, BooleanOperation::And, &[])) }
                }
            }
        }
    }
}
