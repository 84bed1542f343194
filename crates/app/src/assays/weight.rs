//! The body weight an endotoxin result rests on: the journey's own, where it is known.
//!
//! Must not know: pages, how endotoxin is computed.

use crate::{App, AppError, assay_compute::AssayOptions};
use vena_base::{Concept, Text, Value, When, ids::JourneyId};

/// A weight from a journey.
#[derive(Debug, Clone, PartialEq)]
pub struct JourneyWeight {
    /// Kilograms.
    pub kg: f64,
    /// When the patient was weighed.
    pub when: When,
}

/// How a result's weight stands to a journey's.
#[derive(Debug, Clone, PartialEq)]
pub enum WeightUse {
    /// No weight is needed, or the journey knows none and the one typed stands.
    AsTyped,
    /// The journey's weight is taken.
    Taken(JourneyWeight),
    /// Another weight was typed than the journey's.
    Differs {
        /// As typed, kg.
        typed: f64,
        /// The journey's.
        journey: JourneyWeight,
    },
}

impl App {
    /// The weight last measured on a journey.
    ///
    /// # Errors
    /// No such journey, or a fault.
    pub fn journey_weight(&self, journey: &JourneyId) -> Result<Option<JourneyWeight>, AppError> {
        let chart = self.chart(journey, None)?;
        let latest = chart.view(self.now(), None).latest(Concept::known("body-weight"));
        Ok(latest.and_then(|fact| match &fact.value {
            Value::Quantity(weight) => Some(JourneyWeight { kg: weight.value, when: fact.when }),
            _ => None,
        }))
    }

    /// How the weight of these parameters stands to a journey's.
    ///
    /// # Errors
    /// No such journey, or a fault.
    pub fn weight_use(&self, options: &AssayOptions, journey: &JourneyId) -> Result<WeightUse, AppError> {
        let AssayOptions::Endotoxin(options) = options else { return Ok(WeightUse::AsTyped) };
        Ok(match (options.weight_kg, self.journey_weight(journey)?) {
            (_, None) => WeightUse::AsTyped,
            (None, Some(journey)) => WeightUse::Taken(journey),
            // The same number written in another way is the same weight.
            (Some(typed), Some(journey)) if (typed - journey.kg).abs() <= 1e-9 * journey.kg => {
                WeightUse::AsTyped
            }
            (Some(typed), Some(journey)) => WeightUse::Differs { typed, journey },
        })
    }

    /// Parameters with the journey's weight where none was typed.
    ///
    /// # Errors
    /// Another weight was typed than the journey's: a limit for one patient must not be judged by another's weight.
    pub(super) fn with_weight(
        &self,
        options: &AssayOptions,
        journey: &JourneyId,
    ) -> Result<AssayOptions, AppError> {
        let mut options = options.clone();
        match self.weight_use(&options, journey)? {
            WeightUse::AsTyped => {}
            WeightUse::Taken(weight) => {
                if let AssayOptions::Endotoxin(options) = &mut options {
                    options.weight_kg = Some(weight.kg);
                }
            }
            WeightUse::Differs { typed, journey } => {
                let (kg, when) = (journey.kg, journey.when);
                return Err(AppError::Input(Text::new(
                    format!(
                        "The result was computed for {typed} kg; this journey's patient weighed {kg} kg ({when}). Change the weight under Parameters and compute again, or choose the right journey."
                    ),
                    format!(
                        "此結果以 {typed} kg 計算，此療程之病人體重為 {kg} kg（{when}）。請於「參數」更改體重後重新計算，或選擇正確之療程。"
                    ),
                )));
            }
        }
        Ok(options)
    }
}
