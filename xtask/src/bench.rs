//! `cargo xtask bench`: figures against named peers, as ratios measured in one run, never as a timed test.
//! `cargo xtask long`: runs of hours, their dated results kept under `docs/long/`.

use crate::{
    fuzz,
    run::{Done, root, run, run_with},
};
use std::path::PathBuf;

/// Name, package and example of each benchmark, with what it compares.
const BENCHES: [(&str, &str, &str, &str); 8] = [
    ("icaht", "vena-clinical", "bench_icaht", "ICAHT grading against pandas"),
    ("fhir", "vena-exchange", "bench_fhir", "FHIR reading against fhir.resources"),
    (
        "append",
        "vena-ledger",
        "bench_append",
        "durable appends against raw SQLite; verification against hashing",
    ),
    ("board", "vena-app", "bench_board", "the board with many journeys"),
    ("flow", "vena-flow", "bench_flow", "FCS and gating against FlowIO and FlowKit"),
    ("colonies", "vena-colonies", "bench_colonies", "colony counting against scikit-image"),
    ("fits", "vena-potency", "bench_fit", "4PL fits against SciPy"),
    ("http", "vena-web", "bench_http", "the board over HTTP with 16 clients"),
];

/// What the peers are called on PyPI.
const PEERS: [&str; 7] = ["pandas", "numpy", "scipy", "scikit-image", "flowio", "flowkit", "fhir.resources"];

/// A Python with the peers, under `target/peers`; made once. Without Python, or where a peer cannot be
/// installed, each benchmark says that it ran alone.
fn peers() -> Option<PathBuf> {
    let folder = root().join("target/peers");
    let python = folder.join("bin/python3");
    if !python.is_file() {
        let folder = folder.to_string_lossy().into_owned();
        run("python3", &["-m", "venv", &folder]).ok()?;
    }
    let program = python.to_string_lossy().into_owned();
    let mut words = vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    words.extend(PEERS);
    if run(&program, &words).is_err() {
        println!("LEFT OUT: not every peer could be installed; what is missing is named below");
    }
    Some(python)
}

/// Runs all benchmarks, or the named ones.
pub fn bench(names: &[String]) -> Done {
    let chosen: Vec<_> =
        BENCHES.iter().filter(|b| names.is_empty() || names.iter().any(|n| n == b.0)).collect();
    if chosen.is_empty() {
        let known: Vec<&str> = BENCHES.iter().map(|b| b.0).collect();
        return Err(format!("no such benchmark; known are {}", known.join(", ")));
    }
    let python = peers();
    let program = python.as_ref().map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = python
        .as_ref()
        .and_then(|p| p.parent())
        .map(|p| p.to_string_lossy().into_owned())
        .unwrap_or_default();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
    let environment = [("PATH", path.as_str()), ("VENA_PYTHON", program.as_str())];
    for (name, package, example, what) in chosen {
        println!("\n== {name}: {what}");
        let mut words = vec!["run", "--release", "--quiet", "--package", package, "--example", example];
        if *name == "colonies" && python.is_some() {
            words.extend(["--", "--python", &program, "--plates", "4"]);
        }
        run_with("cargo", &words, &environment)?;
    }
    Ok(())
}

/// Name, package and example of each long run.
const LONG: [(&str, &str, &str, &str); 3] = [
    ("kills", "vena-ledger", "kill_target", "thousands of kills at random moments: kills N SEED [DIR]"),
    ("mutate-flow", "vena-flow", "fuzz_flow", "mutated FCS and Gating-ML files: SECONDS SEED FILE…"),
    ("mutate", "vena-exchange", "long_fuzz", "mutated tables and bundles: SECONDS SEED"),
];

/// Runs one long run with its further words.
pub fn long(words: &[String]) -> Done {
    let name = words.first().map(String::as_str).unwrap_or_default();
    let rest = words.get(1..).unwrap_or_default();
    match name {
        "fuzz" => return fuzz::fuzz(rest),
        "fuzz-keep" => return fuzz::keep(rest),
        _ => {}
    }
    let Some((_, package, example, what)) = LONG.iter().find(|l| l.0 == name) else {
        let known: Vec<&str> = LONG.iter().map(|l| l.0).collect();
        return Err(format!("name a long run: fuzz, fuzz-keep, {}", known.join(", ")));
    };
    println!("== {name}: {what}");
    let mut all = vec!["run", "--release", "--quiet", "--package", package, "--example", example, "--"];
    all.extend(rest.iter().map(String::as_str));
    run("cargo", &all)
}
