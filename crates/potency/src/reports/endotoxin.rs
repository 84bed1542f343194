//! An endotoxin plate as a table in, a report out: the kinetic standard curve, every sample with its
//! spike recovery, endotoxin per dose and per kilogram and hour, the largest valid dilution. Knows no
//! patient: weight and dose are options, and without them there is no verdict.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vena_base::{Lang, Text};

use super::rows::{self, Rows, RowsError};
use super::sheet::{AxisOf, Level, Points, Sheet};
use crate::endotoxin::{EndotoxinError, EndotoxinResult, EndotoxinSample, Route, endotoxin};
use crate::interval::Interval;
use crate::messages::speaks;
use crate::method::{ENDOTOXIN, Method, MethodError, MethodReference, Outcome, Verdict, sha256_hex};
use crate::report::Flag;
use crate::standard_line::StandardLine;
use crate::table::Row;
use crate::words::{Words, words};

const TASKS: &str = "standard, sample, spike, blank";
const CONCENTRATION: Words = words("endotoxin in EU/mL", "內毒素（EU/mL）");
const ONSET: Words = words("onset time", "反應時間");
const DILUTION: Words = words("dilution", "稀釋倍數");

/// How a table of kinetic wells is analysed. A field left out makes the verdict not assessable; none
/// has a default but the route.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EndotoxinOptions {
    /// Volume given, mL.
    pub dose_ml: Option<f64>,
    /// Body weight, kg.
    pub weight_kg: Option<f64>,
    /// Time over which the dose is given, hours; less than one counts as one.
    pub hours: Option<f64>,
    /// Route.
    pub route: Route,
    /// Another method file in place of the embedded one.
    pub method_toml: Option<String>,
}

/// Why an endotoxin table gives no report.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EndotoxinReportError {
    /// The table.
    #[error(transparent)]
    Rows(#[from] RowsError),
    /// The curve, the method or a value.
    #[error(transparent)]
    Assay(#[from] EndotoxinError),
    /// Nothing but standards.
    #[error("the table has no row of a sample")]
    NoSample,
    /// Spiked wells of one sample with different additions.
    #[error(
        "sample {sample}: spiked wells with {first} and {second} EU/mL added; give them other sample names"
    )]
    SpikesDiffer {
        /// Sample.
        sample: String,
        /// One addition.
        first: f64,
        /// The other.
        second: f64,
    },
    /// Wells of one sample at several dilutions.
    #[error(
        "sample {sample} stands at the dilutions {first} and {second}; give each dilution its own sample name"
    )]
    DilutionsDiffer {
        /// Sample.
        sample: String,
        /// One dilution.
        first: f64,
        /// The other.
        second: f64,
    },
}

impl From<MethodError> for EndotoxinReportError {
    fn from(error: MethodError) -> EndotoxinReportError {
        EndotoxinReportError::Assay(error.into())
    }
}

speaks!(EndotoxinReportError);

impl EndotoxinReportError {
    fn chinese(&self) -> String {
        match self {
            EndotoxinReportError::Rows(error) => error.chinese(),
            EndotoxinReportError::Assay(error) => error.chinese(),
            EndotoxinReportError::NoSample => "表中沒有檢品的列".into(),
            EndotoxinReportError::SpikesDiffer { sample, first, second } => {
                format!("檢品 {sample} 的添加孔加入量有 {first} 與 {second} EU/mL；請用不同檢品名稱")
            }
            EndotoxinReportError::DilutionsDiffer { sample, first, second } => {
                format!("檢品 {sample} 有 {first} 與 {second} 兩種稀釋倍數；每種稀釋請用不同檢品名稱")
            }
        }
    }
}

/// One sample of the plate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EndotoxinSampleReport {
    /// Sample.
    pub sample: String,
    /// Dilution in the well (10 for 1:10).
    pub dilution: f64,
    /// EU/mL of the product; an upper bound when `at_most`.
    pub eu_per_ml: Option<f64>,
    /// Its interval.
    pub interval: Interval,
    /// Below the lowest standard: the value bounds from above.
    pub at_most: bool,
    /// Above the highest standard: the value bounds from below.
    pub at_least: bool,
    /// Recovery of the added endotoxin, %.
    pub recovery_percent: Option<f64>,
    /// EU in the dose.
    pub eu_per_dose: Option<f64>,
    /// EU per kilogram and hour.
    pub eu_per_kg_per_hour: Option<f64>,
    /// Most EU/mL that the limit allows this patient and dose.
    pub limit_eu_per_ml: Option<f64>,
    /// Largest dilution that still sees that limit: limit over the lowest standard.
    pub maximum_valid_dilution: Option<f64>,
    /// What is missing for a verdict.
    pub missing: Vec<Text>,
    /// Every criterion of curve and sample met.
    pub suitable: bool,
}

/// Report of a table of kinetic wells.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EndotoxinReport {
    /// Always `endotoxin`.
    pub kind: &'static str,
    /// Method and program version.
    pub method: MethodReference,
    /// SHA-256 of the bytes read.
    pub input_sha256: String,
    /// How it was analysed.
    pub options: EndotoxinOptions,
    /// log10 onset against log10 EU/mL.
    pub curve: StandardLine,
    /// Samples in order of appearance.
    pub samples: Vec<EndotoxinSampleReport>,
    /// Criteria of curve, controls and samples.
    pub suitability: Vec<Verdict>,
    /// Every criterion met; `false` also when one is not assessable.
    pub suitable: bool,
    /// What a reader must know.
    pub flags: Vec<Flag>,
    /// Standards (EU/mL, onset), for the picture.
    #[serde(skip)]
    pub points: Vec<(f64, f64)>,
    /// Unit of the onset times, as the table's header has it, for the picture.
    #[serde(skip)]
    pub onset_unit: Option<String>,
}

#[derive(Clone, Copy, PartialEq)]
enum Task {
    Standard,
    Sample,
    Spike,
    Blank,
}

/// `Some(None)` is a well without reaction; `None` a cell without a result.
type Onset = Option<Option<f64>>;

#[derive(Default)]
struct Wells {
    dilution: Option<f64>,
    spike: Option<f64>,
    own: Vec<Option<f64>>,
    spiked: Vec<Option<f64>>,
}

struct Plate {
    onset_unit: Option<String>,
    standards: Vec<(f64, f64)>,
    /// Standards that did not react: their level, which the curve then does not cover.
    silent_standards: Vec<usize>,
    blanks: Vec<Option<f64>>,
    samples: Vec<(String, Wells)>,
}

/// Analyses a table of kinetic wells.
///
/// Columns: `task` (standard, sample, spike, blank), `sample`, `concentration (EU/mL)` (of standards,
/// and what was added to spiked wells), `onset` in any unit of time (`NR` where nothing reacted),
/// `dilution`, `plate`, `well`, `excluded`.
///
/// # Errors
/// [`EndotoxinReportError`] with the line or the sample.
pub fn analyse_endotoxin(
    csv_bytes: &[u8],
    options: &EndotoxinOptions,
) -> Result<EndotoxinReport, EndotoxinReportError> {
    let method = Method::parse(options.method_toml.as_deref().unwrap_or(ENDOTOXIN))?;
    let mut rows = Rows::read(csv_bytes)?;
    let plate = read_plate(&mut rows)?;
    if plate.samples.is_empty() {
        return Err(EndotoxinReportError::NoSample);
    }
    let mut flags = rows.flags();
    if !plate.silent_standards.is_empty() {
        flags.push(
            Flag::new(
                "standard-without-reaction",
                "standards without a reaction took no part in the curve; look at the lowest level",
                "未反應之標準品未納入曲線；請檢查最低濃度",
            )
            .on_lines(plate.silent_standards.clone()),
        );
    }
    let mut samples = Vec::new();
    let mut suitability: Vec<Verdict> = Vec::new();
    let mut curve: Option<StandardLine> = None;
    for (name, wells) in &plate.samples {
        let result = endotoxin(&method, &plate.standards, &of_sample(wells, options))?;
        if curve.is_none() {
            suitability.extend(of_curve(&method, &result.curve, &plate.blanks));
            curve = Some(result.curve.clone());
        }
        let (report, own) = sample_report(name, wells, &result, &method, options);
        suitability.extend(own);
        samples.push(report);
    }
    let curve = curve.ok_or(EndotoxinReportError::NoSample)?;
    let met = |v: &Verdict| v.outcome == Outcome::Met;
    let shared = suitability.iter().filter(|v| v.subject == CURVE.en).all(met);
    for sample in &mut samples {
        let own = suitability.iter().filter(|v| v.subject == sample.sample).all(met);
        sample.suitable = shared && own;
    }
    Ok(EndotoxinReport {
        kind: "endotoxin",
        method: method.reference.clone(),
        input_sha256: sha256_hex(csv_bytes),
        options: options.clone(),
        curve,
        samples,
        suitable: !suitability.is_empty() && suitability.iter().all(met),
        suitability,
        flags,
        points: plate.standards,
        onset_unit: plate.onset_unit,
    })
}

const CURVE: Words = words("standard curve", "標準曲線");

/// What is judged once for the plate.
fn of_curve(method: &Method, curve: &StandardLine, blanks: &[Option<f64>]) -> Vec<Verdict> {
    let lowest_onset = 10f64.powf(curve.intercept + curve.slope * curve.x_low);
    // A blank that reacts no later than the lowest standard holds as much endotoxin.
    let reacting = blanks.iter().flatten().filter(|onset| **onset <= lowest_onset).count();
    method.judge(
        CURVE.en,
        &[
            ("absolute-correlation", Some(curve.correlation.abs())),
            ("standard-levels", Some(curve.levels as f64)),
            ("negative-controls-reacting", (!blanks.is_empty()).then_some(reacting as f64)),
        ],
    )
}

fn of_sample(wells: &Wells, options: &EndotoxinOptions) -> EndotoxinSample {
    EndotoxinSample {
        onset_s: wells.own.clone(),
        spiked_onset_s: wells.spiked.clone(),
        spike_eu_per_ml: wells.spike,
        dilution: wells.dilution.unwrap_or(1.0),
        dose_ml: options.dose_ml,
        weight_kg: options.weight_kg,
        hours: options.hours,
        route: options.route,
    }
}

fn sample_report(
    name: &str,
    wells: &Wells,
    result: &EndotoxinResult,
    method: &Method,
    options: &EndotoxinOptions,
) -> (EndotoxinSampleReport, Vec<Verdict>) {
    let dilution = wells.dilution.unwrap_or(1.0);
    let measure = options.route.measure();
    let limit = method.criteria.iter().find(|c| c.measure == measure).map(|c| c.limit);
    let hours = options.hours.unwrap_or(1.0).max(1.0);
    let limit_eu_per_ml =
        limit.zip(options.weight_kg).zip(options.dose_ml).map(|((k, kg), ml)| k * kg * hours / ml);
    let lowest = 10f64.powf(result.curve.x_low);
    let maximum_valid_dilution = limit_eu_per_ml.map(|limit| limit / lowest);
    let verdicts = method.judge(
        name,
        &[
            ("spike-recovery", result.recovery_percent),
            ("dilution-over-maximum", maximum_valid_dilution.map(|most| dilution / most)),
            (measure, result.judged_per_kg),
        ],
    );
    let report = EndotoxinSampleReport {
        sample: name.to_string(),
        dilution,
        eu_per_ml: result.eu_per_ml,
        interval: result.interval,
        at_most: result.at_most,
        at_least: result.at_least,
        recovery_percent: result.recovery_percent,
        eu_per_dose: result.eu_per_ml.zip(options.dose_ml).map(|(eu, ml)| eu * ml),
        eu_per_kg_per_hour: result.eu_per_kg_per_hour,
        limit_eu_per_ml,
        maximum_valid_dilution,
        missing: result.missing.clone(),
        suitable: false,
    };
    (report, verdicts)
}

fn read_plate(rows: &mut Rows) -> Result<Plate, EndotoxinReportError> {
    let task = rows.column(rows::TASK, rows::TASK_NAMES, "task")?;
    let onset = rows.column(ONSET, &["onset", "onsettime", "reactiontime", "time", "反應時間"], "onset")?;
    let concentration = rows.column(
        CONCENTRATION,
        &["concentration", "conc", "eu", "euml", "endotoxin", "level", "spike", "added", "濃度"],
        "concentration (EU/mL)",
    )?;
    let sample = rows.table.find(rows::SAMPLE, rows::SAMPLE_NAMES).map_err(RowsError::from)?;
    let dilution = rows
        .table
        .find(DILUTION, &["dilution", "dilutionfactor", "稀釋", "稀釋倍數"])
        .map_err(RowsError::from)?;
    let mut plate = Plate {
        onset_unit: rows.table.unit(onset),
        standards: Vec::new(),
        silent_standards: Vec::new(),
        blanks: Vec::new(),
        samples: Vec::new(),
    };
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for (row, _) in rows.take()? {
        let task = read_task(rows.table.text(&row, task), row.line)?;
        let Some(time) = read_onset(rows, &row, onset)? else {
            rows.missing_lines.push(row.line);
            continue;
        };
        let level = rows.positive(&row, Some(concentration), CONCENTRATION)?;
        let needed = || RowsError::Missing { line: row.line, role: CONCENTRATION };
        match task {
            Task::Standard => match time {
                Some(time) => plate.standards.push((level.ok_or_else(needed)?, time)),
                None => plate.silent_standards.push(row.line),
            },
            Task::Blank => plate.blanks.push(time),
            Task::Sample | Task::Spike => {
                let name = sample.map_or("", |c| rows.table.text(&row, c)).to_string();
                let name = if name.is_empty() { SOLE.en.to_string() } else { name };
                let index = *places.entry(name.clone()).or_insert_with(|| {
                    plate.samples.push((name.clone(), Wells::default()));
                    plate.samples.len() - 1
                });
                let diluted = rows.positive(&row, dilution, DILUTION)?;
                let Some((_, wells)) = plate.samples.get_mut(index) else {
                    continue;
                };
                wells.take_dilution(&name, diluted)?;
                if task == Task::Sample {
                    wells.own.push(time);
                } else {
                    wells.take_spike(&name, level.ok_or_else(needed)?)?;
                    wells.spiked.push(time);
                }
            }
        }
    }
    Ok(plate)
}

/// What a sample without a name is called.
const SOLE: Words = words("sample", "檢品");

impl Wells {
    fn take_dilution(&mut self, sample: &str, diluted: Option<f64>) -> Result<(), EndotoxinReportError> {
        match (self.dilution, diluted) {
            (Some(first), Some(second)) if first != second => {
                Err(EndotoxinReportError::DilutionsDiffer { sample: sample.to_string(), first, second })
            }
            (_, Some(second)) => {
                self.dilution = Some(second);
                Ok(())
            }
            (_, None) => Ok(()),
        }
    }

    fn take_spike(&mut self, sample: &str, added: f64) -> Result<(), EndotoxinReportError> {
        match self.spike {
            Some(first) if first != added => {
                Err(EndotoxinReportError::SpikesDiffer { sample: sample.to_string(), first, second: added })
            }
            _ => {
                self.spike = Some(added);
                Ok(())
            }
        }
    }
}

fn read_task(cell: &str, line: usize) -> Result<Task, RowsError> {
    match rows::plain(cell).as_str() {
        "standard" | "std" | "s" | "標準品" => Ok(Task::Standard),
        "sample" | "unknown" | "unk" | "product" | "檢品" | "樣品" => Ok(Task::Sample),
        "spike" | "spiked" | "ppc" | "positiveproductcontrol" | "添加" | "陽性產品對照" => {
            Ok(Task::Spike)
        }
        "blank" | "negativecontrol" | "nc" | "water" | "lrw" | "空白" | "陰性對照" => Ok(Task::Blank),
        _ => Err(RowsError::NotUnderstood {
            line,
            role: rows::TASK,
            cell: cell.chars().take(40).collect(),
            known: TASKS,
        }),
    }
}

fn read_onset(rows: &Rows, row: &Row, column: usize) -> Result<Onset, RowsError> {
    let cell = rows.table.text(row, column);
    let silent = matches!(rows::plain(cell).as_str(), "nr" | "noreaction" | "none" | "未反應" | "無反應");
    // ">3600": the plate was read that long and nothing reacted.
    if silent || cell.starts_with('>') {
        return Ok(Some(None));
    }
    Ok(rows.positive(row, Some(column), ONSET)?.map(Some))
}

fn onset_label(unit: Option<&str>) -> Text {
    match unit {
        None => ONSET.text(),
        Some(unit) => Text::new(format!("{} ({unit})", ONSET.en), format!("{}（{unit}）", ONSET.zh_tw)),
    }
}

/// The standard curve with the samples on it.
pub fn endotoxin_svg(report: &EndotoxinReport, lang: Lang) -> String {
    let onset = |eu: f64| 10f64.powf(report.curve.intercept + report.curve.slope * eu.log10());
    let ends = [10f64.powf(report.curve.x_low), 10f64.powf(report.curve.x_high)];
    let read = |sample: &EndotoxinSampleReport| {
        let in_well = sample.eu_per_ml.filter(|_| !sample.at_most && !sample.at_least)? / sample.dilution;
        Some((in_well, onset(in_well)))
    };
    let limits = report.samples.iter().filter_map(|s| Some(s.limit_eu_per_ml? / s.dilution));
    Sheet {
        title: Text::new("Endotoxin: standard curve", "內毒素：標準曲線"),
        x: AxisOf { label: Text::same("EU/mL"), logarithmic: true, names: Vec::new() },
        y: AxisOf { label: onset_label(report.onset_unit.as_deref()), logarithmic: true, names: Vec::new() },
        sets: vec![
            Points { name: Text::new("standards", "標準品"), points: report.points.clone() },
            Points {
                name: Text::new("samples", "檢品"),
                points: report.samples.iter().filter_map(read).collect(),
            },
        ],
        lines: vec![ends.into_iter().map(|eu| (eu, onset(eu))).collect()],
        intervals: Vec::new(),
        levels: limits
            .fold(None, |least: Option<f64>, one| Some(least.map_or(one, |l| l.min(one))))
            .map(|at| Level { at, upright: true, label: Text::new("limit in the well", "孔內限值") })
            .into_iter()
            .collect(),
    }
    .draw(lang)
}
