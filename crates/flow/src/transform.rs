//! The scale transforms of Gating-ML 2.0 (section 6): linear, log, inverse
//! hyperbolic sine, logicle and hyperlog, with optional bounds on the result.
//! Knows no channel and no gate.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use vena_base::{Lang, Text};

use crate::biexponential::{InverseTable, ScaleShape};

/// A transform and its parameters, as Gating-ML 2.0 names them: `T` the top of
/// the scale, `W` the linear decades, `M` all decades, `A` the additional
/// negative decades.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum TransformKind {
    /// flin: (x + A) ÷ (T + A).
    #[serde(rename = "flin")]
    Linear {
        /// Top of scale, positive.
        t: f64,
        /// Shift, 0 ≤ A ≤ T.
        a: f64,
    },
    /// flog: log10(x ÷ T) ÷ M + 1; undefined for x ≤ 0.
    #[serde(rename = "flog")]
    Log {
        /// Top of scale, positive.
        t: f64,
        /// Decades, positive.
        m: f64,
    },
    /// fasinh.
    #[serde(rename = "fasinh")]
    Asinh {
        /// Top of scale, positive.
        t: f64,
        /// Decades, positive.
        m: f64,
        /// Additional negative decades, 0 ≤ A ≤ M.
        a: f64,
    },
    /// logicle (Parks, Roederer, Moore 2006; Moore and Parks 2012).
    Logicle {
        /// Top of scale, positive.
        t: f64,
        /// Linear decades, 0 ≤ W ≤ M ÷ 2.
        w: f64,
        /// Decades, positive.
        m: f64,
        /// Additional negative decades, −W ≤ A ≤ M − 2 W.
        a: f64,
    },
    /// hyperlog (Bagwell 2005, in the parameters of Gating-ML 2.0).
    Hyperlog {
        /// Top of scale, positive.
        t: f64,
        /// Linear decades, 0 < W ≤ M ÷ 2.
        w: f64,
        /// Decades, positive.
        m: f64,
        /// Additional negative decades, −W ≤ A ≤ M − 2 W.
        a: f64,
    },
}

/// A transform with the bounds that Gating-ML lets it put on its results.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transform {
    /// Kind and parameters.
    #[serde(flatten)]
    pub kind: TransformKind,
    /// Results below this become this (`boundMin`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound_min: Option<f64>,
    /// Results above this become this (`boundMax`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound_max: Option<f64>,
}

/// Parameters outside their domain.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{kind} with {parameters}: {}", .problem.en)]
pub struct TransformError {
    /// Which transform.
    pub kind: &'static str,
    /// The parameters given.
    pub parameters: String,
    /// What the standard demands.
    pub problem: Text,
}

impl TransformError {
    /// The refusal in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        Text::new(self.to_string(), format!("{}（{}）：{}", self.kind, self.parameters, self.problem.zh_tw))
    }

    /// The refusal in one language.
    #[must_use]
    pub fn message(&self, lang: Lang) -> String {
        self.text().get(lang).to_owned()
    }
}

impl From<TransformKind> for Transform {
    fn from(kind: TransformKind) -> Self {
        Self { kind, bound_min: None, bound_max: None }
    }
}

impl Transform {
    /// Checks the parameters and prepares the transform for many values.
    ///
    /// # Errors
    /// [`TransformError`] for parameters outside the standard's domain.
    pub fn prepare(&self) -> Result<PreparedTransform, TransformError> {
        self.kind.check()?;
        if let (Some(low), Some(high)) = (self.bound_min, self.bound_max)
            && low > high
        {
            return Err(self
                .kind
                .refusal(Text::new("boundMin must not exceed boundMax", "boundMin 不得大於 boundMax")));
        }
        let curve = match self.kind {
            TransformKind::Linear { t, a } => Curve::Linear { shift: a, width: t + a },
            TransformKind::Log { t, m } => Curve::Log { t, m },
            TransformKind::Asinh { t, m, a } => {
                let ln10 = std::f64::consts::LN_10;
                Curve::Asinh { factor: (m * ln10).sinh() / t, shift: a * ln10, width: (m + a) * ln10 }
            }
            TransformKind::Logicle { t, w, m, a } => {
                Curve::Table(InverseTable::new(ScaleShape::logicle(t, w, m, a)))
            }
            TransformKind::Hyperlog { t, w, m, a } => {
                Curve::Table(InverseTable::new(ScaleShape::hyperlog(t, w, m, a)))
            }
        };
        Ok(PreparedTransform {
            curve,
            low: self.bound_min.unwrap_or(f64::NEG_INFINITY),
            high: self.bound_max.unwrap_or(f64::INFINITY),
        })
    }
}

impl TransformKind {
    /// Element name in Gating-ML 2.0.
    #[must_use]
    pub const fn element(&self) -> &'static str {
        match self {
            Self::Linear { .. } => "flin",
            Self::Log { .. } => "flog",
            Self::Asinh { .. } => "fasinh",
            Self::Logicle { .. } => "logicle",
            Self::Hyperlog { .. } => "hyperlog",
        }
    }

    /// Names and values of the parameters, in the standard's order.
    #[must_use]
    pub fn parameters(&self) -> Vec<(&'static str, f64)> {
        match *self {
            Self::Linear { t, a } => vec![("T", t), ("A", a)],
            Self::Log { t, m } => vec![("T", t), ("M", m)],
            Self::Asinh { t, m, a } => vec![("T", t), ("M", m), ("A", a)],
            Self::Logicle { t, w, m, a } | Self::Hyperlog { t, w, m, a } => {
                vec![("T", t), ("W", w), ("M", m), ("A", a)]
            }
        }
    }

    fn refusal(&self, problem: Text) -> TransformError {
        let parameters = self
            .parameters()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join(" ");
        TransformError { kind: self.element(), parameters, problem }
    }

    fn check(&self) -> Result<(), TransformError> {
        if self.parameters().iter().any(|(_, value)| !value.is_finite()) {
            return Err(
                self.refusal(Text::new("every parameter must be a finite number", "所有參數須為有限數字"))
            );
        }
        let problem = match *self {
            Self::Linear { t, .. } | Self::Log { t, .. } | Self::Asinh { t, .. } if t <= 0.0 => {
                Text::new("T must be positive", "T 須為正數")
            }
            Self::Logicle { t, .. } | Self::Hyperlog { t, .. } if t <= 0.0 => {
                Text::new("T must be positive", "T 須為正數")
            }
            Self::Linear { t, a } if !(0.0..=t).contains(&a) => {
                Text::new("A must lie between 0 and T", "A 須介於 0 與 T")
            }
            Self::Log { m, .. } | Self::Asinh { m, .. } if m <= 0.0 => {
                Text::new("M must be positive", "M 須為正數")
            }
            Self::Logicle { m, .. } | Self::Hyperlog { m, .. } if m <= 0.0 => {
                Text::new("M must be positive", "M 須為正數")
            }
            // e^(M ln 10) must stay a number.
            Self::Asinh { m, .. } | Self::Logicle { m, .. } | Self::Hyperlog { m, .. } if m > 100.0 => {
                Text::new("M must be at most 100", "M 最大 100")
            }
            Self::Asinh { m, a, .. } if !(0.0..=m).contains(&a) => {
                Text::new("A must lie between 0 and M", "A 須介於 0 與 M")
            }
            Self::Logicle { w, m, .. } if !(0.0..=m / 2.0).contains(&w) => {
                Text::new("W must lie between 0 and M/2", "W 須介於 0 與 M/2")
            }
            Self::Hyperlog { w, m, .. } if w <= 0.0 || w > m / 2.0 => {
                Text::new("W must be positive and at most M/2", "W 須為正數且不大於 M/2")
            }
            Self::Logicle { w, m, a, .. } | Self::Hyperlog { w, m, a, .. }
                if !(-w..=m - 2.0 * w).contains(&a) =>
            {
                Text::new("A must lie between -W and M - 2W", "A 須介於 -W 與 M - 2W")
            }
            _ => return Ok(()),
        };
        Err(self.refusal(problem))
    }
}

/// A transform ready for use.
#[derive(Clone, Debug)]
pub struct PreparedTransform {
    curve: Curve,
    low: f64,
    high: f64,
}

#[derive(Clone, Debug)]
enum Curve {
    Linear { shift: f64, width: f64 },
    Log { t: f64, m: f64 },
    Asinh { factor: f64, shift: f64, width: f64 },
    Table(InverseTable),
}

impl PreparedTransform {
    /// One value. NaN where the transform is undefined (flog of x ≤ 0).
    #[must_use]
    pub fn apply(&self, value: f64) -> f64 {
        let mut one = [value];
        self.apply_all(&mut one);
        one[0]
    }

    /// Every value in place.
    pub fn apply_all(&self, values: &mut [f64]) {
        match &self.curve {
            Curve::Linear { shift, width } => {
                values.iter_mut().for_each(|value| *value = (*value + shift) / width)
            }
            Curve::Log { t, m } => values.iter_mut().for_each(|value| {
                *value = if *value > 0.0 { (*value / t).log10() / m + 1.0 } else { f64::NAN };
            }),
            Curve::Asinh { factor, shift, width } => {
                values.iter_mut().for_each(|value| *value = ((*value * factor).asinh() + shift) / width);
            }
            Curve::Table(table) => table.apply_all(values),
        }
        if self.low > f64::NEG_INFINITY || self.high < f64::INFINITY {
            // NaN stays NaN: an undefined value is not a bound.
            values.iter_mut().for_each(|value| {
                if *value < self.low {
                    *value = self.low;
                } else if *value > self.high {
                    *value = self.high;
                }
            });
        }
    }

    /// The scale value that the transform (without its bounds) sends to
    /// `transformed`; axis ticks and gate outlines need it.
    #[must_use]
    pub fn invert(&self, transformed: f64) -> f64 {
        match &self.curve {
            Curve::Linear { shift, width } => transformed * width - shift,
            Curve::Log { t, m } => t * 10f64.powf((transformed - 1.0) * m),
            Curve::Asinh { factor, shift, width } => (transformed * width - shift).sinh() / factor,
            Curve::Table(table) => table.scale_value(transformed),
        }
    }
}
