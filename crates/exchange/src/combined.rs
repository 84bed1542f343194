//! A cell that says several things at once, as wards write them: `4L NC` is a device and a flow,
//! `norepinephrine + vasopressin` says which vasopressors are needed. Knows no file format; what it
//! cannot take apart without choosing for the writer it leaves to be refused.

use unicode_normalization::UnicodeNormalization;
use vena_base::{Answer, Concept, Text, Value};
use vena_knowledge::{Catalogue, ConceptInfo, Kind, RangeCheck, answers_named, check_range, read_value};

/// How oxygen is given.
const DEVICE: Concept = Concept::known("oxygen-device");
/// How much.
const FLOW: Concept = Concept::known("oxygen-flow");
/// At which concentration.
const FRACTION: Concept = Concept::known("fio2");
/// The clinician's statement of hypotension.
const HYPOTENSION: Concept = Concept::known("hypotension");
/// The statement of which vasopressors are needed.
const NEED: Concept = Concept::known("vasopressor-need");

/// How litres a minute are written behind a number, the longer before the shorter.
const FLOW_UNITS: [&str; 16] = [
    "liters per minute",
    "litres per minute",
    "公升/分鐘",
    "liters/min",
    "litres/min",
    "liter/min",
    "litre/min",
    "公升/分",
    "l/minute",
    "liters",
    "l/min",
    "公升",
    "升",
    "lpm",
    "l/m",
    "l",
];

/// Words between device, flow and concentration that carry nothing.
const FILLERS: [&str; 20] = [
    "oxygen",
    "supplemental",
    "o2",
    "via",
    "by",
    "on",
    "at",
    "with",
    "through",
    "of",
    "flow",
    "rate",
    "fio2",
    "@",
    "-",
    "，",
    "、",
    ":",
    ";",
    "+",
];

/// What a combined cell says: the value of the concept asked for, and what else.
#[derive(Debug, Clone, PartialEq)]
pub struct Combined {
    /// The value of the cell's own concept.
    pub value: Value,
    /// What the cell says besides.
    pub also: Vec<(Concept, Value)>,
    /// What of it is not said, or not understood.
    pub open: Option<Text>,
}

/// Takes a cell apart; `None` where it is not a combination known here.
pub fn combined(catalogue: &Catalogue, info: &ConceptInfo, text: &str) -> Option<Combined> {
    match info.concept {
        DEVICE | FLOW => oxygen(catalogue, info, text),
        HYPOTENSION | NEED => vasopressors(catalogue, info, text),
        _ => None,
    }
}

/// `4L NC`, `HFNC 30 L/min 40%`, `鼻導管 3 L`, `O2 2L`.
fn oxygen(catalogue: &Catalogue, info: &ConceptInfo, text: &str) -> Option<Combined> {
    let (device, flow, fraction) = (catalogue.get(DEVICE)?, catalogue.get(FLOW)?, catalogue.get(FRACTION)?);
    let plain: String = text.nfkc().flat_map(char::to_lowercase).collect();
    let taken = numbers_taken(&plain)?;
    let read = |info: &ConceptInfo, number: &str, unit| {
        let value = read_value(info, number, Some(unit)).ok()?;
        (check_range(info, &value) == RangeCheck::Fine).then_some(value)
    };
    let mut also = Vec::new();
    let mut flow_value = None;
    if let Some(number) = &taken.flow {
        flow_value = Some(read(flow, number, "L/min")?);
    }
    if let Some(number) = &taken.percent {
        also.push((FRACTION, read(fraction, number, "%")?));
    }
    let answer = device_of(device, &taken.rest);
    let unclear =
        device.unclear_words(&taken.rest).is_some() || device.unclear_words(&bare(&taken.rest)).is_some();
    let without_words = bare(&taken.rest).is_empty();
    if answer.is_none() && !unclear && !without_words {
        return None;
    }
    let could_be = device.unclear_words(&bare(&taken.rest)).or(device.unclear_words(&taken.rest));
    let open = answer.is_none().then(|| match could_be {
        Some(could_be) => {
            let names = answers_named(device, could_be);
            Text::new(
                format!("the device could be: {}; say which", names.en),
                format!("裝置可能是：{}；請寫明", names.zh_tw),
            )
        }
        None => Text::new("the device is not stated", "未寫明給氧裝置"),
    });
    // An older device must not stand beside a newer flow that may have come through another one.
    let device_value = answer.map_or_else(
        || Value::NotAssessed(format!("device not stated: {}", text.trim()).into()),
        Value::Answer,
    );
    match info.concept {
        DEVICE => {
            also.extend(flow_value.map(|value| (FLOW, value)));
            (!also.is_empty()).then_some(Combined { value: device_value, also, open })
        }
        _ => {
            let value = flow_value?;
            // A bare flow is an ordinary value of its own concept.
            if without_words && also.is_empty() {
                return None;
            }
            also.push((DEVICE, device_value));
            Some(Combined { value, also, open })
        }
    }
}

/// The one flow and the one percentage in a cell, and what is left of it.
struct Taken {
    flow: Option<String>,
    percent: Option<String>,
    rest: String,
}

fn numbers_taken(plain: &str) -> Option<Taken> {
    let mut taken = Taken { flow: None, percent: None, rest: String::new() };
    let mut left = plain;
    while let Some(at) = left.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = left.split_at_checked(at)?;
        // The digit of “O2” belongs to a word.
        if before.ends_with(|c: char| c.is_ascii_alphabetic())
            && !before.ends_with("nc")
            && !ends_device(before)
        {
            let (word, after) = from.split_at_checked(1)?;
            taken.rest.push_str(before);
            taken.rest.push_str(word);
            left = after;
            continue;
        }
        taken.rest.push_str(before);
        let end = from.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(from.len());
        let (number, after) = from.split_at_checked(end)?;
        let behind = after.trim_start();
        if let Some(after) = behind.strip_prefix('%') {
            if taken.percent.replace(number.to_owned()).is_some() {
                return None;
            }
            left = after;
        } else {
            let unit = FLOW_UNITS.iter().find(|unit| behind.starts_with(**unit))?;
            if taken.flow.replace(number.to_owned()).is_some() {
                return None;
            }
            left = behind.get(unit.len()..)?;
        }
        taken.rest.push(' ');
    }
    taken.rest.push_str(left);
    (taken.flow.is_some() || taken.percent.is_some()).then_some(taken)
}

/// Words after which a number may follow without a space (`NRB15L`).
fn ends_device(before: &str) -> bool {
    ["nrb", "nrm", "hfnc", "hfno", "ra", "mask", "cannula", "cpap", "bipap"]
        .iter()
        .any(|word| before.ends_with(word))
}

/// What is left without words that carry nothing.
fn bare(rest: &str) -> String {
    let words = rest
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '/' | '(' | ')' | ';' | ':' | '，' | '、'));
    words.filter(|word| !word.is_empty() && !FILLERS.contains(word)).collect::<Vec<_>>().join(" ")
}

fn device_of(device: &ConceptInfo, rest: &str) -> Option<Answer> {
    let left = bare(rest);
    let chinese =
        |prefix: &str| left.strip_prefix(prefix).and_then(|left| device.answer_from_words(left.trim()));
    device
        .answer_from_words(rest.trim())
        .or_else(|| device.answer_from_words(&left))
        .or_else(|| ["氧氣", "使用", "給予", "以"].iter().find_map(|prefix| chinese(prefix)))
        .filter(|_| !left.is_empty())
}

/// Drugs named where a statement of hypotension stands: vasopressors count, vasopressin does not.
fn vasopressors(catalogue: &Catalogue, info: &ConceptInfo, text: &str) -> Option<Combined> {
    let plain: String = text.nfkc().flat_map(char::to_lowercase).collect();
    let joined =
        [" and ", " with ", " plus ", " & ", "及", "與", "和", "、", "，", "併用", "合併", "/", ",", ";"]
            .iter()
            .fold(plain, |text, joint| text.replace(joint, "+"));
    let mut counted: Vec<Concept> = Vec::new();
    for name in joined.split('+').map(str::trim).filter(|name| !name.is_empty()) {
        let drug = catalogue.find(name).filter(|info| info.kind == Kind::Drug)?;
        match drug.class.as_deref() {
            Some("vasopressor") if !counted.contains(&drug.concept) => counted.push(drug.concept),
            Some("vasopressor" | "vasopressin") => {}
            _ => return None,
        }
    }
    let id = match (counted.len(), info.concept == NEED) {
        // Vasopressin alone is undefined in the source: hypotension, and no more is said.
        (0, false) if joined.contains(|c: char| c.is_alphanumeric()) => "present-vasopressor-unknown",
        (0, _) => return None,
        (1, false) => "vasopressor-required",
        (1, true) => "one",
        (_, false) => "several-vasopressors",
        (_, true) => "several",
    };
    let answer = info.answers.iter().find(|answer| answer.answer.as_str() == id)?.answer;
    Some(Combined { value: Value::Answer(answer), also: Vec::new(), open: None })
}
