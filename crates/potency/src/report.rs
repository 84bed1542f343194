//! What a potency analysis says, as data: every number with what it rests on. No arithmetic.

use serde::{Deserialize, Serialize};
use vena_base::Text;

use crate::assay_table::{ColumnChoice, ColumnsUsed, DoseScale};
use crate::combine::Combination;
use crate::curve::CurveModel;
use crate::fit::Information;
use crate::lines::{LinePotency, LineVariance};
use crate::method::{MethodReference, Verdict};
use crate::relative::{Parallelism, RelativePotency};
use crate::variance::VarianceTable;

/// Which analysis is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AssayKind {
    /// Four- or five-parameter curves.
    #[default]
    Curves,
    /// Straight lines against log dose.
    ParallelLine,
    /// Straight lines against dose with a common intercept.
    SlopeRatio,
}

/// What happens to observations the outlier rule names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutlierHandling {
    /// Named, and kept in the fit.
    #[default]
    Name,
    /// Named and left out of the fit, up to the fraction the method allows.
    Remove,
}

/// What the errors of a line assay rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineErrorFrom {
    /// The differences among replicates of one dose, blocks taken out (European Pharmacopoeia 5.3).
    /// Without replicates the residuals about the lines are used, and the report says so.
    #[default]
    Replicates,
    /// The residuals about the lines.
    Lines,
}

/// The standard the sample is measured against.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ReferenceStandard {
    /// Name.
    pub name: String,
    /// Lot or code.
    #[serde(default)]
    pub lot: String,
    /// Whose it is, or the certificate that assigns its value.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// Last day it may be used, YYYY-MM-DD.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub expires_on: String,
    /// Assigned potency of the reference.
    pub assigned_value: f64,
    /// Unit of the assigned potency.
    pub unit: String,
}

/// How to analyse. With the table and the method file it determines the report to the bit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PotencyOptions {
    /// Curves or lines.
    pub assay: AssayKind,
    /// Four or five parameters.
    pub model: CurveModel,
    /// Columns chosen by name.
    pub columns: ColumnChoice,
    /// Which preparation is the reference.
    pub reference: Option<String>,
    /// The reference standard behind it.
    pub standard: Option<ReferenceStandard>,
    /// Day of the assay, YYYY-MM-DD: the standard's expiry is held against it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assayed_on: Option<String>,
    /// Outliers.
    pub outliers: OutlierHandling,
    /// Natural logarithm of the response before lines are fitted.
    pub log_response: bool,
    /// What the errors of lines rest on.
    pub line_error: LineErrorFrom,
    /// Information matrix of the standard errors.
    pub information: Information,
    /// Another method file in place of the embedded one (a site's own limits).
    pub method_toml: Option<String>,
}

/// Something a reader must know beside the numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Flag {
    /// Stable code.
    pub code: &'static str,
    /// In both languages.
    pub text: Text,
    /// Lines of the table it concerns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<usize>,
}

impl Flag {
    /// A flag about the whole table.
    pub fn new(code: &'static str, en: impl Into<String>, zh_tw: impl Into<String>) -> Flag {
        Flag { code, text: Text::new(en, zh_tw), lines: Vec::new() }
    }

    /// The same with lines.
    pub fn on_lines(mut self, lines: Vec<usize>) -> Flag {
        self.lines = lines;
        self
    }
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InputSummary {
    /// SHA-256 of the bytes read, hexadecimal.
    pub sha256: String,
    /// Length.
    pub bytes: usize,
    /// Which column served as what.
    pub columns: ColumnsUsed,
    /// Unit in the dose header.
    pub dose_unit: Option<String>,
    /// Unit in the response header.
    pub response_unit: Option<String>,
    /// How doses were written.
    pub dose_scale: DoseScale,
    /// Observations used or offered to the outlier rule.
    pub observations: usize,
    /// Lines marked as excluded in the table.
    pub excluded_lines: Vec<usize>,
    /// Lines without a response.
    pub missing_lines: Vec<usize>,
}

/// A parameter with its standard error.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    /// Assay run, empty when the table has one run.
    pub run: String,
    /// Curve; empty when the table names none.
    pub curve: String,
    /// `shared` (curves fitted together, potency model) or `own` (each curve alone).
    pub fit: &'static str,
    /// The other curves of a shared fit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shared_with: Vec<String>,
    /// b, c, d, e or g.
    pub parameter: &'static str,
    /// Estimate.
    pub estimate: f64,
    /// Standard error, `None` where it cannot be estimated.
    pub standard_error: Option<f64>,
}

/// One curve fitted alone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CurveReport {
    /// Name.
    pub name: String,
    /// Wells fitted.
    pub observations: usize,
    /// Distinct doses above 0.
    pub dose_levels: usize,
    /// Fewest replicates at any dose.
    pub replicates_min: usize,
    /// `falling` or `rising` with the dose; `None` when not fitted.
    pub direction: Option<&'static str>,
    /// Dose at half the range; differs from e only for five parameters.
    pub half_maximal_dose: Option<f64>,
    /// Residual sum of squares.
    pub rss: Option<f64>,
    /// Residual degrees of freedom.
    pub residual_df: Option<usize>,
    /// Coefficient of determination.
    pub r_squared: Option<f64>,
    /// Information matrix behind the standard errors.
    pub information: Option<Information>,
    /// Why it was not fitted.
    pub refusal: Option<Text>,
}

/// A sample against the reference in one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SampleReport {
    /// Run.
    pub run: String,
    /// Sample.
    pub sample: String,
    /// Reference.
    pub reference: String,
    /// Relative potency estimate, if there is one.
    pub estimate: Option<f64>,
    /// Lower limit: delta method for curves, Fieller for lines.
    pub low: Option<f64>,
    /// Upper limit.
    pub high: Option<f64>,
    /// Which interval low and high are.
    pub interval: &'static str,
    /// Potency in the standard's unit with its limits, when a standard was given.
    pub assigned: Option<AssignedPotency>,
    /// Whether the result may be reported: parallel, and nothing refused.
    pub reportable: bool,
    /// Every interval (curves).
    pub relative_potency: Option<RelativePotency>,
    /// Line assays.
    pub line: Option<LinePotency>,
    /// Parallelism by equivalence (curves).
    pub parallelism: Option<Parallelism>,
    /// Why there is no result.
    pub refusal: Option<Text>,
}

/// Relative potency times the standard's assigned value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AssignedPotency {
    /// Standard.
    pub standard: ReferenceStandard,
    /// Potency.
    pub estimate: f64,
    /// Lower limit.
    pub low: Option<f64>,
    /// Upper limit.
    pub high: Option<f64>,
}

/// An observation the outlier rule named.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutlierReport {
    /// Run.
    pub run: String,
    /// Curve.
    pub curve: String,
    /// Line in the table.
    pub line: usize,
    /// Well as written.
    pub well: String,
    /// Dose.
    pub dose: f64,
    /// Response.
    pub response: f64,
    /// Response of the curve fitted with it.
    pub fitted: f64,
    /// Externally studentised residual.
    pub studentised_residual: f64,
    /// Beyond this it is named.
    pub critical_value: f64,
    /// Whether it was left out of the fit.
    pub removed: bool,
}

/// Assays of one sample combined.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CombinedReport {
    /// Sample.
    pub sample: String,
    /// Result, `None` with a refusal.
    pub combination: Option<Combination>,
    /// Why not.
    pub refusal: Option<Text>,
}

/// Which preparation is the reference, and on whose word.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReferenceChoice {
    /// Name.
    pub name: String,
    /// `named` by the caller, `recognised` by its name, or `first-alphabetical`.
    pub chosen: &'static str,
}

/// One fit with shared asymptotes and slope.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SharedFit {
    /// The reference first, then the samples.
    pub curves: Vec<String>,
    /// Residual sum of squares.
    pub rss: Option<f64>,
    /// Residual degrees of freedom.
    pub residual_df: Option<usize>,
    /// Why it was refused.
    pub refusal: Option<Text>,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunReport {
    /// Name, empty when the table has one run.
    pub name: String,
    /// Curves, each alone.
    pub curves: Vec<CurveReport>,
    /// Fits of the reference with its samples: the parallel ones together, each other one apart.
    pub shared: Vec<SharedFit>,
    /// Variance behind the errors of a line assay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line_error: Option<LineVariance>,
    /// Analysis of variance of a line assay, for information.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variance: Option<VarianceTable>,
}

/// The report of a potency table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PotencyReport {
    /// Always `potency`.
    pub kind: &'static str,
    /// Method file and program version.
    pub method: MethodReference,
    /// What was read.
    pub input: InputSummary,
    /// How it was analysed.
    pub options: PotencyOptions,
    /// The reference, when there is more than one preparation.
    pub reference: Option<ReferenceChoice>,
    /// All parameters with standard errors.
    pub parameters: Vec<Estimate>,
    /// One per sample and run.
    pub relative_potency: Vec<SampleReport>,
    /// One per sample when there are several runs.
    pub combined: Vec<CombinedReport>,
    /// Runs.
    pub runs: Vec<RunReport>,
    /// Observations the outlier rule named.
    pub outliers: Vec<OutlierReport>,
    /// System and sample suitability.
    pub suitability: Vec<Verdict>,
    /// Every criterion met; `false` also when one is not assessable.
    pub suitable: bool,
    /// What a reader must know.
    pub flags: Vec<Flag>,
    /// Points and curves for the picture, not part of the JSON.
    #[serde(skip)]
    pub picture: crate::plot::PotencyPicture,
}
