//! Written values: read, refused in both languages, compared with the ranges; nothing panics.
#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;
use vena_base::{Bound, Concept, Lang, Value, When};
use vena_knowledge::{
    ConceptInfo, Knowledge, RangeCheck, STOPPED, ValueError, check_range, read_value, read_value_in,
};

fn info(concept: &'static str) -> &'static ConceptInfo {
    Knowledge::embedded().catalogue.get(Concept::known(concept)).unwrap()
}

fn read(concept: &'static str, value: &str, unit: &str) -> Result<Value, ValueError> {
    read_value(info(concept), value, Some(unit).filter(|unit| !unit.is_empty()))
}

fn number(concept: &'static str, value: &str, unit: &str) -> f64 {
    match read(concept, value, unit) {
        Ok(Value::Quantity(quantity)) => quantity.value,
        other => panic!("{concept} {value} {unit}: {other:?}"),
    }
}

/// Rows X2, X8: units meet in the canonical one, and cut-offs survive.
#[test]
fn quantities_come_to_the_canonical_unit() {
    assert_eq!(number("body-temperature", "38.0", "Cel"), 38.0);
    assert_eq!(number("body-temperature", "100.4", "°F"), 38.0);
    assert_eq!(number("anc", "0.5", "10*9/L"), 500.0);
    assert_eq!(number("anc", "0.5", "K/µL"), 500.0);
    assert_eq!(number("crp", "30", "mg/L"), 3.0);
    assert_eq!(number("ferritin", "650", "ng/mL"), 650.0);
    assert_eq!(number("platelets", "175", "10*3/uL"), 175_000.0);
    assert_eq!(number("haemoglobin", "90", "g/L"), 9.0);
    assert_eq!(number("oxygen-saturation", "0.92", "1"), 92.0);
    assert_eq!(number("bilirubin", "58.466", "umol/L"), 3.418_273_156);
    assert_eq!(number("calcium", "1", "mmol/L"), 4.0078);
}

#[test]
fn written_form_bound_and_unit_are_kept() {
    let Ok(Value::Quantity(quantity)) = read("anc", "<0.10", "10*9/L") else { panic!() };
    assert_eq!((quantity.bound, quantity.as_written()), (Bound::Below, "<0.10 10*9/L".to_owned()));
    let Ok(Value::Quantity(quantity)) = read("ferritin", "≥ 100000", "ug/L") else { panic!() };
    assert_eq!(quantity.bound, Bound::AtLeast);
    let Ok(Value::Quantity(quantity)) = read("body-temperature", "38.5 °C", "") else { panic!() };
    assert_eq!((quantity.value, &*quantity.written_unit), (38.5, "°C"));
    assert_eq!(number("body-temperature", "38.5 C", "Cel"), 38.5);
    assert_eq!(number("anc", "1.2e3", "/uL"), 1_200.0);
}

/// Row X2: a unit is never assumed, except for scores and counts.
#[test]
fn a_missing_unit_is_refused() {
    for concept in ["body-temperature", "anc", "crp", "oxygen-flow", "body-weight"] {
        assert!(matches!(read(concept, "5", ""), Err(ValueError::NoUnit { .. })), "{concept}");
    }
    assert!(matches!(read("tocilizumab", "560", ""), Err(ValueError::NoUnit { .. })));
    assert_eq!(number("ice-score", "7", ""), 7.0);
    assert_eq!(number("ice-score", "7", "{score}"), 7.0);
    assert_eq!(number("ice-score", "7", "points"), 7.0);
    assert_eq!(number("ice-score", "7", "分"), 7.0);
    assert_eq!(number("capd-item-3", "4", ""), 4.0);
    for unit in ["%", "mg/dL", "min"] {
        assert!(matches!(read("ice-score", "7", unit), Err(ValueError::Unit { .. })), "{unit}");
    }
    assert!(matches!(read("ice-score", "7.5", ""), Err(ValueError::NotWhole { .. })));
}

#[test]
fn what_cannot_be_read_is_refused_in_both_languages() {
    let errors = [
        read("anc", "0,5", "10*9/L"),
        read("anc", "1,200", "/uL"),
        read("anc", "many", "/uL"),
        read("anc", "", "/uL"),
        read("anc", "5", "mg/dL"),
        read("anc", "5", "bananas"),
        read("anc", "12345678901234567890123456789012345", "/uL"),
        read("anc", "5 /uL extra", "/uL"),
        read("hypotension", "wheelchair", ""),
        read("oxygen-device", "mask", ""),
        read("death", "no", ""),
        read("birth-date", "yesterday", ""),
        read("tocilizumab", "not given", ""),
        read("norepinephrine", "lots", ""),
    ];
    for error in errors {
        let error = error.unwrap_err();
        assert!(error.message(Lang::En).len() > 10, "{error:?}");
        assert!(error.message(Lang::ZhTw).chars().any(|c| c > '\u{7f}'), "{error:?}");
    }
    assert!(matches!(read("anc", "0,5", "10*9/L"), Err(ValueError::Comma { .. })));
    assert!(matches!(read("anc", "NaN", "/uL"), Err(ValueError::NotANumber { .. })));
}

#[test]
fn words_for_what_could_not_be_assessed() {
    for words in ["not assessable", "無法評估", "unable to assess", "Not Done"] {
        assert!(matches!(read("ice-score", words, ""), Ok(Value::NotAssessed(_))), "{words}");
        assert!(matches!(read("level-of-consciousness", words, ""), Ok(Value::NotAssessed(_))), "{words}");
    }
    // The concept's own answer comes first.
    assert!(matches!(read("sex", "unknown", ""), Ok(Value::Answer(_))));
}

#[test]
fn events_moments_and_text() {
    assert_eq!(read("infusion", "", "").unwrap(), Value::Happened);
    assert_eq!(read("infusion", "done", "").unwrap(), Value::Happened);
    let Ok(Value::Answer(product)) = read("infusion", "Kymriah", "") else { panic!() };
    assert_eq!(product.as_str(), "tisagenlecleucel");
    let Ok(Value::Answer(product)) = read("product", "祈萊亞", "") else { panic!() };
    assert_eq!(product.as_str(), "tisagenlecleucel");
    assert!(matches!(read("relapse", "CD19 negative", ""), Ok(Value::Text(_))));
    assert!(matches!(read("relapse", "no", ""), Err(ValueError::NotAnEvent { .. })));
    assert!(matches!(read("diagnosis", "something rare", ""), Ok(Value::Text(_))));
    let Ok(Value::Moment(When::Date(_))) = read("birth-date", "2014-03-07", "") else { panic!() };
    assert!(read("birth-date", "2014-03-07 08:00", "").is_err());
    let zone = vena_base::Zone::utc();
    assert!(read_value_in(info("birth-date"), "2014-03-07 08:00", None, Some(&zone)).is_ok());
}

/// Row X2: doses, rates, given, stopped.
#[test]
fn drugs() {
    assert_eq!(read("norepinephrine", "", "").unwrap(), Value::Happened);
    assert_eq!(read("norepinephrine", "given", "").unwrap(), Value::Happened);
    assert_eq!(read("norepinephrine", "stopped", "").unwrap(), Value::Answer(STOPPED));
    assert_eq!(read("norepinephrine", "停用", "").unwrap(), Value::Answer(STOPPED));
    assert_eq!(number("dexamethasone", "0.01", "g"), 10.0);
    let Ok(Value::Quantity(rate)) = read("norepinephrine", "0.1", "mcg/kg/min") else { panic!() };
    assert_eq!((rate.value, &*rate.unit), (0.1, "ug/kg/min"));
    let Ok(Value::Quantity(dose)) = read("tocilizumab", "8", "mg/kg") else { panic!() };
    assert_eq!(&*dose.unit, "mg/kg");
    assert_eq!(
        check_range(info("tocilizumab"), &read("tocilizumab", "-8", "mg/kg").unwrap()),
        RangeCheck::Impossible
    );
    assert!(read("tocilizumab", "8", "bananas").is_err());
}

/// Impossible values are refused, implausible ones flagged.
#[test]
fn ranges() {
    let check =
        |concept, value: &str, unit: &str| check_range(info(concept), &read(concept, value, unit).unwrap());
    assert_eq!(check("body-temperature", "390", "Cel"), RangeCheck::Impossible);
    assert_eq!(check("body-temperature", "39.0", "Cel"), RangeCheck::Fine);
    assert_eq!(check("body-temperature", "43", "Cel"), RangeCheck::Implausible);
    assert_eq!(check("body-temperature", "24.9", "Cel"), RangeCheck::Impossible);
    assert_eq!(check("body-temperature", "25", "Cel"), RangeCheck::Implausible);
    assert_eq!(check("anc", "-1", "/uL"), RangeCheck::Impossible);
    assert_eq!(check("anc", "0", "/uL"), RangeCheck::Fine);
    assert_eq!(check("anc", "<0.1", "10*9/L"), RangeCheck::Fine);
    assert_eq!(check("anc", "<0", "/uL"), RangeCheck::Fine);
    assert_eq!(check("ice-score", "11", ""), RangeCheck::Impossible);
    assert_eq!(check("ice-score", "10", ""), RangeCheck::Fine);
    assert_eq!(check("capd-score", "33", ""), RangeCheck::Impossible);
    assert_eq!(check("oxygen-saturation", "101", "%"), RangeCheck::Impossible);
}

proptest! {
    #[test]
    fn reading_never_panics(value in "\\PC{0,40}", unit in proptest::option::of("\\PC{0,12}"), at in 0_usize..200) {
        let catalogue = &Knowledge::embedded().catalogue;
        let concepts: Vec<_> = catalogue.iter().collect();
        let info = concepts[at % concepts.len()];
        if let Ok(read) = read_value(info, &value, unit.as_deref()) {
            let _ = check_range(info, &read);
        }
        let _ = catalogue.find(&value);
        let _ = info.answer_from_words(&value);
    }

    #[test]
    fn numbers_with_units_never_panic(value in "[<>≤≥]?[-+]?[0-9]{0,30}[.,]?[0-9]{0,30}[eE]?[-+]?[0-9]{0,3} ?[a-zµ/%]{0,4}", unit in "(mg/dL|/uL|10\\*9/L|Cel|%|)") {
        for concept in ["anc", "body-temperature", "ice-score", "tocilizumab", "infusion", "bilirubin"] {
            let info = Knowledge::embedded().catalogue.get(Concept::of(concept)).unwrap();
            let _ = read_value(info, &value, Some(&unit));
        }
    }
}

/// Row X2: counts in ten thousands, the unit in one place or in two.
#[test]
fn counts_in_ten_thousands_are_exact() {
    for (value, unit) in [
        ("1.2", "萬/µL"),
        ("1.2", "万/uL"),
        ("1.2 萬/µL", ""),
        ("1.2萬", "/µL"),
        ("1.2 万", "/uL"),
        ("12", "千/uL"),
        ("1.2", "x10^4/uL"),
        ("１．２", "萬／µL"),
    ] {
        assert_eq!(number("platelets", value, unit), 12_000.0, "{value} {unit}");
    }
    assert_eq!(number("anc", "0.05", "萬/uL"), 500.0);
    // Ten thousand of what, nobody said.
    assert!(matches!(read("platelets", "12萬", ""), Err(ValueError::Unit { .. })));
    assert!(read("body-temperature", "3.8萬", "Cel").is_err());
}

/// Row X2: the mark of a laboratory behind a number whose unit stands in its own column.
#[test]
fn a_mark_of_high_or_low_is_no_unit() {
    assert_eq!(number("anc", "0.42 L", "10*9/L"), 420.0);
    for (value, unit, expected) in
        [("8.9 L", "g/dL", 8.9), ("8.9L*", "g/dL", 8.9), ("8.9 ↓", "g/dL", 8.9), ("8.9 (L)", "g/dL", 8.9)]
    {
        assert_eq!(number("haemoglobin", value, unit), expected, "{value}");
    }
    assert_eq!(number("crp", "12.5 HH", "mg/dL"), 12.5);
    assert_eq!(number("crp", "12.5 偏高", "mg/dL"), 12.5);
    assert_eq!(number("platelets", "150 K/uL H", ""), 150_000.0);
    assert_eq!(number("oxygen-saturation", "88%↓", ""), 88.0);
    assert_eq!(number("oxygen-saturation", "88 % L", "%"), 88.0);
    // Litres a minute stay litres a minute; a lone L is no unit of a count.
    assert_eq!(number("oxygen-flow", "4 L", ""), 4.0);
    assert_eq!(number("oxygen-flow", "4 L", "L/min"), 4.0);
    assert!(matches!(read("anc", "0.42 L", ""), Err(ValueError::Unit { .. })));
    assert!(read("anc", "0.42 K", "10*9/L").is_err());
}

/// Row X8: haemoglobin by the mole of single chains, refused where it could be the whole molecule.
#[test]
fn haemoglobin_in_moles_is_read_where_it_is_sure() {
    assert_eq!(number("haemoglobin", "8.0", "mmol/L"), 12.8916);
    assert_eq!(number("haemoglobin", "10.0", "mmol/L"), 16.1145);
    assert_eq!(number("haemoglobin", "5.6", "mmol/L"), 9.02412);
    for value in ["2.0", "3.0", "0.5"] {
        let error = read("haemoglobin", value, "mmol/L").unwrap_err();
        assert!(matches!(error, ValueError::TwoMolarMasses { .. }), "{value}: {error:?}");
        assert!(error.message(Lang::En).contains("g/dL") && error.message(Lang::ZhTw).contains("莫耳"));
    }
    assert_eq!(number("haemoglobin", "3.5", "mmol/L"), 5.640_075);
}

/// Row X2: degrees as people write them.
#[test]
fn degrees_in_chinese() {
    for (value, unit) in
        [("38.5度", ""), ("38.5 度", ""), ("38.5", "度"), ("38.5度", "°C"), ("38.5度C", ""), ("38.5℃", "")]
    {
        assert_eq!(number("body-temperature", value, unit), 38.5, "{value} {unit}");
    }
    assert_eq!(number("body-temperature", "38度5", ""), 38.5);
    assert_eq!(number("body-temperature", "38 度 5", "°C"), 38.5);
    for wrong in ["38度50", "度5", "101度3F", "三十八度五"] {
        assert!(read("body-temperature", wrong, "").is_err(), "{wrong}");
    }
    assert!(matches!(read("blood-pressure", "120", "mmHg"), Err(ValueError::Parts { .. })));
}
