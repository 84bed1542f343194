//! Values that may have been meant otherwise: flagged, refused or taken apart, never changed and never guessed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use jiff::Timestamp;
use vena_base::{Concept, Fact, Flag, Lang, Value, Zone};
use vena_clinical::{Question, Rules, assess};
use vena_exchange::{
    Loaded,
    table::{self, TableOptions},
};
use vena_knowledge::Knowledge;

const HEADER: &str = "patient,time,what,value,unit,until,cause,recorded\n";

fn load(rows: &str) -> Loaded {
    let zone = Some(Zone::named("Asia/Taipei").unwrap());
    let now = "2026-06-01T00:00:00Z".parse::<Timestamp>().unwrap();
    let options = TableOptions { zone, ..TableOptions::at(now) };
    table::read(format!("{HEADER}{rows}").as_bytes(), &options, Knowledge::embedded()).unwrap().load()
}

fn row(what: &str, value: &str, unit: &str) -> Loaded {
    load(&format!("A,2026-01-12 08:00,{what},{value},{unit},,,\n"))
}

fn kinds(loaded: &Loaded) -> Vec<&'static str> {
    loaded.report.counts.keys().copied().collect()
}

fn said(loaded: &Loaded, lang: Lang) -> String {
    loaded.report.lines(lang).join("\n")
}

fn facts(loaded: &Loaded, concept: &'static str) -> Vec<Fact> {
    loaded.charts.iter().flat_map(|chart| chart.of(Concept::known(concept)).to_vec()).collect()
}

fn answer(loaded: &Loaded, concept: &'static str) -> Option<&'static str> {
    facts(loaded, concept).first().and_then(Fact::answer).map(|answer| answer.as_str())
}

fn number(loaded: &Loaded, concept: &'static str) -> Option<f64> {
    facts(loaded, concept).first().and_then(|fact| fact.quantity().map(|quantity| quantity.value))
}

/// Rows X2, X8: a number that fits another usual unit is kept as written, flagged, and the unit is asked.
#[test]
fn numbers_in_the_wrong_unit_are_flagged_and_kept() {
    for (what, value, unit, concept, asked) in [
        ("ANC", "2.5", "/uL", "anc", "2.5 ×10⁹/L"),
        ("ANC", "4", "/uL", "anc", "4 ×10⁹/L"),
        ("ANC", "0.4", "cells/µL", "anc", "0.4 ×10⁹/L"),
        ("platelets", "200", "/uL", "platelets", "200 ×10⁹/L"),
        ("WBC", "4.1", "/uL", "wbc", "4.1 ×10⁹/L"),
        ("WBC", "4", "/mm3", "wbc", "4 ×10⁹/L"),
        ("ALC", "0.3", "/uL", "alc", "0.3 ×10⁹/L"),
        ("haemoglobin", "12", "g/L", "haemoglobin", "12 g/dL"),
        ("CRP", "150", "mg/dL", "crp", "150 mg/L"),
        ("ferritin", "500", "ug/mL", "ferritin", "500 ng/mL"),
        ("ferritin", "90", "ug/mL", "ferritin", "90 ng/mL"),
        ("creatinine", "88", "mg/dL", "creatinine", "88 µmol/L"),
        ("creatinine", "0.9", "umol/L", "creatinine", "0.9 mg/dL"),
        ("calcium", "2.2", "mg/dL", "calcium", "2.2 mmol/L"),
        ("fibrinogen", "3.2", "mg/dL", "fibrinogen", "3.2 g/L"),
        ("IgG", "8", "mg/dL", "igg", "8 g/L"),
        ("SpO2", "0.95", "%", "oxygen-saturation", "0.95 as a fraction"),
    ] {
        let loaded = row(what, value, unit);
        let fact = &facts(&loaded, concept)[0];
        assert_eq!(fact.flags, [Flag::Implausible], "{what} {value} {unit}");
        assert_eq!(fact.quantity().unwrap().written.as_str(), value);
        let said = said(&loaded, Lang::En);
        assert!(said.contains(asked) && said.contains("did you mean"), "{what} {value} {unit}: {said}");
    }
    for (what, value, unit, asked) in [
        ("temperature", "101", "Cel", "101 °F"),
        ("temperature", "37", "[degF]", "37 °C"),
        ("haemoglobin", "120", "g/dL", "120 g/L"),
        ("ANC", "2500", "10*9/L", "2500 /µL"),
        ("height", "1.72", "cm", "1.72 m"),
    ] {
        let loaded = row(what, value, unit);
        assert_eq!(kinds(&loaded), ["impossible"], "{what} {value} {unit}");
        assert!(said(&loaded, Lang::En).contains(asked), "{}", said(&loaded, Lang::En));
        assert!(said(&loaded, Lang::ZhTw).contains("是否應為"));
    }
}

/// What really occurs after CAR-T is not flagged.
#[test]
fn low_counts_that_occur_are_not_flagged() {
    for (what, value, unit) in [
        ("ANC", "0", "/uL"),
        ("ANC", "10", "/uL"),
        ("ANC", "40", "/uL"),
        ("ANC", "0.01", "10*9/L"),
        ("ANC", "0.00", "10*9/L"),
        ("ANC", "<10", "/uL"),
        ("ANC", "<0.1", "10*9/L"),
        ("platelets", "3", "10*9/L"),
        ("platelets", "<5", "10*9/L"),
        ("WBC", "0.02", "K/uL"),
        ("ALC", "5", "/uL"),
        ("CRP", "32", "mg/dL"),
        ("ferritin", "100000", "ng/mL"),
        ("weight", "154", "lb"),
    ] {
        let loaded = row(what, value, unit);
        assert_eq!(kinds(&loaded), [""; 0], "{what} {value} {unit}: {}", said(&loaded, Lang::En));
    }
}

/// The answer that used such a value says so where it is used.
#[test]
fn the_reason_of_an_answer_carries_the_doubt() {
    let loaded = load(
        "A,2026-01-10 09:00,infusion,,,,,\n\
         A,2026-01-05,lymphodepletion,,,2026-01-07,,\n\
         A,2026-01-04 08:00,platelets,200,/uL,,,\n\
         A,2026-01-14 08:00,ANC,2.5,/uL,,,\n",
    );
    let rules = Rules::choose(Knowledge::embedded(), &[]).unwrap();
    let question = Question::at("2026-01-14T15:00:00Z".parse().unwrap());
    let assessment = assess(&loaded.charts[0], &rules, &question);
    let score = assessment.finding("car_hematotox").unwrap();
    assert!(score.because.iter().any(|reason| reason.used.en.contains("implausible")), "{score:?}");
    let early = assessment.finding("icaht_early").unwrap();
    assert!(early.provisional && early.notes.iter().any(|note| note.en.contains("2.5 /uL")), "{early:?}");
}

/// Giga per litre where cells are counted, grams where mass is measured.
#[test]
fn units_as_laboratories_write_them() {
    for unit in [
        "G/L",
        "K/uL",
        "10^3/uL",
        "x10E9/L",
        "10*9/L",
        "10⁹/L",
        "×10⁹/L",
        "Thou/uL",
        "k/µL",
        "10e3/ul",
        "Ｋ／ｕＬ",
    ] {
        assert_eq!(number(&row("ANC", "0.5", unit), "anc"), Some(500.0), "{unit}");
    }
    for unit in ["/mm3", "cells/µL", "/uL", "cells/mm³", "個/微升"] {
        assert_eq!(number(&row("ANC", "500", unit), "anc"), Some(500.0), "{unit}");
    }
    assert_eq!(number(&row("haemoglobin", "120", "G/L"), "haemoglobin"), Some(12.0));
    assert_eq!(number(&row("haemoglobin", "12", "G/DL"), "haemoglobin"), Some(12.0));
    assert_eq!(kinds(&row("ANC", "500", "g/L")), ["value"], "grams are no cells");
    for (what, value, unit, concept, expected) in [
        ("CRP", "30", "mg/l", "crp", 3.0),
        ("CRP", "3", "mg/dl", "crp", 3.0),
        ("ferritin", "650", "ng/ml", "ferritin", 650.0),
        ("temperature", "38", "°C", "body-temperature", 38.0),
        ("temperature", "100.4", "degF", "body-temperature", 38.0),
        ("heart rate", "90", "bpm", "heart-rate", 90.0),
        ("SpO2", "92", "％", "oxygen-saturation", 92.0),
        ("oxygen flow", "4", "L", "oxygen-flow", 4.0),
        ("oxygen flow", "4", "公升", "oxygen-flow", 4.0),
        ("weight", "70", "公斤", "body-weight", 70.0),
        ("dexamethasone", "10", "毫克", "dexamethasone", 10.0),
        ("norepinephrine", "0.1", "mcg/kg/min", "norepinephrine", 0.1),
        ("temperature", "３８．５", "℃", "body-temperature", 38.5),
    ] {
        assert_eq!(number(&row(what, value, unit), concept), Some(expected), "{what} {value} {unit}");
    }
}

/// A cell that says several things gives several facts.
#[test]
fn combined_cells_are_taken_apart() {
    for (value, device, flow) in [
        ("4L NC", "nasal-cannula", 4.0),
        ("NC 4 L/min", "nasal-cannula", 4.0),
        ("NC 4L", "nasal-cannula", 4.0),
        ("4LNC", "nasal-cannula", 4.0),
        ("O2 4 LPM via nasal cannula", "nasal-cannula", 4.0),
        ("鼻導管 3 L", "nasal-cannula", 3.0),
        ("鼻導管３公升/分", "nasal-cannula", 3.0),
        ("HFNC 30 L", "high-flow-nasal-cannula", 30.0),
        ("NRB 15L", "non-rebreather", 15.0),
        ("NRB15L", "non-rebreather", 15.0),
        ("face mask 6 L", "simple-mask", 6.0),
        ("面罩 6 L", "simple-mask", 6.0),
        ("room air 0 L", "none", 0.0),
    ] {
        for what in ["oxygen device", "oxygen flow"] {
            let loaded = row(what, value, "");
            assert_eq!(
                answer(&loaded, "oxygen-device"),
                Some(device),
                "{what}: {value}: {}",
                said(&loaded, Lang::En)
            );
            assert_eq!(number(&loaded, "oxygen-flow"), Some(flow), "{what}: {value}");
            assert_eq!(kinds(&loaded), [""; 0], "{value}");
        }
    }
    let loaded = row("oxygen device", "HFNC 40L/min FiO2 50%", "");
    assert_eq!((number(&loaded, "oxygen-flow"), number(&loaded, "fio2")), (Some(40.0), Some(50.0)));
    for value in ["O2 2L", "mask 8 L", "oxygen 2 L/min"] {
        let loaded = row("oxygen device", value, "");
        assert!(number(&loaded, "oxygen-flow").is_some(), "{value}");
        assert!(matches!(facts(&loaded, "oxygen-device")[0].value, Value::NotAssessed(_)), "{value}");
        assert_eq!(kinds(&loaded), ["read-in-part"], "{value}");
    }
    for value in ["NC 2-4 L", "NC 2L then 4L", "4 apples NC", "NC 400 L"] {
        let loaded = row("oxygen device", value, "");
        assert_eq!(kinds(&loaded), ["value"], "{value}");
        assert!(facts(&loaded, "oxygen-flow").is_empty(), "{value}");
    }
}

/// Words as wards write them, in both languages and widths.
#[test]
fn words_are_taken_where_they_have_one_meaning() {
    for (what, concept, value, id) in [
        ("oxygen device", "oxygen-device", "RA", "none"),
        ("oxygen device", "oxygen-device", "HFNC", "high-flow-nasal-cannula"),
        ("level of consciousness", "level-of-consciousness", "清醒", "alert"),
        ("level of consciousness", "level-of-consciousness", "叫得醒", "awakens-to-voice"),
        ("AVPU", "level-of-consciousness", "Ｖ", "awakens-to-voice"),
        ("AVPU", "level-of-consciousness", "A", "alert"),
        ("AVPU", "level-of-consciousness", "U", "unarousable"),
        ("level of consciousness", "level-of-consciousness", "stuporous", "unarousable"),
        ("level of consciousness", "level-of-consciousness", "comatose", "unarousable"),
        ("level of consciousness", "level-of-consciousness", "昏迷", "unarousable"),
        ("seizure", "seizure", "no seizure", "none"),
        ("seizure", "seizure", "no seizure activity", "none"),
        ("seizure", "seizure", "seizure free", "none"),
        ("seizure", "seizure", "(-)", "none"),
        ("seizure", "seizure", "陰性", "none"),
        ("seizure", "seizure", "+", "present-kind-unknown"),
        ("seizure", "seizure", "抽搐", "present-kind-unknown"),
        ("seizure", "seizure", "癲癇", "present-kind-unknown"),
        ("hypotension", "hypotension", "無", "none"),
        ("hypotension", "hypotension", "有", "present-vasopressor-unknown"),
        ("hypotension", "hypotension", "two vasopressors", "vasopressors-uncounted"),
        ("hypotension", "hypotension", "on pressors", "vasopressors-uncounted"),
        ("hypotension", "hypotension", "升壓劑", "vasopressors-uncounted"),
        ("hypotension", "hypotension", "three vasopressors", "several-vasopressors"),
        ("hypotension", "hypotension", "norepinephrine", "vasopressor-required"),
        ("hypotension", "hypotension", "norepinephrine + vasopressin", "vasopressor-required"),
        ("hypotension", "hypotension", "norepinephrine and epinephrine", "several-vasopressors"),
        ("hypotension", "hypotension", "vasopressin", "present-vasopressor-unknown"),
        ("norepinephrine", "norepinephrine", "停藥", "stopped"),
        ("norepinephrine", "norepinephrine", "weaned off", "stopped"),
        ("norepinephrine", "norepinephrine", "d/c", "stopped"),
        ("norepinephrine", "norepinephrine", "Discontinued", "stopped"),
    ] {
        let loaded = row(what, value, "");
        assert_eq!(answer(&loaded, concept), Some(id), "{what}: {value}: {}", said(&loaded, Lang::En));
    }
}

/// A word that could mean several answers is refused with what it could be; an older answer does not
/// stand in its place.
#[test]
fn words_with_several_meanings_are_asked_back() {
    for (what, concept, value, could_be) in [
        ("level of consciousness", "level-of-consciousness", "drowsy", "awakens to voice"),
        ("level of consciousness", "level-of-consciousness", "sleepy", "awakens spontaneously"),
        ("level of consciousness", "level-of-consciousness", "somnolent", "awakens only to touch"),
        ("level of consciousness", "level-of-consciousness", "lethargic", "awakens to voice"),
        ("level of consciousness", "level-of-consciousness", "obtunded", "unarousable"),
        ("level of consciousness", "level-of-consciousness", "嗜睡", "awakens to voice"),
        ("level of consciousness", "level-of-consciousness", "昏睡", "awakens only to touch"),
        ("AVPU", "level-of-consciousness", "P", "unarousable"),
        ("oxygen device", "oxygen-device", "high flow", "Venturi"),
        ("oxygen device", "oxygen-device", "mask", "simple face mask"),
        ("seizure", "seizure", "NCSE", "repetitive"),
        ("seizure", "seizure", "-", "not recorded"),
        ("seizure", "seizure", "−", "not recorded"),
        ("temperature", "body-temperature", "afebrile", "not a number"),
    ] {
        let loaded = load(&format!(
            "A,2026-01-12 07:00,{what},not assessed,,,,\nA,2026-01-12 08:00,{what},{value},,,,\n"
        ));
        assert_eq!(kinds(&loaded), ["value"], "{what}: {value}");
        assert!(said(&loaded, Lang::En).contains(could_be), "{value}: {}", said(&loaded, Lang::En));
        let last = facts(&loaded, concept).pop().unwrap();
        assert!(matches!(&last.value, Value::NotAssessed(why) if why.starts_with("unreadable")), "{last:?}");
    }
}

/// The cause of a finding, with what is accepted in the reader's language.
#[test]
fn causes() {
    for (word, id) in [("ICANS", "icans"), ("神經毒性", "icans"), ("CRS", "crs"), ("感染", "infection")]
    {
        let loaded = load(&format!("A,2026-01-12 08:00,hypotension,有,,,{word},\n"));
        let fact = &facts(&loaded, "hypotension")[0];
        assert_eq!(fact.attributed_to.map(|cause| cause.as_str()), Some(id), "{word}");
    }
    let loaded = load("A,2026-01-12 08:00,hypotension,有,,,bad luck,\n");
    assert!(said(&loaded, Lang::En).contains("infection; sedation"), "{}", said(&loaded, Lang::En));
    assert!(said(&loaded, Lang::ZhTw).contains("感染；鎮靜"), "{}", said(&loaded, Lang::ZhTw));
    // The row is refused, and an older “none” must not stand for it.
    assert!(matches!(facts(&loaded, "hypotension")[0].value, Value::NotAssessed(_)));
}

/// A drug whose dose, end or time of recording cannot be read was given all the same.
#[test]
fn a_drug_is_not_lost_with_its_dose() {
    let started = |row: &str| {
        let loaded = load(row);
        assert_eq!(loaded.report.problems.len(), 1, "{row}");
        facts(&loaded, "norepinephrine").pop()
    };
    let given = started("A,2026-01-12 08:00,norepinephrine,0.1,mcg/kg/mim,,,\n").unwrap();
    assert_eq!(given.value, Value::Happened);
    let given = started("A,2026-01-12 08:00,norepinephrine,0.1,,,,\n").unwrap();
    assert_eq!(given.value, Value::Happened);
    let given = started("A,2026-01-12 08:00,norepinephrine,0.1,ug/kg/min,later,,\n").unwrap();
    assert!(given.quantity().is_some() && given.until.is_none());
    assert_eq!(started("A,2026-01-12 08:00,norepinephrine,perhaps,,,,\n"), None);
}

/// A date for the time of recording is known at the end of that day, with or without a zone named.
#[test]
fn recorded_on_a_day() {
    let rows = "A,2026-01-12T08:00+08:00,temperature,39,Cel,,,2026-01-13\nA,2026-01-12T09:00+08:00,temperature,38,Cel,,,2026-01-13\n";
    let loaded = load(rows);
    assert_eq!(kinds(&loaded), [""; 0]);
    let now = "2026-06-01T00:00:00Z".parse::<Timestamp>().unwrap();
    let bytes = format!("{HEADER}{rows}");
    let without =
        table::read(bytes.as_bytes(), &TableOptions::at(now), Knowledge::embedded()).unwrap().load();
    for loaded in [&loaded, &without] {
        let recorded = facts(loaded, "body-temperature")[0].recorded.unwrap();
        assert_eq!(recorded.at.to_string(), "2026-01-13T15:59:59.999999999Z");
    }
    assert_eq!(without.report.counts.get("recorded-to-the-day"), Some(&1), "said once a patient");
    assert!(said(&without, Lang::En).contains("2 facts"), "{}", said(&without, Lang::En));
}

/// An infusion or lymphodepletion that cannot be read leaves a mark: days must not be counted as if it were
/// not there. A count that cannot be read likewise. That there was none leaves nothing.
#[test]
fn what_opens_a_course_is_not_lost() {
    for (row, concept) in [
        ("A,2026-13-01,infusion,,,,,", "infusion"),
        ("A,,infusion,tisagenlecleucel,,,,", "infusion"),
        ("A,31/02,lymphodepletion,,,,,", "lymphodepletion"),
        ("A,2026-01-12 08:00,ANC,4OO,/uL,,,", "anc"),
    ] {
        let loaded = load(&format!("A,2026-01-10 09:00,temperature,37,Cel,,,\n{row}\n"));
        let mark = facts(&loaded, concept).pop().unwrap();
        assert!(
            matches!(&mark.value, Value::NotAssessed(why) if why.starts_with("unreadable")),
            "{row}: {mark:?}"
        );
        assert_eq!(loaded.report.refused(), 1, "{row}");
    }
    let loaded = load("A,2026-01-10 09:00,temperature,37,Cel,,,\nA,2026-01-12,infusion,no,,,,\n");
    assert!(facts(&loaded, "infusion").is_empty());
}

/// Row X2: cells given at a known time were given, though their number cannot be read: without day 0 nothing
/// would be graded at all. As the FHIR reader has it.
#[test]
fn an_infusion_is_not_lost_with_its_dose() {
    for dose in ["2e6,cells/kg", "2.5e8,cells", "1,bag", "250,"] {
        let loaded = load(&format!("A,2026-01-10 09:00,infusion,{dose},,,\n"));
        let given = facts(&loaded, "infusion").pop().unwrap();
        assert_eq!(given.value, Value::Happened, "{dose}");
        assert_eq!(loaded.report.counts.get("dose-not-read"), Some(&1), "{dose}");
    }
}

/// Row X5: a score written with the most there can be is that score; out of another number it is not.
#[test]
fn points_out_of_all_points_are_read() {
    let points = |what: &'static str, value: &str| {
        let loaded = row(what, value, "");
        facts(&loaded, what).pop().unwrap().value.clone()
    };
    assert_eq!(points("ice-score", "8/10"), points("ice-score", "8"));
    assert_eq!(points("ice-score", "10 / 10"), points("ice-score", "10"));
    assert_eq!(points("capd-score", "9/32"), points("capd-score", "9"));
    for unread in ["8/30", "11/10", "8/10/12", "/10", "x/10"] {
        assert!(matches!(points("ice-score", unread), Value::NotAssessed(_)), "{unread}");
    }
}

/// Row X5: words of the ward, in both languages, for what opens the course and what decides a grade.
#[test]
fn words_of_the_ward_are_known() {
    let catalogue = &Knowledge::embedded().catalogue;
    for (word, concept) in [
        ("淋巴球清除", "lymphodepletion"),
        ("淋巴細胞清除化療", "lymphodepletion"),
        ("清淋", "lymphodepletion"),
        ("Flu/Cy", "lymphodepletion"),
        ("CAR-T回輸", "infusion"),
        ("中性粒細胞", "anc"),
        ("supplemental oxygen", "oxygen-device"),
        ("升壓劑使用", "vasopressor-need"),
    ] {
        assert_eq!(catalogue.find(word).map(|info| info.concept), Some(Concept::known(concept)), "{word}");
    }
    for (concept, word, answer) in [
        ("seizure", "持續超過5分鐘", "prolonged"),
        ("level-of-consciousness", "喚聲可醒", "awakens-to-voice"),
        ("level-of-consciousness", "觸碰可喚醒", "awakens-to-touch"),
        ("motor", "left hemiparesis", "deep-focal-weakness"),
        ("raised-icp-signs", "庫欣三聯徵", "cushing-triad"),
        ("hypotension", "responsive to fluids", "no-vasopressor"),
        ("hypotension", "不需要使用升壓劑", "no-vasopressor"),
        ("hypotension", "低血壓，需升壓劑", "vasopressor-required"),
        ("oxygen-device", "not on oxygen", "none"),
    ] {
        let info = catalogue.get(Concept::known(concept)).unwrap();
        assert_eq!(
            info.answer_from_words(word).map(|found| found.to_string()).as_deref(),
            Some(answer),
            "{word}"
        );
    }
}

/// Value and unit in each other's column.
#[test]
fn exchanged_columns_are_said() {
    let loaded = row("temperature", "Cel", "38.5");
    assert!(said(&loaded, Lang::En).contains("each other's column"), "{}", said(&loaded, Lang::En));
    assert!(said(&loaded, Lang::ZhTw).contains("填反"));
}

/// Row X2: a scale that is not assessable now says when it last was, and does not say it of now.
#[test]
fn what_was_last_assessable_is_not_now() {
    let loaded = load(
        "A,2026-01-10 09:00,infusion,,,,,\n\
         A,2026-01-12 08:00,temperature,39,Cel,,,\n\
         A,2026-01-12 08:00,hypotension,none,,,,\n\
         A,2026-01-12 08:05,oxygen device,none,,,,\n\
         A,2026-01-12 08:00,other cause of fever,none,,,,\n\
         A,2026-01-20 08:00,ANC,0.4,10*9/L,,,\n",
    );
    let rules = Rules::choose(Knowledge::embedded(), &[]).unwrap();
    let chart = &loaded.charts[0];
    let question = Question::at("2026-01-20T15:00:00Z".parse().unwrap());
    let assessment = assess(chart, &rules, &question);
    let crs = assessment.finding("crs").unwrap();
    assert_ne!(crs.status, vena_clinical::Status::Value, "{crs:?}");
    let last = vena_clinical::last_assessable(chart, &rules, &question, crs).unwrap();
    assert_eq!((last.at.to_string().as_str(), last.finding.value), ("2026-01-12T00:05:00Z", Some(1)));
    let told = |lang| {
        let last = [last.clone()];
        let report = vena_exchange::ReadReport::default();
        let told = vena_exchange::assess::Told {
            assessment: &assessment,
            zone: &chart.zone,
            known_at: None,
            report: &report,
            last: &last,
        };
        let text = vena_exchange::assess::assess_text(&told, lang, &Knowledge::embedded().catalogue);
        (vena_exchange::assess::assess_json(&told), text)
    };
    let (json, text) = told(Lang::En);
    assert!(
        json.contains(
            "\"last_assessable\":{\"at\":\"2026-01-12T08:05:00+08:00\",\"status\":\"value\",\"value\":1"
        ),
        "{json}"
    );
    assert!(text.contains("last assessable at 2026-01-12T08:05:00+08:00: grade 1 then, not now"), "{text}");
    assert!(told(Lang::ZhTw).1.contains("並非目前分級"));
    // A settled finding has nothing to add.
    let then = Question::at(last.at);
    let settled = assess(chart, &rules, &then);
    assert_eq!(vena_clinical::last_assessable(chart, &rules, &then, settled.finding("crs").unwrap()), None);
}
