//! The catalogue of facts: what each is called in both languages, its codes, unit, ranges and the
//! words people write. Knows no rule.

use crate::problem::Place;
use crate::sources::Cite;
use rust_decimal::Decimal as Exact;
use std::{borrow::Cow, collections::HashMap, sync::Arc};
use unicode_normalization::UnicodeNormalization;
use vena_base::{Answer, Concept, Text};

/// What kind of value a concept takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A number with a unit.
    Quantity,
    /// One of a list of answers.
    Answers,
    /// It happens; some events may carry an answer or an amount.
    Event,
    /// A date or instant.
    Moment,
    /// Words that stand for themselves.
    Text,
    /// A drug given: a dose, a rate, or only that it was given.
    Drug,
}

impl Kind {
    /// The word used in knowledge files.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Quantity => "quantity",
            Kind::Answers => "answers",
            Kind::Event => "event",
            Kind::Moment => "moment",
            Kind::Text => "text",
            Kind::Drug => "drug",
        }
    }
}

/// One answer a concept takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerInfo {
    /// The answer.
    pub answer: Answer,
    /// What it is called.
    pub name: Text,
    /// What people write for it, besides its names.
    pub words: Vec<String>,
    /// SNOMED CT codes, where they are sure.
    pub snomed: Vec<String>,
    /// ATC codes, for answers that are products.
    pub atc: Vec<String>,
}

/// One entry of the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct ConceptInfo {
    /// The concept.
    pub concept: Concept,
    /// What it is called.
    pub name: Text,
    /// What kind of value it takes.
    pub kind: Kind,
    /// The topic of the file it stands in.
    pub topic: Text,
    /// Canonical UCUM unit.
    pub unit: Option<Arc<str>>,
    /// Molar mass in g/mol, where mass and amount of substance meet.
    pub molar_mass: Option<Exact>,
    /// Another molar mass some count moles by; where both readings of a number are plausible it is refused.
    pub molar_mass_also: Option<Exact>,
    /// The concepts one written value of this one says, in the order they are written (`90/60`): it has no
    /// value of its own.
    pub parts: Vec<Concept>,
    /// Values outside are flagged and kept (canonical unit).
    pub plausible: Option<(f64, f64)>,
    /// Values outside are refused (canonical unit).
    pub possible: Option<(f64, f64)>,
    /// Nothing at all (0) is plausible although the plausible range begins above it.
    pub zero_plausible: bool,
    /// UCUM unit in which only whole numbers are plausible: cells are not counted in fractions.
    pub whole_in: Option<String>,
    /// UCUM units laboratories report it in; a value that fits one of them better asks which was meant.
    pub usual_units: Vec<String>,
    /// UCUM units that exist and that nobody reports it in: a value so written is flagged and kept.
    pub rare_units: Vec<String>,
    /// What people write for its unit that would be another unit elsewhere (`L` for litres a minute).
    pub unit_words: HashMap<String, String>,
    /// How many hours a value stands for “now”; a site may set its own.
    pub holds_h: Option<f64>,
    /// LOINC codes, the preferred one first.
    pub loinc: Vec<String>,
    /// ATC codes.
    pub atc: Vec<String>,
    /// RxNorm ingredient codes, where they are sure.
    pub rxnorm: Vec<String>,
    /// What people write for it, besides its names.
    pub names: Vec<String>,
    /// The answers it takes.
    pub answers: Vec<AnswerInfo>,
    /// Words that are none of the answers are kept as text.
    pub open: bool,
    /// Drug class: `anticytokine`, `corticosteroid`, `antipyretic`, `vasopressor` …
    pub class: Option<String>,
    /// Only whole numbers are possible.
    pub integer: bool,
    /// Which fields are provisional (`holds-h`, `plausible` …).
    pub provisional: Vec<String>,
    /// Where it comes from.
    pub source: Cite,
    /// What to know about it.
    pub note: Option<Text>,
    pub(crate) words: HashMap<String, Answer>,
    pub(crate) unclear: HashMap<String, Vec<Answer>>,
    pub(crate) common: Arc<CommonWords>,
    pub(crate) place: Place,
}

impl ConceptInfo {
    /// The answer people mean by these words; `None` where they could mean none or several.
    pub fn answer_from_words(&self, words: &str) -> Option<Answer> {
        if let Some(answer) = self.words.get(words) {
            return Some(*answer);
        }
        self.words.get(compared(words).as_ref()).copied()
    }

    /// The answers these words could mean where they could mean several: nobody may choose for the writer.
    pub fn unclear_words(&self, words: &str) -> Option<&[Answer]> {
        self.unclear.get(compared(words).as_ref()).map(Vec::as_slice)
    }

    /// The unit as it is meant for this concept.
    pub fn unit_meant<'u>(&'u self, unit: &'u str) -> &'u str {
        if self.unit_words.is_empty() {
            return unit;
        }
        self.unit_words.get(compared(unit).as_ref()).map_or(unit, String::as_str)
    }

    /// What is known of one answer.
    pub fn answer(&self, answer: Answer) -> Option<&AnswerInfo> {
        self.answers.iter().find(|info| info.answer == answer)
    }

    /// Whether a number without a unit is understood: scores and counts.
    pub fn unit_may_be_left_out(&self) -> bool {
        self.unit.as_deref().is_some_and(|unit| unit.starts_with('{'))
    }
}

/// The form in which names are compared: width, case, spaces and punctuation put aside. A comparison
/// sign, a slash, a plus and a decimal point stay, since they carry meaning.
pub fn compared(text: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    let skip = |c: &char| {
        !(c.is_whitespace()
            || matches!(
                c,
                '-' | '_'
                    | ','
                    | '('
                    | ')'
                    | '['
                    | ']'
                    | ':'
                    | ';'
                    | '\''
                    | '"'
                    | '’'
                    | '‐'
                    | '−'
                    | '–'
                    | '、'
                    | '。'
                    | '，'
                    | '「'
                    | '」'
            ))
    };
    Cow::Owned(text.nfkc().flat_map(char::to_lowercase).filter(skip).collect())
}

/// Words understood for every concept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommonWords {
    pub(crate) words: HashMap<String, CommonWord>,
}

/// What a common word means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CommonWord {
    /// It was tried and could not be assessed.
    NotAssessed,
    /// It happened, or was given.
    Happened,
    /// It was stopped.
    Stopped,
    /// It did not happen, or was not given.
    DidNotHappen,
}

impl CommonWords {
    /// What a word means wherever it stands.
    pub fn get(&self, words: &str) -> Option<CommonWord> {
        self.words.get(compared(words).as_ref()).copied()
    }
}

/// All concepts, found by id, code or name.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    pub(crate) concepts: Vec<ConceptInfo>,
    pub(crate) by_concept: HashMap<Concept, usize>,
    pub(crate) by_loinc: HashMap<String, usize>,
    pub(crate) by_atc: HashMap<String, usize>,
    pub(crate) by_rxnorm: HashMap<String, usize>,
    pub(crate) by_name: HashMap<String, usize>,
    pub(crate) common: Arc<CommonWords>,
    /// Collected while the files are read.
    pub(crate) reading: CommonWords,
}

impl Catalogue {
    /// Shares the common words with every concept once all files are read.
    pub(crate) fn finish(&mut self) {
        self.common = Arc::new(std::mem::take(&mut self.reading));
        for info in &mut self.concepts {
            info.common = Arc::clone(&self.common);
        }
    }

    /// Puts a site's own time of holding in place; `false` where there is no such concept.
    pub(crate) fn set_hold(&mut self, id: &str, hours: f64) -> bool {
        let found = self.concepts.iter_mut().find(|info| info.concept.as_str() == id);
        found.map(|info| info.holds_h = Some(hours)).is_some()
    }

    /// A concept's entry.
    pub fn get(&self, concept: Concept) -> Option<&ConceptInfo> {
        self.at(self.by_concept.get(&concept))
    }

    fn at(&self, index: Option<&usize>) -> Option<&ConceptInfo> {
        index.and_then(|index| self.concepts.get(*index))
    }

    /// Finds by LOINC, ATC or RxNorm code, id, or any name in either language; case, width, spaces
    /// and hyphens do not matter. A code may be led by its system (`LOINC 8310-5`).
    pub fn find(&self, what: &str) -> Option<&ConceptInfo> {
        let what = what.trim();
        // Most rows of a table repeat the same few spellings: the written form first.
        if let Some(found) = self.at(self.by_name.get(what)) {
            return Some(found);
        }
        if let Some(found) =
            self.by_loinc(what).or_else(|| self.by_atc(what)).or_else(|| self.by_rxnorm(what))
        {
            return Some(found);
        }
        if let Some(found) = self.at(self.by_name.get(compared(what).as_ref())) {
            return Some(found);
        }
        let (system, code) = what.split_once([':', ' ', '|'])?;
        let code = code.trim();
        match system.to_ascii_lowercase().as_str() {
            "loinc" | "ln" => self.by_loinc(code),
            "atc" => self.by_atc(code),
            "rxnorm" | "rxcui" => self.by_rxnorm(code),
            _ => None,
        }
    }

    /// Finds by LOINC code.
    pub fn by_loinc(&self, code: &str) -> Option<&ConceptInfo> {
        self.at(self.by_loinc.get(code))
    }

    /// Finds by ATC code, in either case.
    pub fn by_atc(&self, code: &str) -> Option<&ConceptInfo> {
        match self.at(self.by_atc.get(code)) {
            Some(found) => Some(found),
            None => self.at(self.by_atc.get(&code.to_ascii_uppercase())),
        }
    }

    /// Finds by RxNorm ingredient code.
    pub fn by_rxnorm(&self, code: &str) -> Option<&ConceptInfo> {
        self.at(self.by_rxnorm.get(code))
    }

    /// The product an ATC code names, as an answer of `product`.
    pub fn product_by_atc(&self, code: &str) -> Option<Answer> {
        let code = code.trim().to_ascii_uppercase();
        let product = self.get(Concept::known("product"))?;
        product.answers.iter().find(|info| info.atc.contains(&code)).map(|info| info.answer)
    }

    /// All concepts in the order of the files.
    pub fn iter(&self) -> impl Iterator<Item = &ConceptInfo> {
        self.concepts.iter()
    }

    /// The words understood for every concept.
    pub fn common_words(&self) -> &CommonWords {
        &self.common
    }
}
