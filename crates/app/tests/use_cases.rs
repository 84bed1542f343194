//! The main use cases through the ledger and back.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used)]

mod common;
use common::*;
use jiff::SignedDuration;
use std::sync::Arc;
use vena_app::{
    AppError, BoardFilter, PersonIdentity, Request, SecondPerson, Urgency, transfer::ImportPatient,
};
use vena_base::ids::JourneyId;
use vena_journey::{
    Phase, Role, Standing, Step, StepKind,
    step::{CheckAt, IdentityReading, Instead},
};

/// Row T3: one journey through its phases, each visible on the board with what is due.
#[test]
fn a_journey_from_registration_to_the_acute_phase() {
    let place = place();
    let app = &place.app;
    let (journey, _) = register(app, person());
    let phase = |app: &vena_app::App| {
        let board = app.board(&session(app, Role::Nurse), &BoardFilter::default()).unwrap();
        (board.rows[0].row.phase, board.rows[0].urgency, board.rows[0].row.blocked.len())
    };
    assert_eq!(phase(app), (Phase::Selection, Urgency::OnTrack, 2));
    let refused = do_step(app, Role::Technician, &journey, collected()).unwrap_err();
    let AppError::Refused(refused) = refused else { panic!("{refused}") };
    assert_eq!(
        refused.refusals.iter().map(|r| r.code()).collect::<Vec<_>>(),
        ["number-missing", "consent-missing"]
    );
    do_step(app, Role::Coordinator, &journey, consent()).unwrap();
    let assigned = Step::ChainOfIdentityAssigned { number: number("COI-1"), when: when("2026-02-28T09:00") };
    do_step(app, Role::Coordinator, &journey, assigned).unwrap();
    let chosen = Step::ProductChosen {
        product: vena_base::Answer::known("tisagenlecleucel"),
        when: when("2026-02-28"),
    };
    do_step(app, Role::Physician, &journey, chosen).unwrap();
    do_step(app, Role::Technician, &journey, collected()).unwrap();
    assert_eq!(phase(app).0, Phase::Making);
    let bags = vec![bag()];
    let made = Step::ProductMade { bags: bags.clone(), on_label: number("COI-1"), when: when("2026-03-01") };
    do_step(app, Role::QualityAssurance, &journey, made).unwrap();
    let released = Step::ProductReleased {
        bags: bags.clone(),
        when: when("2026-03-01"),
        document: None,
        exception: None,
    };
    do_step(app, Role::QualityAssurance, &journey, released).unwrap();
    two_people(
        app,
        &journey,
        Step::ProductReceived {
            bags,
            on_label: number("COI-1"),
            when: when("2026-03-01T09:00"),
            temperature_cel: None,
            document: None,
            remark: None,
        },
    );
    do_step(app, Role::Nurse, &journey, Step::LymphodepletionStarted { when: when("2026-03-01T08:00") })
        .unwrap();
    place.clock.set(at("2026-03-06T10:00"));
    two_people(
        app,
        &journey,
        Step::IdentityRead(IdentityReading {
            check: CheckAt::Infusion,
            bag: bag(),
            on_patient: number("COI-1"),
            on_product: number("COI-1"),
            name_and_birth_date_agree: true,
            when: when("2026-03-06T09:58"),
        }),
    );
    do_step(app, Role::Nurse, &journey, Step::InfusionStarted { bag: bag(), when: when("2026-03-06T10:00") })
        .unwrap();
    assert_eq!(phase(app).0, Phase::Infusion);
    assert_eq!(phase(app).1, Urgency::ActNow, "cells are out of the freezer");
    do_step(
        app,
        Role::Nurse,
        &journey,
        Step::InfusionEnded { bag: bag(), when: when("2026-03-06T10:00"), remark: None },
    )
    .unwrap();
    do_step(app, Role::Nurse, &journey, temperature("39.1", "2026-03-06T10:00")).unwrap();
    let page = app.journey_page(&session(app, Role::Physician), &journey, None, None).unwrap();
    assert_eq!(page.day, Some(0));
    assert_eq!(page.series[0].points[0].written, "39.1 Cel");
    assert_eq!(page.phases.iter().find(|span| span.now).unwrap().phase, Phase::Acute);
    assert_eq!(page.assessment.finding("crs").unwrap().low, Some(1));
    assert!(page.tasks.iter().any(|task| task.due.is_some()));
    assert!(page.steps.contains(&StepKind::Died) && !page.steps.contains(&StepKind::ProductReleased));
    let history = app.history_page(&session(app, Role::QualityAssurance), &journey).unwrap();
    assert_eq!(history.lines.last().unwrap().kind, StepKind::Registered);
    assert_eq!(history.lines.len() as u64, page.state.entries.len() as u64);
}

fn collected() -> Step {
    Step::Collected {
        when: when("2026-02-28T09:00"),
        until: Some(when("2026-02-28T12:00")),
        volume_ml: None,
        bags: vec![vena_base::ids::ProductUnitId::new("A-1").unwrap()],
        repeat_reason: None,
    }
}

fn two_people(app: &vena_app::App, journey: &JourneyId, step: Step) {
    let nurse = session(app, Role::Nurse);
    let mut request = Request::new(journey.clone(), app.fresh_key().unwrap(), step);
    let second = |login: &str| Some(SecondPerson { login: login.into(), password: PASSWORD.into() });
    request.second = second("nurse");
    assert!(matches!(app.act(&nurse, request.clone()), Err(AppError::SamePerson)));
    request.second = second("technician");
    assert_eq!(app.act(&nurse, request).unwrap().events.len(), 2);
}

#[test]
fn a_form_sent_twice_is_recorded_once() {
    let place = place();
    let app = &place.app;
    let (journey, _) = register(app, person());
    let nurse = session(app, Role::Nurse);
    let request = Request::new(journey.clone(), "form-1", temperature("37.0", "2026-03-01T08:00"));
    let first = app.act(&nurse, request.clone()).unwrap();
    place.clock.advance(SignedDuration::from_mins(1));
    let again = app.act(&nurse, request).unwrap();
    assert!(!first.replayed && again.replayed);
    assert_eq!(first.events, again.events);
    let other = Request::new(journey.clone(), "form-1", temperature("38.0", "2026-03-01T08:00"));
    assert!(matches!(app.act(&nurse, other), Err(AppError::KeyReused)));
    let coordinator = session(app, Role::Coordinator);
    let mut new = person();
    new.record_number = Some("S-1".into());
    new.name_zh = Some("林心怡".into());
    new.name_latin = None;
    new.birth_date = None;
    let one = app.register(&coordinator, "register-1", registration(new.clone())).unwrap();
    assert_eq!(app.register(&coordinator, "register-1", registration(new)).unwrap(), one);
}

#[test]
fn an_override_is_signed_and_marked() {
    let place = place();
    let app = &place.app;
    let (journey, _) = register(app, person());
    let chosen = Step::ProductChosen {
        product: vena_base::Answer::known("tisagenlecleucel"),
        when: when("2026-02-28"),
    };
    do_step(app, Role::Physician, &journey, chosen).unwrap();
    let physician = session(app, Role::Physician);
    let start = Step::LymphodepletionStarted { when: when("2026-03-01T08:00") };
    let mut request = Request::new(journey.clone(), "override", start);
    assert!(matches!(app.act(&physician, request.clone()), Err(AppError::Refused(_))));
    request.standing = Standing::Override { reason: "consent on paper, scan follows".into() };
    assert!(matches!(app.act(&physician, request.clone()), Err(AppError::SignatureNeeded)));
    request.password = Some("wrong password".into());
    assert!(matches!(app.act(&physician, request.clone()), Err(AppError::SignIn)));
    request.password = Some(PASSWORD.into());
    assert!(app.act(&physician, request).unwrap().outside_rule);
    let history = app.history_page(&physician, &journey).unwrap();
    assert_eq!(&*history.lines[0].outside_rule.as_ref().unwrap().refusals[0], "consent-missing");
}

#[test]
fn two_writers_on_one_journey_lose_nothing() {
    let place = place();
    let app = Arc::new(place.app);
    let (journey, _) = register(&app, person());
    let before = app.load_events(&journey);
    std::thread::scope(|scope| {
        for role in [Role::Nurse, Role::Physician] {
            let (app, journey) = (app.clone(), journey.clone());
            scope.spawn(move || {
                let session = session(&app, role);
                for minute in 0..40 {
                    let step = temperature("37.0", &format!("2026-03-01T08:{minute:02}"));
                    let key = app.fresh_key().unwrap();
                    app.act(&session, Request::new(journey.clone(), key, step)).unwrap();
                }
            });
        }
    });
    assert_eq!(app.load_events(&journey), before + 80);
    let report = app.verify(None, &mut |_| {}).unwrap();
    assert!(report.is_sound(), "{report:?}");
}

trait Count {
    fn load_events(&self, journey: &JourneyId) -> usize;
}

impl Count for vena_app::App {
    fn load_events(&self, journey: &JourneyId) -> usize {
        self.history_page(&session(self, Role::Nurse), journey).unwrap().lines.len()
    }
}

#[test]
fn a_correction_is_seen_and_the_original_stays() {
    let place = place();
    let app = &place.app;
    let (journey, _) = register(app, person());
    let done = do_step(app, Role::Nurse, &journey, temperature("39.4", "2026-03-01T08:00")).unwrap();
    let known_before = place.clock_now();
    place.clock.advance(SignedDuration::from_mins(30));
    do_step(
        app,
        Role::Nurse,
        &journey,
        Step::Corrected {
            event: done.events[0].clone(),
            reason: "typing error".into(),
            instead: Instead::Facts(vec![measured("body-temperature", "36.4", "Cel", "2026-03-01T08:00")]),
        },
    )
    .unwrap();
    let nurse = session(app, Role::Nurse);
    let page =
        |known_at| app.journey_page(&nurse, &journey, None, known_at).unwrap().series[0].points[0].value;
    assert_eq!(page(None), 36.4);
    assert_eq!(page(Some(known_before)), 39.4);
    let history = app.history_page(&nurse, &journey).unwrap();
    assert_eq!(history.lines[1].corrected_by.as_ref(), Some(&history.lines[0].event));
    assert_eq!(history.lines[1].facts[0].value.en, "39.4 Cel");
}

impl Place {
    fn clock_now(&self) -> jiff::Timestamp {
        self.app.now()
    }
}

#[test]
fn patients_are_found_in_both_languages_and_every_search_is_noted() {
    let place = place();
    let app = &place.app;
    let (journey, _) = register(app, person());
    let nurse = session(app, Role::Nurse);
    let before = app.position_of_ledger();
    for query in ["陳昱安", "陳", "chen", "Yu-An", "S-204417", "204417", "1968-03-14"] {
        let found = app.search(&nurse, query).unwrap();
        assert_eq!(found.len(), 1, "{query}");
        assert_eq!(found[0].person, person());
        assert_eq!(found[0].journeys[0].row.journey, journey);
    }
    assert!(app.search(&nurse, "王").unwrap().is_empty());
    assert_eq!(app.position_of_ledger(), before + 8);
    let coordinator = session(app, Role::Coordinator);
    let again = app.register(&coordinator, "again", registration(person()));
    assert!(matches!(again, Err(AppError::Duplicate(alike)) if alike.len() == 1));
}

trait LedgerPosition {
    fn position_of_ledger(&self) -> usize;
}

impl LedgerPosition for vena_app::App {
    fn position_of_ledger(&self) -> usize {
        let mut lines = Vec::new();
        self.export(&mut lines, &mut |_, _| {}).unwrap();
        String::from_utf8(lines).unwrap().lines().filter(|line| line.contains("\"searched\"")).count()
    }
}

#[test]
fn the_same_file_twice_adds_nothing() {
    let place = place();
    let app = &place.app;
    let manager = session(app, Role::DataManager);
    let file = || {
        (0..3).map(|n| ImportPatient {
            source_id: format!("MRN-{n}"),
            identity: None,
            other_numbers: Vec::new(),
            facts: file_facts(),
        })
    };
    let first = app.import(&manager, None, file(), &mut |_| {}).unwrap();
    assert_eq!((first.patients_new, first.facts_recorded, first.facts_of_identity), (3, 33, 3));
    assert!(first.refused.is_empty(), "{:?}", first.refused);
    let second = app.import(&manager, None, file(), &mut |_| {}).unwrap();
    assert_eq!((second.patients_new, second.facts_recorded, second.facts_known), (0, 0, 33));
    let board = app.board(&manager, &BoardFilter::default()).unwrap();
    assert_eq!(board.matching, 3);
    assert_eq!(board.rows[0].day, Some(9));
    assert!(
        board.rows[0].row.chips.iter().any(|chip| chip.scale == "icaht_early" && chip.low == Some(2)),
        "{:?}",
        board.rows[0].row.chips
    );
    let nurse = session(app, Role::Nurse);
    assert!(matches!(app.import(&nurse, None, file(), &mut |_| {}), Err(AppError::NotPermitted(_))));
}

/// A FHIR Patient's names and numbers go to the vault, find the patient again, and never reach the record.
#[test]
fn names_and_numbers_of_a_file_go_to_the_vault() {
    let place = place();
    let app = &place.app;
    let manager = session(app, Role::DataManager);
    let named = |birth: &str| ImportPatient {
        source_id: "fhir-id-1".to_owned(),
        identity: Some(PersonIdentity {
            name_zh: Some("王小明".to_owned()),
            name_latin: Some("Hsiao-Ming Wang".to_owned()),
            record_number: Some("0098765".to_owned()),
            birth_date: Some(birth.to_owned()),
            ..PersonIdentity::default()
        }),
        other_numbers: vec!["0098765".to_owned(), "A123456789".to_owned()],
        facts: file_facts().into_iter().filter(|fact| fact.concept.as_str() != "birth-date").collect(),
    };
    app.import(&manager, None, [named("2001-05-06")], &mut |_| {}).unwrap();
    for query in ["王小明", "Hsiao-Ming", "0098765", "fhir-id-1", "A123456789"] {
        assert_eq!(app.search(&manager, query).unwrap().len(), 1, "{query}");
    }
    let again = app.import(&manager, None, [named("2001-05-06")], &mut |_| {}).unwrap();
    assert_eq!((again.patients_new, again.facts_recorded), (0, 0), "{again:?}");
    // A table that names the same person by the file's id adds to the same journey.
    let table = ImportPatient {
        source_id: "fhir-id-1".to_owned(),
        identity: None,
        other_numbers: Vec::new(),
        facts: file_facts(),
    };
    assert_eq!(app.import(&manager, None, [table], &mut |_| {}).unwrap().patients_new, 0);
    // The same number with another birth date may be somebody else: refused, not joined.
    let other = app.import(&manager, None, [named("1999-01-01")], &mut |_| {}).unwrap();
    assert_eq!((other.patients_new, other.refused.len()), (0, 1), "{other:?}");
    let mut lines = Vec::new();
    app.export(&mut lines, &mut |_, _| {}).unwrap();
    let told = String::from_utf8(lines).unwrap();
    assert!(!told.contains("小明") && !told.contains("Hsiao") && !told.contains("0098765"));
}

/// What was exported carries pseudonymous ids; read back where it came from it adds nobody and nothing.
#[test]
fn an_export_read_back_adds_nothing() {
    let place = place();
    let app = &place.app;
    let manager = session(app, Role::DataManager);
    let file = [ImportPatient {
        source_id: "MRN-7".to_owned(),
        identity: None,
        other_numbers: Vec::new(),
        facts: file_facts(),
    }];
    app.import(&manager, None, file, &mut |_| {}).unwrap();
    let journey = app.journeys().unwrap().remove(0);
    let page = app.journey_page(&manager, &journey, None, None).unwrap();
    let facts = app.chart(&journey, None).unwrap().all().to_vec();
    let back = [ImportPatient {
        source_id: page.patient.to_string(),
        identity: None,
        other_numbers: Vec::new(),
        facts,
    }];
    let report = app.import(&manager, None, back, &mut |_| {}).unwrap();
    assert_eq!((report.patients_new, report.facts_recorded), (0, 0), "{report:?}");
}

/// Row X4: the bedside asks ICE or CAPD by age.
#[test]
fn the_bedside_asks_the_scale_of_the_age() {
    use vena_app::bedside::Encephalopathy::{AgeUnknown, Capd, Ice};
    let place = place();
    let app = &place.app;
    // Twelve years old on 2026-03-01: the handbook gives ICE from that day on.
    for (index, (birth, scale)) in [
        (Some("2014-03-01"), Ice),
        (Some("2014-03-02"), Capd),
        (Some("1990-01-01"), Ice),
        (Some("2014"), AgeUnknown),
        (None, AgeUnknown),
    ]
    .into_iter()
    .enumerate()
    {
        let identity = PersonIdentity {
            record_number: Some(format!("R-{index}")),
            birth_date: birth.map(str::to_owned),
            ..PersonIdentity::default()
        };
        let (journey, _) = register(app, identity);
        let page = app.bedside_page(&session(app, Role::Nurse), &journey).unwrap();
        assert_eq!(page.encephalopathy, scale, "{birth:?}");
        assert!(!page.last.is_empty());
        if birth == Some("1990-01-01") {
            let delayed =
                Step::Assessment(vec![answered("developmental-delay", "present", "2026-03-01T08:00")]);
            do_step(app, Role::Nurse, &journey, delayed).unwrap();
            assert_eq!(app.bedside_page(&session(app, Role::Nurse), &journey).unwrap().encephalopathy, Capd);
        }
    }
}

#[test]
fn a_consent_scan_comes_back_as_it_went_in() {
    let place = place();
    let app = &place.app;
    let (journey, _) = register(app, person());
    let coordinator = session(app, Role::Coordinator);
    let scan = b"%PDF scanned consent of a synthetic person".to_vec();
    let (stored, digest) = app.store_attachment(&coordinator, &mut scan.as_slice()).unwrap();
    let Step::ConsentRecorded { kind, version, signed, .. } = consent() else { unreachable!() };
    let step = Step::ConsentRecorded { kind, version, signed, scan: Some(digest.clone()) };
    let mut request = Request::new(journey.clone(), "scan", step);
    assert!(matches!(app.act(&coordinator, request.clone()), Err(AppError::NotFound(_))));
    request.attachments = vec![stored];
    app.act(&coordinator, request).unwrap();
    let mut out = Vec::new();
    app.load_attachment(&coordinator, &journey, &digest, &mut out).unwrap();
    assert_eq!(out, scan);
}

#[test]
fn sign_in_waits_after_wrong_passwords_and_sessions_end() {
    let place = place();
    let app = &place.app;
    for _ in 0..app.config().sign_in_free_attempts + 1 {
        assert!(matches!(app.sign_in("nurse", "not the password"), Err(AppError::SignIn)));
    }
    assert!(matches!(app.sign_in("NURSE ", PASSWORD), Err(AppError::Throttled { wait_s }) if wait_s >= 2));
    place.clock.advance(SignedDuration::from_secs(3));
    let (token, session) = app.sign_in("NURSE ", PASSWORD).unwrap();
    assert_eq!(session.role, Role::Nurse);
    assert!(matches!(app.sign_in("nobody", PASSWORD), Err(AppError::SignIn)));
    place.clock.advance(SignedDuration::from_mins(29));
    app.session(&token).unwrap();
    place.clock.advance(SignedDuration::from_mins(31));
    assert!(matches!(app.session(&token), Err(AppError::NoSession)), "idle too long");
    let (token, _) = app.sign_in("nurse", PASSWORD).unwrap();
    for _ in 0..25 {
        place.clock.advance(SignedDuration::from_mins(29));
        if app.session(&token).is_err() {
            app.sign_out(&token).unwrap();
            return;
        }
    }
    panic!("a session in use must end all the same");
}
