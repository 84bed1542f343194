//! Dose-response, relative potency, qPCR, limits of detection. Pure; knows no patient, page or database.

pub mod combine;
pub mod curve;
pub mod distributions;
pub mod fit;
pub mod interval;
pub mod joint;
pub mod method;
pub mod relative;
pub mod table;
