//! The identity vault: encrypted per patient, found through the blind index,
//! audited, restricted but never destroyed. Law 4.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::fs;

use vena_ledger::kill::next_random;
use vena_ledger::{Identity, Restriction, Search, SearchAudit, Secret, Vault, VaultError};

fn random() -> impl FnMut(&mut [u8]) {
    let mut state = 7;
    move |buffer| buffer.fill_with(|| next_random(&mut state) as u8)
}

fn identity(names: &[&str], number: &str, birth_date: &str) -> Identity {
    Identity {
        names: names.iter().map(ToString::to_string).collect(),
        record_numbers: vec![number.to_owned()],
        birth_date: Some(birth_date.to_owned()),
        ..Identity::default()
    }
}

fn people() -> Vec<(&'static str, Identity)> {
    vec![
        ("p1", identity(&["王小明", "WANG, Xiao-Ming"], "NTU-0012345", "1980-01-05")),
        ("p2", identity(&["王大同", "Wang Da-Tong"], "NTU-0099345", "1975-12-31")),
        ("p3", identity(&["歐陽　菲菲"], "A123456789", "1991-07-20")),
        ("p4", identity(&["José Müller"], "777", "1980-01-05")),
    ]
}

fn vault(folder: &std::path::Path) -> Vault {
    Vault::open(folder, &Secret::new([1; 32])).unwrap()
}

fn filled(folder: &std::path::Path) -> Vault {
    let vault = vault(folder);
    let people = people();
    let rows: Vec<(&str, &Identity)> = people.iter().map(|(id, who)| (*id, who)).collect();
    vault.put_all(&rows, &mut random()).unwrap();
    vault
}

fn ask(query: &str) -> Search<'_> {
    Search { query, by: "user/1", at: "2026-11-20T08:30:00+08:00", limit: 50, show_restricted: false }
}

fn found(vault: &Vault, query: &str) -> Vec<String> {
    let matches = vault.search(&ask(query), |_| Ok::<(), String>(())).unwrap();
    let mut ids: Vec<String> = matches.into_iter().map(|found| found.patient).collect();
    ids.sort();
    ids
}

#[test]
fn people_are_found_as_people_type() {
    let folder = tempfile::tempdir().unwrap();
    let vault = filled(folder.path());
    let cases: [(&str, &[&str]); 30] = [
        ("王", &["p1", "p2"]),
        ("王小明", &["p1"]),
        ("小明", &["p1"]),
        ("明", &["p1"]),
        ("王 明", &["p1"]),
        ("王小同", &[]),
        ("歐陽", &["p3"]),
        ("歐陽菲菲", &["p3"]),
        ("陽菲菲", &["p3"]),
        ("wang", &["p1", "p2"]),
        ("WANG", &["p1", "p2"]),
        ("ｗａｎｇ", &["p1", "p2"]),
        ("wa", &["p1", "p2"]),
        ("ang", &[]),
        ("wang xiao", &["p1"]),
        ("xiaoming", &["p1"]),
        ("Xiao-Ming", &["p1"]),
        ("wangxiaoming", &["p1"]),
        ("jose", &["p4"]),
        ("müller", &["p4"]),
        ("muller", &["p4"]),
        ("0012345", &["p1"]),
        ("345", &["p1", "p2", "p3"]),
        ("ntu0012345", &["p1"]),
        ("777", &["p4"]),
        ("77", &[]),
        ("1980-01-05", &["p1", "p4"]),
        ("69/1/5", &["p1", "p4"]),
        ("王 1980/1/5", &["p1"]),
        ("  ", &[]),
    ];
    for (query, expected) in cases {
        assert_eq!(found(&vault, query), expected, "{query}");
    }
    assert_eq!(vault.verify().unwrap(), Vec::<String>::new());
}

#[test]
fn nothing_is_shown_that_cannot_be_audited() {
    let folder = tempfile::tempdir().unwrap();
    let vault = filled(folder.path());
    let mut told: Vec<SearchAudit> = Vec::new();
    for query in ["王小明", "王小明", "nobody"] {
        vault
            .search(&ask(query), |audit| {
                told.push(audit.clone());
                Ok::<(), String>(())
            })
            .unwrap();
    }
    assert_eq!(told[0].found, ["p1"]);
    assert_eq!(told[0].by, "user/1");
    assert_eq!(told[0].query, told[1].query);
    assert_ne!(told[0].query, told[2].query);
    assert!(told[2].found.is_empty());
    let text = serde_json::to_string(&told).unwrap();
    assert!(!text.contains('王') && !text.contains("nobody"));
    let refused = vault.search(&ask("王"), |_| Err("no room"));
    assert_eq!(refused, Err(VaultError::NotAudited("no room".to_owned())));
}

#[test]
fn a_changed_identity_keeps_its_history_and_is_found_anew() {
    let folder = tempfile::tempdir().unwrap();
    let vault = filled(folder.path());
    let corrected = identity(&["王曉明"], "NTU-0012345", "1980-01-06");
    vault.put("p1", &corrected, &mut random()).unwrap();
    vault.put("p1", &corrected, &mut random()).unwrap();
    assert_eq!(vault.get("p1").unwrap(), corrected);
    assert_eq!(vault.history("p1").unwrap(), [people()[0].1.clone(), corrected]);
    assert_eq!(found(&vault, "曉明"), ["p1"]);
    assert!(found(&vault, "小明").is_empty());
    assert_eq!(found(&vault, "1980-01-05"), ["p4"]);
    assert_eq!(vault.verify().unwrap(), Vec::<String>::new());
}

#[test]
fn restriction_hides_and_keeps() {
    let folder = tempfile::tempdir().unwrap();
    let vault = filled(folder.path());
    let restriction = Restriction {
        by: "user/9".to_owned(),
        at: "2026-11-20T09:00:00+08:00".to_owned(),
        reason: "asked by the patient".to_owned(),
        allowed: Vec::new(),
    };
    vault.restrict("p1", restriction.clone(), &mut random()).unwrap();
    assert!(matches!(vault.get("p1"), Err(VaultError::Restricted { .. })));
    assert_eq!(found(&vault, "王"), ["p2"]);
    let kept = vault.get_even_restricted("p1").unwrap();
    assert_eq!(kept.restriction, Some(restriction));
    let mut wider = ask("小明");
    wider.show_restricted = true;
    assert_eq!(vault.search(&wider, |_| Ok::<(), String>(())).unwrap(), [kept]);
    vault.end_restriction("p1", &mut random()).unwrap();
    assert_eq!(vault.get("p1").unwrap(), people()[0].1);
    assert!(matches!(vault.get("p9"), Err(VaultError::Unknown(_))));
}

#[test]
fn the_files_show_nobody_and_another_key_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    drop(filled(folder.path()));
    let mut bytes = Vec::new();
    for file in fs::read_dir(folder.path()).unwrap() {
        bytes.extend(fs::read(file.unwrap().path()).unwrap());
    }
    for secret in ["王小明", "王", "Wang", "wang", "0012345", "1980-01-05"] {
        let there = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!there, "{secret} stands in the file");
    }
    let other = Vault::open(folder.path(), &Secret::new([2; 32])).unwrap();
    assert!(matches!(other.get("p1"), Err(VaultError::Damaged { .. })));
    assert!(found(&other, "王").is_empty());
    assert!(other.verify().unwrap().len() > people().len());
}

/// Each byte of each sealed part, and rows moved between patients.
#[test]
fn every_changed_byte_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let vault = filled(folder.path());
    let raw = rusqlite::Connection::open(folder.path().join("vault.db")).unwrap();
    raw.pragma_update(None, "synchronous", "OFF").unwrap();
    for (table, column) in [("patients", "wrapped_key"), ("patients", "state"), ("identities", "sealed")] {
        let read = format!("SELECT {column} FROM {table} WHERE patient = 'p1'");
        let write = format!("UPDATE {table} SET {column} = ?1 WHERE patient = 'p1'");
        let bytes: Vec<u8> = raw.query_row(&read, [], |row| row.get(0)).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            raw.execute(&write, [changed]).unwrap();
            assert!(!vault.verify().unwrap().is_empty(), "{table}.{column} byte {at}");
        }
        let others = format!("SELECT {column} FROM {table} WHERE patient = 'p2'");
        let other: Vec<u8> = raw.query_row(&others, [], |row| row.get(0)).unwrap();
        raw.execute(&write, [other]).unwrap();
        assert!(!vault.verify().unwrap().is_empty(), "{table}.{column} of another");
        raw.execute(&write, [bytes]).unwrap();
        assert!(vault.verify().unwrap().is_empty());
    }
    let gone = "DELETE FROM terms WHERE patient = 'p3' AND term = \
                (SELECT min(term) FROM terms WHERE patient = 'p3')";
    assert_eq!(raw.execute(gone, []).unwrap(), 1);
    assert_eq!(vault.verify().unwrap().len(), 1);
}
