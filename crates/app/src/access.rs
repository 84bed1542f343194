//! Who may see who a patient is: restricted identities, the roles that see them all the same, and
//! access taken by breaking the glass, which is noted before anything is shown and looked at later.
//!
//! Must not know: pages, how identities are kept.

use crate::{
    App, AppError,
    accounts::Session,
    identity::{PersonIdentity, Who},
    journeys::written,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};
use vena_base::{
    Text,
    ids::{JourneyId, PatientId, UserId},
};
use vena_journey::{
    Role,
    role::{RESTRICT_IDENTITY, REVIEW_ACCESS},
};
use vena_ledger::{Ledger, Restriction, StreamId};

/// The stream of accesses taken by breaking the glass, and of their reviews.
const GLASS: &str = "access/broken-glass";

/// An access taken against a restriction, as stored, version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum GlassEvent {
    /// Somebody looked, with a reason.
    Broken {
        /// Whose identity.
        patient: PatientId,
        /// In which role.
        role: Role,
        /// Why.
        reason: String,
    },
    /// Somebody else looked at that afterwards.
    Reviewed {
        /// Number of the access in the stream.
        access: u64,
        /// What was found.
        finding: String,
    },
}

/// One access taken against a restriction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Number in the stream.
    pub number: u64,
    /// Whose identity.
    pub patient: PatientId,
    /// Who looked, as others see them.
    pub by: Text,
    /// Their id.
    pub by_user: UserId,
    /// In which role.
    pub role: Role,
    /// When, as recorded.
    pub at: String,
    /// Why.
    pub reason: String,
    /// Who looked at it afterwards, when, and what was found.
    pub review: Option<(Text, String, String)>,
}

/// A restriction as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restricted {
    /// Who restricted it, as others see them.
    pub by: Text,
    /// When.
    pub at: String,
    /// Why; only for those who may see the identity.
    pub reason: Option<String>,
    /// Roles that see it all the same.
    pub allowed: Vec<Role>,
    /// This person does not see it.
    pub hidden: bool,
}

/// Accesses that are open now: who, whose, until when.
#[derive(Default)]
pub(crate) struct Glass(Mutex<HashMap<(UserId, String), Timestamp>>);

impl App {
    /// Who a patient is, for the person who looks; `None` where unknown or restricted for them.
    pub(crate) fn person(
        &self,
        session: &Session,
        patient: &str,
    ) -> Result<Option<Arc<PersonIdentity>>, AppError> {
        Ok(match self.people.get(&self.vault, patient)? {
            Who::Unknown => None,
            Who::Open(person) => Some(person),
            Who::Restricted(person, allowed) => self.sees(session, patient, &allowed).then_some(person),
        })
    }

    fn sees(&self, session: &Session, patient: &str, allowed: &[Role]) -> bool {
        if allowed.contains(&session.role) {
            return true;
        }
        let open = self.glass.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(&(session.user.clone(), patient.to_owned())).is_some_and(|until| *until > self.now())
    }

    /// Whether this person may be shown a patient whose identity may be restricted.
    pub(crate) fn may_see(&self, session: &Session, patient: &str) -> bool {
        match self.people.get(&self.vault, patient) {
            Ok(Who::Restricted(_, allowed)) => self.sees(session, patient, &allowed),
            _ => true,
        }
    }

    /// The restriction on a journey's patient, where there is one.
    ///
    /// # Errors
    /// No such journey, or a fault.
    pub fn restriction(
        &self,
        session: &Session,
        journey: &JourneyId,
    ) -> Result<Option<Restricted>, AppError> {
        let patient = self.patient_of(journey)?;
        if !matches!(self.people.get(&self.vault, patient.as_str())?, Who::Restricted(..)) {
            return Ok(None);
        }
        let found = self.vault.get_even_restricted(patient.as_str())?;
        Ok(found.restriction.map(|restriction| {
            let allowed = roles(&restriction);
            let hidden = !self.sees(session, patient.as_str(), &allowed);
            let by = UserId::new(&restriction.by).ok().and_then(|user| self.user(&user));
            Restricted {
                by: by.map_or_else(|| Text::same(&restriction.by), |info| info.name),
                at: restriction.at,
                reason: (!hidden).then_some(restriction.reason),
                allowed,
                hidden,
            }
        }))
    }

    /// Whether a role may restrict who sees an identity.
    pub fn may_restrict(&self, session: &Session) -> bool {
        RESTRICT_IDENTITY.contains(&session.role)
    }

    /// Limits who sees a patient's identity to some roles. The reason is kept in the vault, for it
    /// may itself tell who the patient is; the ledger holds that it happened and for which roles.
    ///
    /// # Errors
    /// Not permitted, reason missing, or a fault.
    pub fn restrict(
        &self,
        session: &Session,
        journey: &JourneyId,
        allowed: &[Role],
        reason: &str,
        password: Option<&str>,
    ) -> Result<(), AppError> {
        let patient = self.may_change_access(session, journey, reason, password)?;
        if !allowed.contains(&session.role) {
            return Err(AppError::Input(Text::new(
                "Your own role must be among those who see it, or nobody could end the restriction.",
                "允許的角色須包含您自己的角色，否則無人可解除限制。",
            )));
        }
        let restriction = Restriction {
            by: session.user.to_string(),
            at: written(self.now(), &self.config.zone),
            reason: reason.trim().to_owned(),
            allowed: allowed.iter().map(|role| role.as_str().to_owned()).collect(),
        };
        let words: Vec<&str> = allowed.iter().map(|role| role.as_str()).collect();
        let body = serde_json::json!({ "allowed": words }).to_string().into_bytes();
        self.note(format!("patient/{patient}"), "identity-restricted", &session.user, body)?;
        let mut pool = self.entropy.pool(256)?;
        self.vault.restrict(patient.as_str(), restriction, &mut |buffer: &mut [u8]| pool.take(buffer))?;
        self.people.forget(patient.as_str());
        self.tell();
        Ok(())
    }

    /// Ends a restriction.
    ///
    /// # Errors
    /// Not permitted, reason missing, or a fault.
    pub fn end_restriction(
        &self,
        session: &Session,
        journey: &JourneyId,
        reason: &str,
        password: Option<&str>,
    ) -> Result<(), AppError> {
        let patient = self.may_change_access(session, journey, reason, password)?;
        if !self.may_see(session, patient.as_str()) {
            return Err(not_permitted());
        }
        self.note(format!("patient/{patient}"), "identity-restriction-ended", &session.user, b"{}".to_vec())?;
        let mut pool = self.entropy.pool(256)?;
        self.vault.end_restriction(patient.as_str(), &mut |buffer: &mut [u8]| pool.take(buffer))?;
        self.people.forget(patient.as_str());
        self.tell();
        Ok(())
    }

    fn may_change_access(
        &self,
        session: &Session,
        journey: &JourneyId,
        reason: &str,
        password: Option<&str>,
    ) -> Result<PatientId, AppError> {
        if !self.may_restrict(session) {
            return Err(not_permitted());
        }
        reason_given(reason)?;
        self.check_signature(session, password)?;
        self.patient_of(journey)
    }

    /// Shows a restricted identity to this person for some hours, with a reason and the password
    /// again. It is noted before anything is shown.
    ///
    /// # Errors
    /// Reason or password missing, not restricted, or a fault; nothing is shown then.
    pub fn break_glass(
        &self,
        session: &Session,
        journey: &JourneyId,
        reason: &str,
        password: Option<&str>,
    ) -> Result<(), AppError> {
        reason_given(reason)?;
        self.check_signature(session, password)?;
        let patient = self.patient_of(journey)?;
        let reason = reason.trim().to_owned();
        self.glass_event(
            session,
            &GlassEvent::Broken { patient: patient.clone(), role: session.role, reason },
        )?;
        let hours = SignedDuration::from_hours(self.config.broken_glass_h);
        let until = self.now().checked_add(hours).unwrap_or(self.now());
        let mut open = self.glass.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.now();
        open.retain(|_, until| *until > now);
        open.insert((session.user.clone(), patient.to_string()), until);
        Ok(())
    }

    fn glass_event(&self, session: &Session, event: &GlassEvent) -> Result<(), AppError> {
        let kind = match event {
            GlassEvent::Broken { .. } => "glass-broken",
            GlassEvent::Reviewed { .. } => "glass-reviewed",
        };
        let body =
            serde_json::to_vec(event).map_err(|cause| AppError::Input(Text::same(cause.to_string())))?;
        self.note(GLASS.to_owned(), kind, &session.user, body)
    }

    /// Whether a role looks afterwards at accesses taken by breaking the glass.
    pub fn may_review(&self, session: &Session) -> bool {
        REVIEW_ACCESS.contains(&session.role)
    }

    /// Every access taken by breaking the glass, the ones nobody has looked at first.
    ///
    /// # Errors
    /// Not permitted, or a fault.
    pub fn accesses(&self, session: &Session) -> Result<Vec<Access>, AppError> {
        if !self.may_review(session) {
            return Err(not_permitted());
        }
        let name = |user: &str| {
            let info = UserId::new(user).ok().and_then(|user| self.user(&user));
            info.map_or_else(|| Text::same(user), |info| info.name)
        };
        let mut all: BTreeMap<u64, Access> = BTreeMap::new();
        for stored in self.ledger.read_stream(&StreamId::new(GLASS), 1)? {
            let wrong = |cause: String| AppError::StoredEvent { position: stored.position.0, cause };
            let event = serde_json::from_slice(&stored.body).map_err(|cause| wrong(cause.to_string()))?;
            match event {
                GlassEvent::Broken { patient, role, reason } => {
                    let by_user = UserId::new(&stored.by).map_err(|cause| wrong(cause.to_string()))?;
                    let access = Access {
                        number: stored.seq,
                        patient,
                        by: name(&stored.by),
                        by_user,
                        role,
                        at: stored.recorded_at.clone(),
                        reason,
                        review: None,
                    };
                    all.insert(stored.seq, access);
                }
                GlassEvent::Reviewed { access, finding } => {
                    if let Some(reviewed) = all.get_mut(&access) {
                        reviewed.review = Some((name(&stored.by), stored.recorded_at.clone(), finding));
                    }
                }
            }
        }
        let mut all: Vec<Access> = all.into_values().collect();
        all.sort_by_key(|access| (access.review.is_some(), std::cmp::Reverse(access.number)));
        Ok(all)
    }

    /// Records that an access was looked at. Nobody reviews their own.
    ///
    /// # Errors
    /// Not permitted, no such access, no finding, or a fault.
    pub fn review_access(&self, session: &Session, number: u64, finding: &str) -> Result<(), AppError> {
        reason_given(finding)?;
        let access = self.accesses(session)?.into_iter().find(|access| access.number == number);
        let access = access.ok_or_else(|| AppError::NotFound(number.to_string()))?;
        if access.by_user == session.user {
            return Err(AppError::SamePerson);
        }
        self.glass_event(
            session,
            &GlassEvent::Reviewed { access: number, finding: finding.trim().to_owned() },
        )
    }
}

/// The roles a restriction names.
pub(crate) fn roles(restriction: &Restriction) -> Vec<Role> {
    restriction.allowed.iter().filter_map(|word| Role::parse(word)).collect()
}

fn reason_given(reason: &str) -> Result<(), AppError> {
    if reason.trim().is_empty() {
        Err(AppError::Input(Text::new("A reason is needed.", "必須填寫原因。")))
    } else {
        Ok(())
    }
}

fn not_permitted() -> AppError {
    AppError::NotPermitted(Text::new("Your role may not do this.", "您的角色不可執行此操作。"))
}
