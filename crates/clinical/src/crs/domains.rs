//! The three domains of CRS at an instant: fever, hypotension, hypoxia. Each says which grades its
//! facts allow and on which facts that rests. Must not know episodes or what was given against them.

use crate::{
    numbers::{Criterion, CrsNumbers, Limit, range_of},
    span::Span,
    timeline::{Doubt, DrugTrack, Item, Standing, Track, hours},
};
use jiff::Timestamp;
use vena_base::{Answer, Fact};

pub(crate) const PRESENT: Answer = Answer::known("present");
const CRS: Answer = Answer::known("crs");
const THERAPY: Answer = Answer::known("therapy");
/// The answer where another cause is meant but not named.
const OTHER: Answer = Answer::known("other");

/// How a fact entered a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It grades.
    Counts,
    /// It is left out: a clinician gave another cause.
    OtherCause(Answer),
    /// It is left out: it does not count on this scale.
    OutsideScale,
    /// It is too old to stand for now.
    Stale,
    /// It was taken before the infusion.
    BeforeInfusion,
    /// It says that it could not be assessed.
    NotAssessed,
    /// It asks a question and grades nothing.
    Asks,
    /// A drug that may or may not run.
    MayRun(Doubt),
    /// A dose by a route by which no vasopressor is run.
    OtherRoute,
}

/// One fact behind a domain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence<'a> {
    /// The fact.
    pub item: Item<'a>,
    /// The line of the rule set, where one applies.
    pub criterion: Option<&'a Criterion>,
    /// The grades the fact allows.
    pub span: Span,
    /// How it entered.
    pub role: Role,
}

/// One question that would settle a domain.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ask<'a> {
    /// Is there hypotension? The low pressure that asks, where there is one.
    Hypotension(Option<&'a Fact>),
    /// Which vasopressors run?
    Vasopressors,
    /// Does this drug still run?
    StillRuns(&'a Fact),
    /// Was this a single dose, or does it run?
    SingleDose(&'a Fact),
    /// Is oxygen needed, by which device? The low saturation that asks, where there is one.
    Device(Option<&'a Fact>),
    /// At which flow?
    Flow,
    /// What is the temperature?
    Temperature,
    /// Was anything given against the fever since the episode began?
    Antipyretic,
}

/// The grades a domain allows.
#[derive(Debug, Clone)]
pub(crate) struct Domain<'a> {
    /// The grades.
    pub span: Span,
    /// The facts behind them.
    pub evidence: Vec<Evidence<'a>>,
    /// What would settle it; empty where it is settled.
    pub asks: Vec<Ask<'a>>,
}

impl<'a> Domain<'a> {
    pub fn settled(span: Span) -> Domain<'a> {
        Domain { span, evidence: Vec::new(), asks: Vec::new() }
    }

    pub fn add(&mut self, item: Item<'a>, criterion: Option<&'a Criterion>, span: Span, role: Role) {
        self.evidence.push(Evidence { item, criterion, span, role });
    }

    /// Keeps a fact that could not be used, so that the reader sees it.
    pub fn unusable(&mut self, standing: Standing<'_, 'a>) {
        match standing {
            Standing::Stale(item) => self.add(item, None, Span::NONE, Role::Stale),
            Standing::NotAssessed(item) => self.add(item, None, Span::NONE, Role::NotAssessed),
            Standing::Known(_) | Standing::Missing => {}
        }
    }
}

/// Fever now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fever {
    /// Yes.
    Yes,
    /// No, or with another cause.
    No,
    /// The temperature is not known now.
    Unknown,
}

/// The facts CRS looks at, placed on the axis.
pub(crate) struct Inputs<'a> {
    pub numbers: &'a CrsNumbers,
    /// A fever counts from here on.
    pub infusion: Timestamp,
    pub temperature: Track<'a>,
    pub other_fever: Track<'a>,
    pub closed: Track<'a>,
    pub statement: Track<'a>,
    pub vasopressor_need: Track<'a>,
    pub hypotension_cause: Track<'a>,
    /// Systolic, mean and diastolic pressure.
    pub pressures: [Track<'a>; 3],
    pub device: Track<'a>,
    pub flow: Track<'a>,
    pub saturation: Track<'a>,
    pub fraction: Track<'a>,
    pub hypoxia_cause: Track<'a>,
    pub vasopressors: Vec<DrugTrack<'a>>,
    pub vasopressin: Vec<DrugTrack<'a>>,
    /// Vasopressors given by a route by which none is run.
    pub elsewhere: Vec<DrugTrack<'a>>,
    /// Drugs that make fever unnecessary for the rest of the episode.
    pub waivers: Vec<DrugTrack<'a>>,
    /// The same drugs by a route that may not reach the whole body.
    pub open_waivers: Vec<DrugTrack<'a>>,
    /// The same drugs where they act only where they are put.
    pub local_drugs: Vec<DrugTrack<'a>>,
    pub antipyretic: Track<'a>,
}

/// A cause that is not the therapy's.
pub(crate) fn other_cause(cause: Option<Answer>) -> Option<Answer> {
    cause.filter(|cause| ![CRS, THERAPY].contains(cause))
}

impl<'a> Inputs<'a> {
    /// Whether one temperature is a fever that counts; `None` where its bound leaves it open.
    pub fn is_fever(&self, item: &Item<'a>) -> Option<bool> {
        let limit = self.numbers.fever.limit?;
        let warm = limit.holds_range(range_of(item.fact.quantity()?, f64::NEG_INFINITY))?;
        Some(warm && !self.fever_excluded(item, item.at))
    }

    /// Whether a clinician gave the fever another cause.
    fn fever_excluded(&self, item: &Item<'a>, at: Timestamp) -> bool {
        other_cause(item.fact.attributed_to).is_some() || self.other_fever.standing(at).says(PRESENT)
    }

    /// Fever at an instant.
    pub fn fever(&self, at: Timestamp) -> (Fever, Domain<'a>) {
        let mut domain = Domain::settled(Span::NONE);
        let standing = self.temperature.standing(at);
        let items = standing.known();
        let mut fever = if items.is_empty() { Fever::Unknown } else { Fever::No };
        for item in items {
            let range = item.fact.quantity().map(|q| range_of(q, f64::NEG_INFINITY));
            let warm = self.numbers.fever.limit.and_then(|limit| limit.holds_range(range?));
            if item.at < self.infusion && warm != Some(false) {
                domain.add(*item, Some(&self.numbers.fever), Span::NONE, Role::BeforeInfusion);
                if fever == Fever::No {
                    fever = Fever::Unknown;
                }
                continue;
            }
            let excluded = self.fever_excluded(item, at);
            let (span, role) = match (warm, excluded) {
                (Some(true), false) => (self.numbers.fever.grades, Role::Counts),
                (Some(true) | None, true) => {
                    let cause = other_cause(item.fact.attributed_to).unwrap_or(OTHER);
                    (Span::NONE, Role::OtherCause(cause))
                }
                (Some(false), _) => (Span::NONE, Role::Counts),
                (None, false) => (Span::NONE.or(self.numbers.fever.grades), Role::Counts),
            };
            domain.add(*item, Some(&self.numbers.fever), span, role);
            fever = match (fever, warm, excluded) {
                (Fever::Yes, _, _) | (_, Some(true), false) => Fever::Yes,
                (_, None, false) => Fever::Unknown,
                (before, _, _) => before,
            };
        }
        if fever == Fever::Unknown {
            domain.unusable(standing);
            domain.asks.push(Ask::Temperature);
        }
        (fever, domain)
    }

    /// A domain, left out where a clinician gave what was found by then another cause. A cause speaks of
    /// what the clinician saw: what is certainly worse later counts again.
    pub fn unless_excluded(
        &self,
        causes: &Track<'a>,
        at: Timestamp,
        signs: impl Fn(Timestamp) -> Domain<'a>,
    ) -> Domain<'a> {
        let found = signs(at);
        let Some(item) = causes.standing(at).known().last().copied() else {
            return found;
        };
        let Some(cause) = other_cause(item.fact.answer()) else {
            return found;
        };
        let then = signs(item.at).span;
        if found.span.low > then.low {
            return found;
        }
        let mut domain = Domain::settled(Span::NONE);
        domain.add(item, None, Span::NONE, Role::OtherCause(cause));
        if found.span.high > then.high {
            // It may be worse than what the cause was given for.
            domain.span = Span { low: Span::NONE.low, high: found.span.high };
            domain.evidence.extend(found.evidence.iter().filter(|e| e.role == Role::Asks));
            domain.asks = found.asks;
        }
        domain
    }
}

impl<'a> Inputs<'a> {
    /// The newest standing measurement where it is below the line that asks. Against a statement made
    /// `after`, a reading counts from the site's minutes before it: the two may not have met.
    pub fn low<'t>(
        &self,
        track: &'t Track<'a>,
        line: Option<&Limit>,
        at: Timestamp,
        after: Option<Timestamp>,
    ) -> Option<Item<'a>> {
        let line = line?;
        let doubt = hours(self.numbers.site.doubt_min / MINUTES_AN_HOUR).unwrap_or_default();
        let from = after.map(|after| after.checked_sub(doubt).unwrap_or(Timestamp::MIN));
        let low = |item: &&Item<'a>| {
            let range = item.fact.quantity().map(|quantity| range_of(quantity, f64::NEG_INFINITY));
            range.is_some_and(|(low, _)| line.holds(low)) && from.is_none_or(|from| item.at >= from)
        };
        // Of two readings at one instant the low one asks.
        track.standing(at).known().iter().find(low).copied()
    }
}

const MINUTES_AN_HOUR: f64 = 60.0;
