//! Reads and checks the knowledge files and gives typed tables: catalogue of facts, rule sets with
//! their sources, bibliography, cases, and what a site signed over them.
//!
//! Must not know: any patient, any grading, any file or clock (texts come in as arguments), any page.
//! No clinical number stands in this crate; they stand in `knowledge/`.

pub mod cases;
mod cases_file;
pub mod catalogue;
mod catalogue_file;
mod check;
pub mod digest;
mod document;
pub mod generate;
pub mod label;
pub mod listing;
pub mod problem;
pub mod rules;
mod rules_file;
pub mod site;
pub mod sources;
mod value_error;
pub mod values;

pub use cases::{Around, Case, CaseError, CaseFact, CaseTime, Expect, Position};
pub use catalogue::{AnswerInfo, Catalogue, CommonWord, CommonWords, ConceptInfo, Kind};
pub use generate::generated_cases;
pub use listing::{ListingRow, listing};
pub use problem::{Fault, Place, Problem};
pub use rules::{Amount, Comparison, Entry, Life, Overlay, RuleError, RuleSet, Threshold};
pub use site::SiteOverlay;
pub use sources::{Bibliography, Cite, Source, SourceKind};
pub use values::{
    RangeCheck, STOPPED, ValueError, answers_known, answers_named, check_range, read_value, read_value_in,
    units_meant,
};

use std::sync::LazyLock;

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/files.rs"));
}

/// Everything the knowledge files say.
#[derive(Debug, Clone, Default)]
pub struct Knowledge {
    /// The facts there are.
    pub catalogue: Catalogue,
    /// What the numbers come from.
    pub sources: Bibliography,
    /// What is wrong with the files; empty for what [`Knowledge::load`] hands out.
    pub problems: Vec<Problem>,
    /// The sites whose values stand over the sources', by name.
    pub sites: Vec<String>,
    rules: Vec<RuleSet>,
}

impl Knowledge {
    /// The files the program carries inside itself, read once. A test checks that they hold no
    /// problem; should they still, what could be read stands beside [`Knowledge::problems`].
    pub fn embedded() -> &'static Knowledge {
        static EMBEDDED: LazyLock<Knowledge> =
            LazyLock::new(|| check::read(embedded::FILES.iter().copied(), false));
        &EMBEDDED
    }

    /// The files the program carries inside itself: path below the repository's root, and text.
    pub fn embedded_files() -> &'static [(&'static str, &'static str)] {
        embedded::FILES
    }

    /// Reads files handed over as (path, text). What a file is follows from its path: `sources.toml`,
    /// `digests.toml`, `catalogue/…`, `….cases.toml`, and rule files.
    ///
    /// # Errors
    /// Every problem with file, line and column.
    pub fn load<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Knowledge, Vec<Problem>> {
        let mut knowledge = check::read(files, true);
        if knowledge.problems.is_empty() {
            Ok(knowledge)
        } else {
            Err(std::mem::take(&mut knowledge.problems))
        }
    }

    /// A rule set by id; without a version the default one. The id may carry it: `crs/astct@2019`.
    ///
    /// # Errors
    /// No such rule set or version.
    pub fn rule(&self, id: &str, version: Option<&str>) -> Result<&RuleSet, RuleError> {
        let (id, version) = match id.split_once('@') {
            Some((id, own)) if version.is_none() => (id, Some(own)),
            _ => (id, version),
        };
        let mut versions = self.rules.iter().filter(|rule| rule.id == id).peekable();
        if versions.peek().is_none() {
            return Err(RuleError::NoSuchRule(id.to_owned()));
        }
        let found = match version {
            Some(version) => versions.find(|rule| rule.version == version),
            None => versions.find(|rule| rule.default),
        };
        found.ok_or_else(|| RuleError::NoSuchVersion {
            rule: id.to_owned(),
            version: version.unwrap_or("default").to_owned(),
            known: self.versions(id),
        })
    }

    fn versions(&self, id: &str) -> String {
        let versions: Vec<&str> =
            self.rules.iter().filter(|rule| rule.id == id).map(|rule| rule.version.as_str()).collect();
        versions.join(", ")
    }

    /// All rule sets, all versions, by file.
    pub fn rules(&self) -> impl Iterator<Item = &RuleSet> {
        self.rules.iter()
    }

    /// The same knowledge with a site's signed values over it.
    ///
    /// # Errors
    /// A rule, entry or concept that does not exist, a unit that is not the entry's, or a signature
    /// on another text than the one there is.
    pub fn with_site(&self, overlay: &SiteOverlay) -> Result<Knowledge, Vec<Problem>> {
        let mut knowledge = self.clone();
        let mut problems = Vec::new();
        site::apply(&mut knowledge.rules, &knowledge.catalogue, overlay, &mut problems);
        for hold in &overlay.holds {
            if !knowledge.catalogue.set_hold(&hold.concept, hold.holds_h.to_f64()) {
                problems.push(site::hold_problem(hold));
            }
        }
        knowledge.sites.push(overlay.site.clone());
        if problems.is_empty() { Ok(knowledge) } else { Err(problems) }
    }
}
