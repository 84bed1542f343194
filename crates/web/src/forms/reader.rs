//! One submitted form: what was typed, read field by field, with what is wrong kept per field.

use crate::i18n::{text, text_with};
use std::collections::BTreeMap;
use vena_base::{
    Decimal, Lang, When, Zone,
    ids::{ChainOfIdentity, ProductUnitId},
    time::TimeError,
};

/// The fields of a form as submitted.
#[derive(Debug, Clone, Default)]
pub struct Submitted(BTreeMap<String, String>);

/// Longest text of one field, in bytes.
pub const FIELD_BYTES_MAX: usize = 20_000;
/// Most fields of one form.
const FIELDS_MAX: usize = 400;

impl Submitted {
    /// Takes name and value pairs. Of a name given twice the last stands; what is past the limits is cut.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Submitted {
        let cut = |mut value: String| {
            let mut end = FIELD_BYTES_MAX.min(value.len());
            while !value.is_char_boundary(end) {
                end -= 1;
            }
            value.truncate(end);
            value
        };
        Submitted(pairs.into_iter().take(FIELDS_MAX).map(|(name, value)| (name, cut(value))).collect())
    }

    /// What was typed, without white space around it; empty where nothing was.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |value| value.trim())
    }

    /// The field was sent, if perhaps empty.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Sets a field, for what a page fills in beforehand.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// Takes fields away.
    pub fn remove(&mut self, names: &[&str]) {
        names.iter().for_each(|name| {
            self.0.remove(*name);
        });
    }

    /// All fields.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// What is wrong, by field.
pub type Wrong = BTreeMap<String, String>;

/// Reads fields and collects what is wrong with them.
pub struct Reader<'a> {
    /// What was typed.
    pub data: &'a Submitted,
    /// The site's zone.
    pub zone: &'a Zone,
    /// The reader's language.
    pub lang: Lang,
    /// What is wrong so far.
    pub wrong: Wrong,
    /// The instant short times are read from (`0312` is today); without it they are not taken.
    pub now: Option<jiff::Timestamp>,
}

impl<'a> Reader<'a> {
    /// Begins to read.
    pub fn new(data: &'a Submitted, zone: &'a Zone, lang: Lang) -> Reader<'a> {
        Reader { data, zone, lang, wrong: Wrong::new(), now: None }
    }

    /// The same, with the instant at which the form is read.
    #[must_use]
    pub fn at(mut self, now: jiff::Timestamp) -> Reader<'a> {
        self.now = Some(now);
        self
    }

    /// Notes that a field is wrong.
    pub fn fault(&mut self, name: &str, words: String) {
        self.wrong.entry(name.to_owned()).or_insert(words);
    }

    fn missing(&mut self, name: &str) {
        let words = text(self.lang, "error-missing");
        self.fault(name, words);
    }

    /// A time that must be there.
    pub fn when(&mut self, name: &str) -> Option<When> {
        let found = self.when_if_any(name);
        if found.is_none() && !self.wrong.contains_key(name) {
            self.missing(name);
        }
        found
    }

    /// A time that may be left out.
    pub fn when_if_any(&mut self, name: &str) -> Option<When> {
        let typed = self.data.get(name);
        if typed.is_empty() {
            return None;
        }
        let written = super::time::written(typed, self.now, self.zone);
        match When::parse(&written, Some(self.zone)) {
            Ok(when @ (When::Instant(_) | When::Date(_))) => Some(when),
            Ok(_) => {
                let words = text(self.lang, "error-day-needed");
                self.fault(name, words);
                None
            }
            Err(TimeError::Skipped(_)) => {
                let words = text(self.lang, "error-time-skipped");
                self.fault(name, words);
                None
            }
            Err(_) => {
                let words = text_with(self.lang, "error-time", &[("typed", typed)]);
                self.fault(name, words);
                None
            }
        }
    }

    /// Words that must be there.
    pub fn words(&mut self, name: &str) -> Option<std::sync::Arc<str>> {
        let found = self.words_if_any(name);
        if found.is_none() {
            self.missing(name);
        }
        found
    }

    /// Words that may be left out.
    pub fn words_if_any(&mut self, name: &str) -> Option<std::sync::Arc<str>> {
        let typed = self.data.get(name);
        (!typed.is_empty()).then(|| std::sync::Arc::from(typed))
    }

    /// A number that may be left out.
    pub fn number_if_any(&mut self, name: &str) -> Option<Decimal> {
        let typed = self.data.get(name);
        if typed.is_empty() {
            return None;
        }
        match Decimal::parse(typed) {
            Ok(number) => Some(number),
            Err(_) => {
                let words = text_with(self.lang, "error-number", &[("typed", typed)]);
                self.fault(name, words);
                None
            }
        }
    }

    /// Bag numbers, parted by spaces, commas or lines, as a scanner or a person enters them.
    pub fn bags(&mut self, name: &str) -> Option<Vec<ProductUnitId>> {
        let typed = self.data.get(name);
        let bags: Result<Vec<_>, _> = typed
            .split([',', '，', '、', ';', '\n', '\t', ' '])
            .map(str::trim)
            .filter(|bag| !bag.is_empty())
            .map(ProductUnitId::new)
            .collect();
        match bags {
            Ok(bags) if !bags.is_empty() => Some(bags),
            Ok(_) => {
                self.missing(name);
                None
            }
            Err(problem) => {
                self.fault(name, problem.to_string());
                None
            }
        }
    }

    /// One bag number.
    pub fn bag(&mut self, name: &str) -> Option<ProductUnitId> {
        let bags = self.bags(name)?;
        if bags.len() > 1 {
            let words = text(self.lang, "error-one-bag");
            self.fault(name, words);
            return None;
        }
        bags.into_iter().next()
    }

    /// A chain-of-identity number.
    pub fn chain_of_identity(&mut self, name: &str) -> Option<ChainOfIdentity> {
        let typed = self.data.get(name);
        if typed.is_empty() {
            self.missing(name);
            return None;
        }
        match ChainOfIdentity::new(typed) {
            Ok(number) => Some(number),
            Err(problem) => {
                self.fault(name, problem.to_string());
                None
            }
        }
    }

    /// One of the offered answers; `None` and a fault where none was chosen.
    pub fn one_of<T: Copy>(&mut self, name: &str, offered: &[(&str, T)]) -> Option<T> {
        let typed = self.data.get(name);
        let found = offered.iter().find(|(word, _)| *word == typed).map(|(_, value)| *value);
        if found.is_none() {
            let words = text(self.lang, "error-choose");
            self.fault(name, words);
        }
        found
    }

    /// A box that was ticked.
    pub fn ticked(&self, name: &str) -> bool {
        !self.data.get(name).is_empty()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn submitted(pairs: &[(&str, &str)]) -> Submitted {
        Submitted::new(pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())))
    }

    #[test]
    fn what_is_wrong_stands_with_its_field() {
        let data = submitted(&[("when", "yesterday"), ("bags", "A1, A2\nA3"), ("volume", "1o0")]);
        let zone = Zone::named("Asia/Taipei").unwrap();
        let mut reader = Reader::new(&data, &zone, Lang::En);
        assert!(reader.when("when").is_none());
        assert!(reader.number_if_any("volume").is_none());
        assert_eq!(reader.bags("bags").unwrap().len(), 3);
        assert!(reader.words("reason").is_none());
        let fields: Vec<_> = reader.wrong.keys().map(String::as_str).collect();
        assert_eq!(fields, ["reason", "volume", "when"]);
        assert!(reader.wrong["when"].contains("yesterday"));
    }

    #[test]
    fn a_local_time_is_read_in_the_sites_zone() {
        let data = submitted(&[("when", "2026-11-20T03:12")]);
        let zone = Zone::named("Asia/Taipei").unwrap();
        let mut reader = Reader::new(&data, &zone, Lang::ZhTw);
        assert_eq!(reader.when("when").unwrap().to_string(), "2026-11-20T03:12:00+08:00");
    }
}
