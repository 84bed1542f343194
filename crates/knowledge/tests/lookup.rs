//! Names, codes and words: what people write is found in both languages, and what could mean two
//! things is not.
#![allow(clippy::unwrap_used)]

use vena_base::Concept;
use vena_knowledge::Knowledge;

fn found(what: &str) -> Option<&'static str> {
    Knowledge::embedded().catalogue.find(what).map(|info| info.concept.as_str())
}

fn meant(concept: &'static str, words: &str) -> Option<&'static str> {
    let catalogue = &Knowledge::embedded().catalogue;
    catalogue.get(Concept::known(concept)).unwrap().answer_from_words(words).map(|answer| answer.as_str())
}

/// Rows X2, X5, X8: names as tables have them.
#[test]
fn names_in_both_languages_are_found() {
    for (what, concept) in [
        ("ANC", "anc"),
        ("anc", "anc"),
        ("ＡＮＣ", "anc"),
        ("absolute neutrophil count", "anc"),
        ("Absolute  Neutrophil Count", "anc"),
        ("neutrophils", "anc"),
        ("嗜中性白血球", "anc"),
        ("絕對嗜中性球數", "anc"),
        ("body temperature", "body-temperature"),
        ("Temperature", "body-temperature"),
        ("temp", "body-temperature"),
        ("BT", "body-temperature"),
        ("體溫", "body-temperature"),
        (" 體溫 ", "body-temperature"),
        ("SpO2", "oxygen-saturation"),
        ("SpO₂", "oxygen-saturation"),
        ("血氧", "oxygen-saturation"),
        ("oxygen flow", "oxygen-flow"),
        ("O2 flow", "oxygen-flow"),
        ("oxygen device", "oxygen-device"),
        ("氧氣裝置", "oxygen-device"),
        ("hypotension", "hypotension"),
        ("低血壓", "hypotension"),
        ("level of consciousness", "level-of-consciousness"),
        ("ICE score", "ice-score"),
        ("ICE", "ice-score"),
        ("CAPD score", "capd-score"),
        ("CAPD item 1", "capd-item-1"),
        ("CAPD item 8", "capd-item-8"),
        ("seizure", "seizure"),
        ("motor", "motor"),
        ("neuroimaging", "neuroimaging"),
        ("raised ICP signs", "raised-icp-signs"),
        ("other cause of fever", "other-cause-of-fever"),
        ("relapse", "relapse"),
        ("next therapy", "next-therapy"),
        ("last follow-up", "last-follow-up"),
        ("last followup", "last-follow-up"),
        ("death", "death"),
        ("infusion", "infusion"),
        ("輸注", "infusion"),
        ("lymphodepletion", "lymphodepletion"),
        ("birth date", "birth-date"),
        ("sex", "sex"),
        ("weight", "body-weight"),
        ("diagnosis", "diagnosis"),
        ("tocilizumab", "tocilizumab"),
        ("Actemra", "tocilizumab"),
        ("noradrenaline", "norepinephrine"),
        ("正腎上腺素", "norepinephrine"),
        ("腎上腺素", "epinephrine"),
        ("paracetamol", "paracetamol"),
        ("acetaminophen", "paracetamol"),
        ("普拿疼", "paracetamol"),
        ("haemoglobin", "haemoglobin"),
        ("hemoglobin", "haemoglobin"),
        ("Ferritin", "ferritin"),
        ("IL-6", "il-6"),
        ("IL6", "il-6"),
    ] {
        assert_eq!(found(what), Some(concept), "{what}");
    }
}

/// Rows X2, X8: codes, with and without their system; a percentage is not a count.
#[test]
fn codes_are_found() {
    for (code, concept) in [
        ("8310-5", "body-temperature"),
        ("LOINC 8310-5", "body-temperature"),
        ("loinc:8310-5", "body-temperature"),
        ("751-8", "anc"),
        ("26499-4", "anc"),
        ("753-4", "anc"),
        ("59408-5", "oxygen-saturation"),
        ("2708-6", "oxygen-saturation"),
        ("3151-8", "oxygen-flow"),
        ("3150-6", "fio2"),
        ("777-3", "platelets"),
        ("26515-7", "platelets"),
        ("718-7", "haemoglobin"),
        ("6690-2", "wbc"),
        ("26464-8", "wbc"),
        ("1988-5", "crp"),
        ("30522-7", "crp"),
        ("2276-4", "ferritin"),
        ("20567-4", "ferritin"),
        ("8480-6", "systolic-pressure"),
        ("8462-4", "diastolic-pressure"),
        ("8867-4", "heart-rate"),
        ("9279-1", "respiratory-rate"),
        ("29463-7", "body-weight"),
        ("3141-9", "body-weight"),
        ("8302-2", "body-height"),
        ("L04AC07", "tocilizumab"),
        ("l04ac07", "tocilizumab"),
        ("ATC C01CA03", "norepinephrine"),
        ("H01BA01", "vasopressin"),
        ("N02BE01", "paracetamol"),
        ("L01XL04", "infusion"),
    ] {
        assert_eq!(found(code), Some(concept), "{code}");
    }
    // Neutrophils as a percentage of leukocytes, and a blood-pressure panel: not one of these facts.
    for code in ["770-8", "736-9", "85354-9", "55284-4", "9269-2", "1234"] {
        assert_eq!(found(code), None, "{code}");
    }
    let catalogue = &Knowledge::embedded().catalogue;
    assert_eq!(catalogue.by_rxnorm("612865").unwrap().concept.as_str(), "tocilizumab");
    assert_eq!(catalogue.product_by_atc("l01xl03").unwrap().as_str(), "axicabtagene-ciloleucel");
    assert_eq!(catalogue.product_by_atc("L01XL05").unwrap().as_str(), "ciltacabtagene-autoleucel");
    assert!(catalogue.product_by_atc("L01XL99").is_none());
}

#[test]
fn what_is_unknown_is_not_guessed() {
    for what in ["", " ", "T", "oxygen", "score", "neutrophil %", "CRS", "grade", "升壓劑"] {
        assert_eq!(found(what), None, "{what}");
    }
}

/// Row X2: words for CRS as clinicians write them.
#[test]
fn words_for_crs() {
    for (words, answer) in [
        ("none (room air)", "none"),
        ("room air", "none"),
        ("RA", "none"),
        ("室內空氣", "none"),
        ("無", "none"),
        ("NC", "nasal-cannula"),
        ("Nasal cannula", "nasal-cannula"),
        ("nasal-cannula", "nasal-cannula"),
        ("鼻導管", "nasal-cannula"),
        ("HFNC", "high-flow-nasal-cannula"),
        ("高流量鼻導管", "high-flow-nasal-cannula"),
        ("simple face mask", "simple-mask"),
        ("face mask", "simple-mask"),
        ("面罩", "simple-mask"),
        ("Venturi", "venturi-mask"),
        ("NRM", "non-rebreather"),
        ("非再吸入型面罩", "non-rebreather"),
        ("blow-by", "blow-by"),
        ("CPAP", "cpap"),
        ("BiPAP", "bipap"),
        ("intubated", "ventilator"),
        ("intubated for airway protection", "ventilator-airway-protection"),
    ] {
        assert_eq!(meant("oxygen-device", words), Some(answer), "{words}");
    }
    for (words, answer) in [
        ("no", "none"),
        ("none", "none"),
        ("無", "none"),
        ("present, vasopressor required", "vasopressor-required"),
        ("Present; vasopressor required", "vasopressor-required"),
        ("需使用升壓劑", "vasopressor-required"),
        ("yes, no pressor", "no-vasopressor"),
        ("present, no vasopressor required", "no-vasopressor"),
        ("不需使用升壓劑", "no-vasopressor"),
        ("multiple vasopressors", "several-vasopressors"),
        ("需要使用多種升壓劑", "several-vasopressors"),
        ("2 vasopressors", "vasopressors-uncounted"),
        ("vasopressors", "vasopressors-uncounted"),
        ("present", "present-vasopressor-unknown"),
        ("yes", "present-vasopressor-unknown"),
        ("有", "present-vasopressor-unknown"),
    ] {
        assert_eq!(meant("hypotension", words), Some(answer), "{words}");
    }
    for words in ["yes", "有", "present"] {
        assert_eq!(meant("other-cause-of-fever", words), Some("present"), "{words}");
    }
    for words in ["given", "yes", "有", "已給予"] {
        assert_eq!(meant("antipyretic-therapy", words), Some("given"), "{words}");
    }
    assert_eq!(meant("antipyretic-therapy", "none"), Some("none-given"));
}

/// Row X5: words for ICANS as clinicians write them.
#[test]
fn words_for_icans() {
    for (words, answer) in [
        ("alert", "alert"),
        ("awake", "alert"),
        ("清醒", "alert"),
        ("awakens spontaneously", "awakens-spontaneously"),
        ("awakens to voice", "awakens-to-voice"),
        ("可被聲音喚醒", "awakens-to-voice"),
        ("awakens to touch", "awakens-to-touch"),
        ("stupor", "unarousable"),
        ("coma", "unarousable"),
        ("昏迷", "unarousable"),
    ] {
        assert_eq!(meant("level-of-consciousness", words), Some(answer), "{words}");
    }
    assert_eq!(meant("seizure", "yes"), Some("present-kind-unknown"));
    assert_eq!(meant("seizure", "無"), Some("none"));
    assert_eq!(meant("neuroimaging", "cerebral edema"), Some("oedema-extent-unknown"));
    assert_eq!(meant("raised-icp-signs", "Cushing's triad"), Some("cushing-triad"));
    assert_eq!(meant("capd-item-1", "從不"), Some("never"));
    assert_eq!(meant("motor", "hemiparesis"), Some("deep-focal-weakness"));
}

/// What could mean two answers, or none, is reported and not guessed.
#[test]
fn doubtful_words_mean_nothing() {
    for (concept, words) in [
        ("oxygen-device", "mask"),
        ("oxygen-device", "O2"),
        ("oxygen-device", "yes"),
        ("oxygen-device", "oxygen"),
        ("oxygen-device", "high flow"),
        ("oxygen-device", "wheelchair"),
        ("hypotension", "mild"),
        ("level-of-consciousness", "drowsy"),
        ("level-of-consciousness", "嗜睡"),
        ("level-of-consciousness", "spontaneous"),
        ("level-of-consciousness", "yes"),
        ("motor", "weakness"),
        ("motor", "yes"),
        ("diagnosis", "ALL"),
        ("diagnosis", "lymphoma"),
        ("sex", "w"),
    ] {
        assert_eq!(meant(concept, words), None, "{concept}: {words}");
    }
}

/// Every id and word of an answer gives that answer, and every name its concept.
#[test]
fn everything_listed_is_found() {
    let catalogue = &Knowledge::embedded().catalogue;
    for info in catalogue.iter() {
        let own = [info.concept.as_str().to_owned(), info.name.en.clone(), info.name.zh_tw.clone()];
        for name in own.iter().chain(&info.names) {
            assert_eq!(found(name), Some(info.concept.as_str()), "{name}");
            assert_eq!(found(&name.to_uppercase()), Some(info.concept.as_str()), "{name}");
        }
        for answer in &info.answers {
            let own = [answer.answer.as_str().to_owned(), answer.name.en.clone(), answer.name.zh_tw.clone()];
            for word in own.iter().chain(&answer.words) {
                assert_eq!(info.answer_from_words(word), Some(answer.answer), "{}: {word}", info.concept);
            }
        }
    }
}

/// Row X2: what says several things names concepts that exist, in the same unit.
#[test]
fn parts_are_concepts_of_their_own() {
    let catalogue = &Knowledge::embedded().catalogue;
    let mut several = 0;
    for info in catalogue.iter() {
        for part in &info.parts {
            several += 1;
            let part = catalogue.get(*part).unwrap();
            assert_eq!(part.unit, info.unit, "{}", info.concept);
            assert!(part.parts.is_empty());
        }
    }
    assert_eq!(several, 3);
    assert_eq!(found("BP"), Some("blood-pressure"));
    assert_eq!(found("血壓"), Some("blood-pressure"));
}
