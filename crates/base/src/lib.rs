//! Typed ids, quantities and units, time, facts and charts. Knows no clinical rule, no file format, no storage.
