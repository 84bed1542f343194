//! Every access taken to a restricted identity by breaking the glass, for those who look at it afterwards.

use super::{resume, shared};
use crate::{
    answer,
    forms::reader::Submitted,
    layout::{Frame, Page, page},
    pages::words,
    parts::{
        field::{Field, field},
        icons::{Icon, icon},
    },
    server::{Server, blocking},
    viewer::Viewer,
};
use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use vena_app::access::Access;
use vena_base::{When, Zone};

/// The page.
pub async fn list(State(server): State<Server>, viewer: Viewer) -> Response {
    draw(&server, &viewer, &Submitted::default(), None)
}

fn draw(server: &Server, viewer: &Viewer, data: &Submitted, error: Option<&str>) -> Response {
    let frame = &viewer.frame;
    let accesses = match server.app.accesses(&viewer.session) {
        Ok(accesses) => accesses,
        Err(error) => return answer::wrong(frame, &error),
    };
    let zone = &server.app.config().zone;
    let open = accesses.iter().filter(|access| access.review.is_none()).count();
    let body = html! {
        div class="heading" { h1 { (frame.t("room-access")) } span class="beside" { (frame.tw("access-beside", &[("n", &open.to_string())])) } }
        div class="stack" {
            @if resume::is_review(data) { div class="notice warn" role="status" { (icon(Icon::Clock)) div { b { (frame.t("review-nothing-done")) } } } }
            @if let Some(error) = error { div class="notice bad" role="alert" { (icon(Icon::Warning)) div { b { (error) } } } }
            @if accesses.is_empty() { div class="panel empty" { b { (frame.t("access-none")) } p { (frame.t("access-none-help")) } } }
            @for access in &accesses { (one(frame, zone, access, access.by_user == viewer.session.user, data)) }
        }
    };
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let drawn = page(
        frame,
        &Page { title: frame.t("room-access"), room: "access", body: Some(body), ..Page::default() },
    );
    (status, drawn).into_response()
}

fn at(written: &str, zone: &Zone) -> String {
    When::parse(written, Some(zone)).map_or_else(|_| written.to_owned(), |when| words::long_when(&when, zone))
}

fn one(frame: &Frame, zone: &Zone, access: &Access, own: bool, data: &Submitted) -> Markup {
    let lang = frame.lang;
    let typed = if data.get("number") == access.number.to_string() { data.get("finding") } else { "" };
    html! {
        section class="panel" id=(format!("access-{}", access.number)) {
            header { h2 { (access.by.get(lang)) " · " (access.role.name().get(lang)) } span class="quiet medium" { (at(&access.at, zone)) } }
            div class="body stack" {
                dl class="pairs" {
                    dt { (frame.t("patient")) } dd class="code" { (access.patient) }
                    dt { (frame.t("field-reason")) } dd { (access.reason) }
                    @if let Some((who, when, finding)) = &access.review {
                        dt { (frame.t("access-reviewed")) } dd { (finding) " · " (who.get(lang)) " · " (at(when, zone)) }
                    }
                }
                @if access.review.is_none() && !own {
                    form class="form" method="post" action="/access" {
                        input type="hidden" name="number" value=(access.number);
                        (field(&Field { name: "finding", label: &frame.t("access-finding"), value: typed, required: true, ..Field::default() }))
                        button class="button first" type="submit" { (frame.t("access-review")) }
                    }
                }
                @if access.review.is_none() && own { p class="medium quiet" { (frame.t("access-own")) } }
            }
        }
    }
}

/// Records that an access was looked at.
pub async fn review(State(server): State<Server>, viewer: Viewer, request: Request) -> Response {
    let frame = &viewer.frame;
    let sent = match shared::sent(&server, frame, &viewer.session, request).await {
        Ok(sent) => sent,
        Err(answer) => return *answer,
    };
    if sent.is_review() {
        return draw(&server, &viewer, &sent.data, None);
    }
    let (app, session) = (server.app.clone(), viewer.session.clone());
    let number = sent.data.get("number").parse().unwrap_or(0);
    let finding = sent.data.get("finding").to_owned();
    match blocking(move || app.review_access(&session, number, &finding)).await {
        Ok(()) => Redirect::to("/access").into_response(),
        Err(error) if error.is_fault() => answer::wrong(frame, &error),
        Err(error) => draw(&server, &viewer, &sent.data, Some(&error.message(frame.lang))),
    }
}
