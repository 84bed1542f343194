//! Finds the columns of a dose-response table and turns its rows into wells. Knows column names and
//! what makes a row unusable; knows no curve and no statistics.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::assay_columns::{Found, find_columns};
use crate::table::{Row, Table, TableError};
use crate::words::{Words, words};

/// Most preparations in one table. A working limit: the joint fit grows with its square.
pub const PREPARATIONS_MAX: usize = 40;
/// Most wells in one table. A working limit: fits are repeated hundreds of times for a profile.
pub const WELLS_MAX: usize = 20_000;
/// Most runs or plates in one table. A working limit.
pub const RUNS_MAX: usize = 200;

/// Why a dose-response table is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AssayTableError {
    /// The table itself.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A dose below 0.
    #[error(
        "line {line}: the dose {dose} is negative; if the column holds logarithms, name it log10 dose or ln dose"
    )]
    NegativeDose {
        /// Line.
        line: usize,
        /// Dose.
        dose: f64,
    },
    /// A weight that is not positive.
    #[error("line {line}: the weight {weight} is not positive")]
    BadWeight {
        /// Line.
        line: usize,
        /// Weight.
        weight: f64,
    },
    /// The same well twice.
    #[error(
        "line {line}: well {well} of plate {plate:?} was already read on line {first_line}; exclude one of them"
    )]
    DuplicateWell {
        /// Plate as written, empty when the table has no such column.
        plate: String,
        /// Well.
        well: String,
        /// Line.
        line: usize,
        /// Where it stood first.
        first_line: usize,
    },
    /// More groups than the working limit.
    #[error("{found} {what}; at most {max} are read")]
    TooMany {
        /// Preparations or runs.
        what: Words,
        /// Found.
        found: usize,
        /// Limit.
        max: usize,
    },
    /// All rows excluded or without response.
    #[error("no usable observation: every row is excluded or has no response")]
    NothingUsable,
}

/// Columns chosen by name instead of found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ColumnChoice {
    /// Dose.
    pub dose: Option<String>,
    /// Response.
    pub response: Option<String>,
    /// Preparation (sample, curve).
    pub preparation: Option<String>,
    /// Assay run.
    pub run: Option<String>,
    /// Weight of the observation.
    pub weight: Option<String>,
}

/// How the dose column is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DoseScale {
    /// Doses.
    Linear,
    /// Decimal logarithms.
    Log10,
    /// Natural logarithms.
    NaturalLog,
}

/// One row as an observation.
#[derive(Debug, Clone, PartialEq)]
pub struct Well {
    /// Line in the table.
    pub line: usize,
    /// Index into [`AssayTable::preparations`].
    pub preparation: usize,
    /// Index into [`AssayTable::runs`].
    pub run: usize,
    /// Well as written.
    pub well: String,
    /// Block as written; empty without such a column.
    pub block: String,
    /// Dose, never negative.
    pub dose: f64,
    /// Response.
    pub response: f64,
    /// Weight.
    pub weight: f64,
}

/// Which column served as what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ColumnsUsed {
    /// Dose column.
    pub dose: String,
    /// Response column.
    pub response: String,
    /// Preparation column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preparation: Option<String>,
    /// Run column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Plate column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plate: Option<String>,
    /// Block column (line assays).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<String>,
    /// Well column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub well: Option<String>,
    /// Weight column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<String>,
    /// Exclusion column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded: Option<String>,
    /// Columns that were not used.
    pub unused: Vec<String>,
}

/// A dose-response table.
#[derive(Debug, Clone, PartialEq)]
pub struct AssayTable {
    /// Preparations in alphabetical order; one empty name when the table has no such column.
    pub preparations: Vec<String>,
    /// Runs in order of appearance; one empty name when the table has no such column.
    pub runs: Vec<String>,
    /// Usable observations.
    pub wells: Vec<Well>,
    /// Lines marked as excluded.
    pub excluded_lines: Vec<usize>,
    /// Lines without a response.
    pub missing_lines: Vec<usize>,
    /// Columns.
    pub columns: ColumnsUsed,
    /// Unit in the dose header.
    pub dose_unit: Option<String>,
    /// Unit in the response header.
    pub response_unit: Option<String>,
    /// How doses were written.
    pub dose_scale: DoseScale,
}

impl AssayTable {
    /// Reads a dose-response table.
    pub fn read(bytes: &[u8], choice: &ColumnChoice) -> Result<AssayTable, AssayTableError> {
        let table = Table::read(bytes)?;
        let found = find_columns(&table, choice)?;
        let mut preparations = names_of(&table, found.preparation);
        preparations.sort();
        let (run_column, runs) = find_runs(&table, &found);
        for (what, count, max) in [
            (words("preparations", "製劑"), preparations.len(), PREPARATIONS_MAX),
            (words("rows", "列"), table.rows.len(), WELLS_MAX),
            (words("runs", "試驗批次"), runs.len(), RUNS_MAX),
        ] {
            if count > max {
                return Err(AssayTableError::TooMany { what, found: count, max });
            }
        }
        let mut read = AssayTable {
            columns: columns_used(&table, &found, run_column),
            dose_unit: table.unit(found.dose),
            response_unit: table.unit(found.response),
            dose_scale: found.scale,
            preparations,
            runs,
            wells: Vec::new(),
            excluded_lines: Vec::new(),
            missing_lines: Vec::new(),
        };
        let mut seen: HashMap<(String, String, String), usize> = HashMap::new();
        for row in &table.rows {
            read.take_row(&table, &found, run_column, row, &mut seen)?;
        }
        if read.wells.is_empty() {
            return Err(AssayTableError::NothingUsable);
        }
        Ok(read)
    }

    fn take_row(
        &mut self,
        table: &Table,
        found: &Found,
        run_column: Option<usize>,
        row: &Row,
        seen: &mut HashMap<(String, String, String), usize>,
    ) -> Result<(), AssayTableError> {
        let line = row.line;
        if let Some(c) = found.excluded
            && table.yes_no(row, c)?
        {
            self.excluded_lines.push(line);
            return Ok(());
        }
        let text = |column: Option<usize>| column.map_or("", |c| table.text(row, c)).to_string();
        let (plate, well) = (text(found.plate), text(found.well));
        if !well.is_empty() {
            let place = (text(found.run), plate.clone(), well.to_uppercase());
            if let Some(first_line) = seen.insert(place, line) {
                return Err(AssayTableError::DuplicateWell { plate, well, line, first_line });
            }
        }
        let Some(written) = table.number(row, found.dose)? else {
            return Err(TableError::EmptyCell { line, column: table.name(found.dose).to_string() }.into());
        };
        let dose = match found.scale {
            DoseScale::Linear => written,
            DoseScale::Log10 => 10f64.powf(written),
            DoseScale::NaturalLog => written.exp(),
        };
        if dose < 0.0 {
            return Err(AssayTableError::NegativeDose { line, dose });
        }
        if !dose.is_finite() || (dose != 0.0 && !dose.is_normal()) {
            let cell = table.text(row, found.dose).chars().take(80).collect();
            return Err(
                TableError::OutOfRange { line, column: table.name(found.dose).to_string(), cell }.into()
            );
        }
        let Some(response) = table.number(row, found.response)? else {
            self.missing_lines.push(line);
            return Ok(());
        };
        let weight = match found.weight {
            Some(c) => table
                .number(row, c)?
                .ok_or_else(|| TableError::EmptyCell { line, column: table.name(c).to_string() })?,
            None => 1.0,
        };
        if weight <= 0.0 {
            return Err(AssayTableError::BadWeight { line, weight });
        }
        if found.preparation.is_some() && text(found.preparation).is_empty() {
            let column = found.preparation.map_or("", |c| table.name(c)).to_string();
            return Err(TableError::EmptyCell { line, column }.into());
        }
        let place = |names: &[String], name: String| names.iter().position(|n| *n == name).unwrap_or(0);
        self.wells.push(Well {
            line,
            preparation: place(&self.preparations, text(found.preparation)),
            run: place(&self.runs, text(run_column)),
            well,
            block: text(found.block),
            dose,
            response,
            weight,
        });
        Ok(())
    }
}

/// Different texts of a column in order of appearance; one empty name without a column.
fn names_of(table: &Table, column: Option<usize>) -> Vec<String> {
    let Some(column) = column else {
        return vec![String::new()];
    };
    let mut known = std::collections::HashSet::new();
    let mut names = Vec::new();
    for row in &table.rows {
        let name = table.text(row, column);
        if !name.is_empty() && known.insert(name) {
            names.push(name.to_string());
        }
    }
    if names.is_empty() { vec![String::new()] } else { names }
}

/// The run column if there is one; otherwise the plates, when every plate carries every
/// preparation. Plates that carry one preparation each are one assay.
fn find_runs(table: &Table, found: &Found) -> (Option<usize>, Vec<String>) {
    if found.run.is_some() {
        return (found.run, names_of(table, found.run));
    }
    let (Some(plate), Some(preparation)) = (found.plate, found.preparation) else {
        return (None, vec![String::new()]);
    };
    let plates = names_of(table, Some(plate));
    let preparations = names_of(table, Some(preparation));
    let pairs: std::collections::HashSet<(&str, &str)> =
        table.rows.iter().map(|r| (table.text(r, plate), table.text(r, preparation))).collect();
    let complete = pairs.len() == plates.len() * preparations.len();
    if complete && plates.len() > 1 { (Some(plate), plates) } else { (None, vec![String::new()]) }
}

fn columns_used(table: &Table, found: &Found, run: Option<usize>) -> ColumnsUsed {
    let name = |c: Option<usize>| c.map(|c| table.name(c).to_string());
    let used = [
        Some(found.dose),
        Some(found.response),
        found.preparation,
        run,
        found.plate,
        found.block,
        found.well,
        found.weight,
        found.excluded,
    ];
    ColumnsUsed {
        dose: table.name(found.dose).to_string(),
        response: table.name(found.response).to_string(),
        preparation: name(found.preparation),
        run: name(run),
        plate: name(found.plate),
        block: name(found.block),
        well: name(found.well),
        weight: name(found.weight),
        excluded: name(found.excluded),
        unused: (0..table.columns.len())
            .filter(|c| !used.contains(&Some(*c)))
            .map(|c| table.name(c).to_string())
            .collect(),
    }
}
