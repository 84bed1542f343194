//! The assay room: a file is taken, its result looked at and changed, recorded on a journey, and computed again.
//! Works with plain forms; a script may ask for the changed part of a page alone.

mod change;
mod gate;
mod taken;

use super::shared;
use crate::{
    answer,
    forms::reader::{Reader, Submitted},
    layout::{Frame, Page, page},
    pages::assays::{self as pages, Candidate, Showing},
    server::{Server, blocking},
    viewer::Viewer,
};
use axum::{
    extract::{Path, Query, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
pub use change::{correct, options};
pub use gate::gate;
use maud::Markup;
use std::collections::HashMap;
use taken::Taken;
use vena_app::{
    AppError,
    assay_compute::{AssayOptions, Computed, first_role, picture, recognise_kind},
    assays::{OpenAssay, Recording},
};
use vena_base::ids::{ChainOfIdentity, JourneyId};
use vena_journey::{AssayKind, FileRole, StepKind};

/// The header with which a script asks for the changed part alone.
const PART: &str = "x-vena-part";
/// Longest search text taken.
const SEARCH_CHARACTERS_MAX: usize = 200;

fn wants_part(headers: &HeaderMap) -> bool {
    headers.contains_key(PART)
}

fn body(frame: &Frame, title: String, content: Markup) -> Markup {
    page(frame, &Page { title, room: "assays", body: Some(content), ..Page::default() })
}

/// The room.
pub async fn room(
    State(server): State<Server>,
    viewer: Viewer,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let mut data = shared::fresh(&server);
    if let Some(journey) = query.get("journey").and_then(|id| JourneyId::new(id).ok()) {
        data.set("journey", journey.as_str());
    }
    draw_room(&server, &viewer, &data, None, StatusCode::OK).await
}

async fn draw_room(
    server: &Server,
    viewer: &Viewer,
    data: &Submitted,
    wrong: Option<&str>,
    status: StatusCode,
) -> Response {
    let (app, session) = (server.app.clone(), viewer.session.clone());
    let drafts = match blocking(move || app.open_assays(&session)).await {
        Ok(drafts) => drafts,
        Err(error) => return answer::wrong(&viewer.frame, &error),
    };
    let limit = server.app.config().attachment_max_bytes.min(taken::BODY_BYTES_MAX as u64);
    let content = pages::room(&viewer.frame, data, wrong, &drafts, limit);
    (status, body(&viewer.frame, viewer.frame.t("room-assays"), content)).into_response()
}

/// Takes a file. What it is is told by its content; the choice counts where the content does not say.
pub async fn begin(State(server): State<Server>, viewer: Viewer, request: Request) -> Response {
    let frame = &viewer.frame;
    let Taken { data, mut files } = match taken::taken(&server, frame, request).await {
        Ok(taken) => taken,
        Err(answer) => return *answer,
    };
    let chosen = AssayKind::parse(data.get("kind"));
    let Some(first) = files.remove("file") else {
        return draw_room(
            &server,
            &viewer,
            &data,
            Some(&frame.t("assay-choose-file")),
            StatusCode::UNPROCESSABLE_ENTITY,
        )
        .await;
    };
    // A table may be of either kind: there the person's choice is the better knowledge.
    let kind = match (recognise_kind(&first), chosen) {
        (Some(kind @ (AssayKind::FlowCytometry | AssayKind::Colonies)), _) => Some(kind),
        (found, chosen) => chosen.or(found),
    };
    let Some(kind) = kind else {
        return draw_room(
            &server,
            &viewer,
            &data,
            Some(&frame.t("assay-unknown-file")),
            StatusCode::UNPROCESSABLE_ENTITY,
        )
        .await;
    };
    let mut options = AssayOptions::usual(kind);
    let mut given = vec![(first_role(kind), first)];
    if let AssayOptions::Flow(flow) = &mut options {
        flow.panel = Some(data.get("panel").to_owned()).filter(|panel| !panel.is_empty());
        given.extend(files.remove("gates").map(|bytes| (FileRole::Gates, bytes)));
        given.extend(files.remove("matrix").map(|bytes| (FileRole::Matrix, bytes)));
    }
    let journey = JourneyId::new(data.get("journey")).ok();
    let key = match data.get("key") {
        "" => match server.app.fresh_key() {
            Ok(key) => key,
            Err(error) => return answer::wrong(frame, &error),
        },
        key => key.to_owned(),
    };
    let (app, session) = (server.app.clone(), viewer.session.clone());
    match blocking(move || app.begin_assay(&session, &key, given, options, journey)).await {
        Ok(open) => Redirect::to(&format!("/assays/{}", open.draft.id)).into_response(),
        Err(error) => answer::wrong(frame, &error),
    }
}

/// What was typed besides, to draw a draft's page again with.
#[derive(Default)]
struct Beside {
    data: Submitted,
    searched: String,
    above: Option<Markup>,
    wrong: Option<String>,
}

/// A draft's page, or its changed part.
pub async fn show(
    State(server): State<Server>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let (app, session) = (server.app.clone(), viewer.session.clone());
    let open = match blocking(move || app.open_assay(&session, &id)).await {
        Ok(open) => open,
        Err(error) => return answer::wrong(&viewer.frame, &error),
    };
    let gate = query.get("gate").map(String::as_str);
    if wants_part(&headers) {
        return part(&viewer.frame, &open, gate);
    }
    let searched =
        query.get("q").map(|q| q.trim().chars().take(SEARCH_CHARACTERS_MAX).collect()).unwrap_or_default();
    let data = shared::fresh(&server);
    draw(&server, &viewer, &open, gate, Beside { data, searched, ..Beside::default() }, StatusCode::OK)
}

fn showing<'a>(open: &OpenAssay, gate: Option<&'a str>) -> Showing<'a> {
    let version = open.draft.recorded.is_none().then_some(open.draft.version);
    Showing {
        base: format!("/assays/{}", open.draft.id),
        version,
        gate,
        undo: open.draft.gates_can_be_undone(),
    }
}

fn part(frame: &Frame, open: &OpenAssay, gate: Option<&str>) -> Response {
    pages::part(frame, open, &showing(open, gate)).into_response()
}

fn draw(
    server: &Server,
    viewer: &Viewer,
    open: &OpenAssay,
    gate: Option<&str>,
    beside: Beside,
    status: StatusCode,
) -> Response {
    let frame = &viewer.frame;
    let found = match candidates(server, viewer, open, &beside.searched) {
        Ok(found) => found,
        Err(error) => return answer::wrong(frame, &error),
    };
    // Whose sample it is decides which names must not be recorded.
    let names = match found.as_slice() {
        [one] if open.draft.recorded.is_none() => {
            match server.app.names_in_assay(&viewer.session, &open.draft.id, &one.journey) {
                Ok(names) => names,
                Err(error) => return answer::wrong(frame, &error),
            }
        }
        _ => Vec::new(),
    };
    let meant = pages::Meant { searched: &beside.searched, found: &found, names: &names };
    let record = pages::record(frame, &open.draft, &beside.data, &meant, beside.wrong.as_deref());
    let content = pages::draft(frame, open, &showing(open, gate), beside.above, record);
    let title = open.draft.kind.name().get(frame.lang).to_owned();
    (status, body(frame, title, content)).into_response()
}

/// Journeys that may be meant: the one the result was begun from, one scanned, or those of the people found.
fn candidates(
    server: &Server,
    viewer: &Viewer,
    open: &OpenAssay,
    searched: &str,
) -> Result<Vec<Candidate>, AppError> {
    let zh = viewer.frame.lang == vena_base::Lang::ZhTw;
    let of_journey = |journey: &JourneyId| -> Result<Option<Candidate>, AppError> {
        if !server.app.journey_exists(journey)? {
            return Ok(None);
        }
        let found = server.app.journey_page(&viewer.session, journey, None, None)?;
        let person = found.person.as_deref().cloned().unwrap_or_default();
        Ok(Some(candidate(journey.clone(), &person, zh)))
    };
    if searched.is_empty() {
        return match &open.draft.journey {
            Some(journey) => Ok(of_journey(journey)?.into_iter().collect()),
            None => Ok(Vec::new()),
        };
    }
    if let Ok(journey) = JourneyId::new(searched)
        && let Some(one) = of_journey(&journey)?
    {
        return Ok(vec![one]);
    }
    if let Ok(number) = ChainOfIdentity::new(searched) {
        let carrying = server.app.journeys_of_number(&number)?;
        let found = carrying.iter().map(&of_journey).collect::<Result<Vec<_>, _>>()?;
        if !found.is_empty() {
            return Ok(found.into_iter().flatten().collect());
        }
    }
    let found = server.app.search(&viewer.session, searched)?;
    Ok(found
        .iter()
        .flat_map(|one| one.journeys.iter().map(|row| candidate(row.row.journey.clone(), &one.person, zh)))
        .collect())
}

fn candidate(journey: JourneyId, person: &vena_app::PersonIdentity, zh: bool) -> Candidate {
    let more = [person.birth_date.as_deref(), person.record_number.as_deref()];
    Candidate {
        journey,
        who: person.name(zh).unwrap_or("?").to_owned(),
        more: more.into_iter().flatten().collect::<Vec<_>>().join(" · "),
    }
}

/// Records a result on a journey.
pub async fn record(
    State(server): State<Server>,
    viewer: Viewer,
    Path(id): Path<String>,
    axum::Form(pairs): axum::Form<Vec<(String, String)>>,
) -> Response {
    let frame = &viewer.frame;
    let data = Submitted::new(pairs);
    let zone = server.app.config().zone.clone();
    let mut reader = Reader::new(&data, &zone, frame.lang);
    let (when, remark) = (reader.when("when"), reader.words_if_any("remark"));
    let journey = JourneyId::new(data.get("journey")).ok();
    let version: u64 = data.get("version").parse().unwrap_or(0);
    let pseudonyms = reader.ticked("pseudonyms");
    let wrong = match (&journey, reader.wrong.get("when")) {
        (None, _) => Some(frame.t("assay-choose-journey")),
        (_, Some(wrong)) => Some(wrong.clone()),
        _ => None,
    };
    let (app, session) = (server.app.clone(), viewer.session.clone());
    let own = id.clone();
    let key = match data.get("key") {
        "" => server.app.fresh_key(),
        key => Ok(key.to_owned()),
    };
    let outcome = match (journey, when, wrong) {
        (Some(journey), Some(when), None) => {
            let to = journey.clone();
            blocking(move || {
                let recording = Recording { version, key: key?, to, when, remark, pseudonyms };
                app.record_assay(&session, &own, recording)
            })
            .await
            .map(|_| Ok(journey))
        }
        (_, _, wrong) => Ok(Err(wrong.unwrap_or_default())),
    };
    let wrong = match outcome {
        Ok(Ok(journey)) => return Redirect::to(&format!("/journeys/{journey}/assays")).into_response(),
        Ok(Err(wrong)) => wrong,
        Err(AppError::Refused(refused)) => refused
            .refusals
            .iter()
            .map(|one| one.text().what.get(frame.lang).to_owned())
            .collect::<Vec<_>>()
            .join(" "),
        Err(error @ AppError::Input(_)) => error.message(frame.lang),
        Err(error) => return answer::wrong(frame, &error),
    };
    // Nothing typed is lost: the same journey is offered again.
    let searched = data.get("journey").to_owned();
    let (app, session) = (server.app.clone(), viewer.session.clone());
    match blocking(move || app.open_assay(&session, &id)).await {
        Ok(open) => draw(
            &server,
            &viewer,
            &open,
            None,
            Beside { data, searched, wrong: Some(wrong), ..Beside::default() },
            StatusCode::CONFLICT,
        ),
        Err(error) => answer::wrong(frame, &error),
    }
}

fn png(bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "image/png")], bytes).into_response()
}

/// A page of a draft's picture.
pub async fn draft_picture(
    State(server): State<Server>,
    viewer: Viewer,
    Path((id, page)): Path<(String, u32)>,
) -> Response {
    let (app, session) = (server.app.clone(), viewer.session.clone());
    let drawn = move || {
        picture(&app.assay_draft_file(&session, &id, FileRole::Image)?, page)
            .map_err(|refusal| AppError::NotFound(refusal.words))
    };
    match blocking(drawn).await {
        Ok(bytes) => png(bytes),
        Err(error) => answer::wrong(&viewer.frame, &error),
    }
}

/// The results of a journey.
pub async fn of_journey(State(server): State<Server>, viewer: Viewer, Path(id): Path<String>) -> Response {
    let frame = &viewer.frame;
    let journey = match shared::journey_id(frame, &id) {
        Ok(journey) => journey,
        Err(answer) => return *answer,
    };
    let (assays, found) = match (
        server.app.journey_assays(&viewer.session, &journey),
        server.app.journey_page(&viewer.session, &journey, None, None),
    ) {
        (Ok(assays), Ok(found)) => (assays, found),
        (Err(error), _) | (_, Err(error)) => return answer::wrong(frame, &error),
    };
    let zone = &server.app.config().zone;
    let may = server.app.may(&viewer.session, StepKind::AssayRecorded);
    journey_page(&viewer, &server, &found, &journey, pages::list(frame, zone, &journey, &assays, may))
}

fn journey_page(
    viewer: &Viewer,
    server: &Server,
    found: &vena_app::pages::JourneyPage,
    journey: &JourneyId,
    content: Markup,
) -> Response {
    let frame = &viewer.frame;
    let scale = shared::scale(server, &viewer.session, journey);
    let body =
        maud::html! { (shared::tabs(frame, journey, "assays", found.state.entries.len(), scale)) (content) };
    let band = shared::band_of(frame, server, found);
    page(
        frame,
        &Page {
            title: frame.t("room-assays"),
            room: "board",
            band: Some(band),
            body: Some(body),
            ..Page::default()
        },
    )
    .into_response()
}

/// One result, computed again from its stored files and compared.
pub async fn recorded(
    State(server): State<Server>,
    viewer: Viewer,
    Path((id, seq)): Path<(String, u64)>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let frame = &viewer.frame;
    let journey = match shared::journey_id(frame, &id) {
        Ok(journey) => journey,
        Err(answer) => return *answer,
    };
    let (app, session, own) = (server.app.clone(), viewer.session.clone(), journey.clone());
    let recomputed = match blocking(move || app.recompute_assay(&session, &own, seq)).await {
        Ok(recomputed) => recomputed,
        Err(error) => return answer::wrong(frame, &error),
    };
    let found = match server.app.journey_page(&viewer.session, &journey, None, None) {
        Ok(found) => found,
        Err(error) => return answer::wrong(frame, &error),
    };
    let showing = Showing {
        base: format!("/journeys/{journey}/assays/{seq}"),
        version: None,
        gate: query.get("gate").map(String::as_str),
        undo: false,
    };
    journey_page(
        &viewer,
        &server,
        &found,
        &journey,
        pages::recorded(frame, &server.app.config().zone, &showing, &recomputed),
    )
}

/// The picture of a recorded result, drawn from its stored files.
pub async fn recorded_picture(
    State(server): State<Server>,
    viewer: Viewer,
    Path((id, seq)): Path<(String, u64)>,
) -> Response {
    let frame = &viewer.frame;
    let journey = match shared::journey_id(frame, &id) {
        Ok(journey) => journey,
        Err(answer) => return *answer,
    };
    let (app, session, lang) = (server.app.clone(), viewer.session.clone(), frame.lang);
    let drawn = move || {
        let found = app.recompute_assay(&session, &journey, seq)?;
        let computed = found.outcome.map_err(|refusal| AppError::NotFound(refusal.words))?;
        let none = || AppError::NotFound(format!("{journey}#{seq}"));
        let svg = |text: String| ([(header::CONTENT_TYPE, "image/svg+xml")], text).into_response();
        match computed {
            Computed::Flow { analysis, .. } => {
                Ok(svg(pages::flow::svg(&analysis, None, lang).ok_or_else(none)?))
            }
            Computed::Potency(report) => Ok(svg(vena_potency::potency_svg(&report, lang))),
            Computed::Qpcr(report) => Ok(svg(vena_potency::qpcr_svg(&report, lang))),
            Computed::Colonies { automatic, .. } => {
                let bytes = app.assay_file(&session, &journey, seq, FileRole::Image)?;
                let first = automatic.images.first().ok_or_else(none)?;
                let drawn = vena_colonies::overlay::png(&bytes, first, &automatic.options.limits)
                    .map_err(|problem| AppError::NotFound(problem.to_string()))?;
                Ok(png(drawn))
            }
        }
    };
    blocking(drawn).await.unwrap_or_else(|error| answer::wrong(frame, &error))
}

/// A page of a recorded picture, without marks.
pub async fn recorded_page(
    State(server): State<Server>,
    viewer: Viewer,
    Path((id, seq, page)): Path<(String, u64, u32)>,
) -> Response {
    let journey = match shared::journey_id(&viewer.frame, &id) {
        Ok(journey) => journey,
        Err(answer) => return *answer,
    };
    let (app, session) = (server.app.clone(), viewer.session.clone());
    let drawn = move || {
        picture(&app.assay_file(&session, &journey, seq, FileRole::Image)?, page)
            .map_err(|refusal| AppError::NotFound(refusal.words))
    };
    match blocking(drawn).await {
        Ok(bytes) => png(bytes),
        Err(error) => answer::wrong(&viewer.frame, &error),
    }
}

/// A stored file of a recorded result, as it came in.
pub async fn recorded_file(
    State(server): State<Server>,
    viewer: Viewer,
    Path((id, seq, word)): Path<(String, u64, String)>,
) -> Response {
    let frame = &viewer.frame;
    let journey = match shared::journey_id(frame, &id) {
        Ok(journey) => journey,
        Err(answer) => return *answer,
    };
    let roles = [
        FileRole::Fcs,
        FileRole::Gates,
        FileRole::Matrix,
        FileRole::Image,
        FileRole::Table,
        FileRole::Corrections,
    ];
    let Some(role) = roles.into_iter().find(|role| pages::role_word(*role) == word) else {
        return answer::notice(frame, StatusCode::NOT_FOUND, &frame.t("no-such-page"));
    };
    let name = format!("attachment; filename=\"{word}-{seq}\"");
    let (app, session) = (server.app.clone(), viewer.session.clone());
    match blocking(move || app.assay_file(&session, &journey, seq, role)).await {
        Ok(bytes) => (
            [
                (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
                (header::CONTENT_DISPOSITION, name),
            ],
            bytes,
        )
            .into_response(),
        Err(error) => answer::wrong(frame, &error),
    }
}
