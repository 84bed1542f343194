//! A data folder with one login a role, for the app's tests.
#![allow(dead_code, clippy::unwrap_used)]

use std::{path::Path, sync::Arc};
use vena_app::{
    App, Config, FixedClock, NewUser, PersonIdentity, Registration, Request, Session,
    assays::{OpenAssay, Recording},
};
use vena_base::{
    Answer, Bound, Concept, Decimal, Fact, Quantity, Text, Value, When, Zone,
    ids::{ChainOfIdentity, JourneyId, PatientId, ProductUnitId},
};
use vena_journey::{Role, Step, step::ConsentKind};

pub const PASSWORD: &str = "correct horse battery";

pub fn zone() -> Zone {
    Zone::named("Asia/Taipei").unwrap()
}

pub fn config() -> Config {
    // The cheapest hashing there is: these tests do not try passwords by the million.
    // And everybody in them is made up, as the examples are.
    Config { argon2_memory_kib: 8, argon2_passes: 1, synthetic: true, ..Config::new(zone()) }
}

pub fn when(text: &str) -> When {
    When::parse(text, Some(&zone())).unwrap()
}

pub fn at(text: &str) -> jiff::Timestamp {
    when(text).instant().unwrap()
}

pub fn open(folder: &Path, clock: &Arc<FixedClock>) -> App {
    App::open_or_create(folder, config(), clock.clone()).unwrap()
}

pub struct Place {
    pub folder: tempfile::TempDir,
    pub clock: Arc<FixedClock>,
    pub app: App,
}

pub fn place() -> Place {
    place_with(config())
}

pub fn place_with(config: Config) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(FixedClock::new(at("2026-03-01T09:00")));
    let app = App::open_or_create(folder.path(), config, clock.clone()).unwrap();
    team(&app);
    Place { folder, clock, app }
}

pub fn team(app: &App) {
    let user = |role: Role| NewUser {
        login: role.as_str().to_owned(),
        name: role.name(),
        role,
        password: PASSWORD.to_owned(),
    };
    app.add_user(None, &user(Role::Administrator)).unwrap();
    let administrator = session(app, Role::Administrator);
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Administrator) {
        app.add_user(Some(&administrator), &user(role)).unwrap();
    }
}

pub fn session(app: &App, role: Role) -> Session {
    app.sign_in(role.as_str(), PASSWORD).unwrap().1
}

pub fn person() -> PersonIdentity {
    PersonIdentity {
        name_zh: Some("陳昱安".into()),
        name_latin: Some("Chen, Yu-An".into()),
        record_number: Some("S-204417".into()),
        birth_date: Some("1968-03-14".into()),
        sex: Some("male".into()),
        weight_kg: Some("68.5".into()),
        weighed: Some("2026-02-27".into()),
        allergies: Some(vec!["penicillin".into()]),
    }
}

pub fn registration(identity: PersonIdentity) -> Registration {
    Registration {
        identity,
        diagnosis: Some(Answer::known("dlbcl")),
        product_intended: Some(Answer::known("tisagenlecleucel")),
        referring_site: None,
        when: when("2026-02-27"),
        patient: None,
        is_somebody_else: false,
    }
}

pub fn register(app: &App, identity: PersonIdentity) -> (JourneyId, PatientId) {
    let coordinator = session(app, Role::Coordinator);
    app.register(&coordinator, &app.fresh_key().unwrap(), registration(identity)).unwrap()
}

pub fn do_step(
    app: &App,
    role: Role,
    journey: &JourneyId,
    step: Step,
) -> Result<vena_app::Done, vena_app::AppError> {
    let key = app.fresh_key().unwrap();
    app.act(&session(app, role), Request::new(journey.clone(), key, step))
}

pub fn consent() -> Step {
    Step::ConsentRecorded {
        kind: ConsentKind::Treatment,
        version: "3".into(),
        signed: when("2026-02-27"),
        scan: None,
    }
}

pub fn number(text: &str) -> ChainOfIdentity {
    ChainOfIdentity::new(text).unwrap()
}

pub fn bag() -> ProductUnitId {
    ProductUnitId::new("B-1").unwrap()
}

pub fn measured(concept: &'static str, value: &str, unit: &str, time: &str) -> Fact {
    let quantity = Quantity::new(Decimal::parse(value).unwrap(), unit, unit, Bound::Exact, None).unwrap();
    Fact::new(Concept::known(concept), Value::Quantity(quantity), when(time))
}

pub fn answered(concept: &'static str, answer: &'static str, time: &str) -> Fact {
    Fact::new(Concept::known(concept), Value::Answer(Answer::known(answer)), when(time))
}

pub fn temperature(value: &str, time: &str) -> Step {
    Step::VitalSigns(vec![measured("body-temperature", value, "Cel", time)])
}

/// Facts of a small cohort patient: infusion, fever, neutrophils.
pub fn file_facts() -> Vec<Fact> {
    let mut facts = vec![
        Fact::new(Concept::known("birth-date"), Value::Moment(when("2001-05-06")), when("2001-05-06")),
        answered("diagnosis", "b-all", "2026-01-05"),
        Fact::new(
            Concept::known("infusion"),
            Value::Answer(Answer::known("tisagenlecleucel")),
            when("2026-02-20T10:00"),
        ),
        measured("body-temperature", "38.6", "Cel", "2026-02-22T08:00"),
    ];
    for day in 20..28 {
        facts.push(measured("anc", "450", "/uL", &format!("2026-02-{day}T06:00")));
    }
    facts
}

pub fn text(en: &str) -> Text {
    Text::same(en)
}

/// Recording a draft as it was seen last, by a fresh form.
pub fn recording(app: &App, open: &OpenAssay, to: &JourneyId) -> Recording {
    Recording {
        version: open.draft.version,
        key: app.fresh_key().unwrap(),
        to: to.clone(),
        when: when("2026-03-01T08:00"),
        remark: None,
        pseudonyms: false,
    }
}
