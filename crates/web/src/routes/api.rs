//! What a program reads: the board and a journey's assessment as JSON, for whoever is signed in.

use super::shared;
use crate::{answer, server::Server, viewer::Viewer};
use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use vena_app::BoardFilter;

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
