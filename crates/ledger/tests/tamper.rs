//! Any changed byte of a record, head, key, checkpoint or attachment is found,
//! and rewriting with database and key in hand is found against a checkpoint
//! kept elsewhere. Law 4.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::fs;
use std::path::Path;

use common::{attachment_key, attachments, checkpoint_key, fill};
use rusqlite::{Connection, params};
use vena_ledger::kill::next_random;
use vena_ledger::{
    CheckpointKey, Ledger, Position, Problem, Report, Secret, SqliteLedger, SqliteRaw, StorageFault,
    VerifyOptions, verify, verify_folder,
};

const DATABASE: &str = "ledger.db";
const PAGES: &str = "ledger.pages";

/// Opens the file for tampering: nothing durable, no log beside it.
fn tamper(folder: &Path) -> Connection {
    let connection = Connection::open(folder.join(DATABASE)).unwrap();
    let mode: String = connection.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "delete");
    connection.pragma_update(None, "synchronous", "OFF").unwrap();
    connection.pragma_update(None, "journal_mode", "MEMORY").unwrap();
    connection
}

fn content_report(folder: &Path) -> Report {
    verify(&SqliteRaw::open(folder).unwrap(), VerifyOptions::default())
}

fn whole_report(folder: &Path) -> Report {
    let store = attachments(folder);
    let key = attachment_key();
    verify_folder(
        folder,
        VerifyOptions {
            attachments: Some(&store),
            attachments_key: Some(&key),
            trusted: Some(checkpoint_key().public()),
            ..VerifyOptions::default()
        },
    )
}

#[test]
fn the_untouched_ledger_is_sound_and_covered_to_the_last_byte() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), "as it was");
    let report = whole_report(folder.path());
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!((report.records, report.streams, report.appends), (7, 3, 5));
    assert_eq!((report.checkpoints, report.attachments), (2, 1));
    assert_eq!(report.not_covered, Vec::<String>::new());
    assert_eq!(report.signed_by, [checkpoint_key().public()]);
}

/// Each byte of each text and blob column, in turn; found by content alone,
/// without the page checksums.
#[test]
fn every_byte_of_every_column_is_covered() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), "as it was");
    fs::remove_file(folder.path().join(PAGES)).unwrap();
    let connection = tamper(folder.path());
    assert!(content_report(folder.path()).is_sound());
    let columns = [
        ("records", "position", "record", "BLOB"),
        ("heads", "position", "hash", "BLOB"),
        ("heads", "position", "stream", "TEXT"),
        ("keys", "position", "key", "TEXT"),
        ("checkpoints", "number", "checkpoint", "BLOB"),
        ("meta", "id", "ledger_id", "BLOB"),
    ];
    let mut flips = 0;
    for (table, id, column, kind) in columns {
        let rows: Vec<(i64, Vec<u8>)> = connection
            .prepare(&format!("SELECT {id}, CAST({column} AS BLOB) FROM {table}"))
            .unwrap()
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert!(!rows.is_empty());
        let sql = format!("UPDATE {table} SET {column} = CAST(?2 AS {kind}) WHERE {id} = ?1");
        let mut update = connection.prepare(&sql).unwrap();
        for (row, bytes) in rows {
            for at in 0..bytes.len() {
                let mut changed = bytes.clone();
                // In text a bit is taken that turns no name into another's.
                changed[at] ^= if kind == "TEXT" { 64 } else { 1 << (at % 8) };
                assert_eq!(update.execute(params![row, changed]).unwrap(), 1);
                let report = content_report(folder.path());
                let first = report.first();
                assert!(first.is_some(), "{table}.{column} row {row} byte {at} is not covered");
                if table == "records" {
                    let named = first.and_then(|finding| finding.position);
                    assert_eq!(named, Some(Position(row as u64)), "byte {at}: {first:?}");
                }
                update.execute(params![row, bytes]).unwrap();
                flips += 1;
            }
        }
    }
    assert!(content_report(folder.path()).is_sound());
    assert!(flips > 1_500, "{flips}");
}

#[test]
fn every_number_column_is_covered() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), "as it was");
    fs::remove_file(folder.path().join(PAGES)).unwrap();
    let connection = tamper(folder.path());
    let columns = [
        ("records", "position"),
        ("heads", "seq"),
        ("heads", "position"),
        ("keys", "position"),
        ("indexed", "position"),
        ("checkpoints", "number"),
    ];
    for (table, column) in columns {
        let numbers: Vec<i64> = connection
            .prepare(&format!("SELECT {column} FROM {table}"))
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        for number in numbers {
            for byte in 0..8 {
                // 64 is beyond every number in this ledger, so no row is hit twice.
                let changed = number ^ (64 << (8 * byte));
                let sql = format!(
                    "UPDATE {table} SET {column} = ?2 WHERE rowid IN
                     (SELECT rowid FROM {table} WHERE {column} = ?1 LIMIT 1)"
                );
                let sql = if matches!(table, "heads" | "keys") {
                    format!("UPDATE {table} SET {column} = ?2 WHERE {column} = ?1")
                } else {
                    sql
                };
                assert!(connection.execute(&sql, params![number, changed]).unwrap() >= 1);
                let report = content_report(folder.path());
                assert!(!report.is_sound(), "{table}.{column} {number} to {changed}");
                let back = format!("UPDATE {table} SET {column} = ?1 WHERE {column} = ?2");
                connection.execute(&back, params![number, changed]).unwrap();
            }
        }
    }
    assert!(content_report(folder.path()).is_sound());
}

fn all_bodies(folder: &Path) -> Option<Vec<(String, u64, Vec<u8>)>> {
    let ledger = SqliteLedger::open(folder).ok()?;
    let events = ledger.read_all(Position(0), 100).ok()?;
    let bodies = events.into_iter();
    Some(bodies.map(|e| (e.stream.as_str().to_owned(), e.seq, e.body)).collect())
}

/// Any byte of the closed file: with the page checksums always found; without
/// them found, or without effect on anything recorded and named as not covered.
#[test]
fn every_byte_of_the_closed_file_is_found_or_named() {
    let original = tempfile::tempdir().unwrap();
    fill(original.path(), "as it was");
    let bytes = fs::read(original.path().join(DATABASE)).unwrap();
    let expected = all_bodies(original.path()).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let (mut random, mut silent, mut found) = (20_261_120, 0, 0);
    for round in 0..300 {
        let folder = scratch.path().join(round.to_string());
        fs::create_dir(&folder).unwrap();
        let mut changed = bytes.clone();
        let at = (next_random(&mut random) as usize) % changed.len();
        changed[at] ^= 1 << (next_random(&mut random) % 8);
        fs::write(folder.join(DATABASE), &changed).unwrap();
        fs::copy(original.path().join(PAGES), folder.join(PAGES)).unwrap();
        let with_checksums = verify_folder(&folder, VerifyOptions::default());
        assert!(!with_checksums.is_sound(), "byte {at} is not found");
        fs::remove_file(folder.join(PAGES)).unwrap();
        let without = verify_folder(&folder, VerifyOptions::default());
        if without.is_sound() {
            silent += 1;
            assert!(without.not_covered.iter().any(|name| name.starts_with("ledger.db: free pages")));
            assert_eq!(all_bodies(&folder).as_ref(), Some(&expected), "byte {at}");
        } else {
            found += 1;
        }
        fs::remove_dir_all(&folder).unwrap();
    }
    assert!(silent > 0 && found > 0, "silent {silent}, found {found}");
}

/// A log left by a crash: a changed byte is found, has no effect, or stands in
/// the last transaction, which is named.
#[test]
fn a_damaged_log_is_found_up_to_its_last_transaction() {
    const FRAME: usize = 24 + 8192;
    let original = tempfile::tempdir().unwrap();
    let image = tempfile::tempdir().unwrap();
    let log_name = "ledger.db-wal";
    let ledger = SqliteLedger::create(original.path(), common::LEDGER_ID).unwrap();
    for number in 0..12 {
        let event = common::noted(&format!("journey/{}", number % 3), &"x".repeat(600));
        let append = vena_ledger::Append::new(format!("{number:02}"), vec![event]);
        ledger.append(append).unwrap();
    }
    // What a crash would leave: both files as they are now.
    for name in [DATABASE, log_name] {
        fs::copy(original.path().join(name), image.path().join(name)).unwrap();
    }
    ledger.close().unwrap();
    let expected = all_bodies(original.path()).unwrap();
    let (database, log) =
        (fs::read(image.path().join(DATABASE)).unwrap(), fs::read(image.path().join(log_name)).unwrap());
    let restore = |log: &[u8]| {
        let _ = fs::remove_file(image.path().join("ledger.db-shm"));
        let _ = fs::remove_file(image.path().join(PAGES));
        fs::write(image.path().join(DATABASE), &database).unwrap();
        fs::write(image.path().join(log_name), log).unwrap();
    };
    restore(&log);
    let report = verify_folder(image.path(), VerifyOptions::default());
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!(report.records, 12);
    // The last transaction begins after the last commit frame but one; a commit
    // frame names the size of the database in its second word.
    let frames = (log.len() - 32) / FRAME;
    let commits = (0..frames).filter(|frame| {
        let at = 32 + frame * FRAME + 4;
        log[at..at + 4] != [0; 4]
    });
    let last_begins = 32 + FRAME * (commits.rev().nth(1).unwrap() + 1);
    let (mut random, mut found, mut last) = (7, 0, 0);
    for _ in 0..200 {
        let at = (next_random(&mut random) as usize) % log.len();
        let mut changed = log.clone();
        changed[at] ^= 1 << (next_random(&mut random) % 8);
        restore(&changed);
        let report = verify_folder(image.path(), VerifyOptions::default());
        if report.is_sound() {
            assert!(at >= last_begins, "byte {at} of {} is not found", log.len());
            assert!(report.not_covered.iter().any(|name| name.starts_with("ledger.db-wal")));
            last += 1;
        } else {
            let refused = SqliteLedger::open(image.path());
            assert!(matches!(refused, Err(StorageFault::DamagedLog(_))), "byte {at}");
            found += 1;
        }
    }
    assert!(found > 120 && found + last == 200, "found {found}, in the last transaction {last}");
    let mut changed = log.clone();
    changed[last_begins - 1] ^= 1;
    restore(&changed);
    let rest = SqliteLedger::open_accepting_loss(image.path()).unwrap();
    assert_eq!(rest.position().unwrap(), Position(10));
    drop(rest);
    restore(&log);
    assert_eq!(all_bodies(image.path()), Some(expected));
}

#[test]
fn a_damaged_page_checksum_file_is_found() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), "as it was");
    let path = folder.path().join(PAGES);
    let bytes = fs::read(&path).unwrap();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 4;
        fs::write(&path, changed).unwrap();
        assert!(!content_report(folder.path()).is_sound(), "byte {at}");
    }
}

#[test]
fn every_byte_of_an_attachment_is_covered() {
    let folder = tempfile::tempdir().unwrap();
    let file = fill(folder.path(), "as it was");
    assert_eq!(file.checkpoint.number, 1);
    let store = attachments(folder.path());
    let path = store.path(&store.list().unwrap()[0]);
    let bytes = fs::read(&path).unwrap();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        fs::write(&path, changed).unwrap();
        let report = whole_report(folder.path());
        let first = report.first().unwrap();
        assert!(matches!(first.problem, Problem::Attachment { .. }), "byte {at}: {first}");
        assert_eq!(first.position, Some(Position(1)));
    }
    fs::remove_file(&path).unwrap();
    assert!(!whole_report(folder.path()).is_sound());
}

/// What SQL can do without the signing key.
#[test]
fn removed_and_added_rows_are_found() {
    type Expected = fn(&Problem) -> bool;
    let cases: [(&str, Expected); 7] = [
        ("DELETE FROM records WHERE position = 3", |p| {
            matches!(p, Problem::MissingRecords { from: 3, to: 3 })
        }),
        ("DELETE FROM records WHERE position = 7", |p| matches!(p, Problem::WrongHead { .. })),
        ("DELETE FROM records WHERE position >= 5", |p| {
            matches!(p, Problem::PartialAppend { first: 3, found: 2, count: 3 })
        }),
        ("DELETE FROM heads WHERE stream = 'journey/2'", |p| matches!(p, Problem::MissingHead)),
        ("INSERT INTO heads VALUES ('journey/9', 1, 1, x'00')", |p| matches!(p, Problem::HeadOfNothing)),
        ("DELETE FROM keys WHERE key = '03'", |p| matches!(p, Problem::MissingKey)),
        ("DELETE FROM checkpoints WHERE number = 1", |p| {
            matches!(p, Problem::CheckpointNumber { number: 2, expected: 1 })
        }),
    ];
    for (sql, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        fill(folder.path(), "as it was");
        fs::remove_file(folder.path().join(PAGES)).unwrap();
        let connection = tamper(folder.path());
        assert!(connection.execute(sql, []).unwrap() > 0);
        let report = content_report(folder.path());
        let first = report.first().unwrap_or_else(|| panic!("{sql} is not found"));
        assert!(expected(&first.problem), "{sql}: {first}");
    }
}

/// Whoever holds database and key can write another history that is sound by
/// itself. Only a checkpoint kept elsewhere shows it.
#[test]
fn a_rewritten_or_cut_history_is_found_against_a_checkpoint_kept_elsewhere() {
    let honest = tempfile::tempdir().unwrap();
    let kept = fill(honest.path(), "as it was");
    let text = serde_json::to_string_pretty(&kept).unwrap();
    let kept = serde_json::from_str(&text).unwrap();
    let against = |folder: &Path| {
        verify_folder(
            folder,
            VerifyOptions {
                against: Some(&kept),
                trusted: Some(checkpoint_key().public()),
                ..VerifyOptions::default()
            },
        )
    };
    let report = against(honest.path());
    assert!(report.is_sound(), "{:?}", report.findings);

    let rewritten = tempfile::tempdir().unwrap();
    fill(rewritten.path(), "as they wish");
    assert!(verify_folder(rewritten.path(), VerifyOptions::default()).is_sound());
    let report = against(rewritten.path());
    let first = report.first().unwrap();
    assert!(
        matches!(&first.problem, Problem::Rewritten { stream, seq: 2, .. }
        if stream == "journey/1"),
        "{first}"
    );
    assert_eq!(first.position, Some(Position(2)));

    let cut = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::create(cut.path(), common::LEDGER_ID).unwrap();
    ledger.append(vena_ledger::Append::new("01", vec![common::noted("a/1", "1")])).unwrap();
    ledger.close().unwrap();
    assert!(verify_folder(cut.path(), VerifyOptions::default()).is_sound());
    let report = against(cut.path());
    let is_cut = |p: &Problem| matches!(p, Problem::CutShort { seq: 2, .. });
    assert!(report.findings.iter().any(|finding| is_cut(&finding.problem)));
}

#[test]
fn another_signer_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), "as it was");
    let other = CheckpointKey::new(&Secret::new([9; 32])).public();
    let options = VerifyOptions { trusted: Some(other), ..VerifyOptions::default() };
    let report = verify_folder(folder.path(), options);
    assert_eq!(report.findings.len(), 2);
    assert!(report.findings[0].to_string().contains(&other.to_string()));
}

/// Each character of an exported proof and checkpoint.
#[test]
fn a_changed_proof_or_checkpoint_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let kept = fill(folder.path(), "as it was");
    let public = checkpoint_key().public();
    let ledger = SqliteLedger::open(folder.path()).unwrap();
    let proof = ledger.prove(&"journey/2".into()).unwrap().unwrap();
    let proof = serde_json::to_string(&proof).unwrap();
    let kept = serde_json::to_string(&kept).unwrap();
    let accepts_proof =
        |text: &str| serde_json::from_str(text).is_ok_and(|p| vena_ledger::verify_proof(&p, public).is_ok());
    let accepts_file = |text: &str| {
        serde_json::from_str::<vena_ledger::CheckpointFile>(text)
            .is_ok_and(|file| file.check(Some(public)).is_ok())
    };
    assert!(accepts_proof(&proof) && accepts_file(&kept));
    for (text, accepts) in [(&proof, &accepts_proof as &dyn Fn(&str) -> bool), (&kept, &accepts_file)] {
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= 1;
            if let Ok(changed) = String::from_utf8(changed) {
                assert!(!accepts(&changed), "character {at}: {changed}");
            }
        }
    }
}
