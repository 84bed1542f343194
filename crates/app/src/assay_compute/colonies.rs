//! Colonies: a picture and what a person changed to a result, the picture for a page, the counts of its wells.
//!
//! Must not know: the ledger, people, journeys, pages.

use super::{AssayRefusal, Computed, Corrections};
use std::sync::Arc;
use vena_base::Text;
use vena_colonies::{ColonyReport, ImageReport};
use vena_potency::WellCount;

pub(super) fn colonies(
    options: &vena_colonies::Options,
    image: &[u8],
    corrections: Option<&[u8]>,
) -> Result<Computed, AssayRefusal> {
    // The picture's own name is not kept, so every run gives it the same one.
    let report = vena_colonies::analyse(&[("image".to_owned(), image.to_vec())], options)
        .map_err(|refusal| not_counted(refusal.text()))?;
    corrected(Arc::new(report), corrections)
}

fn not_counted(words: Text) -> AssayRefusal {
    AssayRefusal::new("The picture was not counted", "影像無法計數", words)
}

/// A count with what a person changed beside it.
pub(super) fn corrected(
    report: Arc<ColonyReport>,
    corrections: Option<&[u8]>,
) -> Result<Computed, AssayRefusal> {
    if let [ImageReport { refusal: Some(refusal), .. }] = report.images.as_slice() {
        return Err(not_counted(refusal.message.clone()));
    }
    let corrections: Corrections = match corrections {
        None => Corrections::new(),
        Some(bytes) => {
            serde_json::from_slice(bytes).map_err(|cause| not_counted(Text::same(cause.to_string())))?
        }
    };
    let mut corrected = Vec::new();
    for (page, changes) in corrections.iter().filter(|(_, changes)| !changes.is_empty()) {
        let page = report.images.iter().find(|image| image.page == *page);
        let page = page.ok_or_else(|| {
            not_counted(Text::new("A correction names a page that is not there.", "修正所指之頁不存在。"))
        })?;
        corrected.push(
            vena_colonies::corrections::correct(page, changes)
                .map_err(|refusal| not_counted(refusal.text()))?,
        );
    }
    Ok(Computed::Colonies { automatic: report, corrected })
}

/// A page of a picture file as PNG at the analysed size, without marks: browsers do not show TIFF.
///
/// # Errors
/// The file is refused or cannot be encoded.
pub fn picture(bytes: &[u8], page: u32) -> Result<Vec<u8>, AssayRefusal> {
    let bare = ImageReport {
        file: "image".to_owned(),
        page,
        digest: String::new(),
        width_px: 0,
        height_px: 0,
        count: None,
        at_least: None,
        labelled: None,
        status: vena_colonies::Status::NotAssessable,
        refusal: None,
        notes: Vec::new(),
        vessels: Vec::new(),
    };
    vena_colonies::overlay::png(bytes, &bare, &vena_colonies::DecodeLimits::default())
        .map_err(|refusal| AssayRefusal::new("The picture cannot be shown", "影像無法顯示", refusal.text()))
}

/// The counts of every well of a picture, for a series; a well without a number has none here either.
///
/// # Errors
/// The picture is refused.
pub(super) fn well_counts(image: &[u8]) -> Result<Vec<WellCount>, AssayRefusal> {
    let Computed::Colonies { automatic, .. } = colonies(&vena_colonies::Options::default(), image, None)?
    else {
        return Ok(Vec::new());
    };
    Ok(series_counts(&automatic.images, |page| page.page.to_string()))
}

/// The counts of pictures as a series takes them: colonies and limits of detection do not know each other.
pub fn series_counts(images: &[ImageReport], plate: impl Fn(&ImageReport) -> String) -> Vec<WellCount> {
    let counted = vena_colonies::well_counts(images, plate, false);
    let told = counted.into_iter().map(|own| WellCount {
        plate: own.plate,
        well: own.well,
        count: own.count,
        source_sha256: own.source_sha256,
    });
    told.collect()
}
