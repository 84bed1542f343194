//! Real FHIR documents: every one loads, or is refused with a message that names the path.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};
use vena_base::Lang;
use vena_exchange::fhir::{self, FhirError, FhirOptions};
use vena_knowledge::Knowledge;

/// The folder of outside data, when it is there.
fn outside() -> Option<PathBuf> {
    let named = std::env::var_os("VENA_CONFORMANCE_DIR").map(PathBuf::from);
    let folder = named
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"))
        .join("fhir");
    folder.is_dir().then_some(folder)
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else if path.extension().is_some_and(|e| e == "json" || e == "xml") {
            into.push(path);
        }
    }
}

#[test]
fn every_real_document_loads_or_is_refused_by_path() {
    let Some(folder) = outside() else {
        println!("LEFT OUT: real FHIR documents (VENA_CONFORMANCE_DIR has no fhir folder)");
        return;
    };
    let mut paths = Vec::new();
    files(&folder, &mut paths);
    paths.sort();
    assert!(paths.len() > 100, "the folder holds only {} documents", paths.len());
    let options = FhirOptions::at("2026-01-01T00:00:00Z".parse().unwrap());
    let (mut loaded, mut facts) = (0, 0);
    for path in &paths {
        let bytes = std::fs::read(path).unwrap();
        let name = path.strip_prefix(&folder).unwrap().display();
        match fhir::read_bundle(&bytes, &options, Knowledge::embedded()) {
            Ok(read) => {
                loaded += 1;
                facts += read.report.facts;
                // Nothing in silence: what gave no fact stands in the report.
                let said = !read.report.is_clean() || read.report.facts > 0;
                assert!(said || read.report.items == 0 || all_carriers(&bytes), "{name}: nothing said");
                println!("loaded   {name}: {} resources, {} facts", read.report.items, read.report.facts);
            }
            Err(FhirError::Xml) => {
                assert!(path.extension().is_some_and(|e| e == "xml"), "{name}");
                println!("refused  {name}: {}", FhirError::Xml.message(Lang::En));
            }
            Err(error) => {
                let message = error.message(Lang::En);
                println!("refused  {name}: {message}");
                assert!(
                    matches!(&error, FhirError::Wrong { path, .. } | FhirError::Truncated { path, .. } if !path.is_empty()),
                    "{name}: {message}"
                );
            }
        }
    }
    println!("{loaded} of {} loaded, {facts} facts", paths.len());
    assert!(loaded * 10 > paths.len() * 8);
    assert!(facts > 200);
}

/// A Patient without birth date, sex or death, or a Medication, has nothing to say by itself.
fn all_carriers(bytes: &[u8]) -> bool {
    let json: serde_json::Value = serde_json::from_slice(bytes).unwrap();
    let resources: Vec<&serde_json::Value> = match json.get("entry").and_then(|e| e.as_array()) {
        Some(entries) => entries.iter().filter_map(|e| e.get("resource")).collect(),
        None => vec![&json],
    };
    resources.iter().all(|r| matches!(r["resourceType"].as_str(), Some("Patient" | "Medication")))
}
