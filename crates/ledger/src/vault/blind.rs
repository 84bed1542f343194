//! The blind index: identity is turned into search terms, and each term into a
//! keyed digest, so that the table of terms can be searched by whoever holds
//! the key and tells others only which rows are alike.
//!
//! Must not know: any store, who searches.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use zeroize::Zeroizing;

use super::Identity;
use crate::keys::Secret;

/// Bytes kept of a term's digest.
pub(super) const TERM_BYTES: usize = 16;
/// Record numbers are found by any part of at least this many characters.
const PART_CHARACTERS: usize = 3;
/// Runs of ideographs are indexed up to this length; longer ones are found by
/// their beginning and compared after opening.
const IDEOGRAPHS_MAX: usize = 3;
/// Letters of a Latin word that are indexed as beginnings.
const LETTERS_MAX: usize = 24;
/// Years of the Republic of China calendar count from 1912 as year 1.
const MINGUO_OFFSET: u32 = 1911;

/// A search term's digest.
pub(super) type Term = [u8; TERM_BYTES];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    NumberPart = 1,
    Number = 2,
    BirthDate = 3,
    Ideographs = 4,
    LatinStart = 5,
}

/// Keyed digest of any text under a purpose.
pub(super) fn keyed(key: &Secret, purpose: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = hmac_of(key);
    mac.update(purpose);
    mac.update(text);
    mac.finalize().into_bytes().into()
}

fn hmac_of(key: &Secret) -> Hmac<Sha256> {
    // HMAC pads a key shorter than its block of 64 bytes with zeros.
    let mut block = Zeroizing::new([0; 64]);
    for (to, from) in block.iter_mut().zip(key.bytes()) {
        *to = *from;
    }
    Hmac::<Sha256>::new((&*block).into())
}

fn term(key: &Secret, kind: Kind, text: &str) -> Term {
    let digest = keyed(key, &[kind as u8], text.as_bytes());
    let mut term = [0; TERM_BYTES];
    for (to, from) in term.iter_mut().zip(digest) {
        *to = from;
    }
    term
}

/// Folds width, case, compatibility forms and accents: `Ｗáng` → `wang`.
pub(super) fn fold(text: &str) -> String {
    text.nfkd()
        .filter(|character| !is_combining_mark(*character))
        .flat_map(char::to_lowercase)
        .nfc()
        .collect()
}

fn is_ideograph(character: char) -> bool {
    matches!(u32::from(character), 0x3400..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff)
}

/// Letters and digits only.
fn bare(text: &str) -> String {
    fold(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// A date as `YYYY-MM-DD`, from `1980-01-05`, `1980/1/5`, `19800105`, or with a
/// year of the Republic of China calendar, `69/1/5`.
pub(super) fn date(text: &str) -> Option<String> {
    let folded = fold(text.trim());
    let parts: Vec<&str> =
        folded.split(['-', '/', '.', '年', '月', '日']).filter(|part| !part.is_empty()).collect();
    let number = |text: &str| text.parse::<u32>().ok();
    let (year, month, day) = match parts.as_slice() {
        [year, month, day] => {
            let written = number(year)?;
            let year = match year.len() {
                4 => written,
                2 | 3 => written + MINGUO_OFFSET,
                _ => return None,
            };
            (year, number(month)?, number(day)?)
        }
        [one] if one.len() == 8 && one.is_ascii() => {
            (number(one.get(..4)?)?, number(one.get(4..6)?)?, number(one.get(6..)?)?)
        }
        _ => return None,
    };
    let plausible = (1..=12).contains(&month) && (1..=31).contains(&day);
    plausible.then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// Runs of ideographs, and words of other letters, in order.
fn runs(text: &str) -> (Vec<String>, Vec<String>) {
    let (mut ideographs, mut words) = (Vec::new(), Vec::new());
    let mut run = String::new();
    let mut run_is_ideographs = false;
    for character in fold(text).chars().chain([' ']) {
        let kind = is_ideograph(character);
        if !run.is_empty() && (kind != run_is_ideographs || !character.is_alphanumeric()) {
            let list = if run_is_ideographs { &mut ideographs } else { &mut words };
            list.push(std::mem::take(&mut run));
        }
        if character.is_alphanumeric() {
            run_is_ideographs = kind;
            run.push(character);
        }
    }
    (ideographs, words)
}

/// What a name is compared by.
struct Name {
    ideographs: String,
    words: Vec<String>,
}

fn name(text: &str) -> Name {
    let (ideographs, mut words) = runs(text);
    if words.len() > 1 {
        let joined = words.concat();
        words.push(joined);
    }
    // `WANG, Xiao-Ming` is also looked for as `xiaoming`.
    let count = words.len();
    if count > 3 {
        let given = words.get(1..count - 1).unwrap_or_default().concat();
        words.push(given);
    }
    Name { ideographs: ideographs.concat(), words }
}

fn windows(text: &str, length: usize) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    characters.windows(length).map(|window| window.iter().collect()).collect()
}

fn starts(word: &str) -> impl Iterator<Item = &str> {
    word.char_indices()
        .map(|(at, character)| at + character.len_utf8())
        .take(LETTERS_MAX)
        .filter_map(|end| word.get(..end))
}

/// Every term an identity is found by.
pub(super) fn terms(key: &Secret, identity: &Identity) -> BTreeSet<Term> {
    let mut all = BTreeSet::new();
    for number in &identity.record_numbers {
        let number = bare(number);
        all.insert(term(key, Kind::Number, &number));
        for part in windows(&number, PART_CHARACTERS) {
            all.insert(term(key, Kind::NumberPart, &part));
        }
    }
    if let Some(date) = identity.birth_date.as_deref().and_then(date) {
        all.insert(term(key, Kind::BirthDate, &date));
    }
    for written in &identity.names {
        let name = name(written);
        for length in 1..=IDEOGRAPHS_MAX {
            for part in windows(&name.ideographs, length) {
                all.insert(term(key, Kind::Ideographs, &part));
            }
        }
        for word in &name.words {
            all.extend(starts(word).map(|start| term(key, Kind::LatinStart, start)));
        }
    }
    all
}

/// One word of a query: patients are candidates when, for any of the
/// alternatives, they have all of its terms.
pub(super) struct Word {
    written: String,
    pub(super) alternatives: Vec<Vec<Term>>,
}

/// The words of a query. An empty list finds nobody.
pub(super) fn words(key: &Secret, query: &str) -> Vec<Word> {
    fold(query)
        .split_whitespace()
        .map(|written| {
            let mut alternatives = Vec::new();
            let number = bare(written);
            if !number.is_empty() {
                alternatives.push(vec![term(key, Kind::Number, &number)]);
                let parts = windows(&number, PART_CHARACTERS);
                if !parts.is_empty() {
                    let parts = parts.iter().map(|part| term(key, Kind::NumberPart, part));
                    alternatives.push(parts.collect());
                }
            }
            if let Some(date) = date(written) {
                alternatives.push(vec![term(key, Kind::BirthDate, &date)]);
            }
            let (ideographs, latin) = runs(written);
            let mut names: Vec<Term> = Vec::new();
            for run in &ideographs {
                let length = run.chars().count().min(IDEOGRAPHS_MAX);
                names.extend(windows(run, length).iter().map(|part| term(key, Kind::Ideographs, part)));
            }
            for word in &latin {
                let start: String = word.chars().take(LETTERS_MAX).collect();
                names.push(term(key, Kind::LatinStart, &start));
            }
            if !names.is_empty() {
                alternatives.push(names);
            }
            Word { written: written.to_owned(), alternatives }
        })
        .collect()
}

/// Compares an opened identity with a word of the query; what the index offers
/// is only a candidate.
pub(super) fn matches(identity: &Identity, word: &Word) -> bool {
    let number = bare(&word.written);
    let numbered =
        !number.is_empty()
            && identity.record_numbers.iter().map(|own| bare(own)).any(|own| {
                own == number || (number.chars().count() >= PART_CHARACTERS && own.contains(&number))
            });
    let born = date(&word.written);
    let dated = born.is_some() && identity.birth_date.as_deref().and_then(date) == born;
    let (ideographs, latin) = runs(&word.written);
    let has_run = !ideographs.is_empty() || !latin.is_empty();
    let named = has_run
        && identity.names.iter().map(|written| name(written)).any(|name| {
            ideographs.iter().all(|run| name.ideographs.contains(run))
                && latin.iter().all(|word| name.words.iter().any(|own| own.starts_with(word)))
        });
    numbered || dated || named
}
