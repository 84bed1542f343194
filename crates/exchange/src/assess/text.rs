//! An assessment as a person reads it in a terminal: the grade, why, what is missing and what would
//! settle it. Does no grading.

use super::{Told, shown};
use std::fmt::Write;
use vena_base::{Concept, Lang};
use vena_clinical::{Finding, Reason, Status};
use vena_knowledge::Catalogue;

/// A few lines of text on one patient, in one language, ending with a line end.
pub fn assess_text(told: &Told<'_>, lang: Lang, catalogue: &Catalogue) -> String {
    let Told { assessment, zone, known_at, report, .. } = *told;
    let mut out = String::new();
    let at = shown(assessment.at, zone);
    let day = assessment.day.map(|day| format!(" · D{day:+}")).unwrap_or_default();
    let _ = writeln!(out, "{} · {at}{day}", assessment.patient);
    if let Some(known_at) = known_at {
        let known = shown(known_at, zone);
        let _ = match lang {
            Lang::En => writeln!(out, "  as known at {known}"),
            Lang::ZhTw => writeln!(out, "  僅採用 {known} 前已記錄的資料"),
        };
    }
    if zone.assumed {
        let _ = match lang {
            Lang::En => {
                writeln!(out, "  days counted at {} (assumed; name the place with --zone)", zone.name())
            }
            Lang::ZhTw => writeln!(out, "  以 {} 計日（推定；請以 --zone 指定時區）", zone.name()),
        };
    }
    for note in &assessment.notes {
        let _ = writeln!(out, "  {}", note.get(lang));
    }
    for finding in &assessment.findings {
        write_finding(&mut out, finding, lang, catalogue);
        if let Some(last) = told.last_of(&finding.scale) {
            let (then, said) = (shown(last.at, zone), answer(&last.finding, lang));
            let _ = match lang {
                Lang::En => writeln!(out, "    ↶ last assessable at {then}: {said} then, not now"),
                Lang::ZhTw => writeln!(out, "    ↶ 最近一次可評估：{then} 當時為{said}，並非目前分級"),
            };
        }
    }
    for line in report.lines(lang) {
        let _ = writeln!(out, "  ! {line}");
    }
    out
}

/// What a scale is called.
fn scale_name(scale: &str, lang: Lang) -> &str {
    match (scale, lang) {
        ("crs", _) => "CRS",
        ("icans", _) => "ICANS",
        ("icaht_early", Lang::En) => "ICAHT early",
        ("icaht_early", Lang::ZhTw) => "ICAHT 早期",
        ("icaht_late", Lang::En) => "ICAHT late",
        ("icaht_late", Lang::ZhTw) => "ICAHT 晚期",
        ("car_hematotox", _) => "CAR-HEMATOTOX",
        (other, _) => other,
    }
}

/// The answer in words: `grade 2`, `at least grade 2 (up to 4)`, `1 to 3`.
fn answer(finding: &Finding, lang: Lang) -> String {
    let score = finding.scale.as_ref() == "car_hematotox";
    let grade = |n: u8| match (lang, score) {
        (Lang::En, true) => format!("score {n}"),
        (Lang::En, false) => format!("grade {n}"),
        (Lang::ZhTw, true) => format!("{n} 分"),
        (Lang::ZhTw, false) => format!("第 {n} 級"),
    };
    match (finding.status, finding.low, finding.high, lang) {
        (Status::Value, Some(low), ..) => grade(low),
        (Status::AtLeast, Some(low), Some(high), Lang::En) => {
            format!("at least {} (up to {high})", grade(low))
        }
        (Status::AtLeast, Some(low), Some(high), Lang::ZhTw) => {
            format!("至少{}（最高 {high}）", grade(low))
        }
        (Status::Interval, Some(low), Some(high), Lang::En) => format!("{} to {high}", grade(low)),
        (Status::Interval, Some(low), Some(high), Lang::ZhTw) => format!("{}至 {high}", grade(low)),
        (Status::NotApplicable, _, _, Lang::En) => "not applicable".to_owned(),
        (Status::NotApplicable, _, _, Lang::ZhTw) => "不適用".to_owned(),
        (_, _, _, Lang::En) => "not assessable".to_owned(),
        (_, _, _, Lang::ZhTw) => "無法評估".to_owned(),
    }
}

fn write_finding(out: &mut String, finding: &Finding, lang: Lang, catalogue: &Catalogue) {
    let provisional = match (finding.provisional, lang) {
        (false, _) => "",
        (true, Lang::En) => " · provisional",
        (true, Lang::ZhTw) => " · 暫定",
    };
    let name = scale_name(&finding.scale, lang);
    let _ = writeln!(out, "  {name}: {}  [{}{provisional}]", answer(finding, lang), finding.rule);
    if let (Some(at_500), at_100) = (finding.days_le_500, finding.days_le_100) {
        let at_100 = at_100.unwrap_or(0);
        let _ = match lang {
            Lang::En => writeln!(out, "    days ≤ 500/µL: {at_500} · days ≤ 100/µL: {at_100}"),
            Lang::ZhTw => writeln!(out, "    ≤ 500/µL：{at_500} 天 · ≤ 100/µL：{at_100} 天"),
        };
    }
    for reason in finding.because.iter().filter(|reason| reason.deciding) {
        write_reason(out, "▸", reason, lang);
    }
    for reason in finding.because.iter().filter(|reason| !reason.deciding) {
        write_reason(out, "·", reason, lang);
    }
    let named = |concept: &Concept| {
        catalogue.get(*concept).map_or(concept.as_str(), |info| info.name.get(lang)).to_owned()
    };
    if !finding.missing.is_empty() {
        let missing: Vec<String> = finding.missing.iter().map(named).collect();
        let _ = match lang {
            Lang::En => writeln!(out, "    missing: {}", missing.join(", ")),
            Lang::ZhTw => writeln!(out, "    缺少：{}", missing.join("、")),
        };
    }
    for settle in &finding.settled_by {
        let _ = writeln!(out, "    ? {}", settle.question.get(lang));
    }
    for (rule, other) in &finding.differs {
        let _ = match lang {
            Lang::En => writeln!(out, "    {rule} would say: {other}"),
            Lang::ZhTw => writeln!(out, "    依 {rule} 則為：{other}"),
        };
    }
    // A note that only says the question again is not said twice.
    for note in finding.notes.iter().filter(|note| !finding.settled_by.iter().any(|s| s.question == **note)) {
        let _ = writeln!(out, "    {}", note.get(lang));
    }
}

fn write_reason(out: &mut String, mark: &str, reason: &Reason, lang: Lang) {
    let when = reason.when.map(|when| format!(" · {when}")).unwrap_or_default();
    let late = match (reason.late, lang) {
        (false, _) => "",
        (true, Lang::En) => " · recorded late",
        (true, Lang::ZhTw) => " · 補登",
    };
    let source = reason.source.get(lang);
    let source = if source.is_empty() { String::new() } else { format!(" · {source}") };
    let _ =
        writeln!(out, "    {mark} {}: {}{when}{late}{source}", reason.label.get(lang), reason.used.get(lang));
}
