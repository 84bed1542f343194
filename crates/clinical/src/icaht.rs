//! Immune effector cell-associated haematotoxicity (ICAHT), early and late, from the neutrophil
//! series of a chart. The grading itself is in [`kernel`]; here the days are gathered, the window is
//! cut, and the answer explained. Must not know management, and no number.

pub mod early;
pub mod kernel;
pub mod late;

use crate::{
    late::is_late,
    numbers::range_of,
    timeline::{InfusionDay, first_time},
};
use jiff::{ToSpan, civil::Date};
use kernel::to_day_value;
use vena_base::{Concept, Text, Value, View, time::days_between};

pub(crate) const ANC: Concept = Concept::known("anc");

/// The neutrophils of a window, lowest of each day in /µL, `NaN` where there is none. Analysers
/// report bounds, so each day has the least and the most its value can be.
pub(crate) struct DailyNeutrophils {
    /// With every bound at its least.
    pub least: Vec<f32>,
    /// With every bound at its most.
    pub most: Vec<f32>,
    /// A fact was entered late.
    pub late: bool,
    /// Facts known only to the month or year, which have no day.
    pub without_day: usize,
}

impl DailyNeutrophils {
    /// Gathers days `first` to `last`, counted from infusion.
    pub fn of(
        view: &View<'_>,
        infusion: &InfusionDay,
        first: i32,
        last: i32,
        late_hours: Option<f64>,
    ) -> Self {
        let length = usize::try_from(last - first + 1).unwrap_or(0);
        let mut days = DailyNeutrophils {
            least: vec![f32::NAN; length],
            most: vec![f32::NAN; length],
            late: false,
            without_day: 0,
        };
        for fact in view.of(ANC) {
            let Some(quantity) = fact.quantity() else {
                continue;
            };
            let Some(day) = fact.when.day(view.zone()) else {
                days.without_day += 1;
                continue;
            };
            let Ok(index) = usize::try_from(days_between(infusion.day, day) - first) else {
                continue;
            };
            let (least, most) = range_of(quantity, 0.0);
            if let (Some(low), Some(high)) = (days.least.get_mut(index), days.most.get_mut(index)) {
                // `min` of a value and NaN is the value.
                *low = low.min(to_day_value(least));
                *high = high.min(to_day_value(most));
                days.late |= is_late(fact, view, late_hours);
            }
        }
        days
    }

    /// Days with a value.
    pub fn measured(&self) -> usize {
        self.least.iter().filter(|value| !value.is_nan()).count()
    }
}

/// What ends a window of observation, with its day counted from infusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Death,
    NextTherapy,
    Relapse,
    LastFollowUp,
}

impl Ending {
    pub fn name(self) -> Text {
        match self {
            Ending::Death => Text::new("death", "死亡"),
            Ending::NextTherapy => Text::new("next therapy", "下一線治療"),
            Ending::Relapse => Text::new("relapse or progression", "復發或惡化"),
            Ending::LastFollowUp => Text::new("last follow-up", "最後追蹤"),
        }
    }
}

/// The earliest of the events that end a window, with its day, where one is seen by `today`.
/// Follow-up counts as lost only when nothing was measured after its last day.
pub(crate) fn earliest_end(
    view: &View<'_>,
    infusion: &InfusionDay,
    events: &[Ending],
) -> Option<(i32, Ending)> {
    let day_of = |date: Date| days_between(infusion.day, date);
    let after = |concept: &'static str| {
        let concept = Concept::known(concept);
        let facts = view.of(concept).filter(|fact| !matches!(fact.value, Value::NotAssessed(_)));
        facts.map(|fact| day_of(fact.when.first_day(view.zone()))).find(|day| *day >= 0)
    };
    let found = events.iter().filter_map(|event| {
        let day = match event {
            Ending::Death => {
                first_time(view, Concept::known("death")).map(|f| day_of(f.when.first_day(view.zone())))
            }
            Ending::NextTherapy => after("next-therapy"),
            Ending::Relapse => after("relapse"),
            Ending::LastFollowUp => last_follow_up(view, infusion),
        };
        day.map(|day| (day, *event))
    });
    found.min_by_key(|(day, _)| *day)
}

fn last_follow_up(view: &View<'_>, infusion: &InfusionDay) -> Option<i32> {
    let fact = view.latest(Concept::known("last-follow-up"))?;
    let day = match &fact.value {
        Value::Moment(when) => when.last_day(view.zone()),
        _ => fact.when.last_day(view.zone()),
    };
    let last_value = view.of(ANC).next_back().map(|fact| fact.when.first_day(view.zone()));
    let day = days_between(infusion.day, last_value.map_or(day, |value| value.max(day)));
    let today = days_between(infusion.day, view.zone().day_of(view.at));
    (day >= 0 && day < today).then_some(day)
}

/// The calendar day n days after infusion.
pub(crate) fn date_of(infusion: &InfusionDay, day: i32) -> Date {
    infusion.day.checked_add(day.days()).unwrap_or(infusion.day)
}

/// A number of cells without needless decimals.
pub(crate) fn cells(value: f32) -> String {
    if value.is_infinite() {
        "∞".to_owned()
    } else {
        format!("{}", (f64::from(value) * 100.0).round() / 100.0)
    }
}
