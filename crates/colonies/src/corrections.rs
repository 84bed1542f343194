//! What a person changes after looking: recorded apart from the automatic
//! result, which is never altered. Must not know who the person is or when.

use crate::report::{Colony, ImageReport};
use serde::{Deserialize, Serialize};

/// One change. Vessels go by name, colonies by their number in the vessel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Correction {
    /// Not a colony.
    Remove {
        /// Vessel.
        vessel: String,
        /// Colony.
        colony: u32,
    },
    /// A colony that was missed.
    Add {
        /// Vessel.
        vessel: String,
        /// Centre, pixels.
        x_px: f64,
        /// Centre, pixels.
        y_px: f64,
        /// Diameter, pixels.
        diameter_px: f64,
    },
    /// Several that are one.
    Merge {
        /// Vessel.
        vessel: String,
        /// Two or more colonies.
        colonies: Vec<u32>,
    },
    /// The person's own count of a vessel that has no automatic one.
    State {
        /// Vessel.
        vessel: String,
        /// Colonies.
        count: u64,
    },
}

/// Why a change was not taken. None of the changes is applied then.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum CorrectionRefusal {
    /// The vessel is not in the picture.
    #[error("change {number}: there is no vessel {vessel}")]
    NoSuchVessel {
        /// Which change, from 1.
        number: usize,
        /// Name given.
        vessel: String,
    },
    /// The colony is not in the vessel, or an earlier change took it.
    #[error("change {number}: vessel {vessel} has no colony {colony} (any more)")]
    NoSuchColony {
        /// Which change.
        number: usize,
        /// Vessel.
        vessel: String,
        /// Colony given.
        colony: u32,
    },
    /// Outside the picture, or no number, or no size.
    #[error("change {number}: {x_px}, {y_px} with diameter {diameter_px} is not in the picture")]
    NotInPicture {
        /// Which change.
        number: usize,
        /// Centre given.
        x_px: f64,
        /// Centre given.
        y_px: f64,
        /// Diameter given.
        diameter_px: f64,
    },
    /// Fewer than two.
    #[error("change {number}: merging takes two colonies or more")]
    MergeOfOne {
        /// Which change.
        number: usize,
    },
    /// The vessel was counted; correct its colonies instead.
    #[error("change {number}: vessel {vessel} was counted; add or remove colonies instead")]
    AlreadyCounted {
        /// Which change.
        number: usize,
        /// Vessel.
        vessel: String,
    },
}

/// Where a colony of the corrected list comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "origin", rename_all = "kebab-case")]
pub enum Origin {
    /// Found by the program, kept.
    Automatic {
        /// Its number.
        colony: u32,
    },
    /// Added by a person.
    Added,
    /// Made of several.
    Merged {
        /// Their numbers.
        colonies: Vec<u32>,
    },
}

/// One colony after corrections.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CorrectedColony {
    /// Centre, pixels.
    pub x_px: f64,
    /// Centre, pixels.
    pub y_px: f64,
    /// Diameter, pixels.
    pub diameter_px: f64,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}

/// One vessel: both numbers side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CorrectedVessel {
    /// Its name.
    pub name: String,
    /// The program's count, unaltered.
    pub automatic: Option<u64>,
    /// Count after corrections; without corrections the program's.
    pub corrected: Option<u64>,
    /// Changes that touch this vessel.
    pub changes: usize,
    /// The corrected list.
    pub colonies: Vec<CorrectedColony>,
}

/// A picture after corrections.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CorrectedImage {
    /// File and page of the automatic result.
    pub file: String,
    /// Page, from 1.
    pub page: u32,
    /// SHA-256 of the file the corrections belong to.
    pub digest: String,
    /// The program's count.
    pub automatic: Option<u64>,
    /// The count after corrections.
    pub corrected: Option<u64>,
    /// The changes, as given and in order.
    pub corrections: Vec<Correction>,
    /// Vessel by vessel.
    pub vessels: Vec<CorrectedVessel>,
}

/// Applies changes in order to a picture's automatic result.
///
/// # Errors
/// [`CorrectionRefusal`] for the first change that cannot be applied.
pub fn correct(image: &ImageReport, corrections: &[Correction]) -> Result<CorrectedImage, CorrectionRefusal> {
    let mut vessels: Vec<CorrectedVessel> = image
        .vessels
        .iter()
        .map(|v| CorrectedVessel {
            name: v.name.clone(),
            automatic: v.count,
            corrected: v.count,
            changes: 0,
            colonies: v.colonies.iter().map(kept).collect(),
        })
        .collect();
    for (index, correction) in corrections.iter().enumerate() {
        apply(image, &mut vessels, correction, index + 1)?;
    }
    let corrected = vessels.iter().map(|v| v.corrected).sum::<Option<u64>>();
    Ok(CorrectedImage {
        file: image.file.clone(),
        page: image.page,
        digest: image.digest.clone(),
        automatic: image.count,
        corrected: if image.vessels.is_empty() { None } else { corrected },
        corrections: corrections.to_vec(),
        vessels,
    })
}

fn kept(colony: &Colony) -> CorrectedColony {
    CorrectedColony {
        x_px: colony.x_px,
        y_px: colony.y_px,
        diameter_px: colony.diameter_px,
        origin: Origin::Automatic { colony: colony.id },
    }
}

fn apply(
    image: &ImageReport,
    vessels: &mut [CorrectedVessel],
    correction: &Correction,
    number: usize,
) -> Result<(), CorrectionRefusal> {
    let (Correction::Remove { vessel: name, .. }
    | Correction::Add { vessel: name, .. }
    | Correction::Merge { vessel: name, .. }
    | Correction::State { vessel: name, .. }) = correction;
    let Some(vessel) = vessels.iter_mut().find(|v| v.name == *name) else {
        return Err(CorrectionRefusal::NoSuchVessel { number, vessel: name.clone() });
    };
    match correction {
        Correction::Remove { colony, .. } => {
            take(vessel, *colony, number)?;
        }
        &Correction::Add { x_px, y_px, diameter_px, .. } => {
            let within = |v: f64, most: u32| v >= -0.5 && v <= f64::from(most) - 0.5;
            let sized = diameter_px > 0.0 && diameter_px <= f64::from(image.width_px.max(image.height_px));
            if !(within(x_px, image.width_px) && within(y_px, image.height_px) && sized) {
                return Err(CorrectionRefusal::NotInPicture { number, x_px, y_px, diameter_px });
            }
            vessel.colonies.push(CorrectedColony { x_px, y_px, diameter_px, origin: Origin::Added });
        }
        Correction::Merge { colonies, .. } => {
            if colonies.len() < 2 {
                return Err(CorrectionRefusal::MergeOfOne { number });
            }
            let parts = colonies.iter().map(|c| take(vessel, *c, number)).collect::<Result<Vec<_>, _>>()?;
            vessel.colonies.push(merged(&parts, colonies.clone()));
        }
        Correction::State { count, .. } => {
            if vessel.automatic.is_some() {
                return Err(CorrectionRefusal::AlreadyCounted { number, vessel: name.clone() });
            }
            vessel.corrected = Some(*count);
        }
    }
    vessel.changes += 1;
    if vessel.automatic.is_some() {
        vessel.corrected = Some(vessel.colonies.len() as u64);
    }
    Ok(())
}

fn take(
    vessel: &mut CorrectedVessel,
    colony: u32,
    number: usize,
) -> Result<CorrectedColony, CorrectionRefusal> {
    let at = vessel.colonies.iter().position(|c| c.origin == Origin::Automatic { colony });
    match at {
        Some(at) => Ok(vessel.colonies.remove(at)),
        None => Err(CorrectionRefusal::NoSuchColony { number, vessel: vessel.name.clone(), colony }),
    }
}

/// Centre weighted by area; area the sum.
fn merged(parts: &[CorrectedColony], colonies: Vec<u32>) -> CorrectedColony {
    let area = |c: &CorrectedColony| c.diameter_px * c.diameter_px;
    let total: f64 = parts.iter().map(area).sum::<f64>().max(f64::MIN_POSITIVE);
    CorrectedColony {
        x_px: parts.iter().map(|c| c.x_px * area(c)).sum::<f64>() / total,
        y_px: parts.iter().map(|c| c.y_px * area(c)).sum::<f64>() / total,
        diameter_px: total.sqrt(),
        origin: Origin::Merged { colonies },
    }
}
