//! How a version of an unrecorded result is kept: an event that says who changed it and when, and beside it, encrypted
//! like every other file, all that anybody typed or an instrument wrote. Before a journey is chosen nobody knows whose
//! names to look for, so no name of a sample, a gate or a standard may stand in the ledger, where nothing is deleted.
//!
//! Must not know: how an assay is computed, what is changed.

use super::{AssayDraft, DRAFT_EVENT, changed_meanwhile, draft_stream, examples, input};
use crate::{App, AppError, accounts::Session, assay_compute::AssayOptions, journeys::written};
use serde::{Deserialize, Serialize};
use vena_base::ids::{EventId, JourneyId, UserId};
use vena_journey::{AssayEdit, AssayFile, AssayKind, JsonText, step::FileDigest};
use vena_ledger::{Append, AttachmentRef, Ledger as _, NewEvent, StoredEvent};

/// Version of the event written now.
const VERSION: u32 = 2;
/// Random bytes in an encrypted document, so that its digest in the ledger tells nobody what may stand in it.
const SALT_BYTES: usize = 16;

/// The event of version 1: everything stood in it. Read for ever, not written any more.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EventBefore {
    kind: AssayKind,
    files: Vec<AssayFile>,
    parameters: JsonText,
    #[serde(default)]
    edits: Vec<AssayEdit>,
    method: Option<String>,
    result_digest: Option<FileDigest>,
    journey: Option<JourneyId>,
    #[serde(default)]
    recorded: Option<EventId>,
}

/// The event of a version: nothing in it was typed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    kind: AssayKind,
    /// Digest of the encrypted document that holds the rest.
    content: FileDigest,
    /// The files gave no result.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    refused: bool,
    /// Begun from one of the program's own examples.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    example: bool,
    /// Put aside by whoever wrote this version.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    discarded: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    journey: Option<JourneyId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recorded: Option<EventId>,
}

/// The encrypted document of a version.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    salt: String,
    files: Vec<AssayFile>,
    /// Where the files are. An event names only what came with it: one result may have more files than an event may.
    stored: Vec<AttachmentRef>,
    parameters: JsonText,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    edits: Vec<AssayEdit>,
    method: Option<String>,
    result_digest: Option<FileDigest>,
}

/// A line in the list of unrecorded results: what their events say without opening anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftLine {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: u64,
    /// Which assay.
    pub kind: AssayKind,
    /// The files gave no result.
    pub refused: bool,
    /// It is one of the program's own examples.
    pub example: bool,
    /// It was recorded.
    pub recorded: bool,
    /// It was put aside.
    pub discarded: bool,
    /// By whom its newest version.
    pub by: UserId,
    /// When, as written.
    pub at: String,
}

fn wrong(stored: &StoredEvent, cause: impl std::fmt::Display) -> AppError {
    AppError::StoredEvent { position: stored.position.0, cause: cause.to_string() }
}

fn id_of(stored: &StoredEvent) -> String {
    stored.stream.as_str().strip_prefix(super::PREFIX).unwrap_or_default().to_owned()
}

/// What the list shows of a version.
///
/// # Errors
/// Not such an event.
pub(super) fn line_of(stored: &StoredEvent) -> Result<DraftLine, AppError> {
    let line = |kind, refused, example, recorded, discarded| -> Result<DraftLine, AppError> {
        Ok(DraftLine {
            id: id_of(stored),
            version: stored.seq,
            kind,
            refused,
            example,
            recorded,
            discarded,
            by: UserId::new(&stored.by).map_err(|cause| wrong(stored, cause))?,
            at: stored.recorded_at.clone(),
        })
    };
    match stored.event_version {
        1 => {
            let body: EventBefore =
                serde_json::from_slice(&stored.body).map_err(|cause| wrong(stored, cause))?;
            let example = examples::is_one_of(&body.files);
            line(body.kind, body.result_digest.is_none(), example, body.recorded.is_some(), false)
        }
        VERSION => {
            let body: Event = serde_json::from_slice(&stored.body).map_err(|cause| wrong(stored, cause))?;
            line(body.kind, body.refused, body.example, body.recorded.is_some(), body.discarded)
        }
        newer => Err(wrong(stored, format!("version {newer} of {DRAFT_EVENT}"))),
    }
}

/// A version as its event tells it; `load` opens the encrypted document.
///
/// # Errors
/// Not such an event or document.
fn draft_of(
    stored: &StoredEvent,
    load: impl Fn(&AttachmentRef) -> Result<Vec<u8>, AppError>,
) -> Result<AssayDraft, AppError> {
    let line = line_of(stored)?;
    let (content, journey, recorded) = if stored.event_version == 1 {
        let body: EventBefore = serde_json::from_slice(&stored.body).map_err(|cause| wrong(stored, cause))?;
        let content = Content {
            salt: String::new(),
            files: body.files,
            stored: stored.attachments.clone(),
            parameters: body.parameters,
            edits: body.edits,
            method: body.method,
            result_digest: body.result_digest,
        };
        (content, body.journey, body.recorded)
    } else {
        let body: Event = serde_json::from_slice(&stored.body).map_err(|cause| wrong(stored, cause))?;
        let document =
            stored.attachments.iter().find(|own| own.plain_sha256.to_string() == body.content.as_str());
        let document = document.ok_or_else(|| wrong(stored, "its document is not named"))?;
        let content = serde_json::from_slice(&load(document)?).map_err(|cause| wrong(stored, cause))?;
        (content, body.journey, body.recorded)
    };
    Ok(AssayDraft {
        id: line.id,
        version: line.version,
        kind: line.kind,
        options: AssayOptions::read(line.kind, &content.parameters).map_err(|cause| wrong(stored, cause))?,
        files: content.files,
        edits: content.edits,
        method: content.method,
        result_digest: content.result_digest,
        example: line.example,
        discarded: line.discarded,
        journey,
        recorded,
        by: line.by,
        at: line.at,
        named: content.stored.len(),
        stored: content.stored,
    })
}

impl App {
    /// Random text for a document that is stored encrypted under its digest.
    pub(super) fn salt(&self) -> Result<String, AppError> {
        Ok(vena_ledger::to_hex(&self.entropy.bytes::<SALT_BYTES>()?))
    }

    /// A version read back.
    pub(super) fn stored_draft(&self, stored: &StoredEvent) -> Result<AssayDraft, AppError> {
        draft_of(stored, |document| {
            let mut bytes = Vec::with_capacity(usize::try_from(document.size_bytes).unwrap_or(0));
            self.attachments.load(&self.attachments_key, document, &mut bytes)?;
            Ok(bytes)
        })
    }

    /// Writes a version down.
    pub(super) fn append_draft(
        &self,
        session: &Session,
        mut draft: AssayDraft,
        key: &str,
    ) -> Result<AssayDraft, AppError> {
        let stream = draft_stream(&draft.id);
        let head = self.ledger.head(&stream)?;
        if head.map_or(0, |head| head.seq) != draft.version {
            return Err(changed_meanwhile());
        }
        let content = Content {
            salt: self.salt()?,
            files: draft.files.clone(),
            stored: draft.stored.clone(),
            parameters: draft.options.to_json().map_err(input)?,
            edits: draft.edits.clone(),
            method: draft.method.clone(),
            result_digest: draft.result_digest.clone(),
        };
        let content = serde_json::to_vec(&content).map_err(input)?;
        let (document, digest) = self.store_attachment(session, &mut content.as_slice())?;
        let body = Event {
            kind: draft.kind,
            content: digest,
            refused: draft.result_digest.is_none(),
            example: draft.example,
            discarded: draft.discarded,
            journey: draft.journey.clone(),
            recorded: draft.recorded.clone(),
        };
        draft.at = written(self.now(), &self.config.zone);
        draft.by = session.user.clone();
        let body = serde_json::to_vec(&body).map_err(input)?;
        let mut event = NewEvent::new(
            stream.clone(),
            DRAFT_EVENT,
            VERSION,
            draft.at.clone(),
            session.user.as_str(),
            body,
        );
        for new in draft.stored.iter().skip(draft.named).chain([&document]) {
            event = event.attach(*new);
        }
        self.ledger.append(Append::new(key.to_owned(), vec![event]).read(stream, head))?;
        draft.named = draft.stored.len();
        draft.version += 1;
        Ok(draft)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use vena_ledger::{Digest, Position, StreamId};

    /// Rows Q10, Q15. Events of every version are read for ever; lines are only added to the fixture.
    #[test]
    fn drafts_of_every_version_are_read() {
        let fixture = include_str!("../../tests/fixtures/assay-drafts.tsv");
        let mut read = 0;
        for line in fixture.lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<&str> = line.split('\t').collect();
            let [version, body, document] = cells.as_slice() else { unreachable!("{line}") };
            let content = AttachmentRef {
                plain_sha256: Digest::of(document.as_bytes()),
                cipher_sha256: Digest::default(),
                size_bytes: document.len() as u64,
            };
            let stored = StoredEvent {
                position: Position(7),
                stream: StreamId::new("assay/A-1"),
                seq: 3,
                event_type: DRAFT_EVENT.to_owned(),
                event_version: version.parse().unwrap(),
                happened: None,
                recorded_at: "2026-03-01T08:00:00+08:00".to_owned(),
                by: "U-1".to_owned(),
                idempotency_key: "k".to_owned(),
                append_first: Position(7),
                append_index: 0,
                append_count: 1,
                body: body.as_bytes().to_vec(),
                attachments: vec![content],
                hash: Digest::default(),
            };
            let draft = draft_of(&stored, |_| Ok(document.as_bytes().to_vec())).unwrap();
            assert_eq!((draft.id.as_str(), draft.version, draft.files.len()), ("A-1", 3, 2));
            assert_eq!(draft.edits.len(), 1);
            assert_eq!(&*draft.edits[0].what, "gate Cells");
            let listed = line_of(&stored).unwrap();
            assert_eq!((listed.kind, listed.refused, listed.recorded), (draft.kind, false, false));
            read += 1;
        }
        assert!(read >= 2, "{read} lines");
    }
}
