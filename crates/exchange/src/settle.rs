//! From all that was said about one patient to one chart: the zone, what contradicts itself, and
//! what lies before birth or in the future. The same for tables and FHIR; knows neither.

use crate::{
    report::{Problem, ReadReport},
    trouble::Trouble,
    value::{BIRTH_DATE, DEATH, INFUSION, SEX},
};
use jiff::Timestamp;
use std::sync::Arc;
use vena_base::{Chart, Concept, Fact, Flag, Origin, Stamp, Text, Value, When, Zone};
use vena_knowledge::Catalogue;

/// A fact as read, before it is known what else was said about the patient.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The fact.
    pub fact: Fact,
    /// When it was recorded, where that is known only to the day: the end of that day is taken, once it
    /// is known where days are counted.
    pub recorded_on: Option<When>,
    /// Which version of which resource says it.
    pub version: Option<Arc<Version>>,
    /// The source gives no time because the thing has none (sex): it holds from birth on.
    pub undated: bool,
    /// The file it came from, where several are read together.
    pub file: Option<Arc<str>>,
}

/// One version of a resource that may be told several times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Type and id.
    pub resource: Arc<str>,
    /// The version's number, where it has one.
    pub number: Option<u64>,
    /// When it was made.
    pub updated: Option<Stamp>,
}

impl Draft {
    /// A draft of a fact with nothing else said about it.
    pub fn new(fact: Fact, file: Option<Arc<str>>) -> Draft {
        Draft { fact, recorded_on: None, version: None, undated: false, file }
    }
}

/// Makes the chart and adds what there is to say to `report`.
pub fn settle(
    patient: &Arc<str>,
    drafts: Vec<Draft>,
    zone: Option<&Zone>,
    now: Timestamp,
    catalogue: &Catalogue,
    report: &mut ReadReport,
) -> Chart {
    let mut settling = Settling { patient, catalogue, report };
    let drafts = settling.without_conflicts(drafts);
    let drafts = settling.dated(drafts);
    let named = zone.is_some();
    let zone = match zone {
        Some(zone) => zone.clone(),
        None => assumed_zone(&drafts).unwrap_or_else(|| {
            if !drafts.is_empty() {
                settling.say(Origin::Program, None, Trouble::NoZone);
            }
            Zone::utc()
        }),
    };
    let birth = drafts.iter().find_map(|draft| match (&draft.fact.value, draft.fact.concept) {
        (Value::Moment(when), BIRTH_DATE) => Some(*when),
        _ => None,
    });
    let mut facts = Vec::with_capacity(drafts.len());
    let mut to_the_day: Option<(u64, Origin, Option<Arc<str>>)> = None;
    for draft in drafts {
        let Draft { mut fact, file, recorded_on, .. } = draft;
        if let Some(day) = recorded_on {
            fact.recorded = Some(Stamp::in_zone(day.latest(&zone), &zone));
            to_the_day.get_or_insert_with(|| (0, fact.origin.clone(), file.clone())).0 += 1;
        }
        settling.flag(&mut fact, file.as_ref(), &zone, birth, now);
        facts.push(fact);
    }
    if let Some((count, place, file)) = to_the_day.filter(|_| !named) {
        settling.say(place, file, Trouble::RecordedToTheDay { count });
    }
    let told = facts.len() as u64;
    let chart = Chart::new(Arc::clone(patient), zone, facts);
    report.facts += told;
    report.repeated += told - chart.all().len() as u64;
    chart
}

struct Settling<'a> {
    patient: &'a Arc<str>,
    catalogue: &'a Catalogue,
    report: &'a mut ReadReport,
}

impl Settling<'_> {
    fn say(&mut self, place: Origin, file: Option<Arc<str>>, trouble: Trouble) {
        self.report.add(Problem { place, file, patient: Some(Arc::clone(self.patient)), trouble });
    }

    fn name(&self, concept: Concept) -> Text {
        self.catalogue.get(concept).map_or_else(|| Text::same(concept.as_str()), |info| info.name.clone())
    }

    /// Takes out what a person has only once and the source tells twice, differently.
    fn without_conflicts(&mut self, mut drafts: Vec<Draft>) -> Vec<Draft> {
        for concept in [BIRTH_DATE, SEX, DEATH] {
            let told: Vec<&Draft> = drafts.iter().filter(|d| d.fact.concept == concept).collect();
            let contradicts = told
                .iter()
                .enumerate()
                .any(|(i, a)| told.iter().skip(i + 1).any(|b| contradict(&a.fact, &b.fact)));
            if !contradicts {
                continue;
            }
            let mut values: Vec<String> = told
                .iter()
                .map(|d| match &d.fact.value {
                    Value::Moment(when) => when.to_string(),
                    Value::Answer(answer) => answer.to_string(),
                    _ => d.fact.when.to_string(),
                })
                .collect();
            values.sort();
            values.dedup();
            let second = told.get(1).or(told.first());
            let (place, file) =
                second.map_or((Origin::Program, None), |d| (d.fact.origin.clone(), d.file.clone()));
            let concept_name = self.name(concept);
            self.say(place, file, Trouble::Conflict { concept: concept_name, values });
            drafts.retain(|d| d.fact.concept != concept);
        }
        drafts
    }

    /// Gives what has no time of its own the time of birth, or else of the first thing told.
    fn dated(&mut self, mut drafts: Vec<Draft>) -> Vec<Draft> {
        let birth = drafts.iter().find_map(|d| match d.fact.value {
            Value::Moment(when) if d.fact.concept == BIRTH_DATE => Some(when),
            _ => None,
        });
        let utc = Zone::utc();
        let first =
            drafts.iter().filter(|d| !d.undated).map(|d| d.fact.when).min_by_key(|when| when.earliest(&utc));
        let Some(since) = birth.or(first) else {
            let lost: Vec<_> = drafts.iter().map(|d| (d.fact.origin.clone(), d.file.clone())).collect();
            for (place, file) in lost {
                self.say(place, file, Trouble::NoTime);
            }
            return Vec::new();
        };
        for draft in drafts.iter_mut().filter(|d| d.undated) {
            draft.fact.when = since;
        }
        drafts
    }

    fn flag(
        &mut self,
        fact: &mut Fact,
        file: Option<&Arc<str>>,
        zone: &Zone,
        birth: Option<When>,
        now: Timestamp,
    ) {
        let mut noticed = Vec::new();
        let when = match fact.value {
            Value::Moment(when) => when,
            _ => fact.when,
        };
        if when.earliest(zone) > now {
            noticed.push((Flag::InTheFuture, Trouble::InTheFuture { when: when.to_string() }));
        }
        if let Some(birth) = birth
            && fact.concept != BIRTH_DATE
            && fact.when.latest(zone) < birth.earliest(zone)
        {
            noticed.push((
                Flag::BeforeBirth,
                Trouble::BeforeBirth { when: fact.when.to_string(), birth: birth.to_string() },
            ));
        }
        if let Some(until) = fact.until
            && until.latest(zone) < fact.when.earliest(zone)
        {
            noticed.push((
                Flag::EndsBeforeStart,
                Trouble::EndsBeforeStart { from: fact.when.to_string(), until: until.to_string() },
            ));
        }
        for (flag, trouble) in noticed {
            fact.flags.push(flag);
            self.say(fact.origin.clone(), file.cloned(), trouble);
        }
    }
}

/// Whether two tellings of what a person has only once cannot both be true. A year and a day in
/// that year agree; “unknown” contradicts nothing.
fn contradict(a: &Fact, b: &Fact) -> bool {
    let utc = Zone::utc();
    let apart =
        |x: When, y: When| x.last_day(&utc) < y.first_day(&utc) || y.last_day(&utc) < x.first_day(&utc);
    match (&a.value, &b.value) {
        (Value::Moment(x), Value::Moment(y)) => apart(*x, *y),
        (Value::Answer(x), Value::Answer(y)) => x != y && x.as_str() != "unknown" && y.as_str() != "unknown",
        (Value::Happened, Value::Happened) => apart(a.when, b.when),
        _ => false,
    }
}

/// The offset of the first infusion, or of the first time that has one.
fn assumed_zone(drafts: &[Draft]) -> Option<Zone> {
    let stamp = |draft: &Draft| match draft.fact.when {
        When::Instant(stamp) => Some(stamp),
        _ => None,
    };
    let infusion = drafts.iter().filter(|d| d.fact.concept == INFUSION).filter_map(stamp).min();
    infusion
        .or_else(|| drafts.iter().filter_map(stamp).min())
        .map(|stamp| Zone::assumed_offset(stamp.offset_min))
}
