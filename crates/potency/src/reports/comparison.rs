//! A growth-based or rapid method against the compendial one, from a table of results: McNemar exact
//! and mid-p, equivalence and non-inferiority against margins, shares detected with intervals, level
//! by level. Knows results and margins, not methods.

use serde::{Deserialize, Serialize};
use vena_base::{Lang, Text};

use super::rows::{self, Rows, RowsError};
use super::sheet::{AxisOf, Level, Points, Sheet};
use crate::as_written;
use crate::comparison::{MethodComparison, PairedCounts, compare_independent, compare_paired};
use crate::limits::{LimitError, clopper_pearson};
use crate::messages::speaks;
use crate::method::{METHOD_COMPARISON, Method, MethodError, MethodReference, Outcome, Verdict, sha256_hex};
use crate::report::Flag;
use crate::table::Row;
use crate::words::{Words, words};

const ALTERNATIVE: Words = words("result of the alternative method", "替代方法之結果");
const COMPENDIAL: Words = words("result of the compendial method", "藥典方法之結果");
const METHOD: Words = words("method", "方法");
const RESULT: Words = words("result", "結果");
const COUNT: Words = words("number of samples", "檢品數");
const LEVEL: Words = words("level", "含量");
/// Most samples in all. A working limit: above it the exact tests lose digits.
pub const SAMPLES_MAX: u64 = 1_000_000;

/// How two methods are compared.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ComparisonOptions {
    /// Largest allowed difference of the shares detected; the method file's when left out. State it
    /// in the validation plan before the first result.
    pub margin: Option<f64>,
    /// Another method file in place of the embedded one.
    pub method_toml: Option<String>,
}

/// Why a comparison gives no report.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ComparisonError {
    /// The table.
    #[error(transparent)]
    Rows(#[from] RowsError),
    /// The method file.
    #[error(transparent)]
    Method(#[from] MethodError),
    /// A margin or a count.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// One of the methods has no result.
    #[error("the table has no result of the {} method", .0.en)]
    NoResults(Words),
    /// More samples than the working limit.
    #[error("{found} samples; at most {max} are compared")]
    TooMany {
        /// Found.
        found: u64,
        /// Limit.
        max: u64,
    },
}

speaks!(ComparisonError);

impl ComparisonError {
    fn chinese(&self) -> String {
        match self {
            ComparisonError::Rows(error) => error.chinese(),
            ComparisonError::Method(error) => error.chinese(),
            ComparisonError::Limit(error) => error.chinese(),
            ComparisonError::NoResults(method) => format!("表中沒有{}方法的結果", method.zh_tw),
            ComparisonError::TooMany { found, max } => format!("有 {found} 個檢品；最多比較 {max} 個"),
        }
    }
}

/// Whether the methods saw the same samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Design {
    /// Each sample by both methods.
    Paired,
    /// Each method its own samples.
    Separate,
}

/// Samples found positive by one method at one level.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DetectionRate {
    /// Level, in the unit of its column; `None` where the table has none.
    pub level: Option<f64>,
    /// `alternative` or `compendial`.
    pub method: &'static str,
    /// Positive.
    pub positive: u64,
    /// Tested.
    pub tested: u64,
    /// Share positive.
    pub share: f64,
    /// Clopper-Pearson limits.
    pub low: f64,
    /// Upper one.
    pub high: f64,
}

/// Report of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComparisonReport {
    /// Always `method-comparison`.
    pub kind: &'static str,
    /// Method and program version.
    pub method: MethodReference,
    /// SHA-256 of the bytes read.
    pub input_sha256: String,
    /// How it was analysed.
    pub options: ComparisonOptions,
    /// Same samples or not.
    pub design: Design,
    /// The table of two by two, for paired results.
    pub counts: Option<PairedCounts>,
    /// Tests, differences, intervals.
    pub comparison: MethodComparison,
    /// Shares detected, level by level; the first two are over all levels.
    pub rates: Vec<DetectionRate>,
    /// Unit in the level's header.
    pub level_unit: Option<String>,
    /// What may be said, in a sentence.
    pub conclusion: Text,
    /// Criteria.
    pub suitability: Vec<Verdict>,
    /// Every criterion met.
    pub suitable: bool,
    /// What a reader must know.
    pub flags: Vec<Flag>,
}

/// One line of the table: how many samples, at which level, with which results.
struct Entry {
    count: u64,
    level: Option<f64>,
    alternative: Option<bool>,
    compendial: Option<bool>,
}

impl PairedCounts {
    /// The table that [`analyse_comparison`] reads, for results typed into a form.
    pub fn to_csv(&self) -> String {
        format!(
            "alternative,compendial,count\npositive,positive,{}\npositive,negative,{}\nnegative,positive,{}\nnegative,negative,{}\n",
            self.both, self.only_alternative, self.only_compendial, self.neither
        )
    }
}

/// Compares two methods.
///
/// Paired: columns `alternative` and `compendial` (positive, negative), `count` (1 when left out, so a
/// two-by-two table is four rows), `level`, `sample`, `excluded`. Separate samples: `method`
/// (alternative, compendial) and `result` in place of the two.
///
/// # Errors
/// [`ComparisonError`] with the line.
pub fn analyse_comparison(
    csv_bytes: &[u8],
    options: &ComparisonOptions,
) -> Result<ComparisonReport, ComparisonError> {
    let method = Method::parse(options.method_toml.as_deref().unwrap_or(METHOD_COMPARISON))?;
    let mut rows = Rows::read(csv_bytes)?;
    let level_unit = level_column(&rows)?.and_then(|c| rows.table.unit(c));
    let (design, entries) = read_entries(&mut rows)?;
    let total = entries.iter().fold(0u64, |sum, e| sum.saturating_add(e.count));
    if total > SAMPLES_MAX {
        return Err(ComparisonError::TooMany { found: total, max: SAMPLES_MAX });
    }
    let level = method.number("confidence-level")?;
    let equivalence_level = method.number("equivalence-confidence-level")?;
    let margin = match options.margin {
        Some(margin) => margin,
        None => method.number("non-inferiority-margin")?,
    };
    let alternative = tally(&entries, |e| e.alternative);
    let compendial = tally(&entries, |e| e.compendial);
    for (count, name) in [(alternative, ALTERNATIVE_NAME), (compendial, COMPENDIAL_NAME)] {
        if count.1 == 0 {
            return Err(ComparisonError::NoResults(name));
        }
    }
    let counts = (design == Design::Paired).then(|| paired(&entries));
    let comparison = match &counts {
        Some(counts) => compare_paired(counts, margin, equivalence_level, level)?,
        None => compare_independent(alternative, compendial, margin, equivalence_level, level)?,
    };
    let suitability =
        method.judge(SUBJECT.en, &[("samples-compared", Some(alternative.1.min(compendial.1) as f64))]);
    let mut flags = rows.flags();
    if options.margin.is_none() {
        let percent = as_written(100.0 * margin, 3);
        flags.push(Flag::new(
            "margin-of-the-method-file",
            format!("the margin of {percent} % is the method file's; a validation plan states its own"),
            format!("界限 {percent} % 取自方法檔；確效計畫應自訂"),
        ));
    }
    Ok(ComparisonReport {
        kind: "method-comparison",
        method: method.reference.clone(),
        input_sha256: sha256_hex(csv_bytes),
        options: options.clone(),
        design,
        counts,
        conclusion: conclusion(&comparison),
        comparison,
        rates: rates(&entries, level)?,
        level_unit,
        suitable: !suitability.is_empty() && suitability.iter().all(|v| v.outcome == Outcome::Met),
        suitability,
        flags,
    })
}

const ALTERNATIVE_NAME: Words = words("alternative", "替代");
const COMPENDIAL_NAME: Words = words("compendial", "藥典");
const SUBJECT: Words = words("comparison", "比較");

fn conclusion(c: &MethodComparison) -> Text {
    let (low, high) = (c.difference_interval.0 * 100.0, c.difference_interval.1 * 100.0);
    let margin = c.margin * 100.0;
    let (en, zh_tw) = if c.equivalent {
        ("equivalent", "相等")
    } else if c.non_inferior {
        ("not inferior (equivalence is not shown)", "不劣於（未能證明相等）")
    } else {
        ("non-inferiority is not shown; this does not show a difference", "未能證明不劣性；並不表示有差異")
    };
    Text::new(
        format!(
            "alternative less compendial: {:.1} % ({low:.1} to {high:.1} %), margin {margin:.1} %: {en}",
            c.difference * 100.0
        ),
        format!(
            "替代減藥典：{:.1} %（{low:.1} 至 {high:.1} %），界限 {margin:.1} %：{zh_tw}",
            c.difference * 100.0
        ),
    )
}

fn tally(entries: &[Entry], result: impl Fn(&Entry) -> Option<bool>) -> (u64, u64) {
    entries.iter().fold((0, 0), |(positive, tested), e| match result(e) {
        Some(true) => (positive + e.count, tested + e.count),
        Some(false) => (positive, tested + e.count),
        None => (positive, tested),
    })
}

fn paired(entries: &[Entry]) -> PairedCounts {
    let of = |alternative: bool, compendial: bool| {
        entries
            .iter()
            .filter(|e| e.alternative == Some(alternative) && e.compendial == Some(compendial))
            .map(|e| e.count)
            .sum()
    };
    PairedCounts {
        both: of(true, true),
        only_alternative: of(true, false),
        only_compendial: of(false, true),
        neither: of(false, false),
    }
}

fn rates(entries: &[Entry], confidence_level: f64) -> Result<Vec<DetectionRate>, LimitError> {
    let mut levels: Vec<f64> = entries.iter().filter_map(|e| e.level).collect();
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    let mut found = Vec::new();
    for level in std::iter::once(None).chain(levels.into_iter().map(Some)) {
        for name in ["alternative", "compendial"] {
            let result = |e: &Entry| if name == "alternative" { e.alternative } else { e.compendial };
            let at_level = |e: &Entry| if level.is_none() || e.level == level { result(e) } else { None };
            let (positive, tested) = tally(entries, at_level);
            if tested == 0 {
                continue;
            }
            let (low, high) = clopper_pearson(positive, tested, confidence_level)?;
            let share = positive as f64 / tested as f64;
            found.push(DetectionRate { level, method: name, positive, tested, share, low, high });
        }
    }
    Ok(found)
}

fn level_column(rows: &Rows) -> Result<Option<usize>, RowsError> {
    Ok(rows.table.find(LEVEL, &["level", "cfu", "inoculum", "spike", "amount", "含量", "接種量"])?)
}

fn read_entries(rows: &mut Rows) -> Result<(Design, Vec<Entry>), RowsError> {
    let find = |role: Words, names: &[&str]| rows.table.find(role, names);
    let alternative =
        find(ALTERNATIVE, &["alternative", "alternativeresult", "rapid", "new", "替代方法", "替代"])?;
    let compendial =
        find(COMPENDIAL, &["compendial", "compendialresult", "pharmacopoeia", "藥典方法", "藥典"])?;
    let count = find(COUNT, &["count", "n", "number", "samples", "件數", "樣品數"])?;
    let level = level_column(rows)?;
    let columns = match (alternative, compendial) {
        (Some(a), Some(c)) => (Design::Paired, a, c),
        (Some(_), None) => {
            let c = rows.column(COMPENDIAL, &["compendial"], "compendial")?;
            (Design::Paired, c, c)
        }
        _ => (
            Design::Separate,
            rows.column(METHOD, &["method", "方法"], "alternative and compendial, or method and result")?,
            rows.column(RESULT, &["result", "outcome", "結果"], "result")?,
        ),
    };
    let mut entries = Vec::new();
    for (row, _) in rows.take()? {
        let level = level.map(|c| rows.table.number(&row, c)).transpose()?.flatten();
        let samples = rows.whole(&row, count, COUNT)?;
        let (first, second) = match columns.0 {
            Design::Paired => (read_result(rows, &row, columns.1)?, read_result(rows, &row, columns.2)?),
            Design::Separate => {
                let result = read_result(rows, &row, columns.2)?;
                let is_alternative = read_method(rows, &row, columns.1)?;
                if is_alternative { (result, None) } else { (None, result) }
            }
        };
        let complete = match columns.0 {
            Design::Paired => first.is_some() && second.is_some(),
            Design::Separate => first.is_some() || second.is_some(),
        };
        // A count column with an empty cell says nothing, so the row is none.
        if !complete || (count.is_some() && samples.is_none()) {
            rows.missing_lines.push(row.line);
            continue;
        }
        entries.push(Entry { count: samples.unwrap_or(1), level, alternative: first, compendial: second });
    }
    if entries.iter().all(|e| e.count == 0) {
        return Err(RowsError::NothingUsable);
    }
    Ok((columns.0, entries))
}

fn read_result(rows: &Rows, row: &Row, column: usize) -> Result<Option<bool>, RowsError> {
    let cell = rows.table.text(row, column);
    match cell.trim().to_lowercase().as_str() {
        "" | "na" | "n/a" => Ok(None),
        "positive" | "pos" | "+" | "1" | "yes" | "growth" | "detected" | "陽性" | "檢出" => {
            Ok(Some(true))
        }
        "negative" | "neg" | "-" | "−" | "0" | "no" | "no growth" | "not detected" | "陰性" | "未檢出" => {
            Ok(Some(false))
        }
        _ => Err(RowsError::NotUnderstood {
            line: row.line,
            role: RESULT,
            cell: cell.chars().take(40).collect(),
            known: "positive, negative",
        }),
    }
}

/// Whether the row is the alternative method's.
fn read_method(rows: &Rows, row: &Row, column: usize) -> Result<bool, RowsError> {
    let cell = rows.table.text(row, column);
    match rows::plain(cell).as_str() {
        "alternative" | "rapid" | "new" | "替代" | "替代方法" => Ok(true),
        "compendial" | "pharmacopoeia" | "reference" | "藥典" | "藥典方法" => Ok(false),
        _ => Err(RowsError::NotUnderstood {
            line: row.line,
            role: METHOD,
            cell: cell.chars().take(40).collect(),
            known: "alternative, compendial",
        }),
    }
}

/// The difference with its interval between the margins, and the shares detected.
pub fn comparison_svg(report: &ComparisonReport, lang: Lang) -> String {
    let c = &report.comparison;
    let percent = |x: f64| x * 100.0;
    let margin = |at: f64| Level { at, upright: true, label: Text::new("margin", "界限") };
    Sheet {
        title: Text::new("Alternative less compendial", "替代方法減藥典方法"),
        x: AxisOf {
            label: Text::new("share detected, or difference, %", "檢出比例或差異（%）"),
            ..AxisOf::default()
        },
        y: AxisOf {
            names: vec![
                (3.0, Text::new("alternative", "替代")),
                (2.0, Text::new("compendial", "藥典")),
                (1.0, Text::new("difference", "差異")),
            ],
            ..AxisOf::default()
        },
        sets: vec![Points {
            name: Text::default(),
            points: vec![
                (percent(c.alternative.0), 3.0),
                (percent(c.compendial.0), 2.0),
                (percent(c.difference), 1.0),
            ],
        }],
        lines: Vec::new(),
        intervals: vec![
            (3.0, percent(c.alternative.1), percent(c.alternative.2)),
            (2.0, percent(c.compendial.1), percent(c.compendial.2)),
            (1.0, percent(c.difference_interval.0), percent(c.difference_interval.1)),
        ],
        levels: vec![margin(percent(-c.margin)), margin(percent(c.margin))],
    }
    .draw(lang)
}
