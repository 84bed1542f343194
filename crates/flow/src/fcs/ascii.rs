//! `$DATATYPE` A, until FCS 3.1: whole numbers written as digits, `$PnB` characters each, or with `*`
//! as long as they are and apart by blanks, commas or line ends (several in a row are one, there being
//! no empty value). Knows no keyword but through the channels.

use super::channel::Channel;
use super::error::FcsError;
use crate::events::{ColumnPart, Matrix, Width};

/// The columns of a DATA segment; as many events as stated, or as there are.
pub(super) fn read_ascii(data: &[u8], channels: &[Channel], stated: Option<u64>) -> Result<Matrix, FcsError> {
    let free = channels.iter().any(|channel| channel.bits == 0);
    let apart = || data.split(|&byte| is_separator(byte)).filter(|value| !value.is_empty());
    let (values, found): (Box<dyn Iterator<Item = &[u8]>>, usize) = if free {
        (Box::new(apart()), apart().count())
    } else {
        let event: usize = channels.iter().map(|channel| channel.bits as usize).sum();
        (Box::new(fixed(data, channels)), data.len() / event.max(1) * channels.len())
    };
    let events = events_of(data.len(), found, channels.len(), stated)?;
    let mut matrix = Matrix::zeroed(&vec![Width::Double; channels.len()], events)?;
    let mut parts = matrix.parts();
    for (place, value) in values.take(events * channels.len()).enumerate() {
        let (event, index) = (place / channels.len(), place % channels.len());
        let number = whole_number(value).ok_or_else(|| FcsError::AsciiValue {
            channel: channels.get(index).map_or_else(String::new, |channel| channel.name.clone()),
            event,
            text: String::from_utf8_lossy(value.get(..40).unwrap_or(value)).into_owned(),
        })?;
        if let Some(ColumnPart::Double(column)) = parts.get_mut(index)
            && let Some(to) = column.get_mut(event)
        {
            *to = number;
        }
    }
    drop(parts);
    Ok(matrix)
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b',' | b'\t' | b'\r' | b'\n')
}

/// Values of fixed width, event by event.
fn fixed<'a>(data: &'a [u8], channels: &'a [Channel]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = data;
    channels.iter().cycle().map_while(move |channel| {
        let (value, after) = rest.split_at_checked(channel.bits as usize)?;
        rest = after;
        Some(value)
    })
}

/// Events, from the values there are and the number stated; what is over may only be less than a value.
fn events_of(bytes: usize, values: usize, channels: usize, stated: Option<u64>) -> Result<usize, FcsError> {
    let events = match stated {
        Some(stated) => usize::try_from(stated).unwrap_or(usize::MAX),
        None => values / channels.max(1),
    };
    if events.checked_mul(channels) == Some(values) {
        return Ok(events);
    }
    Err(FcsError::AsciiCount { bytes: bytes as u64, values: values as u64, channels, events: events as u64 })
}

/// Digits, with blanks or zeros before them.
#[allow(clippy::cast_precision_loss)]
fn whole_number(value: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(value).ok()?.trim_matches(' ');
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse::<u64>().ok().map(|number| number as f64) } else { None }
}
