//! Charts written as lines, for tests: `D+1 08:00 | body temperature | 38.5 Cel | until D+1 10:00`.
//! Day 0 is 2026-03-01 in Taipei; times without a clock are dates.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use jiff::{Timestamp, civil::date};
use std::sync::OnceLock;
use vena_base::{Answer, Chart, Fact, Value, When, Zone};
use vena_clinical::{Assessment, Finding, Question, Rules, assess};
use vena_knowledge::{CaseTime, Kind, Knowledge, read_value_in};

pub fn rules() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(|| Rules::choose(Knowledge::embedded(), &[]).expect("the default rule sets"))
}

pub fn rules_using(name: &str) -> Rules {
    Rules::choose(Knowledge::embedded(), &[name]).expect(name)
}

pub fn zone() -> Zone {
    Zone::named("Asia/Taipei").unwrap()
}

pub fn when(text: &str) -> When {
    let time = CaseTime::parse(text).unwrap_or_else(|| panic!("time {text}"));
    time.when(date(2026, 3, 1), &zone()).unwrap_or_else(|| panic!("time {text}"))
}

pub fn instant(text: &str) -> Timestamp {
    when(text).latest(&zone())
}

/// One line as a fact.
pub fn fact(line: &str) -> Fact {
    let mut parts = line.split('|').map(str::trim);
    let (time, what, value) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap_or(""));
    let info = Knowledge::embedded().catalogue.find(what).unwrap_or_else(|| panic!("concept {what}"));
    let value = if value == "not assessed" {
        Value::NotAssessed("".into())
    } else if let Some(why) = value.strip_prefix("not assessed: ") {
        Value::NotAssessed(why.into())
    } else {
        let (number, unit) = match info.kind {
            Kind::Quantity | Kind::Drug => value.split_once(' ').map_or((value, None), |(n, u)| (n, Some(u))),
            _ => (value, None),
        };
        read_value_in(info, number, unit, Some(&zone())).unwrap_or_else(|error| panic!("{line}: {error}"))
    };
    let mut fact = Fact::new(info.concept, value, when(time));
    for part in parts {
        let (key, text) = part.split_once(' ').unwrap();
        match key {
            "until" => fact.until = Some(when(text)),
            "recorded" => match when(text) {
                When::Instant(stamp) => fact.recorded = Some(stamp),
                _ => panic!("recorded needs a clock time"),
            },
            "route" => fact.route = Some(text.into()),
            "cause" => fact.attributed_to = Some(Answer::of(text)),
            _ => panic!("{part}"),
        }
    }
    fact
}

pub fn facts(lines: &str) -> Vec<Fact> {
    lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(fact).collect()
}

pub fn chart(lines: &str) -> Chart {
    Chart::new("p", zone(), facts(lines))
}

/// A chart with an infusion at 10:00 of day 0.
pub fn infused(lines: &str) -> Chart {
    chart(&format!("D0 10:00 | infusion |\n{lines}"))
}

pub fn ask(chart: &Chart, at: &str) -> Assessment {
    assess(chart, rules(), &Question::at(instant(at)))
}

pub fn finding(chart: &Chart, scale: &str, at: &str) -> Finding {
    ask(chart, at).finding(scale).unwrap().clone()
}

/// The answer in a few characters: `2`, `≥1`, `0–2`, `?` (not assessable), `–` (not applicable).
pub fn brief(chart: &Chart, scale: &str, at: &str) -> String {
    finding(chart, scale, at).brief()
}

/// Checks one finding of an infused chart, and that what it says hangs together.
#[track_caller]
pub fn check(scale: &str, lines: &str, at: &str, expected: &str) -> Finding {
    let found = finding(&infused(lines), scale, at);
    assert_eq!(found.brief(), expected, "{lines}\nat {at}: {found:#?}");
    found
}

pub fn missing(found: &Finding) -> Vec<&str> {
    found.missing.iter().map(|concept| concept.as_str()).collect()
}
