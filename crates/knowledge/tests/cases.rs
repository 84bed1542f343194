//! Cases by hand and generated, thresholds around their cut-offs, and what a site signs.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use vena_base::{Value, When, Zone};
use vena_knowledge::{CaseTime, Fault, Knowledge, Life, Position, SiteOverlay, generated_cases};

/// Rows X2, X5, X8: each grading rule has cases by hand and around its cut-offs.
#[test]
fn every_scale_has_cases() {
    let knowledge = Knowledge::embedded();
    for (id, cases, arounds) in [
        ("crs/astct", 35, 3),
        ("icans/astct", 30, 4),
        ("icaht/longest-run-plain", 25, 0),
        ("icaht/longest-run-published", 15, 0),
        ("icaht/cumulative", 13, 0),
        ("car-hematotox/rejeski", 5, 7),
    ] {
        let rule = knowledge.rule(id, None).unwrap();
        assert!(rule.cases().len() >= cases, "{id}: {}", rule.cases().len());
        assert!(rule.arounds().len() >= arounds, "{id}: {}", rule.arounds().len());
    }
}

/// Every case becomes a chart; every generated one says on which side of the cut-off it stands.
#[test]
fn cases_become_charts() {
    let knowledge = Knowledge::embedded();
    let mut ids = BTreeSet::new();
    for rule in knowledge.rules() {
        for case in rule.cases().iter().cloned().chain(generated_cases(rule)) {
            let (chart, _) =
                case.chart(&knowledge.catalogue).unwrap_or_else(|e| panic!("{} {}: {e}", case.rule, case.id));
            assert!(case.around.is_some() || !chart.all().is_empty(), "{}", case.id);
            assert!(case.known_at().is_ok());
            ids.insert(format!("{} {}", case.rule, case.id));
        }
    }
    assert!(ids.len() > 300, "{}", ids.len());
}

/// Each cut-off on a measured value: below, at, above and missing, and the typed table agrees with
/// the comparison written in the file.
#[test]
fn generated_cases_stand_around_the_cut_off() {
    let knowledge = Knowledge::embedded();
    let mut seen = 0;
    for rule in knowledge.rules() {
        for case in generated_cases(rule) {
            let Some((entry, position)) = &case.around else { panic!("{}", case.id) };
            let entry = rule.entry(entry).unwrap();
            let (chart, _) = case.chart(&knowledge.catalogue).unwrap();
            let concept = entry.concept.unwrap();
            let info = knowledge.catalogue.get(concept).unwrap();
            if *position == Position::Missing {
                assert_eq!(case.holds, None);
                continue;
            }
            assert_eq!(info.kind, vena_knowledge::Kind::Quantity, "{}", case.id);
            let quantity = chart.of(concept).last().and_then(|fact| match &fact.value {
                Value::Quantity(quantity) => Some(quantity.value),
                _ => None,
            });
            let value = quantity.unwrap_or_else(|| panic!("{} {}", rule.name(), case.id));
            assert_eq!(entry.holds(value), case.holds, "{} {}: {value}", rule.name(), case.id);
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn a_range_is_met_wholly_or_not_at_all_or_it_is_open() {
    let knowledge = Knowledge::embedded();
    let fever = knowledge.rule("crs/astct", None).unwrap().threshold("fever").unwrap();
    assert_eq!(fever.holds_range(38.0, 40.0), Some(true));
    assert_eq!(fever.holds_range(36.0, 37.9), Some(false));
    assert_eq!(fever.holds_range(37.0, 38.0), None);
    assert_eq!(fever.holds_range(f64::NAN, 38.0), None);
    assert_eq!(fever.holds_range(39.0, 38.0), None);
    let exactly = knowledge.rule("car-hematotox/rejeski", None).unwrap().threshold("anc-exactly").unwrap();
    assert_eq!(exactly.holds_range(1_200.0, 1_200.0), Some(true));
    assert_eq!(exactly.holds_range(1_000.0, 1_400.0), None);
    assert_eq!(exactly.holds_range(1_300.0, 1_400.0), Some(false));
}

#[test]
fn times_are_told_from_the_infusion() {
    let zone = Zone::named("Asia/Taipei").unwrap();
    let day = "2026-03-02".parse().unwrap();
    let at = |text: &str| CaseTime::parse(text).unwrap().when(day, &zone).unwrap();
    assert_eq!(
        at("D+2 08:00").to_string(),
        When::parse("2026-03-04 08:00", Some(&zone)).unwrap().to_string()
    );
    assert_eq!(at("D-5"), When::parse("2026-02-25", None).unwrap());
    assert_eq!(at("D0"), When::parse("2026-03-02", None).unwrap());
    assert_eq!(CaseTime::parse("D+2 08:00").unwrap().to_string(), "D+2 08:00");
    for wrong in ["", "tomorrow", "D", "Dx", "+2"] {
        assert!(CaseTime::parse(wrong).is_none(), "{wrong}");
    }
    assert!(CaseTime::parse("D+999999999").unwrap().when(day, &zone).is_none());
    assert!(CaseTime::parse("D+2 25:00").unwrap().when(day, &zone).is_none());
}

const SITE: &str = r#"
site = "demo"

[[activation]]
rule = "crs/astct@2019"
signed-by = "Dr A"
signed-on = "2026-11-20"

[[activation]]
rule = "icaht/cumulative@2025"
signed-by = "Dr A"
signed-on = "2026-11-20"

[[overlay]]
rule = "crs/site-defaults@1"
entry = "episode-closes-after"
value = "24"
unit = "h"
reason-en = "rounds are daily"
reason-zh-TW = "每日查房"
signed-by = "Dr A"
signed-on = "2026-11-20"

[[overlay]]
rule = "crs/site-defaults@1"
entry = "systolic-asks"
value = "95"
unit = "mm[Hg]"
reason-en = "asked earlier"
reason-zh-TW = "提早詢問"
signed-by = "Dr A"
signed-on = "2026-11-20"

[[hold]]
concept = "body-temperature"
holds-h = "8"
signed-by = "Dr A"
signed-on = "2026-11-20"
"#;

/// A site's values stand in place of the source's, marked; a signature confirms no unseen source.
#[test]
fn a_site_puts_its_own_values_over() {
    let overlay = SiteOverlay::read("demo.toml", SITE).unwrap();
    let plain = Knowledge::embedded();
    let knowledge = plain.with_site(&overlay).unwrap();
    assert_eq!(knowledge.sites, ["demo"]);
    assert_eq!(knowledge.rule("crs/astct", None).unwrap().status, Life::Active);
    assert_eq!(knowledge.rule("icaht/cumulative", None).unwrap().status, Life::Provisional);
    let site = knowledge.rule("crs/site-defaults", None).unwrap();
    let closes = site.entry("episode-closes-after").unwrap();
    assert_eq!(site.number("episode-closes-after").unwrap(), 24.0);
    assert!(closes.overlaid && closes.label.en.contains("24 hours"), "{}", closes.label.en);
    let signed = closes.overlay.as_ref().unwrap();
    assert_eq!((signed.source_value.as_str(), signed.signed_by.as_str()), ("48", "Dr A"));
    let asks = site.threshold("systolic-asks").unwrap();
    assert!(asks.holds(94.9) && !asks.holds(95.0));
    assert!(!site.entry("saturation-asks").unwrap().overlaid);
    let temperature = knowledge.catalogue.find("temp").unwrap();
    assert_eq!(temperature.holds_h, Some(8.0));
    // What the program carries is not touched.
    assert_eq!(plain.rule("crs/site-defaults", None).unwrap().number("episode-closes-after").unwrap(), 48.0);
}

#[test]
fn a_site_file_with_faults_points_at_them() {
    let apply = |what: &str, by: &str| {
        let overlay = SiteOverlay::read("demo.toml", &SITE.replacen(what, by, 1))?;
        Knowledge::embedded().with_site(&overlay).map(|_| ())
    };
    for (what, by, line) in [
        ("rule = \"crs/astct@2019\"", "rule = \"crs/astct@1999\"", 4),
        ("signed-by = \"Dr A\"\n", "", 4),
        ("entry = \"episode-closes-after\"", "entry = \"episode\"", 14),
        ("unit = \"h\"", "unit = \"d\"", 14),
        ("value = \"24\"", "value = \"a day\"", 17),
        ("reason-zh-TW = \"每日查房\"\n", "", 14),
        ("concept = \"body-temperature\"", "concept = \"heat\"", 34),
        ("site = \"demo\"", "site = \"demo\"\ncolour = \"red\"", 3),
    ] {
        let problems = apply(what, by).unwrap_err();
        assert!(problems.iter().any(|problem| problem.line == line), "{what}: {problems:?}");
    }
    let digest = "signed-by = \"Dr A\"\ndigest = \"00\"";
    let problems = apply("signed-by = \"Dr A\"", digest).unwrap_err();
    assert!(matches!(problems[0].fault, Fault::Changed { .. }));
}
