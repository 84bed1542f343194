//! A form with several files, read into memory up to the server's limit. Knows no assay.

use crate::{answer, forms::reader::Submitted, layout::Frame, routes::resume, server::Server};
use axum::{
    extract::{
        FromRequest, Multipart, Request,
        multipart::{Field, MultipartError},
    },
    http::{StatusCode, header},
    response::Response,
};
use std::collections::BTreeMap;

/// Largest files of a form, together.
pub const BODY_BYTES_MAX: usize = 64 << 20;
/// Where reading ends, whatever comes: until there, files that are too large go by unread.
pub const STREAM_BYTES_MAX: usize = 1 << 30;

/// Fields and files of a form.
pub struct Taken {
    /// The fields.
    pub data: Submitted,
    /// The files, by their field; empty ones are left out.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Why the files cannot be taken as they are.
    pub wrong: Option<String>,
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
/// An answer that says that it is unreadable.
pub async fn taken(server: &Server, frame: &Frame, request: Request) -> Result<Taken, Box<Response>> {
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
        return Ok(Taken { data, files, wrong: None });
    }
    let mut multipart = Multipart::from_request(request, server).await.map_err(|_| unreadable())?;
    let limit = server.app.config().attachment_max_bytes.min(BODY_BYTES_MAX as u64) as usize;
    let mut reading = Reading { left: limit, ..Reading::default() };
    while let Some(part) = multipart.next_field().await.map_err(|_| unreadable())? {
        reading.take(part).await.map_err(|_| unreadable())?;
    }
    let Reading { pairs, files, typed, too_large, empty, .. } = reading;
    let mut data = Submitted::new(pairs);
    // Stands in its field again where something else is wrong.
    if let Some(typed) = typed {
        data.set("typed", typed);
    }
    let wrong = if too_large {
        Some(frame.tw("assay-too-large", &[("limit", &(limit >> 20).to_string())]))
    } else {
        empty.map(|name| frame.tw("assay-empty-file", &[("name", &name)]))
    };
    Ok(Taken { data, files, wrong })
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    pairs: Vec<(String, String)>,
    files: BTreeMap<String, Vec<u8>>,
    typed: Option<String>,
    /// Bytes that may still come.
    left: usize,
    too_large: bool,
    /// Name of a file that holds nothing.
    empty: Option<String>,
}

impl Reading {
    async fn take(&mut self, mut part: Field<'_>) -> Result<(), MultipartError> {
        let name = part.name().unwrap_or_default().to_owned();
        let file = part.file_name().map(str::to_owned);
        // A typed table is as long as a file may be.
        if file.is_none() && name != "typed" {
            self.pairs.push((name, part.text().await?));
            return Ok(());
        }
        let mut bytes = Vec::new();
        // What is too large goes by unread, so that the fields after it are not lost with it.
        while let Some(chunk) = part.chunk().await? {
            if chunk.len() > self.left {
                self.too_large = true;
                bytes = Vec::new();
            }
            if !self.too_large {
                self.left -= chunk.len();
                bytes.extend_from_slice(&chunk);
            }
        }
        if self.too_large {
            return Ok(());
        }
        if !bytes.trim_ascii().is_empty() {
            if name == "typed" {
                self.typed = Some(String::from_utf8_lossy(&bytes).into_owned());
            }
            self.files.insert(name, bytes);
        } else if let Some(file) = file.filter(|file| !file.is_empty()) {
            self.empty = Some(file);
        }
        Ok(())
    }
}
