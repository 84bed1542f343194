//! Episodes of CRS: fever opens one; what is given against it within the episode makes fever
//! unnecessary; a clinician or enough quiet hours end it. Walks the chart once in order of time, so
//! that a later fact cannot change an earlier grade. Must not know texts.

use super::domains::{Domain, Fever, Inputs, PRESENT};
use crate::{
    span::Span,
    timeline::{Item, hours, just_after},
};
use jiff::{SignedDuration, Timestamp};
use vena_base::{Answer, Concept, Fact, Value, When};

const NONE_GIVEN: Answer = Answer::known("none-given");
const GIVEN: Answer = Answer::known("given");

/// What ended an episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// A clinician closed it.
    Closed,
    /// The site's number of hours without fever, hypotension and hypoxia, all observed.
    Quiet,
    /// The fever that opened it was given another cause, and nothing else had been found.
    OtherCause,
}

/// What made fever unnecessary within an episode.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Waiver {
    /// From when on.
    pub at: Timestamp,
    /// The drug, or the statement that one was given.
    pub concept: Concept,
    /// As it was written.
    pub when: When,
}

/// One episode of CRS.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// The fever that opened it.
    pub start: When,
    /// Its instant on the axis.
    pub start_at: Timestamp,
    /// When it ended; `None` while it is open.
    pub end: Option<Timestamp>,
    /// What ended it.
    pub ending: Option<Ending>,
    /// The highest grades reached.
    pub peak_low: u8,
    /// The highest grade that may have been reached.
    pub peak_high: u8,
    /// What made fever unnecessary, and since when.
    pub waiver: Option<Waiver>,
}

/// The grade from one instant on, until the next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub from: Timestamp,
    pub span: Span,
}

/// The state at the end of a walk.
pub(crate) struct Walk<'a> {
    pub steps: Vec<Step>,
    pub episodes: Vec<Episode>,
    pub state: State,
    /// The opening fever of the episode that is still open.
    pub opening: Option<&'a Fact>,
    pub fever: (Fever, Domain<'a>),
    pub hypotension: Domain<'a>,
    pub hypoxia: Domain<'a>,
    pub span: Span,
    /// The statement that nothing was given, where it decides.
    pub none_given: Option<Item<'a>>,
}

/// Where the course stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// No episode is open.
    Quiet,
    /// No fever was ever seen, but something that hides it was given: it may have been there.
    Masked,
    /// Open; fever is still needed.
    NeedsFever,
    /// Open; nothing was given, as a clinician stated.
    Untreated,
    /// Open; the grade rests on pressure and oxygen.
    Treated,
}

/// The grades allowed by a state and the three domains.
pub(crate) fn grade(state: State, fever: Fever, fever_grade: Span, pressure: Span, oxygen: Span) -> Span {
    let signs = pressure.worst(oxygen);
    let with_fever = signs.worst(fever_grade);
    let without_fever = match state {
        State::Quiet | State::Untreated => Span::NONE,
        // The drug log may be incomplete: had something been given, the signs would grade alone.
        State::NeedsFever | State::Masked => Span { low: 0, high: signs.high },
        State::Treated => signs,
    };
    match fever {
        Fever::Yes => with_fever,
        Fever::No => without_fever,
        Fever::Unknown => with_fever.or(without_fever),
    }
}

/// Walks the course from the infusion to `until`.
pub(crate) fn walk<'a>(inputs: &Inputs<'a>, until: Timestamp) -> Walk<'a> {
    let mut walker = Walker {
        inputs,
        quiet: inputs.numbers.site.clean_hours.and_then(hours),
        open: None,
        episodes: Vec::new(),
        steps: Vec::new(),
        clean_since: None,
    };
    for at in breakpoints(inputs, inputs.infusion, until) {
        walker.step(at);
    }
    let fever = inputs.fever(until);
    let (hypotension, hypoxia) = (inputs.hypotension(until), inputs.hypoxia(until));
    let (state, none_given) = walker.state(until);
    let span = grade(state, fever.0, inputs.numbers.fever.grades, hypotension.span, hypoxia.span);
    let opening = walker.open.as_ref().map(|open| open.1);
    let Walker { mut episodes, open, steps, .. } = walker;
    episodes.extend(open.map(|(episode, _)| episode));
    Walk { steps, episodes, state, opening, fever, hypotension, hypoxia, span, none_given }
}

/// Every instant at which something may change, in order; the last is `until`.
fn breakpoints(inputs: &Inputs<'_>, infusion: Timestamp, until: Timestamp) -> Vec<Timestamp> {
    let mut at = vec![infusion, until];
    for track in [
        &inputs.temperature,
        &inputs.other_fever,
        &inputs.closed,
        &inputs.statement,
        &inputs.vasopressor_need,
        &inputs.hypotension_cause,
        &inputs.device,
        &inputs.flow,
        &inputs.saturation,
        &inputs.fraction,
        &inputs.hypoxia_cause,
        &inputs.antipyretic,
    ] {
        track.changes(&mut at);
    }
    inputs.pressures.iter().for_each(|track| track.changes(&mut at));
    let drugs = inputs.vasopressors.iter().chain(&inputs.vasopressin).chain(&inputs.waivers);
    for drug in drugs.chain(&inputs.open_waivers) {
        drug.changes(&mut at);
    }
    at.retain(|t| (infusion..=until).contains(t));
    at.sort_unstable();
    at.dedup();
    at
}

struct Walker<'i, 'a> {
    inputs: &'i Inputs<'a>,
    quiet: Option<SignedDuration>,
    open: Option<(Episode, &'a Fact)>,
    episodes: Vec<Episode>,
    steps: Vec<Step>,
    clean_since: Option<Timestamp>,
}

impl<'a> Walker<'_, 'a> {
    fn step(&mut self, at: Timestamp) {
        self.close_if_quiet(at);
        if self.happened_at(&self.inputs.closed, at) {
            self.close(at, Ending::Closed);
        }
        let exonerated = self.inputs.other_fever.standing(at).says(PRESENT);
        if exonerated
            && self.open.as_ref().is_some_and(|(e, _)| e.peak_low <= self.inputs.numbers.fever.grades.high)
        {
            self.close(at, Ending::OtherCause);
        }
        self.open_on_fever(at);
        self.take_waiver(at);
        let fever = self.inputs.fever(at).0;
        let (pressure, oxygen) = (self.inputs.hypotension(at).span, self.inputs.hypoxia(at).span);
        let (state, _) = self.state(at);
        let span = grade(state, fever, self.inputs.numbers.fever.grades, pressure, oxygen);
        if let Some((episode, _)) = &mut self.open {
            episode.peak_low = episode.peak_low.max(span.low);
            episode.peak_high = episode.peak_high.max(span.high);
        }
        let clean = fever == Fever::No && pressure == Span::NONE && oxygen == Span::NONE;
        self.clean_since = if clean { self.clean_since.or(Some(at)) } else { None };
        if self.steps.last().is_none_or(|last| last.span != span) {
            self.steps.push(Step { from: at, span });
        }
    }

    /// Ends the episode where enough quiet hours have passed by `at`.
    fn close_if_quiet(&mut self, at: Timestamp) {
        let (Some(since), Some(quiet)) = (self.clean_since, self.quiet) else {
            return;
        };
        let Ok(ends) = since.checked_add(quiet) else {
            return;
        };
        if ends <= at {
            self.close(ends, Ending::Quiet);
        }
    }

    fn close(&mut self, at: Timestamp, ending: Ending) {
        if let Some((mut episode, _)) = self.open.take() {
            episode.end = Some(at);
            episode.ending = Some(ending);
            self.episodes.push(episode);
        }
    }

    fn happened_at(&self, track: &crate::timeline::Track<'a>, at: Timestamp) -> bool {
        items_at(track, at).iter().any(|item| !matches!(item.fact.value, Value::NotAssessed(_)))
    }

    fn open_on_fever(&mut self, at: Timestamp) {
        if self.open.is_some() {
            return;
        }
        let fever = items_at(&self.inputs.temperature, at)
            .iter()
            .find(|item| self.inputs.is_fever(item) == Some(true));
        if let Some(item) = fever {
            let episode = Episode {
                start: item.fact.when,
                start_at: at,
                end: None,
                ending: None,
                peak_low: 0,
                peak_high: 0,
                waiver: None,
            };
            self.open = Some((episode, item.fact));
        }
    }

    /// A drug given at or after the onset, or still being given at it, makes fever unnecessary.
    fn take_waiver(&mut self, at: Timestamp) {
        let Some((episode, _)) = &mut self.open else {
            return;
        };
        if episode.waiver.is_some() {
            return;
        }
        let onset = episode.start_at;
        let given =
            self.inputs.waivers.iter().flat_map(|drug| drug.given().map(move |item| (drug.concept, item)));
        let drug = given
            .filter(|(_, item)| item.at <= at && counts_from(item, onset))
            .min_by_key(|(_, item)| item.at);
        episode.waiver =
            drug.map(|(concept, item)| Waiver { at: item.at.max(onset), concept, when: item.fact.when });
        if episode.waiver.is_none() {
            let statement = self.inputs.antipyretic.standing(at);
            let said = statement.known().iter().find(|i| i.fact.answer() == Some(GIVEN) && i.at >= onset);
            episode.waiver =
                said.map(|item| Waiver { at: item.at, concept: item.fact.concept, when: item.fact.when });
        }
    }

    /// Whether anything against fever was given after the infusion, by a route that may reach the body.
    fn given_since_infusion(&self, at: Timestamp) -> bool {
        let from = self.inputs.infusion;
        let given =
            |drug: &crate::timeline::DrugTrack<'a>| drug.given().any(|item| item.at <= at && item.at > from);
        self.inputs.waivers.iter().chain(&self.inputs.open_waivers).any(given)
    }

    /// The newest dose in this episode by a route that may not reach the whole body.
    fn open_route_since(&self, onset: Timestamp, at: Timestamp) -> Option<Timestamp> {
        let given = self.inputs.open_waivers.iter().flat_map(|drug| drug.given());
        given.filter(|item| item.at <= at && counts_from(item, onset)).map(|item| item.at).max()
    }

    fn state(&self, at: Timestamp) -> (State, Option<Item<'a>>) {
        let Some((episode, _)) = &self.open else {
            let masked = self.episodes.is_empty() && self.given_since_infusion(at);
            return (if masked { State::Masked } else { State::Quiet }, None);
        };
        if episode.waiver.is_some() {
            return (State::Treated, None);
        }
        let statement = self.inputs.antipyretic.standing(at);
        // A dose whose route leaves it open outweighs an older word that nothing was given.
        let from = self.open_route_since(episode.start_at, at).unwrap_or(episode.start_at);
        let none = statement.known().iter().find(|i| i.fact.answer() == Some(NONE_GIVEN) && i.at >= from);
        none.map_or((State::NeedsFever, None), |item| (State::Untreated, Some(*item)))
    }
}

/// Whether an administration counts against a fever that began at `onset`.
fn counts_from(item: &Item<'_>, onset: Timestamp) -> bool {
    // One whose end is known only to the day of the onset may have ended before it.
    item.at >= onset || (item.fact.until.is_some() && item.may_end > onset)
}

/// The items of a track that begin at exactly this instant.
fn items_at<'t, 'a>(track: &'t crate::timeline::Track<'a>, at: Timestamp) -> &'t [Item<'a>] {
    let items = track.items();
    let start = items.partition_point(|item| item.at < at);
    let end = just_after(at).map_or(items.len(), |next| items.partition_point(|item| item.at < next));
    items.get(start..end).unwrap_or_default()
}
