//! The record kept from the command line: nothing acknowledged is lost, the same file adds nothing twice, and
//! what was changed is found.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
use common::*;
use std::{collections::BTreeMap, path::Path, process::Stdio, time::Duration};

fn imported(folder: &Path, file: &str) -> serde_json::Value {
    let output = expect(folder, &["import", file, "--format", "json"], 0);
    serde_json::from_str(&out(&output)).unwrap()
}

fn programme(folder: &Path, journeys: &str) {
    expect(folder, &["simulate", "--journeys", journeys, "--out", "programme.csv"], 0);
}

/// Facts of each patient by record number.
fn exported(folder: &Path) -> BTreeMap<String, usize> {
    let text = out(&expect(folder, &["export", "--identity"], 0));
    let mut facts = BTreeMap::new();
    for line in text.lines().skip(1) {
        *facts.entry(line.split(',').next().unwrap().to_owned()).or_default() += 1;
    }
    facts
}

/// Row T3: the same file twice adds nothing, and what comes out again gives the same grades.
#[test]
fn what_is_imported_comes_out_again() {
    let folder = place();
    programme(folder.path(), "6");
    let first = imported(folder.path(), "programme.csv");
    assert_eq!(first["patients_new"], 6);
    assert!(first["facts_recorded"].as_u64().unwrap() > 1_000);
    let again = imported(folder.path(), "programme.csv");
    assert_eq!((again["patients_new"].as_u64(), again["facts_recorded"].as_u64()), (Some(0), Some(0)));
    assert_eq!(again["facts_known"], first["facts_recorded"]);
    let grades = |file: &str| {
        let words = ["assess", file, "--zone", "Asia/Taipei", "--format", "json", "--at", "2026-11-15"];
        let lines = lines_of(&out(&expect(folder.path(), &words, 0)));
        let grade = |line: &serde_json::Value, scale: &str| {
            let finding = &line["findings"][scale];
            (finding["status"].clone(), finding["low"].clone(), finding["high"].clone())
        };
        let mut all: Vec<_> = lines
            .iter()
            .map(|line| {
                (
                    line["patient"].to_string(),
                    ["crs", "icans", "icaht_early", "icaht_late", "car_hematotox"].map(|s| grade(line, s)),
                )
            })
            .collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    };
    expect(folder.path(), &["export", "--identity", "--out", "back.csv"], 0);
    expect(folder.path(), &["export", "--identity", "--format", "fhir", "--out", "back.ndjson"], 0);
    assert_eq!(grades("programme.csv"), grades("back.csv"));
    assert_eq!(grades("programme.csv"), grades("back.ndjson"));
}

/// Without being asked, an export names nobody.
#[test]
fn an_export_is_pseudonymous_unless_asked() {
    let folder = place();
    imported(folder.path(), "bundle.json");
    for form in ["table", "fhir", "events"] {
        let text = out(&expect(folder.path(), &["export", "--format", form], 0));
        assert!(text.contains("38.9"), "{text}");
        assert!(!text.contains("1970-02-03") && !text.contains("F1"), "{form}: {text}");
    }
    let named = out(&expect(folder.path(), &["export", "--identity"], 0));
    assert!(named.contains("1970-02-03") && named.contains("F1,"), "{named}");
}

/// Row T3: killed at any moment of an import, the record is sound and the import can be repeated.
#[test]
fn killed_while_importing_it_stays_sound_and_can_be_repeated() {
    let folder = place();
    programme(folder.path(), "40");
    let whole = tempfile::tempdir().unwrap();
    std::fs::copy(folder.path().join("programme.csv"), whole.path().join("programme.csv")).unwrap();
    imported(whole.path(), "programme.csv");
    let mut before: BTreeMap<String, usize> = BTreeMap::new();
    for wait_ms in [30, 90, 200, 350, 600] {
        let mut child = vena(folder.path())
            .args(["import", "programme.csv"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(wait_ms));
        child.kill().unwrap();
        child.wait().unwrap();
        if !folder.path().join("vena-data/ledger.db").exists() {
            continue;
        }
        let verified = run(folder.path(), &["verify"]);
        if before.is_empty() && err(&verified).contains("there is no ledger") {
            // Killed while the tables were being made: nothing had been promised yet.
            continue;
        }
        assert_eq!(code(&verified), 0, "{wait_ms} ms: {}{}", out(&verified), err(&verified));
        let now = exported(folder.path());
        for (patient, facts) in &before {
            assert!(now.get(patient).is_some_and(|n| n >= facts), "{patient}: {facts} facts were there");
        }
        before = now;
    }
    imported(folder.path(), "programme.csv");
    assert_eq!(exported(folder.path()), exported(whole.path()));
    assert_eq!(imported(folder.path(), "programme.csv")["facts_recorded"], 0);
}

/// A changed byte is found, and a checkpoint kept elsewhere finds a record that was put in another's place.
#[test]
fn verify_names_what_was_changed() {
    let folder = place();
    imported(folder.path(), "bundle.json");
    let kept = expect(folder.path(), &["checkpoint", "--out", "kept.json"], 0);
    let key = err(&kept).trim().rsplit(' ').next().unwrap().to_owned();
    expect(folder.path(), &["verify", "--against", "kept.json", "--trusted", &key], 0);
    let other = "00".repeat(32);
    let wrong_key = run(folder.path(), &["verify", "--trusted", &other]);
    assert_eq!(code(&wrong_key), 4, "{}", out(&wrong_key));
    assert_eq!(code(&run(folder.path(), &["verify", "--trusted", "abc"])), 2);
    assert_eq!(code(&run(folder.path(), &["verify", "--against", "nowhere.json"])), 3);
    let path = folder.path().join("vena-data/ledger.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let place =
        bytes.windows(4).position(|window| window == b"38.9").expect("the temperature stands in the ledger");
    bytes[place + 1] = b'7';
    std::fs::write(&path, bytes).unwrap();
    for suffix in ["ledger.db-wal", "ledger.db-shm"] {
        let _ = std::fs::remove_file(folder.path().join("vena-data").join(suffix));
    }
    let vault = folder.path().join("vena-data/vault.db");
    std::fs::rename(&vault, folder.path().join("vault.db")).unwrap();
    let gone = run(folder.path(), &["verify"]);
    assert!(code(&gone) == 4 && out(&gone).contains("vault.db is missing"), "{}", out(&gone));
    std::fs::rename(folder.path().join("vault.db"), &vault).unwrap();
    let changed = run(folder.path(), &["verify", "--format", "json"]);
    assert_eq!(code(&changed), 4, "{}", err(&changed));
    let report: serde_json::Value = serde_json::from_str(&out(&changed)).unwrap();
    assert_eq!(report["sound"], false);
    assert!(!report["findings"].as_array().unwrap().is_empty());
}

/// Accounts, with passwords from standard input.
#[test]
fn accounts_are_made_and_changed() {
    let folder = place();
    let add = |login: &str, role: &str, password: &str| {
        run_with(
            folder.path(),
            &["user", "add", login, "--role", role, "--name", "Some Body"],
            password.as_bytes(),
        )
    };
    assert_eq!(code(&add("Nurse.One", "nurse", "a long enough password\n")), 0);
    assert_eq!(code(&add("nurse.one", "nurse", "a long enough password\n")), 2, "taken");
    assert_eq!(code(&add("two", "qa", "short\n")), 2, "too short");
    let changed = run_with(folder.path(), &["user", "password", "nurse.one"], b"another long password\n");
    assert_eq!(code(&changed), 0, "{}", err(&changed));
    expect(folder.path(), &["user", "disable", "nurse.one"], 0);
    let list = out(&expect(folder.path(), &["user", "list"], 0));
    assert!(list.contains("nurse.one") && list.contains("may not sign in"), "{list}");
    expect(folder.path(), &["user", "enable", "nurse.one"], 0);
    expect(folder.path(), &["user", "enable", "nobody"], 2);
    assert_eq!(code(&run(folder.path(), &["verify"])), 0);
}

/// The settings are read, and a mistake in them is named with its line.
#[test]
fn settings_are_read() {
    let folder = place();
    imported(folder.path(), "bundle.json");
    let path = folder.path().join("vena-data/vena.toml");
    let settings = std::fs::read_to_string(&path).unwrap();
    assert!(settings.contains("zone = \"Asia/Taipei\"") && settings.contains("synthetic = false"));
    std::fs::write(&path, settings.replace("zone =", "zonne =")).unwrap();
    let output = run(folder.path(), &["rebuild"]);
    assert_eq!(code(&output), 4);
    assert!(err(&output).contains("zonne"), "{}", err(&output));
    std::fs::write(&path, settings.replace("rules = []", "rules = [\"crs/astct@1066\"]")).unwrap();
    assert_eq!(code(&run(folder.path(), &["rebuild"])), 4);
}

/// Row X2: a rule set is signed on the command line by a named person, with their password; the site's own
/// values stand in its folder and grade a file with `--site`.
#[test]
fn knowledge_is_signed_by_a_named_person() {
    let folder = place();
    let password = b"a long enough password\n";
    for (login, role) in [("dr.one", "physician"), ("nurse.one", "nurse")] {
        let made = run_with(folder.path(), &["user", "add", login, "--role", role], password);
        assert_eq!(code(&made), 0, "{}", err(&made));
    }
    let list = || out(&expect(folder.path(), &["knowledge", "list"], 0));
    let line = |rule: &str| list().lines().find(|line| line.starts_with(rule)).unwrap().to_owned();
    assert!(line("crs/astct@2019").contains("not activated"));
    let sign = |by: &str, typed: &[u8]| {
        run_with(folder.path(), &["knowledge", "activate", "crs/astct@2019", "--by", by], typed)
    };
    assert_ne!(code(&sign("nurse.one", password)), 0, "a nurse signs no rule set");
    assert_ne!(code(&sign("dr.one", b"not the password\n")), 0);
    let signed = sign("dr.one", password);
    assert_eq!(code(&signed), 0, "{}", err(&signed));
    assert!(line("crs/astct@2019").contains("active") && line("crs/astct@2019").contains("dr.one"));
    let withdrawn = ["knowledge", "withdraw", "crs/astct@2019", "--by", "dr.one", "--reason", "review"];
    assert_eq!(code(&run_with(folder.path(), &withdrawn, password)), 0);
    assert!(line("crs/astct@2019").contains("not activated"));
    let own = folder.path().join("vena-data/knowledge");
    std::fs::create_dir_all(&own).unwrap();
    let overlay = |value: &str| {
        format!(
            "site = \"north\"\n\n[[overlay]]\nrule = \"crs/site-defaults@1\"\nentry = \"episode-closes-after\"\n\
             value = \"{value}\"\nunit = \"h\"\nreason-en = \"Our rounds\"\nreason-zh-TW = \"本院查房\"\n\
             signed-by = \"Dr A\"\nsigned-on = \"2026-02-01\"\n"
        )
    };
    std::fs::write(own.join("north.toml"), overlay("36")).unwrap();
    assert!(list().contains("Our rounds"), "the site's own values are listed beside the source's");
    std::fs::write(
        folder.path().join("one.csv"),
        "patient,time,what,value,unit\nA,2026-03-01T10:00+08:00,infusion,,\nA,2026-03-02T10:00+08:00,body temperature,38.6,Cel\n",
    )
    .unwrap();
    expect(folder.path(), &["assess", "one.csv", "--site", "vena-data/knowledge"], 0);
    expect(folder.path(), &["assess", "one.csv", "--site", "nowhere"], 2);
    std::fs::write(own.join("north.toml"), overlay("x")).unwrap();
    let wrong = run(folder.path(), &["assess", "one.csv", "--site", "vena-data/knowledge"]);
    assert!(code(&wrong) != 0 && err(&wrong).contains("north.toml"), "{}", err(&wrong));
}
