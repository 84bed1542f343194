//! What spoils photographs of real plates, laid over a drawn one: grain in the
//! light, letters below the agar, air bubbles, banded light, a window in the
//! agar, a second and larger kind of colony. Must not know how colonies are found.

use crate::synthetic::{Dice, Drawn, Truth};

/// One thing that spoils a photograph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Dust that shines in half of the plate.
    Grain,
    /// Dull, soft strokes, as of a pen below the agar.
    Letters,
    /// Lenses of air, some touching.
    Bubbles,
    /// Light that comes in bands, as from a screen.
    Bands,
    /// Four panes of a window, as light as the light colonies.
    Window,
    /// A few colonies four times as wide among the others.
    TwoSizes,
    /// A counting grid below the agar, a little turned.
    Grid,
    /// A third as many colonies again, light where the others are dark and dark where they are light.
    TwoColours,
}

impl Look {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Grain,
        Self::Letters,
        Self::Bubbles,
        Self::Bands,
        Self::Window,
        Self::TwoSizes,
        Self::Grid,
        Self::TwoColours,
    ];
}

/// A middle, a radius and dice: what each look needs.
struct Spoil<'a> {
    drawn: &'a mut Drawn,
    dice: Dice,
    x: f32,
    y: f32,
    radius: f32,
}

/// Lays a look over a drawn plate; what it adds that is a colony is added to the truth.
pub fn spoil(drawn: &mut Drawn, look: Look, seed: u64) {
    let side = drawn.width.min(drawn.height) as f32;
    let (x, y, radius) = drawn.vessels.first().copied().unwrap_or((side / 2.0, side / 2.0, side * 0.42));
    let mut spoil = Spoil { drawn, dice: Dice::new(seed ^ 0x5B0_11ED), x, y, radius: radius * 0.88 };
    match look {
        Look::Grain => spoil.grain(),
        Look::Letters => spoil.letters(),
        Look::Bubbles => spoil.bubbles(),
        Look::Bands => spoil.bands(),
        Look::Window => spoil.window(),
        Look::TwoSizes => spoil.large_colonies(),
        Look::Grid => spoil.grid(),
        Look::TwoColours => spoil.other_colonies(),
    }
}

impl Spoil<'_> {
    /// Adds light (parts of full scale) within `reach` of a point; `light` tells how much at a distance.
    fn around(&mut self, x: f32, y: f32, reach: f32, light: impl Fn(f32) -> f32) {
        let low = |v: f32| (v - reach).floor().max(0.0) as usize;
        let high = |v: f32, most: usize| ((v + reach).ceil().max(0.0) as usize + 1).min(most);
        for row in low(y)..high(y, self.drawn.height) {
            for column in low(x)..high(x, self.drawn.width) {
                let added = light((column as f32 - x).hypot(row as f32 - y));
                self.add(row * self.drawn.width + column, [added; 3]);
            }
        }
    }

    fn add(&mut self, pixel: usize, light: [f32; 3]) {
        for (c, part) in light.iter().enumerate() {
            if let Some(sample) = self.drawn.rgb.get_mut(pixel * 3 + c) {
                *sample = (f32::from(*sample) + part * 255.0).round().clamp(0.0, 255.0) as u8;
            }
        }
    }

    /// A point of the plate, `part` of the radius from its middle at most.
    fn place(&mut self, part: f32) -> (f32, f32) {
        loop {
            let (dx, dy) = (self.dice.between(-part, part), self.dice.between(-part, part));
            if dx.hypot(dy) <= part {
                return (self.x + dx * self.radius, self.y + dy * self.radius);
            }
        }
    }

    fn grain(&mut self) {
        for _ in 0..1500 {
            let (x, y) = self.place(1.0);
            if y < self.y {
                let (light, size) = (self.dice.between(0.02, 0.14), self.dice.between(0.5, 1.0));
                self.around(x, y, 3.0, |far| light * (-(far / size).powi(2)).exp());
            }
        }
    }

    fn letters(&mut self) {
        for _ in 0..7 {
            let (mut x, mut y) = self.place(0.6);
            let mut turn = self.dice.between(-3.1, 3.1);
            let light = self.dice.between(-0.16, -0.08);
            let size = self.radius * 0.012;
            for _ in 0..18 {
                turn += self.dice.between(-0.5, 0.5);
                x += size * turn.cos();
                y += size * turn.sin();
                self.around(x, y, 3.0 * size, |far| 0.5 * light * (-(far / size).powi(2)).exp());
            }
        }
    }

    fn bubbles(&mut self) {
        for _ in 0..9 {
            let (x, y) = self.place(0.85);
            let size = self.radius * self.dice.between(0.015, 0.035);
            for beside in 0..1 + self.dice.bits() % 2 {
                let x = x + beside as f32 * 1.8 * size;
                // Dark wall, light core: a lens.
                self.around(x, y, 1.4 * size, |far| {
                    let wall = (far - size) / (0.16 * size).max(0.9);
                    -0.35 * (-wall * wall).exp() + 0.06 * (-(far / (0.4 * size)).powi(2)).exp()
                });
            }
        }
    }

    fn bands(&mut self) {
        let pitch = self.drawn.height as f32 * self.dice.between(0.05, 0.09);
        let strength = self.dice.between(0.03, 0.07);
        for row in 0..self.drawn.height {
            let light = strength * (row as f32 / pitch * std::f32::consts::TAU).sin();
            for column in 0..self.drawn.width {
                self.add(row * self.drawn.width + column, [light, light, light * 0.6]);
            }
        }
    }

    fn window(&mut self) {
        let (x, y) = self.place(0.5);
        let (size, light, turn) = (
            self.radius * self.dice.between(0.1, 0.16),
            self.dice.between(0.1, 0.2),
            self.dice.between(-0.5, 0.5),
        );
        let (cosine, sine) = (turn.cos(), turn.sin());
        for row in 0..self.drawn.height {
            for column in 0..self.drawn.width {
                let (dx, dy) = (column as f32 - x, row as f32 - y);
                let (along, across) = ((dx * cosine + dy * sine).abs(), (dy * cosine - dx * sine).abs());
                let pane = |v: f32| ((v - 0.06 * size).min(size - v) / 2.0 + 0.5).clamp(0.0, 1.0);
                let part = pane(along) * pane(across);
                if part > 0.0 {
                    self.add(row * self.drawn.width + column, [light * part; 3]);
                }
            }
        }
    }

    /// Thin lines at a regular step, as far from the agar's light as the colonies are or farther;
    /// a colony hides what is below it.
    fn grid(&mut self) {
        let step = self.radius * self.dice.between(0.13, 0.2);
        let half = self.radius * self.dice.between(0.004, 0.007);
        let towards = self.drawn.truth.first().map_or(0.2, |t| self.height_of(*t)).signum();
        let light = towards * self.dice.between(0.15, 0.3);
        let turn = self.dice.between(-0.7, 0.7);
        let (cosine, sine) = (turn.cos(), turn.sin());
        let away = |v: f32| (v - (v / step).round() * step).abs();
        for row in 0..self.drawn.height {
            for column in 0..self.drawn.width {
                let (dx, dy) = (column as f32 - self.x, row as f32 - self.y);
                let near = away(dx * cosine + dy * sine).min(away(dy * cosine - dx * sine));
                let part = (half - near + 0.5).clamp(0.0, 1.0);
                let hidden = |t: &Truth| (t.x - column as f32).hypot(t.y - row as f32) < t.radius;
                if part > 0.0 && !self.drawn.truth.iter().any(hidden) {
                    self.add(row * self.drawn.width + column, [light * part; 3]);
                }
            }
        }
    }

    fn other_colonies(&mut self) {
        let usual = self.drawn.truth.first().map_or(7.0, |t| t.radius);
        let shade = -self.drawn.truth.first().map_or(0.2, |t| self.height_of(*t));
        for _ in 0..self.drawn.truth.len().div_ceil(3) {
            let radius = usual * self.dice.between(0.8, 1.2);
            self.colony(radius, shade);
        }
    }

    fn large_colonies(&mut self) {
        let usual = self.drawn.truth.first().map_or(7.0, |t| t.radius);
        // As light or dark as the others, read off the first one's middle.
        let shade = self.drawn.truth.first().map_or(0.2, |t| self.height_of(*t));
        for _ in 0..8 {
            let radius = 4.0 * usual * self.dice.between(0.8, 1.2);
            self.colony(radius, shade);
        }
    }

    /// One colony where there is room for it.
    fn colony(&mut self, radius: f32, shade: f32) {
        for _ in 0..200 {
            let (x, y) = self.place(0.85);
            let free = self.drawn.truth.iter().all(|t| (t.x - x).hypot(t.y - y) > t.radius + radius + 3.0);
            if free {
                self.around(x, y, radius + 2.0, |far| shade * (radius - far + 0.5).clamp(0.0, 1.0));
                self.drawn.truth.push(Truth { x, y, radius });
                return;
            }
        }
    }

    /// Light of a colony's middle above what lies beside it.
    fn height_of(&self, colony: Truth) -> f32 {
        let at = |x: f32| {
            let pixel = (colony.y as usize).min(self.drawn.height - 1) * self.drawn.width
                + (x.max(0.0) as usize).min(self.drawn.width - 1);
            self.drawn.rgb.get(pixel * 3 + 1).map_or(0.0, |v| f32::from(*v) / 255.0)
        };
        let height = at(colony.x) - at(colony.x + 2.0 * colony.radius + 2.0);
        if height >= 0.0 { height.clamp(0.1, 0.3) } else { height.clamp(-0.3, -0.1) }
    }
}
