//! From the value stored in a channel to the value on the detector's scale.
//! Knows no file and no gate.

use serde::{Deserialize, Serialize};

/// How stored values become scale values (FCS 3.1, `$PnE`, `$PnG`, `$TIMESTEP`).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ChannelScale {
    /// value × time step ÷ gain. Of the two only one is ever not 1: time has no gain.
    Linear {
        /// Amplifier gain `$PnG`, positive; 1 when absent.
        gain: f64,
        /// Seconds per tick for the Time channel; 1 elsewhere.
        time_step: f64,
    },
    /// offset × 10^(decades × value ÷ range).
    Log {
        /// Decades f1 of `$PnE`, positive.
        decades: f64,
        /// Value at 0, f2 of `$PnE`, positive.
        offset: f64,
        /// `$PnR`.
        range: f64,
    },
}

impl Default for ChannelScale {
    fn default() -> Self {
        Self::Linear { gain: 1.0, time_step: 1.0 }
    }
}

impl ChannelScale {
    /// One stored value on the detector's scale.
    #[must_use]
    pub fn apply(&self, stored: f64) -> f64 {
        match *self {
            Self::Linear { gain, time_step } => stored * time_step / gain,
            Self::Log { decades, offset, range } => 10f64.powf(decades * stored / range) * offset,
        }
    }

    /// True when stored and scale values are the same.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        matches!(*self, Self::Linear { gain: 1.0, time_step: 1.0 })
    }

    /// Scale values of a log channel for each whole number below `entries`;
    /// `None` for linear channels, where a table gains nothing.
    pub(crate) fn table(&self, entries: usize) -> Option<Vec<f64>> {
        matches!(self, Self::Log { .. }).then(|| {
            #[allow(clippy::cast_precision_loss)]
            (0..entries).map(|stored| self.apply(stored as f64)).collect()
        })
    }
}
