//! Numbers as laboratories write them: decimal points and decimal commas, and what cannot be told from a
//! thousands separator. Knows cells, not columns.

/// What the commas of a table mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Commas {
    /// No number has one.
    None,
    /// At least one can only be a decimal comma.
    Decimal,
    /// Every one stands before exactly three digits: 98,752 may be a fraction or ninety-eight thousand.
    Ambiguous,
}

/// What the commas in the columns of numbers mean. A column of which less than half is numbers (remarks,
/// names) says nothing about them; `Undetermined` among Cq values does no harm.
pub(crate) fn commas_of<'a>(columns: usize, rows: impl Iterator<Item = &'a Vec<String>> + Clone) -> Commas {
    let mut found = Commas::None;
    for column in 0..columns {
        let cells = || rows.clone().filter_map(|r| r.get(column)).filter(|c| !is_missing(c));
        let numbers = || cells().filter(|c| parse_number(c, true).is_some());
        if 2 * numbers().count() < cells().count() {
            continue;
        }
        for cell in numbers().filter(|c| c.contains(',')) {
            if !may_be_thousands(cell) {
                return Commas::Decimal;
            }
            found = Commas::Ambiguous;
        }
    }
    found
}

/// One to three digits that do not begin with 0, a comma, three digits.
fn may_be_thousands(cell: &str) -> bool {
    let Some((whole, after)) = cell.trim_start_matches(['+', '-']).split_once(',') else {
        return false;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits(whole) && digits(after) && whole.len() <= 3 && !whole.starts_with('0') && after.len() == 3
}

/// Whether a cell says that nothing was measured.
pub(crate) fn is_missing(cell: &str) -> bool {
    matches!(cell.to_ascii_lowercase().as_str(), "" | "na" | "n/a" | "nan" | "-" | "." | "—")
}

/// The number a cell holds; `None` for `inf`, hexadecimal, thousands separators and anything else.
pub(crate) fn parse_number(cell: &str, decimal_comma: bool) -> Option<f64> {
    let starts_well =
        cell.chars().next().is_some_and(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | ','));
    let all_well = cell.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | ',' | 'e' | 'E'));
    if !starts_well || !all_well {
        return None;
    }
    if decimal_comma {
        (cell.matches(',').count() <= 1 && !cell.contains('.') || !cell.contains(','))
            .then(|| cell.replace(',', "."))
            .and_then(|c| c.parse().ok())
    } else {
        cell.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Row Q15. A comma before three digits says nothing by itself; beside 0,3 it is a decimal comma.
    #[test]
    fn what_commas_mean() {
        let table = |cells: &[&[&str]]| -> Commas {
            let rows: Vec<Vec<String>> =
                cells.iter().map(|r| r.iter().map(|c| c.to_string()).collect()).collect();
            commas_of(cells.first().map_or(0, |r| r.len()), rows.iter())
        };
        assert_eq!(table(&[&["0.3", "98"], &["1", "2"]]), Commas::None);
        assert_eq!(table(&[&["0,3", "98,752"]]), Commas::Decimal);
        assert_eq!(table(&[&["0.3", "98,752"], &["1", "752"]]), Commas::Ambiguous);
        assert_eq!(table(&[&["1", "0,752"]]), Commas::Decimal);
        assert_eq!(table(&[&["1,5 hours", "98"], &["lot 3", "4"], &["3,2", "4"]]), Commas::None);
        assert_eq!(table(&[&["25,31", "98"], &["Undetermined", "4"]]), Commas::Decimal);
        assert_eq!(table(&[&["-1,234", "NA"]]), Commas::Ambiguous);
        assert_eq!(table(&[&["1234,567", ""]]), Commas::Decimal);
    }
}
