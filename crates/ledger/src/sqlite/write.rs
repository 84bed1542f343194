//! The writing side: turns appends into rows inside one transaction.
//!
//! Must not know: who waits for the commit, how readers read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use rusqlite::{CachedStatement, Connection, params};

use super::index::{Index, Recent};
use super::{fault, insert_pairs, pages, read, upgrade};
use crate::checkpoint::{Checkpoint, CheckpointFile, head_leaf};
use crate::keys::CheckpointKey;
use crate::ledger::{AppendError, StorageFault, check_append};
use crate::record::{self, Placement, Record};
use crate::types::{Append, Appended, Digest, Head, Position, StreamId};

/// Bytes of the write-ahead log after which SQLite copies it back.
const LOG_BYTES: i64 = 16 << 20;
const STATEMENTS_KEPT: usize = 32;
/// Rows one statement inserts: beginning and ending a statement costs as much as a row.
const ROWS_AT_ONCE: usize = 32;
const INSERT_ONE: &str = "INSERT INTO records (position, record) VALUES (?1, ?2)";
static INSERT_MANY: LazyLock<String> =
    LazyLock::new(|| insert_pairs("records (position, record)", ROWS_AT_ONCE));
/// Bytes of records that wait to be inserted together, so that large bodies do not pile up.
const BUFFER_BYTES_MAX: usize = 1 << 20;

pub(super) struct Writer {
    connection: Connection,
    ledger_id: [u8; 16],
    index: Index,
    next_position: u64,
    buffer: Vec<u8>,
    pages_file: PathBuf,
    /// The file may change: it has this program's tables, and no checksums describe it as last closed.
    writable: bool,
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        ledger_id: [u8; 16],
        pages_file: PathBuf,
        recent: Recent,
    ) -> Result<Self, StorageFault> {
        connection.pragma_update(None, "synchronous", "FULL").map_err(fault)?;
        let page_bytes: i64 =
            connection.pragma_query_value(None, "page_size", |row| row.get(0)).map_err(fault)?;
        connection
            .pragma_update(None, "wal_autocheckpoint", LOG_BYTES / page_bytes.max(512))
            .map_err(fault)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        let mut writer = Self {
            connection,
            ledger_id,
            index: Index::new(ledger_id, recent),
            next_position: 1,
            buffer: Vec::with_capacity(4096),
            pages_file,
            writable: false,
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
        let last: i64 = self
            .connection
            .query_row("SELECT coalesce(max(position), 0) FROM records", [], |row| row.get(0))
            .map_err(fault)?;
        self.next_position = last.cast_unsigned() + 1;
        self.index.load(&self.connection, last.cast_unsigned())
    }

    /// The page checksums describe the file as it was last closed; they must
    /// be gone before the file changes.
    fn prepare_to_write(&mut self) -> Result<(), StorageFault> {
        if !self.writable {
            pages::remove(&self.pages_file)?;
            upgrade(&self.connection, self.last_position())?;
            self.writable = true;
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
        self.prepare_to_write()?;
        let mut due = false;
        let answers = self.in_transaction(|writer| {
            let answers = writer.rows_of_group(group)?;
            due = writer.index.is_due(writer.last_position());
            if due {
                writer.index.write(&writer.connection, writer.last_position())?;
            }
            Ok(answers)
        })?;
        self.index.publish(answers.iter().flatten().filter(|appended| !appended.replayed));
        if due {
            self.index.written(self.last_position());
        }
        Ok(answers)
    }

    /// Runs `work` in one transaction: all of it is durable when this returns, or none of it was done.
    fn in_transaction<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, StorageFault>,
    ) -> Result<T, StorageFault> {
        self.execute("BEGIN IMMEDIATE")?;
        let worked = work(self).and_then(|answer| self.execute("COMMIT").map(|()| answer));
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
        self.buffer.clear();
        let mut rows = Rows {
            connection: &self.connection,
            insert_one: self.connection.prepare_cached(INSERT_ONE).map_err(fault)?,
            insert_many: self.connection.prepare_cached(&INSERT_MANY).map_err(fault)?,
            index: &mut self.index,
            next_position: &mut self.next_position,
            buffer: &mut self.buffer,
            ends: Vec::with_capacity(ROWS_AT_ONCE),
        };
        let mut answers = Vec::with_capacity(group.len());
        for append in group {
            let answer = match check_append(append) {
                Ok(()) => rows.append(append),
                Err(invalid) => Err(invalid),
            };
            match answer {
                Err(AppendError::Fault(cause)) => return Err(cause),
                other => answers.push(other),
            }
        }
        rows.insert()?;
        Ok(answers)
    }

    pub(super) fn write_checkpoint(
        &mut self,
        key: &CheckpointKey,
        made_at: &str,
    ) -> Result<CheckpointFile, StorageFault> {
        self.prepare_to_write()?;
        let last = self.last_position();
        let file = self.in_transaction(|writer| {
            writer.index.write(&writer.connection, last)?;
            writer.checkpoint_row(key, made_at)
        })?;
        self.index.written(last);
        Ok(file)
    }

    /// The row of a new checkpoint over the table of heads, which must be up to date.
    fn checkpoint_row(&self, key: &CheckpointKey, made_at: &str) -> Result<CheckpointFile, StorageFault> {
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
    pub(super) fn seal(mut self, database: &Path) -> Result<(), StorageFault> {
        let last = self.last_position();
        if self.index.is_behind(last) {
            self.prepare_to_write()?;
            self.in_transaction(|writer| writer.index.write(&writer.connection, last))?;
        }
        if !self.writable && self.pages_file.exists() {
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

/// What writing the rows of a group needs, at hand at once.
struct Rows<'w> {
    connection: &'w Connection,
    insert_one: CachedStatement<'w>,
    insert_many: CachedStatement<'w>,
    index: &'w mut Index,
    next_position: &'w mut u64,
    /// Records that are not inserted yet, one behind the other, the last at the position before the next.
    buffer: &'w mut Vec<u8>,
    /// Where each of them ends.
    ends: Vec<usize>,
}

impl Rows<'_> {
    /// Inserts the records that wait in the buffer.
    fn insert(&mut self) -> Result<(), StorageFault> {
        let first = *self.next_position - self.ends.len() as u64;
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let records = starts.zip(&self.ends).map(|(start, end)| self.buffer.get(start..*end));
        let rows = (first..).zip(records.map(Option::unwrap_or_default));
        if self.ends.len() == ROWS_AT_ONCE {
            for (at, (position, record)) in rows.enumerate() {
                self.insert_many.raw_bind_parameter(2 * at + 1, position.cast_signed()).map_err(fault)?;
                self.insert_many.raw_bind_parameter(2 * at + 2, record).map_err(fault)?;
            }
            self.insert_many.raw_execute().map_err(fault)?;
        } else {
            for (position, record) in rows {
                self.insert_one.execute(params![position.cast_signed(), record]).map_err(fault)?;
            }
        }
        self.buffer.clear();
        self.ends.clear();
        Ok(())
    }

    /// Either every row of the append is written in this transaction or none.
    fn append(&mut self, append: &Append) -> Result<Appended, AppendError> {
        let key = append.idempotency_key.as_str();
        if let Some(first) = self.index.known_key(self.connection, key)? {
            // What it is compared with may still wait in the buffer.
            self.insert()?;
            return self.replay(append, first);
        }
        self.check_reads(append)?;
        let first = *self.next_position;
        let count = u32::try_from(append.events.len()).unwrap_or(u32::MAX);
        let mut written: Vec<(StreamId, Head)> = Vec::with_capacity(1);
        for (index, event) in (0_u32..).zip(&append.events) {
            let position = *self.next_position;
            let buffer = &mut *self.buffer;
            let head = self.index.extend(self.connection, &event.stream, position, |before| {
                let placement = Placement {
                    position,
                    seq: before.seq + 1,
                    previous_position: before.position,
                    previous_hash: before.hash,
                    append_first: first,
                    append_index: index,
                    append_count: count,
                    idempotency_key: key,
                };
                Ok(record::encode(&placement, event, buffer))
            })?;
            *self.next_position += 1;
            self.ends.push(self.buffer.len());
            if self.ends.len() == ROWS_AT_ONCE || self.buffer.len() > BUFFER_BYTES_MAX {
                self.insert()?;
            }
            note_head(&mut written, &event.stream, head);
        }
        self.index.add_key(key, first);
        written.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        Ok(Appended {
            first_position: Position(first),
            last_position: Position(*self.next_position - 1),
            heads: written,
            replayed: false,
        })
    }

    fn check_reads(&mut self, append: &Append) -> Result<(), AppendError> {
        for (stream, expected) in &append.reads {
            let actual = self.index.head(self.connection, stream)?;
            if actual != *expected {
                return Err(AppendError::Conflict { stream: stream.clone(), expected: *expected, actual });
            }
        }
        Ok(())
    }

    /// The key is known: the same content gets the first answer again.
    fn replay(&self, append: &Append, first: u64) -> Result<Appended, AppendError> {
        let mut heads = BTreeMap::new();
        let mut same = true;
        for (offset, event) in (0_u64..).zip(&append.events) {
            let position = first + offset;
            let bytes = read::record_bytes(self.connection, position)?;
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
