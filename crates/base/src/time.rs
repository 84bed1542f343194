//! Time has a place (law 11): an instant keeps the offset it was written in, a date stays a date,
//! and day n is a calendar day in a named zone. Knows no clock.

use crate::chinese_time::{self, ROC_YEAR_0};
use jiff::{
    Timestamp, ToSpan,
    civil::{Date, DateTime, Time},
    tz::{Offset, TimeZone},
};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, sync::Arc};

/// Why a text is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not a date or time as ISO 8601 and FHIR write them.
    #[error("“{0}” is not a date or time (write 2026-01-31 or 2026-01-31T08:30+08:00)")]
    NotATime(String),
    /// A clock time without offset, and no zone to read it in.
    #[error("“{0}” has no offset from UTC; name the place's zone (for example Asia/Taipei)")]
    NeedsZone(String),
    /// No such IANA zone.
    #[error("“{0}” is not a known time zone (for example Asia/Taipei)")]
    NoSuchZone(String),
    /// A year of the Republic of China, which would be two thousand years off.
    #[error("“{written}” looks like a year of the Republic of China (民國 {year} is {}); write the Gregorian year", .year + ROC_YEAR_0)]
    RocYear {
        /// As written.
        written: String,
        /// The year as written.
        year: i16,
    },
    /// A spreadsheet's number of a day.
    #[error(
        "“{0}” looks like a spreadsheet's day number; format the column as a date (2026-01-31) before exporting"
    )]
    DayNumber(String),
    /// Day and month cannot be told apart, or the month is a word.
    #[error("“{0}” does not begin with the year: write 2026-01-31")]
    YearNotFirst(String),
    /// The clock was put forward over this time: it did not happen.
    #[error("“{0}” did not happen in this zone: the clock was put forward over it")]
    Skipped(String),
}

/// The zone in which calendar days are counted, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    zone: TimeZone,
    name: Arc<str>,
    /// Taken from the offset of a time rather than named by a person or site.
    pub assumed: bool,
}

impl Zone {
    /// An IANA zone by name.
    ///
    /// # Errors
    /// [`TimeError::NoSuchZone`].
    pub fn named(name: &str) -> Result<Zone, TimeError> {
        let zone = TimeZone::get(name).map_err(|_| TimeError::NoSuchZone(name.to_owned()))?;
        Ok(Zone { zone, name: Arc::from(name), assumed: false })
    }

    /// A fixed offset in minutes, taken from a written time because no zone was named.
    pub fn assumed_offset(minutes: i16) -> Zone {
        let offset = Offset::from_seconds(i32::from(minutes) * 60).unwrap_or(Offset::UTC);
        Zone { zone: TimeZone::fixed(offset), name: Arc::from(offset_text(minutes)), assumed: true }
    }

    /// UTC, assumed.
    pub fn utc() -> Zone {
        Zone::assumed_offset(0)
    }

    /// The name, or the offset where it is assumed.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The zone for calendar arithmetic.
    pub fn time_zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The calendar day of an instant here.
    pub fn day_of(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(at).date()
    }

    /// The first instant of a calendar day here.
    pub fn start_of(&self, day: Date) -> Timestamp {
        self.zone
            .to_ambiguous_timestamp(DateTime::from_parts(day, Time::midnight()))
            .compatible()
            .unwrap_or(Timestamp::MIN)
    }

    /// The last instant of a calendar day here (the nanosecond before the next day).
    pub fn end_of(&self, day: Date) -> Timestamp {
        match day.tomorrow() {
            Ok(next) => self.start_of(next).checked_sub(1.nanosecond()).unwrap_or(Timestamp::MAX),
            Err(_) => Timestamp::MAX,
        }
    }
}

fn offset_text(minutes: i16) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    let m = minutes.unsigned_abs();
    format!("{sign}{:02}:{:02}", m / 60, m % 60)
}

/// An instant with the offset it was written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// The instant.
    pub at: Timestamp,
    /// The written offset from UTC, in minutes.
    pub offset_min: i16,
}

impl Stamp {
    /// An instant written in UTC.
    pub fn utc(at: Timestamp) -> Stamp {
        Stamp { at, offset_min: 0 }
    }

    /// An instant written in a zone's offset at that time.
    pub fn in_zone(at: Timestamp, zone: &Zone) -> Stamp {
        let seconds = zone.time_zone().to_offset(at).seconds();
        Stamp { at, offset_min: i16::try_from(seconds / 60).unwrap_or(0) }
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = Offset::from_seconds(i32::from(self.offset_min) * 60).unwrap_or(Offset::UTC);
        let local = offset.to_datetime(self.at);
        write!(f, "{local}{}", offset_text(self.offset_min))
    }
}

impl PartialOrd for Stamp {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Stamp {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.offset_min).cmp(&(other.at, other.offset_min))
    }
}

/// When something happened, as precisely as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum When {
    /// An instant.
    Instant(Stamp),
    /// A calendar day.
    Date(Date),
    /// A calendar month.
    Month(i16, i8),
    /// A year.
    Year(i16),
}

impl When {
    /// Reads ISO 8601 / FHIR text: year, month, date, or date and time, with `T` or a space, seconds
    /// optional. A clock time without offset needs `zone`.
    ///
    /// # Errors
    /// Not a time, no offset and no zone, or a clock time the zone skipped.
    pub fn parse(text: &str, zone: Option<&Zone>) -> Result<When, TimeError> {
        let text = text.trim();
        let wrong = || otherwise(text);
        let chinese = chinese_time::iso_form(text).map(Cow::Owned);
        let iso = chinese.or_else(|| iso_form(text)).ok_or_else(wrong)?;
        let iso = iso.as_ref();
        match iso.len() {
            4 => iso.parse().map(When::Year).map_err(|_| wrong()),
            7 => {
                let (year, month) = iso.split_once('-').ok_or_else(wrong)?;
                let (year, month) = (year.parse().map_err(|_| wrong())?, month.parse().map_err(|_| wrong())?);
                Date::new(year, month, 1).map(|_| When::Month(year, month)).map_err(|_| wrong())
            }
            10 => strict_date(iso).map(When::Date).ok_or_else(wrong),
            _ => instant(iso, zone).map_err(|error| match error {
                TimeError::NotATime(_) => wrong(),
                other => other,
            }),
        }
    }

    /// The earliest instant it can mean.
    pub fn earliest(&self, zone: &Zone) -> Timestamp {
        match *self {
            When::Instant(stamp) => stamp.at,
            _ => zone.start_of(self.first_day(zone)),
        }
    }

    /// The latest instant it can mean.
    pub fn latest(&self, zone: &Zone) -> Timestamp {
        match *self {
            When::Instant(stamp) => stamp.at,
            _ => zone.end_of(self.last_day(zone)),
        }
    }

    /// The first calendar day it can mean.
    pub fn first_day(&self, zone: &Zone) -> Date {
        match *self {
            When::Instant(stamp) => zone.day_of(stamp.at),
            When::Date(date) => date,
            When::Month(year, month) => Date::new(year, month, 1).unwrap_or(Date::MIN),
            When::Year(year) => Date::new(year, 1, 1).unwrap_or(Date::MIN),
        }
    }

    /// The last calendar day it can mean.
    pub fn last_day(&self, zone: &Zone) -> Date {
        match *self {
            When::Month(year, month) => Date::new(year, month, 1).map_or(Date::MAX, Date::last_of_month),
            When::Year(year) => Date::new(year, 12, 31).unwrap_or(Date::MAX),
            _ => self.first_day(zone),
        }
    }

    /// The calendar day, where the precision gives exactly one.
    pub fn day(&self, zone: &Zone) -> Option<Date> {
        match self {
            When::Instant(_) | When::Date(_) => Some(self.first_day(zone)),
            _ => None,
        }
    }

    /// The instant, where it is one.
    pub fn instant(&self) -> Option<Timestamp> {
        match self {
            When::Instant(stamp) => Some(stamp.at),
            _ => None,
        }
    }
}

/// Signed calendar days from one date to another.
pub fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

/// The ISO form of what spreadsheets write with the year first: `2026/1/5 下午 3:07`, `2026.01.05 3:07 PM`.
/// `None` where it does not begin with a year of four digits.
fn iso_form(text: &str) -> Option<Cow<'_, str>> {
    let bytes = text.as_bytes();
    if !bytes.get(..4)?.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let dashed = bytes.get(4) == Some(&b'-') && bytes.get(7).is_none_or(|b| *b == b'-') && bytes.len() != 9;
    if bytes.len() == 4 || (dashed && text.is_ascii() && !text.ends_with(['m', 'M'])) {
        return Some(Cow::Borrowed(text));
    }
    let separator = char::from(*bytes.get(4)?);
    if !matches!(separator, '-' | '/' | '.') {
        return None;
    }
    let (year, rest) = text.split_once(separator)?;
    let (month, rest) = rest.split_once(separator).unwrap_or((rest, ""));
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (day, clock) = rest.split_at_checked(end)?;
    let two = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    if !two(month) || !(two(day) || rest.is_empty()) {
        return None;
    }
    let date =
        if rest.is_empty() { format!("{year}-{month:0>2}") } else { format!("{year}-{month:0>2}-{day:0>2}") };
    Some(Cow::Owned(if clock.is_empty() { date } else { format!("{date}{}", half_day(clock)?) }))
}

/// A clock time with its half of the day turned into one of 24 hours; any other as it is.
fn half_day(clock: &str) -> Option<Cow<'_, str>> {
    let upper = clock.to_uppercase();
    let later = ["PM", "P.M.", "下午"].iter().any(|mark| upper.contains(mark));
    let earlier = ["AM", "A.M.", "上午"].iter().any(|mark| upper.contains(mark));
    if later == earlier {
        return (!later && clock.is_ascii()).then_some(Cow::Borrowed(clock));
    }
    let bare =
        ["PM", "P.M.", "下午", "AM", "A.M.", "上午"].iter().fold(upper, |text, mark| text.replace(mark, ""));
    let (hour, rest) = bare.trim().split_once(':')?;
    let hour: u8 = hour.trim().parse().ok().filter(|hour| (1..=12).contains(hour))?;
    let hour = hour % 12 + if later { 12 } else { 0 };
    bare.is_ascii().then(|| Cow::Owned(format!(" {hour:02}:{}", rest.trim())))
}

/// Why a text is no time, as helpfully as it can be said.
fn otherwise(text: &str) -> TimeError {
    let short: String = text.chars().take(80).collect();
    let bare = text.strip_prefix("民國").unwrap_or(text).trim();
    let mut parts = bare.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let (first, second) = (parts.next(), parts.next());
    if let (Some(Ok(year)), Some(_)) = (first.filter(|y| matches!(y.len(), 2 | 3)).map(str::parse), second)
        && (bare.len() < text.len() || first.is_some_and(|first| first.len() == 3))
    {
        return TimeError::RocYear { written: short, year };
    }
    let whole = text.split('.').next().unwrap_or(text);
    let digits = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if digits && whole.len() == 5 {
        return TimeError::DayNumber(short);
    }
    let year_last = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|part| part.len() == 4 && part.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with(part));
    if year_last && text.starts_with(|c: char| c.is_ascii_digit()) {
        return TimeError::YearNotFirst(short);
    }
    TimeError::NotATime(short)
}

fn strict_date(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 10 && bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-');
    let number = |range: std::ops::Range<usize>| {
        let digits = text.get(range)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<i16>().ok())?
    };
    if !shaped {
        return None;
    }
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn instant(text: &str, zone: Option<&Zone>) -> Result<When, TimeError> {
    let wrong = || TimeError::NotATime(text.chars().take(80).collect());
    let date = text.get(..10).and_then(strict_date).ok_or_else(wrong)?;
    let separator = text.as_bytes().get(10);
    if !matches!(separator, Some(b'T' | b't' | b' ')) {
        return Err(wrong());
    }
    let rest = text.get(11..).ok_or_else(wrong)?.trim();
    let (clock, offset_min) = match rest.find(['Z', 'z', '+', '-']) {
        Some(start) => {
            let (clock, offset) = rest.split_at(start);
            (clock.trim(), Some(parse_offset(offset).ok_or_else(wrong)?))
        }
        None => (rest, None),
    };
    let time = parse_clock(clock).ok_or_else(wrong)?;
    let local = DateTime::from_parts(date, time);
    match (offset_min, zone) {
        (Some(offset_min), _) => {
            let offset = Offset::from_seconds(i32::from(offset_min) * 60).map_err(|_| wrong())?;
            let at = offset.to_timestamp(local).map_err(|_| wrong())?;
            Ok(When::Instant(Stamp { at, offset_min }))
        }
        (None, Some(zone)) => {
            let candidates = zone.time_zone().to_ambiguous_timestamp(local);
            if matches!(candidates.offset(), jiff::tz::AmbiguousOffset::Gap { .. }) {
                return Err(TimeError::Skipped(text.to_owned()));
            }
            // Where the clock was put back the time happened twice; the earlier is taken, as
            // hospital systems record it, and the written offset shows which one it was.
            let at = candidates.earlier().map_err(|_| wrong())?;
            Ok(When::Instant(Stamp::in_zone(at, zone)))
        }
        (None, None) => Err(TimeError::NeedsZone(text.to_owned())),
    }
}

fn parse_clock(text: &str) -> Option<Time> {
    let mut parts = text.split(':');
    let two = |part: &str| {
        (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<i8>().ok())?
    };
    let hour = parts.next()?;
    // Spreadsheets write 9:05 as well as 09:05.
    let hour = if hour.len() == 1 { hour.parse::<i8>().ok()? } else { two(hour)? };
    let minute = two(parts.next()?)?;
    let (second, nanosecond) = match parts.next() {
        None => (0, 0),
        Some(text) => {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
            if fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            let nanosecond = if fraction.is_empty() { 0 } else { format!("{fraction:0<9}").parse().ok()? };
            (two(whole)?, nanosecond)
        }
    };
    if parts.next().is_some() {
        return None;
    }
    // A leap second is written 60; it is kept as the last second of its minute.
    Time::new(hour, minute, second.min(59), nanosecond).ok()
}

fn parse_offset(text: &str) -> Option<i16> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (1, text.get(1..)?),
        b'-' => (-1, text.get(1..)?),
        _ => return None,
    };
    let digits = digits.replace(':', "");
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let hours: i16 = digits.get(..2)?.parse().ok()?;
    let minutes: i16 = digits.get(2..).filter(|m| !m.is_empty()).map_or(Some(0), |m| m.parse().ok())?;
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            When::Instant(stamp) => stamp.fmt(f),
            When::Date(date) => date.fmt(f),
            When::Month(year, month) => write!(f, "{year:04}-{month:02}"),
            When::Year(year) => write!(f, "{year:04}"),
        }
    }
}

impl From<When> for String {
    fn from(when: When) -> String {
        when.to_string()
    }
}

impl TryFrom<String> for When {
    type Error = TimeError;
    fn try_from(text: String) -> Result<Self, TimeError> {
        When::parse(&text, None)
    }
}

impl Serialize for Stamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match When::parse(&text, None) {
            Ok(When::Instant(stamp)) => Ok(stamp),
            _ => Err(serde::de::Error::custom(format!("“{text}” is not an instant with an offset"))),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn taipei() -> Zone {
        Zone::named("Asia/Taipei").unwrap()
    }

    #[test]
    fn written_precision_is_kept() {
        for text in ["2026", "2026-03", "2026-03-04", "2026-03-04T05:06:07+08:00"] {
            assert_eq!(When::parse(text, None).unwrap().to_string(), text);
        }
    }

    #[test]
    fn clock_times_need_a_place() {
        assert!(matches!(When::parse("2026-03-04 05:06", None), Err(TimeError::NeedsZone(_))));
        let zone = taipei();
        let when = When::parse("2026-03-04 5:06", Some(&zone)).unwrap();
        assert_eq!(when.to_string(), "2026-03-04T05:06:00+08:00");
        assert_eq!(when, When::parse("2026/03/04T05:06:00+0800", None).unwrap());
    }

    #[test]
    fn days_are_counted_in_the_zone() {
        let zone = taipei();
        let late = When::parse("2026-03-04T17:30:00Z", None).unwrap();
        assert_eq!(late.first_day(&zone).to_string(), "2026-03-05");
        assert_eq!(late.first_day(&Zone::utc()).to_string(), "2026-03-04");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "yesterday",
            "2026-02-30",
            "2026-13",
            "20260304",
            "2026-03-04T25:00Z",
            "２０２６-03-04",
            "39000",
        ] {
            assert!(When::parse(text, Some(&taipei())).is_err(), "{text}");
        }
        let zone = Zone::named("Europe/Berlin").unwrap();
        assert!(matches!(When::parse("2026-03-29T02:30", Some(&zone)), Err(TimeError::Skipped(_))));
        assert!(Zone::named("Asia/Atlantis").is_err());
    }

    #[test]
    fn spreadsheets_write_the_year_first_in_many_ways() {
        let zone = taipei();
        for (text, read) in [
            ("2026/3/4", "2026-03-04"),
            ("2026-3-4", "2026-03-04"),
            ("2026.03.04", "2026-03-04"),
            ("2026/3", "2026-03"),
            ("2026/3/4 8:05", "2026-03-04T08:05:00+08:00"),
            ("2026/3/14 下午 08:05:00", "2026-03-14T20:05:00+08:00"),
            ("2026/3/14 上午 12:05", "2026-03-14T00:05:00+08:00"),
            ("2026/03/14 12:05 PM", "2026-03-14T12:05:00+08:00"),
            ("2026-03-14 8:05 pm", "2026-03-14T20:05:00+08:00"),
        ] {
            assert_eq!(When::parse(text, Some(&zone)).unwrap().to_string(), read, "{text}");
        }
        assert!(matches!(When::parse("113/3/12", None), Err(TimeError::RocYear { year: 113, .. })));
        assert!(matches!(When::parse("113年3月12日", None), Err(TimeError::RocYear { year: 113, .. })));
        assert!(matches!(When::parse("民國 99/3/12", None), Err(TimeError::RocYear { year: 99, .. })));
        assert!(matches!(When::parse("45363", None), Err(TimeError::DayNumber(_))));
        assert!(matches!(When::parse("45363.25", None), Err(TimeError::DayNumber(_))));
        for text in ["12-Mar-2024", "3/12/2024", "12.03.2024 08:00"] {
            assert!(matches!(When::parse(text, None), Err(TimeError::YearNotFirst(_))), "{text}");
        }
        for text in
            ["2026/3/4/5", "2026/13/4", "2026-3/4", "2026/3/4 13:00 PM", "2026/3/4 0:30 PM", "20240312"]
        {
            assert!(When::parse(text, Some(&zone)).is_err(), "{text}");
        }
    }

    #[test]
    fn dates_in_chinese_words_are_read_where_they_say_all() {
        let zone = taipei();
        for (text, read) in [
            ("2026年1月12日", "2026-01-12"),
            ("２０２６年０１月１２日", "2026-01-12"),
            ("西元2026 年 1 月 12 號", "2026-01-12"),
            ("民國115年1月12日", "2026-01-12"),
            ("中華民國99年12月31日", "2010-12-31"),
            ("2026年1月", "2026-01"),
            ("2026年", "2026"),
            ("2026年1月12日 08:30", "2026-01-12T08:30:00+08:00"),
            ("2026年1月12日8:30", "2026-01-12T08:30:00+08:00"),
            ("2026年1月12日 14時30分", "2026-01-12T14:30:00+08:00"),
            ("2026年1月12日14時5分9秒", "2026-01-12T14:05:09+08:00"),
            ("2026年1月12日 下午3點", "2026-01-12T15:00:00+08:00"),
            ("2026年1月12日 上午12:05", "2026-01-12T00:05:00+08:00"),
            ("2026年1月12日 下午12:05", "2026-01-12T12:05:00+08:00"),
            ("2026年1月12日 08:30+09:00", "2026-01-12T08:30:00+09:00"),
        ] {
            assert_eq!(When::parse(text, Some(&zone)).unwrap().to_string(), read, "{text}");
        }
        assert!(matches!(When::parse("2026年1月12日 08:30", None), Err(TimeError::NeedsZone(_))));
        for text in [
            "115年1月12日",
            "26年1月12日",
            "民國前1年1月1日",
            "民國0年1月1日",
            "2026年13月1日",
            "2026年2月30日",
            "2026年1月12日 晚上8點",
            "2026年1月12日 下午13點",
            "2026年1月12日 三點",
            "2026年1月12",
            "年月日",
            "2026年1月12日 8點半",
            "2026年1月12日 25:00",
            "2026年1月12日 8:30:00:00",
        ] {
            assert!(When::parse(text, Some(&zone)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_date_spans_its_day() {
        let zone = taipei();
        let day = When::parse("2026-03-04", None).unwrap();
        assert_eq!(day.earliest(&zone).to_string(), "2026-03-03T16:00:00Z");
        assert!(day.latest(&zone) < "2026-03-04T16:00:00Z".parse().unwrap());
    }
}
