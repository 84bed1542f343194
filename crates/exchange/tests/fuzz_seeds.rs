//! Seeded damage to good input: whatever comes in, no reader panics. The fuzz targets start from
//! the same functions.

use vena_exchange::fuzz::{fuzz_fhir, fuzz_table};

const TABLE: &[u8] = "patient,time,what,value,unit,until,route,note,recorded\n\
    A,,birth date,2010-05-01,,,,,\nA,,sex,female,,,,,\n\
    A,2026-01-12T08:00+08:00,體溫,38.50,°C,,,\"a \"\"note\"\",\n two lines\",2026-01-12 09:00Z\n\
    A;2026-01-12;ANC;<0.1;10*9/L\n\
    B,2026-01-12T10:00+08:00,tocilizumab,8,mg/kg,2026-01-12T11:00+08:00,iv,,\n\
    B,2026-01-10,infusion,tisagenlecleucel,,,,,\nB,2026-01-13,ICE score,not assessed: asleep,,,,,\n"
    .as_bytes();

const BUNDLE: &[u8] = br##"{"resourceType":"Bundle","entry":[
 {"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"1","birthDate":"2010-05-01","gender":"female","deceasedDateTime":"2026-05"}},
 {"resource":{"status":"final","resourceType":"Observation","subject":{"reference":"urn:uuid:1"},"issued":"2026-01-12T09:00:00Z",
  "code":{"coding":[{"system":"http://loinc.org","code":"751-8"}]},"effectiveDateTime":"2026-01-12T08:00:00+08:00",
  "valueQuantity":{"value":1.10e3,"comparator":"<","unit":"/uL"},"note":[{"text":"caf\u00e9 \ud83d\ude00"}]}},
 {"resource":{"resourceType":"MedicationAdministration","subject":{"reference":"#p"},"medicationReference":{"reference":"#m"},
  "contained":[{"resourceType":"Patient","id":"p"},{"resourceType":"Medication","id":"m","code":{"text":"tocilizumab 400 mg"}}],
  "effectivePeriod":{"start":"2026-01-12","end":"2026-01-11"},
  "dosage":{"rateRatio":{"numerator":{"value":5,"unit":"ug"},"denominator":{"value":1,"unit":"min"}}}}},
 {"resource":{"resourceType":"Procedure","code":{"coding":[{"code":"XW033J7"}]},"subject":{"reference":"Patient/1"},"performedDateTime":"2026"}}
]}"##;

/// What a hostile or broken sender is likely to put in.
const PIECES: [&[u8]; 16] = [
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[[[[",
    b",",
    b"\n",
    b"\r\n",
    b"\0",
    b"\xff\xfe",
    b"\xa4",
    b"-1e999",
    b"9999999999999999999999999999999999",
    b"null",
    "\u{feff}體".as_bytes(),
    b"+99:99",
];

/// A small generator of its own, so that a seed gives the same bytes for ever.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit.max(1)
    }

    fn damaged(&mut self, good: &[u8]) -> Vec<u8> {
        let mut bytes = good.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            match self.below(6) {
                0 => bytes.truncate(at),
                1 => {
                    let end = (at + self.below(40)).min(bytes.len());
                    bytes.drain(at..end);
                }
                2 => {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 1 << self.below(8);
                    }
                }
                3 => {
                    let end = (at + self.below(200)).min(bytes.len());
                    let copy = bytes.get(at..end).unwrap_or_default().to_vec();
                    let to = self.below(bytes.len() + 1);
                    bytes.splice(to..to, copy);
                }
                _ => {
                    let piece = PIECES.get(self.below(PIECES.len())).copied().unwrap_or_default();
                    bytes.splice(at..at, piece.iter().copied());
                }
            }
        }
        bytes
    }
}

#[test]
fn damaged_tables_never_panic() {
    let mut seeded = Seeded(1);
    fuzz_table(TABLE);
    for _ in 0..400 {
        fuzz_table(&seeded.damaged(TABLE));
    }
}

#[test]
fn damaged_bundles_never_panic() {
    let mut seeded = Seeded(2);
    fuzz_fhir(BUNDLE);
    for end in 0..BUNDLE.len() {
        fuzz_fhir(BUNDLE.get(..end).unwrap_or_default());
    }
    for _ in 0..1500 {
        fuzz_fhir(&seeded.damaged(BUNDLE));
    }
}

#[test]
fn each_reader_is_given_the_others_input_too() {
    fuzz_table(BUNDLE);
    fuzz_fhir(TABLE);
}
