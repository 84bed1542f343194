//! The checker finds each planted fault and points at its file and line.
#![allow(clippy::unwrap_used, clippy::panic)]

mod planted;

use planted::{FILES, finds, load, planted};
use vena_knowledge::Fault;

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
    finds(
        "rule-1.toml",
        "source = \"book\"\nat = \"page 2\"",
        "source = \"film\"\nat = \"page 2\"",
        20,
        "no source “film”",
    );
    finds("rule-1.toml", "\nat = \"page 2\"", "\nat = \"\"", 27, "is empty");
    finds("rule-1.toml", "\nat = \"page 2\"", "", 20, "“at” is missing");
    finds("a.toml", "source = \"book\"", "source = \"film\"", 5, "no source “film”");
    finds(
        "rule-1.toml",
        "sources = [{ source = \"book\", at = \"page 1\" }]\n",
        "",
        1,
        "“sources” is missing",
    );
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
    finds("rule-1.toml", "unit = \"d\"\n", "", 24, "needs its unit");
    finds("rule-1.toml", "unit = \"Cel\"", "unit = \"Cel\"\nto = \"37\"", 17, "must not lie below");
}

#[test]
fn units_and_ranges_of_the_catalogue() {
    finds("a.toml", "unit = \"Cel\"", "unit = \"Kelvins\"", 10, "not a UCUM unit");
    finds("a.toml", "possible = [\"25\", \"45\"]", "possible = [\"45\", \"25\"]", 11, "the lower first");
    finds(
        "a.toml",
        "plausible = [\"34\", \"42\"]",
        "plausible = [\"34\", \"50\"]",
        12,
        "outside the possible",
    );
    finds("a.toml", "possible = [\"25\", \"45\"]\n", "", 5, "“possible” is missing");
    finds("a.toml", "unit = \"Cel\"\n", "", 5, "“unit” is missing");
}

#[test]
fn ids_and_names_are_unique() {
    finds(
        "rule-1.toml",
        "id = \"window\"",
        "id = \"fever\"",
        21,
        "stands already at knowledge/x/rule-1.toml:9",
    );
    finds("a.toml", "id = \"seizure\"", "id = \"body-temperature\"", 19, "stands already");
    finds("a.toml", "en = \"Seizure\"", "en = \"TEMP\"", 20, "already means “body-temperature”");
    finds("a.toml", "id = \"present\"", "id = \"none\"", 27, "stands already");
    finds("a.toml", "words = [\"no\"]", "words = [\"PRESENT\"]", 27, "already means “none”");
    finds(
        "sources.toml",
        "[[source]]",
        "[[source]]\nid = \"book\"\nkind = \"book\"\nshort-en = \"B\"\nshort-zh-TW = \"書\"\nen = \"B\"\nzh-TW = \"書\"\n\n[[source]]",
        10,
        "stands already",
    );
    let loinc = "loinc = [\"8310-5\"]";
    let problems = planted("a.toml", "kind = \"answers\"", &format!("kind = \"answers\"\n{loinc}"));
    assert!(
        problems.iter().any(|p| matches!(&p.fault, Fault::Ambiguous { name, .. } if name == "8310-5")),
        "{problems:?}"
    );
}

#[test]
fn what_is_named_exists() {
    finds(
        "rule-1.toml",
        "concept = \"body-temperature\"",
        "concept = \"body-heat\"",
        13,
        "no concept “body-heat”",
    );
    let seizure = "concept = \"seizure\"\nanswers = [\"perhaps\"]\nnumber = \"3\"";
    finds("rule-1.toml", "number = \"3\"", seizure, 25, "has no answer “perhaps”");
    finds(
        "rule-1.toml",
        "default = true",
        "default = true\nsupersedes = [\"x/rule@0\"]",
        1,
        "no rule set “x/rule@0”",
    );
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
    finds(
        "rule-1.toml",
        "zh-TW = \"{number} {unit}\"",
        "zh-TW = \"{nowhere.number} {unit}\"",
        20,
        "names nothing",
    );
    assert_eq!(
        planted("rule-1.toml", "en = \"temperature {limit}\"", "en = \"CD19, IL-6: {window.number}\""),
        Vec::new()
    );
}
