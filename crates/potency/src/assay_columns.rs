//! Which column of a dose-response table is the dose, the response, the preparation … by the words
//! laboratories use. Knows headers, not what the rows are used for.

use crate::assay_table::{ColumnChoice, DoseScale};
use crate::table::{Table, TableError};
use crate::words::{Words, words};

const DOSE: &[&str] = &["dose", "doses", "conc", "concentration", "x", "劑量", "濃度"];
const LOG10_DOSE: &[&str] =
    &["logdose", "log10dose", "logconc", "log10conc", "log10concentration", "logconcentration"];
const LN_DOSE: &[&str] = &["lndose", "lnconc", "lnconcentration"];
const RESPONSE: &[&str] = &[
    "response",
    "signal",
    "readout",
    "y",
    "value",
    "od",
    "absorbance",
    "rlu",
    "rfu",
    "mfi",
    "fluorescence",
    "luminescence",
    "result",
    "measurement",
    "反應",
    "反應值",
    "訊號",
    "讀值",
];
const PREPARATION: &[&str] = &[
    "sample",
    "samplename",
    "sampleid",
    "preparation",
    "curve",
    "curveid",
    "product",
    "treatment",
    "material",
    "檢品",
    "樣品",
    "製劑",
    "曲線",
];
const RUN: &[&str] = &["run", "assay", "assayid", "experiment", "occasion", "試驗"];
const PLATE: &[&str] = &["plate", "plateid", "板", "孔盤"];
const BLOCK: &[&str] = &["block", "blockid", "區集"];
const WELL: &[&str] = &["well", "wellid", "position", "孔", "孔位"];
const WEIGHT: &[&str] = &["weights", "fitweight", "fitweights"];
const EXCLUDED: &[&str] = &["excluded", "exclude", "masked", "排除"];
/// Columns that are never dose or response although they hold numbers.
const BESIDE: &[&str] = &[
    "replicate",
    "rep",
    "row",
    "col",
    "column",
    "id",
    "index",
    "no",
    "number",
    "day",
    "date",
    "comment",
    "note",
    "operator",
    "重複",
];

/// Columns of a dose-response table by what they hold.
pub(crate) struct Found {
    pub(crate) dose: usize,
    pub(crate) scale: DoseScale,
    pub(crate) response: usize,
    pub(crate) preparation: Option<usize>,
    pub(crate) run: Option<usize>,
    pub(crate) plate: Option<usize>,
    pub(crate) block: Option<usize>,
    pub(crate) well: Option<usize>,
    pub(crate) weight: Option<usize>,
    pub(crate) excluded: Option<usize>,
}

fn chosen(table: &Table, name: &Option<String>) -> Result<Option<usize>, TableError> {
    name.as_ref().map(|n| table.column_named(n)).transpose()
}

fn key(table: &Table, column: usize) -> &str {
    table.columns.get(column).map_or("", |c| c.key.as_str())
}

/// Finds the columns, by choice, by name, or because nothing else is left.
pub(crate) fn find_columns(table: &Table, choice: &ColumnChoice) -> Result<Found, TableError> {
    let excluded = table.find(words("exclusion mark", "排除標示"), EXCLUDED)?;
    let plate = table.find(words("plate", "孔盤"), PLATE)?;
    let well = table.find(words("well", "孔位"), WELL)?;
    let block = table.find(words("block", "區集"), BLOCK)?;
    let run = match chosen(table, &choice.run)? {
        Some(c) => Some(c),
        None => table.find(words("assay run", "試驗批次"), RUN)?,
    };
    let weight = match chosen(table, &choice.weight)? {
        Some(c) => Some(c),
        None => table.find(words("weight", "權重"), WEIGHT)?,
    };
    let chosen_dose = chosen(table, &choice.dose)?;
    let chosen_response = chosen(table, &choice.response)?;
    let chosen_preparation = chosen(table, &choice.preparation)?;
    let taken = |c: usize| {
        [excluded, plate, well, block, run, weight, chosen_dose, chosen_response, chosen_preparation]
            .contains(&Some(c))
            || BESIDE.contains(&key(table, c))
    };
    let all: Vec<usize> = (0..table.columns.len()).collect();
    let dose = match chosen_dose {
        Some(c) => c,
        None => {
            let every: Vec<&str> = [DOSE, LOG10_DOSE, LN_DOSE].concat();
            match table.find(words("dose", "劑量"), &every)? {
                Some(c) => c,
                None => one_with_prefix(table, &all, &["dose", "conc"], words("dose", "劑量"), taken)?
                    .ok_or_else(|| TableError::NoColumn {
                        role: words("the dose", "劑量"),
                        header: table.header_text(),
                        examples: "dose or conc",
                    })?,
            }
        }
    };
    let scale = if key(table, dose).starts_with("log") {
        DoseScale::Log10
    } else if key(table, dose).starts_with("ln") {
        DoseScale::NaturalLog
    } else {
        DoseScale::Linear
    };
    let preparation_by_name = match chosen_preparation {
        Some(c) => Some(c),
        None => table.find(words("preparation", "製劑"), PREPARATION)?,
    };
    let response =
        find_response(table, chosen_response, |c| taken(c) || c == dose || Some(c) == preparation_by_name)?;
    let preparation = match preparation_by_name {
        Some(c) => Some(c),
        None => {
            let others: Vec<usize> = all
                .into_iter()
                .filter(|c| *c != dose && *c != response && !taken(*c) && has_words(table, *c))
                .collect();
            match others.as_slice() {
                [] => None,
                [one] => Some(*one),
                several => {
                    return Err(TableError::SeveralColumns {
                        role: words("preparation", "製劑"),
                        candidates: table.names(several),
                    });
                }
            }
        }
    };
    Ok(Found { dose, scale, response, preparation, run, plate, block, well, weight, excluded })
}

fn find_response(
    table: &Table,
    chosen: Option<usize>,
    taken: impl Fn(usize) -> bool,
) -> Result<usize, TableError> {
    if let Some(c) = chosen {
        return Ok(c);
    }
    let all: Vec<usize> = (0..table.columns.len()).collect();
    if let Some(c) = table.find(words("response", "反應值"), RESPONSE)? {
        return Ok(c);
    }
    if let Some(c) = one_with_prefix(
        table,
        &all,
        &["response", "signal", "od4", "absorbance", "rlu", "rfu"],
        words("response", "反應值"),
        &taken,
    )? {
        return Ok(c);
    }
    // The only numbers that are left can only be the response.
    let numeric: Vec<usize> = all.into_iter().filter(|c| !taken(*c) && table.is_numeric(*c)).collect();
    match numeric.as_slice() {
        [one] => Ok(*one),
        [] => Err(TableError::NoColumn {
            role: words("the response", "反應值"),
            header: table.header_text(),
            examples: "response or signal",
        }),
        several => Err(TableError::SeveralColumns {
            role: words("response", "反應值"),
            candidates: table.names(several),
        }),
    }
}

fn one_with_prefix(
    table: &Table,
    columns: &[usize],
    prefixes: &[&str],
    role: Words,
    taken: impl Fn(usize) -> bool,
) -> Result<Option<usize>, TableError> {
    let found: Vec<usize> = columns
        .iter()
        .copied()
        .filter(|c| !taken(*c) && prefixes.iter().any(|p| key(table, *c).starts_with(p)))
        .collect();
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        several => Err(TableError::SeveralColumns { role, candidates: table.names(several) }),
    }
}

fn has_words(table: &Table, column: usize) -> bool {
    !table.is_numeric(column) && table.rows.iter().any(|r| !table.text(r, column).is_empty())
}
