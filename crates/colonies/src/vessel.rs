//! Finds what holds the colonies: a round dish, the wells of a plate, or the
//! whole picture when it shows no edge of either. Must not know colonies.

use crate::edges::{Circle, centre_votes, edges_of, fit_ring, ring_profile};
use crate::knowledge::PlateFormat;
use crate::lattice;
use crate::raster::{Plane, Raster, robust_deviation};
use serde::{Deserialize, Serialize};

/// What the picture shows; `Automatic` looks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "layout")]
pub enum Layout {
    /// Looks for wells, then for a dish, then takes the whole picture.
    #[default]
    Automatic,
    /// One round dish.
    Dish,
    /// The whole picture is one well or a part of one.
    Whole,
    /// A plate of this many wells (6, 12, 24 or 96).
    Wells {
        /// Wells of the plate.
        wells: u16,
    },
}

/// The kind of vessel found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VesselKind {
    /// A round dish.
    Dish,
    /// A well of a plate.
    Well,
    /// The whole picture.
    Whole,
}

/// One vessel, in working pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Vessel {
    /// What it is.
    pub kind: VesselKind,
    /// "dish", "image", or the well's name: row letter and column number.
    pub name: String,
    /// Area counted in; `None` for the whole picture.
    pub counted: Option<Circle>,
    /// Outermost ring seen, for the overlay.
    pub outer: Option<Circle>,
}

/// A layout was asked for and is not in the picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum VesselRefusal {
    /// No dish.
    #[error("no round dish was found in the picture")]
    NoDish,
    /// No grid of that many wells.
    #[error("no grid of {wells} wells was found in the picture")]
    NoWells {
        /// Wells asked for.
        wells: u16,
    },
    /// Not a format we know.
    #[error("{wells} wells is not a known plate; known: {known:?}")]
    UnknownFormat {
        /// Wells asked for.
        wells: u16,
        /// Plates in the knowledge file.
        known: Vec<u16>,
    },
}

/// Side of the picture on which circles are looked for.
const COARSE_SIDE_PX: usize = 200;
/// Side of the picture on which rings are measured.
const FINE_SIDE_PX: usize = 620;
/// The same for wells, which are many and small.
const FINE_WELLS_SIDE_PX: usize = 1200;
/// A change of brightness below this, in parts of full scale per pixel, is no edge.
const WEAKEST_EDGE: f32 = 0.006;
/// Share of a dish's circumference that must be seen.
const DISH_COVERAGE_MIN: f32 = 0.5;
/// The innermost ring belongs to the rim when at least this part of the outer one.
const RIM_INNER_MIN: f32 = 0.74;
/// Kept clear of the innermost ring, as part of its radius: its light blurs inwards.
const RIM_CLEARANCE: f32 = 0.018;

/// Finds the vessels of a picture.
///
/// # Errors
/// [`VesselRefusal`] when a layout was asked for by name and is not there.
pub fn find(raster: &Raster, layout: Layout, formats: &[PlateFormat]) -> Result<Vec<Vessel>, VesselRefusal> {
    let whole = || vec![Vessel { kind: VesselKind::Whole, name: "image".into(), counted: None, outer: None }];
    if layout == Layout::Whole || raster.width().min(raster.height()) < 48 {
        return Ok(whole());
    }
    let (coarse, coarse_factor) = raster.thumbnail(COARSE_SIDE_PX);
    if let Layout::Wells { wells } = layout {
        let wanted: Vec<PlateFormat> = formats.iter().filter(|f| f.wells == wells).cloned().collect();
        if wanted.is_empty() {
            let known = formats.iter().map(|f| f.wells).collect();
            return Err(VesselRefusal::UnknownFormat { wells, known });
        }
        return wells_of(raster, &coarse, coarse_factor, &wanted, lattice::NAMED_COVERAGE_MIN)
            .ok_or(VesselRefusal::NoWells { wells });
    }
    let dish = dish_of(raster, &coarse, coarse_factor);
    if layout == Layout::Automatic {
        // A dish that fills the picture cannot be a plate of wells.
        let filled = dish.as_ref().is_some_and(|d| d.1 >= 0.8);
        if !filled
            && let Some(wells) =
                wells_of(raster, &coarse, coarse_factor, formats, lattice::FOUND_COVERAGE_MIN)
        {
            return Ok(wells);
        }
        return Ok(dish.map_or_else(whole, |d| vec![d.0]));
    }
    dish.map(|d| vec![d.0]).ok_or(VesselRefusal::NoDish)
}

fn wells_of(
    raster: &Raster,
    coarse: &Plane,
    coarse_factor: usize,
    formats: &[PlateFormat],
    coverage_min: f32,
) -> Option<Vec<Vessel>> {
    let edges = edges_of(coarse, 0.2, WEAKEST_EDGE);
    let grid = lattice::find(coarse, &edges, formats, coverage_min)?;
    let (fine, fine_factor) = raster.thumbnail(FINE_WELLS_SIDE_PX);
    let outline: Vec<Circle> = grid
        .wells
        .iter()
        .map(|well| {
            let guess = well.circle.scaled(coarse_factor as f32 / fine_factor as f32);
            fit_ring(&fine, guess, 0.14, WEAKEST_EDGE).unwrap_or(guess)
        })
        .collect();
    // Wells of a plate are equal: the middle radius serves all, and a fit that
    // strayed onto a colony does not.
    let mut radii: Vec<f32> = outline.iter().map(|c| c.radius).collect();
    let radius = crate::raster::quantile(&mut radii, 0.5)?;
    let vessels = grid.wells.into_iter().zip(outline).map(|(well, circle)| {
        let outer = Circle { radius, ..circle }.scaled(fine_factor as f32);
        let clear = (outer.radius * 0.05).max(1.2 * fine_factor as f32);
        Vessel {
            kind: VesselKind::Well,
            name: well.name,
            counted: Some(Circle { radius: (outer.radius - clear).max(1.0), ..outer }),
            outer: Some(outer),
        }
    });
    Some(vessels.collect())
}

/// The dish and how much of its outer ring is seen.
fn dish_of(raster: &Raster, coarse: &Plane, coarse_factor: usize) -> Option<(Vessel, f32)> {
    let edges = edges_of(coarse, 0.14, WEAKEST_EDGE);
    let side = coarse.width.min(coarse.height) as f32;
    let radii = (side * 0.26) as usize..=(side * 0.62) as usize;
    let votes = centre_votes((coarse.width, coarse.height), &edges, radii);
    let (at, _) = votes.values.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
    let centre = Circle { x: (at % coarse.width) as f32, y: (at / coarse.width) as f32, radius: 1.0 };

    let (fine, fine_factor) = raster.thumbnail(FINE_SIDE_PX);
    let centre = centre.scaled(coarse_factor as f32 / fine_factor as f32);
    let weakest = edge_floor(&fine);
    let side = fine.width.min(fine.height) as f32;
    let radius_max = (side * 0.66) as usize;
    // The coarse centre is good to a few pixels of the fine picture, enough to
    // find the strongest ring; its fit gives the centre that faint rings need.
    let first = ring_profile(&fine, centre, radius_max, 0.02, weakest);
    let strongest = (0..=radius_max)
        .filter(|&r| r as f32 >= side * 0.24 && first.inside[r] >= 0.4)
        .max_by(|&a, &b| first.coverage[a].total_cmp(&first.coverage[b]))?;
    let centre =
        fit_ring(&fine, Circle { radius: strongest as f32, ..centre }, 0.06, weakest).unwrap_or(centre);
    let profile = ring_profile(&fine, centre, radius_max, 0.012, weakest);
    let base = {
        let inner = (side * 0.1) as usize..(side * 0.24) as usize;
        let mut within: Vec<f32> = profile.coverage.get(inner)?.to_vec();
        crate::raster::quantile(&mut within, 0.5)?
    };
    let needed = DISH_COVERAGE_MIN.max((base + 0.25).min(0.9));
    let seen = |radius: usize| profile.coverage[radius] >= needed && profile.inside[radius] >= 0.4;
    let outer_radius = ((side * 0.26) as usize..=radius_max).rev().find(|&r| seen(r))?;
    let outer_coverage = profile.coverage[outer_radius];
    let mut inner_radius = outer_radius;
    for radius in ((outer_radius as f32 * RIM_INNER_MIN) as usize..=outer_radius).rev() {
        let peak = (radius.saturating_sub(3)..=(radius + 3).min(radius_max))
            .all(|near| profile.coverage[near] <= profile.coverage[radius]);
        if seen(radius) && peak {
            inner_radius = radius;
        }
    }
    let guess = |radius: usize| Circle { radius: radius as f32, ..centre };
    let inner = fit_ring(&fine, guess(inner_radius), 0.03, weakest).unwrap_or(guess(inner_radius));
    let outer = fit_ring(&fine, guess(outer_radius), 0.03, weakest).unwrap_or(guess(outer_radius));
    let counted =
        Circle { radius: inner.radius * (1.0 - RIM_CLEARANCE) - 1.0, ..inner }.scaled(fine_factor as f32);
    let vessel = Vessel {
        kind: VesselKind::Dish,
        name: "dish".into(),
        counted: Some(counted),
        outer: Some(outer.scaled(fine_factor as f32)),
    };
    Some((vessel, outer_coverage))
}

/// What counts as an edge in this picture: above its own noise and texture.
fn edge_floor(plane: &Plane) -> f32 {
    let mut changes: Vec<f32> = Vec::with_capacity(plane.values.len() / 4);
    for y in (0..plane.height).step_by(2) {
        for pair in plane.row(y).windows(3).step_by(2) {
            if let [before, _, after] = pair {
                changes.push((after - before) / 2.0);
            }
        }
    }
    (3.0 * robust_deviation(&mut changes)).max(WEAKEST_EDGE)
}
