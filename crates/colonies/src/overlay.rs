//! Draws the result over the picture, for a person to confirm or correct.
//! Must not compute any result.

use crate::corners::Corners;
use crate::corrections::{CorrectedImage, Origin};
use crate::decode::{DecodeLimits, ImageRefusal, Page, Samples, inspect, read_page};
use crate::edges::Circle;
use crate::outline::Outline;
use crate::raster::raster_of;
use crate::report::ImageReport;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use std::fmt::Write;

/// Colours that stay apart for people who do not see red and green apart, and
/// shapes that stay apart without colour: counted = full line, not counted =
/// dashed, added = double, merged = thick.
const COUNTED: [u8; 3] = [0, 158, 115];
const NOT_COUNTED: [u8; 3] = [213, 94, 0];
const LABELLED: [u8; 3] = [230, 159, 0];
const VESSEL: [u8; 3] = [86, 180, 233];

/// Why an overlay could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum OverlayError {
    /// The picture was not read.
    #[error(transparent)]
    Image(#[from] ImageRefusal),
    /// The encoder failed.
    #[error("the overlay could not be encoded: {0}")]
    Encode(#[from] image::ImageError),
}

fn css(colour: [u8; 3]) -> String {
    format!("#{:02x}{:02x}{:02x}", colour[0], colour[1], colour[2])
}

fn escape(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '&' => "&amp;".into(),
            '<' => "&lt;".into(),
            '>' => "&gt;".into(),
            '"' => "&quot;".into(),
            // XML 1.0 has no place for other control characters.
            c if (c as u32) < 0x20 => ' '.to_string(),
            c => c.to_string(),
        })
        .collect()
}

/// An SVG of the picture's size. `picture` is the address of the picture to lay
/// it on (a path or a data URI); without it only the marks are drawn. Every
/// colony is an element with `data-vessel` and `data-colony`, so that a page can
/// let a person click it.
#[must_use]
pub fn svg(image: &ImageReport, corrected: Option<&CorrectedImage>, picture: Option<&str>) -> String {
    let (width, height) = (image.width_px, image.height_px);
    let stroke = f64::from(width.max(height)) / 700.0;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-0.5 -0.5 {width} {height}\" width=\"{width}\" height=\"{height}\" fill=\"none\" stroke-width=\"{stroke:.2}\">\n<title>{}</title>\n",
        escape(&image.file)
    );
    if let Some(picture) = picture {
        let _ = writeln!(
            out,
            "<image href=\"{}\" x=\"-0.5\" y=\"-0.5\" width=\"{width}\" height=\"{height}\"/>",
            escape(picture)
        );
    }
    for vessel in &image.vessels {
        if let Some(edge) = vessel.counted_ellipse {
            let (x, y, long, short) = (edge.x, edge.y, edge.long, edge.short);
            let _ = writeln!(
                out,
                "<ellipse class=\"vessel\" cx=\"{x:.1}\" cy=\"{y:.1}\" rx=\"{long:.1}\" ry=\"{short:.1}\" transform=\"rotate({:.2} {x:.1} {y:.1})\" stroke=\"{}\"/>",
                edge.turn_degrees(),
                css(VESSEL)
            );
        } else if let Some(corners) = vessel.counted_corners {
            let points = corners.0.map(|(x, y)| format!("{x:.1},{y:.1}")).join(" ");
            let _ =
                writeln!(out, "<polygon class=\"vessel\" points=\"{points}\" stroke=\"{}\"/>", css(VESSEL));
        } else if let Some(circle) = vessel.counted_area {
            let (x, y, r) = (circle.x, circle.y, circle.radius);
            let _ = writeln!(
                out,
                "<circle class=\"vessel\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{r:.1}\" stroke=\"{}\"/>",
                css(VESSEL)
            );
        }
        for one in &vessel.rejected {
            let reach = one.diameter_px / 2.0 + 2.0 * stroke;
            let _ = writeln!(
                out,
                "<circle class=\"not-counted\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"{reach:.1}\" stroke=\"{}\" stroke-dasharray=\"{:.1}\"><title>{:?}</title></circle>",
                one.x_px,
                one.y_px,
                css(NOT_COUNTED),
                3.0 * stroke,
                one.reason
            );
        }
        match corrected.and_then(|c| c.vessels.iter().find(|v| v.name == vessel.name)) {
            Some(after) => {
                for colony in &after.colonies {
                    let (class, id, thick) = match &colony.origin {
                        Origin::Automatic { colony } => ("colony", colony.to_string(), stroke),
                        Origin::Added => ("colony added", String::new(), 2.0 * stroke),
                        Origin::Merged { .. } => ("colony merged", String::new(), 2.0 * stroke),
                    };
                    mark(
                        &mut out,
                        class,
                        &vessel.name,
                        &id,
                        (colony.x_px, colony.y_px, colony.diameter_px),
                        (COUNTED, thick),
                    );
                }
            }
            None => {
                for colony in &vessel.colonies {
                    let colour = if colony.labelled == Some(true) { LABELLED } else { COUNTED };
                    let place = (colony.x_px, colony.y_px, colony.diameter_px);
                    mark(&mut out, "colony", &vessel.name, &colony.id.to_string(), place, (colour, stroke));
                }
            }
        }
    }
    out.push_str("</svg>\n");
    out
}

fn mark(out: &mut String, class: &str, vessel: &str, id: &str, place: (f64, f64, f64), look: ([u8; 3], f64)) {
    let (x, y, diameter) = place;
    let reach = diameter / 2.0 + look.1;
    let _ = writeln!(
        out,
        "<circle class=\"{class}\" data-vessel=\"{}\" data-colony=\"{id}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{reach:.1}\" stroke=\"{}\" stroke-width=\"{:.2}\" pointer-events=\"all\"/>",
        escape(vessel),
        css(look.0),
        look.1
    );
}

/// The picture with the marks burnt in, as PNG, at the analysed size.
///
/// # Errors
/// [`OverlayError`] when the file is refused or the encoder fails.
pub fn png(bytes: &[u8], image: &ImageReport, limits: &DecodeLimits) -> Result<Vec<u8>, OverlayError> {
    let header = inspect(&image.file, bytes, limits)?;
    let page = read_page(bytes, header.format, image.page, limits)?;
    let (mut canvas, factor) = canvas_of(&page);
    let scale = 1.0 / factor as f32;
    let shrink = |c: Circle| Circle {
        x: (c.x + 0.5) * scale - 0.5,
        y: (c.y + 0.5) * scale - 0.5,
        radius: c.radius * scale,
    };
    let thick = (canvas.width.max(canvas.height) as f32 / 1000.0).max(1.0);
    for vessel in &image.vessels {
        if let Some(edge) = vessel.counted_ellipse {
            canvas.line(&edge.scaled(scale), thick, VESSEL, false);
        } else if let Some(corners) = vessel.counted_corners {
            canvas.frame(&corners.scaled(scale), thick, VESSEL);
        } else if let Some(circle) = vessel.counted_area {
            canvas.ring(shrink(circle), thick, VESSEL, false);
        }
        let circle = |x: f64, y: f64, diameter: f64| {
            let mut small = shrink(Circle { x: x as f32, y: y as f32, radius: diameter as f32 / 2.0 });
            small.radius += 1.5 * thick;
            small
        };
        for one in &vessel.rejected {
            canvas.ring(circle(one.x_px, one.y_px, one.diameter_px), thick, NOT_COUNTED, true);
        }
        for colony in &vessel.colonies {
            let colour = if colony.labelled == Some(true) { LABELLED } else { COUNTED };
            canvas.ring(circle(colony.x_px, colony.y_px, colony.diameter_px), thick, colour, false);
        }
    }
    let mut out = Vec::new();
    let encoder = PngEncoder::new(&mut out);
    encoder.write_image(&canvas.rgb, canvas.width as u32, canvas.height as u32, ExtendedColorType::Rgb8)?;
    Ok(out)
}

struct Canvas {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

fn canvas_of(page: &Page) -> (Canvas, u32) {
    let (raster, _) = raster_of(page);
    let (width, height) = (raster.width(), raster.height());
    // A 16-bit picture is stretched to its brightest sample, or it would be black.
    let top = match page.samples {
        Samples::Byte(_) => 1.0,
        Samples::Word(_) => {
            raster.planes.iter().flat_map(|p| p.values.iter()).copied().fold(1e-6f32, f32::max)
        }
    };
    let mut rgb = vec![0u8; width * height * 3];
    for (at, pixel) in rgb.chunks_exact_mut(3).enumerate() {
        for (channel, sample) in pixel.iter_mut().enumerate() {
            let plane = raster.planes.get(channel).or_else(|| raster.planes.first());
            let value = plane.and_then(|p| p.values.get(at)).copied().unwrap_or(0.0);
            *sample = (value / top * 255.0).round().clamp(0.0, 255.0) as u8;
        }
    }
    (Canvas { width, height, rgb }, raster.factor)
}

impl Canvas {
    fn ring(&mut self, circle: Circle, thick: f32, colour: [u8; 3], dashed: bool) {
        self.line(&Outline::round(circle), thick, colour, dashed);
    }

    fn line(&mut self, outline: &Outline, thick: f32, colour: [u8; 3], dashed: bool) {
        let steps = (outline.long * 9.0).clamp(24.0, 40_000.0) as usize;
        let pixel = 1.0 / outline.radius().max(1e-3);
        for step in 0..steps {
            if dashed && step * 12 / steps % 2 == 1 {
                continue;
            }
            let angle = step as f32 / steps as f32 * std::f32::consts::TAU;
            let (cosine, sine) = (angle.cos(), angle.sin());
            let mut off = 0.0;
            while off < thick {
                self.dot(outline.point(cosine, sine, 1.0 + off * pixel), colour);
                off += 0.5;
            }
        }
    }

    fn frame(&mut self, corners: &Corners, thick: f32, colour: [u8; 3]) {
        for (from, to) in corners.sides() {
            let (dx, dy) = (to.0 - from.0, to.1 - from.1);
            let length = dx.hypot(dy).max(1e-3);
            let steps = (2.0 * length).clamp(1.0, 40_000.0) as usize;
            for step in 0..=steps {
                let part = step as f32 / steps as f32;
                let (x, y) = (from.0 + dx * part, from.1 + dy * part);
                let mut off = 0.0;
                while off < thick {
                    self.dot((x - dy / length * off, y + dx / length * off), colour);
                    off += 0.5;
                }
            }
        }
    }

    fn dot(&mut self, at: (f32, f32), colour: [u8; 3]) {
        let (x, y) = (at.0.round(), at.1.round());
        if x >= 0.0 && y >= 0.0 && (x as usize) < self.width && (y as usize) < self.height {
            let at = (y as usize * self.width + x as usize) * 3;
            if let Some(pixel) = self.rgb.get_mut(at..at + 3) {
                pixel.copy_from_slice(&colour);
            }
        }
    }
}
