//! Colony counting from plate images: soft agar, labelled cells, wells of a
//! series. Pure: bytes in, results out. Must not know patients, pages,
//! databases, folders or the time of day.
//!
//! The way of a picture: [`decode`] (limits first) → [`raster`] (planes) →
//! [`vessel`] (a dish's [`outline`] or [`corners`], or wells) → [`region`] (signals to try, dark and
//! light) → [`background`] (light evened, bands, lines and rings taken out) → [`components`] →
//! [`patch`] and [`shapes`] (split, measured) → [`profile`] and `sift` (colonies told
//! from grain, bubbles and reflections) → `second` (those of the other shade) → [`count`] → [`report`]. [`analyse()`] does it all; [`corrections`] records
//! what a person changes, apart; [`overlay`] draws it; [`wells`] hands the counts of
//! a plate on to a series; [`synthetic`] makes plates with known counts.

pub mod analyse;
pub mod background;
mod bands;
pub mod components;
pub mod corners;
pub mod corrections;
pub mod count;
pub mod decode;
mod decode_tiff;
mod dish;
pub mod edges;
mod even;
pub mod knowledge;
pub mod label;
mod lattice;
mod lines;
mod messages;
pub mod outline;
pub mod overlay;
pub mod patch;
pub mod profile;
pub mod raster;
mod refusal;
pub mod region;
pub mod report;
pub mod rim;
mod scale;
mod second;
pub mod shapes;
mod sift;
mod slopes;
mod square;
pub mod synthetic;
mod synthetic_files;
mod synthetic_looks;
mod synthetic_phone;
mod synthetic_square;
pub mod vessel;
pub mod wells;

pub use analyse::{AnalyseError, DiameterMin, Fluorescence, Options, analyse, analyse_file, digest, prepare};
pub use decode::{DecodeLimits, ImageFormat, ImageNote, ImageRefusal};
pub use region::{Channel, Polarity};
pub use report::{AtLeast, Colony, ColonyReport, Doubt, ImageReport, METHOD, Rejected, Status, VesselReport};
pub use vessel::Layout;
pub use wells::{WellCount, well_counts};

/// Entry for a fuzzer: any bytes, small limits, never a panic. Pictures are kept small, so that a run tries many.
pub fn fuzz_image(bytes: &[u8]) {
    let limits = DecodeLimits {
        file_bytes_max: 1 << 20,
        pixels_max: 1 << 16,
        decoded_bytes_max: 8 << 20,
        pages_max: 8,
    };
    let options = Options { limits, ..Options::default() };
    if let Ok(tables) = prepare(&options) {
        let _reports = analyse_file("fuzz", bytes, &options, &tables);
    }
}
