//! Pages, forms and API. Must not know: any rule or threshold, the database. It asks `app` and draws what
//! `app` answers.

pub mod answer;
pub mod assets;
pub mod forms;
pub mod i18n;
pub mod layout;
pub mod pages;
pub mod parts;
pub mod routes;
pub mod server;
pub mod viewer;
