//! The texts reasons and questions are made of: values as written, ages, names of facts.
//! Knows the catalogue's names through [`Lexicon`]; knows no criterion.

use crate::timeline::unreadable;
use jiff::Timestamp;
use std::collections::BTreeMap;
use vena_base::{Answer, Concept, Fact, Flag, Lang, Text, Value, When, Zone, units::spelled};
use vena_knowledge::{ConceptInfo, label::unit_for_reading};

/// What the scales need of the catalogue: names, how long a value stands, classes of drugs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lexicon {
    pub(crate) names: BTreeMap<Concept, Text>,
    pub(crate) answers: BTreeMap<(Concept, Answer), Text>,
    pub(crate) holds_h: BTreeMap<Concept, f64>,
    pub(crate) classes: BTreeMap<String, Vec<Concept>>,
    pub(crate) routes: Option<ConceptInfo>,
}

/// How a drug was given, as far as the record tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// By this route.
    Known(Answer),
    /// The record names none.
    Unsaid,
    /// The words are none the catalogue knows.
    Unread,
}

impl Lexicon {
    /// The name of a fact; its id where the catalogue does not know it.
    pub fn name(&self, concept: Concept) -> Text {
        self.names.get(&concept).cloned().unwrap_or_else(|| Text::same(concept.as_str()))
    }

    /// The name of an answer; its id where the catalogue does not know it.
    pub fn answer(&self, concept: Concept, answer: Answer) -> Text {
        self.answers.get(&(concept, answer)).cloned().unwrap_or_else(|| Text::same(answer.as_str()))
    }

    /// For how many hours a value stands for now; `None`: until it is replaced.
    pub fn holds_h(&self, concept: Concept) -> Option<f64> {
        self.holds_h.get(&concept).copied()
    }

    /// The drugs of a class, by id.
    pub fn class(&self, class: &str) -> &[Concept] {
        self.classes.get(class).map(Vec::as_slice).unwrap_or_default()
    }

    /// The route of an administration.
    pub(crate) fn route(&self, fact: &Fact) -> Route {
        let Some(words) = fact.route.as_deref().filter(|words| !words.trim().is_empty()) else {
            return Route::Unsaid;
        };
        // SNOMED CT writes what kind of thing a term is behind it.
        let words = words.trim().trim_end_matches("(qualifier value)").trim_end();
        let known = self.routes.as_ref().and_then(|routes| routes.answer_from_words(words));
        known.map_or(Route::Unread, Route::Known)
    }

    /// The route in words: its name, or what was written.
    pub(crate) fn route_name(&self, fact: &Fact) -> Text {
        match (self.route(fact), &self.routes, &fact.route) {
            (Route::Known(answer), Some(routes), _) => self.answer(routes.concept, answer),
            (_, _, Some(written)) => Text::new(format!("“{written}”"), format!("「{written}」")),
            _ => Text::new("not recorded", "未記錄"),
        }
    }

    /// A cause in words: causes have one list for all findings.
    pub(crate) fn cause(&self, concept: Concept, cause: Answer) -> Text {
        const CAUSES: Concept = Concept::known("hypotension-cause");
        let own = self.answers.get(&(concept, cause));
        own.cloned().unwrap_or_else(|| self.answer(CAUSES, cause))
    }

    /// The fact's value in words: as written, with the unit as people read it.
    pub fn value(&self, fact: &Fact) -> Text {
        match &fact.value {
            Value::Quantity(quantity) => {
                let number = format!("{}{}", quantity.bound.sign(), quantity.written);
                let unit = |lang| match &*quantity.written_unit {
                    "{score}" | "1" => String::new(),
                    unit => unit_for_reading(&spelled(unit), lang),
                };
                let with_unit =
                    |unit: String| if unit.is_empty() { number.clone() } else { format!("{number} {unit}") };
                Text::new(with_unit(unit(Lang::En)), with_unit(unit(Lang::ZhTw)))
            }
            Value::Answer(answer) => self.answer(fact.concept, *answer),
            Value::Moment(when) => Text::same(when.to_string()),
            Value::Text(text) => Text::same(text.to_string()),
            Value::Happened => Text::new("given or happened", "已給予或已發生"),
            Value::NotAssessed(why) if why.trim().is_empty() => Text::new("not assessed", "未評估"),
            Value::NotAssessed(_) if let Some(written) = unreadable(fact) => {
                Text::new(format!("could not be read: “{written}”"), format!("無法判讀：「{written}」"))
            }
            Value::NotAssessed(why) => {
                join(&Text::new("not assessed: ", "未評估："), &Text::same(why.to_string()))
            }
        }
    }

    /// Name, value and age of a fact: “Body temperature 38.5 °C, 2 h 5 min earlier”.
    pub fn used(&self, fact: &Fact, happened: Timestamp, at: Timestamp) -> Text {
        let (name, value, age) = (self.name(fact.concept), self.value(fact), age(happened, at));
        let used = Text::new(
            format!("{} {}, {}", name.en, value.en, age.en),
            format!("{} {}，{}", name.zh_tw, value.zh_tw, age.zh_tw),
        );
        if fact.flags.contains(&Flag::Implausible) {
            return with(used, "implausible: check it", "數值不合常理，請查核");
        }
        if fact.flags.contains(&Flag::Preliminary) {
            return with(used, "preliminary", "初步結果");
        }
        used
    }
}

/// A time as people at the site read it.
pub(crate) fn told(when: When, zone: &Zone) -> String {
    match when {
        When::Instant(stamp) => zone.time_zone().to_datetime(stamp.at).strftime("%Y-%m-%d %H:%M").to_string(),
        other => other.to_string(),
    }
}

/// Two texts one after the other.
pub(crate) fn join(a: &Text, b: &Text) -> Text {
    Text::new(format!("{}{}", a.en, b.en), format!("{}{}", a.zh_tw, b.zh_tw))
}

/// A remark after a text.
pub(crate) fn with(mut text: Text, en: &str, zh_tw: &str) -> Text {
    text.en.push_str("; ");
    text.en.push_str(en);
    text.zh_tw.push('；');
    text.zh_tw.push_str(zh_tw);
    text
}

/// How long before `at` something happened, in words.
pub(crate) fn age(happened: Timestamp, at: Timestamp) -> Text {
    let minutes = at.duration_since(happened).as_mins();
    if minutes <= 0 {
        return Text::new("at this time", "此時");
    }
    let (days, hours, rest) =
        (minutes / MINUTES_A_DAY, minutes % MINUTES_A_DAY / MINUTES_AN_HOUR, minutes % MINUTES_AN_HOUR);
    if days >= 2 {
        Text::new(format!("{days} d {hours} h earlier"), format!("{days} 天 {hours} 小時前"))
    } else if minutes >= MINUTES_AN_HOUR {
        let hours = minutes / MINUTES_AN_HOUR;
        if rest == 0 {
            Text::new(format!("{hours} h earlier"), format!("{hours} 小時前"))
        } else {
            Text::new(format!("{hours} h {rest} min earlier"), format!("{hours} 小時 {rest} 分前"))
        }
    } else {
        Text::new(format!("{rest} min earlier"), format!("{rest} 分鐘前"))
    }
}

const MINUTES_AN_HOUR: i64 = 60;
const MINUTES_A_DAY: i64 = 24 * MINUTES_AN_HOUR;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ages_read_well() {
        let at: Timestamp = "2026-03-04T12:00:00Z".parse().unwrap();
        let text = |then: &str| age(then.parse().unwrap(), at).en;
        assert_eq!(text("2026-03-04T12:00:00Z"), "at this time");
        assert_eq!(text("2026-03-04T11:30:00Z"), "30 min earlier");
        assert_eq!(text("2026-03-04T09:00:00Z"), "3 h earlier");
        assert_eq!(text("2026-03-03T11:55:00Z"), "24 h 5 min earlier");
        assert_eq!(text("2026-03-01T11:00:00Z"), "3 d 1 h earlier");
    }
}
