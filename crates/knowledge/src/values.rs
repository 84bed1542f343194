//! Reads a written value for a concept: the one way for table, FHIR and forms. Knows only the
//! catalogue; what cannot be understood is refused with words in both languages, never guessed.

pub use crate::value_error::ValueError;
use crate::{
    catalogue::{CommonWord, ConceptInfo, Kind, compared},
    label::unit_for_reading,
};
use std::{borrow::Cow, sync::Arc};
use vena_base::{
    Answer, Bound, Decimal, Lang, Quantity, Text, Value, When, Zone,
    decimal::DecimalError,
    quantity,
    units::{self, UnitError},
};

/// The answer that stands for a drug, oxygen or another lasting thing being stopped.
pub const STOPPED: Answer = Answer::known("stopped");

/// How a value stands to the ranges of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RangeCheck {
    /// Nothing to say.
    Fine,
    /// Outside the plausible range: kept and flagged.
    Implausible,
    /// Outside the possible range: refused.
    Impossible,
}

/// Compares a value with the concept's ranges. A bound (`<5`) is outside only where every value it
/// stands for is. Implausible is also a fraction in a unit that counts whole things, and a unit nobody
/// reports the concept in: the number may have been meant in another unit, see [`units_meant`].
pub fn check_range(info: &ConceptInfo, value: &Value) -> RangeCheck {
    let Value::Quantity(quantity) = value else {
        return RangeCheck::Fine;
    };
    if info.unit.as_deref() != Some(&*quantity.unit) {
        // A drug's dose kept in its written unit: nothing to compare with but that it is no less than none.
        return if quantity.value < 0.0 { RangeCheck::Impossible } else { RangeCheck::Fine };
    }
    let (low, high) = quantity.range(f64::NEG_INFINITY);
    let outside = |range: Option<(f64, f64)>| range.is_some_and(|(least, most)| high < least || low > most);
    let none = info.zero_plausible && low <= 0.0 && high >= 0.0;
    if outside(info.possible) || quantity.value.is_nan() {
        RangeCheck::Impossible
    } else if (outside(info.plausible) && !none) || oddly_written(info, quantity) {
        RangeCheck::Implausible
    } else {
        RangeCheck::Fine
    }
}

fn oddly_written(info: &ConceptInfo, quantity: &Quantity) -> bool {
    if info.whole_in.is_none() && info.rare_units.is_empty() {
        return false;
    }
    let fraction = !quantity.written.exact().fract().is_zero();
    let unit = units::spelled(&quantity.written_unit);
    info.rare_units.contains(&unit) || (fraction && info.whole_in.as_deref() == Some(&*unit))
}

/// The usual units in which an implausible or impossible number would be plausible, written out:
/// `2.5 ×10⁹/L`. Only to ask the writer; the value itself is never changed.
pub fn units_meant(info: &ConceptInfo, value: &Value) -> Vec<Text> {
    let Value::Quantity(quantity) = value else {
        return Vec::new();
    };
    let Some(canonical) = info.unit.as_deref() else {
        return Vec::new();
    };
    let written = units::spelled(&quantity.written_unit);
    let fits = |unit: &&String| {
        let other = Quantity::new(quantity.written.clone(), unit, canonical, quantity.bound, info.molar_mass);
        **unit != written
            && other.is_ok_and(|other| check_range(info, &Value::Quantity(other)) == RangeCheck::Fine)
    };
    let shown = |unit: &String| {
        let number = format!("{}{}", quantity.bound.sign(), quantity.written);
        let one = |lang| match (unit.as_str(), lang) {
            ("1", Lang::En) => format!("{number} as a fraction of one"),
            ("1", Lang::ZhTw) => format!("{number}（以 1 為全量）"),
            (unit, lang) => format!("{number} {}", unit_for_reading(unit, lang)),
        };
        Text::new(one(Lang::En), one(Lang::ZhTw))
    };
    info.usual_units.iter().filter(fits).map(shown).collect()
}

/// Reads a written value.
///
/// A quantity needs its unit (in `unit`, or written behind the number), except scores and counts.
/// Words saying that an assessment was not possible give [`Value::NotAssessed`]; the concept's own
/// answers come first. A clock time for a moment needs its offset here: see [`read_value_in`].
///
/// # Errors
/// [`ValueError`]; nothing is guessed.
pub fn read_value(info: &ConceptInfo, value: &str, unit: Option<&str>) -> Result<Value, ValueError> {
    read_value_in(info, value, unit, None)
}

/// As [`read_value`], with the zone for clock times without offset.
///
/// # Errors
/// [`ValueError`]; nothing is guessed.
pub fn read_value_in(
    info: &ConceptInfo,
    value: &str,
    unit: Option<&str>,
    zone: Option<&Zone>,
) -> Result<Value, ValueError> {
    let narrow = narrowed(value.trim());
    let value = narrow.as_ref();
    let unit = unit.map(|unit| info.unit_meant(unit.trim())).filter(|unit| !unit.is_empty());
    if !info.parts.is_empty() && not_assessed(info, value).is_none() {
        return Err(ValueError::Parts { concept: info.name.clone(), written: short(value) });
    }
    match info.kind {
        Kind::Quantity => measured(info, value, unit),
        Kind::Answers => answered(info, value, unit),
        Kind::Event => happened(info, value, unit),
        Kind::Drug => given(info, value, unit),
        Kind::Moment => When::parse(value, zone)
            .map(Value::Moment)
            .map_err(|_| ValueError::NotATime { concept: info.name.clone(), written: short(value) }),
        Kind::Text if value.is_empty() => Err(ValueError::NoValue { concept: info.name.clone() }),
        Kind::Text => Ok(Value::Text(Arc::from(value))),
    }
}

/// Digits and signs of full width are the same digits and signs.
fn narrowed(value: &str) -> Cow<'_, str> {
    let wide = |c: char| matches!(c, '０'..='９' | '．' | '－' | '＋' | '％' | '＜' | '＞' | '／');
    if !value.contains(wide) {
        return Cow::Borrowed(value);
    }
    let narrow = |c: char| if wide(c) { char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c) } else { c };
    Cow::Owned(value.chars().map(narrow).collect())
}

/// No error repeats more than this of what came from outside.
fn short(written: &str) -> String {
    written.chars().take(80).collect()
}

fn not_assessed(info: &ConceptInfo, value: &str) -> Option<Value> {
    (info.common.get(value) == Some(CommonWord::NotAssessed)).then(|| Value::NotAssessed(Arc::from(value)))
}

fn measured(info: &ConceptInfo, value: &str, unit: Option<&str>) -> Result<Value, ValueError> {
    if value.is_empty() {
        return Err(ValueError::NoValue { concept: info.name.clone() });
    }
    if let Some(joined) = split_degrees(info, value) {
        return measured(info, &joined, unit);
    }
    let Some((bound, decimal, behind)) = number(value) else {
        if let Some(value) = not_assessed(info, value) {
            return Ok(value);
        }
        let exchanged = unit.filter(|unit| {
            let known = |unit: &str| units::conversion(unit, unit, None).is_ok();
            number(unit).is_some_and(|(_, decimal, behind)| decimal.is_ok() && behind.is_empty())
                && known(value)
        });
        return Err(match exchanged {
            Some(unit) => ValueError::Exchanged { value: short(value), unit: short(unit) },
            None => no_number(info, value),
        });
    };
    let behind = info.unit_meant(without_mark(behind));
    let canonical: &str = info.unit.as_deref().unwrap_or("1");
    // “12 萬” with “/µL” in the unit's column is one unit written in two places.
    let joined = unit.and_then(|unit| scaled_unit(behind, unit));
    let unit = match (unit, behind) {
        _ if joined.is_some() => joined.as_deref().unwrap_or_default(),
        (Some(unit), "") => unit,
        // Laboratories mark a value outside its range: the unit stands in its own column.
        (Some(unit), mark) if is_range_mark(mark) && !measures(mark, canonical) => unit,
        (None, "") if info.unit_may_be_left_out() => canonical,
        (None, "") => return Err(no_unit(info)),
        (None, behind) => behind,
        // “38.5 C” with the unit once more in its own column says nothing new.
        (Some(unit), behind) if units::spelled(unit) == units::spelled(behind) => unit,
        (Some(_), _) => return Err(no_number(info, value)),
    };
    quantity(info, decimal?, unit, canonical, bound).map(Value::Quantity)
}

/// A number word behind the number and its unit in the unit's column, as one unit that is known.
fn scaled_unit(behind: &str, unit: &str) -> Option<String> {
    const NUMBER_WORDS: [&str; 4] = ["萬", "万", "千", "百萬"];
    if !NUMBER_WORDS.contains(&behind) || unit.is_empty() {
        return None;
    }
    let joined = format!("{behind}{unit}");
    let spelled = units::spelled(&joined);
    (spelled != joined).then_some(spelled)
}

/// A temperature with the degree sign in place of the point: `38度5` is 38.5 degrees.
fn split_degrees(info: &ConceptInfo, value: &str) -> Option<String> {
    let (whole, tenths) = value.split_once('度').filter(|_| info.unit.as_deref() == Some("Cel"))?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (whole, tenths) = (whole.trim(), tenths.trim());
    (digits(whole) && digits(tenths) && tenths.len() == 1).then(|| format!("{whole}.{tenths} 度"))
}

/// The unit behind a number without a laboratory's mark behind the unit: `150 K/uL H`, `88%↓`.
fn without_mark(behind: &str) -> &str {
    let plain = behind.trim_end_matches(['↓', '↑']).trim_end();
    match plain.rsplit_once(char::is_whitespace) {
        Some((unit, mark)) if is_range_mark(mark) && !unit.trim().is_empty() => unit.trim(),
        _ if plain.is_empty() => behind,
        _ => plain,
    }
}

/// The marks laboratories print behind a value that is high, low or critical.
fn is_range_mark(mark: &str) -> bool {
    const MARKS: [&str; 18] = [
        "L", "H", "LL", "HH", "*", "**", "L*", "H*", "(L)", "(H)", "[L]", "[H]", "↓", "↑", "↓↓", "↑↑",
        "偏低", "偏高",
    ];
    MARKS.contains(&mark)
}

/// Whether it is a unit in which the concept could be given.
fn measures(unit: &str, canonical: &str) -> bool {
    units::conversion(unit, canonical, None).is_ok()
}

/// Splits comparator, number and what stands behind it. `None`: there is no number at the front.
fn number(value: &str) -> Option<(Bound, Result<Decimal, ValueError>, &str)> {
    let (bound, rest) = Bound::split(value);
    let numeric = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | ',' | '，');
    if !rest.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return None;
    }
    let mut end = rest.find(|c| !numeric(c)).unwrap_or(rest.len());
    // An exponent belongs to the number: 1.2e3; 10*9/L as a value is no number.
    let tail = rest.get(end..).unwrap_or_default();
    if let Some(exponent) = tail.strip_prefix(['e', 'E']) {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let length = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        if length > 0 {
            end = rest.len() - digits.len() + length;
        }
    }
    let (written, behind) = rest.split_at_checked(end)?;
    if !written.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    let decimal = if written.contains([',', '，']) {
        Err(ValueError::Comma { written: short(written) })
    } else {
        Decimal::parse(written).map_err(|error| match error {
            DecimalError::TooLong(written) => ValueError::TooLong { written },
            DecimalError::NotANumber(written) => {
                ValueError::NotANumber { concept: Text::new("this", "此項"), written }
            }
        })
    };
    Some((bound, decimal, behind.trim()))
}

fn quantity(
    info: &ConceptInfo,
    decimal: Decimal,
    unit: &str,
    canonical: &str,
    bound: Bound,
) -> Result<Quantity, ValueError> {
    let wrong = |error| ValueError::Unit { concept: info.name.clone(), error };
    if canonical.starts_with('{') {
        // In UCUM an annotation is the number one, so that 50 % would pass for half a point.
        let spelled = units::spelled(unit);
        if spelled != "1" && !spelled.starts_with('{') && !is_points(unit) {
            return Err(wrong(UnitError::WrongKind { from: unit.to_owned(), to: canonical.to_owned() }));
        }
        if info.integer && !decimal.exact().fract().is_zero() {
            return Err(ValueError::NotWhole { concept: info.name.clone(), written: decimal.to_string() });
        }
        let value = decimal.to_f64();
        let written_unit = Arc::from(unit);
        return Ok(Quantity { value, bound, unit: Arc::from(canonical), written: decimal, written_unit });
    }
    if info.integer && !decimal.exact().fract().is_zero() {
        return Err(ValueError::NotWhole { concept: info.name.clone(), written: decimal.to_string() });
    }
    let by = |mass| quantity::Quantity::new(decimal.clone(), unit, canonical, bound, mass);
    let one = by(info.molar_mass).map_err(wrong)?;
    if let Some(mass) = info.molar_mass_also
        && let Ok(other) = by(Some(mass))
        && other.value != one.value
    {
        let fine =
            |quantity: &Quantity| check_range(info, &Value::Quantity(quantity.clone())) == RangeCheck::Fine;
        if fine(&other) {
            let shown = |value: f64| format!("{value:.1} {canonical}");
            return Err(ValueError::TwoMolarMasses {
                concept: info.name.clone(),
                written: format!("{}{} {unit}", bound.sign(), one.written),
                one: shown(one.value),
                other: shown(other.value),
                one_unit: canonical.to_owned(),
            });
        }
    }
    Ok(one)
}

/// `分` is a minute for the unit reader and a point beside a score.
fn is_points(unit: &str) -> bool {
    matches!(unit.trim(), "分" | "點") || units::spelled(unit) == "{score}"
}

fn no_number(info: &ConceptInfo, value: &str) -> ValueError {
    ValueError::NotANumber { concept: info.name.clone(), written: short(value) }
}

fn no_unit(info: &ConceptInfo) -> ValueError {
    ValueError::NoUnit { concept: info.name.clone(), example: info.unit.as_deref().unwrap_or("1").to_owned() }
}

fn answered(info: &ConceptInfo, value: &str, unit: Option<&str>) -> Result<Value, ValueError> {
    if value.is_empty() {
        return Err(ValueError::NoValue { concept: info.name.clone() });
    }
    if let Some(answer) = info.answer_from_words(value) {
        return Ok(Value::Answer(answer));
    }
    if let Some(value) = not_assessed(info, value) {
        return Ok(value);
    }
    if info.unit.is_some() && number(value).is_some() {
        return measured(info, value, unit);
    }
    if let Some(could_be) = info.unclear_words(value) {
        let could_be = answers_named(info, could_be);
        return Err(ValueError::Unclear { concept: info.name.clone(), written: short(value), could_be });
    }
    if matches!(compared(value).as_ref(), "" | "—" | "―") {
        return Err(ValueError::Dash { written: short(value) });
    }
    if info.open {
        return Ok(Value::Text(Arc::from(value)));
    }
    let known = named(info, |_| true);
    Err(ValueError::UnknownAnswer { concept: info.name.clone(), written: short(value), known })
}

/// The names of a concept's answers, in both languages.
pub(crate) fn named(info: &ConceptInfo, which: impl Fn(Answer) -> bool) -> Text {
    let list =
        |lang| info.answers.iter().filter(|a| which(a.answer)).map(|a| a.name.get(lang)).collect::<Vec<_>>();
    Text::new(list(Lang::En).join("; "), list(Lang::ZhTw).join("；"))
}

/// The answers a concept takes, by name, as a message lists them.
pub fn answers_known(info: &ConceptInfo) -> Text {
    named(info, |_| true)
}

/// Some of a concept's answers, by name.
pub fn answers_named(info: &ConceptInfo, which: &[Answer]) -> Text {
    named(info, |answer| which.contains(&answer))
}

fn happened(info: &ConceptInfo, value: &str, unit: Option<&str>) -> Result<Value, ValueError> {
    if value.is_empty() {
        return Ok(Value::Happened);
    }
    if let Some(answer) = info.answer_from_words(value) {
        return Ok(Value::Answer(answer));
    }
    let refused = || ValueError::NotAnEvent { concept: info.name.clone(), written: short(value) };
    match info.common.get(value) {
        Some(CommonWord::Happened) => Ok(Value::Happened),
        Some(_) => Err(refused()),
        None if info.unit.is_some() && number(value).is_some() => amount(info, value, unit),
        None if info.open => Ok(Value::Text(Arc::from(value))),
        None => Err(refused()),
    }
}

fn given(info: &ConceptInfo, value: &str, unit: Option<&str>) -> Result<Value, ValueError> {
    if value.is_empty() {
        return Ok(Value::Happened);
    }
    if let Some(answer) = info.answer_from_words(value) {
        return Ok(Value::Answer(answer));
    }
    match info.common.get(value) {
        Some(CommonWord::Happened) => Ok(Value::Happened),
        Some(CommonWord::Stopped) => Ok(Value::Answer(STOPPED)),
        Some(CommonWord::NotAssessed) => Ok(Value::NotAssessed(Arc::from(value))),
        Some(CommonWord::DidNotHappen) => {
            Err(ValueError::NotAnEvent { concept: info.name.clone(), written: short(value) })
        }
        None if number(value).is_some() => amount(info, value, unit),
        None => Err(no_number(info, value)),
    }
}

/// A dose: in the canonical unit where it can be brought there, in its own (`mg/kg`, `ug/kg/min`)
/// where it cannot.
fn amount(info: &ConceptInfo, value: &str, unit: Option<&str>) -> Result<Value, ValueError> {
    let Some((bound, decimal, behind)) = number(value) else {
        return Err(no_number(info, value));
    };
    let unit = match (unit, behind) {
        (Some(unit), "") => unit,
        (None, "") => return Err(no_unit(info)),
        (None, behind) => behind,
        (Some(unit), behind) if units::spelled(unit) == units::spelled(behind) => unit,
        (Some(_), _) => return Err(no_number(info, value)),
    };
    let decimal = decimal?;
    let wrong = |error| ValueError::Unit { concept: info.name.clone(), error };
    let canonical = info.unit.as_deref().unwrap_or("1");
    match Quantity::new(decimal.clone(), unit, canonical, bound, info.molar_mass) {
        Ok(quantity) => Ok(Value::Quantity(quantity)),
        Err(UnitError::WrongKind { .. } | UnitError::NeedsMolarMass { .. }) => {
            let own = units::spelled(unit);
            Quantity::new(decimal, unit, &own, bound, None).map(Value::Quantity).map_err(wrong)
        }
        Err(error) => Err(wrong(error)),
    }
}
