//! Labels are rendered from the numbers, so a number is never typed twice. Knows no rule.

use crate::problem::Fault;
use vena_base::Decimal;

/// One stretch of a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Words as they stand.
    Words(&'a str),
    /// What stands between braces.
    Placeholder(&'a str),
}

/// Splits a template at its placeholders. An unclosed brace is words.
pub(crate) fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((words, after)) = rest.split_once('{') {
        let Some((name, tail)) = after.split_once('}') else {
            break;
        };
        if !words.is_empty() {
            pieces.push(Piece::Words(words));
        }
        pieces.push(Piece::Placeholder(name));
        rest = tail;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Words(rest));
    }
    pieces
}

/// Fills a template.
///
/// # Errors
/// The placeholders that name nothing.
pub(crate) fn render(template: &str, fill: impl Fn(&str) -> Option<String>) -> Result<String, Vec<Fault>> {
    let mut text = String::new();
    let mut faults = Vec::new();
    for piece in pieces(template) {
        match piece {
            Piece::Words(words) => text.push_str(words),
            Piece::Placeholder(name) => match fill(name) {
                Some(value) => text.push_str(&value),
                None => faults.push(Fault::NoSuchPlaceholder(name.to_owned())),
            },
        }
    }
    if faults.is_empty() { Ok(text) } else { Err(faults) }
}

/// A number typed into the words of a label. Numbers that belong to a name (CD19, IL-6) are none.
pub(crate) fn typed_number(template: &str) -> Option<String> {
    for piece in pieces(template) {
        let Piece::Words(words) = piece else { continue };
        let characters: Vec<char> = words.chars().collect();
        let mut at = 0;
        while let Some(here) = characters.get(at) {
            if !here.is_ascii_digit() {
                at += 1;
                continue;
            }
            let run: String =
                characters.iter().skip(at).take_while(|c| c.is_ascii_digit() || **c == '.').collect();
            let before = at.checked_sub(1).and_then(|i| characters.get(i));
            let earlier = at.checked_sub(2).and_then(|i| characters.get(i));
            let named = before.is_some_and(char::is_ascii_alphabetic)
                || (before == Some(&'-') && earlier.is_some_and(char::is_ascii_alphabetic));
            if !named {
                return Some(run);
            }
            at += run.chars().count();
        }
    }
    None
}

/// A number for reading: thousands set apart, written form otherwise kept.
pub fn for_reading(decimal: &Decimal) -> String {
    let text = decimal.as_str();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("−", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
    if !whole.bytes().all(|b| b.is_ascii_digit()) {
        return text.to_owned();
    }
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match fraction {
        Some(fraction) => format!("{sign}{grouped}.{fraction}"),
        None => format!("{sign}{grouped}"),
    }
}

/// A unit as people read it behind a number: one week, two weeks.
pub fn unit_behind(number: &str, unit: &str, lang: vena_base::Lang) -> String {
    let words = unit_for_reading(unit, lang);
    let counted = matches!(unit, "d" | "h" | "min" | "wk" | "mo" | "a" | "{score}" | "{points}");
    match (number, lang, words.strip_suffix('s')) {
        ("1", vena_base::Lang::En, Some(one)) if counted => one.to_owned(),
        _ => words,
    }
}

/// A unit as people read it: `/uL` → `/µL`, `Cel` → `°C`, annotations in words or left out.
pub fn unit_for_reading(unit: &str, lang: vena_base::Lang) -> String {
    use vena_base::Lang::{En, ZhTw};
    let words = match (unit, lang) {
        ("Cel", _) => "°C",
        ("[degF]", _) => "°F",
        ("[lb_av]", En) => "lb",
        ("[lb_av]", ZhTw) => "磅",
        ("mm[Hg]", _) => "mmHg",
        ("10*9/L", _) => "×10⁹/L",
        ("10*3/uL", _) => "×10³/µL",
        ("10*4/uL", _) => "×10⁴/µL",
        ("10*6", _) => "×10⁶",
        ("10*9", _) => "×10⁹",
        ("{score}" | "{points}", En) => "points",
        ("{score}" | "{points}", ZhTw) => "分",
        ("d", En) => "days",
        ("d", ZhTw) => "天",
        ("h", En) => "hours",
        ("h", ZhTw) => "小時",
        ("min", En) => "minutes",
        ("min", ZhTw) => "分鐘",
        ("wk", En) => "weeks",
        ("wk", ZhTw) => "週",
        ("mo", En) => "months",
        ("mo", ZhTw) => "個月",
        ("a", En) => "years",
        ("a", ZhTw) => "年",
        _ => "",
    };
    if !words.is_empty() {
        return words.to_owned();
    }
    if unit.starts_with('{') {
        return String::new();
    }
    // UCUM's ASCII u stands for micro before a unit letter.
    unit.replace("uL", "µL").replace("ug", "µg").replace("umol", "µmol").replace("m2", "m²")
}

#[cfg(test)]
mod tests {
    use super::*;
    use vena_base::Lang;

    /// Row T3. One week, two weeks; a unit's symbol stays.
    #[test]
    fn one_of_a_unit_is_singular() {
        let behind = |number, unit| unit_behind(number, unit, Lang::En);
        assert_eq!((behind("1", "wk"), behind("2", "wk")), ("week".to_owned(), "weeks".to_owned()));
        assert_eq!((behind("1", "h"), behind("1.0", "h")), ("hour".to_owned(), "hours".to_owned()));
        assert_eq!((behind("1", "{score}"), behind("1", "mg")), ("point".to_owned(), "mg".to_owned()));
        assert_eq!(unit_behind("1", "wk", Lang::ZhTw), "週");
    }
}
