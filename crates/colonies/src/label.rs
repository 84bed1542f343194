//! Which colonies shine in a fluorescent channel. Must not know how colonies
//! were found.

use crate::raster::{Raster, robust_deviation};
use crate::region::{Channel, Polarity, Region, candidates};
use crate::shapes::Shape;

/// A colony's own light in the label's channel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Label {
    /// Mean over the colony above the background beside it, parts of full scale.
    pub signal: f32,
    /// Whether that is more than the channel's noise explains.
    pub labelled: bool,
}

/// A colony is labelled when its light exceeds this many deviations of the
/// channel's background.
const LABEL_DEVIATIONS: f32 = 5.0;
/// And at least this much, parts of full scale: two steps of an 8-bit picture.
const LABEL_MIN: f32 = 2.0 / 255.0;

/// One entry a colony, in order.
#[must_use]
pub fn labelled(raster: &Raster, region: &Region, channel: Channel, colonies: &[Shape]) -> Vec<Label> {
    let channel = if channel == Channel::Automatic { Channel::Grey } else { channel };
    let planes = candidates(raster, region, channel, Polarity::Light);
    let Some(light) = planes.first() else {
        return Vec::new();
    };
    let mask = region.mask();
    let cell = (region.diameter() / 16.0).clamp(12.0, 120.0) as usize;
    let Some(base) = crate::background::Background::estimate(&light.plane, cell, 0.4, |at| mask[at]) else {
        return Vec::new();
    };
    let even = base.evened(&light.plane, 1.0);
    let mut sample: Vec<f32> =
        even.values.iter().zip(&mask).step_by(7).filter(|(_, inside)| **inside).map(|(v, _)| *v).collect();
    let noise = robust_deviation(&mut sample).max(raster.step * 0.5);
    let cut = (LABEL_DEVIATIONS * noise).max(LABEL_MIN);
    colonies
        .iter()
        .map(|colony| {
            let reach = (colony.diameter() / 2.0).max(1.0);
            let (mut sum, mut pixels) = (0.0f32, 0usize);
            let span = |centre: f32, most: usize| {
                let low = (centre - reach).floor().max(0.0) as usize;
                low..((centre + reach).ceil().max(0.0) as usize + 1).min(most)
            };
            for y in span(colony.y, even.height) {
                for x in span(colony.x, even.width) {
                    if (x as f32 - colony.x).hypot(y as f32 - colony.y) <= reach {
                        sum += even.values[y * even.width + x];
                        pixels += 1;
                    }
                }
            }
            let signal = sum / pixels.max(1) as f32;
            Label { signal, labelled: signal > cut }
        })
        .collect()
}
