//! Options and report of a qPCR analysis, as data. No arithmetic.

use serde::{Deserialize, Serialize};
use vena_base::{Lang, Text};

use crate::interval::Interval;
use crate::limits::{AbsenceFinding, HitLevel, HitRateLimit, PoissonLimit};
use crate::method::{MethodReference, Verdict};
use crate::probit::ProbitLimit;
use crate::report::Flag;
use crate::standard_line::StandardLine;

/// How to analyse a qPCR table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct QpcrOptions {
    /// A Cq at or below this is positive (mycoplasma, replication-competent virus).
    pub cut_off_cq: Option<f64>,
    /// Target of the internal control that must amplify for a negative call to count.
    pub internal_control_target: Option<String>,
    /// Residual DNA: what one well stands for.
    pub residual_dna: Option<ResidualDna>,
    /// Vector copies per cell.
    pub vector_copies: Option<VectorCopies>,
    /// Something that must be absent.
    pub absence: Option<AbsenceTest>,
    /// Another method file in place of the embedded one.
    pub method_toml: Option<String>,
}

/// What turns a quantity per well into residual DNA per dose. A field left out makes the result not
/// assessable; none has a default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResidualDna {
    /// Target; the only one of the table when left out.
    pub target: Option<String>,
    /// Nanograms per unit of the quantity column (0.001 for pg).
    pub nanograms_per_quantity_unit: Option<f64>,
    /// Millilitres of product that one well stands for.
    pub product_ml_per_well: Option<f64>,
    /// Millilitres of product in one dose.
    pub dose_ml: Option<f64>,
}

/// What must be absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AbsenceKind {
    /// Mycoplasma: the limit of detection of the standards (CFU/mL) is held against the compendial one.
    #[default]
    Mycoplasma,
    /// Replication-competent virus: the volume tested must find the target concentration.
    ReplicationCompetentVirus,
}

/// A test for something that must be absent. A sample is judged by all its wells: one at or below the
/// cut-off is a finding. Without a cut-off every amplified well is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AbsenceTest {
    /// What.
    pub kind: AbsenceKind,
    /// Target; the only one of the table (the internal control's apart) when left out.
    pub target: Option<String>,
    /// Millilitres of product that all wells of a sample stand for together.
    pub volume_ml: Option<f64>,
}

/// Which targets give vector copies per cell.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VectorCopies {
    /// Target of the vector.
    pub vector_target: String,
    /// Target of the reference gene.
    pub reference_target: String,
    /// Fraction of cells transduced (0 to 1), for copies per transduced cell.
    pub transduced_fraction: Option<f64>,
}

/// Standard curve of one target.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StandardCurve {
    /// Target.
    pub target: String,
    /// Cq against log10 quantity.
    pub line: Option<StandardLine>,
    /// 10^(-1/slope) - 1.
    pub efficiency: Option<f64>,
    /// Interval of the efficiency, from the slope's.
    pub efficiency_interval: Option<(f64, f64)>,
    /// Levels left out because a replicate did not amplify.
    pub levels_left_out: Vec<f64>,
    /// Why there is no curve.
    pub refusal: Option<Text>,
    /// Hits per level (at or before the cut-off, where one is set), the ground of the limits of detection.
    pub hits: Vec<HitLevel>,
    /// Limit of detection by probit.
    pub probit: Option<ProbitLimit>,
    /// Why there is none.
    pub probit_refusal: Option<Text>,
    /// Limit of detection by the single-hit Poisson model (for quantities that count copies).
    pub poisson: Option<PoissonLimit>,
    /// Limit of detection by hits: the lowest level found in the needed share of enough tests.
    pub hit_rate: Option<HitRateLimit>,
    /// Points (log10 quantity, Cq), for the picture.
    #[serde(skip)]
    pub points: Vec<(f64, f64)>,
}

/// What is known about a sample's quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuantityStatus {
    /// All replicates amplified and there is a curve.
    Quantified,
    /// Some replicates amplified: between nothing and the limit of quantification; no mean is taken.
    PartlyDetected,
    /// No replicate amplified: below the limit, not 0.
    NotDetected,
    /// No standard curve.
    NotAssessable,
}

impl QuantityStatus {
    /// The status in words.
    pub fn label(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (QuantityStatus::Quantified, Lang::En) => "quantified",
            (QuantityStatus::Quantified, Lang::ZhTw) => "已定量",
            (QuantityStatus::PartlyDetected, Lang::En) => "detected in some wells",
            (QuantityStatus::PartlyDetected, Lang::ZhTw) => "部分孔檢出",
            (QuantityStatus::NotDetected, Lang::En) => "not detected",
            (QuantityStatus::NotDetected, Lang::ZhTw) => "未檢出",
            (QuantityStatus::NotAssessable, Lang::En) => "not assessable",
            (QuantityStatus::NotAssessable, Lang::ZhTw) => "無法判定",
        }
    }
}

/// Positive, negative or not assessable against a cut-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Call {
    /// At least one replicate at or below the cut-off.
    Positive,
    /// None, and the internal control amplified (where one is named).
    Negative,
    /// No replicate positive, but the internal control failed or is missing.
    NotAssessable,
}

impl Call {
    /// The call in words.
    pub fn label(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Call::Positive, Lang::En) => "positive",
            (Call::Positive, Lang::ZhTw) => "陽性",
            (Call::Negative, Lang::En) => "negative",
            (Call::Negative, Lang::ZhTw) => "陰性",
            (Call::NotAssessable, Lang::En) => "not assessable",
            (Call::NotAssessable, Lang::ZhTw) => "無法判定",
        }
    }
}

/// One sample and target.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QpcrSample {
    /// Sample.
    pub sample: String,
    /// Target.
    pub target: String,
    /// Replicates.
    pub replicates: usize,
    /// Replicates that amplified.
    pub amplified: usize,
    /// Their mean Cq; only when all amplified.
    pub cq_mean: Option<f64>,
    /// Status.
    pub status: QuantityStatus,
    /// Quantity in the standards' unit.
    pub quantity: Option<f64>,
    /// Its interval.
    pub interval: Interval,
    /// Standard error of the natural logarithm of the quantity.
    pub log_standard_error: Option<f64>,
    /// Quantity read from the earliest single replicate: what a partly detected sample holds at most
    /// by its own wells.
    pub earliest_quantity: Option<f64>,
    /// Outside the range of the standards.
    pub extrapolated: bool,
    /// Against the cut-off, when one is set.
    pub call: Option<Call>,
}

/// Residual DNA of one sample.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResidualDnaResult {
    /// Sample.
    pub sample: String,
    /// Nanograms per dose; an upper bound when `at_most`.
    pub ng_per_dose: Option<f64>,
    /// Interval.
    pub interval: Interval,
    /// The sample did not amplify: the lowest standard stands for what could have been missed.
    pub at_most: bool,
    /// What is missing for a result.
    pub missing: Vec<Text>,
}

/// Absence in one sample.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AbsenceResult {
    /// Sample.
    pub sample: String,
    /// Wells positive.
    pub positive: u64,
    /// Wells tested.
    pub tested: u64,
    /// Positive, negative, or not assessable with what is missing.
    pub call: Call,
    /// What so many negative wells still allow.
    pub finding: AbsenceFinding,
    /// Upper limit of the concentration, per mL, when the volume is known.
    pub concentration_upper: Option<f64>,
    /// What is missing.
    pub missing: Vec<Text>,
}

/// Vector copies of one sample.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VectorCopyResult {
    /// Sample.
    pub sample: String,
    /// Copies per cell.
    pub copies_per_cell: Option<f64>,
    /// Interval (delta on the logarithm of both readings).
    pub interval: Interval,
    /// Copies per transduced cell.
    pub copies_per_transduced_cell: Option<f64>,
    /// Why there is none.
    pub refusal: Option<Text>,
}

/// Report of a qPCR table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QpcrReport {
    /// Always `qpcr`.
    pub kind: &'static str,
    /// Method and program version.
    pub method: MethodReference,
    /// SHA-256 of the bytes read.
    pub input_sha256: String,
    /// Unit in the quantity header.
    pub quantity_unit: Option<String>,
    /// How it was analysed.
    pub options: QpcrOptions,
    /// Curves by target.
    pub curves: Vec<StandardCurve>,
    /// Samples.
    pub samples: Vec<QpcrSample>,
    /// Residual DNA per dose.
    pub residual_dna: Vec<ResidualDnaResult>,
    /// Vector copies per cell.
    pub vector_copies: Vec<VectorCopyResult>,
    /// What must be absent.
    pub absence: Vec<AbsenceResult>,
    /// Criteria.
    pub suitability: Vec<Verdict>,
    /// Every criterion met.
    pub suitable: bool,
    /// What a reader must know.
    pub flags: Vec<Flag>,
}
