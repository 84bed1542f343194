//! From a patch to colonies: splits touching ones, measures each, and says why
//! something is not a colony. Must not know vessels beyond their border.

use crate::components::Component;
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
}

/// One measured thing, in the region's pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// Centre, weighted by signal.
    pub x: f32,
    /// Centre, weighted by signal.
    pub y: f32,
    /// Pixels at or above half of its own height.
    pub area: f32,
    /// Mean signal over that area.
    pub contrast: f32,
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
    /// Vessel's centre and radius in the region, when round.
    pub circle: Option<crate::edges::Circle>,
    /// Vessel's diameter, pixels.
    pub diameter: f32,
    /// Shapes below this diameter are not judged for elongation.
    pub smallest: f32,
}

/// A saddle above this part of the lower summit joins (distance relief).
const APART_BY_DISTANCE: f32 = 0.87;
/// The same for small patches, by brightness.
const APART_BY_SIGNAL: f32 = 0.86;
/// Patches thinner than this (largest distance, pixels) are split by brightness.
const THIN_PX: f32 = 4.5;
/// A frame emptier than this holds a scratch or an outline.
const FRAME_FILL_MIN: f32 = 0.04;

/// Splits and measures one component.
#[must_use]
pub fn shapes_of(component: &Component, plane: &Plane, around: &Surroundings) -> Vec<Shape> {
    let (left, top, right, bottom) = component.bounds;
    let frame = ((right - left) * (bottom - top)) as f32;
    if component.area > 200 && (component.area as f32) < FRAME_FILL_MIN * frame {
        return vec![whole(component, NotAColony::Irregular)];
    }
    let mut patch = Patch::of(component, plane);
    let mut bubble = false;
    if component.area >= 12 {
        let (missing, holes) = patch.holes();
        if holes.area > 0 {
            let outline = (component.area + holes.area) as f32;
            let hollow = holes.area as f32 / outline;
            let (wide, high) = ((right - left) as f32, (bottom - top) as f32);
            let round = wide.max(high) < 1.5 * wide.min(high) && outline > 0.62 * frame;
            if hollow >= 0.25 && round && holes.mean < 0.35 * holes.patch_mean {
                bubble = true;
            } else if hollow < 0.25 || round {
                patch.fill(&missing, holes);
            }
        }
    }
    if bubble {
        return vec![whole(component, NotAColony::Bubble)];
    }
    let deepest = patch.measure();
    let area = patch.inside.iter().filter(|i| **i).count();
    let top_signal = component.peak.max(1e-6);
    let single = area < 8 || (deepest > THIN_PX && (area as f32) < 1.18 * std::f32::consts::PI * deepest * deepest);
    let (labels, count) = if single {
        (patch.inside.iter().map(|&i| u32::from(i)).collect(), 1)
    } else if deepest <= THIN_PX {
        let relief: Vec<f32> = patch.signal.iter().map(|s| s / top_signal).collect();
        patch.basins(&relief, APART_BY_SIGNAL, 0.02)
    } else {
        // A valley under half of the height is an edge too.
        let relief: Vec<f32> = patch
            .distance
            .iter()
            .zip(&patch.signal)
            .map(|(d, s)| d * (s / (0.55 * top_signal)).clamp(0.3, 1.0))
            .collect();
        patch.basins(&relief, APART_BY_DISTANCE, 0.75)
    };
    measure(&patch, &labels, count, around)
}

fn whole(component: &Component, reason: NotAColony) -> Shape {
    let (left, top, right, bottom) = component.bounds;
    Shape {
        x: (left + right - 1) as f32 / 2.0,
        y: (top + bottom - 1) as f32 / 2.0,
        area: component.area as f32,
        contrast: component.peak,
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

fn measure(patch: &Patch, labels: &[u32], count: usize, around: &Surroundings) -> Vec<Shape> {
    let mut sums = vec![Sums::default(); count + 1];
    let near_border = |x: f64, y: f64| {
        around.circle.is_some_and(|c| (x - f64::from(c.x)).hypot(y - f64::from(c.y)) > f64::from(c.radius) - 2.0)
    };
    for (at, &label) in labels.iter().enumerate().filter(|(_, l)| **l != 0) {
        let Some(sum) = sums.get_mut(label as usize) else { continue };
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
        sum.deepest = sum.deepest.max(patch.distance[at]);
        sum.edge_pixels += f64::from(u8::from(near_border(x, y)));
    }
    for (at, &label) in labels.iter().enumerate().filter(|(_, l)| **l != 0) {
        let Some(sum) = sums.get_mut(label as usize) else { continue };
        if patch.signal[at] >= 0.5 * sum.peak {
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
    let depth = f64::from(sum.deepest);
    let fill = std::f64::consts::PI * depth * depth / sum.pixels;
    let equivalent = 2.0 * (sum.pixels / std::f64::consts::PI).sqrt();
    let limit = if equivalent < 6.0 { 3.2 } else { 2.4 };
    let rejected = if equivalent > f64::from(around.diameter) / 3.0 {
        Some(NotAColony::TooLarge)
    } else if sum.edge_pixels > 0.0 && (elongation > 1.8 || sum.edge_pixels > 0.35 * sum.pixels) && sum.pixels > 6.0 {
        Some(NotAColony::AlongTheEdge)
    } else if equivalent >= f64::from(around.smallest).max(3.0) && elongation > limit {
        Some(NotAColony::Elongated)
    } else if sum.pixels > 40.0 && fill < 0.33 {
        Some(NotAColony::Irregular)
    } else {
        None
    };
    let weight = sum.weight.max(1e-9);
    let centre = |weighted: f64, plain: f64| if sum.weight > 0.0 { (weighted / weight) as f32 } else { plain as f32 };
    Shape {
        x: centre(sum.weighted_x, x),
        y: centre(sum.weighted_y, y),
        area: sum.half_pixels as f32,
        contrast: (sum.half_signal / sum.half_pixels.max(1.0)) as f32,
        patch_shapes: count,
        rejected,
    }
}
