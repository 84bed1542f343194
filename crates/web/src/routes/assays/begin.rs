//! The room, the page of each assay, taking a file or a typed table, and the examples.

use super::{
    body,
    options::read_options,
    taken::{self, Taken},
};
use crate::{
    answer,
    forms::reader::Submitted,
    pages::assays::room::{self as pages, Room},
    routes::shared,
    server::{Server, blocking},
    viewer::Viewer,
};
use axum::{
    extract::{Path, Query, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use std::collections::{BTreeMap, HashMap};
use vena_app::{
    AppError,
    assay_compute::{AssayOptions, first_role, recognise, recognise_kind},
    assays::examples,
};
use vena_base::ids::JourneyId;
use vena_journey::{AssayKind, FileRole};
use vena_potency::comparison::PairedCounts;

/// The room, or the page of one assay.
pub async fn room(
    State(server): State<Server>,
    viewer: Viewer,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let mut data = shared::fresh(&server);
    if let Some(journey) = query.get("journey").and_then(|id| JourneyId::new(id).ok()) {
        data.set("journey", journey.as_str());
    }
    if let Some(kind) = query.get("kind").and_then(|word| AssayKind::parse(word)) {
        data.set("kind", kind.as_str());
    }
    if let Some(id) = query.get("discarded") {
        data.set("discarded", id);
    }
    draw(&server, &viewer, &data, None, StatusCode::OK).await
}

async fn draw(
    server: &Server,
    viewer: &Viewer,
    data: &Submitted,
    wrong: Option<&str>,
    status: StatusCode,
) -> Response {
    let frame = &viewer.frame;
    let (app, session) = (server.app.clone(), viewer.session.clone());
    let listed = move || Ok((app.open_assays(&session)?, app.discarded_assays(&session)?));
    let (drafts, discarded) = match blocking(listed).await {
        Ok(listed) => listed,
        Err(error) => return answer::wrong(frame, &error),
    };
    let kind = AssayKind::parse(data.get("kind"));
    // What was typed stands in its fields again where it can be read; else the fields begin anew.
    let options = kind.map(|kind| {
        let usual = AssayOptions::usual(kind);
        let mut options = read_options(data, usual.clone()).unwrap_or(usual);
        if let (AssayOptions::Endotoxin(own), Ok(journey)) =
            (&mut options, JourneyId::new(data.get("journey")))
            && own.weight_kg.is_none()
        {
            own.weight_kg = server.app.journey_weight(&journey).ok().flatten().map(|weight| weight.kg);
        }
        options
    });
    let limit_bytes = server.app.config().attachment_max_bytes.min(taken::BODY_BYTES_MAX as u64);
    let title = kind.map_or_else(|| frame.t("room-assays"), |kind| kind.name().get(frame.lang).to_owned());
    let room = Room { kind, options, data, wrong, drafts: &drafts, discarded: &discarded, limit_bytes };
    let content = pages::room(frame, &room);
    (status, body(frame, title, content)).into_response()
}

/// What is begun.
struct Begun {
    options: AssayOptions,
    files: Vec<(FileRole, Vec<u8>)>,
}

/// Why nothing is begun, in words.
struct NotBegun {
    no_file: String,
    unknown: String,
    gates_alone: String,
}

/// The files and parameters a form means.
fn begun(data: &Submitted, mut files: BTreeMap<String, Vec<u8>>, words: &NotBegun) -> Result<Begun, String> {
    let chosen = AssayKind::parse(data.get("kind"));
    if let (Some(kind), false) = (chosen, data.get("example").is_empty()) {
        return Ok(Begun { options: examples::options(kind), files: examples::files(kind) });
    }
    let first = files.remove("file").or_else(|| files.remove("typed")).or_else(|| counted(data));
    let first = first.ok_or_else(|| words.no_file.clone())?;
    // A table may be of several kinds: there the person's choice is the better knowledge.
    let kind = match (recognise_kind(&first), chosen) {
        (Some(kind @ (AssayKind::FlowCytometry | AssayKind::Colonies)), _) => Some(kind),
        (found, chosen) => chosen.or(found),
    };
    let kind = kind.ok_or_else(|| match recognise(&first) {
        Some(FileRole::Gates) => words.gates_alone.clone(),
        _ => words.unknown.clone(),
    })?;
    let mut given = vec![(first_role(kind), first)];
    let beside: &[(&str, FileRole)] = match kind {
        AssayKind::FlowCytometry => &[("gates", FileRole::Gates), ("matrix", FileRole::Matrix)],
        AssayKind::SpikeSeries => &[("image", FileRole::Image)],
        _ => &[],
    };
    given.extend(beside.iter().filter_map(|(name, role)| Some((*role, files.remove(*name)?))));
    Ok(Begun { options: AssayOptions::usual(kind), files: given })
}

/// The table that four typed counts of a method comparison make.
fn counted(data: &Submitted) -> Option<Vec<u8>> {
    let count = |name: &str| data.get(name).parse::<u64>().ok();
    let counts = PairedCounts {
        both: count("both")?,
        only_alternative: count("only-alternative")?,
        only_compendial: count("only-compendial")?,
        neither: count("neither")?,
    };
    Some(counts.to_csv().into_bytes())
}

/// Takes a file or a typed table. What it is is told by its content; the choice counts where the content does not say.
pub async fn begin(State(server): State<Server>, viewer: Viewer, request: Request) -> Response {
    let frame = &viewer.frame;
    let taken = match taken::taken(&server, frame, request).await {
        Ok(taken) => taken,
        Err(answer) => return *answer,
    };
    if taken.is_review() {
        return draw(&server, &viewer, &taken.data, None, StatusCode::OK).await;
    }
    let Taken { data, files, wrong } = taken;
    if let Some(wrong) = wrong {
        return draw(&server, &viewer, &data, Some(&wrong), StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let chosen = AssayKind::parse(data.get("kind"));
    let words = NotBegun {
        no_file: frame.t("assay-choose-file"),
        unknown: frame.t("assay-unknown-file"),
        gates_alone: frame.t("assay-gates-alone"),
    };
    let begun = begun(&data, files, &words).and_then(|mut begun| {
        // Fields of another assay than the one found are not read as its own.
        if chosen == Some(begun.options.kind()) && data.get("example").is_empty() {
            begun.options = read_options(&data, begun.options).map_err(|error| error.message(frame.lang))?;
        }
        Ok(begun)
    });
    let Begun { options, files } = match begun {
        Ok(begun) => begun,
        Err(wrong) => {
            return draw(&server, &viewer, &data, Some(&wrong), StatusCode::UNPROCESSABLE_ENTITY).await;
        }
    };
    let journey = JourneyId::new(data.get("journey")).ok();
    let key = match data.get("key") {
        "" => match server.app.fresh_key() {
            Ok(key) => key,
            Err(error) => return answer::wrong(frame, &error),
        },
        key => key.to_owned(),
    };
    let (app, session) = (server.app.clone(), viewer.session.clone());
    match blocking(move || app.begin_assay(&session, &key, files, options, journey)).await {
        Ok(open) => Redirect::to(&format!("/assays/{}", open.draft.id)).into_response(),
        Err(error) => answer::wrong(frame, &error),
    }
}

/// A file of an example.
pub async fn example(viewer: Viewer, Path(name): Path<String>) -> Response {
    match examples::file(&name) {
        Some(bytes) => {
            let disposition = format!("attachment; filename=\"{name}\"");
            let kind = "application/octet-stream".to_owned();
            ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)], bytes)
                .into_response()
        }
        None => answer::wrong(&viewer.frame, &AppError::NotFound(name.chars().take(40).collect())),
    }
}
