//! Who a patient is: put right, with every version kept; limited to some roles; looked at against the limit
//! with a reason; merged with a double and parted again.

use super::{register, shared, step};
use crate::{
    answer,
    forms::reader::{Reader, Submitted, Wrong},
    layout::Frame,
    pages,
    parts::{
        field::{Choice, Field, choices_with, field, when_field, wrong_summary},
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
use vena_app::{App, AppError, Session, access::Restricted, patients::IdentityVersion, search::Found};
use vena_base::{
    Lang, When, Zone,
    ids::{JourneyId, PatientId},
};
use vena_journey::{Role, StepKind, step::ChangeBecause};

/// What stands above the forms after a refusal, and what was typed.
#[derive(Default)]
struct Shown {
    data: Submitted,
    wrong: Wrong,
    above: Option<Markup>,
    /// What was typed into one of the smaller forms.
    small: Submitted,
}

/// The page.
pub async fn page(State(server): State<Server>, viewer: Viewer, Path(id): Path<String>) -> Response {
    match shared::journey_id(&viewer.frame, &id) {
        Ok(journey) => draw(&server, &viewer, &journey, None),
        Err(answer) => *answer,
    }
}

fn draw(server: &Server, viewer: &Viewer, journey: &JourneyId, shown: Option<Shown>) -> Response {
    let frame = &viewer.frame;
    let (app, session) = (&server.app, &viewer.session);
    let found = match app.journey_page(session, journey, None, None) {
        Ok(found) => found,
        Err(error) => return answer::wrong(frame, &error),
    };
    let restricted = match app.restriction(session, journey) {
        Ok(restricted) => restricted,
        Err(error) => return answer::wrong(frame, &error),
    };
    let refused = shown.is_some();
    let Shown { data, wrong, above, small } = shown.unwrap_or_else(|| Shown {
        data: found.person.as_deref().map(|person| filled(server, person)).unwrap_or_default(),
        ..Shown::default()
    });
    let hidden = restricted.as_ref().is_some_and(|restricted| restricted.hidden);
    let content = html! {
        div class="stack" {
            @if let Some(above) = above { (above) }
            @if let Some(restricted) = restricted.as_ref().filter(|r| r.hidden) { (glass_form(frame, server, journey, restricted, &small)) }
            @else {
                @if app.may(session, StepKind::IdentityChanged) { (change_form(frame, server, journey, &data, &wrong)) }
                @else { p class="notice warn" { (frame.t("role-may-not-hint")) } }
                (versions(frame, server, session, journey))
                (doubles(frame, server, session, journey, &small))
                (access_panel(frame, server, session, journey, restricted.as_ref(), &small))
            }
        }
    };
    let title = if hidden { frame.t("identity-restricted") } else { frame.t("identity") };
    let mut response = shared::form_page(frame, server, session, journey, "step", &title, content);
    if refused {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response
}

/// The form as the identity stands now.
fn filled(server: &Server, person: &vena_app::PersonIdentity) -> Submitted {
    let mut data = shared::fresh(server);
    let own = |text: &Option<String>| text.clone().unwrap_or_default();
    data.set("name-zh", own(&person.name_zh));
    data.set("name-latin", own(&person.name_latin));
    data.set("record-number", own(&person.record_number));
    data.set("birth-date", own(&person.birth_date));
    data.set("sex", own(&person.sex));
    data.set("weight", own(&person.weight_kg));
    data.set("when", own(&person.weighed));
    match &person.allergies {
        Some(list) if list.is_empty() => data.set("no-allergies", "yes"),
        Some(list) => data.set("allergies", list.join(", ")),
        None => {}
    }
    data
}

fn change_form(
    frame: &Frame,
    server: &Server,
    journey: &JourneyId,
    data: &Submitted,
    wrong: &Wrong,
) -> Markup {
    let because: Vec<Choice<'_>> = ChangeBecause::ALL
        .iter()
        .map(|one| Choice {
            value: one.as_str(),
            label: one.name().get(frame.lang).to_owned(),
            unsure: false,
        })
        .collect();
    let error = |name: &str| wrong.get(name).map(String::as_str);
    html! {
        section class="panel" aria-labelledby="change-title" {
            header { h2 id="change-title" { (frame.t("identity-change")) } }
            form class="form body" method="post" action=(format!("/journeys/{journey}/identity")) data-keep="" novalidate {
                (wrong_summary(&frame.t("form-wrong"), wrong))
                (pages::step::key_field(data))
                (register::identity_fields(server, frame, data, wrong))
                (when_field(frame, "when", &frame.t("weighed-on"), data.get("when"), error("when"), false))
                (choices_with("because", &frame.t("field-reason"), data.get("because"), &because, false, error("because")))
                (field(&Field { name: "words", label: &format!("{} ({})", frame.t("reason-in-words"), frame.t("optional")), value: data.get("words"), hint: Some(&frame.t("identity-words-hint")), ..Field::default() }))
                button class="button first wide" type="submit" { (frame.t("identity-save")) }
            }
        }
    }
}

/// What each version said, with what changed marked, and who wrote it, when and why.
fn versions(frame: &Frame, server: &Server, session: &Session, journey: &JourneyId) -> Markup {
    let Ok(versions) = server.app.identity_versions(session, journey) else { return html! {} };
    if versions.len() < 2 {
        return html! {};
    }
    let zone = &server.app.config().zone;
    let pairs: Vec<_> = versions.windows(2).collect();
    html! {
        section class="panel edge" aria-labelledby="versions-title" {
            header { h2 id="versions-title" { (frame.t("identity-versions")) } }
            @for pair in pairs { @if let [now, before] = pair { (version(frame, zone, now, before)) } }
        }
    }
}

fn version(frame: &Frame, zone: &Zone, now: &IdentityVersion, before: &IdentityVersion) -> Markup {
    let changed = before.person.differing(&now.person);
    let (old, new) = (before.person.parts(), now.person.parts());
    let lines = old.iter().zip(&new).filter(|((part, _), _)| changed.contains(part));
    html! {
        div class="body change" {
            @if let Some((who, change)) = &now.change {
                p class="medium dim" {
                    (who.get(frame.lang)) " · "
                    (When::parse(&change.at, Some(zone)).map_or_else(|_| change.at.clone(), |when| pages::words::long_when(&when, zone)))
                    @if let Some(because) = ChangeBecause::ALL.iter().find(|one| one.as_str() == change.because) { " · " (because.name().get(frame.lang)) }
                    @if !change.words.is_empty() { " · " (change.words) }
                }
            }
            dl class="pairs" {
                @for ((part, old), (_, new)) in lines {
                    dt { (part.name().get(frame.lang)) }
                    dd { del { (old.as_deref().unwrap_or("–")) } " → " ins { (new.as_deref().unwrap_or("–")) } }
                }
            }
        }
    }
}

fn secret(frame: &Frame, id: &str) -> Markup {
    let name = format!("signature-{id}");
    html! {
        div class="field" {
            label for=(name) { (frame.t("sign-password")) }
            div class="box" { input id=(name) name="signature" type="password" autocomplete="current-password" required; }
        }
    }
}

/// The reason of a smaller form; what was typed stays when the password was wrong.
fn reason_field(frame: &Frame, id: &str, hint: &str, small: &Submitted) -> Markup {
    let name = format!("reason-{id}");
    let typed = if small.get("form") == id { small.get("reason") } else { "" };
    html! {
        input type="hidden" name="form" value=(id);
        div class="field" {
            label for=(name) { (frame.t("field-reason")) }
            div class="box" { textarea id=(name) name="reason" rows="2" required aria-describedby=(format!("{name}-hint")) { (typed) } }
            p class="hint" id=(format!("{name}-hint")) { (hint) }
        }
    }
}

/// Patients who may be the same, and those who were merged already.
fn doubles(
    frame: &Frame,
    server: &Server,
    session: &Session,
    journey: &JourneyId,
    small: &Submitted,
) -> Markup {
    let app = &server.app;
    if !app.may(session, StepKind::PatientMerged) {
        return html! {};
    }
    let (alike, merged) = (
        app.possible_duplicates(session, journey).unwrap_or_default(),
        app.merged_into(session, journey).unwrap_or_default(),
    );
    let key = app.fresh_key().unwrap_or_default();
    html! {
        section class="panel" aria-labelledby="doubles-title" {
            header { h2 id="doubles-title" { (frame.t("doubles")) } }
            div class="body stack" {
                @if alike.is_empty() && merged.is_empty() { p class="quiet" { (frame.t("doubles-none")) } }
                @for one in &alike { (double(frame, journey, &key, one, small)) }
                @for one in &merged {
                    details class="why panel" open[small.get("form") == one.patient.as_str()] {
                        summary {
                            (frame.t("merged-was")) " " b { (one.person.as_ref().and_then(|p| p.name(frame.lang == Lang::ZhTw)).unwrap_or(one.patient.as_str())) }
                            @if let Some(person) = &one.person { " · " (person.record_number.as_deref().unwrap_or("?")) }
                        }
                        form class="form body" method="post" action=(format!("/journeys/{journey}/identity/merge")) {
                            input type="hidden" name="key" value=(key); input type="hidden" name="do" value="part"; input type="hidden" name="patient" value=(one.patient.as_str());
                            p { (frame.tw("part-what", &[("n", &one.journeys.len().to_string())])) }
                            (reason_field(frame, one.patient.as_str(), &frame.t("names-nobody-hint"), small))
                            (secret(frame, one.patient.as_str()))
                            button class="button stop" type="submit" { (frame.t("part-button")) }
                        }
                    }
                }
            }
        }
    }
}

fn double(frame: &Frame, journey: &JourneyId, key: &str, one: &Found, small: &Submitted) -> Markup {
    let id = one.patient.as_str();
    html! {
        details class="why panel" open[small.get("form") == id] {
            summary {
                b { (one.person.name(frame.lang == Lang::ZhTw).unwrap_or("?")) } " · " (one.person.birth_date.as_deref().unwrap_or("?")) " · " (one.person.record_number.as_deref().unwrap_or("?"))
            }
            form class="form body" method="post" action=(format!("/journeys/{journey}/identity/merge")) {
                input type="hidden" name="key" value=(key); input type="hidden" name="do" value="merge"; input type="hidden" name="patient" value=(id);
                p { (frame.t("merge-what")) }
                @for journey in &one.journeys { p { a href=(format!("/journeys/{}", journey.row.journey)) { (journey.row.journey.as_str()) " · " (journey.row.phase.name().get(frame.lang)) } } }
                (reason_field(frame, id, &frame.t("names-nobody-hint"), small))
                (secret(frame, id))
                button class="button stop" type="submit" { (frame.t("merge-button")) }
            }
        }
    }
}

/// Who may see the identity, and the form that limits it.
fn access_panel(
    frame: &Frame,
    server: &Server,
    session: &Session,
    journey: &JourneyId,
    restricted: Option<&Restricted>,
    small: &Submitted,
) -> Markup {
    if !server.app.may_restrict(session) && restricted.is_none() {
        return html! {};
    }
    let action = format!("/journeys/{journey}/identity/access");
    let lang = frame.lang;
    html! {
        section class="panel" aria-labelledby="access-title" {
            header { h2 id="access-title" { (frame.t("access-title")) } }
            div class="body stack" {
                @if let Some(restricted) = restricted {
                    (restriction(frame, &server.app.config().zone, restricted))
                    @if server.app.may_restrict(session) {
                        details class="why" open[small.get("form") == "end"] { summary { (frame.t("restriction-end")) }
                            form class="form" method="post" action=(action) {
                                input type="hidden" name="do" value="end";
                                (reason_field(frame, "end", &frame.t("restrict-reason-hint"), small))
                                (secret(frame, "end"))
                                button class="button stop" type="submit" { (frame.t("restriction-end")) }
                            }
                        }
                    }
                } @else {
                    p class="medium dim" { (frame.t("access-everybody")) }
                    details class="why" open[small.get("form") == "restrict"] { summary { (frame.t("restrict")) }
                        form class="form" method="post" action=(action) {
                            input type="hidden" name="do" value="restrict";
                            fieldset class="field" {
                                legend class="label" { (frame.t("restrict-roles")) }
                                div class="choices" {
                                    @for role in Role::ALL { label class="choice" { input type="checkbox" name=(format!("role-{}", role.as_str())) value="yes" checked[if small.get("form") == "restrict" { !small.get(&format!("role-{}", role.as_str())).is_empty() } else { role == session.role }]; span { (role.name().get(lang)) } } }
                                }
                            }
                            (reason_field(frame, "restrict", &frame.t("restrict-reason-hint"), small))
                            (secret(frame, "restrict"))
                            button class="button stop" type="submit" { (frame.t("restrict")) }
                        }
                    }
                }
            }
        }
    }
}

fn restriction(frame: &Frame, zone: &Zone, restricted: &Restricted) -> Markup {
    let roles: Vec<&str> = restricted.allowed.iter().map(|role| role_name(*role, frame.lang)).collect();
    let at = When::parse(&restricted.at, Some(zone))
        .map_or_else(|_| restricted.at.clone(), |when| pages::words::long_when(&when, zone));
    html! {
        dl class="pairs" {
            dt { (frame.t("restricted-since")) } dd { (at) " · " (restricted.by.get(frame.lang)) }
            dt { (frame.t("restricted-roles")) } dd { (roles.join(" · ")) }
            @if let Some(reason) = &restricted.reason { dt { (frame.t("field-reason")) } dd { (reason) } }
        }
    }
}

fn role_name(role: Role, lang: Lang) -> &'static str {
    static NAMES: std::sync::OnceLock<Vec<(Role, vena_base::Text)>> = std::sync::OnceLock::new();
    let names = NAMES.get_or_init(|| Role::ALL.iter().map(|role| (*role, role.name())).collect());
    names.iter().find(|(one, _)| *one == role).map_or("", |(_, name)| name.get(lang))
}

/// What somebody meets who may not see the identity: why, who can, and the way that is looked at later.
fn glass_form(
    frame: &Frame,
    server: &Server,
    journey: &JourneyId,
    restricted: &Restricted,
    small: &Submitted,
) -> Markup {
    html! {
        section class="refusal stack" aria-labelledby="glass-title" {
            h2 id="glass-title" { (icon(Icon::Lock)) " " (frame.t("identity-restricted")) }
            div class="body stack pad" {
                p { (frame.t("identity-restricted-what")) }
                (restriction(frame, &server.app.config().zone, restricted))
                form class="form" method="post" action=(format!("/journeys/{journey}/identity/glass")) {
                    p { b { (frame.t("glass-title")) } " " (frame.tw("glass-what", &[("n", &server.app.config().broken_glass_h.to_string())])) }
                    (reason_field(frame, "glass", &frame.t("names-nobody-hint"), small))
                    (secret(frame, "glass"))
                    button class="button stop" type="submit" { (frame.t("glass-button")) }
                }
            }
        }
    }
}

/// Puts the identity right.
pub async fn change(
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
        return draw(&server, &viewer, &journey, Some(Shown { data: sent.data, ..Shown::default() }));
    }
    let zone = server.app.config().zone.clone();
    let mut reader = Reader::new(&sent.data, &zone, frame.lang).at(server.app.now());
    let identity = register::identity(&mut reader);
    let offered: Vec<(&str, ChangeBecause)> =
        ChangeBecause::ALL.iter().map(|one| (one.as_str(), *one)).collect();
    let because = reader.one_of("because", &offered);
    let wrong = reader.wrong;
    let (Some(identity), Some(because)) = (identity, because) else {
        return draw(&server, &viewer, &journey, Some(Shown { data: sent.data, wrong, ..Shown::default() }));
    };
    let (app, session, of) = (server.app.clone(), viewer.session.clone(), journey.clone());
    let (key, words) = (sent.data.get("key").to_owned(), sent.data.get("words").to_owned());
    let done = blocking(move || app.change_identity(&session, &key, &of, &identity, because, &words)).await;
    finish(&server, &viewer, &journey, sent.data, done, "identity")
}

/// Recorded, or the page again with what stands against it and everything typed.
fn finish(
    server: &Server,
    viewer: &Viewer,
    journey: &JourneyId,
    data: Submitted,
    done: Result<(), AppError>,
    recorded: &str,
) -> Response {
    let frame = &viewer.frame;
    match done {
        Ok(()) if recorded.is_empty() => {
            Redirect::to(&format!("/journeys/{journey}/identity")).into_response()
        }
        Ok(()) => Redirect::to(&format!("/journeys/{journey}?recorded={recorded}")).into_response(),
        Err(error) if error.is_fault() => answer::wrong(frame, &error),
        Err(error) => {
            let refused = matches!(error, AppError::Refused(_));
            let panel = if refused {
                step::panel(frame, error, viewer.session.role, "", &Submitted::default())
            } else {
                Err(error)
            };
            let above = match panel {
                Ok(above) => above,
                Err(error) => html! {
                    div class="notice bad" role="alert" { (icon(Icon::Warning)) div { b { (error.message(frame.lang)) } } }
                },
            };
            let (data, small) = if recorded.is_empty() {
                (refreshed(server, viewer, journey), data)
            } else {
                (data, Submitted::default())
            };
            let shown = Shown { data, small, above: Some(above), ..Shown::default() };
            draw(server, viewer, journey, Some(shown))
        }
    }
}

/// The change form as it stands, beside another form's refusal.
fn refreshed(server: &Server, viewer: &Viewer, journey: &JourneyId) -> Submitted {
    let page = server.app.journey_page(&viewer.session, journey, None, None).ok();
    page.and_then(|page| page.person).map(|person| filled(server, &person)).unwrap_or_default()
}

async fn small(
    server: Server,
    viewer: Viewer,
    id: String,
    request: Request,
    work: impl FnOnce(&App, &Session, &JourneyId, &Submitted, Option<&str>) -> Result<(), AppError>
    + Send
    + 'static,
) -> Response {
    let frame = &viewer.frame;
    let (journey, sent) = match shared::sent_for(&server, &viewer, &id, request).await {
        Ok(given) => given,
        Err(answer) => return *answer,
    };
    if sent.is_review() {
        let above = html! { div class="notice warn" role="status" { (icon(Icon::Clock)) div { b { (frame.t("review-nothing-done")) } } } };
        let data = refreshed(&server, &viewer, &journey);
        let shown = Shown { data, small: sent.data, above: Some(above), ..Shown::default() };
        return draw(&server, &viewer, &journey, Some(shown));
    }
    let (app, session, of, data) =
        (server.app.clone(), viewer.session.clone(), journey.clone(), sent.data.clone());
    let done = blocking(move || {
        let password = Some(data.get("signature")).filter(|typed| !typed.is_empty());
        work(&app, &session, &of, &data, password)
    });
    let done = done.await;
    finish(&server, &viewer, &journey, sent.data, done, "")
}

/// Limits who sees the identity, or ends that.
pub async fn access(
    State(server): State<Server>,
    viewer: Viewer,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    small(server, viewer, id, request, |app, session, journey, data, password| {
        let reason = data.get("reason");
        if data.get("do") == "end" {
            return app.end_restriction(session, journey, reason, password);
        }
        let named = |role: &Role| !data.get(&format!("role-{}", role.as_str())).is_empty();
        let allowed: Vec<Role> = Role::ALL.into_iter().filter(|role| named(role)).collect();
        app.restrict(session, journey, &allowed, reason, password)
    })
    .await
}

/// Shows a restricted identity to this person, noted and looked at later.
pub async fn glass(
    State(server): State<Server>,
    viewer: Viewer,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    small(server, viewer, id, request, |app, session, journey, data, password| {
        app.break_glass(session, journey, data.get("reason"), password)
    })
    .await
}

/// Merges another patient into this journey's, or parts them again.
pub async fn merge(
    State(server): State<Server>,
    viewer: Viewer,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    small(server, viewer, id, request, |app, session, journey, data, password| {
        let other = PatientId::new(data.get("patient"))
            .map_err(|_| AppError::NotFound(data.get("patient").to_owned()))?;
        let (key, reason) = (data.get("key"), data.get("reason"));
        if data.get("do") == "part" {
            return app.unmerge_patients(session, key, &other, reason, password);
        }
        let into = app.journey_page(session, journey, None, None)?.patient;
        app.merge_patients(session, key, &other, &into, reason, password)
    })
    .await
}
