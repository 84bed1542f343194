//! The long table, from bytes to facts: every row becomes a fact or a reported problem.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use jiff::Timestamp;
use vena_base::{Concept, Fact, Flag, Lang, Origin, Value, Zone};
use vena_exchange::{
    Encoding, Loaded,
    encoding::EncodingError,
    table::{self, TableError, TableOptions},
};
use vena_knowledge::Knowledge;

const TEMPERATURE: Concept = Concept::known("body-temperature");
const ANC: Concept = Concept::known("anc");

fn options() -> TableOptions {
    TableOptions::at("2026-06-01T00:00:00Z".parse::<Timestamp>().unwrap())
}

fn in_taipei() -> TableOptions {
    TableOptions { zone: Some(Zone::named("Asia/Taipei").unwrap()), ..options() }
}

fn load(bytes: &[u8], options: &TableOptions) -> Loaded {
    table::read(bytes, options, Knowledge::embedded()).unwrap().load()
}

fn refused(bytes: &[u8], options: &TableOptions) -> TableError {
    table::read(bytes, options, Knowledge::embedded()).unwrap_err()
}

fn kinds(loaded: &Loaded) -> Vec<(&'static str, u64)> {
    loaded.report.counts.iter().map(|(kind, count)| (*kind, *count)).collect()
}

fn all(loaded: &Loaded) -> Vec<Fact> {
    loaded.charts.iter().flat_map(|chart| chart.all().to_vec()).collect()
}

const HEADER: &str = "patient,time,what,value,unit,until,route,note\n";

fn table_of(rows: &str) -> Vec<u8> {
    format!("{HEADER}{rows}").into_bytes()
}

/// Rows X2, X8.
#[test]
fn a_table_as_people_export_it_becomes_charts() {
    let bytes = table_of(
        "A,2010-05-01,birth date,2010-05-01,,,,\n\
         A,,sex,female,,,,\n\
         A,2026-01-10T09:00+08:00,infusion,tisagenlecleucel,,,,\n\
         A,2026-01-05,lymphodepletion,,,2026-01-08,,\n\
         A,2026-01-12T08:00+08:00,體溫,38.50,°C,,,\"fever, again\"\n\
         A,2026-01-12T08:05+08:00,8310-5,101.3,[degF],,,\n\
         A,2026-01-12T10:00+08:00,tocilizumab,8,mg/kg,2026-01-12T11:00+08:00,iv,\n\
         A,2026-01-13T10:00+08:00,norepinephrine,stopped,,,,\n\
         A,2026-01-13,ANC,0.40,10*9/L,,,\n\
         A,2026-01-12T08:00+08:00,oxygen device,none (room air),,,,\n\
         A,2026-01-12T08:00+08:00,hypotension,\"present, vasopressor required\",,,,\n\
         A,2026-01-12T08:00+08:00,level of consciousness,awakens to voice,,,,\n\
         A,2026-01-12T08:00+08:00,ICE score,7,,,,\n",
    );
    let loaded = load(&bytes, &options());
    assert_eq!(kinds(&loaded), vec![], "{}", loaded.report);
    assert_eq!(loaded.report.items, 13);
    let chart = &loaded.charts[0];
    assert_eq!(&*chart.patient, "A");
    assert_eq!((chart.zone.name(), chart.zone.assumed), ("+08:00", true));
    let warm = chart.of(TEMPERATURE);
    assert_eq!(warm[0].quantity().unwrap().written.as_str(), "38.50");
    assert_eq!(warm[1].quantity().unwrap().value, 38.5);
    assert_eq!(warm[0].note.as_deref(), Some("fever, again"));
    assert_eq!(chart.of(ANC)[0].quantity().unwrap().value, 400.0);
    let infusion = chart.of(Concept::known("infusion"));
    assert_eq!(infusion[0].answer().unwrap().as_str(), "tisagenlecleucel");
    let answer = |concept| chart.of(Concept::known(concept))[0].answer().unwrap().as_str();
    assert_eq!(answer("norepinephrine"), "stopped");
    assert_eq!(answer("oxygen-device"), "none");
    assert_eq!(answer("hypotension"), "vasopressor-required");
    assert_eq!(answer("level-of-consciousness"), "awakens-to-voice");
    assert_eq!(answer("sex"), "female");
    let tocilizumab = &chart.of(Concept::known("tocilizumab"))[0];
    assert_eq!(tocilizumab.route.as_deref(), Some("iv"));
    assert!(tocilizumab.until.is_some());
    assert_eq!(chart.of(Concept::known("sex"))[0].when.to_string(), "2010-05-01");
}

#[test]
fn every_row_is_a_fact_or_a_problem_with_its_line() {
    let bytes = table_of(
        "A,2026-01-12T08:00Z,temperature,38.5,,,,\n\
         A,2026-01-12T08:00Z,temperature,38.5,mg/dL,,,\n\
         A,2026-01-12T08:00Z,temperature,390,Cel,,,\n\
         A,2026-01-12T08:00Z,ANC,-1,/uL,,,\n\
         A,2026-01-12T08:00Z,temperature,hot,Cel,,,\n\
         A,2026-01-12T08:00,temperature,38.5,Cel,,,\n\
         A,someday,temperature,38.5,Cel,,,\n\
         A,,temperature,38.5,Cel,,,\n\
         ,2026-01-12T08:00Z,temperature,38.5,Cel,,,\n\
         A,2026-01-12T08:00Z,,38.5,Cel,,,\n\
         A,2026-01-12T08:00Z,temprature,38.5,Cel,,,\n\
         A,2026-01-12T08:00Z,oxygen device,something odd,,,,\n\
         A,2026-01-12T08:00Z,temperature,38.5,Cel,,,\n",
    );
    let loaded = load(&bytes, &options());
    assert_eq!(loaded.report.items, 13);
    let facts = all(&loaded);
    let (unreadable, read): (Vec<_>, Vec<_>) = facts
        .iter()
        .partition(|fact| matches!(&fact.value, Value::NotAssessed(why) if why.starts_with("unreadable: ")));
    assert_eq!(read.len(), 1, "{}", loaded.report);
    assert_eq!(read[0].origin, Origin::Line(14));
    // An observation was made each time: where its value cannot be read, no older one may stand for it.
    let marked: Vec<&Origin> = unreadable.iter().map(|fact| &fact.origin).collect();
    for line in [2, 3, 4, 6, 13] {
        assert!(marked.contains(&&Origin::Line(line)), "line {line}");
    }
    let mut lines: Vec<Origin> = loaded.report.problems.iter().map(|p| p.place.clone()).collect();
    lines.sort_by_key(|place| if let Origin::Line(line) = place { *line } else { 0 });
    assert_eq!(lines, (2..=13).map(Origin::Line).collect::<Vec<_>>(), "{}", loaded.report);
    assert_eq!(loaded.report.refused(), 12);
    for problem in &loaded.report.problems {
        for lang in Lang::ALL {
            assert!(problem.message(lang).len() > 8);
        }
        assert!(!problem.message(Lang::ZhTw).is_ascii());
    }
    let unknown = &loaded.report.not_understood[&("what".to_owned(), "temprature".to_owned())];
    assert_eq!(unknown.count, 1);
    assert!(!unknown.suggestions.is_empty());
}

#[test]
fn what_is_odd_but_possible_is_flagged_and_kept() {
    let bytes = table_of(
        "A,,birth date,2010-05-01,,,,\n\
         A,2026-01-12T08:00Z,temperature,43.5,Cel,,,\n\
         A,2009-01-12T08:00Z,ANC,500,/uL,,,\n\
         A,2027-01-12T08:00Z,ANC,500,/uL,,,\n\
         A,2026-01-12T08:00Z,tocilizumab,,,2026-01-11T08:00Z,,\n",
    );
    let loaded = load(&bytes, &options());
    let flags: Vec<Flag> = all(&loaded).iter().flat_map(|fact| fact.flags.clone()).collect();
    for flag in [Flag::Implausible, Flag::BeforeBirth, Flag::InTheFuture, Flag::EndsBeforeStart] {
        assert_eq!(flags.iter().filter(|f| **f == flag).count(), 1, "{flag:?}: {}", loaded.report);
    }
    assert_eq!(all(&loaded).len(), 5);
    assert_eq!(loaded.report.refused(), 0);
}

#[test]
fn contradicting_identity_is_withheld_not_guessed() {
    let bytes = table_of(
        "A,,birth date,2010-05-01,,,,\n\
         A,,birth date,2011-05-01,,,,\n\
         A,2026-01-12,sex,female,,,,\n\
         A,2026-01-12,sex,male,,,,\n\
         B,,birth date,2010-05-01,,,,\n\
         B,,birth date,2010,,,,\n\
         B,2026-01-12T08:00Z,ANC,500,/uL,,,\n",
    );
    let loaded = load(&bytes, &options());
    assert_eq!(kinds(&loaded), vec![("conflict", 2)], "{}", loaded.report);
    assert!(loaded.charts[0].all().is_empty());
    let message = loaded.report.problems[0].message(Lang::En);
    assert!(message.contains("2010-05-01") && message.contains("2011-05-01"), "{message}");
    // A year and a day in it agree.
    assert_eq!(loaded.charts[1].of(Concept::known("birth-date")).len(), 2);
}

#[test]
fn the_same_row_twice_is_one_fact() {
    let row = "A,2026-01-12T08:00Z,ANC,500,/uL,,,\n";
    let loaded = load(&table_of(&format!("{row}{row}")), &options());
    assert_eq!(loaded.charts[0].all().len(), 1);
    assert_eq!((loaded.report.facts, loaded.report.repeated), (2, 1));
}

#[test]
fn headers_are_known_in_chinese_and_whatever_stands_beside_is_reported() {
    let bytes = "\u{feff}病人;時間;項目;數值;單位;至;途徑;備註;記錄時間;病房\r\n\
                 A;2026-01-12 08:00;體溫;38.5;°C;;;\"二\n行\";2026-01-12 09:00;7B\r\n";
    let loaded = load(bytes.as_bytes(), &in_taipei());
    assert_eq!(loaded.report.extra_columns, vec!["病房"]);
    let fact = &all(&loaded)[0];
    assert_eq!(fact.note.as_deref(), Some("二\n行"));
    assert_eq!(fact.recorded.unwrap().to_string(), "2026-01-12T09:00:00+08:00");
    let tabs = b"Patient\t TIME \tWhat\tValue\tunit\nA\t2026-01-12T08:00Z\tANC\t500\t/uL\n";
    assert_eq!(all(&load(tabs, &options())).len(), 1);
}

#[test]
fn encodings_are_read_or_refused_by_name() {
    let text = "病人,時間,項目,數值,單位\nA,2026-01-12T08:00Z,體溫,38.5,Cel\n";
    let (big5, ..) = encoding_rs::BIG5.encode(text);
    assert_eq!(all(&load(&big5, &options())).len(), 1);
    let (mixed, ..) =
        encoding_rs::BIG5.encode("patient,time,what,value,unit\nA,2026-01-12T08:00Z,體溫,38.5,Cel\n");
    match refused(&mixed, &options()) {
        TableError::Encoding(EncodingError::NotUtf8 { line: 2, byte: 49, perhaps_big5: true }) => {}
        other => panic!("{other:?}"),
    }
    let asked = TableOptions { encoding: Encoding::Big5, ..options() };
    assert_eq!(all(&load(&mixed, &asked)).len(), 1);
    let wide: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(all(&load(&wide, &options())).len(), 1);
}

#[test]
fn a_file_that_is_no_such_table_is_refused_by_name() {
    assert_eq!(refused(b"", &options()), TableError::Empty);
    match refused(b"patient,value\nA,1\n", &options()) {
        TableError::MissingColumns { missing, .. } => assert_eq!(missing, vec!["time", "what"]),
        other => panic!("{other:?}"),
    }
    let open =
        table_of("A,2026-01-12T08:00Z,ANC,500,/uL,,,\nA,2026-01-12T08:00Z,ANC,500,/uL,,,\"note\nB,1,2,3\n");
    assert_eq!(refused(&open, &options()), TableError::UnclosedQuote { line: 3 });
    assert!(matches!(refused(b"patient,time,what,Time\n", &options()), TableError::RepeatedColumn(_)));
}

#[test]
fn unsorted_rows_find_their_patient_and_the_order_of_rows_does_not_matter() {
    let rows: Vec<String> = (0..60)
        .map(|i| format!("P{},2026-01-{:02}T08:00Z,ANC,{},/uL,,,\n", i % 7, 1 + i % 28, 100 + i))
        .collect();
    let forward = load(&table_of(&rows.concat()), &options());
    let backward = load(&table_of(&rows.iter().rev().cloned().collect::<String>()), &options());
    assert_eq!(forward.charts.len(), 7);
    for chart in &forward.charts {
        let other = backward.charts.iter().find(|c| c.patient == chart.patient).unwrap();
        let strip = |facts: &[Fact]| -> Vec<_> {
            facts.iter().map(|f| (f.concept, f.when, f.value.clone())).collect()
        };
        assert_eq!(strip(chart.all()), strip(other.all()));
    }
    let file = table_of(&rows.concat());
    let options = options();
    let table = table::read(&file, &options, Knowledge::embedded()).unwrap();
    let mut order = Vec::new();
    table.for_each_in_order(|_, read| read.chart.patient.to_string(), |_, name| order.push(name));
    assert_eq!(order, table.patients().collect::<Vec<_>>());
    assert!(table.chart(7).is_none());
}

#[test]
fn words_for_not_assessed_are_values() {
    let loaded = load(&table_of("A,2026-01-12T08:00Z,ICE score,not assessed: asleep,,,,\n"), &options());
    assert_eq!(all(&loaded)[0].value, Value::NotAssessed("asleep".into()), "{}", loaded.report);
}

/// Row X2: both pressures in one cell, as charts are written.
#[test]
fn blood_pressures_written_as_one_are_taken_apart() {
    let read = |cells: &str| load(&table_of(&format!("A,2026-01-12T08:00+08:00,{cells},,,\n")), &options());
    let values = |loaded: &Loaded| -> Vec<(String, f64)> {
        let facts = all(loaded);
        facts.iter().filter_map(|f| Some((f.concept.to_string(), f.quantity()?.value))).collect()
    };
    let pair = |systolic: f64, diastolic: f64| {
        vec![("systolic-pressure".to_owned(), systolic), ("diastolic-pressure".to_owned(), diastolic)]
    };
    for cells in [
        "BP,90/60,mmHg",
        "血壓,90/60 mmHg,",
        "blood pressure,９０／６０,mm[Hg]",
        "NIBP,90 / 60,毫米汞柱",
        "bp,12.0/8.0,kPa",
    ] {
        let loaded = read(cells);
        let mut found = values(&loaded);
        found.sort_by(|a, b| b.0.cmp(&a.0));
        let expected = pair(90.0, 60.0);
        assert_eq!(found.len(), 2, "{cells}: {}", loaded.report);
        for ((name, value), (wanted, number)) in found.iter().zip(&expected) {
            assert_eq!(name, wanted);
            assert!((value - number).abs() < 0.01, "{cells}: {value}");
        }
        assert!(loaded.report.counts.is_empty(), "{cells}: {}", loaded.report);
    }
    // With the mean behind it.
    for cells in ["BP,120/80 (93),mmHg", "BP,120/80 mmHg (MAP 93),"] {
        let loaded = read(cells);
        assert_eq!(
            values(&loaded).iter().find(|(name, _)| name == "mean-pressure").map(|(_, v)| *v),
            Some(93.0),
            "{cells}"
        );
    }
    // What says too little, contradicts itself or has no unit is refused, and leaves a mark.
    for cells in [
        "BP,120,mmHg",
        "BP,60/90,mmHg",
        "BP,12/8,",
        "BP,90/60,",
        "BP,90/,mmHg",
        "BP,90/60/40,mmHg",
        "BP,900/60,mmHg",
        "BP,90/60,mg/dL",
        "BP,120/80 (130),mmHg",
    ] {
        let loaded = read(cells);
        assert_eq!(values(&loaded), [], "{cells}");
        assert!(!loaded.report.counts.is_empty(), "{cells}");
        let facts = all(&loaded);
        assert!(
            matches!(&facts[..], [mark] if mark.concept.as_str() == "systolic-pressure"
            && matches!(mark.value, Value::NotAssessed(_))),
            "{cells}: {facts:?}"
        );
    }
    // Implausible is kept, flagged on both and asked about.
    let odd = read("BP,290/20,mmHg");
    assert!(all(&odd).iter().all(|fact| fact.flags.contains(&Flag::Implausible)), "{}", odd.report);
    assert_eq!(all(&odd).len(), 2);
}

/// Row X2: dates, counts and marks as they are typed in Taiwan.
#[test]
fn words_typed_in_taiwan_are_read() {
    let bytes = table_of(
        "A,2026年1月10日 上午9:00,infusion,,,,,\n\
         A,2026年1月12日,ANC,0.42 L,10^9/L,,,\n\
         A,民國115年1月12日,PLT,1.2 萬/µL,,,,\n\
         A,2026年1月12日 下午3點20分,體溫,38.5度,,,,\n\
         A,2026/1/12,Hb,7.5,mmol/L,,,\n",
    );
    let loaded = load(&bytes, &in_taipei());
    assert!(loaded.report.counts.is_empty(), "{}", loaded.report);
    let chart = &loaded.charts[0];
    let value = |name: &'static str| chart.of(Concept::known(name))[0].quantity().unwrap().value;
    assert_eq!(value("anc"), 420.0);
    assert_eq!(value("platelets"), 12_000.0);
    assert_eq!(value("body-temperature"), 38.5);
    assert_eq!(value("haemoglobin"), 12.085_875);
    let warm = chart.of(TEMPERATURE)[0].when;
    assert_eq!(warm.to_string(), "2026-01-12T15:20:00+08:00");
    assert_eq!(chart.of(ANC)[0].when, chart.of(Concept::known("platelets"))[0].when);
}
