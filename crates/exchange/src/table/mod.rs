//! The long table: `patient,time,what,value,unit,until,route,note`, optionally `recorded`,
//! `recorded by`, `cause`; as a laboratory system or a spreadsheet exports it.
//!
//! The file is read once to find each patient's rows (it need not be sorted); facts are made patient
//! by patient when asked, so 100,000 patients never stand in memory together. Knows no grading.

mod header;
mod row;
mod split;

use crate::{
    encoding::{self, Encoding, EncodingError},
    identity::Identity,
    report::{Problem, ReadReport},
    settle::settle,
    trouble::Trouble,
    value::suggestions,
};
pub use header::Column;
use header::{Header, HeaderError};
use jiff::Timestamp;
use rayon::prelude::*;
use row::RowReader;
use split::{Records, UnclosedQuote, separator_of};
use std::{borrow::Cow, collections::HashMap, sync::Arc};
use vena_base::{Chart, Lang, Origin, Zone};
use vena_knowledge::Knowledge;

/// How a table is read.
#[derive(Debug, Clone)]
pub struct TableOptions {
    /// Where times without offset are read and days are counted; `None`: times need an offset, and
    /// days are counted in the offset of the infusion.
    pub zone: Option<Zone>,
    /// What lies after it is in the future.
    pub now: Timestamp,
    /// The file's encoding.
    pub encoding: Encoding,
}

impl TableOptions {
    /// Options with everything but now left to the file.
    pub fn at(now: Timestamp) -> TableOptions {
        TableOptions { zone: None, now, encoding: Encoding::Detect }
    }
}

/// Why a file cannot be read as a table at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// Not text.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// No header line.
    #[error("the table is empty")]
    Empty,
    /// Columns no row can do without.
    #[error("the table has no column {}", .missing.join(", "))]
    MissingColumns {
        /// Their names.
        missing: Vec<&'static str>,
        /// The columns found.
        found: Vec<String>,
    },
    /// Two columns for one thing.
    #[error("line 1: the column “{0}” is there twice")]
    RepeatedColumn(String),
    /// A quote that opens and never closes: what follows cannot be told apart.
    #[error("the quote opened on line {line} never closes")]
    UnclosedQuote {
        /// The line, from 1.
        line: u64,
    },
}

impl TableError {
    /// The reason in one language.
    pub fn message(&self, lang: Lang) -> String {
        match (self, lang) {
            (TableError::Encoding(error), lang) => error.message(lang),
            (TableError::MissingColumns { missing, found }, Lang::En) => format!(
                "line 1: the table has no column {}; it has: {}. It needs patient, time and what",
                missing.join(", "),
                found.join(", ")
            ),
            (TableError::MissingColumns { missing, found }, Lang::ZhTw) => format!(
                "第 1 列：缺少欄位 {}；現有欄位：{}。必須有 patient（病人）、time（時間）、what（項目）",
                missing.join("、"),
                found.join("、")
            ),
            (error, Lang::En) => error.to_string(),
            (TableError::Empty, Lang::ZhTw) => "表格是空的".to_owned(),
            (TableError::RepeatedColumn(name), Lang::ZhTw) => format!("第 1 列：欄位「{name}」重複"),
            (TableError::UnclosedQuote { line }, Lang::ZhTw) => {
                format!("第 {line} 列開始的引號沒有結束")
            }
        }
    }
}

/// One patient's chart and what there was to say about their rows.
#[derive(Debug, Clone)]
pub struct ChartRead {
    /// The chart.
    pub chart: Chart,
    /// Who it is, where the source says so (a FHIR Patient).
    pub identity: Option<Box<Identity>>,
    /// What was refused, withheld or noticed.
    pub report: ReadReport,
}

/// Consecutive rows of one patient.
#[derive(Debug, Clone, Copy)]
struct Run {
    patient: u32,
    rows: u32,
    offset: usize,
    line: u64,
}

/// A table whose patients are known and whose facts are made when asked.
pub struct TableFile<'a> {
    text: Cow<'a, str>,
    separator: u8,
    header: Header,
    patients: Vec<Arc<str>>,
    /// All runs, by patient, then place.
    runs: Vec<Run>,
    /// Where each patient's runs begin in `runs`, and one past the last.
    starts: Vec<usize>,
    options: TableOptions,
    knowledge: &'a Knowledge,
    report: ReadReport,
}

impl std::fmt::Debug for TableFile<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableFile").field("patients", &self.patients.len()).finish_non_exhaustive()
    }
}

/// Reads a table's header and finds each patient's rows.
///
/// # Errors
/// The file is not a table that can be read, with the line where that shows.
pub fn read<'a>(
    bytes: &'a [u8],
    options: &TableOptions,
    knowledge: &'a Knowledge,
) -> Result<TableFile<'a>, TableError> {
    let text = encoding::decode(bytes, options.encoding, has_chinese_header)?;
    let separator = separator_of(&text);
    let mut report = ReadReport::default();
    let (header, index) = {
        let mut records = Records::new(&text, separator);
        let mut cells = Vec::new();
        if !next(&mut records, &mut cells)? {
            return Err(TableError::Empty);
        }
        let header = Header::read(&cells).map_err(|error| match error {
            HeaderError::Missing(missing) => TableError::MissingColumns {
                missing,
                found: cells.iter().map(|c| c.trim().chars().take(60).collect()).collect(),
            },
            HeaderError::Repeated(name) => TableError::RepeatedColumn(name),
        })?;
        let index = index(&mut records, &header, &mut report)?;
        (header, index)
    };
    report.extra_columns = header.extra.clone();
    let (patients, runs, starts) = index;
    Ok(TableFile {
        text,
        separator,
        header,
        patients,
        runs,
        starts,
        options: options.clone(),
        knowledge,
        report,
    })
}

fn next<'t>(records: &mut Records<'t>, cells: &mut Vec<Cow<'t, str>>) -> Result<bool, TableError> {
    records.next_into(cells).map_err(|UnclosedQuote { line }| TableError::UnclosedQuote { line })
}

/// A text decoded as Big5 can be nothing else when it names the required columns in Chinese.
fn has_chinese_header(text: &str) -> bool {
    let mut cells = Vec::new();
    let read = Records::new(text, separator_of(text)).next_into(&mut cells);
    read == Ok(true) && Header::read(&cells).is_ok() && cells.iter().any(|cell| !cell.is_ascii())
}

type Index = (Vec<Arc<str>>, Vec<Run>, Vec<usize>);

fn index(records: &mut Records<'_>, header: &Header, report: &mut ReadReport) -> Result<Index, TableError> {
    let mut numbers: HashMap<Arc<str>, u32> = HashMap::new();
    let mut patients: Vec<Arc<str>> = Vec::new();
    let mut runs: Vec<Run> = Vec::new();
    let mut cells = Vec::new();
    let mut current: Option<(Arc<str>, u32)> = None;
    loop {
        let (offset, line) = records.begin();
        if !next(records, &mut cells)? {
            break;
        }
        report.items += 1;
        let name = header.get(&cells, Column::Patient);
        if name.is_empty() {
            if cells.iter().all(|cell| cell.trim().is_empty()) {
                // A spreadsheet's empty line, written with its separators.
                report.items -= 1;
            } else {
                let trouble = Trouble::MissingField { column: "patient" };
                report.add(Problem { place: Origin::Line(line), file: None, patient: None, trouble });
            }
            current = None;
            continue;
        }
        let same = current.as_ref().filter(|(last, _)| **last == *name).map(|(_, number)| *number);
        if let (Some(_), Some(run)) = (same, runs.last_mut())
            && run.rows < u32::MAX
        {
            run.rows += 1;
            continue;
        }
        let number = match numbers.get_key_value(name) {
            Some((known, number)) => {
                current = Some((Arc::clone(known), *number));
                *number
            }
            None => {
                let number = u32::try_from(patients.len()).unwrap_or(u32::MAX);
                let name: Arc<str> = Arc::from(name);
                patients.push(Arc::clone(&name));
                numbers.insert(Arc::clone(&name), number);
                current = Some((name, number));
                number
            }
        };
        runs.push(Run { patient: number, rows: 1, offset, line });
    }
    runs.sort_unstable_by_key(|run| (run.patient, run.offset));
    let mut starts = vec![0; patients.len() + 1];
    for run in &runs {
        if let Some(count) = starts.get_mut(run.patient as usize + 1) {
            *count += 1;
        }
    }
    let mut sum = 0;
    for start in &mut starts {
        sum += *start;
        *start = sum;
    }
    Ok((patients, runs, starts))
}

impl TableFile<'_> {
    /// How many patients the file has.
    pub fn len(&self) -> usize {
        self.patients.len()
    }

    /// Whether the file has no patient.
    pub fn is_empty(&self) -> bool {
        self.patients.is_empty()
    }

    /// The patients, in the order of their first row.
    pub fn patients(&self) -> impl ExactSizeIterator<Item = &str> {
        self.patients.iter().map(AsRef::as_ref)
    }

    /// What there was to say about the file before any patient's rows were read: how many rows, rows
    /// without patient, columns not read.
    pub fn report(&self) -> &ReadReport {
        &self.report
    }

    /// The chart of the patient with this place in [`TableFile::patients`]; `None` beyond the last.
    pub fn chart(&self, patient: usize) -> Option<ChartRead> {
        let name = self.patients.get(patient)?;
        let runs = self.runs.get(*self.starts.get(patient)?..*self.starts.get(patient + 1)?)?;
        let catalogue = &self.knowledge.catalogue;
        let mut reader = RowReader::new(&self.header, catalogue, self.options.zone.as_ref());
        let mut report = ReadReport::default();
        let mut drafts = Vec::new();
        let mut cells = Vec::new();
        for run in runs {
            let mut records = Records::at(&self.text, self.separator, run.offset, run.line);
            for _ in 0..run.rows {
                let (_, line) = records.begin();
                if records.next_into(&mut cells) != Ok(true) {
                    break;
                }
                let mut say = |trouble| {
                    let patient = Some(Arc::clone(name));
                    report.add(Problem { place: Origin::Line(line), file: None, patient, trouble });
                };
                if cells.len() > self.header.width
                    && cells.iter().skip(self.header.width).any(|cell| !cell.trim().is_empty())
                {
                    say(Trouble::TooManyFields { found: cells.len(), expected: self.header.width });
                }
                match reader.read(&cells, line) {
                    Ok(read) => {
                        drafts.push(read.draft);
                        drafts.extend(read.also);
                        read.noticed.into_iter().for_each(say);
                    }
                    Err(Trouble::UnknownWhat { what }) => {
                        say(Trouble::UnknownWhat { what: what.clone() });
                        report.unknown(
                            "what",
                            &what,
                            || Origin::Line(line),
                            None,
                            || suggestions(catalogue, &what),
                        );
                    }
                    Err(trouble) => say(trouble),
                }
            }
        }
        let chart =
            settle(name, drafts, self.options.zone.as_ref(), self.options.now, catalogue, &mut report);
        Some(ChartRead { chart, identity: None, report })
    }

    /// Makes every chart on all cores, works on it there, and hands the results over in the order of
    /// the patients. Only a few hundred charts exist at a time.
    pub fn for_each_in_order<T: Send>(
        &self,
        work: impl Fn(usize, ChartRead) -> T + Sync,
        mut take: impl FnMut(usize, T),
    ) {
        const AT_A_TIME: usize = 512;
        let mut first = 0;
        while first < self.len() {
            let last = (first + AT_A_TIME).min(self.len());
            let done: Vec<Option<T>> = (first..last)
                .into_par_iter()
                .map(|patient| self.chart(patient).map(|read| work(patient, read)))
                .collect();
            for (patient, result) in (first..last).zip(done) {
                if let Some(result) = result {
                    take(patient, result);
                }
            }
            first = last;
        }
    }

    /// All charts at once, for files that are small enough.
    pub fn load(&self) -> crate::Loaded {
        let mut report = self.report.clone();
        let mut charts = Vec::with_capacity(self.len());
        self.for_each_in_order(
            |_, read| read,
            |_, read| {
                charts.push(read.chart);
                report.merge(read.report);
            },
        );
        crate::Loaded { charts, people: HashMap::new(), report }
    }
}
