//! The board for a screen on the ward's wall: large type, the most urgent journeys, nothing to press, live.
//! It is read from across the room, so it shows a name as the ward calls it and no record number.

use super::board::{shown, view};
use crate::{
    answer,
    layout::{Frame, Page, page},
    pages::{why, words},
    parts::grade::chip,
    parts::icons::{Icon, icon},
    server::Server,
    viewer::Viewer,
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use vena_app::{BoardFilter, BoardPage, BoardRow, Urgency};
use vena_base::{Lang, Zone};

/// Journeys on one screen: more would be too small to read from a bed away.
const ROWS: usize = 14;

fn filter() -> BoardFilter {
    BoardFilter { page_rows: ROWS, ..BoardFilter::default() }
}

/// The page.
pub async fn show(State(server): State<Server>, viewer: Viewer) -> Response {
    let frame = &viewer.frame;
    let board = match server.app.board(&viewer.session, &filter()) {
        Ok(board) => board,
        Err(error) => return answer::wrong(frame, &error),
    };
    let (on, lost) = (frame.t("live-on"), frame.t("live-lost"));
    let body = html! {
        h1 class="unseen" { (frame.t("room-wall")) }
        div class="wall" data-live="/live" hx-get="/wall/rows" hx-trigger="refresh, every 60s" hx-target="#wall" hx-swap="outerHTML" { (rows_of(frame, &server, &board)) }
        p class="wall-foot" {
            span class="live" role="status" data-on=(on) data-lost=(lost) { (on) } " " (frame.site) " · "
            (frame.tw("board-counts", &[("running", &board.running.to_string()), ("now", &board.act_now.to_string()), ("shut", &board.shut_gates.to_string())]))
        }
    };
    page(frame, &Page { title: frame.t("room-wall"), room: "wall", body: Some(body), ..Page::default() })
        .into_response()
}

/// Only what changes.
pub async fn rows(State(server): State<Server>, viewer: Viewer) -> Response {
    match server.app.board(&viewer.session, &filter()) {
        Ok(board) => rows_of(&viewer.frame, &server, &board).into_response(),
        Err(error) => answer::wrong(&viewer.frame, &error),
    }
}

fn rows_of(frame: &Frame, server: &Server, board: &BoardPage) -> Markup {
    let zone = &server.app.config().zone;
    html! {
        div id="wall" {
            p class="wall-clock" { (words::date_time(board.now, zone)) }
            @if board.rows.is_empty() { div class="panel empty" { b { (frame.t("board-empty")) } } }
            ul class="wall-rows" { @for row in &board.rows { (line(frame, zone, board, row)) } }
            @if board.matching > board.rows.len() { p class="dim" { (frame.tw("wall-more", &[("n", &(board.matching - board.rows.len()).to_string())])) } }
        }
    }
}

fn line(frame: &Frame, zone: &Zone, board: &BoardPage, row: &BoardRow) -> Markup {
    let person = row.person.as_deref();
    let name = person
        .and_then(|p| p.name(frame.lang == Lang::ZhTw))
        .map_or_else(|| frame.t("identity-restricted-short"), str::to_owned);
    let class = match row.urgency {
        Urgency::ActNow => "act-now",
        Urgency::Today => "today",
        Urgency::OnTrack | Urgency::Ended => "",
    };
    html! {
        li class=(class) {
            span class="wall-day" { (row.day.map_or_else(|| "–".to_owned(), words::day)) }
            span class="wall-name" {
                @if row.urgency == Urgency::ActNow { (icon(Icon::Warning)) span class="unseen" { (row.urgency.name().get(frame.lang)) } " " }
                (name) @if frame.synthetic { " " span class="mark-synthetic" { (frame.t("synthetic-mark")) } }
            }
            span class="chips" { @for one in row.row.chips.iter().filter(|c| shown(row, c)) { (chip(frame.lang, &why::scale(frame, &one.scale), view(one))) } }
            span class="wall-task" {
                @if let Some(task) = row.row.tasks.first() { (words::titled(task.title.get(frame.lang)).0) " " (words::due(frame, task.due, board.now, zone)) }
                @else { (row.row.phase.name().get(frame.lang)) }
            }
        }
    }
}
