//! Times, ages and day numbers as pages write them: ISO dates, `D+5` beside them, never broken across lines.

use crate::layout::Frame;
use jiff::{Timestamp, civil::Date};
use maud::{Markup, html};
use vena_base::{When, Zone, time::days_between};

/// `2026-11-20`.
pub fn date(at: Timestamp, zone: &Zone) -> String {
    zone.day_of(at).to_string()
}

/// `2026-11-20 03:12`.
pub fn date_time(at: Timestamp, zone: &Zone) -> String {
    zone.time_zone().to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
}

/// `11-20 03:12`: inside a journey the year is known.
pub fn short(at: Timestamp, zone: &Zone) -> String {
    zone.time_zone().to_datetime(at).strftime("%m-%d %H:%M").to_string()
}

/// When something happened, as precisely as it was written, without the year.
pub fn short_when(when: &When, zone: &Zone) -> String {
    match when {
        When::Instant(stamp) => short(stamp.at, zone),
        When::Date(date) => date.strftime("%m-%d").to_string(),
        other => other.to_string(),
    }
}

/// When something happened, with its year.
pub fn long_when(when: &When, zone: &Zone) -> String {
    match when {
        When::Instant(stamp) => date_time(stamp.at, zone),
        other => other.to_string(),
    }
}

/// `D+5`, `D0`, `D−3`.
pub fn day(number: i32) -> String {
    match number {
        0 => "D0".to_owned(),
        n if n > 0 => format!("D+{n}"),
        n => format!("D−{}", n.unsigned_abs()),
    }
}

/// The day number of a moment.
pub fn day_of(day_0: Date, at: Timestamp, zone: &Zone) -> String {
    day(days_between(day_0, zone.day_of(at)))
}

/// How long ago, counting on by itself where scripts run; the clock time where they do not.
pub fn age(frame: &Frame, at: Timestamp, now: Timestamp, zone: &Zone, stale_after_h: Option<f64>) -> Markup {
    let minutes = (now.as_second() - at.as_second()) / 60;
    let stale = stale_after_h.is_some_and(|limit| minutes as f64 > limit * 60.0);
    let words = match minutes {
        ..=0 => frame.t("age-now"),
        1..60 => frame.tw("age-minutes", &[("n", &minutes.to_string())]),
        60..2880 => frame.tw("age-hours", &[("n", &(minutes / 60).to_string())]),
        _ => frame.tw("age-days", &[("n", &(minutes / 1440).to_string())]),
    };
    html! {
        span class=(if stale { "age old" } else { "age" }) {
            time class="keep" datetime=(at.to_string()) data-age="" title=(short(at, zone)) { (words) }
        }
    }
}

/// A due time: late in red with how late, near in amber, else the clock.
pub fn due(frame: &Frame, at: Option<Timestamp>, now: Timestamp, zone: &Zone) -> Markup {
    use crate::parts::icons::{Icon, icon};
    let Some(at) = at else {
        return html! { span class="due plain" { (frame.t("due-open")) } };
    };
    let minutes = (at.as_second() - now.as_second()) / 60;
    let span = |minutes: i64| match minutes {
        0..60 => frame.tw("span-minutes", &[("n", &minutes.to_string())]),
        60..2880 => frame.tw("span-hours", &[("n", &(minutes / 60).to_string())]),
        _ => frame.tw("span-days", &[("n", &(minutes / 1440).to_string())]),
    };
    if minutes < 0 {
        html! { span class="due late" { (icon(Icon::Clock)) (frame.tw("due-late", &[("span", &span(-minutes))])) } }
    } else if minutes < 60 {
        html! { span class="due near" { (icon(Icon::Clock)) (frame.tw("due-in", &[("span", &span(minutes))])) } }
    } else if zone.day_of(at) == zone.day_of(now) {
        html! { span class="due plain" { (zone.time_zone().to_datetime(at).strftime("%H:%M").to_string()) } }
    } else {
        html! { span class="due plain" { (zone.day_of(at).strftime("%m-%d").to_string()) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_carry_their_sign() {
        assert_eq!(day(5), "D+5");
        assert_eq!(day(0), "D0");
        assert_eq!(day(-3), "D−3");
    }
}
