//! Append-only, hash-chained, signed event store.
//!
//! Must not know: any clinical or quality meaning of what it stores, any clock
//! (times are the caller's), any source of randomness (random bytes are
//! arguments).
//!
//! `docs/ledger-format.md` specifies every byte.

pub mod attachments;
pub mod checkpoint;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod fuzz;
pub mod keys;
#[cfg(feature = "conformance")]
pub mod kill;
mod ledger;
pub mod lift;
pub mod merkle;
pub mod read_models;
pub mod record;
pub mod sqlite;
mod types;
pub mod vault;
pub mod verify;
mod verify_walk;

pub use attachments::{AttachmentError, AttachmentStore};
pub use checkpoint::{Checkpoint, CheckpointFile, HeadProof, verify_proof};
pub use keys::{CheckpointKey, KeyKind, PublicKey, Secret};
pub use ledger::{AppendError, FileCheck, Ledger, RawHead, RawStore, StorageFault, check_append};
pub use lift::{Lift, Lifts};
pub use read_models::{
    Change, ModelRow, ModelState, OrderBy, Page, Query, ReadModelError, ReadModelStore, SortValue,
};
pub use sqlite::{SqliteLedger, SqliteRaw};
pub use types::{
    Append, Appended, AttachmentRef, Digest, Head, NewEvent, Position, StoredEvent, StreamId, from_hex,
    limits, to_hex,
};
pub use vault::{Identity, Match, Restriction, Search, SearchAudit, Vault, VaultError};
pub use verify::{Finding, Problem, Report, VerifyOptions, verify, verify_folder};
