//! Spike-in and well series: from counts to a detection limit by a stated rule.
//! Must not know images.

use crate::knowledge::{ReferenceLimit, SpikeRules};
use serde::{Deserialize, Serialize};

/// One well or plate of a spike-in series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpikeWell {
    /// Spiked cells as a part of all cells plated, percent; 0 for a blank.
    pub spike_percent: f64,
    /// Cells plated in this well, when known (needed by Poisson).
    pub cells_plated: Option<f64>,
    /// Colonies; `None` when no number could be given.
    pub count: Option<u64>,
}

/// The rule a limit follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitRule {
    /// The lowest spike from which on every level's mean count exceeds the
    /// blanks' mean plus k standard deviations.
    #[default]
    BlankDeviations,
    /// The spike at which a plate of the usual size holds at least one
    /// colony-forming cell with the wanted probability, from the efficiency
    /// seen in the series (counts are Poisson).
    Poisson,
    /// The spike detected with the wanted probability by a probit line through
    /// the levels' detection rates against log spike.
    Probit,
}

/// Why there is no limit.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum SeriesRefusal {
    /// Not enough blanks.
    #[error("{found} blank wells with a count; the rule needs {needed}")]
    TooFewBlanks {
        /// Blanks counted.
        found: u64,
        /// Blanks needed.
        needed: u64,
    },
    /// No spiked well has a count.
    #[error("no spiked well has a count")]
    NoSpikes,
    /// A spike or a number of cells that cannot be.
    #[error("well {well}: {what} is {value}")]
    Impossible {
        /// Which well, from 1.
        well: usize,
        /// Which number.
        what: String,
        /// Its value.
        value: f64,
    },
    /// Even the highest level is not above the blanks.
    #[error("no level is above the decision limit of {decision_limit:.3} colonies")]
    NothingDetected {
        /// Mean of the blanks plus k deviations.
        decision_limit: f64,
    },
    /// Poisson needs the cells plated in every spiked well.
    #[error("cells plated are missing for {wells} spiked wells")]
    CellsMissing {
        /// How many.
        wells: u64,
    },
    /// No more colonies in spiked wells than in blanks.
    #[error("spiked wells hold no more colonies than blanks do")]
    NoEfficiency,
    /// A probit line needs levels detected sometimes and not always, or a rise.
    #[error(
        "the levels' detection rates do not bend between never and always; a probit line is not determined"
    )]
    NotDetermined,
}

/// One level of the series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// Spike, percent.
    pub spike_percent: f64,
    /// Wells with a count.
    pub wells: u64,
    /// Wells without one; left out of the means and said here.
    pub without_count: u64,
    /// Mean count.
    pub mean: f64,
    /// Standard deviation (n − 1), when there are two wells or more.
    pub deviation: Option<f64>,
    /// Wells whose own count exceeds the decision limit.
    pub detected: u64,
}

/// A series judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DetectionLimit {
    /// Rule used.
    pub rule: LimitRule,
    /// Rule file and version.
    pub rules: String,
    /// The limit, percent of all cells.
    pub limit_percent: f64,
    /// Blanks' mean + k × deviation, colonies.
    pub decision_limit: f64,
    /// Levels from blank upwards.
    pub levels: Vec<Level>,
    /// Colonies per spiked cell, for Poisson.
    pub efficiency: Option<f64>,
    /// Published limits, each with how many times lower ours is.
    pub compared: Vec<Comparison>,
}

/// Ours beside a published limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The published one.
    pub reference: ReferenceLimit,
    /// Published over ours: above 1, ours is the more sensitive.
    pub times_lower: f64,
}

/// Judges a spike-in series by `rule`.
///
/// # Errors
/// [`SeriesRefusal`] when the series cannot answer.
pub fn detection_limit(
    wells: &[SpikeWell],
    rule: LimitRule,
    rules: &SpikeRules,
) -> Result<DetectionLimit, SeriesRefusal> {
    check(wells)?;
    let mut levels = levels_of(wells);
    let Some(blank) = levels.first().filter(|l| l.spike_percent == 0.0).cloned() else {
        return Err(SeriesRefusal::TooFewBlanks { found: 0, needed: rules.blank_wells_min });
    };
    if blank.wells < rules.blank_wells_min.max(2) {
        return Err(SeriesRefusal::TooFewBlanks { found: blank.wells, needed: rules.blank_wells_min.max(2) });
    }
    if !levels.iter().any(|l| l.spike_percent > 0.0 && l.wells > 0) {
        return Err(SeriesRefusal::NoSpikes);
    }
    let decision_limit = blank.mean + rules.blank_deviations * blank.deviation.unwrap_or(0.0);
    for level in &mut levels {
        let above = |w: &&SpikeWell| {
            w.spike_percent == level.spike_percent && w.count.is_some_and(|c| c as f64 > decision_limit)
        };
        level.detected = wells.iter().filter(above).count() as u64;
    }
    let mut efficiency = None;
    let limit_percent = match rule {
        LimitRule::BlankDeviations => lowest_seen(&levels, decision_limit)?,
        LimitRule::Poisson => {
            let (limit, seen) = by_poisson(wells, &blank, rules.detection_probability)?;
            efficiency = Some(seen);
            limit
        }
        LimitRule::Probit => by_probit(&levels, rules.detection_probability)?,
    };
    let compared = rules.references.iter().filter_map(|r| {
        let published: f64 = r.value.parse().ok()?;
        Some(Comparison { reference: r.clone(), times_lower: published / limit_percent })
    });
    Ok(DetectionLimit {
        rule,
        rules: rules.version.clone(),
        limit_percent,
        decision_limit,
        compared: compared.collect(),
        levels,
        efficiency,
    })
}

fn check(wells: &[SpikeWell]) -> Result<(), SeriesRefusal> {
    for (index, well) in wells.iter().enumerate() {
        let refuse =
            |what: &str, value| Err(SeriesRefusal::Impossible { well: index + 1, what: what.into(), value });
        if !(well.spike_percent.is_finite() && (0.0..=100.0).contains(&well.spike_percent)) {
            return refuse("spike in percent", well.spike_percent);
        }
        if let Some(cells) = well.cells_plated
            && !(cells.is_finite() && cells > 0.0)
        {
            return refuse("number of cells plated", cells);
        }
    }
    Ok(())
}

fn levels_of(wells: &[SpikeWell]) -> Vec<Level> {
    let mut spikes: Vec<f64> = wells.iter().map(|w| w.spike_percent).collect();
    spikes.sort_by(f64::total_cmp);
    spikes.dedup();
    spikes
        .into_iter()
        .map(|spike_percent| {
            let own = || wells.iter().filter(move |w| w.spike_percent == spike_percent);
            let mut counts: Vec<f64> = own().filter_map(|w| w.count).map(|c| c as f64).collect();
            // Sums of the same numbers in another order differ in the last bit.
            counts.sort_by(f64::total_cmp);
            let number = counts.len() as f64;
            let mean = counts.iter().sum::<f64>() / number.max(1.0);
            let squares: f64 = counts.iter().map(|c| (c - mean).powi(2)).sum();
            Level {
                spike_percent,
                wells: counts.len() as u64,
                without_count: own().filter(|w| w.count.is_none()).count() as u64,
                mean,
                deviation: (counts.len() >= 2).then(|| (squares / (number - 1.0)).sqrt()),
                detected: 0,
            }
        })
        .collect()
}

/// From the highest level downwards, as long as each is above: a single low
/// level above the limit with a higher one below it is chance, not detection.
fn lowest_seen(levels: &[Level], decision_limit: f64) -> Result<f64, SeriesRefusal> {
    let spiked = levels.iter().rev().filter(|l| l.spike_percent > 0.0 && l.wells > 0);
    let seen = spiked.take_while(|l| l.mean > decision_limit).last();
    seen.map(|l| l.spike_percent).ok_or(SeriesRefusal::NothingDetected { decision_limit })
}

/// With efficiency e (colonies per spiked cell, all wells together) and N cells
/// on a usual plate, P(at least one) = 1 − exp(−e·N·s); solved for s.
fn by_poisson(wells: &[SpikeWell], blank: &Level, probability: f64) -> Result<(f64, f64), SeriesRefusal> {
    let spiked = || wells.iter().filter(|w| w.spike_percent > 0.0 && w.count.is_some());
    let missing = spiked().filter(|w| w.cells_plated.is_none()).count() as u64;
    if missing > 0 {
        return Err(SeriesRefusal::CellsMissing { wells: missing });
    }
    let (mut colonies, mut spiked_cells, mut cells, mut number) = (0.0, 0.0, 0.0, 0.0);
    for well in spiked() {
        let plated = well.cells_plated.unwrap_or(0.0);
        colonies += well.count.unwrap_or(0) as f64 - blank.mean;
        spiked_cells += plated * well.spike_percent / 100.0;
        cells += plated;
        number += 1.0;
    }
    let efficiency = colonies / spiked_cells;
    if !(efficiency.is_finite() && efficiency > 0.0) {
        return Err(SeriesRefusal::NoEfficiency);
    }
    let cells = cells / number;
    Ok((-(1.0 - probability).ln() / (efficiency * cells) * 100.0, efficiency))
}

/// Probit regression by iteratively weighted least squares (Finney).
fn by_probit(levels: &[Level], probability: f64) -> Result<f64, SeriesRefusal> {
    use statrs::distribution::{Continuous, ContinuousCDF, Normal};
    let normal = Normal::standard();
    let points: Vec<(f64, f64, f64)> = levels
        .iter()
        .filter(|l| l.spike_percent > 0.0 && l.wells > 0)
        .map(|l| (l.spike_percent.log10(), l.wells as f64, l.detected as f64 / l.wells as f64))
        .collect();
    let bends = points.iter().any(|p| p.2 > 0.0 && p.2 < 1.0);
    let rises = points.iter().any(|p| p.2 > 0.5) && points.iter().any(|p| p.2 < 0.5);
    if points.len() < 3 || !bends || !rises {
        return Err(SeriesRefusal::NotDetermined);
    }
    let mean = points.iter().map(|p| p.0).sum::<f64>() / points.len() as f64;
    let (mut level, mut slope) = (0.0, 1.0);
    for _ in 0..200 {
        let (mut w0, mut w1, mut w2, mut z0, mut z1) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for &(x, wells, rate) in &points {
            let x = x - mean;
            let at = (level + slope * x).clamp(-6.0, 6.0);
            let (p, density) = (normal.cdf(at).clamp(1e-9, 1.0 - 1e-9), normal.pdf(at).max(1e-12));
            let weight = wells * density * density / (p * (1.0 - p));
            let working = at + (rate - p) / density;
            w0 += weight;
            w1 += weight * x;
            w2 += weight * x * x;
            z0 += weight * working;
            z1 += weight * x * working;
        }
        let determinant = w0 * w2 - w1 * w1;
        if determinant.abs() < 1e-12 {
            return Err(SeriesRefusal::NotDetermined);
        }
        let next = ((z0 * w2 - z1 * w1) / determinant, (w0 * z1 - w1 * z0) / determinant);
        let moved = (next.0 - level).abs() + (next.1 - slope).abs();
        (level, slope) = next;
        if moved < 1e-10 {
            break;
        }
    }
    let at = (normal.inverse_cdf(probability) - level) / slope + mean;
    if !(slope.is_finite() && slope > 0.0 && at.is_finite()) {
        return Err(SeriesRefusal::NotDetermined);
    }
    Ok(10f64.powf(at))
}

/// A 96-well (or other) series at a glance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WellSummary {
    /// Wells with a count.
    pub counted: u64,
    /// Names of wells without one.
    pub without_count: Vec<String>,
    /// Wells with one colony or more.
    pub positive: u64,
    /// Colonies in all counted wells.
    pub colonies: u64,
    /// Mean colonies a well.
    pub mean: f64,
    /// Colony-forming cells a well estimated from the empty ones alone,
    /// −ln(empty / counted); `None` when none or all wells are empty.
    pub by_empty_wells: Option<f64>,
}

/// Sums up wells given as (name, count).
#[must_use]
pub fn summarise(wells: &[(String, Option<u64>)]) -> WellSummary {
    let counts: Vec<u64> = wells.iter().filter_map(|w| w.1).collect();
    let positive = counts.iter().filter(|c| **c > 0).count();
    let colonies: u64 = counts.iter().sum();
    let empty = (counts.len() - positive) as f64 / counts.len().max(1) as f64;
    WellSummary {
        counted: counts.len() as u64,
        without_count: wells.iter().filter(|w| w.1.is_none()).map(|w| w.0.clone()).collect(),
        positive: positive as u64,
        colonies,
        mean: colonies as f64 / counts.len().max(1) as f64,
        by_empty_wells: (empty > 0.0 && empty < 1.0).then(|| -empty.ln()),
    }
}

#[cfg(test)]
#[path = "series_tests.rs"]
mod tests;
