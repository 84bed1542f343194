//! When a bedside scale could last be assessed: the newest instant before the question at which its facts
//! were fresh. What it says then is told as of then, never as the answer to the question.
//! Must not know any scale's criteria.

use crate::{
    Rules,
    assess::{Chosen, scope},
    crs,
    finding::{Finding, Question, Status},
    icans,
};
use jiff::Timestamp;
use vena_base::Chart;

/// How many earlier instants are tried: the newest is nearly always the one.
const TRIED_MAX: usize = 12;

/// What a scale said when it could last be assessed.
#[derive(Debug, Clone, PartialEq)]
pub struct LastAssessable {
    /// The instant.
    pub at: Timestamp,
    /// What was found as of then, with its reasons.
    pub finding: Finding,
}

/// The newest earlier instant at which a bedside scale (CRS, ICANS) gave a value where `finding` gives
/// none; where there is no such instant and `finding` says nothing at all, the newest at which it said
/// something. `None` for what is settled, does not apply, or is not graded at the bedside.
pub fn last_assessable(
    chart: &Chart,
    rules: &Rules,
    q: &Question,
    finding: &Finding,
) -> Option<LastAssessable> {
    let bedside = [crs::SCALE, icans::SCALE].contains(&&*finding.scale);
    if !bedside || matches!(finding.status, Status::Value | Status::NotApplicable) {
        return None;
    }
    let scope = scope(chart, q);
    let Chosen::This(infusion) = scope.chosen else {
        return None;
    };
    let (view, zone) = (&scope.view, &chart.zone);
    let of_scale = |concept| icans::CONCEPTS.contains(&concept) == (&*finding.scale == icans::SCALE);
    let observed = |concept| rules.lexicon.holds_h(concept).is_some() && of_scale(concept);
    let mut instants: Vec<Timestamp> = chart
        .all()
        .iter()
        .filter(|fact| observed(fact.concept) && view.sees(fact))
        .map(|fact| fact.when.latest(zone).min(view.at))
        .filter(|at| (infusion.start..view.at).contains(at))
        .collect();
    instants.sort_unstable_by(|a, b| b.cmp(a));
    instants.dedup();
    let mut said = None;
    for at in instants.into_iter().take(TRIED_MAX) {
        let then = chart.view(at, q.known_at);
        let finding = match &*finding.scale {
            icans::SCALE => icans::assess(&then, &infusion, &rules.icans, &rules.lexicon),
            _ => crs::assess(&then, &infusion, &rules.crs, &rules.lexicon),
        };
        match finding.status {
            Status::Value => return Some(LastAssessable { at, finding }),
            Status::AtLeast | Status::Interval if said.is_none() => {
                said = Some(LastAssessable { at, finding })
            }
            _ => {}
        }
    }
    said.filter(|_| finding.status == Status::NotAssessable)
}
