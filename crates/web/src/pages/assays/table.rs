//! Tables of results: the first cell of a row names it; on a phone a row becomes a card that says what each value is.
//! Also the criteria of a method and their sources. Computes nothing.

use super::status_tag;
use crate::layout::Frame;
use maud::{Markup, html};
use vena_potency::method::{Outcome, Verdict};

/// A column: its heading, and whether it holds words rather than a number.
pub struct Column {
    heading: String,
    words: bool,
}

/// A column of numbers.
pub fn numbers(heading: impl Into<String>) -> Column {
    Column { heading: heading.into(), words: false }
}

/// A column of words.
pub fn words(heading: impl Into<String>) -> Column {
    Column { heading: heading.into(), words: true }
}

/// The table without a frame around it; `label` names it to who cannot see it.
pub fn table(label: &str, columns: &[Column], rows: &[Vec<Markup>]) -> Markup {
    // A phone leaves out what is not there.
    let class = |column: &Column, cell: &Markup| match (column.words, cell.0 == "–") {
        (true, false) => "text",
        (false, false) => "number keep",
        (true, true) => "text none",
        (false, true) => "number keep none",
    };
    html! {
        div class="scroller" tabindex="0" role="group" aria-label=(label) { table class="facts" {
            thead { tr { @for (i, column) in columns.iter().enumerate() { th scope="col" class=[(i > 0 && !column.words).then_some("number")] { (column.heading) } } } }
            tbody { @for row in rows { tr { @for (i, (cell, column)) in row.iter().zip(columns).enumerate() {
                @if i == 0 { th scope="row" { (cell) } } @else { td class=(class(column, cell)) data-label=(column.heading) { div { (cell) } } }
            } } } }
        } }
    }
}

/// The table with its heading.
pub fn panel(frame: &Frame, id: &str, title: &str, columns: &[Column], rows: &[Vec<Markup>]) -> Markup {
    html! {
        section class="panel edge" aria-labelledby=(id) {
            header { h2 id=(id) { (frame.t(title)) } }
            (table(&frame.t(title), columns, rows))
        }
    }
}

/// Text as a cell.
pub fn cell(text: impl Into<String>) -> Markup {
    let text: String = text.into();
    html! { (text) }
}

/// A source's id as it is cited in a line: `usp-85` is USP 85. The whole citation stands in the method's file.
pub fn source(id: &str) -> String {
    const INITIALS: [&str; 10] = ["usp", "engl", "miqe", "isct", "who", "fda", "ema", "ich", "iso", "clsi"];
    let rest = id.strip_prefix("ph-eur-").map(|rest| format!("Ph. Eur. {rest}"));
    rest.unwrap_or_else(|| {
        let word = |part: &str| {
            if INITIALS.contains(&part) {
                return part.to_uppercase();
            }
            let mut letters = part.chars();
            letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
        };
        id.split('-').map(word).collect::<Vec<String>>().join(" ")
    })
}

/// The criteria of a method: those that stand against the result first, those that are met folded away.
pub fn verdicts(frame: &Frame, verdicts: &[Verdict]) -> Markup {
    let outcome = |outcome: Outcome| match outcome {
        Outcome::Met => "assay-met",
        Outcome::NotMet => "assay-not-met",
        Outcome::NotAssessable => "assay-not-assessable",
    };
    let columns = [
        words(frame.t("assay-subject")),
        words(frame.t("criterion")),
        numbers(frame.t("value-used")),
        numbers(frame.t("assay-limit")),
        words(frame.t("assay-outcome")),
        words(frame.t("source")),
    ];
    let row = |one: &Verdict| {
        let told = one.words(frame.lang);
        vec![
            cell(told.subject),
            cell(told.criterion),
            cell(told.value),
            cell(told.limit),
            status_tag(&frame.t(outcome(one.outcome)), one.outcome == Outcome::NotMet),
            html! { span class="quiet small" { (source(&one.criterion.source)) } },
        ]
    };
    let (met, open): (Vec<&Verdict>, Vec<&Verdict>) =
        verdicts.iter().partition(|one| one.outcome == Outcome::Met);
    let rows = |of: &[&Verdict]| of.iter().map(|one| row(one)).collect::<Vec<_>>();
    let label = frame.t("assay-suitability");
    html! {
        @if !verdicts.is_empty() {
            section class="panel edge" aria-labelledby="suitability-title" {
                header { h2 id="suitability-title" { (label) } }
                @if !open.is_empty() { (table(&label, &columns, &rows(&open))) }
                @if !met.is_empty() {
                    details class="why body" { summary { (frame.tw("assay-criteria-met", &[("n", &met.len().to_string())])) } (table(&label, &columns, &rows(&met))) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_read_as_people_cite_them() {
        for (id, said) in [
            ("usp-85", "USP 85"),
            ("ph-eur-5.3", "Ph. Eur. 5.3"),
            ("schuirmann-1987", "Schuirmann 1987"),
            ("isct-2006, Table 1", "ISCT 2006, Table 1"),
        ] {
            assert_eq!(source(id), said);
        }
    }
}
