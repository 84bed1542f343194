//! Times the grading of ICAHT for a registry: 100,000 patients × 100 days held in memory, through the
//! kernel that grades one chart; and, where Python with pandas is there, a straightforward pandas
//! implementation of the published method on 1,000 of them, side by side, with the same grades.
//!
//! Run with `cargo run --release -p vena-clinical --example bench_icaht`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{fmt::Write as _, hint::black_box, path::Path, process::Command, time::Instant};
use vena_clinical::{Rules, grade_days, grade_late_days, numbers::IcahtNumbers};
use vena_knowledge::Knowledge;

const PATIENTS: usize = 100_000;
const DAYS: usize = 100;
const COMPARED: usize = 1_000;

fn main() {
    let rules = Rules::choose(Knowledge::embedded(), &["icaht/longest-run-published"])
        .expect("the published reading");
    let numbers = &rules.icaht;
    let start = Instant::now();
    let cohort = cohort(0x5eed);
    println!("made {PATIENTS} patients × {DAYS} days in {:.2} s", start.elapsed().as_secs_f64());

    let early_days = usize::try_from(numbers.early_last_day).unwrap() + 1;
    let late_from = usize::try_from(numbers.late_first_day).unwrap();
    let grade_all = |patients: usize| -> u64 {
        let mut sum = 0;
        for patient in cohort.chunks_exact(DAYS).take(patients) {
            let early = grade_days(&patient[..early_days], numbers, numbers.reading);
            let late = grade_late_days(&patient[late_from..], numbers, numbers.reading);
            sum += u64::from(early.grade) + u64::from(late.grade);
        }
        sum
    };
    let all = times(7, || black_box(grade_all(black_box(PATIENTS))));
    report("early and late, all patients, one core", PATIENTS, &all);

    let early_only = |patients: usize| -> u64 {
        let patients = cohort.chunks_exact(DAYS).take(patients);
        patients.map(|days| u64::from(grade_days(&days[..early_days], numbers, numbers.reading).grade)).sum()
    };
    let part = times(51, || black_box(early_only(black_box(COMPARED))));
    report("early, the patients compared", COMPARED, &part);

    let mut counts = [0_usize; 5];
    for patient in cohort.chunks_exact(DAYS) {
        counts[usize::from(grade_days(&patient[..early_days], numbers, numbers.reading).grade)] += 1;
    }
    println!("early grades 0–4: {counts:?}");
    compare(&cohort, numbers, early_days, &part);
}

/// Seconds of each run, sorted.
fn times(runs: usize, mut work: impl FnMut() -> u64) -> Vec<f64> {
    work();
    let mut seconds: Vec<f64> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds
}

fn report(what: &str, patients: usize, seconds: &[f64]) {
    let (low, middle, high) = spread(seconds);
    let each = middle / patients as f64 * 1e9;
    println!(
        "{what}: {:.3} ms (min {:.3}, max {:.3}), {each:.0} ns a patient",
        middle * 1e3,
        low * 1e3,
        high * 1e3
    );
}

fn spread(sorted: &[f64]) -> (f64, f64, f64) {
    (sorted[0], sorted[sorted.len() / 2], sorted[sorted.len() - 1])
}

/// Neutrophil courses with a fall, a nadir of varying depth and length, and a recovery; a third of the
/// days unmeasured, some patients with wide gaps, some never recovering. Seeded.
fn cohort(seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut uniform = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 24) as f32
    };
    let mut values = vec![f32::NAN; PATIENTS * DAYS];
    for patient in values.chunks_exact_mut(DAYS) {
        let (falls, length) = (uniform() * 8.0, uniform() * uniform() * 45.0);
        let (depth, measured) = (uniform() * 700.0, 0.35 + uniform() * 0.6);
        let (gap, gap_length) = (uniform() * 60.0, uniform() * 14.0);
        for (day, value) in patient.iter_mut().enumerate() {
            let day = day as f32;
            let skipped = uniform() > measured || (day >= gap && day < gap + gap_length);
            let low = day >= falls && day < falls + length;
            let level = if low { depth * (0.3 + uniform()) } else { 900.0 + uniform() * 3000.0 };
            let blip = low && uniform() < 0.05;
            if !skipped {
                *value = (if blip { level + 700.0 } else { level }).round();
            }
        }
    }
    values
}

fn compare(cohort: &[f32], numbers: &IcahtNumbers, early_days: usize, ours: &[f64]) {
    let folder = std::env::temp_dir().join(format!("vena-bench-icaht-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("anc.csv");
    let mut text = String::from("patient,day,anc\n");
    let mut measured = Vec::new();
    for (patient, days) in cohort.chunks_exact(DAYS).take(COMPARED).enumerate() {
        for (day, value) in days[..early_days].iter().enumerate().filter(|(_, value)| !value.is_nan()) {
            let _ = writeln!(text, "{patient},{day},{value}");
        }
        if days[..early_days].iter().any(|value| !value.is_nan()) {
            measured.push(patient);
        }
    }
    std::fs::write(&file, text).unwrap();
    let output = python(&file, numbers);
    std::fs::remove_dir_all(&folder).ok();
    let Some(answer) = output else {
        println!(
            "LEFT OUT: the comparison with pandas (no Python with pandas here; `pip install pandas` brings it)"
        );
        return;
    };
    let answer: serde_json::Value = serde_json::from_slice(&answer).expect("JSON from the script");
    let theirs: Vec<u64> =
        answer["grades"].as_array().unwrap().iter().map(|grade| grade.as_u64().unwrap()).collect();
    assert_eq!(theirs.len(), measured.len());
    for (patient, grade) in measured.iter().zip(&theirs) {
        let days = &cohort[patient * DAYS..patient * DAYS + early_days];
        let here = grade_days(days, numbers, numbers.reading).grade;
        assert_eq!(u64::from(here), *grade, "patient {patient}: {days:?}");
    }
    println!("the same grades for all {} patients with a value", theirs.len());
    let mut seconds: Vec<f64> =
        answer["seconds"].as_array().unwrap().iter().map(|s| s.as_f64().unwrap()).collect();
    seconds.sort_by(f64::total_cmp);
    let (slow, fast) = (spread(&seconds), spread(ours));
    println!(
        "pandas {}: {:.3} s per {COMPARED} patients (min {:.3}, max {:.3})",
        answer["pandas"].as_str().unwrap_or("?"),
        slow.1,
        slow.0,
        slow.2
    );
    println!(
        "ratio {:.0}× (from {:.0}× to {:.0}×); 0.25 s per {COMPARED} patients would be {:.0}×",
        slow.1 / fast.1,
        slow.0 / fast.2,
        slow.2 / fast.0,
        0.25 / fast.1
    );
}

fn python(file: &Path, numbers: &IcahtNumbers) -> Option<Vec<u8>> {
    let bands = |bands: &[vena_clinical::numbers::DayBand]| {
        bands.iter().map(|band| format!("{}:{}", band.from_days, band.grade)).collect::<Vec<_>>().join(",")
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/icaht_pandas.py");
    let output = Command::new("python3")
        .arg(script)
        .arg(file)
        .args(["--last-day", &numbers.early_last_day.to_string()])
        .args(["--low", &numbers.low_per_ul.to_string(), "--deep", &numbers.deep_per_ul.to_string()])
        .args(["--low-bands", &bands(&numbers.low_bands), "--deep-bands", &bands(&numbers.deep_bands)])
        .args(["--start-day", &numbers.never_above_start_day.to_string()])
        .args(["--never-above", &numbers.never_above.grades.high.to_string()])
        .args([
            "--recovery-days",
            &numbers.recovery_days.to_string(),
            "--gap-days",
            &numbers.gap_days.to_string(),
        ])
        .args(["--step", &numbers.round_to_per_ul.to_string()])
        .output()
        .ok()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        println!("python said: {}", said.lines().last().unwrap_or(""));
        assert!(said.contains("No module named"), "the script failed: {said}");
        return None;
    }
    Some(output.stdout)
}
