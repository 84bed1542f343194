//! Seeded chance. ChaCha8 gives the same numbers on every machine and in every version, so a seed replays
//! a whole programme.

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

/// A seeded source of chance.
#[derive(Debug, Clone)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// Dice for one journey of one programme: journeys do not disturb each other.
    pub fn new(seed: u64, journey: u64) -> Dice {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(journey);
        Dice(rng)
    }

    /// A number in 0 (included) to 1 (excluded).
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number in a range.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number from `low` to `high`, both included.
    pub fn whole(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low).unwrap_or(0) + 1;
        low + i64::try_from(self.0.next_u64() % span).unwrap_or(0)
    }

    /// True with a probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of several.
    pub fn pick<T: Copy>(&mut self, from: &[T], otherwise: T) -> T {
        let last = i64::try_from(from.len()).unwrap_or(1).max(1) - 1;
        let index = usize::try_from(self.whole(0, last)).unwrap_or(0);
        from.get(index).copied().unwrap_or(otherwise)
    }

    /// An index by weights.
    pub fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            if left < *weight {
                return index;
            }
            left -= weight;
        }
        weights.len().saturating_sub(1)
    }

    /// A normally distributed number (Box–Muller).
    pub fn normal(&mut self, mean: f64, deviation: f64) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        mean + deviation * radius * (2.0 * std::f64::consts::PI * self.unit()).cos()
    }
}
