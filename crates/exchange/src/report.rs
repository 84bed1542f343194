//! What a reader has to say about its input: every row or resource either became a fact or stands
//! here, with its place, its reason and its count. Knows no file format and no grading.

use crate::trouble::Trouble;
use std::{collections::BTreeMap, fmt, sync::Arc};
use vena_base::{Lang, Origin, Text};

/// How many problems of one kind are kept word for word; beyond that they are only counted.
pub const DETAILS_PER_KIND_MAX: u64 = 200;

/// How many different codes or words that were not understood are kept apart.
pub const UNKNOWN_KINDS_MAX: usize = 10_000;

/// One thing that was refused, withheld or noticed.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// Where: a line of a table or a path in a FHIR document.
    pub place: Origin,
    /// The file, where several are read together.
    pub file: Option<Arc<str>>,
    /// About whom, where that is known.
    pub patient: Option<Arc<str>>,
    /// What.
    pub trouble: Trouble,
}

impl Problem {
    /// A sentence with place, patient and reason.
    pub fn message(&self, lang: Lang) -> String {
        let mut text = String::new();
        if let Some(file) = &self.file {
            text.push_str(file);
            text.push_str(": ");
        }
        let place = place_text(&self.place, lang);
        if !place.is_empty() {
            text.push_str(&place);
            text.push_str(match lang {
                Lang::En => ": ",
                Lang::ZhTw => "：",
            });
        }
        text.push_str(&self.trouble.message(lang));
        text
    }
}

/// A place in words: `line 7`, `第 7 列`, or a path as it is.
pub fn place_text(place: &Origin, lang: Lang) -> String {
    match (place, lang) {
        (Origin::Line(line), Lang::En) => format!("line {line}"),
        (Origin::Line(line), Lang::ZhTw) => format!("第 {line} 列"),
        (Origin::Path(path), _) => path.to_string(),
        (Origin::Event(event), _) => event.to_string(),
        (Origin::Program, _) => String::new(),
    }
}

/// What was not understood, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// How often it was met.
    pub count: u64,
    /// Where it was first met.
    pub first: Origin,
    /// The name the source gives it.
    pub display: Option<String>,
    /// Catalogue names that look like it.
    pub suggestions: Vec<Text>,
}

/// Everything a reader has to say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReadReport {
    /// Rows or resources met.
    pub items: u64,
    /// Facts made (before equal ones were joined).
    pub facts: u64,
    /// Facts told more than once and kept once.
    pub repeated: u64,
    /// Problems word for word, at most [`DETAILS_PER_KIND_MAX`] of a kind.
    pub problems: Vec<Problem>,
    /// How many problems of each kind there were in all.
    pub counts: BTreeMap<&'static str, u64>,
    /// What was not understood: (`table` or the resource's type, the word or code) → how often.
    pub not_understood: BTreeMap<(String, String), Unknown>,
    /// Resources left out by their own status: (type, status) → how many.
    pub excluded: BTreeMap<(String, String), u64>,
    /// Columns of a table that carry nothing the reader knows.
    pub extra_columns: Vec<String>,
}

impl ReadReport {
    /// Adds one problem.
    pub fn add(&mut self, problem: Problem) {
        let count = self.counts.entry(problem.trouble.kind()).or_default();
        *count += 1;
        if *count <= DETAILS_PER_KIND_MAX {
            self.problems.push(problem);
        }
    }

    /// Counts something that was not understood. `suggest` is asked only the first time.
    pub fn unknown(
        &mut self,
        source: &str,
        word: &str,
        first: impl FnOnce() -> Origin,
        display: Option<&str>,
        suggest: impl FnOnce() -> Vec<Text>,
    ) {
        let mut key = (source.to_owned(), word.chars().take(120).collect::<String>());
        if self.not_understood.len() >= UNKNOWN_KINDS_MAX && !self.not_understood.contains_key(&key) {
            key = (source.to_owned(), "…".to_owned());
        }
        self.not_understood
            .entry(key)
            .or_insert_with(|| Unknown {
                count: 0,
                first: first(),
                display: display.map(|d| d.chars().take(120).collect()),
                suggestions: suggest(),
            })
            .count += 1;
    }

    /// Counts a resource left out by its status.
    pub fn exclude(&mut self, kind: &str, status: &str) {
        *self.excluded.entry((kind.to_owned(), status.to_owned())).or_default() += 1;
    }

    /// Joins what another reader (another patient, another file) had to say.
    pub fn merge(&mut self, other: ReadReport) {
        self.items += other.items;
        self.facts += other.facts;
        self.repeated += other.repeated;
        let mut kept: BTreeMap<&'static str, u64> = BTreeMap::new();
        for problem in &self.problems {
            *kept.entry(problem.trouble.kind()).or_default() += 1;
        }
        for problem in other.problems {
            let kept = kept.entry(problem.trouble.kind()).or_default();
            if *kept < DETAILS_PER_KIND_MAX {
                *kept += 1;
                self.problems.push(problem);
            }
        }
        for (kind, count) in other.counts {
            *self.counts.entry(kind).or_default() += count;
        }
        for (mut key, unknown) in other.not_understood {
            if self.not_understood.len() >= UNKNOWN_KINDS_MAX && !self.not_understood.contains_key(&key) {
                key.1 = "…".to_owned();
            }
            match self.not_understood.get_mut(&key) {
                Some(known) => known.count += unknown.count,
                None => {
                    self.not_understood.insert(key, unknown);
                }
            }
        }
        for (key, count) in other.excluded {
            *self.excluded.entry(key).or_default() += count;
        }
        for column in other.extra_columns {
            if !self.extra_columns.contains(&column) {
                self.extra_columns.push(column);
            }
        }
    }

    /// What is said about one patient, of a report on several: their problems and how many of each
    /// kind are kept word for word. What concerns nobody in particular stays in the whole report.
    pub fn of_patient(&self, patient: &str) -> ReadReport {
        let mut report = ReadReport::default();
        let theirs = |problem: &&Problem| problem.patient.as_deref() == Some(patient);
        self.problems.iter().filter(theirs).for_each(|problem| report.add(problem.clone()));
        report
    }

    /// Whether there is nothing to say.
    pub fn is_clean(&self) -> bool {
        self.counts.is_empty() && self.not_understood.is_empty() && self.excluded.is_empty()
    }

    /// How many rows or resources did not become facts because something was wrong with them.
    pub fn refused(&self) -> u64 {
        self.counts.iter().filter(|(kind, _)| !Trouble::kind_is_kept(kind)).map(|(_, count)| count).sum()
    }

    /// The whole report as lines of text.
    pub fn lines(&self, lang: Lang) -> Vec<String> {
        let mut lines: Vec<String> = self.problems.iter().map(|p| p.message(lang)).collect();
        let mut shown: BTreeMap<&'static str, u64> = BTreeMap::new();
        for problem in &self.problems {
            *shown.entry(problem.trouble.kind()).or_default() += 1;
        }
        for (kind, count) in &self.counts {
            let more = count.saturating_sub(shown.get(kind).copied().unwrap_or(0));
            if more > 0 {
                lines.push(match lang {
                    Lang::En => format!("{more} more of the kind “{kind}”"),
                    Lang::ZhTw => format!("另有 {more} 筆同類問題（{}）", Trouble::kind_in_chinese(kind)),
                });
            }
        }
        for ((source, word), unknown) in &self.not_understood {
            lines.push(unknown_line(source, word, unknown, lang));
        }
        for ((kind, status), count) in &self.excluded {
            lines.push(match lang {
                Lang::En => format!("{count} × {kind} left out: its status is “{status}”"),
                Lang::ZhTw => format!("略過 {count} 筆 {kind}：狀態為「{status}」"),
            });
        }
        if !self.extra_columns.is_empty() {
            let columns = self.extra_columns.join(", ");
            lines.push(match lang {
                Lang::En => format!("columns not read: {columns}"),
                Lang::ZhTw => format!("未讀取的欄位：{columns}"),
            });
        }
        lines
    }
}

fn unknown_line(source: &str, word: &str, unknown: &Unknown, lang: Lang) -> String {
    let display = unknown.display.as_deref().map(|d| format!(" ({d})")).unwrap_or_default();
    let place = place_text(&unknown.first, lang);
    let near: Vec<&str> = unknown.suggestions.iter().map(|name| name.get(lang)).collect();
    let near = near.join(if lang == Lang::En { ", " } else { "、" });
    let count = unknown.count;
    let source = match (source, lang) {
        ("what", Lang::ZhTw) => "項目".to_owned(),
        (source, Lang::ZhTw) => format!(" {source} "),
        (source, Lang::En) => source.to_owned(),
    };
    match lang {
        Lang::En => {
            let near = if near.is_empty() { String::new() } else { format!("; did you mean: {near}?") };
            format!("{count} × {source} “{word}”{display} not understood, first at {place}{near}")
        }
        Lang::ZhTw => {
            let near = if near.is_empty() { String::new() } else { format!("；是否為：{near}？") };
            format!("無法辨識{source}「{word}」{display}，共 {count} 筆，首見於{place}{near}")
        }
    }
}

impl fmt::Display for ReadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines(Lang::En).iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
