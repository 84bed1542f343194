//! Gates as lines on a plot. Knows no events and no picture format.

use nalgebra::{Matrix2, Vector2};

use super::axis::Axis;
use crate::gating::{Dimension, Gate, GateShape};

/// Lines of one gate, in places between 0 and 1 on both axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    /// Id of the gate.
    pub id: String,
    /// Connected points; several for a quadrant gate.
    pub lines: Vec<Vec<[f64; 2]>>,
    /// Where its label goes.
    pub anchor: [f64; 2],
}

/// The outline of a gate on two dimensions; `None` when it does not lie there.
pub(crate) fn outline(gate: &Gate, x: &Dimension, y: &Dimension, axes: [&Axis; 2]) -> Option<Outline> {
    let lines = match &gate.shape {
        GateShape::Polygon { dimensions: [first, second], vertices } => {
            let swapped = swapped(first, second, x, y)?;
            let points = vertices.iter().map(|&[a, b]| place(if swapped { [b, a] } else { [a, b] }, axes));
            vec![closed(points.collect())]
        }
        GateShape::Rectangle { ranges } => {
            let known = |dimension: &Dimension| dimension == x || dimension == y;
            if ranges.is_empty() || ranges.len() > 2 || !ranges.iter().all(|range| known(&range.dimension)) {
                return None;
            }
            let side = |dimension: &Dimension, axis: &Axis| {
                let range = ranges.iter().find(|range| range.dimension == *dimension);
                let low = range.and_then(|range| range.min).map_or(0.0, |min| axis.place(min));
                let high = range.and_then(|range| range.max).map_or(1.0, |max| axis.place(max));
                (low, high)
            };
            let ((left, right), (bottom, top)) = (side(x, axes[0]), side(y, axes[1]));
            vec![closed(vec![[left, bottom], [right, bottom], [right, top], [left, top]])]
        }
        GateShape::Ellipsoid { dimensions, mean, covariance, distance_square } => {
            let ([first, second], [mean_a, mean_b]) = (dimensions.as_slice(), mean.as_slice()) else { return None };
            let swapped = swapped(first, second, x, y)?;
            let points = ellipse([*mean_a, *mean_b], covariance, *distance_square)?;
            let points = points.into_iter().map(|[a, b]| place(if swapped { [b, a] } else { [a, b] }, axes));
            vec![closed(points.collect())]
        }
        GateShape::Quadrant { dividers, .. } => {
            let mut lines = Vec::new();
            for divider in dividers {
                for &value in &divider.values {
                    if divider.dimension == *x {
                        let at = axes[0].place(value);
                        lines.push(vec![[at, 0.0], [at, 1.0]]);
                    } else if divider.dimension == *y {
                        let at = axes[1].place(value);
                        lines.push(vec![[0.0, at], [1.0, at]]);
                    }
                }
            }
            lines
        }
        GateShape::Boolean { .. } => return None,
    };
    if lines.is_empty() {
        return None;
    }
    let lines: Vec<Vec<[f64; 2]>> = lines.into_iter().map(|line| line.into_iter().map(clip).collect()).collect();
    let anchor = lines.iter().flatten().copied().reduce(|best, point| if point[1] > best[1] { point } else { best })?;
    Some(Outline { id: gate.id.clone(), lines, anchor })
}

/// Points far outside are drawn at the edge of the plot.
fn clip(point: [f64; 2]) -> [f64; 2] {
    point.map(|place| if place.is_nan() { 0.0 } else { place.clamp(0.0, 1.0) })
}

fn swapped(first: &Dimension, second: &Dimension, x: &Dimension, y: &Dimension) -> Option<bool> {
    if first == x && second == y {
        Some(false)
    } else if first == y && second == x {
        Some(true)
    } else {
        None
    }
}

fn place([x, y]: [f64; 2], axes: [&Axis; 2]) -> [f64; 2] {
    [axes[0].place(x), axes[1].place(y)]
}

fn closed(mut points: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    if let Some(&first) = points.first() {
        points.push(first);
    }
    points
}

/// Points of an ellipse; `None` when the matrix is no covariance.
fn ellipse(mean: [f64; 2], covariance: &[Vec<f64>], distance_square: f64) -> Option<Vec<[f64; 2]>> {
    const POINTS: u32 = 72;
    if !crate::gating::is_covariance(covariance) || covariance.len() != 2 {
        return None;
    }
    let matrix = Matrix2::from_row_iterator(covariance.iter().flatten().copied());
    let root = matrix.cholesky()?.l() * distance_square.sqrt();
    let centre = Vector2::new(mean[0], mean[1]);
    let point = |index: u32| {
        let angle = std::f64::consts::TAU * f64::from(index) / f64::from(POINTS);
        let at = centre + root * Vector2::new(angle.cos(), angle.sin());
        [at.x, at.y]
    };
    Some((0..POINTS).map(point).collect())
}
