//! Helpers for the journey's tests: steps in few words. Numbers here are test inputs, not rules.
#![allow(dead_code, clippy::unwrap_used)]

pub mod lines;

use std::sync::Arc;
use vena_base::{
    Answer, Concept, Decimal, Fact, Stamp, Text, Value, When, Zone,
    ids::{ChainOfIdentity, EventId, PatientId, ProductUnitId, SiteId, UserId},
};
use vena_journey::{
    AssayEdit, AssayFile, AssayKind, AssayRecord, AttachTo, Body, Command, Entry, FileRole, JourneyRules,
    JsonText, Refused, Role, Standing, State, Step, TaskRule, decide,
    step::{
        ChangeBecause, CheckAt, ConsentKind, Ending, FileDigest, IdentityField, IdentityReading, Instead,
        ProductFate, RejectionReason,
    },
};

pub fn when(text: &str) -> When {
    When::parse(text, Some(&Zone::named("Asia/Taipei").unwrap())).unwrap()
}

pub fn at(text: &str) -> jiff::Timestamp {
    when(text).instant().unwrap()
}

pub fn rules() -> JourneyRules {
    JourneyRules {
        name: "tasks/test@1".into(),
        zone: Zone::named("Asia/Taipei").unwrap(),
        identity_window_min: 30.0,
        clock_tolerance_min: 5.0,
        acute_until_day: 30,
        act_now_from_grade: 3.0,
        act_now_until_day: 100,
        tasks: vec![TaskRule {
            id: "vital-signs-test".into(),
            title: Text::same("vitals"),
            owner: Role::Nurse,
            fulfilled_by: vec![Concept::known("body-temperature")],
            from_day: 0,
            until_day: 10,
            every_h: 4.0,
            source: "test".into(),
        }],
        provisional: true,
    }
}

pub fn coi(text: &str) -> ChainOfIdentity {
    ChainOfIdentity::new(text).unwrap()
}

pub fn bag(text: &str) -> ProductUnitId {
    ProductUnitId::new(text).unwrap()
}

pub fn event(text: &str) -> EventId {
    EventId::new(text).unwrap()
}

pub fn register(at: &str) -> Step {
    Step::Registered {
        patient: PatientId::new("P-1").unwrap(),
        diagnosis: Some(Answer::known("dlbcl")),
        product_intended: Some(Answer::known("tisagenlecleucel")),
        referring_site: None,
        collecting_site: None,
        treating_site: SiteId::new("main").unwrap(),
        follow_up_site: None,
        when: when(at),
    }
}

pub fn reading(on_patient: &str, on_product: &str, at: &str) -> Step {
    Step::IdentityRead(IdentityReading {
        check: CheckAt::Infusion,
        bag: bag("B-1"),
        on_patient: coi(on_patient),
        on_product: coi(on_product),
        name_and_birth_date_agree: true,
        when: when(at),
    })
}

pub fn received(at: &str) -> Step {
    Step::ProductReceived {
        bags: vec![bag("B-1")],
        on_label: coi("COI-1"),
        when: when(at),
        temperature_cel: Some(Decimal::parse("-156.0").unwrap()),
        document: None,
        remark: None,
    }
}

pub fn temperature(value: f64, at: &str) -> Fact {
    let written = Decimal::parse(&value.to_string()).unwrap();
    let quantity = vena_base::Quantity::new(written, "Cel", "Cel", vena_base::Bound::Exact, None).unwrap();
    Fact::new(Concept::known("body-temperature"), Value::Quantity(quantity), when(at))
}

/// A flow result with a moved gate. Numbers keep their characters: 0.1 + 0.2 stays as written.
pub fn assay() -> AssayRecord {
    let digest = |pair: &str| FileDigest::new(&pair.repeat(32)).unwrap();
    let file = |role, pair: &str, bytes| AssayFile { role, digest: digest(pair), bytes };
    AssayRecord {
        kind: AssayKind::FlowCytometry,
        method: "vena-flow/1".into(),
        attach_to: AttachTo::Journey(vena_base::ids::JourneyId::new("J-1").unwrap()),
        files: vec![
            file(FileRole::Fcs, "a1", 48_000_000),
            file(FileRole::Gates, "b2", 1_900),
            file(FileRole::Earlier, "b1", 1_890),
        ],
        parameters: JsonText::new(r#"{"tolerances":[],"panel":"msc"}"#.into()).unwrap(),
        result: JsonText::new(r#"{"events":20000,"share":0.30000000000000004}"#.into()).unwrap(),
        result_digest: digest("c3"),
        facts: Vec::new(),
        edits: vec![AssayEdit {
            at: Stamp::in_zone(at("2026-03-02T08:20"), &Zone::named("Asia/Taipei").unwrap()),
            by: user("U-1"),
            what: "gate CD90".into(),
            before: Some(digest("b1")),
            after: digest("b2"),
            result: Some(digest("c3")),
        }],
        when: when("2026-03-02T07:50"),
        remark: Some("second tube".into()),
        example: false,
    }
}

/// One step of every kind, with every field filled.
pub fn one_of_each() -> Vec<Step> {
    let day = "2026-03-02";
    let moment = "2026-03-02T08:30";
    let digest = FileDigest::new(&"ab".repeat(32)).unwrap();
    let text = |text: &str| Arc::<str>::from(text);
    let mut drug = Fact::new(Concept::known("tocilizumab"), Value::Happened, when(moment));
    drug.route = Some(text("iv"));
    drug.until = Some(when("2026-03-02T09:30"));
    let ice = Fact::new(
        Concept::known("level-of-consciousness"),
        Value::Answer(Answer::known("alert")),
        when(moment),
    );
    let Step::Registered { patient, .. } = register(day) else { unreachable!() };
    let site = |name: &str| SiteId::new(name).unwrap();
    vec![
        Step::Registered {
            patient,
            diagnosis: Some(Answer::known("b-all")),
            product_intended: Some(Answer::known("tisagenlecleucel")),
            referring_site: Some(site("east")),
            collecting_site: Some(site("main")),
            treating_site: site("main"),
            follow_up_site: Some(site("east")),
            when: when(day),
        },
        Step::ConsentRecorded {
            kind: ConsentKind::Treatment,
            version: text("3"),
            signed: when(day),
            scan: Some(digest.clone()),
        },
        Step::ConsentWithdrawn { kind: ConsentKind::Registry, when: when(day), reason: text("理由") },
        Step::ChainOfIdentityAssigned { number: coi("COI-1"), when: when(moment) },
        Step::ProductChosen { product: Answer::known("tisagenlecleucel"), when: when(day) },
        Step::Collected {
            when: when(moment),
            until: Some(when("2026-03-02T13:00")),
            volume_ml: Some(Decimal::parse("250.0").unwrap()),
            bags: vec![bag("A-1")],
            repeat_reason: Some(text("too few cells")),
        },
        Step::CollectionFailed { when: when(day), reason: text("clotted line") },
        Step::ProductMade { bags: vec![bag("B-1")], on_label: coi("COI-1"), when: when(day) },
        Step::ProductReleased {
            bags: vec![bag("B-1")],
            when: when(day),
            document: Some(digest.clone()),
            exception: Some(text("viability")),
        },
        Step::ProductRejected {
            bags: vec![bag("B-2")],
            when: when(day),
            reason: RejectionReason::OutOfSpecification,
            note: Some(text("dose")),
            fate: ProductFate::Returned,
        },
        Step::ProductReceived {
            bags: vec![bag("B-1")],
            on_label: coi("COI-1"),
            when: when(moment),
            temperature_cel: Some(Decimal::parse("-156.0").unwrap()),
            document: Some(digest.clone()),
            remark: Some(text("dry")),
        },
        Step::LymphodepletionStarted { when: when(day) },
        Step::LymphodepletionEnded { when: when(day) },
        reading("COI-1", "COI-1", moment),
        Step::InfusionStarted { bag: bag("B-1"), when: when(moment) },
        Step::InfusionEnded { bag: bag("B-1"), when: when(moment), remark: Some(text("no reaction")) },
        Step::VitalSigns(vec![temperature(38.4, moment)]),
        Step::Laboratory(vec![temperature(36.5, moment)]),
        Step::Drugs(vec![drug]),
        Step::Assessment(vec![ice]),
        Step::Imported { file: Some(digest), facts: vec![temperature(37.0, moment)] },
        Step::AssayRecorded(Box::new(assay())),
        Step::FindingAttributed { event: event("J-1#17"), fact: 0, cause: Answer::known("infection") },
        Step::EpisodeClosed { when: when(moment) },
        Step::Died { when: when(day), cause: Some(text("sepsis")) },
        Step::Relapsed { when: when(day) },
        Step::NextTherapyStarted { when: when(day), what: Some(text("blinatumomab")) },
        Step::FollowedUp { when: when(day) },
        Step::Withdrew { when: when(day), reason: text("wish"), fate: ProductFate::Kept },
        Step::EndedOtherwise {
            ending: Ending::ProgressionWhileWaiting,
            when: when(day),
            reason: text("progression"),
            fate: ProductFate::Undecided,
        },
        Step::Corrected {
            event: event("J-1#17"),
            reason: text("typing error"),
            instead: Instead::Facts(vec![temperature(37.4, moment)]),
        },
        Step::Remarked { text: text("備註"), about: Some(event("J-1#1")) },
        Step::IdentityChanged {
            fields: vec![IdentityField::NameLatin, IdentityField::BirthDate],
            because: ChangeBecause::TypingError,
        },
        Step::PatientMerged {
            from: self::patient("P-1"),
            into: self::patient("P-2"),
            reason: text("registered twice"),
        },
        Step::PatientUnmerged {
            from: self::patient("P-2"),
            back: self::patient("P-1"),
            reason: text("two people"),
        },
    ]
}

/// A patient.
pub fn patient(name: &str) -> PatientId {
    PatientId::new(name).unwrap()
}

/// Somebody in the team.
pub fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

/// Asks for a step and records it when it is allowed.
pub fn ask(
    state: State,
    who: &str,
    role: Role,
    standing: Standing,
    step: Step,
    now: &str,
) -> (State, Result<Body, Refused>) {
    let command = Command { by: user(who), role, step, standing };
    let now = at(now);
    match decide(&state, command, &rules(), now) {
        Ok(body) => {
            let entry =
                Entry { seq: state.next_seq(), recorded: Stamp::utc(now), by: user(who), body: body.clone() };
            (state.and_then([entry]), Ok(body))
        }
        Err(refused) => (state, Err(refused)),
    }
}
