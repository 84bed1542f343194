//! The writer's knowledge of stream heads and idempotency keys. The tables of heads and keys say nothing the
//! records do not say; they are there so that nobody has to read everything. What changed since they were
//! last written is kept here in memory and written many records at a time, in the order of the tables; after
//! a crash it is read back from the records that follow.
//!
//! Must not know: who waits for a commit, how a record is encoded.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{fault, insert_pairs, read};
use crate::ledger::StorageFault;
use crate::record::{Record, stream_start};
use crate::types::{Appended, Digest, Head, Position, StreamId};

/// Records after which the tables are written. As many are read at the most when a ledger is opened after a
/// crash: some tens of milliseconds.
const BEHIND_MAX: u64 = 16_384;
/// Keys one statement inserts.
const KEYS_AT_ONCE: usize = 64;
static INSERT_KEYS: LazyLock<String> = LazyLock::new(|| insert_pairs("keys (key, position)", KEYS_AT_ONCE));
/// Streams whose heads are kept in memory; beyond it the memory starts afresh.
const HEADS_KEPT: usize = 65_536;

/// A stream's last record as the writer has it.
#[derive(Clone, Copy)]
pub(super) struct HeadRow {
    pub seq: u64,
    pub hash: Digest,
    pub position: u64,
    /// The table has a row for this stream.
    stored: bool,
    /// The table does not have this row as it is here.
    changed: bool,
}

impl HeadRow {
    fn stored(place: &HeadPlace) -> Self {
        let Head { seq, hash } = place.head;
        Self { seq, hash, position: place.position, stored: true, changed: false }
    }

    fn start(ledger_id: &[u8; 16], stream: &StreamId) -> Self {
        let hash = stream_start(ledger_id, stream.as_str());
        Self { seq: 0, hash, position: 0, stored: false, changed: false }
    }

    fn head(&self) -> Option<Head> {
        (self.seq > 0).then_some(Head { seq: self.seq, hash: self.hash })
    }
}

/// A head and where its record stands.
#[derive(Clone, Copy)]
pub(super) struct HeadPlace {
    pub head: Head,
    pub position: u64,
}

/// Heads that are durable and newer than the table of heads may be. Readers look here first, then into the
/// table: whoever does not find a stream here finds in the table what it was when they looked, or newer.
#[derive(Clone, Default)]
pub(super) struct Recent(Arc<Mutex<RecentHeads>>);

#[derive(Default)]
struct RecentHeads {
    heads: HashMap<StreamId, HeadPlace>,
    /// In the order of commits, not yet among `heads`: the writer only notes, whoever reads sorts.
    noted: Vec<(StreamId, HeadPlace)>,
}

impl Recent {
    fn lock(&self) -> MutexGuard<'_, RecentHeads> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sorted(&self) -> MutexGuard<'_, RecentHeads> {
        let mut recent = self.lock();
        let RecentHeads { heads, noted } = &mut *recent;
        heads.extend(noted.drain(..));
        recent
    }

    pub(super) fn get(&self, stream: &StreamId) -> Option<HeadPlace> {
        self.sorted().heads.get(stream).copied()
    }

    pub(super) fn with_prefix(&self, prefix: &str) -> Vec<(StreamId, Head)> {
        let recent = self.sorted();
        let named = recent.heads.iter().filter(|(stream, _)| stream.as_str().starts_with(prefix));
        named.map(|(stream, place)| (stream.clone(), place.head)).collect()
    }

    /// The table of heads has everything.
    fn clear(&self) {
        let mut recent = self.lock();
        recent.heads.clear();
        recent.noted.clear();
    }
}

pub(super) struct Index {
    ledger_id: [u8; 16],
    /// Where in `rows` the head of a stream is.
    heads: HashMap<StreamId, usize>,
    rows: Vec<HeadRow>,
    /// Streams whose row in the table is behind.
    changed: Vec<StreamId>,
    /// Keys the table does not have yet, with the position of their append.
    keys: BTreeMap<Box<str>, u64>,
    /// Greatest key there is, or empty, which no key is. Keys begin with the time they were made, so that nearly
    /// every new key is greater, and then nobody has to look.
    key_max: String,
    /// Last record the tables know of.
    reaches: u64,
    pub recent: Recent,
}

impl Index {
    pub(super) fn new(ledger_id: [u8; 16], recent: Recent) -> Self {
        Self {
            ledger_id,
            heads: HashMap::new(),
            rows: Vec::new(),
            changed: Vec::new(),
            keys: BTreeMap::new(),
            key_max: String::new(),
            reaches: 0,
            recent,
        }
    }

    /// Forgets everything and learns it again: from the tables, and from the records beyond them.
    pub(super) fn load(&mut self, connection: &Connection, last: u64) -> Result<(), StorageFault> {
        self.heads.clear();
        self.rows.clear();
        self.changed.clear();
        self.keys.clear();
        self.reaches = read::indexed(connection)?.unwrap_or(last);
        self.key_max = connection
            .query_row("SELECT coalesce(max(key), '') FROM keys", [], |row| row.get(0))
            .map_err(fault)?;
        for position in self.reaches + 1..=last {
            let missing =
                || StorageFault::BrokenChain { stream: StreamId::new(""), position: Position(position) };
            let bytes = read::record_bytes(connection, position)?.ok_or_else(missing)?;
            let record = read::decode(position, &bytes)?;
            self.learn(connection, &record)?;
        }
        self.publish_all();
        Ok(())
    }

    fn learn(&mut self, connection: &Connection, record: &Record<'_>) -> Result<(), StorageFault> {
        let stream = StreamId::from(record.stream);
        self.extend(connection, &stream, record.position, |before| {
            if before.seq + 1 == record.seq && before.hash == record.previous_hash {
                Ok(record.hash)
            } else {
                let position = Position(record.position);
                Err(StorageFault::BrokenChain { stream: stream.clone(), position })
            }
        })?;
        if record.append_index == 0 {
            self.add_key(record.idempotency_key, record.position);
        }
        Ok(())
    }

    /// The head of a stream, or its start when nothing was recorded in it.
    pub(super) fn head(
        &mut self,
        connection: &Connection,
        stream: &StreamId,
    ) -> Result<Option<Head>, StorageFault> {
        self.row(connection, stream).map(|row| row.head())
    }

    /// Adds a record to a stream: `encode` is told the record before it (or the stream's start) and gives
    /// the new one's hash; `write` writes it.
    pub(super) fn extend(
        &mut self,
        connection: &Connection,
        stream: &StreamId,
        position: u64,
        write: impl FnOnce(&HeadRow) -> Result<Digest, StorageFault>,
    ) -> Result<Head, StorageFault> {
        let row = self.row(connection, stream)?;
        let head = Head { seq: row.seq + 1, hash: write(row)? };
        let known = std::mem::replace(&mut row.changed, true);
        (row.seq, row.hash, row.position) = (head.seq, head.hash, position);
        if !known {
            self.changed.push(stream.clone());
        }
        Ok(head)
    }

    fn row(&mut self, connection: &Connection, stream: &StreamId) -> Result<&mut HeadRow, StorageFault> {
        let at = match self.heads.get(stream) {
            Some(at) => *at,
            None => {
                let row = match read::head_place(connection, stream)? {
                    Some(place) => HeadRow::stored(&place),
                    None => HeadRow::start(&self.ledger_id, stream),
                };
                self.rows.push(row);
                self.heads.insert(stream.clone(), self.rows.len() - 1);
                self.rows.len() - 1
            }
        };
        self.rows.get_mut(at).ok_or_else(|| StorageFault::Database("a head was lost".to_owned()))
    }

    fn known_row(&self, stream: &StreamId) -> Option<&HeadRow> {
        self.heads.get(stream).and_then(|at| self.rows.get(*at))
    }

    /// Where the append with this key begins, if there is one.
    pub(super) fn known_key(&self, connection: &Connection, key: &str) -> Result<Option<u64>, StorageFault> {
        if key > self.key_max.as_str() {
            return Ok(None);
        }
        if let Some(position) = self.keys.get(key) {
            return Ok(Some(*position));
        }
        let found: Option<i64> = connection
            .prepare_cached("SELECT position FROM keys WHERE key = ?1")
            .and_then(|mut statement| statement.query_row([key], |row| row.get(0)).optional())
            .map_err(fault)?;
        Ok(found.map(i64::cast_unsigned))
    }

    pub(super) fn add_key(&mut self, key: &str, position: u64) {
        self.keys.insert(key.into(), position);
        if key > self.key_max.as_str() {
            self.key_max.clear();
            self.key_max.push_str(key);
        }
    }

    /// Shows readers the heads that committed appends have left.
    pub(super) fn publish<'s>(&self, appends: impl Iterator<Item = &'s Appended>) {
        let mut recent = self.recent.lock();
        for appended in appends {
            for (stream, head) in &appended.heads {
                // The last record of an append of one stream is that stream's. Otherwise the row knows, which
                // may be a later append's of the same group by now: that one comes here next.
                let position = if appended.heads.len() == 1 {
                    appended.last_position.0
                } else {
                    self.known_row(stream).map_or(0, |row| row.position)
                };
                recent.noted.push((stream.clone(), HeadPlace { head: *head, position }));
            }
        }
    }

    fn publish_all(&self) {
        let mut recent = self.recent.lock();
        for stream in &self.changed {
            if let Some(row) = self.known_row(stream) {
                let head = Head { seq: row.seq, hash: row.hash };
                recent.noted.push((stream.clone(), HeadPlace { head, position: row.position }));
            }
        }
    }

    /// True when the tables should be written in the next transaction.
    pub(super) fn is_due(&self, last: u64) -> bool {
        last.saturating_sub(self.reaches) >= BEHIND_MAX || self.heads.len() > HEADS_KEPT
    }

    /// True when the tables do not know of the last record.
    pub(super) fn is_behind(&self, last: u64) -> bool {
        self.reaches < last
    }

    /// Writes what the tables lack, each in its own order, inside the caller's transaction.
    /// [`Index::written`] is to be called once that is committed.
    pub(super) fn write(&mut self, connection: &Connection, last: u64) -> Result<(), StorageFault> {
        self.changed.sort_unstable();
        let mut update = connection
            .prepare_cached("UPDATE heads SET seq = ?2, position = ?3, hash = ?4 WHERE stream = ?1")
            .map_err(fault)?;
        let mut insert = connection
            .prepare_cached("INSERT INTO heads (stream, seq, position, hash) VALUES (?1, ?2, ?3, ?4)")
            .map_err(fault)?;
        for stream in &self.changed {
            if let Some(row) = self.known_row(stream) {
                let statement = if row.stored { &mut update } else { &mut insert };
                let (seq, position) = (row.seq.cast_signed(), row.position.cast_signed());
                statement.execute(params![stream.as_str(), seq, position, &row.hash.0[..]]).map_err(fault)?;
            }
        }
        let mut insert =
            connection.prepare_cached("INSERT INTO keys (key, position) VALUES (?1, ?2)").map_err(fault)?;
        let mut insert_many = connection.prepare_cached(&INSERT_KEYS).map_err(fault)?;
        let mut keys = self.keys.iter();
        for _ in 0..self.keys.len() / KEYS_AT_ONCE {
            for (at, (key, position)) in keys.by_ref().take(KEYS_AT_ONCE).enumerate() {
                insert_many.raw_bind_parameter(2 * at + 1, &**key).map_err(fault)?;
                insert_many.raw_bind_parameter(2 * at + 2, position.cast_signed()).map_err(fault)?;
            }
            insert_many.raw_execute().map_err(fault)?;
        }
        for (key, position) in keys {
            insert.execute(params![&**key, position.cast_signed()]).map_err(fault)?;
        }
        connection
            .prepare_cached("UPDATE indexed SET position = ?1 WHERE id = 1")
            .and_then(|mut statement| statement.execute([last.cast_signed()]))
            .map(|_| ())
            .map_err(fault)
    }

    /// The tables stand as they were written.
    pub(super) fn written(&mut self, last: u64) {
        for stream in self.changed.drain(..) {
            if let Some(row) = self.heads.get(&stream).and_then(|at| self.rows.get_mut(*at)) {
                row.stored = true;
                row.changed = false;
            }
        }
        self.keys.clear();
        self.reaches = last;
        self.recent.clear();
        if self.heads.len() > HEADS_KEPT {
            self.heads.clear();
            self.rows.clear();
        }
    }
}
