//! Hypoxia at an instant: the device and flow by which oxygen is needed. A saturation grades nothing;
//! it asks. Must not know episodes, and no number.

use super::domains::{Ask, Domain, Inputs, Role, other_cause};
use crate::{
    numbers::{by_answer, range_of, when_present},
    span::Span,
    timeline::{Item, Standing},
};
use jiff::Timestamp;
use vena_base::Answer;

const NONE: Answer = Answer::known("none");
const NASAL_CANNULA: Answer = Answer::known("nasal-cannula");
const AIRWAY_PROTECTION: Answer = Answer::known("ventilator-airway-protection");

impl<'a> Inputs<'a> {
    /// Hypoxia at an instant, left out where a clinician gave it another cause.
    pub fn hypoxia(&self, at: Timestamp) -> Domain<'a> {
        self.unless_excluded(&self.hypoxia_cause, at, |at| self.hypoxia_signs(at))
    }

    /// The device and flow by which oxygen is needed.
    fn hypoxia_signs(&self, at: Timestamp) -> Domain<'a> {
        let unknown = Span::unknown(self.numbers.highest);
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
        // A flow or a fraction later than “none” shows that oxygen is given again; at the same time the
        // two contradict each other.
        let against = |item: &Item<'a>, found: Span| match span {
            Some(none) if Some(item.at) == device_at => none.or(found),
            _ => found,
        };
        let nothing = |span: Option<Span>| span.is_none_or(|span| span == Span::NONE);
        let not_older = |item: &&Item<'a>| Some(item.at) >= device_at || span.is_none();
        let mut given = None;
        if nothing(span)
            && let Some(item) = flow.known().iter().rev().find(not_older)
        {
            given = Some(against(item, self.bare_flow(item, &mut domain)));
        }
        if nothing(span)
            && nothing(given)
            && let Some(item) = self.fraction.standing(at).known().iter().rev().find(not_older)
            && let Some(found) = self.fraction_span(item, &mut domain)
        {
            given = Some(against(item, found));
        }
        span = given.or(span);
        match span {
            Some(span) => domain.span = span,
            None => {
                domain.unusable(device);
                domain.unusable(flow);
                domain.asks.push(Ask::Device(self.low_saturation(at, None).map(|i| i.fact)));
            }
        }
        if domain.span == Span::NONE
            && let Some(low) = self.low_saturation(at, device_at.max(flow.newest().map(|i| i.at)))
            && !domain.evidence.iter().any(|e| e.role != Role::Counts)
        {
            domain.span = unknown;
            domain.add(low, None, unknown, Role::Asks);
            domain.asks.push(Ask::Device(Some(low.fact)));
        }
        domain
    }

    fn low_saturation(&self, at: Timestamp, after: Option<Timestamp>) -> Option<Item<'a>> {
        self.low(&self.saturation, self.numbers.site.low_saturation.as_ref(), at, after)
    }

    /// An inspired fraction without a device: above that of air oxygen is given, by any device.
    fn fraction_span(&self, item: &Item<'a>, domain: &mut Domain<'a>) -> Option<Span> {
        let (low, _) = range_of(item.fact.quantity()?, 0.0);
        if !self.numbers.site.above_air?.holds(low) {
            return None;
        }
        if let Some(cause) = other_cause(item.fact.attributed_to) {
            domain.add(*item, None, Span::NONE, Role::OtherCause(cause));
            return Some(Span::NONE);
        }
        let span = self.any_device();
        domain.add(*item, None, span, Role::Counts);
        domain.asks.push(Ask::Device(None));
        Some(span)
    }

    /// Oxygen by some device.
    fn any_device(&self) -> Span {
        let all = when_present(&self.numbers.devices);
        all.map_or(Span::unknown(self.numbers.highest), |all| all.or(self.numbers.low_flow.grades))
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
            (None, _) => self.any_device(),
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
        let range = item.fact.quantity().map_or((0.0, f64::INFINITY), |q| range_of(q, 0.0));
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
        let before = self.device.items().iter().rev().filter(|item| item.at <= device.at);
        before
            .take_while(|item| item.fact.answer() == device.fact.answer())
            .last()
            .map_or(device.at, |item| item.at)
    }

    /// A flow without a device.
    fn bare_flow(&self, item: &Item<'a>, domain: &mut Domain<'a>) -> Span {
        let open = &self.numbers.bare_flow;
        if let Some(cause) = other_cause(item.fact.attributed_to) {
            domain.add(*item, None, Span::NONE, Role::OtherCause(cause));
            return Span::NONE;
        }
        let range = item.fact.quantity().map_or((0.0, f64::INFINITY), |q| range_of(q, 0.0));
        // Blow-by is low flow at any flow, so without the device even a high flow leaves it open.
        let span = if range == (0.0, 0.0) { Span::NONE } else { open.grades };
        if !span.settled() {
            domain.asks.push(Ask::Device(None));
        }
        domain.add(*item, Some(open), span, Role::Counts);
        span
    }
}
