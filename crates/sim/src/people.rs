//! Synthetic people. Names are put together at random and marked; record numbers begin with SYN.

use crate::dice::Dice;
use jiff::{ToSpan, civil::Date};

/// A person who does not exist.
#[derive(Debug, Clone)]
pub struct Person {
    /// Name in Chinese characters.
    pub name_chinese: String,
    /// Name in Latin letters, family name first.
    pub name_latin: String,
    /// The record number, beginning with `SYN-`.
    pub record_number: String,
    /// Date of birth.
    pub birth_date: Date,
    /// `female` or `male`.
    pub sex: &'static str,
    /// Body weight in kg, one decimal.
    pub weight_kg: f64,
    /// Body height in cm.
    pub height_cm: f64,
    /// Allergies in words; empty: none known.
    pub allergy: &'static str,
    /// Catalogue answer of `diagnosis`.
    pub diagnosis: &'static str,
}

const FAMILY: [(&str, &str); 16] = [
    ("陳", "Chen"),
    ("林", "Lin"),
    ("黃", "Huang"),
    ("張", "Chang"),
    ("李", "Lee"),
    ("王", "Wang"),
    ("吳", "Wu"),
    ("劉", "Liu"),
    ("蔡", "Tsai"),
    ("楊", "Yang"),
    ("許", "Hsu"),
    ("鄭", "Cheng"),
    ("謝", "Hsieh"),
    ("洪", "Hung"),
    ("郭", "Kuo"),
    ("邱", "Chiu"),
];
const FIRST: [(&str, &str); 14] = [
    ("昱", "Yu"),
    ("明", "Ming"),
    ("承", "Cheng"),
    ("佩", "Pei"),
    ("冠", "Kuan"),
    ("淑", "Shu"),
    ("麗", "Li"),
    ("皓", "Hao"),
    ("巧", "Chiao"),
    ("志", "Chih"),
    ("雅", "Ya"),
    ("宗", "Tsung"),
    ("心", "Hsin"),
    ("家", "Chia"),
];
const SECOND: [(&str, &str); 14] = [
    ("安", "An"),
    ("德", "Te"),
    ("恩", "En"),
    ("珊", "Shan"),
    ("宇", "Yu"),
    ("芬", "Fen"),
    ("珠", "Chu"),
    ("維", "Wei"),
    ("玲", "Ling"),
    ("豪", "Hao"),
    ("婷", "Ting"),
    ("翰", "Han"),
    ("怡", "Yi"),
    ("瑜", "Yu"),
];

/// A person of a programme, as old on the day of infusion as the disease makes likely.
pub fn person(dice: &mut Dice, number: u64, infusion: Date) -> Person {
    let (family, family_latin) = dice.pick(&FAMILY, FAMILY[0]);
    let (first, first_latin) = dice.pick(&FIRST, FIRST[0]);
    let (second, second_latin) = dice.pick(&SECOND, SECOND[0]);
    let diagnosis =
        ["b-all", "dlbcl", "fl"].get(dice.weighted(&[0.35, 0.5, 0.15])).copied().unwrap_or("dlbcl");
    let years = if diagnosis == "b-all" { dice.between(4.0, 25.5) } else { dice.between(28.0, 79.0) };
    let birth_date = infusion.checked_sub(((years * 365.25) as i64).days()).unwrap_or(infusion);
    let (weight_kg, height_cm) = if years < 16.0 {
        (9.0 + 3.1 * years + dice.normal(0.0, 2.0), 75.0 + 5.8 * years + dice.normal(0.0, 4.0))
    } else {
        (dice.normal(64.0, 10.0), dice.normal(165.0, 8.0))
    };
    Person {
        name_chinese: format!("{family}{first}{second}"),
        name_latin: format!("{family_latin}, {first_latin}-{second_latin}"),
        record_number: format!("SYN-{number:06}"),
        birth_date,
        sex: if dice.chance(0.5) { "female" } else { "male" },
        weight_kg: (weight_kg.clamp(12.0, 118.0) * 10.0).round() / 10.0,
        height_cm: height_cm.clamp(80.0, 195.0).round(),
        allergy: if dice.chance(0.15) { "Penicillin" } else { "" },
        diagnosis,
    }
}
