//! Images that are wrong, lie or are hostile: refused with a reason, never a
//! panic, never more memory than the limits allow.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use proptest::prelude::*;
use std::io::Cursor;
use vena_colonies::decode::{inspect, read_page};
use vena_colonies::synthetic::{Dice, Recipe, Stage, draw, tiff_pages};
use vena_colonies::{
    DecodeLimits, ImageFormat, ImageNote, ImageRefusal, Options, Status, analyse, fuzz_image,
};

fn small() -> vena_colonies::synthetic::Drawn {
    draw(&Recipe { bubbles: 0, strokes: 0, ..Recipe::untuned(1, 120, Stage::Field, 8, 12.0) })
}

fn refusal(name: &str, bytes: &[u8]) -> ImageRefusal {
    let limits = DecodeLimits::default();
    match inspect(name, bytes, &limits) {
        Err(refusal) => refusal,
        Ok(header) => read_page(bytes, header.format, 1, &limits).unwrap_err(),
    }
}

fn with_crc(mut png: Vec<u8>, at: usize, value: &[u8]) -> Vec<u8> {
    png[at..at + value.len()].copy_from_slice(value);
    let mut crc = u32::MAX;
    for byte in &png[12..29] {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    png[29..33].copy_from_slice(&(!crc).to_be_bytes());
    png
}

/// Row Q11. Zero pixels, 10⁹ pixels and more, by their headers alone.
#[test]
fn impossible_sizes() {
    let png = small().png().unwrap();
    let zero = with_crc(png.clone(), 16, &0u32.to_be_bytes());
    assert_eq!(refusal("a.png", &zero), ImageRefusal::NoPixels { width_px: 0, height_px: 120 });
    for (width, height) in [(40_000u32, 25_000u32), (u32::MAX >> 1, u32::MAX >> 1)] {
        let mut both = width.to_be_bytes().to_vec();
        both.extend(height.to_be_bytes());
        let huge = with_crc(png.clone(), 16, &both);
        assert!(matches!(refusal("a.png", &huge), ImageRefusal::TooManyPixels { .. }), "{width}");
    }
    let mut jpeg = small().jpeg(80).unwrap();
    let frame = jpeg.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0x7F, 0xFF, 0x7F, 0xFF]);
    assert!(matches!(
        refusal("a.jpg", &jpeg),
        ImageRefusal::TooManyPixels { .. } | ImageRefusal::Damaged { .. }
    ));
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0, 0, 0, 0]);
    assert!(matches!(refusal("a.jpg", &jpeg), ImageRefusal::NoPixels { .. } | ImageRefusal::Damaged { .. }));
}

/// Row Q11. The TIFF's own numbers are checked before its samples are read.
#[test]
fn tiff_that_lies() {
    let tiff = tiff_pages(&[&small()], false).unwrap();
    // Width is tag 256; its value follows type and count.
    let entry =
        |w: &[u8]| w[..2] == 256u16.to_le_bytes() && matches!(w[2], 3 | 4) && w[3..8] == [0, 1, 0, 0, 0];
    let at = tiff.windows(8).position(entry).unwrap();
    for width in [0u32, 1_000_000_000] {
        let mut lie = tiff.clone();
        lie[at + 2..at + 4].copy_from_slice(&4u16.to_le_bytes());
        lie[at + 8..at + 12].copy_from_slice(&width.to_le_bytes());
        let refusal = refusal("a.tif", &lie);
        assert!(
            matches!(
                refusal,
                ImageRefusal::NoPixels { .. }
                    | ImageRefusal::TooManyPixels { .. }
                    | ImageRefusal::Damaged { .. }
            ),
            "{refusal:?}"
        );
    }
}

/// Row Q11. Files that are no images, cut short, or too long.
#[test]
fn not_images() {
    assert_eq!(refusal("a.png", b""), ImageRefusal::EmptyFile);
    assert!(matches!(refusal("a.png", b"GIF89a..."), ImageRefusal::UnknownFormat { .. }));
    let png = small().png().unwrap();
    assert!(matches!(refusal("a.png", &png[..png.len() / 2]), ImageRefusal::Damaged { .. }));
    assert!(matches!(refusal("a.png", &png[..20]), ImageRefusal::Damaged { .. }));
    let tight = DecodeLimits { file_bytes_max: 10, ..DecodeLimits::default() };
    assert!(matches!(
        inspect("a.png", &png, &tight),
        Err(ImageRefusal::FileTooLarge { limit_bytes: 10, .. })
    ));
    let tight = DecodeLimits { decoded_bytes_max: 1000, ..DecodeLimits::default() };
    assert!(matches!(read_page(&png, ImageFormat::Png, 1, &tight), Err(ImageRefusal::TooMuchMemory { .. })));
    let pages = tiff_pages(&[&small(), &small(), &small()], false).unwrap();
    let tight = DecodeLimits { pages_max: 2, ..DecodeLimits::default() };
    assert_eq!(inspect("a.tif", &pages, &tight), Err(ImageRefusal::TooManyPages { limit: 2 }));
    assert_eq!(
        read_page(&pages, ImageFormat::Tiff, 4, &DecodeLimits::default()),
        Err(ImageRefusal::NoSuchPage { page: 4, pages: 3 })
    );
}

/// Row Q11. The content decides the format, and the report says so.
#[test]
fn wrong_suffix_is_said() {
    let report = analyse(&[("plate.png".into(), small().jpeg(90).unwrap())], &Options::default()).unwrap();
    let image = &report.images[0];
    assert_ne!(image.status, Status::Refused);
    let said = ImageNote::SuffixDiffers { suffix: "png".into(), content: ImageFormat::Jpeg };
    assert!(image.notes.contains(&said));
}

/// Row Q11. One bad file does not stop the others, and has its own entry.
#[test]
fn a_bad_file_among_good_ones() {
    let good = small().png().unwrap();
    let files = vec![
        ("a.png".to_string(), good.clone()),
        ("b.png".into(), good[..99].to_vec()),
        ("c.png".into(), good),
    ];
    let report = analyse(&files, &Options::default()).unwrap();
    let statuses: Vec<bool> = report.images.iter().map(|i| i.status == Status::Refused).collect();
    assert_eq!(statuses, [false, true, false]);
    assert!(report.images[1].refusal.is_some() && report.images[1].count.is_none());
}

/// Row Q11. A CMYK JPEG is refused with what to do about it. (A header of four
/// components is enough: it is refused before decoding.)
#[test]
fn cmyk_is_refused() {
    let frame = [0xFFu8, 0xD8, 0xFF, 0xC0, 0, 20, 8, 0, 16, 0, 16, 4, 1, 17, 0, 2, 17, 0, 3, 17, 0, 4, 17, 0];
    assert_eq!(refusal("a.jpg", &frame), ImageRefusal::Cmyk);
    use tiff::encoder::{TiffEncoder, colortype};
    let mut out = Cursor::new(Vec::new());
    TiffEncoder::new(&mut out).unwrap().write_image::<colortype::CMYK8>(8, 8, &[9; 256]).unwrap();
    assert_eq!(refusal("a.tif", out.get_ref()), ImageRefusal::Cmyk);
}

/// Row Q11. Every kind of pixel that is read gives the same picture.
#[test]
fn kinds_of_pixels_agree() {
    use image::{DynamicImage, ImageFormat as Kind, RgbImage};
    let drawn = small();
    let rgb = DynamicImage::ImageRgb8(RgbImage::from_raw(120, 120, drawn.rgb.clone()).unwrap());
    let grey = rgb.to_luma8();
    let kinds = [
        DynamicImage::ImageLuma8(grey.clone()),
        DynamicImage::from(grey.clone()).to_luma_alpha8().into(),
        DynamicImage::from(grey.clone()).to_rgb8().into(),
        DynamicImage::from(grey.clone()).to_rgba8().into(),
        DynamicImage::from(grey.clone()).to_luma16().into(),
        DynamicImage::from(grey).to_rgba16().into(),
    ];
    let mut counts = Vec::new();
    for kind in kinds {
        for format in [Kind::Png, Kind::Tiff] {
            let mut out = Cursor::new(Vec::new());
            if kind.write_to(&mut out, format).is_err() {
                continue;
            }
            let report = analyse(&[("x".into(), out.into_inner())], &Options::default()).unwrap();
            counts.push(report.images[0].count.unwrap());
        }
    }
    assert!(counts.len() >= 8 && counts.windows(2).all(|w| w[0] == w[1]), "{counts:?}");
}

/// A 1-bit TIFF of black squares on white, written by hand.
fn one_bit_tiff(side: u32) -> Vec<u8> {
    let stride = side.div_ceil(8);
    let mut bits = vec![0xFFu8; (stride * side) as usize];
    for (x, y) in [(20u32, 20u32), (60, 30), (30, 80)] {
        for row in y..y + 9 {
            for column in x..x + 9 {
                bits[(row * stride + column / 8) as usize] &= !(0x80 >> (column % 8));
            }
        }
    }
    let mut out = b"II\x2a\0\x08\0\0\0".to_vec();
    let entries: [(u16, u16, u32); 8] = [
        (256, 4, side),
        (257, 4, side),
        (258, 3, 1),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 8 + 2 + 8 * 12 + 4),
        (278, 4, side),
        (279, 4, bits.len() as u32),
    ];
    out.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, value) in entries {
        out.extend(tag.to_le_bytes());
        out.extend(kind.to_le_bytes());
        out.extend(1u32.to_le_bytes());
        out.extend(value.to_le_bytes());
    }
    out.extend(0u32.to_le_bytes());
    out.extend(bits);
    out
}

/// A 1-bit PNG of black squares on white, written by hand, its samples uncompressed.
fn one_bit_png(side: u32) -> Vec<u8> {
    let stride = (side as usize).div_ceil(8);
    let mut lines = Vec::new();
    for y in 0..side {
        let mut line = vec![0xFFu8; stride];
        for x in 0..side {
            let square = |left: u32, top: u32| (left..left + 14).contains(&x) && (top..top + 14).contains(&y);
            if square(20, 20) || square(70, 30) || square(40, 80) {
                line[x as usize / 8] &= !(0x80 >> (x % 8));
            }
        }
        lines.push(0);
        lines.extend(line);
    }
    let (mut low, mut high) = (1u32, 0u32);
    for byte in &lines {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    let length = lines.len() as u16;
    let mut data = vec![0x78, 0x01, 1];
    data.extend(length.to_le_bytes());
    data.extend((!length).to_le_bytes());
    data.extend(lines);
    data.extend((high << 16 | low).to_be_bytes());
    let mut header = [side.to_be_bytes(), side.to_be_bytes()].concat();
    header.extend([1, 0, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, content) in [(b"IHDR", header), (b"IDAT", data), (b"IEND", Vec::new())] {
        let mut chunk = name.to_vec();
        chunk.extend(&content);
        let crc = chunk.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(
                crc ^ u32::from(*byte),
                |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 },
            )
        });
        png.extend((content.len() as u32).to_be_bytes());
        png.extend(chunk);
        png.extend((!crc).to_be_bytes());
    }
    png
}

/// Row Q11. One bit a pixel: three squares are three, and the report says 1-bit.
#[test]
fn one_bit_images() {
    for (name, bytes) in [
        ("a.tif", one_bit_tiff(120)),
        ("a.tif", one_bit_tiff(125)),
        ("a.png", one_bit_png(120)),
        ("a.png", one_bit_png(125)),
    ] {
        let report = analyse(&[(name.into(), bytes)], &Options::default()).unwrap();
        let image = &report.images[0];
        assert_eq!(image.count, Some(3), "{image:?}");
        assert!(image.notes.contains(&ImageNote::OneBit));
    }
}

/// Row Q11. Hundreds of seeded mutations over the formats: a result or a refusal.
#[test]
fn mutations_never_panic() {
    let drawn = small();
    let originals = [
        drawn.png().unwrap(),
        drawn.jpeg(75).unwrap(),
        tiff_pages(&[&drawn, &drawn], true).unwrap(),
        one_bit_tiff(104),
    ];
    let mut dice = Dice::new(0xBAD);
    for original in &originals {
        for _ in 0..120 {
            let mut bytes = original.clone();
            for _ in 0..1 + dice.bits() % 6 {
                // Headers are where lies live: half of the changes go there.
                let most = if dice.bits() & 1 == 0 { bytes.len().min(200) } else { bytes.len() };
                let at = (dice.bits() % most.max(1) as u64) as usize;
                bytes[at] = match dice.bits() % 4 {
                    0 => 0,
                    1 => 0xFF,
                    2 => bytes[at] ^ 1 << (dice.bits() % 8),
                    _ => dice.bits() as u8,
                };
            }
            if dice.bits().is_multiple_of(5) {
                let keep = (dice.bits() % bytes.len() as u64) as usize;
                bytes.truncate(keep);
            }
            fuzz_image(&bytes);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// Row Q11. Any bytes at all, bare or behind each format's first bytes.
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..600), kind in 0usize..4) {
        let head: &[u8] = [&b""[..], b"\x89PNG\r\n\x1a\n", b"\xFF\xD8\xFF\xC0", b"II\x2a\0\x08\0\0\0"][kind];
        fuzz_image(&[head, &bytes].concat());
    }

    /// Row Q11. Any small grey picture is analysed without a panic, and every
    /// colony lies in it.
    #[test]
    fn any_picture(width in 1usize..90, height in 1usize..90, seed in any::<u64>(), grain in 1u64..9) {
        let mut dice = Dice::new(seed);
        let rgb: Vec<u8> = (0..width * height).flat_map(|_| { let v = (dice.bits() % grain * 30) as u8; [v, v, v] }).collect();
        let drawn = vena_colonies::synthetic::Drawn { width, height, rgb, truth: Vec::new(), covered: 0.0, vessels: Vec::new() };
        let report = analyse(&[("a.png".into(), drawn.png().unwrap())], &Options::default()).unwrap();
        for vessel in &report.images[0].vessels {
            for colony in &vessel.colonies {
                prop_assert!(colony.x_px >= -0.5 && colony.x_px <= width as f64 && colony.y_px >= -0.5 && colony.y_px <= height as f64);
                prop_assert!(colony.diameter_px > 0.0 && colony.area_px > 0.0);
            }
        }
    }
}
