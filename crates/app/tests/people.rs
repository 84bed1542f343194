//! Who a patient is, put right, restricted, merged and parted; who may sign what; accounts.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
use common::*;
use jiff::SignedDuration;
use vena_app::{App, AppError, AtSite, BoardFilter, PersonIdentity, Session};
use vena_base::ids::JourneyId;
use vena_journey::{Role, Step, step::ChangeBecause};
use vena_knowledge::{Life, SiteOverlay};

fn shown(app: &App, session: &Session, journey: &JourneyId) -> Option<PersonIdentity> {
    let page = app.journey_page(session, journey, None, None).unwrap();
    let board = app.board(session, &BoardFilter::default()).unwrap();
    let row = board.rows.iter().find(|row| row.row.journey == *journey).unwrap();
    assert_eq!(page.person, row.person, "board and journey show the same");
    assert_eq!(page.person, app.bedside_page(session, journey).unwrap().person);
    assert_eq!(page.person, app.history_page(session, journey).unwrap().person);
    page.person.map(|person| (*person).clone())
}

/// Row T3: a typing error is put right everywhere; the versions and the reason stay, in the vault only.
#[test]
fn an_identity_is_put_right_everywhere_and_the_ledger_names_nobody() {
    let place = place();
    let app = &place.app;
    let (journey, patient) = register(app, person());
    let coordinator = session(app, Role::Coordinator);
    let right = PersonIdentity {
        name_latin: Some("Chern, Yu-An".into()),
        birth_date: Some("1986-03-14".into()),
        ..person()
    };
    let key = app.fresh_key().unwrap();
    let change = |session: &Session, key: &str, to: &PersonIdentity| {
        app.change_identity(session, key, &journey, to, ChangeBecause::TypingError, "the passport says Chern")
    };
    let technician = session(app, Role::Technician);
    assert!(matches!(change(&technician, &key, &right), Err(AppError::NotPermitted(_))));
    change(&coordinator, &key, &right).unwrap();
    change(&coordinator, &key, &right).unwrap();
    assert_eq!(shown(app, &coordinator, &journey), Some(right.clone()));
    let history = app.history_page(&coordinator, &journey).unwrap();
    let told: Vec<_> =
        history.lines.iter().filter(|l| matches!(l.step, Step::IdentityChanged { .. })).collect();
    assert_eq!(told.len(), 1, "sent twice, told once");
    assert!(matches!(&told[0].step, Step::IdentityChanged { fields, .. } if fields.len() == 2));
    let other_key = app.fresh_key().unwrap();
    assert!(matches!(change(&coordinator, &other_key, &right), Err(AppError::Input(_))), "nothing changed");
    // The age that grades use is the new one at once.
    let chart = app.chart(&journey, None).unwrap();
    assert!(chart.all().iter().any(|fact| format!("{:?}", fact.value).contains("1986")));
    let versions = app.identity_versions(&coordinator, &journey).unwrap();
    assert_eq!(versions.len(), 2);
    let (by, why) = versions[0].change.clone().unwrap();
    assert_eq!((by, why.words.as_str()), (Role::Coordinator.name(), "the passport says Chern"));
    assert_eq!((versions[1].person.clone(), versions[1].change.clone()), (person(), None));
    // Found by the new name, no longer by the old one.
    assert_eq!(app.search(&coordinator, "Chern").unwrap()[0].patient, patient);
    assert!(app.search(&coordinator, "1968-03-14").unwrap().is_empty());
    let mut bytes = Vec::new();
    for file in ["ledger.db", "ledger.db-wal", "read-models.db", "read-models.db-wal"] {
        bytes.extend(std::fs::read(place.folder.path().join(file)).unwrap_or_default());
    }
    for secret in ["Chern", "1986-03-14", "passport"] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
}

/// Row T3: a restricted identity shows to the named roles only; breaking the glass is noted and reviewed.
#[test]
fn a_restricted_identity_is_hidden_and_breaking_the_glass_is_looked_at() {
    let place = place();
    let app = &place.app;
    let (journey, _) = register(app, person());
    let [coordinator, nurse, quality] =
        [Role::Coordinator, Role::Nurse, Role::QualityAssurance].map(|role| session(app, role));
    let restrict = |session: &Session, allowed: &[Role], password| {
        app.restrict(session, &journey, allowed, "a colleague of the ward", password)
    };
    let allowed = [Role::Coordinator, Role::Physician];
    assert!(matches!(restrict(&nurse, &allowed, Some(PASSWORD)), Err(AppError::NotPermitted(_))));
    assert!(matches!(restrict(&coordinator, &allowed, None), Err(AppError::SignatureNeeded)));
    assert!(matches!(restrict(&coordinator, &[Role::Physician], Some(PASSWORD)), Err(AppError::Input(_))));
    restrict(&coordinator, &allowed, Some(PASSWORD)).unwrap();
    assert_eq!(shown(app, &coordinator, &journey), Some(person()));
    assert_eq!(shown(app, &nurse, &journey), None);
    assert!(app.search(&nurse, "陳昱安").unwrap().is_empty());
    assert_eq!(app.search(&coordinator, "陳昱安").unwrap().len(), 1);
    let reading = Step::IdentityRead(vena_journey::step::IdentityReading {
        check: vena_journey::step::CheckAt::Infusion,
        bag: bag(),
        on_patient: number("COI-1"),
        on_product: number("COI-1"),
        name_and_birth_date_agree: true,
        when: when("2026-03-01T08:59"),
    });
    assert!(matches!(do_step(app, Role::Nurse, &journey, reading), Err(AppError::NotPermitted(_))));
    let told = app.restriction(&nurse, &journey).unwrap().unwrap();
    assert!(told.hidden && told.reason.is_none() && told.allowed == allowed);
    // Grades keep the age all the same.
    assert!(!app.chart(&journey, None).unwrap().all().is_empty());
    // It holds over a restart.
    assert!(app.accesses(&nurse).is_err());
    assert!(matches!(app.break_glass(&nurse, &journey, " ", Some(PASSWORD)), Err(AppError::Input(_))));
    assert!(matches!(app.break_glass(&nurse, &journey, "night", Some("wrong")), Err(AppError::SignIn)));
    assert_eq!(shown(app, &nurse, &journey), None);
    app.break_glass(&nurse, &journey, "unconscious, alone on the ward", Some(PASSWORD)).unwrap();
    assert_eq!(shown(app, &nurse, &journey), Some(person()));
    let taken = app.accesses(&quality).unwrap();
    assert_eq!((taken.len(), taken[0].review.clone()), (1, None));
    app.review_access(&quality, taken[0].number, "needed").unwrap();
    assert!(app.accesses(&quality).unwrap()[0].review.is_some());
    place.clock.advance(SignedDuration::from_mins(app.config().broken_glass_h * 60 + 1));
    assert_eq!(shown(app, &session(app, Role::Nurse), &journey), None, "the glass closes again");
    let coordinator = session(app, Role::Coordinator);
    app.end_restriction(&coordinator, &journey, "no longer a colleague", Some(PASSWORD)).unwrap();
    assert_eq!(shown(app, &session(app, Role::Nurse), &journey), Some(person()));
}

/// Row T3: registered twice, merged, found under one; parted again, each has its own.
#[test]
fn two_patients_found_to_be_one_are_merged_and_parted_again() {
    let place = place();
    let (first, one) = register(&place.app, person());
    let twice = PersonIdentity { record_number: Some("S-999999".into()), ..person() };
    {
        let app = &place.app;
        let coordinator = session(app, Role::Coordinator);
        let key = app.fresh_key().unwrap();
        let alike = app.register(&coordinator, &key, registration(twice.clone())).unwrap_err();
        let AppError::Duplicate(alike) = alike else { panic!("same name and birth date") };
        assert_eq!(app.found(&coordinator, &alike).unwrap()[0].person, person(), "who it may be is shown");
    }
    let coordinator = session(&place.app, Role::Coordinator);
    let key = place.app.fresh_key().unwrap();
    let somebody = vena_app::Registration { is_somebody_else: true, ..registration(twice.clone()) };
    let (second, other) = place.app.register(&coordinator, &key, somebody).unwrap();
    let app = &place.app;
    assert_eq!(app.possible_duplicates(&coordinator, &first).unwrap()[0].patient, other);
    let merge = |session: &Session, reason: &str, password| {
        app.merge_patients(session, &app.fresh_key().unwrap(), &other, &one, reason, password)
    };
    assert!(matches!(merge(&coordinator, "twice", None), Err(AppError::SignatureNeeded)));
    let nurse = session(app, Role::Nurse);
    assert!(matches!(merge(&nurse, "twice", Some(PASSWORD)), Err(AppError::Refused(_))));
    assert!(matches!(merge(&coordinator, " ", Some(PASSWORD)), Err(AppError::Refused(_))));
    merge(&coordinator, "registered twice", Some(PASSWORD)).unwrap();
    assert_eq!(shown(app, &coordinator, &second), Some(person()));
    assert_eq!(
        app.journey_page(&coordinator, &first, None, None).unwrap().other_journeys,
        std::slice::from_ref(&second)
    );
    let found = app.search(&coordinator, "S-999999").unwrap();
    assert_eq!((found.len(), found[0].patient.clone(), found[0].journeys.len()), (1, one.clone(), 2));
    assert!(matches!(merge(&coordinator, "again", Some(PASSWORD)), Err(AppError::Input(_))));
    assert_eq!(app.merged_into(&coordinator, &first).unwrap()[0].patient, other);
    // A restart knows it, and a rebuilt board too.
    let Place { app, folder, clock } = place;
    app.close().unwrap();
    let app = open(folder.path(), &clock);
    let coordinator = session(&app, Role::Coordinator);
    assert_eq!(shown(&app, &coordinator, &second), Some(person()));
    assert!(app.rebuild(&mut |_, _| {}).is_ok());
    assert_eq!(app.journey_page(&coordinator, &first, None, None).unwrap().other_journeys.len(), 1);
    let key = app.fresh_key().unwrap();
    app.unmerge_patients(&coordinator, &key, &other, "two people", Some(PASSWORD)).unwrap();
    assert_eq!(shown(&app, &coordinator, &second), Some(twice));
    assert!(app.journey_page(&coordinator, &first, None, None).unwrap().other_journeys.is_empty());
    assert_eq!(app.search(&coordinator, "S-999999").unwrap()[0].patient, other);
}

const SITE: &str = r#"
site = "north"

[[activation]]
rule = "icans/astct@2019"
signed-by = "Dr A. Signer"
signed-on = "2026-02-01"

[[overlay]]
rule = "crs/site-defaults@1"
entry = "episode-closes-after"
value = "36"
unit = "h"
reason-en = "Our ward's rounds"
reason-zh-TW = "本院查房時間"
signed-by = "Dr A. Signer"
signed-on = "2026-02-01"
"#;

/// Row X2: knowledge is active at a site by a named person's signature, and stays so over a restart.
#[test]
fn a_rule_set_is_active_by_a_named_persons_signature() {
    let folder = tempfile::tempdir().unwrap();
    let clock = std::sync::Arc::new(vena_app::FixedClock::new(at("2026-03-01T09:00")));
    let config = || vena_app::Config {
        site_knowledge: vec![SiteOverlay::read("north.toml", SITE).unwrap()],
        ..config()
    };
    let app = App::open_or_create(folder.path(), config(), clock.clone()).unwrap();
    team(&app);
    let life = |app: &App, rule: &str| app.life(app.knowledge().rule(rule, None).unwrap());
    assert_eq!(life(&app, "crs/astct@2019"), Life::Sourced);
    assert!(
        matches!(app.at_site("icans/astct@2019"), AtSite::Active(signed) if signed.by.en == "Dr A. Signer")
    );
    let differences = app.site_differences();
    assert_eq!(differences.len(), 1);
    assert_eq!(differences[0].entry.overlay.as_ref().unwrap().reason.en, "Our ward's rounds");
    let [nurse, physician] = [Role::Nurse, Role::Physician].map(|role| session(&app, role));
    let rule = "crs/astct@2019";
    assert!(matches!(app.activate_rule(&nurse, rule, Some(PASSWORD)), Err(AppError::NotPermitted(_))));
    assert!(matches!(app.activate_rule(&physician, rule, None), Err(AppError::SignatureNeeded)));
    assert!(matches!(app.activate_rule(&physician, rule, Some("no")), Err(AppError::SignIn)));
    assert!(matches!(
        app.activate_rule(&physician, "crs/none@1", Some(PASSWORD)),
        Err(AppError::NotFound(_))
    ));
    app.activate_rule(&physician, rule, Some(PASSWORD)).unwrap();
    app.activate_rule(&physician, "crs/site-defaults@1", Some(PASSWORD)).unwrap();
    assert_eq!(life(&app, "crs/site-defaults@1"), Life::Provisional, "a signature confirms no source");
    assert!(app.withdraw_rule(&physician, "icans/astct@2019", "review", Some(PASSWORD)).is_err());
    app.close().unwrap();
    let app = App::open(folder.path(), config(), clock.clone()).unwrap();
    assert_eq!(life(&app, rule), Life::Active);
    assert!(
        matches!(app.at_site(rule), AtSite::Active(signed) if signed.by == Role::Physician.name() && signed.digest.is_some())
    );
    let physician = session(&app, Role::Physician);
    assert!(matches!(app.withdraw_rule(&physician, rule, " ", Some(PASSWORD)), Err(AppError::Input(_))));
    app.withdraw_rule(&physician, rule, "under review", Some(PASSWORD)).unwrap();
    assert_eq!(app.at_site(rule), AtSite::NotActivated);
}

/// Wrong passwords are counted over a restart.
#[test]
fn a_restart_gives_a_guesser_no_fresh_start() {
    let place = place();
    for _ in 0..place.app.config().sign_in_free_attempts + 4 {
        let _ = place.app.sign_in("nurse", "not the password");
        place.clock.advance(SignedDuration::from_secs(20));
    }
    let Place { app, folder, clock } = place;
    app.close().unwrap();
    let app = open(folder.path(), &clock);
    assert!(matches!(app.sign_in("nurse", "wrong again"), Err(AppError::SignIn)));
    let waits = app.sign_in("nurse", PASSWORD);
    assert!(matches!(waits, Err(AppError::Throttled { wait_s }) if wait_s > 20), "{waits:?}");
    clock.advance(SignedDuration::from_mins(16));
    app.sign_in("nurse", PASSWORD).unwrap();
}

#[test]
fn roles_change_sessions_end_and_the_last_administrator_stays() {
    let place = place();
    let app = &place.app;
    let administrator = session(app, Role::Administrator);
    let user = |login: &str| app.users().into_iter().find(|info| info.login == login).unwrap().user;
    let (token, nurse) = app.sign_in("nurse", PASSWORD).unwrap();
    assert_eq!(app.sessions_of(&user("nurse")), 1);
    assert!(matches!(app.set_role(&nurse, &user("nurse"), Role::Physician), Err(AppError::NotPermitted(_))));
    app.set_role(&administrator, &user("nurse"), Role::Physician).unwrap();
    assert!(
        matches!(app.session(&token), Err(AppError::NoSession)),
        "open pages were drawn for the old role"
    );
    let (token, again) = app.sign_in("nurse", PASSWORD).unwrap();
    assert_eq!(again.role, Role::Physician);
    app.end_sessions(&administrator, &user("nurse")).unwrap();
    assert!(app.session(&token).is_err());
    assert_eq!(app.sessions_of(&user("nurse")), 0);
    let own = user("administrator");
    assert!(matches!(app.set_role(&administrator, &own, Role::Nurse), Err(AppError::Input(_))));
    assert!(matches!(app.set_disabled(&administrator, &own, true), Err(AppError::Input(_))));
    app.set_disabled(&administrator, &user("nurse"), true).unwrap();
    assert!(matches!(app.sign_in("nurse", PASSWORD), Err(AppError::SignIn)));
}
