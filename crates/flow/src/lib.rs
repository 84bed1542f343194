//! Flow cytometry: FCS files, compensation, transforms, Gating-ML, panels,
//! counts and plots. Bytes in, results out. Pure: no clock, no randomness, no
//! file system; must not know any patient, page or database.

mod biexponential;
mod count_report;
mod counts;
mod events;
pub mod fcs;
mod file_compensation;
mod fuzz;
pub mod gating;
mod limits;
mod membership;
mod memory;
mod messages;
mod panel;
pub mod plot;
mod product_cells;
mod report;
mod scale;
mod spillover;
mod tolerance;
mod transform;
mod verdict;

pub use count_report::{BeadTube, CountOptions, CountReport, PopulationCount, ViabilityGate};
pub use counts::{AbsoluteCount, CountError, Viability, absolute_count, viability};
pub use events::{Column, Values};
pub use file_compensation::{FileCompensation, bare_name, file_compensation};
pub use fuzz::{fuzz_fcs, fuzz_gating_ml};
pub use limits::Limits;
pub use membership::Membership;
pub use panel::{Combine, Comparison, Criterion, Panel, PanelError, PanelSource, panel_texts, panels};
pub use product_cells::{Platform, ProductCells, ProductSample};
pub use report::{
    AnalyseOptions, Analysis, CompensationReport, FlowError, FlowReport, METHOD, analyse, analyse_from,
};
pub use scale::ChannelScale;
pub use spillover::{SpilloverError, SpilloverMatrix};
pub use tolerance::{Tolerance, Tolerances, UnknownTolerance};
pub use transform::{PreparedTransform, Transform, TransformError, TransformKind};
pub use verdict::{CriterionOutcome, MarkerObservation, Outcome, PanelReport, Verdict, observations};
