//! Key files: one secret each, readable by its owner only, kept apart from the
//! database.
//!
//! Must not know: where randomness comes from (it is an argument), what a key
//! is used for beyond signing checkpoints.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use zeroize::{Zeroize as _, Zeroizing};

use crate::types::{from_hex, to_hex};

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file could not be read or written.
    #[error("key file {path}: {cause}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// Others than the owner may read it.
    #[error("key file {path} may be read by others (mode {mode:o}); it must be 600")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It does not hold 64 hexadecimal digits under the expected heading.
    #[error("key file {0} does not hold a key of the expected kind")]
    Malformed(PathBuf),
}

/// What a key file is for; stands in its first line so that files cannot be
/// swapped unnoticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// Signs checkpoints.
    Checkpoint,
    /// Encrypts attachments.
    Attachments,
    /// Wraps patients' keys and derives the blind index key.
    Vault,
}

impl KeyKind {
    fn heading(self) -> &'static str {
        match self {
            Self::Checkpoint => "vena checkpoint signing key 1",
            Self::Attachments => "vena attachment data key 1",
            Self::Vault => "vena vault master key 1",
        }
    }
}

/// Thirty-two secret bytes, wiped from memory when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

impl Secret {
    /// Takes secret bytes, which must come from a cryptographic generator.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Writes a new key file with mode 600. Never overwrites.
    ///
    /// # Errors
    /// [`KeyError::Io`] when the file exists or cannot be written.
    pub fn create(path: &Path, kind: KeyKind, random: [u8; 32]) -> Result<Self, KeyError> {
        let io = |cause| KeyError::Io { path: path.to_owned(), cause };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(io)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let secret = Self::new(random);
        let mut text = format!("{}\n{}\n", kind.heading(), to_hex(secret.bytes()));
        let mut file = options.open(path).map_err(io)?;
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        text.zeroize();
        written.map_err(io)?;
        Ok(secret)
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// [`KeyError`] when it is missing, readable by others, or of another kind.
    pub fn load(path: &Path, kind: KeyKind) -> Result<Self, KeyError> {
        let io = |cause| KeyError::Io { path: path.to_owned(), cause };
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(path).map_err(io)?.permissions().mode() & 0o777;
            if mode & 0o077 != 0 {
                return Err(KeyError::Exposed { path: path.to_owned(), mode });
            }
        }
        let text = Zeroizing::new(fs::read_to_string(path).map_err(io)?);
        let malformed = || KeyError::Malformed(path.to_owned());
        let mut lines = text.lines();
        if lines.next() != Some(kind.heading()) {
            return Err(malformed());
        }
        let bytes = Zeroizing::new(lines.next().and_then(from_hex).ok_or_else(malformed)?);
        let array = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| malformed())?;
        Ok(Self::new(array))
    }

    /// Reads the key file, or makes it from `random` when there is none.
    ///
    /// # Errors
    /// As [`Secret::load`] and [`Secret::create`].
    pub fn load_or_create(path: &Path, kind: KeyKind, random: [u8; 32]) -> Result<Self, KeyError> {
        if path.exists() { Self::load(path, kind) } else { Self::create(path, kind, random) }
    }
}

/// Signs checkpoints (Ed25519).
#[derive(Clone)]
pub struct CheckpointKey(SigningKey);

impl std::fmt::Debug for CheckpointKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CheckpointKey(public {})", self.public())
    }
}

impl CheckpointKey {
    /// The signing key of a secret read from a [`KeyKind::Checkpoint`] file.
    #[must_use]
    pub fn new(secret: &Secret) -> Self {
        Self(SigningKey::from_bytes(secret.bytes()))
    }

    /// The key others check signatures with.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

/// Ed25519 public key. Written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// Reads 64 hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        from_hex(text.trim())?.try_into().ok().map(Self)
    }

    /// True when `signature` over `message` was made with this key's secret.
    #[must_use]
    pub(crate) fn accepts(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        VerifyingKey::from_bytes(&self.0)
            .is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
    }
}

impl std::fmt::Display for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl serde::Serialize for PublicKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for PublicKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(deserializer)?;
        Self::from_hex(&text).ok_or_else(|| serde::de::Error::custom("expected 64 hexadecimal digits"))
    }
}
