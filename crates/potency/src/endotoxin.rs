//! Bacterial endotoxins by a kinetic method: the log-log standard curve, recovery of the added
//! endotoxin, the amount per kilogram and hour. Knows no patient: the weight is an argument, and
//! without it there is no verdict.

use serde::{Deserialize, Serialize};
use vena_base::Text;

use crate::interval::Interval;
use crate::method::{Method, MethodError, MethodReference, Outcome, Verdict};
use crate::standard_line::{StandardLine, StandardLineError};
use crate::words::{Words, words};

/// Why there is no result.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EndotoxinError {
    /// The method file.
    #[error(transparent)]
    Method(#[from] MethodError),
    /// The standard curve.
    #[error(transparent)]
    Line(#[from] StandardLineError),
    /// A value that must be above 0.
    #[error("{what} is {value}; it must be above 0")]
    NotPositive {
        /// Which.
        what: Words,
        /// Value.
        value: f64,
    },
}

/// How the product is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Route {
    /// Into a vein.
    #[default]
    Intravenous,
    /// Into the cerebrospinal fluid.
    Intrathecal,
}

impl Route {
    /// The measure its limit judges.
    pub(crate) const fn measure(self) -> &'static str {
        match self {
            Route::Intravenous => "endotoxin-parenteral",
            Route::Intrathecal => "endotoxin-intrathecal",
        }
    }
}

/// What is measured and given. Onset times in seconds; `None` for a well without reaction.
#[derive(Debug, Clone, PartialEq)]
pub struct EndotoxinSample {
    /// Onset of the sample's wells.
    pub onset_s: Vec<Option<f64>>,
    /// Onset of the wells with added endotoxin.
    pub spiked_onset_s: Vec<Option<f64>>,
    /// Endotoxin added to the spiked wells, EU/mL.
    pub spike_eu_per_ml: Option<f64>,
    /// Dilution of the sample in the well (10 for 1:10).
    pub dilution: f64,
    /// Volume given, mL.
    pub dose_ml: Option<f64>,
    /// Body weight, kg. Missing is not assessable.
    pub weight_kg: Option<f64>,
    /// Time over which the dose is given, hours, at least 1 (the limit is per hour).
    pub hours: Option<f64>,
    /// Route.
    pub route: Route,
}

/// Result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EndotoxinResult {
    /// Method and version.
    pub method: MethodReference,
    /// log10 onset time against log10 EU/mL.
    pub curve: StandardLine,
    /// EU/mL of the product; an upper bound when `at_most`.
    pub eu_per_ml: Option<f64>,
    /// Its interval.
    pub interval: Interval,
    /// No well reacted before the lowest standard: below its concentration times the dilution.
    pub at_most: bool,
    /// The sample reads above the highest standard, where the curve is not shown to hold: the value
    /// bounds from below, and a higher dilution is to be tested.
    pub at_least: bool,
    /// Recovery of the added endotoxin, %.
    pub recovery_percent: Option<f64>,
    /// EU per kilogram and hour.
    pub eu_per_kg_per_hour: Option<f64>,
    /// The same as far as it can be held against a limit: a lower bound that meets the limit shows nothing.
    #[serde(skip)]
    pub(crate) judged_per_kg: Option<f64>,
    /// What is missing for a verdict.
    pub missing: Vec<Text>,
    /// Criteria.
    pub suitability: Vec<Verdict>,
    /// All met.
    pub suitable: bool,
}

fn positive(what: Words, value: f64) -> Result<f64, EndotoxinError> {
    if value > 0.0 && value.is_finite() {
        Ok(value)
    } else {
        Err(EndotoxinError::NotPositive { what, value })
    }
}

/// Judges one sample. `standards` are (EU/mL, onset in seconds) of each standard well.
pub fn endotoxin(
    method: &Method,
    standards: &[(f64, f64)],
    sample: &EndotoxinSample,
) -> Result<EndotoxinResult, EndotoxinError> {
    let level = method.number("confidence-level")?;
    let mut points = Vec::new();
    for (concentration, onset) in standards {
        points.push((
            positive(words("the standard's concentration", "標準品濃度"), *concentration)?.log10(),
            positive(words("the standard's onset time", "標準品反應時間"), *onset)?.log10(),
        ));
    }
    check(sample)?;
    let curve = StandardLine::fit(&points)?;
    let (lowest, highest) = (10f64.powf(curve.x_low), 10f64.powf(curve.x_high));
    let in_well = read_wells(&curve, &sample.onset_s, level);
    let mut missing = Vec::new();
    let range = (lowest, highest);
    let Reported { eu_per_ml, interval, at_most, at_least } =
        in_product(&in_well, range, sample.dilution, &mut missing);
    let recovery_percent = recovery(&curve, sample, &in_well, range, level);
    if recovery_percent.is_none() {
        missing.push(Text::new("recovery of added endotoxin", "添加內毒素之回收率"));
    }
    for (value, what) in
        [(sample.dose_ml, words("dose volume", "給藥體積")), (sample.weight_kg, words("body weight", "體重"))]
    {
        if value.is_none() {
            missing.push(what.text());
        }
    }
    // A dose given in less than an hour counts as given in one.
    let hours = sample.hours.unwrap_or(1.0).max(1.0);
    let eu_per_kg_per_hour =
        eu_per_ml.zip(sample.dose_ml).zip(sample.weight_kg).map(|((eu, ml), kg)| eu * ml / kg / hours);
    let limit = sample.route.measure();
    let meets =
        |x: f64| method.criteria.iter().any(|c| c.measure == limit && c.comparison.is_met(x, c.limit));
    let judged_per_kg = eu_per_kg_per_hour.filter(|x| !(at_least && meets(*x)));
    let suitability = method.judge(
        "endotoxin",
        &[
            ("absolute-correlation", Some(curve.correlation.abs())),
            ("standard-levels", Some(curve.levels as f64)),
            ("spike-recovery", recovery_percent),
            (limit, judged_per_kg),
        ],
    );
    Ok(EndotoxinResult {
        method: method.reference.clone(),
        suitable: !suitability.is_empty() && suitability.iter().all(|v| v.outcome == Outcome::Met),
        curve,
        eu_per_ml,
        interval,
        at_most,
        at_least,
        recovery_percent,
        eu_per_kg_per_hour,
        judged_per_kg,
        missing,
        suitability,
    })
}

/// Refuses values no measurement can have.
fn check(sample: &EndotoxinSample) -> Result<(), EndotoxinError> {
    positive(words("the dilution", "稀釋倍數"), sample.dilution)?;
    for (what, value) in [
        (words("the spike", "添加量"), sample.spike_eu_per_ml),
        (words("the dose volume", "給藥體積"), sample.dose_ml),
        (words("the body weight", "體重"), sample.weight_kg),
        (words("the hours", "給藥時數"), sample.hours),
    ] {
        if let Some(value) = value {
            positive(what, value)?;
        }
    }
    for onset in sample.onset_s.iter().chain(&sample.spiked_onset_s).flatten() {
        positive(words("the onset time", "反應時間"), *onset)?;
    }
    Ok(())
}

/// What is reported of the product.
struct Reported {
    eu_per_ml: Option<f64>,
    interval: Interval,
    at_most: bool,
    at_least: bool,
}

/// Concentration of the product with its interval, and whether it is only a bound.
fn in_product(
    in_well: &Wells,
    (lowest, highest): (f64, f64),
    dilution: f64,
    missing: &mut Vec<Text>,
) -> Reported {
    let nothing =
        Reported { eu_per_ml: None, interval: Interval::UNBOUNDED, at_most: false, at_least: false };
    let (floor, ceiling) = (lowest * dilution, highest * dilution);
    let below = Reported {
        eu_per_ml: Some(floor),
        interval: Interval { low: None, high: Some(floor) },
        at_most: true,
        at_least: false,
    };
    match in_well {
        Wells::None => {
            missing.push(Text::new("onset time of the sample", "檢品之反應時間"));
            nothing
        }
        Wells::Disagree => {
            missing.push(Text::new(
                "agreeing replicates (some wells reacted, some did not)",
                "一致的重複孔（部分反應，部分未反應）",
            ));
            nothing
        }
        Wells::NoReaction => below,
        Wells::Read(eu, _) if *eu < lowest => below,
        Wells::Read(eu, _) if *eu > highest => {
            missing.push(Text::new(
                "a dilution at which the sample reads within the standards (it reads above the highest)",
                "讀值落於標準品範圍內之稀釋（目前高於最高標準品）",
            ));
            Reported {
                eu_per_ml: Some(ceiling),
                interval: Interval { low: Some(ceiling), high: None },
                at_most: false,
                at_least: true,
            }
        }
        Wells::Read(eu, i) => {
            let scaled = |x: Option<f64>| x.map(|x| x * dilution);
            Reported {
                eu_per_ml: Some(eu * dilution),
                interval: Interval { low: scaled(i.low), high: scaled(i.high) },
                at_most: false,
                at_least: false,
            }
        }
    }
}

enum Wells {
    None,
    NoReaction,
    Disagree,
    Read(f64, Interval),
}

fn read_wells(curve: &StandardLine, onsets: &[Option<f64>], level: f64) -> Wells {
    let reacted: Vec<f64> = onsets.iter().flatten().map(|s| s.log10()).collect();
    if onsets.is_empty() {
        return Wells::None;
    }
    if reacted.is_empty() {
        return Wells::NoReaction;
    }
    if reacted.len() < onsets.len() {
        return Wells::Disagree;
    }
    match curve.read(&reacted, level) {
        Some(r) => {
            let power = |x: Option<f64>| x.map(|x| 10f64.powf(x));
            Wells::Read(
                10f64.powf(r.x),
                Interval { low: power(r.interval.low), high: power(r.interval.high) },
            )
        }
        None => Wells::None,
    }
}

/// Found less what the sample itself holds, over what was added. A sample below the lowest standard
/// counts as 0 here, so that its unknown remainder is not taken from the recovery.
fn recovery(
    curve: &StandardLine,
    sample: &EndotoxinSample,
    own: &Wells,
    (lowest, highest): (f64, f64),
    level: f64,
) -> Option<f64> {
    let added = sample.spike_eu_per_ml?;
    let own = match own {
        Wells::NoReaction => 0.0,
        Wells::Read(eu, _) if *eu < lowest => 0.0,
        // Above the highest standard neither reading is one, nor is their difference.
        Wells::Read(eu, _) if *eu > highest => return None,
        Wells::Read(eu, _) => *eu,
        Wells::None | Wells::Disagree => return None,
    };
    match read_wells(curve, &sample.spiked_onset_s, level) {
        Wells::Read(eu, _) if eu > highest => None,
        Wells::Read(eu, _) => Some((eu - own) / added * 100.0),
        // An added endotoxin that does not react at all is not recovered.
        Wells::NoReaction => Some(0.0),
        Wells::None | Wells::Disagree => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::method::ENDOTOXIN;

    fn onset(eu: f64) -> f64 {
        10f64.powf(3.0 - 0.25 * eu.log10())
    }

    fn standards() -> Vec<(f64, f64)> {
        let mut s = Vec::new();
        for (k, eu) in [0.005, 0.05, 0.5, 5.0].into_iter().enumerate() {
            let wobble = 1.0 + 0.004 * if k % 2 == 0 { 1.0 } else { -1.0 };
            s.extend([(eu, onset(eu) * wobble), (eu, onset(eu) / wobble)]);
        }
        s
    }

    fn sample() -> EndotoxinSample {
        EndotoxinSample {
            onset_s: vec![Some(onset(0.02)), Some(onset(0.02))],
            spiked_onset_s: vec![Some(onset(0.52)), Some(onset(0.52))],
            spike_eu_per_ml: Some(0.5),
            dilution: 10.0,
            dose_ml: Some(50.0),
            weight_kg: Some(60.0),
            hours: None,
            route: Route::Intravenous,
        }
    }

    fn judge(s: &EndotoxinSample) -> EndotoxinResult {
        endotoxin(&Method::parse(ENDOTOXIN).unwrap(), &standards(), s).unwrap()
    }

    fn outcome(r: &EndotoxinResult, id: &str) -> Outcome {
        r.suitability.iter().find(|v| v.criterion.id == id).unwrap().outcome
    }

    /// Row Q7. 0.02 EU/mL at 1:10, 50 mL, 60 kg: 0.167 EU/kg.
    #[test]
    fn amount_per_kilogram() {
        let r = judge(&sample());
        assert!((r.eu_per_ml.unwrap() - 0.2).abs() < 1e-3, "{:?}", r.eu_per_ml);
        assert!((r.eu_per_kg_per_hour.unwrap() - 0.2 * 50.0 / 60.0).abs() < 1e-3);
        assert!((r.recovery_percent.unwrap() - 100.0).abs() < 1.0);
        assert!(r.suitable && r.missing.is_empty());
    }

    /// Row Q7. Without the weight there is no verdict, and it is not a pass.
    #[test]
    fn missing_weight_is_not_assessable() {
        let r = judge(&EndotoxinSample { weight_kg: None, ..sample() });
        assert_eq!(r.eu_per_kg_per_hour, None);
        assert_eq!(outcome(&r, "parenteral-limit"), Outcome::NotAssessable);
        assert!(!r.suitable && r.missing.iter().any(|m| m.en == "body weight"));
        let r = judge(&EndotoxinSample { spiked_onset_s: vec![], ..sample() });
        assert_eq!(outcome(&r, "spike-recovery-low"), Outcome::NotAssessable);
    }

    /// Row Q7. Just below, at and just above each limit of recovery and of the dose.
    #[test]
    fn each_limit_turns_where_the_file_says() {
        let method = Method::parse(ENDOTOXIN).unwrap();
        for criterion in &method.criteria {
            let step = (criterion.limit.abs() * 1e-9).max(1e-12);
            for (value, below) in [(criterion.limit - step, true), (criterion.limit + step, false)] {
                let verdict = method.judge("x", &[(criterion.measure.as_str(), Some(value))]);
                let v = verdict.iter().find(|v| v.criterion.id == criterion.id).unwrap();
                let upper = criterion.comparison.sign() == "≤" || criterion.comparison.sign() == "<";
                assert_eq!(v.outcome == Outcome::Met, below == upper, "{} {value}", criterion.id);
            }
            let at = method.judge("x", &[(criterion.measure.as_str(), Some(criterion.limit))]);
            assert!(at.iter().any(|v| v.criterion.id == criterion.id && v.outcome == Outcome::Met));
        }
    }

    /// Row Q7. No reaction bounds from above; it is never 0.
    #[test]
    fn no_reaction_is_at_most_the_lowest_standard() {
        let r = judge(&EndotoxinSample {
            onset_s: vec![None, None],
            spiked_onset_s: vec![Some(onset(0.5)); 2],
            ..sample()
        });
        assert!(r.at_most && (r.eu_per_ml.unwrap() - 0.05).abs() < 1e-12);
        let r = judge(&EndotoxinSample { onset_s: vec![None, Some(onset(0.02))], ..sample() });
        assert!(r.eu_per_ml.is_none() && !r.suitable);
    }

    /// Row Q7. Above the highest standard the curve says nothing: a lower bound, no recovery, and a verdict
    /// only where the bound itself fails the limit.
    #[test]
    fn above_the_highest_standard_is_a_lower_bound() {
        let high = EndotoxinSample { onset_s: vec![Some(onset(9.0)); 2], ..sample() };
        let r = judge(&EndotoxinSample { dose_ml: Some(1.0), ..high.clone() });
        assert!(r.at_least && !r.at_most && (r.eu_per_ml.unwrap() - 50.0).abs() < 1e-9);
        assert_eq!((r.interval.high, r.recovery_percent), (None, None));
        assert_eq!(outcome(&r, "parenteral-limit"), Outcome::NotAssessable);
        assert!(!r.suitable && r.missing.iter().any(|m| m.en.contains("above the highest")));
        let r = judge(&EndotoxinSample { dose_ml: Some(50.0), ..high });
        assert_eq!(outcome(&r, "parenteral-limit"), Outcome::NotMet);
        let r = judge(&EndotoxinSample { spiked_onset_s: vec![Some(onset(8.0)); 2], ..sample() });
        assert_eq!(outcome(&r, "spike-recovery-high"), Outcome::NotAssessable);
    }

    /// Row Q7. The intrathecal limit is its own; impossible input is refused.
    #[test]
    fn route_and_refusals() {
        let r = judge(&EndotoxinSample { route: Route::Intrathecal, dose_ml: Some(100.0), ..sample() });
        assert_eq!(outcome(&r, "intrathecal-limit"), Outcome::NotMet);
        let method = Method::parse(ENDOTOXIN).unwrap();
        for bad in [
            EndotoxinSample { weight_kg: Some(0.0), ..sample() },
            EndotoxinSample { dilution: f64::NAN, ..sample() },
            EndotoxinSample { onset_s: vec![Some(-1.0)], ..sample() },
        ] {
            assert!(endotoxin(&method, &standards(), &bad).is_err());
        }
        assert!(endotoxin(&method, &[(0.5, 100.0)], &sample()).is_err());
    }
}
