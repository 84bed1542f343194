//! CRS where the record is less than sharp: times known only to the day, doses by other routes, readings
//! beside a statement, oxygen without a device.
#![allow(clippy::unwrap_used)]

mod support;
use support::{chart, check, finding, missing};
use vena_clinical::{Finding, Status};

const FEVER: &str = "D+1 09:00 | body temperature | 38.5 Cel\n";
const ROOM_AIR: &str = "D+1 09:00 | oxygen device | none\n";
const NO_HYPOTENSION: &str = "D+1 09:00 | hypotension | none\n";

#[track_caller]
fn crs(lines: &str, expected: &str) -> Finding {
    check("crs", lines, "D+1 10:00", expected)
}

#[track_caller]
fn asked(chart_lines: &str, at: &str, expected: &str) -> Finding {
    let found = finding(&chart(chart_lines), "crs", at);
    assert_eq!(found.brief(), expected, "{chart_lines}: {found:#?}");
    found
}

fn notes(found: &Finding) -> String {
    found.notes.iter().map(|note| format!("{} {}\n", note.en, note.zh_tw)).collect()
}

fn questions(found: &Finding) -> String {
    found
        .settled_by
        .iter()
        .map(|settle| format!("{} {}\n", settle.question.en, settle.question.zh_tw))
        .collect()
}

fn used(found: &Finding) -> String {
    found
        .because
        .iter()
        .map(|r| format!("{} {} {} {}\n", r.label.en, r.label.zh_tw, r.used.en, r.used.zh_tw))
        .collect()
}

/// Row X2: a morning's fever may have come before an infusion of which only the day is known.
#[test]
fn an_infusion_known_only_to_the_day_leaves_that_days_values_open() {
    let signs = "D0 06:00 | hypotension | none\nD0 06:00 | oxygen device | none\n";
    let found =
        asked(&format!("D0 | infusion |\n{signs}D0 06:00 | body temperature | 38.5 Cel"), "D0 20:00", "0–1");
    assert!(notes(&found).contains("known only to the day") && notes(&found).contains("輸注僅記錄到日期"));
    assert!(questions(&found).contains("At what time were the cells infused?"));
    assert_eq!(missing(&found)[0], "infusion");
    // With the clock time there is no doubt in either direction.
    asked(
        &format!("D0 10:00 | infusion |\n{signs}D0 06:00 | body temperature | 38.5 Cel"),
        "D0 20:00",
        "0–1",
    );
    let sure = asked(
        &format!("D0 05:00 | infusion |\n{signs}D0 06:00 | body temperature | 38.5 Cel"),
        "D0 20:00",
        "1",
    );
    assert!(!notes(&sure).contains("known only to the day"));
    // A drug of that morning may be premedication, and then it waives nothing.
    let drug = "D0 06:30 | paracetamol | 500 mg | route po\nD0 06:00 | body temperature | 38.5 Cel\nD0 15:00 | body temperature | 37 Cel\nD0 15:00 | hypotension | no-vasopressor\nD0 15:00 | oxygen device | none\n";
    asked(&format!("D0 | infusion |\n{drug}"), "D0 20:00", "0–2");
    // The next day the order of that day no longer matters.
    let next = "D+1 06:00 | body temperature | 38.5 Cel\nD+1 06:00 | hypotension | none\nD+1 06:00 | oxygen device | none\n";
    asked(&format!("D0 | infusion |\n{next}"), "D+1 08:00", "1");
}

/// Rows X2, X8: a month has no day 0.
#[test]
fn an_infusion_known_only_to_the_month_grades_nothing() {
    let mut facts = support::facts(&format!("{FEVER}{ROOM_AIR}{NO_HYPOTENSION}"));
    let mut infusion = support::fact("D0 | infusion |");
    infusion.when = vena_base::When::parse("2026-03", None).unwrap();
    facts.push(infusion);
    let chart = vena_base::Chart::new("p", support::zone(), facts);
    for scale in ["crs", "icans", "icaht_early", "icaht_late", "car_hematotox"] {
        let found = finding(&chart, scale, "D+1 10:00");
        assert_eq!(found.status, Status::NotAssessable, "{scale}");
        assert!(questions(&found).contains("which day") && questions(&found).contains("哪一天"), "{scale}");
    }
}

/// Row X2.
#[test]
fn two_drugs_that_change_over_on_one_day_are_not_surely_two() {
    let base = format!("{FEVER}{ROOM_AIR}");
    let over =
        "D0 | norepinephrine | 0.1 ug/kg/min | until D+1\nD+1 | epinephrine | 0.1 ug/kg/min | until D+2\n";
    let found = crs(&format!("{base}{over}"), "≥3");
    assert_eq!((found.low, found.high), (Some(3), Some(4)));
    assert!(used(&found).contains("known only to this day") && used(&found).contains("僅記錄到當日"));
    assert!(questions(&found).contains("norepinephrine"));
    // The days before and after are certain.
    let fever = "D+2 09:00 | body temperature | 38.5 Cel\nD+2 09:00 | oxygen device | none\n";
    check("crs", &format!("{fever}{over}"), "D+2 10:00", "≥1");
    let three =
        "D0 | norepinephrine | 0.1 ug/kg/min | until D+1\nD+1 | epinephrine | 0.1 ug/kg/min | until D+3\n";
    check("crs", &format!("{fever}{three}"), "D+2 10:00", "3");
    // A stop known only to the day may lie ahead.
    let stop = "D0 12:00 | norepinephrine | 0.1 ug/kg/min\nD+1 | norepinephrine | stopped\nD+1 08:00 | epinephrine | 0.1 ug/kg/min\n";
    let found = crs(&format!("{base}{stop}"), "≥3");
    assert_eq!(found.high, Some(4));
    // A drug of one day only.
    let one = crs(&format!("{base}D+1 | norepinephrine | 0.1 ug/kg/min | until D+1"), "≥1");
    assert!(questions(&one).contains("norepinephrine"));
    // With clock times a change-over is one after the other.
    crs(
        &format!(
            "{base}D0 12:00 | norepinephrine | 0.1 ug/kg/min | until D+1 08:00\nD+1 08:00 | epinephrine | 0.1 ug/kg/min"
        ),
        "3",
    );
    // An end before the start is no end.
    let wrong = crs(&format!("{base}D+1 08:00 | norepinephrine | 0.1 ug/kg/min | until D0 08:00"), "≥1");
    assert!(!wrong.settled_by.is_empty());
}

/// Row X2.
#[test]
fn a_dose_by_another_route_is_no_vasopressor() {
    let base = format!("{FEVER}{ROOM_AIR}");
    for route in [
        "im",
        "IM",
        "sc",
        "inhaled",
        "霧化吸入",
        "topical",
        "nebulized",
        "Intramuscular route (qualifier value)",
        "78421000",
        "肌肉注射",
    ] {
        let found = crs(&format!("{base}D+1 09:00 | epinephrine | 0.3 mg | route {route}"), "≥1");
        assert_eq!(found.high, Some(4), "{route}");
        assert!(used(&found).contains("does not count") && used(&found).contains("不計入"), "{route}");
        crs(&format!("{base}D+1 09:00 | epinephrine | 0.3 mg | route {route}\n{NO_HYPOTENSION}"), "1");
    }
    // A push dose into a vein: it may be the only one.
    let push = crs(&format!("{base}D+1 09:00 | epinephrine | 0.01 mg | route iv"), "≥1");
    assert!(questions(&push).contains("single dose") && questions(&push).contains("單次"));
    crs(&format!("{base}D+1 09:00 | epinephrine | 0.01 mg | route iv\nD+1 09:30 | hypotension | none"), "1");
    crs(&format!("{base}D+1 09:00 | epinephrine | 0.01 mg | route iv\n{NO_HYPOTENSION}"), "1–3");
    // Beside an infusion a single dose takes nothing away and adds at most one.
    crs(
        &format!(
            "{base}D+1 08:00 | norepinephrine | 0.1 ug/kg/min | route iv\nD+1 09:00 | norepinephrine | 0.01 mg | route iv"
        ),
        "3",
    );
    let two = crs(
        &format!(
            "{base}D+1 08:00 | norepinephrine | 0.1 ug/kg/min | route iv\nD+1 09:00 | epinephrine | 0.01 mg | route iv"
        ),
        "≥3",
    );
    assert_eq!((two.low, two.high), (Some(3), Some(4)));
    crs(
        &format!(
            "{base}D+1 08:00 | norepinephrine | 0.1 ug/kg/min\nD+1 09:00 | epinephrine | 0.3 mg | route im"
        ),
        "3",
    );
    // What is never given as a single dose runs; so does what has an end, or is only said to be given.
    crs(&format!("{base}D+1 08:00 | norepinephrine | 4 mg | route iv"), "3");
    crs(&format!("{base}D+1 08:00 | norepinephrine | 4 mg | until D+1 12:00"), "3");
    crs(&format!("{base}D+1 08:00 | norepinephrine |"), "3");
    crs(&format!("{base}D+1 08:00 | epinephrine | 0.1 ug/kg/min\nD+1 08:00 | vasopressin | 0.03 U/min"), "3");
}

/// Row X2: a low reading beside “none” asks and leaves the grade open upwards.
#[test]
fn a_low_reading_beside_a_statement_asks() {
    let base = format!("{FEVER}{ROOM_AIR}{NO_HYPOTENSION}");
    crs(&base, "1");
    for reading in [
        "systolic pressure | 89 mm[Hg]",
        "MAP | 64 mm[Hg]",
        "DBP | 49 mm[Hg]",
        "systolic pressure | <90 mm[Hg]",
    ] {
        for minute in ["08:45", "09:00", "09:30"] {
            let found = crs(&format!("{base}D+1 {minute} | {reading}"), "≥1");
            assert_eq!(missing(&found), ["hypotension"], "{reading} {minute}");
            assert!(
                questions(&found).contains("is this hypotension") && questions(&found).contains("低血壓")
            );
        }
        crs(&format!("{base}D+1 08:44 | {reading}"), "1");
    }
    for reading in ["systolic pressure | 90 mm[Hg]", "MAP | 65 mm[Hg]", "DBP | 50 mm[Hg]", "SpO2 | 92 %"] {
        crs(&format!("{base}D+1 09:00 | {reading}"), "1");
    }
    for minute in ["08:45", "09:00", "09:30"] {
        let found = crs(&format!("{base}D+1 {minute} | SpO2 | 91 %"), "≥1");
        assert_eq!(missing(&found), ["oxygen-device"]);
        assert!(questions(&found).contains("91 %"));
    }
    crs(&format!("{base}D+1 08:44 | SpO2 | 91 %"), "1");
    // A newer good reading answers it; of two at once the low one asks.
    crs(&format!("{base}D+1 09:00 | MAP | 60 mm[Hg]\nD+1 09:05 | MAP | 75 mm[Hg]"), "1");
    crs(&format!("{base}D+1 09:00 | MAP | 60 mm[Hg]\nD+1 09:00 | MAP | 75 mm[Hg]"), "≥1");
    // Without a statement a low mean pressure is named in the question.
    let found = crs(&format!("{FEVER}{ROOM_AIR}D+1 09:00 | MAP | 60 mm[Hg]"), "≥1");
    assert!(questions(&found).contains("60 mmHg"), "{}", questions(&found));
    // Hypotension that has another cause is explained already.
    crs(
        &format!(
            "{FEVER}{ROOM_AIR}D+1 09:00 | hypotension | no-vasopressor | cause cardiac\nD+1 09:00 | MAP | 60 mm[Hg]"
        ),
        "1",
    );
}

/// Row X2: a cause given for what was seen does not hide what can no longer be told.
#[test]
fn a_cause_does_not_hide_what_may_be_worse() {
    let base = format!(
        "{FEVER}{ROOM_AIR}D+1 08:00 | hypotension | no-vasopressor\nD+1 08:05 | hypotension-cause | infection\n"
    );
    crs(&base, "1");
    crs(&format!("{base}D+1 09:00 | hypotension | not assessed"), "≥1");
    let found = crs(&format!("{base}D+1 09:00 | hypotension | present-vasopressor-unknown"), "≥1");
    assert_eq!(found.high, Some(4));
    // The words for a cause are not codes.
    let fever = format!("D+1 09:00 | body temperature | 38.5 Cel | cause other\n{ROOM_AIR}{NO_HYPOTENSION}");
    assert!(used(&crs(&fever, "0")).contains("另有原因（其他）"));
}

/// Row X2: only what reaches the whole body takes fever away.
#[test]
fn a_drug_given_locally_leaves_fever_needed() {
    let base = "D+1 06:00 | body temperature | 38.5 Cel\nD+1 09:00 | body temperature | 37 Cel\nD+1 09:00 | oxygen device | none\nD+1 09:00 | hypotension | no-vasopressor\n";
    let with = |line: &str, expected: &str| crs(&format!("{base}D+1 07:00 | {line}"), expected);
    for route in ["iv", "po", "im", "rectal", "NG", "靜脈注射", "塞劑"] {
        with(&format!("dexamethasone | 10 mg | route {route}"), "2");
        with(&format!("paracetamol | 500 mg | route {route}"), "2");
    }
    for route in ["eye", "inhaled", "topical", "眼藥水", "nasal spray", "EXT"] {
        let found = with(&format!("dexamethasone | 1 mg | route {route}"), "0–2");
        assert!(
            used(&found).contains("fever is still needed") && used(&found).contains("仍需有發燒"),
            "{route}"
        );
    }
    with("diclofenac | 1 mg | route gel", "0–2");
    let stated = format!(
        "{base}D+1 07:00 | dexamethasone | 1 mg | route eye\nD+1 09:00 | antipyretic-therapy | none-given"
    );
    crs(&stated, "0");
    // Into the spinal canal it may reach the body: an older “none given” does not settle it.
    let open = with("methylprednisolone | 40 mg | route intrathecal", "0–2");
    assert!(used(&open).contains("stays open"));
    crs(
        &format!(
            "{base}D+1 06:30 | antipyretic-therapy | none-given\nD+1 07:00 | methylprednisolone | 40 mg | route it"
        ),
        "0–2",
    );
    // Not told, or not understood: taken as systemic, and said.
    let unsaid = with("dexamethasone | 10 mg", "2");
    assert!(used(&unsaid).contains("taken as systemic") && used(&unsaid).contains("視為全身給藥"));
    assert!(used(&with("dexamethasone | 10 mg | route zzz", "2")).contains("not understood"));
    assert!(!used(&with("tocilizumab | 480 mg", "2")).contains("route"));
}

/// Row X2.
#[test]
fn oxygen_without_a_device_and_at_other_times() {
    let base = format!("{FEVER}{NO_HYPOTENSION}");
    let fraction = crs(&format!("{base}D+1 09:00 | FiO2 | 40 %"), "≥2");
    assert_eq!((fraction.high, missing(&fraction)), (Some(4), vec!["oxygen-device"]));
    crs(&format!("{base}D+1 09:00 | FiO2 | 22 %"), "≥2");
    crs(&format!("{base}D+1 09:00 | FiO2 | 21 %"), "≥1");
    crs(&format!("{base}{ROOM_AIR}D+1 09:00 | FiO2 | 21 %"), "1");
    crs(&format!("{base}{ROOM_AIR}D+1 08:00 | FiO2 | 40 %"), "1");
    crs(&format!("{base}{ROOM_AIR}D+1 09:30 | FiO2 | 40 %"), "≥2");
    // At the same time as “room air” they contradict each other.
    crs(&format!("{base}{ROOM_AIR}D+1 09:00 | FiO2 | 40 %"), "≥1");
    crs(&format!("{base}{ROOM_AIR}D+1 09:00 | oxygen flow | 4 L/min"), "1–3");
    crs(&format!("{base}{ROOM_AIR}D+1 08:00 | oxygen flow | 4 L/min"), "1");
    crs(&format!("{base}{ROOM_AIR}D+1 09:30 | oxygen flow | 4 L/min"), "2–3");
    crs(&format!("{base}D+1 09:00 | oxygen device | other"), "≥2");
    // A flow from before the cannula belongs to what came before.
    crs(
        &format!("{base}D+1 08:00 | oxygen flow | 8 L/min\nD+1 09:00 | oxygen device | nasal cannula"),
        "2–3",
    );
    crs(&format!("{base}D+1 09:00 | oxygen device | nasal cannula\nD+1 09:30 | oxygen flow | 8 L/min"), "3");
    crs(
        &format!(
            "{base}D+1 08:00 | oxygen device | nasal cannula\nD+1 08:30 | oxygen flow | 3 L/min\nD+1 09:00 | oxygen device | nasal cannula"
        ),
        "2",
    );
    crs(
        &format!("{base}D+1 09:00 | oxygen device | nasal cannula\nD+1 09:30 | oxygen flow | not assessed"),
        "2–3",
    );
}

/// Row X2: what a person reads has no raw units and no unmarked oddities.
#[test]
fn values_are_told_as_people_read_them() {
    let mut facts = support::facts(&format!(
        "D0 10:00 | infusion |\n{ROOM_AIR}D+1 09:00 | MAP | 60 mm[Hg]\nD+1 09:00 | norepinephrine | 0.1 ug/kg/min"
    ));
    let mut fever = support::fact("D+1 09:00 | body temperature | 42.5 Cel");
    fever.flags.push(vena_base::Flag::Implausible);
    facts.push(fever);
    let chart = vena_base::Chart::new("p", support::zone(), facts);
    let told = used(&finding(&chart, "crs", "D+1 10:00"));
    assert!(told.contains("42.5 °C") && told.contains("µg/kg/min"), "{told}");
    assert!(told.contains("implausible: check it") && told.contains("請查核"), "{told}");
    assert!(!told.contains("mm[Hg]") && !told.contains("ug/kg"), "{told}");
}
