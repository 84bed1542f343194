//! What the keywords say about each channel ($PAR, $PnB, $PnR, $PnE, $PnG, $PnN
//! …) and about the byte order. Knows no event bytes.

use serde::Serialize;
use vena_base::Text;

use super::error::FcsError;
use super::header::FcsVersion;
use super::text::Keywords;
use crate::limits::Limits;
use crate::scale::ChannelScale;
use crate::tolerance::{Judge, Tolerance};

/// How a channel's values are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub enum DataType {
    /// Unsigned integers of `$PnB` bits.
    #[serde(rename = "I")]
    Integer,
    /// IEEE 754 single precision.
    #[serde(rename = "F")]
    Float,
    /// IEEE 754 double precision.
    #[serde(rename = "D")]
    Double,
    /// Whole numbers written as digits, until FCS 3.1.
    #[serde(rename = "A")]
    Ascii,
}

/// One channel (parameter) of a data set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Channel {
    /// Short name, `$PnN`; unique in its data set.
    pub name: String,
    /// Stain or long name, `$PnS`; empty when absent.
    pub stain: String,
    /// How the values are stored.
    pub data_type: DataType,
    /// Bits per value, `$PnB`; for data type A characters per value, 0 where they are set apart (`*`).
    pub bits: u32,
    /// Range, `$PnR`, as written.
    pub range: String,
    /// From stored values to scale values (`$PnE`, `$PnG`, `$TIMESTEP`).
    pub scale: ChannelScale,
    /// Bits that count in an integer channel; the rest is masked off.
    #[serde(skip)]
    pub(crate) mask: u64,
}

/// Order of the bytes inside a value, `$BYTEORD`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// `1,2,3,4`: least significant byte first.
    Little,
    /// `4,3,2,1`: most significant byte first.
    Big,
    /// Any other permutation, for instance `3,4,1,2`: at each place in the file
    /// the significance (0 = least) of the byte that stands there.
    Mixed(Vec<u8>),
}

impl ByteOrder {
    /// Reads `$BYTEORD`.
    pub(crate) fn read(text: &str, version: FcsVersion) -> Result<Self, FcsError> {
        let refuse = |problem: Text| FcsError::KeywordValue {
            keyword: "$BYTEORD".to_owned(),
            value: text.to_owned(),
            problem,
            remedy: None,
        };
        let places: Vec<u8> = text
            .split(',')
            .map(|place| place.trim().parse::<u8>())
            .collect::<Result<_, _>>()
            .map_err(|_| refuse(Text::new("not a list of byte places", "不是位元組位置清單")))?;
        let mut sorted = places.clone();
        sorted.sort_unstable();
        if places.len() > 8 || sorted.iter().zip(1u8..).any(|(&found, wanted)| found != wanted) {
            return Err(refuse(Text::new(
                "not a permutation of 1 to n, n at most 8",
                "不是 1 到 n（n 最大 8）的排列",
            )));
        }
        if places.len() > 1 && places.is_sorted() {
            return Ok(Self::Little);
        }
        if places.iter().rev().is_sorted() {
            return Ok(Self::Big);
        }
        if version >= FcsVersion::V3_1 {
            return Err(refuse(Text::new(
                "since FCS 3.1 only 1,2,3,4 and 4,3,2,1 are allowed",
                "自 FCS 3.1 起僅允許 1,2,3,4 與 4,3,2,1",
            )));
        }
        Ok(Self::Mixed(places.iter().map(|place| place - 1).collect()))
    }

    /// The text that `$BYTEORD` gets.
    #[must_use]
    pub fn keyword_value(&self) -> String {
        match self {
            Self::Little => "1,2,3,4".to_owned(),
            Self::Big => "4,3,2,1".to_owned(),
            Self::Mixed(places) => {
                places.iter().map(|place| (place + 1).to_string()).collect::<Vec<_>>().join(",")
            }
        }
    }
}

/// Reads every channel of a data set.
pub(crate) fn read_channels(
    keywords: &Keywords,
    version: FcsVersion,
    judge: &mut Judge<'_>,
    limits: &Limits,
) -> Result<Vec<Channel>, FcsError> {
    let count: u64 = parse_number(keywords, "$PAR")?;
    if count > limits.channels_max as u64 {
        return Err(FcsError::Limit {
            what: Text::new("number of channels ($PAR)", "通道數（$PAR）"),
            found: count.into(),
            limit: limits.channels_max as u128,
        });
    }
    let stated = keywords.require("$DATATYPE")?;
    let default_type = match data_type("$DATATYPE", stated) {
        Err(_) if version < FcsVersion::V3_2 && stated.trim().eq_ignore_ascii_case("A") => DataType::Ascii,
        found => found?,
    };
    let mut reader = ChannelReader { keywords, version, judge, default_type };
    let mut channels: Vec<Channel> = Vec::new();
    for number in 1..=count {
        let mut channel = reader.read(number)?;
        reader.make_unique(&mut channel, &channels)?;
        channels.push(channel);
    }
    Ok(channels)
}

struct ChannelReader<'a, 'b> {
    keywords: &'a Keywords,
    version: FcsVersion,
    judge: &'a mut Judge<'b>,
    default_type: DataType,
}

impl ChannelReader<'_, '_> {
    fn read(&mut self, number: u64) -> Result<Channel, FcsError> {
        let type_keyword = format!("$P{number}DATATYPE");
        let data_type = match self.keywords.get(&type_keyword) {
            Some(value) if self.version >= FcsVersion::V3_2 => data_type(&type_keyword, value)?,
            Some(value) => {
                self.judge.note(
                    format!("{type_keyword}={value} has a meaning only since FCS 3.2 and is not used"),
                    format!("{type_keyword}={value} 自 FCS 3.2 起才有意義，未採用"),
                );
                self.default_type
            }
            None => self.default_type,
        };
        let bits = self.bits(number, data_type)?;
        let range_keyword = format!("$P{number}R");
        let range = self.keywords.require(&range_keyword)?.trim().to_owned();
        let (range_value, mask) = range_and_mask(&range_keyword, &range, data_type, bits)?;
        let name = self.name(number)?;
        let scale = self.scale(number, data_type, range_value, &name)?;
        let stain = self.keywords.get(&format!("$P{number}S")).unwrap_or_default();
        let stain = without_blanks(stain).to_owned();
        Ok(Channel { name, stain, data_type, bits, range, scale, mask })
    }

    fn bits(&self, number: u64, data_type: DataType) -> Result<u32, FcsError> {
        let keyword = format!("$P{number}B");
        if data_type == DataType::Ascii && self.keywords.require(&keyword)?.trim() == "*" {
            return Ok(0);
        }
        let bits: u32 = parse_number(self.keywords, &keyword)?;
        let problem = match data_type {
            DataType::Integer if !(1..=64).contains(&bits) => {
                Text::new("integers of 1 to 64 bits are read", "整數須為 1 至 64 位元")
            }
            DataType::Ascii if !(1..=64).contains(&bits) => {
                Text::new("numbers of 1 to 64 characters are read", "數字須為 1 至 64 個字元")
            }
            DataType::Float if bits != 32 => Text::new("data type F has 32 bits", "資料型態 F 須為 32 位元"),
            DataType::Double if bits != 64 => Text::new("data type D has 64 bits", "資料型態 D 須為 64 位元"),
            _ => return Ok(bits),
        };
        Err(FcsError::KeywordValue { keyword, value: bits.to_string(), problem, remedy: None })
    }

    fn name(&mut self, number: u64) -> Result<String, FcsError> {
        let keyword = format!("$P{number}N");
        match self.keywords.get(&keyword).map(without_blanks) {
            Some(name) if !name.is_empty() => Ok(name.to_owned()),
            _ if self.version >= FcsVersion::V3_1 && !self.judge.tolerate(Tolerance::MissingChannelName) => {
                Err(FcsError::MissingKeyword { keyword, remedy: Some(Tolerance::MissingChannelName) })
            }
            // Before 3.1 the standard lets a channel go without a name.
            _ => {
                self.judge.note(
                    format!("channel {number} has no name; it is called P{number}"),
                    format!("第 {number} 通道沒有名稱，稱為 P{number}"),
                );
                Ok(format!("P{number}"))
            }
        }
    }

    fn make_unique(&mut self, channel: &mut Channel, earlier: &[Channel]) -> Result<(), FcsError> {
        let taken = |name: &str| earlier.iter().any(|other| other.name == name);
        if !taken(&channel.name) {
            return Ok(());
        }
        if !self.judge.tolerate(Tolerance::DuplicateChannelName) {
            return Err(FcsError::KeywordValue {
                keyword: format!("$P{}N", earlier.len() + 1),
                value: channel.name.clone(),
                problem: Text::new("an earlier channel has the same name", "前面已有同名通道"),
                remedy: Some(Tolerance::DuplicateChannelName),
            });
        }
        let base = channel.name.clone();
        let unique = (2..=earlier.len() + 2).map(|copy| format!("{base}#{copy}")).find(|name| !taken(name));
        if let Some(name) = unique {
            self.judge.note(
                format!("a second channel {base:?} is called {name:?}"),
                format!("第二個名為「{base}」的通道改稱「{name}」"),
            );
            channel.name = name;
        }
        Ok(())
    }

    fn scale(
        &mut self,
        number: u64,
        data_type: DataType,
        range: f64,
        name: &str,
    ) -> Result<ChannelScale, FcsError> {
        let time_step = self.time_step(name)?;
        let gain = self.gain_of(number, name)?;
        let keyword = format!("$P{number}E");
        let Some(value) = self.keywords.get(&keyword) else {
            return Err(FcsError::MissingKeyword { keyword, remedy: None });
        };
        let refuse = |problem: Text, remedy| FcsError::KeywordValue {
            keyword: keyword.clone(),
            value: value.to_owned(),
            problem,
            remedy,
        };
        let (decades, offset) = value
            .split_once(',')
            .and_then(|(decades, offset)| Some((finite(decades)?, finite(offset)?)))
            .ok_or_else(|| {
                refuse(
                    Text::new("two numbers, decades and offset, are needed", "須有兩個數字：對數級數與位移"),
                    None,
                )
            })?;
        if decades == 0.0 {
            if offset != 0.0 {
                self.judge.note(
                    format!("{keyword}={value}: 0 decades mean a linear channel"),
                    format!("{keyword}={value}：級數為 0 表示線性通道"),
                );
            }
            return Ok(ChannelScale::Linear { gain, time_step });
        }
        if decades < 0.0 || offset < 0.0 || range <= 0.0 {
            return Err(refuse(
                Text::new(
                    "decades, offset and range of a log channel must be positive",
                    "對數通道的級數、位移與範圍須為正數",
                ),
                None,
            ));
        }
        if matches!(data_type, DataType::Float | DataType::Double) {
            let tolerance = Tolerance::LogAmplificationOnFloats;
            if !self.judge.tolerate(tolerance) {
                return Err(refuse(
                    Text::new("floating-point data must have $PnE 0,0", "浮點資料的 $PnE 須為 0,0"),
                    Some(tolerance),
                ));
            }
            self.judge.note(
                format!("{keyword}={value} on floating-point data is not applied"),
                format!("浮點資料的 {keyword}={value} 未套用"),
            );
            return Ok(ChannelScale::Linear { gain, time_step });
        }
        if gain != 1.0 {
            self.judge.note(
                format!("$P{number}G is not applied to the log channel {name:?}"),
                format!("對數通道「{name}」不套用 $P{number}G"),
            );
        }
        let offset = if offset == 0.0 {
            self.judge.note(
                format!("{keyword}={value} is read as {decades},1, as FCS 3.1 advises"),
                format!("依 FCS 3.1 建議，{keyword}={value} 讀為 {decades},1"),
            );
            1.0
        } else {
            offset
        };
        Ok(ChannelScale::Log { decades, offset, range })
    }

    /// Time is counted, not amplified: instruments write a `$PnG` beside it that repeats `$TIMESTEP`
    /// (0.01 and 0.01) or the other channels' gain, and dividing by it would undo the step.
    fn gain_of(&mut self, number: u64, name: &str) -> Result<f64, FcsError> {
        let gain = self.gain(number)?;
        if gain == 1.0 || !is_time(name) {
            return Ok(gain);
        }
        self.judge.note(
            format!("$P{number}G={gain} is not applied to {name:?}: time is not amplified"),
            format!("$P{number}G={gain} 不套用於「{name}」：時間不經放大"),
        );
        Ok(1.0)
    }

    fn gain(&mut self, number: u64) -> Result<f64, FcsError> {
        let keyword = format!("$P{number}G");
        let Some(value) = self.keywords.get(&keyword) else {
            return Ok(1.0);
        };
        match finite(value) {
            Some(gain) if gain > 0.0 => Ok(gain),
            Some(0.0) => {
                self.judge.note(
                    format!("{keyword} is 0, which is no amplification; read as 1"),
                    format!("{keyword} 為 0，並非放大倍率，讀為 1"),
                );
                Ok(1.0)
            }
            _ => Err(FcsError::KeywordValue {
                keyword,
                value: value.to_owned(),
                problem: Text::new("a gain is a positive number", "增益須為正數"),
                remedy: None,
            }),
        }
    }

    /// `$TIMESTEP` turns the ticks of the channel called Time into seconds.
    fn time_step(&mut self, name: &str) -> Result<f64, FcsError> {
        let Some(value) = self.keywords.get("$TIMESTEP") else {
            return Ok(1.0);
        };
        if !is_time(name) || value.trim().is_empty() {
            return Ok(1.0);
        }
        if let Some(step) = finite(value).filter(|step| *step > 0.0) {
            return Ok(step);
        }
        if self.judge.tolerate(Tolerance::UnreadableTimeStep) {
            self.judge.note(
                format!("$TIMESTEP is {value:?}; the Time channel stays in ticks"),
                format!("$TIMESTEP 為「{value}」；時間通道維持原始刻度"),
            );
            return Ok(1.0);
        }
        Err(FcsError::KeywordValue {
            keyword: "$TIMESTEP".to_owned(),
            value: value.to_owned(),
            problem: Text::new("a time step is a positive number of seconds", "時間步長須為正的秒數"),
            remedy: Some(Tolerance::UnreadableTimeStep),
        })
    }
}

/// A name without the blanks and line ends programs pad it with. Other control characters stay: a form
/// feed is a usual delimiter, and an escaped one at a name's end belongs to the name.
fn without_blanks(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

/// The channel `$TIMESTEP` speaks of.
fn is_time(name: &str) -> bool {
    name.eq_ignore_ascii_case("time")
}

fn finite(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

fn data_type(keyword: &str, value: &str) -> Result<DataType, FcsError> {
    match value.trim().to_ascii_uppercase().as_str() {
        "I" => Ok(DataType::Integer),
        "F" => Ok(DataType::Float),
        "D" => Ok(DataType::Double),
        _ => Err(FcsError::Unsupported { keyword: keyword.to_owned(), value: value.to_owned() }),
    }
}

/// A required whole number that is not negative.
pub(crate) fn parse_number<T: std::str::FromStr>(keywords: &Keywords, keyword: &str) -> Result<T, FcsError> {
    let value = keywords.require(keyword)?;
    value.trim().parse().map_err(|_| FcsError::KeywordValue {
        keyword: keyword.to_owned(),
        value: value.to_owned(),
        problem: Text::new("a whole number that is not negative is needed", "須為不小於 0 的整數"),
        remedy: None,
    })
}

/// The range as a number, and for integers the mask it implies: values run
/// from 0 to range − 1, so the bits above the next power of two are not data.
fn range_and_mask(keyword: &str, text: &str, data_type: DataType, bits: u32) -> Result<(f64, u64), FcsError> {
    let refuse = |problem: Text| FcsError::KeywordValue {
        keyword: keyword.to_owned(),
        value: text.to_owned(),
        problem,
        remedy: None,
    };
    if data_type != DataType::Integer {
        let range =
            finite(text).ok_or_else(|| refuse(Text::new("the range is not a number", "範圍不是數字")))?;
        return Ok((range, 0));
    }
    let range: u128 = text.parse().map_err(|_| {
        refuse(Text::new(
            "the range of an integer channel is a positive whole number",
            "整數通道的範圍須為正整數",
        ))
    })?;
    if range == 0 {
        return Err(refuse(Text::new(
            "the range of an integer channel is a positive whole number",
            "整數通道的範圍須為正整數",
        )));
    }
    let width_mask = if bits >= 64 { u64::MAX } else { (1 << bits) - 1 };
    let range_mask = range.checked_next_power_of_two().map_or(u128::MAX, |power| power - 1);
    let range_mask = u64::try_from(range_mask).unwrap_or(u64::MAX);
    #[allow(clippy::cast_precision_loss)]
    Ok((range as f64, width_mask & range_mask))
}
