//! From a file's bytes to its data sets. Knows the segments and the keywords
//! that place them; knows no compensation and no gate.

use std::io::{Read, Seek};

use vena_base::Text;

use super::ascii::read_ascii;
use super::channel::{ByteOrder, Channel, DataType, parse_number, read_channels};
use super::error::FcsError;
use super::header::{FcsVersion, HEADER_BYTES, Header, Segment};
use super::layout::Layout;
use super::source::{ReaderSource, SliceSource, Source};
use super::text::Keywords;
use crate::events::Column;
use crate::limits::Limits;
use crate::membership::Membership;
use crate::tolerance::{Judge, Tolerance, Tolerances};

/// How a file is to be read.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// Departures from the standard the caller agrees to; none by default.
    pub tolerances: Tolerances,
    /// Upper bounds on what the file may ask for.
    pub limits: Limits,
}

/// A file as read.
#[derive(Clone, Debug)]
pub struct FcsFile {
    /// The data sets in file order; at least one.
    pub data_sets: Vec<DataSet>,
}

/// One data set: keywords, channels, events.
#[derive(Clone, Debug)]
pub struct DataSet {
    /// Version in its HEADER.
    pub version: FcsVersion,
    /// All keywords.
    pub keywords: Keywords,
    /// The keywords of the ANALYSIS segment: what another program found. Nothing here is computed from them.
    pub analysis: Keywords,
    /// Channels in file order.
    pub channels: Vec<Channel>,
    /// Number of events.
    pub events: usize,
    /// Stored values, one column per channel, `events` long.
    pub columns: Vec<Column>,
    /// Events that hold NaN or infinite values; `None` when there is none.
    /// Such events exist only with [`Tolerance::NonFiniteEvents`].
    pub non_finite: Option<Membership>,
    /// Tolerances that this data set needed.
    pub tolerances_used: Tolerances,
    /// What a person should know about the file.
    pub notes: Vec<Text>,
}

impl DataSet {
    /// Index of the channel with this `$PnN`.
    #[must_use]
    pub fn channel_index(&self, name: &str) -> Option<usize> {
        self.channels.iter().position(|channel| channel.name == name)
    }

    /// A channel's values on the detector's scale (`$PnE`, `$PnG` applied).
    #[must_use]
    pub fn scale_values(&self, channel: usize) -> Option<Vec<f64>> {
        let column = self.columns.get(channel)?;
        let scale = self.channels.get(channel)?.scale;
        let mut values = vec![0.0; column.len()];
        column.copy_to(0, &mut values);
        if !scale.is_identity() {
            values.iter_mut().for_each(|value| *value = scale.apply(*value));
        }
        Some(values)
    }
}

/// Reads every data set of a file in memory.
///
/// # Errors
/// A typed refusal for anything outside the standard that no tolerance in
/// `options` names, and for anything past its limits.
pub fn read_fcs(bytes: &[u8], options: &ReadOptions) -> Result<FcsFile, FcsError> {
    read_all(&mut SliceSource(bytes), options)
}

/// Reads every data set from a seekable reader (an open file) through two
/// buffers, so that memory is the event matrix and some two megabytes.
///
/// # Errors
/// As [`read_fcs`], and [`FcsError::Io`] when the reader fails.
pub fn read_fcs_from<R: Read + Seek>(reader: R, options: &ReadOptions) -> Result<FcsFile, FcsError> {
    read_all(&mut ReaderSource::new(reader), options)
}

fn read_all(source: &mut impl Source, options: &ReadOptions) -> Result<FcsFile, FcsError> {
    let size = source.size()?;
    limit(
        Text::new("file size in bytes", "檔案位元組數"),
        size.into(),
        options.limits.file_bytes_max.into(),
    )?;
    let mut data_sets = Vec::new();
    let mut at = 0u64;
    loop {
        let (data_set, next) = read_data_set(source, at, size, options)?;
        data_sets.push(data_set);
        let Some(next) = next else {
            return Ok(FcsFile { data_sets });
        };
        limit(
            Text::new("number of data sets", "資料集數"),
            data_sets.len() as u128 + 1,
            options.limits.data_sets_max as u128,
        )?;
        at = next;
    }
}

pub(super) fn limit(what: Text, found: u128, limit: u128) -> Result<(), FcsError> {
    if found > limit { Err(FcsError::Limit { what, found, limit }) } else { Ok(()) }
}

/// Reads the data set that begins at byte `at`; also tells where the next begins.
fn read_data_set(
    source: &mut impl Source,
    at: u64,
    size: u64,
    options: &ReadOptions,
) -> Result<(DataSet, Option<u64>), FcsError> {
    let header = Header::read(&source.range(at, HEADER_BYTES as u64)?, at)?;
    let mut judge = Judge::new(&options.tolerances);
    let keywords = read_keywords(source, at, size, &header, options, &mut judge)?;
    require_list_mode(&keywords, header.version)?;
    let channels = read_channels(&keywords, header.version, &mut judge, &options.limits)?;
    let order = ByteOrder::read(keywords.require("$BYTEORD")?, header.version)?;
    let layout = Layout::new(&channels, &order)?;
    let place = Place { at, size, header: &header, keywords: &keywords };
    let is_ascii = channels.iter().any(|channel| channel.data_type == DataType::Ascii);
    let (segment, columns, finite) = if is_ascii {
        let (segment, columns) = ascii_events(source, &place, &channels, options, &mut judge)?;
        (segment, columns, true)
    } else {
        let (segment, events) = place.data(&layout, &options.limits, &mut judge)?;
        let mut matrix = layout.matrix(events)?;
        let len = (events as u64 * layout.event_bits() as u64).div_ceil(8);
        let finite = events == 0 || source.decode(at + segment.begin, len, &layout, &mut matrix)?;
        (segment, matrix.into_columns(), finite)
    };
    let events = columns.first().map_or(0, Column::len);
    let non_finite = if finite { None } else { Some(non_finite(&channels, &columns, events, &mut judge)?) };
    let next = next_data_set(&keywords, at, size)?;
    let place = Place { at, size, header: &header, keywords: &keywords };
    let (analysis, last_analysis) = super::analysis::read_analysis(source, &place, options, &mut judge)?;
    if header.version >= FcsVersion::V3_0 {
        let ends = [header.text.end, segment.end, last_analysis, supplemental_end(&keywords)];
        let last = ends.into_iter().max().unwrap_or_default();
        super::crc::check(source, at, last, next.unwrap_or(size), &mut judge)?;
    }
    let data_set = DataSet {
        version: header.version,
        keywords,
        analysis,
        channels,
        events,
        columns,
        non_finite,
        tolerances_used: judge.used,
        notes: judge.notes,
    };
    Ok((data_set, next))
}

/// Events of data type A, all channels alike.
fn ascii_events(
    source: &mut impl Source,
    place: &Place<'_>,
    channels: &[Channel],
    options: &ReadOptions,
    judge: &mut Judge<'_>,
) -> Result<(Segment, Vec<Column>), FcsError> {
    let stated = place.stated_events()?;
    let found = Text::new("number of events ($TOT)", "事件數（$TOT）");
    limit(found, stated.unwrap_or(0).into(), options.limits.events_max.into())?;
    let segment = place.segment(stated, 0, judge)?;
    if stated == Some(0) && segment.is_unset() {
        return Ok((segment, read_ascii(&[], channels, stated)?.into_columns()));
    }
    let len = segment_len("DATA", segment, place.at, place.size)?;
    let data = source.range(place.at + segment.begin, len)?;
    Ok((segment, read_ascii(&data, channels, stated)?.into_columns()))
}

/// Primary and supplemental TEXT.
fn read_keywords(
    source: &mut impl Source,
    at: u64,
    size: u64,
    header: &Header,
    options: &ReadOptions,
    judge: &mut Judge<'_>,
) -> Result<Keywords, FcsError> {
    let mut keywords = Keywords::default();
    let len = segment_len("TEXT", header.text, at, size)?;
    limit(
        Text::new("TEXT size in bytes", "TEXT 區段位元組數"),
        len.into(),
        options.limits.text_bytes_max.into(),
    )?;
    keywords.read(&source.range(at + header.text.begin, len)?, judge, &options.limits)?;
    if header.version == FcsVersion::V2_0 || keywords.get("$BEGINSTEXT").is_none() {
        return Ok(keywords);
    }
    let more = Segment {
        begin: parse_number(&keywords, "$BEGINSTEXT")?,
        end: parse_number(&keywords, "$ENDSTEXT")?,
    };
    if more.is_unset() || more == header.text {
        return Ok(keywords);
    }
    let len = segment_len("supplemental TEXT", more, at, size)?;
    limit(
        Text::new("supplemental TEXT size in bytes", "補充 TEXT 區段位元組數"),
        len.into(),
        options.limits.text_bytes_max.into(),
    )?;
    keywords.read(&source.range(at + more.begin, len)?, judge, &options.limits)?;
    Ok(keywords)
}

/// Last byte of the supplemental TEXT, 0 without one.
fn supplemental_end(keywords: &Keywords) -> u64 {
    keywords.get("$ENDSTEXT").and_then(|end| end.trim().parse().ok()).unwrap_or_default()
}

/// Length of a segment, having checked that it lies inside the file.
pub(super) fn segment_len(name: &'static str, segment: Segment, at: u64, size: u64) -> Result<u64, FcsError> {
    let inside = segment.begin >= HEADER_BYTES as u64
        && segment.end >= segment.begin
        && at.checked_add(segment.end).is_some_and(|end| end < size);
    if inside {
        return Ok(segment.end - segment.begin + 1);
    }
    Err(FcsError::SegmentOutside {
        segment: name,
        begin: i128::from(at) + i128::from(segment.begin),
        end: i128::from(at) + i128::from(segment.end),
        file_bytes: size,
    })
}

/// Only list mode is read. Before 3.2 `$MODE` is required; 3.2 retires it.
fn require_list_mode(keywords: &Keywords, version: FcsVersion) -> Result<(), FcsError> {
    let mode = match keywords.get("$MODE") {
        None if version >= FcsVersion::V3_2 => return Ok(()),
        None => {
            return Err(FcsError::MissingKeyword { keyword: "$MODE".to_owned(), remedy: None });
        }
        Some(mode) => mode.trim(),
    };
    if mode.eq_ignore_ascii_case("L") {
        return Ok(());
    }
    Err(FcsError::Unsupported { keyword: "$MODE".to_owned(), value: mode.to_owned() })
}

/// What decides where DATA lies and how many events it has.
pub(super) struct Place<'a> {
    pub(super) at: u64,
    pub(super) size: u64,
    pub(super) header: &'a Header,
    pub(super) keywords: &'a Keywords,
}

impl Place<'_> {
    /// The DATA segment (from the start of the data set) and the event count.
    fn data(
        &self,
        layout: &Layout,
        limits: &Limits,
        judge: &mut Judge<'_>,
    ) -> Result<(Segment, usize), FcsError> {
        let event_bits = layout.event_bits() as u64;
        let stated = self.stated_events()?;
        if let Some(events) = stated {
            limit(
                Text::new("number of events ($TOT)", "事件數（$TOT）"),
                events.into(),
                limits.events_max.into(),
            )?;
        }
        let segment = self.segment(stated, event_bits, judge)?;
        if event_bits == 0 {
            return match stated {
                None | Some(0) => Ok((segment, 0)),
                Some(_) => Err(FcsError::KeywordValue {
                    keyword: "$PAR".to_owned(),
                    value: "0".to_owned(),
                    problem: Text::new("there are events but no channel", "有事件卻沒有通道"),
                    remedy: None,
                }),
            };
        }
        let events = match stated {
            Some(0) if segment.is_unset() => return Ok((segment, 0)),
            Some(events) => events,
            None => {
                (segment.end.saturating_add(1).saturating_sub(segment.begin)).saturating_mul(8) / event_bits
            }
        };
        limit(Text::new("number of events", "事件數"), events.into(), limits.events_max.into())?;
        let segment = self.fit(segment, events, event_bits, stated.is_some(), judge)?;
        let events = usize::try_from(events).map_err(|_| FcsError::Limit {
            what: Text::new("number of events", "事件數"),
            found: events.into(),
            limit: usize::MAX as u128,
        })?;
        Ok((segment, events))
    }

    /// `$TOT`: required since 3.0; FCS 2.0 may leave it out.
    fn stated_events(&self) -> Result<Option<u64>, FcsError> {
        if self.header.version == FcsVersion::V2_0 && self.keywords.get("$TOT").is_none() {
            return Ok(None);
        }
        parse_number(self.keywords, "$TOT").map(Some)
    }

    /// HEADER's and TEXT's word on where DATA lies, reconciled.
    fn segment(
        &self,
        events: Option<u64>,
        event_bits: u64,
        judge: &mut Judge<'_>,
    ) -> Result<Segment, FcsError> {
        let header = self.header.data;
        let in_text = self.keywords.get("$BEGINDATA").is_some() && self.keywords.get("$ENDDATA").is_some();
        if self.header.version == FcsVersion::V2_0 {
            return Ok(header);
        }
        if !in_text {
            return self.header_alone("$BEGINDATA or $ENDDATA", judge);
        }
        let text = Segment {
            begin: parse_number(self.keywords, "$BEGINDATA")?,
            end: parse_number(self.keywords, "$ENDDATA")?,
        };
        if text.is_unset() && !header.is_unset() {
            return self.header_alone("a $BEGINDATA other than 0", judge);
        }
        if header.is_unset() || header == text {
            return Ok(text);
        }
        let differ =
            FcsError::OffsetsDiffer { header: (header.begin, header.end), text: (text.begin, text.end) };
        if !judge.tolerate(Tolerance::HeaderTextOffsetsDiffer) {
            return Err(differ);
        }
        let fits = |segment: Segment| {
            events.is_some_and(|events| {
                let needed = (u128::from(events) * u128::from(event_bits)).div_ceil(8);
                u128::from(segment.end) + 1 == u128::from(segment.begin) + needed
                    && self.at.checked_add(segment.end).is_some_and(|end| end < self.size)
            })
        };
        match (fits(header), fits(text)) {
            (true, false) => {
                judge.note(
                    format!(
                        "HEADER and TEXT give different DATA offsets; the HEADER's {}-{} fit $TOT",
                        header.begin, header.end
                    ),
                    format!(
                        "HEADER 與 TEXT 的 DATA 位置不同；HEADER 的 {}-{} 與 $TOT 相符",
                        header.begin, header.end
                    ),
                );
                Ok(header)
            }
            (false, true) => {
                judge.note(
                    format!(
                        "HEADER and TEXT give different DATA offsets; TEXT's {}-{} fit $TOT",
                        text.begin, text.end
                    ),
                    format!(
                        "HEADER 與 TEXT 的 DATA 位置不同；TEXT 的 {}-{} 與 $TOT 相符",
                        text.begin, text.end
                    ),
                );
                Ok(text)
            }
            _ => Err(differ),
        }
    }

    /// The HEADER's offsets, where TEXT has none and the caller agrees.
    fn header_alone(&self, absent: &str, judge: &mut Judge<'_>) -> Result<Segment, FcsError> {
        let header = self.header.data;
        if !header.is_unset() && judge.tolerate(Tolerance::MissingTextOffsets) {
            judge.note(
                format!("{absent} is missing; the HEADER's offsets are used"),
                format!("缺少 {absent}；採用 HEADER 的位置"),
            );
            return Ok(header);
        }
        Err(FcsError::MissingKeyword {
            keyword: absent.to_owned(),
            remedy: (!header.is_unset()).then_some(Tolerance::MissingTextOffsets),
        })
    }

    /// Checks the segment's length against the events, and its place in the file.
    fn fit(
        &self,
        segment: Segment,
        events: u64,
        event_bits: u64,
        stated: bool,
        judge: &mut Judge<'_>,
    ) -> Result<Segment, FcsError> {
        let needed = (u128::from(events) * u128::from(event_bits)).div_ceil(8);
        let found = u64::saturating_sub(segment.end.saturating_add(1), segment.begin);
        let length = |remedy| FcsError::DataLength { found, needed, events, event_bits, remedy };
        if events == 0 {
            return Ok(segment);
        }
        let mut segment = segment;
        match u128::from(found).checked_sub(needed) {
            Some(0) => {}
            None => return Err(length(None)),
            Some(_) if !stated => {}
            Some(1) => {
                if !judge.tolerate(Tolerance::OffByOneDataEnd) {
                    return Err(length(Some(Tolerance::OffByOneDataEnd)));
                }
                judge.note("the DATA segment's end is given one byte too far", "DATA 區段結尾多算一個位元組");
            }
            Some(more) => {
                if !judge.tolerate(Tolerance::DataSegmentLonger) {
                    return Err(length(Some(Tolerance::DataSegmentLonger)));
                }
                judge.note(
                    format!("{more} bytes of DATA after the last event are not read"),
                    format!("最後一個事件之後的 {more} 個位元組未讀取"),
                );
            }
        }
        // `needed` is at most `found`, which came from 64-bit offsets.
        segment.end = segment.begin + u64::try_from(needed).unwrap_or(found) - 1;
        segment_len("DATA", segment, self.at, self.size)?;
        Ok(segment)
    }
}

/// Where the next data set begins, from the start of the file.
fn next_data_set(keywords: &Keywords, at: u64, size: u64) -> Result<Option<u64>, FcsError> {
    let Some(text) = keywords.get("$NEXTDATA") else {
        return Ok(None);
    };
    let refuse = |next: i128, problem: Text| FcsError::NextData { at, next, problem };
    let next: i128 = text.trim().parse().map_err(|_| FcsError::KeywordValue {
        keyword: "$NEXTDATA".to_owned(),
        value: text.to_owned(),
        problem: Text::new("a whole number is needed", "須為整數"),
        remedy: None,
    })?;
    if next == 0 {
        return Ok(None);
    }
    if next < HEADER_BYTES as i128 {
        return Err(refuse(
            next,
            Text::new(
                "it must lead forward, past this data set's HEADER",
                "須指向後方，越過本資料集的 HEADER",
            ),
        ));
    }
    let begin = i128::from(at).saturating_add(next);
    match u64::try_from(begin) {
        Ok(begin) if begin < size => Ok(Some(begin)),
        _ => Err(refuse(next, Text::new("it leads past the end of the file", "指向檔案結尾之後"))),
    }
}

/// The events that hold a value that is not finite, or their refusal.
fn non_finite(
    channels: &[Channel],
    columns: &[Column],
    events: usize,
    judge: &mut Judge<'_>,
) -> Result<Membership, FcsError> {
    let mut marked = Membership::none(events);
    let mut first: Option<(String, usize)> = None;
    for (channel, column) in channels.iter().zip(columns) {
        if let Some(index) = column.non_finite() {
            first.get_or_insert_with(|| (channel.name.clone(), index));
            column.mark_non_finite(index, &mut marked);
        }
    }
    let count = marked.count();
    let (channel, index) = first.unwrap_or_default();
    if !judge.tolerate(Tolerance::NonFiniteEvents) {
        return Err(FcsError::NonFinite { events: count, channel, first: index });
    }
    judge.note(
        format!("{count} events hold NaN or infinite values and lie outside every gate"),
        format!("{count} 個事件含 NaN 或無限大，不屬於任何圈選"),
    );
    Ok(marked)
}
