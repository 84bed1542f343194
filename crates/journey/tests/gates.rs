//! Gates, overrides, endings and what can never be overridden; one line per step.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
use Role::{Coordinator, Nurse, Physician, QualityAssurance as Qa, Technician};
use Standing::ByRule;
use common::{lines::*, *};
use std::sync::Arc;
use vena_journey::{
    Refusal, Role, Standing, State, Step,
    event::OutsideKind,
    phase::{self, Phase},
    step::{ConsentKind, Ending, Instead, ProductFate, RejectionReason},
};

#[test]
fn a_mismatch_is_recorded_and_nobody_overrides_it() {
    run(
        ready_but_for_the_check(),
        vec![
            Line(
                "nu",
                Nurse,
                ByRule,
                reading("COI-1", "COI-1", "2026-03-02T09:55"),
                "2026-03-02T09:55",
                "ok",
            ),
            Line(
                "dr",
                Physician,
                ByRule,
                reading("COI-1", "COI-9", "2026-03-02T09:57"),
                "2026-03-02T09:57",
                "ok",
            ),
            Line("nu", Nurse, ByRule, start("2026-03-02T10:00"), "2026-03-02T10:00", "identity-mismatch"),
            Line(
                "dr",
                Physician,
                over("urgent"),
                start("2026-03-02T10:00"),
                "2026-03-02T10:00",
                "identity-mismatch",
            ),
            Line(
                "dr",
                Physician,
                ByRule,
                Step::Corrected { event: event("J-1#11"), reason: "typo".into(), instead: Instead::Nothing },
                "2026-03-02T10:00",
                "not-correctable",
            ),
            Line(
                "dr",
                Physician,
                ByRule,
                reading("COI-1", "COI-1", "2026-03-02T09:58"),
                "2026-03-02T09:58",
                "ok",
            ),
            Line("nu", Nurse, ByRule, start("2026-03-02T10:00"), "2026-03-02T10:00", "identity-mismatch"),
            Line(
                "nu",
                Nurse,
                ByRule,
                reading("COI-1", "COI-1", "2026-03-02T09:59"),
                "2026-03-02T09:59",
                "ok",
            ),
            Line("nu", Nurse, ByRule, start("2026-03-02T10:00"), "2026-03-02T10:00", "ok"),
        ],
    );
}

#[test]
fn what_has_been_done_is_recorded_as_outside_the_rule() {
    let lines = vec![
        Line("nu", Nurse, ByRule, start("2026-03-02T10:00"), "2026-03-02T10:00", "identity-check-missing"),
        Line(
            "dr",
            Physician,
            over("now"),
            start("2026-03-02T10:00"),
            "2026-03-02T10:00",
            "identity-check-missing",
        ),
        Line("nu", Nurse, done("  "), start("2026-03-02T10:00"), "2026-03-02T10:20", "reason-missing"),
        Line(
            "te",
            Technician,
            done("told by phone"),
            start("2026-03-02T10:00"),
            "2026-03-02T10:20",
            "role-may-not",
        ),
        Line(
            "nu",
            Nurse,
            done("power cut, checked on paper"),
            start("2026-03-02T10:00"),
            "2026-03-02T10:20",
            "ok!",
        ),
    ];
    let state = run(ready_but_for_the_check(), lines);
    let outside = state.entries.last().unwrap().body.outside_rule.clone().unwrap();
    assert_eq!(outside.kind, OutsideKind::AlreadyDone);
    assert_eq!(outside.refusals, vec![Arc::from("identity-check-missing")]);
    assert!(state.infusion_started.is_some());
}

#[test]
fn an_authorised_person_overrides_with_a_reason() {
    let state = run(
        State::default(),
        vec![
            Line("co", Coordinator, ByRule, register("2026-02-01"), "2026-02-01T10:00", "ok"),
            Line("dr", Physician, ByRule, chosen(), "2026-02-01T10:00", "ok"),
            Line(
                "nu",
                Nurse,
                over("doctor said so"),
                Step::LymphodepletionStarted { when: when("2026-02-27") },
                "2026-02-27T10:00",
                "consent-missing",
            ),
            Line(
                "dr",
                Physician,
                over(""),
                Step::LymphodepletionStarted { when: when("2026-02-27") },
                "2026-02-27T10:00",
                "reason-missing",
            ),
            Line(
                "dr",
                Physician,
                over("signed on paper, scan follows"),
                Step::LymphodepletionStarted { when: when("2026-02-27") },
                "2026-02-27T10:00",
                "ok!",
            ),
        ],
    );
    assert_eq!(
        state.entries.last().unwrap().body.outside_rule.clone().unwrap().kind,
        OutsideKind::Overridden
    );
}

/// Row T3: every other ending, and what becomes of the product.
#[test]
fn endings_shut_the_gates_and_keep_the_record_open() {
    let withdrew =
        Step::Withdrew { when: when("2026-03-01"), reason: "wish".into(), fate: ProductFate::Kept };
    let state = run(
        ready_but_for_the_check(),
        vec![
            Line("nu", Nurse, ByRule, withdrew.clone(), "2026-03-01T10:00", "role-may-not"),
            Line("co", Coordinator, ByRule, withdrew, "2026-03-01T10:00", "ok"),
            Line("nu", Nurse, ByRule, start("2026-03-02T10:00"), "2026-03-02T10:00", "withdrawn"),
            Line(
                "dr",
                Physician,
                over("changed mind"),
                start("2026-03-02T10:00"),
                "2026-03-02T10:00",
                "withdrawn",
            ),
            Line(
                "nu",
                Nurse,
                ByRule,
                Step::VitalSigns(vec![temperature(37.0, "2026-03-01T09:00")]),
                "2026-03-02T10:00",
                "ok",
            ),
            Line(
                "co",
                Coordinator,
                ByRule,
                Step::Corrected {
                    event: event("J-1#10"),
                    reason: "wrong patient".into(),
                    instead: Instead::Nothing,
                },
                "2026-03-02T10:00",
                "ok",
            ),
            Line(
                "nu",
                Nurse,
                ByRule,
                start("2026-03-02T10:00"),
                "2026-03-02T10:00",
                "identity-check-missing",
            ),
            Line(
                "dr",
                Physician,
                ByRule,
                Step::Died { when: when("2026-03-02"), cause: None },
                "2026-03-02T10:00",
                "ok",
            ),
            Line("nu", Nurse, ByRule, start("2026-03-02T10:00"), "2026-03-02T10:00", "deceased"),
        ],
    );
    assert_eq!(phase::current(&state, &rules(), at("2026-03-02T12:00")), Phase::Ended);
    for ending in Ending::ALL {
        let step = Step::EndedOtherwise {
            ending,
            when: when("2026-03-01"),
            reason: "as written".into(),
            fate: ProductFate::Undecided,
        };
        let state = run(
            ready_but_for_the_check(),
            vec![
                Line("dr", Physician, ByRule, step, "2026-03-01T10:00", "ok"),
                Line("nu", Nurse, ByRule, start("2026-03-02T10:00"), "2026-03-02T10:00", "ended"),
            ],
        );
        assert_eq!(phase::current(&state, &rules(), at("2026-03-02T12:00")), Phase::Ended);
    }
}

#[test]
fn another_label_or_a_rejected_product_never_passes() {
    run(
        ready_but_for_the_check(),
        vec![
            Line(
                "nu",
                Nurse,
                ByRule,
                reading("COI-1", "COI-1", "2026-03-02T09:55"),
                "2026-03-02T09:55",
                "ok",
            ),
            Line(
                "dr",
                Physician,
                ByRule,
                reading("COI-1", "COI-1", "2026-03-02T09:57"),
                "2026-03-02T09:57",
                "ok",
            ),
            Line("qa", Qa, ByRule, made("COI-8"), "2026-03-02T09:58", "ok"),
            Line(
                "dr",
                Physician,
                over("same thing"),
                start("2026-03-02T10:00"),
                "2026-03-02T10:00",
                "label-mismatch",
            ),
            Line("qa", Qa, ByRule, made("COI-1"), "2026-03-02T09:58", "ok"),
            Line(
                "qa",
                Qa,
                ByRule,
                Step::ProductRejected {
                    bags: vec![bag("B-1")],
                    when: when("2026-03-02"),
                    reason: RejectionReason::Contaminated,
                    note: None,
                    fate: ProductFate::Destroyed,
                },
                "2026-03-02T09:58",
                "ok",
            ),
            Line("qa", Qa, ByRule, released(), "2026-03-02T09:59", "product-rejected"),
            Line(
                "dr",
                Physician,
                over("no other"),
                start("2026-03-02T10:00"),
                "2026-03-02T10:00",
                "product-rejected",
            ),
        ],
    );
}

#[test]
fn every_refusal_speaks_both_languages_and_says_what_helps() {
    let b = bag("B-1");
    let all = vec![
        Refusal::RoleMayNot { role: Nurse, step: vena_journey::StepKind::Registered },
        Refusal::NotRegistered,
        Refusal::AlreadyRegistered,
        Refusal::ReasonMissing,
        Refusal::FieldMissing(vena_base::Text::new("x", "某")),
        Refusal::InTheFuture { when: when("2026-03-02") },
        Refusal::EndsBeforeStart { start: when("2026-03-02"), end: when("2026-03-01") },
        Refusal::NoSuchEvent { event: event("J-1#1") },
        Refusal::NotCorrectable {
            step: vena_journey::StepKind::IdentityRead,
            instead: vena_base::Text::new("x", "某"),
        },
        Refusal::Deceased { when: when("2026-03-02") },
        Refusal::Withdrawn { when: when("2026-03-02") },
        Refusal::Ended { when: when("2026-03-02") },
        Refusal::IdentityMismatch {
            bag: b.clone(),
            number: None,
            on_patient: coi("1"),
            on_product: coi("2"),
        },
        Refusal::LabelMismatch { bag: b.clone(), number: coi("1"), on_label: coi("2") },
        Refusal::NumberMissing,
        Refusal::NumberAlreadyAssigned { number: coi("1") },
        Refusal::ProductRejected { bag: b.clone(), reason: RejectionReason::Recalled },
        Refusal::ConsentMissing { kind: ConsentKind::Treatment, withdrawn: None },
        Refusal::ProductNotChosen,
        Refusal::UnknownBag { bag: b.clone() },
        Refusal::NotReleased { bag: b.clone() },
        Refusal::NotArrived { bag: b.clone(), receipts: 1 },
        Refusal::IdentityCheckMissing { bag: b.clone(), people: 1 },
        Refusal::IdentityCheckTooOld { bag: b, window_min: 30.0 },
        Refusal::AlreadyStarted { when: when("2026-03-02") },
        Refusal::NotStarted,
        Refusal::RepeatNeedsReason { step: vena_journey::StepKind::Collected },
    ];
    for (index, refusal) in all.iter().enumerate() {
        assert_eq!(refusal.rank(), index, "the list is in order of precedence and complete");
        let text = refusal.text();
        for part in [&text.what, &text.helps] {
            assert!(!part.en.is_empty() && !part.zh_tw.is_empty(), "{refusal:?}");
            assert!(!part.zh_tw.is_ascii(), "{refusal:?}");
        }
    }
    for never in &all[12..14] {
        assert!(never.may_override().is_empty());
    }
}
