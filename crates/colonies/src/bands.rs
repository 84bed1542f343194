//! Takes bands of light that run along rows or columns out of the signal: a
//! screen or a flickering lamp behind the plate. Must not know colonies.

use crate::raster::{Plane, quantile, robust_deviation};
use crate::region::Region;

/// Lines shorter than this, pixels looked at, have no middle to speak of.
const LINE_PIXELS_MIN: usize = 24;
/// Pixels of a line looked at.
const LINE_PIXELS: usize = 120;
/// Bands spread over lines by more than this many times the pixel noise.
const BAND_DEVIATIONS: f32 = 1.5;

/// The plane without its bands; `None` when it has none. `rough` is the plane
/// evened at large (times `sign`), so that only bands are left of the light in it.
pub(crate) fn without_bands(
    plane: &Plane,
    rough: &Plane,
    sign: f32,
    region: &Region,
    noise: f32,
) -> Option<Plane> {
    let rows: Vec<f32> = (0..rough.height)
        .map(|y| {
            let span = region.spans.get(y).copied().unwrap_or((0, 0));
            middle_of(span.1.saturating_sub(span.0), |i| rough.values.get(y * rough.width + span.0 + i))
        })
        .collect();
    let columns: Vec<f32> = (0..rough.width)
        .map(|x| {
            let inside = |span: &(usize, usize)| span.0 <= x && x < span.1;
            let top = region.spans.iter().position(inside).unwrap_or(0);
            let bottom = region.spans.iter().rposition(inside).map_or(top, |last| last + 1);
            middle_of(bottom - top, |i| rough.values.get((top + i) * rough.width + x))
        })
        .collect();
    let banded = |lines: &[f32]| {
        let mut known: Vec<f32> = lines.iter().copied().filter(|v| !v.is_nan()).collect();
        robust_deviation(&mut known) > BAND_DEVIATIONS * noise
    };
    let (by_row, by_column) = (banded(&rows), banded(&columns));
    if !by_row && !by_column {
        return None;
    }
    let mut out = plane.clone();
    let light = |lines: &[f32], at: usize| lines.get(at).copied().filter(|v| !v.is_nan()).unwrap_or(0.0);
    for (y, row) in out.values.chunks_exact_mut(plane.width.max(1)).enumerate() {
        let own = if by_row { light(&rows, y) } else { 0.0 };
        for (x, value) in row.iter_mut().enumerate() {
            *value -= sign * (own + if by_column { light(&columns, x) } else { 0.0 });
        }
    }
    Some(out)
}

/// Middle of a line of `length` values, of about a hundred of them; not a number when it is short.
fn middle_of<'a>(length: usize, value: impl Fn(usize) -> Option<&'a f32>) -> f32 {
    let stride = (length / LINE_PIXELS).max(1);
    let mut line: Vec<f32> = (0..length).step_by(stride).filter_map(|i| value(i).copied()).collect();
    if line.len() < LINE_PIXELS_MIN {
        return f32::NAN;
    }
    quantile(&mut line, 0.5).unwrap_or(f32::NAN)
}
