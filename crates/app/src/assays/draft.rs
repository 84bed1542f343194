//! Drafts: a file taken and kept, a result computed, changed version by version, listed until it is recorded.
//!
//! Must not know: how an assay is computed, how gates or counts are changed.

use super::{
    AssayChange, AssayDraft, DraftLine, FILES_MAX, LISTED_MAX, OpenAssay, PREFIX, changed_meanwhile,
    draft_stream, examples, input,
    memory::{Kept, Memory},
    not_discarded, permitted, refused,
    stored::line_of,
};
use crate::{
    App, AppError,
    accounts::Session,
    assay_compute::{AssayOptions, AssayRefusal, Computed, compute, compute_again, digest_of, first_role},
};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use vena_base::{Stamp, Text, ids::JourneyId};
use vena_journey::{AssayEdit, AssayFile, FileRole, step::FileDigest};
use vena_ledger::{AttachmentRef, Ledger as _};

/// Begun, changed, recorded.
impl App {
    /// Takes an instrument's file: keeps it encrypted, analyses it, and opens a draft. A file that is refused is
    /// kept too, so that it can be read again under other parameters. The same form sent twice opens one draft.
    ///
    /// # Errors
    /// Not permitted, too large, or a fault.
    pub fn begin_assay(
        &self,
        session: &Session,
        key: &str,
        files: Vec<(FileRole, Vec<u8>)>,
        options: AssayOptions,
        journey: Option<JourneyId>,
    ) -> Result<OpenAssay, AppError> {
        permitted(session)?;
        if !files.iter().any(|(role, _)| *role == first_role(options.kind())) {
            return Err(AppError::Input(Text::new("Choose the instrument's file.", "請選擇儀器檔案。")));
        }
        let options = match &journey {
            Some(journey) if self.journey_exists(journey)? => {
                self.with_weight(&options, journey).unwrap_or(options)
            }
            _ => options,
        };
        let digest = Sha256::new().chain_update(b"assay").chain_update(key.as_bytes()).finalize();
        let id = crate::app::readable_id('A', digest.get(..10).unwrap_or_default());
        if self.ledger.head(&draft_stream(&id))?.is_some() {
            return self.open_assay(session, &id);
        }
        let mut draft = AssayDraft {
            id,
            version: 0,
            kind: options.kind(),
            files: Vec::new(),
            options,
            edits: Vec::new(),
            method: None,
            result_digest: None,
            journey,
            recorded: None,
            by: session.user.clone(),
            at: String::new(),
            example: examples::holds_one(&files),
            discarded: false,
            stored: Vec::new(),
            named: 0,
        };
        for (role, bytes) in &files {
            let file = self.keep(session, *role, bytes, &mut draft.stored)?;
            draft.files.push(file);
        }
        let outcome = self.computed(session, &draft)?;
        self.save(session, draft, outcome, &self.fresh_key()?)
    }

    pub(super) fn keep(
        &self,
        session: &Session,
        role: FileRole,
        bytes: &[u8],
        stored: &mut Vec<AttachmentRef>,
    ) -> Result<AssayFile, AppError> {
        let digest = digest_of(bytes).ok_or_else(|| input("no digest"))?;
        // The same content twice is one stored file.
        if !stored.iter().any(|own| own.plain_sha256.to_string() == digest.as_str()) {
            stored.push(self.store_attachment(session, &mut &*bytes)?.0);
        }
        Ok(AssayFile { role, digest, bytes: bytes.len() as u64 })
    }

    fn save(
        &self,
        session: &Session,
        mut draft: AssayDraft,
        outcome: Result<Computed, AssayRefusal>,
        key: &str,
    ) -> Result<OpenAssay, AppError> {
        if draft.files.len() > FILES_MAX {
            return Err(AppError::Input(Text::new(
                "This result was changed too often. Record it, or begin again from the file.",
                "此結果修改次數過多，請先記錄，或由檔案重新開始。",
            )));
        }
        draft.method = outcome.as_ref().ok().map(Computed::method);
        draft.result_digest = match &outcome {
            Ok(computed) => digest_of(computed.to_json().map_err(input)?.as_str().as_bytes()),
            Err(_) => None,
        };
        if let Some(edit) = draft.edits.last_mut().filter(|edit| edit.result.is_none()) {
            edit.result.clone_from(&draft.result_digest);
        }
        draft = self.append_draft(session, draft, key)?;
        Ok(OpenAssay { draft, outcome })
    }

    /// A draft, without its result.
    ///
    /// # Errors
    /// Not permitted, no such draft, or a fault.
    pub fn assay_draft(&self, session: &Session, id: &str) -> Result<AssayDraft, AppError> {
        permitted(session)?;
        let stream = draft_stream(id);
        let missing = || AppError::NotFound(id.chars().take(40).collect());
        let head = self.ledger.head(&stream)?.ok_or_else(missing)?;
        self.stored_draft(self.ledger.read_stream(&stream, head.seq)?.last().ok_or_else(missing)?)
    }

    /// A draft with its result, computed from the stored files.
    ///
    /// # Errors
    /// As [`App::assay_draft`]; a stored file is missing or damaged.
    pub fn open_assay(&self, session: &Session, id: &str) -> Result<OpenAssay, AppError> {
        let draft = self.assay_draft(session, id)?;
        let outcome = self.computed(session, &draft)?;
        Ok(OpenAssay { draft, outcome })
    }

    /// What a draft's files give. Reading a file again is spared where it is still in memory.
    fn computed(
        &self,
        session: &Session,
        draft: &AssayDraft,
    ) -> Result<Result<Computed, AssayRefusal>, AppError> {
        let (options, stored) = (&draft.options, &draft.stored);
        let key = Memory::key(session.role, options, &draft.files);
        if let Some(key) = &key {
            let first = first_role(draft.kind);
            let beside: Vec<AssayFile> =
                draft.files.iter().filter(|file| file.role != first).cloned().collect();
            let files = self.files_of(&beside, stored)?;
            if let Some(mut kept) = self.assay_memory.get(key)
                && let Some(outcome) = compute_again(options, &mut kept, &files)
            {
                self.assay_memory.put(key.clone(), kept);
                return Ok(outcome);
            }
        }
        let outcome = compute(options, &self.files_of(&draft.files, stored)?);
        self.remember(key, &outcome);
        Ok(outcome)
    }

    fn remember(&self, key: Option<String>, outcome: &Result<Computed, AssayRefusal>) {
        if let (Some(key), Some(kept)) = (key, outcome.as_ref().ok().and_then(Kept::of)) {
            self.assay_memory.put(key, kept);
        }
    }

    /// The bytes of a draft's file.
    ///
    /// # Errors
    /// No such draft or file, or it is damaged.
    pub fn assay_draft_file(&self, session: &Session, id: &str, role: FileRole) -> Result<Vec<u8>, AppError> {
        let draft = self.assay_draft(session, id)?;
        let file = draft
            .files
            .iter()
            .find(|file| file.role == role)
            .ok_or_else(|| AppError::NotFound(id.to_owned()))?;
        self.stored_bytes(&file.digest, &draft.stored)
    }

    pub(super) fn stored_bytes(
        &self,
        digest: &FileDigest,
        stored: &[AttachmentRef],
    ) -> Result<Vec<u8>, AppError> {
        let found = stored.iter().find(|own| own.plain_sha256.to_string() == digest.as_str());
        let found = found.ok_or_else(|| AppError::NotFound(digest.as_str().to_owned()))?;
        let mut bytes = Vec::with_capacity(usize::try_from(found.size_bytes).unwrap_or(0));
        self.attachments.load(&self.attachments_key, found, &mut bytes)?;
        Ok(bytes)
    }

    pub(super) fn files_of(
        &self,
        files: &[AssayFile],
        stored: &[AttachmentRef],
    ) -> Result<Vec<(FileRole, Vec<u8>)>, AppError> {
        let replaced = [FileRole::Earlier, FileRole::EarlierVersions];
        let used = files.iter().filter(|file| !replaced.contains(&file.role));
        used.map(|file| Ok((file.role, self.stored_bytes(&file.digest, stored)?))).collect()
    }

    /// Changes a draft; every change is a version. `version` is the one the person saw.
    ///
    /// # Errors
    /// Not permitted, changed by somebody else meanwhile, recorded already; a gate or correction that is refused
    /// changes nothing.
    pub fn change_assay(
        &self,
        session: &Session,
        id: &str,
        version: u64,
        change: AssayChange,
    ) -> Result<OpenAssay, AppError> {
        let mut draft = self.assay_draft(session, id)?;
        if draft.version != version {
            return Err(changed_meanwhile());
        }
        if draft.recorded.is_some() {
            return Err(AppError::Input(Text::new(
                "This result is recorded. Begin a new one from the file to change it.",
                "此結果已記錄；如需修改，請由檔案重新開始。",
            )));
        }
        not_discarded(&draft)?;
        let strict = !matches!(change, AssayChange::Options(_) | AssayChange::File(..));
        match change {
            AssayChange::Options(options) if options.kind() == draft.kind => draft.options = options,
            AssayChange::Options(_) => return Err(input("other parameters")),
            AssayChange::File(role, bytes) => {
                self.replace(session, &mut draft, role, &bytes, role.name().en)?
            }
            AssayChange::Gates(change) => self.change_gates(session, &mut draft, change)?,
            AssayChange::Correct { page, corrections } => {
                self.correct_colonies(session, &mut draft, page, corrections)?;
            }
            AssayChange::Confirm { page } => self.confirm_count(session, &mut draft, page)?,
            AssayChange::Undo { page } => self.undo_correction(session, &mut draft, page)?,
        }
        let outcome = self.computed(session, &draft)?;
        if let (true, Err(refusal)) = (strict, &outcome) {
            return Err(refused(refusal));
        }
        self.save(session, draft, outcome, &self.fresh_key()?)
    }

    /// Puts a document in the place of the one of its role; the old one is kept and the change written down.
    pub(super) fn replace(
        &self,
        session: &Session,
        draft: &mut AssayDraft,
        role: FileRole,
        bytes: &[u8],
        what: String,
    ) -> Result<(), AppError> {
        let file = self.keep(session, role, bytes, &mut draft.stored)?;
        let old = draft.files.iter_mut().find(|own| own.role == role);
        let before = old.map(|old| {
            let before = old.digest.clone();
            old.role = FileRole::Earlier;
            before
        });
        draft.edits.push(AssayEdit {
            at: Stamp::in_zone(self.now(), &self.config.zone),
            by: session.user.clone(),
            what: Arc::from(what),
            before,
            after: file.digest.clone(),
            result: None,
        });
        draft.files.push(file);
        Ok(())
    }

    pub(super) fn current(&self, draft: &AssayDraft, role: FileRole) -> Result<Option<Vec<u8>>, AppError> {
        let file = draft.files.iter().find(|file| file.role == role);
        file.map(|file| self.stored_bytes(&file.digest, &draft.stored)).transpose()
    }

    /// Puts a draft aside, or takes it back: one more version, so that it stands who did it and when. Its files stay,
    /// encrypted, as those of every version do; a recorded result is not touched.
    ///
    /// # Errors
    /// Not permitted, changed by somebody else meanwhile, recorded already, or a fault.
    pub fn discard_assay(
        &self,
        session: &Session,
        id: &str,
        version: u64,
        discarded: bool,
    ) -> Result<AssayDraft, AppError> {
        let mut draft = self.assay_draft(session, id)?;
        // The same form sent twice is done once.
        if draft.discarded == discarded && draft.recorded.is_none() {
            return Ok(draft);
        }
        if draft.version != version {
            return Err(changed_meanwhile());
        }
        if draft.recorded.is_some() {
            return Err(AppError::Input(Text::new(
                "This result is recorded and is not discarded. It can be taken back in the journey’s history, with a reason.",
                "此結果已記錄，不能捨棄；可於療程歷程中註明理由後撤回。",
            )));
        }
        draft.discarded = discarded;
        self.append_draft(session, draft, &self.fresh_key()?)
    }

    /// Drafts that are not recorded yet, newest first.
    ///
    /// # Errors
    /// Not permitted, or a fault.
    pub fn open_assays(&self, session: &Session) -> Result<Vec<DraftLine>, AppError> {
        self.unrecorded(session, false)
    }

    /// Drafts that were put aside, newest first.
    ///
    /// # Errors
    /// Not permitted, or a fault.
    pub fn discarded_assays(&self, session: &Session) -> Result<Vec<DraftLine>, AppError> {
        self.unrecorded(session, true)
    }

    fn unrecorded(&self, session: &Session, discarded: bool) -> Result<Vec<DraftLine>, AppError> {
        permitted(session)?;
        let mut drafts = Vec::new();
        for (stream, head) in self.ledger.streams(PREFIX)? {
            // Most were recorded long ago and do not change any more: each version is read once.
            let known = self.assay_memory.line(&stream).filter(|line| line.version == head.seq);
            let line = match known {
                Some(line) => line,
                None => {
                    let events = self.ledger.read_stream(&stream, head.seq)?;
                    let Some(last) = events.last() else { continue };
                    let line = Arc::new(line_of(last)?);
                    self.assay_memory.put_line(stream, line.clone());
                    line
                }
            };
            if !line.recorded && line.discarded == discarded {
                drafts.push((*line).clone());
            }
        }
        drafts.sort_by(|a, b| b.at.cmp(&a.at));
        drafts.truncate(LISTED_MAX);
        Ok(drafts)
    }
}
