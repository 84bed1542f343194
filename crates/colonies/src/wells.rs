//! The counts of wells and dishes, ready for a series: which plate, which well,
//! how many, from which file. Must not know limits of detection.

use serde::{Deserialize, Serialize};

use crate::report::{ImageReport, VesselReport};

/// One well's count, with the file it was counted in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WellCount {
    /// The plate, as the caller names its picture.
    pub plate: String,
    /// Well, or `dish`, or `image`.
    pub well: String,
    /// Colonies; `None` where no number can be given.
    pub count: Option<u64>,
    /// SHA-256 of the picture.
    pub source_sha256: String,
}

/// Every vessel of every picture in order, its plate named by `plate`. `labelled` counts only labelled
/// colonies; without a fluorescent channel those have no number.
#[must_use]
pub fn well_counts(
    images: &[ImageReport],
    plate: impl Fn(&ImageReport) -> String,
    labelled: bool,
) -> Vec<WellCount> {
    let of_image = |image: &ImageReport| -> Vec<WellCount> {
        let well = |vessel: &VesselReport| WellCount {
            plate: plate(image),
            well: vessel.name.clone(),
            // Without a count of all there is none of the labelled either.
            count: if labelled { vessel.count.and(vessel.labelled) } else { vessel.count },
            source_sha256: image.digest.clone(),
        };
        image.vessels.iter().map(well).collect()
    };
    images.iter().flat_map(of_image).collect()
}
