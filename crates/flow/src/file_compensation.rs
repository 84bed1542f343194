//! The compensation a data set carries, or has had already. Knows keywords and
//! channel names; knows no gate.

use serde::Serialize;
use vena_base::Text;

use crate::fcs::DataSet;
use crate::limits::Limits;
use crate::spillover::{SpilloverError, SpilloverMatrix};
use crate::tolerance::{Tolerance, Tolerances};

/// What a data set says of its own compensation.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum FileCompensation {
    /// Nothing: compensated and stored values are the same.
    None,
    /// A matrix to apply.
    Matrix {
        /// The matrix.
        matrix: SpilloverMatrix,
    },
    /// The events were compensated before they were stored.
    AlreadyCompensated {
        /// What says so.
        evidence: Text,
    },
}

/// Finds the compensation a data set carries: `$SPILLOVER`, else `SPILL` with
/// its tolerance. Says which tolerances were needed.
///
/// # Errors
/// A matrix that is malformed, only an older keyword, a missing channel.
pub fn file_compensation(
    data_set: &DataSet,
    tolerances: &Tolerances,
    limits: &Limits,
) -> Result<(FileCompensation, Tolerances), SpilloverError> {
    if let Some(evidence) = already_compensated(data_set) {
        return Ok((FileCompensation::AlreadyCompensated { evidence }, Tolerances::strict()));
    }
    let keyword = |name: &str| data_set.keywords.get(name).filter(|value| !value.trim().is_empty());
    let mut used = Tolerances::strict();
    let (origin, text) = if let Some(text) = keyword("$SPILLOVER") {
        ("$SPILLOVER", text)
    } else if let Some(text) = keyword("SPILL").or_else(|| keyword("SPILLOVER")) {
        if !tolerances.allows(Tolerance::SpillKeyword) {
            return Err(SpilloverError::OnlySpill);
        }
        used = used.with(Tolerance::SpillKeyword);
        ("SPILL", text)
    } else if let Some(keyword) = old_keyword(data_set) {
        return Err(SpilloverError::OnlyOldKeyword { keyword });
    } else {
        return Ok((FileCompensation::None, used));
    };
    let matrix = match SpilloverMatrix::from_keyword(origin, text, &Tolerances::strict(), limits) {
        Err(SpilloverError::DecimalComma { .. }) => {
            let matrix = SpilloverMatrix::from_keyword(origin, text, tolerances, limits)?;
            used = used.with(Tolerance::DecimalCommaInSpillover);
            matrix
        }
        other => other?,
    };
    if matrix.detectors.iter().any(|name| bare_name(name).is_some()) {
        let evidence = Text::new(
            format!("{origin} names channels marked as compensated"),
            format!("{origin} 所列通道標示為已補償"),
        );
        return Ok((FileCompensation::AlreadyCompensated { evidence }, used));
    }
    if let Some(missing) = matrix.detectors.iter().find(|name| data_set.channel_index(name).is_none()) {
        return missing_or_compensated(data_set, origin, missing).map(|found| (found, used));
    }
    Ok((FileCompensation::Matrix { matrix }, used))
}

/// A channel the matrix names is absent: either it is there under the name
/// programs give to compensated channels, or it is truly missing.
fn missing_or_compensated(
    data_set: &DataSet,
    origin: &str,
    missing: &str,
) -> Result<FileCompensation, SpilloverError> {
    let marked = data_set.channels.iter().find(|channel| bare_name(&channel.name) == Some(missing));
    match marked {
        Some(channel) => Ok(FileCompensation::AlreadyCompensated {
            evidence: Text::new(
                format!("{origin} names {missing:?}, the file holds {:?}", channel.name),
                format!("{origin} 列出「{missing}」，檔案內為「{}」", channel.name),
            ),
        }),
        None => Err(missing_channel(data_set, origin, missing)),
    }
}

/// The refusal for a channel that is not there, listing those that are.
pub(crate) fn missing_channel(data_set: &DataSet, origin: &str, channel: &str) -> SpilloverError {
    let present: Vec<&str> = data_set.channels.iter().map(|channel| channel.name.as_str()).collect();
    SpilloverError::MissingChannel {
        origin: origin.to_owned(),
        channel: channel.to_owned(),
        present: present.join(", "),
    }
}

/// `Comp-FITC-A` and `<FITC-A>` are how programs name exported channels that
/// hold compensated values; gives the name without the mark.
#[must_use]
pub fn bare_name(name: &str) -> Option<&str> {
    name.strip_prefix("Comp-").or_else(|| name.strip_prefix('<').and_then(|name| name.strip_suffix('>')))
}

/// A keyword that says the stored events are compensated.
fn already_compensated(data_set: &DataSet) -> Option<Text> {
    const NAMES: [&str; 4] = ["COMPENSATED", "ISCOMPENSATED", "DATACOMPENSATED", "COMPENSATIONAPPLIED"];
    data_set.keywords.iter().find_map(|(name, value)| {
        let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let yes = matches!(value.trim().to_ascii_uppercase().as_str(), "TRUE" | "YES" | "1" | "Y");
        (yes && NAMES.contains(&plain.as_str())).then(|| {
            Text::new(format!("keyword {name} is {value:?}"), format!("關鍵字 {name} 為「{value}」"))
        })
    })
}

fn old_keyword(data_set: &DataSet) -> Option<String> {
    let old = |name: &str| name == "$COMP" || (name.starts_with("$DFC") && name.contains("TO"));
    data_set
        .keywords
        .iter()
        .find(|(name, value)| old(name) && value.trim().parse::<f64>() != Ok(0.0))
        .map(|(name, _)| name.to_owned())
}
