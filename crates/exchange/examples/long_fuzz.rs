//! Breaks valid tables and bundles at random for a given time and feeds them to the readers:
//! `long_fuzz SECONDS [SEED]`. It goes on from where the last run of the same seed ended (the count stands in
//! `target/long-fuzz-exchange-SEED`). A panic ends it; the input that caused it is kept beside the count.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};
use vena_exchange::fuzz::{fuzz_fhir, fuzz_table};

const TABLE: &str = "patient,time,what,value,unit,until,route,note\n\
P1,2026-01-10T10:00+08:00,infusion,tisagenlecleucel,,,,\n\
P1,2026-01-12T08:00+08:00,體溫,38.5,°C,,,\"a \"\"quoted\"\"\nnote\"\n\
P1,2026-01-12,ANC,<0.1,10*9/L,,,\n\
P2,2026-01-12T07:00+08:00,norepinephrine,0.1,ug/kg/min,2026-01-13,IV,\n";

const BUNDLE: &str = r#"{"resourceType":"Bundle","type":"collection","entry":[
{"fullUrl":"urn:uuid:p1","resource":{"resourceType":"Patient","id":"p1","birthDate":"1980-05-01"}},
{"resource":{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8310-5"}]},
"subject":{"reference":"urn:uuid:p1"},"effectiveDateTime":"2026-01-12T08:00:00+08:00","valueQuantity":{"value":1.013e2,"code":"[degF]"},
"component":[{"code":{"text":"x"},"valueQuantity":{"value":84,"comparator":"<","unit":"mmHg"}}]}},
{"resource":{"resourceType":"MedicationAdministration","status":"completed","medicationCodeableConcept":{"coding":[{"code":"L01XL04"}]},
"subject":{"reference":"urn:uuid:p1"},"effectivePeriod":{"start":"2026-01-10","end":"2026-01-10"}}}]}"#;

const PIECES: [&str; 18] = [
    "\"",
    ",",
    "\n",
    "\r\n",
    ";",
    "\u{feff}",
    "{",
    "}",
    "[",
    "]",
    "1e999",
    "-0",
    "9999-99-99",
    "\\u0000",
    "null",
    "＜",
    "\t",
    "2026-03-29T02:30",
];

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound.max(1)
    }
}

fn broken(valid: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = valid.to_vec();
    for _ in 0..=random.below(6) {
        if bytes.is_empty() {
            break;
        }
        let at = random.below(bytes.len());
        let end = (at + random.below(40)).min(bytes.len());
        match random.below(5) {
            0 => bytes[at] = u8::try_from(random.below(256)).unwrap(),
            1 => bytes.truncate(at),
            2 => drop(bytes.splice(at..at, PIECES[random.below(PIECES.len())].bytes())),
            3 => drop(bytes.drain(at..end)),
            _ => {
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
        }
    }
    bytes
}

fn main() {
    let words: Vec<u64> =
        std::env::args().skip(1).map(|w| w.parse().expect("long_fuzz SECONDS [SEED]")).collect();
    let (seconds, seed) = (words.first().copied().unwrap_or(60), words.get(1).copied().unwrap_or(1));
    let state = PathBuf::from(format!("target/long-fuzz-exchange-{seed}"));
    fs::create_dir_all("target").unwrap();
    let before: u64 = fs::read_to_string(&state).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    let input = state.with_extension("input");
    let (started, mut done) = (Instant::now(), before);
    while started.elapsed() < Duration::from_secs(seconds) {
        for _ in 0..500 {
            // Each input has its own seed, so that any of them can be made again.
            let mut random = Random((seed << 32) ^ (done + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let table = broken(TABLE.as_bytes(), &mut random);
            let bundle = broken(BUNDLE.as_bytes(), &mut random);
            for (bytes, read) in [(&table, fuzz_table as fn(&[u8])), (&bundle, fuzz_fhir)] {
                if std::panic::catch_unwind(|| read(bytes)).is_err() {
                    fs::write(&input, bytes).unwrap();
                    panic!(
                        "input {done} of seed {seed} made a reader panic; it is kept in {}",
                        input.display()
                    );
                }
            }
            done += 1;
        }
        fs::write(&state, done.to_string()).unwrap();
    }
    println!(
        "seed {seed}: {} tables and as many bundles in {seconds} s, {done} in all, none made a reader panic",
        done - before
    );
}
