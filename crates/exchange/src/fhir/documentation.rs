//! `docs/fhir.md`, written from the catalogue so that it cannot fall behind. Knows no document.

use super::codes::{INFUSION_PROCEDURES, INFUSION_SNOMED, VENA, VENA_ANSWER};
use crate::value::{INFUSION, PRODUCT};
use std::fmt::Write;
use vena_knowledge::{Kind, Knowledge};

const HEAD: &str = "# FHIR R4: what is read

This page is written by `vena_exchange::fhir::documentation` from `knowledge/catalogue/`; a test fails
when it falls behind. Change the catalogue, then run
`VENA_WRITE_DOCS=1 cargo test -p vena-exchange --test documentation`.

Taken are Bundles of any type, single resources, arrays of resources, and NDJSON (a resource a line),
in JSON. XML is refused. A document is used as a whole or refused with the path at fault. Every
resource or code without meaning here is counted and reported by type and code; nothing is dropped in
silence.

## Resources

| resource | what becomes of it |
| --- | --- |
| Patient | `birthDate` → birth date; `gender` → sex; `deceasedDateTime` → death (`deceasedBoolean` alone is reported: no date). Sex has no time of its own and holds from birth, or from the first thing said. `name` and `identifier` go beside the charts (to the vault on import), never into them. `meta.lastUpdated` is not read here: it says when the record was touched, not when the birth date became known |
| Condition | the disease treated, where its code or words are one of the diagnoses below; events such as relapse; everything else is counted. `verificationStatus` `refuted` and `entered-in-error` are left out and counted |
| Procedure | the infusion (codes below, or words that name a product and speak of infusion), or an event of the catalogue by name; `status` `preparation`, `not-done` and `entered-in-error` are left out and counted, `unknown` is kept and marked |
| Observation | by LOINC, or by its words where it has no LOINC code; every component likewise. `entered-in-error` and `cancelled` are left out and counted, `registered` too where it has no value; `preliminary` and `unknown` are kept, reported and marked; `final`, `amended` and `corrected` count |
| MedicationAdministration | a drug or the infusion, by ATC, RxNorm or name, in `medicationCodeableConcept` or the Medication referred to (in the document, contained, or in another file read together). `completed` and `in-progress` count; `on-hold` and `stopped` were given and do not run from the end of the period (or else the time of recording) on, which is reported; `not-done` and `entered-in-error` are left out and counted; `unknown` is refused and reported |
| Medication | what administrations refer to |
| every other | counted by type |

## Elements

- **Who**: `subject` by full URL (`urn:uuid:…`), relative or absolute reference, contained Patient, identifier or conditional reference. A subject the documents do not describe keeps its name and is reported. Two descriptions of one person that contradict each other (birth date, sex, death) are reported and neither is used.
- **When it happened**: `effectiveDateTime`, `effectiveInstant`, `effectivePeriod`; `performedDateTime`, `performedPeriod`; `onsetDateTime`, `onsetPeriod`, else `recordedDate`. Without any the resource is reported.
- **When it was recorded**: `issued`, else `meta.lastUpdated`; without either, the time of happening. Of a date the end of that day.
- **Versions**: of one resource told several times (same type, id and subject) the later `meta.lastUpdated` (else `versionId`) takes the earlier's place from then on; as known before that the earlier stands. `entered-in-error` takes back what stood. Versions that differ and cannot be put in order are both kept and reported.
- **Units**: `unit` and `code` of a quantity must be the same unit, however written; where they differ in scale or kind the value is refused, since which is meant would be a guess. A printed `unit` that is not known is reported and the code used.
- **Values that cannot be read** are refused and reported; what stands for now (vital signs, statements, examinations) leaves a mark in its place, so that an older value does not stand for it.
- **Values**: `valueQuantity` (with `comparator`; the UCUM `code` before the printed `unit`; without either it is reported), `valueCodeableConcept` (SNOMED CT code or words), `valueString`, `valueInteger`, `valueBoolean` (for events, and for answers that are *none* or *present*), `valueDateTime` (for moments), `dataAbsentReason` (not assessed, with the reason). `valueRange`, `valueRatio`, `valueSampledData`, `valueTime` and `valuePeriod` are reported.
- **Dose**: `dosage.dose` (a `rateQuantity` of 0 before it: it does not run), else `rateQuantity`, else `rateRatio` per one. A dose that cannot be read is reported, and that the drug was given is kept.
- Decimals keep the form they are written in.
";

/// The text of `docs/fhir.md`.
pub fn documentation(knowledge: &Knowledge) -> String {
    let mut text = String::from(HEAD);
    let catalogue = &knowledge.catalogue;
    let _ = writeln!(
        text,
        "- What no public system names is read and written under `{VENA}` (concepts) and `{VENA_ANSWER}` (answers).\n"
    );
    infusion(&mut text, knowledge);
    text.push_str("\n## Observations\n\n| concept | LOINC | unit | values |\n| --- | --- | --- | --- |\n");
    for info in catalogue.iter().filter(|info| !matches!(info.kind, Kind::Drug)) {
        let values: Vec<&str> = info.answers.iter().map(|a| a.answer.as_str()).collect();
        let loinc = if info.loinc.is_empty() { "–".to_owned() } else { info.loinc.join(", ") };
        let _ = writeln!(
            text,
            "| {} · {} (`{}`) | {loinc} | {} | {} |",
            info.name.en,
            info.name.zh_tw,
            info.concept,
            info.unit.as_deref().map_or_else(|| "–".to_owned(), |unit| format!("`{unit}`")),
            if values.is_empty() { "–".to_owned() } else { values.join(", ") },
        );
    }
    text.push_str("\n## Drugs\n\n| drug | ATC | RxNorm | class |\n| --- | --- | --- | --- |\n");
    for info in catalogue.iter().filter(|info| info.kind == Kind::Drug) {
        let list = |codes: &[String]| {
            if codes.is_empty() { "–".to_owned() } else { codes.join(", ") }
        };
        let _ = writeln!(
            text,
            "| {} · {} (`{}`) | {} | {} | {} |",
            info.name.en,
            info.name.zh_tw,
            info.concept,
            list(&info.atc),
            list(&info.rxnorm),
            info.class.as_deref().unwrap_or("–"),
        );
    }
    text
}

fn infusion(text: &mut String, knowledge: &Knowledge) {
    let catalogue = &knowledge.catalogue;
    let name = catalogue
        .get(INFUSION)
        .map(|info| format!("{} · {}", info.name.en, info.name.zh_tw))
        .unwrap_or_default();
    let _ = writeln!(text, "## The infusion ({name})\n\n| product | ATC | ICD-10-PCS |\n| --- | --- | --- |");
    let codes = |product| -> String {
        let codes: Vec<&str> =
            INFUSION_PROCEDURES.iter().filter(|(_, p, _)| *p == product).map(|(c, ..)| *c).collect();
        if codes.is_empty() { "–".to_owned() } else { codes.join(", ") }
    };
    for answer in catalogue.get(PRODUCT).map(|info| info.answers.as_slice()).unwrap_or_default() {
        let atc = if answer.atc.is_empty() { "–".to_owned() } else { answer.atc.join(", ") };
        let _ = writeln!(
            text,
            "| {} · {} (`{}`) | {atc} | {} |",
            answer.name.en,
            answer.name.zh_tw,
            answer.answer,
            codes(Some(answer.answer))
        );
    }
    let _ = writeln!(text, "| (the code does not say which) | – | {} |", codes(None));
    for (code, name) in INFUSION_SNOMED {
        let _ = writeln!(
            text,
            "\nA Procedure with SNOMED CT `{code}` ({name}) is the infusion; the product is taken from `usedCode` or words. \
             The code names the therapy: where its time spans more than one midnight it does not say when the cells were given, \
             which is reported and asked."
        );
    }
}
