//! Events as one column per channel. Knows neither files nor gates.

use crate::membership::Membership;

/// Stored values of one channel, exact: single precision where every value the
/// channel can hold fits it (F data, integers below 2^24), else double.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Values that single precision holds exactly.
    Single(Vec<f32>),
    /// Values that need double precision. Integers above 2^53 are rounded.
    Double(Vec<f64>),
}

impl Column {
    /// Number of events.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Single(values) => values.len(),
            Self::Double(values) => values.len(),
        }
    }

    /// True when there is no event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One value; `None` past the end.
    #[must_use]
    pub fn get(&self, event: usize) -> Option<f64> {
        match self {
            Self::Single(values) => values.get(event).map(|&value| f64::from(value)),
            Self::Double(values) => values.get(event).copied(),
        }
    }

    /// Copies values from `start` on into `into`; what lies past the end stays.
    pub(crate) fn copy_to(&self, start: usize, into: &mut [f64]) {
        match self {
            Self::Single(values) => {
                for (to, &from) in into.iter_mut().zip(values.get(start..).unwrap_or_default()) {
                    *to = f64::from(from);
                }
            }
            Self::Double(values) => {
                for (to, &from) in into.iter_mut().zip(values.get(start..).unwrap_or_default()) {
                    *to = from;
                }
            }
        }
    }

    /// Bytes of memory the values take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Single(values) => values.len() * size_of::<f32>(),
            Self::Double(values) => values.len() * size_of::<f64>(),
        }
    }

    /// Number of values that are NaN or infinite, and the first one's index.
    pub(crate) fn non_finite(&self) -> Option<usize> {
        match self {
            Self::Single(values) => first_non_finite(values, |value| value.is_finite()),
            Self::Double(values) => first_non_finite(values, |value| value.is_finite()),
        }
    }
}

/// Whole blocks are tested without a branch per value; only a block that
/// fails is searched.
fn first_non_finite<T: Copy + Sync>(values: &[T], finite: impl Fn(T) -> bool + Sync) -> Option<usize> {
    use rayon::prelude::*;
    const BLOCK: usize = 1 << 16;
    values
        .par_chunks(BLOCK)
        .enumerate()
        .filter_map(|(block, values)| {
            if values.iter().fold(true, |all, &value| all & finite(value)) {
                return None;
            }
            values.iter().position(|&value| !finite(value)).map(|index| block * BLOCK + index)
        })
        .min()
}

impl Column {
    /// Marks every event from `first` on whose value is not finite.
    pub(crate) fn mark_non_finite(&self, first: usize, marked: &mut Membership) {
        for event in first..self.len() {
            if self.get(event).is_some_and(|value| !value.is_finite()) {
                marked.insert(event);
            }
        }
    }
}
