//! Evens one vessel's signal in two passes and finds its noise and threshold.
//! Must not know shapes.

use crate::background::Background;
use crate::components::{Component, components};
use crate::raster::{Plane, quantile, robust_deviation};
use crate::region::Region;

/// Colonies must stand this many noise deviations above the background at
/// their highest, and this many at their edge.
const SEED_DEVIATIONS: f32 = 7.0;
const EDGE_DEVIATIONS: f32 = 4.0;
/// Contrast under which nothing is called a colony, parts of full scale.
pub(crate) const CONTRAST_MIN: f32 = 0.018;
/// A colony's edge lies at least at this part of the usual colony's height.
const EDGE_OF_USUAL: f32 = 0.28;

/// Texture is at most this many times what neighbouring pixels tell.
const CROWD_NOISE: f32 = 3.0;
/// Pixels this far apart share nothing through the smoothing.
const APART_PX: usize = 4;

/// Deviation that differences of pixels so far apart in a row tell, both under `below`.
fn differences(plane: &Plane, region: &Region, apart: usize, below: f32) -> f32 {
    let stride = (plane.values.len() / 40_000).max(1) | 1;
    let mut changes: Vec<f32> = Vec::new();
    for (y, span) in region.spans.iter().enumerate().step_by((stride / 8).max(1)) {
        if let Some(row) = plane.row(y).get(span.0..span.1) {
            let pairs = row.iter().zip(row.iter().skip(apart)).step_by(8.min(stride));
            changes.extend(
                pairs.filter(|(one, other)| one.max(**other) < below).map(|(one, other)| other - one),
            );
        }
    }
    robust_deviation(&mut changes) / std::f32::consts::SQRT_2
}

/// Noise from differences of neighbours, which edges of colonies hardly change.
fn neighbour_noise(plane: &Plane, region: &Region, step: f32) -> f32 {
    differences(plane, region, APART_PX, f32::INFINITY).max(step * 0.5)
}

/// A colony's width, and what lies close together on it, pixels.
const WIDE_PX: usize = 8;
const NEAR_PX: usize = 2;

/// How uneven the ground is where nothing stands out. A camera's noise is as large over a colony's width as
/// between near pixels; colonies grown into each other are not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Texture {
    /// Differences over a colony's width, parts of full scale.
    pub(crate) height: f64,
    /// The same over differences of near pixels.
    pub(crate) times: f64,
}

fn texture_of(plane: &Plane, region: &Region, step: f32, below: f32) -> Texture {
    let near = differences(plane, region, NEAR_PX, below).max(step * 0.5);
    let wide = differences(plane, region, WIDE_PX, below);
    Texture { height: f64::from(wide), times: f64::from(wide / near) }
}

pub(crate) struct Even {
    pub(crate) plane: Plane,
    pub(crate) noise: f32,
    pub(crate) threshold: f32,
    pub(crate) seed: f32,
    pub(crate) halves: Halves,
    /// Whether the lines of a grid were taken out of it.
    pub(crate) lined: bool,
    /// Noise as neighbouring pixels tell it.
    pub(crate) pixel_noise: f32,
    pub(crate) texture: Texture,
}

/// Two passes: the first background may be pulled by colonies, the second
/// looks only at what the first left as background.
pub(crate) fn even_out(plane: &Plane, sign: f32, region: &Region, step: f32) -> Option<Even> {
    let mask = region.mask();
    // Wide against colonies, also in a well.
    let cell =
        (region.diameter() / 16.0).clamp(12.0, 120.0).max((region.diameter() / 6.0).min(48.0)) as usize;
    let quiet_side = if sign > 0.0 { 0.35 } else { 0.65 };
    let mut first = Background::estimate(plane, cell, quiet_side, |at| mask[at])?;
    let mut rough = first.evened(plane, sign);
    let pixel_noise = neighbour_noise(&rough, region, step);
    let banded = crate::bands::without_bands(plane, &rough, sign, region, pixel_noise);
    let plane = banded.as_ref().unwrap_or(plane);
    if banded.is_some() {
        first = Background::estimate(plane, cell, quiet_side, |at| mask[at])?;
        rough = first.evened(plane, sign);
    }
    let bare = crate::lines::without_lines(plane, &rough, sign, region, pixel_noise);
    let lined = bare.is_some();
    let plane = bare.as_ref().unwrap_or(plane);
    if bare.is_some() {
        first = Background::estimate(plane, cell, quiet_side, |at| mask[at])?;
        rough = first.evened(plane, sign);
    }
    // On a crowded plate most of the spread is colonies; neighbouring pixels tell the noise.
    let spread = noise_of(&rough, &mask, step, f32::INFINITY);
    let noise = spread.min(CROWD_NOISE * neighbour_noise(&rough, region, step));
    let halves = halves_of(&rough, &mask);
    let cut = (3.5 * noise).max(CONTRAST_MIN * 0.6);
    let usable: Vec<bool> = mark_quiet(&rough, &mask, cut);
    let fine_cell = (region.diameter() / 26.0).clamp(10.0, 64.0) as usize;
    let second = Background::estimate(plane, fine_cell, 0.5, |at| usable[at]).unwrap_or(first);
    let mut plane = second.evened(plane, sign);
    crate::rim::take_rings(&mut plane, region);
    let noise = noise_of(&plane, &usable, step, cut);
    let pixel_noise = neighbour_noise(&plane, region, step);
    let floor = (EDGE_DEVIATIONS * noise).max(CONTRAST_MIN);
    let seed = (SEED_DEVIATIONS * noise).max(CONTRAST_MIN * 1.5);
    // The usual height of what clearly stands out sets where edges lie.
    let first_look = components(&plane, &region.spans, floor);
    let threshold = usual_height(&first_look, seed).map_or(floor, |usual| floor.max(EDGE_OF_USUAL * usual));
    let texture = texture_of(&plane, region, step, threshold);
    Some(Even { plane, noise, threshold, seed: seed.max(threshold), halves, lined, pixel_noise, texture })
}

/// Background pixels with no strong neighbour two pixels away: a colony's
/// blurred skirt is not background.
fn mark_quiet(plane: &Plane, mask: &[bool], cut: f32) -> Vec<bool> {
    let width = plane.width;
    let loud: Vec<bool> = plane.values.iter().map(|&v| v > cut).collect();
    let mut quiet = vec![false; mask.len()];
    for y in 0..plane.height {
        for x in 0..width {
            let at = y * width + x;
            if !mask[at] || loud[at] {
                continue;
            }
            let left = x >= 2 && loud[at - 2];
            let right = x + 2 < width && loud[at + 2];
            let up = y >= 2 && loud[at - 2 * width];
            let down = y + 2 < plane.height && loud[at + 2 * width];
            quiet[at] = !(left || right || up || down);
        }
    }
    quiet
}

/// How well the light falls into two heaps, and how large the smaller one is.
/// On a crowded plate the background is one heap and the colonies are the other,
/// and no estimate of "the background" can be trusted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Halves {
    /// Variance between the heaps over all variance (Otsu), 0–1.
    pub(crate) apart: f64,
    /// Share of the smaller heap, 0–0.5.
    pub(crate) smaller: f64,
}

fn halves_of(plane: &Plane, mask: &[bool]) -> Halves {
    let stride = (plane.values.len() / 40_000).max(1) | 1;
    let inside = (0..plane.values.len()).step_by(stride).filter(|&at| mask[at]);
    let mut values: Vec<f32> = inside.map(|at| plane.values[at]).collect();
    values.sort_unstable_by(f32::total_cmp);
    let count = values.len() as f64;
    let total: f64 = values.iter().map(|v| f64::from(*v)).sum();
    let mean = total / count.max(1.0);
    let variance = values.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / count.max(1.0);
    let (mut best, mut share, mut sum) = (0.0, 0.0, 0.0);
    for (index, value) in values.iter().enumerate().take(values.len().saturating_sub(1)) {
        sum += f64::from(*value);
        let below = (index + 1) as f64;
        let between =
            below / count * (1.0 - below / count) * (sum / below - (total - sum) / (count - below)).powi(2);
        if between > best {
            (best, share) = (between, below / count);
        }
    }
    Halves { apart: best / variance.max(1e-12), smaller: share.min(1.0 - share) }
}

pub(crate) fn noise_of(plane: &Plane, mask: &[bool], step: f32, below: f32) -> f32 {
    let stride = (plane.values.len() / 40_000).max(1) | 1;
    let mut sample: Vec<f32> = (0..plane.values.len())
        .step_by(stride)
        .filter(|&at| mask[at] && plane.values[at] < below)
        .map(|at| plane.values[at])
        .collect();
    robust_deviation(&mut sample).max(step * 0.5)
}

fn usual_height(found: &[Component], seed: f32) -> Option<f32> {
    let mut peaks: Vec<f32> =
        found.iter().filter(|c| c.area >= 5 && c.peak >= seed).map(|c| c.peak).collect();
    quantile(&mut peaks, 0.5)
}
