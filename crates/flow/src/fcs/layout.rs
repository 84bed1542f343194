//! Where each channel's value lies inside an event, and how blocks of events
//! become columns. Knows no keyword and no file.

use vena_base::Text;

use super::channel::{ByteOrder, Channel, DataType};
use super::error::FcsError;
use crate::events::{ColumnPart, Matrix, Width};

/// One channel inside an event.
#[derive(Debug, Clone)]
struct Field {
    /// Bits from the start of the event.
    bit_offset: usize,
    bits: usize,
    data_type: DataType,
    mask: u64,
}

/// The shape of one event.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    fields: Vec<Field>,
    order: ByteOrder,
    event_bits: usize,
    byte_aligned: bool,
    /// Every value is as wide as every other: events are rows of whole words.
    same_width: bool,
}

impl Layout {
    /// Lays the channels out one after another, without padding.
    pub(crate) fn new(channels: &[Channel], order: &ByteOrder) -> Result<Self, FcsError> {
        let mut fields = Vec::with_capacity(channels.len());
        let mut event_bits = 0usize;
        for (index, channel) in channels.iter().enumerate() {
            let bits = channel.bits as usize;
            if let ByteOrder::Mixed(places) = order
                && bits != places.len() * 8
                && bits != 8
            {
                return Err(FcsError::KeywordValue {
                    keyword: format!("$P{}B", index + 1),
                    value: channel.bits.to_string(),
                    problem: Text::new(
                        "a mixed $BYTEORD must name as many bytes as each value has",
                        "混合的 $BYTEORD 須列出每個值的所有位元組",
                    ),
                    remedy: None,
                });
            }
            fields.push(Field {
                bit_offset: event_bits,
                bits,
                data_type: channel.data_type,
                mask: channel.mask,
            });
            event_bits += bits;
        }
        let byte_aligned = fields.iter().all(|field| field.bits % 8 == 0);
        let same_width =
            fields.windows(2).all(|pair| pair.iter().all(|f| Some(f.bits) == pair.first().map(|p| p.bits)));
        Ok(Self { fields, order: order.clone(), event_bits, byte_aligned, same_width })
    }

    /// Bits of one event.
    pub(crate) fn event_bits(&self) -> usize {
        self.event_bits
    }

    /// Zeroed columns for so many events.
    pub(crate) fn matrix(&self, events: usize) -> std::io::Result<Matrix> {
        const EXACT_IN_SINGLE: u64 = 1 << 24;
        let width = |field: &Field| match field.data_type {
            DataType::Float => Width::Single,
            DataType::Integer if field.mask < EXACT_IN_SINGLE => Width::Single,
            DataType::Integer | DataType::Double | DataType::Ascii => Width::Double,
        };
        Matrix::zeroed(&self.fields.iter().map(width).collect::<Vec<_>>(), events)
    }

    /// Decodes the events in `block` (which begins at an event's first bit)
    /// into the parts, one per channel, from row `first` of them on. Returns
    /// false when a value is not finite.
    pub(crate) fn decode(&self, block: &[u8], parts: &mut [ColumnPart<'_>], first: usize) -> bool {
        if self.byte_aligned {
            self.decode_bytes(block, parts, first)
        } else {
            self.decode_bits(block, parts, first)
        }
    }

    /// Tiles of events that stay in the first-level cache while each channel
    /// in turn is picked out of them. They are small, so that memory fetches
    /// the next tile while the later channels of this one are picked.
    fn decode_bytes(&self, block: &[u8], parts: &mut [ColumnPart<'_>], first: usize) -> bool {
        const TILE_BYTES: usize = 6 << 10;
        let stride = (self.event_bits / 8).max(1);
        let rows = (TILE_BYTES / stride).max(1);
        let channels = if self.same_width { self.fields.len() } else { 0 };
        let mut finite = true;
        for (tile_index, tile) in block.chunks(rows * stride).enumerate() {
            for (index, (field, part)) in self.fields.iter().zip(parts.iter_mut()).enumerate() {
                let mut part = part.tile(first + tile_index * rows, rows);
                let place = Place { index, channels, stride, at: field.bit_offset / 8 };
                decode_field(field, &self.order, tile, place, &mut part);
                // Integers are finite; the others are looked at once they stand side by side.
                finite &= field.data_type == DataType::Integer || part.all_finite();
            }
        }
        finite
    }

    fn decode_bits(&self, block: &[u8], parts: &mut [ColumnPart<'_>], first: usize) -> bool {
        let big = self.order == ByteOrder::Big;
        let rows = block.len() * 8 / self.event_bits.max(1);
        let mut finite = true;
        for (field, part) in self.fields.iter().zip(parts.iter_mut()) {
            let value_at = |row: usize| {
                let raw = read_bits(block, row * self.event_bits + field.bit_offset, field.bits, big);
                from_raw(field, raw)
            };
            match part.tile(first, rows) {
                ColumnPart::Single(values) => {
                    for (row, to) in values.iter_mut().enumerate() {
                        #[allow(clippy::cast_possible_truncation)]
                        {
                            *to = value_at(row) as f32;
                        }
                        finite &= to.is_finite();
                    }
                }
                ColumnPart::Double(values) => {
                    for (row, to) in values.iter_mut().enumerate() {
                        *to = value_at(row);
                        finite &= to.is_finite();
                    }
                }
            }
        }
        finite
    }
}

/// A value from its bits.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
fn from_raw(field: &Field, raw: u64) -> f64 {
    match field.data_type {
        // Data of type A is never in bits; see `super::ascii`.
        DataType::Integer | DataType::Ascii => (raw & field.mask) as f64,
        DataType::Float => f64::from(f32::from_bits(raw as u32)),
        DataType::Double => f64::from_bits(raw),
    }
}

/// Bits from a stream: most significant first when values are big-endian,
/// least significant first when little-endian. For whole bytes both agree with
/// the byte order.
fn read_bits(block: &[u8], at: usize, bits: usize, big: bool) -> u64 {
    let first = at / 8;
    let last = (at + bits).div_ceil(8);
    let bytes = block.get(first..last).unwrap_or_default();
    let skipped = at % 8;
    let mut gathered = 0u128;
    if big {
        for &byte in bytes {
            gathered = (gathered << 8) | u128::from(byte);
        }
        gathered >>= (bytes.len() * 8).saturating_sub(skipped + bits);
    } else {
        for &byte in bytes.iter().rev() {
            gathered = (gathered << 8) | u128::from(byte);
        }
        gathered >>= skipped;
    }
    #[allow(clippy::cast_possible_truncation)]
    let low = gathered as u64;
    if bits >= 64 { low } else { low & ((1 << bits) - 1) }
}

/// Where one channel's values lie in a tile of events.
#[derive(Clone, Copy)]
struct Place {
    /// Number of the channel.
    index: usize,
    /// Channels, when all are equally wide; else 0.
    channels: usize,
    /// Bytes of one event.
    stride: usize,
    /// First byte of the value inside its event.
    at: usize,
}

/// Picks one channel out of a tile of events.
#[allow(clippy::cast_precision_loss)]
fn decode_field(field: &Field, order: &ByteOrder, tile: &[u8], place: Place, part: &mut ColumnPart<'_>) {
    let mask = field.mask;
    match (part, field.data_type, order, field.bits / 8) {
        (ColumnPart::Single(to), DataType::Float, ByteOrder::Little, _) => {
            pick(to, tile, place, f32::from_le_bytes);
        }
        (ColumnPart::Single(to), DataType::Float, ByteOrder::Big, _) => {
            pick(to, tile, place, f32::from_be_bytes);
        }
        (ColumnPart::Double(to), DataType::Double, ByteOrder::Little, _) => {
            pick(to, tile, place, f64::from_le_bytes);
        }
        (ColumnPart::Double(to), DataType::Double, ByteOrder::Big, _) => {
            pick(to, tile, place, f64::from_be_bytes);
        }
        (ColumnPart::Single(to), DataType::Integer, _, 1) => {
            pick(to, tile, place, |raw: [u8; 1]| f32::from(raw[0] & (mask & 0xff) as u8));
        }
        (ColumnPart::Single(to), DataType::Integer, ByteOrder::Little, 2) => {
            pick(to, tile, place, |raw| f32::from(u16::from_le_bytes(raw) & (mask & 0xffff) as u16));
        }
        (ColumnPart::Single(to), DataType::Integer, ByteOrder::Big, 2) => {
            pick(to, tile, place, |raw| f32::from(u16::from_be_bytes(raw) & (mask & 0xffff) as u16));
        }
        (ColumnPart::Single(to), DataType::Integer, ByteOrder::Little, 4) => {
            pick(to, tile, place, |raw| (u32::from_le_bytes(raw) & (mask & 0xffff_ffff) as u32) as f32);
        }
        (ColumnPart::Single(to), DataType::Integer, ByteOrder::Big, 4) => {
            pick(to, tile, place, |raw| (u32::from_be_bytes(raw) & (mask & 0xffff_ffff) as u32) as f32);
        }
        (part, ..) => decode_any(field, order, tile, place, part),
    }
}

fn pick<T, const N: usize>(to: &mut [T], tile: &[u8], place: Place, convert: impl Fn([u8; N]) -> T) {
    let Place { index, channels, stride, at } = place;
    if index < channels && channels * N == stride {
        // Rows of whole words: with the row's length known, no value is checked against its bounds.
        let words = tile.as_chunks::<N>().0;
        for (to, row) in to.iter_mut().zip(words.chunks_exact(channels)) {
            if let Some(raw) = row.get(index) {
                *to = convert(*raw);
            }
        }
        return;
    }
    for (to, row) in to.iter_mut().zip(tile.chunks_exact(stride)) {
        if let Some(raw) = row.get(at..at + N).and_then(|raw| raw.first_chunk::<N>()) {
            *to = convert(*raw);
        }
    }
}

/// The rare shapes: 24, 40, 48, 56 and 64-bit integers and mixed byte orders.
fn decode_any(field: &Field, order: &ByteOrder, tile: &[u8], place: Place, part: &mut ColumnPart<'_>) {
    let Place { stride, at, .. } = place;
    let bytes = field.bits / 8;
    let value = |row: &[u8]| {
        let raw = row.get(at..at + bytes).unwrap_or_default();
        from_raw(field, assemble(raw, order))
    };
    match part {
        ColumnPart::Single(to) => {
            for (to, row) in to.iter_mut().zip(tile.chunks_exact(stride)) {
                #[allow(clippy::cast_possible_truncation)]
                {
                    *to = value(row) as f32;
                }
            }
        }
        ColumnPart::Double(to) => {
            for (to, row) in to.iter_mut().zip(tile.chunks_exact(stride)) {
                *to = value(row);
            }
        }
    }
}

fn assemble(raw: &[u8], order: &ByteOrder) -> u64 {
    let shifted = |significance: usize, byte: u8| u64::from(byte) << (8 * significance.min(7));
    match order {
        ByteOrder::Little => raw.iter().enumerate().map(|(place, &byte)| shifted(place, byte)).sum(),
        ByteOrder::Big => raw.iter().rev().enumerate().map(|(place, &byte)| shifted(place, byte)).sum(),
        ByteOrder::Mixed(_) if raw.len() == 1 => raw.iter().map(|&byte| u64::from(byte)).sum(),
        ByteOrder::Mixed(places) => {
            raw.iter().zip(places).map(|(&byte, &place)| shifted(place.into(), byte)).sum()
        }
    }
}
