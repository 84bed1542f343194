//! A journey as it is told to the program from outside: who, the milestones, what the ward wrote
//! down. What a simulator makes and what a data folder is filled with have this one shape.
//!
//! Must not know: how a journey is made up, how it is recorded.

use crate::{Answer, Fact};
use jiff::{Timestamp, civil::Date};

/// A milestone of a journey outside the clinical facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Milestone {
    /// Referred and registered.
    Registered,
    /// Consent signed.
    Consent,
    /// Cells collected.
    Collection,
    /// Product made and released.
    Released,
    /// Product received by two people.
    Received,
    /// Lymphodepletion begins.
    LymphodepletionStart,
    /// Lymphodepletion ends.
    LymphodepletionEnd,
    /// Identity checked by two people.
    IdentityCheck,
    /// Infusion begins.
    InfusionStart,
    /// Infusion ends.
    InfusionEnd,
}

/// Who a told journey is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldPerson {
    /// Name in Chinese characters.
    pub name_chinese: String,
    /// Name in Latin letters.
    pub name_latin: String,
    /// The hospital's record number.
    pub record_number: String,
    /// Birth date.
    pub birth_date: Date,
    /// The catalogue's answer: female, male, other, unknown.
    pub sex: String,
    /// Weight in kg as written.
    pub weight_kg: String,
    /// The day it was weighed.
    pub weighed: Date,
    /// Allergies as written; empty: asked and none.
    pub allergies: Vec<String>,
}

/// A journey as told.
#[derive(Debug, Clone, PartialEq)]
pub struct ToldJourney {
    /// Who.
    pub person: ToldPerson,
    /// The diagnosis, as the catalogue names it.
    pub diagnosis: Answer,
    /// The product.
    pub product: Answer,
    /// Milestones by time.
    pub milestones: Vec<(Timestamp, Milestone)>,
    /// What the ward wrote down.
    pub facts: Vec<Fact>,
}
