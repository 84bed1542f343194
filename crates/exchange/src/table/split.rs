//! Lines and fields of a separated file, borrowed from the text, with the place of each record.
//!
//! The `csv` crate (which the tests compare this with) reads a quote that never closes as one long
//! field to the end of the file and so loses every row after it without a word; here that is an
//! error that names the line. Records are found by their offset again, so that a file of 100,000
//! patients is read once and never held as facts. Knows no column's meaning.

use memchr::{memchr, memchr3};
use std::borrow::Cow;

/// A quote that opens and never closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnclosedQuote {
    /// The line on which it opens, from 1.
    pub line: u64,
}

/// Reads records one by one.
#[derive(Debug, Clone)]
pub struct Records<'a> {
    text: &'a str,
    separator: u8,
    at: usize,
    line: u64,
}

impl<'a> Records<'a> {
    /// Records of a text from its beginning.
    pub fn new(text: &'a str, separator: u8) -> Records<'a> {
        Records { text, separator, at: 0, line: 1 }
    }

    /// Records from a place that an earlier reading gave.
    pub fn at(text: &'a str, separator: u8, offset: usize, line: u64) -> Records<'a> {
        Records { text, separator, at: offset.min(text.len()), line }
    }

    /// Passes over blank lines; gives the offset and line at which the next record begins.
    pub fn begin(&mut self) -> (usize, u64) {
        self.skip_blank_lines();
        (self.at, self.line)
    }

    /// Reads the next record into `fields`; `false` at the end. Blank lines are passed over, and a
    /// line end inside quotes belongs to its field.
    ///
    /// # Errors
    /// A quote that never closes; nothing after it can be read.
    pub fn next_into(&mut self, fields: &mut Vec<Cow<'a, str>>) -> Result<bool, UnclosedQuote> {
        fields.clear();
        self.skip_blank_lines();
        if self.at >= self.text.len() {
            return Ok(false);
        }
        loop {
            let (field, end) = self.field()?;
            fields.push(field);
            if end {
                return Ok(true);
            }
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_blank_lines(&mut self) {
        while let Some(byte) = self.text.as_bytes().get(self.at) {
            match byte {
                b'\n' => self.line += 1,
                b'\r' => {}
                _ => return,
            }
            self.at += 1;
        }
    }

    /// Steps over a line end or separator at `self.at`; says whether the record ends here.
    fn step(&mut self) -> bool {
        match self.text.as_bytes().get(self.at) {
            None => true,
            Some(b'\r') => {
                self.at += 1;
                if self.text.as_bytes().get(self.at) == Some(&b'\n') {
                    self.at += 1;
                }
                self.line += 1;
                true
            }
            Some(b'\n') => {
                self.at += 1;
                self.line += 1;
                true
            }
            Some(_) => {
                self.at += 1;
                false
            }
        }
    }

    fn field(&mut self) -> Result<(Cow<'a, str>, bool), UnclosedQuote> {
        if self.rest().starts_with('"') {
            return self.quoted();
        }
        let rest = self.rest();
        let length = memchr3(self.separator, b'\n', b'\r', rest.as_bytes()).unwrap_or(rest.len());
        let field = rest.get(..length).unwrap_or_default();
        self.at += length;
        Ok((Cow::Borrowed(field), self.step()))
    }

    fn quoted(&mut self) -> Result<(Cow<'a, str>, bool), UnclosedQuote> {
        let opened_on = self.line;
        self.at += 1;
        let mut field: Cow<'a, str> = Cow::Borrowed("");
        loop {
            let rest = self.rest();
            let Some(length) = memchr(b'"', rest.as_bytes()) else {
                return Err(UnclosedQuote { line: opened_on });
            };
            let part = rest.get(..length).unwrap_or_default();
            self.line += memchr::memchr_iter(b'\n', part.as_bytes()).count() as u64;
            append(&mut field, part);
            self.at += length + 1;
            if self.rest().starts_with('"') {
                append(&mut field, "\"");
                self.at += 1;
            } else {
                break;
            }
        }
        // What stands between a closing quote and the separator belongs to the field, as
        // spreadsheets read it: nothing is lost.
        let rest = self.rest();
        let length = memchr3(self.separator, b'\n', b'\r', rest.as_bytes()).unwrap_or(rest.len());
        append(&mut field, rest.get(..length).unwrap_or_default());
        self.at += length;
        Ok((field, self.step()))
    }
}

fn append<'a>(field: &mut Cow<'a, str>, part: &'a str) {
    if field.is_empty() {
        *field = Cow::Borrowed(part);
    } else if !part.is_empty() {
        field.to_mut().push_str(part);
    }
}

/// The separator of a header line: the one of `,` `;` tab that stands in it most often, outside
/// quotes. A comma where none stands.
pub fn separator_of(header: &str) -> u8 {
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in header.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            _ if !quoted => {
                if let Some((_, count)) = counts.iter_mut().find(|(separator, _)| *separator == byte) {
                    *count += 1;
                }
            }
            _ => {}
        }
    }
    // The first of equals: the comma before the semicolon before the tab.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(separator, _)| *separator)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn all(text: &str, separator: u8) -> Result<Vec<(u64, Vec<String>)>, UnclosedQuote> {
        let mut records = Records::new(text, separator);
        let (mut fields, mut out) = (Vec::new(), Vec::new());
        loop {
            let (_, line) = records.begin();
            if !records.next_into(&mut fields)? {
                return Ok(out);
            }
            out.push((line, fields.iter().map(|f| f.to_string()).collect()));
        }
    }

    #[test]
    fn quotes_hold_separators_and_line_ends() {
        let rows = all("a,b\r\n\"x,\n\"\"y\"\"\",2\n\n3,\"\"\n", b',').unwrap();
        assert_eq!(rows[0], (1, vec!["a".into(), "b".into()]));
        assert_eq!(rows[1], (2, vec!["x,\n\"y\"".into(), "2".into()]));
        assert_eq!(rows[2], (5, vec!["3".into(), "".into()]));
    }

    #[test]
    fn a_quote_that_never_closes_is_found() {
        assert_eq!(all("a,b\n1,\"2\n3,4\n", b','), Err(UnclosedQuote { line: 2 }));
    }

    #[test]
    fn the_separator_is_found() {
        assert_eq!(separator_of("patient;time;what\n1,2,3,4"), b';');
        assert_eq!(separator_of("patient\ttime\twhat"), b'\t');
        assert_eq!(separator_of("\"a;b;c;d\",b,c"), b',');
        assert_eq!(separator_of("alone"), b',');
    }

    proptest! {
        /// The same fields as the `csv` crate, wherever every quote closes.
        #[test]
        fn reads_as_the_csv_crate_does(text in "([a-z,\n]|\"[a-z,\n]{0,4}(\"\"){0,2}\"|\r\n){0,40}") {
            if let Ok(ours) = all(&text, b',') {
                let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
                let theirs: Vec<Vec<String>> =
                    reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
                let ours: Vec<Vec<String>> = ours.into_iter().map(|(_, fields)| fields).collect();
                prop_assert_eq!(ours, theirs);
            }
        }

        #[test]
        fn a_record_is_found_again_by_its_place(text in "([a-z,\"]|\n){0,60}") {
            let mut records = Records::new(&text, b',');
            let (mut fields, mut again) = (Vec::new(), Vec::new());
            loop {
                let (offset, line) = records.begin();
                match records.next_into(&mut fields) {
                    Ok(true) => {
                        Records::at(&text, b',', offset, line).next_into(&mut again).unwrap();
                        prop_assert_eq!(&fields, &again);
                    }
                    _ => break,
                }
            }
        }
    }
}
