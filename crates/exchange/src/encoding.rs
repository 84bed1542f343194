//! Bytes to text: UTF-8, UTF-16 by its mark, and Big5 where asked for or beyond doubt.
//! Knows no columns' meaning; what makes Big5 beyond doubt is asked of the caller.

use std::borrow::Cow;
use vena_base::Lang;

/// The encoding a file is said to be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// UTF-8, UTF-16 with a byte order mark, or Big5 where it is beyond doubt.
    #[default]
    Detect,
    /// UTF-8 and nothing else.
    Utf8,
    /// Big5, as older Taiwanese systems export.
    Big5,
}

impl Encoding {
    /// Reads a name as people type it (`utf-8`, `big5`, `cp950`); `None` for others.
    pub fn parse(name: &str) -> Option<Encoding> {
        match name.trim().to_ascii_lowercase().replace(['-', '_'], "").as_str() {
            "auto" | "detect" => Some(Encoding::Detect),
            "utf8" => Some(Encoding::Utf8),
            "big5" | "cp950" | "ms950" | "big5hkscs" => Some(Encoding::Big5),
            _ => None,
        }
    }
}

/// Why bytes are not text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodingError {
    /// A byte that is not UTF-8; the file may be in another encoding.
    #[error("line {line}, byte {byte}: not UTF-8")]
    NotUtf8 {
        /// The line, from 1.
        line: u64,
        /// The byte's place in the file, from 0.
        byte: usize,
        /// Whether the whole file would be possible Big5.
        perhaps_big5: bool,
    },
    /// Bytes that are not Big5, though the file was said to be.
    #[error("line {line}: not Big5")]
    NotBig5 {
        /// The line, from 1.
        line: u64,
    },
    /// A half character at the end, or a lone surrogate.
    #[error("not UTF-16")]
    NotUtf16,
    /// Zero bytes: a binary file, or UTF-16 without its mark.
    #[error("line {line}, byte {byte}: a zero byte")]
    Binary {
        /// The line, from 1.
        line: u64,
        /// The byte's place in the file, from 0.
        byte: usize,
    },
}

impl EncodingError {
    /// The reason in one language, with what would help.
    pub fn message(&self, lang: Lang) -> String {
        match (self, lang) {
            (EncodingError::NotUtf8 { line, byte, perhaps_big5 }, Lang::En) => {
                let hint =
                    if *perhaps_big5 { "; if the file is in Big5, say so with --encoding big5" } else { "" };
                format!("line {line}, byte {byte} is not UTF-8{hint}; or save the file as UTF-8")
            }
            (EncodingError::NotUtf8 { line, byte, perhaps_big5 }, Lang::ZhTw) => {
                let hint = if *perhaps_big5 {
                    "；若檔案為 Big5 編碼，請加上 --encoding big5"
                } else {
                    ""
                };
                format!("第 {line} 列（第 {byte} 位元組）不是 UTF-8{hint}；或另存為 UTF-8")
            }
            (EncodingError::NotBig5 { line }, Lang::En) => {
                format!("line {line} is not Big5, though the file was said to be")
            }
            (EncodingError::NotBig5 { line }, Lang::ZhTw) => {
                format!("第 {line} 列不是 Big5，與指定的編碼不符")
            }
            (EncodingError::NotUtf16, Lang::En) => {
                "the file begins like UTF-16 but is not; save it as UTF-8".to_owned()
            }
            (EncodingError::NotUtf16, Lang::ZhTw) => {
                "檔案開頭像 UTF-16 但內容不是；請另存為 UTF-8".to_owned()
            }
            (EncodingError::Binary { line, byte }, Lang::En) => {
                format!(
                    "line {line}, byte {byte} is a zero byte: this is not a text file; save it as UTF-8 text"
                )
            }
            (EncodingError::Binary { line, byte }, Lang::ZhTw) => {
                format!("第 {line} 列（第 {byte} 位元組）為零位元組：這不是文字檔，請另存為 UTF-8 文字檔")
            }
        }
    }
}

fn line_of(bytes: &[u8], byte: usize) -> u64 {
    1 + memchr::memchr_iter(b'\n', bytes.get(..byte).unwrap_or(bytes)).count() as u64
}

/// Decodes bytes; UTF-8 is borrowed, not copied.
///
/// `beyond_doubt` says of a text decoded as Big5 whether it can be nothing else (a table asks for
/// its column names in Chinese).
///
/// # Errors
/// Names the line and byte that is not text.
pub fn decode(
    bytes: &[u8],
    encoding: Encoding,
    beyond_doubt: impl Fn(&str) -> bool,
) -> Result<Cow<'_, str>, EncodingError> {
    let text = if let Some(rest) = bytes.strip_prefix(b"\xEF\xBB\xBF") {
        utf8(rest, 3, bytes)?
    } else if encoding == Encoding::Detect
        && (bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF"))
    {
        utf16(bytes)?
    } else if encoding == Encoding::Big5 {
        Cow::Owned(big5(bytes)?)
    } else {
        match utf8(bytes, 0, bytes) {
            Ok(text) => text,
            Err(error) if encoding == Encoding::Detect => match big5(bytes) {
                Ok(text) if beyond_doubt(&text) => Cow::Owned(text),
                Ok(_) => return Err(with_hint(error)),
                Err(_) => return Err(error),
            },
            Err(error) => return Err(error),
        }
    };
    match memchr::memchr(0, text.as_bytes()) {
        Some(byte) => Err(EncodingError::Binary { line: line_of(text.as_bytes(), byte), byte }),
        None => Ok(text),
    }
}

fn with_hint(error: EncodingError) -> EncodingError {
    match error {
        EncodingError::NotUtf8 { line, byte, .. } => {
            EncodingError::NotUtf8 { line, byte, perhaps_big5: true }
        }
        other => other,
    }
}

fn utf8<'a>(text: &'a [u8], skipped: usize, whole: &[u8]) -> Result<Cow<'a, str>, EncodingError> {
    std::str::from_utf8(text).map(Cow::Borrowed).map_err(|error| {
        let byte = skipped + error.valid_up_to();
        EncodingError::NotUtf8 { line: line_of(whole, byte), byte, perhaps_big5: false }
    })
}

fn utf16(bytes: &[u8]) -> Result<Cow<'_, str>, EncodingError> {
    let encoding = if bytes.starts_with(b"\xFF\xFE") { encoding_rs::UTF_16LE } else { encoding_rs::UTF_16BE };
    encoding
        .decode_without_bom_handling_and_without_replacement(bytes.get(2..).unwrap_or_default())
        .ok_or(EncodingError::NotUtf16)
}

fn big5(bytes: &[u8]) -> Result<String, EncodingError> {
    match encoding_rs::BIG5.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => Ok(text.into_owned()),
        None => {
            // The decoder does not say where it failed. A line feed is never the second byte of a
            // Big5 character, so the lines can be tried one by one.
            let bad = bytes.split(|b| *b == b'\n').position(|line| {
                encoding_rs::BIG5.decode_without_bom_handling_and_without_replacement(line).is_none()
            });
            Err(EncodingError::NotBig5 { line: bad.map_or(1, |line| line as u64 + 1) })
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn utf8_is_borrowed_and_its_mark_dropped() {
        let text = decode("\u{feff}病人".as_bytes(), Encoding::Detect, |_| false).unwrap();
        assert!(matches!(text, Cow::Borrowed("病人")));
    }

    #[test]
    fn what_is_not_utf8_is_refused_with_line_and_byte() {
        let bytes = b"patient,time,what\nA,2026-01-01,x\xff\n";
        let error = decode(bytes, Encoding::Detect, |_| true).unwrap_err();
        assert_eq!(error, EncodingError::NotUtf8 { line: 2, byte: 32, perhaps_big5: false });
        for lang in Lang::ALL {
            assert!(error.message(lang).contains('2') && error.message(lang).contains("32"));
        }
    }

    #[test]
    fn big5_is_read_only_when_asked_or_beyond_doubt() {
        let (bytes, _, lossy) = encoding_rs::BIG5.encode("病人,時間,項目\n");
        assert!(!lossy);
        assert_eq!(decode(&bytes, Encoding::Big5, |_| false).unwrap(), "病人,時間,項目\n");
        assert_eq!(decode(&bytes, Encoding::Detect, |t| t.contains("病人")).unwrap(), "病人,時間,項目\n");
        let refused = decode(&bytes, Encoding::Detect, |_| false).unwrap_err();
        assert!(refused.message(Lang::En).contains("--encoding big5"));
        assert_eq!(
            decode(b"ok\n\xff\xff\n", Encoding::Big5, |_| true),
            Err(EncodingError::NotBig5 { line: 2 })
        );
    }

    #[test]
    fn utf16_is_known_by_its_mark() {
        let little: Vec<u8> =
            [0xFF, 0xFE].into_iter().chain("體溫".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(decode(&little, Encoding::Detect, |_| false).unwrap(), "體溫");
        assert_eq!(
            decode(b"\xFE\xFF\xD8\x00\x00A", Encoding::Detect, |_| false),
            Err(EncodingError::NotUtf16)
        );
        assert!(matches!(
            decode(b"a\0b\0", Encoding::Detect, |_| false),
            Err(EncodingError::Binary { byte: 1, .. })
        ));
    }
}
