//! Connected pixels above a threshold, as runs. Must not know shapes or colonies.

use crate::raster::Plane;

/// Pixels `start..end` of row `row`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Row.
    pub row: u32,
    /// First column.
    pub start: u32,
    /// Column after the last.
    pub end: u32,
}

/// One connected set of pixels.
#[derive(Debug, Clone)]
pub struct Component {
    /// Its runs, from top to bottom.
    pub runs: Vec<Run>,
    /// Pixels.
    pub area: usize,
    /// Left, top, and one past right and bottom.
    pub bounds: (usize, usize, usize, usize),
    /// Highest value.
    pub peak: f32,
}

fn root(parents: &mut [u32], mut at: u32) -> u32 {
    while let Some(&up) = parents.get(at as usize) {
        if up == at {
            break;
        }
        let above = parents.get(up as usize).copied().unwrap_or(up);
        if let Some(slot) = parents.get_mut(at as usize) {
            *slot = above;
        }
        at = above;
    }
    at
}

/// Sets of pixels with value ≥ `threshold` inside `spans`, joined along edges
/// (not corners: touching colonies join less), in reading order of their first pixel.
#[must_use]
pub fn components(plane: &Plane, spans: &[(usize, usize)], threshold: f32) -> Vec<Component> {
    let mut runs: Vec<Run> = Vec::new();
    let mut parents: Vec<u32> = Vec::new();
    let (mut above, mut own) = (0usize, 0usize);
    for (row, &(first, last)) in spans.iter().enumerate() {
        let line = plane.row(row);
        let mut x = first;
        while x < last.min(line.len()) {
            if line[x] < threshold {
                x += 1;
                continue;
            }
            let start = x;
            while x < last.min(line.len()) && line[x] >= threshold {
                x += 1;
            }
            parents.push(runs.len() as u32);
            runs.push(Run { row: row as u32, start: start as u32, end: x as u32 });
        }
        let (mut upper, mut lower) = (above, own);
        while upper < own && lower < runs.len() {
            let (a, b) = (runs[upper], runs[lower]);
            if a.start < b.end && b.start < a.end {
                let (one, two) = (root(&mut parents, upper as u32), root(&mut parents, lower as u32));
                let (low, high) = (one.min(two), one.max(two));
                parents[high as usize] = low;
            }
            if a.end < b.end { upper += 1 } else { lower += 1 }
        }
        above = own;
        own = runs.len();
    }
    gather(plane, &runs, &mut parents)
}

fn gather(plane: &Plane, runs: &[Run], parents: &mut [u32]) -> Vec<Component> {
    let mut place = vec![u32::MAX; runs.len()];
    let mut found: Vec<Component> = Vec::new();
    for (index, run) in runs.iter().enumerate() {
        let top = root(parents, index as u32) as usize;
        if place[top] == u32::MAX {
            place[top] = found.len() as u32;
            let bounds = (usize::MAX, run.row as usize, 0, 0);
            found.push(Component { runs: Vec::new(), area: 0, bounds, peak: f32::NEG_INFINITY });
        }
        let component = &mut found[place[top] as usize];
        component.runs.push(*run);
        component.area += (run.end - run.start) as usize;
        let b = &mut component.bounds;
        *b = (b.0.min(run.start as usize), b.1, b.2.max(run.end as usize), run.row as usize + 1);
        let line = &plane.row(run.row as usize)[run.start as usize..run.end as usize];
        component.peak = line.iter().copied().fold(component.peak, f32::max);
    }
    found
}
