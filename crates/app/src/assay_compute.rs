//! From an assay's stored files and parameters to its result: which crate computes it, what the result's
//! JSON is, what differs from an earlier one. The same files and parameters give the same characters.
//!
//! Must not know: the ledger, people, journeys, pages.

mod colonies;
mod flow;
mod recognise;

use crate::assays::memory::Kept;
pub use colonies::{picture, series_counts};
pub use recognise::{recognise, recognise_kind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeMap, sync::Arc};
use vena_base::Text;
use vena_colonies::{
    ColonyReport,
    corrections::{CorrectedImage, Correction},
};
use vena_flow::{Analysis, CountOptions, CountReport, PanelReport, Tolerances};
use vena_journey::{AssayKind, FileRole, JsonText, step::FileDigest};
use vena_potency::{
    ComparisonOptions, ComparisonReport, CultureOptions, CultureReport, EndotoxinOptions, EndotoxinReport,
    PotencyOptions, PotencyReport, QpcrOptions, QpcrReport, SeriesOptions, SeriesReport,
    report::LineErrorFrom,
};

/// Differences listed at most when a result is not what it was.
const DIFFERENCES_MAX: usize = 30;

/// How a flow file is analysed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct FlowOptions {
    /// Departures from the standard agreed to.
    pub tolerances: Tolerances,
    /// Which data set, from 1, when the file holds several.
    pub data_set: Option<usize>,
    /// Id of the marker panel the sample is held against.
    pub panel: Option<String>,
    /// Cells per microlitre by beads, and viability.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<Box<CountOptions>>,
}

/// Parameters of one assay.
#[derive(Debug, Clone, PartialEq)]
pub enum AssayOptions {
    /// Flow cytometry.
    Flow(FlowOptions),
    /// Colonies.
    Colonies(Box<vena_colonies::Options>),
    /// Potency.
    Potency(Box<PotencyOptions>),
    /// qPCR.
    Qpcr(Box<QpcrOptions>),
    /// Endotoxin.
    Endotoxin(EndotoxinOptions),
    /// Method comparison.
    Comparison(ComparisonOptions),
    /// Residual pluripotent cells.
    Culture(CultureOptions),
    /// Detection-limit series.
    Series(SeriesOptions),
}

impl AssayOptions {
    /// The parameters a kind begins with.
    pub fn usual(kind: AssayKind) -> AssayOptions {
        match kind {
            AssayKind::FlowCytometry => AssayOptions::Flow(FlowOptions::default()),
            AssayKind::Colonies => AssayOptions::Colonies(Box::default()),
            AssayKind::Potency => AssayOptions::Potency(Box::default()),
            AssayKind::Qpcr => AssayOptions::Qpcr(Box::default()),
            AssayKind::Endotoxin => AssayOptions::Endotoxin(EndotoxinOptions::default()),
            AssayKind::MethodComparison => AssayOptions::Comparison(ComparisonOptions::default()),
            AssayKind::ResidualPluripotent => AssayOptions::Culture(CultureOptions::default()),
            AssayKind::SpikeSeries => AssayOptions::Series(SeriesOptions::default()),
        }
    }

    /// Reads stored parameters.
    ///
    /// # Errors
    /// Not such parameters.
    pub fn read(kind: AssayKind, json: &JsonText) -> Result<AssayOptions, serde_json::Error> {
        Ok(match kind {
            AssayKind::FlowCytometry => AssayOptions::Flow(json.read()?),
            AssayKind::Colonies => AssayOptions::Colonies(json.read()?),
            AssayKind::Potency => AssayOptions::Potency(Box::new(potency_options(json)?)),
            AssayKind::Qpcr => AssayOptions::Qpcr(json.read()?),
            AssayKind::Endotoxin => AssayOptions::Endotoxin(json.read()?),
            AssayKind::MethodComparison => AssayOptions::Comparison(json.read()?),
            AssayKind::ResidualPluripotent => AssayOptions::Culture(json.read()?),
            AssayKind::SpikeSeries => AssayOptions::Series(json.read()?),
        })
    }

    /// The parameters as they are stored.
    ///
    /// # Errors
    /// A number that JSON cannot hold.
    pub fn to_json(&self) -> Result<JsonText, serde_json::Error> {
        JsonText::new(match self {
            AssayOptions::Flow(options) => serde_json::to_string(options)?,
            AssayOptions::Colonies(options) => serde_json::to_string(options)?,
            AssayOptions::Potency(options) => serde_json::to_string(options)?,
            AssayOptions::Qpcr(options) => serde_json::to_string(options)?,
            AssayOptions::Endotoxin(options) => serde_json::to_string(options)?,
            AssayOptions::Comparison(options) => serde_json::to_string(options)?,
            AssayOptions::Culture(options) => serde_json::to_string(options)?,
            AssayOptions::Series(options) => serde_json::to_string(options)?,
        })
    }

    /// Which assay they are of.
    pub fn kind(&self) -> AssayKind {
        match self {
            AssayOptions::Flow(_) => AssayKind::FlowCytometry,
            AssayOptions::Colonies(_) => AssayKind::Colonies,
            AssayOptions::Potency(_) => AssayKind::Potency,
            AssayOptions::Qpcr(_) => AssayKind::Qpcr,
            AssayOptions::Endotoxin(_) => AssayKind::Endotoxin,
            AssayOptions::Comparison(_) => AssayKind::MethodComparison,
            AssayOptions::Culture(_) => AssayKind::ResidualPluripotent,
            AssayOptions::Series(_) => AssayKind::SpikeSeries,
        }
    }
}

/// Parameters of a potency assay as they were meant when they were stored. Until they named what the errors of lines
/// rest on, those rested on the residuals about the lines; what begins anew has the method's choice of today.
fn potency_options(json: &JsonText) -> Result<PotencyOptions, serde_json::Error> {
    let mut options: PotencyOptions = json.read()?;
    if json.read::<Value>()?.get("line_error").is_none() {
        options.line_error = LineErrorFrom::Lines;
    }
    Ok(options)
}

/// Why the files give no result: what was refused, and the reader's own words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", .what.en, .words.en)]
pub struct AssayRefusal {
    /// What was refused, in both languages.
    pub what: Text,
    /// Why, in the words of what refused it.
    pub words: Text,
}

impl AssayRefusal {
    fn new(en: &str, zh_tw: &str, words: Text) -> AssayRefusal {
        AssayRefusal { what: Text::new(en, zh_tw), words }
    }

    /// A table that was not analysed.
    fn table(words: Text) -> AssayRefusal {
        AssayRefusal::new("The table was not analysed", "表格無法分析", words)
    }
}

/// Colony changes by page of the picture file, as they are stored.
pub type Corrections = BTreeMap<u32, Vec<Correction>>;

/// A result, with what pictures are drawn from.
#[derive(Debug, Clone)]
pub enum Computed {
    /// Flow cytometry.
    Flow {
        /// Events, gates, counts.
        analysis: Arc<Analysis>,
        /// The verdict of the panel, where one was chosen.
        panel: Option<Box<PanelReport>>,
        /// Cells per microlitre and viability, where asked for; or why they cannot be given.
        count: Option<Box<Result<CountReport, Text>>>,
    },
    /// Colonies: the program's count, never altered, and beside it what a person changed.
    Colonies {
        /// The program's.
        automatic: Arc<ColonyReport>,
        /// After corrections, for each page that has any.
        corrected: Vec<CorrectedImage>,
    },
    /// Potency.
    Potency(Box<PotencyReport>),
    /// qPCR.
    Qpcr(Box<QpcrReport>),
    /// Endotoxin.
    Endotoxin(Box<EndotoxinReport>),
    /// Method comparison.
    Comparison(Box<ComparisonReport>),
    /// Residual pluripotent cells.
    Culture(Box<CultureReport>),
    /// Detection-limit series.
    Series(Box<SeriesReport>),
}

#[derive(Serialize)]
struct FlowResult<'a> {
    report: &'a vena_flow::FlowReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    panel: Option<&'a PanelReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<&'a CountReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count_refusal: Option<&'a Text>,
}

#[derive(Serialize)]
struct ColonyResult<'a> {
    automatic: &'a ColonyReport,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    corrected: &'a [CorrectedImage],
}

impl Computed {
    /// Name and version of the method.
    pub fn method(&self) -> String {
        let with_program = |method: &vena_potency::method::MethodReference| {
            format!("{}@{} {}", method.id, method.version, method.program)
        };
        match self {
            Computed::Flow { analysis, .. } => analysis.report.method.clone(),
            Computed::Colonies { automatic, .. } => format!("{} {}", automatic.method, automatic.rules),
            Computed::Potency(report) => with_program(&report.method),
            Computed::Qpcr(report) => with_program(&report.method),
            Computed::Endotoxin(report) => with_program(&report.method),
            Computed::Comparison(report) => with_program(&report.method),
            Computed::Culture(report) => with_program(&report.method),
            Computed::Series(report) => with_program(&report.method),
        }
    }

    /// The result as it is stored.
    ///
    /// # Errors
    /// A number that JSON cannot hold.
    pub fn to_json(&self) -> Result<JsonText, serde_json::Error> {
        JsonText::new(match self {
            Computed::Flow { analysis, panel, count } => {
                let count = count.as_deref();
                serde_json::to_string(&FlowResult {
                    report: &analysis.report,
                    panel: panel.as_deref(),
                    count: count.and_then(|count| count.as_ref().ok()),
                    count_refusal: count.and_then(|count| count.as_ref().err()),
                })?
            }
            Computed::Colonies { automatic, corrected } => {
                serde_json::to_string(&ColonyResult { automatic, corrected })?
            }
            Computed::Potency(report) => serde_json::to_string(report)?,
            Computed::Qpcr(report) => serde_json::to_string(report)?,
            Computed::Endotoxin(report) => serde_json::to_string(report)?,
            Computed::Comparison(report) => serde_json::to_string(report)?,
            Computed::Culture(report) => serde_json::to_string(report)?,
            Computed::Series(report) => serde_json::to_string(report)?,
        })
    }
}

/// SHA-256 of bytes.
pub fn digest_of(bytes: &[u8]) -> Option<FileDigest> {
    FileDigest::new(&vena_ledger::to_hex(&Sha256::digest(bytes))).ok()
}

/// The role of an assay's first file.
pub fn first_role(kind: AssayKind) -> FileRole {
    match kind {
        AssayKind::FlowCytometry => FileRole::Fcs,
        AssayKind::Colonies => FileRole::Image,
        _ => FileRole::Table,
    }
}

fn bytes_of(files: &[(FileRole, Vec<u8>)], role: FileRole) -> Option<&[u8]> {
    files.iter().find(|(own, _)| *own == role).map(|(_, bytes)| bytes.as_slice())
}

/// Computes an assay.
///
/// # Errors
/// [`AssayRefusal`]: the files or parameters cannot be used, in the words of the crate that reads them.
pub fn compute(options: &AssayOptions, files: &[(FileRole, Vec<u8>)]) -> Result<Computed, AssayRefusal> {
    let first = bytes_of(files, first_role(options.kind())).ok_or_else(|| {
        AssayRefusal::new("The instrument's file is missing", "缺少儀器檔案", options.kind().name())
    })?;
    match options {
        AssayOptions::Flow(options) => flow::flow(options, first, files),
        AssayOptions::Colonies(options) => {
            colonies::colonies(options, first, bytes_of(files, FileRole::Corrections))
        }
        AssayOptions::Potency(options) => vena_potency::analyse_potency(first, options)
            .map(|report| Computed::Potency(Box::new(report)))
            .map_err(|refusal| AssayRefusal::table(refusal.text())),
        AssayOptions::Qpcr(options) => vena_potency::analyse_qpcr(first, options)
            .map(|report| Computed::Qpcr(Box::new(report)))
            .map_err(|refusal| AssayRefusal::table(refusal.text())),
        AssayOptions::Endotoxin(options) => vena_potency::analyse_endotoxin(first, options)
            .map(|report| Computed::Endotoxin(Box::new(report)))
            .map_err(|refusal| AssayRefusal::table(refusal.text())),
        AssayOptions::Comparison(options) => vena_potency::analyse_comparison(first, options)
            .map(|report| Computed::Comparison(Box::new(report)))
            .map_err(|refusal| AssayRefusal::table(refusal.text())),
        AssayOptions::Culture(options) => vena_potency::analyse_culture(first, options)
            .map(|report| Computed::Culture(Box::new(report)))
            .map_err(|refusal| AssayRefusal::table(refusal.text())),
        AssayOptions::Series(options) => series(options, first, bytes_of(files, FileRole::Image)),
    }
}

/// A series whose counts stand in the table, or come from a picture of its wells.
fn series(options: &SeriesOptions, table: &[u8], image: Option<&[u8]>) -> Result<Computed, AssayRefusal> {
    let mut options = options.clone();
    if let Some(image) = image {
        options.counts = colonies::well_counts(image)?;
    }
    vena_potency::analyse_series(table, &options)
        .map(|report| Computed::Series(Box::new(report)))
        .map_err(|refusal| AssayRefusal::table(refusal.text()))
}

/// A result from what is in memory and the small files beside the first; `None` where the first must be read again.
/// Gives the same characters as [`compute`].
pub(crate) fn compute_again(
    options: &AssayOptions,
    kept: &mut Kept,
    files: &[(FileRole, Vec<u8>)],
) -> Option<Result<Computed, AssayRefusal>> {
    match (options, kept) {
        (AssayOptions::Flow(options), Kept::Flow(analysis)) => {
            flow::flow_again(options, analysis, bytes_of(files, FileRole::Gates))
        }
        (AssayOptions::Colonies(_), Kept::Colonies(report)) => {
            Some(colonies::corrected(report.clone(), bytes_of(files, FileRole::Corrections)))
        }
        _ => None,
    }
}

/// One value that is not what it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where in the result.
    pub path: String,
    /// As stored.
    pub then: String,
    /// As computed now.
    pub now: String,
}

/// Where two results differ, up to a bound; empty for equal ones.
pub fn differences(then: &JsonText, now: &JsonText) -> Vec<Difference> {
    let (Ok(before), Ok(after)) = (then.read::<Value>(), now.read::<Value>()) else { return Vec::new() };
    let mut found = Vec::new();
    walk("", Some(&before), Some(&after), &mut found);
    found
}

fn walk(path: &str, then: Option<&Value>, now: Option<&Value>, found: &mut Vec<Difference>) {
    if then == now || found.len() >= DIFFERENCES_MAX {
        return;
    }
    match (then, now) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let added = b.keys().filter(|key| !a.contains_key(*key));
            a.keys()
                .chain(added)
                .for_each(|key| walk(&format!("{path}/{key}"), a.get(key), b.get(key), found));
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            (0..a.len().max(b.len())).for_each(|i| walk(&format!("{path}/{i}"), a.get(i), b.get(i), found));
        }
        (a, b) => {
            let short = |value: Option<&Value>| {
                value.map_or_else(|| "–".to_owned(), |v| v.to_string().chars().take(120).collect())
            };
            found.push(Difference { path: path.to_owned(), then: short(a), now: short(b) });
        }
    }
}
