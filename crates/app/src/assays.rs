//! Laboratory assays as use cases: a file is taken, kept encrypted and analysed; gates and counts are changed
//! with every change written down; the result is recorded on a journey as one event with its files, and is
//! computed again from them. The parts stand beside this file: drafts, gates, counts, recording, names, memory.
//!
//! A result that is not recorded yet has a stream of its own (`assay/A-…`), one event a version, so that
//! nothing a laboratory dropped or changed is lost. What was typed stands encrypted beside the events, not in them.
//!
//! Must not know: pages, how an assay is computed.

mod counts;
mod draft;
pub mod examples;
mod find;
pub mod gate_fields;
mod gates;
pub(crate) mod memory;
pub mod names;
mod record;
mod stored;
mod weight;

use crate::{
    AppError,
    accounts::Session,
    assay_compute::{AssayOptions, AssayRefusal, Computed, Difference},
};
pub use gates::GateChange;
pub use names::NameFound;
use std::sync::Arc;
pub use stored::DraftLine;
use vena_base::{
    Stamp, Text, When,
    ids::{EventId, JourneyId, UserId},
};
use vena_colonies::corrections::Correction;
use vena_journey::{
    AssayEdit, AssayFile, AssayKind, AssayRecord, FileRole, Role, StepKind, may, step::FileDigest,
};
use vena_ledger::{AttachmentRef, StreamId};
pub use weight::{JourneyWeight, WeightUse};

const PREFIX: &str = "assay/";
const DRAFT_EVENT: &str = "assay-draft";
/// Unrecorded results listed at most.
const LISTED_MAX: usize = 30;
/// Files one result may have had; the versions a change replaced count too.
const FILES_MAX: usize = 1_000;

/// A result that was computed but not recorded yet (or was, and then names the event).
#[derive(Debug, Clone)]
pub struct AssayDraft {
    /// Its id.
    pub id: String,
    /// Its version, from 1: every change is one more.
    pub version: u64,
    /// Which assay.
    pub kind: AssayKind,
    /// Its files.
    pub files: Vec<AssayFile>,
    /// Its parameters.
    pub options: AssayOptions,
    /// Changes to gates or counts.
    pub edits: Vec<AssayEdit>,
    /// Method of the result; `None` when the files were refused.
    pub method: Option<String>,
    /// Digest of the result.
    pub result_digest: Option<FileDigest>,
    /// The journey whose page it was begun from.
    pub journey: Option<JourneyId>,
    /// The event it was recorded as.
    pub recorded: Option<EventId>,
    /// By whom this version.
    pub by: UserId,
    /// When, as written.
    pub at: String,
    /// Made up by the program, to be looked at: nobody's result.
    pub example: bool,
    /// Put aside by a person: not listed, not changed, not recorded until it is taken back.
    pub discarded: bool,
    stored: Vec<AttachmentRef>,
    /// How many of the stored files an event names already.
    named: usize,
}

/// A draft with its result.
#[derive(Debug, Clone)]
pub struct OpenAssay {
    /// The draft.
    pub draft: AssayDraft,
    /// What the files give.
    pub outcome: Result<Computed, AssayRefusal>,
}

/// What a person changes on a draft.
#[derive(Debug, Clone)]
pub enum AssayChange {
    /// Other parameters.
    Options(AssayOptions),
    /// A file beside the first: gates, a matrix. It takes the place of one of the same role.
    File(FileRole, Vec<u8>),
    /// Gates moved, added, removed, or the last such change taken back.
    Gates(GateChange),
    /// Colonies taken away, added, merged, split, or a count stated: one change of the person's, which may be
    /// several corrections.
    Correct {
        /// Page of the picture file, from 1.
        page: u32,
        /// What.
        corrections: Vec<Correction>,
    },
    /// A person looked at a page's picture and agrees with the count as it stands.
    Confirm {
        /// Page.
        page: u32,
    },
    /// The last correction of a page taken back.
    Undo {
        /// Page.
        page: u32,
    },
}

/// Where, when and how a draft is recorded.
#[derive(Debug, Clone)]
pub struct Recording {
    /// The version the person saw.
    pub version: u64,
    /// Made once a form, so that sending it twice records it once.
    pub key: String,
    /// The journey.
    pub to: JourneyId,
    /// When the sample was measured.
    pub when: When,
    /// What was remarked.
    pub remark: Option<Arc<str>>,
    /// Names of the patient in the result are replaced by pseudonyms, as the person agreed.
    pub pseudonyms: bool,
}

/// A result on a journey.
#[derive(Debug, Clone)]
pub struct JourneyAssay {
    /// The event.
    pub event: EventId,
    /// Its number in the journey.
    pub seq: u64,
    /// When it was recorded.
    pub recorded: Stamp,
    /// By whom.
    pub by: Text,
    /// In which role.
    pub role: Role,
    /// What was recorded.
    pub record: AssayRecord,
    /// A correction took it back.
    pub retracted: bool,
}

/// A stored result computed again.
#[derive(Debug, Clone)]
pub struct Recomputed {
    /// As recorded.
    pub assay: JourneyAssay,
    /// As computed now.
    pub outcome: Result<Computed, AssayRefusal>,
    /// Digest of the result as computed now.
    pub digest: Option<FileDigest>,
    /// The same bits: the digests agree.
    pub same: bool,
    /// What differs where they do not.
    pub differences: Vec<Difference>,
}

fn input(cause: impl std::fmt::Display) -> AppError {
    AppError::Input(Text::same(cause.to_string()))
}

fn refused(refusal: &AssayRefusal) -> AppError {
    AppError::Input(Text::new(
        refusal.to_string(),
        format!("{}：{}", refusal.what.zh_tw, refusal.words.zh_tw),
    ))
}

fn draft_stream(id: &str) -> StreamId {
    StreamId::new(format!("{PREFIX}{id}"))
}

fn permitted(session: &Session) -> Result<(), AppError> {
    if may(session.role, StepKind::AssayRecorded) {
        return Ok(());
    }
    let names = |lang| {
        let roles = vena_journey::role::permitted(StepKind::AssayRecorded).iter();
        roles.map(|role| role.name().get(lang).to_owned()).collect::<Vec<_>>()
    };
    Err(AppError::NotPermitted(Text::new(
        format!("Assays are for: {}.", names(vena_base::Lang::En).join(", ")),
        format!("可執行實驗室檢測者：{}。", names(vena_base::Lang::ZhTw).join("、")),
    )))
}

/// A draft that was put aside is taken back before anything is done to it.
fn not_discarded(draft: &AssayDraft) -> Result<(), AppError> {
    if draft.discarded {
        return Err(AppError::Input(Text::new(
            "This draft was discarded. Take it back to go on with it.",
            "此草稿已捨棄；如需繼續，請先復原。",
        )));
    }
    Ok(())
}

fn changed_meanwhile() -> AppError {
    AppError::Input(Text::new(
        "This result was changed meanwhile, here or by somebody else. Look at the newest version and try again.",
        "此結果已在其他視窗或由他人修改，請查看最新版本後再試。",
    ))
}
