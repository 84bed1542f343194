//! Search by name in either script, record number or birth date. Every search is noted in the record.

use crate::{
    answer,
    layout::{Page, page},
    parts::icons::{Icon, icon},
    server::Server,
    viewer::Viewer,
};
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use maud::html;
use std::collections::HashMap;
use vena_base::{Lang, ids::ChainOfIdentity};

/// The page. One journey found by a scan opens at once.
pub async fn search(
    State(server): State<Server>,
    viewer: Viewer,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let frame = &viewer.frame;
    let words: String = query.get("q").map(|q| q.trim().chars().take(200).collect()).unwrap_or_default();
    // A number on a tube or a bag: a pseudonym, no search over identity.
    if let Ok(number) = ChainOfIdentity::new(&words)
        && let [journey] = server.app.journeys_of_number(&number).as_slice()
    {
        return Redirect::to(&format!("/journeys/{journey}")).into_response();
    }
    let found = match server.app.search(&viewer.session, &words) {
        Ok(found) => found,
        Err(error) => return answer::wrong(frame, &error),
    };
    if let [only] = found.as_slice()
        && let [journey] = only.journeys.as_slice()
        && only.person.record_number.as_deref() == Some(words.as_str())
    {
        return Redirect::to(&format!("/journeys/{}", journey.row.journey)).into_response();
    }
    let body = html! {
        div class="heading" { h1 { (frame.t("room-search")) } }
        form class="form" method="get" action="/search" role="search" aria-label=(frame.t("room-search")) {
            div class="field" {
                label for="q" { (frame.t("search-label")) }
                div class="box" { input id="q" name="q" value=(words) autocomplete="off" autofocus; }
                p class="hint" { (frame.t("search-hint")) }
            }
            button class="button first" type="submit" { (icon(Icon::Search)) (frame.t("room-search")) }
        }
        @if !words.is_empty() {
            section class="panel edge" aria-live="polite" {
                header { h2 { (frame.tw("search-found", &[("n", &found.len().to_string())])) } }
                @if found.is_empty() { div class="empty" { b { (frame.t("search-nothing")) } p { (frame.t("search-nothing-help")) } } }
                @for one in &found {
                    div class="task" {
                        b { @for journey in &one.journeys { a href=(format!("/journeys/{}", journey.row.journey)) { (one.person.name(frame.lang == Lang::ZhTw).unwrap_or("?")) } " " } }
                        span class="quiet" { @for journey in &one.journeys { (journey.row.phase.name().get(frame.lang)) " " } }
                        small { (one.person.name_latin.as_deref().unwrap_or_default()) " " (one.person.name_zh.as_deref().unwrap_or_default()) " · " (one.person.birth_date.as_deref().unwrap_or("?")) " · " (one.person.record_number.as_deref().unwrap_or("?")) }
                    }
                }
            }
        }
    };
    page(frame, &Page { title: frame.t("room-search"), room: "search", body: Some(body), ..Page::default() })
        .into_response()
}
