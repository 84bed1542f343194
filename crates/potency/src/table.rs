//! Reads the tables laboratories export: comma, semicolon or tab, decimal comma, byte order mark,
//! units in the header. Knows cells and lines, not what a column means to an assay.

use crate::numbers::{Commas, commas_of, is_missing, parse_number};
use crate::words::{Words, words};
use serde::Serialize;

/// Largest table read, in bytes. A working limit against unbounded memory, no quality limit.
pub const TABLE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Most rows read. A working limit.
pub const TABLE_ROWS_MAX: usize = 1_000_000;
/// Most columns read. A working limit.
pub const TABLE_COLUMNS_MAX: usize = 1_000;

/// Why a table is refused. Lines count from 1, the header included.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TableError {
    /// No bytes, or only blank lines.
    #[error("the table is empty")]
    Empty,
    /// Header without rows.
    #[error("the table has a header but no rows")]
    NoRows,
    /// Larger than the working limit.
    #[error("the table has {found} {what}; at most {max} are read")]
    TooLarge {
        /// Bytes, rows or columns.
        what: Words,
        /// Found.
        found: usize,
        /// Limit.
        max: usize,
    },
    /// Not UTF-8.
    #[error(
        "line {line}: the table is not UTF-8 text (first wrong byte at offset {offset}); save it as UTF-8 CSV"
    )]
    NotUtf8 {
        /// Line.
        line: usize,
        /// Byte offset.
        offset: usize,
    },
    /// A zero byte: a spreadsheet or binary file.
    #[error("line {line}: the file holds zero bytes; it is not a text table (UTF-16 or a spreadsheet?)")]
    Binary {
        /// Line.
        line: usize,
    },
    /// Fields do not match the header.
    #[error("line {line}: {found} fields, but the header has {expected}")]
    FieldCount {
        /// Line.
        line: usize,
        /// Fields in the row.
        found: usize,
        /// Fields in the header.
        expected: usize,
    },
    /// A header name twice.
    #[error("the header names the column {0:?} twice")]
    ColumnTwice(String),
    /// A needed column is not there.
    #[error(
        "no column for {role}; the header has: {header}. Name it {examples}, or choose the column by name"
    )]
    NoColumn {
        /// What is missing.
        role: Words,
        /// Header as read.
        header: String,
        /// Names understood.
        examples: &'static str,
    },
    /// Several columns could be meant.
    #[error("several columns could be the {role}: {candidates}. Choose one by name")]
    SeveralColumns {
        /// What is ambiguous.
        role: Words,
        /// Names.
        candidates: String,
    },
    /// A column chosen by name does not exist.
    #[error("there is no column {name:?}; the header has: {header}")]
    NoSuchColumn {
        /// Name asked for.
        name: String,
        /// Header as read.
        header: String,
    },
    /// A cell that must be a number is not.
    #[error("line {line}, column {column}: {cell:?} is not a number")]
    NotANumber {
        /// Line.
        line: usize,
        /// Header name.
        column: String,
        /// Cell as written.
        cell: String,
    },
    /// An infinite or absurd number.
    #[error("line {line}, column {column}: {cell:?} is out of range")]
    OutOfRange {
        /// Line.
        line: usize,
        /// Header name.
        column: String,
        /// Cell as written.
        cell: String,
    },
    /// A decimal point among decimal commas: one of the two is a thousands separator or a slip.
    #[error(
        "line {line}, column {column}: {cell:?} has a decimal point, but other numbers of this table have commas; write all numbers alike, without thousands separators"
    )]
    MixedDecimals {
        /// Line.
        line: usize,
        /// Header name.
        column: String,
        /// Cell as written.
        cell: String,
    },
    /// A comma that may be a decimal comma or a thousands separator.
    #[error(
        "line {line}, column {column}: {cell:?} may have a decimal comma or a thousands separator (every comma of the table stands before exactly three digits); write it with a decimal point, or without a separator"
    )]
    AmbiguousComma {
        /// Line.
        line: usize,
        /// Header name.
        column: String,
        /// Cell as written.
        cell: String,
    },
    /// A cell that must not be empty.
    #[error("line {line}, column {column}: empty")]
    EmptyCell {
        /// Line.
        line: usize,
        /// Header name.
        column: String,
    },
    /// Yes/no cell not understood.
    #[error("line {line}, column {column}: {cell:?} is neither yes nor no")]
    NotYesNo {
        /// Line.
        line: usize,
        /// Header name.
        column: String,
        /// Cell as written.
        cell: String,
    },
    /// Broken quoting and the like.
    #[error("line {line}: {message}")]
    Malformed {
        /// Line.
        line: usize,
        /// The reader's words.
        message: String,
    },
}

/// A header cell: name and the unit written beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// As written.
    pub name: String,
    /// Without the unit, lower case, only letters and digits.
    #[serde(skip)]
    pub key: String,
    /// Unit in brackets or after a slash-less underscore, as written.
    pub unit: Option<String>,
}

/// One row with the line it began on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Line in the file, from 1.
    pub line: usize,
    /// Trimmed cells, as many as columns.
    pub cells: Vec<String>,
}

/// A table as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Header.
    pub columns: Vec<Column>,
    /// Rows that are not blank.
    pub rows: Vec<Row>,
    /// `,`, `;` or tab.
    pub delimiter: char,
    /// Whether numbers are written with a decimal comma.
    pub decimal_comma: bool,
    /// Every comma may as well separate thousands.
    commas_ambiguous: bool,
}

impl Table {
    /// Reads a table from bytes. Never panics, whatever the bytes.
    pub fn read(bytes: &[u8]) -> Result<Table, TableError> {
        let text = decode(bytes)?;
        let delimiter = sniff_delimiter(text);
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .delimiter(delimiter as u8)
            .from_reader(text.as_bytes());
        let mut columns: Option<Vec<Column>> = None;
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| TableError::Malformed {
                line: error.position().map_or(0, |p| p.line() as usize),
                message: error.to_string(),
            })?;
            let line = record.position().map_or(0, |p| p.line() as usize);
            if record.iter().all(|cell| cell.is_empty()) {
                continue;
            }
            let Some(header) = &columns else {
                columns = Some(read_header(&record)?);
                continue;
            };
            rows.push(read_row(&record, line, header.len())?);
            if rows.len() > TABLE_ROWS_MAX {
                return Err(TableError::TooLarge {
                    what: words("rows", "列"),
                    found: rows.len(),
                    max: TABLE_ROWS_MAX,
                });
            }
        }
        let columns = columns.ok_or(TableError::Empty)?;
        if rows.is_empty() {
            return Err(TableError::NoRows);
        }
        let commas = if delimiter == ',' {
            Commas::None
        } else {
            commas_of(columns.len(), rows.iter().map(|r| &r.cells))
        };
        Ok(Table {
            columns,
            rows,
            delimiter,
            decimal_comma: commas != Commas::None,
            commas_ambiguous: commas == Commas::Ambiguous,
        })
    }

    /// The header as one line, for messages.
    pub fn header_text(&self) -> String {
        self.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// The column a person chose by its written name (case and unit may be left out).
    pub fn column_named(&self, name: &str) -> Result<usize, TableError> {
        let key = column_key(name);
        self.columns
            .iter()
            .position(|c| c.name.eq_ignore_ascii_case(name.trim()))
            .or_else(|| self.columns.iter().position(|c| !key.is_empty() && c.key == key))
            .ok_or_else(|| TableError::NoSuchColumn { name: name.to_string(), header: self.header_text() })
    }

    /// The one column whose key is among `keys`; several are refused, none is `None`.
    pub fn find(&self, role: Words, keys: &[&str]) -> Result<Option<usize>, TableError> {
        let found: Vec<usize> = (0..self.columns.len())
            .filter(|i| self.columns.get(*i).is_some_and(|c| keys.contains(&c.key.as_str())))
            .collect();
        match found.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            several => Err(TableError::SeveralColumns { role, candidates: self.names(several) }),
        }
    }

    /// Written names of columns, for messages.
    pub fn names(&self, columns: &[usize]) -> String {
        columns.iter().map(|i| self.name(*i)).collect::<Vec<_>>().join(", ")
    }

    /// Written name of a column.
    pub fn name(&self, column: usize) -> &str {
        self.columns.get(column).map_or("", |c| c.name.as_str())
    }

    /// Unit of a column as written in the header.
    pub fn unit(&self, column: usize) -> Option<String> {
        self.columns.get(column).and_then(|c| c.unit.clone())
    }

    /// Text of a cell.
    pub fn text<'a>(&self, row: &'a Row, column: usize) -> &'a str {
        row.cells.get(column).map_or("", |cell| cell.as_str())
    }

    /// A finite number in a cell; `None` when the cell is empty or says that nothing was measured
    /// (`NA`, `n/a`, `NaN`, `-`, `.`). Anything else that is no number is refused.
    pub fn number(&self, row: &Row, column: usize) -> Result<Option<f64>, TableError> {
        let cell = self.text(row, column);
        if is_missing(cell) {
            return Ok(None);
        }
        let wrong = || TableError::NotANumber {
            line: row.line,
            column: self.name(column).to_string(),
            cell: shorten(cell),
        };
        let value = parse_number(cell, self.decimal_comma).ok_or_else(wrong)?;
        let (line, column) = (row.line, || self.name(column).to_string());
        if self.decimal_comma && cell.contains('.') {
            return Err(TableError::MixedDecimals { line, column: column(), cell: shorten(cell) });
        }
        if self.commas_ambiguous && cell.contains(',') {
            return Err(TableError::AmbiguousComma { line, column: column(), cell: shorten(cell) });
        }
        if value.is_finite() && value.abs() < 1e150 {
            Ok(Some(value))
        } else {
            Err(TableError::OutOfRange { line, column: column(), cell: shorten(cell) })
        }
    }

    /// A yes/no cell; empty is no.
    pub fn yes_no(&self, row: &Row, column: usize) -> Result<bool, TableError> {
        let cell = self.text(row, column);
        match cell.to_lowercase().as_str() {
            "" | "0" | "no" | "n" | "false" | "否" | "included" | "na" => Ok(false),
            "1" | "yes" | "y" | "true" | "x" | "是" | "excluded" | "v" => Ok(true),
            _ => Err(TableError::NotYesNo {
                line: row.line,
                column: self.name(column).to_string(),
                cell: shorten(cell),
            }),
        }
    }

    /// Whether every cell of a column that is not missing reads as a number, and at least one does.
    pub fn is_numeric(&self, column: usize) -> bool {
        let mut any = false;
        for row in &self.rows {
            let cell = self.text(row, column);
            if is_missing(cell) {
                continue;
            }
            if parse_number(cell, self.decimal_comma).is_none() {
                return false;
            }
            any = true;
        }
        any
    }
}

fn decode(bytes: &[u8]) -> Result<&str, TableError> {
    if bytes.len() > TABLE_BYTES_MAX {
        return Err(TableError::TooLarge {
            what: words("bytes", "位元組"),
            found: bytes.len(),
            max: TABLE_BYTES_MAX,
        });
    }
    let line_of = |offset: usize| 1 + bytes.iter().take(offset).filter(|b| **b == b'\n').count();
    if let Some(offset) = bytes.iter().position(|b| *b == 0) {
        return Err(TableError::Binary { line: line_of(offset) });
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|e| TableError::NotUtf8 { line: line_of(e.valid_up_to()), offset: e.valid_up_to() })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() { Err(TableError::Empty) } else { Ok(text) }
}

/// The delimiter that occurs most in the first line that is not blank, outside quotes.
fn sniff_delimiter(text: &str) -> char {
    let line = text.lines().find(|l| !l.trim().is_empty()).unwrap_or("");
    let mut quoted = false;
    let (mut semicolons, mut tabs) = (0, 0);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ';' if !quoted => semicolons += 1,
            '\t' if !quoted => tabs += 1,
            _ => {}
        }
    }
    if semicolons > 0 && semicolons >= tabs {
        ';'
    } else if tabs > 0 {
        '\t'
    } else {
        ','
    }
}

fn read_header(record: &csv::StringRecord) -> Result<Vec<Column>, TableError> {
    if record.len() > TABLE_COLUMNS_MAX {
        return Err(TableError::TooLarge {
            what: words("columns", "欄"),
            found: record.len(),
            max: TABLE_COLUMNS_MAX,
        });
    }
    let mut columns: Vec<Column> = Vec::new();
    for cell in record {
        let (_, unit) = split_unit(cell);
        let column = Column { name: shorten(cell), key: column_key(cell), unit };
        if !column.key.is_empty() && columns.iter().any(|c| c.name.eq_ignore_ascii_case(&column.name)) {
            return Err(TableError::ColumnTwice(column.name));
        }
        columns.push(column);
    }
    Ok(columns)
}

fn read_row(record: &csv::StringRecord, line: usize, width: usize) -> Result<Row, TableError> {
    let mut cells: Vec<String> = record.iter().map(str::to_string).collect();
    // Spreadsheets add empty cells at the end of a row; only those may differ from the header.
    while cells.len() > width && cells.last().is_some_and(String::is_empty) {
        cells.pop();
    }
    if cells.len() != width {
        return Err(TableError::FieldCount { line, found: cells.len(), expected: width });
    }
    Ok(Row { line, cells })
}

/// Splits `dose (ng/mL)`, `conc [µg/mL]` into name and unit.
fn split_unit(cell: &str) -> (&str, Option<String>) {
    for (open, close) in [('(', ')'), ('[', ']'), ('（', '）')] {
        if let (Some(start), Some(end)) = (cell.find(open), cell.rfind(close))
            && start < end
        {
            let name = cell.get(..start).unwrap_or(cell).trim();
            let unit = cell.get(start + open.len_utf8()..end).unwrap_or("").trim();
            return (name, (!unit.is_empty()).then(|| shorten(unit)));
        }
    }
    (cell, None)
}

/// Lower case, letters and digits only, unit left out.
fn column_key(cell: &str) -> String {
    split_unit(cell).0.to_lowercase().chars().filter(|c| c.is_alphanumeric()).take(200).collect()
}

/// Cells quoted in messages are cut, so that a hostile cell does not fill the log.
fn shorten(cell: &str) -> String {
    if cell.chars().count() > 80 { cell.chars().take(79).chain(['…']).collect() } else { cell.to_string() }
}
