//! Limits on images, why one is refused, and what is said about one that was
//! read. Plain data; must not know any decoder.

use serde::{Deserialize, Serialize};

/// How much one image may ask for. All are upper bounds, inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecodeLimits {
    /// Size of the file, bytes.
    pub file_bytes_max: u64,
    /// Width × height of one page, pixels.
    pub pixels_max: u64,
    /// Samples of one page after decoding, bytes.
    pub decoded_bytes_max: u64,
    /// Pages of a multi-page TIFF.
    pub pages_max: u32,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self {
            file_bytes_max: 512 << 20,
            pixels_max: 120_000_000,
            decoded_bytes_max: 512 << 20,
            pages_max: 400,
        }
    }
}

/// The three formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageFormat {
    /// Portable Network Graphics.
    Png,
    /// JPEG, baseline or progressive.
    Jpeg,
    /// TIFF, one page or many.
    Tiff,
}

/// Why an image was not read. Nothing of it was used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum ImageRefusal {
    /// The file has no bytes.
    #[error("the file is empty")]
    EmptyFile,
    /// Neither PNG, JPEG nor TIFF.
    #[error("not a PNG, JPEG or TIFF image (it begins with {first_bytes})")]
    UnknownFormat {
        /// The first bytes, in hexadecimal.
        first_bytes: String,
    },
    /// Longer than the limit.
    #[error("the file has {bytes} bytes; the limit is {limit_bytes}")]
    FileTooLarge {
        /// Bytes of the file.
        bytes: u64,
        /// The limit.
        limit_bytes: u64,
    },
    /// Width or height is zero.
    #[error("the image has no pixels ({width_px} × {height_px})")]
    NoPixels {
        /// Width in the header.
        width_px: u64,
        /// Height in the header.
        height_px: u64,
    },
    /// More pixels than the limit.
    #[error("the image has {width_px} × {height_px} pixels; the limit is {limit_px} in all")]
    TooManyPixels {
        /// Width in the header.
        width_px: u64,
        /// Height in the header.
        height_px: u64,
        /// The limit on width × height.
        limit_px: u64,
    },
    /// Decoded samples would not fit the memory limit.
    #[error("decoding would take {bytes} bytes; the limit is {limit_bytes}")]
    TooMuchMemory {
        /// Bytes wanted.
        bytes: u64,
        /// The limit.
        limit_bytes: u64,
    },
    /// More pages than the limit.
    #[error("the file has more than {limit} pages")]
    TooManyPages {
        /// The limit.
        limit: u32,
    },
    /// A page that is not there.
    #[error("page {page} was asked for; the file has {pages}")]
    NoSuchPage {
        /// Page asked for, from 1.
        page: u32,
        /// Pages in the file.
        pages: u32,
    },
    /// CMYK: inks, not light, and the ink profile decides what was seen.
    #[error("the image is in CMYK (printing inks); save it as RGB or grey and try again")]
    Cmyk,
    /// A kind of sample we don't read.
    #[error("this kind of pixel is not read: {what}")]
    UnsupportedPixels {
        /// What the file holds.
        what: String,
    },
    /// Cut short or damaged.
    #[error("the image is cut short or damaged: {what}")]
    Damaged {
        /// What the decoder says.
        what: String,
    },
}

/// Something the reader of a result should know about how the image was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "kebab-case")]
pub enum ImageNote {
    /// The suffix names another format than the content has; content was used.
    SuffixDiffers {
        /// Suffix of the file's name.
        suffix: String,
        /// Format found in the content.
        content: ImageFormat,
    },
    /// Transparent pixels were laid on white.
    TransparencyOnWhite,
    /// Colours came from a palette.
    PaletteExpanded,
    /// Turned as the camera says it was held; positions are in the picture as shown.
    Turned,
    /// Only black and white: sizes are right to a pixel, contrast is unknown.
    OneBit,
    /// 16-bit samples were taken with this value as full scale.
    FullScale {
        /// Sample value taken as 1.
        value: u32,
    },
    /// Analysed at a reduced size; results are given in the original pixels.
    Reduced {
        /// Original pixels per working pixel, each way.
        factor: u32,
    },
}
