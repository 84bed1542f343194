//! Plates as a telephone photographs them: tilted, unevenly lit, with a colour
//! cast, reflections, writing on the rim, a table with a grain, the camera's
//! smoothing and sharpening. A held-out set: no rule was tuned on it. Drawn
//! pictures stay drawn pictures; an error on them is not an error on real plates.
//! Must not know how colonies are found.

use crate::synthetic::{Dice, Drawn, Recipe, Stage, Truth, draw};

/// How a picture was taken.
struct Shot {
    /// Rows of the map from the photograph back to the flat plate.
    back: [[f32; 3]; 3],
    /// Gains of red, green, blue.
    cast: [f32; 3],
    gamma: f32,
    /// Fall of the light from the middle to the corners, parts.
    vignette: f32,
    /// A lamp: place in parts of the side, reach in parts, strength.
    lamp: (f32, f32, f32, f32),
    /// Reflections on the agar: place and two half-axes in pixels, turn, strength.
    glares: Vec<(f32, f32, f32, f32, f32, f32)>,
    noise: f32,
    sharpen: f32,
}

/// Draws a plate and photographs it. Colonies wholly under a reflection are not
/// in the truth: nobody could count them.
#[must_use]
pub fn photograph(recipe: &Recipe) -> Drawn {
    let mut drawn = draw(&Recipe { stage: Stage::Dish, ..recipe.clone() });
    let mut dice = Dice::new(recipe.seed ^ 0x0F0E_0A11);
    let side = drawn.width as f32;
    let dish = drawn.vessels.first().copied().unwrap_or((side / 2.0, side / 2.0, side * 0.42));
    write_on_rim(&mut drawn, dish, &mut dice);
    grain_of_table(&mut drawn, dish, &mut dice);
    let shot = Shot::taken(side, dish, &mut dice);
    drawn.truth.retain(|colony| shot.glare_at(colony.x, colony.y) < 0.35);
    shot.expose(&drawn, &mut dice)
}

impl Shot {
    fn taken(side: f32, dish: (f32, f32, f32), dice: &mut Dice) -> Self {
        let turn = dice.between(-0.2, 0.2);
        let (cosine, sine) = (turn.cos(), turn.sin());
        let zoom = dice.between(1.0, 1.06);
        let middle = side / 2.0;
        // Held up to about fifteen degrees askew, at a hand's distance.
        let (lean_x, lean_y) = (dice.between(-0.13, 0.13) / side, dice.between(-0.13, 0.13) / side);
        let squeeze = dice.between(1.0, 1.05);
        let back = [
            [zoom * cosine, -zoom * sine * squeeze, middle],
            [zoom * sine, zoom * cosine * squeeze, middle],
            [lean_x, lean_y, 1.0],
        ];
        let glares = (0..dice.bits() % 4)
            .map(|_| {
                let (angle, far) = (dice.between(-3.1, 3.1), dish.2 * dice.between(0.1, 0.8));
                (
                    dish.0 + far * angle.cos(),
                    dish.1 + far * angle.sin(),
                    side * dice.between(0.008, 0.035),
                    side * dice.between(0.004, 0.015),
                    dice.between(-1.6, 1.6),
                    dice.between(0.25, 0.8),
                )
            })
            .collect();
        Self {
            back,
            cast: [dice.between(0.85, 1.1), 1.0, dice.between(0.7, 1.1)],
            gamma: dice.between(0.85, 1.2),
            vignette: dice.between(0.0, 0.35),
            lamp: (
                dice.between(0.0, 1.0),
                dice.between(0.0, 1.0),
                dice.between(0.25, 0.7),
                dice.between(0.0, 0.35),
            ),
            glares,
            noise: dice.between(0.004, 0.018),
            sharpen: dice.between(0.0, 0.7),
        }
    }

    /// Light that reflections add at a place of the flat plate.
    fn glare_at(&self, x: f32, y: f32) -> f32 {
        self.glares
            .iter()
            .map(|&(gx, gy, long, short, turn, strength)| {
                let (dx, dy) = (x - gx, y - gy);
                let along = (dx * turn.cos() + dy * turn.sin()) / long;
                let across = (dy * turn.cos() - dx * turn.sin()) / short;
                let off = along * along + across * across;
                // A flat core with soft edges, as a lamp has.
                strength / (1.0 + off * off)
            })
            .sum()
    }

    fn light_at(&self, x: f32, y: f32) -> f32 {
        let (dx, dy) = (x - 0.5, y - 0.5);
        let (lx, ly, reach, strength) = self.lamp;
        let lamp = strength * (-((x - lx).powi(2) + (y - ly).powi(2)) / (reach * reach)).exp();
        1.0 - self.vignette * 2.0 * (dx * dx + dy * dy) + lamp - strength * 0.4
    }

    /// Where a pixel of the photograph looks on the flat plate.
    fn look(&self, x: f32, y: f32, middle: f32) -> (f32, f32) {
        let (x, y) = (x - middle, y - middle);
        let row = |r: [f32; 3]| r[0] * x + r[1] * y;
        let far = self.back[2][0] * x + self.back[2][1] * y + 1.0;
        (row(self.back[0]) / far + self.back[0][2], row(self.back[1]) / far + self.back[1][2])
    }

    fn expose(&self, flat: &Drawn, dice: &mut Dice) -> Drawn {
        let (width, height) = (flat.width, flat.height);
        let middle = width as f32 / 2.0;
        let mut light: Vec<[f32; 3]> = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                let (sx, sy) = self.look(x as f32, y as f32, middle);
                let shade = self.light_at(x as f32 / width as f32, y as f32 / height as f32);
                let glare = self.glare_at(sx, sy);
                let seen = sample(flat, sx, sy);
                light.push(std::array::from_fn(|c| {
                    let value = seen[c] * shade * self.cast[c] + glare;
                    value.clamp(0.0, 1.0).powf(self.gamma)
                }));
            }
        }
        let rgb = develop(&light, width, height, self, dice);
        Drawn {
            width,
            height,
            rgb,
            truth: flat.truth.iter().map(|colony| self.moved(*colony, middle)).collect(),
            covered: flat.covered,
            vessels: Vec::new(),
        }
    }

    /// A colony's place in the photograph: the map back, turned round by steps.
    fn moved(&self, colony: Truth, middle: f32) -> Truth {
        let (mut x, mut y) = (colony.x, colony.y);
        for _ in 0..30 {
            let (sx, sy) = self.look(x, y, middle);
            x += (colony.x - sx) * 0.8;
            y += (colony.y - sy) * 0.8;
        }
        Truth { x, y, radius: colony.radius }
    }
}

/// Bilinear, the border repeated.
fn sample(drawn: &Drawn, x: f32, y: f32) -> [f32; 3] {
    let x = x.clamp(0.0, drawn.width as f32 - 1.001);
    let y = y.clamp(0.0, drawn.height as f32 - 1.001);
    let (left, top) = (x as usize, y as usize);
    let (fx, fy) = (x - left as f32, y - top as f32);
    let at = |dx: usize, dy: usize, c: usize| {
        let index = ((top + dy) * drawn.width + left + dx) * 3 + c;
        f32::from(drawn.rgb.get(index).copied().unwrap_or(0)) / 255.0
    };
    std::array::from_fn(|c| {
        let upper = at(0, 0, c) * (1.0 - fx) + at(1, 0, c) * fx;
        let lower = at(0, 1, c) * (1.0 - fx) + at(1, 1, c) * fx;
        upper * (1.0 - fy) + lower * fy
    })
}

/// Noise, the camera's smoothing and sharpening, 8 bits.
fn develop(light: &[[f32; 3]], width: usize, height: usize, shot: &Shot, dice: &mut Dice) -> Vec<u8> {
    let mut grainy: Vec<[f32; 3]> = Vec::with_capacity(light.len());
    for pixel in light {
        let common = dice.normal() * shot.noise;
        grainy.push(std::array::from_fn(|c| pixel[c] + common + dice.between(-1.0, 1.0) * shot.noise));
    }
    let at = |x: isize, y: isize, c: usize| {
        let x = x.clamp(0, width as isize - 1) as usize;
        let y = y.clamp(0, height as isize - 1) as usize;
        grainy.get(y * width + x).map_or(0.0, |p| p[c])
    };
    let mut rgb = Vec::with_capacity(width * height * 3);
    for y in 0..height as isize {
        for x in 0..width as isize {
            for c in 0..3 {
                let near: f32 =
                    [(-1, 0), (1, 0), (0, -1), (0, 1)].map(|(dx, dy)| at(x + dx, y + dy, c)).iter().sum();
                let own = at(x, y, c);
                // Phones smooth the noise away first and sharpen what is left.
                let smooth = 0.4 * own + 0.15 * near;
                let value = smooth + shot.sharpen * (own - near / 4.0);
                rgb.push((value.clamp(0.0, 1.0) * 255.0).round() as u8);
            }
        }
    }
    rgb
}

/// Writing along the rim: strokes in the shape of letters, outside where
/// colonies lie.
fn write_on_rim(drawn: &mut Drawn, dish: (f32, f32, f32), dice: &mut Dice) {
    let (x, y, radius) = dish;
    let letters = 4 + dice.bits() % 9;
    let start = dice.between(-3.1, 3.1);
    let ink = [dice.between(0.0, 0.3), dice.between(0.0, 0.3), dice.between(0.1, 0.5)];
    for letter in 0..letters {
        let angle = start + letter as f32 * 0.085;
        let (inner, outer) = (radius * 0.925, radius * 0.985);
        for _ in 0..3 {
            let from = (dice.between(inner, outer), angle + dice.between(-0.025, 0.025));
            let to = (dice.between(inner, outer), angle + dice.between(-0.025, 0.025));
            for step in 0..=40 {
                let part = step as f32 / 40.0;
                let far = from.0 + (to.0 - from.0) * part;
                let turn = from.1 + (to.1 - from.1) * part;
                dab(drawn, x + far * turn.cos(), y + far * turn.sin(), radius * 0.0045, ink);
            }
        }
    }
}

fn dab(drawn: &mut Drawn, x: f32, y: f32, reach: f32, ink: [f32; 3]) {
    let low = |v: f32| (v - reach).floor().max(0.0) as usize;
    let high = |v: f32, most: usize| ((v + reach).ceil().max(0.0) as usize + 1).min(most);
    for row in low(y)..high(y, drawn.height) {
        for column in low(x)..high(x, drawn.width) {
            if (column as f32 - x).hypot(row as f32 - y) > reach {
                continue;
            }
            for (c, part) in ink.iter().enumerate() {
                if let Some(sample) = drawn.rgb.get_mut((row * drawn.width + column) * 3 + c) {
                    *sample = (part * 255.0) as u8;
                }
            }
        }
    }
}

/// Stripes and speckles on the table outside the dish.
fn grain_of_table(drawn: &mut Drawn, dish: (f32, f32, f32), dice: &mut Dice) {
    let (x, y, radius) = dish;
    let (angle, pitch) = (dice.between(-1.6, 1.6), drawn.width as f32 * dice.between(0.01, 0.06));
    let strength = dice.between(0.0, 0.12);
    for row in 0..drawn.height {
        for column in 0..drawn.width {
            let (dx, dy) = (column as f32 - x, row as f32 - y);
            if dx.hypot(dy) <= radius * 1.01 {
                continue;
            }
            let along = (dx * angle.cos() + dy * angle.sin()) / pitch;
            let stripe = strength * (along.sin() + 0.5 * (along * 2.7).sin());
            for c in 0..3 {
                if let Some(sample) = drawn.rgb.get_mut((row * drawn.width + column) * 3 + c) {
                    let value = f32::from(*sample) / 255.0 * (1.0 + stripe);
                    *sample = (value.clamp(0.0, 1.0) * 255.0) as u8;
                }
            }
        }
    }
}
