//! Attachments: what goes in comes out, streamed, encrypted, limited; frames
//! cannot be moved, cut or taken from another file. Law 4.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::fs;
use std::io::Read;

use vena_ledger::{AttachmentError, AttachmentStore, KeyKind, Secret};

const FRAME: usize = 64 * 1024;

fn content(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 % 251) as u8).collect()
}

fn prefix(number: u8) -> [u8; 19] {
    [number; 19]
}

#[test]
fn what_goes_in_comes_out_at_every_frame_border() {
    let folder = tempfile::tempdir().unwrap();
    let store = AttachmentStore::new(folder.path(), 1 << 30);
    let key = Secret::new([1; 32]);
    let lengths = [0, 1, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME, 3 * FRAME + 17];
    for (number, length) in (0_u8..).zip(lengths) {
        let plain = content(length);
        let stored = store.store(&key, prefix(number), &mut plain.as_slice()).unwrap();
        assert_eq!(stored.size_bytes, length as u64);
        let mut out = Vec::new();
        store.load(&key, &stored, &mut out).unwrap();
        assert_eq!(out, plain);
        store.check(&stored, None).unwrap();
        let on_disk = fs::read(store.path(&stored.cipher_sha256)).unwrap();
        assert!(length < 64 || !on_disk.windows(64).any(|part| part == &plain[..64]));
    }
    assert_eq!(store.list().unwrap().len(), lengths.len());
}

#[test]
fn the_limit_holds_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let store = AttachmentStore::new(folder.path(), 100_000);
    let key = Secret::new([1; 32]);
    store.store(&key, prefix(1), &mut content(100_000).as_slice()).unwrap();
    for (number, length) in [(2, 100_001), (3, 10_000_000)] {
        let mut input = std::io::repeat(0).take(length);
        let refused = store.store(&key, prefix(number), &mut input);
        assert!(matches!(refused, Err(AttachmentError::TooLarge { limit_bytes: 100_000 })));
    }
    assert_eq!(store.list().unwrap().len(), 1);
    let drafts = fs::read_dir(folder.path().join("attachments/incoming")).unwrap();
    assert_eq!(drafts.count(), 0);
}

#[test]
fn frames_cannot_be_moved_cut_or_mixed() {
    let folder = tempfile::tempdir().unwrap();
    let store = AttachmentStore::new(folder.path(), 1 << 30);
    let key = Secret::new([1; 32]);
    let stored = store.store(&key, prefix(1), &mut content(3 * FRAME).as_slice()).unwrap();
    let path = store.path(&stored.cipher_sha256);
    let bytes = fs::read(&path).unwrap();
    let sealed = FRAME + 16;
    let start = bytes.len() - 3 * sealed;
    let (head, frames) = bytes.split_at(start);
    let frame = |number: usize| &frames[number * sealed..(number + 1) * sealed];
    let changes = [
        [head, frame(1), frame(0), frame(2)].concat(),
        [head, frame(0), frame(1)].concat(),
        [head, frame(0), frame(2)].concat(),
        [head, frame(0), frame(1), frame(2), frame(2)].concat(),
        bytes[..bytes.len() - 1].to_vec(),
        bytes[..10].to_vec(),
    ];
    for changed in changes {
        fs::write(&path, changed).unwrap();
        let mut out = Vec::new();
        let opened = store.load(&key, &stored, &mut out);
        assert!(matches!(opened, Err(AttachmentError::Damaged { .. })));
    }
    fs::write(&path, &bytes).unwrap();
    let other = store.check(&stored, Some(&Secret::new([2; 32])));
    assert!(matches!(other, Err(AttachmentError::Damaged { .. })));
    fs::remove_file(&path).unwrap();
    assert!(matches!(store.check(&stored, None), Err(AttachmentError::Missing(_))));
}

#[test]
fn key_files_are_for_their_owner_and_purpose_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys/attachments.key");
    Secret::create(&path, KeyKind::Attachments, [3; 32]).unwrap();
    Secret::load(&path, KeyKind::Attachments).unwrap();
    assert!(Secret::load(&path, KeyKind::Vault).is_err());
    assert!(Secret::create(&path, KeyKind::Attachments, [4; 32]).is_err());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = Secret::load(&path, KeyKind::Attachments).unwrap_err();
        assert!(refused.to_string().contains("640"), "{refused}");
    }
}
