//! Plates with known counts, drawn from a seed: dish, wells or a plain field;
//! rim reflections, writing, bubbles, scratches, gradients, blur and noise.
//! For tests and benches. Must not know how colonies are found.

pub use crate::synthetic_files::tiff_pages;
pub use crate::synthetic_looks::{Look, spoil};
pub use crate::synthetic_phone::photograph;

/// SplitMix64: one 64-bit state, every seed good. Not for secrets.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Starts from a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Even between `low` and `high`.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        let unit = (self.bits() >> 40) as f32 / (1u64 << 24) as f32;
        low + (high - low) * unit
    }

    /// Close to normal, mean 0 and deviation 1 (sum of twelve even ones).
    pub fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.between(-0.5, 0.5)).sum()
    }
}

/// What holds the colonies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// A round dish on a table.
    Dish,
    /// A square dish on a table, a little turned.
    Square,
    /// The whole picture.
    Field,
    /// A plate of rows × columns wells; `colonies` are spread over all.
    Wells {
        /// Rows.
        rows: usize,
        /// Columns.
        columns: usize,
    },
}

/// What to draw.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// Seed of everything random.
    pub seed: u64,
    /// Width, pixels; height is the same except for wells.
    pub side_px: usize,
    /// What holds the colonies.
    pub stage: Stage,
    /// Colonies drawn.
    pub colonies: usize,
    /// Mean diameter, pixels.
    pub diameter_px: f32,
    /// Spread of diameters, as a part of the mean.
    pub diameter_spread: f32,
    /// Two colonies' centres keep this part of the sum of their radii apart; 0 = anywhere.
    pub apart: f32,
    /// Light colonies on dark agar, or dark on light.
    pub light: bool,
    /// Height of a colony above the agar, parts of full scale.
    pub contrast: f32,
    /// Standard deviation of the noise, parts of full scale.
    pub noise: f32,
    /// Standard deviation of the blur, pixels.
    pub blur_px: f32,
    /// Change of illumination across the picture, parts of the light.
    pub gradient: f32,
    /// Air bubbles.
    pub bubbles: usize,
    /// Strokes of a pen.
    pub strokes: usize,
    /// Whether the rim shines.
    pub glare: bool,
}

impl Recipe {
    /// A plate nobody tuned to: all but count, size and stage drawn from the seed.
    #[must_use]
    pub fn untuned(seed: u64, side_px: usize, stage: Stage, colonies: usize, diameter_px: f32) -> Self {
        let mut dice = Dice::new(seed ^ 0xC010_17E5);
        Self {
            seed,
            side_px,
            stage,
            colonies,
            diameter_px,
            diameter_spread: dice.between(0.1, 0.35),
            apart: 0.62,
            light: dice.bits() & 1 == 0,
            contrast: dice.between(0.14, 0.4),
            noise: dice.between(0.004, 0.025),
            blur_px: dice.between(0.6, 1.8),
            gradient: dice.between(0.0, 0.4),
            bubbles: (dice.bits() % 8) as usize,
            strokes: (dice.bits() % 5) as usize,
            glare: !dice.bits().is_multiple_of(3),
        }
    }
}

/// A colony as drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Truth {
    /// Centre.
    pub x: f32,
    /// Centre.
    pub y: f32,
    /// Radius, pixels.
    pub radius: f32,
}

/// A drawn plate: 8-bit RGB.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// Width, pixels.
    pub width: usize,
    /// Height, pixels.
    pub height: usize,
    /// Interleaved samples.
    pub rgb: Vec<u8>,
    /// Every colony.
    pub truth: Vec<Truth>,
    /// Part of the vessel's area under colonies.
    pub covered: f32,
    /// Centre and radius of each vessel, pixels.
    pub vessels: Vec<(f32, f32, f32)>,
}

pub(crate) struct Canvas {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Height above the agar of what grows, 0–1.
    growth: Vec<f32>,
    /// Light added by dirt, pen, glare; parts of full scale, may be negative.
    pub(crate) extra: Vec<f32>,
    /// Base light: table, plastic, agar.
    pub(crate) base: Vec<f32>,
}

impl Canvas {
    /// Calls `paint` with pixel index and distance for each pixel within `reach`.
    fn around(&self, x: f32, y: f32, reach: f32, mut paint: impl FnMut(usize, f32)) {
        let low = |c: f32| (c - reach).floor().max(0.0) as usize;
        let high = |c: f32, most: usize| ((c + reach).ceil().max(0.0) as usize + 1).min(most);
        for row in low(y)..high(y, self.height) {
            for column in low(x)..high(x, self.width) {
                paint(row * self.width + column, (column as f32 - x).hypot(row as f32 - y));
            }
        }
    }

    fn ring(&mut self, circle: (f32, f32, f32), thickness: f32, light: f32, weigh: impl Fn(f32) -> f32) {
        let (x, y, radius) = circle;
        let mut changes = Vec::new();
        self.around(x, y, radius + 3.0 * thickness, |at, distance| {
            let off = (distance - radius) / thickness;
            if off.abs() < 3.0 {
                changes.push((at, (-off * off).exp()));
            }
        });
        for (at, strength) in changes {
            let angle = ((at / self.width) as f32 - y).atan2((at % self.width) as f32 - x);
            self.extra[at] += light * strength * weigh(angle);
        }
    }
}

/// Draws a plate.
#[must_use]
pub fn draw(recipe: &Recipe) -> Drawn {
    let mut dice = Dice::new(recipe.seed);
    let width = recipe.side_px;
    let height = match recipe.stage {
        Stage::Wells { rows, columns } => width * (rows * 10 + 8) / (columns * 10 + 8),
        _ => width,
    };
    let agar = if recipe.light { dice.between(0.2, 0.42) } else { dice.between(0.62, 0.85) };
    let table = dice.between(0.05, 0.9);
    let mut canvas = Canvas {
        width,
        height,
        growth: vec![0.0; width * height],
        extra: vec![0.0; width * height],
        base: vec![table; width * height],
    };
    let vessels = vessels_of(recipe, width, height, &mut dice);
    for &vessel in &vessels {
        draw_vessel(&mut canvas, recipe, vessel, agar, &mut dice);
    }
    let truth = place(recipe, &vessels, (width, height), &mut dice);
    for colony in &truth {
        let glint = dice.bits().is_multiple_of(5);
        draw_colony(&mut canvas, *colony, glint && recipe.diameter_px > 14.0);
    }
    let grown = canvas.growth.iter().filter(|g| **g > 0.5).count() as f32;
    let room: f32 = match recipe.stage {
        Stage::Field => (width * height) as f32,
        Stage::Square => vessels.iter().map(|v| 4.0 * v.2 * v.2).sum(),
        _ => vessels.iter().map(|v| std::f32::consts::PI * v.2 * v.2).sum(),
    };
    draw_dirt(&mut canvas, recipe, &vessels, &mut dice);
    let rgb = develop(&mut canvas, recipe, &mut dice);
    Drawn { width, height, rgb, truth, covered: grown / room, vessels }
}

fn vessels_of(recipe: &Recipe, width: usize, height: usize, dice: &mut Dice) -> Vec<(f32, f32, f32)> {
    let (w, h) = (width as f32, height as f32);
    match recipe.stage {
        Stage::Field => vec![(w / 2.0, h / 2.0, w.max(h))],
        Stage::Dish | Stage::Square => {
            let jitter = 0.01 * w;
            let x = w / 2.0 + dice.between(-jitter, jitter);
            let y = h / 2.0 + dice.between(-jitter, jitter);
            vec![(x, y, w * dice.between(0.4, 0.47))]
        }
        Stage::Wells { rows, columns } => {
            let pitch = (w / (columns as f32 + 0.8)).min(h / (rows as f32 + 0.8));
            let left = (w - pitch * (columns as f32 - 1.0)) / 2.0;
            let top = (h - pitch * (rows as f32 - 1.0)) / 2.0;
            let ratio = if columns > 6 { 0.72 } else { 0.84 };
            let place = |i: usize| (left + (i % columns) as f32 * pitch, top + (i / columns) as f32 * pitch);
            (0..rows * columns).map(|i| (place(i).0, place(i).1, pitch * ratio / 2.0)).collect()
        }
    }
}

fn draw_vessel(canvas: &mut Canvas, recipe: &Recipe, vessel: (f32, f32, f32), agar: f32, dice: &mut Dice) {
    let (x, y, radius) = vessel;
    if recipe.stage == Stage::Field {
        canvas.base.fill(agar);
        return;
    }
    if recipe.stage == Stage::Square {
        crate::synthetic_square::draw(canvas, recipe.seed, vessel, agar, dice);
        return;
    }
    let mut inside = Vec::new();
    canvas.around(x, y, radius, |at, distance| {
        if distance <= radius {
            inside.push(at);
        }
    });
    for at in inside {
        canvas.base[at] = agar;
    }
    let thickness = (radius * 0.008).max(0.8);
    let rim = dice.between(0.15, 0.4) * if agar > 0.55 { -1.0 } else { 1.0 };
    canvas.ring((x, y, radius), thickness, rim, |_| 1.0);
    if recipe.stage == Stage::Dish {
        canvas.ring((x, y, radius * 0.945), thickness * 0.6, rim * 0.7, |_| 1.0);
        if recipe.glare {
            let toward = dice.between(-3.1, 3.1);
            canvas.ring((x, y, radius * 0.968), thickness * 1.6, 0.5, |angle| {
                let off = (angle - toward).sin().abs() + f32::from((angle - toward).cos() < 0.0);
                (-(off * off) * 6.0).exp()
            });
        }
    }
}

/// Clear of the rim, where no counter is asked to look.
fn place(recipe: &Recipe, vessels: &[(f32, f32, f32)], size: (usize, usize), dice: &mut Dice) -> Vec<Truth> {
    let mut placed: Vec<Truth> = Vec::with_capacity(recipe.colonies);
    // A grid of cells as wide as the largest distance keeps the search short.
    let cell = (recipe.diameter_px * 2.4).max(4.0);
    let columns = (size.0 as f32 / cell) as usize + 3;
    let mut grid: Vec<Vec<usize>> = vec![Vec::new(); columns * ((size.1 as f32 / cell) as usize + 3)];
    let mut tries = 0;
    while placed.len() < recipe.colonies && tries < recipe.colonies * 400 + 1000 {
        tries += 1;
        let spread = (1.0 + recipe.diameter_spread * dice.normal()).clamp(0.5, 2.0);
        let radius = recipe.diameter_px / 2.0 * spread;
        let Some(&(vx, vy, vr)) = vessels.get((dice.bits() % vessels.len().max(1) as u64) as usize) else {
            break;
        };
        let (x, y) = if recipe.stage == Stage::Field {
            let margin = radius + 2.0;
            (dice.between(margin, size.0 as f32 - margin), dice.between(margin, size.1 as f32 - margin))
        } else if recipe.stage == Stage::Square {
            let room = vr * 0.9 - radius;
            let off = (dice.between(-room, room), dice.between(-room, room));
            let (dx, dy) = crate::synthetic_square::turned(recipe.seed, off);
            (vx + dx, vy + dy)
        } else {
            let room = if recipe.stage == Stage::Dish { vr * 0.9 } else { vr * 0.88 } - radius;
            let (dx, dy) = (dice.between(-room, room), dice.between(-room, room));
            if dx.hypot(dy) > room {
                continue;
            }
            (vx + dx, vy + dy)
        };
        let (cx, cy) = ((x / cell) as usize + 1, (y / cell) as usize + 1);
        let near = (cy - 1..=cy + 1).flat_map(|r| (cx - 1..=cx + 1).map(move |c| r * columns + c));
        let free = near
            .filter_map(|at| grid.get(at))
            .flatten()
            .filter_map(|&i| placed.get(i))
            .all(|other| (other.x - x).hypot(other.y - y) >= recipe.apart * (other.radius + radius));
        if free {
            if let Some(cell) = grid.get_mut(cy * columns + cx) {
                cell.push(placed.len());
            }
            placed.push(Truth { x, y, radius });
        }
    }
    placed
}

fn draw_colony(canvas: &mut Canvas, colony: Truth, glint: bool) {
    let mut changes = Vec::new();
    canvas.around(colony.x, colony.y, colony.radius + 1.0, |at, distance| {
        let edge = (colony.radius - distance + 0.5).clamp(0.0, 1.0);
        let part = distance / colony.radius;
        changes.push((at, edge * (1.0 - 0.25 * part * part)));
    });
    for (at, height) in changes {
        canvas.growth[at] = canvas.growth[at].max(height);
    }
    if glint {
        let (x, y) = (colony.x - colony.radius * 0.3, colony.y - colony.radius * 0.3);
        let reach = colony.radius * 0.18;
        let mut lit = Vec::new();
        canvas.around(x, y, reach, |at, distance| {
            if distance <= reach {
                lit.push(at);
            }
        });
        for at in lit {
            canvas.extra[at] += 0.3;
        }
    }
}

fn draw_dirt(canvas: &mut Canvas, recipe: &Recipe, vessels: &[(f32, f32, f32)], dice: &mut Dice) {
    let Some(&(vx, vy, vr)) = vessels.first() else {
        return;
    };
    let reach = (vr * 0.75).min(recipe.side_px as f32 * 0.4);
    for _ in 0..recipe.bubbles {
        let (x, y) = (vx + dice.between(-reach, reach) * 0.7, vy + dice.between(-reach, reach) * 0.7);
        let radius = recipe.side_px as f32 * dice.between(0.006, 0.014);
        let light = dice.between(0.1, 0.22);
        canvas.ring((x, y, radius), (radius * 0.12).max(0.8), light, |_| 1.0);
        canvas.ring((x, y, radius * 1.25), (radius * 0.1).max(0.8), -light * 0.6, |_| 1.0);
    }
    for _ in 0..recipe.strokes {
        let (x, y) = (vx + dice.between(-reach, reach) * 0.6, vy + dice.between(-reach, reach) * 0.6);
        let (length, angle) =
            (recipe.side_px as f32 * dice.between(0.03, 0.08), dice.between(0.0, std::f32::consts::TAU));
        let half = recipe.side_px as f32 * 0.0016 + 0.6;
        let light = dice.between(-0.35, -0.15);
        let steps = (length * 2.0) as usize;
        let mut marked = std::collections::BTreeSet::new();
        for step in 0..steps {
            let along = step as f32 / 2.0;
            let bent = angle + along / length * 0.9;
            let (px, py) = (x + along * bent.cos(), y + along * bent.sin());
            canvas.around(px, py, half, |at, distance| {
                if distance <= half {
                    marked.insert(at);
                }
            });
        }
        for at in marked {
            canvas.extra[at] += light;
        }
    }
}

/// Light, blur, colour, noise, 8 bits.
fn develop(canvas: &mut Canvas, recipe: &Recipe, dice: &mut Dice) -> Vec<u8> {
    let (width, height) = (canvas.width, canvas.height);
    let sign = if recipe.light { recipe.contrast } else { -recipe.contrast };
    let mut light: Vec<f32> = canvas
        .base
        .iter()
        .zip(&canvas.growth)
        .zip(&canvas.extra)
        .map(|((base, growth), extra)| base + sign * growth + extra)
        .collect();
    blur(&mut light, width, height, recipe.blur_px);
    let toward = dice.between(0.0, std::f32::consts::TAU);
    let (cosine, sine) = (toward.cos(), toward.sin());
    let tint = [dice.between(0.88, 1.0), dice.between(0.92, 1.0), dice.between(0.8, 1.0)];
    let mut rgb = Vec::with_capacity(width * height * 3);
    for (at, value) in light.iter().enumerate() {
        let (x, y) = ((at % width) as f32 / width as f32 - 0.5, (at / width) as f32 / height as f32 - 0.5);
        let shade = 1.0 - recipe.gradient * (0.5 - (x * cosine + y * sine)).clamp(0.0, 1.0);
        let common = dice.normal() * recipe.noise * 0.7;
        for part in tint {
            let own = common + dice.between(-1.0, 1.0) * recipe.noise;
            rgb.push(((value * shade * part + own).clamp(0.0, 1.0) * 255.0).round() as u8);
        }
    }
    rgb
}

fn blur(values: &mut [f32], width: usize, height: usize, deviation: f32) {
    if deviation <= 0.05 {
        return;
    }
    let reach = (3.0 * deviation).ceil() as isize;
    let mut kernel: Vec<f32> =
        (-reach..=reach).map(|i| (-((i * i) as f32) / (2.0 * deviation * deviation)).exp()).collect();
    let total: f32 = kernel.iter().sum();
    kernel.iter_mut().for_each(|k| *k /= total);
    let pass = |source: &[f32], across: bool| -> Vec<f32> {
        let mut out = vec![0.0f32; source.len()];
        for y in 0..height as isize {
            for x in 0..width as isize {
                let mut sum = 0.0;
                for (k, weight) in kernel.iter().enumerate() {
                    let off = k as isize - reach;
                    let (sx, sy) = if across { (x + off, y) } else { (x, y + off) };
                    let (sx, sy) = (sx.clamp(0, width as isize - 1), sy.clamp(0, height as isize - 1));
                    sum += weight * source[sy as usize * width + sx as usize];
                }
                out[y as usize * width + x as usize] = sum;
            }
        }
        out
    };
    let once = pass(values, true);
    values.copy_from_slice(&pass(&once, false));
}
