//! Tests of the straight lines: dilutions, parallelism, weights, refusals.
#![allow(clippy::unwrap_used)]
use super::*;

fn line(intercept: f64, slope: f64, doses: &[f64], log: bool) -> Vec<LinePoint> {
    let mut out = Vec::new();
    for (k, d) in doses.iter().enumerate() {
        let x = if log { d.ln() } else { *d };
        for (j, noise) in [-0.05, 0.05].into_iter().enumerate() {
            let flip = if (k + j) % 3 == 0 { 1.0 } else { 0.7 };
            out.push(LinePoint { x, y: intercept + slope * x + noise * flip, weight: 1.0 });
        }
    }
    out
}

/// Row Q15. A sample that is the reference at 0.8 of its dose has potency 0.8, whatever its doses.
#[test]
fn a_diluted_reference_has_its_dilution_as_potency() {
    let reference = line(1.0, 2.0, &[1.0, 2.0, 4.0, 8.0], true);
    let sample = line(1.0 + 2.0 * 0.8f64.ln(), 2.0, &[1.5, 3.0, 6.0], true);
    let r = parallel_line(&[reference, sample], 0.95, 0.90, (0.8, 1.25), None).unwrap().potencies;
    assert!((r[0].estimate - 0.8).abs() < 0.01, "{:?}", r[0]);
    let (low, high) = (r[0].fieller.low.unwrap(), r[0].fieller.high.unwrap());
    assert!(low < 0.8 && 0.8 < high);
    assert!(r[0].slope_ratio.as_ref().unwrap().equivalent);
}

/// Row Q15. A clearly steeper sample is not equivalent.
#[test]
fn steeper_line_is_not_parallel() {
    let reference = line(1.0, 2.0, &[1.0, 2.0, 4.0, 8.0], true);
    let sample = line(1.0, 3.0, &[1.0, 2.0, 4.0, 8.0], true);
    let r = parallel_line(&[reference, sample], 0.95, 0.90, (0.8, 1.25), None).unwrap().potencies;
    assert!(!r[0].slope_ratio.as_ref().unwrap().equivalent);
}

/// Row Q15. Slope-ratio: common intercept.
#[test]
fn slope_ratio_of_a_diluted_reference() {
    let reference = line(0.5, 2.0, &[0.0, 1.0, 2.0, 3.0], false);
    let sample = line(0.5, 1.2, &[0.0, 1.0, 2.0, 3.0], false);
    let r = slope_ratio_assay(&[reference, sample], 0.95, None).unwrap().potencies;
    assert!((r[0].estimate - 0.6).abs() < 0.02);
}

/// Row Q15. One dose, nothing left for the error, no response: refused by name.
#[test]
fn refusals() {
    let one = vec![LinePoint { x: 1.0, y: 1.0, weight: 1.0 }; 5];
    assert!(matches!(
        parallel_line(&[one.clone(), one], 0.95, 0.9, (0.8, 1.25), None),
        Err(LineError::TooFewDoses { .. })
    ));
    let flat: Vec<LinePoint> = (0..5).map(|k| LinePoint { x: f64::from(k), y: 2.0, weight: 1.0 }).collect();
    assert_eq!(
        parallel_line(&[flat.clone(), flat], 0.95, 0.9, (0.8, 1.25), None),
        Err(LineError::AllResponsesEqual)
    );
}

/// Row Q15. A point with weight 2 is two points; a weight of nearly 0 takes a point out. Standard
/// errors differ only by the degrees of freedom, which count observations.
#[test]
fn weights_are_used() {
    let fit = |r: &[LinePoint], s: &[LinePoint]| {
        parallel_line(&[r.to_vec(), s.to_vec()], 0.95, 0.90, (0.8, 1.25), None).unwrap()
    };
    let reference = line(1.0, 2.0, &[1.0, 2.0, 4.0, 8.0], true);
    let sample = line(0.6, 2.0, &[1.0, 2.0, 4.0, 8.0], true);
    let mut doubled = sample.clone();
    doubled.push(sample[3]);
    let mut weighted = sample.clone();
    weighted[3].weight = 2.0;
    let (two, one) = (fit(&reference, &doubled), fit(&reference, &weighted));
    assert!((two.potencies[0].estimate - one.potencies[0].estimate).abs() < 1e-12);
    let scale = (two.residual_df as f64 / one.residual_df as f64).sqrt();
    assert!((two.slopes[0].standard_error * scale - one.slopes[0].standard_error).abs() < 1e-12);
    let mut spoilt = sample.clone();
    spoilt[5].y = 40.0;
    spoilt[5].weight = 1e-12;
    let mut without = sample.clone();
    without.remove(5);
    let (light, gone) = (fit(&reference, &spoilt), fit(&reference, &without));
    assert!((light.potencies[0].estimate / gone.potencies[0].estimate - 1.0).abs() < 1e-9);
    let ratio = |r: &[LinePoint], s: &[LinePoint]| {
        slope_ratio_assay(&[r.to_vec(), s.to_vec()], 0.95, None).unwrap().potencies[0].estimate
    };
    assert!((ratio(&reference, &doubled) - ratio(&reference, &weighted)).abs() < 1e-12);
}

/// Row Q15. The line of one preparation alone is the textbook's, and leverages sum to 2.
#[test]
fn own_line_and_leverage() {
    let points: Vec<LinePoint> = [(1.0, 2.0), (2.0, 4.5), (3.0, 5.5), (4.0, 8.0)]
        .map(|(x, y)| LinePoint { x, y, weight: 1.0 })
        .to_vec();
    let own = OwnLine::fit(&points).unwrap();
    assert!((own.slope - 1.9).abs() < 1e-12 && (own.intercept - 0.25).abs() < 1e-12);
    assert!((own.rss - 0.45).abs() < 1e-12 && own.residual_df == 2);
    assert!((points.iter().map(|p| own.leverage(p)).sum::<f64>() - 2.0).abs() < 1e-12);
    assert!(OwnLine::fit(&points[..2]).is_none());
}
