//! Finds the edge of a round dish, seen straight or askew: the middle by votes,
//! the clearest closed line around it, an ellipse through that, and the rings
//! beside it. Must not know colonies or wells.

use crate::edges::{Circle, DIRECTIONS, centre_votes, directions, edges_of};
use crate::outline::Outline;
use crate::raster::{Plane, Raster, quantile};
use crate::slopes::{Slopes, WEAKEST_EDGE};

/// Side of the picture on which rings are measured.
pub(crate) const FINE_SIDE_PX: usize = 620;
/// Share of a ring that must be seen.
const COVERAGE_MIN: f32 = 0.5;
/// A ring is seen all round: in this many of eight sectors, to this share each.
const SECTORS: usize = 8;
const SECTORS_SEEN_MIN: f32 = 0.74;
const SECTOR_COVERAGE_MIN: f32 = 0.3;
/// Least part of a ring that must lie inside the picture.
const INSIDE_MIN: f32 = 0.4;
/// Smallest and largest dish looked for, parts of the picture's shorter side.
const RADIUS_MIN: f32 = 0.26;
const RADIUS_MAX: f32 = 0.66;
/// The innermost ring belongs to the rim when at least this part of the outer one.
const RIM_INNER_MIN: f32 = 0.8;
/// Coverage from which on no other ellipse is tried.
const SURE: f32 = 0.9;
/// Centres tried.
const CENTRES: usize = 3;

/// A dish that was found, in working pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dish {
    /// Outermost ring seen.
    pub(crate) outer: Outline,
    /// Innermost ring that belongs to the rim.
    pub(crate) inner: Outline,
    /// Share of the outermost ring seen, 0–1.
    pub(crate) coverage: f32,
}

/// The dish of a picture, if it shows one.
pub(crate) fn find(raster: &Raster, coarse: &Plane, coarse_factor: usize) -> Option<Dish> {
    let (fine, fine_factor) = raster.thumbnail(FINE_SIDE_PX);
    let slopes = Slopes::of(&fine);
    let directions: Vec<(f32, f32)> = directions().collect();
    let side = fine.width.min(fine.height) as f32;
    let mut best: Option<(f32, Outline)> = None;
    for centre in centres(coarse) {
        let centre = centre.scaled(coarse_factor as f32 / fine_factor as f32);
        let Some(path) = clearest_line(&slopes, &directions, centre, side) else {
            continue;
        };
        let guess = Outline::round(centre);
        let Some(ring) = settle(&path, &guess, side) else {
            continue;
        };
        let seen = Seen::of(&slopes, &directions, &ring, 0.012);
        // A larger ring seen as well is the dish; a smaller one is in it.
        let score = seen.coverage * (ring.radius() / side).sqrt();
        if seen.all_round() && best.as_ref().is_none_or(|b| score > b.0) {
            best = Some((score, ring));
        }
    }
    let (_, ring) = best?;
    let ring = apart_from_neighbours(&slopes, &directions, ring);
    let dish = rings_beside(&slopes, &directions, ring, side)?;
    let scale = fine_factor as f32;
    Some(Dish { outer: dish.outer.scaled(scale), inner: dish.inner.scaled(scale), ..dish })
}

/// Where most circles seem to have their centre: the highest votes close by and
/// at large. A dish seen askew spreads its votes, so wide heaps are tried too.
fn centres(coarse: &Plane) -> Vec<Circle> {
    let edges = edges_of(coarse, 0.14, WEAKEST_EDGE);
    let side = coarse.width.min(coarse.height) as f32;
    let radii = (side * RADIUS_MIN) as usize..=(side * 0.62) as usize;
    let votes = centre_votes((coarse.width, coarse.height), &edges, radii);
    let heap = heaped(&votes, (side * 0.03) as usize + 1);
    let mut found: Vec<Circle> = Vec::new();
    for plane in [&votes, &heap, &heap] {
        let far = |at: usize| {
            let (x, y) = ((at % plane.width) as f32, (at / plane.width) as f32);
            found.iter().all(|c| (c.x - x).hypot(c.y - y) > 0.05 * side)
        };
        let highest =
            plane.values.iter().enumerate().filter(|(at, _)| far(*at)).max_by(|a, b| a.1.total_cmp(b.1));
        if let Some((at, _)) = highest {
            found.push(Circle { x: (at % plane.width) as f32, y: (at / plane.width) as f32, radius: 1.0 });
        }
    }
    found.truncate(CENTRES);
    found
}

/// Sums over a square of `2·reach + 1`, by running sums.
fn heaped(plane: &Plane, reach: usize) -> Plane {
    let pass = |source: &[f32], count: usize, length: usize, step: usize, stride: usize| -> Vec<f32> {
        let mut out = vec![0.0f32; source.len()];
        for line in 0..count {
            let at = |i: usize| line * stride + i * step;
            let mut sum: f32 = (0..reach.min(length)).map(|i| source[at(i)]).sum();
            for i in 0..length {
                if i + reach < length {
                    sum += source[at(i + reach)];
                }
                if i > reach {
                    sum -= source[at(i - reach - 1)];
                }
                out[at(i)] = sum;
            }
        }
        out
    };
    let rows = pass(&plane.values, plane.height, plane.width, 1, plane.width);
    let values = pass(&rows, plane.width, plane.height, plane.width, 1);
    Plane { width: plane.width, height: plane.height, values }
}

/// The closed line around `centre` along which edges are clearest in all, found
/// by dynamic programming over directions: one point a direction, neighbours at
/// most two pixels nearer or farther. `None` when the picture holds none.
fn clearest_line(
    slopes: &Slopes,
    directions: &[(f32, f32)],
    centre: Circle,
    side: f32,
) -> Option<Vec<(f32, f32)>> {
    let (low, high) = ((side * RADIUS_MIN) as usize, (side * RADIUS_MAX) as usize);
    let count = high.checked_sub(low)?.max(1);
    // Twice round, so that the middle of the way knows nothing of its ends.
    let turns = 2 * DIRECTIONS;
    let mut total = vec![0.0f32; count];
    let mut ways: Vec<i8> = vec![0; turns * count];
    for step in 0..turns {
        let (cosine, sine) = *directions.get(step % DIRECTIONS)?;
        let mut next = vec![0.0f32; count];
        for (slot, value) in next.iter_mut().enumerate() {
            let mut most = (f32::NEG_INFINITY, 0i8);
            for move_by in -2i8..=2 {
                let Some(&before) = slot.checked_add_signed(isize::from(move_by)).and_then(|s| total.get(s))
                else {
                    continue;
                };
                let held = before - 0.15 * f32::from(move_by.abs());
                if held > most.0 {
                    most = (held, move_by);
                }
            }
            let radius = (low + slot) as f32;
            let clear = slopes.edge(centre.x + radius * cosine, centre.y + radius * sine, cosine, sine);
            // Outside the picture nothing speaks for or against a ring.
            *value = most.0 + clear.unwrap_or(0.4);
            ways[step * count + slot] = most.1;
        }
        total = next;
    }
    let mut slot = total.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?.0;
    let mut points = Vec::with_capacity(DIRECTIONS);
    for step in (0..turns).rev() {
        if (DIRECTIONS / 2..DIRECTIONS * 3 / 2).contains(&step) {
            let (cosine, sine) = *directions.get(step % DIRECTIONS)?;
            let radius = (low + slot) as f32;
            let (x, y) = (centre.x + radius * cosine, centre.y + radius * sine);
            if slopes.edge(x, y, cosine, sine).is_some_and(|clear| clear > 0.0) {
                points.push((x, y));
            }
        }
        slot = slot.checked_add_signed(isize::from(ways[step * count + slot]))?.min(count - 1);
    }
    Some(points)
}

/// An ellipse through most of the points; those far from it are let go.
fn settle(points: &[(f32, f32)], guess: &Outline, side: f32) -> Option<Outline> {
    if points.len() < DIRECTIONS / 3 {
        return None;
    }
    let middle = {
        let mut radii: Vec<f32> = points.iter().map(|p| (p.0 - guess.x).hypot(p.1 - guess.y)).collect();
        quantile(&mut radii, 0.5)?
    };
    let mut ring = Outline { long: middle, short: middle, ..*guess };
    for limit in [f32::INFINITY, 0.03, 0.015, 0.01] {
        let kept: Vec<(f32, f32)> =
            points.iter().copied().filter(|p| (ring.part(p.0, p.1) - 1.0).abs() <= limit).collect();
        if kept.len() < DIRECTIONS / 4 {
            return None;
        }
        ring = Outline::through(&kept, &ring)?;
    }
    let size = ring.radius() / side;
    (RADIUS_MIN * 0.9..=RADIUS_MAX * 1.1).contains(&size).then_some(ring)
}

/// How much of a ring is seen.
#[derive(Debug, Clone, Copy)]
struct Seen {
    /// Share of the directions inside the picture.
    coverage: f32,
    /// Share of all directions inside the picture.
    inside: f32,
    /// Share of the sectors inside the picture in which it is seen.
    sectors: f32,
}

impl Seen {
    /// Looks along a ring, at most `slack` (part of it) to either side.
    fn of(slopes: &Slopes, directions: &[(f32, f32)], ring: &Outline, slack: f32) -> Self {
        let reach = (slack * ring.radius()).max(1.0) as i32;
        let pixel = 1.0 / ring.radius().max(1.0);
        let (mut hits, mut within) = ([0u32; SECTORS], [0u32; SECTORS]);
        for (step, &(cosine, sine)) in directions.iter().enumerate() {
            let sector = step * SECTORS / DIRECTIONS;
            let (x, y) = ring.point(cosine, sine, 1.0);
            if slopes.edge(x, y, cosine, sine).is_none() {
                continue;
            }
            within[sector] += 1;
            let seen = (-reach..=reach).any(|off| {
                let (x, y) = ring.point(cosine, sine, 1.0 + off as f32 * pixel);
                slopes.edge(x, y, cosine, sine).is_some_and(|clear| clear > 0.0)
            });
            hits[sector] += u32::from(seen);
        }
        let all = |counts: &[u32]| counts.iter().sum::<u32>() as f32;
        let looked: Vec<usize> =
            (0..SECTORS).filter(|&s| within[s] as usize > DIRECTIONS / SECTORS / 3).collect();
        let clear = looked.iter().filter(|&&s| hits[s] as f32 >= SECTOR_COVERAGE_MIN * within[s] as f32);
        Self {
            coverage: all(&hits) / all(&within).max(1.0),
            inside: all(&within) / DIRECTIONS as f32,
            sectors: clear.count() as f32 / looked.len().max(1) as f32,
        }
    }

    fn all_round(&self) -> bool {
        self.coverage >= COVERAGE_MIN && self.inside >= INSIDE_MIN && self.sectors >= SECTORS_SEEN_MIN
    }
}

/// Axes tried about those found, parts of them: rings of one rim lie this far apart.
const AXES: [f32; 5] = [0.94, 0.97, 1.0, 1.03, 1.06];

/// Coverage by which another ellipse must be seen better to be another ring.
const CLEARLY: f32 = 0.1;

/// A rim has several rings, and a line may have run from one to another: of ellipses somewhat
/// wider and flatter, the one seen best is one ring all round.
fn apart_from_neighbours(slopes: &Slopes, directions: &[(f32, f32)], ring: Outline) -> Outline {
    let seen = |of: &Outline| Seen::of(slopes, directions, of, 0.006).coverage;
    let mut best = (seen(&ring), ring);
    if best.0 > SURE {
        return ring;
    }
    for long in AXES {
        for short in AXES {
            // The longer axis stays the longer one: a ring nearly round may turn over.
            let (one, other) = (ring.long * long, ring.short * short);
            if other > one {
                continue;
            }
            let near = Outline { long: one, short: other, ..ring };
            let Some(fitted) = refit(slopes, directions, &near) else { continue };
            let coverage = seen(&fitted);
            if coverage > best.0 + CLEARLY {
                best = (coverage, fitted);
            }
        }
    }
    best.1
}

/// Rings about the one found: the outermost that is seen, and the innermost
/// that still belongs to its rim.
fn rings_beside(slopes: &Slopes, directions: &[(f32, f32)], ring: Outline, side: f32) -> Option<Dish> {
    let step = 1.0 / ring.radius().max(1.0);
    let part = |index: usize| 0.7 + index as f32 * step;
    let most = (1.5f32).min(RADIUS_MAX * 1.1 * side / ring.radius());
    let count = ((most - 0.7) / step).max(1.0) as usize;
    let seen: Vec<Seen> =
        (0..count).map(|i| Seen::of(slopes, directions, &ring.resized(part(i)), 0.012)).collect();
    // Texture meets every line a little: a ring must stand out of it.
    let base = {
        let inner: Vec<f32> = (0..12)
            .map(|i| Seen::of(slopes, directions, &ring.resized(0.36 + 0.025 * i as f32), 0.012).coverage)
            .collect();
        quantile(&mut inner.clone(), 0.5)?
    };
    let needed = COVERAGE_MIN.max((base + 0.25).min(0.9));
    let peak = |index: usize| {
        let around = index.saturating_sub(3)..(index + 4).min(count);
        seen[around].iter().all(|near| near.coverage <= seen[index].coverage)
    };
    let found: Vec<(usize, Outline, Seen)> = (0..count)
        .filter(|&i| seen[i].all_round() && seen[i].coverage >= needed && peak(i))
        .map(|i| {
            let near = ring.resized(part(i));
            let fitted = refit(slopes, directions, &near).unwrap_or(near);
            let fitted_seen = Seen::of(slopes, directions, &fitted, 0.008);
            let as_it_was = Seen::of(slopes, directions, &near, 0.008);
            if fitted_seen.coverage >= as_it_was.coverage {
                (i, fitted, fitted_seen)
            } else {
                (i, near, as_it_was)
            }
        })
        .filter(|(_, _, seen)| seen.all_round() && seen.coverage >= needed)
        .collect();
    let (_, outer, outer_seen) = found.last().copied()?;
    let inner = found
        .iter()
        .find(|(_, own, _)| own.radius() >= RIM_INNER_MIN * outer.radius())
        .map_or(outer, |(_, own, _)| *own);
    Some(Dish { outer, inner, coverage: outer_seen.coverage })
}

/// Lets an outline settle on the clearest edges within three hundredths of it.
fn refit(slopes: &Slopes, directions: &[(f32, f32)], near: &Outline) -> Option<Outline> {
    let reach = (0.03 * near.radius()).max(2.0) as i32;
    let pixel = 1.0 / near.radius().max(1.0);
    let mut points = Vec::with_capacity(DIRECTIONS);
    for &(cosine, sine) in directions {
        let mut best: Option<(f32, (f32, f32))> = None;
        for off in -reach..=reach {
            let point = near.point(cosine, sine, 1.0 + off as f32 * pixel);
            let Some(clear) = slopes.edge(point.0, point.1, cosine, sine).filter(|c| *c > 0.0) else {
                continue;
            };
            // Of two edges equally clear the nearer one is this ring's.
            let worth = clear - 0.6 * (off as f32 / reach as f32).abs();
            if best.is_none_or(|b| worth > b.0) {
                best = Some((worth, point));
            }
        }
        points.extend(best.map(|b| b.1));
    }
    let mut ring = *near;
    for limit in [0.03, 0.015, 0.008] {
        let kept: Vec<(f32, f32)> =
            points.iter().copied().filter(|p| (ring.part(p.0, p.1) - 1.0).abs() <= limit).collect();
        if kept.len() < DIRECTIONS / 3 {
            return None;
        }
        ring = Outline::through(&kept, &ring)?;
    }
    Some(ring)
}
