//! The infusion: what must be true before it, how long it runs, what comes next; and its record on paper
//! with the chain-of-identity number as a code a scanner reads.

use super::shared;
use crate::{
    answer,
    layout::{Frame, Page, page},
    pages::words,
    parts::{
        barcode::barcode,
        icons::{Icon, icon},
    },
    server::Server,
    viewer::Viewer,
};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use vena_app::pages::{HistoryPage, JourneyPage};
use vena_base::{When, Zone, ids::ProductUnitId};
use vena_journey::{
    Gate, GateState, Step, StepKind,
    state::Bag,
    step::{CheckAt, ConsentKind},
};

/// The page.
pub async fn show(State(server): State<Server>, viewer: Viewer, Path(id): Path<String>) -> Response {
    let frame = &viewer.frame;
    let journey = match shared::journey_id(frame, &id) {
        Ok(journey) => journey,
        Err(answer) => return *answer,
    };
    let found = match server.app.journey_page(&viewer.session, &journey, None, None) {
        Ok(found) => found,
        Err(error) => return answer::wrong(frame, &error),
    };
    let zone = &server.app.config().zone;
    let content = html! {
        div class="stack" {
            (before(frame, &found))
            @if found.state.bags.is_empty() { div class="panel empty" { b { (frame.t("infusion-no-bag")) } p { (frame.t("infusion-no-bag-help")) } } }
            @for (id, bag) in &found.state.bags { (timer(frame, zone, &found, id, bag)) }
            @if found.state.infusion_started.is_some() {
                p { a class="button" href=(format!("/journeys/{journey}/infusion/record")) { (icon(Icon::List)) (frame.t("infusion-record")) } }
            }
        }
    };
    let title = frame.t("infusion");
    shared::form_page(frame, &server, &viewer.session, &journey, "infusion", &title, content)
}

/// The gate before the infusion, as it stands.
fn before(frame: &Frame, found: &JourneyPage) -> Markup {
    let gate = |gate: &&Gate| gate.step == StepKind::InfusionStarted;
    let Some(gate) = found.gates.iter().find(gate) else { return html! {} };
    let GateState::Shut(missing) = &gate.state else { return html! {} };
    html! {
        section class="panel" aria-labelledby="before-title" {
            header { h2 id="before-title" { (icon(Icon::Lock)) " " (frame.tw("gate-before", &[("step", gate.step.name().get(frame.lang))])) } }
            @for one in missing.iter() {
                @let text = one.text();
                div class="task" { b { (text.what.get(frame.lang)) } span {} small { (text.helps.get(frame.lang)) } }
            }
            div class="body bar wrapping" { a class="button first" href=(format!("/journeys/{}/step/identity", found.journey)) { (StepKind::IdentityRead.name().get(frame.lang)) } }
        }
    }
}

/// One bag: when it began, how long it runs, and the button for what comes next.
fn timer(frame: &Frame, zone: &Zone, found: &JourneyPage, id: &ProductUnitId, bag: &Bag) -> Markup {
    let journey = &found.journey;
    html! {
        section class="panel timer" aria-label=(id.as_str()) {
            header { h2 class="code" { (id) } @if let Some(started) = &bag.infusion_started { span class="quiet medium" { (frame.t("field-start")) " " (words::long_when(started, zone)) } } }
            div class="body stack" {
                @match (&bag.infusion_started, &bag.infusion_ended) {
                    (Some(started), None) => {
                        p class="running" role="timer" { span class="unseen" { (frame.t("infusion-runs")) " " } (elapsed(frame, found, zone, started)) }
                        p class="medium dim" { (frame.t("infusion-watch")) }
                        div class="two-buttons" {
                            a class="button" href=(format!("/journeys/{journey}/vitals")) { (frame.t("form-vitals")) }
                            a class="button first" href=(format!("/journeys/{journey}/step/infusion-end")) { (StepKind::InfusionEnded.name().get(frame.lang)) }
                        }
                    }
                    (Some(started), Some(ended)) => {
                        p { (frame.tw("infusion-over", &[("minutes", &minutes(zone, started, ended).map_or_else(|| "?".to_owned(), |n| n.to_string())), ("when", &words::long_when(ended, zone))])) }
                    }
                    _ => {
                        p class="medium dim" { (frame.t("infusion-not-begun")) }
                        a class="button first" href=(format!("/journeys/{journey}/step/infusion-start")) { (StepKind::InfusionStarted.name().get(frame.lang)) }
                    }
                }
            }
        }
    }
}

/// Minutes and seconds since the beginning, counting on where scripts run.
fn elapsed(frame: &Frame, found: &JourneyPage, zone: &Zone, started: &When) -> Markup {
    let Some(from) = started.instant() else { return html! { (words::long_when(started, zone)) } };
    let minutes = found.at.duration_since(from).as_mins().max(0);
    html! { time datetime=(from.to_string()) data-since="" { (frame.tw("span-minutes", &[("n", &minutes.to_string())])) } }
}

fn minutes(_zone: &Zone, started: &When, ended: &When) -> Option<i64> {
    Some(ended.instant()?.duration_since(started.instant()?).as_mins())
}

/// The record of the infusion, for paper.
pub async fn paper(State(server): State<Server>, viewer: Viewer, Path(id): Path<String>) -> Response {
    let frame = &viewer.frame;
    let journey = match shared::journey_id(frame, &id) {
        Ok(journey) => journey,
        Err(answer) => return *answer,
    };
    let (found, history) = match (
        server.app.journey_page(&viewer.session, &journey, None, None),
        server.app.history_page(&viewer.session, &journey),
    ) {
        (Ok(found), Ok(history)) => (found, history),
        (Err(error), _) | (_, Err(error)) => return answer::wrong(frame, &error),
    };
    let zone = &server.app.config().zone;
    let body = html! {
        div class="heading" {
            h1 { (frame.t("infusion-record")) } span class="beside" { (frame.site) }
            div class="far" { a href=(format!("/journeys/{journey}/infusion")) { (frame.t("infusion")) } }
        }
        p class="medium dim screen-only" { (frame.t("infusion-record-print")) }
        (head(frame, zone, &found))
        (events(frame, &server, zone, &history))
        (hands(frame))
    };
    let band = shared::band_of(frame, &server, &found);
    page(
        frame,
        &Page {
            title: frame.t("infusion-record"),
            room: "board",
            band: Some(band),
            body: Some(body),
            ..Page::default()
        },
    )
    .into_response()
}

fn head(frame: &Frame, zone: &Zone, found: &JourneyPage) -> Markup {
    let number = found.number.as_ref().map(ToString::to_string);
    let consent = found.state.consents.get(&ConsentKind::Treatment);
    let lang = frame.lang;
    html! {
        section class="panel record-head" {
            div class="body columns-code" {
                dl class="pairs" {
                    dt { (frame.t("field-product")) } dd { (found.product.as_ref().map_or("?", |p| p.get(lang))) }
                    dt { (frame.t("diagnosis")) } dd { (found.diagnosis.as_ref().map_or("?", |d| d.get(lang))) }
                    dt { (frame.t("field-chain-of-identity")) } dd class="code" { (number.as_deref().unwrap_or("?")) }
                    dt { (frame.t("consent-short")) } dd { @match consent {
                        Some(consent) => { (consent.version) " · " (words::long_when(&consent.signed, zone)) @if consent.withdrawn.is_some() { " · " b class="alarm" { (StepKind::ConsentWithdrawn.name().get(lang)) } } }
                        None => b class="alarm" { (frame.t("missing")) }
                    } }
                    @for (id, bag) in &found.state.bags {
                        dt { (frame.t("field-bag")) } dd {
                            span class="code" { (id) } " · "
                            @if let Some(from) = &bag.infusion_started { (words::long_when(from, zone)) } @else { "–" }
                            " → "
                            @if let Some(until) = &bag.infusion_ended { (words::long_when(until, zone)) } @else { "–" }
                        }
                    }
                }
                @if let Some(number) = &number {
                    div class="code-block" { (barcode(number, &frame.tw("barcode-of", &[("number", number)]))) span class="code small" { (number) } }
                }
            }
        }
    }
}

/// Every step of the infusion with who gave it, and the vital signs of its day.
fn events(frame: &Frame, server: &Server, zone: &Zone, history: &HistoryPage) -> Markup {
    let day = history.lines.iter().find_map(|line| match &line.step {
        Step::InfusionStarted { when, .. } if !line.retracted => when.day(zone),
        _ => None,
    });
    let of_infusion = |step: &Step| match step {
        Step::IdentityRead(reading) => reading.check == CheckAt::Infusion,
        Step::InfusionStarted { .. } | Step::InfusionEnded { .. } => true,
        Step::VitalSigns(facts) | Step::Drugs(facts) => {
            facts.iter().any(|f| day.is_some() && f.when.day(zone) == day)
        }
        _ => false,
    };
    let lines: Vec<_> = history
        .lines
        .iter()
        .rev()
        .filter(|line| !line.retracted && line.corrected_by.is_none() && of_infusion(&line.step))
        .collect();
    let lang = frame.lang;
    html! {
        section class="panel edge" {
            div class="scroller" tabindex="0" role="region" aria-label=(frame.t("infusion-record")) {
                table class="cards rules" {
                    thead { tr { th scope="col" { (frame.t("field-when")) } th scope="col" { (frame.t("what")) } th scope="col" { (frame.t("by-whom")) } } }
                    tbody { @for line in lines {
                        tr {
                            td class="keep" data-label=(frame.t("field-when")) { (line.happened.as_ref().map_or_else(|| words::date_time(line.recorded.at, zone), |w| words::long_when(w, zone))) }
                            td class="full" {
                                b { (line.kind.name().get(lang)) }
                                @if let Step::IdentityRead(reading) = &line.step {
                                    br; span class="medium" { (frame.t("field-number-on-patient")) " " span class="code" { (reading.on_patient) } " · " (frame.t("field-number-on-product")) " " span class="code" { (reading.on_product) } }
                                }
                                @if let Step::InfusionStarted { bag, .. } | Step::InfusionEnded { bag, .. } = &line.step { " " span class="code" { (bag) } }
                                @if let Step::InfusionEnded { remark: Some(remark), .. } = &line.step { br; (remark) }
                                @for fact in &line.facts { br; span class="medium" { (fact.name.get(lang)) " " (words::in_words(frame, server.app.knowledge(), &fact.fact)) } }
                                @if let Some(outside) = &line.outside_rule { br; span class="soon" { (frame.tw("outside-rule", &[("reason", &outside.reason)])) } }
                            }
                            td data-label=(frame.t("by-whom")) { (line.by.get(lang)) " (" (line.role.name().get(lang)) ")" }
                        }
                    } }
                }
            }
        }
    }
}

/// Where two hands sign, on paper only: the record's own signatures are in the history.
fn hands(frame: &Frame) -> Markup {
    html! {
        div class="hands paper-only" {
            @for key in ["hand-first", "hand-second"] { div { span { (hand(frame, key)) } } }
        }
    }
}

fn hand(frame: &Frame, key: &str) -> String {
    if key == "hand-first" { frame.t("hand-first") } else { frame.t("hand-second") }
}
