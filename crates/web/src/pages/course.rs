//! The course: grade ribbons, drugs and measured lanes on one axis, day 0 = infusion. It lays a chart's
//! facts out; it grades nothing. Limits are drawn only where a knowledge file has them.

use super::{why::concept_name, words};
use crate::{
    layout::Frame,
    parts::{
        chart::{self, Axis, DrugRow, Lane, Line, Stretch},
        grade::GradeView,
        ribbon::{self, Ribbon},
    },
};
use jiff::{Timestamp, civil::Date};
use maud::{Markup, html};
use vena_base::{Chart, Concept, Fact, Value, Zone, time::days_between};
use vena_knowledge::{Knowledge, catalogue::Kind};

/// Ribbons: scale name, remark, and each day's grade.
pub type Ribbons = Vec<(String, String, Vec<(Date, GradeView)>)>;

/// What the course is drawn from.
pub struct Course<'a> {
    /// The patient's facts.
    pub chart: &'a Chart,
    /// The calendar day of the infusion.
    pub day_0: Option<Date>,
    /// Now.
    pub now: Timestamp,
    /// Ribbons: scale name, remark, and each day's grade.
    pub ribbons: Ribbons,
    /// The knowledge in force.
    pub knowledge: &'a Knowledge,
    /// The fever line, from the rule in force: value and label.
    pub fever: Option<(f64, String)>,
    /// The neutrophil lines, from the rule in force.
    pub neutrophils: Vec<(f64, String)>,
}

struct Span {
    start: Timestamp,
    seconds: f64,
}

impl Span {
    fn at(&self, at: Timestamp) -> f64 {
        (at.as_second() - self.start.as_second()) as f64 / self.seconds
    }
}

/// From two days before the infusion (or the first fact) to two days past now, at most 34 days of it.
fn span(course: &Course<'_>, zone: &Zone) -> (Span, Axis) {
    let today = zone.day_of(course.now);
    let zero = course.day_0.unwrap_or(today);
    let days_since = days_between(zero, today);
    let last = if days_since < 0 { 1 } else { (days_since + 2).min(32) };
    let day = |n: i32| zero.checked_add(jiff::Span::new().days(i64::from(n))).unwrap_or(zero);
    let first = if course.day_0.is_some() { -2 } else { -10 };
    let start = zone.start_of(day(first));
    let end = zone.start_of(day(last + 1));
    let span = Span { start, seconds: ((end.as_second() - start.as_second()) as f64).max(1.0) };
    let days = (first..=last)
        .map(|n| {
            // Days are numbered from an infusion; before there is one they have only their dates.
            let number = if course.day_0.is_some() { words::day(n) } else { String::new() };
            (span.at(zone.start_of(day(n))), number, day(n).strftime("%m-%d").to_string())
        })
        .collect();
    let now = span.at(course.now);
    let axis = Axis {
        days,
        zero: course.day_0.map(|d| span.at(zone.start_of(d))),
        now: (0.0..=1.0).contains(&now).then_some(now),
    };
    (span, axis)
}

/// Draws the course.
pub fn course(frame: &Frame, course: &Course<'_>) -> Markup {
    let zone = &course.chart.zone;
    let (span, axis) = span(course, zone);
    let lanes = lanes(frame, course, &span);
    html! {
        section class="panel edge" aria-labelledby="course-title" {
            header {
                h2 id="course-title" { (frame.t("course")) } span class="medium quiet" { (frame.t("course-shaded")) }
                a class="far medium" href="#course-table" { (frame.t("course-as-table")) }
            }
            @for (name, remark, days) in &course.ribbons { (days_ribbon(frame, &axis, &span, zone, name, remark, days)) }
            (drug_lane(frame, course, &axis, &span))
            @if lanes.is_empty() && course.ribbons.is_empty() { p class="body quiet" { (frame.t("course-empty")) } }
            @for lane in &lanes { (chart::lane(&axis, lane)) }
            (chart::foot(&axis, &if course.day_0.is_some() { frame.t("day-zero") } else { frame.t("date") }, &course.day_0.map_or_else(|| frame.t("not-infused"), |d| d.to_string())))
        }
    }
}

fn days_ribbon(
    frame: &Frame,
    axis: &Axis,
    span: &Span,
    zone: &Zone,
    name: &str,
    remark: &str,
    days: &[(Date, GradeView)],
) -> Markup {
    let cells = days
        .iter()
        .map(|(day, grade)| {
            let next = day.tomorrow().unwrap_or(*day);
            (span.at(zone.start_of(*day)), span.at(zone.start_of(next)), *grade)
        })
        .filter(|(start, end, _)| *start >= -0.001 && *end <= 1.001)
        .collect();
    ribbon::ribbon(frame.lang, axis, &Ribbon { name: name.to_owned(), remark: remark.to_owned(), cells })
}

fn drug_lane(frame: &Frame, course: &Course<'_>, axis: &Axis, span: &Span) -> Markup {
    let zone = &course.chart.zone;
    let mut rows: Vec<DrugRow> = Vec::new();
    for info in course.knowledge.catalogue.iter().filter(|info| info.kind == Kind::Drug) {
        let facts: Vec<&Fact> =
            course.chart.of(info.concept).iter().filter(|f| f.when.earliest(zone) <= course.now).collect();
        let given: Vec<(f64, Option<f64>)> = facts
            .iter()
            .map(|f| {
                (span.at(f.when.earliest(zone)), f.until.map(|u| span.at(u.earliest(zone).min(course.now))))
            })
            .filter(|(start, _)| (0.0..=1.0).contains(start))
            .collect();
        if given.is_empty() {
            continue;
        }
        let dose = facts
            .iter()
            .rev()
            .find_map(|f| f.quantity())
            .map(|q| {
                let unit = vena_knowledge::label::unit_for_reading(&q.written_unit, frame.lang);
                format!(" {} {unit}", q.written)
            })
            .unwrap_or_default();
        let name = words::unbracketed(info.name.get(frame.lang));
        rows.push(DrugRow { label: format!("{name}{dose}"), given });
    }
    if rows.is_empty() {
        return html! {};
    }
    rows.sort_by(|a, b| {
        a.given.first().map_or(0.0, |g| g.0).total_cmp(&b.given.first().map_or(0.0, |g| g.0))
    });
    chart::drugs(axis, &frame.t("drugs"), "", &rows)
}

fn points(course: &Course<'_>, span: &Span, concept: &str) -> Vec<(f64, f64)> {
    let zone = &course.chart.zone;
    course
        .chart
        .of(Concept::of(concept))
        .iter()
        .filter(|fact| fact.when.earliest(zone) <= course.now)
        .filter_map(|fact| match &fact.value {
            Value::Quantity(quantity) => Some((span.at(fact.when.earliest(zone)), quantity.value)),
            _ => None,
        })
        .filter(|(x, _)| (0.0..=1.0).contains(x))
        .collect()
}

struct Measured {
    concepts: &'static [&'static str],
    title: &'static str,
    log: bool,
    height: f64,
}

const LANES: [Measured; 6] = [
    Measured { concepts: &["body-temperature"], title: "lane-temperature", log: false, height: 84.0 },
    Measured {
        concepts: &["systolic-pressure", "diastolic-pressure"],
        title: "lane-pressure",
        log: false,
        height: 78.0,
    },
    Measured { concepts: &["oxygen-saturation"], title: "lane-oxygen", log: false, height: 78.0 },
    Measured { concepts: &["crp", "ferritin"], title: "lane-inflammation", log: true, height: 96.0 },
    Measured { concepts: &["anc"], title: "lane-anc", log: true, height: 84.0 },
    Measured { concepts: &["platelets"], title: "lane-platelets", log: true, height: 62.0 },
];

fn lane_title(frame: &Frame, lane: &Measured) -> String {
    match lane.title {
        "lane-temperature" => frame.t("lane-temperature"),
        "lane-pressure" => frame.t("lane-pressure"),
        "lane-oxygen" => frame.t("lane-oxygen"),
        "lane-inflammation" => frame.t("lane-inflammation"),
        "lane-anc" => frame.t("lane-anc"),
        _ => frame.t("lane-platelets"),
    }
}

fn lanes(frame: &Frame, course: &Course<'_>, span: &Span) -> Vec<Lane> {
    LANES.iter().filter_map(|measured| lane(frame, course, span, measured)).collect()
}

fn lane(frame: &Frame, course: &Course<'_>, span: &Span, measured: &Measured) -> Option<Lane> {
    let unit = |concept: &str| {
        let info = course.knowledge.catalogue.get(Concept::of(concept))?;
        Some(vena_knowledge::label::unit_for_reading(info.unit.as_deref()?, frame.lang))
    };
    // Systolic and diastolic cannot be mistaken for each other; two different analytes can.
    let named = measured.title == "lane-inflammation";
    let lines: Vec<Line> = measured
        .concepts
        .iter()
        .map(|concept| Line {
            points: points(course, span, concept),
            name: named.then(|| concept_name(frame, course.knowledge, Concept::of(concept))),
        })
        .collect();
    if lines.iter().all(|line| line.points.is_empty()) {
        return None;
    }
    let limits = match measured.concepts.first().copied() {
        Some("body-temperature") => course.fever.iter().map(|(v, label)| (*v, label.clone(), true)).collect(),
        Some("anc") => course.neutrophils.iter().map(|(v, label)| (*v, label.clone(), false)).collect(),
        _ => Vec::new(),
    };
    let under = if measured.title == "lane-oxygen" { oxygen(frame, course, span) } else { Vec::new() };
    let mut units: Vec<String> = measured.concepts.iter().filter_map(|c| unit(c)).collect();
    units.dedup();
    let scale = if measured.log { frame.t("logarithmic") } else { String::new() };
    let spoken = format!("{}, {}", lane_title(frame, measured), spoken_range(&lines));
    Some(Lane {
        name: lane_title(frame, measured),
        unit: [units.join(" · "), scale].into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join(", "),
        height: measured.height,
        lines,
        log: measured.log,
        limits,
        under,
        last: last_values(frame, course, measured).into_string(),
        spoken,
    })
}

/// Oxygen as it was given: each device and flow until the next is observed, the last until it no longer
/// stands for now.
fn oxygen(frame: &Frame, course: &Course<'_>, span: &Span) -> Vec<Stretch> {
    let zone = &course.chart.zone;
    let (device, flow) = (Concept::known("oxygen-device"), Concept::known("oxygen-flow"));
    let mut seen: Vec<(Timestamp, Option<String>, Option<String>, bool)> = Vec::new();
    for fact in course.chart.of(device).iter().filter(|f| f.when.earliest(zone) <= course.now) {
        let at = fact.when.earliest(zone);
        let none = fact.answer().is_some_and(|answer| answer.as_str() == "none");
        let litres =
            course.chart.of(flow).iter().find(|f| f.when.earliest(zone) == at).and_then(|f| f.quantity());
        let litres = litres.map(|q| {
            format!("{} {}", q.written, vena_knowledge::label::unit_for_reading(&q.written_unit, frame.lang))
        });
        let name = words::in_words(frame, course.knowledge, fact);
        seen.push((at, Some(words::abbreviated(&name).to_owned()), litres, none));
    }
    let holds_s =
        course.knowledge.catalogue.get(device).and_then(|info| info.holds_h).unwrap_or(24.0) * 3600.0;
    let mut stretches: Vec<Stretch> = Vec::new();
    for (i, (at, name, litres, none)) in seen.iter().enumerate() {
        let next = seen.get(i + 1).map_or(course.now, |next| next.0);
        let fades = at.as_second().saturating_add(holds_s as i64);
        let end = span.at(next).min((fades - span.start.as_second()) as f64 / span.seconds).min(1.0);
        let start = span.at(*at).max(0.0);
        let label = [name.clone(), litres.clone()].into_iter().flatten().collect::<Vec<_>>().join(", ");
        match stretches.last_mut() {
            Some(last) if last.label == label && (start - last.end).abs() < 1e-9 => last.end = end,
            _ if end > start => stretches.push(Stretch { start, end, label, plain: *none }),
            _ => {}
        }
    }
    stretches
}

fn spoken_range(lines: &[Line]) -> String {
    lines
        .iter()
        .map(|line| {
            let values = line.points.iter().map(|p| p.1);
            let (low, high) =
                values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
            format!("{low}–{high}")
        })
        .collect::<Vec<_>>()
        .join(" / ")
}

fn last_values(frame: &Frame, course: &Course<'_>, measured: &Measured) -> Markup {
    let zone = &course.chart.zone;
    let latest = |concept: &str| {
        course
            .chart
            .of(Concept::of(concept))
            .iter()
            .rfind(|f| f.when.earliest(zone) <= course.now && f.quantity().is_some())
    };
    let unit = |quantity: &vena_base::Quantity| {
        vena_knowledge::label::unit_for_reading(&quantity.written_unit, frame.lang)
    };
    let number = |quantity: &vena_base::Quantity| {
        format!("{}{}", quantity.bound.sign(), vena_knowledge::label::for_reading(&quantity.written))
    };
    let found: Vec<(&Fact, &vena_base::Quantity)> = measured
        .concepts
        .iter()
        .filter_map(|concept| latest(concept).and_then(|f| f.quantity().map(|q| (f, q))))
        .collect();
    let age = |fact: &Fact| {
        let holds = course.knowledge.catalogue.get(fact.concept).and_then(|info| info.holds_h);
        html! { div { (words::age(frame, fact.when.earliest(zone), course.now, zone, holds)) } }
    };
    // A pair measured at one time in one unit reads as a pair: 115/71 mmHg.
    if let [(fact, a), (other, b)] = found.as_slice()
        && fact.when == other.when
        && a.written_unit == b.written_unit
    {
        return html! {
            span class="value" { b { (number(a)) } "/" (number(b)) " " u { (unit(a)) } } (age(fact))
        };
    }
    html! {
        @for (i, (fact, quantity)) in found.iter().enumerate() {
            div class="value" { b { (number(quantity)) } " " u { (unit(quantity)) } }
            @if found.get(i + 1).is_none_or(|(next, _)| next.when != fact.when) { (age(fact)) }
        }
    }
}

/// The same facts as a table, newest first: for reading, and for those who do not see the picture.
pub fn table(frame: &Frame, course: &Course<'_>, limit: usize) -> Markup {
    let zone = &course.chart.zone;
    let mut facts: Vec<&Fact> =
        course.chart.all().iter().filter(|f| f.when.earliest(zone) <= course.now).collect();
    facts.sort_by_key(|f| std::cmp::Reverse(f.when.earliest(zone)));
    html! {
        details class="panel edge fold" id="facts" {
            summary { h2 id="facts-title" { (frame.t("facts")) } span class="medium quiet" { (frame.tw("facts-newest-first", &[("shown", &facts.len().min(limit).to_string()), ("all", &facts.len().to_string())])) } }
            // An address that points in here opens the fold, with or without scripts.
            div class="scroller" id="course-table" tabindex="0" role="region" aria-labelledby="facts-title" {
                table {
                    thead { tr { th scope="col" { (frame.t("measured")) } th scope="col" { (frame.t("what")) } th scope="col" { (frame.t("value-used")) } } }
                    tbody {
                        @for fact in facts.iter().take(limit) {
                            tr {
                                td class="keep" {
                                    (words::short_when(&fact.when, zone))
                                    @if let Some(day_0) = course.day_0 { " " span class="quiet" { (words::day_of(day_0, fact.when.earliest(zone), zone)) } }
                                }
                                td { (concept_name(frame, course.knowledge, fact.concept)) }
                                td { (words::in_words(frame, course.knowledge, fact)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
