//! Formats of stored events: golden fixtures, round trips, and what folding and charts do with any
//! sequence. Set `VENA_BLESS=1` to write the golden files anew (a published version never changes).
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
use common::*;
use proptest::prelude::*;
use std::path::Path;
use vena_base::{Concept, Stamp, Zone, ids::JourneyId};
use vena_journey::{
    Body, Entry, EventError, FileRole, OutsideKind, OutsideRule, Refusal, Role, State, StepKind, chart, gate,
    step::{Instead, Step},
};

fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    if std::env::var_os("VENA_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(kept, text, "{} differs; a published format never changes", path.display());
}

fn bodies() -> Vec<Body> {
    let outside = OutsideRule {
        kind: OutsideKind::AlreadyDone,
        reason: "power cut".into(),
        refusals: vec!["consent-missing".into()],
    };
    one_of_each()
        .into_iter()
        .map(|step| Body {
            role: Role::Physician,
            outside_rule: (step.kind() == StepKind::InfusionStarted).then(|| outside.clone()),
            step,
        })
        .collect()
}

#[test]
fn every_event_of_version_1_is_written_as_ever_and_reads_back() {
    let mut lines = String::new();
    for body in bodies() {
        let bytes = body.write().unwrap();
        assert_eq!(Body::read(body.event_type(), 1, &bytes).unwrap(), body);
        lines.push_str(&format!("{}\t1\t{}\n", body.event_type(), String::from_utf8(bytes).unwrap()));
    }
    golden("events-v1.tsv", &lines);
    let kinds: Vec<StepKind> = one_of_each().iter().map(Step::kind).collect();
    assert_eq!(kinds, StepKind::ALL, "one fixture of every kind, in order");
}

#[test]
fn fixtures_kept_from_every_version_are_read() {
    let kept = include_str!("fixtures/events-v1.tsv");
    for (line, body) in kept.lines().zip(bodies()) {
        let mut parts = line.splitn(3, '\t');
        let (kind, version, json) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        assert_eq!(Body::read(kind, version.parse().unwrap(), json.as_bytes()).unwrap(), body);
    }
    assert_eq!(kept.lines().count(), StepKind::ALL.len());
}

/// Rows Q10, Q15. A made-up result says so in its event; the documents that changes replaced are one file.
#[test]
fn a_made_up_assay_says_so_in_its_event() {
    let mut assay = assay();
    assay.example = true;
    assay.files.last_mut().unwrap().role = FileRole::EarlierVersions;
    let step = Step::AssayRecorded(Box::new(assay));
    let body = Body { role: Role::Technician, outside_rule: None, step };
    let json = String::from_utf8(body.write().unwrap()).unwrap();
    golden("assay-example-v1.tsv", &format!("assay-recorded\t1\t{json}\n"));
    assert_eq!(Body::read("assay-recorded", 1, json.as_bytes()).unwrap(), body);
}

#[test]
fn what_is_no_event_is_refused_by_name() {
    assert!(matches!(Body::read("nonsense", 1, b"{}"), Err(EventError::UnknownKind(_))));
    assert!(matches!(Body::read("died", 2, b"{}"), Err(EventError::NewerVersion { .. })));
    assert!(matches!(Body::read("died", 1, b"{"), Err(EventError::Body { .. })));
    let other = br#"{"role":"nurse","step":{"followed-up":{"when":"2026-03-02"}}}"#;
    assert!(matches!(Body::read("died", 1, other), Err(EventError::OtherStep { .. })));
    let unknown_field = br#"{"role":"nurse","step":{"died":{"when":"2026-03-02","cause":null,"x":1}}}"#;
    assert!(matches!(Body::read("died", 1, unknown_field), Err(EventError::Body { .. })));
}

#[test]
fn the_role_table_is_reviewed() {
    golden("roles.tsv", &vena_journey::role::matrix());
}

fn entry(seq: u64, who: &str, minute: i64, step: Step) -> Entry {
    let recorded = at("2026-03-02T08:00").checked_add(jiff::SignedDuration::from_mins(minute)).unwrap();
    Entry {
        seq,
        recorded: Stamp::utc(recorded),
        by: user(who),
        body: Body { role: Role::Nurse, step, outside_rule: None },
    }
}

#[test]
fn a_correction_counts_only_from_its_recording() {
    let journey = JourneyId::new("J-1").unwrap();
    let zone = Zone::named("Asia/Taipei").unwrap();
    let temperature_of = |chart: &vena_base::Chart| {
        chart
            .of(Concept::known("body-temperature"))
            .iter()
            .map(|f| f.quantity().unwrap().value)
            .collect::<Vec<_>>()
    };
    let entries = vec![
        entry(1, "a", 0, register("2026-03-01")),
        entry(2, "a", 1, Step::VitalSigns(vec![temperature(39.4, "2026-03-02T08:00")])),
        entry(
            3,
            "b",
            30,
            Step::Corrected {
                event: event("J-1#2"),
                reason: "typing error".into(),
                instead: Instead::Facts(vec![temperature(36.4, "2026-03-02T08:00")]),
            },
        ),
    ];
    let state = State::fold(entries);
    let (before, after) = (at("2026-03-02T08:10"), at("2026-03-02T08:40"));
    let known_before = chart(&journey, &state, &zone, Some(before), Vec::new());
    assert_eq!(temperature_of(&known_before), vec![39.4]);
    let known_after = chart(&journey, &state, &zone, Some(after), Vec::new());
    assert_eq!(temperature_of(&known_after), vec![36.4]);
    assert_eq!(
        known_after.of(Concept::known("body-temperature"))[0].recorded.unwrap().at,
        at("2026-03-02T08:30")
    );
    assert_eq!(temperature_of(&chart(&journey, &state, &zone, None, Vec::new())), vec![36.4]);
    assert_eq!(state.entries.len(), 3, "the original is kept");
    let retracted = state.and_then([entry(
        4,
        "b",
        50,
        Step::Corrected { event: event("J-1#2"), reason: "other patient".into(), instead: Instead::Nothing },
    )]);
    assert!(temperature_of(&chart(&journey, &retracted, &zone, None, Vec::new())).is_empty());
}

#[test]
fn several_bags_are_one_infusion() {
    let journey = JourneyId::new("J-1").unwrap();
    let started = |id: &str, time: &str| Step::InfusionStarted { bag: bag(id), when: when(time) };
    let state = State::fold(vec![
        entry(1, "a", 0, register("2026-03-01")),
        entry(2, "a", 1, started("B-1", "2026-03-02T08:00")),
        entry(3, "a", 2, started("B-2", "2026-03-02T08:40")),
        entry(
            4,
            "a",
            3,
            Step::InfusionEnded { bag: bag("B-2"), when: when("2026-03-02T09:00"), remark: None },
        ),
    ]);
    let chart = chart(&journey, &state, &Zone::utc(), None, Vec::new());
    let infusions = chart.of(Concept::known("infusion"));
    assert_eq!(infusions.len(), 1);
    assert_eq!(infusions[0].when, when("2026-03-02T08:00"));
    assert_eq!(infusions[0].until, Some(when("2026-03-02T09:00")));
}

#[test]
fn an_attribution_reaches_its_finding() {
    let journey = JourneyId::new("J-1").unwrap();
    let cause = vena_base::Answer::known("infection");
    let state = State::fold(vec![
        entry(1, "a", 0, register("2026-03-01")),
        entry(
            2,
            "a",
            1,
            Step::VitalSigns(vec![
                temperature(37.0, "2026-03-02T07:00"),
                temperature(39.0, "2026-03-02T08:00"),
            ]),
        ),
        entry(3, "d", 2, Step::FindingAttributed { event: event("J-1#2"), fact: 1, cause }),
    ]);
    let chart = chart(&journey, &state, &Zone::utc(), None, Vec::new());
    let facts = chart.of(Concept::known("body-temperature"));
    assert_eq!(facts.iter().map(|f| f.attributed_to).collect::<Vec<_>>(), vec![None, Some(cause)]);
}

fn any_step() -> impl Strategy<Value = Step> {
    (0..one_of_each().len(), 1_u64..12, 0..3_u8).prop_map(|(index, target, form)| {
        let step = one_of_each().swap_remove(index);
        match step {
            Step::Corrected { reason, .. } => Step::Corrected {
                event: event(&format!("J-1#{target}")),
                reason,
                instead: match form {
                    0 => Instead::Nothing,
                    1 => Instead::Facts(vec![temperature(37.0, "2026-03-02T08:00")]),
                    _ => Instead::Step(Box::new(one_of_each().swap_remove(index % 7))),
                },
            },
            other => other,
        }
    })
}

proptest! {
    /// Folding any sequence gives a state, and folding event by event gives the same one.
    #[test]
    fn fold_is_total(steps in proptest::collection::vec((any_step(), 0..3_usize), 0..30)) {
        let entries: Vec<Entry> = steps
            .into_iter()
            .enumerate()
            .map(|(i, (step, who))| entry(i as u64 + 1, ["a", "b", "c"][who], i as i64, step))
            .collect();
        let whole = State::fold(entries.clone());
        let stepwise = State::default().and_then(entries);
        prop_assert_eq!(format!("{whole:?}"), format!("{stepwise:?}"));
        let journey = JourneyId::new("J-1").unwrap();
        let chart = chart(&journey, &whole, &Zone::utc(), None, Vec::new());
        prop_assert!(chart.of(Concept::known("infusion")).len() <= 1);
        let now = at("2026-03-12T08:00");
        let gates = gate::gates(&whole, &rules(), now);
        let _ = vena_journey::tasks(&whole, &gates, &rules(), now);
        prop_assert_eq!(vena_journey::phases(&whole, &rules(), now).iter().filter(|p| p.now).count(), 1);
    }

    /// However often one person reads, the check stays shut.
    #[test]
    fn one_person_never_makes_two(times in proptest::collection::vec(0_i64..60, 1..12)) {
        let mut entries = vec![entry(1, "a", 0, register("2026-03-01"))];
        for (i, minute) in times.iter().enumerate() {
            let mut step = reading("COI-1", "COI-1", "2026-03-02T08:00");
            if let Step::IdentityRead(reading) = &mut step {
                reading.when = vena_base::When::Instant(Stamp::utc(
                    at("2026-03-02T08:00").checked_add(jiff::SignedDuration::from_mins(*minute)).unwrap(),
                ));
            }
            entries.push(entry(i as u64 + 2, "a", *minute, step));
        }
        let state = State { number: Some(coi("COI-1")), ..State::fold(entries) };
        let start = at("2026-03-02T08:30");
        let refusals = gate::before_infusion(&state, &rules(), &bag("B-1"), start);
        let stands = refusals.iter().any(|r| matches!(r, Refusal::IdentityCheckMissing { people: 1, .. }));
        prop_assert!(stands, "{:?}", refusals);
    }

    /// Bytes that are no event never panic.
    #[test]
    fn reading_never_panics(kind in 0..StepKind::ALL.len(), bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Body::read(StepKind::ALL[kind].as_str(), 1, &bytes);
    }
}
