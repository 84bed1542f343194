//! Takes thin straight lines out of the signal: a counting grid below the
//! plate, a ruled sheet. What a line crosses stays. Must not know colonies.

use crate::raster::{Plane, quantile};
use crate::region::Region;

/// Lines are looked for on a picture of this many pixels across, up to twice as many.
const SIDE_PX: usize = 600;
/// A line is thinner than this on both sides, pixels of that picture.
const BESIDE_PX: isize = 4;
/// A ridge stands this many times the noise above both its sides, and at least this much.
const RIDGE_DEVIATIONS: f32 = 4.0;
const RIDGE_MIN: f32 = 0.008;
/// Half degrees looked at.
const TURNS: usize = 360;
/// A ridge's direction is known to within this many half degrees.
const UNSURE: isize = 56;
/// Least length of a line, part of the vessel's diameter, and share of it that is seen.
const LENGTH_MIN: f32 = 0.35;
const SEEN_MIN: f32 = 0.55;
/// Fewest parallel lines at a regular step that make a grid; how far two such steps may differ, as a
/// ratio; and how far its lines may be from parallel or square, half degrees.
const LINES_MIN: usize = 3;
const STEPS_RATIO_MAX: f32 = 1.25;
const SQUARE: isize = 16;
/// Most lines taken out.
const LINES_MAX: usize = 60;
/// Two lines closer than this, pixels of the small picture and half degrees, are one.
const SAME_PX: f32 = 5.0;
const SAME_TURN: isize = 8;
/// The light of a line is the middle over this many pixels along it: longer than any colony is wide.
const WINDOW: usize = 96;
/// A line wanders by at most this from one stretch to the next, pixels.
const DRIFT_PX: isize = 4;
/// Widest line, pixels to either side, and the part of its height at which it ends.
const REACH: usize = 9;
const FOOT: f32 = 0.12;

/// A line: points with `x·cosine + y·sine = offset`.
#[derive(Debug, Clone, Copy)]
struct Line {
    turn: usize,
    cosine: f32,
    sine: f32,
    offset: f32,
}

/// The plane without the lines of a grid; `None` when it shows none. `rough` is the plane evened at
/// large (times `sign`), `noise` the deviation of its pixels.
pub(crate) fn without_lines(
    plane: &Plane,
    rough: &Plane,
    sign: f32,
    region: &Region,
    noise: f32,
) -> Option<Plane> {
    let factor = (region.width.min(region.height) / SIDE_PX).max(1);
    let ridges = ridges(rough, region, factor, noise);
    let lines = grid_of(&ridges, region, factor)?;
    let mut clean = rough.clone();
    for line in &lines {
        take_out(&mut clean, line, region, noise);
    }
    let mut out = plane.clone();
    for ((value, before), after) in out.values.iter_mut().zip(&rough.values).zip(&clean.values) {
        *value += sign * (after - before);
    }
    Some(out)
}

/// A point on something thin, and the direction across it.
#[derive(Debug, Clone, Copy)]
struct Ridge {
    x: f32,
    y: f32,
    /// Half degrees.
    across: isize,
}

/// Directions across in which thinness is tried: step and half degrees.
const ACROSS: [(isize, isize, isize); 4] = [(1, 0, 0), (1, 1, 90), (0, 1, 180), (-1, 1, 270)];

/// Thin things of the vessel, in pixels of a picture `factor` times as small.
fn ridges(rough: &Plane, region: &Region, factor: usize, noise: f32) -> Vec<Ridge> {
    let (width, height) = (rough.width / factor, rough.height / factor);
    let mut small = Plane::filled(width, height, 0.0);
    let share = 1.0 / (factor * factor) as f32;
    for (y, row) in small.values.chunks_exact_mut(width.max(1)).enumerate() {
        for source in y * factor..(y + 1) * factor {
            for (value, block) in row.iter_mut().zip(rough.row(source).chunks_exact(factor)) {
                *value += share * block.iter().sum::<f32>();
            }
        }
    }
    let least = (RIDGE_DEVIATIONS * noise / factor as f32).max(RIDGE_MIN);
    let mut found = Vec::new();
    for y in 0..height {
        let span = region.spans.get(y * factor).copied().unwrap_or((0, 0));
        for x in span.0.div_ceil(factor)..(span.1 / factor).min(width) {
            let here = small.values[y * width + x];
            // Where nothing stands out of the background there is no line worth taking out.
            if here.abs() < least {
                continue;
            }
            let mut best = (0.0f32, 0isize);
            let mut worst = f32::INFINITY;
            for (dx, dy, turn) in ACROSS {
                // Steps aslant are longer.
                let far = if dx != 0 && dy != 0 { BESIDE_PX * 3 / 4 } else { BESIDE_PX };
                let (column, row) = (x as isize, y as isize);
                let one = here - small.nearest(column - far * dx, row - far * dy);
                let two = here - small.nearest(column + far * dx, row + far * dy);
                // Lighter or darker than both sides.
                let rise = if one * two > 0.0 { one.abs().min(two.abs()) } else { 0.0 };
                worst = worst.min(rise);
                if rise > best.0 {
                    best = (rise, turn);
                }
            }
            // What is thin every way is a dot.
            if best.0 >= least && worst < 0.5 * best.0 {
                found.push(Ridge { x: x as f32, y: y as f32, across: best.1 });
            }
        }
    }
    found
}

fn direction(turn: usize) -> (f32, f32) {
    let angle = (turn as f32 / 2.0).to_radians();
    (angle.cos(), angle.sin())
}

/// The lines of a grid, in pixels of the region: long, straight, and in one or two directions.
fn grid_of(ridges: &[Ridge], region: &Region, factor: usize) -> Option<Vec<Line>> {
    let diameter = region.diameter() / factor as f32;
    let least = (LENGTH_MIN * SEEN_MIN * diameter) as u32;
    if ridges.len() < LINES_MIN * least as usize {
        return None;
    }
    let (wide, high) = ((region.width / factor) as f32, (region.height / factor) as f32);
    let shift = wide.hypot(high).ceil();
    let slots = 2 * shift as usize + 2;
    let directions: Vec<(f32, f32)> = (0..TURNS).map(direction).collect();
    let mut votes = vec![0u32; TURNS * slots];
    for ridge in ridges {
        for near in -UNSURE..=UNSURE {
            let turn = (ridge.across + near).rem_euclid(TURNS as isize) as usize;
            let (cosine, sine) = directions[turn];
            votes[turn * slots + (ridge.x * cosine + ridge.y * sine + shift) as usize] += 1;
        }
    }
    let mut order: Vec<usize> = (0..votes.len()).filter(|&at| votes[at] >= least).collect();
    order.sort_unstable_by_key(|&at| (std::cmp::Reverse(votes[at]), at));
    let middle = (wide / 2.0, high / 2.0);
    let mut found: Vec<Line> = Vec::new();
    for at in order {
        let turn = at / slots;
        let (cosine, sine) = directions[turn];
        let line = Line { turn, cosine, sine, offset: (at % slots) as f32 - shift + 0.5 };
        let same = |other: &Line| {
            let apart = apart(other.turn, turn, TURNS as isize);
            let turned_over = other.cosine * cosine + other.sine * sine < 0.0;
            let place = |l: &Line| l.offset - middle.0 * l.cosine - middle.1 * l.sine;
            let own = if turned_over { -place(&line) } else { place(&line) };
            apart <= SAME_TURN && (place(other) - own).abs() <= SAME_PX
        };
        if found.iter().any(same) {
            continue;
        }
        let length = chord(&line, region, factor);
        if length >= LENGTH_MIN * diameter && votes[at] as f32 >= SEEN_MIN * length {
            found.push(line);
        }
        if found.len() == LINES_MAX {
            break;
        }
    }
    // The clearest line gives the direction; others lie along or square to it.
    let first = found.first()?.turn;
    found.retain(|line| apart(line.turn, first, TURNS as isize / 2) <= SQUARE);
    let back = |line: Line| Line {
        offset: line.offset * factor as f32 + (factor - 1) as f32 / 2.0 * (line.cosine + line.sine),
        ..line
    };
    has_regular_step(&found, middle).then(|| found.into_iter().map(back).collect())
}

/// Whether three neighbours among parallel lines lie at equal steps: scratches and strokes do not.
fn has_regular_step(lines: &[Line], middle: (f32, f32)) -> bool {
    lines.iter().any(|first| {
        let parallel = |l: &&Line| apart(l.turn, first.turn, TURNS as isize) <= SAME_TURN;
        let mut places: Vec<f32> = lines
            .iter()
            .filter(parallel)
            .map(|l| {
                let place = l.offset - middle.0 * l.cosine - middle.1 * l.sine;
                let turned_over = l.cosine * first.cosine + l.sine * first.sine < 0.0;
                if turned_over { -place } else { place }
            })
            .collect();
        places.sort_unstable_by(f32::total_cmp);
        places.windows(LINES_MIN).any(|three| {
            let steps: Vec<f32> = three.windows(2).map(|two| two[1] - two[0]).collect();
            let least = steps.iter().copied().fold(f32::INFINITY, f32::min);
            let most = steps.iter().copied().fold(0.0, f32::max);
            least > 2.0 * SAME_PX && most < STEPS_RATIO_MAX * least
        })
    })
}

/// How far two turns are apart when turns repeat after `round`.
fn apart(one: usize, other: usize, round: isize) -> isize {
    let off = (one as isize - other as isize).rem_euclid(round);
    off.min(round - off)
}

/// Length of a line inside the counted area, pixels of the small picture.
fn chord(line: &Line, region: &Region, factor: usize) -> f32 {
    let (x, y) = (line.offset * line.cosine, line.offset * line.sine);
    let reach = (region.width.max(region.height) / factor) as i32 * 2;
    let inside = |step: &i32| {
        let (px, py) = (x - *step as f32 * line.sine, y + *step as f32 * line.cosine);
        px >= 0.0 && py >= 0.0 && {
            let (column, row) = (px as usize * factor, py as usize * factor);
            region.spans.get(row).is_some_and(|span| (span.0..span.1).contains(&column))
        }
    };
    (-reach..=reach).filter(inside).count() as f32
}

/// A line in one row (or, lying flat, one column) of the picture.
#[derive(Debug, Clone, Copy)]
struct Spot {
    x: f32,
    y: f32,
}

/// The light across a stretch of a line.
struct Across {
    /// Light at whole pixels across, from `-2 · REACH`.
    light: Vec<f32>,
    /// Where the line lies, and how far it reaches to either side.
    centre: isize,
    before: isize,
    after: isize,
}

impl Across {
    /// Looks across the `spots` of `line`; the line lies at most a few pixels from `shift`.
    fn of(clean: &Plane, line: &Line, spots: &[Spot], shift: isize, least: f32) -> Option<Self> {
        let reach = REACH as isize;
        let light: Vec<f32> = (-2 * reach..=2 * reach)
            .map(|off| {
                let mut values: Vec<f32> = spots.iter().map(|spot| beside(clean, line, spot, off)).collect();
                quantile(&mut values, 0.5).unwrap_or(0.0)
            })
            .collect();
        let mut own = Self { light, centre: 0, before: reach, after: reach };
        let near = (shift - DRIFT_PX).max(-reach)..=(shift + DRIFT_PX).min(reach);
        own.centre = near.max_by(|a, b| own.at(*a as f32).abs().total_cmp(&own.at(*b as f32).abs()))?;
        let height = own.at(own.centre as f32);
        let foot = |step: isize| {
            let low =
                |i: &isize| own.at((own.centre + i * step) as f32) * height.signum() < FOOT * height.abs();
            (1..=reach).find(low).unwrap_or(reach)
        };
        (own.before, own.after) = (foot(-1), foot(1));
        (height.abs() >= least).then_some(own)
    }

    /// Light at a distance from the line as it was found.
    fn at(&self, off: f32) -> f32 {
        let place = (off + 2.0 * REACH as f32).clamp(0.0, self.light.len() as f32 - 1.0);
        let low = place as usize;
        let value = |i: usize| self.light.get(i).copied().unwrap_or(0.0);
        value(low) + (value((low + 1).min(self.light.len() - 1)) - value(low)) * (place - low as f32)
    }
}

/// The signal `off` pixels beside a line.
fn beside(clean: &Plane, line: &Line, spot: &Spot, off: isize) -> f32 {
    clean.bilinear(spot.x + off as f32 * line.cosine, spot.y + off as f32 * line.sine)
}

/// Takes one line out, stretch by stretch: its middle light is taken away, and what lies on it is
/// carried over from its two sides.
fn take_out(clean: &mut Plane, line: &Line, region: &Region, least: f32) {
    let runs_down = line.cosine.abs() >= line.sine.abs();
    let spots = spots(line, region, runs_down);
    let mut changes: Vec<(usize, f32)> = Vec::new();
    let mut shift = 0;
    for (number, own) in spots.chunks(WINDOW / 2).enumerate() {
        let from = (number * WINDOW / 2).saturating_sub(WINDOW / 4);
        let around = spots.get(from..(from + WINDOW).min(spots.len())).unwrap_or(own);
        let Some(across) = Across::of(clean, line, around, shift, least) else { continue };
        shift = across.centre;
        for spot in own {
            let aslant = if runs_down { line.cosine.abs() } else { line.sine.abs() };
            let wide = ((2 * REACH) as f32 / aslant).ceil() as isize;
            for step in -wide..=wide {
                let (x, y) = (spot.x.round() as isize, spot.y.round() as isize);
                let (x, y) = if runs_down { (x + step, y) } else { (x, y + step) };
                let off = x as f32 * line.cosine + y as f32 * line.sine - line.offset;
                let part =
                    (off - (across.centre - across.before) as f32) / (across.before + across.after) as f32;
                let inside = x >= 0 && y >= 0 && (x as usize) < clean.width && (y as usize) < clean.height;
                if !inside || part <= 0.0 || part >= 1.0 {
                    continue;
                }
                // The two sides are those straight across from this very pixel.
                let foot = Spot { x: x as f32 - off * line.cosine, y: y as f32 - off * line.sine };
                let one = beside(clean, line, &foot, across.centre - across.before);
                let two = beside(clean, line, &foot, across.centre + across.after);
                let pixel = y as usize * clean.width + x as usize;
                let (value, level) = (clean.values[pixel], across.at(off));
                let (bare, carried) = (value - level, one + (two - one) * part);
                // What hides the line stays as it is beside it; what the line shines through stays above it.
                let mended =
                    if level > 0.0 { bare.max(carried) } else { value.max(bare.min(carried.max(0.0))) };
                changes.push((pixel, mended));
            }
        }
    }
    for (pixel, value) in changes {
        clean.values[pixel] = value;
    }
}

/// A line's places inside the area looked at, one a row when it runs down, else one a column.
fn spots(line: &Line, region: &Region, runs_down: bool) -> Vec<Spot> {
    let count = if runs_down { region.height } else { region.width };
    (0..count)
        .map(|step| {
            let step = step as f32;
            if runs_down {
                Spot { x: (line.offset - step * line.sine) / line.cosine, y: step }
            } else {
                Spot { x: step, y: (line.offset - step * line.cosine) / line.sine }
            }
        })
        .filter(|spot| {
            let row = spot.y.round();
            row >= 0.0
                && region
                    .looked
                    .get(row as usize)
                    .is_some_and(|span| spot.x >= span.0 as f32 && spot.x < span.1 as f32)
        })
        .collect()
}
