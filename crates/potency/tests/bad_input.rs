//! Dose-response tables that cannot carry a result, for curves of four and five parameters and for lines
//! alike: refused or not reportable, each with its reason in both languages; never a number in silence.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::Write;

use vena_base::Lang;
use vena_potency::curve::CurveModel;
use vena_potency::method::Outcome;
use vena_potency::report::AssayKind;
use vena_potency::{PotencyError, PotencyOptions, PotencyReport, analyse_potency};

const KINDS: [(AssayKind, CurveModel); 4] = [
    (AssayKind::Curves, CurveModel::FourParameter),
    (AssayKind::Curves, CurveModel::FiveParameter),
    (AssayKind::ParallelLine, CurveModel::FourParameter),
    (AssayKind::SlopeRatio, CurveModel::FourParameter),
];

fn analyse(csv: &str, (assay, model): (AssayKind, CurveModel)) -> Result<PotencyReport, PotencyError> {
    analyse_potency(csv.as_bytes(), &PotencyOptions { assay, model, ..PotencyOptions::default() })
}

/// Rows of two preparations by a response function of preparation (0 or 1), dose and replicate.
fn table(doses: &[f64], response: impl Fn(usize, f64, usize) -> f64) -> String {
    let mut csv = String::from("sample,dose,response\n");
    for (k, name) in ["Reference", "Lot"].into_iter().enumerate() {
        for dose in doses {
            for replicate in 0..3 {
                writeln!(csv, "{name},{dose},{}", response(k, *dose, replicate)).unwrap();
            }
        }
    }
    csv
}

fn refused(csv: &str, kind: (AssayKind, CurveModel), expected: &str) {
    let error = analyse(csv, kind).map(|r| format!("{:?}", r.relative_potency)).unwrap_err();
    assert!(error.to_string().contains(expected), "{kind:?}: {error}");
    assert!(error.message(Lang::ZhTw).chars().any(|c| c > '\u{4e00}'), "{error}");
}

/// A little scatter that is the same every time.
fn wobble(dose: f64, replicate: usize) -> f64 {
    0.05 * ((dose * 7.3 + replicate as f64 * 2.1).sin())
}

/// Row Q15. All responses equal: no curve and no line.
#[test]
fn equal_responses() {
    let csv = table(&[1.0, 3.0, 10.0, 30.0, 100.0, 300.0], |_, _, _| 5.0);
    for kind in KINDS {
        let expected =
            if kind.0 == AssayKind::Curves { "responses are 5" } else { "all responses are equal" };
        refused(&csv, kind, expected);
    }
}

/// Row Q15. Nothing but dose 0: no curve; on a logarithmic axis not one point.
#[test]
fn dose_zero_only() {
    let csv = table(&[0.0], |k, _, r| 5.0 + k as f64 + 0.1 * r as f64);
    for kind in KINDS {
        refused(&csv, kind, "distinct doses");
    }
}

/// Row Q15. Two doses: too few for a curve. A line can be drawn through two and cannot be shown to be
/// straight, so it is not suitable.
#[test]
fn two_doses_only() {
    let csv = table(&[1.0, 10.0], |k, d, r| 2.0 + 3.0 * d.ln() + k as f64 + wobble(d, r));
    for kind in KINDS {
        if kind.0 == AssayKind::Curves {
            refused(&csv, kind, "2 distinct doses");
            continue;
        }
        let r = analyse(&csv, kind).unwrap();
        let levels = r.suitability.iter().find(|v| v.criterion.id == "line-dose-levels").unwrap();
        assert_eq!((levels.outcome, levels.value), (Outcome::NotMet, Some(2.0)));
        assert!(!r.suitable);
    }
}

/// Row Q15. A sample that runs the other way: named, and never reportable.
#[test]
fn reversed_sample() {
    let doses = [1.0, 3.0, 10.0, 30.0, 100.0, 300.0];
    let curve = table(&doses, |k, d, r| {
        let share = 1.0 / (1.0 + (d / 15.0f64).powf(1.2));
        1.0 + 8.0 * if k == 0 { share } else { 1.0 - share } + wobble(d, r)
    });
    let line = table(&doses, |k, d, r| 20.0 + if k == 0 { 2.0 } else { -2.0 } * d.ln() + wobble(d, r));
    for kind in KINDS {
        let csv = if kind.0 == AssayKind::Curves { &curve } else { &line };
        // A slope-ratio assay has no parallelism; its refusal is the doses' scale.
        if kind.0 == AssayKind::SlopeRatio {
            continue;
        }
        let r = analyse(csv, kind).unwrap();
        assert!(!r.relative_potency[0].reportable, "{kind:?}");
        assert!(r.flags.iter().any(|f| matches!(f.code, "reversed-curve" | "not-parallel")), "{kind:?}");
        assert!(!r.suitable || r.relative_potency[0].estimate.is_none());
    }
}

/// Row Q15. The same well twice is refused with both lines; on another plate it is another well.
#[test]
fn duplicate_wells() {
    let mut csv = String::from("plate,well,sample,dose,response\n");
    for (k, dose) in [1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1.0, 3.0].into_iter().enumerate() {
        writeln!(csv, "1,A{k},Reference,{dose},{}", 9.0 / (1.0 + dose / 12.0) + wobble(dose, k)).unwrap();
    }
    for kind in KINDS {
        refused(
            &format!("{csv}1,a3,Reference,10,4\n"),
            kind,
            "line 10: well a3 of plate \"1\" was already read on line 5",
        );
    }
    assert!(analyse(&format!("{csv}2,A3,Reference,10,4.9\n"), KINDS[0]).is_ok());
}

/// Row Q15. A response of 0 has no logarithm; asked for one, the assay is refused and the reason given.
#[test]
fn no_logarithm_of_zero() {
    let csv =
        table(&[1.0, 3.0, 10.0, 30.0], |_, d, r| if d < 2.0 && r == 0 { 0.0 } else { d + wobble(d, r) });
    for assay in [AssayKind::ParallelLine, AssayKind::SlopeRatio] {
        let options = PotencyOptions { assay, log_response: true, ..PotencyOptions::default() };
        let error = analyse_potency(csv.as_bytes(), &options).unwrap_err();
        assert!(
            error.to_string().contains("no logarithm") && error.message(Lang::ZhTw).contains("無對數"),
            "{error}"
        );
    }
}

/// Row Q15. One dose far out of range, or a response beyond what a number can carry.
#[test]
fn absurd_numbers() {
    let head = "dose,response\n";
    for (row, expected) in [
        ("1e400,1", "out of range"),
        ("1,1e200", "out of range"),
        ("1,-inf", "not a number"),
        ("nan,1", "empty"),
        ("1e-320,1", "out of range"),
    ] {
        for kind in KINDS {
            refused(&format!("{head}{row}\n"), kind, expected);
        }
    }
}
