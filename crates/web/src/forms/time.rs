//! Times as people type them, brought into ISO form: `2026-11-20 03:12`, `20261120 0312`, `11-20 03:12`,
//! `0312` and `3:12` (today, or yesterday where that would still be to come), `-20` (twenty minutes ago),
//! with digits and signs of full width too. What is none of these is given back as typed and refused by the
//! reader with its words.
//!
//! Must not know: the clock (now is an argument).

use jiff::{SignedDuration, Timestamp, civil::Date};
use vena_base::Zone;

/// Full-width digits and signs as plain ones; dots and slashes between numbers of a date as dashes.
fn plain(typed: &str) -> String {
    typed
        .trim()
        .chars()
        .map(|c| match c {
            '０'..='９' => char::from_digit(u32::from(c) - u32::from('０'), 10).unwrap_or(c),
            '：' => ':',
            '－' | '–' | '−' | '/' | '／' | '年' | '月' => '-',
            '　' | 'T' | 't' | '日' => ' ',
            other => other,
        })
        .collect()
}

/// Hours and minutes of `3:12`, `03:12`, `0312`, `312`, with `h` or `時` tolerated nowhere else.
fn clock(text: &str) -> Option<(i8, i8)> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let only = text.chars().all(|c| c.is_ascii_digit() || c == ':');
    let (hour, minute) = match text.split_once(':') {
        Some((hour, minute)) if minute.len() == 2 && (1..=2).contains(&hour.len()) => (hour, minute),
        None if only && (3..=4).contains(&digits.len()) => text.split_at(digits.len() - 2),
        _ => return None,
    };
    let (hour, minute) = (hour.parse::<i8>().ok()?, minute.parse::<i8>().ok()?);
    ((0..24).contains(&hour) && (0..60).contains(&minute)).then_some((hour, minute))
}

/// The date of `2026-11-20`, `20261120`, `2026-1-5`, `11-20` (this year's).
fn date(text: &str, today: Option<Date>) -> Option<Date> {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |text: &str| text.parse::<i16>().ok();
    let small = |text: &str| text.parse::<i8>().ok();
    match parts.as_slice() {
        [year, month, day] if year.len() == 4 => Date::new(number(year)?, small(month)?, small(day)?).ok(),
        [month, day] => Date::new(today?.year(), small(month)?, small(day)?).ok(),
        [one] if one.len() == 8 && one.bytes().all(|b| b.is_ascii_digit()) => {
            Date::new(number(one.get(..4)?)?, small(one.get(4..6)?)?, small(one.get(6..)?)?).ok()
        }
        _ => None,
    }
}

/// The typed time in ISO form; as typed where it is nothing known here.
pub fn written(typed: &str, now: Option<Timestamp>, zone: &Zone) -> String {
    let text = plain(typed);
    let text = text.trim();
    let today = now.map(|now| zone.day_of(now));
    if let (Some(now), Some(minutes)) = (now, text.strip_prefix('-').and_then(|m| m.parse::<u16>().ok())) {
        let back = now.checked_sub(SignedDuration::from_mins(i64::from(minutes))).unwrap_or(now);
        return zone.time_zone().to_datetime(back).strftime("%Y-%m-%dT%H:%M").to_string();
    }
    if let (Some(now), Some(today), Some((hour, minute))) = (now, today, clock(text)) {
        let at = |date: Date| zone.time_zone().to_timestamp(date.at(hour, minute, 0, 0));
        let ahead =
            at(today).is_ok_and(|at| at > now.checked_add(SignedDuration::from_hours(1)).unwrap_or(now));
        let day = if ahead { today.yesterday().unwrap_or(today) } else { today };
        return format!("{day}T{hour:02}:{minute:02}");
    }
    let (day, time) = text.split_once(' ').map_or((text, ""), |(day, time)| (day, time.trim()));
    match (date(day, today), time.is_empty(), clock(time)) {
        (Some(day), true, _) => day.to_string(),
        (Some(day), false, Some((hour, minute))) => format!("{day}T{hour:02}:{minute:02}"),
        _ => typed.trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Row T3: a time is read the same however it is typed, and never as another day by the order of
    /// its numbers.
    #[test]
    fn times_are_read_as_people_type_them() {
        let zone = Zone::named("Asia/Taipei").unwrap();
        let now: Timestamp = "2026-11-20T03:12:00+08:00".parse().unwrap();
        let read = |typed: &str| written(typed, Some(now), &zone);
        for typed in [
            "2026-11-20 03:10",
            "2026-11-20T03:10",
            "2026/11/20 3:10",
            "20261120 0310",
            "11-20 03:10",
            "0310",
            "3:10",
            "310",
            "-2",
            "２０２６－１１－２０　０３：１０",
            "2026年11月20日 03:10",
        ] {
            assert_eq!(read(typed), "2026-11-20T03:10", "{typed}");
        }
        assert_eq!(read("23:50"), "2026-11-19T23:50", "before midnight is yesterday, not tonight");
        assert_eq!(read("2026-11-20"), "2026-11-20");
        assert_eq!(read("20261120"), "2026-11-20");
        for typed in ["yesterday", "25:10", "13-40 03:10", "03/04/2026 10:00", "2026-11-20 03", "12", "3:1"] {
            assert_eq!(read(typed), typed, "given back as typed, to be refused");
        }
        assert_eq!(written("0310", None, &zone), "0310", "without now there is no today");
        assert_eq!(written("2026-11-20T03:12:00+08:00", Some(now), &zone), "2026-11-20T03:12:00+08:00");
    }
}
