//! Verification: walks every byte that carries meaning and names the first
//! that is not as it was recorded. Needs no server.
//!
//! Must not know: which store it reads, what an event means.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::Path;

use crate::attachments::AttachmentStore;
use crate::checkpoint::{Checkpoint, CheckpointError, CheckpointFile};
use crate::keys::{PublicKey, Secret};
use crate::ledger::{FileCheck, RawStore, StorageFault};
use crate::record::RecordError;
use crate::sqlite::SqliteRaw;
use crate::types::{AttachmentRef, Digest, Position};
use crate::verify_walk::Walk;

/// Most findings listed; the rest are counted.
const FINDINGS_LISTED: usize = 50;

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // the message of each says what its fields are
pub enum Problem {
    #[error("{0}")]
    Record(#[from] RecordError),
    #[error("stands at position {column} but says it is record {written}")]
    WrongPosition { column: u64, written: u64 },
    #[error("records {from} to {to} are missing")]
    MissingRecords { from: u64, to: u64 },
    #[error("is number {found} of its stream, {expected} was expected")]
    WrongNumber { found: u64, expected: u64 },
    #[error("names {found} as the record before it, the chain has {expected}")]
    WrongPredecessor { found: Digest, expected: Digest },
    #[error("places the record before it at {found}, it stands at {expected}")]
    WrongPredecessorPosition { found: u64, expected: u64 },
    #[error("the append begun at {first} has {found} of its {count} records")]
    PartialAppend { first: u64, found: u32, count: u32 },
    #[error("does not belong to the append it stands in")]
    WrongAppend,
    #[error("the ledger's name is not 16 bytes")]
    LedgerName,
    #[error("the table of heads names a stream that has no record")]
    HeadOfNothing,
    #[error(
        "the table of heads says number {seq} at position {position}, hash {hash}; the chain says otherwise"
    )]
    WrongHead { seq: u64, position: u64, hash: String },
    #[error("is missing from the table of heads")]
    MissingHead,
    #[error("the table of keys says {key:?} began at {position}; no append with that key begins there")]
    WrongKey { key: String, position: u64 },
    #[error("the tables of heads and keys say they reach record {position}, the ledger ends at {last}")]
    IndexBeyond { position: u64, last: u64 },
    #[error("the key of the append is missing from the table of keys")]
    MissingKey,
    #[error("checkpoint {number}: {cause}")]
    Checkpoint { number: u64, cause: CheckpointError },
    #[error("checkpoint {number} stands where {expected} was expected")]
    CheckpointNumber { number: u64, expected: u64 },
    #[error("checkpoint {number} belongs to another ledger")]
    CheckpointLedger { number: u64 },
    #[error("checkpoint {number} does not follow the one before it")]
    CheckpointChain { number: u64 },
    #[error("checkpoint {number} covers records up to {position}, the ledger ends at {last}")]
    CheckpointBeyond { number: u64, position: u64, last: u64 },
    #[error(
        "the checkpoint kept elsewhere has stream {stream} at number {seq} with hash {expected}; this ledger has {found}"
    )]
    Rewritten { stream: String, seq: u64, expected: Digest, found: Digest },
    #[error(
        "the checkpoint kept elsewhere has stream {stream} at number {seq}; this ledger does not have that record"
    )]
    CutShort { stream: String, seq: u64 },
    #[error(
        "the checkpoint kept elsewhere is number {number}; the one stored here under that number differs or is missing"
    )]
    OtherCheckpoint { number: u64 },
    #[error("attachment {cipher}: {cause}")]
    Attachment { cipher: Digest, cause: String },
    #[error("{0}")]
    File(String),
    #[error("storage: {0}")]
    Storage(#[from] StorageFault),
}

/// A problem and the record it is about, where it is about one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Position in the ledger.
    pub position: Option<Position>,
    /// Stream, as far as it can be read.
    pub stream: Option<String>,
    /// Number in the stream, as far as it can be read.
    pub seq: Option<u64>,
    /// What is wrong.
    pub problem: Problem,
}

impl Finding {
    pub(crate) fn general(problem: Problem) -> Self {
        Self { position: None, stream: None, seq: None, problem }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.position, &self.stream, self.seq) {
            (Some(position), Some(stream), Some(seq)) => {
                write!(f, "record {position} (stream {stream}, number {seq}): ")?;
            }
            (Some(position), _, _) => write!(f, "record {position}: ")?,
            (None, Some(stream), _) => write!(f, "stream {stream}: ")?,
            (None, None, _) => {}
        }
        self.problem.fmt(f)
    }
}

/// What to verify against.
#[derive(Default)]
pub struct VerifyOptions<'a> {
    /// A checkpoint kept elsewhere. The only defence against somebody who holds
    /// both the database and the signing key.
    pub against: Option<&'a CheckpointFile>,
    /// The public key known to be right. Without it signatures only show that
    /// all checkpoints were signed with the keys they name.
    pub trusted: Option<PublicKey>,
    /// Where attachments are kept; without it they are named as not checked.
    pub attachments: Option<&'a AttachmentStore>,
    /// With the data key the plain text is checked too.
    pub attachments_key: Option<&'a Secret>,
    /// Told now and then how many records have been checked.
    pub progress: Option<&'a mut dyn FnMut(u64)>,
}

/// What verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The ledger's name, hexadecimal.
    pub ledger_id: String,
    /// Records checked.
    pub records: u64,
    /// Bytes of records checked.
    pub record_bytes: u64,
    /// Streams.
    pub streams: u64,
    /// Appends.
    pub appends: u64,
    /// Checkpoints checked.
    pub checkpoints: u64,
    /// Attachments checked.
    pub attachments: u64,
    /// Keys that signed, in order of first use.
    pub signed_by: Vec<PublicKey>,
    /// Problems; the first is the first in the ledger's own order.
    pub findings: Vec<Finding>,
    /// Problems beyond those listed.
    pub findings_not_listed: u64,
    /// Bytes nothing vouches for, and checks not made, by name.
    pub not_covered: Vec<String>,
    /// What is worth knowing but not wrong.
    pub notes: Vec<String>,
}

impl Report {
    /// True when nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    /// The first problem.
    #[must_use]
    pub fn first(&self) -> Option<&Finding> {
        self.findings.first()
    }

    pub(crate) fn add(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_LISTED {
            self.findings.push(finding);
        } else {
            self.findings_not_listed += 1;
        }
    }
}

/// Verifies a store. Never stops at the first problem; storage faults become
/// findings, because a file that cannot be read is not sound either.
pub fn verify(store: &dyn RawStore, options: VerifyOptions<'_>) -> Report {
    verify_with(store, options, || store.check_files())
}

/// Verifies the SQLite ledger in a data folder, its files and its content at
/// the same time on two threads.
pub fn verify_folder(folder: &Path, options: VerifyOptions<'_>) -> Report {
    let store = match SqliteRaw::open(folder) {
        Ok(store) => store,
        Err(cause) => {
            let mut report = Report::default();
            report.add(Finding::general(cause.into()));
            return report;
        }
    };
    std::thread::scope(|scope| {
        let files = scope.spawn(|| SqliteRaw::open(folder)?.check_files());
        verify_with(&store, options, || {
            files.join().unwrap_or_else(|_| {
                let cause = "the check of the files was interrupted".to_owned();
                Err(StorageFault::Database(cause))
            })
        })
    })
}

fn verify_with(
    store: &dyn RawStore,
    mut options: VerifyOptions<'_>,
    files: impl FnOnce() -> Result<FileCheck, StorageFault>,
) -> Report {
    let mut report = Report::default();
    let ledger_id = match store.raw_ledger_id() {
        Ok(bytes) => <[u8; 16]>::try_from(bytes.as_slice()).ok(),
        Err(cause) => {
            report.add(Finding::general(cause.into()));
            None
        }
    };
    let Some(ledger_id) = ledger_id else {
        report.add(Finding::general(Problem::LedgerName));
        return report;
    };
    report.ledger_id = crate::types::to_hex(&ledger_id);
    // Signatures first: they need only the checkpoints; their roots are
    // compared on the walk, at the position each covers. Findings are put in
    // order afterwards, records before checkpoints.
    let mut checkpoint_findings = Vec::new();
    let checkpoints = read_checkpoints(store, &ledger_id, &mut options, &mut checkpoint_findings);
    report.checkpoints = checkpoints.len() as u64;
    for checkpoint in &checkpoints {
        if !report.signed_by.contains(&checkpoint.public_key) {
            report.signed_by.push(checkpoint.public_key);
        }
    }
    let indexed = match store.raw_indexed() {
        Ok(indexed) => indexed,
        Err(cause) => {
            report.add(Finding::general(cause.into()));
            None
        }
    };
    let mut walk = Walk::new(ledger_id, &checkpoints, options.against, indexed);
    walk.records(store, &mut report, &mut options.progress);
    walk.heads(store, &mut report);
    walk.keys(store, &mut report);
    checkpoint_findings.append(&mut walk.checkpoint_findings);
    for finding in checkpoint_findings {
        report.add(finding);
    }
    if let Some(against) = options.against {
        check_against(against, &ledger_id, &checkpoints, options.trusted, &mut report);
        walk.against_missing(&mut report);
    }
    check_attachments(&walk.attachments, &options, &mut report);
    check_files(files(), &mut report);
    if options.trusted.is_none() && !checkpoints.is_empty() {
        report.notes.push(
            "no trusted public key was given: signatures were checked with the keys the \
             checkpoints themselves name"
                .to_owned(),
        );
    }
    report
}

fn read_checkpoints(
    store: &dyn RawStore,
    ledger_id: &[u8; 16],
    options: &mut VerifyOptions<'_>,
    findings: &mut Vec<Finding>,
) -> Vec<Checkpoint> {
    let mut good: Vec<Checkpoint> = Vec::new();
    let mut expected = 1;
    let mut previous = Digest::default();
    let read = store.raw_checkpoints(&mut |number, bytes| {
        let mut wrong = |problem| findings.push(Finding::general(problem));
        if number != expected {
            wrong(Problem::CheckpointNumber { number, expected });
        }
        expected = number.saturating_add(1);
        let digest = Digest::of(bytes);
        match Checkpoint::decode(bytes) {
            Err(cause) => wrong(Problem::Checkpoint { number, cause }),
            Ok(checkpoint) => {
                if checkpoint.number != number {
                    wrong(Problem::CheckpointNumber { number: checkpoint.number, expected: number });
                }
                if checkpoint.ledger_id != *ledger_id {
                    wrong(Problem::CheckpointLedger { number });
                }
                let falls = good.last().is_some_and(|last| last.position > checkpoint.position);
                if checkpoint.previous != previous || falls {
                    wrong(Problem::CheckpointChain { number });
                }
                if let Err(cause) = checkpoint.check_signature(options.trusted) {
                    wrong(Problem::Checkpoint { number, cause });
                }
                good.push(checkpoint);
            }
        }
        previous = digest;
    });
    if let Err(cause) = read {
        findings.push(Finding::general(cause.into()));
    }
    good
}

fn check_against(
    against: &CheckpointFile,
    ledger_id: &[u8; 16],
    checkpoints: &[Checkpoint],
    trusted: Option<PublicKey>,
    report: &mut Report,
) {
    let number = against.checkpoint.number;
    if let Err(cause) = against.check(trusted) {
        report.add(Finding::general(Problem::Checkpoint { number, cause }));
    }
    if against.checkpoint.ledger_id != *ledger_id {
        report.add(Finding::general(Problem::CheckpointLedger { number }));
    }
    let same = checkpoints.contains(&against.checkpoint);
    if !same {
        report.add(Finding::general(Problem::OtherCheckpoint { number }));
    }
}

fn check_attachments(named: &HashMap<AttachmentRef, u64>, options: &VerifyOptions<'_>, report: &mut Report) {
    let Some(store) = options.attachments else {
        if !named.is_empty() {
            report.not_covered.push(format!("{} attachments: their folder was not given", named.len()));
        }
        return;
    };
    let mut sorted: Vec<_> = named.iter().collect();
    sorted.sort_by_key(|(attachment, position)| (**position, attachment.cipher_sha256));
    for (attachment, position) in sorted {
        report.attachments += 1;
        if let Err(cause) = store.check(attachment, options.attachments_key) {
            report.add(Finding {
                position: Some(Position(*position)),
                stream: None,
                seq: None,
                problem: Problem::Attachment { cipher: attachment.cipher_sha256, cause: cause.to_string() },
            });
        }
    }
    if options.attachments_key.is_none() && !named.is_empty() {
        report.notes.push(
            "attachments were checked as encrypted; with the data key their plain text is \
             checked too"
                .to_owned(),
        );
    }
    match store.list() {
        Err(cause) => report.add(Finding::general(Problem::File(cause.to_string()))),
        Ok(files) => {
            let known: HashSet<Digest> = named.keys().map(|file| file.cipher_sha256).collect();
            let unnamed = files.iter().filter(|file| !known.contains(file)).count();
            if unnamed > 0 {
                report
                    .not_covered
                    .push(format!("{unnamed} files in the attachment folder that no record refers to"));
            }
        }
    }
}

fn check_files(checked: Result<FileCheck, StorageFault>, report: &mut Report) {
    match checked {
        Err(cause) => report.add(Finding::general(cause.into())),
        Ok(check) => {
            for damage in check.damage {
                report.add(Finding::general(Problem::File(damage)));
            }
            report.not_covered.extend(check.not_covered);
            if let Some(digest) = check.pages_digest {
                report
                    .notes
                    .push(format!("every page of the database is as it was closed (digest {digest})"));
            }
        }
    }
}
