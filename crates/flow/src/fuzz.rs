//! Entry points for fuzzing: arbitrary bytes through every reader, under small
//! limits. They return nothing; what they must not do is panic or run away.

use crate::fcs::{ByteOrder, FcsVersion, ReadOptions, WriteChannel, WriteDataSet, read_fcs, write_fcs};
use crate::file_compensation::{FileCompensation, file_compensation};
use crate::gating::{apply_gates, read_gating_ml, write_gating_ml};
use crate::limits::Limits;
use crate::spillover::SpilloverMatrix;
use crate::tolerance::{Tolerance, Tolerances};

fn limits() -> Limits {
    Limits {
        events_max: 1 << 16,
        channels_max: 64,
        data_sets_max: 8,
        gates_max: 64,
        matrix_channels_max: 32,
        ..Limits::default()
    }
}

/// Reads bytes as FCS, strictly and with every tolerance, and looks for a
/// compensation.
pub fn fuzz_fcs(data: &[u8]) {
    for tolerances in [Tolerances::strict(), Tolerance::ALL.into_iter().collect()] {
        let options = ReadOptions { tolerances, limits: limits() };
        let Ok(file) = read_fcs(data, &options) else {
            continue;
        };
        for data_set in &file.data_sets {
            assert!(data_set.columns.iter().all(|column| column.len() == data_set.events));
            if let Ok((FileCompensation::Matrix { matrix }, _)) =
                file_compensation(data_set, &options.tolerances, &options.limits)
            {
                let _ = matrix.weights();
            }
        }
    }
    let _ = SpilloverMatrix::from_file("fuzz", data, &limits()).map(|matrix| matrix.weights());
}

/// Reads bytes as Gating-ML; what reads must survive writing, and applying to
/// a small data set must not panic.
pub fn fuzz_gating_ml(data: &[u8]) {
    let Ok(document) = read_gating_ml(data, &limits()) else {
        return;
    };
    let written = write_gating_ml(&document);
    let again = read_gating_ml(written.as_bytes(), &limits());
    assert!(again.is_ok_and(|again| again == document), "what was read does not survive writing: {written}");
    if let Ok(bytes) = write_fcs(&[small()])
        && let Ok(file) = read_fcs(&bytes, &ReadOptions::default())
        && let Some(data_set) = file.data_sets.first()
    {
        let _ = apply_gates(&document, data_set, &FileCompensation::None);
    }
}

/// Three events in two channels.
fn small() -> WriteDataSet {
    let channel = |name: &str| WriteChannel::floats(name, 1024, vec![-10.0, 0.0, 500.0]);
    WriteDataSet {
        version: FcsVersion::V3_1,
        order: ByteOrder::Little,
        delimiter: b'/',
        channels: vec![channel("FL1-H"), channel("FL2-H")],
        keywords: Vec::new(),
    }
}
