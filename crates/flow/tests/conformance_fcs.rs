//! Instruments' own files: values against the truth arrays, departures from
//! the standard refused by name and read with the tolerance named.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::path::Path;

use common::{npy, outside, read};
use vena_flow::fcs::{DataSet, FcsError, ReadOptions, read_fcs, read_fcs_from};
use vena_flow::{
    FileCompensation, Limits, SpilloverError, SpilloverMatrix, Tolerance, Tolerances, file_compensation,
};

fn with(tolerances: &[Tolerance]) -> ReadOptions {
    ReadOptions { tolerances: tolerances.iter().copied().collect(), limits: Limits::default() }
}

fn one(path: &Path, tolerances: &[Tolerance]) -> Result<DataSet, FcsError> {
    let bytes = read(path);
    let file = read_fcs(&bytes, &with(tolerances))?;
    let streamed = read_fcs_from(std::io::Cursor::new(&bytes), &with(tolerances)).unwrap();
    assert_eq!(file.data_sets.len(), 1);
    assert_eq!(file.data_sets[0].columns, streamed.data_sets[0].columns, "slice and stream agree");
    Ok(file.data_sets.into_iter().next().unwrap())
}

fn assert_matches(data: &DataSet, truth: &Path, scaled: bool) {
    let (rows, columns, values) = npy(truth);
    assert_eq!((data.events, data.channels.len()), (rows, columns));
    for column in 0..columns {
        let own = data.scale_values(column).unwrap();
        for row in 0..rows {
            let expected = values[row * columns + column];
            let value = if scaled { own[row] } else { data.columns[column].get(row).unwrap() };
            let close =
                if scaled { (value - expected).abs() <= 1e-12 * expected.abs() } else { value == expected };
            assert!(close, "row {row} column {column}: {value} {expected}");
        }
    }
}

/// Row Q10. Stored and scaled values equal the truth arrays.
#[test]
fn values_equal_the_truth_arrays() {
    let (Some(files), Some(gating)) = (outside("fcs_files"), outside("fcs_gatingml")) else {
        return;
    };
    let data = one(&gating.join("gate_ref/data1.fcs"), &[]).unwrap();
    assert_matches(&data, &files.join("flowio/data1_original_events.npy"), false);
    assert_matches(&data, &files.join("flowio/data1_preprocessed.npy"), true);
    let data = one(&files.join("flowio/B01 KC-A-W---91-US.fcs"), &[]).unwrap();
    assert_matches(&data, &files.join("flowio/B01 KC-A-W---91-US_preprocessed_events.npy"), true);
    let (compensation, used) = file_compensation(&data, &Tolerances::strict(), &Limits::default()).unwrap();
    assert!(
        matches!(compensation, FileCompensation::Matrix { ref matrix } if matrix.detectors.len() == 8 && matrix.origin == "$SPILLOVER")
    );
    assert_eq!(used, Tolerances::strict());
}

/// Row Q10. Files within the standard read strictly, with the shapes known.
#[test]
fn compliant_files_read_strictly() {
    let Some(files) = outside("fcs_files") else {
        return;
    };
    for (name, events, channels) in [
        ("flowio/3FITC_4PE_004.fcs", 94_569, 4),
        ("flowio/B01 KC-A-W---91-US.fcs", 1_589, 14),
        ("flowkit/data_set_simple_line_100.fcs", 100, 2),
        ("flowkit/test_data_2d_01.fcs", 10_000, 2),
        ("flowkit/test_data_diamond_01.fcs", 200_000, 2),
        ("flowcore/compdata/data/060909.001", 10_000, 7),
        ("flowcore/compdata/data/060909.002", 8_805, 7),
        ("flowcore/compdata/data/060909.003", 7_485, 7),
        ("flowcore/compdata/data/060909.004", 10_000, 7),
        ("flowcore/compdata/data/060909.005", 10_000, 7),
    ] {
        let data = one(&files.join(name), &[]).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((data.events, data.channels.len()), (events, channels), "{name}");
        assert_eq!(data.tolerances_used, Tolerances::strict(), "{name}");
    }
}

/// Row Q10. Offsets that contradict each other are refused; with the tolerance
/// the pair that fits the event count is used and said so.
#[test]
fn offset_discrepancies_need_their_tolerance() {
    let Some(files) = outside("fcs_files") else {
        return;
    };
    for name in ["data_start_offset_discrepancy_example.fcs", "data_stop_offset_discrepancy_example.fcs"] {
        let path = files.join("flowkit").join(name);
        // The file's anonymised $TIMESTEP is a departure of its own.
        assert!(one(&path, &[]).is_err());
        let error = one(&path, &[Tolerance::UnreadableTimeStep]).unwrap_err();
        assert!(matches!(error, FcsError::OffsetsDiffer { .. }), "{error}");
        assert!(error.to_string().contains("header-text-offsets-differ"));
        let data = one(&path, &[Tolerance::UnreadableTimeStep, Tolerance::HeaderTextOffsetsDiffer])
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((data.events, data.channels.len()), (2, 26));
        assert!(data.tolerances_used.allows(Tolerance::HeaderTextOffsetsDiffer));
        assert!(data.notes.iter().any(|note| note.en.contains("fit $TOT")));
    }
}

/// Row Q10. DATA said to end one byte late, and only SPILL for compensation.
#[test]
fn off_by_one_end_and_spill_need_their_tolerances() {
    let Some(files) = outside("fcs_files") else {
        return;
    };
    let path = files.join("flowkit/test_comp_example.fcs");
    let error = one(&path, &[]).unwrap_err();
    assert!(
        matches!(error, FcsError::DataLength { remedy: Some(Tolerance::OffByOneDataEnd), .. }),
        "{error}"
    );
    let data = one(&path, &[Tolerance::OffByOneDataEnd]).unwrap();
    assert_eq!((data.events, data.channels.len()), (10_703, 18));
    assert_eq!(
        file_compensation(&data, &Tolerances::strict(), &Limits::default()),
        Err(SpilloverError::OnlySpill)
    );
    let lenient = Tolerances::strict().with(Tolerance::SpillKeyword);
    let (compensation, used) = file_compensation(&data, &lenient, &Limits::default()).unwrap();
    assert!(matches!(compensation, FileCompensation::Matrix { ref matrix } if matrix.is_identity()));
    assert_eq!(used, lenient);
    let matrix = SpilloverMatrix::from_file(
        "comp_complete_example.csv",
        &read(files.join("flowkit/comp_complete_example.csv")),
        &Limits::default(),
    )
    .unwrap();
    assert_eq!(matrix.detectors.len(), 14);
    assert_eq!(matrix.coefficients[1], 0.2986);
}

/// Row Q10. Empty values: refused to the letter, read with the tolerance.
#[test]
fn empty_values_need_their_tolerance() {
    let Some(files) = outside("fcs_files") else {
        return;
    };
    for name in ["0877408774.B08", "0877408774.F06"] {
        let path = files.join("flowcore").join(name);
        let error = one(&path, &[]).unwrap_err();
        assert!(error.to_string().contains("empty-keyword-value"), "{error}");
        let data =
            one(&path, &[Tolerance::EmptyKeywordValue]).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((data.events, data.channels.len()), (10_000, 8));
        assert_eq!(data.channels[5].name, "FL1-A");
        assert_eq!(data.keywords.get("$P3S"), Some(""));
    }
}

/// Row Q10. Matrix files as R, FlowKit and the instrument's maker write them.
#[test]
fn matrix_files_read() {
    let Some(files) = outside("fcs_files") else {
        return;
    };
    let read_matrix =
        |name: &str| SpilloverMatrix::from_file(name, &read(files.join(name)), &Limits::default()).unwrap();
    let matrix = read_matrix("flowcore/compdata/compmatrix");
    assert_eq!(matrix.detectors, ["FL1-H", "FL2-H", "FL3-H", "FL4-H"]);
    assert_eq!(matrix.coefficients[1], 0.24);
    assert_eq!(read_matrix("flowkit/den_comp.csv").detectors[5], "CD3 APC-H7 FLR-A");
    // A single stain, compensated with the known matrix, leaves no spill behind.
    let weights = matrix.weights().unwrap();
    for (row, spectrum) in matrix.coefficients.chunks(4).enumerate() {
        for (column, weights) in weights.iter().enumerate() {
            let seen: f64 = spectrum.iter().zip(weights).map(|(value, weight)| value * weight).sum();
            assert!((seen - f64::from(u8::from(row == column))).abs() < 1e-12);
        }
    }
}
