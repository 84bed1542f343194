//! A form sent after the session had ended: what was typed is kept through signing in, and the form is
//! shown again with it. Nothing is recorded until the person who signed in sends it.
//!
//! Must not know: what any form means.

use crate::{
    answer,
    forms::reader::{FIELD_BYTES_MAX, Submitted},
    layout::Frame,
    routes::account,
    server::Server,
    viewer::{SESSION, Visitor},
};
use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Multipart, Request, State},
    http::{Method, StatusCode, header},
    middleware::Next,
    response::Response,
};
use axum_extra::extract::CookieJar;

/// Before the names of kept fields, so that they cannot be taken for the sign-in form's own.
pub const KEPT: &str = "kept:";
/// Longest form kept, in bytes, without its files.
const KEPT_BYTES_MAX: usize = 1 << 20;
/// What is never kept: it is typed again.
const SECRETS: [&str; 3] = ["signature", "second-password", "password"];

/// Whether a form at this address can be shown again with what was typed and without recording anything. Its handler
/// must look at [`is_review`] before it does anything.
pub fn resumable(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    matches!(
        parts.as_slice(),
        ["people" | "access" | "assays"]
            | ["assays", _, "options" | "gate" | "correct" | "record" | "discard"]
            | ["journeys", "new"]
            | [
                "journeys",
                _,
                "vitals"
                    | "crs"
                    | "neuro"
                    | "laboratory"
                    | "collection-tests"
                    | "drug"
                    | "ice"
                    | "capd"
                    | "identity"
            ]
            | ["journeys", _, "step" | "correct" | "attribute", _]
            | ["journeys", _, "identity", "access" | "glass" | "merge"]
    )
}

/// The page a form stands on, where only its sending has the address.
pub fn page_of(path: &str) -> &str {
    let up = |path: &str| path.rfind('/').map_or(0, |slash| slash);
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match parts.as_slice() {
        ["assays", _, _] | ["journeys", _, "identity", _] => path.get(..up(path)).unwrap_or("/"),
        ["knowledge", ..] => path,
        _ if resumable(path) => path,
        _ => "/",
    }
}

/// The form comes back after signing in again: it is shown, nothing is done.
pub fn is_review(data: &Submitted) -> bool {
    data.get("go") == "review"
}

/// The layer: lets everything through but a form of nobody.
pub async fn keep_typed(State(server): State<Server>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    if request.method() != Method::POST || !resumable(&path) {
        return next.run(request).await;
    }
    let jar = CookieJar::from_headers(request.headers());
    if jar.get(SESSION).is_some_and(|token| server.app.session(token.value()).is_ok()) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let Ok(visitor) = Visitor::from_request_parts(&mut parts, &server).await;
    let Some(mut kept) = typed(Request::from_parts(parts, body), &server, &visitor.frame).await else {
        return answer::notice(&visitor.frame, StatusCode::BAD_REQUEST, &visitor.frame.t("unreadable-form"));
    };
    kept.remove(&SECRETS);
    account::sign_in_with(&visitor, &path, &kept)
}

/// The fields of a form; of a file only that there was one.
async fn typed(request: Request, server: &Server, frame: &Frame) -> Option<Submitted> {
    let kind = request.headers().get(header::CONTENT_TYPE)?.to_str().ok()?.to_owned();
    if !kind.starts_with("multipart/form-data") {
        let (parts, body) = request.into_parts();
        let bytes = axum::body::to_bytes(body, KEPT_BYTES_MAX).await.ok()?;
        let request = Request::from_parts(parts, Body::from(bytes));
        let form = axum::Form::<Vec<(String, String)>>::from_request(request, server).await.ok()?;
        return Some(Submitted::new(form.0));
    }
    let mut multipart = Multipart::from_request(request, server).await.ok()?;
    let mut pairs = Vec::new();
    let mut again: Vec<String> = Vec::new();
    let mut length = 0;
    while let Some(mut part) = multipart.next_field().await.ok()? {
        let name = part.name().unwrap_or_default().to_owned();
        if let Some(file) = part.file_name().map(str::to_owned) {
            // Nobody is signed in: nothing is stored, the bytes go by.
            let mut bytes = 0;
            while let Some(chunk) = part.chunk().await.ok()? {
                bytes += chunk.len();
            }
            if bytes > 0 {
                again.push(file);
            }
        } else {
            let text = part.text().await.ok()?;
            length += text.len();
            if length > KEPT_BYTES_MAX {
                return None;
            }
            // What a field cannot carry is asked for again, never cut.
            if text.len() > FIELD_BYTES_MAX {
                again.push(frame.t("assay-typed"));
            } else {
                pairs.push((name, text));
            }
        }
    }
    if !again.is_empty() {
        pairs.push(("file-again".to_owned(), again.join(", ")));
    }
    Some(Submitted::new(pairs))
}

/// The fields kept behind the sign-in form, with their own names again.
pub fn kept(data: &Submitted) -> Submitted {
    let own = data.iter().filter_map(|(name, value)| Some((name.strip_prefix(KEPT)?, value)));
    Submitted::new(own.map(|(name, value)| (name.to_owned(), value.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Row T3: only forms that can be shown again without recording are resumed.
    #[test]
    fn only_forms_that_record_nothing_when_shown_again_are_resumed() {
        for path in [
            "/journeys/new",
            "/journeys/J-1/vitals",
            "/journeys/J-1/step/died",
            "/journeys/J-1/correct/3",
            "/journeys/J-1/identity/merge",
            "/people",
            "/access",
            "/assays",
            "/assays/A-1/gate",
            "/assays/A-1/record",
        ] {
            assert!(resumable(path), "{path}");
        }
        for path in [
            "/sign-in",
            "/assays/A-1",
            "/assays/A-1/picture/1",
            "/journeys/J-1/assays",
            "/knowledge/crs/astct@2019",
        ] {
            assert!(!resumable(path), "{path}");
        }
    }

    /// Row T3: the way back leads to a page, never to the address of a form's sending.
    #[test]
    fn the_way_back_is_a_page() {
        for (sent, page) in [
            ("/assays/A-1/gate", "/assays/A-1"),
            ("/assays", "/assays"),
            ("/journeys/J-1/identity/merge", "/journeys/J-1/identity"),
            ("/journeys/J-1/vitals", "/journeys/J-1/vitals"),
            ("/knowledge/crs/astct@2019", "/knowledge/crs/astct@2019"),
            ("/preferences", "/"),
        ] {
            assert_eq!(page_of(sent), page);
        }
    }
}
