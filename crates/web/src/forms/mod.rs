//! What people type, read into steps and facts. Errors stand beside their field in plain words, and
//! everything typed is given back. Knows the catalogue and the steps; decides nothing.

pub mod clinical;
pub mod delirium;
pub mod encephalopathy;
pub mod reader;
pub mod steps;
pub mod time;
