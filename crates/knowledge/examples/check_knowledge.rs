//! Checks the knowledge files and prints what is wrong, each with file, line and column:
//! `cargo run -p vena-knowledge --example check_knowledge`. With `digests` it prints the lines that
//! belong in `knowledge/digests.toml` for every version that is not provisional.

use std::process::ExitCode;
use vena_knowledge::{Knowledge, Life};

fn main() -> ExitCode {
    let knowledge = Knowledge::embedded();
    if std::env::args().nth(1).as_deref() == Some("digests") {
        for rule in knowledge.rules().filter(|rule| rule.status != Life::Provisional) {
            println!("\"{}\" = \"{}\"", rule.name(), rule.digest);
        }
        return ExitCode::SUCCESS;
    }
    let checked = Knowledge::load(Knowledge::embedded_files().iter().copied());
    let problems = checked.err().unwrap_or_default();
    for problem in &problems {
        println!("{problem}");
    }
    println!("{} rule sets, {} concepts", knowledge.rules().count(), knowledge.catalogue.iter().count());
    if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
