//! The cases beside the rule files, hand-written and spelled out around each cut-off, all of which
//! this crate must meet.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write as _;
use vena_clinical::{Finding, Question, Rules, assess, follow_up::follow_up, product::product_profile};
use vena_knowledge::{Case, Expect, Knowledge, generated_cases};

fn wrong(finding: &Finding, expect: &Expect) -> Option<String> {
    let mut wrong = String::new();
    let status = serde_json::to_value(finding.status).unwrap();
    if status != expect.status.as_str() {
        let _ = write!(wrong, "status {status} ({}), expected {}; ", finding.brief(), expect.status);
    }
    for (name, got, want) in [
        ("value", finding.value, expect.value),
        ("low", finding.low, expect.low),
        ("high", finding.high, expect.high),
    ] {
        if want.is_some() && got != want {
            let _ = write!(wrong, "{name} {got:?}, expected {want:?}; ");
        }
    }
    for (name, got, want) in [
        ("days_le_500", finding.days_le_500, expect.days_le_500),
        ("days_le_100", finding.days_le_100, expect.days_le_100),
    ] {
        if want.is_some() && got != want {
            let _ = write!(wrong, "{name} {got:?}, expected {want:?}; ");
        }
    }
    for concept in expect.missing.iter().filter(|concept| !finding.missing.contains(concept)) {
        let _ = write!(wrong, "{concept} should be missing, has {:?}; ", finding.missing);
    }
    if let Some(criterion) = &expect.criterion
        && !finding.because.iter().any(|reason| reason.criterion == *criterion && reason.deciding)
    {
        let decided: Vec<_> =
            finding.because.iter().filter(|r| r.deciding).map(|r| r.criterion.as_str()).collect();
        let _ = write!(wrong, "{criterion} should decide, {decided:?} do; ");
    }
    if let Some(provisional) = expect.provisional
        && finding.provisional != provisional
    {
        let _ = write!(wrong, "provisional {}, expected {provisional}; ", finding.provisional);
    }
    (!wrong.is_empty()).then_some(wrong)
}

fn run(case: &Case, knowledge: &Knowledge, failures: &mut Vec<String>) {
    let using: Vec<&str> = case.using.iter().map(String::as_str).collect();
    let rules = Rules::choose(knowledge, &using).expect("the case's rule sets");
    let (chart, at) = case.chart(&knowledge.catalogue).expect("a chart");
    let question = Question { at, known_at: case.known_at().expect("a time"), infusion: None };
    let assessment = assess(&chart, &rules, &question);
    let mut further = vec![follow_up(&chart, knowledge, &question).expect("the schedule")];
    if let Some(product) = case.rule.strip_prefix("product/").and_then(|name| name.split('@').next()) {
        let product = vena_base::Answer::of(product);
        further.extend(product_profile(&chart, knowledge, product, &question).expect("the profile"));
    }
    for expect in &case.expect {
        let further = || further.iter().find(|finding| *finding.scale == *expect.scale);
        let finding = assessment.finding(&expect.scale).or_else(further).expect("the scale");
        if let Some(wrong) = wrong(finding, expect) {
            failures.push(format!("{} {} [{}]: {wrong}", case.rule, case.id, expect.scale));
        }
    }
}

/// Rows X2, X5, X8.
#[test]
fn cases_beside_the_rules_are_met() {
    let knowledge = Knowledge::embedded();
    let (mut failures, mut ran) = (Vec::new(), 0);
    for rule in knowledge.rules() {
        let generated = generated_cases(rule);
        for case in rule.cases().iter().chain(&generated).filter(|case| !case.expect.is_empty()) {
            run(case, knowledge, &mut failures);
            ran += 1;
        }
    }
    println!("{ran} cases");
    assert!(ran > 0, "no cases were found");
    assert!(failures.is_empty(), "{} of {ran} cases:\n{}", failures.len(), failures.join("\n"));
}

/// The visits the schedule asks for, counted one by one.
#[test]
fn the_visits_of_fifteen_years() {
    let infusion: jiff::civil::Date = "2026-03-31".parse().unwrap();
    let visits = vena_clinical::follow_up::visits(Knowledge::embedded(), infusion).unwrap();
    let of = |entry: &str| visits.iter().filter(|visit| visit.entry == entry).count();
    assert_eq!(visits.first().unwrap().due.to_string(), "2026-07-09", "day 100");
    assert_eq!(visits.last().unwrap().due.to_string(), "2041-03-31");
    assert!(visits.windows(2).all(|pair| pair[0].due < pair[1].due));
    // From day 100 monthly to a year, then 12, 18 and 24 months, then each year to the fifteenth.
    assert_eq!((of("monthly"), of("half-yearly"), of("yearly")), (9, 3, 13), "{visits:?}");
}
