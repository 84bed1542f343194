//! From what several documents say to one chart a person: references resolved, people described
//! twice compared, subjects nobody describes named. Knows no JSON.

use super::{
    FhirOptions,
    part::{Given, Part, Subject},
    treatment::administered,
    version,
};
use crate::{
    Loaded,
    identity::Identity,
    report::{Problem, ReadReport},
    settle::{Draft, Version, settle},
    trouble::Trouble,
};
use rayon::prelude::*;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};
use vena_knowledge::{Catalogue, Knowledge};

/// The id at the end of a URL or URN.
pub(super) fn bare(url: &str) -> &str {
    let url = url.split("/_history/").next().unwrap_or(url);
    url.rsplit(['/', ':']).next().unwrap_or(url)
}

/// Whom a reference means.
enum Who {
    /// A person, by the name their chart goes by.
    Person(Arc<str>),
    /// Something that is no person (a device, a group, a place).
    NotAPerson,
    /// A condition that nobody in the documents meets.
    Nobody,
}

/// Makes charts of everything the parts say. The order of people is that of their first mention.
pub fn join(parts: Vec<Part>, options: &FhirOptions, knowledge: &Knowledge) -> Loaded {
    let mut joining = Joining::default();
    for part in &parts {
        for (reference, given) in &part.medications {
            joining.medications.insert(reference.clone(), given.clone());
        }
        for (alias, key) in &part.aliases {
            joining.aliases.entry(alias.clone()).or_insert_with(|| Arc::clone(key));
        }
        joining.described.extend(part.people.iter().map(|person| Arc::clone(&person.key)));
    }
    for part in parts {
        joining.take(part, &knowledge.catalogue);
    }
    let Joining { order, mut people, mut report, identities, taken_back, .. } = joining;
    let people: Vec<(Arc<str>, Vec<Draft>)> =
        order.into_iter().filter_map(|key| people.remove(&key).map(|drafts| (key, drafts))).collect();
    let settled: Vec<_> = people
        .into_par_iter()
        .map(|(key, mut drafts)| {
            let mut report = ReadReport::default();
            let catalogue = &knowledge.catalogue;
            version::replace_earlier(&key, &mut drafts, &taken_back, &mut report);
            let chart = settle(&key, drafts, options.zone.as_ref(), options.now, catalogue, &mut report);
            (chart, report)
        })
        .collect();
    let mut charts = Vec::with_capacity(settled.len());
    for (chart, said) in settled {
        charts.push(chart);
        report.merge(said);
    }
    Loaded { charts, people: identities, report }
}

#[derive(Default)]
struct Joining {
    medications: HashMap<String, Given>,
    aliases: HashMap<String, Arc<str>>,
    described: HashSet<Arc<str>>,
    order: Vec<Arc<str>>,
    people: HashMap<Arc<str>, Vec<Draft>>,
    orphans: HashSet<Arc<str>>,
    identities: HashMap<Arc<str>, Identity>,
    /// Versions that must not be used, with the person they name where they name one.
    taken_back: Vec<(Option<Arc<str>>, Arc<Version>)>,
    report: ReadReport,
}

impl Joining {
    fn take(&mut self, part: Part, catalogue: &Catalogue) {
        let own = part.aliases;
        let mut report = part.report;
        for problem in &mut report.problems {
            let Some(name) = problem.patient.take() else {
                continue;
            };
            problem.patient = match self.described.contains(&name) {
                true => Some(name),
                false => match self.who(&name, &own) {
                    Who::Person(key) => Some(key),
                    Who::NotAPerson | Who::Nobody => None,
                },
            };
        }
        self.report.merge(report);
        for person in part.people {
            self.identities.entry(Arc::clone(&person.key)).or_default().fill(person.identity);
            self.chart(person.key).extend(person.drafts);
        }
        for (subject, version) in part.taken_back {
            let person = match &subject {
                Some(Subject::Person(key)) => Some(Arc::clone(key)),
                Some(Subject::Reference(reference)) => match self.who(reference, &own) {
                    Who::Person(key) => Some(key),
                    Who::NotAPerson | Who::Nobody => continue,
                },
                None => None,
            };
            self.taken_back.push((person, version));
        }
        // One document says many things about the same few subjects.
        let mut known: HashMap<Subject, Option<Arc<str>>> = HashMap::new();
        let mut statements = part.statements;
        for (reference, administration) in part.pending {
            let place = administration.draft.fact.origin.clone();
            let said =
                |trouble| Problem { place: place.clone(), file: part.file.clone(), patient: None, trouble };
            match self.medications.get(&reference).or_else(|| self.medications.get(&tail(&reference))) {
                None => self.report.add(said(Trouble::BrokenReference { reference })),
                Some(Given::Unknown(word, display)) => {
                    let first = || place.clone();
                    let kind = "MedicationAdministration";
                    self.report.unknown(kind, word, first, display.as_deref(), Vec::new);
                }
                Some(given) => {
                    let subject = administration.subject.clone();
                    let given = given.clone();
                    if let Some((draft, noticed)) = administered(catalogue, &given, administration) {
                        for trouble in noticed {
                            self.report.add(said(trouble));
                        }
                        statements.push(super::part::Statement { subject, draft });
                    }
                }
            }
        }
        for statement in statements {
            let who = match known.get(&statement.subject) {
                Some(who) => who.clone(),
                None => {
                    let who = self.resolve(&statement.subject, &own, &statement.draft);
                    known.insert(statement.subject.clone(), who.clone());
                    who
                }
            };
            match who {
                Some(key) => self.chart(key).push(statement.draft),
                None => self.nobody(&statement.subject, &statement.draft),
            }
        }
    }

    fn chart(&mut self, key: Arc<str>) -> &mut Vec<Draft> {
        if !self.people.contains_key(&key) {
            self.order.push(Arc::clone(&key));
        }
        self.people.entry(key).or_default()
    }

    fn resolve(
        &mut self,
        subject: &Subject,
        own: &HashMap<String, Arc<str>>,
        draft: &Draft,
    ) -> Option<Arc<str>> {
        let reference = match subject {
            Subject::Person(key) => return Some(Arc::clone(key)),
            Subject::Reference(reference) => reference,
        };
        match self.who(reference, own) {
            Who::Person(key) => {
                if !self.described.contains(&key) && self.orphans.insert(Arc::clone(&key)) {
                    self.report.add(Problem {
                        place: draft.fact.origin.clone(),
                        file: draft.file.clone(),
                        patient: Some(Arc::clone(&key)),
                        trouble: Trouble::UnknownSubject { reference: reference.to_string() },
                    });
                }
                Some(key)
            }
            Who::NotAPerson | Who::Nobody => None,
        }
    }

    fn nobody(&mut self, subject: &Subject, draft: &Draft) {
        let Subject::Reference(reference) = subject else {
            return;
        };
        let trouble = Trouble::BrokenReference { reference: reference.to_string() };
        let place = draft.fact.origin.clone();
        self.report.add(Problem { place, file: draft.file.clone(), patient: None, trouble });
    }

    /// Full URLs and identifiers of the same document come first, then those of the others, then the
    /// id itself.
    fn who(&self, reference: &str, own: &HashMap<String, Arc<str>>) -> Who {
        let unversioned = reference.split("/_history/").next().unwrap_or(reference);
        if let Some(key) = own.get(unversioned).or_else(|| self.aliases.get(unversioned)) {
            return Who::Person(Arc::clone(key));
        }
        if let Some((_, condition)) = unversioned.split_once('?') {
            let key = own.get(condition).or_else(|| self.aliases.get(condition));
            return key.map_or(Who::Nobody, |key| Who::Person(Arc::clone(key)));
        }
        if unversioned.starts_with("identifier=") || unversioned.starts_with('#') {
            return Who::Nobody;
        }
        if unversioned.starts_with("urn:") {
            return Who::Person(Arc::from(bare(unversioned)));
        }
        match unversioned.rsplit_once('/') {
            None => Who::Person(Arc::from(unversioned)),
            Some((kind, id)) if kind == "Patient" || kind.ends_with("/Patient") => Who::Person(Arc::from(id)),
            Some(_) => Who::NotAPerson,
        }
    }
}

/// `Medication/id` at the end of an absolute reference.
fn tail(reference: &str) -> String {
    let unversioned = reference.split("/_history/").next().unwrap_or(reference);
    match unversioned.starts_with("urn:") {
        true => format!("Medication/{}", bare(unversioned)),
        false => unversioned
            .rfind("Medication/")
            .and_then(|at| unversioned.get(at..))
            .unwrap_or(unversioned)
            .to_owned(),
    }
}
