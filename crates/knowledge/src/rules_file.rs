//! Reads one rule file. Knows the format (described in `knowledge/README.md`), no rule by name.

use crate::catalogue::{Catalogue, ConceptInfo, Kind};
use crate::document::{Document, Table};
use crate::label;
use crate::problem::{Fault, Problem};
use crate::rules::{Amount, Comparison, Entry, Life, RuleSet, Threshold};
use crate::sources::Cite;
use std::collections::BTreeMap;
use vena_base::{Answer, Concept, Decimal, Lang, Text, decimal::exact_to_f64, units};

const COMPARISONS: [(&str, Comparison); 5] = [
    ("<", Comparison::Lt),
    ("<=", Comparison::Le),
    ("=", Comparison::Eq),
    (">=", Comparison::Ge),
    (">", Comparison::Gt),
];

const LIVES: [(&str, Life); 2] = [("provisional", Life::Provisional), ("sourced", Life::Sourced)];

/// Reads a rule file; `digest` is that of its text.
pub(crate) fn read(
    file: &str,
    text: &str,
    digest: String,
    catalogue: &Catalogue,
    problems: &mut Vec<Problem>,
) -> RuleSet {
    let document = Document::new(file, text);
    let root = document.parse();
    let top = Table::new(&document, root.get_ref(), root.span());
    let mut rules = header(&top, file, digest);
    for table in top.tables("entry") {
        let entry = read_entry(&table, catalogue, rules.status);
        if let Some(first) = rules.index.get(&entry.id).and_then(|at| rules.entries.get(*at)) {
            table.report("id", Fault::Twice { id: entry.id.clone(), first: first.place.to_string() });
            continue;
        }
        rules.index.insert(entry.id.clone(), rules.entries.len());
        rules.entries.push(entry);
    }
    if rules.entries.is_empty() {
        top.report("entry", Fault::Missing("entry".to_owned()));
    }
    top.finish();
    problems.extend(document.into_problems());
    problems.extend(render_labels(&mut rules));
    rules
}

fn header(top: &Table<'_, '_>, file: &str, digest: String) -> RuleSet {
    let (id, version) = (top.needed("id"), top.needed("version"));
    top.needed("status");
    // knowledge/toxicity/crs/astct-2019.toml holds crs/astct@2019: the path says what is inside.
    let ending = format!("{id}-{version}.toml");
    if !file.ends_with(&ending) {
        top.report("id", Fault::Path(ending));
    }
    let sources: Vec<Cite> = top.tables("sources").iter().map(read_cite).collect();
    if sources.is_empty() {
        top.report("sources", Fault::Missing("sources".to_owned()));
    }
    RuleSet {
        id,
        version,
        status: top.one_of("status", &LIVES).unwrap_or(Life::Provisional),
        title: top.needed_languages("title-"),
        effective: top.text("effective"),
        supersedes: top.texts("supersedes"),
        sources,
        digest,
        default: top.flag("default").unwrap_or(false),
        note: top.both_languages("note-"),
        file: file.to_owned(),
        entries: Vec::new(),
        index: BTreeMap::new(),
        cases: Vec::new(),
        arounds: Vec::new(),
        place: top.place(),
    }
}

fn read_cite(table: &Table<'_, '_>) -> Cite {
    let cite = Cite { source: table.needed("source"), at: table.needed("at") };
    table.finish();
    cite
}

fn read_entry(table: &Table<'_, '_>, catalogue: &Catalogue, status: Life) -> Entry {
    let concept = read_concept(table, catalogue);
    let unit = read_unit(table, "unit");
    let threshold = read_threshold(table, catalogue, concept, unit.as_deref());
    let number = table.decimal("number");
    if number.is_some() && unit.is_none() {
        table.report("number", Fault::Incomplete("a number needs its unit".to_owned()));
    }
    if number.is_some() && threshold.is_some() {
        table.report("number", Fault::Incomplete("an entry states a value or a number, not both".to_owned()));
    }
    if !table.has("number") && !table.has("value") && unit.is_some() {
        table.report("unit", Fault::Incomplete("a unit stands without value or number".to_owned()));
    }
    let entry = Entry {
        id: table.needed("id"),
        label: Text::default(),
        from: read_amount(table, "from", unit.as_deref()),
        to: read_amount(table, "to", unit.as_deref()),
        answers: read_answers(table, catalogue, concept),
        threshold,
        number,
        unit,
        concept,
        grade: table.small("grade"),
        grade_high: table.small("grade-high"),
        points: table.small("points"),
        reverse: table.flag("reverse").unwrap_or(false),
        group: table.text("group"),
        provisional: table.flag("provisional").unwrap_or(false) || status == Life::Provisional,
        overlaid: false,
        overlay: None,
        source: Cite { source: table.needed("source"), at: table.needed("at") },
        also: table.tables("also").iter().map(read_cite).collect(),
        note: table.both_languages("note-"),
        measured: concept.and_then(|c| catalogue.get(c)).is_some_and(|info| info.kind == Kind::Quantity),
        templates: table.needed_languages(""),
        place: table.place(),
    };
    check_entry(table, &entry);
    table.finish();
    entry
}

fn check_entry(table: &Table<'_, '_>, entry: &Entry) {
    if let (Some(high), low) = (entry.grade_high, entry.grade)
        && low.is_none_or(|low| low >= high)
    {
        table.report("grade-high", Fault::Range("“grade-high” needs a lower “grade”".to_owned()));
    }
    for (key, template) in [("en", &entry.templates.en), ("zh-TW", &entry.templates.zh_tw)] {
        if let Some(number) = label::typed_number(template) {
            table.report(key, Fault::TypedNumber(number));
        }
    }
    if let (Some(threshold), Some(to)) = (&entry.threshold, &entry.to)
        && (to.unit != threshold.unit || to.decimal < threshold.decimal)
    {
        let fault = "“to” must not lie below “value”, and needs its unit";
        table.report("to", Fault::Range(fault.to_owned()));
    }
    let placeholder_source = entry.source.source.is_empty();
    if entry.provisional
        && entry.note.is_none()
        && table.flag("provisional") == Some(true)
        && !placeholder_source
    {
        table.report(
            "provisional",
            Fault::Missing("note-en (what would settle a provisional entry)".to_owned()),
        );
    }
}

fn read_unit(table: &Table<'_, '_>, key: &str) -> Option<String> {
    let unit = table.text(key)?;
    if units::conversion(&unit, &unit, None).is_err() || units::spelled(&unit) != unit {
        table.report(key, Fault::NotAUnit(unit));
        return None;
    }
    Some(unit)
}

fn read_concept(table: &Table<'_, '_>, catalogue: &Catalogue) -> Option<Concept> {
    let concept = Concept::of(&table.text("concept")?);
    if catalogue.get(concept).is_none() {
        table.report("concept", Fault::NoSuchConcept(concept.to_string()));
        return None;
    }
    Some(concept)
}

fn read_answers(table: &Table<'_, '_>, catalogue: &Catalogue, concept: Option<Concept>) -> Vec<Answer> {
    let texts = table.texts("answers");
    let Some(concept) = concept else {
        if !texts.is_empty() {
            table.report("answers", Fault::Missing("concept".to_owned()));
        }
        return Vec::new();
    };
    let known = catalogue.get(concept);
    let mut answers = Vec::new();
    for text in texts {
        let answer = Answer::of(&text);
        if known.is_some_and(|info| info.answer(answer).is_some()) {
            answers.push(answer);
        } else {
            table.report("answers", Fault::NoSuchAnswer { concept: concept.to_string(), answer: text });
        }
    }
    answers
}

fn read_amount(table: &Table<'_, '_>, key: &str, unit: Option<&str>) -> Option<Amount> {
    let unit_key = format!("{key}-unit");
    let own = read_unit(table, &unit_key);
    let decimal = table.decimal(key)?;
    match own.or_else(|| unit.map(str::to_owned)) {
        Some(unit) => Some(Amount { decimal, unit }),
        None => {
            table.report(key, Fault::Missing(unit_key));
            None
        }
    }
}

fn read_threshold(
    table: &Table<'_, '_>,
    catalogue: &Catalogue,
    concept: Option<Concept>,
    unit: Option<&str>,
) -> Option<Threshold> {
    let decimal = table.decimal("value");
    let comparison = table.one_of("comparison", &COMPARISONS);
    if !table.has("value") && !table.has("comparison") {
        return None;
    }
    for (key, there) in
        [("value", table.has("value")), ("comparison", table.has("comparison")), ("unit", table.has("unit"))]
    {
        if !there {
            table.report(key, Fault::Missing(key.to_owned()));
        }
    }
    let (decimal, comparison, unit) = (decimal?, comparison?, unit?);
    match canonical_value(&decimal, unit, concept.and_then(|c| catalogue.get(c))) {
        Ok(value) => Some(Threshold::new(comparison, decimal, unit.to_owned(), value)),
        Err(error) => {
            table.report("unit", Fault::UnitMismatch(error));
            None
        }
    }
}

/// A number in the unit in which values of its concept are compared; as it stands where there is none.
pub(crate) fn canonical_value(
    decimal: &Decimal,
    unit: &str,
    info: Option<&ConceptInfo>,
) -> Result<f64, String> {
    let Some((info, canonical)) = info.and_then(|info| Some((info, info.unit.as_deref()?))) else {
        return Ok(decimal.to_f64());
    };
    // Counts of days or drugs about a concept stay what they are.
    if unit.starts_with('{') || canonical.starts_with('{') {
        return if unit == canonical || info.kind == Kind::Drug {
            Ok(decimal.to_f64())
        } else {
            Err(format!("a value in {unit} cannot be given in {canonical}"))
        };
    }
    units::conversion(unit, canonical, info.molar_mass)
        .and_then(|rule| rule.apply(decimal.exact()))
        .map(exact_to_f64)
        .map_err(|error| error.to_string())
}

/// Renders every label from the numbers of its own and other entries.
pub(crate) fn render_labels(rules: &mut RuleSet) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut labels = Vec::with_capacity(rules.entries.len());
    for entry in &rules.entries {
        let render =
            |lang: Lang| label::render(entry.templates.get(lang), |name| fill(rules, entry, name, lang));
        let mut one = |lang: Lang| match render(lang) {
            Ok(text) => text,
            Err(faults) => {
                problems.extend(faults.into_iter().map(|fault| entry.place.problem(fault)));
                entry.templates.get(lang).to_owned()
            }
        };
        labels.push(Text::new(one(Lang::En), one(Lang::ZhTw)));
    }
    for (entry, label) in rules.entries.iter_mut().zip(labels) {
        entry.label = label;
    }
    problems
}

/// What a placeholder stands for: `value`, `unit`, `comparison`, `number`, `from`, `to`, `grade`,
/// `points`, `limit` (comparison, number and unit), or the same of another entry as `other.value`.
fn fill(rules: &RuleSet, entry: &Entry, name: &str, lang: Lang) -> Option<String> {
    let (entry, name) = match name.rsplit_once('.') {
        Some((other, name)) => (rules.entry(other).ok()?, name),
        None => (entry, name),
    };
    let amount = |amount: &Amount| label::for_reading(&amount.decimal);
    let unit_of = |number: &Decimal, unit: &str| label::unit_behind(&label::for_reading(number), unit, lang);
    match name {
        "value" => entry.threshold.as_ref().map(|t| label::for_reading(&t.decimal)),
        "comparison" => entry.threshold.as_ref().map(|t| t.comparison.sign().to_owned()),
        "limit" => entry.threshold.as_ref().map(|t| t.label(lang)),
        "number" => entry.number.as_ref().map(label::for_reading),
        "unit" => entry.unit.as_deref().map(|unit| match &entry.number {
            Some(number) => unit_of(number, unit),
            None => label::unit_for_reading(unit, lang),
        }),
        "from" => entry.from.as_ref().map(amount),
        "from-unit" => entry.from.as_ref().map(|a| unit_of(&a.decimal, &a.unit)),
        "to" => entry.to.as_ref().map(amount),
        "to-unit" => entry.to.as_ref().map(|a| unit_of(&a.decimal, &a.unit)),
        "grade" => entry.grade.map(|g| g.to_string()),
        "grade-high" => entry.grade_high.map(|g| g.to_string()),
        "points" => entry.points.map(|p| p.to_string()),
        _ => None,
    }
}
