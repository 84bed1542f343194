//! Gates as data: what a Gating-ML 2.0 file says. Knows no events and no XML;
//! editable, and serialisable for a page that lets people move gates.

use serde::{Deserialize, Serialize};
use vena_base::Text;

use crate::spillover::SpilloverMatrix;
use crate::transform::Transform;

/// Everything in one Gating-ML file, in file order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GatingDocument {
    /// Scale transforms.
    pub transforms: Vec<NamedTransform>,
    /// Ratio transforms: new dimensions from two channels.
    pub ratios: Vec<NamedRatio>,
    /// Spectrum (spillover) matrices; the id is the matrix's `origin`.
    pub matrices: Vec<SpilloverMatrix>,
    /// Gates.
    pub gates: Vec<Gate>,
}

/// A scale transform and its id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedTransform {
    /// Its id.
    pub id: String,
    /// Kind, parameters, bounds.
    pub transform: Transform,
}

/// fratio: A (x − B) ÷ (y − C). Undefined where y = C.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedRatio {
    /// Its id.
    pub id: String,
    /// Factor A.
    pub a: f64,
    /// Subtracted from the numerator.
    pub b: f64,
    /// Subtracted from the denominator.
    pub c: f64,
    /// Channel in the numerator.
    pub numerator: String,
    /// Channel in the denominator.
    pub denominator: String,
    /// Results below this become this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound_min: Option<f64>,
    /// Results above this become this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound_max: Option<f64>,
}

/// One gate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// Its id, unique in the file.
    pub id: String,
    /// The gate (or quadrant) it lies under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Its shape.
    pub shape: GateShape,
}

/// What a gate selects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum GateShape {
    /// Ranges in one or more dimensions: min ≤ value < max.
    Rectangle {
        /// The ranges; one of them alone is a range gate.
        ranges: Vec<Range>,
    },
    /// A polygon in two dimensions; even-odd rule, its edge belongs to it.
    Polygon {
        /// Horizontal and vertical dimension.
        dimensions: [Dimension; 2],
        /// Vertices in order; the last joins the first.
        vertices: Vec<[f64; 2]>,
    },
    /// Events whose squared Mahalanobis distance is at most `distance_square`.
    Ellipsoid {
        /// Two or more dimensions.
        dimensions: Vec<Dimension>,
        /// Centre.
        mean: Vec<f64>,
        /// Symmetric, positive definite; row by row.
        covariance: Vec<Vec<f64>>,
        /// D².
        distance_square: f64,
    },
    /// Space cut by dividers into quadrants, each a population of its own.
    Quadrant {
        /// The cuts.
        dividers: Vec<Divider>,
        /// The populations.
        quadrants: Vec<Quadrant>,
    },
    /// A combination of other gates.
    Boolean {
        /// AND, OR, NOT.
        operation: BooleanOperation,
        /// The gates combined; one for NOT.
        operands: Vec<Operand>,
    },
}

/// A dimension of a gate.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Dimension {
    /// Which compensation the values have.
    pub compensation: CompensationReference,
    /// Where the values come from.
    pub source: DimensionSource,
    /// Id of the scale transform, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transform: Option<String>,
}

/// Compensation of a dimension.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CompensationReference {
    /// Values as the detector gave them.
    Uncompensated,
    /// As the FCS file says (or a matrix given in its place).
    Fcs,
    /// A spectrum matrix of this file.
    Matrix(String),
}

/// Source of a dimension's values.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DimensionSource {
    /// A channel (`$PnN`) or, with a matrix, a fluorochrome.
    Channel(String),
    /// A ratio, by its id.
    Ratio(String),
}

/// A dimension with bounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// The dimension.
    pub dimension: Dimension,
    /// Lowest value inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Lowest value above, outside again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

/// Cuts through one dimension.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Divider {
    /// Its id inside the gate.
    pub id: String,
    /// The dimension.
    pub dimension: Dimension,
    /// Where it is cut; a cut belongs to the part above it.
    pub values: Vec<f64>,
}

/// One quadrant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quadrant {
    /// Its id, unique in the file.
    pub id: String,
    /// Per divider any location inside the part meant. Dividers that are not
    /// named do not restrict the quadrant.
    pub positions: Vec<Position>,
}

/// A quadrant's place along one divider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// Id of the divider.
    pub divider: String,
    /// Any value inside the part meant.
    pub location: f64,
}

/// How a Boolean gate combines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BooleanOperation {
    /// In all operands.
    And,
    /// In at least one operand.
    Or,
    /// Not in the operand.
    Not,
}

/// A gate inside a Boolean gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operand {
    /// Id of a gate or quadrant.
    pub gate: String,
    /// Take its complement.
    #[serde(default)]
    pub complement: bool,
}

impl GatingDocument {
    /// The gate with this id (not a quadrant).
    #[must_use]
    pub fn gate(&self, id: &str) -> Option<&Gate> {
        self.gates.iter().find(|gate| gate.id == id)
    }

    /// The same for changing it: a page moves a gate by replacing its shape.
    pub fn gate_mut(&mut self, id: &str) -> Option<&mut Gate> {
        self.gates.iter_mut().find(|gate| gate.id == id)
    }

    /// What a person should know about the gates, in English: ellipsoids whose
    /// matrix is no covariance (not symmetric or not positive definite).
    #[must_use]
    pub fn notes(&self) -> Vec<Text> {
        let improper = |gate: &&Gate| match &gate.shape {
            GateShape::Ellipsoid { covariance, .. } => !super::geometry::is_covariance(covariance),
            _ => false,
        };
        let note = |gate: &Gate| {
            Text::new(
                format!(
                    "gate {:?}: the covariance matrix is not symmetric and positive definite; applied as written",
                    gate.id
                ),
                format!("圈選「{}」：共變異矩陣非對稱正定；依所寫套用", gate.id),
            )
        };
        self.gates.iter().filter(improper).map(note).collect()
    }

    /// Ids of the gates that differ between two versions of a document: added,
    /// removed or changed. What a record of an edit names.
    #[must_use]
    pub fn changed_gates(&self, later: &Self) -> Vec<String> {
        let mut changed: Vec<String> = self
            .gates
            .iter()
            .filter(|gate| later.gate(&gate.id) != Some(gate))
            .map(|gate| gate.id.clone())
            .collect();
        changed.extend(
            later.gates.iter().filter(|gate| self.gate(&gate.id).is_none()).map(|gate| gate.id.clone()),
        );
        changed
    }
}
