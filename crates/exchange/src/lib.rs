//! Long tables and FHIR R4 to facts and back, and assessments to JSON and text.
//!
//! Every row or resource becomes facts or stands in the [`ReadReport`] with its place and reason.
//! Must not know: how anything is graded, any page, any database, the clock (now is an argument).

pub mod assess;
mod combined;
pub mod encoding;
pub mod export;
pub mod fhir;
pub mod fuzz;
pub mod identity;
mod pressures;
pub mod report;
pub mod settle;
pub mod sniff;
pub mod table;
pub mod trouble;
pub mod value;

pub use encoding::Encoding;
pub use report::{Problem, ReadReport};
pub use sniff::{Kind as InputKind, sniff};
pub use trouble::Trouble;

use identity::Identity;
use std::{collections::HashMap, sync::Arc};
use vena_base::Chart;

/// Charts read from one or several files, and what there was to say.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// One chart a patient, in the order the patients were met.
    pub charts: Vec<Chart>,
    /// Who the patients are, by the name their chart goes by, where the source says so.
    pub people: HashMap<Arc<str>, Identity>,
    /// What was refused, withheld, noticed or not understood.
    pub report: ReadReport,
}
