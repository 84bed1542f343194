//! Who a patient is, put right afterwards: identity changed, two patients found to be one, and
//! parted again. The values stand in the vault, every version kept; the ledger holds that, when and
//! by whom.
//!
//! Must not know: pages, how identities are kept.

use crate::{
    App, AppError,
    accounts::Session,
    act::{Request, new_event},
    identity::{Change, PersonIdentity},
    journeys::{Loaded, stream, written},
    search::Found,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use vena_base::{
    Stamp, Text,
    ids::{JourneyId, PatientId, UserId},
};
use vena_journey::{
    Command, Entry, Standing, Step, StepKind, decide, may,
    step::{ChangeBecause, IdentityField},
};
use vena_ledger::{Append, AppendError, Ledger, NewEvent, Search, StreamId};

/// The stream of merges: which pseudonymous patient stands for which.
const MERGES: &str = "patients/merges";
/// How often a merge is decided anew when others write meanwhile.
const TRIES: usize = 8;

/// A merge or its undoing, as stored, version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum MergeEvent {
    /// `from` turned out to be `into`.
    Merged {
        /// The patient that is no longer used.
        from: PatientId,
        /// The patient that stays.
        into: PatientId,
        /// The journeys that went over.
        journeys: Vec<JourneyId>,
    },
    /// They were two people after all.
    Unmerged {
        /// The patient that is used again.
        from: PatientId,
        /// The patient that had stayed.
        into: PatientId,
    },
}

/// A merge that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Merge {
    into: PatientId,
    journeys: Vec<JourneyId>,
}

/// Merges that stand, by the patient no longer used.
pub(crate) type Merges = BTreeMap<PatientId, Merge>;

/// One version of an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityVersion {
    /// Who it said the patient is.
    pub person: PersonIdentity,
    /// Who wrote it, when and why; `None` for the first.
    pub change: Option<(Text, Change)>,
}

/// A patient merged into another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedPatient {
    /// The pseudonymous id no longer used.
    pub patient: PatientId,
    /// Who that was registered as; `None` where restricted for this person.
    pub person: Option<PersonIdentity>,
    /// Their journeys.
    pub journeys: Vec<JourneyId>,
}

impl App {
    /// The patient of a journey, as merges leave it.
    pub(crate) fn patient_of(&self, journey: &JourneyId) -> Result<PatientId, AppError> {
        let loaded = self.load(journey)?;
        let registration = loaded.state.registration.as_ref();
        registration.map(|r| r.patient.clone()).ok_or_else(|| AppError::NotFound(journey.to_string()))
    }

    /// Changes who a patient is (a typing error, a new weight). Every version is kept in the vault
    /// with who, when and why; each of the patient's journeys notes what kind of thing changed.
    ///
    /// # Errors
    /// Not permitted, nothing changed, restricted for this person, or a fault.
    pub fn change_identity(
        &self,
        session: &Session,
        key: &str,
        journey: &JourneyId,
        identity: &PersonIdentity,
        because: ChangeBecause,
        words: &str,
    ) -> Result<(), AppError> {
        let patient = self.patient_of(journey)?;
        if !may(session.role, StepKind::IdentityChanged) || !self.may_see(session, patient.as_str()) {
            return Err(AppError::NotPermitted(Text::new(
                "Your role may not change this patient's identity.",
                "您的角色不可更改此病人的身分資料。",
            )));
        }
        let held = self.vault.get_even_restricted(patient.as_str())?;
        let before = PersonIdentity::from_vault(&held.identity);
        let fields = before.differing(identity);
        if fields.is_empty() {
            if self.load(journey)?.keys.contains_key(key) {
                return Ok(());
            }
            return Err(AppError::Input(Text::new("Nothing was changed.", "沒有變更任何資料。")));
        }
        let change = Change {
            by: session.user.to_string(),
            at: written(self.now(), &self.config.zone),
            because: because.as_str().to_owned(),
            words: words.trim().to_owned(),
        };
        let step = Step::IdentityChanged { fields, because };
        let mut journeys = self.projection.read().of_patient(patient.as_str()).to_vec();
        if !journeys.contains(journey) {
            journeys.push(journey.clone());
        }
        for one in &journeys {
            let key = if one == journey { key.to_owned() } else { format!("{key}-{one}") };
            self.act(session, Request::new(one.clone(), key, step.clone()))?;
        }
        let mut pool = self.entropy.pool(512)?;
        let kept = identity.to_vault_with(Some(&change));
        self.vault.put(patient.as_str(), &kept, &mut |buffer: &mut [u8]| pool.take(buffer))?;
        self.people.forget(patient.as_str());
        // Birth date and weight are in the grades; the rows were computed with the old ones.
        let now = self.now();
        self.projection.recompute(&journeys, &|journey| self.compute_row(journey, now))?;
        self.tell();
        Ok(())
    }

    /// Every version of a patient's identity, newest first.
    ///
    /// # Errors
    /// No such journey, restricted for this person, or a fault.
    pub fn identity_versions(
        &self,
        session: &Session,
        journey: &JourneyId,
    ) -> Result<Vec<IdentityVersion>, AppError> {
        let patient = self.patient_of(journey)?;
        if !self.may_see(session, patient.as_str()) {
            return Ok(Vec::new());
        }
        let version = |identity: vena_ledger::Identity| {
            let change = Change::from_vault(&identity).map(|change| {
                let user = UserId::new(&change.by).ok().and_then(|user| self.user(&user));
                (user.map_or_else(|| Text::same(&change.by), |info| info.name), change)
            });
            IdentityVersion { person: PersonIdentity::from_vault(&identity), change }
        };
        Ok(self.vault.history(patient.as_str())?.into_iter().rev().map(version).collect())
    }

    /// Patients who may be the same as the one of a journey: same record number, or same name and
    /// birth date. The search is noted before anything is shown.
    ///
    /// # Errors
    /// No such journey, or a fault.
    pub fn possible_duplicates(
        &self,
        session: &Session,
        journey: &JourneyId,
    ) -> Result<Vec<Found>, AppError> {
        let patient = self.patient_of(journey)?;
        let Some(person) = self.person(session, patient.as_str())? else { return Ok(Vec::new()) };
        let mut alike = self.alike(session, &person)?;
        alike.retain(|other| other != patient.as_str());
        self.found(session, &alike)
    }

    /// Patients by pseudonymous id, as a search shows them; restricted ones are left out.
    ///
    /// # Errors
    /// A fault.
    pub fn found(&self, session: &Session, patients: &[String]) -> Result<Vec<Found>, AppError> {
        let mut found = Vec::new();
        for patient in patients {
            let Ok(id) = PatientId::new(patient) else { continue };
            let id = self.stands_for(&id);
            let Some(person) = self.person(session, id.as_str())? else { continue };
            let journeys = self.rows_of_patient(session, id.as_str())?;
            found.push(Found { person: (*person).clone(), patient: id, journeys });
        }
        Ok(found)
    }

    /// Pseudonymous ids of patients with the same record number, or the same name and birth date.
    pub(crate) fn alike(
        &self,
        session: &Session,
        identity: &PersonIdentity,
    ) -> Result<Vec<String>, AppError> {
        let mut alike = BTreeSet::new();
        let wanted = identity.to_vault();
        let queries = wanted
            .record_numbers
            .iter()
            .chain(wanted.birth_date.as_ref().filter(|_| !wanted.names.is_empty()));
        for query in queries {
            let at = written(self.now(), &self.config.zone);
            let search =
                Search { query, by: session.user.as_str(), at: &at, limit: 1_000, show_restricted: true };
            let found = self.vault.search(&search, |audit| self.audit_search(&session.user, audit))?;
            let same = found.into_iter().filter(|found| same_person(&found.identity, &wanted));
            // A patient that was merged is found under the one that stands for it.
            alike.extend(
                same.filter_map(|found| PatientId::new(&found.patient).ok())
                    .map(|patient| self.stands_for(&patient).to_string()),
            );
        }
        Ok(alike.into_iter().collect())
    }

    /// The patient that stands for another after merges.
    pub(crate) fn stands_for(&self, patient: &PatientId) -> PatientId {
        let merges = self.merges.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut stands = patient.clone();
        // Each step leads to another patient; a ring cannot be recorded, and would end here.
        for _ in 0..=merges.len() {
            match merges.get(&stands) {
                Some(merge) => stands = merge.into.clone(),
                None => break,
            }
        }
        stands
    }

    pub(crate) fn read_merges(&self) -> Result<Merges, AppError> {
        let mut merges = Merges::new();
        for stored in self.ledger.read_stream(&StreamId::new(MERGES), 1)? {
            let event = serde_json::from_slice(&stored.body).map_err(|cause| AppError::StoredEvent {
                position: stored.position.0,
                cause: cause.to_string(),
            })?;
            match event {
                MergeEvent::Merged { from, into, journeys } => {
                    merges.insert(from, Merge { into, journeys });
                }
                MergeEvent::Unmerged { from, .. } => {
                    merges.remove(&from);
                }
            }
        }
        Ok(merges)
    }

    /// Patients merged into the one of a journey.
    ///
    /// # Errors
    /// No such journey, or a fault.
    pub fn merged_into(
        &self,
        session: &Session,
        journey: &JourneyId,
    ) -> Result<Vec<MergedPatient>, AppError> {
        let patient = self.patient_of(journey)?;
        let merges = self.read_merges()?;
        let theirs = merges.into_iter().filter(|(_, merge)| merge.into == patient);
        theirs
            .map(|(from, merge)| {
                let person = self.person(session, from.as_str())?;
                let person = person.map(|person| (*person).clone());
                Ok(MergedPatient { patient: from, person, journeys: merge.journeys })
            })
            .collect()
    }

    /// Two patients turned out to be one: every journey of `from` goes over to `into`, all or none.
    /// Both identities stay in the vault; searches that find the old one lead to the one that stays.
    ///
    /// # Errors
    /// Refusals (role, reason), the same patient, one that was merged already, or a fault.
    pub fn merge_patients(
        &self,
        session: &Session,
        key: &str,
        from: &PatientId,
        into: &PatientId,
        reason: &str,
        password: Option<&str>,
    ) -> Result<(), AppError> {
        self.check_signature(session, password)?;
        if from == into || self.stands_for(into) != *into || self.stands_for(from) != *from {
            return Err(AppError::Input(Text::new(
                "These two are one patient already.",
                "這兩筆已是同一位病人。",
            )));
        }
        self.catch_up(&mut |_, _| {})?;
        let journeys = self.projection.read().of_patient(from.as_str()).to_vec();
        let step =
            Step::PatientMerged { from: from.clone(), into: into.clone(), reason: reason.trim().into() };
        let event = MergeEvent::Merged { from: from.clone(), into: into.clone(), journeys: journeys.clone() };
        self.move_journeys(session, key, &journeys, &step, ("patients-merged", &event))
    }

    /// They were two people after all: the journeys that went over go back.
    ///
    /// # Errors
    /// Refusals (role, reason), not merged, or a fault.
    pub fn unmerge_patients(
        &self,
        session: &Session,
        key: &str,
        from: &PatientId,
        reason: &str,
        password: Option<&str>,
    ) -> Result<(), AppError> {
        self.check_signature(session, password)?;
        let merge = self.read_merges()?.remove(from);
        let Merge { into, journeys } = merge
            .ok_or_else(|| AppError::Input(Text::new("These two are not merged.", "這兩筆並未合併。")))?;
        let step =
            Step::PatientUnmerged { from: into.clone(), back: from.clone(), reason: reason.trim().into() };
        let event = MergeEvent::Unmerged { from: from.clone(), into };
        self.move_journeys(session, key, &journeys, &step, ("patients-unmerged", &event))
    }

    /// One append over the stream of merges and all journeys that move.
    fn move_journeys(
        &self,
        session: &Session,
        key: &str,
        journeys: &[JourneyId],
        step: &Step,
        (kind, event): (&str, &MergeEvent),
    ) -> Result<(), AppError> {
        if !may(session.role, step.kind()) {
            let refusal = vena_journey::Refusal::RoleMayNot { role: session.role, step: step.kind() };
            return Err(AppError::Refused(vena_journey::Refused { refusals: vec![refusal] }));
        }
        let body =
            serde_json::to_vec(event).map_err(|cause| AppError::Input(Text::same(cause.to_string())))?;
        let merges = StreamId::new(MERGES);
        for _ in 0..TRIES {
            let now = self.now();
            let recorded = Stamp::in_zone(now, &self.config.zone);
            let mut events = vec![NewEvent::new(
                merges.clone(),
                kind,
                1,
                recorded.to_string(),
                session.user.as_str(),
                body.clone(),
            )];
            let mut reads = vec![(merges.clone(), self.ledger.head(&merges)?)];
            for journey in journeys {
                let loaded = self.load(journey)?;
                events.push(self.decided(session, journey, &loaded, step, recorded)?);
                reads.push((stream(journey), loaded.head));
            }
            let mut append = Append::new(key, events);
            for (stream, head) in reads {
                append = append.read(stream, head);
            }
            match self.ledger.append(append) {
                Ok(_) => {
                    let standing = self.read_merges()?;
                    *self.merges.write().unwrap_or_else(std::sync::PoisonError::into_inner) = standing;
                    self.catch_up(&mut |_, _| {})?;
                    return Ok(());
                }
                Err(AppendError::Conflict { .. }) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(AppError::Busy)
    }

    fn decided(
        &self,
        session: &Session,
        journey: &JourneyId,
        loaded: &Loaded,
        step: &Step,
        recorded: Stamp,
    ) -> Result<NewEvent, AppError> {
        let command = Command {
            by: session.user.clone(),
            role: session.role,
            step: step.clone(),
            standing: Standing::ByRule,
        };
        let body = decide(&loaded.state, command, &self.rules.journey, recorded.at)?;
        let entry = Entry { seq: loaded.state.next_seq(), recorded, by: session.user.clone(), body };
        new_event(journey, &entry, &[])
    }
}

pub(crate) fn same_person(found: &vena_ledger::Identity, wanted: &vena_ledger::Identity) -> bool {
    let folded = |text: &String| {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
    };
    let share = |a: &[String], b: &[String]| a.iter().any(|x| b.iter().any(|y| folded(x) == folded(y)));
    share(&found.record_numbers, &wanted.record_numbers)
        || (found.birth_date.is_some()
            && found.birth_date == wanted.birth_date
            && share(&found.names, &wanted.names))
}

/// The identity's parts in the order of forms, with what each says.
pub(crate) fn parts(person: &PersonIdentity) -> [(IdentityField, Option<String>); 7] {
    let weight = person.weight_kg.as_ref().map(|kg| {
        let when = person.weighed.as_deref().unwrap_or_default();
        format!("{kg} kg {when}").trim().to_owned()
    });
    let allergies = person.allergies.as_ref().map(|list| list.join(", "));
    [
        (IdentityField::NameChinese, person.name_zh.clone()),
        (IdentityField::NameLatin, person.name_latin.clone()),
        (IdentityField::RecordNumber, person.record_number.clone()),
        (IdentityField::BirthDate, person.birth_date.clone()),
        (IdentityField::Sex, person.sex.clone()),
        (IdentityField::Weight, weight),
        (IdentityField::Allergies, allergies),
    ]
}
