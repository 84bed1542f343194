//! The life of knowledge at this site: which rule sets a named person has signed for use here, and
//! where the site's own values stand in place of the source's. A signature is an event of the stream
//! `knowledge/<site>`; a signature in a file of the site's folder counts as well.
//!
//! Must not know: pages, what a rule set says.

use crate::{App, AppError, accounts::Session, journeys::written};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{borrow::Cow, collections::BTreeMap, sync::PoisonError};
use vena_base::{Stamp, Text, When, Zone, ids::UserId};
use vena_journey::role::SIGN_KNOWLEDGE;
use vena_knowledge::{Knowledge, Life, RuleSet, SiteOverlay, rules::Entry};
use vena_ledger::{Append, Ledger, NewEvent, StreamId};

/// How often a signature is tried again when another one was given meanwhile.
const TRIES: usize = 8;

/// What happens to a rule set at a site, as stored, version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum KnowledgeEvent {
    /// A named person signed it for use.
    RuleActivated {
        /// `id@version`.
        rule: String,
        /// Digest of the text that was signed.
        digest: String,
    },
    /// A named person took the signature back.
    RuleWithdrawn {
        /// `id@version`.
        rule: String,
        /// Why.
        reason: String,
    },
}

/// A signature that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    /// Digest of the text that was signed; `None` where a file signed the name alone.
    pub digest: Option<String>,
    /// Who signed, as others see them.
    pub by: Text,
    /// Their id; `None` for a signature in a file.
    pub by_user: Option<UserId>,
    /// When: an instant, or the day a file gives.
    pub at: String,
}

/// How a rule set stands at this site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AtSite {
    /// Signed for use.
    Active(Activation),
    /// Nobody has signed it here.
    NotActivated,
    /// It was signed, but its text is another one now.
    Changed(Activation),
}

impl AtSite {
    /// Whether somebody's signature covers what is in use.
    pub fn is_active(&self) -> bool {
        matches!(self, AtSite::Active(_))
    }
}

/// One of the site's own values, beside the source's.
#[derive(Debug, Clone)]
pub struct SiteDifference<'a> {
    /// The rule set.
    pub rule: &'a RuleSet,
    /// The entry as it is used here.
    pub entry: &'a Entry,
}

/// The signatures by rule, folded from the stream.
pub(crate) type Activations = BTreeMap<String, Activation>;

fn stream(site: &str) -> StreamId {
    StreamId::new(format!("knowledge/{site}"))
}

/// The program's own knowledge with what the site signed over it.
///
/// # Errors
/// A rule, entry, unit or digest in a site's file that does not fit: each with file and line.
pub fn with_sites(overlays: &[SiteOverlay]) -> Result<Cow<'static, Knowledge>, AppError> {
    let mut knowledge = Cow::Borrowed(Knowledge::embedded());
    for overlay in overlays {
        let with = knowledge.with_site(overlay).map_err(|problems| {
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            AppError::Knowledge(told.join("; "))
        })?;
        knowledge = Cow::Owned(with);
    }
    Ok(knowledge)
}

/// A number for everything a board row is computed with besides events: another program, rule set,
/// site value or zone gives another number, and the rows are computed anew.
pub(crate) fn fingerprint(code: i64, knowledge: &Knowledge, using: &[&str], zone: &str) -> i64 {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    add(&code.to_string());
    add(zone);
    using.iter().for_each(|rule| add(rule));
    for rule in knowledge.rules() {
        add(&rule.name());
        add(&rule.digest);
        for entry in rule.entries().iter().filter(|entry| entry.overlaid) {
            add(&entry.id);
            add(&entry.label.en);
        }
    }
    for info in knowledge.catalogue.iter() {
        add(&info.holds_h.map(|hours| hours.to_string()).unwrap_or_default());
    }
    let digest = hash.finalize();
    let mut bytes = [0; 8];
    for (to, from) in bytes.iter_mut().zip(digest.iter()) {
        *to = *from;
    }
    i64::from_le_bytes(bytes)
}

impl App {
    pub(crate) fn read_activations(&self) -> Result<Activations, AppError> {
        let mut standing = Activations::new();
        for overlay in &self.config.site_knowledge {
            for one in &overlay.activations {
                let signed = Activation {
                    digest: one.digest.clone(),
                    by: Text::same(&one.signed_by),
                    by_user: None,
                    at: one.signed_on.clone(),
                };
                standing.insert(one.rule.clone(), signed);
            }
        }
        for stored in self.ledger.read_stream(&stream(&self.config.site), 1)? {
            let wrong = |cause: String| AppError::StoredEvent { position: stored.position.0, cause };
            let event: KnowledgeEvent =
                serde_json::from_slice(&stored.body).map_err(|cause| wrong(cause.to_string()))?;
            match event {
                KnowledgeEvent::RuleActivated { rule, digest } => {
                    let user = UserId::new(&stored.by).map_err(|cause| wrong(cause.to_string()))?;
                    let by = self.user(&user).map_or_else(|| Text::same(user.as_str()), |info| info.name);
                    let at = stored.recorded_at.clone();
                    standing.insert(rule, Activation { digest: Some(digest), by, by_user: Some(user), at });
                }
                KnowledgeEvent::RuleWithdrawn { rule, .. } => {
                    standing.remove(&rule);
                }
            }
        }
        Ok(standing)
    }

    /// How a rule set stands at this site, by `id@version`.
    pub fn at_site(&self, rule: &str) -> AtSite {
        let activations = self.activations.read().unwrap_or_else(PoisonError::into_inner);
        let Some(signed) = activations.get(rule).cloned() else { return AtSite::NotActivated };
        let (id, version) = rule.split_once('@').map_or((rule, None), |(id, version)| (id, Some(version)));
        let now = self.knowledge.rule(id, version).map(|rules| rules.digest.as_str()).unwrap_or_default();
        if signed.digest.as_deref().is_none_or(|digest| digest == now) {
            AtSite::Active(signed)
        } else {
            AtSite::Changed(signed)
        }
    }

    /// The word for a rule set's life here: a signature makes sourced knowledge active; it does not
    /// confirm a provisional source.
    pub fn life(&self, rules: &RuleSet) -> Life {
        match rules.status {
            Life::Provisional => Life::Provisional,
            _ if self.at_site(&rules.name()).is_active() => Life::Active,
            _ => Life::Sourced,
        }
    }

    /// Whether a person's role may sign rule sets for use.
    pub fn may_sign_knowledge(&self, session: &Session) -> bool {
        SIGN_KNOWLEDGE.contains(&session.role)
    }

    /// The values of the site's own that stand in place of a source's.
    pub fn site_differences(&self) -> Vec<SiteDifference<'_>> {
        let entries = |rule| {
            let differing = RuleSet::entries(rule).iter().filter(|entry| entry.overlaid);
            differing.map(move |entry| SiteDifference { rule, entry })
        };
        self.knowledge.rules().flat_map(entries).collect()
    }

    /// Signs a rule set for use at this site.
    ///
    /// # Errors
    /// Not permitted, password missing or wrong, no such rule set, or a fault.
    pub fn activate_rule(
        &self,
        session: &Session,
        rule: &str,
        password: Option<&str>,
    ) -> Result<(), AppError> {
        self.may_sign(session, password)?;
        self.activate_unasked(&session.user, rule)
    }

    pub(crate) fn activate_unasked(&self, by: &UserId, rule: &str) -> Result<(), AppError> {
        let rules = self.rule_named(rule)?;
        if self.at_site(&rules.name()).is_active() {
            return Ok(());
        }
        let digest = rules.digest.clone();
        self.sign(by, &KnowledgeEvent::RuleActivated { rule: rules.name(), digest })
    }

    /// Takes back the site's signature under a rule set.
    ///
    /// # Errors
    /// Not permitted, password missing or wrong, reason missing, signed in a file, or a fault.
    pub fn withdraw_rule(
        &self,
        session: &Session,
        rule: &str,
        reason: &str,
        password: Option<&str>,
    ) -> Result<(), AppError> {
        let rules = self.rule_named(rule)?;
        if reason.trim().is_empty() {
            return Err(AppError::Input(Text::new("A reason is needed.", "必須填寫原因。")));
        }
        match self.at_site(&rules.name()) {
            AtSite::NotActivated => return Ok(()),
            AtSite::Active(signed) | AtSite::Changed(signed) if signed.by_user.is_none() => {
                return Err(AppError::Input(Text::new(
                    "It is signed in a file of the site's folder; take it out there.",
                    "此規則由院所檔案簽署，請於檔案中移除。",
                )));
            }
            AtSite::Active(_) | AtSite::Changed(_) => {}
        }
        self.may_sign(session, password)?;
        let reason = reason.trim().to_owned();
        self.sign(&session.user, &KnowledgeEvent::RuleWithdrawn { rule: rules.name(), reason })
    }

    fn may_sign(&self, session: &Session, password: Option<&str>) -> Result<(), AppError> {
        if !self.may_sign_knowledge(session) {
            return Err(AppError::NotPermitted(Text::new(
                "A rule set is signed by a physician or quality assurance.",
                "規則集須由醫師或品質保證人員簽署。",
            )));
        }
        self.check_signature(session, password)
    }

    fn rule_named(&self, rule: &str) -> Result<&RuleSet, AppError> {
        self.knowledge.rule(rule, None).map_err(|_| AppError::NotFound(rule.to_owned()))
    }

    fn sign(&self, by: &UserId, event: &KnowledgeEvent) -> Result<(), AppError> {
        let kind = match event {
            KnowledgeEvent::RuleActivated { .. } => "rule-activated",
            KnowledgeEvent::RuleWithdrawn { .. } => "rule-withdrawn",
        };
        let body =
            serde_json::to_vec(event).map_err(|cause| AppError::Input(Text::same(cause.to_string())))?;
        let stream = stream(&self.config.site);
        for _ in 0..TRIES {
            let head = self.ledger.head(&stream)?;
            let now = written(self.now(), &self.config.zone);
            let new = NewEvent::new(stream.clone(), kind, 1, now, by.as_str(), body.clone());
            let append = Append::new(self.fresh_key()?, vec![new]).read(stream.clone(), head);
            match self.ledger.append(append) {
                Ok(_) => {
                    let standing = self.read_activations()?;
                    *self.activations.write().unwrap_or_else(PoisonError::into_inner) = standing;
                    self.tell();
                    return Ok(());
                }
                Err(vena_ledger::AppendError::Conflict { .. }) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(AppError::Busy)
    }
}

/// The day or minute of a signature as pages write it.
pub fn signed_at(activation: &Activation, zone: &Zone) -> String {
    match When::parse(&activation.at, Some(zone)) {
        Ok(When::Instant(Stamp { at, .. })) => {
            zone.time_zone().to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
        }
        _ => activation.at.clone(),
    }
}
