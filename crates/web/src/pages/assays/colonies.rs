//! A colony count on a page: the number or why there is none, the picture with numbered colonies, what a person
//! changed beside the program's own count. Knows no route and no store.

use super::{
    Showing, colon, number, status_tag,
    table::{cell, numbers, table, words},
};
use crate::layout::Frame;
use maud::{Markup, html};
use vena_colonies::{
    ColonyReport, ImageNote, ImageReport, Status, VesselReport,
    corrections::{CorrectedImage, CorrectedVessel, Origin},
    count::NoCount,
    shapes::NotAColony,
};

/// Pages of one picture file drawn at most; the others are listed with their counts.
const DRAWN_MAX: usize = 4;
/// Above this many colonies numbers would cover the picture.
const NUMBERED_MAX: usize = 600;

/// The whole result.
pub fn result(
    frame: &Frame,
    showing: &Showing<'_>,
    report: &ColonyReport,
    corrected: &[CorrectedImage],
) -> Markup {
    html! {
        @for image in report.images.iter().take(DRAWN_MAX) {
            @let after = corrected.iter().find(|own| own.page == image.page);
            section class="panel" aria-labelledby=(format!("page-{}", image.page)) {
                header { h2 id=(format!("page-{}", image.page)) { (frame.t("assay-plate")) @if report.images.len() > 1 { " · " (frame.tw("assay-page", &[("n", &image.page.to_string())])) } } (status(frame, image.status)) }
                div class="body stack" {
                    (counts(frame, showing, image, after))
                    @if let Some(refusal) = &image.refusal { p class="notice bad" { (refusal.message.get(frame.lang)) } }
                    @if image.refusal.is_none() { (drawn(frame, showing, image, after)) }
                    (confirm(frame, showing, image))
                    (correct(frame, showing, image, after))
                    (vessels(frame, image, after))
                    @for note in &image.notes { p class="quiet medium" { (said(frame, note)) } }
                }
            }
        }
        @if report.images.len() > DRAWN_MAX {
            section class="panel" aria-labelledby="more-pages" {
                header { h2 id="more-pages" { (frame.t("assay-more-pages")) } }
                ul class="body" { @for image in report.images.iter().skip(DRAWN_MAX) { li { (frame.tw("assay-page", &[("n", &image.page.to_string())])) (colon(frame)) b { (image.count.map_or_else(|| "–".to_owned(), |n| n.to_string())) } " " (status(frame, image.status)) } } }
            }
        }
        (parameters(frame, report))
    }
}

/// Status in words; no colour alone.
pub fn status(frame: &Frame, status: Status) -> Markup {
    let (words, alarm) = match status {
        Status::Counted => ("assay-counted", false),
        Status::TooManyToCount => ("assay-too-many", true),
        Status::NotAssessable => ("assay-not-assessable", true),
        Status::Refused => ("assay-refused", true),
    };
    status_tag(&frame.t(words), alarm)
}

fn counts(
    frame: &Frame,
    showing: &Showing<'_>,
    image: &ImageReport,
    after: Option<&CorrectedImage>,
) -> Markup {
    let by = showing.confirmed.get(&image.page);
    let shown = |count: Option<u64>| count.map_or_else(|| "–".to_owned(), |n| n.to_string());
    html! {
        dl class="pairs wide-pairs" {
            dt { (frame.t("assay-automatic-count")) } dd { b class="figure" { (shown(image.count)) } }
            @if let Some(after) = after { dt { (frame.t("assay-corrected-count")) } dd { b class="figure" { (shown(after.corrected)) } " " span class="quiet" { (frame.tw("assay-changes", &[("n", &after.corrections.len().to_string())])) } } }
            @if let Some(bound) = &image.at_least { dt { (frame.t("assay-at-least")) } dd { b class="figure" { "≥ " (bound.count) } " " span class="quiet" { (frame.tw("assay-without", &[("wells", &bound.without.join(", "))])) } } }
            @if image.labelled.is_some() { dt { (frame.t("assay-labelled")) } dd { (shown(image.labelled)) } }
        }
        @if let Some((who, when)) = by {
            @let name = showing.people.get(who).map_or(who.as_str(), |name| name.get(frame.lang));
            p class="notice done" id=(format!("confirmed-{}", image.page)) { b { "✓ " (frame.tw("assay-confirmed", &[("who", name), ("when", when)])) } }
        } @else if image.count == Some(0) { p class="notice warn" { b { (frame.t("assay-confirm-by-eye")) } } }
    }
}

fn drawn(
    frame: &Frame,
    showing: &Showing<'_>,
    image: &ImageReport,
    after: Option<&CorrectedImage>,
) -> Markup {
    let (width, height) = (f64::from(image.width_px), f64::from(image.height_px));
    let stroke = width.max(height) / 500.0;
    let place = |v: f64| format!("{v:.1}");
    let colonies: usize = image.vessels.iter().map(|vessel| vessel.colonies.len()).sum();
    let label = frame.tw("assay-plate-alt", &[("n", &colonies.to_string())]);
    html! {
        figure class="plate" {
            svg class="plate-marks" viewBox=(format!("-0.5 -0.5 {width} {height}")) role="img" aria-label=(label) fill="none" stroke-width=(place(stroke))
                data-form=(format!("correct-{}", image.page)) data-editable=[showing.editable().then_some("")] {
                image href=(format!("{}/picture/{}", showing.base, image.page)) x="-0.5" y="-0.5" width=(width) height=(height) {}
                @for vessel in &image.vessels {
                    @let corrected = after.and_then(|after| after.vessels.iter().find(|own| own.name == vessel.name));
                    @if let Some(edge) = vessel.counted_ellipse {
                        ellipse class="vessel" cx=(place(edge.x.into())) cy=(place(edge.y.into())) rx=(place(edge.long.into())) ry=(place(edge.short.into()))
                            transform=(format!("rotate({:.2} {:.1} {:.1})", edge.turn_degrees(), edge.x, edge.y)) {}
                    } @else if let Some(corners) = vessel.counted_corners {
                        polygon class="vessel" points=(corners.0.map(|(x, y)| format!("{x:.1},{y:.1}")).join(" ")) {}
                    } @else if let Some(circle) = vessel.counted_area { circle class="vessel" cx=(place(circle.x.into())) cy=(place(circle.y.into())) r=(place(circle.radius.into())) {} }
                    @for one in &vessel.rejected {
                        circle class="not-counted" cx=(place(one.x_px)) cy=(place(one.y_px)) r=(place(one.diameter_px / 2.0 + 2.0 * stroke)) stroke-dasharray=(place(3.0 * stroke)) { title { (frame.t(rejected(one.reason))) } }
                    }
                    (marks(vessel, corrected, stroke, colonies <= NUMBERED_MAX))
                }
            }
            figcaption class="quiet small" { (frame.t("assay-plate-key")) @if showing.editable() { " " (frame.t("assay-plate-click")) } }
        }
    }
}

fn marks(vessel: &VesselReport, corrected: Option<&CorrectedVessel>, stroke: f64, numbered: bool) -> Markup {
    let place = |v: f64| format!("{v:.1}");
    let kept = |id: u32| {
        corrected.is_none_or(|after| {
            after.colonies.iter().any(|own| own.origin == Origin::Automatic { colony: id })
        })
    };
    let size = 10.0 * stroke;
    html! {
        @for colony in &vessel.colonies {
            @let class = if !kept(colony.id) { "removed" } else if colony.labelled == Some(true) { "colony labelled" } else { "colony" };
            circle class=(class) data-vessel=(vessel.name) data-colony=(colony.id) cx=(place(colony.x_px)) cy=(place(colony.y_px)) r=(place(colony.diameter_px / 2.0 + stroke)) pointer-events="all" {}
            @if numbered { text class=[(!kept(colony.id)).then_some("gone")] x=(place(colony.x_px + colony.diameter_px / 2.0 + 2.0 * stroke)) y=(place(colony.y_px + size / 3.0)) font-size=(place(size)) { (colony.id) } }
        }
        @if let Some(after) = corrected {
            @for own in after.colonies.iter().filter(|own| !matches!(own.origin, Origin::Automatic { .. })) {
                circle class="colony added" cx=(place(own.x_px)) cy=(place(own.y_px)) r=(place(own.diameter_px / 2.0 + stroke)) {}
            }
        }
    }
}

fn median_diameter(image: &ImageReport) -> f64 {
    let mut all: Vec<f64> =
        image.vessels.iter().flat_map(|v| &v.colonies).map(|colony| colony.diameter_px).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::from(image.width_px.max(image.height_px)) / 60.0)
}

/// One press says that a person looked and agrees with the count as it stands.
fn confirm(frame: &Frame, showing: &Showing<'_>, image: &ImageReport) -> Markup {
    if !showing.editable() || image.refusal.is_some() || showing.confirmed.contains_key(&image.page) {
        return html! {};
    }
    html! {
        form method="post" action=(format!("{}/correct", showing.base)) data-part-form="" {
            (showing.hidden())
            input type="hidden" name="page" value=(image.page);
            button class="button" name="change" value="confirm" type="submit" { (frame.t("assay-confirm")) }
        }
    }
}

/// Forms for a keyboard; a click on the picture fills and sends them.
fn correct(
    frame: &Frame,
    showing: &Showing<'_>,
    image: &ImageReport,
    after: Option<&CorrectedImage>,
) -> Markup {
    if !showing.editable() || image.refusal.is_some() {
        return html! {};
    }
    let several = image.vessels.len() > 1;
    let id = |name: &str| format!("{name}-{}", image.page);
    let uncounted = image.vessels.iter().any(|vessel| vessel.count.is_none());
    html! {
        details class="why" open[after.is_some()] {
            summary { (frame.t("assay-correct")) }
            form class="edit-grid" id=(format!("correct-{}", image.page)) method="post" action=(format!("{}/correct", showing.base)) data-part-form="" novalidate {
                (showing.hidden())
                input type="hidden" name="page" value=(image.page);
                @if several {
                    div class="field" { label for=(id("vessel")) { (frame.t("assay-vessel")) } div class="box" { select id=(id("vessel")) name="vessel" { @for vessel in &image.vessels { option value=(vessel.name) { (vessel.name) } } } } }
                } @else { input type="hidden" name="vessel" value=(image.vessels.first().map_or("", |v| v.name.as_str())); }
                div class="field" { label for=(id("colony")) { (frame.t("assay-colony-number")) } div class="box" { input id=(id("colony")) name="colony" inputmode="numeric" autocomplete="off"; } }
                button class="button" name="change" value="remove" type="submit" { (frame.t("assay-remove")) }
                button class="button" name="change" value="split" type="submit" { (frame.t("assay-split")) }
                div class="field" { label for=(id("colonies")) { (frame.t("assay-merge-numbers")) } div class="box" { input id=(id("colonies")) name="colonies" inputmode="numeric" autocomplete="off"; } }
                button class="button" name="change" value="merge" type="submit" { (frame.t("assay-merge")) }
                div class="field" { label for=(id("x")) { "x" } div class="box" { input id=(id("x")) name="x" inputmode="decimal" autocomplete="off"; span class="unit" { "px" } } }
                div class="field" { label for=(id("y")) { "y" } div class="box" { input id=(id("y")) name="y" inputmode="decimal" autocomplete="off"; span class="unit" { "px" } } }
                div class="field" { label for=(id("diameter")) { (frame.t("assay-diameter")) } div class="box" { input id=(id("diameter")) name="diameter" value=(format!("{:.1}", median_diameter(image))) inputmode="decimal" autocomplete="off"; span class="unit" { "px" } } }
                button class="button" name="change" value="add" type="submit" { (frame.t("assay-add")) }
                @if uncounted {
                    div class="field" { label for=(id("count")) { (frame.t("assay-by-eye")) } div class="box" { input id=(id("count")) name="count" inputmode="numeric" autocomplete="off"; } }
                    button class="button" name="change" value="state" type="submit" { (frame.t("assay-state")) }
                }
                @if after.is_some_and(|after| !after.corrections.is_empty()) { button class="button" name="change" value="undo" type="submit" { (frame.t("assay-undo")) } }
            }
        }
    }
}

fn vessels(frame: &Frame, image: &ImageReport, after: Option<&CorrectedImage>) -> Markup {
    let shown = |count: Option<u64>| count.map_or_else(|| "–".to_owned(), |n| n.to_string());
    let columns = [
        words(frame.t("assay-vessel")),
        numbers(frame.t("assay-automatic-count")),
        numbers(frame.t("assay-corrected-count")),
        words(frame.t("assay-status")),
        numbers(frame.t("assay-diameter-min")),
        numbers(frame.t("assay-covered")),
        words(frame.t("assay-not-counted")),
    ];
    let row = |vessel: &VesselReport| {
        let own = after.and_then(|after| after.vessels.iter().find(|own| own.name == vessel.name));
        vec![
            cell(&vessel.name),
            cell(shown(vessel.count)),
            cell(own.map_or_else(|| "–".to_owned(), |own| shown(own.corrected))),
            html! { (status(frame, vessel.status)) @if let Some(why) = &vessel.no_count { br; span class="small quiet" { (no_count(frame, why)) } } @for doubt in &vessel.doubts { br; b class="small" { (doubt.message(frame.lang)) } } },
            cell(format!("{} px", number(vessel.diameter_min_px))),
            cell(format!("{:.1} %", 100.0 * vessel.covered)),
            html! { span class="small" {
                @if vessel.rejected_counts.is_empty() && vessel.below_size == 0 { "–" }
                @for one in &vessel.rejected_counts { (one.shapes) " × " (frame.t(rejected(one.reason))) br; } @if vessel.below_size > 0 { (vessel.below_size) " × " (frame.t("assay-below-size")) }
            } },
        ]
    };
    table(&frame.t("assay-vessels"), &columns, &image.vessels.iter().map(row).collect::<Vec<_>>())
}

fn no_count(frame: &Frame, why: &NoCount) -> String {
    let percent = |part: f64| format!("{:.0} %", 100.0 * part);
    match why {
        NoCount::Confluent { covered, limit } => {
            frame.tw("assay-why-confluent", &[("value", &percent(*covered)), ("limit", &percent(*limit))])
        }
        NoCount::TooMany { found, limit } => {
            frame.tw("assay-why-many", &[("value", &found.to_string()), ("limit", &limit.to_string())])
        }
        NoCount::Unclear { unclear, limit } => {
            frame.tw("assay-why-unclear", &[("value", &percent(*unclear)), ("limit", &percent(*limit))])
        }
        NoCount::Crowded { crowded, limit } => {
            frame.tw("assay-why-crowded", &[("value", &percent(*crowded)), ("limit", &percent(*limit))])
        }
        NoCount::NotRound { roundness, limit } => {
            frame.tw("assay-why-ragged", &[("value", &number(*roundness)), ("limit", &number(*limit))])
        }
        NoCount::NoBackground { times, limit } => {
            frame.tw("assay-why-background", &[("value", &number(*times)), ("limit", &number(*limit))])
        }
        NoCount::SingleCells { .. } | NoCount::UnevenGround { .. } => why.message(frame.lang),
        NoCount::TooSmall { pixels } => frame.tw("assay-why-small", &[("value", &pixels.to_string())]),
    }
}

fn rejected(reason: NotAColony) -> &'static str {
    match reason {
        NotAColony::Elongated => "assay-shape-elongated",
        NotAColony::Irregular => "assay-shape-irregular",
        NotAColony::Bubble => "assay-shape-bubble",
        NotAColony::AlongTheEdge => "assay-shape-edge",
        NotAColony::TooLarge => "assay-shape-large",
        NotAColony::Diffuse => "assay-shape-diffuse",
        NotAColony::Speck => "assay-shape-speck",
    }
}

fn said(frame: &Frame, note: &ImageNote) -> String {
    match note {
        ImageNote::SuffixDiffers { .. } => frame.t("assay-note-suffix"),
        ImageNote::TransparencyOnWhite => frame.t("assay-note-transparent"),
        ImageNote::PaletteExpanded => frame.t("assay-note-palette"),
        ImageNote::Turned => frame.t("assay-note-turned"),
        ImageNote::OneBit => frame.t("assay-note-one-bit"),
        ImageNote::FullScale { value } => frame.tw("assay-note-full-scale", &[("value", &value.to_string())]),
        ImageNote::Reduced { factor } => frame.tw("assay-note-reduced", &[("n", &factor.to_string())]),
    }
}

fn parameters(frame: &Frame, report: &ColonyReport) -> Markup {
    html! {
        details class="why" {
            summary { (frame.t("assay-parameters")) }
            dl class="pairs" {
                dt { (frame.t("assay-method")) } dd { (report.method) " · " (report.rules) }
                @for (name, value) in super::pairs_of(&report.options) { dt lang="en" { (name) } dd class="code" { (value) } }
            }
        }
    }
}

/// The vessel a point lies in: the one whose counted area holds it, else the only one there is.
pub fn vessel_at(image: &ImageReport, x: f64, y: f64) -> Option<String> {
    let inside = |vessel: &&VesselReport| {
        if let Some(edge) = vessel.counted_ellipse {
            return edge.part(x as f32, y as f32) <= 1.0;
        }
        if let Some(corners) = vessel.counted_corners {
            return corners.holds(x as f32, y as f32);
        }
        vessel.counted_area.is_some_and(|circle| {
            (f64::from(circle.x) - x).hypot(f64::from(circle.y) - y) <= f64::from(circle.radius)
        })
    };
    let only = || (image.vessels.len() == 1).then(|| image.vessels.first()).flatten();
    image.vessels.iter().find(inside).or_else(only).map(|vessel| vessel.name.clone())
}
