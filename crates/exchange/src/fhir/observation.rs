//! Observations and their components. Knows no other resource.

use super::{
    codes,
    collect::{Collector, Common, Frame, unit_of},
    model::{CodeableConcept, Component, Observation},
};
use crate::{
    trouble::Trouble,
    value::{Reading, Written, interpret, unreadable},
};
use std::sync::Arc;
use vena_base::{Text, Value, When};
use vena_knowledge::{ConceptInfo, Kind};

/// Statuses that say the observation must not be used.
const EXCLUDED: [&str; 2] = ["entered-in-error", "cancelled"];

impl Collector<'_> {
    /// Reads an observation with its components.
    pub(super) fn observation(&mut self, place: &Arc<str>, mut observation: Observation<'_>) {
        const KIND: &str = "Observation";
        let excluded = |status: &&str| {
            // Registered is a promise of a result; without one there is nothing to read.
            EXCLUDED.contains(status) || (*status == "registered" && says_nothing(&observation))
        };
        if let Some(status) = observation.status.as_deref().filter(excluded) {
            let (id, meta, subject) =
                (observation.id.as_deref(), observation.meta.as_ref(), observation.subject.as_ref());
            self.exclude(KIND, status, id, meta, subject);
            return;
        }
        let components = std::mem::take(&mut observation.component);
        let known: Vec<Option<&ConceptInfo>> =
            components.iter().map(|c| c.code.as_ref().and_then(|code| self.concept_of(code))).collect();
        let concept = observation.code.as_ref().and_then(|code| self.concept_of(code));
        if concept.is_none() && known.iter().all(Option::is_none) {
            self.not_understood("Observation", observation.code.as_ref(), place);
            return;
        }
        let Some(frame) = self.frame_as_far(
            place,
            &Common {
                kind: KIND,
                status: observation.status.as_deref(),
                subject: observation.subject.as_ref(),
                id: observation.id.as_deref(),
                issued: observation.issued.as_deref(),
                meta: observation.meta.as_ref(),
                note: &observation.note,
                extension: &observation.extension,
                contained: &observation.contained,
            },
        ) else {
            return;
        };
        let moment = observation.effective_date_time.as_deref().or(observation.effective_instant.as_deref());
        let Some(time) = self.time(place, "effective", moment, observation.effective_period.as_ref()) else {
            return;
        };
        let panel = !components.is_empty() || observation.has_member.is_some();
        let whole = as_component(observation);
        match concept {
            Some(info) if has_value(&whole) || !panel => self.observed(place, &frame, info, &whole, time),
            // A panel's own code says nothing when its members say it.
            _ => {}
        }
        for (index, (component, known)) in components.iter().zip(known).enumerate() {
            let place: Arc<str> = Arc::from(format!("{place}.component[{index}]"));
            match known {
                Some(info) => self.observed(&place, &frame, info, component, time),
                None => self.not_understood("Observation.component", component.code.as_ref(), &place),
            }
        }
    }

    fn observed(
        &mut self,
        place: &Arc<str>,
        frame: &Frame,
        info: &ConceptInfo,
        component: &Component<'_>,
        (when, until): (When, Option<When>),
    ) {
        let read = match &frame.wrong {
            Some(trouble) => Err(trouble.clone()),
            None => self.value(info, component),
        };
        match read {
            Ok(reading) => {
                if let Some(trouble) = reading.noticed {
                    self.part.say_of(place, &frame.subject, trouble);
                }
                let own = reading.concept.unwrap_or(info.concept);
                let mut draft = frame.draft(own, reading.value, when, until);
                for (concept, value) in reading.also {
                    let mut also = frame.draft(concept, value, when, until);
                    also.fact.flags.extend(reading.flag.filter(|_| !info.parts.is_empty()));
                    self.part.state(frame.subject.clone(), also);
                }
                draft.fact.flags.extend(reading.flag);
                self.part.state(frame.subject.clone(), draft);
            }
            Err(trouble) => {
                // It was observed all the same: an older value must not stand for it.
                if let Some(mark) = unreadable(info, &written(component)) {
                    let own = info.parts.first().copied().unwrap_or(info.concept);
                    self.part.state(frame.subject.clone(), frame.draft(own, mark, when, until));
                }
                self.part.say_of(place, &frame.subject, trouble);
            }
        }
    }

    fn value(&self, info: &ConceptInfo, component: &Component<'_>) -> Result<Reading, Trouble> {
        let read = |value: &str, unit: Option<&str>| {
            interpret(self.catalogue, info, Written { value, unit }, self.options.zone.as_ref())
        };
        if let Some(quantity) = &component.value_quantity {
            let Some(number) = quantity.value else {
                return Err(Trouble::NoValue { concept: info.name.clone() });
            };
            let (unit, noticed) = unit_of(&info.name, quantity)?;
            let mut reading = match quantity.comparator.as_deref() {
                Some(comparator) => read(&format!("{comparator}{}", number.0), unit),
                None => read(number.0, unit),
            }?;
            if let Some(trouble) = noticed {
                reading.noticed.get_or_insert(trouble);
            }
            return Ok(reading);
        }
        if let Some(concept) = &component.value_codeable_concept {
            return self.coded(info, concept);
        }
        if let Some(text) = &component.value_string {
            return read(text, None);
        }
        if let Some(number) = component.value_integer {
            return read(number.0, None);
        }
        if let Some(truth) = component.value_boolean {
            return said(info, truth);
        }
        if let Some(text) = &component.value_date_time {
            return match info.kind {
                Kind::Moment => read(text, None),
                _ => Err(Trouble::ValueKindNotRead { concept: info.name.clone(), element: "valueDateTime" }),
            };
        }
        if let Some(reason) = &component.data_absent_reason {
            let code = reason.coding.first().and_then(|coding| coding.code.as_deref());
            let why = reason.words().next().or(code).unwrap_or("unknown");
            return Ok(Reading::plain(Value::NotAssessed(Arc::from(why))));
        }
        Err(match not_read(component) {
            Some(element) => Trouble::ValueKindNotRead { concept: info.name.clone(), element },
            None => Trouble::NoValue { concept: info.name.clone() },
        })
    }

    /// A coded answer: by Vena's own ids, SNOMED CT, or its words.
    fn coded(&self, info: &ConceptInfo, concept: &CodeableConcept<'_>) -> Result<Reading, Trouble> {
        for coding in &concept.coding {
            let Some(code) = coding.code.as_deref() else {
                continue;
            };
            let answer = match coding.system.as_deref() {
                Some(codes::VENA_ANSWER) => info.answers.iter().find(|a| a.answer.as_str() == code),
                Some(codes::SNOMED) => info.answers.iter().find(|a| a.snomed.iter().any(|s| s == code)),
                _ => None,
            };
            if let Some(answer) = answer {
                return Ok(Reading::plain(Value::Answer(answer.answer)));
            }
        }
        let mut first = None;
        let codes = concept.coding.iter().filter_map(|coding| coding.code.as_deref());
        for words in concept.words().chain(codes) {
            let written = Written { value: words, unit: None };
            match interpret(self.catalogue, info, written, self.options.zone.as_ref()) {
                Ok(reading) if reading.noticed.is_none() => return Ok(reading),
                other => {
                    first.get_or_insert(other);
                }
            }
        }
        first.unwrap_or_else(|| Err(Trouble::NoValue { concept: info.name.clone() }))
    }
}

fn says_nothing(observation: &Observation<'_>) -> bool {
    observation.value_quantity.is_none()
        && observation.value_codeable_concept.is_none()
        && observation.value_string.is_none()
        && observation.value_integer.is_none()
        && observation.value_boolean.is_none()
        && observation.component.is_empty()
}

/// A value as it is written, for the mark that stands in its place.
fn written(component: &Component<'_>) -> String {
    if let Some(quantity) = &component.value_quantity {
        let number = quantity.value.map_or("", |number| number.0);
        let unit = quantity.unit.as_deref().or(quantity.code.as_deref()).unwrap_or_default();
        return format!("{}{number} {unit}", quantity.comparator.as_deref().unwrap_or_default())
            .trim()
            .to_owned();
    }
    let coded = component.value_codeable_concept.as_ref();
    let words = coded.and_then(|concept| {
        let code = || concept.coding.iter().find_map(|coding| coding.code.as_deref());
        concept.words().next().or_else(code)
    });
    let text = words.or(component.value_string.as_deref()).or(component.value_integer.map(|number| number.0));
    match (text, component.value_boolean) {
        (Some(text), _) => text.to_owned(),
        (None, Some(truth)) => truth.to_string(),
        (None, None) => not_read(component).unwrap_or("no value").to_owned(),
    }
}

fn as_component(observation: Observation<'_>) -> Component<'_> {
    Component {
        code: observation.code,
        value_quantity: observation.value_quantity,
        value_codeable_concept: observation.value_codeable_concept,
        value_string: observation.value_string,
        value_integer: observation.value_integer,
        value_boolean: observation.value_boolean,
        value_date_time: observation.value_date_time,
        value_range: observation.value_range,
        value_ratio: observation.value_ratio,
        value_sampled_data: observation.value_sampled_data,
        value_time: observation.value_time,
        value_period: observation.value_period,
        data_absent_reason: observation.data_absent_reason,
    }
}

fn has_value(component: &Component<'_>) -> bool {
    component.value_quantity.is_some()
        || component.value_codeable_concept.is_some()
        || component.value_string.is_some()
        || component.value_integer.is_some()
        || component.value_boolean.is_some()
        || component.value_date_time.is_some()
        || component.data_absent_reason.is_some()
        || not_read(component).is_some()
}

fn not_read(component: &Component<'_>) -> Option<&'static str> {
    let kinds = [
        (component.value_range.is_some(), "valueRange"),
        (component.value_ratio.is_some(), "valueRatio"),
        (component.value_sampled_data.is_some(), "valueSampledData"),
        (component.value_time.is_some(), "valueTime"),
        (component.value_period.is_some(), "valuePeriod"),
    ];
    kinds.into_iter().find(|(there, _)| *there).map(|(_, element)| element)
}

/// True or false: for an event that it happened, for answers where “present” and “none” are among
/// them. Anything else would be a guess.
fn said(info: &ConceptInfo, truth: bool) -> Result<Reading, Trouble> {
    let answer = |id: &str| info.answers.iter().find(|a| a.answer.as_str() == id).map(|a| a.answer);
    match (info.kind, truth) {
        (Kind::Event, true) => Ok(Reading::plain(Value::Happened)),
        (Kind::Answers, _) => match (answer("present"), answer("none"), truth) {
            (Some(present), Some(_), true) => Ok(Reading::plain(Value::Answer(present))),
            (_, Some(none), false) => Ok(Reading::plain(Value::Answer(none))),
            _ => Err(not_a_truth(info, truth)),
        },
        _ => Err(not_a_truth(info, truth)),
    }
}

fn not_a_truth(info: &ConceptInfo, truth: bool) -> Trouble {
    Trouble::Value {
        concept: info.name.clone(),
        written: truth.to_string(),
        reason: Text::new("true or false does not say which answer", "「是／否」無法對應到任何選項"),
    }
}
