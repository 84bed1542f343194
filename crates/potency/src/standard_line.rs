//! A straight standard curve and reading unknowns from it with an interval. Used by qPCR (Cq against
//! log10 quantity) and by kinetic endotoxin (log onset time against log concentration); knows neither.

use serde::Serialize;

use crate::distributions::student_quantile;
use crate::interval::{Interval, Ratio};

/// Why there is no line.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StandardLineError {
    /// Fewer than two levels.
    #[error("{0} level of the standard; a line needs at least 2")]
    TooFewLevels(usize),
    /// Nothing left for the error.
    #[error("{0} standard wells; a line with an error needs at least 3")]
    TooFewWells(usize),
    /// The response does not change with the standard.
    #[error("the standard's response does not change with its level")]
    Flat,
}

/// A fitted standard line: y = intercept + slope × x.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StandardLine {
    /// Slope.
    pub slope: f64,
    /// Standard error of the slope.
    pub slope_standard_error: f64,
    /// Intercept.
    pub intercept: f64,
    /// Standard error of the intercept.
    pub intercept_standard_error: f64,
    /// Coefficient of determination.
    pub r_squared: f64,
    /// Correlation of x and y, with its sign.
    pub correlation: f64,
    /// Residual standard deviation in y.
    pub residual_sd: f64,
    /// Residual degrees of freedom.
    pub residual_df: usize,
    /// Distinct levels.
    pub levels: usize,
    /// Wells.
    pub wells: usize,
    /// Lowest level (x).
    pub x_low: f64,
    /// Highest level (x).
    pub x_high: f64,
    #[serde(skip)]
    mean_x: f64,
    #[serde(skip)]
    mean_y: f64,
    #[serde(skip)]
    sxx: f64,
}

/// An unknown read from the line, on the x scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// x.
    pub x: f64,
    /// Standard error of x.
    pub standard_error: f64,
    /// Fieller's interval of x.
    pub interval: Interval,
}

impl StandardLine {
    /// Fits the line to (x, y) of the standard's wells.
    pub fn fit(points: &[(f64, f64)]) -> Result<StandardLine, StandardLineError> {
        let mut xs: Vec<f64> = points.iter().map(|p| p.0).collect();
        xs.sort_by(f64::total_cmp);
        xs.dedup();
        let (Some(x_low), Some(x_high)) = (xs.first().copied(), xs.last().copied()) else {
            return Err(StandardLineError::TooFewLevels(0));
        };
        if xs.len() < 2 {
            return Err(StandardLineError::TooFewLevels(xs.len()));
        }
        if points.len() < 3 {
            return Err(StandardLineError::TooFewWells(points.len()));
        }
        let n = points.len() as f64;
        let mean_x = points.iter().map(|p| p.0).sum::<f64>() / n;
        let mean_y = points.iter().map(|p| p.1).sum::<f64>() / n;
        let sxx: f64 = points.iter().map(|p| (p.0 - mean_x).powi(2)).sum();
        let sxy: f64 = points.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_y)).sum();
        let syy: f64 = points.iter().map(|p| (p.1 - mean_y).powi(2)).sum();
        let slope = sxy / sxx;
        if syy <= 0.0 || slope == 0.0 || !slope.is_finite() {
            return Err(StandardLineError::Flat);
        }
        let intercept = mean_y - slope * mean_x;
        // From the residuals themselves: the difference of two large sums would lose digits.
        let rss: f64 = points.iter().map(|p| (p.1 - intercept - slope * p.0).powi(2)).sum();
        let residual_df = points.len() - 2;
        let variance = rss / residual_df as f64;
        Ok(StandardLine {
            slope,
            slope_standard_error: (variance / sxx).sqrt(),
            intercept,
            intercept_standard_error: (variance * (1.0 / n + mean_x * mean_x / sxx)).sqrt(),
            r_squared: 1.0 - rss / syy,
            correlation: sxy / (sxx * syy).sqrt(),
            residual_sd: variance.sqrt(),
            residual_df,
            levels: xs.len(),
            wells: points.len(),
            x_low,
            x_high,
            mean_x,
            mean_y,
            sxx,
        })
    }

    /// Interval of the slope.
    pub fn slope_interval(&self, level: f64) -> (f64, f64) {
        let half = student_quantile(0.5 + level / 2.0, self.residual_df as f64) * self.slope_standard_error;
        (self.slope - half, self.slope + half)
    }

    /// Reads the mean of replicate responses. `None` without a response.
    pub fn read(&self, responses: &[f64], level: f64) -> Option<Reading> {
        if responses.is_empty() {
            return None;
        }
        let m = responses.len() as f64;
        let mean = responses.iter().sum::<f64>() / m;
        let variance = self.residual_sd.powi(2);
        let ratio = Ratio {
            numerator: mean - self.mean_y,
            denominator: self.slope,
            numerator_variance: variance * (1.0 / m + 1.0 / self.wells as f64),
            denominator_variance: variance / self.sxx,
            covariance: 0.0,
        };
        let about = ratio.fieller(student_quantile(0.5 + level / 2.0, self.residual_df as f64));
        Some(Reading {
            x: self.mean_x + ratio.estimate(),
            standard_error: ratio.standard_error(),
            interval: Interval {
                low: about.low.map(|x| x + self.mean_x),
                high: about.high.map(|x| x + self.mean_x),
            },
        })
    }
}
