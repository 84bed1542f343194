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
/// along the ring where it is above the background.
pub fn take_rings(plane: &mut Plane, region: &Region) {
    let Some(circle) = region.circle else { return };
    let from = circle.radius * FROM_PART;
    let rings = (circle.radius - from).ceil().max(0.0) as usize + 2;
    // Too short an arc has no median to speak of.
    if circle.radius < 150.0 {
        return;
    }
    let mut members: Vec<Vec<f32>> = vec![Vec::new(); SECTORS * rings];
    let place = |x: usize, y: usize| -> Option<usize> {
        let (dx, dy) = (x as f32 - circle.x, y as f32 - circle.y);
        let squared = dx * dx + dy * dy;
        if squared < from * from {
            return None;
        }
        let ring = (squared.sqrt() - from) as usize;
        Some(sector(dx, dy) * rings + ring.min(rings - 1))
    };
    each_near_rim(region, from, |x, y| {
        if let Some(slot) = place(x, y).and_then(|p| members.get_mut(p)) {
            slot.push(plane.values[y * plane.width + x]);
        }
    });
    let levels: Vec<f32> =
        members.iter_mut().map(|m| quantile(m, RING_SHARE).unwrap_or(0.0).max(0.0)).collect();
    let width = plane.width;
    each_near_rim(region, from, |x, y| {
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

fn each_near_rim(region: &Region, from: f32, mut visit: impl FnMut(usize, usize)) {
    let Some(circle) = region.circle else { return };
    for (y, span) in region.spans.iter().enumerate() {
        let off = y as f32 - circle.y;
        let half = (from * from - off * off).max(0.0).sqrt();
        let (inner_left, inner_right) = ((circle.x - half) as usize, (circle.x + half) as usize + 1);
        for x in span.0..span.1.min(inner_left.max(span.0)) {
            visit(x, y);
        }
        for x in inner_right.max(inner_left.max(span.0))..span.1 {
            visit(x, y);
        }
    }
}
