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
    findings.iter().find(|f| &*f.scale == scale).unwrap_or_else(|| panic!("no finding for {scale}"))
}

/// What differs, in words; nothing where program and truth agree.
fn differs(journey: &SimJourney, at: jiff::Timestamp, finding: &Finding, expected: u8) -> Option<String> {
    let agrees = finding.status == Status::Value && finding.value == Some(expected);
    (!agrees).then(|| {
        format!(
            "journey {} of seed {SEED} at {at} (day {}): {} is {:?} {:?}–{:?}, the truth is {expected}; missing {:?}; anc {:?}\n  {:?}",
            journey.number,
            (at.as_second() - journey.infusion.as_second()) / 86_400,
            finding.scale,
            finding.status,
            finding.low,
            finding.high,
            finding.missing,
            compare::written_counts(journey),
            finding.because.iter().map(|r| format!("{}: {}", r.label.en, r.used.en)).collect::<Vec<_>>()
        )
    })
}

/// How many answers of each scale were compared, and which differed.
#[derive(Default)]
struct Tally {
    compared: [usize; 4],
    different: [usize; 4],
    examples: Vec<String>,
}

impl Tally {
    fn count(&mut self, scale: usize, difference: Option<String>) {
        self.compared[scale] += 1;
        if let Some(difference) = difference {
            self.different[scale] += 1;
            if self.different[scale] <= 2 {
                self.examples.push(difference);
            }
        }
    }

    fn and(mut self, other: Tally) -> Tally {
        for scale in 0..4 {
            self.compared[scale] += other.compared[scale];
            self.different[scale] += other.different[scale];
        }
        self.examples.extend(other.examples);
        self.examples.truncate(8);
        self
    }
}

fn check(journey: &SimJourney, rules: &Rules) -> Tally {
    let chart = Chart::new(format!("{}", journey.number), journey.zone.clone(), journey.facts.clone());
    let mut tally = Tally::default();
    let turning = compare::turns_twelve(journey);
    let ask = |at| assess(&chart, rules, &Question { at, known_at: None, infusion: None });
    // Every fifth moment: each journey has over a hundred.
    for expected in compare::bedside(journey).into_iter().skip((journey.number % 5) as usize).step_by(5) {
        let assessment = ask(expected.at);
        tally.count(0, differs(journey, expected.at, finding(&assessment.findings, "crs"), expected.crs));
        if let Some(icans) = expected.icans.filter(|_| !turning) {
            tally.count(1, differs(journey, expected.at, finding(&assessment.findings, "icans"), icans));
        }
    }
    let end = journey.infusion.checked_add(jiff::SignedDuration::from_hours(24 * 101)).unwrap();
    let last = ask(end);
    if let Some(expected) = compare::early_icaht(journey) {
        tally.count(2, differs(journey, end, finding(&last.findings, "icaht_early"), expected));
    }
    let expected = compare::hematotox(journey).expect("every journey has its baseline");
    tally.count(3, differs(journey, end, finding(&last.findings, "car_hematotox"), expected));
    tally
}

/// Rows X2, X5, X8: ten thousand journeys, each moment at which all is known.
#[test]
fn ten_thousand_journeys_agree() {
    let rules = Rules::choose(Knowledge::embedded(), &[]).expect("the default rules");
    let tally = (0..10_000_u64)
        .into_par_iter()
        .map(|number| check(&vena_sim::journey(SEED, number, date(2026, 3, 2)), &rules))
        .reduce(Tally::default, Tally::and);
    let [crs, icans, icaht, hematotox] = tally.compared;
    println!("compared: CRS {crs}, ICANS {icans}, ICAHT {icaht}, CAR-HEMATOTOX {hematotox}");
    assert_eq!(tally.different, [0; 4], "of {:?}:\n{}", tally.compared, tally.examples.join("\n"));
    assert!(crs > 100_000 && icans > 50_000 && icaht > 8_000 && hematotox == 10_000);
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
    let found = finding(&last.findings, "car_hematotox");
    assert!(differs(&journey, end, found, truth).is_none());
    assert!(differs(&journey, end, found, truth + 1).is_some());
}
