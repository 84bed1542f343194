//! The whole way from bytes to report, plot and panel; the same bits every time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::cast_precision_loss)]

mod common;

use common::{outside, read};
use vena_flow::fcs::{ByteOrder, FcsVersion, WriteChannel, WriteDataSet, write_fcs};
use vena_flow::gating::GateShape;
use vena_flow::plot::{CELLS, PlotText};
use vena_flow::{
    AnalyseOptions, BeadTube, CountError, CountOptions, FlowError, ViabilityGate, analyse, analyse_from,
    panels,
};

fn data_set(values: Vec<f32>) -> WriteDataSet {
    let channel = |name: &str, values: Vec<f32>| WriteChannel {
        stain: "CD105".to_owned(),
        ..WriteChannel::floats(name, 262_144, values)
    };
    let mirrored = values.iter().rev().copied().collect();
    WriteDataSet {
        version: FcsVersion::V3_1,
        order: ByteOrder::Little,
        delimiter: b'/',
        channels: vec![channel("FITC-A", values), channel("PE-A", mirrored)],
        keywords: Vec::new(),
    }
}

fn ramp(events: usize) -> Vec<f32> {
    #[allow(clippy::cast_possible_truncation)]
    (0..events).map(|event| (event as f64 * 262_144.0 / events as f64 - 500.0) as f32).collect()
}

const GATES: &str = r#"<?xml version="1.0"?><gating:Gating-ML xmlns:gating="http://www.isac-net.org/std/Gating-ML/v2.0/gating" xmlns:transforms="http://www.isac-net.org/std/Gating-ML/v2.0/transformations" xmlns:data-type="http://www.isac-net.org/std/Gating-ML/v2.0/datatypes">
<transforms:transformation transforms:id="l"><transforms:logicle transforms:T="262144" transforms:W="0.5" transforms:M="4.5" transforms:A="0"/></transforms:transformation>
<gating:PolygonGate gating:id="cells">
<gating:dimension gating:compensation-ref="FCS" gating:transformation-ref="l"><data-type:fcs-dimension data-type:name="FITC-A"/></gating:dimension>
<gating:dimension gating:compensation-ref="FCS" gating:transformation-ref="l"><data-type:fcs-dimension data-type:name="PE-A"/></gating:dimension>
<gating:vertex><gating:coordinate data-type:value="0.1"/><gating:coordinate data-type:value="0.1"/></gating:vertex>
<gating:vertex><gating:coordinate data-type:value="1.2"/><gating:coordinate data-type:value="0.1"/></gating:vertex>
<gating:vertex><gating:coordinate data-type:value="1.2"/><gating:coordinate data-type:value="1.2"/></gating:vertex>
</gating:PolygonGate>
<gating:RectangleGate gating:id="CD105+" gating:parent_id="cells"><gating:dimension gating:compensation-ref="FCS" gating:transformation-ref="l" gating:min="0.9"><data-type:fcs-dimension data-type:name="FITC-A"/></gating:dimension></gating:RectangleGate>
</gating:Gating-ML>"#;

/// Row Q10. Two runs give the same report to the byte, and the report holds
/// digests, method, gates and parameters.
#[test]
fn recomputed_to_the_same_bits() {
    let bytes = write_fcs(&[data_set(ramp(100_000))]).unwrap();
    let run = || {
        serde_json::to_value(
            analyse(&bytes, Some(GATES.as_bytes()), &AnalyseOptions::default()).unwrap().report,
        )
        .unwrap()
    };
    let report = run();
    assert_eq!(report, run());
    let from = analyse_from(std::io::Cursor::new(&bytes), Some(GATES.as_bytes()), &AnalyseOptions::default());
    assert_eq!(report, serde_json::to_value(from.unwrap().report).unwrap());
    assert_eq!(report["events"], 100_000);
    assert_eq!(report["method"], "flow/1");
    assert_eq!(report["file_sha256"].as_str().unwrap().len(), 64);
    assert_eq!(report["gates"][1]["path"], "/cells/CD105+");
    assert_eq!(report["gates"][1]["parent_count"], report["gates"][0]["count"]);
    assert_eq!(report["gating"]["transforms"][0]["transform"]["kind"], "logicle");
    assert_eq!(report["gating"]["transforms"][0]["transform"]["t"], 262_144.0);
    let one_event_more = write_fcs(&[data_set(ramp(100_001))]).unwrap();
    let other = analyse(&one_event_more, Some(GATES.as_bytes()), &AnalyseOptions::default()).unwrap().report;
    assert_ne!(report["digest"], other.digest.as_str());
}

/// Row Q10. The counts do not depend on how many cores work.
#[test]
fn the_number_of_threads_changes_nothing() {
    let bytes = write_fcs(&[data_set(ramp(70_001))]).unwrap();
    let digest = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            analyse(&bytes, Some(GATES.as_bytes()), &AnalyseOptions::default()).unwrap().report.digest
        })
    };
    assert_eq!(digest(1), digest(3));
}

/// Row Q10. A gate moved: percentages follow, the change is named, the events
/// are not read again.
#[test]
fn a_moved_gate_changes_its_percentages() {
    let bytes = write_fcs(&[data_set(ramp(50_000))]).unwrap();
    let mut analysis = analyse(&bytes, Some(GATES.as_bytes()), &AnalyseOptions::default()).unwrap();
    let before = analysis.report.clone();
    let mut document = analysis.document.clone();
    let GateShape::Rectangle { ranges } = &mut document.gate_mut("CD105+").unwrap().shape else {
        panic!("a rectangle")
    };
    ranges[0].min = Some(0.95);
    assert_eq!(analysis.document.changed_gates(&document), ["CD105+"]);
    analysis.gate(document).unwrap();
    assert_eq!(analysis.report.gates[0].digest, before.gates[0].digest);
    assert!(analysis.report.gates[1].count < before.gates[1].count);
    assert_ne!(analysis.report.digest, before.digest);
}

/// Row Q10. Without gates: events, channels, compensation.
#[test]
fn without_gates_the_file_is_described() {
    let bytes = write_fcs(&[data_set(ramp(10))]).unwrap();
    let report = analyse(&bytes, None, &AnalyseOptions::default()).unwrap().report;
    assert_eq!((report.events, report.channels.len(), report.gates.len()), (10, 2, 0));
    assert_eq!(report.compensation.kind, "none");
    assert!(report.gating.is_none());
}

/// Row Q10. Several data sets: which one is asked, never guessed.
#[test]
fn several_data_sets_are_asked_about() {
    let bytes = write_fcs(&[data_set(ramp(10)), data_set(ramp(20))]).unwrap();
    let error = analyse(&bytes, None, &AnalyseOptions::default()).unwrap_err();
    assert!(matches!(error, FlowError::SeveralDataSets { ref events } if *events == [10, 20]), "{error}");
    let choose = |chosen| AnalyseOptions { data_set: Some(chosen), ..AnalyseOptions::default() };
    assert_eq!(analyse(&bytes, None, &choose(2)).unwrap().report.events, 20);
    assert!(matches!(
        analyse(&bytes, None, &choose(3)),
        Err(FlowError::NoSuchDataSet { chosen: 3, count: 2 })
    ));
    assert!(matches!(analyse(&bytes, None, &choose(0)), Err(FlowError::NoSuchDataSet { .. })));
}

/// Row Q10. A plot counts every event of the population, draws the gate, and
/// takes its words from the caller in either language.
#[test]
fn plots_show_every_event_and_the_gates() {
    let bytes = write_fcs(&[data_set(ramp(20_000))]).unwrap();
    let analysis = analyse(&bytes, Some(GATES.as_bytes()), &AnalyseOptions::default()).unwrap();
    let plot = analysis.plot(Some("cells")).unwrap();
    assert_eq!(plot.counts.len(), CELLS * CELLS);
    assert_eq!(plot.counts.iter().map(|&count| count as usize).sum::<usize>() + plot.undefined, 20_000);
    assert_eq!(plot.outlines.len(), 1);
    assert!(
        plot.x.ticks.iter().any(|tick| tick.exponent == Some(4))
            && plot.x.ticks.iter().any(|tick| tick.label == "0")
    );
    let text = PlotText {
        title: "間質幹細胞 <MSC> & 鑑別".to_owned(),
        x: "螢光".to_owned(),
        events: "個事件".to_owned(),
        gates: vec![("cells".to_owned(), "細胞".to_owned())],
        ..PlotText::default()
    };
    let svg = plot.to_svg(&text);
    for part in [
        "間質幹細胞 &lt;MSC&gt; &amp; 鑑別",
        "螢光",
        "20,000 個事件",
        "細胞 ",
        "CD105 (PE-A)",
        "data-gate=\"cells\"",
    ] {
        assert!(svg.contains(part), "{part}");
    }
    assert!(!svg.contains("<script") && !svg.contains("href"));
    let png = plot.to_png(&PlotText::default(), None).unwrap();
    let picture = image::load_from_memory(&png).unwrap();
    assert_eq!((picture.width(), picture.height()), (640, 650));
    assert_eq!(png, plot.to_png(&PlotText::default(), None).unwrap());
    assert!(plot.to_png(&PlotText::default(), Some(b"no font")).is_err());
    assert!(analysis.plot(Some("CD105+")).is_err(), "one dimension is no plane");
}

/// Row Q10. Plots of awkward data: no event, one value only, plain axes.
#[test]
fn plots_of_nothing_and_of_one_value() {
    for values in [vec![], vec![7.0], vec![7.0; 100], vec![-3e38, 3e38]] {
        let bytes = write_fcs(&[data_set(values.clone())]).unwrap();
        let plot = analyse(&bytes, None, &AnalyseOptions::default()).unwrap().plot(None).unwrap();
        assert_eq!(plot.counts.iter().sum::<u32>() as usize, values.len());
        assert!(plot.to_svg(&PlotText::default()).ends_with("</svg>\n"));
        assert!(!plot.to_png(&PlotText::default(), None).unwrap().is_empty());
    }
}

/// Row Q10. Gates named after markers feed a panel; what is missing is named.
#[test]
fn gates_feed_a_panel() {
    let bytes = write_fcs(&[data_set(ramp(20_000))]).unwrap();
    let analysis = analyse(&bytes, Some(GATES.as_bytes()), &AnalyseOptions::default()).unwrap();
    let msc = panels().unwrap().remove(0);
    let report = analysis.judge(&msc, &[]);
    assert!(report.criteria[0].counts.is_some());
    assert_eq!(report.missing.len(), 7);
    let mapped = analysis.judge(&msc, &[("CD73".to_owned(), "/cells/CD105+".to_owned())]);
    assert!(mapped.criteria[1].counts.is_some() && mapped.criteria[0].counts.is_none());
}

/// Row L4. A real instrument's file, described and plotted.
#[test]
fn an_instruments_file_is_described_and_plotted() {
    let Some(folder) = outside("fcs_files") else {
        return;
    };
    let bytes = read(folder.join("flowio/B01 KC-A-W---91-US.fcs"));
    let analysis = analyse(&bytes, None, &AnalyseOptions::default()).unwrap();
    assert_eq!(analysis.report.compensation.kind, "file");
    assert_eq!(analysis.report.compensation.from, "$SPILLOVER");
    assert_eq!(analysis.plot(None).unwrap().events, 1_589);
}

/// Row Q10. A tube with beads: cells per microlitre and viability from gates, with what they rest on.
#[test]
fn beads_and_viability_from_gates() {
    let gates = GATES.replace("</gating:Gating-ML>", r#"<gating:RectangleGate gating:id="beads"><gating:dimension gating:compensation-ref="uncompensated" gating:min="200000"><data-type:fcs-dimension data-type:name="FITC-A"/></gating:dimension></gating:RectangleGate></gating:Gating-ML>"#);
    let bytes = write_fcs(&[data_set(ramp(100_000))]).unwrap();
    let analysis = analyse(&bytes, Some(gates.as_bytes()), &AnalyseOptions::default()).unwrap();
    let tube =
        BeadTube { gate: "beads".into(), beads_added: 50_000.0, sample_microlitres: 100.0, dilution: 2.0 };
    let options = CountOptions {
        cells: vec!["/cells/CD105+".into()],
        beads: Some(tube.clone()),
        viability: Some(ViabilityGate { dead: Some("CD105+".into()), ..ViabilityGate::default() }),
        ..CountOptions::default()
    };
    let report = analysis.count(&options).unwrap();
    let (cells, beads) = (analysis.report.gates[1].count as f64, analysis.report.gates[2].count as f64);
    let found = report.populations[0].count.unwrap();
    assert!((found.cells_per_microlitre - cells / beads * 500.0 * 2.0).abs() < 1e-9);
    let whole = analysis.report.gates[0].count as f64;
    assert!((report.viability.unwrap().percent - 100.0 * (whole - cells) / whole).abs() < 1e-9);
    assert_eq!((report.flow_digest, report.missing.len()), (analysis.report.digest.clone(), 0));
    // The same share from the gate of viable cells; the beads' own gate is no population.
    let viable =
        ViabilityGate { viable: Some("CD105+".into()), of: Some("cells".into()), ..ViabilityGate::default() };
    let other = analysis
        .count(&CountOptions { beads: Some(tube), viability: Some(viable), ..CountOptions::default() })
        .unwrap();
    assert!((other.viability.unwrap().percent - 100.0 * cells / whole).abs() < 1e-9);
    assert_eq!(other.populations.iter().map(|p| p.gate.as_str()).collect::<Vec<_>>(), ["cells", "CD105+"]);
    // Without beads there is no concentration, and that is said.
    let bare = analysis.count(&CountOptions::default()).unwrap();
    assert!(bare.populations[0].count.is_none() && bare.missing[0].zh_tw.contains("計數珠"));
    let unknown = CountOptions { cells: vec!["CD4".into()], ..CountOptions::default() };
    assert!(matches!(analysis.count(&unknown), Err(CountError::NoSuchGate { .. })));
    let both = CountOptions { viability: Some(ViabilityGate::default()), ..CountOptions::default() };
    assert_eq!(analysis.count(&both), Err(CountError::OneViabilityGate));
}
