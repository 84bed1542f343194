//! Worked examples of the European Pharmacopoeia, chapter 5.3 (5th edition, 2005): 5.1.1 corticotrophin,
//! 5.1.3 antibiotic turbidimetric assay in blocks, 5.1.4 hepatitis B vaccines. Sums of squares, potencies
//! and their limits as printed there.
// 0.318 is an absorbance, not 1/π.
#![allow(clippy::approx_constant)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fmt::Write as _;

use vena_potency::report::{AssayKind, LineErrorFrom, PotencyOptions, PotencyReport};
use vena_potency::{analyse_potency, variance::VarianceRow};

fn lines(csv: &str, options: PotencyOptions) -> PotencyReport {
    let options = PotencyOptions { assay: AssayKind::ParallelLine, reference: Some("S".into()), ..options };
    analyse_potency(csv.as_bytes(), &options).unwrap()
}

fn row<'a>(report: &'a PotencyReport, source: &str) -> &'a VarianceRow {
    let table = report.runs[0].variance.as_ref().unwrap();
    table.rows.iter().find(|r| r.source == source).unwrap_or_else(|| panic!("no row {source}"))
}

/// Digits as printed: half a unit of the last one.
fn printed(found: f64, expected: &str, what: &str) {
    let decimals = expected.split_once('.').map_or(0, |(_, after)| after.len());
    let value: f64 = expected.parse().unwrap();
    let half = 0.501 * 10f64.powi(-(decimals as i32));
    assert!((found - value).abs() <= half, "{what}: {found} against {expected}");
}

fn sums(report: &PotencyReport, expected: &[(&str, usize, &str)]) {
    for (source, df, sum) in expected {
        let row = row(report, source);
        assert_eq!(row.df, *df, "{source}");
        printed(row.sum_of_squares, sum, source);
    }
}

/// Estimate and limits of one sample, times the factor that turns the ratio into the printed potency.
fn potency(report: &PotencyReport, sample: &str, factor: f64, expected: [&str; 3]) {
    let s = report.relative_potency.iter().find(|s| s.sample == sample).unwrap();
    let found = [s.low.unwrap(), s.estimate.unwrap(), s.high.unwrap()];
    for (found, expected) in found.into_iter().zip(expected) {
        printed(found * factor, expected, sample);
    }
}

/// Row Q15. 5.1.1: two doses, three preparations, ten animals each.
#[test]
fn corticotrophin() {
    let columns: [(&str, f64, [f64; 10]); 6] = [
        ("S", 0.25, [300., 310., 330., 290., 364., 328., 390., 360., 342., 306.]),
        ("S", 1.0, [289., 221., 267., 236., 250., 231., 229., 269., 233., 259.]),
        ("T", 0.25, [310., 290., 360., 341., 321., 370., 303., 334., 295., 315.]),
        ("T", 1.0, [230., 210., 280., 261., 241., 290., 223., 254., 216., 235.]),
        ("U", 0.25, [250., 268., 273., 240., 307., 270., 317., 312., 320., 265.]),
        ("U", 1.0, [236., 213., 283., 269., 251., 294., 223., 250., 216., 265.]),
    ];
    let mut csv = String::from("sample,dose,response\n");
    for (name, dose, responses) in columns {
        for y in responses {
            writeln!(csv, "{name},{dose},{y}").unwrap();
        }
    }
    let all = lines(&csv, PotencyOptions::default());
    sums(
        &all,
        &[
            ("preparations", 2, "6256.6"),
            ("regression", 1, "63830.8"),
            ("non-parallelism", 2, "8218.2"),
            ("non-linearity", 0, "0.0"),
            ("treatments", 5, "78305.7"),
            ("residual", 54, "41340.9"),
            ("total", 59, "119646.6"),
        ],
    );
    printed(row(&all, "regression").f.unwrap(), "83.38", "F of the regression");
    printed(row(&all, "non-parallelism").f.unwrap(), "5.37", "F of non-parallelism");
    potency(&all, "T", 1.0, ["0.783648", "1.14205", "1.68690"]);
    potency(&all, "U", 1.0, ["1.14813", "1.66889", "2.55503"]);
}

/// Row Q15. 5.1.3: four doses in five complete blocks. Without the block column, or with one well of a
/// block missing, the blocks stay in the error, and that is said.
#[test]
fn turbidimetric_assay_in_blocks() {
    let blocks: [[f64; 8]; 5] = [
        [252., 207., 168., 113., 242., 206., 146., 115.],
        [249., 201., 187., 107., 236., 197., 153., 102.],
        [247., 193., 162., 111., 246., 197., 148., 104.],
        [250., 207., 155., 108., 231., 191., 159., 106.],
        [235., 207., 140., 98., 232., 186., 146., 95.],
    ];
    let mut csv = String::from("block,sample,dose,response\n");
    for (k, block) in blocks.iter().enumerate() {
        for (j, y) in block.iter().enumerate() {
            let dose = 1.5f64.powi((j % 4) as i32);
            writeln!(csv, "{},{},{dose},{y}", k + 1, if j < 4 { "S" } else { "T" }).unwrap();
        }
    }
    let factor = 670.0 * 16.7 / 25.0 / (20_000.0 / 40.0) * 20_000.0;
    let report = lines(&csv, PotencyOptions::default());
    sums(
        &report,
        &[
            ("preparations", 1, "632.025"),
            ("regression", 1, "101745.6"),
            ("non-parallelism", 1, "25.205"),
            ("non-linearity", 4, "259.14"),
            ("blocks", 4, "876.75"),
            ("residual", 28, "1509.65"),
            ("total", 39, "105048.4"),
        ],
    );
    printed(row(&report, "non-linearity").p.unwrap(), "0.332", "p of non-linearity");
    potency(&report, "T", factor, ["18423.4", "19228.5", "20075.2"]);
    assert!(!report.flags.iter().any(|f| f.code == "blocks-not-complete"));
    let gap = csv.lines().filter(|l| *l != "3,T,2.25,148").collect::<Vec<_>>().join("\n");
    let report = lines(&gap, PotencyOptions::default());
    assert!(report.flags.iter().any(|f| f.code == "blocks-not-complete"));
    assert!(report.runs[0].variance.as_ref().unwrap().rows.iter().all(|r| r.source != "blocks"));
}

/// Row Q15. 5.1.4: three vaccines against a standard, logarithms of absorbance; and the other error,
/// that of the residuals about the lines, whose figures follow from the same sums.
#[test]
fn hepatitis_b_vaccines() {
    let rows: [(&str, [f64; 5]); 12] = [
        ("S", [0.043, 0.093, 0.159, 0.283, 0.514]),
        ("S", [0.045, 0.099, 0.154, 0.295, 0.531]),
        ("S", [0.051, 0.082, 0.166, 0.362, 0.545]),
        ("T", [0.097, 0.167, 0.327, 0.501, 1.140]),
        ("T", [0.097, 0.157, 0.355, 0.665, 1.386]),
        ("T", [0.094, 0.178, 0.345, 0.576, 1.051]),
        ("U", [0.086, 0.127, 0.277, 0.586, 0.957]),
        ("U", [0.071, 0.146, 0.268, 0.489, 0.866]),
        ("U", [0.073, 0.133, 0.269, 0.546, 1.045]),
        ("V", [0.082, 0.145, 0.318, 0.552, 1.037]),
        ("V", [0.082, 0.144, 0.306, 0.551, 1.039]),
        ("V", [0.086, 0.173, 0.316, 0.624, 1.068]),
    ];
    let mut csv = String::from("sample,dose,response\n");
    for (name, responses) in rows {
        for (k, y) in responses.into_iter().enumerate() {
            writeln!(csv, "{name},{},{y}", 1u32 << k).unwrap();
        }
    }
    let log = PotencyOptions { log_response: true, ..PotencyOptions::default() };
    let report = lines(&csv, log.clone());
    sums(
        &report,
        &[
            ("preparations", 3, "4.475"),
            ("regression", 1, "47.58"),
            ("non-parallelism", 3, "0.0187"),
            ("non-linearity", 12, "0.0742"),
            ("treatments", 19, "52.152"),
            ("residual", 40, "0.267"),
            ("total", 59, "52.42"),
        ],
    );
    printed(row(&report, "non-parallelism").p.unwrap(), "0.434", "p of non-parallelism");
    potency(&report, "T", 20.0, ["40.5448", "43.4196", "46.5397"]);
    potency(&report, "U", 20.0, ["32.8698", "35.1630", "37.6405"]);
    potency(&report, "V", 20.0, ["36.8125", "39.4017", "42.2057"]);
    let about_lines = lines(&csv, PotencyOptions { line_error: LineErrorFrom::Lines, ..log });
    let error = about_lines.runs[0].line_error.unwrap();
    assert_eq!(error.df, 55);
    printed(error.variance * 55.0, "0.3600", "non-parallelism, non-linearity and residual together");
    assert_eq!(about_lines.relative_potency[0].estimate, report.relative_potency[0].estimate);
    assert_ne!(about_lines.relative_potency[0].low, report.relative_potency[0].low);
}
