//! What cannot be shown or done, said in words: the fault page, and the mapping of the application's errors
//! to HTTP. Refusals are drawn by the forms; what arrives here has no form.

use crate::{
    layout::{Frame, Page, page},
    parts::icons::{Icon, icon},
};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::html;
use vena_app::AppError;

/// The HTTP status of an error.
pub fn status(error: &AppError) -> StatusCode {
    match error {
        AppError::Refused(_) | AppError::Duplicate(_) | AppError::KeyReused | AppError::Busy => {
            StatusCode::CONFLICT
        }
        AppError::SignIn | AppError::NoSession | AppError::SignatureNeeded => StatusCode::UNAUTHORIZED,
        AppError::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
        AppError::NotPermitted(_) | AppError::SamePerson => StatusCode::FORBIDDEN,
        AppError::Input(_) => StatusCode::UNPROCESSABLE_ENTITY,
        AppError::NotFound(_) => StatusCode::NOT_FOUND,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A page that says what went wrong. Faults say so without their inner words; those are for the log.
pub fn wrong(frame: &Frame, error: &AppError) -> Response {
    let fault = error.is_fault();
    if fault {
        eprintln!("vena: fault: {error}");
    }
    let words = if fault { frame.t("fault") } else { error.message(frame.lang) };
    notice(frame, status(error), &words)
}

/// A page with one message.
pub fn notice(frame: &Frame, status: StatusCode, words: &str) -> Response {
    let body = html! {
        div class="heading" { h1 { (frame.t("cannot-show")) } }
        div class="notice bad" role="alert" { (icon(Icon::Warning)) div { b { (words) } a href="/" { (frame.t("back-to-board")) } } }
    };
    let content = page(frame, &Page { title: frame.t("cannot-show"), body: Some(body), ..Page::default() });
    (status, content).into_response()
}
