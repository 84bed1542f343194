//! decide(state, command, rules, now) → event body | refusals. Pure and total.
//!
//! Must not know: storage, sessions, how a reason is signed (the caller has seen to that).

use crate::{
    event::{Body, OutsideKind, OutsideRule, seq_of},
    gate::{before_collection, before_infusion, before_lymphodepletion},
    refusal::{Refusal, Refused},
    role::{Role, may},
    rules::JourneyRules,
    state::State,
    step::{Instead, Step, StepKind},
};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use vena_base::{
    Text, When,
    ids::{EventId, PatientId, UserId},
};

/// In which standing a step is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Standing {
    /// By the rule.
    #[default]
    ByRule,
    /// Against refusals, by an authorised person with a signed reason.
    Override {
        /// The reason.
        reason: Arc<str>,
    },
    /// It has been done; the record follows.
    AlreadyDone {
        /// Why it was done outside the rule, or why it is recorded late.
        reason: Arc<str>,
    },
}

/// A step somebody asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// Who asks.
    pub by: UserId,
    /// In which role.
    pub role: Role,
    /// Which step.
    pub step: Step,
    /// In which standing.
    pub standing: Standing,
}

/// Decides on one step.
///
/// # Errors
/// [`Refused`] with every refusal in order of precedence. [`Standing::Override`] passes refusals
/// whose [`Refusal::may_override`] names the role; [`Standing::AlreadyDone`] passes all but those
/// about the record itself. Both mark the event as outside the rule when there was anything to pass.
pub fn decide(
    state: &State,
    command: Command,
    rules: &JourneyRules,
    now: Timestamp,
) -> Result<Body, Refused> {
    let mut refusals = refusals(state, &command, rules, now);
    refusals.sort_by_key(Refusal::rank);
    let Command { role, step, standing, .. } = command;
    let outside = |kind, reason: Arc<str>, passed: &[Refusal]| {
        (!passed.is_empty()).then(|| OutsideRule {
            kind,
            reason,
            refusals: passed.iter().map(|refusal| Arc::from(refusal.code())).collect(),
        })
    };
    let (outside_rule, left) = match standing {
        Standing::ByRule => (None, refusals),
        Standing::Override { reason } if reason.trim().is_empty() => (None, with_reason_missing(refusals)),
        Standing::AlreadyDone { reason } if reason.trim().is_empty() => (None, with_reason_missing(refusals)),
        Standing::Override { reason } => {
            let (passed, left): (Vec<_>, Vec<_>) =
                refusals.into_iter().partition(|refusal| refusal.may_override().contains(&role));
            (outside(OutsideKind::Overridden, reason, &passed), left)
        }
        Standing::AlreadyDone { reason } => {
            let (left, passed): (Vec<_>, Vec<_>) =
                refusals.into_iter().partition(Refusal::is_about_the_record);
            (outside(OutsideKind::AlreadyDone, reason, &passed), left)
        }
    };
    if left.is_empty() { Ok(Body { role, step, outside_rule }) } else { Err(Refused { refusals: left }) }
}

fn with_reason_missing(mut refusals: Vec<Refusal>) -> Vec<Refusal> {
    refusals.push(Refusal::ReasonMissing);
    refusals.sort_by_key(Refusal::rank);
    refusals
}

fn refusals(state: &State, command: &Command, rules: &JourneyRules, now: Timestamp) -> Vec<Refusal> {
    let kind = command.step.kind();
    let mut refusals = Vec::new();
    if !may(command.role, kind) {
        refusals.push(Refusal::RoleMayNot { role: command.role, step: kind });
    }
    match (&state.registration, kind) {
        (None, StepKind::Registered) => {}
        (None, _) => {
            refusals.push(Refusal::NotRegistered);
            return refusals;
        }
        (Some(_), StepKind::Registered) => {
            refusals.push(Refusal::AlreadyRegistered);
            return refusals;
        }
        (Some(_), _) => {}
    }
    well_formed(&command.step, rules, now, &mut refusals);
    let gate = match &command.step {
        Step::Collected { repeat_reason, .. } => {
            let mut missing = before_collection(state);
            if !state.collections.is_empty() && !repeat_reason.as_ref().is_some_and(|r| filled(r)) {
                missing.push(Refusal::RepeatNeedsReason { step: kind });
            }
            missing
        }
        Step::LymphodepletionStarted { .. } => {
            let mut missing = before_lymphodepletion(state);
            missing.extend(state.lymphodepletion_started.map(|when| Refusal::AlreadyStarted { when }));
            missing
        }
        Step::LymphodepletionEnded { when } => ends_after(state.lymphodepletion_started, *when, rules),
        Step::InfusionStarted { bag, when } => {
            // A start written earlier than now is still checked at its own time.
            before_infusion(state, rules, bag, when.latest(&rules.zone).min(now))
        }
        Step::InfusionEnded { bag, when, .. } => {
            ends_after(state.bags.get(bag).and_then(|bag| bag.infusion_started), *when, rules)
        }
        Step::ChainOfIdentityAssigned { number, .. } => match &state.number {
            Some(other) if other != number => {
                vec![Refusal::NumberAlreadyAssigned { number: other.clone() }]
            }
            _ => Vec::new(),
        },
        Step::ConsentWithdrawn { kind, .. } if state.consent_in_force(*kind).is_none() => {
            vec![Refusal::ConsentMissing {
                kind: *kind,
                withdrawn: state.consents.get(kind).and_then(|consent| consent.withdrawn),
            }]
        }
        Step::ProductReleased { bags, .. } => released_bags(state, bags),
        Step::FindingAttributed { event, fact, .. } => attribution(state, event, *fact),
        Step::Remarked { about: Some(event), .. } => named(state, event).err().into_iter().collect(),
        Step::Corrected { event, instead, .. } => correction(state, command, event, instead, rules, now),
        Step::PatientMerged { from, into: other, .. } | Step::PatientUnmerged { from, back: other, .. } => {
            other_patient(state, kind, from, other)
        }
        _ => Vec::new(),
    };
    refusals.extend(gate);
    refusals
}

fn filled(text: &str) -> bool {
    !text.trim().is_empty()
}

fn released_bags(state: &State, bags: &[vena_base::ids::ProductUnitId]) -> Vec<Refusal> {
    let rejected = |id: &vena_base::ids::ProductUnitId| {
        let (reason, _) = state.bags.get(id)?.rejected?;
        Some(Refusal::ProductRejected { bag: id.clone(), reason })
    };
    bags.iter().filter_map(rejected).collect()
}

/// A merge moves the journey from the patient it has to another one, never blindly.
fn other_patient(state: &State, kind: StepKind, from: &PatientId, other: &PatientId) -> Vec<Refusal> {
    let is_theirs = state.registration.as_ref().is_some_and(|registration| registration.patient == *from);
    if is_theirs && from != other {
        return Vec::new();
    }
    let instead = Text::new(
        "The journey belongs to another patient by now. Open it anew.",
        "此療程已屬於另一位病人，請重新開啟。",
    );
    vec![Refusal::NotCorrectable { step: kind, instead }]
}

fn ends_after(start: Option<When>, end: When, rules: &JourneyRules) -> Vec<Refusal> {
    match start {
        None => vec![Refusal::NotStarted],
        Some(start) if end.latest(&rules.zone) < start.earliest(&rules.zone) => {
            vec![Refusal::EndsBeforeStart { start, end }]
        }
        Some(_) => Vec::new(),
    }
}

/// Refusals about what was written, whatever the state.
fn well_formed(step: &Step, rules: &JourneyRules, now: Timestamp, refusals: &mut Vec<Refusal>) {
    let latest = SignedDuration::try_from_secs_f64(rules.clock_tolerance_min * 60.0)
        .ok()
        .and_then(|tolerance| now.checked_add(tolerance).ok())
        .unwrap_or(now);
    let mut ahead = |when: When| {
        if when.earliest(&rules.zone) > latest {
            refusals.push(Refusal::InTheFuture { when });
        }
    };
    step.when().into_iter().for_each(&mut ahead);
    if !matches!(step, Step::Imported { .. }) {
        // What a file holds is kept and flagged by its reader; what a person types is asked back.
        step.facts().iter().skip(1).map(|fact| fact.when).for_each(&mut ahead);
    }
    let mut missing = |empty: bool, en: &str, zh: &str| {
        if empty {
            refusals.push(Refusal::FieldMissing(Text::new(en, zh)));
        }
    };
    match step {
        Step::ConsentRecorded { version, .. } => {
            missing(!filled(version), "The form's version", "同意書版本")
        }
        Step::Collected { bags, .. }
        | Step::ProductMade { bags, .. }
        | Step::ProductReleased { bags, .. }
        | Step::ProductRejected { bags, .. }
        | Step::ProductReceived { bags, .. } => missing(bags.is_empty(), "The bag", "血袋"),
        Step::VitalSigns(facts) | Step::Laboratory(facts) | Step::Drugs(facts) | Step::Assessment(facts) => {
            missing(facts.is_empty(), "A value", "數值");
        }
        Step::Imported { facts, .. } => missing(facts.is_empty(), "A value", "數值"),
        Step::Remarked { text, .. } => missing(!filled(text), "The text", "內容"),
        Step::IdentityChanged { fields, .. } => missing(fields.is_empty(), "A change", "更正內容"),
        Step::AssayRecorded(assay) => missing(assay.files.is_empty(), "The instrument's file", "儀器檔案"),
        Step::CollectionFailed { reason, .. }
        | Step::ConsentWithdrawn { reason, .. }
        | Step::Withdrew { reason, .. }
        | Step::EndedOtherwise { reason, .. }
        | Step::Corrected { reason, .. }
        | Step::PatientMerged { reason, .. }
        | Step::PatientUnmerged { reason, .. }
            if !filled(reason) =>
        {
            refusals.push(Refusal::ReasonMissing);
        }
        _ => {}
    }
    let spans = step.facts().iter().filter_map(|fact| Some((fact.when, fact.until?)));
    let own = match step {
        Step::Collected { when, until: Some(until), .. } => Some((*when, *until)),
        _ => None,
    };
    if !matches!(step, Step::Imported { .. })
        && let Some((start, end)) =
            own.into_iter().chain(spans).find(|(s, e)| e.latest(&rules.zone) < s.earliest(&rules.zone))
    {
        refusals.push(Refusal::EndsBeforeStart { start, end });
    }
}

fn named<'a>(state: &'a State, event: &EventId) -> Result<&'a crate::event::Entry, Refusal> {
    let journey = event.as_str().rsplit_once('#').map(|(name, _)| name);
    let none = || Refusal::NoSuchEvent { event: event.clone() };
    journey.ok_or_else(none)?;
    seq_of(None, event).and_then(|seq| state.entry(seq)).ok_or_else(none)
}

fn attribution(state: &State, event: &EventId, fact: u32) -> Vec<Refusal> {
    match named(state, event) {
        Err(refusal) => vec![refusal],
        Ok(entry) => {
            // A correction may have left more or fewer facts than the event was recorded with.
            let standing = crate::state::standing(&state.entries, None);
            let facts =
                standing.iter().find(|s| s.entry.seq == entry.seq).map_or(0, |s| s.step.facts().len());
            if usize::try_from(fact).is_ok_and(|fact| fact < facts) {
                Vec::new()
            } else {
                vec![Refusal::NoSuchEvent { event: event.clone() }]
            }
        }
    }
}

fn correction(
    state: &State,
    command: &Command,
    event: &EventId,
    instead: &Instead,
    rules: &JourneyRules,
    now: Timestamp,
) -> Vec<Refusal> {
    let entry = match named(state, event) {
        Ok(entry) => entry,
        Err(refusal) => return vec![refusal],
    };
    let kind = entry.body.step.kind();
    let mut refusals = Vec::new();
    // Who may not give a step may not undo or change it either.
    if !may(command.role, kind) {
        refusals.push(Refusal::RoleMayNot { role: command.role, step: kind });
    }
    let never = |en: &str, zh: &str| Refusal::NotCorrectable { step: kind, instead: Text::new(en, zh) };
    match (kind, instead) {
        (StepKind::Registered, Instead::Nothing) => {
            refusals.push(never("End the journey with a reason.", "請以原因終止療程。"));
        }
        (StepKind::IdentityRead, _) => {
            // Taking back a reading that did not agree would open the gate it shut.
            refusals.push(never("Two people read patient and bag again.", "請由兩人重新核對。"));
        }
        (StepKind::ProductReceived, Instead::Step(_)) => {
            // It would put words into the mouth of the person who took receipt.
            refusals.push(never("Retract it and record the receipt again.", "請撤銷後重新點收。"));
        }
        (StepKind::IdentityChanged, _) => {
            refusals.push(never("Put the identity right again.", "請再次更正身分資料。"));
        }
        (StepKind::PatientMerged | StepKind::PatientUnmerged, _) => {
            refusals.push(never("Part or merge the patients again.", "請取消合併或再次合併。"));
        }
        (StepKind::Corrected, _) => {
            refusals.push(never("Correct the first event again.", "請再次更正原事件。"));
        }
        (_, Instead::Facts(facts)) => match entry.body.step.with_facts(facts.clone()) {
            Some(step) => well_formed(&step, rules, now, &mut refusals),
            None => refusals.push(never("Give the whole step anew.", "請重新填寫整個步驟。")),
        },
        (_, Instead::Step(step)) if step.kind() != kind => {
            refusals.push(never("Give a step of the same kind.", "請填寫同類步驟。"));
        }
        (_, Instead::Step(step)) => well_formed(step, rules, now, &mut refusals),
        (_, Instead::Nothing) => {}
    }
    refusals
}
