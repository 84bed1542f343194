//! The room: choose an assay or drop a file at once, go on with what was begun; and the page of each assay, where a
//! file is dropped or a table typed, with an example to try. Knows no route and no store.

use super::{options, short_time, style};
use crate::{
    forms::reader::Submitted,
    layout::Frame,
    pages::step,
    parts::{
        field::{Field, field},
        icons::{Icon, icon},
    },
    routes::resume,
};
use maud::{Markup, html};
use vena_app::{assay_compute::AssayOptions, assays::DraftLine};
use vena_journey::AssayKind;

/// What the room shows.
pub struct Room<'a> {
    /// The assay chosen; `None` in the room itself.
    pub kind: Option<AssayKind>,
    /// Its parameters to begin with, or as typed.
    pub options: Option<AssayOptions>,
    /// What was typed.
    pub data: &'a Submitted,
    /// What is wrong with it.
    pub wrong: Option<&'a str>,
    /// Results begun and not recorded.
    pub drafts: &'a [DraftLine],
    /// Results begun and put aside.
    pub discarded: &'a [DraftLine],
    /// Largest form.
    pub limit_bytes: u64,
}

/// The text keys of one assay: what it answers, what to bring.
struct Words {
    answers: &'static str,
    brings: &'static str,
}

fn words(kind: AssayKind) -> Words {
    let (answers, brings) = match kind {
        AssayKind::FlowCytometry => ("assay-answers-flow", "assay-brings-flow"),
        AssayKind::Colonies => ("assay-answers-colonies", "assay-brings-colonies"),
        AssayKind::Potency => ("assay-answers-potency", "assay-brings-potency"),
        AssayKind::Qpcr => ("assay-answers-qpcr", "assay-brings-qpcr"),
        AssayKind::Endotoxin => ("assay-answers-endotoxin", "assay-brings-endotoxin"),
        AssayKind::MethodComparison => ("assay-answers-comparison", "assay-brings-comparison"),
        AssayKind::ResidualPluripotent => ("assay-answers-culture", "assay-brings-culture"),
        AssayKind::SpikeSeries => ("assay-answers-series", "assay-brings-series"),
    };
    Words { answers, brings }
}

/// The page.
pub fn room(frame: &Frame, room: &Room<'_>) -> Markup {
    let journey = room.data.get("journey");
    let query = if journey.is_empty() { String::new() } else { format!("&journey={journey}") };
    let title =
        room.kind.map_or_else(|| frame.t("room-assays"), |kind| kind.name().get(frame.lang).to_owned());
    html! {
        (style())
        div class="heading" { h1 { (title) } span class="beside" { (frame.t(room.kind.map_or("assay-beside", |kind| words(kind).answers))) }
            @if room.kind.is_some() { span class="far" { a class="button" href=(format!("/assays?{}", query.trim_start_matches('&'))) { (frame.t("assay-all-kinds")) } } } }
        div class="columns aside" {
            div class="stack" {
                (just_discarded(frame, room))
                @if !journey.is_empty() { p class="notice" { (frame.tw("assay-for-journey", &[("journey", journey)])) } }
                (begin(frame, room))
                @if room.kind.is_none() { (kinds(frame, &query)) }
            }
            div class="stack" { @if let Some(kind) = room.kind { (example(frame, room, kind)) } (waiting(frame, room)) }
        }
    }
}

/// The assays, each with what it answers.
fn kinds(frame: &Frame, query: &str) -> Markup {
    html! {
        section aria-labelledby="kinds-title" class="stack" {
            h2 id="kinds-title" { (frame.t("assay-kinds")) }
            ul class="kinds" { @for kind in AssayKind::ALL {
                li { a href=(format!("/assays?kind={}{query}", kind.as_str())) { b { (kind.name().get(frame.lang)) } span { (frame.t(words(kind).answers)) } } }
            } }
        }
    }
}

/// The form: a file or a typed table, parameters, go.
fn begin(frame: &Frame, room: &Room<'_>) -> Markup {
    let limit = (room.limit_bytes >> 20).to_string();
    let is_table =
        room.kind.is_some_and(|kind| !matches!(kind, AssayKind::FlowCytometry | AssayKind::Colonies));
    html! {
        form class="form stack begin" method="post" action="/assays" enctype="multipart/form-data" novalidate {
            (step::key_field(room.data))
            input type="hidden" name="journey" value=(room.data.get("journey"));
            input type="hidden" name="kind" value=(room.kind.map_or("", AssayKind::as_str));
            @if resume::is_review(room.data) {
                div class="notice warn" role="status" { (icon(Icon::Clock)) div { b { (frame.t("review-nothing-done")) }
                    @if !room.data.get("file-again").is_empty() { p { (frame.tw("file-again", &[("name", room.data.get("file-again"))])) } } } }
            }
            @if let Some(wrong) = room.wrong { p class="notice bad" role="alert" { (icon(Icon::Warning)) b { (wrong) } } }
            div class="drop" data-drop="" {
                label class="label" for="file" { (frame.t("assay-file")) }
                @if let Some(kind) = room.kind { p class="brings" { (frame.t(words(kind).brings)) } }
                input id="file" name="file" type="file" aria-describedby="file-hint" data-limit=(room.limit_bytes) data-too-large=(frame.tw("assay-too-large", &[("limit", &limit)]));
                p class="hint" id="file-hint" { (frame.tw(if room.kind.is_some() { "assay-file-hint-kind" } else { "assay-file-hint" }, &[("limit", &limit)])) }
                p class="dropped" data-dropped="" aria-live="polite" {}
            }
            @if room.kind == Some(AssayKind::MethodComparison) { (four_counts(frame, room.data)) }
            @if is_table {
                details class="why" open[!room.data.get("typed").is_empty()] {
                    summary { (frame.t("assay-type-table")) }
                    div class="field" { label for="typed" { (frame.t("assay-typed")) } div class="box" { textarea id="typed" name="typed" rows="8" class="code" spellcheck="false" { (room.data.get("typed")) } } p class="hint" { (frame.t("assay-typed-hint")) } }
                }
            }
            @if let Some(options) = &room.options {
                section class="panel" aria-labelledby="options-title" { header { h2 id="options-title" { (frame.t("assay-parameters")) } } div class="body form" { (options::fields(frame, options, &[], room.data)) } }
            }
            button class="button first wide" type="submit" { (frame.t("assay-analyse")) }
        }
    }
}

/// The four counts of a paired comparison, in place of a table.
fn four_counts(frame: &Frame, data: &Submitted) -> Markup {
    let rows = [
        ("both", "assay-both"),
        ("only-alternative", "assay-only-alternative"),
        ("only-compendial", "assay-only-compendial"),
        ("neither", "assay-neither"),
    ];
    let filled = rows.iter().any(|(name, _)| !data.get(name).is_empty());
    html! {
        details class="why" open[filled] {
            summary { (frame.t("assay-four-counts")) }
            div class="edit-grid" { @for (name, label) in rows { (field(&Field { name, label: &frame.t(label), value: data.get(name), kind: "number", autocomplete: Some("off"), ..Field::default() })) } }
        }
    }
}

/// An example made by the program, to look at first.
fn example(frame: &Frame, room: &Room<'_>, kind: AssayKind) -> Markup {
    html! {
        section class="panel" aria-labelledby="example-title" {
            header { h2 id="example-title" { (frame.t("assay-example")) } }
            div class="body stack" {
                p class="medium" { (frame.t("assay-example-help")) }
                form method="post" action="/assays" enctype="multipart/form-data" {
                    input type="hidden" name="key" value=(format!("{}-example", room.data.get("key")));
                    input type="hidden" name="kind" value=(kind.as_str());
                    button class="button wide" name="example" value="yes" type="submit" { (frame.t("assay-example-try")) }
                }
                ul class="medium downloads" { @for file in vena_app::assays::examples::names(kind) { li { a href=(format!("/assay-examples/{file}")) download=(file) { (file) } } } }
            }
        }
    }
}

/// What was put aside a moment ago, with the way back.
fn just_discarded(frame: &Frame, room: &Room<'_>) -> Markup {
    let id = room.data.get("discarded");
    html! {
        @if let Some(draft) = room.discarded.iter().find(|draft| draft.id == id) {
            p class="notice" role="status" { span { (frame.t("assay-discarded-now")) " " a href=(format!("/assays/{}", draft.id)) { (draft.kind.name().get(frame.lang)) " " span class="code" { (draft.id) } } } }
        }
    }
}

fn waiting(frame: &Frame, room: &Room<'_>) -> Markup {
    let of_kind = |drafts: &'_ [DraftLine]| -> Vec<DraftLine> {
        drafts.iter().filter(|draft| room.kind.is_none_or(|kind| draft.kind == kind)).cloned().collect()
    };
    let (own, discarded) = (of_kind(room.drafts), of_kind(room.discarded));
    let (newest, older) = own.split_at(own.len().min(WAITING_SHOWN));
    html! {
        section class="panel" aria-labelledby="open-title" {
            header { h2 id="open-title" { (frame.t("assay-open")) } }
            @if own.is_empty() { div class="empty" { b { (frame.t("assay-none-open")) } p { (frame.t("assay-none-open-help")) } } }
            @for draft in newest { (line(frame, draft)) }
            @if !older.is_empty() { details class="why body" { summary { (frame.tw("assay-open-older", &[("n", &older.len().to_string())])) } @for draft in older { (line(frame, draft)) } } }
            @if !discarded.is_empty() { details class="why body" { summary { (frame.tw("assay-discarded-list", &[("n", &discarded.len().to_string())])) } @for draft in &discarded { (line(frame, draft)) } } }
        }
    }
}

fn line(frame: &Frame, draft: &DraftLine) -> Markup {
    html! {
        div class="task" {
            a href=(format!("/assays/{}", draft.id)) { (draft.kind.name().get(frame.lang)) " " span class="code" { (draft.id) } }
            span class="quiet small keep" { (short_time(&draft.at)) }
            small { @if draft.example { (frame.t("assay-made-up")) " · " } @if draft.refused { (frame.t("assay-refused")) } @else { (frame.tw("assay-version", &[("n", &draft.version.to_string())])) } }
        }
    }
}

/// Unrecorded results listed at once; older ones open when asked for.
const WAITING_SHOWN: usize = 8;
