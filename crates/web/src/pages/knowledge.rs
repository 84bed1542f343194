//! Knowledge: every number with its source, both languages, the reader's first; provisional values and site
//! overlays marked.

use crate::layout::Frame;
use maud::{Markup, html};
use vena_base::Lang;
use vena_knowledge::{
    Knowledge,
    rules::{Entry, Life, RuleSet},
};

/// The list of rule sets.
pub fn list(frame: &Frame, knowledge: &Knowledge) -> Markup {
    html! {
        div class="heading" { h1 { (frame.t("room-knowledge")) } span class="beside" { (frame.t("knowledge-beside")) } }
        section class="panel edge" {
            div class="scroller" tabindex="0" role="region" aria-label=(frame.t("rules")) {
                table {
                    thead { tr { th scope="col" { (frame.t("rule")) } th scope="col" { (frame.t("version")) } th scope="col" { (frame.t("life")) } th scope="col" class="number" { (frame.t("numbers")) } } }
                    tbody {
                        @for rules in knowledge.rules() {
                            tr {
                                td { a href=(format!("/knowledge/{}", rules.name())) { (rules.title.get(frame.lang)) } br; span class="quiet small code" { (rules.id) } }
                                td { (rules.version) @if rules.default { br; span class="tag" { (frame.t("default-rule")) } } }
                                td { (life(frame, rules)) }
                                td class="number" { (rules.entries().len()) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn life(frame: &Frame, rules: &RuleSet) -> Markup {
    html! {
        @match rules.status {
            Life::Provisional => span class="tag provisional" { span { (rules.status.name().get(frame.lang)) } },
            _ => span class="tag" { (rules.status.name().get(frame.lang)) },
        }
        @if rules.status != Life::Provisional && rules.has_provisional() { " " span class="tag provisional" { span { (frame.t("some-provisional")) } } }
    }
}

/// One rule set with all its numbers.
pub fn one(frame: &Frame, knowledge: &Knowledge, rules: &RuleSet) -> Markup {
    html! {
        div class="heading" {
            h1 { (rules.title.get(frame.lang)) } span class="beside code" { (rules.name()) }
            div class="far" { (life(frame, rules)) }
        }
        section class="panel edge" {
            div class="scroller" tabindex="0" role="region" aria-label=(frame.t("numbers")) {
                table {
                    thead { tr { th scope="col" { (frame.t("criterion")) } th scope="col" { (frame.t("number")) } th scope="col" { (frame.t("source")) } } }
                    tbody { @for entry in rules.entries() { (row(frame, knowledge, entry)) } }
                }
            }
        }
        p class="quiet small" { (frame.t("digest")) " " span class="code" { (rules.digest) } }
    }
}

fn row(frame: &Frame, knowledge: &Knowledge, entry: &Entry) -> Markup {
    let other = if frame.lang == Lang::En { Lang::ZhTw } else { Lang::En };
    html! {
        tr id=(entry.id) {
            td {
                b { (entry.label.get(frame.lang)) } br; span class="quiet small" lang=(other.tag()) { (entry.label.get(other)) }
                @if let Some(note) = &entry.note { br; span class="small dim" { (note.get(frame.lang)) } }
            }
            td {
                @if let Some(threshold) = &entry.threshold { span class="keep" { (threshold.label(frame.lang)) } }
                @else if let Some(number) = &entry.number { span class="keep" { (number) " " (entry.unit.as_deref().unwrap_or_default()) } }
                @if let Some(grade) = entry.grade { " " span class="tag" { (frame.tw("grade-value", &[("n", &grade.to_string())])) } }
                @if let Some(points) = entry.points { " " span class="tag" { (frame.tw("points", &[("n", &points.to_string())])) } }
                @if entry.provisional { " " span class="tag provisional" { span { (frame.t("provisional")) } } }
            }
            td { @for cite in entry.cites() { (cite.text(&knowledge.sources, frame.lang)) br; } }
        }
    }
}
