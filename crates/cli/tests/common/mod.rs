//! Runs the program as a person would, and compares what it says with transcripts kept beside the tests.
//! `VENA_GOLDEN=write cargo test -p vena-cli` writes them anew; read the difference before it is committed.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// The program, with nothing of the tester's surroundings in it.
pub fn vena(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vena"));
    command
        .current_dir(folder)
        .env_remove("VENA_LANG")
        .env_remove("VENA_DATA")
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1");
    command
}

/// Runs it in a folder.
pub fn run(folder: &Path, words: &[&str]) -> Output {
    vena(folder).args(words).stdin(Stdio::null()).output().unwrap()
}

/// Runs it with this on standard input.
pub fn run_with(folder: &Path, words: &[&str], input: &[u8]) -> Output {
    let mut child = vena(folder)
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

pub fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

/// Runs it and insists on how it ends.
pub fn expect(folder: &Path, words: &[&str], ends: i32) -> Output {
    let output = run(folder, words);
    assert_eq!(code(&output), ends, "vena {}\n{}\n{}", words.join(" "), out(&output), err(&output));
    output
}

/// A transcript of one or several commands in a folder.
pub fn transcript(folder: &Path, commands: &[&[&str]]) -> String {
    let mut text = String::new();
    for words in commands {
        let output = run(folder, words);
        let quoted: Vec<String> =
            words.iter().map(|w| if w.contains(' ') { format!("'{w}'") } else { (*w).to_owned() }).collect();
        text.push_str(&format!("$ vena {}\n{}", quoted.join(" "), out(&output)));
        for line in err(&output).lines() {
            text.push_str(&format!("! {line}\n"));
        }
        text.push_str(&format!("[ends with {}]\n\n", code(&output)));
    }
    normal(&text)
}

/// What changes from run to run, made the same: made-up identifiers, keys, digests of records.
fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    let flush = |word: &mut String, out: &mut String| {
        let hexadecimal = word.len() >= 32 && word.bytes().all(|b| b.is_ascii_hexdigit());
        let (head, tail) = word.split_at(word.len().min(2));
        let made_up = word.len() == 12
            && matches!(head, "J-" | "P-" | "U-")
            && tail.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
        out.push_str(match (hexadecimal, made_up) {
            (true, _) => "<hex>",
            (_, true) => match head {
                "J-" => "J-<id>",
                "P-" => "P-<id>",
                _ => "U-<id>",
            },
            _ => word,
        });
        word.clear();
    };
    for sign in text.chars() {
        if sign.is_ascii_alphanumeric() || sign == '-' {
            word.push(sign);
        } else {
            flush(&mut word, &mut out);
            out.push(sign);
        }
    }
    flush(&mut word, &mut out);
    out
}

/// Compares with the transcript of that name.
pub fn golden(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.txt"));
    if std::env::var_os("VENA_GOLDEN").is_some_and(|v| v == "write") {
        std::fs::write(&path, text).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&path)
        .unwrap_or_else(|_| panic!("{} is missing; write it with VENA_GOLDEN=write", path.display()));
    if kept != text {
        let line = kept
            .lines()
            .zip(text.lines())
            .position(|(a, b)| a != b)
            .unwrap_or(kept.lines().count().min(text.lines().count()));
        let at = |text: &str| text.lines().nth(line).unwrap_or("<end>").to_owned();
        panic!("{name}: line {} differs\n  kept: {}\n  now:  {}", line + 1, at(&kept), at(text));
    }
}

/// A table of three patients: one with toxicity, one with two infusions, one with rows that cannot be read.
pub const TABLE: &str = "patient,time,what,value,unit,until,route,note\n\
A,,birth date,1990-05-01,,,,\n\
A,2026-01-05,ANC,4200,/uL,,,\n\
A,2026-01-05T09:00+08:00,lymphodepletion,,,2026-01-07T09:00+08:00,,\n\
A,2026-01-10T09:00+08:00,infusion,axicabtagene ciloleucel,,,,\n\
A,2026-01-11,ANC,400,/uL,,,\n\
A,2026-01-12,ANC,300,/uL,,,\n\
A,2026-01-12T08:00+08:00,體溫,38.5,Cel,,,\n\
A,2026-01-12T08:00+08:00,oxygen device,none (room air),,,,\n\
A,2026-01-12T08:00+08:00,hypotension,\"present, vasopressor required\",,,,\n\
A,2026-01-12T08:00+08:00,norepinephrine,0.1,ug/kg/min,2026-01-12T20:00+08:00,IV,\n\
A,2026-01-12T08:00+08:00,ICE score,8,,,,\n\
A,2026-01-12T08:00+08:00,level of consciousness,alert,,,,\n\
A,2026-01-12T08:00+08:00,seizure,none,,,,\n\
A,2026-01-12T08:00+08:00,motor,none,,,,\n\
A,2026-01-12T08:00+08:00,raised ICP signs,none,,,,\n\
B,2025-01-10T09:00+08:00,infusion,tisagenlecleucel,,,,\n\
B,2026-01-10T09:00+08:00,infusion,tisagenlecleucel,,,,\n\
B,2026-01-12T08:00+08:00,temperature,39,Cel,,,\n\
C,2026-01-10T09:00+08:00,infusion,,,,,\n\
C,2026-01-12T08:00+08:00,temperature,390,Cel,,,\n\
C,2026-01-12T08:00+08:00,temperature,39,,,,\n\
C,2026-01-12T08:00+08:00,CRP,12,Cel,,,\n\
C,2026-01-12T08:00+08:00,ANC,-1,/uL,,,\n\
C,2026-01-12T08:00+08:00,moon phase,full,,,,\n";

/// A bundle with one patient.
pub const BUNDLE: &str = r#"{"resourceType":"Bundle","type":"collection","entry":[
{"resource":{"resourceType":"Patient","id":"F1","birthDate":"1970-02-03","gender":"female"}},
{"resource":{"resourceType":"Procedure","id":"i","status":"completed","subject":{"reference":"Patient/F1"},"code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-pcs","code":"XW033J7"}],"text":"Tisagenlecleucel infusion"},"performedDateTime":"2026-02-01T10:00:00+08:00"}},
{"resource":{"resourceType":"Observation","id":"t","status":"final","subject":{"reference":"Patient/F1"},"code":{"coding":[{"system":"http://loinc.org","code":"8310-5"}]},"effectiveDateTime":"2026-02-03T08:00:00+08:00","valueQuantity":{"value":38.9,"unit":"Cel","system":"http://unitsofmeasure.org","code":"Cel"}}},
{"resource":{"resourceType":"Observation","id":"n","status":"final","subject":{"reference":"Patient/F1"},"code":{"coding":[{"system":"http://loinc.org","code":"751-8"}]},"effectiveDateTime":"2026-02-03T08:00:00+08:00","valueQuantity":{"value":0.4,"unit":"10*9/L","system":"http://unitsofmeasure.org","code":"10*9/L"}}}
]}
"#;

/// A folder with `cohort.csv` and `bundle.json` in it.
pub fn place() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("cohort.csv"), TABLE).unwrap();
    std::fs::write(folder.path().join("bundle.json"), BUNDLE).unwrap();
    folder
}

/// One JSON value a line.
pub fn lines_of(text: &str) -> Vec<serde_json::Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
