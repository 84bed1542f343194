//! Every refusal, note and reason speaks both languages.
#![allow(clippy::unwrap_used)]

use vena_base::{Lang, Text};
use vena_colonies::analyse::AnalyseError;
use vena_colonies::corrections::CorrectionRefusal;
use vena_colonies::count::NoCount;
use vena_colonies::knowledge::KnowledgeFault;
use vena_colonies::overlay::OverlayError;
use vena_colonies::report::Refusal;
use vena_colonies::shapes::NotAColony;
use vena_colonies::vessel::VesselRefusal;
use vena_colonies::{AtLeast, Doubt, ImageFormat, ImageNote, ImageRefusal, Status};

/// Holds one example of each variant to its two texts; the match has no wildcard.
macro_rules! every_variant {
    ($examples:expr; $($pattern:pat),+ $(,)?) => {{
        let patterns = [$(stringify!($pattern)),+];
        let mut seen = std::collections::BTreeSet::new();
        for example in $examples {
            seen.insert(match &example { $($pattern => stringify!($pattern)),+ });
            speaks(&example.message(Lang::En), &example.message(Lang::ZhTw));
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

/// Row Q11. Refusals of pictures, vessels, options and corrections.
#[test]
fn refusals() {
    use ImageRefusal as I;
    every_variant!([
        I::EmptyFile,
        I::UnknownFormat { first_bytes: "00".into() },
        I::FileTooLarge { bytes: 2, limit_bytes: 1 },
        I::NoPixels { width_px: 0, height_px: 0 },
        I::TooManyPixels { width_px: 9, height_px: 9, limit_px: 1 },
        I::TooMuchMemory { bytes: 2, limit_bytes: 1 },
        I::TooManyPages { limit: 1 },
        I::NoSuchPage { page: 2, pages: 1 },
        I::Cmyk,
        I::UnsupportedPixels { what: "x".into() },
        I::Damaged { what: "x".into() },
    ]; I::EmptyFile, I::UnknownFormat { .. }, I::FileTooLarge { .. }, I::NoPixels { .. }, I::TooManyPixels { .. },
       I::TooMuchMemory { .. }, I::TooManyPages { .. }, I::NoSuchPage { .. }, I::Cmyk, I::UnsupportedPixels { .. },
       I::Damaged { .. });
    use VesselRefusal as V;
    every_variant!([V::NoDish, V::NoWells { wells: 96 }, V::UnknownFormat { wells: 7, known: vec![6] }];
        V::NoDish, V::NoWells { .. }, V::UnknownFormat { .. });
    use Refusal as R;
    every_variant!([R::Image(I::Cmyk), R::Vessel(V::NoDish), R::PagesDiffer { page: 1, other: 2 }];
        R::Image(..), R::Vessel(..), R::PagesDiffer { .. });
    use KnowledgeFault as K;
    every_variant!([K::Unreadable { file: "x.toml", what: "x".into() }, K::Missing { id: "x".into() }];
        K::Unreadable { .. }, K::Missing { .. });
    use AnalyseError as A;
    every_variant!([
        A::PixelSizeMissing,
        A::NotPositive { name: "micrometres_per_pixel", value: 0.0 },
        A::NotPositive { name: "diameter_min", value: 0.0 },
        A::Knowledge(K::Missing { id: "x".into() }),
    ]; A::PixelSizeMissing, A::NotPositive { .. }, A::Knowledge(..));
    use CorrectionRefusal as C;
    let vessel = || "dish".to_owned();
    every_variant!([
        C::NoSuchVessel { number: 1, vessel: vessel() },
        C::NoSuchColony { number: 1, vessel: vessel(), colony: 2 },
        C::NotInPicture { number: 1, x_px: 0.0, y_px: 0.0, diameter_px: 0.0 },
        C::MergeOfOne { number: 1 },
        C::AlreadyCounted { number: 1, vessel: vessel() },
    ]; C::NoSuchVessel { .. }, C::NoSuchColony { .. }, C::NotInPicture { .. }, C::MergeOfOne { .. },
       C::AlreadyCounted { .. });
    let encode = image::ImageError::IoError(std::io::Error::other("x"));
    every_variant!([OverlayError::Image(I::Cmyk), OverlayError::Encode(encode)];
        OverlayError::Image(..), OverlayError::Encode(..));
}

/// Row Q11. Notes, reasons for no number, reasons for not counting a shape.
#[test]
fn notes_and_reasons() {
    use ImageNote as N;
    every_variant!([
        N::SuffixDiffers { suffix: "png".into(), content: ImageFormat::Jpeg },
        N::TransparencyOnWhite,
        N::Turned,
        N::PaletteExpanded,
        N::OneBit,
        N::FullScale { value: 4095 },
        N::Reduced { factor: 2 },
    ]; N::SuffixDiffers { .. }, N::TransparencyOnWhite, N::Turned, N::PaletteExpanded, N::OneBit, N::FullScale { .. },
       N::Reduced { .. });
    use NoCount as C;
    every_variant!([
        C::Confluent { covered: 0.6, limit: 0.45 },
        C::TooMany { found: 3, limit: 2 },
        C::Unclear { unclear: 0.6, limit: 0.5 },
        C::UnevenGround { times: 1.6, limit: 1.4 },
        C::Crowded { crowded: 0.7, limit: 0.6 },
        C::NotRound { roundness: 0.2, limit: 0.5 },
        C::NoBackground { times: 4.0, limit: 2.5 },
        C::SingleCells { share: 0.004, limit: 0.008 },
        C::TooSmall { pixels: 3 },
    ]; C::Confluent { .. }, C::TooMany { .. }, C::Unclear { .. }, C::Crowded { .. }, C::NotRound { .. },
       C::NoBackground { .. }, C::UnevenGround { .. }, C::SingleCells { .. }, C::TooSmall { .. });
    use Doubt as D;
    every_variant!([D::ScaleUnknown { diameter_px: 20.0 }, D::AsSmallAsCells { share: 0.004, limit: 0.005 },
        D::UnevenGround { times: 1.6, limit: 1.45 }];
        D::ScaleUnknown { .. }, D::AsSmallAsCells { .. }, D::UnevenGround { .. });
    let bound = AtLeast { count: 20, without: vec!["A2".into(), "B3".into()] };
    speaks(&bound.message(Lang::En), &bound.message(Lang::ZhTw));
    assert_eq!(bound.message(Lang::En), "≥ 20 without A2, B3");
    for reason in [
        NotAColony::Elongated,
        NotAColony::Irregular,
        NotAColony::Bubble,
        NotAColony::AlongTheEdge,
        NotAColony::Diffuse,
        NotAColony::Speck,
        NotAColony::TooLarge,
    ] {
        speaks(reason.label(Lang::En), reason.label(Lang::ZhTw));
    }
    for status in [Status::Counted, Status::TooManyToCount, Status::NotAssessable, Status::Refused] {
        speaks(status.label(Lang::En), status.label(Lang::ZhTw));
    }
}
