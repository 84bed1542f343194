//! Signing in and out, language and theme.

use crate::{
    answer,
    forms::reader::Submitted,
    layout::{Frame, Page, page},
    parts::{
        field::{Field, field},
        icons::{Icon, icon},
    },
    routes::resume::{KEPT, kept, page_of, resumable},
    server::{Server, blocking},
    viewer::{LANGUAGE, SESSION, THEME, Visitor, inside},
};
use axum::{
    Form,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};
use maud::{Markup, html};
use std::collections::HashMap;
use vena_base::Lang;

fn cookie(name: &'static str, value: String) -> Cookie<'static> {
    // Secure: browsers treat loopback as safe, and elsewhere the program stands behind TLS.
    Cookie::build((name, value)).path("/").http_only(true).secure(true).same_site(SameSite::Strict).build()
}

fn lasting(name: &'static str, value: String) -> Cookie<'static> {
    let mut cookie = cookie(name, value);
    cookie.make_permanent();
    cookie
}

/// The sign-in page.
pub async fn sign_in_page(visitor: Visitor, Query(query): Query<HashMap<String, String>>) -> Response {
    let back = query.get("back").map_or("/", |b| inside(b)).to_owned();
    if visitor.session.is_some() {
        return Redirect::to(&back).into_response();
    }
    draw(&visitor, &back, "", None, StatusCode::OK, &Submitted::default())
}

/// The sign-in page in answer to a form nobody was signed in for: what was typed stays with it.
pub fn sign_in_with(visitor: &Visitor, path: &str, kept: &Submitted) -> Response {
    draw(visitor, path, "", None, StatusCode::UNAUTHORIZED, kept)
}

fn draw(
    visitor: &Visitor,
    back: &str,
    user: &str,
    error: Option<&str>,
    status: StatusCode,
    kept: &Submitted,
) -> Response {
    let frame = &visitor.frame;
    let keeps = kept.iter().next().is_some();
    let body = html! {
        div class="heading" { h1 { (frame.t("sign-in")) } }
        @if keeps { div class="notice warn" role="status" { (icon(Icon::Clock)) div { b { (frame.t("session-ended")) } (frame.t("typed-is-kept")) } } }
        form class="form" method="post" action="/sign-in" {
            input type="hidden" name="back" value=(back);
            @for (name, value) in kept.iter() { input type="hidden" name=(format!("{KEPT}{name}")) value=(value); }
            (field(&Field { name: "user", label: &frame.t("user"), value: user, autocomplete: Some("username"), required: true, ..Field::default() }))
            (field(&Field { name: "password", label: &frame.t("password"), kind: "password", autocomplete: Some("current-password"), error, required: true, ..Field::default() }))
            button class="button first wide" type="submit" { (frame.t("sign-in")) }
        }
    };
    (status, page(frame, &Page { title: frame.t("sign-in"), body: Some(body), ..Page::default() }))
        .into_response()
}

/// Signs in.
pub async fn sign_in(
    State(server): State<Server>,
    visitor: Visitor,
    jar: CookieJar,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let data = Submitted::new(pairs);
    let (user, password, back) =
        (data.get("user").to_owned(), data.get("password").to_owned(), inside(data.get("back")).to_owned());
    let app = server.app.clone();
    let login = user.clone();
    let typed = kept(&data);
    match blocking(move || app.sign_in(&login, &password)).await {
        Ok((token, session)) if resumable(&back) && typed.iter().next().is_some() => {
            let frame = Frame {
                person: Some((
                    session.name.get(visitor.frame.lang).to_owned(),
                    session.role.name().get(visitor.frame.lang).to_owned(),
                )),
                here: "/".to_owned(),
                ..visitor.frame.clone()
            };
            (jar.add(cookie(SESSION, token)), resume(&frame, &back, &typed)).into_response()
        }
        Ok((token, _)) => {
            let back = if resumable(&back) { page_of(&back) } else { &back };
            (jar.add(cookie(SESSION, token)), Redirect::to(back)).into_response()
        }
        Err(error) if error.is_fault() => answer::wrong(&visitor.frame, &error),
        Err(error) => {
            let words = error.message(visitor.frame.lang);
            draw(&visitor, &back, &user, Some(&words), answer::status(&error), &typed)
        }
    }
}

/// Leads back to the form with what was typed. It is shown, not recorded: who signed in may be another
/// person than who typed.
fn resume(frame: &Frame, path: &str, typed: &Submitted) -> Markup {
    // ICE has several screens and its own word for showing one again.
    let go = if path.ends_with("/ice") { "stay" } else { "review" };
    let body = html! {
        div class="heading" { h1 { (frame.t("signed-in-again")) } }
        form class="form" method="post" action=(path) data-resume="" {
            @for (name, value) in typed.iter().filter(|(name, _)| *name != "go") { input type="hidden" name=(name) value=(value); }
            input type="hidden" name="go" value=(go);
            p { (frame.t("resume-what")) }
            button class="button first" type="submit" { (frame.t("resume-button")) }
        }
    };
    page(frame, &Page { title: frame.t("signed-in-again"), body: Some(body), ..Page::default() })
}

/// Signs out.
pub async fn sign_out(State(server): State<Server>, visitor: Visitor, jar: CookieJar) -> Response {
    if let Some(token) = visitor.token {
        let app = server.app.clone();
        if let Err(error) = blocking(move || app.sign_out(&token)).await {
            return answer::wrong(&visitor.frame, &error);
        }
    }
    let mut gone = cookie(SESSION, String::new());
    gone.make_removal();
    (jar.add(gone), Redirect::to("/sign-in")).into_response()
}

/// Switches language or theme; the page stays.
pub async fn preferences(jar: CookieJar, Form(pairs): Form<Vec<(String, String)>>) -> Response {
    let data = Submitted::new(pairs);
    let mut jar = jar;
    if let Some(lang) = Lang::parse(data.get("lang")) {
        jar = jar.add(lasting(LANGUAGE, lang.tag().to_owned()));
    }
    if matches!(data.get("theme"), "dark" | "light") {
        jar = jar.add(lasting(THEME, data.get("theme").to_owned()));
    }
    let back = inside(data.get("back"));
    // A language in the address would win over the choice just made.
    let back = back.replace("lang=en", "").replace("lang=zh-TW", "");
    (jar, Redirect::to(&back)).into_response()
}

/// Nothing is here.
pub async fn not_found(visitor: Visitor) -> Response {
    answer::notice(&visitor.frame, StatusCode::NOT_FOUND, &visitor.frame.t("no-such-page"))
}
