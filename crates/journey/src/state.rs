//! What is true of a journey after its events. Folding is total: any sequence of events, in any
//! state of nonsense, gives a state; whether a step was allowed was decided before it was recorded.
//!
//! Must not know: storage, grades, what a page shows.

use crate::{
    event::{Entry, seq_of},
    step::{CheckAt, ConsentKind, Ending, IdentityReading, Instead, ProductFate, RejectionReason, Step},
};
use jiff::Timestamp;
use std::{borrow::Cow, collections::BTreeMap, sync::Arc};
use vena_base::{
    Answer, Fact, Stamp, When,
    ids::{ChainOfIdentity, PatientId, ProductUnitId, SiteId, UserId},
};

/// A consent as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Consent {
    /// Version of the form.
    pub version: Arc<str>,
    /// When it was signed.
    pub signed: When,
    /// When it was taken back.
    pub withdrawn: Option<When>,
}

/// Who registered what about the journey's beginning.
#[derive(Debug, Clone, PartialEq)]
pub struct Registration {
    /// The pseudonymous patient.
    pub patient: PatientId,
    /// The diagnosis.
    pub diagnosis: Option<Answer>,
    /// The product intended at referral.
    pub product_intended: Option<Answer>,
    /// Site that treats.
    pub treating_site: SiteId,
    /// When the patient was referred.
    pub when: When,
}

/// One leukapheresis.
#[derive(Debug, Clone, PartialEq)]
pub struct Collection {
    /// Start.
    pub when: When,
    /// End.
    pub until: Option<When>,
    /// The bags.
    pub bags: Vec<ProductUnitId>,
}

/// One person's receipt of a bag.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// Who.
    pub by: UserId,
    /// What was read on the label.
    pub on_label: ChainOfIdentity,
    /// When.
    pub when: When,
}

/// One bag of the product.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bag {
    /// The number on the maker's label.
    pub on_label: Option<ChainOfIdentity>,
    /// When it was made.
    pub made: Option<When>,
    /// When it was released.
    pub released: Option<When>,
    /// Why and when it was rejected.
    pub rejected: Option<(RejectionReason, When)>,
    /// Receipts; two different people make an arrival.
    pub receipts: Vec<Receipt>,
    /// When its infusion began.
    pub infusion_started: Option<When>,
    /// When its infusion ended.
    pub infusion_ended: Option<When>,
}

impl Bag {
    /// When the second of two different people took receipt of it.
    pub fn arrived(&self) -> Option<When> {
        let first = self.receipts.first()?;
        self.receipts.iter().find(|receipt| receipt.by != first.by).map(|receipt| receipt.when)
    }
}

/// One reading of the identifiers and whether they agreed with the journey's.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Number of the event.
    pub seq: u64,
    /// Who read.
    pub by: UserId,
    /// When it was recorded.
    pub recorded: Stamp,
    /// What was read.
    pub reading: IdentityReading,
}

impl Reading {
    /// Whether everything read agrees with the number assigned to the journey.
    pub fn agrees_with(&self, number: Option<&ChainOfIdentity>) -> bool {
        number.is_some_and(|number| {
            self.reading.on_patient == *number
                && self.reading.on_product == *number
                && self.reading.name_and_birth_date_agree
        })
    }
}

/// How a journey ended before its follow-up was over.
#[derive(Debug, Clone, PartialEq)]
pub struct End {
    /// How; `None` for the patient's withdrawal.
    pub ending: Option<Ending>,
    /// When.
    pub when: When,
    /// Why.
    pub reason: Arc<str>,
    /// What becomes of the cells.
    pub fate: ProductFate,
}

/// A journey as its events have it.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// Every event, as recorded, in order.
    pub entries: Vec<Entry>,
    /// How it began.
    pub registration: Option<Registration>,
    /// Consents by kind; the latest of a kind stands.
    pub consents: BTreeMap<ConsentKind, Consent>,
    /// The journey's chain-of-identity number.
    pub number: Option<ChainOfIdentity>,
    /// The product chosen.
    pub product: Option<Answer>,
    /// When it was chosen.
    pub product_chosen: Option<When>,
    /// Collections that gave something.
    pub collections: Vec<Collection>,
    /// Collections that gave nothing, with the reason.
    pub failed_collections: Vec<(When, Arc<str>)>,
    /// The bags of the product.
    pub bags: BTreeMap<ProductUnitId, Bag>,
    /// When lymphodepletion began.
    pub lymphodepletion_started: Option<When>,
    /// When lymphodepletion ended.
    pub lymphodepletion_ended: Option<When>,
    /// Readings of identifiers, in the order recorded.
    pub readings: Vec<Reading>,
    /// When the first bag's infusion began: day 0.
    pub infusion_started: Option<When>,
    /// When the last bag's infusion ended.
    pub infusion_ended: Option<When>,
    /// When the patient died.
    pub died: Option<When>,
    /// When relapse was found first.
    pub relapsed: Option<When>,
    /// When the next therapy began first.
    pub next_therapy: Option<When>,
    /// The latest day the patient was seen or heard of.
    pub followed_up: Option<When>,
    /// When the patient withdrew.
    pub withdrew: Option<End>,
    /// When and how it ended otherwise.
    pub ended: Option<End>,
}

/// One event as corrections leave it.
#[derive(Debug, Clone)]
pub struct StandingStep<'a> {
    /// The event as recorded.
    pub entry: &'a Entry,
    /// The step that stands.
    pub step: Cow<'a, Step>,
    /// The correction it comes from, if it was corrected.
    pub corrected_by: Option<&'a Entry>,
}

/// The steps that stand, in the order of their events: what was retracted is left out, what was
/// corrected is replaced. Only corrections recorded by `known_at` count (`None`: all); the last
/// correction of an event wins.
pub fn standing(entries: &[Entry], known_at: Option<Timestamp>) -> Vec<StandingStep<'_>> {
    let mut corrections: BTreeMap<u64, &Entry> = BTreeMap::new();
    for entry in entries {
        if known_at.is_some_and(|known_at| entry.recorded.at > known_at) {
            continue;
        }
        if let Step::Corrected { event, .. } = &entry.body.step
            && let Some(seq) = seq_of(None, event)
            && seq < entry.seq
        {
            corrections.insert(seq, entry);
        }
    }
    entries.iter().filter_map(|entry| stands(entry, corrections.get(&entry.seq).copied())).collect()
}

fn stands<'a>(entry: &'a Entry, correction: Option<&'a Entry>) -> Option<StandingStep<'a>> {
    let unchanged = StandingStep { entry, step: Cow::Borrowed(&entry.body.step), corrected_by: None };
    let Some(correction) = correction else {
        return Some(unchanged);
    };
    let Step::Corrected { instead, .. } = &correction.body.step else {
        return Some(unchanged);
    };
    let step = match instead {
        Instead::Nothing => return None,
        Instead::Facts(facts) => match entry.body.step.with_facts(facts.clone()) {
            Some(step) => Cow::Owned(step),
            None => return Some(unchanged),
        },
        Instead::Step(step) if step.kind() == entry.body.step.kind() => Cow::Borrowed(step.as_ref()),
        Instead::Step(_) => return Some(unchanged),
    };
    Some(StandingStep { entry, step, corrected_by: Some(correction) })
}

impl State {
    /// The state after events. Total: it takes any events in any order.
    pub fn fold(entries: Vec<Entry>) -> State {
        let mut state = State::default();
        for standing in standing(&entries, None) {
            state.apply(standing.entry, &standing.step);
        }
        state.entries = entries;
        state
    }

    /// The state after more events.
    pub fn and_then(mut self, more: impl IntoIterator<Item = Entry>) -> State {
        let mut entries = std::mem::take(&mut self.entries);
        for entry in more {
            if matches!(entry.body.step, Step::Corrected { .. }) {
                entries.push(entry);
                self = State::fold(std::mem::take(&mut entries));
                entries = std::mem::take(&mut self.entries);
            } else {
                self.apply(&entry, &entry.body.step);
                entries.push(entry);
            }
        }
        self.entries = entries;
        self
    }

    /// The number the next event will have.
    pub fn next_seq(&self) -> u64 {
        self.entries.last().map_or(1, |entry| entry.seq.saturating_add(1))
    }

    /// The event that stands at a number.
    pub fn entry(&self, seq: u64) -> Option<&Entry> {
        let guess = usize::try_from(seq).ok()?.checked_sub(1)?;
        match self.entries.get(guess) {
            Some(entry) if entry.seq == seq => Some(entry),
            _ => self.entries.iter().find(|entry| entry.seq == seq),
        }
    }

    /// The consent of a kind that is in force.
    pub fn consent_in_force(&self, kind: ConsentKind) -> Option<&Consent> {
        self.consents.get(&kind).filter(|consent| consent.withdrawn.is_none())
    }

    /// The product that is meant: chosen, else intended.
    pub fn product_meant(&self) -> Option<Answer> {
        self.product.or_else(|| self.registration.as_ref().and_then(|r| r.product_intended))
    }

    /// Readings for a bag at a step, latest last.
    pub fn readings_of<'a>(
        &'a self,
        check: CheckAt,
        bag: &'a ProductUnitId,
    ) -> impl Iterator<Item = &'a Reading> + use<'a> {
        self.readings.iter().filter(move |r| r.reading.check == check && r.reading.bag == *bag)
    }

    fn apply(&mut self, entry: &Entry, step: &Step) {
        match step {
            Step::Registered { patient, diagnosis, product_intended, treating_site, when, .. } => {
                // A second registration cannot be recorded; should a ledger hold one, the first stands.
                self.registration.get_or_insert_with(|| Registration {
                    patient: patient.clone(),
                    diagnosis: *diagnosis,
                    product_intended: *product_intended,
                    treating_site: treating_site.clone(),
                    when: *when,
                });
            }
            Step::ConsentRecorded { kind, version, signed, .. } => {
                let consent = Consent { version: version.clone(), signed: *signed, withdrawn: None };
                self.consents.insert(*kind, consent);
            }
            Step::ConsentWithdrawn { kind, when, .. } => {
                if let Some(consent) = self.consents.get_mut(kind) {
                    consent.withdrawn = Some(*when);
                }
            }
            Step::ChainOfIdentityAssigned { number, .. } => self.number = Some(number.clone()),
            Step::ProductChosen { product, when } => {
                self.product = Some(*product);
                self.product_chosen = Some(*when);
            }
            Step::Collected { when, until, bags, .. } => {
                self.collections.push(Collection { when: *when, until: *until, bags: bags.clone() });
            }
            Step::CollectionFailed { when, reason } => self.failed_collections.push((*when, reason.clone())),
            Step::IdentityRead(reading) => self.readings.push(Reading {
                seq: entry.seq,
                by: entry.by.clone(),
                recorded: entry.recorded,
                reading: reading.clone(),
            }),
            Step::LymphodepletionStarted { when } => self.lymphodepletion_started = Some(*when),
            Step::LymphodepletionEnded { when } => self.lymphodepletion_ended = Some(*when),
            Step::ProductMade { .. }
            | Step::ProductReleased { .. }
            | Step::ProductRejected { .. }
            | Step::ProductReceived { .. }
            | Step::InfusionStarted { .. }
            | Step::InfusionEnded { .. } => self.apply_to_bags(entry, step),
            Step::Imported { facts, .. } => facts.iter().for_each(|fact| self.apply_imported(fact)),
            Step::PatientMerged { into: patient, .. } | Step::PatientUnmerged { back: patient, .. } => {
                if let Some(registration) = &mut self.registration {
                    registration.patient = patient.clone();
                }
            }
            _ => self.apply_outcome(step),
        }
    }

    /// A file may tell the milestones of a journey that took place elsewhere or before.
    fn apply_imported(&mut self, fact: &Fact) {
        // What could not be read is no milestone.
        if matches!(fact.value, vena_base::Value::NotAssessed(_)) {
            return;
        }
        let when = fact.when;
        match fact.concept.as_str() {
            "infusion" => {
                self.infusion_started = earlier(self.infusion_started, when);
                if let Some(until) = fact.until {
                    self.infusion_ended = later(self.infusion_ended, until);
                }
            }
            "lymphodepletion" => {
                self.lymphodepletion_started = earlier(self.lymphodepletion_started, when);
                if let Some(until) = fact.until {
                    self.lymphodepletion_ended = later(self.lymphodepletion_ended, until);
                }
            }
            "product" => self.product = self.product.or_else(|| fact.answer()),
            "death" => self.died = Some(when),
            "relapse" => self.relapsed = earlier(self.relapsed, when),
            "next-therapy" => self.next_therapy = earlier(self.next_therapy, when),
            "last-follow-up" => self.followed_up = later(self.followed_up, when),
            _ => {}
        }
    }

    fn apply_to_bags(&mut self, entry: &Entry, step: &Step) {
        match step {
            Step::ProductMade { bags, on_label, when } => self.each_bag(bags, |bag| {
                bag.on_label = Some(on_label.clone());
                bag.made = Some(*when);
            }),
            Step::ProductReleased { bags, when, .. } => self.each_bag(bags, |bag| bag.released = Some(*when)),
            Step::ProductRejected { bags, when, reason, .. } => {
                self.each_bag(bags, |bag| bag.rejected = Some((*reason, *when)));
            }
            Step::ProductReceived { bags, on_label, when, .. } => self.each_bag(bags, |bag| {
                bag.receipts.push(Receipt { by: entry.by.clone(), on_label: on_label.clone(), when: *when });
            }),
            Step::InfusionStarted { bag, when } => {
                self.each_bag(std::slice::from_ref(bag), |bag| bag.infusion_started = Some(*when));
                // Later bags belong to the same infusion: day 0 is the first bag's.
                self.infusion_started = earlier(self.infusion_started, *when);
            }
            Step::InfusionEnded { bag, when, .. } => {
                self.each_bag(std::slice::from_ref(bag), |bag| bag.infusion_ended = Some(*when));
                self.infusion_ended = later(self.infusion_ended, *when);
            }
            _ => {}
        }
    }

    fn apply_outcome(&mut self, step: &Step) {
        match step {
            Step::Died { when, .. } => self.died = Some(*when),
            Step::Relapsed { when } => self.relapsed = earlier(self.relapsed, *when),
            Step::NextTherapyStarted { when, .. } => self.next_therapy = earlier(self.next_therapy, *when),
            Step::FollowedUp { when } => self.followed_up = later(self.followed_up, *when),
            Step::Withdrew { when, reason, fate } => {
                self.withdrew = Some(End { ending: None, when: *when, reason: reason.clone(), fate: *fate });
            }
            Step::EndedOtherwise { ending, when, reason, fate } => {
                self.ended =
                    Some(End { ending: Some(*ending), when: *when, reason: reason.clone(), fate: *fate });
            }
            _ => {}
        }
    }

    fn each_bag(&mut self, bags: &[ProductUnitId], change: impl Fn(&mut Bag)) {
        for id in bags {
            change(self.bags.entry(id.clone()).or_default());
        }
    }
}

/// The earlier of two times, compared at their first possible instant in UTC: only the order of
/// steps of one journey is needed, never a day count.
fn earlier(known: Option<When>, new: When) -> Option<When> {
    let utc = vena_base::Zone::utc();
    match known {
        Some(known) if known.earliest(&utc) <= new.earliest(&utc) => Some(known),
        _ => Some(new),
    }
}

/// The later of two times; see [`earlier`].
fn later(known: Option<When>, new: When) -> Option<When> {
    let utc = vena_base::Zone::utc();
    match known {
        Some(known) if known.latest(&utc) >= new.latest(&utc) => Some(known),
        _ => Some(new),
    }
}
