//! Knowledge: every number with its source, both languages, the reader's first; provisional values and site
//! overlays marked; who signed a rule set for use at this site, and when.

use crate::{
    layout::Frame,
    parts::{
        field::{Field, field},
        icons::{Icon, icon},
    },
};
use maud::{Markup, html};
use vena_app::{App, AtSite, site_knowledge::signed_at};
use vena_base::Lang;
use vena_knowledge::{
    Knowledge,
    rules::{Entry, Life, RuleSet},
};

/// The list of rule sets.
pub fn list(frame: &Frame, app: &App) -> Markup {
    html! {
        div class="heading" { h1 { (frame.t("room-knowledge")) } span class="beside" { (frame.t("knowledge-beside")) } }
        div class="stack" {
            (site_values(frame, app))
            section class="panel edge" {
                div class="scroller" tabindex="0" role="region" aria-label=(frame.t("rules")) {
                    table class="cards rules" {
                        thead { tr {
                            th scope="col" { (frame.t("rule")) } th scope="col" { (frame.t("version")) } th scope="col" { (frame.t("life")) }
                            th scope="col" { (frame.t("at-this-site")) } th scope="col" class="number" { (frame.t("numbers")) }
                        } }
                        tbody {
                            @for rules in app.knowledge().rules() {
                                tr {
                                    td class="full" { a href=(format!("/knowledge/{}", rules.name())) { (rules.title.get(frame.lang)) } br; span class="quiet small code" { (rules.id) } }
                                    td data-label=(frame.t("version")) { (rules.version) @if rules.default { " " span class="tag" { (frame.t("default-rule")) } } }
                                    td class="full" { (life(frame, app, rules)) }
                                    td class="full" { (signed(frame, app, rules)) }
                                    td class="number" data-label=(frame.t("numbers")) { (rules.entries().len()) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The site's own values beside the sources'.
fn site_values(frame: &Frame, app: &App) -> Markup {
    let differing = app.site_differences();
    if differing.is_empty() {
        return html! {};
    }
    html! {
        section class="panel edge" id="site-values" aria-labelledby="site-values-title" {
            header { h2 id="site-values-title" { (frame.t("site-values")) } span class="beside quiet medium" { (frame.t("site-values-beside")) } }
            div class="scroller" tabindex="0" role="region" aria-label=(frame.t("site-values")) {
                table class="cards rules" {
                    thead { tr { th scope="col" { (frame.t("criterion")) } th scope="col" { (frame.t("here")) } th scope="col" { (frame.t("in-source")) } th scope="col" { (frame.t("refusal-why")) } th scope="col" { (frame.t("signed-by")) } } }
                    tbody {
                        @for one in &differing {
                            @if let Some(overlay) = &one.entry.overlay {
                                tr {
                                    td class="full" { a href=(format!("/knowledge/{}#{}", one.rule.name(), one.entry.id)) { (one.entry.label.get(frame.lang)) } br; span class="quiet small code" { (one.rule.name()) } }
                                    td data-label=(frame.t("here")) { b { (own_value(frame, one.entry)) } }
                                    td data-label=(frame.t("in-source")) { del { (overlay.source_value) " " (unit(frame, one.entry)) } }
                                    td data-label=(frame.t("refusal-why")) { (overlay.reason.get(frame.lang)) }
                                    td data-label=(frame.t("signed-by")) { (overlay.signed_by) " · " (overlay.signed_on) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn unit(frame: &Frame, entry: &Entry) -> String {
    vena_knowledge::label::unit_for_reading(entry.unit.as_deref().unwrap_or_default(), frame.lang)
}

fn own_value(frame: &Frame, entry: &Entry) -> String {
    match (&entry.threshold, &entry.number) {
        (Some(threshold), _) => threshold.label(frame.lang),
        (None, Some(number)) => format!("{number} {}", unit(frame, entry)),
        (None, None) => String::new(),
    }
}

fn life(frame: &Frame, app: &App, rules: &RuleSet) -> Markup {
    let life = app.life(rules);
    html! {
        @match life {
            Life::Provisional => span class="tag provisional" { span { (life.name().get(frame.lang)) } },
            Life::Active => span class="tag good" { (icon(Icon::Tick)) (life.name().get(frame.lang)) },
            Life::Sourced => span class="tag" { (life.name().get(frame.lang)) },
        }
        @if rules.status != Life::Provisional && rules.has_provisional() { " " span class="tag provisional" { span { (frame.t("some-provisional")) } } }
    }
}

/// Who signed it for use here, or that nobody has.
fn signed(frame: &Frame, app: &App, rules: &RuleSet) -> Markup {
    let zone = &app.config().zone;
    html! {
        @match app.at_site(&rules.name()) {
            AtSite::Active(signed) => span class="medium" { (frame.tw("signed-for-use", &[("who", signed.by.get(frame.lang)), ("when", &signed_at(&signed, zone))])) },
            AtSite::NotActivated => span class="soon medium" { (frame.t("not-activated")) },
            AtSite::Changed(signed) => span class="soon medium" { (frame.tw("signed-changed", &[("who", signed.by.get(frame.lang)), ("when", &signed_at(&signed, zone))])) },
        }
    }
}

/// One rule set with all its numbers.
pub fn one(
    frame: &Frame,
    app: &App,
    rules: &RuleSet,
    may_sign: bool,
    reason: &str,
    error: Option<&str>,
) -> Markup {
    let knowledge = app.knowledge();
    html! {
        div class="heading" {
            h1 { (rules.title.get(frame.lang)) } span class="beside code" { (rules.name()) }
            div class="far" { (life(frame, app, rules)) }
        }
        div class="stack" {
            section class="panel" aria-labelledby="use-title" {
                header { h2 id="use-title" { (frame.t("at-this-site")) " · " (frame.site) } }
                div class="body stack" {
                    p { (signed(frame, app, rules)) }
                    @if rules.status == Life::Provisional { p class="medium dim" { (frame.t("signature-confirms-nothing")) } }
                    @if may_sign { (signing(frame, app, rules, reason, error)) }
                    @else { p class="medium quiet" { (frame.t("who-signs-knowledge")) } }
                }
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
}

/// What is about to be signed, in words, and the password again.
fn signing(frame: &Frame, app: &App, rules: &RuleSet, reason: &str, error: Option<&str>) -> Markup {
    let at_site = app.at_site(&rules.name());
    let in_file = matches!(&at_site, AtSite::Active(signed) if signed.by_user.is_none());
    let password = |error| {
        field(&Field {
            name: "signature",
            label: &frame.t("sign-password"),
            kind: "password",
            autocomplete: Some("current-password"),
            error,
            required: true,
            ..Field::default()
        })
    };
    html! {
        @if in_file { p class="medium dim" { (frame.t("signed-in-file")) } }
        @else if at_site.is_active() {
            details class="why" open[error.is_some()] {
                summary { (frame.t("withdraw-signature")) }
                form class="form" method="post" {
                    input type="hidden" name="do" value="withdraw";
                    (field(&Field { name: "reason", label: &frame.t("field-reason"), value: reason, required: true, ..Field::default() }))
                    (password(error))
                    button class="button stop" type="submit" { (frame.t("withdraw-signature")) }
                }
            }
        } @else {
            form class="form" method="post" {
                input type="hidden" name="do" value="activate";
                p { (frame.tw("activate-what", &[("rule", &rules.name()), ("site", &frame.site), ("n", &rules.entries().len().to_string())])) }
                (password(error))
                button class="button first" type="submit" { (frame.t("activate")) }
            }
        }
    }
}

fn row(frame: &Frame, knowledge: &Knowledge, entry: &Entry) -> Markup {
    let other = if frame.lang == Lang::En { Lang::ZhTw } else { Lang::En };
    html! {
        tr id=(entry.id) {
            td {
                b { (entry.label.get(frame.lang)) } br; span class="quiet small" lang=(other.tag()) { (entry.label.get(other)) }
                @if let Some(note) = &entry.note { br; span class="small dim" { (note.get(frame.lang)) } }
                @if let Some(overlay) = &entry.overlay {
                    br; span class="tag site-value" { (frame.t("site-value")) } " "
                    span class="small dim" { (frame.tw("site-value-instead", &[("value", format!("{} {}", overlay.source_value, unit(frame, entry)).trim()), ("reason", overlay.reason.get(frame.lang)), ("who", &overlay.signed_by), ("when", &overlay.signed_on)])) }
                }
            }
            td {
                span class="keep" { (own_value(frame, entry)) }
                @if let Some(grade) = entry.grade { " " span class="tag" { (frame.tw("grade-value", &[("n", &grade.to_string())])) } }
                @if let Some(points) = entry.points { " " span class="tag" { (frame.tw("points", &[("n", &points.to_string())])) } }
                @if entry.provisional { " " span class="tag provisional" { span { (frame.t("provisional")) } } }
            }
            td { @for cite in entry.cites() { (cite.text(&knowledge.sources, frame.lang)) br; } }
        }
    }
}
