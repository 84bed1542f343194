//! The course chart: a stack of lanes on one time axis. Each lane is an HTML label, a plot and the last
//! value. Plots have no viewBox: x is in per cent and y in px, so text never shrinks and one drawing
//! serves every width. Nothing here needs a script.

use maud::{Markup, html};

/// The time axis of all lanes. Positions are fractions of its width, 0 to 1.
#[derive(Debug, Clone, Default)]
pub struct Axis {
    /// Where each day begins, its short name (`D+3`) and its date.
    pub days: Vec<(f64, String, String)>,
    /// Where day 0 begins.
    pub zero: Option<f64>,
    /// Where now is; what lies behind it is shaded.
    pub now: Option<f64>,
}

/// One measured line.
#[derive(Debug, Clone, Default)]
pub struct Line {
    /// Position on the axis and value, by time.
    pub points: Vec<(f64, f64)>,
    /// A short name drawn at the line where a lane has two.
    pub name: Option<String>,
}

/// What lasted from one time to another, drawn under a lane.
#[derive(Debug, Clone, Default)]
pub struct Stretch {
    /// Where it begins, 0 to 1 of the axis.
    pub start: f64,
    /// Where it ends.
    pub end: f64,
    /// What it was.
    pub label: String,
    /// Nothing out of the ordinary: drawn without colour.
    pub plain: bool,
}

/// A lane of one or two lines.
#[derive(Debug, Clone, Default)]
pub struct Lane {
    /// What is measured.
    pub name: String,
    /// In which unit.
    pub unit: String,
    /// Height in px.
    pub height: f64,
    /// At most two.
    pub lines: Vec<Line>,
    /// A logarithmic scale.
    pub log: bool,
    /// Thresholds that stand in a knowledge file: value, label, and whether crossing it matters now.
    pub limits: Vec<(f64, String, bool)>,
    /// The last value, its unit and its age, as markup.
    pub last: String,
    /// What a screen reader says of the lane.
    pub spoken: String,
    /// What lasted (oxygen by device and flow), drawn under the lines.
    pub under: Vec<Stretch>,
}

/// A drug on the drugs lane.
#[derive(Debug, Clone)]
pub struct DrugRow {
    /// Name and dose as shown.
    pub label: String,
    /// Start and, for what lasts, end (0–1 of the axis).
    pub given: Vec<(f64, Option<f64>)>,
}

fn percent(fraction: f64) -> String {
    format!("{:.2}%", fraction * 100.0)
}

/// What lies behind every lane: the days, day 0, the time to come, now.
pub fn ground(axis: &Axis, height: f64) -> Markup {
    html! {
        @if let Some(now) = axis.now.filter(|n| *n < 1.0) {
            rect class="ahead" x=(percent(now)) y="0" width=(percent(1.0 - now)) height=(height) {}
        }
        @for (x, _, _) in &axis.days { line class="grid" x1=(percent(*x)) x2=(percent(*x)) y1="0" y2=(height) {} }
        @if let Some(x) = axis.zero { line class="zero" x1=(percent(x)) x2=(percent(x)) y1="0" y2=(height) {} }
        @if let Some(x) = axis.now.filter(|n| *n <= 1.0) { line class="now" x1=(percent(x)) x2=(percent(x)) y1="0" y2=(height) {} }
    }
}

/// Room under a lane for what lasted, in px.
const UNDER: f64 = 20.0;

struct Scale {
    low: f64,
    high: f64,
    log: bool,
    height: f64,
}

impl Scale {
    fn of(lane: &Lane) -> Scale {
        let squeeze = |v: f64| if lane.log { v.max(1e-3).log10() } else { v };
        let values = lane
            .lines
            .iter()
            .flat_map(|l| l.points.iter().map(|p| p.1))
            .chain(lane.limits.iter().map(|l| l.0));
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|v| v.is_finite()).map(squeeze) {
            low = low.min(value);
            high = high.max(value);
        }
        if !low.is_finite() || !high.is_finite() {
            (low, high) = (0.0, 1.0);
        }
        let room = ((high - low) * 0.08).max(if lane.log { 0.1 } else { 0.3 });
        let under = if lane.under.is_empty() { 0.0 } else { UNDER };
        Scale { low: low - room, high: high + room, log: lane.log, height: lane.height - under }
    }

    fn y(&self, value: f64) -> f64 {
        let value = if self.log { value.max(1e-3).log10() } else { value };
        let share = (value - self.low) / (self.high - self.low);
        (self.height - 10.0) * (1.0 - share.clamp(0.0, 1.0)) + 5.0
    }
}

/// Draws a measured lane.
pub fn lane(axis: &Axis, lane: &Lane) -> Markup {
    let scale = Scale::of(lane);
    html! {
        div class="lane" {
            div class="what" { b { (lane.name) } small { (lane.unit) } }
            svg height=(lane.height) role="img" aria-label=(lane.spoken) {
                (ground(axis, lane.height))
                @for (y, label) in decades(lane, &scale) {
                    line class="grid" x1="0" x2="100%" y1=(format!("{y:.1}")) y2=(format!("{y:.1}")) {}
                    text class="halo end tick" x="100%" dx="-6" y=(format!("{:.1}", y + 4.0)) { (label) }
                }
                @for (value, label, red) in &lane.limits {
                    @let y = format!("{:.1}", scale.y(*value));
                    line class=(if *red { "limit red" } else { "limit" }) x1="0" x2="100%" y1=(y) y2=(y) {}
                    text class="halo end" x="100%" dx="-6" y=(format!("{:.1}", scale.y(*value) - 4.0)) { (label) }
                }
                @for (i, line) in lane.lines.iter().enumerate() { (drawn(line, i, &scale)) }
                @for (i, line) in lane.lines.iter().enumerate() { (named(axis, lane, line, i, &scale)) }
                @for stretch in &lane.under { (under(stretch, lane.height)) }
            }
            div class="last" { (maud::PreEscaped(&lane.last)) }
        }
    }
}

/// Nearest two labels may stand, in px.
const APART: f64 = 13.0;

/// On a logarithmic lane the powers of ten, where no limit's label stands already.
fn decades(lane: &Lane, scale: &Scale) -> Vec<(f64, String)> {
    if !lane.log {
        return Vec::new();
    }
    // A limit's label stands above its line, a tick's beside it.
    let limits: Vec<f64> = lane.limits.iter().map(|(value, ..)| scale.y(*value) - 8.0).collect();
    let mut ticks: Vec<(f64, String)> = Vec::new();
    for power in -3_i32..=8 {
        let value = 10.0_f64.powi(power);
        let height = f64::from(power);
        if height < scale.low || height > scale.high {
            continue;
        }
        let y = scale.y(value);
        let free = limits.iter().chain(ticks.iter().map(|(y, _)| y)).all(|other| (other - y).abs() >= APART);
        if free && y > 8.0 && y < scale.height - 4.0 {
            ticks.push((y, grouped(value)));
        }
    }
    ticks
}

/// `10,000`, `0.1`.
fn grouped(value: f64) -> String {
    if value < 1.0 {
        return value.to_string();
    }
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A nested stretched drawing for the line (its stroke does not stretch), and a dot for each value.
fn drawn(line: &Line, index: usize, scale: &Scale) -> Markup {
    let points: Vec<String> =
        line.points.iter().map(|(x, value)| format!("{:.1},{:.1}", x * 1000.0, scale.y(*value))).collect();
    let (stroke, dot) = if index == 0 { ("line1", "dot1") } else { ("line2", "dot2") };
    let sparse = line.points.len() <= 60;
    html! {
        svg x="0" y="0" width="100%" height=(scale.height) viewBox=(format!("0 0 1000 {}", scale.height)) preserveAspectRatio="none" {
            polyline class=(stroke) points=(points.join(" ")) {}
        }
        @for (i, (x, value)) in line.points.iter().enumerate() {
            @let last = i + 1 == line.points.len();
            @if sparse || last {
                circle class=(dot) cx=(percent(*x)) cy=(format!("{:.1}", scale.y(*value))) r=(if last { "4" } else { "2.5" }) {}
            }
        }
    }
}

fn under(stretch: &Stretch, height: f64) -> Markup {
    // Thirteen pixels of type need about so much of the axis a letter at the narrowest plot.
    let fits = (stretch.end - stretch.start) > 0.02 * stretch.label.chars().count().max(2) as f64;
    html! {
        rect class=(if stretch.plain { "plain-span" } else { "span" }) x=(percent(stretch.start)) width=(percent((stretch.end - stretch.start).max(0.002)))
            y=(height - UNDER + 1.0) height=(UNDER - 4.0) rx="2" { title { (stretch.label) } }
        @if fits { text x=(percent(stretch.start)) dx="5" y=(height - 7.0) { (stretch.label) } }
    }
}

/// Where a line runs at `x`, in px; `None` outside its points.
fn height_at(line: &Line, x: f64, scale: &Scale) -> Option<f64> {
    line.points.windows(2).find_map(|pair| {
        let ((x0, a), (x1, b)) = (*pair.first()?, *pair.get(1)?);
        let inside = x0 <= x && x <= x1 && x1 > x0;
        inside.then(|| scale.y(a) + (scale.y(b) - scale.y(a)) * (x - x0) / (x1 - x0))
    })
}

/// The name of a line, where no line and no limit runs.
fn named(axis: &Axis, lane: &Lane, line: &Line, index: usize, scale: &Scale) -> Markup {
    let Some(name) = &line.name else { return html! {} };
    let width = 0.022 * name.chars().map(|c| if c.is_ascii() { 1.0 } else { 2.0 }).sum::<f64>();
    let mut best: Option<(f64, f64, f64)> = None;
    for (x, value) in &line.points {
        if x + width > axis.now.unwrap_or(1.0) {
            continue;
        }
        for offset in [-8.0, 17.0] {
            let y = scale.y(*value) + offset;
            if y < 12.0 || y > scale.height - 2.0 {
                continue;
            }
            // The middle of the letters is what must keep away from lines.
            let middle = y - 4.0;
            let at = (0..=8).map(|step| x + width * f64::from(step) / 8.0);
            let lines =
                at.flat_map(|x| lane.lines.iter().filter_map(move |other| height_at(other, x, scale)));
            let limits = lane.limits.iter().map(|(value, ..)| scale.y(*value));
            let clear = lines.chain(limits).map(|y| (y - middle).abs()).fold(30.0_f64, f64::min);
            if best.is_none_or(|(_, _, kept)| clear > kept + 0.5) {
                best = Some((*x, y, clear));
            }
        }
    }
    html! {
        @if let Some((x, y, _)) = best {
            text class=(if index == 0 { "halo strong name1" } else { "halo strong name2" }) x=(percent(x)) y=(format!("{y:.1}")) { (name) }
        }
    }
}

/// Draws the drugs given: a mark for each dose, a bar for what ran.
pub fn drugs(axis: &Axis, name: &str, remark: &str, rows: &[DrugRow]) -> Markup {
    let height = 12.0 + 22.0 * rows.len().max(1) as f64;
    let spoken: Vec<&str> = rows.iter().map(|r| r.label.as_str()).collect();
    html! {
        div class="lane" {
            div class="what" { b { (name) } }
            svg height=(height) role="img" aria-label=(format!("{name}: {}", spoken.join(", "))) {
                (ground(axis, height))
                @for (i, row) in rows.iter().enumerate() { (drug_row(row, 18.0 + 22.0 * i as f64)) }
            }
            div class="last" { small class="quiet" { (remark) } }
        }
    }
}

fn drug_row(row: &DrugRow, y: f64) -> Markup {
    let first = row.given.first().map_or(0.0, |g| g.0);
    let last = row.given.last().map_or(0.0, |g| g.1.unwrap_or(g.0));
    let width = 0.022 * row.label.chars().map(|c| if c.is_ascii() { 1.0 } else { 2.0 }).sum::<f64>();
    html! {
        @for (start, end) in &row.given {
            @if let Some(end) = end {
                rect class="span" x=(percent(*start)) width=(percent((end - start).max(0.002))) y=(y - 6.0) height="12" rx="2" {}
            } @else {
                rect class="dot3" x=(percent(*start)) y=(y - 5.0) width="9" height="9" rx="1.5" {}
            }
        }
        // The label stands on the side that has room for it at the narrowest plot; left where both have.
        @if first > width || first > 1.0 - last {
            text class="halo strong end" x=(percent(first)) dx="-8" y=(y + 4.0) { (row.label) }
        } @else {
            text class="halo strong" x=(percent(last)) dx="16" y=(y + 4.0) { (row.label) }
        }
    }
}

/// The foot of the chart: day names and dates. Where days are too many, only some are named.
pub fn foot(axis: &Axis, label: &str, beside: &str) -> Markup {
    let every = axis.days.len().div_ceil(10).max(1);
    let width = axis
        .days
        .windows(2)
        .next()
        .map_or(0.1, |w| w.last().map_or(0.1, |b| b.0) - w.first().map_or(0.0, |a| a.0));
    html! {
        div class="lane thin" {
            div class="what" { (label) br; small { (beside) } }
            svg height="40" aria-hidden="true" {
                @for (i, (x, day, date)) in axis.days.iter().enumerate() {
                    @if i % every == 0 && x + width / 2.0 < 0.99 {
                        text class="mid strong" x=(percent(x + width / 2.0)) y="16" { (day) }
                        text class="mid" x=(percent(x + width / 2.0)) y="33" { (date) }
                    }
                }
            }
            div class="last" {}
        }
    }
}
