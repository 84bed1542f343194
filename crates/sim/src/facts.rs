//! What a ward writes down of a hidden course: vital signs, statements, examinations, laboratory values
//! and drugs, with the gaps a ward leaves. Knows no grade.

use crate::course::{Brain, Circulation, Course, DAYS_BEFORE, Hour, Oxygen};
use crate::dice::Dice;
use crate::people::Person;
use jiff::{Timestamp, ToSpan};
use vena_base::{Answer, Bound, Concept, Decimal, Fact, Quantity, Stamp, Value, When, Zone};

/// Facts and the moments at which all is known.
pub struct Written {
    /// By time.
    pub facts: Vec<Fact>,
    /// Just after each full set; `true` with the neurological examination.
    pub checks: Vec<(Timestamp, bool)>,
}

pub(crate) struct Pen<'a> {
    pub(crate) zone: &'a Zone,
    pub(crate) facts: Vec<Fact>,
}

impl Pen<'_> {
    fn add(&mut self, concept: &'static str, value: Value, at: Timestamp) -> Option<&mut Fact> {
        let stamp = Stamp::in_zone(at, self.zone);
        let mut fact = Fact::new(Concept::known(concept), value, When::Instant(stamp));
        fact.recorded = Some(stamp);
        self.facts.push(fact);
        self.facts.last_mut()
    }

    pub(crate) fn number(
        &mut self,
        concept: &'static str,
        value: f64,
        decimals: usize,
        unit: &'static str,
        at: Timestamp,
    ) {
        let written = format!("{value:.decimals$}");
        if let Some(quantity) = quantity(&written, unit, unit) {
            self.add(concept, Value::Quantity(quantity), at);
        }
    }

    fn say(&mut self, concept: &'static str, answer: &'static str, at: Timestamp) {
        self.add(concept, Value::Answer(Answer::known(answer)), at);
    }
}

fn quantity(written: &str, unit: &'static str, canonical: &str) -> Option<Quantity> {
    let decimal = Decimal::parse(written).ok()?;
    Quantity::new(decimal, unit, canonical, Bound::Exact, None).ok()
}

pub(crate) fn after(start: Timestamp, minutes: i64) -> Timestamp {
    start.checked_add(minutes.minutes()).unwrap_or(start)
}

/// Writes down a course.
pub fn written(
    dice: &mut Dice,
    person: &Person,
    course: &Course,
    infusion: Timestamp,
    zone: &Zone,
) -> Written {
    let mut pen = Pen { zone, facts: Vec::new() };
    let mut checks = Vec::new();
    who(&mut pen, person, infusion);
    observations(dice, &mut pen, person, course, infusion, &mut checks);
    drugs(&mut pen, course, infusion);
    laboratory(dice, &mut pen, course, infusion);
    let Pen { mut facts, .. } = pen;
    facts.sort_by_key(|fact| fact.when.earliest(zone));
    Written { facts, checks }
}

fn who(pen: &mut Pen<'_>, person: &Person, infusion: Timestamp) {
    let before = after(infusion, -14 * 24 * 60);
    pen.add("birth-date", Value::Moment(When::Date(person.birth_date)), before);
    pen.say("sex", person.sex, before);
    pen.say("diagnosis", person.diagnosis, before);
    pen.number("body-weight", person.weight_kg, 1, "kg", before);
    pen.number("body-height", person.height_cm, 0, "cm", before);
    if let Some(fact) = pen.add("lymphodepletion", Value::Happened, after(infusion, -5 * 24 * 60)) {
        let end = Stamp::in_zone(after(infusion, -3 * 24 * 60), &Zone::utc());
        fact.until = Some(When::Instant(end));
    }
    pen.add("infusion", Value::Answer(Answer::known("tisagenlecleucel")), infusion);
}

/// Every four hours while ill, every eight otherwise, once a day from day 15 on.
fn observations(
    dice: &mut Dice,
    pen: &mut Pen<'_>,
    person: &Person,
    course: &Course,
    infusion: Timestamp,
    checks: &mut Vec<(Timestamp, bool)>,
) {
    let child = pen.zone.day_of(infusion).checked_sub(12.years()).is_ok_and(|d| d < person.birth_date);
    for (hour, state) in course.hours.iter().enumerate().filter(|(h, _)| *h <= 30 * 24) {
        let ill = course.fire.get(hour).is_some_and(|f| *f >= 0.9) || state.brain != crate::course::CLEAR;
        let every = if ill {
            4
        } else if hour < 15 * 24 {
            8
        } else {
            24
        };
        if hour % every != 2 {
            continue;
        }
        // Away from the full hour, on which states change and drugs start.
        let at = after(infusion, hour as i64 * 60 + 20);
        vital_signs(dice, pen, state, at);
        let examined = hour % 8 == 2;
        if examined {
            examination(dice, pen, state.brain, child, at);
        }
        checks.push((after(at, 2), examined));
    }
}

fn vital_signs(dice: &mut Dice, pen: &mut Pen<'_>, state: &Hour, at: Timestamp) {
    let low = state.circulation != Circulation::Normal;
    let temperature = if state.fever {
        dice.normal(38.9, 0.5).clamp(38.0, 41.0)
    } else {
        dice.normal(36.9, 0.3).clamp(35.6, 37.9)
    };
    pen.number("body-temperature", temperature, 1, "Cel", at);
    let systolic = if low {
        dice.normal(84.0, 5.0).clamp(62.0, 96.0)
    } else {
        dice.normal(118.0, 9.0).clamp(96.0, 160.0)
    };
    pen.number("systolic-pressure", systolic, 0, "mm[Hg]", at);
    pen.number("diastolic-pressure", systolic * 0.62, 0, "mm[Hg]", at);
    let rate = if state.fever { dice.normal(112.0, 10.0) } else { dice.normal(82.0, 8.0) };
    pen.number("heart-rate", rate.clamp(48.0, 170.0), 0, "/min", at);
    let saturation =
        if state.oxygen == Oxygen::RoomAir { dice.normal(97.0, 1.0) } else { dice.normal(94.0, 1.2) };
    pen.number("oxygen-saturation", saturation.clamp(86.0, 100.0), 0, "%", at);
    let (device, flow) = match state.oxygen {
        Oxygen::RoomAir => ("none", None),
        Oxygen::Cannula(flow) => ("nasal-cannula", Some(flow)),
        Oxygen::Mask(flow) => ("simple-mask", Some(flow)),
        Oxygen::HighFlow(flow) => ("high-flow-nasal-cannula", Some(flow)),
        Oxygen::Cpap => ("cpap", None),
        Oxygen::Ventilator => ("ventilator", None),
    };
    pen.say("oxygen-device", device, at);
    if let Some(flow) = flow {
        pen.number("oxygen-flow", f64::from(flow), 0, "L/min", at);
    }
    let statement = match state.circulation {
        Circulation::Normal => "none",
        Circulation::Fluids => "no-vasopressor",
        Circulation::OneVasopressor | Circulation::OneAndVasopressin => "vasopressor-required",
        Circulation::TwoVasopressors => "several-vasopressors",
    };
    pen.say("hypotension", statement, at);
    if state.other_cause {
        pen.say("other-cause-of-fever", "present", at);
    }
}

/// Children under twelve are examined with the CAPD; its score follows the same brain.
fn examination(dice: &mut Dice, pen: &mut Pen<'_>, brain: Brain, child: bool, at: Timestamp) {
    let arousal = ["alert", "awakens-spontaneously", "awakens-to-voice", "awakens-to-touch", "unarousable"];
    let score = if child { "capd-score" } else { "ice-score" };
    match brain.ice {
        None => {
            pen.add(score, Value::NotAssessed("unarousable".into()), at);
        }
        Some(ice) => {
            let value = if child { child_score(dice, ice) } else { f64::from(ice) };
            pen.number(score, value, 0, "{score}", at);
        }
    }
    pen.say(
        "level-of-consciousness",
        arousal.get(usize::from(brain.arousal)).copied().unwrap_or("alert"),
        at,
    );
    pen.say(
        "seizure",
        ["none", "rapidly-resolving", "prolonged"].get(usize::from(brain.seizure)).copied().unwrap_or("none"),
        at,
    );
    pen.say("motor", if brain.weakness { "deep-focal-weakness" } else { "none" }, at);
    pen.say("raised-icp-signs", "none", at);
}

/// A CAPD score that goes with a brain which would score `ice`.
fn child_score(dice: &mut Dice, ice: u8) -> f64 {
    match ice {
        10 => 0.0,
        3..=9 => dice.whole(1, 8) as f64,
        _ => dice.whole(9, 24) as f64,
    }
}

fn drugs(pen: &mut Pen<'_>, course: &Course, infusion: Timestamp) {
    for dose in &course.doses {
        let start = after(infusion, (dose.hour * 60.0) as i64);
        let zone = pen.zone.clone();
        let value = quantity(&dose.amount, dose.unit, dose.unit).map_or(Value::Happened, Value::Quantity);
        if let Some(fact) = pen.add(dose.drug, value, start) {
            fact.route = Some("IV".into());
            if dose.hours > 0.0 {
                let end = after(start, (dose.hours * 60.0) as i64);
                fact.until = Some(When::Instant(Stamp::in_zone(end, &zone)));
            }
        }
    }
}

/// A blood count each morning to day 21 (some missing), then twice a week, weekly after day 30.
fn laboratory(dice: &mut Dice, pen: &mut Pen<'_>, course: &Course, infusion: Timestamp) {
    let platelets = dice.between(60.0, 260.0);
    let haemoglobin = dice.between(8.0, 12.8);
    let ferritin = dice.between(150.0, 1_600.0);
    let silent_from = dice.chance(0.06).then(|| dice.whole(12, 18));
    for day in -6_i64..=100 {
        let due = match day {
            ..=21 => !dice.chance(0.05),
            22..=30 => day % 3 == 0,
            _ => day % 7 == 0,
        };
        let silent = silent_from.is_some_and(|from| (from..from + 9).contains(&day));
        if (!due || silent) && day != -6 {
            continue;
        }
        let at = after(infusion, day * 24 * 60 - 180);
        let Some(anc) = usize::try_from(day + DAYS_BEFORE).ok().and_then(|i| course.anc.get(i)) else {
            continue;
        };
        pen.number("anc", *anc, 0, "/uL", at);
        let fire = usize::try_from(day * 24).ok().and_then(|h| course.fire.get(h)).copied().unwrap_or(0.0);
        let dip = if (0..=25).contains(&day) { 0.45 } else { 0.9 };
        pen.number(
            "platelets",
            (platelets * dip * dice.normal(1.0, 0.1)).clamp(4.0, 400.0) * 1_000.0,
            0,
            "/uL",
            at,
        );
        pen.number("haemoglobin", (haemoglobin * dice.normal(1.0, 0.05)).clamp(6.2, 15.0), 1, "g/dL", at);
        pen.number("crp", (0.6 + 4.2 * fire) * dice.normal(1.0, 0.2).clamp(0.5, 1.6), 2, "mg/dL", at);
        let raised = ferritin * (1.0 + 2.2 * fire) * dice.normal(1.0, 0.1).clamp(0.7, 1.4);
        pen.number("ferritin", raised.max(20.0), 0, "ug/L", at);
    }
}
