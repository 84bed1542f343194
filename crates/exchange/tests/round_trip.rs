//! What is written reads back to the same facts: table → chart → table → chart, and chart → Bundle
//! → chart, over values drawn from the whole catalogue.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use vena_base::{Chart, Fact, Flag, When};
use vena_exchange::{
    export,
    fhir::{self, FhirOptions},
    table::{self, TableOptions},
};
use vena_knowledge::{ConceptInfo, Kind, Knowledge};

fn read_table(text: &str) -> Vec<Chart> {
    let options = TableOptions::at("2026-06-01T00:00:00Z".parse().unwrap());
    let loaded = table::read(text.as_bytes(), &options, Knowledge::embedded()).unwrap().load();
    assert_eq!(loaded.report.refused(), 0, "{}\n{text}", loaded.report);
    loaded.charts
}

fn read_fhir(text: &str) -> Vec<Chart> {
    let options = FhirOptions::at("2026-06-01T00:00:00Z".parse().unwrap());
    let loaded = fhir::read_bundle(text.as_bytes(), &options, Knowledge::embedded()).expect(text);
    assert_eq!(loaded.report.refused(), 0, "{}\n{text}", loaded.report);
    assert!(loaded.report.not_understood.is_empty(), "{}\n{text}", loaded.report);
    loaded.charts
}

/// Everything a fact says but where it stood in the file.
type Said = (Fact, Vec<Flag>);

fn said(chart: &Chart) -> Vec<Said> {
    let strip = |fact: &Fact| {
        let mut fact = fact.clone();
        fact.origin = vena_base::Origin::Program;
        let mut flags = std::mem::take(&mut fact.flags);
        flags.sort();
        (fact, flags)
    };
    chart.all().iter().map(strip).collect()
}

fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}

/// A value and unit that the concept takes.
fn written(info: &ConceptInfo, number: u32, pick: usize) -> (String, String) {
    let (low, high) = info.possible.or(info.plausible).unwrap_or((0.0, 100.0));
    let number = low + (high.min(low + 1000.0) - low) * f64::from(number % 100) / 100.0;
    let digits = if info.integer { number.floor().to_string() } else { format!("{number:.2}") };
    if !info.parts.is_empty() {
        return (format!("{}/{}", 100 + pick, 60 + pick), "mm[Hg]".to_owned());
    }
    match info.kind {
        Kind::Quantity | Kind::Drug => (digits, info.unit.as_deref().unwrap_or("mg").to_owned()),
        Kind::Answers => (info.answers[pick % info.answers.len()].answer.to_string(), String::new()),
        Kind::Event => (String::new(), String::new()),
        Kind::Moment => ("1990-02-03".to_owned(), String::new()),
        Kind::Text => ("words, \"quoted\"\nand more".to_owned(), String::new()),
    }
}

fn row() -> impl Strategy<Value = String> {
    let concepts: Vec<&'static ConceptInfo> = Knowledge::embedded()
        .catalogue
        .iter()
        // What a person has only once would contradict itself when drawn twice.
        .filter(|info| !matches!(info.concept.as_str(), "birth-date" | "sex" | "death"))
        .collect();
    let time = prop_oneof![
        (1..28_u8, 0..24_u8, 0..60_u8).prop_map(|(d, h, m)| format!("2026-01-{d:02}T{h:02}:{m:02}:00+08:00")),
        (1..28_u8).prop_map(|d| format!("2026-02-{d:02}")),
    ];
    let note = prop_oneof![Just(String::new()), "[a-z,;\"體溫\n]{1,12}".prop_map(|n| n.trim().to_owned())];
    let recorded = prop_oneof![Just(String::new()), Just("2026-03-01T08:00:00+08:00".to_owned())];
    let until = prop_oneof![Just(String::new()), Just("2026-03-02".to_owned())];
    (proptest::sample::select(concepts), 0..100_u32, 0..8_usize, time, note, recorded, until, 0..3_u8)
        .prop_map(|(info, number, pick, time, note, recorded, until, odd)| {
            let (mut value, mut unit) = written(info, number, pick);
            if odd == 1 && matches!(info.kind, Kind::Answers | Kind::Quantity) {
                (value, unit) = ("not assessed: asleep".to_owned(), String::new());
            }
            let route = if info.kind == Kind::Drug { "iv" } else { "" };
            format!(
                "P,{time},{},{},{},{until},{route},{},{recorded},nurse 1,{}\n",
                info.concept,
                quoted(&value),
                unit,
                quoted(&note),
                if odd == 2 { "infection" } else { "" },
            )
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn tables_and_bundles_read_back_to_the_same_facts(
        rows in proptest::collection::vec(row(), 1..20),
        person in proptest::bool::ANY,
    ) {
        let mut text = String::from(export::table::HEADER);
        if person {
            text.push_str("P,,birth date,1990-02-03,,,,,,,\nP,,sex,female,,,,,,,\nP,2026-05-01,death,,,,,,,,\n");
        }
        text.push_str(&rows.concat());
        let first = read_table(&text);
        let again = read_table(&export::table::write(&first));
        prop_assert_eq!(said(&first[0]), said(&again[0]));
        let bundle = export::fhir::write(&first[0], Knowledge::embedded());
        let through_fhir = read_fhir(&bundle);
        prop_assert_eq!(through_fhir.len(), 1);
        prop_assert_eq!(said(&first[0]), said(&through_fhir[0]), "{}", bundle);
    }
}

/// Row X2.
#[test]
fn written_forms_survive_both_ways() {
    let text = "patient,time,what,value,unit\n\
                P,2026-01-01T08:00+08:00,ANC,<0.10,10*9/L\n\
                P,2026-01-01T08:00+08:00,temperature,38.50,°C\n\
                P,2026-01-01,infusion,tisagenlecleucel,\n\
                P,2026-01-02,norepinephrine,stopped,\n\
                P,2025-12,diagnosis,something rare,\n";
    let first = read_table(text);
    let bundle = export::fhir::write(&first[0], Knowledge::embedded());
    assert!(bundle.contains("\"value\":38.50") && bundle.contains("\"value\":0.10"), "{bundle}");
    assert_eq!(said(&first[0]), said(&read_fhir(&bundle)[0]), "{bundle}");
    assert_eq!(said(&first[0]), said(&read_table(&export::table::write(&first))[0]));
    assert!(matches!(first[0].all().last().unwrap().when, When::Instant(_) | When::Date(_)));
}
