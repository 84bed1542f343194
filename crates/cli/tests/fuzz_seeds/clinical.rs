//! Seeds of the readers of clinical facts and of knowledge files, from the simulator and the files the
//! program carries. Must not know: any reader.

use crate::Seed;
use jiff::civil::date;
use vena_base::{Chart, Fact};
use vena_exchange::export;
use vena_knowledge::Knowledge;

/// Facts of a journey kept for one seed: enough for every concept, few enough to be quick.
const FACTS_KEPT: usize = 8;
/// Largest knowledge file taken as it is, bytes.
const KNOWLEDGE_BYTES_MAX: usize = 9_000;

/// Charts of different synthetic journeys, thinned so that each concept comes at least once.
fn charts() -> Vec<Chart> {
    (0..2)
        .map(|number| {
            let journey = vena_sim::journey(20_261_120, number, date(2026, 5, 4));
            let mut seen = Vec::new();
            let (first, rest): (Vec<Fact>, Vec<Fact>) = journey.facts.into_iter().partition(|fact| {
                let new = !seen.contains(&fact.concept);
                if new {
                    seen.push(fact.concept);
                }
                new
            });
            let step = rest.len() / FACTS_KEPT + 1;
            let facts = first.into_iter().chain(rest.into_iter().step_by(step)).collect();
            Chart::new(format!("P{number}"), journey.zone, facts)
        })
        .collect()
}

/// FHIR as the product writes it, and forms it only reads.
pub(crate) fn bundles() -> Vec<Seed> {
    let mut seeds: Vec<Seed> = charts()
        .iter()
        .enumerate()
        .map(|(number, chart)| {
            (format!("journey-{number}.json"), export::fhir::write(chart, Knowledge::embedded()).into_bytes())
        })
        .collect();
    seeds.push(("forms.json".to_owned(), include_bytes!("forms.json").to_vec()));
    seeds
}

/// Long tables as the product writes them, and forms it only reads.
pub(crate) fn tables() -> Vec<Seed> {
    let mut seeds: Vec<Seed> = charts()
        .iter()
        .enumerate()
        .map(|(number, chart)| (format!("journey-{number}.csv"), export::table::write([chart]).into_bytes()))
        .collect();
    seeds.push(("forms.csv".to_owned(), include_bytes!("forms.csv").to_vec()));
    seeds
}

/// The smallest file of each folder of knowledge, and a site's own values.
pub(crate) fn knowledge() -> Vec<Seed> {
    let mut files: Vec<_> =
        Knowledge::embedded_files().iter().filter(|(_, text)| text.len() <= KNOWLEDGE_BYTES_MAX).collect();
    files.sort_by_key(|(path, text)| (path.rsplit_once('/').map(|(folder, _)| folder), text.len()));
    files.dedup_by_key(|(path, _)| {
        (path.rsplit_once('/').map(|(folder, _)| folder), path.ends_with(".cases.toml"))
    });
    let mut seeds: Vec<Seed> = files
        .iter()
        .map(|(path, text)| (path.replace('/', "-").replace("knowledge-", ""), text.as_bytes().to_vec()))
        .collect();
    seeds.push(("site.toml".to_owned(), include_bytes!("site.toml").to_vec()));
    seeds
}
