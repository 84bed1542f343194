//! The header of a long table: which column is which, in English or Chinese, whatever its case and
//! spacing. Knows no row.

use std::borrow::Cow;

/// A column the reader knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// About whom.
    Patient,
    /// When it happened.
    Time,
    /// What: a code or a name of the catalogue.
    What,
    /// The value.
    Value,
    /// Its unit.
    Unit,
    /// Until when.
    Until,
    /// Route of a drug.
    Route,
    /// A remark.
    Note,
    /// When it was recorded.
    Recorded,
    /// By whom it was recorded.
    RecordedBy,
    /// The cause a clinician gave.
    Cause,
}

/// Every column: the name it is written with, and the other names it is known by.
const COLUMNS: [(Column, &str, &[&str]); 11] = [
    (Column::Patient, "patient", &["patientid", "subject", "病人", "病患", "患者", "病人編號", "病人代碼"]),
    (Column::Time, "time", &["datetime", "when", "timestamp", "時間", "日期", "日期時間"]),
    (Column::What, "what", &["item", "concept", "項目", "名稱"]),
    (Column::Value, "value", &["result", "數值", "值", "結果"]),
    (Column::Unit, "unit", &["units", "單位"]),
    (Column::Until, "until", &["end", "至", "結束", "結束時間"]),
    (Column::Route, "route", &["途徑", "給藥途徑"]),
    (Column::Note, "note", &["notes", "comment", "remark", "備註", "註記"]),
    (Column::Recorded, "recorded", &["recordedat", "recordedtime", "記錄時間", "紀錄時間", "登錄時間"]),
    (Column::RecordedBy, "recorded by", &["recordedby", "記錄者", "紀錄者"]),
    (Column::Cause, "cause", &["attributedto", "attribution", "歸因", "原因"]),
];

/// The columns without which no row can be read.
pub const REQUIRED: [Column; 3] = [Column::Patient, Column::Time, Column::What];

impl Column {
    /// The name it is written with.
    pub fn name(self) -> &'static str {
        COLUMNS.iter().find(|(column, ..)| *column == self).map_or("", |(_, name, _)| name)
    }

    /// The column a header cell names.
    pub fn of(cell: &str) -> Option<Column> {
        let folded: String = cell
            .trim()
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '\u{feff}'))
            .flat_map(char::to_lowercase)
            .collect();
        COLUMNS
            .iter()
            .find(|(_, name, others)| name.replace(' ', "") == folded || others.contains(&folded.as_str()))
            .map(|(column, ..)| *column)
    }
}

/// Where each column stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    places: [Option<usize>; COLUMNS.len()],
    /// How many columns there are.
    pub width: usize,
    /// Columns the reader does not know, as written.
    pub extra: Vec<String>,
}

/// Why a header cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderError {
    /// Columns no row can do without.
    Missing(Vec<&'static str>),
    /// Two columns for one thing.
    Repeated(String),
}

impl Header {
    /// Reads the header's cells.
    ///
    /// # Errors
    /// A required column is missing, or one is there twice.
    pub fn read(cells: &[Cow<'_, str>]) -> Result<Header, HeaderError> {
        let mut header = Header { places: [None; COLUMNS.len()], width: cells.len(), extra: Vec::new() };
        for (index, cell) in cells.iter().enumerate() {
            match Column::of(cell) {
                Some(column) => match header.places.get_mut(column as usize) {
                    Some(place @ None) => *place = Some(index),
                    _ => return Err(HeaderError::Repeated(cell.trim().to_owned())),
                },
                None if cell.trim().is_empty() => {}
                None => header.extra.push(cell.trim().to_owned()),
            }
        }
        let missing: Vec<&'static str> =
            REQUIRED.iter().filter(|column| header.place(**column).is_none()).map(|c| c.name()).collect();
        if missing.is_empty() { Ok(header) } else { Err(HeaderError::Missing(missing)) }
    }

    fn place(&self, column: Column) -> Option<usize> {
        self.places.get(column as usize).copied().flatten()
    }

    /// The trimmed text of one column in a record; empty where it has none.
    pub fn get<'r>(&self, record: &'r [Cow<'_, str>], column: Column) -> &'r str {
        self.place(column).and_then(|place| record.get(place)).map_or("", |text| text.trim())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn cells(line: &'static str) -> Vec<Cow<'static, str>> {
        line.split(',').map(Cow::Borrowed).collect()
    }

    #[test]
    fn names_are_known_in_both_languages_and_any_case() {
        let english =
            Header::read(&cells("Patient, TIME ,What,value,Unit,until,ROUTE,note,Recorded")).unwrap();
        let chinese = Header::read(&cells("病人,時間,項目,數值,單位,至,途徑,備註,記錄時間")).unwrap();
        assert_eq!(english, chinese);
        assert!(english.extra.is_empty());
    }

    #[test]
    fn what_is_missing_twice_or_unknown_is_named() {
        assert_eq!(
            Header::read(&cells("patient,value,when happened")),
            Err(HeaderError::Missing(vec!["time", "what"]))
        );
        assert_eq!(
            Header::read(&cells("patient,time,what,病人")),
            Err(HeaderError::Repeated("病人".to_owned()))
        );
        assert_eq!(Header::read(&cells("patient,time,what,ward")).unwrap().extra, vec!["ward"]);
    }

    #[test]
    fn each_column_stands_at_its_own_place() {
        for (index, (column, name, _)) in COLUMNS.iter().enumerate() {
            assert_eq!(*column as usize, index);
            assert_eq!(Column::of(name), Some(*column));
        }
    }
}
