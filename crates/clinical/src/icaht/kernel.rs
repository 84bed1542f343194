//! The grading of ICAHT on one value a day: the same code for one chart and for a registry.
//! Allocates nothing. Must not know charts, dates or texts; the numbers are arguments.
//!
//! Days are held as bits of a word, day 0 lowest. A missing value is `NaN`. Runs of missing days up
//! to the rule's cap are filled: between two values linearly, rounded half to even to the rule's
//! step as the published method rounds; at both ends of the window by carrying the nearest value.
//! A longer run stays missing and ends an episode.
//!
//! Days at or below the deep line are counted by the same reading as days at or below the low line:
//! the longest run at or below it, joined over rises that are shorter than a recovery (all such days
//! together in the cumulative reading). A deep run lies inside one neutropenic episode, because
//! what separates two episodes is above the deep line too.

use crate::numbers::{DayBand, IcahtNumbers, Reading};

/// The longest window the kernel takes, in days. Later days are not looked at;
/// [`crate::Rules::choose`] refuses a rule whose window is longer.
pub const MAX_DAYS: usize = u64::BITS as usize;

/// What a series of days gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DayGrades {
    /// The grade as the reading gives it; 0 where no day is known (see `known_days`).
    pub grade: u8,
    /// The least grade any filling of the days left missing gives.
    pub low: u8,
    /// The highest grade any filling of the days left missing gives.
    pub high: u8,
    /// Neutropenic days the grade counts.
    pub days_le_500: u32,
    /// Deeply neutropenic days the grade counts.
    pub days_le_100: u32,
    /// Days measured or filled.
    pub known_days: u32,
    /// The first day of the episode that decides; `None` without one.
    pub first_day: Option<u32>,
    /// The episode began early and never ended within the window.
    pub never_above: bool,
    /// The last known day is neutropenic.
    pub still_low: bool,
}

/// Grades a window that has ended: `values` from day 0 to the window's last day (the rule's, or the
/// day of death or loss), the lowest value of each day in /µL, `NaN` where there is none.
pub fn grade_days(values: &[f32], numbers: &IcahtNumbers, reading: Reading) -> DayGrades {
    grade::<true>(values, numbers, reading, true)
}

/// Grades a window that is still running: “never above” cannot be said yet.
pub fn grade_open_days(values: &[f32], numbers: &IcahtNumbers, reading: Reading) -> DayGrades {
    grade::<true>(values, numbers, reading, false)
}

/// Grades a window with nothing carried to its ends: the days before the first and after the last value
/// stay unknown, so that `low` and `high` hold whatever the neutrophils did there.
pub fn grade_without_carrying(
    values: &[f32],
    numbers: &IcahtNumbers,
    reading: Reading,
    ended: bool,
) -> DayGrades {
    grade::<false>(values, numbers, reading, ended)
}

/// How many days at the start and at the end of the window are filled by carrying the nearest value.
pub fn carried_days(values: &[f32], numbers: &IcahtNumbers) -> (usize, usize) {
    let values = values.get(..MAX_DAYS.min(values.len())).unwrap_or_default();
    let (Some(first), Some(last)) =
        (values.iter().position(|v| !v.is_nan()), values.iter().rposition(|v| !v.is_nan()))
    else {
        return (0, 0);
    };
    let carried = |gap: usize| if gap <= numbers.gap_days { gap } else { 0 };
    (carried(first), carried(values.len() - 1 - last))
}

fn grade<const CARRY: bool>(
    values: &[f32],
    numbers: &IcahtNumbers,
    reading: Reading,
    ended: bool,
) -> DayGrades {
    let values = values.get(..MAX_DAYS.min(values.len())).unwrap_or_default();
    let days = Days::of::<CARRY>(values, numbers);
    let all = low_bits(values.len());
    if days.known == 0 {
        // Nothing measured: anything from no neutropenia to all days deep.
        let highest = judge(all, all, all, numbers, reading, ended).grade;
        return DayGrades { high: highest, ..DayGrades::default() };
    }
    let mut point = judge(days.low, days.deep, days.known, numbers, reading, ended);
    let unknown = all & !days.known;
    (point.low, point.high) = if unknown == 0 {
        (point.grade, point.grade)
    } else {
        let recovered = judge(days.low, days.deep, all, numbers, reading, ended);
        let deep = judge(days.low | unknown, days.deep | unknown, all, numbers, reading, ended);
        (recovered.grade, deep.grade)
    };
    point.known_days = days.known.count_ones();
    let last = MAX_DAYS - 1 - days.known.leading_zeros() as usize;
    point.still_low = days.low >> last & 1 == 1;
    point
}

/// Which days are at or below the two lines, and which are known at all.
#[derive(Debug, Clone, Copy, Default)]
struct Days {
    low: u64,
    deep: u64,
    known: u64,
}

impl Days {
    fn of<const CARRY: bool>(values: &[f32], numbers: &IcahtNumbers) -> Days {
        let mut days = Days::default();
        let (low, deep, step) = (numbers.low_per_ul, numbers.deep_per_ul, numbers.round_to_per_ul);
        let mut set = |day: usize, value: f64| {
            let bit = 1_u64 << day;
            days.known |= bit;
            if value <= low {
                days.low |= bit;
            }
            if value <= deep {
                days.deep |= bit;
            }
        };
        let mut last: Option<(usize, f64)> = None;
        for (day, value) in values.iter().enumerate() {
            if value.is_nan() {
                continue;
            }
            let value = f64::from(*value);
            let gap = last.map_or(day, |(before, _)| day - before - 1);
            if gap > 0 && gap <= numbers.gap_days {
                match last {
                    None if CARRY => (0..day).for_each(|d| set(d, value)),
                    None => {}
                    Some((from, before)) => {
                        let steps = (gap + 1) as f64;
                        for k in 1..=gap {
                            // One division of an exact sum: a tie is seen as a tie.
                            let sum = before * (steps - k as f64) + value * k as f64;
                            set(from + k, (sum / (step * steps)).round_ties_even() * step);
                        }
                    }
                }
            }
            set(day, value);
            last = Some((day, value));
        }
        if let Some((day, value)) = last {
            let gap = values.len() - 1 - day;
            if CARRY && gap <= numbers.gap_days {
                (day + 1..values.len()).for_each(|d| set(d, value));
            }
        }
        days
    }
}

/// The grade of settled days. `span` holds the days that are taken as known.
fn judge(low: u64, deep: u64, span: u64, numbers: &IcahtNumbers, reading: Reading, ended: bool) -> DayGrades {
    if low == 0 {
        return DayGrades::default();
    }
    let last = MAX_DAYS - 1 - span.leading_zeros() as usize;
    let (low_run, deep_run, never_above) = match reading {
        Reading::Cumulative => {
            let run = Run { start: low.trailing_zeros(), days: low.count_ones() };
            let starts_early = low.trailing_zeros() as usize <= numbers.never_above_start_day;
            // No known day above the line, from the first known day to the last.
            (run, Run { start: deep.trailing_zeros(), days: deep.count_ones() }, starts_early && low == span)
        }
        Reading::LongestRunPlain | Reading::LongestRunPublished => {
            let edges = (reading == Reading::LongestRunPublished).then_some(last);
            let low = join(low, numbers.recovery_days, edges);
            let deep = join(deep, numbers.recovery_days, edges);
            let first = low.trailing_zeros() as usize;
            let unbroken = first <= numbers.never_above_start_day && last_of_run(low, first) >= last;
            (longest(low), longest(deep), unbroken)
        }
    };
    let never_above = ended && never_above;
    let by_days = band(&numbers.low_bands, low_run.days).max(band(&numbers.deep_bands, deep_run.days));
    let grade = if never_above { by_days.max(numbers.never_above.grades.high) } else { by_days };
    DayGrades {
        grade,
        low: grade,
        high: grade,
        days_le_500: low_run.days,
        days_le_100: deep_run.days,
        known_days: 0,
        first_day: Some(low_run.start),
        never_above,
        still_low: false,
    }
}

/// The grade of a count of days.
fn band(bands: &[DayBand], days: u32) -> u8 {
    bands.iter().filter(|band| days >= band.from_days).map(|band| band.grade).max().unwrap_or(0)
}

/// A run of days.
#[derive(Debug, Clone, Copy)]
struct Run {
    start: u32,
    days: u32,
}

/// The lowest `n` bits.
fn low_bits(n: usize) -> u64 {
    if n == 0 { 0 } else { u64::MAX >> (MAX_DAYS - n.min(MAX_DAYS)) }
}

/// The last day of the run of set bits that begins at `first`.
fn last_of_run(mask: u64, first: usize) -> usize {
    if first >= MAX_DAYS {
        return 0;
    }
    first + (mask >> first).trailing_ones() as usize - 1
}

/// Sets the days of interruptions shorter than `recovery` between two runs. With `edges` (the last
/// known day) also the days before the first run and after the last one.
fn join(mask: u64, recovery: usize, edges: Option<usize>) -> u64 {
    if mask == 0 {
        return 0;
    }
    let mut joined = mask;
    let first = mask.trailing_zeros() as usize;
    let last = MAX_DAYS - 1 - mask.leading_zeros() as usize;
    let mut day = first;
    while day < last {
        let end = last_of_run(mask, day);
        if end >= last {
            break;
        }
        let gap = (mask >> (end + 1)).trailing_zeros() as usize;
        if gap < recovery {
            joined |= low_bits(gap) << (end + 1);
        }
        day = end + 1 + gap;
    }
    if let Some(last_known) = edges {
        if first < recovery {
            joined |= low_bits(first);
        }
        let after = last_known.saturating_sub(last);
        if after > 0 && after < recovery {
            joined |= low_bits(after) << (last + 1);
        }
    }
    joined
}

/// The longest run of set bits; the earliest of equals.
fn longest(mask: u64) -> Run {
    let mut best = Run { start: 0, days: 0 };
    let mut rest = mask;
    while rest != 0 {
        let start = rest.trailing_zeros();
        let days = (rest >> start).trailing_ones();
        if days > best.days {
            best = Run { start, days };
        }
        rest &= !(low_bits(days as usize) << start);
    }
    best
}

/// What the late window gives: the lowest values of its days.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LateGrade {
    /// The grade as the reading gives it.
    pub grade: u8,
    /// The value it stands on, in /µL; `NaN` without any.
    pub decided_by_per_ul: f32,
    /// Days with a value.
    pub days: u32,
    /// Fewer time points than the consensus wants.
    pub single: bool,
}

/// Grades the late window: `values` one a day, lowest of the day in /µL, `NaN` where there is none.
/// Real numbers are graded; nothing is filled in.
pub fn grade_late_days(values: &[f32], numbers: &IcahtNumbers, reading: Reading) -> LateGrade {
    let (mut lowest, mut second, mut days) = (f32::INFINITY, f32::INFINITY, 0_u32);
    for value in values.iter().copied().filter(|value| !value.is_nan()) {
        days += 1;
        if value < lowest {
            (lowest, second) = (value, lowest);
        } else if value < second {
            second = value;
        }
    }
    if days == 0 {
        return LateGrade { decided_by_per_ul: f32::NAN, ..LateGrade::default() };
    }
    let single = (days as usize) < numbers.late_time_points;
    let of = |value: f32| late_grade(f64::from(value), numbers);
    let decided_by = match reading {
        _ if single => lowest,
        Reading::LongestRunPublished if of(second) > 0 => lowest,
        _ => second,
    };
    LateGrade { grade: of(decided_by), decided_by_per_ul: decided_by, days, single }
}

fn late_grade(value: f64, numbers: &IcahtNumbers) -> u8 {
    numbers.late.iter().filter(|line| line.holds(value)).map(|line| line.grades.high).max().unwrap_or(0)
}

/// The nearest single-precision number not below a value: a value above a line stays above it.
pub fn to_day_value(value: f64) -> f32 {
    let near = value as f32;
    if f64::from(near) < value { near.next_up() } else { near }
}
