//! The profile of the likelihood where the sum of squares jumps: found among random tables held against
//! SciPy, where the upper limit was once given as open.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::fmt::Write as _;

use vena_potency::{PotencyOptions, analyse_potency};

const REFERENCE: [f64; 24] = [
    0.087, 0.136, -0.033, 0.365, 0.051, 0.138, 0.179, 0.401, 0.041, 0.15, 0.196, 0.262, -0.008, 0.609, 0.346,
    1.324, 1.467, 1.076, 1.969, 2.167, 2.409, 2.167, 2.266, 2.123,
];
const SAMPLE: [f64; 24] = [
    0.299, 0.038, 0.216, 0.052, -0.079, -0.084, -0.011, 0.362, 0.783, 0.098, -0.013, 0.25, 0.661, 0.45,
    0.958, 2.084, 2.098, 1.917, 2.207, 2.382, 1.893, 2.024, 2.21, 1.888,
];

/// Row Q15. Once the slope may be as steep as it likes, a potency just under 3 moves the whole step between
/// two doses (10 and 30) and fits; above 3 it cannot. The limit lies at the jump. Expected: the least sums of
/// squares over 49 starts each of SciPy's `least_squares`, by bisection: 1.543535 and 3.000000.
/// A search alone loses the step a little before the jump, at 2.957.
#[test]
fn upper_limit_at_a_jump() {
    let mut csv = String::from("sample,dose,response\n");
    for (name, responses) in [("Reference", REFERENCE), ("Lot 7", SAMPLE)] {
        for (k, y) in responses.iter().enumerate() {
            let dose = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0][k / 3];
            writeln!(csv, "{name},{dose},{y}").unwrap();
        }
    }
    let report = analyse_potency(csv.as_bytes(), &PotencyOptions::default()).unwrap();
    let potency = report.relative_potency[0].relative_potency.as_ref().unwrap();
    let profile = potency.profile_likelihood;
    assert!((potency.estimate - 2.011_750).abs() < 1e-6, "{potency:?}");
    assert!((profile.low.unwrap() - 1.543_535).abs() < 1e-6, "{profile:?}");
    assert!((profile.high.unwrap() - 3.0).abs() < 1e-6, "{profile:?}");
}
