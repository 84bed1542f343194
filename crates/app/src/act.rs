//! load → decide → append: the one way a step enters. A decision reads the journey's head; if it
//! moved meanwhile, everything is loaded and decided again.
//!
//! Must not know: forms, pages.

use crate::{
    App, AppError,
    accounts::Session,
    identity::{PersonIdentity, Registration},
    journeys::{Loaded, stream},
};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use std::io::{Read, Write};
use vena_base::{
    Stamp, Text,
    ids::{EventId, JourneyId, PatientId, SiteId, UserId},
};
use vena_journey::{
    Body, Command, Entry, Role, Standing, Step, StepKind, decide,
    event::event_id,
    may,
    step::{FileDigest, Instead},
};
use vena_ledger::{Append, AppendError, AttachmentRef, Ledger as _, NewEvent, SearchAudit};

/// How often a decision is made anew when others write to the same journey.
const TRIES: usize = 16;

/// The second person of a two-person step, who signs in only for it.
#[derive(Debug, Clone)]
pub struct SecondPerson {
    /// Login.
    pub login: String,
    /// Password.
    pub password: String,
}

/// Steps somebody asks for, recorded all or none.
#[derive(Debug, Clone)]
pub struct Request {
    /// The journey.
    pub journey: JourneyId,
    /// Made once a form, so that sending it twice records it once.
    pub key: String,
    /// The steps.
    pub steps: Vec<Step>,
    /// In which standing.
    pub standing: Standing,
    /// Files the steps name, as given by [`App::store_attachment`].
    pub attachments: Vec<AttachmentRef>,
    /// The password again, where the step is signed (an override).
    pub password: Option<String>,
    /// For a two-person step entered on one screen: each step is recorded for both people.
    pub second: Option<SecondPerson>,
}

impl Request {
    /// One step by the rule.
    pub fn new(journey: JourneyId, key: impl Into<String>, step: Step) -> Request {
        Request {
            journey,
            key: key.into(),
            steps: vec![step],
            standing: Standing::ByRule,
            attachments: Vec::new(),
            password: None,
            second: None,
        }
    }
}

/// A step of the past, for [`App::record_history`].
#[derive(Debug, Clone, PartialEq)]
pub struct PastStep {
    /// When it was recorded.
    pub at: Timestamp,
    /// By whom.
    pub by: UserId,
    /// In which role.
    pub role: Role,
    /// The step.
    pub step: Step,
    /// Files it names.
    pub attachments: Vec<AttachmentRef>,
}

/// What was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The events.
    pub events: Vec<EventId>,
    /// Had been recorded before with this key; nothing was written now.
    pub replayed: bool,
    /// An event stands outside the rule.
    pub outside_rule: bool,
}

struct Actor {
    user: UserId,
    role: Role,
}

impl App {
    /// Records steps of one journey.
    ///
    /// # Errors
    /// [`AppError::Refused`] with every refusal in order; a missing signature; a key used for other
    /// content; or a fault.
    pub fn act(&self, session: &Session, request: Request) -> Result<Done, AppError> {
        if matches!(request.standing, Standing::Override { .. }) {
            self.check_signature(session, request.password.as_deref())?;
        }
        let mut actors = vec![Actor { user: session.user.clone(), role: session.role }];
        if let Some(second) = &request.second {
            let other = self.accounts.check(&second.login, &second.password, &self.config, self.now())?;
            if other.user == session.user {
                return Err(AppError::SamePerson);
            }
            actors.push(Actor { user: other.user, role: other.role });
        }
        self.names_can_be_compared(session, &request)?;
        let done = self.decide_and_append(&actors, request)?;
        self.catch_up(&mut |_, _| {})?;
        Ok(done)
    }

    /// Who may not see a restricted name cannot say that the patient's name agrees with it.
    fn names_can_be_compared(&self, session: &Session, request: &Request) -> Result<(), AppError> {
        let compares =
            |step: &Step| matches!(step, Step::IdentityRead(reading) if reading.name_and_birth_date_agree);
        if request.steps.iter().any(compares)
            && !self.may_see(session, self.patient_of(&request.journey)?.as_str())
        {
            return Err(AppError::NotPermitted(Text::new(
                "The identity is restricted: name and birth date cannot be compared. Break the glass on the identity page, or ask somebody who sees it.",
                "身分資料受限制，無法核對姓名與生日。請於身分頁面緊急存取，或請可檢視者核對。",
            )));
        }
        Ok(())
    }

    fn decide_and_append(&self, actors: &[Actor], request: Request) -> Result<Done, AppError> {
        let steps: Vec<Step> = request.steps.into_iter().map(unsigned).collect();
        for _ in 0..TRIES {
            let loaded = self.load(&request.journey)?;
            if let Some(first) = loaded.keys.get(&request.key) {
                return replayed(&request.journey, &loaded, *first, actors, &steps);
            }
            let (events, entries) = self.decide_all(
                actors,
                &request.journey,
                &loaded,
                &steps,
                &request.standing,
                &request.attachments,
            )?;
            let append = Append::new(request.key.clone(), events).read(stream(&request.journey), loaded.head);
            match self.ledger.append(append) {
                Ok(_) => {
                    let events = entries.iter().filter_map(|entry| entry.id(&request.journey)).collect();
                    let outside_rule = entries.iter().any(|entry| entry.body.outside_rule.is_some());
                    return Ok(Done { events, replayed: false, outside_rule });
                }
                // Moved, or the same form was sent twice at once: load again, decide again.
                Err(AppendError::Conflict { .. }) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(AppError::Busy)
    }

    /// Records what happened at times gone by, each step decided as of its own time: a synthetic
    /// programme is filled in through the same decisions as a real one. All or none.
    ///
    /// # Errors
    /// [`AppError::Refused`] by the first step that is refused, or a fault.
    pub fn record_history(&self, journey: &JourneyId, steps: &[PastStep]) -> Result<u64, AppError> {
        let loaded = self.load(journey)?;
        let mut state = (*loaded.state).clone();
        let mut events = Vec::with_capacity(steps.len());
        for past in steps {
            let command = Command {
                by: past.by.clone(),
                role: past.role,
                step: unsigned(past.step.clone()),
                standing: Standing::ByRule,
            };
            let body = decide(&state, command, &self.rules.journey, past.at)?;
            let recorded = Stamp::in_zone(past.at, &self.config.zone);
            let entry = Entry { seq: state.next_seq(), recorded, by: past.by.clone(), body };
            events.push(new_event(journey, &entry, &past.attachments)?);
            state = state.and_then([entry]);
        }
        if events.is_empty() {
            return Ok(0);
        }
        let count = events.len() as u64;
        self.ledger.append(Append::new(self.fresh_key()?, events).read(stream(journey), loaded.head))?;
        Ok(count)
    }

    /// Decides each step for each actor in turn, each on the state the one before leaves.
    pub(crate) fn decide_all_for(
        &self,
        user: &UserId,
        role: Role,
        journey: &JourneyId,
        loaded: &Loaded,
        steps: &[Step],
    ) -> Result<Vec<NewEvent>, AppError> {
        let actor = [Actor { user: user.clone(), role }];
        Ok(self.decide_all(&actor, journey, loaded, steps, &Standing::ByRule, &[])?.0)
    }

    fn decide_all(
        &self,
        actors: &[Actor],
        journey: &JourneyId,
        loaded: &Loaded,
        steps: &[Step],
        standing: &Standing,
        attachments: &[AttachmentRef],
    ) -> Result<(Vec<NewEvent>, Vec<Entry>), AppError> {
        let now = self.now();
        let recorded = Stamp::in_zone(now, &self.config.zone);
        let mut state = (*loaded.state).clone();
        let mut events = Vec::new();
        let mut entries = Vec::new();
        for step in steps {
            for actor in actors {
                let command = Command {
                    by: actor.user.clone(),
                    role: actor.role,
                    step: step.clone(),
                    standing: standing.clone(),
                };
                let body = decide(&state, command, &self.rules.journey, now)?;
                let entry = Entry { seq: state.next_seq(), recorded, by: actor.user.clone(), body };
                events.push(new_event(journey, &entry, attachments)?);
                state = state.and_then([entry.clone()]);
                entries.push(entry);
            }
        }
        Ok((events, entries))
    }

    /// Whether a role may give a step at all; gates are asked when it is given.
    pub fn may(&self, session: &Session, step: StepKind) -> bool {
        may(session.role, step)
    }

    /// Registers a patient, or a further journey of a known one.
    ///
    /// # Errors
    /// [`AppError::Duplicate`] with the pseudonymous ids of possible duplicates, unless it was said
    /// that it is somebody else; refusals; faults.
    pub fn register(
        &self,
        session: &Session,
        key: &str,
        registration: Registration,
    ) -> Result<(JourneyId, PatientId), AppError> {
        if !may(session.role, StepKind::Registered) {
            let refusal =
                vena_journey::Refusal::RoleMayNot { role: session.role, step: StepKind::Registered };
            return Err(AppError::Refused(vena_journey::Refused { refusals: vec![refusal] }));
        }
        // A patient that was merged goes on under the one that stands for it.
        let known = registration.patient.as_ref().map(|patient| self.stands_for(patient));
        let (journey, patient) = ids_of_key(key, known)?;
        if !self.load(&journey)?.keys.contains_key(key) {
            if registration.patient.is_none() && !registration.is_somebody_else {
                let alike = self.alike(session, &registration.identity)?;
                if !alike.is_empty() {
                    return Err(AppError::Duplicate(alike));
                }
            }
            // Identity first: a journey without identity would be nobody's, an identity without
            // journey is only unused and is taken up when the form is sent again.
            if registration.patient.is_none() {
                self.put_identity(&patient, &registration.identity)?;
            }
        }
        let step = self.registered(&patient, registration)?;
        self.act(session, Request::new(journey.clone(), key, step))?;
        Ok((journey, patient))
    }

    /// Registers a new patient without asking for duplicates and without bringing the board up to
    /// date: for filling a folder with many; call [`App::tick`] afterwards.
    ///
    /// # Errors
    /// Refusals and faults.
    pub fn enrol_quietly(
        &self,
        session: &Session,
        registration: Registration,
    ) -> Result<JourneyId, AppError> {
        let (journey, patient) = ids_of_key(&self.fresh_key()?, registration.patient.clone())?;
        self.put_identity(&patient, &registration.identity)?;
        let step = self.registered(&patient, registration)?;
        let at = self.now();
        let past =
            PastStep { at, by: session.user.clone(), role: session.role, step, attachments: Vec::new() };
        self.record_history(&journey, &[past])?;
        Ok(journey)
    }

    fn registered(&self, patient: &PatientId, registration: Registration) -> Result<Step, AppError> {
        Ok(Step::Registered {
            patient: patient.clone(),
            diagnosis: registration.diagnosis,
            product_intended: registration.product_intended,
            referring_site: registration.referring_site,
            collecting_site: None,
            treating_site: self.site()?,
            follow_up_site: None,
            when: registration.when,
        })
    }

    pub(crate) fn site(&self) -> Result<SiteId, AppError> {
        SiteId::new(&self.config.site).map_err(|cause| AppError::Input(Text::same(cause.to_string())))
    }

    pub(crate) fn put_identity(
        &self,
        patient: &PatientId,
        identity: &PersonIdentity,
    ) -> Result<(), AppError> {
        // Further numbers a file gave stay: forms show and change the first only.
        let further = match self.vault.get(patient.as_str()) {
            Ok(kept) => kept.record_numbers.into_iter().skip(1).collect(),
            Err(_) => Vec::new(),
        };
        self.put_identity_with(patient, identity, further)
    }

    /// As [`App::put_identity`], with further numbers the patient is found by.
    pub(crate) fn put_identity_with(
        &self,
        patient: &PatientId,
        identity: &PersonIdentity,
        further: impl IntoIterator<Item = String>,
    ) -> Result<(), AppError> {
        let mut kept = identity.to_vault();
        for number in further.into_iter().map(|number| number.trim().to_owned()) {
            if !number.is_empty() && !kept.record_numbers.contains(&number) {
                kept.record_numbers.push(number);
            }
        }
        let mut pool = self.entropy.pool(512)?;
        self.vault.put(patient.as_str(), &kept, &mut |buffer: &mut [u8]| pool.take(buffer))?;
        self.people.forget(patient.as_str());
        Ok(())
    }

    pub(crate) fn audit_search(&self, by: &UserId, audit: &SearchAudit) -> Result<(), AppError> {
        let body =
            serde_json::to_vec(audit).map_err(|cause| AppError::Input(Text::same(cause.to_string())))?;
        self.note("audit/search".to_owned(), "searched", by, body)
    }

    /// Stores a file (a consent scan), encrypted; name the answer in a request and its digest in a step.
    ///
    /// # Errors
    /// Too large, disk full, or another fault; nothing is kept then.
    pub fn store_attachment(
        &self,
        _session: &Session,
        input: &mut dyn Read,
    ) -> Result<(AttachmentRef, FileDigest), AppError> {
        let stored = self.attachments.store(&self.attachments_key, self.entropy.bytes()?, input)?;
        let digest = FileDigest::new(&stored.plain_sha256.to_string())
            .map_err(|cause| AppError::Input(Text::same(cause.to_string())))?;
        Ok((stored, digest))
    }

    /// Writes out a file a journey's events name.
    ///
    /// # Errors
    /// The journey names no such file, or it is damaged.
    pub fn load_attachment(
        &self,
        _session: &Session,
        journey: &JourneyId,
        digest: &FileDigest,
        output: &mut dyn Write,
    ) -> Result<(), AppError> {
        let events = self.ledger.read_stream(&stream(journey), 1)?;
        let attachment = events
            .iter()
            .flat_map(|event| &event.attachments)
            .find(|attachment| attachment.plain_sha256.to_string() == digest.as_str())
            .ok_or_else(|| AppError::NotFound(digest.as_str().to_owned()))?;
        Ok(self.attachments.load(&self.attachments_key, attachment, output)?)
    }
}

/// Ids derived from the form's key, so that a form sent twice names the same journey and patient.
fn ids_of_key(key: &str, patient: Option<PatientId>) -> Result<(JourneyId, PatientId), AppError> {
    let wrong = |cause: vena_base::ids::IdError| AppError::Input(Text::same(cause.to_string()));
    let derived = |letter: char| {
        let digest = Sha256::new().chain_update([letter as u8]).chain_update(key.as_bytes()).finalize();
        crate::app::readable_id(letter, digest.get(..10).unwrap_or_default())
    };
    let journey = JourneyId::new(&derived('J')).map_err(wrong)?;
    let patient = match patient {
        Some(patient) => patient,
        None => PatientId::new(&derived('P')).map_err(wrong)?,
    };
    Ok((journey, patient))
}

/// When and by whom a fact was recorded is the ledger's to say; only a file brings its own times.
fn unsigned(mut step: Step) -> Step {
    fn strip(facts: &mut [vena_base::Fact]) {
        for fact in facts {
            fact.recorded = None;
            fact.recorded_by = None;
        }
    }
    match &mut step {
        Step::VitalSigns(facts) | Step::Laboratory(facts) | Step::Drugs(facts) | Step::Assessment(facts) => {
            strip(facts)
        }
        Step::Corrected { instead: Instead::Facts(facts), .. } => strip(facts),
        _ => {}
    }
    step
}

pub(crate) fn new_event(
    journey: &JourneyId,
    entry: &Entry,
    attachments: &[AttachmentRef],
) -> Result<NewEvent, AppError> {
    let body = entry.body.write().map_err(|cause| AppError::Input(Text::same(cause.to_string())))?;
    let mut event = NewEvent::new(
        stream(journey),
        entry.body.event_type(),
        vena_journey::event::VERSION,
        entry.recorded.to_string(),
        entry.by.as_str(),
        body,
    );
    event.happened = entry.body.step.when().map(|when| when.to_string());
    for digest in files_of(&entry.body) {
        let stored = attachments.iter().find(|stored| stored.plain_sha256.to_string() == digest.as_str());
        let stored = stored.ok_or_else(|| AppError::NotFound(digest.as_str().to_owned()))?;
        event = event.attach(*stored);
    }
    Ok(event)
}

/// The files a step names that must be stored; an import names its file without keeping it.
fn files_of(body: &Body) -> Vec<FileDigest> {
    match &body.step {
        Step::ConsentRecorded { scan: file, .. }
        | Step::ProductReleased { document: file, .. }
        | Step::ProductReceived { document: file, .. } => file.iter().cloned().collect(),
        Step::AssayRecorded(assay) => assay.stored_files(),
        _ => Vec::new(),
    }
}

/// A key seen before: the same content by the same people gives the same answer, other content is refused.
fn replayed(
    journey: &JourneyId,
    loaded: &Loaded,
    first: u64,
    actors: &[Actor],
    steps: &[Step],
) -> Result<Done, AppError> {
    let asked: Vec<(&UserId, &Step)> =
        steps.iter().flat_map(|step| actors.iter().map(move |actor| (&actor.user, step))).collect();
    let mut events = Vec::new();
    let mut outside_rule = false;
    for (offset, (user, step)) in asked.into_iter().enumerate() {
        let seq = first + offset as u64;
        match loaded.state.entry(seq) {
            Some(entry) if entry.by == *user && entry.body.step == *step => {
                outside_rule |= entry.body.outside_rule.is_some();
                events.extend(event_id(journey, seq));
            }
            _ => return Err(AppError::KeyReused),
        }
    }
    Ok(Done { events, replayed: true, outside_rule })
}
