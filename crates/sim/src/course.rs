//! The hidden course of one patient: what is true hour by hour, before anybody measures it. It speaks of
//! states (fever, one vasopressor, nasal cannula), never of grades.
//!
//! Incidences follow the handbook: CRS in 30 to nearly 100 % (severe in 10–30 %), onset day 1–14, lasting
//! 4–7 days; ICANS in 20–60 % (severe in 12–30 % of treated), onset day 4–10, about with or after CRS.

use crate::dice::Dice;

/// Circulation as it truly is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Circulation {
    /// No hypotension.
    Normal,
    /// Hypotension that fluids hold.
    Fluids,
    /// One vasopressor.
    OneVasopressor,
    /// One vasopressor and vasopressin.
    OneAndVasopressin,
    /// Two vasopressors, vasopressin not counted.
    TwoVasopressors,
}

/// Oxygen as it truly is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oxygen {
    /// Room air.
    RoomAir,
    /// Nasal cannula with this flow in L/min.
    Cannula(u8),
    /// A simple mask with this flow in L/min.
    Mask(u8),
    /// High-flow nasal cannula with this flow in L/min.
    HighFlow(u8),
    /// CPAP.
    Cpap,
    /// Intubated and ventilated.
    Ventilator,
}

/// The state in one hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hour {
    /// Body temperature at or above the fever line.
    pub fever: bool,
    /// The fever has another cause, which a clinician stated.
    pub other_cause: bool,
    /// Antipyretic, anticytokine or steroid was given since the onset.
    pub treated: bool,
    /// Circulation.
    pub circulation: Circulation,
    /// Oxygen.
    pub oxygen: Oxygen,
    /// Brain.
    pub brain: Brain,
}

/// The nervous system as it truly is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brain {
    /// ICE score 0–10 where it can be asked.
    pub ice: Option<u8>,
    /// 0 alert, 1 wakes by itself, 2 to voice, 3 to touch, 4 unarousable.
    pub arousal: u8,
    /// 0 none, 1 resolves rapidly, 2 prolonged.
    pub seizure: u8,
    /// Deep focal weakness.
    pub weakness: bool,
}

/// A brain without findings.
pub const CLEAR: Brain = Brain { ice: Some(10), arousal: 0, seizure: 0, weakness: false };

const QUIET: Hour = Hour {
    fever: false,
    other_cause: false,
    treated: false,
    circulation: Circulation::Normal,
    oxygen: Oxygen::RoomAir,
    brain: CLEAR,
};

/// A drug given: catalogue name, hour from infusion, hours it runs (0: a single dose), dose and unit.
#[derive(Debug, Clone)]
pub struct Dose {
    /// Catalogue id.
    pub drug: &'static str,
    /// Start, hours from the infusion.
    pub hour: f64,
    /// How long it runs, in hours; 0 for a single dose.
    pub hours: f64,
    /// The amount as written.
    pub amount: String,
    /// Its unit as written.
    pub unit: &'static str,
}

/// The hidden course.
#[derive(Debug, Clone)]
pub struct Course {
    /// The state of each hour from the infusion on, 30 days and a little.
    pub hours: Vec<Hour>,
    /// All drugs.
    pub doses: Vec<Dose>,
    /// Absolute neutrophil count of each day from day −10, /µL.
    pub anc: Vec<f64>,
    /// Severity of inflammation of each hour, 0 to 5, which drives CRP and ferritin.
    pub fire: Vec<f64>,
}

/// Days before the infusion for which counts are known.
pub const DAYS_BEFORE: i64 = 10;
const HOURS: usize = 24 * 32;

/// Draws a course.
pub fn course(dice: &mut Dice, weight_kg: f64) -> Course {
    let mut course = Course {
        hours: vec![QUIET; HOURS],
        doses: Vec::new(),
        anc: neutrophils(dice),
        fire: vec![0.0; HOURS],
    };
    let onset = dice.chance(0.75).then(|| release_of_cytokines(dice, &mut course, weight_kg));
    if dice.chance(0.38) {
        let (alone, behind) = (dice.whole(96, 240), dice.whole(12, 96));
        let from = onset.map_or(alone, |hour| hour + behind);
        neurotoxicity(dice, &mut course, usize::try_from(from).unwrap_or(96));
    }
    if dice.chance(0.12) {
        late_infection(dice, &mut course);
    }
    course
}

/// CRS: fever, then up to its peak, treatment, and down again. Returns the hour of onset.
fn release_of_cytokines(dice: &mut Dice, course: &mut Course, weight_kg: f64) -> i64 {
    let onset = ((72.0 * dice.normal(0.0, 0.6).exp()) as i64).clamp(8, 288);
    let peak = dice.weighted(&[0.45, 0.33, 0.15, 0.07]);
    let start = usize::try_from(onset).unwrap_or(72);
    let mut hour = start;
    let mut treated = false;
    let antipyretic = peak > 0 || dice.chance(0.85);
    for level in 0..=peak {
        let until = hour + usize::try_from(dice.whole(10, 26)).unwrap_or(12);
        let (circulation, oxygen) = state_of(dice, level);
        for h in hour..until {
            // Paracetamol an hour after the first fever, a dose after the observation.
            treated |= antipyretic && h > start;
            set(course, h, |s| {
                (s.fever, s.treated, s.circulation, s.oxygen) = (true, treated, circulation, oxygen)
            });
            heat(course, h, 1.0 + level as f64);
        }
        run_vasopressors(course, circulation, hour, until);
        hour = until;
    }
    if antipyretic {
        dose(course, "paracetamol", start as f64 + 0.9, 0.0, "500", "mg");
    }
    if peak > 0 {
        let amount = (weight_kg * if weight_kg >= 30.0 { 8.0 } else { 12.0 }).min(800.0).round();
        dose(course, "tocilizumab", hour as f64 - 5.5, 0.0, &format!("{amount}"), "mg");
        if peak > 1 {
            dose(course, "dexamethasone", hour as f64 - 4.5, 0.0, "10", "mg");
        }
    }
    // Down again: fever goes first after treatment, the circulation follows.
    for level in (0..peak).rev() {
        let until = hour + usize::try_from(dice.whole(8, 20)).unwrap_or(12);
        let (circulation, oxygen) = state_of(dice, level);
        for h in hour..until {
            set(course, h, |s| {
                (s.fever, s.treated, s.circulation, s.oxygen) = (false, true, circulation, oxygen)
            });
            heat(course, h, level as f64 + 0.5);
        }
        run_vasopressors(course, circulation, hour, until);
        hour = until;
    }
    for h in hour..HOURS {
        set(course, h, |s| s.treated = treated);
        heat(course, h, (1.5 - (h - hour) as f64 / 48.0).max(0.0));
    }
    onset
}

fn state_of(dice: &mut Dice, level: usize) -> (Circulation, Oxygen) {
    let cannula = Oxygen::Cannula(u8::try_from(dice.whole(1, 6)).unwrap_or(2));
    let mask = if dice.chance(0.5) {
        Oxygen::Mask(u8::try_from(dice.whole(6, 10)).unwrap_or(8))
    } else {
        Oxygen::HighFlow(u8::try_from(dice.whole(20, 50)).unwrap_or(30))
    };
    match level {
        0 => (Circulation::Normal, Oxygen::RoomAir),
        1 => match dice.whole(0, 2) {
            0 => (Circulation::Fluids, Oxygen::RoomAir),
            1 => (Circulation::Normal, cannula),
            _ => (Circulation::Fluids, cannula),
        },
        2 => match dice.whole(0, 2) {
            0 => (Circulation::OneVasopressor, cannula),
            1 => (Circulation::OneAndVasopressin, Oxygen::RoomAir),
            _ => (Circulation::Fluids, mask),
        },
        _ => match dice.whole(0, 2) {
            0 => (Circulation::TwoVasopressors, mask),
            1 => (Circulation::OneVasopressor, Oxygen::Ventilator),
            _ => (Circulation::Fluids, Oxygen::Cpap),
        },
    }
}

fn run_vasopressors(course: &mut Course, circulation: Circulation, from: usize, until: usize) {
    let running: &[&'static str] = match circulation {
        Circulation::Normal | Circulation::Fluids => &[],
        Circulation::OneVasopressor => &["norepinephrine"],
        Circulation::OneAndVasopressin => &["norepinephrine", "vasopressin"],
        Circulation::TwoVasopressors => &["norepinephrine", "epinephrine"],
    };
    for drug in running {
        let (amount, unit) = if *drug == "vasopressin" { ("0.03", "U/min") } else { ("0.1", "ug/kg/min") };
        dose(course, drug, from as f64, until as f64 - from as f64, amount, unit);
    }
}

/// ICANS: up to a peak in steps of half a day, and down again.
fn neurotoxicity(dice: &mut Dice, course: &mut Course, from: usize) {
    let peak = 1 + dice.weighted(&[0.42, 0.28, 0.2, 0.1]);
    let up: Vec<usize> = (1..=peak).collect();
    let down: Vec<usize> = (1..peak).rev().collect();
    let mut hour = from;
    for level in up.into_iter().chain(down) {
        let until = hour + usize::try_from(dice.whole(14, 40)).unwrap_or(24);
        let brain = brain_of(dice, level);
        for h in hour..until {
            set(course, h, |s| s.brain = brain);
        }
        hour = until;
    }
}

fn brain_of(dice: &mut Dice, level: usize) -> Brain {
    let score = |dice: &mut Dice, low, high| u8::try_from(dice.whole(low, high)).ok();
    match level {
        1 => Brain { ice: score(dice, 7, 9), arousal: u8::from(dice.chance(0.5)), ..CLEAR },
        2 => match dice.whole(0, 1) {
            0 => Brain { ice: score(dice, 3, 6), arousal: 0, ..CLEAR },
            _ => Brain { ice: score(dice, 3, 9), arousal: 2, ..CLEAR },
        },
        3 => match dice.whole(0, 2) {
            0 => Brain { ice: score(dice, 0, 2), arousal: 1, ..CLEAR },
            1 => Brain { ice: score(dice, 1, 4), arousal: 3, ..CLEAR },
            _ => Brain { ice: score(dice, 5, 9), arousal: 1, seizure: 1, ..CLEAR },
        },
        _ => match dice.whole(0, 2) {
            0 => Brain { ice: None, arousal: 4, ..CLEAR },
            1 => Brain { ice: score(dice, 0, 4), arousal: 3, seizure: 2, ..CLEAR },
            _ => Brain { ice: score(dice, 1, 6), arousal: 2, weakness: true, ..CLEAR },
        },
    }
}

/// A fever in the second half of the month that a clinician put down to an infection.
fn late_infection(dice: &mut Dice, course: &mut Course) {
    let from = usize::try_from(dice.whole(24 * 21, 24 * 27)).unwrap_or(504);
    for h in from..from + 36 {
        if course.hours.get(h).is_some_and(|s| s.circulation == Circulation::Normal && !s.fever) {
            set(course, h, |s| (s.fever, s.other_cause) = (true, true));
            heat(course, h, 1.5);
        }
    }
}

fn set(course: &mut Course, hour: usize, change: impl FnOnce(&mut Hour)) {
    if let Some(state) = course.hours.get_mut(hour) {
        change(state);
    }
}

fn heat(course: &mut Course, hour: usize, level: f64) {
    if let Some(fire) = course.fire.get_mut(hour) {
        *fire = fire.max(level);
    }
}

fn dose(course: &mut Course, drug: &'static str, hour: f64, hours: f64, amount: &str, unit: &'static str) {
    course.doses.push(Dose { drug, hour, hours, amount: amount.to_owned(), unit });
}

/// Neutrophils from day −10 to day 100: a nadir after lymphodepletion, then quick, intermittent or
/// aplastic recovery.
fn neutrophils(dice: &mut Dice) -> Vec<f64> {
    let start = dice.between(1_300.0, 4_500.0);
    let kind = dice.weighted(&[0.42, 0.38, 0.2]);
    let floor = [dice.between(120.0, 700.0), dice.between(30.0, 300.0), dice.between(5.0, 60.0)][kind];
    let bottom = dice.whole(4, 8);
    let length = [dice.whole(0, 5), dice.whole(4, 10), dice.whole(12, 30)][kind];
    let end = dice.between(1_200.0, 3_800.0);
    let second_dip = (kind == 1 && dice.chance(0.6)).then(|| (dice.whole(20, 26), dice.whole(3, 7)));
    (-DAYS_BEFORE..=100)
        .map(|day| {
            let level = if day < -5 {
                start
            } else if day < bottom {
                let share = (day + 5) as f64 / (bottom + 5) as f64;
                start * (floor / start).powf(share)
            } else if day <= bottom + length {
                floor
            } else {
                let share = ((day - bottom - length) as f64 / 14.0).min(1.0);
                floor * (end / floor).powf(share)
            };
            let dipped = second_dip.is_some_and(|(from, long)| (from..from + long).contains(&day));
            let level = if dipped { level.min(floor * 1.5) } else { level };
            (level * dice.normal(1.0, 0.08).clamp(0.7, 1.3) / 10.0).round().max(0.0) * 10.0
        })
        .collect()
}
