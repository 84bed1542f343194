//! The true grade of cytokine release syndrome (Lee 2019, Table 2; handbook Table 7), from the state.

use vena_sim::course::{Circulation, Hour, Oxygen};

/// The grade of a state, 0 to 4.
///
/// Fever of another cause does not count. Before treatment fever is needed; after it the grade rests on
/// circulation and oxygen, and fever alone is still grade 1.
pub fn grade(state: &Hour) -> u8 {
    let fever = state.fever && !state.other_cause;
    let circulation = match state.circulation {
        Circulation::Normal => 0,
        Circulation::Fluids => 2,
        // Vasopressin beside one vasopressor does not make it several.
        Circulation::OneVasopressor | Circulation::OneAndVasopressin => 3,
        Circulation::TwoVasopressors => 4,
    };
    let oxygen = match state.oxygen {
        Oxygen::RoomAir => 0,
        Oxygen::Cannula(0..=6) => 2,
        Oxygen::Cannula(_) | Oxygen::Mask(_) | Oxygen::HighFlow(_) => 3,
        Oxygen::Cpap | Oxygen::Ventilator => 4,
    };
    if !fever && !state.treated {
        return 0;
    }
    let organ = circulation.max(oxygen);
    if fever { organ.max(1) } else { organ }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vena_sim::course::CLEAR;

    const STATE: Hour = Hour {
        fever: true,
        other_cause: false,
        treated: false,
        circulation: Circulation::Normal,
        oxygen: Oxygen::RoomAir,
        brain: CLEAR,
    };

    /// Row X2.
    #[test]
    fn the_table_read_a_second_time() {
        assert_eq!(grade(&STATE), 1);
        assert_eq!(grade(&Hour { circulation: Circulation::Fluids, ..STATE }), 2);
        assert_eq!(grade(&Hour { oxygen: Oxygen::Cannula(6), ..STATE }), 2);
        assert_eq!(grade(&Hour { circulation: Circulation::OneAndVasopressin, ..STATE }), 3);
        assert_eq!(grade(&Hour { circulation: Circulation::TwoVasopressors, ..STATE }), 4);
        assert_eq!(
            grade(&Hour { fever: false, treated: true, circulation: Circulation::Fluids, ..STATE }),
            2
        );
        assert_eq!(grade(&Hour { other_cause: true, ..STATE }), 0);
    }
}
