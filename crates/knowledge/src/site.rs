//! What a site signed: rule sets made active, and its own values in place of the source's. Knows the
//! format; whose signature counts is decided elsewhere.

use crate::catalogue::Catalogue;
use crate::document::{Document, Table};
use crate::problem::{Fault, Place, Problem};
use crate::rules::{Life, Overlay, RuleSet};
use crate::rules_file::{canonical_value, render_labels};
use vena_base::{Decimal, Text};

/// A rule set made active at a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    /// `id@version`.
    pub rule: String,
    /// The digest that was signed.
    pub digest: Option<String>,
    /// Who signed.
    pub signed_by: String,
    /// The day it was signed (ISO 8601).
    pub signed_on: String,
    place: Place,
}

/// One value of the site's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteValue {
    /// `id@version`.
    pub rule: String,
    /// The entry.
    pub entry: String,
    /// The value, in the entry's unit.
    pub value: Decimal,
    /// The unit as written; must be the entry's.
    pub unit: String,
    /// Why the site differs.
    pub reason: Text,
    /// Who signed.
    pub signed_by: String,
    /// The day it was signed (ISO 8601).
    pub signed_on: String,
    place: Place,
}

/// How long a site lets a concept's value stand for “now”.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteHold {
    /// The concept's id.
    pub concept: String,
    /// Hours.
    pub holds_h: Decimal,
    /// Who signed.
    pub signed_by: String,
    /// The day it was signed (ISO 8601).
    pub signed_on: String,
    place: Place,
}

/// Everything a site signed about the knowledge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SiteOverlay {
    /// The site's name.
    pub site: String,
    /// Rule sets made active.
    pub activations: Vec<Activation>,
    /// Values of its own.
    pub values: Vec<SiteValue>,
    /// How long values hold there.
    pub holds: Vec<SiteHold>,
}

impl SiteOverlay {
    /// Reads a site's file.
    ///
    /// # Errors
    /// Everything wrong with it, with file and line.
    pub fn read(file: &str, text: &str) -> Result<SiteOverlay, Vec<Problem>> {
        let document = Document::new(file, text);
        let root = document.parse();
        let top = Table::new(&document, root.get_ref(), root.span());
        let overlay = SiteOverlay {
            site: top.needed("site"),
            activations: top.tables("activation").iter().map(activation).collect(),
            values: top.tables("overlay").iter().filter_map(site_value).collect(),
            holds: top.tables("hold").iter().filter_map(hold).collect(),
        };
        top.finish();
        let problems = document.into_problems();
        if problems.is_empty() { Ok(overlay) } else { Err(problems) }
    }
}

fn activation(table: &Table<'_, '_>) -> Activation {
    let activation = Activation {
        rule: table.needed("rule"),
        digest: table.text("digest"),
        signed_by: table.needed("signed-by"),
        signed_on: table.needed("signed-on"),
        place: table.place(),
    };
    table.finish();
    activation
}

fn needed_decimal(table: &Table<'_, '_>, key: &str) -> Option<Decimal> {
    if !table.has(key) {
        table.report(key, Fault::Missing(key.to_owned()));
    }
    table.decimal(key)
}

fn site_value(table: &Table<'_, '_>) -> Option<SiteValue> {
    let value = needed_decimal(table, "value");
    let rest = (table.needed("rule"), table.needed("entry"), table.needed("unit"));
    let reason = table.needed_languages("reason-");
    let (signed_by, signed_on) = (table.needed("signed-by"), table.needed("signed-on"));
    table.finish();
    let (rule, entry, unit) = rest;
    Some(SiteValue { rule, entry, value: value?, unit, reason, signed_by, signed_on, place: table.place() })
}

fn hold(table: &Table<'_, '_>) -> Option<SiteHold> {
    let holds_h = needed_decimal(table, "holds-h");
    let concept = table.needed("concept");
    let (signed_by, signed_on) = (table.needed("signed-by"), table.needed("signed-on"));
    table.finish();
    Some(SiteHold { concept, holds_h: holds_h?, signed_by, signed_on, place: table.place() })
}

/// Applies what a site signed to the rule sets.
pub(crate) fn apply(
    rules: &mut [RuleSet],
    catalogue: &Catalogue,
    overlay: &SiteOverlay,
    problems: &mut Vec<Problem>,
) {
    for activation in &overlay.activations {
        match rules.iter_mut().find(|rule| rule.name() == activation.rule) {
            None => problems.push(
                activation.place.problem(Fault::NoSuchRule(format!("no rule set “{}”", activation.rule))),
            ),
            Some(rule) if activation.digest.as_ref().is_some_and(|digest| *digest != rule.digest) => {
                problems.push(activation.place.problem(Fault::Changed {
                    rule: rule.name(),
                    found: rule.digest.clone(),
                    published: activation.digest.clone().unwrap_or_default(),
                }));
            }
            // A signature makes sourced knowledge active; it does not confirm a provisional source.
            Some(rule) if rule.status == Life::Provisional => {}
            Some(rule) => rule.status = Life::Active,
        }
    }
    for value in &overlay.values {
        match rules.iter_mut().find(|rule| rule.name() == value.rule) {
            None => {
                problems.push(value.place.problem(Fault::NoSuchRule(format!("no rule set “{}”", value.rule))))
            }
            Some(rule) => {
                if let Err(fault) = replace(rule, value, catalogue) {
                    problems.push(value.place.problem(fault));
                }
                // Labels are rendered from the numbers, so they follow.
                problems.extend(render_labels(rule));
            }
        }
    }
}

pub(crate) fn hold_problem(hold: &SiteHold) -> Problem {
    hold.place.problem(Fault::NoSuchConcept(hold.concept.clone()))
}

fn replace(rule: &mut RuleSet, value: &SiteValue, catalogue: &Catalogue) -> Result<(), Fault> {
    let name = rule.name();
    let entry = rule
        .index
        .get(&value.entry)
        .and_then(|at| rule.entries.get_mut(*at))
        .ok_or_else(|| Fault::NoSuchRule(format!("{name} has no entry “{}”", value.entry)))?;
    if entry.unit.as_deref() != Some(value.unit.as_str()) {
        let unit = entry.unit.as_deref().unwrap_or("none");
        return Err(Fault::UnitMismatch(format!("the unit must be that of the entry: {unit}")));
    }
    let source_value = match (&mut entry.threshold, &mut entry.number) {
        (Some(threshold), _) => {
            let info = entry.concept.and_then(|concept| catalogue.get(concept));
            threshold.value =
                canonical_value(&value.value, &value.unit, info).map_err(Fault::UnitMismatch)?;
            std::mem::replace(&mut threshold.decimal, value.value.clone())
        }
        (None, Some(number)) => std::mem::replace(number, value.value.clone()),
        (None, None) => {
            return Err(Fault::Incomplete(format!("{name} {} states no number", value.entry)));
        }
    };
    entry.overlaid = true;
    entry.overlay = Some(Overlay {
        source_value,
        reason: value.reason.clone(),
        signed_by: value.signed_by.clone(),
        signed_on: value.signed_on.clone(),
    });
    Ok(())
}
