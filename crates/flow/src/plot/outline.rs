//! Gates as lines on a plot. Knows no events and no picture format.

use nalgebra::{Matrix2, Vector2};

use super::axis::Axis;
use crate::gating::{Dimension, Divider, Gate, GateShape, Quadrant, Range};

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

/// The outlines of a gate on two dimensions; none when it does not lie there.
/// A quadrant gate gives its cuts, and one outline without lines per quadrant,
/// for its label.
pub(crate) fn outlines(gate: &Gate, plane: &Plane<'_>) -> Vec<Outline> {
    let lines = match &gate.shape {
        GateShape::Polygon { dimensions: [first, second], vertices } => plane
            .swapped(first, second)
            .map(|swapped| vec![closed(vertices.iter().map(|&point| plane.place(point, swapped)).collect())]),
        GateShape::Rectangle { ranges } => plane.rectangle(ranges),
        GateShape::Ellipsoid { dimensions, mean, covariance, distance_square } => {
            match (dimensions.as_slice(), mean.as_slice()) {
                ([first, second], &[a, b]) => plane.swapped(first, second).and_then(|swapped| {
                    let points = ellipse([a, b], covariance, *distance_square)?;
                    Some(vec![closed(points.into_iter().map(|point| plane.place(point, swapped)).collect())])
                }),
                _ => None,
            }
        }
        GateShape::Quadrant { dividers, quadrants } => {
            let mut outlines: Vec<Outline> = drawn(&gate.id, plane.cuts(dividers)).into_iter().collect();
            outlines.extend(quadrants.iter().filter_map(|quadrant| plane.quadrant(dividers, quadrant)));
            return outlines;
        }
        GateShape::Boolean { .. } => None,
    };
    drawn(&gate.id, lines.unwrap_or_default()).into_iter().collect()
}

/// The plane of a plot.
pub(crate) struct Plane<'a> {
    pub dimensions: [&'a Dimension; 2],
    pub axes: [&'a Axis; 2],
}

impl Plane<'_> {
    /// Whether two dimensions are this plane's, and in the other order.
    fn swapped(&self, first: &Dimension, second: &Dimension) -> Option<bool> {
        let [x, y] = self.dimensions;
        if first == x && second == y {
            Some(false)
        } else if first == y && second == x {
            Some(true)
        } else {
            None
        }
    }

    fn place(&self, [a, b]: [f64; 2], swapped: bool) -> [f64; 2] {
        let (x, y) = if swapped { (b, a) } else { (a, b) };
        [self.axes[0].place(x), self.axes[1].place(y)]
    }

    /// A range gate is a band across the whole plot.
    fn rectangle(&self, ranges: &[Range]) -> Option<Vec<Vec<[f64; 2]>>> {
        let known = |range: &Range| self.dimensions.contains(&&range.dimension);
        if ranges.is_empty() || ranges.len() > 2 || !ranges.iter().all(known) {
            return None;
        }
        let side = |dimension: &Dimension, axis: &Axis| {
            let range = ranges.iter().find(|range| range.dimension == *dimension);
            let low = range.and_then(|range| range.min).map_or(0.0, |min| axis.place(min));
            let high = range.and_then(|range| range.max).map_or(1.0, |max| axis.place(max));
            (low, high)
        };
        let (left, right) = side(self.dimensions[0], self.axes[0]);
        let (bottom, top) = side(self.dimensions[1], self.axes[1]);
        Some(vec![closed(vec![[left, bottom], [right, bottom], [right, top], [left, top]])])
    }

    fn cuts(&self, dividers: &[Divider]) -> Vec<Vec<[f64; 2]>> {
        let mut lines = Vec::new();
        for divider in dividers {
            for &value in &divider.values {
                if divider.dimension == *self.dimensions[0] {
                    let at = self.axes[0].place(value);
                    lines.push(vec![[at, 0.0], [at, 1.0]]);
                } else if divider.dimension == *self.dimensions[1] {
                    let at = self.axes[1].place(value);
                    lines.push(vec![[0.0, at], [1.0, at]]);
                }
            }
        }
        lines
    }

    /// Where a quadrant's label goes: in the middle of what it shows of itself.
    /// `None` when it is cut along a dimension that is not plotted too.
    fn quadrant(&self, dividers: &[Divider], quadrant: &Quadrant) -> Option<Outline> {
        let mut anchor = [0.5, 0.9];
        for position in &quadrant.positions {
            let divider = dividers.iter().find(|divider| divider.id == position.divider)?;
            let axis = self.dimensions.iter().position(|own| **own == divider.dimension)?;
            let scale = self.axes.get(axis)?;
            let places = || divider.values.iter().map(|&value| (value, scale.place(value).clamp(0.0, 1.0)));
            let low = places()
                .filter(|(value, _)| *value <= position.location)
                .map(|(_, place)| place)
                .fold(0.0, f64::max);
            let high = places()
                .filter(|(value, _)| *value > position.location)
                .map(|(_, place)| place)
                .fold(1.0, f64::min);
            *anchor.get_mut(axis)? = f64::midpoint(low, high);
        }
        Some(Outline { id: quadrant.id.clone(), lines: Vec::new(), anchor })
    }
}

fn drawn(id: &str, lines: Vec<Vec<[f64; 2]>>) -> Option<Outline> {
    let lines: Vec<Vec<[f64; 2]>> =
        lines.into_iter().map(|line| line.into_iter().map(clip).collect()).collect();
    // The leftmost of the highest points: the label stands above the line.
    let higher = |best: [f64; 2], point: [f64; 2]| {
        let better = point[1] > best[1] || (point[1] >= best[1] && point[0] < best[0]);
        if better { point } else { best }
    };
    let anchor = lines.iter().flatten().copied().reduce(higher)?;
    Some(Outline { id: id.to_owned(), lines, anchor })
}

/// Points far outside are drawn at the edge of the plot.
fn clip(point: [f64; 2]) -> [f64; 2] {
    point.map(|place| if place.is_nan() { 0.0 } else { place.clamp(0.0, 1.0) })
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
