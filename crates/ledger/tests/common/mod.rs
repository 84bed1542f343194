//! A small ledger with everything in it, the same bytes on every run.
#![allow(clippy::unwrap_used, dead_code)]

use std::path::Path;

use vena_ledger::checkpoint::CheckpointFile;
use vena_ledger::{Append, AttachmentStore, CheckpointKey, Ledger, NewEvent, Secret, SqliteLedger};

pub const LEDGER_ID: [u8; 16] = *b"vena fixture led";
pub const ATTACHMENT_TEXT: &[u8] = b"signed consent, page 1";

pub fn checkpoint_key() -> CheckpointKey {
    CheckpointKey::new(&Secret::new([0x51; 32]))
}

pub fn attachment_key() -> Secret {
    Secret::new([0x52; 32])
}

pub fn attachments(folder: &Path) -> AttachmentStore {
    AttachmentStore::new(folder, 1 << 20)
}

pub fn noted(stream: &str, body: &str) -> NewEvent {
    NewEvent::new(stream, "noted", 1, "2026-11-20T08:30:00+08:00", "user/01", body)
}

/// Seven records in three streams, two checkpoints, one attachment. `word`
/// stands in the second event, so that two ledgers can differ in it alone.
pub fn fill(folder: &Path, word: &str) -> CheckpointFile {
    let ledger = SqliteLedger::create(folder, LEDGER_ID).unwrap();
    let consent = attachments(folder).store(&attachment_key(), [7; 19], &mut &ATTACHMENT_TEXT[..]).unwrap();
    let append = |key: &str, events| ledger.append(Append::new(key, events)).unwrap();
    let consented = noted("journey/1", "{\"consent\":true}");
    append("01", vec![consented.happened("2026-11-19").attach(consent)]);
    append("02", vec![noted("journey/1", &format!("{{\"word\":\"{word}\"}}"))]);
    let first = ledger.write_checkpoint(&checkpoint_key(), "2026-11-20T08:40:00+08:00").unwrap();
    append(
        "03",
        vec![
            noted("journey/2", "{ \"n\" : 1.50 }"),
            noted("container/A", "{}"),
            noted("journey/2", "{\"姓\":\"氏\"}"),
        ],
    );
    append("04", vec![noted("container/A", "[]")]);
    ledger.write_checkpoint(&checkpoint_key(), "2026-11-20T08:50:00+08:00").unwrap();
    append("05", vec![noted("journey/1", "{\"last\":1}")]);
    ledger.close().unwrap();
    first
}
