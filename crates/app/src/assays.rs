//! Laboratory assays as use cases: a file is taken, kept encrypted and analysed; gates and counts are changed
//! with every change written down; the result is recorded on a journey as one event with its files, and is
//! computed again from them.
//!
//! A result that is not recorded yet has a stream of its own (`assay/A-…`), one event a version, so that
//! nothing a laboratory dropped or changed is lost.
//!
//! Must not know: pages, how an assay is computed.

use crate::{
    App, AppError,
    accounts::Session,
    act,
    assay_compute::{
        AssayOptions, AssayRefusal, Computed, Corrections, Difference, compute, differences, digest_of,
        first_role,
    },
    journeys::{stream as journey_stream, written},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{collections::HashSet, sync::Arc};
use vena_base::{
    Stamp, Text, When,
    ids::{EventId, JourneyId, UserId},
};
use vena_colonies::corrections::Correction;
use vena_flow::{
    Limits,
    gating::{GateShape, read_gating_ml, write_gating_ml},
};
use vena_journey::{
    AssayEdit, AssayFile, AssayKind, AssayRecord, AttachTo, FileRole, JsonText, Role, Step, StepKind, may,
    state::standing, step::FileDigest,
};
use vena_ledger::{Append, AttachmentRef, Ledger as _, NewEvent, StoredEvent, StreamId};

const PREFIX: &str = "assay/";
const DRAFT_EVENT: &str = "assay-draft";
/// Unrecorded results listed at most.
const LISTED_MAX: usize = 30;
/// Files one result may name; far below what an event can hold.
const FILES_MAX: usize = 200;

/// What is stored of a version of an unrecorded result.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftBody {
    kind: AssayKind,
    files: Vec<AssayFile>,
    parameters: JsonText,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    edits: Vec<AssayEdit>,
    method: Option<String>,
    result_digest: Option<FileDigest>,
    journey: Option<JourneyId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recorded: Option<EventId>,
}

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
    stored: Vec<AttachmentRef>,
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
    /// A gate's shape.
    Gate {
        /// Its id.
        gate: String,
        /// The new shape.
        shape: GateShape,
    },
    /// A colony taken away, added, merged, or a count stated.
    Correct {
        /// Page of the picture file, from 1.
        page: u32,
        /// What.
        correction: Correction,
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
    AppError::Input(Text::new(refusal.to_string(), format!("{}：{}", refusal.what.zh_tw, refusal.words)))
}

fn draft_stream(id: &str) -> StreamId {
    StreamId::new(format!("{PREFIX}{id}"))
}

fn draft_of(stored: &StoredEvent) -> Result<AssayDraft, AppError> {
    let wrong = |cause: String| AppError::StoredEvent { position: stored.position.0, cause };
    let body: DraftBody = serde_json::from_slice(&stored.body).map_err(|cause| wrong(cause.to_string()))?;
    Ok(AssayDraft {
        id: stored.stream.as_str().strip_prefix(PREFIX).unwrap_or_default().to_owned(),
        version: stored.seq,
        kind: body.kind,
        options: AssayOptions::read(body.kind, &body.parameters).map_err(|cause| wrong(cause.to_string()))?,
        files: body.files,
        edits: body.edits,
        method: body.method,
        result_digest: body.result_digest,
        journey: body.journey,
        recorded: body.recorded,
        by: UserId::new(&stored.by).map_err(|cause| wrong(cause.to_string()))?,
        at: stored.recorded_at.clone(),
        stored: stored.attachments.clone(),
    })
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
            stored: Vec::new(),
        };
        for (role, bytes) in &files {
            let file = self.keep(session, *role, bytes, &mut draft.stored)?;
            draft.files.push(file);
        }
        let outcome = compute(&draft.options, &files);
        self.save(session, draft, outcome, &self.fresh_key()?)
    }

    fn keep(
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

    fn append_draft(
        &self,
        session: &Session,
        mut draft: AssayDraft,
        key: &str,
    ) -> Result<AssayDraft, AppError> {
        let body = DraftBody {
            kind: draft.kind,
            files: draft.files.clone(),
            parameters: draft.options.to_json().map_err(input)?,
            edits: draft.edits.clone(),
            method: draft.method.clone(),
            result_digest: draft.result_digest.clone(),
            journey: draft.journey.clone(),
            recorded: draft.recorded.clone(),
        };
        let stream = draft_stream(&draft.id);
        let head = self.ledger.head(&stream)?;
        if head.map_or(0, |head| head.seq) != draft.version {
            return Err(changed_meanwhile());
        }
        draft.at = written(self.now(), &self.config.zone);
        draft.by = session.user.clone();
        let body = serde_json::to_vec(&body).map_err(input)?;
        let mut event =
            NewEvent::new(stream.clone(), DRAFT_EVENT, 1, draft.at.clone(), session.user.as_str(), body);
        for stored in &draft.stored {
            event = event.attach(*stored);
        }
        self.ledger.append(Append::new(key.to_owned(), vec![event]).read(stream, head))?;
        draft.version += 1;
        Ok(draft)
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
        draft_of(self.ledger.read_stream(&stream, head.seq)?.last().ok_or_else(missing)?)
    }

    /// A draft with its result, computed from the stored files.
    ///
    /// # Errors
    /// As [`App::assay_draft`]; a stored file is missing or damaged.
    pub fn open_assay(&self, session: &Session, id: &str) -> Result<OpenAssay, AppError> {
        let draft = self.assay_draft(session, id)?;
        let outcome = compute(&draft.options, &self.files_of(&draft.files, &draft.stored)?);
        Ok(OpenAssay { draft, outcome })
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

    fn stored_bytes(&self, digest: &FileDigest, stored: &[AttachmentRef]) -> Result<Vec<u8>, AppError> {
        let found = stored.iter().find(|own| own.plain_sha256.to_string() == digest.as_str());
        let found = found.ok_or_else(|| AppError::NotFound(digest.as_str().to_owned()))?;
        let mut bytes = Vec::with_capacity(usize::try_from(found.size_bytes).unwrap_or(0));
        self.attachments.load(&self.attachments_key, found, &mut bytes)?;
        Ok(bytes)
    }

    fn files_of(
        &self,
        files: &[AssayFile],
        stored: &[AttachmentRef],
    ) -> Result<Vec<(FileRole, Vec<u8>)>, AppError> {
        let used = files.iter().filter(|file| file.role != FileRole::Earlier);
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
        let strict = matches!(
            change,
            AssayChange::Gate { .. } | AssayChange::Correct { .. } | AssayChange::Undo { .. }
        );
        match change {
            AssayChange::Options(options) if options.kind() == draft.kind => draft.options = options,
            AssayChange::Options(_) => return Err(input("other parameters")),
            AssayChange::File(role, bytes) => {
                self.replace(session, &mut draft, role, &bytes, role.name().en)?
            }
            AssayChange::Gate { gate, shape } => self.move_gate(session, &mut draft, &gate, shape)?,
            AssayChange::Correct { page, correction } => {
                let what = words_of(page, &correction);
                self.correct(session, &mut draft, page, what, |list| list.push(correction))?;
            }
            AssayChange::Undo { page } => {
                self.correct(session, &mut draft, page, format!("undo page {page}"), |list| {
                    list.pop();
                })?
            }
        }
        let outcome = compute(&draft.options, &self.files_of(&draft.files, &draft.stored)?);
        if let (true, Err(refusal)) = (strict, &outcome) {
            return Err(refused(refusal));
        }
        self.save(session, draft, outcome, &self.fresh_key()?)
    }

    /// Puts a document in the place of the one of its role; the old one is kept and the change written down.
    fn replace(
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

    fn current(&self, draft: &AssayDraft, role: FileRole) -> Result<Option<Vec<u8>>, AppError> {
        let file = draft.files.iter().find(|file| file.role == role);
        file.map(|file| self.stored_bytes(&file.digest, &draft.stored)).transpose()
    }

    fn move_gate(
        &self,
        session: &Session,
        draft: &mut AssayDraft,
        gate: &str,
        shape: GateShape,
    ) -> Result<(), AppError> {
        let xml = self.current(draft, FileRole::Gates)?.ok_or_else(|| AppError::NotFound(gate.to_owned()))?;
        let mut document = read_gating_ml(&xml, &Limits::default()).map_err(input)?;
        document.gate_mut(gate).ok_or_else(|| AppError::NotFound(gate.to_owned()))?.shape = shape;
        // Written as Gating-ML, so that any program can apply the moved gates to the file.
        self.replace(
            session,
            draft,
            FileRole::Gates,
            write_gating_ml(&document).as_bytes(),
            format!("gate {gate}"),
        )
    }

    fn correct(
        &self,
        session: &Session,
        draft: &mut AssayDraft,
        page: u32,
        what: String,
        change: impl FnOnce(&mut Vec<Correction>),
    ) -> Result<(), AppError> {
        let mut corrections: Corrections = match self.current(draft, FileRole::Corrections)? {
            Some(bytes) => serde_json::from_slice(&bytes).map_err(input)?,
            None => Corrections::new(),
        };
        change(corrections.entry(page).or_default());
        let bytes = serde_json::to_vec(&corrections).map_err(input)?;
        self.replace(session, draft, FileRole::Corrections, &bytes, what)
    }

    /// Drafts that are not recorded yet, newest first.
    ///
    /// # Errors
    /// Not permitted, or a fault.
    pub fn open_assays(&self, session: &Session) -> Result<Vec<AssayDraft>, AppError> {
        permitted(session)?;
        let mut drafts = Vec::new();
        for (stream, head) in self.ledger.streams(PREFIX)? {
            if let Some(last) = self.ledger.read_stream(&stream, head.seq)?.last() {
                drafts.push(draft_of(last)?);
            }
        }
        drafts.retain(|draft| draft.recorded.is_none());
        drafts.sort_by(|a, b| b.at.cmp(&a.at));
        drafts.truncate(LISTED_MAX);
        Ok(drafts)
    }

    /// Records a draft's result on a journey: one event, with its files.
    ///
    /// # Errors
    /// Not permitted, refused files, changed meanwhile, refusals of the journey, or a fault.
    pub fn record_assay(
        &self,
        session: &Session,
        id: &str,
        recording: Recording,
    ) -> Result<act::Done, AppError> {
        let Recording { version, key, to, when, remark } = recording;
        let draft = self.assay_draft(session, id)?;
        if draft.recorded.is_none() && draft.version != version {
            return Err(changed_meanwhile());
        }
        // The same form again gives the same answer; another one would put one result in two places.
        if draft.recorded.is_some() && !self.load(&to)?.keys.contains_key(&key) {
            return Err(AppError::Input(Text::new("This result is recorded already.", "此結果已記錄。")));
        }
        let computed = compute(&draft.options, &self.files_of(&draft.files, &draft.stored)?)
            .map_err(|refusal| refused(&refusal))?;
        let result = computed.to_json().map_err(input)?;
        let result_digest = digest_of(result.as_str().as_bytes()).ok_or_else(|| input("no digest"))?;
        let record = AssayRecord {
            kind: draft.kind,
            method: Arc::from(computed.method()),
            attach_to: AttachTo::Journey(to.clone()),
            files: draft.files.clone(),
            parameters: draft.options.to_json().map_err(input)?,
            result,
            result_digest,
            edits: draft.edits.clone(),
            when,
            remark,
        };
        let step = Step::AssayRecorded(Box::new(record));
        let request = act::Request {
            attachments: draft.stored.clone(),
            ..act::Request::new(to.clone(), key.clone(), step)
        };
        let done = self.act(session, request)?;
        if draft.recorded.is_none() {
            // The journey's event stands; that the draft knows of it is a convenience of the list.
            let recorded = done.events.first().cloned();
            self.append_draft(
                session,
                AssayDraft { recorded, journey: Some(to), ..draft },
                &format!("{key}-draft"),
            )?;
        }
        Ok(done)
    }
}

/// Read back and computed again.
impl App {
    /// The results on a journey, newest first.
    ///
    /// # Errors
    /// No such journey, or a fault.
    pub fn journey_assays(
        &self,
        _session: &Session,
        journey: &JourneyId,
    ) -> Result<Vec<JourneyAssay>, AppError> {
        let loaded = self.load(journey)?;
        if loaded.head.is_none() {
            return Err(AppError::NotFound(journey.to_string()));
        }
        let stands: HashSet<u64> =
            standing(&loaded.state.entries, None).into_iter().map(|step| step.entry.seq).collect();
        let mut found = Vec::new();
        for entry in loaded.state.entries.iter().rev() {
            let (Step::AssayRecorded(record), Some(event)) = (&entry.body.step, entry.id(journey)) else {
                continue;
            };
            found.push(JourneyAssay {
                event,
                seq: entry.seq,
                recorded: entry.recorded,
                by: self.user(&entry.by).map_or_else(|| Text::same(entry.by.as_str()), |user| user.name),
                role: entry.body.role,
                record: (**record).clone(),
                retracted: !stands.contains(&entry.seq),
            });
        }
        Ok(found)
    }

    /// One result of a journey.
    ///
    /// # Errors
    /// No such journey or event, or a fault.
    pub fn journey_assay(
        &self,
        session: &Session,
        journey: &JourneyId,
        seq: u64,
    ) -> Result<JourneyAssay, AppError> {
        let missing = || AppError::NotFound(format!("{journey}#{seq}"));
        self.journey_assays(session, journey)?.into_iter().find(|assay| assay.seq == seq).ok_or_else(missing)
    }

    fn attachments_of(&self, journey: &JourneyId, seq: u64) -> Result<Vec<AttachmentRef>, AppError> {
        let events = self.ledger.read_stream(&journey_stream(journey), seq)?;
        let event = events
            .iter()
            .find(|event| event.seq == seq)
            .ok_or_else(|| AppError::NotFound(format!("{journey}#{seq}")))?;
        Ok(event.attachments.clone())
    }

    /// The bytes of a recorded result's file.
    ///
    /// # Errors
    /// No such event or file, or it is damaged.
    pub fn assay_file(
        &self,
        session: &Session,
        journey: &JourneyId,
        seq: u64,
        role: FileRole,
    ) -> Result<Vec<u8>, AppError> {
        let assay = self.journey_assay(session, journey, seq)?;
        let file = assay.record.file(role).ok_or_else(|| AppError::NotFound(format!("{journey}#{seq}")))?;
        self.stored_bytes(&file.digest, &self.attachments_of(journey, seq)?)
    }

    /// Computes a recorded result again from its stored files and says whether every bit agrees.
    ///
    /// # Errors
    /// No such event, a stored file is missing or damaged, or a fault.
    pub fn recompute_assay(
        &self,
        session: &Session,
        journey: &JourneyId,
        seq: u64,
    ) -> Result<Recomputed, AppError> {
        let assay = self.journey_assay(session, journey, seq)?;
        let files = self.files_of(&assay.record.files, &self.attachments_of(journey, seq)?)?;
        let options = AssayOptions::read(assay.record.kind, &assay.record.parameters).map_err(input)?;
        let outcome = compute(&options, &files);
        let now = outcome.as_ref().ok().map(Computed::to_json).transpose().map_err(input)?;
        let digest = now.as_ref().and_then(|now| digest_of(now.as_str().as_bytes()));
        let same = digest.as_ref() == Some(&assay.record.result_digest);
        let differences = match &now {
            Some(now) if !same => differences(&assay.record.result, now),
            _ => Vec::new(),
        };
        Ok(Recomputed { assay, outcome, digest, same, differences })
    }
}

fn changed_meanwhile() -> AppError {
    AppError::Input(Text::new(
        "This result was changed meanwhile, here or by somebody else. Look at the newest version and try again.",
        "此結果已在其他視窗或由他人修改，請查看最新版本後再試。",
    ))
}

fn words_of(page: u32, correction: &Correction) -> String {
    match correction {
        Correction::Remove { vessel, colony } => format!("page {page} {vessel}: remove {colony}"),
        Correction::Add { vessel, x_px, y_px, .. } => {
            format!("page {page} {vessel}: add at {x_px:.1}, {y_px:.1}")
        }
        Correction::Merge { vessel, colonies } => format!("page {page} {vessel}: merge {colonies:?}"),
        Correction::State { vessel, count } => format!("page {page} {vessel}: counted by eye {count}"),
    }
}
