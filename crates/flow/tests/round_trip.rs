//! What is written reads back equal, for every type, width and byte order.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation
)]

use proptest::prelude::*;
use vena_flow::fcs::{
    ByteOrder, FcsVersion, ReadOptions, WriteChannel, WriteDataSet, WriteValues, read_fcs, read_fcs_from,
    write_fcs,
};
use vena_flow::{ChannelScale, Column};

fn version() -> impl Strategy<Value = FcsVersion> {
    prop_oneof![
        Just(FcsVersion::V2_0),
        Just(FcsVersion::V3_0),
        Just(FcsVersion::V3_1),
        Just(FcsVersion::V3_2)
    ]
}

fn plain_order() -> impl Strategy<Value = ByteOrder> {
    prop_oneof![Just(ByteOrder::Little), Just(ByteOrder::Big)]
}

fn name() -> impl Strategy<Value = String> {
    "[A-Za-z0-9/|\\\\ _-]{0,10}".prop_map(|tail| format!("c{tail}x"))
}

fn integers(bits: u32, events: usize) -> impl Strategy<Value = WriteChannel> {
    let top = if bits == 64 { u64::MAX } else { (1 << bits) - 1 };
    // A range anywhere up to 2^bits: what the mask leaves out is not data.
    let range = 1..=u128::from(top) + 1;
    (name(), range, prop::collection::vec(0..=top, events), prop::option::of(0.25f64..8.0), any::<bool>())
        .prop_map(move |(name, range, values, gain, log)| WriteChannel {
            name,
            stain: String::new(),
            bits,
            range,
            log_amplification: if log { (4.0, 1.0) } else { (0.0, 0.0) },
            gain: if log { None } else { gain },
            values: WriteValues::Integers(values),
        })
}

fn floats(events: usize) -> impl Strategy<Value = WriteChannel> {
    let values = prop::collection::vec(any::<f32>().prop_filter("finite", |value| value.is_finite()), events);
    (name(), values).prop_map(|(name, values)| real(name, 32, WriteValues::Floats(values)))
}

fn doubles(events: usize) -> impl Strategy<Value = WriteChannel> {
    let values = prop::collection::vec(any::<f64>().prop_filter("finite", |value| value.is_finite()), events);
    (name(), values).prop_map(|(name, values)| real(name, 64, WriteValues::Doubles(values)))
}

fn real(name: String, bits: u32, values: WriteValues) -> WriteChannel {
    WriteChannel {
        name,
        stain: "染色 stain".to_owned(),
        bits,
        range: 262_144,
        log_amplification: (0.0, 0.0),
        gain: None,
        values,
    }
}

/// Distinct names, whatever was drawn.
fn numbered(mut channels: Vec<WriteChannel>) -> Vec<WriteChannel> {
    for (number, channel) in channels.iter_mut().enumerate() {
        channel.name = format!("{}{number}", channel.name);
    }
    channels
}

fn data_set() -> impl Strategy<Value = WriteDataSet> {
    let channels = (0usize..40).prop_flat_map(|events| {
        let integer = (1u32..=64).prop_flat_map(move |bits| integers(bits, events));
        let whole_bytes = prop_oneof![Just(8u32), Just(16), Just(24), Just(32), Just(40), Just(64)]
            .prop_flat_map(move |bits| integers(bits, events));
        prop_oneof![
            prop::collection::vec(integer, 1..6),
            prop::collection::vec(whole_bytes, 1..6),
            prop::collection::vec(floats(events), 1..6),
            prop::collection::vec(doubles(events), 1..6),
        ]
    });
    let delimiter = prop_oneof![Just(b'/'), Just(b'|'), Just(b'\\'), Just(12u8)];
    (version(), plain_order(), delimiter, channels).prop_map(|(version, order, delimiter, channels)| {
        WriteDataSet {
            version,
            order,
            delimiter,
            channels: numbered(channels),
            keywords: vec![("COMMENT".to_owned(), "a/b|c\\d 說明".to_owned())],
        }
    })
}

/// The values the reader must give for a channel.
fn expected(channel: &WriteChannel) -> Vec<f64> {
    match &channel.values {
        WriteValues::Floats(values) => values.iter().map(|&value| f64::from(value)).collect(),
        WriteValues::Doubles(values) => values.clone(),
        WriteValues::Integers(values) => {
            let mask = channel.range.next_power_of_two() - 1;
            values.iter().map(|&value| (u128::from(value) & mask) as u64 as f64).collect()
        }
    }
}

fn values(column: &Column) -> Vec<f64> {
    (0..column.len()).map(|event| column.get(event).unwrap()).collect()
}

fn check(written: &[WriteDataSet]) {
    let bytes = write_fcs(written).unwrap();
    let file = read_fcs(&bytes, &ReadOptions::default()).unwrap_or_else(|error| panic!("{error}"));
    let streamed = read_fcs_from(std::io::Cursor::new(&bytes), &ReadOptions::default()).unwrap();
    assert_eq!(file.data_sets.len(), written.len());
    for ((read, streamed), wanted) in file.data_sets.iter().zip(&streamed.data_sets).zip(written) {
        assert_eq!(read.columns, streamed.columns);
        assert_eq!(read.version, wanted.version);
        assert_eq!(read.channels.len(), wanted.channels.len());
        for ((channel, column), wanted) in read.channels.iter().zip(&read.columns).zip(&wanted.channels) {
            assert_eq!(channel.name, wanted.name.trim());
            assert_eq!(channel.bits, wanted.bits);
            assert_eq!(values(column), expected(wanted), "{wanted:?}");
            match channel.scale {
                ChannelScale::Linear { gain, .. } => assert_eq!(gain, wanted.gain.unwrap_or(1.0)),
                ChannelScale::Log { decades, .. } => {
                    assert_eq!(decades, wanted.log_amplification.0)
                }
            }
        }
        assert_eq!(read.keywords.get("comment"), Some("a/b|c\\d 說明"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Row Q10. Writer and reader agree: types I, F and D, widths 1 to 64,
    /// masks from ranges, both byte orders, escaped delimiters.
    #[test]
    fn one_data_set(data_set in data_set()) {
        check(&[data_set]);
    }

    /// Row Q10. Several data sets in one file.
    #[test]
    fn several_data_sets(data_sets in prop::collection::vec(data_set(), 1..4)) {
        check(&data_sets);
    }

    /// Row Q10. Mixed byte orders of 16 and 32 bits, before FCS 3.1.
    #[test]
    fn mixed_byte_orders(
        (places, channels) in prop_oneof![Just(2usize), Just(4)].prop_flat_map(|bytes| (
            Just((0..bytes as u8).collect::<Vec<_>>()).prop_shuffle(),
            prop::collection::vec(integers(8 * bytes as u32, 7), 1..4),
        )),
    ) {
        let ascending = places.is_sorted();
        let descending = places.iter().rev().is_sorted();
        let order = if ascending { ByteOrder::Little } else if descending { ByteOrder::Big } else { ByteOrder::Mixed(places) };
        check(&[WriteDataSet {
            version: FcsVersion::V3_0,
            order,
            delimiter: b'!',
            channels: numbered(channels),
            keywords: vec![("COMMENT".to_owned(), "a/b|c\\d 說明".to_owned())],
        }]);
    }

    /// Row Q10. FCS 3.2: each channel its own type.
    #[test]
    fn mixed_types(order in plain_order(), (a, b, c) in (0usize..20).prop_flat_map(|events| (integers(16, events), floats(events), doubles(events)))) {
        check(&[WriteDataSet {
            version: FcsVersion::V3_2,
            order,
            delimiter: b'/',
            channels: numbered(vec![a, b, c]),
            keywords: vec![("COMMENT".to_owned(), "a/b|c\\d 說明".to_owned())],
        }]);
    }
}

/// Row Q10. Bit-packed values laid out by hand, so that writer and reader
/// cannot be wrong together: 10 and 6 bits, two events.
#[test]
fn packed_bits_by_hand() {
    // Big-endian: 1111111111 000001 | 0000000010 111111
    // Little-endian: least significant bit first inside each byte.
    for (order, data) in [("4,3,2,1", [0xff, 0xc1, 0x00, 0xbf]), ("1,2,3,4", [0xff, 0x07, 0x02, 0xfc])] {
        let text = format!(
            "/$BYTEORD/{order}/$DATATYPE/I/$MODE/L/$NEXTDATA/0/$PAR/2/$TOT/2/$P1N/A/$P1B/10/$P1R/1024/$P1E/0,0/$P2N/B/$P2B/6/$P2R/64/$P2E/0,0/"
        );
        let begin = 58 + text.len();
        let header =
            format!("FCS2.0    {:>8}{:>8}{:>8}{:>8}{:>8}{:>8}", 58, begin - 1, begin, begin + 3, 0, 0);
        let bytes = [header.as_bytes(), text.as_bytes(), &data].concat();
        let set = read_fcs(&bytes, &ReadOptions::default()).unwrap().data_sets.remove(0);
        assert_eq!(values(&set.columns[0]), [1023.0, 2.0], "{order}");
        assert_eq!(values(&set.columns[1]), [1.0, 63.0], "{order}");
    }
}

/// Row Q10. Data type A by hand: fixed widths, and values apart; what is no whole number is named, and a
/// count that does not fit is refused.
#[test]
fn digits_by_hand() {
    let file = |version: &str, first: &str, second: &str, total: usize, data: &str| {
        let text = format!(
            "/$BYTEORD/1,2,3,4/$DATATYPE/A/$MODE/L/$NEXTDATA/0/$PAR/2/$TOT/{total}/$P1N/A/$P1B/{first}/$P1R/1024/$P1E/4,1/$P2N/B/$P2B/{second}/$P2R/1024/$P2E/0,0/"
        );
        let begin = 58 + text.len();
        let end = begin + data.len() - 1;
        let header = format!("{version}    {:>8}{:>8}{begin:>8}{end:>8}{:>8}{:>8}", 58, begin - 1, 0, 0);
        [header, text, data.to_owned()].concat().into_bytes()
    };
    let read = |bytes: &[u8]| {
        let whole = read_fcs(bytes, &ReadOptions::default())?.data_sets.remove(0);
        let streamed = read_fcs_from(std::io::Cursor::new(bytes), &ReadOptions::default())?;
        assert_eq!(whole.columns, streamed.data_sets[0].columns);
        Ok::<_, vena_flow::fcs::FcsError>(whole)
    };
    let fixed = read(&file("FCS2.0", "3", "5", 3, "  1000070231023 512    9")).unwrap();
    assert_eq!(values(&fixed.columns[0]), [1.0, 23.0, 512.0]);
    assert_eq!(values(&fixed.columns[1]), [7.0, 1023.0, 9.0]);
    assert_eq!(fixed.scale_values(0).unwrap()[2], 100.0);
    let free = read(&file("FCS2.0", "*", "*", 3, "1,7\r\n23 \t1023, 512\n9\n")).unwrap();
    assert_eq!(free.columns, fixed.columns);
    let refusal = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
    assert!(refusal(&file("FCS2.0", "*", "*", 2, "1,7,-3,4")).contains("\"-3\""));
    assert!(refusal(&file("FCS2.0", "3", "5", 3, "  1000070231023 5x2    9")).contains("\"5x2\""));
    assert!(refusal(&file("FCS2.0", "*", "*", 3, "1,7,3,4")).contains("4 values"));
    assert!(refusal(&file("FCS2.0", "3", "5", 1_000_000_000, "1,7,3,4")).contains("DATA"));
    assert!(refusal(&file("FCS3.2", "*", "*", 2, "1,7,3,4")).contains("$DATATYPE"));
}
