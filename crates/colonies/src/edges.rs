//! Edges of a small picture and circle voting over them (the gradient form of
//! the Hough transform). Must not know what the circles stand for.

use crate::raster::{Plane, quantile};
use serde::{Deserialize, Serialize};

/// A circle in pixel-centre coordinates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Circle {
    /// Centre, pixels from the left.
    pub x: f32,
    /// Centre, pixels from the top.
    pub y: f32,
    /// Radius, pixels.
    pub radius: f32,
}

impl Circle {
    /// The same circle in a picture `factor` times as large.
    #[must_use]
    pub fn scaled(self, factor: f32) -> Self {
        // Pixel i of the small picture covers i·f … (i+1)·f − 1 of the large one.
        let shift = (factor - 1.0) / 2.0;
        Self { x: self.x * factor + shift, y: self.y * factor + shift, radius: self.radius * factor }
    }
}

/// A pixel where the brightness changes, and the unit direction of the change.
#[derive(Debug, Clone, Copy)]
pub struct Edge {
    /// Column.
    pub x: f32,
    /// Row.
    pub y: f32,
    /// Horizontal part of the direction.
    pub toward_x: f32,
    /// Vertical part of the direction.
    pub toward_y: f32,
}

/// The strongest `share` of the plane's edges, none weaker than `weakest`.
#[must_use]
pub fn edges_of(plane: &Plane, share: f64, weakest: f32) -> Vec<Edge> {
    let (width, height) = (plane.width as isize, plane.height as isize);
    let mut found = Vec::new();
    for y in 1..height - 1 {
        for x in 1..width - 1 {
            let at = |dx, dy| plane.nearest(x + dx, y + dy);
            let gx = at(1, -1) + 2.0 * at(1, 0) + at(1, 1) - at(-1, -1) - 2.0 * at(-1, 0) - at(-1, 1);
            let gy = at(-1, 1) + 2.0 * at(0, 1) + at(1, 1) - at(-1, -1) - 2.0 * at(0, -1) - at(1, -1);
            let size = (gx * gx + gy * gy).sqrt() / 8.0;
            if size >= weakest {
                let unit = 1.0 / (8.0 * size);
                let edge = Edge { x: x as f32, y: y as f32, toward_x: gx * unit, toward_y: gy * unit };
                found.push((size, edge));
            }
        }
    }
    let most = (share * (width * height) as f64) as usize;
    if found.len() > most {
        let mut sizes: Vec<f32> = found.iter().map(|f| f.0).collect();
        let cut = quantile(&mut sizes, 1.0 - most as f64 / found.len() as f64).unwrap_or(0.0);
        found.retain(|f| f.0 >= cut);
    }
    found.into_iter().map(|f| f.1).collect()
}

/// Every edge votes for the centres of circles of `radii` it may lie on, to
/// both sides; each radius's votes weigh 1/radius, so that a full circle of any
/// size gathers the same. Returned smoothed over 3 × 3.
#[must_use]
pub fn centre_votes(size: (usize, usize), edges: &[Edge], radii: std::ops::RangeInclusive<usize>) -> Plane {
    let (width, height) = size;
    let mut votes = Plane::filled(width, height, 0.0);
    for edge in edges {
        for radius in radii.clone() {
            let reach = radius as f32;
            for side in [reach, -reach] {
                let x = edge.x + side * edge.toward_x + 0.5;
                let y = edge.y + side * edge.toward_y + 0.5;
                if x >= 0.0 && y >= 0.0 && (x as usize) < width && (y as usize) < height {
                    votes.values[y as usize * width + x as usize] += 1.0 / reach;
                }
            }
        }
    }
    let mut smooth = Plane::filled(width, height, 0.0);
    for y in 1..height.saturating_sub(1) {
        for x in 1..width - 1 {
            let mut sum = 0.0;
            for row in y - 1..=y + 1 {
                sum += votes.values[row * width + x - 1..=row * width + x + 1].iter().sum::<f32>();
            }
            smooth.values[y * width + x] = sum;
        }
    }
    smooth
}

/// What a look outwards from a centre finds, one entry a radius.
#[derive(Debug, Clone)]
pub struct RingProfile {
    /// Share of the directions inside the picture that meet a ring here, 0–1.
    pub coverage: Vec<f32>,
    /// Share of all directions that lie inside the picture at this radius.
    pub inside: Vec<f32>,
}

/// Directions looked at around a centre.
pub(crate) const DIRECTIONS: usize = 180;

/// Brightness change along and across the direction at a point, if inside.
fn radial_change(plane: &Plane, centre: Circle, direction: (f32, f32), radius: f32) -> Option<(f32, f32)> {
    let (cosine, sine) = direction;
    let (x, y) = (centre.x + radius * cosine, centre.y + radius * sine);
    if x < 2.0 || y < 2.0 || x > plane.width as f32 - 3.0 || y > plane.height as f32 - 3.0 {
        return None;
    }
    let along = plane.bilinear(x + cosine, y + sine) - plane.bilinear(x - cosine, y - sine);
    let across = plane.bilinear(x - sine, y + cosine) - plane.bilinear(x + sine, y - cosine);
    Some((along / 2.0, across / 2.0))
}

/// Unit vectors all round.
pub(crate) fn directions() -> impl Iterator<Item = (f32, f32)> {
    (0..DIRECTIONS).map(|step| {
        let angle = step as f32 * std::f32::consts::TAU / DIRECTIONS as f32;
        (angle.cos(), angle.sin())
    })
}

/// Coverage of rings around `centre` for radii 0 … `radius_max`. A direction
/// meets a ring at a radius when a change at least `weakest`, and clearly along
/// rather than across, lies within `slack` of it (rings need not be concentric).
#[must_use]
pub fn ring_profile(
    plane: &Plane,
    centre: Circle,
    radius_max: usize,
    slack: f32,
    weakest: f32,
) -> RingProfile {
    let mut hits = vec![0u32; radius_max + 1];
    let mut inside = vec![0u32; radius_max + 1];
    let mut last_hit = vec![0usize; radius_max + 1];
    for (number, direction) in directions().enumerate() {
        for (radius, within) in inside.iter_mut().enumerate().skip(4) {
            let Some((along, across)) = radial_change(plane, centre, direction, radius as f32) else {
                continue;
            };
            *within += 1;
            if along.abs() >= weakest && along.abs() > 1.6 * across.abs() {
                let reach = (slack * radius as f32).round() as usize;
                for near in radius.saturating_sub(reach)..=(radius + reach).min(radius_max) {
                    if last_hit[near] != number + 1 {
                        last_hit[near] = number + 1;
                        hits[near] += 1;
                    }
                }
            }
        }
    }
    RingProfile {
        coverage: hits
            .iter()
            .zip(&inside)
            .map(|(&h, &n)| if n == 0 { 0.0 } else { (h as f32 / n as f32).min(1.0) })
            .collect(),
        inside: inside.iter().map(|&n| n as f32 / DIRECTIONS as f32).collect(),
    }
}

/// Fits a circle to the strongest radial change within `slack` of `guess`
/// (least squares after Kåsa, twice trimmed). `None` when too little is seen.
#[must_use]
pub fn fit_ring(plane: &Plane, guess: Circle, slack: f32, weakest: f32) -> Option<Circle> {
    let reach = (slack * guess.radius).max(2.0);
    let mut points = Vec::with_capacity(DIRECTIONS);
    for direction in directions() {
        let mut best: Option<(f32, f32)> = None;
        let mut radius = guess.radius - reach;
        while radius <= guess.radius + reach {
            if let Some((along, across)) = radial_change(plane, guess, direction, radius) {
                let size = along.abs();
                if size >= weakest && size > 1.6 * across.abs() && best.is_none_or(|b| size > b.0) {
                    best = Some((size, radius));
                }
            }
            radius += 0.5;
        }
        if let Some((_, radius)) = best {
            points.push((guess.x + radius * direction.0, guess.y + radius * direction.1));
        }
    }
    let mut circle = guess;
    for limit in [f32::INFINITY, 0.02, 0.01] {
        let kept: Vec<(f32, f32)> = points
            .iter()
            .copied()
            .filter(|p| {
                let off = ((p.0 - circle.x).hypot(p.1 - circle.y) - circle.radius).abs();
                off <= (limit * circle.radius).max(1.0)
            })
            .collect();
        if kept.len() < DIRECTIONS / 4 {
            return None;
        }
        circle = least_squares_circle(&kept)?;
    }
    let moved = (circle.x - guess.x).hypot(circle.y - guess.y) + (circle.radius - guess.radius).abs();
    (moved <= 2.5 * reach).then_some(circle)
}

fn least_squares_circle(points: &[(f32, f32)]) -> Option<Circle> {
    let count = points.len() as f64;
    let mean_x = points.iter().map(|p| f64::from(p.0)).sum::<f64>() / count;
    let mean_y = points.iter().map(|p| f64::from(p.1)).sum::<f64>() / count;
    let (mut xx, mut xy, mut yy, mut xz, mut yz, mut zz) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for point in points {
        let (x, y) = (f64::from(point.0) - mean_x, f64::from(point.1) - mean_y);
        let z = x * x + y * y;
        xx += x * x;
        xy += x * y;
        yy += y * y;
        xz += x * z;
        yz += y * z;
        zz += z;
    }
    let determinant = xx * yy - xy * xy;
    if determinant.abs() < 1e-9 {
        return None;
    }
    let x = (xz * yy - yz * xy) / (2.0 * determinant);
    let y = (yz * xx - xz * xy) / (2.0 * determinant);
    let radius = (zz / count + x * x + y * y).sqrt();
    Some(Circle { x: (x + mean_x) as f32, y: (y + mean_y) as f32, radius: radius as f32 })
}
