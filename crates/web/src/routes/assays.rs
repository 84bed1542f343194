//! The assay room: a file is taken, its result looked at and changed, recorded on a journey, and computed again.
//! Works with plain forms; a script may ask for the changed part of a page alone.

mod begin;
mod change;
mod gate;
mod options;
mod recorded;
mod taken;

use super::{resume, shared};
use crate::{
    answer,
    forms::reader::{Reader, Submitted},
    layout::{Frame, Page, page},
    pages::assays::{self as pages, Candidate, Showing},
    server::{Server, blocking},
    viewer::Viewer,
};
use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
pub use begin::{begin, example, room};
pub use change::{correct, discard};
pub use gate::gate;
use maud::Markup;
pub use options::options;
pub use recorded::{of_journey, recorded, recorded_file, recorded_page, recorded_picture};
use std::collections::{BTreeMap, HashMap};
pub use taken::STREAM_BYTES_MAX;
use vena_app::{
    AppError,
    assay_compute::picture,
    assays::{OpenAssay, Recording, WeightUse},
};
use vena_base::{
    Text,
    ids::{ChainOfIdentity, JourneyId, UserId},
};
use vena_journey::{AssayEdit, FileRole};

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

/// What was typed besides, to draw a draft's page again with.
#[derive(Default)]
struct Beside {
    data: Submitted,
    searched: String,
    above: Option<Markup>,
    wrong: Option<String>,
    /// What was typed into the parameters.
    typed: Submitted,
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
        return part(&server, &viewer.frame, &open, gate);
    }
    let searched =
        query.get("q").map(|q| q.trim().chars().take(SEARCH_CHARACTERS_MAX).collect()).unwrap_or_default();
    let data = shared::fresh(&server);
    draw(&server, &viewer, &open, gate, Beside { data, searched, ..Beside::default() }, StatusCode::OK)
}

fn showing<'a>(server: &Server, open: &OpenAssay, gate: Option<&'a str>) -> Showing<'a> {
    let changeable = open.draft.recorded.is_none() && !open.draft.discarded;
    let version = changeable.then_some(open.draft.version);
    Showing {
        base: format!("/assays/{}", open.draft.id),
        version,
        gate,
        undo: open.draft.gates_can_be_undone(),
        people: people(server, &open.draft.edits, Some(&open.draft.by)),
        confirmed: pages::edits::confirmed(&open.draft.edits),
    }
}

/// Names of who changed something.
fn people(server: &Server, edits: &[AssayEdit], last: Option<&UserId>) -> BTreeMap<UserId, Text> {
    let mut names = BTreeMap::new();
    for by in edits.iter().map(|edit| &edit.by).chain(last) {
        if !names.contains_key(by)
            && let Some(user) = server.app.user(by)
        {
            names.insert(by.clone(), user.name);
        }
    }
    names
}

fn part(server: &Server, frame: &Frame, open: &OpenAssay, gate: Option<&str>) -> Response {
    pages::part(frame, open, &showing(server, open, gate)).into_response()
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
    let weight = match found.as_slice() {
        [one] if open.draft.recorded.is_none() => {
            match server.app.weight_use(&open.draft.options, &one.journey) {
                Ok(weight) => weight,
                Err(error) => return answer::wrong(frame, &error),
            }
        }
        _ => WeightUse::AsTyped,
    };
    let meant = pages::Meant { searched: &beside.searched, found: &found, names: &names, weight: &weight };
    let record = pages::record(frame, &open.draft, &beside.data, &meant, beside.wrong.as_deref());
    let content =
        pages::draft(frame, open, &showing(server, open, gate), beside.above, record, &beside.typed);
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
        let carrying = server.app.journeys_of_number(&number);
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
    if resume::is_review(&data) {
        let searched = data.get("journey").to_owned();
        let above = Some(change::review_notice(frame, "", ""));
        let beside = Beside { data, searched, above, ..Beside::default() };
        return shown_again(&server, &viewer, id, beside, StatusCode::OK).await;
    }
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
    let beside = Beside { data, searched, wrong: Some(wrong), ..Beside::default() };
    shown_again(&server, &viewer, id, beside, StatusCode::CONFLICT).await
}

async fn shown_again(
    server: &Server,
    viewer: &Viewer,
    id: String,
    beside: Beside,
    status: StatusCode,
) -> Response {
    let (app, session) = (server.app.clone(), viewer.session.clone());
    match blocking(move || app.open_assay(&session, &id)).await {
        Ok(open) => draw(server, viewer, &open, None, beside, status),
        Err(error) => answer::wrong(&viewer.frame, &error),
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
            .map_err(|refusal| AppError::Input(refusal.words))
    };
    match blocking(drawn).await {
        Ok(bytes) => png(bytes),
        Err(error) => answer::wrong(&viewer.frame, &error),
    }
}
