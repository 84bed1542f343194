//! What a thing looks like from its middle outwards: full or hollow, with a
//! closed edge or open, sharp or soft. Must not know vessels or counts.

use crate::raster::Plane;
use crate::shapes::Shape;

/// Directions looked in.
const DIRECTIONS: usize = 16;
/// Distances looked at, parts of the thing's radius.
const INNER: [f32; 2] = [0.0, 0.3];
const BODY: [f32; 2] = [0.6, 0.85];
const BESIDE: [f32; 2] = [1.45, 1.8];
/// Half the width of the edge looked at, part of the radius.
const EDGE: f32 = 0.3;

/// The look outwards from one thing's middle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profile {
    /// Mean signal in the middle third, parts of full scale.
    pub middle: f32,
    /// Mean signal of the body about it.
    pub body: f32,
    /// Mean signal beside it.
    pub beside: f32,
    /// Fall of the signal across its edge, from three tenths of the radius inside to as far outside.
    pub fall: f32,
    /// Share of the directions in which the signal falls to less than half from
    /// body to beside: 1 for a thing that stands alone, 0 for a patch of a larger light.
    pub closed: f32,
}

impl Profile {
    /// Looks at one shape.
    #[must_use]
    pub fn of(plane: &Plane, shape: &Shape) -> Self {
        let radius = (shape.diameter() / 2.0).max(1.0);
        let turn = std::f32::consts::TAU / DIRECTIONS as f32;
        let (mut middle, mut body, mut beside, mut fall) = (0.0, 0.0, 0.0, 0.0);
        let mut closed = 0.0;
        for step in 0..DIRECTIONS {
            let (sine, cosine) = (turn * step as f32).sin_cos();
            let at =
                |part: f32| plane.bilinear(shape.x + radius * part * cosine, shape.y + radius * part * sine);
            let mean = |parts: [f32; 2]| (at(parts[0]) + at(parts[1])) / 2.0;
            // A pixel and a half beyond the edge, however small the thing is.
            let far = 1.5 / radius;
            let outside = [BESIDE[0].max(1.0 + far), BESIDE[1].max(1.3 + far)];
            let (own, near) = (mean(BODY), mean(outside));
            middle += mean(INNER);
            body += own;
            beside += near;
            fall += at(1.0 - EDGE) - at(1.0 + EDGE);
            closed += f32::from(u8::from(near < 0.65 * own.max(shape.contrast * 0.5)));
        }
        let count = DIRECTIONS as f32;
        Self {
            middle: middle / count,
            body: body / count,
            beside: beside / count,
            fall: fall / count,
            closed: closed / count,
        }
    }
}
