//! qPCR tables from bytes to report.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fmt::Write;

use vena_base::Lang;
use vena_potency::method::{Method, Outcome, QPCR, RELATIVE_POTENCY};
use vena_potency::qpcr::{AbsenceKind, AbsenceTest, Call, QuantityStatus, ResidualDna, VectorCopies};
use vena_potency::{QpcrOptions, QpcrReport, analyse_qpcr, qpcr_svg};

/// Cq of a quantity on a curve of 100 % efficiency.
fn cq(quantity: f64) -> f64 {
    38.0 - quantity.log2()
}

fn standards(target: &str, csv: &mut String) {
    for (k, q) in [1e6, 1e5, 1e4, 1e3, 1e2, 1e1].into_iter().enumerate() {
        for (j, wobble) in [-0.06, 0.01, 0.05].into_iter().enumerate() {
            writeln!(
                csv,
                "{target}-S{k}{j},S{k},standard,{target},{q},{}",
                cq(q) + wobble * if k % 2 == 0 { 1.0 } else { -1.0 }
            )
            .unwrap();
        }
    }
    writeln!(csv, "{target}-N1,NTC,ntc,{target},,Undetermined").unwrap();
}

fn header() -> String {
    "well,sample,task,target,quantity (copies),Cq\n".to_string()
}

fn analyse(csv: &str, options: &QpcrOptions) -> QpcrReport {
    analyse_qpcr(csv.as_bytes(), options).unwrap()
}

/// Row Q7. Efficiency, R² and an unknown read back with an interval.
#[test]
fn standard_curve_and_unknown() {
    let mut csv = header();
    standards("Alu", &mut csv);
    for (w, d) in [("A1", -0.02), ("A2", 0.03), ("A3", 0.0)] {
        writeln!(csv, "{w},Lot 1,unknown,Alu,,{}", cq(2500.0) + d).unwrap();
    }
    let r = analyse(&csv, &QpcrOptions::default());
    let c = &r.curves[0];
    assert!((c.efficiency.unwrap() - 1.0).abs() < 0.02, "{:?}", c.efficiency);
    let (low, high) = c.efficiency_interval.unwrap();
    assert!(low < 1.0 && 1.0 < high && low < high);
    let line = c.line.as_ref().unwrap();
    assert!(line.r_squared > 0.999 && (line.slope + std::f64::consts::LOG2_10).abs() < 0.05);
    let s = &r.samples[0];
    assert_eq!(s.status, QuantityStatus::Quantified);
    assert!((s.quantity.unwrap() / 2500.0 - 1.0).abs() < 0.05);
    assert!(s.interval.low.unwrap() < 2500.0 && 2500.0 < s.interval.high.unwrap());
    assert!(r.suitable, "{:?}", r.suitability);
    assert_eq!(r.quantity_unit.as_deref(), Some("copies"));
}

/// Row Q7. Undetermined is censored: no number, no zero, no mean over the others.
#[test]
fn undetermined_is_never_a_number() {
    let mut csv = header();
    standards("Alu", &mut csv);
    csv.push_str("B1,Clean,unknown,Alu,,Undetermined\nB2,Clean,unknown,Alu,,No Ct\n");
    csv.push_str("C1,Mixed,unknown,Alu,,36.9\nC2,Mixed,unknown,Alu,,NaN\n");
    let r = analyse(&csv, &QpcrOptions::default());
    for (k, status) in [QuantityStatus::NotDetected, QuantityStatus::PartlyDetected].into_iter().enumerate() {
        let s = &r.samples[k];
        assert_eq!((s.status, s.quantity, s.cq_mean), (status, None, None));
    }
    let flag = r.flags.iter().find(|f| f.code == "undetermined").unwrap();
    assert_eq!(flag.lines.len(), 4);
}

/// Row Q7. A standard level with a silent replicate leaves the line and stays in the hits.
#[test]
fn silent_standard_leaves_the_line() {
    let mut csv = header();
    standards("Alu", &mut csv);
    csv.push_str("X1,S9,standard,Alu,1,37.2\nX2,S9,standard,Alu,1,Undetermined\nX3,S9,standard,Alu,1,37.4\n");
    let r = analyse(&csv, &QpcrOptions::default());
    let c = &r.curves[0];
    assert_eq!(c.levels_left_out, vec![1.0]);
    assert_eq!(c.line.as_ref().unwrap().levels, 6);
    let hit = c.hits.last().unwrap();
    assert_eq!((hit.amount, hit.positive, hit.tested), (1.0, 2, 3));
    assert!(c.poisson.is_some());
    assert!(
        c.probit.is_none() && c.probit_refusal.as_ref().unwrap().en.contains("slope cannot be estimated")
    );
}

/// Row Q7. Residual DNA per dose: at the limit, beyond it, with something missing, not detected.
#[test]
fn residual_dna_per_dose() {
    let mut csv = header();
    standards("Alu", &mut csv);
    csv.push_str(&format!("D1,Lot 1,unknown,Alu,,{}\n", cq(1000.0)));
    csv.push_str("E1,Lot 2,unknown,Alu,,Undetermined\n");
    csv.push_str(&format!("F1,Lot 3,unknown,Alu,,{}\nF2,Lot 3,unknown,Alu,,Undetermined\n", cq(1000.0)));
    let options = |dose_ml: Option<f64>| QpcrOptions {
        residual_dna: Some(ResidualDna {
            target: None,
            nanograms_per_quantity_unit: Some(1e-3),
            product_ml_per_well: Some(1.0),
            dose_ml,
        }),
        ..QpcrOptions::default()
    };
    let verdict = |r: &QpcrReport, lot: &str| {
        r.suitability.iter().find(|v| v.criterion.id == "residual-dna" && v.subject == lot).unwrap().outcome
    };
    let r = analyse(&csv, &options(Some(5.0)));
    assert!((r.residual_dna[0].ng_per_dose.unwrap() - 5.0).abs() < 0.3);
    assert_eq!(verdict(&r, "Lot 1"), Outcome::Met);
    let clean = &r.residual_dna[1];
    assert!(clean.at_most && (clean.ng_per_dose.unwrap() - 0.05).abs() < 1e-9);
    assert_eq!((verdict(&r, "Lot 2"), clean.interval.low), (Outcome::Met, None));
    // One well silent, the other well inside the curve: nothing bounds it.
    assert_eq!((r.residual_dna[2].ng_per_dose, verdict(&r, "Lot 3")), (None, Outcome::NotAssessable));
    assert_eq!(verdict(&analyse(&csv, &options(Some(15.0))), "Lot 1"), Outcome::NotMet);
    let missing = analyse(&csv, &options(None));
    assert_eq!(verdict(&missing, "Lot 1"), Outcome::NotAssessable);
    assert_eq!(missing.residual_dna[0].missing[0].en, "millilitres per dose");
}

/// Row Q14. Vector copies per cell by the reference gene, and per transduced cell.
#[test]
fn vector_copies_per_cell() {
    let mut csv = header();
    standards("WPRE", &mut csv);
    standards("ALB", &mut csv);
    writeln!(csv, "G1,Lot 1,unknown,WPRE,,{}", cq(3000.0)).unwrap();
    writeln!(csv, "G2,Lot 1,unknown,ALB,,{}", cq(4000.0)).unwrap();
    writeln!(csv, "H1,Lot 2,unknown,WPRE,,{}", cq(3000.0)).unwrap();
    let options = QpcrOptions {
        vector_copies: Some(VectorCopies {
            vector_target: "WPRE".into(),
            reference_target: "ALB".into(),
            transduced_fraction: Some(0.5),
        }),
        ..QpcrOptions::default()
    };
    let r = analyse(&csv, &options);
    let v = &r.vector_copies[0];
    assert!((v.copies_per_cell.unwrap() - 1.5).abs() < 0.05);
    assert!((v.copies_per_transduced_cell.unwrap() - 3.0).abs() < 0.1);
    assert!(v.interval.low.unwrap() < 1.5 && 1.5 < v.interval.high.unwrap());
    assert!(r.vector_copies[1].refusal.as_ref().unwrap().en.contains("reference gene"));
    assert!(!r.suitable);
}

/// Rows Q7, Q14. Cut-off: at it positive, above it negative, and no negative without the control.
#[test]
fn cut_off_and_internal_control() {
    let csv = "sample,task,target,Cq\n\
        at,unknown,myco,38.0\nat,unknown,ic,25\n\
        above,unknown,myco,38.01\nabove,unknown,ic,25\n\
        silent,unknown,myco,Undetermined\nsilent,unknown,ic,Undetermined\n\
        bare,unknown,myco,Undetermined\n\
        loud,unknown,myco,30\nloud,unknown,ic,Undetermined\n";
    let options = QpcrOptions {
        cut_off_cq: Some(38.0),
        internal_control_target: Some("ic".into()),
        ..QpcrOptions::default()
    };
    let r = analyse(csv, &options);
    let call = |sample: &str| {
        r.samples.iter().find(|s| s.sample == sample && s.target == "myco").unwrap().call.unwrap()
    };
    assert_eq!(
        ["at", "above", "silent", "bare", "loud"].map(call),
        [Call::Positive, Call::Negative, Call::NotAssessable, Call::NotAssessable, Call::Positive]
    );
}

/// Row Q7. A blank with amplification fails the run.
#[test]
fn amplified_blank_fails() {
    let mut csv = header();
    standards("Alu", &mut csv);
    let clean = analyse(&csv, &QpcrOptions::default());
    assert!(clean.suitable);
    csv.push_str("Z9,NTC,ntc,Alu,,39.5\n");
    let r = analyse(&csv, &QpcrOptions::default());
    let v = r.suitability.iter().find(|v| v.criterion.id == "no-template-control").unwrap();
    assert_eq!((v.outcome, v.value), (Outcome::NotMet, Some(1.0)));
}

/// Row Q7. Refusals name the line.
#[test]
fn refusals() {
    for (csv, expected) in [
        ("sample,quantity\nx,1\n", "no column for the Cq"),
        ("sample,Cq\nx,0\n", "line 2: a Cq of 0"),
        ("sample,Cq\nx,-3\n", "line 2: a Cq of -3"),
        ("sample,Cq\nx,twelve\n", "\"twelve\" is not a number"),
        ("sample,task,Cq\nx,wizard,20\n", "line 2: the task \"wizard\""),
        ("sample,task,quantity,Cq\nx,standard,0,20\n", "needs a quantity above 0"),
        ("well,Cq\nA1,20\na1,21\n", "line 3: well a1"),
        ("sample,Cq\nx,\n", "no usable well"),
    ] {
        let text = analyse_qpcr(csv.as_bytes(), &QpcrOptions::default()).unwrap_err().to_string();
        assert!(text.contains(expected), "{csv:?}: {text}");
    }
    let options = QpcrOptions { internal_control_target: Some("ic".into()), ..QpcrOptions::default() };
    assert!(analyse_qpcr(b"sample,Cq\nx,20\n", &options).is_err());
    let options = QpcrOptions { cut_off_cq: Some(-1.0), ..QpcrOptions::default() };
    assert!(analyse_qpcr(b"sample,Cq\nx,20\n", &options).is_err());
}

/// Rows Q7, Q14, Q15. Every limit of the method files turns exactly where the file says, and a
/// missing value meets none.
#[test]
fn every_criterion_at_below_and_above_its_limit() {
    for text in [QPCR, RELATIVE_POTENCY] {
        let method = Method::parse(text).unwrap();
        assert!(!method.criteria.is_empty());
        for c in &method.criteria {
            let step = c.limit.abs().max(1.0) * 1e-9;
            let outcome = |value: Option<f64>| {
                let all = method.judge("x", &[(c.measure.as_str(), value)]);
                all.into_iter().find(|v| v.criterion.id == c.id).unwrap().outcome
            };
            let (below, at, above) = match c.comparison.sign() {
                "≥" => (Outcome::NotMet, Outcome::Met, Outcome::Met),
                "≤" => (Outcome::Met, Outcome::Met, Outcome::NotMet),
                "<" => (Outcome::Met, Outcome::NotMet, Outcome::NotMet),
                _ => (Outcome::NotMet, Outcome::NotMet, Outcome::Met),
            };
            let found = [Some(c.limit - step), Some(c.limit), Some(c.limit + step), None].map(outcome);
            assert_eq!(found, [below, at, above, Outcome::NotAssessable], "{}", c.id);
            assert!(!c.label.en.is_empty() && !c.label.zh_tw.is_empty());
        }
    }
}

/// Row Q7. The picture in both languages; a sample below detection is said, not drawn at 0.
#[test]
fn picture() {
    let mut csv = header();
    standards("A<u", &mut csv);
    writeln!(csv, "A1,Lot 1,unknown,A<u,,{}", cq(2500.0)).unwrap();
    csv.push_str("B1,Clean,unknown,A<u,,Undetermined\n");
    let r = analyse(&csv, &QpcrOptions::default());
    let (en, zh) = (qpcr_svg(&r, Lang::En), qpcr_svg(&r, Lang::ZhTw));
    assert!(en.contains("1 not detected") && zh.contains("1 個未檢出") && zh.contains("標準曲線"));
    assert_eq!(en.matches("class=\"sample\"").count(), 1);
    assert!(en.contains("A&lt;u") && !en.contains("A<u") && !en.contains("NaN"));
}

/// Rows Q14, L4. Replication-competent virus: 10 negative wells of 300 mL in all suffice for 1 in
/// 100 mL (299.6 mL); 299 mL do not, and without the volume there is no verdict. One positive well is
/// a finding whatever is missing.
#[test]
fn replication_competent_virus_needs_its_volume() {
    let csv = |cq: &str| {
        let mut csv = String::from("sample,target,task,cq\n");
        for k in 0..10 {
            csv += &format!("Lot 7,rcl,unknown,{}\n", if k == 3 { cq } else { "Undetermined" });
        }
        csv
    };
    let analyse = |csv: &str, volume_ml: Option<f64>| {
        let kind = AbsenceKind::ReplicationCompetentVirus;
        let absence = Some(AbsenceTest { kind, volume_ml, target: None });
        analyse_qpcr(csv.as_bytes(), &QpcrOptions { absence, ..QpcrOptions::default() }).unwrap()
    };
    let outcome =
        |r: &QpcrReport, id: &str| r.suitability.iter().find(|v| v.criterion.id == id).unwrap().outcome;
    let none = csv("Undetermined");
    for (volume, call, met) in [
        (Some(300.0), Call::Negative, Outcome::Met),
        (Some(299.0), Call::NotAssessable, Outcome::NotMet),
        (None, Call::NotAssessable, Outcome::NotAssessable),
    ] {
        let r = analyse(&none, volume);
        assert_eq!((r.absence[0].positive, r.absence[0].tested, r.absence[0].call), (0, 10, call));
        assert_eq!(outcome(&r, "absence-volume"), met);
    }
    let enough = analyse(&none, Some(300.0));
    // 0 of 10: at most 25.9 % of wells, −ln(1 − 0.2589) × 10 / 300 per mL.
    let upper = enough.absence[0].concentration_upper.unwrap();
    assert!((upper - 2.995_732_273_553_991 / 300.0).abs() < 1e-12, "{upper}");
    assert!((enough.absence[0].finding.proportion_upper - 0.258_865_5).abs() < 1e-6);
    let found = analyse(&csv("31.2"), None);
    assert_eq!((found.absence[0].call, found.absence[0].positive), (Call::Positive, 1));
    assert_eq!(outcome(&found, "absence"), Outcome::NotMet);
    assert!(!found.suitable);
}

/// Rows Q14, L4. Mycoplasma: the standards (CFU/mL) must show 10 CFU/mL; the cut-off decides; without
/// the internal control's amplification nothing is negative.
#[test]
fn mycoplasma_by_amplification() {
    let csv = |lowest: f64, control: &str| {
        let mut csv = String::from("sample,target,task,quantity (CFU/mL),cq\n");
        for (level, hits) in [(1.0, 4), (3.0, 14), (10.0, 24), (100.0, 24)] {
            for k in 0..24 {
                let cq =
                    if k < hits { format!("{}", 38.0 - f64::log2(level)) } else { "Undetermined".into() };
                csv += &format!("std,myco,standard,{},{cq}\n", level * lowest);
            }
        }
        csv + &format!(
            "Lot 7,myco,unknown,,39.5\nLot 7,myco,unknown,,Undetermined\nLot 7,ic,unknown,,{control}\n"
        )
    };
    let analyse = |csv: &str| {
        let absence = Some(AbsenceTest { volume_ml: Some(0.2), ..AbsenceTest::default() });
        let options = QpcrOptions {
            absence,
            cut_off_cq: Some(38.0),
            internal_control_target: Some("ic".into()),
            ..QpcrOptions::default()
        };
        analyse_qpcr(csv.as_bytes(), &options).unwrap()
    };
    let limit = |r: &QpcrReport| {
        r.suitability.iter().find(|v| v.criterion.id == "mycoplasma-detection-limit").unwrap().clone()
    };
    let good = analyse(&csv(1.0, "25"));
    assert_eq!((good.absence.len(), good.absence[0].call), (1, Call::Negative));
    assert!(limit(&good).outcome == Outcome::Met && limit(&good).value.unwrap() < 10.0);
    assert_eq!(limit(&analyse(&csv(20.0, "25"))).outcome, Outcome::NotMet);
    let failed = analyse(&csv(1.0, "Undetermined"));
    assert_eq!(failed.absence[0].call, Call::NotAssessable);
    assert!(failed.absence[0].missing[0].zh_tw.contains("內部對照"));
}

/// Rows Q7, Q12. The limit of detection is that of the decision: a standard that amplifies after the
/// cut-off is no hit (it stays a point of the line), as it would be none in a sample. Where the hits jump
/// from none to all, the lowest level found in enough tests is the limit shown.
#[test]
fn limit_of_detection_follows_the_cut_off() {
    let mut csv = header();
    for (level, cq) in [(1000.0, 28.0), (100.0, 31.4), (10.0, 34.8), (1.0, 38.3)] {
        for k in 0..24 {
            let wobble = 0.01 * f64::from(k % 5);
            writeln!(csv, "M{level}-{k},S,standard,myco,{level},{}", cq + wobble).unwrap();
        }
    }
    writeln!(csv, "N1,NTC,ntc,myco,,Undetermined\nA1,Lot 1,unknown,myco,,Undetermined").unwrap();
    let test = |cut_off: Option<f64>| QpcrOptions {
        cut_off_cq: cut_off,
        absence: Some(AbsenceTest { volume_ml: Some(1.0), ..AbsenceTest::default() }),
        ..QpcrOptions::default()
    };
    let limit = |r: &QpcrReport| r.curves[0].hit_rate.map(|h| (h.limit, h.positive, h.tested));
    let verdict = |r: &QpcrReport| {
        r.suitability.iter().find(|v| v.criterion.id == "mycoplasma-detection-limit").unwrap().outcome
    };
    let open = analyse(&csv, &test(None));
    assert_eq!((limit(&open), verdict(&open)), (Some((1.0, 24, 24)), Outcome::Met));
    let cut = analyse(&csv, &test(Some(37.0)));
    assert_eq!((limit(&cut), verdict(&cut)), (Some((10.0, 24, 24)), Outcome::Met));
    assert_eq!(cut.curves[0].hits.last().map(|h| (h.amount, h.positive)), Some((1.0, 0)));
    assert_eq!(cut.curves[0].points.len(), 96);
    assert!(cut.curves[0].probit.is_none() && cut.curves[0].probit_refusal.is_some());
    let late = analyse(&csv, &test(Some(33.0)));
    assert_eq!((limit(&late), verdict(&late)), (Some((100.0, 24, 24)), Outcome::NotMet));
    let few: String = csv.lines().filter(|l| !l.contains("-7,")).map(|l| format!("{l}\n")).collect();
    let few = analyse(&few, &test(Some(37.0)));
    assert_eq!((limit(&few), verdict(&few)), (None, Outcome::NotAssessable));
}
