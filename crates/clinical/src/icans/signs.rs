//! Consciousness, seizures, motor findings and brain pressure at an instant. Must not know the score
//! tests, and no number.

use super::{BEFORE, Domain, Role, SEDATION, Scene, excluded};
use crate::{
    numbers::{Criterion, by_answer},
    span::Span,
    timeline::{DrugTrack, Item, Running, Track},
};
use vena_base::{Answer, Concept, Text};

pub(super) const CONSCIOUSNESS: Concept = Concept::known("level-of-consciousness");
const SEIZURE: Concept = Concept::known("seizure");
const MOTOR: Concept = Concept::known("motor");
const IMAGING: Concept = Concept::known("neuroimaging");
const PRESSURE: Concept = Concept::known("raised-icp-signs");

const NONE: Answer = Answer::known("none");
const NORMAL: Answer = Answer::known("normal");
const HAEMORRHAGE: Answer = Answer::known("haemorrhage");
const ALERT: Answer = Answer::known("alert");
const UNAROUSABLE: Answer = Answer::known("unarousable");
const SEDATED: Answer = Answer::known("sedated");
const SEDATION_CAUSE: Answer = Answer::known("sedation");

/// What consciousness tells the score tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arousal {
    /// Known, and not lowered by sedation: its grades.
    Known {
        /// The grades of its own domain.
        grades: Span,
        /// Cannot be woken.
        unarousable: bool,
    },
    /// Lowered under sedation: says nothing about the disease.
    Sedated,
    /// Not known now.
    Unknown,
}

impl<'a> Scene<'_, 'a> {
    /// Consciousness: what it tells the score tests, and its own domain.
    pub(super) fn consciousness(&self) -> (Arousal, Domain) {
        let mut domain = Domain::settled(self.unknown());
        let track = self.track(CONSCIOUSNESS);
        let standing = track.standing(self.view.at);
        let sedated = self.sedation();
        let mut seen: Option<(Span, bool)> = None;
        let mut under_sedation = false;
        for item in standing.known() {
            let Some(answer) = item.fact.answer() else {
                continue;
            };
            let criterion = by_answer(&self.numbers.arousal, answer);
            let lowered = answer != ALERT;
            let cause = excluded(item);
            if lowered && (sedated.is_some() || cause == Some(SEDATION_CAUSE)) {
                under_sedation = true;
                let role = Role::LeftOut("under sedation: does not count", "鎮靜中：不計入");
                domain.because.push(self.reason(item, criterion, Span::NONE, &role));
                continue;
            }
            if lowered && cause.is_none() && self.before_infusion(item) {
                domain.because.push(self.reason(item, criterion, Span::NONE, &BEFORE));
                continue;
            }
            let span = match (cause, criterion) {
                (Some(_), _) => Span::NONE,
                (None, Some(criterion)) => criterion.grades,
                (None, None) if lowered => continue,
                (None, None) => Span::NONE,
            };
            domain.because.push(self.reason(item, criterion, span, &role_of(cause)));
            let unarousable = answer == UNAROUSABLE && cause.is_none();
            seen = Some(seen.map_or((span, unarousable), |(s, u)| (s.or(span), u || unarousable)));
        }
        if under_sedation {
            if let Some(item) = sedated {
                let role = Role::LeftOut("explains a lowered consciousness", "可解釋意識下降");
                domain.because.push(self.reason(&item, None, Span::NONE, &role));
            }
            self.ask(&mut domain, CONSCIOUSNESS);
            return (Arousal::Sedated, domain);
        }
        match seen {
            Some((grades, unarousable)) => {
                domain.span = grades;
                (Arousal::Known { grades, unarousable }, domain)
            }
            None => {
                self.lacks(&mut domain, CONSCIOUSNESS, standing);
                (if sedated.is_some() { Arousal::Sedated } else { Arousal::Unknown }, domain)
            }
        }
    }

    /// The fact that says the patient is sedated: a statement, or a sedative that runs. A statement
    /// that there is no sedation outranks an older start.
    fn sedation(&self) -> Option<Item<'a>> {
        let track = self.track(SEDATION);
        let standing = track.standing(self.view.at);
        if standing.says(SEDATED) {
            return standing.newest();
        }
        let denied = if standing.says(NONE) { standing.newest().map(|item| item.at) } else { None };
        let drugs = self.lexicon.class("sedative").iter();
        drugs
            .filter_map(|drug| {
                match DrugTrack::new(self.view, *drug, SEDATION, self.lexicon, self.late)
                    .running(self.view.at)
                {
                    Running::Yes { item, .. } if Some(item.at) > denied => Some(item),
                    _ => None,
                }
            })
            .next()
    }

    /// Seizures.
    pub(super) fn seizure(&self) -> Domain {
        self.by_answers(SEIZURE, &self.numbers.seizure)
    }

    /// Motor findings; tremor and myoclonus are outside the scale.
    pub(super) fn motor(&self) -> Domain {
        self.by_answers(MOTOR, &self.numbers.motor)
    }

    /// A domain read off one concept's answers.
    fn by_answers(&self, concept: Concept, criteria: &[Criterion]) -> Domain {
        let mut domain = Domain::settled(self.unknown());
        let track = self.track(concept);
        let standing = track.standing(self.view.at);
        match self.answered(&track, criteria, &mut domain) {
            Some(span) => domain.span = span,
            None => self.lacks(&mut domain, concept, standing),
        }
        domain
    }

    /// The grades of the answers that stand; `None` where nothing usable stands.
    fn answered(&self, track: &Track<'a>, criteria: &[Criterion], domain: &mut Domain) -> Option<Span> {
        let mut seen: Option<Span> = None;
        for item in track.standing(self.view.at).known() {
            let Some(answer) = item.fact.answer() else {
                continue;
            };
            let criterion = by_answer(criteria, answer);
            let cause = excluded(item);
            let outside =
                criterion.is_none_or(|c| c.grades == Span::NONE) && ![NONE, NORMAL].contains(&answer);
            if cause.is_none() && !outside && self.graded(item, criteria) && self.before_infusion(item) {
                domain.because.push(self.reason(item, criterion, Span::NONE, &BEFORE));
                continue;
            }
            let (span, role) = match (cause, criterion) {
                (Some(_), _) => (Span::NONE, role_of(cause)),
                _ if outside => (Span::NONE, Role::LeftOut("outside this scale", "不屬於本分級的項目")),
                (None, Some(criterion)) => (criterion.grades, Role::Counts),
                (None, None) => (Span::NONE, Role::Counts),
            };
            if outside && let Some(older) = self.graded_before(track, item, criteria) {
                // It says nothing of what was seen before it, which may still be there.
                let grades = older.1.grades;
                let role = Role::LeftOut("may still be there", "可能仍存在");
                domain.because.push(self.reason(&older.0, Some(older.1), grades, &role));
                self.ask(domain, item.fact.concept);
                seen = Some(seen.map_or(grades, |s| s.or(grades)).or(Span::NONE));
            }
            domain.because.push(self.reason(item, criterion, span, &role));
            seen = Some(seen.map_or(span, |s| s.or(span)));
        }
        seen
    }

    /// Whether an item's answer grades.
    fn graded(&self, item: &Item<'a>, criteria: &[Criterion]) -> bool {
        let criterion = item.fact.answer().and_then(|answer| by_answer(criteria, answer));
        criterion.is_some_and(|criterion| criterion.grades != Span::NONE)
    }

    /// What was last said on the scale before an answer outside it, where it still stands and grades.
    fn graded_before<'c>(
        &self,
        track: &Track<'a>,
        outside: &Item<'a>,
        criteria: &'c [Criterion],
    ) -> Option<(Item<'a>, &'c Criterion)> {
        let speaks = |item: &&Item<'a>| {
            item.fact.answer().is_some_and(|answer| {
                [NONE, NORMAL].contains(&answer)
                    || by_answer(criteria, answer).is_some_and(|c| c.grades != Span::NONE)
            })
        };
        let older =
            track.items().iter().rev().filter(|item| item.at <= outside.at && item.until >= self.view.at);
        let item = older.filter(|item| excluded(item).is_none()).find(speaks)?;
        let criterion = by_answer(criteria, item.fact.answer()?)?;
        (criterion.grades != Span::NONE && !self.before_infusion(item)).then_some((*item, criterion))
    }

    /// Signs of raised pressure, and imaging. Normal imaging does not stand for absent signs.
    pub(super) fn brain_pressure(&self) -> Domain {
        let mut domain = Domain::settled(self.unknown());
        let (signs, imaging) = (self.track(PRESSURE), self.track(IMAGING));
        let signs_span = self.answered(&signs, &self.numbers.pressure, &mut domain);
        let picture = self.answered(&imaging, &self.numbers.imaging, &mut domain);
        if signs_span.is_some_and(|span| span.low > 0) && imaging.standing(self.view.at).says(HAEMORRHAGE) {
            domain.notes.push(Text::new(
                "A haemorrhage is outside the scale: where it explains the signs of raised pressure, give it as their cause.",
                "顱內出血不屬於本分級；若其可解釋顱內壓升高徵象，請註明為原因。",
            ));
        }
        match (signs_span, picture) {
            (Some(signs), picture) => domain.span = signs.worst(picture.unwrap_or(Span::NONE)),
            (None, picture) => {
                domain.span = self.unknown().worst(picture.unwrap_or(Span::NONE));
                self.lacks(&mut domain, PRESSURE, signs.standing(self.view.at));
            }
        }
        domain
    }
}

/// A finding with another cause is left out.
fn role_of(cause: Option<Answer>) -> Role<'static> {
    if cause.is_some() {
        Role::LeftOut("does not count: another cause was given", "不計入：另有原因")
    } else {
        Role::Counts
    }
}
