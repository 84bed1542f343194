//! One file per place: its handlers and how it is drawn around the page's own content.

pub mod access;
pub mod account;
pub mod api;
pub mod assays;
pub mod attribution;
pub mod board;
pub mod entry;
pub mod examination;
pub mod history;
pub mod identity;
pub mod infusion;
pub mod journey;
pub mod knowledge;
pub mod live;
pub mod people;
pub mod register;
pub mod resume;
pub mod search;
pub mod shared;
pub mod step;
pub mod wall;
