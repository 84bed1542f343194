//! Cells of a collection: from the tube to the chart of the journey and its product's profile, and back out of it
//! when the result is taken back.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::*;
use vena_app::assay_compute::{AssayOptions, Computed, FlowOptions};
use vena_app::assays::{Recording, examples};
use vena_base::{Answer, ids::JourneyId};
use vena_clinical::{Finding, Status, product::COLLECTION};
use vena_flow::{CountOptions, ProductSample, ViabilityGate};
use vena_journey::{FileRole, Role, Step, step::Instead};

/// The example's cells stand for viable nucleated cells and its CD105+ ones for T cells.
fn options(millilitres: Option<f64>) -> FlowOptions {
    let product = ProductSample {
        millilitres,
        nucleated: "Cells".into(),
        cd3: "CD105".into(),
        nucleated_per_microlitre: Some(25_000.0),
    };
    let viability = ViabilityGate { viable: Some("Cells".into()), ..ViabilityGate::default() };
    let count =
        CountOptions { viability: Some(viability), product: Some(product), ..CountOptions::default() };
    FlowOptions { count: Some(Box::new(count)), ..FlowOptions::default() }
}

fn record(place: &Place, journey: &JourneyId, millilitres: Option<f64>) -> u64 {
    let technician = session(&place.app, Role::Technician);
    let key = place.app.fresh_key().unwrap();
    let files = vec![(FileRole::Fcs, examples::fcs()), (FileRole::Gates, examples::gates())];
    let options = AssayOptions::Flow(options(millilitres));
    let open = place.app.begin_assay(&technician, &key, files, options, None).unwrap();
    let Ok(Computed::Flow { count: Some(count), .. }) = &open.outcome else { panic!("{:?}", open.outcome) };
    assert!(count.as_ref().as_ref().unwrap().product.is_some());
    let recording = Recording {
        version: open.draft.version,
        key: place.app.fresh_key().unwrap(),
        to: journey.clone(),
        when: when("2026-03-01T08:00"),
        remark: None,
        pseudonyms: false,
    };
    place.app.record_assay(&technician, &open.draft.id, recording).unwrap();
    place.app.journey_assays(&technician, journey).unwrap()[0].seq
}

fn finding(place: &Place, journey: &JourneyId) -> Finding {
    let page = place.app.journey_page(&session(&place.app, Role::Nurse), journey, None, None).unwrap();
    page.profile.into_iter().find(|finding| &*finding.scale == COLLECTION).unwrap()
}

fn with_product() -> (Place, JourneyId) {
    let place = place();
    let (journey, _) = register(&place.app, person());
    let product = Answer::known("tisagenlecleucel");
    do_step(&place.app, Role::Physician, &journey, Step::ProductChosen { product, when: when("2026-02-20") })
        .unwrap();
    (place, journey)
}

/// Row L4. 25,000 per µL, nine in ten alive, in 100 mL: 2.2 × 10⁹ viable, nearly all of them T cells.
#[test]
fn a_tube_of_the_collection_reaches_the_products_profile() {
    let (place, journey) = with_product();
    let before = finding(&place, &journey);
    assert_eq!((before.status, before.missing.len()), (Status::NotAssessable, 3), "missing is never normal");

    let seq = record(&place, &journey, Some(100.0));
    let after = finding(&place, &journey);
    assert_eq!((after.status, after.value), (Status::Value, Some(1)), "{after:?}");
    assert_eq!(after.because.len(), 4, "three limits, and viability told");
    assert!(after.because[0].used.en.starts_with("2.2"), "{}", after.because[0].used.en);

    // The facts belong to the result: they compute again, and go when it is taken back.
    let nurse = session(&place.app, Role::Nurse);
    assert!(place.app.recompute_assay(&nurse, &journey, seq).unwrap().same);
    let event = place.app.journey_assay(&nurse, &journey, seq).unwrap().event;
    let back = Step::Corrected { event, reason: "another patient's tube".into(), instead: Instead::Nothing };
    do_step(&place.app, Role::QualityAssurance, &journey, back).unwrap();
    assert_eq!(finding(&place, &journey).status, Status::NotAssessable);
}

/// Row L4. Half the volume is too little, and says which limit; without a volume there is only the share.
#[test]
fn too_little_is_told_and_no_volume_is_no_total() {
    let (place, journey) = with_product();
    record(&place, &journey, Some(40.0));
    let little = finding(&place, &journey);
    assert_eq!((little.status, little.value), (Status::Value, Some(0)));
    let decided: Vec<_> =
        little.because.iter().filter(|reason| reason.deciding).map(|r| &*r.criterion).collect();
    assert_eq!(decided, ["collection-viable-tnc", "collection-viable-cd3"]);

    let (place, journey) = with_product();
    record(&place, &journey, None);
    let open = finding(&place, &journey);
    assert_eq!(open.status, Status::NotAssessable);
    assert_eq!(
        open.missing.iter().map(|c| c.as_str()).collect::<Vec<_>>(),
        ["collection-viable-tnc", "collection-viable-cd3"]
    );
}

/// Row L4. The same values typed by hand, exactly at the limits and below.
#[test]
fn values_typed_by_hand_are_judged_the_same() {
    for (tnc, cd3, share, value) in
        [("2", "1", "3.01", 1), ("1.99", "1", "3.01", 0), ("2", "0.99", "3.01", 0), ("2", "1", "3", 0)]
    {
        let (place, journey) = with_product();
        let time = "2026-03-01T08:00";
        let facts = vec![
            measured("collection-viable-tnc", tnc, "10*9", time),
            measured("collection-viable-cd3", cd3, "10*9", time),
            measured("collection-t-cell-share", share, "%", time),
        ];
        do_step(&place.app, Role::Physician, &journey, Step::Laboratory(facts)).unwrap();
        assert_eq!(finding(&place, &journey).value, Some(value), "{tnc} {cd3} {share}");
    }
}
