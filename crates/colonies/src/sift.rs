//! Tells colonies from what only stands out: bubbles, bits of rings and
//! strokes, soft lights, grain and dust, reflections in the rim. Each is judged
//! against the other things of the same plate. Must not know pictures or vessels.

use crate::knowledge::SiftRules;
use crate::outline::Outline;
use crate::profile::Profile;
use crate::raster::{Plane, Raster, quantile};
use crate::region::Region;
use crate::shapes::{NotAColony, Shape};

/// A split part can be no rounder than a disc; what seems so lost its middle to a neighbour.
const ROUNDEST: f32 = 1.4;
/// Light beside a thing this many times its height to the other side: it is the core of a lens.
const LENS_BESIDE: f32 = 1.0;
/// A piece of a bubble's wall: thin in the middle and about it, and open where the wall goes on.
const WALL_MAX: f32 = 1.3;
const WALL_CLOSED_MAX: f32 = 0.75;
/// In a patch of which hollow parts hold this share, everything belongs to the bubble.
const HOLLOW_SHARE: f32 = 0.25;
/// From this diameter on, pixels, a thing is wide enough to have a soft edge or a sharp one.
const SOFT_DIAMETER_MIN_PX: f32 = 9.0;

/// What the shapes were found in.
pub(crate) struct Plate<'a> {
    /// The evened signal.
    pub(crate) plane: &'a Plane,
    /// The picture, for its colours.
    pub(crate) raster: &'a Raster,
    /// The vessel's part of it.
    pub(crate) region: &'a Region,
    /// Noise of the evened signal, parts of full scale.
    pub(crate) noise: f32,
}

impl Plate<'_> {
    /// Whether the middle of a thing is white at full scale in every colour, as a lamp is.
    pub(crate) fn is_white(&self, shape: &Shape) -> bool {
        let (x, y) = (self.region.left + shape.x as usize, self.region.top + shape.y as usize);
        self.raster.planes.iter().all(|plane| plane.row(y).get(x).is_some_and(|v| *v >= REFLECTION_MIN))
    }

    /// How much speaks for the colonies found in this signal. Roots keep one wide thing from
    /// outweighing many colonies; what may be a lamp weighs less.
    pub(crate) fn worth(&self, shapes: &[Shape]) -> f64 {
        let colonies = shapes.iter().filter(|s| s.rejected.is_none() && self.region.holds(s.x, s.y));
        let weight = |s: &Shape| if self.is_white(s) { WHITE_WEIGHT } else { 1.0 };
        colonies.map(|s| weight(s) * f64::from(evidence(s).max(0.0).sqrt())).sum()
    }
}

/// Judges every shape not yet rejected.
pub(crate) fn sift(shapes: &mut [Shape], plate: &Plate<'_>, rules: &SiftRules) {
    let border = plate.region.border;
    let profiles: Vec<Profile> = shapes.iter().map(|shape| Profile::of(plate.plane, shape)).collect();
    judge_profiles(shapes, &profiles, rules);
    reject_bubbles(shapes);
    for shape in shapes.iter_mut().filter(|s| may_be_a_speck(s)) {
        if evidence(shape) < rules.evidence_min as f32 * plate.noise {
            shape.rejected = Some(NotAColony::Speck);
        }
    }
    // Before bits of rings: a grain beside a colony is not a reason to doubt it.
    reject_specks(shapes, plate, rules);
    reject_among_specks(shapes, plate.region.diameter());
    reject_fragments(shapes, border);
    reject_lamps(shapes, plate);
    reject_beyond(shapes, &profiles, border);
}

/// Every colour of a reflection is at full scale, parts of it.
const REFLECTION_MIN: f32 = 0.97;
/// What may be a reflection speaks this much for a signal, against a colony's 1.
const WHITE_WEIGHT: f64 = 0.25;
/// A reflection of a window or lamp is this many times as wide as the colonies, and no disc.
const LAMP_DIAMETERS: f32 = 3.0;
const LAMP_ROUND_MAX: f32 = 0.85;
/// A pale one is under this part of the colonies' height; a colony so much wider is thicker, too.
const PALE_PART: f32 = 0.6;

/// A window in the agar is far wider than the colonies, angular, and white at full scale or paler than they.
fn reject_lamps(shapes: &mut [Shape], plate: &Plate<'_>) {
    let standing = shapes.iter().filter(|s| s.rejected.is_none());
    let Some(usual) = Usual::of(standing) else { return };
    for shape in shapes.iter_mut().filter(|s| s.rejected.is_none()) {
        if shape.diameter() <= LAMP_DIAMETERS * usual.diameter {
            continue;
        }
        let angular = shape.roundness < LAMP_ROUND_MAX;
        let pale = angular && shape.contrast < PALE_PART * usual.contrast;
        if pale || ((angular || shape.patch_shapes > 1) && plate.is_white(shape)) {
            shape.rejected = Some(NotAColony::Diffuse);
        }
    }
}

/// How far around a thing its grains are looked for, part of the vessel's diameter; how many there
/// must be; and how far above the usual grain of its neighbourhood a colony stands.
const NEIGHBOURHOOD: f32 = 0.04;
const NEIGHBOURS_MIN: usize = 8;
const ABOVE_NEIGHBOURS: f32 = 5.0;

/// Grain is rarely equally strong all over a plate. Among many grains a thing must stand out of
/// those around it, not only of the plate's noise.
fn reject_among_specks(shapes: &mut [Shape], diameter: f32) {
    let reach = (NEIGHBOURHOOD * diameter).max(8.0);
    let mut grains: Vec<(f32, f32, f32)> = shapes
        .iter()
        .filter(|s| s.rejected == Some(NotAColony::Speck))
        .map(|s| (s.x, s.y, evidence(s)))
        .collect();
    if grains.len() < NEIGHBOURS_MIN {
        return;
    }
    grains.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    for shape in shapes.iter_mut().filter(|s| may_be_a_speck(s)) {
        let start = grains.partition_point(|g| g.0 < shape.x - reach);
        let near = grains[start..].iter().take_while(|g| g.0 <= shape.x + reach);
        let mut own: Vec<f32> = near.filter(|g| (g.1 - shape.y).abs() <= reach).map(|g| g.2).collect();
        if own.len() >= NEIGHBOURS_MIN
            && quantile(&mut own, 0.5).is_some_and(|usual| evidence(shape) < ABOVE_NEIGHBOURS * usual)
        {
            shape.rejected = Some(NotAColony::Speck);
        }
    }
}

/// A thing of at most this many pixels across has no shape to speak of.
const SHAPELESS_DIAMETER_MAX_PX: f32 = 6.0;

/// What is ragged only because it is a few pixels of grain is grain.
fn may_be_a_speck(shape: &Shape) -> bool {
    match shape.rejected {
        None => true,
        Some(NotAColony::Irregular | NotAColony::Diffuse) => shape.diameter() <= SHAPELESS_DIAMETER_MAX_PX,
        Some(_) => false,
    }
}

/// Height times width: what a thing takes or gives of the light along a line
/// through it. A colony is thick where it is wide, so the two go together.
fn evidence(shape: &Shape) -> f32 {
    shape.contrast * shape.diameter()
}

fn judge_profiles(shapes: &mut [Shape], profiles: &[Profile], rules: &SiftRules) {
    for (shape, profile) in shapes.iter_mut().zip(profiles) {
        if shape.rejected.is_some() {
            continue;
        }
        let height = shape.contrast.max(1e-6);
        let hollow = profile.middle < rules.hollow_max as f32 * height;
        // A lens has a core and a ring of opposite light; so has the glint of a dark colony.
        let lens = profile.beside < -LENS_BESIDE * height;
        let wall = profile.middle + profile.body < WALL_MAX * height && profile.closed < WALL_CLOSED_MAX;
        shape.rejected = if hollow || lens || wall {
            Some(NotAColony::Bubble)
        } else if shape.roundness > ROUNDEST {
            Some(NotAColony::Irregular)
        } else if profile.closed < rules.closed_min as f32
            || (shape.diameter() >= SOFT_DIAMETER_MIN_PX && profile.fall < rules.fall_min as f32 * height)
        {
            Some(NotAColony::Diffuse)
        } else {
            None
        };
    }
}

/// A bubble's wall falls into arcs; where hollow parts make up much of a patch,
/// the other parts are its wall.
fn reject_bubbles(shapes: &mut [Shape]) {
    let mut start = 0;
    while start < shapes.len() {
        let count = shapes.get(start).map_or(1, |s| s.patch_shapes).clamp(1, shapes.len() - start);
        let patch = &mut shapes[start..start + count];
        let hollow: f32 =
            patch.iter().filter(|s| s.rejected == Some(NotAColony::Bubble)).map(|s| s.pixels).sum();
        let all: f32 = patch.iter().map(|s| s.pixels).sum();
        if count > 1 && hollow >= HOLLOW_SHARE * all {
            patch.iter_mut().for_each(|s| s.rejected = s.rejected.or(Some(NotAColony::Bubble)));
        }
        start += count;
    }
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
fn reject_fragments(shapes: &mut [Shape], border: Option<Outline>) {
    // What is usual is read off the middle: bits of a rim lie along it and may be many.
    let inner = |s: &&Shape| border.is_none_or(|b| b.part(s.x, s.y) < 1.0 - RIM_BAND);
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
    if let Some(border) = border {
        for shape in shapes.iter_mut().filter(|s| doubtful(s)) {
            if border.depth(shape.x, shape.y) < shape.diameter() {
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

/// What is usual on the plate, of the things still taken for colonies.
#[derive(Debug, Clone, Copy)]
struct Usual {
    diameter: f32,
    contrast: f32,
}

impl Usual {
    fn of<'a>(shapes: impl Iterator<Item = &'a Shape> + Clone) -> Option<Self> {
        let mut diameters: Vec<f32> = shapes.clone().map(Shape::diameter).collect();
        let mut contrasts: Vec<f32> = shapes.map(|s| s.contrast).collect();
        Some(Self { diameter: quantile(&mut diameters, 0.5)?, contrast: quantile(&mut contrasts, 0.5)? })
    }
}

/// Fewest things on the agar that say what a colony of this plate looks like.
const MODEL_SHAPES_MIN: usize = 4;
/// Beyond the counted edge a colony is as wide as the others, within these parts, as clear and round.
const BEYOND_DIAMETER: std::ops::RangeInclusive<f32> = 0.6..=1.7;
const BEYOND_CONTRAST_MIN: f32 = 0.6;
const BEYOND_ROUND_MIN: f32 = 0.7;
const BEYOND_CLOSED_MIN: f32 = 0.85;

/// On the rim there are reflections, scratches and writing: only what looks
/// like the colonies on the agar is one.
fn reject_beyond(shapes: &mut [Shape], profiles: &[Profile], border: Option<Outline>) {
    let Some(border) = border else { return };
    let beyond = |s: &Shape| border.depth(s.x, s.y) < 0.0;
    let on_agar = || shapes.iter().filter(|s| s.rejected.is_none() && !beyond(s) && s.roundness >= 0.6);
    let usual = (on_agar().count() >= MODEL_SHAPES_MIN).then(|| Usual::of(on_agar())).flatten();
    for (shape, profile) in shapes.iter_mut().zip(profiles) {
        if shape.rejected.is_some() || !beyond(shape) {
            continue;
        }
        let alike = usual.is_some_and(|usual| {
            BEYOND_DIAMETER.contains(&(shape.diameter() / usual.diameter))
                && shape.contrast >= BEYOND_CONTRAST_MIN * usual.contrast
                && shape.roundness >= BEYOND_ROUND_MIN
                && profile.closed >= BEYOND_CLOSED_MIN
        });
        if !alike {
            shape.rejected = Some(NotAColony::AlongTheEdge);
        }
    }
}

/// Step and width of the smoothing of the distribution, natural logarithm of the evidence.
const STEP: f32 = 0.1;
const WIDTH: f32 = 0.3;
/// Grain is at most this wide: pixels, or this part of the vessel when that is more.
const SPECK_DIAMETER_MAX_PX: f32 = 7.0;
const SPECK_PART: f32 = 0.006;
/// Evidence under this many times the least that counts is hardly more than noise.
const HARDLY_MORE: f32 = 2.0;

/// Grain and dust are many, faint and small; colonies are a heap of their own.
/// Where the logarithm of the evidence falls into two heaps with a valley
/// between, and the lower heap is both much fainter and much smaller than the
/// upper, the lower heap is no colonies.
fn reject_specks(shapes: &mut [Shape], plate: &Plate<'_>, rules: &SiftRules) {
    let mut logs: Vec<f32> =
        shapes.iter().filter(|s| may_be_a_speck(s)).map(|s| evidence(s).max(1e-9).ln()).collect();
    logs.sort_unstable_by(f32::total_cmp);
    let Some(cut) = valley(&logs, rules) else {
        return;
    };
    let above = |s: &&Shape| evidence(s).max(1e-9).ln() >= cut;
    let colonies = || shapes.iter().filter(|s| s.rejected.is_none()).filter(above);
    let grains = || shapes.iter().filter(|s| may_be_a_speck(s)).filter(|s| !above(s));
    let (Some(upper), Some(lower)) = (Usual::of(colonies()), Usual::of(grains())) else {
        return;
    };
    // One thing that stands out of all others is no heap, unless all others are hardly more than noise.
    let hardly = lower.contrast * lower.diameter < HARDLY_MORE * rules.evidence_min as f32 * plate.noise;
    // A thing of some width with an edge is no grain, however large the others are.
    let grain = SPECK_DIAMETER_MAX_PX.max(SPECK_PART * plate.region.diameter());
    if (colonies().count() >= USUAL_SHAPES_MIN || hardly)
        && lower.contrast < rules.specks_contrast_max as f32 * upper.contrast
        && lower.diameter < (rules.specks_diameter_max as f32 * upper.diameter).min(grain)
    {
        let specks = shapes.iter_mut().filter(|s| may_be_a_speck(s) && evidence(s).max(1e-9).ln() < cut);
        specks.for_each(|s| s.rejected = Some(NotAColony::Speck));
    }
}

/// Where the sorted values' density is lowest between two heaps, when the
/// valley is deep against the lower of them.
fn valley(sorted: &[f32], rules: &SiftRules) -> Option<f32> {
    let (first, last) = (*sorted.first()?, *sorted.last()?);
    let count = ((last - first) / STEP).ceil() as usize + 1;
    if sorted.len() < 4 || !(3..2000).contains(&count) {
        return None;
    }
    let density: Vec<f32> = (0..count)
        .map(|slot| {
            let at = first + slot as f32 * STEP;
            let low = sorted.partition_point(|v| *v < at - 4.0 * WIDTH);
            let near = sorted[low..].iter().take_while(|v| **v <= at + 4.0 * WIDTH);
            near.map(|v| (-0.5 * ((v - at) / WIDTH).powi(2)).exp()).sum()
        })
        .collect();
    let mut best: Option<(f32, usize)> = None;
    for slot in 1..count - 1 {
        let below = density[..slot].iter().copied().fold(0.0f32, f32::max);
        let above = density[slot + 1..].iter().copied().fold(0.0f32, f32::max);
        let depth = 1.0 - density[slot] / below.min(above).max(1e-9);
        // Of valleys about as empty the lowest is the edge of the grain.
        if depth >= rules.valley_depth_min as f32 && best.is_none_or(|b| density[slot] < b.0 - 0.25) {
            best = Some((density[slot], slot));
        }
    }
    best.map(|b| first + b.1 as f32 * STEP)
}
