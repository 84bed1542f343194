//! The journey: grades, course, why, tasks, what can be recorded next.

use super::shared;
use crate::{
    answer,
    forms::steps,
    layout::{Frame, Page, page},
    pages::{
        self,
        course::{self, Course, Ribbons},
        profile, why, words,
    },
    parts::{
        grade::GradeView,
        icons::{Icon, icon},
    },
    server::Server,
    viewer::Viewer,
};
use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use maud::{Markup, html};
use std::collections::HashMap;
use vena_app::{bedside::Encephalopathy, pages::JourneyPage};
use vena_base::{Chart, When, Zone};
use vena_clinical::{CourseDay, DayGrade, Finding, Status};
use vena_journey::{Gate, GateState, Phase, Task, TaskKind};

/// Looking back: `?at=` and `?known-at=`.
fn moment(query: &HashMap<String, String>, name: &str, zone: &Zone) -> Option<Timestamp> {
    When::parse(query.get(name)?, Some(zone)).ok().map(|when| when.latest(zone))
}

/// The page.
pub async fn show(
    State(server): State<Server>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let frame = &viewer.frame;
    let journey = match shared::journey_id(frame, &id) {
        Ok(journey) => journey,
        Err(answer) => return *answer,
    };
    let zone = server.app.config().zone.clone();
    let (at, known_at) = (moment(&query, "at", &zone), moment(&query, "known-at", &zone));
    let found = match server.app.journey_page(&viewer.session, &journey, at, known_at) {
        Ok(found) => found,
        Err(error) => return answer::wrong(frame, &error),
    };
    let chart = match server.app.chart(&journey, known_at) {
        Ok(chart) => chart,
        Err(error) => return answer::wrong(frame, &error),
    };
    let scale = shared::scale(&server, &viewer.session, &journey);
    let back = at.is_some() || known_at.is_some();
    let body = html! {
        (shared::phase_line(frame, &zone, &found.phases))
        (shared::tabs(frame, &journey, "course", found.state.entries.len(), scale))
        h1 class="unseen" { (frame.t("course")) }
        @if back { (looking_back(frame, &zone, &found)) }
        @if let Some(done) = query.get("recorded") { (pages::recorded::banner(frame, &server, &found, done)) }
        div data-live=[(!back).then_some("/live")] hx-get=(format!("/journeys/{journey}/grades")) hx-trigger="refresh" hx-target="#now" hx-swap="outerHTML" {
            (now_part(frame, &server, &viewer, &found, &chart, scale))
        }
    };
    let band = shared::band_of(frame, &server, &found);
    page(
        frame,
        &Page {
            title: frame.t("course"),
            room: "board",
            band: Some(band),
            body: Some(body),
            ..Page::default()
        },
    )
    .into_response()
}

/// The live part alone.
pub async fn live_part(State(server): State<Server>, viewer: Viewer, Path(id): Path<String>) -> Response {
    let frame = &viewer.frame;
    let journey = match shared::journey_id(frame, &id) {
        Ok(journey) => journey,
        Err(answer) => return *answer,
    };
    let found = server.app.journey_page(&viewer.session, &journey, None, None);
    match (found, server.app.chart(&journey, None)) {
        (Ok(found), Ok(chart)) => {
            let scale = shared::scale(&server, &viewer.session, &journey);
            now_part(frame, &server, &viewer, &found, &chart, scale).into_response()
        }
        (Err(error), _) | (_, Err(error)) => answer::wrong(frame, &error),
    }
}

fn looking_back(frame: &Frame, zone: &Zone, found: &JourneyPage) -> Markup {
    let known = found.known_at.map_or_else(|| frame.t("everything-known"), |k| words::date_time(k, zone));
    html! {
        div class="notice warn" {
            (icon(Icon::Clock))
            div { b { (frame.tw("looking-back", &[("at", &words::date_time(found.at, zone)), ("known", &known)])) } a href=(format!("/journeys/{}", found.journey)) { (frame.t("back-to-now")) } }
        }
    }
}

/// Everything that changes with time. On a phone it stands in this order; on a wide screen the tasks
/// stand beside.
fn now_part(
    frame: &Frame,
    server: &Server,
    viewer: &Viewer,
    found: &JourneyPage,
    chart: &Chart,
    scale: Encephalopathy,
) -> Markup {
    let zone = &chart.zone;
    let knowledge = server.app.knowledge();
    let findings = &found.assessment.findings;
    let day_0 = found.state.infusion_started.and_then(|when| when.day(zone));
    let threshold = |rule: &str, entry: &str| {
        let threshold = knowledge.rule(rule, None).ok()?.threshold(entry).ok()?;
        Some((threshold.value, format!("{}", threshold.decimal)))
    };
    let neutrophils =
        ["anc-500", "anc-100"].iter().filter_map(|e| threshold("icaht/longest-run-plain", e)).collect();
    let drawn = Course {
        chart,
        day_0,
        now: found.at,
        ribbons: ribbons(frame, &found.days),
        knowledge,
        fever: threshold("crs/astct", "fever"),
        neutrophils,
    };
    html! {
        div id="now" class="journey" {
            @if day_0.is_some() { div class="summary stack" { (not_activated(frame, server, findings)) (why::summary(frame, knowledge, findings, zone)) } }
            div class="aside stack" { (aside(frame, server, viewer, found, zone, scale)) }
            div class="stack rest" {
                (course::course(frame, &drawn))
                (why::reasons(frame, &why::Reading { knowledge, zone, now: found.at }, findings, day_0.is_some(), &frame.tw("computed-at", &[("when", &words::date_time(found.at, zone))])))
                (course::table(frame, &drawn, 200))
            }
        }
    }
}

/// Says which grades come from rule sets that nobody has signed for use at this site.
pub fn not_activated(frame: &Frame, server: &Server, findings: &[Finding]) -> Markup {
    let idle: Vec<&Finding> = findings
        .iter()
        .filter(|finding| {
            finding.status != Status::NotApplicable && !server.app.at_site(&finding.rule).is_active()
        })
        .collect();
    let names: Vec<String> = idle.iter().map(|finding| why::scale(frame, &finding.scale)).collect();
    html! {
        @if !idle.is_empty() {
            div class="notice warn" role="status" {
                (icon(Icon::Warning))
                div {
                    b { (frame.tw("grades-not-activated", &[("list", &names.join(", "))])) }
                    (frame.t("grades-not-activated-help"))
                    @for finding in &idle { " " a class="code small" href=(format!("/knowledge/{}", finding.rule)) { (finding.rule) } }
                }
            }
        }
    }
}

fn grade(day: DayGrade) -> GradeView {
    match (day.grade, day.high) {
        (Some(low), Some(high)) if high > low => GradeView::AtLeast(low),
        (Some(low), _) => GradeView::Value(low),
        _ => GradeView::NotAssessable,
    }
}

fn ribbons(frame: &Frame, days: &[CourseDay]) -> Ribbons {
    if days.is_empty() {
        return Vec::new();
    }
    let one = |name: &str, of: fn(&CourseDay) -> DayGrade| {
        // Said once: it holds for all three.
        (
            name.to_owned(),
            if name == "CRS" { frame.t("grade-by-day") } else { String::new() },
            days.iter().map(|day| (day.date, grade(of(day)))).collect(),
        )
    };
    vec![one("CRS", |d| d.crs), one("ICANS", |d| d.icans), one("ICAHT", |d| d.icaht)]
}

fn aside(
    frame: &Frame,
    server: &Server,
    viewer: &Viewer,
    found: &JourneyPage,
    zone: &Zone,
    scale: Encephalopathy,
) -> Markup {
    html! {
        (gates(frame, found))
        (tasks(frame, found, zone))
        (next_steps(frame, server, viewer, found, scale))
        (profile::panel(frame, server.app.knowledge(), &found.profile, zone))
    }
}

/// What is due. What a shut gate waits for stands with the gate.
fn tasks(frame: &Frame, found: &JourneyPage, zone: &Zone) -> Markup {
    let shut = next_gate(found).is_some_and(|gate| matches!(gate.state, GateState::Shut(_)));
    let tasks: Vec<&Task> =
        found.tasks.iter().filter(|task| !shut || !matches!(task.kind, TaskKind::Gate { .. })).collect();
    html! {
        section class="panel edge" aria-labelledby="tasks-title" {
            header { h2 id="tasks-title" { (frame.t("tasks-due")) } }
            @if tasks.is_empty() { p class="body quiet" { (frame.t("no-tasks")) } }
            @for task in tasks {
                @let (title, often) = words::titled(task.title.get(frame.lang));
                div class="task" {
                    b { @if let Some(path) = entry_for(found, task) { a class="plain-link" href=(path) { (title) } } @else { (title) } }
                    (words::due(frame, task.due, found.at, zone))
                    small { (words::sentence(task.owner.name().get(frame.lang))) @if !often.is_empty() { " · " (often) } }
                }
            }
        }
    }
}

/// The form that does a task.
fn entry_for(found: &JourneyPage, task: &Task) -> Option<String> {
    match &task.kind {
        TaskKind::EndInfusion => Some(format!("/journeys/{}/step/infusion-end", found.journey)),
        TaskKind::Gate { step, code } if code == "open" => {
            let form = steps::FORMS.iter().find(|form| form.kind.as_str() == step)?;
            Some(format!("/journeys/{}/step/{}", found.journey, form.slug))
        }
        _ => None,
    }
}

/// The gate the journey stands before; none once it is over.
fn next_gate(found: &JourneyPage) -> Option<&Gate> {
    let over = found.phases.iter().any(|span| span.now && span.phase == Phase::Ended);
    found.gates.iter().find(|gate| gate.state != GateState::Passed).filter(|_| !over)
}

fn gates(frame: &Frame, found: &JourneyPage) -> Markup {
    let Some(gate) = next_gate(found) else { return html! {} };
    let GateState::Shut(missing) = &gate.state else { return html! {} };
    html! {
        section class="panel edge" aria-labelledby="gate-title" {
            header { h2 id="gate-title" { (icon(Icon::Lock)) " " (frame.tw("gate-before", &[("step", gate.step.name().get(frame.lang))])) } }
            @for one in missing.iter() {
                @let text = one.text();
                div class="task" { b { (text.what.get(frame.lang)) } span {} small { (text.helps.get(frame.lang)) } }
            }
        }
    }
}

fn next_steps(
    frame: &Frame,
    server: &Server,
    viewer: &Viewer,
    found: &JourneyPage,
    scale: Encephalopathy,
) -> Markup {
    let (asked, name) = if scale == Encephalopathy::Capd { ("capd", "CAPD") } else { ("ice", "ICE") };
    let bedside = [
        ("infusion", frame.t("infusion")),
        ("vitals", frame.t("form-vitals")),
        (asked, name.to_owned()),
        ("crs", "CRS".to_owned()),
        ("neuro", frame.t("form-neuro")),
        ("laboratory", frame.t("form-laboratory")),
        ("drug", frame.t("field-drug")),
    ];
    html! {
        section class="panel edge" aria-labelledby="record-title" {
            header { h2 id="record-title" { (frame.t("record-something")) } }
            div class="body stack" {
                div class="bar wrapping" { @for (slug, label) in &bedside { a class="button" href=(format!("/journeys/{}/{slug}", found.journey)) { (label) } } }
                details class="steps-fold" id="steps" open[found.state.infusion_started.is_none()] { summary { (frame.t("journey-steps")) } ul class="links" {
                    @for form in steps::FORMS.iter().filter(|form| server.app.may(&viewer.session, form.kind)) {
                        li { a href=(format!("/journeys/{}/step/{}", found.journey, form.slug)) { (form.kind.name().get(frame.lang)) } }
                        @if form.slug == "collection" { li { a href=(format!("/journeys/{}/collection-tests", found.journey)) { (frame.t("form-collection")) } } }
                    }
                } }
            }
        }
    }
}
