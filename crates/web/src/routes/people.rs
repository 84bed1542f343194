//! The people who use the program, for an administrator: who may sign in, in which role, and where from.

use super::{resume, shared};
use crate::{
    answer,
    forms::reader::{Submitted, Wrong},
    layout::{Frame, Page, page},
    parts::{
        field::{Choice, Field, choices_with, field, wrong_summary},
        icons::{Icon, icon},
    },
    server::{Server, blocking},
    viewer::Viewer,
};
use axum::{
    extract::{Query, Request, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use std::collections::HashMap;
use vena_app::{App, AppError, NewUser, Session, UserInfo};
use vena_base::{Text, ids::UserId};
use vena_journey::Role;

/// The page.
pub async fn list(
    State(server): State<Server>,
    viewer: Viewer,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let done = query.get("done").map(String::as_str);
    draw(&server, &viewer, &Submitted::default(), &Wrong::new(), None, done)
}

fn draw(
    server: &Server,
    viewer: &Viewer,
    data: &Submitted,
    wrong: &Wrong,
    error: Option<&str>,
    done: Option<&str>,
) -> Response {
    let frame = &viewer.frame;
    if viewer.session.role != Role::Administrator {
        return answer::notice(frame, StatusCode::FORBIDDEN, &frame.t("only-administrator"));
    }
    let status =
        if wrong.is_empty() && error.is_none() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let body = html! {
        div class="heading" {
            h1 { (frame.t("room-people")) } span class="beside" { (frame.t("people-beside")) }
            div class="far" { a href="/access" { (frame.t("room-access")) } }
        }
        div class="stack" {
            @if done.is_some() { div class="notice done" role="status" { (icon(Icon::Tick)) div { b { (frame.t("people-done")) } } } }
            @if resume::is_review(data) { div class="notice warn" role="status" { (icon(Icon::Clock)) div { b { (frame.t("review-nothing-done")) } } } }
            @if let Some(error) = error { div class="notice bad" role="alert" { (icon(Icon::Warning)) div { b { (error) } } } }
            section class="panel edge" {
                div class="scroller" tabindex="0" role="region" aria-label=(frame.t("room-people")) {
                    table class="cards rules" {
                        thead { tr { th scope="col" { (frame.t("person-name")) } th scope="col" { (frame.t("person-role")) } th scope="col" { (frame.t("sessions-open")) } th scope="col" { span class="unseen" { (frame.t("change")) } } } }
                        tbody { @for info in server.app.users() { (row(frame, server, &viewer.session, &info, data)) } }
                    }
                }
            }
            (new_person(frame, data, wrong))
        }
    };
    let drawn = page(
        frame,
        &Page { title: frame.t("room-people"), room: "people", body: Some(body), ..Page::default() },
    );
    (status, drawn).into_response()
}

fn row(frame: &Frame, server: &Server, session: &Session, info: &UserInfo, data: &Submitted) -> Markup {
    let own = info.user == session.user;
    let command_line = info.login == "command-line";
    let sessions = server.app.sessions_of(&info.user);
    let id = info.user.as_str();
    html! {
        tr id=(id) {
            td class="full" {
                b { (info.name.get(frame.lang)) } " " span class="quiet code" { (info.login) }
                @if info.disabled { " " span class="tag" { (frame.t("person-disabled")) } }
                @if own { " " span class="tag" { (frame.t("person-own")) } }
            }
            td data-label=(frame.t("person-role")) { (info.role.name().get(frame.lang)) }
            td data-label=(frame.t("sessions-open")) { (sessions) }
            td class="full" {
                @if own { span class="quiet small" { (frame.t("person-own-hint")) } }
                @else if command_line { span class="quiet small" { (frame.t("person-command-line")) } }
                @else {
                    details class="why" open[data.get("user") == id] {
                        summary { (frame.t("change")) span class="unseen" { " " (info.login) } }
                        div class="stack" {
                            (role_form(frame, info, if data.get("user") == id { Role::parse(data.get("role")) } else { None }))
                            (small_form(frame, id, "password", "button", &frame.t("password-set"), Some(("password", frame.t("password-new")))))
                            @if sessions > 0 { (small_form(frame, id, "sign-out", "button", &frame.t("sign-out-everywhere"), None)) }
                            @if !info.disabled { (small_form(frame, id, "disable", "button stop", &frame.t("person-disable"), None)) }
                            @if info.disabled { (small_form(frame, id, "enable", "button", &frame.t("person-enable"), None)) }
                        }
                    }
                }
            }
        }
    }
}

fn role_form(frame: &Frame, info: &UserInfo, typed: Option<Role>) -> Markup {
    let name = format!("role-{}", info.user);
    html! {
        form class="bar wrapping" method="post" action="/people" {
            input type="hidden" name="do" value="role"; input type="hidden" name="user" value=(info.user.as_str());
            label class="unseen" for=(name) { (frame.t("person-role")) }
            select id=(name) name="role" {
                @for role in Role::ALL { option value=(role.as_str()) selected[role == typed.unwrap_or(info.role)] { (role.name().get(frame.lang)) } }
            }
            button class="button" type="submit" { (frame.t("role-change")) }
        }
    }
}

fn small_form(
    frame: &Frame,
    user: &str,
    act: &str,
    class: &str,
    label: &str,
    secret: Option<(&str, String)>,
) -> Markup {
    html! {
        form class="bar wrapping" method="post" action="/people" {
            input type="hidden" name="do" value=(act); input type="hidden" name="user" value=(user);
            @if let Some((name, label)) = &secret {
                label class="unseen" for=(format!("{name}-{user}")) { (label) }
                input id=(format!("{name}-{user}")) name=(name) type="password" autocomplete="new-password" placeholder=(label) required;
            }
            button class=(class) type="submit" { (label) }
            @if secret.is_some() { span class="small quiet" { (frame.t("password-set-hint")) } }
        }
    }
}

fn new_person(frame: &Frame, data: &Submitted, wrong: &Wrong) -> Markup {
    let error = |name: &str| wrong.get(name).map(String::as_str);
    let line = |name: &'static str, label: String, required: bool| {
        field(&Field {
            name,
            label: &label,
            value: data.get(name),
            error: error(name),
            required,
            autocomplete: Some("off"),
            ..Field::default()
        })
    };
    let roles: Vec<Choice<'_>> = Role::ALL
        .iter()
        .map(|role| Choice {
            value: role.as_str(),
            label: role.name().get(frame.lang).to_owned(),
            unsure: false,
        })
        .collect();
    html! {
        section class="panel" aria-labelledby="new-person" {
            header { h2 id="new-person" { (frame.t("person-new")) } }
            form class="form body" method="post" action="/people" novalidate {
                (wrong_summary(&frame.t("form-wrong"), wrong))
                input type="hidden" name="do" value="add";
                (line("login", frame.t("user"), true))
                (line("name-en", frame.t("person-name-en"), true))
                (line("name-zh", frame.t("person-name-zh"), false))
                (choices_with("role", &frame.t("person-role"), data.get("role"), &roles, false, error("role")))
                (field(&Field { name: "password", label: &frame.t("password-new"), kind: "password", autocomplete: Some("new-password"), error: error("password"), hint: Some(&frame.t("password-first-hint")), required: true, ..Field::default() }))
                button class="button first" type="submit" { (frame.t("person-new")) }
            }
        }
    }
}

/// What an administrator does with an account.
pub async fn act(State(server): State<Server>, viewer: Viewer, request: Request) -> Response {
    let frame = &viewer.frame;
    let sent = match shared::sent(&server, frame, &viewer.session, request).await {
        Ok(sent) => sent,
        Err(answer) => return *answer,
    };
    if sent.is_review() {
        return draw(&server, &viewer, &sent.data, &Wrong::new(), None, None);
    }
    let mut wrong = Wrong::new();
    if sent.data.get("do") == "add" {
        for name in ["login", "name-en", "role", "password"] {
            if sent.data.get(name).is_empty() {
                wrong.insert(name.to_owned(), frame.t("error-missing"));
            }
        }
    }
    if !wrong.is_empty() {
        return draw(&server, &viewer, &sent.data, &wrong, None, None);
    }
    let (app, session, data) = (server.app.clone(), viewer.session.clone(), sent.data.clone());
    match blocking(move || done(&app, &session, &data)).await {
        Ok(()) => Redirect::to("/people?done=yes").into_response(),
        Err(error) if error.is_fault() => answer::wrong(frame, &error),
        Err(error) => draw(&server, &viewer, &sent.data, &wrong, Some(&error.message(frame.lang)), None),
    }
}

fn done(app: &App, session: &Session, data: &Submitted) -> Result<(), AppError> {
    let role = || {
        Role::parse(data.get("role"))
            .ok_or_else(|| AppError::Input(Text::new("Choose a role.", "請選擇角色。")))
    };
    if data.get("do") == "add" {
        let name_en = data.get("name-en").to_owned();
        let name_zh = Some(data.get("name-zh")).filter(|zh| !zh.is_empty()).map(str::to_owned);
        let name = Text { zh_tw: name_zh.unwrap_or_else(|| name_en.clone()), en: name_en };
        let new = NewUser {
            login: data.get("login").to_owned(),
            name,
            role: role()?,
            password: data.get("password").to_owned(),
        };
        return app.add_user(Some(session), &new).map(|_| ());
    }
    let user = UserId::new(data.get("user")).map_err(|_| AppError::NotFound(data.get("user").to_owned()))?;
    match data.get("do") {
        "role" => app.set_role(session, &user, role()?),
        "disable" => app.set_disabled(session, &user, true),
        "enable" => app.set_disabled(session, &user, false),
        "sign-out" => app.end_sessions(session, &user),
        "password" if user == session.user => Err(AppError::Input(Text::new(
            "Your own password is changed with the old one: vena user password.",
            "變更自己的密碼須輸入舊密碼：vena user password。",
        ))),
        "password" => app.set_password(session, &user, None, data.get("password")),
        other => Err(AppError::NotFound(other.to_owned())),
    }
}
