//! What every command says, word for word, and how it ends: `tests/golden/*.txt` is read by people before a
//! change of it is committed.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
use common::*;

/// Rows X2, X5, X8, T3: every command explains itself.
#[test]
fn help() {
    let folder = place();
    let commands: Vec<&[&str]> = vec![
        &["--help"],
        &["assess", "--help"],
        &["schema", "--help"],
        &["catalogue", "--help"],
        &["import", "--help"],
        &["export", "--help"],
        &["verify", "--help"],
        &["rebuild", "--help"],
        &["checkpoint", "--help"],
        &["simulate", "--help"],
        &["serve", "--help"],
        &["demo", "--help"],
        &["user", "--help"],
        &["user", "add", "--help"],
        &["knowledge", "--help"],
        &["knowledge", "activate", "--help"],
        &["flow", "--help"],
        &["colonies", "--help"],
        &["potency", "--help"],
        &["qpcr", "--help"],
        &["completions", "--help"],
    ];
    golden("help", &transcript(folder.path(), &commands));
}

/// Rows X2, X5, X8.
#[test]
fn assess_as_text() {
    let folder = place();
    let commands: Vec<&[&str]> = vec![
        &["assess", "cohort.csv"],
        &[
            "assess",
            "cohort.csv",
            "--at",
            "2026-01-12T12:00+08:00",
            "--zone",
            "Asia/Taipei",
            "--infusion",
            "2",
            "--lang",
            "zh-TW",
        ],
        &["assess", "bundle.json", "--zone", "Asia/Taipei"],
        &[
            "assess",
            "bundle.json",
            "--using",
            "icaht/cumulative@2025",
            "--at",
            "2026-02-04",
            "--known-at",
            "2026-02-02",
        ],
    ];
    golden("assess-text", &transcript(folder.path(), &commands));
}

/// Rows X2, X5, X8.
#[test]
fn assess_as_json() {
    let folder = place();
    let commands: Vec<&[&str]> =
        vec![&["assess", "cohort.csv", "bundle.json", "--format", "json", "--zone", "Asia/Taipei"]];
    golden("assess-json", &transcript(folder.path(), &commands));
}

/// Row X2.
#[test]
fn command_lines_that_cannot_be() {
    let folder = place();
    let commands: Vec<&[&str]> = vec![
        &["assess"],
        &["assess", "nowhere.csv"],
        &["assess", "cohort.csv", "--at", "yesterday"],
        &["assess", "cohort.csv", "--at", "2026-01-12T08:00"],
        &["assess", "cohort.csv", "--zone", "Asia/Atlantis"],
        &["assess", "cohort.csv", "--using", "crs/astct@1999"],
        &["assess", "cohort.csv", "--using", "nothing"],
        &["assess", "cohort.csv", "--encoding", "ebcdic"],
        &["assess", "cohort.csv", "--lang", "fr"],
        &["assess", "cohort.csv", "--format", "xml"],
        &["schema", "everything"],
        &["catalogue", "moon"],
        &["export"],
        &["verify"],
        &["rebuild"],
        &["checkpoint"],
        &["serve", "--host", "0.0.0.0"],
        &["serve", "--host", "0.0.0.0", "--lang", "zh-TW"],
        &["user", "add", "x", "--role", "king"],
        &["flow", "nowhere.fcs"],
        &["potency", "cohort.csv", "--plot", "curve.bmp"],
        &["nonsense"],
    ];
    golden("command-lines", &transcript(folder.path(), &commands));
}

#[test]
fn catalogue_and_schema() {
    let folder = place();
    let commands: Vec<&[&str]> = vec![
        &["catalogue", "8310-5"],
        &["catalogue", "體溫", "--lang", "zh-TW"],
        &["catalogue", "oxygen device"],
        &["catalogue", "tocilizumab", "--json"],
    ];
    golden("catalogue", &transcript(folder.path(), &commands));
    let all = out(&expect(folder.path(), &["catalogue", "--json"], 0));
    assert!(lines_of(&all).len() > 100);
    let schema = out(&expect(folder.path(), &["schema", "assess"], 0));
    assert_eq!(schema, include_str!("../../../docs/schema/assess.schema.json"));
}

/// Row T3: the record from an empty folder to an export, with every command that keeps it.
#[test]
fn record() {
    let folder = place();
    let commands: Vec<&[&str]> = vec![
        &["import", "cohort.csv", "bundle.json"],
        &["import", "cohort.csv", "bundle.json", "--format", "json"],
        &["import", "bundle.json", "--lang", "zh-TW"],
        &["rebuild"],
        &["rebuild", "--lang", "zh-TW"],
        &["checkpoint", "--out", "kept.json"],
        &["verify", "--against", "kept.json"],
        &["verify", "--lang", "zh-TW"],
        &["user", "list"],
    ];
    golden("record", &transcript(folder.path(), &commands));
}

/// Completions name every command.
#[test]
fn completions() {
    let folder = place();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let text = out(&expect(folder.path(), &["completions", shell], 0));
        for command in [
            "assess",
            "import",
            "export",
            "verify",
            "rebuild",
            "checkpoint",
            "demo",
            "serve",
            "simulate",
            "flow",
            "colonies",
            "potency",
            "qpcr",
        ] {
            assert!(text.contains(command), "{shell}: {command}");
        }
    }
}
