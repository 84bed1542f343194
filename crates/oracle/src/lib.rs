//! An independent statement of the true grades. It reads the hidden course of a synthetic patient, not the
//! facts, and its numbers were typed from the sources a second time. Must not know: `clinical`,
//! `knowledge`, or anything they share; where both agree, they agree for different reasons.

pub mod compare;
pub mod counts;
pub mod neuro;
pub mod release;

use jiff::Timestamp;
use vena_sim::SimJourney;
use vena_sim::course::Hour;

/// The hidden state at a moment after the infusion.
pub fn state(journey: &SimJourney, at: Timestamp) -> Option<&Hour> {
    let minutes = (at.as_second() - journey.infusion.as_second()) / 60;
    journey.course.hours.get(usize::try_from(minutes / 60).ok()?)
}
