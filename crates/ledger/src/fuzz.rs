//! Entry points for fuzzing: any bytes through every reader of stored or carried bytes. Where a hash would
//! refuse all that was changed, the fitting hash is put there first, so that what stands behind it is
//! reached too.
//!
//! Must not know: any expected result.

use crate::checkpoint::{Checkpoint, CheckpointFile, HeadProof, verify_proof};
use crate::record::{Placement, Record, encode, seal};
use crate::types::NewEvent;

/// Reads bytes as a stored record, as they are and with the hash that fits; what reads must be written
/// again byte for byte.
///
/// # Panics
/// When a record that was read is not written again as it was: a finding.
#[allow(clippy::panic)]
pub fn record(bytes: &[u8]) {
    let _ = Record::decode(bytes).map_err(|cause| cause.to_string());
    let _ = Record::decode_unchecked(bytes);
    let sealed = seal(bytes);
    let Ok(read) = Record::decode(&sealed) else {
        return;
    };
    let event = read.to_event();
    let place = Placement {
        position: read.position,
        seq: read.seq,
        previous_position: read.previous_position,
        previous_hash: read.previous_hash,
        append_first: read.append_first,
        append_index: read.append_index,
        append_count: read.append_count,
        idempotency_key: read.idempotency_key,
    };
    let again = NewEvent {
        stream: event.stream,
        event_type: event.event_type,
        event_version: event.event_version,
        happened: event.happened,
        recorded_at: event.recorded_at,
        by: event.by,
        body: event.body,
        attachments: event.attachments,
    };
    assert!(read.holds(&again), "a record does not hold what was read from it");
    let mut written = Vec::new();
    encode(&place, &again, &mut written);
    assert!(written == sealed, "a record that reads is not written again as it was");
}

/// Reads bytes as a stored checkpoint, as a checkpoint file and as a proof, and checks what reads.
///
/// # Panics
/// When a checkpoint that was read is not written again as it was: a finding.
#[allow(clippy::panic)]
pub fn checkpoint(bytes: &[u8]) {
    if let Ok(read) = Checkpoint::decode(bytes) {
        assert!(read.encode() == bytes, "a checkpoint that reads is not written again as it was");
        let _ = read.check_signature(None);
    }
    if let Ok(file) = serde_json::from_slice::<CheckpointFile>(bytes) {
        let _ = file.check(None).map_err(|cause| cause.to_string());
        if let Some(entry) = file.heads.first()
            && let Some(proof) = HeadProof::new(&file, &entry.stream)
        {
            let _ = verify_proof(&proof, file.checkpoint.public_key);
        }
    }
    if let Ok(proof) = serde_json::from_slice::<HeadProof>(bytes) {
        let _ = verify_proof(&proof, proof.checkpoint.public_key).map_err(|cause| cause.to_string());
    }
}
