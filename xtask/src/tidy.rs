//! Style rules that matter, as checks: crate graph, banned calls, sizes, first comments, licences,
//! hazards.

use crate::{
    graph,
    run::{Done, answer, root, run},
    source::{SourceFile, files},
};
use serde::Deserialize;
use serde_json::Value;
use std::process::Command;

/// Pure crates take `now`, randomness and ids as arguments.
const PURE: [&str; 9] = [
    "crates/base/",
    "crates/knowledge/",
    "crates/clinical/",
    "crates/journey/",
    "crates/flow/",
    "crates/colonies/",
    "crates/potency/",
    "crates/exchange/",
    "crates/oracle/",
];
const AMBIENT: [&str; 7] = [
    "Timestamp::now",
    "Zoned::now",
    "SystemTime::now",
    "Instant::now",
    "thread_rng",
    "getrandom::",
    "rand::rng",
];
/// A file longer than this must be parted.
const LINES_MAX: usize = 600;
/// A function longer than this must be parted.
const FUNCTION_LINES_MAX: usize = 110;

/// Licences a dependency may have, as SPDX names.
const LICENCES: [&str; 16] = [
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "0BSD",
    "Unlicense",
    "CC0-1.0",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "MPL-2.0",
    "BSL-1.0",
    "MIT-0",
    "CDLA-Permissive-2.0",
];

/// Runs every check and lists all that is wrong.
pub fn tidy() -> Done {
    let mut wrong = Vec::new();
    let sources = files("crates", &[".rs"]);
    let mut tasks = files("xtask", &[".rs"]);
    tasks.extend(files("fuzz", &[".rs"]));
    for file in sources.iter().chain(&tasks) {
        first_comment(file, &mut wrong);
        sizes(file, &mut wrong);
        ambient(file, &mut wrong);
    }
    let metadata = graph::metadata()?;
    if let Err(problem) = graph::check(&metadata) {
        wrong.push(problem);
    }
    licences(&metadata, &mut wrong);
    hazards(&sources, &mut wrong);
    let left_out = formatting(&mut wrong) + lints(&mut wrong);
    if wrong.is_empty() {
        println!(
            "tidy: {} source files, crate graph, licences, hazards, formatting and lints are in order, {left_out} \
             checks left out.",
            sources.len() + tasks.len()
        );
        Ok(())
    } else {
        Err(format!("tidy found {} things:\n  {}", wrong.len(), wrong.join("\n  ")))
    }
}

/// Every file is as rustfmt leaves it. Gives the number of checks left out: where the toolchain has no rustfmt
/// there is one, and it is named.
fn formatting(wrong: &mut Vec<String>) -> usize {
    if answer("cargo", &["fmt", "--version"]).is_none() {
        println!("LEFT OUT: formatting, for there is no rustfmt (`rustup component add rustfmt`)");
        return 1;
    }
    for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
        let words = ["fmt", "--all", "--check", "--manifest-path", manifest, "--", "--files-with-diff"];
        match Command::new("cargo").args(words).current_dir(root()).output() {
            Ok(output) if output.status.success() => {}
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stdout);
                let named = said.lines().filter(|line| line.ends_with(".rs"));
                let before = wrong.len();
                wrong.extend(named.map(|path| format!("{path}: not formatted (`cargo fmt --all`)")));
                if wrong.len() == before {
                    wrong.push(format!("cargo fmt: {}", String::from_utf8_lossy(&output.stderr).trim()));
                }
            }
            Err(cause) => wrong.push(format!("cargo fmt cannot be started: {cause}")),
        }
    }
    0
}

/// Clippy finds nothing in any target. Gives the number of checks left out, as `formatting` does.
fn lints(wrong: &mut Vec<String>) -> usize {
    if answer("cargo", &["clippy", "--version"]).is_none() {
        println!("LEFT OUT: lints, for there is no clippy (`rustup component add clippy`)");
        return 1;
    }
    let words = ["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"];
    if let Err(problem) = run("cargo", &words) {
        wrong.push(format!("lints: {problem}"));
    }
    0
}

fn first_comment(file: &SourceFile, wrong: &mut Vec<String>) {
    let starts_well = file
        .text
        .lines()
        .find(|l| !l.trim().is_empty() && !l.starts_with("#!["))
        .is_some_and(|l| l.starts_with("//!"));
    if !starts_well {
        wrong.push(format!("{}: begins without saying what it is for (//!)", file.path));
    }
}

fn is_test(path: &str) -> bool {
    path.contains("/tests/")
        || path.contains("/examples/")
        || path.contains("/benches/")
        || path.ends_with("tests.rs")
}

fn sizes(file: &SourceFile, wrong: &mut Vec<String>) {
    let lines: Vec<&str> = file.text.lines().collect();
    if lines.len() > LINES_MAX {
        wrong.push(format!("{}: {} lines, more than {LINES_MAX}", file.path, lines.len()));
    }
    if is_test(&file.path) {
        return;
    }
    let mut start: Option<(usize, usize)> = None;
    for (number, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let code = line.trim_start();
        let opens = [
            "fn ",
            "pub fn ",
            "pub(crate) fn ",
            "pub(super) fn ",
            "async fn ",
            "pub async fn ",
            "const fn ",
            "pub const fn ",
        ]
        .iter()
        .any(|word| code.starts_with(word));
        if opens && start.is_none() {
            start = Some((number, indent));
        }
        if let Some((first, depth)) = start
            && indent == depth
            && (code == "}"
                || (number == first && code.ends_with('}'))
                || code.ends_with(';') && number > first && code == ";")
        {
            if number - first > FUNCTION_LINES_MAX {
                wrong.push(format!("{}:{}: a function of {} lines", file.path, first + 1, number - first));
            }
            start = None;
        }
    }
}

fn ambient(file: &SourceFile, wrong: &mut Vec<String>) {
    if !PURE.iter().any(|pure| file.path.starts_with(pure)) || is_test(&file.path) {
        return;
    }
    for call in AMBIENT {
        for (number, line) in file.text.lines().enumerate() {
            if line.contains(call) && !line.trim_start().starts_with("//") {
                wrong.push(format!("{}:{}: {call} in a pure crate", file.path, number + 1));
            }
        }
    }
}

/// Every dependency must offer at least one licence of the list in each of its parts.
fn licences(metadata: &Value, wrong: &mut Vec<String>) {
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        if package["source"].is_null() {
            continue;
        }
        let licence = package["license"].as_str().unwrap_or_default().replace('/', " OR ");
        let fits = licence.split(" AND ").all(|part| {
            part.trim_matches(['(', ')', ' '])
                .split(" OR ")
                .any(|one| LICENCES.contains(&one.trim().trim_matches(['(', ')'])))
        });
        if licence.is_empty() || !fits {
            wrong.push(format!("dependency {name}: licence “{licence}” is not on the list"));
        }
    }
}

#[derive(Deserialize)]
struct Hazards {
    hazard: Vec<Hazard>,
}

#[derive(Deserialize)]
struct Hazard {
    id: String,
    control: String,
    tests: Vec<String>,
}

/// Every hazard names a control and tests that exist.
fn hazards(sources: &[SourceFile], wrong: &mut Vec<String>) {
    let path = root().join("docs/safety/hazards.toml");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let hazards: Hazards = match toml::from_str(&text) {
        Ok(hazards) => hazards,
        Err(problem) => {
            wrong.push(format!("docs/safety/hazards.toml: {problem}"));
            return;
        }
    };
    let browser = files("tests/browser", &[".mjs"]);
    for hazard in hazards.hazard {
        if hazard.control.trim().is_empty() || hazard.tests.is_empty() {
            wrong.push(format!("hazard {}: no control or no test", hazard.id));
        }
        for test in &hazard.tests {
            let function = format!("fn {test}(");
            let known = sources.iter().any(|f| f.text.contains(&function))
                || browser.iter().any(|f| f.text.contains(&format!("\"{test}\"")));
            if !known {
                wrong.push(format!("hazard {}: there is no test “{test}”", hazard.id));
            }
        }
    }
}
