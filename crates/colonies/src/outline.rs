//! The edge of a dish as a camera sees it: an ellipse, nearly always close to a
//! circle. Must not know pictures or colonies.

use crate::edges::Circle;
use nalgebra::{Matrix5, Vector5};
use serde::{Deserialize, Serialize};

/// An ellipse in pixel-centre coordinates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Outline {
    /// Centre, pixels from the left.
    pub x: f32,
    /// Centre, pixels from the top.
    pub y: f32,
    /// Longer half-axis, pixels.
    pub long: f32,
    /// Shorter half-axis, pixels.
    pub short: f32,
    /// Cosine of the turn of the longer axis from the picture's rows.
    pub cosine: f32,
    /// Sine of the same.
    pub sine: f32,
}

/// Flatter than this is no dish that anyone could count on.
const FLATTEST: f64 = 0.6;
/// A pivot smaller than this: the points lie on a line, or are too few.
const SINGULAR: f64 = 1e-12;
/// Half-axes closer than this (part of the longer) are a circle's.
const ROUND: f32 = 0.99;

impl Outline {
    /// A circle as an outline.
    #[must_use]
    pub fn round(circle: Circle) -> Self {
        Self { x: circle.x, y: circle.y, long: circle.radius, short: circle.radius, cosine: 1.0, sine: 0.0 }
    }

    /// Radius of the circle of equal area, pixels.
    #[must_use]
    pub fn radius(&self) -> f32 {
        (self.long * self.short).sqrt()
    }

    /// The circle of equal area.
    #[must_use]
    pub fn circle(&self) -> Circle {
        Circle { x: self.x, y: self.y, radius: self.radius() }
    }

    /// Whether it is as good as a circle.
    #[must_use]
    pub fn is_round(&self) -> bool {
        self.short >= ROUND * self.long
    }

    /// Turn of the longer axis from the picture's rows, degrees.
    #[must_use]
    pub fn turn_degrees(&self) -> f32 {
        self.sine.atan2(self.cosine).to_degrees()
    }

    /// The same outline about the same centre, `part` times as large.
    #[must_use]
    pub fn resized(self, part: f32) -> Self {
        Self { long: self.long * part, short: self.short * part, ..self }
    }

    /// The same outline in a picture `factor` times as large.
    #[must_use]
    pub fn scaled(self, factor: f32) -> Self {
        let shift = (factor - 1.0) / 2.0;
        Self { x: self.x * factor + shift, y: self.y * factor + shift, ..self.resized(factor) }
    }

    /// The same outline seen from a frame whose corner lies at (`left`, `top`).
    #[must_use]
    pub fn within(self, left: f32, top: f32) -> Self {
        Self { x: self.x - left, y: self.y - top, ..self }
    }

    /// How far out a point lies: 0 in the middle, 1 on the outline.
    #[must_use]
    pub fn part(&self, x: f32, y: f32) -> f32 {
        self.part_squared(x, y).sqrt()
    }

    /// The square of [`Outline::part`], which costs no root.
    #[must_use]
    pub fn part_squared(&self, x: f32, y: f32) -> f32 {
        let (dx, dy) = (x - self.x, y - self.y);
        let along = (dx * self.cosine + dy * self.sine) / self.long.max(1e-6);
        let across = (dy * self.cosine - dx * self.sine) / self.short.max(1e-6);
        along * along + across * across
    }

    /// Distance from a point to the outline along the ray from the centre,
    /// pixels; positive inside.
    #[must_use]
    pub fn depth(&self, x: f32, y: f32) -> f32 {
        (1.0 - self.part(x, y)) * self.radius()
    }

    /// Half the width and half the height of the box around it, pixels.
    #[must_use]
    pub fn reach(&self) -> (f32, f32) {
        let wide = (self.long * self.cosine).hypot(self.short * self.sine);
        (wide, (self.long * self.sine).hypot(self.short * self.cosine))
    }

    /// The point of the outline in a direction of the round dish it is the picture of.
    #[must_use]
    pub fn point(&self, cosine: f32, sine: f32, part: f32) -> (f32, f32) {
        // The direction is taken in the picture's own frame, so that equal
        // directions of two outlines of one dish lie beside each other.
        let (along, across) =
            (cosine * self.cosine + sine * self.sine, sine * self.cosine - cosine * self.sine);
        let (along, across) = (along * self.long * part, across * self.short * part);
        (self.x + along * self.cosine - across * self.sine, self.y + along * self.sine + across * self.cosine)
    }

    /// Where row `y` enters and leaves the outline; `None` when it misses it.
    #[must_use]
    pub fn row(&self, y: f32) -> Option<(f32, f32)> {
        let (l2, s2) = (self.long * self.long, self.short * self.short);
        let (c, s) = (self.cosine, self.sine);
        let a = c * c / l2 + s * s / s2;
        let b = c * s * (1.0 / l2 - 1.0 / s2);
        let d = s * s / l2 + c * c / s2;
        let off = y - self.y;
        // a·x² + 2·b·x·off + d·off² = 1
        let under = b * b * off * off - a * (d * off * off - 1.0);
        if !(under > 0.0 && a > 0.0) {
            return None;
        }
        let middle = self.x - b * off / a;
        let half = under.sqrt() / a;
        Some((middle - half, middle + half))
    }

    /// The conic of least squares through `points` around `guess`; `None` when
    /// they do not lie on an ellipse.
    #[must_use]
    pub fn through(points: &[(f32, f32)], guess: &Self) -> Option<Self> {
        let scale = f64::from(guess.radius()).max(1e-6);
        let (x0, y0) = (f64::from(guess.x), f64::from(guess.y));
        let (mut normal, mut target) = (Matrix5::<f64>::zeros(), Vector5::<f64>::zeros());
        for point in points {
            let (x, y) = ((f64::from(point.0) - x0) / scale, (f64::from(point.1) - y0) / scale);
            let row = Vector5::new(x * x, x * y, y * y, x, y);
            normal += row * row.transpose();
            target += row;
        }
        let lu = normal.lu();
        if lu.u().diagonal().iter().any(|pivot| pivot.abs() < SINGULAR) {
            return None;
        }
        let [[a, b, c, d, e]] = lu.solve(&target)?.data.0;
        let determinant = 4.0 * a * c - b * b;
        if determinant <= 1e-9 {
            return None;
        }
        let (x, y) = ((b * e - 2.0 * c * d) / determinant, (b * d - 2.0 * a * e) / determinant);
        let size = 1.0 + a * x * x + b * x * y + c * y * y;
        let spread = ((a - c).powi(2) + b * b).sqrt();
        let (most, least) = ((a + c + spread) / 2.0, (a + c - spread) / 2.0);
        if !(size > 0.0 && least > 0.0) {
            return None;
        }
        let (long, short) = ((size / least).sqrt(), (size / most).sqrt());
        if !(long.is_finite() && short >= FLATTEST * long) {
            return None;
        }
        // The long axis belongs to the smaller eigenvalue.
        let turn = 0.5 * (-b).atan2(c - a);
        Some(Self {
            x: (x0 + x * scale) as f32,
            y: (y0 + y * scale) as f32,
            long: (long * scale) as f32,
            short: (short * scale) as f32,
            cosine: turn.cos() as f32,
            sine: turn.sin() as f32,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Row Q11. An ellipse is found again from its points, and rows meet it where its points lie.
    #[test]
    fn an_ellipse_is_found_again() {
        let turn = 0.4f32;
        let drawn =
            Outline { x: 310.0, y: 290.0, long: 240.0, short: 200.0, cosine: turn.cos(), sine: turn.sin() };
        let points: Vec<(f32, f32)> = (0..90)
            .map(|step| {
                let angle = step as f32 * 0.07;
                drawn.point(angle.cos(), angle.sin(), 1.0)
            })
            .collect();
        for point in &points {
            assert!((drawn.part(point.0, point.1) - 1.0).abs() < 1e-4);
            if let Some((left, right)) = drawn.row(point.1) {
                assert!((left - point.0).abs().min((right - point.0).abs()) < 0.6, "{point:?}");
            }
        }
        let guess = Outline::round(Circle { x: 300.0, y: 300.0, radius: 220.0 });
        let found = Outline::through(&points, &guess).unwrap();
        assert!((found.x - drawn.x).abs() < 0.1 && (found.y - drawn.y).abs() < 0.1, "{found:?}");
        assert!(
            (found.long - drawn.long).abs() < 0.2 && (found.short - drawn.short).abs() < 0.2,
            "{found:?}"
        );
        assert!((found.cosine * drawn.cosine + found.sine * drawn.sine).abs() > 0.999, "{found:?}");
        assert!(Outline::through(&points[..3], &guess).is_none());
        let line: Vec<(f32, f32)> = (0..40).map(|i| (i as f32 * 5.0, 200.0)).collect();
        assert!(Outline::through(&line, &guess).is_none());
    }
}
