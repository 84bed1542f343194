//! Looks for damage in a write-ahead log that a crash left behind. SQLite takes
//! a frame whose checksum does not fit for the end of the log and forgets what
//! follows; here a frame that does not fit is damage when a whole later
//! transaction had begun after its own, for that one had been made durable. In
//! the last transaction it may be a write the loss of power cut short. (The format is SQLite's, documented in "WAL-mode File Format".)
//!
//! Must not know: what stands in a page.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use super::io_fault;
use crate::ledger::StorageFault;

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// The lowest bit of the magic number says whether checksums take words as
/// big-endian.
const MAGIC: u32 = 0x377f_0682;
const PAGE_BYTES_MAX: u32 = 65_536;

#[derive(Clone, Copy, PartialEq, Eq)]
struct Checksum(u32, u32);

impl Checksum {
    fn add(mut self, bytes: &[u8], big_endian: bool) -> Self {
        for pair in bytes.chunks_exact(8) {
            let (one, other) = (word(pair, 0, big_endian), word(pair, 4, big_endian));
            self.0 = self.0.wrapping_add(one).wrapping_add(self.1);
            self.1 = self.1.wrapping_add(other).wrapping_add(self.0);
        }
        self
    }
}

fn word(bytes: &[u8], at: usize, big_endian: bool) -> u32 {
    let four: [u8; 4] = bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).unwrap_or_default();
    if big_endian { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
}

/// Damage in the log at `path`, one line each; a log cut short by a crash in
/// its last transaction is not damage.
pub(super) fn check(path: &Path) -> Result<Vec<String>, StorageFault> {
    let file = File::open(path).map_err(io_fault(path))?;
    let mut input = BufReader::with_capacity(1 << 20, file);
    let mut header = [0; HEADER_BYTES];
    if input.read_exact(&mut header).is_err() {
        // Too short to hold anything that was committed.
        return Ok(Vec::new());
    }
    let magic = word(&header, 0, true);
    let big_endian = magic & 1 == 1;
    let page_bytes = word(&header, 8, true);
    let (start, _) = header.split_at(FRAME_HEADER_BYTES);
    let mut sum = Checksum(0, 0).add(start, big_endian);
    let stored = Checksum(word(&header, 24, true), word(&header, 28, true));
    if magic & !1 != MAGIC || page_bytes > PAGE_BYTES_MAX || sum != stored {
        return Ok(vec![format!(
            "{}: its header is damaged, SQLite leaves out everything in it",
            path.display()
        )]);
    }
    let salts = header.get(16..24).unwrap_or_default().to_vec();
    let mut frame = vec![0; FRAME_HEADER_BYTES + page_bytes as usize];
    let mut broken_at = None;
    let mut ended = false;
    let mut number = 0_u64;
    while input.read_exact(&mut frame).is_ok() {
        number += 1;
        let (head, page) = frame.split_at(FRAME_HEADER_BYTES);
        let of_this_log = head.get(8..16) == Some(salts.as_slice());
        // A commit frame names the size the database has after it.
        let commits = of_this_log && word(head, 4, true) != 0;
        if let Some(broken) = broken_at {
            if of_this_log && ended {
                return Ok(vec![format!(
                    "{}: frame {broken} is damaged and later transactions follow, SQLite leaves out \
                     everything from there on",
                    path.display()
                )]);
            }
            ended |= commits;
            continue;
        }
        let begun = sum.add(head.get(..8).unwrap_or_default(), big_endian);
        let now = begun.add(page, big_endian);
        let stored = Checksum(word(head, 16, true), word(head, 20, true));
        if of_this_log && now == stored {
            sum = now;
        } else {
            broken_at = Some(number);
            ended = commits;
        }
    }
    Ok(Vec::new())
}
