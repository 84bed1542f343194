//! Potency tables from bytes to report: what laboratories export, and what must be refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fmt::Write;
use std::path::PathBuf;

use vena_base::Lang;
use vena_potency::method::Outcome;
use vena_potency::report::{AssayKind, OutlierHandling, ReferenceStandard};
use vena_potency::{PotencyError, PotencyOptions, PotencyReport, analyse_potency, potency_svg};

/// Deterministic noise in -0.5..0.5.
fn noise(state: &mut u64) -> f64 {
    *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    (*state >> 33) as f64 / (1u64 << 31) as f64 - 0.5
}

struct Preparation {
    name: &'static str,
    b: f64,
    c: f64,
    d: f64,
    e: f64,
}

const REFERENCE: Preparation = Preparation { name: "Reference", b: 1.4, c: 0.2, d: 2.2, e: 10.0 };

fn rows(
    p: &Preparation,
    doses: &[f64],
    replicates: usize,
    spread: f64,
    seed: u64,
) -> Vec<(String, f64, f64)> {
    let mut state = seed;
    let mut out = Vec::new();
    for dose in doses {
        for _ in 0..replicates {
            let f =
                if *dose == 0.0 { p.d } else { p.c + (p.d - p.c) / (1.0 + (p.b * (dose / p.e).ln()).exp()) };
            out.push((p.name.to_string(), *dose, f + spread * noise(&mut state)));
        }
    }
    out
}

const DOSES: [f64; 8] = [0.3, 1.0, 3.0, 6.0, 12.0, 25.0, 80.0, 250.0];

fn table(preparations: &[&Preparation], spread: f64) -> String {
    let mut csv = String::from("sample,dose (ng/mL),response\n");
    for (k, p) in preparations.iter().enumerate() {
        for (name, dose, response) in rows(p, &DOSES, 3, spread, 17 + k as u64) {
            writeln!(csv, "{name},{dose},{response}").unwrap();
        }
    }
    csv
}

fn analyse(csv: &str) -> Result<PotencyReport, PotencyError> {
    analyse_potency(csv.as_bytes(), &PotencyOptions::default())
}

fn refusal(csv: &str) -> String {
    analyse(csv).expect_err("must be refused").to_string()
}

/// Row Q15. A sample at half the strength: 0.5 inside every interval, parallel, suitable, reportable.
#[test]
fn half_strength_sample() {
    let sample = Preparation { name: "Lot 7", e: 20.0, ..REFERENCE };
    let options = PotencyOptions {
        standard: Some(ReferenceStandard {
            name: "House standard".into(),
            lot: "RS-1".into(),
            assigned_value: 1000.0,
            unit: "U/mL".into(),
            ..ReferenceStandard::default()
        }),
        ..PotencyOptions::default()
    };
    let r = analyse_potency(table(&[&REFERENCE, &sample], 0.08).as_bytes(), &options).unwrap();
    let s = &r.relative_potency[0];
    assert_eq!((s.sample.as_str(), s.reference.as_str()), ("Lot 7", "Reference"));
    assert!((s.estimate.unwrap() - 0.5).abs() < 0.03, "{:?}", s.estimate);
    let p = s.relative_potency.as_ref().unwrap();
    for i in [p.delta, p.delta_log, p.fieller, p.profile_likelihood] {
        assert!(i.low.unwrap() < p.estimate && p.estimate < i.high.unwrap());
        assert!(i.low.unwrap() > 0.4 && i.high.unwrap() < 0.6);
    }
    assert!(s.parallelism.as_ref().unwrap().parallel && s.reportable, "{:?}", s.parallelism);
    let a = s.assigned.as_ref().unwrap();
    assert!((a.estimate - 1000.0 * s.estimate.unwrap()).abs() < 1e-9);
    assert!(
        r.suitable,
        "{:?}",
        r.suitability.iter().filter(|v| v.outcome != Outcome::Met).collect::<Vec<_>>()
    );
    assert_eq!(r.input.dose_unit.as_deref(), Some("ng/mL"));
    assert_eq!(r.input.sha256.len(), 64);
    assert_eq!(r.reference.as_ref().unwrap().chosen, "recognised");
    assert_eq!(r.parameters.iter().filter(|p| p.fit == "shared").count(), 8);
    let json = serde_json::to_value(&r).unwrap();
    assert_eq!(json["kind"], "potency");
    assert!(json["relative_potency"][0]["relative_potency"]["fieller"]["low"].is_number());
}

/// Row Q15. The same bytes give the same report and picture to the bit.
#[test]
fn recomputation_is_identical() {
    let sample = Preparation { name: "Lot 7", e: 20.0, ..REFERENCE };
    let csv = table(&[&REFERENCE, &sample], 0.1);
    let (a, b) = (analyse(&csv).unwrap(), analyse(&csv).unwrap());
    assert_eq!(serde_json::to_string(&a).unwrap(), serde_json::to_string(&b).unwrap());
    assert_eq!(potency_svg(&a, Lang::ZhTw), potency_svg(&b, Lang::ZhTw));
    let changed = csv.replacen("Lot 7", "Lot 8", 1);
    assert_ne!(analyse(&changed).unwrap().input.sha256, a.input.sha256);
}

/// Row Q15. Not parallel: the potency is shown but not reportable, and a flag says so. Whether an
/// F test would have passed plays no part.
#[test]
fn steeper_sample_is_not_reportable() {
    let sample = Preparation { name: "Steep", b: 3.0, ..REFERENCE };
    let r = analyse(&table(&[&REFERENCE, &sample], 0.08)).unwrap();
    let s = &r.relative_potency[0];
    assert!(s.estimate.is_some() && !s.reportable);
    assert!(r.flags.iter().any(|f| f.code == "not-parallel"));
    // A noisy assay whose F test sees nothing is not thereby parallel.
    let same = Preparation { name: "Same", ..REFERENCE };
    let noisy = analyse(&table(&[&REFERENCE, &same], 1.6)).unwrap();
    let p = noisy.relative_potency[0].parallelism.as_ref().unwrap();
    assert!(p.f_test_for_information.unwrap().p > 0.05);
    assert!(!p.parallel);
}

/// Row Q15. A curve that runs the other way: named, no potency.
#[test]
fn reversed_curve_has_no_potency() {
    let sample = Preparation { name: "Turned", b: -1.4, ..REFERENCE };
    let r = analyse(&table(&[&REFERENCE, &sample], 0.05)).unwrap();
    let s = &r.relative_potency[0];
    assert!(s.estimate.is_none() && s.refusal.as_ref().unwrap().en.contains("against"));
    assert!(r.flags.iter().any(|f| f.code == "reversed-curve"));
    assert_eq!(r.runs[0].curves[0].direction, Some("falling"));
    assert_eq!(r.runs[0].curves[1].direction, Some("rising"));
}

/// Row Q15. Semicolons, decimal commas, a byte order mark and units in the header give the same
/// numbers as the plain table.
#[test]
fn spreadsheet_dialects_agree() {
    let sample = Preparation { name: "Lot 7", e: 20.0, ..REFERENCE };
    let plain = table(&[&REFERENCE, &sample], 0.1);
    let european: String = plain
        .lines()
        .map(|l| l.split(',').map(|c| c.replace('.', ",")).collect::<Vec<_>>().join(";") + "\r\n")
        .collect();
    let european = format!("\u{feff}{european}");
    let tabs = plain.replace(',', "\t");
    let a = analyse(&plain).unwrap();
    for other in [european, tabs] {
        let b = analyse(&other).unwrap();
        assert_eq!(a.parameters, b.parameters);
        assert_eq!(a.relative_potency, b.relative_potency);
    }
}

/// Row Q15. Logarithms of the dose by name of the column.
#[test]
fn log_doses_are_read_as_doses() {
    let mut csv = String::from("log10 dose,response\n");
    for (_, dose, response) in rows(&REFERENCE, &DOSES, 2, 0.05, 3) {
        writeln!(csv, "{},{response}", dose.log10()).unwrap();
    }
    let r = analyse(&csv).unwrap();
    let e = r.parameters.iter().find(|p| p.parameter == "e").unwrap().estimate;
    assert!((e - 10.0).abs() < 1.0, "{e}");
}

/// Row Q15. The outlier rule names the well; removing is asked for, counted and shown.
#[test]
fn outliers_are_named_and_removed_only_when_asked() {
    let csv = table(&[&REFERENCE], 0.05)
        .lines()
        .enumerate()
        .map(|(k, l)| if k == 8 { "Reference,3,3.6\n".to_string() } else { format!("{l}\n") })
        .collect::<String>();
    let named = analyse(&csv).unwrap();
    assert_eq!(named.outliers.iter().map(|o| (o.line, o.removed)).collect::<Vec<_>>(), vec![(9, false)]);
    let options = PotencyOptions { outliers: OutlierHandling::Remove, ..PotencyOptions::default() };
    let removed = analyse_potency(csv.as_bytes(), &options).unwrap();
    assert_eq!(removed.outliers.iter().map(|o| (o.line, o.removed)).collect::<Vec<_>>(), vec![(9, true)]);
    let rss = |r: &PotencyReport| r.runs[0].curves[0].rss.unwrap();
    assert!(rss(&removed) < rss(&named) / 10.0);
    assert!(potency_svg(&removed, Lang::En).contains("class=\"removed\""));
}

/// Row Q15. Several runs are combined by sample.
#[test]
fn runs_are_combined() {
    let sample = Preparation { name: "Lot 7", e: 12.5, ..REFERENCE };
    let mut csv = String::from("assay,sample,dose,response\n");
    for run in 0..3u64 {
        for (k, p) in [&REFERENCE, &sample].into_iter().enumerate() {
            for (name, dose, response) in rows(p, &DOSES, 3, 0.08, 100 * run + k as u64) {
                writeln!(csv, "run {run},{name},{dose},{response}").unwrap();
            }
        }
    }
    let r = analyse(&csv).unwrap();
    assert_eq!(r.runs.len(), 3);
    let c = r.combined[0].combination.as_ref().unwrap();
    assert_eq!(c.assays.len(), 3);
    assert!((c.weighted.potency - 0.8).abs() < 0.05, "{}", c.weighted.potency);
    // Plates that each carry every preparation are runs too; plates that do not are one assay.
    let plates = csv.replacen("assay,", "plate,", 1);
    assert_eq!(analyse(&plates).unwrap().runs.len(), 3);
    let split = table(&[&REFERENCE, &sample], 0.08)
        .lines()
        .enumerate()
        .map(|(k, l)| {
            format!(
                "{},{l}\n",
                if k == 0 {
                    "plate"
                } else if k <= 24 {
                    "A"
                } else {
                    "B"
                }
            )
        })
        .collect::<String>();
    let pooled = analyse(&split).unwrap();
    assert_eq!(pooled.runs.len(), 1);
    assert!(pooled.relative_potency[0].estimate.is_some());
}

/// Row Q15. Parallel lines and slope ratio from a table.
#[test]
fn line_assays_from_a_table() {
    let mut csv = String::from("sample,dose,response\n");
    let mut state = 5;
    for (name, potency) in [("Standard", 1.0), ("Lot 9", 1.25)] {
        for dose in [1.0, 2.0, 4.0, 8.0] {
            for _ in 0..4 {
                let (x, n): (f64, f64) = (dose * potency, noise(&mut state));
                writeln!(csv, "{name},{dose},{}", 3.0 + 2.0 * x.ln() + 0.1 * n).unwrap();
            }
        }
    }
    let options = PotencyOptions { assay: AssayKind::ParallelLine, ..PotencyOptions::default() };
    let r = analyse_potency(csv.as_bytes(), &options).unwrap();
    let s = &r.relative_potency[0];
    assert!((s.estimate.unwrap() - 1.25).abs() < 0.03 && s.reportable);
    assert!(s.low.unwrap() < 1.25 && s.high.unwrap() > 1.25);
    assert!(r.suitable && r.outliers.is_empty());
    let slope: Vec<&vena_potency::report::Estimate> =
        r.parameters.iter().filter(|p| p.parameter == "slope").collect();
    assert_eq!(slope.len(), 2);
    assert!((slope[0].estimate - 2.0).abs() < 0.1 && slope[0].standard_error.unwrap() > 0.0);
    assert!((r.runs[0].curves[0].r_squared.unwrap() - 1.0).abs() < 0.05);
    let svg = potency_svg(&r, Lang::ZhTw);
    assert!(svg.matches("<circle").count() > 10 && !svg.contains("未擬合"));
    let options = PotencyOptions { assay: AssayKind::SlopeRatio, ..PotencyOptions::default() };
    assert!(analyse_potency(csv.as_bytes(), &options).unwrap().relative_potency[0].estimate.is_some());
}

/// Row Q15. Everything that must be refused, with the line or the reason in the message.
#[test]
fn refusals_say_why_and_where() {
    let head = "dose,response\n";
    for (csv, expected) in [
        ("", "empty"),
        ("\u{feff}\n\n", "empty"),
        ("dose,response\n", "no rows"),
        ("dose;response\n1;x\n", "line 2, column response: \"x\""),
        ("dose,response\n1,2\n3\n", "line 3: 1 fields"),
        ("dose,response\n-1,2\n", "line 2: the dose -1 is negative"),
        ("dose,response\n,2\n", "line 2, column dose: empty"),
        ("dose,response\n1,inf\n", "not a number"),
        ("dose,response\n1,1e200\n", "out of range"),
        ("dose,dose,response\n1,1,1\n", "twice"),
        ("time,response\n1,1\n", "no column for the dose"),
        ("dose,alpha,beta\n1,1,2\n", "several columns could be the response"),
        ("dose,response,well\n1,1,A1\n2,2,A2\n3,3,a1\n", "line 4: well a1"),
        ("dose,response,excluded\n1,1,maybe\n", "neither yes nor no"),
        ("dose,response,excluded\n1,1,yes\n", "no usable observation"),
        ("dose,response\n1,\n2,NA\n", "no usable observation"),
    ] {
        let text = refusal(csv);
        assert!(text.contains(expected), "{csv:?}: {text}");
    }
    let two_doses: String = (0..8).map(|k| format!("{},{}\n", 1 + k % 2, k)).collect();
    assert!(refusal(&format!("{head}{two_doses}")).contains("2 distinct doses"));
    let flat: String = (0..8).map(|k| format!("{},5\n", k + 1)).collect();
    assert!(refusal(&format!("{head}{flat}")).contains("all 8 responses are 5"));
    assert!(
        analyse_potency(b"dose,response\n\xff\xfe,1\n", &PotencyOptions::default())
            .unwrap_err()
            .to_string()
            .contains("line 2")
    );
    assert!(
        analyse_potency(b"d\0o\0s\0e\0", &PotencyOptions::default())
            .unwrap_err()
            .to_string()
            .contains("zero bytes")
    );
    let options = PotencyOptions { reference: Some("WHO".into()), ..PotencyOptions::default() };
    let csv = table(&[&REFERENCE], 0.1);
    assert!(analyse_potency(csv.as_bytes(), &options).unwrap_err().to_string().contains("it has: Reference"));
}

/// Row Q15. One sample that cannot be fitted does not take the others with it.
#[test]
fn a_bad_sample_stands_alone() {
    let sample = Preparation { name: "Lot 7", e: 20.0, ..REFERENCE };
    let mut csv = table(&[&REFERENCE, &sample], 0.05);
    for k in 0..8 {
        writeln!(csv, "Flat,{},1", k + 1).unwrap();
    }
    let r = analyse(&csv).unwrap();
    let by = |n: &str| r.relative_potency.iter().find(|s| s.sample == n).unwrap();
    assert!(by("Lot 7").estimate.is_some());
    assert!(by("Flat").estimate.is_none() && by("Flat").refusal.is_some());
    assert!(!r.suitable);
}

/// Row Q15. The picture in both languages, names escaped.
#[test]
fn picture_speaks_both_languages_and_escapes() {
    let sample = Preparation { name: "<b>&\"x\"", e: 20.0, ..REFERENCE };
    let mut csv = table(&[&REFERENCE, &sample], 0.05).replace("<b>&\"x\"", "<b>&x");
    csv.push_str("Reference,0,2.2\n");
    let r = analyse(&csv).unwrap();
    let (en, zh) = (potency_svg(&r, Lang::En), potency_svg(&r, Lang::ZhTw));
    assert!(en.contains("Dose-response curves") && zh.contains("劑量反應曲線"));
    assert!(!en.contains("<b>") && en.contains("&lt;b&gt;&amp;x"));
    assert_eq!(en.matches("class=\"ec50\"").count(), 2);
    assert!(r.flags.iter().any(|f| f.code == "dose-zero"));
    assert!(!en.contains("NaN") && !en.contains("inf"));
}

/// Row Q15. drc's own files, as they are, and the reference ratio in the report.
#[test]
fn drc_files_are_read_as_they_are() {
    let root = std::env::var_os("VENA_CONFORMANCE_DIR")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    for (file, dose, response, preparation) in [
        ("ryegrass.csv", "conc", "rootl", None),
        ("lettuce.csv", "conc", "weight", None),
        ("S.alba.csv", "Dose", "DryMatter", Some("Herbicide")),
    ] {
        let Ok(bytes) = std::fs::read(root.join("dose_response/csv").join(file)) else {
            println!("LEFT OUT: dose_response/csv/{file} is not here (set VENA_CONFORMANCE_DIR)");
            continue;
        };
        let r = analyse_potency(&bytes, &PotencyOptions::default()).unwrap();
        let c = &r.input.columns;
        assert_eq!(
            (c.dose.as_str(), c.response.as_str(), c.preparation.as_deref()),
            (dose, response, preparation)
        );
        if preparation.is_some() {
            let s = &r.relative_potency[0];
            assert_eq!((s.sample.as_str(), s.reference.as_str()), ("Glyphosate", "Bentazone"));
            assert_eq!(
                format!("{:.5} {:.5} {:.5}", s.estimate.unwrap(), s.low.unwrap(), s.high.unwrap()),
                "0.42540 0.34272 0.50808"
            );
            assert!(r.flags.iter().any(|f| f.code == "reference-not-named"));
        }
    }
}

/// Row Q15. More outliers than may be removed: none is, and the assay is not suitable.
#[test]
fn too_many_outliers_make_the_assay_unsuitable() {
    let clean = table(&[&REFERENCE], 0.02);
    let bent: String = clean
        .lines()
        .enumerate()
        .map(|(k, l)| {
            if k != 5 {
                return format!("{l}\n");
            }
            let (before, response) = l.rsplit_once(',').unwrap();
            format!("{before},{}\n", response.parse::<f64>().unwrap() + 0.6)
        })
        .collect();
    let options = PotencyOptions { outliers: OutlierHandling::Remove, ..PotencyOptions::default() };
    let one = analyse_potency(bent.as_bytes(), &options).unwrap();
    assert_eq!((one.outliers.len(), one.suitable), (1, true));
    let mut strict = options.clone();
    strict.method_toml = Some(vena_potency::method::RELATIVE_POTENCY.replace(
        "value = \"0.10\"\nunit = \"1\"\nen = \"Outlier",
        "value = \"0.01\"\nunit = \"1\"\nen = \"Outlier",
    ));
    let many = analyse_potency(bent.as_bytes(), &strict).unwrap();
    assert!(many.outliers.iter().all(|o| !o.removed) && !many.suitable);
    assert!(many.flags.iter().any(|f| f.code == "too-many-outliers"));
    assert_ne!(many.method.sha256, one.method.sha256);
}

/// Row Q15. More wells, preparations or runs than the working limits: refused before any fit.
#[test]
fn working_limits_are_refusals() {
    let many: String = (0..20_001).map(|k| format!("{},{}\n", k % 9, k % 7)).collect();
    assert!(refusal(&format!("dose,response\n{many}")).contains("20001 rows"));
    let named: String = (0..41).map(|k| format!("s{k},1,2\n")).collect();
    assert!(refusal(&format!("sample,dose,response\n{named}")).contains("41 preparations"));
}

/// Row Q15. A sample that is not parallel is fitted apart and changes no other sample's potency.
#[test]
fn a_sample_that_is_not_parallel_spoils_no_other() {
    let good = Preparation { name: "Good", e: 20.0, ..REFERENCE };
    let steep = Preparation { name: "Steep", b: 3.0, ..REFERENCE };
    let alone = analyse(&table(&[&REFERENCE, &good], 0.08)).unwrap();
    let both = analyse(&table(&[&REFERENCE, &good, &steep], 0.08)).unwrap();
    let potency = |r: &PotencyReport| {
        let s = r.relative_potency.iter().find(|s| s.sample == "Good").unwrap();
        (s.estimate, s.low, s.high, s.reportable)
    };
    assert_eq!(potency(&alone), potency(&both));
    assert_eq!(both.runs[0].shared.len(), 2);
    assert_eq!(both.runs[0].shared[1].curves, vec!["Reference", "Steep"]);
    let steep = both.relative_potency.iter().find(|s| s.sample == "Steep").unwrap();
    assert!(steep.estimate.is_some() && !steep.reportable);
}

/// Row Q15. Lines know weights and the outlier rule as curves do: one gross well is named, removed when
/// asked, and nearly silent when its weight is.
#[test]
fn lines_use_weights_and_the_outlier_rule() {
    let rows = |spoil: f64, weight: f64| {
        let mut csv = String::from("sample,dose,response,weights\n");
        let mut state = 5;
        for (name, potency) in [("Standard", 1.0), ("Lot 9", 1.25)] {
            for dose in [1.0, 2.0, 4.0, 8.0] {
                for replicate in 0..4 {
                    let n: f64 = noise(&mut state);
                    let spoilt = name == "Lot 9" && dose == 4.0 && replicate == 2;
                    let x: f64 = dose * potency;
                    let y = 3.0 + 2.0 * x.ln() + 0.05 * n + if spoilt { spoil } else { 0.0 };
                    writeln!(csv, "{name},{dose},{y},{}", if spoilt { weight } else { 1.0 }).unwrap();
                }
            }
        }
        csv
    };
    let analyse = |csv: &str, outliers: OutlierHandling| {
        let options =
            PotencyOptions { assay: AssayKind::ParallelLine, outliers, ..PotencyOptions::default() };
        analyse_potency(csv.as_bytes(), &options).unwrap()
    };
    let clean = analyse(&rows(0.0, 1.0), OutlierHandling::Name);
    assert!(clean.outliers.is_empty());
    let spoilt = rows(5.0, 1.0);
    let named = analyse(&spoilt, OutlierHandling::Name);
    assert_eq!(named.outliers.iter().map(|o| (o.line, o.removed)).collect::<Vec<_>>(), vec![(28, false)]);
    let removed = analyse(&spoilt, OutlierHandling::Remove);
    assert!(removed.outliers[0].removed && potency_svg(&removed, Lang::En).contains("class=\"removed\""));
    let light = analyse(&rows(5.0, 1e-9), OutlierHandling::Name);
    let estimate = |r: &PotencyReport| r.relative_potency[0].estimate.unwrap();
    assert!((estimate(&removed) / estimate(&light) - 1.0).abs() < 1e-6);
    assert!((estimate(&named) - estimate(&removed)).abs() > 0.05);
    assert!(light.flags.iter().all(|f| f.code != "weights-not-used"));
}

/// Row Q15. Lot, certificate and expiry of the standard stand in the result; an expired standard is said and
/// never suitable, an expiry without a day of the assay is not taken as kept, a date that is none is refused.
#[test]
fn expired_standard() {
    let sample = Preparation { name: "Lot 7", e: 20.0, ..REFERENCE };
    let csv = table(&[&REFERENCE, &sample], 0.08);
    let on = |expires_on: &str, day: Option<&str>| {
        let options = PotencyOptions {
            standard: Some(ReferenceStandard {
                name: "House standard".into(),
                lot: "RS-1".into(),
                source: "certificate 12".into(),
                expires_on: expires_on.into(),
                assigned_value: 1000.0,
                unit: "U/mL".into(),
            }),
            assayed_on: day.map(str::to_owned),
            ..PotencyOptions::default()
        };
        analyse_potency(csv.as_bytes(), &options)
    };
    let flagged = |r: &PotencyReport, code: &str| r.flags.iter().any(|f| f.code == code);
    let last_day = on("2026-03-31", Some("2026-03-31")).unwrap();
    assert!(last_day.suitable && !flagged(&last_day, "standard-expired"));
    let late = on("2026-03-31", Some("2026-04-01")).unwrap();
    assert!(!late.suitable && flagged(&late, "standard-expired"));
    let unknown = on("2026-03-31", None).unwrap();
    assert!(!unknown.suitable && flagged(&unknown, "standard-expiry-not-checked"));
    let json = serde_json::to_value(&late).unwrap();
    let standard = &json["relative_potency"][0]["assigned"]["standard"];
    assert_eq!(
        (&standard["lot"], &standard["source"], &standard["expires_on"]),
        (&"RS-1".into(), &"certificate 12".into(), &"2026-03-31".into())
    );
    for bad in ["31.03.2026", "2026-02-30", "20260331"] {
        assert!(matches!(on(bad, Some("2026-04-01")), Err(PotencyError::BadDate { .. })), "{bad}");
    }
}

/// Row Q15. Against a preparation that merely comes first in the alphabet nothing is reportable, and names
/// that differ in case only are said to be different.
#[test]
fn unnamed_reference_is_for_inspection() {
    let (a, b) = (Preparation { name: "A", ..REFERENCE }, Preparation { name: "B", e: 20.0, ..REFERENCE });
    let csv = table(&[&a, &b], 0.08);
    let r = analyse(&csv).unwrap();
    assert!(r.relative_potency[0].estimate.is_some() && !r.relative_potency[0].reportable);
    let named = PotencyOptions { reference: Some("A".into()), ..PotencyOptions::default() };
    assert!(analyse_potency(csv.as_bytes(), &named).unwrap().relative_potency[0].reportable);
    let mixed = csv.replacen("A,", "a,", 9);
    assert!(analyse(&mixed).unwrap().flags.iter().any(|f| f.code == "names-alike"));
}

/// Row Q15. Commas that may separate thousands, and points among decimal commas, are refused by line.
#[test]
fn thousands_are_not_fractions() {
    let csv = table(&[&REFERENCE], 0.08);
    let semicolons = csv.replace(',', ";");
    assert!(analyse(&semicolons).is_ok());
    let decimal_commas = semicolons.replace('.', ",");
    assert!(analyse(&decimal_commas).is_ok());
    let thousands: String = semicolons
        .lines()
        .map(|l| match l.rsplit_once(';') {
            Some((before, y)) if y.parse::<f64>().is_ok() => format!("{before};98,752\n"),
            _ => format!("{l}\n"),
        })
        .collect();
    assert!(refusal(&thousands).contains("thousands"), "{}", refusal(&thousands));
    let mut one_point: Vec<String> = decimal_commas.lines().map(str::to_owned).collect();
    one_point[3] = one_point[3].replacen(',', ".", 1);
    let words = refusal(&one_point.join("\n"));
    assert!(words.contains("line 4") && words.contains("decimal point"), "{words}");
}
