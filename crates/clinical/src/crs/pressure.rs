//! Hypotension at an instant: vasopressors that run, and the clinician's statements. A blood pressure
//! grades nothing; it asks. Must not know episodes, and no number.

use super::domains::{Ask, Domain, Inputs, Role, other_cause};
use crate::{
    numbers::{by_answer, when_present},
    span::Span,
    timeline::{Doubt, Item, Running},
};
use jiff::Timestamp;
use vena_base::Answer;

const NONE: Answer = Answer::known("none");
const NO_VASOPRESSOR: Answer = Answer::known("no-vasopressor");
const ONE: Answer = Answer::known("one");
const SEVERAL: Answer = Answer::known("several");
const VASOPRESSOR_UNKNOWN: Answer = Answer::known("present-vasopressor-unknown");

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

impl<'a> Inputs<'a> {
    /// Hypotension at an instant, left out where a clinician gave it another cause.
    pub fn hypotension(&self, at: Timestamp) -> Domain<'a> {
        self.unless_excluded(&self.hypotension_cause, at, |at| self.hypotension_signs(at))
    }

    /// Vasopressors that run, and the clinician's statement.
    fn hypotension_signs(&self, at: Timestamp) -> Domain<'a> {
        let unknown = Span::unknown(self.numbers.highest);
        let mut domain = Domain::settled(unknown);
        let drugs = self.drug_span(at, &mut domain);
        for item in self.elsewhere.iter().filter_map(|drug| drug.newest(at)) {
            domain.add(item, None, Span::NONE, Role::OtherRoute);
        }
        let said = self.said_hypotension(at, &mut domain);
        let said = self.with_need(said, at, &mut domain);
        domain.span = match (drugs, said) {
            (Some(drugs), None) if drugs.certain > Span::NONE.high => drugs.span,
            (Some(drugs), None) => {
                domain.asks.push(Ask::Hypotension(None));
                Span { low: 0, high: unknown.high.max(drugs.span.high) }
            }
            (Some(drugs), Some((said, when))) => self.weigh(drugs, said, when),
            (None, Some((said, _))) => said,
            (None, None) => {
                domain.asks.push(Ask::Hypotension(self.low_readings(at, None).first().map(|i| i.fact)));
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
            return if said_at > drugs.newest { said } else { said.or(said.worst(drugs.span)) };
        }
        if contradicted { said.or(drugs.span) } else { said.worst(drugs.span) }
    }

    fn said_hypotension(&self, at: Timestamp, domain: &mut Domain<'a>) -> Option<(Span, Timestamp)> {
        let standing = self.statement.standing(at);
        let present = when_present(&self.numbers.hypotension);
        let mut said: Option<(Span, Timestamp)> = None;
        let mut explained = false;
        for item in standing.known() {
            let Some(answer) = item.fact.answer() else {
                continue;
            };
            let criterion = by_answer(&self.numbers.hypotension, answer);
            let span = match (criterion, answer) {
                (_, NONE) => Span::NONE,
                (Some(criterion), _) => criterion.grades,
                (None, VASOPRESSOR_UNKNOWN) => present.unwrap_or(Span::unknown(self.numbers.highest)),
                (None, _) => continue,
            };
            if let Some(cause) = other_cause(item.fact.attributed_to) {
                domain.add(*item, criterion, Span::NONE, Role::OtherCause(cause));
                said = Some((said.map_or(Span::NONE, |(s, _)| s.or(Span::NONE)), item.at));
                explained |= span != Span::NONE;
                continue;
            }
            domain.add(*item, criterion, span, Role::Counts);
            said = Some((said.map_or(span, |(s, _)| s.or(span)), item.at));
        }
        let Some((span, when)) = said else {
            domain.unusable(standing);
            return None;
        };
        // A low pressure beside or after “none” reopens it: it may not be true.
        if span != Span::NONE || explained {
            return Some((span, when));
        }
        let (lows, unknown) = (self.low_readings(at, Some(when)), Span::unknown(self.numbers.highest));
        let Some(first) = lows.first() else {
            return Some((span, when));
        };
        domain.asks.push(Ask::Hypotension(Some(first.fact)));
        for low in lows {
            domain.add(low, None, unknown, Role::Asks);
        }
        Some((unknown, when))
    }

    /// The statement of which vasopressors are needed, beside the statement of hypotension.
    fn with_need(
        &self,
        said: Option<(Span, Timestamp)>,
        at: Timestamp,
        domain: &mut Domain<'a>,
    ) -> Option<(Span, Timestamp)> {
        let Some(item) = self.vasopressor_need.standing(at).known().last().copied() else {
            return said;
        };
        let without = by_answer(&self.numbers.hypotension, NO_VASOPRESSOR);
        let (need, criterion) = match item.fact.answer() {
            Some(NONE) => (Span::NONE, without),
            Some(ONE) => (self.numbers.one_vasopressor.grades, Some(&self.numbers.one_vasopressor)),
            Some(SEVERAL) => {
                (self.numbers.several_vasopressors.grades, Some(&self.numbers.several_vasopressors))
            }
            _ => return said,
        };
        if let Some(cause) = other_cause(item.fact.attributed_to) {
            domain.add(item, criterion, Span::NONE, Role::OtherCause(cause));
            return said;
        }
        if let Some((said, when)) = said
            && said.settled()
            && item.at < when
        {
            // A newer plain statement replaces what was needed before it.
            return Some((said, when));
        }
        let least = without.map_or(Span::unknown(self.numbers.highest), |line| line.grades);
        let span = match said {
            // Only that no vasopressor is needed: there may be no hypotension at all.
            None if need == Span::NONE => {
                domain.asks.push(Ask::Hypotension(self.low_readings(at, None).first().map(|i| i.fact)));
                Span { low: 0, high: least.high }
            }
            None => need,
            // Told at once that there is none and that it needs a drug: one of the two is wrong.
            Some((Span::NONE, when)) if when == item.at => Span::NONE.or(need),
            Some((said, _)) if said.settled() => said.worst(need),
            Some((said, _)) if said.low > 0 => least.worst(need),
            Some((said, _)) => said.worst(need),
        };
        domain.add(item, criterion, span, Role::Counts);
        Some((span, said.map_or(item.at, |(_, when)| when.max(item.at))))
    }

    /// The readings that ask: systolic, mean, diastolic.
    fn low_readings(&self, at: Timestamp, after: Option<Timestamp>) -> Vec<Item<'a>> {
        let site = &self.numbers.site;
        let lines = [&site.low_pressure, &site.low_mean, &site.low_diastolic];
        let tracks = self.pressures.iter().zip(lines);
        tracks.filter_map(|(track, line)| self.low(track, line.as_ref(), at, after)).collect()
    }

    fn drug_span(&self, at: Timestamp, domain: &mut Domain<'a>) -> Option<DrugSpan> {
        let (mut yes, mut perhaps) = ([0_usize; 2], [0_usize; 2]);
        let (mut newest, mut open) = (Timestamp::MIN, true);
        let mut found = Vec::new();
        for (kind, drugs) in [&self.vasopressors, &self.vasopressin].into_iter().enumerate() {
            for drug in drugs {
                let (item, slot, role) = match drug.running(at) {
                    Running::Yes { item, open: without_end } => {
                        open &= without_end;
                        (item, &mut yes, Role::Counts)
                    }
                    Running::Perhaps(item, doubt) => (item, &mut perhaps, Role::MayRun(doubt)),
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
            match role {
                Role::MayRun(Doubt::SingleDose) => domain.asks.push(Ask::SingleDose(item.fact)),
                Role::MayRun(_) => domain.asks.push(Ask::StillRuns(item.fact)),
                _ => {}
            }
            domain.add(
                item,
                Some(criterion),
                if role == Role::Counts { certain.or(most) } else { Span::NONE.or(most) },
                role,
            );
        }
        Some(DrugSpan {
            span: Span { low: certain.low, high: most.high },
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
}
