//! What a count is worth when nobody said how large a pixel is: a field of
//! single cells looks like a dish of colonies. Must not know how things are found.

use crate::analyse::{DiameterMin, Options};
use crate::count::{Counted, NoCount};
use crate::knowledge::CountingRules;
use crate::raster::quantile;
use crate::report::Doubt;
use crate::shapes::Shape;
use crate::vessel::VesselKind;

/// Takes the number away where single cells and colonies cannot be told apart, and
/// names what else is in doubt. `diameter` is the vessel's, `factor` the original
/// pixels per working pixel. A plate of wells has its scale in its format.
pub(crate) fn judge(
    kind: VesselKind,
    diameter: f32,
    factor: u32,
    counted: &mut Counted,
    options: &Options,
    rules: &CountingRules,
) -> Vec<Doubt> {
    let known = options.micrometres_per_pixel.is_some() || options.diameter_min != DiameterMin::Automatic;
    if known || counted.no_count.is_some() || kind == VesselKind::Well {
        return Vec::new();
    }
    let mut diameters: Vec<f32> = counted.colonies.iter().map(Shape::diameter).collect();
    let Some(usual) = quantile(&mut diameters, 0.5).map(f64::from) else {
        return Vec::new();
    };
    let share = usual / f64::from(diameter.max(1.0));
    if kind == VesselKind::Whole {
        let limit = rules.cells_in_field;
        if share < limit {
            counted.no_count = Some(NoCount::SingleCells { share, limit });
            return Vec::new();
        }
        return vec![Doubt::ScaleUnknown { diameter_px: usual * f64::from(factor) }];
    }
    let limit = rules.cells_in_vessel;
    if share < limit { vec![Doubt::AsSmallAsCells { share, limit }] } else { Vec::new() }
}
