//! Counts one vessel: evens the light, decides dark or light, finds a
//! threshold, measures shapes, and says when no number can be given. Must not
//! know files, pages or reports.

use crate::background::Background;
use crate::components::{Component, components};
use crate::edges::Circle;
use crate::even::{CONTRAST_MIN, Halves, even_out, noise_of};
use crate::knowledge::CountingRules;
use crate::raster::{Plane, Raster, quantile, smooth};
use crate::region::{Candidate, Channel, Polarity, Region, candidates};
use crate::shapes::{NotAColony, Shape, Surroundings, shapes_of};
use serde::{Deserialize, Serialize};

/// Why a vessel has no count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "kebab-case")]
pub enum NoCount {
    /// Colonies cover more than the limit.
    Confluent {
        /// Part of the vessel covered, 0–1.
        covered: f64,
        /// The limit.
        limit: f64,
    },
    /// More colonies than the limit.
    TooMany {
        /// Colonies found before giving up.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// Too much of what stands out has no colony's shape.
    Unclear {
        /// Part of the standing-out area without a colony's shape, 0–1.
        unclear: f64,
        /// The limit.
        limit: f64,
    },
    /// Too many colonies lie in patches that had to be split many ways.
    Crowded {
        /// Part of the colonies that lie in such patches, 0–1.
        crowded: f64,
        /// The limit.
        limit: f64,
    },
    /// What stands out is mostly ragged: gaps in a lawn rather than colonies.
    NotRound {
        /// Median roundness of what is large enough to tell, 0–1.
        roundness: f64,
        /// The limit.
        limit: f64,
    },
    /// Too few pixels to see anything.
    TooSmall {
        /// Pixels in the vessel.
        pixels: u64,
    },
}

/// One vessel's outcome, in the region's pixels.
#[derive(Debug, Clone)]
pub struct Counted {
    /// Colonies at or above the set diameter.
    pub colonies: Vec<Shape>,
    /// What stood out and was not counted.
    pub rejected: Vec<Shape>,
    /// Colony-like shapes under the set diameter.
    pub below_size: usize,
    /// Why there is no number; empty when there is one.
    pub no_count: Option<NoCount>,
    /// Dark or light, as decided.
    pub polarity: Polarity,
    /// Part of the vessel above the threshold, 0–1.
    pub covered: f64,
    /// Noise of the evened signal, parts of full scale.
    pub noise: f32,
    /// Threshold on the evened signal, parts of full scale.
    pub threshold: f32,
}

/// What to look for.
#[derive(Debug, Clone, Copy)]
pub struct Search {
    /// Light to use.
    pub channel: Channel,
    /// Dark, light or decide.
    pub polarity: Polarity,
    /// Smallest diameter counted, working pixels.
    pub diameter_min: f32,
}

/// Counts the colonies of one region.
#[must_use]
pub fn count(raster: &Raster, region: &Region, search: &Search, rules: &CountingRules) -> Counted {
    let pixels = region.area();
    if pixels < 64 {
        return nothing(NoCount::TooSmall { pixels: pixels as u64 });
    }
    let mut tried = candidates(raster, region, search.channel, search.polarity);
    tried.iter_mut().for_each(|c| smooth(&mut c.plane));
    let Some(chosen) = choose(&tried, raster, region) else {
        return nothing(NoCount::TooSmall { pixels: pixels as u64 });
    };
    let Some(even) = even_out(&chosen.plane, chosen.sign, region, raster.step) else {
        return nothing(NoCount::TooSmall { pixels: pixels as u64 });
    };
    let found = components(&even.plane, &region.spans, even.threshold);
    let covered = found.iter().map(|c| c.area).sum::<usize>() as f64 / pixels as f64;
    let around =
        Surroundings { circle: region.circle, diameter: region.diameter(), smallest: search.diameter_min };
    let mut shapes = Vec::with_capacity(found.len());
    let smallest_area = (search.diameter_min * search.diameter_min * 0.35) as usize;
    let mut specks = 0;
    for component in &found {
        if component.area < smallest_area.max(3) || component.peak < even.seed {
            specks += usize::from(component.area >= 3 && component.peak >= even.seed);
            continue;
        }
        shapes.extend(shapes_of(component, &even.plane, even.threshold, &around));
    }
    reject_fragments(&mut shapes, region.circle);
    let mut counted = sort_out(shapes, search.diameter_min, even.noise);
    counted.below_size += specks;
    counted.polarity = chosen.polarity;
    counted.covered = covered;
    counted.noise = even.noise;
    counted.threshold = even.threshold;
    counted.no_count = assess(&counted, even.halves, pixels, rules);
    counted
}

fn nothing(reason: NoCount) -> Counted {
    Counted {
        colonies: Vec::new(),
        rejected: Vec::new(),
        below_size: 0,
        no_count: Some(reason),
        polarity: Polarity::Automatic,
        covered: 0.0,
        noise: 0.0,
        threshold: 0.0,
    }
}

/// Picks the candidate in which more area stands out in compact shapes.
fn choose<'a>(tried: &'a [Candidate], raster: &Raster, region: &Region) -> Option<&'a Candidate> {
    if let [only] = tried {
        return Some(only);
    }
    let scored = tried.iter().map(|c| (compact_mass(c, raster, region), c));
    scored.max_by(|a, b| a.0.total_cmp(&b.0)).map(|s| s.1)
}

/// Every colour of a reflection is at full scale, parts of it.
const REFLECTION_MIN: f32 = 0.97;

/// Whether the middle of a thing seen on the half-size picture is white at full
/// scale in every colour: a lamp's reflection, which is bright enough to outweigh
/// a few dark colonies.
fn is_reflection(raster: &Raster, region: &Region, component: &Component) -> bool {
    let (left, top, right, bottom) = component.bounds;
    let (x, y) = (region.left + left + right, region.top + top + bottom);
    raster
        .planes
        .iter()
        .all(|plane| y < plane.height && plane.row(y).get(x).is_some_and(|value| *value >= REFLECTION_MIN))
}

/// Sum over compact shapes of area × height above the background, on a half-size picture.
fn compact_mass(candidate: &Candidate, raster: &Raster, region: &Region) -> f64 {
    let (width, height) = (region.width / 2, region.height / 2);
    let mut small = Plane::filled(width, height, 0.0);
    for y in 0..height {
        let source = candidate.plane.row(2 * y);
        for (value, pair) in small.values[y * width..(y + 1) * width].iter_mut().zip(source.chunks_exact(2)) {
            *value = pair[0];
        }
    }
    let spans: Vec<(usize, usize)> = (0..height)
        .map(|y| {
            region.spans.get(2 * y).map_or((0, 0), |s| (s.0.div_ceil(2), (s.1 / 2).max(s.0.div_ceil(2))))
        })
        .collect();
    let mut mask = vec![false; width * height];
    for (y, span) in spans.iter().enumerate() {
        mask[y * width + span.0..y * width + span.1].fill(true);
    }
    let cell = (region.diameter() / 32.0).clamp(8.0, 60.0) as usize;
    let Some(base) = Background::estimate(&small, cell, 0.5, |at| mask[at]) else {
        return 0.0;
    };
    let even = base.evened(&small, candidate.sign);
    let noise = noise_of(&even, &mask, 1e-4, f32::INFINITY);
    let threshold = (6.0 * noise).max(CONTRAST_MIN);
    let largest = region.diameter() * region.diameter() / 40.0;
    components(&even, &spans, threshold)
        .iter()
        .filter(|c| c.area >= 3 && (c.area as f32) < largest)
        .filter(|c| {
            let (wide, high) = ((c.bounds.2 - c.bounds.0) as f32, (c.bounds.3 - c.bounds.1) as f32);
            wide.max(high) <= 2.2 * wide.min(high) && c.area as f32 >= 0.5 * wide * high
        })
        .filter(|c| candidate.polarity != Polarity::Light || !is_reflection(raster, region, c))
        .map(|c| c.area as f64 * f64::from(c.peak))
        .sum()
}

/// A fragment is under this part of the usual diameter, or under all of it and less round than this.
const FRAGMENT_DIAMETER: f32 = 0.7;
const FRAGMENT_ROUND: f32 = 0.72;
/// Strokes and bubble walls are thin; what is wider is no bit of one, pixels.
const FRAGMENT_DIAMETER_MAX_PX: f32 = 12.0;

/// Part of the radius in which bits of a rim may lie.
const RIM_BAND: f32 = 0.1;
/// Fewest shapes of the middle that say what is usual.
const USUAL_SHAPES_MIN: usize = 3;
/// Rounds in which a bit that was given away gives away its neighbours.
const FRAGMENT_ROUNDS: usize = 12;

/// A broken ring or stroke leaves bits that look like small colonies; they lie
/// beside other bits. Two neighbours, one of them ragged, give a bit away, and
/// so along the whole ring. A bit cut by the vessel's edge is a piece of the rim.
fn reject_fragments(shapes: &mut [Shape], circle: Option<Circle>) {
    // What is usual is read off the middle: bits of a rim lie along it and may be many.
    let inner =
        |s: &&Shape| circle.is_none_or(|c| (s.x - c.x).hypot(s.y - c.y) < (1.0 - RIM_BAND) * c.radius);
    let whole = || shapes.iter().filter(|s| s.rejected.is_none());
    let mut diameters: Vec<f32> = whole().filter(inner).map(Shape::diameter).collect();
    if diameters.len() < USUAL_SHAPES_MIN {
        diameters = whole().map(Shape::diameter).collect();
    }
    let Some(usual) = quantile(&mut diameters, 0.5) else {
        return;
    };
    let ragged = |s: &Shape| {
        matches!(s.rejected, Some(NotAColony::Elongated | NotAColony::Irregular | NotAColony::AlongTheEdge))
    };
    let doubtful = |s: &Shape| {
        let small = if s.roundness < FRAGMENT_ROUND { 1.0 } else { FRAGMENT_DIAMETER };
        s.rejected.is_none() && s.diameter() < small * usual && s.diameter() < FRAGMENT_DIAMETER_MAX_PX
    };
    if let Some(edge) = circle {
        for shape in shapes.iter_mut().filter(|s| doubtful(s)) {
            let inside = edge.radius - (shape.x - edge.x).hypot(shape.y - edge.y);
            if inside < shape.diameter() {
                shape.rejected = Some(NotAColony::AlongTheEdge);
            }
        }
    }
    for _ in 0..FRAGMENT_ROUNDS {
        if !reject_beside_ragged(shapes, &ragged, &doubtful) {
            return;
        }
    }
}

/// One round; tells whether anything was given away.
fn reject_beside_ragged(
    shapes: &mut [Shape],
    ragged: &impl Fn(&Shape) -> bool,
    doubtful: &impl Fn(&Shape) -> bool,
) -> bool {
    let mut bits: Vec<(f32, f32, f32, bool)> = shapes
        .iter()
        .filter(|s| ragged(s) || doubtful(s))
        .map(|s| (s.x, s.y, s.diameter(), ragged(s)))
        .collect();
    if !bits.iter().any(|b| b.3) {
        return false;
    }
    let mut given_away = false;
    bits.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    for shape in shapes.iter_mut() {
        if !doubtful(shape) {
            continue;
        }
        // A neighbour wider than four of its own is another thing altogether.
        let own = shape.diameter();
        let start = bits.partition_point(|b| b.0 < shape.x - 10.0 * own);
        let (mut near, mut near_ragged) = (0, 0);
        for bit in bits[start..].iter().take_while(|b| b.0 <= shape.x + 10.0 * own) {
            let apart = (bit.0 - shape.x).hypot(bit.1 - shape.y);
            if apart < 2.0 * (own + bit.2) && bit.2 < 4.0 * own {
                near += 1;
                near_ragged += usize::from(bit.3);
            }
        }
        // It is its own first neighbour.
        if near >= 3 && near_ragged >= 1 {
            shape.rejected = Some(NotAColony::Irregular);
            given_away = true;
        }
    }
    given_away
}

/// Parts counted from rejected and too small, and takes out what is far
/// fainter than its fellows of the same picture.
fn sort_out(shapes: Vec<Shape>, diameter_min: f32, noise: f32) -> Counted {
    let mut counted = nothing(NoCount::TooSmall { pixels: 0 });
    for shape in shapes {
        // A small faint thing needs more evidence than a large one.
        let evidence = shape.contrast / noise.max(1e-6) * shape.area.sqrt();
        if shape.rejected.is_some() {
            counted.rejected.push(shape);
        } else if shape.diameter() < diameter_min || evidence < 18.0 {
            counted.below_size += 1;
        } else {
            counted.colonies.push(shape);
        }
    }
    counted
}

fn assess(counted: &Counted, halves: Halves, pixels: usize, rules: &CountingRules) -> Option<NoCount> {
    let area = |shapes: &[Shape]| shapes.iter().map(|s| f64::from(s.area)).sum::<f64>();
    let (colonies, rejected) = (area(&counted.colonies), {
        // What lies along the rim or is a bubble says nothing about crowding.
        let odd = counted.rejected.iter().filter(|s| {
            matches!(s.rejected, Some(NotAColony::Irregular | NotAColony::TooLarge | NotAColony::Elongated))
        });
        odd.map(|s| f64::from(s.area)).sum::<f64>()
    });
    if counted.covered > rules.covered_max {
        return Some(NoCount::Confluent { covered: counted.covered, limit: rules.covered_max });
    }
    if halves.apart > rules.halves_apart_min && halves.smaller > rules.halves_smaller_max {
        return Some(NoCount::Confluent { covered: halves.smaller, limit: rules.halves_smaller_max });
    }
    let found = counted.colonies.len() as u64;
    if found > rules.colonies_max {
        return Some(NoCount::TooMany { found, limit: rules.colonies_max });
    }
    let unclear = rejected / (colonies + rejected).max(1.0);
    if unclear > rules.unclear_max && (colonies + rejected) / pixels as f64 > rules.unclear_covered_min {
        return Some(NoCount::Unclear { unclear, limit: rules.unclear_max });
    }
    if let Some(roundness) = usual_roundness(counted)
        && roundness < rules.roundness_min
        && counted.covered > rules.unclear_covered_min
    {
        return Some(NoCount::NotRound { roundness, limit: rules.roundness_min });
    }
    let crowded_shapes =
        counted.colonies.iter().filter(|s| s.patch_shapes >= rules.crowd_shapes as usize).count();
    let crowded = crowded_shapes as f64 / (found.max(1)) as f64;
    if found >= rules.crowd_shapes && crowded > rules.crowded_max {
        return Some(NoCount::Crowded { crowded, limit: rules.crowded_max });
    }
    None
}

/// Fewest shapes, and smallest area of each, for a roundness that means something.
const ROUNDNESS_SHAPES_MIN: usize = 40;
const ROUNDNESS_AREA_MIN_PX: f32 = 28.0;

/// Median roundness over counted and ragged shapes large enough to have one.
fn usual_roundness(counted: &Counted) -> Option<f64> {
    let along = |s: &&Shape| !matches!(s.rejected, Some(NotAColony::AlongTheEdge | NotAColony::Bubble));
    let all = counted.colonies.iter().chain(&counted.rejected).filter(along);
    let mut values: Vec<f32> = all.filter(|s| s.area >= ROUNDNESS_AREA_MIN_PX).map(|s| s.roundness).collect();
    if values.len() < ROUNDNESS_SHAPES_MIN {
        return None;
    }
    quantile(&mut values, 0.5).map(f64::from)
}
