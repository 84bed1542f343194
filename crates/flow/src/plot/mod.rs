//! Density plots with gates: events counted in cells of the gates' own scale.
//! Knows no file; pictures come out as text (SVG) or bytes (PNG).

mod axis;
mod labels;
mod outline;
mod png;
mod svg;

use rayon::prelude::*;
use thiserror::Error;

pub use axis::{Axis, Tick};
pub use outline::Outline;
use outline::Plane;

use crate::events::{Column, Values};
use crate::fcs::DataSet;
use crate::file_compensation::FileCompensation;
use crate::gating::{
    CompensationReference, Dimension, DimensionSource, Gate, GateResult, GateShape, GatingDocument,
    GatingError, dimension_values,
};
use crate::transform::TransformKind;

/// Why a plot is refused.
#[derive(Debug, Error)]
pub enum PlotError {
    /// The dimensions are refused.
    #[error(transparent)]
    Gating(#[from] GatingError),
    /// The gate has no two dimensions to draw.
    #[error("gate {0:?} is not defined, or has no two dimensions to plot")]
    NoPlane(String),
    /// The data set has fewer than two channels.
    #[error("a plot needs two channels; the data set has {0}")]
    TooFewChannels(usize),
    /// The picture could not be encoded.
    #[error("the picture could not be encoded: {0}")]
    Encoding(String),
    /// The font given cannot be read.
    #[error("the font given is not a TrueType or OpenType font")]
    Font,
}

/// What to plot.
#[derive(Clone, Debug, PartialEq)]
pub struct PlotSpec {
    /// Horizontal dimension.
    pub x: Dimension,
    /// Vertical dimension.
    pub y: Dimension,
    /// Population whose events are shown; `None` for all events.
    pub population: Option<String>,
}

impl PlotSpec {
    /// The plane of a gate, showing the events of its parent.
    ///
    /// # Errors
    /// [`PlotError::NoPlane`].
    pub fn for_gate(document: &GatingDocument, id: &str) -> Result<Self, PlotError> {
        document.gate(id).and_then(plane).ok_or_else(|| PlotError::NoPlane(id.to_owned()))
    }

    /// The first gate that has a plane; without one the first two channels.
    ///
    /// # Errors
    /// [`PlotError::TooFewChannels`].
    pub fn automatic(document: Option<&GatingDocument>, data_set: &DataSet) -> Result<Self, PlotError> {
        if let Some(spec) = document.and_then(|document| document.gates.iter().find_map(plane)) {
            return Ok(spec);
        }
        let channel = |channel: &crate::fcs::Channel| Dimension {
            compensation: CompensationReference::Uncompensated,
            source: DimensionSource::Channel(channel.name.clone()),
            transform: None,
        };
        match data_set.channels.as_slice() {
            [x, y, ..] => Ok(Self { x: channel(x), y: channel(y), population: None }),
            few => Err(PlotError::TooFewChannels(few.len())),
        }
    }
}

fn plane(gate: &Gate) -> Option<PlotSpec> {
    let dimensions: Vec<&Dimension> = match &gate.shape {
        GateShape::Polygon { dimensions, .. } => dimensions.iter().collect(),
        GateShape::Rectangle { ranges } => ranges.iter().map(|range| &range.dimension).collect(),
        GateShape::Ellipsoid { dimensions, .. } => dimensions.iter().collect(),
        GateShape::Quadrant { dividers, .. } => dividers.iter().map(|divider| &divider.dimension).collect(),
        GateShape::Boolean { .. } => return None,
    };
    match dimensions.as_slice() {
        [x, y] => Some(PlotSpec { x: (*x).clone(), y: (*y).clone(), population: gate.parent.clone() }),
        _ => None,
    }
}

/// Words on a plot, in the reader's language. Empty ones are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlotText {
    /// Above the plot.
    pub title: String,
    /// Below the horizontal axis; the dimension's name when empty.
    pub x: String,
    /// Beside the vertical axis; the dimension's name when empty.
    pub y: String,
    /// After the number of events, for instance `events` or `個事件`.
    pub events: String,
    /// Labels of gates by id; the id and its percentage when absent.
    pub gates: Vec<(String, String)>,
}

/// Cells along each side.
pub const CELLS: usize = 256;

/// A counted plot, ready to be drawn.
#[derive(Clone, Debug)]
pub struct DensityPlot {
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// Name of the horizontal dimension.
    pub x_name: String,
    /// Name of the vertical dimension.
    pub y_name: String,
    /// Events per cell, [`CELLS`] × [`CELLS`], row by row from the bottom.
    pub counts: Vec<u32>,
    /// Events shown.
    pub events: usize,
    /// Of those, how many lie beyond an axis and are counted in its last cell.
    pub beyond: usize,
    /// Events without a place (a value undefined on its scale).
    pub undefined: usize,
    /// The gates that lie in this plane.
    pub outlines: Vec<Outline>,
    /// For each outline its share of the parent, when it is one population.
    pub percents: Vec<Option<f64>>,
}

impl DensityPlot {
    /// Counts the events.
    ///
    /// # Errors
    /// Dimensions that the data set or the document lacks.
    pub fn new(
        document: &GatingDocument,
        data_set: &DataSet,
        file: &FileCompensation,
        gates: &[GateResult],
        spec: &PlotSpec,
    ) -> Result<Self, PlotError> {
        let shown = spec.population.as_ref().and_then(|id| gates.iter().find(|gate| gate.id == *id));
        let words = shown.map(|gate| gate.membership.words());
        let values = dimension_values(document, data_set, file, &[spec.x.clone(), spec.y.clone()])?;
        let [Values::Double(xs), Values::Double(ys)] =
            values.iter().map(Column::values).collect::<Vec<_>>()[..]
        else {
            return Err(PlotError::TooFewChannels(values.len()));
        };
        let x = axis(document, &spec.x, xs)?;
        let y = axis(document, &spec.y, ys)?;
        let tally = count(xs, ys, words, &x, &y);
        let drawn = document.gates.iter().filter(|gate| gate.parent == spec.population);
        let plane = Plane { dimensions: [&spec.x, &spec.y], axes: [&x, &y] };
        let outlines: Vec<Outline> = drawn.flat_map(|gate| outline::outlines(gate, &plane)).collect();
        let percents = outlines
            .iter()
            .map(|outline| {
                gates.iter().find(|gate| gate.id == outline.id).and_then(|gate| gate.percent_of_parent)
            })
            .collect();
        Ok(Self {
            x_name: name(data_set, &spec.x),
            y_name: name(data_set, &spec.y),
            x,
            y,
            counts: tally.counts,
            events: shown.map_or(data_set.events, |gate| gate.count),
            beyond: tally.beyond,
            undefined: tally.undefined,
            outlines,
            percents,
        })
    }

    /// As SVG, without scripts, styles from outside or embedded images.
    #[must_use]
    pub fn to_svg(&self, text: &PlotText) -> String {
        svg::draw(self, text)
    }

    /// As PNG. Without `font` (TrueType, OpenType or a collection) text is drawn
    /// with an 8×8 ASCII font and other characters appear as boxes.
    ///
    /// # Errors
    /// [`PlotError::Font`], [`PlotError::Encoding`].
    pub fn to_png(&self, text: &PlotText, font: Option<&[u8]>) -> Result<Vec<u8>, PlotError> {
        png::draw(self, text, font)
    }

    /// Name of an outline: the caller's label, else its id.
    fn gate_name(&self, index: usize, text: &PlotText) -> String {
        let Some(outline) = self.outlines.get(index) else {
            return String::new();
        };
        let given = text.gates.iter().find(|(id, _)| *id == outline.id);
        given.map_or(&outline.id, |(_, label)| label).clone()
    }

    /// What follows the name: its share of the parent, empty for what is no population.
    fn gate_share(&self, index: usize) -> String {
        let percent = self.percents.get(index).copied().flatten();
        percent.map_or_else(String::new, |percent| format!(" {percent:.2}%"))
    }

    /// Colour step of each cell, 0 (empty) to `steps`: logarithmic in the count.
    fn levels(&self, steps: u8) -> Vec<u8> {
        let most = self.counts.iter().copied().max().unwrap_or(0);
        let top = f64::from(most).ln_1p();
        let level = |&count: &u32| {
            if count == 0 {
                return 0;
            }
            let share = if top > 0.0 { f64::from(count).ln_1p() / top } else { 1.0 };
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let step = (share * f64::from(steps)).ceil() as u8;
            step.clamp(1, steps)
        };
        self.counts.iter().map(level).collect()
    }
}

fn name(data_set: &DataSet, dimension: &Dimension) -> String {
    match &dimension.source {
        DimensionSource::Ratio(id) => id.clone(),
        DimensionSource::Channel(channel) => {
            let stain = data_set
                .channels
                .iter()
                .find(|own| own.name == *channel)
                .map_or("", |own| own.stain.as_str());
            if stain.is_empty() || stain == channel {
                channel.clone()
            } else {
                format!("{stain} ({channel})")
            }
        }
    }
}

fn axis(document: &GatingDocument, dimension: &Dimension, values: &[f64]) -> Result<Axis, PlotError> {
    let extent = extent(values);
    let transform =
        dimension.transform.as_ref().and_then(|id| document.transforms.iter().find(|named| named.id == *id));
    let Some(named) = transform else {
        return Ok(Axis::plain(extent));
    };
    let prepared = named
        .transform
        .prepare()
        .map_err(|source| GatingError::Transform { id: named.id.clone(), source })?;
    let kind: TransformKind = named.transform.kind;
    Ok(Axis::transformed(kind, &prepared, extent))
}

/// Smallest and largest finite value.
fn extent(values: &[f64]) -> (f64, f64) {
    let widen = |(low, high): (f64, f64), value: f64| {
        if value.is_finite() { (low.min(value), high.max(value)) } else { (low, high) }
    };
    let start = || (f64::INFINITY, f64::NEG_INFINITY);
    values
        .par_chunks(1 << 15)
        .map(|chunk| chunk.iter().copied().fold(start(), widen))
        .reduce(start, |left, right| (left.0.min(right.0), left.1.max(right.1)))
}

struct Tally {
    counts: Vec<u32>,
    beyond: usize,
    undefined: usize,
}

/// Counts in as many grids as there are cores, then adds them up.
fn count(xs: &[f64], ys: &[f64], words: Option<&[u64]>, x: &Axis, y: &Axis) -> Tally {
    let pieces = rayon::current_num_threads().clamp(1, 16);
    let piece = xs.len().div_ceil(pieces).next_multiple_of(64).max(64);
    #[allow(clippy::cast_precision_loss)]
    let cells = CELLS as f64;
    let (x_step, y_step) = (cells / (x.high - x.low), cells / (y.high - y.low));
    let tally = |(index, (xs, ys)): (usize, (&[f64], &[f64]))| {
        let mut tally = Tally { counts: vec![0; CELLS * CELLS], beyond: 0, undefined: 0 };
        let first_word = index * piece / 64;
        for (event, (&a, &b)) in xs.iter().zip(ys).enumerate() {
            let member = words.is_none_or(|words| {
                words.get(first_word + event / 64).is_some_and(|word| word >> (event % 64) & 1 == 1)
            });
            if !member {
                continue;
            }
            let (column, row) = ((a - x.low) * x_step, (b - y.low) * y_step);
            if column.is_nan() || row.is_nan() {
                tally.undefined += 1;
                continue;
            }
            // The high end itself belongs to the last cell.
            tally.beyond += usize::from(!((0.0..=cells).contains(&column) && (0.0..=cells).contains(&row)));
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let cell =
                (row.max(0.0) as usize).min(CELLS - 1) * CELLS + (column.max(0.0) as usize).min(CELLS - 1);
            if let Some(count) = tally.counts.get_mut(cell) {
                *count += 1;
            }
        }
        tally
    };
    xs.par_chunks(piece).zip(ys.par_chunks(piece)).enumerate().map(tally).reduce(
        || Tally { counts: vec![0; CELLS * CELLS], beyond: 0, undefined: 0 },
        |mut left, right| {
            for (to, from) in left.counts.iter_mut().zip(right.counts) {
                *to += from;
            }
            left.beyond += right.beyond;
            left.undefined += right.undefined;
            left
        },
    )
}

/// Memory that the stored columns of a data set take, in bytes.
#[must_use]
pub fn matrix_bytes(data_set: &DataSet) -> usize {
    data_set.columns.iter().map(Column::bytes).sum()
}

/// Colours from few to many events, dark enough at the low end to be seen on
/// white and told apart without colour vision (lightness rises throughout).
pub(crate) const COLOURS: [[u8; 3]; 12] = [
    [58, 60, 130],
    [54, 78, 148],
    [46, 98, 160],
    [38, 118, 166],
    [32, 138, 166],
    [36, 156, 158],
    [58, 174, 144],
    [94, 190, 124],
    [138, 204, 100],
    [184, 214, 76],
    [226, 220, 62],
    [252, 232, 120],
];
