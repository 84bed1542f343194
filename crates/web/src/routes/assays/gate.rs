//! Changes to gates as forms send them: moved, points added and taken, combined, new, removed, taken back.

use super::change::{Ask, change};
use crate::{
    forms::reader::Submitted,
    pages::assays::gates::{population_ids, used_dimensions},
    server::Server,
    viewer::Viewer,
};
use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use vena_app::{
    App, AppError, Session,
    assay_compute::Computed,
    assays::{
        AssayChange, GateChange,
        gate_fields::{NewShape, combined, moved, with_point, without_point},
    },
};
use vena_base::Text;
use vena_flow::{
    Analysis, Transform, TransformKind,
    gating::{
        BooleanOperation, CompensationReference, Dimension, DimensionSource, Gate, GateShape, NamedTransform,
    },
    plot::{DensityPlot, PlotSpec},
};

/// Longest name of a gate, in characters.
const NAME_CHARACTERS_MAX: usize = 60;

/// Changes a draft's gates.
pub async fn gate(
    State(server): State<Server>,
    viewer: Viewer,
    Path(id): Path<String>,
    headers: HeaderMap,
    axum::Form(pairs): axum::Form<Vec<(String, String)>>,
) -> Response {
    let data = Submitted::new(pairs);
    let given = data.clone();
    let ask: Ask = Box::new(move |app, session, id| Ok(AssayChange::Gates(asked(app, session, id, &given)?)));
    change(&server, &viewer, id, &headers, data, vec![ask]).await
}

fn asked(app: &App, session: &Session, id: &str, data: &Submitted) -> Result<GateChange, AppError> {
    let name = data.get("gate").to_owned();
    let word = data.get("change");
    match word {
        "undo" => return Ok(GateChange::Undo),
        "remove" => return Ok(GateChange::Remove { gate: name }),
        _ => {}
    }
    let open = app.open_assay(session, id)?;
    let Ok(Computed::Flow { analysis, .. }) = &open.outcome else {
        return Err(AppError::NotFound(id.to_owned()));
    };
    if word == "add" || word == "add-boolean" {
        return new_gate(analysis, data, word == "add-boolean");
    }
    let own = analysis.document.gate(&name).ok_or_else(|| AppError::NotFound(name.clone()))?;
    let shape = if let Some(after) = word.strip_prefix("add-point-") {
        after.parse().ok().and_then(|after| with_point(&own.shape, after))
    } else if let Some(point) = word.strip_prefix("remove-point-") {
        point.parse().ok().and_then(|point| without_point(&own.shape, point))
    } else if word == "combine" {
        Some(boolean(analysis, data)?)
    } else {
        moved(&own.shape, |field| data.get(field).to_owned())
    };
    let shape = shape.ok_or_else(|| AppError::Input(unmovable(&name)))?;
    Ok(GateChange::Move { gate: name, shape })
}

fn unmovable(gate: &str) -> Text {
    Text::new(
        format!(
            "Gate {gate} cannot be changed so: every point needs a number, a range at least one end and its low end below its high end, an ellipse extents above 0 and a tilt between −1 and 1, cuts their order; a polygon keeps three points."
        ),
        format!(
            "圈選 {gate} 無法如此變更：每一點都需為數字；範圍至少要有一端且下限須小於上限；橢圓之半徑須大於 0、傾斜介於 −1 與 1；分割線須依序；多邊形至少三點。"
        ),
    )
}

fn boolean(analysis: &Analysis, data: &Submitted) -> Result<GateShape, AppError> {
    let operation = match data.get("operation") {
        "or" => BooleanOperation::Or,
        "not" => BooleanOperation::Not,
        _ => BooleanOperation::And,
    };
    let ticked: Vec<(String, bool)> = population_ids(analysis)
        .into_iter()
        .enumerate()
        .filter_map(|(i, id)| match data.get(&format!("operand{i}")) {
            "in" => Some((id, false)),
            "out" => Some((id, true)),
            _ => None,
        })
        .collect();
    combined(operation, &ticked).ok_or_else(|| {
        AppError::Input(Text::new(
            "AND and OR take two gates or more, NOT takes one.",
            "「且」與「或」需兩個以上圈選，「非」需一個。",
        ))
    })
}

fn new_gate(analysis: &Analysis, data: &Submitted, is_boolean: bool) -> Result<GateChange, AppError> {
    let id = data.get("gate");
    if id.is_empty() || id.chars().count() > NAME_CHARACTERS_MAX || id.contains('/') {
        return Err(AppError::Input(Text::new(
            format!("Give the gate a name, at most {NAME_CHARACTERS_MAX} characters, without “/”."),
            format!("請為圈選命名，至多 {NAME_CHARACTERS_MAX} 字，不可含「/」。"),
        )));
    }
    let parent = Some(data.get("parent").to_owned()).filter(|parent| !parent.is_empty());
    let mut transforms = Vec::new();
    let shape = if is_boolean {
        boolean(analysis, data)?
    } else {
        let shape = NewShape::parse(data.get("shape")).unwrap_or(NewShape::Rectangle);
        let x = dimension(analysis, data.get("x"), &mut transforms)?;
        let y = dimension(analysis, data.get("y"), &mut transforms)?;
        if x == y && shape != NewShape::Range {
            return Err(AppError::Input(Text::new(
                "Choose two different dimensions.",
                "請選擇兩個不同的維度。",
            )));
        }
        begun(analysis, shape, (id, parent.as_deref()), [x, y], &transforms)?
    };
    let gate = Box::new(Gate { id: id.to_owned(), parent, shape });
    Ok(GateChange::Add { gate, transforms })
}

/// The shape in the middle of what the plane shows.
fn begun(
    analysis: &Analysis,
    shape: NewShape,
    (id, parent): (&str, Option<&str>),
    [x, y]: [Dimension; 2],
    transforms: &[NamedTransform],
) -> Result<GateShape, AppError> {
    let mut document = analysis.document.clone();
    for named in transforms {
        if !document.transforms.iter().any(|own| own.id == named.id) {
            document.transforms.push(named.clone());
        }
    }
    // A range has one dimension; the plot needs two, the same twice does.
    let spec = PlotSpec { x: x.clone(), y: y.clone(), population: parent.map(str::to_owned) };
    let plot = DensityPlot::new(
        &document,
        &analysis.data_set,
        &analysis.compensation,
        &analysis.report.gates,
        &spec,
    )
    .map_err(|problem| AppError::Input(Text::same(problem.to_string())))?;
    Ok(shape.begun(id, [&x, &y], [(plot.x.low, plot.x.high), (plot.y.low, plot.y.high)]))
}

/// The dimension a form names; a logicle scale that the document lacks is added to it.
fn dimension(
    analysis: &Analysis,
    word: &str,
    transforms: &mut Vec<NamedTransform>,
) -> Result<Dimension, AppError> {
    let unknown = || AppError::Input(Text::new("Choose the dimensions.", "請選擇維度。"));
    if let Some(index) = word.strip_prefix('d').and_then(|index| index.parse::<usize>().ok()) {
        return used_dimensions(analysis).into_iter().nth(index).ok_or_else(unknown);
    }
    let (scale, name) = word.split_once(':').ok_or_else(unknown)?;
    let channel = analysis.report.channels.iter().find(|own| own.name == name).ok_or_else(unknown)?;
    // What can be compensated is gated compensated, as the file says.
    let in_matrix = |matrix: &vena_flow::SpilloverMatrix| matrix.detectors.iter().any(|own| own == name);
    let compensated = analysis.report.compensation.matrix.as_ref().is_some_and(in_matrix);
    let transform = (scale == "logicle").then(|| {
        let top = channel.range.trim().parse::<f64>().ok().filter(|top| top.is_finite() && *top > 1.0);
        let named = logicle(name, top.unwrap_or(LOGICLE_TOP));
        let id = named.id.clone();
        if !transforms.iter().any(|own| own.id == id) {
            transforms.push(named);
        }
        id
    });
    Ok(Dimension {
        compensation: if compensated {
            CompensationReference::Fcs
        } else {
            CompensationReference::Uncompensated
        },
        source: DimensionSource::Channel(name.to_owned()),
        transform,
    })
}

/// Top of a scale where the file gives no range: 18 bits, what most cytometers write.
const LOGICLE_TOP: f64 = 262_144.0;

/// The usual logicle scale: half a decade linear, four and a half in all (Parks, Roederer, Moore 2006).
fn logicle(channel: &str, t: f64) -> NamedTransform {
    let kind = TransformKind::Logicle { t, w: 0.5, m: 4.5, a: 0.0 };
    NamedTransform {
        id: format!("logicle {channel}"),
        transform: Transform { kind, bound_min: None, bound_max: None },
    }
}
