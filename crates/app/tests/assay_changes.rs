//! Gates added, changed and taken back; what is in memory against what is read anew; names kept out of the record.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::*;
use vena_app::{
    AppError,
    assay_compute::{AssayOptions, Computed, compute},
    assays::{
        AssayChange, GateChange, OpenAssay, Recording, examples,
        gate_fields::{NewShape, combined},
    },
};
use vena_flow::gating::{
    BooleanOperation, CompensationReference, Dimension, DimensionSource, Gate, GateShape, read_gating_ml,
};
use vena_journey::{AssayKind, FileRole, Role};

fn begin(place: &Place, files: Vec<(FileRole, Vec<u8>)>, kind: AssayKind) -> OpenAssay {
    let technician = session(&place.app, Role::Technician);
    let key = place.app.fresh_key().unwrap();
    place.app.begin_assay(&technician, &key, files, AssayOptions::usual(kind), None).unwrap()
}

fn flow(place: &Place) -> OpenAssay {
    let files = vec![(FileRole::Fcs, examples::fcs()), (FileRole::Gates, examples::gates())];
    begin(place, files, AssayKind::FlowCytometry)
}

fn change(place: &Place, open: &OpenAssay, change: GateChange) -> Result<OpenAssay, AppError> {
    let technician = session(&place.app, Role::Technician);
    place.app.change_assay(&technician, &open.draft.id, open.draft.version, AssayChange::Gates(change))
}

fn counts(open: &OpenAssay) -> Vec<(String, usize)> {
    let Ok(Computed::Flow { analysis, .. }) = &open.outcome else { panic!("{:?}", open.outcome) };
    analysis.report.gates.iter().map(|gate| (gate.id.clone(), gate.count)).collect()
}

fn dimension(name: &str) -> Dimension {
    Dimension {
        compensation: CompensationReference::Uncompensated,
        source: DimensionSource::Channel(name.into()),
        transform: None,
    }
}

fn new(id: &str, shape: NewShape) -> GateChange {
    let shape =
        shape.begun(id, [&dimension("PE-A"), &dimension("FITC-A")], [(0.0, 60_000.0), (0.0, 1_200.0)]);
    let gate = Box::new(Gate { id: id.into(), parent: Some("Cells".into()), shape });
    GateChange::Add { gate, transforms: Vec::new() }
}

/// Row Q10. Every kind of gate is added, counted, and taken away; what is in memory gives the same characters as
/// reading the file anew, at every step.
#[test]
fn every_kind_of_gate_comes_and_goes_and_memory_agrees_with_the_file() {
    let place = place();
    let technician = session(&place.app, Role::Technician);
    let mut open = flow(&place);
    let begun = counts(&open);
    let fresh = |open: &OpenAssay| {
        let gates = place.app.assay_draft_file(&technician, &open.draft.id, FileRole::Gates).unwrap();
        let files = vec![(FileRole::Fcs, examples::fcs()), (FileRole::Gates, gates)];
        compute(&open.draft.options, &files).unwrap().to_json().unwrap()
    };
    for (n, shape) in NewShape::ALL.into_iter().enumerate() {
        open = change(&place, &open, new(&format!("New {n}"), shape)).unwrap();
        let same = open.outcome.as_ref().unwrap().to_json().unwrap();
        assert_eq!(same.as_str(), fresh(&open).as_str(), "{shape:?}");
    }
    let both = combined(BooleanOperation::And, &[("New 0".into(), false), ("New 1".into(), true)]).unwrap();
    let boolean = Gate { id: "Combined".into(), parent: None, shape: both };
    open =
        change(&place, &open, GateChange::Add { gate: Box::new(boolean), transforms: Vec::new() }).unwrap();
    let all = counts(&open);
    // Four quadrants stand in their gate's place.
    assert_eq!(all.len(), begun.len() + 4 + 4 + 1);
    let of = |id: &str| all.iter().find(|(own, _)| own == id).unwrap().1;
    let quadrants: usize = ["--", "+-", "-+", "++"].map(|signs| of(&format!("New 4 {signs}"))).iter().sum();
    assert_eq!(quadrants, of("Cells"), "quadrants part their parent");
    assert_eq!(
        of("Combined"),
        of("New 0") - of("New 0").min(of("New 1")),
        "New 1 and New 0 are the same square"
    );
    assert!(
        change(&place, &open, GateChange::Remove { gate: "New 0".into() }).is_err(),
        "Combined rests on it"
    );
    for (_, gate) in [(0, "Combined"), (1, "New 0"), (2, "New 4")] {
        open = change(&place, &open, GateChange::Remove { gate: gate.into() }).unwrap();
    }
    assert_eq!(open.outcome.as_ref().unwrap().to_json().unwrap().as_str(), fresh(&open).as_str());
    assert_eq!(open.draft.edits.len(), 9, "every change is written down");
}

/// Row Q10. Taking back goes step by step to where it began, and each step is written down too.
#[test]
fn changes_of_gates_are_taken_back_one_by_one() {
    let place = place();
    let mut open = flow(&place);
    let begun = counts(&open);
    assert!(!open.draft.gates_can_be_undone());
    open = change(&place, &open, new("One", NewShape::Ellipsoid)).unwrap();
    let one = counts(&open);
    open = change(&place, &open, new("Two", NewShape::Rectangle)).unwrap();
    open = change(&place, &open, GateChange::Undo).unwrap();
    assert_eq!(counts(&open), one);
    open = change(&place, &open, new("Three", NewShape::Range)).unwrap();
    open = change(&place, &open, GateChange::Undo).unwrap();
    open = change(&place, &open, GateChange::Undo).unwrap();
    assert_eq!(counts(&open), begun);
    assert!(matches!(change(&place, &open, GateChange::Undo), Err(AppError::Input(_))));
    assert_eq!(open.draft.edits.len(), 6);
}

/// Row Q10. A file without gates gets its first one in the browser.
#[test]
fn the_first_gate_needs_no_file() {
    let place = place();
    let open = begin(&place, vec![(FileRole::Fcs, examples::fcs())], AssayKind::FlowCytometry);
    let shape = NewShape::Polygon.begun(
        "Cells",
        [&dimension("FSC-A"), &dimension("SSC-A")],
        [(0.0, 262_144.0), (0.0, 262_144.0)],
    );
    let gate = Box::new(Gate { id: "Cells".into(), parent: None, shape });
    let open = change(&place, &open, GateChange::Add { gate, transforms: Vec::new() }).unwrap();
    assert_eq!(counts(&open).len(), 1);
    let technician = session(&place.app, Role::Technician);
    let xml = place.app.assay_draft_file(&technician, &open.draft.id, FileRole::Gates).unwrap();
    let document = read_gating_ml(&xml, &vena_flow::Limits::default()).unwrap();
    assert!(matches!(document.gates[0].shape, GateShape::Polygon { .. }));
}

/// Rows Q10, Q15. The patient's name in a sample, a keyword or a gate does not reach the record unless the person
/// agrees to a pseudonym; then nothing of it stands in the ledger and the result is computed again to the same bits.
#[test]
fn a_patients_name_does_not_reach_the_record() {
    let place = place();
    let named = person();
    let name = named.name_zh.clone().unwrap();
    let (journey, _) = register(&place.app, named);
    let technician = session(&place.app, Role::Technician);
    let table = String::from_utf8(examples::potency()).unwrap().replace("Lot 7", &format!("{name} day 7"));
    let open = begin(&place, vec![(FileRole::Table, table.into_bytes())], AssayKind::Potency);
    let found = place.app.names_in_assay(&technician, &open.draft.id, &journey).unwrap();
    assert!(found.iter().any(|one| one.recorded), "{found:?}");
    let recording = |pseudonyms, remark: Option<&str>| Recording {
        remark: remark.map(Into::into),
        pseudonyms,
        ..recording(&place.app, &open, &journey)
    };
    let record = |recording| place.app.record_assay(&technician, &open.draft.id, recording);
    let refused = record(recording(false, None));
    let Err(AppError::Input(words)) = refused else { panic!("{refused:?}") };
    assert!(!words.en.contains(&name), "the refusal does not repeat the name: {}", words.en);
    assert!(matches!(record(recording(true, Some(&format!("of {name}")))), Err(AppError::Input(_))));
    record(recording(true, None)).unwrap();
    let stored = &place.app.journey_assays(&technician, &journey).unwrap()[0];
    let all = serde_json::to_string(&stored.record).unwrap();
    assert!(!all.contains(&name) && all.contains("P-1"), "{all}");
    assert!(stored.record.file(FileRole::Pseudonyms).is_some());
    let again = place.app.recompute_assay(&technician, &journey, stored.seq).unwrap();
    assert!(again.same, "{:?}", again.differences);
}

/// Row Q10. A keyword that names the patient is told and stays in the file.
#[test]
fn a_keyword_that_names_the_patient_is_told() {
    let place = place();
    let named = person();
    let name = named.name_zh.clone().unwrap();
    let (journey, _) = register(&place.app, named);
    let technician = session(&place.app, Role::Technician);
    let fcs = examples::fcs_with(vec![("$SRC".into(), name)]);
    let open = begin(&place, vec![(FileRole::Fcs, fcs)], AssayKind::FlowCytometry);
    let found = place.app.names_in_assay(&technician, &open.draft.id, &journey).unwrap();
    assert_eq!(found.len(), 1);
    assert!(!found[0].recorded && found[0].place.en.contains("$SRC"));
    place.app.record_assay(&technician, &open.draft.id, recording(&place.app, &open, &journey)).unwrap();
}

/// Row Q7. The journey's weight is taken; another patient's is refused, whatever was typed.
#[test]
fn endotoxin_is_judged_by_the_weight_of_its_own_patient() {
    let place = place();
    let (journey, _) = register(&place.app, person());
    let technician = session(&place.app, Role::Technician);
    let begin = |weight_kg| {
        let options = AssayOptions::Endotoxin(vena_potency::EndotoxinOptions {
            dose_ml: Some(50.0),
            weight_kg,
            ..Default::default()
        });
        let files = vec![(FileRole::Table, examples::endotoxin())];
        let key = place.app.fresh_key().unwrap();
        place.app.begin_assay(&technician, &key, files, options, None).unwrap()
    };
    let record = |open: &OpenAssay| {
        place.app.record_assay(&technician, &open.draft.id, recording(&place.app, open, &journey))
    };
    let refused = record(&begin(Some(70.0)));
    assert!(matches!(&refused, Err(AppError::Input(words)) if words.en.contains("68.5 kg")), "{refused:?}");
    record(&begin(None)).unwrap();
    let stored = &place.app.journey_assays(&technician, &journey).unwrap()[0];
    let result: serde_json::Value = stored.record.result.read().unwrap();
    assert_eq!(result["options"]["weight_kg"], 68.5);
    let per_kg = result["samples"][0]["eu_per_kg_per_hour"].as_f64().unwrap();
    let per_ml = result["samples"][0]["eu_per_ml"].as_f64().unwrap();
    assert!((per_kg - per_ml * 50.0 / 68.5).abs() < 1e-12 * per_kg.abs());
    assert!(place.app.recompute_assay(&technician, &journey, stored.seq).unwrap().same);
}

/// Row Q10. A moved gate counts the events where they lie: none is copied, and a refused one leaves them as they were.
#[test]
fn a_moved_gate_copies_no_event() {
    let place = place();
    let mut open = flow(&place);
    let events = |open: &OpenAssay| {
        let Ok(Computed::Flow { analysis, .. }) = &open.outcome else { panic!("{:?}", open.outcome) };
        analysis.data_set.columns.as_ptr()
    };
    let before = events(&open);
    let (id, version) = (open.draft.id.clone(), open.draft.version);
    open.outcome = Err(vena_app::assay_compute::AssayRefusal {
        what: vena_base::Text::same("a page that was drawn holds nothing"),
        words: vena_base::Text::same(""),
    });
    let technician = session(&place.app, Role::Technician);
    let add = AssayChange::Gates(new("One", NewShape::Rectangle));
    let moved = place.app.change_assay(&technician, &id, version, add).unwrap();
    assert_eq!(events(&moved), before);
    drop(moved);
    let lost = Dimension { source: DimensionSource::Channel("nowhere".into()), ..dimension("PE-A") };
    let shape = NewShape::Range.begun("Two", [&lost, &lost], [(0.0, 1.0), (0.0, 1.0)]);
    let gate = Box::new(Gate { id: "Two".into(), parent: None, shape });
    let add = AssayChange::Gates(GateChange::Add { gate, transforms: Vec::new() });
    assert!(place.app.change_assay(&technician, &id, version + 1, add).is_err(), "no such channel");
    let again = place.app.open_assay(&technician, &id).unwrap();
    assert_eq!(events(&again), before);
    assert_eq!(counts(&again).len(), counts(&flow(&place)).len() + 1);
}
