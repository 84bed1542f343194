//! Unrecorded results: nothing typed stands in the ledger, made-up ones reach no patient, changes have no end, and a
//! number on a tube finds its journey.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::*;
use vena_app::{
    AppError, Config,
    assay_compute::{AssayOptions, FlowOptions},
    assays::{AssayChange, GateChange, OpenAssay, Recording, examples, gate_fields::NewShape},
};
use vena_flow::gating::{CompensationReference, Dimension, DimensionSource, Gate};
use vena_journey::{AssayKind, FileRole, Role, Step, step::FileDigest};
use vena_ledger::{Ledger as _, Position, SqliteLedger};

const NAME: &str = "王小明";

fn begin(place: &Place, files: Vec<(FileRole, Vec<u8>)>, options: AssayOptions) -> OpenAssay {
    let technician = session(&place.app, Role::Technician);
    place.app.begin_assay(&technician, &place.app.fresh_key().unwrap(), files, options, None).unwrap()
}

fn recording(place: &Place, open: &OpenAssay, to: &vena_base::ids::JourneyId) -> Recording {
    Recording { pseudonyms: true, ..common::recording(&place.app, open, to) }
}

fn gate(id: &str, parent: Option<&str>) -> GateChange {
    let dimension = |name: &str| Dimension {
        compensation: CompensationReference::Uncompensated,
        source: DimensionSource::Channel(name.into()),
        transform: None,
    };
    let shape = NewShape::Rectangle.begun(
        id,
        [&dimension("PE-A"), &dimension("FITC-A")],
        [(0.0, 60_000.0), (0.0, 1_200.0)],
    );
    let gate = Box::new(Gate { id: id.into(), parent: parent.map(str::to_owned), shape });
    GateChange::Add { gate, transforms: Vec::new() }
}

fn change(place: &Place, open: &OpenAssay, change: GateChange) -> OpenAssay {
    let technician = session(&place.app, Role::Technician);
    let changed =
        place.app.change_assay(&technician, &open.draft.id, open.draft.version, AssayChange::Gates(change));
    changed.unwrap()
}

/// Every byte of the ledger's events and of the folder's own files that are not encrypted.
fn plain(place: Place) -> (String, Vec<vena_ledger::StoredEvent>) {
    let Place { folder, app, .. } = place;
    app.close().unwrap();
    let ledger = SqliteLedger::open(folder.path()).unwrap();
    let events = ledger.read_all(Position(0), 100_000).unwrap();
    let mut all =
        events.iter().map(|event| String::from_utf8_lossy(&event.body).into_owned()).collect::<String>();
    for file in std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()) {
        if file.is_file() {
            all.push_str(&String::from_utf8_lossy(&std::fs::read(file).unwrap()));
        }
    }
    (all, events)
}

/// Rows Q10, Q15. Law 4: a name typed into a draft (a gate, a standard, a sample, a panel) stands nowhere in the ledger
/// or the read models, not even as a digest that guessing could confirm; the draft has it again after a restart.
#[test]
fn nothing_typed_into_a_draft_stands_in_the_ledger() {
    let place = place();
    let (journey, _) =
        register(&place.app, vena_app::PersonIdentity { name_zh: Some(NAME.into()), ..person() });
    let fcs = examples::fcs_with(vec![("$SMNO".into(), NAME.into())]);
    let options = FlowOptions { panel: Some(format!("panel of {NAME}")), ..FlowOptions::default() };
    let files = vec![(FileRole::Fcs, fcs), (FileRole::Gates, examples::gates())];
    let refused = begin(&place, files.clone(), AssayOptions::Flow(options));
    assert!(refused.outcome.is_err(), "no such panel, kept all the same");
    let open = begin(&place, files, AssayOptions::usual(AssayKind::FlowCytometry));
    let open = change(&place, &open, gate(&format!("{NAME} CD19"), Some("Cells")));
    let table = String::from_utf8(examples::potency()).unwrap().replace("Lot 7", &format!("{NAME} day 7"));
    let mut options = AssayOptions::usual(AssayKind::Potency);
    if let AssayOptions::Potency(options) = &mut options {
        options.reference = Some("Reference".into());
        options.standard = Some(vena_potency::report::ReferenceStandard {
            name: format!("{NAME} serum"),
            assigned_value: 10.0,
            unit: "U".into(),
            ..Default::default()
        });
    }
    let sample = begin(&place, vec![(FileRole::Table, table.into_bytes())], options);
    let technician = session(&place.app, Role::Technician);
    let without_name = sample.draft.result_digest.clone().unwrap();
    for open in [&open, &sample] {
        place.app.record_assay(&technician, &open.draft.id, recording(&place, open, &journey)).unwrap();
    }
    // After a restart everything typed is there again.
    let Place { folder, clock, app } = place;
    app.close().unwrap();
    let app = common::open(folder.path(), &clock);
    let technician = session(&app, Role::Technician);
    let again = app.open_assay(&technician, &open.draft.id).unwrap();
    assert_eq!(&*again.draft.edits[0].what, format!("add gate {NAME} CD19"));
    assert_eq!(again.draft.result_digest, open.draft.result_digest);
    for stored in app.journey_assays(&technician, &journey).unwrap() {
        assert!(app.recompute_assay(&technician, &journey, stored.seq).unwrap().same);
    }

    let (all, events) = plain(Place { folder, clock, app });
    assert!(events.iter().any(|event| event.event_type == "assay-draft"));
    for secret in [NAME, &NAME.escape_unicode().to_string(), without_name.as_str()] {
        assert!(!all.contains(secret), "{secret}");
    }
    // The pairs of names and pseudonyms: nobody finds the name by trying names until the digest fits.
    let guess = format!("{{\"{NAME} day 7\":\"P-1\"}}");
    let guess = vena_app::assay_compute::digest_of(guess.as_bytes()).unwrap();
    let digests: Vec<String> =
        events.iter().flat_map(|event| &event.attachments).map(|own| own.plain_sha256.to_string()).collect();
    assert!(!digests.iter().any(|digest| digest == guess.as_str()));
}

/// Rows Q10, Q15. The program's own examples are marked from the draft to the event and reach no patient's journey,
/// whether opened by the button, dropped as a file or typed again.
#[test]
fn a_made_up_example_is_not_recorded_on_a_patients_journey() {
    let real = place_with(Config { synthetic: false, ..config() });
    let (journey, _) = register(&real.app, person());
    let technician = session(&real.app, Role::Technician);
    let typed = String::from_utf8(examples::culture()).unwrap().replace('\n', "\r\n");
    let retyped = (AssayKind::ResidualPluripotent, vec![(FileRole::Table, typed.into_bytes())]);
    let given = AssayKind::ALL.into_iter().map(|kind| (kind, examples::files(kind)));
    for (kind, files) in given.chain([retyped]) {
        let open = begin(&real, files, examples::options(kind));
        assert!(open.draft.example, "{kind:?}");
        let refused = real.app.record_assay(&technician, &open.draft.id, recording(&real, &open, &journey));
        assert!(
            matches!(&refused, Err(AppError::Input(words)) if words.zh_tw.contains("示範")),
            "{refused:?}"
        );
        assert!(real.app.open_assays(&technician).unwrap().iter().all(|line| line.example), "listed as such");
    }
    assert!(real.app.journey_assays(&technician, &journey).unwrap().is_empty());
    // A file of one's own with the example's gates is no example.
    let own = examples::fcs_with(vec![("$SMNO".into(), "7".into())]);
    let files = vec![(FileRole::Fcs, own), (FileRole::Gates, examples::gates())];
    let open = begin(&real, files, AssayOptions::usual(AssayKind::FlowCytometry));
    assert!(!open.draft.example);
    real.app.record_assay(&technician, &open.draft.id, recording(&real, &open, &journey)).unwrap();

    let made_up = place();
    let (journey, _) = register(&made_up.app, person());
    let technician = session(&made_up.app, Role::Technician);
    let files = examples::files(AssayKind::Qpcr);
    let open = begin(&made_up, files, AssayOptions::usual(AssayKind::Qpcr));
    made_up.app.record_assay(&technician, &open.draft.id, recording(&made_up, &open, &journey)).unwrap();
    assert!(
        made_up.app.journey_assays(&technician, &journey).unwrap()[0].record.example,
        "the event says so"
    );
}

/// Row Q10. More changes than an event may name files: each is kept, all are recorded, and the earlier gates can be
/// read from the record.
#[test]
fn changes_without_end_are_all_recorded() {
    let place = place();
    let (journey, _) = register(&place.app, person());
    let technician = session(&place.app, Role::Technician);
    let mut open = begin(
        &place,
        vec![(FileRole::Fcs, examples::fcs()), (FileRole::Gates, examples::gates())],
        AssayOptions::usual(AssayKind::FlowCytometry),
    );
    let changes = 2 * (vena_ledger::limits::ATTACHMENTS_IN_EVENT / 2) + 8;
    for n in 0..changes / 2 {
        open = change(&place, &open, gate(&format!("New {n}"), None));
        open = change(&place, &open, GateChange::Undo);
    }
    assert_eq!(open.draft.edits.len(), changes);
    place.app.record_assay(&technician, &open.draft.id, recording(&place, &open, &journey)).unwrap();
    let stored = &place.app.journey_assays(&technician, &journey).unwrap()[0];
    assert_eq!(stored.record.edits.len(), changes);
    assert!(stored.record.files.len() < 5, "{}", stored.record.files.len());
    let earlier = place.app.assay_file(&technician, &journey, stored.seq, FileRole::EarlierVersions).unwrap();
    let earlier: std::collections::BTreeMap<String, String> = serde_json::from_slice(&earlier).unwrap();
    let current = stored.record.file(FileRole::Gates).unwrap().digest.as_str().to_owned();
    for edit in &stored.record.edits {
        for digest in edit.before.iter().chain([&edit.after]).map(FileDigest::as_str) {
            let text = earlier.get(digest).map(String::as_str);
            assert!(digest == current || text.is_some_and(|xml| xml.contains("Gating-ML")), "{digest}");
        }
    }
    assert!(place.app.recompute_assay(&technician, &journey, stored.seq).unwrap().same);
}

/// Row L4. A scan of the number on a tube finds its journey, and follows a number that is assigned later.
#[test]
fn a_number_on_a_tube_finds_its_journey() {
    let place = place();
    let (journey, _) = register(&place.app, person());
    assert!(place.app.journeys_of_number(&number("COI-1")).is_empty());
    do_step(&place.app, Role::Coordinator, &journey, consent()).unwrap();
    let product = vena_base::Answer::known("tisagenlecleucel");
    do_step(&place.app, Role::Physician, &journey, Step::ProductChosen { product, when: when("2026-02-28") })
        .unwrap();
    let assigned = Step::ChainOfIdentityAssigned { number: number("COI-1"), when: when("2026-02-28") };
    do_step(&place.app, Role::Coordinator, &journey, assigned).unwrap();
    assert_eq!(place.app.journeys_of_number(&number("COI-1")), std::slice::from_ref(&journey));
    assert!(place.app.journeys_of_number(&number("COI-2")).is_empty());
    // The rows on disk know it too.
    let Place { folder, clock, app } = place;
    app.close().unwrap();
    assert_eq!(common::open(folder.path(), &clock).journeys_of_number(&number("COI-1")), [journey]);
}

/// Rows Q10, Q15. Law 4: a draft that is discarded leaves the list and is neither changed nor recorded; who did it
/// stands, nothing is deleted, and it is taken back as it was, also after a restart. A recorded result is not discarded.
#[test]
fn a_discarded_draft_leaves_the_list_and_can_be_taken_back() {
    let place = place();
    let (journey, _) = register(&place.app, person());
    let technician = session(&place.app, Role::Technician);
    let files = || vec![(FileRole::Table, examples::potency())];
    let kept = begin(&place, files(), AssayOptions::usual(AssayKind::Potency));
    let open = begin(&place, files(), AssayOptions::usual(AssayKind::Potency));
    let nurse = session(&place.app, Role::Nurse);
    let id = open.draft.id.as_str();
    assert!(matches!(place.app.discard_assay(&nurse, id, 1, true), Err(AppError::NotPermitted(_))));
    assert!(matches!(place.app.discard_assay(&technician, id, 7, true), Err(AppError::Input(_))), "not seen");
    let gone = place.app.discard_assay(&technician, id, 1, true).unwrap();
    assert!(gone.discarded && gone.version == 2 && gone.by == technician.user);
    assert_eq!(
        place.app.discard_assay(&technician, id, 1, true).unwrap().version,
        2,
        "sent twice, done once"
    );

    // It waits no more, and nothing is done to it.
    let ids = |lines: Vec<vena_app::assays::DraftLine>| lines.into_iter().map(|l| l.id).collect::<Vec<_>>();
    assert_eq!(ids(place.app.open_assays(&technician).unwrap()), std::slice::from_ref(&kept.draft.id));
    assert_eq!(ids(place.app.discarded_assays(&technician).unwrap()), [id]);
    let other = AssayChange::Options(AssayOptions::usual(AssayKind::Potency));
    assert!(matches!(place.app.change_assay(&technician, id, 2, other), Err(AppError::Input(_))));
    let seen = place.app.open_assay(&technician, id).unwrap();
    let refused = place.app.record_assay(&technician, id, recording(&place, &seen, &journey));
    assert!(matches!(refused, Err(AppError::Input(words)) if words.en.contains("discarded")));
    assert!(place.app.journey_assays(&technician, &journey).unwrap().is_empty());

    // After a restart it is still there, and comes back with its file and its result.
    let Place { folder, clock, app } = place;
    app.close().unwrap();
    let place = Place { app: common::open(folder.path(), &clock), folder, clock };
    let physician = session(&place.app, Role::Physician);
    let back = place.app.discard_assay(&physician, id, 2, false).unwrap();
    assert!(!back.discarded && back.by == physician.user);
    let again = place.app.open_assay(&physician, id).unwrap();
    assert_eq!(again.draft.result_digest, open.draft.result_digest);
    assert_eq!(place.app.open_assays(&physician).unwrap().len(), 2);
    place.app.record_assay(&physician, id, recording(&place, &again, &journey)).unwrap();
    let recorded = place.app.assay_draft(&physician, id).unwrap();
    let refused = place.app.discard_assay(&physician, id, recorded.version, true);
    assert!(matches!(refused, Err(AppError::Input(words)) if words.en.contains("recorded")));
    assert_eq!(place.app.journey_assays(&physician, &journey).unwrap().len(), 1);
}
