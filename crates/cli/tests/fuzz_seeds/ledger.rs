//! Seeds of the readers of stored bytes: records, checkpoints, event bodies. Must not know: any reader.

use crate::Seed;
use vena_ledger::{
    Append, AttachmentRef, CheckpointKey, Digest, HeadProof, Ledger as _, NewEvent, RawStore as _, Secret,
    SqliteLedger, SqliteRaw, StreamId,
};

/// A ledger small enough to read at a glance, and the checkpoint kept of it.
struct Made {
    folder: tempfile::TempDir,
    file: vena_ledger::CheckpointFile,
}

fn made() -> Made {
    let folder = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::create(folder.path(), [7; 16]).unwrap();
    let file = AttachmentRef {
        plain_sha256: Digest::of(b"plain"),
        cipher_sha256: Digest::of(b"cipher"),
        size_bytes: 5,
    };
    let event = |stream: &str, body: &str| {
        NewEvent::new(stream, "vital-signs", 1, "2026-03-02T08:31:00Z", "U-1", body.as_bytes())
    };
    let first =
        vec![event("journey/1", "{}"), event("lot/1", "{\"bags\":[\"B-1\"]}").attach(file).attach(file)];
    ledger.append(Append::new("one", first)).unwrap();
    ledger
        .append(Append::new("two", vec![event("journey/1", "體溫").happened("2026-03-02T08:30:00+08:00")]))
        .unwrap();
    let file =
        ledger.write_checkpoint(&CheckpointKey::new(&Secret::new([3; 32])), "2026-03-02T08:32:00Z").unwrap();
    ledger.close().unwrap();
    Made { folder, file }
}

/// Records without their hash, which the target puts behind them.
pub(crate) fn records() -> Vec<Seed> {
    let made = made();
    let mut seeds = Vec::new();
    SqliteRaw::open(made.folder.path())
        .unwrap()
        .raw_records(&mut |position, bytes| {
            let content = bytes.len().saturating_sub(32);
            seeds.push((format!("record-{position}"), bytes.get(..content).unwrap_or_default().to_vec()));
            true
        })
        .unwrap();
    seeds
}

/// The three forms a checkpoint is carried in.
pub(crate) fn checkpoints() -> Vec<Seed> {
    let made = made();
    let proof = HeadProof::new(&made.file, &StreamId::from("lot/1"));
    vec![
        ("stored".to_owned(), made.file.checkpoint.encode()),
        ("kept.json".to_owned(), serde_json::to_vec(&made.file).unwrap()),
        ("proof.json".to_owned(), serde_json::to_vec(&proof).unwrap()),
    ]
}

/// One body of every type of event, from the golden file of version 1.
pub(crate) fn bodies() -> Vec<Seed> {
    let golden = include_str!("../../../journey/tests/fixtures/events-v1.tsv");
    let mut seeds: Vec<Seed> = golden
        .lines()
        .filter_map(|line| {
            let (kind, rest) = line.split_once('\t')?;
            let (_, body) = rest.split_once('\t')?;
            Some((kind.to_owned(), format!("{kind}\n{body}").into_bytes()))
        })
        .collect();
    seeds.dedup_by(|one, other| one.0 == other.0);
    seeds
}
