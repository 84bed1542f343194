//! The words of the ledger: streams, heads, events to append, events read back.
//!
//! Must not know: any store, any encoding, what an event means.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Limits the store enforces, so that no caller can make a record that a
/// reader could not hold in memory. Sizes in bytes.
pub mod limits {
    /// Longest name of a stream.
    pub const STREAM_BYTES: usize = 200;
    /// Longest event type.
    pub const EVENT_TYPE_BYTES: usize = 120;
    /// Longest written instant.
    pub const INSTANT_BYTES: usize = 80;
    /// Longest pseudonymous actor id.
    pub const ACTOR_BYTES: usize = 200;
    /// Longest idempotency key.
    pub const KEY_BYTES: usize = 200;
    /// Longest body of one event.
    pub const BODY_BYTES: usize = 16 * 1024 * 1024;
    /// Most events in one append.
    pub const EVENTS_IN_APPEND: usize = 100_000;
    /// Most attachments one event may name.
    pub const ATTACHMENTS_IN_EVENT: usize = 256;
}

/// A SHA-256 digest. Written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Reads 64 hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes = from_hex(text)?;
        bytes.try_into().ok().map(Self)
    }

    /// Reads exactly 32 bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_hex(&text).ok_or_else(|| serde::de::Error::custom("expected 64 hexadecimal digits"))
    }
}

/// Lower-case hexadecimal digits of `bytes`.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// Bytes of hexadecimal digits; `None` for anything else. Only lower case is
/// read, so that one digest has one spelling.
#[must_use]
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    fn digit(byte: u8) -> Option<u8> {
        match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        }
    }
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect()
}

/// The name of a stream: what kind of thing, a slash, its id
/// (`journey/01J…`, `container/…`). Byte order is the order of the Merkle tree. A copy shares the name.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamId(Arc<str>);

impl StreamId {
    /// Names a stream. Emptiness and length are checked on append, where the
    /// mistake can be reported.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// The name as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for StreamId {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for StreamId {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// Place of a record in the whole ledger. The first record stands at 1; 0
/// means "before the first".
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub u64);

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The last record of a stream: its number in the stream (from 1) and hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Head {
    /// Number of the record in its stream, from 1.
    pub seq: u64,
    /// Hash of that record.
    pub hash: Digest,
}

/// What a record says about a file kept beside the ledger.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct AttachmentRef {
    /// SHA-256 of the file as it came in.
    pub plain_sha256: Digest,
    /// SHA-256 of the encrypted file; also its name on disk.
    pub cipher_sha256: Digest,
    /// Size of the file as it came in, in bytes.
    pub size_bytes: u64,
}

/// An event somebody wants to record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewEvent {
    /// The stream it belongs to.
    pub stream: StreamId,
    /// What kind of event, in the caller's words.
    pub event_type: String,
    /// Version of the body's shape, for lifting.
    pub event_version: u32,
    /// When it happened, as written by the caller; `None` where the event has
    /// no time of its own.
    pub happened: Option<String>,
    /// When it was recorded, by the caller's clock.
    pub recorded_at: String,
    /// Pseudonymous id of who recorded it.
    pub by: String,
    /// The body, kept byte for byte (JSON text by convention).
    pub body: Vec<u8>,
    /// Files this event refers to; they must have been stored before.
    pub attachments: Vec<AttachmentRef>,
}

impl NewEvent {
    /// An event with no time of its own and no attachments.
    pub fn new(
        stream: impl Into<StreamId>,
        event_type: impl Into<String>,
        event_version: u32,
        recorded_at: impl Into<String>,
        by: impl Into<String>,
        body: impl Into<Vec<u8>>,
    ) -> Self {
        Self {
            stream: stream.into(),
            event_type: event_type.into(),
            event_version,
            happened: None,
            recorded_at: recorded_at.into(),
            by: by.into(),
            body: body.into(),
            attachments: Vec::new(),
        }
    }

    /// Says when it happened.
    #[must_use]
    pub fn happened(mut self, happened: impl Into<String>) -> Self {
        self.happened = Some(happened.into());
        self
    }

    /// Refers to a stored file.
    #[must_use]
    pub fn attach(mut self, attachment: AttachmentRef) -> Self {
        self.attachments.push(attachment);
        self
    }
}

/// One decision's events, over one or several streams: all are recorded or none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Append {
    /// Chosen by the caller, unique per intent. A repeat with the same content
    /// gives back the first result. Keys that begin with the time they were
    /// made (as ULIDs do) keep the store quick.
    pub idempotency_key: String,
    /// In the order they shall be recorded.
    pub events: Vec<NewEvent>,
    /// Every stream head the decision read; `None` for a stream that did not
    /// exist. The append fails if any has moved.
    pub reads: Vec<(StreamId, Option<Head>)>,
}

impl Append {
    /// An append that read nothing.
    pub fn new(idempotency_key: impl Into<String>, events: Vec<NewEvent>) -> Self {
        Self { idempotency_key: idempotency_key.into(), events, reads: Vec::new() }
    }

    /// Adds a stream head to the read set.
    #[must_use]
    pub fn read(mut self, stream: impl Into<StreamId>, head: Option<Head>) -> Self {
        self.reads.push((stream.into(), head));
        self
    }
}

/// What was recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Appended {
    /// Position of the first event; the others follow without a gap.
    pub first_position: Position,
    /// Position of the last event.
    pub last_position: Position,
    /// Each stream written to and the head this append left it with, sorted by
    /// stream.
    pub heads: Vec<(StreamId, Head)>,
    /// True when this key had been recorded before and nothing was written now.
    pub replayed: bool,
}

/// An event read back, its bytes checked against its hash.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredEvent {
    /// Place in the whole ledger.
    pub position: Position,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// Number in its stream, from 1.
    pub seq: u64,
    /// What kind of event.
    pub event_type: String,
    /// Version of the body's shape as stored.
    pub event_version: u32,
    /// When it happened, as written.
    pub happened: Option<String>,
    /// When it was recorded, as written.
    pub recorded_at: String,
    /// Pseudonymous id of who recorded it.
    pub by: String,
    /// Key of the append it came in.
    pub idempotency_key: String,
    /// Position of the first event of that append.
    pub append_first: Position,
    /// Which event of that append this is, from 0.
    pub append_index: u32,
    /// How many events that append has.
    pub append_count: u32,
    /// The body as stored.
    pub body: Vec<u8>,
    /// Files it refers to.
    pub attachments: Vec<AttachmentRef>,
    /// Hash of this record.
    pub hash: Digest,
}

impl StoredEvent {
    /// The head of its stream just after this event.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { seq: self.seq, hash: self.hash }
    }
}
