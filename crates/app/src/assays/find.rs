//! Whose sample it is: journeys found by what stands on a tube, the chain-of-identity number.
//!
//! Must not know: names, pages.

use crate::App;
use vena_base::ids::{ChainOfIdentity, JourneyId};

impl App {
    /// The journeys that carry a chain-of-identity number, from the board's rows. Not a search over identity: the
    /// number is a pseudonym.
    pub fn journeys_of_number(&self, number: &ChainOfIdentity) -> Vec<JourneyId> {
        self.projection.read().of_number(number).to_vec()
    }
}
