//! `vena assess`: every grade with its reasons, for each patient of a table, a bundle or a folder.
//! Must not know how anything is graded, read or written down.

use crate::{
    exit::{Ended, Outcome, either},
    files,
    gather::{self, ReadWords, gather},
};
use jiff::Timestamp;
use vena_base::{Chart, Concept, Fact, Lang, When, time::TimeError};
use vena_clinical::{LastAssessable, Question, Rules, assess as assess_chart, last_assessable};
use vena_exchange::{
    ReadReport,
    assess::{Told, assess_json, assess_text},
    table::ChartRead,
    trouble::time_error_chinese,
};
use vena_knowledge::Knowledge;

/// What `vena assess` is asked.
#[derive(Debug, clap::Args)]
pub struct AssessWords {
    #[command(flatten)]
    read: ReadWords,
    /// The moment graded; a date means the end of that day. Without it: each patient's last recorded fact.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Use only what had been recorded by then; a date means the end of that day.
    #[arg(long, value_name = "TIME")]
    known_at: Option<String>,
    /// A rule set in place of the default one, for example icaht/cumulative@2025 (repeat for several).
    #[arg(long, value_name = "RULE@VERSION")]
    using: Vec<String>,
    /// A folder with what a site signed: its own values stand in place of the sources' (see `vena knowledge`).
    #[arg(long, value_name = "FOLDER")]
    site: Option<std::path::PathBuf>,
    /// Which infusion, counted from 1 by day, where there are several.
    #[arg(long, value_name = "N")]
    infusion: Option<std::num::NonZeroUsize>,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value = "text")]
    format: crate::files::Format,
}

/// Runs `vena assess`.
pub fn assess(words: &AssessWords, now: Timestamp, lang: Lang) -> Outcome {
    let at = time(words, words.at.as_deref(), "--at")?;
    let known_at = time(words, words.known_at.as_deref(), "--known-at")?;
    let knowledge = &*match &words.site {
        None => std::borrow::Cow::Borrowed(Knowledge::embedded()),
        Some(folder) if folder.is_dir() => {
            vena_app::site_knowledge::with_sites(&crate::settings::site_knowledge(folder)?)
                .map_err(|problem| Ended::Record(problem.to_string()))?
        }
        Some(folder) => return Err(Ended::Usage(format!("--site: there is no folder {}", folder.display()))),
    };
    let using: Vec<&str> = words.using.iter().map(String::as_str).collect();
    let rules = Rules::choose(knowledge, &using)
        .map_err(|problem| Ended::Usage(format!("--using: {}", problem.message(lang))))?;
    let mut gathered = gather(&words.read, now, lang)?;
    let sources = gathered.sources()?;
    let mut report = sources.report.clone();
    let bar = files::progress(sources.len() as u64);
    let mut out = files::Printer::new();
    let quiet = ReadReport::default();
    let work = |read: &ChartRead| {
        let zone = &read.chart.zone;
        let question = Question {
            at: at.map_or_else(|| last_told(&read.chart, now), |at| at.latest(zone)),
            known_at: known_at.map(|known_at| known_at.latest(zone)),
            infusion: words.infusion.map(|number| number.get() - 1),
        };
        let assessment = assess_chart(&read.chart, &rules, &question);
        let last: Vec<LastAssessable> = assessment
            .findings
            .iter()
            .filter_map(|finding| last_assessable(&read.chart, &rules, &question, finding))
            .collect();
        let (known_at, report) = (question.known_at, &read.report);
        let told = Told { assessment: &assessment, zone, known_at, report, last: &last };
        match words.format {
            files::Format::Json => assess_json(&told) + "\n",
            // For people, problems stand on standard error, once.
            files::Format::Text => {
                assess_text(&Told { report: &quiet, ..told }, lang, &knowledge.catalogue) + "\n"
            }
        }
    };
    let mut written = Ok(());
    sources.for_each(&mut report, work, |text: String| {
        if written.is_ok() {
            written = out.print(&text);
        }
        bar.inc(1);
    });
    bar.finish_and_clear();
    written?;
    out.finish()?;
    gather::tell(&sources, &report, lang)
}

fn time(words: &AssessWords, text: Option<&str>, option: &str) -> Result<Option<When>, Ended> {
    let read = text.map(|text| When::parse(text, words.read.zone.as_ref())).transpose();
    read.map_err(|problem| {
        Ended::Usage(match problem {
            TimeError::NeedsZone(text) => either(
                format!("{option}: “{text}” has no offset from UTC; write one (2026-01-31T08:30+08:00) or name the place with --zone"),
                format!("{option}：「{text}」沒有時差；請寫明（2026-01-31T08:30+08:00），或以 --zone 指定時區"),
            ),
            other => either(format!("{option}: {other}"), format!("{option}：{}", time_error_chinese(&other))),
        })
    })
}

/// The latest time a fact happened that is not after now; of a date the end of that day. When all lie
/// after now (they are flagged), the latest of them; now, when there is none. The end of what lasts is not
/// asked: a drug that is to run until tomorrow says nothing of tomorrow. Where the last word is the last
/// follow-up, the day after it is meant: only then is it known to have been the last.
fn last_told(chart: &Chart, now: Timestamp) -> Timestamp {
    let zone = &chart.zone;
    let of = |fact: &Fact| match fact.when {
        when @ (When::Instant(_) | When::Date(_)) if fact.concept == LAST_FOLLOW_UP => {
            when.first_day(zone).tomorrow().map_or(Timestamp::MAX, |day| zone.end_of(day))
        }
        when @ (When::Instant(_) | When::Date(_)) => when.latest(zone),
        when @ (When::Month(..) | When::Year(_)) => when.earliest(zone),
    };
    let told = || chart.all().iter();
    let past = told().filter(|fact| fact.when.earliest(zone) <= now).map(|fact| of(fact).min(now)).max();
    past.or_else(|| told().map(of).max()).unwrap_or(now)
}

const LAST_FOLLOW_UP: Concept = Concept::known("last-follow-up");

/// Runs `vena schema`.
pub fn schema(which: SchemaOf) -> Outcome {
    match which {
        SchemaOf::Assess => files::print(vena_exchange::assess::SCHEMA),
    }
}

/// What has a published schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum SchemaOf {
    /// A line of `vena assess --format json`.
    Assess,
}
