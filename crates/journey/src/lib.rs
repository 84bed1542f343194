//! One patient's journey: steps asked for, the decision (events or refusals), and the state that
//! follows from the events. Pure: `now`, ids and rules are arguments.
//!
//! Must not know: any storage, any page, the clock, a patient's name, how a finding is graded.

pub mod assay;
pub mod chart;
mod choose;
pub mod decide;
pub mod event;
pub mod gate;
pub mod phase;
pub mod refusal;
mod refusal_words;
pub mod role;
pub mod rules;
pub mod state;
pub mod step;
mod step_kind;
mod step_parts;
pub mod task;

pub use assay::{AssayEdit, AssayFile, AssayKind, AssayRecord, AttachTo, FileRole, JsonText};
pub use chart::chart;
pub use decide::{Command, Standing, decide};
pub use event::{Body, Entry, EventError, OutsideKind, OutsideRule};
pub use gate::{Gate, GateState, gates};
pub use phase::{Phase, PhaseSpan, phases};
pub use refusal::{Refusal, RefusalText, Refused};
pub use role::{Role, may};
pub use rules::{JourneyRules, TaskRule};
pub use state::State;
pub use step::{Step, StepKind};
pub use task::{Task, TaskKind, tasks};
