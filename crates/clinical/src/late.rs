//! Whether a fact was entered late. Knows no grade.

use crate::timeline::hours;
use vena_base::{Fact, View};

/// Recorded after the instant assessed, or later after it happened than the site's measure allows.
pub(crate) fn is_late(fact: &Fact, view: &View<'_>, late_hours: Option<f64>) -> bool {
    let Some(recorded) = fact.recorded else {
        return false;
    };
    let happened = fact.when.latest(view.zone());
    let slow = late_hours.and_then(hours).is_some_and(|limit| recorded.at.duration_since(happened) > limit);
    recorded.at > view.at || slow
}
