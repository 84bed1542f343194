//! Form fields: label above, unit in the field, the error beside it in plain words, and what was
//! typed kept.

use super::icons::{Icon, icon};
use crate::layout::Frame;
use maud::{Markup, html};

/// One text or number field.
#[derive(Debug, Clone, Default)]
pub struct Field<'a> {
    /// The form's name for it, also its id.
    pub name: &'a str,
    /// What a person reads above it.
    pub label: &'a str,
    /// What stands in it now.
    pub value: &'a str,
    /// The unit shown inside the field.
    pub unit: Option<&'a str>,
    /// A remark under it.
    pub hint: Option<&'a str>,
    /// What is wrong with it and what to do.
    pub error: Option<&'a str>,
    /// The HTML input type; `text` where empty.
    pub kind: &'a str,
    /// Whether the form cannot go without it.
    pub required: bool,
    /// The browser's autocomplete word.
    pub autocomplete: Option<&'a str>,
    /// A scanner may fill it: its Enter goes on to the next field instead of sending the form.
    pub scanned: bool,
    /// The page opens here.
    pub first: bool,
}

/// Draws a field. Numbers are text inputs with a decimal keyboard: a browser's number input drops
/// what it does not understand, and nothing typed may be lost.
pub fn field(f: &Field<'_>) -> Markup {
    let (kind, mode) = match f.kind {
        "number" => ("text", Some("decimal")),
        "" => ("text", None),
        other => (other, None),
    };
    let described: Vec<String> =
        [f.error.map(|_| format!("{}-error", f.name)), f.hint.map(|_| format!("{}-hint", f.name))]
            .into_iter()
            .flatten()
            .collect();
    let described = (!described.is_empty()).then(|| described.join(" "));
    html! {
        div class=(if f.error.is_some() { "field wrong" } else { "field" }) {
            label for=(f.name) { (f.label) }
            div class="box" {
                input id=(f.name) name=(f.name) type=(kind) value=(f.value) inputmode=[mode] required[f.required] autofocus[f.first]
                    data-scanned=[f.scanned.then_some("")] autocomplete=[f.autocomplete] aria-invalid=[f.error.map(|_| "true")] aria-describedby=[described];
                @if let Some(unit) = f.unit { span class="unit" { (unit) } }
            }
            @if let Some(error) = f.error { p class="error" id=(format!("{}-error", f.name)) { (error) } }
            @if let Some(hint) = f.hint { p class="hint" id=(format!("{}-hint", f.name)) { (hint) } }
        }
    }
}

/// A date and time as text in ISO form: a browser's own field shows it in the order of the device's language,
/// and 03/04 is two days. What is read back stands under it.
pub fn when_field(
    frame: &Frame,
    name: &str,
    label: &str,
    value: &str,
    error: Option<&str>,
    required: bool,
) -> Markup {
    let shown = value.replacen('T', " ", 1);
    let described = match error {
        Some(_) => format!("{name}-error {name}-hint"),
        None => format!("{name}-hint"),
    };
    html! {
        div class=(if error.is_some() { "field wrong" } else { "field" }) {
            label for=(name) { (label) }
            div class="box" {
                input id=(name) name=(name) type="text" value=(shown) required[required] autocomplete="off" spellcheck="false" data-when=""
                    placeholder=(frame.t("time-placeholder")) aria-invalid=[error.map(|_| "true")] aria-describedby=(described);
            }
            @if let Some(error) = error { p class="error" id=(format!("{name}-error")) { (error) } }
            p class="hint" id=(format!("{name}-hint")) { (frame.t("time-hint")) }
        }
    }
}

/// From more answers than this on they stand in columns where there is room.
const MANY: usize = 6;

/// One answer of a choice.
#[derive(Debug, Clone)]
pub struct Choice<'a> {
    /// The value sent.
    pub value: &'a str,
    /// What a person reads.
    pub label: String,
    /// “Could not be tested”: drawn dashed.
    pub unsure: bool,
}

/// A question with large touch targets.
pub fn choices(name: &str, question: &str, chosen: &str, answers: &[Choice<'_>], in_a_row: bool) -> Markup {
    choices_with(name, question, chosen, answers, in_a_row, None)
}

/// A question with what is wrong with its answer.
pub fn choices_with(
    name: &str,
    question: &str,
    chosen: &str,
    answers: &[Choice<'_>],
    in_a_row: bool,
    error: Option<&str>,
) -> Markup {
    html! {
        fieldset class=(if error.is_some() { "field wrong" } else { "field" }) id=(name) tabindex=[error.map(|_| "-1")] aria-describedby=[error.map(|_| format!("{name}-error"))] {
            legend class="label" { (question) }
            div class=(if in_a_row { "choices row" } else if answers.len() > MANY { "choices many" } else { "choices" }) {
                @for answer in answers {
                    label class=(if answer.unsure { "choice unsure" } else { "choice" }) {
                        input type="radio" name=(name) value=(answer.value) checked[answer.value == chosen];
                        span { (answer.label) }
                    }
                }
            }
            @if let Some(error) = error { p class="error" id=(format!("{name}-error")) { (error) } }
        }
    }
}

/// What is wrong with a form, above it: each line leads to its field. The field itself says the same.
pub fn wrong_summary(title: &str, wrong: &std::collections::BTreeMap<String, String>) -> Markup {
    html! {
        @if !wrong.is_empty() {
            div class="notice bad" role="alert" {
                (icon(Icon::Warning))
                div { b { (title) } ul { @for (name, words) in wrong { li { a href=(format!("#{name}")) { (words) } } } } }
            }
        }
    }
}
