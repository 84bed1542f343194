//! What a program reads: the board and a journey's assessment as JSON, for whoever is signed in.

use super::shared;
use crate::{
    answer,
    server::{Server, blocking},
    viewer::Viewer,
};
use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use vena_app::{AtSite, BoardFilter};

/// The first page of the board, without names.
pub async fn board(State(server): State<Server>, viewer: Viewer) -> Response {
    match server.app.board(&viewer.session, &BoardFilter::default()) {
        Ok(board) => {
            let rows: Vec<_> = board
                .rows
                .iter()
                .map(|row| serde_json::json!({ "row": &*row.row, "day": row.day }))
                .collect();
            Json(serde_json::json!({ "position": board.position, "now": board.now.to_string(), "running": board.running, "rows": rows })).into_response()
        }
        Err(error) => answer::wrong(&viewer.frame, &error),
    }
}

/// Every finding of a journey now.
pub async fn assessment(State(server): State<Server>, viewer: Viewer, Path(id): Path<String>) -> Response {
    let journey = match shared::journey_id(&viewer.frame, &id) {
        Ok(journey) => journey,
        Err(answer) => return *answer,
    };
    match server.app.assess(&journey, server.app.now(), None) {
        Ok(found) => Json(serde_json::json!({ "journey": journey.as_str(), "at": found.at.to_string(), "day": found.day, "findings": found.findings })).into_response(),
        Err(error) => answer::wrong(&viewer.frame, &error),
    }
}

/// Every rule set with its life at this site and the site's own values.
pub async fn knowledge(State(server): State<Server>, _viewer: Viewer) -> Response {
    let app = &server.app;
    let rules: Vec<_> = app
        .knowledge()
        .rules()
        .map(|rules| {
            let active = match app.at_site(&rules.name()) {
                AtSite::Active(signed) => serde_json::json!({ "by": signed.by.en, "at": signed.at }),
                AtSite::NotActivated | AtSite::Changed(_) => serde_json::Value::Null,
            };
            let site_values: Vec<_> = rules
                .entries()
                .iter()
                .filter_map(|entry| entry.overlay.as_ref().map(|overlay| (entry, overlay)))
                .map(|(entry, overlay)| serde_json::json!({ "entry": entry.id, "here": entry.label.en, "in_source": overlay.source_value.to_string(), "reason": overlay.reason.en, "signed_by": overlay.signed_by }))
                .collect();
            serde_json::json!({ "rule": rules.name(), "status": app.life(rules).as_str(), "digest": rules.digest, "active": active, "site_values": site_values })
        })
        .collect();
    Json(serde_json::json!({ "site": app.config().site, "rules": rules })).into_response()
}

/// A signature asked for by a program: the person's password again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActivationAsked {
    /// `id@version`.
    rule: String,
    /// Why, to take a signature back; without it the rule set is signed.
    withdraw_because: Option<String>,
    /// The password of the person signed in.
    password: String,
}

/// Signs a rule set for use at this site, or takes the signature back.
pub async fn activate(
    State(server): State<Server>,
    viewer: Viewer,
    Json(asked): Json<ActivationAsked>,
) -> Response {
    let (app, session) = (server.app.clone(), viewer.session.clone());
    let done = blocking(move || match &asked.withdraw_because {
        Some(reason) => app.withdraw_rule(&session, &asked.rule, reason, Some(&asked.password)),
        None => app.activate_rule(&session, &asked.rule, Some(&asked.password)),
    });
    match done.await {
        Ok(()) => axum::http::StatusCode::NO_CONTENT.into_response(),
        Err(error) => {
            let told = Json(serde_json::json!({ "error": error.message(viewer.frame.lang) }));
            (answer::status(&error), told).into_response()
        }
    }
}
