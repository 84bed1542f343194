//! Ledgers written when each version of the tables was new are read and verified for ever, and events of old
//! shapes are lifted. Records have the same bytes in all of them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{attachment_key, attachments, checkpoint_key};
use vena_ledger::lift::{LiftError, Step};
use vena_ledger::record::{RECORD_VERSION, Record, RecordError};
use vena_ledger::{
    CheckpointFile, Digest, Ledger, Lift, Lifts, Position, SqliteLedger, VerifyOptions, verify_folder,
    verify_proof,
};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Every version there ever was.
const VERSIONS: [&str; 2] = ["v1", "v2"];

fn fixture(version: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let kept = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(version);
    copy(&kept, folder.path());
    folder
}

#[test]
fn every_version_verifies() {
    for version in VERSIONS {
        let folder = fixture(version);
        let text = fs::read_to_string(folder.path().join("kept.checkpoint.json")).unwrap();
        let kept: CheckpointFile = serde_json::from_str(&text).unwrap();
        let (store, key) = (attachments(folder.path()), attachment_key());
        let report = verify_folder(
            folder.path(),
            VerifyOptions {
                against: Some(&kept),
                trusted: Some(checkpoint_key().public()),
                attachments: Some(&store),
                attachments_key: Some(&key),
                progress: None,
            },
        );
        assert!(report.is_sound(), "{version}: {:?}", report.findings);
        assert_eq!((report.records, report.checkpoints, report.attachments), (7, 2, 1));
        assert_eq!(report.not_covered, Vec::<String>::new());
    }
}

#[test]
fn every_version_reads_byte_for_byte_and_can_be_added_to() {
    for version in VERSIONS {
        let folder = fixture(version);
        let ledger = SqliteLedger::open(folder.path()).unwrap();
        let journey = ledger.read_stream(&"journey/2".into(), 0).unwrap();
        assert_eq!(journey[0].body, b"{ \"n\" : 1.50 }");
        assert_eq!(journey[1].body, "{\"姓\":\"氏\"}".as_bytes());
        let first = &ledger.read_all(Position(0), 1).unwrap()[0];
        assert_eq!(first.happened.as_deref(), Some("2026-11-19"));
        let mut plain = Vec::new();
        attachments(folder.path()).load(&attachment_key(), &first.attachments[0], &mut plain).unwrap();
        assert_eq!(plain, common::ATTACHMENT_TEXT);
        let proof = ledger.prove(&"container/A".into()).unwrap().unwrap();
        verify_proof(&proof, checkpoint_key().public()).unwrap();
        // The key of an append is known in every version, the heads too.
        let again = vena_ledger::Append::new("04", vec![common::noted("container/A", "[]")]);
        assert!(ledger.append(again).unwrap().replayed);
        let added = common::noted("journey/2", "{}");
        let append = vena_ledger::Append::new("06", vec![added]);
        ledger.append(append.read("journey/2", Some(journey[1].head()))).unwrap();
        ledger.close().unwrap();
        let report = verify_folder(folder.path(), VerifyOptions::default());
        assert!(report.is_sound(), "{version}: {:?}", report.findings);
        assert_eq!(report.records, 8);
    }
}

/// Reading alone changes nothing, not even the version of the tables.
#[test]
fn reading_an_old_ledger_leaves_every_byte() {
    let folder = fixture("v1");
    let database = folder.path().join("ledger.db");
    let before = fs::read(&database).unwrap();
    let ledger = SqliteLedger::open(folder.path()).unwrap();
    assert_eq!(ledger.read_all(Position(0), 10).unwrap().len(), 7);
    ledger.close().unwrap();
    assert!(fs::read(&database).unwrap() == before);
}

/// The bytes of one record, written out, so that a change of the encoding
/// cannot pass unnoticed.
#[test]
fn every_version_has_these_hashes() {
    for version in VERSIONS {
        let folder = fixture(version);
        let ledger = SqliteLedger::open(folder.path()).unwrap();
        let events = ledger.read_all(Position(0), 10).unwrap();
        let hashes: String = events.iter().map(|event| format!("{}\n", event.hash)).collect();
        let expected = include_str!("fixtures/v1/hashes.txt");
        assert_eq!(hashes, expected);
    }
}

#[test]
fn bytes_that_are_no_record_are_refused_without_a_panic() {
    assert!(matches!(Record::decode(&[]), Err(RecordError::Short { .. })));
    let mut unknown = vec![RECORD_VERSION + 1];
    unknown.extend_from_slice(&Digest::of(b"").0);
    assert_eq!(Record::decode(&unknown), Err(RecordError::UnknownVersion(RECORD_VERSION + 1)));
}

proptest::proptest! {
    #[test]
    fn any_bytes_decode_or_are_refused(bytes in proptest::collection::vec(0_u8.., 0..400)) {
        let _ = Record::decode(&bytes);
        let _ = vena_ledger::Checkpoint::decode(&bytes);
    }
}

fn renamed(body: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(body).replace("\"n\"", "\"number\"").into_bytes()
}

fn marked(body: &[u8]) -> Vec<u8> {
    [b"[", body, b"]"].concat()
}

#[test]
fn old_shapes_are_lifted_and_stored_bytes_stay() {
    let folder = fixture("v1");
    let ledger = SqliteLedger::open(folder.path()).unwrap();
    let event = &ledger.read_stream(&"journey/2".into(), 0).unwrap()[0];
    let steps: [Step; 2] = [renamed, marked];
    let lifts = Lifts::new().event("noted", &steps);
    let lifted = lifts.lift_event(event).unwrap();
    assert_eq!(lifted.version, 3);
    assert_eq!(&*lifted.body, b"[{ \"number\" : 1.50 }]");
    assert_eq!(&*lifts.lift("noted", 2, b"1").unwrap().body, b"[1]");
    assert_eq!(&*lifts.lift("noted", 3, b"1").unwrap().body, b"1");
    let newer = lifts.lift("noted", 4, b"1");
    assert!(matches!(newer, Err(LiftError::Newer { found: 4, newest: 3, .. })));
    assert!(matches!(lifts.lift("other", 1, b"1"), Err(LiftError::UnknownType(_))));
    assert_eq!(ledger.read_stream(&"journey/2".into(), 0).unwrap()[0], *event);
}
