//! Cuts one vessel out of a picture and turns its colours into one signal in
//! which colonies stand out. Must not know how colonies are told from dirt.

use crate::background::Background;
use crate::corners::Corners;
use crate::outline::Outline;
use crate::raster::{Plane, Raster, robust_deviation};
use serde::{Deserialize, Serialize};

/// Which light of a page is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// The mixture of colours that sets colonies off best.
    #[default]
    Automatic,
    /// Rec. 601 luminance.
    Grey,
    /// Red only.
    Red,
    /// Green only.
    Green,
    /// Blue only.
    Blue,
}

/// Whether colonies are darker or lighter than what they grow on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Polarity {
    /// Decided for each vessel.
    #[default]
    Automatic,
    /// Dark colonies on light.
    Dark,
    /// Light colonies on dark.
    Light,
}

/// A vessel's part of the picture.
#[derive(Debug, Clone)]
pub struct Region {
    /// Left edge in the working picture.
    pub left: usize,
    /// Top edge in the working picture.
    pub top: usize,
    /// Width, pixels.
    pub width: usize,
    /// Height, pixels.
    pub height: usize,
    /// The counted area's edge in the region's own pixels; `None` when the region has straight sides.
    pub border: Option<Outline>,
    /// The edge of the area looked at.
    pub edge: Option<Outline>,
    /// For each row, the first column counted in and the one after the last.
    pub spans: Vec<(usize, usize)>,
    /// The same for the area looked at, which may reach over the vessel's rim:
    /// a colony on the border is seen whole.
    pub looked: Vec<(usize, usize)>,
}

impl Region {
    /// The part of `raster` inside `counted`, looked at as far as `outer`; all of it without.
    #[must_use]
    pub fn of(raster: &Raster, counted: Option<Outline>, outer: Option<Outline>) -> Self {
        let (full_width, full_height) = (raster.width(), raster.height());
        let Some(counted) = counted else {
            let spans = vec![(0, full_width); full_height];
            return Self {
                left: 0,
                top: 0,
                width: full_width,
                height: full_height,
                border: None,
                edge: None,
                looked: spans.clone(),
                spans,
            };
        };
        let clip = |v: f32, most: usize| v.clamp(0.0, most as f32) as usize;
        let wide = outer.unwrap_or(counted);
        let box_of = |of: &Outline| {
            let (across, down) = of.reach();
            (of.x - across, of.y - down, of.x + across, of.y + down)
        };
        let (one, two) = (box_of(&counted), box_of(&wide));
        let left = clip(one.0.min(two.0).floor(), full_width);
        let top = clip(one.1.min(two.1).floor(), full_height);
        let width = clip(one.2.max(two.2).ceil() + 1.0, full_width).saturating_sub(left);
        let height = clip(one.3.max(two.3).ceil() + 1.0, full_height).saturating_sub(top);
        let border = counted.within(left as f32, top as f32);
        let spans_of = |outline: Outline| -> Vec<(usize, usize)> {
            let span = |y: usize| {
                let (from, to) = outline.row(y as f32)?;
                let first = clip(from.ceil(), width);
                Some((first, clip(to.floor() + 1.0, width).max(first)))
            };
            (0..height).map(|y| span(y).unwrap_or((0, 0))).collect()
        };
        let spans = spans_of(border);
        let edge = wide.within(left as f32, top as f32);
        let mut looked = spans_of(edge);
        for (own, counted) in looked.iter_mut().zip(&spans) {
            if counted.1 > counted.0 {
                *own = if own.1 > own.0 { (own.0.min(counted.0), own.1.max(counted.1)) } else { *counted };
            }
        }
        Self { left, top, width, height, border: Some(border), edge: Some(edge), spans, looked }
    }

    /// The part of `raster` inside four straight sides.
    #[must_use]
    pub fn within(raster: &Raster, corners: &Corners) -> Self {
        let clip = |v: f32, most: usize| v.clamp(0.0, most as f32) as usize;
        let bounds = corners.bounds();
        let (left, top) = (clip(bounds.0.floor(), raster.width()), clip(bounds.1.floor(), raster.height()));
        let width = clip(bounds.2.ceil() + 1.0, raster.width()).saturating_sub(left);
        let height = clip(bounds.3.ceil() + 1.0, raster.height()).saturating_sub(top);
        let own = corners.within(left as f32, top as f32);
        let span = |y: usize| {
            let (from, to) = own.row(y as f32)?;
            let first = clip(from.ceil(), width);
            Some((first, clip(to.floor() + 1.0, width).max(first)))
        };
        let spans: Vec<(usize, usize)> = (0..height).map(|y| span(y).unwrap_or((0, 0))).collect();
        Self { left, top, width, height, border: None, edge: None, looked: spans.clone(), spans }
    }

    /// Pixels counted in.
    #[must_use]
    pub fn area(&self) -> usize {
        self.spans.iter().map(|s| s.1 - s.0).sum()
    }

    /// Diameter of the vessel's part, or the shorter side of a rectangle, pixels.
    #[must_use]
    pub fn diameter(&self) -> f32 {
        self.border.map_or(self.width.min(self.height) as f32, |b| 2.0 * b.radius())
    }

    /// Whether a point lies in the counted area.
    #[must_use]
    pub fn holds(&self, x: f32, y: f32) -> bool {
        if let Some(border) = self.border {
            return border.part_squared(x, y) <= 1.0;
        }
        let column = x.round() as usize;
        self.spans.get(y.round() as usize).is_some_and(|span| (span.0..span.1).contains(&column))
    }

    /// One flag a pixel: counted in or not.
    #[must_use]
    pub fn mask(&self) -> Vec<bool> {
        let mut mask = vec![false; self.width * self.height];
        for (row, span) in mask.chunks_exact_mut(self.width.max(1)).zip(&self.spans) {
            if let Some(inside) = row.get_mut(span.0..span.1) {
                inside.fill(true);
            }
        }
        mask
    }

    fn crop(&self, raster: &Raster, weights: &[f32]) -> Plane {
        let mut out = Plane::filled(self.width, self.height, 0.0);
        for (plane, &weight) in raster.planes.iter().zip(weights) {
            if weight == 0.0 {
                continue;
            }
            for (y, target) in out.values.chunks_exact_mut(self.width.max(1)).enumerate() {
                let source = plane.row(y + self.top).get(self.left..self.left + self.width).unwrap_or(&[]);
                for (value, sample) in target.iter_mut().zip(source) {
                    *value += weight * sample;
                }
            }
        }
        out
    }
}

/// The signals worth trying: each a plane in which colonies are expected to
/// stand out upwards after multiplying with the sign, with its polarity.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Weighted sum of the colours.
    pub plane: Plane,
    /// +1 when colonies are above the background in `plane`, −1 when below.
    pub sign: f32,
    /// What that means to the eye.
    pub polarity: Polarity,
}

/// Makes the signals to try for a region.
#[must_use]
pub fn candidates(raster: &Raster, region: &Region, channel: Channel, polarity: Polarity) -> Vec<Candidate> {
    let grey = [0.299f32, 0.587, 0.114];
    let fixed: Option<[f32; 3]> = match channel {
        _ if raster.planes.len() < 3 => Some([1.0, 0.0, 0.0]),
        Channel::Automatic => None,
        Channel::Grey => Some(grey),
        Channel::Red => Some([1.0, 0.0, 0.0]),
        Channel::Green => Some([0.0, 1.0, 0.0]),
        Channel::Blue => Some([0.0, 0.0, 1.0]),
    };
    let wanted: Vec<Polarity> = match polarity {
        Polarity::Automatic => vec![Polarity::Dark, Polarity::Light],
        one => vec![one],
    };
    let mixtures = match fixed {
        Some(_) => None,
        None => ColourStatistics::of(raster, region),
    };
    wanted
        .into_iter()
        .map(|polarity| {
            let found = mixtures.as_ref().and_then(|m| m.direction(polarity));
            let weights = fixed.or(found).unwrap_or(grey);
            // A mixture already points to the colonies; a plain channel does not.
            let points_up = fixed.is_none() && found.is_some();
            let sign = if points_up || polarity == Polarity::Light { 1.0 } else { -1.0 };
            Candidate { plane: region.crop(raster, &weights), sign, polarity }
        })
        .collect()
}

/// How background and outliers spread in colour, from a sparse look.
struct ColourStatistics {
    covariance: [[f64; 3]; 3],
    light: Option<[f64; 3]>,
    dark: Option<[f64; 3]>,
}

impl ColourStatistics {
    fn of(raster: &Raster, region: &Region) -> Option<Self> {
        let stride = ((region.width * region.height) as f64 / 60_000.0).sqrt().ceil().max(1.0) as usize;
        let (width, height) = (region.width / stride, region.height / stride);
        if width < 8 || height < 8 {
            return None;
        }
        let mut residuals: Vec<Vec<f32>> = Vec::with_capacity(3);
        let inside = |at: usize| {
            let (x, y) = (at % width * stride, at / width * stride);
            region.spans.get(y).is_some_and(|s| x >= s.0 && x < s.1)
        };
        for plane in &raster.planes {
            let mut small = Plane::filled(width, height, 0.0);
            for y in 0..height {
                let row = plane.row(y * stride + region.top);
                for x in 0..width {
                    small.values[y * width + x] = row.get(x * stride + region.left).copied().unwrap_or(0.0);
                }
            }
            let even = Background::estimate(&small, (width.min(height) / 12).max(6), 0.5, inside)?;
            let flat = even.evened(&small, 1.0);
            residuals.push((0..width * height).filter(|&at| inside(at)).map(|at| flat.values[at]).collect());
        }
        let [red, green, blue] = residuals.as_slice() else {
            return None;
        };
        let limits: Vec<f32> =
            residuals.iter().map(|r| robust_deviation(&mut r.clone()).max(raster.step * 0.6)).collect();
        let pixels: Vec<[f32; 3]> = red.iter().zip(green).zip(blue).map(|((r, g), b)| [*r, *g, *b]).collect();
        Some(Self::gather(&pixels, &limits))
    }

    fn gather(pixels: &[[f32; 3]], limits: &[f32]) -> Self {
        let mut covariance = [[0.0f64; 3]; 3];
        let mut quiet = 0.0;
        let (mut light, mut dark) = ([0.0f64; 4], [0.0f64; 4]);
        for pixel in pixels {
            let far = pixel.iter().zip(limits).map(|(v, l)| (v / l).abs()).fold(0.0f32, f32::max);
            if far < 3.0 {
                quiet += 1.0;
                for (i, row) in covariance.iter_mut().enumerate() {
                    for (j, cell) in row.iter_mut().enumerate() {
                        *cell += f64::from(pixel[i] * pixel[j]);
                    }
                }
            } else if far > 6.0 {
                let luminance = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
                let group = if luminance > 0.0 { &mut light } else { &mut dark };
                for (sum, value) in group.iter_mut().zip(pixel) {
                    *sum += f64::from(*value);
                }
                group[3] += 1.0;
            }
        }
        for cell in covariance.iter_mut().flatten() {
            *cell /= f64::max(quiet, 1.0);
        }
        let mean = |g: [f64; 4]| (g[3] >= 12.0).then(|| [g[0] / g[3], g[1] / g[3], g[2] / g[3]]);
        Self { covariance, light: mean(light), dark: mean(dark) }
    }

    /// Fisher's direction, (covariance + ridge)⁻¹ × mean outlier, with the
    /// weights' sizes adding to 1. The ridge keeps a quiet channel from taking all.
    fn direction(&self, polarity: Polarity) -> Option<[f32; 3]> {
        let mean = if polarity == Polarity::Light { self.light? } else { self.dark? };
        let trace: f64 = (0..3).map(|i| self.covariance[i][i]).sum();
        let mut m = self.covariance;
        for (i, row) in m.iter_mut().enumerate() {
            row[i] += 0.5 * trace / 3.0 + 1e-5;
        }
        let cofactor = |i: usize, j: usize| {
            let (r1, r2, c1, c2) = ((i + 1) % 3, (i + 2) % 3, (j + 1) % 3, (j + 2) % 3);
            m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]
        };
        let weights: Vec<f64> = (0..3).map(|i| (0..3).map(|j| cofactor(j, i) * mean[j]).sum()).collect();
        let size: f64 = weights.iter().map(|w| w.abs()).sum();
        if !(size.is_finite() && size > 0.0) {
            return None;
        }
        Some([(weights[0] / size) as f32, (weights[1] / size) as f32, (weights[2] / size) as f32])
    }
}
