//! Finds a dish with four straight sides: the clearest lines of two directions,
//! the largest frame of them that is seen all round and ends at its corners, and
//! the innermost line of its rim. Must not know colonies, round dishes or wells.

use crate::corners::Corners;
use crate::dish::FINE_SIDE_PX;
use crate::raster::{Raster, quantile};
use crate::slopes::Slopes;

/// A dish lies turned by at most this, degrees, and lines are looked for in these steps.
const TURN_MAX: i32 = 20;
const STEPS_PER_DEGREE: i32 = 2;
/// An edge belongs to a line when its change runs across it to within this tangent.
const ACROSS: f32 = 0.2;
/// Lines of each direction that are tried.
const LINES: usize = 12;
/// Two lines closer than this, pixels, at the picture's middle are one.
const LINES_APART_PX: f32 = 5.0;
/// Least side of a dish, part of the picture's shorter side; and longest over shortest side.
const SIDE_MIN: f32 = 0.35;
const LONG_MAX: f32 = 1.7;
/// Share of each side that must be seen, and most of what lies beyond the corners.
const SIDE_SEEN_MIN: f32 = 0.6;
const BEYOND_SEEN_MAX: f32 = 0.4;
/// Points looked at along a side.
const POINTS: usize = 80;
/// A rim is at most this part of the side wide.
const RIM_MAX: f32 = 0.08;
/// A line of the rim stands this far out of the lines the texture of the agar makes.
const OUT_OF_TEXTURE: f32 = 0.25;

/// A line: points with `x·cosine + y·sine = offset`.
#[derive(Debug, Clone, Copy)]
struct Line {
    cosine: f32,
    sine: f32,
    offset: f32,
}

impl Line {
    fn meets(&self, other: &Self) -> Option<(f32, f32)> {
        let under = self.cosine * other.sine - self.sine * other.cosine;
        let x = (self.offset * other.sine - other.offset * self.sine) / under;
        let y = (self.cosine * other.offset - other.cosine * self.offset) / under;
        (under.abs() > 0.5).then_some((x, y))
    }
}

/// The inner edge of a straight-sided dish, if the picture shows one, in working pixels.
pub(crate) fn find(raster: &Raster) -> Option<Corners> {
    let (fine, factor) = raster.thumbnail(FINE_SIDE_PX);
    let slopes = Slopes::of(&fine);
    let (columns, rows) = (lines(&slopes, false), lines(&slopes, true));
    let outer = best_frame(&slopes, &columns, &rows)?;
    Some(inner_of(&slopes, &outer).scaled(factor as f32))
}

/// The clearest lines that run down (or, `level`, across) the picture, by votes of its edges.
fn lines(slopes: &Slopes, level: bool) -> Vec<Line> {
    let (wide, high) = (slopes.width as f32, slopes.height as f32);
    let shift = wide.hypot(high).ceil();
    let slots = 2 * shift as usize + 2;
    let quarter = if level { std::f32::consts::FRAC_PI_2 } else { 0.0 };
    let turns: Vec<(f32, f32)> = (-TURN_MAX * STEPS_PER_DEGREE..=TURN_MAX * STEPS_PER_DEGREE)
        .map(|step| {
            let angle = quarter + (step as f32 / STEPS_PER_DEGREE as f32).to_radians();
            (angle.cos(), angle.sin())
        })
        .collect();
    let mut votes = vec![0u32; turns.len() * slots];
    for y in 2..slopes.height.saturating_sub(2) {
        for x in 2..slopes.width.saturating_sub(2) {
            let at = y * slopes.width + x;
            let (gx, gy) = (slopes.across[at], slopes.down[at]);
            if gx.hypot(gy) < slopes.weakest {
                continue;
            }
            for (turn, &(cosine, sine)) in turns.iter().enumerate() {
                if (gy * cosine - gx * sine).abs() <= ACROSS * (gx * cosine + gy * sine).abs() {
                    let offset = x as f32 * cosine + y as f32 * sine;
                    votes[turn * slots + (offset + shift) as usize] += 1;
                }
            }
        }
    }
    let mut order: Vec<usize> = (0..votes.len()).filter(|&at| votes[at] > 0).collect();
    order.sort_unstable_by_key(|&at| std::cmp::Reverse(votes[at]));
    let mut found: Vec<Line> = Vec::new();
    for at in order {
        let (cosine, sine) = turns[at / slots];
        let line = Line { cosine, sine, offset: (at % slots) as f32 - shift + 0.5 };
        // How far along the picture's middle line: lines there closer than a few pixels are one.
        let place = |l: &Line| {
            if level {
                (l.offset - wide / 2.0 * l.cosine) / l.sine
            } else {
                (l.offset - high / 2.0 * l.sine) / l.cosine
            }
        };
        if found.iter().all(|other| (place(other) - place(&line)).abs() > LINES_APART_PX) {
            found.push(line);
        }
        if found.len() == LINES {
            break;
        }
    }
    found
}

/// Share of the points between two ends at which an edge runs along; `None` outside the picture.
fn seen(slopes: &Slopes, from: (f32, f32), to: (f32, f32), reach: i32) -> Option<f32> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy).max(1e-3);
    let (cosine, sine) = (-dy / length, dx / length);
    let (mut hits, mut within) = (0u32, 0u32);
    for step in 0..POINTS {
        let part = (step as f32 + 0.5) / POINTS as f32;
        let (x, y) = (from.0 + dx * part, from.1 + dy * part);
        if slopes.edge(x, y, cosine, sine).is_none() {
            continue;
        }
        within += 1;
        let here = |off: i32| {
            let off = off as f32;
            slopes.edge(x + off * cosine, y + off * sine, cosine, sine).is_some_and(|clear| clear > 0.0)
        };
        hits += u32::from((-reach..=reach).any(here));
    }
    (within as usize > POINTS / 4).then(|| hits as f32 / within as f32)
}

/// The largest frame seen all round whose sides end at its corners.
fn best_frame(slopes: &Slopes, columns: &[Line], rows: &[Line]) -> Option<Corners> {
    let side = slopes.width.min(slopes.height) as f32;
    let mut best: Option<(f32, Corners)> = None;
    for (one, left) in columns.iter().enumerate() {
        for right in &columns[one + 1..] {
            for (two, top) in rows.iter().enumerate() {
                for bottom in &rows[two + 1..] {
                    let Some(corners) = frame(left, right, top, bottom) else { continue };
                    let (wide, high) = corners.size();
                    let (short, long) = (wide.min(high), wide.max(high));
                    if short < SIDE_MIN * side || long > LONG_MAX * short {
                        continue;
                    }
                    let Some(coverage) = all_round(slopes, &corners) else { continue };
                    let score = coverage * (wide * high).sqrt();
                    if best.as_ref().is_none_or(|b| score > b.0) && !goes_on(slopes, &corners) {
                        best = Some((score, corners));
                    }
                }
            }
        }
    }
    best.map(|b| b.1)
}

/// The four corners of two lines down and two across, in order.
fn frame(left: &Line, right: &Line, top: &Line, bottom: &Line) -> Option<Corners> {
    let mut pair = [(left.meets(top)?, left.meets(bottom)?), (right.meets(top)?, right.meets(bottom)?)];
    pair.sort_by(|a, b| a.0.0.total_cmp(&b.0.0));
    for one in &mut pair {
        if one.0.1 > one.1.1 {
            *one = (one.1, one.0);
        }
    }
    let [(a, d), (b, c)] = pair;
    (b.0 > a.0 && c.0 > d.0 && d.1 > a.1 && c.1 > b.1).then_some(Corners([a, b, c, d]))
}

/// Mean share of the sides that is seen; `None` when one of them is not seen well.
fn all_round(slopes: &Slopes, corners: &Corners) -> Option<f32> {
    let mut sum = 0.0;
    for (from, to) in corners.sides() {
        sum += seen(slopes, from, to, 1).filter(|share| *share >= SIDE_SEEN_MIN)?;
    }
    Some(sum / 4.0)
}

/// Whether the sides go on beyond the corners: lines of a table, a grid or paper do.
fn goes_on(slopes: &Slopes, corners: &Corners) -> bool {
    let (mut sum, mut count) = (0.0, 0.0);
    for (from, to) in corners.sides() {
        let at = |part: f32| (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part);
        for (near, far) in [(-0.03, -0.15), (1.03, 1.15)] {
            if let Some(share) = seen(slopes, at(near), at(far), 1) {
                sum += share;
                count += 1.0;
            }
        }
    }
    count > 0.0 && sum > BEYOND_SEEN_MAX * count
}

/// Each side drawn in to the innermost line of its rim.
fn inner_of(slopes: &Slopes, outer: &Corners) -> Corners {
    let (x, y) = outer.middle();
    let (wide, high) = outer.size();
    let mut sides = outer.sides().map(|(from, to)| {
        let length = (to.0 - from.0).hypot(to.1 - from.1).max(1e-3);
        let (mut cosine, mut sine) = ((to.1 - from.1) / length, (from.0 - to.0) / length);
        // The direction points outwards.
        if (from.0 - x) * cosine + (from.1 - y) * sine < 0.0 {
            (cosine, sine) = (-cosine, -sine);
        }
        (from, to, Line { cosine, sine, offset: from.0 * cosine + from.1 * sine })
    });
    let depth = wide.min(high);
    for (from, to, line) in &mut sides {
        let drawn_in = |by: f32| {
            // The ends keep clear of the sides beside.
            let end = |a: (f32, f32), b: (f32, f32)| {
                let part = 0.1;
                (a.0 + (b.0 - a.0) * part - by * line.cosine, a.1 + (b.1 - a.1) * part - by * line.sine)
            };
            seen(slopes, end(*from, *to), end(*to, *from), 0).unwrap_or(0.0)
        };
        let mut inside: Vec<f32> = (0..12).map(|i| drawn_in(depth * (0.15 + 0.02 * i as f32))).collect();
        let needed = SIDE_SEEN_MIN.max((quantile(&mut inside, 0.5).unwrap_or(0.0) + OUT_OF_TEXTURE).min(0.9));
        let steps = (RIM_MAX * depth) as usize;
        if let Some(innermost) = (0..=steps).rev().find(|&by| drawn_in(by as f32) >= needed) {
            line.offset -= innermost as f32;
        }
    }
    let [top, right, bottom, left] = sides.map(|side| side.2);
    frame(&left, &right, &top, &bottom).unwrap_or(*outer)
}
