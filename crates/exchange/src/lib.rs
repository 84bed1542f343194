//! Long tables and FHIR R4 to facts and back. Knows no grading, page or database.
