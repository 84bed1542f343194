//! The one pass over all records that verification makes, and the tables
//! compared with it.
//!
//! Must not know: signatures, files.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use crate::checkpoint::{Checkpoint, CheckpointError, CheckpointFile, head_leaf};
use crate::ledger::{RawHead, RawStore};
use crate::merkle;
use crate::record::{Record, RecordError, stream_start};
use crate::types::{AttachmentRef, Digest, Head, Position, to_hex};
use crate::verify::{Finding, Problem, Report};

/// Progress is told each time this many records have been checked.
const PROGRESS_RECORDS: u64 = 8_192;

#[derive(Clone, Copy)]
struct Tail {
    seq: u64,
    position: u64,
    hash: Digest,
    /// Seen in the table of heads.
    listed: bool,
    /// Head the checkpoint kept elsewhere has for this stream, until met.
    wanted: Option<Head>,
}

/// A finding about a record whose fields can be read.
fn about(column: u64, record: &Record<'_>, problem: Problem) -> Finding {
    Finding {
        position: Some(Position(column)),
        stream: Some(record.stream.to_owned()),
        seq: Some(record.seq),
        problem,
    }
}

impl Tail {
    /// Checks that the record continues the stream, and goes on from it.
    fn advance(&mut self, column: u64, record: &Record<'_>, report: &mut Report) {
        let mut wrong = |problem| report.add(about(column, record, problem));
        if record.seq != self.seq.saturating_add(1) {
            wrong(Problem::WrongNumber { found: record.seq, expected: self.seq.saturating_add(1) });
        }
        if record.previous_hash != self.hash {
            wrong(Problem::WrongPredecessor { found: record.previous_hash, expected: self.hash });
        }
        if record.previous_position != self.position {
            wrong(Problem::WrongPredecessorPosition {
                found: record.previous_position,
                expected: self.position,
            });
        }
        if let Some(wanted) = self.wanted
            && wanted.seq == record.seq
        {
            self.wanted = None;
            if wanted.hash != record.hash {
                wrong(Problem::Rewritten {
                    stream: record.stream.to_owned(),
                    seq: record.seq,
                    expected: wanted.hash,
                    found: record.hash,
                });
            }
        }
        self.seq = record.seq;
        self.position = column;
        self.hash = record.hash;
    }
}

struct OpenAppend {
    first: u64,
    count: u32,
    seen: u32,
    key: String,
}

/// Order-free sum over (key, position) pairs, so that the table of keys, which
/// is sorted differently, can be compared in one pass without holding it. The
/// hashers are seeded afresh on each run, so a table cannot be prepared to
/// collide.
#[derive(Default)]
struct PairSum {
    hashers: (RandomState, RandomState),
    sum: (u64, u64),
    count: u64,
}

impl PairSum {
    fn add(&mut self, key: &[u8], position: u64) {
        let pair = (key, position);
        self.sum.0 = self.sum.0.wrapping_add(self.hashers.0.hash_one(pair));
        self.sum.1 = self.sum.1.wrapping_add(self.hashers.1.hash_one(pair));
        self.count += 1;
    }

    fn same_kind(&self) -> Self {
        Self { hashers: self.hashers.clone(), sum: (0, 0), count: 0 }
    }
}

pub(crate) struct Walk<'a> {
    ledger_id: [u8; 16],
    tails: HashMap<Box<str>, Tail>,
    next: u64,
    open: Option<OpenAppend>,
    /// Last record the tables of heads and keys know of.
    indexed: Option<u64>,
    /// Heads of streams that went on beyond it, as they stood there.
    behind: HashMap<Box<str>, Tail>,
    keys: PairSum,
    appends: u64,
    checkpoints: &'a [Checkpoint],
    checkpoints_met: usize,
    pub(crate) checkpoint_findings: Vec<Finding>,
    pub(crate) attachments: HashMap<AttachmentRef, u64>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(
        ledger_id: [u8; 16],
        checkpoints: &'a [Checkpoint],
        against: Option<&CheckpointFile>,
        indexed: Option<u64>,
    ) -> Self {
        let mut walk = Self {
            ledger_id,
            tails: HashMap::new(),
            next: 1,
            open: None,
            indexed,
            behind: HashMap::new(),
            keys: PairSum::default(),
            appends: 0,
            checkpoints,
            checkpoints_met: 0,
            checkpoint_findings: Vec::new(),
            attachments: HashMap::new(),
        };
        for entry in against.iter().flat_map(|file| &file.heads) {
            let mut tail = walk.start(entry.stream.as_str());
            tail.wanted = Some(entry.head());
            walk.tails.insert(entry.stream.as_str().into(), tail);
        }
        walk
    }

    fn start(&self, stream: &str) -> Tail {
        Tail { seq: 0, position: 0, hash: stream_start(&self.ledger_id, stream), listed: false, wanted: None }
    }

    /// Checks every record in order.
    pub(crate) fn records(
        &mut self,
        store: &dyn RawStore,
        report: &mut Report,
        progress: &mut Option<&mut dyn FnMut(u64)>,
    ) {
        self.checkpoints_at(0);
        let read = store.raw_records(&mut |column, bytes| {
            self.record(column, bytes, report);
            if let Some(progress) = progress
                && report.records.is_multiple_of(PROGRESS_RECORDS)
            {
                progress(report.records);
            }
            true
        });
        if let Err(cause) = read {
            report.add(Finding {
                position: Some(Position(self.next)),
                stream: None,
                seq: None,
                problem: cause.into(),
            });
        }
        self.end_append(report);
        report.streams = self.tails.values().filter(|tail| tail.seq > 0).count() as u64;
        report.appends = self.appends;
        let last = self.next - 1;
        for checkpoint in self.checkpoints.iter().skip(self.checkpoints_met) {
            self.checkpoint_findings.push(Finding::general(Problem::CheckpointBeyond {
                number: checkpoint.number,
                position: checkpoint.position.0,
                last,
            }));
        }
    }

    fn record(&mut self, column: u64, bytes: &[u8], report: &mut Report) {
        report.records += 1;
        report.record_bytes += bytes.len() as u64;
        if column != self.next {
            report.add(Finding::general(Problem::MissingRecords {
                from: self.next,
                to: column.saturating_sub(1),
            }));
        }
        self.next = column.saturating_add(1);
        match Record::decode(bytes) {
            Ok(record) => self.sound_record(column, &record, report),
            Err(problem) => self.damaged_record(column, bytes, problem, report),
        }
        self.checkpoints_at(column);
    }

    /// Names the record as far as it can still be read, and goes on from the
    /// hash it claims, so that one damaged byte is one finding.
    fn damaged_record(&mut self, column: u64, bytes: &[u8], problem: RecordError, report: &mut Report) {
        let claimed = Record::decode_unchecked(bytes).ok();
        report.add(Finding {
            position: Some(Position(column)),
            stream: claimed.as_ref().map(|record| record.stream.to_owned()),
            seq: claimed.as_ref().map(|record| record.seq),
            problem: problem.into(),
        });
        if let Some(record) = claimed {
            self.leave_behind(column, record.stream);
            let start = self.start(record.stream);
            let tail = self.tails.entry(record.stream.into()).or_insert(start);
            tail.seq = record.seq;
            tail.position = column;
            tail.hash = record.hash;
            self.append_member(column, &record, report);
        }
    }

    fn sound_record(&mut self, column: u64, record: &Record<'_>, report: &mut Report) {
        if record.position != column {
            report.add(about(column, record, Problem::WrongPosition { column, written: record.position }));
        }
        self.leave_behind(column, record.stream);
        // Nearly every record continues a stream already met.
        if let Some(tail) = self.tails.get_mut(record.stream) {
            tail.advance(column, record, report);
        } else {
            let mut tail = self.start(record.stream);
            tail.advance(column, record, report);
            self.tails.insert(record.stream.into(), tail);
        }
        for attachment in record.attachments() {
            self.attachments.entry(attachment).or_insert(column);
        }
        self.append_member(column, record, report);
    }

    /// The tables of heads and keys need not know of this record yet.
    fn is_beyond(&self, column: u64) -> bool {
        self.indexed.is_some_and(|indexed| column > indexed)
    }

    /// Keeps the head that the table of heads should have, where records go beyond the table.
    fn leave_behind(&mut self, column: u64, stream: &str) {
        if self.is_beyond(column) && !self.behind.contains_key(stream) {
            let tail = self.tails.get(stream).copied().unwrap_or_else(|| self.start(stream));
            self.behind.insert(stream.into(), tail);
        }
    }

    fn append_member(&mut self, column: u64, record: &Record<'_>, report: &mut Report) {
        if record.append_index == 0 {
            self.end_append(report);
            self.appends += 1;
            if !self.is_beyond(column) {
                self.keys.add(record.idempotency_key.as_bytes(), column);
            }
            let first_is_here = record.append_first == column && record.append_count > 0;
            if !first_is_here {
                report.add(about(column, record, Problem::WrongAppend));
            }
            if record.append_count > 1 {
                self.open = Some(OpenAppend {
                    first: column,
                    count: record.append_count,
                    seen: 1,
                    key: record.idempotency_key.to_owned(),
                });
            }
            return;
        }
        let fits = self.open.as_ref().is_some_and(|open| {
            open.first == record.append_first
                && open.count == record.append_count
                && open.seen == record.append_index
                && open.key == record.idempotency_key
        });
        if !fits {
            report.add(about(column, record, Problem::WrongAppend));
        }
        if let Some(open) = &mut self.open {
            open.seen = open.seen.saturating_add(1);
            if open.seen >= open.count {
                self.open = None;
            }
        }
    }

    fn end_append(&mut self, report: &mut Report) {
        if let Some(open) = self.open.take() {
            report.add(Finding {
                position: Some(Position(open.first)),
                stream: None,
                seq: None,
                problem: Problem::PartialAppend { first: open.first, found: open.seen, count: open.count },
            });
        }
    }

    /// Compares the root of each checkpoint that covers exactly this position.
    fn checkpoints_at(&mut self, position: u64) {
        let due = self
            .checkpoints
            .get(self.checkpoints_met)
            .is_some_and(|checkpoint| checkpoint.position.0 <= position);
        if !due {
            return;
        }
        let mut heads: Vec<(&str, Head)> = self
            .tails
            .iter()
            .filter(|(_, tail)| tail.seq > 0)
            .map(|(stream, tail)| {
                let head = Head { seq: tail.seq, hash: tail.hash };
                (&**stream, head)
            })
            .collect();
        heads.sort_unstable_by_key(|(stream, _)| *stream);
        let leaves: Vec<Digest> = heads.iter().map(|(stream, head)| head_leaf(stream, head)).collect();
        let computed = merkle::root(&leaves);
        while let Some(checkpoint) = self.checkpoints.get(self.checkpoints_met)
            && checkpoint.position.0 <= position
        {
            self.checkpoints_met += 1;
            let number = checkpoint.number;
            if checkpoint.root != computed || checkpoint.streams != leaves.len() as u64 {
                self.checkpoint_findings.push(Finding::general(Problem::Checkpoint {
                    number,
                    cause: CheckpointError::WrongRoot { number, computed, signed: checkpoint.root },
                }));
            }
        }
    }

    /// Compares the table of heads with the chains as they stood at the last record the table knows of.
    pub(crate) fn heads(&mut self, store: &dyn RawStore, report: &mut Report) {
        let (tails, behind) = (&mut self.tails, &mut self.behind);
        let read = store.raw_heads(&mut |row: RawHead<'_>| {
            let name = String::from_utf8_lossy(row.stream);
            let mut wrong = |problem| {
                report.add(Finding {
                    position: None,
                    stream: Some(name.clone().into_owned()),
                    seq: None,
                    problem,
                });
            };
            let tail = std::str::from_utf8(row.stream)
                .ok()
                .and_then(|stream| behind.get_mut(stream).or_else(|| tails.get_mut(stream)))
                .filter(|tail| tail.seq > 0);
            let Some(tail) = tail else {
                wrong(Problem::HeadOfNothing);
                return;
            };
            tail.listed = true;
            let right = row.seq == tail.seq && row.position == tail.position && row.hash == &tail.hash.0[..];
            if !right {
                wrong(Problem::WrongHead { seq: row.seq, position: row.position, hash: to_hex(row.hash) });
            }
        });
        if let Err(cause) = read {
            report.add(Finding::general(cause.into()));
        }
        let mut unlisted: Vec<&str> = tails
            .iter()
            .map(|(stream, tail)| (&**stream, behind.get(stream).unwrap_or(tail)))
            .filter(|(_, tail)| tail.seq > 0 && !tail.listed)
            .map(|(stream, _)| stream)
            .collect();
        unlisted.sort_unstable();
        for stream in unlisted {
            report.add(Finding {
                position: None,
                stream: Some(stream.to_owned()),
                seq: None,
                problem: Problem::MissingHead,
            });
        }
        let last = self.next - 1;
        if let Some(position) = self.indexed.filter(|indexed| *indexed > last) {
            report.add(Finding::general(Problem::IndexBeyond { position, last }));
        }
    }

    /// Compares the table of keys with the appends met on the walk.
    pub(crate) fn keys(&mut self, store: &dyn RawStore, report: &mut Report) {
        let mut table = self.keys.same_kind();
        let read = store.raw_keys(&mut |key, position| table.add(key, position));
        if let Err(cause) = read {
            report.add(Finding::general(cause.into()));
        }
        if table.sum == self.keys.sum && table.count == self.keys.count {
            return;
        }
        // Something differs: name it, row by row.
        let before = report.findings.len();
        let mut rows: Vec<(Vec<u8>, u64)> = Vec::new();
        if let Err(cause) = store.raw_keys(&mut |key, position| rows.push((key.to_vec(), position))) {
            report.add(Finding::general(cause.into()));
        }
        for (key, position) in rows {
            let bytes = store.raw_record(position).ok().flatten();
            let right = bytes
                .as_deref()
                .and_then(|bytes| Record::decode_unchecked(bytes).ok())
                .is_some_and(|record| record.append_index == 0 && record.idempotency_key.as_bytes() == key);
            if !right {
                report.add(Finding::general(Problem::WrongKey {
                    key: String::from_utf8_lossy(&key).into_owned(),
                    position,
                }));
            }
        }
        if report.findings.len() == before {
            report.add(Finding::general(Problem::MissingKey));
        }
    }

    /// Heads of the checkpoint kept elsewhere that were never met.
    pub(crate) fn against_missing(&self, report: &mut Report) {
        let mut missing: Vec<(&str, u64)> = self
            .tails
            .iter()
            .filter_map(|(stream, tail)| tail.wanted.map(|wanted| (&**stream, wanted.seq)))
            .collect();
        missing.sort_unstable();
        for (stream, seq) in missing {
            report.add(Finding {
                position: None,
                stream: Some(stream.to_owned()),
                seq: Some(seq),
                problem: Problem::CutShort { stream: stream.to_owned(), seq },
            });
        }
    }
}
