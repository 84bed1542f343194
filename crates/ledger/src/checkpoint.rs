//! Checkpoints: a signed Merkle root over every stream head, chained to the
//! checkpoint before; their exported form; proofs that a head stands in one.
//!
//! Must not know: any store, when checkpoints are due.

use serde::{Deserialize, Serialize};

use crate::keys::{CheckpointKey, PublicKey};
use crate::merkle;
use crate::types::{Digest, Head, Position, StreamId, from_hex, to_hex};

const CHECKPOINT_VERSION: u8 = 1;
const CHECKPOINT_DOMAIN_V1: &[u8] = b"vena ledger checkpoint v1\n";
const HEAD_DOMAIN_V1: &[u8] = b"vena ledger head v1\n";
const SIGNATURE_BYTES: usize = 64;

/// Name of the exported form.
pub const CHECKPOINT_FORMAT: &str = "vena-ledger-checkpoint-1";
/// Name of the proof's form.
pub const PROOF_FORMAT: &str = "vena-ledger-proof-1";

/// Why a checkpoint or proof is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Stored bytes are not a checkpoint.
    #[error("the bytes are not a checkpoint: {0}")]
    Malformed(&'static str),
    /// Written by a newer program, or the version was changed.
    #[error("checkpoint format {0:?} is not known")]
    UnknownFormat(String),
    /// The signature does not fit the content and key.
    #[error("the signature of checkpoint {number} does not fit its content")]
    BadSignature {
        /// Which checkpoint.
        number: u64,
    },
    /// Signed by a key other than the trusted one.
    #[error("checkpoint {number} is signed by {found}, trusted is {trusted}")]
    OtherKey {
        /// Which checkpoint.
        number: u64,
        /// The key it names.
        found: PublicKey,
        /// The key asked for.
        trusted: PublicKey,
    },
    /// The heads or path do not lead to the signed root.
    #[error("root is {computed}, checkpoint {number} signed {signed}")]
    WrongRoot {
        /// Which checkpoint.
        number: u64,
        /// Root computed.
        computed: Digest,
        /// Root signed.
        signed: Digest,
    },
    /// The path does not fit the tree's size.
    #[error("the path does not fit leaf {index} of {count}")]
    BadPath {
        /// Leaf named.
        index: u64,
        /// Leaves in the tree.
        count: u64,
    },
}

/// A signed statement of what every stream's head was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which ledger.
    pub ledger_id: [u8; 16],
    /// Number, from 1 without gaps.
    pub number: u64,
    /// Last record it covers.
    pub position: Position,
    /// Streams (leaves of the tree).
    pub streams: u64,
    /// Merkle root over all heads, sorted by stream.
    pub root: Digest,
    /// Digest of the checkpoint before; zeros for the first.
    pub previous: Digest,
    /// When it was made, by the caller's clock.
    pub made_at: String,
    /// Who can be shown to have signed.
    pub public_key: PublicKey,
    /// Ed25519 signature.
    pub signature: [u8; 64],
}

/// Hash of a Merkle leaf for a stream head.
#[must_use]
pub fn head_leaf(stream: &str, head: &Head) -> Digest {
    let mut leaf = Vec::with_capacity(HEAD_DOMAIN_V1.len() + 44 + stream.len());
    leaf.extend_from_slice(HEAD_DOMAIN_V1);
    let length = u32::try_from(stream.len()).unwrap_or(u32::MAX);
    leaf.extend_from_slice(&length.to_be_bytes());
    leaf.extend_from_slice(stream.as_bytes());
    leaf.extend_from_slice(&head.seq.to_be_bytes());
    leaf.extend_from_slice(&head.hash.0);
    merkle::leaf_hash(&leaf)
}

impl Checkpoint {
    /// Signs `heads` (sorted by stream) as they stand at `position`.
    #[must_use]
    pub fn sign(
        ledger_id: [u8; 16],
        after: Option<&Checkpoint>,
        position: Position,
        leaves: &[Digest],
        made_at: &str,
        key: &CheckpointKey,
    ) -> Self {
        let mut checkpoint = Self {
            ledger_id,
            number: after.map_or(1, |before| before.number + 1),
            position,
            streams: leaves.len() as u64,
            root: merkle::root(leaves),
            previous: after.map_or(Digest::default(), Checkpoint::digest),
            made_at: made_at.to_owned(),
            public_key: key.public(),
            signature: [0; SIGNATURE_BYTES],
        };
        checkpoint.signature = key.sign(&checkpoint.message());
        checkpoint
    }

    fn body(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(200);
        out.push(CHECKPOINT_VERSION);
        out.extend_from_slice(&self.ledger_id);
        out.extend_from_slice(&self.number.to_be_bytes());
        out.extend_from_slice(&self.position.0.to_be_bytes());
        out.extend_from_slice(&self.streams.to_be_bytes());
        out.extend_from_slice(&self.root.0);
        out.extend_from_slice(&self.previous.0);
        out.extend_from_slice(&self.public_key.0);
        let length = u32::try_from(self.made_at.len()).unwrap_or(u32::MAX);
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(self.made_at.as_bytes());
        out
    }

    fn message(&self) -> Vec<u8> {
        let mut message = CHECKPOINT_DOMAIN_V1.to_vec();
        message.extend_from_slice(&self.body());
        message
    }

    /// The bytes that are stored: body, then signature.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = self.body();
        out.extend_from_slice(&self.signature);
        out
    }

    /// SHA-256 of the stored bytes; what the next checkpoint names.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.encode())
    }

    /// Reads stored bytes. Checks the form, not the signature.
    ///
    /// # Errors
    /// [`CheckpointError`] when the bytes have another form.
    pub fn decode(bytes: &[u8]) -> Result<Self, CheckpointError> {
        fn take<const N: usize>(left: &mut &[u8]) -> Result<[u8; N], CheckpointError> {
            let (taken, rest) = left.split_at_checked(N).ok_or(CheckpointError::Malformed("too short"))?;
            *left = rest;
            taken.try_into().map_err(|_| CheckpointError::Malformed("too short"))
        }
        let mut left = bytes;
        let [version] = take::<1>(&mut left)?;
        if version != CHECKPOINT_VERSION {
            return Err(CheckpointError::UnknownFormat(version.to_string()));
        }
        let ledger_id = take(&mut left)?;
        let number = u64::from_be_bytes(take(&mut left)?);
        let position = Position(u64::from_be_bytes(take(&mut left)?));
        let streams = u64::from_be_bytes(take(&mut left)?);
        let root = Digest(take(&mut left)?);
        let previous = Digest(take(&mut left)?);
        let public_key = PublicKey(take(&mut left)?);
        let length = u32::from_be_bytes(take(&mut left)?);
        let (made_at, rest) = left
            .split_at_checked(usize::try_from(length).unwrap_or(usize::MAX))
            .ok_or(CheckpointError::Malformed("too short"))?;
        let signature =
            rest.try_into().map_err(|_| CheckpointError::Malformed("signature is not 64 bytes"))?;
        Ok(Self {
            ledger_id,
            number,
            position,
            streams,
            root,
            previous,
            made_at: std::str::from_utf8(made_at)
                .map_err(|_| CheckpointError::Malformed("time is not UTF-8"))?
                .to_owned(),
            public_key,
            signature,
        })
    }

    /// Checks the signature, and that the key is the trusted one when given.
    ///
    /// # Errors
    /// [`CheckpointError::OtherKey`] or [`CheckpointError::BadSignature`].
    pub fn check_signature(&self, trusted: Option<PublicKey>) -> Result<(), CheckpointError> {
        if let Some(trusted) = trusted
            && trusted != self.public_key
        {
            return Err(CheckpointError::OtherKey { number: self.number, found: self.public_key, trusted });
        }
        if self.public_key.accepts(&self.message(), &self.signature) {
            Ok(())
        } else {
            Err(CheckpointError::BadSignature { number: self.number })
        }
    }
}

/// A stream and its head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamHead {
    /// The stream.
    pub stream: StreamId,
    /// Number of its last record.
    pub seq: u64,
    /// Hash of its last record.
    pub hash: Digest,
}

impl StreamHead {
    /// The head alone.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { seq: self.seq, hash: self.hash }
    }
}

#[derive(Serialize, Deserialize)]
struct CheckpointText {
    ledger: String,
    number: u64,
    position: Position,
    streams: u64,
    root: Digest,
    previous: Digest,
    made_at: String,
    public_key: PublicKey,
    signature: String,
}

impl Serialize for Checkpoint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        CheckpointText {
            ledger: to_hex(&self.ledger_id),
            number: self.number,
            position: self.position,
            streams: self.streams,
            root: self.root,
            previous: self.previous,
            made_at: self.made_at.clone(),
            public_key: self.public_key,
            signature: to_hex(&self.signature),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Checkpoint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = CheckpointText::deserialize(deserializer)?;
        let hex = |name, value: &str| {
            from_hex(value)
                .ok_or_else(|| serde::de::Error::custom(format!("{name} is not hexadecimal digits")))
        };
        let length = |name| move |_| serde::de::Error::custom(format!("{name} has a wrong length"));
        Ok(Self {
            ledger_id: hex("ledger", &text.ledger)?.try_into().map_err(length("ledger"))?,
            number: text.number,
            position: text.position,
            streams: text.streams,
            root: text.root,
            previous: text.previous,
            made_at: text.made_at,
            public_key: text.public_key,
            signature: hex("signature", &text.signature)?.try_into().map_err(length("signature"))?,
        })
    }
}

/// A checkpoint to keep elsewhere: with every stream head, so that a ledger
/// rewritten later, even with the key, can be shown to differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointFile {
    /// [`CHECKPOINT_FORMAT`].
    pub format: String,
    /// The signed statement.
    pub checkpoint: Checkpoint,
    /// Every head it covers, sorted by stream.
    pub heads: Vec<StreamHead>,
}

impl CheckpointFile {
    /// Puts a checkpoint and its heads together.
    #[must_use]
    pub fn new(checkpoint: Checkpoint, heads: Vec<StreamHead>) -> Self {
        Self { format: CHECKPOINT_FORMAT.to_owned(), checkpoint, heads }
    }

    /// Checks the file by itself: form, heads against the root, signature.
    ///
    /// # Errors
    /// [`CheckpointError`] naming what does not fit.
    pub fn check(&self, trusted: Option<PublicKey>) -> Result<(), CheckpointError> {
        if self.format != CHECKPOINT_FORMAT {
            return Err(CheckpointError::UnknownFormat(self.format.clone()));
        }
        self.checkpoint.check_signature(trusted)?;
        let leaves: Vec<Digest> =
            self.heads.iter().map(|entry| head_leaf(entry.stream.as_str(), &entry.head())).collect();
        check_root(&self.checkpoint, merkle::root(&leaves))?;
        if self.checkpoint.streams != leaves.len() as u64 {
            return Err(CheckpointError::Malformed("the number of heads differs"));
        }
        Ok(())
    }
}

fn check_root(checkpoint: &Checkpoint, computed: Digest) -> Result<(), CheckpointError> {
    if computed == checkpoint.root {
        Ok(())
    } else {
        Err(CheckpointError::WrongRoot { number: checkpoint.number, computed, signed: checkpoint.root })
    }
}

/// Proof that a stream had this head at a checkpoint; checked with nothing but
/// the public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadProof {
    /// [`PROOF_FORMAT`].
    pub format: String,
    /// The signed statement.
    pub checkpoint: Checkpoint,
    /// The head that is proved.
    pub head: StreamHead,
    /// Which leaf, from 0.
    pub index: u64,
    /// Sibling hashes from the leaf up.
    pub path: Vec<Digest>,
}

impl HeadProof {
    /// Proves the head of `stream` out of all heads of the checkpoint (sorted
    /// by stream); `None` when the checkpoint does not have that stream.
    #[must_use]
    pub fn new(file: &CheckpointFile, stream: &StreamId) -> Option<Self> {
        let index = file.heads.binary_search_by(|entry| entry.stream.cmp(stream)).ok()?;
        let leaves: Vec<Digest> =
            file.heads.iter().map(|entry| head_leaf(entry.stream.as_str(), &entry.head())).collect();
        Some(Self {
            format: PROOF_FORMAT.to_owned(),
            checkpoint: file.checkpoint.clone(),
            head: file.heads.get(index)?.clone(),
            index: index as u64,
            path: merkle::inclusion_path(&leaves, index)?,
        })
    }
}

/// Checks a proof offline.
///
/// # Errors
/// [`CheckpointError`] naming what does not fit.
pub fn verify_proof(proof: &HeadProof, trusted: PublicKey) -> Result<(), CheckpointError> {
    if proof.format != PROOF_FORMAT {
        return Err(CheckpointError::UnknownFormat(proof.format.clone()));
    }
    proof.checkpoint.check_signature(Some(trusted))?;
    let leaf = head_leaf(proof.head.stream.as_str(), &proof.head.head());
    let count = proof.checkpoint.streams;
    let root = merkle::root_from_path(leaf, proof.index, count, &proof.path)
        .ok_or(CheckpointError::BadPath { index: proof.index, count })?;
    check_root(&proof.checkpoint, root)
}
