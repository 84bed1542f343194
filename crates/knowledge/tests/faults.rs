//! The checker finds each planted fault and points at its file and line.
#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;
use vena_knowledge::{Fault, Knowledge, Problem};

const SOURCES: &str = r#"[[source]]
id = "book"
kind = "book"
short-en = "Book"
short-zh-TW = "書"
en = "A book"
zh-TW = "一本書"
"#;

const CATALOGUE: &str = r#"topic-en = "Topic"
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

const RULES: &str = r#"id = "x/rule"
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

const CASES: &str = r#"rule = "x/rule@1"
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

const FILES: [(&str, &str); 4] = [
    ("knowledge/sources.toml", SOURCES),
    ("knowledge/catalogue/a.toml", CATALOGUE),
    ("knowledge/x/rule-1.toml", RULES),
    ("knowledge/x/rule-1.cases.toml", CASES),
];

fn load(files: &[(&str, String)]) -> Vec<Problem> {
    Knowledge::load(files.iter().map(|(path, text)| (*path, text.as_str()))).err().unwrap_or_default()
}

/// Replaces a piece of one file and tells the problems.
fn planted(file: &str, what: &str, by: &str) -> Vec<Problem> {
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
fn finds(file: &str, what: &str, by: &str, line: usize, says: &str) {
    let problems = planted(file, what, by);
    let found = problems.iter().any(|problem| {
        problem.file.ends_with(file) && problem.line == line && problem.message().contains(says)
    });
    let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(found, "wanted {file}:{line} … {says}\n{}", all.join("\n"));
}

#[test]
fn the_files_themselves_are_whole() {
    let files = FILES.map(|(path, text)| (path, text.to_owned()));
    assert_eq!(load(&files), Vec::new());
}

#[test]
fn syntax() {
    finds("rule-1.toml", "version = \"1\"", "version = \"1", 2, "not TOML");
    finds("rule-1.toml", "[[entry]]", "[[entry", 9, "not TOML");
    finds("rule-1.toml", "number = \"3\"", "number = \"3\"\nnumber = \"4\"", 25, "not TOML");
}

#[test]
fn both_languages_are_needed() {
    finds("rule-1.toml", "zh-TW = \"體溫 {limit}\"\n", "", 9, "“zh-TW” is missing");
    finds("rule-1.toml", "title-zh-TW = \"規則\"\n", "", 1, "“title-zh-TW” is missing");
    finds("a.toml", "zh-TW = \"體溫\"\n", "", 5, "“zh-TW” is missing");
    finds("a.toml", ", zh-TW = \"有\"", "", 27, "“zh-TW” is missing");
    finds("rule-1.toml", "zh-TW = \"體溫 {limit}\"", "zh-TW = \" \"", 12, "is empty");
}

#[test]
fn sources_exist_and_say_where() {
    finds("rule-1.toml", "source = \"book\"\nat = \"page 2\"", "source = \"film\"\nat = \"page 2\"", 20, "no source “film”");
    finds("rule-1.toml", "\nat = \"page 2\"", "\nat = \"\"", 27, "is empty");
    finds("rule-1.toml", "\nat = \"page 2\"", "", 20, "“at” is missing");
    finds("a.toml", "source = \"book\"", "source = \"film\"", 5, "no source “film”");
    finds("rule-1.toml", "sources = [{ source = \"book\", at = \"page 1\" }]\n", "", 1, "“sources” is missing");
    finds("sources.toml", "kind = \"book\"", "kind = \"song\"", 3, "not one of");
}

#[test]
fn comparisons_numbers_and_units() {
    finds("rule-1.toml", "comparison = \">=\"\n", "", 9, "“comparison” is missing");
    finds("rule-1.toml", "comparison = \">=\"", "comparison = \"=>\"", 14, "not one of");
    finds("rule-1.toml", "value = \"38.0\"", "value = \"38,0\"", 15, "not a number");
    finds("rule-1.toml", "value = \"38.0\"", "value = 38.0", 15, "a text in quotes");
    finds("rule-1.toml", "unit = \"Cel\"", "unit = \"Kelvins\"", 16, "not a UCUM unit");
    finds("rule-1.toml", "unit = \"Cel\"", "unit = \"°C\"", 16, "not a UCUM unit");
    finds("rule-1.toml", "unit = \"Cel\"", "unit = \"mg/dL\"", 16, "cannot be given in");
    finds("rule-1.toml", "unit = \"d\"\n", "", 23, "needs its unit");
    finds("rule-1.toml", "unit = \"Cel\"", "unit = \"Cel\"\nto = \"37\"", 17, "must not lie below");
    finds("a.toml", "unit = \"Cel\"", "unit = \"Kelvins\"", 10, "not a UCUM unit");
    finds("a.toml", "possible = [\"25\", \"45\"]", "possible = [\"45\", \"25\"]", 11, "the lower first");
    finds("a.toml", "plausible = [\"34\", \"42\"]", "plausible = [\"34\", \"50\"]", 12, "outside the possible");
    finds("a.toml", "possible = [\"25\", \"45\"]\n", "", 5, "“possible” is missing");
    finds("a.toml", "unit = \"Cel\"\n", "", 5, "“unit” is missing");
}

#[test]
fn ids_and_names_are_unique() {
    finds("rule-1.toml", "id = \"window\"", "id = \"fever\"", 21, "stands already at knowledge/x/rule-1.toml:9");
    finds("a.toml", "id = \"seizure\"", "id = \"body-temperature\"", 19, "stands already");
    finds("a.toml", "en = \"Seizure\"", "en = \"TEMP\"", 20, "already means “body-temperature”");
    finds("a.toml", "id = \"present\"", "id = \"none\"", 27, "stands already");
    finds("a.toml", "words = [\"no\"]", "words = [\"PRESENT\"]", 27, "already means “none”");
    finds("sources.toml", "[[source]]", "[[source]]\nid = \"book\"\nkind = \"book\"\nshort-en = \"B\"\nshort-zh-TW = \"書\"\nen = \"B\"\nzh-TW = \"書\"\n\n[[source]]", 10, "stands already");
    let loinc = "loinc = [\"8310-5\"]";
    let problems = planted("a.toml", "kind = \"answers\"", &format!("kind = \"answers\"\n{loinc}"));
    assert!(problems.iter().any(|p| matches!(&p.fault, Fault::Ambiguous { name, .. } if name == "8310-5")), "{problems:?}");
}

#[test]
fn what_is_named_exists() {
    finds("rule-1.toml", "concept = \"body-temperature\"", "concept = \"body-heat\"", 13, "no concept “body-heat”");
    let seizure = "concept = \"seizure\"\nanswers = [\"perhaps\"]\nnumber = \"3\"";
    finds("rule-1.toml", "number = \"3\"", seizure, 25, "has no answer “perhaps”");
    finds("rule-1.toml", "default = true", "default = true\nsupersedes = [\"x/rule@0\"]", 1, "no rule set “x/rule@0”");
    finds("rule-1.toml", "default = true\n", "", 1, "needs exactly one");
    finds("rule-1.toml", "id = \"x/rule\"", "id = \"y/rule\"", 1, "does not end in");
    finds("rule-1.toml", "default = true", "defualt = true", 4, "not a key known here");
    finds("a.toml", "loinc = [\"8310-5\"]", "lonic = [\"8310-5\"]", 13, "not a key known here");
    finds("a.toml", "names = [\"temp\"]", "names = [\"temp\"]\nprovisional = [\"atc\"]", 15, "not one of");
}

#[test]
fn labels() {
    finds("rule-1.toml", "en = \"temperature {limit}\"", "en = \"temperature {limits}\"", 9, "names nothing");
    finds("rule-1.toml", "en = \"temperature {limit}\"", "en = \"temperature ≥ 38 °C\"", 11, "typed into it");
    finds("rule-1.toml", "zh-TW = \"{number} {unit}\"", "zh-TW = \"{nowhere.number} {unit}\"", 20, "names nothing");
    assert_eq!(planted("rule-1.toml", "en = \"temperature {limit}\"", "en = \"CD19, IL-6: {window.number}\""), Vec::new());
}

#[test]
fn published_versions() {
    finds("rule-1.toml", "status = \"provisional\"", "status = \"sourced\"", 1, "must stand in knowledge/digests.toml");
    let digests = "[digests]\n\"x/gone@1\" = \"00\"\n\"x/rule@1\" = \"00\"\n";
    let mut files = FILES.map(|(path, text)| (path, text.replace("\"provisional\"", "\"sourced\""))).to_vec();
    files.push(("knowledge/digests.toml", digests.to_owned()));
    let problems = load(&files);
    assert!(problems.iter().any(|p| p.line == 2 && matches!(&p.fault, Fault::Gone(name) if name == "x/gone@1")), "{problems:?}");
    assert!(problems.iter().any(|p| matches!(p.fault, Fault::Changed { .. })), "{problems:?}");
}

#[test]
fn cases() {
    finds("cases.toml", "rule = \"x/rule@1\"", "rule = \"x/rule@9\"", 1, "no rule set “x/rule@9”");
    finds("cases.toml", "[\"temp\",", "[\"heat\",", 12, "no concept “heat”");
    finds("cases.toml", "\"D+2 08:00\", \"38.0\"", "\"tomorrow\", \"38.0\"", 12, "not a time");
    finds("cases.toml", "\"38.0\", \"Cel\"", "\"38.0\"", 6, "no unit");
    finds("cases.toml", "value = 1 }]\n\n", "low = 1 }]\n\n", 14, "do not fit");
    finds("cases.toml", "status = \"value\", value = 1 }]\n\n", "status = \"perhaps\" }]\n\n", 14, "not one of");
    finds("cases.toml", "expect = [{ status = \"value\", value = 1 }]\n", "", 6, "“expect” is missing");
    finds("cases.toml", "entry = \"fever\"", "entry = \"window\"", 16, "with a cut-off on a concept");
    finds("cases.toml", "id = \"two\"", "id = \"one\"", 16, "stands already");
    finds("cases.toml", "without = [{ status = \"not-assessable\" }]\n", "", 16, "“without” is missing");
    finds("cases.toml", "infusion-day = \"2026-03-02\"", "infusion-day = \"2026-13-02\"", 3, "not a date");
    finds("cases.toml", "zone = \"Asia/Taipei\"", "zone = \"Asia/Nowhere\"", 6, "not a time zone");
}

/// The column is counted in characters, not bytes.
#[test]
fn columns_are_characters() {
    let problems = planted("a.toml", "{ id = \"present\", en = \"present\", zh-TW = \"有\" }", "{ zh-TW = \"有有\", id = \"present\", en = 3 }");
    assert_eq!((problems[0].line, problems[0].column), (27, 40), "{problems:?}");
    assert!(problems[0].to_string().starts_with("knowledge/catalogue/a.toml:27:40: "));
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,200}", at in 0_usize..4) {
        let mut files = FILES.map(|(path, text)| (path, text.to_owned()));
        files[at].1 = text;
        let _ = load(&files);
    }

    #[test]
    fn no_broken_file_panics(at in 0_usize..4, cut in 0_usize..1200, put in "[\\[\\]{}\"=,.#\\n a-z0-9]{0,6}") {
        let mut files = FILES.map(|(path, text)| (path, text.to_owned()));
        let text = &mut files[at].1;
        let mut cut = cut.min(text.len());
        while !text.is_char_boundary(cut) {
            cut -= 1;
        }
        text.insert_str(cut, &put);
        let _ = load(&files);
        files[at].1.truncate(cut);
        let _ = load(&files);
    }
}
