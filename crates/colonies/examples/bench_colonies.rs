//! Accuracy on synthetic plates and time against scikit-image, in one run.
#![allow(clippy::unwrap_used, clippy::expect_used)]
use vena_colonies::synthetic::{Recipe, Stage, draw};
use vena_colonies::{Options, analyse};

fn main() {
    let plates: usize = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(6);
    let out = std::env::args().nth(2);
    for (count, diameter) in [(0, 12.0), (5, 16.0), (20, 16.0), (60, 14.0), (150, 14.0), (300, 12.0), (600, 10.0), (1000, 9.0), (100, 40.0), (3000, 16.0), (8000, 14.0)] {
        let mut errors = Vec::new();
        let mut lines = Vec::new();
        let mut refused = 0;
        for seed in 0..plates as u64 {
            let recipe = Recipe::untuned(seed * 7919 + count as u64, 1224, Stage::Dish, count, diameter);
            let drawn = draw(&recipe);
            let bytes = drawn.jpeg(88).unwrap();
            let file = (format!("n{count}-s{seed}.jpg"), bytes);
            if let Some(dir) = &out {
                std::fs::write(format!("{dir}/{}", file.0), &file.1).unwrap();
                std::fs::write(format!("{dir}/n{count}-s{seed}.png"), drawn.png().unwrap()).unwrap();
            }
            let report = analyse(&[file], &Options::default()).unwrap();
            let image = &report.images[0];
            let vessel = &image.vessels[0];
            let truth = drawn.truth.len();
            match image.count {
                Some(found) => {
                    errors.push((found as f64 - truth as f64).abs() / (truth as f64).max(1.0));
                    lines.push(format!("{found}/{truth}{}", if vessel.kind == vena_colonies::vessel::VesselKind::Dish { "" } else { "!" }));
                }
                None => {
                    refused += 1;
                    lines.push(format!("-({})/{truth} cov {:.2} true {:.2} {:?}", vessel.colonies.len(), vessel.covered, drawn.covered, vessel.no_count));
                }
            }
        }
        errors.sort_by(f64::total_cmp);
        let median = errors.get(errors.len() / 2).copied().unwrap_or(f64::NAN);
        println!("n {count} d {diameter}: median error {:.3} max {:.3} refused {refused}\n    {}", median, errors.last().copied().unwrap_or(f64::NAN), lines.join("  "));
    }
}
