//! Writing FCS 2.0, 3.0, 3.1 and 3.2 list-mode files. Knows nothing of where
//! the bytes go.

use vena_base::Text;

use super::channel::{ByteOrder, DataType};
use super::error::FcsError;
use super::header::FcsVersion;

/// The values of one channel to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum WriteValues {
    /// Data type I.
    Integers(Vec<u64>),
    /// Data type F.
    Floats(Vec<f32>),
    /// Data type D.
    Doubles(Vec<f64>),
}

impl WriteValues {
    fn len(&self) -> usize {
        match self {
            Self::Integers(values) => values.len(),
            Self::Floats(values) => values.len(),
            Self::Doubles(values) => values.len(),
        }
    }

    const fn data_type(&self) -> DataType {
        match self {
            Self::Integers(_) => DataType::Integer,
            Self::Floats(_) => DataType::Float,
            Self::Doubles(_) => DataType::Double,
        }
    }

    fn bits_of(&self, event: usize) -> u64 {
        match self {
            Self::Integers(values) => values.get(event).copied().unwrap_or_default(),
            Self::Floats(values) => values.get(event).map_or(0, |value| value.to_bits().into()),
            Self::Doubles(values) => values.get(event).map_or(0, |value| value.to_bits()),
        }
    }
}

/// One channel to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteChannel {
    /// `$PnN`.
    pub name: String,
    /// `$PnS`; left out when empty.
    pub stain: String,
    /// `$PnB`; 32 for floats, 64 for doubles, 1 to 64 for integers.
    pub bits: u32,
    /// `$PnR`.
    pub range: u128,
    /// `$PnE`: decades and value at 0; `(0.0, 0.0)` for linear channels.
    pub log_amplification: (f64, f64),
    /// `$PnG`; left out when `None`.
    pub gain: Option<f64>,
    /// The events' values.
    pub values: WriteValues,
}

impl WriteChannel {
    /// A linear channel of 32-bit floats, as most instruments write them.
    #[must_use]
    pub fn floats(name: &str, range: u128, values: Vec<f32>) -> Self {
        Self {
            name: name.to_owned(),
            stain: String::new(),
            bits: 32,
            range,
            log_amplification: (0.0, 0.0),
            gain: None,
            values: WriteValues::Floats(values),
        }
    }
}

/// One data set to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteDataSet {
    /// Version for the HEADER.
    pub version: FcsVersion,
    /// Byte order of the values.
    pub order: ByteOrder,
    /// Delimiter of the TEXT segment, 1 to 126.
    pub delimiter: u8,
    /// Channels, each with the same number of events.
    pub channels: Vec<WriteChannel>,
    /// Further keywords, such as `$SPILLOVER`.
    pub keywords: Vec<(String, String)>,
}

/// Width of every offset in TEXT, so that TEXT's length does not depend on them.
const OFFSET_DIGITS: usize = 12;
const TEXT_BEGIN: usize = 58;
const HEADER_OFFSET_MAX: usize = 99_999_999;

/// Writes the data sets one after another.
///
/// # Errors
/// [`FcsError::Unwritable`] when the standard has no way to say it (an empty
/// value, columns of unequal length, mixed types before 3.2 …).
pub fn write_fcs(data_sets: &[WriteDataSet]) -> Result<Vec<u8>, FcsError> {
    if data_sets.is_empty() {
        return Err(unwritable("no data set", "沒有資料集"));
    }
    let mut file = Vec::new();
    for (index, data_set) in data_sets.iter().enumerate() {
        let last = index + 1 == data_sets.len();
        file.extend(data_set_bytes(data_set, last)?);
    }
    Ok(file)
}

fn unwritable(en: impl Into<String>, zh_tw: impl Into<String>) -> FcsError {
    FcsError::Unwritable(Text::new(en, zh_tw))
}

fn data_set_bytes(data_set: &WriteDataSet, last: bool) -> Result<Vec<u8>, FcsError> {
    let events = common_length(data_set)?;
    let data = pack(data_set, events)?;
    let text_len = text(data_set, events, 0, 0, 0)?.len();
    let text_end = TEXT_BEGIN + text_len - 1;
    let data_begin = text_end + 1;
    let (begin, end) = if data.is_empty() { (0, 0) } else { (data_begin, data_begin + data.len() - 1) };
    // A CRC field of zeros: not computed, as the standard allows.
    let crc: &[u8] = if data_set.version >= FcsVersion::V3_0 { b"00000000" } else { b"" };
    let total = data_begin + data.len() + crc.len();
    if data_set.version == FcsVersion::V2_0 && end > HEADER_OFFSET_MAX || text_end > HEADER_OFFSET_MAX {
        return Err(unwritable(
            "a segment ends beyond the eight digits of a HEADER offset",
            "區段結尾超出 HEADER 的八位數",
        ));
    }
    let in_header = |offset| if end > HEADER_OFFSET_MAX { 0 } else { offset };
    let mut bytes = format!(
        "{}    {TEXT_BEGIN:>8}{text_end:>8}{:>8}{:>8}{:>8}{:>8}",
        data_set.version.magic(),
        in_header(begin),
        in_header(end),
        0,
        0
    )
    .into_bytes();
    bytes.extend(text(data_set, events, begin, end, if last { 0 } else { total })?);
    bytes.extend(data);
    bytes.extend(crc);
    Ok(bytes)
}

fn common_length(data_set: &WriteDataSet) -> Result<usize, FcsError> {
    let mut lengths = data_set.channels.iter().map(|channel| channel.values.len());
    let first = lengths.next().unwrap_or(0);
    if lengths.any(|length| length != first) {
        return Err(unwritable("channels have different numbers of events", "各通道事件數不同"));
    }
    Ok(first)
}

/// The TEXT segment, its length independent of the three offsets.
fn text(
    data_set: &WriteDataSet,
    events: usize,
    begin: usize,
    end: usize,
    next: usize,
) -> Result<Vec<u8>, FcsError> {
    let types = || data_set.channels.iter().map(|channel| channel.values.data_type());
    let main_type = types().next().unwrap_or(DataType::Float);
    let mixed = types().any(|data_type| data_type != main_type);
    if mixed && data_set.version < FcsVersion::V3_2 {
        return Err(unwritable(
            "channels of different data types need FCS 3.2",
            "不同資料型態的通道須用 FCS 3.2",
        ));
    }
    let offset = |value: usize| format!("{value:0OFFSET_DIGITS$}");
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, value: String| pairs.push((name.to_owned(), value));
    if data_set.version >= FcsVersion::V3_0 {
        add("$BEGINDATA", offset(begin));
        add("$ENDDATA", offset(end));
        for absent in ["$BEGINANALYSIS", "$ENDANALYSIS", "$BEGINSTEXT", "$ENDSTEXT"] {
            add(absent, "0".to_owned());
        }
    }
    add("$NEXTDATA", offset(next));
    add("$BYTEORD", data_set.order.keyword_value());
    add("$DATATYPE", type_letter(main_type).to_owned());
    add("$MODE", "L".to_owned());
    add("$PAR", data_set.channels.len().to_string());
    add("$TOT", events.to_string());
    for (number, channel) in (1..).zip(&data_set.channels) {
        add(&format!("$P{number}N"), channel.name.clone());
        if !channel.stain.is_empty() {
            add(&format!("$P{number}S"), channel.stain.clone());
        }
        add(&format!("$P{number}B"), channel.bits.to_string());
        add(&format!("$P{number}R"), channel.range.to_string());
        let (decades, at_zero) = channel.log_amplification;
        add(&format!("$P{number}E"), format!("{decades},{at_zero}"));
        if let Some(gain) = channel.gain {
            add(&format!("$P{number}G"), gain.to_string());
        }
        if mixed {
            add(&format!("$P{number}DATATYPE"), type_letter(channel.values.data_type()).to_owned());
        }
    }
    pairs.extend(data_set.keywords.iter().cloned());
    join(&pairs, data_set.delimiter)
}

const fn type_letter(data_type: DataType) -> &'static str {
    match data_type {
        DataType::Integer => "I",
        DataType::Float => "F",
        DataType::Double => "D",
        DataType::Ascii => "A",
    }
}

fn join(pairs: &[(String, String)], delimiter: u8) -> Result<Vec<u8>, FcsError> {
    if delimiter == 0 || delimiter > 126 {
        return Err(unwritable(
            format!("byte {delimiter} cannot be a delimiter"),
            format!("位元組 {delimiter} 不能當分隔符"),
        ));
    }
    let mut text = vec![delimiter];
    for (name, value) in pairs {
        if name.as_bytes().contains(&delimiter) || name.trim().is_empty() {
            return Err(unwritable(
                format!("keyword {name:?} is empty or holds the delimiter"),
                format!("關鍵字「{name}」是空的或含有分隔符"),
            ));
        }
        if value.is_empty() || value.as_bytes().first() == Some(&delimiter) {
            return Err(unwritable(
                format!("the value of {name} is empty or begins with the delimiter"),
                format!("{name} 的值是空的或以分隔符開頭"),
            ));
        }
        text.extend(name.as_bytes());
        text.push(delimiter);
        for &byte in value.as_bytes() {
            if byte == delimiter {
                text.push(delimiter);
            }
            text.push(byte);
        }
        text.push(delimiter);
    }
    Ok(text)
}

/// The DATA segment: values bit after bit, as [`super::layout`] reads them.
fn pack(data_set: &WriteDataSet, events: usize) -> Result<Vec<u8>, FcsError> {
    for channel in &data_set.channels {
        let wanted = match channel.values.data_type() {
            DataType::Integer => (1..=64).contains(&channel.bits),
            DataType::Float => channel.bits == 32,
            DataType::Double => channel.bits == 64,
            DataType::Ascii => false,
        };
        if !wanted {
            return Err(unwritable(
                format!("channel {:?} cannot have {} bits", channel.name, channel.bits),
                format!("通道「{}」不能有 {} 位元", channel.name, channel.bits),
            ));
        }
        if let ByteOrder::Mixed(places) = &data_set.order
            && channel.bits as usize != places.len() * 8
        {
            return Err(unwritable(
                "a mixed byte order must name every byte of every value",
                "混合位元組順序須列出每個值的所有位元組",
            ));
        }
    }
    let mut packer = Packer { bytes: Vec::new(), filled: 0 };
    for event in 0..events {
        for channel in &data_set.channels {
            let raw = channel.values.bits_of(event);
            if channel.bits < 64 && raw >> channel.bits != 0 {
                return Err(unwritable(
                    format!("{raw} does not fit the {} bits of {:?}", channel.bits, channel.name),
                    format!("{raw} 超出「{}」的 {} 位元", channel.name, channel.bits),
                ));
            }
            match &data_set.order {
                ByteOrder::Big => packer.push_big(raw, channel.bits),
                ByteOrder::Little => packer.push_little(raw, channel.bits),
                ByteOrder::Mixed(places) => {
                    packer
                        .bytes
                        .extend(places.iter().map(|&place| raw.to_le_bytes()[usize::from(place) % 8]));
                }
            }
        }
    }
    Ok(packer.bytes)
}

struct Packer {
    bytes: Vec<u8>,
    /// Bits in use in the last byte; 0 means it is full (or absent).
    filled: u32,
}

impl Packer {
    fn push_bit(&mut self, bit: bool, most_significant_first: bool) {
        if self.filled == 0 {
            self.bytes.push(0);
        }
        let place = if most_significant_first { 7 - self.filled } else { self.filled };
        if let Some(last) = self.bytes.last_mut() {
            *last |= u8::from(bit) << place;
        }
        self.filled = (self.filled + 1) % 8;
    }

    fn push_big(&mut self, raw: u64, bits: u32) {
        if self.filled == 0 && bits.is_multiple_of(8) {
            self.bytes.extend(raw.to_be_bytes().iter().skip(8 - bits as usize / 8));
        } else {
            (0..bits).rev().for_each(|bit| self.push_bit(raw >> bit & 1 == 1, true));
        }
    }

    fn push_little(&mut self, raw: u64, bits: u32) {
        if self.filled == 0 && bits.is_multiple_of(8) {
            self.bytes.extend(raw.to_le_bytes().iter().take(bits as usize / 8));
        } else {
            (0..bits).for_each(|bit| self.push_bit(raw >> bit & 1 == 1, false));
        }
    }
}
