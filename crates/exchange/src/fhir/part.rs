//! What one FHIR document says, before it is known what other documents say about the same people.
//! Owns everything, so that the document's bytes may go. Knows no element of a resource.

use crate::{
    identity::Identity,
    report::{Problem, ReadReport},
    settle::{Draft, Version},
    trouble::Trouble,
};
use std::{collections::HashMap, sync::Arc};
use vena_base::{Answer, Concept, Origin, When};

/// About whom something is said.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A reference as written, to be resolved when all people are known.
    Reference(Arc<str>),
    /// A person inside the resource itself.
    Person(Arc<str>),
}

/// One statement about a person.
#[derive(Debug, Clone)]
pub struct Statement {
    /// About whom.
    pub subject: Subject,
    /// What.
    pub draft: Draft,
}

/// A person the document describes.
#[derive(Debug, Clone)]
pub struct Person {
    /// The name the chart goes by: the resource's id.
    pub key: Arc<str>,
    /// Birth date, sex, death.
    pub drafts: Vec<Draft>,
    /// Who it is.
    pub identity: Identity,
}

/// What an administration's medication is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// A drug of the catalogue.
    Drug(Concept),
    /// The product itself: the infusion.
    Infusion(Option<Answer>),
    /// None of these: code or words, and the display.
    Unknown(String, Option<String>),
}

/// A drug given, still without knowing which one.
#[derive(Debug, Clone)]
pub struct Administration {
    /// Everything but what was given; its value is a placeholder until the drug is known.
    pub draft: Draft,
    /// Status and time of halting, where it was halted.
    pub halted: Option<(String, Option<String>)>,
    /// About whom.
    pub subject: Subject,
    /// The dose: number and unit as written.
    pub dose: Option<(String, Option<String>)>,
}

/// What one document says.
#[derive(Debug, Clone, Default)]
pub struct Part {
    /// The file, where several are read together.
    pub file: Option<Arc<str>>,
    pub(super) people: Vec<Person>,
    /// Other names of people (full URLs, identifiers) → key.
    pub(super) aliases: HashMap<String, Arc<str>>,
    /// Medications by full URL and by `Medication/id`.
    pub(super) medications: HashMap<String, Given>,
    pub(super) statements: Vec<Statement>,
    /// Administrations of medications not met yet, with the reference.
    pub(super) pending: Vec<(String, Administration)>,
    /// Versions of resources that say the resource must not be used, with the subject they name.
    pub(super) taken_back: Vec<(Option<Subject>, Arc<Version>)>,
    pub(super) report: ReadReport,
}

impl Part {
    /// Adds a problem at a place in the document.
    pub(super) fn say(&mut self, place: &Arc<str>, trouble: Trouble) {
        let problem = Problem {
            place: Origin::Path(Arc::clone(place)),
            file: self.file.clone(),
            patient: None,
            trouble,
        };
        self.report.add(problem);
    }

    /// Adds a problem with something said about a subject, who is resolved when parts are joined.
    pub(super) fn say_of(&mut self, place: &Arc<str>, subject: &Subject, trouble: Trouble) {
        let (Subject::Reference(name) | Subject::Person(name)) = subject;
        let patient = Some(Arc::clone(name));
        let place = Origin::Path(Arc::clone(place));
        let file = self.file.clone();
        self.report.add(Problem { place, file, patient, trouble });
    }

    /// Adds a statement.
    pub(super) fn state(&mut self, subject: Subject, draft: Draft) {
        self.statements.push(Statement { subject, draft });
    }
}

/// The time of a fact whose time is not known yet; always replaced or refused before it is seen.
pub(super) const NO_TIME: When = When::Year(0);
