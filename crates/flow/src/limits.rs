//! How much a file may ask for before it is refused. Knows nothing of formats.

use serde::{Deserialize, Serialize};

/// Upper bounds that keep a lying file from taking the machine's memory.
/// All are arguments; the defaults fit real instruments many times over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes in one FCS file.
    pub file_bytes_max: u64,
    /// Bytes of one TEXT segment.
    pub text_bytes_max: u64,
    /// Keywords in one data set.
    pub keywords_max: usize,
    /// Channels (`$PAR`) in one data set.
    pub channels_max: usize,
    /// Events (`$TOT`) in one data set.
    pub events_max: u64,
    /// Data sets in one file.
    pub data_sets_max: usize,
    /// Bytes of one Gating-ML file.
    pub xml_bytes_max: usize,
    /// Elements in one Gating-ML file.
    pub xml_elements_max: usize,
    /// Nesting depth of one Gating-ML file.
    pub xml_depth_max: usize,
    /// Attributes on one element.
    pub xml_attributes_max: usize,
    /// Gates (each quadrant counted) in one Gating-ML file.
    pub gates_max: usize,
    /// Bytes of one compensation matrix file.
    pub matrix_bytes_max: usize,
    /// Channels in one compensation matrix.
    pub matrix_channels_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes_max: 16 << 30,
            text_bytes_max: 64 << 20,
            keywords_max: 200_000,
            channels_max: 4_096,
            events_max: 2_000_000_000,
            data_sets_max: 1_000,
            xml_bytes_max: 32 << 20,
            xml_elements_max: 500_000,
            xml_depth_max: 64,
            xml_attributes_max: 64,
            gates_max: 20_000,
            matrix_bytes_max: 16 << 20,
            matrix_channels_max: 512,
        }
    }
}
