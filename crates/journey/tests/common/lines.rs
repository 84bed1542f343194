//! Steps as lines of a table: who asks for what, when, and what is expected.
#![allow(dead_code, unused_imports, clippy::unwrap_used)]

use super::*;
use std::sync::Arc;
use vena_journey::{Refusal, Role, Standing, State, Step, step::ConsentKind};

/// Who, in which role and standing, asks for which step, when, and what is expected.
pub struct Line(pub &'static str, pub Role, pub Standing, pub Step, pub &'static str, pub &'static str);

pub fn consent() -> Step {
    Step::ConsentRecorded {
        kind: ConsentKind::Treatment,
        version: "3".into(),
        signed: when("2026-02-01"),
        scan: None,
    }
}

pub fn number(text: &str) -> Step {
    Step::ChainOfIdentityAssigned { number: coi(text), when: when("2026-02-02T09:00") }
}

pub fn collected(repeat_reason: Option<&str>) -> Step {
    Step::Collected {
        when: when("2026-02-10T09:00"),
        until: Some(when("2026-02-10T13:00")),
        volume_ml: None,
        bags: vec![bag("A-1")],
        repeat_reason: repeat_reason.map(Arc::from),
    }
}

pub fn made(label: &str) -> Step {
    Step::ProductMade { bags: vec![bag("B-1")], on_label: coi(label), when: when("2026-02-25") }
}

pub fn released() -> Step {
    Step::ProductReleased {
        bags: vec![bag("B-1")],
        when: when("2026-02-26"),
        document: None,
        exception: None,
    }
}

pub fn chosen() -> Step {
    Step::ProductChosen { product: vena_base::Answer::known("tisagenlecleucel"), when: when("2026-02-01") }
}

pub fn start(at: &str) -> Step {
    Step::InfusionStarted { bag: bag("B-1"), when: when(at) }
}

pub fn over(reason: &str) -> Standing {
    Standing::Override { reason: reason.into() }
}

pub fn done(reason: &str) -> Standing {
    Standing::AlreadyDone { reason: reason.into() }
}

pub fn run(mut state: State, lines: Vec<Line>) -> State {
    for (index, Line(who, role, standing, step, now, expected)) in lines.into_iter().enumerate() {
        let name = step.kind().as_str();
        let (next, answer) = ask(state, who, role, standing, step, now);
        let got = match &answer {
            Ok(body) if body.outside_rule.is_some() => "ok!".to_owned(),
            Ok(_) => "ok".to_owned(),
            Err(refused) => {
                let ranks: Vec<usize> = refused.refusals.iter().map(Refusal::rank).collect();
                assert!(ranks.is_sorted(), "line {index}: refusals in order");
                refused.refusals.first().unwrap().code().to_owned()
            }
        };
        assert_eq!(got, expected, "line {index} ({name} by {who}): {answer:?}");
        state = next;
    }
    state
}

use Role::{Coordinator, Nurse, Physician, QualityAssurance as Qa, Technician};
use Standing::ByRule;

pub fn ready_but_for_the_check() -> State {
    run(
        State::default(),
        vec![
            Line("co", Coordinator, ByRule, register("2026-02-01"), "2026-02-01T10:00", "ok"),
            Line("co", Coordinator, ByRule, consent(), "2026-02-01T10:00", "ok"),
            Line("dr", Physician, ByRule, chosen(), "2026-02-01T10:00", "ok"),
            Line("co", Coordinator, ByRule, number("COI-1"), "2026-02-02T10:00", "ok"),
            Line("te", Technician, ByRule, collected(None), "2026-02-10T14:00", "ok"),
            Line("qa", Qa, ByRule, made("COI-1"), "2026-02-26T10:00", "ok"),
            Line("qa", Qa, ByRule, released(), "2026-02-26T10:00", "ok"),
            Line("te", Technician, ByRule, received("2026-02-28T09:00"), "2026-02-28T09:05", "ok"),
            Line("nu", Nurse, ByRule, received("2026-02-28T09:01"), "2026-02-28T09:05", "ok"),
        ],
    )
}
