//! How often a patient in remission is to be seen after infusion, and on which days: the published
//! minimum. Must not know appointments, and no number.

use crate::{
    finding::{Finding, Question, Reason, Status},
    timeline::infusion_days,
};
use jiff::{Span as Time, civil::Date};
use vena_base::{Chart, Concept, Lang, Text, Value, time::days_between};
use vena_knowledge::{Amount, Entry, Knowledge, Life, RuleError, RuleSet};

/// The scale's name in findings: the months between two visits.
pub const SCALE: &str = "follow_up";

const RULE: &str = "follow-up/ebmt-eha";
const RELAPSE: Concept = Concept::known("relapse");
const DEATH: Concept = Concept::known("death");
/// The periods of the schedule, in order.
const PERIODS: [&str; 3] = ["monthly", "half-yearly", "yearly"];

/// A visit of the schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// The day it falls on.
    pub due: Date,
    /// The line of the schedule.
    pub entry: String,
}

/// A stretch of calendar time from a number and its UCUM unit.
fn time(amount: &Amount) -> Option<Time> {
    let number = amount.decimal.to_f64() as i64;
    match amount.unit.as_str() {
        "d" => Time::new().try_days(number).ok(),
        "wk" => Time::new().try_weeks(number).ok(),
        "mo" => Time::new().try_months(number).ok(),
        "a" => Time::new().try_years(number).ok(),
        _ => None,
    }
}

fn after(day: Date, amount: Option<&Amount>) -> Option<Date> {
    day.checked_add(time(amount?)?).ok()
}

fn step(entry: &Entry) -> Option<Amount> {
    Some(Amount { decimal: entry.number.clone()?, unit: entry.unit.clone()? })
}

fn periods(rule: &RuleSet) -> Result<Vec<&Entry>, RuleError> {
    PERIODS.iter().map(|id| rule.entry(id)).collect()
}

/// Every visit of the schedule for an infusion on `infusion`, in order. A day at which two periods meet
/// is one visit.
///
/// # Errors
/// A line of the schedule is missing.
pub fn visits(knowledge: &Knowledge, infusion: Date) -> Result<Vec<Visit>, RuleError> {
    let rule = knowledge.rule(RULE, None)?;
    let mut visits: Vec<Visit> = Vec::new();
    for entry in periods(rule)? {
        let (Some(from), Some(to), Some(step)) =
            (after(infusion, entry.from.as_ref()), after(infusion, entry.to.as_ref()), step(entry))
        else {
            continue;
        };
        let Some(step) = time(&step) else { continue };
        for number in 0_i64.. {
            // Counted from the beginning, so that a month's end does not move the later visits.
            let Some(due) = step.checked_mul(number).ok().and_then(|span| from.checked_add(span).ok()) else {
                break;
            };
            if due > to {
                break;
            }
            if visits.last().is_none_or(|last| last.due < due) {
                visits.push(Visit { due, entry: entry.id.clone() });
            }
        }
    }
    Ok(visits)
}

/// The schedule at an instant: the months between two visits as the value, and the next visit as a note.
/// Not applicable before the schedule begins, after it ends, after relapse and after death.
///
/// # Errors
/// A line of the schedule is missing.
pub fn follow_up(chart: &Chart, knowledge: &Knowledge, q: &Question) -> Result<Finding, RuleError> {
    let rule = knowledge.rule(RULE, None)?;
    let view = chart.view(q.at, q.known_at);
    let zone = &chart.zone;
    let mut finding = Finding::new(SCALE, &rule.name(), Status::NotApplicable);
    finding.provisional = rule.status == Life::Provisional;
    let days = infusion_days(&view);
    let infusion = match q.infusion {
        Some(index) => days.get(index),
        None => days.iter().rfind(|day| day.start <= q.at),
    };
    let Some(infusion) = infusion else {
        const INFUSION: Concept = Concept::known("infusion");
        finding.status = Status::NotAssessable;
        finding.lacks(INFUSION);
        finding.ask(INFUSION, Text::new("When were the cells infused?", "何時輸注細胞？"));
        return Ok(finding);
    };
    let ended = |concept| {
        let mut facts = view.of(concept).filter(|fact| !matches!(fact.value, Value::NotAssessed(_)));
        facts.any(|fact| fact.when.latest(zone) >= infusion.start)
    };
    if ended(DEATH) || ended(RELAPSE) {
        finding.notes.push(rule.entry("only-in-remission")?.label.clone());
        return Ok(finding);
    }
    let today = zone.day_of(q.at);
    let begun = |entry: &&Entry| after(infusion.day, entry.from.as_ref()).is_some_and(|from| from <= today);
    let ends = |entry: &Entry| after(infusion.day, entry.to.as_ref());
    // Where two periods meet, the one that begins says when the next visit is.
    let Some(entry) = periods(rule)?.into_iter().rfind(begun).filter(|entry| ends(entry) >= Some(today))
    else {
        return Ok(finding);
    };
    let months = step(entry).and_then(|step| match step.unit.as_str() {
        "mo" => Some(step.decimal.to_f64()),
        "a" => Some(step.decimal.to_f64() * MONTHS_A_YEAR),
        _ => None,
    });
    let sources = &knowledge.sources;
    let cites = |lang| entry.cites().map(|cite| cite.text(sources, lang)).collect::<Vec<_>>().join(" · ");
    let day = days_between(infusion.day, today);
    finding.status = Status::Value;
    finding.value = months.map(|months| months as u8);
    (finding.low, finding.high) = (finding.value, finding.value);
    finding.provisional |= entry.provisional;
    finding.because.push(Reason {
        criterion: entry.id.clone(),
        label: entry.label.clone(),
        used: Text::new(format!("day +{day}"), format!("第 +{day} 天")),
        when: Some(infusion.when),
        late: false,
        grade_low: finding.low,
        grade_high: finding.high,
        deciding: true,
        attributed: None,
        source: Text::new(cites(Lang::En), cites(Lang::ZhTw)),
    });
    if let Some(next) = visits(knowledge, infusion.day)?.into_iter().find(|visit| visit.due >= today) {
        let due = next.due;
        finding.notes.push(Text::new(format!("Next visit: {due}."), format!("下次追蹤：{due}。")));
    }
    Ok(finding)
}

const MONTHS_A_YEAR: f64 = 12.0;
