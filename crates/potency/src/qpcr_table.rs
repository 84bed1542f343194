//! Reads qPCR exports: which column is Cq, task, target, sample, quantity; what a well without
//! amplification is. Knows no curve.

use std::collections::HashMap;

use serde::Serialize;

use crate::table::{Row, Table, TableError};
use crate::words::words;

/// Why a qPCR table is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum QpcrTableError {
    /// The table itself.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A Cq of 0 or below.
    #[error(
        "line {line}: a Cq of {cq} is not possible; a well without amplification is written Undetermined"
    )]
    ImpossibleCq {
        /// Line.
        line: usize,
        /// Cq.
        cq: f64,
    },
    /// A task not understood.
    #[error("line {line}: the task {task:?} is not understood (standard, unknown, ntc, positive control)")]
    UnknownTask {
        /// Line.
        line: usize,
        /// As written.
        task: String,
    },
    /// A standard without a quantity above 0.
    #[error("line {line}: a standard needs a quantity above 0")]
    StandardWithoutQuantity {
        /// Line.
        line: usize,
    },
    /// The same well and target twice.
    #[error("line {line}: well {well} target {target:?} was already read on line {first_line}")]
    DuplicateWell {
        /// Well.
        well: String,
        /// Target.
        target: String,
        /// Line.
        line: usize,
        /// Where first.
        first_line: usize,
    },
    /// All rows excluded.
    #[error("no usable well: every row is excluded or has no Cq")]
    NothingUsable,
}

/// What a well is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// Known quantity.
    Standard,
    /// Sample.
    Unknown,
    /// No template.
    NoTemplateControl,
    /// Positive control.
    PositiveControl,
}

/// The Cq of a well.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cq {
    /// Crossed the threshold at this cycle.
    Value(f64),
    /// Ran to the last cycle without crossing: the Cq is above the last cycle, never 0.
    Undetermined,
}

/// One well.
#[derive(Debug, Clone, PartialEq)]
pub struct QpcrWell {
    /// Line.
    pub line: usize,
    /// Sample as written.
    pub sample: String,
    /// Target as written; empty without such a column.
    pub target: String,
    /// Task.
    pub task: Task,
    /// Quantity of a standard, in the header's unit.
    pub quantity: Option<f64>,
    /// Cq.
    pub cq: Cq,
}

/// A qPCR table.
#[derive(Debug, Clone, PartialEq)]
pub struct QpcrTable {
    /// Wells with a Cq or without amplification.
    pub wells: Vec<QpcrWell>,
    /// Targets in order of appearance.
    pub targets: Vec<String>,
    /// Unit in the quantity header.
    pub quantity_unit: Option<String>,
    /// Lines excluded by the table.
    pub excluded_lines: Vec<usize>,
    /// Lines whose Cq cell is empty.
    pub missing_lines: Vec<usize>,
    /// Lines whose task was concluded from name or quantity, because there is no task column.
    pub concluded_tasks: bool,
}

const CQ: &[&str] = &["cq", "ct", "cp", "cycle", "crossingpoint", "ctvalue", "cqvalue"];
const TASK: &[&str] = &["task", "type", "content", "welltype", "role", "sampletype", "類型"];
const TARGET: &[&str] = &["target", "targetname", "detector", "gene", "assay", "標的"];
const SAMPLE: &[&str] = &["sample", "samplename", "sampleid", "name", "檢體", "檢品", "樣品"];
const QUANTITY: &[&str] = &[
    "quantity",
    "qty",
    "startingquantity",
    "sq",
    "concentration",
    "conc",
    "copies",
    "amount",
    "數量",
    "濃度",
];
const WELL: &[&str] = &["well", "wellid", "wellposition", "position", "孔", "孔位"];
const PLATE: &[&str] = &["plate", "plateid", "run"];
const EXCLUDED: &[&str] = &["excluded", "exclude", "omit", "排除"];

struct Columns {
    cq: usize,
    task: Option<usize>,
    target: Option<usize>,
    sample: Option<usize>,
    quantity: Option<usize>,
    well: Option<usize>,
    plate: Option<usize>,
    excluded: Option<usize>,
}

fn find_columns(table: &Table) -> Result<Columns, TableError> {
    Ok(Columns {
        cq: table.find(words("Cq", "Cq 值"), CQ)?.ok_or_else(|| TableError::NoColumn {
            role: words("the Cq", "Cq 值"),
            header: table.header_text(),
            examples: "Cq or Ct",
        })?,
        task: table.find(words("task", "任務"), TASK)?,
        target: table.find(words("target", "標的"), TARGET)?,
        sample: table.find(words("sample", "檢品"), SAMPLE)?,
        quantity: table.find(words("quantity", "數量"), QUANTITY)?,
        well: table.find(words("well", "孔位"), WELL)?,
        plate: table.find(words("plate", "孔盤"), PLATE)?,
        excluded: table.find(words("exclusion mark", "排除標示"), EXCLUDED)?,
    })
}

impl QpcrTable {
    /// Reads a qPCR table.
    pub fn read(bytes: &[u8]) -> Result<QpcrTable, QpcrTableError> {
        let table = Table::read(bytes)?;
        let columns = find_columns(&table)?;
        let mut read = QpcrTable {
            wells: Vec::new(),
            targets: Vec::new(),
            quantity_unit: columns.quantity.and_then(|c| table.unit(c)),
            excluded_lines: Vec::new(),
            missing_lines: Vec::new(),
            concluded_tasks: columns.task.is_none(),
        };
        let mut seen = HashMap::new();
        for row in &table.rows {
            read.take_row(&table, &columns, row, &mut seen)?;
        }
        if read.wells.is_empty() {
            return Err(QpcrTableError::NothingUsable);
        }
        for well in &read.wells {
            if !read.targets.contains(&well.target) {
                read.targets.push(well.target.clone());
            }
        }
        Ok(read)
    }

    fn take_row(
        &mut self,
        table: &Table,
        columns: &Columns,
        row: &Row,
        seen: &mut HashMap<(String, String, String), usize>,
    ) -> Result<(), QpcrTableError> {
        let line = row.line;
        if let Some(c) = columns.excluded
            && table.yes_no(row, c)?
        {
            self.excluded_lines.push(line);
            return Ok(());
        }
        let text = |column: Option<usize>| column.map_or("", |c| table.text(row, c)).to_string();
        let (well, target, sample) = (text(columns.well), text(columns.target), text(columns.sample));
        if !well.is_empty() {
            let place = (text(columns.plate), well.to_uppercase(), target.clone());
            if let Some(first_line) = seen.insert(place, line) {
                return Err(QpcrTableError::DuplicateWell { well, target, line, first_line });
            }
        }
        let quantity = match columns.quantity {
            Some(c) => table.number(row, c)?,
            None => None,
        };
        let task = read_task(&text(columns.task), columns.task.is_some(), &sample, quantity, line)?;
        if task == Task::Standard && quantity.is_none_or(|q| q <= 0.0) {
            return Err(QpcrTableError::StandardWithoutQuantity { line });
        }
        let cell = table.text(row, columns.cq);
        let cq = if cell.is_empty() {
            self.missing_lines.push(line);
            return Ok(());
        } else if is_undetermined(cell) {
            Cq::Undetermined
        } else {
            match table.number(row, columns.cq)? {
                Some(cq) if cq > 0.0 => Cq::Value(cq),
                Some(cq) => return Err(QpcrTableError::ImpossibleCq { line, cq }),
                None => Cq::Undetermined,
            }
        };
        self.wells.push(QpcrWell { line, sample, target, task, quantity, cq });
        Ok(())
    }
}

/// Words instruments write when a well never crossed the threshold. Some write NaN or N/A.
fn is_undetermined(cell: &str) -> bool {
    let word: String = cell.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    matches!(
        word.as_str(),
        "undetermined"
            | "undet"
            | "und"
            | "nd"
            | "noct"
            | "nocq"
            | "nan"
            | "na"
            | "notdetected"
            | "negative"
            | "未檢出"
    )
}

fn read_task(
    cell: &str,
    has_column: bool,
    sample: &str,
    quantity: Option<f64>,
    line: usize,
) -> Result<Task, QpcrTableError> {
    let word =
        |text: &str| -> String { text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect() };
    let key = word(cell);
    // Some instruments number their tasks: Std-1, Unkn-12.
    let key = key.trim_end_matches(|c: char| c.is_ascii_digit());
    if has_column {
        return match key {
            "standard" | "std" | "stnd" | "標準品" => Ok(Task::Standard),
            "unknown" | "unkn" | "unk" | "sample" | "檢品" | "樣品" | "" => Ok(Task::Unknown),
            "ntc" | "notemplate" | "notemplatecontrol" | "neg" | "negativecontrol" | "negctrl" | "blank"
            | "無模板對照" => Ok(Task::NoTemplateControl),
            "pos" | "positivecontrol" | "posctrl" | "pc" | "control" | "陽性對照" => {
                Ok(Task::PositiveControl)
            }
            _ => Err(QpcrTableError::UnknownTask { line, task: cell.chars().take(80).collect() }),
        };
    }
    Ok(match word(sample).as_str() {
        "ntc" | "notemplate" | "notemplatecontrol" | "blank" | "water" => Task::NoTemplateControl,
        _ if quantity.is_some_and(|q| q > 0.0) => Task::Standard,
        _ => Task::Unknown,
    })
}
