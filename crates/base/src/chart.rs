//! One patient's facts on a time axis, and what of them was true by one time and known by another.
//! Knows no rule: the same chart serves one bedside entry and a registry of 100,000.

use crate::{
    concept::Concept,
    fact::{Fact, Value},
    time::Zone,
};
use jiff::Timestamp;
use std::sync::Arc;

/// One patient's facts, ordered by concept and time.
#[derive(Debug, Clone)]
pub struct Chart {
    /// The patient as the source names them: a pseudonymous id, or a table's `patient`.
    pub patient: Arc<str>,
    /// The zone in which days are counted.
    pub zone: Zone,
    facts: Vec<Fact>,
}

impl Chart {
    /// Makes a chart. The order of `facts` does not matter: equal facts are kept once, and facts of
    /// one concept at one time are ordered by their content.
    pub fn new(patient: impl Into<Arc<str>>, zone: Zone, facts: Vec<Fact>) -> Chart {
        let mut keyed: Vec<_> = facts
            .into_iter()
            .map(|f| ((f.concept, f.when.earliest(&zone), f.when.latest(&zone)), f))
            .collect();
        keyed.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| content_order(x, y)));
        let mut facts: Vec<Fact> = keyed.into_iter().map(|(_, fact)| fact).collect();
        facts.dedup_by(|a, b| same_statement(a, b));
        Chart { patient: patient.into(), zone, facts }
    }

    /// All facts, ordered by concept, then time.
    pub fn all(&self) -> &[Fact] {
        &self.facts
    }

    /// The facts of one concept, by time.
    pub fn of(&self, concept: Concept) -> &[Fact] {
        let start = self.facts.partition_point(|f| f.concept < concept);
        let rest = self.facts.get(start..).unwrap_or_default();
        let end = rest.partition_point(|f| f.concept == concept);
        rest.get(..end).unwrap_or_default()
    }

    /// What had happened by `at` and was recorded by `known_at` (`None`: everything recorded).
    pub fn view(&self, at: Timestamp, known_at: Option<Timestamp>) -> View<'_> {
        View { chart: self, at, known_at }
    }
}

/// A chart as of one time, as known at another.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    chart: &'a Chart,
    /// What happened later is not seen.
    pub at: Timestamp,
    /// What was recorded later is not seen; `None` sees all.
    pub known_at: Option<Timestamp>,
}

impl<'a> View<'a> {
    /// The patient's chart without limits of time.
    pub fn chart(&self) -> &'a Chart {
        self.chart
    }

    /// The zone in which days are counted.
    pub fn zone(&self) -> &'a Zone {
        &self.chart.zone
    }

    /// Whether a fact had happened and was known. A date counts from its first instant; a fact
    /// without time of recording counts as recorded when it had certainly happened. What its source
    /// replaced later is seen only as known before that.
    pub fn sees(&self, fact: &Fact) -> bool {
        let happened = fact.when.earliest(&self.chart.zone) <= self.at;
        let known = self.known_at.is_none_or(|known_at| {
            fact.recorded.map_or_else(|| fact.when.latest(&self.chart.zone), |stamp| stamp.at) <= known_at
        });
        let stands = fact.replaced.is_none_or(|stamp| self.known_at.is_some_and(|known| known < stamp.at));
        happened && known && stands
    }

    /// The facts of one concept seen from here, by time.
    pub fn of(&self, concept: Concept) -> impl DoubleEndedIterator<Item = &'a Fact> + use<'a> {
        let view = *self;
        self.chart.of(concept).iter().filter(move |fact| view.sees(fact))
    }

    /// The latest fact of one concept seen from here.
    pub fn latest(&self, concept: Concept) -> Option<&'a Fact> {
        self.of(concept).next_back()
    }
}

/// The same statement told twice: all but where it came from and when it was recorded.
fn same_statement(a: &Fact, b: &Fact) -> bool {
    a.concept == b.concept
        && a.when == b.when
        && a.until == b.until
        && a.value == b.value
        && a.route == b.route
        && a.attributed_to == b.attributed_to
        && a.recorded == b.recorded
        && a.replaced == b.replaced
}

/// An order that depends on the content alone, so that the order of input does not matter.
fn content_order(a: &Fact, b: &Fact) -> std::cmp::Ordering {
    fn key(fact: &Fact) -> (u8, f64, String) {
        match &fact.value {
            Value::Quantity(q) => (0, q.value, q.as_written()),
            Value::Answer(answer) => (1, 0.0, answer.as_str().to_owned()),
            Value::Moment(when) => (2, 0.0, when.to_string()),
            Value::Text(text) => (3, 0.0, text.to_string()),
            Value::Happened => (4, 0.0, String::new()),
            Value::NotAssessed(why) => (5, 0.0, why.to_string()),
        }
    }
    let recorded = |f: &Fact| f.recorded.map(|stamp| stamp.at);
    recorded(a).cmp(&recorded(b)).then_with(|| {
        let (x, y) = (key(a), key(b));
        x.0.cmp(&y.0)
            .then(x.1.total_cmp(&y.1))
            .then_with(|| x.2.cmp(&y.2))
            .then_with(|| a.until.map(|w| w.to_string()).cmp(&b.until.map(|w| w.to_string())))
            .then_with(|| a.route.cmp(&b.route))
            .then_with(|| a.attributed_to.cmp(&b.attributed_to))
            .then_with(|| a.note.cmp(&b.note))
            .then_with(|| a.replaced.map(|stamp| stamp.at).cmp(&b.replaced.map(|stamp| stamp.at)))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Concept, When};

    const TEMPERATURE: Concept = Concept::known("body-temperature");

    fn fact(when: &str, recorded: Option<&str>) -> Fact {
        let mut fact = Fact::new(TEMPERATURE, Value::Happened, When::parse(when, None).unwrap());
        fact.recorded = recorded.map(|r| match When::parse(r, None).unwrap() {
            When::Instant(stamp) => stamp,
            _ => unreachable!(),
        });
        fact
    }

    #[test]
    fn two_times_are_kept_apart() {
        let late = fact("2026-01-01T08:00Z", Some("2026-01-01T20:00Z"));
        let early = fact("2026-01-01T09:00Z", None);
        let chart = Chart::new("p", Zone::utc(), vec![late, early]);
        let noon: Timestamp = "2026-01-01T12:00:00Z".parse().unwrap();
        assert_eq!(chart.view(noon, None).of(TEMPERATURE).count(), 2);
        assert_eq!(chart.view(noon, Some(noon)).of(TEMPERATURE).count(), 1);
        let before: Timestamp = "2026-01-01T07:59:59Z".parse().unwrap();
        assert_eq!(chart.view(before, None).of(TEMPERATURE).count(), 0);
    }

    #[test]
    fn order_and_repetition_do_not_matter() {
        let (a, b) = (fact("2026-01-01T08:00Z", None), fact("2026-01-02", None));
        let one = Chart::new("p", Zone::utc(), vec![a.clone(), b.clone(), a.clone()]);
        let two = Chart::new("p", Zone::utc(), vec![b, a]);
        assert_eq!(one.all(), two.all());
        assert_eq!(one.all().len(), 2);
    }
}
