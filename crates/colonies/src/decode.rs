//! Image bytes in, one page of grey or RGB samples out, within stated limits.
//!
//! Every size is checked from the header before a pixel is decoded, so a file
//! that lies or a decompression bomb costs a refusal and no memory. The content
//! decides the format; the file's suffix is only compared with it. Must not
//! know what a colony or a plate is.

pub use crate::refusal::{DecodeLimits, ImageFormat, ImageNote, ImageRefusal};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader};
use std::io::Cursor;
use tiff::ColorType as TiffColour;
use tiff::decoder::{Decoder as TiffDecoder, DecodingResult, Limits as TiffLimits};
use tiff::tags::Tag;

/// Samples of a page, interleaved by pixel.
#[derive(Debug, Clone, PartialEq)]
pub enum Samples {
    /// 8 bits each.
    Byte(Vec<u8>),
    /// 16 bits each.
    Word(Vec<u16>),
}

/// One decoded page: `height_px` rows of `width_px` pixels of 1 or 3 samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Width, pixels.
    pub width_px: u32,
    /// Height, pixels.
    pub height_px: u32,
    /// 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
    /// Interleaved samples.
    pub samples: Samples,
    /// What to say about the reading.
    pub notes: Vec<ImageNote>,
}

/// What the first look at a file tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileHeader {
    /// Format by content.
    pub format: ImageFormat,
    /// Pages (1 for PNG and JPEG).
    pub pages: u32,
    /// What to say about the file.
    pub notes: Vec<ImageNote>,
}

/// Recognises the format and counts the pages without decoding a pixel.
///
/// # Errors
/// [`ImageRefusal`] when the content is no image we read or breaks a limit.
pub fn inspect(name: &str, bytes: &[u8], limits: &DecodeLimits) -> Result<FileHeader, ImageRefusal> {
    if bytes.is_empty() {
        return Err(ImageRefusal::EmptyFile);
    }
    let length = bytes.len() as u64;
    if length > limits.file_bytes_max {
        return Err(ImageRefusal::FileTooLarge { bytes: length, limit_bytes: limits.file_bytes_max });
    }
    let format = sniff(bytes)?;
    let pages = if format == ImageFormat::Tiff { tiff_pages(bytes, limits)? } else { 1 };
    let mut notes = Vec::new();
    if let Some((_, suffix)) = name.rsplit_once('.') {
        let suffix = suffix.to_ascii_lowercase();
        let fits = match format {
            ImageFormat::Png => suffix == "png",
            ImageFormat::Jpeg => matches!(suffix.as_str(), "jpg" | "jpeg" | "jpe" | "jfif"),
            ImageFormat::Tiff => matches!(suffix.as_str(), "tif" | "tiff"),
        };
        if !fits {
            let suffix = suffix.chars().take(16).collect();
            notes.push(ImageNote::SuffixDiffers { suffix, content: format });
        }
    }
    Ok(FileHeader { format, pages, notes })
}

/// Decodes one page; `page` counts from 1.
///
/// # Errors
/// [`ImageRefusal`] when the page is missing, damaged, unsupported or too large.
pub fn read_page(
    bytes: &[u8],
    format: ImageFormat,
    page: u32,
    limits: &DecodeLimits,
) -> Result<Page, ImageRefusal> {
    match format {
        ImageFormat::Tiff => read_tiff(bytes, page, limits),
        _ if page != 1 => Err(ImageRefusal::NoSuchPage { page, pages: 1 }),
        ImageFormat::Jpeg => {
            if jpeg_components(bytes) == Some(4) {
                return Err(ImageRefusal::Cmyk);
            }
            read_single(bytes, image::ImageFormat::Jpeg, limits)
        }
        ImageFormat::Png => {
            let mut decoded = read_single(bytes, image::ImageFormat::Png, limits)?;
            // IHDR is always the first chunk: bit depth at 24, colour type at 25.
            match (bytes.get(24), bytes.get(25)) {
                (_, Some(3)) => decoded.notes.push(ImageNote::PaletteExpanded),
                (Some(1), Some(0)) => decoded.notes.push(ImageNote::OneBit),
                _ => {}
            }
            Ok(decoded)
        }
    }
}

fn sniff(bytes: &[u8]) -> Result<ImageFormat, ImageRefusal> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Ok(ImageFormat::Png)
    } else if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        Ok(ImageFormat::Jpeg)
    } else if [b"II\x2a\0", b"MM\0\x2a", b"II\x2b\0", b"MM\0\x2b"].iter().any(|m| bytes.starts_with(*m)) {
        Ok(ImageFormat::Tiff)
    } else {
        let first_bytes = bytes.iter().take(8).map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ");
        Err(ImageRefusal::UnknownFormat { first_bytes })
    }
}

/// Components in the first start-of-frame segment, if one is found.
fn jpeg_components(bytes: &[u8]) -> Option<u8> {
    let mut at = 2usize;
    while let (Some(0xFF), Some(&marker)) = (bytes.get(at), bytes.get(at + 1)) {
        if marker == 0xFF {
            at += 1;
            continue;
        }
        if matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC) {
            return bytes.get(at + 9).copied();
        }
        let length = usize::from(*bytes.get(at + 2)?) << 8 | usize::from(*bytes.get(at + 3)?);
        at = at.checked_add(2)?.checked_add(length.max(2))?;
    }
    None
}

fn check_size(width: u64, height: u64, bytes_each: u64, limits: &DecodeLimits) -> Result<(), ImageRefusal> {
    if width == 0 || height == 0 {
        return Err(ImageRefusal::NoPixels { width_px: width, height_px: height });
    }
    let pixels = width.saturating_mul(height);
    if pixels > limits.pixels_max || width > 1 << 20 || height > 1 << 20 {
        return Err(ImageRefusal::TooManyPixels {
            width_px: width,
            height_px: height,
            limit_px: limits.pixels_max,
        });
    }
    let bytes = pixels.saturating_mul(bytes_each);
    if bytes > limits.decoded_bytes_max {
        return Err(ImageRefusal::TooMuchMemory { bytes, limit_bytes: limits.decoded_bytes_max });
    }
    Ok(())
}

/// PNG's own width and height, read before any decoder: some refuse zero with
/// words that do not say what is wrong.
fn png_size(bytes: &[u8]) -> Option<(u64, u64)> {
    let word = |at: usize| -> Option<u64> {
        let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(u64::from(u32::from_be_bytes(four)))
    };
    Some((word(16)?, word(20)?))
}

fn read_single(
    bytes: &[u8],
    format: image::ImageFormat,
    limits: &DecodeLimits,
) -> Result<Page, ImageRefusal> {
    if format == image::ImageFormat::Png {
        let (width, height) = png_size(bytes)
            .ok_or_else(|| ImageRefusal::Damaged { what: "the header is incomplete".into() })?;
        check_size(width, height, 1, limits)?;
    }
    let damaged = |error: image::ImageError| ImageRefusal::Damaged { what: short(&error.to_string()) };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut own = image::Limits::default();
    own.max_alloc = Some(limits.decoded_bytes_max.saturating_add(64 << 20));
    reader.limits(own);
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    let bytes_each = u64::from(decoder.color_type().bytes_per_pixel());
    check_size(width.into(), height.into(), bytes_each, limits)?;
    // A camera held askew writes its pixels as they fell and says so beside them. What it
    // says unreadably is as if unsaid.
    let turn = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    let mut notes = Vec::new();
    if turn != Orientation::NoTransforms {
        image.apply_orientation(turn);
        notes.push(ImageNote::Turned);
    }
    let (width, height) = (image.width(), image.height());
    let (channels, samples) = match image {
        DynamicImage::ImageLuma8(p) => (1, Samples::Byte(p.into_raw())),
        DynamicImage::ImageRgb8(p) => (3, Samples::Byte(p.into_raw())),
        DynamicImage::ImageLumaA8(p) => (1, Samples::Byte(on_white(&p.into_raw(), 1, &mut notes))),
        DynamicImage::ImageRgba8(p) => (3, Samples::Byte(on_white(&p.into_raw(), 3, &mut notes))),
        DynamicImage::ImageLuma16(p) => (1, Samples::Word(p.into_raw())),
        DynamicImage::ImageRgb16(p) => (3, Samples::Word(p.into_raw())),
        DynamicImage::ImageLumaA16(p) => (1, Samples::Word(on_white_16(&p.into_raw(), 1, &mut notes))),
        DynamicImage::ImageRgba16(p) => (3, Samples::Word(on_white_16(&p.into_raw(), 3, &mut notes))),
        other => {
            return Err(ImageRefusal::UnsupportedPixels { what: format!("{:?}", other.color()) });
        }
    };
    Ok(Page { width_px: width, height_px: height, channels, samples, notes })
}

fn short(text: &str) -> String {
    text.chars().take(160).collect()
}

fn on_white(samples: &[u8], colours: usize, notes: &mut Vec<ImageNote>) -> Vec<u8> {
    let mut out = Vec::with_capacity(samples.len() / (colours + 1) * colours);
    let mut seen = false;
    for pixel in samples.chunks_exact(colours + 1) {
        if let Some((&alpha, colour)) = pixel.split_last() {
            seen |= alpha != 255;
            let alpha = u32::from(alpha);
            out.extend(
                colour.iter().map(|&c| ((u32::from(c) * alpha + 255 * (255 - alpha) + 127) / 255) as u8),
            );
        }
    }
    if seen {
        notes.push(ImageNote::TransparencyOnWhite);
    }
    out
}

fn on_white_16(samples: &[u16], colours: usize, notes: &mut Vec<ImageNote>) -> Vec<u16> {
    let mut out = Vec::with_capacity(samples.len() / (colours + 1) * colours);
    let mut seen = false;
    for pixel in samples.chunks_exact(colours + 1) {
        if let Some((&alpha, colour)) = pixel.split_last() {
            seen |= alpha != u16::MAX;
            let alpha = u64::from(alpha);
            out.extend(
                colour
                    .iter()
                    .map(|&c| ((u64::from(c) * alpha + 65_535 * (65_535 - alpha) + 32_767) / 65_535) as u16),
            );
        }
    }
    if seen {
        notes.push(ImageNote::TransparencyOnWhite);
    }
    out
}

fn open_tiff<'a>(
    bytes: &'a [u8],
    limits: &DecodeLimits,
) -> Result<TiffDecoder<Cursor<&'a [u8]>>, ImageRefusal> {
    let mut own = TiffLimits::default();
    let most = usize::try_from(limits.decoded_bytes_max).unwrap_or(usize::MAX);
    own.decoding_buffer_size = most;
    own.intermediate_buffer_size = most;
    own.ifd_value_size = 4 << 20;
    TiffDecoder::new(Cursor::new(bytes)).map(|d| d.with_limits(own)).map_err(tiff_damaged)
}

fn tiff_damaged(error: tiff::TiffError) -> ImageRefusal {
    match error {
        tiff::TiffError::UnsupportedError(what) => {
            ImageRefusal::UnsupportedPixels { what: short(&what.to_string()) }
        }
        other => ImageRefusal::Damaged { what: short(&other.to_string()) },
    }
}

fn tiff_pages(bytes: &[u8], limits: &DecodeLimits) -> Result<u32, ImageRefusal> {
    let mut decoder = open_tiff(bytes, limits)?;
    let mut pages = 1;
    while decoder.more_images() {
        decoder.next_image().map_err(tiff_damaged)?;
        pages += 1;
        if pages > limits.pages_max {
            return Err(ImageRefusal::TooManyPages { limit: limits.pages_max });
        }
    }
    Ok(pages)
}

fn read_tiff(bytes: &[u8], page: u32, limits: &DecodeLimits) -> Result<Page, ImageRefusal> {
    let mut decoder = open_tiff(bytes, limits)?;
    for passed in 1..page.max(1) {
        if !decoder.more_images() {
            return Err(ImageRefusal::NoSuchPage { page, pages: passed });
        }
        decoder.next_image().map_err(tiff_damaged)?;
    }
    let (width, height) = decoder.dimensions().map_err(tiff_damaged)?;
    let colour = decoder.colortype().map_err(tiff_damaged)?;
    let depth = u64::from(colour.bit_depth());
    check_size(width.into(), height.into(), depth.div_ceil(8) * u64::from(colour.num_samples()), limits)?;
    if matches!(colour, TiffColour::CMYK(_) | TiffColour::CMYKA(_)) {
        return Err(ImageRefusal::Cmyk);
    }
    // A file far too short for even the best compression is a lie in the header.
    let palette = match colour {
        TiffColour::Palette(_) => Some(decoder.get_tag_u16_vec(Tag::ColorMap).map_err(tiff_damaged)?),
        _ => None,
    };
    let decoded = decoder.read_image().map_err(tiff_damaged)?;
    let size = (width as usize, height as usize);
    super::decode_tiff::page_from(decoded_samples(decoded)?, size, colour, palette.as_deref())
}

fn decoded_samples(decoded: DecodingResult) -> Result<Samples, ImageRefusal> {
    match decoded {
        DecodingResult::U8(samples) => Ok(Samples::Byte(samples)),
        DecodingResult::U16(samples) => Ok(Samples::Word(samples)),
        DecodingResult::U32(_) | DecodingResult::U64(_) => unsupported("more than 16 bits in a sample"),
        DecodingResult::F16(_) | DecodingResult::F32(_) | DecodingResult::F64(_) => {
            unsupported("floating-point samples; save as 8 or 16 bits")
        }
        _ => unsupported("signed samples"),
    }
}

fn unsupported<T>(what: &str) -> Result<T, ImageRefusal> {
    Err(ImageRefusal::UnsupportedPixels { what: what.into() })
}

/// Lays RGBA or grey-alpha samples on white; shared with the TIFF reader.
pub(crate) fn flatten(samples: Samples, colours: usize, notes: &mut Vec<ImageNote>) -> Samples {
    match samples {
        Samples::Byte(s) => Samples::Byte(on_white(&s, colours, notes)),
        Samples::Word(s) => Samples::Word(on_white_16(&s, colours, notes)),
    }
}
