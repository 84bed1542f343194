//! What a person sees after an entry: that it was recorded, when it is due again, what to ask next.

use super::words;
use crate::{
    forms::{clinical, steps},
    layout::Frame,
    parts::icons::{Icon, icon},
    server::Server,
};
use maud::{Markup, html};
use vena_app::pages::JourneyPage;
use vena_base::Concept;
use vena_journey::TaskKind;

/// What was recorded, in words; `None` for a word no form has.
fn name(frame: &Frame, slug: &str) -> Option<String> {
    Some(match slug {
        "vitals" => frame.t("form-vitals"),
        "crs" => frame.t("form-crs"),
        "neuro" => frame.t("form-neuro"),
        "laboratory" => frame.t("form-laboratory"),
        "collection-tests" => frame.t("form-collection"),
        "drug" => frame.t("field-drug"),
        "ice" => "ICE".to_owned(),
        "capd" => "CAPD".to_owned(),
        "registered" => frame.t("room-register"),
        "identity" => vena_journey::StepKind::IdentityChanged.name().get(frame.lang).to_owned(),
        "cause" => vena_journey::StepKind::FindingAttributed.name().get(frame.lang).to_owned(),
        other => steps::form(other)?.kind.name().get(frame.lang).to_owned(),
    })
}

/// Facts a form gives that a recurring task may wait for.
fn concepts(slug: &str) -> Vec<Concept> {
    match slug {
        "ice" => vec![Concept::known("ice-score")],
        "capd" => vec![Concept::known("capd-score"), Concept::known("capd-item-1")],
        _ => clinical::form(slug)
            .map(|form| form.concepts.iter().map(|c| Concept::of(c)).collect())
            .unwrap_or_default(),
    }
}

/// The banner over the journey.
pub fn banner(frame: &Frame, server: &Server, found: &JourneyPage, slug: &str) -> Markup {
    let Some(name) = name(frame, slug) else { return html! {} };
    let zone = &server.app.config().zone;
    let concepts = concepts(slug);
    let rules = server
        .app
        .rules()
        .journey
        .tasks
        .iter()
        .filter(|rule| rule.fulfilled_by.iter().any(|c| concepts.contains(c)));
    let ids: Vec<&str> = rules.map(|rule| rule.id.as_str()).collect();
    let again = found
        .tasks
        .iter()
        .find(|task| matches!(&task.kind, TaskKind::Recurring(id) if ids.contains(&id.as_str())));
    html! {
        div class="notice done" role="status" {
            (icon(Icon::Tick))
            div {
                b { (frame.tw("recorded-now", &[("what", &name)])) }
                @if let Some((task, due)) = again.and_then(|task| task.due.map(|due| (task, due))) {
                    " " (frame.tw("next-due", &[("task", words::titled(task.title.get(frame.lang)).0), ("when", &words::short(due, zone))])) " "
                }
                @if matches!(slug, "ice" | "capd") {
                    p { (frame.t("neuro-next")) " " a class="button first" href=(format!("/journeys/{}/neuro", found.journey)) { (frame.t("form-neuro")) } }
                }
            }
        }
    }
}
