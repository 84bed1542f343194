//! One file per scale: grades from a chart. Pure; knows no file, page, database or clock.
