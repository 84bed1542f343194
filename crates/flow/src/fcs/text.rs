//! The TEXT segment: keywords and values between delimiters. Knows no meaning
//! of any keyword.

use std::collections::BTreeMap;

use vena_base::Text;

use super::error::FcsError;
use crate::limits::Limits;
use crate::tolerance::{Judge, Tolerance};

/// The keywords of one data set. Names are compared without regard to case and
/// kept in upper case; values are kept as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keywords {
    values: BTreeMap<String, String>,
}

impl Keywords {
    /// The value of a keyword, `None` when absent. A value may be empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(&name.to_uppercase()).map(String::as_str)
    }

    /// All keywords in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many keywords there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// True when there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// A required keyword's value.
    pub(crate) fn require(&self, name: &str) -> Result<&str, FcsError> {
        self.get(name).ok_or_else(|| FcsError::MissingKeyword { keyword: name.to_owned(), remedy: None })
    }

    /// Adds the keywords of one TEXT segment (primary or supplemental).
    pub(crate) fn read(
        &mut self,
        segment: &[u8],
        judge: &mut Judge<'_>,
        limits: &Limits,
    ) -> Result<(), FcsError> {
        let tokens = tokens(segment, judge)?;
        if tokens.len() % 2 != 0 {
            let last = tokens.last().cloned().unwrap_or_default();
            return Err(text_error(
                Text::new(
                    format!("{} tokens do not pair up; the last is {:?}", tokens.len(), shorten(&last)),
                    format!("{} 個項目無法成對；最後一個是「{}」", tokens.len(), shorten(&last)),
                ),
                Some(Tolerance::EmptyKeywordValue),
            ));
        }
        for pair in tokens.chunks_exact(2) {
            if let [name, value] = pair {
                self.insert(name, value, judge)?;
            }
        }
        if self.values.len() > limits.keywords_max {
            return Err(FcsError::Limit {
                what: Text::new("number of keywords", "關鍵字數"),
                found: self.values.len() as u128,
                limit: limits.keywords_max as u128,
            });
        }
        Ok(())
    }

    fn insert(&mut self, name: &str, value: &str, judge: &mut Judge<'_>) -> Result<(), FcsError> {
        let name = name.trim_matches(' ').to_uppercase();
        if name.is_empty() {
            return Err(text_error(Text::new("a keyword without a name", "有關鍵字沒有名稱"), None));
        }
        match self.values.get(&name) {
            None => {
                self.values.insert(name, value.to_owned());
            }
            Some(first) if first == value => {}
            Some(first) if judge.tolerate(Tolerance::DuplicateKeyword) => {
                let (first, value) = (shorten(first), shorten(value));
                judge.note(
                    format!("keyword {name} appears again; {first:?} kept, {value:?} left"),
                    format!("關鍵字 {name} 重複；保留「{first}」，捨棄「{value}」"),
                );
            }
            Some(first) => {
                return Err(text_error(
                    Text::new(
                        format!(
                            "keyword {name} appears twice, as {:?} and {:?}",
                            shorten(first),
                            shorten(value)
                        ),
                        format!("關鍵字 {name} 出現兩次：「{}」與「{}」", shorten(first), shorten(value)),
                    ),
                    Some(Tolerance::DuplicateKeyword),
                ));
            }
        }
        Ok(())
    }
}

fn text_error(problem: Text, remedy: Option<Tolerance>) -> FcsError {
    FcsError::Text { problem, remedy }
}

/// Long values are cut in messages.
fn shorten(text: &str) -> String {
    const SHOWN: usize = 60;
    if text.chars().count() <= SHOWN {
        text.to_owned()
    } else {
        text.chars().take(SHOWN).chain(['…']).collect()
    }
}

/// Splits a segment at its delimiter (the first byte). A doubled delimiter is
/// one delimiter inside the token, or an empty value where that is tolerated.
fn tokens(segment: &[u8], judge: &mut Judge<'_>) -> Result<Vec<String>, FcsError> {
    let Some((&delimiter, rest)) = segment.split_first() else {
        return Err(text_error(Text::new("the segment is empty", "區段是空的"), None));
    };
    if delimiter == 0 || delimiter > 126 {
        return Err(text_error(
            Text::new(
                format!("byte {delimiter} cannot be a delimiter (1 to 126)"),
                format!("位元組 {delimiter} 不能當分隔符（須為 1 至 126）"),
            ),
            None,
        ));
    }
    let rest = without_padding(rest, delimiter, judge)?;
    let doubled =
        rest.last() == Some(&delimiter) || rest.windows(2).any(|pair| pair == [delimiter, delimiter]);
    if doubled && judge.tolerate(Tolerance::EmptyKeywordValue) {
        return Ok(rest.split(|&byte| byte == delimiter).map(decode).collect());
    }
    let mut tokens = Vec::new();
    let mut token = Vec::new();
    let mut bytes = rest.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte != delimiter {
            token.push(byte);
        } else if bytes.peek() == Some(&delimiter) {
            bytes.next();
            refuse_swallowed_keyword(&tokens, &token, delimiter, bytes.peek().copied())?;
            token.push(delimiter);
        } else {
            tokens.push(decode(&token));
            token.clear();
        }
    }
    if token.is_empty() {
        // Nothing follows that the two delimiters could belong to, so this one
        // empty value has a single reading and needs no tolerance.
        let name = tokens.last().cloned().unwrap_or_default();
        judge.note(
            format!("the last keyword, {name:?}, has an empty value"),
            format!("最後一個關鍵字「{name}」的值是空的"),
        );
    }
    tokens.push(decode(&token));
    Ok(tokens)
}

/// `$P3S\\$P4S\…`: read to the letter this is one keyword holding a delimiter
/// and a second `$P4S`; no instrument writes such a name, it is an empty value.
fn refuse_swallowed_keyword(
    tokens: &[String],
    token: &[u8],
    delimiter: u8,
    next: Option<u8>,
) -> Result<(), FcsError> {
    let in_name = tokens.len().is_multiple_of(2);
    if in_name && token.first() == Some(&b'$') && next == Some(b'$') {
        return Err(text_error(
            Text::new(
                format!(
                    "keyword {:?} is followed by two delimiters {:?}: an empty value",
                    decode(token),
                    delimiter as char
                ),
                format!("關鍵字「{}」之後有兩個分隔符「{}」：值是空的", decode(token), delimiter as char),
            ),
            Some(Tolerance::EmptyKeywordValue),
        ));
    }
    Ok(())
}

/// Cuts what follows the last delimiter when it is only blanks or zeros, and
/// the last delimiter itself.
fn without_padding<'a>(rest: &'a [u8], delimiter: u8, judge: &mut Judge<'_>) -> Result<&'a [u8], FcsError> {
    let Some(last) = rest.iter().rposition(|&byte| byte == delimiter) else {
        return Err(text_error(Text::new("no second delimiter", "沒有第二個分隔符"), None));
    };
    let (body, tail) = rest.split_at(last);
    let padding = tail.get(1..).unwrap_or_default();
    if padding.iter().all(|byte| matches!(byte, b' ' | 0 | b'\r' | b'\n')) {
        if !padding.is_empty() {
            judge.note(
                format!("TEXT is followed by {} bytes of padding", padding.len()),
                format!("TEXT 之後有 {} 個填充位元組", padding.len()),
            );
        }
        return Ok(body);
    }
    if judge.tolerate(Tolerance::UnterminatedText) {
        judge.note("TEXT does not end with its delimiter", "TEXT 未以分隔符結尾");
        return Ok(rest);
    }
    Err(text_error(
        Text::new("the last value is not followed by the delimiter", "最後一個值之後沒有分隔符"),
        Some(Tolerance::UnterminatedText),
    ))
}

/// UTF-8 where it is (3.1 and later demand it), else each byte as Latin-1:
/// older instruments wrote their own 8-bit sets, and no value that matters for
/// the data uses anything beyond ASCII.
fn decode(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes)
        .map_or_else(|_| bytes.iter().map(|&byte| byte as char).collect(), str::to_owned)
}
