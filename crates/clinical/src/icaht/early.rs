//! Early ICAHT (from infusion to the rule's last day): the window as seen from an instant, its grade
//! by the chosen reading, and what the other readings would say.

use super::{
    ANC, DailyNeutrophils, End, Ending, cells, cells_between, date_of, days_en, earliest_end, kernel, so_far,
};
use crate::{
    finding::{Carried, Finding, Reason, Status, status_of},
    numbers::{Criterion, DayBand, IcahtNumbers},
    span::Span,
    timeline::InfusionDay,
};
use kernel::DayGrades;
use vena_base::{Lang, Text, View, When, time::days_between};

/// The scale's name in findings.
pub const SCALE: &str = "icaht_early";

/// The window as it stands at the view's instant.
struct Window {
    days: DailyNeutrophils,
    /// No day can be added any more.
    ended: bool,
    ending: Option<End>,
}

/// What one reading says.
struct Said {
    span: Span,
    /// The reading with bounds at their most: days that count for certain.
    certain: DayGrades,
    /// The reading with bounds at their least.
    possible: DayGrades,
    /// The grades where nothing is carried to the ends of the window.
    uncarried: Span,
}

impl Window {
    fn of(view: &View<'_>, infusion: &InfusionDay, numbers: &IcahtNumbers, cut: bool) -> Window {
        let today = days_between(infusion.day, view.zone().day_of(view.at));
        let ending = earliest_end(view, infusion, &[Ending::Death, Ending::LastFollowUp]);
        let ending = ending.filter(|end| end.day <= numbers.early_last_day);
        let last = today.min(numbers.early_last_day).min(ending.as_ref().map_or(i32::MAX, |end| end.day));
        let days = DailyNeutrophils::of(view, infusion, 0, last, numbers.site.late_hours);
        let full = today == numbers.early_last_day && days.least.last().is_some_and(|value| !value.is_nan());
        let ended = cut || full || ending.is_some() || today > numbers.early_last_day;
        // While days may still come, the last value is not carried on: only what was seen counts.
        let days = if ended { days } else { days.until_last_value() };
        Window { days, ended, ending }
    }

    fn say(&self, numbers: &IcahtNumbers) -> Said {
        let grade = if self.ended { kernel::grade_days } else { kernel::grade_open_days };
        let certain = grade(&self.days.most, numbers, numbers.reading);
        let possible = grade(&self.days.least, numbers, numbers.reading);
        let still_low = !self.ended && (certain.still_low || possible.still_low);
        let low = certain.low.min(possible.low);
        let rises = still_low || (!self.ended && low > 0);
        let high = if rises { numbers.highest } else { possible.high.max(certain.high) };
        let bare =
            |values: &[f32]| kernel::grade_without_carrying(values, numbers, numbers.reading, self.ended);
        let (most, least) = (bare(&self.days.most), bare(&self.days.least));
        // What the method gives is one of the courses the carried days can have had.
        let uncarried =
            Span { low: low.min(most.low).min(least.low), high: high.max(most.high).max(least.high) };
        // “At least” must hold whatever the carried days were; a window that has ended is graded as the
        // method grades it, and says how far it could move.
        let low = if self.ended { low } else { uncarried.low };
        Said { span: Span { low, high }, certain, possible, uncarried }
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
    finding.provisional |= !window.ended;
    finding.days_le_500 = Some(said.certain.days_le_500);
    finding.days_le_100 = Some(said.certain.days_le_100);
    let since = said.possible.first_day.and_then(|day| i32::try_from(day).ok());
    finding.since = since.map(|day| When::Date(date_of(infusion, day)));
    because(&mut finding, &said, &window, numbers);
    unsettled(&mut finding, &said, &window, infusion, numbers);
    carried(&mut finding, &said, &window, infusion, numbers);
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
        let counted = if count == "1" { days_en(1) } else { format!("{count} days") };
        let filled = known as usize > measured;
        let used = Text::new(
            if filled {
                format!("{counted} ≤ {line}/µL ({measured} measured, {known} with short gaps filled)")
            } else {
                format!("{counted} ≤ {line}/µL ({measured} measured)")
            },
            if filled {
                format!("{count} 天 ≤ {line}/µL（實測 {measured} 天，短缺口補值後 {known} 天）")
            } else {
                format!("{count} 天 ≤ {line}/µL（實測 {measured} 天）")
            },
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
                "≤ {}/µL from day {} to the last value",
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
    if said.certain.grade != said.possible.grade || said.certain.high != said.possible.high {
        window.days.ask_to_read_again(finding, infusion);
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

/// Which days the method filled by carrying the nearest value, and how far the grade could move were they
/// known. The grade stays the method's.
fn carried(
    finding: &mut Finding,
    said: &Said,
    window: &Window,
    infusion: &InfusionDay,
    numbers: &IcahtNumbers,
) {
    let days = &window.days;
    let (lead, trail) = kernel::carried_days(&days.most, numbers);
    let end = days.most.len().saturating_sub(trail);
    // How many days, the first of them, and the day whose value they carry.
    let stretches = [(lead, 0, lead), (trail, end, end.saturating_sub(1))];
    let mut filled = Vec::new();
    for (count, first, from) in stretches.into_iter().filter(|(count, ..)| *count > 0) {
        let value = days.least.get(from).zip(days.most.get(from));
        let value = value.map_or_else(String::new, |(least, most)| cells_between(*least, *most));
        let day = |day: usize| i32::try_from(day).unwrap_or(i32::MAX);
        filled.push(CarriedDays { first: day(first), last: day(first + count - 1), from: day(from), value });
    }
    let Some(Span { low, high }) = (!filled.is_empty()).then_some(said.uncarried) else {
        return;
    };
    let moves = said.uncarried != said.span;
    let words = |lang| filled.iter().map(|days| days.words(lang)).collect::<Vec<_>>();
    let (en, zh_tw) = (words(Lang::En).join("; "), words(Lang::ZhTw).join("；"));
    finding.notes.push(if moves {
        Text::new(
            format!("Not measured but carried, as the published method does: {en}. Were those days known, the grade could be {low} to {high}."),
            format!("未實測，依已發表方法沿用：{zh_tw}。若這些天有檢驗值，分級可能為 {low} 至 {high}。"),
        )
    } else {
        Text::new(
            format!("Not measured but carried, as the published method does: {en}. The grade does not depend on it."),
            format!("未實測，依已發表方法沿用：{zh_tw}。不影響分級。"),
        )
    });
    finding.carried = Some(Carried { days: filled.iter().map(|d| (d.first, d.last)).collect(), low, high });
    if moves {
        finding.provisional = true;
        for days in &filled {
            finding.ask(ANC, days.question(infusion));
        }
    }
}

/// A stretch of days that carry the value of another day.
struct CarriedDays {
    first: i32,
    last: i32,
    from: i32,
    value: String,
}

impl CarriedDays {
    fn span(&self) -> String {
        if self.first == self.last {
            self.first.to_string()
        } else {
            format!("{}–{}", self.first, self.last)
        }
    }

    fn words(&self, lang: Lang) -> String {
        let (span, from, value) = (self.span(), self.from, &self.value);
        let days = if self.first == self.last { "day" } else { "days" };
        match lang {
            Lang::En => format!("{days} {span} from day {from} ({value})"),
            Lang::ZhTw => format!("第 {span} 天沿用第 {from} 天（{value}）"),
        }
    }

    fn question(&self, infusion: &InfusionDay) -> Text {
        let (first, last) = (date_of(infusion, self.first), date_of(infusion, self.last));
        let span = self.span();
        if first == last {
            return Text::new(
                format!("Neutrophil count on day {span} ({first}), if there is one"),
                format!("第 {span} 天（{first}）若有嗜中性球數，請補登"),
            );
        }
        Text::new(
            format!("Neutrophil counts of days {span} ({first} to {last}), if there are any"),
            format!("第 {span} 天（{first} 至 {last}）若有嗜中性球數，請補登"),
        )
    }
}

/// A value reported as a bound that leaves the grade open.
fn ask_for_bounds(finding: &mut Finding, said: &Said, window: &Window) {
    if said.certain.grade != said.possible.grade {
        finding.lacks(ANC);
        let read = |day: usize| !window.days.unreadable.iter().any(|(d, _)| usize::try_from(*d) == Ok(day));
        let mut days = window.days.least.iter().zip(&window.days.most).enumerate();
        let bounded = days.find(|(day, (low, high))| low < high && read(*day));
        if let Some((day, (_, most))) = bounded {
            let (en, zh_tw) = if most.is_infinite() {
                (String::new(), String::new())
            } else {
                let bound = cells(*most);
                (format!(", up to {bound}/µL"), format!("，最高 {bound}/µL"))
            };
            finding.ask(
                ANC,
                Text::new(
                    format!("The exact neutrophil count on day {day} (reported as a bound{en})"),
                    format!("第 {day} 天嗜中性球的確切數值（僅報告界限{zh_tw}）"),
                ),
            );
        }
    }
}

/// Whether the window is still open, or what ended it early.
fn window_notes(finding: &mut Finding, window: &Window, numbers: &IcahtNumbers) {
    let today = i32::try_from(window.days.least.len()).unwrap_or(1) - 1;
    if !window.ended {
        finding.notes.push(so_far(numbers.early_last_day));
    }
    if let Some(end) = &window.ending {
        let name = end.ending.name();
        finding.notes.extend(end.note.clone());
        finding.notes.push(Text::new(
            format!("The window ends on day {today}: {}.", name.en),
            format!("觀察期於第 {today} 天結束：{}。", name.zh_tw),
        ));
    }
}
