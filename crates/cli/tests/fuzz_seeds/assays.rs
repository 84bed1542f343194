//! Seeds of the assay readers: FCS, Gating-ML, plates, tables. Must not know: any reader.

use crate::Seed;
use vena_colonies::synthetic::{Recipe, Stage, draw, tiff_pages};
use vena_flow::fcs::{ByteOrder, FcsVersion, WriteChannel, WriteDataSet, WriteValues, write_fcs};
use vena_flow::gating::{
    BooleanOperation, CompensationReference, Dimension, DimensionSource, Divider, Gate, GateShape,
    GatingDocument, NamedRatio, NamedTransform, Operand, Position, Quadrant, Range, write_gating_ml,
};
use vena_flow::{SpilloverMatrix, Transform, TransformKind};

fn channel(name: &str, values: WriteValues, bits: u32) -> WriteChannel {
    WriteChannel {
        name: name.to_owned(),
        stain: if name.starts_with("FL") { "CD19".to_owned() } else { String::new() },
        bits,
        range: 1024,
        log_amplification: if name == "FL2-H" && bits == 16 { (4.0, 1.0) } else { (0.0, 0.0) },
        gain: (name == "FL1-H").then_some(2.0),
        values,
    }
}

fn data_set(version: FcsVersion, order: ByteOrder, kind: usize, keywords: &[(&str, &str)]) -> WriteDataSet {
    let names = ["FL1-H", "FL2-H", "Time"];
    let channels = names.iter().enumerate().map(|(place, name)| {
        let value = |event: usize| (event * 37 + place * 11) % 900;
        let (values, bits) = match kind {
            0 => (WriteValues::Integers((0..5).map(|event| value(event) as u64).collect()), 16),
            1 => (WriteValues::Floats((0..5).map(|event| value(event) as f32 - 50.0).collect()), 32),
            _ => (WriteValues::Doubles((0..5).map(|event| value(event) as f64 / 7.0).collect()), 64),
        };
        channel(name, values, bits)
    });
    WriteDataSet {
        version,
        order,
        delimiter: b"/|\x0c"[kind.min(2)],
        channels: channels.collect(),
        keywords: keywords.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    }
}

/// Every version, order and data type; spillovers as the keywords there are; two data sets in a file.
pub(crate) fn fcs() -> Vec<Seed> {
    let mut seeds = Vec::new();
    let versions = [FcsVersion::V2_0, FcsVersion::V3_0, FcsVersion::V3_1, FcsVersion::V3_2];
    for (number, version) in versions.into_iter().enumerate() {
        for (kind, word) in ["integers", "floats", "doubles"].into_iter().enumerate() {
            let order = if (number + kind) % 2 == 0 { ByteOrder::Little } else { ByteOrder::Big };
            let spill: &[(&str, &str)] = match number {
                0 => &[("COMP", "2,FL1-H,FL2-H,1,0,0.1,1")],
                1 => &[("SPILL", "2,FL1-H,FL2-H,1,0.1,0.2,1")],
                _ => &[("$SPILLOVER", "2,FL1-H,FL2-H,1,0.1,0.2,1"), ("$VOL", "120"), ("$TIMESTEP", "0.01")],
            };
            let bytes = write_fcs(&[data_set(version, order, kind, spill)]).unwrap();
            seeds.push((format!("{number}-{word}.fcs"), bytes));
        }
    }
    let two = [
        data_set(FcsVersion::V3_1, ByteOrder::Little, 1, &[]),
        data_set(FcsVersion::V3_1, ByteOrder::Little, 0, &[("$DATE", "20-NOV-2026")]),
    ];
    seeds.push(("two-sets.fcs".to_owned(), write_fcs(&two).unwrap()));
    seeds.push(("digits.fcs".to_owned(), digits("3", "  1  7 23102", 2)));
    seeds.push(("digits-apart.fcs".to_owned(), digits("*", "1,7\r\n23 102\n", 2)));
    let matrix = ",FL1-H,FL2-H\nFL1-H,1,0.1\nFL2-H,0.05,1\n";
    seeds.push(("matrix.csv".to_owned(), matrix.as_bytes().to_vec()));
    seeds
}

/// Data type A, which the writer does not write.
fn digits(width: &str, data: &str, events: usize) -> Vec<u8> {
    let text = format!(
        "/$BYTEORD/1,2,3,4/$DATATYPE/A/$MODE/L/$NEXTDATA/0/$PAR/2/$TOT/{events}/$P1N/FL1-H/$P1B/{width}/$P1R/1024/$P1E/4,1/$P2N/FL2-H/$P2B/{width}/$P2R/1024/$P2E/0,0/$COMP/2,0,-5,-10,0/"
    );
    let begin = 58 + text.len();
    let end = begin + data.len() - 1;
    let header = format!("FCS2.0    {:>8}{:>8}{begin:>8}{end:>8}{:>8}{:>8}", 58, begin - 1, 0, 0);
    [header, text, data.to_owned()].concat().into_bytes()
}

fn dimension(name: &str, compensation: CompensationReference, transform: Option<&str>) -> Dimension {
    let source = match name.strip_prefix("ratio:") {
        Some(ratio) => DimensionSource::Ratio(ratio.to_owned()),
        None => DimensionSource::Channel(name.to_owned()),
    };
    Dimension { compensation, source, transform: transform.map(str::to_owned) }
}

fn gate(id: &str, parent: Option<&str>, shape: GateShape) -> Gate {
    Gate { id: id.to_owned(), parent: parent.map(str::to_owned), shape }
}

fn plain(name: &str) -> Dimension {
    dimension(name, CompensationReference::Uncompensated, None)
}

fn shapes() -> Vec<Gate> {
    let range = |dimension: Dimension, min: Option<f64>, max: Option<f64>| Range { dimension, min, max };
    let matrix = || dimension("CD19", CompensationReference::Matrix("M".to_owned()), Some("logicle"));
    let both = || vec![plain("FL1-H"), dimension("FL2-H", CompensationReference::Fcs, Some("asinh"))];
    let divider = |id: &str, dimension: Dimension, values: &[f64]| Divider {
        id: id.to_owned(),
        dimension,
        values: values.to_vec(),
    };
    let position = |divider: &str, location: f64| Position { divider: divider.to_owned(), location };
    let operand = |gate: &str, complement: bool| Operand { gate: gate.to_owned(), complement };
    vec![
        gate("R1", None, GateShape::Rectangle { ranges: vec![range(plain("FL1-H"), Some(-1.0), None)] }),
        gate(
            "R2",
            Some("R1"),
            GateShape::Rectangle {
                ranges: vec![
                    range(matrix(), Some(0.1), Some(0.9)),
                    range(plain("ratio:ratio"), None, Some(2.5)),
                ],
            },
        ),
        gate(
            "P1",
            Some("R1"),
            GateShape::Polygon {
                dimensions: [plain("FL1-H"), plain("FL2-H")],
                vertices: vec![[-20.0, -20.0], [600.0, 0.0], [600.0, 700.0], [0.0, 600.0]],
            },
        ),
        gate(
            "E1",
            None,
            GateShape::Ellipsoid {
                dimensions: both(),
                mean: vec![100.0, 0.4],
                covariance: vec![vec![900.0, 0.1], vec![0.1, 0.2]],
                distance_square: 4.0,
            },
        ),
        gate(
            "Q1",
            None,
            GateShape::Quadrant {
                dividers: vec![
                    divider("x", plain("FL1-H"), &[100.0]),
                    divider("y", plain("FL2-H"), &[50.0, 400.0]),
                ],
                quadrants: vec![
                    Quadrant {
                        id: "Q1-high".to_owned(),
                        positions: vec![position("x", 200.0), position("y", 60.0)],
                    },
                    Quadrant { id: "Q1-low".to_owned(), positions: vec![position("x", 5.0)] },
                ],
            },
        ),
        gate(
            "B1",
            None,
            GateShape::Boolean {
                operation: BooleanOperation::And,
                operands: vec![operand("R1", false), operand("Q1-low", true)],
            },
        ),
        gate(
            "B2",
            Some("P1"),
            GateShape::Boolean { operation: BooleanOperation::Not, operands: vec![operand("E1", false)] },
        ),
    ]
}

fn transforms() -> Vec<NamedTransform> {
    let bounded = |id: &str, kind: TransformKind| NamedTransform {
        id: id.to_owned(),
        transform: Transform { kind, bound_min: Some(-0.5), bound_max: Some(1.5) },
    };
    vec![
        bounded("linear", TransformKind::Linear { t: 1000.0, a: 100.0 }),
        bounded("log", TransformKind::Log { t: 10000.0, m: 5.0 }),
        bounded("asinh", TransformKind::Asinh { t: 1000.0, m: 4.0, a: 1.0 }),
        bounded("logicle", TransformKind::Logicle { t: 1000.0, w: 1.0, m: 4.0, a: 0.0 }),
        bounded("hyperlog", TransformKind::Hyperlog { t: 1000.0, w: 1.0, m: 4.0, a: 0.0 }),
    ]
}

/// A document with everything there is, and one for each gate and transform alone.
pub(crate) fn gating() -> Vec<Seed> {
    let matrix = SpilloverMatrix {
        origin: "M".to_owned(),
        fluorochromes: vec!["CD19".to_owned(), "CD3".to_owned()],
        detectors: vec!["FL1-H".to_owned(), "FL2-H".to_owned()],
        coefficients: vec![1.0, 0.1, 0.05, 1.0],
        inverted_already: false,
    };
    let ratio = NamedRatio {
        id: "ratio".to_owned(),
        a: 1.0,
        b: 0.5,
        c: -1.0,
        numerator: "FL1-H".to_owned(),
        denominator: "FL2-H".to_owned(),
        bound_min: Some(0.0),
        bound_max: None,
    };
    let all = GatingDocument {
        transforms: transforms(),
        ratios: vec![ratio],
        matrices: vec![matrix],
        gates: shapes(),
    };
    let mut seeds = vec![("all.xml".to_owned(), write_gating_ml(&all).into_bytes())];
    for named in transforms() {
        let dimension = dimension("FL1-H", CompensationReference::Uncompensated, Some(&named.id));
        let ranges = vec![Range { dimension, min: Some(0.2), max: None }];
        let alone = GatingDocument {
            gates: vec![gate("G", None, GateShape::Rectangle { ranges })],
            transforms: vec![named.clone()],
            ..GatingDocument::default()
        };
        seeds.push((format!("{}.xml", named.id), write_gating_ml(&alone).into_bytes()));
    }
    for one in shapes().into_iter().filter(|gate| ["R1", "E1", "Q1"].contains(&gate.id.as_str())) {
        let id = one.id.to_lowercase();
        let alone =
            GatingDocument { gates: vec![one], transforms: transforms(), ..GatingDocument::default() };
        seeds.push((format!("{id}.xml"), write_gating_ml(&alone).into_bytes()));
    }
    seeds
}

/// Small plates of each kind and format.
pub(crate) fn images() -> Vec<Seed> {
    let mut seeds = Vec::new();
    let stages = [
        ("dish", Stage::Dish, 96, 12, 6.0),
        ("field", Stage::Field, 64, 10, 6.0),
        ("wells", Stage::Wells { rows: 2, columns: 3 }, 96, 18, 5.0),
    ];
    for (number, (name, stage, side, colonies, diameter)) in stages.into_iter().enumerate() {
        let quiet = Recipe {
            // Noise does not compress, and a reader does not read it otherwise than light.
            noise: 0.0,
            gradient: 0.1,
            bubbles: 0,
            strokes: 0,
            ..Recipe::untuned(number as u64 + 1, side, stage, colonies, diameter)
        };
        let drawn = draw(&quiet);
        seeds.push((format!("{name}.png"), drawn.png().unwrap()));
        seeds.push((format!("{name}.jpg"), drawn.jpeg(60).unwrap()));
        if number == 1 {
            seeds.push((format!("{name}-8.tif"), tiff_pages(&[&drawn], false).unwrap()));
            seeds.push((format!("{name}-16.tif"), tiff_pages(&[&drawn, &drawn], true).unwrap()));
        }
    }
    seeds
}

/// A potency table with both separators a spreadsheet writes.
pub(crate) fn potency() -> Vec<Seed> {
    let mut long = String::from("plate;well;sample;dose (ng/mL);response;excluded\n");
    for k in 0..24_usize {
        let dose = [0.0, 1.0, 3.0, 10.0, 30.0, 100.0][k % 6];
        let sample = ["Reference", "Lot 1"][k / 12];
        let response = 9.0 / (1.0 + dose / 8.0) + (k * 7 % 5) as f64 / 10.0;
        long.push_str(&format!("1;A{k};{sample};{dose};{response};\n"));
    }
    let short = "dose,response,sample\n1,2,Reference\n2,4.1,Reference\n4,8,Reference\n1,2.2,Lot\n2,4,Lot\n4,8.3,Lot\n";
    vec![("long.csv".to_owned(), long.into_bytes()), ("short.csv".to_owned(), short.as_bytes().to_vec())]
}

/// A qPCR plate with standards, samples and controls.
pub(crate) fn qpcr() -> Vec<Seed> {
    let mut plate = String::from("well,sample,task,target,quantity,cq\n");
    for k in 0..12_i32 {
        let quantity = 10_f64.powi(6 - k / 2);
        let cq = 38.0 - quantity.log2() + 0.01 * f64::from(k);
        plate.push_str(&format!("A{k},S,standard,t,{quantity},{cq}\n"));
    }
    plate.push_str("B1,Lot,unknown,t,,Undetermined\nB2,Lot,unknown,t,,30.1\nB3,NTC,ntc,t,,\n");
    vec![("plate.csv".to_owned(), plate.into_bytes())]
}
