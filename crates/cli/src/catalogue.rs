//! `vena catalogue`: every name a table may use, with units and the values each accepts.

use crate::{
    exit::{Ended, Outcome},
    files,
};
use std::fmt::Write;
use vena_base::Lang;
use vena_knowledge::{Knowledge, catalogue::ConceptInfo};

/// Prints the catalogue, or the entries that a word finds.
pub fn catalogue(word: Option<&str>, json: bool, lang: Lang) -> Outcome {
    let knowledge = Knowledge::embedded();
    let wanted: Vec<&ConceptInfo> = match word {
        None => knowledge.catalogue.iter().collect(),
        Some(word) => {
            let lower = word.to_lowercase();
            let mut found: Vec<&ConceptInfo> = knowledge.catalogue.find(word).into_iter().collect();
            for info in knowledge.catalogue.iter() {
                let near = [info.concept.as_str(), &info.name.en, &info.name.zh_tw]
                    .iter()
                    .any(|n| n.to_lowercase().contains(&lower))
                    || info.names.iter().any(|n| n.to_lowercase().contains(&lower));
                if near && !found.iter().any(|f| f.concept == info.concept) {
                    found.push(info);
                }
            }
            found
        }
    };
    if wanted.is_empty() {
        let word = word.unwrap_or_default();
        return Err(Ended::Usage(match lang {
            Lang::En => format!("the catalogue knows no “{word}”"),
            Lang::ZhTw => format!("目錄中沒有「{word}」"),
        }));
    }
    let mut out = String::new();
    for info in wanted {
        if json {
            let _ = writeln!(out, "{}", as_json(info));
        } else {
            as_text(&mut out, info, lang);
        }
    }
    files::print(&out)
}

fn as_text(out: &mut String, info: &ConceptInfo, lang: Lang) {
    let other = if lang == Lang::En { Lang::ZhTw } else { Lang::En };
    let _ = writeln!(out, "{}  {} · {}", info.concept, info.name.get(lang), info.name.get(other));
    if let Some(unit) = &info.unit {
        let _ = writeln!(out, "    unit     {unit}");
    }
    if let Some((low, high)) = info.possible {
        let _ = writeln!(out, "    possible {low} to {high}");
    }
    if let Some((low, high)) = info.plausible {
        let _ = writeln!(out, "    plausible {low} to {high}");
    }
    for (title, codes) in [("LOINC", &info.loinc), ("ATC", &info.atc), ("RxNorm", &info.rxnorm)] {
        if !codes.is_empty() {
            let _ = writeln!(out, "    {title:<8} {}", codes.join(", "));
        }
    }
    if !info.names.is_empty() {
        let _ = writeln!(out, "    names    {}", info.names.join(" | "));
    }
    for answer in &info.answers {
        let _ = write!(
            out,
            "    answer   {}  {} · {}",
            answer.answer,
            answer.name.get(lang),
            answer.name.get(other)
        );
        let _ = writeln!(
            out,
            "{}",
            if answer.words.is_empty() { String::new() } else { format!("  ({})", answer.words.join(" | ")) }
        );
    }
    out.push('\n');
}

fn as_json(info: &ConceptInfo) -> serde_json::Value {
    serde_json::json!({
        "concept": info.concept.as_str(), "kind": info.kind.as_str(), "name": {"en": info.name.en, "zh-TW": info.name.zh_tw},
        "unit": info.unit.as_deref(), "possible": info.possible, "plausible": info.plausible, "holds_h": info.holds_h,
        "loinc": info.loinc, "atc": info.atc, "rxnorm": info.rxnorm, "names": info.names, "class": info.class,
        "answers": info.answers.iter().map(|a| serde_json::json!({"answer": a.answer.as_str(), "name": {"en": a.name.en, "zh-TW": a.name.zh_tw}, "words": a.words})).collect::<Vec<_>>(),
    })
}
