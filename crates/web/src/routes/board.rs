//! The board: one row per journey, most urgent first. Live.

use crate::{
    answer,
    layout::{Frame, Page, page},
    pages::{why, words},
    parts::{
        grade::{GradeView, chip},
        icons::{Icon, icon},
        vein::{self, Step},
    },
    server::Server,
    viewer::{Viewer, encode},
};
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use std::collections::HashMap;
use vena_app::{BoardFilter, BoardPage, BoardRow, Chip, Urgency};
use vena_base::{Lang, Zone};
use vena_clinical::Status;
use vena_journey::{Phase, Role};

/// The three phases people speak of.
const GROUPS: [(&str, &str, &[Phase]); 3] = [
    ("before", "phase-before", &[Phase::Selection, Phase::Collection, Phase::Making, Phase::Lymphodepletion]),
    ("during", "phase-during", &[Phase::Infusion, Phase::Acute]),
    ("after", "phase-after", &[Phase::FollowUp]),
];

fn filter(query: &HashMap<String, String>) -> BoardFilter {
    let word = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    BoardFilter {
        phase: Phase::parse(word("phase")),
        role: Role::parse(word("role")),
        mine: word("mine") == "yes",
        ended: word("ended") == "yes",
        page: word("page").parse().unwrap_or(0),
        ..BoardFilter::default()
    }
}

fn address(query: &HashMap<String, String>, path: &str, change: &[(&str, &str)]) -> String {
    let mut pairs: Vec<(&str, &str)> = ["phase", "role", "mine", "ended", "page"]
        .into_iter()
        .filter(|name| {
            !change.iter().any(|(changed, _)| changed == name) && (*name != "page" || change.is_empty())
        })
        .filter_map(|name| query.get(name).map(|value| (name, value.as_str())))
        .collect();
    pairs.extend(change);
    let query: Vec<String> =
        pairs.iter().filter(|(_, v)| !v.is_empty()).map(|(n, v)| format!("{n}={}", encode(v))).collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

/// The whole page.
pub async fn show(
    State(server): State<Server>,
    viewer: Viewer,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let frame = &viewer.frame;
    let board = match server.app.board(&viewer.session, &filter(&query)) {
        Ok(board) => board,
        Err(error) => return answer::wrong(frame, &error),
    };
    let refresh = address(&query, "/board/rows", &[]);
    let (on, lost) = (frame.t("live-on"), frame.t("live-lost"));
    let body = html! {
        div class="heading" {
            h1 { (frame.t("board-title")) }
            span class="beside" {
                (frame.tw("board-counts", &[("running", &board.running.to_string()), ("now", &board.act_now.to_string()), ("shut", &board.shut_gates.to_string())]))
            }
            div class="far" { span class="live" role="status" data-on=(on) data-lost=(lost) { (on) } }
        }
        (bar(frame, &query, &board))
        div data-live="/live" hx-get=(refresh) hx-trigger="refresh" hx-target="#rows" hx-swap="outerHTML" {
            (table(frame, &server, &query, &board))
        }
    };
    page(frame, &Page { title: frame.t("board-title"), room: "board", body: Some(body), ..Page::default() })
        .into_response()
}

/// Only the rows, for the live update.
pub async fn rows(
    State(server): State<Server>,
    viewer: Viewer,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    match server.app.board(&viewer.session, &filter(&query)) {
        Ok(board) => table(&viewer.frame, &server, &query, &board).into_response(),
        Err(error) => answer::wrong(&viewer.frame, &error),
    }
}

fn bar(frame: &Frame, query: &HashMap<String, String>, board: &BoardPage) -> Markup {
    let word = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let count = |phase: Phase| board.by_phase.iter().find(|(p, _)| *p == phase).map_or(0, |(_, n)| *n);
    html! {
        div class="bar" {
            nav class="segments" aria-label=(frame.t("filter-whose")) {
                a href=(address(query, "/", &[("mine", "")])) aria-current=[(word("mine") != "yes").then_some("true")] { (frame.t("filter-all")) " " (board.running) }
                a href=(address(query, "/", &[("mine", "yes")])) aria-current=[(word("mine") == "yes").then_some("true")] { (frame.t("filter-mine")) " " (board.mine) }
            }
            nav class="segments" aria-label=(frame.t("filter-phase")) {
                a href=(address(query, "/", &[("phase", "")])) aria-current=[word("phase").is_empty().then_some("true")] { (frame.t("filter-all-phases")) }
                @for phase in GROUPS.iter().flat_map(|(_, _, phases)| phases.iter().copied()).filter(|p| count(*p) > 0 || word("phase") == p.as_str()) {
                    a href=(address(query, "/", &[("phase", phase.as_str())])) aria-current=[(word("phase") == phase.as_str()).then_some("true")] {
                        (phase.name().get(frame.lang)) " " (count(phase))
                    }
                }
                a href=(address(query, "/", &[("phase", "ended")])) aria-current=[(word("phase") == "ended").then_some("true")] { (Phase::Ended.name().get(frame.lang)) }
            }
            nav class="segments" aria-label=(frame.t("filter-role")) {
                @for role in [Role::Nurse, Role::Physician, Role::Technician, Role::Pharmacist, Role::QualityAssurance] {
                    @let on = word("role") == role.as_str();
                    a href=(address(query, "/", &[("role", if on { "" } else { role.as_str() })])) aria-current=[on.then_some("true")] { (words::sentence(role.name().get(frame.lang))) }
                }
            }
        }
    }
}

fn table(frame: &Frame, server: &Server, query: &HashMap<String, String>, board: &BoardPage) -> Markup {
    let zone = &server.app.config().zone;
    let act_now_from = server.app.rules().journey.act_now_from_grade;
    html! {
        div id="rows" {
            @if board.rows.is_empty() { (empty(frame, board)) } @else {
                div class="panel edge" { table class="board cards" {
                    caption class="unseen" { (frame.t("board-caption")) }
                    thead { tr {
                        @for key in ["patient", "product-column", "day-column", "phase-column", "grades-column", "task-column"] { th scope="col" { (heading(frame, key)) } }
                        th scope="col" class="number" { (frame.t("due-column")) }
                    } }
                    tbody { (grouped(frame, zone, board, act_now_from)) }
                } }
            }
            @if board.pages > 1 { (pages(frame, query, board)) }
        }
    }
}

/// What to do first: with no journey at all, or with none behind this filter.
fn empty(frame: &Frame, board: &BoardPage) -> Markup {
    html! {
        div class="panel empty" {
            @if board.running == 0 {
                b { (frame.t("board-empty")) } p { (frame.t("board-empty-help")) }
                a class="button first" href="/journeys/new" { (frame.t("room-register")) }
            } @else {
                b { (frame.t("board-nothing")) } p { (frame.t("board-nothing-help")) }
                a class="button first" href="/" { (frame.t("board-all")) }
            }
        }
    }
}

fn heading(frame: &Frame, key: &str) -> String {
    match key {
        "patient" => frame.t("patient"),
        "product-column" => frame.t("field-product"),
        "day-column" => frame.t("day-column"),
        "phase-column" => frame.t("phase-column"),
        "grades-column" => frame.t("grades-column"),
        _ => frame.t("task-column"),
    }
}

fn pages(frame: &Frame, query: &HashMap<String, String>, board: &BoardPage) -> Markup {
    html! {
        nav class="bar" aria-label=(frame.t("pages")) {
            @if board.page > 0 { a class="button" href=(address(query, "/", &[("page", &(board.page - 1).to_string())])) { (frame.t("page-before")) } }
            span class="medium quiet" { (frame.tw("page-of", &[("page", &(board.page + 1).to_string()), ("pages", &board.pages.to_string())])) }
            @if board.page + 1 < board.pages { a class="button" href=(address(query, "/", &[("page", &(board.page + 1).to_string())])) { (frame.t("page-after")) } }
        }
    }
}

fn grouped(frame: &Frame, zone: &Zone, board: &BoardPage, act_now_from: f64) -> Markup {
    let mut last = None;
    html! {
        @for row in &board.rows {
            @if last != Some(row.urgency) {
                ({ last = Some(row.urgency); group(frame, row, board, act_now_from) })
            }
            (line(frame, zone, board, row))
        }
    }
}

fn group(frame: &Frame, row: &BoardRow, board: &BoardPage, act_now_from: f64) -> Markup {
    let why = match row.urgency {
        Urgency::ActNow => frame.tw("urgent-because", &[("grade", &act_now_from.to_string())]),
        Urgency::OnTrack => frame.t("on-track-because"),
        Urgency::Today | Urgency::Ended => String::new(),
    };
    let here = board.rows.iter().filter(|r| r.urgency == row.urgency).count();
    html! { tr class="group" { th colspan="7" scope="colgroup" { (row.urgency.name().get(frame.lang)) " " span class="dim" { (here) } " " span class="meaning" { (why) } } } }
}

/// A chip of the board as a grade to draw.
pub fn view(chip: &Chip) -> GradeView {
    match (chip.status, chip.low, chip.high) {
        (Status::Value, _, _) => chip.value.map_or(GradeView::NotAssessable, GradeView::Value),
        (Status::AtLeast, Some(low), _) => GradeView::AtLeast(low),
        (Status::Interval, Some(low), Some(high)) => GradeView::Interval(low, high),
        (Status::NotApplicable, _, _) => GradeView::NotApplicable,
        _ => GradeView::NotAssessable,
    }
}

fn steps(row: &BoardRow) -> Vec<Step> {
    let at = Phase::ALL.iter().position(|p| *p == row.row.phase).unwrap_or(0);
    (0..7)
        .map(|i| match i.cmp(&at) {
            std::cmp::Ordering::Less => Step::Done,
            std::cmp::Ordering::Equal if !row.row.blocked.is_empty() => Step::Shut,
            std::cmp::Ordering::Equal => Step::Now,
            std::cmp::Ordering::Greater => Step::Ahead,
        })
        .collect()
}

/// Whether a grade belongs on the board now. In follow-up nobody asks for ICE or pressure any more, so
/// an acute grade that cannot be said says nothing there.
pub fn shown(row: &BoardRow, chip: &Chip) -> bool {
    let acute = matches!(chip.scale.as_str(), "crs" | "icans");
    let over = matches!(row.row.phase, Phase::FollowUp | Phase::Ended);
    let silent = chip.status == Status::NotAssessable && acute && over;
    chip.status != Status::NotApplicable && chip.scale != "car_hematotox" && !silent
}

fn line(frame: &Frame, zone: &Zone, board: &BoardPage, row: &BoardRow) -> Markup {
    let lang = frame.lang;
    let person = row.person.as_deref();
    let name = person
        .and_then(|p| p.name(lang == Lang::ZhTw))
        .map_or_else(|| frame.t("identity-restricted-short"), str::to_owned);
    let diagnosis = row.diagnosis.as_ref().map_or("", |d| d.get(lang));
    html! {
        tr id=(format!("row-{}", row.row.journey)) data-seq=(row.row.seq) {
            th scope="row" class="patient" {
                span class="keep" {
                    a href=(format!("/journeys/{}", row.row.journey)) { (name) }
                    @if frame.synthetic { " " span class="mark-synthetic" { (frame.t("synthetic-mark")) } }
                }
                span class="meta keep" {
                    (person.and_then(|p| p.birth_date.as_deref()).unwrap_or("?")) " · " (person.and_then(|p| p.record_number.as_deref()).unwrap_or("?"))
                }
            }
            td class="full product" {
                (row.product.as_ref().map_or("–", |p| words::unbracketed(p.get(lang)))) " "
                span class="meta" title=(diagnosis) { (words::abbreviated(diagnosis)) }
            }
            td class="day" { span class="daynumber" { (row.day.map_or_else(|| "–".to_owned(), words::day)) } }
            td class="phase-cell" { (vein::mini(&steps(row))) span class="meta" { (row.row.phase.name().get(lang)) } }
            td class="full" {
                div class="chips" {
                    @for one in row.row.chips.iter().filter(|c| shown(row, c)) {
                        (chip(lang, &why::scale(frame, &one.scale), view(one)))
                    }
                }
                @if let Some(first) = row.row.blocked.first() { span class="gate" { (icon(Icon::Lock)) (first.get(lang)) } }
            }
            td class="task-cell" { (next_task(frame, row)) }
            td class="number" { @if let Some(task) = row.row.tasks.first() { (words::due(frame, task.due, board.now, zone)) } }
        }
    }
}

fn next_task(frame: &Frame, row: &BoardRow) -> Markup {
    let Some(task) = row.row.tasks.first() else { return html! { "–" } };
    let (title, often) = words::titled(task.title.get(frame.lang));
    html! {
        b { (title) }
        span class="meta" { (words::sentence(task.owner.name().get(frame.lang))) @if !often.is_empty() { " · " (often) } }
    }
}
