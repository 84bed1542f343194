//! Dose-response, relative potency, qPCR, limits of detection. Pure; knows no patient, page or database.

pub mod assay_table;
pub mod combine;
pub mod curve;
pub mod distributions;
pub mod fit;
pub mod interval;
pub mod joint;
pub mod lines;
pub mod method;
pub mod outliers;
pub mod plot;
pub mod potency;
pub mod relative;
pub mod report;
pub mod table;

pub use plot::potency_svg;
pub use potency::{PotencyError, analyse_potency};
pub use report::{PotencyOptions, PotencyReport};
