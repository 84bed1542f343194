//! The bedside page: last values with their age, which scale to ask, what is due.
//!
//! Must not know: HTML, addresses.

use crate::{App, AppError, accounts::Session, identity::PersonIdentity, pages::FactLine};
use jiff::{Timestamp, civil::Date};
use std::sync::Arc;
use vena_base::{Chart, Concept, Fact, Text, Value, ids::JourneyId};
use vena_clinical::{Assessment, Question, assess};
use vena_journey::{State, Task, chart, gates, phase, tasks};

/// Concepts whose last value the bedside page shows.
const BEDSIDE: [&str; 14] = [
    "body-temperature",
    "heart-rate",
    "respiratory-rate",
    "systolic-pressure",
    "diastolic-pressure",
    "oxygen-saturation",
    "oxygen-device",
    "oxygen-flow",
    "hypotension",
    "ice-score",
    "capd-score",
    "level-of-consciousness",
    "seizure",
    "motor",
];

/// Which scale of encephalopathy is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encephalopathy {
    /// ICE.
    Ice,
    /// CAPD: a child below the age the rule names, or developmental delay.
    Capd,
    /// The age is not known: ask.
    AgeUnknown,
}

/// The last value of a concept.
#[derive(Debug, Clone, PartialEq)]
pub struct LastValue {
    /// What.
    pub concept: Concept,
    /// Its name.
    pub name: Text,
    /// The fact in words; `None`: never seen.
    pub line: Option<FactLine>,
    /// Minutes since.
    pub age_min: Option<i64>,
    /// Too old to stand for now, by the catalogue's hours.
    pub stale: bool,
}

/// The bedside page.
#[derive(Debug, Clone)]
pub struct BedsidePage {
    /// The journey.
    pub journey: JourneyId,
    /// The identity band.
    pub person: Option<Arc<PersonIdentity>>,
    /// Day after infusion.
    pub day: Option<i32>,
    /// Which scale to ask.
    pub encephalopathy: Encephalopathy,
    /// The rule that decides it, rendered from its number.
    pub encephalopathy_rule: Option<Text>,
    /// Last values.
    pub last: Vec<LastValue>,
    /// Grades now.
    pub assessment: Assessment,
    /// What is due.
    pub tasks: Vec<Task>,
    /// Bags that could be given or run now.
    pub state: Arc<State>,
}

impl App {
    /// The bedside page.
    ///
    /// # Errors
    /// No such journey, or a fault.
    pub fn bedside_page(&self, session: &Session, journey: &JourneyId) -> Result<BedsidePage, AppError> {
        let (loaded, patient) = self.known(journey)?;
        let state = loaded.state;
        let now = self.now();
        let chart = chart(journey, &state, &self.config.zone, None, self.identity_facts(patient.as_str())?);
        let gates = gates(&state, &self.rules.journey, now);
        let (encephalopathy, encephalopathy_rule) = self.encephalopathy(&chart, now);
        Ok(BedsidePage {
            journey: journey.clone(),
            person: self.person(session, patient.as_str())?,
            day: phase::day_number(&state, &self.rules.journey, now),
            encephalopathy,
            encephalopathy_rule,
            last: self.last_values(&chart, now),
            assessment: assess(&chart, &self.rules.clinical, &Question::at(now)),
            tasks: tasks(&state, &gates, &self.rules.journey, now),
            state,
        })
    }

    /// ICE or CAPD, by the age the rule names.
    fn encephalopathy(&self, chart: &Chart, now: Timestamp) -> (Encephalopathy, Option<Text>) {
        let view = chart.view(now, None);
        let Ok(rule) = self.knowledge.rule("icans/astct", None).and_then(|rules| rules.entry("age-capd"))
        else {
            return (Encephalopathy::AgeUnknown, None);
        };
        let label = Some(rule.label.clone());
        let delayed = view
            .latest(Concept::known("developmental-delay"))
            .and_then(Fact::answer)
            .is_some_and(|answer| answer.as_str() == "present");
        let birth = view.latest(Concept::known("birth-date")).and_then(|fact| match fact.value {
            Value::Moment(when) => Some(when),
            _ => None,
        });
        if delayed {
            return (Encephalopathy::Capd, label);
        }
        let Some((birth, threshold)) = birth.zip(rule.threshold.as_ref()) else {
            return (Encephalopathy::AgeUnknown, label);
        };
        let today = self.config.zone.day_of(now);
        let oldest = whole_years(birth.first_day(&self.config.zone), today);
        let youngest = whole_years(birth.last_day(&self.config.zone), today);
        let scale = match threshold.holds_range(f64::from(youngest), f64::from(oldest)) {
            Some(true) => Encephalopathy::Capd,
            Some(false) => Encephalopathy::Ice,
            None => Encephalopathy::AgeUnknown,
        };
        (scale, label)
    }

    fn last_values(&self, chart: &Chart, now: Timestamp) -> Vec<LastValue> {
        let view = chart.view(now, None);
        let last = |id: &&'static str| {
            let concept = Concept::known(id);
            let info = self.knowledge.catalogue.get(concept)?;
            let fact = view.latest(concept);
            let age_min =
                fact.map(|fact| now.duration_since(fact.when.latest(&self.config.zone).min(now)).as_mins());
            let stale =
                age_min.zip(info.holds_h).is_some_and(|(age_min, holds_h)| age_min as f64 > holds_h * 60.0);
            let line = fact.map(|fact| self.fact_line(fact));
            Some(LastValue { concept, name: info.name.clone(), line, age_min, stale })
        };
        BEDSIDE.iter().filter_map(last).collect()
    }
}

fn whole_years(birth: Date, today: Date) -> i16 {
    let had_birthday = (today.month(), today.day()) >= (birth.month(), birth.day());
    today.year() - birth.year() - i16::from(!had_birthday)
}
