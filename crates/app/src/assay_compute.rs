//! From an assay's stored files and parameters to its result: which crate computes it, what the result's
//! JSON is, what differs from an earlier one. The same files and parameters give the same characters.
//!
//! Must not know: the ledger, people, journeys, pages.

use crate::assays::memory::Kept;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeMap, sync::Arc};
use vena_base::Text;
use vena_colonies::{
    ColonyReport, ImageReport,
    corrections::{CorrectedImage, Correction},
};
use vena_flow::{Analysis, PanelReport, Tolerances};
use vena_journey::{AssayKind, FileRole, JsonText, step::FileDigest};
use vena_potency::{PotencyOptions, PotencyReport, QpcrOptions, QpcrReport};

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
}

impl AssayOptions {
    /// The parameters a kind begins with.
    pub fn usual(kind: AssayKind) -> AssayOptions {
        match kind {
            AssayKind::FlowCytometry => AssayOptions::Flow(FlowOptions::default()),
            AssayKind::Colonies => AssayOptions::Colonies(Box::default()),
            AssayKind::Potency => AssayOptions::Potency(Box::default()),
            AssayKind::Qpcr => AssayOptions::Qpcr(Box::default()),
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
            AssayKind::Potency => AssayOptions::Potency(json.read()?),
            AssayKind::Qpcr => AssayOptions::Qpcr(json.read()?),
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
        })
    }

    /// Which assay they are of.
    pub fn kind(&self) -> AssayKind {
        match self {
            AssayOptions::Flow(_) => AssayKind::FlowCytometry,
            AssayOptions::Colonies(_) => AssayKind::Colonies,
            AssayOptions::Potency(_) => AssayKind::Potency,
            AssayOptions::Qpcr(_) => AssayKind::Qpcr,
        }
    }
}

/// Why the files give no result: what was refused, and the reader's own words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {words}", .what.en)]
pub struct AssayRefusal {
    /// What was refused, in both languages.
    pub what: Text,
    /// The words of the reader that refused it (English).
    pub words: String,
}

impl AssayRefusal {
    fn new(en: &str, zh_tw: &str, words: &dyn std::fmt::Display) -> AssayRefusal {
        AssayRefusal { what: Text::new(en, zh_tw), words: words.to_string() }
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
}

#[derive(Serialize)]
struct FlowResult<'a> {
    report: &'a vena_flow::FlowReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    panel: Option<&'a PanelReport>,
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
        }
    }

    /// The result as it is stored.
    ///
    /// # Errors
    /// A number that JSON cannot hold.
    pub fn to_json(&self) -> Result<JsonText, serde_json::Error> {
        JsonText::new(match self {
            Computed::Flow { analysis, panel } => {
                serde_json::to_string(&FlowResult { report: &analysis.report, panel: panel.as_deref() })?
            }
            Computed::Colonies { automatic, corrected } => {
                serde_json::to_string(&ColonyResult { automatic, corrected })?
            }
            Computed::Potency(report) => serde_json::to_string(report)?,
            Computed::Qpcr(report) => serde_json::to_string(report)?,
        })
    }
}

/// SHA-256 of bytes.
pub fn digest_of(bytes: &[u8]) -> Option<FileDigest> {
    FileDigest::new(&vena_ledger::to_hex(&Sha256::digest(bytes))).ok()
}

/// What a file is, by its content. `None` for a text that may be any table, or anything else.
pub fn recognise(bytes: &[u8]) -> Option<FileRole> {
    let begins = |magic: &[u8]| bytes.starts_with(magic);
    if begins(b"FCS") && bytes.get(3).is_some_and(u8::is_ascii_digit) {
        return Some(FileRole::Fcs);
    }
    let pictures: [&[u8]; 6] =
        [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"];
    if pictures.into_iter().any(begins) {
        return Some(FileRole::Image);
    }
    let head = String::from_utf8_lossy(bytes.get(..bytes.len().min(4_096)).unwrap_or_default());
    let head = head.trim_start_matches(['\u{feff}', ' ', '\r', '\n', '\t']);
    (head.starts_with('<') && head.contains("Gating-ML")).then_some(FileRole::Gates)
}

/// Which assay a file begins; for a table, whether its header names a Cq. `None` where the content says nothing.
pub fn recognise_kind(bytes: &[u8]) -> Option<AssayKind> {
    match recognise(bytes) {
        Some(FileRole::Fcs) => return Some(AssayKind::FlowCytometry),
        Some(FileRole::Image) => return Some(AssayKind::Colonies),
        Some(_) => return None,
        None => {}
    }
    let head = bytes.get(..bytes.len().min(64 << 10)).unwrap_or_default();
    // UTF-16 tables have zeros too; they begin with a byte order mark.
    let marked = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    if head.is_empty() || (head.contains(&0) && !marked) {
        return None;
    }
    let text: String = String::from_utf8_lossy(head).chars().filter(|c| *c != '\0').collect();
    let cell = |cell: &str| {
        let word: String =
            cell.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        matches!(word.as_str(), "cq" | "ct" | "cp" | "cqvalue" | "ctvalue" | "crossingpoint")
    };
    let has_cq = text.lines().take(60).any(|line| line.split([',', ';', '\t']).any(cell));
    let looks_like_a_table = text.lines().take(60).any(|line| line.contains([',', ';', '\t']));
    match (has_cq, looks_like_a_table) {
        (true, _) => Some(AssayKind::Qpcr),
        (false, true) => Some(AssayKind::Potency),
        (false, false) => None,
    }
}

/// The role of an assay's first file.
pub fn first_role(kind: AssayKind) -> FileRole {
    match kind {
        AssayKind::FlowCytometry => FileRole::Fcs,
        AssayKind::Colonies => FileRole::Image,
        AssayKind::Potency | AssayKind::Qpcr => FileRole::Table,
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
        AssayRefusal::new("The instrument's file is missing", "缺少儀器檔案", &options.kind().as_str())
    })?;
    match options {
        AssayOptions::Flow(options) => flow(options, first, files),
        AssayOptions::Colonies(options) => colonies(options, first, bytes_of(files, FileRole::Corrections)),
        AssayOptions::Potency(options) => vena_potency::analyse_potency(first, options)
            .map(|report| Computed::Potency(Box::new(report)))
            .map_err(|words| AssayRefusal::new("The table was not analysed", "表格無法分析", &words)),
        AssayOptions::Qpcr(options) => vena_potency::analyse_qpcr(first, options)
            .map(|report| Computed::Qpcr(Box::new(report)))
            .map_err(|words| AssayRefusal::new("The table was not analysed", "表格無法分析", &words)),
    }
}

fn flow(options: &FlowOptions, fcs: &[u8], files: &[(FileRole, Vec<u8>)]) -> Result<Computed, AssayRefusal> {
    let how = vena_flow::AnalyseOptions {
        tolerances: options.tolerances.clone(),
        data_set: options.data_set,
        matrix: bytes_of(files, FileRole::Matrix).map(|bytes| ("matrix".to_owned(), bytes.to_vec())),
        ..vena_flow::AnalyseOptions::default()
    };
    let analysis = vena_flow::analyse(fcs, bytes_of(files, FileRole::Gates), &how)
        .map_err(|words| not_analysed(&words))?;
    judged(options, Arc::new(analysis))
}

/// The sample held against the panel chosen.
fn judged(options: &FlowOptions, analysis: Arc<Analysis>) -> Result<Computed, AssayRefusal> {
    let panel = match &options.panel {
        None => None,
        Some(id) => {
            let panels = vena_flow::panels()
                .map_err(|words| AssayRefusal::new("The panel cannot be read", "無法讀取標記組合", &words))?;
            let panel = panels
                .iter()
                .find(|panel| panel.id == *id)
                .ok_or_else(|| AssayRefusal::new("There is no such panel", "查無此標記組合", id))?;
            Some(Box::new(analysis.judge(panel, &[])))
        }
    };
    Ok(Computed::Flow { analysis, panel })
}

/// A result from what is in memory and the small files beside the first; `None` where the first must be read again.
/// Gives the same characters as [`compute`].
pub(crate) fn compute_again(
    options: &AssayOptions,
    kept: Kept,
    files: &[(FileRole, Vec<u8>)],
) -> Option<Result<Computed, AssayRefusal>> {
    match (options, kept) {
        (AssayOptions::Flow(options), Kept::Flow(analysis)) => {
            flow_again(options, analysis, bytes_of(files, FileRole::Gates))
        }
        (AssayOptions::Colonies(_), Kept::Colonies(report)) => {
            Some(corrected(report, bytes_of(files, FileRole::Corrections)))
        }
        _ => None,
    }
}

fn flow_again(
    options: &FlowOptions,
    mut analysis: Arc<Analysis>,
    gates: Option<&[u8]>,
) -> Option<Result<Computed, AssayRefusal>> {
    let digest = gates.and_then(digest_of).map(|digest| digest.as_str().to_owned());
    if analysis.report.gating_sha256 == digest {
        return Some(judged(options, analysis));
    }
    // Events without gates are rare enough to be read again.
    let xml = gates?;
    let gate = |analysis: &mut Analysis| -> Result<(), vena_flow::FlowError> {
        analysis.gate(vena_flow::gating::read_gating_ml(xml, &vena_flow::Limits::default())?)?;
        analysis.report.gating_sha256 = digest;
        analysis.report.notes = notes_of(analysis);
        Ok(())
    };
    Some(match gate(Arc::make_mut(&mut analysis)) {
        Ok(()) => judged(options, analysis),
        Err(words) => Err(not_analysed(&words)),
    })
}

/// The notes a fresh reading gives with these gates.
fn notes_of(analysis: &Analysis) -> Vec<String> {
    let compensation = &analysis.report.compensation;
    let mut notes = analysis.data_set.notes.clone();
    notes.extend(analysis.document.notes());
    if !compensation.used && compensation.kind == "not-usable" {
        notes.push(format!("compensation not used: {}", compensation.from));
    }
    notes
}

fn not_analysed(words: &vena_flow::FlowError) -> AssayRefusal {
    AssayRefusal::new("The flow file was not analysed", "流式檔案無法分析", words)
}

fn colonies(
    options: &vena_colonies::Options,
    image: &[u8],
    corrections: Option<&[u8]>,
) -> Result<Computed, AssayRefusal> {
    // The picture's own name is not kept, so every run gives it the same one.
    let report = vena_colonies::analyse(&[("image".to_owned(), image.to_vec())], options)
        .map_err(|words| not_counted(&words))?;
    corrected(Arc::new(report), corrections)
}

fn not_counted(words: &dyn std::fmt::Display) -> AssayRefusal {
    AssayRefusal::new("The picture was not counted", "影像無法計數", words)
}

/// A count with what a person changed beside it.
fn corrected(report: Arc<ColonyReport>, corrections: Option<&[u8]>) -> Result<Computed, AssayRefusal> {
    if let [ImageReport { refusal: Some(refusal), .. }] = report.images.as_slice() {
        return Err(not_counted(&refusal.message.en));
    }
    let corrections: Corrections = match corrections {
        None => Corrections::new(),
        Some(bytes) => serde_json::from_slice(bytes).map_err(|words| not_counted(&words))?,
    };
    let mut corrected = Vec::new();
    for (page, changes) in corrections.iter().filter(|(_, changes)| !changes.is_empty()) {
        let page = report.images.iter().find(|image| image.page == *page);
        let page = page.ok_or_else(|| not_counted(&"a correction names a page that is not there"))?;
        corrected
            .push(vena_colonies::corrections::correct(page, changes).map_err(|words| not_counted(&words))?);
    }
    Ok(Computed::Colonies { automatic: report, corrected })
}

/// A page of a picture file as PNG at the analysed size, without marks: browsers do not show TIFF.
///
/// # Errors
/// The file is refused or cannot be encoded.
pub fn picture(bytes: &[u8], page: u32) -> Result<Vec<u8>, AssayRefusal> {
    let bare = ImageReport {
        file: "image".to_owned(),
        page,
        digest: String::new(),
        width_px: 0,
        height_px: 0,
        count: None,
        labelled: None,
        status: vena_colonies::Status::NotAssessable,
        refusal: None,
        notes: Vec::new(),
        vessels: Vec::new(),
    };
    vena_colonies::overlay::png(bytes, &bare, &vena_colonies::DecodeLimits::default())
        .map_err(|words| AssayRefusal::new("The picture cannot be shown", "影像無法顯示", &words))
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
