//! Building blocks of pages. They take plain values and give markup; they know no journey and no rule.

pub mod barcode;
pub mod chart;
pub mod field;
pub mod grade;
pub mod icons;
pub mod ribbon;
pub mod vein;
