//! What steps are made of: digests of files, kinds of consent, readings of identifiers, reasons and
//! endings, each with its words in both languages.
//!
//! Must not know: which step uses them.

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use vena_base::{
    Text, When,
    ids::{ChainOfIdentity, ProductUnitId},
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
