//! The second typing: every cut-off once more, typed from the source tables and not copied from the
//! knowledge files. A number that differs here from there was mistyped in one of the two places.
#![allow(clippy::unwrap_used)]

use vena_knowledge::{Comparison, Knowledge, RuleSet};

fn rule(id: &str) -> &'static RuleSet {
    Knowledge::embedded().rule(id, None).unwrap()
}

/// Comparison, number and unit as the source prints them, and the grade or points they give.
fn cut(rule: &RuleSet, entry: &str, sign: &str, value: &str, unit: &str, gives: Option<u8>) {
    let found = rule.entry(entry).unwrap();
    let threshold = rule.threshold(entry).unwrap();
    let comparison = match sign {
        "<" => Comparison::Lt,
        "<=" => Comparison::Le,
        "=" => Comparison::Eq,
        ">=" => Comparison::Ge,
        _ => Comparison::Gt,
    };
    let name = format!("{} {entry}", rule.name());
    assert_eq!(threshold.comparison, comparison, "{name}");
    assert_eq!(threshold.decimal.as_str(), value, "{name}");
    assert_eq!(threshold.unit, unit, "{name}");
    assert_eq!(found.grade.or(found.points), gives, "{name}");
}

fn number(rule: &RuleSet, entry: &str, value: &str, unit: &str) {
    let found = rule.entry(entry).unwrap();
    assert_eq!(found.number.as_ref().unwrap().as_str(), value, "{} {entry}", rule.name());
    assert_eq!(found.unit.as_deref(), Some(unit), "{} {entry}", rule.name());
}

fn to(rule: &RuleSet, entry: &str, value: &str) {
    let found = rule.entry(entry).unwrap();
    assert_eq!(found.to.as_ref().unwrap().decimal.as_str(), value, "{} {entry}", rule.name());
}

fn grade(rule: &RuleSet, entry: &str, low: Option<u8>, high: Option<u8>) {
    let found = rule.entry(entry).unwrap();
    assert_eq!((found.grade, found.grade_high), (low, high), "{} {entry}", rule.name());
}

/// Row X2: handbook Table 7 with its footnotes.
#[test]
fn crs_is_table_7() {
    let crs = rule("crs/astct");
    cut(crs, "fever", ">=", "38.0", "Cel", Some(1));
    number(crs, "onset-usual", "14", "d");
    cut(crs, "hypoxia-low-flow", "<=", "6", "L/min", Some(2));
    cut(crs, "hypoxia-high-flow", ">", "6", "L/min", Some(3));
    cut(crs, "hypotension-vasopressor", ">=", "1", "{drug}", Some(3));
    cut(crs, "hypotension-several-vasopressors", ">=", "2", "{drug}", Some(4));
    grade(crs, "hypotension-no-vasopressor", Some(2), None);
    grade(crs, "hypotension-vasopressin-alone", Some(2), Some(3));
    grade(crs, "hypotension-vasopressor-unknown", Some(2), Some(4));
    grade(crs, "hypoxia-blow-by", Some(2), None);
    grade(crs, "hypoxia-high-flow-device", Some(3), None);
    grade(crs, "hypoxia-mask", Some(3), None);
    grade(crs, "hypoxia-cannula-flow-unknown", Some(2), Some(3));
    grade(crs, "hypoxia-flow-without-device", Some(2), Some(3));
    grade(crs, "hypoxia-positive-pressure", Some(4), None);
    grade(crs, "hypoxia-airway-protection", None, None);
    number(crs, "scale-maximum", "4", "{grade}");
    // The consensus has no cut-off for pressure or saturation.
    for entry in crs.entries() {
        let concept = entry.concept.map_or("", |c| c.as_str());
        assert!(
            !matches!(concept, "systolic-pressure" | "oxygen-saturation" | "mean-pressure"),
            "{}",
            entry.id
        );
    }
}

/// Row X4: the ICE tool and its bands; the CAPD's points, and which items count in reverse.
#[test]
fn ice_and_capd_are_the_tools() {
    let ice = rule("ice/lee");
    for (item, points) in
        [("orientation", "4"), ("naming", "3"), ("command", "1"), ("writing", "1"), ("attention", "1")]
    {
        number(ice, item, points, "{score}");
    }
    number(ice, "total", "10", "{score}");
    number(ice, "attention-start", "100", "1");
    number(ice, "attention-step", "10", "1");
    let sum: f64 = ["orientation", "naming", "command", "writing", "attention"]
        .map(|i| ice.number(i).unwrap())
        .iter()
        .sum();
    assert_eq!(sum, ice.number("total").unwrap());
    for (band, low, high, gives) in
        [("band-1", "7", "9", 1), ("band-2", "3", "6", 2), ("band-3", "0", "2", 3)]
    {
        cut(ice, band, ">=", low, "{score}", Some(gives));
        to(ice, band, high);
    }
    cut(ice, "age-from", ">=", "12", "a", None);
    let capd = rule("capd/traube");
    for item in 1..=8 {
        assert_eq!(capd.entry(&format!("item-{item}")).unwrap().reverse, item <= 4, "item {item}");
    }
    for (points, answer) in ["never", "rarely", "sometimes", "often", "always"].iter().enumerate() {
        let found = capd.entry(&format!("points-{answer}")).unwrap().points;
        assert_eq!(found.map(usize::from), Some(points), "{answer}");
    }
    number(capd, "item-maximum", "4", "{score}");
    number(capd, "items", "8", "{item}");
    number(capd, "maximum", "32", "{score}");
    cut(capd, "delirium", ">=", "9", "{score}", None);
    cut(capd, "age-below", "<", "12", "a", None);
}

/// Row X5: handbook Table 8 with its footnotes.
#[test]
fn icans_is_table_8() {
    let icans = rule("icans/astct");
    cut(icans, "age-ice", ">=", "12", "a", None);
    cut(icans, "age-capd", "<", "12", "a", None);
    for (entry, low, high, gives) in [
        ("ice-grade-1", "7", "9", 1),
        ("ice-grade-2", "3", "6", 2),
        ("ice-grade-3", "0", "2", 3),
        ("ice-grade-0", "10", "10", 0),
    ] {
        cut(icans, entry, ">=", low, "{score}", Some(gives));
        to(icans, entry, high);
    }
    cut(icans, "capd-low", "<", "9", "{score}", Some(1));
    grade(icans, "capd-low", Some(1), Some(2));
    number(icans, "capd-printed-from", "1", "{score}");
    cut(icans, "capd-high", ">=", "9", "{score}", Some(3));
    cut(icans, "seizure-prolonged", ">", "5", "min", Some(4));
    for (entry, gives) in [
        ("ice-unarousable", 4),
        ("capd-not-assessable", 4),
        ("consciousness-alert", 0),
        ("consciousness-spontaneous", 1),
        ("consciousness-voice", 2),
        ("consciousness-touch", 3),
        ("consciousness-unarousable", 4),
        ("seizure-rapidly-resolving", 3),
        ("seizure-nonconvulsive", 3),
        ("seizure-repetitive", 4),
        ("motor-weakness", 4),
        ("imaging-focal-oedema", 3),
        ("imaging-diffuse-oedema", 4),
        ("icp-signs", 4),
    ] {
        grade(icans, entry, Some(gives), None);
    }
    for outside in ["sedation", "motor-outside-scale", "imaging-outside-scale", "ice-not-valid"] {
        grade(icans, outside, None, None);
    }
}

/// Row X8: handbook Table 12, and the numbers of the automated method, in all three readings.
#[test]
fn icaht_is_table_12() {
    for id in ["icaht/longest-run-plain", "icaht/longest-run-published", "icaht/cumulative"] {
        let icaht = rule(id);
        number(icaht, "early-first-day", "0", "d");
        number(icaht, "early-last-day", "30", "d");
        number(icaht, "early-days", "31", "d");
        cut(icaht, "anc-500", "<=", "500", "/uL", None);
        cut(icaht, "anc-100", "<=", "100", "/uL", None);
        cut(icaht, "days-500-grade-1", ">=", "1", "d", Some(1));
        to(icaht, "days-500-grade-1", "6");
        cut(icaht, "days-500-grade-2", ">=", "7", "d", Some(2));
        to(icaht, "days-500-grade-2", "13");
        cut(icaht, "days-500-grade-3", ">=", "14", "d", Some(3));
        cut(icaht, "days-100-grade-3", ">=", "7", "d", Some(3));
        to(icaht, "days-100-grade-3", "13");
        cut(icaht, "days-100-grade-4", ">=", "14", "d", Some(4));
        cut(icaht, "never-above-500", ">=", "0", "d", Some(4));
        to(icaht, "never-above-500", if id == "icaht/cumulative" { "0" } else { "3" });
        number(icaht, "gap-maximum", "7", "d");
        number(icaht, "gap-breaks", "8", "d");
        number(icaht, "filled-rounding", "10", "/uL");
        cut(icaht, "recovery", ">=", "3", "d", None);
        number(icaht, "late-first-day", "31", "d");
        number(icaht, "late-last-day", "100", "d");
        for (entry, value, gives) in [
            ("late-grade-1", "1500", 1),
            ("late-grade-2", "1000", 2),
            ("late-grade-3", "500", 3),
            ("late-grade-4", "100", 4),
        ] {
            cut(icaht, entry, "<=", value, "/uL", Some(gives));
        }
        cut(icaht, "late-time-points", ">=", "2", "{time}", None);
        cut(icaht, "late-second-lowest", "<=", "1500", "/uL", None);
        cut(icaht, "cibmtr-recovered", ">=", "500", "/uL", None);
        number(icaht, "cibmtr-values", "3", "{time}");
    }
    let edge = rule("icaht/longest-run-published").entry("edge-recovery-filled").unwrap();
    assert_eq!(edge.number.as_ref().unwrap().as_str(), "2");
    assert!(rule("icaht/longest-run-plain").entry("edge-recovery-filled").is_err());
    assert!(rule("icaht/cumulative").entry("counts-cumulative").is_ok());
}

/// Row X8: handbook Fig. 7.
#[test]
fn car_hematotox_is_figure_7() {
    let score = rule("car-hematotox/rejeski");
    cut(score, "platelets-0", ">", "175000", "/uL", Some(0));
    cut(score, "platelets-1", ">=", "75000", "/uL", Some(1));
    to(score, "platelets-1", "175000");
    cut(score, "platelets-2", "<", "75000", "/uL", Some(2));
    cut(score, "anc-0", ">", "1200", "/uL", Some(0));
    cut(score, "anc-1", "<=", "1200", "/uL", Some(1));
    cut(score, "haemoglobin-0", ">", "9.0", "g/dL", Some(0));
    cut(score, "haemoglobin-1", "<=", "9.0", "g/dL", Some(1));
    cut(score, "crp-0", "<", "3.0", "mg/dL", Some(0));
    cut(score, "crp-1", ">=", "3.0", "mg/dL", Some(1));
    cut(score, "ferritin-0", "<", "650", "ng/mL", Some(0));
    cut(score, "ferritin-1", ">=", "650", "ng/mL", Some(1));
    to(score, "ferritin-1", "2000");
    cut(score, "ferritin-2", ">", "2000", "ng/mL", Some(2));
    cut(score, "high-risk", ">=", "2", "{score}", None);
    number(score, "maximum", "7", "{score}");
    number(score, "day", "-5", "d");
    number(score, "leeway", "3", "d");
}

/// Row X8: the outcome rows of handbook Fig. 7.
#[test]
fn outcome_figures_are_figure_7() {
    let score = rule("car-hematotox/rejeski");
    // group; days (from–to), aplastic, row 3, row 4; first low, then high risk
    let rows = [
        ("lbcl", "235", ["5.5", "5", "8", "2.6", "8", "0.9"], ["12", "10", "16", "36", "40", "27"]),
        ("mcl", "103", ["6", "5", "7", "0", "5", "5"], ["14", "9", "18", "47", "30", "28"]),
        ("mm", "113", ["3", "2", "5", "3", "5", "3"], ["9", "7", "13", "32", "40", "34"]),
    ];
    for (group, patients, low, high) in rows {
        number(score, &format!("patients-{group}"), patients, "{person}");
        for (risk, [days, from, until, aplastic, third, fourth]) in [("low", low), ("high", high)] {
            let neutropenia = format!("{risk}-{group}-neutropenia");
            number(score, &neutropenia, days, "d");
            to(score, &neutropenia, until);
            assert_eq!(score.entry(&neutropenia).unwrap().from.as_ref().unwrap().decimal.as_str(), from);
            number(score, &format!("{risk}-{group}-aplastic"), aplastic, "%");
            number(score, &format!("{risk}-{group}-severe-infection"), third, "%");
            number(score, &format!("{risk}-{group}-severe-bacterial-infection"), fourth, "%");
        }
    }
    // Figures stand for lymphoma and myeloma only.
    for entry in score.entries() {
        assert!(entry.group.as_deref().is_none_or(|g| matches!(g, "lbcl" | "mcl" | "mm")), "{}", entry.id);
    }
}

/// Row P1: the handbook's indications and windows.
#[test]
fn tisagenlecleucel_is_the_handbook() {
    let product = rule("product/tisagenlecleucel");
    cut(product, "all-age", "<", "26", "a", None);
    cut(product, "all-relapses", ">=", "2", "{relapse}", None);
    cut(product, "dlbcl-disease", ">=", "2", "{line}", None);
    cut(product, "fl-disease", ">=", "2", "{line}", None);
    assert!(product.entry("adult-age").unwrap().provisional);
    number(product, "washout-after-lymphodepletion", "48", "h");
    for (window, days) in
        [("all-infusion-window", "14"), ("dlbcl-infusion-window", "14"), ("fl-infusion-window", "6")]
    {
        to(product, window, days);
        assert_eq!(product.entry(window).unwrap().from.as_ref().unwrap().decimal.as_str(), "2");
    }
    number(product, "lymphodepletion-expires", "4", "wk");
    cut(product, "lymphodepletion-may-be-skipped", "<", "1000", "/uL", None);
    number(product, "skip-week", "1", "wk");
    // Row L4: section 1.4, tests of the collection. No limit for viability.
    cut(product, "collection-viable-tnc", ">=", "2", "10*9", None);
    cut(product, "collection-viable-cd3", ">=", "1", "10*9", None);
    cut(product, "collection-t-cell-share", ">", "3", "%", None);
    assert!(product.entry("collection-viability").unwrap().threshold.is_none());
    for (entry, value, unit) in [
        ("all-fludarabine-dose", "30", "mg/m2"),
        ("all-fludarabine-days", "4", "d"),
        ("all-cyclophosphamide-dose", "500", "mg/m2"),
        ("all-cyclophosphamide-days", "2", "d"),
        ("lymphoma-fludarabine-dose", "25", "mg/m2"),
        ("lymphoma-fludarabine-days", "3", "d"),
        ("lymphoma-cyclophosphamide-dose", "250", "mg/m2"),
        ("lymphoma-cyclophosphamide-days", "3", "d"),
        ("lymphoma-bendamustine-dose", "90", "mg/m2"),
        ("lymphoma-bendamustine-days", "2", "d"),
        ("all-cytarabine-dose", "500", "mg/m2"),
        ("all-cytarabine-days", "2", "d"),
        ("all-etoposide-dose", "150", "mg/m2"),
        ("all-etoposide-days", "3", "d"),
    ] {
        number(product, entry, value, unit);
    }
}

/// Row F1: handbook Tables 17 and 18.
#[test]
fn follow_up_is_tables_17_and_18() {
    let plan = rule("follow-up/ebmt-eha");
    for (entry, from, from_unit, until, every, unit) in [
        ("monthly", "100", "d", "1", "1", "mo"),
        ("half-yearly", "1", "a", "2", "6", "mo"),
        ("yearly", "2", "a", "15", "1", "a"),
    ] {
        let period = plan.entry(entry).unwrap();
        let begins = period.from.as_ref().unwrap();
        assert_eq!((begins.decimal.as_str(), begins.unit.as_str()), (from, from_unit), "{entry}");
        let ends = period.to.as_ref().unwrap();
        assert_eq!((ends.decimal.as_str(), ends.unit.as_str()), (until, "a"), "{entry}");
        number(plan, entry, every, unit);
    }
    number(plan, "years", "15", "a");
    for (test, visits) in [
        ("test-blood-count", "1"),
        ("test-immunoglobulins", "1"),
        ("test-immune-cells", "2"),
        ("test-car-t", "1"),
    ] {
        number(plan, test, visits, "{visit}");
    }
    number(plan, "test-car-t-stops", "2", "{result}");
    number(plan, "test-endocrine", "1", "a");
    number(plan, "disease-first", "1", "mo");
    number(plan, "disease-first-year", "3", "mo");
    number(plan, "disease-later", "6", "mo");
    cut(plan, "b-cells-back-of-leukocytes", ">=", "1", "%", None);
    cut(plan, "b-cells-back-of-lymphocytes", ">=", "3", "%", None);
    assert_eq!(plan.entries().iter().filter(|entry| entry.id.starts_with("watch-")).count(), 12);
}

/// Row X2: what this project proposes where no source speaks.
#[test]
fn proposals_are_the_ones_meant() {
    let site = rule("crs/site-defaults");
    number(site, "episode-closes-after", "48", "h");
    cut(site, "systolic-asks", "<", "90", "mm[Hg]", None);
    cut(site, "mean-pressure-asks", "<", "65", "mm[Hg]", None);
    cut(site, "diastolic-asks", "<", "50", "mm[Hg]", None);
    cut(site, "saturation-asks", "<", "92", "%", None);
    number(site, "reading-doubts-statement", "15", "min");
    cut(site, "fraction-above-air", ">", "21", "%", None);
    number(site, "late-entry-after", "12", "h");
}
