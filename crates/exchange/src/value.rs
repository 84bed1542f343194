//! One written value to one fact's value, the same for tables and FHIR: products named on an
//! infusion, reasons why something could not be assessed, and the ranges of the catalogue.
//! Knows no file format; numbers, units and words are read by the knowledge crate.

use crate::{combined::combined, pressures::pressures, trouble::Trouble};
use std::sync::Arc;
use vena_base::{Concept, Flag, Lang, Text, Value, When, Zone};
use vena_knowledge::{
    Catalogue, CommonWord, ConceptInfo, Kind, RangeCheck, check_range, read_value_in, units_meant,
};

/// The infusion of the product.
pub const INFUSION: Concept = Concept::known("infusion");
/// Lymphodepletion before it.
pub const LYMPHODEPLETION: Concept = Concept::known("lymphodepletion");
/// Which product.
pub const PRODUCT: Concept = Concept::known("product");
/// The day of birth.
pub const BIRTH_DATE: Concept = Concept::known("birth-date");
/// Sex as recorded.
pub const SEX: Concept = Concept::known("sex");
/// Death.
pub const DEATH: Concept = Concept::known("death");
/// The disease treated.
pub const DIAGNOSIS: Concept = Concept::known("diagnosis");

/// A value as read, with what was noticed and kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The value.
    pub value: Value,
    /// The concept the value is of, where it is not the one that was named: `BP` says a systolic pressure.
    pub concept: Option<Concept>,
    /// What was noticed about a value that is kept.
    pub noticed: Option<Trouble>,
    /// The flag it leaves on the fact.
    pub flag: Option<Flag>,
    /// What the same cell says of other concepts.
    pub also: Vec<(Concept, Value)>,
}

impl Reading {
    /// A value nothing was noticed about.
    pub fn plain(value: Value) -> Reading {
        Reading { value, concept: None, noticed: None, flag: None, also: Vec::new() }
    }
}

/// Where a value comes from, as far as reading it needs.
#[derive(Debug, Clone, Copy)]
pub struct Written<'a> {
    /// The value; empty where none was written.
    pub value: &'a str,
    /// The unit, where one was written.
    pub unit: Option<&'a str>,
}

impl Written<'_> {
    /// Value and unit as one text.
    pub fn text(self) -> String {
        match self.unit {
            Some(unit) => format!("{} {unit}", self.value),
            None => self.value.to_owned(),
        }
    }
}

/// Reads a written value as a value of one concept.
///
/// # Errors
/// The reason why it cannot be used.
pub fn interpret(
    catalogue: &Catalogue,
    info: &ConceptInfo,
    written: Written<'_>,
    zone: Option<&Zone>,
) -> Result<Reading, Trouble> {
    if let Some(both) = pressures(catalogue, info, written) {
        return both;
    }
    let mut reading = interpret_one(catalogue, info, written, zone)?;
    reading.concept = info.parts.first().copied();
    Ok(reading)
}

fn interpret_one(
    catalogue: &Catalogue,
    info: &ConceptInfo,
    written: Written<'_>,
    zone: Option<&Zone>,
) -> Result<Reading, Trouble> {
    let text = written.value.trim();
    if let Some(why) = reason_not_assessed(catalogue, text) {
        return Ok(Reading::plain(Value::NotAssessed(Arc::from(why))));
    }
    let product = catalogue.get(PRODUCT).filter(|_| info.concept == INFUSION);
    if let Some(answer) = product.and_then(|product| product.answer_from_words(text)) {
        return Ok(Reading::plain(Value::Answer(answer)));
    }
    let text = points_of(info, text).unwrap_or(text);
    let value = match read_value_in(info, text, written.unit, zone) {
        Ok(value) => value,
        Err(error) => {
            if let Some(said) = combined(catalogue, info, text) {
                let (concept, written) = (info.name.clone(), written.text());
                let noticed = said.open.map(|reason| Trouble::ReadInPart { concept, written, reason });
                return Ok(Reading { noticed, also: said.also, ..Reading::plain(said.value) });
            }
            if info.kind == Kind::Moment
                && let Err(error) = When::parse(text, zone)
            {
                return Err(Trouble::Time { field: "value", error });
            }
            let reason = Text::new(error.message(Lang::En), error.message(Lang::ZhTw));
            return Err(Trouble::Value { concept: info.name.clone(), written: written.text(), reason });
        }
    };
    let (concept, written) = (|| info.name.clone(), || written.text());
    match (check_range(info, &value), &value) {
        (RangeCheck::Impossible, _) => Err(Trouble::Impossible {
            concept: concept(),
            written: written(),
            meant: units_meant(info, &value),
        }),
        (RangeCheck::Implausible, _) => {
            let meant = units_meant(info, &value);
            let noticed = Some(Trouble::Implausible { concept: concept(), written: written(), meant });
            Ok(Reading { noticed, flag: Some(Flag::Implausible), ..Reading::plain(value) })
        }
        (RangeCheck::Fine, Value::Text(_)) if info.kind != Kind::Text => {
            let noticed = Some(Trouble::KeptAsWords { concept: concept(), written: written() });
            Ok(Reading { noticed, ..Reading::plain(value) })
        }
        (RangeCheck::Fine, _) => Ok(Reading::plain(value)),
    }
}

/// The points of a score written with the most there can be: 8 of `8/10` for the ICE. Of another number
/// of points the score would be another one.
fn points_of<'t>(info: &ConceptInfo, text: &'t str) -> Option<&'t str> {
    let (points, whole) = text.split_once('/')?;
    let (_, most) = info.possible.filter(|_| info.unit.as_deref() == Some("{score}"))?;
    let is_whole = whole.trim().parse::<u32>().is_ok_and(|whole| f64::from(whole) == most);
    is_whole.then(|| points.trim())
}

/// What stands in place of what was written and could not be read: an older value must not stand for
/// it, and a course must not be counted from another day. `None` for what is no observation and opens no
/// course.
pub fn unreadable(info: &ConceptInfo, written: &str) -> Option<Value> {
    /// No mark repeats more than this of what came from outside.
    const CHARS_MAX: usize = 100;
    let observed = matches!(info.kind, Kind::Quantity | Kind::Answers);
    let why: String = format!("unreadable: {written}").chars().take(CHARS_MAX).collect();
    (observed || opens_course(info.concept)).then(|| Value::NotAssessed(why.into()))
}

/// What the days of a course are counted from.
pub fn opens_course(concept: Concept) -> bool {
    matches!(concept, INFUSION | LYMPHODEPLETION)
}

/// The reason behind the words for “tried and could not be assessed”: `not assessed: asleep`.
fn reason_not_assessed<'t>(catalogue: &Catalogue, text: &'t str) -> Option<&'t str> {
    let (head, reason) = text.split_once([':', '：'])?;
    let reason = reason.trim();
    let said = catalogue.common_words().get(head) == Some(CommonWord::NotAssessed);
    (said && !reason.is_empty()).then_some(reason)
}

/// Catalogue names near to a word that was not found, best first.
pub fn suggestions(catalogue: &Catalogue, word: &str) -> Vec<Text> {
    /// Below this likeness a suggestion would only confuse.
    const LIKENESS_MIN: f64 = 0.6;
    let word = word.trim().to_lowercase();
    let mut near: Vec<(f64, Text)> = catalogue
        .iter()
        .filter_map(|info| {
            let names = [info.concept.as_str(), info.name.en.as_str(), info.name.zh_tw.as_str()];
            let likeness = names
                .into_iter()
                .chain(info.names.iter().map(String::as_str))
                .filter(|name| name.len() <= word.len() * 2 && word.len() <= name.len() * 2)
                .map(|name| strsim::normalized_damerau_levenshtein(&name.to_lowercase(), &word))
                .fold(0.0, f64::max);
            (likeness >= LIKENESS_MIN).then(|| (likeness, info.name.clone()))
        })
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    near.into_iter().take(3).map(|(_, name)| name).collect()
}
