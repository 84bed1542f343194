//! CAPD at the bedside: eight observations, each from never to always. The labels are our own words; the
//! instrument is © Cornell. Scoring (which items count in reverse) is done by the rule, not here.

use super::{clinical::fact, reader::Submitted};
use vena_base::{Answer, Concept, Fact, Value, When};
use vena_knowledge::Knowledge;

/// The items: catalogue concept and text key of our label.
pub const ITEMS: [(&str, &str); 8] = [
    ("capd-item-1", "capd-1"),
    ("capd-item-2", "capd-2"),
    ("capd-item-3", "capd-3"),
    ("capd-item-4", "capd-4"),
    ("capd-item-5", "capd-5"),
    ("capd-item-6", "capd-6"),
    ("capd-item-7", "capd-7"),
    ("capd-item-8", "capd-8"),
];

/// The answers, from never to always, with their text keys.
pub const ANSWERS: [(&str, &str); 5] = [
    ("never", "capd-never"),
    ("rarely", "capd-rarely"),
    ("sometimes", "capd-sometimes"),
    ("often", "capd-often"),
    ("always", "capd-always"),
];

/// The facts of the answers given; an item left open or not observable is recorded as such.
pub fn facts(data: &Submitted, knowledge: &Knowledge, when: When) -> Vec<Fact> {
    let mut facts = Vec::new();
    let arousal = Concept::known("level-of-consciousness");
    let answer = data.get("level-of-consciousness");
    if knowledge.catalogue.get(arousal).is_some_and(|info| info.answer(Answer::of(answer)).is_some()) {
        facts.push(fact(arousal, Value::Answer(Answer::of(answer)), None, when));
    }
    if answer == "unarousable" {
        facts.push(fact(Concept::known("capd-score"), Value::NotAssessed("unarousable".into()), None, when));
        return facts;
    }
    for (concept, _) in ITEMS {
        let given = data.get(concept);
        let value = if ANSWERS.iter().any(|(word, _)| *word == given) {
            Value::Answer(Answer::of(given))
        } else {
            Value::NotAssessed("not observed".into())
        };
        facts.push(fact(Concept::of(concept), value, None, when));
    }
    if ITEMS.iter().any(|(concept, _)| !ANSWERS.iter().any(|(word, _)| *word == data.get(concept))) {
        // Without this an older total would go on standing for now.
        facts.push(fact(
            Concept::known("capd-score"),
            Value::NotAssessed("not all items".into()),
            None,
            when,
        ));
    }
    facts
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Row X4.
    #[test]
    fn open_items_are_recorded_as_not_observed() {
        let mut data = Submitted::default();
        data.set("level-of-consciousness", "alert");
        data.set("capd-item-1", "always");
        let when = When::parse("2026-11-20T03:12+08:00", None).unwrap();
        let facts = facts(&data, Knowledge::embedded(), when);
        assert_eq!(facts.len(), 10);
        assert_eq!(facts[1].answer(), Some(Answer::known("always")));
        assert!(matches!(facts[2].value, Value::NotAssessed(_)));
    }
}
