//! Draws a square dish, a little turned, with two walls. Must not know how
//! colonies or dishes are found.

use crate::synthetic::{Canvas, Dice};

/// A direction of the dish's own frame in the picture's.
pub(crate) fn turned(seed: u64, off: (f32, f32)) -> (f32, f32) {
    let (sine, cosine) = Dice::new(seed ^ 0x59_0A2E).between(-0.12, 0.12).sin_cos();
    (off.0 * cosine - off.1 * sine, off.0 * sine + off.1 * cosine)
}

/// Agar and walls; `vessel` is the middle and half the side, pixels.
pub(crate) fn draw(canvas: &mut Canvas, seed: u64, vessel: (f32, f32, f32), agar: f32, dice: &mut Dice) {
    let (x, y, half) = vessel;
    let rim = dice.between(0.15, 0.4) * if agar > 0.55 { -1.0 } else { 1.0 };
    let thickness = (half * 0.008).max(0.8);
    let ((cosine, sine), width) = (turned(seed, (1.0, 0.0)), canvas.width);
    let wall = |far: f32, at: f32| (-((far - at) / thickness).powi(2)).exp();
    for (at, (base, extra)) in canvas.base.iter_mut().zip(&mut canvas.extra).enumerate() {
        let (dx, dy) = ((at % width) as f32 - x, (at / width) as f32 - y);
        let far = (dx * cosine + dy * sine).abs().max((dy * cosine - dx * sine).abs());
        if far <= half {
            *base = agar;
        }
        *extra += rim * (wall(far, half) + 0.7 * wall(far, half * 0.955));
    }
}
