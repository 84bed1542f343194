//! The ANALYSIS segment: keywords that another program left. Read, kept, and
//! used for nothing. Knows no meaning of any of them.

use vena_base::Text;

use super::error::FcsError;
use super::header::{FcsVersion, Segment};
use super::read::{Place, ReadOptions, limit, segment_len};
use super::source::Source;
use super::text::Keywords;
use crate::tolerance::{Judge, Tolerance};

/// The segment's keywords, and its last byte from the start of the data set (0 without one).
pub(super) fn read_analysis(
    source: &mut impl Source,
    place: &Place<'_>,
    options: &ReadOptions,
    judge: &mut Judge<'_>,
) -> Result<(Keywords, u64), FcsError> {
    match try_read(source, place, options, judge) {
        Ok(read) => Ok(read),
        Err(FcsError::Io(error)) => Err(FcsError::Io(error)),
        Err(error) => {
            if !judge.tolerate(Tolerance::UnreadableAnalysis) {
                return Err(FcsError::Analysis { problem: error.text() });
            }
            let why = error.text();
            judge.note(
                format!("the ANALYSIS segment is left out: {}", why.en),
                format!("略過 ANALYSIS 區段：{}", why.zh_tw),
            );
            Ok((Keywords::default(), 0))
        }
    }
}

fn try_read(
    source: &mut impl Source,
    place: &Place<'_>,
    options: &ReadOptions,
    judge: &mut Judge<'_>,
) -> Result<(Keywords, u64), FcsError> {
    let nothing = (Keywords::default(), 0);
    let Some(segment) = place_of(place)? else {
        return Ok(nothing);
    };
    let len = segment_len("ANALYSIS", segment, place.at, place.size)?;
    limit(
        Text::new("ANALYSIS size in bytes", "ANALYSIS 區段位元組數"),
        len.into(),
        options.limits.text_bytes_max.into(),
    )?;
    let bytes = source.range(place.at + segment.begin, len)?;
    // Blank or zero bytes are room kept for an analysis that was not made.
    if bytes.iter().all(|byte| matches!(byte, 0 | b' ')) {
        return Ok((Keywords::default(), segment.end));
    }
    let mut keywords = Keywords::default();
    keywords.read(&bytes, judge, &options.limits)?;
    Ok((keywords, segment.end))
}

/// Where it lies: the HEADER's word, or since 3.0 TEXT's where the HEADER has none.
fn place_of(place: &Place<'_>) -> Result<Option<Segment>, FcsError> {
    let Some(header) = place.header.analysis else {
        return Err(FcsError::HeaderNumber { field: "ANALYSIS", text: String::new() });
    };
    if !header.is_unset() {
        return Ok(Some(header));
    }
    let keyword = |name: &str| -> Result<u64, FcsError> {
        match place.keywords.get(name).map(str::trim).filter(|value| !value.is_empty()) {
            None => Ok(0),
            Some(_) => super::channel::parse_number(place.keywords, name),
        }
    };
    if place.header.version == FcsVersion::V2_0 {
        return Ok(None);
    }
    let text = Segment { begin: keyword("$BEGINANALYSIS")?, end: keyword("$ENDANALYSIS")? };
    Ok((!text.is_unset()).then_some(text))
}
