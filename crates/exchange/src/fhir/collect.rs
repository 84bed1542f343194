//! From one resource to statements: what all resources have in common (subject, times, remarks,
//! codes), and the person. Knows nothing of how a document is walked.

use super::{
    FhirOptions, codes,
    model::{
        Annotation, CodeableConcept, Contained, Extension, Identifier, Meta, Patient, Period, Quantity,
        Reference,
    },
    part::{NO_TIME, Part, Person, Subject},
};
use crate::{
    settle::Draft,
    trouble::Trouble,
    value::{BIRTH_DATE, DEATH, PRODUCT, SEX, Written, interpret, suggestions},
};
use std::{collections::HashMap, sync::Arc};
use vena_base::{Answer, Concept, Fact, Origin, Stamp, Value, When};
use vena_knowledge::{Catalogue, ConceptInfo, Kind, Knowledge, catalogue::compared};

/// The cause a clinician gave, as the catalogue's answers name it.
const CAUSE: Concept = Concept::known("hypotension-cause");
/// Names shorter than this are not looked for inside longer texts.
const NAME_INSIDE_CHARS_MIN: usize = 6;

/// Reads resources into one [`Part`].
pub struct Collector<'k> {
    pub(super) catalogue: &'k Catalogue,
    pub(super) options: &'k FhirOptions,
    pub(super) part: Part,
    /// Names of products, as they are compared.
    pub(super) products: Vec<(String, Answer)>,
    texts: HashMap<String, Arc<str>>,
    /// A document that failed is read again to find the path.
    pub(super) tracked: bool,
}

/// What every clinical resource says beside its matter.
pub struct Frame {
    pub place: Arc<str>,
    pub subject: Subject,
    pub recorded: Option<Stamp>,
    pub note: Option<Arc<str>>,
    pub recorded_by: Option<Arc<str>>,
    pub cause: Option<Answer>,
}

impl Frame {
    /// A fact with everything the frame says.
    pub fn fact(&self, concept: Concept, value: Value, when: When, until: Option<When>) -> Fact {
        let mut fact = Fact::new(concept, value, when);
        fact.until = until;
        fact.recorded = self.recorded;
        fact.recorded_by.clone_from(&self.recorded_by);
        fact.note.clone_from(&self.note);
        fact.attributed_to = self.cause;
        fact.origin = Origin::Path(Arc::clone(&self.place));
        fact
    }
}

/// The parts of a resource a [`Frame`] is made of.
pub struct Common<'r, 'a> {
    pub subject: Option<&'r Reference<'a>>,
    pub id: Option<&'r str>,
    pub issued: Option<&'r str>,
    pub meta: Option<&'r Meta<'a>>,
    pub note: &'r [Annotation<'a>],
    pub extension: &'r [Extension<'a>],
    pub contained: &'r [Contained<'a>],
}

impl<'k> Collector<'k> {
    /// A collector for one document.
    pub fn new(knowledge: &'k Knowledge, options: &'k FhirOptions, file: Option<Arc<str>>) -> Collector<'k> {
        let mut products = Vec::new();
        for answer in knowledge.catalogue.get(PRODUCT).map(|info| info.answers.as_slice()).unwrap_or_default()
        {
            let names = [answer.answer.as_str(), &answer.name.en, &answer.name.zh_tw];
            for name in names.into_iter().chain(answer.words.iter().map(String::as_str)) {
                let name = compared(name).into_owned();
                let wide = !name.is_ascii();
                if name.chars().count() >= NAME_INSIDE_CHARS_MIN || (wide && name.chars().count() >= 3) {
                    products.push((name, answer.answer));
                }
            }
        }
        let part = Part { file, ..Part::default() };
        Collector {
            catalogue: &knowledge.catalogue,
            options,
            part,
            products,
            texts: HashMap::new(),
            tracked: false,
        }
    }

    /// An empty collector with the same knowledge, to read a failing document again.
    pub(super) fn again(&self) -> Collector<'k> {
        Collector {
            catalogue: self.catalogue,
            options: self.options,
            part: Part::default(),
            products: self.products.clone(),
            texts: HashMap::new(),
            tracked: true,
        }
    }

    /// One copy of a text that comes again and again (references, users).
    pub(super) fn shared(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        let shared: Arc<str> = Arc::from(text);
        self.texts.insert(text.to_owned(), Arc::clone(&shared));
        shared
    }

    /// Subject, times and remarks; `None` where it cannot be used, which is then reported.
    pub(super) fn frame(&mut self, place: &Arc<str>, common: &Common<'_, '_>) -> Option<Frame> {
        let Some(subject) = self.subject(place, common) else {
            self.part.say(place, Trouble::NoSubject);
            return None;
        };
        let written = common.issued.or_else(|| {
            let extension =
                common.extension.iter().find(|e| e.url.as_deref() == Some(codes::RECORDED_EXTENSION));
            extension
                .and_then(|e| e.value_instant.as_deref())
                .or_else(|| common.meta.and_then(|meta| meta.last_updated.as_deref()))
        });
        let recorded = match written.map(|text| When::parse(text, self.options.zone.as_ref())) {
            None => None,
            Some(Ok(When::Instant(stamp))) => Some(stamp),
            Some(Ok(_)) => {
                let error = vena_base::time::TimeError::NotATime(written.unwrap_or_default().to_owned());
                self.part.say(place, Trouble::Time { field: "issued", error });
                return None;
            }
            Some(Err(error)) => {
                self.part.say(place, Trouble::Time { field: "issued", error });
                return None;
            }
        };
        let extension = |url: &str| common.extension.iter().find(|e| e.url.as_deref() == Some(url));
        let cause = extension(codes::CAUSE_EXTENSION).and_then(|e| e.value_code.as_deref());
        let cause = cause.and_then(|c| self.catalogue.get(CAUSE).and_then(|info| info.answer_from_words(c)));
        let by = extension(codes::RECORDED_BY_EXTENSION).and_then(|e| e.value_string.as_deref());
        let recorded_by = by.map(|by| self.shared(by));
        let note: Vec<&str> = common.note.iter().filter_map(|n| n.text.as_deref()).collect();
        let note = (!note.is_empty()).then(|| Arc::from(note.join("\n")));
        Some(Frame { place: Arc::clone(place), subject, recorded, note, recorded_by, cause })
    }

    fn subject(&mut self, place: &Arc<str>, common: &Common<'_, '_>) -> Option<Subject> {
        let subject = common.subject?;
        if let Some(local) = subject.reference.as_deref().and_then(|r| r.strip_prefix('#')) {
            let person = common.contained.iter().find_map(|resource| match resource {
                Contained::Patient(patient) if patient.id.as_deref() == Some(local) => Some(patient),
                _ => None,
            })?;
            let key: Arc<str> = Arc::from(format!("{}#{local}", common.id.unwrap_or(place)));
            self.person(place, person, Arc::clone(&key));
            return Some(Subject::Person(key));
        }
        match (&subject.reference, &subject.identifier) {
            (Some(reference), _) if !reference.is_empty() => Some(Subject::Reference(self.shared(reference))),
            (_, Some(identifier)) => {
                let name = identifier_name(identifier)?;
                Some(Subject::Reference(self.shared(&name)))
            }
            _ => None,
        }
    }

    /// A time element; what is not a time is reported and refused.
    pub(super) fn when(&mut self, place: &Arc<str>, field: &'static str, text: &str) -> Option<When> {
        match When::parse(text, self.options.zone.as_ref()) {
            Ok(when) => Some(when),
            Err(error) => {
                self.part.say(place, Trouble::Time { field, error });
                None
            }
        }
    }

    /// When something happened and until when: an instant or date, or a period.
    pub(super) fn time(
        &mut self,
        place: &Arc<str>,
        field: &'static str,
        moment: Option<&str>,
        period: Option<&Period<'_>>,
    ) -> Option<(When, Option<When>)> {
        if let Some(text) = moment {
            return self.when(place, field, text).map(|when| (when, None));
        }
        let Some(start) = period.and_then(|period| period.start.as_deref()) else {
            self.part.say(place, Trouble::NoTime);
            return None;
        };
        let start = self.when(place, field, start)?;
        match period.and_then(|period| period.end.as_deref()) {
            Some(end) => self.when(place, field, end).map(|end| (start, Some(end))),
            None => Some((start, None)),
        }
    }

    /// Counts a code that means nothing here.
    pub(super) fn not_understood(
        &mut self,
        kind: &str,
        concept: Option<&CodeableConcept<'_>>,
        place: &Arc<str>,
    ) {
        let (word, display) = named(concept);
        self.unknown(kind, &word, display.as_deref(), place);
    }

    pub(super) fn unknown(&mut self, kind: &str, word: &str, display: Option<&str>, place: &Arc<str>) {
        let catalogue = self.catalogue;
        self.part.report.unknown(
            kind,
            word,
            || Origin::Path(Arc::clone(place)),
            display,
            || {
                // A code is right or it is another one; only bare words can be near to each other.
                if display == Some(word) { suggestions(catalogue, word) } else { Vec::new() }
            },
        );
    }

    /// The concept an observation's code names: by LOINC or Vena's own ids; by its words only where
    /// no such code stands.
    pub(super) fn concept_of(&self, concept: &CodeableConcept<'_>) -> Option<&'k ConceptInfo> {
        let mut coded = false;
        for coding in &concept.coding {
            let (Some(system), Some(code)) = (coding.system.as_deref(), coding.code.as_deref()) else {
                continue;
            };
            let found = match system {
                codes::LOINC | "urn:oid:2.16.840.1.113883.6.1" => {
                    coded = true;
                    self.catalogue.by_loinc(code)
                }
                codes::VENA => self.catalogue.get(Concept::of_known(code, self.catalogue)?),
                _ => None,
            };
            if found.is_some() {
                return found;
            }
        }
        if coded {
            return None;
        }
        concept.words().find_map(|words| self.catalogue.find(words).filter(|info| info.kind != Kind::Drug))
    }

    /// Adds a person the document describes.
    pub(super) fn person(&mut self, place: &Arc<str>, patient: &Patient<'_>, key: Arc<str>) {
        for identifier in &patient.identifier {
            if let Some(name) = identifier_name(identifier) {
                self.part.aliases.entry(name).or_insert_with(|| Arc::clone(&key));
            }
        }
        let mut drafts = Vec::new();
        let file = self.part.file.clone();
        let mut add = |concept, value, when, undated| {
            let mut fact = Fact::new(concept, value, when);
            fact.origin = Origin::Path(Arc::clone(place));
            drafts.push(Draft { fact, undated, file: file.clone() });
        };
        if let Some(text) = patient.birth_date.as_deref()
            && let Some(when) = self.when(place, "birthDate", text)
        {
            add(BIRTH_DATE, Value::Moment(when), when, false);
        }
        if let Some(gender) = patient.gender.as_deref()
            && let Some(info) = self.catalogue.get(SEX)
        {
            match interpret(self.catalogue, info, Written { value: gender, unit: None }, None) {
                Ok(reading) => add(SEX, reading.value, NO_TIME, true),
                Err(trouble) => self.part.say(place, trouble),
            }
        }
        match (patient.deceased_date_time.as_deref(), patient.deceased_boolean) {
            (Some(text), _) => {
                if let Some(when) = self.when(place, "deceasedDateTime", text) {
                    add(DEATH, Value::Happened, when, false);
                }
            }
            (None, Some(true)) => self.part.say(place, Trouble::DeathWithoutDate),
            (None, _) => {}
        }
        self.part.people.push(Person { key, drafts });
    }
}

/// A concept by id, without making a new name for what the catalogue does not have.
trait KnownConcept: Sized {
    fn of_known(code: &str, catalogue: &Catalogue) -> Option<Self>;
}

impl KnownConcept for Concept {
    fn of_known(code: &str, catalogue: &Catalogue) -> Option<Concept> {
        catalogue.find(code).map(|info| info.concept).filter(|concept| concept.as_str() == code)
    }
}

/// The name an unknown code goes by in the report, and its display.
pub(super) fn named(concept: Option<&CodeableConcept<'_>>) -> (String, Option<String>) {
    let Some(concept) = concept else {
        return ("(no code)".to_owned(), None);
    };
    let display = concept.words().next().map(str::to_owned);
    match concept.coding.iter().find_map(|c| c.code.as_deref().map(|code| (c.system.as_deref(), code))) {
        Some((system, code)) => {
            let system = match system {
                Some(codes::LOINC) => "LOINC",
                Some(codes::SNOMED) => "SNOMED CT",
                Some(codes::RXNORM) => "RxNorm",
                Some(system) if codes::is_atc(system) => "ATC",
                Some(system) if codes::is_icd10_pcs(system) => "ICD-10-PCS",
                Some(other) => other,
                None => "(no system)",
            };
            (format!("{system} {code}"), display)
        }
        None => (display.unwrap_or_else(|| "(no code)".to_owned()), None),
    }
}

/// An identifier as one text, the way conditional references write it.
fn identifier_name(identifier: &Identifier<'_>) -> Option<String> {
    let value = identifier.value.as_deref().filter(|value| !value.is_empty())?;
    Some(format!("identifier={}|{value}", identifier.system.as_deref().unwrap_or_default()))
}

/// A quantity's number with its comparator, and its unit: the UCUM code before the printed unit.
pub(super) fn amount(quantity: &Quantity<'_>) -> Option<(String, Option<String>)> {
    let number = quantity.value?.0;
    let value = format!("{}{number}", quantity.comparator.as_deref().unwrap_or_default());
    Some((value, unit_of(quantity).map(str::to_owned)))
}

/// The unit of a quantity: the UCUM code before the printed unit.
pub(super) fn unit_of<'r>(quantity: &'r Quantity<'_>) -> Option<&'r str> {
    let code = quantity.code.as_deref().filter(|code| !code.is_empty());
    let unit = quantity.unit.as_deref().filter(|unit| !unit.is_empty());
    if quantity.system.as_deref() == Some(codes::UCUM) { code.or(unit) } else { unit.or(code) }
}
