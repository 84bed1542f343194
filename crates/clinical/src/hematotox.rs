//! CAR-HEMATOTOX: five values from before lymphodepletion. A missing value is never a silent 0.
//! Must not know what is done about the risk, and no number.

use crate::{
    finding::{Finding, Reason, Status},
    late::is_late,
    numbers::{Criterion, HematotoxNumbers, ScoreInput, range_of},
    span::Span,
    timeline::{InfusionDay, just_before, unreadable, unreadable_of},
    words::{Lexicon, told, with},
};
use jiff::{Timestamp, ToSpan, civil::Date};
use vena_base::{Answer, Concept, Fact, Text, Value, View, When, Zone, time::days_between};

/// The scale's name in findings.
pub const SCALE: &str = "car_hematotox";

const LYMPHODEPLETION: Concept = Concept::known("lymphodepletion");
const DIAGNOSIS: Concept = Concept::known("diagnosis");

/// Where the baseline is looked for.
#[derive(Debug, Clone, Copy)]
enum Baseline {
    /// The latest value before this start, from this day on: within the leeway of the start, or of the
    /// reference day where lymphodepletion began later than that.
    BeforeDepletion(When, Date),
    /// The value nearest to the reference day, counted from infusion; never after the infusion.
    ReferenceDay(InfusionDay),
    /// Neither is known: the latest values before the instant.
    BeforeNow,
}

/// What one input gives.
struct Input<'a, 'n> {
    span: Span,
    facts: Vec<(&'a Fact, &'n Criterion, Span)>,
    /// Taken on the day lymphodepletion began, in unknown order.
    same_day: bool,
    /// Taken after the reference day, while the start of lymphodepletion is not known.
    perhaps_after: bool,
    /// Measured, but what was written could not be read.
    unread: Vec<&'a Fact>,
}

/// The facts that may be an input's baseline.
#[derive(Default)]
struct Choice<'a> {
    facts: Vec<&'a Fact>,
    same_day: bool,
    perhaps_after: bool,
}

/// The score at the view's instant.
pub(crate) fn assess(
    view: &View<'_>,
    infusion: Option<&InfusionDay>,
    numbers: &HematotoxNumbers,
    lexicon: &Lexicon,
) -> Finding {
    let mut finding = Finding::new(SCALE, &numbers.rule.name, Status::NotAssessable);
    finding.provisional = numbers.rule.provisional;
    let baseline = baseline(view, infusion, numbers, lexicon);
    if let Some(written) = unreadable_of(view, LYMPHODEPLETION) {
        let said = Text::new(
            format!(
                "A record of lymphodepletion could not be read (“{written}”): on which day did it begin?"
            ),
            format!("有一筆淋巴細胞清除性化療記錄無法判讀（「{written}」）：於哪一天開始？"),
        );
        if !matches!(baseline, Baseline::BeforeDepletion(..)) {
            // Without its day no value is known to be from before it.
            finding.lacks(LYMPHODEPLETION);
            finding.notes.push(said.clone());
            finding.ask(LYMPHODEPLETION, said);
            return finding;
        }
        finding.provisional = true;
        finding.notes.push(said);
    }
    let mut total = Span::NONE;
    let mut missing = 0;
    for wanted in &numbers.inputs {
        let input = input(view, wanted, baseline, numbers);
        if input.facts.is_empty() && input.unread.is_empty() {
            missing += 1;
            finding.lacks(wanted.concept);
        } else if !input.span.settled() {
            finding.lacks(wanted.concept);
        }
        if !input.span.settled() {
            ask(&mut finding, &input, lexicon.name(wanted.concept), wanted.concept, view.zone());
        }
        total = Span {
            low: total.low.saturating_add(input.span.low),
            high: total.high.saturating_add(input.span.high),
        };
        reasons(&mut finding, &input, baseline, view, numbers, lexicon);
        if input.facts.is_empty() && input.unread.is_empty() {
            finding.because.extend(outside(view, wanted.concept, baseline, numbers, lexicon));
        }
    }
    finding.notes.push(baseline_note(baseline, numbers, view.zone()));
    if missing == numbers.inputs.len() {
        return finding;
    }
    say(&mut finding, total);
    finding.provisional |= matches!(baseline, Baseline::BeforeNow);
    risk(&mut finding, total, view, numbers);
    finding
}

/// What would settle an input.
fn ask(finding: &mut Finding, input: &Input<'_, '_>, name: Text, concept: Concept, zone: &Zone) {
    for fact in &input.unread {
        let (when, written) = (told(fact.when, zone), unreadable(fact).unwrap_or_default());
        finding.ask(
            concept,
            Text::new(
                format!("Read again: {} of {when}: “{written}”", name.en),
                format!("請重新判讀 {when} 的{}：「{written}」", name.zh_tw),
            ),
        );
    }
    if input.perhaps_after {
        finding.lacks(LYMPHODEPLETION);
        finding.ask(
            LYMPHODEPLETION,
            Text::new("On which day did lymphodepletion begin?", "淋巴細胞清除性化療於哪一天開始？"),
        );
    }
    if input.unread.is_empty() {
        finding.ask(
            concept,
            Text::new(
                format!("{} from before lymphodepletion", name.en),
                format!("淋巴細胞清除性化療前的{}", name.zh_tw),
            ),
        );
    }
}

/// A score with some input is a value or an interval, never silent.
fn say(finding: &mut Finding, total: Span) {
    (finding.low, finding.high) = (Some(total.low), Some(total.high));
    finding.value = total.settled().then_some(total.low);
    finding.status = if total.settled() { Status::Value } else { Status::Interval };
}

fn reasons(
    finding: &mut Finding,
    input: &Input<'_, '_>,
    baseline: Baseline,
    view: &View<'_>,
    numbers: &HematotoxNumbers,
    lexicon: &Lexicon,
) {
    for (fact, criterion, span) in &input.facts {
        let used = lexicon.used(fact, fact.when.earliest(view.zone()), view.at);
        let used = if input.same_day {
            with(
                used,
                "taken on the day lymphodepletion began, as from before it",
                "採檢於淋巴細胞清除性化療開始當日，視為開始前",
            )
        } else if input.perhaps_after {
            with(
                used,
                "may be from after lymphodepletion began: does not settle the points",
                "可能在淋巴細胞清除性化療開始之後：不足以確定分數",
            )
        } else {
            let age = age(fact, baseline, view);
            with(used, &age.en, &age.zh_tw)
        };
        // Older than the leeway before the start: only the reference day still speaks for it.
        finding.provisional |= matches!(baseline, Baseline::BeforeDepletion(start, _)
            if days_between(fact.when.first_day(view.zone()), start.first_day(view.zone())) > numbers.leeway_days);
        finding.provisional |= criterion.provisional
            && fact.quantity().is_some_and(|q| Some(q.value) == criterion.limit.map(|l| l.value));
        finding.because.push(Reason {
            criterion: criterion.id.clone(),
            label: criterion.label.clone(),
            used,
            when: Some(fact.when),
            late: is_late(fact, view, numbers.site.late_hours),
            grade_low: Some(span.low),
            grade_high: Some(span.high),
            deciding: span.high > 0,
            attributed: fact.attributed_to,
            source: criterion.source.clone(),
        });
    }
}

/// How old a value is, counted from what the score counts from.
fn age(fact: &Fact, baseline: Baseline, view: &View<'_>) -> Text {
    let zone = view.zone();
    let (start, en, zh_tw) = match baseline {
        Baseline::BeforeDepletion(start, _) => {
            (start.first_day(zone), "lymphodepletion began", "淋巴細胞清除性化療開始")
        }
        Baseline::ReferenceDay(infusion) => (infusion.day, "the infusion", "輸注"),
        Baseline::BeforeNow => (zone.day_of(view.at), "the day asked about", "查詢日"),
    };
    let days = days_between(fact.when.first_day(zone), start);
    let count = days.unsigned_abs();
    let unit = if count == 1 { "day" } else { "days" };
    match days {
        1.. => Text::new(format!("{count} {unit} before {en}"), format!("{zh_tw}前 {count} 天")),
        0 => Text::new(format!("on the day of it ({en})"), format!("{zh_tw}當日")),
        _ => Text::new(format!("{count} {unit} after {en}"), format!("{zh_tw}後 {count} 天")),
    }
}

/// The value nearest to the window of an input that has none in it: named with its age, never used.
fn outside(
    view: &View<'_>,
    concept: Concept,
    baseline: Baseline,
    numbers: &HematotoxNumbers,
    lexicon: &Lexicon,
) -> Option<Reason> {
    let zone = view.zone();
    let from = match baseline {
        Baseline::BeforeDepletion(_, from) => from,
        Baseline::ReferenceDay(infusion) => {
            shifted(infusion.day, numbers.reference_day - numbers.leeway_days)
        }
        Baseline::BeforeNow => shifted(zone.day_of(view.at), -numbers.leeway_days),
    };
    let measured = || view.of(concept).filter(|fact| fact.quantity().is_some());
    let older = measured().rfind(|fact| fact.when.first_day(zone) < from);
    let fact = older.or_else(|| measured().next())?;
    let age = age(fact, baseline, view);
    let used = lexicon.used(fact, fact.when.earliest(zone), view.at);
    let used = with(used, &age.en, &age.zh_tw);
    let used = if older.is_some() {
        with(used, "too old for the score: does not count", "過早，不計入評分")
    } else {
        with(used, "too late for the score: does not count", "過晚，不計入評分")
    };
    Some(Reason {
        criterion: concept.to_string(),
        label: lexicon.name(concept),
        used,
        when: Some(fact.when),
        late: is_late(fact, view, numbers.site.late_hours),
        grade_low: None,
        grade_high: None,
        deciding: false,
        attributed: fact.attributed_to,
        source: Text::same(""),
    })
}

/// The baseline to use, from what is seen.
fn baseline(
    view: &View<'_>,
    infusion: Option<&InfusionDay>,
    numbers: &HematotoxNumbers,
    lexicon: &Lexicon,
) -> Baseline {
    let zone = view.zone();
    let before = infusion.map_or(Timestamp::MAX, |infusion| infusion.start);
    let given =
        |fact: &&Fact| !matches!(fact.value, Value::NotAssessed(_)) && fact.when.earliest(zone) <= before;
    let before_depletion = |start: When| {
        let from = shifted(start.first_day(zone), -numbers.leeway_days);
        let near_reference =
            infusion.map(|infusion| shifted(infusion.day, numbers.reference_day - numbers.leeway_days));
        Baseline::BeforeDepletion(start, near_reference.map_or(from, |near| near.min(from)))
    };
    let mut rows = view.of(LYMPHODEPLETION).filter(given).rev();
    if let Some(last) = rows.next() {
        // Each of its days may have a row: the first of those that hang together is the start.
        let start = rows.fold(last, |start, earlier| {
            let apart = days_between(earlier.when.last_day(zone), start.when.first_day(zone));
            if apart <= numbers.leeway_days { earlier } else { start }
        });
        return before_depletion(start.when);
    }
    let Some(infusion) = infusion else {
        return Baseline::BeforeNow;
    };
    // Without a statement, the first lymphodepleting drug near the reference day shows the start.
    let first = shifted(infusion.day, numbers.reference_day - numbers.leeway_days);
    let near = |fact: &&Fact| given(fact) && fact.when.first_day(zone) >= first;
    let drugs = lexicon.class("lymphodepletion").iter().flat_map(|drug| view.of(*drug).filter(near));
    match drugs.min_by_key(|fact| fact.when.earliest(zone)) {
        Some(drug) => before_depletion(drug.when),
        None => Baseline::ReferenceDay(*infusion),
    }
}

fn shifted(day: Date, days: i32) -> Date {
    day.checked_add(days.days()).unwrap_or(day)
}

/// One input's facts and points.
fn input<'a, 'n>(
    view: &View<'a>,
    wanted: &'n ScoreInput,
    baseline: Baseline,
    numbers: &HematotoxNumbers,
) -> Input<'a, 'n> {
    let Choice { facts, same_day, perhaps_after } = choose(view, wanted.concept, baseline, numbers);
    let all = all_points(wanted);
    let mut found = Input { span: all, facts: Vec::new(), same_day, perhaps_after, unread: Vec::new() };
    let mut span: Option<Span> = perhaps_after.then_some(all);
    for fact in facts {
        if unreadable(fact).is_some() {
            found.unread.push(fact);
            span = Some(all);
        }
        let Some(range) = fact.quantity().map(|q| range_of(q, 0.0)) else {
            continue;
        };
        let met: Vec<&Criterion> = wanted.bands.iter().filter(|band| band.can_hold(range)).collect();
        let Some(points) = met.iter().map(|band| band.grades).reduce(Span::or) else {
            continue;
        };
        if let Some(worst) = met.iter().max_by_key(|band| band.grades.high) {
            found.facts.push((fact, worst, points));
        }
        span = Some(span.map_or(points, |s| s.or(points)));
    }
    found.span = span.unwrap_or(found.span);
    found
}

/// Anything the input can give.
fn all_points(wanted: &ScoreInput) -> Span {
    wanted.bands.iter().map(|band| band.grades).reduce(Span::or).unwrap_or(Span::NONE)
}

/// The facts that may be the baseline.
fn choose<'a>(
    view: &View<'a>,
    concept: Concept,
    baseline: Baseline,
    numbers: &HematotoxNumbers,
) -> Choice<'a> {
    let zone = view.zone();
    // What was measured and could not be read may have been any value.
    let mut measured =
        view.of(concept).filter(|fact| fact.quantity().is_some() || unreadable(fact).is_some());
    match baseline {
        Baseline::BeforeDepletion(start, from) => {
            let (first, last) = (start.earliest(zone), start.latest(zone));
            let near: Vec<&Fact> = measured
                .filter(|f| f.when.first_day(zone) >= from && f.when.earliest(zone) <= last)
                .collect();
            let surely = |fact: &&&Fact| fact.when.latest(zone) <= first;
            let certain = near.iter().filter(surely).max_by_key(|fact| fact.when.latest(zone)).copied();
            let open: Vec<&Fact> = near.iter().filter(|fact| !surely(fact)).copied().collect();
            let same_day = !open.is_empty();
            Choice { facts: certain.into_iter().chain(open).collect(), same_day, perhaps_after: false }
        }
        Baseline::ReferenceDay(infusion) => {
            let off =
                |fact: &&Fact| days_between(infusion.day, fact.when.first_day(zone)) - numbers.reference_day;
            let before = just_before(infusion.start);
            let near =
                measured.filter(|f| off(f).abs() <= numbers.leeway_days && f.when.latest(zone) <= before);
            // By the reference day before the days after it, when lymphodepletion may have begun; the
            // nearest day; of two as near, and of one day, the later value.
            let best =
                near.min_by_key(|f| (off(f) > 0, off(f).abs(), std::cmp::Reverse(f.when.latest(zone))));
            Choice {
                facts: best.into_iter().collect(),
                same_day: false,
                perhaps_after: best.is_some_and(|fact| off(&fact) > 0),
            }
        }
        Baseline::BeforeNow => {
            let from = shifted(zone.day_of(view.at), -numbers.leeway_days);
            let last = measured.rfind(|f| f.when.first_day(zone) >= from);
            Choice { facts: last.into_iter().collect(), ..Choice::default() }
        }
    }
}

fn baseline_note(baseline: Baseline, numbers: &HematotoxNumbers, zone: &Zone) -> Text {
    let (leeway, day) = (numbers.leeway_days, numbers.reference_day);
    match baseline {
        Baseline::BeforeDepletion(start, from) => {
            let days = days_between(from, start.first_day(zone));
            let start = told(start, zone);
            if days > leeway {
                Text::new(
                    format!(
                        "Values from before lymphodepletion ({start}), from {from} on: it began late, and the score is that of about day {day}."
                    ),
                    format!(
                        "採用 {from} 起至淋巴細胞清除性化療（{start}）開始前的數值：化療開始較晚，而評分以約第 {day} 天為準。"
                    ),
                )
            } else {
                Text::new(
                    format!("Values from before lymphodepletion ({start}), up to {leeway} days earlier."),
                    format!("採用淋巴細胞清除性化療（{start}）開始前 {leeway} 天內的數值。"),
                )
            }
        }
        Baseline::ReferenceDay(_) => Text::new(
            format!(
                "Lymphodepletion is not recorded: values nearest to day {day}, within {leeway} days. Later ones may be from after it began."
            ),
            format!(
                "未記錄淋巴細胞清除性化療：採用最接近第 {day} 天（±{leeway} 天）的數值；較晚者可能在化療開始之後。"
            ),
        ),
        Baseline::BeforeNow => Text::new(
            format!(
                "Neither lymphodepletion nor infusion is recorded: the latest values of {leeway} days; provisional."
            ),
            format!("未記錄淋巴細胞清除性化療與輸注：採用最近 {leeway} 天的數值，僅為暫定。"),
        ),
    }
}

/// High or low risk, with outcome figures where they were seen in the patient's disease.
fn risk(finding: &mut Finding, total: Span, view: &View<'_>, numbers: &HematotoxNumbers) {
    let (low, high) =
        (numbers.high_risk.holds(f64::from(total.low)), numbers.high_risk.holds(f64::from(total.high)));
    if low != high {
        finding.notes.push(Text::new(
            "Risk is open: the missing values decide between low and high.",
            "風險未定：缺少的數值決定低風險或高風險。",
        ));
        return;
    }
    let label = &numbers.high_risk.label;
    finding.notes.push(if high {
        Text::new(format!("High risk ({}).", label.en), format!("高風險（{}）。", label.zh_tw))
    } else {
        Text::new(format!("Low risk (not {}).", label.en), format!("低風險（未達：{}）。", label.zh_tw))
    });
    let Some(group) = view.latest(DIAGNOSIS).and_then(Fact::answer).map(group_of) else {
        return;
    };
    for outcome in numbers.outcomes.iter().filter(|outcome| outcome.group == group && outcome.high == high) {
        let text = outcome.label.clone();
        let text = if outcome.provisional { with(text, "provisional", "暫定") } else { text };
        let source = &outcome.source;
        finding.notes.push(Text::new(
            format!("{} [{}]", text.en, source.en),
            format!("{}［{}］", text.zh_tw, source.zh_tw),
        ));
    }
}

/// The group of the outcome figures a diagnosis belongs to.
fn group_of(diagnosis: Answer) -> Answer {
    const LARGE_B_CELL: Answer = Answer::known("lbcl");
    if diagnosis == Answer::known("dlbcl") { LARGE_B_CELL } else { diagnosis }
}
