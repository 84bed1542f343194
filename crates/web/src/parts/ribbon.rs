//! Grade ribbons of the course: one cell a day, above the measured lanes and on the same time axis.

use super::chart::{Axis, ground};
use super::grade::GradeView;
use maud::{Markup, html};
use vena_base::Lang;

/// A ribbon of grades by day.
#[derive(Debug, Clone)]
pub struct Ribbon {
    /// The scale's name.
    pub name: String,
    /// A remark beside the ribbon.
    pub remark: String,
    /// For each day on the axis: where it begins and ends (0–1 of the axis) and its grade.
    pub cells: Vec<(f64, f64, GradeView)>,
}

const HEIGHT: f64 = 26.0;

/// Draws a ribbon. The pattern for *not known* is defined once per page by [`hatch`].
pub fn ribbon(lang: Lang, axis: &Axis, ribbon: &Ribbon) -> Markup {
    let spoken: Vec<String> = ribbon.cells.iter().map(|(_, _, grade)| grade.words(lang)).collect();
    html! {
        div class="lane thin" {
            div class="what" { b { (ribbon.name) } }
            svg height="26" role="img" aria-label=(format!("{}: {}", ribbon.name, spoken.join(", "))) {
                (ground(axis, HEIGHT))
                @for (start, end, grade) in &ribbon.cells { (cell(*start, *end, *grade)) }
            }
            div class="last" { small class="quiet" { (ribbon.remark) } }
        }
    }
}

fn cell(start: f64, end: f64, grade: GradeView) -> Markup {
    let percent = |f: f64| format!("{:.2}%", f * 100.0);
    let (x, width) = (percent(start + 0.001), percent((end - start - 0.002).max(0.0)));
    let middle = percent((start + end) / 2.0);
    let (known, label) = match grade {
        GradeView::Value(n) => (Some(n), n.to_string()),
        GradeView::AtLeast(n) => (Some(n), format!("≥{n}")),
        GradeView::Interval(a, b) => (None, format!("{a}–{b}")),
        GradeView::NotAssessable => (None, "?".to_owned()),
        GradeView::NotApplicable => return html! {},
    };
    match known {
        Some(n) => html! {
            rect x=(x) y="3" width=(width) height="20" rx="2" class=(format!("f{}", n.min(4))) {}
            text x=(middle) y="17.5" class=(format!("numeral-text i{}", n.min(4))) { (label) }
        },
        None => html! {
            rect x=(x) y="3" width=(width) height="20" rx="2" class="hatched" fill="url(#hatch)" {}
            text x=(middle) y="17.5" class="numeral-text halo strong" { (label) }
        },
    }
}

/// The hatching pattern, once per page.
pub fn hatch() -> Markup {
    html! {
        svg width="0" height="0" aria-hidden="true" class="unseen" {
            defs {
                pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    rect width="6" height="6" class="hatch-ground" {}
                    line x1="0" x2="0" y1="0" y2="6" class="hatch-line" {}
                }
            }
        }
    }
}
