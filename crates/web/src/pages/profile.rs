//! What the product's profile says of the patient: age, indication, time after lymphodepletion, each with
//! its line, the value used and the source. It informs and stops nothing. Knows no rule.

use super::{why::concept_name, words};
use crate::layout::Frame;
use maud::{Markup, html};
use vena_base::Zone;
use vena_clinical::{Finding, Status};
use vena_knowledge::Knowledge;

/// The panel, folded; nothing where no profile of the product is known.
pub fn panel(frame: &Frame, knowledge: &Knowledge, findings: &[Finding], zone: &Zone) -> Markup {
    let applies: Vec<&Finding> = findings.iter().filter(|f| f.status != Status::NotApplicable).collect();
    let Some(first) = applies.first() else { return html! {} };
    html! {
        section class="panel edge" aria-labelledby="profile-title" {
            header { h2 id="profile-title" { (frame.t("product-profile")) } }
            @for finding in &applies {
                @for reason in &finding.because {
                    div class="task" {
                        b { (reason.label.get(frame.lang)) }
                        span { (answer(frame, reason.grade_low, reason.grade_high)) }
                        small {
                            (reason.used.get(frame.lang))
                            @if let Some(when) = &reason.when { " · " (words::short_when(when, zone)) }
                            " · " (reason.source.get(frame.lang))
                        }
                    }
                }
                @for settle in finding.settled_by.iter().filter(|settle| finding.because.is_empty() || finding.missing.contains(&settle.concept)) {
                        div class="task" {
                            b { (settle.question.get(frame.lang)) }
                            span { (frame.t("missing")) }
                            small { (concept_name(frame, knowledge, settle.concept)) }
                        }
                }
                @for note in &finding.notes { p class="body quiet" { (note.get(frame.lang)) } }
            }
            p class="body source quiet" { (frame.t("rule")) " " span class="code" { (first.rule) } }
        }
    }
}

fn answer(frame: &Frame, low: Option<u8>, high: Option<u8>) -> String {
    match (low, high) {
        (Some(1), Some(1)) => frame.t("profile-inside"),
        (Some(0), Some(0)) => frame.t("profile-outside"),
        (None, None) => frame.t("profile-told"),
        _ => frame.t("profile-open"),
    }
}
