//! Record format, byte for byte, and its hash. `docs/ledger-format.md` is the
//! same text for people.
//!
//! Must not know: any store, any key, what an event means.

use sha2::{Digest as _, Sha256};

use crate::types::{AttachmentRef, Digest, Head, NewEvent, Position, StoredEvent, StreamId};

/// The version new records are written in.
pub const RECORD_VERSION: u8 = 1;

/// First input of every record hash, so that no other hash of this system can
/// be mistaken for one.
const RECORD_DOMAIN_V1: &[u8] = b"vena ledger record v1\n";
/// First input of the hash a stream starts from.
const STREAM_DOMAIN_V1: &[u8] = b"vena ledger stream v1\n";
const HASH_BYTES: usize = 32;
const ATTACHMENT_BYTES: usize = 72;

/// Why bytes are not a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The bytes end before the record does.
    #[error("record ends early: {field} needs {wanted} bytes, {left} are left")]
    Short {
        /// Which field was being read.
        field: &'static str,
        /// Bytes wanted.
        wanted: usize,
        /// Bytes left.
        left: usize,
    },
    /// Written by a newer program, or the version byte was changed.
    #[error("record version {0} is not known")]
    UnknownVersion(u8),
    /// A text field does not hold UTF-8.
    #[error("{0} is not UTF-8")]
    NotUtf8(&'static str),
    /// The marker of an optional field is neither 0 nor 1.
    #[error("the marker of {field} is {value}, not 0 or 1")]
    BadMarker {
        /// Which field.
        field: &'static str,
        /// What stood there.
        value: u8,
    },
    /// Bytes after the end of the record.
    #[error("{0} bytes follow the end of the record")]
    Trailing(usize),
    /// The stored hash is not the hash of the stored bytes.
    #[error("hash is {computed}, the record says {stored}")]
    WrongHash {
        /// Hash of the bytes as they are.
        computed: Digest,
        /// Hash as stored.
        stored: Digest,
    },
}

/// A record whose fields borrow from its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<'a> {
    /// Place in the whole ledger, from 1.
    pub position: u64,
    /// Number in its stream, from 1.
    pub seq: u64,
    /// Position of the record before it in its stream; 0 for the first.
    pub previous_position: u64,
    /// Hash of that record, or the stream's starting hash.
    pub previous_hash: Digest,
    /// Position of the first record of its append.
    pub append_first: u64,
    /// Which record of the append, from 0.
    pub append_index: u32,
    /// Records in the append.
    pub append_count: u32,
    /// Version of the body's shape.
    pub event_version: u32,
    /// Stream.
    pub stream: &'a str,
    /// Event type.
    pub event_type: &'a str,
    /// When it happened, as written.
    pub happened: Option<&'a str>,
    /// When it was recorded, as written.
    pub recorded_at: &'a str,
    /// Pseudonymous actor id.
    pub by: &'a str,
    /// Key of the append.
    pub idempotency_key: &'a str,
    /// Attachment references, 72 bytes each.
    attachments: &'a [u8],
    /// Body as stored.
    pub body: &'a [u8],
    /// Hash as stored.
    pub hash: Digest,
}

/// Where a new record goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placement<'a> {
    pub position: u64,
    pub seq: u64,
    pub previous_position: u64,
    pub previous_hash: Digest,
    pub append_first: u64,
    pub append_index: u32,
    pub append_count: u32,
    pub idempotency_key: &'a str,
}

/// The hash the first record of `stream` names as its predecessor: it binds
/// the stream to this ledger.
#[must_use]
pub fn stream_start(ledger_id: &[u8; 16], stream: &str) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update(STREAM_DOMAIN_V1);
    hasher.update(ledger_id);
    hasher.update(stream.as_bytes());
    Digest(hasher.finalize().into())
}

/// Hash of a record of the given version over everything before the stored hash.
fn record_hash(version: u8, content: &[u8]) -> Result<Digest, RecordError> {
    match version {
        1 => {
            let mut hasher = Sha256::new();
            hasher.update(RECORD_DOMAIN_V1);
            hasher.update(content);
            Ok(Digest(hasher.finalize().into()))
        }
        other => Err(RecordError::UnknownVersion(other)),
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_bytes(out, text.as_bytes());
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    // Lengths are bounded by `limits`, far below u32::MAX.
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
}

/// Writes a version 1 record behind what `out` holds and returns its hash.
pub(crate) fn encode(place: &Placement<'_>, event: &NewEvent, out: &mut Vec<u8>) -> Digest {
    let start = out.len();
    out.push(RECORD_VERSION);
    out.extend_from_slice(&place.position.to_be_bytes());
    out.extend_from_slice(&place.seq.to_be_bytes());
    out.extend_from_slice(&place.previous_position.to_be_bytes());
    out.extend_from_slice(&place.previous_hash.0);
    out.extend_from_slice(&place.append_first.to_be_bytes());
    out.extend_from_slice(&place.append_index.to_be_bytes());
    out.extend_from_slice(&place.append_count.to_be_bytes());
    out.extend_from_slice(&event.event_version.to_be_bytes());
    put_text(out, event.stream.as_str());
    put_text(out, &event.event_type);
    match &event.happened {
        None => out.push(0),
        Some(text) => {
            out.push(1);
            put_text(out, text);
        }
    }
    put_text(out, &event.recorded_at);
    put_text(out, &event.by);
    put_text(out, place.idempotency_key);
    let count = u32::try_from(event.attachments.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&count.to_be_bytes());
    for attachment in &event.attachments {
        out.extend_from_slice(&attachment.plain_sha256.0);
        out.extend_from_slice(&attachment.cipher_sha256.0);
        out.extend_from_slice(&attachment.size_bytes.to_be_bytes());
    }
    put_bytes(out, &event.body);
    let mut hasher = Sha256::new();
    hasher.update(RECORD_DOMAIN_V1);
    hasher.update(out.get(start..).unwrap_or_default());
    let hash = Digest(hasher.finalize().into());
    out.extend_from_slice(&hash.0);
    hash
}

/// `content` followed by the hash that fits it, whatever it is: what a fuzzer needs to get past the hash.
pub(crate) fn seal(content: &[u8]) -> Vec<u8> {
    let mut sealed = content.to_vec();
    let mut hasher = Sha256::new();
    hasher.update(RECORD_DOMAIN_V1);
    hasher.update(content);
    sealed.extend_from_slice(&hasher.finalize());
    sealed
}

struct Reader<'a> {
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, wanted: usize, field: &'static str) -> Result<&'a [u8], RecordError> {
        match self.left.split_at_checked(wanted) {
            Some((taken, left)) => {
                self.left = left;
                Ok(taken)
            }
            None => Err(RecordError::Short { field, wanted, left: self.left.len() }),
        }
    }

    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], RecordError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N, field)?);
        Ok(array)
    }

    fn u64(&mut self, field: &'static str) -> Result<u64, RecordError> {
        Ok(u64::from_be_bytes(self.array(field)?))
    }

    fn u32(&mut self, field: &'static str) -> Result<u32, RecordError> {
        Ok(u32::from_be_bytes(self.array(field)?))
    }

    fn bytes(&mut self, field: &'static str) -> Result<&'a [u8], RecordError> {
        let length = self.u32(field)?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX), field)
    }

    fn text(&mut self, field: &'static str) -> Result<&'a str, RecordError> {
        std::str::from_utf8(self.bytes(field)?).map_err(|_| RecordError::NotUtf8(field))
    }

    fn optional_text(&mut self, field: &'static str) -> Result<Option<&'a str>, RecordError> {
        match self.array::<1>(field)? {
            [0] => Ok(None),
            [1] => self.text(field).map(Some),
            [value] => Err(RecordError::BadMarker { field, value }),
        }
    }
}

impl<'a> Record<'a> {
    /// Reads a record and checks that its bytes have the hash it carries.
    ///
    /// # Errors
    /// [`RecordError`] when the bytes are not such a record.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, RecordError> {
        let content_bytes = bytes.len().saturating_sub(HASH_BYTES);
        let (content, stored) = bytes.split_at(content_bytes);
        let stored = Digest::from_slice(stored).ok_or(RecordError::Short {
            field: "hash",
            wanted: HASH_BYTES,
            left: bytes.len(),
        })?;
        let version = *content.first().ok_or(RecordError::Short { field: "version", wanted: 1, left: 0 })?;
        let computed = record_hash(version, content)?;
        if computed != stored {
            return Err(RecordError::WrongHash { computed, stored });
        }
        Self::fields(content, stored)
    }

    /// Reads the fields without checking the hash: to name a damaged record as
    /// far as it can still be read, never to use it.
    pub(crate) fn decode_unchecked(bytes: &'a [u8]) -> Result<Self, RecordError> {
        let content_bytes = bytes.len().saturating_sub(HASH_BYTES);
        let (content, stored) = bytes.split_at(content_bytes);
        let stored = Digest::from_slice(stored).ok_or(RecordError::Short {
            field: "hash",
            wanted: HASH_BYTES,
            left: bytes.len(),
        })?;
        Self::fields(content, stored)
    }

    /// Reads the fields of a version 1 record.
    fn fields(content: &'a [u8], hash: Digest) -> Result<Self, RecordError> {
        let mut reader = Reader { left: content };
        reader.take(1, "version")?;
        let record = Self {
            position: reader.u64("position")?,
            seq: reader.u64("seq")?,
            previous_position: reader.u64("previous position")?,
            previous_hash: Digest(reader.array("previous hash")?),
            append_first: reader.u64("append first position")?,
            append_index: reader.u32("append index")?,
            append_count: reader.u32("append count")?,
            event_version: reader.u32("event version")?,
            stream: reader.text("stream")?,
            event_type: reader.text("event type")?,
            happened: reader.optional_text("happened")?,
            recorded_at: reader.text("recorded at")?,
            by: reader.text("by")?,
            idempotency_key: reader.text("idempotency key")?,
            attachments: {
                let count = usize::try_from(reader.u32("attachment count")?).unwrap_or(usize::MAX);
                reader.take(count.saturating_mul(ATTACHMENT_BYTES), "attachments")?
            },
            body: reader.bytes("body")?,
            hash,
        };
        match reader.left.len() {
            0 => Ok(record),
            extra => Err(RecordError::Trailing(extra)),
        }
    }

    /// The files this record refers to.
    pub fn attachments(&self) -> impl Iterator<Item = AttachmentRef> + 'a {
        self.attachments.chunks_exact(ATTACHMENT_BYTES).filter_map(|chunk| {
            let (plain, rest) = chunk.split_at_checked(32)?;
            let (cipher, size) = rest.split_at_checked(32)?;
            Some(AttachmentRef {
                plain_sha256: Digest::from_slice(plain)?,
                cipher_sha256: Digest::from_slice(cipher)?,
                size_bytes: u64::from_be_bytes(size.try_into().ok()?),
            })
        })
    }

    /// The head of its stream just after this record.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { seq: self.seq, hash: self.hash }
    }

    /// True when `event` is what this record holds. The time of recording is
    /// not compared: a repeated attempt comes later.
    #[must_use]
    pub fn holds(&self, event: &NewEvent) -> bool {
        self.stream == event.stream.as_str()
            && self.event_type == event.event_type
            && self.event_version == event.event_version
            && self.happened == event.happened.as_deref()
            && self.by == event.by
            && self.body == event.body
            && self.attachments().eq(event.attachments.iter().copied())
    }

    /// An owned copy.
    #[must_use]
    pub fn to_event(&self) -> StoredEvent {
        StoredEvent {
            position: Position(self.position),
            stream: StreamId::from(self.stream),
            seq: self.seq,
            event_type: self.event_type.to_owned(),
            event_version: self.event_version,
            happened: self.happened.map(str::to_owned),
            recorded_at: self.recorded_at.to_owned(),
            by: self.by.to_owned(),
            idempotency_key: self.idempotency_key.to_owned(),
            append_first: Position(self.append_first),
            append_index: self.append_index,
            append_count: self.append_count,
            body: self.body.to_vec(),
            attachments: self.attachments().collect(),
            hash: self.hash,
        }
    }
}
