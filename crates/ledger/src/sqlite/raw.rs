//! The database's bytes, in order and unjudged, for `verify`.
//!
//! Must not know: what makes a record right.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row};

use super::pages::{self, PageCheck};
use super::{DATABASE_FILE, LOCK_FILE, PAGES_FILE, check_format, fault};
use super::{log, read};
use crate::ledger::{FileCheck, RawHead, RawStore, StorageFault};

/// A ledger opened only to be verified. Sees one moment of it, also while a
/// server writes; changes nothing.
pub struct SqliteRaw {
    connection: Connection,
    folder: PathBuf,
    log_bytes: u64,
    in_use: bool,
}

/// Blob or text as bytes; any other type cannot be what was written and reads
/// as nothing, which no check accepts.
fn bytes_of<'row>(row: &'row Row<'_>, column: usize) -> &'row [u8] {
    match row.get_ref(column) {
        Ok(ValueRef::Blob(bytes) | ValueRef::Text(bytes)) => bytes,
        _ => &[],
    }
}

/// A count; anything else reads as the largest number, which none has.
fn number_of(row: &Row<'_>, column: usize) -> u64 {
    row.get::<_, i64>(column).map_or(u64::MAX, i64::cast_unsigned)
}

fn in_use(folder: &Path) -> bool {
    fs::File::open(folder.join(LOCK_FILE))
        .is_ok_and(|file| matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
}

impl SqliteRaw {
    /// Opens the ledger in `folder` read-only. No server is needed, and none is
    /// disturbed.
    ///
    /// # Errors
    /// [`StorageFault`].
    pub fn open(folder: &Path) -> Result<Self, StorageFault> {
        let path = folder.join(DATABASE_FILE);
        if !path.exists() {
            return Err(StorageFault::Missing(folder.to_owned()));
        }
        let log = folder.join(format!("{DATABASE_FILE}-wal"));
        let log_bytes = fs::metadata(log).map_or(0, |about| about.len());
        let in_use = in_use(folder);
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        // With no log and no writer the file is all there is, and opening it as
        // immutable leaves no trace beside it.
        let mode = if log_bytes == 0 && !in_use { "?immutable=1" } else { "" };
        let uri = format!("file:{}{mode}", uri_path(&path));
        let connection = Connection::open_with_flags(uri, flags).map_err(fault)?;
        check_format(&connection, folder)?;
        connection.execute_batch("BEGIN; SELECT count(*) FROM meta;").map_err(fault)?;
        Ok(Self { connection, folder: folder.to_owned(), log_bytes, in_use })
    }

    fn each_row(&self, sql: &str, each: &mut dyn FnMut(&Row<'_>) -> bool) -> Result<(), StorageFault> {
        let mut statement = self.connection.prepare(sql).map_err(fault)?;
        let mut rows = statement.query([]).map_err(fault)?;
        while let Some(row) = rows.next().map_err(fault)? {
            if !each(row) {
                break;
            }
        }
        Ok(())
    }

    fn name_not_covered(&self, check: &mut FileCheck, sealed: bool) {
        if !sealed {
            let why = if self.in_use {
                "it is open in a running program"
            } else {
                "it was not closed cleanly after its last write"
            };
            check.not_covered.push(format!(
                "{DATABASE_FILE}: free pages, unused bytes inside pages and SQLite's own page \
                 and file headers, as far as SQLite's integrity check does not notice them: \
                 there are no page checksums because {why}"
            ));
        }
        if self.log_bytes > 0 {
            check.not_covered.push(format!(
                "{DATABASE_FILE}-wal ({} bytes): its last transaction, and while a program writes all of \
                 it, beyond SQLite's own frame checksums; a damaged frame ends the log there, which \
                 looks like a ledger that ended earlier and is found by comparing with a later \
                 checkpoint kept elsewhere",
                self.log_bytes
            ));
            check.not_covered.push(format!("{DATABASE_FILE}-shm: an index SQLite rebuilds from the log"));
        }
    }
}

/// Percent-encodes what a file URI gives a meaning to.
fn uri_path(path: &Path) -> String {
    let mut out = String::new();
    for character in path.to_string_lossy().chars() {
        match character {
            '%' => out.push_str("%25"),
            '?' => out.push_str("%3f"),
            '#' => out.push_str("%23"),
            other => out.push(other),
        }
    }
    out
}

impl RawStore for SqliteRaw {
    fn raw_ledger_id(&self) -> Result<Vec<u8>, StorageFault> {
        self.connection
            .query_row("SELECT ledger_id FROM meta WHERE id = 1", [], |row| Ok(bytes_of(row, 0).to_vec()))
            .optional()
            .map(Option::unwrap_or_default)
            .map_err(fault)
    }

    fn raw_records(&self, each: &mut dyn FnMut(u64, &[u8]) -> bool) -> Result<(), StorageFault> {
        self.each_row("SELECT position, record FROM records ORDER BY position", &mut |row| {
            each(number_of(row, 0), bytes_of(row, 1))
        })
    }

    fn raw_record(&self, position: u64) -> Result<Option<Vec<u8>>, StorageFault> {
        self.connection
            .prepare_cached("SELECT record FROM records WHERE position = ?1")
            .and_then(|mut statement| {
                statement.query_row([position.cast_signed()], |row| Ok(bytes_of(row, 0).to_vec())).optional()
            })
            .map_err(fault)
    }

    fn raw_heads(&self, each: &mut dyn FnMut(RawHead<'_>)) -> Result<(), StorageFault> {
        self.each_row("SELECT stream, seq, position, hash FROM heads ORDER BY stream", &mut |row| {
            each(RawHead {
                stream: bytes_of(row, 0),
                seq: number_of(row, 1),
                position: number_of(row, 2),
                hash: bytes_of(row, 3),
            });
            true
        })
    }

    fn raw_keys(&self, each: &mut dyn FnMut(&[u8], u64)) -> Result<(), StorageFault> {
        self.each_row("SELECT key, position FROM keys ORDER BY key", &mut |row| {
            each(bytes_of(row, 0), number_of(row, 1));
            true
        })
    }

    fn raw_indexed(&self) -> Result<Option<u64>, StorageFault> {
        read::indexed(&self.connection)
    }

    fn raw_checkpoints(&self, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StorageFault> {
        self.each_row("SELECT number, checkpoint FROM checkpoints ORDER BY number", &mut |row| {
            each(number_of(row, 0), bytes_of(row, 1));
            true
        })
    }

    fn check_files(&self) -> Result<FileCheck, StorageFault> {
        let mut check = FileCheck::default();
        let database = self.folder.join(DATABASE_FILE);
        let sealed = match pages::check(&database, &self.folder.join(PAGES_FILE))? {
            PageCheck::Same(digest) => {
                check.pages_digest = Some(digest);
                true
            }
            PageCheck::Differs(damage) => {
                check.damage.extend(damage);
                true
            }
            PageCheck::None => false,
        };
        // Where every byte is as it was closed, SQLite's own check of its
        // structure would only read everything once more.
        if check.pages_digest.is_none() {
            self.each_row("PRAGMA integrity_check(20)", &mut |row| {
                let said = String::from_utf8_lossy(bytes_of(row, 0)).into_owned();
                if said != "ok" {
                    check.damage.push(format!("{DATABASE_FILE}: {said}"));
                }
                true
            })?;
        }
        // While a program writes, the log changes under the reader.
        if self.log_bytes > 0 && !self.in_use {
            let log = self.folder.join(format!("{DATABASE_FILE}-wal"));
            check.damage.extend(log::check(&log)?);
        }
        self.name_not_covered(&mut check, sealed);
        Ok(check)
    }
}
