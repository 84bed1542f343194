//! From a patch to colonies: splits touching ones, measures each, and says why
//! something is not a colony. Must not know vessels beyond their border.

use crate::components::Component;
use crate::outline::Outline;
use crate::patch::Patch;
use crate::raster::Plane;
use serde::{Deserialize, Serialize};

/// Why a patch was not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotAColony {
    /// Long and thin: writing, scratch, fibre, reflection.
    Elongated,
    /// Ragged or branching: writing, dirt.
    Irregular,
    /// An empty ring: a bubble.
    Bubble,
    /// Lies along the edge of the vessel: its reflection.
    AlongTheEdge,
    /// Wider than a third of the vessel.
    TooLarge,
    /// Without an edge of its own: reflection, shadow, dust out of focus.
    Diffuse,
    /// Far fainter and smaller than the plate's colonies, or no more than its noise: grain, dust.
    Speck,
}

/// One measured thing, in the region's pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// Centre, weighted by signal.
    pub x: f32,
    /// Centre, weighted by signal.
    pub y: f32,
    /// Pixels above the threshold.
    pub pixels: f32,
    /// Pixels at or above half of its own height.
    pub area: f32,
    /// Mean signal over that area.
    pub contrast: f32,
    /// Area of the largest disc inside it over its own area: near 1 for a disc.
    pub roundness: f32,
    /// How many shapes its patch was split into.
    pub patch_shapes: usize,
    /// Why it is not counted, when it is not.
    pub rejected: Option<NotAColony>,
}

impl Shape {
    /// Diameter of the circle of equal area, pixels.
    #[must_use]
    pub fn diameter(&self) -> f32 {
        2.0 * (self.area / std::f32::consts::PI).sqrt()
    }
}

/// What the shapes are judged against.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings {
    /// Edge of the area looked at, when round.
    pub edge: Option<Outline>,
    /// Vessel's diameter, pixels.
    pub diameter: f32,
    /// Shapes below this diameter are not judged for elongation.
    pub smallest: f32,
}

/// A saddle above this part of the lower summit joins two basins.
const APART: f32 = 0.91;
/// And so does one less than this under it, pixels.
const APART_STEP_PX: f32 = 0.34;
/// Patches thinner than this (largest distance, pixels) are enlarged to split.
const THIN_PX: f32 = 12.0;
/// A patch this close to its largest inner disc is one colony.
const SINGLE: f32 = 1.1;
/// A split patch whose parts are less round than this on average is no row of
/// colonies but writing.
const PARTS_ROUND_MIN: f32 = 0.55;
/// In writing, a part rounder than this is a colony the pen has crossed.
const PART_ROUND: f32 = 0.8;
/// Under this depth, pixels, a colony is a dome and its height tells where it
/// ends; a larger one has a flat top with texture that says nothing.
const DOME_PX: f32 = 8.0;
/// Area over the square of the half width from which on a patch is long, and
/// mean over largest distance from which on it is equally thick.
const STRIP_LENGTH_MIN: f32 = 8.0;
const STRIP_THICKNESS_MIN: f32 = 0.44;
/// A hole smaller than this part of the patch's largest inner disc is a glint or a gap.
const GLINT_AREA_MAX: f32 = 0.35;
/// A frame emptier than this holds a scratch or an outline.
const FRAME_FILL_MIN: f32 = 0.04;

/// Splits and measures one component.
#[must_use]
pub fn shapes_of(component: &Component, plane: &Plane, threshold: f32, around: &Surroundings) -> Vec<Shape> {
    let (left, top, right, bottom) = component.bounds;
    let frame = ((right - left) * (bottom - top)) as f32;
    if component.area > 200 && (component.area as f32) < FRAME_FILL_MIN * frame {
        return vec![whole(component, NotAColony::Irregular)];
    }
    let mut patch = Patch::of(component, plane);
    if component.area >= 12 && !take_in_holes(&mut patch, component) {
        return vec![whole(component, NotAColony::Bubble)];
    }
    let deepest = patch.measure();
    let area = patch.inside.iter().filter(|i| **i).count() as f32;
    // A distance runs from pixel centre to pixel centre, half a pixel too far.
    let disc = std::f32::consts::PI * (deepest - 0.5) * (deepest - 0.5);
    let parts = if area < 9.0 || area < SINGLE * disc {
        Parts {
            labels: patch.inside.iter().map(|&i| u32::from(i)).collect(),
            depths: vec![0.0, deepest - 0.5],
            strip: false,
        }
    } else {
        split(&patch, deepest, threshold, component.peak)
    };
    if parts.depths.len() > 2 && parts.strip {
        return vec![whole(component, NotAColony::Elongated)];
    }
    let mut shapes = measure(&patch, &parts, around);
    if shapes.len() > 1 {
        let total: f32 = shapes.iter().map(|s| s.area).sum();
        let round: f32 = shapes.iter().map(|s| s.area * s.roundness.min(1.0)).sum();
        if round < PARTS_ROUND_MIN * total {
            // A colony crossed by a stroke is still round.
            let parts = shapes.iter_mut().filter(|s| s.roundness < PART_ROUND);
            parts.for_each(|s| s.rejected = s.rejected.or(Some(NotAColony::Irregular)));
        }
    }
    shapes
}

/// Fills glints and pale centres; leaves the gaps between touching colonies.
/// False when the patch is the ring of a bubble.
fn take_in_holes(patch: &mut Patch, component: &Component) -> bool {
    let (left, top, right, bottom) = component.bounds;
    let (wide, high) = ((right - left) as f32, (bottom - top) as f32);
    let (missing, holes) = patch.holes();
    if holes.area == 0 {
        return true;
    }
    let outline = (component.area + holes.area) as f32;
    let hollow = holes.area as f32 / outline;
    let even_sides = wide.max(high) < 1.3 * wide.min(high);
    let disc = even_sides && outline > 0.72 * wide * high;
    let like_background = holes.mean < 0.35 * holes.patch_mean;
    if hollow >= 0.25 && even_sides && outline > 0.62 * wide * high && like_background {
        return false;
    }
    // A glint is brighter than the background of a dark colony: below zero here.
    let glint = holes.mean < -0.15 * holes.patch_mean;
    if disc || (glint && hollow < 0.25) || holes.area <= 4 || (!like_background && hollow < 0.25) {
        patch.fill(&missing, holes);
        return true;
    }
    // A glint off the middle of one of several colonies, or the gap where three touch: small
    // against a colony either way, and filling it moves no summit.
    let deepest = patch.measure();
    let small = patch.small_holes(&missing, GLINT_AREA_MAX * std::f32::consts::PI * deepest * deepest);
    patch.fill(&small, holes);
    true
}

/// Basins of the distance to the edge; a valley under half height is an edge too.
fn split(patch: &Patch, deepest: f32, threshold: f32, peak: f32) -> Parts {
    let full = 1.0 / (if deepest < DOME_PX { 1.0 } else { 0.55 } * peak.max(1e-6));
    let relief_of = |p: &Patch| -> Vec<f32> {
        p.distance.iter().zip(&p.signal).map(|(d, s)| d * (s * full).clamp(0.1, 1.0)).collect()
    };
    if deepest > THIN_PX {
        let (labels, count) = patch.basins(&relief_of(patch), APART, 2.0 * APART_STEP_PX);
        return Parts { depths: depths_of(patch, &labels, count, 1.0), labels, strip: is_strip(patch) };
    }
    let factor = if deepest < 5.0 { 3 } else { 2 };
    let mut large = patch.enlarged(factor, threshold);
    large.measure();
    let (fine, count) = large.basins(&relief_of(&large), APART, APART_STEP_PX * factor as f32);
    let middle = factor / 2;
    let labels = (0..patch.inside.len())
        .map(|at| {
            let (x, y) = (at % patch.width * factor + middle, at / patch.width * factor + middle);
            if patch.inside[at] { fine[y * large.width + x] } else { 0 }
        })
        .collect();
    Parts { labels, depths: depths_of(&large, &fine, count, factor as f32), strip: is_strip(&large) }
}

/// Radius of the largest disc inside each part, pixels of the region. A distance
/// runs from pixel centre to pixel centre, half a pixel too far.
fn depths_of(patch: &Patch, labels: &[u32], count: usize, factor: f32) -> Vec<f32> {
    let mut depths = vec![0.0f32; count + 1];
    for (&label, &distance) in labels.iter().zip(&patch.distance) {
        if let Some(depth) = depths.get_mut(label as usize) {
            *depth = depth.max((distance - 0.5) / factor);
        }
    }
    depths
}

/// A patch's parts: a label a pixel from 1, and each label's inner radius.
struct Parts {
    labels: Vec<u32>,
    depths: Vec<f32>,
    /// Equally thick all along: a stroke.
    strip: bool,
}

/// Whether a patch is long and equally thick. Over a strip the distance to the
/// edge is half the largest on average, over a disc a third, over a row of
/// touching discs a little more than a third.
fn is_strip(patch: &Patch) -> bool {
    let (mut sum, mut count, mut deepest) = (0.0f32, 0.0f32, 0.0f32);
    for &distance in patch.distance.iter().filter(|d| **d > 0.0) {
        sum += distance - 0.5;
        count += 1.0;
        deepest = deepest.max(distance - 0.5);
    }
    count > STRIP_LENGTH_MIN * deepest * deepest && sum > STRIP_THICKNESS_MIN * deepest * count
}

fn whole(component: &Component, reason: NotAColony) -> Shape {
    let (left, top, right, bottom) = component.bounds;
    Shape {
        x: (left + right - 1) as f32 / 2.0,
        y: (top + bottom - 1) as f32 / 2.0,
        pixels: component.area as f32,
        area: component.area as f32,
        contrast: component.peak,
        roundness: 0.0,
        patch_shapes: 1,
        rejected: Some(reason),
    }
}

#[derive(Clone, Default)]
struct Sums {
    pixels: f64,
    x: f64,
    y: f64,
    xx: f64,
    xy: f64,
    yy: f64,
    weight: f64,
    weighted_x: f64,
    weighted_y: f64,
    peak: f32,
    deepest: f32,
    half_pixels: f64,
    half_signal: f64,
    edge_pixels: f64,
}

/// A highlight is no height: what is more than this above the mean does not count.
const TOP_OVER_MEAN: f64 = 1.6;

impl Sums {
    /// The height of which half is a thing's edge.
    fn top(&self) -> f32 {
        self.peak.min((TOP_OVER_MEAN * self.weight / self.pixels.max(1.0)) as f32)
    }
}

fn measure(patch: &Patch, parts: &Parts, around: &Surroundings) -> Vec<Shape> {
    let (labels, count) = (&parts.labels, parts.depths.len().saturating_sub(1));
    let mut sums = vec![Sums::default(); count + 1];
    let near_border = |x: f64, y: f64| around.edge.is_some_and(|edge| edge.depth(x as f32, y as f32) < 2.0);
    for (at, &label) in labels.iter().enumerate().filter(|(_, l)| **l != 0) {
        let Some(sum) = sums.get_mut(label as usize) else {
            continue;
        };
        let x = (at % patch.width) as f64 + patch.left as f64;
        let y = (at / patch.width) as f64 + patch.top as f64;
        let signal = patch.signal[at];
        sum.pixels += 1.0;
        sum.x += x;
        sum.y += y;
        sum.xx += x * x;
        sum.xy += x * y;
        sum.yy += y * y;
        sum.weight += f64::from(signal);
        sum.weighted_x += x * f64::from(signal);
        sum.weighted_y += y * f64::from(signal);
        sum.peak = sum.peak.max(signal);
        sum.deepest = parts.depths.get(label as usize).copied().unwrap_or(0.0);
        sum.edge_pixels += f64::from(u8::from(near_border(x, y)));
    }
    for (at, &label) in labels.iter().enumerate().filter(|(_, l)| **l != 0) {
        let Some(sum) = sums.get_mut(label as usize) else {
            continue;
        };
        if patch.signal[at] >= 0.5 * sum.top() {
            sum.half_pixels += 1.0;
            sum.half_signal += f64::from(patch.signal[at]);
        }
    }
    sums.iter().skip(1).filter(|s| s.pixels > 0.0).map(|s| judge(s, count, around)).collect()
}

fn judge(sum: &Sums, count: usize, around: &Surroundings) -> Shape {
    let (x, y) = (sum.x / sum.pixels, sum.y / sum.pixels);
    // A pixel is a square, not a point: it adds 1/12 to each variance.
    let (xx, yy) = (sum.xx / sum.pixels - x * x + 1.0 / 12.0, sum.yy / sum.pixels - y * y + 1.0 / 12.0);
    let xy = sum.xy / sum.pixels - x * y;
    let spread = (((xx - yy) / 2.0).powi(2) + xy * xy).sqrt();
    let (long, short) = ((xx + yy) / 2.0 + spread, ((xx + yy) / 2.0 - spread).max(1.0 / 12.0));
    let elongation = (long / short).sqrt();
    let inner = f64::from(sum.deepest).max(0.5);
    let fill = std::f64::consts::PI * inner * inner / sum.pixels;
    let equivalent = 2.0 * (sum.pixels / std::f64::consts::PI).sqrt();
    let limit = if equivalent < 6.0 { 3.2 } else { 2.4 };
    let rejected = if equivalent > f64::from(around.diameter) / 3.0 {
        Some(NotAColony::TooLarge)
    } else if sum.edge_pixels > 0.0
        && (elongation > 1.8 || sum.edge_pixels > 0.35 * sum.pixels)
        && sum.pixels > 6.0
    {
        Some(NotAColony::AlongTheEdge)
    } else if equivalent >= f64::from(around.smallest).max(3.0) && elongation > limit {
        Some(NotAColony::Elongated)
    } else if sum.pixels > 30.0 && fill < 0.36 {
        Some(NotAColony::Irregular)
    } else {
        None
    };
    let weight = sum.weight.max(1e-9);
    let centre = |weighted: f64, plain: f64| {
        if sum.weight > 0.0 { (weighted / weight) as f32 } else { plain as f32 }
    };
    Shape {
        x: centre(sum.weighted_x, x),
        y: centre(sum.weighted_y, y),
        pixels: sum.pixels as f32,
        area: sum.half_pixels as f32,
        contrast: (sum.half_signal / sum.half_pixels.max(1.0)) as f32,
        roundness: fill as f32,
        patch_shapes: count,
        rejected,
    }
}
