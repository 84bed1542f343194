//! What the small assay tables have in common: rows with a task, cells by role, wells that may stand
//! only once, rows that are excluded. Knows columns and lines, not what the numbers mean.

use std::collections::HashMap;

use serde::Serialize;

use crate::messages::speaks;
use crate::report::Flag;
use crate::table::{Row, Table, TableError};
use crate::words::{Words, words};

/// Why a table of wells is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RowsError {
    /// The table itself.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A word in a column that takes only certain words.
    #[error("line {line}: {cell:?} is no {role} that is understood; write one of {known}")]
    NotUnderstood {
        /// Line.
        line: usize,
        /// Which column.
        role: Words,
        /// As written.
        cell: String,
        /// What is understood.
        known: &'static str,
    },
    /// A number no measurement can have.
    #[error("line {line}: {role} is {value}; {wanted} is needed")]
    Impossible {
        /// Line.
        line: usize,
        /// Which number.
        role: Words,
        /// As read.
        value: f64,
        /// What it must be.
        wanted: Words,
    },
    /// A cell that this kind of row must have.
    #[error("line {line}: {role} is missing")]
    Missing {
        /// Line.
        line: usize,
        /// Which cell.
        role: Words,
    },
    /// The same well twice.
    #[error(
        "line {line}: well {well} of plate {plate:?} was already read on line {first_line}; exclude one of them"
    )]
    DuplicateWell {
        /// Plate as written, empty when the table has no such column.
        plate: String,
        /// Well as written.
        well: String,
        /// Line.
        line: usize,
        /// Where it stood first.
        first_line: usize,
    },
    /// More rows than the working limit.
    #[error("{found} rows; at most {max} are read")]
    TooMany {
        /// Found.
        found: usize,
        /// Limit.
        max: usize,
    },
    /// Every row is excluded or empty.
    #[error("no usable row: every row is excluded or has no result")]
    NothingUsable,
}

speaks!(RowsError);

impl RowsError {
    pub(crate) fn chinese(&self) -> String {
        match self {
            RowsError::Table(error) => error.chinese(),
            RowsError::NotUnderstood { line, role, cell, known } => {
                format!("第 {line} 列：{}「{cell}」無法辨識；請填 {known} 之一", role.zh_tw)
            }
            RowsError::Impossible { line, role, value, wanted } => {
                format!("第 {line} 列：{}為 {value}；須為{}", role.zh_tw, wanted.zh_tw)
            }
            RowsError::Missing { line, role } => format!("第 {line} 列：缺少{}", role.zh_tw),
            RowsError::DuplicateWell { plate, well, line, first_line } => format!(
                "第 {line} 列：孔盤「{plate}」的孔位 {well} 已在第 {first_line} 列讀過；請排除其中一個"
            ),
            RowsError::TooMany { found, max } => format!("有 {found} 列；最多讀取 {max} 列"),
            RowsError::NothingUsable => "沒有可用的列：所有列皆被排除或沒有結果".into(),
        }
    }
}

/// Most rows of such a table. A working limit.
pub const ROWS_MAX: usize = 20_000;

pub(crate) const SAMPLE: Words = words("sample", "檢品");
pub(crate) const TASK: Words = words("task", "任務");
pub(crate) const COUNT: Words = words("colonies", "群落數");
pub(crate) const CELLS: Words = words("cells plated", "接種細胞數");
pub(crate) const ABOVE_ZERO: Words = words("a number above 0", "大於 0 的數字");
pub(crate) const NOT_BELOW_ZERO: Words = words("a number not below 0", "不小於 0 的數字");
pub(crate) const WHOLE: Words = words("a whole number not below 0", "不小於 0 的整數");

const PLATE_NAMES: &[&str] = &["plate", "plateid", "孔盤", "板"];
const WELL_NAMES: &[&str] = &["well", "wellid", "wellposition", "position", "孔", "孔位"];
const EXCLUDED_NAMES: &[&str] = &["excluded", "exclude", "omit", "masked", "排除"];
pub(crate) const SAMPLE_NAMES: &[&str] =
    &["sample", "samplename", "sampleid", "name", "product", "lot", "檢品", "樣品", "批號"];
pub(crate) const TASK_NAMES: &[&str] = &["task", "type", "content", "role", "kind", "任務", "類型"];

/// Where a row stands: its plate and well as written, empty where the table has none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Plate.
    pub plate: String,
    /// Well.
    pub well: String,
}

/// A table whose rows are taken one by one.
pub(crate) struct Rows {
    pub(crate) table: Table,
    plate: Option<usize>,
    well: Option<usize>,
    excluded: Option<usize>,
    /// Lines the table marks as excluded.
    pub(crate) excluded_lines: Vec<usize>,
    /// Lines without a result.
    pub(crate) missing_lines: Vec<usize>,
    seen: HashMap<(String, String), usize>,
}

impl Rows {
    pub(crate) fn read(bytes: &[u8]) -> Result<Rows, RowsError> {
        let table = Table::read(bytes)?;
        if table.rows.len() > ROWS_MAX {
            return Err(RowsError::TooMany { found: table.rows.len(), max: ROWS_MAX });
        }
        Ok(Rows {
            plate: table.find(words("plate", "孔盤"), PLATE_NAMES)?,
            well: table.find(words("well", "孔位"), WELL_NAMES)?,
            excluded: table.find(words("exclusion mark", "排除標示"), EXCLUDED_NAMES)?,
            table,
            excluded_lines: Vec::new(),
            missing_lines: Vec::new(),
            seen: HashMap::new(),
        })
    }

    /// A column by its usual names; refused with what to call it when it must be there.
    pub(crate) fn column(
        &self,
        role: Words,
        names: &[&str],
        examples: &'static str,
    ) -> Result<usize, RowsError> {
        let missing = || TableError::NoColumn { role, header: self.table.header_text(), examples };
        Ok(self.table.find(role, names)?.ok_or_else(missing)?)
    }

    /// The rows that are not excluded, each with its place; a well named twice is refused.
    pub(crate) fn take(&mut self) -> Result<Vec<(Row, Place)>, RowsError> {
        let mut taken = Vec::new();
        for row in self.table.rows.clone() {
            if let Some(column) = self.excluded
                && self.table.yes_no(&row, column)?
            {
                self.excluded_lines.push(row.line);
                continue;
            }
            let cell = |column: Option<usize>| column.map_or("", |c| self.table.text(&row, c)).to_string();
            let place = Place { plate: cell(self.plate), well: cell(self.well) };
            if !place.well.is_empty() {
                let key = (place.plate.clone(), place.well.to_uppercase());
                if let Some(first_line) = self.seen.insert(key, row.line) {
                    let Place { plate, well } = place;
                    return Err(RowsError::DuplicateWell { plate, well, line: row.line, first_line });
                }
            }
            taken.push((row, place));
        }
        Ok(taken)
    }

    /// A number above 0, if the cell holds one.
    pub(crate) fn positive(
        &self,
        row: &Row,
        column: Option<usize>,
        role: Words,
    ) -> Result<Option<f64>, RowsError> {
        let value = column.map(|c| self.table.number(row, c)).transpose()?.flatten();
        match value {
            Some(value) if value <= 0.0 => {
                Err(RowsError::Impossible { line: row.line, role, value, wanted: ABOVE_ZERO })
            }
            other => Ok(other),
        }
    }

    /// A whole number from 0, if the cell holds one.
    pub(crate) fn whole(
        &self,
        row: &Row,
        column: Option<usize>,
        role: Words,
    ) -> Result<Option<u64>, RowsError> {
        let value = column.map(|c| self.table.number(row, c)).transpose()?.flatten();
        match value {
            // Above 2^53 neighbouring counts are the same number.
            Some(value) if value < 0.0 || value.fract() != 0.0 || value > 9e15 => {
                Err(RowsError::Impossible { line: row.line, role, value, wanted: WHOLE })
            }
            Some(value) => Ok(Some(value as u64)),
            None => Ok(None),
        }
    }

    /// What was left out, as flags.
    pub(crate) fn flags(&self) -> Vec<Flag> {
        let mut flags = Vec::new();
        if !self.missing_lines.is_empty() {
            flags.push(
                Flag::new("missing-result", "rows without a result took no part", "沒有結果的列未納入")
                    .on_lines(self.missing_lines.clone()),
            );
        }
        if !self.excluded_lines.is_empty() {
            flags.push(
                Flag::new(
                    "excluded",
                    "rows the table marks as excluded took no part",
                    "表中標示排除的列未納入",
                )
                .on_lines(self.excluded_lines.clone()),
            );
        }
        flags
    }
}

/// A cell in lower case without blanks, hyphens and underscores.
pub(crate) fn plain(cell: &str) -> String {
    cell.to_lowercase().chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '_')).collect()
}
