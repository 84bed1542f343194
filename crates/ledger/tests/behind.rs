//! The tables of heads and keys may be behind the records: what a crash leaves is read, verified and gone on
//! with, and damage to what they say is found all the same. Law 4.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::path::Path;

use common::{checkpoint_key, noted};
use rusqlite::Connection;
use vena_ledger::conformance::one;
use vena_ledger::{
    Append, AppendError, Head, Ledger, Position, Problem, SqliteLedger, StorageFault, VerifyOptions,
    verify_folder,
};

/// As many records as the tables may be behind before they are written; see `sqlite/index.rs`.
const BEHIND_MAX: usize = 16_384;

/// The files of an open ledger as a crash at this moment would leave them.
fn crash(of: &Path) -> tempfile::TempDir {
    let image = tempfile::tempdir().unwrap();
    for name in ["ledger.db", "ledger.db-wal"] {
        fs::copy(of.join(name), image.path().join(name)).unwrap();
    }
    image
}

fn rows(folder: &Path, table: &str) -> i64 {
    let connection = Connection::open(folder.join("ledger.db")).unwrap();
    connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

fn reaches(folder: &Path) -> i64 {
    let connection = Connection::open(folder.join("ledger.db")).unwrap();
    connection.query_row("SELECT position FROM indexed", [], |row| row.get(0)).unwrap()
}

fn started(folder: &Path) -> SqliteLedger {
    let ledger = SqliteLedger::create(folder, [6; 16]).unwrap();
    for number in 0..10 {
        ledger.append(one(&format!("a{number}"), &format!("journey/{}", number % 3), "1")).unwrap();
    }
    ledger.write_checkpoint(&checkpoint_key(), "2026-11-20T08:30:00+08:00").unwrap();
    for number in 0..7 {
        let events = vec![noted("journey/2", "2"), noted(&format!("lot/{number}"), "3")];
        ledger.append(Append::new(format!("b{number}"), events)).unwrap();
    }
    ledger
}

fn heads(ledger: &SqliteLedger) -> Vec<(String, Head)> {
    let streams = ledger.streams("").unwrap().into_iter();
    streams.map(|(stream, head)| (stream.as_str().to_owned(), head)).collect()
}

#[test]
fn what_a_crash_leaves_is_sound_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = started(folder.path());
    let image = crash(folder.path());
    let report = verify_folder(image.path(), VerifyOptions::default());
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!((report.records, report.streams, report.appends), (24, 10, 17));
    // The tables were written with the checkpoint and not since.
    assert_eq!((reaches(image.path()), rows(image.path(), "heads"), rows(image.path(), "keys")), (10, 3, 10));
    let after = SqliteLedger::open(image.path()).unwrap();
    assert_eq!(heads(&after), heads(&ledger));
    for (stream, head) in heads(&after) {
        let events = after.read_stream(&stream.as_str().into(), 0).unwrap();
        assert_eq!(events.last().unwrap().head(), head, "{stream}");
        assert_eq!(after.head(&stream.as_str().into()).unwrap(), Some(head));
    }
    assert_eq!(after.latest_checkpoint().unwrap(), ledger.latest_checkpoint().unwrap());
    // Keys from before and after the checkpoint are known, with their content.
    let repeat = Append::new("b3", vec![noted("journey/2", "2"), noted("lot/3", "3")]);
    assert!(after.append(repeat).unwrap().replayed);
    assert!(after.append(one("a3", "journey/0", "1")).unwrap().replayed);
    let other = after.append(one("b3", "journey/2", "other")).unwrap_err();
    assert!(matches!(other, AppendError::KeyReused { first_position: Position(17), .. }), "{other}");
    let head = after.head(&"lot/3".into()).unwrap();
    after.append(one("c", "lot/3", "4").read("lot/3", head)).unwrap();
    let stale = after.append(one("d", "lot/3", "5").read("lot/3", head)).unwrap_err();
    assert!(matches!(stale, AppendError::Conflict { .. }));
    after.close().unwrap();
    let report = verify_folder(image.path(), VerifyOptions::default());
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!(report.not_covered, Vec::<String>::new());
    assert_eq!(
        (reaches(image.path()), rows(image.path(), "heads"), rows(image.path(), "keys")),
        (25, 10, 18)
    );
}

#[test]
fn the_tables_are_written_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::create(folder.path(), [6; 16]).unwrap();
    let small = |number: usize| one(&format!("k{number:06}"), &format!("journey/{}", number % 40), "");
    for answer in ledger.append_all((0..BEHIND_MAX + 100).map(small).collect()) {
        answer.unwrap();
    }
    let image = crash(folder.path());
    let reached = reaches(image.path());
    assert!(reached >= i64::try_from(BEHIND_MAX).unwrap(), "{reached}");
    assert_eq!(rows(image.path(), "keys"), reached);
    let report = verify_folder(image.path(), VerifyOptions::default());
    assert!(report.is_sound(), "{:?}", report.findings);
    // An old key is found in the table, a greater one needs no look, one in between is new.
    assert!(ledger.append(small(5)).unwrap().replayed);
    assert!(!ledger.append(one("k000005b", "journey/5", "")).unwrap().replayed);
    assert!(ledger.append(one("k000005b", "journey/5", "")).unwrap().replayed);
    assert!(!ledger.append(one("l", "journey/5", "")).unwrap().replayed);
    assert_eq!(SqliteLedger::open(image.path()).unwrap().streams("journey/").unwrap().len(), 40);
}

/// A change of what the tables say, while they are behind, is found like any other.
#[test]
fn damage_to_tables_that_are_behind_is_found() {
    type Expected = fn(&Problem) -> bool;
    let folder = tempfile::tempdir().unwrap();
    let ledger = started(folder.path());
    let cases: [(&str, Expected); 9] = [
        ("UPDATE indexed SET position = 9", |p| matches!(p, Problem::WrongHead { .. })),
        ("UPDATE indexed SET position = 12", |p| matches!(p, Problem::WrongHead { .. })),
        ("UPDATE indexed SET position = 24", |p| matches!(p, Problem::WrongHead { .. })),
        ("UPDATE indexed SET position = 25", |p| matches!(p, Problem::WrongHead { .. })),
        ("DELETE FROM indexed", |p| matches!(p, Problem::Storage(_))),
        ("DELETE FROM heads WHERE stream = 'journey/2'", |p| matches!(p, Problem::MissingHead)),
        ("UPDATE heads SET seq = seq + 1 WHERE stream = 'journey/2'", |p| {
            matches!(p, Problem::WrongHead { .. })
        }),
        ("DELETE FROM keys WHERE key = 'a4'", |p| matches!(p, Problem::MissingKey)),
        ("INSERT INTO keys VALUES ('b0', 11)", |p| matches!(p, Problem::MissingKey)),
    ];
    for (sql, expected) in cases {
        let image = crash(folder.path());
        let connection = Connection::open(image.path().join("ledger.db")).unwrap();
        assert!(connection.execute(sql, []).unwrap() > 0, "{sql}");
        drop(connection);
        let report = verify_folder(image.path(), VerifyOptions::default());
        let first = report.first().unwrap_or_else(|| panic!("{sql} is not found"));
        assert!(expected(&first.problem), "{sql}: {first}");
    }
    drop(ledger);
}

/// A record beyond the tables that does not fit keeps the ledger from being opened for writing.
#[test]
fn damage_beyond_the_tables_is_not_written_upon() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = started(folder.path());
    for (sql, damaged) in [
        ("UPDATE records SET record = zeroblob(300) WHERE position = 15", true),
        ("DELETE FROM records WHERE position = 15", false),
    ] {
        let image = crash(folder.path());
        let connection = Connection::open(image.path().join("ledger.db")).unwrap();
        assert_eq!(connection.execute(sql, []).unwrap(), 1);
        drop(connection);
        let refused = SqliteLedger::open(image.path()).err();
        match refused {
            Some(StorageFault::Damaged { position: Position(15), .. }) => assert!(damaged),
            Some(StorageFault::BrokenChain { position: Position(15), .. }) => assert!(!damaged),
            other => panic!("{sql}: {other:?}"),
        }
        assert!(!verify_folder(image.path(), VerifyOptions::default()).is_sound());
    }
    drop(ledger);
}
