//! Every gate of the Gating-ML 2.0 compliance data, event by event.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::{outside, read};
use vena_flow::fcs::{DataSet, ReadOptions, read_fcs};
use vena_flow::gating::{GateResult, apply_gates, read_gating_ml, write_gating_ml};
use vena_flow::{Limits, Tolerances, file_compensation};

fn data_set(folder: &Path) -> DataSet {
    read_fcs(&read(folder.join("gate_ref/data1.fcs")), &ReadOptions::default()).unwrap().data_sets.remove(0)
}

fn gate(folder: &Path, data: &DataSet, xml: &str) -> Vec<GateResult> {
    let document = read_gating_ml(&read(folder.join("gate_ref/gml").join(xml)), &Limits::default()).unwrap();
    let (file, _) = file_compensation(data, &Tolerances::strict(), &Limits::default()).unwrap();
    apply_gates(&document, data, &file).unwrap()
}

fn truth(path: &Path) -> Vec<bool> {
    String::from_utf8(read(path)).unwrap().lines().map(|line| line.trim() == "1").collect()
}

fn compare(result: &GateResult, expected: &[bool], file: &str) {
    assert_eq!(result.membership.events(), expected.len());
    let differing: Vec<usize> =
        (0..expected.len()).filter(|&event| result.membership.contains(event) != expected[event]).collect();
    assert!(
        differing.is_empty(),
        "{file}: gate {} differs at {} events, first {:?}",
        result.path,
        differing.len(),
        differing.first()
    );
    assert_eq!(result.count, expected.iter().filter(|inside| **inside).count());
}

/// Row Q10. Every truth vector, in the file of all gates and in each gate's own.
#[test]
fn every_truth_vector_matches_event_by_event() {
    let Some(folder) = outside("fcs_gatingml") else {
        return;
    };
    let data = data_set(&folder);
    let mut truths: BTreeMap<String, Vec<bool>> = BTreeMap::new();
    for entry in std::fs::read_dir(folder.join("gate_ref/truth")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().strip_prefix("Results_").unwrap().to_owned();
        truths.insert(name, truth(&path));
    }
    // The gate under a quadrant has its own file and its own name for the truth.
    let names = |result: &GateResult| {
        if result.path == "/Quadrant1/FL2P-FL4P/ParRectangle1" {
            "ParQuadRect".to_owned()
        } else {
            result.id.clone()
        }
    };
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut without_truth: Vec<String> = Vec::new();
    let mut compared = 0;
    for entry in std::fs::read_dir(folder.join("gate_ref/gml")).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        if file == "gml_range_gate_attr_testing.xml" {
            continue;
        }
        for result in gate(&folder, &data, &file) {
            let name = names(&result);
            match truths.get(&name) {
                Some(expected) => {
                    compare(&result, expected, &file);
                    *seen.entry(name).or_default() += 1;
                    compared += 1;
                }
                None => without_truth.push(name),
            }
        }
    }
    without_truth.sort();
    without_truth.dedup();
    println!("{compared} comparisons; gates without a truth file: {}", without_truth.join(", "));
    let missing: Vec<&String> = truths.keys().filter(|name| !seen.contains_key(*name)).collect();
    assert!(missing.is_empty(), "truths that no gate reached: {missing:?}");
    assert!(compared > truths.len());
}

/// Row Q10. What is written reads back equal and gates alike.
#[test]
fn every_compliance_file_survives_writing() {
    let Some(folder) = outside("fcs_gatingml") else {
        return;
    };
    let data = data_set(&folder);
    let (file, _) = file_compensation(&data, &Tolerances::strict(), &Limits::default()).unwrap();
    for entry in std::fs::read_dir(folder.join("gate_ref/gml")).unwrap() {
        let path = entry.unwrap().path();
        let Ok(document) = read_gating_ml(&read(&path), &Limits::default()) else {
            continue;
        };
        let written = write_gating_ml(&document);
        let again = read_gating_ml(written.as_bytes(), &Limits::default())
            .unwrap_or_else(|error| panic!("{error}\n{written}"));
        assert_eq!(document, again);
        let digests = |document| {
            apply_gates(document, &data, &file)
                .unwrap()
                .into_iter()
                .map(|gate| gate.digest)
                .collect::<Vec<_>>()
        };
        assert_eq!(digests(&document), digests(&again));
    }
}

/// Row Q10. The negative case is refused with its line.
#[test]
fn foreign_elements_and_attributes_are_refused() {
    let Some(folder) = outside("fcs_gatingml") else {
        return;
    };
    let xml = read(folder.join("gate_ref/gml/gml_range_gate_attr_testing.xml"));
    let error = read_gating_ml(&xml, &Limits::default()).unwrap_err().to_string();
    assert!(error.contains("<sample>") && error.contains("line 7"), "{error}");
    let without_wrapper = String::from_utf8(xml).unwrap().replace("<sample>", "").replace("</sample>", "");
    let error = read_gating_ml(without_wrapper.as_bytes(), &Limits::default()).unwrap_err().to_string();
    assert!(error.contains("attribute name"), "{error}");
}

/// Row Q10. A real panel's gates read, and name what a file lacks.
#[test]
fn a_panel_on_the_wrong_file_names_the_missing_channel() {
    let (Some(gates), Some(files)) = (outside("fcs_gatingml"), outside("fcs_files")) else {
        return;
    };
    let document = read_gating_ml(&read(files.join("flowkit/8_color_ICS.xml")), &Limits::default()).unwrap();
    assert!(document.gates.len() > 5 && document.matrices.len() == 1);
    let data = data_set(&gates);
    let (file, _) = file_compensation(&data, &Tolerances::strict(), &Limits::default()).unwrap();
    let error = apply_gates(&document, &data, &file).unwrap_err().to_string();
    assert!(error.contains("FSC-A"), "{error}");
}
