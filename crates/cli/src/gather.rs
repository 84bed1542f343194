//! From what is named on the command line (files, folders, standard input) to one chart a patient: tables and
//! FHIR told apart by content, the same patient in several files joined. Must not know any format or grade.

use crate::{
    exit::Ended,
    files::{self, Input},
};
use jiff::Timestamp;
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};
use std::{collections::HashMap, path::PathBuf, sync::Arc};
use vena_base::{Flag, Lang, Zone};
use vena_exchange::{
    Encoding, InputKind, ReadReport,
    fhir::{self, FhirOptions, Part},
    identity::Identity,
    settle::{Draft, settle},
    sniff,
    table::{self, ChartRead, TableFile, TableOptions},
};
use vena_knowledge::Knowledge;

/// What a folder is searched for; what a file is, its content tells.
const ENDINGS: [&str; 7] = [".csv", ".tsv", ".txt", ".json", ".ndjson", ".jsonl", ".xml"];
/// Charts that exist at the same time.
const AT_A_TIME: usize = 512;

/// How facts are read, as the commands that read them ask it.
#[derive(Debug, clap::Args)]
pub struct ReadWords {
    /// Tables or FHIR R4 (JSON, NDJSON); folders are searched; - is standard input.
    #[arg(required = true, value_name = "FILE|FOLDER|-")]
    pub files: Vec<PathBuf>,
    /// Where days are counted and clock times without offset are read, for example Asia/Taipei.
    #[arg(long, value_parser = zone)]
    pub zone: Option<Zone>,
    /// Encoding of tables: detect, utf-8, big5.
    #[arg(long, default_value = "detect", value_parser = encoding)]
    pub encoding: Encoding,
}

fn zone(name: &str) -> Result<Zone, String> {
    Zone::named(name).map_err(|problem| problem.to_string())
}

fn encoding(name: &str) -> Result<Encoding, String> {
    Encoding::parse(name).ok_or_else(|| format!("“{name}” is none of detect, utf-8, big5"))
}

/// A file whose bytes are read.
enum Bytes {
    /// A table: charts are made from it later, patient by patient.
    Table(Vec<u8>),
    /// A FHIR document, already taken apart; its bytes are gone.
    Part(Box<Part>),
    /// It cannot be read; why, in words.
    Refused(String),
}

/// Everything read from the command line's words, before tables are split into patients.
pub struct Gathered {
    files: Vec<(Arc<str>, Bytes)>,
    digests: Vec<String>,
    options: TableOptions,
    lang: Lang,
}

/// Reads all that is named, on all cores.
///
/// # Errors
/// Something named does not exist.
pub fn gather(words: &ReadWords, now: Timestamp, lang: Lang) -> Result<Gathered, Ended> {
    let found = files::inputs(&words.files, &ENDINGS)?;
    let options = TableOptions { zone: words.zone.clone(), now, encoding: words.encoding };
    let several = found.len() > 1;
    let bar = files::progress(found.len() as u64);
    let read: Vec<(Arc<str>, Bytes, Option<String>)> = found
        .par_iter()
        .map(|input| {
            let (bytes, digest) = one(input, several, &options, lang);
            bar.inc(1);
            (Arc::from(input.name.as_str()), bytes, digest)
        })
        .collect();
    bar.finish_and_clear();
    let mut gathered = Gathered { files: Vec::with_capacity(read.len()), digests: Vec::new(), options, lang };
    for (name, bytes, digest) in read {
        gathered.digests.extend(digest);
        gathered.files.push((name, bytes));
    }
    Ok(gathered)
}

fn one(input: &Input, several: bool, options: &TableOptions, lang: Lang) -> (Bytes, Option<String>) {
    let bytes = match input
        .bytes_up_to(fhir::BYTES_MAX, |head| matches!(sniff(head), InputKind::FhirJson | InputKind::NdJson))
    {
        Ok(bytes) => bytes,
        Err(words) => return (Bytes::Refused(words), None),
    };
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let read = match sniff(&bytes) {
        InputKind::Table | InputKind::Unknown => Bytes::Table(bytes),
        InputKind::FhirJson | InputKind::NdJson | InputKind::Xml | InputKind::Empty => {
            let options = FhirOptions { zone: options.zone.clone(), ..FhirOptions::at(options.now) };
            match fhir::read_part(&bytes, several.then_some(&*input.name), &options, Knowledge::embedded()) {
                Ok(part) => Bytes::Part(Box::new(part)),
                Err(problem) => Bytes::Refused(problem.message(lang)),
            }
        }
    };
    (read, Some(digest))
}

/// One source of charts.
enum Source<'a> {
    Table { name: Arc<str>, file: Box<TableFile<'a>> },
    Fhir(Vec<ChartRead>),
}

/// All sources, ready to make charts.
pub struct Sources<'a> {
    sources: Vec<Source<'a>>,
    several: bool,
    options: &'a TableOptions,
    /// What is said about files as a whole.
    pub report: ReadReport,
    /// Files that cannot be read: name and reason.
    pub refused: Vec<(Arc<str>, String)>,
}

impl Gathered {
    /// SHA-256 of the file, when there is just one.
    pub fn only_digest(&self) -> Option<&str> {
        match self.digests.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Finds each table's patients and joins what FHIR documents say.
    ///
    /// # Errors
    /// Nothing of it can be read.
    pub fn sources(&mut self) -> Result<Sources<'_>, Ended> {
        let knowledge = Knowledge::embedded();
        let mut parts = Vec::new();
        for (_, bytes) in &mut self.files {
            if let Bytes::Part(part) = bytes {
                parts.push(std::mem::take(&mut **part));
            }
        }
        let several = self.files.len() > 1;
        let mut sources = Sources {
            sources: Vec::new(),
            several,
            options: &self.options,
            report: ReadReport::default(),
            refused: Vec::new(),
        };
        for (name, bytes) in &self.files {
            match bytes {
                Bytes::Refused(words) => sources.refused.push((Arc::clone(name), words.clone())),
                Bytes::Part(_) => {}
                Bytes::Table(bytes) => match table::read(bytes, &self.options, knowledge) {
                    Ok(file) => {
                        sources.report.merge(named(file.report().clone(), several.then_some(name)));
                        sources.sources.push(Source::Table { name: Arc::clone(name), file: Box::new(file) });
                    }
                    Err(problem) => sources.refused.push((Arc::clone(name), problem.message(self.lang))),
                },
            }
        }
        if !parts.is_empty() {
            let options =
                FhirOptions { zone: self.options.zone.clone(), ..FhirOptions::at(self.options.now) };
            let loaded = fhir::join(parts, &options, knowledge);
            let charts = by_patient(loaded, &mut sources.report);
            sources.sources.push(Source::Fhir(charts));
        }
        match (sources.sources.is_empty(), sources.refused.as_slice()) {
            (true, [(name, words)]) => Err(Ended::Input(format!("{name}: {words}"))),
            (true, refused) => {
                for (name, words) in refused {
                    eprintln!("vena: {name}: {words}");
                }
                Err(Ended::Input(match self.lang {
                    Lang::En => "none of the files can be read".to_owned(),
                    Lang::ZhTw => "所有檔案皆無法讀取".to_owned(),
                }))
            }
            (false, _) => Ok(sources),
        }
    }
}

/// Gives each chart what was said about its patient; all of it is also in the report on the whole.
fn by_patient(loaded: vena_exchange::Loaded, whole: &mut ReadReport) -> Vec<ChartRead> {
    let only = loaded.charts.len() == 1;
    let mut said: HashMap<Arc<str>, ReadReport> = HashMap::new();
    if !only {
        for problem in &loaded.report.problems {
            if let Some(patient) = &problem.patient {
                said.entry(Arc::clone(patient)).or_default().add(problem.clone());
            }
        }
    }
    let mut people = loaded.people;
    let charts = loaded.charts.into_iter().map(|chart| {
        let report =
            if only { loaded.report.clone() } else { said.remove(&chart.patient).unwrap_or_default() };
        let identity = people.remove(&chart.patient).map(Box::new);
        ChartRead { chart, identity, report }
    });
    let charts = charts.collect();
    whole.merge(loaded.report);
    charts
}

/// With several files a place says which one it is in.
fn named(mut report: ReadReport, file: Option<&Arc<str>>) -> ReadReport {
    if let Some(file) = file {
        for problem in &mut report.problems {
            problem.file.get_or_insert_with(|| Arc::clone(file));
        }
    }
    report
}

impl Sources<'_> {
    /// How many patients there are, at most (one may be in several files).
    pub fn len(&self) -> usize {
        self.sources
            .iter()
            .map(|source| match source {
                Source::Table { file, .. } => file.len(),
                Source::Fhir(charts) => charts.len(),
            })
            .sum()
    }

    /// Makes every patient's chart on all cores, works on it there, and hands the results over in the order
    /// in which patients were met. Only a few hundred charts of tables exist at a time. Everything said about
    /// patients of tables is added to `report`.
    pub fn for_each<T: Send>(
        &self,
        report: &mut ReadReport,
        work: impl Fn(&ChartRead) -> T + Sync,
        mut take: impl FnMut(T),
    ) {
        if let [Source::Table { name, file }] = self.sources.as_slice() {
            file.for_each_in_order(
                |_, read| {
                    let read = ChartRead { report: named(read.report, self.several.then_some(name)), ..read };
                    let result = work(&read);
                    (result, read.report)
                },
                |_, (result, said)| {
                    report.merge(said);
                    take(result);
                },
            );
            return;
        }
        let order = self.order();
        for chunk in order.chunks(AT_A_TIME) {
            let done: Vec<_> = chunk
                .par_iter()
                .map(|places| {
                    let (read, new) = self.joined(places);
                    (work(&read), new)
                })
                .collect();
            for (result, said) in done {
                report.merge(said);
                take(result);
            }
        }
    }

    /// For each patient, the places (source, patient of it) where there are facts.
    fn order(&self) -> Vec<Vec<(usize, usize)>> {
        let mut order: Vec<Vec<(usize, usize)>> = Vec::new();
        let mut known: HashMap<&str, usize> = HashMap::new();
        for (source, holds) in self.sources.iter().enumerate() {
            let patients: Vec<&str> = match holds {
                Source::Table { file, .. } => file.patients().collect(),
                Source::Fhir(charts) => charts.iter().map(|read| &*read.chart.patient).collect(),
            };
            for (index, patient) in patients.into_iter().enumerate() {
                let at = *known.entry(patient).or_insert_with(|| {
                    order.push(Vec::new());
                    order.len() - 1
                });
                if let Some(places) = order.get_mut(at) {
                    places.push((source, index));
                }
            }
        }
        order
    }

    /// One chart of all places, and what of its report is not yet in the report on the whole.
    fn joined(&self, places: &[(usize, usize)]) -> (ChartRead, ReadReport) {
        let mut reads = Vec::new();
        let mut new = ReadReport::default();
        for (source, index) in places {
            match self.sources.get(*source) {
                Some(Source::Table { name, file }) => {
                    if let Some(read) = file.chart(*index) {
                        let report = named(read.report, Some(name));
                        new.merge(report.clone());
                        reads.push((Some(Arc::clone(name)), ChartRead { report, ..read }));
                    }
                }
                Some(Source::Fhir(charts)) => {
                    reads.extend(charts.get(*index).map(|read| (None, read.clone())))
                }
                None => {}
            }
        }
        if reads.len() == 1
            && let Some((_, read)) = reads.pop()
        {
            return (read, new);
        }
        let patient =
            reads.first().map_or_else(|| Arc::from(""), |(_, read)| Arc::clone(&read.chart.patient));
        let mut report = ReadReport::default();
        let mut drafts = Vec::new();
        let mut identity: Option<Box<Identity>> = None;
        for (file, read) in reads {
            report.merge(read.report);
            match (&mut identity, read.identity) {
                (Some(known), Some(other)) => known.fill(*other),
                (none @ None, other) => *none = other,
                (Some(_), None) => {}
            }
            for mut fact in read.chart.all().iter().cloned() {
                // Looked for again below, with what the other files say.
                fact.flags.retain(|flag| matches!(flag, Flag::Implausible | Flag::Preliminary));
                drafts.push(Draft::new(fact, file.clone()));
            }
        }
        let mut again = ReadReport::default();
        let catalogue = &Knowledge::embedded().catalogue;
        let chart =
            settle(&patient, drafts, self.options.zone.as_ref(), self.options.now, catalogue, &mut again);
        for problem in again.problems {
            if !report.problems.contains(&problem) {
                report.add(problem.clone());
                new.add(problem);
            }
        }
        (ChartRead { chart, identity, report }, new)
    }
}

/// Lists on standard error what was said, and says whether the program must end with it.
///
/// # Errors
/// [`Ended::WithProblems`] when a file, row or resource could not be read.
pub fn tell(sources: &Sources<'_>, report: &ReadReport, lang: Lang) -> Result<(), Ended> {
    for (name, words) in &sources.refused {
        eprintln!("vena: {name}: {words}");
    }
    for problem in &report.problems {
        let patient = problem.patient.as_deref().map(|patient| format!("{patient}: ")).unwrap_or_default();
        eprintln!("vena: {patient}{}", problem.message(lang));
    }
    let rest = ReadReport { problems: Vec::new(), counts: unlisted(report), ..report.clone() };
    for line in rest.lines(lang) {
        eprintln!("vena: {line}");
    }
    if sources.len() == 0 {
        eprintln!(
            "vena: {}",
            match lang {
                Lang::En => "no patient in what was read",
                Lang::ZhTw => "讀取的內容沒有任何病人",
            }
        );
    }
    if sources.refused.is_empty() && report.refused() == 0 { Ok(()) } else { Err(Ended::WithProblems) }
}

/// How many problems of each kind are not listed word for word.
fn unlisted(report: &ReadReport) -> std::collections::BTreeMap<&'static str, u64> {
    let mut left = report.counts.clone();
    for problem in &report.problems {
        if let Some(count) = left.get_mut(problem.trouble.kind()) {
            *count = count.saturating_sub(1);
        }
    }
    left.retain(|_, count| *count > 0);
    left
}
