//! FHIR R4, from bytes to facts: every resource is read, or counted and reported.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use vena_base::{Chart, Concept, Lang, Value};
use vena_exchange::{
    Loaded,
    fhir::{self, FhirError, FhirOptions},
};
use vena_knowledge::Knowledge;

const ANC: Concept = Concept::known("anc");
const INFUSION: Concept = Concept::known("infusion");

fn options() -> FhirOptions {
    FhirOptions::at("2026-06-01T00:00:00Z".parse::<Timestamp>().unwrap())
}

fn read(json: &Json) -> Loaded {
    fhir::read_bundle(json.to_string().as_bytes(), &options(), Knowledge::embedded()).unwrap()
}

fn refused(text: &[u8]) -> FhirError {
    fhir::read_bundle(text, &options(), Knowledge::embedded()).unwrap_err()
}

fn bundle(resources: &[Json]) -> Json {
    let entries: Vec<Json> = resources.iter().map(|r| json!({ "resource": r })).collect();
    json!({ "resourceType": "Bundle", "type": "collection", "entry": entries })
}

fn patient(id: &str) -> Json {
    json!({ "resourceType": "Patient", "id": id, "birthDate": "2010-05-01", "gender": "female" })
}

fn anc(subject: &str, value: Json) -> Json {
    json!({
        "resourceType": "Observation", "status": "final", "subject": { "reference": subject },
        "code": { "coding": [{ "system": "http://loinc.org", "code": "751-8" }] },
        "effectiveDateTime": "2026-01-12T08:00:00+08:00",
        "valueQuantity": value
    })
}

fn cells(value: f64) -> Json {
    json!({ "value": value, "unit": "10*9/L", "system": "http://unitsofmeasure.org", "code": "10*9/L" })
}

fn one(loaded: &Loaded) -> &Chart {
    assert_eq!(loaded.charts.len(), 1, "{}", loaded.report);
    &loaded.charts[0]
}

/// Rows X2, X8.
#[test]
fn a_bundle_becomes_a_chart() {
    let p = json!({ "reference": "Patient/p1" });
    let loaded = read(&bundle(&[
        patient("p1"),
        anc("Patient/p1", cells(0.5)),
        json!({
            "resourceType": "Observation", "status": "final", "subject": p, "issued": "2026-01-12T09:30:00Z",
            "code": { "coding": [{ "system": "http://loinc.org", "code": "85354-9" }] },
            "effectiveDateTime": "2026-01-12T08:00:00Z",
            "component": [
                { "code": { "coding": [{ "system": "http://loinc.org", "code": "8480-6" }] },
                  "valueQuantity": { "value": 88, "unit": "mm[Hg]", "system": "http://unitsofmeasure.org", "code": "mm[Hg]" } },
                { "code": { "coding": [{ "system": "http://loinc.org", "code": "8462-4" }] },
                  "dataAbsentReason": { "text": "cuff failed" } }
            ]
        }),
        json!({
            "resourceType": "MedicationAdministration", "status": "completed", "subject": p,
            "medicationCodeableConcept": { "coding": [{ "system": "http://www.whocc.no/atc", "code": "L01XL04" }] },
            "effectivePeriod": { "start": "2026-01-10T09:00:00+08:00", "end": "2026-01-10T09:20:00+08:00" }
        }),
        json!({
            "resourceType": "MedicationAdministration", "status": "completed", "subject": p,
            "medicationReference": { "reference": "Medication/m1" },
            "effectiveDateTime": "2026-01-12T10:00:00+08:00",
            "dosage": { "route": { "text": "iv" },
                        "dose": { "value": 400, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg" } }
        }),
        json!({ "resourceType": "Medication", "id": "m1", "code": { "text": "Tocilizumab 20 mg/mL" } }),
    ]));
    let chart = one(&loaded);
    assert!(loaded.report.counts.is_empty(), "{}", loaded.report);
    assert_eq!(chart.of(ANC)[0].quantity().unwrap().value, 500.0);
    assert_eq!(chart.zone.name(), "+08:00");
    let systolic = &chart.of(Concept::known("systolic-pressure"))[0];
    assert_eq!(systolic.quantity().unwrap().value, 88.0);
    assert_eq!(systolic.recorded.unwrap().at.to_string(), "2026-01-12T09:30:00Z");
    let diastolic = &chart.of(Concept::known("diastolic-pressure"))[0];
    assert_eq!(diastolic.value, Value::NotAssessed("cuff failed".into()));
    let infusion = &chart.of(INFUSION)[0];
    assert_eq!(infusion.answer().unwrap().as_str(), "tisagenlecleucel");
    assert!(infusion.until.is_some());
    let tocilizumab = &chart.of(Concept::known("tocilizumab"))[0];
    assert_eq!(tocilizumab.quantity().unwrap().value, 400.0);
    assert_eq!(tocilizumab.route.as_deref(), Some("iv"));
    assert_eq!(chart.of(Concept::known("sex"))[0].when.to_string(), "2010-05-01");
}

#[test]
fn the_infusion_is_recognised_however_it_is_coded() {
    let procedure = |code: Json| {
        json!({ "resourceType": "Procedure", "status": "completed", "subject": { "reference": "Patient/p1" },
                "code": code, "performedDateTime": "2026-01-10T09:00:00+08:00" })
    };
    let pcs = "http://www.cms.gov/Medicare/Coding/ICD10";
    for (code, product) in [
        (json!({ "coding": [{ "system": pcs, "code": "XW033J7" }] }), Some("tisagenlecleucel")),
        (json!({ "coding": [{ "system": pcs, "code": "XW043H7" }] }), Some("axicabtagene-ciloleucel")),
        (json!({ "coding": [{ "system": pcs, "code": "XW033C3" }] }), None),
        (json!({ "text": "Infusion of tisagenlecleucel" }), Some("tisagenlecleucel")),
    ] {
        let loaded = read(&bundle(&[patient("p1"), procedure(code.clone())]));
        let infusion = one(&loaded).of(INFUSION);
        assert_eq!(infusion.len(), 1, "{code}: {}", loaded.report);
        assert_eq!(infusion[0].answer().map(|a| a.as_str()), product, "{code}");
    }
    let collection = procedure(json!({ "text": "Leukapheresis for tisagenlecleucel manufacturing" }));
    let loaded = read(&bundle(&[patient("p1"), collection]));
    assert!(one(&loaded).of(INFUSION).is_empty());
    assert_eq!(loaded.report.not_understood.len(), 1);
}

#[test]
fn what_must_not_be_used_is_left_out_and_counted() {
    let mut wrong = anc("Patient/p1", cells(0.5));
    wrong["status"] = json!("entered-in-error");
    let not_done = json!({
        "resourceType": "MedicationAdministration", "status": "not-done", "subject": { "reference": "Patient/p1" },
        "medicationCodeableConcept": { "text": "tocilizumab" }, "effectiveDateTime": "2026-01-12T10:00:00Z"
    });
    let loaded = read(&bundle(&[patient("p1"), wrong, not_done, json!({ "resourceType": "Claim" })]));
    assert!(one(&loaded).of(ANC).is_empty());
    let excluded: Vec<u64> = loaded.report.excluded.values().copied().collect();
    assert_eq!(excluded, vec![1, 1]);
    assert_eq!(loaded.report.not_understood[&("resource".into(), "Claim".into())].count, 1);
    assert_eq!(loaded.report.items, 4);
}

#[test]
fn a_value_without_unit_or_of_another_kind_is_refused_with_its_path() {
    let loaded = read(&bundle(&[
        patient("p1"),
        anc("Patient/p1", json!({ "value": 500 })),
        anc("Patient/p1", json!({ "value": 500, "unit": "mg/dL" })),
        anc("Patient/p1", json!({ "value": -1, "unit": "/uL" })),
        anc("Patient/p1", json!({ "value": 0.50, "comparator": "<", "unit": "10*9/L" })),
    ]));
    // The three that cannot be read leave marks; only the bound is a value.
    let values = one(&loaded).of(ANC).iter().filter(|fact| fact.quantity().is_some());
    assert_eq!(values.count(), 1, "{}", loaded.report);
    let places: Vec<String> = loaded.report.problems.iter().map(|p| p.message(Lang::En)).collect();
    for index in 1..=3 {
        let path = format!("Bundle.entry[{index}].resource");
        assert!(places.iter().any(|p| p.starts_with(&path)), "{path}: {places:?}");
    }
}

#[test]
fn subjects_are_resolved_however_they_are_written() {
    let uuid = "urn:uuid:0b9ff5d0-0000-4000-8000-000000000001";
    let mut contained = anc("#local", cells(1.0));
    contained["id"] = json!("o1");
    contained["contained"] = json!([{ "resourceType": "Patient", "id": "local", "birthDate": "1990-01-01" }]);
    let json = json!({ "resourceType": "Bundle", "entry": [
        { "fullUrl": uuid, "resource": patient("a") },
        { "fullUrl": "http://server/fhir/Patient/b", "resource": patient("b") },
        { "resource": anc(uuid, cells(1.0)) },
        { "resource": anc("http://server/fhir/Patient/b/_history/2", cells(1.0)) },
        { "resource": anc("Patient/b", cells(2.0)) },
        { "resource": contained },
        { "resource": anc("Patient/stranger", cells(1.0)) },
        { "resource": anc("Device/d1", cells(1.0)) },
        { "resource": { "resourceType": "Observation", "status": "final", "code": { "text": "ANC" } } }
    ]});
    let loaded = read(&json);
    let counts: Vec<(&str, usize)> = loaded.charts.iter().map(|c| (&*c.patient, c.of(ANC).len())).collect();
    assert_eq!(counts, vec![("a", 1), ("b", 2), ("o1#local", 1), ("stranger", 1)], "{}", loaded.report);
    let counts: Vec<(&str, u64)> = loaded.report.counts.iter().map(|(k, n)| (*k, *n)).collect();
    assert_eq!(counts, vec![("broken-reference", 1), ("no-subject", 1), ("unknown-subject", 1)]);
}

#[test]
fn conflicting_descriptions_of_one_person_are_withheld_and_reported() {
    let mut other = patient("p1");
    other["birthDate"] = json!("1975-01-01");
    let loaded = read(&bundle(&[patient("p1"), other, anc("Patient/p1", cells(1.0))]));
    let chart = one(&loaded);
    assert!(chart.of(Concept::known("birth-date")).is_empty());
    assert_eq!(chart.of(ANC).len(), 1);
    let message = loaded.report.problems[0].message(Lang::En);
    assert!(message.contains("Bundle.entry[1].resource") && message.contains("1975-01-01"), "{message}");
}

#[test]
fn the_same_bundle_twice_gives_no_duplicates() {
    let text = bundle(&[patient("p1"), anc("Patient/p1", cells(0.5))]).to_string();
    let (options, knowledge) = (options(), Knowledge::embedded());
    let part = |file| fhir::read_part(text.as_bytes(), Some(file), &options, knowledge).unwrap();
    let once = fhir::join(vec![part("a")], &options, knowledge);
    let twice = fhir::join(vec![part("a"), part("b")], &options, knowledge);
    assert_eq!(once.charts[0].all(), twice.charts[0].all());
    assert!(twice.report.counts.is_empty(), "{}", twice.report);
    assert_eq!(twice.report.repeated, 3);
}

#[test]
fn people_of_one_file_may_be_described_in_another() {
    let (options, knowledge) = (options(), Knowledge::embedded());
    let part = |json: Json| fhir::read_part(json.to_string().as_bytes(), None, &options, knowledge).unwrap();
    let loaded =
        fhir::join(vec![part(anc("Patient/p1", cells(1.0))), part(patient("p1"))], &options, knowledge);
    assert_eq!(loaded.charts.len(), 1);
    assert!(loaded.report.counts.is_empty(), "{}", loaded.report);
}

#[test]
fn single_resources_arrays_and_lines_are_read() {
    let (a, b) = (anc("Patient/p1", cells(1.0)), anc("Patient/p1", cells(2.0)));
    assert_eq!(one(&read(&a)).of(ANC).len(), 1);
    assert_eq!(one(&read(&json!([a, b]))).of(ANC).len(), 2);
    let lines = format!("{a}\n\n{b}\n");
    let loaded = fhir::read_bundle(lines.as_bytes(), &options(), Knowledge::embedded()).unwrap();
    assert_eq!(one(&loaded).of(ANC).len(), 2);
    // The type may stand last.
    let last =
        br#"{"subject":{"reference":"Patient/p1"},"effectiveDateTime":"2026-01-12","code":{"text":"ANC"},
        "valueQuantity":{"value":1.10e3,"unit":"/uL"},"resourceType":"Observation"}"#;
    let loaded = fhir::read_bundle(last, &options(), Knowledge::embedded()).unwrap();
    assert_eq!(one(&loaded).of(ANC)[0].quantity().unwrap().written.as_str(), "1.10e3");
}

/// JSON with `resourceType` first, as servers write it; serde_json sorts the names.
fn typed_first(json: &Json) -> String {
    match json {
        Json::Object(map) => {
            let mut names: Vec<&String> = map.keys().collect();
            names.sort_by_key(|name| *name != "resourceType");
            let members: Vec<String> =
                names.iter().map(|name| format!("\"{name}\":{}", typed_first(&map[*name]))).collect();
            format!("{{{}}}", members.join(","))
        }
        Json::Array(items) => format!("[{}]", items.iter().map(typed_first).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

#[test]
fn a_broken_document_is_refused_with_the_path() {
    let json = bundle(&[patient("p1"), anc("Patient/p1", cells(0.5))]);
    let text = typed_first(&json);
    for text in [&text, &json.to_string()] {
        let number = text.replace("\"value\":0.5", "\"value\":\"0.5\"");
        match refused(number.as_bytes()) {
            FhirError::Wrong { path, reason, .. } => {
                assert_eq!(path, "Bundle.entry[1].resource.valueQuantity.value");
                assert!(reason.contains("number"), "{reason}");
            }
            other => panic!("{other:?}"),
        }
    }
    let end = text.find("valueQuantity").unwrap() + 30;
    match refused(&text.as_bytes()[..end]) {
        FhirError::Truncated { path, .. } => {
            assert!(path.starts_with("Bundle.entry[1].resource.valueQuantity"), "{path}")
        }
        other => panic!("{other:?}"),
    }
    let twice = text.replace("\"status\":\"final\"", "\"status\":\"final\",\"status\":\"final\"");
    match refused(twice.as_bytes()) {
        FhirError::Wrong { path, reason, .. } => {
            assert!(path.starts_with("Bundle.entry[1].resource"), "{path}");
            assert!(reason.contains("duplicate") && reason.contains("status"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    for (bytes, start) in [
        (&b"{\"resourceType\":\"Bundle\",\"entry\":{}}"[..], "Bundle.entry"),
        (b"{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":7}]}", "Bundle.entry[0].resource"),
        (
            b"{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"id\":\"x\"}}]}",
            "Bundle.entry[0].resource",
        ),
        (b"{\"id\":\"x\"}", "document"),
        (b"[1]", "[0]"),
        (b"7", "document"),
        (b"{\"resourceType\":\"Observation\"} trailing", "Observation"),
    ] {
        match refused(bytes) {
            FhirError::Wrong { path, .. } => assert_eq!(path, start),
            other => panic!("{}: {other:?}", String::from_utf8_lossy(bytes)),
        }
    }
    assert_eq!(refused(b" \n"), FhirError::Empty);
    assert_eq!(refused(b"<Bundle/>"), FhirError::Xml);
    assert!(matches!(refused(b"{\"resourceType\":\"Patient\",\"id\":\"\xff\"}"), FhirError::Encoding(_)));
}

#[test]
fn depth_and_size_have_limits() {
    let deep = format!(
        "{{\"resourceType\":\"Observation\",\"extension\":{}1{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    match refused(deep.as_bytes()) {
        FhirError::TooDeep { path, limit, .. } => {
            assert_eq!(limit, fhir::DEPTH_MAX);
            assert!(path.starts_with("Observation"), "{path}");
        }
        other => panic!("{other:?}"),
    }
    let small = FhirOptions { bytes_max: 10, ..options() };
    let text = patient("p1").to_string();
    let error = fhir::read_bundle(text.as_bytes(), &small, Knowledge::embedded()).unwrap_err();
    assert_eq!(error, FhirError::TooLarge { bytes: text.len(), limit: 10 });
    for lang in Lang::ALL {
        assert!(error.message(lang).contains("10"));
    }
}

/// Row X4: a SNOMED CT code without words says that CAR-T cells were given; a time of several days does not
/// say when.
#[test]
fn a_snomed_procedure_is_the_infusion() {
    let procedure = |system: &str, code: &str, time: Json| {
        let mut procedure = json!({
            "resourceType": "Procedure", "status": "completed", "subject": { "reference": "Patient/p1" },
            "code": { "coding": [{ "system": system, "code": code }] }
        });
        procedure.as_object_mut().unwrap().extend(time.as_object().unwrap().clone());
        read(&bundle(&[patient("p1"), procedure]))
    };
    let moment = json!({ "performedDateTime": "2026-01-10T09:00:00+08:00" });
    for system in ["http://snomed.info/sct", "http://snomed.info/sct/900000000000207008"] {
        let loaded = procedure(system, "1156961008", moment.clone());
        assert_eq!(one(&loaded).of(INFUSION)[0].value, Value::Happened, "{}", loaded.report);
        assert!(loaded.report.counts.is_empty(), "{}", loaded.report);
    }
    let mut named = moment.clone();
    named["usedCode"] = json!([{ "text": "Kymriah" }]);
    let loaded = procedure("http://snomed.info/sct", "1156961008", named);
    assert_eq!(one(&loaded).of(INFUSION)[0].answer().unwrap().as_str(), "tisagenlecleucel");
    // Another system's number and another code of SNOMED CT are not understood, and counted.
    for (system, code) in [("http://example.org", "1156961008"), ("http://snomed.info/sct", "5880005")] {
        let loaded = procedure(system, code, moment.clone());
        assert!(loaded.charts.iter().all(|chart| chart.of(INFUSION).is_empty()), "{system}");
        assert!(!loaded.report.not_understood.is_empty(), "{}", loaded.report);
    }
    let night = json!({ "performedPeriod": { "start": "2026-01-10T23:50:00+08:00", "end": "2026-01-11T00:20:00+08:00" } });
    let loaded = procedure("http://snomed.info/sct", "1156961008", night);
    assert_eq!(one(&loaded).of(INFUSION)[0].value, Value::Happened);
    let stay = json!({ "performedPeriod": { "start": "2026-01-05", "end": "2026-01-30" } });
    let loaded = procedure("http://snomed.info/sct", "1156961008", stay);
    assert!(matches!(one(&loaded).of(INFUSION)[0].value, Value::NotAssessed(_)));
    assert!(loaded.report.to_string().contains("several days"), "{}", loaded.report);
}
