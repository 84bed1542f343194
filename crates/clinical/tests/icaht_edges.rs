//! ICAHT where the record is less than sharp: windows that are still open, counts that cannot be read,
//! contradicted follow-up, days in other zones, units as laboratories write them.
#![allow(clippy::unwrap_used)]

mod support;
use support::{finding, rules, zone};
use vena_base::{Chart, Fact, When, Zone};
use vena_clinical::{Finding, Question, Status, assess, course};

const INFUSION: &str = "D0 07:00 | infusion |\n";

/// A chart with counts of the days, in /µL.
fn counts(days: &[(i32, f64)], more: &str) -> Chart {
    Chart::new("p", zone(), count_facts(days, more))
}

fn count_facts(days: &[(i32, f64)], more: &str) -> Vec<Fact> {
    let mut facts = support::facts(&format!("{INFUSION}{more}"));
    facts.extend(
        days.iter().map(|(day, value)| support::fact(&format!("D{day:+} 08:00 | ANC | {value} /uL"))),
    );
    facts
}

fn early(chart: &Chart, at: &str) -> Finding {
    finding(chart, "icaht_early", at)
}

fn late(chart: &Chart, at: &str) -> Finding {
    finding(chart, "icaht_late", at)
}

fn daily(value: impl Fn(i32) -> f64) -> Vec<(i32, f64)> {
    (0..=30).map(|day| (day, value(day))).collect()
}

fn told(found: &Finding) -> String {
    let texts = found.notes.iter().chain(found.settled_by.iter().map(|settle| &settle.question));
    texts
        .chain(found.because.iter().map(|reason| &reason.used))
        .map(|text| format!("{} {}\n", text.en, text.zh_tw))
        .collect()
}

/// Row X8: while days may still come the answer holds so far only.
#[test]
fn an_open_window_says_so_far() {
    let chart = counts(&[(0, 2000.0), (1, 400.0), (2, 400.0), (3, 2000.0), (4, 2000.0)], "");
    let found = early(&chart, "D+4 20:00");
    assert_eq!((found.brief().as_str(), found.high, found.provisional), ("≥1", Some(4), true));
    assert!(told(&found).contains("So far") && told(&found).contains("目前結果"));
    // Nothing yet is no grade, and may change: a value that is provisional.
    let none = early(&counts(&[(0, 2000.0), (1, 1900.0)], ""), "D+4 20:00");
    assert_eq!((none.brief().as_str(), none.provisional), ("0", true));
    // The last value is not carried on into days that may still be measured.
    let found = early(&counts(&[(0, 2000.0), (1, 400.0), (2, 400.0)], ""), "D+8 20:00");
    assert_eq!((found.brief().as_str(), found.days_le_500), ("≥1", Some(2)));
    // Settled when the window has ended.
    let over = early(&chart, "D+60 08:00");
    assert!(!over.provisional || over.status != Status::Value);
    let done = early(&counts(&daily(|day| if day == 3 { 400.0 } else { 2000.0 }), ""), "D+31 00:00");
    assert_eq!((done.brief().as_str(), done.provisional), ("1", false));
    // The course shows the same.
    let days = course(
        &counts(&[(0, 2000.0), (1, 400.0), (2, 400.0)], ""),
        rules(),
        &Question::at(support::instant("D+8 20:00")),
    );
    assert_eq!(days[8].icaht.grade, Some(1));
}

/// Row X8.
#[test]
fn late_while_the_window_is_open() {
    let two = late(&counts(&[(40, 400.0), (41, 450.0)], ""), "D+50 08:00");
    assert_eq!((two.brief().as_str(), two.high, two.provisional), ("≥3", Some(4), true));
    assert!(told(&two).contains("So far"));
    // One value may be transient: provisional, with the question for another.
    let one = late(&counts(&[(40, 400.0)], ""), "D+50 08:00");
    assert_eq!((one.brief().as_str(), one.provisional), ("3", true));
    assert!(told(&one).contains("another day") || told(&one).contains("on another day"));
    let none = late(&counts(&[(40, 2000.0), (45, 3000.0)], ""), "D+50 08:00");
    assert_eq!((none.brief().as_str(), none.provisional), ("0", true));
    let worst = late(&counts(&[(40, 50.0), (45, 60.0)], ""), "D+50 08:00");
    assert_eq!(worst.brief(), "4");
    // Day 100 closes it, and so does whatever ends observation.
    let series = [(40, 400.0), (41, 450.0)];
    assert_eq!(late(&counts(&series, ""), "D+99 23:00").brief(), "≥3");
    let closed = late(&counts(&series, ""), "D+100 08:00");
    assert_eq!((closed.brief().as_str(), closed.provisional), ("3", false));
    for ending in ["relapse", "next therapy", "death"] {
        let ended = late(&counts(&series, &format!("D+48 | {ending} |")), "D+50 08:00");
        assert_eq!((ended.brief().as_str(), ended.provisional), ("3", false), "{ending}");
    }
    // Another infusion ends it.
    let cut = counts(&series, "D+60 09:00 | infusion |");
    let at = Question { at: support::instant("D+70 08:00"), known_at: None, infusion: Some(0) };
    let found = assess(&cut, rules(), &at).finding("icaht_late").unwrap().clone();
    assert_eq!((found.brief().as_str(), found.provisional), ("3", false));
}

/// Row X8: a count that cannot be read may be anything; it is not drawn over like a missing day.
#[test]
fn an_unreadable_count_widens_and_asks() {
    let low = |day: i32| if (3..=9).contains(&day) { 400.0 } else { 2000.0 };
    let settled = early(&counts(&daily(low), ""), "D+40 08:00");
    assert_eq!((settled.brief().as_str(), settled.days_le_500), ("2", Some(7)));
    let without: Vec<(i32, f64)> = daily(low).into_iter().filter(|(day, _)| *day != 9).collect();
    // Missing: drawn straight between its neighbours. Unreadable: both stay possible.
    assert_eq!(early(&counts(&without, ""), "D+40 08:00").brief(), "1");
    assert_eq!(
        early(&counts(&without, "D+9 08:00 | ANC | not assessed: haemolysed"), "D+40 08:00").brief(),
        "1"
    );
    let unread = counts(&without, "D+9 08:00 | ANC | not assessed: unreadable: 4OO /uL");
    let found = early(&unread, "D+40 08:00");
    assert_eq!((found.brief().as_str(), found.low, found.high), ("1–2", Some(1), Some(2)));
    assert!(
        told(&found).contains("Read again the neutrophil count of day 9 (2026-03-10): “4OO /uL”"),
        "{}",
        told(&found)
    );
    assert!(told(&found).contains("請重新判讀第 9 天"));
    assert!(!told(&found).contains('∞'));
    // Beside a value that was read, that value is the most it can be.
    let beside = counts(&daily(low), "D+12 08:00 | ANC | not assessed: unreadable: ??");
    assert_eq!(early(&beside, "D+40 08:00").brief(), "2", "a low day 12 would make ten days");
    // One that cannot change the grade changes nothing.
    let far = counts(&daily(|_| 2000.0), "D+20 08:00 | ANC | not assessed: unreadable: ??");
    assert_eq!(early(&far, "D+40 08:00").brief(), "0–1");
    let days = course(&unread, rules(), &Question::at(support::instant("D+20 20:00")));
    assert_eq!((days[9].anc_per_ul, days[8].anc_per_ul), (None, Some(400.0)));
    // Late.
    let late_unread = counts(&[(40, 400.0)], "D+50 08:00 | ANC | not assessed: unreadable: 1.2.3");
    let found = late(&late_unread, "D+120 08:00");
    assert_eq!((found.brief().as_str(), found.low, found.high), ("0–3", Some(0), Some(3)));
    assert!(told(&found).contains("1.2.3") && !told(&found).contains('∞'), "{}", told(&found));
    let only = late(&counts(&[], "D+50 08:00 | ANC | not assessed: unreadable: 1.2.3"), "D+120 08:00");
    assert_eq!((only.status, told(&only).contains("1.2.3")), (Status::NotAssessable, true));
}

/// Row X8.
#[test]
fn a_contradicted_last_follow_up_names_both_days() {
    let found =
        early(&counts(&[(0, 2000.0), (5, 300.0), (20, 300.0)], "D+12 | last follow-up |"), "D+60 08:00");
    let said = told(&found);
    assert!(said.contains("recorded on day 12") && said.contains("measured on day 20"), "{said}");
    assert!(said.contains("末次追蹤記錄為第 12 天") && said.contains("第 20 天"), "{said}");
    let plain = early(&counts(&[(0, 2000.0), (5, 300.0)], "D+12 | last follow-up |"), "D+60 08:00");
    assert!(!told(&plain).contains("is taken"));
}

/// Row X8.
#[test]
fn an_end_known_only_to_the_month_is_said() {
    let mut facts = count_facts(&[(40, 400.0), (41, 400.0), (50, 300.0), (70, 50.0), (71, 50.0)], "");
    let mut relapse = support::fact("D+50 | relapse |");
    relapse.when = When::parse("2026-04", None).unwrap();
    facts.push(relapse);
    let found = late(&Chart::new("p", zone(), facts), "D+120 08:00");
    // Day 50 is 2026-04-20: counts of May do not belong to it.
    assert_eq!(found.brief(), "3");
    assert!(
        told(&found).contains("known only as 2026-04") && told(&found).contains("以第 50 天計"),
        "{}",
        told(&found)
    );
}

/// Row X8: a day is a calendar day where the patient is.
#[test]
fn days_are_the_sites_calendar_days() {
    let at = |text: &str| When::parse(text, None).unwrap();
    let chart = |zone: &str, infusion: &str, counts: &[(&str, f64)]| {
        let mut facts = support::facts("D0 07:00 | infusion |");
        facts[0].when = at(infusion);
        for (time, value) in counts {
            let mut fact = support::fact(&format!("D0 08:00 | ANC | {value} /uL"));
            fact.when = at(time);
            facts.push(fact);
        }
        Chart::new("p", Zone::named(zone).unwrap(), facts)
    };
    let day = |chart: &Chart, time: &str| {
        let at = at(time).earliest(&chart.zone);
        let days = course(chart, rules(), &Question::at(at));
        days.iter().filter(|day| day.anc_per_ul.is_some()).map(|day| day.day).collect::<Vec<_>>()
    };
    // Half past eleven at night: ten past midnight is day 1.
    let late_evening = chart(
        "Asia/Taipei",
        "2026-03-01T23:30+08:00",
        &[("2026-03-01T23:50+08:00", 900.0), ("2026-03-02T00:10+08:00", 800.0)],
    );
    assert_eq!(day(&late_evening, "2026-03-02T12:00+08:00"), [0, 1]);
    // The same instants in New York are the same day.
    let there = chart(
        "America/New_York",
        "2026-03-01T23:30+08:00",
        &[("2026-03-01T23:50+08:00", 900.0), ("2026-03-02T00:10+08:00", 800.0)],
    );
    assert_eq!(day(&there, "2026-03-02T12:00+08:00"), [0]);
    // The clock goes forward on 8 March 2026 and back on 1 November: a day stays a day.
    let spring = chart(
        "America/New_York",
        "2026-03-07T12:00-05:00",
        &[
            ("2026-03-08T01:30-05:00", 900.0),
            ("2026-03-08T23:59-04:00", 800.0),
            ("2026-03-09T00:01-04:00", 700.0),
        ],
    );
    assert_eq!(day(&spring, "2026-03-10T12:00-04:00"), [1, 2]);
    let autumn = chart(
        "America/New_York",
        "2026-10-31T12:00-04:00",
        &[
            ("2026-11-01T01:30-04:00", 900.0),
            ("2026-11-01T01:30-05:00", 800.0),
            ("2026-11-02T00:00-05:00", 700.0),
        ],
    );
    let days = course(&autumn, rules(), &Question::at(at("2026-11-03T12:00-05:00").earliest(&autumn.zone)));
    assert_eq!((days[1].anc_per_ul, days[2].anc_per_ul), (Some(800.0), Some(700.0)));
}

/// Row X8: laboratories write counts in many units.
#[test]
fn units_as_laboratories_write_them() {
    for written in [
        "0.5 10*9/L",
        "0.5 x10^9/L",
        "0.5 K/uL",
        "0.5 x10^3/uL",
        "0.5 10*3/uL",
        "500 /uL",
        "500 cells/uL",
        "500 /mm3",
    ] {
        let mut facts = count_facts(&daily(|_| 2000.0), "");
        facts.push(support::fact(&format!("D+10 20:00 | ANC | {written}")));
        let found = early(&Chart::new("p", zone(), facts), "D+40 08:00");
        assert_eq!((found.brief().as_str(), found.days_le_500), ("1", Some(1)), "{written}");
    }
    let mut facts = count_facts(&daily(|_| 2000.0), "");
    facts.push(support::fact("D+10 20:00 | ANC | 0.501 10*9/L"));
    assert_eq!(early(&Chart::new("p", zone(), facts), "D+40 08:00").brief(), "0");
}

/// Row X8: gaps at the edges of the window, and death on a day of neutropenia.
#[test]
fn gaps_at_the_edges_and_death() {
    let series = |from: i32, to: i32| -> Vec<(i32, f64)> { (from..=to).map(|day| (day, 300.0)).collect() };
    let with_high = |mut days: Vec<(i32, f64)>, high: &[i32]| {
        days.extend(high.iter().map(|day| (*day, 2000.0)));
        days
    };
    // Seven missing days before the first value are carried back, eight are not.
    let seven = early(&counts(&with_high(series(7, 8), &(9..=30).collect::<Vec<_>>()), ""), "D+40 08:00");
    assert_eq!((seven.brief().as_str(), seven.days_le_500), ("2", Some(9)));
    let eight = early(&counts(&with_high(series(8, 9), &(10..=30).collect::<Vec<_>>()), ""), "D+40 08:00");
    assert_eq!((eight.brief().as_str(), eight.days_le_500), ("1–3", Some(2)));
    // The same at the end.
    let seven = early(&counts(&with_high(series(22, 23), &(0..=21).collect::<Vec<_>>()), ""), "D+40 08:00");
    assert_eq!((seven.brief().as_str(), seven.days_le_500), ("2", Some(9)));
    let eight = early(&counts(&with_high(series(21, 22), &(0..=20).collect::<Vec<_>>()), ""), "D+40 08:00");
    assert_eq!(eight.days_le_500, Some(2));
    assert_eq!(eight.status, Status::Interval);
    // Death in neutropenia that began on day 3: never above. From day 4 it is not.
    let died = |from: i32| {
        early(
            &counts(&with_high(series(from, 9), &(0..from).collect::<Vec<_>>()), "D+9 12:00 | death |"),
            "D+40 08:00",
        )
    };
    assert_eq!((died(3).brief().as_str(), died(4).brief().as_str()), ("4", "1"));
}

/// Row X8: days carried to an end of the window are named, and how far the grade could move.
#[test]
fn carried_ends_are_named_and_bound_the_grade() {
    let chart = |from: i32, values: &[f64]| {
        let mut lines = String::from("D0 07:00 | infusion |\n");
        for (day, value) in (from..).zip(values) {
            lines += &format!("D{day:+} 08:00 | anc | {value} /uL\n");
        }
        support::chart(&lines)
    };
    let at = |chart: &vena_base::Chart, at: &str| finding(chart, "icaht_early", at);
    let carried = |found: &vena_clinical::Finding| found.carried.clone().map(|c| (c.days, c.low, c.high));
    // Nothing is carried in a full window.
    assert_eq!(at(&chart(0, &[900.0; 31]), "D+40 08:00").carried, None);
    // The end: six days carried from day 24 could all have been deep.
    let found = at(&chart(0, &[900.0; 25]), "D+40 08:00");
    assert_eq!((found.brief().as_str(), found.provisional), ("0", true));
    assert_eq!(carried(&found), Some((vec![(25, 30)], 0, 1)));
    assert!(
        found
            .notes
            .iter()
            .any(|n| n.en.contains("days 25–30 from day 24 (900/µL)") && n.en.contains("0 to 1"))
    );
    assert!(found.notes.iter().any(|n| n.zh_tw.contains("第 25–30 天沿用第 24 天")));
    assert!(found.settled_by[0].question.en.contains("days 25–30 (2026-03-26 to 2026-03-31)"));
    // Seven days are carried, eight are not.
    assert_eq!(carried(&at(&chart(0, &[900.0; 24]), "D+40 08:00")), Some((vec![(24, 30)], 0, 3)));
    let eight = at(&chart(0, &[900.0; 23]), "D+40 08:00");
    assert_eq!((eight.brief().as_str(), eight.carried), ("0–3", None));
    // The start: low from day 7 on to the end is never above by carrying; by the values it need not be.
    let found = at(&chart(7, &[400.0; 24]), "D+40 08:00");
    assert_eq!((found.brief().as_str(), carried(&found)), ("4", Some((vec![(0, 6)], 3, 4))));
    assert!(found.notes.iter().any(|n| n.en.contains("days 0–6 from day 7")));
    // Both ends, and a grade that does not depend on them.
    let mut deep = vec![90.0; 20];
    deep.push(900.0);
    let found = at(&chart(1, &deep), "D+22 20:00");
    assert_eq!(found.carried.as_ref().map(|c| c.days.clone()), Some(vec![(0, 0)]));
    let ended = at(&chart(1, &deep), "D+40 08:00");
    assert_eq!(ended.brief(), "4–4".split('–').next().unwrap());
    assert!(ended.notes.iter().all(|n| !n.en.contains("does not depend")) || !ended.provisional);
    // While the window is open “at least” holds without what was carried; ended, the method's grade stands.
    let low = chart(7, &[400.0, 400.0]);
    let open = at(&low, "D+8 20:00");
    assert_eq!((open.brief().as_str(), open.high, open.carried.map(|c| c.low)), ("≥1", Some(4), Some(1)));
    // While the window is open the last value is not carried.
    let open = at(&chart(0, &[900.0, 900.0]), "D+5 08:00");
    assert_eq!(open.carried, None);
}
