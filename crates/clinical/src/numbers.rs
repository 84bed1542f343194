//! The numbers each scale grades with, typed. They come from rule sets of the knowledge folder and
//! from nowhere else. Knows no chart.

use crate::span::Span;
use vena_base::{Answer, Bound, Concept, Quantity, Text};

/// A comparison with a number, in the concept's canonical unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// How a value is compared.
    pub sign: Sign,
    /// With what.
    pub value: f64,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// Below.
    Lt,
    /// At or below.
    Le,
    /// Equal.
    Eq,
    /// At or above.
    Ge,
    /// Above.
    Gt,
}

impl Limit {
    /// Whether a value meets it.
    pub fn holds(&self, x: f64) -> bool {
        match self.sign {
            Sign::Lt => x < self.value,
            Sign::Le => x <= self.value,
            Sign::Eq => x == self.value,
            Sign::Ge => x >= self.value,
            Sign::Gt => x > self.value,
        }
    }

    /// Whether all values of a range meet it (`Some(true)`), none does, or some do (`None`).
    pub fn holds_range(&self, (low, high): (f64, f64)) -> Option<bool> {
        let inside = low <= self.value && self.value <= high;
        match (self.sign, self.holds(low), self.holds(high)) {
            (Sign::Eq, _, _) if low < high => (!inside).then_some(false),
            (_, a, b) => (a == b).then_some(a),
        }
    }
}

/// The lowest and highest value a quantity can stand for. An open bound (`<`, `>`) does not contain
/// its own number, so a value told as above a cut-off is above it.
pub(crate) fn range_of(quantity: &Quantity, floor: f64) -> (f64, f64) {
    let (low, high) = quantity.range(floor);
    match quantity.bound {
        Bound::Below => (low.min(high.next_down()), high.next_down()),
        Bound::Above => (low.next_up(), high),
        Bound::Exact | Bound::AtMost | Bound::AtLeast => (low, high),
    }
}

/// A line of a rule set, with what an explanation needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Criterion {
    /// Its id in the rule set.
    pub id: String,
    /// In words, rendered from its numbers.
    pub label: Text,
    /// Where it comes from.
    pub source: Text,
    /// The grades or points it gives.
    pub grades: Span,
    /// Its comparison, where it makes one.
    pub limit: Option<Limit>,
    /// Where its band ends; the end itself belongs to it.
    pub to: Option<f64>,
    /// The answers that meet it.
    pub answers: Vec<Answer>,
    /// Its source was not seen, or is ambiguous.
    pub provisional: bool,
}

impl Criterion {
    /// Whether a value lies in the band; a criterion without comparison is never met by a number.
    pub fn holds(&self, x: f64) -> bool {
        self.limit.is_some_and(|limit| limit.holds(x)) && self.to.is_none_or(|to| x <= to)
    }

    /// Whether some value between two bounds (both included) lies in the band.
    pub fn can_hold(&self, (low, high): (f64, f64)) -> bool {
        let Some(limit) = self.limit else {
            return false;
        };
        let (from, to) = match limit.sign {
            Sign::Lt | Sign::Le => (f64::NEG_INFINITY, limit.value),
            Sign::Eq => (limit.value, limit.value),
            Sign::Ge | Sign::Gt => (limit.value, self.to.unwrap_or(f64::INFINITY)),
        };
        let closed = matches!(limit.sign, Sign::Le | Sign::Eq | Sign::Ge);
        // Bands that do not contain their own edge need more than a touch.
        match limit.sign {
            Sign::Lt if !closed && low >= to => false,
            Sign::Gt if !closed && high <= from => false,
            _ => low <= to && high >= from,
        }
    }
}

/// The criterion one of whose answers this is.
pub(crate) fn by_answer(criteria: &[Criterion], answer: Answer) -> Option<&Criterion> {
    criteria.iter().find(|criterion| criterion.answers.contains(&answer))
}

/// The least and the highest grade that a finding of these criteria gives when it is present.
pub(crate) fn when_present(criteria: &[Criterion]) -> Option<Span> {
    criteria.iter().map(|c| c.grades).filter(|grades| grades.high > 0).reduce(Span::or)
}

/// What every scale carries.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleName {
    /// `id@version`.
    pub name: String,
    /// The rule set as a whole is provisional.
    pub provisional: bool,
}

/// What a site sets for itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SiteNumbers {
    /// Hours without fever, hypotension and hypoxia that end an episode of CRS.
    pub clean_hours: Option<f64>,
    /// A systolic pressure that asks for the clinician's statement; it never grades.
    pub low_pressure: Option<Limit>,
    /// A mean arterial pressure that asks likewise.
    pub low_mean: Option<Limit>,
    /// A diastolic pressure that asks likewise.
    pub low_diastolic: Option<Limit>,
    /// An oxygen saturation that asks for the clinician's statement; it never grades.
    pub low_saturation: Option<Limit>,
    /// Minutes before a statement of none within which a low reading still asks.
    pub doubt_min: f64,
    /// An inspired oxygen fraction that shows that oxygen is given.
    pub above_air: Option<Limit>,
    /// Routes by which a drug reaches the whole body.
    pub systemic: Vec<Answer>,
    /// Routes by which a drug acts only where it is put.
    pub local: Vec<Answer>,
    /// Routes by which a vasopressor is run.
    pub vascular: Vec<Answer>,
    /// Vasopressors that are also given as single doses.
    pub single_doses: Vec<Concept>,
    /// Hours after which an entry counts as late.
    pub late_hours: Option<f64>,
}

/// CRS.
#[derive(Debug, Clone, PartialEq)]
pub struct CrsNumbers {
    /// The rule set.
    pub rule: RuleName,
    /// Fever and the grade it gives.
    pub fever: Criterion,
    /// The clinician's statements about pressure.
    pub hypotension: Vec<Criterion>,
    /// Vasopressin alone, which the source leaves open.
    pub vasopressin_alone: Criterion,
    /// One vasopressor, with or without vasopressin.
    pub one_vasopressor: Criterion,
    /// Several vasopressors, not counting vasopressin.
    pub several_vasopressors: Criterion,
    /// Oxygen devices that grade whatever the flow.
    pub devices: Vec<Criterion>,
    /// Nasal cannula at low flow, with the comparison on the flow.
    pub low_flow: Criterion,
    /// Nasal cannula at high flow.
    pub high_flow: Criterion,
    /// Nasal cannula at a flow that is not known.
    pub cannula_unknown: Criterion,
    /// A flow through a device that is not known.
    pub bare_flow: Criterion,
    /// Within how many days of the infusion it usually begins; a later onset asks for another cause and
    /// lowers nothing.
    pub usual_onset_days: i32,
    /// In words, with its source.
    pub usual_onset: Criterion,
    /// The highest grade given by measurements (death is recorded, not graded).
    pub highest: u8,
    /// Hours without signs, lines that ask.
    pub site: SiteNumbers,
}

/// ICANS, with the score tests it grades by.
#[derive(Debug, Clone, PartialEq)]
pub struct IcansNumbers {
    /// The rule set.
    pub rule: RuleName,
    /// From this age in years ICE is used, below it CAPD.
    pub ice_from_years: i16,
    /// Bands of the ICE score: lowest and highest score (both included) and what they give.
    pub ice_bands: Vec<(i32, i32, Criterion)>,
    /// ICE that cannot be done because the patient cannot be woken.
    pub ice_unarousable: Criterion,
    /// The best ICE score.
    pub ice_best: i32,
    /// ICE items with their most points.
    pub ice_items: Vec<(Concept, i32)>,
    /// CAPD at or above its cut-off.
    pub capd_high: Criterion,
    /// CAPD below its cut-off: the grades arousal decides between.
    pub capd_low: Criterion,
    /// The least CAPD score that grades.
    pub capd_from: i32,
    /// CAPD that cannot be assessed because of the patient's state.
    pub capd_unable: Criterion,
    /// CAPD items, and whether each is scored in reverse.
    pub capd_items: Vec<(Concept, bool)>,
    /// CAPD answers with their points when not reversed.
    pub capd_points: Vec<(Answer, i32)>,
    /// The most points a CAPD item gives.
    pub capd_item_most: i32,
    /// Where language or an earlier aphasia explains the ICE.
    pub ice_not_valid: Criterion,
    /// Arousal.
    pub arousal: Vec<Criterion>,
    /// Seizures.
    pub seizure: Vec<Criterion>,
    /// Motor findings.
    pub motor: Vec<Criterion>,
    /// Signs of raised intracranial pressure.
    pub pressure: Vec<Criterion>,
    /// Brain imaging.
    pub imaging: Vec<Criterion>,
    /// The highest grade.
    pub highest: u8,
    /// Late entries.
    pub site: SiteNumbers,
}

/// One band of days of the early ICAHT.
#[derive(Debug, Clone, PartialEq)]
pub struct DayBand {
    /// From this many days.
    pub from_days: u32,
    /// The grade.
    pub grade: u8,
    /// The line it stands on.
    pub criterion: Criterion,
}

/// Which reading of the ICAHT table is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reading {
    /// The longest joined episode; a short recovery at the edge of the window is a recovery.
    LongestRunPlain,
    /// The longest joined episode as the published code takes it, edges filled.
    LongestRunPublished,
    /// All days together.
    Cumulative,
}

/// ICAHT, early and late.
#[derive(Debug, Clone, PartialEq)]
pub struct IcahtNumbers {
    /// The rule set.
    pub rule: RuleName,
    /// How the days are read.
    pub reading: Reading,
    /// The last day of the early window; the first is the day of infusion.
    pub early_last_day: i32,
    /// Neutropenia: at or below.
    pub low_per_ul: f64,
    /// Deep neutropenia: at or below.
    pub deep_per_ul: f64,
    /// Bands of days at or below `low_per_ul`, ascending.
    pub low_bands: Vec<DayBand>,
    /// Bands of days at or below `deep_per_ul`, ascending.
    pub deep_bands: Vec<DayBand>,
    /// An episode that starts no later than this day and never ends …
    pub never_above_start_day: usize,
    /// … gives this.
    pub never_above: Criterion,
    /// Days above `low_per_ul` in a row that make a recovery.
    pub recovery_days: usize,
    /// Missing days in a row that are still interpolated.
    pub gap_days: usize,
    /// Interpolated values are rounded to a multiple of this.
    pub round_to_per_ul: f64,
    /// The late window.
    pub late_first_day: i32,
    /// Its last day.
    pub late_last_day: i32,
    /// Late grades, each with its comparison, by grade.
    pub late: Vec<Criterion>,
    /// Time points the late grade wants.
    pub late_time_points: usize,
    /// The highest grade.
    pub highest: u8,
    /// Late entries.
    pub site: SiteNumbers,
}

/// One input of CAR-HEMATOTOX.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreInput {
    /// What is measured.
    pub concept: Concept,
    /// Bands with their points in `grades`.
    pub bands: Vec<Criterion>,
}

/// CAR-HEMATOTOX.
#[derive(Debug, Clone, PartialEq)]
pub struct HematotoxNumbers {
    /// The rule set.
    pub rule: RuleName,
    /// The inputs.
    pub inputs: Vec<ScoreInput>,
    /// High risk from this score on.
    pub high_risk: Criterion,
    /// Days before lymphodepletion within which a value is a baseline.
    pub leeway_days: i32,
    /// The reference day counted from infusion, for charts without lymphodepletion.
    pub reference_day: i32,
    /// Outcome figures, each with the diagnosis it was seen in.
    pub outcomes: Vec<Outcome>,
    /// Late entries.
    pub site: SiteNumbers,
}

/// An outcome figure of CAR-HEMATOTOX.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The diagnosis it was seen in.
    pub group: Answer,
    /// For high (`true`) or low risk.
    pub high: bool,
    /// In words.
    pub label: Text,
    /// The source.
    pub source: Text,
    /// The figure's meaning or source is uncertain.
    pub provisional: bool,
}
