//! The HEADER of one data set: version and segment offsets. Knows no keywords.

use super::error::FcsError;

/// Bytes of the fixed part of a HEADER.
pub(crate) const HEADER_BYTES: usize = 58;

/// The version a data set declares in its first six bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum FcsVersion {
    /// FCS2.0 (1990).
    #[serde(rename = "2.0")]
    V2_0,
    /// FCS3.0 (1997).
    #[serde(rename = "3.0")]
    V3_0,
    /// FCS3.1 (2010).
    #[serde(rename = "3.1")]
    V3_1,
    /// FCS3.2 (2020).
    #[serde(rename = "3.2")]
    V3_2,
}

impl FcsVersion {
    /// The six bytes a file begins with.
    #[must_use]
    pub const fn magic(self) -> &'static str {
        match self {
            Self::V2_0 => "FCS2.0",
            Self::V3_0 => "FCS3.0",
            Self::V3_1 => "FCS3.1",
            Self::V3_2 => "FCS3.2",
        }
    }

    /// The version whose name is `2.0`, `3.0` ….
    fn from_magic(bytes: &[u8]) -> Option<Self> {
        [Self::V2_0, Self::V3_0, Self::V3_1, Self::V3_2]
            .into_iter()
            .find(|version| version.magic().as_bytes() == bytes)
    }
}

/// First and last byte of a segment, from the start of its data set; both 0
/// when the HEADER leaves the place to TEXT (or the segment is absent).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Segment {
    pub begin: u64,
    pub end: u64,
}

impl Segment {
    pub(crate) const fn is_unset(self) -> bool {
        self.begin == 0 && self.end == 0
    }
}

/// What the HEADER says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub version: FcsVersion,
    pub text: Segment,
    pub data: Segment,
    /// ANALYSIS; `None` where its fields hold anything but two numbers or blanks.
    pub analysis: Option<Segment>,
}

impl Header {
    /// Reads a HEADER that begins at `at` in the file; `bytes` are the bytes
    /// from there (at least [`HEADER_BYTES`] when the file has them).
    pub(crate) fn read(bytes: &[u8], at: u64) -> Result<Self, FcsError> {
        let magic = bytes.get(..6).unwrap_or(bytes);
        let Some(version) = FcsVersion::from_magic(magic) else {
            let found =
                magic.iter().map(|&byte| if byte.is_ascii_graphic() { byte as char } else { '.' }).collect();
            return Err(FcsError::NotFcs { found });
        };
        if bytes.len() < HEADER_BYTES {
            return Err(FcsError::HeaderTruncated { at, bytes: bytes.len() as u64 });
        }
        let text = Segment { begin: offset(bytes, 10, "TEXT begin")?, end: offset(bytes, 18, "TEXT end")? };
        let data = Segment { begin: offset(bytes, 26, "DATA begin")?, end: offset(bytes, 34, "DATA end")? };
        let analysis = optional_offset(bytes, 42)
            .zip(optional_offset(bytes, 50))
            .map(|(begin, end)| Segment { begin, end });
        Ok(Self { version, text, data, analysis })
    }
}

/// An ANALYSIS offset: blanks stand for 0. No event depends on it, so what is
/// no number is left to the judgement of whoever reads the segment.
fn optional_offset(bytes: &[u8], at: usize) -> Option<u64> {
    let text = std::str::from_utf8(bytes.get(at..at + 8)?).ok()?.trim_matches([' ', '\0']);
    if text.is_empty() { Some(0) } else { text.parse().ok() }
}

/// One eight-byte number. DATA offsets too large for eight digits are written
/// as 0 by the standard; blanks stand for 0 only in the ANALYSIS fields.
fn offset(bytes: &[u8], at: usize, field: &'static str) -> Result<u64, FcsError> {
    let raw = bytes.get(at..at + 8).unwrap_or_default();
    let text = String::from_utf8_lossy(raw);
    let digits = text.trim_matches(' ');
    let number = || FcsError::HeaderNumber { field, text: text.clone().into_owned() };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(number());
    }
    digits.parse().map_err(|_| number())
}
