//! Counts one vessel: evens the light, decides dark or light, finds a
//! threshold, measures shapes, and says when no number can be given. Must not
//! know files, pages or reports.

use crate::background::Background;
use crate::components::components;
use crate::even::{CONTRAST_MIN, Even, Texture, even_out, noise_of};
use crate::knowledge::{CountingRules, TextureRules};
use crate::raster::{Plane, Raster, quantile, smooth};
use crate::region::{Candidate, Channel, Polarity, Region, candidates};
use crate::second::colonies_among;
use crate::shapes::{NotAColony, Shape, Surroundings, shapes_of};
use crate::sift::{Plate, sift};
use rayon::prelude::*;
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
    /// What lies between the colonies is no background: it varies far beyond its pixels' noise.
    NoBackground {
        /// Variation over noise of the pixels.
        times: f64,
        /// The limit.
        limit: f64,
    },
    /// What lies between the colonies is as uneven as colonies grown into each other, and hardly anything
    /// stands clear of it.
    UnevenGround {
        /// Variation over a colony's width over that of near pixels.
        times: f64,
        /// The limit.
        limit: f64,
    },
    /// Without a scale, what stands out is so small that single cells and colonies look the same.
    SingleCells {
        /// Usual diameter over the field's shorter side, 0–1.
        share: f64,
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
    /// Texture of the ground over its near pixels, where there is a number but an overgrown vessel looks alike.
    pub uneven: Option<f64>,
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
    let likely = likely(&tried, region);
    let attempts: Vec<Option<Attempt>> =
        likely.par_iter().map(|candidate| attempt(candidate, raster, region, search, rules)).collect();
    let mut attempts: Vec<Attempt> = attempts.into_iter().flatten().collect();
    attempts.sort_by(|a, b| b.worth.total_cmp(&a.worth));
    let mut attempts = attempts.into_iter();
    let Some(Attempt { even, mut shapes, specks, polarity, .. }) = attempts.next() else {
        return nothing(NoCount::TooSmall { pixels: pixels as u64 });
    };
    for Attempt { even, shapes: others, .. } in attempts {
        let plate = Plate { plane: &even.plane, raster, region, noise: even.noise };
        let more = colonies_among(others, &plate, &shapes);
        shapes.extend(more);
    }
    let mut counted = sort_out(shapes, search.diameter_min);
    counted.below_size += specks;
    counted.polarity = polarity;
    counted.covered = above(&even.plane, &region.spans, even.threshold) as f64 / pixels as f64;
    counted.noise = even.noise;
    counted.threshold = even.threshold;
    counted.no_count = assess(&counted, &even, region, rules);
    if let (None, Some((times, countable))) = (&counted.no_count, overgrown(&counted, &even, &rules.texture))
    {
        if countable {
            counted.uneven = Some(times);
        } else {
            counted.no_count = Some(NoCount::UnevenGround { times, limit: rules.texture.times_min });
        }
    }
    counted
}

/// What is seen where a grid was taken out speaks this much for a signal, against one that shows no
/// grid: crossings may be left of it.
const LINED_WEIGHT: f64 = 0.5;

/// One signal looked through to the end.
struct Attempt {
    even: Even,
    shapes: Vec<Shape>,
    /// Things too small to be judged.
    specks: usize,
    polarity: Polarity,
    /// What the colonies take or give of the light, in all.
    worth: f64,
}

fn attempt(
    candidate: &Candidate,
    raster: &Raster,
    region: &Region,
    search: &Search,
    rules: &CountingRules,
) -> Option<Attempt> {
    let even = even_out(&candidate.plane, candidate.sign, region, raster.step)?;
    let found = components(&even.plane, &region.looked, even.threshold);
    let around =
        Surroundings { edge: region.edge, diameter: region.diameter(), smallest: search.diameter_min };
    let mut shapes = Vec::with_capacity(found.len());
    let smallest_area = (search.diameter_min * search.diameter_min * 0.35) as usize;
    let mut specks = 0;
    for component in &found {
        if component.area < smallest_area.max(3) || component.peak < even.seed {
            let (left, top, right, bottom) = component.bounds;
            let counted = region.holds((left + right) as f32 / 2.0, (top + bottom) as f32 / 2.0);
            specks += usize::from(counted && component.area >= 3 && component.peak >= even.seed);
            continue;
        }
        shapes.extend(shapes_of(component, &even.plane, even.threshold, &around));
    }
    let plate = Plate { plane: &even.plane, raster, region, noise: even.noise };
    sift(&mut shapes, &plate, &rules.sift);
    let worth = plate.worth(&shapes) * if even.lined { LINED_WEIGHT } else { 1.0 };
    Some(Attempt { even, shapes, specks, polarity: candidate.polarity, worth })
}

/// Pixels of the counted area at or above the threshold.
fn above(plane: &Plane, spans: &[(usize, usize)], threshold: f32) -> usize {
    let row = |(y, span): (usize, &(usize, usize))| {
        plane.row(y).get(span.0..span.1).map_or(0, |row| row.iter().filter(|v| **v >= threshold).count())
    };
    spans.iter().enumerate().map(row).sum()
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
        uneven: None,
    }
}

/// A signal in which this part of the other's compact shapes stand out is not looked at further.
const UNLIKELY: f64 = 0.1;

/// The candidates worth looking through: both, unless one clearly holds all there is.
fn likely<'a>(tried: &'a [Candidate], region: &Region) -> Vec<&'a Candidate> {
    if let [only] = tried {
        return vec![only];
    }
    let masses: Vec<f64> = tried.iter().map(|c| compact_mass(c, region)).collect();
    let most = masses.iter().copied().fold(0.0, f64::max);
    tried.iter().zip(masses).filter(|(_, mass)| *mass >= UNLIKELY * most).map(|t| t.0).collect()
}

/// Sum over compact shapes of area × height above the background, on a half-size picture.
fn compact_mass(candidate: &Candidate, region: &Region) -> f64 {
    let (width, height) = (region.width / 2, region.height / 2);
    let mut small = Plane::filled(width, height, 0.0);
    for y in 0..height {
        let source = candidate.plane.row(2 * y);
        for (value, pair) in small.values[y * width..(y + 1) * width].iter_mut().zip(source.chunks_exact(2)) {
            *value = pair[0];
        }
    }
    // An empty span at the far edge of an odd width would begin beyond the half-size picture.
    let halved = |(from, to): (usize, usize)| {
        let from = from.div_ceil(2).min(width);
        (from, (to / 2).clamp(from, width))
    };
    let spans: Vec<(usize, usize)> =
        (0..height).map(|y| region.spans.get(2 * y).map_or((0, 0), |span| halved(*span))).collect();
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
        .map(|c| c.area as f64 * f64::from(c.peak))
        .sum()
}

/// Parts counted from rejected and too small.
fn sort_out(shapes: Vec<Shape>, diameter_min: f32) -> Counted {
    let mut counted = nothing(NoCount::TooSmall { pixels: 0 });
    for shape in shapes {
        if shape.rejected.is_some() {
            counted.rejected.push(shape);
        } else if shape.diameter() < diameter_min {
            counted.below_size += 1;
        } else {
            counted.colonies.push(shape);
        }
    }
    counted
}

fn assess(counted: &Counted, even: &Even, region: &Region, rules: &CountingRules) -> Option<NoCount> {
    let halves = even.halves;
    let times = f64::from(even.noise / even.pixel_noise.max(1e-6));
    if counted.covered > rules.covered_max {
        return Some(NoCount::Confluent { covered: counted.covered, limit: rules.covered_max });
    }
    // Two heaps of light say nothing against colonies that stand apart and are round.
    // And only when what stands out is the smaller heap itself.
    let clear = standing_clear(counted) > rules.clear_min && counted.covered > HEAP_SEEN * halves.smaller;
    if !clear && halves.apart > rules.halves_apart_min && halves.smaller > rules.halves_smaller_max {
        return Some(NoCount::Confluent { covered: halves.smaller, limit: rules.halves_smaller_max });
    }
    let loud = f64::from(even.noise) > rules.background_loud_min;
    let limit = if loud { rules.background_times_loud_max } else { rules.background_times_max };
    if times > limit {
        return Some(NoCount::NoBackground { times, limit });
    }
    let found = counted.colonies.len() as u64;
    if found > rules.colonies_max {
        return Some(NoCount::TooMany { found, limit: rules.colonies_max });
    }
    let unclear = unclear_part(counted, region, rules.unclear_covered_min);
    if unclear > rules.unclear_max {
        return Some(NoCount::Unclear { unclear, limit: rules.unclear_max });
    }
    if let Some(roundness) = usual_roundness(counted, region, rules)
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

/// Where the ground looks like colonies grown into each other and little stands clear of it: how much it
/// varies over its near pixels, and whether enough colonies were found for a number.
fn overgrown(counted: &Counted, even: &Even, rules: &TextureRules) -> Option<(f64, bool)> {
    let Texture { height, times } = even.texture;
    let uneven = height >= rules.height_min && times >= rules.times_min;
    let countable = counted.colonies.len() as u64 >= rules.countable_min && times <= rules.times_max;
    (uneven && standing_clear(counted) < rules.clear_max).then_some((times, countable))
}

/// Part of the smaller heap of light that must stand out for its colonies to speak for it.
const HEAP_SEEN: f64 = 0.5;
/// A colony rounder than this is whole; a patch of more shapes than this is a heap of them.
const WHOLE_ROUND: f32 = 0.6;
const LOOSE_SHAPES_MAX: usize = 4;

/// Part of what stands out, by area, that lies in round colonies of loose patches.
fn standing_clear(counted: &Counted) -> f64 {
    let area = |shapes: &mut dyn Iterator<Item = &Shape>| shapes.map(|s| f64::from(s.area)).sum::<f64>();
    let loose = |s: &&Shape| s.roundness >= WHOLE_ROUND && s.patch_shapes <= LOOSE_SHAPES_MAX;
    let clear = area(&mut counted.colonies.iter().filter(loose));
    clear / area(&mut counted.colonies.iter().chain(&counted.rejected)).max(1.0)
}

/// The vessel is looked at in this many fields each way.
const FIELDS: usize = 8;

/// Part of the radius in which what stands out belongs to the rim as likely as to the agar.
const RIM_PART: f32 = 0.92;

/// Which field a point lies in, and how large fields are.
struct Fields {
    wide: f32,
    high: f32,
}

impl Fields {
    fn of(region: &Region) -> Self {
        Self {
            wide: (region.width as f32 / FIELDS as f32).max(1.0),
            high: (region.height as f32 / FIELDS as f32).max(1.0),
        }
    }

    fn at(&self, x: f32, y: f32) -> usize {
        let place = |v: f32, size: f32| ((v / size).max(0.0) as usize).min(FIELDS - 1);
        place(y, self.high) * FIELDS + place(x, self.wide)
    }

    /// Part of the vessel's fields for which `is` holds.
    fn part(&self, region: &Region, is: impl Fn(usize) -> bool) -> f64 {
        let middle = |at: &usize| {
            let (x, y) = ((at % FIELDS) as f32 + 0.5, (at / FIELDS) as f32 + 0.5);
            region.holds(x * self.wide, y * self.high)
        };
        let all = (0..FIELDS * FIELDS).filter(middle).count();
        (0..FIELDS * FIELDS).filter(middle).filter(|at| is(*at)).count() as f64 / all.max(1) as f64
    }
}

/// Part of the vessel's fields in which more than `covered_min` stands out and most of that has no
/// colony's shape. A label, a lamp's reflection or a pen stroke lie in a few fields and leave the
/// others countable; a lawn lies in all.
fn unclear_part(counted: &Counted, region: &Region, covered_min: f64) -> f64 {
    let fields = Fields::of(region);
    // Area of colonies and of what is none; a wide thing lies in all the fields it covers.
    let mut areas = [[0.0f32; 2]; FIELDS * FIELDS];
    let odd = |s: &&Shape| {
        let lawn = matches!(s.rejected, Some(NotAColony::Irregular | NotAColony::TooLarge));
        lawn && region.border.is_none_or(|b| b.part(s.x, s.y) < RIM_PART)
    };
    for shape in counted.colonies.iter().chain(counted.rejected.iter().filter(odd)) {
        let reach = shape.diameter() / 2.0;
        let steps = (reach / fields.wide.min(fields.high)).ceil().min(FIELDS as f32) as i32;
        let spots = ((2 * steps + 1) * (2 * steps + 1)) as f32;
        for down in -steps..=steps {
            for across in -steps..=steps {
                let part = reach / steps.max(1) as f32;
                let at = fields.at(shape.x + across as f32 * part, shape.y + down as f32 * part);
                areas[at][usize::from(shape.rejected.is_some())] += shape.area / spots;
            }
        }
    }
    fields.part(region, |at| {
        let [colonies, other] = areas[at];
        let standing = f64::from(colonies + other) / f64::from(fields.wide * fields.high);
        other > colonies && standing > covered_min
    })
}

/// Fewest shapes, and smallest area of each, for a roundness that means something.
const ROUNDNESS_SHAPES_MIN: usize = 40;
const ROUNDNESS_AREA_MIN_PX: f32 = 28.0;

/// Median roundness over counted and ragged shapes large enough to have one; `None` when they are
/// few, or when only a few fields hold ragged ones: a label's letters are no lawn.
fn usual_roundness(counted: &Counted, region: &Region, rules: &CountingRules) -> Option<f64> {
    let fields = Fields::of(region);
    let along = |s: &&Shape| {
        let on_agar = region.border.is_none_or(|b| b.part(s.x, s.y) < RIM_PART);
        on_agar
            && matches!(
                s.rejected,
                None | Some(NotAColony::Irregular | NotAColony::Elongated | NotAColony::TooLarge)
            )
    };
    let mut per_field: Vec<Vec<f32>> = vec![Vec::new(); FIELDS * FIELDS];
    let mut values: Vec<f32> = Vec::new();
    for shape in counted.colonies.iter().chain(&counted.rejected).filter(along) {
        if shape.area >= ROUNDNESS_AREA_MIN_PX {
            values.push(shape.roundness);
            per_field[fields.at(shape.x, shape.y)].push(shape.roundness);
        }
    }
    if values.len() < ROUNDNESS_SHAPES_MIN {
        return None;
    }
    let ragged: Vec<bool> = per_field
        .iter_mut()
        .map(|field| quantile(field, 0.5).is_some_and(|r| f64::from(r) < rules.roundness_min))
        .collect();
    let spread = fields.part(region, |at| ragged[at]) > rules.unclear_max;
    quantile(&mut values, 0.5).filter(|_| spread).map(f64::from)
}
