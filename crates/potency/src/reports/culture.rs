//! Residual pluripotent cells by highly efficient culture, from a table of cultures: the efficiency
//! from spiked ones, the background from blanks, what a product may still hold, the limit of
//! detection. Knows counts of TRA-1-60 colonies, not pictures of them.

use serde::{Deserialize, Serialize};
use vena_base::{Lang, Text};

use super::rows::{self, NOT_BELOW_ZERO, Rows, RowsError};
use super::sheet::{AxisOf, Points, Sheet};
use crate::as_written;
use crate::culture::{CultureFinding, SpikedCulture, residual_pluripotent};
use crate::limits::LimitError;
use crate::messages::speaks;
use crate::method::{Method, MethodError, MethodReference, RESIDUAL_PLURIPOTENT, sha256_hex};
use crate::report::Flag;
use crate::words::{Words, words};

const SPIKED: Words = words("spiked cells", "添加細胞數");

/// How a table of cultures is analysed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CultureOptions {
    /// Cells in one dose, for residual cells per dose.
    pub dose_cells: Option<f64>,
    /// Another method file in place of the embedded one.
    pub method_toml: Option<String>,
}

/// Why a table of cultures gives no report.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CultureError {
    /// The table.
    #[error(transparent)]
    Rows(#[from] RowsError),
    /// The method file.
    #[error(transparent)]
    Method(#[from] MethodError),
    /// A count.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// No spiked culture grew a colony: no efficiency, no limit.
    #[error(
        "no spiked culture with a colony: the efficiency, and with it every limit, is unknown; add cultures spiked with a known number of pluripotent cells"
    )]
    NoEfficiency,
    /// No blank culture.
    #[error(
        "no blank culture: what the product's own cells may look like is unknown; add cultures of cells without pluripotent ones"
    )]
    NoBlanks,
    /// Only spikes and blanks.
    #[error("the table has no culture of a product")]
    NoSample,
}

speaks!(CultureError);

impl CultureError {
    fn chinese(&self) -> String {
        match self {
            CultureError::Rows(error) => error.chinese(),
            CultureError::Method(error) => error.chinese(),
            CultureError::Limit(error) => error.chinese(),
            CultureError::NoEfficiency => {
                "沒有長出群落的添加培養：效率未知，極限亦未知；請增加已知數目之多功能幹細胞添加培養".into()
            }
            CultureError::NoBlanks => "沒有空白培養：背景未知；請增加不含多功能幹細胞的培養".into(),
            CultureError::NoSample => "表中沒有產品的培養".into(),
        }
    }
}

/// One product in culture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CultureSampleReport {
    /// Product, as named in the table.
    pub sample: String,
    /// Cultures.
    pub cultures: u64,
    /// What they say.
    pub finding: CultureFinding,
    /// Whether the count reaches the cut-off that blanks stay under.
    pub positive: bool,
    /// Upper limit of residual pluripotent cells in a dose, when the dose is known.
    pub residual_per_dose_upper: Option<f64>,
    /// Published limit of detection over this one's: above 1, this culture is the more sensitive.
    pub times_below_published: f64,
    /// In a sentence.
    pub conclusion: Text,
}

/// Report of a table of cultures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CultureReport {
    /// Always `residual-pluripotent`.
    pub kind: &'static str,
    /// Method and program version.
    pub method: MethodReference,
    /// SHA-256 of the bytes read.
    pub input_sha256: String,
    /// How it was analysed.
    pub options: CultureOptions,
    /// Spiked cultures.
    pub spikes: Vec<SpikedCulture>,
    /// Blank cultures.
    pub blanks: u64,
    /// Colonies in all blanks.
    pub blank_colonies: u64,
    /// Cells plated in all blanks.
    pub blank_cells: f64,
    /// Published limit of detection, as a fraction.
    pub published_limit: f64,
    /// Products in order of appearance.
    pub samples: Vec<CultureSampleReport>,
    /// What a reader must know.
    pub flags: Vec<Flag>,
}

#[derive(Default)]
struct Cultures {
    spikes: Vec<SpikedCulture>,
    blanks: u64,
    blank_colonies: u64,
    blank_cells: f64,
    /// Name, cultures, colonies, cells.
    samples: Vec<(String, u64, u64, f64)>,
}

/// Analyses a table of cultures.
///
/// Columns: `task` (sample, spike, blank), `cells plated`, `spiked cells` (of spiked cultures),
/// `colonies` (TRA-1-60 positive), `sample`, `plate`, `well`, `excluded`.
///
/// # Errors
/// [`CultureError`] with the line, or what is missing.
pub fn analyse_culture(csv_bytes: &[u8], options: &CultureOptions) -> Result<CultureReport, CultureError> {
    let method = Method::parse(options.method_toml.as_deref().unwrap_or(RESIDUAL_PLURIPOTENT))?;
    let level = method.number("confidence-level")?;
    let detection = method.number("detection-probability")?;
    let published_limit = method.number("published-limit")?;
    if let Some(cells) = options.dose_cells {
        crate::limits::check_positive(words("the number of cells in a dose", "每劑細胞數"), cells)?;
    }
    let mut rows = Rows::read(csv_bytes)?;
    let read = read_cultures(&mut rows)?;
    if read.samples.is_empty() {
        return Err(CultureError::NoSample);
    }
    if read.spikes.iter().all(|s| s.colonies == 0) {
        return Err(CultureError::NoEfficiency);
    }
    if read.blanks == 0 {
        return Err(CultureError::NoBlanks);
    }
    let mut samples = Vec::new();
    for (name, cultures, colonies, cells) in &read.samples {
        // Blanks of another size count in proportion to the cells they hold.
        let blank_mean = read.blank_colonies as f64 / read.blank_cells * cells;
        let finding = residual_pluripotent(*colonies, *cells, &read.spikes, blank_mean, detection, level)?;
        samples.push(sample_report(name, *cultures, finding, options, published_limit));
    }
    Ok(CultureReport {
        kind: "residual-pluripotent",
        method: method.reference.clone(),
        input_sha256: sha256_hex(csv_bytes),
        options: options.clone(),
        spikes: read.spikes,
        blanks: read.blanks,
        blank_colonies: read.blank_colonies,
        blank_cells: read.blank_cells,
        published_limit,
        samples,
        flags: rows.flags(),
    })
}

fn sample_report(
    name: &str,
    cultures: u64,
    finding: CultureFinding,
    options: &CultureOptions,
    published: f64,
) -> CultureSampleReport {
    let positive = finding.colonies >= finding.positive_from;
    let upper = finding.residual_upper.map_or("–".to_string(), |u| as_written(u * 100.0, 3));
    let limit = as_written(finding.detection_limit * 100.0, 3);
    let colonies = if finding.colonies == 1 { "colony" } else { "colonies" };
    let conclusion = if positive {
        Text::new(
            format!(
                "{} {colonies}: residual pluripotent cells found; at most {upper} % of the cells",
                finding.colonies
            ),
            format!("{} 個群落：檢出殘留多功能幹細胞；至多占細胞之 {upper} %", finding.colonies),
        )
    } else {
        Text::new(
            format!(
                "{} {colonies}, {} would be positive: none shown, which still allows up to {upper} % (limit of detection {limit} %)",
                finding.colonies, finding.positive_from
            ),
            format!(
                "{} 個群落（達 {} 個為陽性）：未檢出，但仍可能至多 {upper} %（偵測極限 {limit} %）",
                finding.colonies, finding.positive_from
            ),
        )
    };
    CultureSampleReport {
        sample: name.to_string(),
        cultures,
        positive,
        residual_per_dose_upper: finding.residual_upper.zip(options.dose_cells).map(|(f, cells)| f * cells),
        times_below_published: published / finding.detection_limit,
        conclusion,
        finding,
    }
}

fn read_cultures(rows: &mut Rows) -> Result<Cultures, RowsError> {
    let task = rows.column(rows::TASK, rows::TASK_NAMES, "task")?;
    let colonies =
        rows.column(rows::COUNT, &["colonies", "count", "tra160", "tra160colonies", "群落數"], "colonies")?;
    let cells = rows.column(
        rows::CELLS,
        &["cellsplated", "cells", "plated", "productcells", "接種細胞數"],
        "cells plated",
    )?;
    let spiked = rows.table.find(SPIKED, &["spikedcells", "spike", "spiked", "ipscells", "添加細胞數"])?;
    let sample = rows.table.find(rows::SAMPLE, rows::SAMPLE_NAMES)?;
    let mut read = Cultures::default();
    for (row, _) in rows.take()? {
        let Some(count) = rows.whole(&row, Some(colonies), rows::COUNT)? else {
            rows.missing_lines.push(row.line);
            continue;
        };
        let plated = rows.positive(&row, Some(cells), rows::CELLS)?;
        let needed = |role: Words| RowsError::Missing { line: row.line, role };
        let cell = rows.table.text(&row, task);
        match rows::plain(cell).as_str() {
            "spike" | "spiked" | "添加" => {
                let spiked_cells = rows.positive(&row, spiked, SPIKED)?.ok_or_else(|| needed(SPIKED))?;
                read.spikes.push(SpikedCulture { spiked_cells, colonies: count });
            }
            "blank" | "negativecontrol" | "nc" | "空白" | "陰性對照" => {
                read.blanks += 1;
                read.blank_colonies += count;
                read.blank_cells += plated.ok_or_else(|| needed(rows::CELLS))?;
            }
            "sample" | "unknown" | "product" | "檢品" | "樣品" | "產品" => {
                let plated = plated.ok_or_else(|| needed(rows::CELLS))?;
                let name = sample.map_or("", |c| rows.table.text(&row, c)).to_string();
                match read.samples.iter_mut().find(|s| s.0 == name) {
                    Some(known) => {
                        known.1 += 1;
                        known.2 += count;
                        known.3 += plated;
                    }
                    None => read.samples.push((name, 1, count, plated)),
                }
            }
            _ => {
                return Err(RowsError::NotUnderstood {
                    line: row.line,
                    role: rows::TASK,
                    cell: cell.chars().take(40).collect(),
                    known: "sample, spike, blank",
                });
            }
        }
        // A spike of nothing is a blank and must say so.
        if let Some(column) = spiked
            && let Some(value) = rows.table.number(&row, column)?
            && value < 0.0
        {
            return Err(RowsError::Impossible {
                line: row.line,
                role: SPIKED,
                value,
                wanted: NOT_BELOW_ZERO,
            });
        }
    }
    Ok(read)
}

/// Colonies against spiked cells, with the efficiency.
pub fn culture_svg(report: &CultureReport, lang: Lang) -> String {
    let most = report.spikes.iter().map(|s| s.spiked_cells).fold(0.0, f64::max);
    let efficiency = report.samples.first().map_or(0.0, |s| s.finding.efficiency);
    Sheet {
        title: Text::new("Colonies from spiked pluripotent cells", "添加多功能幹細胞所形成之群落"),
        x: AxisOf { label: SPIKED.text(), ..AxisOf::default() },
        y: AxisOf { label: Text::new("TRA-1-60 colonies", "TRA-1-60 群落數"), ..AxisOf::default() },
        sets: vec![Points {
            name: Text::default(),
            points: report.spikes.iter().map(|s| (s.spiked_cells, s.colonies as f64)).collect(),
        }],
        lines: vec![vec![(0.0, 0.0), (most, most * efficiency)]],
        ..Sheet::default()
    }
    .draw(lang)
}
