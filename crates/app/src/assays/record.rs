//! A result on a journey: recorded as one event with its files, read back, computed again and compared.
//!
//! Must not know: how an assay is computed, how drafts are changed.

use super::{
    AssayDraft, JourneyAssay, Recomputed, Recording, changed_meanwhile, input, names, not_discarded, refused,
};
use crate::{
    App, AppError,
    accounts::Session,
    act,
    assay_compute::{AssayOptions, Computed, compute, differences, digest_of},
    collection::collection_facts,
    journeys::stream as journey_stream,
};
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};
use vena_base::{Fact, Text, When, ids::JourneyId};
use vena_journey::{AssayEdit, AssayFile, AssayRecord, AttachTo, FileRole, JsonText, Step, state::standing};
use vena_ledger::{AttachmentRef, Ledger as _};

/// Recording.
impl App {
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
        let Recording { version, key, to, when, remark, pseudonyms } = recording;
        let mut draft = self.assay_draft(session, id)?;
        if draft.recorded.is_none() && draft.version != version {
            return Err(changed_meanwhile());
        }
        // The same form again gives the same answer; another one would put one result in two places.
        if draft.recorded.is_some() && !self.load(&to)?.keys.contains_key(&key) {
            return Err(AppError::Input(Text::new("This result is recorded already.", "此結果已記錄。")));
        }
        not_discarded(&draft)?;
        if draft.example && !self.config.synthetic {
            return Err(AppError::Input(made_up()));
        }
        draft.options = self.with_weight(&draft.options, &to)?;
        // Never from memory: what is recorded comes from the stored files.
        let computed = compute(&draft.options, &self.files_of(&draft.files, &draft.stored)?)
            .map_err(|refusal| refused(&refusal))?;
        let mut written =
            self.without_names(session, &to, &draft, &computed, pseudonyms, remark.as_deref())?;
        self.pack_earlier(session, &mut written)?;
        let result_digest =
            digest_of(written.result.as_str().as_bytes()).ok_or_else(|| input("no digest"))?;
        let facts = facts_of(&computed, when);
        let record = AssayRecord {
            facts,
            kind: draft.kind,
            method: Arc::from(computed.method()),
            attach_to: AttachTo::Journey(to.clone()),
            files: written.files,
            parameters: written.parameters,
            result: written.result,
            result_digest,
            edits: written.edits,
            when,
            remark,
            example: draft.example,
        };
        let step = Step::AssayRecorded(Box::new(record));
        let request =
            act::Request { attachments: written.stored, ..act::Request::new(to.clone(), key.clone(), step) };
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

    /// What is written down, with names of the patient replaced where the person agreed.
    fn without_names(
        &self,
        session: &Session,
        to: &JourneyId,
        draft: &AssayDraft,
        computed: &Computed,
        agreed: bool,
        remark: Option<&str>,
    ) -> Result<Written, AppError> {
        let mut written = Written {
            files: draft.files.clone(),
            parameters: draft.options.to_json().map_err(input)?,
            result: computed.to_json().map_err(input)?,
            edits: draft.edits.clone(),
            stored: draft.stored.clone(),
        };
        let needles = self.needles(to)?;
        if let Some(what) = remark.and_then(|remark| needles.in_text(remark)) {
            return Err(AppError::Input(Text::new(
                format!("The remark holds {}. The record must not name the patient.", what.en),
                format!("備註含有{}，紀錄不得出現病人身分。", what.zh_tw),
            )));
        }
        let changes = names::edits_json(draft)?;
        let (in_result, in_parameters, in_changes) = names::places();
        let documents = [
            (&in_result, written.result.as_str()),
            (&in_parameters, written.parameters.as_str()),
            (&in_changes, changes.as_str()),
        ];
        let found = names::found_in(&needles, &documents);
        if found.is_empty() {
            return Ok(written);
        }
        if !agreed {
            return Err(names::refusal(&found));
        }
        let pairs = names::pseudonyms(&needles, &[&written.result, &written.parameters, &changes]);
        written.result = names::replaced(&written.result, &pairs)?;
        written.parameters = names::replaced(&written.parameters, &pairs)?;
        for edit in &mut written.edits {
            if let Some(instead) = pairs.get(&*edit.what) {
                edit.what = Arc::from(instead.as_str());
            }
            // The digest of a result with the name in it would tell whoever guesses the name that it fits.
            edit.result = None;
        }
        let bytes = names::pairs_file(self.salt()?, &pairs)?;
        written.files.push(self.keep(session, names::ROLE, &bytes, &mut written.stored)?);
        Ok(written)
    }

    /// Puts the documents that changes replaced into one file: there may be more of them than an event may name. What
    /// is no text stays a file of its own.
    fn pack_earlier(&self, session: &Session, written: &mut Written) -> Result<(), AppError> {
        let mut earlier = BTreeMap::new();
        for file in written.files.iter().filter(|file| file.role == FileRole::Earlier) {
            if let Ok(text) = String::from_utf8(self.stored_bytes(&file.digest, &written.stored)?) {
                earlier.insert(file.digest.as_str().to_owned(), text);
            }
        }
        if !earlier.is_empty() {
            let bytes = serde_json::to_vec(&earlier).map_err(input)?;
            let packed = |file: &AssayFile| {
                file.role == FileRole::Earlier && earlier.contains_key(file.digest.as_str())
            };
            written.files.retain(|file| !packed(file));
            written.files.push(self.keep(session, FileRole::EarlierVersions, &bytes, &mut written.stored)?);
        }
        let named: HashSet<&str> = written.files.iter().map(|file| file.digest.as_str()).collect();
        written.stored.retain(|stored| named.contains(stored.plain_sha256.to_string().as_str()));
        Ok(())
    }
}

/// Why an example is not recorded on a patient's journey.
fn made_up() -> Text {
    Text::new(
        "This is one of the program’s own examples. It is nobody’s result and is not recorded on a patient’s journey.",
        "此為程式內建之示範資料，並非任何人之檢測結果，不得記錄於病人療程。",
    )
}

/// What the result says of the journey itself.
fn facts_of(computed: &Computed, when: When) -> Vec<Fact> {
    match computed {
        Computed::Flow { count: Some(count), .. } => {
            count.as_ref().as_ref().map_or_else(|_| Vec::new(), |count| collection_facts(count, when))
        }
        _ => Vec::new(),
    }
}

/// What of a draft is written down.
struct Written {
    files: Vec<AssayFile>,
    parameters: JsonText,
    result: JsonText,
    edits: Vec<AssayEdit>,
    stored: Vec<AttachmentRef>,
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
        let pairs: names::Pseudonyms = match files.iter().find(|(role, _)| *role == names::ROLE) {
            Some((_, bytes)) => names::read_pairs(bytes)?,
            None => names::Pseudonyms::new(),
        };
        let parameters = names::replaced(&assay.record.parameters, &names::reversed(&pairs))?;
        let options = AssayOptions::read(assay.record.kind, &parameters).map_err(input)?;
        let outcome = compute(&options, &files);
        let now = outcome.as_ref().ok().map(Computed::to_json).transpose().map_err(input)?;
        let now = now.map(|now| names::replaced(&now, &pairs)).transpose()?;
        let digest = now.as_ref().and_then(|now| digest_of(now.as_str().as_bytes()));
        let same = digest.as_ref() == Some(&assay.record.result_digest);
        let differences = match &now {
            Some(now) if !same => differences(&assay.record.result, now),
            _ => Vec::new(),
        };
        Ok(Recomputed { assay, outcome, digest, same, differences })
    }
}
