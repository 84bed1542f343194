//! Every refusal speaks both languages: no variant may fall back to English.
#![allow(clippy::unwrap_used)]

use vena_base::{Lang, Text};
use vena_potency::assay_table::AssayTableError;
use vena_potency::combine::CombineError;
use vena_potency::endotoxin::EndotoxinError;
use vena_potency::fit::FitError;
use vena_potency::limits::LimitError;
use vena_potency::lines::LineError;
use vena_potency::method::{MethodError, Outcome};
use vena_potency::potency::PotencyError;
use vena_potency::probit::ProbitError;
use vena_potency::qpcr::{Call, QpcrError, QuantityStatus};
use vena_potency::qpcr_table::QpcrTableError;
use vena_potency::standard_line::StandardLineError;
use vena_potency::table::TableError;
use vena_potency::words::{Words, words};

const WHAT: Words = words("rows", "列");

fn text(words: &str) -> String {
    words.to_owned()
}

/// Holds one example of each variant to its two texts; the match has no wildcard.
macro_rules! every_variant {
    ($examples:expr; $($pattern:pat),+ $(,)?) => {{
        let patterns = [$(stringify!($pattern)),+];
        let mut seen = std::collections::BTreeSet::new();
        for example in $examples {
            seen.insert(match &example { $($pattern => stringify!($pattern)),+ });
            speaks(&example.message(Lang::En), &example.message(Lang::ZhTw));
            assert_eq!(example.to_string(), example.message(Lang::En));
            assert_eq!(example.text(), Text::new(example.message(Lang::En), example.message(Lang::ZhTw)));
        }
        let unseen: Vec<_> = patterns.iter().filter(|pattern| !seen.contains(*pattern)).collect();
        assert!(unseen.is_empty(), "no example of {unseen:?}");
    }};
}

fn speaks(en: &str, zh_tw: &str) {
    let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    assert!(!chinese(en) && en.len() > 2, "English: {en}");
    assert!(chinese(zh_tw), "Chinese: {zh_tw}");
}

/// Rows Q15, L4. Tables.
#[test]
fn tables() {
    use TableError as T;
    every_variant!([
        T::Empty,
        T::NoRows,
        T::TooLarge { what: WHAT, found: 2, max: 1 },
        T::NotUtf8 { line: 1, offset: 2 },
        T::Binary { line: 1 },
        T::FieldCount { line: 1, found: 2, expected: 3 },
        T::ColumnTwice(text("dose")),
        T::NoColumn { role: WHAT, header: text("a"), examples: "dose" },
        T::SeveralColumns { role: WHAT, candidates: text("a, b") },
        T::NoSuchColumn { name: text("a"), header: text("b") },
        T::NotANumber { line: 1, column: text("a"), cell: text("x") },
        T::OutOfRange { line: 1, column: text("a"), cell: text("x") },
        T::MixedDecimals { line: 1, column: text("a"), cell: text("1.5") },
        T::AmbiguousComma { line: 1, column: text("a"), cell: text("1,234") },
        T::EmptyCell { line: 1, column: text("a") },
        T::NotYesNo { line: 1, column: text("a"), cell: text("x") },
        T::Malformed { line: 1, message: text("x") },
    ]; T::Empty, T::NoRows, T::TooLarge { .. }, T::NotUtf8 { .. }, T::Binary { .. }, T::FieldCount { .. },
       T::ColumnTwice(..), T::NoColumn { .. }, T::SeveralColumns { .. }, T::NoSuchColumn { .. },
       T::NotANumber { .. }, T::OutOfRange { .. }, T::MixedDecimals { .. }, T::AmbiguousComma { .. }, T::EmptyCell { .. }, T::NotYesNo { .. }, T::Malformed { .. });
    use AssayTableError as A;
    every_variant!([
        A::Table(T::Empty),
        A::NegativeDose { line: 1, dose: -1.0 },
        A::BadWeight { line: 1, weight: 0.0 },
        A::DuplicateWell { plate: text("1"), well: text("A1"), line: 3, first_line: 2 },
        A::TooMany { what: WHAT, found: 2, max: 1 },
        A::NothingUsable,
    ]; A::Table(..), A::NegativeDose { .. }, A::BadWeight { .. }, A::DuplicateWell { .. }, A::TooMany { .. },
       A::NothingUsable);
    use QpcrTableError as Q;
    every_variant!([
        Q::Table(T::Empty),
        Q::ImpossibleCq { line: 1, cq: -1.0 },
        Q::UnknownTask { line: 1, task: text("x") },
        Q::StandardWithoutQuantity { line: 1 },
        Q::DuplicateWell { well: text("A1"), target: text("t"), line: 3, first_line: 2 },
        Q::NothingUsable,
    ]; Q::Table(..), Q::ImpossibleCq { .. }, Q::UnknownTask { .. }, Q::StandardWithoutQuantity { .. },
       Q::DuplicateWell { .. }, Q::NothingUsable);
}

/// Rows Q15, L4. Fits, limits and whole analyses.
#[test]
fn analyses() {
    use FitError as F;
    every_variant!([
        F::TooFewDoses { found: 2, needed: 4 },
        F::TooFewObservations { found: 4, parameters: 4 },
        F::AllResponsesEqual { count: 8, response: 1.0 },
        F::BadObservation { index: 0 },
        F::NotConverged(words("the steps did not settle", "疊代未收斂")),
    ]; F::TooFewDoses { .. }, F::TooFewObservations { .. }, F::AllResponsesEqual { .. }, F::BadObservation { .. },
       F::NotConverged(..));
    use LineError as L;
    every_variant!([
        L::TooFewDoses { preparation: 0, found: 1 },
        L::TooFewObservations { found: 1, parameters: 3 },
        L::AllResponsesEqual,
        L::Singular,
    ]; L::TooFewDoses { .. }, L::TooFewObservations { .. }, L::AllResponsesEqual, L::Singular);
    use StandardLineError as S;
    every_variant!([S::TooFewLevels(1), S::TooFewWells(2), S::Flat];
        S::TooFewLevels(..), S::TooFewWells(..), S::Flat);
    use CombineError as C;
    every_variant!([
        C::TooFew(1),
        C::Unusable { name: text("1"), potency: -1.0, log_standard_error: 0.1 },
    ]; C::TooFew(..), C::Unusable { .. });
    use LimitError as I;
    every_variant!([
        I::BadCount { positive: 2, tested: 1 },
        I::BadLevel(2.0),
        I::NotPositive { what: WHAT, value: 0.0 },
        I::TooLarge { what: WHAT, value: 2e6, max: 1e6 },
    ]; I::BadCount { .. }, I::BadLevel(..), I::NotPositive { .. }, I::TooLarge { .. });
    use ProbitError as P;
    every_variant!([
        P::Limit(I::BadLevel(2.0)),
        P::TooFewAmounts(1),
        P::Separated { between_low: 1.0, between_high: 10.0 },
        P::NotRising(-1.0),
        P::NotConverged,
    ]; P::Limit(..), P::TooFewAmounts(..), P::Separated { .. }, P::NotRising(..), P::NotConverged);
    use MethodError as M;
    every_variant!([
        M::Unreadable(text("x")),
        M::NotANumber { id: text("a"), value: text("x") },
        M::NoSuchParameter { method: text("m"), id: text("a") },
        M::NoSuchSource { id: text("a"), source_id: text("s") },
        M::Twice(text("a")),
    ]; M::Unreadable(..), M::NotANumber { .. }, M::NoSuchParameter { .. }, M::NoSuchSource { .. }, M::Twice(..));
    use EndotoxinError as E;
    every_variant!([
        E::Method(M::Twice(text("a"))),
        E::Line(S::Flat),
        E::NotPositive { what: WHAT, value: 0.0 },
    ]; E::Method(..), E::Line(..), E::NotPositive { .. });
    use QpcrError as Q;
    every_variant!([
        Q::Limit(I::BadLevel(2.0)),
        Q::Table(QpcrTableError::NothingUsable),
        Q::Method(M::Twice(text("a"))),
        Q::NoSuchTarget { name: text("a"), found: text("b") },
        Q::BadOption { what: WHAT, value: 0.0 },
    ]; Q::Table(..), Q::Method(..), Q::NoSuchTarget { .. }, Q::BadOption { .. }, Q::Limit(..));
    use PotencyError as O;
    every_variant!([
        O::Table(AssayTableError::NothingUsable),
        O::Method(M::Twice(text("a"))),
        O::NoSuchReference { name: text("a"), found: text("b") },
        O::BadDate { what: WHAT, written: text("31.12.2025") },
        O::BadStandard(0.0),
        O::NothingFitted(Text::new("a: flat", "a：沒有曲線")),
    ]; O::Table(..), O::Method(..), O::NoSuchReference { .. }, O::BadDate { .. }, O::BadStandard(..), O::NothingFitted(..));
}

/// Rows Q15, L4. Outcomes, statuses and calls.
#[test]
fn names() {
    for outcome in [Outcome::Met, Outcome::NotMet, Outcome::NotAssessable] {
        speaks(outcome.label(Lang::En), outcome.label(Lang::ZhTw));
    }
    for status in [
        QuantityStatus::Quantified,
        QuantityStatus::PartlyDetected,
        QuantityStatus::NotDetected,
        QuantityStatus::NotAssessable,
    ] {
        speaks(status.label(Lang::En), status.label(Lang::ZhTw));
    }
    for call in [Call::Positive, Call::Negative, Call::NotAssessable] {
        speaks(call.label(Lang::En), call.label(Lang::ZhTw));
    }
}

/// Rows Q7, Q9, Q11, Q12. The small tables' refusals.
#[test]
fn reports() {
    use vena_potency::reports::rows::RowsError as R;
    let rows = || R::NothingUsable;
    every_variant!([
        R::Table(TableError::Empty),
        R::NotUnderstood { line: 1, role: WHAT, cell: text("x"), known: "a, b" },
        R::Impossible { line: 1, role: WHAT, value: -1.0, wanted: words("a number above 0", "大於 0 的數字") },
        R::Missing { line: 1, role: WHAT },
        R::DuplicateWell { plate: text("1"), well: text("A1"), line: 3, first_line: 2 },
        R::TooMany { found: 2, max: 1 },
        R::NothingUsable,
    ]; R::Table(..), R::NotUnderstood { .. }, R::Impossible { .. }, R::Missing { .. }, R::DuplicateWell { .. },
       R::TooMany { .. }, R::NothingUsable);
    use vena_potency::EndotoxinReportError as E;
    every_variant!([
        E::Rows(rows()),
        E::Assay(EndotoxinError::Line(StandardLineError::Flat)),
        E::NoSample,
        E::SpikesDiffer { sample: text("a"), first: 1.0, second: 2.0 },
        E::DilutionsDiffer { sample: text("a"), first: 1.0, second: 2.0 },
    ]; E::Rows(..), E::Assay(..), E::NoSample, E::SpikesDiffer { .. }, E::DilutionsDiffer { .. });
    use vena_potency::ComparisonError as C;
    every_variant!([
        C::Rows(rows()),
        C::Method(MethodError::Twice(text("a"))),
        C::Limit(LimitError::BadLevel(2.0)),
        C::NoResults(words("compendial", "藥典")),
        C::TooMany { found: 2, max: 1 },
    ]; C::Rows(..), C::Method(..), C::Limit(..), C::NoResults(..), C::TooMany { .. });
    use vena_potency::CultureError as U;
    every_variant!([
        U::Rows(rows()),
        U::Method(MethodError::Twice(text("a"))),
        U::Limit(LimitError::BadLevel(2.0)),
        U::NoEfficiency,
        U::NoBlanks,
        U::NoSample,
    ]; U::Rows(..), U::Method(..), U::Limit(..), U::NoEfficiency, U::NoBlanks, U::NoSample);
    use vena_potency::spikes::SeriesRefusal as F;
    every_variant!([
        F::TooFewBlanks { found: 1, needed: 3 },
        F::NoSpikes,
        F::Impossible { well: 1, what: WHAT, value: -1.0 },
        F::NothingDetected { decision_limit: 4.0 },
        F::CellsMissing { wells: 1 },
        F::NoEfficiency,
        F::Probit(ProbitError::NotConverged),
        F::Limit(LimitError::BadLevel(2.0)),
    ]; F::TooFewBlanks { .. }, F::NoSpikes, F::Impossible { .. }, F::NothingDetected { .. }, F::CellsMissing { .. },
       F::NoEfficiency, F::Probit(..), F::Limit(..));
    use vena_potency::SeriesError as S;
    every_variant!([
        S::Rows(rows()),
        S::Method(MethodError::Twice(text("a"))),
        S::Refusal(F::NoSpikes),
        S::NoCounts,
        S::NoSuchWell { line: 1, plate: text("1"), well: text("A1") },
        S::WellInSeveral { well: text("A1") },
    ]; S::Rows(..), S::Method(..), S::Refusal(..), S::NoCounts, S::NoSuchWell { .. }, S::WellInSeveral { .. });
}
