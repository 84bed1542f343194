//! Grades and why: the summary, and in place under each grade the criterion, the value used, when it was
//! measured, the grade it gives, the source.

use super::words;
use crate::{
    layout::Frame,
    parts::{
        grade::{GradeView, chip, numeral, score_chip, score_numeral},
        icons::{Icon, icon},
    },
};
use maud::{Markup, html};
use vena_base::{Concept, Zone};
use vena_clinical::{Finding, Reason, Status};
use vena_knowledge::Knowledge;

/// A finding as a grade to draw.
pub fn view(finding: &Finding) -> GradeView {
    match (finding.status, finding.low, finding.high) {
        (Status::Value, _, _) => finding.value.map_or(GradeView::NotAssessable, GradeView::Value),
        (Status::AtLeast, Some(low), _) => GradeView::AtLeast(low),
        (Status::Interval, Some(low), Some(high)) => GradeView::Interval(low, high),
        (Status::NotApplicable, _, _) => GradeView::NotApplicable,
        _ => GradeView::NotAssessable,
    }
}

/// The scale's name as clinicians say it.
pub fn scale(frame: &Frame, name: &str) -> String {
    match name {
        "crs" => "CRS".to_owned(),
        "icans" => "ICANS".to_owned(),
        "icaht_early" => "ICAHT".to_owned(),
        "icaht_late" => frame.t("scale-icaht-late"),
        "car_hematotox" => "CAR-HEMATOTOX".to_owned(),
        other => other.to_owned(),
    }
}

/// Points, not a grade.
fn is_score(finding: &Finding) -> bool {
    &*finding.scale == "car_hematotox"
}

/// The words under a grade: grade words, or a score's.
fn words_of(frame: &Frame, finding: &Finding) -> String {
    let grade = view(finding);
    if is_score(finding) {
        match grade {
            GradeView::Value(n) => frame.tw("score-value", &[("n", &n.to_string())]),
            GradeView::AtLeast(n) => frame.tw("score-at-least", &[("n", &n.to_string())]),
            GradeView::Interval(a, b) => {
                frame.tw("score-interval", &[("low", &a.to_string()), ("high", &b.to_string())])
            }
            other => other.words(frame.lang),
        }
    } else {
        grade.words(frame.lang)
    }
}

/// The name of a concept in the reader's language.
pub fn concept_name(frame: &Frame, knowledge: &Knowledge, concept: Concept) -> String {
    knowledge
        .catalogue
        .get(concept)
        .map_or_else(|| concept.to_string(), |info| info.name.get(frame.lang).to_owned())
}

fn missing_words(frame: &Frame, knowledge: &Knowledge, finding: &Finding) -> Option<String> {
    let names: Vec<String> =
        finding.missing.iter().take(3).map(|c| concept_name(frame, knowledge, *c)).collect();
    if names.is_empty() {
        return None;
    }
    let more = if finding.missing.len() > 3 { " …" } else { "" };
    let list = names.join(if frame.lang == vena_base::Lang::ZhTw { "、" } else { ", " });
    Some(frame.tw("missing-list", &[("list", &format!("{list}{more}"))]))
}

/// The first screenful: every scale with its numeral, its words and what is missing.
pub fn summary(frame: &Frame, knowledge: &Knowledge, findings: &[Finding], zone: &Zone) -> Markup {
    html! {
        section class="panel edge" aria-label=(frame.t("grades")) {
            div class="grades" {
                @for finding in findings.iter().filter(|f| f.status != Status::NotApplicable) {
                    a href=(format!("#why-{}", finding.scale)) {
                        @if is_score(finding) { (score_numeral(view(finding))) } @else { (numeral(view(finding))) }
                        b class="title" { (scale(frame, &finding.scale)) " " (words_of(frame, finding)) }
                        small {
                            @if let Some(missing) = missing_words(frame, knowledge, finding) { (missing) }
                            @else if let Some(since) = &finding.since { (frame.tw("since", &[("when", &words::short_when(since, zone))])) }
                        }
                    }
                }
            }
        }
    }
}

/// Every finding with its reasons, open in place.
pub fn reasons(
    frame: &Frame,
    knowledge: &Knowledge,
    findings: &[Finding],
    zone: &Zone,
    infused: bool,
    computed: &str,
) -> Markup {
    // Before the infusion only what is asked before it has reasons worth a place.
    let open = |finding: &&Finding| finding.status != Status::NotApplicable && (infused || is_score(finding));
    html! {
        section class="panel edge" aria-labelledby="why-title" {
            header { h2 id="why-title" { (frame.t("grades-and-why")) } span class="far medium quiet" { (computed) } }
            div class="reasons" {
                @for finding in findings.iter().filter(open) { (finding_reasons(frame, knowledge, finding, zone)) }
            }
            @for finding in findings.iter().filter(|f| !open(f)) {
                p class="not-now medium quiet" id=(format!("why-{}", finding.scale)) {
                    b { (scale(frame, &finding.scale)) " " (words_of(frame, finding)) } " "
                    @for note in &finding.notes { (note.get(frame.lang)) " " }
                }
            }
        }
    }
}

fn finding_reasons(frame: &Frame, knowledge: &Knowledge, finding: &Finding, zone: &Zone) -> Markup {
    let cited = finding.because.iter().find(|r| r.deciding).or(finding.because.first());
    let cited = cited.map(|reason| reason.source.get(frame.lang));
    html! {
        section id=(format!("why-{}", finding.scale)) {
            h3 { @if is_score(finding) { (score_chip(frame.lang, &scale(frame, &finding.scale), view(finding))) } @else { (chip(frame.lang, &scale(frame, &finding.scale), view(finding))) } " " (words_of(frame, finding)) }
            @for note in &finding.notes { p class="medium dim" { (note.get(frame.lang)) } }
            @if finding.provisional { p { span class="tag provisional" { span { (frame.t("provisional")) } } } }
            @for settle in &finding.settled_by {
                p class="medium soon" { (icon(Icon::Warning)) " " (settle.question.get(frame.lang)) }
            }
            @if !finding.because.is_empty() || !finding.missing.is_empty() {
                details class="why" open[finding.status != Status::NotApplicable] {
                    summary { (frame.t("why")) }
                    div class="scroller" tabindex="0" role="region" aria-label=(format!("{} {}", scale(frame, &finding.scale), frame.t("why"))) { (table(frame, knowledge, finding, zone)) }
                    p class="source" {
                        (icon(Icon::Book)) " "
                        @if let Some(source) = cited { (source) " · " }
                        (frame.t("rule")) " " span class="code" { (finding.rule) }
                        @for (rule, answer) in &finding.differs {
                            br; (frame.tw("differs", &[("rule", rule), ("answer", answer)]))
                        }
                    }
                }
            }
        }
    }
}

fn table(frame: &Frame, knowledge: &Knowledge, finding: &Finding, zone: &Zone) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { (frame.t("criterion")) } th scope="col" { (frame.t("value-used")) }
                th scope="col" { (frame.t("measured")) } th scope="col" class="number" { (frame.t("grade")) }
            } }
            tbody {
                @for reason in &finding.because {
                    tr class=[reason.deciding.then_some("decides")] {
                        td { (reason.label.get(frame.lang)) }
                        td { (reason.used.get(frame.lang)) @if reason.late { " " span class="age old" { (frame.t("entered-late")) } } }
                        td class="keep" { @match &reason.when { Some(when) => { (words::short_when(when, zone)) } None => { "–" } } }
                        td class="number" { (grade_words(reason)) }
                    }
                }
                @for concept in &finding.missing {
                    tr class="missing" {
                        td { (concept_name(frame, knowledge, *concept)) }
                        td { (frame.t("missing")) } td { "–" } td class="number" { "?" }
                    }
                }
            }
        }
    }
}

fn grade_words(reason: &Reason) -> String {
    match (reason.grade_low, reason.grade_high) {
        (Some(a), Some(b)) if a == b => a.to_string(),
        (Some(a), Some(b)) => format!("{a}–{b}"),
        (Some(a), None) => format!("≥{a}"),
        _ => "–".to_owned(),
    }
}
