//! A disk that is really full: a small file system of its own, filled to the last byte. What was acknowledged
//! stays, the error says what is wrong, and when there is room again everything goes on. Law 9.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{attachment_key, attachments, checkpoint_key};
use vena_ledger::conformance::{event, one};
use vena_ledger::kill::next_random;
use vena_ledger::{
    Append, AppendError, AttachmentError, Identity, Ledger, SqliteLedger, StorageFault, Vault, VaultError,
    VerifyOptions, verify_folder,
};

const CHILD_FOLDER: &str = "VENA_LEDGER_FULL_FOLDER";
const AT: &str = "2026-11-20T08:30:00+08:00";

/// Where the small file system is, for the process that has one; `None` when this process is to make it.
fn small_disk() -> Option<PathBuf> {
    std::env::var_os(CHILD_FOLDER).map(PathBuf::from)
}

/// Runs one test of this file again in a process that sees a file system of four megabytes. A mount of its own
/// namespace needs root, or a kernel that lets anybody have one; it is gone with the process.
fn on_a_small_disk(test: &str) {
    let mount_point = tempfile::tempdir().unwrap();
    let script =
        "mount -t tmpfs -o size=4m,mode=777 tmpfs \"$1\" || exit 77; exec \"$2\" --exact \"$3\" --nocapture";
    let program = std::env::current_exe().unwrap();
    for own in [&["--mount"][..], &["--user", "--map-root-user", "--mount"]] {
        let ran = Command::new("unshare")
            .args(own)
            .args(["sh", "-c", script, "sh"])
            .arg(mount_point.path())
            .arg(&program)
            .arg(test)
            .env(CHILD_FOLDER, mount_point.path())
            .output();
        let Ok(output) = ran else { continue };
        let said = String::from_utf8_lossy(&output.stdout);
        if said.contains("test result") {
            let complaint = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{said}\n{complaint}");
            assert!(said.contains("1 passed"), "{said}");
            return;
        }
    }
    println!("LEFT OUT: {test} on a really full disk: this system lets nobody but root mount one");
}

/// Takes every byte there is left; removing the file gives them back.
struct Ballast(PathBuf);

impl Ballast {
    fn fill(folder: &Path) -> Self {
        let path = folder.join("ballast");
        let mut file = File::options().append(true).create(true).open(&path).unwrap();
        for size in [65_536, 4_096, 512, 1] {
            while file.write_all(&vec![7; size]).is_ok() {}
        }
        Self(path)
    }

    fn remove(self) {
        fs::remove_file(self.0).unwrap();
    }
}

fn bodies(ledger: &SqliteLedger) -> Vec<String> {
    let events = ledger.read_all(vena_ledger::Position(0), 10_000).unwrap();
    events.iter().map(|event| event.idempotency_key.clone()).collect()
}

/// Appends until the disk refuses; the keys that were acknowledged.
fn append_until_full(ledger: &SqliteLedger, word: &str) -> Vec<String> {
    let mut acknowledged = Vec::new();
    loop {
        let key = format!("{word}-{:04}", acknowledged.len());
        match ledger.append(one(&key, &format!("journey/{}", acknowledged.len() % 7), &"x".repeat(900))) {
            Ok(_) => acknowledged.push(key),
            Err(cause) => {
                assert_eq!(cause, AppendError::Fault(StorageFault::Full));
                assert_eq!(cause.to_string(), "the disk is full");
                return acknowledged;
            }
        }
        assert!(acknowledged.len() < 10_000);
    }
}

/// Rows X4, X5. Events, checkpoints, closing and opening on a full disk, and what comes after.
#[test]
fn acknowledged_events_survive_a_full_disk() {
    let Some(disk) = small_disk() else {
        return on_a_small_disk("acknowledged_events_survive_a_full_disk");
    };
    let folder = disk.join("ledger");
    let ledger = SqliteLedger::create(&folder, [1; 16]).unwrap();
    // What somebody else keeps there, and will have to move.
    let other = disk.join("other");
    fs::write(&other, vec![1; 2_500_000]).unwrap();
    let mut kept = append_until_full(&ledger, "a");
    assert!(kept.len() > 100, "{}", kept.len());
    let ballast = Ballast::fill(&disk);
    // An append of many events is refused as a whole.
    let many = (0..50).map(|n| event(&format!("journey/{n}"), &"x".repeat(3_000))).collect();
    let many = Append::new("b-many", many);
    assert_eq!(ledger.append(many.clone()), Err(AppendError::Fault(StorageFault::Full)));
    assert_eq!(ledger.write_checkpoint(&checkpoint_key(), AT), Err(StorageFault::Full));
    assert_eq!(bodies(&ledger), kept);
    let again = ledger.append(one(&kept[3], "journey/3", &"x".repeat(900))).unwrap();
    assert!(again.replayed, "what was acknowledged is still known by its key");
    // Closing may fail for want of room; nothing is lost by it.
    let _ = ledger.close();
    let sound = |when: &str| {
        let report = verify_folder(&folder, VerifyOptions::default());
        assert!(report.is_sound(), "{when}: {:?}", report.findings);
        report.records
    };
    if let Ok(ledger) = SqliteLedger::open(&folder) {
        assert_eq!(bodies(&ledger), kept);
    }
    ballast.remove();
    fs::remove_file(other).unwrap();
    assert_eq!(sound("with room again"), kept.len() as u64);
    let ledger = SqliteLedger::open(&folder).unwrap();
    assert_eq!(bodies(&ledger), kept);
    ledger.append(many).unwrap();
    kept.extend(std::iter::repeat_n("b-many".to_owned(), 50));
    ledger.write_checkpoint(&checkpoint_key(), AT).unwrap();
    ledger.close().unwrap();
    assert_eq!(sound("closed"), kept.len() as u64);
    let ledger = SqliteLedger::open(&folder).unwrap();
    assert_eq!(bodies(&ledger), kept);
}

fn person(number: usize) -> Identity {
    Identity { names: vec![format!("WANG, Number {number}")], ..Identity::default() }
}

fn noise() -> impl FnMut(&mut [u8]) {
    let mut state = 11;
    move |buffer| buffer.fill_with(|| next_random(&mut state) as u8)
}

/// Rows X4, X5. Files, and who the patients are.
#[test]
fn attachments_and_identities_survive_a_full_disk() {
    let Some(disk) = small_disk() else {
        return on_a_small_disk("attachments_and_identities_survive_a_full_disk");
    };
    let store = attachments(&disk);
    let key = attachment_key();
    let first = store.store(&key, [1; 19], &mut &b"consent, page 1"[..]).unwrap();
    let vault = Vault::open(&disk, &attachment_key()).unwrap();
    vault.put("first", &person(7), &mut noise()).unwrap();
    let ballast = Ballast::fill(&disk);
    let scan = vec![9; 300_000];
    let refused = store.store(&key, [2; 19], &mut scan.as_slice()).unwrap_err();
    assert!(matches!(refused, AttachmentError::Full), "{refused}");
    assert_eq!(refused.to_string(), "the disk is full");
    assert_eq!(store.list().unwrap(), [first.cipher_sha256], "nothing half is kept");
    assert_eq!(fs::read_dir(disk.join("attachments/incoming")).unwrap().count(), 0);
    store.check(&first, Some(&key)).unwrap();
    let mut put = 0;
    let full = loop {
        match vault.put(&format!("p{put}"), &person(put), &mut noise()) {
            Ok(()) => put += 1,
            Err(cause) => break cause,
        }
        assert!(put < 1_000);
    };
    assert!(matches!(full, VaultError::Fault(StorageFault::Full)), "{full}");
    assert_eq!(vault.get("first").unwrap(), person(7));
    ballast.remove();
    let second = store.store(&key, [3; 19], &mut scan.as_slice()).unwrap();
    store.check(&second, Some(&key)).unwrap();
    vault.put(&format!("p{put}"), &person(put), &mut noise()).unwrap();
    assert_eq!(vault.get(&format!("p{put}")).unwrap(), person(put));
    assert_eq!(vault.verify().unwrap(), Vec::<String>::new());
}
