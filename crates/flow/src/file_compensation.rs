//! The compensation a data set carries, or has had already. Knows keywords and
//! channel names; knows no gate.
//!
//! `$SPILLOVER` (3.1) is a matrix to apply. `$COMP` (3.0) is not: element (i, j) is the percentage of
//! parameter j that was subtracted electronically from parameter i, negative where subtracted (Seamer
//! et al., Cytometry 1997;28:118-122); `$DFCiTOj` (2.0) is the percentage of i subtracted from j. Both
//! say what the stored events have had already. Instruments differ in keeping to that, so neither is
//! believed without being asked for, and neither is ever applied.

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
    let spill = || Some(("SPILL", keyword("SPILL")?)).or_else(|| Some(("SPILLOVER", keyword("SPILLOVER")?)));
    let (origin, text) = if let Some(text) = keyword("$SPILLOVER") {
        ("$SPILLOVER", text)
    } else if let Some(found) = spill() {
        if !tolerances.allows(Tolerance::SpillKeyword) {
            return Err(SpilloverError::OnlySpill);
        }
        used = used.with(Tolerance::SpillKeyword);
        found
    } else if let Some(keyword) = old_keyword(data_set) {
        if !tolerances.allows(Tolerance::CompensatedByInstrument) {
            return Err(SpilloverError::OnlyOldKeyword { keyword });
        }
        let evidence = Text::new(
            format!("{keyword} records what the instrument subtracted"),
            format!("{keyword} 記錄儀器已扣除的補償"),
        );
        used = used.with(Tolerance::CompensatedByInstrument);
        return Ok((FileCompensation::AlreadyCompensated { evidence }, used));
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

/// `$COMP` or a `$DFCiTOj` that says something was subtracted (or that cannot be read).
fn old_keyword(data_set: &DataSet) -> Option<String> {
    let says = |(name, value): &(&str, &str)| {
        if *name == "$COMP" {
            return !changes_nothing(value);
        }
        let Some((from, into)) = name.strip_prefix("$DFC").and_then(|rest| rest.split_once("TO")) else {
            return false;
        };
        from != into && value.trim().parse::<f64>() != Ok(0.0)
    };
    data_set.keywords.iter().find(says).map(|(name, _)| name.to_owned())
}

/// A `$COMP` whose every element off the diagonal is 0.
fn changes_nothing(text: &str) -> bool {
    let numbers: Option<Vec<f64>> = text.split(',').map(|field| field.trim().parse().ok()).collect();
    let Some((&size, elements)) = numbers.as_deref().and_then(<[f64]>::split_first) else {
        return text.trim().is_empty();
    };
    #[allow(clippy::cast_precision_loss)]
    let square = elements.len() as f64 == size * size;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let step = (size.max(0.0) as usize).saturating_add(1);
    square && elements.iter().enumerate().all(|(index, &value)| index % step == 0 || value == 0.0)
}
