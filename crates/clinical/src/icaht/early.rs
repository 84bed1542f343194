//! Early ICAHT (from infusion to the rule's last day): the window as seen from an instant, its grade
//! by the chosen reading, and what the other readings would say.

use super::{ANC, DailyNeutrophils, Ending, cells, date_of, earliest_end, kernel};
use crate::{
    finding::{Finding, Reason, Status, status_of},
    numbers::{Criterion, DayBand, IcahtNumbers},
    span::Span,
    timeline::InfusionDay,
};
use kernel::DayGrades;
use vena_base::{Text, View, When, time::days_between};

/// The scale's name in findings.
pub const SCALE: &str = "icaht_early";

/// The window as it stands at the view's instant.
struct Window {
    days: DailyNeutrophils,
    /// No day can be added any more.
    ended: bool,
    ending: Option<Ending>,
}

/// What one reading says.
struct Said {
    span: Span,
    /// The reading with bounds at their most: days that count for certain.
    certain: DayGrades,
    /// The reading with bounds at their least.
    possible: DayGrades,
}

impl Window {
    fn of(view: &View<'_>, infusion: &InfusionDay, numbers: &IcahtNumbers, cut: bool) -> Window {
        let today = days_between(infusion.day, view.zone().day_of(view.at));
        let ending = earliest_end(view, infusion, &[Ending::Death, Ending::LastFollowUp]);
        let ending = ending.filter(|(day, _)| *day <= numbers.early_last_day);
        let last = today.min(numbers.early_last_day).min(ending.map_or(i32::MAX, |(day, _)| day));
        let days = DailyNeutrophils::of(view, infusion, 0, last, numbers.site.late_hours);
        let full = today == numbers.early_last_day && days.least.last().is_some_and(|value| !value.is_nan());
        let ended = cut || full || ending.is_some() || today > numbers.early_last_day;
        Window { days, ended, ending: ending.map(|e| e.1) }
    }

    fn say(&self, numbers: &IcahtNumbers) -> Said {
        let grade = if self.ended { kernel::grade_days } else { kernel::grade_open_days };
        let certain = grade(&self.days.most, numbers, numbers.reading);
        let possible = grade(&self.days.least, numbers, numbers.reading);
        let still_low = !self.ended && (certain.still_low || possible.still_low);
        let high = if still_low { numbers.highest } else { possible.high.max(certain.high) };
        Said { span: Span { low: certain.low.min(possible.low), high }, certain, possible }
    }

    /// The middle of the longest stretch of days that stays missing.
    fn widest_gap(&self, numbers: &IcahtNumbers) -> Option<i32> {
        let (mut best, mut start) = (None::<(usize, usize)>, 0);
        for (day, value) in self.days.least.iter().chain([&0.0]).enumerate() {
            if value.is_nan() {
                continue;
            }
            let length = day - start;
            if length > numbers.gap_days && best.is_none_or(|(_, longest)| length > longest) {
                best = Some((start, length));
            }
            start = day + 1;
        }
        best.and_then(|(start, length)| i32::try_from(start + length / 2).ok())
    }
}

/// The early grade at the view's instant. `others` are the readings compared with; `cut` says that
/// another infusion ended the course at this instant.
pub(crate) fn assess(
    view: &View<'_>,
    infusion: &InfusionDay,
    numbers: &IcahtNumbers,
    others: &[IcahtNumbers],
    cut: bool,
) -> Finding {
    let mut finding = Finding::new(SCALE, &numbers.rule.name, Status::NotAssessable);
    finding.provisional = numbers.rule.provisional;
    let window = Window::of(view, infusion, numbers, cut);
    if window.days.without_day > 0 {
        finding.notes.push(Text::new(
            format!(
                "{} neutrophil counts are known only to the month or year and are left out.",
                window.days.without_day
            ),
            format!("{} 筆嗜中性球數僅記錄到月或年，未列入。", window.days.without_day),
        ));
    }
    let said = window.say(numbers);
    if said.certain.known_days == 0 {
        finding.lacks(ANC);
        finding.ask(ANC, Text::new("Neutrophil count (ANC)", "嗜中性球絕對計數（ANC）"));
        return finding;
    }
    finding.say(said.span, numbers.highest);
    finding.days_le_500 = Some(said.certain.days_le_500);
    finding.days_le_100 = Some(said.certain.days_le_100);
    let since = said.possible.first_day.and_then(|day| i32::try_from(day).ok());
    finding.since = since.map(|day| When::Date(date_of(infusion, day)));
    because(&mut finding, &said, &window, numbers);
    unsettled(&mut finding, &said, &window, infusion, numbers);
    for other in others.iter().filter(|other| other.rule.name != numbers.rule.name) {
        let theirs = window.say(other);
        if theirs.span != said.span {
            let mut answer = Finding::new(SCALE, &other.rule.name, Status::NotAssessable);
            answer.say(theirs.span, other.highest);
            finding.differs.push((other.rule.name.clone(), answer.brief()));
        }
    }
    finding
}

/// The band of days that was reached, and the deep one.
fn because(finding: &mut Finding, said: &Said, window: &Window, numbers: &IcahtNumbers) {
    let known = said.certain.known_days;
    let measured = window.days.measured();
    let lines = [
        (&numbers.low_bands, said.certain.days_le_500, said.possible.days_le_500, numbers.low_per_ul),
        (&numbers.deep_bands, said.certain.days_le_100, said.possible.days_le_100, numbers.deep_per_ul),
    ];
    for (bands, days, most, line) in lines {
        let count = if days == most { days.to_string() } else { format!("{days}–{most}") };
        let used = Text::new(
            format!(
                "{count} days at or below {line}/µL ({measured} days measured, {known} after filling short gaps)"
            ),
            format!("{count} 天 ≤ {line}/µL（實測 {measured} 天，短缺口補值後 {known} 天）"),
        );
        let (low, high) = (reached(bands, days), reached(bands, most));
        let Some(criterion) = high.or(bands.first()).map(|band| &band.criterion) else {
            continue;
        };
        let grades = Span { low: low.map_or(0, |b| b.grade), high: high.map_or(0, |b| b.grade) };
        finding.provisional |= criterion.provisional && grades.high > 0;
        let deciding = !said.certain.never_above && said.certain.grade == grades.high;
        finding.because.push(reason(criterion, used, finding.since, window.days.late, grades, deciding));
    }
    never_above(finding, said, window, numbers);
}

/// The episode that began early and never ended.
fn never_above(finding: &mut Finding, said: &Said, window: &Window, numbers: &IcahtNumbers) {
    if said.certain.never_above {
        let criterion = &numbers.never_above;
        let used = Text::new(
            format!(
                "at or below {}/µL from day {} to the last value",
                numbers.low_per_ul,
                said.certain.first_day.unwrap_or(0)
            ),
            format!(
                "自第 {} 天至最後一次檢驗均 ≤ {}/µL",
                said.certain.first_day.unwrap_or(0),
                numbers.low_per_ul
            ),
        );
        finding.because.push(reason(
            criterion,
            used,
            finding.since,
            window.days.late,
            criterion.grades,
            true,
        ));
    }
}

fn reached(bands: &[DayBand], days: u32) -> Option<&DayBand> {
    bands.iter().filter(|band| days >= band.from_days).max_by_key(|band| band.grade)
}

fn reason(c: &Criterion, used: Text, when: Option<When>, late: bool, grades: Span, deciding: bool) -> Reason {
    Reason {
        criterion: c.id.clone(),
        label: c.label.clone(),
        used,
        when,
        late,
        grade_low: Some(grades.low),
        grade_high: Some(grades.high),
        deciding,
        attributed: None,
        source: c.source.clone(),
    }
}

/// Why the grade is not settled, what would settle it, and whether the window is still open.
fn unsettled(
    finding: &mut Finding,
    said: &Said,
    window: &Window,
    infusion: &InfusionDay,
    numbers: &IcahtNumbers,
) {
    window_notes(finding, window, numbers);
    if status_of(said.span, numbers.highest) == Status::Value {
        return;
    }
    let still_low = !window.ended && (said.certain.still_low || said.possible.still_low);
    if let Some(day) = window.widest_gap(numbers).filter(|_| said.certain.low != said.certain.high) {
        let date = date_of(infusion, day);
        finding.lacks(ANC);
        finding.notes.push(Text::new(
            format!(
                "Missing days allow more than one grade; the known days alone give {}.",
                said.certain.grade
            ),
            format!("缺少檢驗的天數使分級有多種可能；僅依已知天數為 {} 級。", said.certain.grade),
        ));
        finding.ask(
            ANC,
            Text::new(
                format!("Neutrophil count on day {day} ({date})"),
                format!("第 {day} 天（{date}）的嗜中性球數"),
            ),
        );
    }
    ask_for_bounds(finding, said, window);
    if still_low {
        finding.ask(
            ANC,
            Text::new(
                "The next neutrophil counts: the episode has not ended",
                "後續嗜中性球數：低下尚未結束",
            ),
        );
    }
}

/// A value reported as a bound that leaves the grade open.
fn ask_for_bounds(finding: &mut Finding, said: &Said, window: &Window) {
    if said.certain.grade != said.possible.grade {
        finding.lacks(ANC);
        let bounded = window.days.least.iter().zip(&window.days.most).position(|(low, high)| low < high);
        if let Some(day) = bounded {
            let bound = window.days.most.get(day).map_or(String::new(), |value| cells(*value));
            finding.ask(
                ANC,
                Text::new(
                    format!(
                        "The exact neutrophil count on day {day} (reported as a bound, up to {bound}/µL)"
                    ),
                    format!("第 {day} 天嗜中性球的確切數值（僅報告界限，最高 {bound}/µL）"),
                ),
            );
        }
    }
}

/// Whether the window is still open, or what ended it early.
fn window_notes(finding: &mut Finding, window: &Window, numbers: &IcahtNumbers) {
    let today = i32::try_from(window.days.least.len()).unwrap_or(1) - 1;
    if !window.ended {
        let last = numbers.early_last_day;
        finding.notes.push(Text::new(
            format!("The window is open until day {last}; the grade may still rise."),
            format!("觀察期至第 {last} 天為止，分級仍可能上升。"),
        ));
    }
    if let Some(ending) = window.ending {
        let name = ending.name();
        finding.notes.push(Text::new(
            format!("The window ends on day {today}: {}.", name.en),
            format!("觀察期於第 {today} 天結束：{}。", name.zh_tw),
        ));
    }
}
