//! Facts in from files, everything out, verification and rebuilding: what a data manager and the
//! command line ask for.
//!
//! Must not know: file formats (readers hand over facts), arguments.

use crate::{
    App, AppError,
    accounts::Session,
    identity::PersonIdentity,
    journeys::{Loaded, PREFIX, journey_of, stream},
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::{collections::HashSet, io::Write, path::Path};
use vena_base::{
    Fact, Origin, Text, Value, When,
    ids::{JourneyId, PatientId, UserId},
};
use vena_journey::{Role, Step, StepKind, may, step::FileDigest};
use vena_ledger::{
    Append, AttachmentStore, CheckpointFile, Ledger as _, NewEvent, Position, PublicKey, Search, SearchAudit,
    SqliteRaw, VerifyOptions, verify,
};

/// Facts in one event of an import at most.
const FACTS_PER_EVENT: usize = 500;
/// Patients whose appends share commits.
const PATIENTS_AT_ONCE: usize = 64;
/// Events read at once while exporting.
const EVENTS_AT_ONCE: usize = 2_048;

/// One patient of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportPatient {
    /// The patient as the file names them; kept as record number in the vault.
    pub source_id: String,
    /// More about who it is, where the file says (a FHIR Patient).
    pub identity: Option<PersonIdentity>,
    /// Further numbers the file calls the patient by; the patient is found by them too.
    pub other_numbers: Vec<String>,
    /// The facts.
    pub facts: Vec<Fact>,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ImportReport {
    /// Patients read.
    pub patients: u64,
    /// Patients that were new.
    pub patients_new: u64,
    /// Facts recorded.
    pub facts_recorded: u64,
    /// Facts that were there already.
    pub facts_known: u64,
    /// Facts about identity, kept in the vault instead of the ledger.
    pub facts_of_identity: u64,
    /// Patients not imported, and why.
    pub refused: Vec<(String, Text)>,
}

/// What verification says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyReport {
    /// The ledger's report: chain, heads, checkpoints, attachments, files.
    pub ledger: vena_ledger::Report,
    /// Problems of the identity vault.
    pub vault: Vec<String>,
    /// Problems naming a key or file that could not be used.
    pub missing: Vec<String>,
}

impl VerifyReport {
    /// True when nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.ledger.is_sound() && self.vault.is_empty() && self.missing.is_empty()
    }
}

/// One line of an export: an event as stored. Identity is not exported.
#[derive(Debug, Serialize)]
struct ExportLine<'a> {
    position: u64,
    stream: &'a str,
    seq: u64,
    event: &'a str,
    version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    happened: Option<&'a str>,
    recorded: &'a str,
    by: &'a str,
    body: serde_json::Value,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<String>,
    hash: String,
}

struct Prepared {
    source_id: String,
    append: Append,
    facts: u64,
}

/// What makes two facts the same: all but when and from where they came here.
fn content(fact: &Fact) -> [u8; 32] {
    let mut bare = fact.clone();
    bare.recorded = None;
    bare.recorded_by = None;
    bare.note = None;
    bare.flags.clear();
    bare.origin = Origin::Program;
    Sha256::digest(serde_json::to_vec(&bare).unwrap_or_default()).into()
}

impl App {
    /// Records the facts of a file: a new journey for a patient not known, further facts for one who
    /// is. What is there already is left out, so the same file twice adds nothing.
    ///
    /// `progress` is told how many patients are done.
    ///
    /// # Errors
    /// The role may not import, or a fault. What was recorded before a fault stays, and the import
    /// can be repeated.
    pub fn import(
        &self,
        session: &Session,
        file: Option<&FileDigest>,
        patients: impl IntoIterator<Item = ImportPatient>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<ImportReport, AppError> {
        if !may(session.role, StepKind::Imported) || !may(session.role, StepKind::Registered) {
            return Err(AppError::NotPermitted(Text::new(
                "Only a data manager may import.",
                "僅資料管理師可匯入。",
            )));
        }
        let mut report = ImportReport::default();
        let mut prepared: Vec<Prepared> = Vec::new();
        let mut waiting: HashSet<String> = HashSet::new();
        for patient in patients {
            report.patients += 1;
            // A patient twice in one file: what the first part recorded must be seen.
            if prepared.len() >= PATIENTS_AT_ONCE || waiting.contains(&patient.source_id) {
                self.append_prepared(std::mem::take(&mut prepared), &mut report)?;
                waiting.clear();
            }
            let source_id = patient.source_id.clone();
            match self.prepare(session, file, patient, &mut report) {
                Ok(Some(append)) => {
                    waiting.insert(source_id);
                    prepared.push(append);
                }
                Ok(None) => {}
                Err(fault) if fault.is_fault() => return Err(fault),
                Err(refused) => report.refused.push((source_id, refused.text())),
            }
            progress(report.patients);
        }
        self.append_prepared(prepared, &mut report)?;
        let body = serde_json::to_vec(&serde_json::json!({
            "file": file.map(FileDigest::as_str),
            "patients": report.patients, "facts_recorded": report.facts_recorded, "facts_known": report.facts_known,
        }));
        self.note("audit/import".to_owned(), "imported", &session.user, body.unwrap_or_default())?;
        self.catch_up(&mut |_, _| {})?;
        Ok(report)
    }

    fn append_prepared(&self, prepared: Vec<Prepared>, report: &mut ImportReport) -> Result<(), AppError> {
        let (about, appends): (Vec<_>, Vec<_>) =
            prepared.into_iter().map(|one| ((one.source_id, one.facts), one.append)).unzip();
        for ((source_id, facts), answer) in about.into_iter().zip(self.ledger.append_all(appends)) {
            match answer.map_err(AppError::from) {
                Ok(_) => report.facts_recorded += facts,
                Err(fault) if fault.is_fault() => return Err(fault),
                Err(refused) => report.refused.push((source_id, refused.text())),
            }
        }
        Ok(())
    }

    fn prepare(
        &self,
        session: &Session,
        file: Option<&FileDigest>,
        patient: ImportPatient,
        report: &mut ImportReport,
    ) -> Result<Option<Prepared>, AppError> {
        let ImportPatient { source_id, identity, other_numbers, facts } = patient;
        let (of_identity, facts): (Vec<Fact>, Vec<Fact>) =
            facts.into_iter().partition(|fact| matches!(fact.concept.as_str(), "birth-date" | "sex"));
        report.facts_of_identity += of_identity.len() as u64;
        let identity = identity_of(identity.unwrap_or_default(), &source_id, &of_identity);
        let record_number = identity.record_number.clone().unwrap_or_else(|| source_id.clone());
        // Our own export names patients by their pseudonymous ids: such a file finds them again.
        let ours = || (!self.projection.read().of_patient(&source_id).is_empty()).then(|| source_id.clone());
        let of = |number: &str| self.patient_of_record(session, number, identity.birth_date.as_deref());
        let known = match of(&record_number)? {
            None if record_number != source_id => of(&source_id)?,
            found => found,
        };
        let known = known.or_else(ours);
        let (journey, loaded) =
            match known.as_deref().map(|patient| self.only_journey(patient)).transpose()? {
                Some(Some(journey)) => {
                    let loaded = self.load(&journey)?;
                    (journey, loaded)
                }
                // Unknown, or an import that ended between keeping the identity and recording the journey.
                Some(None) | None => (self.fresh_journey()?, Loaded::default()),
            };
        let registered = loaded.head.is_some();
        let mut seen: HashSet<[u8; 32]> =
            loaded.state.entries.iter().flat_map(|entry| entry.body.step.facts()).map(content).collect();
        if registered {
            // What steps tell (an infusion, lymphodepletion) stands in the chart, not among their facts.
            seen.extend(self.chart(&journey, None)?.all().iter().map(content));
        }
        let before = facts.len();
        let new: Vec<Fact> = facts.into_iter().filter(|fact| seen.insert(content(fact))).collect();
        report.facts_known += (before - new.len()) as u64;
        if registered && new.is_empty() {
            return Ok(None);
        }
        let mut steps = Vec::new();
        if !registered {
            let pseudonym = known.map_or_else(|| self.fresh_id('P'), Ok)?;
            let pseudonym =
                PatientId::new(&pseudonym).map_err(|cause| AppError::Input(Text::same(cause.to_string())))?;
            let numbers = std::iter::once(source_id.clone()).chain(other_numbers);
            self.put_identity_with(&pseudonym, &identity, numbers)?;
            report.patients_new += 1;
            steps.push(self.registration_of(pseudonym, &new)?);
        }
        let count = new.len() as u64;
        steps.extend(
            grouped(new, &self.config.zone)
                .into_iter()
                .map(|facts| Step::Imported { file: file.cloned(), facts }),
        );
        let events: Vec<NewEvent> =
            self.decide_all_for(&session.user, session.role, &journey, &loaded, &steps)?;
        let append = Append::new(self.fresh_key()?, events).read(stream(&journey), loaded.head);
        Ok(Some(Prepared { source_id, append, facts: count }))
    }

    fn registration_of(&self, patient: PatientId, facts: &[Fact]) -> Result<Step, AppError> {
        let answer = |id: &str| facts.iter().filter(|f| f.concept.as_str() == id).find_map(Fact::answer);
        let zone = &self.config.zone;
        let first = facts.iter().map(|fact| fact.when).min_by_key(|when| when.earliest(zone));
        let today = When::Date(zone.day_of(self.now()));
        let when = first.filter(|when| when.earliest(zone) <= self.now()).unwrap_or(today);
        Ok(Step::Registered {
            patient,
            diagnosis: answer("diagnosis"),
            product_intended: answer("product"),
            referring_site: None,
            collecting_site: None,
            treating_site: self.site()?,
            follow_up_site: None,
            when,
        })
    }

    fn fresh_journey(&self) -> Result<JourneyId, AppError> {
        JourneyId::new(&self.fresh_id('J')?).map_err(|cause| AppError::Input(Text::same(cause.to_string())))
    }

    /// The pseudonym of a record number. An import is noted as a whole, not search by search. A number
    /// that belongs to somebody born on another day is refused: two people would become one.
    fn patient_of_record(
        &self,
        session: &Session,
        record_number: &str,
        birth_date: Option<&str>,
    ) -> Result<Option<String>, AppError> {
        let at = crate::journeys::written(self.now(), &self.config.zone);
        let search = Search {
            query: record_number,
            by: session.user.as_str(),
            at: &at,
            limit: 1_000,
            show_restricted: true,
        };
        let found = self.vault.search(&search, |_: &SearchAudit| Ok::<(), AppError>(()))?;
        let exactly =
            |identity: &vena_ledger::Identity| identity.record_numbers.iter().any(|n| n == record_number);
        let Some(found) = found.into_iter().find(|found| exactly(&found.identity)) else {
            return Ok(None);
        };
        let born = |text: &str| text.get(..10).map(str::to_owned);
        match (birth_date.and_then(born), found.identity.birth_date.as_deref().and_then(born)) {
            (Some(told), Some(kept)) if told != kept => Err(AppError::Input(Text::new(
                format!(
                    "The record number {record_number} is kept with another birth date; look which is right."
                ),
                format!("病歷號 {record_number} 已登錄於另一出生日期之病人，請先確認。"),
            ))),
            _ => Ok(Some(found.patient)),
        }
    }

    /// Which journey the facts belong to is never guessed; `None` for a patient who has none.
    fn only_journey(&self, patient: &str) -> Result<Option<JourneyId>, AppError> {
        self.catch_up(&mut |_, _| {})?;
        let rows = self.projection.read();
        match rows.of_patient(patient) {
            [journey] => Ok(Some(journey.clone())),
            [] => Ok(None),
            several => Err(AppError::Input(Text::new(
                format!("The patient has {} journeys; say which one.", several.len()),
                format!("病人有 {} 個療程，請指定其一。", several.len()),
            ))),
        }
    }

    /// Every journey there is, by the name of its stream.
    ///
    /// # Errors
    /// A fault of storage.
    pub fn journeys(&self) -> Result<Vec<JourneyId>, AppError> {
        Ok(self.ledger.streams(PREFIX)?.iter().filter_map(|(stream, _)| journey_of(stream)).collect())
    }

    /// The record number of a patient, for an export that names people; `None` where none is known or the
    /// identity is restricted.
    ///
    /// # Errors
    /// A fault of the vault.
    pub fn record_number(&self, patient: &str) -> Result<Option<String>, AppError> {
        match self.vault.get(patient) {
            Ok(found) => Ok(PersonIdentity::from_vault(&found).record_number),
            Err(vena_ledger::VaultError::Unknown(_) | vena_ledger::VaultError::Restricted { .. }) => Ok(None),
            Err(fault) => Err(fault.into()),
        }
    }

    /// Writes every event as one JSON object a line, as stored, without identity. Gives the number.
    ///
    /// # Errors
    /// The output or storage failed.
    pub fn export(
        &self,
        output: &mut dyn Write,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<u64, AppError> {
        let last = self.ledger.position()?.0;
        let output_failed =
            |cause: std::io::Error| AppError::File { path: "export".to_owned(), cause: cause.to_string() };
        let (mut after, mut written) = (0, 0);
        loop {
            let events = self.ledger.read_all(Position(after), EVENTS_AT_ONCE)?;
            let Some(end) = events.last().map(|event| event.position.0) else { break };
            for event in &events {
                let text = String::from_utf8_lossy(&event.body);
                let line = ExportLine {
                    position: event.position.0,
                    stream: event.stream.as_str(),
                    seq: event.seq,
                    event: &event.event_type,
                    version: event.event_version,
                    happened: event.happened.as_deref(),
                    recorded: &event.recorded_at,
                    by: &event.by,
                    body: serde_json::from_str(&text)
                        .unwrap_or_else(|_| serde_json::Value::String(text.into_owned())),
                    attachments: event.attachments.iter().map(|file| file.plain_sha256.to_string()).collect(),
                    hash: event.hash.to_string(),
                };
                serde_json::to_writer(&mut *output, &line).map_err(|cause| output_failed(cause.into()))?;
                output.write_all(b"\n").map_err(output_failed)?;
                written += 1;
            }
            after = end;
            progress(after.min(last), last);
        }
        output.flush().map_err(output_failed)?;
        Ok(written)
    }

    /// Throws the read models away and computes them from the ledger. Gives the number of rows.
    ///
    /// # Errors
    /// A fault.
    pub fn rebuild(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<usize, AppError> {
        let now = self.now();
        self.projection.rebuild(&self.ledger, &|journey| self.compute_row(journey, now), progress)
    }

    /// Compares every kept row with one computed from the ledger; gives the journeys that differ.
    ///
    /// # Errors
    /// A fault.
    pub fn compare_read_models(
        &self,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Vec<JourneyId>, AppError> {
        self.catch_up(&mut |_, _| {})?;
        let journeys = self.journeys()?;
        self.projection.compare(&journeys, &|journey, at| self.compute_row(journey, at), progress)
    }

    /// Verifies this installation while it runs.
    ///
    /// # Errors
    /// The store cannot be opened for reading at all.
    pub fn verify(
        &self,
        against: Option<&CheckpointFile>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<VerifyReport, AppError> {
        let store = SqliteRaw::open(&self.folder)?;
        let ledger = verify(
            &store,
            VerifyOptions {
                against,
                trusted: Some(self.public_key()),
                attachments: Some(&self.attachments),
                attachments_key: Some(&self.attachments_key),
                progress: Some(progress),
            },
        );
        Ok(VerifyReport { ledger, vault: self.vault.verify()?, missing: Vec::new() })
    }

    /// A data manager's session for the command line, where the operating system's account stands
    /// for the person: it makes the account `command-line` when there is none, which nobody can sign
    /// in with.
    ///
    /// # Errors
    /// A fault.
    pub fn command_line_session(&self) -> Result<Session, AppError> {
        let login = "command-line";
        let info = match self.accounts.by_login(login) {
            Some(info) => info,
            None => {
                let password = vena_ledger::to_hex(&self.entropy.bytes::<32>()?);
                let new = crate::NewUser {
                    login: login.to_owned(),
                    name: Text::new("Command line", "命令列"),
                    role: Role::DataManager,
                    password,
                };
                self.add_user_unasked(None::<UserId>, &new)?
            }
        };
        Ok(Session { user: info.user, name: info.name, role: info.role, ends: jiff::Timestamp::MAX })
    }
}

/// Verifies a data folder that no program has open: the database and attachments, without any key.
/// `trusted` is the public key kept elsewhere.
///
/// # Errors
/// There is no ledger, or it cannot be read.
pub fn verify_folder(
    folder: &Path,
    against: Option<&CheckpointFile>,
    trusted: Option<PublicKey>,
    progress: &mut dyn FnMut(u64),
) -> Result<VerifyReport, AppError> {
    let store = SqliteRaw::open(folder)?;
    let attachments = AttachmentStore::new(folder, u64::MAX);
    let options = VerifyOptions {
        against,
        trusted,
        attachments: Some(&attachments),
        attachments_key: None,
        progress: Some(progress),
    };
    Ok(VerifyReport { ledger: verify(&store, options), vault: Vec::new(), missing: Vec::new() })
}

/// Reads a checkpoint kept elsewhere.
///
/// # Errors
/// The file cannot be read or is no checkpoint.
pub fn read_checkpoint(path: &Path) -> Result<CheckpointFile, AppError> {
    let wrong = |cause: String| AppError::File { path: path.display().to_string(), cause };
    let text = std::fs::read_to_string(path).map_err(|cause| wrong(cause.to_string()))?;
    serde_json::from_str(&text).map_err(|cause| wrong(cause.to_string()))
}

fn identity_of(mut identity: PersonIdentity, source_id: &str, facts: &[Fact]) -> PersonIdentity {
    identity.record_number.get_or_insert_with(|| source_id.to_owned());
    for fact in facts {
        match (&fact.value, fact.concept.as_str()) {
            (Value::Moment(when), "birth-date") => {
                identity.birth_date.get_or_insert_with(|| when.to_string());
            }
            (Value::Answer(answer), "sex") => {
                identity.sex.get_or_insert_with(|| answer.to_string());
            }
            _ => {}
        }
    }
    identity
}

/// Facts by calendar day, each day in as few events as fit.
fn grouped(mut facts: Vec<Fact>, zone: &vena_base::Zone) -> Vec<Vec<Fact>> {
    facts.sort_by_key(|fact| fact.when.earliest(zone));
    let mut groups: Vec<Vec<Fact>> = Vec::new();
    let mut day = None;
    for fact in facts {
        let its_day = Some(fact.when.first_day(zone));
        match groups.last_mut().filter(|group| its_day == day && group.len() < FACTS_PER_EVENT) {
            Some(group) => group.push(fact),
            None => groups.push(vec![fact]),
        }
        day = its_day;
    }
    groups
}
