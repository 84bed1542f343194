//! Registering a patient and a journey. Identity goes to the vault; a possible duplicate is shown before
//! anything is stored.

use super::shared;
use crate::{
    answer,
    forms::reader::{Reader, Submitted, Wrong},
    layout::{Frame, Page, page as whole},
    pages,
    parts::{
        field::{Choice, Field, choices, field, when_field, wrong_summary},
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
use vena_app::{AppError, PersonIdentity, Registration, search::Found};
use vena_base::{Answer, Concept, Lang, When, ids::PatientId};

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

/// The fields that say who a patient is.
pub fn identity_fields(server: &Server, frame: &Frame, data: &Submitted, wrong: &Wrong) -> Markup {
    let error = |name: &str| wrong.get(name).map(String::as_str);
    let line = |name: &'static str, label: String, required: bool, hint: Option<&str>| {
        field(&Field {
            name,
            label: &label,
            value: data.get(name),
            error: error(name),
            hint,
            required,
            autocomplete: Some("off"),
            ..Field::default()
        })
    };
    html! {
        (line("name-zh", frame.t("name-chinese"), false, None))
        (line("name-latin", frame.t("name-latin"), false, None))
        (line("record-number", frame.t("record-number-long"), true, None))
        (line("birth-date", frame.t("birth-date"), true, Some(&frame.t("date-hint"))))
        (choices("sex", &frame.t("sex"), data.get("sex"), &answers(frame, server, "sex"), true))
        (field(&Field { name: "weight", label: &frame.t("weight"), value: data.get("weight"), unit: Some("kg"), kind: "number", error: error("weight"), ..Field::default() }))
        (line("allergies", frame.t("allergy"), false, Some(&frame.t("allergy-hint"))))
        div class="choices" { label class="choice" { input type="checkbox" name="no-allergies" value="yes" checked[!data.get("no-allergies").is_empty()]; span { (frame.t("no-allergies")) } } }
    }
}

fn draw(server: &Server, frame: &Frame, data: &Submitted, wrong: &Wrong, above: Option<Markup>) -> Response {
    let status =
        if wrong.is_empty() && above.is_none() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let body = html! {
        div class="heading" { h1 { (frame.t("room-register")) } span class="beside" { (frame.t("register-beside")) } }
        @if let Some(above) = above { (above) }
        form class="form" method="post" action="/journeys/new" data-keep="" novalidate {
            (wrong_summary(&frame.t("form-wrong"), wrong))
            (pages::step::key_field(data))
            (identity_fields(server, frame, data, wrong))
            (choices("diagnosis", &frame.t("diagnosis"), data.get("diagnosis"), &answers(frame, server, "diagnosis"), false))
            (choices("product", &frame.t("product-intended"), data.get("product"), &answers(frame, server, "product"), false))
            (when_field(frame, "when", &frame.t("referred"), data.get("when"), wrong.get("when").map(String::as_str), true))
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

/// The identity fields of a form; the weight's day is that of the field `when`.
pub fn identity(reader: &mut Reader<'_>) -> Option<PersonIdentity> {
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
    let weighed = weighed(reader, weight_kg.as_ref());
    reader.wrong.is_empty().then(|| PersonIdentity {
        name_zh,
        name_latin,
        record_number,
        birth_date,
        sex: own(data.get("sex")),
        weighed,
        weight_kg,
        allergies,
    })
}

/// The day the weight is of: that of the form's time.
fn weighed(reader: &mut Reader<'_>, weight_kg: Option<&String>) -> Option<String> {
    weight_kg?;
    let day = reader.when("when")?.day(reader.zone)?;
    Some(day.to_string())
}

/// Registers.
pub async fn register(State(server): State<Server>, viewer: Viewer, request: Request) -> Response {
    let frame = &viewer.frame;
    let sent = match shared::sent(&server, frame, &viewer.session, request).await {
        Ok(sent) => sent,
        Err(answer) => return *answer,
    };
    if sent.is_review() {
        return draw(&server, frame, &sent.data, &Wrong::new(), None);
    }
    let zone = server.app.config().zone.clone();
    let mut reader = Reader::new(&sent.data, &zone, frame.lang).at(server.app.now());
    let (identity, when) = (identity(&mut reader), reader.when("when"));
    let wrong = reader.wrong;
    let (Some(identity), Some(when)) = (identity, when) else {
        return draw(&server, frame, &sent.data, &wrong, None);
    };
    let chosen = |name: &str| Some(sent.data.get(name)).filter(|v| !v.is_empty()).map(Answer::of);
    let chosen_patient =
        PatientId::new(sent.data.get("patient")).ok().filter(|_| !sent.data.get("same").is_empty());
    let registration = Registration {
        identity,
        diagnosis: chosen("diagnosis"),
        product_intended: chosen("product"),
        referring_site: None,
        when,
        patient: chosen_patient,
        is_somebody_else: !sent.data.get("somebody-else").is_empty(),
    };
    let (app, session, key) = (server.app.clone(), viewer.session.clone(), sent.data.get("key").to_owned());
    match blocking(move || app.register(&session, &key, registration)).await {
        Ok((journey, _)) => Redirect::to(&format!("/journeys/{journey}?recorded=registered")).into_response(),
        Err(AppError::Duplicate(patients)) => {
            let known = match server.app.found(&viewer.session, &patients) {
                Ok(known) => known,
                Err(error) => return answer::wrong(frame, &error),
            };
            let above = duplicate(frame, &sent.data, patients.len(), &known);
            draw(&server, frame, &sent.data, &Wrong::new(), Some(above))
        }
        Err(error) => {
            match super::step::panel(frame, error, viewer.session.role, "/journeys/new", &sent.data) {
                Ok(panel) => draw(&server, frame, &sent.data, &Wrong::new(), Some(panel)),
                Err(fault) => answer::wrong(frame, &fault),
            }
        }
    }
}

/// Shows who this may be; going on needs a word of the person: the same one, or somebody else.
fn duplicate(frame: &Frame, data: &Submitted, count: usize, known: &[Found]) -> Markup {
    let again = |name: &str, value: &str, class: &str, label: &str, patient: Option<&str>| {
        html! {
            form method="post" action="/journeys/new" {
                @for (name, value) in data.iter().filter(|(name, _)| !matches!(*name, "same" | "somebody-else" | "patient")) { input type="hidden" name=(name) value=(value); }
                input type="hidden" name=(name) value=(value);
                @if let Some(patient) = patient { input type="hidden" name="patient" value=(patient); }
                button class=(class) type="submit" { (label) }
            }
        }
    };
    let hidden = count.saturating_sub(known.len());
    html! {
        section class="refusal" role="alert" {
            h2 { (icon(Icon::Warning)) " " (frame.tw("duplicate", &[("n", &count.to_string())])) }
            div class="body stack pad" {
                @for one in known {
                    div class="panel body stack alike" {
                        p {
                            b { (one.person.name(frame.lang == Lang::ZhTw).unwrap_or("?")) } " · " (one.person.birth_date.as_deref().unwrap_or("?")) " · " (one.person.record_number.as_deref().unwrap_or("?"))
                            @for journey in &one.journeys { " · " a href=(format!("/journeys/{}", journey.row.journey)) target="_blank" rel="noopener" { (journey.row.phase.name().get(frame.lang)) } }
                        }
                        (again("same", "yes", "button first", &frame.t("duplicate-same"), Some(one.patient.as_str())))
                    }
                }
                @if hidden > 0 { p class="medium dim" { (frame.tw("duplicate-hidden", &[("n", &hidden.to_string())])) } }
                (again("somebody-else", "yes", "button stop", &frame.t("duplicate-go-on"), None))
            }
        }
    }
}
