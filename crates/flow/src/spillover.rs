//! Spillover matrices: read, checked, inverted. Knows no data set and no gate.

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use vena_base::Text;

use crate::limits::Limits;
use crate::tolerance::{Tolerance, Tolerances};

/// Below this ratio of smallest to largest singular value a matrix is refused:
/// its inverse would turn the last digit of a spillover value into percent.
const CONDITION_MIN: f64 = 1e-10;

/// Why a compensation is refused.
#[derive(Debug, Error, PartialEq)]
pub enum SpilloverError {
    /// The text is not a matrix.
    #[error("{origin}: {}", .problem.en)]
    Malformed {
        /// Keyword or file the text came from.
        origin: String,
        /// What is wrong.
        problem: Text,
    },
    /// Decimal commas where the standard wants points.
    #[error(
        "{origin} holds decimal commas (tolerance `{}` would accept this)",
        Tolerance::DecimalCommaInSpillover
    )]
    DecimalComma {
        /// Keyword the text came from.
        origin: String,
    },
    /// The matrix names a channel the data does not have.
    #[error("{origin} names channel {channel:?}, which the data set does not have; it has: {present}")]
    MissingChannel {
        /// Keyword or file.
        origin: String,
        /// The missing channel.
        channel: String,
        /// The channels there are.
        present: String,
    },
    /// The matrix cannot be inverted.
    #[error("{origin} cannot be inverted: smallest to largest singular value is {ratio:e}")]
    Singular {
        /// Keyword or file.
        origin: String,
        /// Reciprocal condition number.
        ratio: f64,
    },
    /// A number in the matrix is NaN or infinite.
    #[error("{origin} holds a value that is not finite")]
    NotFinite {
        /// Keyword or file.
        origin: String,
    },
    /// Fewer detectors than fluorochromes.
    #[error("{origin} has {fluorochromes} fluorochromes but only {detectors} detectors")]
    Underdetermined {
        /// Keyword, file or matrix id.
        origin: String,
        /// Number of fluorochromes.
        fluorochromes: usize,
        /// Number of detectors.
        detectors: usize,
    },
    /// The matrix is larger than the limit.
    #[error("{origin} is {found} large; the limit is {limit}")]
    TooLarge {
        /// Keyword or file.
        origin: String,
        /// Size asked for.
        found: usize,
        /// Limit given.
        limit: usize,
    },
    /// Only `SPILL` is there and the caller did not agree to use it.
    #[error(
        "the file has SPILL but no $SPILLOVER (tolerance `{}` would use it; or give a matrix)",
        Tolerance::SpillKeyword
    )]
    OnlySpill,
    /// Only an older compensation keyword is there: a record of what the instrument subtracted.
    #[error(
        "the file has {keyword} but no $SPILLOVER; by FCS 2.0 and 3.0 that keyword records what the instrument has subtracted already, and instruments differ, so it is not applied (tolerance `{}` would take the events as compensated; or gate on uncompensated channels; or give a matrix)",
        Tolerance::CompensatedByInstrument
    )]
    OnlyOldKeyword {
        /// `$COMP` or `$DFCiTOj`.
        keyword: String,
    },
    /// The stored events are compensated already.
    #[error("the events are compensated already ({}); a second compensation is refused", .evidence.en)]
    AlreadyCompensated {
        /// What in the file says so.
        evidence: Text,
    },
}

/// A spillover (spectrum) matrix: one row per fluorochrome, one column per detector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpilloverMatrix {
    /// Where it came from: `$SPILLOVER`, `SPILL`, a file's name, a matrix id.
    pub origin: String,
    /// Names of the compensated dimensions, one per row.
    pub fluorochromes: Vec<String>,
    /// Channel names, one per column.
    pub detectors: Vec<String>,
    /// Row by row.
    pub coefficients: Vec<f64>,
    /// The coefficients are the inverse already (Gating-ML allows this).
    #[serde(default)]
    pub inverted_already: bool,
}

impl SpilloverMatrix {
    /// Reads the value of `$SPILLOVER`: n, n names, n × n numbers.
    ///
    /// # Errors
    /// [`SpilloverError::Malformed`], [`SpilloverError::DecimalComma`],
    /// [`SpilloverError::TooLarge`].
    pub fn from_keyword(
        origin: &str,
        text: &str,
        tolerances: &Tolerances,
        limits: &Limits,
    ) -> Result<Self, SpilloverError> {
        let malformed = |problem: Text| SpilloverError::Malformed { origin: origin.to_owned(), problem };
        let semicolons = text.contains(';');
        let fields: Vec<&str> = text.split(if semicolons { ';' } else { ',' }).map(str::trim).collect();
        let size: usize =
            fields.first().and_then(|field| field.parse().ok()).filter(|size| *size > 0).ok_or_else(
                || malformed(Text::new("it does not begin with the number of channels", "開頭不是通道數")),
            )?;
        check_size(origin, size, limits)?;
        let names: Vec<String> = fields.iter().skip(1).take(size).map(|name| (*name).to_owned()).collect();
        let numbers: Vec<&str> = fields.iter().skip(1 + size).copied().collect();
        let commas = semicolons || numbers.len() == 2 * size * size;
        if commas && !tolerances.allows(Tolerance::DecimalCommaInSpillover) {
            return Err(SpilloverError::DecimalComma { origin: origin.to_owned() });
        }
        let numbers: Vec<String> = if semicolons {
            numbers.iter().map(|number| number.replace(',', ".")).collect()
        } else if commas {
            numbers.chunks(2).map(|halves| halves.join(".")).collect()
        } else {
            numbers.iter().map(|&number| number.to_owned()).collect()
        };
        if names.len() != size || numbers.len() != size * size {
            return Err(malformed(Text::new(
                format!("{size} channels need {} numbers; there are {}", size * size, numbers.len()),
                format!("{size} 個通道須有 {} 個數字；只有 {} 個", size * size, numbers.len()),
            )));
        }
        let coefficients = numbers
            .iter()
            .map(|number| {
                number.parse::<f64>().map_err(|_| {
                    malformed(Text::new(
                        format!("{number:?} is not a number"),
                        format!("「{number}」不是數字"),
                    ))
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Self::new(origin, names.clone(), names, coefficients)
    }

    /// Reads a matrix file: comma, tab or semicolon between fields; one row of
    /// channel names, then one row of numbers per channel, each with or
    /// without its name in front. Lines before the names (a title) and `#`
    /// before them are allowed, any of the three line ends too.
    ///
    /// # Errors
    /// [`SpilloverError::Malformed`], [`SpilloverError::TooLarge`].
    pub fn from_file(origin: &str, bytes: &[u8], limits: &Limits) -> Result<Self, SpilloverError> {
        if bytes.len() > limits.matrix_bytes_max {
            return Err(SpilloverError::TooLarge {
                origin: origin.to_owned(),
                found: bytes.len(),
                limit: limits.matrix_bytes_max,
            });
        }
        let malformed = |problem: Text| SpilloverError::Malformed { origin: origin.to_owned(), problem };
        let text = std::str::from_utf8(bytes)
            .map_err(|_| malformed(Text::new("it is not UTF-8", "不是 UTF-8 文字")))?;
        let lines: Vec<&str> = text
            .trim_start_matches('\u{feff}')
            .split(['\n', '\r'])
            .filter(|line| !line.trim().is_empty())
            .collect();
        let first_row = lines
            .iter()
            .position(|line| is_number_row(&fields(line)))
            .ok_or_else(|| malformed(Text::new("no row of numbers", "沒有數字列")))?;
        let heading = first_row.checked_sub(1).and_then(|index| lines.get(index)).ok_or_else(|| {
            malformed(Text::new("no row of channel names before the numbers", "數字之前沒有通道名稱列"))
        })?;
        let mut names: Vec<String> =
            fields(heading.trim_start_matches('#')).iter().map(|name| (*name).to_owned()).collect();
        if names.first().is_some_and(String::is_empty) {
            names.remove(0);
        }
        check_size(origin, names.len(), limits)?;
        let mut rows = Vec::new();
        for (index, line) in lines.iter().enumerate().skip(first_row) {
            let mut row = fields(line);
            if row.len() == names.len() + 1 {
                let label = row.remove(0);
                let wanted = names.get(index - first_row);
                if wanted.is_some_and(|wanted| wanted != label) {
                    return Err(malformed(Text::new(
                        format!("row {label:?} stands where {:?} belongs", wanted.map_or("", String::as_str)),
                        format!("「{label}」列的位置應為「{}」", wanted.map_or("", String::as_str)),
                    )));
                }
            }
            if row.len() != names.len() {
                return Err(malformed(Text::new(
                    format!(
                        "row {} has {} numbers for {} channels",
                        index - first_row + 1,
                        row.len(),
                        names.len()
                    ),
                    format!(
                        "第 {} 列有 {} 個數字，通道有 {} 個",
                        index - first_row + 1,
                        row.len(),
                        names.len()
                    ),
                )));
            }
            for number in row {
                rows.push(number.parse::<f64>().map_err(|_| {
                    malformed(Text::new(
                        format!("{number:?} is not a number"),
                        format!("「{number}」不是數字"),
                    ))
                })?);
            }
        }
        Self::new(origin, names.clone(), names, rows)
    }

    /// A matrix from its parts.
    ///
    /// # Errors
    /// [`SpilloverError::Malformed`] for a wrong count or a repeated name,
    /// [`SpilloverError::NotFinite`].
    pub fn new(
        origin: &str,
        fluorochromes: Vec<String>,
        detectors: Vec<String>,
        coefficients: Vec<f64>,
    ) -> Result<Self, SpilloverError> {
        let origin = origin.to_owned();
        let (rows, columns) = (fluorochromes.len(), detectors.len());
        let malformed = |problem: Text| SpilloverError::Malformed { origin: origin.clone(), problem };
        if rows == 0 || columns == 0 || coefficients.len() != rows * columns {
            return Err(malformed(Text::new(
                format!("{} numbers do not fill {rows} rows of {columns}", coefficients.len()),
                format!("{} 個數字無法填滿 {rows} 列 {columns} 欄", coefficients.len()),
            )));
        }
        if let Some(name) = repeated(&fluorochromes).or_else(|| repeated(&detectors)) {
            return Err(malformed(Text::new(
                format!("channel {name:?} appears twice"),
                format!("通道「{name}」重複"),
            )));
        }
        if coefficients.iter().any(|value| !value.is_finite()) {
            return Err(SpilloverError::NotFinite { origin });
        }
        if columns < rows {
            return Err(SpilloverError::Underdetermined { origin, fluorochromes: rows, detectors: columns });
        }
        Ok(Self { origin, fluorochromes, detectors, coefficients, inverted_already: false })
    }

    /// For each fluorochrome the weight of each detector in its compensated
    /// value: the inverse, or with more detectors than fluorochromes the
    /// least-squares solution.
    ///
    /// # Errors
    /// [`SpilloverError::Singular`].
    pub fn weights(&self) -> Result<Vec<Vec<f64>>, SpilloverError> {
        let (rows, columns) = (self.fluorochromes.len(), self.detectors.len());
        let matrix = DMatrix::from_row_slice(rows, columns, &self.coefficients);
        let singular = |ratio| SpilloverError::Singular { origin: self.origin.clone(), ratio };
        let values = matrix.singular_values();
        let largest = values.iter().copied().fold(0.0, f64::max);
        let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
        let ratio = if largest > 0.0 { smallest / largest } else { 0.0 };
        if ratio.is_nan() || ratio < CONDITION_MIN {
            return Err(singular(ratio));
        }
        // observed (1 × detectors) = true (1 × fluorochromes) · spectrum, so
        // true = observed · inverse, and fluorochrome f takes column f of it.
        let inverse = if self.inverted_already {
            matrix
        } else if rows == columns {
            matrix.try_inverse().ok_or_else(|| singular(ratio))?
        } else {
            matrix.pseudo_inverse(0.0).map_err(|_| singular(ratio))?
        };
        Ok((0..rows).map(|fluorochrome| inverse.column(fluorochrome).iter().copied().collect()).collect())
    }

    /// True for a square matrix that changes nothing.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        let size = self.detectors.len();
        self.fluorochromes.len() == size
            && self
                .coefficients
                .iter()
                .enumerate()
                .all(|(index, &value)| value == f64::from(u8::from(index % (size + 1) == 0)))
    }
}

fn repeated(names: &[String]) -> Option<&String> {
    names
        .iter()
        .enumerate()
        .find(|(index, name)| names.iter().take(*index).any(|other| other == *name))
        .map(|(_, name)| name)
}

fn check_size(origin: &str, found: usize, limits: &Limits) -> Result<(), SpilloverError> {
    let limit = limits.matrix_channels_max;
    if found > limit {
        Err(SpilloverError::TooLarge { origin: origin.to_owned(), found, limit })
    } else {
        Ok(())
    }
}

fn fields(line: &str) -> Vec<&str> {
    let separator = ['\t', ';', ','].into_iter().find(|&separator| line.contains(separator)).unwrap_or(',');
    line.split(separator).map(|field| field.trim().trim_matches('"')).collect()
}

/// A row of numbers, with or without a label in front.
fn is_number_row(fields: &[&str]) -> bool {
    let number = |field: &&str| field.parse::<f64>().is_ok();
    !fields.is_empty()
        && (fields.iter().all(number) || (fields.len() > 1 && fields.iter().skip(1).all(number)))
}
