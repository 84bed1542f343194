//! A form with several files, read into memory up to the server's limit. Knows no assay.

use crate::{answer, forms::reader::Submitted, layout::Frame, routes::resume, server::Server};
use axum::{
    extract::{FromRequest, Multipart, Request, multipart::MultipartError},
    http::{StatusCode, header},
    response::Response,
};
use std::collections::BTreeMap;

/// Largest form; the server refuses more before it is read.
pub const BODY_BYTES_MAX: usize = 64 << 20;

/// Fields and files of a form.
pub struct Taken {
    /// The fields.
    pub data: Submitted,
    /// The files, by their field; empty ones are left out.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Taken {
    /// The form comes back after signing in again: it is shown, nothing is done.
    pub fn is_review(&self) -> bool {
        resume::is_review(&self.data)
    }
}

/// Reads a form with files; one that comes back after signing in again has none.
///
/// # Errors
/// An answer that says what is wrong: too large, or unreadable.
pub async fn taken(server: &Server, frame: &Frame, request: Request) -> Result<Taken, Box<Response>> {
    let wrong = |problem: MultipartError| {
        let too_large = problem.status() == StatusCode::PAYLOAD_TOO_LARGE;
        let words = if too_large {
            frame.tw("assay-too-large", &[("limit", &(BODY_BYTES_MAX >> 20).to_string())])
        } else {
            frame.t("unreadable-form")
        };
        Box::new(answer::notice(frame, problem.status(), &words))
    };
    let unreadable = || Box::new(answer::notice(frame, StatusCode::BAD_REQUEST, &frame.t("unreadable-form")));
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
        let form = axum::Form::<Vec<(String, String)>>::from_request(request, server).await;
        let pairs = form.map_err(|_| unreadable())?.0;
        let (typed, pairs): (Vec<_>, Vec<_>) =
            pairs.into_iter().partition(|(name, value)| name == "typed" && !value.trim().is_empty());
        let mut data = Submitted::new(pairs);
        let mut files = BTreeMap::new();
        for (name, value) in typed {
            data.set(&name, value.clone());
            files.insert(name, value.into_bytes());
        }
        return Ok(Taken { data, files });
    }
    let mut multipart = Multipart::from_request(request, server).await.map_err(|_| unreadable())?;
    let (mut pairs, mut files, mut typed) = (Vec::new(), BTreeMap::new(), None);
    while let Some(part) = multipart.next_field().await.map_err(wrong)? {
        let name = part.name().unwrap_or_default().to_owned();
        // A typed table is as long as a file may be.
        if part.file_name().is_some() || name == "typed" {
            let bytes = part.bytes().await.map_err(wrong)?;
            if !bytes.trim_ascii().is_empty() {
                if name == "typed" {
                    typed = Some(String::from_utf8_lossy(&bytes).into_owned());
                }
                files.insert(name, bytes.to_vec());
            }
        } else {
            pairs.push((name, part.text().await.map_err(wrong)?));
        }
    }
    let mut data = Submitted::new(pairs);
    // Stands in its field again where something else is wrong.
    if let Some(typed) = typed {
        data.set("typed", typed);
    }
    Ok(Taken { data, files })
}
