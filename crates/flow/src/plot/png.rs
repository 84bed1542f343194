//! A density plot as PNG. Knows no events.

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point as glyph_point};
use font8x8::UnicodeFonts;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage};

use super::labels::{Frame, labels};
use super::svg::footer;
use super::{CELLS, COLOURS, DensityPlot, PlotError, PlotText};

const CELL: u32 = 2;
const LEFT: i32 = 96;
const TOP: i32 = 48;
const SIDE: i32 = 512;
const WIDTH: u32 = 640;
const HEIGHT: u32 = 650;
const INK: [u8; 3] = [40, 40, 40];
const GATE: [u8; 3] = [179, 0, 59];

pub(super) fn draw(plot: &DensityPlot, text: &PlotText, font: Option<&[u8]>) -> Result<Vec<u8>, PlotError> {
    let font = font
        .map(|bytes| FontRef::try_from_slice_and_index(bytes, 0))
        .transpose()
        .map_err(|_| PlotError::Font)?;
    let mut canvas = Canvas { image: RgbImage::from_pixel(WIDTH, HEIGHT, Rgb([255; 3])), font };
    cells(&mut canvas, plot);
    let corners = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]];
    canvas.lines(&corners, INK, 1);
    for outline in &plot.outlines {
        outline.lines.iter().for_each(|line| canvas.lines(line, GATE, 2));
    }
    let frame = Frame { left: LEFT.into(), top: TOP.into(), side: SIDE.into(), line: 16.0 };
    for label in labels(plot, text, frame, |text| f64::from(canvas.width(text, 14.0))) {
        #[allow(clippy::cast_possible_truncation)]
        let (x, y) = (label.x.round() as i32, label.y.round() as i32);
        canvas.text(&label.text, x, y, 14.0, GATE, true);
    }
    ticks(&mut canvas, plot);
    words(&mut canvas, plot, text);
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Up)
        .write_image(canvas.image.as_raw(), WIDTH, HEIGHT, ExtendedColorType::Rgb8)
        .map_err(|error| PlotError::Encoding(error.to_string()))?;
    Ok(bytes)
}

fn cells(canvas: &mut Canvas<'_>, plot: &DensityPlot) {
    #[allow(clippy::cast_possible_truncation)]
    let levels = plot.levels(COLOURS.len() as u8);
    for (row, line) in levels.chunks(CELLS).enumerate() {
        for (column, &level) in line.iter().enumerate() {
            let Some(colour) = usize::from(level).checked_sub(1).and_then(|level| COLOURS.get(level)) else {
                continue;
            };
            // Both are below CELLS, which a u32 and an i32 hold.
            #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)]
            let (x, y) = (LEFT + column as i32 * CELL as i32, TOP + SIDE - (row as i32 + 1) * CELL as i32);
            canvas.block(x, y, CELL, *colour);
        }
    }
}

#[allow(clippy::cast_possible_truncation)]
fn pixel([x, y]: [f64; 2]) -> (i32, i32) {
    let side = f64::from(SIDE);
    (LEFT + (x * side).round() as i32, TOP + ((1.0 - y) * side).round() as i32)
}

fn ticks(canvas: &mut Canvas<'_>, plot: &DensityPlot) {
    for tick in &plot.x.ticks {
        let (x, y) = pixel([tick.place, 0.0]);
        (0..6).for_each(|step| canvas.block(x, y + step, 1, INK));
        let width = canvas.width(&tick.label, 14.0);
        canvas.text(&tick.label, x - width / 2, y + 12, 14.0, INK, false);
        if let Some(exponent) = tick.exponent {
            canvas.text(&exponent.to_string(), x + width / 2 + 1, y + 6, 10.0, INK, false);
        }
    }
    for tick in &plot.y.ticks {
        let (x, y) = pixel([0.0, tick.place]);
        (0..6).for_each(|step| canvas.block(x - step, y, 1, INK));
        let exponent = tick.exponent.map(|exponent| exponent.to_string()).unwrap_or_default();
        let small = canvas.width(&exponent, 10.0);
        let width = canvas.width(&tick.label, 14.0);
        canvas.text(&tick.label, x - 10 - small - width, y - 7, 14.0, INK, false);
        canvas.text(&exponent, x - 9 - small, y - 12, 10.0, INK, false);
    }
}

fn words(canvas: &mut Canvas<'_>, plot: &DensityPlot, text: &PlotText) {
    let x = if text.x.is_empty() { &plot.x_name } else { &text.x };
    let y = if text.y.is_empty() { &plot.y_name } else { &text.y };
    let width = canvas.width(x, 16.0);
    canvas.text(x, LEFT + (SIDE - width) / 2, TOP + SIDE + 36, 16.0, INK, false);
    canvas.upright(y, 8, TOP + SIDE / 2, 16.0);
    canvas.text(&text.title, LEFT, 14, 18.0, INK, false);
    let count = footer(plot, text);
    let width = canvas.width(&count, 14.0);
    canvas.text(&count, LEFT + SIDE - width, TOP + SIDE + 64, 14.0, INK, false);
}

struct Canvas<'a> {
    image: RgbImage,
    font: Option<FontRef<'a>>,
}

impl Canvas<'_> {
    /// A filled square; what lies outside the picture is left out.
    fn block(&mut self, x: i32, y: i32, side: u32, colour: [u8; 3]) {
        for dy in 0..side {
            for dx in 0..side {
                let at = (x.checked_add_unsigned(dx), y.checked_add_unsigned(dy));
                if let (Some(Ok(x)), Some(Ok(y))) = (at.0.map(u32::try_from), at.1.map(u32::try_from))
                    && let Some(pixel) = self.image.get_pixel_mut_checked(x, y)
                {
                    *pixel = Rgb(colour);
                }
            }
        }
    }

    fn lines(&mut self, line: &[[f64; 2]], colour: [u8; 3], width: u32) {
        for pair in line.windows(2) {
            if let [from, to] = pair {
                self.line(pixel(*from), pixel(*to), colour, width);
            }
        }
    }

    fn line(&mut self, (x1, y1): (i32, i32), (x2, y2): (i32, i32), colour: [u8; 3], width: u32) {
        let steps = (x2 - x1).abs().max((y2 - y1).abs()).max(1);
        for step in 0..=steps {
            self.block(x1 + (x2 - x1) * step / steps, y1 + (y2 - y1) * step / steps, width, colour);
        }
    }

    /// Width of a text in pixels.
    #[allow(clippy::cast_possible_truncation)]
    fn width(&self, text: &str, size: f32) -> i32 {
        let width = match &self.font {
            Some(font) => {
                let scaled = font.as_scaled(PxScale::from(size));
                text.chars().map(|character| scaled.h_advance(scaled.glyph_id(character))).sum()
            }
            None => text.chars().map(|_| 8.0 * zoom(size)).sum::<f32>(),
        };
        width.ceil() as i32
    }

    /// Text with its upper left corner at (x, y); on a white ground if asked.
    fn text(&mut self, text: &str, x: i32, y: i32, size: f32, colour: [u8; 3], ground: bool) {
        if ground {
            let width = self.width(text, size);
            #[allow(clippy::cast_possible_truncation)]
            let height = size as i32 + 2;
            for dy in -1..height {
                (-2..width + 2).for_each(|dx| self.block(x + dx, y + dy, 1, [255; 3]));
            }
        }
        self.dots(text, size, &mut |canvas, dx, dy| canvas.block(x + dx, y + dy, 1, colour));
    }

    /// Text that runs upwards, its middle at `y`.
    fn upright(&mut self, text: &str, x: i32, y: i32, size: f32) {
        let half = self.width(text, size) / 2;
        self.dots(text, size, &mut |canvas, dx, dy| canvas.block(x + dy, y + half - dx, 1, INK));
    }

    /// Calls `dot` for each pixel of the text, from its upper left corner.
    fn dots(&mut self, text: &str, size: f32, dot: &mut dyn FnMut(&mut Self, i32, i32)) {
        for (x, y) in
            self.font.as_ref().map_or_else(|| bitmap_dots(text, size), |font| glyph_dots(font, text, size))
        {
            dot(self, x, y);
        }
    }
}

/// Whole-pixel zoom of the 8×8 font for a size.
fn zoom(size: f32) -> f32 {
    if size >= 18.0 { 2.0 } else { 1.0 }
}

fn bitmap_dots(text: &str, size: f32) -> Vec<(i32, i32)> {
    const BOX: [u8; 8] = [0x7e, 0x42, 0x42, 0x42, 0x42, 0x42, 0x7e, 0];
    let mut dots = Vec::new();
    #[allow(clippy::cast_possible_truncation)]
    let zoom = zoom(size) as i32;
    // The small font sits in the middle of the line its size asks for.
    #[allow(clippy::cast_possible_truncation)]
    let drop = ((size as i32) - 8 * zoom).max(0) / 2;
    for (character, left) in text.chars().zip((0i32..).step_by(8)) {
        let glyph = font8x8::BASIC_FONTS.get(character).unwrap_or(BOX);
        for (row, bits) in (0i32..).zip(glyph) {
            for column in (0i32..8).filter(|column| bits >> column & 1 == 1) {
                for dy in 0..zoom {
                    dots.extend((0..zoom).map(|dx| ((left + column) * zoom + dx, row * zoom + dy + drop)));
                }
            }
        }
    }
    dots
}

#[allow(clippy::cast_possible_truncation)]
fn glyph_dots(font: &FontRef<'_>, text: &str, size: f32) -> Vec<(i32, i32)> {
    let scaled = font.as_scaled(PxScale::from(size));
    let mut dots = Vec::new();
    let mut left = 0.0f32;
    for character in text.chars() {
        let id = scaled.glyph_id(character);
        let glyph = id.with_scale_and_position(PxScale::from(size), glyph_point(left, scaled.ascent()));
        left += scaled.h_advance(id);
        if let Some(outlined) = font.outline_glyph(glyph) {
            let bounds = outlined.px_bounds();
            let (x0, y0) = (bounds.min.x as i32, bounds.min.y as i32);
            outlined.draw(|x, y, coverage| {
                if coverage > 0.5 {
                    dots.push((x0.saturating_add_unsigned(x), y0.saturating_add_unsigned(y)));
                }
            });
        }
    }
    dots
}
