//! Finds the grid of a well plate: circles of one size at one pitch. Must not
//! know colonies or what the wells hold.

use crate::edges::{Circle, Edge, centre_votes, ring_profile};
use crate::knowledge::PlateFormat;
use crate::raster::Plane;

/// Mean share of the wells' circumference that must be seen when a plate is
/// looked for without being named.
pub const FOUND_COVERAGE_MIN: f32 = 0.62;
/// The same when the user has named the plate.
pub const NAMED_COVERAGE_MIN: f32 = 0.4;

/// Grids seen to at least this part of the clearest compete by their wells.
const ABOUT_AS_WELL: f32 = 0.8;

/// One well of the grid, in the coarse picture's pixels.
#[derive(Debug, Clone)]
pub struct GridWell {
    /// Row letter and column number, A1 at the top left of the picture as shown.
    pub name: String,
    /// The well's edge.
    pub circle: Circle,
}

/// A grid that was found.
#[derive(Debug, Clone)]
pub struct Grid {
    /// Wells, row after row.
    pub wells: Vec<GridWell>,
    /// Mean share of the wells' circumference seen, 0–1.
    pub coverage: f32,
}

struct Candidate {
    score: f32,
    pitch: f32,
    left: f32,
    top: f32,
}

/// The best grid among `formats`, upright or turned by a quarter, when its
/// wells are seen at least to `coverage_min` on average.
#[must_use]
pub fn find(plane: &Plane, edges: &[Edge], formats: &[PlateFormat], coverage_min: f32) -> Option<Grid> {
    let mut found: Vec<Grid> = Vec::new();
    for format in formats {
        let (rows, columns) = (usize::from(format.rows), usize::from(format.columns));
        for (rows, columns) in [(rows, columns), (columns, rows)] {
            let grid = try_format(plane, edges, rows, columns, format.well_to_pitch());
            found.extend(grid.filter(|g| g.coverage >= coverage_min));
        }
    }
    // A part of a larger grid is a grid too, and may be seen a little better:
    // among those seen about as well, the one with most wells is the plate.
    let clearest = found.iter().map(|g| g.coverage).fold(0.0f32, f32::max);
    found.retain(|g| g.coverage >= ABOUT_AS_WELL * clearest);
    found.into_iter().max_by_key(|g| g.wells.len())
}

fn try_format(plane: &Plane, edges: &[Edge], rows: usize, columns: usize, ratio: f32) -> Option<Grid> {
    let (width, height) = (plane.width as f32, plane.height as f32);
    // The picture holds the whole plate, with up to one and a half pitches around it.
    let largest = (width / (columns as f32 - 0.1)).min(height / (rows as f32 - 0.1));
    let smallest = (width / (columns as f32 + 3.0)).max(height / (rows as f32 + 3.0)).max(6.0);
    if smallest > largest {
        return None;
    }
    let radius_low = (smallest * ratio / 2.0 * 0.9).floor().max(2.0) as usize;
    let radius_high = (largest * ratio / 2.0 * 1.06).ceil() as usize;
    let mut best: Option<Candidate> = None;
    let band = ((radius_high - radius_low) / 4).max(1);
    let mut low = radius_low;
    while low <= radius_high {
        let high = (low + band).min(radius_high);
        let votes = centre_votes((plane.width, plane.height), edges, low..=high);
        let from = (2.0 * low as f32 / ratio * 0.96).max(smallest);
        let to = (2.0 * (high as f32 + 0.5) / ratio * 1.06).min(largest);
        search(&votes, rows, columns, (from, to), &mut best);
        low = high + 1;
    }
    let best = best?;
    Some(measure(plane, &best, rows, columns, ratio))
}

fn search(votes: &Plane, rows: usize, columns: usize, pitches: (f32, f32), best: &mut Option<Candidate>) {
    let span = rows.max(columns) as f32;
    let mut pitch = pitches.0;
    while pitch <= pitches.1 {
        let room_x = votes.width as f32 - (columns as f32 - 1.0) * pitch;
        let room_y = votes.height as f32 - (rows as f32 - 1.0) * pitch;
        let mut top = pitch * 0.3;
        while top < room_y - pitch * 0.3 {
            let mut left = pitch * 0.3;
            while left < room_x - pitch * 0.3 {
                let mut score = 0.0;
                for row in 0..rows {
                    let y = (top + row as f32 * pitch + 0.5) as usize;
                    for column in 0..columns {
                        let x = (left + column as f32 * pitch + 0.5) as usize;
                        score += votes.values.get(y * votes.width + x).copied().unwrap_or(0.0);
                    }
                }
                score /= (rows * columns) as f32;
                if best.as_ref().is_none_or(|b| score > b.score) {
                    *best = Some(Candidate { score, pitch, left, top });
                }
                left += 1.0;
            }
            top += 1.0;
        }
        // Over the whole grid one step moves the last well by under a pixel.
        pitch += (0.9 / span).max(0.06);
    }
}

/// Lets each well settle near its node, then measures how much of it is seen.
fn measure(plane: &Plane, grid: &Candidate, rows: usize, columns: usize, ratio: f32) -> Grid {
    let radius = grid.pitch * ratio / 2.0;
    let mut wells = Vec::with_capacity(rows * columns);
    let mut total = 0.0;
    for row in 0..rows {
        for column in 0..columns {
            let node = Circle {
                x: grid.left + column as f32 * grid.pitch,
                y: grid.top + row as f32 * grid.pitch,
                radius,
            };
            let reach = (radius * 1.15) as usize + 1;
            let mut seen = (0.0f32, node);
            for (dx, dy) in [(0.0, 0.0), (1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
                let moved = Circle { x: node.x + dx, y: node.y + dy, ..node };
                let profile = ring_profile(plane, moved, reach, 0.02, 0.01);
                let low = (radius * 0.8) as usize;
                for (at, &coverage) in profile.coverage.iter().enumerate().skip(low) {
                    if coverage > seen.0 + 0.02 {
                        seen = (coverage, Circle { radius: at as f32, ..moved });
                    }
                }
            }
            total += seen.0;
            wells.push(GridWell { name: format!("{}{}", row_letter(row), column + 1), circle: seen.1 });
        }
    }
    // Wells of a plate are equal: the middle radius serves all.
    let mut radii: Vec<f32> = wells.iter().map(|w| w.circle.radius).collect();
    let common = crate::raster::quantile(&mut radii, 0.5).unwrap_or(radius);
    wells.iter_mut().for_each(|w| w.circle.radius = common);
    Grid { wells, coverage: total / (rows * columns).max(1) as f32 }
}

fn row_letter(row: usize) -> char {
    char::from(b'A' + (row % 26) as u8)
}
