//! Death at any moment and a full disk: nothing acknowledged is lost, nothing
//! half is written.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::Command;

use vena_ledger::conformance::{event, one};
use vena_ledger::{
    Append, AppendError, Ledger, SqliteLedger, StorageFault, VerifyOptions, kill, verify_folder,
};

const CHILD_FOLDER: &str = "VENA_LEDGER_KILL_FOLDER";

/// Not a test of its own: what the killed process runs. Without the variable
/// it has nothing to do.
#[test]
fn appends_until_killed() {
    if let Some(folder) = std::env::var_os(CHILD_FOLDER) {
        kill::target(&PathBuf::from(folder));
    }
}

/// Law 4. Twenty kills here; `cargo xtask long kills` runs many more.
#[test]
fn no_acknowledged_event_is_lost_by_a_kill() {
    let scratch = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    let command = |folder: &Path| {
        let mut command = Command::new(&program);
        command.args(["--exact", "appends_until_killed", "--nocapture"]).env(CHILD_FOLDER, folder);
        command
    };
    let sum = kill::kills(command, scratch.path(), 20, 20_261_120, |_| {});
    assert_eq!(sum.kills, 20);
    assert!(sum.acknowledged > 100, "{sum:?}");
    assert!(sum.verified > 100, "{sum:?}");
}

fn large(key: &str, events: usize) -> Append {
    let body = "x".repeat(3_000);
    let events = (0..events).map(|n| event(&format!("journey/{n}"), &body)).collect();
    Append::new(key, events)
}

/// Law 9: a full disk is a fault, not a refusal.
#[test]
fn a_full_disk_refuses_whole_appends_and_heals() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::create(folder.path(), [1; 16]).unwrap();
    ledger.append(large("before", 3)).unwrap();
    let pages = ledger.pages().unwrap();
    ledger.limit_pages(Some(pages + 12)).unwrap();
    let position = ledger.position().unwrap();
    let refused = ledger.append(large("too-large", 40)).unwrap_err();
    assert_eq!(refused, AppendError::Fault(StorageFault::Full));
    assert_eq!(ledger.position().unwrap(), position);
    assert!(verify_folder(folder.path(), VerifyOptions::default()).is_sound());
    // One that does not fit does not refuse the others of its group.
    let answers = ledger.append_all(vec![one("a", "s/1", "1"), large("b", 40), one("c", "s/1", "2")]);
    assert!(answers[0].is_ok() && answers[2].is_ok());
    assert_eq!(answers[1], Err(AppendError::Fault(StorageFault::Full)));
    // Until really nothing fits.
    let mut written = 0;
    let stopped = loop {
        match ledger.append(large(&format!("fill-{written}"), 1)) {
            Ok(_) => written += 1,
            Err(cause) => break cause,
        }
        assert!(written < 100);
    };
    assert_eq!(stopped, AppendError::Fault(StorageFault::Full));
    let events = ledger.read_stream(&"journey/0".into(), 0).unwrap();
    assert_eq!(events.len(), 1 + written);
    ledger.limit_pages(None).unwrap();
    let retried = ledger.append(large("too-large", 40)).unwrap();
    assert!(!retried.replayed);
    ledger.close().unwrap();
    let report = verify_folder(folder.path(), VerifyOptions::default());
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!(report.not_covered, Vec::<String>::new());
}

#[test]
fn a_second_program_may_read_but_not_write() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::create(folder.path(), [1; 16]).unwrap();
    ledger.append(one("1", "s/1", "1")).unwrap();
    let second = SqliteLedger::open(folder.path());
    assert!(matches!(second, Err(StorageFault::InUse(_))));
    let report = verify_folder(folder.path(), VerifyOptions::default());
    assert!(report.is_sound(), "{:?}", report.findings);
    assert!(!report.not_covered.is_empty(), "an open ledger has no page checksums");
    drop(ledger);
    let missing = SqliteLedger::open(&folder.path().join("elsewhere"));
    assert!(matches!(missing, Err(StorageFault::Missing(_))));
    let again = SqliteLedger::create(folder.path(), [2; 16]);
    assert!(again.is_err(), "an existing ledger is never made anew");
    assert_eq!(SqliteLedger::open(folder.path()).unwrap().ledger_id(), [1; 16]);
}
