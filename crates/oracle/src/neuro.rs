//! The true grade of ICANS (Lee 2019, Tables 6–8; handbook Table 8), from the state of the brain.

use vena_sim::course::Brain;

/// The grade of an adult's or older child's brain, 0 to 4: the worst of its domains.
pub fn grade(brain: &Brain) -> u8 {
    let score = match brain.ice {
        // Could not be asked because nothing rouses the patient.
        None => 4,
        Some(10..) => 0,
        Some(7..=9) => 1,
        Some(3..=6) => 2,
        Some(1 | 2) => 3,
        Some(0) => {
            if brain.arousal >= 4 {
                4
            } else {
                3
            }
        }
    };
    score.max(others(brain))
}

/// The grade of a child under twelve, whose CAPD score follows the same brain: 0, 1–8, or 9 and more.
pub fn grade_child(brain: &Brain) -> u8 {
    let score = match brain.ice {
        None => 4,
        Some(10..) => 0,
        // 1–8 points: arousal decides between grade 1 and 2.
        Some(3..=9) => {
            if brain.arousal >= 2 {
                2
            } else {
                1
            }
        }
        Some(0..=2) => 3,
    };
    score.max(others(brain))
}

fn others(brain: &Brain) -> u8 {
    let seizure = match brain.seizure {
        0 => 0,
        1 => 3,
        _ => 4,
    };
    let weakness = if brain.weakness { 4 } else { 0 };
    brain.arousal.max(seizure).max(weakness)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vena_sim::course::CLEAR;

    /// Row X5.
    #[test]
    fn the_worst_domain_wins() {
        assert_eq!(grade(&CLEAR), 0);
        assert_eq!(grade(&Brain { ice: Some(9), ..CLEAR }), 1);
        assert_eq!(grade(&Brain { ice: Some(0), arousal: 1, ..CLEAR }), 3);
        assert_eq!(grade(&Brain { ice: None, arousal: 4, ..CLEAR }), 4);
        assert_eq!(grade(&Brain { ice: Some(8), seizure: 1, ..CLEAR }), 3);
        assert_eq!(grade_child(&Brain { ice: Some(4), arousal: 2, ..CLEAR }), 2);
    }
}
