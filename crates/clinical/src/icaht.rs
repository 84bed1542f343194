//! Immune effector cell-associated haematotoxicity (ICAHT), early and late, from the neutrophil
//! series of a chart. The grading itself is in [`kernel`]; here the days are gathered, the window is
//! cut, and the answer explained. Must not know management, and no number.

pub mod early;
pub mod kernel;
pub mod late;

use crate::{
    finding::Finding,
    late::is_late,
    numbers::range_of,
    timeline::{InfusionDay, unreadable},
};
use jiff::{ToSpan, civil::Date};
use kernel::to_day_value;
use vena_base::{Concept, Fact, Text, Value, View, When, time::days_between};

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
    /// Days with a count that could not be read, and what was written: any value is possible there.
    pub unreadable: Vec<(i32, String)>,
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
            unreadable: Vec::new(),
        };
        for fact in view.of(ANC) {
            let written = unreadable(fact);
            let range = fact.quantity().map(|quantity| range_of(quantity, 0.0));
            // A count that was not done is a day without one; one that cannot be read may be anything.
            let Some((least, most)) = range.or(written.map(|_| (0.0, f64::INFINITY))) else {
                continue;
            };
            let Some(day) = fact.when.day(view.zone()) else {
                days.without_day += 1;
                continue;
            };
            let day = days_between(infusion.day, day);
            let Ok(index) = usize::try_from(day - first) else {
                continue;
            };
            if let (Some(low), Some(high)) = (days.least.get_mut(index), days.most.get_mut(index)) {
                // `min` of a value and NaN is the value.
                *low = low.min(to_day_value(least));
                *high = high.min(to_day_value(most));
                days.late |= is_late(fact, view, late_hours);
                days.unreadable.extend(written.map(|written| (day, written.to_owned())));
            }
        }
        days
    }

    /// Days with a value that was read.
    pub fn measured(&self) -> usize {
        let open = |least: f32, most: f32| least.is_nan() || (least == 0.0 && most.is_infinite());
        let known = |(least, most): &(&f32, &f32)| !open(**least, **most);
        self.least.iter().zip(&self.most).filter(known).count()
    }

    /// Leaves out the days after the last value, on which nothing can be said yet.
    pub fn until_last_value(mut self) -> Self {
        let length = self.least.iter().rposition(|value| !value.is_nan()).map_or(0, |last| last + 1);
        self.least.truncate(length);
        self.most.truncate(length);
        self
    }

    /// Asks to read again what could not be read.
    pub fn ask_to_read_again(&self, finding: &mut Finding, infusion: &InfusionDay) {
        for (day, written) in &self.unreadable {
            let date = date_of(infusion, *day);
            finding.lacks(ANC);
            finding.ask(
                ANC,
                Text::new(
                    format!("Read again the neutrophil count of day {day} ({date}): “{written}”"),
                    format!("請重新判讀第 {day} 天（{date}）的嗜中性球數：「{written}」"),
                ),
            );
        }
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

/// The end of a window.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct End {
    /// The day counted from infusion.
    pub day: i32,
    /// What ended it.
    pub ending: Ending,
    /// What to know about the day: that it is not the one written.
    pub note: Option<Text>,
}

/// The earliest of the events that end a window, with its day, where one is seen by `today`.
/// Follow-up counts as lost only when nothing was measured after its last day.
pub(crate) fn earliest_end(view: &View<'_>, infusion: &InfusionDay, events: &[Ending]) -> Option<End> {
    let first = |concept: &'static str, ending: Ending| {
        let facts = view.of(Concept::known(concept));
        let mut facts = facts.filter(|fact| !matches!(fact.value, Value::NotAssessed(_)));
        let after = |fact: &&Fact| ending == Ending::Death || fact.when.last_day(view.zone()) >= infusion.day;
        facts.find(after).map(|fact| end_of(view, infusion, fact.when, ending))
    };
    let found = events.iter().filter_map(|ending| match ending {
        Ending::Death => first("death", Ending::Death),
        Ending::NextTherapy => first("next-therapy", Ending::NextTherapy),
        Ending::Relapse => first("relapse", Ending::Relapse),
        Ending::LastFollowUp => last_follow_up(view, infusion),
    });
    found.min_by_key(|end| end.day)
}

/// The end by an event. One known only to the month is taken at the month's first day, or at the last
/// neutrophil count within it.
fn end_of(view: &View<'_>, infusion: &InfusionDay, when: When, ending: Ending) -> End {
    let zone = view.zone();
    if let Some(day) = when.day(zone) {
        return End { day: days_between(infusion.day, day), ending, note: None };
    }
    let within = |day: &Date| (when.first_day(zone)..=when.last_day(zone)).contains(day);
    let counts = view.of(ANC).filter(|fact| fact.quantity().is_some());
    let last = counts.map(|fact| fact.when.first_day(zone)).filter(within).max();
    let day = days_between(infusion.day, last.unwrap_or(when.first_day(zone)).max(infusion.day));
    let name = ending.name();
    let note = Text::new(
        format!("The day of {} is known only as {when}; day {day} is taken.", name.en),
        format!("{}日期僅記錄為 {when}；以第 {day} 天計。", name.zh_tw),
    );
    End { day, ending, note: Some(note) }
}

fn last_follow_up(view: &View<'_>, infusion: &InfusionDay) -> Option<End> {
    let told = |fact: &&Fact| !matches!(fact.value, Value::NotAssessed(_));
    let fact = view.of(Concept::known("last-follow-up")).rfind(told)?;
    let told = match &fact.value {
        Value::Moment(when) => when.last_day(view.zone()),
        _ => fact.when.last_day(view.zone()),
    };
    let last_value = view.of(ANC).next_back().map(|fact| fact.when.first_day(view.zone()));
    let day_of = |day: Date| days_between(infusion.day, day);
    let day = day_of(last_value.map_or(told, |value| value.max(told)));
    let today = day_of(view.zone().day_of(view.at));
    let moved = (day != day_of(told)).then(|| {
        let told = day_of(told);
        Text::new(
            format!("Last follow-up is recorded on day {told}, but neutrophils were measured on day {day}: day {day} is taken."),
            format!("末次追蹤記錄為第 {told} 天，但第 {day} 天仍有嗜中性球數：以第 {day} 天計。"),
        )
    });
    (day >= 0 && day < today).then_some(End { day, ending: Ending::LastFollowUp, note: moved })
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

/// A number of cells that may only be known between two bounds, in words.
pub(crate) fn cells_between(least: f32, most: f32) -> String {
    match (least == most, most.is_infinite()) {
        (true, _) => format!("{}/µL", cells(most)),
        (false, true) => format!("≥ {}/µL", cells(least)),
        (false, false) => format!("{}–{}/µL", cells(least), cells(most)),
    }
}

/// Days in words: a day, several days.
pub(crate) fn days_en(days: usize) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

/// That the answer holds so far only.
pub(crate) fn so_far(last_day: i32) -> Text {
    Text::new(
        format!("So far: the window is open until day {last_day}; the grade may still rise."),
        format!("目前結果：觀察期至第 {last_day} 天為止，分級仍可能上升。"),
    )
}
