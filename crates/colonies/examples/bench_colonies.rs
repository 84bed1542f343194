//! Accuracy on synthetic plates nobody tuned to, and time against scikit-image
//! in the same run. `bench_colonies [--python PYTHON] [--plates N] [--keep DIR]`
//!
//! The Python must have scikit-image; without one only our own figures are given.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;
use vena_colonies::synthetic::{Recipe, Stage, draw, photograph};
use vena_colonies::{Options, analyse_file, prepare};

/// Colonies, mean diameter in pixels; the last two are confluent.
const DENSITIES: [(usize, f32); 11] = [
    (0, 12.0),
    (5, 16.0),
    (20, 16.0),
    (60, 14.0),
    (150, 14.0),
    (300, 12.0),
    (600, 10.0),
    (1000, 9.0),
    (100, 40.0),
    (3000, 16.0),
    (8000, 14.0),
];

struct Plate {
    name: String,
    path: PathBuf,
    bytes: Vec<u8>,
    truth: usize,
    covered: f32,
}

fn argument(name: &str) -> Option<String> {
    let all: Vec<String> = std::env::args().collect();
    all.iter().position(|a| a == name).and_then(|at| all.get(at + 1).cloned())
}

fn plates(
    per_density: u64,
    (count, diameter): (usize, f32),
    folder: &std::path::Path,
    phone: bool,
) -> Vec<Plate> {
    (0..per_density)
        .map(|seed| {
            let recipe = Recipe::untuned(seed * 7919 + count as u64, 1224, Stage::Dish, count, diameter);
            let drawn = if phone { photograph(&recipe) } else { draw(&recipe) };
            let kind = if phone { "phone-" } else { "" };
            let name = format!("{kind}n{count}-d{diameter}-s{seed}.jpg");
            let path = folder.join(&name);
            let bytes = drawn.jpeg(if phone { 68 + (seed * 5 % 23) as u8 } else { 88 }).unwrap();
            std::fs::write(&path, &bytes).unwrap();
            Plate { name, path, bytes, truth: drawn.truth.len(), covered: drawn.covered }
        })
        .collect()
}

/// Error in parts of the truth; for an empty plate, colonies seen that are not there.
fn error(found: u64, truth: usize) -> f64 {
    (found as f64 - truth as f64).abs() / (truth as f64).max(1.0)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn spread(values: &mut [f64]) -> (f64, f64, f64) {
    let middle = median(values);
    (values.first().copied().unwrap_or(f64::NAN), middle, values.last().copied().unwrap_or(f64::NAN))
}

/// The peer's counts and times for the plates, when a Python is there.
fn peer(python: Option<&str>, runs: usize, plates: &[Plate]) -> Option<Vec<(u64, Vec<f64>)>> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/bench/peers.py");
    let output = Command::new(python?)
        .arg(script)
        .arg(runs.to_string())
        .args(plates.iter().map(|p| &p.path))
        .env("OMP_NUM_THREADS", "1")
        .output()
        .expect("python runs");
    if !output.status.success() {
        panic!("{}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8(output.stdout).unwrap();
    let rows: serde_json::Value = serde_json::from_str(text.trim()).unwrap();
    let row = |r: &serde_json::Value| {
        let times = r["ms"].as_array().unwrap().iter().filter_map(serde_json::Value::as_f64).collect();
        (r["count"].as_u64().unwrap(), times)
    };
    Some(rows.as_array().unwrap().iter().map(row).collect())
}

fn main() {
    let python = argument("--python");
    let per_density: u64 = argument("--plates").and_then(|n| n.parse().ok()).unwrap_or(8);
    let folder =
        argument("--keep").map_or_else(|| std::env::temp_dir().join("vena-colonies-bench"), PathBuf::from);
    std::fs::create_dir_all(&folder).unwrap();
    for phone in [false, true] {
        let title = if phone {
            "drawn plates as a telephone photographs them (held out; drawn, not real)"
        } else {
            "drawn plates"
        };
        println!("== {title}");
        one_set(python.as_deref(), per_density, &folder, phone);
    }
}

fn one_set(python: Option<&str>, per_density: u64, folder: &std::path::Path, phone: bool) {
    let options = Options::default();
    let tables = prepare(&options).unwrap();
    println!("colonies diameter | ours: median error, worst, refused | peer: median error, worst");
    let (mut ours_all, mut peer_all, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let (mut ours_ms, mut peer_ms) = (Vec::new(), Vec::new());
    for (count, diameter) in DENSITIES {
        let plates = plates(per_density, (count, diameter), folder, phone);
        let (mut errors, mut refused, mut detail) = (Vec::new(), 0, String::new());
        let mut times = Vec::new();
        for plate in &plates {
            let mut best = Vec::new();
            let mut reports = Vec::new();
            for _ in 0..5 {
                let start = Instant::now();
                reports = analyse_file(&plate.name, &plate.bytes, &options, &tables);
                best.push(start.elapsed().as_secs_f64() * 1000.0);
            }
            times.push(median(&mut best));
            match reports[0].count {
                Some(found) => {
                    errors.push(error(found, plate.truth));
                    detail += &format!(" {found}/{}", plate.truth);
                }
                None => {
                    refused += 1;
                    detail += &format!(" -/{} ({:.2})", plate.truth, plate.covered);
                }
            }
        }
        let beside = peer(python, 2, &plates);
        let mut peer_errors: Vec<f64> = Vec::new();
        for (index, (found, ms)) in beside.iter().flatten().enumerate() {
            peer_errors.push(error(*found, plates[index].truth));
            let fastest = ms.iter().copied().fold(f64::INFINITY, f64::min);
            ratios.push(fastest / times[index]);
            peer_ms.push(fastest);
        }
        ours_ms.extend(&times);
        if (1..3000).contains(&count) {
            ours_all.extend(&errors);
            peer_all.extend(&peer_errors);
        }
        let (_, middle, worst) = spread(&mut errors);
        let (_, peer_middle, peer_worst) = spread(&mut peer_errors);
        println!(
            "{count:5} {diameter:4} | {middle:.3} {worst:.3} {refused} | {peer_middle:.3} {peer_worst:.3} |{detail}"
        );
    }
    println!(
        "all counted densities: ours median {:.4}, peer median {:.4}",
        median(&mut ours_all),
        median(&mut peer_all)
    );
    println!(
        "ms a plate (decode to report), lowest, median, highest: ours {:?}, peer {:?}",
        spread(&mut ours_ms),
        spread(&mut peer_ms)
    );
    println!("times faster, lowest, median, highest: {:?}", spread(&mut ratios));
}
