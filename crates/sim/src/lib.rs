//! Seeded synthetic programmes: people who do not exist, courses that look like real ones, and the facts
//! a ward would write down of them. Must not know: any grading rule. It knows what is true (states);
//! what grade that is, is for the rules to say and the oracle to check.

mod collected;
pub mod course;
pub mod dice;
pub mod facts;
pub mod people;
pub mod show;

use course::{Course, course};
use dice::Dice;
use jiff::{Timestamp, ToSpan, civil::Date};
use people::{Person, person};
use vena_base::{
    Answer, Fact, Zone,
    told::{ToldJourney, ToldPerson},
};

pub use vena_base::told::Milestone;

/// One synthetic journey.
#[derive(Debug, Clone)]
pub struct SimJourney {
    /// The number within the programme.
    pub number: u64,
    /// Who (nobody).
    pub person: Person,
    /// When the infusion began (or will).
    pub infusion: Timestamp,
    /// The zone of the place.
    pub zone: Zone,
    /// The hidden truth.
    pub course: Course,
    /// Steps with their times, by time.
    pub milestones: Vec<(Timestamp, Milestone)>,
    /// What the ward wrote down, to day 100, by time.
    pub facts: Vec<Fact>,
    /// Moments just after a full set of observations: vital signs and statements (`true`: with the
    /// neurological examination).
    pub checks: Vec<(Timestamp, bool)>,
}

impl SimJourney {
    /// The journey as it is told to a program: without the hidden truth.
    pub fn told(mut self) -> ToldJourney {
        let collections: Vec<Timestamp> = self
            .milestones
            .iter()
            .filter(|(_, milestone)| *milestone == Milestone::Collection)
            .map(|(at, _)| *at)
            .collect();
        for at in collections {
            self.facts.extend(collected::tests(self.number, at, &self.zone));
        }
        let before = self.milestones.first().map_or(self.infusion, |(at, _)| *at);
        let person = self.person;
        ToldJourney {
            diagnosis: Answer::of(person.diagnosis),
            product: Answer::known("tisagenlecleucel"),
            person: ToldPerson {
                name_chinese: person.name_chinese,
                name_latin: person.name_latin,
                record_number: person.record_number,
                birth_date: person.birth_date,
                sex: person.sex.to_owned(),
                weight_kg: format!("{:.1}", person.weight_kg),
                weighed: self.zone.day_of(before),
                allergies: if person.allergy.is_empty() {
                    Vec::new()
                } else {
                    vec![person.allergy.to_owned()]
                },
            },
            milestones: self.milestones,
            facts: self.facts,
        }
    }
}

/// The zone of the synthetic site.
pub fn zone() -> Zone {
    Zone::named("Asia/Taipei").unwrap_or_else(|_| Zone::assumed_offset(480))
}

/// The journey `number` of the programme `seed`, infused on `day`.
pub fn journey(seed: u64, number: u64, day: Date) -> SimJourney {
    let mut dice = Dice::new(seed, number);
    let zone = zone();
    let minute = dice.whole(0, 55);
    let infusion =
        zone.start_of(day).checked_add(10.hours().minutes(minute)).unwrap_or_else(|_| zone.start_of(day));
    let person = person(&mut dice, number, day);
    let course = course(&mut dice, person.weight_kg);
    let milestones = milestones(&mut dice, infusion);
    let written = facts::written(&mut dice, &person, &course, infusion, &zone);
    SimJourney {
        number,
        person,
        infusion,
        zone,
        course,
        milestones,
        facts: written.facts,
        checks: written.checks,
    }
}

/// `journeys` journeys of the programme `seed`, infused over the year before `end`.
pub fn programme(seed: u64, journeys: u64, end: Date) -> impl Iterator<Item = SimJourney> {
    (0..journeys).map(move |number| {
        let back = i64::try_from(number % 365).unwrap_or(0) + 101;
        journey(seed, number, end.checked_sub(back.days()).unwrap_or(end))
    })
}

fn milestones(dice: &mut Dice, infusion: Timestamp) -> Vec<(Timestamp, Milestone)> {
    let mut back = |days: i64, spread: i64, minutes: i64| {
        let hours = (days + dice.whole(0, spread)) * 24;
        infusion.checked_sub(hours.hours()).and_then(|t| t.checked_sub(minutes.minutes())).unwrap_or(infusion)
    };
    let ahead = |minutes: i64| infusion.checked_add(minutes.minutes()).unwrap_or(infusion);
    vec![
        (back(62, 20, 75), Milestone::Registered),
        (back(55, 6, 30), Milestone::Consent),
        (back(42, 8, 90), Milestone::Collection),
        (back(10, 3, 40), Milestone::Released),
        (back(7, 1, 15), Milestone::Received),
        (back(5, 0, 60), Milestone::LymphodepletionStart),
        (back(3, 0, 0), Milestone::LymphodepletionEnd),
        (back(0, 0, 20), Milestone::IdentityCheck),
        (infusion, Milestone::InfusionStart),
        (ahead(24), Milestone::InfusionEnd),
    ]
}
