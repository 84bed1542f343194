//! Why gates are refused: by the file, by the data, or by a limit.

use thiserror::Error;
use vena_base::Text;

use crate::spillover::SpilloverError;
use crate::transform::TransformError;

/// A refusal to read or apply Gating-ML.
#[derive(Debug, Error)]
pub enum GatingError {
    /// The bytes are not well-formed XML in UTF-8.
    #[error("not well-formed XML near byte {at}: {problem}")]
    Xml {
        /// Byte offset.
        at: u64,
        /// What the parser says.
        problem: String,
    },
    /// A document type declaration or an entity of the file's own.
    #[error("document type declarations and entities are not read (byte {at})")]
    DocumentType {
        /// Byte offset.
        at: u64,
    },
    /// The system has no memory for the values of a plot.
    #[error("no memory for the values: {problem}")]
    Memory {
        /// What the system says.
        problem: String,
    },
    /// A limit is passed.
    #[error("{}: {found}; the limit is {limit}", .what.en)]
    Limit {
        /// What was counted.
        what: Text,
        /// How many.
        found: usize,
        /// Limit given.
        limit: usize,
    },
    /// Well-formed, but not Gating-ML 2.0.
    #[error("line {line}: {}", .problem.en)]
    Grammar {
        /// Line in the file, from 1.
        line: usize,
        /// What is wrong.
        problem: Text,
    },
    /// Two gates (or transforms, or matrices) share an id.
    #[error("{kind} {id:?} is defined twice")]
    DuplicateId {
        /// Gate, transformation, spectrum matrix.
        kind: &'static str,
        /// The id.
        id: String,
    },
    /// A reference leads nowhere.
    #[error("gate {gate:?} refers to {kind} {reference:?}, which is not defined")]
    UnknownReference {
        /// The gate that refers.
        gate: String,
        /// What kind of thing.
        kind: &'static str,
        /// The id referred to.
        reference: String,
    },
    /// A quadrant gate is not one population.
    #[error("gate {gate:?} refers to quadrant gate {reference:?}; name one of its quadrants: {quadrants}")]
    QuadrantGateReference {
        /// The gate that refers.
        gate: String,
        /// The quadrant gate.
        reference: String,
        /// Its quadrants.
        quadrants: String,
    },
    /// Gates that depend on themselves.
    #[error("gates refer to each other in a circle: {}", .circle.join(" → "))]
    Cycle {
        /// The gates of one circle, the first repeated at the end.
        circle: Vec<String>,
    },
    /// A channel the data does not have.
    #[error("gate {gate:?} needs channel {channel:?}, which the data set does not have; it has: {present}")]
    MissingChannel {
        /// The gate.
        gate: String,
        /// The missing channel.
        channel: String,
        /// The channels there are.
        present: String,
    },
    /// A matrix does not have the fluorochrome a dimension names.
    #[error(
        "gate {gate:?} needs fluorochrome {channel:?}, which matrix {matrix:?} does not have; it has: {present}"
    )]
    MissingFluorochrome {
        /// The gate.
        gate: String,
        /// The missing fluorochrome.
        channel: String,
        /// The matrix.
        matrix: String,
        /// The fluorochromes there are.
        present: String,
    },
    /// A gate whose numbers make no shape.
    #[error("gate {gate:?}: {}", .problem.en)]
    Shape {
        /// The gate.
        gate: String,
        /// What is wrong.
        problem: Text,
    },
    /// A transform with parameters outside its domain.
    #[error("transformation {id:?}: {source}")]
    Transform {
        /// The transform's id.
        id: String,
        /// Why.
        source: TransformError,
    },
    /// The compensation a gate asks for is refused.
    #[error("gate {gate:?}: {source}")]
    Compensation {
        /// The gate.
        gate: String,
        /// Why.
        source: SpilloverError,
    },
}
