//! The steps of a journey, each with what is written down about it. A step asked for and the step
//! recorded have one shape; whether it may be taken is decided in `decide.rs`.
//!
//! Must not know: storage, names of patients, grades.

use crate::assay::AssayRecord;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use vena_base::{
    Answer, Decimal, Fact, Text, When,
    ids::{ChainOfIdentity, EventId, PatientId, ProductUnitId, SiteId},
};

/// SHA-256 of a stored file (a consent scan, a logger file), 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FileDigest(Arc<str>);

/// Why a text is not a [`FileDigest`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a SHA-256 digest of 64 lower-case hexadecimal digits")]
pub struct NotADigest(String);

impl FileDigest {
    /// Takes 64 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// Anything else.
    pub fn new(text: &str) -> Result<FileDigest, NotADigest> {
        let hexadecimal = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.len() == 64 && text.bytes().all(hexadecimal) {
            Ok(FileDigest(Arc::from(text)))
        } else {
            Err(NotADigest(text.chars().take(80).collect()))
        }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for FileDigest {
    type Error = NotADigest;
    fn try_from(text: String) -> Result<Self, NotADigest> {
        FileDigest::new(&text)
    }
}

impl From<FileDigest> for String {
    fn from(digest: FileDigest) -> String {
        digest.0.to_string()
    }
}

/// What a consent is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConsentKind {
    /// Collection, product and infusion.
    Treatment,
    /// Use of data in a registry.
    Registry,
    /// Research.
    Research,
}

impl ConsentKind {
    /// As people say it.
    pub fn name(self) -> Text {
        match self {
            ConsentKind::Treatment => Text::new("treatment", "治療"),
            ConsentKind::Registry => Text::new("registry", "登錄"),
            ConsentKind::Research => Text::new("research", "研究"),
        }
    }
}

/// At which step two people compare the identifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckAt {
    /// Before the collection.
    Collection,
    /// When the product leaves storage.
    Thaw,
    /// At the bedside, before the infusion.
    Infusion,
}

/// One person's reading of the identifiers on the patient and on the product.
///
/// The check is made by two people; each gives a reading under their own name, so one person can
/// never fill both places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityReading {
    /// At which step.
    pub check: CheckAt,
    /// The bag that was held.
    pub bag: ProductUnitId,
    /// The chain-of-identity number read on the patient (wristband).
    pub on_patient: ChainOfIdentity,
    /// The chain-of-identity number read on the product.
    pub on_product: ChainOfIdentity,
    /// The patient (or the wristband) gave the name and birth date that stand in the identity band.
    pub name_and_birth_date_agree: bool,
    /// When it was read.
    pub when: When,
}

/// Why a product will not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RejectionReason {
    /// The manufacture failed.
    ManufactureFailed,
    /// A result is out of specification.
    OutOfSpecification,
    /// Contaminated.
    Contaminated,
    /// Recalled by the maker or an authority.
    Recalled,
    /// Damaged on the way or in storage.
    Damaged,
}

/// How a journey ended, apart from death and withdrawal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Not eligible after work-up.
    NotEligible,
    /// The disease progressed while waiting.
    ProgressionWhileWaiting,
    /// No usable collection.
    CollectionFailed,
    /// No usable product.
    ManufactureFailed,
    /// Another treatment was chosen.
    OtherTreatment,
    /// Moved to another centre.
    Transferred,
    /// Lost to follow-up.
    LostToFollowUp,
    /// Another reason, given in words.
    Other,
}

impl Ending {
    /// All endings.
    pub const ALL: [Ending; 8] = [
        Ending::NotEligible,
        Ending::ProgressionWhileWaiting,
        Ending::CollectionFailed,
        Ending::ManufactureFailed,
        Ending::OtherTreatment,
        Ending::Transferred,
        Ending::LostToFollowUp,
        Ending::Other,
    ];

    /// As people say it.
    pub fn name(self) -> Text {
        match self {
            Ending::NotEligible => Text::new("not eligible", "不符合適應條件"),
            Ending::ProgressionWhileWaiting => Text::new("progression while waiting", "等待期間疾病惡化"),
            Ending::CollectionFailed => Text::new("collection failed", "收集失敗"),
            Ending::ManufactureFailed => Text::new("manufacture failed", "製造失敗"),
            Ending::OtherTreatment => Text::new("other treatment chosen", "改採其他治療"),
            Ending::Transferred => Text::new("transferred to another centre", "轉至其他中心"),
            Ending::LostToFollowUp => Text::new("lost to follow-up", "失去追蹤"),
            Ending::Other => Text::new("other reason", "其他原因"),
        }
    }
}

/// What becomes of cells that will not be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProductFate {
    /// There are none.
    None,
    /// Kept in storage.
    Kept,
    /// Sent back to the maker.
    Returned,
    /// Destroyed.
    Destroyed,
    /// Not decided yet.
    Undecided,
}

/// One thing known of who a patient is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentityField {
    /// The name in Chinese characters.
    NameChinese,
    /// The name in Latin letters.
    NameLatin,
    /// The hospital's record number.
    RecordNumber,
    /// The birth date.
    BirthDate,
    /// The sex.
    Sex,
    /// The weight, and when it was measured.
    Weight,
    /// The allergies.
    Allergies,
}

impl IdentityField {
    /// As people say it.
    pub fn name(self) -> Text {
        match self {
            IdentityField::NameChinese => Text::new("name in Chinese", "中文姓名"),
            IdentityField::NameLatin => Text::new("name in Latin letters", "英文姓名"),
            IdentityField::RecordNumber => Text::new("record number", "病歷號"),
            IdentityField::BirthDate => Text::new("birth date", "出生日期"),
            IdentityField::Sex => Text::new("sex", "性別"),
            IdentityField::Weight => Text::new("weight", "體重"),
            IdentityField::Allergies => Text::new("allergies", "過敏"),
        }
    }
}

/// Why an identity was put right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeBecause {
    /// It had been typed wrong.
    TypingError,
    /// A document was seen that says otherwise.
    DocumentSeen,
    /// It changed (a new name, a new record number).
    Changed,
    /// It was measured or asked again.
    AskedAgain,
}

impl ChangeBecause {
    /// All reasons.
    pub const ALL: [ChangeBecause; 4] = [
        ChangeBecause::TypingError,
        ChangeBecause::DocumentSeen,
        ChangeBecause::Changed,
        ChangeBecause::AskedAgain,
    ];

    /// The word in stored events and forms.
    pub fn as_str(self) -> &'static str {
        match self {
            ChangeBecause::TypingError => "typing-error",
            ChangeBecause::DocumentSeen => "document-seen",
            ChangeBecause::Changed => "changed",
            ChangeBecause::AskedAgain => "asked-again",
        }
    }

    /// As people say it.
    pub fn name(self) -> Text {
        match self {
            ChangeBecause::TypingError => Text::new("typing error", "輸入錯誤"),
            ChangeBecause::DocumentSeen => Text::new("a document says otherwise", "依證件更正"),
            ChangeBecause::Changed => Text::new("it has changed", "資料已變更"),
            ChangeBecause::AskedAgain => Text::new("measured or asked again", "重新測量或詢問"),
        }
    }
}

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
