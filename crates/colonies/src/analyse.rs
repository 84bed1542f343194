//! The whole way from named files to a report. Must not know patients, pages or
//! databases, and reads no clock.

use crate::count::{Counted, Search, count};
use crate::decode::{DecodeLimits, ImageFormat, inspect, read_page};
use crate::knowledge::{CountingRules, KnowledgeFault, Tables, tables};
use crate::outline::Outline;
use crate::raster::{Raster, raster_of};
use crate::region::{Channel, Polarity, Region};
use crate::report::{
    AtLeast, Colony, ColonyReport, Doubt, FileRefusal, ImageReport, METHOD, Refusal, Rejected, RejectedCount,
    Status, VesselReport,
};
use crate::shapes::Shape;
use crate::vessel::{Layout, Vessel, find};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Smallest colony that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "unit", content = "value")]
pub enum DiameterMin {
    /// From the knowledge file: a part of the vessel's diameter.
    #[default]
    Automatic,
    /// Pixels of the original picture.
    Pixels(f64),
    /// Micrometres; needs `micrometres_per_pixel`.
    Micrometres(f64),
}

/// A second look at labelled cells.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fluorescence {
    /// Page of the same file, from 1; `None` when it is the counted page itself.
    pub page: Option<u32>,
    /// Channel the label shines in.
    pub channel: Channel,
}

/// What to do. `Options::default()` decides everything it can by itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// What the picture shows.
    pub layout: Layout,
    /// Dark or light colonies.
    pub polarity: Polarity,
    /// Channel counted in.
    pub channel: Channel,
    /// Smallest diameter counted.
    pub diameter_min: DiameterMin,
    /// Size of a pixel of the original picture, micrometres.
    pub micrometres_per_pixel: Option<f64>,
    /// Where labelled cells shine, if they do.
    pub fluorescence: Option<Fluorescence>,
    /// Bounds on what is decoded.
    pub limits: DecodeLimits,
}

/// The options contradict each other, or the knowledge files are broken.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AnalyseError {
    /// A diameter in micrometres without the pixel's size.
    #[error("a smallest diameter in micrometres needs the size of a pixel")]
    PixelSizeMissing,
    /// Not a length.
    #[error("{name} must be a positive number, not {value}")]
    NotPositive {
        /// Which option.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// Our own files.
    #[error(transparent)]
    Knowledge(#[from] KnowledgeFault),
}

/// Analyses files given as (name, bytes); order is kept, files run in parallel.
/// The same bytes and options give the same report, to the bit. A file that is
/// refused has its own entry and does not stop the others.
///
/// # Errors
/// [`AnalyseError`] for contradictory options; never for a bad image.
pub fn analyse(files: &[(String, Vec<u8>)], options: &Options) -> Result<ColonyReport, AnalyseError> {
    let tables = prepare(options)?;
    let per_file: Vec<Vec<ImageReport>> =
        files.par_iter().map(|(name, bytes)| analyse_file(name, bytes, options, &tables)).collect();
    Ok(ColonyReport {
        method: METHOD.into(),
        rules: tables.counting.version.clone(),
        options: options.clone(),
        images: per_file.into_iter().flatten().collect(),
    })
}

/// Checks the options and reads the rules; do it once, then [`analyse_file`] for
/// each file of a batch, with progress between them.
///
/// # Errors
/// [`AnalyseError`] for contradictory options.
pub fn prepare(options: &Options) -> Result<Tables, AnalyseError> {
    let positive = |name: &'static str, value: Option<f64>| match value {
        Some(value) if !(value.is_finite() && value > 0.0) => Err(AnalyseError::NotPositive { name, value }),
        _ => Ok(()),
    };
    positive("micrometres_per_pixel", options.micrometres_per_pixel)?;
    match options.diameter_min {
        DiameterMin::Automatic => {}
        DiameterMin::Pixels(value) => positive("diameter_min", Some(value))?,
        DiameterMin::Micrometres(value) => {
            positive("diameter_min", Some(value))?;
            if options.micrometres_per_pixel.is_none() {
                return Err(AnalyseError::PixelSizeMissing);
            }
        }
    }
    Ok(tables()?)
}

/// SHA-256 of the bytes, lower-case hexadecimal.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// Every page of one file, one entry each; a refused file or page has an entry
/// with its refusal. When fluorescence names a page, that page is not counted itself.
#[must_use]
pub fn analyse_file(name: &str, bytes: &[u8], options: &Options, tables: &Tables) -> Vec<ImageReport> {
    let digest = digest(bytes);
    let header = match inspect(name, bytes, &options.limits) {
        Ok(header) => header,
        Err(refusal) => return vec![refused(name, &digest, 1, Refusal::Image(refusal))],
    };
    let beside = options.fluorescence.and_then(|f| f.page);
    (1..=header.pages)
        .filter(|page| Some(*page) != beside || header.pages == 1)
        .map(|page| {
            let mut report = analyse_page(name, bytes, header.format, page, options, tables)
                .unwrap_or_else(|refusal| refused(name, &digest, page, refusal));
            report.digest.clone_from(&digest);
            report.notes.splice(0..0, header.notes.iter().cloned());
            report
        })
        .collect()
}

fn refused(name: &str, digest: &str, page: u32, refusal: Refusal) -> ImageReport {
    let message = refusal.text();
    ImageReport {
        file: name.into(),
        page,
        digest: digest.into(),
        width_px: 0,
        height_px: 0,
        count: None,
        at_least: None,
        labelled: None,
        status: Status::Refused,
        refusal: Some(FileRefusal { message, detail: refusal }),
        notes: Vec::new(),
        vessels: Vec::new(),
    }
}

fn analyse_page(
    name: &str,
    bytes: &[u8],
    format: ImageFormat,
    page: u32,
    options: &Options,
    tables: &Tables,
) -> Result<ImageReport, Refusal> {
    let decoded = read_page(bytes, format, page, &options.limits)?;
    let (raster, notes) = raster_of(&decoded);
    let (width_px, height_px) = (decoded.width_px, decoded.height_px);
    drop(decoded);
    let second = match options.fluorescence {
        Some(Fluorescence { page: Some(other), .. }) if other != page => {
            let decoded = read_page(bytes, format, other, &options.limits)?;
            if (decoded.width_px, decoded.height_px) != (width_px, height_px) {
                return Err(Refusal::PagesDiffer { page, other });
            }
            Some(raster_of(&decoded).0)
        }
        _ => None,
    };
    let vessels = find(&raster, options.layout, &tables.plates)?;
    let one = |vessel: &Vessel| vessel_report(&raster, second.as_ref(), vessel, options, &tables.counting);
    let vessels: Vec<VesselReport> = if vessels.len() > 1 {
        vessels.par_iter().map(one).collect()
    } else {
        vessels.iter().map(one).collect()
    };
    let sum = |pick: fn(&VesselReport) -> Option<u64>| vessels.iter().map(pick).sum::<Option<u64>>();
    let status = if vessels.iter().any(|v| v.status == Status::TooManyToCount) {
        Status::TooManyToCount
    } else if vessels.iter().any(|v| v.status == Status::NotAssessable) {
        Status::NotAssessable
    } else {
        Status::Counted
    };
    let labelled = options.fluorescence.and_then(|_| sum(|v| v.labelled));
    Ok(ImageReport {
        file: name.into(),
        page,
        digest: String::new(),
        width_px,
        height_px,
        count: sum(|v| v.count),
        at_least: AtLeast::of(&vessels),
        labelled,
        status,
        refusal: None,
        notes,
        vessels,
    })
}

/// The diameter in working pixels under which nothing is counted.
fn diameter_min(options: &Options, rules: &CountingRules, raster: &Raster, region: &Region) -> f32 {
    let factor = f64::from(raster.factor);
    let pixels = match options.diameter_min {
        DiameterMin::Automatic => {
            (f64::from(region.diameter()) * rules.diameter_min_share).max(rules.diameter_min_px)
        }
        DiameterMin::Pixels(pixels) => pixels / factor,
        DiameterMin::Micrometres(length) => length / options.micrometres_per_pixel.unwrap_or(1.0) / factor,
    };
    pixels as f32
}

fn vessel_report(
    raster: &Raster,
    second: Option<&Raster>,
    vessel: &Vessel,
    options: &Options,
    rules: &CountingRules,
) -> VesselReport {
    let region = match &vessel.corners {
        Some(corners) => Region::within(raster, corners),
        None => Region::of(raster, vessel.counted, vessel.looked()),
    };
    let diameter_min = diameter_min(options, rules, raster, &region);
    let search = Search { channel: options.channel, polarity: options.polarity, diameter_min };
    let mut counted = count(raster, &region, &search, rules);
    let mut doubts =
        crate::scale::judge(vessel.kind, region.diameter(), raster.factor, &mut counted, options, rules);
    let uneven = counted.uneven.filter(|_| counted.no_count.is_none());
    doubts.extend(uneven.map(|times| Doubt::UnevenGround { times, limit: rules.texture.times_min }));
    let shining = options
        .fluorescence
        .map(|f| crate::label::labelled(second.unwrap_or(raster), &region, f.channel, &counted.colonies));
    let report =
        report_of(raster, vessel, &region, counted, shining.as_deref(), f64::from(diameter_min), options);
    VesselReport { doubts, ..report }
}

fn report_of(
    raster: &Raster,
    vessel: &Vessel,
    region: &Region,
    counted: Counted,
    shining: Option<&[crate::label::Label]>,
    diameter_min: f64,
    options: &Options,
) -> VesselReport {
    let factor = f64::from(raster.factor);
    let place = |x: f32, offset: usize| (f64::from(x) + offset as f64 + 0.5) * factor - 0.5;
    let micrometres = options.micrometres_per_pixel;
    let seen = |outline: Option<Outline>| outline.map(|o| o.scaled(raster.factor as f32));
    let colony = |(index, shape): (usize, &Shape)| {
        let diameter = f64::from(shape.diameter()) * factor;
        let area = f64::from(shape.area) * factor * factor;
        let label = shining.and_then(|s| s.get(index));
        Colony {
            id: index as u32 + 1,
            x_px: place(shape.x, region.left),
            y_px: place(shape.y, region.top),
            diameter_px: diameter,
            area_px: area,
            diameter_um: micrometres.map(|m| m * diameter),
            area_um2: micrometres.map(|m| m * m * area),
            contrast: f64::from(shape.contrast),
            touching: shape.patch_shapes > 1,
            labelled: label.map(|l| l.labelled),
            label_signal: label.map(|l| f64::from(l.signal)),
        }
    };
    let colonies: Vec<Colony> = counted.colonies.iter().enumerate().map(colony).collect();
    let rejected: Vec<Rejected> = counted
        .rejected
        .iter()
        .filter_map(|shape| {
            let reason = shape.rejected?;
            let diameter_px = f64::from(shape.diameter()) * factor;
            Some(Rejected {
                x_px: place(shape.x, region.left),
                y_px: place(shape.y, region.top),
                diameter_px,
                reason,
            })
        })
        .collect();
    let status = Status::of(counted.no_count.as_ref());
    let labelled_count = colonies.iter().filter(|c| c.labelled == Some(true)).count() as u64;
    let given = status == Status::Counted;
    VesselReport {
        name: vessel.name.clone(),
        kind: vessel.kind,
        counted_area: seen(vessel.counted).map(|o| o.circle()),
        counted_ellipse: seen(vessel.counted).filter(|o| !o.is_round()),
        counted_corners: vessel.corners.map(|c| c.scaled(raster.factor as f32)),
        outer: seen(vessel.outer).map(|o| o.circle()),
        count: given.then_some(colonies.len() as u64),
        labelled: (given && shining.is_some()).then_some(labelled_count),
        status,
        no_count: counted.no_count,
        doubts: Vec::new(),
        polarity: counted.polarity,
        diameter_min_px: diameter_min * factor,
        covered: counted.covered,
        noise: f64::from(counted.noise),
        threshold: f64::from(counted.threshold),
        below_size: counted.below_size as u64,
        rejected_counts: RejectedCount::tally(&rejected),
        colonies,
        rejected,
    }
}
