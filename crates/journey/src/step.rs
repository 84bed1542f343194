//! The steps of a journey, each with what is written down about it. A step asked for and the step
//! recorded have one shape; whether it may be taken is decided in `decide.rs`.
//!
//! Must not know: storage, names of patients, grades.

use crate::assay::AssayRecord;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use vena_base::{
    Answer, Decimal, Fact, When,
    ids::{ChainOfIdentity, EventId, PatientId, ProductUnitId, SiteId},
};

pub use crate::step_parts::{
    ChangeBecause, CheckAt, ConsentKind, Ending, FileDigest, IdentityField, IdentityReading, NotADigest,
    ProductFate, RejectionReason,
};

/// What stands instead of a corrected event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Instead {
    /// It did not happen: nothing stands.
    Nothing,
    /// These facts stand instead of the event's facts.
    Facts(Vec<Fact>),
    /// This step of the same kind stands instead.
    Step(Box<Step>),
}

/// A group of clinical facts, by the form or reader they came through.
pub type Facts = Vec<Fact>;

/// One step of a journey.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Step {
    /// The journey begins.
    Registered {
        /// The pseudonymous patient.
        patient: PatientId,
        /// The diagnosis, as the catalogue names it.
        diagnosis: Option<Answer>,
        /// The product intended at referral.
        product_intended: Option<Answer>,
        /// Site that refers.
        referring_site: Option<SiteId>,
        /// Site that collects.
        collecting_site: Option<SiteId>,
        /// Site that treats.
        treating_site: SiteId,
        /// Site that follows up.
        follow_up_site: Option<SiteId>,
        /// When the patient was referred.
        when: When,
    },
    /// A consent was signed.
    ConsentRecorded {
        /// What for.
        kind: ConsentKind,
        /// Version of the form.
        version: Arc<str>,
        /// When it was signed.
        signed: When,
        /// The scan.
        scan: Option<FileDigest>,
    },
    /// A consent was taken back.
    ConsentWithdrawn {
        /// Which.
        kind: ConsentKind,
        /// When.
        when: When,
        /// Why, in the patient's words.
        reason: Arc<str>,
    },
    /// The chain-of-identity number of this journey.
    ChainOfIdentityAssigned {
        /// The number that ties patient and cells together.
        number: ChainOfIdentity,
        /// When.
        when: When,
    },
    /// The product was chosen.
    ProductChosen {
        /// The product, as the catalogue names it.
        product: Answer,
        /// When.
        when: When,
    },
    /// A leukapheresis took place.
    Collected {
        /// Start.
        when: When,
        /// End.
        until: Option<When>,
        /// Volume collected, in mL, as written.
        volume_ml: Option<Decimal>,
        /// The bags.
        bags: Vec<ProductUnitId>,
        /// Why it was repeated, where one stood already.
        repeat_reason: Option<Arc<str>>,
    },
    /// A leukapheresis gave nothing usable.
    CollectionFailed {
        /// When.
        when: When,
        /// Why.
        reason: Arc<str>,
    },
    /// The product was made.
    ProductMade {
        /// The bags.
        bags: Vec<ProductUnitId>,
        /// The chain-of-identity number on the maker's label.
        on_label: ChainOfIdentity,
        /// When.
        when: When,
    },
    /// The product was released for use.
    ProductReleased {
        /// The bags.
        bags: Vec<ProductUnitId>,
        /// When.
        when: When,
        /// The release document.
        document: Option<FileDigest>,
        /// Why it was released though out of specification, with the maker's and the physician's agreement.
        exception: Option<Arc<str>>,
    },
    /// The product must not be used.
    ProductRejected {
        /// The bags.
        bags: Vec<ProductUnitId>,
        /// When.
        when: When,
        /// Why.
        reason: RejectionReason,
        /// More about it.
        note: Option<Arc<str>>,
        /// What becomes of it.
        fate: ProductFate,
    },
    /// One person took receipt of the product; a receipt needs two.
    ProductReceived {
        /// The bags.
        bags: Vec<ProductUnitId>,
        /// The chain-of-identity number read on the label.
        on_label: ChainOfIdentity,
        /// When.
        when: When,
        /// Temperature shown by the shipper's logger, in °C, as written.
        temperature_cel: Option<Decimal>,
        /// The shipping document or logger file.
        document: Option<FileDigest>,
        /// What was seen.
        remark: Option<Arc<str>>,
    },
    /// Lymphodepletion began.
    LymphodepletionStarted {
        /// First dose.
        when: When,
    },
    /// Lymphodepletion ended.
    LymphodepletionEnded {
        /// Last dose.
        when: When,
    },
    /// One person's reading for the two-person identity check.
    IdentityRead(IdentityReading),
    /// A bag's infusion began.
    InfusionStarted {
        /// The bag.
        bag: ProductUnitId,
        /// When.
        when: When,
    },
    /// A bag's infusion ended.
    InfusionEnded {
        /// The bag.
        bag: ProductUnitId,
        /// When.
        when: When,
        /// What was seen.
        remark: Option<Arc<str>>,
    },
    /// Vital signs, oxygen and device.
    VitalSigns(Facts),
    /// Laboratory values.
    Laboratory(Facts),
    /// Drugs given: start, stop, dose, route.
    Drugs(Facts),
    /// Bedside assessments: ICE, CAPD, CRS statements, neurological domains.
    Assessment(Facts),
    /// Facts read from a file.
    Imported {
        /// SHA-256 of the file.
        file: Option<FileDigest>,
        /// The facts.
        facts: Facts,
    },
    /// A laboratory assay's result was recorded with its files.
    AssayRecorded(Box<AssayRecord>),
    /// A clinician gave the cause of a finding.
    FindingAttributed {
        /// The event that holds the finding.
        event: EventId,
        /// Which of its facts, from 0.
        fact: u32,
        /// The cause: crs, infection, sedation, cardiac, other.
        cause: Answer,
    },
    /// A clinician closed the CRS episode.
    EpisodeClosed {
        /// When.
        when: When,
    },
    /// The patient died.
    Died {
        /// When.
        when: When,
        /// Cause in words.
        cause: Option<Arc<str>>,
    },
    /// Relapse or progression after the infusion.
    Relapsed {
        /// When it was found.
        when: When,
    },
    /// The next anticancer therapy began.
    NextTherapyStarted {
        /// When.
        when: When,
        /// Which, in words.
        what: Option<Arc<str>>,
    },
    /// The patient was seen or heard of.
    FollowedUp {
        /// When.
        when: When,
    },
    /// The patient withdrew.
    Withdrew {
        /// When.
        when: When,
        /// Why.
        reason: Arc<str>,
        /// What becomes of the cells.
        fate: ProductFate,
    },
    /// The journey ended in another way.
    EndedOtherwise {
        /// How.
        ending: Ending,
        /// When.
        when: When,
        /// Why, in words.
        reason: Arc<str>,
        /// What becomes of the cells.
        fate: ProductFate,
    },
    /// An earlier event was wrong. It stays; this says what stands instead.
    Corrected {
        /// Which event.
        event: EventId,
        /// Why.
        reason: Arc<str>,
        /// What stands instead.
        instead: Instead,
    },
    /// Words for the record.
    Remarked {
        /// The words.
        text: Arc<str>,
        /// About which event.
        about: Option<EventId>,
    },
    /// What is known of who the patient is was put right. The values, old and new, stand in the
    /// identity vault; here stands only that it happened.
    IdentityChanged {
        /// What changed.
        fields: Vec<IdentityField>,
        /// Why.
        because: ChangeBecause,
    },
    /// The patient turned out to be one who was known already: the journey goes on under that one.
    PatientMerged {
        /// Whose the journey was.
        from: PatientId,
        /// Whose it is now.
        into: PatientId,
        /// Why, in words that name nobody.
        reason: Arc<str>,
    },
    /// The two were different people after all: the journey goes back.
    PatientUnmerged {
        /// Whose the journey was.
        from: PatientId,
        /// Whose it is again.
        back: PatientId,
        /// Why, in words that name nobody.
        reason: Arc<str>,
    },
}

/// The kinds of steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "named and described at the step of the same name")]
pub enum StepKind {
    Registered,
    ConsentRecorded,
    ConsentWithdrawn,
    ChainOfIdentityAssigned,
    ProductChosen,
    Collected,
    CollectionFailed,
    ProductMade,
    ProductReleased,
    ProductRejected,
    ProductReceived,
    LymphodepletionStarted,
    LymphodepletionEnded,
    IdentityRead,
    InfusionStarted,
    InfusionEnded,
    VitalSigns,
    Laboratory,
    Drugs,
    Assessment,
    Imported,
    AssayRecorded,
    FindingAttributed,
    EpisodeClosed,
    Died,
    Relapsed,
    NextTherapyStarted,
    FollowedUp,
    Withdrew,
    EndedOtherwise,
    Corrected,
    Remarked,
    IdentityChanged,
    PatientMerged,
    PatientUnmerged,
}
