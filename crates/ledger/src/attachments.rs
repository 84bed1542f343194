//! Attachments: files kept beside the ledger, encrypted, named by the digest
//! of what is on disk, streamed in and out.
//!
//! A file is a heading, a nonce prefix, and frames of 64 KiB sealed with
//! XChaCha20-Poly1305 in the STREAM construction (Hoang, Reyhanitabar, Rogaway,
//! Vizár 2015): frames cannot be reordered, dropped or cut off unnoticed.
//!
//! Must not know: what a file shows, who may see it.

use std::fs::{self, File};
use std::io::{BufReader, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::keys::Secret;
use crate::types::{AttachmentRef, Digest};

const HEADING: &[u8] = b"vena attachment v1\n";
const FRAME_BYTES: usize = 64 * 1024;
const TAG_BYTES: usize = 16;
/// Random bytes a nonce begins with; four bytes of counter and one that marks
/// the last frame follow.
pub const NONCE_PREFIX_BYTES: usize = 19;
const FOLDER: &str = "attachments";

/// Why a file was not stored, read or accepted.
#[derive(Debug, thiserror::Error)]
pub enum AttachmentError {
    /// Longer than allowed.
    #[error("the file is longer than {limit_bytes} bytes")]
    TooLarge {
        /// The limit.
        limit_bytes: u64,
    },
    /// The disk is full. Nothing was kept.
    #[error("the disk is full")]
    Full,
    /// Not there.
    #[error("{0} is missing")]
    Missing(Digest),
    /// Its bytes are not what was stored.
    #[error("{stored} is damaged: {cause}")]
    Damaged {
        /// Name of the file.
        stored: Digest,
        /// What does not fit.
        cause: &'static str,
    },
    /// Reading or writing failed.
    #[error("{path}: {cause}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The incoming or outgoing side failed.
    #[error("the other side failed: {0}")]
    Stream(std::io::Error),
}

/// The folder attachments are kept in.
#[derive(Debug, Clone)]
pub struct AttachmentStore {
    folder: PathBuf,
    limit_bytes: u64,
}

fn cipher(key: &Secret) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.bytes().into())
}

fn nonce(prefix: &[u8; NONCE_PREFIX_BYTES], counter: u32, last: bool) -> XNonce {
    let mut bytes = [0; 24];
    let (head, tail) = bytes.split_at_mut(NONCE_PREFIX_BYTES);
    head.copy_from_slice(prefix);
    let (count, mark) = tail.split_at_mut(4);
    count.copy_from_slice(&counter.to_be_bytes());
    mark.fill(u8::from(last));
    bytes.into()
}

/// Reads until `buffer` is full or the input ends; the number of bytes read.
fn fill(input: &mut dyn Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok(filled)
}

/// A file being written; removed unless it was finished.
struct Draft {
    path: PathBuf,
    kept: bool,
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.kept {
            // Left over, it would be an unnamed file that nothing refers to.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl AttachmentStore {
    /// Attachments under `data/attachments`; files longer than `limit_bytes`
    /// are refused.
    #[must_use]
    pub fn new(data: &Path, limit_bytes: u64) -> Self {
        Self { folder: data.join(FOLDER), limit_bytes }
    }

    /// Where a file is kept: two digits of its name as folder, the rest as file.
    #[must_use]
    pub fn path(&self, cipher_sha256: &Digest) -> PathBuf {
        let name = cipher_sha256.to_string();
        let (folder, file) = name.split_at(2);
        self.folder.join(folder).join(file)
    }

    /// Encrypts and stores what `input` gives. `nonce_prefix` must come from a
    /// random generator and never be used twice with one key.
    ///
    /// The file is durable when this returns; record the answer in an event.
    ///
    /// # Errors
    /// [`AttachmentError`]; nothing is kept then.
    pub fn store(
        &self,
        key: &Secret,
        nonce_prefix: [u8; NONCE_PREFIX_BYTES],
        input: &mut dyn Read,
    ) -> Result<AttachmentRef, AttachmentError> {
        let draft_folder = self.folder.join("incoming");
        fs::create_dir_all(&draft_folder).map_err(io(&draft_folder))?;
        let mut draft = Draft { path: draft_folder.join(crate::types::to_hex(&nonce_prefix)), kept: false };
        let mut file = File::create_new(&draft.path).map_err(io(&draft.path))?;
        let stored = self.seal(key, nonce_prefix, input, &mut file, &draft.path)?;
        file.sync_all().map_err(io(&draft.path))?;
        let path = self.path(&stored.cipher_sha256);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(io(folder))?;
            fs::rename(&draft.path, &path).map_err(io(&path))?;
            draft.kept = true;
            for folder in [folder, &self.folder] {
                File::open(folder).and_then(|folder| folder.sync_all()).map_err(io(folder))?;
            }
        }
        Ok(stored)
    }

    fn seal(
        &self,
        key: &Secret,
        prefix: [u8; NONCE_PREFIX_BYTES],
        input: &mut dyn Read,
        file: &mut File,
        path: &Path,
    ) -> Result<AttachmentRef, AttachmentError> {
        let cipher = cipher(key);
        let mut plain_hash = Sha256::new();
        let mut cipher_hash = Sha256::new();
        let mut put = |bytes: &[u8]| {
            cipher_hash.update(bytes);
            file.write_all(bytes).map_err(io(path))
        };
        put(HEADING)?;
        put(&prefix)?;
        let mut frame = Zeroizing::new(vec![0; FRAME_BYTES]);
        let mut following = Zeroizing::new(vec![0; FRAME_BYTES]);
        let mut filled = fill(input, &mut frame).map_err(AttachmentError::Stream)?;
        let mut size_bytes = 0_u64;
        let mut counter = 0_u32;
        loop {
            // The last frame is marked, so whether another follows must be
            // known before this one is sealed.
            let next = if filled == FRAME_BYTES {
                fill(input, &mut following).map_err(AttachmentError::Stream)?
            } else {
                0
            };
            let last = next == 0;
            size_bytes += filled as u64;
            if size_bytes + next as u64 > self.limit_bytes {
                return Err(AttachmentError::TooLarge { limit_bytes: self.limit_bytes });
            }
            let Some(content) = frame.get_mut(..filled) else {
                break;
            };
            plain_hash.update(&*content);
            let tag = cipher
                .encrypt_inout_detached(&nonce(&prefix, counter, last), HEADING, content.into())
                .map_err(|_| AttachmentError::TooLarge { limit_bytes: self.limit_bytes })?;
            put(frame.get(..filled).unwrap_or_default())?;
            put(&tag)?;
            if last {
                break;
            }
            counter =
                counter.checked_add(1).ok_or(AttachmentError::TooLarge { limit_bytes: self.limit_bytes })?;
            std::mem::swap(&mut frame, &mut following);
            filled = next;
        }
        Ok(AttachmentRef {
            plain_sha256: Digest(plain_hash.finalize().into()),
            cipher_sha256: Digest(cipher_hash.finalize().into()),
            size_bytes,
        })
    }

    /// Decrypts a file into `output`. Each frame is checked before it is
    /// passed on; the whole file's digests are checked at the end, and a file
    /// that does not fit is an error even though frames were passed on.
    ///
    /// # Errors
    /// [`AttachmentError`].
    pub fn load(
        &self,
        key: &Secret,
        attachment: &AttachmentRef,
        output: &mut dyn Write,
    ) -> Result<(), AttachmentError> {
        self.walk(attachment, Some(key), output)
    }

    /// Checks a file against its record: as encrypted, and with the key its
    /// plain text too.
    ///
    /// # Errors
    /// [`AttachmentError`].
    pub fn check(&self, attachment: &AttachmentRef, key: Option<&Secret>) -> Result<(), AttachmentError> {
        self.walk(attachment, key, &mut std::io::sink())
    }

    fn walk(
        &self,
        attachment: &AttachmentRef,
        key: Option<&Secret>,
        output: &mut dyn Write,
    ) -> Result<(), AttachmentError> {
        let stored = attachment.cipher_sha256;
        let damaged = |cause| AttachmentError::Damaged { stored, cause };
        let path = self.path(&stored);
        let file = File::open(&path).map_err(|cause| match cause.kind() {
            ErrorKind::NotFound => AttachmentError::Missing(stored),
            _ => io(&path)(cause),
        })?;
        let mut input = BufReader::with_capacity(FRAME_BYTES + TAG_BYTES, file);
        let mut start = [0; HEADING.len() + NONCE_PREFIX_BYTES];
        let got = fill(&mut input, &mut start).map_err(io(&path))?;
        let heading = start.get(..got).and_then(|start| start.strip_prefix(HEADING));
        let prefix = heading
            .and_then(|prefix| <[u8; NONCE_PREFIX_BYTES]>::try_from(prefix).ok())
            .ok_or_else(|| damaged("its heading is not that of an attachment"))?;
        let mut frames = Frames {
            stored,
            prefix,
            opener: key.map(cipher),
            cipher_hash: Sha256::new_with_prefix(start),
            plain_hash: Sha256::new(),
            size_bytes: 0,
        };
        let mut frame = Zeroizing::new(vec![0; FRAME_BYTES + TAG_BYTES]);
        let mut following = Zeroizing::new(vec![0; FRAME_BYTES + TAG_BYTES]);
        let mut filled = fill(&mut input, &mut frame).map_err(io(&path))?;
        let mut counter = 0_u32;
        loop {
            let next = fill(&mut input, &mut following).map_err(io(&path))?;
            let bytes = frame.get_mut(..filled).unwrap_or_default();
            frames.open(bytes, counter, next == 0, output)?;
            if next == 0 {
                break;
            }
            counter = counter.checked_add(1).ok_or_else(|| damaged("it has too many frames"))?;
            std::mem::swap(&mut frame, &mut following);
            filled = next;
        }
        frames.end(attachment)
    }

    /// Names of all stored files, sorted; whether a record refers to them is
    /// not asked. Unfinished files of an interrupted program are left out.
    ///
    /// # Errors
    /// [`AttachmentError::Io`].
    pub fn list(&self) -> Result<Vec<Digest>, AttachmentError> {
        let mut names = Vec::new();
        let folders = match fs::read_dir(&self.folder) {
            Ok(folders) => folders,
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(names),
            Err(cause) => return Err(io(&self.folder)(cause)),
        };
        for folder in folders {
            let folder = folder.map_err(io(&self.folder))?;
            let start = folder.file_name().to_string_lossy().into_owned();
            if start.len() != 2 || !folder.path().is_dir() {
                continue;
            }
            for file in fs::read_dir(folder.path()).map_err(io(&folder.path()))? {
                let file = file.map_err(io(&folder.path()))?;
                let name = format!("{start}{}", file.file_name().to_string_lossy());
                names.extend(Digest::from_hex(&name));
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

/// A file being read, frame by frame.
struct Frames {
    stored: Digest,
    prefix: [u8; NONCE_PREFIX_BYTES],
    opener: Option<XChaCha20Poly1305>,
    cipher_hash: Sha256,
    plain_hash: Sha256,
    size_bytes: u64,
}

impl Frames {
    fn damaged(&self, cause: &'static str) -> AttachmentError {
        AttachmentError::Damaged { stored: self.stored, cause }
    }

    fn open(
        &mut self,
        bytes: &mut [u8],
        counter: u32,
        last: bool,
        output: &mut dyn Write,
    ) -> Result<(), AttachmentError> {
        self.cipher_hash.update(&*bytes);
        let cut = || AttachmentError::Damaged { stored: self.stored, cause: "it ends inside a frame" };
        let content_bytes = bytes.len().checked_sub(TAG_BYTES).ok_or_else(cut)?;
        self.size_bytes += content_bytes as u64;
        let Some(opener) = &self.opener else {
            return Ok(());
        };
        let (content, tag) = bytes.split_at_mut(content_bytes);
        let tag = Tag::try_from(&*tag).map_err(|_| cut())?;
        opener
            .decrypt_inout_detached(
                &nonce(&self.prefix, counter, last),
                HEADING,
                (&mut *content).into(),
                &tag,
            )
            .map_err(|_| self.damaged("a frame does not open with this key"))?;
        self.plain_hash.update(&*content);
        output.write_all(content).map_err(AttachmentError::Stream)
    }

    fn end(self, attachment: &AttachmentRef) -> Result<(), AttachmentError> {
        let wrong_size = self.size_bytes != attachment.size_bytes;
        let plain = self.opener.is_some().then_some(self.plain_hash);
        let wrong_plain = plain.is_some_and(|hash| Digest(hash.finalize().into()) != attachment.plain_sha256);
        let stored = self.stored;
        let cause = if Digest(self.cipher_hash.finalize().into()) != stored {
            "its digest is not its name"
        } else if wrong_size {
            "its size is not the one recorded"
        } else if wrong_plain {
            "the digest of its plain text is not the one recorded"
        } else {
            return Ok(());
        };
        Err(AttachmentError::Damaged { stored, cause })
    }
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> AttachmentError + '_ {
    move |cause| match cause.kind() {
        ErrorKind::StorageFull => AttachmentError::Full,
        _ => AttachmentError::Io { path: path.to_owned(), cause },
    }
}
