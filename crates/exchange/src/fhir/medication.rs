//! What a medication's codes and words name: the product itself, a drug of the catalogue, or nothing
//! known here. Knows no administration.

use super::{
    codes,
    collect::{Collector, named},
    model::{CodeableConcept, Medication},
    part::Given,
    treatment::says_something_else,
};
use crate::value::INFUSION;
use vena_base::Answer;
use vena_knowledge::{ConceptInfo, Kind, catalogue::compared};

impl Collector<'_> {
    /// What a medication's codes and words name.
    pub(super) fn given(&self, concept: Option<&CodeableConcept<'_>>) -> Given {
        let Some(concept) = concept else {
            return Given::Unknown("(no code)".to_owned(), None);
        };
        for coding in &concept.coding {
            let (Some(system), Some(code)) = (coding.system.as_deref(), coding.code.as_deref()) else {
                continue;
            };
            let found = if codes::is_atc(system) {
                if let Some(product) = self.catalogue.product_by_atc(code) {
                    return Given::Infusion(Some(product));
                }
                self.catalogue.by_atc(code)
            } else if system == codes::RXNORM {
                self.catalogue.by_rxnorm(code)
            } else if system == codes::VENA {
                self.catalogue.find(code)
            } else {
                None
            };
            if let Some(given) = found.and_then(as_given) {
                return given;
            }
        }
        for words in concept.words() {
            if let Some(product) = self.product_in(words) {
                if self.only_mentioned(words) {
                    continue;
                }
                return Given::Infusion(Some(product));
            }
            if let Some(given) = self.catalogue.find(drug_name(words)).and_then(as_given) {
                return given;
            }
        }
        let (word, display) = named(Some(concept));
        Given::Unknown(word, display)
    }

    /// The one product whose name stands in a text; `None` where none or several do.
    pub(super) fn product_in(&self, words: &str) -> Option<Answer> {
        let text = compared(words);
        let mut found = None;
        for (_, answer) in self.products.iter().filter(|(name, _)| text.contains(name.as_str())) {
            if found.is_some_and(|other| other != *answer) {
                return None;
            }
            found = Some(*answer);
        }
        found
    }

    /// Whether a text names a product but speaks of something else: “premedication for Kymriah”. It must not
    /// move day 0.
    fn only_mentioned(&self, words: &str) -> bool {
        let words = words.to_lowercase();
        let place = self.products.iter().filter_map(|(name, _)| words.find(name.as_str())).min();
        says_something_else(&words, place.unwrap_or(0))
    }

    /// Keeps a medication for the administrations that point to it.
    pub(super) fn medication(&mut self, medication: &Medication<'_>, full_url: Option<&str>) {
        let given = self.given(medication.code.as_ref());
        if let Some(id) = medication.id.as_deref() {
            self.part.medications.insert(format!("Medication/{id}"), given.clone());
        }
        if let Some(url) = full_url.filter(|url| !url.is_empty()) {
            self.part.medications.insert(url.to_owned(), given);
        }
    }
}

fn as_given(info: &ConceptInfo) -> Option<Given> {
    match info.kind {
        Kind::Drug => Some(Given::Drug(info.concept)),
        _ if info.concept == INFUSION => Some(Given::Infusion(None)),
        _ => None,
    }
}

/// The drug's name at the front of a text like `Acetaminophen 325 MG Oral Tablet`; the whole text
/// where it names several drugs.
fn drug_name(words: &str) -> &str {
    if [" / ", " + ", " & "].iter().any(|joint| words.contains(joint)) {
        return words;
    }
    let end = words.find(|c: char| c.is_ascii_digit()).unwrap_or(words.len());
    let name = words.get(..end).unwrap_or(words).trim();
    if name.chars().count() >= 3 { name } else { words }
}
