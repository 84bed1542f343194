//! Why an FCS file is refused: each refusal holds the values that caused it.

use thiserror::Error;
use vena_base::Text;

use crate::tolerance::Tolerance;

/// A refusal to read (or write) an FCS file.
#[derive(Debug, Error)]
pub enum FcsError {
    /// The reader given by the caller failed.
    #[error("reading failed: {0}")]
    Io(#[from] std::io::Error),
    /// Not an FCS file, or a version this reader does not know.
    #[error("not an FCS 2.0, 3.0, 3.1 or 3.2 file: it begins with {found:?}")]
    NotFcs {
        /// The first bytes, printable ones only.
        found: String,
    },
    /// The file ends before the HEADER does.
    #[error("the file ends inside its HEADER: {bytes} bytes at offset {at}, 58 are needed")]
    HeaderTruncated {
        /// Where the data set begins, bytes from the start of the file.
        at: u64,
        /// Bytes left from there.
        bytes: u64,
    },
    /// An offset in the HEADER is not a number.
    #[error("HEADER offset {field} is {text:?}, not a number")]
    HeaderNumber {
        /// Which of the six offsets.
        field: &'static str,
        /// What stands there.
        text: String,
    },
    /// A segment reaches outside the file or ends before it begins.
    #[error("{segment} is said to lie at bytes {begin}..={end}, but the file has {file_bytes} bytes")]
    SegmentOutside {
        /// TEXT, DATA, supplemental TEXT ….
        segment: &'static str,
        /// First byte, from the start of the file.
        begin: i128,
        /// Last byte, from the start of the file.
        end: i128,
        /// The file's size.
        file_bytes: u64,
    },
    /// The TEXT segment does not follow the keyword grammar.
    #[error("TEXT: {}{}", .problem.en, hint(*.remedy))]
    Text {
        /// What is wrong.
        problem: Text,
        /// The tolerance that would read it, where there is one.
        remedy: Option<Tolerance>,
    },
    /// A required keyword is absent.
    #[error("required keyword {keyword} is missing{}", hint(*.remedy))]
    MissingKeyword {
        /// The keyword's name.
        keyword: String,
        /// The tolerance that would read the file, where there is one.
        remedy: Option<Tolerance>,
    },
    /// A keyword's value is not what the standard allows.
    #[error("{keyword} is {value:?}: {}{}", .problem.en, hint(*.remedy))]
    KeywordValue {
        /// The keyword's name.
        keyword: String,
        /// The value found.
        value: String,
        /// Why it is refused.
        problem: Text,
        /// The tolerance that would read the file, where there is one.
        remedy: Option<Tolerance>,
    },
    /// HEADER and TEXT disagree on where DATA lies.
    #[error(
        "DATA lies at {header:?} by the HEADER and at {text:?} by $BEGINDATA/$ENDDATA{}",
        hint(Some(Tolerance::HeaderTextOffsetsDiffer))
    )]
    OffsetsDiffer {
        /// First and last byte by the HEADER, from the start of the data set.
        header: (u64, u64),
        /// First and last byte by TEXT.
        text: (u64, u64),
    },
    /// DATA is not as long as the events need.
    #[error("DATA holds {found} bytes, {events} events of {event_bits} bits need {needed}{}", hint(*.remedy))]
    DataLength {
        /// Bytes in the segment.
        found: u64,
        /// Bytes needed.
        needed: u128,
        /// $TOT.
        events: u64,
        /// Bits of one event.
        event_bits: u64,
        /// The tolerance that would read the file, where there is one.
        remedy: Option<Tolerance>,
    },
    /// Data of a kind that this reader does not take.
    #[error(
        "{keyword} is {value:?}; only list mode (L) with data types I, F and D, and A before FCS 3.2, is read"
    )]
    Unsupported {
        /// `$MODE`, `$DATATYPE` or `$PnDATATYPE`.
        keyword: String,
        /// Its value.
        value: String,
    },
    /// A value of data type A that is no whole number.
    #[error("DATA holds {text:?} where a whole number is needed (channel {channel:?}, event {event})")]
    AsciiValue {
        /// The channel.
        channel: String,
        /// Index of the event, from 0.
        event: usize,
        /// What stands there, cut short.
        text: String,
    },
    /// DATA of type A holds other values than the events need.
    #[error("DATA holds {values} values in {bytes} bytes; {events} events of {channels} channels need {}", .channels.saturating_mul(usize::try_from(*.events).unwrap_or(usize::MAX)))]
    AsciiCount {
        /// Bytes in the segment.
        bytes: u64,
        /// Values found.
        values: u64,
        /// Channels.
        channels: usize,
        /// Events stated.
        events: u64,
    },
    /// A stated limit is passed.
    #[error("{} is {found}; the limit is {limit}", .what.en)]
    Limit {
        /// What was counted.
        what: Text,
        /// How much the file asks for.
        found: u128,
        /// The limit given.
        limit: u128,
    },
    /// Events hold NaN or infinite values.
    #[error(
        "{events} events hold NaN or infinite values (first: channel {channel:?}, event {first}){}",
        hint(Some(Tolerance::NonFiniteEvents))
    )]
    NonFinite {
        /// How many events are affected.
        events: usize,
        /// A channel where the first one was found.
        channel: String,
        /// Index of the first such event in that channel, from 0.
        first: usize,
    },
    /// `$NEXTDATA` does not lead forward.
    #[error("$NEXTDATA is {next} for the data set at byte {at}: {}", .problem.en)]
    NextData {
        /// Where the data set begins.
        at: u64,
        /// The value found.
        next: i128,
        /// Why it is refused.
        problem: Text,
    },
    /// The ANALYSIS segment, on which no event depends, cannot be read.
    #[error("ANALYSIS: {}{}", .problem.en, hint(Some(Tolerance::UnreadableAnalysis)))]
    Analysis {
        /// What is wrong with it.
        problem: Text,
    },
    /// What the caller asked to be written cannot be written.
    #[error("cannot be written: {}", .0.en)]
    Unwritable(Text),
}

/// "; tolerance `x` would read it", or nothing.
fn hint(remedy: Option<Tolerance>) -> String {
    remedy.map_or_else(String::new, |tolerance| format!(" (tolerance `{tolerance}` would accept this)"))
}
