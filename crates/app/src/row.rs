//! One journey's line on the board, computed from its events at one instant. Holds no name and no
//! number of the patient's: those are put beside it when a page is shown.
//!
//! Must not know: how rows are kept, who looks.

use crate::app::Rules;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use vena_base::{
    Answer, Fact, Text,
    ids::{ChainOfIdentity, JourneyId, PatientId, UserId},
};
use vena_clinical::{Finding, Question, Status, assess};
use vena_journey::{GateState, Phase, Role, State, StepKind, Task, gates, phase, tasks};

/// Version of what a row holds and how it is computed; another version rebuilds all rows.
pub const CODE_VERSION: i64 = 2;
/// Tasks and gate refusals kept in a row; the journey's page has all.
const TASKS_MAX: usize = 4;
/// People kept in a row.
const PEOPLE_MAX: usize = 16;

/// A grade as the board shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chip {
    /// The scale: `crs`, `icans`, `icaht_early` …
    pub scale: String,
    /// How much is said.
    pub status: Status,
    /// The grade, where it is settled or at least that.
    pub value: Option<u8>,
    /// The least it can be.
    pub low: Option<u8>,
    /// The highest it can be.
    pub high: Option<u8>,
    /// A provisional number stands behind it.
    pub provisional: bool,
}

impl Chip {
    pub(crate) fn of(finding: &Finding) -> Chip {
        Chip {
            scale: finding.scale.to_string(),
            status: finding.status,
            value: finding.value,
            low: finding.low,
            high: finding.high,
            provisional: finding.provisional,
        }
    }
}

/// A task as the board shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowTask {
    /// What to do.
    pub title: Text,
    /// Whose it is.
    pub owner: Role,
    /// When it is due.
    pub due: Option<Timestamp>,
}

/// One line of the board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The journey.
    pub journey: JourneyId,
    /// The pseudonymous patient.
    pub patient: PatientId,
    /// The chain-of-identity number, by which a scan finds the journey.
    pub number: Option<ChainOfIdentity>,
    /// The product chosen or intended.
    pub product: Option<Answer>,
    /// The diagnosis.
    pub diagnosis: Option<Answer>,
    /// The calendar day of the infusion: day 0.
    pub day_0: Option<Date>,
    /// Where the journey is.
    pub phase: Phase,
    /// Grades; empty before the infusion.
    pub chips: Vec<Chip>,
    /// What the next gate waits for; empty where it is open or there is none.
    pub blocked: Vec<Text>,
    /// The step behind the next shut gate.
    pub blocked_step: Option<String>,
    /// The most urgent tasks first.
    pub tasks: Vec<RowTask>,
    /// Roles that own any task.
    pub owners: Vec<Role>,
    /// Cells are out of the freezer: an infusion runs.
    pub infusing: bool,
    /// People who recorded something.
    pub people: Vec<UserId>,
    /// Number of the last event.
    pub seq: u64,
    /// When this row was computed: its grades are of this instant.
    pub computed_at: Timestamp,
}

impl Row {
    /// Due time of the most urgent task.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.tasks.first().and_then(|task| task.due)
    }

    /// The highest grade that is certain and of now: a score is no grade, and the early grade of
    /// haematotoxicity is history once the acute phase is over.
    pub fn worst_certain_grade(&self) -> u8 {
        let acute = matches!(self.phase, Phase::Infusion | Phase::Acute);
        let graded = |chip: &&Chip| chip.scale != "car_hematotox" && (acute || chip.scale != "icaht_early");
        self.chips.iter().filter(graded).filter_map(|chip| chip.low).max().unwrap_or(0)
    }
}

/// Computes the row of a journey; `None` where the stream has no registration.
pub(crate) fn compute(
    journey: &JourneyId,
    state: &State,
    identity: Vec<Fact>,
    rules: &Rules,
    now: Timestamp,
) -> Option<Row> {
    let registration = state.registration.as_ref()?;
    let gates = gates(state, &rules.journey, now);
    let all: Vec<Task> = tasks(state, &gates, &rules.journey, now);
    let phase = phase::current(state, &rules.journey, now);
    let next_gate = gates.iter().find(|gate| gate.state != GateState::Passed);
    let (blocked, blocked_step) = match next_gate.map(|gate| (&gate.state, gate.step)) {
        Some((GateState::Shut(missing), step)) if phase != Phase::Ended => (
            missing.iter().take(TASKS_MAX).map(|refusal| refusal.text().what).collect(),
            Some(StepKind::as_str(step).to_owned()),
        ),
        _ => (Vec::new(), None),
    };
    let mut owners: Vec<Role> = all.iter().map(|task| task.owner).collect();
    owners.sort();
    owners.dedup();
    let mut people: Vec<UserId> = Vec::new();
    for entry in state.entries.iter().rev() {
        if people.len() == PEOPLE_MAX {
            break;
        }
        if !people.contains(&entry.by) {
            people.push(entry.by.clone());
        }
    }
    Some(Row {
        journey: journey.clone(),
        patient: registration.patient.clone(),
        number: state.number.clone(),
        product: state.product_meant(),
        diagnosis: registration.diagnosis,
        day_0: state.infusion_started.and_then(|when| when.day(&rules.journey.zone)),
        phase,
        chips: chips(journey, state, identity, rules, now),
        blocked,
        blocked_step,
        tasks: all
            .into_iter()
            .take(TASKS_MAX)
            .map(|task| RowTask { title: task.title, owner: task.owner, due: task.due })
            .collect(),
        owners,
        infusing: state
            .bags
            .values()
            .any(|bag| bag.infusion_started.is_some() && bag.infusion_ended.is_none()),
        people,
        seq: state.entries.last().map_or(0, |entry| entry.seq),
        computed_at: now,
    })
}

fn chips(
    journey: &JourneyId,
    state: &State,
    identity: Vec<Fact>,
    rules: &Rules,
    now: Timestamp,
) -> Vec<Chip> {
    if state.infusion_started.is_none() {
        return Vec::new();
    }
    let chart = vena_journey::chart(journey, state, &rules.journey.zone, None, identity);
    let assessment = assess(&chart, &rules.clinical, &Question::at(now));
    assessment
        .findings
        .iter()
        .filter(|finding| finding.status != Status::NotApplicable)
        .map(Chip::of)
        .collect()
}
