//! The area inside four straight sides, as a camera sees a square dish. Must
//! not know pictures or colonies.

use serde::{Deserialize, Serialize};

/// Four corners in pixel-centre coordinates: top left, top right, bottom right, bottom left.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Corners(pub [(f32, f32); 4]);

impl Corners {
    /// The sides from corner to corner, in order from the top one.
    #[must_use]
    pub fn sides(&self) -> [((f32, f32), (f32, f32)); 4] {
        let [a, b, c, d] = self.0;
        [(a, b), (b, c), (c, d), (d, a)]
    }

    /// The same area in a picture `factor` times as large.
    #[must_use]
    pub fn scaled(self, factor: f32) -> Self {
        let shift = (factor - 1.0) / 2.0;
        Self(self.0.map(|(x, y)| (x * factor + shift, y * factor + shift)))
    }

    /// The same area seen from a frame whose corner lies at (`left`, `top`).
    #[must_use]
    pub fn within(self, left: f32, top: f32) -> Self {
        Self(self.0.map(|(x, y)| (x - left, y - top)))
    }

    /// The same area drawn in towards its middle, `part` times as large.
    #[must_use]
    pub fn resized(self, part: f32) -> Self {
        let (x, y) = self.middle();
        Self(self.0.map(|corner| (x + (corner.0 - x) * part, y + (corner.1 - y) * part)))
    }

    /// Mean of the corners.
    #[must_use]
    pub fn middle(&self) -> (f32, f32) {
        let sum = self.0.iter().fold((0.0, 0.0), |sum, c| (sum.0 + c.0, sum.1 + c.1));
        (sum.0 / 4.0, sum.1 / 4.0)
    }

    /// Mean width and mean height, pixels.
    #[must_use]
    pub fn size(&self) -> (f32, f32) {
        let lengths = self.sides().map(|(from, to)| (to.0 - from.0).hypot(to.1 - from.1));
        ((lengths[0] + lengths[2]) / 2.0, (lengths[1] + lengths[3]) / 2.0)
    }

    /// Left, top, right and bottom of the box around it, pixels.
    #[must_use]
    pub fn bounds(&self) -> (f32, f32, f32, f32) {
        let far = (f32::INFINITY, f32::INFINITY, f32::NEG_INFINITY, f32::NEG_INFINITY);
        self.0.iter().fold(far, |b, c| (b.0.min(c.0), b.1.min(c.1), b.2.max(c.0), b.3.max(c.1)))
    }

    /// Where row `y` enters and leaves the area; `None` when it misses it.
    #[must_use]
    pub fn row(&self, y: f32) -> Option<(f32, f32)> {
        let crossing = |(from, to): ((f32, f32), (f32, f32))| {
            let across = (from.1 <= y) != (to.1 <= y);
            across.then(|| from.0 + (y - from.1) / (to.1 - from.1) * (to.0 - from.0))
        };
        let found: Vec<f32> = self.sides().into_iter().filter_map(crossing).collect();
        let (least, most) =
            (found.iter().copied().reduce(f32::min)?, found.iter().copied().reduce(f32::max)?);
        (most > least).then_some((least, most))
    }

    /// Whether a point lies inside.
    #[must_use]
    pub fn holds(&self, x: f32, y: f32) -> bool {
        self.row(y).is_some_and(|(left, right)| (left..=right).contains(&x))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Row Q11. A turned square holds what is in it, and each row enters and leaves it.
    #[test]
    fn a_turned_square_has_rows() {
        let square = Corners([(10.0, 0.0), (20.0, 10.0), (10.0, 20.0), (0.0, 10.0)]);
        assert_eq!(square.row(10.0), Some((0.0, 20.0)));
        assert_eq!(square.row(5.0), Some((5.0, 15.0)));
        assert_eq!(square.row(25.0), None);
        assert!(square.holds(10.0, 10.0) && !square.holds(2.0, 2.0));
        assert_eq!(square.resized(0.5).row(10.0), Some((5.0, 15.0)));
        assert_eq!(square.within(1.0, 0.0).scaled(1.0).row(10.0), Some((-1.0, 19.0)));
        assert!((square.size().0 - 200.0f32.sqrt()).abs() < 1e-4);
    }
}
