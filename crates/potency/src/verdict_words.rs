//! A verdict as a person reads it: the criterion's name, the value, the limit with its sign and unit. Judges nothing.

use vena_base::Lang;

use crate::as_written;
use crate::method::{Criterion, Verdict};

/// What is counted, in Chinese; written in braces in UCUM.
const COUNTED: [(&str, &str); 8] = [
    ("{wells}", "孔"),
    ("{levels}", "個濃度"),
    ("{doses}", "個劑量"),
    ("{samples}", "個檢品"),
    ("{tests}", "次檢驗"),
    ("{particles}", "顆粒"),
    ("{copies}", "拷貝"),
    ("{cell}", "細胞"),
];

/// The words of one verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictWords {
    /// Whose criterion it is: a curve's or a sample's name as given, or what the method calls a part of itself.
    pub subject: String,
    /// What is judged; without the note that 1 is yes.
    pub criterion: String,
    /// The value, `–` where there is none.
    pub value: String,
    /// `≤ 10 CFU/mL`, or the answer wanted.
    pub limit: String,
}

/// A UCUM unit as people write it: nothing for the number one, no brackets around what is counted or agreed.
fn unit(ucum: &str, lang: Lang) -> String {
    if ucum == "1" {
        return String::new();
    }
    let named = match lang {
        Lang::ZhTw => COUNTED.iter().fold(ucum.to_owned(), |unit, (own, zh)| unit.replace(own, zh)),
        Lang::En => ucum.to_owned(),
    };
    named.replace(['{', '}', '[', ']'], "")
}

/// A criterion that is yes or no says so in its name; the name without that, and whether it is one.
fn question(label: &str) -> (&str, bool) {
    match label.find(" (1 yes").or_else(|| label.find("（1 是")) {
        Some(at) => (label.get(..at).unwrap_or(label), true),
        None => (label, false),
    }
}

fn limit_of(criterion: &Criterion, lang: Lang) -> String {
    let limit =
        format!("{} {} {}", criterion.comparison.sign(), criterion.limit_text, unit(&criterion.unit, lang));
    limit.trim_end().to_owned()
}

impl Verdict {
    /// The verdict in words of one language.
    #[must_use]
    pub fn words(&self, lang: Lang) -> VerdictWords {
        let (name, answer) = question(self.criterion.label.get(lang));
        let said = |yes: bool| match (yes, lang) {
            (true, Lang::En) => "yes",
            (false, Lang::En) => "no",
            (true, Lang::ZhTw) => "是",
            (false, Lang::ZhTw) => "否",
        };
        let written = |value: f64| if answer { said(value >= 0.5).to_owned() } else { as_written(value, 5) };
        let subject = match (self.subject.as_str(), lang) {
            ("standard curve", Lang::ZhTw) => "標準曲線",
            ("comparison", Lang::ZhTw) => "比較",
            (name, _) => name,
        };
        VerdictWords {
            subject: subject.to_owned(),
            criterion: name.to_owned(),
            value: self.value.map_or_else(|| "–".to_owned(), written),
            limit: if answer {
                said(self.criterion.limit >= 0.5).to_owned()
            } else {
                limit_of(&self.criterion, lang)
            },
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::method::{ENDOTOXIN, Method, QPCR, RELATIVE_POTENCY};

    /// Row Q15. Limits have their sign and unit, in the reader's language; yes or no is said, not counted.
    #[test]
    fn verdicts_are_told_in_words() {
        let of = |file: &str, measure: &str, value: f64, lang| {
            Method::parse(file).unwrap().judge("x", &[(measure, Some(value))]).remove(0).words(lang)
        };
        let told = of(QPCR, "mycoplasma-detection-limit", 3.2e-6, Lang::En);
        assert_eq!((told.value.as_str(), told.limit.as_str()), ("3.2 × 10⁻⁶", "≤ 10 CFU/mL"));
        let told = of(RELATIVE_POTENCY, "ec50-inside-doses", 1.0, Lang::ZhTw);
        assert_eq!((told.value.as_str(), told.limit.as_str()), ("是", "是"));
        assert!(!told.criterion.contains('1'), "{}", told.criterion);
        let text = of(ENDOTOXIN, "negative-controls-reacting", 0.0, Lang::ZhTw);
        assert!(text.limit.ends_with('孔'), "{}", text.limit);
        assert_eq!(question("Wells (all)"), ("Wells (all)", false));
    }
}
