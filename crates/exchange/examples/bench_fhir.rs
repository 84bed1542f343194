//! How fast FHIR becomes charts, beside PyPI `fhir.resources` on the same bundles in the same run.
//!
//! `cargo run --release -p vena-exchange --example bench_fhir [-- PYTHON]`; PYTHON is an interpreter
//! that has fhir.resources (default `python3`). Bundles are generated here; with VENA_CONFORMANCE_DIR
//! (or ../shared/data beside the workspace) its `fhir/synthea_r4` is timed too.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::{
    fmt::Write,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};
use vena_clinical::{Question, Rules, assess};
use vena_exchange::{
    assess::{Told, assess_json},
    fhir::{self, FhirOptions},
    table::{self, TableOptions},
};
use vena_knowledge::Knowledge;

const ROUNDS: usize = 7;

/// A bundle shaped like Synthea's: a patient, encounters with claims, panels and measurements, with
/// its text, extensions and indentation.
fn generated(encounters: usize) -> String {
    let mut out = String::from(
        "{\n    \"resourceType\": \"Bundle\",\n    \"type\": \"transaction\",\n    \"entry\": [\n",
    );
    let uuid = |n: usize| format!("urn:uuid:00000000-0000-4000-8000-{n:012x}");
    let mut number = 0;
    let mut entry = |out: &mut String, body: &str| {
        let comma = if number == 0 { "" } else { ",\n" };
        let pretty: serde_json::Value = serde_json::from_str(body).unwrap();
        let _ = write!(
            out,
            "{comma}{{\n  \"fullUrl\": \"{}\",\n  \"resource\": {{\"resourceType\": \"{}\", {}\n }}",
            uuid(number),
            pretty["resourceType"].as_str().unwrap(),
            serde_json::to_string_pretty(&without_type(&pretty))
                .unwrap()
                .strip_prefix('{')
                .and_then(|t| t.strip_suffix('}'))
                .unwrap()
        );
        let kind = pretty["resourceType"].as_str().unwrap();
        let _ = write!(out, ",\n \"request\": {{\n \"method\": \"POST\",\n \"url\": \"{kind}\"\n }}\n}}");
        number += 1;
    };
    let narrative = "Generated narrative. ".repeat(12);
    entry(
        &mut out,
        &format!(
            r#"{{"resourceType":"Patient","id":"p","text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">{narrative}</div>"}},
        "extension":[{{"url":"http://example.org/birthPlace","valueAddress":{{"city":"Taipei","state":"TPE","country":"TW"}}}}],
        "name":[{{"use":"official","family":"Generated","given":["One"]}}],"gender":"female","birthDate":"1961-03-04"}}"#
        ),
    );
    let subject = uuid(0);
    for n in 0..encounters {
        let time =
            format!("20{:02}-{:02}-{:02}T0{}:30:00+08:00", 10 + n % 15, 1 + n % 12, 1 + n % 28, n % 10);
        entry(
            &mut out,
            &format!(
                r#"{{"resourceType":"Encounter","status":"finished","class":{{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"}},
            "type":[{{"coding":[{{"system":"http://snomed.info/sct","code":"162673000","display":"General examination of patient (procedure)"}}],"text":"General examination of patient (procedure)"}}],
            "subject":{{"reference":"{subject}","display":"One Generated"}},"period":{{"start":"{time}","end":"{time}"}}}}"#
            ),
        );
        for (code, display, value, unit) in [
            ("8302-2", "Body Height", 170.1, "cm"),
            ("29463-7", "Body Weight", 70.25, "kg"),
            ("718-7", "Hemoglobin [Mass/volume] in Blood", 12.5, "g/dL"),
            ("777-3", "Platelets [#/volume] in Blood by Automated count", 231.0, "10*3/uL"),
            ("2093-3", "Total Cholesterol", 181.4, "mg/dL"),
            ("751-8", "Neutrophils [#/volume] in Blood by Automated count", 2.31, "10*3/uL"),
        ] {
            #[allow(clippy::cast_precision_loss)]
            let value = value + (n % 9) as f64 / 8.0;
            entry(
                &mut out,
                &format!(
                    r#"{{"resourceType":"Observation","status":"final","category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory","display":"laboratory"}}]}}],
                "code":{{"coding":[{{"system":"http://loinc.org","code":"{code}","display":"{display}"}}],"text":"{display}"}},
                "subject":{{"reference":"{subject}"}},"encounter":{{"reference":"{subject}"}},"effectiveDateTime":"{time}","issued":"{time}",
                "valueQuantity":{{"value":{value},"unit":"{unit}","system":"http://unitsofmeasure.org","code":"{unit}"}}}}"#
                ),
            );
        }
        let items: Vec<String> = (1..5).map(|i| format!(
            r#"{{"sequence":{i},"productOrService":{{"coding":[{{"system":"http://snomed.info/sct","code":"162673000","display":"General examination of patient (procedure)"}}],"text":"General examination"}},"net":{{"value":129.16,"currency":"USD"}}}}"#)).collect();
        entry(
            &mut out,
            &format!(
                r#"{{"resourceType":"Claim","status":"active","use":"claim","type":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/claim-type","code":"institutional"}}]}},
            "patient":{{"reference":"{subject}"}},"created":"{time}","provider":{{"reference":"{subject}"}},"priority":{{"coding":[{{"code":"normal"}}]}},
            "insurance":[{{"sequence":1,"focal":true,"coverage":{{"display":"None"}}}}],"item":[{}],"total":{{"value":129.16,"currency":"USD"}}}}"#,
                items.join(",")
            ),
        );
    }
    out.push_str("\n]\n}\n");
    out
}

fn without_type(json: &serde_json::Value) -> serde_json::Value {
    let mut map = json.as_object().unwrap().clone();
    map.remove("resourceType");
    serde_json::Value::Object(map)
}

fn synthea() -> Vec<PathBuf> {
    let named = std::env::var_os("VENA_CONFORMANCE_DIR").map(PathBuf::from);
    let root = named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    let Ok(folder) = std::fs::read_dir(root.join("fhir/synthea_r4")) else {
        println!("LEFT OUT: Synthea bundles (VENA_CONFORMANCE_DIR has none)");
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = folder
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| p.extension().is_some_and(|e| e == "json"))
        .collect();
    files.sort();
    files
}

/// Least, middle and most of some seconds.
fn spread(mut seconds: Vec<f64>) -> (f64, f64, f64) {
    seconds.sort_by(f64::total_cmp);
    (seconds[0], seconds[seconds.len() / 2], seconds[seconds.len() - 1])
}

fn ours(bytes: &[u8], options: &FhirOptions) -> Vec<f64> {
    (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            let loaded = fhir::read_bundle(bytes, options, Knowledge::embedded()).unwrap();
            assert!(!loaded.charts.is_empty());
            start.elapsed().as_secs_f64()
        })
        .collect()
}

fn peers(python: &str, files: &[PathBuf]) -> Option<Vec<Vec<f64>>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/peers.py");
    let run = Command::new(python).arg(script).arg(ROUNDS.to_string()).args(files).output().ok()?;
    if !run.status.success() {
        println!(
            "LEFT OUT: fhir.resources ({})",
            String::from_utf8_lossy(&run.stderr).lines().last().unwrap_or("no python")
        );
        return None;
    }
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    let of = |file: &PathBuf| {
        let name = file.display().to_string();
        text.lines().filter_map(|l| l.strip_prefix(&name)?.trim().parse().ok()).collect::<Vec<f64>>()
    };
    for line in text.lines().filter(|line| line.contains(" refused ")) {
        println!("{line}");
    }
    Some(files.iter().map(of).collect())
}

fn main() {
    let python = std::env::args().nth(1).unwrap_or_else(|| "python3".to_owned());
    let options = FhirOptions::at("2026-06-01T00:00:00Z".parse().unwrap());
    let folder = std::env::temp_dir().join(format!("vena-bench-fhir-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut files = Vec::new();
    for (name, encounters) in [("generated-1MB.json", 110), ("generated-10MB.json", 1100)] {
        let path = folder.join(name);
        std::fs::write(&path, generated(encounters)).unwrap();
        files.push(path);
    }
    files.extend(synthea());
    let theirs = peers(&python, &files);
    println!(
        "{:44} {:>8} {:>28} {:>24} {:>20}",
        "bundle", "MB", "vena MB/s (least–most)", "fhir.resources MB/s", "ratio (least–most)"
    );
    for (index, file) in files.iter().enumerate() {
        let bytes = std::fs::read(file).unwrap();
        #[allow(clippy::cast_precision_loss)]
        let megabytes = bytes.len() as f64 / 1e6;
        let (fast, middle, slow) = spread(ours(&bytes, &options));
        let mut line = format!(
            "{:44} {megabytes:>8.2} {:>10.0} ({:.0}–{:.0})",
            file.file_name().unwrap().to_string_lossy(),
            megabytes / middle,
            megabytes / slow,
            megabytes / fast
        );
        if let Some(theirs) = theirs.as_ref().and_then(|t| t.get(index)).filter(|t| !t.is_empty()) {
            let (f, m, s) = spread(theirs.clone());
            let _ = write!(
                line,
                "     {:>6.2} ({:.2}–{:.2})     {:>6.1}× ({:.1}–{:.1})",
                megabytes / m,
                megabytes / s,
                megabytes / f,
                m / middle,
                f / slow,
                s / fast
            );
        }
        println!("{line}");
    }
    whole_assessment(&std::fs::read(&files[0]).unwrap(), &options);
    long_table();
    let _ = std::fs::remove_dir_all(&folder);
}

/// The whole of `assess` on a 1 MB bundle: read, grade, write.
fn whole_assessment(bytes: &[u8], options: &FhirOptions) {
    let knowledge = Knowledge::embedded();
    let rules = Rules::choose(knowledge, &[]).unwrap();
    let rounds = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            let loaded = fhir::read_bundle(bytes, options, knowledge).unwrap();
            for chart in &loaded.charts {
                let assessment = assess(chart, &rules, &Question::at(options.now));
                let told = Told {
                    assessment: &assessment,
                    zone: &chart.zone,
                    known_at: None,
                    report: &loaded.report,
                    last: &[],
                };
                assert!(assess_json(&told).len() > 100);
            }
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    let (fast, middle, slow) = spread(rounds);
    #[allow(clippy::cast_precision_loss)]
    let megabytes = bytes.len() as f64 / 1e6;
    println!("assess of a {megabytes:.2} MB bundle: {middle:.1} ms ({fast:.1}–{slow:.1})");
}

/// A long table of many patients, read to charts on all cores.
fn long_table() {
    const PATIENTS: usize = 20_000;
    let mut text = String::from("patient,time,what,value,unit\n");
    for patient in 0..PATIENTS {
        let _ = writeln!(text, "P{patient},2026-01-01T09:00+08:00,infusion,tisagenlecleucel,");
        for day in 0..50 {
            let (month, day) = (1 + day / 28, 1 + day % 28);
            let _ = writeln!(
                text,
                "P{patient},2026-{month:02}-{day:02}T08:00+08:00,ANC,0.{:02},10*9/L",
                (patient + day) % 90 + 10
            );
        }
    }
    let options = TableOptions::at("2026-06-01T00:00:00Z".parse().unwrap());
    let start = Instant::now();
    let file = table::read(text.as_bytes(), &options, Knowledge::embedded()).unwrap();
    let indexed = start.elapsed().as_secs_f64();
    let mut facts = 0;
    file.for_each_in_order(|_, read| read.chart.all().len(), |_, n| facts += n);
    let whole = start.elapsed().as_secs_f64();
    assert_eq!(facts, PATIENTS * 51);
    #[allow(clippy::cast_precision_loss)]
    let megabytes = text.len() as f64 / 1e6;
    println!(
        "table of {PATIENTS} patients, {megabytes:.0} MB: found in {indexed:.2} s, all charts in {whole:.2} s ({:.0} MB/s)",
        megabytes / whole
    );
}
