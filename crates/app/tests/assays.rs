//! Assays through the application: a file is taken, changed, recorded on a journey and computed again.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::*;
use vena_app::assays::{GateChange, examples as assay_files};
use vena_app::{
    AppError,
    assay_compute::{AssayOptions, Computed, FlowOptions, compute, differences, recognise, recognise_kind},
    assays::{AssayChange, OpenAssay, Recording},
};
use vena_colonies::corrections::Correction;
use vena_flow::{
    Tolerance, Tolerances,
    gating::{GateShape, read_gating_ml},
};
use vena_journey::{AssayKind, AttachTo, FileRole, JsonText, Role, Step};

fn begin(place: &Place, files: Vec<(FileRole, Vec<u8>)>, options: AssayOptions) -> OpenAssay {
    let technician = session(&place.app, Role::Technician);
    place.app.begin_assay(&technician, &place.app.fresh_key().unwrap(), files, options, None).unwrap()
}

fn flow_files() -> Vec<(FileRole, Vec<u8>)> {
    vec![(FileRole::Fcs, assay_files::fcs()), (FileRole::Gates, assay_files::gates())]
}

fn count(assay: &OpenAssay, gate: &str) -> usize {
    let Ok(Computed::Flow { analysis, .. }) = &assay.outcome else { panic!("{:?}", assay.outcome) };
    analysis.report.gates.iter().find(|own| own.id == gate).unwrap().count
}

/// Row Q10. From the file to one event with its files, and back to the same bits; a moved gate is written down.
#[test]
fn a_flow_result_is_recorded_and_computed_again_to_the_same_bits() {
    let place = place();
    let (journey, _) = register(&place.app, person());
    let options =
        FlowOptions { panel: Some(vena_flow::panels().unwrap()[0].id.clone()), ..FlowOptions::default() };
    let open = begin(&place, flow_files(), AssayOptions::Flow(options));
    let technician = session(&place.app, Role::Technician);
    assert_eq!(open.draft.version, 1);
    let before = count(&open, "Cells");
    assert!((3_400..3_700).contains(&before), "{before}");

    let shape = GateShape::Polygon {
        dimensions: match &assay_files::gates_document().gates[0].shape {
            GateShape::Polygon { dimensions, .. } => dimensions.clone(),
            other => panic!("{other:?}"),
        },
        vertices: vec![
            [60_000.0, 30_000.0],
            [120_000.1, 25_000.0],
            [120_000.3, 120_000.0],
            [70_000.0, 110_000.0],
        ],
    };
    let change = AssayChange::Gates(GateChange::Move { gate: "Cells".into(), shape });
    let moved = place.app.change_assay(&technician, &open.draft.id, 1, change.clone()).unwrap();
    assert!(count(&moved, "Cells") < before);
    let edit = &moved.draft.edits[0];
    assert_eq!((&*edit.what, edit.before.is_some(), &edit.by), ("gate Cells", true, &technician.user));
    assert_eq!(edit.result, moved.draft.result_digest);
    // Nobody writes over what somebody else saw last.
    assert!(matches!(
        place.app.change_assay(&technician, &open.draft.id, 1, change),
        Err(AppError::Input(_))
    ));

    let recording = Recording { remark: Some("tube 2".into()), ..recording(&place.app, &moved, &journey) };
    let record = || place.app.record_assay(&technician, &open.draft.id, recording.clone());
    let done = record().unwrap();
    assert_eq!(done.events.len(), 1);
    assert!(record().unwrap().replayed, "the same form twice is one event");
    let elsewhere = Recording { key: place.app.fresh_key().unwrap(), ..recording.clone() };
    assert!(
        matches!(place.app.record_assay(&technician, &open.draft.id, elsewhere), Err(AppError::Input(_))),
        "one result, one place"
    );
    let stored = place.app.journey_assays(&technician, &journey).unwrap();
    assert_eq!(stored.len(), 1);
    let assay = &stored[0];
    assert_eq!(assay.record.attach_to, AttachTo::Journey(journey.clone()));
    assert_eq!(assay.record.files.len(), 3, "file, gates, and the gates before");
    assert_eq!(Some(&assay.record.result_digest), moved.draft.result_digest.as_ref());
    assert_eq!(
        place.app.assay_file(&technician, &journey, assay.seq, FileRole::Fcs).unwrap(),
        assay_files::fcs()
    );
    // Open the folder anew: everything comes from disk.
    let Place { folder, clock, app } = place;
    app.close().unwrap();
    let app = open_again(folder.path(), &clock);
    let nurse = session(&app, Role::Nurse);
    let again = app.recompute_assay(&nurse, &journey, assay.seq).unwrap();
    assert!(again.same && again.differences.is_empty(), "{:?}", again.differences);
    let history = app.history_page(&nurse, &journey).unwrap();
    let line = history.lines.iter().find(|line| matches!(line.step, Step::AssayRecorded(_))).unwrap();
    assert_eq!(line.files.len(), 3);
    assert!(
        app.open_assays(&session(&app, Role::Technician)).unwrap().is_empty(),
        "recorded drafts leave the list"
    );
}

fn open_again(folder: &std::path::Path, clock: &std::sync::Arc<vena_app::FixedClock>) -> vena_app::App {
    common::open(folder, clock)
}

/// Row Q11. The program's count stays; what a person takes away stands beside it.
#[test]
fn colony_corrections_stand_beside_the_count() {
    let place = place();
    let (journey, _) = register(&place.app, person());
    let technician = session(&place.app, Role::Technician);
    let open = begin(
        &place,
        vec![(FileRole::Image, assay_files::plate())],
        AssayOptions::usual(AssayKind::Colonies),
    );
    let counts = |assay: &OpenAssay| match &assay.outcome {
        Ok(Computed::Colonies { automatic, corrected }) => (
            automatic.images[0].count,
            corrected.first().map(|image| image.corrected),
            automatic.images[0].vessels[0].name.clone(),
        ),
        other => panic!("{other:?}"),
    };
    let (automatic, corrected, vessel) = counts(&open);
    let found = automatic.unwrap();
    assert!(found.abs_diff(assay_files::COLONIES as u64) <= 2, "{found}");
    assert_eq!(corrected, None);
    let take = |colony| AssayChange::Correct {
        page: 1,
        corrections: vec![Correction::Remove { vessel: vessel.clone(), colony }],
    };
    let one = place.app.change_assay(&technician, &open.draft.id, 1, take(1)).unwrap();
    assert_eq!((counts(&one).0, counts(&one).1), (Some(found), Some(Some(found - 1))));
    // A colony that is not there is refused and changes nothing.
    assert!(place.app.change_assay(&technician, &open.draft.id, 2, take(9_999)).is_err());
    assert_eq!(place.app.assay_draft(&technician, &open.draft.id).unwrap().version, 2);
    let add = Correction::Add { vessel: vessel.clone(), x_px: 350.5, y_px: 350.5, diameter_px: 14.0 };
    let two = place
        .app
        .change_assay(
            &technician,
            &open.draft.id,
            2,
            AssayChange::Correct { page: 1, corrections: vec![add] },
        )
        .unwrap();
    assert_eq!(counts(&two).1, Some(Some(found)));
    let undone =
        place.app.change_assay(&technician, &open.draft.id, 3, AssayChange::Undo { page: 1 }).unwrap();
    assert_eq!(counts(&undone).1, Some(Some(found - 1)));
    assert_eq!(undone.draft.edits.len(), 3);
    place.app.record_assay(&technician, &open.draft.id, recording(&place.app, &undone, &journey)).unwrap();
    let seq = place.app.journey_assays(&technician, &journey).unwrap()[0].seq;
    assert!(place.app.recompute_assay(&technician, &journey, seq).unwrap().same);
}

/// Row Q15. Tables of both kinds, and what differs when a result is not what it was.
#[test]
fn tables_are_recognised_analysed_and_compared() {
    let place = place();
    for (bytes, kind) in
        [(assay_files::potency(), AssayKind::Potency), (assay_files::qpcr(), AssayKind::Qpcr)]
    {
        assert_eq!(recognise_kind(&bytes), Some(kind));
        let open = begin(&place, vec![(FileRole::Table, bytes)], AssayOptions::usual(kind));
        assert!(open.outcome.is_ok(), "{:?}", open.outcome);
        assert!(open.draft.method.is_some());
    }
    let then = JsonText::new(r#"{"a":[1,2],"b":{"c":1.5}}"#.into()).unwrap();
    let now = JsonText::new(r#"{"a":[1,3],"b":{"c":1.5},"d":true}"#.into()).unwrap();
    let found: Vec<String> =
        differences(&then, &now).into_iter().map(|d| format!("{} {} {}", d.path, d.then, d.now)).collect();
    assert_eq!(found, ["/a/1 2 3", "/d – true"]);
    assert!(differences(&then, &then).is_empty());
}

/// Rows Q10, Q11, Q15. A refused file is kept and read again under other parameters; roles are held.
#[test]
fn a_refused_file_is_kept_and_roles_are_held() {
    let place = place();
    let technician = session(&place.app, Role::Technician);
    let mut damaged = assay_files::fcs();
    damaged.truncate(damaged.len() - 5_000);
    let open =
        begin(&place, vec![(FileRole::Fcs, damaged.clone())], AssayOptions::usual(AssayKind::FlowCytometry));
    let refusal = open.outcome.as_ref().err().unwrap();
    assert!(refusal.words.en.starts_with("FCS:"), "{refusal}");
    assert_eq!(place.app.assay_draft_file(&technician, &open.draft.id, FileRole::Fcs).unwrap(), damaged);
    let options = FlowOptions {
        tolerances: Tolerances::strict().with(Tolerance::DataSegmentLonger),
        ..FlowOptions::default()
    };
    let again = place
        .app
        .change_assay(&technician, &open.draft.id, 1, AssayChange::Options(AssayOptions::Flow(options)))
        .unwrap();
    assert_eq!((again.draft.version, again.outcome.is_err()), (2, true));
    let (journey, _) = register(&place.app, person());
    let recorded =
        place.app.record_assay(&technician, &open.draft.id, recording(&place.app, &again, &journey));
    assert!(matches!(recorded, Err(AppError::Input(_))), "a refusal is no result");
    for role in [Role::Nurse, Role::Coordinator, Role::Administrator] {
        assert!(
            matches!(place.app.open_assays(&session(&place.app, role)), Err(AppError::NotPermitted(_))),
            "{role:?}"
        );
    }
    assert_eq!(place.app.open_assays(&session(&place.app, Role::QualityAssurance)).unwrap().len(), 1);
}

/// Row Q10. Gates written as Gating-ML and read again are the same gates, so a moved gate can be applied anywhere.
#[test]
fn content_says_what_a_file_is() {
    assert_eq!(recognise(&assay_files::fcs()), Some(FileRole::Fcs));
    assert_eq!(recognise(&assay_files::plate()), Some(FileRole::Image));
    assert_eq!(recognise(&assay_files::gates()), Some(FileRole::Gates));
    for other in [&b""[..], b"\0\0\0\0", b"hello", b"<html>"] {
        assert_eq!(recognise_kind(other), None, "{other:?}");
    }
    let document = read_gating_ml(&assay_files::gates(), &vena_flow::Limits::default()).unwrap();
    assert_eq!(document.gates, assay_files::gates_document().gates);
    let options = AssayOptions::usual(AssayKind::FlowCytometry);
    let (one, two) = (compute(&options, &flow_files()).unwrap(), compute(&options, &flow_files()).unwrap());
    assert_eq!(one.to_json().unwrap(), two.to_json().unwrap());
}

/// Row Q15. A stored result that its files do not give is told, value by value: the digest cannot be talked over.
#[test]
fn a_result_the_files_do_not_give_is_told() {
    let place = place();
    let (journey, _) = register(&place.app, person());
    let technician = session(&place.app, Role::Technician);
    let open = begin(
        &place,
        vec![(FileRole::Table, assay_files::potency())],
        AssayOptions::usual(AssayKind::Potency),
    );
    place.app.record_assay(&technician, &open.draft.id, recording(&place.app, &open, &journey)).unwrap();
    let mut record = place.app.journey_assays(&technician, &journey).unwrap()[0].record.clone();
    let flattered = record.result.as_str().replace("\"observations\":48", "\"observations\":480");
    assert_ne!(flattered, record.result.as_str());
    record.result_digest = vena_app::assay_compute::digest_of(flattered.as_bytes()).unwrap();
    record.result = JsonText::new(flattered).unwrap();
    let (stored, _) = place.app.store_attachment(&technician, &mut &*assay_files::potency()).unwrap();
    let key = place.app.fresh_key().unwrap();
    let request = vena_app::Request {
        attachments: vec![stored],
        ..vena_app::Request::new(journey.clone(), key, Step::AssayRecorded(Box::new(record)))
    };
    place.app.act(&technician, request).unwrap();
    let seq = place.app.journey_assays(&technician, &journey).unwrap()[0].seq;
    let again = place.app.recompute_assay(&technician, &journey, seq).unwrap();
    assert!(!again.same);
    let told: Vec<&str> = again.differences.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(told, ["/input/observations"]);
    assert_eq!((again.differences[0].then.as_str(), again.differences[0].now.as_str()), ("480", "48"));
}

/// Row Q15. A result of lines recorded before the parameters named the error's source rested on the residuals about the
/// lines: it is computed again as it was meant, and agrees; what begins today has the method's own choice.
#[test]
fn lines_recorded_before_the_choice_was_stored_are_computed_as_they_were_meant() {
    use vena_potency::report::{AssayKind as Model, LineErrorFrom};
    let place = place();
    let (journey, _) = register(&place.app, person());
    let technician = session(&place.app, Role::Technician);
    let mut table = String::from("sample,dose,response\n");
    for (sample, shift) in [("Reference", 0.0), ("Lot 8", -0.3)] {
        for (step, dose) in [1.0f64, 2.0, 4.0, 8.0].into_iter().enumerate() {
            for noise in [-0.04, 0.05] {
                // A bend, so that the lines' own lack of fit is in the residuals and not in the replicates.
                let bend = if step == 1 { 0.15 } else { 0.0 };
                table
                    .push_str(&format!("{sample},{dose},{}\n", 1.0 + 2.0 * dose.ln() + shift + noise + bend));
            }
        }
    }
    let options = |line_error| {
        let mut options = AssayOptions::usual(AssayKind::Potency);
        if let AssayOptions::Potency(own) = &mut options {
            own.assay = Model::ParallelLine;
            own.reference = Some("Reference".into());
            own.line_error = line_error;
        }
        options
    };
    let interval = |computed: &Computed| match computed {
        Computed::Potency(report) => report.relative_potency[0].low.unwrap(),
        other => panic!("{other:?}"),
    };
    let files = || vec![(FileRole::Table, table.clone().into_bytes())];
    let today = compute(&options(LineErrorFrom::Replicates), &files()).unwrap();
    let open = begin(&place, files(), options(LineErrorFrom::Lines));
    place.app.record_assay(&technician, &open.draft.id, recording(&place.app, &open, &journey)).unwrap();
    let now = place.app.journey_assays(&technician, &journey).unwrap().remove(0);

    // As it was recorded then: the parameters do not say.
    let mut record = now.record.clone();
    let stored = record.parameters.as_str().replace("\"line_error\":\"lines\",", "");
    assert!(!stored.contains("line_error") && stored.contains("parallel-line"), "{stored}");
    record.parameters = JsonText::new(stored).unwrap();
    let file = place.app.store_attachment(&technician, &mut table.as_bytes()).unwrap().0;
    let step = Step::AssayRecorded(Box::new(record));
    let request = vena_app::Request {
        attachments: vec![file],
        ..vena_app::Request::new(journey.clone(), place.app.fresh_key().unwrap(), step)
    };
    place.app.act(&technician, request).unwrap();
    let then = place.app.journey_assays(&technician, &journey).unwrap().remove(0);
    assert!(then.seq > now.seq);
    let again = place.app.recompute_assay(&technician, &journey, then.seq).unwrap();
    assert!(again.same, "{:?}", again.differences);
    assert_ne!(interval(&again.outcome.unwrap()), interval(&today), "the two errors are not the same");
    // An empty set of parameters today has the method's choice.
    assert!(matches!(AssayOptions::usual(AssayKind::Potency),
        AssayOptions::Potency(options) if options.line_error == LineErrorFrom::Replicates));
}
