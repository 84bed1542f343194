//! Cells per volume by counting beads in the same tube, and viability. Knows
//! no gate: counts in, counts out.

use serde::Serialize;
use thiserror::Error;
use vena_base::Text;

/// Why a count is refused.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum CountError {
    /// No bead was counted, so nothing can be scaled.
    #[error("no bead was counted")]
    NoBeads,
    /// A volume or a number of beads that is not a positive number.
    #[error("{} is {value}; a positive number is needed", .what.en)]
    NotPositive {
        /// Which argument.
        what: Text,
        /// Its value.
        value: f64,
    },
    /// More in the part than in the whole.
    #[error("{part} dead events among {whole}")]
    PartExceedsWhole {
        /// Events in the part.
        part: u64,
        /// Events in the whole.
        whole: u64,
    },
    /// A gate that was not applied.
    #[error("there is no gate {gate:?}; there are: {present}")]
    NoSuchGate {
        /// The gate asked for.
        gate: String,
        /// The gates there are.
        present: String,
    },
    /// Neither or both kinds of viability gate.
    #[error("viability needs one gate: of dead cells or of viable ones")]
    OneViabilityGate,
    /// Beads and an analyser's count at once.
    #[error("beads and an analyser's count were both given: totals rest on one of them")]
    TwoPlatforms,
    /// CD3+ cells must be among the viable nucleated ones.
    #[error("{events} events of {gate} lie outside the viable nucleated cells")]
    OutsideNucleated {
        /// Events outside.
        events: u64,
        /// The gate of CD3+ cells.
        gate: String,
    },
    /// There is no event.
    #[error("there is no event to take a share of")]
    NoEvents,
}

/// Normal quantile of the two-sided 95 % interval that counts carry: it states
/// the precision of counting and decides nothing.
pub const COUNTING_Z: f64 = 1.959_963_984_540_054;

/// A concentration by a single-platform count.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct AbsoluteCount {
    /// Cells per microlitre of sample (UCUM `/uL`).
    pub cells_per_microlitre: f64,
    /// Relative standard error from counting alone: √(1/cells + 1/beads).
    /// `None` when no cell was counted.
    pub relative_standard_error: Option<f64>,
    /// Two-sided 95 % interval from counting alone. No cell counted still allows up to its upper end.
    pub interval: (f64, f64),
    /// Cell events.
    pub cell_events: u64,
    /// Bead events.
    pub bead_events: u64,
}

/// Cells per microlitre of sample: cell events ÷ bead events × beads added ÷
/// sample volume, × the dilution of the sample before it was pipetted (1 when
/// undiluted). `beads_added` is the number in the tube as the lot states it.
///
/// # Errors
/// No bead events; volume, beads or dilution not positive.
#[allow(clippy::cast_precision_loss)]
pub fn absolute_count(
    cell_events: u64,
    bead_events: u64,
    beads_added: f64,
    sample_microlitres: f64,
    dilution: f64,
) -> Result<AbsoluteCount, CountError> {
    for (what, value) in [
        (Text::new("number of beads added", "加入的計數珠數"), beads_added),
        (Text::new("sample volume in uL", "檢體體積（µL）"), sample_microlitres),
        (Text::new("dilution", "稀釋倍數"), dilution),
    ] {
        if !(value.is_finite() && value > 0.0) {
            return Err(CountError::NotPositive { what, value });
        }
    }
    if bead_events == 0 {
        return Err(CountError::NoBeads);
    }
    let (cells, beads) = (cell_events as f64, bead_events as f64);
    let cells_per_microlitre = cells / beads * beads_added / sample_microlitres * dilution;
    let relative_standard_error = (cell_events > 0).then(|| (1.0 / cells + 1.0 / beads).sqrt());
    Ok(AbsoluteCount {
        cells_per_microlitre,
        relative_standard_error,
        // A ratio of two Poisson counts is symmetric on the logarithm.
        interval: match relative_standard_error {
            Some(error) => {
                let fold = (COUNTING_Z * error).exp();
                (cells_per_microlitre / fold, cells_per_microlitre * fold)
            }
            // A Poisson mean of −ln 0.025 shows nothing once in forty.
            None => (0.0, -0.025f64.ln() / beads * beads_added / sample_microlitres * dilution),
        },
        cell_events,
        bead_events,
    })
}

/// Share of cells that exclude a dead-cell dye.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Viability {
    /// Percent of events that are negative for the dye.
    pub percent: f64,
    /// Events negative for the dye.
    pub viable: u64,
    /// All cell events.
    pub cells: u64,
}

/// Viability from the events positive for a dead-cell dye (7-AAD, propidium
/// iodide, DAPI) among all cell events.
///
/// # Errors
/// No cell event, or more dead events than cells.
#[allow(clippy::cast_precision_loss)]
pub fn viability(dead: u64, cells: u64) -> Result<Viability, CountError> {
    if cells == 0 {
        return Err(CountError::NoEvents);
    }
    let viable = cells.checked_sub(dead).ok_or(CountError::PartExceedsWhole { part: dead, whole: cells })?;
    Ok(Viability { percent: 100.0 * viable as f64 / cells as f64, viable, cells })
}
