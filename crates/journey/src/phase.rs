//! The phases of a journey with their dates: what people see as the phase bar.
//!
//! Must not know: grades, tasks.

use crate::{rules::JourneyRules, state::State};
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use vena_base::{Text, When, time::days_between};

/// A phase of the journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Referral and work-up.
    Selection,
    /// Leukapheresis.
    Collection,
    /// The product is being made, bridging meanwhile.
    Making,
    /// Lymphodepletion.
    Lymphodepletion,
    /// From the first bag's start to the last bag's end.
    Infusion,
    /// To the last day of the acute phase.
    Acute,
    /// After it.
    FollowUp,
    /// Ended: death, withdrawal or another ending.
    Ended,
}

impl Phase {
    /// All phases in order.
    pub const ALL: [Phase; 8] = [
        Phase::Selection,
        Phase::Collection,
        Phase::Making,
        Phase::Lymphodepletion,
        Phase::Infusion,
        Phase::Acute,
        Phase::FollowUp,
        Phase::Ended,
    ];

    /// The word in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Selection => "selection",
            Phase::Collection => "collection",
            Phase::Making => "making",
            Phase::Lymphodepletion => "lymphodepletion",
            Phase::Infusion => "infusion",
            Phase::Acute => "acute",
            Phase::FollowUp => "follow-up",
            Phase::Ended => "ended",
        }
    }

    /// Reads the word of [`Phase::as_str`].
    pub fn parse(word: &str) -> Option<Phase> {
        Phase::ALL.into_iter().find(|phase| phase.as_str() == word)
    }

    /// As people say it.
    pub fn name(self) -> Text {
        match self {
            Phase::Selection => Text::new("Selection", "選擇"),
            Phase::Collection => Text::new("Collection", "收集"),
            Phase::Making => Text::new("Making", "製備"),
            Phase::Lymphodepletion => Text::new("Lymphodepletion", "淋巴清除"),
            Phase::Infusion => Text::new("Infusion", "輸注"),
            Phase::Acute => Text::new("Acute", "急性期"),
            Phase::FollowUp => Text::new("Follow-up", "追蹤"),
            Phase::Ended => Text::new("Ended", "已結束"),
        }
    }
}

/// One phase of one journey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhaseSpan {
    /// Which.
    pub phase: Phase,
    /// When it began; `None` while it has not.
    pub from: Option<When>,
    /// When the next began; `None` while it lasts.
    pub until: Option<When>,
    /// The journey is in it now.
    pub now: bool,
}

/// Days since the infusion at `now`, in the site's zone; `None` before there is one whose day is known.
pub fn day_number(state: &State, rules: &JourneyRules, now: Timestamp) -> Option<i32> {
    let day_0 = state.infusion_started?.day(&rules.zone)?;
    Some(days_between(day_0, rules.zone.day_of(now)))
}

/// The phase at `now`.
pub fn current(state: &State, rules: &JourneyRules, now: Timestamp) -> Phase {
    phases(state, rules, now).iter().find(|span| span.now).map_or(Phase::Selection, |span| span.phase)
}

/// All phases with their dates, in order. Phases that were passed over have no dates.
pub fn phases(state: &State, rules: &JourneyRules, now: Timestamp) -> Vec<PhaseSpan> {
    let collected = state.collections.last();
    let day_0 = state.infusion_started.map(|when| when.first_day(&rules.zone));
    let after_acute = day_0
        .and_then(|day| day.checked_add((i64::from(rules.acute_until_day) + 1).days()).ok())
        .filter(|day| *day <= rules.zone.day_of(now))
        .map(When::Date);
    let first_failed = state.failed_collections.first().map(|(when, _)| *when);
    let end =
        [state.died, state.withdrew.as_ref().map(|end| end.when), state.ended.as_ref().map(|end| end.when)]
            .into_iter()
            .flatten()
            .min_by_key(|when| when.earliest(&rules.zone));
    let making = collected.map(|c| c.until.unwrap_or(c.when)).or_else(|| {
        state.bags.values().filter_map(|bag| bag.made).min_by_key(|when| when.earliest(&rules.zone))
    });
    let starts = [
        (Phase::Selection, state.registration.as_ref().map(|r| r.when)),
        (Phase::Collection, state.collections.first().map(|c| c.when).or(first_failed)),
        (Phase::Making, making),
        (Phase::Lymphodepletion, state.lymphodepletion_started),
        (Phase::Infusion, state.infusion_started),
        // Without a recorded end the infusion lasts to the end of its day.
        (Phase::Acute, acute_start(state, rules, now)),
        (Phase::FollowUp, after_acute),
        (Phase::Ended, end),
    ];
    let current = starts.iter().rposition(|(_, from)| from.is_some()).unwrap_or(0);
    starts
        .iter()
        .enumerate()
        .map(|(index, (phase, from))| PhaseSpan {
            phase: *phase,
            from: *from,
            until: from.and_then(|_| starts.iter().skip(index + 1).find_map(|(_, next)| *next)),
            now: index == current,
        })
        .collect()
}

fn acute_start(state: &State, rules: &JourneyRules, now: Timestamp) -> Option<When> {
    let started = state.infusion_started?;
    let open_bag =
        state.bags.values().any(|bag| bag.infusion_started.is_some() && bag.infusion_ended.is_none());
    match state.infusion_ended {
        Some(ended) if !open_bag => Some(ended),
        _ => {
            let next_day = started.last_day(&rules.zone).tomorrow().ok()?;
            (next_day <= rules.zone.day_of(now)).then_some(When::Date(next_day))
        }
    }
}
