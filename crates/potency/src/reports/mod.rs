//! Whole analyses of small tables: endotoxin, method comparison, residual pluripotent cells, spike-in
//! series. Each is one function from bytes and options to a report. Knows no patient and no page.

pub mod comparison;
pub mod culture;
pub mod endotoxin;
pub mod rows;
pub mod series;
mod sheet;
