//! Planes of light values at a size fit for work, and the small helpers every
//! later step shares. Must not know files, colonies or wells.

use crate::decode::{ImageNote, Page, Samples};

/// Longest side, in pixels, that is analysed without reducing the image. A
/// phone's 12-megapixel picture is halved; a colony of ten pixels stays one of five.
pub const WORKING_SIDE_MAX_PX: u32 = 2600;

/// One plane: `height` rows of `width` values, 0 (black) to 1 (full scale).
#[derive(Debug, Clone, PartialEq)]
pub struct Plane {
    /// Values in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Row after row.
    pub values: Vec<f32>,
}

impl Plane {
    /// A plane of one value.
    #[must_use]
    pub fn filled(width: usize, height: usize, value: f32) -> Self {
        Self { width, height, values: vec![value; width * height] }
    }

    /// The value at the nearest pixel inside the plane; 0 for an empty plane.
    #[must_use]
    pub fn nearest(&self, x: isize, y: isize) -> f32 {
        let column = x.clamp(0, self.width as isize - 1) as usize;
        let row = y.clamp(0, self.height as isize - 1) as usize;
        self.values.get(row * self.width + column).copied().unwrap_or(0.0)
    }

    /// Row `y`, empty when there is none.
    #[must_use]
    pub fn row(&self, y: usize) -> &[f32] {
        self.values.get(y * self.width..(y + 1) * self.width).unwrap_or(&[])
    }

    /// Bilinear value at a point given in pixel centres.
    #[must_use]
    pub fn bilinear(&self, x: f32, y: f32) -> f32 {
        let (left, top) = (x.floor(), y.floor());
        let (fx, fy) = (x - left, y - top);
        let (left, top) = (left as isize, top as isize);
        let upper = self.nearest(left, top) * (1.0 - fx) + self.nearest(left + 1, top) * fx;
        let lower = self.nearest(left, top + 1) * (1.0 - fx) + self.nearest(left + 1, top + 1) * fx;
        upper * (1.0 - fy) + lower * fy
    }
}

/// A page as working planes: one (grey) or three (red, green, blue).
#[derive(Debug, Clone, PartialEq)]
pub struct Raster {
    /// Planes of equal size.
    pub planes: Vec<Plane>,
    /// Original pixels per working pixel, each way.
    pub factor: u32,
    /// Smallest step between two sample values, on the 0–1 scale.
    pub step: f32,
}

impl Raster {
    /// Working width, pixels.
    #[must_use]
    pub fn width(&self) -> usize {
        self.planes.first().map_or(0, |p| p.width)
    }

    /// Working height, pixels.
    #[must_use]
    pub fn height(&self) -> usize {
        self.planes.first().map_or(0, |p| p.height)
    }

    /// Rec. 601 luminance, or the grey plane itself, reduced by whole pixels so
    /// that its longest side is at most `side_max`. Returns the plane and its factor.
    #[must_use]
    pub fn thumbnail(&self, side_max: usize) -> (Plane, usize) {
        let factor = self.width().max(self.height()).div_ceil(side_max.max(1)).max(1);
        let (width, height) = (self.width() / factor, self.height() / factor);
        let weights: &[f32] = if self.planes.len() >= 3 { &[0.299, 0.587, 0.114] } else { &[1.0] };
        let mut out = Plane::filled(width, height, 0.0);
        for (plane, weight) in self.planes.iter().zip(weights) {
            for y in 0..height * factor {
                let start = y / factor * width;
                let Some(sums) = out.values.get_mut(start..start + width) else {
                    continue;
                };
                for (sum, cell) in sums.iter_mut().zip(plane.row(y).chunks_exact(factor)) {
                    *sum += weight * cell.iter().sum::<f32>();
                }
            }
        }
        let scale = 1.0 / (factor * factor) as f32;
        out.values.iter_mut().for_each(|v| *v *= scale);
        (out, factor)
    }
}

/// Converts a page to working planes, averaging `factor × factor` pixels when
/// the page is larger than [`WORKING_SIDE_MAX_PX`]; adds notes to the page's own.
#[must_use]
pub fn raster_of(page: &Page) -> (Raster, Vec<ImageNote>) {
    let mut notes = page.notes.clone();
    let factor = page.width_px.max(page.height_px).div_ceil(WORKING_SIDE_MAX_PX).max(1);
    if factor > 1 {
        notes.push(ImageNote::Reduced { factor });
    }
    let full_scale = match &page.samples {
        Samples::Byte(_) => 255,
        Samples::Word(words) => {
            // Cameras of 10, 12 or 14 bits leave the top bits of a word empty.
            let most = words.iter().copied().max().unwrap_or(0);
            let full =
                [255u32, 1023, 4095, 16_383].into_iter().find(|&f| u32::from(most) <= f).unwrap_or(65_535);
            notes.push(ImageNote::FullScale { value: full });
            full
        }
    };
    let scale = 1.0 / full_scale as f32;
    let planes = match &page.samples {
        Samples::Byte(samples) => planes_of(page, samples, factor as usize, scale),
        Samples::Word(samples) => planes_of(page, samples, factor as usize, scale),
    };
    (Raster { planes: drop_equal_planes(planes), factor, step: scale }, notes)
}

fn planes_of<T: Copy + Into<u32>>(page: &Page, samples: &[T], factor: usize, scale: f32) -> Vec<Plane> {
    let channels = page.channels.max(1);
    let stride = page.width_px as usize * channels;
    let width = page.width_px as usize / factor;
    let height = page.height_px as usize / factor;
    let mut planes = vec![Plane::filled(width, height, 0.0); channels];
    if factor == 1 {
        for (index, plane) in planes.iter_mut().enumerate() {
            for (value, pixel) in plane.values.iter_mut().zip(samples.chunks_exact(channels)) {
                *value = pixel.get(index).map_or(0.0, |&s| s.into() as f32 * scale);
            }
        }
        return planes;
    }
    let scale = scale / (factor * factor) as f32;
    let mut sums = vec![0u32; width * channels];
    for y in 0..height {
        sums.fill(0);
        for line in samples.chunks_exact(stride).skip(y * factor).take(factor) {
            for (cell, pixels) in sums.chunks_exact_mut(channels).zip(line.chunks_exact(factor * channels)) {
                for pixel in pixels.chunks_exact(channels) {
                    for (sum, &sample) in cell.iter_mut().zip(pixel) {
                        *sum += sample.into();
                    }
                }
            }
        }
        for (index, plane) in planes.iter_mut().enumerate() {
            let row = plane.values.iter_mut().skip(y * width).take(width);
            for (value, cell) in row.zip(sums.chunks_exact(channels)) {
                *value = cell.get(index).map_or(0.0, |&s| s as f32 * scale);
            }
        }
    }
    planes
}

/// A grey picture saved as RGB is grey: one plane says all.
fn drop_equal_planes(mut planes: Vec<Plane>) -> Vec<Plane> {
    if let [first, rest @ ..] = planes.as_slice()
        && !rest.is_empty()
        && rest.iter().all(|p| p.values == first.values)
    {
        planes.truncate(1);
    }
    planes
}

/// The value below which `share` (0–1) of `values` lie; reorders them. `None` when empty.
#[must_use]
pub fn quantile(values: &mut [f32], share: f64) -> Option<f32> {
    if values.is_empty() {
        return None;
    }
    let at = ((values.len() - 1) as f64 * share.clamp(0.0, 1.0)).round() as usize;
    let (_, value, _) = values.select_nth_unstable_by(at, f32::total_cmp);
    Some(*value)
}

/// Robust standard deviation: 1.4826 × the median distance from the median
/// (the factor makes it that of a normal distribution). 0 when empty.
#[must_use]
pub fn robust_deviation(values: &mut [f32]) -> f32 {
    let Some(centre) = quantile(values, 0.5) else {
        return 0.0;
    };
    values.iter_mut().for_each(|v| *v = (*v - centre).abs());
    quantile(values, 0.5).unwrap_or(0.0) * 1.4826
}

/// The binomial 1-2-1 filter both ways, in place: takes the pixel noise, keeps
/// colonies of three pixels. `scratch` holds one row pair and is reused.
pub fn smooth(plane: &mut Plane) {
    let (width, height) = (plane.width, plane.height);
    if width < 3 || height < 3 {
        return;
    }
    for row in plane.values.chunks_exact_mut(width) {
        let mut before = row.first().copied().unwrap_or(0.0);
        for x in 0..width - 1 {
            let (here, after) = (row[x], row[x + 1]);
            row[x] = 0.25 * before + 0.5 * here + 0.25 * after;
            before = here;
        }
        row[width - 1] = 0.25 * before + 0.75 * row[width - 1];
    }
    let mut before = plane.row(0).to_vec();
    for y in 0..height - 1 {
        let (upper, lower) = plane.values.split_at_mut((y + 1) * width);
        let here = &mut upper[y * width..];
        for ((h, b), n) in here.iter_mut().zip(before.iter_mut()).zip(lower.iter()) {
            let kept = *h;
            *h = 0.25 * *b + 0.5 * kept + 0.25 * n;
            *b = kept;
        }
    }
    let last = &mut plane.values[(height - 1) * width..];
    for (h, b) in last.iter_mut().zip(&before) {
        *h = 0.25 * b + 0.75 * *h;
    }
}
