//! Late ICAHT (after the early window, to the earliest of the rule's last day, next therapy,
//! relapse, last follow-up and death): graded on measured values, nothing filled in.

use super::{
    ANC, DailyNeutrophils, End, Ending, cells_between, date_of, days_en, earliest_end, kernel, so_far,
};
use crate::{
    finding::{Finding, Reason, Status},
    numbers::{Criterion, IcahtNumbers},
    span::Span,
    timeline::InfusionDay,
};
use kernel::LateGrade;
use vena_base::{Text, View, When, time::days_between};

/// The scale's name in findings.
pub const SCALE: &str = "icaht_late";

const ENDINGS: [Ending; 4] = [Ending::Death, Ending::NextTherapy, Ending::Relapse, Ending::LastFollowUp];

/// The late grade at the view's instant. `others` are the readings compared with; `cut` says that another
/// infusion ended the course at this instant.
pub(crate) fn assess(
    view: &View<'_>,
    infusion: &InfusionDay,
    numbers: &IcahtNumbers,
    others: &[IcahtNumbers],
    cut: bool,
) -> Finding {
    let mut finding = Finding::new(SCALE, &numbers.rule.name, Status::NotApplicable);
    finding.provisional = numbers.rule.provisional;
    let (first, today) = (numbers.late_first_day, days_between(infusion.day, view.zone().day_of(view.at)));
    let ending = earliest_end(view, infusion, &ENDINGS).filter(|end| end.day <= numbers.late_last_day);
    let last = today.min(numbers.late_last_day).min(ending.as_ref().map_or(i32::MAX, |end| end.day));
    if last < first {
        finding.notes.push(not_begun(first, ending.as_ref()));
        return finding;
    }
    let days = DailyNeutrophils::of(view, infusion, first, last, numbers.site.late_hours);
    let open = !cut && ending.is_none() && today < numbers.late_last_day;
    finding.provisional |= open;
    window_note(&mut finding, last, ending.as_ref(), open, numbers);
    let (mut span, most, least) = say(&days, numbers);
    if days.measured() == 0 {
        finding.status = Status::NotAssessable;
        finding.lacks(ANC);
        days.ask_to_read_again(&mut finding, infusion);
        let (from, to) = (date_of(infusion, first), date_of(infusion, last));
        finding.ask(
            ANC,
            Text::new(
                format!("Neutrophil counts between {from} and {to}"),
                format!("{from} 至 {to} 的嗜中性球數"),
            ),
        );
        return finding;
    }
    because(&mut finding, &days, span, &most, &least, numbers, infusion);
    if !span.settled() {
        days.ask_to_read_again(&mut finding, infusion);
    }
    let alone = span;
    // Later values can only raise a grade that two time points gave; one value alone may also fall away.
    if open && !most.single && span.low > 0 {
        span.high = numbers.highest;
    }
    finding.say(span, numbers.highest);
    count_days(&mut finding, &days, numbers);
    for other in others.iter().filter(|other| other.rule.name != numbers.rule.name) {
        let theirs = say(&days, other).0;
        if theirs != alone {
            let mut answer = Finding::new(SCALE, &other.rule.name, Status::NotAssessable);
            answer.say(theirs, other.highest);
            finding.differs.push((other.rule.name.clone(), answer.brief()));
        }
    }
    finding
}

/// The grades, with bounds at their most and at their least.
fn say(days: &DailyNeutrophils, numbers: &IcahtNumbers) -> (Span, LateGrade, LateGrade) {
    let most = kernel::grade_late_days(&days.most, numbers, numbers.reading);
    let least = kernel::grade_late_days(&days.least, numbers, numbers.reading);
    (Span::between(most.grade, least.grade), most, least)
}

fn window_note(finding: &mut Finding, last: i32, ending: Option<&End>, open: bool, numbers: &IcahtNumbers) {
    match ending {
        Some(end) => {
            let name = end.ending.name();
            finding.notes.extend(end.note.clone());
            finding.notes.push(Text::new(
                format!("The window ends on day {last}: {}.", name.en),
                format!("觀察期於第 {last} 天結束：{}。", name.zh_tw),
            ));
        }
        None if open => finding.notes.push(so_far(numbers.late_last_day)),
        None => {}
    }
}

/// Measured days at or below the two lines of the early table.
fn count_days(finding: &mut Finding, days: &DailyNeutrophils, numbers: &IcahtNumbers) {
    let count = |line: f64| {
        let below = days.most.iter().filter(|value| f64::from(**value) <= line).count();
        u32::try_from(below).ok()
    };
    finding.days_le_500 = count(numbers.low_per_ul);
    finding.days_le_100 = count(numbers.deep_per_ul);
}

fn because(
    finding: &mut Finding,
    days: &DailyNeutrophils,
    span: Span,
    most: &LateGrade,
    least: &LateGrade,
    numbers: &IcahtNumbers,
    infusion: &InfusionDay,
) {
    let met = |grade: u8| numbers.late.iter().find(|line| line.grades.high == grade);
    let mildest = numbers.late.iter().min_by_key(|line| line.grades.high);
    let Some(line): Option<&Criterion> = met(span.high).or(mildest) else {
        return;
    };
    let at = days.least.iter().position(|value| *value == least.decided_by_per_ul).unwrap_or(0);
    let day = i32::try_from(at).unwrap_or(0) + numbers.late_first_day;
    let when = When::Date(date_of(infusion, day));
    let value = cells_between(least.decided_by_per_ul, most.decided_by_per_ul);
    let measured = days.measured();
    finding.since = (span.high > 0).then_some(when);
    finding.provisional |= line.provisional && span.high > 0;
    finding.because.push(Reason {
        criterion: line.id.clone(),
        label: line.label.clone(),
        used: Text::new(
            format!("ANC {value} on day {day} ({} measured)", days_en(measured)),
            format!("第 {day} 天 ANC {value}（實測 {measured} 天）"),
        ),
        when: Some(when),
        late: days.late,
        grade_low: Some(span.low),
        grade_high: Some(span.high),
        deciding: true,
        attributed: None,
        source: line.source.clone(),
    });
    makeshift(finding, days, most, span, numbers);
}

/// A single value, or one reported as a bound.
fn makeshift(
    finding: &mut Finding,
    days: &DailyNeutrophils,
    most: &LateGrade,
    span: Span,
    numbers: &IcahtNumbers,
) {
    if most.single {
        finding.provisional = true;
        finding.notes.push(Text::new(
            format!(
                "The consensus wants {} time points; a single value is provisional.",
                numbers.late_time_points
            ),
            format!("共識要求至少 {} 個時間點；單次數值僅為暫定。", numbers.late_time_points),
        ));
        finding.ask(ANC, Text::new("Another neutrophil count on another day", "另一天的嗜中性球數"));
    }
    if !span.settled() && days.unreadable.is_empty() {
        finding.lacks(ANC);
        finding.ask(
            ANC,
            Text::new("The exact neutrophil count (reported as a bound)", "嗜中性球的確切數值（僅報告界限）"),
        );
    }
}

/// Why there is no late window.
fn not_begun(first: i32, ending: Option<&End>) -> Text {
    match ending {
        Some(End { day, ending, .. }) => {
            let name = ending.name();
            Text::new(
                format!("Late ICAHT begins on day {first}; observation ended on day {day}: {}.", name.en),
                format!("晚期 ICAHT 自第 {first} 天起算；觀察於第 {day} 天結束：{}。", name.zh_tw),
            )
        }
        None => Text::new(
            format!("Late ICAHT begins on day {first}."),
            format!("晚期 ICAHT 自第 {first} 天起算。"),
        ),
    }
}
