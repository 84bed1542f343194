//! Thousands of valid files broken at random places, by a fixed seed: none may
//! panic, and what still reads must be consistent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::outside;
use vena_flow::fcs::{ByteOrder, FcsVersion, WriteChannel, WriteDataSet, write_fcs};
use vena_flow::{fuzz_fcs, fuzz_gating_ml};

fn valid() -> Vec<u8> {
    sample(vec![1.0, 2.0, 3.0], &[])
}

fn sample(values: Vec<f32>, keywords: &[(&str, &str)]) -> Vec<u8> {
    let channel = |name: &str| WriteChannel::floats(name, 1024, values.clone());
    write_fcs(&[WriteDataSet {
        version: FcsVersion::V3_1,
        order: ByteOrder::Little,
        delimiter: b'/',
        channels: vec![channel("FITC-A"), channel("PE-A")],
        keywords: keywords.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    }])
    .unwrap()
}

fn gating(inside: &str) -> Vec<u8> {
    format!(
        r#"<?xml version="1.0"?><gating:Gating-ML xmlns:gating="http://www.isac-net.org/std/Gating-ML/v2.0/gating" xmlns:transforms="http://www.isac-net.org/std/Gating-ML/v2.0/transformations" xmlns:data-type="http://www.isac-net.org/std/Gating-ML/v2.0/datatypes">{inside}</gating:Gating-ML>"#
    )
    .into_bytes()
}

fn range(id: &str, parent: &str, channel: &str, compensation: &str) -> String {
    format!(
        r#"<gating:RectangleGate gating:id="{id}"{parent}><gating:dimension gating:compensation-ref="{compensation}" gating:min="1"><data-type:fcs-dimension data-type:name="{channel}"/></gating:dimension></gating:RectangleGate>"#
    )
}

/// A small generator with a fixed seed; the same mutations on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound.max(1)
    }
}

fn mutate(valid: &[u8], random: &mut Random, interesting: &[&[u8]]) -> Vec<u8> {
    let mut bytes = valid.to_vec();
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len());
        match random.below(5) {
            0 => bytes[at] = u8::try_from(random.below(256)).unwrap(),
            1 => bytes.truncate(at.max(1)),
            2 => {
                let piece = interesting[random.below(interesting.len())];
                let end = (at + piece.len()).min(bytes.len());
                bytes.splice(at..end, piece.iter().copied());
            }
            3 => {
                let end = (at + random.below(40)).min(bytes.len());
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
            _ => {
                let end = (at + random.below(20)).min(bytes.len());
                bytes.drain(at..end);
            }
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
    bytes
}

/// Row Q10. Thousands of broken files, none of which may panic.
#[test]
fn mutated_fcs_files_never_panic() {
    let interesting: [&[u8]; 12] = [
        b"99999999",
        b"-1",
        b"//",
        b"/",
        b"0",
        b"1000000000000",
        b"NaN",
        b"$P1B/7/",
        b"4,3,2,1",
        b"3,4,1,2",
        b"\xff\xff\xff\xff",
        b"        ",
    ];
    let spill = [("$SPILLOVER", "2,FITC-A,PE-A,1,0.1,0.2,1"), ("SPILL", "2,FITC-A,PE-A,1,0,1,0,0,2,1")];
    let mut seeds = vec![valid(), sample(vec![1.0; 50], &spill)];
    seeds.push([valid(), valid()].concat());
    let mut random = Random(0x5eed_0001);
    for round in 0..6_000 {
        let bytes = mutate(&seeds[round % seeds.len()], &mut random, &interesting);
        fuzz_fcs(&bytes);
    }
}

/// Row Q10. The same for Gating-ML; what still reads survives writing.
#[test]
fn mutated_gating_files_never_panic() {
    let interesting: [&[u8]; 12] = [
        b"<",
        b">",
        b"/>",
        b"&#9;",
        b"&#x0;",
        b"1e999",
        b"NaN",
        b"-1",
        b"gating:",
        b"\"",
        b"<![CDATA[",
        b"<!--",
    ];
    let mut seeds = vec![gating(
        &(range("A", "", "FL1-H", "uncompensated") + &range("B", r#" gating:parent_id="A""#, "FL2-H", "FCS")),
    )];
    if let Some(folder) = outside("fcs_gatingml") {
        for name in [
            "gml_all_gates.xml",
            "gml_quadrant2_gate.xml",
            "gml_matrix_transform_logicle_rect1_gate.xml",
            "gml_ellipse1_gate.xml",
        ] {
            seeds.push(common::read(folder.join("gate_ref/gml").join(name)));
        }
    }
    let mut random = Random(0x5eed_0002);
    for round in 0..3_000 {
        let bytes = mutate(&seeds[round % seeds.len()], &mut random, &interesting);
        fuzz_gating_ml(&bytes);
    }
}
