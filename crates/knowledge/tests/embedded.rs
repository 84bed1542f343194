//! The files the program carries: whole, complete, and the same as those on disk.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{collections::BTreeSet, fs, path::Path};
use vena_base::{Concept, Lang};
use vena_knowledge::{Fault, Knowledge, Life, digest::digest, listing};

/// Rows X2, X4, X5, X8, F1, P1: every rule file is whole.
#[test]
fn embedded_files_hold_no_problem() {
    let problems: Vec<String> = Knowledge::embedded().problems.iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
    let thorough = Knowledge::load(Knowledge::embedded_files().iter().copied()).err().unwrap_or_default();
    assert_eq!(thorough, Vec::new());
}

/// A folder made after the last build is not forgotten, nor is a removed file kept.
#[test]
fn embedding_is_the_folder() {
    fn collect(root: &Path, folder: &Path, found: &mut BTreeSet<String>) {
        for item in fs::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            let below = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            if path.is_dir() && below != "assays" {
                collect(root, &path, found);
            } else if below.ends_with(".toml") {
                found.insert(format!("knowledge/{below}"));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../knowledge");
    let mut on_disk = BTreeSet::new();
    collect(&root, &root, &mut on_disk);
    let carried: BTreeSet<String> =
        Knowledge::embedded_files().iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(on_disk, carried);
}

/// Rows X2, X4, X5, X8, F1, P1: the rule sets others build on are there, by id and by default.
#[test]
fn every_rule_set_of_the_design_is_there() {
    let knowledge = Knowledge::embedded();
    for (id, version) in [
        ("crs/astct", "2019"),
        ("crs/site-defaults", "1"),
        ("ice/lee", "2019"),
        ("capd/traube", "2014"),
        ("icans/astct", "2019"),
        ("icaht/longest-run-plain", "2023"),
        ("icaht/longest-run-published", "2024"),
        ("icaht/cumulative", "2025"),
        ("car-hematotox/rejeski", "2021"),
        ("product/tisagenlecleucel", "handbook"),
        ("follow-up/ebmt-eha", "2022"),
    ] {
        let rule = knowledge.rule(id, None).unwrap();
        assert_eq!(rule.version, version);
        assert_eq!(knowledge.rule(&format!("{id}@{version}"), None).unwrap().name(), rule.name());
    }
    assert!(knowledge.rule("crs/lee", None).unwrap_err().message(Lang::ZhTw).contains("crs/lee"));
    let error = knowledge.rule("crs/astct", Some("2014")).unwrap_err();
    assert!(error.message(Lang::En).contains("2019"), "{error}");
    assert!(knowledge.rule("crs/astct", None).unwrap().entry("nothing").is_err());
    assert!(knowledge.rule("crs/astct", None).unwrap().number("fever").is_err());
    assert!(knowledge.rule("crs/astct", None).unwrap().threshold("scale-maximum").is_err());
}

/// What has no outside source says so, and a provisional entry says what would settle it.
#[test]
fn provisional_knowledge_is_marked() {
    let knowledge = Knowledge::embedded();
    assert_eq!(knowledge.rule("crs/site-defaults", None).unwrap().status, Life::Provisional);
    assert_eq!(knowledge.rule("icaht/cumulative", None).unwrap().status, Life::Provisional);
    assert_eq!(knowledge.rule("icaht/longest-run-published", None).unwrap().status, Life::Provisional);
    for rule in knowledge.rules() {
        for entry in rule.entries() {
            if rule.status == Life::Provisional {
                assert!(entry.provisional, "{} {}", rule.name(), entry.id);
            }
            if entry.source.source == "vena-proposal" {
                assert!(entry.provisional, "{} {}", rule.name(), entry.id);
            }
            if entry.provisional && rule.status == Life::Sourced {
                assert!(entry.note.is_some(), "{} {}", rule.name(), entry.id);
            }
        }
    }
    for info in knowledge.catalogue.iter() {
        if info.holds_h.is_some() {
            assert!(info.provisional.iter().any(|field| field == "holds-h"), "{}", info.concept);
        }
    }
    let score = knowledge.rule("car-hematotox/rejeski", None).unwrap();
    for entry in ["anc-exactly", "haemoglobin-exactly", "crp-exactly", "low-mm-severe-infection"] {
        assert!(score.entry(entry).unwrap().provisional, "{entry}");
    }
    assert!(!score.entry("platelets-1").unwrap().provisional);
}

/// Row X2: labels follow the numbers, in both languages, in the way people read them.
#[test]
fn labels_are_rendered_from_the_numbers() {
    let knowledge = Knowledge::embedded();
    let label = |rule: &str, entry: &str| knowledge.rule(rule, None).unwrap().text(entry).unwrap().clone();
    assert_eq!(label("crs/astct", "fever").en, "temperature ≥ 38.0 °C");
    assert_eq!(label("crs/astct", "fever").zh_tw, "體溫 ≥ 38.0 °C");
    assert_eq!(label("crs/astct", "hypoxia-low-flow").en, "nasal cannula ≤ 6 L/min");
    assert_eq!(label("icans/astct", "ice-grade-1").en, "ICE 7–9");
    assert_eq!(label("icans/astct", "seizure-prolonged").zh_tw, "危及生命之長時間癲癇（> 5 分鐘）");
    let plain = label("icaht/longest-run-plain", "days-500-grade-2");
    assert_eq!(plain.en, "7–13 days with neutrophils ≤ 500 /µL");
    assert_eq!(label("car-hematotox/rejeski", "platelets-1").en, "platelets 75,000–175,000 /µL");
    assert_eq!(label("follow-up/ebmt-eha", "monthly").zh_tw, "輸注後 100 天至 1 年：每 1 個月");
    for rule in knowledge.rules() {
        for entry in rule.entries() {
            for lang in Lang::ALL {
                let text = entry.label.get(lang);
                assert!(!text.contains(['{', '}']), "{} {}: {text}", rule.name(), entry.id);
            }
        }
    }
}

/// Sources read as people cite them.
#[test]
fn sources_read_well_in_both_languages() {
    let knowledge = Knowledge::embedded();
    let fever = knowledge.rule("crs/astct", None).unwrap().entry("fever").unwrap();
    let cites: Vec<String> = fever.cites().map(|c| c.text(&knowledge.sources, Lang::En)).collect();
    assert_eq!(cites.join(" · "), "Lee 2019, Table 2 · handbook, Table 7");
    assert_eq!(fever.also[0].text(&knowledge.sources, Lang::ZhTw), "手冊，表 7");
    let lee = knowledge.sources.get("lee-2019").unwrap();
    assert_eq!(
        lee.citation.en,
        "Lee DW, Santomasso BD, Locke FL, et al. ASTCT consensus grading for cytokine release syndrome and \
         neurologic toxicity associated with immune effector cells. Biol Blood Marrow Transplant 2019;25:625-638"
    );
}

/// A published file that is changed is found; line ends do not count as a change.
#[test]
fn published_versions_are_frozen() {
    let changed: Vec<(&str, String)> = Knowledge::embedded_files()
        .iter()
        .map(|(path, text)| {
            let text = if path.ends_with("crs/astct-2019.toml") {
                text.replace("value = \"38.0\"", "value = \"38.5\"")
            } else {
                (*text).to_owned()
            };
            (*path, text)
        })
        .collect();
    let problems = Knowledge::load(changed.iter().map(|(path, text)| (*path, text.as_str()))).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(matches!(&problems[0].fault, Fault::Changed { rule, .. } if rule == "crs/astct@2019"));
    assert_eq!(digest("a\r\nb\n"), digest("a\nb\n"));
    assert_ne!(digest("a\n"), digest("b\n"));
}

/// `vena catalogue` prints every concept in both languages.
#[test]
fn the_listing_holds_every_concept() {
    let catalogue = &Knowledge::embedded().catalogue;
    let rows = listing(catalogue, Lang::ZhTw);
    assert_eq!(rows.len(), catalogue.iter().count());
    let anc = rows.iter().find(|row| row.id == "anc").unwrap();
    assert_eq!((anc.name.as_str(), anc.unit.as_str()), ("絕對嗜中性球數", "/uL"));
    assert!(anc.codes.contains(&"LOINC 751-8".to_owned()));
    let device = listing(catalogue, Lang::En).into_iter().find(|row| row.id == "oxygen-device").unwrap();
    assert!(
        device
            .answers
            .iter()
            .any(|(name, words)| name == "none (room air)" && words.contains(&"RA".to_owned()))
    );
    assert!(catalogue.get(Concept::known("anc")).unwrap().answers.is_empty());
}
