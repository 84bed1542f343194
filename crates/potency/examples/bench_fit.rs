//! Ten thousand four-parameter fits against SciPy's `curve_fit` on the same data in the same call.
//!
//! `cargo run --release -p vena-potency --example bench_fit [PYTHON]` where PYTHON (default
//! `python3`) is an interpreter with SciPy; without one only our own figure is printed. Knows no
//! report; times nothing but the fits, each with starting values and standard errors.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::fmt::Write as _;
use std::process::Command;
use std::time::Instant;

use vena_potency::curve::{CurveModel, Observation};
use vena_potency::fit::{Information, fit_curve};

const CURVES: usize = 10_000;
const DOSES: [f64; 8] = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0];
const REPLICATES: usize = 3;
const ROUNDS: usize = 5;

struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// Curves with slopes 0.7 to 2.5, EC50 1 to 30, range 1 to 3, noise 4 % of the range.
fn curves() -> Vec<Vec<(f64, f64)>> {
    let mut noise = Noise(20_260_101);
    (0..CURVES)
        .map(|_| {
            let b = 0.7 + 1.8 * noise.uniform();
            let e = 30f64.powf(noise.uniform());
            let c = 0.1 + 0.2 * noise.uniform();
            let range = 1.0 + 2.0 * noise.uniform();
            let mut points = Vec::new();
            for dose in DOSES {
                for _ in 0..REPLICATES {
                    let f = c + range / (1.0 + (b * (dose / e).ln()).exp());
                    points.push((dose, f + 0.04 * range * noise.normal()));
                }
            }
            points
        })
        .collect()
}

fn main() {
    let data = curves();
    let ready: Vec<Vec<Observation>> =
        data.iter().map(|c| c.iter().map(|(x, y)| Observation::new(*x, *y)).collect()).collect();
    let folder = std::env::temp_dir().join(format!("vena-bench-fit-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("curves.csv");
    let mut csv = String::new();
    for curve in &data {
        let row: Vec<String> = curve.iter().map(|(_, y)| format!("{y:.17e}")).collect();
        writeln!(csv, "{}", row.join(",")).unwrap();
    }
    std::fs::write(&file, csv).unwrap();

    let mut ours = Vec::new();
    let mut peers = Vec::new();
    let mut worst = 0.0f64;
    let python = std::env::args().nth(1).unwrap_or_else(|| "python3".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/bench/peers.py");
    for round in 0..ROUNDS {
        let begin = Instant::now();
        let fits: Vec<_> =
            ready.iter().map(|o| fit_curve(CurveModel::FourParameter, o, Information::Expected)).collect();
        let each = begin.elapsed().as_secs_f64() * 1e6 / CURVES as f64;
        ours.push(each);
        let failed = fits.iter().filter(|f| f.is_err()).count();
        let steps: usize = fits.iter().flatten().map(|f| f.steps).sum();
        println!(
            "round {round}: vena {each:.2} µs a fit, {failed} refused, {:.1} steps a fit",
            steps as f64 / CURVES as f64
        );
        let Ok(out) = Command::new(&python).arg(script).arg(&file).arg("1000").output() else {
            continue;
        };
        if !out.status.success() {
            println!("  peer not run: {}", String::from_utf8_lossy(&out.stderr).lines().last().unwrap_or(""));
            continue;
        }
        let text = String::from_utf8_lossy(&out.stdout);
        let mut lines = text.lines();
        let each: f64 = lines.next().unwrap().trim().parse().unwrap();
        println!("         SciPy {each:.1} µs a fit");
        peers.push(each);
        for line in lines {
            let n: Vec<f64> = line.split(',').map(|c| c.parse().unwrap()).collect();
            if let Ok(fit) = &fits[n[0] as usize] {
                // How far above SciPy's our sum of squares is (negative: below).
                worst = worst.max(fit.rss / n[1] - 1.0);
            }
        }
    }
    let _ = std::fs::remove_dir_all(&folder);
    if peers.is_empty() {
        println!("no peer: {python} with SciPy is not here");
        return;
    }
    let ratios: Vec<f64> = peers.iter().zip(&ours).map(|(p, o)| p / o).collect();
    let (low, high) = ratios.iter().fold((f64::INFINITY, 0.0f64), |(l, h), r| (l.min(*r), h.max(*r)));
    let mut sorted = ratios.clone();
    sorted.sort_by(f64::total_cmp);
    println!(
        "SciPy / vena: median {:.0}×, {low:.0}× to {high:.0}× over {} rounds (aim 30×); our residual sum above SciPy's by at most {worst:.1e}",
        sorted[sorted.len() / 2],
        ratios.len()
    );
}
