//! Reads all files together and checks what holds between them: sources, digests, versions, cases.
//! Knows what kind of file a path names, no rule by name.

use crate::{
    Knowledge, cases_file, catalogue_file,
    digest::digest,
    document::{Document, Table},
    problem::{Fault, Place, Problem},
    rules::{Life, RuleSet},
    rules_file,
};
use std::collections::BTreeMap;

/// What kind of file a path names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum FileKind {
    Sources,
    Digests,
    Catalogue,
    Rules,
    Cases,
}

fn kind(path: &str) -> FileKind {
    let name = path.rsplit('/').next().unwrap_or(path);
    if name == "sources.toml" {
        FileKind::Sources
    } else if name == "digests.toml" {
        FileKind::Digests
    } else if path.contains("catalogue/") {
        FileKind::Catalogue
    } else if name.ends_with(".cases.toml") {
        FileKind::Cases
    } else {
        FileKind::Rules
    }
}

/// Reads everything; what is wrong stands in `problems`, ordered by file and line. `thorough` also
/// makes every case into a chart, which a program that only starts need not wait for.
pub(crate) fn read<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>, thorough: bool) -> Knowledge {
    let mut files: Vec<(FileKind, &str, &str)> =
        files.into_iter().map(|(path, text)| (kind(path), path, text)).collect();
    // Each kind needs what comes before it in this order.
    files.sort();
    let mut knowledge = Knowledge::default();
    let mut problems = Vec::new();
    let mut published = Published::default();
    for (kind, path, text) in &files {
        match kind {
            FileKind::Sources => knowledge.sources.read(path, text, &mut problems),
            FileKind::Digests => published.read(path, text, &mut problems),
            FileKind::Catalogue => catalogue_file::read(&mut knowledge.catalogue, path, text, &mut problems),
            FileKind::Rules | FileKind::Cases => {}
        }
    }
    knowledge.catalogue.finish();
    for (_, path, text) in files.iter().filter(|(kind, ..)| *kind == FileKind::Rules) {
        let rules = rules_file::read(path, text, digest(text), &knowledge.catalogue, &mut problems);
        if let Some(first) = knowledge.rules.iter().find(|first| first.name() == rules.name()) {
            problems.push(rules.place.problem(Fault::Twice { id: rules.name(), first: first.file.clone() }));
        } else {
            knowledge.rules.push(rules);
        }
    }
    for (_, path, text) in files.iter().filter(|(kind, ..)| *kind == FileKind::Cases) {
        add_cases(&mut knowledge, path, text, thorough, &mut problems);
    }
    check_sources(&knowledge, &mut problems);
    check_versions(&knowledge.rules, &mut problems);
    published.check(&knowledge.rules, &mut problems);
    problems.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    knowledge.problems = problems;
    knowledge
}

fn add_cases(knowledge: &mut Knowledge, path: &str, text: &str, thorough: bool, problems: &mut Vec<Problem>) {
    let file = cases_file::read(path, text, &knowledge.catalogue, thorough, problems);
    let Some(rules) = knowledge.rules.iter_mut().find(|rules| rules.name() == file.rule) else {
        problems.push(file.place.problem(Fault::NoSuchRule(format!("no rule set “{}”", file.rule))));
        return;
    };
    let mut ids: BTreeMap<&str, &Place> = BTreeMap::new();
    for case in file.cases.iter().chain(file.arounds.iter().map(|around| &around.base)) {
        if let Some(first) = ids.insert(&case.id, &case.place) {
            problems.push(case.place.problem(Fault::Twice { id: case.id.clone(), first: first.to_string() }));
        }
    }
    for around in &file.arounds {
        let known = rules.entry(&around.entry).is_ok_and(|e| e.threshold.is_some() && e.measured);
        if !known {
            let fault = format!("{} has no entry “{}” with a cut-off on a concept", file.rule, around.entry);
            problems.push(around.base.place.problem(Fault::Case(fault)));
        }
    }
    for case in &file.cases {
        for criterion in case.expect.iter().filter_map(|expect| expect.criterion.as_ref()) {
            if rules.entry(criterion).is_err() {
                let fault = format!("{} has no entry “{criterion}”", file.rule);
                problems.push(case.place.problem(Fault::Case(fault)));
            }
        }
    }
    rules.cases.extend(file.cases);
    rules.arounds.extend(file.arounds);
}

fn check_sources(knowledge: &Knowledge, problems: &mut Vec<Problem>) {
    let mut check = |source: &str, place: &Place| {
        if !source.is_empty() && knowledge.sources.get(source).is_none() {
            problems.push(place.problem(Fault::NoSuchSource(source.to_owned())));
        }
    };
    for info in knowledge.catalogue.iter() {
        check(&info.source.source, &info.place);
    }
    for rules in &knowledge.rules {
        for cite in &rules.sources {
            check(&cite.source, &rules.place);
        }
        for entry in &rules.entries {
            for cite in entry.cites() {
                check(&cite.source, &entry.place);
            }
        }
    }
}

/// Each id has exactly one default version, and what is superseded exists.
fn check_versions(rules: &[RuleSet], problems: &mut Vec<Problem>) {
    for rule in rules {
        let defaults: Vec<&RuleSet> =
            rules.iter().filter(|other| other.id == rule.id && other.default).collect();
        let is_first =
            rules.iter().find(|other| other.id == rule.id).is_some_and(|first| first.name() == rule.name());
        if is_first && defaults.len() != 1 {
            let fault =
                format!("“{}” has {} default versions; it needs exactly one", rule.id, defaults.len());
            problems.push(rule.place.problem(Fault::Default(fault)));
        }
        for old in &rule.supersedes {
            if !rules.iter().any(|other| other.name() == *old) {
                problems
                    .push(rule.place.problem(Fault::NoSuchRule(format!("no rule set “{old}” to supersede"))));
            }
        }
    }
}

/// The digests of the published versions.
#[derive(Default)]
struct Published {
    digests: BTreeMap<String, (String, Place)>,
}

impl Published {
    fn read(&mut self, path: &str, text: &str, problems: &mut Vec<Problem>) {
        let document = Document::new(path, text);
        let root = document.parse();
        let top = Table::new(&document, root.get_ref(), root.span());
        if let Some(table) = top.table("digests") {
            for (rule, digest, place) in table.all_texts() {
                self.digests.insert(rule, (digest, place));
            }
        }
        top.finish();
        problems.extend(document.into_problems());
    }

    fn check(&self, rules: &[RuleSet], problems: &mut Vec<Problem>) {
        for rule in rules.iter().filter(|rule| rule.status != Life::Provisional) {
            match self.digests.get(&rule.name()) {
                None => problems.push(
                    rule.place.problem(Fault::NotFrozen { rule: rule.name(), digest: rule.digest.clone() }),
                ),
                Some((published, _)) if *published != rule.digest => {
                    problems.push(rule.place.problem(Fault::Changed {
                        rule: rule.name(),
                        found: rule.digest.clone(),
                        published: published.clone(),
                    }));
                }
                Some(_) => {}
            }
        }
        for (name, (_, place)) in &self.digests {
            if !rules.iter().any(|rule| rule.name() == *name && rule.status != Life::Provisional) {
                problems.push(place.problem(Fault::Gone(name.clone())));
            }
        }
    }
}
