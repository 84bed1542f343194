//! A density plot as SVG: one path per colour, runs of cells joined. Knows no
//! events.

use std::fmt::Write as _;

use super::axis::Tick;
use super::labels::{Frame, labels};
use super::{CELLS, COLOURS, DensityPlot, PlotText};

const LEFT: f64 = 76.0;
const TOP: f64 = 40.0;
const SIDE: f64 = 400.0;
const WIDTH: f64 = LEFT + SIDE + 20.0;
const HEIGHT: f64 = TOP + SIDE + 66.0;

pub(super) fn draw(plot: &DensityPlot, text: &PlotText) -> String {
    let mut out = String::with_capacity(200_000);
    let title =
        if text.title.is_empty() { format!("{} / {}", plot.x_name, plot.y_name) } else { text.title.clone() };
    let _ = write!(
        out,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" font-family="system-ui, sans-serif" font-size="12"><title>{}</title><rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>"##,
        escape(&title)
    );
    cells(&mut out, plot);
    let _ = write!(
        out,
        r##"<rect x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#333"/>"##
    );
    outlines(&mut out, plot, text);
    ticks(&mut out, plot);
    words(&mut out, plot, text);
    out.push_str("</svg>\n");
    out
}

/// Cells in their own coordinates, flipped so that row 0 is at the bottom.
fn cells(out: &mut String, plot: &DensityPlot) {
    #[allow(clippy::cast_precision_loss)]
    let scale = SIDE / CELLS as f64;
    let _ = write!(
        out,
        r#"<g transform="translate({LEFT} {}) scale({scale} -{scale})" shape-rendering="crispEdges">"#,
        TOP + SIDE
    );
    let mut paths = vec![String::new(); COLOURS.len()];
    #[allow(clippy::cast_possible_truncation)]
    let levels = plot.levels(COLOURS.len() as u8);
    for (row, line) in levels.chunks(CELLS).enumerate() {
        let mut column = 0;
        for run in line.chunk_by(|left, right| left == right) {
            let level = run.first().copied().unwrap_or(0);
            if let Some(path) = usize::from(level).checked_sub(1).and_then(|level| paths.get_mut(level)) {
                let _ = write!(path, "M{column} {row}h{}v1h-{}z", run.len(), run.len());
            }
            column += run.len();
        }
    }
    for (path, [red, green, blue]) in paths.iter().zip(COLOURS) {
        if !path.is_empty() {
            let _ = write!(out, r##"<path fill="#{red:02x}{green:02x}{blue:02x}" d="{path}"/>"##);
        }
    }
    out.push_str("</g>");
}

fn point([x, y]: [f64; 2]) -> (f64, f64) {
    (LEFT + x * SIDE, TOP + (1.0 - y) * SIDE)
}

fn outlines(out: &mut String, plot: &DensityPlot, text: &PlotText) {
    for outline in &plot.outlines {
        let id = escape(&outline.id);
        for line in &outline.lines {
            let _ = write!(
                out,
                r##"<polyline data-gate="{id}" fill="none" stroke="#b3003b" stroke-width="1.6" points=""##
            );
            for &at in line {
                let (x, y) = point(at);
                let _ = write!(out, "{x:.2},{y:.2} ");
            }
            out.push_str(r#""/>"#);
        }
    }
    let frame = Frame { left: LEFT, top: TOP, side: SIDE, line: 14.0 };
    for label in labels(plot, text, frame, width) {
        // A line of text stands on its base, a fifth of it above the lower edge.
        let (x, y) = (label.x, label.y + 11.0);
        let _ = write!(
            out,
            r##"<text x="{x:.1}" y="{y:.1}" font-weight="600" fill="#8a002d" stroke="#fff" stroke-width="3" paint-order="stroke">{}</text>"##,
            escape(&label.text)
        );
    }
}

/// Width of a label. No font is known here, so a wide one is assumed: letters of Chinese are as wide as
/// high, others at most two thirds of it.
fn width(text: &str) -> f64 {
    text.chars().map(|letter| if letter < '\u{2e80}' { 7.6 } else { 12.5 }).sum()
}

fn ticks(out: &mut String, plot: &DensityPlot) {
    let base = TOP + SIDE;
    for tick in &plot.x.ticks {
        let x = LEFT + tick.place * SIDE;
        let _ = write!(
            out,
            r##"<path stroke="#333" d="M{x:.2} {base}v5"/><text x="{x:.2}" y="{}" text-anchor="middle">{}</text>"##,
            base + 19.0,
            label(tick)
        );
    }
    for tick in &plot.y.ticks {
        let y = TOP + (1.0 - tick.place) * SIDE;
        let _ = write!(
            out,
            r##"<path stroke="#333" d="M{LEFT} {y:.2}h-5"/><text x="{}" y="{:.2}" text-anchor="end">{}</text>"##,
            LEFT - 9.0,
            y + 4.0,
            label(tick)
        );
    }
}

fn label(tick: &Tick) -> String {
    let base = tick.label.replace('-', "\u{2212}");
    match tick.exponent {
        None => base,
        Some(exponent) => {
            let exponent = exponent.to_string().replace('-', "\u{2212}");
            format!(r#"{base}<tspan dy="-4" font-size="9">{exponent}</tspan>"#)
        }
    }
}

fn words(out: &mut String, plot: &DensityPlot, text: &PlotText) {
    let x = if text.x.is_empty() { &plot.x_name } else { &text.x };
    let y = if text.y.is_empty() { &plot.y_name } else { &text.y };
    let middle = LEFT + SIDE / 2.0;
    let _ = write!(
        out,
        r#"<text x="{middle}" y="{}" text-anchor="middle" font-size="13">{}</text>"#,
        TOP + SIDE + 40.0,
        escape(x)
    );
    let centre = TOP + SIDE / 2.0;
    let _ = write!(
        out,
        r#"<text transform="translate(20 {centre}) rotate(-90)" text-anchor="middle" font-size="13">{}</text>"#,
        escape(y)
    );
    if !text.title.is_empty() {
        let _ = write!(
            out,
            r#"<text x="{LEFT}" y="24" font-size="15" font-weight="600">{}</text>"#,
            escape(&text.title)
        );
    }
    let _ = write!(
        out,
        r##"<text x="{}" y="{}" text-anchor="end" font-size="11" fill="#555">{}</text>"##,
        LEFT + SIDE,
        TOP + SIDE + 58.0,
        escape(&footer(plot, text))
    );
}

/// Number of events shown, with thousands apart.
pub(super) fn footer(plot: &DensityPlot, text: &PlotText) -> String {
    let digits = plot.events.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if text.events.is_empty() { format!("n = {grouped}") } else { format!("{grouped} {}", text.events) }
}

/// Text for SVG; characters that XML cannot hold become U+FFFD.
fn escape(text: &str) -> String {
    let allowed = |character: char| matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    let clean: String =
        text.chars().map(|character| if allowed(character) { character } else { '\u{fffd}' }).collect();
    quick_xml::escape::escape(clean).into_owned()
}
