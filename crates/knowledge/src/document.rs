//! Reads TOML so that every fault has its line, and all faults of a file are reported at once.
//! Knows no key by name, only kinds of values.

use crate::problem::{Fault, Place, Problem};
use std::{cell::RefCell, collections::BTreeSet, ops::Range, sync::Arc};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};
use vena_base::{Decimal, Text};

/// One file being read; collects what is wrong with it.
pub(crate) struct Document<'a> {
    file: Arc<str>,
    text: &'a str,
    /// Where each line begins.
    line_starts: Vec<usize>,
    problems: RefCell<Vec<Problem>>,
}

impl<'a> Document<'a> {
    pub(crate) fn new(file: &str, text: &'a str) -> Document<'a> {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect();
        Document { file: Arc::from(file), text, line_starts, problems: RefCell::new(Vec::new()) }
    }

    /// Parses; syntax errors become problems and what could be read is still read.
    pub(crate) fn parse(&self) -> Spanned<DeTable<'a>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let place = self.place(&error.span().unwrap_or(0..0));
            self.report(&place, Fault::Syntax(error.message().to_owned()));
        }
        table
    }

    pub(crate) fn place(&self, span: &Range<usize>) -> Place {
        let at = span.start.min(self.text.len());
        let line = self.line_starts.partition_point(|start| *start <= at);
        let start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = self.text.get(start..at).map_or(1, |row| row.chars().count() + 1);
        Place { file: Arc::clone(&self.file), line, column }
    }

    pub(crate) fn report(&self, place: &Place, fault: Fault) {
        self.problems.borrow_mut().push(place.problem(fault));
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }
}

/// One table of a document. Remembers which keys were read, so that unknown ones are reported.
pub(crate) struct Table<'d, 'a> {
    document: &'d Document<'a>,
    table: &'d DeTable<'a>,
    span: Range<usize>,
    read: RefCell<BTreeSet<String>>,
}

impl<'d, 'a> Table<'d, 'a> {
    pub(crate) fn new(
        document: &'d Document<'a>,
        table: &'d DeTable<'a>,
        span: Range<usize>,
    ) -> Table<'d, 'a> {
        Table { document, table, span, read: RefCell::new(BTreeSet::new()) }
    }

    /// Where the table begins.
    pub(crate) fn place(&self) -> Place {
        self.document.place(&self.span)
    }

    /// Where a key's value stands, or where the table begins.
    pub(crate) fn place_of(&self, key: &str) -> Place {
        self.peek(key).map_or_else(|| self.place(), |value| self.document.place(&value.span()))
    }

    pub(crate) fn report(&self, key: &str, fault: Fault) {
        self.document.report(&self.place_of(key), fault);
    }

    fn peek(&self, key: &str) -> Option<&'d Spanned<DeValue<'a>>> {
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    fn get(&self, key: &str) -> Option<&'d Spanned<DeValue<'a>>> {
        self.read.borrow_mut().insert(key.to_owned());
        self.peek(key)
    }

    fn wrong(&self, key: &str, expected: &'static str, value: &Spanned<DeValue<'a>>) {
        let found = value.get_ref().type_str();
        let fault = Fault::WrongKind { key: key.to_owned(), expected, found };
        self.document.report(&self.document.place(&value.span()), fault);
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.peek(key).is_some()
    }

    /// A text that may be absent but not empty.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::String(text) if text.trim().is_empty() => {
                self.report(key, Fault::Empty(key.to_owned()));
                None
            }
            DeValue::String(text) => Some(text.to_string()),
            _ => {
                self.wrong(key, "a text in quotes", value);
                None
            }
        }
    }

    /// A text that must be there.
    pub(crate) fn needed(&self, key: &str) -> String {
        if !self.has(key) {
            self.read.borrow_mut().insert(key.to_owned());
            self.report(key, Fault::Missing(key.to_owned()));
        }
        self.text(key).unwrap_or_default()
    }

    /// Both languages under `{prefix}en` and `{prefix}zh-TW`; both or neither.
    pub(crate) fn both_languages(&self, prefix: &str) -> Option<Text> {
        let (en, zh) = (format!("{prefix}en"), format!("{prefix}zh-TW"));
        if !self.has(&en) && !self.has(&zh) {
            return None;
        }
        Some(Text::new(self.needed(&en), self.needed(&zh)))
    }

    /// Both languages, which must be there.
    pub(crate) fn needed_languages(&self, prefix: &str) -> Text {
        Text::new(self.needed(&format!("{prefix}en")), self.needed(&format!("{prefix}zh-TW")))
    }

    /// A decimal written as a text, so that its form is kept.
    pub(crate) fn decimal(&self, key: &str) -> Option<Decimal> {
        let text = self.text(key)?;
        match Decimal::parse(&text) {
            Ok(decimal) => Some(decimal),
            Err(error) => {
                self.report(key, Fault::NotANumber(error.to_string()));
                None
            }
        }
    }

    /// Two decimals, the lower first.
    pub(crate) fn pair(&self, key: &str) -> Option<(Decimal, Decimal)> {
        self.has(key).then_some(())?;
        let place = self.place_of(key);
        let mut decimals = Vec::new();
        for text in self.texts(key) {
            match Decimal::parse(&text) {
                Ok(decimal) => decimals.push(decimal),
                Err(error) => self.document.report(&place, Fault::NotANumber(error.to_string())),
            }
        }
        match <[Decimal; 2]>::try_from(decimals) {
            Ok([low, high]) if low <= high => Some((low, high)),
            _ => {
                self.document
                    .report(&place, Fault::Range(format!("“{key}” needs two numbers, the lower first")));
                None
            }
        }
    }

    /// A small whole number (a grade, points).
    pub(crate) fn small(&self, key: &str) -> Option<u8> {
        let value = self.get(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(integer) => integer.as_str().parse().ok(),
            _ => None,
        };
        if number.is_none() {
            self.wrong(key, "a whole number from 0 to 255", value);
        }
        number
    }

    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        let value = self.get(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong(key, "true or false", value);
        }
        flag
    }

    /// A list of texts; absent is empty.
    pub(crate) fn texts(&self, key: &str) -> Vec<String> {
        self.placed_texts(key).into_iter().map(|(text, _)| text).collect()
    }

    /// A list of texts with the place of each.
    pub(crate) fn placed_texts(&self, key: &str) -> Vec<(String, Place)> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(key, "a list of texts", value);
            return Vec::new();
        };
        let mut texts = Vec::new();
        for item in items.iter() {
            match item.get_ref().as_str() {
                Some(text) if !text.trim().is_empty() => {
                    texts.push((text.to_owned(), self.document.place(&item.span())));
                }
                Some(_) => {
                    self.document.report(&self.document.place(&item.span()), Fault::Empty(key.to_owned()))
                }
                None => self.wrong(key, "a list of texts", item),
            }
        }
        texts
    }

    /// A list of tables (`[[key]]` or inline); absent is empty.
    pub(crate) fn tables(&self, key: &str) -> Vec<Table<'d, 'a>> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(key, "a list of tables", value);
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in items.iter() {
            match item.get_ref().as_table() {
                Some(table) => tables.push(Table::new(self.document, table, item.span())),
                None => self.wrong(key, "a list of tables", item),
            }
        }
        tables
    }

    /// A list of rows of texts, with the place of each row; empty cells are allowed.
    pub(crate) fn rows(&self, key: &str) -> Vec<(Vec<String>, Place)> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(key, "a list of rows", value);
            return Vec::new();
        };
        let mut rows = Vec::new();
        for item in items.iter() {
            let cells = item.get_ref().as_array().map(|cells| {
                cells
                    .iter()
                    .map(|cell| cell.get_ref().as_str().map(str::to_owned))
                    .collect::<Option<Vec<_>>>()
            });
            match cells {
                Some(Some(cells)) => rows.push((cells, self.document.place(&item.span()))),
                _ => self.wrong(key, "a list of rows of texts in quotes", item),
            }
        }
        rows
    }

    /// A list of texts of which some may be empty.
    pub(crate) fn cells(&self, key: &str) -> Vec<String> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let cells = value.get_ref().as_array().and_then(|items| {
            items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        });
        if cells.is_none() {
            self.wrong(key, "a list of texts in quotes", value);
        }
        cells.unwrap_or_default()
    }

    /// Every key with its text (a table of digests).
    pub(crate) fn all_texts(&self) -> Vec<(String, String, Place)> {
        let keys: Vec<String> = self.table.keys().map(|key| key.get_ref().to_string()).collect();
        keys.into_iter()
            .filter_map(|key| {
                let place = self.place_of(&key);
                self.text(&key).map(|text| (key, text, place))
            })
            .collect()
    }

    /// A table inside.
    pub(crate) fn table(&self, key: &str) -> Option<Table<'d, 'a>> {
        let value = self.get(key)?;
        match value.get_ref().as_table() {
            Some(table) => Some(Table::new(self.document, table, value.span())),
            None => {
                self.wrong(key, "a table", value);
                None
            }
        }
    }

    /// One of a set of words.
    pub(crate) fn one_of<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let allowed = words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
            self.report(key, Fault::NotAllowed { found: text, allowed });
        }
        found
    }

    /// Reports every key nobody asked for.
    pub(crate) fn finish(&self) {
        let read = self.read.borrow();
        for key in self.table.keys() {
            if !read.contains(key.get_ref().as_ref()) {
                let place = self.document.place(&key.span());
                self.document.report(&place, Fault::UnknownKey(key.get_ref().to_string()));
            }
        }
    }
}
