//! Events as one column per channel. Knows neither files nor gates.

use std::io;
use std::sync::Arc;

use crate::membership::Membership;
use crate::memory::Memory;

/// Stored values of one channel, exact: single precision where every value the
/// channel can hold fits it (F data, integers below 2^24), else double (integers
/// above 2^53 are rounded). The columns of a data set share one run of memory,
/// so a copy of a column copies no value.
#[derive(Clone, Debug)]
pub struct Column {
    memory: Arc<Memory>,
    run: Run,
    events: usize,
}

/// A column's values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Values<'a> {
    /// Values that single precision holds exactly.
    Single(&'a [f32]),
    /// Values that need double precision.
    Double(&'a [f64]),
}

/// Width of a column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    Single,
    Double,
}

impl Width {
    const fn bytes(self) -> usize {
        match self {
            Self::Single => size_of::<f32>(),
            Self::Double => size_of::<f64>(),
        }
    }
}

/// Where a column lies in the memory.
#[derive(Clone, Copy, Debug)]
struct Run {
    at: usize,
    width: Width,
}

/// All columns while they are filled.
#[derive(Debug)]
pub(crate) struct Matrix {
    memory: Memory,
    runs: Vec<Run>,
    events: usize,
}

impl Matrix {
    /// Zeroed columns for so many events.
    ///
    /// # Errors
    /// The system has no such run of memory.
    pub(crate) fn zeroed(widths: &[Width], events: usize) -> io::Result<Self> {
        // Columns begin on lines of the cache.
        const LINE: usize = 64;
        let too_large = || io::Error::from(io::ErrorKind::OutOfMemory);
        let mut runs = Vec::with_capacity(widths.len());
        let mut at = 0usize;
        for &width in widths {
            runs.push(Run { at, width });
            let bytes =
                events.checked_mul(width.bytes()).and_then(|bytes| bytes.checked_next_multiple_of(LINE));
            at = bytes.and_then(|bytes| at.checked_add(bytes)).ok_or_else(too_large)?;
        }
        Ok(Self { memory: Memory::zeroed(at)?, runs, events })
    }

    /// Every column, whole, to be filled.
    pub(crate) fn parts(&mut self) -> Vec<ColumnPart<'_>> {
        let mut parts = Vec::with_capacity(self.runs.len());
        let mut rest = self.memory.bytes_mut();
        let mut before = 0usize;
        for run in &self.runs {
            let len = self.events * run.width.bytes();
            let cut = rest.split_at_mut_checked(run.at - before);
            let Some((own, after)) = cut.and_then(|(_, own)| own.split_at_mut_checked(len)) else { break };
            parts.push(match run.width {
                Width::Single => ColumnPart::Single(bytemuck::try_cast_slice_mut(own).unwrap_or_default()),
                Width::Double => ColumnPart::Double(bytemuck::try_cast_slice_mut(own).unwrap_or_default()),
            });
            rest = after;
            before = run.at + len;
        }
        parts
    }

    /// The columns, filled.
    pub(crate) fn into_columns(self) -> Vec<Column> {
        let memory = Arc::new(self.memory);
        let column = |run: Run| Column { memory: memory.clone(), run, events: self.events };
        self.runs.into_iter().map(column).collect()
    }
}

/// Part of a column that one piece of work fills.
pub(crate) enum ColumnPart<'a> {
    Single(&'a mut [f32]),
    Double(&'a mut [f64]),
}

impl<'a> ColumnPart<'a> {
    #[cfg(test)]
    fn len(&self) -> usize {
        match self {
            Self::Single(values) => values.len(),
            Self::Double(values) => values.len(),
        }
    }

    /// No NaN and no infinity. Whole runs without a branch per value.
    pub(crate) fn all_finite(&self) -> bool {
        match self {
            Self::Single(values) => {
                const EXPONENT: u32 = 0x7f80_0000;
                values.iter().fold(0u32, |bad, value| bad | u32::from(value.to_bits() & EXPONENT == EXPONENT))
                    == 0
            }
            Self::Double(values) => values.iter().fold(true, |all, value| all & value.is_finite()),
        }
    }

    /// The same part, shortened to some of its rows.
    pub(crate) fn tile(&mut self, start: usize, rows: usize) -> ColumnPart<'_> {
        match self {
            Self::Single(values) => ColumnPart::Single(window(values, start, rows)),
            Self::Double(values) => ColumnPart::Double(window(values, start, rows)),
        }
    }

    /// Its rows from `first` on, in pieces of `rows`.
    pub(crate) fn pieces(self, (first, rows): (usize, usize), each: usize) -> Vec<ColumnPart<'a>> {
        match self {
            Self::Single(values) => {
                window(values, first, rows).chunks_mut(each).map(ColumnPart::Single).collect()
            }
            Self::Double(values) => {
                window(values, first, rows).chunks_mut(each).map(ColumnPart::Double).collect()
            }
        }
    }
}

fn window<T>(values: &mut [T], first: usize, rows: usize) -> &mut [T] {
    let first = first.min(values.len());
    let end = first.saturating_add(rows).min(values.len());
    values.get_mut(first..end).unwrap_or_default()
}

impl PartialEq for Column {
    fn eq(&self, other: &Self) -> bool {
        self.values() == other.values()
    }
}

impl Column {
    /// The values.
    #[must_use]
    pub fn values(&self) -> Values<'_> {
        let end = self.run.at + self.events * self.run.width.bytes();
        let bytes = self.memory.bytes().get(self.run.at..end).unwrap_or_default();
        match self.run.width {
            Width::Single => Values::Single(bytemuck::try_cast_slice(bytes).unwrap_or_default()),
            Width::Double => Values::Double(bytemuck::try_cast_slice(bytes).unwrap_or_default()),
        }
    }

    /// Number of events.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events
    }

    /// True when there is no event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events == 0
    }

    /// One value; `None` past the end.
    #[must_use]
    pub fn get(&self, event: usize) -> Option<f64> {
        match self.values() {
            Values::Single(values) => values.get(event).map(|&value| f64::from(value)),
            Values::Double(values) => values.get(event).copied(),
        }
    }

    /// Copies values from `start` on into `into`; what lies past the end stays.
    pub(crate) fn copy_to(&self, start: usize, into: &mut [f64]) {
        match self.values() {
            Values::Single(values) => {
                for (to, &from) in into.iter_mut().zip(values.get(start..).unwrap_or_default()) {
                    *to = f64::from(from);
                }
            }
            Values::Double(values) => {
                for (to, &from) in into.iter_mut().zip(values.get(start..).unwrap_or_default()) {
                    *to = from;
                }
            }
        }
    }

    /// Bytes of memory the values take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.events * self.run.width.bytes()
    }

    /// Index of the first value that is NaN or infinite.
    pub(crate) fn non_finite(&self) -> Option<usize> {
        match self.values() {
            Values::Single(values) => first_non_finite(values, |value| value.is_finite()),
            Values::Double(values) => first_non_finite(values, |value| value.is_finite()),
        }
    }

    /// Marks every event from `first` on whose value is not finite.
    pub(crate) fn mark_non_finite(&self, first: usize, marked: &mut Membership) {
        for event in first..self.len() {
            if self.get(event).is_some_and(|value| !value.is_finite()) {
                marked.insert(event);
            }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    /// Row Q10. Columns of both widths lie apart, hold what was put into them, and a copy holds it too, on the
    /// heap as in mapped memory.
    #[test]
    fn columns_share_memory_and_nothing_else() {
        for events in [0, 1, 17, 1 << 20] {
            let widths = [Width::Single, Width::Double, Width::Single];
            let mut matrix = Matrix::zeroed(&widths, events).unwrap();
            assert_eq!(matches!(matrix.memory, Memory::Mapped(_)), events == 1 << 20);
            for (mut part, value) in matrix.parts().into_iter().zip([1.0f32, 2.0, 3.0]) {
                assert_eq!(part.len(), events);
                match &mut part {
                    ColumnPart::Single(values) => values.fill(value),
                    ColumnPart::Double(values) => values.fill(value.into()),
                }
            }
            let columns = matrix.into_columns();
            for (column, value) in columns.clone().iter().zip([1.0, 2.0, 3.0]) {
                assert_eq!(column.len(), events);
                assert!((0..events).all(|event| column.get(event) == Some(value)));
                assert_eq!(column.get(events), None);
            }
            assert_eq!(columns[0].bytes() * 2, columns[1].bytes());
            assert_eq!(columns[0] == columns[2], events == 0);
        }
        assert!(Matrix::zeroed(&[Width::Double], usize::MAX / 4).is_err());
    }
}
