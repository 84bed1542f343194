//! SQLite against the suite every store must pass.
//! Laws 4 (nothing is edited or deleted) and 6 (times are the caller's).
#![allow(clippy::unwrap_used)]

use std::sync::mpsc::Receiver;

use vena_ledger::checkpoint::{Checkpoint, CheckpointFile};
use vena_ledger::keys::CheckpointKey;
use vena_ledger::{
    Append, AppendError, Appended, Head, Ledger, Position, SqliteLedger, StorageFault, StoredEvent, StreamId,
};

/// A ledger in a folder of its own, removed with it.
struct Temporary(SqliteLedger, #[allow(dead_code)] tempfile::TempDir);

impl Ledger for Temporary {
    fn ledger_id(&self) -> [u8; 16] {
        self.0.ledger_id()
    }
    fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.0.append(append)
    }
    fn append_all(&self, appends: Vec<Append>) -> Vec<Result<Appended, AppendError>> {
        self.0.append_all(appends)
    }
    fn head(&self, stream: &StreamId) -> Result<Option<Head>, StorageFault> {
        self.0.head(stream)
    }
    fn read_stream(&self, stream: &StreamId, from: u64) -> Result<Vec<StoredEvent>, StorageFault> {
        self.0.read_stream(stream, from)
    }
    fn read_all(&self, after: Position, limit: usize) -> Result<Vec<StoredEvent>, StorageFault> {
        self.0.read_all(after, limit)
    }
    fn streams(&self, prefix: &str) -> Result<Vec<(StreamId, Head)>, StorageFault> {
        self.0.streams(prefix)
    }
    fn position(&self) -> Result<Position, StorageFault> {
        self.0.position()
    }
    fn subscribe(&self) -> Receiver<Position> {
        self.0.subscribe()
    }
    fn write_checkpoint(&self, key: &CheckpointKey, made_at: &str) -> Result<CheckpointFile, StorageFault> {
        self.0.write_checkpoint(key, made_at)
    }
    fn checkpoints(&self) -> Result<Vec<Checkpoint>, StorageFault> {
        self.0.checkpoints()
    }
    fn latest_checkpoint(&self) -> Result<Option<CheckpointFile>, StorageFault> {
        self.0.latest_checkpoint()
    }
}

/// Row T3. Several streams (journey, container, batch) in one decision, all or
/// nothing, with the heads it read.
#[test]
fn sqlite_conforms() {
    vena_ledger::conformance::run(|| {
        let folder = tempfile::tempdir().unwrap();
        Temporary(SqliteLedger::create(folder.path(), [1; 16]).unwrap(), folder)
    });
}
