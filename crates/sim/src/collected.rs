//! Tests of the collected product, as the laboratory writes them down on the day of the leukapheresis. Knows no limit of
//! any product: how many cells there are, not whether they suffice.

use crate::{
    dice::Dice,
    facts::{Pen, after},
};
use jiff::Timestamp;
use vena_base::{Fact, Zone};

/// The chance of these tests is their own: people and courses stay as they were drawn before there were any.
const SEED: u64 = 0x636f_6c6c;
/// Of so many journeys in a row, one has a poor collection.
const ROUND: u64 = 16;
/// Its place in the round.
const POOR: u64 = 7;
/// Minutes from the collection to its results.
const RESULTS_AFTER: i64 = 190;

/// Cells of the whole product in 10⁹, T cells among them, viability; of nobody, told like a laboratory's.
pub(crate) fn tests(number: u64, collected: Timestamp, zone: &Zone) -> Vec<Fact> {
    let mut dice = Dice::new(SEED, number);
    // Lymphopenia after many lines of treatment: enough cells, few of them T cells.
    let (cells, share, alive) = if number % ROUND == POOR {
        (dice.between(2.6, 3.4), dice.between(18.0, 24.0), dice.between(86.0, 90.0))
    } else {
        (dice.between(5.0, 14.0), dice.between(34.0, 66.0), dice.between(94.0, 99.5))
    };
    let mut pen = Pen { zone, facts: Vec::new() };
    let at = after(collected, RESULTS_AFTER);
    pen.number("collection-viable-tnc", cells, 2, "10*9", at);
    pen.number("collection-viable-cd3", cells * share / 100.0, 2, "10*9", at);
    pen.number("collection-t-cell-share", share, 1, "%", at);
    pen.number("collection-viability", alive, 1, "%", at);
    pen.facts
}

#[cfg(test)]
mod tests_of_collections {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Row L4. Every collection has its four values at one time; one of a round is poor in T cells, none of the others.
    #[test]
    fn one_collection_of_a_round_is_poor() {
        let collected: Timestamp = "2026-01-20T02:00:00Z".parse().unwrap();
        let zone = crate::zone();
        let of = |number| -> Vec<f64> {
            let facts = tests(number, collected, &zone);
            assert_eq!(facts, tests(number, collected, &zone), "the same again");
            assert!(
                facts.iter().all(|fact| fact.when.latest(&zone) > collected && fact.when == facts[0].when)
            );
            facts.iter().map(|fact| fact.quantity().unwrap().range(0.0).0).collect()
        };
        for number in 0..2 * ROUND {
            let [cells, cd3, share, _] = of(number)[..] else { unreachable!() };
            assert!((cd3 - cells * share / 100.0).abs() < 0.01, "{number}");
            assert_eq!(cd3 < 1.0, number % ROUND == POOR, "{number}: {cd3}");
        }
    }
}
