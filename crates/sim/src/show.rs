//! Journeys picked for what they show at a moment, for demonstrations: among many drawn journeys the first
//! whose hidden state then is as wanted. Still nothing but states; no grade is known here.

use crate::{SimJourney, course::CLEAR, course::Circulation, journey};
use jiff::{Timestamp, civil::Date};

/// What a journey is to show at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// Whatever comes.
    Any,
    /// Fever and nothing more.
    Fever,
    /// Hypotension or oxygen without vasopressor, after treatment began.
    Unstable,
    /// A vasopressor runs.
    Vasopressor,
    /// The nervous system is affected.
    Brain,
    /// Both: unstable and affected.
    Both,
}

/// How many journeys are drawn at most before any will do.
const DRAWS_MAX: u64 = 400;

fn shows(journey: &SimJourney, at: Timestamp, show: Show) -> bool {
    let hours = (at.as_second() - journey.infusion.as_second()) / 3600;
    let Some(state) = usize::try_from(hours).ok().and_then(|h| journey.course.hours.get(h)) else {
        return show == Show::Any;
    };
    let unstable = state.circulation == Circulation::Fluids || state.oxygen != crate::course::Oxygen::RoomAir;
    let pressor = !matches!(state.circulation, Circulation::Normal | Circulation::Fluids);
    let brain = state.brain != CLEAR;
    match show {
        Show::Any => true,
        Show::Fever => state.fever && !unstable && !pressor && !brain,
        Show::Unstable => unstable && !pressor,
        Show::Vasopressor => pressor,
        Show::Brain => brain,
        Show::Both => brain && (unstable || pressor),
    }
}

/// The journey that takes the place `number` of a demonstration: infused on `day`, showing `show` at `at`.
pub fn showing(seed: u64, number: u64, day: Date, at: Timestamp, show: Show) -> SimJourney {
    let drawn =
        (0..DRAWS_MAX).map(|draw| journey(seed.wrapping_add(draw.wrapping_mul(1_000_003)), number, day));
    drawn.into_iter().find(|journey| shows(journey, at, show)).unwrap_or_else(|| journey(seed, number, day))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use jiff::{ToSpan, civil::date};

    #[test]
    fn what_is_wanted_is_found_and_is_the_same_again() {
        let day = date(2026, 3, 2);
        let at = crate::zone().start_of(day).checked_add((24 * 5).hours()).unwrap();
        for show in [Show::Fever, Show::Unstable, Show::Vasopressor, Show::Brain, Show::Both] {
            let found = showing(1, 3, day, at, show);
            assert!(shows(&found, at, show), "{show:?}");
            assert_eq!(found.facts, showing(1, 3, day, at, show).facts);
        }
    }
}
