//! A chart from a journey's events: the facts recorded, the facts that steps imply, corrections and
//! attributions applied as known.
//!
//! Must not know: how a chart is graded, where identity is kept.

use crate::{
    event::{Entry, event_id, seq_of},
    state::{State, standing},
    step::Step,
};
use jiff::Timestamp;
use std::sync::Arc;
use vena_base::{Answer, Chart, Concept, Fact, Origin, Stamp, Value, When, Zone, ids::JourneyId};

const DIAGNOSIS: Concept = Concept::known("diagnosis");
const PRODUCT: Concept = Concept::known("product");
const INFUSION: Concept = Concept::known("infusion");
const LYMPHODEPLETION: Concept = Concept::known("lymphodepletion");
const DEATH: Concept = Concept::known("death");
const RELAPSE: Concept = Concept::known("relapse");
const NEXT_THERAPY: Concept = Concept::known("next-therapy");
const LAST_FOLLOW_UP: Concept = Concept::known("last-follow-up");
const EPISODE_CLOSED: Concept = Concept::known("crs-episode-closed");
const WITHDRAWAL: Concept = Concept::known("withdrawal");

/// The chart of a journey.
///
/// Only corrections and attributions recorded by `known_at` are applied (`None`: all); facts carry
/// when they were recorded, so the grading itself leaves out what was recorded later. `identity`
/// holds facts that are kept outside the ledger (birth date, sex).
pub fn chart(
    journey: &JourneyId,
    state: &State,
    zone: &Zone,
    known_at: Option<Timestamp>,
    identity: Vec<Fact>,
) -> Chart {
    let mut facts = identity;
    let mut spans = Spans::default();
    // (event number, index of the fact, cause)
    let mut causes: Vec<(u64, usize, Answer)> = Vec::new();
    let mut places: Vec<(u64, usize, usize)> = Vec::new();
    for standing in standing(&state.entries, known_at) {
        let source = standing.corrected_by.unwrap_or(standing.entry);
        let by = Source { journey, entry: standing.entry, recorded: source.recorded, by: &source.by };
        if let Step::FindingAttributed { event, fact, cause } = standing.step.as_ref() {
            if known_at.is_none_or(|known_at| source.recorded.at <= known_at)
                && let (Some(seq), Ok(index)) = (seq_of(Some(journey), event), usize::try_from(*fact))
            {
                causes.push((seq, index, *cause));
            }
            continue;
        }
        for (index, fact) in standing.step.facts().iter().enumerate() {
            places.push((standing.entry.seq, index, facts.len()));
            facts.push(by.sign(fact.clone()));
        }
        facts.extend(implied(standing.step.as_ref()).map(|fact| by.sign(fact)));
        spans.take(standing.step.as_ref(), &by);
    }
    for (seq, index, cause) in causes {
        let place = places.binary_search_by_key(&(seq, index), |(seq, index, _)| (*seq, *index));
        if let Some((_, _, at)) = place.ok().and_then(|found| places.get(found))
            && let Some(fact) = facts.get_mut(*at)
        {
            fact.attributed_to = Some(cause);
        }
    }
    spans.finish(state.product_meant(), zone, &mut facts);
    let patient = state.registration.as_ref().map_or(journey.as_str(), |r| r.patient.as_str());
    Chart::new(patient, zone.clone(), facts)
}

/// Who says a fact, and from which event.
struct Source<'a> {
    journey: &'a JourneyId,
    entry: &'a Entry,
    recorded: Stamp,
    by: &'a vena_base::ids::UserId,
}

impl Source<'_> {
    /// Marks a fact with its event. A time of recording the fact came with (a laboratory's) is kept:
    /// it was known to the hospital then, though entered here later.
    fn sign(&self, mut fact: Fact) -> Fact {
        fact.recorded.get_or_insert(self.recorded);
        if fact.recorded_by.is_none() {
            fact.recorded_by = Some(Arc::from(self.by.as_str()));
        }
        if let Some(id) = event_id(self.journey, self.entry.seq) {
            fact.origin = Origin::Event(Arc::from(id.as_str()));
        }
        fact
    }
}

fn implied(step: &Step) -> Option<Fact> {
    let happened = |concept, when| Some(Fact::new(concept, Value::Happened, when));
    match step {
        Step::Registered { diagnosis: Some(diagnosis), when, .. } => {
            Some(Fact::new(DIAGNOSIS, Value::Answer(*diagnosis), *when))
        }
        Step::ProductChosen { product, when } => Some(Fact::new(PRODUCT, Value::Answer(*product), *when)),
        Step::EpisodeClosed { when } => happened(EPISODE_CLOSED, *when),
        Step::Died { when, .. } => happened(DEATH, *when),
        Step::Relapsed { when } => happened(RELAPSE, *when),
        Step::NextTherapyStarted { when, what } => {
            let mut fact = Fact::new(NEXT_THERAPY, Value::Happened, *when);
            fact.note.clone_from(what);
            Some(fact)
        }
        Step::FollowedUp { when } => happened(LAST_FOLLOW_UP, *when),
        Step::Withdrew { when, .. } => happened(WITHDRAWAL, *when),
        _ => None,
    }
}

/// What lasts, told by two events: one fact each. Several bags are one infusion.
#[derive(Default)]
struct Spans {
    infusion: Option<(Fact, Option<When>)>,
    lymphodepletion: Option<(Fact, Option<When>)>,
}

impl Spans {
    fn take(&mut self, step: &Step, by: &Source<'_>) {
        let begin = |place: &mut Option<(Fact, Option<When>)>, concept, when: When| {
            let new = by.sign(Fact::new(concept, Value::Happened, when));
            match place {
                Some((fact, _)) if fact.when.earliest(&Zone::utc()) <= when.earliest(&Zone::utc()) => {}
                Some((fact, _)) => *fact = new,
                None => *place = Some((new, None)),
            }
        };
        match step {
            Step::InfusionStarted { when, .. } => begin(&mut self.infusion, INFUSION, *when),
            Step::InfusionEnded { when, .. } => end(&mut self.infusion, *when),
            Step::LymphodepletionStarted { when } => begin(&mut self.lymphodepletion, LYMPHODEPLETION, *when),
            Step::LymphodepletionEnded { when } => end(&mut self.lymphodepletion, *when),
            _ => {}
        }
    }

    fn finish(self, product: Option<Answer>, zone: &Zone, facts: &mut Vec<Fact>) {
        for (mut fact, until) in [self.infusion, self.lymphodepletion].into_iter().flatten() {
            fact.until = until;
            if fact.concept == INFUSION {
                if let Some(product) = product {
                    fact.value = Value::Answer(product);
                }
                // Imported facts may tell the same infusion; the journey's own stands.
                let day = fact.when.first_day(zone);
                facts.retain(|f| f.concept != INFUSION || f.when.first_day(zone) != day);
            }
            facts.push(fact);
        }
    }
}

fn end(place: &mut Option<(Fact, Option<When>)>, when: When) {
    if let Some((_, until)) = place {
        let later = until.is_none_or(|known| known.latest(&Zone::utc()) < when.latest(&Zone::utc()));
        if later {
            *until = Some(when);
        }
    }
}
