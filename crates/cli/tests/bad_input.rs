//! Bad input is told, with its place, and ends the program with the promised number; nothing is guessed and
//! nothing dropped in silence.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
use common::*;
use std::path::Path;

const HEADER: &str = "patient,time,what,value,unit,until,route,note\n";

fn written(folder: &Path, name: &str, bytes: &[u8]) -> String {
    std::fs::write(folder.join(name), bytes).unwrap();
    name.to_owned()
}

/// Assesses bytes; gives how it ended, standard output and standard error.
fn assessed(bytes: &[u8], more: &[&str]) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let name = written(folder.path(), "input", bytes);
    let words: Vec<&str> =
        ["assess", &name, "--format", "json"].into_iter().chain(more.iter().copied()).collect();
    let output = run(folder.path(), &words);
    (code(&output), out(&output), err(&output))
}

const ROWS: &str = "A,2026-01-10T09:00+08:00,infusion,tisagenlecleucel,,,,\nA,2026-01-12T08:00+08:00,temperature,38.5,Cel,,,\n";

/// Row X2: spellings of a table that are no fault.
#[test]
fn marks_separators_and_line_ends_make_no_difference() {
    let plain = assessed(format!("{HEADER}{ROWS}").as_bytes(), &[]);
    assert_eq!(plain.0, 0, "{}", plain.2);
    assert!(plain.1.contains("\"patient\":\"A\""));
    let marked = format!("\u{feff}{HEADER}{ROWS}");
    let semicolons = format!("{HEADER}{ROWS}").replace(',', ";");
    let tabs = format!("{HEADER}{ROWS}").replace(',', "\t");
    let windows = format!("{HEADER}{ROWS}").replace('\n', "\r\n");
    for other in [marked, semicolons, tabs, windows] {
        assert_eq!(assessed(other.as_bytes(), &[]), plain, "{other}");
    }
    let wide: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain(format!("{HEADER}{ROWS}").encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    assert_eq!(assessed(&wide, &[]), plain);
}

#[test]
fn a_line_end_in_quotes_belongs_to_its_cell() {
    let table = format!(
        "{HEADER}{ROWS}A,2026-01-12T09:00+08:00,temperature,39,Cel,,,\"given\nafter, \"\"food\"\"\"\nA,2026-01-12T10:00+08:00,nonsense,,,,,\n"
    );
    let (ends, _, said) = assessed(table.as_bytes(), &[]);
    assert_eq!(ends, 1);
    assert!(said.contains("line 6"), "lines are counted as an editor counts them: {said}");
    let (ends, _, said) = assessed(format!("{HEADER}A,2026-01-12,\"temperature,38,Cel,,,\n").as_bytes(), &[]);
    assert_eq!(ends, 3);
    assert!(said.contains("line 2") && said.contains("quote"), "{said}");
}

#[test]
fn big5_is_refused_until_it_is_said() {
    // “體溫” in Big5, in a table whose header is not Chinese.
    let table: Vec<u8> =
        [HEADER.as_bytes(), ROWS.as_bytes(), b"A,2026-01-12T09:00+08:00,\xC5\xE9\xB7\xC5,39,Cel,,,\n"]
            .concat();
    let (ends, answer, said) = assessed(&table, &[]);
    assert_eq!((ends, answer.as_str()), (3, ""));
    assert!(said.contains("--encoding big5") && said.contains("line 4"), "{said}");
    let (ends, answer, said) = assessed(&table, &["--encoding", "big5"]);
    assert_eq!(ends, 0, "{said}");
    assert!(answer.contains("39 °C"), "{answer}");
    let (ends, _, said) =
        assessed(&[HEADER.as_bytes(), b"A,2026-01-12,x\xff\xff,1,,,,\n"].concat(), &["--encoding", "big5"]);
    assert_eq!(ends, 3);
    assert!(said.contains("not Big5"), "{said}");
}

#[test]
fn documents_that_are_no_json_or_no_fhir() {
    let deep =
        format!("{{\"resourceType\":\"Bundle\",\"entry\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    for (bytes, says) in [
        (&BUNDLE.as_bytes()[..BUNDLE.len() / 2], "truncated"),
        (deep.as_bytes(), "nested deeper"),
        (b"{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"\xff\"}}]}", "not UTF-8"),
        (b"", "empty"),
        (b" \r\n\t\n", "empty"),
        (b"<?xml version=\"1.0\"?><Bundle xmlns=\"http://hl7.org/fhir\"/>", "XML"),
        (b"{\"a\":1}", "resourceType"),
        (b"hello world", "column"),
        (b"\x00\x01\x02\x03,,,\n", "zero byte"),
        (b"patient,value\nA,1\n", "time"),
    ] {
        let (ends, answer, said) = assessed(bytes, &[]);
        assert_eq!((ends, answer.as_str()), (3, ""), "{says}: {said}");
        assert!(said.contains(says) && said.starts_with("vena: input: "), "{says}: {said}");
        let (ends, _, chinese) = assessed(bytes, &["--lang", "zh-TW"]);
        assert_eq!(ends, 3);
        assert!(chinese.chars().any(|c| ('\u{4e00}'..'\u{9fff}').contains(&c)), "{chinese}");
    }
}

/// Rows X2, X8: each wrong row is told with its line; the others count.
#[test]
fn rows_that_cannot_be_read_are_told_with_their_lines() {
    for (row, says) in [
        ("A,2026-01-12T09:00+08:00,moon phase,full,,,,", "moon phase"),
        ("A,2026-01-12T09:00+08:00,temperature,39,,,,", "unit"),
        ("A,2026-01-12T09:00+08:00,CRP,12,Cel,,,", "Cel"),
        ("A,2026-01-12T09:00+08:00,temperature,390,Cel,,,", "390"),
        ("A,2026-01-12T09:00+08:00,ANC,-1,/uL,,,", "-1"),
        ("A,2026-01-12T09:00+08:00,temperature,warm,Cel,,,", "warm"),
        ("A,yesterday,temperature,38,Cel,,,", "yesterday"),
        ("A,2026-01-12T09:00,temperature,38,Cel,,,", "offset"),
        ("A,2026-01-12T09:00+08:00,oxygen device,something odd,,,,", "something odd"),
        (",2026-01-12T09:00+08:00,temperature,38,Cel,,,", "patient"),
    ] {
        let (ends, answer, said) = assessed(format!("{HEADER}{ROWS}{row}\n").as_bytes(), &[]);
        assert_eq!(ends, 1, "{row}: {said}");
        assert!(said.contains("line 4") && said.contains(says), "{row}: {said}");
        assert!(answer.contains("\"patient\":\"A\""), "{row}");
        if !row.starts_with(',') {
            assert!(answer.contains("\"problems\":[{") && answer.contains("line 4"), "{row}: {answer}");
        }
    }
}

#[test]
fn what_is_odd_is_kept_and_marked() {
    for (row, says) in [
        ("A,2026-01-12T09:00+08:00,temperature,44,Cel,,,", "44"),
        ("A,2999-01-12T09:00+08:00,temperature,38,Cel,,,", "2999"),
        ("A,,birth date,2026-01-11,,,,", "birth"),
    ] {
        let (ends, answer, said) = assessed(format!("{HEADER}{ROWS}{row}\n").as_bytes(), &[]);
        assert!(said.contains(says), "{row}: {said}");
        assert!(answer.contains("\"kept\":true"), "{row}: {answer}");
        assert_eq!(ends, 0, "nothing was refused: {said}");
    }
}

/// Which journey is asked, never guessed.
#[test]
fn two_infusions_are_asked_about() {
    let table = format!(
        "{HEADER}B,2025-01-10,infusion,,,,,\nB,2026-01-10,infusion,,,,,\nB,2026-01-12T08:00+08:00,temperature,39,Cel,,,\n"
    );
    let (ends, answer, _) = assessed(table.as_bytes(), &["--zone", "Asia/Taipei"]);
    assert_eq!(ends, 0);
    assert!(
        answer.contains("\"crs\":{\"status\":\"not-assessable\"") && answer.contains("which one"),
        "{answer}"
    );
    let (_, answer, _) = assessed(table.as_bytes(), &["--zone", "Asia/Taipei", "--infusion", "2"]);
    assert!(answer.contains("\"day\":2") && !answer.contains("which one"), "{answer}");
}

#[test]
fn the_same_bundle_twice_is_one_patient_with_the_same_facts() {
    let folder = place();
    std::fs::copy(folder.path().join("bundle.json"), folder.path().join("again.json")).unwrap();
    let once = out(&expect(
        folder.path(),
        &["assess", "bundle.json", "--format", "json", "--zone", "Asia/Taipei"],
        0,
    ));
    let twice = out(&expect(
        folder.path(),
        &["assess", "bundle.json", "again.json", "--format", "json", "--zone", "Asia/Taipei"],
        0,
    ));
    let findings =
        |text: &str| lines_of(text).into_iter().map(|line| line["findings"].clone()).collect::<Vec<_>>();
    assert_eq!(lines_of(&twice).len(), 1);
    assert_eq!(findings(&once), findings(&twice));
}

#[test]
fn people_who_contradict_themselves_are_told() {
    let folder = place();
    std::fs::write(folder.path().join("other.json"), BUNDLE.replace("1970-02-03", "1988-01-01")).unwrap();
    let output = run(
        folder.path(),
        &["assess", "bundle.json", "other.json", "--zone", "Asia/Taipei", "--format", "json"],
    );
    assert!(err(&output).contains("1970-02-03") && err(&output).contains("1988-01-01"), "{}", err(&output));
    assert_eq!(code(&output), 1);
}

/// A folder: what cannot be read is named, the rest is answered; one patient in several files is one line.
#[test]
fn folders_answer_what_they_can() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("in/deeper");
    std::fs::create_dir_all(&inner).unwrap();
    std::fs::write(
        folder.path().join("in/vitals.csv"),
        format!("{HEADER}A,2026-01-12T08:00+08:00,temperature,38.5,Cel,,,\n"),
    )
    .unwrap();
    std::fs::write(inner.join("journey.csv"), format!("{HEADER}A,2026-01-10T09:00+08:00,infusion,,,,,\n"))
        .unwrap();
    std::fs::write(
        inner.join("person.json"),
        r#"{"resourceType":"Patient","id":"A","birthDate":"2020-05-01","gender":"male"}"#,
    )
    .unwrap();
    std::fs::write(inner.join("broken.json"), "{\"resourceType\":\"Bundle\",").unwrap();
    std::fs::write(inner.join("notes.doc"), "not looked at").unwrap();
    let output = run(folder.path(), &["assess", "in", "--format", "json", "--zone", "Asia/Taipei"]);
    assert_eq!(code(&output), 1, "{}", err(&output));
    assert!(err(&output).contains("broken.json"), "{}", err(&output));
    let lines = lines_of(&out(&output));
    assert_eq!(lines.len(), 1, "{}", out(&output));
    assert_eq!(lines[0]["day"], 2);
    assert_eq!(lines[0]["findings"]["crs"]["low"], 1);
    let empty = tempfile::tempdir().unwrap();
    std::fs::create_dir(empty.path().join("in")).unwrap();
    assert_eq!(code(&run(empty.path(), &["assess", "in"])), 3);
}

#[test]
fn standard_input_is_told_apart_by_content() {
    let folder = tempfile::tempdir().unwrap();
    for input in [format!("{HEADER}{ROWS}"), BUNDLE.to_owned()] {
        let output = run_with(folder.path(), &["assess", "-", "--format", "json"], input.as_bytes());
        assert_eq!(code(&output), 0, "{}", err(&output));
        assert_eq!(lines_of(&out(&output)).len(), 1);
    }
    assert_eq!(code(&run_with(folder.path(), &["assess", "-"], b"")), 3);
}

/// Rows X2, X5, X8: every line keeps to the schema that is printed.
#[test]
fn every_line_keeps_to_the_printed_schema() {
    let folder = place();
    let schema = out(&expect(folder.path(), &["schema", "assess"], 0));
    let validator = jsonschema::draft202012::new(&serde_json::from_str(&schema).unwrap()).unwrap();
    expect(folder.path(), &["simulate", "--journeys", "12", "--out", "programme.csv"], 0);
    let mut seen = 0;
    for at in [&[][..], &["--at", "2026-01-12"], &["--at", "2025-12-01", "--known-at", "2025-12-01"]] {
        for file in ["cohort.csv", "bundle.json", "programme.csv"] {
            let words: Vec<&str> = ["assess", file, "--format", "json", "--zone", "Asia/Taipei"]
                .into_iter()
                .chain(at.iter().copied())
                .collect();
            for line in lines_of(&out(&run(folder.path(), &words))) {
                let problems: Vec<String> = validator.iter_errors(&line).map(|e| e.to_string()).collect();
                assert!(problems.is_empty(), "{problems:?}\n{line}");
                for scale in ["crs", "icans", "icaht_early", "icaht_late", "car_hematotox"] {
                    assert!(line["findings"].get(scale).is_some(), "{scale}");
                }
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 3 * (3 + 1 + 12));
}

/// The order of input does not matter, and known-at hides what was recorded later.
#[test]
fn a_later_record_is_not_seen_before() {
    let table = "patient,time,what,value,unit,recorded\n\
        A,2026-01-10T09:00+08:00,infusion,,,2026-01-10T09:30+08:00\n\
        A,2026-01-12T08:00+08:00,temperature,39,Cel,2026-01-13T08:00+08:00\n";
    let (_, late, _) = assessed(table.as_bytes(), &["--at", "2026-01-12", "--known-at", "2026-01-14"]);
    let (_, early, _) = assessed(table.as_bytes(), &["--at", "2026-01-12", "--known-at", "2026-01-12"]);
    assert!(late.contains("39 °C") && !early.contains("39 °C"), "{early}");
}

/// Nothing held against `| head`.
#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let folder = place();
    expect(folder.path(), &["simulate", "--journeys", "300", "--out", "programme.csv"], 0);
    let mut child = vena(folder.path())
        .args(["assess", "programme.csv", "--zone", "Asia/Taipei"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}

/// Row X2: numbers, times and columns as spreadsheets spoil them, each told with its line and what to write,
/// in both languages; bounds stay bounds.
#[test]
fn what_spreadsheets_spoil_is_told() {
    for (row, english, chinese) in [
        ("A,2026-01-12T09:00+08:00,ANC,\"0,5\",10*9/L,,,", "comma", "逗號"),
        ("A,2026-01-12T09:00+08:00,platelets,\"200,000\",/uL,,,", "thousands", "千分位"),
        ("A,12-Mar-2024,temperature,38,Cel,,,", "begin with the year", "不以年份開頭"),
        ("A,113/3/12,temperature,38,Cel,,,", "113 is 2024", "西元 2024"),
        ("A,113年3月12日,temperature,38,Cel,,,", "113 is 2024", "西元 2024"),
        ("A,45363.375,temperature,38,Cel,,,", "day number", "日期序號"),
        ("A,2026-01-12T09:00+08:00,temperature,Cel,38,,,", "each other's column", "填反"),
        ("A,2026-01-12T09:00+08:00,38.5,temperature,Cel,,,", "not in the catalogue", "目錄中沒有"),
        ("A,2026-01-12T09:00+08:00,hypotention,yes,,,,", "Hypotension?", "低血壓？"),
        ("A,2026-01-12T09:00+08:00,temperature,101,Cel,,,", "101 °F?", "101 °F？"),
    ] {
        let table = format!("{HEADER}{ROWS}{row}\n");
        let (ends, answer, said) = assessed(table.as_bytes(), &[]);
        assert_eq!(ends, 1, "{row}: {said}");
        assert!(said.contains("line 4") && said.contains(english), "{row}: {said}");
        assert!(answer.contains("\"patient\":\"A\""), "{row}");
        let (_, _, said) = assessed(table.as_bytes(), &["--lang", "zh-TW"]);
        assert!(said.contains("第 4 列") && said.contains(chinese), "{row}: {said}");
    }
    let bounds = format!(
        "{HEADER}{ROWS}A,2026-01-12T09:00+08:00,CRP,<0.1,mg/dL,,,\nA,2026-01-12T09:00+08:00,ferritin,>5000,ng/mL,,,\n"
    );
    let (ends, answer, said) = assessed(bounds.as_bytes(), &[]);
    assert_eq!((ends, said.as_str()), (0, ""), "{answer}");
    let plain = format!("{HEADER}{ROWS}A,2026/1/12 下午 3:05,temperature,３９．１,℃,,,\n");
    let (ends, answer, said) = assessed(plain.as_bytes(), &["--zone", "Asia/Taipei"]);
    assert_eq!(ends, 0, "{said}");
    assert!(answer.contains("2026-01-12T15:05:00+08:00"), "{answer}");
    let (ends, _, said) = assessed(b"patient,time,what,value,Value\nA,1,2,3,4\n", &[]);
    assert_eq!(ends, 3);
    assert!(said.contains("line 1") && said.contains("twice"), "{said}");
    let (_, _, said) = assessed(b"[1]", &["--lang", "zh-TW"]);
    assert!(said.contains("應為FHIR 資源"), "{said}");
}

/// Row X2: a laboratory value that comes later does not make the last bedside grade today's, nor hide it.
#[test]
fn a_late_laboratory_value_does_not_hide_the_last_grade() {
    let table = format!(
        "{HEADER}{ROWS}A,2026-01-12T08:00+08:00,hypotension,none,,,,\nA,2026-01-12T08:00+08:00,oxygen device,none,,,,\nA,2026-01-20T08:00+08:00,ANC,0.4,10*9/L,,,\n"
    );
    let (ends, answer, said) = assessed(table.as_bytes(), &["--zone", "Asia/Taipei"]);
    assert_eq!(ends, 0, "{said}");
    let crs = &lines_of(&answer)[0]["findings"]["crs"];
    assert_ne!(crs["status"], "value", "{crs}");
    assert_eq!(crs["last_assessable"]["at"], "2026-01-12T08:00:00+08:00");
    assert_eq!(crs["last_assessable"]["value"], 1);
}
