//! The trait every store implements, and the errors it may give.
//!
//! Must not know: SQLite, PostgreSQL, what an event means.

use std::path::PathBuf;
use std::sync::mpsc::Receiver;

use crate::checkpoint::{Checkpoint, CheckpointFile, HeadProof};
use crate::keys::CheckpointKey;
use crate::record::RecordError;
use crate::types::{Append, Appended, Digest, Head, NewEvent, Position, StoredEvent, StreamId, limits};

/// Storage failed. Nothing was written, or what was written is whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageFault {
    /// The disk, or the size set for the store, is full. Nothing of the append
    /// was written; it may be repeated once there is room.
    #[error("the disk is full")]
    Full,
    /// Another program has the ledger open for writing.
    #[error("{0} is open in another program")]
    InUse(PathBuf),
    /// There is no ledger there.
    #[error("there is no ledger in {0}")]
    Missing(PathBuf),
    /// Written by a newer program.
    #[error("the store has format {found}, this program knows up to {known}")]
    NewerFormat {
        /// Format found.
        found: i64,
        /// Newest format known.
        known: i64,
    },
    /// A record's bytes are not what was recorded.
    #[error("record at position {position} is damaged: {cause}")]
    Damaged {
        /// Where.
        position: Position,
        /// Why.
        cause: RecordError,
    },
    /// The chain of a stream is broken.
    #[error("the chain of stream {stream} is broken at position {position}")]
    BrokenChain {
        /// Which stream.
        stream: StreamId,
        /// Where.
        position: Position,
    },
    /// A stored checkpoint is not readable.
    #[error("checkpoint {number} is damaged: {cause}")]
    DamagedCheckpoint {
        /// Which.
        number: u64,
        /// Why.
        cause: String,
    },
    /// The log a crash left behind is damaged: opening the ledger for writing
    /// would silently leave out events that had been acknowledged.
    #[error("{0}")]
    DamagedLog(String),
    /// The database said something else.
    #[error("database: {0}")]
    Database(String),
    /// The file system said something.
    #[error("{path}: {cause}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What was said.
        cause: String,
    },
}

/// Why an append did not take place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// A stream the decision read has moved. Load again, decide again.
    #[error("stream {stream} has moved since it was read")]
    Conflict {
        /// Which stream.
        stream: StreamId,
        /// Head the decision read.
        expected: Option<Head>,
        /// Head as it is.
        actual: Option<Head>,
    },
    /// The idempotency key was used for something else.
    #[error("key {key} was used for other content at position {first_position}")]
    KeyReused {
        /// The key.
        key: String,
        /// Where the first use stands.
        first_position: Position,
    },
    /// The append itself cannot be recorded.
    #[error("{field} has {found} {unit}; allowed are {minimum} to {maximum}")]
    Invalid {
        /// What is wrong.
        field: &'static str,
        /// Size found.
        found: usize,
        /// Least allowed.
        minimum: usize,
        /// Most allowed.
        maximum: usize,
        /// What is counted.
        unit: &'static str,
    },
    /// Storage failed.
    #[error(transparent)]
    Fault(#[from] StorageFault),
}

/// Checks an append against [`limits`].
///
/// # Errors
/// [`AppendError::Invalid`] naming the first field outside its limits.
pub fn check_append(append: &Append) -> Result<(), AppendError> {
    let within = |field, found, minimum, maximum, unit| {
        if (minimum..=maximum).contains(&found) {
            Ok(())
        } else {
            Err(AppendError::Invalid { field, found, minimum, maximum, unit })
        }
    };
    let bytes = |field, text: &str, maximum| within(field, text.len(), 1, maximum, "bytes");
    bytes("idempotency key", &append.idempotency_key, limits::KEY_BYTES)?;
    let count = append.events.len();
    within("append", count, 1, limits::EVENTS_IN_APPEND, "events")?;
    for event in &append.events {
        let NewEvent { stream, event_type, event_version: _, happened, recorded_at, by, body, attachments } =
            event;
        bytes("stream", stream.as_str(), limits::STREAM_BYTES)?;
        bytes("event type", event_type, limits::EVENT_TYPE_BYTES)?;
        if let Some(happened) = happened {
            bytes("happened", happened, limits::INSTANT_BYTES)?;
        }
        bytes("recorded at", recorded_at, limits::INSTANT_BYTES)?;
        bytes("by", by, limits::ACTOR_BYTES)?;
        within("body", body.len(), 0, limits::BODY_BYTES, "bytes")?;
        let files = attachments.len();
        within("event", files, 0, limits::ATTACHMENTS_IN_EVENT, "attachments")?;
    }
    Ok(())
}

/// An append-only store of events in hash-chained streams.
///
/// All methods may be called from any thread and block until done; an append
/// that returned `Ok` survives the death of the program and the loss of power.
pub trait Ledger: Send + Sync {
    /// The sixteen random bytes that name this ledger.
    fn ledger_id(&self) -> [u8; 16];

    /// Records the events of one decision, all or none.
    ///
    /// # Errors
    /// [`AppendError::Conflict`] when a stream in the read set moved,
    /// [`AppendError::KeyReused`], [`AppendError::Invalid`], or a fault.
    fn append(&self, append: Append) -> Result<Appended, AppendError>;

    /// Records several independent appends, each by itself all or none, sharing
    /// commits. Answers stand in the order of the appends.
    fn append_all(&self, appends: Vec<Append>) -> Vec<Result<Appended, AppendError>>;

    /// Head of a stream; `None` when nothing was ever recorded in it.
    ///
    /// # Errors
    /// [`StorageFault`].
    fn head(&self, stream: &StreamId) -> Result<Option<Head>, StorageFault>;

    /// Events of a stream from number `from_seq` on (0 and 1 both mean all), in
    /// order, each checked against its hash and its successor's link.
    ///
    /// # Errors
    /// [`StorageFault`].
    fn read_stream(&self, stream: &StreamId, from_seq: u64) -> Result<Vec<StoredEvent>, StorageFault>;

    /// All events of a stream and the head to put into the read set of what is
    /// decided from them.
    ///
    /// # Errors
    /// [`StorageFault`].
    fn load(&self, stream: &StreamId) -> Result<(Vec<StoredEvent>, Option<Head>), StorageFault> {
        let events = self.read_stream(stream, 1)?;
        let head = events.last().map(StoredEvent::head);
        Ok((events, head))
    }

    /// At most `limit` events after `after`, in the order they were recorded.
    ///
    /// # Errors
    /// [`StorageFault`].
    fn read_all(&self, after: Position, limit: usize) -> Result<Vec<StoredEvent>, StorageFault>;

    /// Streams whose name begins with `prefix`, sorted, with their heads.
    ///
    /// # Errors
    /// [`StorageFault`].
    fn streams(&self, prefix: &str) -> Result<Vec<(StreamId, Head)>, StorageFault>;

    /// Position of the last record; 0 for an empty ledger.
    ///
    /// # Errors
    /// [`StorageFault`].
    fn position(&self) -> Result<Position, StorageFault>;

    /// A channel that receives the new last position after each commit. Drop
    /// the receiver to end it.
    fn subscribe(&self) -> Receiver<Position>;

    /// Signs a checkpoint over all heads as they are now, stores it, and gives
    /// back the form to keep elsewhere.
    ///
    /// # Errors
    /// [`StorageFault`].
    fn write_checkpoint(&self, key: &CheckpointKey, made_at: &str) -> Result<CheckpointFile, StorageFault>;

    /// All stored checkpoints, oldest first.
    ///
    /// # Errors
    /// [`StorageFault`].
    fn checkpoints(&self) -> Result<Vec<Checkpoint>, StorageFault>;

    /// The latest checkpoint with the heads it covers; `None` before the first.
    ///
    /// # Errors
    /// [`StorageFault`].
    fn latest_checkpoint(&self) -> Result<Option<CheckpointFile>, StorageFault>;

    /// Proves the head `stream` had at the latest checkpoint; `None` when there
    /// is no checkpoint or it does not have the stream.
    ///
    /// # Errors
    /// [`StorageFault`].
    fn prove(&self, stream: &StreamId) -> Result<Option<HeadProof>, StorageFault> {
        Ok(self.latest_checkpoint()?.and_then(|file| HeadProof::new(&file, stream)))
    }
}

/// What `verify` needs from a store: its bytes, in order, unjudged.
pub trait RawStore {
    /// The ledger's name.
    ///
    /// # Errors
    /// [`StorageFault`].
    fn raw_ledger_id(&self) -> Result<Vec<u8>, StorageFault>;

    /// Every record in the order of position: position column, bytes. Stops
    /// early when `each` returns false.
    ///
    /// # Errors
    /// [`StorageFault`].
    fn raw_records(&self, each: &mut dyn FnMut(u64, &[u8]) -> bool) -> Result<(), StorageFault>;

    /// The record at a position.
    ///
    /// # Errors
    /// [`StorageFault`].
    fn raw_record(&self, position: u64) -> Result<Option<Vec<u8>>, StorageFault>;

    /// Every row of the heads table.
    ///
    /// # Errors
    /// [`StorageFault`].
    fn raw_heads(&self, each: &mut dyn FnMut(RawHead<'_>)) -> Result<(), StorageFault>;

    /// Every row of the idempotency table: key, first position.
    ///
    /// # Errors
    /// [`StorageFault`].
    fn raw_keys(&self, each: &mut dyn FnMut(&[u8], u64)) -> Result<(), StorageFault>;

    /// Last record the tables of heads and keys know of; `None` where they are written with every append.
    ///
    /// # Errors
    /// [`StorageFault`].
    fn raw_indexed(&self) -> Result<Option<u64>, StorageFault> {
        Ok(None)
    }

    /// Every checkpoint: number column, bytes.
    ///
    /// # Errors
    /// [`StorageFault`].
    fn raw_checkpoints(&self, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StorageFault>;

    /// Checks what the store itself can check about its files.
    ///
    /// # Errors
    /// [`StorageFault`].
    fn check_files(&self) -> Result<FileCheck, StorageFault>;
}

/// A row of the heads table as stored.
#[derive(Debug, Clone, Copy)]
pub struct RawHead<'a> {
    /// Stream name bytes.
    pub stream: &'a [u8],
    /// Number column.
    pub seq: u64,
    /// Position column.
    pub position: u64,
    /// Hash column.
    pub hash: &'a [u8],
}

/// What the store found about its own files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileCheck {
    /// Damage found.
    pub damage: Vec<String>,
    /// Bytes nothing vouches for, named.
    pub not_covered: Vec<String>,
    /// Digest over the files' pages where one was made, for the report.
    pub pages_digest: Option<Digest>,
}
