//! Shapes tested against blocks of events. Knows only numbers.

use nalgebra::DMatrix;

/// Events in one block: one machine word of membership bits.
pub(crate) const WORD: usize = 64;

/// min ≤ value < max; NaN is outside, whatever the bounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub min: Option<f64>,
    pub max: Option<f64>,
}

impl Bounds {
    /// One bit per value, at most [`WORD`] values.
    pub(crate) fn word(self, values: &[f64]) -> u64 {
        match (self.min, self.max) {
            (Some(min), Some(max)) => bits(values, |value| value >= min && value < max),
            (Some(min), None) => bits(values, |value| value >= min),
            (None, Some(max)) => bits(values, |value| value < max),
            (None, None) => bits(values, |value| !value.is_nan()),
        }
    }
}

fn bits(values: &[f64], inside: impl Fn(f64) -> bool) -> u64 {
    values.iter().enumerate().fold(0, |word, (bit, &value)| word | (u64::from(inside(value)) << bit))
}

/// A polygon by the even-odd rule; points on its edge belong to it.
#[derive(Clone, Debug)]
pub(crate) struct Polygon {
    edges: Vec<Edge>,
    min: [f64; 2],
    max: [f64; 2],
}

/// An edge that runs upwards (or is horizontal).
#[derive(Clone, Copy, Debug)]
struct Edge {
    x1: f64,
    y1: f64,
    dx: f64,
    dy: f64,
    y2: f64,
    x_min: f64,
    x_max: f64,
}

impl Polygon {
    pub(crate) fn new(vertices: &[[f64; 2]]) -> Self {
        let following = vertices.iter().cycle().skip(1);
        let edges = vertices
            .iter()
            .zip(following)
            .map(|(&from, &to)| {
                let (low, high) = if from[1] <= to[1] { (from, to) } else { (to, from) };
                Edge {
                    x1: low[0],
                    y1: low[1],
                    dx: high[0] - low[0],
                    dy: high[1] - low[1],
                    y2: high[1],
                    x_min: low[0].min(high[0]),
                    x_max: low[0].max(high[0]),
                }
            })
            .collect();
        let extreme = |axis: usize, pick: fn(f64, f64) -> f64, start| {
            vertices.iter().filter_map(|vertex| vertex.get(axis)).copied().fold(start, pick)
        };
        let min = [extreme(0, f64::min, f64::INFINITY), extreme(1, f64::min, f64::INFINITY)];
        let max = [extreme(0, f64::max, f64::NEG_INFINITY), extreme(1, f64::max, f64::NEG_INFINITY)];
        Self { edges, min, max }
    }

    /// One bit per point, at most [`WORD`] points.
    pub(crate) fn word(&self, xs: &[f64], ys: &[f64]) -> u64 {
        let boxed = bits(xs, |x| x >= self.min[0] && x <= self.max[0])
            & bits(ys, |y| y >= self.min[1] && y <= self.max[1]);
        if boxed == 0 {
            return 0;
        }
        // Edge by edge over all points: the loop has no branch and vectorises.
        let mut odd = [0u8; WORD];
        let mut on_edge = [0u8; WORD];
        for edge in &self.edges {
            let points = xs.iter().zip(ys).zip(odd.iter_mut().zip(on_edge.iter_mut()));
            for ((&x, &y), (odd, on_edge)) in points {
                let side = edge.dx * (y - edge.y1) - edge.dy * (x - edge.x1);
                *odd ^= u8::from(side > 0.0) & u8::from(y >= edge.y1) & u8::from(y < edge.y2);
                *on_edge |= u8::from(side == 0.0)
                    & u8::from(x >= edge.x_min)
                    & u8::from(x <= edge.x_max)
                    & u8::from(y >= edge.y1)
                    & u8::from(y <= edge.y2);
            }
        }
        let inside = odd
            .iter()
            .zip(&on_edge)
            .enumerate()
            .fold(0u64, |word, (bit, (odd, on))| word | (u64::from(odd | on) << bit));
        inside & boxed
    }
}

/// Points whose squared Mahalanobis distance from a centre is at most a limit.
#[derive(Clone, Debug)]
pub(crate) struct Ellipsoid {
    mean: Vec<f64>,
    /// Inverse covariance, row by row.
    inverse: Vec<f64>,
    distance_square: f64,
}

impl Ellipsoid {
    /// `None` when the matrix is not square of the mean's size, or has no
    /// inverse. The standard's own compliance data hold a matrix that is
    /// neither symmetric nor positive definite, so those are not refused;
    /// [`is_covariance`] tells them apart.
    pub(crate) fn new(mean: &[f64], covariance: &[Vec<f64>], distance_square: f64) -> Option<Self> {
        let matrix = square(mean.len(), covariance)?;
        let values = matrix.singular_values();
        let (smallest, largest) = (values.min(), values.max());
        if smallest.is_nan() || largest.is_nan() || smallest <= f64::EPSILON * largest {
            return None;
        }
        let inverse: Vec<f64> = matrix.try_inverse()?.transpose().iter().copied().collect();
        let finite = inverse.iter().all(|value| value.is_finite());
        finite.then(|| Self { mean: mean.to_vec(), inverse, distance_square })
    }

    /// One bit per point; `columns` hold one slice per dimension.
    pub(crate) fn word(&self, columns: &[&[f64]]) -> u64 {
        let size = self.mean.len();
        let events = columns.first().map_or(0, |column| column.len()).min(WORD);
        let mut square = [0.0f64; WORD];
        let mut differences = vec![[0.0f64; WORD]; size];
        for ((difference, column), mean) in differences.iter_mut().zip(columns).zip(&self.mean) {
            for (to, value) in difference.iter_mut().zip(column.iter()) {
                *to = value - mean;
            }
        }
        for (row, left) in self.inverse.chunks(size).zip(&differences) {
            for (weight, right) in row.iter().zip(&differences) {
                for ((sum, a), b) in square.iter_mut().zip(left).zip(right) {
                    *sum += weight * a * b;
                }
            }
        }
        bits(square.get(..events).unwrap_or_default(), |square| square <= self.distance_square)
    }
}

fn square(size: usize, rows: &[Vec<f64>]) -> Option<DMatrix<f64>> {
    let fits = size > 0 && rows.len() == size && rows.iter().all(|row| row.len() == size);
    fits.then(|| DMatrix::from_row_iterator(size, size, rows.iter().flatten().copied()))
}

/// True for a symmetric, positive definite matrix.
pub(crate) fn is_covariance(rows: &[Vec<f64>]) -> bool {
    const ROUNDING: f64 = 1e-9;
    square(rows.len(), rows).is_some_and(|matrix| {
        let asymmetry = (&matrix - matrix.transpose()).amax();
        asymmetry <= ROUNDING * matrix.amax() && matrix.cholesky().is_some()
    })
}
