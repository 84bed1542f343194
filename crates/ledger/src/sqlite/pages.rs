//! Checksums of every page of a closed database file, so that bytes which
//! carry no record are covered too.
//!
//! The file beside the database holds a heading, the page size and count, one
//! SHA-256 per page, and a SHA-256 over all of that. It is removed before the
//! first write after opening, because it describes the file as last closed.
//!
//! Must not know: what stands in a page.

use std::fs::{self, File};
use std::io::{BufReader, ErrorKind, Read as _, Write as _};
use std::path::Path;

use super::io_fault;
use crate::ledger::StorageFault;
use crate::types::Digest;

const HEADING: &[u8] = b"vena ledger pages v1\n";
/// SQLite's page size for ledgers; the unit of comparison, nothing more.
const PAGE_BYTES: usize = 4096;

/// Removes the checksums if there are any.
pub(super) fn remove(path: &Path) -> Result<(), StorageFault> {
    match fs::remove_file(path) {
        Ok(()) => sync_folder(path),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(io_fault(path)(cause)),
    }
}

fn sync_folder(path: &Path) -> Result<(), StorageFault> {
    match path.parent() {
        Some(folder) => File::open(folder).and_then(|folder| folder.sync_all()).map_err(io_fault(path)),
        None => Ok(()),
    }
}

fn digests(database: &Path) -> Result<Vec<Digest>, StorageFault> {
    let file = File::open(database).map_err(io_fault(database))?;
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let mut page = [0_u8; PAGE_BYTES];
    let mut all = Vec::new();
    loop {
        let mut filled = 0;
        while let Some(rest) = page.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match reader.read(rest) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
                Err(cause) => return Err(io_fault(database)(cause)),
            }
        }
        match page.get(..filled) {
            Some([]) | None => return Ok(all),
            Some(bytes) => all.push(Digest::of(bytes)),
        }
    }
}

/// Writes the checksums of a database file that nobody will change.
pub(super) fn write(database: &Path, path: &Path) -> Result<(), StorageFault> {
    let pages = digests(database)?;
    let mut bytes = Vec::with_capacity(HEADING.len() + 12 + pages.len() * 32 + 32);
    bytes.extend_from_slice(HEADING);
    bytes.extend_from_slice(&(PAGE_BYTES as u32).to_be_bytes());
    bytes.extend_from_slice(&(pages.len() as u64).to_be_bytes());
    for page in &pages {
        bytes.extend_from_slice(&page.0);
    }
    bytes.extend_from_slice(&Digest::of(&bytes).0);
    let draft = path.with_extension("pages-new");
    File::create(&draft)
        .and_then(|mut file| {
            file.write_all(&bytes)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&draft, path))
        .map_err(io_fault(path))?;
    sync_folder(path)
}

/// What comparing the file with its checksums gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PageCheck {
    /// There are no checksums.
    None,
    /// Every byte of the file is as it was when it was closed.
    Same(Digest),
    /// These differ.
    Differs(Vec<String>),
}

/// Compares a database file with its checksums.
pub(super) fn check(database: &Path, path: &Path) -> Result<PageCheck, StorageFault> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(PageCheck::None),
        Err(cause) => return Err(io_fault(path)(cause)),
    };
    let damaged = || {
        Ok(PageCheck::Differs(vec![format!(
            "{} is damaged: it does not have the digest it carries",
            path.display()
        )]))
    };
    let (content, own) = bytes.split_at(bytes.len().saturating_sub(32));
    let own_digest = Digest::of(content);
    if own != own_digest.0 {
        return damaged();
    }
    let Some(stored) = content.strip_prefix(HEADING).and_then(|rest| rest.get(12..)) else {
        return damaged();
    };
    let now = digests(database)?;
    let mut differing = Vec::new();
    let stored_count = stored.len() / 32;
    if stored_count != now.len() {
        differing.push(format!(
            "{} has {} pages, it was closed with {stored_count}",
            database.display(),
            now.len()
        ));
    }
    for (index, (stored, now)) in stored.chunks_exact(32).zip(&now).enumerate() {
        if stored != now.0 {
            differing.push(format!(
                "page {} of {} (bytes {} to {}) has changed since it was closed",
                index + 1,
                database.display(),
                index * PAGE_BYTES,
                (index + 1) * PAGE_BYTES - 1
            ));
        }
    }
    if differing.is_empty() { Ok(PageCheck::Same(own_digest)) } else { Ok(PageCheck::Differs(differing)) }
}
