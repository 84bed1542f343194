//! Append-only, hash-chained, signed event store.
//!
//! Must not know: any clinical or quality meaning of what it stores, any clock
//! (times are the caller's), any source of randomness (random bytes are
//! arguments).
//!
//! `docs/ledger-format.md` specifies every byte.

pub mod checkpoint;
pub mod keys;
mod ledger;
pub mod merkle;
pub mod record;
pub mod sqlite;
mod types;

pub use ledger::{
    AppendError, FileCheck, Ledger, RawHead, RawStore, StorageFault, check_append,
};
pub use sqlite::{SqliteLedger, SqliteRaw};
pub use types::{
    Append, Appended, AttachmentRef, Digest, Head, NewEvent, Position, StoredEvent, StreamId,
    from_hex, limits, to_hex,
};
