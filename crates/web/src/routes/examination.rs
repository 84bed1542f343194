//! ICE, one question per screen, and CAPD. What was answered travels with the form; the grade as it would
//! stand shows at once.

use super::{shared, step};
use crate::{
    forms::{
        delirium, encephalopathy,
        reader::{Reader, Submitted, Wrong},
    },
    pages::{
        self,
        bedside::{LAST_SCREEN, Preview},
        why,
    },
    parts::grade::GradeView,
    server::Server,
    viewer::Viewer,
};
use axum::{
    extract::{Path, Request, State},
    http::StatusCode,
    response::Response,
};
use maud::{Markup, html};
use vena_app::bedside::Encephalopathy;
use vena_base::{Chart, Fact, Stamp, When, ids::JourneyId};
use vena_clinical::{Question, assess};
use vena_journey::Step;

/// ICANS as it would stand if these answers were recorded now. Nothing is recorded.
fn with(server: &Server, chart: &Chart, data: &Submitted) -> GradeView {
    let mut all: Vec<Fact> = chart.all().to_vec();
    all.extend(encephalopathy::facts(data, server.app.knowledge(), now(server)));
    let chart = Chart::new(chart.patient.clone(), chart.zone.clone(), all);
    let question = Question { at: server.app.now(), known_at: None, infusion: None };
    let found = assess(&chart, &server.app.rules().clinical, &question);
    found.findings.iter().find(|f| &*f.scale == "icans").map_or(GradeView::NotAssessable, why::view)
}

fn low(grade: GradeView) -> Option<u8> {
    match grade {
        GradeView::Value(n) | GradeView::AtLeast(n) | GradeView::Interval(n, _) => Some(n),
        _ => None,
    }
}

fn high(grade: GradeView) -> Option<u8> {
    match grade {
        GradeView::Value(n) | GradeView::Interval(_, n) => Some(n),
        _ => None,
    }
}

/// The range between two grades.
fn between(best: GradeView, worst: GradeView) -> GradeView {
    match (low(best), high(worst)) {
        (Some(a), Some(b)) if a == b => GradeView::Value(a),
        (Some(a), Some(b)) => GradeView::Interval(a, b),
        (Some(a), None) if low(worst).is_some() => GradeView::AtLeast(a),
        _ => GradeView::NotAssessable,
    }
}

/// The grade is asked twice, with every open part right and with every open part wrong: what is not asked
/// yet is not the same as what could not be tested.
fn preview(server: &Server, viewer: &Viewer, journey: &JourneyId, data: &Submitted) -> Preview {
    let last = shared::last_values(&viewer.frame, server, &viewer.session, journey);
    let last = last.into_iter().find(|(concept, _)| *concept == "ice-score").map(|(_, words)| words);
    if !encephalopathy::begun(data) {
        return Preview { icans: None, last };
    }
    let icans = match server.app.chart(journey, None) {
        Ok(chart) => {
            let with = |answer| with(server, &chart, &encephalopathy::rest_answered(data, answer));
            between(with("right"), with("wrong"))
        }
        Err(_) => GradeView::NotAssessable,
    };
    Preview { icans: Some(icans), last }
}

fn now(server: &Server) -> When {
    When::Instant(Stamp::in_zone(server.app.now(), &server.app.config().zone))
}

/// The first screen.
pub async fn ice_page(State(server): State<Server>, viewer: Viewer, Path(id): Path<String>) -> Response {
    match shared::journey_id(&viewer.frame, &id) {
        Ok(journey) => {
            ice_screen(&server, &viewer, &journey, 0, &shared::fresh(&server), &Wrong::new(), None)
        }
        Err(answer) => *answer,
    }
}

/// A word above the form where the rule's age names the other scale.
fn other_scale(
    server: &Server,
    viewer: &Viewer,
    journey: &JourneyId,
    other: Encephalopathy,
) -> Option<Markup> {
    let page = server.app.bedside_page(&viewer.session, journey).ok()?;
    let (path, name) = if other == Encephalopathy::Capd { ("capd", "CAPD") } else { ("ice", "ICE") };
    let rule = page.encephalopathy_rule.as_ref().map(|rule| rule.get(viewer.frame.lang));
    (page.encephalopathy == other).then(|| {
        pages::bedside::other_scale(&viewer.frame, rule, &format!("/journeys/{journey}/{path}"), name)
    })
}

fn ice_screen(
    server: &Server,
    viewer: &Viewer,
    journey: &JourneyId,
    screen: usize,
    data: &Submitted,
    wrong: &Wrong,
    above: Option<Markup>,
) -> Response {
    let frame = &viewer.frame;
    let preview = preview(server, viewer, journey, data);
    let action = format!("/journeys/{journey}/ice");
    let content = html! {
        @if let Some(above) = above { (above) }
        @if let Some(other) = other_scale(server, viewer, journey, Encephalopathy::Capd) { (other) }
        (pages::bedside::ice(frame, server.app.knowledge(), &action, screen, data, wrong, preview))
    };
    let mut response = shared::form_page(frame, server, &viewer.session, journey, "ice", "ICE", content);
    if !wrong.is_empty() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response
}

/// The next screen, the last one, or the recording.
pub async fn ice(
    State(server): State<Server>,
    viewer: Viewer,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let (journey, sent) = match shared::sent_for(&server, &viewer, &id, request).await {
        Ok(given) => given,
        Err(answer) => return *answer,
    };
    let screen: usize = sent.data.get("screen").parse::<usize>().unwrap_or(0).min(LAST_SCREEN);
    let unarousable = sent.data.get("level-of-consciousness") == "unarousable";
    match sent.data.get("go") {
        "record" => record_ice(&server, &viewer, &journey, sent).await,
        "back" => {
            let before = if unarousable && screen == LAST_SCREEN { 0 } else { screen.saturating_sub(1) };
            ice_screen(&server, &viewer, &journey, before, &sent.data, &Wrong::new(), None)
        }
        "stay" => ice_screen(&server, &viewer, &journey, screen, &sent.data, &Wrong::new(), None),
        _ => {
            let next = if unarousable { LAST_SCREEN } else { screen + 1 };
            ice_screen(&server, &viewer, &journey, next, &sent.data, &Wrong::new(), None)
        }
    }
}

async fn record_ice(server: &Server, viewer: &Viewer, journey: &JourneyId, sent: shared::Sent) -> Response {
    let zone = server.app.config().zone.clone();
    let mut reader = Reader::new(&sent.data, &zone, viewer.frame.lang).at(server.app.now());
    let when = reader.when("when");
    let wrong = reader.wrong;
    let Some(when) = when else {
        return ice_screen(server, viewer, journey, LAST_SCREEN, &sent.data, &wrong, None);
    };
    let facts = encephalopathy::facts(&sent.data, server.app.knowledge(), when);
    match step::submit(server, &viewer.session, journey, &sent, Step::Assessment(facts)).await {
        Ok(()) => step::recorded(journey, "ice"),
        Err(error) => {
            step::refused(viewer, error, &format!("/journeys/{journey}/ice"), &sent.data, |panel| {
                ice_screen(server, viewer, journey, LAST_SCREEN, &sent.data, &Wrong::new(), Some(panel))
            })
        }
    }
}

/// CAPD.
pub async fn capd_page(State(server): State<Server>, viewer: Viewer, Path(id): Path<String>) -> Response {
    match shared::journey_id(&viewer.frame, &id) {
        Ok(journey) => capd_screen(&server, &viewer, &journey, &shared::fresh(&server), &Wrong::new(), None),
        Err(answer) => *answer,
    }
}

fn capd_screen(
    server: &Server,
    viewer: &Viewer,
    journey: &JourneyId,
    data: &Submitted,
    wrong: &Wrong,
    above: Option<Markup>,
) -> Response {
    let action = format!("/journeys/{journey}/capd");
    let content = html! {
        @if let Some(above) = above { (above) }
        @if let Some(other) = other_scale(server, viewer, journey, Encephalopathy::Ice) { (other) }
        (pages::bedside::capd(&viewer.frame, server.app.knowledge(), &action, data, wrong))
    };
    let mut response =
        shared::form_page(&viewer.frame, server, &viewer.session, journey, "capd", "CAPD", content);
    if !wrong.is_empty() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response
}

/// Records CAPD.
pub async fn capd(
    State(server): State<Server>,
    viewer: Viewer,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let frame = &viewer.frame;
    let (journey, sent) = match shared::sent_for(&server, &viewer, &id, request).await {
        Ok(given) => given,
        Err(answer) => return *answer,
    };
    if sent.is_review() {
        return capd_screen(&server, &viewer, &journey, &sent.data, &Wrong::new(), None);
    }
    let zone = server.app.config().zone.clone();
    let mut reader = Reader::new(&sent.data, &zone, frame.lang).at(server.app.now());
    let when = reader.when("when");
    let wrong = reader.wrong;
    let Some(when) = when else { return capd_screen(&server, &viewer, &journey, &sent.data, &wrong, None) };
    let facts = delirium::facts(&sent.data, server.app.knowledge(), when);
    match step::submit(&server, &viewer.session, &journey, &sent, Step::Assessment(facts)).await {
        Ok(()) => step::recorded(&journey, "capd"),
        Err(error) => {
            step::refused(&viewer, error, &format!("/journeys/{journey}/capd"), &sent.data, |panel| {
                capd_screen(&server, &viewer, &journey, &sent.data, &Wrong::new(), Some(panel))
            })
        }
    }
}
