//! `vena simulate`: a seeded synthetic programme as a long table, which `vena assess` and any other program
//! can read.

use crate::{exit::Outcome, files};
use std::path::Path;
use vena_base::Chart;
use vena_exchange::export::table;

/// Writes `journeys` journeys of the programme `seed` as a table to a file, or to standard output.
pub fn simulate(journeys: u64, seed: u64, end: jiff::civil::Date, out: Option<&Path>) -> Outcome {
    let bar = files::progress(journeys);
    let mut text = table::write([]);
    for journey in vena_sim::programme(seed, journeys, end) {
        let chart = Chart::new(journey.person.record_number.as_str(), journey.zone.clone(), journey.facts);
        table::write_chart(&mut text, &chart);
        // To standard output in pieces: a hundred thousand journeys need no hundred thousand in memory.
        if out.is_none() && text.len() > 1 << 20 {
            files::print(&text)?;
            text.clear();
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    match out {
        Some(path) => files::write(path, text.as_bytes()),
        None => files::print(&text),
    }
}
