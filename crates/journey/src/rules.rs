//! The numbers the journey's decisions and tasks use, taken from `knowledge/tasks/`.
//!
//! Must not know: any number itself.

use crate::role::Role;
use vena_base::{Concept, Text, Zone};

/// A recurring task: what must be seen again after so many hours, in a span of days.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRule {
    /// Entry id, e.g. `vital-signs-acute`.
    pub id: String,
    /// What to do.
    pub title: Text,
    /// Whose it is.
    pub owner: Role,
    /// Any fact of these concepts fulfils it.
    pub fulfilled_by: Vec<Concept>,
    /// First day it applies (day 0 is the infusion).
    pub from_day: i32,
    /// Last day it applies.
    pub until_day: i32,
    /// Hours until it is due again.
    pub every_h: f64,
    /// Where the number comes from.
    pub source: String,
}

/// The numbers in use.
#[derive(Debug, Clone, PartialEq)]
pub struct JourneyRules {
    /// Name and version of the rule set, recorded with decisions that used it.
    pub name: String,
    /// The site's zone: days are counted here.
    pub zone: Zone,
    /// How old a reading of identifiers may be when the infusion begins, in minutes.
    pub identity_window_min: f64,
    /// How far ahead of the program's clock a time may be written, in minutes.
    pub clock_tolerance_min: f64,
    /// Last day of the acute phase (day 0 is the infusion).
    pub acute_until_day: i32,
    /// From this grade on, when certain, somebody must act now.
    pub act_now_from_grade: f64,
    /// Until this day after infusion; older grades are history.
    pub act_now_until_day: i32,
    /// Recurring tasks.
    pub tasks: Vec<TaskRule>,
    /// True while a number is provisional.
    pub provisional: bool,
}
