//! Gating-ML 2.0: gates read, written and applied. Knows no file system and no
//! meaning of any population.
//!
//! Written from the specification: ISAC's Gating-ML 2.0 (Spidlen, Moore,
//! Brinkman, Cytometry A 2015, doi:10.1002/cyto.a.22690).

mod element;
mod engine;
mod error;
mod geometry;
mod model;
mod order;
mod plan;
mod read;
mod read_transforms;
mod steps;
mod write;
mod xml;

pub use engine::{GateResult, apply_gates, dimension_values, percent};
pub use error::GatingError;
pub(crate) use geometry::is_covariance;
pub use model::{
    BooleanOperation, CompensationReference, Dimension, DimensionSource, Divider, Gate, GateShape,
    GatingDocument, NamedRatio, NamedTransform, Operand, Position, Quadrant, Range,
};
pub use read::read_gating_ml;
pub use write::write_gating_ml;
