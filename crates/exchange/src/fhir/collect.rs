//! From one resource to statements: what all resources have in common (subject, times, remarks,
//! codes), and the person. Knows nothing of how a document is walked.

use super::{
    FhirOptions, codes,
    model::{
        Annotation, CodeableConcept, Contained, Extension, HumanName, Identifier, Meta, Patient, Period,
        Quantity, Reference,
    },
    part::{NO_TIME, Part, Person, Subject},
};
use crate::{
    identity::Identity,
    settle::{Draft, Version},
    trouble::Trouble,
    value::{BIRTH_DATE, DEATH, PRODUCT, SEX, Written, interpret, suggestions},
};
use std::{collections::HashMap, sync::Arc};
use vena_base::{
    Answer, Concept, Fact, Flag, Origin, Stamp, Text, Value, When,
    units::{self, UnitError},
};
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
    pub recorded_on: Option<When>,
    pub version: Option<Arc<Version>>,
    pub file: Option<Arc<str>>,
    pub flag: Option<Flag>,
    /// The time of recording cannot be read: what the resource says is not used.
    pub wrong: Option<Trouble>,
    pub note: Option<Arc<str>>,
    pub recorded_by: Option<Arc<str>>,
    pub cause: Option<Answer>,
}

impl Frame {
    /// A draft with everything the frame says.
    pub fn draft(&self, concept: Concept, value: Value, when: When, until: Option<When>) -> Draft {
        let mut fact = Fact::new(concept, value, when);
        fact.until = until;
        fact.recorded = self.recorded;
        fact.recorded_by.clone_from(&self.recorded_by);
        fact.note.clone_from(&self.note);
        fact.attributed_to = self.cause;
        fact.origin = Origin::Path(Arc::clone(&self.place));
        fact.flags.extend(self.flag);
        let version = self.version.clone();
        Draft { recorded_on: self.recorded_on, version, ..Draft::new(fact, self.file.clone()) }
    }
}

/// The parts of a resource a [`Frame`] is made of.
pub struct Common<'r, 'a> {
    pub kind: &'static str,
    pub status: Option<&'r str>,
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
        let mut frame = self.frame_as_far(place, common)?;
        match frame.wrong.take() {
            Some(trouble) => {
                self.part.say_of(place, &frame.subject, trouble);
                None
            }
            None => Some(frame),
        }
    }

    /// As [`Collector::frame`], but a time of recording that cannot be read stands in `wrong`.
    pub(super) fn frame_as_far(&mut self, place: &Arc<str>, common: &Common<'_, '_>) -> Option<Frame> {
        let Some(subject) = self.subject(place, common) else {
            self.part.say(place, Trouble::NoSubject);
            return None;
        };
        let extension = |url: &str| common.extension.iter().find(|e| e.url.as_deref() == Some(url));
        let written = common.issued.or_else(|| {
            extension(codes::RECORDED_EXTENSION)
                .and_then(|e| e.value_instant.as_deref())
                .or_else(|| common.meta.and_then(|meta| meta.last_updated.as_deref()))
        });
        let (mut recorded, mut recorded_on, mut wrong) = (None, None, None);
        match written.map(|text| When::parse(text, self.options.zone.as_ref())) {
            None => {}
            Some(Ok(When::Instant(stamp))) => recorded = Some(stamp),
            Some(Ok(day)) => recorded_on = Some(day),
            Some(Err(error)) => wrong = Some(Trouble::Time { field: "issued", error }),
        }
        let cause = extension(codes::CAUSE_EXTENSION).and_then(|e| e.value_code.as_deref());
        let cause = cause.and_then(|c| self.catalogue.get(CAUSE).and_then(|info| info.answer_from_words(c)));
        let by = extension(codes::RECORDED_BY_EXTENSION).and_then(|e| e.value_string.as_deref());
        let recorded_by = by.map(|by| self.shared(by));
        let note: Vec<&str> = common.note.iter().filter_map(|n| n.text.as_deref()).collect();
        let note = (!note.is_empty()).then(|| Arc::from(note.join("\n")));
        let flag =
            common.status.is_some_and(|status| !settled(common.kind, status)).then_some(Flag::Preliminary);
        if let (Some(_), Some(status)) = (flag, common.status) {
            self.part.say_of(
                place,
                &subject,
                Trouble::NotFinal { status: status.chars().take(40).collect() },
            );
        }
        let version = version(common.kind, common.id, common.meta, recorded);
        Some(Frame {
            place: Arc::clone(place),
            subject,
            recorded,
            recorded_on,
            version,
            file: self.part.file.clone(),
            flag,
            wrong,
            note,
            recorded_by,
            cause,
        })
    }

    /// Counts a resource left out by its status; an earlier version of it is taken back with it.
    pub(super) fn exclude(
        &mut self,
        kind: &'static str,
        status: &str,
        id: Option<&str>,
        meta: Option<&Meta<'_>>,
        subject: Option<&Reference<'_>>,
    ) {
        self.part.report.exclude(kind, status);
        if let Some(version) = version(kind, id, meta, None) {
            let reference = subject.and_then(|subject| subject.reference.as_deref());
            let subject = reference.map(|reference| Subject::Reference(self.shared(reference)));
            self.part.taken_back.push((subject, version));
        }
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
            drafts.push(Draft { undated, ..Draft::new(fact, file.clone()) });
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
        let identity = identity_of(patient);
        self.part.people.push(Person { key, drafts, identity });
    }
}

/// Whether a status says that the source stands by what it says. `stopped`, `on-hold` and the like are
/// statuses of what was done and are read where it is.
fn settled(kind: &str, status: &str) -> bool {
    match kind {
        "Observation" => matches!(status, "final" | "amended" | "corrected"),
        "Procedure" => status != "unknown",
        _ => true,
    }
}

/// Which version of which resource this is; `None` for a resource without id.
fn version(
    kind: &str,
    id: Option<&str>,
    meta: Option<&Meta<'_>>,
    recorded: Option<Stamp>,
) -> Option<Arc<Version>> {
    let id = id.filter(|id| !id.is_empty())?;
    let number = meta.and_then(|meta| meta.version_id.as_deref()).and_then(|number| number.parse().ok());
    let updated = meta.and_then(|meta| meta.last_updated.as_deref());
    let updated = match updated.map(|text| When::parse(text, None)) {
        Some(Ok(When::Instant(stamp))) => Some(stamp),
        _ => recorded,
    };
    Some(Arc::new(Version { resource: Arc::from(format!("{kind}/{id}")), number, updated }))
}

/// Who a Patient is: the names in use, in Chinese and in Latin letters, and the record numbers.
fn identity_of(patient: &Patient<'_>) -> Identity {
    let mut identity = Identity::default();
    let in_use =
        |name: &&HumanName<'_>| !matches!(name.usage.as_deref(), Some("old" | "maiden" | "anonymous"));
    let official = |name: &&HumanName<'_>| matches!(name.usage.as_deref(), Some("official" | "usual"));
    let names = || patient.name.iter().filter(in_use);
    for name in names().filter(official).chain(names()) {
        let given = name.given.iter().flatten().map(|given| &**given);
        identity.add_name(name.text.as_deref(), name.family.as_deref(), given);
    }
    identity.birth_date = patient.birth_date.as_deref().map(str::to_owned);
    identity.sex = patient.gender.as_deref().map(str::to_owned);
    for identifier in &patient.identifier {
        let kind =
            identifier.kind.as_ref().and_then(|kind| kind.coding.first()).and_then(|c| c.code.as_deref());
        if let Some(value) = identifier.value.as_deref().filter(|value| !value.trim().is_empty()) {
            identity.add_number(value, kind == Some("MR"));
        }
    }
    identity
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
///
/// # Errors
/// Printed unit and code are not the same unit: which is meant is not guessed.
pub(super) fn amount(
    concept: &Text,
    quantity: &Quantity<'_>,
) -> Result<Option<(String, Option<String>)>, Trouble> {
    let Some(number) = quantity.value else {
        return Ok(None);
    };
    let value = format!("{}{}", quantity.comparator.as_deref().unwrap_or_default(), number.0);
    let (unit, _) = unit_of(concept, quantity)?;
    Ok(Some((value, unit.map(str::to_owned))))
}

/// The unit of a quantity: the UCUM code before the printed unit, and what is to be said of them.
///
/// # Errors
/// They are not the same unit.
pub(super) fn unit_of<'r>(
    concept: &Text,
    quantity: &'r Quantity<'_>,
) -> Result<(Option<&'r str>, Option<Trouble>), Trouble> {
    let code = quantity.code.as_deref().filter(|code| !code.is_empty());
    let unit = quantity.unit.as_deref().filter(|unit| !unit.is_empty());
    let ucum = quantity.system.as_deref() == Some(codes::UCUM);
    let used = if ucum { code.or(unit) } else { unit.or(code) };
    let (Some(unit), Some(code)) = (unit, code) else {
        return Ok((used, None));
    };
    // A code of another system (a hospital's own list of units) is not compared.
    if unit == code || !(ucum || quantity.system.is_none()) {
        return Ok((used, None));
    }
    let short = |text: &str| text.chars().take(40).collect::<String>();
    match agreement(unit, code) {
        Agreement::Same => Ok((used, None)),
        Agreement::NotKnown if !ucum => Ok((used, None)),
        Agreement::NotKnown => {
            let (unit, code) = (short(unit), short(code));
            Ok((used, Some(Trouble::UnitNotCompared { concept: concept.clone(), unit, code })))
        }
        Agreement::Different => Err(Trouble::UnitsDisagree {
            concept: concept.clone(),
            number: quantity.value.map(|number| short(number.0)).unwrap_or_default(),
            unit: short(unit),
            code: short(code),
        }),
    }
}

/// How a printed unit and its code stand to each other.
enum Agreement {
    Same,
    Different,
    NotKnown,
}

fn agreement(unit: &str, code: &str) -> Agreement {
    // International and catalytic units are printed for each other; neither says another scale.
    let plain = |unit: &str| units::spelled(unit).replace("[iU]", "U").replace("[IU]", "U");
    if plain(unit) == plain(code) {
        return Agreement::Same;
    }
    match units::conversion(unit, code, None) {
        Ok(rule) if rule.is_identity() => Agreement::Same,
        Ok(_) | Err(UnitError::WrongKind { .. } | UnitError::NeedsMolarMass { .. }) => Agreement::Different,
        Err(UnitError::Unknown(_) | UnitError::OutOfRange) => Agreement::NotKnown,
    }
}
