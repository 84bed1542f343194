//! How the light of a picture changes from pixel to pixel, and what of that is
//! an edge. Must not know what the edges belong to.

use crate::raster::{Plane, robust_deviation};

/// A change of brightness below this, in parts of full scale per pixel, is no edge.
pub(crate) const WEAKEST_EDGE: f32 = 0.006;

/// Gradient of a plane in both directions, per pixel.
pub(crate) struct Slopes {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) across: Vec<f32>,
    pub(crate) down: Vec<f32>,
    /// Least change that is an edge.
    pub(crate) weakest: f32,
}

impl Slopes {
    pub(crate) fn of(plane: &Plane) -> Self {
        let (width, height) = (plane.width, plane.height);
        let mut slopes = Self {
            width,
            height,
            across: vec![0.0; width * height],
            down: vec![0.0; width * height],
            weakest: edge_floor(plane),
        };
        for y in 1..height.saturating_sub(1) {
            let (upper, here, lower) = (plane.row(y - 1), plane.row(y), plane.row(y + 1));
            for x in 1..width.saturating_sub(1) {
                let corners = (upper[x - 1], upper[x + 1], lower[x - 1], lower[x + 1]);
                let at = y * width + x;
                slopes.across[at] =
                    (corners.1 + corners.3 - corners.0 - corners.2 + 2.0 * (here[x + 1] - here[x - 1])) / 8.0;
                slopes.down[at] =
                    (corners.2 + corners.3 - corners.0 - corners.1 + 2.0 * (lower[x] - upper[x])) / 8.0;
            }
        }
        slopes
    }

    /// How clear an edge square to a direction is at a point, 0–3 times the
    /// weakest that counts; 0 when it runs otherwise; `None` outside.
    pub(crate) fn edge(&self, x: f32, y: f32, cosine: f32, sine: f32) -> Option<f32> {
        if x < 2.0 || y < 2.0 || x > self.width as f32 - 3.0 || y > self.height as f32 - 3.0 {
            return None;
        }
        let at = (y + 0.5) as usize * self.width + (x + 0.5) as usize;
        let (gx, gy) = (self.across[at], self.down[at]);
        let along = (gx * cosine + gy * sine).abs();
        let beside = (gy * cosine - gx * sine).abs();
        let seen = along >= self.weakest && along > 1.6 * beside;
        Some(if seen { (along / self.weakest).min(3.0) } else { 0.0 })
    }
}

/// What counts as an edge in this picture: above its own noise and texture.
fn edge_floor(plane: &Plane) -> f32 {
    let mut changes: Vec<f32> = Vec::with_capacity(plane.values.len() / 4);
    for y in (0..plane.height).step_by(2) {
        for three in plane.row(y).windows(3).step_by(2) {
            if let [before, _, after] = three {
                changes.push((after - before) / 2.0);
            }
        }
    }
    (3.0 * robust_deviation(&mut changes)).max(WEAKEST_EDGE)
}
