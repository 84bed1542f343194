//! Charts to files that read back to the same facts. Knows no grading and writes no file itself.

pub mod fhir;
pub mod table;
