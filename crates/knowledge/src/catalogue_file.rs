//! Reads the catalogue's files. Knows the format, no concept by name.

use crate::catalogue::{AnswerInfo, Catalogue, CommonWord, ConceptInfo, Kind, compared};
use crate::document::{Document, Table};
use crate::problem::{Fault, Place, Problem};
use crate::sources::Cite;
use std::{collections::HashMap, sync::Arc};
use vena_base::{Answer, Concept, Text, units};

const KINDS: [(&str, Kind); 6] = [
    ("quantity", Kind::Quantity),
    ("answers", Kind::Answers),
    ("event", Kind::Event),
    ("moment", Kind::Moment),
    ("text", Kind::Text),
    ("drug", Kind::Drug),
];

const FIELDS: [&str; 8] = ["holds-h", "plausible", "possible", "loinc", "atc", "rxnorm", "names", "unclear"];

/// Reads one file into the catalogue.
pub(crate) fn read(catalogue: &mut Catalogue, file: &str, text: &str, problems: &mut Vec<Problem>) {
    let document = Document::new(file, text);
    let root = document.parse();
    let top = Table::new(&document, root.get_ref(), root.span());
    let topic = top.needed_languages("topic-");
    for (key, word) in [
        ("not-assessed", CommonWord::NotAssessed),
        ("happened", CommonWord::Happened),
        ("stopped", CommonWord::Stopped),
        ("did-not-happen", CommonWord::DidNotHappen),
    ] {
        read_common(catalogue, &document, &top, key, word);
    }
    for table in top.tables("concept") {
        let info = read_concept(&document, &table, &topic);
        add(catalogue, &document, &table, info);
    }
    top.finish();
    problems.extend(document.into_problems());
}

fn read_common(
    catalogue: &mut Catalogue,
    document: &Document<'_>,
    top: &Table<'_, '_>,
    key: &str,
    word: CommonWord,
) {
    for (text, place) in top.placed_texts(key) {
        let name = compared(&text).into_owned();
        match catalogue.reading.words.insert(name.clone(), word) {
            Some(first) if first != word => document.report(
                &place,
                Fault::Ambiguous { name, first: format!("{first:?}"), second: format!("{word:?}") },
            ),
            _ => {}
        }
    }
}

fn read_concept(document: &Document<'_>, table: &Table<'_, '_>, topic: &Text) -> ConceptInfo {
    table.needed("kind");
    let kind = table.one_of("kind", &KINDS).unwrap_or(Kind::Text);
    let unit = read_unit(table);
    let mut words = HashMap::new();
    let answers = read_answers(document, table, &mut words);
    let unclear = read_unclear(document, table, &words, &answers);
    let range = |key| table.pair(key).map(|(low, high)| (low.to_f64(), high.to_f64()));
    let info = ConceptInfo {
        concept: Concept::of(&table.needed("id")),
        name: table.needed_languages(""),
        kind,
        topic: topic.clone(),
        unit,
        molar_mass: table.decimal("molar-mass").map(|mass| mass.exact()),
        molar_mass_also: table.decimal("molar-mass-also").map(|mass| mass.exact()),
        parts: table.texts("parts").iter().map(|part| Concept::of(part)).collect(),
        plausible: range("plausible"),
        possible: range("possible"),
        zero_plausible: table.flag("zero-plausible").unwrap_or(false),
        whole_in: read_units(table, table.text("whole-in").into_iter(), "whole-in").pop(),
        usual_units: read_units(table, table.texts("usual-units").into_iter(), "usual-units"),
        rare_units: read_units(table, table.texts("rare-units").into_iter(), "rare-units"),
        unit_words: read_unit_words(table),
        holds_h: table.decimal("holds-h").map(|hours| hours.to_f64()),
        loinc: table.texts("loinc"),
        atc: table.texts("atc"),
        rxnorm: table.texts("rxnorm"),
        names: table.texts("names"),
        answers,
        open: table.flag("open").unwrap_or(false),
        class: table.text("class"),
        integer: table.flag("integer").unwrap_or(false),
        provisional: read_provisional(table),
        source: Cite { source: table.needed("source"), at: table.needed("at") },
        note: table.both_languages("note-"),
        words,
        unclear,
        common: Arc::default(),
        place: table.place(),
    };
    check(table, &info);
    table.finish();
    info
}

fn read_provisional(table: &Table<'_, '_>) -> Vec<String> {
    let fields = table.texts("provisional");
    for field in &fields {
        if !FIELDS.contains(&field.as_str()) || !table.has(field) {
            let allowed = FIELDS.iter().filter(|f| table.has(f)).copied().collect::<Vec<_>>().join(", ");
            table.report("provisional", Fault::NotAllowed { found: field.clone(), allowed });
        }
    }
    fields
}

fn read_unit(table: &Table<'_, '_>) -> Option<Arc<str>> {
    let unit = table.text("unit")?;
    if units::conversion(&unit, &unit, None).is_err() || units::spelled(&unit) != unit {
        table.report("unit", Fault::NotAUnit(unit));
        return None;
    }
    Some(Arc::from(unit))
}

/// Units written as UCUM writes them.
fn read_units(table: &Table<'_, '_>, units: impl Iterator<Item = String>, key: &str) -> Vec<String> {
    let sound = |unit: &String| {
        let known = units::conversion(unit, unit, None).is_ok() && units::spelled(unit) == *unit;
        if !known {
            table.report(key, Fault::NotAUnit(unit.clone()));
        }
        known
    };
    units.filter(sound).collect()
}

fn read_unit_words(table: &Table<'_, '_>) -> HashMap<String, String> {
    let rows = table.tables("unit-words");
    let read = rows.iter().flat_map(|row| {
        let unit = row.needed("unit");
        let units = read_units(row, std::iter::once(unit), "unit");
        let words = row.texts("words");
        row.finish();
        units.into_iter().flat_map(move |unit| {
            let pairs: Vec<_> =
                words.iter().map(|word| (compared(word).into_owned(), unit.clone())).collect();
            pairs
        })
    });
    read.collect()
}

/// Words that could mean several of the answers; a word with one meaning has no place here.
fn read_unclear(
    document: &Document<'_>,
    table: &Table<'_, '_>,
    words: &HashMap<String, Answer>,
    answers: &[AnswerInfo],
) -> HashMap<String, Vec<Answer>> {
    let mut unclear = HashMap::new();
    for row in table.tables("unclear") {
        let mut could_be = Vec::new();
        for (id, place) in row.placed_texts("could-be") {
            match answers.iter().find(|info| info.answer.as_str() == id) {
                Some(info) => could_be.push(info.answer),
                None => document.report(
                    &place,
                    Fault::NoSuchAnswer { concept: table.text("id").unwrap_or_default(), answer: id },
                ),
            }
        }
        for (word, place) in row.placed_texts("words") {
            let name = compared(&word).into_owned();
            if let Some(first) = words.get(&name) {
                let second = "several answers".to_owned();
                document.report(&place, Fault::Ambiguous { name, first: first.to_string(), second });
            } else {
                unclear.insert(name, could_be.clone());
            }
        }
        row.finish();
    }
    unclear
}

fn check(table: &Table<'_, '_>, info: &ConceptInfo) {
    let needs = |there: bool, key: &str| {
        if !there {
            table.report(key, Fault::Missing(key.to_owned()));
        }
    };
    match info.kind {
        Kind::Quantity => {
            needs(table.has("unit"), "unit");
            needs(table.has("possible"), "possible");
        }
        Kind::Answers => needs(!info.answers.is_empty(), "answer"),
        Kind::Drug => {
            needs(info.class.is_some(), "class");
            needs(table.has("unit"), "unit");
        }
        Kind::Event | Kind::Moment | Kind::Text => {}
    }
    if let (Some(plausible), Some(possible)) = (info.plausible, info.possible)
        && (plausible.0 < possible.0 || plausible.1 > possible.1)
    {
        table.report(
            "plausible",
            Fault::Range("the plausible range reaches outside the possible one".to_owned()),
        );
    }
}

fn read_answers(
    document: &Document<'_>,
    table: &Table<'_, '_>,
    words: &mut HashMap<String, Answer>,
) -> Vec<AnswerInfo> {
    let mut answers: Vec<AnswerInfo> = Vec::new();
    for row in table.tables("answer") {
        let id = row.needed("id");
        let name = row.needed_languages("");
        let answer = Answer::of(&id);
        if answers.iter().any(|a| a.answer == answer) {
            row.report("id", Fault::Twice { id: id.clone(), first: table.place().to_string() });
        }
        let mut written = vec![(id, row.place_of("id"))];
        written.push((name.en.clone(), row.place_of("en")));
        written.push((name.zh_tw.clone(), row.place_of("zh-TW")));
        let listed = row.placed_texts("words");
        let info = AnswerInfo {
            answer,
            name,
            words: listed.iter().map(|(word, _)| word.clone()).collect(),
            snomed: row.texts("snomed"),
            atc: row.texts("atc"),
        };
        written.extend(listed);
        for (word, place) in written.into_iter().filter(|(word, _)| !word.is_empty()) {
            add_word(document, words, &word, answer, &place);
        }
        row.finish();
        answers.push(info);
    }
    answers
}

fn add_word(
    document: &Document<'_>,
    words: &mut HashMap<String, Answer>,
    word: &str,
    answer: Answer,
    place: &Place,
) {
    let name = match compared(word).into_owned() {
        // Nothing but signs, as in “(-)”: it stands as it is written.
        name if name.is_empty() => word.trim().to_owned(),
        name => name,
    };
    match words.insert(name.clone(), answer) {
        Some(first) if first != answer => document
            .report(place, Fault::Ambiguous { name, first: first.to_string(), second: answer.to_string() }),
        _ => {}
    }
}

/// Adds a concept and all it is called by; whatever is taken already is reported.
fn add(catalogue: &mut Catalogue, document: &Document<'_>, table: &Table<'_, '_>, info: ConceptInfo) {
    let at = catalogue.concepts.len();
    let id = info.concept;
    if let Some(first) = catalogue.get(id) {
        table.report("id", Fault::Twice { id: id.to_string(), first: first.place.to_string() });
        return;
    }
    let mut taken: Vec<(String, Concept, &str)> = Vec::new();
    {
        let concepts = &catalogue.concepts;
        let mut enter = |index: &mut HashMap<String, usize>, name: String, key: &'static str| {
            if name.is_empty() {
                return false;
            }
            match index.get(&name) {
                Some(first) if *first != at => {
                    if let Some(first) = concepts.get(*first) {
                        taken.push((name, first.concept, key));
                    }
                    false
                }
                _ => {
                    index.insert(name, at);
                    true
                }
            }
        };
        for code in &info.loinc {
            enter(&mut catalogue.by_loinc, code.clone(), "loinc");
        }
        for code in &info.atc {
            enter(&mut catalogue.by_atc, code.clone(), "atc");
        }
        for code in &info.rxnorm {
            enter(&mut catalogue.by_rxnorm, code.clone(), "rxnorm");
        }
        let own = [(id.as_str(), "id"), (info.name.en.as_str(), "en"), (info.name.zh_tw.as_str(), "zh-TW")];
        for (name, key) in own.into_iter().chain(info.names.iter().map(|name| (name.as_str(), "names"))) {
            // The written form too, so that the usual spelling is found without being put into
            // its compared form; it cannot clash where the compared form does not.
            if enter(&mut catalogue.by_name, compared(name).into_owned(), key) {
                enter(&mut catalogue.by_name, name.to_owned(), key);
            }
        }
    }
    report_taken(document, table, id, taken);
    catalogue.by_concept.insert(id, at);
    catalogue.concepts.push(info);
}

/// Names and codes that mean something else already.
fn report_taken(
    document: &Document<'_>,
    table: &Table<'_, '_>,
    id: Concept,
    taken: Vec<(String, Concept, &str)>,
) {
    for (name, first, key) in taken {
        let fault = Fault::Ambiguous { name, first: first.to_string(), second: id.to_string() };
        document.report(&table.place_of(key), fault);
    }
}
