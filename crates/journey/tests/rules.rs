//! The numbers of gates and tasks come from the knowledge files, and every task names its owner.
#![allow(clippy::unwrap_used)]

mod common;
use common::*;
use vena_base::{Stamp, Zone};
use vena_journey::{Body, Entry, JourneyRules, Role, State, Step, TaskKind, gates, tasks};
use vena_knowledge::Knowledge;

#[test]
fn every_number_is_there_and_every_task_has_concepts_of_the_catalogue() {
    let knowledge = Knowledge::embedded();
    let problems: Vec<String> = knowledge
        .problems
        .iter()
        .map(ToString::to_string)
        .filter(|problem| problem.contains("tasks/"))
        .collect();
    assert!(problems.is_empty(), "{problems:?}");
    let rules = JourneyRules::choose(knowledge, Zone::utc()).unwrap();
    assert!(rules.identity_window_min > 0.0 && rules.acute_until_day > 0);
    assert!(rules.provisional, "until a site has signed them");
    assert!(!rules.tasks.is_empty());
    for task in &rules.tasks {
        assert!(task.every_h > 0.0 && task.from_day <= task.until_day, "{task:?}");
        for concept in &task.fulfilled_by {
            assert!(knowledge.catalogue.get(*concept).is_some(), "{concept}");
        }
    }
}

/// Row T3: owners and due dates.
#[test]
fn a_recurring_task_is_due_again_so_many_hours_after_it_was_done() {
    let entry = |seq, step| Entry {
        seq,
        recorded: Stamp::utc(at("2026-03-02T08:00")),
        by: user("a"),
        body: Body { role: Role::Nurse, step, outside_rule: None },
    };
    let rules = rules();
    let due = |state: &State, now: &str| {
        let now = at(now);
        let all = tasks(state, &gates(state, &rules, now), &rules, now);
        let task = all.into_iter().find(|task| matches!(task.kind, TaskKind::Recurring(_)))?;
        assert_eq!(task.owner, Role::Nurse);
        task.due
    };
    let infused = Step::InfusionStarted { bag: bag("B-1"), when: when("2026-03-02T10:00") };
    let before = State::fold(vec![entry(1, register("2026-02-01"))]);
    assert_eq!(due(&before, "2026-03-02T12:00"), None);
    let state = before.and_then([entry(2, infused)]);
    assert_eq!(
        due(&state, "2026-03-02T12:00"),
        Some(at("2026-03-02T10:00")),
        "never seen: due from the start"
    );
    let seen = Step::VitalSigns(vec![temperature(37.0, "2026-03-02T11:00")]);
    let state = state.and_then([entry(3, seen)]);
    assert_eq!(due(&state, "2026-03-02T12:00"), Some(at("2026-03-02T15:00")), "four hours later");
    assert_eq!(due(&state, "2026-03-12T23:59"), Some(at("2026-03-02T15:00")), "day 10 still asks");
    assert_eq!(due(&state, "2026-03-13T00:00"), None, "day 11 does not");
    let died = Step::Died { when: when("2026-03-03"), cause: None };
    assert_eq!(due(&state.and_then([entry(4, died)]), "2026-03-04T12:00"), None);
}
