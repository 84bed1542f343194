//! Axes of a plot: their extent on the gates' scale and their ticks. Knows no
//! picture format.

use crate::transform::{PreparedTransform, TransformKind};

/// A tick: place between 0 and 1 along the axis, and its label. A power of ten
/// keeps its exponent apart so that a picture can raise it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// 0 at the axis's low end, 1 at its high end.
    pub place: f64,
    /// Label, or the part before the exponent.
    pub label: String,
    /// Exponent to be raised.
    pub exponent: Option<i32>,
}

/// One axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Value at the low end, on the gates' scale.
    pub low: f64,
    /// Value at the high end.
    pub high: f64,
    /// Ticks from low to high.
    pub ticks: Vec<Tick>,
}

impl Axis {
    /// Place of a value between 0 and 1; outside of it for values beyond.
    #[must_use]
    pub fn place(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    /// An axis for values that carry a transform: all of its scale, decades
    /// as ticks (even steps for a linear one).
    pub(crate) fn transformed(kind: TransformKind, prepared: &PreparedTransform, extent: (f64, f64)) -> Self {
        let (low, high) = widen(extent.0.clamp(-0.25, 0.0), extent.1.clamp(1.0, 1.25));
        let mut axis = Self { low, high, ticks: Vec::new() };
        if let TransformKind::Linear { .. } = kind {
            axis.ticks = even_ticks(prepared.invert(low), prepared.invert(high))
                .into_iter()
                .map(|(value, label)| Tick {
                    place: axis.place(prepared.apply(value)),
                    label,
                    exponent: None,
                })
                .collect();
            return axis;
        }
        axis.ticks = decade_ticks(&axis, prepared);
        axis
    }

    /// An axis for values without transform, over their extent.
    pub(crate) fn plain(extent: (f64, f64)) -> Self {
        let (low, high) = widen(extent.0, extent.1);
        let mut axis = Self { low, high, ticks: Vec::new() };
        axis.ticks = even_ticks(low, high)
            .into_iter()
            .map(|(value, label)| Tick { place: axis.place(value), label, exponent: None })
            .collect();
        axis
    }
}

/// An extent with a width, whatever the values were.
fn widen(low: f64, high: f64) -> (f64, f64) {
    if !(low.is_finite() && high.is_finite()) {
        return (0.0, 1.0);
    }
    let width = high - low;
    if width > 0.0 && width.is_finite() { (low, high) } else { (low - 0.5, low + 0.5) }
}

/// Steps of 1, 2 or 5 times a power of ten; about five of them.
fn even_ticks(low: f64, high: f64) -> Vec<(f64, String)> {
    let rough = (high - low) / 5.0;
    if !(rough.is_finite() && rough > 0.0) {
        return Vec::new();
    }
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= rough)
        .unwrap_or(rough);
    let first = (low / step).ceil();
    (0..20u32)
        .map(|index| (first + f64::from(index)) * step)
        .take_while(|value| *value <= high + step * 1e-9)
        .map(|value| (value, number(value, step)))
        .collect()
}

fn number(value: f64, step: f64) -> String {
    if value.abs() < step * 1e-6 {
        return "0".to_owned();
    }
    if value.abs() >= 1e7 || step < 1e-4 {
        return format!("{value:.1e}");
    }
    let rounded = format!("{value:.5}");
    rounded.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// 0 and the powers of ten on either side, dropping those too close together.
fn decade_ticks(axis: &Axis, prepared: &PreparedTransform) -> Vec<Tick> {
    const APART: f64 = 0.045;
    let mut ticks: Vec<Tick> = Vec::new();
    let mut add = |value: f64, label: &str, exponent: Option<i32>| {
        let place = axis.place(prepared.apply(value));
        let free = ticks.iter().all(|tick| (tick.place - place).abs() >= APART);
        if place.is_finite() && (0.0..=1.0).contains(&place) && free {
            ticks.push(Tick { place, label: label.to_owned(), exponent });
        }
    };
    add(0.0, "0", None);
    for exponent in (-3..=12).rev() {
        let value = 10f64.powi(exponent);
        add(value, "10", Some(exponent));
        add(-value, "-10", Some(exponent));
    }
    ticks.sort_by(|left, right| left.place.total_cmp(&right.place));
    ticks
}
