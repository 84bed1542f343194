//! Facts as they stand at an instant: which observation is the newest, whether it is still fresh,
//! which drugs run, which infusion the question is about. Knows no criterion and no grade.

use crate::words::Lexicon;
use jiff::{SignedDuration, Timestamp, civil::Date};
use vena_base::{Answer, Concept, Fact, Value, View, When};

/// The answer that ends a drug.
const STOPPED: Answer = Answer::known("stopped");

/// One fact at a place on the axis.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item<'a> {
    /// Where the fact stands in time.
    pub at: Timestamp,
    /// The last instant at which it may have happened; later than `at` where only the day is known.
    pub last: Timestamp,
    /// From when on its time may have ended; before `until` where the end is known only to the day.
    pub may_end: Timestamp,
    /// The last instant for which it stands.
    pub until: Timestamp,
    /// The fact.
    pub fact: &'a Fact,
}

/// The facts of one concept in order of time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Track<'a> {
    items: Vec<Item<'a>>,
    /// Whether a fact of it is known only to the day, month or year.
    pub dated: bool,
}

/// What stands at an instant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Standing<'t, 'a> {
    /// The newest, fresh; several where they were taken at the same instant.
    Known(&'t [Item<'a>]),
    /// The newest is too old to stand for now, or its time has ended.
    Stale(Item<'a>),
    /// The newest says that it could not be assessed.
    NotAssessed(Item<'a>),
    /// Never seen.
    Missing,
}

impl<'t, 'a> Standing<'t, 'a> {
    /// The newest item, whatever it says.
    pub fn newest(self) -> Option<Item<'a>> {
        match self {
            Standing::Known(items) => items.last().copied(),
            Standing::Stale(item) | Standing::NotAssessed(item) => Some(item),
            Standing::Missing => None,
        }
    }

    /// The items that may be used.
    pub fn known(self) -> &'t [Item<'a>] {
        match self {
            Standing::Known(items) => items,
            _ => &[],
        }
    }

    /// Whether a usable item gives this answer.
    pub fn says(self, answer: Answer) -> bool {
        self.known().iter().any(|item| item.fact.answer() == Some(answer))
    }
}

impl<'a> Track<'a> {
    /// Places the facts of a concept. A fact known only to the day stands from the day's first
    /// instant, or with `late` from its last (but never after the view's instant): both orders
    /// against facts with a clock time are possible.
    pub fn new(view: &View<'a>, concept: Concept, lexicon: &Lexicon, late: bool) -> Track<'a> {
        Track::holding(view, concept, lexicon.holds_h(concept).and_then(hours), late)
    }

    /// Places the facts of a concept, each standing for `hold`; `None`: until it is replaced.
    fn holding(view: &View<'a>, concept: Concept, hold: Option<SignedDuration>, late: bool) -> Track<'a> {
        let zone = view.zone();
        let mut dated = false;
        let mut items: Vec<Item<'a>> = view
            .of(concept)
            .map(|fact| {
                let (first, last) = (fact.when.earliest(zone), fact.when.latest(zone));
                dated |= first != last;
                let at = if late { last.min(view.at).max(first) } else { first };
                let held = || match hold {
                    Some(hold) => last.max(first.saturating_add(hold).unwrap_or(Timestamp::MAX)),
                    None => Timestamp::MAX,
                };
                let (may_end, until) = match &fact.until {
                    Some(until) if until.latest(zone) >= first => {
                        (until.earliest(zone).max(at), until.latest(zone))
                    }
                    // An end before the start is no end: when it ended is not known.
                    Some(_) => (at, held()),
                    None => (held(), held()),
                };
                Item { at, last, may_end, until, fact }
            })
            .collect();
        items.sort_by_key(|item| item.at);
        Track { items, dated }
    }

    /// All items, by time.
    pub fn items(&self) -> &[Item<'a>] {
        &self.items
    }

    /// What stands at an instant.
    pub fn standing(&self, at: Timestamp) -> Standing<'_, 'a> {
        let end = self.items.partition_point(|item| item.at <= at);
        let seen = self.items.get(..end).unwrap_or_default();
        let Some(newest) = seen.last().copied() else {
            return Standing::Missing;
        };
        let start = seen.partition_point(|item| item.at < newest.at);
        let tied = seen.get(start..).unwrap_or_default();
        let usable = |item: &&Item<'a>| item.until >= at && !matches!(item.fact.value, Value::NotAssessed(_));
        match tied.iter().filter(usable).count() {
            0 if newest.until < at => Standing::Stale(newest),
            0 => Standing::NotAssessed(newest),
            n if n == tied.len() => Standing::Known(tied),
            // Told at once that it was and was not assessed: what was assessed is used.
            _ => tied
                .iter()
                .position(|item| usable(&item))
                .and_then(|i| tied.get(i..=i))
                .map_or(Standing::Missing, Standing::Known),
        }
    }

    /// The instants at which what stands may change.
    pub fn changes(&self, into: &mut Vec<Timestamp>) {
        for item in &self.items {
            into.push(item.at);
            if item.until < Timestamp::MAX {
                into.extend(just_after(item.until));
            }
        }
    }
}

/// The next instant.
pub(crate) fn just_after(at: Timestamp) -> Option<Timestamp> {
    at.checked_add(SignedDuration::from_nanos(1)).ok()
}

/// The instant before.
pub(crate) fn just_before(at: Timestamp) -> Timestamp {
    at.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(Timestamp::MIN)
}

/// Hours as a length of time; `None` where it is no length.
pub(crate) fn hours(hours: f64) -> Option<SignedDuration> {
    SignedDuration::try_from_secs_f64(hours * 3600.0).ok()
}

/// Why it is not certain that a drug runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// It was started, no stop is recorded, and the start is too old to say.
    NoStop,
    /// Its end or stop is known only to the day, and this is the day.
    EndDay,
    /// A dose without a rate or an end: a single dose, or the bag that was hung.
    SingleDose,
}

/// Whether a drug runs at an instant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Running<'a> {
    /// It runs; `open` where neither an end nor a stop is recorded.
    Yes { item: Item<'a>, open: bool },
    /// It may run.
    Perhaps(Item<'a>, Doubt),
    /// It does not run.
    No,
}

/// One drug's starts, ends and stops.
#[derive(Debug, Clone)]
pub(crate) struct DrugTrack<'a> {
    /// The drug.
    pub concept: Concept,
    track: Track<'a>,
    /// A dose without rate or end is not taken for a running infusion.
    infusions: bool,
}

impl<'a> DrugTrack<'a> {
    /// Places the administrations of a drug. Without a recorded end it counts as running for its own
    /// holding time, or else for as long as the clinician's statement it stands for (`like`) would.
    pub fn new(
        view: &View<'a>,
        concept: Concept,
        like: Concept,
        lexicon: &Lexicon,
        late: bool,
    ) -> DrugTrack<'a> {
        let hold = lexicon.holds_h(concept).or_else(|| lexicon.holds_h(like)).and_then(hours);
        DrugTrack { concept, track: Track::holding(view, concept, hold, late), infusions: false }
    }

    /// Only the rows that `keep` keeps; stops always stay.
    pub fn only(mut self, keep: impl Fn(&Fact) -> bool) -> DrugTrack<'a> {
        self.track.items.retain(|item| stops(item.fact) || keep(item.fact));
        self
    }

    /// Takes a dose without rate or end for a single dose: whether anything runs is then open.
    pub fn infusions(mut self) -> DrugTrack<'a> {
        self.infusions = true;
        self
    }

    /// Whether nothing of it was given.
    pub fn is_empty(&self) -> bool {
        self.given().next().is_none()
    }

    /// Whether an administration, its end or its stop is known only to the day.
    pub fn dated(&self) -> bool {
        self.track.dated
    }

    /// The administrations: starts that gave something.
    pub fn given(&self) -> impl Iterator<Item = &Item<'a>> {
        self.track.items.iter().filter(|item| gives(item.fact))
    }

    /// The newest administration at an instant that still stands for now.
    pub fn newest(&self, at: Timestamp) -> Option<Item<'a>> {
        self.given().filter(|item| item.at <= at && at <= item.until).last().copied()
    }

    /// The instants at which running may change.
    pub fn changes(&self, into: &mut Vec<Timestamp>) {
        self.track.changes(into);
        for item in &self.track.items {
            // What has an end does not run at it; a day ends with its last instant.
            into.extend([item.may_end, item.until, item.last].into_iter().filter(|at| *at < Timestamp::MAX));
            into.extend(just_after(item.last));
        }
    }

    /// Whether it runs at an instant.
    pub fn running(&self, at: Timestamp) -> Running<'a> {
        let items = &self.track.items;
        let end = items.partition_point(|item| item.at <= at);
        self.running_of(items.get(..end).unwrap_or_default(), at)
    }

    fn running_of(&self, seen: &[Item<'a>], at: Timestamp) -> Running<'a> {
        let stop = seen.iter().rposition(|item| stops(item.fact));
        let live = seen.get(stop.map_or(0, |stop| stop + 1)..).unwrap_or_default();
        let now = self.live(live, at);
        match (now, stop) {
            // A stop known only to the day may still lie ahead.
            (Running::No, Some(stop)) if seen.get(stop).is_some_and(|i| i.at < i.last && at <= i.last) => {
                match self.running_of(seen.get(..stop).unwrap_or_default(), at) {
                    Running::Yes { item, .. } | Running::Perhaps(item, _) => {
                        Running::Perhaps(item, Doubt::EndDay)
                    }
                    Running::No => Running::No,
                }
            }
            (now, _) => now,
        }
    }

    /// Whether it runs by what was given since the last stop.
    fn live(&self, live: &[Item<'a>], at: Timestamp) -> Running<'a> {
        let given = || live.iter().rev().filter(|item| gives(item.fact));
        let ended = |item: &&Item<'a>| item.fact.until.is_some();
        if let Some(item) = given().filter(ended).find(|item| at < item.may_end) {
            return Running::Yes { item: *item, open: false };
        }
        let steady = |item: &&Item<'a>| item.fact.until.is_none() && !(self.infusions && single(item.fact));
        // A single dose does not end an infusion that was started before it.
        let open = given().take_while(|item| !ended(item)).find(steady);
        match open {
            Some(item) if at <= item.until => return Running::Yes { item: *item, open: true },
            Some(item) => return Running::Perhaps(*item, Doubt::NoStop),
            None => {}
        }
        if let Some(item) = given().filter(ended).find(|item| at <= item.until && item.may_end < item.until) {
            return Running::Perhaps(*item, Doubt::EndDay);
        }
        match given().find(|item| self.infusions && single(item.fact) && at <= item.until) {
            Some(item) => Running::Perhaps(*item, Doubt::SingleDose),
            None => Running::No,
        }
    }
}

/// A dose that tells neither a rate nor an end.
fn single(fact: &Fact) -> bool {
    fact.until.is_none() && fact.quantity().is_some_and(|quantity| !is_rate(&quantity.written_unit))
}

/// Whether a unit is one of a rate: something per time.
fn is_rate(unit: &str) -> bool {
    const TIMES: [&str; 9] = ["s", "sec", "min", "h", "hr", "hour", "d", "day", "24h"];
    unit.split('/').skip(1).any(|part| TIMES.contains(&part.trim().trim_end_matches('.')))
}

/// A row that ends a drug: `stopped`, or a dose or rate of nothing.
fn stops(fact: &Fact) -> bool {
    fact.answer() == Some(STOPPED) || fact.quantity().is_some_and(|q| q.value == 0.0)
}

/// A row that gives a drug.
fn gives(fact: &Fact) -> bool {
    !stops(fact) && !matches!(fact.value, Value::NotAssessed(_))
}

/// The infusions of one calendar day, taken as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InfusionDay {
    /// The earliest start.
    pub start: Timestamp,
    /// The latest start it can mean: later than `start` where only the day is known.
    pub end: Timestamp,
    /// The calendar day in the chart's zone: day 0.
    pub day: Date,
    /// As it was written.
    pub when: When,
}

/// The days on which cells were infused, known by the view's `known_at`, whether past or to come.
pub(crate) fn infusion_days(view: &View<'_>) -> Vec<InfusionDay> {
    const INFUSION: Concept = Concept::known("infusion");
    let zone = view.zone();
    let everything = view.chart().view(Timestamp::MAX, view.known_at);
    let mut days: Vec<InfusionDay> = Vec::new();
    for fact in everything.of(INFUSION) {
        if matches!(fact.value, Value::NotAssessed(_)) {
            continue;
        }
        let found = InfusionDay {
            start: fact.when.earliest(zone),
            end: fact.when.latest(zone),
            day: fact.when.first_day(zone),
            when: fact.when,
        };
        match days.iter_mut().find(|known| known.day == found.day) {
            // A clock time says more than the day it lies on.
            Some(known) if known.when.instant().is_none() && found.when.instant().is_some() => *known = found,
            Some(known) if known.when.instant().is_some() && found.when.instant().is_none() => {}
            Some(known) if found.start < known.start => *known = found,
            Some(_) => {}
            None => days.push(found),
        }
    }
    days.sort_by_key(|day| day.start);
    days
}

/// What was written of an event or a value that could not be read; `None` for every other fact.
pub(crate) fn unreadable(fact: &Fact) -> Option<&str> {
    const MARK: &str = "unreadable: ";
    match &fact.value {
        Value::NotAssessed(why) => why.strip_prefix(MARK),
        _ => None,
    }
}

/// Events of a concept that were written and could not be read, whenever they happened.
pub(crate) fn unreadable_of<'a>(view: &View<'a>, concept: Concept) -> Option<&'a str> {
    view.chart().view(Timestamp::MAX, view.known_at).of(concept).find_map(unreadable)
}

/// When a fact happened for the first time, as seen from the view.
pub(crate) fn first_time<'a>(view: &View<'a>, concept: Concept) -> Option<&'a Fact> {
    view.of(concept).find(|fact| !matches!(fact.value, Value::NotAssessed(_)))
}
