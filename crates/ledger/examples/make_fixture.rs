//! Writes the fixture ledger of the present record version into a new folder:
//! `make_fixture crates/ledger/tests/fixtures/vN`. Done once per version; what
//! is committed is never written again.
#![allow(clippy::unwrap_used)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::path::PathBuf;

use vena_ledger::{Ledger as _, Position, SqliteLedger};

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap());
    assert!(!folder.exists(), "a fixture is never written again");
    let kept = common::fill(&folder, "fixture");
    let text = serde_json::to_string_pretty(&kept).unwrap();
    std::fs::write(folder.join("kept.checkpoint.json"), text + "\n").unwrap();
    let ledger = SqliteLedger::open(&folder).unwrap();
    let events = ledger.read_all(Position(0), 100).unwrap();
    let hashes: String = events.iter().map(|event| format!("{}\n", event.hash)).collect();
    std::fs::write(folder.join("hashes.txt"), hashes).unwrap();
    ledger.close().unwrap();
    // The lock file carries nothing.
    std::fs::remove_file(folder.join("ledger.lock")).unwrap();
}
