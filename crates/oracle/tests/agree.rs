//! The product's grading against the oracle over 10,000 seeded journeys. Rows X2, X5, X8.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use jiff::civil::date;
use rayon::prelude::*;
use vena_base::Chart;
use vena_clinical::{Finding, Question, Rules, Status, assess};
use vena_knowledge::Knowledge;
use vena_oracle::compare;
use vena_sim::SimJourney;

const SEED: u64 = 20_261_120;

fn finding<'a>(findings: &'a [Finding], scale: &str) -> &'a Finding {
    findings.iter().find(|f| f.scale == scale).unwrap_or_else(|| panic!("no finding for {scale}"))
}

fn must_be(journey: &SimJourney, at: jiff::Timestamp, finding: &Finding, expected: u8) {
    assert!(
        finding.status == Status::Value && finding.value == Some(expected),
        "journey {} of seed {SEED} at {at} (day {}): {} is {:?} {:?}–{:?}, the truth is {expected}\n{:#?}",
        journey.number,
        (at.as_second() - journey.infusion.as_second()) / 86_400,
        finding.scale,
        finding.status,
        finding.low,
        finding.high,
        finding.because
    );
}

fn check(journey: &SimJourney, rules: &Rules) -> [usize; 4] {
    let chart = Chart::new(format!("{}", journey.number), journey.zone.clone(), journey.facts.clone());
    let mut compared = [0; 4];
    let turning = compare::turns_twelve(journey);
    // Every fifth moment: each journey has over a hundred.
    for expected in compare::bedside(journey).into_iter().skip((journey.number % 5) as usize).step_by(5) {
        let assessment = assess(&chart, rules, &Question { at: expected.at, known_at: None, infusion: None });
        must_be(journey, expected.at, finding(&assessment.findings, "crs"), expected.crs);
        compared[0] += 1;
        if let Some(icans) = expected.icans.filter(|_| !turning) {
            must_be(journey, expected.at, finding(&assessment.findings, "icans"), icans);
            compared[1] += 1;
        }
    }
    let end = journey.infusion.checked_add(jiff::SignedDuration::from_hours(24 * 101)).unwrap();
    let last = assess(&chart, rules, &Question { at: end, known_at: None, infusion: None });
    if let Some(expected) = compare::early_icaht(journey) {
        must_be(journey, end, finding(&last.findings, "icaht_early"), expected);
        compared[2] += 1;
    }
    let expected = compare::hematotox(journey).expect("every journey has its baseline");
    must_be(journey, end, finding(&last.findings, "car_hematotox"), expected);
    compared[3] += 1;
    compared
}

/// Rows X2, X5, X8: ten thousand journeys, each moment at which all is known.
#[test]
fn ten_thousand_journeys_agree() {
    let rules = Rules::choose(Knowledge::embedded(), &[]).expect("the default rules");
    let compared = (0..10_000_u64)
        .into_par_iter()
        .map(|number| check(&vena_sim::journey(SEED, number, date(2026, 3, 2)), &rules))
        .reduce(|| [0; 4], |a, b| std::array::from_fn(|i| a[i] + b[i]));
    println!("compared: CRS {}, ICANS {}, ICAHT {}, CAR-HEMATOTOX {}", compared[0], compared[1], compared[2], compared[3]);
    assert!(compared[0] > 100_000 && compared[1] > 50_000 && compared[2] > 8_000 && compared[3] == 10_000);
}

/// A canary: an oracle that could not disagree would be worth nothing.
#[test]
fn a_wrong_truth_is_noticed() {
    let rules = Rules::choose(Knowledge::embedded(), &[]).expect("the default rules");
    let journey = vena_sim::journey(SEED, 1, date(2026, 3, 2));
    let chart = Chart::new("1", journey.zone.clone(), journey.facts.clone());
    let end = journey.infusion.checked_add(jiff::SignedDuration::from_hours(24 * 101)).unwrap();
    let last = assess(&chart, &rules, &Question { at: end, known_at: None, infusion: None });
    let truth = compare::hematotox(&journey).unwrap();
    let outcome = std::panic::catch_unwind(|| must_be(&journey, end, finding(&last.findings, "car_hematotox"), truth + 1));
    assert!(outcome.is_err());
}
