//! The picture of a potency report as SVG: points, curves, EC50 marks, log dose axis, words in one
//! language. Knows what to draw, nothing about how it was computed.

use std::fmt::Write;

use vena_base::Lang;

use crate::curve::CurveParameters;
use crate::report::PotencyReport;

/// What a picture shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PotencyPicture {
    /// Header of the dose column.
    pub dose_label: String,
    /// Header of the response column.
    pub response_label: String,
    /// Curves.
    pub curves: Vec<PictureCurve>,
}

/// One curve of a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct PictureCurve {
    /// Run.
    pub run: String,
    /// Name.
    pub name: String,
    /// Points.
    pub points: Vec<PicturePoint>,
    /// The fitted curve, if there is one.
    pub parameters: Option<CurveParameters>,
    /// The fitted straight line of a line assay.
    pub line: Option<PictureLine>,
}

/// A straight line on the scales it was fitted on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PictureLine {
    /// Intercept.
    pub intercept: f64,
    /// Slope.
    pub slope: f64,
    /// Against ln dose; else against dose.
    pub log_dose: bool,
    /// Of ln response; else of the response.
    pub log_response: bool,
}

impl PictureLine {
    fn response(&self, dose: f64) -> f64 {
        let y = self.intercept + self.slope * if self.log_dose { dose.ln() } else { dose };
        if self.log_response { y.exp() } else { y }
    }
}

/// One observation of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PicturePoint {
    /// Dose.
    pub dose: f64,
    /// Response.
    pub response: f64,
    /// Left out of the fit by the outlier rule.
    pub removed: bool,
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 460.0;
const LEFT: f64 = 72.0;
const RIGHT: f64 = 200.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 60.0;
/// Line colours; each curve also has its own point shape and dash, so colour never stands alone.
const COLOURS: [&str; 6] = ["#0b5a70", "#9a4a12", "#4b5a8f", "#5a1250", "#3d4b4f", "#7d4500"];
const DASHES: [&str; 3] = ["none", "7 4", "2 3"];

/// Doses and responses to places on the sheet.
struct Scale {
    log_low: f64,
    log_high: f64,
    /// Where dose 0 is drawn, when the table has it: apart from the axis, left of its break.
    zero: Option<f64>,
    low: f64,
    high: f64,
}

impl Scale {
    fn of(picture: &PotencyPicture) -> Scale {
        let points = || picture.curves.iter().flat_map(|c| &c.points);
        let positive: Vec<f64> = points().map(|p| p.dose).filter(|d| *d > 0.0).map(f64::log10).collect();
        let has_zero = points().any(|p| p.dose == 0.0);
        let (mut log_low, mut log_high) = bounds(&positive, (0.0, 1.0));
        let margin = (log_high - log_low).max(0.5) * 0.06;
        log_low -= margin;
        log_high += margin;
        let responses: Vec<f64> = points().map(|p| p.response).collect();
        let (low, high) = bounds(&responses, (0.0, 1.0));
        let margin = (high - low).max(high.abs().max(low.abs()).max(1e-9) * 1e-3) * 0.08;
        Scale {
            log_low,
            log_high,
            zero: has_zero.then_some(LEFT + 18.0),
            low: low - margin,
            high: high + margin,
        }
    }

    fn x_start(&self) -> f64 {
        if self.zero.is_some() { LEFT + 40.0 } else { LEFT }
    }

    fn x(&self, log_dose: f64) -> f64 {
        let start = self.x_start();
        start + (log_dose - self.log_low) / (self.log_high - self.log_low) * (WIDTH - RIGHT - start)
    }

    fn x_of_dose(&self, dose: f64) -> f64 {
        if dose > 0.0 { self.x(dose.log10()) } else { self.zero.unwrap_or(LEFT) }
    }

    fn y(&self, response: f64) -> f64 {
        let share = ((response - self.low) / (self.high - self.low)).clamp(-0.5, 1.5);
        HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
    }
}

fn bounds(values: &[f64], otherwise: (f64, f64)) -> (f64, f64) {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if low <= high { (low, high) } else { otherwise }
}

/// Draws a potency report. The sheet is self-contained and carries a title and a description.
pub fn potency_svg(report: &PotencyReport, lang: Lang) -> String {
    let picture = &report.picture;
    let scale = Scale::of(picture);
    let word = |en: &'static str, zh: &'static str| if lang == Lang::En { en } else { zh };
    let mut svg = String::new();
    let _ = write!(
        svg,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" lang="{}" font-family="'Noto Sans','Noto Sans TC',sans-serif" font-size="13">"##,
        lang.tag()
    );
    let title = word("Dose-response curves", "劑量反應曲線");
    let _ = write!(svg, "<title>{title}</title><desc>{}</desc>", escape(&description(report, lang)));
    let _ = write!(svg, r##"<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>"##);
    let _ = write!(
        svg,
        r##"<text x="{LEFT}" y="24" font-size="16" font-weight="600" fill="#10191b">{title}</text>"##
    );
    // A line that leaves the range of the wells is cut at the frame instead of running over the words.
    let _ = write!(
        svg,
        r##"<clipPath id="frame"><rect x="{LEFT}" y="{TOP}" width="{}" height="{}"/></clipPath>"##,
        WIDTH - RIGHT - LEFT,
        HEIGHT - TOP - BOTTOM
    );
    axes(&mut svg, picture, &scale);
    for (k, curve) in picture.curves.iter().enumerate() {
        draw_curve(&mut svg, &scale, curve, k);
        legend(&mut svg, curve, k, word("no fit", "未擬合"));
    }
    svg.push_str("</svg>\n");
    svg
}

fn description(report: &PotencyReport, lang: Lang) -> String {
    let mut parts = Vec::new();
    for sample in &report.relative_potency {
        if let (Some(estimate), Some(low), Some(high)) = (sample.estimate, sample.low, sample.high) {
            parts.push(match lang {
                Lang::En => format!(
                    "{}: relative potency {} ({} to {})",
                    sample.sample,
                    short(estimate),
                    short(low),
                    short(high)
                ),
                Lang::ZhTw => format!(
                    "{}：相對效價 {}（{} 至 {}）",
                    sample.sample,
                    short(estimate),
                    short(low),
                    short(high)
                ),
            });
        }
    }
    parts.join("; ")
}

fn axes(svg: &mut String, picture: &PotencyPicture, scale: &Scale) {
    let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
    for value in ticks(scale.low, scale.high) {
        let y = scale.y(value);
        let _ = write!(
            svg,
            r##"<line x1="{LEFT}" y1="{y:.1}" x2="{right}" y2="{y:.1}" stroke="#e3e8e9"/><text x="{:.1}" y="{:.1}" text-anchor="end" fill="#3d4b4f">{}</text>"##,
            LEFT - 8.0,
            y + 4.0,
            short(value)
        );
    }
    let step = (((scale.log_high - scale.log_low) / 10.0).ceil()).max(1.0);
    // Fewer than three decades get marks at 2 and 5 as well, so that a dose can be read.
    let within: &[f64] = if scale.log_high - scale.log_low < 3.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let mut exponent = scale.log_low.floor();
    while exponent <= scale.log_high {
        for mark in within {
            let at = exponent + mark.log10();
            if (scale.log_low..=scale.log_high).contains(&at) {
                tick_x(svg, scale.x(at), &short(10f64.powf(at)));
            }
        }
        exponent += step;
    }
    // A range too narrow to hold a round dose is marked near its ends.
    if scale.log_high - scale.log_low < 0.4 {
        for share in [0.1, 0.9] {
            let at = scale.log_low + share * (scale.log_high - scale.log_low);
            tick_x(svg, scale.x(at), &short(10f64.powf(at)));
        }
    }
    if let Some(zero) = scale.zero {
        tick_x(svg, zero, "0");
        let gap = LEFT + 30.0;
        let _ = write!(
            svg,
            r##"<path d="M{:.1} {:.1}l6 -12M{:.1} {:.1}l6 -12" stroke="#7d8b8f" fill="none"/>"##,
            gap - 5.0,
            bottom + 6.0,
            gap + 1.0,
            bottom + 6.0
        );
    }
    let _ = write!(
        svg,
        r##"<path d="M{LEFT} {TOP}V{bottom}H{right}" stroke="#7d8b8f" fill="none"/><text x="{:.1}" y="{:.1}" text-anchor="middle" fill="#10191b">{}</text><text transform="translate(18 {:.1}) rotate(-90)" text-anchor="middle" fill="#10191b">{}</text>"##,
        (LEFT + right) / 2.0,
        HEIGHT - 16.0,
        escape(&picture.dose_label),
        (TOP + bottom) / 2.0,
        escape(&picture.response_label)
    );
}

fn tick_x(svg: &mut String, x: f64, text: &str) {
    let bottom = HEIGHT - BOTTOM;
    let _ = write!(
        svg,
        r##"<line x1="{x:.1}" y1="{bottom}" x2="{x:.1}" y2="{:.1}" stroke="#7d8b8f"/><text x="{x:.1}" y="{:.1}" text-anchor="middle" fill="#3d4b4f">{text}</text>"##,
        bottom + 5.0,
        bottom + 20.0
    );
}

fn draw_curve(svg: &mut String, scale: &Scale, curve: &PictureCurve, k: usize) {
    let colour = COLOURS[k % COLOURS.len()];
    let dash = DASHES[k / COLOURS.len() % DASHES.len()];
    if let Some(line) = &curve.line {
        trace(svg, scale, |dose| line.response(dose), colour, dash);
    }
    if let Some(p) = &curve.parameters {
        trace(svg, scale, |dose| p.response(dose), colour, dash);
        let half = p.half_maximal_dose();
        if half.is_finite() && half > 0.0 && (scale.log_low..=scale.log_high).contains(&half.log10()) {
            let (x, y, bottom) = (scale.x(half.log10()), scale.y(p.response(half)), HEIGHT - BOTTOM);
            let _ = write!(
                svg,
                r##"<line class="ec50" x1="{x:.1}" y1="{y:.1}" x2="{x:.1}" y2="{bottom}" stroke="{colour}" stroke-dasharray="3 3"/><text x="{:.1}" y="{:.1}" font-size="13" fill="{colour}">{}</text>"##,
                x + 4.0,
                bottom - 6.0 - 15.0 * (k % 4) as f64,
                short(half)
            );
        }
    }
    for point in &curve.points {
        let (x, y) = (scale.x_of_dose(point.dose), scale.y(point.response));
        if point.removed {
            let _ = write!(
                svg,
                r##"<path class="removed" d="M{:.1} {:.1}l8 8m0 -8l-8 8" stroke="#a81c25" stroke-width="1.5" fill="none"/>"##,
                x - 4.0,
                y - 4.0
            );
        } else {
            marker(svg, x, y, k, colour);
        }
    }
}

/// A response function over the whole dose axis.
fn trace(svg: &mut String, scale: &Scale, response: impl Fn(f64) -> f64, colour: &str, dash: &str) {
    let mut path = String::new();
    for step in 0..=120 {
        let log_dose = scale.log_low + (scale.log_high - scale.log_low) * f64::from(step) / 120.0;
        let (x, y) = (scale.x(log_dose), scale.y(response(10f64.powf(log_dose))));
        let _ = write!(path, "{}{x:.1} {y:.1}", if step == 0 { "M" } else { "L" });
    }
    let _ = write!(
        svg,
        r##"<path d="{path}" clip-path="url(#frame)" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>"##
    );
}

fn marker(svg: &mut String, x: f64, y: f64, k: usize, colour: &str) {
    let _ = match k % 4 {
        0 => write!(svg, r##"<circle cx="{x:.1}" cy="{y:.1}" r="4" fill="{colour}" fill-opacity=".75"/>"##),
        1 => write!(
            svg,
            r##"<rect x="{:.1}" y="{:.1}" width="7" height="7" fill="none" stroke="{colour}" stroke-width="1.6"/>"##,
            x - 3.5,
            y - 3.5
        ),
        2 => write!(
            svg,
            r##"<path d="M{x:.1} {:.1}l4.5 8h-9z" fill="none" stroke="{colour}" stroke-width="1.6"/>"##,
            y - 5.0
        ),
        _ => write!(
            svg,
            r##"<path d="M{x:.1} {:.1}l5 5l-5 5l-5 -5z" fill="{colour}" fill-opacity=".6"/>"##,
            y - 5.0
        ),
    };
}

fn legend(svg: &mut String, curve: &PictureCurve, k: usize, no_fit: &str) {
    let y = TOP + 12.0 + 40.0 * k as f64;
    if y > HEIGHT - BOTTOM {
        return;
    }
    let x = WIDTH - RIGHT + 24.0;
    let colour = COLOURS[k % COLOURS.len()];
    marker(svg, x, y - 4.0, k, colour);
    let name = [curve.run.as_str(), curve.name.as_str()]
        .iter()
        .filter(|t| !t.is_empty())
        .copied()
        .collect::<Vec<_>>()
        .join(": ");
    let name: String = name.chars().take(22).collect();
    let below = match (&curve.parameters, &curve.line) {
        (Some(p), _) => format!("EC50 {}", short(p.half_maximal_dose())),
        (None, Some(_)) => String::new(),
        (None, None) => no_fit.to_string(),
    };
    let _ = write!(
        svg,
        r##"<text x="{:.1}" y="{y:.1}" fill="#10191b">{}</text><text x="{:.1}" y="{:.1}" fill="#3d4b4f">{}</text>"##,
        x + 12.0,
        escape(&name),
        x + 12.0,
        y + 16.0,
        escape(&below)
    );
}

/// Round steps between two bounds, about six of them.
pub(crate) fn ticks(low: f64, high: f64) -> Vec<f64> {
    let span = high - low;
    let well = span > 0.0 && span.is_finite();
    if !well {
        return Vec::new();
    }
    let raw = span / 6.0;
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= raw).unwrap_or(raw);
    let first = (low / step).ceil() as i64;
    (0..12).map(|k| (first.saturating_add(k)) as f64 * step).take_while(|v| *v <= high).collect()
}

/// Four significant digits at most.
pub(crate) fn short(value: f64) -> String {
    crate::as_written(value, 4)
}

/// Escapes text for SVG, leaving out control characters XML does not allow.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push(' '),
            '\u{fffe}' | '\u{ffff}' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
