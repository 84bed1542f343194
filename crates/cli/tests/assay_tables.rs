//! Endotoxin, method comparison, residual pluripotent cells, detection-limit series from the command line: the
//! example tables in, result and picture out; flags of potency, qPCR and flow.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
use common::*;
use std::path::Path;
use vena_app::assays::examples;

fn folder_of_examples() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in examples::all_names() {
        std::fs::write(folder.path().join(name), examples::file(name).unwrap()).unwrap();
    }
    folder
}

fn json(folder: &Path, words: &[&str]) -> serde_json::Value {
    let mut words = words.to_vec();
    words.extend(["--format", "json"]);
    let lines = lines_of(&out(&expect(folder, &words, 0)));
    assert_eq!(lines.len(), 1, "one object a line, a file each");
    lines.into_iter().next().unwrap()
}

fn drawn(folder: &Path, words: &[&str]) {
    for picture in ["picture.svg", "picture.png"] {
        let mut words = words.to_vec();
        words.extend(["--plot", picture]);
        expect(folder, &words, 0);
        let bytes = std::fs::read(folder.join(picture)).unwrap();
        let is_picture = if picture.ends_with("png") {
            bytes.starts_with(b"\x89PNG") && bytes.len() > 2_000
        } else {
            String::from_utf8(bytes).unwrap().contains("</svg>")
        };
        assert!(is_picture, "{words:?}");
    }
}

/// Row Q7. Endotoxin per kilogram and hour; without the weight there is no verdict.
#[test]
fn endotoxin_is_given_per_kilogram() {
    let folder = folder_of_examples();
    let words = ["endotoxin", "endotoxin.csv", "--dose-ml", "50", "--weight-kg", "60"];
    let report = json(folder.path(), &words);
    let sample = &report["samples"][0];
    let (per_ml, per_kg) =
        (sample["eu_per_ml"].as_f64().unwrap(), sample["eu_per_kg_per_hour"].as_f64().unwrap());
    assert!((per_ml - 0.2).abs() < 0.02 && (per_kg - per_ml * 50.0 / 60.0).abs() < 1e-12, "{sample}");
    assert_eq!(report, json(folder.path(), &words), "the same bits again");
    let without = json(folder.path(), &["endotoxin", "endotoxin.csv", "--dose-ml", "50"]);
    assert!(without["samples"][0]["eu_per_kg_per_hour"].is_null() && without["suitable"] == false);
    drawn(folder.path(), &words);
    let zh = [&words[..], &["--lang", "zh-TW"]].concat();
    golden("endotoxin", &transcript(folder.path(), &[&words, &words[..2], &zh]));
}

/// Row Q9. A rapid method against the compendial one; the margin is the plan's or the method file's, and it is said.
#[test]
fn methods_are_compared() {
    let folder = folder_of_examples();
    let words = ["compare", "comparison.csv", "--margin-percent", "10"];
    let report = json(folder.path(), &words);
    assert_eq!(report["comparison"]["non_inferior"], true, "{}", report["comparison"]);
    assert_eq!(report["comparison"]["margin"], 0.1);
    let strict = json(folder.path(), &["compare", "comparison.csv", "--margin-percent", "0.5"]);
    assert_eq!(strict["comparison"]["non_inferior"], false);
    drawn(folder.path(), &words);
    golden(
        "compare",
        &transcript(folder.path(), &[&words, &["compare", "comparison.csv", "--lang", "zh-TW"]]),
    );
}

/// Row Q12. Residual pluripotent cells with the limit of detection.
#[test]
fn residual_pluripotent_cells_have_an_upper_limit() {
    let folder = folder_of_examples();
    let words = ["culture", "culture.csv", "--dose-cells", "1e8"];
    let report = json(folder.path(), &words);
    let sample = &report["samples"][0];
    let upper = sample["finding"]["residual_upper"].as_f64().unwrap();
    let per_dose = sample["residual_per_dose_upper"].as_f64().unwrap();
    assert!(upper > 0.0 && (per_dose / (upper * 1e8) - 1.0).abs() < 1e-9, "{sample}");
    drawn(folder.path(), &words);
    golden("culture", &transcript(folder.path(), &[&words, &["culture", "culture.csv", "--lang", "zh-TW"]]));
}

/// Row Q11. Limits of a spike-in series by every rule, beside the published ones.
#[test]
fn a_series_gives_its_detection_limits() {
    let folder = folder_of_examples();
    let report = json(folder.path(), &["limit", "series.csv"]);
    let limits = report["limits"].as_array().unwrap();
    assert_eq!(limits.len(), 3);
    let published: Vec<&str> = limits[0]["compared"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["limit_percent"].as_str().unwrap())
        .collect();
    assert_eq!(published, ["0.02", "0.00001"]);
    drawn(folder.path(), &["limit", "series.csv"]);
    golden(
        "limit",
        &transcript(folder.path(), &[&["limit", "series.csv"], &["limit", "series.csv", "--lang", "zh-TW"]]),
    );
    // Wells without a picture are refused in the reader's language.
    std::fs::write(
        folder.path().join("wells.csv"),
        "well,spike (%),cells plated\nA1,0,100000\nA2,0.1,100000\n",
    )
    .unwrap();
    let refused = run(folder.path(), &["limit", "wells.csv", "--lang", "zh-TW"]);
    assert_eq!(code(&refused), 3);
    assert!(err(&refused).contains('孔'), "{}", err(&refused));
}

/// Rows Q11, Q12. A folder is a batch: each table its line, a refused one named, the others go on.
#[test]
fn folders_are_batches() {
    let folder = folder_of_examples();
    let batch = folder.path().join("batch");
    std::fs::create_dir(&batch).unwrap();
    for name in ["a.csv", "b.csv"] {
        std::fs::write(batch.join(name), examples::culture()).unwrap();
    }
    std::fs::write(batch.join("c.csv"), "task,colonies\nsample,\n").unwrap();
    let output = run(folder.path(), &["culture", "batch", "--format", "json"]);
    assert_eq!(code(&output), 1, "{}", err(&output));
    assert_eq!(lines_of(&out(&output)).len(), 2);
    assert!(err(&output).contains("c.csv"), "{}", err(&output));
}

/// Row Q15. A named reference standard gives the potency in its unit.
#[test]
fn flags_of_potency_and_qpcr_reach_the_result() {
    let folder = folder_of_examples();
    let words = [
        "potency",
        "potency.csv",
        "--reference",
        "Reference",
        "--standard",
        "WHO",
        "--standard-value",
        "1000",
        "--standard-unit",
        "IU/mL",
    ];
    let report = json(folder.path(), &words);
    let sample = &report["relative_potency"][0];
    let (relative, assigned) = (sample["estimate"].as_f64().unwrap(), &sample["assigned"]);
    assert!((assigned["estimate"].as_f64().unwrap() - 1000.0 * relative).abs() < 1e-6, "{sample}");
    assert_eq!(code(&run(folder.path(), &["potency", "potency.csv", "--standard", "WHO"])), 2);
    let words = [
        "qpcr",
        "qpcr.csv",
        "--ng-per-unit",
        "0.001",
        "--ml-per-well",
        "0.01",
        "--dose-ml",
        "100",
        "--cut-off",
        "35",
    ];
    let report = json(folder.path(), &words);
    let dna = &report["residual_dna"][0];
    // About 2,500 copies a well, 0.001 ng each, 0.01 mL a well, 100 mL a dose.
    assert!((dna["ng_per_dose"].as_f64().unwrap() / 25_000.0 - 1.0).abs() < 0.2, "{dna}");
    assert_eq!(report["samples"][0]["call"], "positive");
    let report = json(folder.path(), &["qpcr", "qpcr.csv", "--absence", "mycoplasma", "--cut-off", "20"]);
    assert_eq!(report["absence"][0]["positive"], 0, "{}", report["absence"]);
}

/// Rows Q10, L4. Counts by beads, viability and a panel beside the gates.
#[test]
fn flow_counts_by_beads_and_reads_viability() {
    let folder = folder_of_examples();
    // Any gate may stand for beads here: the arithmetic is what is held.
    let words = [
        "flow",
        "sample.fcs",
        "--gates",
        "gates.xml",
        "--beads",
        "CD105",
        "--beads-added",
        "50000",
        "--sample-ul",
        "100",
        "--cells",
        "Cells",
        "--dead",
        "CD45",
        "--panel",
        "msc-isct",
    ];
    let report = json(folder.path(), &words);
    let gates = report["gates"].as_array().unwrap();
    let of = |id: &str| gates.iter().find(|gate| gate["id"] == id).unwrap()["count"].as_f64().unwrap();
    let population = &report["count"]["populations"][0];
    let expected = of("Cells") / of("CD105") * 50_000.0 / 100.0;
    assert!(
        (population["count"]["cells_per_microlitre"].as_f64().unwrap() - expected).abs() < 1e-6,
        "{population}"
    );
    assert!(report["count"]["viability"]["percent"].as_f64().unwrap() > 99.0);
    assert_eq!(report["panel"]["verdict"], "not-assessable");
    assert!(out(&expect(folder.path(), &words, 0)).contains("/uL"));
    assert_eq!(code(&run(folder.path(), &["flow", "sample.fcs", "--panel", "nothing"])), 2);
}
