//! The picture of a qPCR report as SVG: standard points, lines and the samples read from them, words
//! in one language. Knows what to draw, nothing about how it was computed.

use std::fmt::Write;

use vena_base::Lang;

use crate::plot::{escape, short, ticks};
use crate::qpcr::{QpcrReport, QuantityStatus};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 460.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 210.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 60.0;
const COLOURS: [&str; 6] = ["#0b5a70", "#9a4a12", "#4b5a8f", "#5a1250", "#3d4b4f", "#7d4500"];

struct Scale {
    x: (f64, f64),
    y: (f64, f64),
}

impl Scale {
    fn of(report: &QpcrReport) -> Scale {
        let mut x = (f64::INFINITY, f64::NEG_INFINITY);
        let mut y = x;
        let mut take = |px: f64, py: f64| {
            x = (x.0.min(px), x.1.max(px));
            y = (y.0.min(py), y.1.max(py));
        };
        for (px, py) in report.curves.iter().flat_map(|c| &c.points) {
            take(*px, *py);
        }
        for s in &report.samples {
            if let (Some(q), Some(cq)) = (s.quantity.filter(|q| *q > 0.0), s.cq_mean) {
                take(q.log10(), cq);
            }
        }
        let wide = |(low, high): (f64, f64), least: f64| {
            if low > high {
                return (0.0, 1.0);
            }
            let margin = ((high - low) * 0.06).max(least);
            (low - margin, high + margin)
        };
        Scale { x: wide(x, 0.25), y: wide(y, 0.5) }
    }

    fn x(&self, value: f64) -> f64 {
        LEFT + (value - self.x.0) / (self.x.1 - self.x.0) * (WIDTH - RIGHT - LEFT)
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - (value - self.y.0) / (self.y.1 - self.y.0) * (HEIGHT - TOP - BOTTOM)
    }
}

/// Draws a qPCR report.
pub fn qpcr_svg(report: &QpcrReport, lang: Lang) -> String {
    let scale = Scale::of(report);
    let word = |en: &'static str, zh: &'static str| if lang == Lang::En { en } else { zh };
    let title = word("Standard curves", "標準曲線");
    let mut svg = String::new();
    let _ = write!(
        svg,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" lang="{}" font-family="'Noto Sans','Noto Sans TC',sans-serif" font-size="13"><title>{title}</title><rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/><text x="{LEFT}" y="24" font-size="16" font-weight="600" fill="#10191b">{title}</text>"##,
        lang.tag()
    );
    axes(&mut svg, report, &scale, word("quantity", "數量"));
    for (k, curve) in report.curves.iter().enumerate() {
        let colour = COLOURS[k % COLOURS.len()];
        if let Some(line) = &curve.line {
            let at = |x: f64| line.intercept + line.slope * x;
            let _ = write!(
                svg,
                r##"<line x1="{:.1}" y1="{:.1}" x2="{:.1}" y2="{:.1}" stroke="{colour}" stroke-width="2"/>"##,
                scale.x(line.x_low),
                scale.y(at(line.x_low)),
                scale.x(line.x_high),
                scale.y(at(line.x_high))
            );
        }
        for (x, y) in &curve.points {
            let _ = write!(
                svg,
                r##"<circle cx="{:.1}" cy="{:.1}" r="3.5" fill="{colour}"/>"##,
                scale.x(*x),
                scale.y(*y)
            );
        }
        legend(
            &mut svg,
            k,
            colour,
            &curve.target,
            curve.efficiency,
            word("efficiency", "效率"),
            word("no curve", "無曲線"),
        );
    }
    let mut silent = 0;
    for s in &report.samples {
        silent += usize::from(s.status == QuantityStatus::NotDetected);
        if let (Some(q), Some(cq)) = (s.quantity.filter(|q| *q > 0.0), s.cq_mean) {
            let (x, y) = (scale.x(q.log10()), scale.y(cq));
            let _ = write!(
                svg,
                r##"<path class="sample" d="M{:.1} {:.1}l5 5l-5 5l-5 -5z" fill="none" stroke="#10191b" stroke-width="1.5"><title>{}</title></path>"##,
                x,
                y - 5.0,
                escape(&s.sample)
            );
        }
    }
    if silent > 0 {
        let _ = write!(
            svg,
            r##"<text x="{:.1}" y="{:.1}" fill="#3d4b4f">{silent} {}</text>"##,
            WIDTH - RIGHT + 16.0,
            HEIGHT - BOTTOM,
            word("not detected", "個未檢出")
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn axes(svg: &mut String, report: &QpcrReport, scale: &Scale, quantity: &str) {
    let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
    for value in ticks(scale.y.0, scale.y.1) {
        let y = scale.y(value);
        let _ = write!(
            svg,
            r##"<line x1="{LEFT}" y1="{y:.1}" x2="{right}" y2="{y:.1}" stroke="#e3e8e9"/><text x="{:.1}" y="{:.1}" text-anchor="end" fill="#3d4b4f">{}</text>"##,
            LEFT - 8.0,
            y + 4.0,
            short(value)
        );
    }
    let mut exponent = scale.x.0.ceil();
    let step = ((scale.x.1 - scale.x.0) / 10.0).ceil().max(1.0);
    while exponent <= scale.x.1 {
        let x = scale.x(exponent);
        let _ = write!(
            svg,
            r##"<line x1="{x:.1}" y1="{bottom}" x2="{x:.1}" y2="{:.1}" stroke="#7d8b8f"/><text x="{x:.1}" y="{:.1}" text-anchor="middle" fill="#3d4b4f">{}</text>"##,
            bottom + 5.0,
            bottom + 20.0,
            short(10f64.powf(exponent))
        );
        exponent += step;
    }
    let unit = report.quantity_unit.as_ref().map_or(String::new(), |u| format!(" ({u})"));
    let _ = write!(
        svg,
        r##"<path d="M{LEFT} {TOP}V{bottom}H{right}" stroke="#7d8b8f" fill="none"/><text x="{:.1}" y="{:.1}" text-anchor="middle" fill="#10191b">{}</text><text transform="translate(18 {:.1}) rotate(-90)" text-anchor="middle" fill="#10191b">Cq</text>"##,
        (LEFT + right) / 2.0,
        HEIGHT - 16.0,
        escape(&format!("{quantity}{unit}")),
        (TOP + bottom) / 2.0
    );
}

fn legend(
    svg: &mut String,
    k: usize,
    colour: &str,
    target: &str,
    efficiency: Option<f64>,
    word: &str,
    none: &str,
) {
    let y = TOP + 12.0 + 40.0 * k as f64;
    if y > HEIGHT - BOTTOM - 20.0 {
        return;
    }
    let x = WIDTH - RIGHT + 24.0;
    let name: String = target.chars().take(20).collect();
    let below = efficiency.map_or(none.to_string(), |e| format!("{word} {} %", short(e * 100.0)));
    let _ = write!(
        svg,
        r##"<circle cx="{x:.1}" cy="{:.1}" r="4" fill="{colour}"/><text x="{:.1}" y="{y:.1}" fill="#10191b">{}</text><text x="{:.1}" y="{:.1}" fill="#3d4b4f">{}</text>"##,
        y - 4.0,
        x + 12.0,
        escape(&name),
        x + 12.0,
        y + 16.0,
        escape(&below)
    );
}
