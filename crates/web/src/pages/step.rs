//! The form of one step, and the refusal panel: what, why, what helps, who may override.

use crate::{
    forms::{
        reader::{Submitted, Wrong},
        steps::{Offer, Part, Row, StepForm, offered},
    },
    layout::Frame,
    parts::{
        field::{Choice, Field, choices_with, field, when_field, wrong_summary},
        icons::{Icon, icon},
    },
};
use maud::{Markup, html};
use vena_base::Concept;
use vena_journey::{Refused, Role, StepKind};
use vena_knowledge::Knowledge;

/// Draws a step's form with what was typed and what was wrong.
pub fn form(
    frame: &Frame,
    knowledge: &Knowledge,
    form: &StepForm,
    action: &str,
    data: &Submitted,
    wrong: &Wrong,
) -> Markup {
    let two_people = needs_second(form.kind);
    let multipart = form.rows.iter().any(|row| row.2 == Part::File);
    html! {
        form class="form" method="post" action=(action) enctype=[multipart.then_some("multipart/form-data")] data-keep="" novalidate {
            (wrong_summary(&frame.t("form-wrong"), wrong))
            (key_field(data))
            @for row in form.rows { (draw(frame, knowledge, row, data, wrong, first_open(form, data, wrong) == Some(row.0))) }
            @if two_people { (second_person(frame, data, wrong)) }
            button class="button first wide" type="submit" { (frame.t("record")) }
        }
    }
}

/// Steps that count only when two different people give them.
pub fn needs_second(kind: StepKind) -> bool {
    matches!(kind, StepKind::IdentityRead | StepKind::ProductReceived)
}

/// The second person gives name and password in the same form, and the first one stays signed in. Left
/// empty, the second person records the step later in a session of their own.
fn second_person(frame: &Frame, data: &Submitted, wrong: &Wrong) -> Markup {
    let error = wrong.get("second-password").map(String::as_str);
    let login_error = wrong.get("second-login").map(String::as_str);
    html! {
        fieldset class="field second-person" {
            legend class="label" { (frame.t("second-person")) }
            p class="hint" { (frame.t("second-person-here")) }
            (field(&Field { name: "second-login", label: &frame.t("second-login"), value: data.get("second-login"), error: login_error, autocomplete: Some("off"), scanned: true, ..Field::default() }))
            (field(&Field { name: "second-password", label: &frame.t("second-password"), kind: "password", error, autocomplete: Some("off"), scanned: true, ..Field::default() }))
        }
    }
}

/// The form's own key: sent twice, it is recorded once.
pub fn key_field(data: &Submitted) -> Markup {
    html! { input type="hidden" name="key" value=(data.get("key")); }
}

/// The first line still empty: a scanner's or a person's first stroke belongs there.
fn first_open(form: &StepForm, data: &Submitted, wrong: &Wrong) -> Option<&'static str> {
    let mut open = form
        .rows
        .iter()
        .filter(|(name, _, part, required)| *part == Part::Line && *required && data.get(name).is_empty());
    wrong.is_empty().then(|| open.next().map(|row| row.0)).flatten()
}

fn draw(
    frame: &Frame,
    knowledge: &Knowledge,
    row: &Row,
    data: &Submitted,
    wrong: &Wrong,
    first: bool,
) -> Markup {
    let (name, label, part, required) = *row;
    let label = frame.t(label);
    let label =
        if required || part == Part::Tick { label } else { format!("{label} ({})", frame.t("optional")) };
    let error = wrong.get(name).map(String::as_str);
    let base =
        Field { name, label: &label, value: data.get(name), error, required, first, ..Field::default() };
    match part {
        Part::When => when_field(frame, name, &label, data.get(name), error, required),
        Part::Line => field(&Field { autocomplete: Some("off"), scanned: true, ..base }),
        Part::Number(unit) => field(&Field { kind: "number", unit: Some(unit), ..base }),
        Part::Lines => html! {
            div class=(if error.is_some() { "field wrong" } else { "field" }) {
                label for=(name) { (label) }
                div class="box" { textarea id=(name) name=(name) rows="3" required[required] { (data.get(name)) } }
                @if let Some(error) = error { p class="error" { (error) } }
            }
        },
        Part::Choice(offer) => {
            choices_with(name, &label, data.get(name), &answers(frame, knowledge, offer), false, error)
        }
        Part::Tick => html! {
            div class="choices" { label class="choice" {
                input type="checkbox" name=(name) value="yes" checked[!data.get(name).is_empty()]; span { (label) }
            } }
        },
        Part::File => html! {
            div class=(if error.is_some() { "field wrong" } else { "field" }) {
                label for=(name) { (label) }
                div class="box" { input id=(name) name=(name) type="file"; }
                @if !data.get("kept-file").is_empty() {
                    input type="hidden" name="kept-file" value=(data.get("kept-file")); input type="hidden" name="kept-file-name" value=(data.get("kept-file-name"));
                    p class="hint kept-file" { (icon(Icon::Tick)) " " (frame.tw("file-kept", &[("name", data.get("kept-file-name"))])) }
                } @else if !data.get("file-again").is_empty() {
                    p class="error" { (frame.tw("file-again", &[("name", data.get("file-again"))])) }
                }
                @if let Some(error) = error { p class="error" id=(format!("{name}-error")) { (error) } }
            }
        },
    }
}

fn answers(frame: &Frame, knowledge: &Knowledge, offer: Offer) -> Vec<Choice<'static>> {
    if offer == Offer::Product {
        let info = knowledge.catalogue.get(Concept::known("product"));
        return info
            .map(|info| {
                info.answers.iter().map(|a| choice(a.answer.as_str(), a.name.get(frame.lang))).collect()
            })
            .unwrap_or_default();
    }
    offered(offer).into_iter().map(|(word, text)| choice(word, text.get(frame.lang))).collect()
}

fn choice(value: &'static str, label: &str) -> Choice<'static> {
    Choice { value, label: label.to_owned(), unsure: false }
}

/// The refusal as a panel. Where the person may go on with a signed reason, or record what was already
/// done, the panel offers just that, with everything typed kept.
pub fn refusal(frame: &Frame, refused: &Refused, role: Role, action: &str, data: &Submitted) -> Markup {
    let lang = frame.lang;
    let may = refused.refusals.iter().all(|r| r.may_override().contains(&role));
    let done = !refused.refusals.iter().any(vena_journey::Refusal::is_about_the_record);
    let names =
        |roles: &[Role]| roles.iter().map(|r| r.name().get(lang).to_owned()).collect::<Vec<_>>().join(" · ");
    html! {
        section class="refusal stack" role="alert" aria-labelledby="refusal-title" {
            h2 id="refusal-title" { (icon(Icon::Lock)) " " (frame.t("refused")) }
            @for one in &refused.refusals {
                @let text = one.text();
                dl {
                    dt { (frame.t("refusal-why")) } dd { b { (text.what.get(lang)) } }
                    dt { (frame.t("refusal-helps")) } dd { (text.helps.get(lang)) }
                    @if !text.who.is_empty() { dt { (frame.t("refusal-who")) } dd { (names(&text.who)) } }
                    @if !text.may_override.is_empty() { dt { (frame.t("refusal-override")) } dd { (names(&text.may_override)) } }
                }
            }
            @if let Some(reason) = Some(data.get("standing-reason")).filter(|r| !r.is_empty()) { p class="medium dim reason-given" { (frame.tw("reason-given", &[("reason", reason)])) } }
            @if may { (reasoned(frame, action, data, "override", &frame.t("override-button"))) }
            @if done { (reasoned(frame, action, data, "already-done", &frame.t("already-done-button"))) }
        }
    }
}

fn reasoned(frame: &Frame, action: &str, data: &Submitted, standing: &str, label: &str) -> Markup {
    let id = format!("reason-{standing}");
    html! {
        details class="why panel" {
            summary { (label) }
            form class="form" method="post" action=(action) {
                @for (name, value) in data.iter().filter(|(name, _)| !matches!(*name, "standing" | "standing-reason" | "second-password")) {
                    input type="hidden" name=(name) value=(value);
                }
                input type="hidden" name="standing" value=(standing);
                div class="field" {
                    label for=(id) { (frame.t("standing-reason")) }
                    div class="box" { textarea id=(id) name="standing-reason" rows="2" required {} }
                    p class="hint" { (frame.t("standing-hint")) }
                }
                button class="button stop" type="submit" { (label) }
            }
        }
    }
}
