//! Units are never implied: UCUM at every border, one canonical unit inside.
//!
//! Parsing and dimensions come from `octofhir-ucum`; the arithmetic is decimal, so that 0.5 10*9/L is
//! exactly 500 /uL and 100.4 °F exactly 38.0 °C. Knows no analyte: a molar mass is an argument.

use rust_decimal::{Decimal as Exact, RoundingStrategy};
use std::{
    collections::HashMap,
    sync::{OnceLock, RwLock},
};

/// Why a value cannot be brought to another unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// Not a UCUM unit, nor one of the usual ways to write one.
    #[error("“{0}” is not a known unit")]
    Unknown(String),
    /// A unit of another kind: mg/dL cannot become 10*9/L.
    #[error("a value in {from} cannot be given in {to}: another kind of unit")]
    WrongKind {
        /// The unit the value came in.
        from: String,
        /// The unit asked for.
        to: String,
    },
    /// Mass and amount of substance: the analyte's molar mass is not in the catalogue.
    #[error("{from} and {to} differ by a molar mass, which the catalogue does not have for this analyte")]
    NeedsMolarMass {
        /// The unit the value came in.
        from: String,
        /// The unit asked for.
        to: String,
    },
    /// The result cannot be held exactly enough.
    #[error("the value is out of the range that can be converted")]
    OutOfRange,
}

/// A linear rule between two units: `to = (from + before) × numerator / denominator + after`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conversion {
    before: Exact,
    numerator: Exact,
    denominator: Exact,
    after: Exact,
}

impl Conversion {
    fn scale(numerator: Exact, denominator: Exact) -> Conversion {
        Conversion { before: Exact::ZERO, numerator, denominator, after: Exact::ZERO }
    }

    /// Whether values pass unchanged.
    pub fn is_identity(&self) -> bool {
        self.before.is_zero() && self.after.is_zero() && self.numerator == self.denominator
    }

    /// Applies the rule.
    ///
    /// # Errors
    /// [`UnitError::OutOfRange`] when the result overflows.
    pub fn apply(&self, value: Exact) -> Result<Exact, UnitError> {
        if self.is_identity() {
            return Ok(value);
        }
        value
            .checked_add(self.before)
            .and_then(|v| v.checked_mul(self.numerator))
            .and_then(|v| v.checked_div(self.denominator))
            .and_then(|v| v.checked_add(self.after))
            .ok_or(UnitError::OutOfRange)
    }
}

/// The usual written forms, as data: the UCUM unit, then what people write for it.
const FORMS: &str = include_str!("unit-forms.tsv");

fn forms() -> &'static HashMap<String, &'static str> {
    static TABLE: OnceLock<HashMap<String, &'static str>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = HashMap::new();
        for line in FORMS.lines().filter(|line| !line.starts_with('#')) {
            let mut cells = line.split('\t');
            if let Some(unit) = cells.next().filter(|unit| !unit.is_empty()) {
                table.insert(key(&plain(unit)), unit);
                table.extend(cells.map(|form| (key(&plain(form)), unit)));
            }
        }
        table
    })
}

/// Signs that mean the same put into one form: full width, superscripts, micro, multiplication.
fn plain(unit: &str) -> String {
    let alike = |c: char| match c {
        'µ' | 'μ' => 'u',
        '×' | '✕' | 'Ｘ' | 'ｘ' => 'x',
        '⁰' => '0',
        '¹' => '1',
        '²' => '2',
        '³' => '3',
        '⁶' => '6',
        '⁹' => '9',
        '⁻' | '−' | '－' => '-',
        '∕' | '⁄' => '/',
        '＾' => '^',
        // Full-width Latin letters, digits and signs lie one block above the plain ones.
        '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        other => other,
    };
    unit.trim()
        .chars()
        .map(alike)
        .collect::<String>()
        .replace('㎎', "mg")
        .replace('㎏', "kg")
        .replace('㏄', "mL")
}

fn key(plain: &str) -> String {
    plain.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// Writes a unit the way UCUM does, from the forms laboratories and people use (`x10^9/L`, `°C`,
/// `K/uL`, `µg/L`; `unit-forms.tsv` lists them). What is not known is handed back with its signs
/// made plain; [`conversion`] then refuses it.
pub fn spelled(unit: &str) -> String {
    let plain = plain(unit);
    match forms().get(&key(&plain)) {
        Some(known) => (*known).to_owned(),
        None => plain,
    }
}

/// `G/L` is giga per litre where cells are counted and grams per litre where mass is measured: it has
/// a meaning only together with the unit asked for. Written `g/L` it is always grams.
fn spelled_for(from: &str, to: &str) -> String {
    let counted = || octofhir_ucum::is_comparable(to, "/L").unwrap_or(false) && !counts_moles(to);
    match (plain(from).as_str(), spelled(from)) {
        ("G/L" | "Gpt/L" | "GPT/L", _) if counted() => "10*9/L".to_owned(),
        (_, spelled) => spelled,
    }
}

fn annotation(unit: &str) -> Option<&str> {
    let start = unit.find('{')?;
    let end = unit.rfind('}')?;
    unit.get(start..=end)
}

/// The rule from one unit to another, in UCUM or a usual spelling.
///
/// `molar_mass_g_per_mol` lets mass and amount of substance meet for one analyte.
///
/// # Errors
/// Unknown unit, another kind of unit, or a missing molar mass.
pub fn conversion(
    from: &str,
    to: &str,
    molar_mass_g_per_mol: Option<Exact>,
) -> Result<Conversion, UnitError> {
    type Key = (String, String, Option<Exact>);
    static KNOWN: OnceLock<RwLock<HashMap<Key, Result<Conversion, UnitError>>>> = OnceLock::new();
    let known = KNOWN.get_or_init(|| RwLock::new(HashMap::new()));
    let key = (from.to_owned(), to.to_owned(), molar_mass_g_per_mol);
    if let Ok(known) = known.read()
        && let Some(found) = known.get(&key)
    {
        return found.clone();
    }
    let to_unit = spelled(to);
    let found = find(&spelled_for(from, &to_unit), &to_unit, molar_mass_g_per_mol);
    if let Ok(mut known) = known.write() {
        // Units arrive from outside: without a limit a hostile file could fill the memory.
        if known.len() < 4_096 {
            known.insert(key, found.clone());
        }
    }
    found
}

fn find(from: &str, to: &str, molar_mass: Option<Exact>) -> Result<Conversion, UnitError> {
    if from == to {
        octofhir_ucum::validate(from).map_err(|_| UnitError::Unknown(from.to_owned()))?;
        return Ok(Conversion::scale(Exact::ONE, Exact::ONE));
    }
    if let Some(exact) = temperature(from, to) {
        return Ok(exact);
    }
    for unit in [from, to] {
        if unit.is_empty() || octofhir_ucum::validate(unit).is_err() {
            return Err(UnitError::Unknown(unit.to_owned()));
        }
    }
    // UCUM ignores annotations: {copies}/mL would silently become {cells}/mL.
    if let (Some(a), Some(b)) = (annotation(from), annotation(to))
        && a != b
    {
        return Err(UnitError::WrongKind { from: from.to_owned(), to: to.to_owned() });
    }
    // International units are arbitrary: U/L (catalytic) is not [iU]/L. UCUM keeps them apart.
    // The mole is a plain number in UCUM: without this mmol/L would pass for cells per litre.
    let comparable = octofhir_ucum::is_comparable(from, to).unwrap_or(false);
    if comparable && counts_moles(from) == counts_moles(to) {
        return ratio(from, to);
    }
    molar(from, to, molar_mass)
}

/// Temperatures carry an offset, which UCUM libraries do in binary; here it stays decimal.
fn temperature(from: &str, to: &str) -> Option<Conversion> {
    let whole = |n: i64| Exact::new(n, 0);
    let kelvin_offset = Exact::new(27_315, 2);
    match (from, to) {
        ("[degF]", "Cel") => Some(Conversion {
            before: whole(-32),
            numerator: whole(5),
            denominator: whole(9),
            after: Exact::ZERO,
        }),
        ("Cel", "[degF]") => Some(Conversion {
            before: Exact::ZERO,
            numerator: whole(9),
            denominator: whole(5),
            after: whole(32),
        }),
        ("K", "Cel") => Some(Conversion {
            before: -kelvin_offset,
            numerator: whole(1),
            denominator: whole(1),
            after: Exact::ZERO,
        }),
        ("Cel", "K") => Some(Conversion {
            before: Exact::ZERO,
            numerator: whole(1),
            denominator: whole(1),
            after: kelvin_offset,
        }),
        _ => None,
    }
}

/// The factor between two comparable units, as a ratio of decimals.
///
/// The library answers in binary; 14 significant digits recover the decimal factor it stands for. Of the
/// two directions the one with the shorter decimal is exact (1 inch is 0.0254 m, but a metre is 39.37… inches).
fn ratio(from: &str, to: &str) -> Result<Conversion, UnitError> {
    let wrong = || UnitError::WrongKind { from: from.to_owned(), to: to.to_owned() };
    let zero = octofhir_ucum::convert(0.0, from, to).map_err(|_| wrong())?;
    if zero != 0.0 {
        return Err(wrong());
    }
    let forward = octofhir_ucum::convert(1.0, from, to).ok().and_then(significant);
    let backward = octofhir_ucum::convert(1.0, to, from).ok().and_then(significant);
    let length = |factor: &Exact| factor.mantissa().unsigned_abs();
    match (forward, backward) {
        (Some(forward), Some(backward)) if length(&backward) < length(&forward) => {
            Ok(Conversion::scale(Exact::ONE, backward))
        }
        (Some(forward), _) => Ok(Conversion::scale(forward, Exact::ONE)),
        (None, Some(backward)) => Ok(Conversion::scale(Exact::ONE, backward)),
        (None, None) => Err(UnitError::OutOfRange),
    }
}

fn significant(value: f64) -> Option<Exact> {
    if !value.is_finite() || value <= 0.0 {
        return None;
    }
    Exact::from_scientific(&format!("{value:.13e}")).ok().map(|v| v.normalize())
}

fn counts_moles(unit: &str) -> bool {
    unit.contains("mol")
}

/// Mass ↔ amount of substance: through g and mol of the same denominator.
fn molar(from: &str, to: &str, molar_mass: Option<Exact>) -> Result<Conversion, UnitError> {
    let wrong = || UnitError::WrongKind { from: from.to_owned(), to: to.to_owned() };
    let comparable = |a: &str, b: &str| octofhir_ucum::is_comparable(a, b).unwrap_or(false);
    let (mass, amount, from_is_mass) =
        if comparable(from, "g/L") && counts_moles(to) && comparable(to, "mol/L") {
            ("g/L", "mol/L", true)
        } else if counts_moles(from) && comparable(from, "mol/L") && comparable(to, "g/L") {
            ("g/L", "mol/L", false)
        } else {
            return Err(wrong());
        };
    let mass_per_mol = molar_mass
        .filter(|m| *m > Exact::ZERO)
        .ok_or_else(|| UnitError::NeedsMolarMass { from: from.to_owned(), to: to.to_owned() })?;
    let (first, last) = if from_is_mass { (mass, amount) } else { (amount, mass) };
    let a = ratio_or_same(from, first)?;
    let b = ratio_or_same(last, to)?;
    let (mut numerator, mut denominator) = (
        a.numerator.checked_mul(b.numerator).ok_or(UnitError::OutOfRange)?,
        a.denominator.checked_mul(b.denominator).ok_or(UnitError::OutOfRange)?,
    );
    if from_is_mass {
        denominator = denominator.checked_mul(mass_per_mol).ok_or(UnitError::OutOfRange)?;
    } else {
        numerator = numerator.checked_mul(mass_per_mol).ok_or(UnitError::OutOfRange)?;
    }
    Ok(Conversion::scale(numerator, denominator))
}

fn ratio_or_same(from: &str, to: &str) -> Result<Conversion, UnitError> {
    if from == to { Ok(Conversion::scale(Exact::ONE, Exact::ONE)) } else { ratio(from, to) }
}

/// Rounds to a number of decimals, half away from zero as clinical reports do.
pub fn rounded(value: Exact, decimals: u32) -> Exact {
    value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn to(value: &str, from: &str, unit: &str) -> String {
        let value = Exact::from_str_exact(value).unwrap();
        conversion(from, unit, None).unwrap().apply(value).unwrap().normalize().to_string()
    }

    #[test]
    fn cut_offs_survive_conversion_exactly() {
        assert_eq!(to("0.5", "10*9/L", "/uL"), "500");
        assert_eq!(to("0.500", "x10^9/L", "/uL"), "500");
        assert_eq!(to("0.5", "K/µL", "/uL"), "500");
        assert_eq!(to("500", "cells/µL", "/uL"), "500");
        assert_eq!(to("0.1", "10*3/uL", "/uL"), "100");
        assert_eq!(to("0.29", "10*9/L", "/uL"), "290");
        assert_eq!(to("3.0", "mg/dL", "mg/L"), "30");
        assert_eq!(to("30", "mg/L", "mg/dL"), "3");
        assert_eq!(to("650", "ng/mL", "ug/L"), "650");
        assert_eq!(to("100.4", "[degF]", "Cel"), "38");
        assert_eq!(to("100.4", "°F", "°C"), "38");
        assert_eq!(to("38.0", "Cel", "[degF]"), "100.4");
        assert_eq!(to("311.15", "K", "Cel"), "38");
        assert_eq!(to("9.0", "g/dL", "g/L"), "90");
        assert_eq!(to("175", "10*9/L", "10*3/uL"), "175");
        assert_eq!(to("75000", "/uL", "10*9/L"), "75");
        assert_eq!(to("90", "mmHg", "mm[Hg]"), "90");
        assert_eq!(to("6.3", "[in_i]", "cm"), "16.002");
    }

    #[test]
    fn molar_mass_is_needed_and_used() {
        let bilirubin = Exact::from_str_exact("584.66").unwrap();
        assert!(matches!(conversion("mg/dL", "umol/L", None), Err(UnitError::NeedsMolarMass { .. })));
        let rule = conversion("umol/L", "mg/dL", Some(bilirubin)).unwrap();
        let value = rule.apply(Exact::new(34, 0)).unwrap();
        assert_eq!(rounded(value, 3).to_string(), "1.988");
        let back = conversion("mg/dL", "umol/L", Some(bilirubin)).unwrap().apply(value).unwrap();
        assert_eq!(rounded(back, 9).normalize().to_string(), "34");
    }

    #[test]
    fn another_kind_of_unit_is_refused() {
        assert!(matches!(conversion("mg/dL", "10*9/L", None), Err(UnitError::WrongKind { .. })));
        assert!(matches!(conversion("Cel", "mg/dL", None), Err(UnitError::WrongKind { .. })));
        assert!(matches!(conversion("{copies}/mL", "{cells}/mL", None), Err(UnitError::WrongKind { .. })));
        assert!(matches!(conversion("bananas", "/uL", None), Err(UnitError::Unknown(_))));
        assert!(matches!(conversion("", "/uL", None), Err(UnitError::Unknown(_))));
        assert!(matches!(conversion("mmol/L", "10*9/L", None), Err(UnitError::WrongKind { .. })));
        assert!(matches!(conversion("U/L", "[iU]/L", None), Err(UnitError::WrongKind { .. })));
    }
}
