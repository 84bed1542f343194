//! Spike-in and well series of colonies: from counts to a detection limit by each stated rule. Knows
//! counts, not the pictures they come from.

use serde::{Deserialize, Serialize};

use crate::interval::Interval;
use crate::limits::{HitLevel, LimitError, poisson_interval};
use crate::messages::speaks;
use crate::method::{Method, MethodError};
use crate::probit::{ProbitError, probit_limit};
use crate::words::{Words, words};

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

impl LimitRule {
    /// Every rule, in the order reports list them.
    pub const ALL: [LimitRule; 3] = [LimitRule::BlankDeviations, LimitRule::Poisson, LimitRule::Probit];
}

/// The numbers a series is judged by.
#[derive(Debug, Clone, PartialEq)]
pub struct SpikeRules {
    /// Multiples of the blanks' standard deviation.
    pub blank_deviations: f64,
    /// Fewest blanks.
    pub blank_wells_min: u64,
    /// Probability of detection a limit stands for.
    pub detection_probability: f64,
    /// Level of the intervals.
    pub confidence_level: f64,
}

impl SpikeRules {
    /// The rules of a method file.
    ///
    /// # Errors
    /// A parameter that is not there.
    pub fn of(method: &Method) -> Result<SpikeRules, MethodError> {
        Ok(SpikeRules {
            blank_deviations: method.number("blank-deviations")?,
            blank_wells_min: method.number("blank-wells-min")? as u64,
            detection_probability: method.number("detection-probability")?,
            confidence_level: method.number("confidence-level")?,
        })
    }
}

/// Why there is no limit.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
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
        what: Words,
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
    /// A probit line cannot be drawn.
    #[error(transparent)]
    Probit(#[from] ProbitError),
    /// A level of the rules that is no probability.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

speaks!(SeriesRefusal);

impl SeriesRefusal {
    pub(crate) fn chinese(&self) -> String {
        match self {
            SeriesRefusal::TooFewBlanks { found, needed } => {
                format!("有計數的空白孔只有 {found} 個；此規則須 {needed} 個")
            }
            SeriesRefusal::NoSpikes => "添加孔都沒有計數".into(),
            SeriesRefusal::Impossible { well, what, value } => {
                format!("第 {well} 孔：{}為 {value}，不可能", what.zh_tw)
            }
            SeriesRefusal::NothingDetected { decision_limit } => {
                format!("沒有任何添加量高於判定界限（{decision_limit:.3} 個群落）")
            }
            SeriesRefusal::CellsMissing { wells } => format!("{wells} 個添加孔缺少接種細胞數"),
            SeriesRefusal::NoEfficiency => "添加孔的群落並不多於空白孔".into(),
            SeriesRefusal::Probit(error) => error.chinese(),
            SeriesRefusal::Limit(error) => error.chinese(),
        }
    }
}

/// One level of the series.
#[derive(Debug, Clone, PartialEq, Serialize)]
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

/// The levels of a series and the count a well must exceed.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Blanks' mean + k × deviation, colonies.
    pub decision_limit: f64,
    /// Levels from blank upwards.
    pub levels: Vec<Level>,
}

/// A detection limit by one rule.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectionLimit {
    /// The limit, percent of all cells.
    pub limit_percent: f64,
    /// Its interval; unbounded for the rule of blank deviations, which has none.
    pub interval: Interval,
    /// Colonies per spiked cell, for Poisson.
    pub efficiency: Option<f64>,
}

/// Sorts wells into levels and finds the decision limit.
///
/// # Errors
/// [`SeriesRefusal`] when the series cannot answer by any rule.
pub fn judge_series(wells: &[SpikeWell], rules: &SpikeRules) -> Result<Judged, SeriesRefusal> {
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
    Ok(Judged { decision_limit, levels })
}

/// The detection limit of a judged series by one rule.
///
/// # Errors
/// [`SeriesRefusal`] when this rule has no answer.
pub fn detection_limit(
    wells: &[SpikeWell],
    judged: &Judged,
    rule: LimitRule,
    rules: &SpikeRules,
) -> Result<DetectionLimit, SeriesRefusal> {
    match rule {
        LimitRule::BlankDeviations => Ok(DetectionLimit {
            limit_percent: lowest_seen(&judged.levels, judged.decision_limit)?,
            interval: Interval::UNBOUNDED,
            efficiency: None,
        }),
        LimitRule::Poisson => {
            let blank_mean = judged.levels.first().map_or(0.0, |l| l.mean);
            by_poisson(wells, blank_mean, rules)
        }
        LimitRule::Probit => by_probit(&judged.levels, rules),
    }
}

fn check(wells: &[SpikeWell]) -> Result<(), SeriesRefusal> {
    for (index, well) in wells.iter().enumerate() {
        let refuse = |what: Words, value| Err(SeriesRefusal::Impossible { well: index + 1, what, value });
        if !(well.spike_percent.is_finite() && (0.0..=100.0).contains(&well.spike_percent)) {
            return refuse(words("spike in percent", "添加百分比"), well.spike_percent);
        }
        if let Some(cells) = well.cells_plated
            && !(cells.is_finite() && cells > 0.0)
        {
            return refuse(words("number of cells plated", "接種細胞數"), cells);
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
/// on a usual plate, P(at least one) = 1 − exp(−e·N·s); solved for s. The interval
/// is that of the Poisson count, the blanks' share taken as known.
fn by_poisson(
    wells: &[SpikeWell],
    blank_mean: f64,
    rules: &SpikeRules,
) -> Result<DetectionLimit, SeriesRefusal> {
    let spiked = || wells.iter().filter(|w| w.spike_percent > 0.0 && w.count.is_some());
    let missing = spiked().filter(|w| w.cells_plated.is_none()).count() as u64;
    if missing > 0 {
        return Err(SeriesRefusal::CellsMissing { wells: missing });
    }
    let (mut colonies, mut expected_blank, mut spiked_cells, mut cells, mut number) =
        (0u64, 0.0, 0.0, 0.0, 0.0);
    for well in spiked() {
        let plated = well.cells_plated.unwrap_or(0.0);
        colonies += well.count.unwrap_or(0);
        expected_blank += blank_mean;
        spiked_cells += plated * well.spike_percent / 100.0;
        cells += plated;
        number += 1.0;
    }
    let efficiency = (colonies as f64 - expected_blank) / spiked_cells;
    if !(efficiency.is_finite() && efficiency > 0.0) {
        return Err(SeriesRefusal::NoEfficiency);
    }
    let needed = -(1.0 - rules.detection_probability).ln();
    let limit = |efficiency: f64| needed / (efficiency * cells / number) * 100.0;
    let (low, high) = poisson_interval(colonies, rules.confidence_level)?;
    // Fewer colonies mean a lower efficiency and a higher limit; at or below the blanks there is none.
    let of_count = |count: f64| Some((count - expected_blank) / spiked_cells).filter(|e| *e > 0.0).map(limit);
    Ok(DetectionLimit {
        limit_percent: limit(efficiency),
        interval: Interval { low: of_count(high), high: of_count(low) },
        efficiency: Some(efficiency),
    })
}

/// A probit line through the levels' detection rates against log spike.
fn by_probit(levels: &[Level], rules: &SpikeRules) -> Result<DetectionLimit, SeriesRefusal> {
    let hits: Vec<HitLevel> = levels
        .iter()
        .filter(|l| l.spike_percent > 0.0 && l.wells > 0)
        .map(|l| HitLevel { amount: l.spike_percent, positive: l.detected, tested: l.wells })
        .collect();
    let found = probit_limit(&hits, rules.detection_probability, rules.confidence_level)?;
    Ok(DetectionLimit { limit_percent: found.limit, interval: found.interval, efficiency: None })
}

/// A 96-well (or other) series at a glance.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
#[path = "spikes_tests.rs"]
mod tests;
