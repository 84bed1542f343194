//! Fills a data folder with a synthetic programme through the ordinary decisions, and makes one
//! login a role. Where the people and courses come from is the caller's matter (the simulator).
//!
//! Must not know: how courses are made up.

use crate::{App, AppError, NewUser, PersonIdentity, accounts::UserInfo, act::PastStep};
use jiff::{Timestamp, ToSpan, civil::Date};
use std::sync::Arc;
use vena_base::{
    Concept, Fact, Stamp, Text, When,
    ids::{ChainOfIdentity, JourneyId, PatientId, ProductUnitId, UserId},
    told::{Milestone, ToldJourney},
};
use vena_journey::{
    Role, Step,
    step::{CheckAt, ConsentKind, IdentityReading},
};
use vena_knowledge::{Kind, Knowledge};

/// Days after infusion at which the demonstration's journeys stand today, over and over: most of
/// them where something happens. Negative: before infusion. A layout, not a clinical number.
const DAYS_TODAY: [i64; 16] = [5, 14, 2, 8, 3, -3, -31, -24, 28, 92, 1, 190, -12, 11, -50, 365];
/// Concepts of the vital-signs form.
const VITAL_SIGNS: [&str; 9] = [
    "body-temperature",
    "heart-rate",
    "respiratory-rate",
    "systolic-pressure",
    "diastolic-pressure",
    "oxygen-saturation",
    "oxygen-flow",
    "oxygen-device",
    "fio2",
];
/// Concepts that are identity or that steps tell; not recorded as facts here.
const TOLD_OTHERWISE: [&str; 6] =
    ["birth-date", "sex", "infusion", "lymphodepletion", "product", "diagnosis"];
/// Concepts of the bedside forms that are numbers all the same.
const ASSESSED_NUMBERS: [&str; 3] = ["ice-", "capd-", "body-"];

/// A login to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoLogin {
    /// What is typed to sign in.
    pub login: String,
    /// The password.
    pub password: String,
    /// The role.
    pub role: Role,
}

/// The infusion day of the demonstration's journey `number`, so that today shows every phase.
pub fn infusion_day(number: u64, today: Date) -> Date {
    let place = usize::try_from(number).unwrap_or(0) % DAYS_TODAY.len();
    let back = DAYS_TODAY.get(place).copied().unwrap_or(0);
    today.checked_sub(back.days()).unwrap_or(today)
}

/// One login a role, with fresh passwords: made where missing.
///
/// # Errors
/// A fault.
pub fn logins(app: &App) -> Result<Vec<DemoLogin>, AppError> {
    let mut logins = Vec::new();
    for role in Role::ALL {
        let random = app.fresh_id('d')?.to_lowercase();
        let (login, password) = (role.as_str().to_owned(), format!("ven{random}"));
        match app.accounts.by_login(&login) {
            Some(info) => app.accounts.set_password(&info.user, &password, &app.config, &app.entropy)?,
            None => {
                let name = Text::new(format!("SYN {}", role.name().en), format!("合成{}", role.name().zh_tw));
                let new = NewUser { login: login.clone(), name, role, password: password.clone() };
                app.add_user_unasked(None, &new)?;
            }
        }
        logins.push(DemoLogin { login, password, role });
    }
    Ok(logins)
}

/// Signs every rule set for use at the site, as the physician of [`logins`]: the demonstration uses
/// all of them, and says so on the knowledge page.
///
/// # Errors
/// No physician, or a fault.
pub fn activate_all(app: &App) -> Result<(), AppError> {
    let physician = Team::of(app)?.user(Role::Physician)?;
    let rules: Vec<String> = app.knowledge().rules().map(vena_knowledge::RuleSet::name).collect();
    rules.iter().try_for_each(|rule| app.activate_unasked(&physician, rule))
}

/// Records the journeys as the people of [`logins`], each step as of its own time, none after now.
/// Gives the number of events. `progress` is told how many journeys are done.
///
/// # Errors
/// A step was refused (the journey does not fit the rules), or a fault.
pub fn fill(
    app: &App,
    journeys: impl IntoIterator<Item = ToldJourney>,
    progress: &mut dyn FnMut(u64),
) -> Result<u64, AppError> {
    let team = Team::of(app)?;
    let now = app.now();
    let mut events = 0;
    for (index, demo) in journeys.into_iter().enumerate() {
        let wrong = |cause: vena_base::ids::IdError| AppError::Input(Text::same(cause.to_string()));
        let journey = JourneyId::new(&app.fresh_id('J')?).map_err(wrong)?;
        let patient = PatientId::new(&app.fresh_id('P')?).map_err(wrong)?;
        app.put_identity(&patient, &PersonIdentity::from(&demo.person))?;
        let telling = Telling { app, team: &team, journey: &journey, demo: &demo };
        let mut steps = telling.milestones(&patient)?;
        steps.extend(telling.facts());
        steps.retain(|step| step.at <= now);
        steps.sort_by_key(|step| step.at);
        events += app.record_history(&journey, &steps)?;
        progress(index as u64 + 1);
    }
    app.catch_up(&mut |_, _| {})?;
    Ok(events)
}

struct Team(Vec<UserInfo>);

impl Team {
    fn of(app: &App) -> Result<Team, AppError> {
        let team: Vec<UserInfo> =
            Role::ALL.iter().filter_map(|role| app.accounts.by_login(role.as_str())).collect();
        if team.len() == Role::ALL.len() {
            Ok(Team(team))
        } else {
            Err(AppError::NotFound("demonstration team".to_owned()))
        }
    }

    fn user(&self, role: Role) -> Result<UserId, AppError> {
        let found = self.0.iter().find(|info| info.role == role);
        found.map(|info| info.user.clone()).ok_or_else(|| AppError::NotFound(role.as_str().to_owned()))
    }
}

struct Telling<'a> {
    app: &'a App,
    team: &'a Team,
    journey: &'a JourneyId,
    demo: &'a ToldJourney,
}

impl Telling<'_> {
    fn when(&self, at: Timestamp) -> When {
        When::Instant(Stamp::in_zone(at, &self.app.config.zone))
    }

    fn past(&self, at: Timestamp, role: Role, step: Step) -> Result<PastStep, AppError> {
        Ok(PastStep { at, by: self.team.user(role)?, role, step, attachments: Vec::new() })
    }

    fn milestones(&self, patient: &PatientId) -> Result<Vec<PastStep>, AppError> {
        let wrong = |cause: vena_base::ids::IdError| AppError::Input(Text::same(cause.to_string()));
        let number = ChainOfIdentity::new(&format!("SYN-COI-{}", self.journey)).map_err(wrong)?;
        let bag = ProductUnitId::new(&format!("SYN-BAG-{}", self.journey)).map_err(wrong)?;
        let mut steps = Vec::new();
        for (at, milestone) in &self.demo.milestones {
            for (role, step) in self.told(*at, *milestone, patient, &number, &bag)? {
                steps.push(self.past(*at, role, step)?);
            }
        }
        Ok(steps)
    }

    fn told(
        &self,
        at: Timestamp,
        milestone: Milestone,
        patient: &PatientId,
        number: &ChainOfIdentity,
        bag: &ProductUnitId,
    ) -> Result<Vec<(Role, Step)>, AppError> {
        use Role::{Coordinator, Nurse, Physician, QualityAssurance, Technician};
        let when = self.when(at);
        let bags = vec![bag.clone()];
        Ok(match milestone {
            Milestone::Registered => vec![(
                Coordinator,
                Step::Registered {
                    patient: patient.clone(),
                    diagnosis: Some(self.demo.diagnosis),
                    product_intended: Some(self.demo.product),
                    referring_site: None,
                    collecting_site: None,
                    treating_site: self.app.site()?,
                    follow_up_site: None,
                    when,
                },
            )],
            Milestone::Consent => vec![
                (
                    Coordinator,
                    Step::ConsentRecorded {
                        kind: ConsentKind::Treatment,
                        version: Arc::from("SYN-1"),
                        signed: when,
                        scan: None,
                    },
                ),
                (Physician, Step::ProductChosen { product: self.demo.product, when }),
                (Coordinator, Step::ChainOfIdentityAssigned { number: number.clone(), when }),
            ],
            Milestone::Collection => {
                let apheresis = ProductUnitId::new(&format!("SYN-A-{}", self.journey));
                let bags = apheresis.into_iter().collect();
                vec![(
                    Technician,
                    Step::Collected { when, until: None, volume_ml: None, bags, repeat_reason: None },
                )]
            }
            Milestone::Released => vec![
                (QualityAssurance, Step::ProductMade { bags: bags.clone(), on_label: number.clone(), when }),
                (QualityAssurance, Step::ProductReleased { bags, when, document: None, exception: None }),
            ],
            Milestone::Received => {
                let step = Step::ProductReceived {
                    bags,
                    on_label: number.clone(),
                    when,
                    temperature_cel: None,
                    document: None,
                    remark: None,
                };
                vec![(Technician, step.clone()), (Nurse, step)]
            }
            Milestone::LymphodepletionStart => vec![(Nurse, Step::LymphodepletionStarted { when })],
            Milestone::LymphodepletionEnd => vec![(Nurse, Step::LymphodepletionEnded { when })],
            Milestone::IdentityCheck => {
                let step = Step::IdentityRead(IdentityReading {
                    check: CheckAt::Infusion,
                    bag: bag.clone(),
                    on_patient: number.clone(),
                    on_product: number.clone(),
                    name_and_birth_date_agree: true,
                    when,
                });
                vec![(Nurse, step.clone()), (Physician, step)]
            }
            Milestone::InfusionStart => vec![(Nurse, Step::InfusionStarted { bag: bag.clone(), when })],
            Milestone::InfusionEnd => {
                vec![(Nurse, Step::InfusionEnded { bag: bag.clone(), when, remark: None })]
            }
        })
    }

    /// The ward's facts, grouped as its forms would have sent them: one time, one form, one event.
    fn facts(&self) -> Vec<PastStep> {
        let registered = self.demo.milestones.first().map_or(Timestamp::MAX, |(at, _)| *at);
        let zone = &self.app.config.zone;
        let mut groups: Vec<(Timestamp, Form, Vec<Fact>)> = Vec::new();
        for fact in &self.demo.facts {
            if TOLD_OTHERWISE.contains(&fact.concept.as_str()) {
                continue;
            }
            // Recorded when the ward did, but never before the journey was there to record it in.
            let at = fact.recorded.map_or_else(|| fact.when.latest(zone), |stamp| stamp.at).max(registered);
            let form = Form::of(&self.app.knowledge, fact.concept);
            match groups.iter_mut().rev().take(8).find(|(when, which, _)| *when == at && *which == form) {
                Some((.., facts)) => facts.push(fact.clone()),
                None => groups.push((at, form, vec![fact.clone()])),
            }
        }
        let nurse = self.team.user(Role::Nurse);
        let physician = self.team.user(Role::Physician);
        let technician = self.team.user(Role::Technician);
        let (Ok(nurse), Ok(physician), Ok(technician)) = (nurse, physician, technician) else {
            return Vec::new();
        };
        let told = |(at, form, facts): (Timestamp, Form, Vec<Fact>)| {
            let mut steps = Vec::new();
            let mut told = |by: &UserId, role, step| {
                steps.push(PastStep { at, by: by.clone(), role, step, attachments: Vec::new() });
            };
            match form {
                Form::VitalSigns => told(&nurse, Role::Nurse, Step::VitalSigns(facts)),
                Form::Collection => told(&technician, Role::Technician, Step::Laboratory(facts)),
                Form::Laboratory => told(&nurse, Role::Nurse, Step::Laboratory(facts)),
                Form::Drugs => told(&nurse, Role::Nurse, Step::Drugs(facts)),
                Form::Assessment => told(&nurse, Role::Nurse, Step::Assessment(facts)),
                Form::Outcome => {
                    facts.iter().filter_map(outcome).for_each(|step| told(&physician, Role::Physician, step))
                }
            }
            steps
        };
        groups.into_iter().flat_map(told).collect()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    VitalSigns,
    Laboratory,
    Collection,
    Drugs,
    Assessment,
    Outcome,
}

impl Form {
    fn of(knowledge: &Knowledge, concept: Concept) -> Form {
        let id = concept.as_str();
        if matches!(id, "death" | "relapse" | "next-therapy" | "last-follow-up" | "crs-episode-closed") {
            return Form::Outcome;
        }
        if id.starts_with("collection-") {
            return Form::Collection;
        }
        if VITAL_SIGNS.contains(&id) {
            return Form::VitalSigns;
        }
        match knowledge.catalogue.get(concept).map(|info| info.kind) {
            Some(Kind::Drug) => Form::Drugs,
            Some(Kind::Quantity) if !ASSESSED_NUMBERS.iter().any(|start| id.starts_with(start)) => {
                Form::Laboratory
            }
            _ => Form::Assessment,
        }
    }
}

fn outcome(fact: &Fact) -> Option<Step> {
    let when = fact.when;
    Some(match fact.concept.as_str() {
        "death" => Step::Died { when, cause: None },
        "relapse" => Step::Relapsed { when },
        "next-therapy" => Step::NextTherapyStarted { when, what: fact.note.clone() },
        "last-follow-up" => Step::FollowedUp { when },
        "crs-episode-closed" => Step::EpisodeClosed { when },
        _ => return None,
    })
}
