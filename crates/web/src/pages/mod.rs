//! One file per page: from what `app` answers to markup. No page decides anything.

pub mod assays;
pub mod band;
pub mod bedside;
pub mod course;
pub mod knowledge;
pub mod profile;
pub mod recorded;
pub mod step;
pub mod why;
pub mod words;
