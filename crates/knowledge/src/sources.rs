//! The bibliography: what the numbers come from. Citations are facts (authors, journal, year,
//! volume, pages); knows no number of a rule.

use crate::document::{Document, Table};
use crate::problem::{Fault, Place, Problem};
use std::collections::BTreeMap;
use vena_base::{Lang, Text};

/// What kind of thing a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SourceKind {
    /// An article in a journal.
    Article,
    /// A handbook or guideline printed as a book.
    Book,
    /// A product's label.
    Label,
    /// A standard or a code system.
    Standard,
    /// A law or regulation.
    Law,
    /// This project's or a site's own choice: no outside source stands behind it.
    OwnChoice,
}

/// One entry of the bibliography.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Id by which rules cite it, such as `lee-2019`.
    pub id: String,
    /// The short form beside a number: “Lee 2019”.
    pub short: Text,
    /// The whole citation.
    pub citation: Text,
    /// What kind of thing it is.
    pub kind: SourceKind,
    /// Year of publication.
    pub year: Option<String>,
    /// DOI, where it is sure.
    pub doi: Option<String>,
    /// The original was not read word for word; what is known of it comes through another source.
    pub provisional: bool,
    /// What to know about it.
    pub note: Option<Text>,
    pub(crate) place: Place,
}

/// All sources by id.
#[derive(Debug, Clone, Default)]
pub struct Bibliography {
    sources: BTreeMap<String, Source>,
}

impl Bibliography {
    /// A source by id.
    pub fn get(&self, id: &str) -> Option<&Source> {
        self.sources.get(id)
    }

    /// All sources, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.sources.values()
    }

    pub(crate) fn read(&mut self, file: &str, text: &str, problems: &mut Vec<Problem>) {
        let document = Document::new(file, text);
        let root = document.parse();
        let top = Table::new(&document, root.get_ref(), root.span());
        for table in top.tables("source") {
            let source = read_source(&table);
            if let Some(first) = self.sources.get(&source.id) {
                let fault = Fault::Twice { id: source.id.clone(), first: first.place.to_string() };
                table.report("id", fault);
            } else if !source.id.is_empty() {
                self.sources.insert(source.id.clone(), source);
            }
        }
        top.finish();
        problems.extend(document.into_problems());
    }
}

const KINDS: [(&str, SourceKind); 6] = [
    ("article", SourceKind::Article),
    ("book", SourceKind::Book),
    ("label", SourceKind::Label),
    ("standard", SourceKind::Standard),
    ("law", SourceKind::Law),
    ("own-choice", SourceKind::OwnChoice),
];

fn read_source(table: &Table<'_, '_>) -> Source {
    let source = Source {
        id: table.needed("id"),
        short: table.needed_languages("short-"),
        citation: citation(table),
        kind: {
            table.needed("kind");
            table.one_of("kind", &KINDS).unwrap_or(SourceKind::OwnChoice)
        },
        year: table.text("year"),
        doi: table.text("doi"),
        provisional: table.flag("provisional").unwrap_or(false),
        note: table.both_languages("note-"),
        place: table.place(),
    };
    table.finish();
    source
}

/// `authors. title. journal year;volume:pages`, or the words given for what is no article.
fn citation(table: &Table<'_, '_>) -> Text {
    if let Some(text) = table.both_languages("") {
        return text;
    }
    let mut parts = vec![table.needed("authors")];
    parts.extend(table.text("title"));
    let year = table.text("year").unwrap_or_default();
    let place = match (table.text("volume"), table.text("pages")) {
        (Some(volume), Some(pages)) => format!("{year};{volume}:{pages}"),
        (Some(volume), None) => format!("{year};{volume}"),
        _ => year,
    };
    parts.push(format!("{} {place}", table.needed("journal")));
    Text::same(parts.join(". "))
}

/// A source and the place in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Cite {
    /// Bibliography id.
    pub source: String,
    /// Table, figure, page or section, in English words (`Table 7`, `Fig. 7`).
    pub at: String,
}

impl Cite {
    /// “Lee 2019, Table 2”; the id stands for a source the bibliography lacks.
    pub fn text(&self, bibliography: &Bibliography, lang: Lang) -> String {
        let short = bibliography.get(&self.source).map_or(self.source.as_str(), |s| s.short.get(lang));
        match lang {
            Lang::En => format!("{short}, {}", self.at),
            Lang::ZhTw => format!("{short}，{}", locator_zh(&self.at)),
        }
    }

    /// Both languages at once.
    pub fn both(&self, bibliography: &Bibliography) -> Text {
        Text::new(self.text(bibliography, Lang::En), self.text(bibliography, Lang::ZhTw))
    }
}

/// The words of a locator in Chinese; what is not known stays as it is.
fn locator_zh(at: &str) -> String {
    // Longer phrases first: each word is replaced where it stands.
    const WORDS: [(&str, &str); 23] = [
        ("text on the ICE", "ICE 內文"),
        ("text on children", "兒童內文"),
        ("text on risk assessment", "風險評估內文"),
        ("text on hypoxia", "缺氧內文"),
        ("text on the onset of CRS", "CRS 臨床症狀內文"),
        ("score table", "評分表"),
        ("tool", "工具"),
        ("chapter ", "章 "),
        ("abstract", "摘要"),
        ("method", "方法"),
        ("neutrophil recovery", "嗜中性球恢復"),
        ("CRS episodes", "CRS 病程"),
        ("routes", "給藥途徑"),
        ("Table ", "表 "),
        ("Figure ", "圖 "),
        ("Fig. ", "圖 "),
        ("section ", "章節 "),
        ("footnote", "註"),
        ("legend", "圖說"),
        ("row ", "列 "),
        ("column ", "欄 "),
        ("page ", "頁 "),
        ("text", "內文"),
    ];
    WORDS.iter().fold(at.to_owned(), |text, (en, zh)| text.replace(en, zh)).replace(", ", "，")
}
