//! What `vena assess` prints: JSON that keeps to the published schema, and text with its reasons.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use serde_json::Value as Json;
use vena_base::Lang;
use vena_clinical::{Question, Rules, assess};
use vena_exchange::{
    assess::{SCHEMA, Told, assess_json, assess_text},
    table::{self, TableOptions},
};
use vena_knowledge::Knowledge;

const TABLE: &str = "patient,time,what,value,unit,until,route\n\
    A,,birth date,1990-05-01,,,\n\
    A,2026-01-10T09:00+08:00,infusion,axicabtagene ciloleucel,,,\n\
    A,2026-01-12T08:00+08:00,temperature,38.50,Cel,,\n\
    A,2026-01-12T08:00+08:00,oxygen device,none (room air),,,\n\
    A,2026-01-12T08:00+08:00,hypotension,none,,,\n\
    A,2026-01-12T08:00+08:00,ICE score,8,,,\n\
    A,2026-01-12T08:00+08:00,level of consciousness,alert,,,\n\
    A,2026-01-12T08:00+08:00,temperature,390,Cel,,\n\
    A,2026-01-11,ANC,400,/uL,,\n\
    A,2026-01-12,ANC,300,/uL,,\n\
    B,2026-01-12T08:00+08:00,temperature,39,Cel,,\n\
    C,2026-01-12T08:00+08:00,nonsense,39,Cel,,\n\
    D,2026-01-10T09:00+08:00,infusion,,,,\n\
    D,2026-01-12T08:00+08:00,temperature,39,Cel,,\n\
    D,2026-01-12T08:00+08:00,norepinephrine,,,,\n";

/// Every patient of the table, assessed at several instants.
fn lines() -> Vec<(String, String, String)> {
    let knowledge = Knowledge::embedded();
    let rules = Rules::choose(knowledge, &[]).unwrap();
    let options = TableOptions::at("2026-06-01T00:00:00Z".parse().unwrap());
    let file = table::read(TABLE.as_bytes(), &options, knowledge).unwrap();
    let mut out = Vec::new();
    for at in ["2026-01-01T00:00:00Z", "2026-01-12T04:00:00Z", "2026-03-01T00:00:00Z"] {
        let question = Question::at(at.parse().unwrap());
        file.for_each_in_order(
            |_, read| {
                let assessment = assess(&read.chart, &rules, &question);
                let told = Told {
                    assessment: &assessment,
                    zone: &read.chart.zone,
                    known_at: Some("2026-05-01T00:00:00Z".parse().unwrap()),
                    report: &read.report,
                    last: &[],
                };
                let text = |lang| assess_text(&told, lang, &knowledge.catalogue);
                (assess_json(&told), text(Lang::En), text(Lang::ZhTw))
            },
            |_, line| out.push(line),
        );
    }
    out
}

/// Rows X2, X8.
#[test]
fn json_keeps_to_the_published_schema() {
    let schema: Json = serde_json::from_str(SCHEMA).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let lines = lines();
    assert_eq!(lines.len(), 12);
    for (line, ..) in &lines {
        assert!(!line.contains('\n'));
        let json: Json = serde_json::from_str(line).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&json).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:?}\n{line}");
    }
}

#[test]
fn the_schema_refuses_what_is_not_to_it() {
    let schema: Json = serde_json::from_str(SCHEMA).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let good: Json = serde_json::from_str(&lines()[0].0).unwrap();
    assert!(validator.is_valid(&good));
    for (pointer, wrong) in [
        ("/findings/crs/status", Json::from("perhaps")),
        ("/findings/crs/value", Json::from(2.5)),
        ("/at", Json::from("yesterday")),
        ("/findings/icaht_early/days_le_500", Json::from("many")),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = wrong;
        assert!(!validator.is_valid(&bad), "{pointer}");
    }
    let mut bad = good;
    bad["findings"].as_object_mut().unwrap().remove("icans");
    assert!(!validator.is_valid(&bad));
}

#[test]
fn text_says_the_grade_and_why_in_both_languages() {
    let lines = lines();
    let (json, english, chinese) = &lines[4];
    assert!(json.contains("\"patient\":\"A\""), "{json}");
    assert!(english.starts_with("A · 2026-01-12T12:00:00+08:00 · D+2\n"), "{english}");
    assert!(english.contains("CRS: grade 1  [crs/astct@2019"), "{english}");
    assert!(english.contains("38.50") && english.contains("390"), "{english}");
    assert!(chinese.contains("CRS: 第 1 級"), "{chinese}");
    let (_, unsettled, _) = &lines[7];
    assert!(unsettled.contains("? "), "{unsettled}");
}
