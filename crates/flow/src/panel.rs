//! Marker panels as data. Knows no number: every limit comes from the panel's
//! text; knows no sample.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use vena_base::Text;

/// Why a panel's text is refused.
#[derive(Debug, Error)]
pub enum PanelError {
    /// Not the TOML of a panel.
    #[error("panel: {0}")]
    Toml(#[from] toml::de::Error),
    /// A criterion that contradicts itself.
    #[error("panel {panel}, criterion {criterion}: {}", .problem.en)]
    Criterion {
        /// The panel's id.
        panel: String,
        /// The criterion's id.
        criterion: String,
        /// What is wrong.
        problem: Text,
    },
}

/// A panel: criteria on percentages, with their sources.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Panel {
    /// Id, without version.
    pub id: String,
    /// Version.
    pub version: String,
    /// `provisional`, `sourced` or `active`.
    pub status: String,
    /// First day of effect.
    pub effective_from: String,
    /// Name in English.
    pub en: String,
    /// Name in Traditional Chinese.
    #[serde(rename = "zh-TW")]
    pub zh_tw: String,
    /// Whether all criteria must be met, or any one.
    pub combine: Combine,
    /// What would settle a provisional panel.
    #[serde(default)]
    pub settled_by: String,
    /// Remark in English.
    #[serde(default, rename = "note-en")]
    pub note_en: String,
    /// Remark in Traditional Chinese.
    #[serde(default, rename = "note-zh-TW")]
    pub note_zh_tw: String,
    /// Where the numbers come from.
    #[serde(rename = "source")]
    pub sources: Vec<PanelSource>,
    /// The criteria.
    #[serde(rename = "criterion")]
    pub criteria: Vec<Criterion>,
}

/// How the criteria of a panel make one verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Combine {
    /// Every criterion with a limit must be met.
    All,
    /// One met criterion is enough.
    Any,
}

/// A source of a panel.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PanelSource {
    /// Id that criteria refer to.
    pub id: String,
    /// Citation.
    pub citation: String,
    /// DOI, when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doi: Option<String>,
}

/// One marker and its limit.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Id inside the panel.
    pub id: String,
    /// The marker.
    pub marker: String,
    /// Other names of the marker.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// How the percentage compares with the limit.
    pub comparison: Comparison,
    /// The limit, a decimal; absent when the comparison is `report`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// UCUM unit of limit and percentage: `%`.
    pub unit: String,
    /// What the percentage is of, in English.
    #[serde(rename = "of-en")]
    pub of_en: String,
    /// What the percentage is of, in Traditional Chinese.
    #[serde(rename = "of-zh-TW")]
    pub of_zh_tw: String,
    /// Label in English.
    pub en: String,
    /// Label in Traditional Chinese.
    #[serde(rename = "zh-TW")]
    pub zh_tw: String,
    /// Id of the source.
    pub source: String,
    /// Place in the source.
    pub at: String,
    /// `provisional` or `sourced`.
    pub status: String,
}

/// A comparison, as written in the panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    /// At least.
    #[serde(rename = ">=")]
    AtLeast,
    /// More than.
    #[serde(rename = ">")]
    MoreThan,
    /// At most.
    #[serde(rename = "<=")]
    AtMost,
    /// Less than.
    #[serde(rename = "<")]
    LessThan,
    /// Reported, not judged.
    #[serde(rename = "report")]
    Report,
}

impl Comparison {
    pub(crate) const fn sign(self) -> &'static str {
        match self {
            Self::AtLeast => "≥",
            Self::MoreThan => ">",
            Self::AtMost => "≤",
            Self::LessThan => "<",
            Self::Report => "",
        }
    }
}

impl Panel {
    /// Reads and checks a panel.
    ///
    /// # Errors
    /// TOML that is no panel; a criterion without limit, with a wrong unit or
    /// an unknown source; the same id twice.
    pub fn from_toml(text: &str) -> Result<Self, PanelError> {
        let panel: Self = toml::from_str(text)?;
        for (index, criterion) in panel.criteria.iter().enumerate() {
            let refuse = |en: &str, zh_tw: &str| PanelError::Criterion {
                panel: panel.id.clone(),
                criterion: criterion.id.clone(),
                problem: Text::new(en, zh_tw),
            };
            if panel.criteria.iter().take(index).any(|other| other.id == criterion.id) {
                return Err(refuse("the id is used twice", "代號重複"));
            }
            if criterion.unit != "%" {
                return Err(refuse("the unit must be %", "單位須為 %"));
            }
            if !panel.sources.iter().any(|source| source.id == criterion.source) {
                return Err(refuse("its source is not listed", "未列出其來源"));
            }
            match (criterion.comparison, criterion.limit()) {
                (Comparison::Report, None) => {}
                (Comparison::Report, Some(_)) => {
                    return Err(refuse("`report` takes no value", "`report` 不可有限值"));
                }
                (_, None) => {
                    return Err(refuse("the value is missing or no decimal", "缺少限值或不是十進位數"));
                }
                (_, Some(limit)) if limit < Decimal::ZERO || limit > Decimal::ONE_HUNDRED => {
                    return Err(refuse("a percentage lies between 0 and 100", "百分比須介於 0 與 100"));
                }
                _ => {}
            }
        }
        Ok(panel)
    }
}

/// The panels that come with the program, as TOML: (file name, text).
#[must_use]
pub const fn panel_texts() -> [(&'static str, &'static str); 4] {
    [
        ("msc-isct-2006.toml", include_str!("../../../knowledge/assays/panels/msc-isct-2006.toml")),
        ("pluripotent-bank-1.toml", include_str!("../../../knowledge/assays/panels/pluripotent-bank-1.toml")),
        ("car-t-product-1.toml", include_str!("../../../knowledge/assays/panels/car-t-product-1.toml")),
        ("b-cell-recovery-1.toml", include_str!("../../../knowledge/assays/panels/b-cell-recovery-1.toml")),
    ]
}

/// The panels that come with the program, read and checked.
///
/// # Errors
/// The first panel whose text is refused.
pub fn panels() -> Result<Vec<Panel>, PanelError> {
    panel_texts().iter().map(|(_, text)| Panel::from_toml(text)).collect()
}
