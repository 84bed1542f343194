//! `cargo xtask long fuzz TARGET SECONDS [FOLDER]`: coverage-guided fuzzing of one reader with libFuzzer, on a
//! stable toolchain and with nothing installed: the compiler's own coverage pass is asked for by flags, as
//! `cargo fuzz` does. `cargo xtask long fuzz-keep TARGET [FOLDER]` keeps what a run found as seeds.
//! Must not know: any reader.

use crate::run::{Done, answer, root};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

/// Fuzz target and the longest input it is given, bytes: room for several of its seeds.
const TARGETS: [(&str, usize); 11] = [
    ("checkpoint", 8_192),
    ("event_body", 4_096),
    ("fcs", 16_384),
    ("fhir", 32_768),
    ("gating_ml", 16_384),
    ("image", 32_768),
    ("knowledge_toml", 16_384),
    ("ledger_record", 4_096),
    ("potency_table", 8_192),
    ("qpcr_table", 8_192),
    ("table", 16_384),
];
/// A run goes in parts, so that what it has counted survives an end in the middle.
const PART_SECONDS: u64 = 600;
/// Seconds after which one input is a finding. Generous: a run with the lowest priority waits for others.
const INPUT_SECONDS: u64 = 30;
/// Resident memory above which an input is a finding; single allocations are limited by the targets themselves.
const MEMORY_MB: u64 = 2_048;
/// What `fuzz-keep` adds for one target at most: bytes, files, and bytes of one file.
const KEPT_BYTES: u64 = 40_000;
const KEPT_FILES: usize = 40;
const KEPT_FILE_BYTES: u64 = 4_096;
/// What asks the compiler for libFuzzer's coverage; `--cfg fuzzing` makes decoders forgive wrong checksums.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";

/// What all runs of a target together did; `FOLDER/TARGET/state.toml`.
#[derive(Default, Serialize, Deserialize)]
struct State {
    wall_seconds: u64,
    cpu_seconds: f64,
    executions: u64,
    coverage: u64,
    features: u64,
    findings: u64,
    nice: i64,
}

/// Runs a target for a while, going on where the last run ended.
pub fn fuzz(words: &[String]) -> Done {
    let known = TARGETS.map(|(name, _)| name).join(", ");
    let usage = || format!("long fuzz TARGET SECONDS [FOLDER]; targets are {known}");
    let (target, longest) =
        *TARGETS.iter().find(|(name, _)| words.first().is_some_and(|w| w == name)).ok_or_else(usage)?;
    let seconds: u64 = words.get(1).and_then(|word| word.parse().ok()).ok_or_else(usage)?;
    let program = build(target)?;
    let folder = runs(words.get(2)).join(target);
    for name in ["corpus", "findings"] {
        fs::create_dir_all(folder.join(name)).map_err(said(&folder))?;
    }
    let mut state = read_state(&folder);
    println!(
        "{target}: so far {} s, {:.0} s of processor time, {} executions, {} findings",
        state.wall_seconds, state.cpu_seconds, state.executions, state.findings
    );
    let mut left = seconds;
    while left > 0 {
        let part = left.min(PART_SECONDS);
        let sound = run_part(&program, target, longest, part, &folder, &mut state)?;
        fs::write(folder.join("state.toml"), toml::to_string(&state).map_err(|e| e.to_string())?)
            .map_err(said(&folder))?;
        println!(
            "{target}: {} s, {:.0} s of processor time at nice {}, {} executions, {} edges, {} features, {} findings",
            state.wall_seconds,
            state.cpu_seconds,
            state.nice,
            state.executions,
            state.coverage,
            state.features,
            state.findings
        );
        if !sound {
            return Err(format!(
                "{target}: a finding; the input is in {}",
                folder.join("findings").display()
            ));
        }
        left -= part;
    }
    Ok(())
}

/// Adds to the seeds some of what a run found and no seed reaches, evenly from the smallest to the largest: the
/// smallest alone would be beginnings that are refused at once.
pub fn keep(words: &[String]) -> Done {
    let target = words.first().map(String::as_str).unwrap_or_default();
    if !TARGETS.iter().any(|(name, _)| *name == target) {
        return Err("long fuzz-keep TARGET [FOLDER]".to_owned());
    }
    let program = build(target)?;
    let folder = runs(words.get(1)).join(target);
    let merged = folder.join("merged");
    if merged.exists() {
        fs::remove_dir_all(&merged).map_err(said(&merged))?;
    }
    let seeds = root().join("fuzz/seeds").join(target);
    fs::create_dir_all(&merged).map_err(said(&merged))?;
    for seed in files(&seeds)? {
        fs::copy(&seed.1, merged.join(seed.1.file_name().unwrap_or_default())).map_err(said(&seed.1))?;
    }
    let status = Command::new(&program)
        .args([merged.as_os_str(), folder.join("corpus").as_os_str()])
        .args(["-merge=1", "-rss_limit_mb=2048", "-verbosity=0"])
        .env("RAYON_NUM_THREADS", "1")
        .status()
        .map_err(said(&program))?;
    if !status.success() {
        return Err(format!("merging ended with {status}"));
    }
    let known = |path: &Path| seeds.join(path.file_name().unwrap_or_default()).exists();
    let found: Vec<_> =
        files(&merged)?.into_iter().filter(|(size, path)| *size <= KEPT_FILE_BYTES && !known(path)).collect();
    let (mut bytes, mut count) = (0, 0);
    for (size, path) in found.iter().step_by(found.len().div_ceil(KEPT_FILES).max(1)) {
        if bytes + size > KEPT_BYTES {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let short = name.get(..12).unwrap_or(&name);
        fs::copy(path, seeds.join(format!("found-{short}"))).map_err(said(path))?;
        (bytes, count) = (bytes + size, count + 1);
    }
    println!("{target}: {count} seeds kept, {bytes} bytes");
    Ok(())
}

/// Files of a folder with their sizes, smallest first.
fn files(folder: &Path) -> Result<Vec<(u64, PathBuf)>, String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(said(folder))? {
        let entry = entry.map_err(said(folder))?;
        found.push((entry.metadata().map_err(said(folder))?.len(), entry.path()));
    }
    found.sort();
    Ok(found)
}

fn said(path: &Path) -> impl Fn(std::io::Error) -> String + '_ {
    move |cause| format!("{}: {cause}", path.display())
}

fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

fn runs(given: Option<&String>) -> PathBuf {
    given.map_or_else(|| target_folder().join("fuzz-runs"), PathBuf::from)
}

fn read_state(folder: &Path) -> State {
    let text = fs::read_to_string(folder.join("state.toml")).unwrap_or_default();
    toml::from_str(&text).unwrap_or_default()
}

/// Builds a target, apart from all other builds, and says where the program is.
fn build(target: &str) -> Result<PathBuf, String> {
    let version = answer("rustc", &["-vV"]).unwrap_or_default();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc names no host")?;
    let folder = target_folder().join("fuzz");
    println!("» building {target}");
    // With `--target`, the flags reach the program and not the build scripts and macros beside it.
    let status = Command::new("cargo")
        .args(["build", "--quiet", "--release", "--target", host, "--bin", target])
        .current_dir(root().join("fuzz"))
        .env("RUSTFLAGS", COVERAGE)
        .env("CARGO_TARGET_DIR", &folder)
        .status()
        .map_err(|cause| format!("cargo cannot be started: {cause}"))?;
    if status.success() {
        Ok(folder.join(host).join("release").join(target))
    } else {
        Err(format!("building {target} ended with {status}"))
    }
}

/// One run of libFuzzer; false when it ended with a finding.
fn run_part(
    program: &Path,
    target: &str,
    longest: usize,
    seconds: u64,
    folder: &Path,
    state: &mut State,
) -> Result<bool, String> {
    let before = processor_ticks();
    let begun = Instant::now();
    let mut command = Command::new(program);
    command
        .args([folder.join("corpus"), root().join("fuzz/seeds").join(target)])
        .args([
            format!("-max_total_time={seconds}"),
            format!("-timeout={INPUT_SECONDS}"),
            format!("-rss_limit_mb={MEMORY_MB}"),
            format!("-max_len={longest}"),
            format!("-artifact_prefix={}/", folder.join("findings").display()),
            "-print_final_stats=1".to_owned(),
        ])
        .env("RAYON_NUM_THREADS", "1")
        .env("RUST_BACKTRACE", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let dictionary = root().join(format!("fuzz/dictionaries/{target}.dict"));
    if dictionary.is_file() {
        command.arg(format!("-dict={}", dictionary.display()));
    }
    let mut child = command.spawn().map_err(said(program))?;
    let path = folder.join("log");
    let mut log = fs::OpenOptions::new().create(true).append(true).open(&path).map_err(said(&path))?;
    for line in child.stderr.take().into_iter().flat_map(|out| BufReader::new(out).split(b'\n')) {
        let line = line.map_err(said(program))?;
        let line = String::from_utf8_lossy(&line);
        writeln!(log, "{line}").map_err(said(&path))?;
        take_figures(&line, state);
    }
    let status = child.wait().map_err(said(program))?;
    state.wall_seconds += begun.elapsed().as_secs();
    state.cpu_seconds += processor_ticks().zip(before).map_or(0.0, |(now, then)| (now - then) as f64 / 100.0);
    state.nice = niceness();
    if !status.success() {
        state.findings += 1;
    }
    Ok(status.success())
}

/// Takes what a line of libFuzzer says of coverage and executions.
fn take_figures(line: &str, state: &mut State) {
    if let Some(count) = line.strip_prefix("stat::number_of_executed_units:") {
        state.executions += count.trim().parse::<u64>().unwrap_or(0);
    }
    let after = |word: &str| {
        let mut words = line.split_whitespace().skip_while(|w| *w != word).skip(1);
        words.next().and_then(|number| number.parse::<u64>().ok())
    };
    if line.starts_with('#') {
        state.coverage = after("cov:").unwrap_or(state.coverage);
        state.features = after("ft:").unwrap_or(state.features);
    }
}

/// Fields of `/proc/self/stat` after the program's name; none elsewhere than on Linux.
fn own_fields() -> Vec<i64> {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let rest = text.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
    rest.split_whitespace().map(|word| word.parse().unwrap_or(0)).collect()
}

/// Processor time of ended children in hundredths of a second, as Linux tells it.
fn processor_ticks() -> Option<i64> {
    let fields = own_fields();
    Some(fields.get(13)? + fields.get(14)?)
}

/// The priority this runs with; 19 is the lowest.
fn niceness() -> i64 {
    own_fields().get(16).copied().unwrap_or(0)
}
