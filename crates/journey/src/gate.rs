//! The gates of a journey: what must be true before a step, each with what is missing. A gate with
//! something missing is shut.
//!
//! Must not know: who asks; overriding is decided in `decide.rs`.

use crate::{
    refusal::Refusal,
    rules::JourneyRules,
    state::{Bag, Reading, State},
    step::{CheckAt, ConsentKind, StepKind},
};
use jiff::Timestamp;
use vena_base::{
    When,
    ids::{ProductUnitId, UserId},
};

/// Whether a gate lets the journey pass.
#[derive(Debug, Clone, PartialEq)]
pub enum GateState {
    /// The step has been taken.
    Passed,
    /// Everything it needs is there.
    Open,
    /// This is missing, in order of precedence.
    Shut(Vec<Refusal>),
}

/// A gate before a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// The step behind it.
    pub step: StepKind,
    /// Whether it lets pass.
    pub state: GateState,
}

/// The gates as they stand at `now`, in the order of a journey.
pub fn gates(state: &State, rules: &JourneyRules, now: Timestamp) -> Vec<Gate> {
    let gate = |step, passed: bool, missing: Vec<Refusal>| Gate {
        step,
        state: match (passed, missing.is_empty()) {
            (true, _) => GateState::Passed,
            (false, true) => GateState::Open,
            (false, false) => GateState::Shut(missing),
        },
    };
    vec![
        gate(StepKind::Collected, !state.collections.is_empty(), before_collection(state)),
        gate(
            StepKind::LymphodepletionStarted,
            state.lymphodepletion_started.is_some(),
            before_lymphodepletion(state),
        ),
        gate(
            StepKind::InfusionStarted,
            state.infusion_started.is_some(),
            before_any_infusion(state, rules, now),
        ),
    ]
}

/// What stops any treatment of this patient.
pub fn before_treatment(state: &State) -> Vec<Refusal> {
    let mut missing = Vec::new();
    if let Some(when) = state.died {
        missing.push(Refusal::Deceased { when });
    }
    if let Some(end) = &state.withdrew {
        missing.push(Refusal::Withdrawn { when: end.when });
    }
    if let Some(end) = &state.ended {
        missing.push(Refusal::Ended { when: end.when });
    }
    missing
}

fn consent(state: &State, missing: &mut Vec<Refusal>) {
    let kind = ConsentKind::Treatment;
    if state.consent_in_force(kind).is_none() {
        let withdrawn = state.consents.get(&kind).and_then(|consent| consent.withdrawn);
        missing.push(Refusal::ConsentMissing { kind, withdrawn });
    }
}

/// What stops a collection.
pub fn before_collection(state: &State) -> Vec<Refusal> {
    let mut missing = before_treatment(state);
    if state.number.is_none() {
        missing.push(Refusal::NumberMissing);
    }
    consent(state, &mut missing);
    missing.sort_by_key(Refusal::rank);
    missing
}

/// What stops lymphodepletion.
pub fn before_lymphodepletion(state: &State) -> Vec<Refusal> {
    let mut missing = before_treatment(state);
    consent(state, &mut missing);
    if state.product.is_none() {
        missing.push(Refusal::ProductNotChosen);
    }
    missing.sort_by_key(Refusal::rank);
    missing
}

/// What stops the infusion of one bag beginning at `start`.
pub fn before_infusion(
    state: &State,
    rules: &JourneyRules,
    bag_id: &ProductUnitId,
    start: Timestamp,
) -> Vec<Refusal> {
    let mut missing = before_treatment(state);
    consent(state, &mut missing);
    if state.product.is_none() {
        missing.push(Refusal::ProductNotChosen);
    }
    let Some(number) = &state.number else {
        missing.push(Refusal::NumberMissing);
        missing.sort_by_key(Refusal::rank);
        return missing;
    };
    match state.bags.get(bag_id) {
        None => missing.push(Refusal::UnknownBag { bag: bag_id.clone() }),
        Some(bag) => product(bag_id, bag, number, &mut missing),
    }
    identity_check(state, rules, bag_id, start, &mut missing);
    missing.sort_by_key(Refusal::rank);
    missing
}

fn product(
    id: &ProductUnitId,
    bag: &Bag,
    number: &vena_base::ids::ChainOfIdentity,
    missing: &mut Vec<Refusal>,
) {
    let labels = bag.on_label.iter().chain(bag.receipts.iter().map(|receipt| &receipt.on_label));
    if let Some(other) = labels.into_iter().find(|label| *label != number) {
        missing.push(Refusal::LabelMismatch {
            bag: id.clone(),
            number: number.clone(),
            on_label: other.clone(),
        });
    }
    if let Some((reason, _)) = bag.rejected {
        missing.push(Refusal::ProductRejected { bag: id.clone(), reason });
    }
    if bag.released.is_none() {
        missing.push(Refusal::NotReleased { bag: id.clone() });
    }
    if bag.arrived().is_none() {
        missing.push(Refusal::NotArrived { bag: id.clone(), receipts: bag.receipts.len().min(1) });
    }
    if let Some(when) = bag.infusion_started {
        missing.push(Refusal::AlreadyStarted { when });
    }
}

fn identity_check(
    state: &State,
    rules: &JourneyRules,
    bag: &ProductUnitId,
    start: Timestamp,
    missing: &mut Vec<Refusal>,
) {
    let readings: Vec<&Reading> = state.readings_of(CheckAt::Infusion, bag).collect();
    let number = state.number.as_ref();
    let last_mismatch = readings.iter().rposition(|reading| !reading.agrees_with(number));
    // After a mismatch both people read again: readings before it no longer count.
    let after = readings.get(last_mismatch.map_or(0, |index| index + 1)..).unwrap_or_default();
    let people = |fresh_only: bool| {
        let mut people: Vec<&UserId> = after
            .iter()
            .filter(|reading| !fresh_only || is_fresh(reading, rules, start))
            .map(|reading| &reading.by)
            .collect();
        people.sort();
        people.dedup();
        people.len()
    };
    let (any, fresh) = (people(false), people(true));
    if fresh >= 2 {
        return;
    }
    if any < 2
        && let Some(wrong) = last_mismatch.and_then(|index| readings.get(index))
    {
        missing.push(Refusal::IdentityMismatch {
            bag: bag.clone(),
            number: state.number.clone(),
            on_patient: wrong.reading.on_patient.clone(),
            on_product: wrong.reading.on_product.clone(),
        });
    } else if any >= 2 {
        missing
            .push(Refusal::IdentityCheckTooOld { bag: bag.clone(), window_min: rules.identity_window_min });
    } else {
        missing.push(Refusal::IdentityCheckMissing { bag: bag.clone(), people: any });
    }
}

/// A reading counts when both its own time and its time of recording lie within the window before
/// the start, so that neither a late entry nor a device's wrong clock can fill the place.
fn is_fresh(reading: &Reading, rules: &JourneyRules, start: Timestamp) -> bool {
    let minutes_before = |at: Timestamp| start.duration_since(at).as_secs_f64() / 60.0;
    let within = |age_min: f64| -rules.clock_tolerance_min <= age_min && age_min <= rules.identity_window_min;
    let When::Instant(read) = reading.reading.when else {
        return false;
    };
    within(minutes_before(read.at)) && within(minutes_before(reading.recorded.at))
}

/// The gate before the first bag: shut where every usable bag is; with the fewest refusals shown.
fn before_any_infusion(state: &State, rules: &JourneyRules, now: Timestamp) -> Vec<Refusal> {
    let best = state.bags.keys().map(|bag| before_infusion(state, rules, bag, now)).min_by_key(Vec::len);
    best.unwrap_or_else(|| {
        let mut missing = before_lymphodepletion(state);
        if state.number.is_none() {
            missing.push(Refusal::NumberMissing);
        }
        if let Ok(bag) = ProductUnitId::new("–") {
            missing.push(Refusal::NotReleased { bag: bag.clone() });
            missing.push(Refusal::NotArrived { bag, receipts: 0 });
        }
        missing.sort_by_key(Refusal::rank);
        missing
    })
}
