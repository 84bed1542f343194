//! Evens the illumination: estimates the large-scale background on a coarse
//! grid of robust cells and takes it away. Must not know colonies or files.

use crate::raster::{Plane, quantile};

/// Background values on a grid of square cells.
#[derive(Debug, Clone)]
pub struct Background {
    columns: usize,
    rows: usize,
    cell: usize,
    values: Vec<f32>,
}

/// Share of a cell's pixels that must be usable for it to speak for itself.
const USABLE_SHARE_MIN: f64 = 0.12;

impl Background {
    /// The `share` quantile of each `cell × cell` block over pixels that are
    /// `usable`; cells with too few take their neighbours' mean; then smoothed.
    /// `None` when no pixel is usable.
    #[must_use]
    pub fn estimate(plane: &Plane, cell: usize, share: f64, usable: impl Fn(usize) -> bool) -> Option<Self> {
        let cell = cell.max(4);
        let columns = plane.width.div_ceil(cell).max(1);
        let rows = plane.height.div_ceil(cell).max(1);
        // About two hundred samples a cell place a median well enough.
        let stride = (cell / 14).max(1);
        let mut values = vec![f32::NAN; columns * rows];
        let mut within = Vec::with_capacity(cell * cell);
        for row in 0..rows {
            for column in 0..columns {
                within.clear();
                let mut looked_at = 0usize;
                for y in (row * cell..((row + 1) * cell).min(plane.height)).step_by(stride) {
                    for x in (column * cell..((column + 1) * cell).min(plane.width)).step_by(stride) {
                        let at = y * plane.width + x;
                        looked_at += 1;
                        if usable(at) {
                            within.push(plane.values[at]);
                        }
                    }
                }
                let full = (cell / stride) * (cell / stride);
                if within.len() as f64 >= USABLE_SHARE_MIN * looked_at.max(full / 2) as f64
                    && let Some(value) = quantile(&mut within, share)
                {
                    values[row * columns + column] = value;
                }
            }
        }
        let mut grid = Self { columns, rows, cell, values };
        grid.fill_gaps().then(|| {
            grid.smooth();
            grid
        })
    }

    fn neighbours(&self, at: usize) -> impl Iterator<Item = f32> + '_ {
        let (row, column) = (at / self.columns, at % self.columns);
        let rows = row.saturating_sub(1)..=(row + 1).min(self.rows - 1);
        rows.flat_map(move |r| {
            let columns = column.saturating_sub(1)..=(column + 1).min(self.columns - 1);
            columns.map(move |c| self.values[r * self.columns + c])
        })
    }

    /// Grows values into empty cells from their neighbours; false when all are empty.
    fn fill_gaps(&mut self) -> bool {
        if self.values.iter().all(|v| v.is_nan()) {
            return false;
        }
        while self.values.iter().any(|v| v.is_nan()) {
            let next: Vec<f32> = (0..self.values.len())
                .map(|at| {
                    let own = self.values[at];
                    if !own.is_nan() {
                        return own;
                    }
                    let (mut sum, mut count) = (0.0, 0);
                    for value in self.neighbours(at).filter(|v| !v.is_nan()) {
                        sum += value;
                        count += 1;
                    }
                    if count == 0 { f32::NAN } else { sum / count as f32 }
                })
                .collect();
            self.values = next;
        }
        true
    }

    /// A 3 × 3 median takes single cells covered by a colony; a mean rounds the steps.
    fn smooth(&mut self) {
        let median: Vec<f32> = (0..self.values.len())
            .map(|at| {
                let mut around: Vec<f32> = self.neighbours(at).collect();
                quantile(&mut around, 0.5).unwrap_or(0.0)
            })
            .collect();
        self.values = median;
        let mean: Vec<f32> = (0..self.values.len())
            .map(|at| {
                let (mut sum, mut count) = (0.0, 0.0);
                for value in self.neighbours(at) {
                    sum += value;
                    count += 1.0;
                }
                0.5 * self.values[at] + 0.5 * sum / count
            })
            .collect();
        self.values = mean;
    }

    /// The background at a pixel.
    #[must_use]
    pub fn at(&self, x: usize, y: usize) -> f32 {
        let grid = |v: usize, count: usize| {
            let place = ((v as f32 + 0.5) / self.cell as f32 - 0.5).clamp(0.0, count as f32 - 1.0);
            let low = place.floor() as usize;
            (low, (low + 1).min(count - 1), place - place.floor())
        };
        let (left, right, fx) = grid(x, self.columns);
        let (top, bottom, fy) = grid(y, self.rows);
        let value = |c: usize, r: usize| self.values[r * self.columns + c];
        let upper = value(left, top) * (1.0 - fx) + value(right, top) * fx;
        let lower = value(left, bottom) * (1.0 - fx) + value(right, bottom) * fx;
        upper * (1.0 - fy) + lower * fy
    }

    /// `sign × (plane − background)` for every pixel.
    #[must_use]
    pub fn evened(&self, plane: &Plane, sign: f32) -> Plane {
        let mut out = Plane::filled(plane.width, plane.height, 0.0);
        let places: Vec<(usize, usize, f32)> = (0..plane.width)
            .map(|x| {
                let place = ((x as f32 + 0.5) / self.cell as f32 - 0.5).clamp(0.0, self.columns as f32 - 1.0);
                let low = place.floor() as usize;
                (low, (low + 1).min(self.columns - 1), place - place.floor())
            })
            .collect();
        let mut line = vec![0.0f32; self.columns];
        for y in 0..plane.height {
            let place = ((y as f32 + 0.5) / self.cell as f32 - 0.5).clamp(0.0, self.rows as f32 - 1.0);
            let top = place.floor() as usize;
            let bottom = (top + 1).min(self.rows - 1);
            let down = place - place.floor();
            for (column, value) in line.iter_mut().enumerate() {
                let (upper, lower) =
                    (self.values[top * self.columns + column], self.values[bottom * self.columns + column]);
                *value = upper + (lower - upper) * down;
            }
            let target = &mut out.values[y * plane.width..(y + 1) * plane.width];
            for ((value, source), &(left, right, across)) in target.iter_mut().zip(plane.row(y)).zip(&places)
            {
                let base = line[left] + (line[right] - line[left]) * across;
                *value = sign * (source - base);
            }
        }
        out
    }
}
