//! A small set of knowledge files without fault, and how to plant one in them.
#![allow(dead_code, clippy::panic)]

use vena_knowledge::{Knowledge, Problem};

pub const SOURCES: &str = r#"[[source]]
id = "book"
kind = "book"
short-en = "Book"
short-zh-TW = "書"
en = "A book"
zh-TW = "一本書"
"#;

pub const CATALOGUE: &str = r#"topic-en = "Topic"
topic-zh-TW = "主題"
not-assessed = ["unable"]

[[concept]]
id = "body-temperature"
en = "Body temperature"
zh-TW = "體溫"
kind = "quantity"
unit = "Cel"
possible = ["25", "45"]
plausible = ["34", "42"]
loinc = ["8310-5"]
names = ["temp"]
source = "book"
at = "page 1"

[[concept]]
id = "seizure"
en = "Seizure"
zh-TW = "癲癇"
kind = "answers"
source = "book"
at = "page 1"
answer = [
  { id = "none", en = "none", zh-TW = "無", words = ["no"] },
  { id = "present", en = "present", zh-TW = "有" },
]
"#;

pub const RULES: &str = r#"id = "x/rule"
version = "1"
status = "provisional"
default = true
title-en = "Rule"
title-zh-TW = "規則"
sources = [{ source = "book", at = "page 1" }]

[[entry]]
id = "fever"
en = "temperature {limit}"
zh-TW = "體溫 {limit}"
concept = "body-temperature"
comparison = ">="
value = "38.0"
unit = "Cel"
source = "book"
at = "page 1"

[[entry]]
id = "window"
en = "{number} {unit}"
zh-TW = "{number} {unit}"
number = "3"
unit = "d"
source = "book"
at = "page 2"
"#;

pub const CASES: &str = r#"rule = "x/rule@1"
zone = "Asia/Taipei"
infusion-day = "2026-03-02"
scale = "x"

[[case]]
id = "one"
en = "one"
zh-TW = "一"
at = "D+2 09:00"
facts = [
  ["temp", "D+2 08:00", "38.0", "Cel"],
]
expect = [{ status = "value", value = 1 }]

[[around]]
id = "two"
en = "two"
zh-TW = "二"
at = "D+2 09:00"
facts = []
entry = "fever"
when = "D+2 08:00"
below = [{ status = "value", value = 0 }]
exactly = [{ status = "value", value = 1 }]
above = [{ status = "value", value = 1 }]
without = [{ status = "not-assessable" }]
"#;

pub const FILES: [(&str, &str); 4] = [
    ("knowledge/sources.toml", SOURCES),
    ("knowledge/catalogue/a.toml", CATALOGUE),
    ("knowledge/x/rule-1.toml", RULES),
    ("knowledge/x/rule-1.cases.toml", CASES),
];

pub fn load(files: &[(&str, String)]) -> Vec<Problem> {
    Knowledge::load(files.iter().map(|(path, text)| (*path, text.as_str()))).err().unwrap_or_default()
}

/// Replaces a piece of one file and tells the problems.
pub fn planted(file: &str, what: &str, by: &str) -> Vec<Problem> {
    let mut replaced = false;
    let files: Vec<(&str, String)> = FILES
        .iter()
        .map(|(path, text)| {
            if path.ends_with(file) {
                replaced = text.contains(what);
                (*path, text.replacen(what, by, 1))
            } else {
                (*path, (*text).to_owned())
            }
        })
        .collect();
    assert!(replaced, "{file} does not contain {what}");
    load(&files)
}

/// One fault, found where it was planted.
#[track_caller]
pub fn finds(file: &str, what: &str, by: &str, line: usize, says: &str) {
    let problems = planted(file, what, by);
    let found = problems.iter().any(|problem| {
        problem.file.ends_with(file) && problem.line == line && problem.message().contains(says)
    });
    let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(found, "wanted {file}:{line} … {says}\n{}", all.join("\n"));
}
