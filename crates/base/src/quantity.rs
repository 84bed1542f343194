//! A measured number with its unit, its bound and the form it was written in.
//! Knows no threshold.

use crate::decimal::{Decimal, exact_to_f64};
use crate::units::{self, UnitError};
use rust_decimal::Decimal as Exact;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Whether the number is the value or only a bound on it, as analysers report outside their range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// The value itself.
    #[default]
    Exact,
    /// The true value is below the number (`<`).
    Below,
    /// The true value is at or below the number (`≤`).
    AtMost,
    /// The true value is above the number (`>`).
    Above,
    /// The true value is at or above the number (`≥`).
    AtLeast,
}

impl Bound {
    /// Splits a leading comparator from a written value: `<0.1` → (Below, `0.1`).
    pub fn split(text: &str) -> (Bound, &str) {
        let text = text.trim();
        for (sign, bound) in [
            ("<=", Bound::AtMost),
            (">=", Bound::AtLeast),
            ("≤", Bound::AtMost),
            ("≥", Bound::AtLeast),
            ("≦", Bound::AtMost),
            ("≧", Bound::AtLeast),
            ("<", Bound::Below),
            (">", Bound::Above),
            ("＜", Bound::Below),
            ("＞", Bound::Above),
        ] {
            if let Some(rest) = text.strip_prefix(sign) {
                return (bound, rest.trim());
            }
        }
        (Bound::Exact, text)
    }

    /// The sign as written before the number; empty for an exact value.
    pub fn sign(self) -> &'static str {
        match self {
            Bound::Exact => "",
            Bound::Below => "<",
            Bound::AtMost => "≤",
            Bound::Above => ">",
            Bound::AtLeast => "≥",
        }
    }
}

/// A number in the canonical unit of its concept, with what was written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quantity {
    /// The number in `unit`; equal decimals give equal binary numbers.
    pub value: f64,
    /// Whether `value` is the value or a bound on it.
    #[serde(default, skip_serializing_if = "is_exact")]
    pub bound: Bound,
    /// The canonical UCUM unit of the concept.
    pub unit: Arc<str>,
    /// The number as written, before conversion.
    pub written: Decimal,
    /// The unit as written.
    pub written_unit: Arc<str>,
}

fn is_exact(bound: &Bound) -> bool {
    *bound == Bound::Exact
}

impl Quantity {
    /// Brings a written number to a canonical unit.
    ///
    /// `molar_mass_g_per_mol` is the analyte's, where mass and amount of substance may meet.
    ///
    /// # Errors
    /// Unknown unit, another kind of unit, a missing molar mass, or out of range.
    pub fn new(
        written: Decimal,
        written_unit: &str,
        unit: &str,
        bound: Bound,
        molar_mass_g_per_mol: Option<Exact>,
    ) -> Result<Quantity, UnitError> {
        let exact = units::conversion(written_unit, unit, molar_mass_g_per_mol)?.apply(written.exact())?;
        Ok(Quantity {
            value: exact_to_f64(exact),
            bound,
            unit: Arc::from(unit),
            written,
            written_unit: Arc::from(written_unit.trim()),
        })
    }

    /// The lowest and highest value it can stand for (bounds are taken as closed).
    ///
    /// `floor` is the least possible value of the concept, in the canonical unit.
    pub fn range(&self, floor: f64) -> (f64, f64) {
        match self.bound {
            Bound::Exact => (self.value, self.value),
            Bound::Below | Bound::AtMost => (floor.min(self.value), self.value),
            Bound::Above | Bound::AtLeast => (self.value, f64::INFINITY),
        }
    }

    /// As written: sign, number, unit.
    pub fn as_written(&self) -> String {
        format!("{}{} {}", self.bound.sign(), self.written, self.written_unit)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn written_form_and_canonical_value_stand_together() {
        let q = Quantity::new(Decimal::parse("0.50").unwrap(), "10*9/L", "/uL", Bound::Exact, None).unwrap();
        assert_eq!(q.value, 500.0);
        assert_eq!(q.as_written(), "0.50 10*9/L");
    }

    #[test]
    fn comparators_are_read_and_bound_the_value() {
        assert_eq!(Bound::split(" <0.1"), (Bound::Below, "0.1"));
        assert_eq!(Bound::split("≥ 5"), (Bound::AtLeast, "5"));
        assert_eq!(Bound::split("7"), (Bound::Exact, "7"));
        let q = Quantity::new(Decimal::parse("0.1").unwrap(), "10*9/L", "/uL", Bound::Below, None).unwrap();
        assert_eq!(q.range(0.0), (0.0, 100.0));
    }
}
