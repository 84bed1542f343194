//! Counts the images named on the command line and prints one line each; with
//! `OVERLAY_DIR` set, writes overlays there. For trying the method by hand.
#![allow(clippy::unwrap_used, clippy::expect_used)]

fn main() {
    let names: Vec<String> = std::env::args().skip(1).collect();
    for name in names {
        let bytes = std::fs::read(&name).expect("file");
        let start = std::time::Instant::now();
        let report =
            vena_colonies::analyse(&[(name.clone(), bytes)], &vena_colonies::Options::default()).unwrap();
        let spent = start.elapsed();
        for image in &report.images {
            if let Ok(dir) = std::env::var("OVERLAY_DIR") {
                let bytes = std::fs::read(&name).unwrap();
                let picture = vena_colonies::overlay::png(&bytes, image, &Default::default()).unwrap();
                let stem = std::path::Path::new(&name).file_stem().unwrap().to_string_lossy().to_string();
                std::fs::write(format!("{dir}/{stem}-overlay.png"), picture).unwrap();
            }
            println!(
                "{name} page {} {:?} {:?} {:?} {:?}",
                image.page, image.count, image.status, image.refusal, spent
            );
            for v in image.vessels.iter().take(12) {
                println!(
                    "  {} {:?} area {:?} outer {:?} n {} below {} rej {:?} cov {:.3} noise {:.4} t {:.4} {:?} {:?} dmin {:.1}",
                    v.name,
                    v.kind,
                    v.counted_area,
                    v.outer,
                    v.colonies.len(),
                    v.below_size,
                    v.rejected_counts,
                    v.covered,
                    v.noise,
                    v.threshold,
                    v.polarity,
                    v.no_count,
                    v.diameter_min_px
                );
            }
        }
    }
}
