//! The UCUM functional tests of others, where they are at hand (`VENA_CONFORMANCE_DIR`, or `../shared/data`
//! beside the project): every unit judged as the tests say, every conversion as they give it. What differs
//! is named and counted, and the count may not grow.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use rust_decimal::Decimal as Exact;
use std::path::PathBuf;
use vena_base::units::conversion;

fn file() -> Option<String> {
    let folder = std::env::var_os("VENA_CONFORMANCE_DIR")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    std::fs::read_to_string(folder.join("ucum/UcumFunctionalTests.ucum-java.xml")).ok()
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

/// The `<case …/>` tags of one section.
fn cases<'a>(text: &'a str, section: &str) -> Vec<&'a str> {
    let (_, rest) = text.split_once(&format!("<{section}>")).expect("the section stands in the file");
    let (body, _) = rest.split_once(&format!("</{section}>")).expect("the section ends");
    body.split("<case ").skip(1).map(|rest| rest.split_once("/>").map_or(rest, |(tag, _)| tag)).collect()
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

#[test]
fn units_are_judged_as_the_functional_tests_say() {
    let Some(text) = file() else {
        println!("LEFT OUT: ucum/UcumFunctionalTests.ucum-java.xml (validation)");
        return;
    };
    let all = cases(&text, "validation");
    let mut differ = Vec::new();
    for case in &all {
        let spaced = format!(" {case}");
        let (Some(unit), Some(valid)) = (attribute(&spaced, "unit"), attribute(&spaced, "valid")) else {
            continue;
        };
        let unit = unescape(unit);
        if octofhir_ucum::validate(&unit).is_ok() != (valid == "true") {
            differ.push(unit);
        }
    }
    println!("{} units, {} judged otherwise: {differ:?}", all.len(), differ.len());
    assert!(all.len() > 500);
    assert!(differ.len() <= 12, "{differ:?}");
}

#[test]
fn values_convert_as_the_functional_tests_say() {
    let Some(text) = file() else {
        println!("LEFT OUT: ucum/UcumFunctionalTests.ucum-java.xml (conversion)");
        return;
    };
    let mut differ = Vec::new();
    let all = cases(&text, "conversion");
    for case in &all {
        let spaced = format!(" {case}");
        let get = |name| attribute(&spaced, name).map(unescape).unwrap_or_default();
        let (value, from, to, outcome) = (get("value"), get("srcUnit"), get("dstUnit"), get("outcome"));
        let (Ok(value), Ok(outcome)) =
            (Exact::from_scientific(&value).or(value.parse()), outcome.parse::<f64>())
        else {
            continue;
        };
        let found = conversion(&from, &to, None).and_then(|rule| rule.apply(value));
        let close = |found: f64| (found - outcome).abs() <= 1e-6 * outcome.abs().max(1e-12);
        if !found.as_ref().is_ok_and(|found| close(vena_base::decimal::exact_to_f64(*found))) {
            differ.push(format!("{value} {from} → {to}: {found:?}, expected {outcome}"));
        }
    }
    println!("{} conversions, {} differ: {differ:#?}", all.len(), differ.len());
    assert!(all.len() > 25);
    // What remains: special units (pH, bel …) and the mole, which here is never a plain number.
    assert!(differ.len() <= 8, "{differ:#?}");
}
