//! The one currency of Vena: typed ids, decimals that keep their written form, quantities in UCUM
//! units, times that know their place, facts, and one patient's chart.
//!
//! Must not know: any clinical rule or threshold, any file format, any storage, any page, the clock.

pub mod chart;
mod chinese_time;
pub mod concept;
pub mod decimal;
pub mod fact;
pub mod ids;
pub mod lang;
pub mod quantity;
pub mod time;
pub mod told;
pub mod units;

pub use chart::{Chart, View};
pub use concept::{Answer, Concept};
pub use decimal::Decimal;
pub use fact::{Fact, Flag, Observed, Origin, Value};
pub use lang::{Lang, Text};
pub use quantity::{Bound, Quantity};
pub use time::{Stamp, When, Zone};
