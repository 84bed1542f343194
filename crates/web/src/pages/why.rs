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
use jiff::Timestamp;
use maud::{Markup, html};
use vena_base::{Concept, Lang, Zone};
use vena_clinical::{Finding, Reason, Status};
use vena_knowledge::{Entry, Knowledge, RuleSet};

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

/// Where and when the reasons are read.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// The knowledge in force.
    pub knowledge: &'a Knowledge,
    /// The site's zone.
    pub zone: &'a Zone,
    /// The instant of the grades.
    pub now: Timestamp,
}

/// Every finding with its reasons, open in place.
pub fn reasons(
    frame: &Frame,
    reading: &Reading<'_>,
    findings: &[Finding],
    infused: bool,
    computed: &str,
) -> Markup {
    // Before the infusion only what is asked before it has reasons worth a place.
    let open = |finding: &&Finding| finding.status != Status::NotApplicable && (infused || is_score(finding));
    html! {
        section class="panel edge" aria-labelledby="why-title" {
            header { h2 id="why-title" { (frame.t("grades-and-why")) } span class="far medium quiet" { (computed) } }
            div class="reasons" {
                @for finding in findings.iter().filter(open) { (finding_reasons(frame, reading, finding)) }
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

/// First what would settle it, then what decided, then the rest behind one press.
fn finding_reasons(frame: &Frame, reading: &Reading<'_>, finding: &Finding) -> Markup {
    let (deciding, beside): (Vec<&Reason>, Vec<&Reason>) = finding.because.iter().partition(|r| r.deciding);
    // Where nothing decides (not assessable, an interval) every reason counts.
    let (first, rest) = if deciding.is_empty() { (beside, Vec::new()) } else { (deciding, beside) };
    html! {
        section id=(format!("why-{}", finding.scale)) {
            h3 {
                @if is_score(finding) { (score_chip(frame.lang, &scale(frame, &finding.scale), view(finding))) } @else { (chip(frame.lang, &scale(frame, &finding.scale), view(finding))) }
                " " (words_of(frame, finding))
                @if finding.provisional { " " span class="tag provisional" { span { (frame.t("provisional")) } } }
            }
            @if let Some(settles) = settles(frame, reading, finding) { p class="medium soon" { (icon(Icon::Warning)) " " (settles) } }
            @for note in &finding.notes { p class="medium dim" { (words::legible(note.get(frame.lang), reading.zone)) } }
            // Where nothing is known yet the questions above say it all.
            @if !first.is_empty() || (finding.settled_by.is_empty() && !finding.missing.is_empty()) {
                div class="scroller" tabindex="0" role="region" aria-label=(format!("{} {}", scale(frame, &finding.scale), frame.t("why"))) { (table(frame, reading, finding, &first, true)) }
            }
            @if !rest.is_empty() {
                details class="why" {
                    summary { (frame.tw("reasons-beside", &[("n", &rest.len().to_string())])) }
                    div class="scroller" tabindex="0" role="region" aria-label=(format!("{} {}", scale(frame, &finding.scale), frame.t("reasons-beside-label"))) { (table(frame, reading, finding, &rest, false)) }
                }
            }
            p class="source" {
                (icon(Icon::Book)) " " (frame.t("rule")) " " a class="code" href=(format!("/knowledge/{}", finding.rule)) { (finding.rule) }
                @for (rule, answer) in &finding.differs {
                    br; (frame.tw("differs", &[("rule", rule), ("answer", answer)]))
                }
            }
        }
    }
}

/// What would settle it, in one line.
fn settles(frame: &Frame, reading: &Reading<'_>, finding: &Finding) -> Option<String> {
    let asked: Vec<String> = finding
        .settled_by
        .iter()
        .map(|settle| words::legible(settle.question.get(frame.lang), reading.zone))
        .collect();
    (!asked.is_empty()).then(|| asked.join(" · "))
}

fn table(
    frame: &Frame,
    reading: &Reading<'_>,
    finding: &Finding,
    reasons: &[&Reason],
    with_missing: bool,
) -> Markup {
    html! {
        table class="cards because" {
            thead { tr {
                th scope="col" class="number" { @if is_score(finding) { (frame.t("points-column")) } @else { (frame.t("grade")) } }
                th scope="col" { (frame.t("criterion")) } th scope="col" { (frame.t("value-used")) }
                th scope="col" { (frame.t("measured")) }
            } }
            tbody {
                @for reason in reasons { (row(frame, reading, finding, reason)) }
                @if with_missing { @for concept in &finding.missing {
                    tr class="missing" {
                        td class="number gives" { "?" }
                        td class="full" { (concept_name(frame, reading.knowledge, *concept)) }
                        td class="full" { (frame.t("missing")) } td {}
                    }
                } }
            }
        }
    }
}

fn row(frame: &Frame, reading: &Reading<'_>, finding: &Finding, reason: &Reason) -> Markup {
    let site_value = entry(reading.knowledge, finding, reason).is_some_and(|entry| entry.overlaid);
    html! {
        tr class=[reason.deciding.then_some("decides")] {
            td class="number gives" { (grade_words(reason)) }
            td class="full" {
                (reason.label.get(frame.lang))
                @if site_value { " " a class="tag site-value" href="/knowledge#site-values" { (frame.t("site-value")) } }
                br; span class="cited" { (reason.source.get(frame.lang)) }
            }
            td class="full used" { (words::legible(reason.used.get(frame.lang), reading.zone)) @if reason.late { " " span class="age old" { (frame.t("entered-late")) } } }
            td class="full when" { @if let Some(when) = &reason.when {
                span class="keep" { (words::short_when(when, reading.zone)) } " "
                @if let Some(at) = when.instant() { (words::age(frame, at, reading.now, reading.zone, None)) }
            } }
        }
    }
}

/// The entry of a rule set a reason comes from: of the finding's own, or of another it draws on.
fn entry<'k>(knowledge: &'k Knowledge, finding: &Finding, reason: &Reason) -> Option<&'k Entry> {
    let of = |rules: &'k RuleSet| rules.entries().iter().find(|entry| entry.id == reason.criterion);
    let says_so = |entry: &&Entry| {
        entry
            .cites()
            .next()
            .is_some_and(|cite| reason.source.en.starts_with(&cite.text(&knowledge.sources, Lang::En)))
    };
    let own = knowledge.rule(&finding.rule, None).ok().and_then(of);
    own.or_else(|| knowledge.rules().filter_map(of).find(says_so))
}

fn grade_words(reason: &Reason) -> String {
    match (reason.grade_low, reason.grade_high) {
        (Some(a), Some(b)) if a == b => a.to_string(),
        (Some(a), Some(b)) => format!("{a}–{b}"),
        (Some(a), None) => format!("≥{a}"),
        _ => "–".to_owned(),
    }
}
