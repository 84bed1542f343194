//! What the profile of a journey's product says of the patient. Must not know pages, and decides nothing.

use crate::App;
use vena_base::Chart;
use vena_clinical::{Finding, Question, product::product_profile};
use vena_journey::State;

impl App {
    /// The profile's findings; empty where no product is chosen or no profile of it is known. The profiles
    /// inside the program are checked by tests; where a line is missing there is nothing to show.
    pub(crate) fn profile(&self, chart: &Chart, state: &State, question: &Question) -> Vec<Finding> {
        let product = state.product_meant();
        let found = product.map(|product| product_profile(chart, &self.knowledge, product, question));
        found.and_then(Result::ok).unwrap_or_default()
    }
}
