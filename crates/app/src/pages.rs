//! What the pages need, as plain values in both languages: a journey and its history. Bedside and
//! search stand in files of their own.
//!
//! Must not know: HTML, addresses.

use crate::{
    App, AppError,
    accounts::Session,
    identity::PersonIdentity,
    journeys::{Loaded, stream},
};
use jiff::Timestamp;
use std::{collections::HashMap, sync::Arc};
use vena_base::{
    Chart, Concept, Fact, Stamp, Text, Value, When,
    ids::{ChainOfIdentity, EventId, JourneyId, PatientId, UserId},
};
use vena_clinical::{Assessment, CourseDay, Finding, Question, assess, course};
use vena_journey::{
    Gate, OutsideRule, PhaseSpan, Role, State, Step, StepKind, Task, chart, event::event_id, gates, may,
    phase, phases, state::standing, tasks,
};
use vena_knowledge::Kind;
use vena_ledger::Ledger as _;

/// Concepts drawn as curves, in the order of the page.
const CURVES: [&str; 11] = [
    "body-temperature",
    "systolic-pressure",
    "diastolic-pressure",
    "heart-rate",
    "oxygen-saturation",
    "oxygen-flow",
    "crp",
    "ferritin",
    "anc",
    "platelets",
    "haemoglobin",
];
/// One value on a curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// When, as an instant (a date is taken at its beginning).
    pub at: Timestamp,
    /// Known to the day only.
    pub day_only: bool,
    /// In the series' unit.
    pub value: f64,
    /// As written, with sign and unit.
    pub written: String,
    /// Outside the catalogue's plausible range, kept and marked.
    pub implausible: bool,
}

/// One curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What it is.
    pub concept: Concept,
    /// Its name.
    pub name: Text,
    /// Canonical UCUM unit.
    pub unit: String,
    /// By time.
    pub points: Vec<Point>,
}

/// A drug on the time axis.
#[derive(Debug, Clone, PartialEq)]
pub struct DrugMark {
    /// Which.
    pub concept: Concept,
    /// Its name.
    pub name: Text,
    /// Class in the catalogue (`anticytokine`, `corticosteroid` …).
    pub class: Option<String>,
    /// Start.
    pub from: When,
    /// End.
    pub until: Option<When>,
    /// Dose as written.
    pub dose: Option<String>,
    /// Route as written.
    pub route: Option<String>,
    /// This row says that it was stopped.
    pub stopped: bool,
}

/// A journey's page.
#[derive(Debug, Clone)]
pub struct JourneyPage {
    /// The journey.
    pub journey: JourneyId,
    /// The pseudonymous patient.
    pub patient: PatientId,
    /// The identity band; `None` where restricted.
    pub person: Option<Arc<PersonIdentity>>,
    /// Whole years of age now, where the birth date is known.
    pub age_years: Option<i16>,
    /// Chain-of-identity number.
    pub number: Option<ChainOfIdentity>,
    /// The product chosen or intended.
    pub product: Option<Text>,
    /// The diagnosis.
    pub diagnosis: Option<Text>,
    /// Day after infusion.
    pub day: Option<i32>,
    /// Phases with dates.
    pub phases: Vec<PhaseSpan>,
    /// Every grade at the instant, with its why.
    pub assessment: Assessment,
    /// What the profile of the product says of the patient; empty where none is known.
    pub profile: Vec<Finding>,
    /// Gates in order.
    pub gates: Vec<Gate>,
    /// What is due.
    pub tasks: Vec<Task>,
    /// Curves.
    pub series: Vec<Series>,
    /// Grades day by day.
    pub days: Vec<CourseDay>,
    /// Drugs by start.
    pub drugs: Vec<DrugMark>,
    /// Steps this person's role may record.
    pub steps: Vec<StepKind>,
    /// The folded state: bags, consents, collections …
    pub state: Arc<State>,
    /// Other journeys of the same patient.
    pub other_journeys: Vec<JourneyId>,
    /// The instant shown.
    pub at: Timestamp,
    /// What was known at this instant only; `None`: everything.
    pub known_at: Option<Timestamp>,
}

/// One fact in words.
#[derive(Debug, Clone, PartialEq)]
pub struct FactLine {
    /// What.
    pub name: Text,
    /// The value, with its unit as written.
    pub value: Text,
    /// When.
    pub when: When,
    /// Until when.
    pub until: Option<When>,
    /// The fact itself.
    pub fact: Fact,
}

/// One event of the history.
#[derive(Debug, Clone)]
pub struct HistoryLine {
    /// Its id.
    pub event: EventId,
    /// Number in the journey.
    pub seq: u64,
    /// Position in the ledger.
    pub position: u64,
    /// What kind.
    pub kind: StepKind,
    /// When it happened.
    pub happened: Option<When>,
    /// When it was recorded.
    pub recorded: Stamp,
    /// Minutes between happening and recording, where both are instants.
    pub recorded_after_min: Option<i64>,
    /// Who recorded it, as others see them.
    pub by: Text,
    /// Their pseudonymous id.
    pub by_user: UserId,
    /// In which role.
    pub role: Role,
    /// The step as recorded.
    pub step: Step,
    /// Its facts in words.
    pub facts: Vec<FactLine>,
    /// Outside the rule, and why.
    pub outside_rule: Option<OutsideRule>,
    /// The correction that stands over it.
    pub corrected_by: Option<EventId>,
    /// It was taken back altogether.
    pub retracted: bool,
    /// The event it corrects.
    pub corrects: Option<EventId>,
    /// Digests of the files it names.
    pub files: Vec<String>,
    /// SHA-256 of the record, hexadecimal.
    pub hash: String,
}

/// A journey's history, newest first.
#[derive(Debug, Clone)]
pub struct HistoryPage {
    /// The journey.
    pub journey: JourneyId,
    /// The identity band.
    pub person: Option<Arc<PersonIdentity>>,
    /// The events.
    pub lines: Vec<HistoryLine>,
}

impl App {
    pub(crate) fn known(&self, journey: &JourneyId) -> Result<(Loaded, PatientId), AppError> {
        let loaded = self.load(journey)?;
        let registration = loaded.state.registration.as_ref();
        let patient =
            registration.map(|r| r.patient.clone()).ok_or_else(|| AppError::NotFound(journey.to_string()))?;
        Ok((loaded, patient))
    }

    /// The chart of a journey: its events' facts and what of the identity grading needs.
    ///
    /// # Errors
    /// No such journey, or a fault.
    pub fn chart(&self, journey: &JourneyId, known_at: Option<Timestamp>) -> Result<Chart, AppError> {
        let (loaded, patient) = self.known(journey)?;
        let identity = self.identity_facts(patient.as_str())?;
        Ok(chart(journey, &loaded.state, &self.config.zone, known_at, identity))
    }

    /// Every grade of a journey at an instant, as known at another.
    ///
    /// # Errors
    /// No such journey, or a fault.
    pub fn assess(
        &self,
        journey: &JourneyId,
        at: Timestamp,
        known_at: Option<Timestamp>,
    ) -> Result<Assessment, AppError> {
        let chart = self.chart(journey, known_at)?;
        Ok(assess(&chart, &self.rules.clinical, &Question { at, known_at, infusion: None }))
    }

    /// A journey's page; `at` and `known_at` look back, `None` is now and everything.
    ///
    /// # Errors
    /// No such journey, or a fault.
    pub fn journey_page(
        &self,
        session: &Session,
        journey: &JourneyId,
        at: Option<Timestamp>,
        known_at: Option<Timestamp>,
    ) -> Result<JourneyPage, AppError> {
        let (loaded, patient) = self.known(journey)?;
        let state = loaded.state;
        let at = at.unwrap_or_else(|| self.now());
        let chart =
            chart(journey, &state, &self.config.zone, known_at, self.identity_facts(patient.as_str())?);
        let question = Question { at, known_at, infusion: None };
        let rules = &self.rules;
        let gates = gates(&state, &rules.journey, at);
        let person = self.person(session, patient.as_str())?;
        let diagnosis = state.registration.as_ref().and_then(|r| r.diagnosis);
        let others = self.projection.read().of_patient(patient.as_str()).to_vec();
        Ok(JourneyPage {
            age_years: self.age(person.as_deref(), at),
            number: state.number.clone(),
            product: state.product_meant().map(|product| self.answer_name("product", product)),
            diagnosis: diagnosis.map(|diagnosis| self.answer_name("diagnosis", diagnosis)),
            day: phase::day_number(&state, &rules.journey, at),
            phases: phases(&state, &rules.journey, at),
            assessment: assess(&chart, &rules.clinical, &question),
            profile: self.profile(&chart, &state, &question),
            tasks: tasks(&state, &gates, &rules.journey, at),
            gates,
            series: self.series(&chart, at, known_at),
            days: course(&chart, &rules.clinical, &question),
            drugs: self.drugs(&chart, at, known_at),
            steps: StepKind::ALL.into_iter().filter(|step| may(session.role, *step)).collect(),
            other_journeys: others.into_iter().filter(|other| other != journey).collect(),
            journey: journey.clone(),
            patient,
            person,
            state,
            at,
            known_at,
        })
    }

    fn age(&self, person: Option<&PersonIdentity>, at: Timestamp) -> Option<i16> {
        let birth = When::parse(person?.birth_date.as_deref()?, None).ok()?.day(&self.config.zone)?;
        let today = self.config.zone.day_of(at);
        let had_birthday = (today.month(), today.day()) >= (birth.month(), birth.day());
        Some(today.year() - birth.year() - i16::from(!had_birthday))
    }

    fn series(&self, chart: &Chart, at: Timestamp, known_at: Option<Timestamp>) -> Vec<Series> {
        let view = chart.view(at, known_at);
        let zone = &self.config.zone;
        let mut all = Vec::new();
        for id in CURVES {
            let concept = Concept::known(id);
            let Some(info) = self.knowledge.catalogue.get(concept) else { continue };
            let point = |fact: &Fact| {
                let quantity = fact.quantity()?;
                Some(Point {
                    at: fact.when.earliest(zone),
                    day_only: fact.when.instant().is_none(),
                    value: quantity.value,
                    written: quantity.as_written(),
                    implausible: fact.flags.contains(&vena_base::Flag::Implausible),
                })
            };
            let points: Vec<Point> = view.of(concept).filter_map(point).collect();
            if !points.is_empty() {
                let unit = info.unit.as_deref().unwrap_or_default().to_owned();
                all.push(Series { concept, name: info.name.clone(), unit, points });
            }
        }
        all
    }

    fn drugs(&self, chart: &Chart, at: Timestamp, known_at: Option<Timestamp>) -> Vec<DrugMark> {
        let view = chart.view(at, known_at);
        let mut marks = Vec::new();
        for fact in chart.all().iter().filter(|fact| view.sees(fact)) {
            let Some(info) =
                self.knowledge.catalogue.get(fact.concept).filter(|info| info.kind == Kind::Drug)
            else {
                continue;
            };
            marks.push(DrugMark {
                concept: fact.concept,
                name: info.name.clone(),
                class: info.class.clone(),
                from: fact.when,
                until: fact.until,
                dose: fact.quantity().map(vena_base::Quantity::as_written),
                route: fact.route.as_deref().map(str::to_owned),
                stopped: fact.answer().is_some(),
            });
        }
        marks.sort_by_key(|mark| mark.from.earliest(&self.config.zone));
        marks
    }

    /// A fact in words.
    pub fn fact_line(&self, fact: &Fact) -> FactLine {
        let info = self.knowledge.catalogue.get(fact.concept);
        let value = match &fact.value {
            Value::Quantity(quantity) => Text::same(quantity.as_written()),
            Value::Answer(answer) => info
                .and_then(|info| info.answer(*answer))
                .map_or_else(|| Text::same(answer.as_str()), |answer| answer.name.clone()),
            Value::Moment(when) => Text::same(when.to_string()),
            Value::Text(text) => Text::same(text.to_string()),
            Value::Happened => Text::new("happened", "已發生"),
            Value::NotAssessed(why) => Text::new(format!("not assessed: {why}"), format!("未評估：{why}")),
        };
        FactLine {
            name: info.map_or_else(|| Text::same(fact.concept.as_str()), |info| info.name.clone()),
            value,
            when: fact.when,
            until: fact.until,
            fact: fact.clone(),
        }
    }

    /// A journey's history: every event as recorded, newest first.
    ///
    /// # Errors
    /// No such journey, or a fault.
    pub fn history_page(&self, session: &Session, journey: &JourneyId) -> Result<HistoryPage, AppError> {
        let (loaded, patient) = self.known(journey)?;
        let standing: HashMap<u64, Option<EventId>> = standing(&loaded.state.entries, None)
            .into_iter()
            .map(|step| (step.entry.seq, step.corrected_by.and_then(|by| by.id(journey))))
            .collect();
        let mut lines = Vec::new();
        for stored in self.ledger.read_stream(&stream(journey), 1)?.iter().rev() {
            let entry = crate::journeys::entry(stored)?;
            let Some(event) = event_id(journey, entry.seq) else { continue };
            let happened = entry.body.step.when();
            let minutes = |at: Timestamp| entry.recorded.at.duration_since(at).as_mins();
            lines.push(HistoryLine {
                event,
                seq: entry.seq,
                position: stored.position.0,
                kind: entry.body.step.kind(),
                happened,
                recorded: entry.recorded,
                recorded_after_min: happened.and_then(|when| when.instant()).map(minutes),
                by: self.user(&entry.by).map_or_else(|| Text::same(entry.by.as_str()), |user| user.name),
                by_user: entry.by.clone(),
                role: entry.body.role,
                facts: entry.body.step.facts().iter().map(|fact| self.fact_line(fact)).collect(),
                outside_rule: entry.body.outside_rule.clone(),
                corrected_by: standing.get(&entry.seq).cloned().flatten(),
                retracted: !standing.contains_key(&entry.seq),
                corrects: match &entry.body.step {
                    Step::Corrected { event, .. } => Some(event.clone()),
                    _ => None,
                },
                files: stored.attachments.iter().map(|file| file.plain_sha256.to_string()).collect(),
                hash: stored.hash.to_string(),
                step: entry.body.step,
            });
        }
        Ok(HistoryPage { journey: journey.clone(), person: self.person(session, patient.as_str())?, lines })
    }
}
