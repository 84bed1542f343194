//! Results on a journey: listed, computed again and compared, drawn from their stored files, handed out.

use super::{people, png};
use crate::{
    answer,
    layout::{Page, page},
    pages::assays::{self as pages, Showing},
    routes::shared,
    server::{Server, blocking},
    viewer::Viewer,
};
use axum::{
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use maud::Markup;
use std::collections::HashMap;
use vena_app::{
    AppError,
    assay_compute::{Computed, picture},
};
use vena_base::ids::JourneyId;
use vena_journey::{FileRole, StepKind};

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
        people: people(&server, &recomputed.assay.record.edits, None),
        confirmed: pages::edits::confirmed(&recomputed.assay.record.edits),
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
        let computed = found.outcome.map_err(|refusal| AppError::Input(refusal.words))?;
        let none = || AppError::NotFound(format!("{journey}#{seq}"));
        let svg = |text: String| ([(header::CONTENT_TYPE, "image/svg+xml")], text).into_response();
        match computed {
            Computed::Flow { analysis, .. } => {
                Ok(svg(pages::flow::svg(&analysis, None, lang).ok_or_else(none)?))
            }
            Computed::Potency(report) => Ok(svg(vena_potency::potency_svg(&report, lang))),
            Computed::Qpcr(report) => Ok(svg(vena_potency::qpcr_svg(&report, lang))),
            Computed::Endotoxin(report) => Ok(svg(vena_potency::endotoxin_svg(&report, lang))),
            Computed::Comparison(report) => Ok(svg(vena_potency::comparison_svg(&report, lang))),
            Computed::Culture(report) => Ok(svg(vena_potency::culture_svg(&report, lang))),
            Computed::Series(report) => Ok(svg(vena_potency::series_svg(&report, lang))),
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
            .map_err(|refusal| AppError::Input(refusal.words))
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
        FileRole::EarlierVersions,
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
