//! Drawn plates as PNG, JPEG and TIFF files. Must not know how they are drawn.

use crate::synthetic::Drawn;
use image::codecs::{jpeg::JpegEncoder, png::PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use std::io::Cursor;

impl Drawn {
    /// As PNG.
    ///
    /// # Errors
    /// [`image::ImageError`] when the encoder refuses.
    pub fn png(&self) -> Result<Vec<u8>, image::ImageError> {
        let mut out = Vec::new();
        let encoder = PngEncoder::new(&mut out);
        encoder.write_image(&self.rgb, self.width as u32, self.height as u32, ExtendedColorType::Rgb8)?;
        Ok(out)
    }

    /// As JPEG of a quality of 1–100.
    ///
    /// # Errors
    /// [`image::ImageError`] when the encoder refuses.
    pub fn jpeg(&self, quality: u8) -> Result<Vec<u8>, image::ImageError> {
        let mut out = Vec::new();
        let encoder = JpegEncoder::new_with_quality(&mut out, quality);
        encoder.write_image(&self.rgb, self.width as u32, self.height as u32, ExtendedColorType::Rgb8)?;
        Ok(out)
    }

    /// Green samples, for grey pictures.
    #[must_use]
    pub fn grey(&self) -> Vec<u8> {
        self.rgb.chunks_exact(3).filter_map(|p| p.get(1).copied()).collect()
    }
}

/// Grey pages of one size as a TIFF; 16 bits a sample when `deep` (12 used, as
/// cameras do), else 8.
///
/// # Errors
/// [`tiff::TiffError`] when the encoder refuses.
pub fn tiff_pages(pages: &[&Drawn], deep: bool) -> Result<Vec<u8>, tiff::TiffError> {
    use tiff::encoder::{TiffEncoder, colortype};
    let mut out = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut out)?;
    for page in pages {
        let (width, height) = (page.width as u32, page.height as u32);
        if deep {
            let words: Vec<u16> = page.grey().iter().map(|&v| u16::from(v) * 16 + 7).collect();
            encoder.write_image::<colortype::Gray16>(width, height, &words)?;
        } else {
            encoder.write_image::<colortype::Gray8>(width, height, &page.grey())?;
        }
    }
    Ok(out.into_inner())
}
