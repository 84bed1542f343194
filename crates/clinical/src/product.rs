//! What a product's profile says of a patient: age for the indication, the indication itself, the time
//! from the end of lymphodepletion to infusion, whether lymphodepletion may be left out, and whether what was
//! collected suffices. Each is one
//! finding: 1 inside the profile, 0 outside it, an interval where the facts allow both, or not assessable
//! with what is missing. It informs and stops nothing. Must not know management, and no number.

use crate::{
    finding::{Finding, Question, Reason, Status},
    timeline::infusion_days,
    words::told,
};
use jiff::{Span as Time, Timestamp, civil::Date};
use vena_base::{Answer, Chart, Concept, Fact, Lang, Quantity, Text, Value, View, When, time::days_between};
use vena_knowledge::{Bibliography, Entry, Knowledge, Life, RuleError, RuleSet, label::unit_for_reading};

/// Age for the indication.
pub const AGE: &str = "product_age";
/// The indication.
pub const DISEASE: &str = "product_disease";
/// From the end of lymphodepletion to infusion.
pub const WINDOW: &str = "product_window";
/// Whether lymphodepletion may be left out.
pub const SKIP: &str = "product_skip_lymphodepletion";
/// Whether what was collected suffices.
pub const COLLECTION: &str = "product_collection";

const BIRTH_DATE: Concept = Concept::known("birth-date");
const DIAGNOSIS: Concept = Concept::known("diagnosis");
const LYMPHODEPLETION: Concept = Concept::known("lymphodepletion");
const LEUKOCYTES: Concept = Concept::known("wbc");

/// The lines of the profile that one disease meets.
struct Indication {
    disease: &'static str,
    age: &'static str,
    window: &'static str,
}

/// Which line of the profile speaks of which disease.
const INDICATIONS: [Indication; 3] = [
    Indication { disease: "all-disease", age: "all-age", window: "all-infusion-window" },
    Indication { disease: "dlbcl-disease", age: "adult-age", window: "dlbcl-infusion-window" },
    Indication { disease: "fl-disease", age: "adult-age", window: "fl-infusion-window" },
];
/// What the collection must reach; the entry's id is also its concept's.
const COLLECTED: [&str; 3] = ["collection-viable-tnc", "collection-viable-cd3", "collection-t-cell-share"];
/// Told without a limit.
const COLLECTED_TOLD: &str = "collection-viability";
/// The indications of lymphoma, for which lymphodepletion may be left out.
const LYMPHOMA: [&str; 2] = ["dlbcl-disease", "fl-disease"];

struct Profile<'a> {
    rule: &'a RuleSet,
    sources: &'a Bibliography,
    view: View<'a>,
    infusion: Option<When>,
}

/// What the profile of a product says at an instant, one finding a question; empty where no profile of
/// the product is known.
///
/// # Errors
/// A line of the profile is missing.
pub fn product_profile(
    chart: &Chart,
    knowledge: &Knowledge,
    product: Answer,
    q: &Question,
) -> Result<Vec<Finding>, RuleError> {
    let Ok(rule) = knowledge.rule(&format!("product/{product}"), None) else {
        return Ok(Vec::new());
    };
    let view = chart.view(q.at, q.known_at);
    let days = infusion_days(&view);
    let mut past = days.iter().filter(|day| day.start <= q.at);
    let infusion = match q.infusion {
        Some(index) => days.get(index).filter(|day| day.start <= q.at),
        None => past.next_back(),
    };
    let profile = Profile { rule, sources: &knowledge.sources, view, infusion: infusion.map(|day| day.when) };
    Ok(vec![profile.age()?, profile.disease()?, profile.window()?, profile.skip()?, profile.collection()?])
}

/// What is known of the disease.
enum Disease {
    Missing,
    /// Words that are none of the catalogue's diagnoses.
    Unclear,
    Known(Answer),
}

impl<'a> Profile<'a> {
    fn finding(&self, scale: &str) -> Finding {
        let mut finding = Finding::new(scale, &self.rule.name(), Status::NotAssessable);
        finding.provisional = self.rule.status == Life::Provisional;
        finding
    }

    fn disease_known(&self) -> Disease {
        match self.view.latest(DIAGNOSIS).map(|fact| &fact.value) {
            Some(Value::Answer(answer)) => Disease::Known(*answer),
            Some(Value::Text(_)) => Disease::Unclear,
            _ => Disease::Missing,
        }
    }

    /// The indication whose disease is the patient's; `Err` with the finding where it cannot be told.
    fn indication(&self, finding: &mut Finding) -> Result<Option<&'static Indication>, RuleError> {
        let Disease::Known(diagnosis) = self.disease_known() else {
            finding.lacks(DIAGNOSIS);
            finding.ask(DIAGNOSIS, Text::new("Which disease is treated?", "治療何種疾病？"));
            return Ok(None);
        };
        for indication in &INDICATIONS {
            if self.rule.entry(indication.disease)?.answers.contains(&diagnosis) {
                return Ok(Some(indication));
            }
        }
        finding.status = Status::NotApplicable;
        finding.notes.push(Text::new(
            "The disease is none of the product's indications.",
            "疾病不在此產品之適應症內。",
        ));
        Ok(None)
    }

    fn reason(&self, entry: &Entry, used: Text, when: Option<When>, met: Option<bool>) -> Reason {
        let cites =
            |lang| entry.cites().map(|cite| cite.text(self.sources, lang)).collect::<Vec<_>>().join(" · ");
        Reason {
            criterion: entry.id.clone(),
            label: entry.label.clone(),
            used,
            when,
            late: false,
            grade_low: Some(u8::from(met == Some(true))),
            grade_high: Some(u8::from(met != Some(false))),
            deciding: true,
            attributed: None,
            source: Text::new(cites(Lang::En), cites(Lang::ZhTw)),
        }
    }

    /// The day that counts: of the infusion, or today where it has not happened.
    fn reference(&self) -> (Date, Date) {
        let zone = self.view.zone();
        match self.infusion {
            Some(when) => (when.first_day(zone), when.last_day(zone)),
            None => (zone.day_of(self.view.at), zone.day_of(self.view.at)),
        }
    }

    fn age(&self) -> Result<Finding, RuleError> {
        let mut finding = self.finding(AGE);
        let Some(indication) = self.indication(&mut finding)? else {
            return Ok(finding);
        };
        let entry = self.rule.entry(indication.age)?;
        let threshold = self.rule.threshold(indication.age)?;
        let Some(Value::Moment(born)) = self.view.latest(BIRTH_DATE).map(|fact| &fact.value) else {
            finding.lacks(BIRTH_DATE);
            finding.ask(BIRTH_DATE, Text::new("When was the patient born?", "病人何時出生？"));
            return Ok(finding);
        };
        let zone = self.view.zone();
        let (first, last) = self.reference();
        let oldest = whole_years(born.first_day(zone), last);
        let youngest = whole_years(born.last_day(zone), first);
        let met = threshold.holds_range(youngest.min(oldest), oldest.max(youngest));
        let used = if youngest == oldest {
            Text::new(format!("{oldest} years (born {born})"), format!("{oldest} 歲（{born} 出生）"))
        } else {
            Text::new(
                format!("{youngest} or {oldest} years (born {born})"),
                format!("{youngest} 或 {oldest} 歲（{born} 出生）"),
            )
        };
        finding.provisional |= entry.provisional;
        finding.because.push(self.reason(entry, used, Some(*born), met));
        if met.is_none() {
            finding.lacks(BIRTH_DATE);
        }
        say(&mut finding, met);
        Ok(finding)
    }

    /// A disease outside the indications is outside; inside them the number of relapses or of lines of
    /// therapy decides, which no fact tells.
    fn disease(&self) -> Result<Finding, RuleError> {
        let mut finding = self.finding(DISEASE);
        let Disease::Known(diagnosis) = self.disease_known() else {
            finding.lacks(DIAGNOSIS);
            finding.ask(DIAGNOSIS, Text::new("Which disease is treated?", "治療何種疾病？"));
            return Ok(finding);
        };
        let fact = self.view.latest(DIAGNOSIS);
        let when = fact.map(|fact| fact.when);
        for indication in &INDICATIONS {
            let entry = self.rule.entry(indication.disease)?;
            if entry.answers.contains(&diagnosis) {
                finding.because.push(self.reason(entry, Text::same(diagnosis.as_str()), when, None));
                finding.ask(DIAGNOSIS, entry.label.clone());
                say(&mut finding, None);
                return Ok(finding);
            }
        }
        // Large B-cell lymphoma without its kind may be the indication or not.
        let unsure = diagnosis == Answer::known("lbcl") || diagnosis == Answer::known("other");
        let target = self.rule.entry("target")?;
        let met = if unsure { None } else { Some(false) };
        finding.because.push(self.reason(target, Text::same(diagnosis.as_str()), when, met));
        say(&mut finding, met);
        Ok(finding)
    }

    fn window(&self) -> Result<Finding, RuleError> {
        let mut finding = self.finding(WINDOW);
        let Some(indication) = self.indication(&mut finding)? else {
            return Ok(finding);
        };
        let Some(end) = self.depletion_end() else {
            finding.lacks(LYMPHODEPLETION);
            finding.ask(
                LYMPHODEPLETION,
                Text::new("When did lymphodepletion end?", "淋巴細胞清除性化療何時結束？"),
            );
            return Ok(finding);
        };
        let zone = self.view.zone();
        let at = self.infusion.unwrap_or(When::Instant(vena_base::Stamp::utc(self.view.at)));
        let hours = (hours(end.latest(zone), at.earliest(zone)), hours(end.earliest(zone), at.latest(zone)));
        let days = (
            f64::from(days_between(end.last_day(zone), at.first_day(zone))),
            f64::from(days_between(end.first_day(zone), at.last_day(zone))),
        );
        let washout = self.rule.entry("washout-after-lymphodepletion")?;
        let least = self.rule.number("washout-after-lymphodepletion")?;
        let window = self.rule.entry(indication.window)?;
        let within = |x: f64| {
            let edge = |amount: &Option<vena_knowledge::Amount>| {
                amount.as_ref().map(|amount| amount.decimal.to_f64())
            };
            edge(&window.from).is_none_or(|from| x >= from) && edge(&window.to).is_none_or(|to| x <= to)
        };
        let long_enough = agree(hours.0 >= least, hours.1 >= least);
        // Between two days inside a window every day is inside it.
        let inside = agree(within(days.0), within(days.1));
        let ended = told(end, zone);
        let span = |low: f64, high: f64, en: &str, zh: &str| {
            let shown = if low == high { format!("{low}") } else { format!("{low}–{high}") };
            Text::new(format!("{shown} {en} after {ended}"), format!("{ended} 後 {shown} {zh}"))
        };
        let hour_text = span(hours.0.floor(), hours.1.floor(), "h", "小時");
        finding.because.push(self.reason(washout, hour_text, Some(end), long_enough));
        finding.because.push(self.reason(window, span(days.0, days.1, "days", "天"), Some(end), inside));
        finding.provisional |= washout.provisional || window.provisional;
        if self.infusion.is_none() {
            finding.notes.push(Text::new(
                "Not infused yet: as if infused at this instant.",
                "尚未輸注：以此刻輸注計算。",
            ));
        }
        let met = match (long_enough, inside) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        };
        say(&mut finding, met);
        Ok(finding)
    }

    /// The end of the last lymphodepletion begun before the infusion.
    fn depletion_end(&self) -> Option<When> {
        let zone = self.view.zone();
        let before = self.infusion.map_or(self.view.at, |when| when.latest(zone));
        let begun =
            |fact: &&Fact| fact.when.earliest(zone) <= before && !matches!(fact.value, Value::NotAssessed(_));
        let fact = self.view.of(LYMPHODEPLETION).rfind(begun)?;
        fact.until.filter(|until| until.earliest(zone) <= before)
    }

    fn skip(&self) -> Result<Finding, RuleError> {
        let mut finding = self.finding(SKIP);
        let Some(indication) = self.indication(&mut finding)? else {
            return Ok(finding);
        };
        if !LYMPHOMA.contains(&indication.disease) {
            finding.status = Status::NotApplicable;
            return Ok(finding);
        }
        let entry = self.rule.entry("lymphodepletion-may-be-skipped")?;
        let threshold = self.rule.threshold("lymphodepletion-may-be-skipped")?;
        let weeks = self.rule.number("skip-week")?;
        let zone = self.view.zone();
        let before = self.infusion.map_or(self.view.at, |when| when.earliest(zone));
        let from = zone.day_of(before).checked_sub(Time::new().weeks(weeks as i64)).unwrap_or(Date::MIN);
        let counted = |fact: &&Fact| {
            fact.quantity().is_some() && fact.when.latest(zone) <= before && fact.when.first_day(zone) >= from
        };
        let Some(fact) = self.view.of(LEUKOCYTES).rfind(counted) else {
            finding.lacks(LEUKOCYTES);
            finding.ask(LEUKOCYTES, entry.label.clone());
            return Ok(finding);
        };
        let Some(quantity) = fact.quantity() else {
            return Ok(finding);
        };
        let (low, high) = crate::numbers::range_of(quantity, 0.0);
        let met = threshold.holds_range(low, high);
        finding.provisional |= entry.provisional;
        finding.because.push(self.reason(entry, Text::same(quantity.as_written()), Some(fact.when), met));
        if met.is_none() {
            finding.lacks(LEUKOCYTES);
        }
        say(&mut finding, met);
        Ok(finding)
    }

    /// Every limit must be met; one that is missed decides, whatever is missing. The newest value of each
    /// counts, and the reader is told when they are of different days: two collections are not added up.
    fn collection(&self) -> Result<Finding, RuleError> {
        let mut finding = self.finding(COLLECTION);
        let zone = self.view.zone();
        let mut met = Vec::new();
        let mut days = Vec::new();
        for id in COLLECTED {
            let concept = Concept::of(id);
            let entry = self.rule.entry(id)?;
            let told = self.view.latest(concept).and_then(|fact| Some((fact, fact.quantity()?)));
            let Some((fact, quantity)) = told else {
                finding.lacks(concept);
                finding.ask(concept, entry.label.clone());
                continue;
            };
            let (low, high) = crate::numbers::range_of(quantity, 0.0);
            let holds = self.rule.threshold(id)?.holds_range(low, high);
            if holds.is_none() {
                finding.lacks(concept);
            }
            finding.provisional |= entry.provisional;
            finding.because.push(self.reason(entry, read(quantity), Some(fact.when), holds));
            days.push(fact.when.first_day(zone));
            met.push(holds);
        }
        let viability = self.view.latest(Concept::of(COLLECTED_TOLD));
        if let Some((fact, quantity)) = viability.and_then(|fact| Some((fact, fact.quantity()?))) {
            let entry = self.rule.entry(COLLECTED_TOLD)?;
            let reason = self.reason(entry, read(quantity), Some(fact.when), None);
            finding.because.push(Reason { grade_low: None, grade_high: None, deciding: false, ..reason });
        }
        if days.iter().any(|day| Some(day) != days.first()) {
            finding.notes.push(Text::new(
                "The values are of different days; collections are not added up.",
                "各項日期不同；不同次收集不予加總。",
            ));
        }
        if met.contains(&Some(false)) {
            for reason in &mut finding.because {
                reason.deciding = reason.grade_high == Some(0);
            }
            say(&mut finding, Some(false));
        } else if met.len() == COLLECTED.len() {
            say(&mut finding, met.iter().all(Option::is_some).then_some(true));
        }
        Ok(finding)
    }
}

/// A quantity as people read it.
fn read(quantity: &Quantity) -> Text {
    let told = |lang| format!("{} {}", quantity.written, unit_for_reading(&quantity.written_unit, lang));
    Text::new(told(Lang::En), told(Lang::ZhTw))
}

/// Inside, outside, or both possible.
fn say(finding: &mut Finding, met: Option<bool>) {
    finding.status = if met.is_some() { Status::Value } else { Status::Interval };
    finding.value = met.map(u8::from);
    finding.low = Some(u8::from(met == Some(true)));
    finding.high = Some(u8::from(met != Some(false)));
}

fn agree(a: bool, b: bool) -> Option<bool> {
    (a == b).then_some(a)
}

fn hours(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64() / 3600.0
}

/// Completed years from one day to another; somebody born on 29 February is a year older on 1 March.
fn whole_years(born: Date, on: Date) -> f64 {
    let years = i32::from(on.year()) - i32::from(born.year());
    let passed = (on.month(), on.day()) >= (born.month(), born.day());
    f64::from(if passed { years } else { years - 1 })
}
