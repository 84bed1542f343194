//! Identity is kept apart from the ledger: what an instrument wrote about a patient (a sample's name, a keyword)
//! is looked through before a result is recorded, and replaced by a pseudonym when the person agrees. The pairs
//! are kept as an encrypted file of the event, so that the result can be computed again to the same characters.
//!
//! Must not know: how an assay is computed, pages.

use super::{AssayDraft, input};
use crate::{App, AppError, PersonIdentity, accounts::Session};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vena_base::{Text, ids::JourneyId};
use vena_journey::{FileRole, JsonText};
use vena_ledger::VaultError;

/// Shortest record number looked for inside other words; shorter ones must stand alone.
const NUMBER_CHARACTERS_MIN: usize = 4;
/// Places told at most.
const PLACES_MAX: usize = 12;

/// A place where the patient is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameFound {
    /// What names the patient there: name, record number, birth date.
    pub what: Text,
    /// Where: in the result, in a keyword of the file.
    pub place: Text,
    /// It would stand in the record; otherwise it stays inside the encrypted file.
    pub recorded: bool,
}

/// What to look for.
#[derive(Debug, Clone, Default)]
pub struct Needles(Vec<(Text, Vec<String>)>);

/// Letters and digits in lower case, full-width ones as usual ones.
fn plain(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        other => other,
    };
    text.chars().map(narrow).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).map(plain).filter(|word| !word.is_empty()).collect()
}

impl Needles {
    /// What names a person.
    pub fn of(person: &PersonIdentity) -> Needles {
        let name = || Text::new("the patient’s name", "病人姓名");
        let mut needles = Vec::new();
        if let Some(zh) = person.name_zh.as_deref().map(plain).filter(|name| name.chars().count() > 1) {
            needles.push((name(), vec![zh]));
        }
        if let Some(latin) = &person.name_latin {
            // Given name and family name stand in either order, joined or apart.
            let parts = words(latin);
            if parts.iter().map(String::len).sum::<usize>() > 3 {
                needles.push((name(), parts));
            }
        }
        if let Some(number) = person.record_number.as_deref().map(plain).filter(|number| !number.is_empty()) {
            needles.push((Text::new("the record number", "病歷號"), vec![number]));
        }
        if let Some(birth) = person.birth_date.as_deref().map(plain).filter(|date| date.len() >= 8) {
            needles.push((Text::new("the birth date", "出生日期"), vec![birth]));
        }
        Needles(needles)
    }

    /// What of the person a text names.
    pub fn in_text(&self, text: &str) -> Option<&Text> {
        let (joined, apart) = (plain(text), words(text));
        let holds = |parts: &Vec<String>| match parts.as_slice() {
            [one] if one.chars().count() < NUMBER_CHARACTERS_MIN && one.is_ascii() => apart.contains(one),
            [one] => joined.contains(one.as_str()),
            several => {
                // Joined, beginning with any part: family name first or last.
                let from = |first: usize| {
                    let (end, begin) = several.split_at(first);
                    joined.contains(&[begin, end].concat().concat())
                };
                several.iter().all(|part| apart.contains(part)) || (0..several.len()).any(from)
            }
        };
        self.0.iter().find(|(_, parts)| holds(parts)).map(|(what, _)| what)
    }
}

/// Whether a text cannot be anybody's: a name of a field of ours, or a digest, in which a short record number may
/// stand by chance.
fn is_ours(text: &str, is_key: bool) -> bool {
    let small = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
    let digest = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    digest || (is_key && text.bytes().all(small))
}

/// The texts of a JSON document that somebody may have written, each with its place in the characters: values, and
/// names of fields that a file gave.
fn texts(json: &str) -> Vec<(std::ops::Range<usize>, String)> {
    let bytes = json.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = json.get(at..).and_then(|rest| rest.find('"')).map(|place| at + place) {
        let mut end = start + 1;
        while let Some(byte) = bytes.get(end) {
            match byte {
                b'\\' => end += 2,
                b'"' => break,
                _ => end += 1,
            }
        }
        at = (end + 1).min(bytes.len());
        let is_key = json.get(at..).is_some_and(|rest| rest.trim_start().starts_with(':'));
        if let Some(Ok(text)) = json.get(start..at).map(serde_json::from_str::<String>)
            && !is_ours(&text, is_key)
        {
            found.push((start..at, text));
        }
    }
    found
}

/// Which texts became which; the same text always becomes the same.
pub type Pseudonyms = BTreeMap<String, String>;

/// The encrypted file of the pairs. Its digest stands in the ledger; with the random text in it nobody finds the name
/// by trying names until the digest fits.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PairsFile {
    salt: String,
    pairs: Pseudonyms,
}

/// Writes the file of the pairs.
pub(super) fn pairs_file(salt: String, pairs: &Pseudonyms) -> Result<Vec<u8>, AppError> {
    serde_json::to_vec(&PairsFile { salt, pairs: pairs.clone() }).map_err(input)
}

/// Reads it, also as it was before it had random text.
pub(super) fn read_pairs(bytes: &[u8]) -> Result<Pseudonyms, AppError> {
    match serde_json::from_slice::<PairsFile>(bytes) {
        Ok(file) => Ok(file.pairs),
        Err(_) => serde_json::from_slice(bytes).map_err(input),
    }
}

/// Replaces whole texts of a JSON document; every other character stays.
pub(super) fn replaced(json: &JsonText, pairs: &Pseudonyms) -> Result<JsonText, AppError> {
    let mut out = String::with_capacity(json.as_str().len());
    let mut from = 0;
    for (place, text) in texts(json.as_str()) {
        if let Some(instead) = pairs.get(&text) {
            out.push_str(json.as_str().get(from..place.start).unwrap_or_default());
            out.push_str(&serde_json::to_string(instead).map_err(input)?);
            from = place.end;
        }
    }
    out.push_str(json.as_str().get(from..).unwrap_or_default());
    JsonText::new(out).map_err(input)
}

/// The pairs the other way, for parameters that are to be computed with again.
pub(super) fn reversed(pairs: &Pseudonyms) -> Pseudonyms {
    pairs.iter().map(|(text, pseudonym)| (pseudonym.clone(), text.clone())).collect()
}

/// Pseudonyms for the texts of these documents that name the person, in the order they come.
pub(super) fn pseudonyms(needles: &Needles, documents: &[&JsonText]) -> Pseudonyms {
    let mut pairs = Pseudonyms::new();
    let all: Vec<String> =
        documents.iter().flat_map(|json| texts(json.as_str())).map(|(_, text)| text).collect();
    for text in &all {
        if needles.in_text(text).is_some() && !pairs.contains_key(text) {
            let mut n = pairs.len() + 1;
            // A sample may be called P-1 already.
            while all.iter().any(|other| *other == format!("P-{n}"))
                || pairs.values().any(|p| *p == format!("P-{n}"))
            {
                n += 1;
            }
            pairs.insert(text.clone(), format!("P-{n}"));
        }
    }
    pairs
}

/// Where in these documents the person is named; the text itself is not repeated.
pub(super) fn found_in(needles: &Needles, documents: &[(&Text, &str)]) -> Vec<NameFound> {
    let mut found: Vec<NameFound> = Vec::new();
    for (place, json) in documents {
        for (_, text) in texts(json) {
            if let Some(what) = needles.in_text(&text) {
                let one = NameFound { what: what.clone(), place: (*place).clone(), recorded: true };
                if !found.contains(&one) {
                    found.push(one);
                }
            }
        }
    }
    found
}

/// One sentence that says what was found and what to do.
pub(super) fn refusal(found: &[NameFound]) -> AppError {
    let list = |lang| {
        let one = |one: &NameFound| format!("{} ({})", one.what.get(lang), one.place.get(lang));
        found.iter().filter(|one| one.recorded).map(one).collect::<Vec<_>>()
    };
    AppError::Input(Text::new(
        format!(
            "The result names the patient: {}. The record must not. Agree that it is replaced by a pseudonym, or rename the sample at the instrument.",
            list(vena_base::Lang::En).join(", ")
        ),
        format!(
            "結果中含有病人身分：{}。紀錄不得包含。請同意以代號取代，或於儀器重新命名檢體。",
            list(vena_base::Lang::ZhTw).join("、")
        ),
    ))
}

impl App {
    /// What names a journey's patient. A restricted identity is looked for too: it must not be recorded either.
    pub(super) fn needles(&self, journey: &JourneyId) -> Result<Needles, AppError> {
        let loaded = self.load(journey)?;
        let Some(registration) = &loaded.state.registration else { return Ok(Needles::default()) };
        match self.vault.get_even_restricted(registration.patient.as_str()) {
            Ok(found) => Ok(Needles::of(&PersonIdentity::from_vault(&found.identity))),
            Err(VaultError::Unknown(_)) => Ok(Needles::default()),
            Err(fault) => Err(fault.into()),
        }
    }

    /// Where a draft names the patient of a journey: in what would be recorded, and in the keywords of its FCS
    /// file, which stay inside the encrypted file.
    ///
    /// # Errors
    /// Not permitted, no such draft or journey, or a fault.
    pub fn names_in_assay(
        &self,
        session: &Session,
        id: &str,
        journey: &JourneyId,
    ) -> Result<Vec<NameFound>, AppError> {
        let open = self.open_assay(session, id)?;
        let needles = self.needles(journey)?;
        let Ok(computed) = &open.outcome else { return Ok(Vec::new()) };
        let (result, parameters) =
            (computed.to_json().map_err(input)?, open.draft.options.to_json().map_err(input)?);
        let edits = edits_json(&open.draft)?;
        let (in_result, in_parameters, in_changes) = places();
        let mut found = found_in(
            &needles,
            &[
                (&in_result, result.as_str()),
                (&in_parameters, parameters.as_str()),
                (&in_changes, edits.as_str()),
            ],
        );
        if let crate::assay_compute::Computed::Flow { analysis, .. } = computed {
            for (keyword, value) in analysis.data_set.keywords.iter() {
                if let Some(what) = needles.in_text(value) {
                    let place = Text::new(format!("keyword {keyword}"), format!("關鍵字 {keyword}"));
                    found.push(NameFound { what: what.clone(), place, recorded: false });
                }
            }
        }
        found.truncate(PLACES_MAX);
        Ok(found)
    }
}

/// Words of the places in a record.
pub(super) fn places() -> (Text, Text, Text) {
    (
        Text::new("in the result", "結果內"),
        Text::new("in the parameters", "參數內"),
        Text::new("in the list of changes", "變更清單內"),
    )
}

/// What the changes say, as JSON texts.
pub(super) fn edits_json(draft: &AssayDraft) -> Result<JsonText, AppError> {
    let words: Vec<&str> = draft.edits.iter().map(|edit| &*edit.what).collect();
    JsonText::new(serde_json::to_string(&words).map_err(input)?).map_err(input)
}

/// The role under which pairs are kept.
pub(super) const ROLE: FileRole = FileRole::Pseudonyms;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn needles() -> Needles {
        Needles::of(&PersonIdentity {
            name_zh: Some("王小明".into()),
            name_latin: Some("Wang, Xiao-Ming".into()),
            record_number: Some("A-12345".into()),
            birth_date: Some("1980-02-03".into()),
            ..PersonIdentity::default()
        })
    }

    /// Rows Q10, Q15. Names in either order and writing, numbers with or without dashes; what is no name passes.
    #[test]
    fn a_person_is_recognised_however_an_instrument_writes_it() {
        let needles = needles();
        for text in [
            "王小明",
            "Lot 7 王 小明",
            "XIAOMING WANG",
            "Wang_Xiao_Ming_CD19",
            "wangxiaoming",
            "xiao ming wang d7",
            "a12345",
            "ID=A-12345/2",
            "Ａ１２３４５",
            "19800203",
            "DOB 1980/02/03",
        ] {
            assert!(needles.in_text(text).is_some(), "{text}");
        }
        for text in ["Lot 7", "CD105", "Wang", "12345", "小明", "1980", "", "Xiao"] {
            assert!(needles.in_text(text).is_none(), "{text}");
        }
        assert!(Needles::of(&PersonIdentity::default()).in_text("anything").is_none());
        let short =
            Needles::of(&PersonIdentity { record_number: Some("77".into()), ..PersonIdentity::default() });
        assert!(short.in_text("sample 77").is_some() && short.in_text("dose 1.775").is_none());
    }

    /// Row Q15. Only texts change, never numbers, digests or names of our own fields, and every other character stays.
    #[test]
    fn pseudonyms_replace_texts_and_nothing_else() {
        let json = r#"{"OF 王小明":12345,"a12345":["Lot 王小明","P-1", "x\"王小明\"", "a12345"],"n":0.30000000000000004,"d":"DIGEST"}"#
            .replace("DIGEST", &"a12345".repeat(11)[..64]);
        let json = JsonText::new(json).unwrap();
        let pairs = pseudonyms(&needles(), &[&json]);
        assert_eq!(pairs.len(), 4);
        let after = replaced(&json, &pairs).unwrap();
        assert_eq!(
            after.as_str().split(",\"d\"").next().unwrap(),
            r#"{"P-2":12345,"a12345":["P-3","P-1", "P-4", "P-5"],"n":0.30000000000000004"#
        );
        assert!(after.as_str().contains(&"a12345".repeat(10)), "a digest is nobody's name");
        let file = pairs_file("00ff".into(), &pairs).unwrap();
        assert_eq!(read_pairs(&file).unwrap(), pairs);
        assert_ne!(pairs_file("00fe".into(), &pairs).unwrap(), file);
        assert_eq!(
            read_pairs(&serde_json::to_vec(&pairs).unwrap()).unwrap(),
            pairs,
            "as it was written before"
        );
        assert_eq!(replaced(&after, &reversed(&pairs)).unwrap().as_str(), json.as_str());
        assert!(found_in(&needles(), &[(&Text::same("r"), after.as_str())]).is_empty());
    }
}
