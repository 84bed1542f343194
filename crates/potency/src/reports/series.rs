//! A spike-in series of colonies as a table in, a report out: every rule's detection limit with its
//! interval beside the published ones. The counts stand in the table or come from pictures, well by
//! well. Knows counts, not pictures.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use vena_base::{Lang, Text};

use super::rows::{self, NOT_BELOW_ZERO, Place, Rows, RowsError};
use super::sheet::{AxisOf, Level as Mark, Points, Sheet};
use crate::interval::Interval;
use crate::messages::speaks;
use crate::method::{Method, MethodError, MethodReference, SPIKE_SERIES, Status, sha256_hex};
use crate::report::Flag;
use crate::spikes::{
    Level, LimitRule, SeriesRefusal, SpikeRules, SpikeWell, WellSummary, detection_limit, judge_series,
    summarise,
};
use crate::table::{Row, TableError};
use crate::words::{Words, words};

const SPIKE: Words = words("spike in percent", "添加百分比");
const SPIKED_CELLS: Words = words("spiked cells", "添加細胞數");

/// A well counted in a picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WellCount {
    /// Plate: the picture's name. Compared only when the table has a plate column.
    pub plate: String,
    /// Well.
    pub well: String,
    /// Colonies; `None` where no number could be given.
    pub count: Option<u64>,
    /// SHA-256 of the picture.
    pub source_sha256: String,
}

/// How a series is analysed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SeriesOptions {
    /// Counts from pictures, for a table that says only what stands in which well.
    pub counts: Vec<WellCount>,
    /// Another method file in place of the embedded one.
    pub method_toml: Option<String>,
}

/// Why a series gives no report.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SeriesError {
    /// The table.
    #[error(transparent)]
    Rows(#[from] RowsError),
    /// The method file.
    #[error(transparent)]
    Method(#[from] MethodError),
    /// No rule can answer.
    #[error(transparent)]
    Refusal(#[from] SeriesRefusal),
    /// The table has no counts and no wells to look them up by.
    #[error(
        "the table has neither a column of colonies nor one of wells; name wells so that the pictures' counts can be found"
    )]
    NoCounts,
    /// A well of the table that no picture has.
    #[error("line {line}: no picture has the well {well} of plate {plate:?}")]
    NoSuchWell {
        /// Line.
        line: usize,
        /// Plate as written.
        plate: String,
        /// Well as written.
        well: String,
    },
    /// Two pictures with the same well.
    #[error("the well {well} stands in more than one picture; add a plate column with the pictures' names")]
    WellInSeveral {
        /// Well.
        well: String,
    },
}

speaks!(SeriesError);

impl SeriesError {
    fn chinese(&self) -> String {
        match self {
            SeriesError::Rows(error) => error.chinese(),
            SeriesError::Method(error) => error.chinese(),
            SeriesError::Refusal(error) => error.chinese(),
            SeriesError::NoCounts => {
                "表格沒有群落數欄位，也沒有孔位欄位；請寫孔位，以便取用影像的計數".into()
            }
            SeriesError::NoSuchWell { line, plate, well } => {
                format!("第 {line} 列：沒有影像含孔盤「{plate}」的孔位 {well}")
            }
            SeriesError::WellInSeveral { well } => {
                format!("孔位 {well} 出現在多個影像；請加孔盤欄位並填影像名稱")
            }
        }
    }
}

/// A published limit beside this one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Published {
    /// Id of the parameter in the method file.
    pub id: String,
    /// What it is.
    pub label: Text,
    /// As written, percent.
    pub limit_percent: String,
    /// Published over ours: above 1, ours is the more sensitive.
    pub times_lower: f64,
    /// How far the published value has been checked.
    pub status: Status,
}

/// The limit by one rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleLimit {
    /// Rule.
    pub rule: LimitRule,
    /// What the rule says, in a sentence.
    pub label: Text,
    /// The limit, percent of all cells.
    pub limit_percent: Option<f64>,
    /// Its interval.
    pub interval: Interval,
    /// Colonies per spiked cell (Poisson).
    pub efficiency: Option<f64>,
    /// Published limits beside it.
    pub compared: Vec<Published>,
    /// Why there is none.
    pub refusal: Option<Text>,
}

/// Report of a series.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeriesReport {
    /// Always `spike-series`.
    pub kind: &'static str,
    /// Method and program version.
    pub method: MethodReference,
    /// SHA-256 of the bytes read.
    pub input_sha256: String,
    /// How it was analysed; counts from pictures with the pictures' digests.
    pub options: SeriesOptions,
    /// Mean of the blanks and so many deviations: a well above it counts as detected.
    pub decision_limit: f64,
    /// Levels from blank upwards.
    pub levels: Vec<Level>,
    /// Each rule's limit.
    pub limits: Vec<RuleLimit>,
    /// All wells at a glance.
    pub wells: WellSummary,
    /// What a reader must know.
    pub flags: Vec<Flag>,
}

/// Analyses a series.
///
/// Columns: `spike (%)` with 0 for blanks, or `spiked cells` beside `cells plated`; `cells plated`;
/// `colonies`, or `well` (and `plate`) when the counts come from pictures; `excluded`.
///
/// # Errors
/// [`SeriesError`] with the line, or what no rule can do without.
pub fn analyse_series(csv_bytes: &[u8], options: &SeriesOptions) -> Result<SeriesReport, SeriesError> {
    let method = Method::parse(options.method_toml.as_deref().unwrap_or(SPIKE_SERIES))?;
    let rules = SpikeRules::of(&method)?;
    let mut rows = Rows::read(csv_bytes)?;
    let read = read_wells(&mut rows, options)?;
    let wells: Vec<SpikeWell> = read.iter().map(|w| w.1.clone()).collect();
    let judged = judge_series(&wells, &rules)?;
    let mut limits = Vec::new();
    for rule in LimitRule::ALL {
        limits.push(rule_limit(&method, &rules, rule, detection_limit(&wells, &judged, rule, &rules))?);
    }
    let named: Vec<(String, Option<u64>)> = read.into_iter().map(|(name, well)| (name, well.count)).collect();
    let mut flags = rows.flags();
    let uncounted = judged.levels.iter().map(|l| l.without_count).sum::<u64>();
    if uncounted > 0 {
        flags.push(Flag::new(
            "wells-without-count",
            format!("{uncounted} wells have no count; they took no part and are not 0"),
            format!("{uncounted} 個孔沒有計數；未納入，且不視為 0"),
        ));
    }
    Ok(SeriesReport {
        kind: "spike-series",
        method: method.reference.clone(),
        input_sha256: sha256_hex(csv_bytes),
        options: options.clone(),
        decision_limit: judged.decision_limit,
        levels: judged.levels,
        limits,
        wells: summarise(&named),
        flags,
    })
}

fn rule_limit(
    method: &Method,
    rules: &SpikeRules,
    rule: LimitRule,
    found: Result<crate::spikes::DetectionLimit, SeriesRefusal>,
) -> Result<RuleLimit, MethodError> {
    let percent = rules.detection_probability * 100.0;
    let k = rules.blank_deviations;
    let label = match rule {
        LimitRule::BlankDeviations => Text::new(
            format!("lowest spike from which on every mean exceeds the blanks' mean plus {k} deviations"),
            format!("自此添加量起，各平均皆高於空白平均加 {k} 倍標準差之最低添加量"),
        ),
        LimitRule::Poisson => Text::new(
            format!(
                "spike of which a usual plate holds at least one colony-forming cell with {percent} % probability (Poisson)"
            ),
            format!("一般接種量中至少含一個可成群落細胞之機率達 {percent} % 之添加量（Poisson）"),
        ),
        LimitRule::Probit => Text::new(
            format!("spike detected with {percent} % probability (probit)"),
            format!("檢出機率達 {percent} % 之添加量（probit）"),
        ),
    };
    let mut limit = RuleLimit {
        rule,
        label,
        limit_percent: None,
        interval: Interval::UNBOUNDED,
        efficiency: None,
        compared: Vec::new(),
        refusal: None,
    };
    match found {
        Err(refusal) => limit.refusal = Some(refusal.text()),
        Ok(found) => {
            limit.limit_percent = Some(found.limit_percent);
            limit.interval = found.interval;
            limit.efficiency = found.efficiency;
            for id in ["published-conventional", "published-digital"] {
                let published = method.parameter(id)?;
                limit.compared.push(Published {
                    id: id.to_string(),
                    label: published.label.clone(),
                    limit_percent: published.written.clone(),
                    times_lower: published.value / found.limit_percent,
                    status: published.status,
                });
            }
        }
    }
    Ok(limit)
}

/// How a well's spike is written.
enum Spike {
    Percent(usize),
    Cells(usize),
}

fn read_wells(rows: &mut Rows, options: &SeriesOptions) -> Result<Vec<(String, SpikeWell)>, SeriesError> {
    let find = |rows: &Rows, role: Words, names: &[&str]| -> Result<Option<usize>, TableError> {
        rows.table.find(role, names)
    };
    let percent = find(rows, SPIKE, &["spike", "spikepercent", "percent", "添加", "添加百分比"])
        .map_err(RowsError::from)?;
    let cells = find(rows, SPIKED_CELLS, &["spikedcells", "added", "addedcells", "添加細胞數"])
        .map_err(RowsError::from)?;
    let spike = match (percent, cells) {
        (Some(column), _) => Spike::Percent(column),
        (None, Some(column)) => Spike::Cells(column),
        (None, None) => Spike::Percent(rows.column(SPIKE, &["spike"], "spike (%) or spiked cells")?),
    };
    let plated = find(rows, rows::CELLS, &["cellsplated", "cells", "plated", "接種細胞數"])
        .map_err(RowsError::from)?;
    let colonies =
        find(rows, rows::COUNT, &["colonies", "count", "colonycount", "群落數"]).map_err(RowsError::from)?;
    let taken = rows.take()?;
    if colonies.is_none() && taken.iter().any(|(_, place)| place.well.is_empty()) {
        return Err(SeriesError::NoCounts);
    }
    let pictures = Pictures::of(&options.counts);
    let mut wells = Vec::new();
    for (row, place) in taken {
        let cells_plated = rows.positive(&row, plated, rows::CELLS)?;
        let spike_percent = spike_of(rows, &row, &spike, cells_plated)?;
        let count = match colonies {
            Some(column) => rows.whole(&row, Some(column), rows::COUNT)?,
            None => pictures.count(&place, row.line)?,
        };
        wells.push((place.well, SpikeWell { spike_percent, cells_plated, count }));
    }
    Ok(wells)
}

fn spike_of(rows: &Rows, row: &Row, spike: &Spike, plated: Option<f64>) -> Result<f64, RowsError> {
    let (column, role) = match spike {
        Spike::Percent(column) => (*column, SPIKE),
        Spike::Cells(column) => (*column, SPIKED_CELLS),
    };
    let missing = |role| RowsError::Missing { line: row.line, role };
    let value = rows.table.number(row, column)?.ok_or_else(|| missing(role))?;
    let impossible = |wanted| RowsError::Impossible { line: row.line, role, value, wanted };
    if value < 0.0 {
        return Err(impossible(NOT_BELOW_ZERO));
    }
    let percent = match spike {
        Spike::Percent(_) => value,
        Spike::Cells(_) if value == 0.0 => 0.0,
        Spike::Cells(_) => value / plated.ok_or_else(|| missing(rows::CELLS))? * 100.0,
    };
    if percent > 100.0 {
        return Err(impossible(words("at most all cells", "不多於全部細胞")));
    }
    Ok(percent)
}

/// Counts from pictures by well, and by plate and well.
struct Pictures<'a> {
    by_well: HashMap<String, Vec<&'a WellCount>>,
}

impl<'a> Pictures<'a> {
    fn of(counts: &'a [WellCount]) -> Pictures<'a> {
        let mut by_well: HashMap<String, Vec<&WellCount>> = HashMap::new();
        for count in counts {
            by_well.entry(count.well.to_uppercase()).or_default().push(count);
        }
        Pictures { by_well }
    }

    fn count(&self, place: &Place, line: usize) -> Result<Option<u64>, SeriesError> {
        let of_well = self.by_well.get(&place.well.to_uppercase()).map_or(&[][..], Vec::as_slice);
        let mut named = of_well.iter().filter(|c| place.plate.is_empty() || c.plate == place.plate);
        match (named.next(), named.next()) {
            (Some(one), None) => Ok(one.count),
            (Some(_), Some(_)) => Err(SeriesError::WellInSeveral { well: place.well.clone() }),
            (None, _) => {
                Err(SeriesError::NoSuchWell { line, plate: place.plate.clone(), well: place.well.clone() })
            }
        }
    }
}

/// Mean counts against spike, the decision limit and the limits of detection.
pub fn series_svg(report: &SeriesReport, lang: Lang) -> String {
    let spiked = |l: &&Level| l.spike_percent > 0.0 && l.wells > 0;
    let word = |rule: LimitRule| match rule {
        LimitRule::BlankDeviations => Text::new("blank deviations", "空白標準差"),
        LimitRule::Poisson => Text::same("Poisson"),
        LimitRule::Probit => Text::same("probit"),
    };
    let limits = report
        .limits
        .iter()
        .filter_map(|l| l.limit_percent.map(|at| Mark { at, upright: true, label: word(l.rule) }));
    Sheet {
        title: Text::new("Spike-in series", "添加系列"),
        x: AxisOf {
            label: Text::new("spike, % of cells", "添加量（占細胞 %）"),
            logarithmic: true,
            names: Vec::new(),
        },
        y: AxisOf { label: Text::new("mean colonies a well", "每孔平均群落數"), ..AxisOf::default() },
        sets: vec![Points {
            name: Text::default(),
            points: report.levels.iter().filter(spiked).map(|l| (l.spike_percent, l.mean)).collect(),
        }],
        levels: limits
            .chain([Mark {
                at: report.decision_limit,
                upright: false,
                label: Text::new("decision limit", "判定界限"),
            }])
            .collect(),
        ..Sheet::default()
    }
    .draw(lang)
}
