//! From gates as data and a data set's channels to a list of steps: which
//! values are needed (each only once) and which populations, parents before
//! children. Knows no event.

use std::collections::HashMap;

use super::error::GatingError;
use super::geometry::{Bounds, Ellipsoid, Polygon};
use super::model::{
    BooleanOperation, CompensationReference, Dimension, DimensionSource, Gate, GateShape, GatingDocument, Quadrant,
};
use super::order::{Population, order};
use crate::fcs::DataSet;
use crate::spillover::{FileCompensation, SpilloverError, SpilloverMatrix, missing_channel};
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

/// How a population is decided.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    Ranges(Vec<(usize, Bounds)>),
    Polygon { x: usize, y: usize, polygon: Polygon },
    Ellipsoid { steps: Vec<usize>, ellipsoid: Ellipsoid },
    And(Vec<(usize, bool)>),
    Or(Vec<(usize, bool)>),
}

/// One population of the plan; operands and parents are places in the plan.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub id: String,
    pub path: String,
    pub parent: Option<usize>,
    pub test: Test,
}

#[derive(Debug)]
pub(crate) struct Plan {
    pub steps: Vec<Step>,
    pub transforms: Vec<PreparedTransform>,
    pub populations: Vec<Planned>,
    /// Places in `populations` in file order.
    pub file_order: Vec<usize>,
}

/// Total length of all paths: a chain of thousands of gates is an attack.
const PATH_BYTES_MAX: usize = 64 << 20;

impl Plan {
    pub(crate) fn new(document: &GatingDocument, data_set: &DataSet, file: &FileCompensation) -> Result<Self, GatingError> {
        let ordered = order(document)?;
        let mut planner = Planner::new(document, data_set, file);
        let mut populations: Vec<Planned> = Vec::with_capacity(ordered.sequence.len());
        let mut place: HashMap<&str, usize> = HashMap::new();
        let mut path_bytes = 0usize;
        for population in &ordered.sequence {
            let test = planner.test(population, &place)?;
            let parent = population.gate.parent.as_deref().and_then(|id| place.get(id).copied());
            let mut path = parent.and_then(|parent| populations.get(parent)).map_or_else(String::new, |parent| parent.path.clone());
            if population.quadrant.is_some() {
                path = format!("{path}/{}", population.gate.id);
            }
            path = format!("{path}/{}", population.id);
            path_bytes += path.len();
            if path_bytes > PATH_BYTES_MAX {
                return Err(GatingError::Limit { what: "bytes of gate paths", found: path_bytes, limit: PATH_BYTES_MAX });
            }
            place.insert(population.id, populations.len());
            populations.push(Planned { id: population.id.to_owned(), path, parent, test });
        }
        let file_order = ordered.file_order;
        Ok(Self { steps: planner.steps, transforms: planner.transforms, populations, file_order })
    }

    /// A plan without populations, and the step of each dimension.
    pub(crate) fn for_dimensions(
        document: &GatingDocument,
        data_set: &DataSet,
        file: &FileCompensation,
        dimensions: &[Dimension],
    ) -> Result<(Self, Vec<usize>), GatingError> {
        let mut planner = Planner::new(document, data_set, file);
        // Refusals name a gate; here it is the plot that asks.
        let asking = Gate { id: "(plot)".to_owned(), parent: None, shape: GateShape::Rectangle { ranges: Vec::new() } };
        let steps = dimensions.iter().map(|dimension| planner.dimension(&asking, dimension)).collect::<Result<_, _>>()?;
        let plan = Self { steps: planner.steps, transforms: planner.transforms, populations: Vec::new(), file_order: Vec::new() };
        Ok((plan, steps))
    }
}

/// What makes a step the same as another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Scale(usize),
    Compensated(String, String),
    Ratio(CompensationReference, String),
    Transformed(usize, String),
}

struct Planner<'a> {
    document: &'a GatingDocument,
    data_set: &'a DataSet,
    file: &'a FileCompensation,
    steps: Vec<Step>,
    known: HashMap<Key, usize>,
    transforms: Vec<PreparedTransform>,
    transform_index: HashMap<String, usize>,
    /// Inverted matrices by id; the file's own under an id no gate can name.
    weights: HashMap<Option<String>, Vec<Vec<f64>>>,
}

impl<'a> Planner<'a> {
    fn new(document: &'a GatingDocument, data_set: &'a DataSet, file: &'a FileCompensation) -> Self {
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

    fn test(&mut self, population: &Population<'a>, place: &HashMap<&str, usize>) -> Result<Test, GatingError> {
        let gate = population.gate;
        let shape_error = |problem: &str| GatingError::Shape { gate: population.id.to_owned(), problem: problem.to_owned() };
        match &gate.shape {
            GateShape::Rectangle { ranges } => {
                if ranges.is_empty() {
                    return Err(shape_error("it has no dimension"));
                }
                let mut tests = Vec::with_capacity(ranges.len());
                for range in ranges {
                    if let (Some(min), Some(max)) = (range.min, range.max)
                        && min > max
                    {
                        return Err(shape_error("min exceeds max"));
                    }
                    tests.push((self.dimension(gate, &range.dimension)?, Bounds { min: range.min, max: range.max }));
                }
                Ok(Test::Ranges(tests))
            }
            GateShape::Polygon { dimensions: [x, y], vertices } => {
                if vertices.len() < 3 {
                    return Err(shape_error("a polygon has at least three vertices"));
                }
                let (x, y) = (self.dimension(gate, x)?, self.dimension(gate, y)?);
                Ok(Test::Polygon { x, y, polygon: Polygon::new(vertices) })
            }
            GateShape::Ellipsoid { dimensions, mean, covariance, distance_square } => {
                if dimensions.len() != mean.len() {
                    return Err(shape_error("the mean has not one coordinate per dimension"));
                }
                if *distance_square < 0.0 {
                    return Err(shape_error("distanceSquare is negative"));
                }
                let ellipsoid = Ellipsoid::new(mean, covariance, *distance_square)
                    .ok_or_else(|| shape_error("the covariance matrix is not square of the right size, or has no inverse"))?;
                let steps = dimensions.iter().map(|dimension| self.dimension(gate, dimension)).collect::<Result<_, _>>()?;
                Ok(Test::Ellipsoid { steps, ellipsoid })
            }
            GateShape::Quadrant { .. } => {
                population.quadrant.map_or_else(|| Err(shape_error("a quadrant gate is no population")), |quadrant| self.quadrant(gate, quadrant))
            }
            GateShape::Boolean { operation, operands } => {
                if operands.is_empty() || (*operation == BooleanOperation::Not && operands.len() != 1) {
                    return Err(shape_error("NOT takes exactly one gate, AND and OR at least one"));
                }
                let negate = *operation == BooleanOperation::Not;
                // Every operand stands before this gate: `order` saw to it.
                let operands = operands
                    .iter()
                    .filter_map(|operand| place.get(operand.gate.as_str()).map(|&index| (index, operand.complement != negate)))
                    .collect();
                Ok(if *operation == BooleanOperation::Or { Test::Or(operands) } else { Test::And(operands) })
            }
        }
    }

    /// A quadrant is a rectangle between neighbouring cuts.
    fn quadrant(&mut self, gate: &Gate, quadrant: &Quadrant) -> Result<Test, GatingError> {
        let GateShape::Quadrant { dividers, .. } = &gate.shape else { return Ok(Test::Ranges(Vec::new())) };
        let shape_error = |problem: String| GatingError::Shape { gate: quadrant.id.clone(), problem };
        let mut tests = Vec::with_capacity(quadrant.positions.len());
        for (index, position) in quadrant.positions.iter().enumerate() {
            if quadrant.positions.iter().take(index).any(|other| other.divider == position.divider) {
                return Err(shape_error(format!("divider {:?} is named twice", position.divider)));
            }
            let divider = dividers.iter().find(|divider| divider.id == position.divider).ok_or_else(|| {
                GatingError::UnknownReference { gate: quadrant.id.clone(), kind: "divider", reference: position.divider.clone() }
            })?;
            if divider.values.is_empty() {
                return Err(shape_error(format!("divider {:?} has no value", divider.id)));
            }
            let below = divider.values.iter().copied().filter(|&value| value <= position.location);
            let above = divider.values.iter().copied().filter(|&value| value > position.location);
            let bounds = Bounds { min: below.max_by(f64::total_cmp), max: above.min_by(f64::total_cmp) };
            tests.push((self.dimension(gate, &divider.dimension)?, bounds));
        }
        if tests.is_empty() {
            return Err(shape_error("the quadrant names no divider".to_owned()));
        }
        Ok(Test::Ranges(tests))
    }

    /// The step that gives a dimension's values.
    fn dimension(&mut self, gate: &Gate, dimension: &Dimension) -> Result<usize, GatingError> {
        let source = match &dimension.source {
            DimensionSource::Channel(channel) => self.channel(gate, &dimension.compensation, channel)?,
            DimensionSource::Ratio(id) => self.ratio(gate, &dimension.compensation, id)?,
        };
        let Some(id) = &dimension.transform else { return Ok(source) };
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
            GatingError::UnknownReference { gate: gate.id.clone(), kind: "transformation", reference: id.to_owned() }
        })?;
        let prepared =
            named.transform.prepare().map_err(|source| GatingError::Transform { id: id.to_owned(), source })?;
        self.transforms.push(prepared);
        self.transform_index.insert(id.to_owned(), self.transforms.len() - 1);
        Ok(self.transforms.len() - 1)
    }

    fn ratio(&mut self, gate: &Gate, compensation: &CompensationReference, id: &str) -> Result<usize, GatingError> {
        let ratio = self.document.ratios.iter().find(|ratio| ratio.id == id).ok_or_else(|| {
            GatingError::UnknownReference { gate: gate.id.clone(), kind: "ratio transformation", reference: id.to_owned() }
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

    fn channel(&mut self, gate: &Gate, compensation: &CompensationReference, name: &str) -> Result<usize, GatingError> {
        match compensation {
            CompensationReference::Uncompensated => self.uncompensated(gate, name),
            CompensationReference::Fcs => match self.file {
                FileCompensation::None | FileCompensation::AlreadyCompensated { .. } => self.uncompensated(gate, name),
                // Channels outside the matrix (scatter, time) have nothing to compensate.
                FileCompensation::Matrix { matrix } if matrix.fluorochromes.iter().any(|own| own == name) => {
                    self.compensated(gate, None, matrix, name)
                }
                FileCompensation::Matrix { .. } => self.uncompensated(gate, name),
            },
            CompensationReference::Matrix(id) => {
                let matrix = self.document.matrices.iter().find(|matrix| matrix.origin == *id).ok_or_else(|| {
                    GatingError::UnknownReference { gate: gate.id.clone(), kind: "spectrum matrix", reference: id.clone() }
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
                self.data_set.channels.iter().position(|channel| crate::spillover::bare_name(&channel.name) == Some(name))
            }
            _ => None,
        });
        match channel {
            Some(channel) => Ok(self.scale(channel)),
            None => {
                let present = self.data_set.channels.iter().map(|channel| channel.name.as_str()).collect::<Vec<_>>().join(", ");
                Err(GatingError::MissingChannel { gate: gate.id.clone(), channel: name.to_owned(), present })
            }
        }
    }

    fn compensated(&mut self, gate: &Gate, id: Option<String>, matrix: &'a SpilloverMatrix, name: &str) -> Result<usize, GatingError> {
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
