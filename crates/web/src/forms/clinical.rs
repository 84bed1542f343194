//! Forms made of catalogue entries: vital signs, laboratory, drugs, CRS statements, neurological findings.
//! Labels, units and answers come from the catalogue; nothing is typed twice.

use super::reader::Reader;
use crate::i18n::{text, text_with};
use vena_base::{Answer, Concept, Fact, Flag, Lang, Value, When};
use vena_journey::step::{Step, StepKind};
use vena_knowledge::{
    Knowledge,
    catalogue::{ConceptInfo, Kind},
    values::{RangeCheck, check_range, read_value},
};

/// One form of facts observed at one time.
pub struct FactForm {
    /// The word in its address.
    pub slug: &'static str,
    /// Text key of its title.
    pub title: &'static str,
    /// The step it makes.
    pub kind: StepKind,
    /// The facts it asks for.
    pub concepts: &'static [&'static str],
}

/// The forms.
pub const FORMS: [FactForm; 5] = [
    FactForm {
        slug: "vitals",
        title: "form-vitals",
        kind: StepKind::VitalSigns,
        concepts: &[
            "body-temperature",
            "systolic-pressure",
            "diastolic-pressure",
            "heart-rate",
            "respiratory-rate",
            "oxygen-saturation",
            "oxygen-device",
            "oxygen-flow",
        ],
    },
    FactForm {
        slug: "crs",
        title: "form-crs",
        kind: StepKind::Assessment,
        concepts: &[
            "body-temperature",
            "other-cause-of-fever",
            "hypotension",
            "oxygen-device",
            "oxygen-flow",
            "antipyretic-therapy",
            "hypotension-cause",
            "hypoxia-cause",
        ],
    },
    FactForm {
        slug: "neuro",
        title: "form-neuro",
        kind: StepKind::Assessment,
        concepts: &[
            "level-of-consciousness",
            "sedation",
            "seizure",
            "motor",
            "raised-icp-signs",
            "neuroimaging",
        ],
    },
    FactForm {
        slug: "laboratory",
        title: "form-laboratory",
        kind: StepKind::Laboratory,
        concepts: &[
            "anc",
            "wbc",
            "alc",
            "platelets",
            "haemoglobin",
            "crp",
            "ferritin",
            "fibrinogen",
            "ldh",
            "creatinine",
            "bilirubin",
            "alt",
            "ast",
            "urate",
            "potassium",
            "calcium",
            "phosphate",
            "triglycerides",
            "igg",
            "il-6",
        ],
    },
    FactForm {
        slug: "collection-tests",
        title: "form-collection",
        kind: StepKind::Laboratory,
        concepts: &[
            "collection-viable-tnc",
            "collection-viable-cd3",
            "collection-t-cell-share",
            "collection-viability",
        ],
    },
];

/// The form behind an address.
pub fn form(slug: &str) -> Option<&'static FactForm> {
    FORMS.iter().find(|form| form.slug == slug)
}

/// The catalogue entry of a form's concept.
pub fn info<'k>(knowledge: &'k Knowledge, concept: &str) -> Option<&'k ConceptInfo> {
    knowledge.catalogue.get(Concept::of(concept))
}

/// Reads one typed value: a number in the shown unit unless another is typed behind it.
pub fn value(reader: &mut Reader<'_>, name: &str, info: &ConceptInfo) -> Option<(Value, Option<Flag>)> {
    let typed = reader.data.get(name);
    if typed.is_empty() {
        return None;
    }
    let has_unit = info.kind == Kind::Quantity
        && typed.chars().any(|c| c.is_alphabetic() || matches!(c, '%' | '/' | '°'));
    let unit = if has_unit { None } else { info.unit.as_deref() };
    let unit = if info.kind == Kind::Quantity { unit } else { None };
    match read_value(info, typed, unit) {
        Ok(value) => match check_range(info, &value) {
            RangeCheck::Fine => Some((value, None)),
            RangeCheck::Implausible => Some((value, Some(Flag::Implausible))),
            RangeCheck::Impossible => {
                let (low, high) = info.possible.unwrap_or((0.0, 0.0));
                let unit = vena_knowledge::label::unit_for_reading(
                    info.unit.as_deref().unwrap_or_default(),
                    reader.lang,
                );
                let places = [
                    ("low", low.to_string()),
                    ("high", high.to_string()),
                    ("unit", unit),
                    ("typed", typed.to_owned()),
                ];
                let places: Vec<(&str, &str)> = places.iter().map(|(a, b)| (*a, b.as_str())).collect();
                let words = text_with(reader.lang, "error-impossible", &places);
                reader.fault(name, words);
                None
            }
        },
        Err(problem) => {
            let words = problem.message(reader.lang);
            reader.fault(name, words);
            None
        }
    }
}

/// A fact observed at `when`.
pub fn fact(concept: Concept, value: Value, flag: Option<Flag>, when: When) -> Fact {
    let mut fact = Fact::new(concept, value, when);
    fact.flags.extend(flag);
    fact
}

/// Wraps facts into the step of a form.
pub fn step(kind: StepKind, facts: Vec<Fact>) -> Step {
    match kind {
        StepKind::VitalSigns => Step::VitalSigns(facts),
        StepKind::Laboratory => Step::Laboratory(facts),
        StepKind::Drugs => Step::Drugs(facts),
        _ => Step::Assessment(facts),
    }
}

/// Reads a whole form. Nothing filled in is an error said at the time field.
pub fn read(form: &FactForm, reader: &mut Reader<'_>, knowledge: &Knowledge) -> Option<Step> {
    let when = reader.when("when");
    let mut facts = Vec::new();
    for name in form.concepts {
        let Some(info) = info(knowledge, name) else { continue };
        if let (Some((value, flag)), Some(when)) = (value(reader, name, info), when) {
            facts.push(fact(info.concept, value, flag, when));
        }
    }
    if facts.is_empty() && reader.wrong.is_empty() {
        let words = text(reader.lang, "error-nothing-filled");
        reader.fault("when", words);
    }
    (reader.wrong.is_empty()).then(|| step(form.kind, facts))
}

/// The drugs of the catalogue, for the drug form's list: id and name.
pub fn drugs(knowledge: &Knowledge, lang: Lang) -> Vec<(&'static str, String)> {
    let mut drugs: Vec<(&'static str, String)> = knowledge
        .catalogue
        .iter()
        .filter(|info| info.kind == Kind::Drug)
        .map(|info| (info.concept.as_str(), info.name.get(lang).to_owned()))
        .collect();
    drugs.sort_by(|a, b| a.1.cmp(&b.1));
    drugs
}

/// Reads the drug form: which drug, how much, by which route, from when, until when; or stopped.
pub fn read_drug(reader: &mut Reader<'_>, knowledge: &Knowledge) -> Option<Step> {
    let (when, until) = (reader.when("when"), reader.when_if_any("until"));
    let typed = reader.data.get("drug");
    let info = knowledge.catalogue.find(typed).filter(|info| info.kind == Kind::Drug);
    if info.is_none() {
        let words = text(reader.lang, "error-drug");
        reader.fault("drug", words);
    }
    let (dose, unit) = (reader.data.get("dose"), reader.data.get("unit"));
    let value = match info {
        Some(_) if reader.ticked("stopped") => Some(Value::Answer(Answer::known("stopped"))),
        Some(_) if dose.is_empty() => Some(Value::Happened),
        Some(info) => match read_value(info, dose, (!unit.is_empty()).then_some(unit)) {
            Ok(value) => Some(value),
            Err(problem) => {
                let words = problem.message(reader.lang);
                reader.fault("dose", words);
                None
            }
        },
        None => None,
    };
    let route = reader.words_if_any("route");
    if !reader.wrong.is_empty() {
        return None;
    }
    let mut fact = fact(info?.concept, value?, None, when?);
    (fact.until, fact.route) = (until, route);
    Some(Step::Drugs(vec![fact]))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::forms::reader::Submitted;
    use vena_base::Zone;

    fn read_vitals(pairs: &[(&str, &str)]) -> Result<Step, super::super::reader::Wrong> {
        let mut data = Submitted::default();
        data.set("when", "2026-11-20T03:12");
        for (name, value) in pairs {
            data.set(name, *value);
        }
        let zone = Zone::named("Asia/Taipei").unwrap();
        let mut reader = Reader::new(&data, &zone, Lang::En);
        let step = read(form("vitals").unwrap(), &mut reader, Knowledge::embedded());
        step.ok_or(reader.wrong)
    }

    /// Row X2: a unit typed behind the number is honoured, an impossible value is refused at its field.
    #[test]
    fn units_are_read_and_impossible_values_refused() {
        let Ok(Step::VitalSigns(facts)) =
            read_vitals(&[("body-temperature", "100.4 F"), ("oxygen-device", "nasal-cannula")])
        else {
            panic!("must be read")
        };
        assert_eq!(facts[0].quantity().unwrap().value, 38.0);
        assert_eq!(facts[1].answer(), Some(Answer::known("nasal-cannula")));
        assert!(read_vitals(&[("body-temperature", "390")]).unwrap_err().contains_key("body-temperature"));
        assert!(read_vitals(&[("body-temperature", "38,5")]).unwrap_err().contains_key("body-temperature"));
        assert!(read_vitals(&[]).unwrap_err().contains_key("when"));
    }

    #[test]
    fn every_concept_asked_for_stands_in_the_catalogue() {
        for form in &FORMS {
            for concept in form.concepts {
                assert!(info(Knowledge::embedded(), concept).is_some(), "{concept}");
            }
        }
        assert!(drugs(Knowledge::embedded(), Lang::En).len() > 15);
    }
}
