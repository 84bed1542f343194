//! Method files: the numbers an assay is judged by, read from `knowledge/assays`, each with its
//! source, status and both languages. Holds no number of its own and knows no assay's arithmetic.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use vena_base::{Lang, Text};

/// The embedded method file of relative potency.
pub const RELATIVE_POTENCY: &str = include_str!("../../../knowledge/assays/potency/relative-potency-1.toml");
/// The embedded method file of quantitative PCR and limits of detection.
pub const QPCR: &str = include_str!("../../../knowledge/assays/qpcr/qpcr-1.toml");
/// The embedded method file of the kinetic endotoxin test.
pub const ENDOTOXIN: &str = include_str!("../../../knowledge/assays/qpcr/endotoxin-1.toml");

/// The embedded method file of spike-in series of colonies.
pub const SPIKE_SERIES: &str = include_str!("../../../knowledge/assays/colonies/spike-series-1.toml");
/// The embedded method file of residual pluripotent cells in culture.
pub const RESIDUAL_PLURIPOTENT: &str =
    include_str!("../../../knowledge/assays/culture/residual-pluripotent-1.toml");
/// The embedded method file of alternative against compendial methods.
pub const METHOD_COMPARISON: &str =
    include_str!("../../../knowledge/assays/microbiology/method-comparison-1.toml");

/// Why a method file cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MethodError {
    /// Not TOML, or a field is missing.
    #[error("the method file cannot be read: {0}")]
    Unreadable(String),
    /// A value that is not a decimal number.
    #[error("{id} in the method file has the value {value:?}, which is not a finite decimal number")]
    NotANumber {
        /// Entry.
        id: String,
        /// As written.
        value: String,
    },
    /// An entry the method needs is not there.
    #[error("the method {method} has no parameter {id}")]
    NoSuchParameter {
        /// Method.
        method: String,
        /// Entry asked for.
        id: String,
    },
    /// The source named by an entry is not listed.
    #[error("{id} in the method file names the source {source_id:?}, which the file does not list")]
    NoSuchSource {
        /// Entry.
        id: String,
        /// The source it names.
        source_id: String,
    },
    /// The same id twice.
    #[error("{0} stands twice in the method file")]
    Twice(String),
}

/// How far a number has been checked against its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Source not seen, or ambiguous.
    Provisional,
    /// Checked against the cited text.
    Sourced,
    /// Signed for use at a site.
    Active,
}

/// How a measured value is held against a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    /// At least the limit.
    #[serde(rename = ">=")]
    AtLeast,
    /// At most the limit.
    #[serde(rename = "<=")]
    AtMost,
    /// Below the limit.
    #[serde(rename = "<")]
    Below,
    /// Above the limit.
    #[serde(rename = ">")]
    Above,
}

impl Comparison {
    /// Whether `value` meets the limit. A value that is not a number meets none.
    pub fn is_met(self, value: f64, limit: f64) -> bool {
        match self {
            Comparison::AtLeast => value >= limit,
            Comparison::AtMost => value <= limit,
            Comparison::Below => value < limit,
            Comparison::Above => value > limit,
        }
    }

    /// The sign as printed.
    pub fn sign(self) -> &'static str {
        match self {
            Comparison::AtLeast => "≥",
            Comparison::AtMost => "≤",
            Comparison::Below => "<",
            Comparison::Above => ">",
        }
    }
}

/// Where a number comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Short id used by the entries.
    pub id: String,
    /// Citation.
    pub citation: String,
    /// Digital object identifier, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doi: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    id: String,
    #[serde(default)]
    measure: Option<String>,
    #[serde(default)]
    comparison: Option<Comparison>,
    value: String,
    unit: String,
    en: String,
    #[serde(rename = "zh-TW")]
    zh_tw: String,
    source: String,
    status: Status,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMethod {
    id: String,
    version: String,
    status: Status,
    effective_from: String,
    en: String,
    #[serde(rename = "zh-TW")]
    zh_tw: String,
    settled_by: String,
    source: Vec<Source>,
    #[serde(default)]
    parameter: Vec<RawEntry>,
    #[serde(default)]
    criterion: Vec<RawEntry>,
}

/// One acceptance criterion: which measure, held against which limit, on whose word.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Criterion {
    /// Id in the method file.
    pub id: String,
    /// Name of the measure it judges.
    pub measure: String,
    /// How value and limit are compared.
    pub comparison: Comparison,
    /// The limit as written in the file.
    pub limit_text: String,
    /// The limit.
    pub limit: f64,
    /// UCUM unit of value and limit.
    pub unit: String,
    /// What it is, in both languages.
    pub label: Text,
    /// Source id in the method file.
    pub source: String,
    /// How far the limit has been checked.
    pub status: Status,
}

/// A number of the method that is no limit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Parameter {
    /// The value.
    pub value: f64,
    /// As written in the file.
    pub written: String,
    /// UCUM unit.
    pub unit: String,
    /// What it is, in both languages.
    pub label: Text,
    /// Source id in the method file.
    pub source: String,
    /// How far it has been checked.
    pub status: Status,
}

/// What a report says about the method that made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MethodReference {
    /// Method id.
    pub id: String,
    /// Method version.
    pub version: String,
    /// Status of the file as a whole.
    pub status: Status,
    /// SHA-256 of the method file, hexadecimal.
    pub sha256: String,
    /// Version of the program's arithmetic.
    pub program: String,
}

/// A method file, read and checked.
#[derive(Debug, Clone)]
pub struct Method {
    /// Id, version, digest.
    pub reference: MethodReference,
    /// First day it applies, as written.
    pub effective_from: String,
    /// Title in both languages.
    pub title: Text,
    /// What would settle its provisional values.
    pub settled_by: String,
    /// Sources.
    pub sources: Vec<Source>,
    /// Acceptance criteria in file order.
    pub criteria: Vec<Criterion>,
    parameters: BTreeMap<String, Parameter>,
}

impl Method {
    /// Reads and checks a method file. Errors name the entry.
    pub fn parse(toml_text: &str) -> Result<Method, MethodError> {
        let raw: RawMethod = toml::from_str(toml_text).map_err(|e| MethodError::Unreadable(e.to_string()))?;
        let number = |entry: &RawEntry| -> Result<f64, MethodError> {
            if !raw.source.iter().any(|s| s.id == entry.source) {
                return Err(MethodError::NoSuchSource {
                    id: entry.id.clone(),
                    source_id: entry.source.clone(),
                });
            }
            match entry.value.parse::<f64>() {
                Ok(value) if value.is_finite() => Ok(value),
                _ => Err(MethodError::NotANumber { id: entry.id.clone(), value: entry.value.clone() }),
            }
        };
        let mut parameters = BTreeMap::new();
        for entry in &raw.parameter {
            let parameter = Parameter {
                value: number(entry)?,
                written: entry.value.clone(),
                unit: entry.unit.clone(),
                label: Text::new(entry.en.clone(), entry.zh_tw.clone()),
                source: entry.source.clone(),
                status: entry.status,
            };
            if parameters.insert(entry.id.clone(), parameter).is_some() {
                return Err(MethodError::Twice(entry.id.clone()));
            }
        }
        let mut criteria: Vec<Criterion> = Vec::new();
        for entry in &raw.criterion {
            let limit = number(entry)?;
            if criteria.iter().any(|c| c.id == entry.id) {
                return Err(MethodError::Twice(entry.id.clone()));
            }
            let (Some(measure), Some(comparison)) = (entry.measure.clone(), entry.comparison) else {
                return Err(MethodError::Unreadable(format!("{} lacks measure or comparison", entry.id)));
            };
            criteria.push(Criterion {
                id: entry.id.clone(),
                measure,
                comparison,
                limit_text: entry.value.clone(),
                limit,
                unit: entry.unit.clone(),
                label: Text::new(entry.en.clone(), entry.zh_tw.clone()),
                source: entry.source.clone(),
                status: entry.status,
            });
        }
        Ok(Method {
            reference: MethodReference {
                sha256: sha256_hex(toml_text.as_bytes()),
                id: raw.id,
                version: raw.version,
                status: raw.status,
                program: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_string(),
            },
            effective_from: raw.effective_from,
            title: Text::new(raw.en, raw.zh_tw),
            settled_by: raw.settled_by,
            sources: raw.source,
            criteria,
            parameters,
        })
    }

    /// A parameter of the method by id.
    pub fn number(&self, id: &str) -> Result<f64, MethodError> {
        self.parameter(id).map(|p| p.value)
    }

    /// The same with its words and its source.
    pub fn parameter(&self, id: &str) -> Result<&Parameter, MethodError> {
        self.parameters.get(id).ok_or_else(|| MethodError::NoSuchParameter {
            method: self.reference.id.clone(),
            id: id.to_string(),
        })
    }

    /// Judges the measured values of one subject (a curve, a sample) against every criterion whose
    /// measure is named in `measures`; `None` as value is *not assessable*, never a pass.
    pub fn judge(&self, subject: &str, measures: &[(&str, Option<f64>)]) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        for criterion in &self.criteria {
            for (name, value) in measures {
                if *name == criterion.measure {
                    verdicts.push(Verdict {
                        subject: subject.to_string(),
                        outcome: match value {
                            Some(v) if v.is_nan() => Outcome::NotAssessable,
                            Some(v) if criterion.comparison.is_met(*v, criterion.limit) => Outcome::Met,
                            Some(_) => Outcome::NotMet,
                            None => Outcome::NotAssessable,
                        },
                        value: *value,
                        criterion: criterion.clone(),
                    });
                }
            }
        }
        verdicts
    }
}

/// Outcome of one criterion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The value meets the limit.
    Met,
    /// It does not.
    NotMet,
    /// No value: neither met nor failed, and never to be read as met.
    NotAssessable,
}

impl Outcome {
    /// The outcome in words.
    pub fn label(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Outcome::Met, Lang::En) => "met",
            (Outcome::Met, Lang::ZhTw) => "符合",
            (Outcome::NotMet, Lang::En) => "not met",
            (Outcome::NotMet, Lang::ZhTw) => "不符合",
            (Outcome::NotAssessable, Lang::En) => "not assessable",
            (Outcome::NotAssessable, Lang::ZhTw) => "無法判定",
        }
    }
}

/// One criterion held against one measured value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// What was judged: a curve's or a sample's name.
    pub subject: String,
    /// Met, not met, or not assessable.
    pub outcome: Outcome,
    /// The measured value in the criterion's unit.
    pub value: Option<f64>,
    /// The criterion with its limit and source.
    pub criterion: Criterion,
}

/// SHA-256 of bytes as lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
