//! FHIR R4: Bundles, single resources, arrays and NDJSON to charts.
//!
//! Read are Patient, Condition, Procedure, Observation (with components) and
//! MedicationAdministration with its Medication; every other resource and every code without meaning
//! here is counted and reported. `docs/fhir.md` lists every code. Reading is one pass over borrowed
//! text; only when that fails is it done again with the path tracked. Knows no grading.

pub(crate) mod codes;
mod collect;
mod document;
mod documentation;
mod error;
mod join;
mod json;
mod medication;
mod model;
mod observation;
mod part;
mod treatment;
mod version;

use crate::{
    InputKind, Loaded,
    encoding::{self, Encoding},
    sniff,
};
use collect::Collector;
use document::DocumentSeed;
pub use documentation::documentation;
pub use error::FhirError;
use jiff::Timestamp;
pub use join::join;
use json::PATH_MARK;
pub use part::Part;
use serde::de::DeserializeSeed;
use std::sync::Arc;
use vena_base::Zone;
use vena_knowledge::Knowledge;

/// Deepest nesting read. No R4 resource comes near it.
pub const DEPTH_MAX: usize = 120;
/// Largest document read unless another limit is given, in bytes.
pub const BYTES_MAX: usize = 2_000_000_000;

/// How FHIR is read.
#[derive(Debug, Clone)]
pub struct FhirOptions {
    /// Where days are counted; `None`: in the offset of the infusion.
    pub zone: Option<Zone>,
    /// What lies after it is in the future.
    pub now: Timestamp,
    /// Largest document read, in bytes.
    pub bytes_max: usize,
}

impl FhirOptions {
    /// Options with everything but now left to the document.
    pub fn at(now: Timestamp) -> FhirOptions {
        FhirOptions { zone: None, now, bytes_max: BYTES_MAX }
    }
}

/// Reads one document to charts.
///
/// # Errors
/// The document is refused as a whole, with the path where that shows.
pub fn read_bundle(bytes: &[u8], options: &FhirOptions, knowledge: &Knowledge) -> Result<Loaded, FhirError> {
    let part = read_part(bytes, None, options, knowledge)?;
    Ok(join(vec![part], options, knowledge))
}

/// Reads one document to what it says, to be joined with others by [`join`]: people of one file may
/// be described in another, and the same person in both becomes one chart.
///
/// # Errors
/// The document is refused as a whole, with the path where that shows.
pub fn read_part(
    bytes: &[u8],
    file: Option<&str>,
    options: &FhirOptions,
    knowledge: &Knowledge,
) -> Result<Part, FhirError> {
    if bytes.len() > options.bytes_max {
        return Err(FhirError::TooLarge { bytes: bytes.len(), limit: options.bytes_max });
    }
    let kind = sniff(bytes);
    match kind {
        InputKind::Empty => return Err(FhirError::Empty),
        InputKind::Xml => return Err(FhirError::Xml),
        _ => {}
    }
    let text = encoding::decode(bytes, Encoding::Detect, |_| false)?;
    let text: &str = text.trim_start_matches('\u{feff}');
    let file: Option<Arc<str>> = file.map(Arc::from);
    if let Some(at) = json::too_deep(text, DEPTH_MAX) {
        let head = text.get(..at).unwrap_or(text);
        return Err(FhirError::TooDeep {
            line: 1 + memchr::memchr_iter(b'\n', head.as_bytes()).count() as u64,
            limit: DEPTH_MAX,
            path: path_at(head, knowledge, options),
        });
    }
    let mut collector = Collector::new(knowledge, options, file);
    if kind == InputKind::NdJson {
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            one(line, format!("line {}: ", number + 1), &mut collector)
                .map_err(|error| at_line(error, number))?;
        }
    } else {
        one(text, String::new(), &mut collector)?;
    }
    Ok(collector.part)
}

fn one(text: &str, prefix: String, collector: &mut Collector<'_>) -> Result<(), FhirError> {
    let mut json = serde_json::Deserializer::from_str(text);
    let read = DocumentSeed { collector: &mut *collector, prefix: prefix.clone() }.deserialize(&mut json);
    match read.and_then(|()| json.end()) {
        Ok(()) => Ok(()),
        Err(_) => Err(located(text, &prefix, collector)),
    }
}

/// Reads a document that failed once more, with the path tracked.
fn located(text: &str, prefix: &str, collector: &Collector<'_>) -> FhirError {
    let mut again = collector.again();
    let mut json = serde_json::Deserializer::from_str(text);
    let mut track = serde_path_to_error::Track::new();
    let seed = DocumentSeed { collector: &mut again, prefix: String::new() };
    let read = seed.deserialize(serde_path_to_error::Deserializer::new(&mut json, &mut track));
    let inner = track.path().to_string();
    let (error, inner) = match read {
        Err(error) => (error, inner),
        Ok(()) => match json.end() {
            Err(error) => (error, String::new()),
            // It failed before and not now: no such document is known, but it is not taken.
            Ok(()) => return wrong(prefix, 1, 1, "could not be read".to_owned()),
        },
    };
    let (mut path, mut reason) = (inner, error.to_string());
    while let Some((deeper, why)) = reason.strip_prefix(PATH_MARK).and_then(|rest| rest.split_once(PATH_MARK))
    {
        path = if path == "." { deeper.to_owned() } else { format!("{path}.{deeper}") };
        reason = why.to_owned();
    }
    let path = whole_path(text, prefix, &path);
    if error.is_eof() {
        return FhirError::Truncated { path, line: error.line() };
    }
    let reason = reason.split(" at line ").next().unwrap_or(&reason).to_owned();
    wrong(&path, error.line(), error.column(), reason)
}

/// The path with the document's type at its head.
fn whole_path(text: &str, prefix: &str, inner: &str) -> String {
    let inner = inner.replace("$serde_json::private::RawValue", "");
    let inner = inner.trim_matches('.');
    let head = top_type(text, inner);
    match inner {
        "" => format!("{prefix}{head}"),
        inner if inner.starts_with('[') => format!("{prefix}{inner}"),
        inner => format!("{prefix}{head}.{inner}"),
    }
}

fn wrong(path: &str, line: usize, column: usize, reason: String) -> FhirError {
    FhirError::Wrong { path: path.to_owned(), line, column, reason }
}

/// The path at the end of a text that was cut where it nests too deep.
fn path_at(head: &str, knowledge: &Knowledge, options: &FhirOptions) -> String {
    match located(head, "", &Collector::new(knowledge, options, None)) {
        FhirError::Truncated { path, .. } | FhirError::Wrong { path, .. } => path,
        _ => "the document".to_owned(),
    }
}

/// What the document calls itself, for the head of a path.
fn top_type<'t>(text: &'t str, inner: &str) -> &'t str {
    if inner.starts_with("entry") {
        return "Bundle";
    }
    let named = || {
        let rest = text.split_once("\"resourceType\"")?.1.trim_start().strip_prefix(':')?;
        let name = rest.trim_start().strip_prefix('"')?.split('"').next()?;
        name.chars().all(|c| c.is_ascii_alphanumeric()).then_some(name)
    };
    named().unwrap_or("document")
}

fn at_line(error: FhirError, number: usize) -> FhirError {
    match error {
        FhirError::Truncated { path, .. } => FhirError::Truncated { path, line: number + 1 },
        FhirError::Wrong { path, column, reason, .. } => {
            FhirError::Wrong { path, line: number + 1, column, reason }
        }
        other => other,
    }
}
