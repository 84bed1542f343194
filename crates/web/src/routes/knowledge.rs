//! The knowledge pages, and a named person's signature under a rule set.

use super::shared;
use crate::{
    answer,
    layout::{Page, page},
    pages,
    server::{Server, blocking},
    viewer::Viewer,
};
use axum::{
    extract::{Path, Request, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use vena_app::AppError;

/// Every rule set, its life at this site, and the site's own values.
pub async fn list(State(server): State<Server>, viewer: Viewer) -> Response {
    let frame = &viewer.frame;
    let body = pages::knowledge::list(frame, &server.app);
    page(
        frame,
        &Page { title: frame.t("room-knowledge"), room: "knowledge", body: Some(body), ..Page::default() },
    )
    .into_response()
}

/// One rule set, by `id@version`.
pub async fn one(State(server): State<Server>, viewer: Viewer, Path(name): Path<String>) -> Response {
    draw(&server, &viewer, &name, "", None)
}

fn draw(server: &Server, viewer: &Viewer, name: &str, reason: &str, error: Option<&str>) -> Response {
    let frame = &viewer.frame;
    let (id, version) = name.split_once('@').map_or((name, None), |(id, version)| (id, Some(version)));
    match server.app.knowledge().rule(id, version) {
        Ok(rules) => {
            let may = server.app.may_sign_knowledge(&viewer.session);
            let body = pages::knowledge::one(frame, &server.app, rules, may, reason, error);
            let title = rules.title.get(frame.lang).to_owned();
            let drawn = page(frame, &Page { title, room: "knowledge", body: Some(body), ..Page::default() });
            let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
            (status, drawn).into_response()
        }
        Err(problem) => answer::notice(frame, StatusCode::NOT_FOUND, &problem.message(frame.lang)),
    }
}

/// Signs a rule set for use at this site, or takes the signature back.
pub async fn sign(
    State(server): State<Server>,
    viewer: Viewer,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    let frame = &viewer.frame;
    let sent = match shared::sent(&server, frame, &viewer.session, request).await {
        Ok(sent) => sent,
        Err(answer) => return *answer,
    };
    let (app, session, rule) = (server.app.clone(), viewer.session.clone(), name.clone());
    let (withdraw, reason) = (sent.data.get("do") == "withdraw", sent.data.get("reason").to_owned());
    let password = Some(sent.data.get("signature").to_owned()).filter(|typed| !typed.is_empty());
    let done = blocking(move || {
        if withdraw {
            app.withdraw_rule(&session, &rule, &reason, password.as_deref())
        } else {
            app.activate_rule(&session, &rule, password.as_deref())
        }
    });
    match done.await {
        Ok(()) => Redirect::to(&format!("/knowledge/{name}")).into_response(),
        Err(error @ AppError::NotFound(_)) => answer::wrong(frame, &error),
        Err(error) if error.is_fault() => answer::wrong(frame, &error),
        Err(error) => {
            draw(&server, &viewer, &name, sent.data.get("reason"), Some(&error.message(frame.lang)))
        }
    }
}
