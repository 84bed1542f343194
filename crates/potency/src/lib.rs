//! Dose-response, relative potency, qPCR, limits of detection. Pure; knows no patient, page or database.

mod as_written;
mod assay_columns;
pub mod assay_table;
pub mod combine;
mod compare;
pub mod comparison;
pub mod culture;
pub mod curve;
mod descent;
pub mod distributions;
pub mod endotoxin;
pub mod fit;
pub mod fuzz;
pub mod interval;
pub mod joint;
pub mod limits;
mod line_assay;
pub mod lines;
mod messages;
pub mod method;
mod numbers;
pub mod outliers;
pub mod plot;
pub mod potency;
pub mod probit;
pub mod qpcr;
mod qpcr_absence;
mod qpcr_plot;
mod qpcr_report;
mod qpcr_results;
pub mod qpcr_table;
pub mod relative;
pub mod report;
pub mod reports;
mod single;
pub mod spikes;
pub mod standard_line;
pub mod table;
pub mod variance;
mod verdict_words;
pub mod words;

pub use as_written::as_written;
pub use plot::potency_svg;
pub use potency::{PotencyError, analyse_potency};
pub use qpcr::{QpcrOptions, QpcrReport, analyse_qpcr};
pub use qpcr_plot::qpcr_svg;
pub use report::{PotencyOptions, PotencyReport};
pub use reports::comparison::{
    ComparisonError, ComparisonOptions, ComparisonReport, analyse_comparison, comparison_svg,
};
pub use reports::culture::{CultureError, CultureOptions, CultureReport, analyse_culture, culture_svg};
pub use reports::endotoxin::{
    EndotoxinOptions, EndotoxinReport, EndotoxinReportError, analyse_endotoxin, endotoxin_svg,
};
pub use reports::series::{SeriesError, SeriesOptions, SeriesReport, WellCount, analyse_series, series_svg};
pub use verdict_words::VerdictWords;
