//! Colonies of the other shade: on many agars one kind is darker than the agar
//! and another lighter. What stands out the other way is counted when it looks
//! like a colony of this plate and is no part of anything already seen. Must not
//! know pictures or vessels.

use crate::profile::Profile;
use crate::raster::quantile;
use crate::shapes::{NotAColony, Shape};
use crate::sift::Plate;

/// Fewest of them that make a kind; a spot or two are dust, a shadow, a reflection.
const KIND_MIN: usize = 3;
/// They are as wide as the others, within these parts, as clear, round and closed.
const DIAMETER: std::ops::RangeInclusive<f32> = 0.5..=2.0;
const CONTRAST_MIN: f32 = 0.5;
const ROUND_MIN: f32 = 0.72;
const CLOSED_MIN: f32 = 0.85;
/// A thing nearer than this to another, parts of both radii, is its halo, its glint or its shadow.
const APART: f32 = 1.5;

/// Of `others`, found in `plate` (the opposite signal), the colonies that are not in `shapes`.
pub(crate) fn colonies_among(others: Vec<Shape>, plate: &Plate<'_>, shapes: &[Shape]) -> Vec<Shape> {
    let counted = || shapes.iter().filter(|s| s.rejected.is_none());
    let middle = |of: fn(&Shape) -> f32| quantile(&mut counted().map(of).collect::<Vec<_>>(), 0.5);
    let (Some(diameter), Some(contrast)) = (middle(Shape::diameter), middle(|s| s.contrast)) else {
        return Vec::new();
    };
    // Grain is no reason to doubt what lies beside it.
    let mut seen: Vec<(f32, f32, f32)> = shapes
        .iter()
        .filter(|s| s.rejected != Some(NotAColony::Speck))
        .map(|s| (s.x, s.y, s.diameter() / 2.0))
        .collect();
    seen.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let widest = seen.iter().map(|s| s.2).fold(0.0f32, f32::max);
    let alone = |shape: &Shape| {
        let own = shape.diameter() / 2.0;
        let reach = APART * (own + widest);
        let start = seen.partition_point(|s| s.0 < shape.x - reach);
        let near = seen.get(start..).unwrap_or(&[]).iter().take_while(|s| s.0 <= shape.x + reach);
        near.copied().all(|s| (s.0 - shape.x).hypot(s.1 - shape.y) >= APART * (own + s.2))
    };
    let alike = |shape: &Shape| {
        shape.rejected.is_none()
            && plate.region.holds(shape.x, shape.y)
            && DIAMETER.contains(&(shape.diameter() / diameter))
            && shape.contrast >= CONTRAST_MIN * contrast
            && shape.roundness >= ROUND_MIN
            && alone(shape)
            && !plate.is_white(shape)
            && Profile::of(plate.plane, shape).closed >= CLOSED_MIN
    };
    let found: Vec<Shape> = others.into_iter().filter(alike).collect();
    if found.len() >= KIND_MIN { found } else { Vec::new() }
}
