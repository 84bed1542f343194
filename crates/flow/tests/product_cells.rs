//! Cells of a whole collected product, by hand: beads, or an analyser's count with shares.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use vena_flow::fcs::{ByteOrder, FcsVersion, WriteChannel, WriteDataSet, write_fcs};
use vena_flow::{
    AnalyseOptions, Analysis, BeadTube, CountError, CountOptions, Platform, ProductSample, ViabilityGate,
    analyse,
};

/// Events of each kind: living T cells, other living nucleated cells, dead cells, beads.
const KINDS: [(usize, f32); 4] = [(300, 900.0), (700, 600.0), (250, 300.0), (2_000, 100.0)];

/// One parameter tells the kinds apart.
fn tube() -> Analysis {
    let values = KINDS.iter().flat_map(|(events, at)| std::iter::repeat_n(*at, *events)).collect();
    let channel = WriteChannel::floats("kind", 1024, values);
    let set = WriteDataSet {
        version: FcsVersion::V3_1,
        order: ByteOrder::Little,
        delimiter: b'/',
        channels: vec![channel],
        keywords: Vec::new(),
    };
    let gate = |id: &str, parent: &str, low: u32, high: u32| {
        let parent =
            if parent.is_empty() { String::new() } else { format!(" gating:parent_id=\"{parent}\"") };
        format!(
            "<gating:RectangleGate gating:id=\"{id}\"{parent}><gating:dimension gating:compensation-ref=\"uncompensated\" gating:min=\"{low}\" gating:max=\"{high}\"><data-type:fcs-dimension data-type:name=\"kind\"/></gating:dimension></gating:RectangleGate>"
        )
    };
    let gates = [
        gate("beads", "", 50, 150),
        gate("nucleated", "", 250, 1000),
        gate("viable", "nucleated", 500, 1000),
        gate("CD3+", "viable", 800, 1000),
        gate("dead", "nucleated", 250, 400),
        gate("all T", "", 800, 1000),
        gate("wide", "", 250, 1000),
        gate("none", "", 5000, 6000),
    ]
    .concat();
    let xml = format!(
        "<?xml version=\"1.0\"?><gating:Gating-ML xmlns:gating=\"http://www.isac-net.org/std/Gating-ML/v2.0/gating\" xmlns:data-type=\"http://www.isac-net.org/std/Gating-ML/v2.0/datatypes\">{gates}</gating:Gating-ML>"
    );
    analyse(&write_fcs(&[set]).unwrap(), Some(xml.as_bytes()), &AnalyseOptions::default()).unwrap()
}

fn sample() -> ProductSample {
    ProductSample {
        millilitres: Some(100.0),
        nucleated: "viable".into(),
        cd3: "CD3+".into(),
        nucleated_per_microlitre: None,
    }
}

fn beads() -> BeadTube {
    BeadTube { gate: "beads".into(), beads_added: 50_000.0, sample_microlitres: 50.0, dilution: 40.0 }
}

fn options(beads: Option<BeadTube>, sample: ProductSample) -> CountOptions {
    let viability = ViabilityGate { dead: Some("dead".into()), ..ViabilityGate::default() };
    CountOptions { beads, viability: Some(viability), product: Some(sample), ..CountOptions::default() }
}

/// Row L4. 1,000 viable events among 2,000 of 50,000 beads, 50 µL of a 1:40 dilution: 20,000 per µL; in
/// 100 mL 2 × 10⁹. CD3+ 0.3 of them.
#[test]
fn beads_give_the_totals() {
    let report = tube().count(&options(Some(beads()), sample())).unwrap();
    let cells = report.product.unwrap();
    assert_eq!(cells.platform, Some(Platform::Beads));
    assert!((cells.viable_nucleated.unwrap() - 2e9).abs() < 1.0);
    assert!((cells.viable_cd3.unwrap() - 6e8).abs() < 1.0);
    assert!((cells.t_cell_share_percent.unwrap() - 30.0).abs() < 1e-12);
    assert_eq!((cells.nucleated_events, cells.cd3_events), (1000, 300));
    assert_eq!(report.viability.unwrap().percent, 80.0);
    assert!(cells.missing.is_empty() && report.missing.is_empty());
}

/// Row L4. An analyser counts 25,000 per µL, dead ones too: 80 % of them live, 20,000 per µL.
#[test]
fn an_analyser_gives_the_totals() {
    let by_analyser = ProductSample { nucleated_per_microlitre: Some(25_000.0), ..sample() };
    let report = tube().count(&options(None, by_analyser.clone())).unwrap();
    let cells = report.product.unwrap();
    assert_eq!(cells.platform, Some(Platform::Analyser));
    assert!((cells.viable_nucleated.unwrap() - 2e9).abs() < 1.0);
    assert!((cells.viable_cd3.unwrap() - 6e8).abs() < 1.0);
    assert!(report.missing.is_empty(), "no beads are asked for");
    let without_viability = CountOptions { viability: None, ..options(None, by_analyser.clone()) };
    let cells = tube().count(&without_viability).unwrap().product.unwrap();
    assert_eq!((cells.viable_nucleated, cells.viable_cd3, cells.platform), (None, None, None));
    assert!(cells.missing[0].en.contains("viability") && cells.t_cell_share_percent.is_some());
    assert_eq!(tube().count(&options(Some(beads()), by_analyser)), Err(CountError::TwoPlatforms));
}

/// Row L4. What is missing is named; there is no total without it, and no number is made up.
#[test]
fn what_is_missing_is_named() {
    let cells = |sample, beads| tube().count(&options(beads, sample)).unwrap().product.unwrap();
    let no_volume = cells(ProductSample { millilitres: None, ..sample() }, Some(beads()));
    assert_eq!((no_volume.viable_nucleated, no_volume.viable_cd3), (None, None));
    assert!(no_volume.missing[0].en.contains("volume") && no_volume.missing[0].zh_tw.contains("體積"));
    let no_concentration = cells(sample(), None);
    assert_eq!(no_concentration.viable_nucleated, None);
    assert!(no_concentration.missing[0].en.contains("beads"));
    let nothing = ProductSample { nucleated: "none".into(), cd3: "none".into(), ..sample() };
    let nothing = cells(nothing, Some(beads()));
    assert_eq!((nothing.t_cell_share_percent, nothing.viable_nucleated), (None, Some(0.0)));
    assert!(nothing.missing.iter().any(|what| what.en.contains("no share")));
}

/// Row L4. CD3+ cells that are not among the viable nucleated ones would be counted dead or twice.
#[test]
fn cd3_lies_inside_the_viable_cells() {
    let refused = |sample| tube().count(&options(Some(beads()), sample)).unwrap_err();
    let wrong = refused(ProductSample { cd3: "wide".into(), ..sample() });
    assert_eq!(wrong, CountError::OutsideNucleated { events: 250, gate: "wide".into() });
    assert!(wrong.message(vena_base::Lang::ZhTw).contains("250"));
    // A gate drawn beside the viable cells serves where its events lie inside them.
    let beside = ProductSample { cd3: "all T".into(), ..sample() };
    assert!(tube().count(&options(Some(beads()), beside)).is_ok());
    assert!(matches!(
        refused(ProductSample { nucleated: "CD45".into(), ..sample() }),
        CountError::NoSuchGate { .. }
    ));
    for volume in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let wrong = refused(ProductSample { millilitres: Some(volume), ..sample() });
        assert!(matches!(wrong, CountError::NotPositive { .. }), "{volume}");
    }
}
