//! Tests in a real browser: a fresh demo programme served on loopback, and the main paths of a nurse and
//! a coordinator done in it, in both languages, at phone and desktop width.

use crate::{
    install,
    run::{Done, root, run, run_with},
};

/// Builds the program, then runs the tests.
pub fn browser() -> Done {
    install::install()?;
    run("cargo", &["build", "--package", "vena-cli"])?;
    run("cargo", &["build", "--package", "vena-app", "--example", "assay_files"])?;
    tests()
}

/// Runs `tests/browser` with Node's own test runner on the program as it was built last.
pub fn tests() -> Done {
    let target = std::env::var("CARGO_TARGET_DIR").map_or_else(|_| root().join("target"), Into::into);
    let program = target.join("debug/vena").to_string_lossy().into_owned();
    let instruments = target.join("assay-files").to_string_lossy().into_owned();
    std::fs::create_dir_all(&instruments).map_err(|problem| format!("{instruments}: {problem}"))?;
    run(&target.join("debug/examples/assay_files").to_string_lossy(), &[&instruments])?;
    let folder = root().join("tests/browser");
    let mut files: Vec<String> = std::fs::read_dir(&folder)
        .map_err(|problem| format!("tests/browser cannot be read: {problem}"))?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|path| path.to_string_lossy().ends_with(".test.mjs"))
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    files.sort();
    if files.is_empty() {
        return Err("no browser test was found".to_owned());
    }
    // One file after the other: each serves its own programme, and two cores are soon busy.
    let environment = [("VENA_PROGRAM", program.as_str()), ("VENA_ASSAY_FILES", instruments.as_str())];
    let failed: Vec<&str> = files
        .iter()
        .filter(|file| run_with("node", &["--test", "--test-reporter=spec", file], &environment).is_err())
        .map(String::as_str)
        .collect();
    if failed.is_empty() { Ok(()) } else { Err(format!("browser tests failed in {}", failed.join(", "))) }
}
