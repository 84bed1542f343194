//! Drugs given, procedures and conditions: the product's infusion, lymphodepletion, every drug of the
//! catalogue, and the disease treated. Knows no measurement.

use super::{
    codes,
    collect::{Collector, Common, Frame, amount},
    model::{
        CodeableConcept, Condition, Contained, Dosage, Extension, MedicationAdministration, Procedure,
        Quantity,
    },
    part::{Administration, Given, NO_TIME},
};
use crate::{
    settle::Draft,
    trouble::Trouble,
    value::{DIAGNOSIS, INFUSION, Written, interpret, unreadable},
};
use std::sync::Arc;
use vena_base::{Answer, Concept, Text, Value, When, Zone, time::days_between};
use vena_knowledge::{Catalogue, Kind};

/// Statuses that say it was not given, or must not be used.
const NOT_GIVEN: [&str; 2] = ["not-done", "entered-in-error"];
/// Statuses that say it was begun and does not run any more.
const HALTED: [&str; 2] = ["on-hold", "stopped"];
/// Statuses that say what was done; with any other, nobody knows whether it was.
const KNOWN: [&str; 4] = ["in-progress", "completed", "on-hold", "stopped"];
/// Statuses of a procedure that has not begun.
const NOT_BEGUN: [&str; 3] = ["preparation", "not-done", "entered-in-error"];

impl Collector<'_> {
    /// Reads a drug given; what was given may only be known when all medications are.
    pub(super) fn administration(&mut self, place: &Arc<str>, resource: MedicationAdministration<'_>) {
        const KIND: &str = "MedicationAdministration";
        let (id, meta) = (resource.id.as_deref(), resource.meta.as_ref());
        if let Some(status) = resource.status.as_deref().filter(|status| NOT_GIVEN.contains(status)) {
            self.exclude(KIND, status, id, meta, resource.subject.as_ref());
            return;
        }
        let (given, reference) = self.what_was_given(&resource);
        if let Some(Given::Unknown(word, display)) = &given {
            self.unknown(KIND, word, display.as_deref(), place);
            return;
        }
        let common = Common {
            kind: KIND,
            status: resource.status.as_deref(),
            subject: resource.subject.as_ref(),
            id: resource.id.as_deref(),
            issued: None,
            meta: resource.meta.as_ref(),
            note: &resource.note,
            extension: &resource.extension,
            contained: &resource.contained,
        };
        let Some(frame) = self.frame(place, &common) else {
            return;
        };
        if let Some(status) = resource.status.as_deref().filter(|status| !KNOWN.contains(status)) {
            let status = status.chars().take(40).collect();
            self.part.say_of(place, &frame.subject, Trouble::StatusUnknown { status });
            return;
        }
        let moment = resource.effective_date_time.as_deref();
        let Some((when, until)) = self.time(place, "effective", moment, resource.effective_period.as_ref())
        else {
            if matches!(given, Some(Given::Infusion(_))) {
                self.undated_infusion(&frame);
            }
            return;
        };
        let halted = resource.status.as_deref().filter(|status| HALTED.contains(status));
        let halted_at = halted.and(until.or(frame.recorded.map(When::Instant).or(frame.recorded_on)));
        // On hold or stopped: it does not run any more. Where nothing says since when, it is only known
        // to have been begun.
        let until = if halted.is_some() { Some(halted_at.unwrap_or(when)) } else { until };
        let halted = halted.map(|status| (status.to_owned(), halted_at.map(|when| when.to_string())));
        let mut draft = frame.draft(INFUSION, Value::Happened, when, until);
        let dosage = resource.dosage.as_ref();
        draft.fact.route = dosage.and_then(|d| d.route.as_ref()).and_then(route).map(Arc::from);
        if draft.fact.note.is_none() {
            draft.fact.note = dosage.and_then(|d| d.text.as_deref()).map(Arc::from);
        }
        if let Some(value) = written_value(&resource.extension) {
            draft.fact.value = value;
        }
        let (dose, wrong) = match dosage.map(dose).transpose() {
            Ok(dose) => (dose.flatten(), None),
            Err(trouble) => (None, Some(trouble)),
        };
        if let Some(trouble) = wrong {
            self.part.say_of(place, &frame.subject, trouble);
        }
        let administration = Administration { draft, halted, subject: frame.subject, dose };
        match (given, reference) {
            (Some(given), _) => self.give(place, &given, administration),
            (None, Some(reference)) => self.part.pending.push((reference.to_owned(), administration)),
            (None, None) => {}
        }
    }

    /// An infusion whose time cannot be read: no course may be counted from another one as if it were the
    /// only one.
    fn undated_infusion(&mut self, frame: &Frame) {
        let mark = self.catalogue.get(INFUSION).and_then(|info| unreadable(info, "its time"));
        if let Some(mark) = mark {
            let draft = frame.draft(INFUSION, mark, NO_TIME, None);
            self.part.state(frame.subject.clone(), Draft { undated: true, ..draft });
        }
    }

    /// What was given, where that is known already, and the reference to it.
    fn what_was_given<'r>(
        &self,
        resource: &'r MedicationAdministration<'_>,
    ) -> (Option<Given>, Option<&'r str>) {
        let reference = resource.medication_reference.as_ref().and_then(|r| r.reference.as_deref());
        let local = reference.and_then(|r| r.strip_prefix('#')).and_then(|local| {
            resource.contained.iter().find_map(|contained| match contained {
                Contained::Medication(medication) if medication.id.as_deref() == Some(local) => {
                    Some(medication)
                }
                _ => None,
            })
        });
        let given = match (&resource.medication_codeable_concept, local, reference) {
            (Some(concept), ..) => Some(self.given(Some(concept))),
            (None, Some(medication), _) => Some(self.given(medication.code.as_ref())),
            (None, None, Some(reference)) => self.part.medications.get(reference).cloned(),
            (None, None, None) => {
                let words = resource.medication_reference.as_ref().and_then(|r| r.display.clone());
                Some(self.given(Some(&CodeableConcept { coding: Vec::new(), text: words })))
            }
        };
        (given, reference)
    }

    fn give(&mut self, place: &Arc<str>, given: &Given, administration: Administration) {
        let subject = administration.subject.clone();
        if let Some((draft, noticed)) = administered(self.catalogue, given, administration) {
            for trouble in noticed {
                self.part.say_of(place, &subject, trouble);
            }
            self.part.state(subject, draft);
        }
    }

    /// Reads something done: the infusion, or another event of the catalogue.
    pub(super) fn procedure(&mut self, place: &Arc<str>, resource: Procedure<'_>) {
        const KIND: &str = "Procedure";
        if let Some(status) = resource.status.as_deref().filter(|status| NOT_BEGUN.contains(status)) {
            let (id, meta) = (resource.id.as_deref(), resource.meta.as_ref());
            self.exclude(KIND, status, id, meta, resource.subject.as_ref());
            return;
        }
        let Some((concept, value)) =
            resource.code.as_ref().and_then(|code| self.done(code, &resource.used_code))
        else {
            self.not_understood("Procedure", resource.code.as_ref(), place);
            return;
        };
        let common = Common {
            kind: KIND,
            status: resource.status.as_deref(),
            subject: resource.subject.as_ref(),
            id: resource.id.as_deref(),
            issued: None,
            meta: resource.meta.as_ref(),
            note: &resource.note,
            extension: &resource.extension,
            contained: &resource.contained,
        };
        let Some(frame) = self.frame(place, &common) else {
            return;
        };
        let moment = resource.performed_date_time.as_deref();
        let Some((when, until)) = self.time(place, "performed", moment, resource.performed_period.as_ref())
        else {
            if concept == INFUSION {
                self.undated_infusion(&frame);
            }
            return;
        };
        if concept == INFUSION && self.spans_the_therapy(resource.code.as_ref(), when, until) {
            self.undated_infusion(&frame);
            let reason = Text::new(
                "the code names the therapy and the time spans several days: on which day were the cells given?",
                "代碼僅指此項療法，而時間跨越多日：細胞於哪一天輸注？",
            );
            let written = format!("{when} – {}", until.map_or_else(String::new, |until| until.to_string()));
            let name = self.catalogue.get(INFUSION).map(|info| info.name.clone()).unwrap_or_default();
            self.part.say_of(place, &frame.subject, Trouble::Value { concept: name, written, reason });
            return;
        }
        self.part.state(frame.subject.clone(), frame.draft(concept, value, when, until));
    }

    /// A code for the therapy as a whole with a time of several days does not say when the cells were given.
    fn spans_the_therapy(&self, code: Option<&CodeableConcept<'_>>, when: When, until: Option<When>) -> bool {
        let general = code.is_some_and(|code| {
            let mut ids = code.coding.iter().filter_map(|c| Some((c.system.as_deref(), c.code.as_deref()?)));
            ids.any(|(system, id)| codes::is_infusion_by_snomed(system, id))
        });
        let zone = self.options.zone.clone().unwrap_or_else(Zone::utc);
        // Within a day, or over one midnight, it can be the infusion itself.
        general && until.is_some_and(|until| days_between(when.first_day(&zone), until.last_day(&zone)) > 1)
    }

    fn done(&self, code: &CodeableConcept<'_>, used: &[CodeableConcept<'_>]) -> Option<(Concept, Value)> {
        let with = |product: Option<Answer>| (INFUSION, product.map_or(Value::Happened, Value::Answer));
        let products = used.iter().flat_map(CodeableConcept::words).find_map(|words| self.product_in(words));
        for coding in &code.coding {
            let Some(id) = coding.code.as_deref() else {
                continue;
            };
            if let Some(product) = codes::infusion_by_procedure(id) {
                return Some(with(product.or(products)));
            }
            if codes::is_infusion_by_snomed(coding.system.as_deref(), id) {
                let named = || code.words().find_map(|words| self.product_in(words));
                return Some(with(products.or_else(named)));
            }
            if coding.system.as_deref() == Some(codes::VENA)
                && let Some(info) = self.catalogue.find(id).filter(|info| info.concept.as_str() == id)
            {
                return Some(if info.concept == INFUSION {
                    with(products)
                } else {
                    (info.concept, Value::Happened)
                });
            }
        }
        for words in code.words() {
            if let Some(info) = self.catalogue.find(words).filter(|info| info.kind == Kind::Event) {
                return Some(if info.concept == INFUSION {
                    with(products)
                } else {
                    (info.concept, Value::Happened)
                });
            }
            // A product's name alone could as well be its collection or its order.
            if says_infusion(words)
                && let Some(product) = self.product_in(words)
            {
                return Some(with(Some(product)));
            }
        }
        None
    }

    /// Reads a disease: the one treated, or an event such as relapse.
    pub(super) fn condition(&mut self, place: &Arc<str>, resource: Condition<'_>) {
        let status = resource
            .verification_status
            .as_ref()
            .and_then(|s| s.coding.first())
            .and_then(|c| c.code.as_deref());
        if let Some(status) = status.filter(|status| matches!(*status, "refuted" | "entered-in-error")) {
            let (id, meta) = (resource.id.as_deref(), resource.meta.as_ref());
            self.exclude("Condition", status, id, meta, resource.subject.as_ref());
            return;
        }
        let Some((concept, value)) = resource.code.as_ref().and_then(|code| self.disease(code)) else {
            self.not_understood("Condition", resource.code.as_ref(), place);
            return;
        };
        let common = Common {
            kind: "Condition",
            status: None,
            subject: resource.subject.as_ref(),
            id: resource.id.as_deref(),
            issued: None,
            meta: resource.meta.as_ref(),
            note: &resource.note,
            extension: &resource.extension,
            contained: &resource.contained,
        };
        let Some(frame) = self.frame(place, &common) else {
            return;
        };
        let moment = resource.onset_date_time.as_deref();
        let moment = match (&moment, &resource.onset_period) {
            (None, None) => resource.recorded_date.as_deref(),
            _ => moment,
        };
        let Some((when, until)) = self.time(place, "onset", moment, resource.onset_period.as_ref()) else {
            return;
        };
        self.part.state(frame.subject.clone(), frame.draft(concept, value, when, until));
    }

    fn disease(&self, code: &CodeableConcept<'_>) -> Option<(Concept, Value)> {
        let info = self.catalogue.get(DIAGNOSIS)?;
        for coding in &code.coding {
            let Some(id) = coding.code.as_deref() else {
                continue;
            };
            let answer = match coding.system.as_deref() {
                Some(codes::VENA_ANSWER) => info.answers.iter().find(|a| a.answer.as_str() == id),
                Some(codes::SNOMED) => info.answers.iter().find(|a| a.snomed.iter().any(|s| s == id)),
                _ => None,
            };
            if let Some(answer) = answer {
                return Some((DIAGNOSIS, Value::Answer(answer.answer)));
            }
            if coding.system.as_deref() == Some(codes::VENA) && id == DIAGNOSIS.as_str() {
                let text = code.text.as_deref().unwrap_or_default();
                return Some((DIAGNOSIS, Value::Text(Arc::from(text))));
            }
            if let Some(answer) = info.answer_from_words(id) {
                return Some((DIAGNOSIS, Value::Answer(answer)));
            }
        }
        code.words().find_map(|words| {
            let disease = info.answer_from_words(words).map(|answer| (DIAGNOSIS, Value::Answer(answer)));
            let event = || self.catalogue.find(words).filter(|info| info.kind == Kind::Event);
            disease.or_else(|| event().map(|info| (info.concept, Value::Happened)))
        })
    }
}

/// Words with which a text that names an infusion or a product speaks of something else: taking, ordering,
/// calling off, preparing, looking back.
const SOMETHING_ELSE: [&str; 41] = [
    "apheresis",
    "collection",
    "harvest",
    "manufactur",
    "order",
    "evaluation",
    "planned",
    "history",
    "consent",
    "premedication",
    "educat",
    "cancel",
    "not given",
    "not done",
    "not performed",
    "declin",
    "refus",
    "postpone",
    "on hold",
    "assessment",
    "follow-up",
    "follow up",
    "pre-infusion",
    "post-infusion",
    "schedul",
    "採集",
    "分離",
    "同意",
    "衛教",
    "取消",
    "未輸注",
    "延後",
    "暫停",
    "追蹤",
    "輸注前",
    "輸注後",
    "回輸前",
    "回輸後",
    "製備",
    "評估",
    "預定",
];

/// Whether a procedure's words speak of giving cells rather than taking or ordering them.
fn says_infusion(words: &str) -> bool {
    let words = words.to_lowercase();
    let gives =
        ["infusion", "transfusion", "administration", "introduction", "reinfusion", "輸注", "回輸", "輸入"];
    let gives = gives.iter().filter_map(|word| words.find(word)).min();
    gives.is_some_and(|given| !says_something_else(&words, given))
}

/// Whether a text in small letters only mentions what stands at `place`: “line placement for an infusion”,
/// “day 7 after the infusion”, “premedication for the product”.
pub(super) fn says_something_else(words: &str, place: usize) -> bool {
    let beside = [" for ", " after ", " before ", " following ", " prior to "];
    beside.iter().any(|word| words.find(word).is_some_and(|at| at < place))
        || SOMETHING_ELSE.iter().any(|word| words.contains(word))
}

/// A route in words, or else its code.
fn route<'r>(route: &'r CodeableConcept<'_>) -> Option<&'r str> {
    route.words().next().or_else(|| route.coding.iter().find_map(|coding| coding.code.as_deref()))
}

/// An amount as written: the number, and its unit.
type Amount = (String, Option<String>);

/// The dose of an administration: an amount, or else a rate. A rate of nothing says that it does not run,
/// whatever the dose was.
///
/// # Errors
/// A printed unit and its code that are not the same unit.
fn dose(dosage: &Dosage<'_>) -> Result<Option<Amount>, Trouble> {
    let name = Text::new("dose", "劑量");
    let read = |quantity: Option<&Quantity<'_>>| {
        quantity.map(|quantity| amount(&name, quantity)).transpose().map(Option::flatten)
    };
    let (plain, rate) = (read(dosage.dose.as_ref())?, read(dosage.rate_quantity.as_ref())?);
    let nothing = |amount: &Amount| amount.0.parse() == Ok(0.0);
    match (plain, rate) {
        (_, Some(rate)) if nothing(&rate) => return Ok(Some(rate)),
        (Some(plain), _) => return Ok(Some(plain)),
        (None, Some(rate)) => return Ok(Some(rate)),
        (None, None) => {}
    }
    let Some(ratio) = dosage.rate_ratio.as_ref() else {
        return Ok(None);
    };
    let (Some((value, Some(unit))), Some((per, Some(per_unit)))) =
        (read(ratio.numerator.as_ref())?, read(ratio.denominator.as_ref())?)
    else {
        return Ok(None);
    };
    // Only “per one” can be written as a unit without arithmetic on what was written.
    Ok((per.parse() == Ok(1.0)).then(|| (value, Some(format!("{unit}/{per_unit}")))))
}

/// The value of a drug row that is no dose, as this program writes it: stopped, or not assessed.
fn written_value(extensions: &[Extension<'_>]) -> Option<Value> {
    let extension = |url: &str| extensions.iter().find(|e| e.url.as_deref() == Some(url));
    if let Some(answer) = extension(codes::ANSWER_EXTENSION).and_then(|e| e.value_code.as_deref()) {
        return Some(if answer == vena_knowledge::STOPPED.as_str() {
            Value::Answer(vena_knowledge::STOPPED)
        } else {
            Value::Text(Arc::from(answer))
        });
    }
    let why = extension(codes::NOT_ASSESSED_EXTENSION).and_then(|e| e.value_string.as_deref());
    why.map(|why| Value::NotAssessed(Arc::from(why)))
}

/// Brings an administration and what was given together; `None` for what is not in the catalogue.
pub(super) fn administered(
    catalogue: &Catalogue,
    given: &Given,
    administration: Administration,
) -> Option<(Draft, Vec<Trouble>)> {
    let Administration { mut draft, halted, dose, .. } = administration;
    let fact = &mut draft.fact;
    match given {
        Given::Unknown(..) => None,
        Given::Infusion(product) => {
            fact.concept = INFUSION;
            fact.value = product.map_or(Value::Happened, Value::Answer);
            Some((draft, Vec::new()))
        }
        Given::Drug(concept) => {
            let info = catalogue.get(*concept)?;
            fact.concept = *concept;
            let halted = halted.map(|(status, since)| {
                let concept = info.name.clone();
                Trouble::Halted { concept, status, since }
            });
            let mut noticed: Vec<Trouble> = halted.into_iter().collect();
            let Some((value, unit)) = dose.filter(|_| fact.value == Value::Happened) else {
                return Some((draft, noticed));
            };
            let written = Written { value: &value, unit: unit.as_deref() };
            match interpret(catalogue, info, written, None) {
                Ok(reading) => {
                    fact.value = reading.value;
                    fact.flags.extend(reading.flag);
                    noticed.extend(reading.noticed);
                }
                // That it was given must not be lost with a dose that cannot be read.
                Err(trouble) => {
                    let reason = match trouble {
                        Trouble::Value { reason, .. } => reason,
                        other => Text::new(
                            other.message(vena_base::Lang::En),
                            other.message(vena_base::Lang::ZhTw),
                        ),
                    };
                    let concept = info.name.clone();
                    noticed.push(Trouble::DoseNotRead { concept, written: written.text(), reason });
                }
            }
            Some((draft, noticed))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::says_infusion;

    /// Row X4: what happens around an infusion is not the infusion; it would move day 0.
    #[test]
    fn what_surrounds_an_infusion_is_none() {
        for words in [
            "Consent for tisagenlecleucel infusion",
            "Premedication, Kymriah infusion",
            "Central line placement for Yescarta infusion",
            "Day +7 after Kymriah infusion",
            "Kymriah infusion cancelled",
            "Kymriah infusion not given",
            "Follow-up visit, Kymriah infusion",
            "Kymriah輸注同意書",
            "Kymriah 輸注後照護",
            "Planned Kymriah infusion",
        ] {
            assert!(!says_infusion(words), "{words}");
        }
        for words in [
            "Infusion of tisagenlecleucel",
            "Kymriah infusion after lymphodepletion",
            "CAR-T cell infusion for B-ALL",
            "Kymriah輸注",
        ] {
            assert!(says_infusion(words), "{words}");
        }
    }
}
