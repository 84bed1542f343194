//! Blood pressures written as one: `90/60 mmHg`, `120/80 (93)`. Each number becomes a value of its own
//! concept, in the order the catalogue names them. Knows no file format; a number that does not say which
//! pressure it is, and a pair without a unit, are refused.

use crate::{
    trouble::Trouble,
    value::{Reading, Written},
};
use unicode_normalization::UnicodeNormalization;
use vena_base::{Concept, Flag, Lang, Text, Value};
use vena_knowledge::{Catalogue, ConceptInfo, RangeCheck, check_range, read_value};

/// Takes pressures written as one apart; `None` where the concept is no such thing or the words are not two
/// numbers.
pub(crate) fn pressures(
    catalogue: &Catalogue,
    info: &ConceptInfo,
    written: Written<'_>,
) -> Option<Result<Reading, Trouble>> {
    let parts: Vec<&ConceptInfo> = info.parts.iter().filter_map(|part| catalogue.get(*part)).collect();
    if parts.is_empty() {
        return None;
    }
    let plain: String = written.value.nfkc().collect();
    let (numbers, behind) = numbers(&plain)?;
    let stated = match (written.unit.map(str::trim).filter(|unit| !unit.is_empty()), behind.as_str()) {
        (Some(unit), "") => Some(unit),
        (None, "") => None,
        (None, behind) => Some(behind),
        (Some(unit), behind) if unit.eq_ignore_ascii_case(behind) => Some(unit),
        (Some(_), _) => return None,
    };
    Some(read(info, &parts, &numbers, stated, written))
}

/// The two or three numbers, and what is written behind them.
fn numbers(text: &str) -> Option<(Vec<String>, String)> {
    let (first, rest) = number(text.trim())?;
    let rest = rest.trim_start().strip_prefix('/')?;
    let (second, rest) = number(rest.trim_start())?;
    let mut numbers = vec![first, second];
    // The mean may stand in brackets, before or behind the unit.
    let (mean, rest) = match rest.split_once('(') {
        Some((before, after)) => {
            let (inside, behind) = after.split_once(')')?;
            let inside = inside.trim().trim_start_matches(['M', 'm', 'A', 'a', 'P', 'p', ' ', '=', ':']);
            let (mean, left) = number(inside)?;
            (left.trim().is_empty().then_some(mean)?, format!("{} {}", before.trim(), behind.trim()))
        }
        None => (String::new(), rest.to_owned()),
    };
    if !mean.is_empty() {
        numbers.push(mean);
    }
    let behind = rest.trim().to_owned();
    // What is behind is a unit: a further number or sign says something else.
    (!behind.contains(|c: char| c.is_ascii_digit() || c == '/')).then_some((numbers, behind))
}

fn number(text: &str) -> Option<(String, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at_checked(end)?;
    number.starts_with(|c: char| c.is_ascii_digit()).then(|| (number.to_owned(), rest))
}

fn read(
    info: &ConceptInfo,
    parts: &[&ConceptInfo],
    numbers: &[String],
    stated: Option<&str>,
    written: Written<'_>,
) -> Result<Reading, Trouble> {
    let refused = |reason| Trouble::Value { concept: info.name.clone(), written: written.text(), reason };
    let values = |unit: &str| -> Result<Vec<(Concept, Value, RangeCheck)>, Text> {
        let pairs = parts.iter().zip(numbers);
        pairs
            .map(|(part, number)| {
                let value = read_value(part, number, Some(unit))
                    .map_err(|error| Text::new(error.message(Lang::En), error.message(Lang::ZhTw)))?;
                let check = check_range(part, &value);
                Ok((part.concept, value, check))
            })
            .collect()
    };
    let Some(unit) = stated else {
        // Units are never implied, not even where one alone is possible.
        let usual = |between| info.usual_units.join(between);
        return Err(refused(Text::new(
            format!("no unit is written; write it behind the pair: {}", usual(" or ")),
            format!("未寫單位；請寫於數字之後：{}", usual(" 或 ")),
        )));
    };
    let all = values(unit).map_err(refused)?;
    if all.iter().any(|(_, _, check)| *check == RangeCheck::Impossible) {
        return Err(Trouble::Impossible {
            concept: info.name.clone(),
            written: written.text(),
            meant: Vec::new(),
        });
    }
    let number = |at: usize| {
        all.get(at).and_then(|(_, value, _)| match value {
            Value::Quantity(quantity) => Some(quantity.value),
            _ => None,
        })
    };
    let between = number(2).is_none_or(|mean| number(1) <= Some(mean) && Some(mean) <= number(0));
    if number(0) < number(1) || !between {
        return Err(refused(Text::new(
            "the first number must be the systolic, the highest; the second the diastolic, the lowest",
            "第一個數字應為收縮壓（最高），第二個應為舒張壓（最低）",
        )));
    }
    let implausible = all.iter().any(|(_, _, check)| *check == RangeCheck::Implausible);
    let mut values = all.into_iter();
    let Some((concept, value, _)) = values.next() else {
        return Err(refused(Text::new("no number", "沒有數字")));
    };
    let noticed = implausible.then(|| Trouble::Implausible {
        concept: info.name.clone(),
        written: written.text(),
        meant: Vec::new(),
    });
    let flag = implausible.then_some(Flag::Implausible);
    let also = values.map(|(concept, value, _)| (concept, value)).collect();
    Ok(Reading { concept: Some(concept), noticed, flag, also, ..Reading::plain(value) })
}
