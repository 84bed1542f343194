//! The knowledge pages.

use crate::{
    answer,
    layout::{Page, page},
    pages,
    server::Server,
    viewer::Viewer,
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};

/// Every rule set.
pub async fn list(State(server): State<Server>, viewer: Viewer) -> Response {
    let frame = &viewer.frame;
    let body = pages::knowledge::list(frame, server.app.knowledge());
    page(
        frame,
        &Page { title: frame.t("room-knowledge"), room: "knowledge", body: Some(body), ..Page::default() },
    )
    .into_response()
}

/// One rule set, by `id@version`.
pub async fn one(State(server): State<Server>, viewer: Viewer, Path(name): Path<String>) -> Response {
    let frame = &viewer.frame;
    let (id, version) =
        name.split_once('@').map_or((name.as_str(), None), |(id, version)| (id, Some(version)));
    match server.app.knowledge().rule(id, version) {
        Ok(rules) => {
            let body = pages::knowledge::one(frame, server.app.knowledge(), rules);
            let title = rules.title.get(frame.lang).to_owned();
            page(frame, &Page { title, room: "knowledge", body: Some(body), ..Page::default() })
                .into_response()
        }
        Err(problem) => answer::notice(frame, StatusCode::NOT_FOUND, &problem.message(frame.lang)),
    }
}
