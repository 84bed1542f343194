//! Where bytes come from: a slice in memory or a seekable reader. Knows only
//! ranges of bytes and, for DATA, the layout that turns them into columns.

use std::borrow::Cow;
use std::io::{Read, Seek, SeekFrom};

use rayon::prelude::*;

use super::error::FcsError;
use super::layout::Layout;
use crate::events::{ColumnPart, Matrix};

/// Bytes of a file, addressed from its start.
pub(crate) trait Source {
    /// The file's size in bytes.
    fn size(&mut self) -> Result<u64, FcsError>;
    /// `len` bytes from `begin`, which the caller has checked to exist; fewer
    /// when the file ends earlier.
    fn range(&mut self, begin: u64, len: u64) -> Result<Cow<'_, [u8]>, FcsError>;
    /// Decodes events from `begin` into the columns. False: a value is not finite.
    fn decode(
        &mut self,
        begin: u64,
        len: u64,
        layout: &Layout,
        matrix: &mut Matrix,
    ) -> Result<bool, FcsError>;
}

/// A file in memory. Nothing of it is copied but the columns.
pub(crate) struct SliceSource<'a>(pub &'a [u8]);

impl Source for SliceSource<'_> {
    fn size(&mut self) -> Result<u64, FcsError> {
        Ok(self.0.len() as u64)
    }

    fn range(&mut self, begin: u64, len: u64) -> Result<Cow<'_, [u8]>, FcsError> {
        Ok(Cow::Borrowed(slice(self.0, begin, len)))
    }

    fn decode(
        &mut self,
        begin: u64,
        len: u64,
        layout: &Layout,
        matrix: &mut Matrix,
    ) -> Result<bool, FcsError> {
        Ok(decode_parallel(slice(self.0, begin, len), layout, matrix, (0, usize::MAX), Whence::FarMemory))
    }
}

fn slice(bytes: &[u8], begin: u64, len: u64) -> &[u8] {
    let begin = usize::try_from(begin).unwrap_or(usize::MAX).min(bytes.len());
    let end = begin.saturating_add(usize::try_from(len).unwrap_or(usize::MAX)).min(bytes.len());
    bytes.get(begin..end).unwrap_or_default()
}

/// Events handled by one piece of parallel work: a multiple of 8, so that
/// bit-packed pieces begin on a byte.
const PIECE_EVENTS: usize = 1 << 13;

/// Events copied near at a time; divides [`PIECE_EVENTS`] and is a multiple of 8.
const RUN_EVENTS: usize = 1 << 9;

/// Where the bytes to be decoded come from.
#[derive(Clone, Copy, PartialEq)]
enum Whence {
    /// A block just read, still in a cache.
    Cache,
    /// A whole file in memory. Copying runs of it near first lets memory be read
    /// in one direction; picking channels walks back and forth.
    FarMemory,
}

/// Decodes whole events in `bytes` into `rows` rows of the columns from `first_row` on.
fn decode_parallel(
    bytes: &[u8],
    layout: &Layout,
    matrix: &mut Matrix,
    (first_row, rows): (usize, usize),
    whence: Whence,
) -> bool {
    let piece_bytes = (PIECE_EVENTS * layout.event_bits() / 8).max(1);
    let mut pieces: Vec<Vec<ColumnPart<'_>>> = Vec::new();
    for column in matrix.parts() {
        for (index, part) in column.pieces((first_row, rows), PIECE_EVENTS).into_iter().enumerate() {
            if pieces.len() <= index {
                pieces.push(Vec::new());
            }
            if let Some(piece) = pieces.get_mut(index) {
                piece.push(part);
            }
        }
    }
    pieces
        .into_par_iter()
        .enumerate()
        .map_init(Vec::new, |near: &mut Vec<u8>, (index, mut parts)| {
            let block = slice(bytes, (index * piece_bytes) as u64, piece_bytes as u64);
            if whence == Whence::Cache {
                return layout.decode(block, &mut parts, 0);
            }
            let run_bytes = (RUN_EVENTS * layout.event_bits() / 8).max(1);
            let mut finite = true;
            for (run, far) in block.chunks(run_bytes).enumerate() {
                near.clear();
                near.extend_from_slice(far);
                finite &= layout.decode(near, &mut parts, run * RUN_EVENTS);
            }
            finite
        })
        .reduce(|| true, |left, right| left & right)
}

/// A seekable reader, such as an open file. Beyond the columns it holds one
/// two blocks of less than a megabyte, whatever the file's size.
pub(crate) struct ReaderSource<R> {
    reader: R,
    size: Option<u64>,
    buffer: Vec<u8>,
}

impl<R: Read + Seek> ReaderSource<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, size: None, buffer: Vec::new() }
    }

    /// Fills the buffer from `begin`, up to `len` bytes or the file's end.
    fn fill(&mut self, begin: u64, len: u64) -> Result<(), FcsError> {
        let available = self.size()?.saturating_sub(begin).min(len);
        self.reader.seek(SeekFrom::Start(begin))?;
        fill_from(&mut self.reader, &mut self.buffer, available)
    }
}

/// Reads the next `len` bytes, all of which exist.
fn fill_from(reader: &mut impl Read, buffer: &mut Vec<u8>, len: u64) -> Result<(), FcsError> {
    buffer.resize(usize::try_from(len).unwrap_or(usize::MAX), 0);
    reader.read_exact(buffer)?;
    Ok(())
}

impl<R: Read + Seek> Source for ReaderSource<R> {
    fn size(&mut self) -> Result<u64, FcsError> {
        if let Some(size) = self.size {
            return Ok(size);
        }
        let size = self.reader.seek(SeekFrom::End(0))?;
        self.size = Some(size);
        Ok(size)
    }

    fn range(&mut self, begin: u64, len: u64) -> Result<Cow<'_, [u8]>, FcsError> {
        self.fill(begin, len)?;
        Ok(Cow::Borrowed(&self.buffer))
    }

    fn decode(
        &mut self,
        begin: u64,
        len: u64,
        layout: &Layout,
        matrix: &mut Matrix,
    ) -> Result<bool, FcsError> {
        // Two pieces of a usual file: small enough to stay in a cache and to cost few page faults.
        const BLOCK_BYTES: usize = 768 << 10;
        let piece_bytes = PIECE_EVENTS * layout.event_bits() / 8;
        let pieces = (BLOCK_BYTES / piece_bytes.max(1)).max(1);
        let block_bytes = (pieces * piece_bytes).max(1) as u64;
        let mut finite = true;
        let mut row = 0usize;
        let first = block_bytes.min(len);
        self.fill(begin, first)?;
        let mut done = first;
        let mut next: Vec<u8> = Vec::new();
        loop {
            // One block is picked apart while the reader fetches the next.
            let wanted = block_bytes.min(len - done);
            let current = &self.buffer;
            let mut work =
                || decode_parallel(current, layout, matrix, (row, pieces * PIECE_EVENTS), Whence::Cache);
            if wanted == 0 {
                finite &= work();
                return Ok(finite);
            }
            let reader = &mut self.reader;
            let (fetched, own) = overlap(|| fill_from(reader, &mut next, wanted), work);
            finite &= own.unwrap_or(false);
            fetched?;
            std::mem::swap(&mut self.buffer, &mut next);
            done += wanted;
            row += pieces * PIECE_EVENTS;
        }
    }
}

/// Runs `work` on the pool while this thread does `here`: a reader need not be
/// one that threads may share. `None` is never given: `work` has run by then.
fn overlap<A, B: Send>(here: impl FnOnce() -> A, work: impl FnOnce() -> B + Send) -> (A, Option<B>) {
    let mut own = None;
    let result = rayon::in_place_scope(|scope| {
        scope.spawn(|_| own = Some(work()));
        here()
    });
    (result, own)
}
