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
        lines.into_iter().map(|line| line.into_iter().map(finite).collect()).collect();
    // The leftmost of the highest points: the label stands above the line.
    let higher = |best: [f64; 2], point: [f64; 2]| {
        let better = point[1] > best[1] || (point[1] >= best[1] && point[0] < best[0]);
        if better { point } else { best }
    };
    let whole = lines.iter().flatten().copied().reduce(higher)?;
    let seen: Vec<Vec<[f64; 2]>> = lines.iter().flat_map(|line| clipped(line)).collect();
    // A gate none of whose line is seen has its label at the edge nearest to it.
    let anchor = seen.iter().flatten().copied().reduce(higher);
    let anchor = anchor.unwrap_or_else(|| whole.map(|place| place.clamp(0.0, 1.0)));
    Some(Outline { id: id.to_owned(), lines: seen, anchor })
}

/// Farthest place that is drawn towards: beyond it differences of places would lose their digits.
const FAR: f64 = 1e9;

fn finite(point: [f64; 2]) -> [f64; 2] {
    point.map(|place| if place.is_nan() { 0.0 } else { place.clamp(-FAR, FAR) })
}

/// The pieces of a line that lie inside the plot: it ends where it leaves and begins where it comes back, so that no
/// side is bent towards a point outside.
fn clipped(line: &[[f64; 2]]) -> Vec<Vec<[f64; 2]>> {
    let mut pieces: Vec<Vec<[f64; 2]>> = Vec::new();
    let mut left = true;
    for side in line.windows(2) {
        let &[from, to] = side else { continue };
        let Some((first, last)) = inside(from, to) else {
            left = true;
            continue;
        };
        match pieces.last_mut() {
            Some(piece) if !left && piece.last() == Some(&first) => piece.push(last),
            _ => pieces.push(vec![first, last]),
        }
        left = last != to;
    }
    // A closed line that begins inside is one piece, not two that meet.
    if pieces.len() > 1
        && line.first() == line.last()
        && let (Some(first), Some(last)) = (pieces.first(), pieces.last())
        && first.first() == line.first()
        && last.last() == line.last()
    {
        let start = pieces.remove(0);
        if let Some(last) = pieces.last_mut() {
            last.extend(start.into_iter().skip(1));
        }
    }
    pieces
}

/// The part of a side inside the unit square (Liang and Barsky 1984); `None` where it passes by.
fn inside(from: [f64; 2], to: [f64; 2]) -> Option<([f64; 2], [f64; 2])> {
    let way = [to[0] - from[0], to[1] - from[1]];
    let (mut begin, mut end) = (0.0f64, 1.0f64);
    for (start, along) in from.into_iter().zip(way) {
        for (towards, room) in [(-along, start), (along, 1.0 - start)] {
            if towards == 0.0 {
                if room < 0.0 {
                    return None;
                }
            } else if towards < 0.0 {
                begin = begin.max(room / towards);
            } else {
                end = end.min(room / towards);
            }
        }
    }
    let at = |share: f64| {
        let point = [share.mul_add(way[0], from[0]), share.mul_add(way[1], from[1])];
        point.map(|place| place.clamp(0.0, 1.0))
    };
    // What is inside already stays to the bit.
    let first = if begin > 0.0 { at(begin) } else { from };
    let last = if end < 1.0 { at(end) } else { to };
    (begin <= end).then_some((first, last))
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn triangle() -> Vec<[f64; 2]> {
        closed(vec![[0.2, 0.2], [0.6, 0.2], [0.4, 2.2]])
    }

    /// Row Q10. A side that leaves the plot keeps its direction up to the edge: a corner outside bends nothing.
    #[test]
    fn a_corner_outside_bends_no_side() {
        let outline = drawn("Cells", vec![triangle()]).unwrap();
        assert_eq!(outline.lines.len(), 1, "{:?}", outline.lines);
        let line = &outline.lines[0];
        // Down the left side, along the bottom, up the right one; both end at the plot's upper edge.
        assert_eq!(line.len(), 4, "{line:?}");
        let (low, high) = (line[0][0].min(line[3][0]), line[0][0].max(line[3][0]));
        assert!((low - 0.28).abs() < 1e-12 && (high - 0.52).abs() < 1e-12, "{line:?}");
        assert!(line[0][1] == 1.0 && line[3][1] == 1.0, "{line:?}");
        assert!(line.contains(&[0.2, 0.2]) && line.contains(&[0.6, 0.2]));
        assert!((outline.anchor[0] - 0.28).abs() < 1e-12 && outline.anchor[1] == 1.0);
    }

    /// Row Q10. Every piece of a line lies inside the plot and on the line's own sides.
    #[test]
    fn pieces_lie_inside_and_on_the_sides() {
        let star = closed(vec![[-0.5, 0.5], [0.5, 0.7], [1.5, -0.4], [0.5, 1.9], [0.3, 0.3], [-1e300, 0.1]]);
        let star: Vec<[f64; 2]> = star.into_iter().map(finite).collect();
        let pieces = clipped(&star);
        assert!(pieces.len() > 1);
        for [x, y] in pieces.iter().flatten() {
            assert!((0.0..=1.0).contains(x) && (0.0..=1.0).contains(y), "{x} {y}");
            let on = |side: &[[f64; 2]]| {
                let (from, to) = (side[0], side[1]);
                let (along, up) = (to[0] - from[0], to[1] - from[1]);
                let apart = (x - from[0]).mul_add(up, -((y - from[1]) * along)).abs() / along.hypot(up);
                apart < 1e-6
            };
            assert!(star.windows(2).any(on), "{x} {y}");
        }
    }

    /// Row Q10. A line inside stays as it is; one outside, or around the whole plot, is not drawn, and its label
    /// stands at the edge.
    #[test]
    fn a_line_inside_stays_and_one_outside_is_not_drawn() {
        let square = closed(vec![[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]]);
        assert_eq!(drawn("a", vec![square.clone()]).unwrap().lines, [square]);
        let around = closed(vec![[-1.0, -1.0], [2.0, -1.0], [2.0, 2.0], [-1.0, 2.0]]);
        let beside = closed(vec![[1.5, 0.4], [1.8, 0.4], [1.6, 0.6]]);
        for (line, anchor) in [(around, [0.0, 1.0]), (beside, [1.0, 0.6])] {
            let outline = drawn("b", vec![line]).unwrap();
            assert!(outline.lines.is_empty());
            assert_eq!(outline.anchor, anchor);
        }
        // The frame itself is inside: a gate open to one side ends at it.
        let frame = closed(vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]);
        assert_eq!(clipped(&frame), [frame]);
    }
}
