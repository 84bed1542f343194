//! The assay pages: the room where a file is dropped, a result before it is recorded, recording it, the results of
//! a journey. Knows no route and no store; the parts of each assay are in the files beside.

pub mod colonies;
pub mod edits;
pub mod flow;
pub mod gates;
mod headline;
mod options;
mod reports;
pub mod room;
mod table;
pub mod tables;

use crate::{
    assets,
    forms::reader::Submitted,
    layout::Frame,
    pages::{step, words},
    parts::{
        field::{Field, field},
        icons::{Icon, icon},
    },
};
use maud::{Markup, html};
use std::collections::BTreeMap;
use vena_app::{
    assay_compute::{AssayRefusal, Computed},
    assays::{AssayDraft, JourneyAssay, NameFound, OpenAssay, Recomputed, WeightUse},
};
use vena_base::{
    Text, Zone,
    ids::{JourneyId, UserId},
};
use vena_journey::{AssayFile, FileRole};
use vena_potency::interval::Interval;

/// How a result is shown: where its links go, and whether it may be changed.
pub struct Showing<'a> {
    /// Address of this result.
    pub base: String,
    /// The version a change is made to; `None` for a recorded result.
    pub version: Option<u64>,
    /// The gate whose plane is shown.
    pub gate: Option<&'a str>,
    /// The last change of gates can be taken back.
    pub undo: bool,
    /// Names of the people who changed something.
    pub people: BTreeMap<UserId, Text>,
    /// Pages of a picture whose count somebody confirmed after the last change: who and when.
    pub confirmed: BTreeMap<u32, (UserId, String)>,
}

impl Showing<'_> {
    fn editable(&self) -> bool {
        self.version.is_some()
    }

    fn hidden(&self) -> Markup {
        html! {
            input type="hidden" name="version" value=(self.version.unwrap_or(0));
            @if let Some(gate) = self.gate { input type="hidden" name="shown" value=(gate); }
        }
    }
}

/// A number with as many digits as help.
pub fn number(value: f64) -> String {
    vena_potency::as_written(value, 5)
}

/// What stands between a name and what is said of it.
fn colon(frame: &Frame) -> &'static str {
    if frame.lang == vena_base::Lang::En { ": " } else { "：" }
}

fn maybe(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), number)
}

fn interval(interval: &Interval) -> String {
    if interval.low.is_none() && interval.high.is_none() {
        return "–".to_owned();
    }
    format!("{} … {}", maybe(interval.low), maybe(interval.high))
}

fn named_number(frame: &Frame, key: &str, n: usize) -> String {
    frame.tw(key, &[("n", &n.to_string())])
}

/// A word in a frame; what needs a person has a mark besides its colour.
fn status_tag(words: &str, alarm: bool) -> Markup {
    html! { span class="tag" { @if alarm { span class="alarm" aria-hidden="true" { "▲ " } } (words) } }
}

/// The mark of a made-up example, wherever its result is shown.
fn made_up(frame: &Frame) -> Markup {
    html! { span class="tag made-up" { span aria-hidden="true" { "◇ " } (frame.t("assay-made-up")) } }
}

/// A drawing as a picture of its own, so that no style of the page reaches into it.
fn picture(svg: &str, alt: &str, (width, height): (f64, f64)) -> Markup {
    let mut address = String::with_capacity(svg.len() + svg.len() / 8);
    address.push_str("data:image/svg+xml,");
    for character in svg.chars() {
        match character {
            '%' => address.push_str("%25"),
            '#' => address.push_str("%23"),
            '"' => address.push('\''),
            '\'' => address.push_str("%22"),
            '<' => address.push_str("%3C"),
            '>' => address.push_str("%3E"),
            '\n' => address.push_str("%0A"),
            other => address.push(other),
        }
    }
    html! { img src=(address) alt=(alt) width=(width) height=(height); }
}

/// The fields of a serialised value, for a list of parameters.
fn pairs_of(value: &impl serde::Serialize) -> Vec<(String, String)> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::Object(fields)) => {
            fields.into_iter().map(|(name, value)| (name.replace('_', " "), value.to_string())).collect()
        }
        _ => Vec::new(),
    }
}

fn style() -> Markup {
    html! { link rel="stylesheet" href=(assets::address("assays.css")); script src=(assets::address("assays.js")) defer {} }
}

fn short_time(written: &str) -> String {
    written.chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect()
}

/// A draft: result, parameters, changes, recording.
pub fn draft(
    frame: &Frame,
    open: &OpenAssay,
    showing: &Showing<'_>,
    above: Option<Markup>,
    record: Markup,
    typed: &Submitted,
) -> Markup {
    let draft = &open.draft;
    html! {
        (style())
        div class="heading" {
            h1 { (draft.kind.name().get(frame.lang)) }
            span class="beside code" { (draft.id) }
            @if draft.discarded { (status_tag(&frame.t("assay-discarded"), true)) }
            @else if draft.recorded.is_none() { (status_tag(&frame.t("assay-not-recorded"), false)) }
            @if draft.example { (made_up(frame)) }
        }
        div class="columns aside" {
            div class="stack" { @if let Some(above) = above { (above) } @if draft.discarded { (take_back(frame, draft, showing)) } (part(frame, open, showing)) }
            div class="stack" {
                @if !draft.discarded { (record) }
                @if showing.editable() { (options::panel(frame, draft, &open.outcome, typed)) (discard(frame, draft)) }
            }
        }
    }
}

/// Putting a draft aside: opened by one press, done by the second, with or without a script.
fn discard(frame: &Frame, draft: &AssayDraft) -> Markup {
    html! {
        section class="panel" { details class="why body" id="discard" {
            summary { (frame.t("assay-discard")) }
            form class="form" method="post" action=(format!("/assays/{}/discard", draft.id)) {
                input type="hidden" name="version" value=(draft.version);
                p class="medium" { (frame.t("assay-discard-help")) }
                button class="button stop wide" name="change" value="discard" type="submit" { (frame.t("assay-discard-now")) }
            }
        } }
    }
}

/// Who put a draft aside, and the way back.
fn take_back(frame: &Frame, draft: &AssayDraft, showing: &Showing<'_>) -> Markup {
    let who = showing.people.get(&draft.by).map_or(draft.by.as_str(), |name| name.get(frame.lang));
    html! {
        form class="notice warn" method="post" action=(format!("/assays/{}/discard", draft.id)) {
            (icon(Icon::Warning))
            div class="stack" {
                b { (frame.tw("assay-discarded-by", &[("who", who), ("when", &short_time(&draft.at))])) }
                input type="hidden" name="version" value=(draft.version);
                div { button class="button" name="change" value="take-back" type="submit" { (frame.t("assay-take-back")) } }
            }
        }
    }
}

/// The part that is fetched again after a change.
pub fn part(frame: &Frame, open: &OpenAssay, showing: &Showing<'_>) -> Markup {
    html! {
        div id="assay-result" class="stack" data-version=(open.draft.version) data-lost=(frame.t("assay-not-sent")) {
            @match &open.outcome {
                Err(refusal) => (refused(frame, refusal)),
                Ok(computed) => (result(frame, showing, computed)),
            }
            p class="quiet small" { (frame.tw("assay-version", &[("n", &open.draft.version.to_string())])) }
            (proof(frame, &open.draft.files, open.draft.result_digest.as_ref().map(|d| d.as_str()), open.draft.method.as_deref()))
            (edits::list(frame, showing, &open.draft.edits))
        }
    }
}

/// A result, whichever assay.
pub fn result(frame: &Frame, showing: &Showing<'_>, computed: &Computed) -> Markup {
    match computed {
        Computed::Flow { analysis, panel, count } => {
            flow::result(frame, showing, analysis, panel.as_deref(), count.as_deref())
        }
        Computed::Colonies { automatic, corrected } => colonies::result(frame, showing, automatic, corrected),
        Computed::Potency(report) => tables::potency(frame, report),
        Computed::Qpcr(report) => tables::qpcr(frame, report),
        Computed::Endotoxin(report) => reports::endotoxin(frame, report),
        Computed::Comparison(report) => reports::comparison(frame, report),
        Computed::Culture(report) => reports::culture(frame, report),
        Computed::Series(report) => reports::series(frame, report),
    }
}

fn refused(frame: &Frame, refusal: &AssayRefusal) -> Markup {
    html! {
        section class="refusal" role="alert" aria-labelledby="refusal-title" {
            h2 id="refusal-title" { (icon(Icon::Warning)) " " (refusal.what.get(frame.lang)) }
            dl { dt { (frame.t("refusal-why")) } dd { (refusal.words.get(frame.lang)) } dt { (frame.t("refusal-helps")) } dd { (frame.t("assay-refused-help")) } }
        }
    }
}

fn proof(frame: &Frame, files: &[AssayFile], digest: Option<&str>, method: Option<&str>) -> Markup {
    html! {
        details class="why" {
            summary { (frame.t("assay-proof")) }
            dl class="pairs" {
                @if let Some(method) = method { dt { (frame.t("assay-method")) } dd { (method) } }
                @if let Some(digest) = digest { dt { (frame.t("assay-result-digest")) } dd class="code small digest" { (digest) } }
                @for file in files.iter().filter(|file| file.role != FileRole::Earlier) { dt { (file.role.name().get(frame.lang)) } dd class="code small digest" { (file.digest.as_str()) " · " (file.bytes) " B" } }
            }
        }
    }
}

/// One journey that may be chosen.
pub struct Candidate {
    /// The journey.
    pub journey: JourneyId,
    /// Who it is, in words.
    pub who: String,
    /// More about them: birth date, record number.
    pub more: String,
}

/// Whose sample it may be.
pub struct Meant<'a> {
    /// What was searched for.
    pub searched: &'a str,
    /// The journeys found.
    pub found: &'a [Candidate],
    /// Where the result names the patient of the only journey found.
    pub names: &'a [NameFound],
    /// How the weight of the parameters stands to the only journey's.
    pub weight: &'a WeightUse,
}

/// Which weight the result is judged by.
fn weight_said(frame: &Frame, weight: &WeightUse) -> Markup {
    html! {
        @match weight {
            WeightUse::AsTyped => {}
            WeightUse::Taken(own) => p class="notice" { (frame.tw("assay-weight-taken", &[("kg", &number(own.kg)), ("when", &own.when.to_string())])) },
            WeightUse::Differs { typed, journey } => p class="notice bad" { (icon(Icon::Warning)) b { (frame.tw("assay-weight-differs", &[("typed", &number(*typed)), ("kg", &number(journey.kg)), ("when", &journey.when.to_string())])) } },
        }
    }
}

/// What names the patient, and the agreement to replace it.
fn names_found(frame: &Frame, data: &Submitted, names: &[NameFound]) -> Markup {
    let list = |recorded: bool| {
        let one = |one: &NameFound| format!("{} ({})", one.what.get(frame.lang), one.place.get(frame.lang));
        names.iter().filter(|one| one.recorded == recorded).map(one).collect::<Vec<_>>().join(", ")
    };
    let (recorded, kept) = (list(true), list(false));
    html! {
        @if !recorded.is_empty() {
            div class="notice warn" id="names-found" { (icon(Icon::Warning)) div {
                b { (frame.t("assay-names-found")) } p { (recorded) }
                label class="choice" { input type="checkbox" name="pseudonyms" value="yes" checked[!data.get("pseudonyms").is_empty()]; span { (frame.t("assay-names-agree")) } }
            } }
        }
        @if !kept.is_empty() { p class="quiet small" { (frame.t("assay-names-kept")) " " (kept) } }
    }
}

/// The panel in which a result is put on a journey.
pub fn record(
    frame: &Frame,
    draft: &AssayDraft,
    data: &Submitted,
    meant: &Meant<'_>,
    wrong: Option<&str>,
) -> Markup {
    let Meant { searched, found, names, weight } = *meant;
    html! {
        section class="panel" aria-labelledby="record-title" {
            header { h2 id="record-title" { (frame.t("assay-record")) } }
            div class="body stack" {
                @if draft.example { p class="notice warn" { (frame.t(if frame.synthetic { "assay-made-up-synthetic" } else { "assay-made-up-refused" })) } }
                @if let (Some(event), Some(journey)) = (&draft.recorded, &draft.journey) {
                    p { (frame.t("assay-recorded-as")) " " a href=(format!("/journeys/{journey}/assays")) { (event.as_str()) } }
                } @else if draft.result_digest.is_none() {
                    p { (frame.t("assay-nothing-to-record")) }
                } @else if !draft.example || frame.synthetic {
                    @if let Some(wrong) = wrong { p class="notice bad" role="alert" { (icon(Icon::Warning)) b { (wrong) } } }
                    form method="get" action=(format!("/assays/{}", draft.id)) class="form" role="search" aria-labelledby="record-title" {
                        div class="field" { label for="q" { (frame.t("assay-whose")) } div class="box" { input id="q" name="q" value=(searched) autocomplete="off"; } p class="hint" { (frame.t("assay-whose-hint")) } }
                        button class="button" type="submit" { (icon(Icon::Search)) (frame.t("room-search")) }
                    }
                    @if !searched.is_empty() && found.is_empty() { p class="soon" { (frame.t("search-nothing")) } }
                    @if !found.is_empty() {
                        form class="form" method="post" action=(format!("/assays/{}/record", draft.id)) novalidate {
                            (step::key_field(data))
                            input type="hidden" name="version" value=(draft.version);
                            fieldset class="field" {
                                legend class="label" { (frame.t("assay-which-journey")) }
                                div class="choices" { @for one in found {
                                    label class="choice" { input type="radio" name="journey" value=(one.journey.as_str()) checked[found.len() == 1 || data.get("journey") == one.journey.as_str()];
                                        span { (one.who) " · " (one.more) " · " (one.journey.as_str()) } }
                                } }
                            }
                            (field(&Field { name: "when", label: &frame.t("assay-measured"), value: data.get("when"), kind: "datetime-local", required: true, ..Field::default() }))
                            div class="field" { label for="remark" { (frame.t("field-remark")) " (" (frame.t("optional")) ")" } div class="box" { textarea id="remark" name="remark" rows="2" { (data.get("remark")) } } }
                            (weight_said(frame, weight))
                            (names_found(frame, data, names))
                            button class="button first wide" type="submit" { (frame.t("assay-record")) }
                        }
                    }
                }
            }
        }
    }
}

/// The results of a journey.
pub fn list(frame: &Frame, zone: &Zone, journey: &JourneyId, assays: &[JourneyAssay], may: bool) -> Markup {
    html! {
        (style())
        div class="heading" {
            h1 { (frame.t("room-assays")) }
            @if may { span class="far" { a class="button" href=(format!("/assays?journey={journey}")) { (icon(Icon::Plus)) (frame.t("assay-new")) } } }
        }
        @if assays.is_empty() { section class="panel" { div class="empty" { b { (frame.t("assay-none-here")) } p { (frame.t("assay-none-here-help")) } } } }
        div class="cards-of-assays" {
            @for assay in assays {
                @let base = format!("/journeys/{journey}/assays/{}", assay.seq);
                section class="panel" aria-labelledby=(format!("assay-{}", assay.seq)) {
                    header {
                        h2 id=(format!("assay-{}", assay.seq)) { a href=(base) { @if assay.retracted { del { (assay.record.kind.name().get(frame.lang)) } } @else { (assay.record.kind.name().get(frame.lang)) } } }
                        @if assay.retracted { (status_tag(&frame.t("retracted"), true)) }
                        @if assay.record.example { (made_up(frame)) }
                    }
                    div class="body stack" {
                        figure class="plot" { img src=(format!("{base}/picture")) alt=(frame.tw("assay-picture-of", &[("kind", assay.record.kind.name().get(frame.lang))])) loading="lazy"; }
                        dl class="pairs" {
                            @for (name, value) in headline::of(frame, &assay.record) { dt { (name) } dd { b { (value) } } }
                            dt { (frame.t("assay-measured")) } dd { (words::long_when(&assay.record.when, zone)) }
                            dt { (frame.t("recorded")) } dd { (words::date_time(assay.recorded.at, zone)) " · " (assay.by.get(frame.lang)) " (" (assay.role.name().get(frame.lang)) ")" }
                            @if let Some(remark) = &assay.record.remark { dt { (frame.t("field-remark")) } dd { (remark) } }
                        }
                        a class="button" href=(base) { (frame.t("assay-show")) }
                    }
                }
            }
        }
    }
}

/// One recorded result, computed again.
pub fn recorded(frame: &Frame, zone: &Zone, showing: &Showing<'_>, found: &Recomputed) -> Markup {
    let assay = &found.assay;
    let record = &assay.record;
    html! {
        (style())
        div class="heading" { h1 { (record.kind.name().get(frame.lang)) } span class="beside code" { (assay.event.as_str()) } @if assay.retracted { (status_tag(&frame.t("retracted"), true)) } @if record.example { (made_up(frame)) } }
        div class="stack" {
            (compared(frame, found))
            dl class="pairs wide-pairs" {
                dt { (frame.t("assay-measured")) } dd { (words::long_when(&record.when, zone)) }
                dt { (frame.t("recorded")) } dd { (words::date_time(assay.recorded.at, zone)) " · " (assay.by.get(frame.lang)) " (" (assay.role.name().get(frame.lang)) ")" }
                @if let Some(remark) = &record.remark { dt { (frame.t("field-remark")) } dd { (remark) } }
                dt { (frame.t("assay-files")) } dd { @for file in record.files.iter().filter(|file| file.role != FileRole::Earlier) { a href=(format!("{}/file/{}", showing.base, role_word(file.role))) { (file.role.name().get(frame.lang)) } " " } }
            }
            div id="assay-result" class="stack" { @match &found.outcome { Ok(computed) => (result(frame, showing, computed)), Err(refusal) => (refused(frame, refusal)) } }
            (proof(frame, &record.files, Some(record.result_digest.as_str()), Some(&record.method)))
            (edits::list(frame, showing, &record.edits))
        }
    }
}

/// The word of a file's role in addresses.
pub fn role_word(role: FileRole) -> &'static str {
    match role {
        FileRole::Fcs => "fcs",
        FileRole::Gates => "gates",
        FileRole::Matrix => "matrix",
        FileRole::Image => "image",
        FileRole::Table => "table",
        FileRole::Corrections => "corrections",
        FileRole::Pseudonyms => "pseudonyms",
        FileRole::Earlier => "earlier",
        FileRole::EarlierVersions => "earlier-versions",
    }
}

fn compared(frame: &Frame, found: &Recomputed) -> Markup {
    html! {
        @if found.same {
            p class="notice" id="recomputed" data-same="yes" { b { "✓ " (frame.t("assay-same-bits")) } span class="code small digest" { (found.digest.as_ref().map_or("", |d| d.as_str())) } }
        } @else {
            section class="refusal" id="recomputed" data-same="no" role="alert" aria-labelledby="differs-title" {
                h2 id="differs-title" { (frame.t("assay-differs")) }
                div class="scroller" tabindex="0" role="group" aria-label=(frame.t("assay-differs")) { table {
                    thead { tr { th scope="col" { (frame.t("what")) } th scope="col" { (frame.t("assay-then")) } th scope="col" { (frame.t("assay-now")) } } }
                    tbody { @for one in &found.differences { tr { th scope="row" class="code" { (one.path) } td class="code" { (one.then) } td class="code" { (one.now) } } } }
                } }
            }
        }
    }
}
