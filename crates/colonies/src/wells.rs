//! The counts of wells and dishes, ready for a series: which plate, which well,
//! how many, from which file. Must not know limits of detection.

use serde::{Deserialize, Serialize};

use crate::report::ColonyReport;

/// One well's count, with the file it was counted in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WellCount {
    /// The picture's name, and its page when it has several.
    pub plate: String,
    /// Well, or `dish`, or `image`.
    pub well: String,
    /// Colonies; `None` where no number can be given.
    pub count: Option<u64>,
    /// SHA-256 of the picture.
    pub source_sha256: String,
}

/// Every vessel of every picture in order. `labelled` counts only labelled
/// colonies; without a fluorescent channel those have no number.
#[must_use]
pub fn well_counts(report: &ColonyReport, labelled: bool) -> Vec<WellCount> {
    let pages = |file: &str| report.images.iter().filter(|image| image.file == file).count();
    report
        .images
        .iter()
        .flat_map(|image| {
            let plate = if pages(&image.file) > 1 {
                format!("{} ({})", image.file, image.page)
            } else {
                image.file.clone()
            };
            image.vessels.iter().map(move |vessel| WellCount {
                plate: plate.clone(),
                well: vessel.name.clone(),
                // Without a count of all there is none of the labelled either.
                count: if labelled { vessel.count.and(vessel.labelled) } else { vessel.count },
                source_sha256: image.digest.clone(),
            })
        })
        .collect()
}
