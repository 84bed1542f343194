//! What the fuzz targets call: any bytes in, no panic out. Knows no expected result.

use crate::{
    Encoding,
    fhir::{self, FhirOptions},
    table::{self, TableOptions},
};
use jiff::Timestamp;
use vena_base::{Lang, Zone};
use vena_knowledge::Knowledge;

/// Reads bytes as a table, in every encoding, to the last fact and the last message.
pub fn fuzz_table(bytes: &[u8]) {
    for encoding in [Encoding::Detect, Encoding::Utf8, Encoding::Big5] {
        for zone in [None, Some(Zone::utc())] {
            let options = TableOptions { zone, encoding, ..TableOptions::at(Timestamp::UNIX_EPOCH) };
            match table::read(bytes, &options, Knowledge::embedded()) {
                Ok(file) => {
                    let loaded = file.load();
                    let _ = loaded.report.lines(Lang::ZhTw);
                    let _ = crate::export::table::write(&loaded.charts);
                }
                Err(error) => {
                    let _ = (error.message(Lang::En), error.message(Lang::ZhTw));
                }
            }
        }
    }
}

/// Reads bytes as FHIR, to the last fact and the last message.
pub fn fuzz_fhir(bytes: &[u8]) {
    let knowledge = Knowledge::embedded();
    match fhir::read_bundle(bytes, &FhirOptions::at(Timestamp::UNIX_EPOCH), knowledge) {
        Ok(loaded) => {
            let _ = loaded.report.lines(Lang::ZhTw);
            for chart in &loaded.charts {
                let _ = crate::export::fhir::write(chart, knowledge);
            }
        }
        Err(error) => {
            let _ = (error.message(Lang::En), error.message(Lang::ZhTw));
        }
    }
}
