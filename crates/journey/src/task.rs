//! What is due: recurring observations by the rules' intervals, an infusion that runs, and what the
//! next gate waits for. Each with an owner and, where a number gives one, a time.
//!
//! Must not know: grades, users; a role owns a task until somebody takes it.

use crate::{
    gate::{Gate, GateState},
    phase,
    refusal::Refusal,
    role::Role,
    rules::{JourneyRules, TaskRule},
    state::State,
    step::{Step, StepKind},
};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vena_base::{Concept, Text, When};

/// What sort of task it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskKind {
    /// An observation to repeat; the rule's id.
    Recurring(String),
    /// A running infusion to end.
    EndInfusion,
    /// Something the gate before a step waits for; the step's word and the refusal's code.
    Gate {
        /// The step behind the gate.
        step: String,
        /// The refusal's code.
        code: String,
    },
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// What sort.
    pub kind: TaskKind,
    /// What to do.
    pub title: Text,
    /// Whose it is.
    pub owner: Role,
    /// When it is due; `None` where no number gives a time.
    pub due: Option<Timestamp>,
    /// Where the time comes from.
    pub source: Option<String>,
}

impl Task {
    /// Whether it is overdue at `now`.
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.due.is_some_and(|due| due < now)
    }
}

/// The tasks at `now`, most urgent first: by due time, then those without one.
pub fn tasks(state: &State, gates: &[Gate], rules: &JourneyRules, now: Timestamp) -> Vec<Task> {
    if state.died.is_some() || state.withdrew.is_some() || state.ended.is_some() {
        return Vec::new();
    }
    let mut tasks = running_infusions(state, rules);
    tasks.extend(recurring(state, rules, now));
    if let Some(gate) = gates.iter().find(|gate| gate.state != GateState::Passed) {
        tasks.extend(of_gate(gate));
    }
    tasks.sort_by_key(|task| (task.due.is_none(), task.due));
    tasks
}

fn running_infusions(state: &State, rules: &JourneyRules) -> Vec<Task> {
    let running = |bag: &crate::state::Bag| bag.infusion_started.filter(|_| bag.infusion_ended.is_none());
    let task = |(id, started): (&vena_base::ids::ProductUnitId, When)| Task {
        kind: TaskKind::EndInfusion,
        title: Text::new(format!("End the infusion of bag {id}"), format!("結束血袋 {id} 之輸注")),
        owner: Role::Nurse,
        due: Some(started.earliest(&rules.zone)),
        source: None,
    };
    state.bags.iter().filter_map(|(id, bag)| Some((id, running(bag)?))).map(task).collect()
}

fn of_gate(gate: &Gate) -> Vec<Task> {
    let GateState::Shut(missing) = &gate.state else {
        return vec![Task {
            kind: TaskKind::Gate { step: gate.step.as_str().to_owned(), code: "open".to_owned() },
            title: gate.step.name(),
            owner: crate::role::permitted(gate.step).first().copied().unwrap_or(Role::Coordinator),
            due: None,
            source: None,
        }];
    };
    let task = |refusal: &Refusal| {
        let text = refusal.text();
        Task {
            kind: TaskKind::Gate { step: gate.step.as_str().to_owned(), code: refusal.code().to_owned() },
            title: text.helps,
            owner: text.who.first().copied().unwrap_or(Role::Coordinator),
            due: None,
            source: None,
        }
    };
    missing.iter().map(task).collect()
}

fn recurring(state: &State, rules: &JourneyRules, now: Timestamp) -> Vec<Task> {
    let Some(day_0) = state.infusion_started.and_then(|when| when.day(&rules.zone)) else {
        return Vec::new();
    };
    let Some(day) = phase::day_number(state, rules, now) else {
        return Vec::new();
    };
    let due_now: Vec<&TaskRule> =
        rules.tasks.iter().filter(|rule| (rule.from_day..=rule.until_day).contains(&day)).collect();
    if due_now.is_empty() {
        return Vec::new();
    }
    let latest = latest_by_concept(state, rules, now);
    let task = |rule: &&TaskRule| {
        let first_day = day_0.checked_add(i64::from(rule.from_day).days()).ok()?;
        let begins = rules.zone.start_of(first_day).max(state.infusion_started?.earliest(&rules.zone));
        let last = rule.fulfilled_by.iter().filter_map(|concept| latest.get(concept)).max();
        let every = SignedDuration::try_from_secs_f64(rule.every_h * 3600.0).ok()?;
        let due = last.map_or(Some(begins), |last| last.checked_add(every).ok())?.max(begins);
        Some(Task {
            kind: TaskKind::Recurring(rule.id.clone()),
            title: rule.title.clone(),
            owner: rule.owner,
            due: Some(due),
            source: Some(rule.source.clone()),
        })
    };
    due_now.iter().filter_map(task).collect()
}

/// When each concept that a task asks for was last seen, up to `now`.
fn latest_by_concept(state: &State, rules: &JourneyRules, now: Timestamp) -> BTreeMap<Concept, Timestamp> {
    let mut latest: BTreeMap<Concept, Timestamp> =
        rules.tasks.iter().flat_map(|rule| &rule.fulfilled_by).map(|c| (*c, Timestamp::MIN)).collect();
    for standing in crate::state::standing(&state.entries, None) {
        for fact in standing.step.facts() {
            if let Some(last) = latest.get_mut(&fact.concept) {
                let seen = fact.when.earliest(&rules.zone);
                if seen <= now {
                    *last = (*last).max(seen);
                }
            }
        }
    }
    latest.retain(|_, at| *at > Timestamp::MIN);
    latest
}

/// Whether a step can fulfil or change a task, a gate or a phase: all but words for the record.
pub fn changes_tasks(step: &Step) -> bool {
    !matches!(step.kind(), StepKind::Remarked | StepKind::IdentityChanged)
}
