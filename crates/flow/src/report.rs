//! The whole way from a file's bytes to a result that can be stored and
//! computed again: what `vena flow` prints. Knows no command line.

use std::collections::BTreeMap;
use std::io::{Read, Seek};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;
use vena_base::{Lang, Text};

use crate::fcs::{Channel, DataSet, FcsError, FcsFile, FcsVersion, ReadOptions, read_fcs, read_fcs_from};
use crate::file_compensation::{FileCompensation, file_compensation, missing_channel};
use crate::gating::{
    CompensationReference, Dimension, GateResult, GateShape, GatingDocument, GatingError, apply_gates,
    read_gating_ml,
};
use crate::limits::Limits;
use crate::membership::hex;
use crate::panel::Panel;
use crate::plot::{DensityPlot, PlotError, PlotSpec};
use crate::spillover::{SpilloverError, SpilloverMatrix};
use crate::tolerance::Tolerances;
use crate::verdict::{PanelReport, observations};

/// Version of the method. It changes whenever the same file and gates could
/// give other numbers; stored with every result.
pub const METHOD: &str = "flow/1";

/// Why an analysis is refused.
#[derive(Debug, Error)]
pub enum FlowError {
    /// The FCS file.
    #[error("FCS: {0}")]
    Fcs(#[from] FcsError),
    /// The gates.
    #[error("gates: {0}")]
    Gating(#[from] GatingError),
    /// The compensation.
    #[error("compensation: {0}")]
    Spillover(#[from] SpilloverError),
    /// The file holds several data sets and none was chosen.
    #[error("the file holds {} data sets ({}); choose one by its number", .events.len(), sizes(.events))]
    SeveralDataSets {
        /// Events in each.
        events: Vec<usize>,
    },
    /// The data set chosen does not exist.
    #[error("data set {chosen} was chosen; the file holds {count}")]
    NoSuchDataSet {
        /// The number given, from 1.
        chosen: usize,
        /// How many there are.
        count: usize,
    },
}

fn sizes(events: &[usize]) -> String {
    (1..)
        .zip(events)
        .map(|(number, events)| format!("{number}: {events} events"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// How to analyse.
#[derive(Clone, Debug, Default)]
pub struct AnalyseOptions {
    /// Departures from the standard agreed to.
    pub tolerances: Tolerances,
    /// Upper bounds on what the files may ask for.
    pub limits: Limits,
    /// Which data set, from 1; needed when the file holds several.
    pub data_set: Option<usize>,
    /// A compensation matrix in the file's place: its name and its bytes.
    pub matrix: Option<(String, Vec<u8>)>,
}

/// What was found, to be stored and printed.
#[derive(Clone, Debug, Serialize)]
pub struct FlowReport {
    /// Version of the method, [`METHOD`].
    pub method: String,
    /// SHA-256 of the FCS file.
    pub file_sha256: String,
    /// SHA-256 of the Gating-ML file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gating_sha256: Option<String>,
    /// SHA-256 of the matrix file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matrix_sha256: Option<String>,
    /// Version of the FCS standard.
    pub fcs_version: FcsVersion,
    /// Data set analysed, from 1, and how many there are.
    pub data_set: (usize, usize),
    /// Number of events.
    pub events: usize,
    /// Channels in file order.
    pub channels: Vec<Channel>,
    /// The compensation found and used.
    pub compensation: CompensationReport,
    /// One entry per population, in file order.
    pub gates: Vec<GateResult>,
    /// The gates and transforms with all their parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gating: Option<GatingDocument>,
    /// Keywords of the ANALYSIS segment, kept as another program left them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub analysis: BTreeMap<String, String>,
    /// Tolerances that were needed.
    pub tolerances_used: Tolerances,
    /// What a person should know about the files.
    pub notes: Vec<Text>,
    /// SHA-256 over method, inputs and every gate's membership: two runs that
    /// agree on this agree on every event.
    pub digest: String,
}

/// Compensation of an analysis.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct CompensationReport {
    /// `none`, `file`, `matrix`, `already-compensated` or `not-usable`.
    pub kind: String,
    /// True when a gate asked for it.
    pub used: bool,
    /// Keyword or file the matrix came from; empty when there is none.
    pub from: String,
    /// Why there is none to apply, or what speaks against the matrix given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<Text>,
    /// The matrix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matrix: Option<SpilloverMatrix>,
}

impl CompensationReport {
    /// [`CompensationReport::kind`] in words.
    #[must_use]
    pub fn kind_label(&self, lang: Lang) -> &'static str {
        match (self.kind.as_str(), lang) {
            ("file", Lang::En) => "by the file",
            ("file", Lang::ZhTw) => "依檔案",
            ("matrix", Lang::En) => "by the matrix given",
            ("matrix", Lang::ZhTw) => "依所附矩陣",
            ("already-compensated", Lang::En) => "done before the file was written",
            ("already-compensated", Lang::ZhTw) => "檔案寫出前已補償",
            ("not-usable", Lang::En) => "not usable",
            ("not-usable", Lang::ZhTw) => "無法採用",
            (_, Lang::En) => "none",
            (_, Lang::ZhTw) => "無",
        }
    }
}

/// A report with everything it was made from, for plots, panels and moved gates.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// The result.
    pub report: FlowReport,
    /// The events; shared, so that other gates on them copy none.
    pub data_set: Arc<DataSet>,
    /// The gates; empty without a Gating-ML file.
    pub document: GatingDocument,
    /// The compensation that gates on `FCS` got.
    pub compensation: FileCompensation,
}

/// Analyses a file: reads it, finds its compensation, applies the gates.
/// Without gates it reports events, channels and compensation.
///
/// # Errors
/// Anything the files do outside their standards that no tolerance names.
pub fn analyse(
    fcs: &[u8],
    gating_xml: Option<&[u8]>,
    options: &AnalyseOptions,
) -> Result<Analysis, FlowError> {
    analysis_of(read_fcs(fcs, &options.reading())?, sha256(fcs), gating_xml, options)
}

/// The same from an open file, which is read twice and never held in memory: once for its digest,
/// once for its events.
///
/// # Errors
/// As [`analyse`], and when the reader fails.
pub fn analyse_from<R: Read + Seek>(
    mut fcs: R,
    gating_xml: Option<&[u8]>,
    options: &AnalyseOptions,
) -> Result<Analysis, FlowError> {
    const PIECE_BYTES: usize = 1 << 18;
    let mut piece = vec![0; PIECE_BYTES];
    let mut hasher = Sha256::new();
    fcs.rewind().map_err(FcsError::Io)?;
    loop {
        match fcs.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => hasher.update(piece.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(FcsError::Io(error).into()),
        }
    }
    drop(piece);
    analysis_of(read_fcs_from(fcs, &options.reading())?, hex(&hasher.finalize()), gating_xml, options)
}

impl AnalyseOptions {
    fn reading(&self) -> ReadOptions {
        ReadOptions { tolerances: self.tolerances.clone(), limits: self.limits }
    }
}

fn analysis_of(
    mut file: FcsFile,
    file_sha256: String,
    gating_xml: Option<&[u8]>,
    options: &AnalyseOptions,
) -> Result<Analysis, FlowError> {
    let count = file.data_sets.len();
    let chosen = match options.data_set {
        Some(chosen) if (1..=count).contains(&chosen) => chosen,
        Some(chosen) => return Err(FlowError::NoSuchDataSet { chosen, count }),
        None if count == 1 => 1,
        None => {
            return Err(FlowError::SeveralDataSets {
                events: file.data_sets.iter().map(|set| set.events).collect(),
            });
        }
    };
    let data_set = file.data_sets.swap_remove(chosen - 1);
    let document = gating_xml.map(|xml| read_gating_ml(xml, &options.limits)).transpose()?;
    let found = compensation(&data_set, document.as_ref(), options)?;
    let report = FlowReport {
        method: METHOD.to_owned(),
        file_sha256,
        gating_sha256: gating_xml.map(sha256),
        matrix_sha256: options.matrix.as_ref().map(|(_, bytes)| sha256(bytes)),
        fcs_version: data_set.version,
        data_set: (chosen, count),
        events: data_set.events,
        channels: data_set.channels.clone(),
        compensation: found.report,
        gates: Vec::new(),
        gating: None,
        analysis: data_set.analysis.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        tolerances_used: data_set.tolerances_used.iter().chain(found.tolerances.iter()).collect(),
        notes: Vec::new(),
        digest: String::new(),
    };
    let mut analysis = Analysis {
        report,
        data_set: Arc::new(data_set),
        document: GatingDocument::default(),
        compensation: found.compensation,
    };
    match document {
        Some(document) => analysis.gate(document)?,
        None => {
            analysis.report.notes = analysis.notes();
            analysis.report.digest = digest(&analysis.report);
        }
    }
    Ok(analysis)
}

impl Analysis {
    /// Applies other gates to the same events: what a page does when a person
    /// moves a gate. The report's gates, their document, the notes and the digest change;
    /// `gating_sha256` keeps naming the file that was read.
    ///
    /// # Errors
    /// As [`apply_gates`]; the analysis stays as it was.
    pub fn gate(&mut self, document: GatingDocument) -> Result<(), FlowError> {
        if self.report.compensation.kind == "not-usable" && uses_file_compensation(&document) {
            file_compensation(&self.data_set, &Tolerances::strict(), &Limits::default())?;
        }
        self.report.gates = apply_gates(&document, &self.data_set, &self.compensation)?;
        self.report.compensation.used = uses_file_compensation(&document);
        self.report.gating = Some(document.clone());
        self.document = document;
        self.report.notes = self.notes();
        self.report.digest = digest(&self.report);
        Ok(())
    }

    /// What a person should know about the files, with these gates.
    fn notes(&self) -> Vec<Text> {
        let compensation = &self.report.compensation;
        let mut notes = self.data_set.notes.clone();
        notes.extend(self.document.notes());
        notes.extend(compensation.because.as_ref().and_then(|why| match compensation.kind.as_str() {
            "matrix" => Some(Text::new(
                format!("the matrix given is used although {}", why.en),
                format!("仍採用所附矩陣：{}", why.zh_tw),
            )),
            "not-usable" if !compensation.used => Some(Text::new(
                format!("compensation not used: {}", why.en),
                format!("未使用補償：{}", why.zh_tw),
            )),
            _ => None,
        }));
        notes
    }

    /// A plot of the plane of a gate, or of the first plane there is.
    ///
    /// # Errors
    /// [`PlotError`].
    pub fn plot(&self, gate: Option<&str>) -> Result<DensityPlot, PlotError> {
        let spec = match gate {
            Some(id) => PlotSpec::for_gate(&self.document, id)?,
            None => PlotSpec::automatic(Some(&self.document), &self.data_set)?,
        };
        DensityPlot::new(&self.document, &self.data_set, &self.compensation, &self.report.gates, &spec)
    }

    /// The sample against a panel. `mapping` pairs markers with gate ids or
    /// paths; empty, gates named after markers are taken.
    #[must_use]
    pub fn judge(&self, panel: &Panel, mapping: &[(String, String)]) -> PanelReport {
        panel.evaluate(&observations(&self.report.gates, mapping))
    }
}

struct Found {
    compensation: FileCompensation,
    report: CompensationReport,
    tolerances: Tolerances,
}

fn compensation(
    data_set: &DataSet,
    document: Option<&GatingDocument>,
    options: &AnalyseOptions,
) -> Result<Found, FlowError> {
    let used = document.is_some_and(uses_file_compensation);
    let own = file_compensation(data_set, &options.tolerances, &options.limits);
    if let Some((name, bytes)) = &options.matrix {
        if let Ok((FileCompensation::AlreadyCompensated { evidence }, _)) = own {
            return Err(SpilloverError::AlreadyCompensated { evidence }.into());
        }
        let matrix = SpilloverMatrix::from_file(name, bytes, &options.limits)?;
        matrix.weights()?;
        if let Some(missing) =
            matrix.detectors.iter().find(|detector| data_set.channel_index(detector).is_none())
        {
            return Err(missing_channel(data_set, name, missing).into());
        }
        // The instrument may have subtracted already: the person who gave the matrix must know.
        let because = match &own {
            Err(error @ SpilloverError::OnlyOldKeyword { .. }) => Some(error.text()),
            _ => None,
        };
        let report = CompensationReport {
            kind: "matrix".to_owned(),
            used,
            from: name.clone(),
            because,
            matrix: Some(matrix.clone()),
        };
        return Ok(Found {
            compensation: FileCompensation::Matrix { matrix },
            report,
            tolerances: Tolerances::strict(),
        });
    }
    let (compensation, tolerances) = match own {
        Ok(found) => found,
        Err(error) if used => return Err(error.into()),
        // Nothing asks for it, so the file is not refused; the report says why.
        Err(error) => {
            let report = CompensationReport {
                kind: "not-usable".to_owned(),
                used,
                from: String::new(),
                because: Some(error.text()),
                matrix: None,
            };
            return Ok(Found {
                compensation: FileCompensation::None,
                report,
                tolerances: Tolerances::strict(),
            });
        }
    };
    let (kind, from, because, matrix) = match &compensation {
        FileCompensation::None => ("none", String::new(), None, None),
        FileCompensation::Matrix { matrix } => ("file", matrix.origin.clone(), None, Some(matrix.clone())),
        FileCompensation::AlreadyCompensated { evidence } => {
            ("already-compensated", String::new(), Some(evidence.clone()), None)
        }
    };
    let report = CompensationReport { kind: kind.to_owned(), used, from, because, matrix };
    Ok(Found { compensation, report, tolerances })
}

/// True when some dimension is compensated as the FCS file says.
fn uses_file_compensation(document: &GatingDocument) -> bool {
    let on_file = |dimension: &Dimension| dimension.compensation == CompensationReference::Fcs;
    document.gates.iter().any(|gate| match &gate.shape {
        GateShape::Rectangle { ranges } => ranges.iter().any(|range| on_file(&range.dimension)),
        GateShape::Polygon { dimensions, .. } => dimensions.iter().any(on_file),
        GateShape::Ellipsoid { dimensions, .. } => dimensions.iter().any(on_file),
        GateShape::Quadrant { dividers, .. } => dividers.iter().any(|divider| on_file(&divider.dimension)),
        GateShape::Boolean { .. } => false,
    })
}

fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Over the parts that decide a result, each after its length.
fn digest(report: &FlowReport) -> String {
    let mut hasher = Sha256::new();
    let mut add = |part: &str| {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    };
    add(&report.method);
    add(&report.file_sha256);
    add(report.matrix_sha256.as_deref().unwrap_or_default());
    add(&format!("{:?}", report.data_set));
    add(&serde_json::to_string(&report.gating).unwrap_or_default());
    for gate in &report.gates {
        add(&gate.path);
        add(&gate.digest);
    }
    hex(&hasher.finalize())
}
