//! A synthetic programme told through the ordinary decisions.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used)]

mod common;
use common::*;
use jiff::{SignedDuration, Timestamp};
use std::{collections::BTreeSet, sync::Arc};
use vena_app::{BoardFilter, FixedClock, demo};
use vena_base::{
    Answer, Fact,
    told::{Milestone, ToldJourney, ToldPerson},
};
use vena_journey::{Phase, Role};

fn hours(at: Timestamp, hours: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_hours(hours)).unwrap()
}

fn told(number: u64, today: jiff::civil::Date) -> ToldJourney {
    let infusion = hours(zone().start_of(demo::infusion_day(number, today)), 10);
    let milestones = [
        (-62 * 24, Milestone::Registered),
        (-55 * 24, Milestone::Consent),
        (-42 * 24, Milestone::Collection),
        (-10 * 24, Milestone::Released),
        (-7 * 24, Milestone::Received),
        (-5 * 24, Milestone::LymphodepletionStart),
        (-3 * 24, Milestone::LymphodepletionEnd),
        (0, Milestone::IdentityCheck),
        (0, Milestone::InfusionStart),
        (1, Milestone::InfusionEnd),
    ];
    let mut facts: Vec<Fact> = Vec::new();
    for hour in (4..30 * 24).step_by(8) {
        let at = hours(infusion, hour).to_string();
        facts.push(measured("body-temperature", if hour < 72 { "38.6" } else { "36.8" }, "Cel", &at));
        facts.push(measured("oxygen-saturation", "97", "%", &at));
        facts.push(answered("hypotension", "none", &at));
        facts.push(measured("anc", "700", "/uL", &at));
        facts.push(measured("ice-score", "10", "{score}", &at));
    }
    let person = ToldPerson {
        name_chinese: format!("合成{number}"),
        name_latin: format!("Syn, {number}"),
        record_number: format!("SYN-{number:06}"),
        birth_date: jiff::civil::date(1971, 2, 3),
        sex: "female".to_owned(),
        weight_kg: "61.0".to_owned(),
        weighed: today,
        allergies: Vec::new(),
    };
    ToldJourney {
        person,
        diagnosis: Answer::known("dlbcl"),
        product: Answer::known("tisagenlecleucel"),
        milestones: milestones.into_iter().map(|(at, m)| (hours(infusion, at), m)).collect(),
        facts,
    }
}

/// Row T3: a programme shows every phase at once.
#[test]
fn a_programme_fills_the_board() {
    let folder = tempfile::tempdir().unwrap();
    let now = at("2026-06-01T15:00");
    let app = open(folder.path(), &Arc::new(FixedClock::new(now)));
    let logins = demo::logins(&app).unwrap();
    assert_eq!(logins.len(), Role::ALL.len());
    let today = zone().day_of(now);
    let events = demo::fill(&app, (0..16).map(|number| told(number, today)), &mut |_| {}).unwrap();
    assert!(events > 1_000, "{events}");
    let nurse = logins.iter().find(|login| login.role == Role::Nurse).unwrap();
    let (_, session) = app.sign_in(&nurse.login, &nurse.password).unwrap();
    let board = app.board(&session, &BoardFilter::default()).unwrap();
    assert_eq!(board.matching, 16);
    let phases: BTreeSet<Phase> = board.rows.iter().map(|row| row.row.phase).collect();
    for phase in [Phase::Making, Phase::Lymphodepletion, Phase::Acute, Phase::FollowUp] {
        assert!(phases.contains(&phase), "{phase:?} in {phases:?}");
    }
    let feverish = board.rows.iter().find(|row| row.day == Some(2)).unwrap();
    let crs = feverish.row.chips.iter().find(|chip| chip.scale == "crs").unwrap();
    assert!(crs.low >= Some(1), "{crs:?}");
    let due = app.due_list(&session, Some(Role::Nurse), 10).unwrap();
    assert!(!due.is_empty() && due.iter().all(|due| due.task.owner == Role::Nurse));
    assert!(app.verify(None, &mut |_| {}).unwrap().is_sound());
    // Asked for again, the logins get new passwords and the old ones end.
    let again = demo::logins(&app).unwrap();
    assert_ne!(again[0].password, logins[0].password);
    assert!(app.sign_in(&nurse.login, &nurse.password).is_err());
}
