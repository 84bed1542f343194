//! Use cases: load → decide → append; who may come in; read models; identity. Owns the clock and
//! randomness; all other input and output goes through the ledger and the vault.
//!
//! Must not know: HTML, command-line arguments, how a grade is found.

pub mod access;
pub mod accounts;
pub mod act;
pub mod app;
pub mod assay_compute;
pub mod assays;
pub mod bedside;
pub mod board;
pub mod clock;
pub mod collection;
pub mod config;
pub mod demo;
pub mod error;
pub mod identity;
pub mod journeys;
pub mod pages;
pub mod patients;
mod profile;
mod projection;
mod row;
mod rows_store;
pub mod search;
pub mod site_knowledge;
pub mod transfer;
pub mod users;

pub use accounts::{NewUser, Session, UserInfo};
pub use act::{Done, PastStep, Request, SecondPerson};
pub use app::App;
pub use board::{BoardFilter, BoardPage, BoardRow, Urgency};
pub use clock::{Clock, FixedClock, SystemClock};
pub use config::Config;
pub use error::AppError;
pub use identity::{PersonIdentity, Registration};
pub use row::{Chip, Row, RowTask};
pub use site_knowledge::{Activation, AtSite};
