//! Parameters of an assay read from a form, and files beside the first.

use super::{
    change::{Ask, again, change, review},
    taken,
};
use crate::{forms::reader::Submitted, server::Server, viewer::Viewer};
use axum::{
    extract::{Path, Request, State},
    http::HeaderMap,
    response::Response,
};
use vena_app::{
    AppError,
    assay_compute::{AssayOptions, FlowOptions},
    assays::AssayChange,
};
use vena_base::{Decimal, Text};
use vena_colonies::{Channel, DiameterMin, Fluorescence, Layout, Polarity};
use vena_flow::{BeadTube, CountOptions, ProductSample, Tolerance, ViabilityGate};
use vena_journey::FileRole;
use vena_potency::{
    ComparisonOptions, CultureOptions, EndotoxinOptions, PotencyOptions, QpcrOptions,
    curve::CurveModel,
    endotoxin::Route,
    qpcr::{AbsenceKind, AbsenceTest, ResidualDna, VectorCopies},
    report::{AssayKind as Model, LineErrorFrom, OutlierHandling, ReferenceStandard},
};

/// A number that may be left out.
pub(super) fn typed_number(data: &Submitted, name: &str) -> Result<Option<f64>, AppError> {
    let typed = data.get(name);
    if typed.is_empty() {
        return Ok(None);
    }
    // Decimal refuses what f64 takes and no person means: NaN, inf, 1e999.
    let wrong = || {
        AppError::Input(Text::new(format!("“{typed}” is not a number."), format!("「{typed}」不是數字。")))
    };
    Decimal::parse(typed).map_err(|_| wrong())?;
    typed.parse().map(Some).map_err(|_| wrong())
}

/// Other parameters, and files beside the first.
pub async fn options(
    State(server): State<Server>,
    viewer: Viewer,
    Path(id): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let taken = match taken::taken(&server, &viewer.frame, request).await {
        Ok(taken) => taken,
        Err(answer) => return *answer,
    };
    if taken.is_review() {
        return review(&server, &viewer, id, taken.data).await;
    }
    let taken::Taken { data, mut files, wrong } = taken;
    if let Some(wrong) = wrong {
        return again(&server, &viewer, id, None, &AppError::Input(Text::same(wrong)), data).await;
    }
    let mut asks: Vec<Ask> = Vec::new();
    for (name, role) in [("gates", FileRole::Gates), ("matrix", FileRole::Matrix), ("image", FileRole::Image)]
    {
        if let Some(bytes) = files.remove(name) {
            asks.push(Box::new(move |_, _, _| Ok(AssayChange::File(role, bytes))));
        }
    }
    let given = data.clone();
    asks.push(Box::new(move |app, session, id| {
        Ok(AssayChange::Options(read_options(&given, app.assay_draft(session, id)?.options)?))
    }));
    change(&server, &viewer, id, &headers, data, asks).await
}

fn words(data: &Submitted, name: &str) -> Option<String> {
    Some(data.get(name).to_owned()).filter(|value| !value.is_empty())
}

fn whole<T: std::str::FromStr>(data: &Submitted, name: &str) -> Result<Option<T>, AppError> {
    let typed = data.get(name);
    if typed.is_empty() {
        return Ok(None);
    }
    typed.parse().map(Some).map_err(|_| {
        AppError::Input(Text::new(
            format!("“{typed}” is not a whole number."),
            format!("「{typed}」不是整數。"),
        ))
    })
}

/// Fields over the parameters that stood.
///
/// # Errors
/// [`AppError::Input`] names what was typed and is none.
pub fn read_options(data: &Submitted, before: AssayOptions) -> Result<AssayOptions, AppError> {
    Ok(match before {
        AssayOptions::Flow(options) => AssayOptions::Flow(flow(data, options)?),
        AssayOptions::Colonies(options) => AssayOptions::Colonies(Box::new(colonies(data, *options)?)),
        AssayOptions::Potency(options) => AssayOptions::Potency(Box::new(potency(data, *options)?)),
        AssayOptions::Qpcr(options) => AssayOptions::Qpcr(Box::new(qpcr(data, *options)?)),
        AssayOptions::Endotoxin(options) => AssayOptions::Endotoxin(EndotoxinOptions {
            dose_ml: typed_number(data, "dose-ml")?,
            weight_kg: typed_number(data, "weight-kg")?,
            hours: typed_number(data, "hours")?,
            route: if data.get("route") == "intrathecal" { Route::Intrathecal } else { Route::Intravenous },
            ..options
        }),
        AssayOptions::Comparison(options) => AssayOptions::Comparison(ComparisonOptions {
            margin: typed_number(data, "margin")?.map(|percent| percent / 100.0),
            ..options
        }),
        AssayOptions::Culture(options) => {
            AssayOptions::Culture(CultureOptions { dose_cells: typed_number(data, "dose-cells")?, ..options })
        }
        // The counts come from the table or from a picture beside it.
        AssayOptions::Series(options) => AssayOptions::Series(options),
    })
}

fn flow(data: &Submitted, mut options: FlowOptions) -> Result<FlowOptions, AppError> {
    options.tolerances = Tolerance::ALL
        .into_iter()
        .filter(|one| !data.get(&format!("tolerate-{}", one.name())).is_empty())
        .collect();
    options.panel = words(data, "panel");
    options.data_set = whole(data, "data-set")?;
    options.count = counts(data)?.map(Box::new);
    Ok(options)
}

/// Beads and viability; `None` where nothing was filled in.
fn counts(data: &Submitted) -> Result<Option<CountOptions>, AppError> {
    let beads = match (
        words(data, "beads-gate"),
        typed_number(data, "beads-added")?,
        typed_number(data, "beads-volume")?,
    ) {
        (None, None, None) => None,
        (Some(gate), Some(beads_added), Some(sample_microlitres)) => Some(BeadTube {
            gate,
            beads_added,
            sample_microlitres,
            dilution: typed_number(data, "beads-dilution")?.unwrap_or(1.0),
        }),
        _ => {
            return Err(AppError::Input(Text::new(
                "A count by beads needs the beads’ gate, the beads in the tube and the volume of sample.",
                "以計數珠計數需有珠之圈選、管內珠數與檢體體積。",
            )));
        }
    };
    let cells = data.get("count-cells").split([',', '，', '、']).map(|name| name.trim().to_owned());
    let cells: Vec<String> = cells.filter(|name| !name.is_empty()).collect();
    let viability = ViabilityGate {
        dead: words(data, "dead-gate"),
        viable: words(data, "viable-gate"),
        of: words(data, "viability-of"),
    };
    let viability = (viability != ViabilityGate::default()).then_some(viability);
    let product = product(data)?;
    let asked = beads.is_some() || viability.is_some() || product.is_some() || !cells.is_empty();
    Ok(asked.then_some(CountOptions { cells, beads, viability, product }))
}

/// The collected product; `None` where nothing was filled in.
fn product(data: &Submitted) -> Result<Option<ProductSample>, AppError> {
    let millilitres = typed_number(data, "product-volume")?;
    let nucleated_per_microlitre = typed_number(data, "product-analyser")?;
    match (words(data, "product-nucleated"), words(data, "product-cd3")) {
        (Some(nucleated), Some(cd3)) => {
            Ok(Some(ProductSample { millilitres, nucleated, cd3, nucleated_per_microlitre }))
        }
        (None, None) if millilitres.is_none() && nucleated_per_microlitre.is_none() => Ok(None),
        _ => Err(AppError::Input(Text::new(
            "A collection’s cells need the gates of viable nucleated cells and of viable CD3+ cells.",
            "計算收集之細胞數需有存活有核細胞與存活 CD3+ 細胞之圈選。",
        ))),
    }
}

fn channel(word: &str) -> Channel {
    match word {
        "grey" => Channel::Grey,
        "red" => Channel::Red,
        "green" => Channel::Green,
        "blue" => Channel::Blue,
        _ => Channel::Automatic,
    }
}

fn colonies(
    data: &Submitted,
    mut options: vena_colonies::Options,
) -> Result<vena_colonies::Options, AppError> {
    options.layout = match data.get("layout") {
        "dish" => Layout::Dish,
        "whole" => Layout::Whole,
        wells => wells.parse().map_or(Layout::Automatic, |wells| Layout::Wells { wells }),
    };
    options.polarity = match data.get("polarity") {
        "dark" => Polarity::Dark,
        "light" => Polarity::Light,
        _ => Polarity::Automatic,
    };
    options.channel = channel(data.get("channel"));
    options.fluorescence = match data.get("label-channel") {
        "" => None,
        word => Some(Fluorescence { page: whole(data, "label-page")?, channel: channel(word) }),
    };
    options.micrometres_per_pixel = typed_number(data, "um-per-pixel")?;
    options.diameter_min = match (typed_number(data, "diameter-um")?, typed_number(data, "diameter-px")?) {
        (Some(_), Some(_)) => {
            return Err(AppError::Input(Text::new(
                "Give the smallest diameter in µm or in pixels, not both.",
                "最小直徑請以 µm 或像素擇一填寫。",
            )));
        }
        (Some(value), None) => DiameterMin::Micrometres(value),
        (None, Some(value)) => DiameterMin::Pixels(value),
        (None, None) => DiameterMin::Automatic,
    };
    Ok(options)
}

fn potency(data: &Submitted, mut options: PotencyOptions) -> Result<PotencyOptions, AppError> {
    options.assay = match data.get("assay") {
        "parallel-line" => Model::ParallelLine,
        "slope-ratio" => Model::SlopeRatio,
        _ => Model::Curves,
    };
    options.model =
        if data.get("model") == "5" { CurveModel::FiveParameter } else { CurveModel::FourParameter };
    options.outliers =
        if data.get("outliers") == "remove" { OutlierHandling::Remove } else { OutlierHandling::Name };
    options.line_error =
        if data.get("line-error") == "lines" { LineErrorFrom::Lines } else { LineErrorFrom::Replicates };
    options.reference = words(data, "reference");
    options.assayed_on = words(data, "assayed-on");
    let (name, lot) = (words(data, "standard-name"), data.get("standard-lot").to_owned());
    options.standard = match (name, typed_number(data, "standard-value")?) {
        (Some(name), Some(assigned_value)) => {
            let unit = data.get("standard-unit").to_owned();
            let source = data.get("standard-source").trim().to_owned();
            let expires_on = data.get("standard-expires").trim().to_owned();
            Some(ReferenceStandard { name, lot, source, expires_on, assigned_value, unit })
        }
        (None, None) => None,
        _ => {
            return Err(AppError::Input(Text::new(
                "A reference standard needs its name and its assigned value.",
                "對照標準品需有名稱與標定值。",
            )));
        }
    };
    Ok(options)
}

fn qpcr(data: &Submitted, mut options: QpcrOptions) -> Result<QpcrOptions, AppError> {
    options.cut_off_cq = typed_number(data, "cut-off")?;
    options.internal_control_target = words(data, "control");
    let dna = ResidualDna {
        target: words(data, "dna-target"),
        nanograms_per_quantity_unit: typed_number(data, "dna-ng")?,
        product_ml_per_well: typed_number(data, "dna-well")?,
        dose_ml: typed_number(data, "dna-dose")?,
    };
    options.residual_dna = (dna != ResidualDna::default()).then_some(dna);
    let copies = VectorCopies {
        vector_target: data.get("vector-target").to_owned(),
        reference_target: data.get("vector-reference").to_owned(),
        transduced_fraction: typed_number(data, "vector-share")?.map(|percent| percent / 100.0),
    };
    let kind = match data.get("absence") {
        "mycoplasma" => Some(AbsenceKind::Mycoplasma),
        "virus" => Some(AbsenceKind::ReplicationCompetentVirus),
        _ => None,
    };
    let (target, volume_ml) = (words(data, "absence-target"), typed_number(data, "absence-volume")?);
    options.absence = kind.map(|kind| AbsenceTest { kind, target, volume_ml });
    options.vector_copies = (copies != VectorCopies::default()).then_some(copies);
    Ok(options)
}
