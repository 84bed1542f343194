//! A small diagram as SVG: points, lines, intervals and marked levels on plain or logarithmic axes.
//! Knows what to draw, nothing about how it was computed.

use std::fmt::Write;

use vena_base::{Lang, Text};

use crate::plot::{escape, short, ticks};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 460.0;
const LEFT: f64 = 72.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 60.0;
const INK: &str = "#10191b";
const QUIET: &str = "#3d4b4f";
/// Colours of the sets of points; each set also has its own shape, so colour never stands alone.
const COLOURS: [&str; 4] = ["#0b5a70", "#9a4a12", "#5a1250", "#3d4b4f"];

/// One axis.
#[derive(Debug, Clone, Default)]
pub(crate) struct AxisOf {
    pub(crate) label: Text,
    pub(crate) logarithmic: bool,
    /// Names in place of numbers: (where, what).
    pub(crate) names: Vec<(f64, Text)>,
}

/// A set of points with a name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Points {
    pub(crate) name: Text,
    pub(crate) points: Vec<(f64, f64)>,
}

/// A marked level: a line across the diagram with a word beside it.
#[derive(Debug, Clone)]
pub(crate) struct Level {
    pub(crate) at: f64,
    pub(crate) upright: bool,
    pub(crate) label: Text,
}

/// What is drawn.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sheet {
    pub(crate) title: Text,
    pub(crate) x: AxisOf,
    pub(crate) y: AxisOf,
    pub(crate) sets: Vec<Points>,
    pub(crate) lines: Vec<Vec<(f64, f64)>>,
    /// Horizontal intervals: (height, from, to).
    pub(crate) intervals: Vec<(f64, f64, f64)>,
    pub(crate) levels: Vec<Level>,
}

struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    logarithmic: bool,
}

impl Scale {
    fn of(values: impl Iterator<Item = f64>, logarithmic: bool, from: f64, to: f64) -> Scale {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values {
            let value = if logarithmic { value.log10() } else { value };
            if value.is_finite() {
                low = low.min(value);
                high = high.max(value);
            }
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        let margin = ((high - low) * 0.07).max(if logarithmic { 0.1 } else { high.abs().max(1e-9) * 0.02 });
        Scale { low: low - margin, high: high + margin, from, to, logarithmic }
    }

    /// Place on the sheet; `None` where the scale has none (0 on a logarithmic axis).
    fn place(&self, value: f64) -> Option<f64> {
        let value = if self.logarithmic { value.log10() } else { value };
        value
            .is_finite()
            .then(|| self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from))
    }

    fn ticks(&self) -> Vec<f64> {
        if !self.logarithmic {
            return ticks(self.low, self.high);
        }
        let step = ((self.high - self.low) / 8.0).ceil().max(1.0);
        let inside: &[f64] = if self.high - self.low < 2.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let mut found = Vec::new();
        let mut exponent = self.low.floor();
        while exponent <= self.high {
            found.extend(
                inside
                    .iter()
                    .map(|mark| mark * 10f64.powf(exponent))
                    .filter(|value| (self.low..=self.high).contains(&value.log10())),
            );
            exponent += step;
        }
        found
    }
}

impl Sheet {
    /// The diagram with words in one language.
    pub(crate) fn draw(&self, lang: Lang) -> String {
        let points = || self.sets.iter().flat_map(|set| &set.points).chain(self.lines.iter().flatten());
        let level = |upright: bool| self.levels.iter().filter(move |l| l.upright == upright).map(|l| l.at);
        let ends = self.intervals.iter().flat_map(|i| [i.1, i.2]);
        let x = Scale::of(
            points().map(|p| p.0).chain(level(true)).chain(ends).chain(self.x.names.iter().map(|n| n.0)),
            self.x.logarithmic,
            LEFT,
            WIDTH - RIGHT,
        );
        let y = Scale::of(
            points()
                .map(|p| p.1)
                .chain(level(false))
                .chain(self.intervals.iter().map(|i| i.0))
                .chain(self.y.names.iter().map(|n| n.0)),
            self.y.logarithmic,
            HEIGHT - BOTTOM,
            TOP,
        );
        let mut svg = String::new();
        let title = escape(self.title.get(lang));
        let _ = write!(
            svg,
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" lang="{}" font-family="'Noto Sans','Noto Sans TC',sans-serif" font-size="13"><title>{title}</title><rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/><text x="{LEFT}" y="24" font-size="16" font-weight="600" fill="{INK}">{title}</text>"##,
            lang.tag()
        );
        self.axes(&mut svg, &x, &y, lang);
        self.marked(&mut svg, &x, &y, lang);
        for line in &self.lines {
            polyline(&mut svg, line, &x, &y);
        }
        for (height, low, high) in &self.intervals {
            if let (Some(y), Some(from), Some(to)) = (y.place(*height), x.place(*low), x.place(*high)) {
                let _ = write!(
                    svg,
                    r##"<path d="M{from:.1} {:.1}v12M{from:.1} {y:.1}H{to:.1}M{to:.1} {:.1}v12" stroke="{INK}" stroke-width="1.6" fill="none"/>"##,
                    y - 6.0,
                    y - 6.0
                );
            }
        }
        for (k, set) in self.sets.iter().enumerate() {
            set.draw(&mut svg, k, &x, &y, lang);
        }
        svg.push_str("</svg>\n");
        svg
    }

    fn axes(&self, svg: &mut String, x: &Scale, y: &Scale, lang: Lang) {
        let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
        let named = |axis: &AxisOf, scale: &Scale| -> Vec<(f64, String)> {
            if axis.names.is_empty() {
                scale.ticks().into_iter().map(|v| (v, short(v))).collect()
            } else {
                axis.names.iter().map(|(v, name)| (*v, name.get(lang).to_string())).collect()
            }
        };
        for (value, label) in named(&self.y, y) {
            if let Some(at) = y.place(value) {
                let _ = write!(
                    svg,
                    r##"<line x1="{LEFT}" y1="{at:.1}" x2="{right}" y2="{at:.1}" stroke="#e3e8e9"/><text x="{:.1}" y="{:.1}" text-anchor="end" fill="{QUIET}">{}</text>"##,
                    LEFT - 8.0,
                    at + 4.0,
                    escape(&label)
                );
            }
        }
        for (value, label) in named(&self.x, x) {
            if let Some(at) = x.place(value) {
                let _ = write!(
                    svg,
                    r##"<line x1="{at:.1}" y1="{bottom}" x2="{at:.1}" y2="{:.1}" stroke="#7d8b8f"/><text x="{at:.1}" y="{:.1}" text-anchor="middle" fill="{QUIET}">{}</text>"##,
                    bottom + 5.0,
                    bottom + 20.0,
                    escape(&label)
                );
            }
        }
        let _ = write!(
            svg,
            r##"<path d="M{LEFT} {TOP}V{bottom}H{right}" stroke="#7d8b8f" fill="none"/><text x="{:.1}" y="{:.1}" text-anchor="middle" fill="{INK}">{}</text><text transform="translate(18 {:.1}) rotate(-90)" text-anchor="middle" fill="{INK}">{}</text>"##,
            (LEFT + right) / 2.0,
            HEIGHT - 16.0,
            escape(self.x.label.get(lang)),
            (TOP + bottom) / 2.0,
            escape(self.y.label.get(lang))
        );
    }

    fn marked(&self, svg: &mut String, x: &Scale, y: &Scale, lang: Lang) {
        for (k, level) in self.levels.iter().enumerate() {
            let label = escape(level.label.get(lang));
            let place = if level.upright { x.place(level.at) } else { y.place(level.at) };
            let Some(at) = place else {
                continue;
            };
            let _ = if level.upright {
                write!(
                    svg,
                    r##"<line x1="{at:.1}" y1="{TOP}" x2="{at:.1}" y2="{:.1}" stroke="{QUIET}" stroke-dasharray="6 4"/><text x="{:.1}" y="{:.1}" fill="{QUIET}">{label}</text>"##,
                    HEIGHT - BOTTOM,
                    at + 5.0,
                    TOP + 14.0 + 16.0 * (k % 4) as f64
                )
            } else {
                write!(
                    svg,
                    r##"<line x1="{LEFT}" y1="{at:.1}" x2="{:.1}" y2="{at:.1}" stroke="{QUIET}" stroke-dasharray="6 4"/><text x="{:.1}" y="{:.1}" text-anchor="end" fill="{QUIET}">{label}</text>"##,
                    WIDTH - RIGHT,
                    WIDTH - RIGHT - 6.0,
                    at - 5.0
                )
            };
        }
    }
}

impl Points {
    fn draw(&self, svg: &mut String, k: usize, x: &Scale, y: &Scale, lang: Lang) {
        let colour = COLOURS[k % COLOURS.len()];
        for (px, py) in &self.points {
            if let (Some(x), Some(y)) = (x.place(*px), y.place(*py)) {
                shape(svg, k, x, y, colour);
            }
        }
        let name = self.name.get(lang);
        if !name.is_empty() {
            let (at, row) = (WIDTH - RIGHT - 8.0, TOP - 6.0);
            let from = at - 150.0 * (k + 1) as f64 + 150.0;
            shape(svg, k, from - 120.0, row - 4.0, colour);
            let _ = write!(
                svg,
                r##"<text x="{:.1}" y="{row:.1}" fill="{INK}">{}</text>"##,
                from - 110.0,
                escape(name)
            );
        }
    }
}

fn shape(svg: &mut String, k: usize, x: f64, y: f64, colour: &str) {
    let _ = match k % 3 {
        0 => write!(svg, r##"<circle class="point" cx="{x:.1}" cy="{y:.1}" r="4" fill="{colour}"/>"##),
        1 => write!(
            svg,
            r##"<rect class="point" x="{:.1}" y="{:.1}" width="7" height="7" fill="none" stroke="{colour}" stroke-width="1.6"/>"##,
            x - 3.5,
            y - 3.5
        ),
        _ => write!(
            svg,
            r##"<path class="point" d="M{x:.1} {:.1}l4.5 8h-9z" fill="none" stroke="{colour}" stroke-width="1.6"/>"##,
            y - 5.0
        ),
    };
}

fn polyline(svg: &mut String, line: &[(f64, f64)], x: &Scale, y: &Scale) {
    let places: Vec<String> = line
        .iter()
        .filter_map(|(px, py)| Some(format!("{:.1},{:.1}", x.place(*px)?, y.place(*py)?)))
        .collect();
    if places.len() > 1 {
        let _ = write!(
            svg,
            r##"<polyline points="{}" fill="none" stroke="#0b5a70" stroke-width="2"/>"##,
            places.join(" ")
        );
    }
}
