//! Highly efficient culture: residual undifferentiated pluripotent cells counted as TRA-1-60
//! colonies, the efficiency from spiked cells, the limit of detection. Knows counts of colonies,
//! not pictures of them.

use serde::Serialize;

use crate::interval::Interval;
use crate::limits::{
    LimitError, check_level, check_positive, poisson_interval, poisson_lower_limit, poisson_upper_limit,
};
use crate::words::words;

/// Most colonies judged. A working limit, far beyond what is counted.
const COLONIES_MAX: f64 = 1e6;

/// One spiked culture: known pluripotent cells among product cells.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SpikedCulture {
    /// Pluripotent cells added.
    pub spiked_cells: f64,
    /// TRA-1-60 positive colonies counted.
    pub colonies: u64,
}

/// What the culture of a product says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CultureFinding {
    /// Colonies counted in the product's cultures.
    pub colonies: u64,
    /// Product cells plated.
    pub cells_plated: f64,
    /// Colonies per spiked cell.
    pub efficiency: f64,
    /// Its interval (Poisson, exact).
    pub efficiency_interval: Interval,
    /// Residual pluripotent cells per product cell; `None` without a colony (then only the upper
    /// limit says something).
    pub residual_fraction: Option<f64>,
    /// One-sided upper limit of that fraction, with the efficiency at its lower limit: on the safe
    /// side for both uncertainties.
    pub residual_upper: Option<f64>,
    /// Fraction found with the detection probability in a culture of this size.
    pub detection_limit: f64,
    /// The same with the efficiency at its lower limit.
    pub detection_limit_upper: Option<f64>,
    /// Detection probability of the limit.
    pub detection: f64,
    /// Confidence level.
    pub confidence_level: f64,
    /// Which colony count makes the assay positive: the smallest that blank cultures exceed with
    /// less than 1 - level probability; 1 when blanks have no colonies.
    pub positive_from: u64,
}

/// Judges a product's culture. `blank_mean` is the mean number of colonies of cultures known to
/// hold no pluripotent cells, per culture of the same size.
pub fn residual_pluripotent(
    colonies: u64,
    cells_plated: f64,
    spikes: &[SpikedCulture],
    blank_mean: f64,
    detection: f64,
    confidence_level: f64,
) -> Result<CultureFinding, LimitError> {
    check_level(detection)?;
    check_level(confidence_level)?;
    check_positive(words("the number of cells plated", "接種細胞數"), cells_plated)?;
    if !(blank_mean.is_finite() && blank_mean >= 0.0) {
        return Err(LimitError::NotPositive {
            what: words("the mean of the blanks", "空白組平均"),
            value: blank_mean,
        });
    }
    for (what, count) in [
        (words("the number of colonies", "群落數"), colonies as f64),
        (words("the mean of the blanks", "空白組平均"), blank_mean),
    ] {
        if count > COLONIES_MAX {
            return Err(LimitError::TooLarge { what, value: count, max: COLONIES_MAX });
        }
    }
    let mut added = 0.0;
    let mut found = 0;
    for s in spikes {
        check_positive(words("the number of spiked cells", "添加細胞數"), s.spiked_cells)?;
        added += s.spiked_cells;
        found += s.colonies.min(COLONIES_MAX as u64 + 1);
    }
    if found as f64 > COLONIES_MAX {
        let what = words("the number of colonies of the spiked cultures", "添加組群落數");
        return Err(LimitError::TooLarge { what, value: found as f64, max: COLONIES_MAX });
    }
    check_positive(words("the number of spiked cells", "添加細胞數"), added)?;
    check_positive(words("the number of colonies of the spiked cultures", "添加組群落數"), found as f64)?;
    let efficiency = found as f64 / added;
    let (low, high) = poisson_interval(found, confidence_level)?;
    let (efficiency_low, efficiency_high) = (low / added, high / added);
    let positive_from = cut_off(blank_mean, confidence_level)?;
    // Expected colonies at which `positive_from` or more appear with the detection probability.
    let needed = expected_for(positive_from, blank_mean, detection)?;
    let upper = poisson_upper_limit(colonies, confidence_level)?;
    let per_cell = |colonies: f64, efficiency: f64| colonies / (cells_plated * efficiency);
    Ok(CultureFinding {
        colonies,
        cells_plated,
        efficiency,
        efficiency_interval: Interval::new(efficiency_low, efficiency_high),
        residual_fraction: (colonies > 0).then(|| per_cell(colonies as f64, efficiency)),
        residual_upper: Some(per_cell(upper, efficiency_low)).filter(|x| x.is_finite()),
        detection_limit: per_cell(needed, efficiency),
        detection_limit_upper: Some(per_cell(needed, efficiency_low)).filter(|x| x.is_finite()),
        detection,
        confidence_level,
        positive_from,
    })
}

/// Smallest count that a Poisson mean of blanks reaches with probability at most 1 - level.
fn cut_off(blank_mean: f64, level: f64) -> Result<u64, LimitError> {
    // The lower limit of the mean rises with the count: the count sought is the first whose exact limit
    // lies above the blanks.
    let reached = |count: u64| Ok::<bool, LimitError>(poisson_lower_limit(count, level)? >= blank_mean);
    let (mut below, mut above) = (0u64, 1u64);
    while !reached(above)? {
        below = above;
        above = above.saturating_mul(2);
    }
    while above - below > 1 {
        let middle = below + (above - below) / 2;
        if reached(middle)? { above = middle } else { below = middle }
    }
    Ok(above)
}

/// Mean colonies above the blanks so that `positive_from` or more are seen with the probability.
fn expected_for(positive_from: u64, blank_mean: f64, detection: f64) -> Result<f64, LimitError> {
    // P(count < k) = 1 - detection at the one-sided lower-tail mean.
    let total = poisson_upper_limit(positive_from - 1, detection)?;
    Ok((total - blank_mean).max(0.0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SPIKES: [SpikedCulture; 2] = [
        SpikedCulture { spiked_cells: 100.0, colonies: 20 },
        SpikedCulture { spiked_cells: 300.0, colonies: 60 },
    ];

    /// Row Q12. No colony among 10⁶ cells at 20 % efficiency: the limit is 3/(10⁶ × 0.2).
    #[test]
    fn no_colony_gives_an_upper_limit_only() {
        let r = residual_pluripotent(0, 1e6, &SPIKES, 0.0, 0.95, 0.95).unwrap();
        assert_eq!((r.efficiency, r.residual_fraction, r.positive_from), (0.2, None, 1));
        assert!((r.detection_limit - 2.995_732_273_553_991 / 2e5).abs() < 1e-15);
        assert!(r.residual_upper.unwrap() > r.detection_limit);
    }

    /// Row Q12. Colonies give a fraction; the upper limit stays above it.
    #[test]
    fn colonies_give_a_fraction() {
        let r = residual_pluripotent(4, 1e6, &SPIKES, 0.0, 0.95, 0.95).unwrap();
        assert!((r.residual_fraction.unwrap() - 4.0 / 2e5).abs() < 1e-15);
        assert!(r.residual_upper.unwrap() > r.residual_fraction.unwrap());
    }

    /// Row Q12. Blanks with colonies raise the cut-off and the limit.
    #[test]
    fn blanks_raise_the_cut_off() {
        assert_eq!(cut_off(0.0, 0.95).unwrap(), 1);
        assert_eq!(cut_off(0.05, 0.95).unwrap(), 1);
        assert_eq!(cut_off(0.06, 0.95).unwrap(), 2);
        assert_eq!(cut_off(1.0, 0.95).unwrap(), 4);
        // SciPy: poisson.ppf(0.95, m) + 1. Adding terms up from exp(-800) = 0 gave 802.
        for (mean, expected) in [(10.0, 16), (99.5, 117), (800.0, 848), (5000.0, 5118)] {
            assert_eq!(cut_off(mean, 0.95).unwrap(), expected, "{mean}");
        }
        let r = residual_pluripotent(0, 1e6, &SPIKES, 1.0, 0.95, 0.95).unwrap();
        assert!(
            r.detection_limit
                > residual_pluripotent(0, 1e6, &SPIKES, 0.0, 0.95, 0.95).unwrap().detection_limit
        );
    }

    /// Row Q12. Without spikes that grew there is no efficiency and no limit.
    #[test]
    fn refusals() {
        assert!(residual_pluripotent(0, 1e6, &[], 0.0, 0.95, 0.95).is_err());
        assert!(residual_pluripotent(0, 0.0, &SPIKES, 0.0, 0.95, 0.95).is_err());
        assert!(
            residual_pluripotent(
                0,
                1e6,
                &[SpikedCulture { spiked_cells: 50.0, colonies: 0 }],
                0.0,
                0.95,
                0.95
            )
            .is_err()
        );
        assert!(residual_pluripotent(0, 1e6, &SPIKES, f64::NAN, 0.95, 0.95).is_err());
    }
}
