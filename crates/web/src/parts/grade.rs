//! Grades as chips and numerals. Number and word always stand with the colour, and hatching always
//! means *not known*.

use crate::i18n::{text, text_with};
use maud::{Markup, html};
use vena_base::Lang;

/// A grade as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GradeView {
    /// The grade.
    Value(u8),
    /// This grade or a higher one.
    AtLeast(u8),
    /// Between the two.
    Interval(u8, u8),
    /// Cannot be said.
    NotAssessable,
    /// Does not apply at this time.
    NotApplicable,
}

impl GradeView {
    /// The grade in words: “grade 2”, “at least grade 1”, “not assessable”.
    pub fn words(self, lang: Lang) -> String {
        match self {
            GradeView::Value(0) => text(lang, "grade-none"),
            GradeView::Value(n) => text_with(lang, "grade-value", &[("n", &n.to_string())]),
            GradeView::AtLeast(n) => text_with(lang, "grade-at-least", &[("n", &n.to_string())]),
            GradeView::Interval(a, b) => {
                text_with(lang, "grade-interval", &[("low", &a.to_string()), ("high", &b.to_string())])
            }
            GradeView::NotAssessable => text(lang, "grade-not-assessable"),
            GradeView::NotApplicable => text(lang, "grade-not-applicable"),
        }
    }
}

fn colour(grade: u8) -> &'static str {
    match grade {
        0 => "g0",
        1 => "g1",
        2 => "g2",
        3 => "g3",
        4 => "g4",
        _ => "g5",
    }
}

/// A score's chip: points are no grade and carry no grade's colour.
pub fn score_chip(lang: Lang, scale: &str, score: GradeView) -> Markup {
    drawn_chip(lang, scale, score, |_| "gs")
}

/// The large numeral of a score.
pub fn score_numeral(score: GradeView) -> Markup {
    drawn_numeral(score, |_| "gs")
}

/// A chip with its scale's name: on the board and beside headings.
pub fn chip(lang: Lang, scale: &str, grade: GradeView) -> Markup {
    drawn_chip(lang, scale, grade, colour)
}

fn drawn_chip(lang: Lang, scale: &str, grade: GradeView, colour: fn(u8) -> &'static str) -> Markup {
    html! {
        span class="grade" {
            i { (scale) }
            @match grade {
                GradeView::Value(n) => { b class=(colour(n)) { (n) } }
                GradeView::AtLeast(n) => { b class=(colour(n)) { "≥" (n) } b class="gx" {} }
                GradeView::Interval(a, b) => { b class=(colour(a)) { (a) "–" (b) } b class="gx" {} }
                GradeView::NotAssessable => { b class="gx" { span { "?" } } }
                GradeView::NotApplicable => { b class="g0" { "–" } }
            }
            span class="unseen" { " " (grade.words(lang)) }
        }
    }
}

/// The large numeral of the grade summary.
pub fn numeral(grade: GradeView) -> Markup {
    drawn_numeral(grade, colour)
}

fn drawn_numeral(grade: GradeView, colour: fn(u8) -> &'static str) -> Markup {
    html! {
        span class="numeral" aria-hidden="true" {
            @match grade {
                GradeView::Value(n) => { span class=(colour(n)) { (n) } }
                GradeView::AtLeast(n) => { span class=(colour(n)) { "≥" (n) } span class="gx" {} }
                GradeView::Interval(a, b) => { span class=(colour(a)) { (a) } span class="gx" { span { (b) } } }
                GradeView::NotAssessable => { span class="gx" { span { "?" } } }
                GradeView::NotApplicable => { span class="g0" { "–" } }
            }
        }
    }
}
