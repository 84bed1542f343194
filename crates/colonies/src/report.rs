//! The result as it is stored and shown: plain data with serde. Must not
//! compute anything about pixels.

use crate::analyse::Options;
use crate::corners::Corners;
use crate::count::NoCount;
use crate::decode::{ImageNote, ImageRefusal};
use crate::edges::Circle;
use crate::outline::Outline;
use crate::region::Polarity;
use crate::shapes::NotAColony;
use crate::vessel::{VesselKind, VesselRefusal};
use serde::{Deserialize, Serialize};
use vena_base::Text;

/// Name and version of the method. Any change that may change a count changes it.
pub const METHOD: &str = "vena-colonies/4";

/// The outcome of one call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColonyReport {
    /// Method and version.
    pub method: String,
    /// Rule file and version.
    pub rules: String,
    /// Parameters used.
    pub options: Options,
    /// One entry a page of each file, in the order given.
    pub images: Vec<ImageReport>,
}

impl ColonyReport {
    /// The report as indented JSON, ending with a newline.
    ///
    /// # Errors
    /// [`serde_json::Error`] when a value cannot be written; none here can fail.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|mut text| {
            text.push('\n');
            text
        })
    }
}

/// Whether there is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// There is.
    Counted,
    /// Confluent or too numerous: no number.
    TooManyToCount,
    /// What is seen has no clear shape: no number.
    NotAssessable,
    /// The file was not read.
    Refused,
}

impl Status {
    /// The status that a reason for no count means.
    #[must_use]
    pub fn of(reason: Option<&NoCount>) -> Self {
        match reason {
            None => Self::Counted,
            Some(
                NoCount::Confluent { .. }
                | NoCount::TooMany { .. }
                | NoCount::Crowded { .. }
                | NoCount::NoBackground { .. }
                | NoCount::NotRound { .. },
            ) => Self::TooManyToCount,
            Some(
                NoCount::Unclear { .. }
                | NoCount::UnevenGround { .. }
                | NoCount::TooSmall { .. }
                | NoCount::SingleCells { .. },
            ) => Self::NotAssessable,
        }
    }
}

/// Why a file or page has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Refusal {
    /// It could not be read.
    #[error(transparent)]
    Image(#[from] ImageRefusal),
    /// What was asked for is not in it.
    #[error(transparent)]
    Vessel(#[from] VesselRefusal),
    /// The fluorescence page has another size.
    #[error("pages {page} and {other} differ in size")]
    PagesDiffer {
        /// Counted page.
        page: u32,
        /// Fluorescence page.
        other: u32,
    },
}

/// A refusal with its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRefusal {
    /// In both languages.
    pub message: Text,
    /// As data, for translation.
    pub detail: Refusal,
}

/// One page of one file. Positions are in the file's own pixels, (0, 0) being
/// the centre of the top left one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageReport {
    /// Name as given.
    pub file: String,
    /// Page, from 1.
    pub page: u32,
    /// SHA-256 of the file.
    pub digest: String,
    /// Width, pixels; 0 when refused.
    pub width_px: u32,
    /// Height, pixels; 0 when refused.
    pub height_px: u32,
    /// Colonies in all vessels; `null` when any vessel has no number.
    pub count: Option<u64>,
    /// Where some vessels have a number and others none: no fewer than these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<AtLeast>,
    /// Labelled colonies, when a fluorescent channel was named.
    pub labelled: Option<u64>,
    /// Whether there is a number.
    pub status: Status,
    /// Why the page was refused.
    pub refusal: Option<FileRefusal>,
    /// What to know about the reading.
    pub notes: Vec<ImageNote>,
    /// Dish, wells or whole picture.
    pub vessels: Vec<VesselReport>,
}

/// The sum of the vessels that have a number, where others have none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtLeast {
    /// Colonies in the vessels with a number: the picture holds no fewer.
    pub count: u64,
    /// Names of the vessels without a number, in order.
    pub without: Vec<String>,
}

impl AtLeast {
    /// The bound for a page; `None` when every vessel has a number, or none has.
    #[must_use]
    pub fn of(vessels: &[VesselReport]) -> Option<Self> {
        let without: Vec<String> =
            vessels.iter().filter(|v| v.count.is_none()).map(|v| v.name.clone()).collect();
        let partly = !without.is_empty() && without.len() < vessels.len();
        partly.then(|| Self { count: vessels.iter().filter_map(|v| v.count).sum(), without })
    }
}

/// What makes a number doubtful without taking it away.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "doubt", rename_all = "kebab-case")]
pub enum Doubt {
    /// Neither a vessel's edge nor a pixel's size tells how large things are.
    ScaleUnknown {
        /// Usual diameter of what was counted, pixels.
        diameter_px: f64,
    },
    /// What was counted is as small against the vessel as single cells are in a small well.
    AsSmallAsCells {
        /// Usual diameter over the vessel's, 0–1.
        share: f64,
        /// The limit under which this is said.
        limit: f64,
    },
    /// What lies between the colonies is as uneven as colonies grown into each other.
    UnevenGround {
        /// Variation over a colony's width over that of near pixels.
        times: f64,
        /// The limit from which this is said.
        limit: f64,
    },
}

/// One vessel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VesselReport {
    /// "dish", "image" or the well's name.
    pub name: String,
    /// What it is.
    pub kind: VesselKind,
    /// Area counted in; `null` for the whole picture. Of a dish seen askew this
    /// is the circle of equal area, and `counted_ellipse` the area itself.
    pub counted_area: Option<Circle>,
    /// Area counted in when it is no circle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_ellipse: Option<Outline>,
    /// Corners of the area counted in, in order, when the dish has straight sides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_corners: Option<Corners>,
    /// Outermost ring.
    pub outer: Option<Circle>,
    /// Colonies; `null` when no number can be given.
    pub count: Option<u64>,
    /// Labelled ones.
    pub labelled: Option<u64>,
    /// Whether there is a number. Zero colonies: an even lawn looks the same as
    /// an empty plate, so zero is for a person to confirm.
    pub status: Status,
    /// Why there is none.
    pub no_count: Option<NoCount>,
    /// What makes the number doubtful.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<Doubt>,
    /// Dark or light colonies, as decided.
    pub polarity: Polarity,
    /// Smallest diameter counted, pixels.
    pub diameter_min_px: f64,
    /// Part of the vessel above the threshold.
    pub covered: f64,
    /// Noise, parts of full scale.
    pub noise: f64,
    /// Threshold, parts of full scale.
    pub threshold: f64,
    /// Colony-like shapes under the smallest diameter.
    pub below_size: u64,
    /// How many shapes were not counted, by reason.
    pub rejected_counts: Vec<RejectedCount>,
    /// Those counted; also given when there is no number, for the eye.
    pub colonies: Vec<Colony>,
    /// Those not counted.
    pub rejected: Vec<Rejected>,
}

/// One colony.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Colony {
    /// Number in its vessel, from 1.
    pub id: u32,
    /// Centre, pixels from the left.
    pub x_px: f64,
    /// Centre, pixels from the top.
    pub y_px: f64,
    /// Diameter of the circle of equal area, pixels.
    pub diameter_px: f64,
    /// Area at half height, square pixels.
    pub area_px: f64,
    /// Diameter, micrometres, when the pixel's size is known.
    pub diameter_um: Option<f64>,
    /// Area, square micrometres.
    pub area_um2: Option<f64>,
    /// Mean height above the background, parts of full scale.
    pub contrast: f64,
    /// Split from a patch of several.
    pub touching: bool,
    /// Shines in the label's channel.
    pub labelled: Option<bool>,
    /// How much.
    pub label_signal: Option<f64>,
}

/// Something that stood out and was not counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rejected {
    /// Centre.
    pub x_px: f64,
    /// Centre.
    pub y_px: f64,
    /// Diameter of the circle of equal area.
    pub diameter_px: f64,
    /// Why not.
    pub reason: NotAColony,
}

/// How many for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedCount {
    /// The reason.
    pub reason: NotAColony,
    /// Shapes.
    pub shapes: u64,
}

impl RejectedCount {
    /// Counts by reason, in the reasons' order.
    #[must_use]
    pub fn tally(rejected: &[Rejected]) -> Vec<Self> {
        let mut tally = std::collections::BTreeMap::new();
        for one in rejected {
            *tally.entry(one.reason).or_insert(0u64) += 1;
        }
        tally.into_iter().map(|(reason, shapes)| Self { reason, shapes }).collect()
    }
}
