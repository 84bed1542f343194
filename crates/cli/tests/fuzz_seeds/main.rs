//! The seeds of the fuzz targets, kept alive: every file under `fuzz/seeds` goes through the reader its
//! target calls, by the targets' own table of readers and without libFuzzer; and the seeds our own writers
//! make are made anew and read. `VENA_WRITE_SEEDS=FOLDER` writes the latter, as `FOLDER/TARGET/made-…`.
#![allow(clippy::unwrap_used, clippy::panic)]

mod assays;
mod clinical;
mod ledger;
#[path = "../../../../fuzz/src/readers.rs"]
mod readers;

use readers::READERS;
use std::{fs, path::Path};

/// Name of a seed and its bytes.
type Seed = (String, Vec<u8>);

fn made(target: &str) -> Vec<Seed> {
    match target {
        "checkpoint" => ledger::checkpoints(),
        "event_body" => ledger::bodies(),
        "fcs" => assays::fcs(),
        "fhir" => clinical::bundles(),
        "gating_ml" => assays::gating(),
        "image" => assays::images(),
        "knowledge_toml" => clinical::knowledge(),
        "ledger_record" => ledger::records(),
        "potency_table" => assays::potency(),
        "qpcr_table" => assays::qpcr(),
        "table" => clinical::tables(),
        other => panic!("nobody makes seeds for {other}"),
    }
}

/// Rows Q10, Q11, X5, X8. What our own writers make goes through every reader.
#[test]
fn made_seeds_are_read() {
    let folder = std::env::var_os("VENA_WRITE_SEEDS");
    for (target, read) in READERS {
        let seeds = made(target);
        assert!(!seeds.is_empty(), "{target} has no seed");
        for (name, bytes) in seeds {
            read(&bytes);
            if let Some(folder) = &folder {
                let folder = Path::new(folder).join(target);
                fs::create_dir_all(&folder).unwrap();
                fs::write(folder.join(format!("made-{name}")), bytes).unwrap();
            }
        }
    }
}

/// Rows Q10, Q11, X5, X8. Every kept seed, found by long runs or made, is still survived; every target has
/// some, and there is no folder without a target.
#[test]
fn kept_seeds_are_survived() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
    let mut folders: Vec<String> = fs::read_dir(&root)
        .unwrap()
        .map(|folder| folder.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    folders.sort();
    assert_eq!(folders, READERS.map(|(target, _)| target.to_owned()));
    for (target, read) in READERS {
        let mut count = 0;
        for file in fs::read_dir(root.join(target)).unwrap() {
            let path = file.unwrap().path();
            // Printed only when the test fails: the last one named is the one that failed.
            println!("{}", path.display());
            read(&fs::read(&path).unwrap());
            count += 1;
        }
        assert!(count > 0, "{target} has no seed");
    }
}
