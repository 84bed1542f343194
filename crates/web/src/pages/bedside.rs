//! Bedside forms: one column, large targets, the unit in the field, the result at once. ICE asks one
//! question per screen; what was answered travels with the form, so it works without scripts.

use super::step::key_field;
use crate::{
    forms::{
        clinical::{self, FactForm},
        delirium,
        encephalopathy::{self as ice, QUESTIONS},
        reader::{Submitted, Wrong},
    },
    layout::Frame,
    parts::{
        field::{Choice, Field, choices, choices_with, field, when_field, wrong_summary},
        grade::{GradeView, chip},
        icons::{Icon, icon},
    },
};
use maud::{Markup, html};
use vena_base::Concept;
use vena_knowledge::{
    Knowledge,
    catalogue::{ConceptInfo, Kind},
    label::unit_for_reading,
};

fn observed(frame: &Frame, data: &Submitted, wrong: &Wrong) -> Markup {
    let error = wrong.get("when").map(String::as_str);
    when_field(frame, "when", &frame.t("field-observed"), data.get("when"), error, true)
}

fn answers(frame: &Frame, info: &ConceptInfo) -> Vec<Choice<'static>> {
    info.answers
        .iter()
        .map(|a| Choice { value: a.answer.as_str(), label: a.name.get(frame.lang).to_owned(), unsure: false })
        .collect()
}

/// A form made of catalogue entries.
pub fn facts(
    frame: &Frame,
    knowledge: &Knowledge,
    form: &FactForm,
    action: &str,
    data: &Submitted,
    wrong: &Wrong,
    last: &[(&'static str, String)],
) -> Markup {
    let last_of =
        |name: &str| last.iter().find(|(concept, _)| *concept == name).map(|(_, words)| words.as_str());
    html! {
        form class="form" method="post" action=(action) data-keep="" novalidate {
            (wrong_summary(&frame.t("form-wrong"), wrong))
            (key_field(data))
            (observed(frame, data, wrong))
            @for name in form.concepts {
                @if let Some(info) = clinical::info(knowledge, name) { (concept(frame, info, name, data, wrong, last_of(name))) }
            }
            p class="quiet small" { (frame.t("hint-units")) }
            button class="button first wide" type="submit" { (frame.t("record")) }
        }
    }
}

fn concept(
    frame: &Frame,
    info: &ConceptInfo,
    name: &str,
    data: &Submitted,
    wrong: &Wrong,
    last: Option<&str>,
) -> Markup {
    let label = info.name.get(frame.lang);
    let error = wrong.get(name).map(String::as_str);
    if info.kind == Kind::Answers {
        return html! {
            div {
                (choices_with(name, label, data.get(name), &answers(frame, info), false, error))
                @if let Some(last) = last { p class="hint quiet small" { (last) } }
            }
        };
    }
    let unit = info.unit.as_deref().map(|unit| unit_for_reading(unit, frame.lang));
    field(&Field {
        name,
        label,
        value: data.get(name),
        unit: unit.as_deref(),
        hint: last,
        error,
        kind: "number",
        autocomplete: Some("off"),
        ..Field::default()
    })
}

/// The form for a drug given, started or stopped.
pub fn drug(frame: &Frame, knowledge: &Knowledge, action: &str, data: &Submitted, wrong: &Wrong) -> Markup {
    let error = |name: &str| wrong.get(name).map(String::as_str);
    html! {
        form class="form" method="post" action=(action) data-keep="" novalidate {
            (wrong_summary(&frame.t("form-wrong"), wrong))
            (key_field(data))
            div class=(if wrong.contains_key("drug") { "field wrong" } else { "field" }) {
                label for="drug" { (frame.t("field-drug")) }
                div class="box" {
                    select id="drug" name="drug" required {
                        option value="" { (frame.t("choose")) }
                        @for (id, name) in clinical::drugs(knowledge, frame.lang) { option value=(id) selected[id == data.get("drug")] { (name) } }
                    }
                }
                @if let Some(error) = error("drug") { p class="error" { (error) } }
            }
            (field(&Field { name: "dose", label: &frame.t("field-dose"), value: data.get("dose"), error: error("dose"), kind: "number", autocomplete: Some("off"), ..Field::default() }))
            (field(&Field { name: "unit", label: &frame.t("field-unit"), value: data.get("unit"), hint: Some(&frame.t("hint-dose-unit")), error: error("unit"), autocomplete: Some("off"), ..Field::default() }))
            (field(&Field { name: "route", label: &frame.t("field-route"), value: data.get("route"), autocomplete: Some("off"), ..Field::default() }))
            (when_field(frame, "when", &frame.t("field-given"), data.get("when"), error("when"), true))
            (when_field(frame, "until", &frame.t("field-until-optional"), data.get("until"), error("until"), false))
            div class="choices" { label class="choice" {
                input type="checkbox" name="stopped" value="yes" checked[!data.get("stopped").is_empty()]; span { (frame.t("field-stopped")) }
            } }
            button class="button first wide" type="submit" { (frame.t("record")) }
        }
    }
}

/// What the bottom of an examination shows: the grade as it would stand with what was answered.
#[derive(Debug, Clone, Default)]
pub struct Preview {
    /// ICANS with these answers, as a range while parts are open; `None` before the first answer.
    pub icans: Option<GradeView>,
    /// The last score and its time, in words.
    pub last: Option<String>,
}

/// The last screen of ICE; the first is 0 (consciousness).
pub const LAST_SCREEN: usize = QUESTIONS.len() + 1;

/// One screen of ICE.
pub fn ice(
    frame: &Frame,
    knowledge: &Knowledge,
    action: &str,
    screen: usize,
    data: &Submitted,
    wrong: &Wrong,
    preview: Preview,
) -> Markup {
    html! {
        (ice_steps(frame, screen))
        form class="form examination" method="post" action=(action) data-keep="" data-stay="" {
            (key_field(data))
            input type="hidden" name="screen" value=(screen);
            (carried(screen, data))
            @match screen {
                0 => (arousal(frame, knowledge, data)),
                n if n <= QUESTIONS.len() => {
                    @if let Some(question) = QUESTIONS.get(n - 1) { (ice_question(frame, question, data)) }
                }
                _ => (ice_end(frame, data, wrong)),
            }
            div class="at-thumb" { div class="two-buttons" {
                @if screen > 0 { button class="button" name="go" value="back" type="submit" { (frame.t("back")) } }
                @if screen < LAST_SCREEN { button class="button first wide" name="go" value="next" type="submit" { (frame.t("next")) } }
                @else { button class="button first wide" name="go" value="record" type="submit" { (frame.t("record")) } }
            } (ice_result(frame, data, &preview)) }
        }
    }
}

fn ice_steps(frame: &Frame, screen: usize) -> Markup {
    let names: Vec<String> = std::iter::once(frame.t("ice-arousal-step"))
        .chain(QUESTIONS.iter().map(|q| frame.t(q.step)))
        .chain([frame.t("ice-end-step")])
        .collect();
    html! {
        ol class="steps" aria-label=(frame.t("ice-steps")) {
            @for (i, name) in names.iter().enumerate() {
                li class=[if i < screen { Some("done") } else if i == screen { Some("now") } else { None }] aria-current=[(i == screen).then_some("step")] { (name) }
            }
        }
    }
}

/// Answers of the other screens travel as hidden fields.
fn carried(screen: usize, data: &Submitted) -> Markup {
    let here = |name: &str| match screen {
        0 => name == "level-of-consciousness",
        n if n <= QUESTIONS.len() => QUESTIONS.get(n - 1).is_some_and(|q| name.starts_with(q.concept)),
        _ => name == "when",
    };
    html! {
        @for (name, value) in data.iter().filter(|(name, _)| !matches!(*name, "screen" | "go" | "key" | "standing" | "standing-reason" | "signature") && !here(name)) {
            input type="hidden" name=(name) value=(value);
        }
    }
}

fn arousal(frame: &Frame, knowledge: &Knowledge, data: &Submitted) -> Markup {
    let offered = knowledge
        .catalogue
        .get(Concept::known("level-of-consciousness"))
        .map(|info| answers(frame, info))
        .unwrap_or_default();
    html! {
        h2 class="ask" { (frame.t("ice-arousal-ask")) }
        p class="dim" { (frame.t("ice-arousal-help")) }
        (choices("level-of-consciousness", &frame.t("ice-arousal-step"), data.get("level-of-consciousness"), &offered, false))
    }
}

fn ice_question(frame: &Frame, question: &ice::Question, data: &Submitted) -> Markup {
    let answers = [
        Choice { value: "right", label: frame.t("ice-right"), unsure: false },
        Choice { value: "wrong", label: frame.t("ice-wrong"), unsure: false },
        Choice { value: "untested", label: frame.t("ice-untested"), unsure: true },
    ];
    html! {
        p class="quiet" { (frame.tw("ice-points", &[("n", &question.parts.len().to_string())])) }
        h2 class="ask" { (frame.t(question.ask)) }
        p class="dim" { (frame.t(question.help)) }
        @for (part, label) in question.parts {
            @let name = ice::field(question, part);
            (choices(&name, &frame.t(label), data.get(&name), &answers, true))
        }
    }
}

fn ice_end(frame: &Frame, data: &Submitted, wrong: &Wrong) -> Markup {
    let score = ice::score(data);
    html! {
        h2 class="ask" { (frame.t("ice-end-ask")) }
        @if score.untested > 0 { p class="soon" { (frame.tw("ice-incomplete", &[("n", &score.untested.to_string())])) } }
        @if score.open > 0 && data.get("level-of-consciousness") != "unarousable" {
            p class="soon" { (frame.tw("ice-open", &[("n", &score.open.to_string())])) }
        }
        (observed(frame, data, wrong))
        p class="dim" { (frame.t("ice-end-help")) }
    }
}

fn ice_result(frame: &Frame, data: &Submitted, preview: &Preview) -> Markup {
    let score = ice::score(data);
    html! {
        div class="result" role="status" {
            p { span class="score" { (score.right) } " / " (frame.tw("ice-asked", &[("n", &score.asked.to_string())]))
                @if let Some(last) = &preview.last { span class="small quiet last-score" { (last) } }
            }
            @if let Some(icans) = preview.icans { p { span class="small quiet" { (frame.t("as-answered")) } " " (chip(frame.lang, "ICANS", icans)) } }
        }
    }
}

/// Says that this patient is asked the other scale, and leads there.
pub fn other_scale(frame: &Frame, rule: Option<&str>, path: &str, name: &str) -> Markup {
    html! {
        div class="notice warn" {
            (icon(Icon::Warning))
            div { b { (frame.tw("other-scale", &[("name", name)])) } @if let Some(rule) = rule { (rule) " " } a href=(path) { (frame.tw("go-to", &[("name", name)])) } }
        }
    }
}

/// CAPD: eight observations on one page.
pub fn capd(frame: &Frame, knowledge: &Knowledge, action: &str, data: &Submitted, wrong: &Wrong) -> Markup {
    let offered: Vec<Choice<'static>> = delirium::ANSWERS
        .iter()
        .map(|(word, key)| Choice { value: word, label: frame.t(key), unsure: false })
        .collect();
    html! {
        p class="dim notice-line" { (frame.t("capd-notice")) }
        form class="form" method="post" action=(action) data-keep="" novalidate {
            (wrong_summary(&frame.t("form-wrong"), wrong))
            (key_field(data))
            (observed(frame, data, wrong))
            @if let Some(info) = knowledge.catalogue.get(Concept::known("level-of-consciousness")) {
                (choices("level-of-consciousness", info.name.get(frame.lang), data.get("level-of-consciousness"), &answers(frame, info), false))
            }
            @for (concept, key) in delirium::ITEMS { (choices(concept, &frame.t(key), data.get(concept), &offered, true)) }
            button class="button first wide" type="submit" { (frame.t("record")) }
        }
    }
}
