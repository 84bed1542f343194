//! The numbers of ICAHT and CAR-HEMATOTOX, read from their rule sets. Knows no chart and no grade.

use super::{Reader, criterion, name_of, whole};
use crate::{
    icaht::kernel::MAX_DAYS,
    numbers::{
        Criterion, DayBand, HematotoxNumbers, IcahtNumbers, Outcome, Reading, ScoreInput, SiteNumbers,
    },
};
use vena_base::Answer;
use vena_knowledge::{Bibliography, Entry, RuleError, RuleSet};

pub(super) fn icaht_numbers(
    rule: &RuleSet,
    sources: &Bibliography,
    reading: Reading,
    site: &SiteNumbers,
) -> Result<IcahtNumbers, RuleError> {
    let read = Reader { rule, sources };
    let count = |id: &str| -> Result<usize, RuleError> {
        let wrong = || RuleError::NoNumber { rule: rule.name(), entry: id.to_owned() };
        usize::try_from(read.whole(id)?).map_err(|_| wrong())
    };
    let of_threshold = |id: &str| -> Result<usize, RuleError> {
        let wrong = || RuleError::NoThreshold { rule: rule.name(), entry: id.to_owned() };
        whole(read.value(id)?).and_then(|n| usize::try_from(n).ok()).ok_or_else(wrong)
    };
    let never_above = read.line("never-above-500")?;
    let start_day = never_above.to.and_then(whole).and_then(|day| usize::try_from(day).ok());
    let early_last_day = read.whole("early-last-day")?;
    if usize::try_from(early_last_day).is_ok_and(|day| day >= MAX_DAYS) {
        return Err(RuleError::NoNumber { rule: rule.name(), entry: "early-last-day".to_owned() });
    }
    Ok(IcahtNumbers {
        rule: name_of(rule),
        reading,
        early_last_day,
        low_per_ul: read.value("anc-500")?,
        deep_per_ul: read.value("anc-100")?,
        low_bands: day_bands(&read, "days-500-"),
        deep_bands: day_bands(&read, "days-100-"),
        never_above_start_day: start_day
            .ok_or_else(|| RuleError::NoNumber { rule: rule.name(), entry: "never-above-500".to_owned() })?,
        never_above,
        recovery_days: of_threshold("recovery")?,
        gap_days: count("gap-maximum")?,
        round_to_per_ul: read.rule.number("filled-rounding")?,
        late_first_day: read.whole("late-first-day")?,
        late_last_day: read.whole("late-last-day")?,
        late: late_lines(&read),
        late_time_points: of_threshold("late-time-points")?,
        highest: read.highest()?,
        site: site.clone(),
    })
}

fn day_bands(read: &Reader<'_>, prefix: &str) -> Vec<DayBand> {
    let bands = read.rule.entries().iter().filter(|entry| entry.id.starts_with(prefix)).filter_map(|entry| {
        let from_days = u32::try_from(whole(entry.threshold.as_ref()?.value)?).ok()?;
        Some(DayBand { from_days, grade: entry.grade?, criterion: criterion(entry, read.sources) })
    });
    let mut bands: Vec<DayBand> = bands.collect();
    bands.sort_by_key(|band| band.from_days);
    bands
}

fn late_lines(read: &Reader<'_>) -> Vec<Criterion> {
    let late = |entry: &&Entry| entry.id.starts_with("late-grade-") && entry.grade.is_some();
    read.rule.entries().iter().filter(late).map(|entry| criterion(entry, read.sources)).collect()
}

pub(super) fn hematotox_numbers(
    rule: &RuleSet,
    sources: &Bibliography,
    site: &SiteNumbers,
) -> Result<HematotoxNumbers, RuleError> {
    let read = Reader { rule, sources };
    let mut inputs: Vec<ScoreInput> = Vec::new();
    for entry in rule.entries() {
        let (Some(concept), Some(_)) = (entry.concept, entry.points) else {
            continue;
        };
        let band = criterion(entry, sources);
        match inputs.iter_mut().find(|input| input.concept == concept) {
            Some(input) => input.bands.push(band),
            None => inputs.push(ScoreInput { concept, bands: vec![band] }),
        }
    }
    let outcomes = rule.entries().iter().filter_map(|entry| {
        let high = match entry.id.split_once('-')?.0 {
            "high" => true,
            "low" => false,
            _ => return None,
        };
        Some(Outcome {
            group: Answer::of(entry.group.as_ref()?),
            high,
            label: entry.label.clone(),
            source: entry.source.both(sources),
            provisional: entry.provisional,
        })
    });
    Ok(HematotoxNumbers {
        rule: name_of(rule),
        inputs,
        high_risk: read.line("high-risk")?,
        leeway_days: read.whole("leeway")?,
        reference_day: read.whole("day")?,
        outcomes: outcomes.collect(),
        site: site.clone(),
    })
}
