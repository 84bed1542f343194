//! ANALYSIS segments and CRC words: read, kept, said; no event depends on them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use vena_flow::fcs::{
    ByteOrder, FcsError, FcsVersion, ReadOptions, WriteChannel, WriteDataSet, read_fcs, read_fcs_from,
    write_fcs,
};
use vena_flow::{AnalyseOptions, Tolerance, Tolerances, analyse};

fn written(version: FcsVersion) -> Vec<u8> {
    let channel = |name: &str| WriteChannel::floats(name, 1024, vec![1.0, 2.5, -3.0]);
    write_fcs(&[WriteDataSet {
        version,
        order: ByteOrder::Little,
        delimiter: b'/',
        channels: vec![channel("FITC-A"), channel("PE-A")],
        keywords: Vec::new(),
    }])
    .unwrap()
}

/// The file with an ANALYSIS segment after DATA, named by the HEADER, and a CRC word behind it.
fn with_analysis(version: FcsVersion, analysis: &[u8], word: &str) -> Vec<u8> {
    let mut bytes = written(version);
    if version >= FcsVersion::V3_0 {
        bytes.truncate(bytes.len() - 8);
    }
    let begin = bytes.len();
    bytes.extend(analysis);
    let offsets = format!("{begin:>8}{:>8}", begin + analysis.len() - 1);
    bytes[42..58].copy_from_slice(offsets.as_bytes());
    bytes.extend(word.as_bytes());
    bytes
}

fn lenient() -> ReadOptions {
    ReadOptions {
        tolerances: Tolerances::strict().with(Tolerance::UnreadableAnalysis),
        ..ReadOptions::default()
    }
}

/// Row Q10. An ANALYSIS segment is read past, its keywords are kept, and the events are the same as
/// without it, in every version, from memory and from a reader.
#[test]
fn analysis_keywords_are_kept() {
    for version in [FcsVersion::V2_0, FcsVersion::V3_0, FcsVersion::V3_1, FcsVersion::V3_2] {
        let plain = read_fcs(&written(version), &ReadOptions::default()).unwrap();
        let bytes = with_analysis(version, b"|GATE1|CD3|PERCENT|71.5|", "00000000");
        let file = read_fcs(&bytes, &ReadOptions::default()).unwrap();
        let (own, other) = (&file.data_sets[0], &plain.data_sets[0]);
        assert_eq!((own.analysis.get("GATE1"), own.analysis.get("PERCENT")), (Some("CD3"), Some("71.5")));
        assert_eq!((&own.columns, &own.keywords), (&other.columns, &other.keywords));
        assert!(other.analysis.is_empty() && own.tolerances_used == Tolerances::strict());
        let streamed = read_fcs_from(std::io::Cursor::new(&bytes), &ReadOptions::default()).unwrap();
        assert_eq!(
            (&streamed.data_sets[0].analysis, &streamed.data_sets[0].columns),
            (&own.analysis, &own.columns)
        );
        let report = analyse(&bytes, None, &AnalyseOptions::default()).unwrap().report;
        assert_eq!(report.analysis.len(), 2);
    }
}

/// Row Q10. Blank HEADER fields and room left blank are no analysis.
#[test]
fn blank_fields_and_blank_room_are_no_analysis() {
    let mut blank = written(FcsVersion::V3_1);
    blank[42..58].copy_from_slice(&[b' '; 16]);
    assert!(read_fcs(&blank, &ReadOptions::default()).unwrap().data_sets[0].analysis.is_empty());
    let room = with_analysis(FcsVersion::V3_1, &[b' '; 30], "00000000");
    assert!(read_fcs(&room, &ReadOptions::default()).unwrap().data_sets[0].analysis.is_empty());
}

/// Row Q10. An ANALYSIS segment that lies or cannot be read is refused by name; with the tolerance the
/// events are read and the note says why the segment was left out.
#[test]
fn unreadable_analysis_needs_its_tolerance() {
    let mut beyond = written(FcsVersion::V3_1);
    beyond[42..58].copy_from_slice(b"     10099999999");
    let mut letters = written(FcsVersion::V3_1);
    letters[42..58].copy_from_slice(b"     abc     def");
    let odd = with_analysis(FcsVersion::V3_1, b"|GATE1|CD3|PERCENT|", "00000000");
    for bytes in [beyond, letters, odd] {
        let error = read_fcs(&bytes, &ReadOptions::default()).unwrap_err();
        assert!(matches!(error, FcsError::Analysis { .. }), "{error}");
        assert!(error.to_string().contains("unreadable-analysis"), "{error}");
        let read = read_fcs(&bytes, &lenient()).unwrap();
        let own = &read.data_sets[0];
        assert!(own.analysis.is_empty() && own.notes.iter().any(|note| note.zh_tw.contains("ANALYSIS")));
        assert!(own.tolerances_used.allows(Tolerance::UnreadableAnalysis));
        assert_eq!(own.events, 3);
    }
}

/// CRC-16 with the CCITT polynomial, bit by bit.
fn ccitt(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |sum, byte| {
        (0..8).fold(sum ^ (u16::from(*byte) << 8), |sum, _| {
            if sum & 0x8000 == 0 { sum << 1 } else { (sum << 1) ^ 0x1021 }
        })
    })
}

/// Row Q10. A CRC word that agrees is said; one that agrees with no reading of the standard is said as
/// such and refuses nothing; zeros mean that none was computed.
#[test]
fn crc_words_are_checked_and_said() {
    let mut bytes = written(FcsVersion::V3_1);
    let silent = read_fcs(&bytes, &ReadOptions::default()).unwrap();
    assert!(silent.data_sets[0].notes.is_empty());
    let body = bytes.len() - 8;
    let right = format!("{:08}", ccitt(&bytes[..body]));
    bytes[body..].copy_from_slice(right.as_bytes());
    let notes = |bytes: &[u8]| -> Vec<String> {
        let file = read_fcs(bytes, &ReadOptions::default()).unwrap();
        file.data_sets[0].notes.iter().map(|note| note.en.clone()).collect()
    };
    assert_eq!(notes(&bytes), [format!("the CRC word {right} agrees")]);
    // One bit of one event changed: the file reads, and says that its sum no longer agrees.
    bytes[body - 1] ^= 0x20;
    let changed = notes(&bytes);
    assert!(changed.len() == 1 && changed[0].contains("agrees with no reading"), "{changed:?}");
}
