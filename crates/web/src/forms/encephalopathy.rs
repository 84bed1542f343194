//! ICE at the bedside: one question per screen, three answers, the score so far. “Could not be tested”
//! makes the score an interval. How many points each part gives comes from the knowledge file.

use super::{clinical::fact, reader::Submitted};
use vena_base::{Answer, Bound, Concept, Decimal, Fact, Quantity, Value, When};
use vena_knowledge::Knowledge;

/// One screen.
pub struct Question {
    /// The field's name; also the catalogue concept, except for the first and last screens.
    pub concept: &'static str,
    /// Text key of the step's short name.
    pub step: &'static str,
    /// Text key of the question.
    pub ask: &'static str,
    /// Text key of what helps to ask it.
    pub help: &'static str,
    /// Each part asked: name and text key. Each right part is a point.
    pub parts: &'static [(&'static str, &'static str)],
}

/// The five scored questions, in the order of the instrument; arousal is asked before them.
pub const QUESTIONS: [Question; 5] = [
    Question {
        concept: "ice-orientation",
        step: "ice-orientation-step",
        ask: "ice-orientation-ask",
        help: "ice-orientation-help",
        parts: &[
            ("year", "ice-year"),
            ("month", "ice-month"),
            ("city", "ice-city"),
            ("hospital", "ice-hospital"),
        ],
    },
    Question {
        concept: "ice-naming",
        step: "ice-naming-step",
        ask: "ice-naming-ask",
        help: "ice-naming-help",
        parts: &[("first", "ice-object-1"), ("second", "ice-object-2"), ("third", "ice-object-3")],
    },
    Question {
        concept: "ice-command",
        step: "ice-command-step",
        ask: "ice-command-ask",
        help: "ice-command-help",
        parts: &[("command", "ice-command-part")],
    },
    Question {
        concept: "ice-writing",
        step: "ice-writing-step",
        ask: "ice-writing-ask",
        help: "ice-writing-help",
        parts: &[("writing", "ice-writing-part")],
    },
    Question {
        concept: "ice-attention",
        step: "ice-attention-step",
        ask: "ice-attention-ask",
        help: "ice-attention-help",
        parts: &[("attention", "ice-attention-part")],
    },
];

/// One part's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A point.
    Right,
    /// No point.
    Wrong,
    /// Could not be tested.
    NotTested,
    /// Not asked yet.
    NotAsked,
}

/// The field of a part.
pub fn field(question: &Question, part: &str) -> String {
    format!("{}-{part}", question.concept)
}

/// The answers given to a question.
pub fn parts(question: &Question, data: &Submitted) -> Vec<Part> {
    question
        .parts
        .iter()
        .map(|(part, _)| match data.get(&field(question, part)) {
            "right" => Part::Right,
            "wrong" => Part::Wrong,
            "untested" => Part::NotTested,
            _ => Part::NotAsked,
        })
        .collect()
}

/// The score so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Score {
    /// Points gained.
    pub right: u8,
    /// Points asked for and answered.
    pub asked: u8,
    /// Points that could not be tested.
    pub untested: u8,
    /// Points not asked yet.
    pub open: u8,
}

/// Adds up what was answered.
pub fn score(data: &Submitted) -> Score {
    let mut score = Score::default();
    for part in QUESTIONS.iter().flat_map(|question| parts(question, data)) {
        match part {
            Part::Right => {
                score.right += 1;
                score.asked += 1;
            }
            Part::Wrong => score.asked += 1,
            Part::NotTested => score.untested += 1,
            Part::NotAsked => score.open += 1,
        }
    }
    score
}

/// The facts of a finished examination: each question's points (or that it could not be tested), the
/// total where every part was answered, and the consciousness asked first.
///
/// An unarousable patient cannot be asked: then the score itself is recorded as not assessable.
pub fn facts(data: &Submitted, knowledge: &Knowledge, when: When) -> Vec<Fact> {
    let mut facts = Vec::new();
    let arousal = Concept::known("level-of-consciousness");
    let answer = data.get("level-of-consciousness");
    let known =
        knowledge.catalogue.get(arousal).is_some_and(|info| info.answer(Answer::of(answer)).is_some());
    if known {
        facts.push(fact(arousal, Value::Answer(Answer::of(answer)), None, when));
    }
    if answer == "unarousable" {
        facts.push(fact(Concept::known("ice-score"), Value::NotAssessed("unarousable".into()), None, when));
        return facts;
    }
    let total = score(data);
    for question in &QUESTIONS {
        let parts = parts(question, data);
        let value = if parts.contains(&Part::NotTested) {
            Value::NotAssessed("could not be tested".into())
        } else if parts.contains(&Part::NotAsked) {
            Value::NotAssessed("not asked".into())
        } else {
            points(parts.iter().filter(|part| **part == Part::Right).count())
        };
        facts.push(fact(Concept::of(question.concept), value, None, when));
    }
    if total.untested == 0 && total.open == 0 {
        facts.push(fact(Concept::known("ice-score"), points(usize::from(total.right)), None, when));
    } else {
        // Without this an older total would go on standing for now.
        facts.push(fact(Concept::known("ice-score"), Value::NotAssessed("not all parts".into()), None, when));
    }
    facts
}

/// Whether anything has been answered yet.
pub fn begun(data: &Submitted) -> bool {
    let total = score(data);
    total.asked + total.untested > 0 || !data.get("level-of-consciousness").is_empty()
}

/// The same examination with every part not asked yet answered so.
pub fn rest_answered(data: &Submitted, answer: &str) -> Submitted {
    let mut data = data.clone();
    for question in &QUESTIONS {
        for (part, _) in question.parts {
            let name = field(question, part);
            if !matches!(data.get(&name), "right" | "wrong" | "untested") {
                data.set(&name, answer);
            }
        }
    }
    data
}

fn points(points: usize) -> Value {
    Decimal::parse(&points.to_string())
        .ok()
        .and_then(|n| Quantity::new(n, "{score}", "{score}", Bound::Exact, None).ok())
        .map_or_else(|| Value::NotAssessed("not a score".into()), Value::Quantity)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn all(answer: &str) -> Submitted {
        let mut data = Submitted::default();
        data.set("level-of-consciousness", "alert");
        for question in &QUESTIONS {
            for (part, _) in question.parts {
                data.set(&field(question, part), answer);
            }
        }
        data
    }

    fn when() -> When {
        When::parse("2026-11-20T03:12+08:00", None).unwrap()
    }

    fn total(data: &Submitted) -> Option<f64> {
        facts(data, Knowledge::embedded(), when())
            .iter()
            .find(|f| f.concept.as_str() == "ice-score")
            .and_then(|f| f.quantity().map(|q| q.value))
    }

    /// Row X4: ten points in all; each wrong part takes one; an untested part leaves no total.
    #[test]
    fn points_add_up_and_untested_is_not_wrong() {
        assert_eq!(score(&all("right")).right, 10);
        assert_eq!(total(&all("right")), Some(10.0));
        assert_eq!(total(&all("wrong")), Some(0.0));
        for question in &QUESTIONS {
            for (part, _) in question.parts {
                let mut data = all("right");
                data.set(&field(question, part), "wrong");
                assert_eq!(total(&data), Some(9.0));
                data.set(&field(question, part), "untested");
                assert_eq!(total(&data), None);
                let facts = facts(&data, Knowledge::embedded(), when());
                let this = facts.iter().find(|f| f.concept.as_str() == question.concept).unwrap();
                assert!(matches!(this.value, Value::NotAssessed(_)));
                let whole = facts.iter().find(|f| f.concept.as_str() == "ice-score").unwrap();
                assert!(matches!(whole.value, Value::NotAssessed(_)), "an older total must not stand");
            }
        }
    }

    /// Row X4: what is open is neither wrong nor untested.
    #[test]
    fn open_parts_are_filled_only_for_the_preview() {
        let mut data = Submitted::default();
        assert!(!begun(&data));
        data.set("ice-command-command", "untested");
        assert!(begun(&data));
        let (best, worst) = (score(&rest_answered(&data, "right")), score(&rest_answered(&data, "wrong")));
        assert_eq!((best.right, worst.right, best.untested, worst.open), (9, 0, 1, 0));
    }

    /// Row X4: nobody can be asked who cannot be woken.
    #[test]
    fn an_unarousable_patient_has_no_score() {
        let mut data = all("wrong");
        data.set("level-of-consciousness", "unarousable");
        let facts = facts(&data, Knowledge::embedded(), when());
        assert_eq!(facts.len(), 2);
        assert!(matches!(facts[1].value, Value::NotAssessed(_)));
    }
}
