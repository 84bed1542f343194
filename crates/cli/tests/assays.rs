//! The assays from the command line: instrument's file in, result and picture out.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
use common::*;
use std::path::{Path, PathBuf};

/// Test data of others, where this machine has it.
fn outside(part: &str) -> Option<PathBuf> {
    let root = std::env::var_os("VENA_CONFORMANCE_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = root.join(part);
    if path.exists() {
        return Some(path.canonicalize().unwrap());
    }
    println!("LEFT OUT: {part} (set VENA_CONFORMANCE_DIR)");
    None
}

fn json(folder: &Path, words: &[&str]) -> serde_json::Value {
    let output = expect(folder, words, 0);
    let lines = lines_of(&out(&output));
    assert_eq!(lines.len(), 1, "one object a line, a file each");
    lines.into_iter().next().unwrap()
}

fn is_picture(path: &Path) -> bool {
    let bytes = std::fs::read(path).unwrap();
    match path.extension().unwrap().to_str().unwrap() {
        "png" => bytes.starts_with(b"\x89PNG") && bytes.len() > 2_000,
        _ => String::from_utf8(bytes).unwrap().contains("</svg>"),
    }
}

/// A reference and a sample half as potent, with a little noise.
fn dose_response() -> String {
    let mut table = String::from("sample,dose,response\n");
    for (name, half) in [("reference", 3.0), ("sample", 6.0)] {
        for (step, dose) in [0.1_f64, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0].into_iter().enumerate() {
            for (copy, noise) in [0.4, -0.3, 0.1].into_iter().enumerate() {
                let wobble = noise * if (step + copy) % 2 == 0 { 1.0 } else { -1.0 };
                let response = 5.0 + 95.0 / (1.0 + (dose / half).powf(-1.3)) + wobble;
                table.push_str(&format!("{name},{dose},{response:.3}\n"));
            }
        }
    }
    table
}

const QPCR: &str = "sample,target,task,quantity,cq\n\
    s,dna,standard,100000,20.1\ns,dna,standard,100000,20.0\ns,dna,standard,10000,23.4\ns,dna,standard,10000,23.5\n\
    s,dna,standard,1000,26.8\ns,dna,standard,1000,26.7\ns,dna,standard,100,30.1\ns,dna,standard,100,30.2\n\
    s,dna,standard,10,33.5\ns,dna,standard,10,33.4\nlot 1,dna,unknown,,27.9\nlot 1,dna,unknown,,28.0\n";

/// Row Q15.
#[test]
fn potency_gives_parameters_intervals_and_pictures() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("assay.csv"), dose_response()).unwrap();
    let report =
        json(folder.path(), &["potency", "assay.csv", "--reference", "reference", "--format", "json"]);
    let sample = &report["relative_potency"][0];
    let (estimate, low, high) = (
        sample["estimate"].as_f64().unwrap(),
        sample["low"].as_f64().unwrap(),
        sample["high"].as_f64().unwrap(),
    );
    assert!(low < estimate && estimate < high && (estimate - 0.5).abs() < 0.05, "{sample}");
    assert!(
        report["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .all(|p| p["standard_error"].as_f64().is_some_and(|se| se > 0.0))
    );
    assert_eq!(report["input"]["sha256"].as_str().unwrap().len(), 64);
    let again =
        json(folder.path(), &["potency", "assay.csv", "--reference", "reference", "--format", "json"]);
    assert_eq!(report, again, "recomputed to the same bits");
    for picture in ["curve.svg", "curve.png"] {
        expect(folder.path(), &["potency", "assay.csv", "--plot", picture], 0);
        assert!(is_picture(&folder.path().join(picture)), "{picture}");
    }
    assert_eq!(code(&run(folder.path(), &["potency", "assay.csv", "--plot", "curve.bmp"])), 2);
    golden(
        "potency",
        &transcript(
            folder.path(),
            &[&["potency", "assay.csv"], &["potency", "assay.csv", "--lang", "zh-TW"]],
        ),
    );
}

/// Row Q15.
#[test]
fn qpcr_gives_curves_and_pictures() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("plate.csv"), QPCR).unwrap();
    let report = json(folder.path(), &["qpcr", "plate.csv", "--format", "json"]);
    assert!((report["curves"][0]["line"]["slope"].as_f64().unwrap() + 3.35).abs() < 0.05, "{report}");
    for picture in ["curve.svg", "curve.png"] {
        expect(folder.path(), &["qpcr", "plate.csv", "--plot", picture], 0);
        assert!(is_picture(&folder.path().join(picture)), "{picture}");
    }
    golden(
        "qpcr",
        &transcript(folder.path(), &[&["qpcr", "plate.csv"], &["qpcr", "plate.csv", "--lang", "zh-TW"]]),
    );
}

#[test]
fn several_files_go_on_past_one_that_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), dose_response()).unwrap();
    std::fs::write(folder.path().join("b.csv"), "dose,response\n1,1\n").unwrap();
    std::fs::write(folder.path().join("c.csv"), dose_response()).unwrap();
    let output = run(folder.path(), &["potency", ".", "--format", "json"]);
    assert_eq!(code(&output), 1, "{}", err(&output));
    assert_eq!(lines_of(&out(&output)).len(), 2);
    assert!(err(&output).contains("b.csv"), "{}", err(&output));
    assert_eq!(code(&run(folder.path(), &["potency", "b.csv"])), 3);
}

/// Row Q15: the fits of the R package drc, from the command line.
#[test]
fn potency_of_reference_data() {
    let Some(data) = outside("dose_response") else { return };
    let folder = tempfile::tempdir().unwrap();
    let expected = std::fs::read_to_string(data.join("expected_drc_3.2.0_LL4.csv")).unwrap();
    for set in ["ryegrass", "lettuce"] {
        let file = data.join(format!("csv/{set}.csv"));
        let report = json(folder.path(), &["potency", file.to_str().unwrap(), "--format", "json"]);
        for line in expected.lines().filter(|line| line.starts_with(&format!("\"{set}\""))) {
            let cells: Vec<&str> = line.split(',').map(|cell| cell.trim_matches('"')).collect();
            let (name, estimate, error): (&str, f64, f64) =
                (cells[1], cells[2].parse().unwrap(), cells[3].parse().unwrap());
            let found =
                report["parameters"].as_array().unwrap().iter().find(|p| p["parameter"] == name).unwrap();
            let close = |a: f64, b: f64| (a - b).abs() <= 1e-5 * b.abs();
            assert!(
                close(found["estimate"].as_f64().unwrap(), estimate),
                "{set} {name}: {found}, drc {estimate}"
            );
            assert!(
                (found["standard_error"].as_f64().unwrap() - error).abs() <= 1e-4 * error,
                "{set} {name}: {found}, drc {error}"
            );
        }
    }
}

/// Row Q10.
#[test]
fn flow_gives_events_and_gates() {
    let Some(data) = outside("fcs_gatingml/gate_ref") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (file, gates) = (data.join("data1.fcs"), data.join("gml/gml_all_gates.xml"));
    let words = ["flow", file.to_str().unwrap(), "--gates", gates.to_str().unwrap(), "--format", "json"];
    let report = json(folder.path(), &words);
    let events = report["events"].as_u64().unwrap();
    let all = report["gates"].as_array().unwrap();
    assert!(events > 0 && all.len() > 10);
    for gate in all {
        assert!(gate["id"].is_string() && gate["path"].is_string(), "{gate}");
        assert!(gate["count"].as_u64().unwrap() <= gate["parent_count"].as_u64().unwrap(), "{gate}");
        assert!(gate["parent_count"].as_u64().unwrap() <= events);
    }
    for picture in ["plot.svg", "plot.png"] {
        let mut words = words[..4].to_vec();
        words.extend(["--plot", picture]);
        expect(folder.path(), &words, 0);
        assert!(is_picture(&folder.path().join(picture)), "{picture}");
    }
    std::fs::write(folder.path().join("broken.fcs"), &std::fs::read(&file).unwrap()[..5_000]).unwrap();
    assert_eq!(code(&run(folder.path(), &["flow", "broken.fcs"])), 3);
}

/// Row Q11.
#[test]
fn colonies_gives_a_count_a_file() {
    let Some(data) = outside("colony/cellprofiler_yeast") else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = data.join("6-1.jpg");
    let report = json(
        folder.path(),
        &["colonies", file.to_str().unwrap(), "--format", "json", "--plot", "overlay.png"],
    );
    let image = &report["images"][0];
    assert_eq!(image["file"], file.to_str().unwrap());
    assert!(image["count"].as_u64().is_some_and(|count| count > 10), "{}", image["count"]);
    assert!(is_picture(&folder.path().join("overlay.png")));
    std::fs::write(folder.path().join("not.png"), b"nothing").unwrap();
    let refused = run(folder.path(), &["colonies", "not.png"]);
    assert_eq!(code(&refused), 3, "{}", err(&refused));
}

/// Row L4. The cells of a collection against its product's profile: an analyser's count with shares from the
/// tube, the limits told one by one, a missing volume named.
#[test]
fn flow_tells_the_cells_of_a_collection() {
    use vena_app::assays::examples;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tube.fcs"), examples::fcs()).unwrap();
    std::fs::write(folder.path().join("gates.xml"), examples::gates()).unwrap();
    let words = |more: &[&'static str]| -> Vec<&'static str> {
        let mut words =
            vec!["flow", "tube.fcs", "--gates", "gates.xml", "--nucleated", "Cells", "--cd3", "CD105"];
        words.extend(["--viable", "Cells", "--nucleated-per-ul", "25000", "--product", "tisagenlecleucel"]);
        words.extend(more);
        words
    };
    let enough = json(folder.path(), &words(&["--product-ml", "100", "--format", "json"]));
    let cells = &enough["count"]["product"];
    assert!(
        cells["viable_nucleated"].as_f64().is_some_and(|cells| cells > 2.1e9 && cells < 2.4e9),
        "{cells}"
    );
    assert_eq!(enough["product_profile"]["value"], 1);
    let little = json(folder.path(), &words(&["--product-ml", "50", "--format", "json"]));
    assert_eq!(little["product_profile"]["value"], 0);
    let said = out(&expect(folder.path(), &words(&[]), 0));
    assert!(said.contains("not assessable") && said.contains("the product's volume"), "{said}");
    let mut chinese = vec!["--lang", "zh"];
    chinese.extend(words(&["--product-ml", "100"]));
    let said = out(&expect(folder.path(), &chinese, 0));
    assert!(said.contains("符合產品條件") && said.contains("存活 CD3+ 細胞"), "{said}");
    let unknown = [
        "flow",
        "tube.fcs",
        "--gates",
        "gates.xml",
        "--nucleated",
        "Cells",
        "--cd3",
        "CD105",
        "--product",
        "x",
    ];
    assert_eq!(code(&run(folder.path(), &unknown)), 2);
    assert_eq!(
        code(&run(folder.path(), &["flow", "tube.fcs", "--nucleated", "Cells"])),
        2,
        "CD3+ is needed too"
    );
}
