//! More planted faults: published versions, cases, places; and no broken file panics.
#![allow(clippy::unwrap_used, clippy::panic)]

mod planted;

use planted::{FILES, finds, load, planted};
use proptest::prelude::*;
use vena_knowledge::Fault;

#[test]
fn published_versions() {
    finds(
        "rule-1.toml",
        "status = \"provisional\"",
        "status = \"sourced\"",
        1,
        "must stand in knowledge/digests.toml",
    );
    let digests = "[digests]\n\"x/gone@1\" = \"00\"\n\"x/rule@1\" = \"00\"\n";
    let mut files = FILES.map(|(path, text)| (path, text.replace("\"provisional\"", "\"sourced\""))).to_vec();
    files.push(("knowledge/digests.toml", digests.to_owned()));
    let problems = load(&files);
    assert!(
        problems.iter().any(|p| p.line == 2 && matches!(&p.fault, Fault::Gone(name) if name == "x/gone@1")),
        "{problems:?}"
    );
    assert!(problems.iter().any(|p| matches!(p.fault, Fault::Changed { .. })), "{problems:?}");
}

#[test]
fn cases() {
    finds("cases.toml", "rule = \"x/rule@1\"", "rule = \"x/rule@9\"", 1, "no rule set “x/rule@9”");
    finds("cases.toml", "[\"temp\",", "[\"heat\",", 12, "no concept “heat”");
    finds("cases.toml", "\"D+2 08:00\", \"38.0\"", "\"tomorrow\", \"38.0\"", 12, "not a time");
    finds("cases.toml", "\"38.0\", \"Cel\"", "\"38.0\"", 6, "no unit");
    finds("cases.toml", "value = 1 }]\n\n", "low = 1 }]\n\n", 14, "do not fit");
    finds(
        "cases.toml",
        "status = \"value\", value = 1 }]\n\n",
        "status = \"perhaps\" }]\n\n",
        14,
        "not one of",
    );
}

#[test]
fn expectations_and_cut_offs_of_cases() {
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
    let problems = planted(
        "a.toml",
        "{ id = \"present\", en = \"present\", zh-TW = \"有\" }",
        "{ zh-TW = \"有有\", id = \"present\", en = 3 }",
    );
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
