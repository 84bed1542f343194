//! The three domains of CRS at an instant: fever, hypotension, hypoxia. Each says which grades its
//! facts allow and on which facts that rests. Must not know episodes or what was given against them.

use crate::{
    numbers::{Criterion, CrsNumbers, by_answer, when_present},
    span::Span,
    timeline::{DrugTrack, Item, Running, Standing, Track},
};
use jiff::Timestamp;
use vena_base::{Answer, Fact};

pub(crate) const PRESENT: Answer = Answer::known("present");
const NONE: Answer = Answer::known("none");
const CRS: Answer = Answer::known("crs");
const THERAPY: Answer = Answer::known("therapy");
const VASOPRESSOR_UNKNOWN: Answer = Answer::known("present-vasopressor-unknown");
const NASAL_CANNULA: Answer = Answer::known("nasal-cannula");
const AIRWAY_PROTECTION: Answer = Answer::known("ventilator-airway-protection");
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
    /// It says that it could not be assessed.
    NotAssessed,
    /// It asks a question and grades nothing.
    Asks,
    /// A drug that may or may not still run.
    MayRun,
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
    fn settled(span: Span) -> Domain<'a> {
        Domain {
            span,
            evidence: Vec::new(),
            asks: Vec::new(),
        }
    }

    fn add(&mut self, item: Item<'a>, criterion: Option<&'a Criterion>, span: Span, role: Role) {
        self.evidence.push(Evidence {
            item,
            criterion,
            span,
            role,
        });
    }

    /// Keeps a fact that could not be used, so that the reader sees it.
    fn unusable(&mut self, standing: Standing<'_, 'a>) {
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
    pub temperature: Track<'a>,
    pub other_fever: Track<'a>,
    pub closed: Track<'a>,
    pub statement: Track<'a>,
    pub hypotension_cause: Track<'a>,
    pub pressure: Track<'a>,
    pub device: Track<'a>,
    pub flow: Track<'a>,
    pub saturation: Track<'a>,
    pub hypoxia_cause: Track<'a>,
    pub vasopressors: Vec<DrugTrack<'a>>,
    pub vasopressin: Vec<DrugTrack<'a>>,
    /// Drugs that make fever unnecessary for the rest of the episode.
    pub waivers: Vec<DrugTrack<'a>>,
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
        let warm = limit.holds_range(item.fact.quantity()?.range(f64::NEG_INFINITY))?;
        Some(warm && !self.fever_excluded(item, item.at))
    }

    /// Whether a clinician gave the fever another cause.
    fn fever_excluded(&self, item: &Item<'a>, at: Timestamp) -> bool {
        other_cause(item.fact.attributed_to).is_some()
            || self.other_fever.standing(at).says(PRESENT)
    }

    /// Fever at an instant.
    pub fn fever(&self, at: Timestamp) -> (Fever, Domain<'a>) {
        let mut domain = Domain::settled(Span::NONE);
        let standing = self.temperature.standing(at);
        let items = standing.known();
        let mut fever = if items.is_empty() {
            Fever::Unknown
        } else {
            Fever::No
        };
        for item in items {
            let range = item.fact.quantity().map(|q| q.range(f64::NEG_INFINITY));
            let warm = self
                .numbers
                .fever
                .limit
                .and_then(|limit| limit.holds_range(range?));
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

    /// Hypotension at an instant: vasopressors that run, and the clinician's statement.
    pub fn hypotension(&self, at: Timestamp) -> Domain<'a> {
        let unknown = Span::unknown(self.numbers.highest);
        if let Some(excluded) = self.excluded_by(&self.hypotension_cause, at) {
            return excluded;
        }
        let mut domain = Domain::settled(unknown);
        let drugs = self.drug_span(at, &mut domain);
        let said = self.said_hypotension(at, &mut domain);
        domain.span = match (drugs, said) {
            (Some(drugs), None) if drugs.certain > Span::NONE.high => drugs.span,
            (Some(drugs), None) => {
                domain.asks.push(Ask::Hypotension(None));
                Span {
                    low: 0,
                    high: unknown.high.max(drugs.span.high),
                }
            }
            (Some(drugs), Some((said, when))) => self.weigh(drugs, said, when),
            (None, Some((said, _))) => said,
            (None, None) => {
                domain.asks.push(Ask::Hypotension(self.low_reading(at)));
                unknown
            }
        };
        if !domain.span.settled() && domain.asks.is_empty() {
            domain.asks.push(Ask::Vasopressors);
        }
        domain
    }

    /// Drugs and a statement together: a running drug outranks an older or simultaneous statement.
    fn weigh(&self, drugs: DrugSpan, said: Span, said_at: Timestamp) -> Span {
        let contradicted = drugs.open && said_at > drugs.newest && said.high < drugs.span.low;
        if drugs.certain == 0 {
            // It may have ended; a newer statement speaks for itself.
            return if said_at > drugs.newest {
                said
            } else {
                said.or(said.worst(drugs.span))
            };
        }
        if contradicted {
            said.or(drugs.span)
        } else {
            said.worst(drugs.span)
        }
    }

    /// The whole domain where a clinician gave it another cause.
    fn excluded_by(&self, causes: &Track<'a>, at: Timestamp) -> Option<Domain<'a>> {
        let item = causes.standing(at).known().last().copied()?;
        let cause = other_cause(item.fact.answer())?;
        let mut domain = Domain::settled(Span::NONE);
        domain.add(item, None, Span::NONE, Role::OtherCause(cause));
        Some(domain)
    }

    fn said_hypotension(
        &self,
        at: Timestamp,
        domain: &mut Domain<'a>,
    ) -> Option<(Span, Timestamp)> {
        let standing = self.statement.standing(at);
        let present = when_present(&self.numbers.hypotension);
        let mut said: Option<(Span, Timestamp)> = None;
        for item in standing.known() {
            let Some(answer) = item.fact.answer() else {
                continue;
            };
            let criterion = by_answer(&self.numbers.hypotension, answer);
            let span = match (criterion, answer) {
                (_, NONE) => Span::NONE,
                (Some(criterion), _) => criterion.grades,
                (None, VASOPRESSOR_UNKNOWN) => {
                    present.unwrap_or(Span::unknown(self.numbers.highest))
                }
                (None, _) => continue,
            };
            if let Some(cause) = other_cause(item.fact.attributed_to) {
                domain.add(*item, criterion, Span::NONE, Role::OtherCause(cause));
                said = Some((said.map_or(Span::NONE, |(s, _)| s.or(Span::NONE)), item.at));
                continue;
            }
            domain.add(*item, criterion, span, Role::Counts);
            said = Some((said.map_or(span, |(s, _)| s.or(span)), item.at));
        }
        let Some((span, when)) = said else {
            domain.unusable(standing);
            return None;
        };
        // A newer low pressure reopens “none”: it may no longer be true.
        match newer_low(
            &self.pressure,
            self.numbers.site.low_pressure.as_ref(),
            at,
            when,
        ) {
            Some(low) if span == Span::NONE => {
                domain.add(low, None, Span::unknown(self.numbers.highest), Role::Asks);
                domain.asks.push(Ask::Hypotension(Some(low.fact)));
                Some((Span::unknown(self.numbers.highest), when))
            }
            _ => Some((span, when)),
        }
    }

    fn low_reading(&self, at: Timestamp) -> Option<&'a Fact> {
        newer_low(
            &self.pressure,
            self.numbers.site.low_pressure.as_ref(),
            at,
            Timestamp::MIN,
        )
        .map(|i| i.fact)
    }

    fn drug_span(&self, at: Timestamp, domain: &mut Domain<'a>) -> Option<DrugSpan> {
        let (mut yes, mut perhaps) = ([0_usize; 2], [0_usize; 2]);
        let (mut newest, mut open) = (Timestamp::MIN, true);
        let mut found = Vec::new();
        for (kind, drugs) in [&self.vasopressors, &self.vasopressin]
            .into_iter()
            .enumerate()
        {
            for drug in drugs {
                let (item, slot, role) = match drug.running(at) {
                    Running::Yes {
                        item,
                        open: without_end,
                    } => {
                        open &= without_end;
                        (item, &mut yes, Role::Counts)
                    }
                    Running::Perhaps(item) => (item, &mut perhaps, Role::MayRun),
                    Running::No => continue,
                };
                if let Some(cause) = other_cause(item.fact.attributed_to) {
                    domain.add(item, None, Span::NONE, Role::OtherCause(cause));
                    continue;
                }
                if let Some(slot) = slot.get_mut(kind) {
                    *slot += 1;
                }
                newest = newest.max(item.at);
                found.push((item, role));
            }
        }
        if found.is_empty() {
            return None;
        }
        let [some, vasopressin] = yes;
        let [maybe, maybe_vasopressin] = perhaps;
        let certain = self.by_count(some, vasopressin);
        let most = self.by_count(some + maybe, vasopressin + maybe_vasopressin);
        let criterion = match some + maybe {
            0 => &self.numbers.vasopressin_alone,
            1 => &self.numbers.one_vasopressor,
            _ => &self.numbers.several_vasopressors,
        };
        for (item, role) in found {
            if role == Role::MayRun {
                domain.asks.push(Ask::StillRuns(item.fact));
            }
            domain.add(
                item,
                Some(criterion),
                if role == Role::Counts {
                    certain.or(most)
                } else {
                    Span::NONE.or(most)
                },
                role,
            );
        }
        Some(DrugSpan {
            span: Span {
                low: certain.low,
                high: most.high,
            },
            certain: certain.high,
            newest,
            open,
        })
    }

    fn by_count(&self, vasopressors: usize, vasopressin: usize) -> Span {
        match (vasopressors, vasopressin) {
            (0, 0) => Span::NONE,
            // The source does not say what vasopressin alone is.
            (0, _) => self.numbers.vasopressin_alone.grades,
            (1, _) => self.numbers.one_vasopressor.grades,
            _ => self.numbers.several_vasopressors.grades,
        }
    }

    /// Hypoxia at an instant: the device and flow by which oxygen is needed.
    pub fn hypoxia(&self, at: Timestamp) -> Domain<'a> {
        let unknown = Span::unknown(self.numbers.highest);
        if let Some(excluded) = self.excluded_by(&self.hypoxia_cause, at) {
            return excluded;
        }
        let mut domain = Domain::settled(unknown);
        let device = self.device.standing(at);
        let flow = self.flow.standing(at);
        let mut span: Option<Span> = None;
        for item in device.known() {
            let Some(answer) = item.fact.answer() else {
                continue;
            };
            let one = self.device_span(item, answer, flow, &mut domain);
            span = Some(span.map_or(one, |s| s.or(one)));
        }
        let device_at = device.newest().map(|item| item.at);
        let newer_flow = |item: &&Item<'a>| Some(item.at) > device_at || span.is_none();
        if span.is_none_or(|span| span == Span::NONE)
            && let Some(item) = flow.known().iter().rev().find(newer_flow)
        {
            span = Some(self.bare_flow(item, &mut domain));
        }
        match span {
            Some(span) => domain.span = span,
            None => {
                domain.unusable(device);
                domain.unusable(flow);
                domain.asks.push(Ask::Device(
                    self.low_saturation(at, Timestamp::MIN).map(|i| i.fact),
                ));
            }
        }
        if domain.span == Span::NONE
            && let Some(low) =
                self.low_saturation(at, device_at.max(flow.newest().map(|i| i.at)).unwrap_or(at))
            && !domain.evidence.iter().any(|e| e.role != Role::Counts)
        {
            domain.span = unknown;
            domain.add(low, None, unknown, Role::Asks);
            domain.asks.push(Ask::Device(Some(low.fact)));
        }
        domain
    }

    fn low_saturation(&self, at: Timestamp, after: Timestamp) -> Option<Item<'a>> {
        newer_low(
            &self.saturation,
            self.numbers.site.low_saturation.as_ref(),
            at,
            after,
        )
    }

    fn device_span(
        &self,
        item: &Item<'a>,
        answer: Answer,
        flow: Standing<'_, 'a>,
        domain: &mut Domain<'a>,
    ) -> Span {
        if let Some(cause) = other_cause(item.fact.attributed_to) {
            domain.add(*item, None, Span::NONE, Role::OtherCause(cause));
            return Span::NONE;
        }
        if answer == AIRWAY_PROTECTION {
            domain.add(*item, None, Span::NONE, Role::OutsideScale);
            return Span::NONE;
        }
        if answer == NASAL_CANNULA {
            return self.cannula(item, flow, domain);
        }
        let criterion = by_answer(&self.numbers.devices, answer);
        let span = match (criterion, answer) {
            (_, NONE) => Span::NONE,
            (Some(criterion), _) => criterion.grades,
            (None, _) => {
                let all = when_present(&self.numbers.devices);
                all.map_or(Span::unknown(self.numbers.highest), |all| {
                    all.or(self.numbers.low_flow.grades)
                })
            }
        };
        if !span.settled() {
            domain.asks.push(Ask::Device(None));
        }
        domain.add(*item, criterion, span, Role::Counts);
        span
    }

    fn cannula(&self, device: &Item<'a>, flow: Standing<'_, 'a>, domain: &mut Domain<'a>) -> Span {
        let (low, high) = (&self.numbers.low_flow, &self.numbers.high_flow);
        let since = self.run_start(device);
        let Some(item) = flow.known().iter().rev().find(|item| item.at >= since) else {
            domain.asks.push(Ask::Flow);
            let unknown = &self.numbers.cannula_unknown;
            domain.add(*device, Some(unknown), unknown.grades, Role::Counts);
            return unknown.grades;
        };
        let range = item
            .fact
            .quantity()
            .map_or((0.0, f64::INFINITY), |q| q.range(0.0));
        let span = match low.limit.and_then(|limit| limit.holds_range(range)) {
            _ if range == (0.0, 0.0) => Span::NONE,
            Some(true) => low.grades,
            Some(false) => high.grades,
            None => {
                domain.asks.push(Ask::Flow);
                low.grades.or(high.grades)
            }
        };
        let criterion = if span == high.grades { high } else { low };
        domain.add(*device, Some(criterion), span, Role::Counts);
        domain.add(*item, Some(criterion), span, Role::Counts);
        span
    }

    /// Since when the device has been this one: an older flow belongs to another device.
    fn run_start(&self, device: &Item<'a>) -> Timestamp {
        let before = self
            .device
            .items()
            .iter()
            .rev()
            .filter(|item| item.at <= device.at);
        before
            .take_while(|item| item.fact.answer() == device.fact.answer())
            .last()
            .map_or(device.at, |item| item.at)
    }

    /// A flow without a device.
    fn bare_flow(&self, item: &Item<'a>, domain: &mut Domain<'a>) -> Span {
        let (low, high, open) = (
            &self.numbers.low_flow,
            &self.numbers.high_flow,
            &self.numbers.bare_flow,
        );
        if let Some(cause) = other_cause(item.fact.attributed_to) {
            domain.add(*item, None, Span::NONE, Role::OtherCause(cause));
            return Span::NONE;
        }
        let range = item
            .fact
            .quantity()
            .map_or((0.0, f64::INFINITY), |q| q.range(0.0));
        let span = match low.limit.and_then(|limit| limit.holds_range(range)) {
            _ if range == (0.0, 0.0) => Span::NONE,
            Some(false) => high.grades,
            _ => open.grades,
        };
        if !span.settled() {
            domain.asks.push(Ask::Device(None));
        }
        domain.add(
            *item,
            Some(if span == high.grades { high } else { open }),
            span,
            Role::Counts,
        );
        span
    }
}

/// What the running vasopressors say.
#[derive(Clone, Copy)]
struct DrugSpan {
    span: Span,
    /// The highest grade from drugs that run for certain; 0 where all may have ended.
    certain: u8,
    /// The newest start.
    newest: Timestamp,
    /// None of them has a recorded end.
    open: bool,
}

/// The newest standing measurement after a time, where it is below the line that asks.
fn newer_low<'a>(
    track: &Track<'a>,
    line: Option<&crate::numbers::Limit>,
    at: Timestamp,
    after: Timestamp,
) -> Option<Item<'a>> {
    let item = track.standing(at).known().last().copied()?;
    let low = line?.holds(item.fact.quantity()?.value);
    (low && item.at > after).then_some(item)
}
