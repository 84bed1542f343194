//! One line per step, ending in what is expected: `ok`, `ok!` (recorded outside the rule), or the
//! first refusal. Row T3: from referral to infusion and every gate on the way.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
use Role::{Coordinator, Nurse, Physician, QualityAssurance as Qa, Technician};
use Standing::ByRule;
use common::{lines::*, *};
use vena_journey::{
    Role, Standing, State, Step,
    phase::{self, Phase},
};

/// Row T3.
#[test]
fn from_referral_to_infusion_and_every_gate_on_the_way() {
    let state = run(
        State::default(),
        vec![
            Line(
                "nu",
                Nurse,
                ByRule,
                Step::VitalSigns(vec![temperature(37.0, "2026-02-01T09:00")]),
                "2026-02-01T10:00",
                "not-registered",
            ),
            Line("nu", Nurse, ByRule, register("2026-02-01"), "2026-02-01T10:00", "role-may-not"),
            Line("co", Coordinator, ByRule, register("2026-02-03"), "2026-02-01T10:00", "in-the-future"),
            Line("co", Coordinator, ByRule, register("2026-02-01"), "2026-02-01T10:00", "ok"),
            Line("co", Coordinator, ByRule, register("2026-02-01"), "2026-02-01T10:00", "already-registered"),
            Line("te", Technician, ByRule, collected(None), "2026-02-10T14:00", "number-missing"),
            Line("co", Coordinator, ByRule, number("COI-1"), "2026-02-02T10:00", "ok"),
            Line("co", Coordinator, ByRule, number("COI-2"), "2026-02-02T10:00", "number-already-assigned"),
            Line("te", Technician, ByRule, collected(None), "2026-02-10T14:00", "consent-missing"),
            Line("co", Coordinator, ByRule, consent(), "2026-02-02T10:00", "ok"),
            Line("te", Technician, ByRule, collected(None), "2026-02-10T14:00", "ok"),
            Line("te", Technician, ByRule, collected(None), "2026-02-10T14:00", "repeat-needs-reason"),
            Line("te", Technician, ByRule, collected(Some("too few cells")), "2026-02-10T14:00", "ok"),
            Line(
                "dr",
                Physician,
                ByRule,
                Step::LymphodepletionStarted { when: when("2026-02-27") },
                "2026-02-27T10:00",
                "product-not-chosen",
            ),
            Line("dr", Physician, ByRule, chosen(), "2026-02-11T10:00", "ok"),
            Line(
                "dr",
                Physician,
                ByRule,
                Step::LymphodepletionStarted { when: when("2026-02-27") },
                "2026-02-27T10:00",
                "ok",
            ),
            Line(
                "dr",
                Physician,
                ByRule,
                Step::LymphodepletionEnded { when: when("2026-02-26") },
                "2026-02-28T10:00",
                "ends-before-start",
            ),
            Line(
                "dr",
                Physician,
                ByRule,
                Step::LymphodepletionEnded { when: when("2026-02-28") },
                "2026-02-28T10:00",
                "ok",
            ),
            Line("nu", Nurse, ByRule, start("2026-03-02T10:00"), "2026-03-02T10:00", "unknown-bag"),
            Line("qa", Qa, ByRule, made("COI-1"), "2026-02-26T10:00", "ok"),
            Line("nu", Nurse, ByRule, start("2026-03-02T10:00"), "2026-03-02T10:00", "not-released"),
            Line("co", Coordinator, ByRule, released(), "2026-02-26T10:00", "role-may-not"),
            Line("qa", Qa, ByRule, released(), "2026-02-26T10:00", "ok"),
            Line("nu", Nurse, ByRule, start("2026-03-02T10:00"), "2026-03-02T10:00", "not-arrived"),
            Line("te", Technician, ByRule, received("2026-02-28T09:00"), "2026-02-28T09:05", "ok"),
            Line("te", Technician, ByRule, received("2026-02-28T09:00"), "2026-02-28T09:05", "ok"),
            Line("nu", Nurse, ByRule, start("2026-03-02T10:00"), "2026-03-02T10:00", "not-arrived"),
            Line("nu", Nurse, ByRule, received("2026-02-28T09:01"), "2026-02-28T09:05", "ok"),
            Line(
                "nu",
                Nurse,
                ByRule,
                start("2026-03-02T10:00"),
                "2026-03-02T10:00",
                "identity-check-missing",
            ),
            Line(
                "nu",
                Nurse,
                ByRule,
                reading("COI-1", "COI-1", "2026-03-02T09:55"),
                "2026-03-02T09:55",
                "ok",
            ),
            Line(
                "nu",
                Nurse,
                ByRule,
                reading("COI-1", "COI-1", "2026-03-02T09:56"),
                "2026-03-02T09:56",
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
                reading("COI-1", "COI-1", "2026-03-02T09:57"),
                "2026-03-02T09:57",
                "ok",
            ),
            Line(
                "nu",
                Nurse,
                ByRule,
                start("2026-03-02T10:40"),
                "2026-03-02T10:40",
                "identity-check-too-old",
            ),
            Line(
                "nu",
                Nurse,
                ByRule,
                Step::InfusionEnded { bag: bag("B-1"), when: when("2026-03-02T10:30"), remark: None },
                "2026-03-02T10:30",
                "not-started",
            ),
            Line("nu", Nurse, ByRule, start("2026-03-02T10:00"), "2026-03-02T10:00", "ok"),
            Line("nu", Nurse, ByRule, start("2026-03-02T10:01"), "2026-03-02T10:01", "already-started"),
            Line(
                "nu",
                Nurse,
                ByRule,
                Step::InfusionEnded { bag: bag("B-1"), when: when("2026-03-02T10:30"), remark: None },
                "2026-03-02T10:30",
                "ok",
            ),
        ],
    );
    let phase = |now: &str| phase::current(&state, &rules(), at(now));
    assert_eq!(phase("2026-03-02T11:00"), Phase::Acute);
    assert_eq!(phase("2026-04-01T23:59"), Phase::Acute);
    assert_eq!(phase("2026-04-02T00:00"), Phase::FollowUp);
    assert_eq!(phase::day_number(&state, &rules(), at("2026-03-09T00:30")), Some(7));
}

/// Row T3: two patients found to be one, and parted again; only from the patient the journey has.
#[test]
fn patients_are_merged_and_parted_again() {
    let merge = |from: &str, into: &str, reason: &str| Step::PatientMerged {
        from: patient(from),
        into: patient(into),
        reason: reason.into(),
    };
    let part = |from: &str, back: &str| Step::PatientUnmerged {
        from: patient(from),
        back: patient(back),
        reason: "two people after all".into(),
    };
    let whose = |state: &State| state.registration.as_ref().unwrap().patient.to_string();
    let now = "2026-02-02T10:00";
    let begun = run(
        State::default(),
        vec![
            Line("co", Coordinator, ByRule, register("2026-02-01"), "2026-02-01T10:00", "ok"),
            Line("nu", Nurse, ByRule, merge("P-1", "P-2", "twice"), now, "role-may-not"),
            Line("co", Coordinator, ByRule, merge("P-1", "P-2", "  "), now, "reason-missing"),
            Line("co", Coordinator, ByRule, merge("P-9", "P-2", "twice"), now, "not-correctable"),
            Line("co", Coordinator, ByRule, merge("P-1", "P-1", "twice"), now, "not-correctable"),
            Line("co", Coordinator, ByRule, part("P-2", "P-1"), now, "not-correctable"),
        ],
    );
    assert_eq!(whose(&begun), "P-1");
    let merged = run(begun, vec![Line("co", Coordinator, ByRule, merge("P-1", "P-2", "twice"), now, "ok")]);
    assert_eq!(whose(&merged), "P-2");
    let parted = run(merged, vec![Line("co", Coordinator, ByRule, part("P-2", "P-1"), now, "ok")]);
    assert_eq!(whose(&parted), "P-1");
}
