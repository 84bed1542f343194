//! Units that disagree, values that cannot be read, statuses and later versions of FHIR resources.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use vena_base::{Concept, Fact, Flag, Lang, Value};
use vena_exchange::{
    Loaded,
    fhir::{self, FhirOptions},
};
use vena_knowledge::Knowledge;

fn read(resources: &[Json]) -> Loaded {
    let entries: Vec<Json> = resources.iter().map(|r| json!({ "resource": r })).collect();
    let bundle = json!({ "resourceType": "Bundle", "type": "collection", "entry": entries });
    let options = FhirOptions::at("2026-06-01T00:00:00Z".parse::<Timestamp>().unwrap());
    fhir::read_bundle(bundle.to_string().as_bytes(), &options, Knowledge::embedded()).unwrap()
}

fn facts(loaded: &Loaded, concept: &'static str) -> Vec<Fact> {
    loaded.charts.iter().flat_map(|chart| chart.of(Concept::known(concept)).to_vec()).collect()
}

fn seen(loaded: &Loaded, concept: &'static str, known_at: Option<&str>) -> Vec<String> {
    let at = "2026-05-01T00:00:00Z".parse().unwrap();
    let view = loaded.charts[0].view(at, known_at.map(|text| text.parse().unwrap()));
    view.of(Concept::known(concept))
        .map(|fact| match &fact.value {
            Value::Quantity(quantity) => quantity.as_written(),
            other => format!("{other:?}"),
        })
        .collect()
}

fn kinds(loaded: &Loaded) -> Vec<&'static str> {
    loaded.report.counts.keys().copied().collect()
}

fn observation(code: &str, more: Json) -> Json {
    let mut observation = json!({
        "resourceType": "Observation", "status": "final", "subject": { "reference": "Patient/p" },
        "code": { "coding": [{ "system": "http://loinc.org", "code": code }] },
        "effectiveDateTime": "2026-01-12T08:00:00+08:00"
    });
    for (key, value) in more.as_object().unwrap() {
        observation[key] = value.clone();
    }
    observation
}

fn quantity(value: f64, unit: &str, code: &str) -> Json {
    json!({ "valueQuantity": { "value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": code } })
}

fn given(status: &str, more: Json) -> Json {
    let mut given = json!({
        "resourceType": "MedicationAdministration", "status": status, "id": "m", "subject": { "reference": "Patient/p" },
        "medicationCodeableConcept": { "text": "norepinephrine" },
        "effectiveDateTime": "2026-01-12T08:00:00+08:00"
    });
    for (key, value) in more.as_object().unwrap() {
        given[key] = value.clone();
    }
    given
}

/// Rows X2, X8: which of two units is meant is not guessed.
#[test]
fn a_unit_and_its_code_must_be_the_same() {
    for (unit, code) in [
        ("10*9/L", "10*9/L"),
        ("K/uL", "10*3/uL"),
        ("x10^9/L", "10*9/L"),
        ("G/L", "10*9/L"),
        ("K/uL", "10*9/L"),
    ] {
        let loaded = read(&[observation("751-8", quantity(0.5, unit, code))]);
        assert_eq!(
            facts(&loaded, "anc")[0].quantity().unwrap().value,
            500.0,
            "{unit} {code}: {}",
            loaded.report
        );
        assert!(
            !kinds(&loaded).iter().any(|kind| kind.starts_with("unit")),
            "{unit} {code}: {}",
            loaded.report
        );
    }
    for (unit, code) in [("/uL", "10*9/L"), ("10*9/L", "/uL"), ("10*9/L", "mg/dL"), ("%", "10*9/L")] {
        let loaded = read(&[observation("751-8", quantity(0.5, unit, code))]);
        assert!(facts(&loaded, "anc").iter().all(|fact| fact.quantity().is_none()), "{unit} {code}");
        assert_eq!(loaded.report.counts.get("units-disagree"), Some(&1), "{unit} {code}: {}", loaded.report);
        let said = loaded.report.lines(Lang::ZhTw).join("\n");
        assert!(said.contains(unit) && said.contains(code), "{said}");
    }
    // What stands for now leaves its mark: an older temperature must not stand for it.
    let loaded = read(&[observation("8310-5", quantity(101.0, "degF", "Cel"))]);
    assert!(
        matches!(facts(&loaded, "body-temperature")[0].value, Value::NotAssessed(_)),
        "{}",
        loaded.report
    );
    let loaded = read(&[observation("751-8", quantity(0.5, "lots per litre", "10*9/L"))]);
    assert_eq!(facts(&loaded, "anc")[0].quantity().unwrap().value, 500.0);
    assert_eq!(loaded.report.counts.get("unit-not-compared"), Some(&1));
    let loaded = read(&[observation("1742-6", quantity(40.0, "IU/L", "U/L"))]);
    assert_eq!(facts(&loaded, "alt").len(), 1, "{}", loaded.report);
    // The dose is not read, and that it was given is kept.
    let dose = json!({ "dosage": { "dose": { "value": 4, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "ug" } } });
    let loaded = read(&[given("completed", dose)]);
    assert_eq!(facts(&loaded, "norepinephrine")[0].value, Value::Happened);
    assert_eq!(loaded.report.counts.get("units-disagree"), Some(&1));
}

/// Rows X2, X8: what was observed and cannot be read does not let an older value stand.
#[test]
fn unreadable_values_leave_a_mark() {
    for value in [
        json!({ "valueQuantity": { "value": 39 } }),
        json!({ "valueQuantity": { "value": 390, "unit": "Cel", "code": "Cel", "system": "http://unitsofmeasure.org" } }),
        json!({ "valueQuantity": { "unit": "Cel" } }),
        json!({ "valueString": "warm" }),
        json!({ "valueRange": { "low": { "value": 38 } } }),
        json!({ "issued": "soon", "valueQuantity": { "value": 39, "unit": "Cel" } }),
        json!({}),
    ] {
        let loaded = read(&[observation("8310-5", value.clone())]);
        let fact = &facts(&loaded, "body-temperature")[0];
        assert!(matches!(&fact.value, Value::NotAssessed(why) if why.starts_with("unreadable")), "{value}");
        assert_eq!(loaded.report.refused(), 1, "{value}: {}", loaded.report);
    }
    let absent = json!({ "dataAbsentReason": { "coding": [{ "code": "patient-refused" }] } });
    let loaded = read(&[observation("8310-5", absent)]);
    assert_eq!(facts(&loaded, "body-temperature")[0].value, Value::NotAssessed("patient-refused".into()));
    assert_eq!(loaded.report.refused(), 0);
}

#[test]
fn drugs_by_status() {
    let period = json!({ "effectivePeriod": { "start": "2026-01-12T08:00:00+08:00", "end": "2026-01-12T20:00:00+08:00" }, "effectiveDateTime": null });
    let updated = json!({ "meta": { "lastUpdated": "2026-01-12T10:00:00+08:00" } });
    for (status, more, until, said) in [
        ("in-progress", json!({}), None, None),
        ("completed", json!({}), None, None),
        ("completed", period.clone(), Some("2026-01-12T20:00:00+08:00"), None),
        ("stopped", period.clone(), Some("2026-01-12T20:00:00+08:00"), Some("halted")),
        ("stopped", updated.clone(), Some("2026-01-12T10:00:00+08:00"), Some("halted")),
        ("on-hold", updated.clone(), Some("2026-01-12T10:00:00+08:00"), Some("halted")),
        ("on-hold", json!({}), Some("2026-01-12T08:00:00+08:00"), Some("halted")),
    ] {
        let loaded = read(&[given(status, more)]);
        let fact = &facts(&loaded, "norepinephrine")[0];
        assert_eq!(fact.until.map(|when| when.to_string()).as_deref(), until, "{status}");
        assert_eq!(
            kinds(&loaded).into_iter().find(|kind| *kind == "halted"),
            said,
            "{status}: {}",
            loaded.report
        );
    }
    for status in ["not-done", "entered-in-error"] {
        let loaded = read(&[given(status, json!({}))]);
        assert!(facts(&loaded, "norepinephrine").is_empty());
        let key = ("MedicationAdministration".to_owned(), status.to_owned());
        assert_eq!(loaded.report.excluded.get(&key), Some(&1));
    }
    let loaded = read(&[given("unknown", json!({}))]);
    assert!(facts(&loaded, "norepinephrine").is_empty());
    assert_eq!(loaded.report.counts.get("status-unknown"), Some(&1));
    // A rate of nothing says that it does not run, whatever the dose was; a route has a code or words.
    let off = json!({ "category": { "text": "inpatient" }, "dosage": {
        "route": { "coding": [{ "code": "47625008" }] }, "dose": { "value": 4, "unit": "mg" }, "rateQuantity": { "value": 0, "unit": "ug/kg/min" } } });
    let loaded = read(&[given("in-progress", off)]);
    let fact = &facts(&loaded, "norepinephrine")[0];
    assert_eq!((fact.quantity().unwrap().value, fact.route.as_deref()), (0.0, Some("47625008")));
}

#[test]
fn observations_by_status() {
    let fever = |status: &str| {
        let mut fever = observation("8310-5", quantity(39.0, "Cel", "Cel"));
        fever["status"] = json!(status);
        read(&[fever])
    };
    for status in ["final", "amended", "corrected"] {
        assert!(facts(&fever(status), "body-temperature")[0].flags.is_empty(), "{status}");
    }
    for status in ["preliminary", "unknown", "registered"] {
        let loaded = fever(status);
        assert_eq!(facts(&loaded, "body-temperature")[0].flags, [Flag::Preliminary], "{status}");
        assert_eq!(loaded.report.counts.get("not-final"), Some(&1));
        assert_eq!(loaded.report.refused(), 0);
    }
    for status in ["cancelled", "entered-in-error"] {
        assert!(facts(&fever(status), "body-temperature").is_empty(), "{status}");
    }
}

/// A later version takes the earlier's place from the moment it was made.
#[test]
fn later_versions_stand_from_when_they_were_made() {
    let version = |number: &str, updated: &str, status: &str, value: f64| {
        let mut fever = observation("8310-5", quantity(value, "Cel", "Cel"));
        fever["id"] = json!("o1");
        fever["status"] = json!(status);
        fever["issued"] = json!("2026-01-12T08:10:00+08:00");
        fever["meta"] = json!({ "versionId": number, "lastUpdated": updated });
        fever
    };
    let first = version("1", "2026-01-12T08:10:00+08:00", "final", 37.0);
    let second = version("2", "2026-01-12T12:00:00+08:00", "corrected", 39.0);
    let error = version("3", "2026-01-13T12:00:00+08:00", "entered-in-error", 39.0);
    for order in [[&first, &second], [&second, &first]] {
        let loaded = read(&order.map(Clone::clone));
        assert_eq!(seen(&loaded, "body-temperature", None), ["39.0 Cel"]);
        assert_eq!(seen(&loaded, "body-temperature", Some("2026-01-12T03:00:00Z")), ["37.0 Cel"]);
        assert_eq!(seen(&loaded, "body-temperature", Some("2026-01-12T05:00:00Z")), ["39.0 Cel"]);
        assert_eq!(loaded.report.counts.get("replaced"), Some(&1), "{}", loaded.report);
    }
    let loaded = read(&[error.clone(), second.clone(), first.clone()]);
    assert_eq!(seen(&loaded, "body-temperature", None), [""; 0]);
    assert_eq!(seen(&loaded, "body-temperature", Some("2026-01-12T05:00:00Z")), ["39.0 Cel"]);
    // The same version twice is one.
    let loaded = read(&[first.clone(), first.clone()]);
    assert_eq!(seen(&loaded, "body-temperature", None), ["37.0 Cel"]);
    assert_eq!(kinds(&loaded), ["unknown-subject"], "{}", loaded.report);
    // Another patient's resource of the same id is another resource.
    let mut other = second;
    other["subject"] = json!({ "reference": "Patient/q" });
    assert_eq!(
        facts(&read(&[first.clone(), other]), "body-temperature")
            .iter()
            .filter(|f| f.replaced.is_some())
            .count(),
        0
    );
    // Without version or time nobody knows which is right: both stand, and it is said.
    let bare = |value| {
        let mut fever = observation("8310-5", quantity(value, "Cel", "Cel"));
        fever["id"] = json!("o1");
        fever
    };
    let loaded = read(&[bare(37.0), bare(39.0)]);
    assert_eq!(seen(&loaded, "body-temperature", None).len(), 2);
    assert_eq!(loaded.report.counts.get("versions-unordered"), Some(&1));
    let mut gone = bare(37.0);
    gone["status"] = json!("entered-in-error");
    assert_eq!(seen(&read(&[bare(37.0), gone]), "body-temperature", None), [""; 0]);
}

#[test]
fn issued_on_a_day() {
    let loaded = read(&[observation(
        "8310-5",
        json!({ "issued": "2026-01-13", "valueQuantity": { "value": 39, "unit": "Cel" } }),
    )]);
    let fact = &facts(&loaded, "body-temperature")[0];
    assert_eq!(fact.recorded.unwrap().at.to_string(), "2026-01-13T15:59:59.999999999Z");
    assert_eq!(kinds(&loaded), ["recorded-to-the-day", "unknown-subject"]);
}

/// Who a Patient is goes beside the charts, never into them.
#[test]
fn people_are_named_beside_the_charts() {
    let patient = json!({
        "resourceType": "Patient", "id": "p", "birthDate": "2010-05-01", "gender": "female",
        "identifier": [
            { "system": "urn:national", "value": "A123456789" },
            { "type": { "coding": [{ "code": "MR" }] }, "system": "urn:hospital", "value": "0098765" }
        ],
        "name": [
            { "use": "old", "family": "Chen" },
            { "use": "official", "family": "王", "given": ["小明"] },
            { "family": "Wang", "given": ["Hsiao-Ming", null] }
        ]
    });
    let loaded = read(&[patient, observation("8310-5", quantity(39.0, "Cel", "Cel"))]);
    let who = &loaded.people["p"];
    assert_eq!(
        (who.name_zh.as_deref(), who.name_latin.as_deref()),
        (Some("王小明"), Some("Hsiao-Ming Wang"))
    );
    assert_eq!((who.record_number(), who.numbers.len()), (Some("0098765"), 2));
    let told = format!("{:?} {}", loaded.charts, loaded.report);
    assert!(!told.contains("小明") && !told.contains("Wang"));
}

/// Row X2. A drug whose words only mention the product is not the product: it would move day 0.
#[test]
fn premedication_for_a_product_is_no_infusion() {
    for (words, infusions) in [
        ("Kymriah", 1),
        ("tisagenlecleucel suspension for infusion", 1),
        ("Premedication for Kymriah infusion", 0),
        ("History of Kymriah", 0),
        ("Paracetamol before Kymriah", 0),
        ("Kymriah, not given", 0),
    ] {
        let loaded = read(&[given("completed", json!({ "medicationCodeableConcept": { "text": words } }))]);
        assert_eq!(facts(&loaded, "infusion").len(), infusions, "{words}");
        assert_eq!(loaded.report.not_understood.len(), 1 - infusions, "{words}: it is told");
    }
}
