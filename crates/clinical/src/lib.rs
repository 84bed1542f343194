//! One file per scale: grades from a chart, at any instant, as known at any instant. Each answer is a
//! value, at least a value, an interval, or not assessable, with its reasons and what would settle it.
//!
//! Pure: `at`, `known_at` and the numbers are arguments. Must not know: any file format, page,
//! database or clock; management (grade and advice are apart); and no clinical number, which come
//! from the knowledge folder through [`Rules`].

mod assess;
mod course;
pub mod crs;
pub mod finding;
pub mod follow_up;
pub mod hematotox;
pub mod icaht;
pub mod icans;
mod last;
mod late;
pub mod numbers;
pub mod product;
mod rules;
mod span;
mod timeline;
mod words;

pub use assess::{assess, crs_episodes};
pub use course::{CourseDay, DRUG_CLASSES, DayGrade, concepts_read, course};
pub use finding::{Assessment, Carried, Finding, Question, Reason, Settle, Status};
pub use icaht::kernel::{DayGrades, LateGrade, grade_days, grade_late_days, grade_open_days};
pub use last::{LastAssessable, last_assessable};
pub use rules::Rules;
pub use span::Span;
pub use words::Lexicon;
