//! Late ICAHT (after the early window, to the earliest of the rule's last day, next therapy,
//! relapse, last follow-up and death): graded on measured values, nothing filled in.

use super::{ANC, DailyNeutrophils, Ending, cells, date_of, earliest_end, kernel};
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

/// The late grade at the view's instant. `others` are the readings compared with.
pub(crate) fn assess(
    view: &View<'_>,
    infusion: &InfusionDay,
    numbers: &IcahtNumbers,
    others: &[IcahtNumbers],
) -> Finding {
    let mut finding = Finding::new(SCALE, &numbers.rule.name, Status::NotApplicable);
    finding.provisional = numbers.rule.provisional;
    let (first, today) = (numbers.late_first_day, days_between(infusion.day, view.zone().day_of(view.at)));
    let ending = earliest_end(view, infusion, &ENDINGS).filter(|(day, _)| *day <= numbers.late_last_day);
    let last = today.min(numbers.late_last_day).min(ending.map_or(i32::MAX, |(day, _)| day));
    if last < first {
        finding.notes.push(not_begun(first, ending));
        return finding;
    }
    let days = DailyNeutrophils::of(view, infusion, first, last, numbers.site.late_hours);
    window_note(&mut finding, last, ending, today, numbers);
    let (span, most, least) = say(&days, numbers);
    if most.days == 0 {
        finding.status = Status::NotAssessable;
        finding.lacks(ANC);
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
    finding.say(span, numbers.highest);
    count_days(&mut finding, &days, numbers);
    because(&mut finding, &days, span, &most, &least, numbers, infusion);
    for other in others.iter().filter(|other| other.rule.name != numbers.rule.name) {
        let theirs = say(&days, other).0;
        if theirs != span {
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

fn window_note(
    finding: &mut Finding,
    last: i32,
    ending: Option<(i32, Ending)>,
    today: i32,
    numbers: &IcahtNumbers,
) {
    match ending {
        Some((day, ending)) if day <= today => {
            let name = ending.name();
            finding.notes.push(Text::new(
                format!("The window ends on day {last}: {}.", name.en),
                format!("觀察期於第 {last} 天結束：{}。", name.zh_tw),
            ));
        }
        _ if today < numbers.late_last_day => finding.notes.push(Text::new(
            format!("The window is open until day {}; the grade may still rise.", numbers.late_last_day),
            format!("觀察期至第 {} 天為止，分級仍可能上升。", numbers.late_last_day),
        )),
        _ => {}
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
    let value = if most.decided_by_per_ul == least.decided_by_per_ul {
        cells(most.decided_by_per_ul)
    } else {
        format!("{}–{}", cells(least.decided_by_per_ul), cells(most.decided_by_per_ul))
    };
    let measured = most.days;
    finding.since = (span.high > 0).then_some(when);
    finding.provisional |= line.provisional && span.high > 0;
    finding.because.push(Reason {
        criterion: line.id.clone(),
        label: line.label.clone(),
        used: Text::new(
            format!("ANC {value}/µL on day {day} ({measured} days measured)"),
            format!("第 {day} 天 ANC {value}/µL（實測 {measured} 天）"),
        ),
        when: Some(when),
        late: days.late,
        grade_low: Some(span.low),
        grade_high: Some(span.high),
        deciding: true,
        attributed: None,
        source: line.source.clone(),
    });
    makeshift(finding, most, span, numbers);
}

/// A single value, or one reported as a bound.
fn makeshift(finding: &mut Finding, most: &LateGrade, span: Span, numbers: &IcahtNumbers) {
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
    if !span.settled() {
        finding.lacks(ANC);
        finding.ask(
            ANC,
            Text::new("The exact neutrophil count (reported as a bound)", "嗜中性球的確切數值（僅報告界限）"),
        );
    }
}

/// Why there is no late window.
fn not_begun(first: i32, ending: Option<(i32, Ending)>) -> Text {
    match ending {
        Some((day, ending)) => {
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
