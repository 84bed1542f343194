//! Who looks: session, language, theme, place. One extractor for every page.

use crate::{
    layout::{Frame, Theme},
    server::Server,
};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::CookieJar;
use std::convert::Infallible;
use vena_app::Session;
use vena_base::Lang;
use vena_journey::StepKind;

/// The session's cookie.
pub const SESSION: &str = "vena-session";
/// The language's cookie.
pub const LANGUAGE: &str = "vena-lang";
/// The theme's cookie.
pub const THEME: &str = "vena-theme";

/// Who looks at a page; may be nobody yet.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// The frame of the page.
    pub frame: Frame,
    /// The session's token, as the browser keeps it.
    pub token: Option<String>,
    /// The session, where somebody is signed in.
    pub session: Option<Session>,
}

/// Somebody signed in. Everybody else is sent to sign in and back again.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// The frame of the page.
    pub frame: Frame,
    /// The session.
    pub session: Session,
}

/// The first language of `Accept-Language` that the program speaks.
fn preferred(headers: &HeaderMap) -> Option<Lang> {
    let wanted = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    wanted.split(',').find_map(|part| Lang::parse(part.split(';').next()?.trim()))
}

fn query_language(parts: &Parts) -> Option<Lang> {
    parts.uri.query()?.split('&').find_map(|pair| Lang::parse(pair.strip_prefix("lang=")?))
}

impl FromRequestParts<Server> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Visitor, Infallible> {
        let jar = CookieJar::from_headers(&parts.headers);
        let cookie = |name: &str| jar.get(name).map(|cookie| cookie.value().to_owned());
        let lang = query_language(parts)
            .or_else(|| cookie(LANGUAGE).and_then(|tag| Lang::parse(&tag)))
            .or_else(|| preferred(&parts.headers))
            .unwrap_or(server.app.config().language);
        let theme = match cookie(THEME).as_deref() {
            Some("dark") => Theme::Dark,
            Some("light") => Theme::Light,
            _ => Theme::System,
        };
        let token = cookie(SESSION);
        let session = token.as_deref().and_then(|token| server.app.session(token).ok());
        let here = parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
        let zone = &server.app.config().zone;
        let may = |step| session.as_ref().is_some_and(|s| server.app.may(s, step));
        let frame = Frame {
            lang,
            theme,
            here,
            person: session
                .as_ref()
                .map(|s| (s.name.get(lang).to_owned(), s.role.name().get(lang).to_owned())),
            synthetic: server.synthetic,
            site: server.app.config().site_name.get(lang).to_owned(),
            site_values: server.app.site_differences().len(),
            administers: session.as_ref().is_some_and(|s| s.role == vena_journey::Role::Administrator),
            reviews: session.as_ref().is_some_and(|s| server.app.may_review(s)),
            registers: may(StepKind::Registered),
            assays: may(StepKind::AssayRecorded),
            now: crate::pages::words::date_time(server.app.now(), zone),
        };
        Ok(Visitor { frame, token, session })
    }
}

impl FromRequestParts<Server> for Viewer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Viewer, Response> {
        let Ok(visitor) = Visitor::from_request_parts(parts, server).await;
        match visitor.session {
            Some(session) => Ok(Viewer { frame: visitor.frame, session }),
            None => {
                // After a form was sent the way back is the form, not the sending.
                let back = if parts.method == axum::http::Method::GET {
                    encode(&visitor.frame.here)
                } else {
                    encode(crate::routes::resume::page_of(parts.uri.path()))
                };
                if parts.headers.contains_key("hx-request") {
                    // A part of a page that is refreshed: the whole page goes to sign in, not the part.
                    let page = parts.headers.get("hx-current-url").and_then(|url| url.to_str().ok());
                    let path = page.and_then(|url| url.splitn(4, '/').nth(3)).map(|path| format!("/{path}"));
                    let back = encode(inside(path.as_deref().unwrap_or("/")));
                    return Err(([("hx-redirect", format!("/sign-in?back={back}"))], "").into_response());
                }
                Err(Redirect::to(&format!("/sign-in?back={back}")).into_response())
            }
        }
    }
}

/// A path as a query value.
pub fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                out.push(char::from(byte))
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// A path within this site; anything else becomes the board, so that no link can lead away.
pub fn inside(path: &str) -> &str {
    let local = path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\n', '\r', '\t']);
    if local { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_never_leads_away() {
        assert_eq!(inside("/journeys/J1?x=1"), "/journeys/J1?x=1");
        for outside in
            ["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere", "elsewhere", "/a\nb"]
        {
            assert_eq!(inside(outside), "/", "{outside}");
        }
    }
}
