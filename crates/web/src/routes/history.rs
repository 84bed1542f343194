//! History: every event with who, when it happened, when it was recorded, and its hash. A correction names what
//! was wrong and why; both stay visible.

use super::{shared, step};
use crate::{
    answer,
    forms::reader::{Reader, Submitted, Wrong},
    layout::{Frame, Page, page},
    pages::{self, words},
    parts::field::{Field, field, when_field},
    server::Server,
    viewer::Viewer,
};
use axum::{
    extract::{Path, Query, Request, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use std::collections::HashMap;
use vena_app::pages::{FactLine, HistoryLine, HistoryPage};
use vena_base::{
    Zone,
    ids::{EventId, JourneyId},
};
use vena_journey::{Step, StepKind, step::Instead};
use vena_knowledge::Knowledge;

/// Events on a page: a phone scrolls through them, and a browser draws and prints them.
const EVENTS_SHOWN: usize = 100;

/// The page: the newest events, or those before the one that the address names.
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
    let (history, found) = match (
        server.app.history_page(&viewer.session, &journey),
        server.app.journey_page(&viewer.session, &journey, None, None),
    ) {
        (Ok(history), Ok(found)) => (history, found),
        (Err(error), _) | (_, Err(error)) => return answer::wrong(frame, &error),
    };
    let zone = &server.app.config().zone;
    let before: Option<u64> = query.get("before").and_then(|seq| seq.parse().ok());
    let from = before.map_or(0, |before| history.lines.iter().take_while(|line| line.seq >= before).count());
    let rest = history.lines.get(from..).unwrap_or_default();
    let lines = rest.get(..rest.len().min(EVENTS_SHOWN)).unwrap_or_default();
    let older = rest.len() - lines.len();
    let body = html! {
        (shared::tabs(frame, &journey, "history", history.lines.len(), shared::scale(&server, &viewer.session, &journey)))
        div class="heading" { h1 { (frame.t("history")) } span class="beside" { (frame.tw("history-beside", &[("n", &history.lines.len().to_string())])) } }
        (table(frame, server.app.knowledge(), server.app.may(&viewer.session, StepKind::FindingAttributed), zone, &journey, lines))
        nav class="bar wrapping" aria-label=(frame.t("history")) {
            @if before.is_some() { a class="button" href=(format!("/journeys/{journey}/history")) { (frame.t("history-newest")) } }
            @if let Some(last) = lines.last().filter(|_| older > 0) { a class="button" href=(format!("/journeys/{journey}/history?before={}", last.seq)) { (frame.tw("history-older", &[("n", &older.to_string())])) } }
        }
    };
    let band = shared::band_of(frame, &server, &found);
    page(
        frame,
        &Page {
            title: frame.t("history"),
            room: "board",
            band: Some(band),
            body: Some(body),
            ..Page::default()
        },
    )
    .into_response()
}

fn table(
    frame: &Frame,
    knowledge: &Knowledge,
    may_attribute: bool,
    zone: &Zone,
    journey: &JourneyId,
    lines: &[HistoryLine],
) -> Markup {
    html! {
        section class="panel edge" {
            div class="scroller" tabindex="0" role="region" aria-label=(frame.t("history")) {
                table class="cards history" {
                    thead { tr {
                        th scope="col" class="number" { "#" } th scope="col" { (frame.t("what")) } th scope="col" { (frame.t("field-when")) }
                        th scope="col" { (frame.t("recorded")) } th scope="col" { (frame.t("by-whom")) } th scope="col" { span class="unseen" { (frame.t("correct")) } }
                    } }
                    tbody { @for line in lines { (row(frame, knowledge, may_attribute, zone, journey, line)) } }
                }
            }
        }
    }
}

fn row(
    frame: &Frame,
    knowledge: &Knowledge,
    may_attribute: bool,
    zone: &Zone,
    journey: &JourneyId,
    line: &HistoryLine,
) -> Markup {
    let lang = frame.lang;
    let gone = line.retracted || line.corrected_by.is_some();
    html! {
        tr id=(format!("event-{}", line.seq)) {
            td class="number keep" { (line.seq) }
            td class="full" {
                b { @if gone { del { (line.kind.name().get(lang)) } } @else { (line.kind.name().get(lang)) } }
                @if let Some(by) = &line.corrected_by { " " span class="tag" { (frame.tw("corrected-by", &[("event", by.as_str())])) } }
                @if line.retracted { " " span class="tag" { (frame.t("retracted")) } }
                @if let Some(outside) = &line.outside_rule { br; span class="soon" { (frame.tw("outside-rule", &[("reason", &outside.reason)])) } }
                @for fact in line.facts.iter().take(12) { br; span class="medium" { (fact.name.get(lang)) (if lang == vena_base::Lang::ZhTw { "：" } else { ": " }) (words::in_words(frame, knowledge, &fact.fact)) } }
                @if line.facts.len() > 12 { br; span class="quiet" { (frame.tw("and-more", &[("n", &(line.facts.len() - 12).to_string())])) } }
                @if let Step::Corrected { reason, .. } = &line.step { br; span class="medium dim" { (reason) } }
                @if let Step::IdentityChanged { fields, because } = &line.step {
                    br; span class="medium dim" { (fields.iter().map(|field| field.name().get(lang).to_owned()).collect::<Vec<_>>().join(" · ")) " (" (because.name().get(lang)) ")" }
                    br; a class="medium" href=(format!("/journeys/{journey}/identity")) { (frame.t("identity-versions")) }
                }
                @if let Step::PatientMerged { reason, from, into: other } | Step::PatientUnmerged { reason, from, back: other } = &line.step { br; span class="medium dim" { span class="code" { (from) " → " (other) } " " (reason) } }
                @if let Step::Remarked { text, .. } = &line.step { br; span class="medium dim" { (text) } }
                @if let Step::AssayRecorded(assay) = &line.step { br; a class="medium" href=(format!("/journeys/{journey}/assays/{}", line.seq)) { (assay.kind.name().get(lang)) " · " (assay.method) } }
                details class="why" { summary class="small" { (frame.t("proof")) } p class="code small" { (line.hash) } }
            }
            td class="keep" data-label=(frame.t("field-when")) { (line.happened.as_ref().map_or_else(|| "–".to_owned(), |w| words::long_when(w, zone))) }
            td class="keep" data-label=(frame.t("recorded")) {
                (words::date_time(line.recorded.at, zone))
                @if let Some(late) = line.recorded_after_min.filter(|m| *m >= 60) { br; span class="age old" { (frame.tw("recorded-later", &[("n", &(late / 60).to_string())])) } }
            }
            td data-label=(frame.t("by-whom")) { (line.by.get(lang)) br; span class="quiet small" { (line.role.name().get(lang)) } }
            td class="acts" {
                @if !gone && line.corrects.is_none() { a href=(format!("/journeys/{journey}/correct/{}", line.seq)) { (frame.t("correct")) } }
                @if !gone && may_attribute && matches!(line.kind, StepKind::VitalSigns | StepKind::Assessment) {
                    br; a href=(format!("/journeys/{journey}/attribute/{}", line.seq)) { (frame.t("attribute")) }
                }
            }
        }
    }
}

fn find(history: &HistoryPage, seq: u64) -> Option<&HistoryLine> {
    history.lines.iter().find(|line| line.seq == seq)
}

/// The form of a correction.
pub async fn correct_page(
    State(server): State<Server>,
    viewer: Viewer,
    Path((id, seq)): Path<(String, u64)>,
) -> Response {
    let journey = match shared::journey_id(&viewer.frame, &id) {
        Ok(journey) => journey,
        Err(answer) => return *answer,
    };
    draw(&server, &viewer, &journey, seq, &shared::fresh(&server), &Wrong::new(), None)
}

fn draw(
    server: &Server,
    viewer: &Viewer,
    journey: &JourneyId,
    seq: u64,
    data: &Submitted,
    wrong: &Wrong,
    above: Option<Markup>,
) -> Response {
    let frame = &viewer.frame;
    let history = match server.app.history_page(&viewer.session, journey) {
        Ok(history) => history,
        Err(error) => return answer::wrong(frame, &error),
    };
    let Some(line) = find(&history, seq) else {
        return answer::notice(frame, StatusCode::NOT_FOUND, &frame.t("no-such-page"));
    };
    let content = html! {
        @if let Some(above) = above { (above) }
        form class="form" method="post" action=(format!("/journeys/{journey}/correct/{seq}")) data-keep="" novalidate {
            (pages::step::key_field(data))
            p class="dim" { (frame.t("correct-help")) }
            @for (i, fact) in line.facts.iter().enumerate() {
                @let name = format!("fact-{i}");
                @let (shown, unit) = shown(fact, server.app.knowledge(), frame.lang);
                (field(&Field { name: &name, label: fact.name.get(frame.lang), value: typed(data, &name, &shown), unit: unit.as_deref(), kind: if unit.is_some() { "number" } else { "" }, error: wrong.get(&name).map(String::as_str), autocomplete: Some("off"), ..Field::default() }))
            }
            @if !line.facts.is_empty() { p class="hint quiet small" { (frame.t("correct-empty")) } }
            @if let Some(at) = time_of(line, &server.app.config().zone) {
                (when_field(frame, "when", &frame.t("field-when"), typed(data, "when", &at), wrong.get("when").map(String::as_str), false))
            }
            (field(&Field { name: "reason", label: &frame.t("field-reason"), value: data.get("reason"), error: wrong.get("reason").map(String::as_str), required: true, ..Field::default() }))
            @if !line.facts.is_empty() { button class="button first wide" name="how" value="replace" type="submit" { (frame.t("correct-replace")) } }
            button class="button stop wide" name="how" value="retract" type="submit" { (frame.t("correct-retract")) }
        }
    };
    let title = format!("{} #{seq}: {}", frame.t("correct"), line.kind.name().get(frame.lang));
    let mut response = shared::form_page(frame, server, &viewer.session, journey, "history", &title, content);
    if !wrong.is_empty() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response
}

/// The time all facts of an event share, as its field shows it.
fn time_of(line: &HistoryLine, zone: &Zone) -> Option<String> {
    let first = line.facts.first()?.when;
    line.facts.iter().all(|fact| fact.when == first).then(|| words::long_when(&first, zone))
}

/// What stands in a fact's field: what was typed, or what was recorded.
fn typed<'a>(data: &'a Submitted, name: &str, shown: &'a str) -> &'a str {
    if data.iter().any(|(field, _)| field == name) { data.get(name) } else { shown }
}

/// A fact's value as it stands in the field, with the unit beside it where that is the catalogue's own.
fn shown(fact: &FactLine, knowledge: &Knowledge, lang: vena_base::Lang) -> (String, Option<String>) {
    let usual = knowledge.catalogue.get(fact.fact.concept).and_then(|info| info.unit.as_deref());
    match (fact.fact.quantity(), usual) {
        (Some(quantity), Some(unit)) if &*quantity.written_unit == unit => (
            format!("{}{}", quantity.bound.sign(), quantity.written),
            Some(vena_knowledge::label::unit_for_reading(unit, lang)),
        ),
        _ => (fact.value.get(lang).to_owned(), None),
    }
}

/// Records the correction.
pub async fn correct(
    State(server): State<Server>,
    viewer: Viewer,
    Path((id, seq)): Path<(String, u64)>,
    request: Request,
) -> Response {
    let frame = &viewer.frame;
    let (journey, sent) = match shared::sent_for(&server, &viewer, &id, request).await {
        Ok(given) => given,
        Err(answer) => return *answer,
    };
    let history = match server.app.history_page(&viewer.session, &journey) {
        Ok(history) => history,
        Err(error) => return answer::wrong(frame, &error),
    };
    let Some(line) = find(&history, seq) else {
        return answer::notice(frame, StatusCode::NOT_FOUND, &frame.t("no-such-page"));
    };
    if sent.is_review() {
        return draw(&server, &viewer, &journey, seq, &sent.data, &Wrong::new(), None);
    }
    let zone = server.app.config().zone.clone();
    let mut reader = Reader::new(&sent.data, &zone, frame.lang).at(server.app.now());
    let reason = reader.words("reason");
    let instead = if sent.data.get("how") == "replace" {
        replacement(&server, &mut reader, line)
    } else {
        Some(Instead::Nothing)
    };
    let wrong = reader.wrong;
    let (Some(reason), Some(instead), Ok(event)) =
        (reason, instead.filter(|_| wrong.is_empty()), EventId::new(line.event.as_str()))
    else {
        return draw(&server, &viewer, &journey, seq, &sent.data, &wrong, None);
    };
    match step::submit(&server, &viewer.session, &journey, &sent, Step::Corrected { event, reason, instead })
        .await
    {
        Ok(()) => Redirect::to(&format!("/journeys/{journey}/history")).into_response(),
        Err(error) => step::refused(
            &viewer,
            error,
            &format!("/journeys/{journey}/correct/{seq}"),
            &sent.data,
            |panel| draw(&server, &viewer, &journey, seq, &sent.data, &Wrong::new(), Some(panel)),
        ),
    }
}

/// The facts that stand instead: as typed; a field emptied leaves its fact out.
fn replacement(server: &Server, reader: &mut Reader<'_>, line: &HistoryLine) -> Option<Instead> {
    use vena_knowledge::values::read_value_in;
    let mut facts = Vec::new();
    let before = time_of(line, reader.zone);
    let moved =
        before.filter(|shown| reader.data.get("when") != shown).and_then(|_| reader.when_if_any("when"));
    for (i, old) in line.facts.iter().enumerate() {
        let name = format!("fact-{i}");
        let given = reader.data.get(&name);
        if given.is_empty() {
            continue;
        }
        let mut fact = old.fact.clone();
        if let Some(when) = moved {
            fact.when = when;
        }
        if given != shown(old, server.app.knowledge(), reader.lang).0 {
            let info = server.app.knowledge().catalogue.get(fact.concept)?;
            let has_unit = given.chars().any(|c| c.is_alphabetic() || matches!(c, '%' | '/' | '°'));
            let unit = if has_unit || info.kind != vena_knowledge::catalogue::Kind::Quantity {
                None
            } else {
                info.unit.as_deref()
            };
            match read_value_in(info, given, unit, Some(reader.zone)) {
                Ok(value) => fact.value = value,
                Err(problem) => {
                    let words = problem.message(reader.lang);
                    reader.fault(&name, words);
                }
            }
        }
        facts.push(fact);
    }
    Some(Instead::Facts(facts))
}
