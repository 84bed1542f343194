//! A form sent after the session had ended: what was typed is kept through signing in, and the form is
//! shown again with it. Nothing is recorded until the person who signed in sends it.
//!
//! Must not know: what any form means.

use crate::{
    answer,
    forms::reader::Submitted,
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

/// Whether a form at this address can be shown again with what was typed and without recording anything.
pub fn resumable(path: &str) -> bool {
    let Some(rest) = path.strip_prefix("/journeys/") else { return false };
    if rest == "new" {
        return true;
    }
    let parts: Vec<&str> = rest.split('/').collect();
    matches!(
        parts.as_slice(),
        [_, "vitals" | "crs" | "neuro" | "laboratory" | "drug" | "ice" | "capd" | "identity"]
            | [_, "step" | "correct" | "attribute", _]
    )
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
    let Some(mut kept) = typed(Request::from_parts(parts, body), &server).await else {
        return answer::notice(&visitor.frame, StatusCode::BAD_REQUEST, &visitor.frame.t("unreadable-form"));
    };
    kept.remove(&SECRETS);
    account::sign_in_with(&visitor, &path, &kept)
}

/// The fields of a form; of a file only that there was one.
async fn typed(request: Request, server: &Server) -> Option<Submitted> {
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
                pairs.push(("file-again".to_owned(), file));
            }
        } else {
            let text = part.text().await.ok()?;
            length += text.len();
            if length > KEPT_BYTES_MAX {
                return None;
            }
            pairs.push((name, text));
        }
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
        for path in
            ["/journeys/new", "/journeys/J-1/vitals", "/journeys/J-1/step/died", "/journeys/J-1/correct/3"]
        {
            assert!(resumable(path), "{path}");
        }
        for path in [
            "/people",
            "/access",
            "/sign-in",
            "/journeys/J-1/identity/merge",
            "/journeys/J-1/assays",
            "/knowledge/crs/astct@2019",
        ] {
            assert!(!resumable(path), "{path}");
        }
    }
}
