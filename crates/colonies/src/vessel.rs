//! Finds what holds the colonies: a dish, the wells of a plate, or the
//! whole picture when it shows no edge of either. Must not know colonies.

use crate::corners::Corners;
use crate::dish;
use crate::edges::{Circle, edges_of, fit_ring};
use crate::knowledge::PlateFormat;
use crate::lattice;
use crate::outline::Outline;
use crate::raster::{Plane, Raster};
use crate::slopes::WEAKEST_EDGE;
use crate::square;
use serde::{Deserialize, Serialize};

/// What the picture shows; `Automatic` looks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "layout")]
pub enum Layout {
    /// Looks for wells, then for a dish, then takes the whole picture.
    #[default]
    Automatic,
    /// One dish, round or with four straight sides.
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
    /// A dish, round or with four straight sides.
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
    pub counted: Option<Outline>,
    /// The same where four straight sides bound it; then `counted` is `None`.
    pub corners: Option<Corners>,
    /// Outermost ring seen, for the overlay.
    pub outer: Option<Outline>,
}

/// Of the rim, this part is looked at too: colonies lie on it.
const LOOKED_PART: f32 = 0.985;

impl Vessel {
    /// How far is looked for colonies: over a dish's rim, and to a well's counted edge.
    #[must_use]
    pub fn looked(&self) -> Option<Outline> {
        match self.kind {
            VesselKind::Dish => self.outer.map(|outer| outer.resized(LOOKED_PART)),
            VesselKind::Well | VesselKind::Whole => None,
        }
    }
}

/// A layout was asked for and is not in the picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum VesselRefusal {
    /// No dish.
    #[error("no dish was found in the picture")]
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
/// Side of the picture on which wells, which are many and small, are measured.
const FINE_WELLS_SIDE_PX: usize = 1200;
/// Kept clear of the innermost ring, as part of its radius: its light blurs inwards.
const RIM_CLEARANCE: f32 = 0.018;

/// Finds the vessels of a picture.
///
/// # Errors
/// [`VesselRefusal`] when a layout was asked for by name and is not there.
pub fn find(raster: &Raster, layout: Layout, formats: &[PlateFormat]) -> Result<Vec<Vessel>, VesselRefusal> {
    let whole = || {
        vec![Vessel {
            kind: VesselKind::Whole,
            name: "image".into(),
            counted: None,
            corners: None,
            outer: None,
        }]
    };
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
    }
    let found = dish.map(|d| d.0).or_else(|| square_of(raster));
    match (found, layout) {
        (Some(dish), _) => Ok(vec![dish]),
        (None, Layout::Automatic) => Ok(whole()),
        (None, _) => Err(VesselRefusal::NoDish),
    }
}

/// A dish with straight sides, looked for where no round one is seen.
fn square_of(raster: &Raster) -> Option<Vessel> {
    let corners = square::find(raster)?;
    let clear = 2.0 * (RIM_CLEARANCE / 2.0 + 1.0 / corners.size().0.min(corners.size().1).max(2.0));
    Some(Vessel {
        kind: VesselKind::Dish,
        name: "dish".into(),
        counted: None,
        corners: Some(corners.resized(1.0 - clear)),
        outer: None,
    })
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
            corners: None,
            counted: Some(Outline::round(Circle { radius: (outer.radius - clear).max(1.0), ..outer })),
            outer: Some(Outline::round(outer)),
        }
    });
    Some(vessels.collect())
}

/// The dish and how much of its outer ring is seen.
fn dish_of(raster: &Raster, coarse: &Plane, coarse_factor: usize) -> Option<(Vessel, f32)> {
    let found = dish::find(raster, coarse, coarse_factor)?;
    let clear = RIM_CLEARANCE + 1.0 / found.inner.radius().max(2.0);
    let vessel = Vessel {
        kind: VesselKind::Dish,
        name: "dish".into(),
        corners: None,
        counted: Some(found.inner.resized(1.0 - clear)),
        outer: Some(found.outer),
    };
    Some((vessel, found.coverage))
}
