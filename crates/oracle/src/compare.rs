//! What the oracle expects of one journey, moment by moment, to be held against what a program concluded.

use crate::{counts, neuro, release, state};
use jiff::{Timestamp, ToSpan};
use std::collections::BTreeMap;
use vena_base::{Concept, Value};
use vena_sim::SimJourney;

/// The true grades at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// The moment, just after a full set of observations.
    pub at: Timestamp,
    /// CRS.
    pub crs: u8,
    /// ICANS, at moments with a neurological examination.
    pub icans: Option<u8>,
}

/// What the program must conclude at each moment of a journey at which all is known.
pub fn bedside(journey: &SimJourney) -> Vec<Expected> {
    let child = is_child(journey);
    journey
        .checks
        .iter()
        .filter_map(|(at, examined)| {
            let state = state(journey, *at)?;
            let brain = if child { neuro::grade_child(&state.brain) } else { neuro::grade(&state.brain) };
            Some(Expected { at: *at, crs: release::grade(state), icans: examined.then_some(brain) })
        })
        .collect()
}

/// Under twelve on the day of infusion and for the month after it; `None`-like birthdays inside the month
/// are treated as a child's only while still a child.
fn is_child(journey: &SimJourney) -> bool {
    let day = journey.zone.day_of(journey.infusion);
    day.checked_sub(12.years()).is_ok_and(|twelve| twelve < journey.person.birth_date)
}

/// Whether the twelfth birthday falls into the observed month, where the tool changes half-way.
pub fn turns_twelve(journey: &SimJourney) -> bool {
    let first = journey.zone.day_of(journey.infusion);
    let twelfth = journey.person.birth_date.checked_add(12.years());
    let last = first.checked_add(33.days());
    matches!((twelfth, last), (Ok(twelfth), Ok(last)) if twelfth >= first && twelfth <= last)
}

/// The written neutrophil counts by day from the infusion, the lowest of each day.
pub fn written_counts(journey: &SimJourney) -> BTreeMap<i64, f64> {
    let zero = journey.zone.day_of(journey.infusion);
    let mut counts = BTreeMap::new();
    for fact in journey.facts.iter().filter(|f| f.concept == Concept::known("anc")) {
        if let Value::Quantity(quantity) = &fact.value {
            let day = i64::from(vena_base::time::days_between(zero, fact.when.first_day(&journey.zone)));
            let lowest = counts.entry(day).or_insert(quantity.value);
            *lowest = lowest.min(quantity.value);
        }
    }
    counts
}

/// The true early ICAHT grade, or `None` where a long gap leaves it open.
pub fn early_icaht(journey: &SimJourney) -> Option<u8> {
    counts::early_grade(&written_counts(journey))
}

/// The true CAR-HEMATOTOX score from the last values written before lymphodepletion began.
pub fn hematotox(journey: &SimJourney) -> Option<u8> {
    let begin = journey.infusion.checked_sub((5 * 24).hours()).ok()?;
    let value = |concept: &'static str| {
        let before = journey
            .facts
            .iter()
            .filter(|f| f.concept == Concept::known(concept) && f.when.earliest(&journey.zone) < begin);
        before.max_by_key(|f| f.when.earliest(&journey.zone)).and_then(|f| f.quantity().map(|q| q.value))
    };
    let platelets = value("platelets")? / 1_000.0;
    Some(counts::hematotox(
        platelets,
        value("anc")?,
        value("haemoglobin")?,
        value("crp")?,
        value("ferritin")?,
    ))
}
