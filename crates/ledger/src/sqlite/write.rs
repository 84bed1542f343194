//! The writing side: turns appends into rows inside one transaction.
//!
//! Must not know: who waits for the commit, how readers read.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{fault, pages, read};
use crate::checkpoint::{Checkpoint, CheckpointFile, head_leaf};
use crate::keys::CheckpointKey;
use crate::ledger::{AppendError, StorageFault, check_append};
use crate::record::{self, Placement, Record, stream_start};
use crate::types::{Append, Appended, Digest, Head, Position, StreamId};

/// Streams whose heads are kept in memory; beyond it the memory starts afresh.
const HEADS_KEPT: usize = 65_536;
/// Pages of the write-ahead log after which SQLite copies it back.
const CHECKPOINT_PAGES: i64 = 4_000;
const STATEMENTS_KEPT: usize = 32;

/// A stream's head as this transaction has it.
#[derive(Clone, Copy)]
struct HeadRow {
    seq: u64,
    hash: Digest,
    position: u64,
    stored: bool,
    changed: bool,
}

impl HeadRow {
    fn head(&self) -> Option<Head> {
        (self.seq > 0).then_some(Head { seq: self.seq, hash: self.hash })
    }
}

pub(super) struct Writer {
    connection: Connection,
    ledger_id: [u8; 16],
    heads: HashMap<StreamId, HeadRow>,
    changed: Vec<StreamId>,
    next_position: u64,
    buffer: Vec<u8>,
    pages_file: PathBuf,
    pages_file_gone: bool,
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        ledger_id: [u8; 16],
        pages_file: PathBuf,
    ) -> Result<Self, StorageFault> {
        connection.pragma_update(None, "synchronous", "FULL").map_err(fault)?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES).map_err(fault)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        let mut writer = Self {
            connection,
            ledger_id,
            heads: HashMap::new(),
            changed: Vec::new(),
            next_position: 1,
            buffer: Vec::with_capacity(4096),
            pages_file,
            pages_file_gone: false,
        };
        writer.forget()?;
        Ok(writer)
    }

    pub(super) fn last_position(&self) -> u64 {
        self.next_position - 1
    }

    pub(super) fn limit_pages(&mut self, pages: Option<u32>) -> Result<(), StorageFault> {
        self.connection.pragma_update(None, "max_page_count", pages.unwrap_or(u32::MAX - 1)).map_err(fault)
    }

    /// Drops what is held in memory and asks the database again.
    fn forget(&mut self) -> Result<(), StorageFault> {
        self.heads.clear();
        self.changed.clear();
        let last: i64 = self
            .connection
            .query_row("SELECT coalesce(max(position), 0) FROM records", [], |row| row.get(0))
            .map_err(fault)?;
        self.next_position = last.cast_unsigned() + 1;
        Ok(())
    }

    /// The page checksums describe the file as it was last closed; they must
    /// be gone before the file changes.
    fn remove_page_checksums(&mut self) -> Result<(), StorageFault> {
        if !self.pages_file_gone {
            pages::remove(&self.pages_file)?;
            self.pages_file_gone = true;
        }
        Ok(())
    }

    /// Commits all appends of the group in one transaction. Should storage fail
    /// under the group, each is tried alone, so that one that does not fit does
    /// not refuse the others.
    pub(super) fn commit_group(&mut self, group: &[Append]) -> Vec<Result<Appended, AppendError>> {
        match self.try_group(group) {
            Ok(answers) => answers,
            Err(cause) if group.len() == 1 => vec![Err(cause.into())],
            Err(_) => group
                .iter()
                .map(|append| match self.try_group(std::slice::from_ref(append)) {
                    Ok(mut answers) => answers.pop().unwrap_or_else(|| Err(unanswered())),
                    Err(cause) => Err(cause.into()),
                })
                .collect(),
        }
    }

    fn try_group(&mut self, group: &[Append]) -> Result<Vec<Result<Appended, AppendError>>, StorageFault> {
        self.remove_page_checksums()?;
        if self.heads.len() > HEADS_KEPT {
            self.heads.clear();
        }
        self.execute("BEGIN IMMEDIATE")?;
        let worked = self.rows_of_group(group).and_then(|answers| {
            self.execute("COMMIT")?;
            Ok(answers)
        });
        if worked.is_err() {
            // SQLite has already rolled back after some errors.
            if !self.connection.is_autocommit() {
                self.execute("ROLLBACK")?;
            }
            self.forget()?;
        }
        worked
    }

    fn execute(&self, sql: &str) -> Result<(), StorageFault> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute([]))
            .map(|_| ())
            .map_err(fault)
    }

    fn rows_of_group(
        &mut self,
        group: &[Append],
    ) -> Result<Vec<Result<Appended, AppendError>>, StorageFault> {
        let mut answers = Vec::with_capacity(group.len());
        for append in group {
            let answer = match check_append(append) {
                Ok(()) => self.rows_of_append(append),
                Err(invalid) => Err(invalid),
            };
            match answer {
                Err(AppendError::Fault(cause)) => return Err(cause),
                other => answers.push(other),
            }
        }
        self.write_heads()?;
        Ok(answers)
    }

    /// Either every row of the append is written in this transaction or none.
    fn rows_of_append(&mut self, append: &Append) -> Result<Appended, AppendError> {
        let key = append.idempotency_key.as_str();
        let first = self.next_position;
        let fresh = self
            .connection
            .prepare_cached("INSERT OR IGNORE INTO keys (key, position) VALUES (?1, ?2)")
            .and_then(|mut statement| statement.execute(params![key, first.cast_signed()]))
            .map_err(fault)?;
        if fresh == 0 {
            return self.replay(append);
        }
        if let Err(conflict) = self.check_reads(append) {
            self.connection
                .prepare_cached("DELETE FROM keys WHERE key = ?1")
                .and_then(|mut statement| statement.execute([key]))
                .map_err(fault)?;
            return Err(conflict);
        }
        let count = u32::try_from(append.events.len()).unwrap_or(u32::MAX);
        let mut written: Vec<(StreamId, Head)> = Vec::new();
        for (index, event) in (0_u32..).zip(&append.events) {
            let before = self.head_row(&event.stream)?;
            let placement = Placement {
                position: self.next_position,
                seq: before.seq + 1,
                previous_position: before.position,
                previous_hash: before.hash,
                append_first: first,
                append_index: index,
                append_count: count,
                idempotency_key: key,
            };
            let hash = record::encode(&placement, event, &mut self.buffer);
            self.connection
                .prepare_cached("INSERT INTO records (position, record) VALUES (?1, ?2)")
                .and_then(|mut statement| {
                    statement.execute(params![placement.position.cast_signed(), self.buffer])
                })
                .map_err(fault)?;
            self.next_position += 1;
            let head = Head { seq: placement.seq, hash };
            self.move_head(&event.stream, head, placement.position);
            note_head(&mut written, &event.stream, head);
        }
        written.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        Ok(Appended {
            first_position: Position(first),
            last_position: Position(self.next_position - 1),
            heads: written,
            replayed: false,
        })
    }

    fn check_reads(&mut self, append: &Append) -> Result<(), AppendError> {
        for (stream, expected) in &append.reads {
            let actual = self.head_row(stream)?.head();
            if actual != *expected {
                return Err(AppendError::Conflict { stream: stream.clone(), expected: *expected, actual });
            }
        }
        Ok(())
    }

    /// The head of a stream, or its start when nothing was recorded in it.
    fn head_row(&mut self, stream: &StreamId) -> Result<HeadRow, StorageFault> {
        if let Some(row) = self.heads.get(stream) {
            return Ok(*row);
        }
        let found = self
            .connection
            .prepare_cached("SELECT seq, hash, position FROM heads WHERE stream = ?1")
            .and_then(|mut statement| {
                statement
                    .query_row([stream.as_str()], |row| {
                        Ok(HeadRow {
                            seq: row.get::<_, i64>(0)?.cast_unsigned(),
                            hash: Digest(row.get(1)?),
                            position: row.get::<_, i64>(2)?.cast_unsigned(),
                            stored: true,
                            changed: false,
                        })
                    })
                    .optional()
            })
            .map_err(fault)?;
        let row = found.unwrap_or_else(|| HeadRow {
            seq: 0,
            hash: stream_start(&self.ledger_id, stream.as_str()),
            position: 0,
            stored: false,
            changed: false,
        });
        self.heads.insert(stream.clone(), row);
        Ok(row)
    }

    fn move_head(&mut self, stream: &StreamId, head: Head, position: u64) {
        if let Some(row) = self.heads.get_mut(stream) {
            row.seq = head.seq;
            row.hash = head.hash;
            row.position = position;
            if !std::mem::replace(&mut row.changed, true) {
                self.changed.push(stream.clone());
            }
        }
    }

    /// Each head that moved is written once per transaction, in the order of
    /// the table.
    fn write_heads(&mut self) -> Result<(), StorageFault> {
        let mut changed = std::mem::take(&mut self.changed);
        changed.sort_unstable();
        for stream in changed.drain(..) {
            let Some(row) = self.heads.get_mut(&stream) else {
                continue;
            };
            let sql = if row.stored {
                "UPDATE heads SET seq = ?2, position = ?3, hash = ?4 WHERE stream = ?1"
            } else {
                "INSERT INTO heads (stream, seq, position, hash) VALUES (?1, ?2, ?3, ?4)"
            };
            self.connection
                .prepare_cached(sql)
                .and_then(|mut statement| {
                    statement.execute(params![
                        stream.as_str(),
                        row.seq.cast_signed(),
                        row.position.cast_signed(),
                        &row.hash.0[..]
                    ])
                })
                .map_err(fault)?;
            row.stored = true;
            row.changed = false;
        }
        self.changed = changed;
        Ok(())
    }

    /// The key is known: the same content gets the first answer again.
    fn replay(&self, append: &Append) -> Result<Appended, AppendError> {
        let first: i64 = self
            .connection
            .prepare_cached("SELECT position FROM keys WHERE key = ?1")
            .and_then(|mut statement| {
                statement.query_row([append.idempotency_key.as_str()], |row| row.get(0))
            })
            .map_err(fault)?;
        let first = first.cast_unsigned();
        let mut heads = BTreeMap::new();
        let mut same = true;
        for (offset, event) in (0_u64..).zip(&append.events) {
            let position = first + offset;
            let bytes = read::record_bytes(&self.connection, position)?;
            let held = match &bytes {
                Some(bytes) => Some(read::decode(position, bytes)?),
                None => None,
            };
            match held {
                Some(record) if is_part(&record, append, first) && record.holds(event) => {
                    heads.insert(event.stream.clone(), record.head());
                }
                _ => {
                    same = false;
                    break;
                }
            }
        }
        if !same {
            return Err(AppendError::KeyReused {
                key: append.idempotency_key.clone(),
                first_position: Position(first),
            });
        }
        Ok(Appended {
            first_position: Position(first),
            last_position: Position(first + append.events.len() as u64 - 1),
            heads: heads.into_iter().collect(),
            replayed: true,
        })
    }

    pub(super) fn write_checkpoint(
        &mut self,
        key: &CheckpointKey,
        made_at: &str,
    ) -> Result<CheckpointFile, StorageFault> {
        self.remove_page_checksums()?;
        // Nobody else writes while this runs, so heads and position belong
        // together without a transaction around the reading.
        let heads = read::all_heads(&self.connection)?;
        let leaves: Vec<Digest> =
            heads.iter().map(|entry| head_leaf(entry.stream.as_str(), &entry.head())).collect();
        let before = read::last_checkpoint(&self.connection)?;
        let position = Position(self.last_position());
        let checkpoint = Checkpoint::sign(self.ledger_id, before.as_ref(), position, &leaves, made_at, key);
        self.connection
            .execute(
                "INSERT INTO checkpoints (number, checkpoint) VALUES (?1, ?2)",
                params![checkpoint.number.cast_signed(), checkpoint.encode()],
            )
            .map_err(fault)?;
        Ok(CheckpointFile::new(checkpoint, heads))
    }

    /// Brings everything into the one file and writes the page checksums.
    pub(super) fn seal(self, database: &Path) -> Result<(), StorageFault> {
        if !self.pages_file_gone && self.pages_file.exists() {
            return Ok(());
        }
        let busy: i64 = self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
            .map_err(fault)?;
        if busy != 0 {
            return Err(StorageFault::Database("a reader kept the log from being copied back".to_owned()));
        }
        pages::write(database, &self.pages_file)
    }
}

fn unanswered() -> AppendError {
    StorageFault::Database("the append was not answered".to_owned()).into()
}

/// True when the record belongs to this append as first recorded.
fn is_part(record: &Record<'_>, append: &Append, first: u64) -> bool {
    record.append_first == first
        && record.append_count as usize == append.events.len()
        && record.idempotency_key == append.idempotency_key
}

fn note_head(written: &mut Vec<(StreamId, Head)>, stream: &StreamId, head: Head) {
    // Appends touch few streams and mostly the one they touched last.
    match written.iter_mut().rev().find(|entry| entry.0 == *stream) {
        Some(entry) => entry.1 = head,
        None => written.push((stream.clone(), head)),
    }
}
