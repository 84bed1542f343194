//! The reading side: heads, streams, checkpoints, each record checked.
//!
//! Must not know: the writer.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _};

use super::fault;
use super::index::HeadPlace;
use crate::checkpoint::{Checkpoint, CheckpointFile, StreamHead};
use crate::ledger::StorageFault;
use crate::record::{Record, RecordError, stream_start};
use crate::types::{Digest, Head, Position, StoredEvent, StreamId};

const STATEMENTS_KEPT: usize = 16;

pub(super) fn open_reader(path: &Path) -> Result<Connection, StorageFault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(fault)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(connection)
}

pub(super) fn decode(position: u64, bytes: &[u8]) -> Result<Record<'_>, StorageFault> {
    let record = Record::decode(bytes)
        .map_err(|cause| StorageFault::Damaged { position: Position(position), cause })?;
    if record.position == position {
        Ok(record)
    } else {
        Err(StorageFault::BrokenChain { stream: StreamId::from(record.stream), position: Position(position) })
    }
}

pub(super) fn record_bytes(connection: &Connection, position: u64) -> Result<Option<Vec<u8>>, StorageFault> {
    connection
        .prepare_cached("SELECT record FROM records WHERE position = ?1")
        .and_then(|mut statement| statement.query_row([position.cast_signed()], |row| row.get(0)).optional())
        .map_err(fault)
}

/// Last record the tables of heads and keys know of; `None` where they know of all (format 1).
pub(super) fn indexed(connection: &Connection) -> Result<Option<u64>, StorageFault> {
    if format(connection)? < 2 {
        return Ok(None);
    }
    connection
        .query_row("SELECT position FROM indexed WHERE id = 1", [], |row| row.get::<_, i64>(0))
        .map(|position| Some(position.cast_unsigned()))
        .map_err(fault)
}

/// Version of the tables.
pub(super) fn format(connection: &Connection) -> Result<i64, StorageFault> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fault)
}

/// The head of a stream as the table of heads has it.
pub(super) fn head_place(
    connection: &Connection,
    stream: &StreamId,
) -> Result<Option<HeadPlace>, StorageFault> {
    connection
        .prepare_cached("SELECT seq, hash, position FROM heads WHERE stream = ?1")
        .and_then(|mut statement| {
            statement
                .query_row([stream.as_str()], |row| {
                    Ok(HeadPlace {
                        head: Head { seq: row.get::<_, i64>(0)?.cast_unsigned(), hash: Digest(row.get(1)?) },
                        position: row.get::<_, i64>(2)?.cast_unsigned(),
                    })
                })
                .optional()
        })
        .map_err(fault)
}

/// Walks back from the head: each record names the one before it in its stream.
pub(super) fn stream(
    connection: &Connection,
    ledger_id: &[u8; 16],
    stream: &StreamId,
    place: HeadPlace,
    from_seq: u64,
) -> Result<Vec<StoredEvent>, StorageFault> {
    let mut position = place.position;
    let mut expected = place.head;
    let mut events = Vec::new();
    let mut statement =
        connection.prepare_cached("SELECT record FROM records WHERE position = ?1").map_err(fault)?;
    while expected.seq >= from_seq.max(1) {
        let broken = || StorageFault::BrokenChain { stream: stream.clone(), position: Position(position) };
        let mut rows = statement.query([position.cast_signed()]).map_err(fault)?;
        let row = rows.next().map_err(fault)?.ok_or_else(broken)?;
        let bytes = row.get_ref(0).map_err(fault)?.as_blob().map_err(|_| broken())?;
        let record = decode(position, bytes)?;
        if record.head() != expected || record.stream != stream.as_str() {
            return Err(broken());
        }
        if record.seq == 1 {
            let start = stream_start(ledger_id, stream.as_str());
            if record.previous_hash != start || record.previous_position != 0 {
                return Err(broken());
            }
        } else if record.previous_position == 0 || record.previous_position >= position {
            return Err(broken());
        }
        events.push(record.to_event());
        position = record.previous_position;
        expected = Head { seq: record.seq - 1, hash: record.previous_hash };
    }
    events.reverse();
    Ok(events)
}

pub(super) fn all(
    connection: &Connection,
    after: Position,
    limit: usize,
) -> Result<Vec<StoredEvent>, StorageFault> {
    let after = i64::try_from(after.0).unwrap_or(i64::MAX);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = connection
        .prepare_cached("SELECT position, record FROM records WHERE position > ?1 ORDER BY position LIMIT ?2")
        .map_err(fault)?;
    let mut rows = statement.query([after, limit]).map_err(fault)?;
    let mut events = Vec::new();
    while let Some(row) = rows.next().map_err(fault)? {
        let position = row.get::<_, i64>(0).map_err(fault)?.cast_unsigned();
        let bytes = row.get_ref(1).map_err(fault)?.as_blob().map_err(|_| StorageFault::Damaged {
            position: Position(position),
            cause: RecordError::Short { field: "record", wanted: 1, left: 0 },
        })?;
        events.push(decode(position, bytes)?.to_event());
    }
    Ok(events)
}

fn stream_head(row: &rusqlite::Row<'_>) -> rusqlite::Result<StreamHead> {
    Ok(StreamHead {
        stream: StreamId::new(row.get::<_, String>(0)?),
        seq: row.get::<_, i64>(1)?.cast_unsigned(),
        hash: Digest(row.get(2)?),
    })
}

pub(super) fn streams(connection: &Connection, prefix: &str) -> Result<Vec<(StreamId, Head)>, StorageFault> {
    // No text sorts after a prefix followed by the last code point and still
    // begins with the prefix, apart from that code point itself.
    let end = format!("{prefix}\u{10FFFF}\u{10FFFF}");
    let mut statement = connection
        .prepare_cached(
            "SELECT stream, seq, hash FROM heads WHERE stream >= ?1 AND stream < ?2 \
             ORDER BY stream",
        )
        .map_err(fault)?;
    let rows = statement.query_map([prefix, end.as_str()], stream_head).map_err(fault)?;
    rows.map(|row| row.map(|entry| (entry.stream.clone(), entry.head())).map_err(fault)).collect()
}

pub(super) fn all_heads(connection: &Connection) -> Result<Vec<StreamHead>, StorageFault> {
    let mut statement =
        connection.prepare_cached("SELECT stream, seq, hash FROM heads ORDER BY stream").map_err(fault)?;
    let rows = statement.query_map([], stream_head).map_err(fault)?;
    rows.map(|row| row.map_err(fault)).collect()
}

fn checkpoint_from(number: i64, bytes: &[u8]) -> Result<Checkpoint, StorageFault> {
    Checkpoint::decode(bytes).map_err(|cause| StorageFault::DamagedCheckpoint {
        number: number.cast_unsigned(),
        cause: cause.to_string(),
    })
}

pub(super) fn checkpoints(connection: &Connection) -> Result<Vec<Checkpoint>, StorageFault> {
    let mut statement = connection
        .prepare_cached("SELECT number, checkpoint FROM checkpoints ORDER BY number")
        .map_err(fault)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?))).map_err(fault)?;
    rows.map(|row| {
        let (number, bytes) = row.map_err(fault)?;
        checkpoint_from(number, &bytes)
    })
    .collect()
}

pub(super) fn last_checkpoint(connection: &Connection) -> Result<Option<Checkpoint>, StorageFault> {
    let found: Option<(i64, Vec<u8>)> = connection
        .prepare_cached("SELECT number, checkpoint FROM checkpoints ORDER BY number DESC LIMIT 1")
        .and_then(|mut statement| statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional())
        .map_err(fault)?;
    found.map(|(number, bytes)| checkpoint_from(number, &bytes)).transpose()
}

/// The latest checkpoint and the heads as they were then. The table of heads is brought up to date with each
/// checkpoint; heads that moved since are walked back to the checkpoint's position.
pub(super) fn latest_checkpoint(connection: &Connection) -> Result<Option<CheckpointFile>, StorageFault> {
    // One snapshot for all that is read here.
    let snapshot = connection.unchecked_transaction().map_err(fault)?;
    let Some(checkpoint) = last_checkpoint(&snapshot)? else {
        return Ok(None);
    };
    let limit = checkpoint.position.0;
    let mut places: Vec<(StreamHead, u64)> = Vec::new();
    {
        let mut statement = snapshot
            .prepare_cached("SELECT stream, seq, hash, position FROM heads ORDER BY stream")
            .map_err(fault)?;
        let rows = statement
            .query_map([], |row| Ok((stream_head(row)?, row.get::<_, i64>(3)?.cast_unsigned())))
            .map_err(fault)?;
        for row in rows {
            places.push(row.map_err(fault)?);
        }
    }
    let mut heads = Vec::with_capacity(places.len());
    for (mut entry, mut position) in places {
        while position > limit {
            let bytes = record_bytes(&snapshot, position)?.ok_or_else(|| StorageFault::BrokenChain {
                stream: entry.stream.clone(),
                position: Position(position),
            })?;
            let record = decode(position, &bytes)?;
            if record.previous_position >= position {
                return Err(StorageFault::BrokenChain { stream: entry.stream, position: Position(position) });
            }
            position = record.previous_position;
            entry.seq = record.seq.saturating_sub(1);
            entry.hash = record.previous_hash;
        }
        if position > 0 {
            heads.push(entry);
        }
    }
    Ok(Some(CheckpointFile::new(checkpoint, heads)))
}
