//! The CRC word that may follow a data set. The standard names the polynomial
//! (CCITT) and neither the start value nor how the sum is written, so a word
//! that no reading confirms is said, and refuses nothing.

use super::error::FcsError;
use super::source::Source;
use crate::tolerance::Judge;

const WORD_BYTES: u64 = 8;
const PIECE_BYTES: u64 = 1 << 20;

/// Looks for a CRC word after byte `last` (from the start of the data set) and
/// before `end` (from the start of the file), and notes whether it agrees.
pub(super) fn check(
    source: &mut impl Source,
    at: u64,
    last: u64,
    end: u64,
    judge: &mut Judge<'_>,
) -> Result<(), FcsError> {
    let begin = at.saturating_add(last).saturating_add(1);
    if begin.saturating_add(WORD_BYTES) > end {
        return Ok(());
    }
    let word = String::from_utf8_lossy(&source.range(begin, WORD_BYTES)?).into_owned();
    let digits = word.trim();
    let written = digits.bytes().all(|byte| byte.is_ascii_hexdigit()) && !digits.is_empty();
    // Eight zeros: not computed. Anything else that is no number is not a CRC word.
    if !written || digits.bytes().all(|byte| byte == b'0') {
        return Ok(());
    }
    let sums = sums(source, at, begin)?;
    let readings = [digits.parse::<u32>().ok(), u32::from_str_radix(digits, 16).ok()];
    let agrees =
        readings.into_iter().flatten().any(|reading| sums.iter().any(|sum| u32::from(*sum) == reading));
    if agrees {
        judge.note(format!("the CRC word {digits} agrees"), format!("CRC 字組 {digits} 相符"));
    } else {
        judge.note(
            format!(
                "the CRC word {digits} agrees with no reading of the standard; the file may have been changed"
            ),
            format!("CRC 字組 {digits} 與標準的任何讀法皆不符；檔案可能曾被更改"),
        );
    }
    Ok(())
}

/// CRC-16 of the bytes `from..to` with the CCITT polynomial: starting at 0 and at
/// 0xFFFF, and the reflected form of both.
fn sums(source: &mut impl Source, from: u64, to: u64) -> Result<[u16; 4], FcsError> {
    let (plain, reflected) = (plain_table(), reflected_table());
    let mut sums = [0u16, 0xffff, 0, 0xffff];
    let mut at = from;
    while at < to {
        let piece = source.range(at, PIECE_BYTES.min(to - at))?;
        if piece.is_empty() {
            break;
        }
        for &byte in piece.iter() {
            for (index, sum) in sums.iter_mut().enumerate() {
                *sum = if index < 2 {
                    (*sum << 8) ^ plain[usize::from((*sum >> 8) as u8 ^ byte)]
                } else {
                    (*sum >> 8) ^ reflected[usize::from((*sum as u8) ^ byte)]
                };
            }
        }
        at += piece.len() as u64;
    }
    // X.25 inverts its result.
    sums[3] = !sums[3];
    Ok(sums)
}

fn plain_table() -> [u16; 256] {
    std::array::from_fn(|index| {
        (0..8).fold(
            (index as u16) << 8,
            |sum, _| if sum & 0x8000 == 0 { sum << 1 } else { (sum << 1) ^ 0x1021 },
        )
    })
}

fn reflected_table() -> [u16; 256] {
    std::array::from_fn(|index| {
        (0..8).fold(index as u16, |sum, _| if sum & 1 == 0 { sum >> 1 } else { (sum >> 1) ^ 0x8408 })
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::fcs::source::SliceSource;

    /// Row Q10. The catalogue's check values of "123456789": XMODEM 31C3, CCITT-FALSE 29B1, KERMIT 2189,
    /// X.25 906E.
    #[test]
    fn check_values_of_the_catalogue() {
        let sums = sums(&mut SliceSource(b"123456789"), 0, 9).unwrap();
        assert_eq!(sums, [0x31c3, 0x29b1, 0x2189, 0x906e]);
    }
}
