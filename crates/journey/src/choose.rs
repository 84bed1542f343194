//! Takes the journey's numbers from the knowledge files.
//!
//! Must not know: any number itself.

use crate::{
    role::Role,
    rules::{JourneyRules, TaskRule},
};
use vena_base::{Concept, Zone};
use vena_knowledge::{Knowledge, RuleError};

/// Which facts fulfil a recurring task and whose it is, by the first words of the entry's id.
const KINDS: [(&str, Role, &[Concept]); 4] = [
    ("vital-signs", Role::Nurse, &[Concept::known("body-temperature")]),
    ("ice", Role::Nurse, &[Concept::known("ice-score"), Concept::known("capd-score")]),
    ("crs", Role::Nurse, &[Concept::known("hypotension"), Concept::known("oxygen-device")]),
    ("blood-count", Role::Physician, &[Concept::known("anc")]),
];

impl JourneyRules {
    /// The numbers of `tasks/site-defaults` and the site's zone.
    ///
    /// # Errors
    /// The rule set or one of its numbers is not there.
    pub fn choose(knowledge: &Knowledge, zone: Zone) -> Result<JourneyRules, RuleError> {
        let rules = knowledge.rule("tasks/site-defaults", None)?;
        let mut tasks = Vec::new();
        for entry in rules.entries() {
            let Some((_, owner, concepts)) = KINDS.iter().find(|(prefix, ..)| entry.id.starts_with(prefix))
            else {
                continue;
            };
            tasks.push(TaskRule {
                id: entry.id.clone(),
                title: entry.label.clone(),
                owner: *owner,
                fulfilled_by: concepts.to_vec(),
                from_day: day(entry.from.as_ref().map(|from| from.decimal.to_f64()), i32::MIN),
                until_day: day(entry.to.as_ref().map(|to| to.decimal.to_f64()), i32::MAX),
                every_h: rules.number(&entry.id)?,
                source: format!("{} · {}", rules.name(), entry.id),
            });
        }
        Ok(JourneyRules {
            name: rules.name(),
            zone,
            identity_window_min: rules.number("identity-window")?,
            clock_tolerance_min: rules.number("clock-tolerance")?,
            acute_until_day: day(Some(rules.number("acute-until-day")?), 0),
            act_now_from_grade: rules.number("act-now-from-grade")?,
            act_now_until_day: day(Some(rules.number("act-now-until-day")?), 0),
            tasks,
            provisional: rules.has_provisional(),
        })
    }
}

/// A whole day from a number of the rules; `open` where the rule states no bound.
fn day(number: Option<f64>, open: i32) -> i32 {
    // The cast saturates, which is what a day beyond any calendar should do.
    number.map_or(open, |number| number.round() as i32)
}
