//! The catalogue as rows for printing: what each fact is called, its codes, unit, and what it
//! accepts. Knows no terminal and no page.

use crate::catalogue::{Catalogue, ConceptInfo, Kind};
use vena_base::Lang;

/// One concept, ready to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingRow {
    /// The topic it stands under.
    pub topic: String,
    /// Its id.
    pub id: &'static str,
    /// Its name.
    pub name: String,
    /// Its name in the other language.
    pub other_name: String,
    /// `quantity`, `answers`, `event`, `moment`, `text` or `drug`.
    pub kind: &'static str,
    /// The unit values are kept in; empty where there is none.
    pub unit: String,
    /// `possible` range in that unit, as `low … high`; empty where there is none.
    pub possible: String,
    /// LOINC, ATC and RxNorm codes, each led by its system.
    pub codes: Vec<String>,
    /// What else people may write for it.
    pub names: Vec<String>,
    /// What it accepts: for each answer its name, then other words for it.
    pub answers: Vec<(String, Vec<String>)>,
}

/// Every concept in one language, in the order of the files.
pub fn listing(catalogue: &Catalogue, lang: Lang) -> Vec<ListingRow> {
    catalogue.iter().map(|info| row(info, lang)).collect()
}

fn row(info: &ConceptInfo, lang: Lang) -> ListingRow {
    let other = match lang {
        Lang::En => Lang::ZhTw,
        Lang::ZhTw => Lang::En,
    };
    let coded = |system: &str, codes: &[String]| {
        codes.iter().map(|code| format!("{system} {code}")).collect::<Vec<_>>()
    };
    let answers = info.answers.iter().map(|answer| {
        let mut words = vec![answer.name.get(other).to_owned()];
        words.extend(answer.words.iter().cloned());
        words.dedup();
        (answer.name.get(lang).to_owned(), words)
    });
    ListingRow {
        topic: info.topic.get(lang).to_owned(),
        id: info.concept.as_str(),
        name: info.name.get(lang).to_owned(),
        other_name: info.name.get(other).to_owned(),
        kind: info.kind.as_str(),
        unit: info.unit.as_deref().unwrap_or_default().to_owned(),
        possible: info.possible.map(|(low, high)| format!("{low} … {high}")).unwrap_or_default(),
        codes: [("LOINC", &info.loinc), ("ATC", &info.atc), ("RxNorm", &info.rxnorm)]
            .into_iter()
            .flat_map(|(system, codes)| coded(system, codes))
            .collect(),
        names: info.names.clone(),
        answers: answers.collect(),
    }
}

/// What a value of this kind looks like, in a few words.
pub fn accepts(kind: Kind, lang: Lang) -> &'static str {
    match (kind, lang) {
        (Kind::Quantity, Lang::En) => "a number with its unit",
        (Kind::Quantity, Lang::ZhTw) => "數值與單位",
        (Kind::Answers, Lang::En) => "one of the answers",
        (Kind::Answers, Lang::ZhTw) => "答案之一",
        (Kind::Event, Lang::En) => "nothing, or a word that it happened",
        (Kind::Event, Lang::ZhTw) => "可空白，或表示已發生之詞",
        (Kind::Moment, Lang::En) => "a date or time",
        (Kind::Moment, Lang::ZhTw) => "日期或時間",
        (Kind::Text, Lang::En) => "words",
        (Kind::Text, Lang::ZhTw) => "文字",
        (Kind::Drug, Lang::En) => "a dose or rate with its unit, nothing (given), or “stopped”",
        (Kind::Drug, Lang::ZhTw) => "劑量或速率與單位，空白（已給予），或「停用」",
    }
}
