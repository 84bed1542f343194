//! Whose sample it is: journeys found by what stands on a tube, the chain-of-identity number.
//!
//! Must not know: names, pages.

use crate::{App, AppError};
use vena_base::ids::{ChainOfIdentity, JourneyId};

impl App {
    /// The journeys that carry a chain-of-identity number. Not a search over identity: the number is a pseudonym.
    ///
    /// # Errors
    /// A fault.
    pub fn journeys_of_number(&self, number: &ChainOfIdentity) -> Result<Vec<JourneyId>, AppError> {
        let all: Vec<JourneyId> = self.projection.read().iter().map(|row| row.journey.clone()).collect();
        let mut found = Vec::new();
        for journey in all {
            if self.load(&journey)?.state.number.as_ref() == Some(number) {
                found.push(journey);
            }
        }
        Ok(found)
    }
}
