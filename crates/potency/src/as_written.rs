//! Numbers as people write them: plain decimals where they can be read at a glance, powers of ten by hand beyond,
//! never a computer's `3.23e-4`. Knows no unit and no language.

/// Sizes that are written plainly: from here on, and below [`PLAIN_BELOW`].
const PLAIN_FROM: f64 = 1e-5;
const PLAIN_BELOW: f64 = 1e7;

/// A number with `digits` significant digits at most (all digits of whole numbers), trailing zeros left out:
/// 0.000323, 12.5, 1250000, 2.5 × 10⁻⁸, 10⁻⁶. What is not finite is `–`.
pub fn as_written(value: f64, digits: u8) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let size = value.abs();
    if value != 0.0 && !(PLAIN_FROM..PLAIN_BELOW).contains(&size) {
        return power_of_ten(value, digits);
    }
    let places = if size == 0.0 { 0 } else { i32::from(digits) - 1 - size.log10().floor() as i32 };
    without_zeros(&format!("{value:.*}", usize::try_from(places).unwrap_or(0))).to_owned()
}

fn without_zeros(written: &str) -> &str {
    if written.contains('.') { written.trim_end_matches('0').trim_end_matches('.') } else { written }
}

fn power_of_ten(value: f64, digits: u8) -> String {
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let written = format!("{value:.*e}", usize::from(digits.saturating_sub(1)));
    let Some((mantissa, exponent)) = written.split_once('e') else { return written };
    let raise = |c: char| c.to_digit(10).and_then(|d| RAISED.get(d as usize)).copied().unwrap_or('⁻');
    let raised: String = exponent.chars().map(raise).collect();
    match without_zeros(mantissa) {
        "1" => format!("10{raised}"),
        mantissa => format!("{mantissa} × 10{raised}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows Q12, Q15. As a laboratory writes them, at both ends of what is written plainly.
    #[test]
    fn numbers_are_written_as_people_write_them() {
        for (value, written) in [
            (3.23e-4, "0.000323"),
            (1.234_56e-5, "0.000012346"),
            (9.9e-6, "9.9 × 10⁻⁶"),
            (1e-6, "10⁻⁶"),
            (-2.5e-12, "-2.5 × 10⁻¹²"),
            (0.0, "0"),
            (20.0, "20"),
            (0.478_84, "0.47884"),
            (100.0 * 0.2, "20"),
            (1_250_000.0, "1250000"),
            (9_999_999.0, "9999999"),
            (1e7, "10⁷"),
            (2.246e9, "2.246 × 10⁹"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(as_written(value, 5), written);
        }
        assert_eq!(as_written(123.456, 3), "123");
    }
}
