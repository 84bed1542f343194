//! A form with several files, read into memory up to the server's limit. Knows no assay.

use crate::{answer, forms::reader::Submitted, layout::Frame, server::Server};
use axum::{
    extract::{FromRequest, Multipart, Request, multipart::MultipartError},
    http::StatusCode,
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

/// Reads a form with files.
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
    let mut multipart = Multipart::from_request(request, server)
        .await
        .map_err(|_| Box::new(answer::notice(frame, StatusCode::BAD_REQUEST, &frame.t("unreadable-form"))))?;
    let (mut pairs, mut files) = (Vec::new(), BTreeMap::new());
    while let Some(part) = multipart.next_field().await.map_err(wrong)? {
        let name = part.name().unwrap_or_default().to_owned();
        // A typed table is as long as a file may be.
        if part.file_name().is_some() || name == "typed" {
            let bytes = part.bytes().await.map_err(wrong)?;
            if !bytes.trim_ascii().is_empty() {
                files.insert(name, bytes.to_vec());
            }
        } else {
            pairs.push((name, part.text().await.map_err(wrong)?));
        }
    }
    Ok(Taken { data: Submitted::new(pairs), files })
}
