//! Turns what the TIFF decoder hands over (packed bits, palettes, YCbCr, alpha)
//! into plain grey or RGB samples. Must not know files or limits.

use crate::decode::{ImageNote, ImageRefusal, Page, Samples, flatten};
use tiff::ColorType;

/// One page from decoded samples of `(width, height)` pixels.
pub(crate) fn page_from(
    samples: Samples,
    (width, height): (usize, usize),
    colour: ColorType,
    palette: Option<&[u16]>,
) -> Result<Page, ImageRefusal> {
    let mut notes = Vec::new();
    let (channels, samples) = match colour {
        ColorType::Gray(bits @ (1 | 2 | 4)) => {
            if bits == 1 {
                notes.push(ImageNote::OneBit);
            }
            let full = (1u32 << bits) - 1;
            let unpacked = unpack(&samples, width, height, bits)?;
            (1, Samples::Byte(unpacked.iter().map(|&v| (u32::from(v) * 255 / full) as u8).collect()))
        }
        ColorType::Gray(8 | 16) => (1, samples),
        ColorType::RGB(8 | 16) => (3, samples),
        ColorType::GrayA(8 | 16) => (1, flatten(samples, 1, &mut notes)),
        ColorType::RGBA(8 | 16) => (3, flatten(samples, 3, &mut notes)),
        ColorType::YCbCr(8) => (3, from_ycbcr(samples)?),
        ColorType::Palette(bits @ (1 | 2 | 4 | 8)) => {
            notes.push(ImageNote::PaletteExpanded);
            (3, Samples::Byte(expand(&unpack(&samples, width, height, bits)?, bits, palette.unwrap_or(&[]))?))
        }
        ColorType::Multiband { bit_depth: 8 | 16, num_samples } if num_samples >= 1 => {
            // Microscopes write more than three bands; the first is the one in
            // the file's own order, the rest are reached as pages or channels.
            return Err(ImageRefusal::UnsupportedPixels { what: format!("{num_samples} bands in one page") });
        }
        other => {
            return Err(ImageRefusal::UnsupportedPixels { what: format!("{other:?}") });
        }
    };
    let wanted = width.saturating_mul(height).saturating_mul(channels);
    let got = match &samples {
        Samples::Byte(s) => s.len(),
        Samples::Word(s) => s.len(),
    };
    if got < wanted {
        return Err(ImageRefusal::Damaged { what: format!("{got} samples where {wanted} belong") });
    }
    Ok(Page { width_px: width as u32, height_px: height as u32, channels, samples, notes })
}

/// One value a pixel from rows of packed bits, each row padded to a byte.
fn unpack(samples: &Samples, width: usize, height: usize, bits: u8) -> Result<Vec<u8>, ImageRefusal> {
    let Samples::Byte(packed) = samples else {
        return Err(ImageRefusal::UnsupportedPixels { what: format!("{bits} bits a pixel in words") });
    };
    let bits = usize::from(bits);
    if bits == 8 || packed.len() == width.saturating_mul(height) && bits * width.saturating_mul(height) > 8 {
        return Ok(packed.clone());
    }
    let stride = (width * bits).div_ceil(8);
    if packed.len() < stride.saturating_mul(height) {
        return Err(ImageRefusal::Damaged { what: "fewer bits than pixels".into() });
    }
    let mask = (1u16 << bits) as u8 - 1;
    let mut out = Vec::with_capacity(width * height);
    for row in packed.chunks_exact(stride.max(1)).take(height) {
        for x in 0..width {
            let at = x * bits;
            let byte = row.get(at / 8).copied().unwrap_or(0);
            out.push(byte >> (8 - bits - at % 8) & mask);
        }
    }
    Ok(out)
}

/// Palette entries are 16-bit, all reds first, then greens, then blues.
fn expand(indices: &[u8], bits: u8, palette: &[u16]) -> Result<Vec<u8>, ImageRefusal> {
    let entries = 1usize << bits;
    if palette.len() < entries * 3 {
        return Err(ImageRefusal::Damaged { what: format!("a palette of {} values", palette.len()) });
    }
    let mut out = Vec::with_capacity(indices.len() * 3);
    for &index in indices {
        for channel in 0..3 {
            let value = palette.get(channel * entries + usize::from(index)).copied().unwrap_or(0);
            out.push((value >> 8) as u8);
        }
    }
    Ok(out)
}

/// ITU-R BT.601 full range, as TIFF 6.0 section 21 takes it by default.
fn from_ycbcr(samples: Samples) -> Result<Samples, ImageRefusal> {
    let Samples::Byte(mut bytes) = samples else {
        return Err(ImageRefusal::UnsupportedPixels { what: "YCbCr with 16 bits".into() });
    };
    for pixel in bytes.chunks_exact_mut(3) {
        if let [y, cb, cr] = pixel {
            let (luma, blue, red) = (f32::from(*y), f32::from(*cb) - 128.0, f32::from(*cr) - 128.0);
            *y = (luma + 1.402 * red).round().clamp(0.0, 255.0) as u8;
            *cb = (luma - 0.344_136 * blue - 0.714_136 * red).round().clamp(0.0, 255.0) as u8;
            *cr = (luma + 1.772 * blue).round().clamp(0.0, 255.0) as u8;
        }
    }
    Ok(Samples::Byte(bytes))
}
