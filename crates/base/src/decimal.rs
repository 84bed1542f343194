//! Decimals that keep their written form: `3.00` stays `3.00`, and `1.10e3` stays `1.10e3`.
//! Knows no unit and no threshold.

use rust_decimal::Decimal as Exact;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, sync::Arc};

/// Why a text is not a decimal number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Not a number as people or machines write them.
    #[error("“{0}” is not a number")]
    NotANumber(String),
    /// More digits than can be held exactly (28 significant), or an exponent out of range.
    #[error("“{0}” has more digits than can be kept exactly")]
    TooLong(String),
}

/// A decimal number with the text it was written as.
///
/// Comparison and arithmetic use the exact value; storage and display use the text.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Decimal {
    value: Exact,
    text: Arc<str>,
}

impl Decimal {
    /// Reads a plain or exponent decimal with a point; white space around it is ignored.
    ///
    /// # Errors
    /// Not a number (a decimal comma is not guessed at), or too many digits to be exact.
    pub fn parse(text: &str) -> Result<Decimal, DecimalError> {
        let text = text.trim();
        let looks_numeric = text.bytes().any(|b| b.is_ascii_digit())
            && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
        if !looks_numeric {
            return Err(DecimalError::NotANumber(text.chars().take(80).collect()));
        }
        let value = if text.bytes().any(|b| matches!(b, b'e' | b'E')) {
            Exact::from_scientific(text)
        } else {
            Exact::from_str_exact(text)
        };
        match value {
            Ok(value) => Ok(Decimal { value, text: Arc::from(text) }),
            Err(_) if text.parse::<f64>().is_ok() => {
                Err(DecimalError::TooLong(text.chars().take(80).collect()))
            }
            Err(_) => Err(DecimalError::NotANumber(text.chars().take(80).collect())),
        }
    }

    /// An exact value; its written form is its plain decimal form.
    pub fn from_exact(value: Exact) -> Decimal {
        Decimal { text: Arc::from(value.to_string()), value }
    }

    /// The exact value.
    pub fn exact(&self) -> Exact {
        self.value
    }

    /// The nearest binary number.
    pub fn to_f64(&self) -> f64 {
        exact_to_f64(self.value)
    }

    /// The written form.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// The binary number nearest to an exact decimal.
///
/// Goes through the decimal text, whose parsing is correctly rounded, so that two equal decimals
/// always give the same binary number: a value exactly on a cut-off compares as equal to it.
pub fn exact_to_f64(value: Exact) -> f64 {
    let value = value.normalize();
    let mantissa = value.mantissa();
    // Up to 2^53 the mantissa is exact in binary, and so are powers of ten up to 10^22: one
    // correctly rounded division gives the nearest number without going through text.
    if mantissa.unsigned_abs() < (1 << 53) && value.scale() <= 22 {
        const POWERS: [f64; 23] = [
            1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
            1e18, 1e19, 1e20, 1e21, 1e22,
        ];
        if let Some(power) = POWERS.get(value.scale() as usize) {
            return mantissa as f64 / power;
        }
    }
    value.to_string().parse().unwrap_or(f64::NAN)
}

impl FromStr for Decimal {
    type Err = DecimalError;
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        Decimal::parse(text)
    }
}

impl TryFrom<String> for Decimal {
    type Error = DecimalError;
    fn try_from(text: String) -> Result<Self, DecimalError> {
        Decimal::parse(&text)
    }
}

impl From<Decimal> for String {
    fn from(decimal: Decimal) -> String {
        decimal.text.to_string()
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.value.cmp(&other.value)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keeps_what_was_written() {
        assert_eq!(Decimal::parse("3.00").unwrap().as_str(), "3.00");
        assert_eq!(Decimal::parse(" 1.10e3 ").unwrap().as_str(), "1.10e3");
        assert_eq!(Decimal::parse("1.10e3").unwrap(), Decimal::parse("1100").unwrap());
        assert_eq!(Decimal::parse("38.0").unwrap(), Decimal::parse("38").unwrap());
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in ["", "3,5", "NaN", "inf", "12abc", "--1", "1e", "٣", "0x10", "1_000"] {
            assert!(Decimal::parse(text).is_err(), "{text}");
        }
        assert!(matches!(
            Decimal::parse("1e400"),
            Err(DecimalError::TooLong(_) | DecimalError::NotANumber(_))
        ));
    }

    proptest! {
        #[test]
        fn binary_form_is_the_nearest(mantissa in -9_999_999_999_i64..9_999_999_999, scale in 0_u32..12) {
            let exact = Exact::new(mantissa, scale);
            let through_text: f64 = exact.to_string().parse().unwrap();
            prop_assert_eq!(exact_to_f64(exact), through_text);
        }

        #[test]
        fn never_panics(text in "\\PC{0,40}") {
            let _ = Decimal::parse(&text);
        }
    }
}
