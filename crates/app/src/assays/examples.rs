//! Instrument files made by our own writers, for a first try of each assay page and for tests: a stained sample
//! with gates, a plate of soft agar, tables. Nobody's data. The same call gives the same bytes.
//!
//! Must not know: the ledger, pages, how an assay is computed.

use crate::assay_compute::{AssayOptions, FlowOptions, digest_of, first_role};
use std::{collections::HashSet, fmt::Write as _, sync::LazyLock};
use vena_colonies::synthetic::{Recipe, Stage, draw};
use vena_flow::{
    fcs::{ByteOrder, FcsVersion, WriteChannel, WriteDataSet, write_fcs},
    gating::{
        CompensationReference, Dimension, DimensionSource, Gate, GateShape, GatingDocument, Range,
        write_gating_ml,
    },
};
use vena_journey::{AssayFile, AssayKind, FileRole, step::FileDigest};
use vena_potency::{CultureOptions, EndotoxinOptions};

/// Every example file with the assay it is for, the instrument's own first.
const FILES: [(&str, AssayKind, FileRole); 9] = [
    ("sample.fcs", AssayKind::FlowCytometry, FileRole::Fcs),
    ("gates.xml", AssayKind::FlowCytometry, FileRole::Gates),
    ("plate.png", AssayKind::Colonies, FileRole::Image),
    ("potency.csv", AssayKind::Potency, FileRole::Table),
    ("qpcr.csv", AssayKind::Qpcr, FileRole::Table),
    ("endotoxin.csv", AssayKind::Endotoxin, FileRole::Table),
    ("comparison.csv", AssayKind::MethodComparison, FileRole::Table),
    ("culture.csv", AssayKind::ResidualPluripotent, FileRole::Table),
    ("series.csv", AssayKind::SpikeSeries, FileRole::Table),
];

/// All file names.
pub fn all_names() -> impl Iterator<Item = &'static str> {
    FILES.into_iter().map(|(name, ..)| name)
}

/// The file names of an assay's example.
pub fn names(kind: AssayKind) -> impl Iterator<Item = &'static str> {
    FILES.into_iter().filter(move |(_, own, _)| *own == kind).map(|(name, ..)| name)
}

/// One file by its name.
pub fn file(name: &str) -> Option<Vec<u8>> {
    Some(match name {
        "sample.fcs" => fcs(),
        "gates.xml" => gates(),
        "plate.png" => plate(),
        "potency.csv" => potency(),
        "qpcr.csv" => qpcr(),
        "endotoxin.csv" => endotoxin(),
        "comparison.csv" => comparison(),
        "culture.csv" => culture(),
        "series.csv" => series(),
        _ => return None,
    })
}

/// The files of an assay's example, as a person would give them.
pub fn files(kind: AssayKind) -> Vec<(FileRole, Vec<u8>)> {
    let own = FILES.into_iter().filter(|(_, own, _)| *own == kind);
    own.filter_map(|(name, _, role)| Some((role, file(name)?))).collect()
}

/// A table's line ends are the browser's when it was typed; its values are the same.
fn without_line_ends(bytes: &[u8]) -> Option<FileDigest> {
    let plain: Vec<u8> = bytes.trim_ascii().iter().copied().filter(|byte| *byte != b'\r').collect();
    digest_of(&plain)
}

/// Digests of the instruments' own files among the examples: as they are, and as a table typed again would be.
static OWN: LazyLock<HashSet<FileDigest>> = LazyLock::new(|| {
    let own = FILES.into_iter().filter(|(_, kind, role)| *role == first_role(*kind));
    let bytes = own.filter_map(|(name, ..)| file(name));
    bytes.flat_map(|bytes| [digest_of(&bytes), without_line_ends(&bytes)]).flatten().collect()
});

/// Whether one of these files is an instrument's own file of an example, however it came here.
pub(super) fn holds_one(files: &[(FileRole, Vec<u8>)]) -> bool {
    files.iter().any(|(role, bytes)| {
        let table = (*role == FileRole::Table).then(|| without_line_ends(bytes)).flatten();
        digest_of(bytes).into_iter().chain(table).any(|digest| OWN.contains(&digest))
    })
}

/// The same of files that are stored already.
pub(super) fn is_one_of(files: &[AssayFile]) -> bool {
    files.iter().any(|file| OWN.contains(&file.digest))
}

/// Parameters that go with an assay's example.
pub fn options(kind: AssayKind) -> AssayOptions {
    match AssayOptions::usual(kind) {
        AssayOptions::Endotoxin(options) => AssayOptions::Endotoxin(EndotoxinOptions {
            dose_ml: Some(50.0),
            weight_kg: Some(60.0),
            ..options
        }),
        AssayOptions::Culture(options) => {
            AssayOptions::Culture(CultureOptions { dose_cells: Some(1e8), ..options })
        }
        AssayOptions::Flow(options) => {
            AssayOptions::Flow(FlowOptions { panel: Some("assays/panels/msc-isct".into()), ..options })
        }
        usual => usual,
    }
}

/// Colonies drawn on the plate.
pub const COLONIES: usize = 24;

/// Even numbers between 0 and 1 from a fixed seed.
struct Dice(u64);

impl Dice {
    fn even(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / (1_u64 << 31) as f64
    }

    /// About normal: mean 0, standard deviation 1.
    fn bell(&mut self) -> f64 {
        (0..12).map(|_| self.even()).sum::<f64>() - 6.0
    }
}

/// 4,000 events: nine in ten are cells, nearly all of them CD105 bright and CD45 dim.
pub fn fcs() -> Vec<u8> {
    fcs_with(Vec::new())
}

/// The same sample with keywords of one's own.
pub fn fcs_with(keywords: Vec<(String, String)>) -> Vec<u8> {
    let mut dice = Dice(17);
    let mut columns = vec![Vec::new(); 4];
    for event in 0..4_000 {
        let debris = event % 10 == 0;
        let (forward, side) = if debris { (20_000.0, 15_000.0) } else { (120_000.0, 70_000.0) };
        let bright = if event % 50 == 1 { 900.0 } else { 40_000.0 };
        let values = [
            forward + 12_000.0 * dice.bell(),
            side + 9_000.0 * dice.bell(),
            bright + 0.15 * bright * dice.bell(),
            600.0 + 150.0 * dice.bell(),
        ];
        for (column, value) in columns.iter_mut().zip(values) {
            column.push(value.max(0.0) as f32);
        }
    }
    let names = [("FSC-A", ""), ("SSC-A", ""), ("PE-A", "CD105"), ("FITC-A", "CD45")];
    let channels = names.into_iter().zip(columns).map(|((name, stain), values)| WriteChannel {
        stain: stain.into(),
        ..WriteChannel::floats(name, 262_144, values)
    });
    write_fcs(&[WriteDataSet {
        version: FcsVersion::V3_1,
        order: ByteOrder::Little,
        delimiter: b'/',
        channels: channels.collect(),
        keywords,
    }])
    .unwrap_or_default()
}

fn dimension(channel: &str) -> Dimension {
    Dimension {
        compensation: CompensationReference::Uncompensated,
        source: DimensionSource::Channel(channel.into()),
        transform: None,
    }
}

/// A polygon around the cells, a rectangle for CD105 against CD45, a range for CD45, and both together.
pub fn gates_document() -> GatingDocument {
    let range =
        |channel: &str, min: Option<f64>, max: Option<f64>| Range { dimension: dimension(channel), min, max };
    let gate = |id: &str, parent: Option<&str>, shape| Gate {
        id: id.into(),
        parent: parent.map(str::to_owned),
        shape,
    };
    let operand = |gate: &str| vena_flow::gating::Operand { gate: gate.into(), complement: false };
    GatingDocument {
        gates: vec![
            gate(
                "Cells",
                None,
                GateShape::Polygon {
                    dimensions: [dimension("FSC-A"), dimension("SSC-A")],
                    vertices: vec![
                        [60_000.0, 30_000.0],
                        [180_000.0, 25_000.0],
                        [190_000.0, 120_000.0],
                        [70_000.0, 110_000.0],
                    ],
                },
            ),
            gate(
                "CD105",
                Some("Cells"),
                GateShape::Rectangle {
                    ranges: vec![
                        range("PE-A", Some(10_000.0), None),
                        range("FITC-A", Some(0.0), Some(2_000.0)),
                    ],
                },
            ),
            gate(
                "CD45",
                Some("Cells"),
                GateShape::Rectangle { ranges: vec![range("FITC-A", Some(2_000.0), None)] },
            ),
            gate(
                "Both",
                Some("Cells"),
                GateShape::Boolean {
                    operation: vena_flow::gating::BooleanOperation::And,
                    operands: vec![operand("CD105"), operand("CD45")],
                },
            ),
        ],
        ..GatingDocument::default()
    }
}

/// The gates as a file.
pub fn gates() -> Vec<u8> {
    write_gating_ml(&gates_document()).into_bytes()
}

/// A dish with [`COLONIES`] colonies.
pub fn plate() -> Vec<u8> {
    let clean = Recipe {
        seed: 5,
        side_px: 700,
        stage: Stage::Dish,
        colonies: COLONIES,
        diameter_px: 16.0,
        diameter_spread: 0.15,
        apart: 1.6,
        light: false,
        contrast: 0.3,
        noise: 0.01,
        blur_px: 0.8,
        gradient: 0.1,
        bubbles: 0,
        strokes: 0,
        glare: false,
    };
    draw(&clean).png().unwrap_or_default()
}

/// Reference and a lot of half its strength.
pub fn potency() -> Vec<u8> {
    let mut csv = String::from("sample,dose (ng/mL),response\n");
    let mut dice = Dice(3);
    for (name, half) in [("Reference", 10.0), ("Lot 7", 20.0)] {
        for dose in [0.3_f64, 1.0, 3.0, 6.0, 12.0, 25.0, 80.0, 250.0] {
            for _ in 0..3 {
                let response =
                    0.2 + 2.0 / (1.0 + (1.4 * (dose / half).ln()).exp()) + 0.08 * (dice.even() - 0.5);
                let _ = writeln!(csv, "{name},{dose},{response:.5}");
            }
        }
    }
    csv.into_bytes()
}

/// A standard curve, one unknown, one control without template.
pub fn qpcr() -> Vec<u8> {
    let mut csv = String::from("well,sample,task,target,quantity (copies),Cq\n");
    let cq = |quantity: f64| 38.0 - quantity.log2();
    for (level, quantity) in [1e6, 1e5, 1e4, 1e3, 1e2, 1e1].into_iter().enumerate() {
        for (well, wobble) in [-0.06, 0.01, 0.05].into_iter().enumerate() {
            let _ =
                writeln!(csv, "S{level}{well},S{level},standard,Alu,{quantity},{:.3}", cq(quantity) + wobble);
        }
    }
    for (well, wobble) in [("A1", -0.02), ("A2", 0.03), ("A3", 0.0)] {
        let _ = writeln!(csv, "{well},Lot 7,unknown,Alu,,{:.3}", cq(2_500.0) + wobble);
    }
    csv.push_str("N1,NTC,ntc,Alu,,Undetermined\n");
    csv.into_bytes()
}

/// A kinetic endotoxin plate: four standards, water, a lot at 1:10 with and without added endotoxin.
pub fn endotoxin() -> Vec<u8> {
    let mut csv = String::from("task,sample,concentration (EU/mL),onset (s),dilution\n");
    let onset = |eu: f64| 10_f64.powf(3.0 - 0.25 * eu.log10());
    let mut dice = Dice(11);
    let mut row = |csv: &mut String, task: &str, sample: &str, level: &str, eu: f64, dilution: &str| {
        for _ in 0..3 {
            let time = onset(eu) * (1.0 + 0.01 * (dice.even() - 0.5));
            let _ = writeln!(csv, "{task},{sample},{level},{time:.1},{dilution}");
        }
    };
    for eu in [0.005, 0.05, 0.5, 5.0] {
        row(&mut csv, "standard", "", &eu.to_string(), eu, "");
    }
    row(&mut csv, "sample", "Lot 7", "", 0.02, "10");
    row(&mut csv, "spike", "Lot 7", "0.5", 0.52, "10");
    csv.push_str("blank,,,NR,\nblank,,,NR,\n");
    csv.into_bytes()
}

/// A rapid method and the compendial one on the same 400 samples.
pub fn comparison() -> Vec<u8> {
    let counts = vena_potency::comparison::PairedCounts {
        both: 192,
        only_alternative: 5,
        only_compendial: 4,
        neither: 199,
    };
    counts.to_csv().into_bytes()
}

/// Cultures of a lot, of blanks and of known numbers of pluripotent cells.
pub fn culture() -> Vec<u8> {
    let mut csv = String::from("task,sample,cells plated,spiked cells,colonies\n");
    for colonies in [19, 22, 17] {
        let _ = writeln!(csv, "spike,,1000000,100,{colonies}");
    }
    for _ in 0..3 {
        csv.push_str("blank,,1000000,,0\n");
    }
    for colonies in [0, 1, 0, 0, 0] {
        let _ = writeln!(csv, "sample,Lot 7,2000000,,{colonies}");
    }
    csv.into_bytes()
}

/// A spike-in series of soft agar wells, blanks first.
pub fn series() -> Vec<u8> {
    let mut csv = String::from("well,spike (%),cells plated,colonies\n");
    let levels: [(f64, [u64; 8]); 5] = [
        (0.0, [0, 0, 1, 0, 0, 0, 0, 0]),
        (0.0002, [0, 0, 2, 0, 0, 1, 0, 0]),
        (0.001, [1, 0, 2, 1, 0, 3, 1, 2]),
        (0.005, [4, 6, 5, 3, 7, 5, 1, 6]),
        (0.02, [21, 18, 24, 19, 20, 17, 22, 23]),
    ];
    for (row, (spike, counts)) in ["A", "B", "C", "D", "E"].into_iter().zip(levels) {
        for (column, colonies) in (1..).zip(counts) {
            let _ = writeln!(csv, "{row}{column},{spike},100000,{colonies}");
        }
    }
    csv.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assay_compute::{compute, recognise_kind};

    /// Rows Q7, Q9, Q10, Q11, Q12, Q15. Every example is recognised by its content and gives a result at once.
    #[test]
    fn every_example_is_recognised_and_gives_a_result() {
        for kind in AssayKind::ALL {
            let files = files(kind);
            assert!(!files.is_empty(), "{kind:?}");
            let first = files.first().map(|(_, bytes)| bytes.as_slice()).unwrap_or_default();
            assert_eq!(recognise_kind(first), Some(kind));
            let options = options(kind);
            let computed = compute(&options, &files);
            assert!(computed.is_ok(), "{kind:?}: {:?}", computed.err());
            let stored = options.to_json().and_then(|json| AssayOptions::read(kind, &json));
            assert_eq!(stored.ok(), Some(options), "parameters are stored and read again");
        }
    }
}
