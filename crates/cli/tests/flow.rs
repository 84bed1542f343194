//! `vena flow` on files made here, so that it is held wherever the tests run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::cast_precision_loss)]

mod common;
use common::*;
use std::path::Path;
use vena_flow::fcs::{ByteOrder, FcsVersion, WriteChannel, WriteDataSet, write_fcs};

/// Ten events on a diagonal: A is 0 to 9, B twice that.
fn sample() -> Vec<u8> {
    let channel = |name: &str, factor: f32| {
        WriteChannel::floats(name, 1024, (0..10u8).map(|event| factor * f32::from(event)).collect())
    };
    write_fcs(&[WriteDataSet {
        version: FcsVersion::V3_1,
        order: ByteOrder::Big,
        delimiter: b'|',
        channels: vec![channel("A", 1.0), channel("B", 2.0)],
        keywords: Vec::new(),
    }])
    .unwrap()
}

fn gates(folder: &Path) {
    let gate = |id: &str, parent: &str, least: u8| {
        let dimension = |channel: &str, least: u8| {
            format!(
                r#"<gating:dimension gating:compensation-ref="uncompensated" gating:min="{least}"><data-type:fcs-dimension data-type:name="{channel}"/></gating:dimension>"#
            )
        };
        let both = dimension("A", least) + &dimension("B", 0);
        format!(r#"<gating:RectangleGate gating:id="{id}"{parent}>{both}</gating:RectangleGate>"#)
    };
    let xml = format!(
        r#"<gating:Gating-ML xmlns:gating="http://www.isac-net.org/std/Gating-ML/v2.0/gating" xmlns:transforms="http://www.isac-net.org/std/Gating-ML/v2.0/transformations" xmlns:data-type="http://www.isac-net.org/std/Gating-ML/v2.0/datatypes">{}{}</gating:Gating-ML>"#,
        gate("活細胞", "", 2),
        gate("CD105+", r#" gating:parent_id="活細胞""#, 6)
    );
    std::fs::write(folder.join("gates.xml"), xml).unwrap();
}

/// Row Q10. A folder: one object a line, each file named; a broken one is said and stops no other.
#[test]
fn a_folder_is_told_file_by_file() {
    let folder = tempfile::tempdir().unwrap();
    gates(folder.path());
    std::fs::create_dir(folder.path().join("run")).unwrap();
    for name in ["run/a.fcs", "run/b.FCS"] {
        std::fs::write(folder.path().join(name), sample()).unwrap();
    }
    let words = ["flow", "run", "--gates", "gates.xml", "--format", "json"];
    let told = lines_of(&out(&expect(folder.path(), &words, 0)));
    assert_eq!(told.len(), 2);
    for report in &told {
        assert_eq!(report["events"], 10);
        let gates = report["gates"].as_array().unwrap();
        let found: Vec<_> = gates
            .iter()
            .map(|gate| {
                let count = |name: &str| gate[name].as_u64().unwrap();
                (
                    gate["id"].as_str().unwrap(),
                    gate["path"].as_str().unwrap(),
                    count("count"),
                    count("parent_count"),
                )
            })
            .collect();
        assert_eq!(found, [("活細胞", "/活細胞", 8, 10), ("CD105+", "/活細胞/CD105+", 4, 8)]);
    }
    std::fs::write(folder.path().join("run/c.fcs"), &sample()[..300]).unwrap();
    let broken = run(folder.path(), &words);
    assert_eq!((code(&broken), lines_of(&out(&broken)).len()), (1, 2), "{}", err(&broken));
    assert!(err(&broken).contains("c.fcs"), "{}", err(&broken));
}

/// Row Q10. The same from an open file and from standard input; both languages; pictures with Chinese names;
/// what is missing is named.
#[test]
fn one_file_in_both_languages_with_pictures() {
    let folder = tempfile::tempdir().unwrap();
    gates(folder.path());
    std::fs::write(folder.path().join("a.fcs"), sample()).unwrap();
    let words = ["flow", "a.fcs", "--gates", "gates.xml", "--format", "json"];
    let from_file = out(&expect(folder.path(), &words, 0));
    let piped =
        run_with(folder.path(), &["flow", "-", "--gates", "gates.xml", "--format", "json"], &sample());
    assert_eq!(from_file, out(&piped), "{}", err(&piped));
    let text =
        |lang| out(&expect(folder.path(), &["flow", "a.fcs", "--gates", "gates.xml", "--lang", lang], 0));
    let (en, zh_tw) = (text("en"), text("zh-TW"));
    assert!(en.contains("10 events, 2 channels, compensation none"), "{en}");
    assert!(zh_tw.contains("10 個事件, 2 個通道, 補償 無") && !zh_tw.contains("channels"), "{zh_tw}");
    for picture in ["plot.svg", "plot.png"] {
        expect(folder.path(), &["flow", "a.fcs", "--gates", "gates.xml", "--plot", picture], 0);
    }
    let svg = std::fs::read_to_string(folder.path().join("plot.svg")).unwrap();
    assert!(svg.contains("活細胞 80.00%"));
    assert!(std::fs::read(folder.path().join("plot.png")).unwrap().starts_with(b"\x89PNG"));
    let xml = std::fs::read_to_string(folder.path().join("gates.xml")).unwrap();
    std::fs::write(folder.path().join("other.xml"), xml.replace("name=\"B\"", "name=\"Viability\"")).unwrap();
    let missing = run(folder.path(), &["flow", "a.fcs", "--gates", "other.xml"]);
    assert_eq!(code(&missing), 3);
    assert!(err(&missing).contains("Viability") && err(&missing).contains("A, B"), "{}", err(&missing));
}
