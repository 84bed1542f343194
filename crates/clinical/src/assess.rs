//! All scales at one instant: which infusion the question is about, where the course ends, and one
//! finding a scale. Must not know any scale's criteria.

use crate::{
    Rules, crs,
    finding::{Assessment, Finding, Question, Status},
    hematotox, icaht, icans,
    timeline::{InfusionDay, first_time, infusion_days, just_before, unreadable_of},
    words::told,
};
use jiff::Timestamp;
use vena_base::{Chart, Concept, Flag, Text, View, Zone, time::days_between};

const INFUSION: Concept = Concept::known("infusion");
const DEATH: Concept = Concept::known("death");

/// The infusion a question is about.
pub(crate) enum Chosen {
    /// It has happened by then.
    This(InfusionDay),
    /// It lies ahead.
    Ahead(InfusionDay),
    /// None is known.
    None,
    /// There are several and the question names none, or one that does not exist.
    Unclear(Text),
}

/// What a question sees of a chart.
pub(crate) struct Scope<'a> {
    /// The chart up to the instant, or to what ended the course before it.
    pub view: View<'a>,
    pub chosen: Chosen,
    /// Another infusion ended this course.
    pub cut: bool,
    pub notes: Vec<Text>,
}

/// Finds the infusion and cuts the course at death or at the next infusion.
pub(crate) fn scope<'a>(chart: &'a Chart, q: &Question) -> Scope<'a> {
    let asked = chart.view(q.at, q.known_at);
    let mut notes = Vec::new();
    let mut at = q.at;
    if let Some(death) = first_time(&asked, DEATH) {
        let last = death.when.latest(&chart.zone);
        if last < at {
            at = last;
            let when = told(death.when, &chart.zone);
            notes.push(Text::new(
                format!("Findings are as of death ({when})."),
                format!("以死亡時（{when}）為準。"),
            ));
        }
    }
    let days = infusion_days(&asked);
    let mut chosen = choose(&days, at, q.infusion, &chart.zone);
    if let Some(written) = unreadable_of(&asked, INFUSION) {
        let said = Text::new(
            format!("A record of an infusion could not be read (“{written}”): when were the cells infused?"),
            format!("有一筆輸注記錄無法判讀（「{written}」）：細胞於何時輸注？"),
        );
        match chosen {
            Chosen::None => chosen = Chosen::Unclear(said),
            _ => notes.push(said),
        }
    }
    let mut cut = false;
    if let Chosen::This(infusion) = &chosen
        && let Some(next) = days.iter().find(|day| day.start > infusion.start && day.start <= at)
    {
        at = just_before(next.start);
        cut = true;
        let when = told(next.when, &chart.zone);
        notes.push(Text::new(
            format!("Findings are as of the next infusion ({when})."),
            format!("以下一次輸注（{when}）前為準。"),
        ));
    }
    Scope { view: chart.view(at, q.known_at), chosen, cut, notes }
}

fn choose(days: &[InfusionDay], at: Timestamp, index: Option<usize>, zone: &Zone) -> Chosen {
    let of = |day: &InfusionDay| {
        // A month has no day 0.
        if day.when.day(zone).is_none() {
            return Chosen::Unclear(Text::new(
                format!(
                    "The infusion is known only to the month or year ({}): on which day was it?",
                    day.when
                ),
                format!("輸注僅記錄到月或年（{}）：是哪一天？", day.when),
            ));
        }
        if day.start <= at { Chosen::This(*day) } else { Chosen::Ahead(*day) }
    };
    let happened = days.iter().filter(|day| day.start <= at).count();
    match (index, happened, days) {
        (Some(index), _, days) => days.get(index).map_or_else(|| no_such(index, days, zone), of),
        (None, _, []) => Chosen::None,
        (None, 0, [next, ..]) => of(next),
        (None, 1, [only, ..]) => of(only),
        (None, _, days) => Chosen::Unclear(which(days, zone)),
    }
}

fn listed(days: &[InfusionDay], zone: &Zone) -> String {
    days.iter()
        .enumerate()
        // Counted from 1, as people do; the question counts from 0.
        .map(|(i, day)| format!("{}: {}", i + 1, told(day.when, zone)))
        .collect::<Vec<_>>()
        .join(", ")
}

fn which(days: &[InfusionDay], zone: &Zone) -> Text {
    let list = listed(days, zone);
    Text::new(
        format!("There are infusions on several days ({list}): which one is asked about?"),
        format!("有多次輸注（{list}）：請指明是哪一次。"),
    )
}

fn no_such(index: usize, days: &[InfusionDay], zone: &Zone) -> Chosen {
    if days.is_empty() {
        return Chosen::None;
    }
    let (list, index) = (listed(days, zone), index + 1);
    Chosen::Unclear(Text::new(
        format!("There is no infusion {index}; there are: {list}."),
        format!("沒有第 {index} 次輸注；現有：{list}。"),
    ))
}

/// Everything the scales say of a chart at an instant. Every scale gives one finding, in the order
/// CRS, ICANS, early ICAHT, late ICAHT, CAR-HEMATOTOX.
pub fn assess(chart: &Chart, rules: &Rules, q: &Question) -> Assessment {
    let scope = scope(chart, q);
    let view = &scope.view;
    let (findings, day) = match &scope.chosen {
        Chosen::This(infusion) => (of_infusion(view, infusion, rules, scope.cut), Some(infusion.day)),
        Chosen::Ahead(infusion) => {
            let note = Text::new("The infusion has not happened yet.", "尚未輸注。");
            (without(view, rules, Status::NotApplicable, &note), Some(infusion.day))
        }
        Chosen::None => {
            let note = Text::new("No infusion is recorded.", "未記錄輸注。");
            let mut findings = without(view, rules, Status::NotAssessable, &note);
            let question = Text::new("When were the cells infused?", "何時輸注細胞？");
            for finding in findings.iter_mut().filter(|f| &*f.scale != hematotox::SCALE) {
                finding.lacks(INFUSION);
                finding.ask(INFUSION, question.clone());
            }
            (findings, None)
        }
        Chosen::Unclear(which) => {
            let mut findings = without(view, rules, Status::NotAssessable, which);
            if let Some(score) = findings.last_mut() {
                *score = unsaid(hematotox::SCALE, &rules.hematotox.rule.name, Status::NotAssessable, which);
            }
            for finding in &mut findings {
                finding.ask(INFUSION, which.clone());
            }
            (findings, None)
        }
    };
    let day = day.map(|day| days_between(day, chart.zone.day_of(q.at)));
    let mut notes = scope.notes;
    notes.extend(remarks(chart, q));
    Assessment { patient: chart.patient.clone(), at: q.at, day, findings, notes }
}

fn of_infusion(view: &View<'_>, infusion: &InfusionDay, rules: &Rules, cut: bool) -> Vec<Finding> {
    let lexicon = &rules.lexicon;
    let mut early = icaht::early::assess(view, infusion, &rules.icaht, &rules.icaht_readings, cut);
    let mut late = icaht::late::assess(view, infusion, &rules.icaht, &rules.icaht_readings, cut);
    doubtful_neutrophils(view, infusion, &mut [&mut early, &mut late]);
    vec![
        crs::assess(view, infusion, &rules.crs, lexicon),
        icans::assess(view, infusion, &rules.icans, lexicon),
        early,
        late,
        hematotox::assess(view, Some(infusion), &rules.hematotox, lexicon),
    ]
}

/// A series is not shown value by value: that some of it is implausible is said beside the grade.
fn doubtful_neutrophils(view: &View<'_>, infusion: &InfusionDay, findings: &mut [&mut Finding]) {
    let doubtful = view.of(icaht::ANC).filter(|fact| {
        fact.flags.contains(&Flag::Implausible) && fact.when.latest(view.zone()) >= infusion.start
    });
    let values: Vec<String> = doubtful
        .filter_map(|fact| {
            fact.quantity().map(|quantity| format!("{} ({})", quantity.as_written(), fact.when))
        })
        .collect();
    let Some(first) = values.first() else {
        return;
    };
    let count = values.len();
    for finding in findings.iter_mut().filter(|finding| finding.status != Status::NotApplicable) {
        finding.notes.push(Text::new(
            format!("{count} neutrophil values are IMPLAUSIBLE as written and were used so, first {first}: check value and unit."),
            format!("有 {count} 筆嗜中性球數不合常理，仍依所寫採用，首筆為 {first}：請確認數值與單位。"),
        ));
        finding.provisional = true;
    }
}

/// The findings where no infusion has happened: only the score from before it can be given.
fn without(view: &View<'_>, rules: &Rules, status: Status, note: &Text) -> Vec<Finding> {
    let scales = [
        (crs::SCALE, &rules.crs.rule.name),
        (icans::SCALE, &rules.icans.rule.name),
        (icaht::early::SCALE, &rules.icaht.rule.name),
        (icaht::late::SCALE, &rules.icaht.rule.name),
    ];
    let mut findings: Vec<Finding> =
        scales.iter().map(|(scale, rule)| unsaid(scale, rule, status, note)).collect();
    findings.push(hematotox::assess(view, None, &rules.hematotox, &rules.lexicon));
    findings
}

fn unsaid(scale: &str, rule: &str, status: Status, note: &Text) -> Finding {
    let mut finding = Finding::new(scale, rule, status);
    finding.notes.push(note.clone());
    finding
}

/// What the reader must know about the chart as a whole.
fn remarks(chart: &Chart, q: &Question) -> Vec<Text> {
    let mut notes = Vec::new();
    if chart.zone.assumed {
        let zone = chart.zone.name();
        notes.push(Text::new(
            format!("No time zone was named: days are counted at offset {zone}."),
            format!("未指定時區：日期以 {zone} 計算。"),
        ));
    }
    let unrecorded = chart.all().iter().filter(|fact| fact.recorded.is_none()).count();
    if q.known_at.is_some() && unrecorded > 0 {
        notes.push(Text::new(
            format!("{unrecorded} facts have no time of recording: the time they happened is taken for it."),
            format!("{unrecorded} 筆事實沒有記錄時間：以發生時間代替。"),
        ));
    }
    notes
}

/// The episodes of CRS after the infusion asked about, as known; none where that is unclear.
pub fn crs_episodes(chart: &Chart, rules: &Rules, q: &Question) -> Vec<crs::Episode> {
    let scope = scope(chart, q);
    match scope.chosen {
        Chosen::This(infusion) => crs::episodes(&scope.view, &infusion, &rules.crs, &rules.lexicon),
        _ => Vec::new(),
    }
}
