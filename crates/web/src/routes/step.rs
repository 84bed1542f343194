//! The forms of a journey's steps: shown, sent, refused or recorded.

use super::shared::{self, Sent};
use crate::{
    answer,
    forms::{
        reader::{Reader, Submitted, Wrong},
        steps::{self, Part, StepForm},
    },
    layout::Frame,
    pages,
    parts::{
        field::{Field, field},
        icons::{Icon, icon},
    },
    server::{Server, blocking},
    viewer::Viewer,
};
use axum::{
    extract::{Path, Request, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use vena_app::{AppError, Session, act};
use vena_base::ids::JourneyId;
use vena_journey::{Role, Standing, Step, StepKind};

/// The form, with what the journey already knows filled in.
pub async fn page(
    State(server): State<Server>,
    viewer: Viewer,
    Path((id, slug)): Path<(String, String)>,
) -> Response {
    let frame = &viewer.frame;
    let Some(form) = steps::form(&slug) else {
        return answer::notice(frame, StatusCode::NOT_FOUND, &frame.t("no-such-page"));
    };
    let journey = match shared::journey_id(frame, &id) {
        Ok(journey) => journey,
        Err(answer) => return *answer,
    };
    let mut data = shared::fresh(&server);
    if let Ok(found) = server.app.journey_page(&viewer.session, &journey, None, None) {
        prefill(form, &found, &mut data);
    }
    draw(frame, &server, &viewer.session, &journey, form, &data, &Wrong::new(), None)
}

/// Bags and product are known from earlier steps; numbers that must be read are never filled in.
fn prefill(form: &StepForm, found: &vena_app::pages::JourneyPage, data: &mut Submitted) {
    let bags: Vec<String> = found.state.bags.keys().map(ToString::to_string).collect();
    for (name, _, part, _) in form.rows {
        match (*name, part) {
            ("bags", Part::Line) if form.kind != StepKind::Collected => data.set("bags", bags.join(" ")),
            ("bag", Part::Line) if bags.len() == 1 && form.kind != StepKind::IdentityRead => {
                data.set("bag", bags.join(" "))
            }
            ("product", _) => {
                if let Some(product) = found.state.product_meant() {
                    data.set("product", product.as_str());
                }
            }
            ("check", _) => data.set("check", "infusion"),
            ("kind", _) => data.set("kind", "treatment"),
            _ => {}
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "one page, drawn from one place")]
fn draw(
    frame: &Frame,
    server: &Server,
    session: &Session,
    journey: &JourneyId,
    form: &StepForm,
    data: &Submitted,
    wrong: &Wrong,
    above: Option<Markup>,
) -> Response {
    let action = format!("/journeys/{journey}/step/{}", form.slug);
    let refused = above.is_some();
    let content = html! {
        div class="stack" {
            @if let Some(above) = above { (above) }
            @if !server.app.may(session, form.kind) { p class="notice warn" { (frame.t("role-may-not-hint")) } }
            @if pages::step::needs_second(form.kind) { div class="notice" { (icon(Icon::People)) div { (frame.t("second-person-hint")) } } }
            (pages::step::form(frame, server.app.knowledge(), form, &action, data, wrong))
        }
    };
    let title = form.kind.name().get(frame.lang).to_owned();
    let mut response = shared::form_page(frame, server, session, journey, "step", &title, content);
    if refused {
        *response.status_mut() = StatusCode::CONFLICT;
    } else if !wrong.is_empty() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response
}

/// Records the step, or says at once what stands against it.
pub async fn record(
    State(server): State<Server>,
    viewer: Viewer,
    Path((id, slug)): Path<(String, String)>,
    request: Request,
) -> Response {
    let frame = &viewer.frame;
    let Some(form) = steps::form(&slug) else {
        return answer::notice(frame, StatusCode::NOT_FOUND, &frame.t("no-such-page"));
    };
    let (journey, sent) = match shared::sent_for(&server, &viewer, &id, request).await {
        Ok(given) => given,
        Err(answer) => return *answer,
    };
    if sent.is_review() {
        return draw(frame, &server, &viewer.session, &journey, form, &sent.data, &Wrong::new(), None);
    }
    let zone = server.app.config().zone.clone();
    let mut reader = Reader::new(&sent.data, &zone, frame.lang).at(server.app.now());
    let step = (form.build)(&mut reader, sent.file.as_ref().map(|(_, digest)| digest.clone()));
    let wrong = reader.wrong;
    let Some(step) = step.filter(|_| wrong.is_empty()) else {
        return draw(frame, &server, &viewer.session, &journey, form, &sent.data, &wrong, None);
    };
    let action = format!("/journeys/{journey}/step/{}", form.slug);
    match submit(&server, &viewer.session, &journey, &sent, step).await {
        Ok(()) => recorded(&journey, form.slug),
        // The second person's name or password, said at their fields.
        Err(error @ (AppError::SignIn | AppError::Throttled { .. } | AppError::SamePerson))
            if !sent.data.get("second-login").is_empty() && sent.data.get("standing").is_empty() =>
        {
            let same = matches!(error, AppError::SamePerson);
            let at = if same { "second-login" } else { "second-password" };
            let wrong = Wrong::from([(at.to_owned(), error.message(frame.lang))]);
            draw(frame, &server, &viewer.session, &journey, form, &sent.data, &wrong, None)
        }
        Err(error) => refused(&viewer, error, &action, &sent.data, |panel| {
            draw(frame, &server, &viewer.session, &journey, form, &sent.data, &Wrong::new(), Some(panel))
        }),
    }
}

/// The journey's page, which says what was recorded.
pub fn recorded(journey: &JourneyId, what: &str) -> Response {
    Redirect::to(&format!("/journeys/{journey}?recorded={what}")).into_response()
}

/// The form again, with what a person can do about the error above it; a fault on a page of its own.
pub fn refused(
    viewer: &Viewer,
    error: AppError,
    action: &str,
    data: &Submitted,
    again: impl FnOnce(Markup) -> Response,
) -> Response {
    match panel(&viewer.frame, error, viewer.session.role, action, data) {
        Ok(panel) => again(panel),
        Err(fault) => answer::wrong(&viewer.frame, &fault),
    }
}

/// What a person can do about an error, to stand above their form with everything typed kept.
///
/// # Errors
/// The error itself, where it is a fault.
pub fn panel(
    frame: &Frame,
    error: AppError,
    role: Role,
    action: &str,
    data: &Submitted,
) -> Result<Markup, AppError> {
    match error {
        AppError::Refused(refused) => Ok(pages::step::refusal(frame, &refused, role, action, data)),
        AppError::SignatureNeeded => Ok(signature(frame, action, data, None)),
        AppError::SignIn | AppError::Throttled { .. } => {
            Ok(signature(frame, action, data, Some(&error.message(frame.lang))))
        }
        other if other.is_fault() => Err(other),
        other => Ok(html! {
            div class="notice bad" role="alert" { (icon(Icon::Warning)) div { b { (other.message(frame.lang)) } } }
        }),
    }
}

/// Sends a step to the application in the standing the form asks for.
///
/// # Errors
/// As [`vena_app::App::act`].
pub async fn submit(
    server: &Server,
    session: &Session,
    journey: &JourneyId,
    sent: &Sent,
    step: Step,
) -> Result<(), AppError> {
    let reason: std::sync::Arc<str> = sent.data.get("standing-reason").into();
    let standing = match sent.data.get("standing") {
        "override" => Standing::Override { reason },
        "already-done" => Standing::AlreadyDone { reason },
        _ => Standing::ByRule,
    };
    let given = sent.data.get("key");
    // A refused form that is sent again in another standing is another request.
    let key = if given.is_empty() {
        server.app.fresh_key()?
    } else {
        format!("{given}{}", sent.data.get("standing"))
    };
    let password = sent.data.get("signature");
    let second = Some(sent.data.get("second-login")).filter(|login| !login.is_empty());
    let request = act::Request {
        second: second.map(|login| act::SecondPerson {
            login: login.to_owned(),
            password: sent.data.get("second-password").to_owned(),
        }),
        standing,
        attachments: sent.file.iter().map(|(file, _)| *file).collect(),
        password: (!password.is_empty()).then(|| password.to_owned()),
        ..act::Request::new(journey.clone(), key, step)
    };
    let (app, session) = (server.app.clone(), session.clone());
    blocking(move || app.act(&session, request)).await.map(|_| ())
}

/// Asks for the password again before what is signed: what is signed stands above it in words.
fn signature(frame: &Frame, action: &str, data: &Submitted, error: Option<&str>) -> Markup {
    html! {
        section class="panel" aria-labelledby="sign-title" {
            header { h2 id="sign-title" { (frame.t("sign-title")) } }
            form class="form body" method="post" action=(action) {
                @for (name, value) in data.iter().filter(|(name, _)| !matches!(*name, "signature" | "second-password")) { input type="hidden" name=(name) value=(value); }
                p { (frame.tw("sign-what", &[("reason", data.get("standing-reason"))])) }
                (field(&Field { name: "signature", label: &frame.t("sign-password"), kind: "password", autocomplete: Some("current-password"), error, first: true, required: true, ..Field::default() }))
                button class="button first" type="submit" { (frame.t("sign-button")) }
            }
        }
    }
}
