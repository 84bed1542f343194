//! What is wrong in a knowledge file, and where. Knows no rule: it only points.

use std::{fmt, sync::Arc};

/// What is wrong, with the offending values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not TOML.
    #[error("not TOML: {0}")]
    Syntax(String),
    /// A key that must be there is not.
    #[error("“{0}” is missing")]
    Missing(String),
    /// A key nobody reads: a misspelling would otherwise be lost in silence.
    #[error("“{0}” is not a key known here")]
    UnknownKey(String),
    /// Another kind of value is needed.
    #[error("“{key}” must be {expected}, not {found}")]
    WrongKind {
        /// The key.
        key: String,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A text is empty.
    #[error("“{0}” is empty")]
    Empty(String),
    /// Not a decimal number.
    #[error("{0}")]
    NotANumber(String),
    /// Not a UCUM unit.
    #[error("“{0}” is not a UCUM unit")]
    NotAUnit(String),
    /// Not one of the words allowed here.
    #[error("“{found}” is not one of: {allowed}")]
    NotAllowed {
        /// What was written.
        found: String,
        /// What may be written.
        allowed: String,
    },
    /// The same id twice.
    #[error("“{id}” stands already at {first}")]
    Twice {
        /// The id.
        id: String,
        /// Where it stands first.
        first: String,
    },
    /// One name for two things.
    #[error("the name “{name}” already means “{first}”; it cannot also mean “{second}”")]
    Ambiguous {
        /// The name as compared (case, width and spaces aside).
        name: String,
        /// What it means already.
        first: String,
        /// What it would mean too.
        second: String,
    },
    /// No such source in the bibliography.
    #[error("no source “{0}” in the bibliography")]
    NoSuchSource(String),
    /// No such concept in the catalogue.
    #[error("no concept “{0}” in the catalogue")]
    NoSuchConcept(String),
    /// No such answer.
    #[error("“{concept}” has no answer “{answer}”")]
    NoSuchAnswer {
        /// The concept.
        concept: String,
        /// The answer.
        answer: String,
    },
    /// A placeholder in a label names nothing.
    #[error("the label's placeholder {{{0}}} names nothing")]
    NoSuchPlaceholder(String),
    /// A number typed into a label: it would not follow when the number changes.
    #[error("the label has the number “{0}” typed into it; write a placeholder")]
    TypedNumber(String),
    /// A value without a comparison or unit, or the other way round.
    #[error("{0}")]
    Incomplete(String),
    /// The unit cannot be compared with the concept's.
    #[error("{0}")]
    UnitMismatch(String),
    /// The path does not say the same as the header.
    #[error("the path does not end in “{0}”")]
    Path(String),
    /// A published version was changed.
    #[error(
        "published version {rule} was changed: its digest is {found}, published was {published}; make a new version"
    )]
    Changed {
        /// `id@version`.
        rule: String,
        /// The digest of what stands in the file.
        found: String,
        /// The digest that was published.
        published: String,
    },
    /// A published version without its digest.
    #[error("{rule} is not provisional, so its digest must stand in knowledge/digests.toml: {digest}")]
    NotFrozen {
        /// `id@version`.
        rule: String,
        /// Its digest.
        digest: String,
    },
    /// A digest whose rule file is gone.
    #[error("published version {0} is gone")]
    Gone(String),
    /// Not exactly one version of a rule is the default.
    #[error("{0}")]
    Default(String),
    /// No such rule or entry.
    #[error("{0}")]
    NoSuchRule(String),
    /// Anything about a case.
    #[error("{0}")]
    Case(String),
    /// The range does not hold together.
    #[error("{0}")]
    Range(String),
}

/// A fault at a place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Path as it was given.
    pub file: Arc<str>,
    /// Line, the first is 1.
    pub line: usize,
    /// Column in characters, the first is 1.
    pub column: usize,
    /// What is wrong.
    pub fault: Fault,
}

impl Problem {
    /// The fault in words (English: those who write knowledge files read it in the file's terms).
    pub fn message(&self) -> String {
        self.fault.to_string()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.fault)
    }
}

impl std::error::Error for Problem {}

/// A place in a file, kept to report faults found later.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// Path as it was given.
    pub file: Arc<str>,
    /// Line, the first is 1.
    pub line: usize,
    /// Column in characters, the first is 1.
    pub column: usize,
}

impl Place {
    /// A fault here.
    pub fn problem(&self, fault: Fault) -> Problem {
        Problem { file: Arc::clone(&self.file), line: self.line, column: self.column, fault }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}
