//! The values that gates are decided on: channels, compensated, divided,
//! transformed; each computed once however many gates use it. Knows no
//! population and no event.

use std::collections::HashMap;

use super::error::GatingError;
use super::model::{CompensationReference, Dimension, DimensionSource, Gate, GatingDocument};
use crate::fcs::DataSet;
use crate::file_compensation::{FileCompensation, bare_name, missing_channel};
use crate::spillover::{SpilloverError, SpilloverMatrix};
use crate::transform::PreparedTransform;

/// A column of values computed for each block of events.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A channel on the detector's scale.
    Scale { channel: usize },
    /// A weighted sum of earlier steps.
    Compensated { terms: Vec<(usize, f64)> },
    /// A (x − B) ÷ (y − C), bounded.
    Ratio { numerator: usize, denominator: usize, a: f64, b: f64, c: f64, low: f64, high: f64 },
    /// An earlier step, transformed.
    Transformed { of: usize, transform: usize },
}

/// What makes a step the same as another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Scale(usize),
    Compensated(String, String),
    Ratio(CompensationReference, String),
    Transformed(usize, String),
}

/// Collects the steps that dimensions need.
pub(crate) struct Planner<'a> {
    document: &'a GatingDocument,
    data_set: &'a DataSet,
    file: &'a FileCompensation,
    pub(crate) steps: Vec<Step>,
    known: HashMap<Key, usize>,
    pub(crate) transforms: Vec<PreparedTransform>,
    transform_index: HashMap<String, usize>,
    /// Inverted matrices by id; the file's own under an id no gate can name.
    weights: HashMap<Option<String>, Vec<Vec<f64>>>,
}

impl<'a> Planner<'a> {
    pub(crate) fn new(
        document: &'a GatingDocument,
        data_set: &'a DataSet,
        file: &'a FileCompensation,
    ) -> Self {
        Self {
            document,
            data_set,
            file,
            steps: Vec::new(),
            known: HashMap::new(),
            transforms: Vec::new(),
            transform_index: HashMap::new(),
            weights: HashMap::new(),
        }
    }

    /// The step that gives a dimension's values.
    pub(crate) fn dimension(&mut self, gate: &Gate, dimension: &Dimension) -> Result<usize, GatingError> {
        let source = match &dimension.source {
            DimensionSource::Channel(channel) => self.channel(gate, &dimension.compensation, channel)?,
            DimensionSource::Ratio(id) => self.ratio(gate, &dimension.compensation, id)?,
        };
        let Some(id) = &dimension.transform else {
            return Ok(source);
        };
        let transform = self.transform(gate, id)?;
        Ok(self.step(Key::Transformed(source, id.clone()), Step::Transformed { of: source, transform }))
    }

    fn step(&mut self, key: Key, step: Step) -> usize {
        if let Some(&index) = self.known.get(&key) {
            return index;
        }
        self.steps.push(step);
        self.known.insert(key, self.steps.len() - 1);
        self.steps.len() - 1
    }

    fn transform(&mut self, gate: &Gate, id: &str) -> Result<usize, GatingError> {
        if let Some(&index) = self.transform_index.get(id) {
            return Ok(index);
        }
        let named = self.document.transforms.iter().find(|named| named.id == id).ok_or_else(|| {
            GatingError::UnknownReference {
                gate: gate.id.clone(),
                kind: "transformation",
                reference: id.to_owned(),
            }
        })?;
        let prepared = named
            .transform
            .prepare()
            .map_err(|source| GatingError::Transform { id: id.to_owned(), source })?;
        self.transforms.push(prepared);
        self.transform_index.insert(id.to_owned(), self.transforms.len() - 1);
        Ok(self.transforms.len() - 1)
    }

    fn ratio(
        &mut self,
        gate: &Gate,
        compensation: &CompensationReference,
        id: &str,
    ) -> Result<usize, GatingError> {
        let ratio = self.document.ratios.iter().find(|ratio| ratio.id == id).ok_or_else(|| {
            GatingError::UnknownReference {
                gate: gate.id.clone(),
                kind: "ratio transformation",
                reference: id.to_owned(),
            }
        })?;
        let numerator = self.channel(gate, compensation, &ratio.numerator)?;
        let denominator = self.channel(gate, compensation, &ratio.denominator)?;
        let step = Step::Ratio {
            numerator,
            denominator,
            a: ratio.a,
            b: ratio.b,
            c: ratio.c,
            low: ratio.bound_min.unwrap_or(f64::NEG_INFINITY),
            high: ratio.bound_max.unwrap_or(f64::INFINITY),
        };
        Ok(self.step(Key::Ratio(compensation.clone(), id.to_owned()), step))
    }

    fn scale(&mut self, channel: usize) -> usize {
        self.step(Key::Scale(channel), Step::Scale { channel })
    }

    fn channel(
        &mut self,
        gate: &Gate,
        compensation: &CompensationReference,
        name: &str,
    ) -> Result<usize, GatingError> {
        match compensation {
            CompensationReference::Uncompensated => self.uncompensated(gate, name),
            CompensationReference::Fcs => match self.file {
                FileCompensation::None | FileCompensation::AlreadyCompensated { .. } => {
                    self.uncompensated(gate, name)
                }
                // Channels outside the matrix (scatter, time) have nothing to compensate.
                FileCompensation::Matrix { matrix } if matrix.fluorochromes.iter().any(|own| own == name) => {
                    self.compensated(gate, None, matrix, name)
                }
                FileCompensation::Matrix { .. } => self.uncompensated(gate, name),
            },
            CompensationReference::Matrix(id) => {
                let matrix =
                    self.document.matrices.iter().find(|matrix| matrix.origin == *id).ok_or_else(|| {
                        GatingError::UnknownReference {
                            gate: gate.id.clone(),
                            kind: "spectrum matrix",
                            reference: id.clone(),
                        }
                    })?;
                if let FileCompensation::AlreadyCompensated { evidence } = self.file {
                    let source = SpilloverError::AlreadyCompensated { evidence: evidence.clone() };
                    return Err(GatingError::Compensation { gate: gate.id.clone(), source });
                }
                self.compensated(gate, Some(id.clone()), matrix, name)
            }
        }
    }

    /// The channel of that name. In a file that was compensated before it was
    /// stored, `Comp-FITC-A` is what a gate on `FITC-A` means.
    fn uncompensated(&mut self, gate: &Gate, name: &str) -> Result<usize, GatingError> {
        let channel = self.data_set.channel_index(name).or_else(|| match self.file {
            FileCompensation::AlreadyCompensated { .. } => {
                self.data_set.channels.iter().position(|channel| bare_name(&channel.name) == Some(name))
            }
            _ => None,
        });
        match channel {
            Some(channel) => Ok(self.scale(channel)),
            None => {
                let present = self
                    .data_set
                    .channels
                    .iter()
                    .map(|channel| channel.name.as_str())
                    .collect::<Vec<_>>()
                    .join(", ");
                Err(GatingError::MissingChannel { gate: gate.id.clone(), channel: name.to_owned(), present })
            }
        }
    }

    fn compensated(
        &mut self,
        gate: &Gate,
        id: Option<String>,
        matrix: &'a SpilloverMatrix,
        name: &str,
    ) -> Result<usize, GatingError> {
        let key = Key::Compensated(id.clone().unwrap_or_default(), name.to_owned());
        if let Some(&index) = self.known.get(&key) {
            return Ok(index);
        }
        let refuse = |source| GatingError::Compensation { gate: gate.id.clone(), source };
        let Some(row) = matrix.fluorochromes.iter().position(|own| own == name) else {
            return Err(GatingError::MissingFluorochrome {
                gate: gate.id.clone(),
                channel: name.to_owned(),
                matrix: matrix.origin.clone(),
                present: matrix.fluorochromes.join(", "),
            });
        };
        if !self.weights.contains_key(&id) {
            self.weights.insert(id.clone(), matrix.weights().map_err(refuse)?);
        }
        let weights = self.weights.get(&id).and_then(|rows| rows.get(row)).cloned().unwrap_or_default();
        let mut terms = Vec::with_capacity(weights.len());
        for (detector, weight) in matrix.detectors.iter().zip(weights) {
            let channel = self
                .data_set
                .channel_index(detector)
                .ok_or_else(|| refuse(missing_channel(self.data_set, &matrix.origin, detector)))?;
            if weight != 0.0 {
                terms.push((self.scale(channel), weight));
            }
        }
        Ok(self.step(key, Step::Compensated { terms }))
    }
}
