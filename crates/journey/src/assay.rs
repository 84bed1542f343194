//! What is written down of a laboratory assay: the instrument's files by their digests, the parameters,
//! the result with its own digest, and every change a person made to gates or counts on the way.
//!
//! Must not know: how an assay is computed, what its JSON says, where files are kept.

use crate::step::FileDigest;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::{fmt, sync::Arc};
use vena_base::{
    Fact, Stamp, Text, When,
    ids::{JourneyId, UserId},
};

/// Which assay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AssayKind {
    /// Flow cytometry: an FCS file and gates.
    FlowCytometry,
    /// Colonies counted on a plate's picture.
    Colonies,
    /// Dose-response and relative potency.
    Potency,
    /// Quantitative PCR.
    Qpcr,
    /// Bacterial endotoxins by a kinetic method.
    Endotoxin,
    /// A rapid method held against the compendial one.
    MethodComparison,
    /// Residual pluripotent cells by highly efficient culture.
    ResidualPluripotent,
    /// A spike-in or 96-well series of colonies: its detection limit.
    SpikeSeries,
}

impl AssayKind {
    /// All kinds.
    pub const ALL: [AssayKind; 8] = [
        AssayKind::FlowCytometry,
        AssayKind::Colonies,
        AssayKind::Potency,
        AssayKind::Qpcr,
        AssayKind::Endotoxin,
        AssayKind::MethodComparison,
        AssayKind::ResidualPluripotent,
        AssayKind::SpikeSeries,
    ];

    /// The word in stored events and forms.
    pub fn as_str(self) -> &'static str {
        match self {
            AssayKind::FlowCytometry => "flow-cytometry",
            AssayKind::Colonies => "colonies",
            AssayKind::Potency => "potency",
            AssayKind::Qpcr => "qpcr",
            AssayKind::Endotoxin => "endotoxin",
            AssayKind::MethodComparison => "method-comparison",
            AssayKind::ResidualPluripotent => "residual-pluripotent",
            AssayKind::SpikeSeries => "spike-series",
        }
    }

    /// Reads the word of [`AssayKind::as_str`].
    pub fn parse(word: &str) -> Option<AssayKind> {
        AssayKind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// As people say it.
    pub fn name(self) -> Text {
        match self {
            AssayKind::FlowCytometry => Text::new("Flow cytometry", "流式細胞分析"),
            AssayKind::Colonies => Text::new("Colony count", "群落計數"),
            AssayKind::Potency => Text::new("Potency", "效價測定"),
            AssayKind::Qpcr => Text::new("qPCR", "定量 PCR"),
            AssayKind::Endotoxin => Text::new("Endotoxin", "內毒素"),
            AssayKind::MethodComparison => Text::new("Method comparison", "方法比較"),
            AssayKind::ResidualPluripotent => Text::new("Residual pluripotent cells", "殘留多功能幹細胞"),
            AssayKind::SpikeSeries => Text::new("Detection-limit series", "偵測極限系列"),
        }
    }
}

/// What a result belongs to. Batches and banks get places of their own beside this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttachTo {
    /// A journey; the event stands in that journey's stream.
    Journey(JourneyId),
}

/// What a file was to the assay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileRole {
    /// The cytometer's list-mode file.
    Fcs,
    /// The Gating-ML document used.
    Gates,
    /// A compensation matrix in place of the file's own.
    Matrix,
    /// A picture of plates or wells.
    Image,
    /// A table of wells or doses.
    Table,
    /// What a person changed about a colony count, as JSON.
    Corrections,
    /// Which names of the instrument's stand as which pseudonyms in the record, as JSON.
    Pseudonyms,
    /// A gate document or list of corrections that was replaced; an edit names it.
    Earlier,
    /// All documents that were replaced, as a JSON object from each one's digest to its text.
    EarlierVersions,
}

impl FileRole {
    /// As people say it.
    pub fn name(self) -> Text {
        match self {
            FileRole::Fcs => Text::new("FCS file", "FCS 檔"),
            FileRole::Gates => Text::new("gates (Gating-ML)", "圈選（Gating-ML）"),
            FileRole::Matrix => Text::new("compensation matrix", "補償矩陣"),
            FileRole::Image => Text::new("image", "影像"),
            FileRole::Table => Text::new("table", "表格"),
            FileRole::Corrections => Text::new("corrections", "人工修正"),
            FileRole::Pseudonyms => Text::new("pseudonyms (encrypted)", "代號對照（加密）"),
            FileRole::Earlier => Text::new("earlier version", "先前版本"),
            FileRole::EarlierVersions => Text::new("earlier versions", "先前各版本"),
        }
    }
}

/// One stored file. Its own name is not kept: instruments write patients' names into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssayFile {
    /// What it was.
    pub role: FileRole,
    /// Its digest.
    pub digest: FileDigest,
    /// Its length.
    pub bytes: u64,
}

/// A change a person made before the result was recorded: which document became which.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssayEdit {
    /// When.
    pub at: Stamp,
    /// By whom.
    pub by: UserId,
    /// What, as a short word and a name: `gate CD3+`, `remove dish 12`.
    pub what: Arc<str>,
    /// The document before; `None` where there was none.
    pub before: Option<FileDigest>,
    /// The document after.
    pub after: FileDigest,
    /// Digest of the result that followed.
    pub result: Option<FileDigest>,
}

/// A JSON document kept character by character: a number read and written again may differ in its last
/// digit, and a digest would no longer fit.
#[derive(Clone, PartialEq, Eq)]
pub struct JsonText(Arc<str>);

impl JsonText {
    /// Takes a JSON document.
    ///
    /// # Errors
    /// Not JSON.
    pub fn new(text: String) -> Result<JsonText, serde_json::Error> {
        let raw = RawValue::from_string(text)?;
        Ok(JsonText(Arc::from(raw.get())))
    }

    /// The document.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads it as a type.
    ///
    /// # Errors
    /// Not such a document.
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.0)
    }
}

impl fmt::Debug for JsonText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JsonText({} bytes)", self.0.len())
    }
}

impl Serialize for JsonText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for JsonText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<JsonText, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(JsonText(Arc::from(raw.get())))
    }
}

/// One assay's result with everything it can be computed from again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssayRecord {
    /// Which assay.
    pub kind: AssayKind,
    /// Name and version of the method.
    pub method: Arc<str>,
    /// What it belongs to.
    pub attach_to: AttachTo,
    /// The files, the instrument's first.
    pub files: Vec<AssayFile>,
    /// Options and parameters, as JSON.
    pub parameters: JsonText,
    /// The result, as JSON.
    pub result: JsonText,
    /// SHA-256 of the result's characters.
    pub result_digest: FileDigest,
    /// What the result says of the journey, as facts of its chart (cells collected, for instance). They stand
    /// and fall with this event.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
    /// Changes a person made, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<AssayEdit>,
    /// When the sample was measured.
    pub when: When,
    /// What was remarked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<Arc<str>>,
    /// Made up by the program, to be looked at: nobody's result.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub example: bool,
}

impl AssayRecord {
    /// The stored files the event must name, each once.
    pub fn stored_files(&self) -> Vec<FileDigest> {
        let mut digests: Vec<FileDigest> = Vec::new();
        for file in &self.files {
            if !digests.contains(&file.digest) {
                digests.push(file.digest.clone());
            }
        }
        digests
    }

    /// The file of a role, if there is one.
    pub fn file(&self, role: FileRole) -> Option<&AssayFile> {
        self.files.iter().find(|file| file.role == role)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Rows Q10, Q11, Q15: a result's digest fits for ever because its characters are never rewritten.
    #[test]
    fn json_keeps_its_characters() {
        for text in [r#"{"a":0.30000000000000004,"b":1e-320}"#, "1.0E+2", r#"[ 9007199254740993 , "中" ]"#] {
            let kept = JsonText::new(text.to_owned()).unwrap();
            assert_eq!(serde_json::to_string(&kept).unwrap(), text);
            let again: JsonText = serde_json::from_slice(text.as_bytes()).unwrap();
            assert_eq!(again, kept);
        }
        assert!(JsonText::new("{\"a\":".into()).is_err());
        assert!(JsonText::new("{} {}".into()).is_err());
    }
}
