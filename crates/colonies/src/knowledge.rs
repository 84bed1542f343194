//! The numbers this crate decides by, read from `knowledge/assays/colonies`.
//! Must not know images.

use serde::{Deserialize, Serialize};

const SOFT_AGAR: &str = include_str!("../../../knowledge/assays/colonies/soft-agar-1.toml");
const PLATES: &str = include_str!("../../../knowledge/assays/colonies/plates-1.toml");

/// A fault in the knowledge files themselves.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KnowledgeFault {
    /// The file is not what it should be.
    #[error("{file}: {what}")]
    Unreadable {
        /// The file.
        file: &'static str,
        /// What the reader says.
        what: String,
    },
    /// A number is missing or no number.
    #[error("soft-agar-1.toml: the rule {id} is missing or has no number")]
    Missing {
        /// The rule.
        id: String,
    },
}

/// When a count is refused, and how small a colony may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CountingRules {
    /// Rule file and version, `soft-agar@1`.
    pub version: String,
    /// Covered part of a vessel above which it is confluent.
    pub covered_max: f64,
    /// Most colonies counted in a vessel.
    pub colonies_max: u64,
    /// Part of a vessel's fields that may be without a colony's shape.
    pub unclear_max: f64,
    /// Standing-out part of a field from which it can be unclear.
    pub unclear_covered_min: f64,
    /// Colonies in one patch from which on it is a crowd.
    pub crowd_shapes: u64,
    /// Part of the colonies that may lie in crowds.
    pub crowded_max: f64,
    /// Two heaps of light are apart when between-variance is above this part of all.
    pub halves_apart_min: f64,
    /// Share of the smaller heap above which the plate is confluent.
    pub halves_smaller_max: f64,
    /// Variation of the background over its pixels' noise above which it is none.
    pub background_times_max: f64,
    /// The same for a background that varies by more than `background_loud_min`.
    pub background_times_loud_max: f64,
    /// Variation, parts of full scale, no camera's noise reaches after smoothing.
    pub background_loud_min: f64,
    /// Part of the standing-out area in round, loose colonies above which two heaps of light are no lawn.
    pub clear_min: f64,
    /// What tells an overgrown vessel from an uneven one.
    pub texture: TextureRules,
    /// Median roundness under which what stands out is no colonies.
    pub roundness_min: f64,
    /// Without a scale, usual diameter over a field's shorter side under which cells and colonies look the same.
    pub cells_in_field: f64,
    /// The same over a dish's diameter, under which the number is in doubt.
    pub cells_in_vessel: f64,
    /// What tells colonies from what only stands out.
    pub sift: SiftRules,
    /// Default smallest diameter as a part of the vessel's.
    pub diameter_min_share: f64,
    /// Default smallest diameter, working pixels.
    pub diameter_min_px: f64,
}

/// What tells an overgrown vessel, in which hardly anything stands out, from an uneven one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TextureRules {
    /// Differences of light over a colony's width, parts of full scale, from which the ground is uneven.
    pub height_min: f64,
    /// The same over differences of near pixels, from which it is texture and not noise.
    pub times_min: f64,
    /// Texture above which there is no number, however many colonies.
    pub times_max: f64,
    /// Part of the standing-out area in round, loose colonies under which they do not speak against it.
    pub clear_max: f64,
    /// Colonies under which there is no number.
    pub countable_min: u64,
}

/// What tells colonies from bubbles, soft lights, grain and dust.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SiftRules {
    /// Middle over height under which a thing is hollow.
    pub hollow_max: f64,
    /// Share of directions in which the signal must fall to half beside a thing.
    pub closed_min: f64,
    /// Fall across the edge over height under which a thing is soft.
    pub fall_min: f64,
    /// Height over noise, times diameter in pixels, under which a thing is noise.
    pub evidence_min: f64,
    /// Depth of the valley between two heaps of evidence, against the lower heap.
    pub valley_depth_min: f64,
    /// Usual height of the lower heap over the upper's under which it is specks,
    pub specks_contrast_max: f64,
    /// and the same of the usual diameter.
    pub specks_diameter_max: f64,
}

/// A plate of wells.
#[derive(Debug, Clone, PartialEq)]
pub struct PlateFormat {
    /// Wells in all.
    pub wells: u16,
    /// Rows.
    pub rows: u16,
    /// Columns.
    pub columns: u16,
    /// Distance between centres, millimetres.
    pub pitch_mm: f32,
    /// Well diameter, millimetres.
    pub well_mm: f32,
}

impl PlateFormat {
    /// Well diameter over pitch.
    #[must_use]
    pub fn well_to_pitch(&self) -> f32 {
        self.well_mm / self.pitch_mm
    }
}

/// Both tables.
#[derive(Debug, Clone, PartialEq)]
pub struct Tables {
    /// For counting.
    pub counting: CountingRules,
    /// For finding wells.
    pub plates: Vec<PlateFormat>,
}

#[derive(Deserialize)]
struct SoftAgarFile {
    id: String,
    version: String,
    #[serde(default)]
    rule: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    id: String,
    value: String,
}

#[derive(Deserialize)]
struct PlatesFile {
    plate: Vec<PlateEntry>,
}

#[derive(Deserialize)]
struct PlateEntry {
    wells: u16,
    rows: u16,
    columns: u16,
    pitch_mm: String,
    well_mm: String,
}

/// Reads the embedded knowledge files.
///
/// # Errors
/// [`KnowledgeFault`] when a file or a number in it is not readable.
pub fn tables() -> Result<Tables, KnowledgeFault> {
    let unreadable = |file: &'static str| {
        move |e: toml::de::Error| KnowledgeFault::Unreadable { file, what: e.to_string() }
    };
    let file: SoftAgarFile = toml::from_str(SOFT_AGAR).map_err(unreadable("soft-agar-1.toml"))?;
    let plates: PlatesFile = toml::from_str(PLATES).map_err(unreadable("plates-1.toml"))?;
    let number = |id: &str| -> Result<f64, KnowledgeFault> {
        let rule = file.rule.iter().find(|r| r.id == id);
        let value = rule.and_then(|r| r.value.parse::<f64>().ok()).filter(|v| v.is_finite());
        value.ok_or_else(|| KnowledgeFault::Missing { id: id.into() })
    };
    let version = format!("{}@{}", file.id, file.version);
    let counting = CountingRules {
        version,
        covered_max: number("covered-max")?,
        colonies_max: number("colonies-max")? as u64,
        unclear_max: number("unclear-max")?,
        unclear_covered_min: number("unclear-covered-min")?,
        crowd_shapes: number("crowd-shapes")? as u64,
        crowded_max: number("crowded-max")?,
        halves_apart_min: number("halves-apart-min")?,
        halves_smaller_max: number("halves-smaller-max")?,
        background_times_max: number("background-times-max")?,
        background_times_loud_max: number("background-times-loud-max")?,
        background_loud_min: number("background-loud-min")?,
        clear_min: number("clear-min")?,
        texture: TextureRules {
            height_min: number("texture-height-min")?,
            times_min: number("texture-times-min")?,
            times_max: number("texture-times-max")?,
            clear_max: number("texture-clear-max")?,
            countable_min: number("texture-countable-min")? as u64,
        },
        roundness_min: number("roundness-min")?,
        cells_in_field: number("cells-in-field")?,
        cells_in_vessel: number("cells-in-vessel")?,
        sift: SiftRules {
            hollow_max: number("hollow-max")?,
            closed_min: number("closed-min")?,
            fall_min: number("fall-min")?,
            evidence_min: number("evidence-min")?,
            valley_depth_min: number("valley-depth-min")?,
            specks_contrast_max: number("specks-contrast-max")?,
            specks_diameter_max: number("specks-diameter-max")?,
        },
        diameter_min_share: number("diameter-min-share")?,
        diameter_min_px: number("diameter-min-px")?,
    };
    let plates = plates.plate.iter().map(plate_of).collect::<Result<_, _>>()?;
    Ok(Tables { counting, plates })
}

fn plate_of(entry: &PlateEntry) -> Result<PlateFormat, KnowledgeFault> {
    let millimetres = |text: &str| {
        let value = text.parse::<f32>().ok().filter(|v| v.is_finite() && *v > 0.0);
        value.ok_or_else(|| KnowledgeFault::Unreadable {
            file: "plates-1.toml",
            what: format!("no length: {text}"),
        })
    };
    Ok(PlateFormat {
        wells: entry.wells,
        rows: entry.rows,
        columns: entry.columns,
        pitch_mm: millimetres(&entry.pitch_mm)?,
        well_mm: millimetres(&entry.well_mm)?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Row Q11. The plates are there, wells and pitches fit.
    #[test]
    fn plates_are_read() {
        let tables = tables().unwrap();
        assert_eq!(tables.plates.iter().map(|p| p.wells).collect::<Vec<_>>(), [6, 12, 24, 96]);
        assert!(tables.plates.iter().all(|p| p.rows * p.columns == p.wells && p.well_to_pitch() < 1.0));
    }
}
