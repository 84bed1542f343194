//! Registering a patient and a journey. Identity goes to the vault; a possible duplicate is shown before
//! anything is stored.

use super::shared;
use crate::{
    answer,
    forms::reader::{Reader, Submitted, Wrong},
    layout::{Frame, Page, page as whole},
    pages,
    parts::{
        field::{Choice, Field, choices, field, wrong_summary},
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
use vena_app::{AppError, PersonIdentity, Registration};
use vena_base::{Answer, Concept, When};

/// The form.
pub async fn page(State(server): State<Server>, viewer: Viewer) -> Response {
    draw(&server, &viewer.frame, &shared::fresh(&server), &Wrong::new(), None)
}

fn answers(frame: &Frame, server: &Server, concept: &'static str) -> Vec<Choice<'static>> {
    let info = server.app.knowledge().catalogue.get(Concept::known(concept));
    info.map(|info| {
        let one = |a: &vena_knowledge::catalogue::AnswerInfo| Choice {
            value: a.answer.as_str(),
            label: a.name.get(frame.lang).to_owned(),
            unsure: false,
        };
        info.answers.iter().map(one).collect()
    })
    .unwrap_or_default()
}

fn draw(server: &Server, frame: &Frame, data: &Submitted, wrong: &Wrong, above: Option<Markup>) -> Response {
    let error = |name: &str| wrong.get(name).map(String::as_str);
    let line = |name: &'static str, label: String, kind: &'static str, required: bool| {
        field(&Field {
            name,
            label: &label,
            value: data.get(name),
            error: error(name),
            kind,
            required,
            autocomplete: Some("off"),
            ..Field::default()
        })
    };
    let status =
        if wrong.is_empty() && above.is_none() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let body = html! {
        div class="heading" { h1 { (frame.t("room-register")) } span class="beside" { (frame.t("register-beside")) } }
        @if let Some(above) = above { (above) }
        form class="form" method="post" action="/journeys/new" data-keep="" novalidate {
            (wrong_summary(&frame.t("form-wrong"), wrong))
            (pages::step::key_field(data))
            (line("name-zh", frame.t("name-chinese"), "", false))
            (line("name-latin", frame.t("name-latin"), "", false))
            (line("record-number", frame.t("record-number-long"), "", true))
            (line("birth-date", frame.t("birth-date"), "date", true))
            (choices("sex", &frame.t("sex"), data.get("sex"), &answers(frame, server, "sex"), true))
            (field(&Field { name: "weight", label: &frame.t("weight"), value: data.get("weight"), unit: Some("kg"), kind: "number", error: error("weight"), ..Field::default() }))
            (field(&Field { name: "allergies", label: &frame.t("allergy"), value: data.get("allergies"), hint: Some(&frame.t("allergy-hint")), ..Field::default() }))
            div class="choices" { label class="choice" { input type="checkbox" name="no-allergies" value="yes" checked[!data.get("no-allergies").is_empty()]; span { (frame.t("no-allergies")) } } }
            (choices("diagnosis", &frame.t("diagnosis"), data.get("diagnosis"), &answers(frame, server, "diagnosis"), false))
            (choices("product", &frame.t("product-intended"), data.get("product"), &answers(frame, server, "product"), false))
            (field(&Field { name: "when", label: &frame.t("referred"), value: data.get("when"), error: error("when"), kind: "datetime-local", required: true, ..Field::default() }))
            button class="button first wide" type="submit" { (frame.t("register-button")) }
        }
    };
    (
        status,
        whole(
            frame,
            &Page { title: frame.t("room-register"), room: "register", body: Some(body), ..Page::default() },
        ),
    )
        .into_response()
}

fn identity(reader: &mut Reader<'_>) -> Option<PersonIdentity> {
    let own = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let data = reader.data;
    let (name_zh, name_latin) = (own(data.get("name-zh")), own(data.get("name-latin")));
    if name_zh.is_none() && name_latin.is_none() {
        let words = crate::i18n::text(reader.lang, "error-name");
        reader.fault("name-zh", words);
    }
    let record_number = reader.words("record-number").map(|n| n.to_string());
    let birth_date = match reader.when("birth-date") {
        Some(When::Date(date)) => Some(date.to_string()),
        Some(_) => {
            let words = crate::i18n::text(reader.lang, "error-day-needed");
            reader.fault("birth-date", words);
            None
        }
        None => None,
    };
    let weight_kg = reader.number_if_any("weight").map(|n| n.to_string());
    let listed: Vec<String> = data
        .get("allergies")
        .split([',', '，', '、', '\n'])
        .map(str::trim)
        .filter(|a| !a.is_empty())
        .map(str::to_owned)
        .collect();
    let allergies =
        if listed.is_empty() { (!data.get("no-allergies").is_empty()).then(Vec::new) } else { Some(listed) };
    reader.wrong.is_empty().then(|| PersonIdentity {
        name_zh,
        name_latin,
        record_number,
        birth_date,
        sex: own(data.get("sex")),
        weighed: weight_kg.as_ref().map(|_| data.get("when").chars().take(10).collect()),
        weight_kg,
        allergies,
    })
}

/// Registers.
pub async fn register(State(server): State<Server>, viewer: Viewer, request: Request) -> Response {
    let frame = &viewer.frame;
    let sent = match shared::sent(&server, frame, &viewer.session, request).await {
        Ok(sent) => sent,
        Err(answer) => return *answer,
    };
    let zone = server.app.config().zone.clone();
    let mut reader = Reader::new(&sent.data, &zone, frame.lang);
    let (identity, when) = (identity(&mut reader), reader.when("when"));
    let wrong = reader.wrong;
    let (Some(identity), Some(when)) = (identity, when) else {
        return draw(&server, frame, &sent.data, &wrong, None);
    };
    let chosen = |name: &str| Some(sent.data.get(name)).filter(|v| !v.is_empty()).map(Answer::of);
    let registration = Registration {
        identity,
        diagnosis: chosen("diagnosis"),
        product_intended: chosen("product"),
        referring_site: None,
        when,
        patient: None,
        is_somebody_else: !sent.data.get("somebody-else").is_empty(),
    };
    let (app, session, key) = (server.app.clone(), viewer.session.clone(), sent.data.get("key").to_owned());
    match blocking(move || app.register(&session, &key, registration)).await {
        Ok((journey, _)) => Redirect::to(&format!("/journeys/{journey}?recorded=registered")).into_response(),
        Err(AppError::Duplicate(patients)) => draw(
            &server,
            frame,
            &sent.data,
            &Wrong::new(),
            Some(duplicate(frame, &sent.data, patients.len())),
        ),
        Err(error) => {
            match super::step::panel(frame, error, viewer.session.role, "/journeys/new", &sent.data) {
                Ok(panel) => draw(&server, frame, &sent.data, &Wrong::new(), Some(panel)),
                Err(fault) => answer::wrong(frame, &fault),
            }
        }
    }
}

/// Shows that this may be somebody already known; going on needs a word of the person.
fn duplicate(frame: &Frame, data: &Submitted, count: usize) -> Markup {
    html! {
        section class="refusal" role="alert" {
            h2 { (icon(Icon::Warning)) " " (frame.tw("duplicate", &[("n", &count.to_string())])) }
            div class="panel body stack" {
                p { a href=(format!("/search?q={}", crate::viewer::encode(data.get("record-number")))) { (frame.t("duplicate-look")) } }
                form method="post" action="/journeys/new" {
                    @for (name, value) in data.iter() { input type="hidden" name=(name) value=(value); }
                    input type="hidden" name="somebody-else" value="yes";
                    button class="button stop" type="submit" { (frame.t("duplicate-go-on")) }
                }
            }
        }
    }
}
