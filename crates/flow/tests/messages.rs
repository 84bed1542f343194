//! Every refusal speaks both languages: no variant may fall back to English.
#![allow(clippy::unwrap_used)]

use std::io;

use vena_base::{Lang, Text};
use vena_flow::fcs::FcsError;
use vena_flow::gating::GatingError;
use vena_flow::plot::PlotError;
use vena_flow::{
    CountError, FlowError, Outcome, Panel, PanelError, SpilloverError, Tolerance, Transform, TransformKind,
    Verdict,
};

fn text() -> Text {
    Text::new("wrong", "有誤")
}

fn name() -> String {
    "FITC-A".to_owned()
}

/// Holds one example of each variant to its two texts. The match has no
/// wildcard, so a new variant without an example does not compile or is missed
/// by none: every pattern must be seen.
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
    assert!(!chinese(&en.replace("有誤", "")) && en.len() > 2, "English: {en}");
    assert!(chinese(zh_tw), "Chinese: {zh_tw}");
    assert_ne!(en, zh_tw);
}

/// Row Q10. FCS refusals.
#[test]
fn fcs() {
    use FcsError as E;
    let remedy = Some(Tolerance::DuplicateKeyword);
    every_variant!([
        E::Io(io::Error::other("disk")),
        E::NotFcs { found: "PK".into() },
        E::HeaderTruncated { at: 0, bytes: 3 },
        E::HeaderNumber { field: "TEXT begin", text: "x".into() },
        E::SegmentOutside { segment: "DATA", begin: 1, end: 2, file_bytes: 1 },
        E::Text { problem: text(), remedy },
        E::MissingKeyword { keyword: "$TOT".into(), remedy: None },
        E::KeywordValue { keyword: "$TOT".into(), value: "x".into(), problem: text(), remedy },
        E::OffsetsDiffer { header: (1, 2), text: (3, 4) },
        E::DataLength { found: 1, needed: 2, events: 3, event_bits: 4, remedy: None },
        E::AsciiValue { channel: name(), event: 0, text: "x".into() },
        E::AsciiCount { bytes: 1, values: 1, channels: 2, events: 1 },
        E::Unsupported { keyword: "$MODE".into(), value: "H".into() },
        E::Limit { what: text(), found: 2, limit: 1 },
        E::NonFinite { events: 1, channel: name(), first: 0 },
        E::NextData { at: 0, next: -1, problem: text() },
        E::Unwritable(text()),
            E::Analysis { problem: text() },
    ]; E::Io(..), E::NotFcs { .. }, E::HeaderTruncated { .. }, E::HeaderNumber { .. }, E::SegmentOutside { .. },
       E::Text { .. }, E::MissingKeyword { .. }, E::KeywordValue { .. }, E::OffsetsDiffer { .. },
       E::DataLength { .. }, E::Unsupported { .. }, E::Limit { .. }, E::NonFinite { .. }, E::NextData { .. },
       E::AsciiValue { .. }, E::AsciiCount { .. }, E::Unwritable(..), E::Analysis { .. });
}

/// Row Q10. Compensation and gating refusals.
#[test]
fn compensation_and_gating() {
    use SpilloverError as S;
    let origin = || "$SPILLOVER".to_owned();
    every_variant!([
        S::Malformed { origin: origin(), problem: text() },
        S::DecimalComma { origin: origin() },
        S::MissingChannel { origin: origin(), channel: name(), present: name() },
        S::Singular { origin: origin(), ratio: 0.0 },
        S::NotFinite { origin: origin() },
        S::Underdetermined { origin: origin(), fluorochromes: 2, detectors: 1 },
        S::TooLarge { origin: origin(), found: 2, limit: 1 },
        S::OnlySpill,
        S::OnlyOldKeyword { keyword: "$COMP".into() },
        S::AlreadyCompensated { evidence: text() },
    ]; S::Malformed { .. }, S::DecimalComma { .. }, S::MissingChannel { .. }, S::Singular { .. }, S::NotFinite { .. },
       S::Underdetermined { .. }, S::TooLarge { .. }, S::OnlySpill, S::OnlyOldKeyword { .. },
       S::AlreadyCompensated { .. });
    use GatingError as G;
    let transform = Transform::from(TransformKind::Log { t: -1.0, m: 1.0 }).prepare().unwrap_err();
    speaks(&transform.message(Lang::En), &transform.message(Lang::ZhTw));
    let gate = || "T".to_owned();
    let mut examples = vec![
        G::Xml { at: 1, problem: "x".into() },
        G::DocumentType { at: 1 },
        G::Memory { problem: "x".into() },
        G::Limit { what: text(), found: 2, limit: 1 },
        G::Grammar { line: 1, problem: text() },
        G::QuadrantGateReference { gate: gate(), reference: gate(), quadrants: gate() },
        G::Cycle { circle: vec![gate(), gate()] },
        G::MissingChannel { gate: gate(), channel: name(), present: name() },
        G::MissingFluorochrome { gate: gate(), channel: name(), matrix: origin(), present: name() },
        G::Shape { gate: gate(), problem: text() },
        G::Transform { id: gate(), source: transform },
        G::Compensation { gate: gate(), source: S::OnlySpill },
    ];
    for kind in ["gate", "transformation", "ratio transformation", "spectrum matrix", "divider"] {
        let unknown = G::UnknownReference { gate: gate(), kind, reference: gate() };
        assert!(!unknown.message(Lang::ZhTw).contains(kind), "{kind} has no Chinese word");
        examples.extend([unknown, G::DuplicateId { kind, id: gate() }]);
    }
    every_variant!(examples; G::Xml { .. }, G::Memory { .. }, G::DocumentType { .. }, G::Limit { .. }, G::Grammar { .. },
        G::DuplicateId { .. }, G::UnknownReference { .. }, G::QuadrantGateReference { .. }, G::Cycle { .. },
        G::MissingChannel { .. }, G::MissingFluorochrome { .. }, G::Shape { .. }, G::Transform { .. },
        G::Compensation { .. });
}

/// Row Q10. The whole analysis, plots, counts and panels.
#[test]
fn analysis() {
    use FlowError as F;
    every_variant!([
        F::Fcs(FcsError::NotFcs { found: "PK".into() }),
        F::Gating(GatingError::DocumentType { at: 1 }),
        F::Spillover(SpilloverError::OnlySpill),
        F::SeveralDataSets { events: vec![1, 2] },
        F::NoSuchDataSet { chosen: 3, count: 2 },
    ]; F::Fcs(..), F::Gating(..), F::Spillover(..), F::SeveralDataSets { .. }, F::NoSuchDataSet { .. });
    use PlotError as P;
    every_variant!([
        P::Gating(GatingError::DocumentType { at: 1 }),
        P::NoPlane("T".into()),
        P::TooFewChannels(1),
        P::Encoding("x".into()),
        P::Font,
    ]; P::Gating(..), P::NoPlane(..), P::TooFewChannels(..), P::Encoding(..), P::Font);
    use CountError as C;
    every_variant!([
        C::NoBeads,
        C::NotPositive { what: text(), value: 0.0 },
        C::PartExceedsWhole { part: 2, whole: 1 },
        C::NoEvents,
            C::NoSuchGate { gate: "T".into(), present: "B".into() },
            C::OneViabilityGate,
            C::TwoPlatforms,
            C::OutsideNucleated { events: 3, gate: "T".into() },
    ]; C::TwoPlatforms, C::OutsideNucleated { .. }, C::NoBeads, C::NotPositive { .. }, C::PartExceedsWhole { .. }, C::NoEvents, C::NoSuchGate { .. }, C::OneViabilityGate);
    use PanelError as R;
    every_variant!([
        Panel::from_toml("x").unwrap_err(),
        R::Criterion { panel: "p".into(), criterion: "c".into(), problem: text() },
    ]; R::Toml(..), R::Criterion { .. });
    let unknown = "x".parse::<Tolerance>().unwrap_err();
    speaks(&unknown.message(Lang::En), &unknown.message(Lang::ZhTw));
}

/// Row Q10. Tolerances, verdicts and outcomes.
#[test]
fn names() {
    for tolerance in Tolerance::ALL {
        speaks(&tolerance.label(Lang::En), &tolerance.label(Lang::ZhTw));
    }
    for verdict in [Verdict::Meets, Verdict::DoesNotMeet, Verdict::NotAssessable] {
        speaks(verdict.label(Lang::En), verdict.label(Lang::ZhTw));
    }
    for outcome in [Outcome::Met, Outcome::NotMet, Outcome::Missing, Outcome::Reported] {
        speaks(outcome.label(Lang::En).trim_end(), outcome.label(Lang::ZhTw));
    }
}
