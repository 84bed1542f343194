//! What a flow result says of a collection (leukapheresis), as facts of the journey's chart: viable nucleated
//! cells, viable CD3+ cells, share of T cells, viability. Must not know any limit.

use vena_base::{Bound, Concept, Decimal, Fact, Quantity, Value, When};
use vena_flow::CountReport;

const VIABLE_NUCLEATED: Concept = Concept::known("collection-viable-tnc");
const VIABLE_CD3: Concept = Concept::known("collection-viable-cd3");
const T_CELL_SHARE: Concept = Concept::known("collection-t-cell-share");
const VIABILITY: Concept = Concept::known("collection-viability");

/// Cells are written in these units; see the catalogue.
const CELLS: &str = "10*9";
const CELLS_PER_UNIT: f64 = 1e9;
const PERCENT: &str = "%";

/// The facts of a product's cells; none where no product was named. A number that is missing is no fact.
#[must_use]
pub fn collection_facts(count: &CountReport, when: When) -> Vec<Fact> {
    let Some(cells) = &count.product else { return Vec::new() };
    let told = [
        (VIABLE_NUCLEATED, cells.viable_nucleated.map(|cells| cells / CELLS_PER_UNIT), CELLS),
        (VIABLE_CD3, cells.viable_cd3.map(|cells| cells / CELLS_PER_UNIT), CELLS),
        (T_CELL_SHARE, cells.t_cell_share_percent, PERCENT),
        (VIABILITY, count.viability.as_ref().map(|viability| viability.percent), PERCENT),
    ];
    told.into_iter().filter_map(|(concept, value, unit)| fact(concept, value?, unit, when)).collect()
}

fn fact(concept: Concept, value: f64, unit: &str, when: When) -> Option<Fact> {
    let written = Decimal::parse(&written(value)).ok()?;
    let quantity = Quantity::new(written, unit, unit, Bound::Exact, None).ok()?;
    Some(Fact::new(concept, Value::Quantity(quantity), when))
}

/// Six significant digits, cut rather than rounded: writing a number down never lifts it over a limit. Binary
/// arithmetic's last digits are rounded away first, or 2 could be cut to 1.99999.
fn written(value: f64) -> String {
    if value <= 0.0 || !value.is_finite() {
        return "0".to_owned();
    }
    let exact = format!("{value:.11e}");
    let (digits, power) = exact.split_once('e').unwrap_or((&exact, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    let digits: String = digits.chars().filter(char::is_ascii_digit).take(6).collect();
    let text = match usize::try_from(power) {
        Ok(whole) if whole + 1 >= digits.len() => format!("{digits}{}", "0".repeat(whole + 1 - digits.len())),
        Ok(whole) => {
            let (before, after) = digits.split_at(whole + 1);
            format!("{before}.{after}")
        }
        Err(_) => format!("0.{}{digits}", "0".repeat(usize::try_from(-power - 1).unwrap_or(0))),
    };
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Row L4. Written down, a number keeps its side of every limit.
    #[test]
    fn numbers_are_cut_not_rounded() {
        for (value, text) in [
            (2.0, "2"),
            (1.999_999_999_999_999_8, "2"),
            (1.999_999_9, "1.99999"),
            (2.000_000_1, "2"),
            (0.999_999_9, "0.999999"),
            (30.0, "30"),
            (100.0, "100"),
            (79.999_999, "79.9999"),
            (0.012_345_678, "0.0123456"),
            (1_234_567.0, "1234560"),
            (0.0, "0"),
            (1e-12, "0.000000000001"),
        ] {
            assert_eq!(written(value), text, "{value}");
        }
    }
}
