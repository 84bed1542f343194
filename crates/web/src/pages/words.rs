//! Times, ages and day numbers as pages write them: ISO dates, `D+5` beside them, never broken across lines.

use crate::layout::Frame;
use jiff::{Timestamp, civil::Date};
use maud::{Markup, html};
use vena_base::{Fact, Value, When, Zone, time::days_between};
use vena_knowledge::Knowledge;

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

/// A name that ends with its abbreviation in brackets, as `(name without, abbreviation)`.
fn bracketed(name: &str) -> Option<(&str, &str)> {
    let rest = name.strip_suffix(')').or_else(|| name.strip_suffix('）'))?;
    let (before, inside) = rest.rsplit_once(['(', '（'])?;
    (!before.trim().is_empty() && !inside.trim().is_empty()).then(|| (before.trim(), inside.trim()))
}

/// The short form of a name that brings its abbreviation: “DLBCL”; any other name as it is.
pub fn abbreviated(name: &str) -> &str {
    bracketed(name).map_or(name, |(_, short)| short)
}

/// A name without what stands in brackets behind it.
pub fn unbracketed(name: &str) -> &str {
    bracketed(name).map_or(name, |(name, _)| name)
}

/// A task's title and what stands behind its colon (how often, on which days).
pub fn titled(title: &str) -> (&str, &str) {
    title
        .split_once(": ")
        .or_else(|| title.split_once('：'))
        .map_or((title, ""), |(a, b)| (a.trim(), b.trim()))
}

/// Words from the grading with their units and times as people read them: `/µL`, `µg`, `11-09 16:51`.
pub fn legible(text: &str, zone: &Zone) -> String {
    let text = text.replace("/uL", "/µL").replace(" ug/", " µg/");
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find('T') {
        // An instant is a date of ten characters before the T and a time with its offset after it.
        let begins = rest.get(..at).map_or(at, |before| before.len().saturating_sub(10));
        let ends = rest
            .get(at + 1..)
            .and_then(|after| {
                after.find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '+' | '-' | 'Z' | '.')))
            })
            .map_or(rest.len(), |length| at + 1 + length);
        let read = rest.get(begins..ends).and_then(|stamp| stamp.parse::<Timestamp>().ok());
        let upto = if read.is_some() { begins } else { ends };
        out.push_str(rest.get(..upto).unwrap_or_default());
        if let Some(stamp) = read {
            out.push_str(&short(stamp, zone));
        }
        rest = rest.get(ends..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// The same words with a capital at the beginning, where the script has capitals.
pub fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A fact's value in the reader's language.
pub fn in_words(frame: &Frame, knowledge: &Knowledge, fact: &Fact) -> String {
    let info = knowledge.catalogue.get(fact.concept);
    match &fact.value {
        Value::Quantity(q) => {
            let number = vena_knowledge::label::for_reading(&q.written);
            let unit = vena_knowledge::label::unit_behind(&number, &q.written_unit, frame.lang);
            format!("{}{number} {unit}", q.bound.sign())
        }
        Value::Answer(answer) => info
            .and_then(|i| i.answer(*answer))
            .map_or_else(|| answer.to_string(), |a| a.name.get(frame.lang).to_owned()),
        Value::Moment(when) => when.to_string(),
        Value::Text(text) => text.to_string(),
        Value::Happened => frame.t("happened"),
        Value::NotAssessed(why) => frame.tw("could-not-be-tested", &[("why", why)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shortened_only_by_their_own_abbreviation() {
        assert_eq!(abbreviated("diffuse large B-cell lymphoma (DLBCL)"), "DLBCL");
        assert_eq!(abbreviated("瀰漫性大 B 細胞淋巴瘤（DLBCL）"), "DLBCL");
        assert_eq!(abbreviated("other"), "other");
        assert_eq!(unbracketed("tisagenlecleucel（祈萊亞）"), "tisagenlecleucel");
        assert_eq!(titled("Vital signs: every 4 hours"), ("Vital signs", "every 4 hours"));
        assert_eq!(titled("生命徵象：每 4 小時"), ("生命徵象", "每 4 小時"));
        assert_eq!(titled("Ask for consent"), ("Ask for consent", ""));
        assert_eq!(sentence("nurse"), "Nurse");
    }

    #[test]
    fn units_and_instants_in_reasons_read_as_people_write_them() {
        let zone = Zone::named("Asia/Taipei").unwrap_or_else(|_| Zone::utc());
        let read = |text: &str| legible(text, &zone);
        assert_eq!(
            read("Platelets 203410 /uL; ferritin 1367 ug/L"),
            "Platelets 203410 /µL; ferritin 1367 µg/L"
        );
        assert_eq!(read("began 2026-11-09T16:51:00+08:00 and ended"), "began 11-09 16:51 and ended");
        assert_eq!(read("自 2026-11-09T08:51:00Z 起"), "自 11-09 16:51 起");
        assert_eq!(read("The Tuesday T cells; CAR-T"), "The Tuesday T cells; CAR-T");
    }

    #[test]
    fn days_carry_their_sign() {
        assert_eq!(day(5), "D+5");
        assert_eq!(day(0), "D0");
        assert_eq!(day(-3), "D−3");
    }
}
