//! Files that lie, break off or attack: refused by name, never a panic, never
//! memory without bound.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use vena_flow::fcs::{
    ByteOrder, FcsError, FcsVersion, ReadOptions, WriteChannel, WriteDataSet, read_fcs, write_fcs,
};
use vena_flow::gating::{GatingError, apply_gates, read_gating_ml};
use vena_flow::{FileCompensation, Limits, Tolerance, Tolerances, analyse};

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

fn refuse(bytes: &[u8]) -> FcsError {
    read_fcs(bytes, &ReadOptions::default()).expect_err("must be refused")
}

/// Replaces text by text of the same length, so that no offset moves.
fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = bytes
        .windows(from.len())
        .position(|window| window == from.as_bytes())
        .unwrap_or_else(|| panic!("{from:?} is not there"));
    let mut changed = bytes.to_vec();
    changed[at..at + to.len()].copy_from_slice(to.as_bytes());
    changed
}

/// Row Q10. Cut anywhere, a file is refused; nothing of it is read as events.
#[test]
fn truncated_files_are_refused() {
    let whole = valid();
    // The last eight bytes are the CRC field, which carries no event.
    for length in 0..whole.len() - 8 {
        assert!(read_fcs(&whole[..length], &ReadOptions::default()).is_err(), "{length} bytes");
    }
}

/// Row Q10. Event counts of −1 and 10^12, offsets past the end or reversed.
#[test]
fn lying_counts_and_offsets_are_refused() {
    let many: Vec<f32> = vec![0.5; 1_000_000 / 8];
    let large = sample(many, &[]);
    assert!(
        matches!(refuse(&replaced(&large, "$TOT/125000/", "$TOT/-12500/")), FcsError::KeywordValue { keyword, .. } if keyword == "$TOT")
    );
    let trillion =
        replaced(&sample(vec![0.0; 3], &[("X", "0123456789")]), "$TOT/3/$P1N/FITC-A/", "$TOT/1000000000000/");
    assert!(read_fcs(&trillion, &ReadOptions::default()).is_err());
    assert!(matches!(
        refuse(&replaced(&large, "$TOT/125000/", "$TOT/925000/")),
        FcsError::DataLength { remedy: None, .. }
    ));
    assert!(matches!(
        refuse(&replaced(&large, "$TOT/125000/", "$TOT/124000/")),
        FcsError::DataLength { remedy: Some(Tolerance::DataSegmentLonger), .. }
    ));
    let limits = Limits { events_max: 1_000, ..Limits::default() };
    let error = read_fcs(&large, &ReadOptions { limits, ..ReadOptions::default() }).unwrap_err();
    assert!(matches!(error, FcsError::Limit { found: 125_000, limit: 1_000, .. }), "{error}");
    let mut past = valid();
    past[18..26].copy_from_slice(b"99999999");
    assert!(matches!(refuse(&past), FcsError::SegmentOutside { segment: "TEXT", .. }));
    let mut reversed = valid();
    reversed[10..18].copy_from_slice(b"    9000");
    assert!(matches!(refuse(&reversed), FcsError::SegmentOutside { .. }));
    let mut letters = valid();
    letters[26..34].copy_from_slice(b"     abc");
    assert!(matches!(refuse(&letters), FcsError::HeaderNumber { .. }));
}

/// Row Q10. A header that promises an event count of 10^12 within 64-bit offsets.
#[test]
fn a_trillion_events_need_a_trillion_bytes() {
    let text = "/$BEGINDATA/600/$ENDDATA/8000000000599/$NEXTDATA/0/$BYTEORD/1,2,3,4/$DATATYPE/F/$MODE/L/$PAR/2/$TOT/1000000000000/$P1N/A/$P1B/32/$P1R/1/$P1E/0,0/$P2N/B/$P2B/32/$P2R/1/$P2E/0,0/";
    let mut bytes =
        format!("FCS3.1    {:>8}{:>8}{:>8}{:>8}{:>8}{:>8}{text}", 58, 57 + text.len(), 0, 0, 0, 0)
            .into_bytes();
    bytes.resize(2_000, 0);
    assert!(matches!(refuse(&bytes), FcsError::Limit { found: 1_000_000_000_000, .. }));
    let limits = Limits { events_max: u64::MAX, ..Limits::default() };
    let error = read_fcs(&bytes, &ReadOptions { limits, ..ReadOptions::default() }).unwrap_err();
    assert!(matches!(error, FcsError::SegmentOutside { segment: "DATA", .. }), "{error}");
}

/// Row Q10. $NEXTDATA backwards, into itself, past the end.
#[test]
fn next_data_must_lead_forward_inside_the_file() {
    for next in ["000000000001", "000000000057", "-00000000099", "999999999999"] {
        let error = refuse(&replaced(&valid(), "$NEXTDATA/000000000000/", &format!("$NEXTDATA/{next}/")));
        assert!(matches!(error, FcsError::NextData { .. }), "{error}");
    }
    // Into the middle of this data set: no HEADER there.
    assert!(matches!(
        refuse(&replaced(&valid(), "$NEXTDATA/000000000000/", "$NEXTDATA/000000000100/")),
        FcsError::NotFcs { .. }
    ));
}

/// Row Q10. NaN and infinite events: refused with channel and index; tolerated
/// they are outside every gate and every complement.
#[test]
fn non_finite_events_are_refused_or_outside_every_gate() {
    let bytes = sample(vec![1.0, f32::NAN, f32::INFINITY, 4.0], &[]);
    assert!(
        matches!(refuse(&bytes), FcsError::NonFinite { events: 2, first: 1, ref channel } if channel == "FITC-A")
    );
    let options = ReadOptions {
        tolerances: [Tolerance::NonFiniteEvents].into_iter().collect(),
        ..ReadOptions::default()
    };
    let data = read_fcs(&bytes, &options).unwrap().data_sets.remove(0);
    let document = read_gating_ml(&gating(r#"
        <gating:RectangleGate gating:id="low"><gating:dimension gating:compensation-ref="uncompensated" gating:max="2"><data-type:fcs-dimension data-type:name="FITC-A"/></gating:dimension></gating:RectangleGate>
        <gating:BooleanGate gating:id="rest"><gating:not><gating:gateReference gating:ref="low"/></gating:not></gating:BooleanGate>"#), &Limits::default()).unwrap();
    let gates = apply_gates(&document, &data, &FileCompensation::None).unwrap();
    assert_eq!(gates[0].membership.iter().collect::<Vec<_>>(), [0]);
    assert_eq!(gates[1].membership.iter().collect::<Vec<_>>(), [3]);
    assert_eq!(gates[1].parent_count, 4);
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

fn refuse_gates(fcs: &[u8], inside: &str) -> String {
    analyse(fcs, Some(&gating(inside)), &vena_flow::AnalyseOptions::default())
        .expect_err("must be refused")
        .to_string()
}

/// Row Q10. A missing channel is named, and so are the channels there are.
#[test]
fn a_missing_channel_is_named() {
    let error = refuse_gates(&valid(), &range("Lymphocytes", "", "APC-A", "uncompensated"));
    assert!(
        error.contains("Lymphocytes") && error.contains("APC-A") && error.contains("FITC-A, PE-A"),
        "{error}"
    );
}

/// Row Q10. Circles through parents and operands; references to nothing.
#[test]
fn circles_and_dangling_references_are_refused() {
    let circle = range("A", r#" gating:parent_id="B""#, "PE-A", "uncompensated")
        + r#"<gating:BooleanGate gating:id="B"><gating:not><gating:gateReference gating:ref="C"/></gating:not></gating:BooleanGate>"#
        + &range("C", r#" gating:parent_id="A""#, "PE-A", "uncompensated");
    let error = refuse_gates(&valid(), &circle);
    assert!(error.contains("A → B → C → A"), "{error}");
    let own = range("A", r#" gating:parent_id="A""#, "PE-A", "uncompensated");
    assert!(refuse_gates(&valid(), &own).contains("A → A"));
    assert!(
        refuse_gates(&valid(), &range("A", r#" gating:parent_id="Z""#, "PE-A", "uncompensated"))
            .contains("\"Z\"")
    );
    assert!(
        refuse_gates(
            &valid(),
            &(range("A", "", "PE-A", "uncompensated") + &range("A", "", "PE-A", "uncompensated"))
        )
        .contains("twice")
    );
}

/// Row Q10. A chain of thousands of gates neither recurses nor takes the memory.
#[test]
fn a_long_chain_of_parents_is_bounded() {
    let mut inside = range("g0", "", "PE-A", "uncompensated");
    for index in 1..15_000 {
        inside += &range(
            &format!("g{index}"),
            &format!(r#" gating:parent_id="g{}""#, index - 1),
            "PE-A",
            "uncompensated",
        );
    }
    assert!(refuse_gates(&valid(), &inside).contains("paths"));
}

/// Row Q10. Entity bombs and document types are refused before anything grows.
#[test]
fn entity_bombs_are_refused() {
    let bomb = br#"<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><b>&b;</b>"#;
    assert!(matches!(read_gating_ml(bomb, &Limits::default()), Err(GatingError::DocumentType { .. })));
    let external = br#"<!DOCTYPE g SYSTEM "file:///etc/passwd"><g/>"#;
    assert!(matches!(read_gating_ml(external, &Limits::default()), Err(GatingError::DocumentType { .. })));
    assert!(matches!(
        read_gating_ml(&gating("&own;"), &Limits::default()),
        Err(GatingError::DocumentType { .. })
    ));
    let deep = "<a>".repeat(100_000);
    assert!(matches!(read_gating_ml(deep.as_bytes(), &Limits::default()), Err(GatingError::Limit { .. })));
    let limits = Limits { xml_elements_max: 100, ..Limits::default() };
    assert!(matches!(read_gating_ml(&gating(&"<x/>".repeat(200)), &limits), Err(GatingError::Limit { .. })));
    let limits = Limits { xml_bytes_max: 100, ..Limits::default() };
    assert!(matches!(read_gating_ml(&gating(""), &limits), Err(GatingError::Limit { .. })));
    assert!(matches!(read_gating_ml(b"\xff\xfe<\0", &Limits::default()), Err(GatingError::Xml { .. })));
}

/// Row Q10. Singular spillover, a second compensation, only SPILL.
#[test]
fn bad_compensation_is_refused_by_name() {
    let gate = range("G", "", "FITC-A", "FCS");
    let singular = sample(vec![1.0], &[("$SPILLOVER", "2,FITC-A,PE-A,1,1,1,1")]);
    assert!(refuse_gates(&singular, &gate).contains("cannot be inverted"));
    let spill = sample(vec![1.0], &[("SPILL", "2,FITC-A,PE-A,1,0.1,0,1")]);
    assert!(refuse_gates(&spill, &gate).contains("spill-keyword"));
    let commas = sample(vec![1.0], &[("$SPILLOVER", "2,FITC-A,PE-A,1,0,0,1,0,0,1,0")]);
    assert!(refuse_gates(&commas, &gate).contains("decimal-comma-in-spillover"));
    let absent = sample(vec![1.0], &[("$SPILLOVER", "2,FITC-A,APC-A,1,0.1,0,1")]);
    assert!(refuse_gates(&absent, &gate).contains("APC-A"));
    // Nothing asks for compensation: the file is read, the reason reported.
    let report = analyse(&spill, None, &vena_flow::AnalyseOptions::default()).unwrap().report;
    assert_eq!((report.compensation.kind.as_str(), report.compensation.used), ("not-usable", false));
    let done = sample(vec![1.0], &[("COMPENSATED", "TRUE"), ("$SPILLOVER", "2,FITC-A,PE-A,1,0.5,0,1")]);
    let matrix = Some(("m.csv".to_owned(), b"FITC-A,PE-A\n1,0.1\n0,1\n".to_vec()));
    let options = vena_flow::AnalyseOptions { matrix, ..Default::default() };
    let error = analyse(&done, Some(&gating(&gate)), &options).unwrap_err().to_string();
    assert!(error.contains("compensated already"), "{error}");
}

/// Row Q10. The standard keyword wins over SPILL; decimal commas with their
/// tolerance; a compensated file is not compensated again.
#[test]
fn compensation_follows_the_standard() {
    let kind = |bytes: &[u8], tolerances: &[Tolerance]| {
        let options = vena_flow::AnalyseOptions {
            tolerances: tolerances.iter().copied().collect(),
            ..Default::default()
        };
        analyse(bytes, Some(&gating(&range("G", "", "FITC-A", "FCS"))), &options).unwrap().report
    };
    let both =
        sample(vec![2.0], &[("$SPILLOVER", "2,FITC-A,PE-A,1,0,0.6,1"), ("SPILL", "2,FITC-A,PE-A,1,0,0,1")]);
    let report = kind(&both, &[]);
    assert_eq!(report.compensation.from, "$SPILLOVER");
    // 2 − 0.6 × 2 = 0.8 lies below the gate's 1; uncompensated it would not.
    assert_eq!(report.gates[0].count, 0);
    let commas = sample(vec![2.0], &[("$SPILLOVER", "2,FITC-A,PE-A,1,0,0,0,0,6,1,0")]);
    let report = kind(&commas, &[Tolerance::DecimalCommaInSpillover]);
    assert_eq!(report.gates[0].count, 0);
    assert!(report.tolerances_used.allows(Tolerance::DecimalCommaInSpillover));
    let done = sample(vec![2.0], &[("COMPENSATED", "TRUE"), ("$SPILLOVER", "2,FITC-A,PE-A,1,0,0.6,1")]);
    let report = kind(&done, &[]);
    assert_eq!((report.compensation.kind.as_str(), report.gates[0].count), ("already-compensated", 1));
}

/// Row Q10. `$COMP` and `$DFCiTOj` record what the instrument subtracted: never applied; refused, or with
/// their tolerance taken as compensated already; a matrix in their place is used and said.
#[test]
fn old_compensation_keywords_are_not_applied() {
    let gate = gating(&range("G", "", "FITC-A", "FCS"));
    let agreed = vena_flow::AnalyseOptions {
        tolerances: [Tolerance::CompensatedByInstrument].into_iter().collect(),
        ..Default::default()
    };
    for (keyword, value) in [("$COMP", "2,0,-60,-5,0"), ("$DFC1TO2", "12.5")] {
        let file = sample(vec![2.0], &[(keyword, value)]);
        let refusal = refuse_gates(&file, &range("G", "", "FITC-A", "FCS"));
        assert!(refusal.contains(keyword) && refusal.contains("compensated-by-instrument"), "{refusal}");
        let report = analyse(&file, Some(&gate), &agreed).unwrap().report;
        assert_eq!((report.compensation.kind.as_str(), report.gates[0].count), ("already-compensated", 1));
        assert!(report.tolerances_used.allows(Tolerance::CompensatedByInstrument));
        let matrix = Some(("m.csv".to_owned(), b"FITC-A,PE-A\n1,0\n0.6,1\n".to_vec()));
        let options = vena_flow::AnalyseOptions { matrix, ..Default::default() };
        let report = analyse(&file, Some(&gate), &options).unwrap().report;
        assert_eq!((report.compensation.kind.as_str(), report.gates[0].count), ("matrix", 0));
        assert!(report.notes.iter().any(|note| note.en.contains(keyword)), "{:?}", report.notes);
    }
    for (keyword, value) in
        [("$COMP", "2,100,0,0,100"), ("$COMP", "2,0,0,0,0"), ("$DFC2TO1", "0"), ("$DFC1TO1", "100")]
    {
        let report = analyse(&sample(vec![2.0], &[(keyword, value)]), Some(&gate), &Default::default())
            .unwrap()
            .report;
        assert_eq!(report.compensation.kind, "none", "{keyword}={value}");
    }
}

/// Row Q10. TEXT without data offsets, and HEADER without: who may be silent.
#[test]
fn silent_offsets() {
    let bytes = valid();
    let begin = String::from_utf8_lossy(&bytes[26..34]).trim().parse::<usize>().unwrap();
    let end = String::from_utf8_lossy(&bytes[34..42]).trim().parse::<usize>().unwrap();
    // HEADER silent: the standard's own way for large files.
    let mut silent = bytes.clone();
    silent[26..42].copy_from_slice(b"       0       0");
    assert_eq!(read_fcs(&silent, &ReadOptions::default()).unwrap().data_sets[0].events, 3);
    // TEXT silent: only with the tolerance.
    let zero = replaced(
        &bytes,
        &format!("$BEGINDATA/{begin:012}/$ENDDATA/{end:012}/"),
        &format!("$BEGINDATA/{:012}/$ENDDATA/{:012}/", 0, 0),
    );
    assert!(matches!(
        refuse(&zero),
        FcsError::MissingKeyword { remedy: Some(Tolerance::MissingTextOffsets), .. }
    ));
    let options = ReadOptions {
        tolerances: [Tolerance::MissingTextOffsets].into_iter().collect(),
        ..ReadOptions::default()
    };
    let data = read_fcs(&zero, &options).unwrap().data_sets.remove(0);
    assert_eq!(data.events, 3);
    assert!(data.tolerances_used.allows(Tolerance::MissingTextOffsets) && !data.notes.is_empty());
}

/// Row Q10. Every tolerance has a name a command line can give, and an unknown
/// name is answered with the list.
#[test]
fn tolerances_are_named() {
    for tolerance in Tolerance::ALL {
        assert_eq!(tolerance.name().parse::<Tolerance>(), Ok(tolerance));
        assert_eq!(serde_json::to_value(tolerance).unwrap(), tolerance.name());
    }
    let several: Tolerances = "spill-keyword, Off_By_One_Data_End".parse().unwrap();
    assert_eq!(several.iter().collect::<Vec<_>>(), [Tolerance::OffByOneDataEnd, Tolerance::SpillKeyword]);
    assert_eq!("".parse::<Tolerances>(), Ok(Tolerances::strict()));
    let error = "anything-goes".parse::<Tolerances>().unwrap_err().to_string();
    assert!(error.contains("anything-goes") && error.contains("empty-keyword-value"), "{error}");
}

/// Row Q10. Keywords that contradict each other or the data type.
#[test]
fn contradicting_keywords_are_refused() {
    let bytes = valid();
    let keyword = |from: &str, to: &str| match refuse(&replaced(&bytes, from, to)) {
        FcsError::KeywordValue { keyword, .. }
        | FcsError::Unsupported { keyword, .. }
        | FcsError::MissingKeyword { keyword, .. } => keyword,
        other => panic!("{other}"),
    };
    assert_eq!(keyword("$P1B/32/", "$P1B/16/"), "$P1B");
    assert_eq!(keyword("$P2E/0,0/", "$P2E/4,1/"), "$P2E");
    assert_eq!(keyword("$DATATYPE/F/", "$DATATYPE/C/"), "$DATATYPE");
    assert_eq!(keyword("$MODE/L/", "$MODE/C/"), "$MODE");
    assert_eq!(keyword("$BYTEORD/1,2,3,4/", "$BYTEORD/3,4,1,2/"), "$BYTEORD");
    assert_eq!(keyword("$BYTEORD/1,2,3,4/", "$BYTEORD/1,2,2,4/"), "$BYTEORD");
    assert_eq!(keyword("$P2N/PE-A/", "$P2X/PE-A/"), "$P2N");
    let same = sample(vec![1.0], &[("$P1S", "a"), ("$p1s", "b")]);
    assert!(refuse(&same).to_string().contains("duplicate-keyword"));
    let many = replaced(&bytes, "$PAR/2/$TOT/3/", "$PAR/2000000/ ");
    assert!(read_fcs(&many, &ReadOptions::default()).is_err());
}
