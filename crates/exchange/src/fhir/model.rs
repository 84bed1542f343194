//! The parts of FHIR R4 resources that are read; every other element is passed over. These are wire
//! types: nothing outside this folder sees them. Knows no fact.

use super::json::{Num, Str, typed};
use serde::{
    Deserialize,
    de::{Deserializer, IgnoredAny, MapAccess, Visitor},
};
use std::fmt;

/// A code in a system.
#[derive(Debug, Clone, Deserialize)]
pub struct Coding<'a> {
    #[serde(borrow)]
    pub system: Option<Str<'a>>,
    #[serde(borrow)]
    pub code: Option<Str<'a>>,
    #[serde(borrow)]
    pub display: Option<Str<'a>>,
}

/// Codes and words for one thing.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct CodeableConcept<'a> {
    #[serde(borrow, default)]
    pub coding: Vec<Coding<'a>>,
    #[serde(borrow)]
    pub text: Option<Str<'a>>,
}

impl CodeableConcept<'_> {
    /// Its words, the text before the displays.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        let displays = self.coding.iter().filter_map(|coding| coding.display.as_deref());
        self.text.as_deref().into_iter().chain(displays)
    }
}

/// A business identifier.
#[derive(Debug, Clone, Deserialize)]
pub struct Identifier<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Option<CodeableConcept<'a>>,
    #[serde(borrow)]
    pub system: Option<Str<'a>>,
    #[serde(borrow)]
    pub value: Option<Str<'a>>,
}

/// A name of a person.
#[derive(Debug, Clone, Deserialize)]
pub struct HumanName<'a> {
    #[serde(borrow, rename = "use")]
    pub usage: Option<Str<'a>>,
    #[serde(borrow)]
    pub text: Option<Str<'a>>,
    #[serde(borrow)]
    pub family: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub given: Vec<Option<Str<'a>>>,
}

/// A pointer to another resource.
#[derive(Debug, Clone, Deserialize)]
pub struct Reference<'a> {
    #[serde(borrow)]
    pub reference: Option<Str<'a>>,
    #[serde(borrow)]
    pub identifier: Option<Identifier<'a>>,
    #[serde(borrow)]
    pub display: Option<Str<'a>>,
}

/// A measured amount.
#[derive(Debug, Clone, Deserialize)]
pub struct Quantity<'a> {
    #[serde(borrow)]
    pub value: Option<Num<'a>>,
    #[serde(borrow)]
    pub comparator: Option<Str<'a>>,
    #[serde(borrow)]
    pub unit: Option<Str<'a>>,
    #[serde(borrow)]
    pub system: Option<Str<'a>>,
    #[serde(borrow)]
    pub code: Option<Str<'a>>,
}

/// A stretch of time.
#[derive(Debug, Clone, Deserialize)]
pub struct Period<'a> {
    #[serde(borrow)]
    pub start: Option<Str<'a>>,
    #[serde(borrow)]
    pub end: Option<Str<'a>>,
}

/// A remark.
#[derive(Debug, Clone, Deserialize)]
pub struct Annotation<'a> {
    #[serde(borrow)]
    pub text: Option<Str<'a>>,
}

/// About the resource itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Meta<'a> {
    #[serde(borrow)]
    pub version_id: Option<Str<'a>>,
    #[serde(borrow)]
    pub last_updated: Option<Str<'a>>,
}

/// An extension, as far as this program writes them.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Extension<'a> {
    #[serde(borrow)]
    pub url: Option<Str<'a>>,
    #[serde(borrow)]
    pub value_code: Option<Str<'a>>,
    #[serde(borrow)]
    pub value_string: Option<Str<'a>>,
    #[serde(borrow)]
    pub value_instant: Option<Str<'a>>,
}

/// A person treated.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Patient<'a> {
    #[serde(borrow)]
    pub id: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub identifier: Vec<Identifier<'a>>,
    #[serde(borrow, default)]
    pub name: Vec<HumanName<'a>>,
    #[serde(borrow)]
    pub birth_date: Option<Str<'a>>,
    #[serde(borrow)]
    pub gender: Option<Str<'a>>,
    #[serde(borrow)]
    pub deceased_date_time: Option<Str<'a>>,
    pub deceased_boolean: Option<bool>,
}

/// The value of an observation or of one of its components, whichever element it stands in.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Component<'a> {
    #[serde(borrow)]
    pub code: Option<CodeableConcept<'a>>,
    #[serde(borrow)]
    pub value_quantity: Option<Quantity<'a>>,
    #[serde(borrow)]
    pub value_codeable_concept: Option<CodeableConcept<'a>>,
    #[serde(borrow)]
    pub value_string: Option<Str<'a>>,
    #[serde(borrow)]
    pub value_integer: Option<Num<'a>>,
    pub value_boolean: Option<bool>,
    #[serde(borrow)]
    pub value_date_time: Option<Str<'a>>,
    pub value_range: Option<IgnoredAny>,
    pub value_ratio: Option<IgnoredAny>,
    pub value_sampled_data: Option<IgnoredAny>,
    pub value_time: Option<IgnoredAny>,
    pub value_period: Option<IgnoredAny>,
    #[serde(borrow)]
    pub data_absent_reason: Option<CodeableConcept<'a>>,
}

/// A measurement or statement.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Observation<'a> {
    #[serde(borrow)]
    pub id: Option<Str<'a>>,
    #[serde(borrow)]
    pub meta: Option<Meta<'a>>,
    #[serde(borrow)]
    pub status: Option<Str<'a>>,
    #[serde(borrow)]
    pub code: Option<CodeableConcept<'a>>,
    #[serde(borrow)]
    pub subject: Option<Reference<'a>>,
    #[serde(borrow)]
    pub effective_date_time: Option<Str<'a>>,
    #[serde(borrow)]
    pub effective_instant: Option<Str<'a>>,
    #[serde(borrow)]
    pub effective_period: Option<Period<'a>>,
    #[serde(borrow)]
    pub issued: Option<Str<'a>>,
    #[serde(borrow)]
    pub value_quantity: Option<Quantity<'a>>,
    #[serde(borrow)]
    pub value_codeable_concept: Option<CodeableConcept<'a>>,
    #[serde(borrow)]
    pub value_string: Option<Str<'a>>,
    #[serde(borrow)]
    pub value_integer: Option<Num<'a>>,
    pub value_boolean: Option<bool>,
    #[serde(borrow)]
    pub value_date_time: Option<Str<'a>>,
    pub value_range: Option<IgnoredAny>,
    pub value_ratio: Option<IgnoredAny>,
    pub value_sampled_data: Option<IgnoredAny>,
    pub value_time: Option<IgnoredAny>,
    pub value_period: Option<IgnoredAny>,
    #[serde(borrow)]
    pub data_absent_reason: Option<CodeableConcept<'a>>,
    #[serde(borrow, default)]
    pub component: Vec<Component<'a>>,
    pub has_member: Option<IgnoredAny>,
    #[serde(borrow, default)]
    pub note: Vec<Annotation<'a>>,
    #[serde(borrow, default)]
    pub extension: Vec<Extension<'a>>,
    #[serde(borrow, default)]
    pub contained: Vec<Contained<'a>>,
}

/// A disease or problem.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition<'a> {
    #[serde(borrow)]
    pub id: Option<Str<'a>>,
    #[serde(borrow)]
    pub meta: Option<Meta<'a>>,
    #[serde(borrow)]
    pub verification_status: Option<CodeableConcept<'a>>,
    #[serde(borrow)]
    pub code: Option<CodeableConcept<'a>>,
    #[serde(borrow)]
    pub subject: Option<Reference<'a>>,
    #[serde(borrow)]
    pub onset_date_time: Option<Str<'a>>,
    #[serde(borrow)]
    pub onset_period: Option<Period<'a>>,
    #[serde(borrow)]
    pub recorded_date: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub note: Vec<Annotation<'a>>,
    #[serde(borrow, default)]
    pub extension: Vec<Extension<'a>>,
    #[serde(borrow, default)]
    pub contained: Vec<Contained<'a>>,
}

/// Something done to the patient.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Procedure<'a> {
    #[serde(borrow)]
    pub id: Option<Str<'a>>,
    #[serde(borrow)]
    pub meta: Option<Meta<'a>>,
    #[serde(borrow)]
    pub status: Option<Str<'a>>,
    #[serde(borrow)]
    pub code: Option<CodeableConcept<'a>>,
    #[serde(borrow)]
    pub subject: Option<Reference<'a>>,
    #[serde(borrow)]
    pub performed_date_time: Option<Str<'a>>,
    #[serde(borrow)]
    pub performed_period: Option<Period<'a>>,
    #[serde(borrow, default)]
    pub used_code: Vec<CodeableConcept<'a>>,
    #[serde(borrow, default)]
    pub note: Vec<Annotation<'a>>,
    #[serde(borrow, default)]
    pub extension: Vec<Extension<'a>>,
    #[serde(borrow, default)]
    pub contained: Vec<Contained<'a>>,
}

/// A drug, as an administration points to it.
#[derive(Debug, Clone, Deserialize)]
pub struct Medication<'a> {
    #[serde(borrow)]
    pub id: Option<Str<'a>>,
    #[serde(borrow)]
    pub code: Option<CodeableConcept<'a>>,
}

/// How much was given, by which route.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dosage<'a> {
    #[serde(borrow)]
    pub text: Option<Str<'a>>,
    #[serde(borrow)]
    pub route: Option<CodeableConcept<'a>>,
    #[serde(borrow)]
    pub dose: Option<Quantity<'a>>,
    #[serde(borrow)]
    pub rate_quantity: Option<Quantity<'a>>,
    #[serde(borrow)]
    pub rate_ratio: Option<Ratio<'a>>,
}

/// One amount per another.
#[derive(Debug, Clone, Deserialize)]
pub struct Ratio<'a> {
    #[serde(borrow)]
    pub numerator: Option<Quantity<'a>>,
    #[serde(borrow)]
    pub denominator: Option<Quantity<'a>>,
}

/// A drug given.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MedicationAdministration<'a> {
    #[serde(borrow)]
    pub id: Option<Str<'a>>,
    #[serde(borrow)]
    pub meta: Option<Meta<'a>>,
    #[serde(borrow)]
    pub status: Option<Str<'a>>,
    #[serde(borrow)]
    pub medication_codeable_concept: Option<CodeableConcept<'a>>,
    #[serde(borrow)]
    pub medication_reference: Option<Reference<'a>>,
    #[serde(borrow)]
    pub subject: Option<Reference<'a>>,
    #[serde(borrow)]
    pub effective_date_time: Option<Str<'a>>,
    #[serde(borrow)]
    pub effective_period: Option<Period<'a>>,
    #[serde(borrow)]
    pub dosage: Option<Dosage<'a>>,
    #[serde(borrow, default)]
    pub note: Vec<Annotation<'a>>,
    #[serde(borrow, default)]
    pub extension: Vec<Extension<'a>>,
    #[serde(borrow, default)]
    pub contained: Vec<Contained<'a>>,
}

/// A resource inside another, as far as references point to it.
#[derive(Debug, Clone)]
pub enum Contained<'a> {
    /// A person.
    Patient(Box<Patient<'a>>),
    /// A drug.
    Medication(Box<Medication<'a>>),
    /// Anything else.
    Other,
}

impl<'de: 'a, 'a> Deserialize<'de> for Contained<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ContainedVisitor;
        impl<'de> Visitor<'de> for ContainedVisitor {
            type Value = Contained<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a resource")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Contained<'de>, A::Error> {
                let (name, resource) = typed(map, false)?;
                match &*name {
                    "Patient" => Ok(Contained::Patient(Box::new(resource.read()?))),
                    "Medication" => Ok(Contained::Medication(Box::new(resource.read()?))),
                    _ => resource.skip().map(|()| Contained::Other),
                }
            }
        }
        deserializer.deserialize_map(ContainedVisitor)
    }
}
