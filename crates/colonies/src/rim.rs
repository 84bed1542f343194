//! Takes faint rings that run along a dish's rim out of the signal: agar edge,
//! second wall, their reflections. Must not know colonies.

use crate::raster::{Plane, quantile};
use crate::region::Region;

/// Rings lie beyond this part of the radius.
const FROM_PART: f32 = 0.84;
/// The circle is looked at in this many sectors: a ring is rarely equally bright
/// all round, and a colony is much shorter than a sector.
const SECTORS: usize = 16;
/// A ring is there along most of a sector; colonies side by side are not.
const RING_SHARE: f64 = 0.3;

/// For each sector and each pixel of radius near the rim, takes away the lower third
/// along the ring where it is above the background; beyond the counted area, where
/// nothing else tells the background, the middle.
pub fn take_rings(plane: &mut Plane, region: &Region) {
    let (Some(border), Some(edge)) = (region.border, region.edge) else { return };
    let pixel = 1.0 / border.radius().max(1.0);
    let reach = edge.radius().max(border.radius()) * pixel;
    let rings = ((reach - FROM_PART) / pixel).ceil().max(0.0) as usize + 4;
    // Too short an arc has no median to speak of.
    if border.radius() < 150.0 {
        return;
    }
    let mut members: Vec<Vec<f32>> = vec![Vec::new(); SECTORS * rings];
    let place = |x: usize, y: usize| -> Option<usize> {
        let squared = border.part_squared(x as f32, y as f32);
        if squared < FROM_PART * FROM_PART {
            return None;
        }
        let ring = ((squared.sqrt() - FROM_PART) / pixel) as usize;
        Some(sector(x as f32 - border.x, y as f32 - border.y) * rings + ring.min(rings - 1))
    };
    each_near_rim(region, |x, y| {
        if let Some(slot) = place(x, y).and_then(|p| members.get_mut(p)) {
            slot.push(plane.values[y * plane.width + x]);
        }
    });
    let counted = ((1.0 - FROM_PART) / pixel) as usize;
    let level = |(slot, values): (usize, &mut Vec<f32>)| {
        if slot % rings > counted {
            return quantile(values, 0.5).unwrap_or(0.0);
        }
        quantile(values, RING_SHARE).unwrap_or(0.0).max(0.0)
    };
    let levels: Vec<f32> = members.iter_mut().enumerate().map(level).collect();
    let width = plane.width;
    each_near_rim(region, |x, y| {
        if let Some(level) = place(x, y).and_then(|p| levels.get(p)) {
            plane.values[y * width + x] -= level;
        }
    });
}

/// Sixteenth of the circle, without trigonometry.
fn sector(dx: f32, dy: f32) -> usize {
    let (ax, ay) = (dx.abs(), dy.abs());
    // Tangents of 22.5, 45 and 67.5 degrees.
    let within = if ay < 0.414_214 * ax {
        0
    } else if ay < ax {
        1
    } else if ay < 2.414_214 * ax {
        2
    } else {
        3
    };
    within + 4 * (usize::from(dx < 0.0) + 2 * usize::from(dy < 0.0))
}

fn each_near_rim(region: &Region, mut visit: impl FnMut(usize, usize)) {
    let Some(border) = region.border else { return };
    let inner = border.resized(FROM_PART);
    for (y, span) in region.looked.iter().enumerate() {
        let (left, right) = inner.row(y as f32).unwrap_or((border.x, border.x));
        let (left, right) = (left.max(0.0) as usize, right.max(0.0) as usize + 1);
        for x in span.0..span.1.min(left.max(span.0)) {
            visit(x, y);
        }
        for x in right.max(left.max(span.0))..span.1 {
            visit(x, y);
        }
    }
}
