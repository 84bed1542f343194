//! From gates as data and a data set's channels to a list of steps: which
//! values are needed (each only once) and which populations, parents before
//! children. Knows no event.

use std::collections::HashMap;
use vena_base::Text;

use super::error::GatingError;
use super::geometry::{Bounds, Ellipsoid, Polygon};
use super::model::{
    BooleanOperation, Dimension, Divider, Gate, GateShape, GatingDocument, Operand, Quadrant, Range,
};
use super::order::{Population, order};
use super::steps::{Planner, Step};
use crate::fcs::DataSet;
use crate::file_compensation::FileCompensation;
use crate::transform::PreparedTransform;

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
    pub(crate) fn new(
        document: &GatingDocument,
        data_set: &DataSet,
        file: &FileCompensation,
    ) -> Result<Self, GatingError> {
        let ordered = order(document)?;
        let mut planner = Planner::new(document, data_set, file);
        let mut populations: Vec<Planned> = Vec::with_capacity(ordered.sequence.len());
        let mut place: HashMap<&str, usize> = HashMap::new();
        let mut path_bytes = 0usize;
        for population in &ordered.sequence {
            let test = Tester { planner: &mut planner, population: *population }.test(&place)?;
            let parent = population.gate.parent.as_deref().and_then(|id| place.get(id).copied());
            let mut path = parent
                .and_then(|parent| populations.get(parent))
                .map_or_else(String::new, |parent| parent.path.clone());
            if population.quadrant.is_some() {
                path = format!("{path}/{}", population.gate.id);
            }
            path = format!("{path}/{}", population.id);
            path_bytes += path.len();
            if path_bytes > PATH_BYTES_MAX {
                return Err(GatingError::Limit {
                    what: Text::new("bytes of gate paths", "圈選路徑位元組數"),
                    found: path_bytes,
                    limit: PATH_BYTES_MAX,
                });
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
        let asking = Gate {
            id: "(plot)".to_owned(),
            parent: None,
            shape: GateShape::Rectangle { ranges: Vec::new() },
        };
        let steps = dimensions
            .iter()
            .map(|dimension| planner.dimension(&asking, dimension))
            .collect::<Result<_, _>>()?;
        let plan = Self {
            steps: planner.steps,
            transforms: planner.transforms,
            populations: Vec::new(),
            file_order: Vec::new(),
        };
        Ok((plan, steps))
    }
}

/// Turns one population into its test.
struct Tester<'p, 'a> {
    planner: &'p mut Planner<'a>,
    population: Population<'a>,
}

impl<'a> Tester<'_, 'a> {
    fn refuse(&self, en: impl Into<String>, zh_tw: impl Into<String>) -> GatingError {
        GatingError::Shape { gate: self.population.id.to_owned(), problem: Text::new(en, zh_tw) }
    }

    fn dimension(&mut self, dimension: &Dimension) -> Result<usize, GatingError> {
        self.planner.dimension(self.population.gate, dimension)
    }

    fn test(&mut self, place: &HashMap<&str, usize>) -> Result<Test, GatingError> {
        match &self.population.gate.shape {
            GateShape::Rectangle { ranges } => self.rectangle(ranges),
            GateShape::Polygon { dimensions: [x, y], vertices } => {
                if vertices.len() < 3 {
                    return Err(
                        self.refuse("a polygon has at least three vertices", "多邊形至少須有三個頂點")
                    );
                }
                let (x, y) = (self.dimension(x)?, self.dimension(y)?);
                Ok(Test::Polygon { x, y, polygon: Polygon::new(vertices) })
            }
            GateShape::Ellipsoid { dimensions, mean, covariance, distance_square } => {
                if dimensions.len() != mean.len() {
                    return Err(self.refuse(
                        "the mean has not one coordinate per dimension",
                        "mean 的座標數與維度數不符",
                    ));
                }
                if *distance_square < 0.0 {
                    return Err(self.refuse("distanceSquare is negative", "distanceSquare 為負"));
                }
                let ellipsoid = Ellipsoid::new(mean, covariance, *distance_square).ok_or_else(|| {
                    self.refuse(
                        "the covariance matrix is not square of the right size, or has no inverse",
                        "共變異矩陣大小不符或不可反轉",
                    )
                })?;
                let steps =
                    dimensions.iter().map(|dimension| self.dimension(dimension)).collect::<Result<_, _>>()?;
                Ok(Test::Ellipsoid { steps, ellipsoid })
            }
            GateShape::Quadrant { dividers, .. } => match self.population.quadrant {
                Some(quadrant) => self.quadrant(dividers, quadrant),
                None => Err(self.refuse("a quadrant gate is no population", "象限圈選本身不是族群")),
            },
            GateShape::Boolean { operation, operands } => {
                let negate = *operation == BooleanOperation::Not;
                if operands.is_empty() || (negate && operands.len() != 1) {
                    return Err(self.refuse(
                        "NOT takes exactly one gate, AND and OR at least one",
                        "NOT 須恰有一個圈選，AND 與 OR 至少一個",
                    ));
                }
                // Every operand stands before this gate: `order` saw to it.
                let placed = |operand: &Operand| {
                    place.get(operand.gate.as_str()).map(|&index| (index, operand.complement != negate))
                };
                let operands = operands.iter().filter_map(placed).collect();
                Ok(if *operation == BooleanOperation::Or { Test::Or(operands) } else { Test::And(operands) })
            }
        }
    }

    fn rectangle(&mut self, ranges: &[Range]) -> Result<Test, GatingError> {
        if ranges.is_empty() {
            return Err(self.refuse("it has no dimension", "沒有維度"));
        }
        let mut tests = Vec::with_capacity(ranges.len());
        for range in ranges {
            if let (Some(min), Some(max)) = (range.min, range.max)
                && min > max
            {
                return Err(self.refuse("min exceeds max", "最小值大於最大值"));
            }
            let bounds = Bounds { min: range.min, max: range.max };
            tests.push((self.dimension(&range.dimension)?, bounds));
        }
        Ok(Test::Ranges(tests))
    }

    /// A quadrant is a rectangle between neighbouring cuts.
    fn quadrant(&mut self, dividers: &[Divider], quadrant: &Quadrant) -> Result<Test, GatingError> {
        let mut tests = Vec::with_capacity(quadrant.positions.len());
        for (index, position) in quadrant.positions.iter().enumerate() {
            if quadrant.positions.iter().take(index).any(|other| other.divider == position.divider) {
                return Err(self.refuse(
                    format!("divider {:?} is named twice", position.divider),
                    format!("分隔線「{}」重複", position.divider),
                ));
            }
            let divider =
                dividers.iter().find(|divider| divider.id == position.divider).ok_or_else(|| {
                    GatingError::UnknownReference {
                        gate: quadrant.id.clone(),
                        kind: "divider",
                        reference: position.divider.clone(),
                    }
                })?;
            if divider.values.is_empty() {
                return Err(self.refuse(
                    format!("divider {:?} has no value", divider.id),
                    format!("分隔線「{}」沒有值", divider.id),
                ));
            }
            let cuts = || divider.values.iter().copied();
            let below = cuts().filter(|&value| value <= position.location);
            let above = cuts().filter(|&value| value > position.location);
            let bounds = Bounds { min: below.max_by(f64::total_cmp), max: above.min_by(f64::total_cmp) };
            tests.push((self.dimension(&divider.dimension)?, bounds));
        }
        if tests.is_empty() {
            return Err(self.refuse("the quadrant names no divider", "象限未指定分隔線"));
        }
        Ok(Test::Ranges(tests))
    }
}
