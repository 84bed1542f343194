//! Fits of the R package drc, where the outside data are at hand.
//!
//! drc stops its search when the sum of squares changes by less than 1e-7 of itself, so its printed
//! estimates differ from the true minimum in the sixth digit (b of ryegrass: 2.982219 against
//! 2.982229). The tests hold: our sum of squares is below drc's at drc's own estimates; a second
//! minimiser, written here with another parametrisation and started at drc's estimates, ends at ours
//! to eight digits; and each of drc's figures shares with that minimum the digits stated beside it,
//! no fewer. Where they are fewer than six (b and c of ryegrass 5.4 and 5.1, b of lettuce 5.9, b of
//! S.alba 5.4) the missing digits are drc's early stop and nothing else: our curve searched the way drc
//! searches (`drc_procedure`) stops at drc's figures, all of them, to eight digits and more.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod drc_procedure;

use std::path::PathBuf;
use vena_potency::curve::{CurveModel, CurveParameters, Observation};
use vena_potency::fit::{Information, fit_curve};
use vena_potency::joint::{Shared, fit_joint};
use vena_potency::relative::relative_potency;
use vena_potency::table::Table;

fn data(name: &str) -> Option<Vec<u8>> {
    let root = std::env::var_os("VENA_CONFORMANCE_DIR")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    let bytes = std::fs::read(root.join("dose_response/csv").join(name)).ok();
    if bytes.is_none() {
        println!("LEFT OUT: dose_response/csv/{name} is not here (set VENA_CONFORMANCE_DIR)");
    }
    bytes
}

fn observations(
    name: &str,
    dose: &str,
    response: &str,
    curve: Option<(&str, &str)>,
) -> Option<Vec<Observation>> {
    let table = Table::read(&data(name)?).unwrap();
    let (x, y) = (table.column_named(dose).unwrap(), table.column_named(response).unwrap());
    let of_curve = curve.map(|(column, value)| (table.column_named(column).unwrap(), value));
    Some(
        table
            .rows
            .iter()
            .filter(|r| of_curve.is_none_or(|(c, value)| table.text(r, c) == value))
            .map(|r| {
                Observation::new(table.number(r, x).unwrap().unwrap(), table.number(r, y).unwrap().unwrap())
            })
            .collect(),
    )
}

fn close(found: f64, expected: f64, relative: f64, what: &str) {
    assert!((found - expected).abs() <= relative * expected.abs(), "{what}: {found} against {expected}");
}

/// The function written a second time, from the paper: c + (d − c) / (1 + (x/e)^b).
fn response(b: f64, c: f64, d: f64, e: f64, log_dose: f64) -> f64 {
    if log_dose == f64::NEG_INFINITY { d } else { c + (d - c) / (1.0 + (log_dose.exp() / e).powf(b)) }
}

/// A minimiser that shares nothing with the crate's: Newton's steps with derivatives by differences,
/// from a start given, in the parameters as drc prints them.
fn newton<const N: usize>(rss: impl Fn(&[f64; N]) -> f64, start: [f64; N]) -> [f64; N] {
    let mut at = start;
    for _ in 0..60 {
        let h: [f64; N] = std::array::from_fn(|k| 1e-4 * at[k].abs().max(1e-3));
        let moved = |shifts: &[(usize, f64)]| {
            let mut p = at;
            shifts.iter().for_each(|&(k, by)| p[k] += by * h[k]);
            rss(&p)
        };
        let gradient = nalgebra::SVector::<f64, N>::from_fn(|i, _| {
            // Five points: the error is of the fourth order in h.
            (8.0 * (moved(&[(i, 1.0)]) - moved(&[(i, -1.0)])) - moved(&[(i, 2.0)]) + moved(&[(i, -2.0)]))
                / (12.0 * h[i])
        });
        let hessian = nalgebra::SMatrix::<f64, N, N>::from_fn(|i, j| {
            if i == j {
                (moved(&[(i, 1.0)]) - 2.0 * moved(&[]) + moved(&[(i, -1.0)])) / (h[i] * h[i])
            } else {
                (moved(&[(i, 1.0), (j, 1.0)]) - moved(&[(i, 1.0), (j, -1.0)]) - moved(&[(i, -1.0), (j, 1.0)])
                    + moved(&[(i, -1.0), (j, -1.0)]))
                    / (4.0 * h[i] * h[j])
            }
        });
        let step = hessian.cholesky().expect("a minimum curves upwards in every direction").solve(&gradient);
        for k in 0..N {
            at[k] -= step[k];
        }
        if (0..N).all(|k| step[k].abs() <= 1e-11 * at[k].abs()) {
            break;
        }
    }
    at
}

/// Digits two numbers share: −log10 of their relative difference.
fn digits(found: f64, expected: f64) -> f64 {
    -((found - expected).abs() / expected.abs()).max(1e-16).log10()
}

/// Our curve searched as drc searches: estimates (b, c, d, then e of each curve), their standard errors
/// and the sum of squares. The curves share b, c, d.
fn as_drc_does(curves: &[Vec<Observation>]) -> (Vec<f64>, Vec<f64>, f64) {
    let points: Vec<Vec<(f64, f64)>> =
        curves.iter().map(|c| c.iter().map(|o| (o.log_dose.exp(), o.response)).collect()).collect();
    let all = || points.iter().flatten();
    let dose_scale = drc_procedure::scale(&all().map(|p| p.0).collect::<Vec<_>>());
    let response_scale = drc_procedure::scale(&all().map(|p| p.1).collect::<Vec<_>>());
    let scaled: Vec<Vec<(f64, f64)>> = points
        .iter()
        .map(|c| c.iter().map(|(x, y)| (x / dose_scale, y / response_scale)).collect())
        .collect();
    let starts: Vec<[f64; 4]> = scaled.iter().map(|c| drc_procedure::start(c)).collect();
    let total = all().count() as f64;
    // What curves share starts at the mean of their own starts, each counted by its observations.
    let shared = |slot: usize| -> f64 {
        starts.iter().zip(&scaled).map(|(s, c)| s[slot] * c.len() as f64 / total).sum()
    };
    let mut from = vec![shared(0), shared(1), shared(2)];
    from.extend(starts.iter().map(|s| s[3]));
    let stopped = drc_procedure::search(
        |t| {
            let of_curve = |(k, curve): (usize, &Vec<(f64, f64)>)| -> f64 {
                let p = CurveParameters { b: t[0], c: t[1], d: t[2], e: t[3 + k], g: 1.0 };
                curve.iter().map(|(x, y)| (y - p.response(*x)).powi(2)).sum()
            };
            scaled.iter().enumerate().map(of_curve).sum()
        },
        &from,
    );
    let unit = |k: usize| [1.0, response_scale, response_scale].get(k).copied().unwrap_or(dose_scale);
    let variance = stopped.value / (total - from.len() as f64);
    let covariance = (stopped.hessian / (2.0 * variance)).try_inverse().unwrap();
    (
        stopped.at.iter().enumerate().map(|(k, p)| p * unit(k)).collect(),
        (0..from.len()).map(|k| covariance[(k, k)].sqrt() * unit(k)).collect(),
        stopped.value * response_scale * response_scale,
    )
}

/// Every figure of drc's, estimates and standard errors, to the digits stated.
fn stops_where_drc_does(file: &str, curves: &[Vec<Observation>], drc: &[f64], errors: &[f64], rss: f64) {
    let (found, found_errors, found_rss) = as_drc_does(curves);
    assert!(digits(found_rss, rss) > 12.0, "{file}: {found_rss} against {rss}");
    for k in 0..drc.len() {
        let (estimate, error) = (digits(found[k], drc[k]), digits(found_errors[k], errors[k]));
        println!(
            "{file} parameter {k}: drc's search on our curve shares {estimate:.1} and {error:.1} digits"
        );
        assert!(estimate > 8.0, "{file} {k}: {} against {}", found[k], drc[k]);
        assert!(error > 7.0, "{file} {k}: {} against {}", found_errors[k], errors[k]);
    }
}

struct Single {
    file: &'static str,
    columns: (&'static str, &'static str),
    drc: [f64; 4],
    drc_errors: [f64; 4],
    drc_rss: f64,
    /// Digits in which drc's estimate agrees with the true minimum, rounded down to a tenth.
    shared_digits: [f64; 4],
}

/// Row Q15. drc 3.2.0 LL.4: ryegrass and lettuce (dose 0 in both). For each of drc's figures the digits
/// it shares with the minimum are stated; where they are fewer than six, drc stopped before the
/// minimum: its sum of squares is above ours, and a second minimiser started at drc's own estimates
/// leaves them and ends at ours.
#[test]
fn single_curves_agree_with_drc() {
    for case in [
        Single {
            file: "ryegrass.csv",
            columns: ("conc", "rootl"),
            drc: [2.98221907127508, 0.48141318844625, 7.79295832369992, 3.05795496654805],
            drc_errors: [0.465062325661674, 0.212192438346689, 0.188567211741674, 0.185731326889108],
            drc_rss: 5.40021462843058,
            shared_digits: [5.4, 5.1, 6.2, 7.1],
        },
        Single {
            file: "lettuce.csv",
            columns: ("conc", "weight"),
            drc: [1.38331357919456, 0.372179957505424, 1.10107126429902, 8.60712453983239],
            drc_errors: [0.647269665395999, 0.141192584127178, 0.0642311189713195, 5.17552528491334],
            drc_rss: 0.207075016870243,
            shared_digits: [5.9, 6.2, 7.2, 6.3],
        },
    ] {
        let Some(o) = observations(case.file, case.columns.0, case.columns.1, None) else {
            continue;
        };
        let fit = fit_curve(CurveModel::FourParameter, &o, Information::Observed).unwrap();
        let p = fit.parameters;
        let rss = |q: &[f64; 4]| -> f64 {
            o.iter().map(|o| (o.response - response(q[0], q[1], q[2], q[3], o.log_dose)).powi(2)).sum()
        };
        let ours = [p.b, p.c, p.d, p.e];
        close(rss(&case.drc), case.drc_rss, 1e-12, "drc's sum of squares from drc's estimates");
        assert!(rss(&ours) < rss(&case.drc), "{}: ours {} drc {}", case.file, rss(&ours), rss(&case.drc));
        close(fit.rss, case.drc_rss, 1e-8, "residual sum of squares");
        stops_where_drc_does(case.file, std::slice::from_ref(&o), &case.drc, &case.drc_errors, case.drc_rss);
        let second = newton(rss, case.drc);
        for k in 0..4 {
            assert!(digits(ours[k], second[k]) > 8.0, "{}: {} against {}", case.file, ours[k], second[k]);
            let shared = digits(ours[k], case.drc[k]);
            println!("{} parameter {k}: shares {shared:.2} digits with drc", case.file);
            let stated = case.shared_digits[k];
            assert!((stated..stated + 0.3).contains(&shared), "{} {k}: {shared} digits", case.file);
            close(fit.standard_error(k), case.drc_errors[k], 3e-5, "standard error");
        }
    }
}

/// Row Q15. S.alba: b, c, d shared, own e; relative potency 0.42540 (0.34272 to 0.50808). The same
/// proof of the minimum as above.
#[test]
fn shared_curves_and_relative_potency_agree_with_drc() {
    let file = "S.alba.csv";
    let Some(bentazone) = observations(file, "Dose", "DryMatter", Some(("Herbicide", "Bentazone"))) else {
        return;
    };
    let glyphosate = observations(file, "Dose", "DryMatter", Some(("Herbicide", "Glyphosate"))).unwrap();
    let curves = [bentazone, glyphosate];
    let fit = fit_joint(CurveModel::FourParameter, &curves, Shared::PARALLEL, Information::Observed).unwrap();
    let (p, q) = (fit.curves[0], fit.curves[1]);
    assert_eq!((p.b, p.c, p.d), (q.b, q.c, q.d));
    assert_eq!(fit.residual_df, 63);
    let drc = [3.86417857583615, 0.753659890265269, 3.82486364597736, 28.4831372788439, 66.9563739073617];
    let errors =
        [0.767621857789918, 0.087187561560288, 0.0792483581917719, 1.9212494957257, 5.48787573520219];
    let rss = |t: &[f64; 5]| -> f64 {
        let of_curve = |curve: &[Observation], e: f64| -> f64 {
            curve.iter().map(|o| (o.response - response(t[0], t[1], t[2], e, o.log_dose)).powi(2)).sum()
        };
        of_curve(&curves[0], t[3]) + of_curve(&curves[1], t[4])
    };
    let ours = [p.b, p.c, p.d, p.e, q.e];
    close(rss(&drc), 9.49457586347146, 1e-12, "drc's sum of squares from drc's estimates");
    assert!(rss(&ours) < rss(&drc));
    stops_where_drc_does(file, &curves, &drc, &errors, 9.49457586347146);
    let second = newton(rss, drc);
    for (k, stated) in [5.4, 6.9, 6.7, 6.8, 6.0].into_iter().enumerate() {
        assert!(digits(ours[k], second[k]) > 8.0, "{k}: {} against {}", ours[k], second[k]);
        let shared = digits(ours[k], drc[k]);
        println!("{file} parameter {k}: shares {shared:.2} digits with drc");
        assert!((stated..stated + 0.3).contains(&shared), "{k}: {shared} digits");
        let error = if k == 4 { fit.standard_error(1, 3) } else { fit.standard_error(0, k) };
        close(error.unwrap(), errors[k], 3e-5, "standard error");
    }
    let potency = relative_potency(&fit, &curves, 0, 1, 0.95);
    println!("{potency:?}");
    assert_eq!(format!("{:.5}", potency.estimate), "0.42540");
    assert_eq!(format!("{:.5}", potency.delta.low.unwrap()), "0.34272");
    assert_eq!(format!("{:.5}", potency.delta.high.unwrap()), "0.50808");
    // drc computes the ratio from estimates that stop short of the minimum.
    close(potency.estimate, 0.425398444041371, 2e-6, "ratio");
    let (stopped, _, _) = as_drc_does(&curves);
    close(stopped[3] / stopped[4], 0.425398444041371, 1e-8, "drc's ratio from drc's search");
    for interval in [potency.fieller, potency.profile_likelihood, potency.delta_log] {
        let (low, high) = (interval.low.unwrap(), interval.high.unwrap());
        assert!(low > 0.3 && low < potency.estimate && high > potency.estimate && high < 0.6);
    }
}
