//! Runs a plan over the events, block by block on all cores. Every population
//! gets one bit per event; counts follow from the bits. Knows no file.

use rayon::prelude::*;
use serde::Serialize;
use vena_base::Text;

use super::error::GatingError;
use super::geometry::WORD;
use super::model::{Dimension, GatingDocument};
use super::plan::{Plan, Planned, Test};
use super::steps::Step;
use crate::events::{Column, ColumnPart, Matrix, Width};
use crate::fcs::DataSet;
use crate::file_compensation::FileCompensation;
use crate::membership::Membership;

/// Events in one block; its columns stay in the second-level cache.
const BLOCK: usize = 1024;
const BLOCK_WORDS: usize = BLOCK / WORD;
/// Events in one piece of parallel work.
const PIECE: usize = 16 * BLOCK;

/// Memory that all memberships together may take, in bytes.
const MEMBERSHIP_BYTES_MAX: usize = 4 << 30;

/// One population of a gated data set.
#[derive(Clone, Debug, Serialize)]
pub struct GateResult {
    /// Id of the gate or quadrant.
    pub id: String,
    /// Ids from the outermost gate to this one, each after a `/`; a quadrant
    /// stands under its quadrant gate.
    pub path: String,
    /// Id of the population this one lies under; `None` for all events.
    pub parent: Option<String>,
    /// Events inside.
    pub count: usize,
    /// Events inside the parent (all events when there is none).
    pub parent_count: usize,
    /// 100 × count ÷ parent_count; `None` when the parent is empty.
    pub percent_of_parent: Option<f64>,
    /// 100 × count ÷ events; `None` when there is no event.
    pub percent_of_total: Option<f64>,
    /// SHA-256 over the membership bits.
    pub digest: String,
    /// The events.
    #[serde(skip)]
    pub membership: Membership,
}

/// Gates a data set. `file` is the compensation that gates on `FCS` get: the
/// file's own ([`crate::file_compensation`]) or a matrix given in its place.
/// Results come in file order; quadrants take the place of their gate.
///
/// # Errors
/// References that lead nowhere, circles, missing channels, shapes and
/// transforms outside their domain, matrices that cannot be inverted.
pub fn apply_gates(
    document: &GatingDocument,
    data_set: &DataSet,
    file: &FileCompensation,
) -> Result<Vec<GateResult>, GatingError> {
    let plan = Plan::new(document, data_set, file)?;
    let events = data_set.events;
    let bytes = plan.populations.len().saturating_mul(events.div_ceil(8));
    if bytes > MEMBERSHIP_BYTES_MAX {
        return Err(GatingError::Limit {
            what: Text::new("bytes of gate memberships", "圈選歸屬位元組數"),
            found: bytes,
            limit: MEMBERSHIP_BYTES_MAX,
        });
    }
    let memberships = run(&plan, data_set);
    let counts: Vec<usize> = memberships.iter().map(Membership::count).collect();
    let mut results: Vec<Option<GateResult>> = plan
        .populations
        .iter()
        .zip(memberships)
        .zip(&counts)
        .map(|((population, membership), &count)| {
            let parent = population.parent.and_then(|parent| plan.populations.get(parent));
            let parent_count =
                population.parent.and_then(|parent| counts.get(parent).copied()).unwrap_or(events);
            Some(GateResult {
                id: population.id.clone(),
                path: population.path.clone(),
                parent: parent.map(|parent| parent.id.clone()),
                count,
                parent_count,
                percent_of_parent: percent(count, parent_count),
                percent_of_total: percent(count, events),
                digest: membership.digest(),
                membership,
            })
        })
        .collect();
    Ok(plan.file_order.iter().filter_map(|&place| results.get_mut(place).and_then(Option::take)).collect())
}

/// 100 × part ÷ whole; `None` when the whole is empty.
#[must_use]
#[allow(clippy::cast_precision_loss)]
pub fn percent(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| 100.0 * part as f64 / whole as f64)
}

/// Tables of log channels: a stored value below the mask is an index.
fn scale_tables(plan: &Plan, data_set: &DataSet) -> Vec<Option<Vec<f64>>> {
    const TABLE_MAX: u64 = 1 << 16;
    plan.steps
        .iter()
        .map(|step| match step {
            Step::Scale { channel } => {
                let channel = data_set.channels.get(*channel)?;
                let entries = channel
                    .mask
                    .checked_add(1)
                    .filter(|&entries| channel.mask > 0 && entries <= TABLE_MAX)?;
                channel.scale.table(usize::try_from(entries).ok()?)
            }
            _ => None,
        })
        .collect()
}

fn run(plan: &Plan, data_set: &DataSet) -> Vec<Membership> {
    let events = data_set.events;
    let mut words: Vec<Vec<u64>> = plan.populations.iter().map(|_| vec![0; events.div_ceil(WORD)]).collect();
    let tables = scale_tables(plan, data_set);
    let mut pieces: Vec<Vec<&mut [u64]>> = Vec::new();
    pieces.resize_with(events.div_ceil(PIECE), Vec::new);
    for population in &mut words {
        for (piece, part) in pieces.iter_mut().zip(population.chunks_mut(PIECE / WORD)) {
            piece.push(part);
        }
    }
    pieces.into_par_iter().enumerate().for_each_init(
        || Block::new(plan, &tables),
        |block, (piece, mut parts)| {
            let last = ((piece + 1) * PIECE).min(events);
            for start in (piece * PIECE..last).step_by(BLOCK) {
                block.run(data_set, start, (last - start).min(BLOCK));
                let first_word = (start - piece * PIECE) / WORD;
                for (part, decided) in parts.iter_mut().zip(&block.decided) {
                    for (to, &word) in part.iter_mut().skip(first_word).zip(decided) {
                        *to = word;
                    }
                }
            }
        },
    );
    words.into_iter().map(|words| Membership::from_words(words, events)).collect()
}

/// Values and decisions of one block of events.
struct Block<'a> {
    plan: &'a Plan,
    tables: &'a [Option<Vec<f64>>],
    columns: Vec<Vec<f64>>,
    decided: Vec<[u64; BLOCK_WORDS]>,
    rows: usize,
}

impl<'a> Block<'a> {
    fn new(plan: &'a Plan, tables: &'a [Option<Vec<f64>>]) -> Self {
        Self {
            plan,
            tables,
            columns: plan.steps.iter().map(|_| vec![0.0; BLOCK]).collect(),
            decided: vec![[0; BLOCK_WORDS]; plan.populations.len()],
            rows: 0,
        }
    }

    fn run(&mut self, data_set: &DataSet, start: usize, rows: usize) {
        self.rows = rows;
        for (index, step) in self.plan.steps.iter().enumerate() {
            self.compute(index, step, data_set, start);
        }
        let valid = self.valid(data_set, start);
        for (index, population) in self.plan.populations.iter().enumerate() {
            let decided = self.decide(population, &valid);
            if let Some(slot) = self.decided.get_mut(index) {
                *slot = decided;
            }
        }
    }

    /// Steps refer only to earlier ones, so the slice can be split before it.
    fn compute(&mut self, index: usize, step: &Step, data_set: &DataSet, start: usize) {
        let (earlier, rest) = self.columns.split_at_mut(index);
        let Some(to) = rest.first_mut() else { return };
        let column = |index: usize| earlier.get(index).map(Vec::as_slice).unwrap_or_default();
        match step {
            Step::Scale { channel } => {
                if let (Some(values), Some(channel)) =
                    (data_set.columns.get(*channel), data_set.channels.get(*channel))
                {
                    let to = to.get_mut(..self.rows).unwrap_or_default();
                    values.copy_to(start, to);
                    match self.tables.get(index).and_then(Option::as_ref) {
                        Some(table) => to.iter_mut().for_each(|value| {
                            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                            let stored = *value as usize;
                            *value = table.get(stored).copied().unwrap_or(f64::NAN);
                        }),
                        None if channel.scale.is_identity() => {}
                        None => to.iter_mut().for_each(|value| *value = channel.scale.apply(*value)),
                    }
                }
            }
            Step::Compensated { terms } => {
                to.fill(0.0);
                for &(term, weight) in terms {
                    for (sum, value) in to.iter_mut().zip(column(term)) {
                        *sum += weight * value;
                    }
                }
            }
            Step::Ratio { numerator, denominator, a, b, c, low, high } => {
                for ((to, x), y) in to.iter_mut().zip(column(*numerator)).zip(column(*denominator)) {
                    let divisor = y - c;
                    let ratio = if divisor == 0.0 { f64::NAN } else { a * (x - b) / divisor };
                    *to = if ratio < *low {
                        *low
                    } else if ratio > *high {
                        *high
                    } else {
                        ratio
                    };
                }
            }
            Step::Transformed { of, transform } => {
                to.copy_from_slice(column(*of));
                if let Some(transform) = self.plan.transforms.get(*transform) {
                    transform.apply_all(to.get_mut(..self.rows).unwrap_or_default());
                }
            }
        }
    }

    /// Events of the block that exist and hold finite values only.
    fn valid(&self, data_set: &DataSet, start: usize) -> [u64; BLOCK_WORDS] {
        let mut valid = [0; BLOCK_WORDS];
        for (index, word) in valid.iter_mut().enumerate() {
            let rows = self.rows.saturating_sub(index * WORD).min(WORD);
            *word = if rows == WORD { u64::MAX } else { (1 << rows) - 1 };
            if let Some(non_finite) = &data_set.non_finite {
                *word &= !non_finite.words().get(start / WORD + index).copied().unwrap_or_default();
            }
        }
        valid
    }

    fn decide(&self, population: &Planned, valid: &[u64; BLOCK_WORDS]) -> [u64; BLOCK_WORDS] {
        let above = population.parent.and_then(|parent| self.decided.get(parent)).unwrap_or(valid);
        let mut decided = [0; BLOCK_WORDS];
        for (index, (to, &candidates)) in decided.iter_mut().zip(above).enumerate() {
            // No candidate, no work: deep gates see few events.
            if candidates != 0 {
                *to = candidates & self.test(&population.test, index);
            }
        }
        decided
    }

    fn test(&self, test: &Test, word: usize) -> u64 {
        let values = |step: usize| {
            let end = ((word + 1) * WORD).min(self.rows);
            self.columns.get(step).and_then(|column| column.get(word * WORD..end)).unwrap_or_default()
        };
        let operand = |&(place, complement): &(usize, bool)| {
            let bits = self.decided.get(place).and_then(|words| words.get(word)).copied().unwrap_or_default();
            if complement { !bits } else { bits }
        };
        match test {
            Test::Ranges(ranges) => {
                ranges.iter().fold(u64::MAX, |bits, (step, bounds)| bits & bounds.word(values(*step)))
            }
            Test::Polygon { x, y, polygon } => polygon.word(values(*x), values(*y)),
            Test::Ellipsoid { steps, ellipsoid } => {
                let columns: Vec<&[f64]> = steps.iter().map(|&step| values(step)).collect();
                ellipsoid.word(&columns)
            }
            Test::And(operands) => operands.iter().map(operand).fold(u64::MAX, |bits, more| bits & more),
            Test::Or(operands) => operands.iter().map(operand).fold(0, |bits, more| bits | more),
        }
    }
}

/// Values of dimensions for every event, as gates see them: compensated and
/// transformed. One column per dimension.
///
/// # Errors
/// As [`apply_gates`], for the dimensions alone.
pub fn dimension_values(
    document: &GatingDocument,
    data_set: &DataSet,
    file: &FileCompensation,
    dimensions: &[Dimension],
) -> Result<Vec<Column>, GatingError> {
    let (plan, steps) = Plan::for_dimensions(document, data_set, file, dimensions)?;
    let tables = scale_tables(&plan, data_set);
    let mut matrix = Matrix::zeroed(&vec![Width::Double; steps.len()], data_set.events)
        .map_err(|error| GatingError::Memory { problem: error.to_string() })?;
    let mut pieces: Vec<Vec<ColumnPart<'_>>> = Vec::new();
    pieces.resize_with(data_set.events.div_ceil(BLOCK), Vec::new);
    for column in matrix.parts() {
        for (piece, part) in pieces.iter_mut().zip(column.pieces((0, usize::MAX), BLOCK)) {
            piece.push(part);
        }
    }
    pieces.into_par_iter().enumerate().for_each_init(
        || Block::new(&plan, &tables),
        |block, (piece, parts)| {
            let start = piece * BLOCK;
            block.run(data_set, start, (data_set.events - start).min(BLOCK));
            for (part, &step) in parts.into_iter().zip(&steps) {
                let ColumnPart::Double(part) = part else { continue };
                let values = block.columns.get(step).map(Vec::as_slice).unwrap_or_default();
                part.iter_mut().zip(values).for_each(|(to, &value)| *to = value);
            }
        },
    );
    Ok(matrix.into_columns())
}
