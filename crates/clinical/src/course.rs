//! The course day by day, for the chart's ribbons: the highest grade of each scale that each day
//! certainly reached, and how far it may have gone. Must not know pictures.

use crate::{
    Rules,
    assess::{Chosen, scope},
    crs,
    finding::Question,
    icaht::{self, DailyNeutrophils, kernel},
    icans,
    span::Span,
    timeline::{DrugTrack, InfusionDay},
};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use vena_base::{Chart, Concept, View, time::days_between};

/// The highest grade of one scale on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DayGrade {
    /// The grade certainly reached; `None` where nothing could be said all day.
    pub grade: Option<u8>,
    /// The highest grade the day's facts allow at any instant of it.
    pub high: Option<u8>,
}

impl DayGrade {
    fn add(&mut self, span: Span, highest: u8) {
        if span == Span::unknown(highest) {
            return;
        }
        self.grade = self.grade.max(Some(span.low));
        self.high = self.high.max(Some(span.high));
    }
}

/// One day of the course.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CourseDay {
    /// Counted from infusion.
    pub day: i32,
    /// The calendar day, ISO 8601.
    pub date: Date,
    /// CRS.
    pub crs: DayGrade,
    /// ICANS.
    pub icans: DayGrade,
    /// ICAHT as it stands at the end of the day: early within its window, late after it.
    pub icaht: DayGrade,
    /// The lowest neutrophil count of the day, /µL.
    pub anc_per_ul: Option<f32>,
}

/// Each day from infusion to the question's instant (or to what ended the course before it); empty
/// where the infusion has not happened or is unclear.
pub fn course(chart: &Chart, rules: &Rules, q: &Question) -> Vec<CourseDay> {
    let scope = scope(chart, q);
    let Chosen::This(infusion) = scope.chosen else {
        return Vec::new();
    };
    let view = &scope.view;
    let zone = view.zone();
    let last = days_between(infusion.day, zone.day_of(view.at));
    let mut days: Vec<CourseDay> = (0..=last)
        .map(|day| CourseDay {
            day,
            date: icaht::date_of(&infusion, day),
            crs: DayGrade::default(),
            icans: DayGrade::default(),
            icaht: DayGrade::default(),
            anc_per_ul: None,
        })
        .collect();
    add_crs(&mut days, view, &infusion, rules);
    add_icans(&mut days, view, &infusion, rules);
    add_icaht(&mut days, view, &infusion, rules);
    days
}

fn add_crs(days: &mut [CourseDay], view: &View<'_>, infusion: &InfusionDay, rules: &Rules) {
    let ways = crs::course_steps(view, infusion, &rules.crs, &rules.lexicon);
    let mut ways = ways.iter().map(|steps| {
        let mut own: Vec<CourseDay> = days.to_vec();
        add_steps(&mut own, view, infusion, steps, rules.crs.highest);
        own
    });
    let Some(first) = ways.next() else { return };
    let rest: Vec<Vec<CourseDay>> = ways.collect();
    for (index, (day, found)) in days.iter_mut().zip(first).enumerate() {
        day.crs = found.crs;
        for other in rest.iter().filter_map(|way| way.get(index)) {
            // Reached for certain only where every placement reaches it.
            day.crs.grade = day.crs.grade.min(other.crs.grade);
            day.crs.high = day.crs.high.max(other.crs.high);
        }
    }
}

fn add_steps(
    days: &mut [CourseDay],
    view: &View<'_>,
    infusion: &InfusionDay,
    steps: &[(Timestamp, Span)],
    highest: u8,
) {
    let ends = steps.iter().skip(1).map(|(from, _)| *from).chain([view.at]);
    for ((from, span), end) in steps.iter().zip(ends) {
        let zone = view.zone();
        let first = days_between(infusion.day, zone.day_of(*from));
        // A step that ends with the first instant of a day does not reach into that day.
        let end = if end > *from && end < view.at { crate::timeline::just_before(end) } else { end };
        let last = days_between(infusion.day, zone.day_of(end));
        for day in days.iter_mut().filter(|day| (first..=last).contains(&day.day)) {
            day.crs.add(*span, highest);
        }
    }
}

fn add_icans(days: &mut [CourseDay], view: &View<'_>, infusion: &InfusionDay, rules: &Rules) {
    let zone = view.zone();
    let mut instants: Vec<Timestamp> = vec![view.at];
    for concept in icans::CONCEPTS {
        instants.extend(view.of(concept).map(|fact| fact.when.earliest(zone)));
    }
    for drug in rules.lexicon.class("sedative") {
        DrugTrack::new(view, *drug, icans::SEDATION, &rules.lexicon, false).changes(&mut instants);
    }
    instants.retain(|at| (infusion.start..=view.at).contains(at));
    instants.sort_unstable();
    instants.dedup();
    for at in instants {
        let then = view.chart().view(at, view.known_at);
        let span = icans::grades(&then, infusion, &rules.icans, &rules.lexicon);
        let day = days_between(infusion.day, zone.day_of(at));
        if let Some(day) = usize::try_from(day).ok().and_then(|day| days.get_mut(day)) {
            day.icans.add(span, rules.icans.highest);
        }
    }
}

fn add_icaht(days: &mut [CourseDay], view: &View<'_>, infusion: &InfusionDay, rules: &Rules) {
    let numbers = &rules.icaht;
    let Some(last) = days.last().map(|day| day.day) else {
        return;
    };
    let series = DailyNeutrophils::of(view, infusion, 0, last, None);
    let late_from = usize::try_from(numbers.late_first_day).unwrap_or(usize::MAX);
    for (index, day) in days.iter_mut().enumerate() {
        // What could not be read is drawn as nothing, not as the least it may be.
        let unread = series.unreadable.iter().any(|(unread, _)| *unread == day.day);
        let shown = if unread { &series.most } else { &series.least };
        day.anc_per_ul =
            shown.get(index).copied().filter(|value| !value.is_nan() && (!unread || value.is_finite()));
        let until = |values: &'_ [f32], from: usize| {
            values.get(from..=index).map(<[f32]>::to_vec).unwrap_or_default()
        };
        if day.day <= numbers.early_last_day {
            // As early ICAHT is graded while its window is open: the last value is not carried on.
            let seen = |values: &[f32]| {
                let mut seen = until(values, 0);
                seen.truncate(seen.iter().rposition(|value| !value.is_nan()).map_or(0, |last| last + 1));
                seen
            };
            let most = kernel::grade_open_days(&seen(&series.most), numbers, numbers.reading);
            let least = kernel::grade_open_days(&seen(&series.least), numbers, numbers.reading);
            if most.known_days > 0 {
                // Certainly reached is what holds whatever the days before the first value were.
                let bare =
                    kernel::grade_without_carrying(&seen(&series.most), numbers, numbers.reading, false);
                day.icaht.add(Span { low: most.low.min(bare.low), high: least.high }, numbers.highest);
            }
        } else if day.day <= numbers.late_last_day {
            let most = kernel::grade_late_days(&until(&series.most, late_from), numbers, numbers.reading);
            let least = kernel::grade_late_days(&until(&series.least, late_from), numbers, numbers.reading);
            if most.days > 0 {
                day.icaht.add(Span::between(most.grade, least.grade), numbers.highest);
            }
        }
    }
}

/// Every drug class a scale reads, for whoever checks that the catalogue names them.
pub const DRUG_CLASSES: [&str; 7] = [
    "antipyretic",
    "anticytokine",
    "corticosteroid",
    "vasopressor",
    "vasopressin",
    "sedative",
    "lymphodepletion",
];

/// Every concept a scale reads, for whoever checks that the catalogue names them.
pub fn concepts_read(rules: &Rules) -> Vec<Concept> {
    let others = [
        "infusion",
        "death",
        "relapse",
        "next-therapy",
        "last-follow-up",
        "birth-date",
        "diagnosis",
        "lymphodepletion",
        "crs-episode-closed",
        "body-temperature",
        "other-cause-of-fever",
        "hypotension",
        "hypotension-cause",
        "vasopressor-need",
        "systolic-pressure",
        "oxygen-device",
        "oxygen-flow",
        "oxygen-saturation",
        "hypoxia-cause",
        "antipyretic-therapy",
        "anc",
    ];
    let mut concepts: Vec<Concept> = others.into_iter().map(Concept::known).collect();
    concepts.extend(icans::CONCEPTS);
    concepts.extend(rules.hematotox.inputs.iter().map(|input| input.concept));
    concepts.sort_unstable();
    concepts.dedup();
    concepts
}
