//! Cognition at an instant: which tool is used (ICE or CAPD), its score from the total or its items,
//! and the grades the score allows given arousal. Must not know the other domains, and no number.

use super::{
    BEFORE, Domain, Role, Scene, excluded,
    signs::{Arousal, CONSCIOUSNESS},
};
use crate::{
    numbers::{Criterion, range_of},
    span::Span,
    timeline::{Item, Standing, Track},
    words::{join, with},
};
use jiff::{Span as CalendarSpan, Timestamp};
use vena_base::{Answer, Concept, Fact, Text, Value};

const ICE: Concept = Concept::known("ice-score");
const ICE_BASELINE: Concept = Concept::known("ice-baseline");
const ICE_VALIDITY: Concept = Concept::known("ice-validity");
const CAPD: Concept = Concept::known("capd-score");
const CAPD_VALIDITY: Concept = Concept::known("capd-validity");
const BIRTH: Concept = Concept::known("birth-date");
const DELAY: Concept = Concept::known("developmental-delay");
const VALID: Answer = Answer::known("valid");
const UNAROUSABLE: Answer = Answer::known("unarousable");
const PRESENT: Answer = Answer::known("present");

/// Which score test the patient's age and development call for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tool {
    Ice,
    Capd,
    /// Not decided: whichever was done; with both done, either may count. What would decide it.
    Whichever(Concept),
}

/// A score between two bounds, both included, and the fact that tells it.
#[derive(Clone, Copy)]
struct Score<'a> {
    low: i32,
    high: i32,
    item: Item<'a>,
    from_items: bool,
}

impl<'a> Scene<'_, 'a> {
    /// The cognition domain.
    pub(super) fn cognition(&self, arousal: &Arousal) -> Domain {
        let mut domain = Domain::settled(self.unknown());
        let (tool, note) = self.tool();
        domain.notes.extend(note);
        let (ice, capd) = (self.done(ICE, self.ice_concepts()), self.done(CAPD, self.capd_concepts()));
        match tool {
            Tool::Ice => {
                self.ice(arousal, &mut domain);
                self.other_tool(ice, CAPD, &mut domain);
            }
            Tool::Capd => {
                self.capd(arousal, &mut domain);
                self.other_tool(capd, ICE, &mut domain);
            }
            Tool::Whichever(decides) => {
                match (ice, capd) {
                    (true, true) => {
                        self.capd(arousal, &mut domain);
                        let by_capd = domain.span;
                        self.ice(arousal, &mut domain);
                        domain.span = domain.span.or(by_capd);
                    }
                    (false, true) => {
                        self.capd(arousal, &mut domain);
                        if decides == DELAY {
                            self.ice_is_owed(&mut domain);
                        }
                    }
                    (_, false) => self.ice(arousal, &mut domain),
                }
                self.ask(&mut domain, decides);
            }
        }
        domain
    }

    /// From the age of the ICE on a CAPD counts only with a developmental delay. Where nobody recorded one,
    /// the ICE that was not done may give any grade: the CAPD neither grades nor clears, and says what it
    /// would give. Who cannot be woken is graded alike by both.
    fn ice_is_owed(&self, domain: &mut Domain) {
        let by_capd = domain.span;
        if by_capd.low == self.numbers.highest {
            return;
        }
        let grades = if by_capd.settled() {
            by_capd.low.to_string()
        } else {
            format!("{}–{}", by_capd.low, by_capd.high)
        };
        for reason in &mut domain.because {
            (reason.grade_low, reason.grade_high) = (None, None);
            let used = std::mem::replace(&mut reason.used, Text::same(""));
            reason.used = with(used, "counts only with a developmental delay", "僅於發展遲緩時計入");
        }
        domain.notes.push(Text::new(
            format!("With a developmental delay this CAPD would give grade {grades}; without one the ICE decides, and it was not done."),
            format!("若有發展遲緩，此 CAPD 為第 {grades} 級；若無，應以 ICE 判定，但未執行 ICE。"),
        ));
        domain.span = by_capd.or(self.unknown());
        self.ask(domain, ICE);
    }

    /// Shows the score of the other test where the one that applies was not done.
    fn other_tool(&self, done: bool, other: Concept, domain: &mut Domain) {
        let track = self.track(other);
        if let Some(item) = track.standing(self.view.at).known().last().filter(|_| !done) {
            let role = Role::LeftOut(
                "does not count: by age and development the other score test applies",
                "不計入：依年齡與發展應使用另一項評分",
            );
            domain.because.push(self.reason(item, None, Span::NONE, &role));
        }
    }

    /// The tool, and what the reader must know about the choice.
    fn tool(&self) -> (Tool, Option<Text>) {
        if self.track(DELAY).standing(self.view.at).says(PRESENT) {
            let why = Text::new("CAPD is used: developmental delay.", "因發展遲緩，使用 CAPD。");
            return (Tool::Capd, Some(why));
        }
        let years = self.numbers.ice_from_years;
        match self.age_years() {
            Some((age, settled)) if settled => {
                let conflict = (age == years).then(|| {
                    Text::new(
                        format!("At exactly {years} years sources conflict; ICE is used from {years} on, as the handbook says."),
                        format!("剛滿 {years} 歲時各來源不一；依手冊自 {years} 歲起使用 ICE。"),
                    )
                });
                let said = self.track(DELAY).standing(self.view.at).known().last().is_some();
                if age >= years && !said && self.done(CAPD, self.capd_concepts()) {
                    let why = Text::new(
                        "A CAPD was done although ICE is used from this age on, and whether there is a developmental delay is not recorded.",
                        "此年齡應使用 ICE，卻執行了 CAPD，且未記錄是否發展遲緩。",
                    );
                    return (Tool::Whichever(DELAY), Some(why));
                }
                (if age >= years { Tool::Ice } else { Tool::Capd }, conflict)
            }
            _ => {
                let why = Text::new(
                    "Age is not known well enough: the score test that was done is used; with both, either may count.",
                    "年齡資料不足：採用已執行的評分工具；兩者皆有時，兩者皆可能適用。",
                );
                (Tool::Whichever(BIRTH), Some(why))
            }
        }
    }

    /// Age in completed years, and whether the precision of the birth date settles the tool.
    fn age_years(&self) -> Option<(i16, bool)> {
        let everything = self.view.chart().view(Timestamp::MAX, self.view.known_at);
        let fact = everything.latest(BIRTH)?;
        let birth = match &fact.value {
            Value::Moment(when) => *when,
            Value::Happened => fact.when,
            _ => return None,
        };
        let zone = self.view.zone();
        let today = zone.day_of(self.view.at);
        let age = |born: jiff::civil::Date| -> Option<i16> {
            let years = today.year() - born.year();
            let birthday = born.checked_add(CalendarSpan::new().try_years(years).ok()?).ok()?;
            Some(if today >= birthday { years } else { years - 1 })
        };
        let (oldest, youngest) = (age(birth.first_day(zone))?, age(birth.last_day(zone))?);
        let from = self.numbers.ice_from_years;
        Some((youngest, (oldest >= from) == (youngest >= from)))
    }

    fn ice_concepts(&self) -> impl Iterator<Item = Concept> {
        self.numbers.ice_items.iter().map(|(concept, _)| *concept)
    }

    fn capd_concepts(&self) -> impl Iterator<Item = Concept> {
        self.numbers.capd_items.iter().map(|(concept, _)| *concept)
    }

    /// Whether a score test was done that still stands, by its total or an item.
    fn done(&self, total: Concept, mut items: impl Iterator<Item = Concept>) -> bool {
        let known = |c: Concept| !self.track(c).standing(self.view.at).known().is_empty();
        known(total) || items.any(known)
    }

    /// The score as told: its total, or the sum of its items where any of those is newer or there is no
    /// total. An item that is missing or not assessed leaves its points open.
    fn score(
        &self,
        total: Concept,
        items: &[(Concept, i32)],
        most: i32,
        points: impl Fn(&Fact, i32) -> Option<i32>,
    ) -> Option<Score<'a>> {
        let track = self.track(total);
        let standing = track.standing(self.view.at);
        let told = standing.known().iter().filter_map(|item| {
            let (low, high) = range_of(item.fact.quantity()?, 0.0);
            Some(Score { low: whole(low, most), high: whole(high, most), item: *item, from_items: false })
        });
        let told = told.reduce(|a, b| Score { low: a.low.min(b.low), high: a.high.max(b.high), ..b });
        // Items newer than the total are another examination: what it left open stays open, and the older
        // total does not fill it.
        let since = told.map(|told| told.item.at);
        let newer = |at: Timestamp| since.is_none_or(|total| at > total);
        let (mut low, mut high, mut newest, mut any) = (0, 0, None::<Item<'a>>, false);
        for (concept, item_most) in items {
            let track = self.track(*concept);
            let standing = track.standing(self.view.at);
            let stale = matches!(standing, Standing::Stale(_));
            let last = standing.newest().filter(|item| !stale && newer(item.at));
            let known = standing.known().last().copied().filter(|item| newer(item.at));
            match known.and_then(|item| points(item.fact, *item_most)) {
                Some(points) => (low, high, any) = (low + points, high + points, true),
                None => high += item_most,
            }
            newest = match (newest, last) {
                (Some(a), Some(b)) if a.at >= b.at => Some(a),
                (a, b) => b.or(a),
            };
        }
        let summed = newest.map(|item| Score { low, high, item, from_items: true });
        summed.filter(|_| any || told.is_some()).or(told)
    }

    fn ice(&self, arousal: &Arousal, domain: &mut Domain) {
        let points = |fact: &Fact, most: i32| fact.quantity().map(|q| whole(q.value, most));
        let score = self.score(ICE, &self.numbers.ice_items, self.numbers.ice_best, points);
        let Some(score) = score else {
            let track = self.track(ICE);
            return self.lacks(domain, ICE, track.standing(self.view.at));
        };
        if let Some(cause) = excluded(&score.item) {
            return self.leave_out(domain, &score, cause);
        }
        let validity = self.track(ICE_VALIDITY);
        if let Some(item) = validity.standing(self.view.at).known().last()
            && item.fact.answer().is_some_and(|answer| self.numbers.ice_not_valid.answers.contains(&answer))
        {
            let role = Role::LeftOut("the score cannot be used", "此評分不可採用");
            domain.because.push(self.reason(&score.item, None, Span::NONE, &role));
            domain.because.push(self.reason(
                item,
                Some(&self.numbers.ice_not_valid),
                Span::NONE,
                &Role::Counts,
            ));
            return self.ask(domain, ICE);
        }
        if self.before_infusion(&score.item) && self.ice_span(&score, arousal) != Span::NONE {
            domain.because.push(self.reason(&score.item, self.band(score.low), Span::NONE, &BEFORE));
            domain.span = self.unknown();
            return self.ask(domain, ICE);
        }
        let mut span = self.ice_span(&score, arousal);
        let track = self.track(ICE_BASELINE);
        if let Some((item, lost)) = self.lost_before(&track) {
            // What was lost before the therapy may explain that much of the score.
            let better = Score {
                low: score.low + lost,
                high: (score.high + lost).min(self.numbers.ice_best),
                ..score
            };
            let better = Score { low: better.low.min(self.numbers.ice_best), ..better };
            span =
                span.or(self.ice_span(&better, &Arousal::Known { grades: Span::NONE, unarousable: false }));
            let role = Role::LeftOut("may explain part of the score", "可解釋部分失分");
            domain.because.push(self.reason(&item, None, Span::NONE, &role));
        }
        let unarousable = matches!(arousal, Arousal::Known { unarousable: true, .. }) && score.high == 0;
        let line = if unarousable { Some(&self.numbers.ice_unarousable) } else { self.band(score.low) };
        self.told(domain, &score, span, line);
        if !span.settled() {
            self.ask(domain, if score.low == score.high { CONSCIOUSNESS } else { ICE });
        }
    }

    /// Points the patient could not give before the therapy.
    fn lost_before(&self, track: &Track<'a>) -> Option<(Item<'a>, i32)> {
        let item = track.standing(self.view.at).known().last().copied()?;
        let lost = self.numbers.ice_best - whole(item.fact.quantity()?.value, self.numbers.ice_best);
        (lost > 0).then_some((item, lost))
    }

    fn band(&self, score: i32) -> Option<&Criterion> {
        let band = self.numbers.ice_bands.iter().find(|(low, high, _)| (*low..=*high).contains(&score));
        band.map(|(_, _, criterion)| criterion)
    }

    /// The grades of every score that is possible.
    fn ice_span(&self, score: &Score<'_>, arousal: &Arousal) -> Span {
        let unarousable = self.numbers.ice_unarousable.grades;
        let one = |score: i32| {
            let band = self.band(score).map_or(self.unknown(), |criterion| criterion.grades);
            match arousal {
                // Points lost under sedation may be the sedation's.
                Arousal::Sedated => Span::between(0, band.high),
                _ if score > 0 => band,
                Arousal::Known { unarousable: true, .. } => unarousable,
                Arousal::Unknown => band.or(unarousable),
                Arousal::Known { .. } => band,
            }
        };
        (score.low..=score.high).map(one).reduce(Span::or).unwrap_or(self.unknown())
    }

    fn capd(&self, arousal: &Arousal, domain: &mut Domain) {
        let most = self.numbers.capd_item_most;
        let items: Vec<(Concept, i32)> = self.capd_concepts().map(|concept| (concept, most)).collect();
        let total_most = most * i32::try_from(items.len()).unwrap_or(0);
        let points = |fact: &Fact, most: i32| self.capd_points(fact, most);
        let track = self.track(CAPD);
        let standing = track.standing(self.view.at);
        let score = self.score(CAPD, &items, total_most, points);
        let validity = self.track(CAPD_VALIDITY);
        if let Some(item) = validity.standing(self.view.at).known().last()
            && item.fact.answer() != Some(VALID)
            && score.is_none_or(|score| item.at > score.item.at)
        {
            return self.capd_not_done(item, arousal, domain);
        }
        let Some(score) = score else {
            return self.capd_without_score(arousal, standing, domain);
        };
        if let Some(cause) = excluded(&score.item) {
            return self.leave_out(domain, &score, cause);
        }
        let one = |score: i32| match arousal {
            _ if self.numbers.capd_high.holds(f64::from(score)) => self.numbers.capd_high.grades,
            _ if score < self.numbers.capd_from => Span::NONE,
            Arousal::Known { grades, .. } => {
                let low = self.numbers.capd_low.grades;
                let clamp = |grade: u8| grade.clamp(low.low, low.high);
                Span::between(clamp(grades.low), clamp(grades.high))
            }
            Arousal::Sedated | Arousal::Unknown => self.numbers.capd_low.grades,
        };
        let mut span = (score.low..=score.high).map(one).reduce(Span::or).unwrap_or(self.unknown());
        if *arousal == Arousal::Sedated {
            // What the child shows under sedation may be the sedation's.
            span.low = Span::NONE.low;
        }
        if self.before_infusion(&score.item) && span != Span::NONE {
            domain.because.push(self.reason(&score.item, None, Span::NONE, &BEFORE));
            domain.span = self.unknown();
            return self.ask(domain, CAPD);
        }
        let high = self.numbers.capd_high.holds(f64::from(score.high));
        self.told(
            domain,
            &score,
            span,
            Some(if high { &self.numbers.capd_high } else { &self.numbers.capd_low }),
        );
        if !span.settled() {
            self.ask(domain, if score.low == score.high { CONSCIOUSNESS } else { CAPD });
        }
    }

    /// A statement that CAPD could not be done grades where the child could not be woken; one that was
    /// merely not performed is missing.
    fn capd_not_done(&self, item: &Item<'a>, arousal: &Arousal, domain: &mut Domain) {
        let unable = &self.numbers.capd_unable;
        let consciousness = self.track(CONSCIOUSNESS).standing(self.view.at).newest().map(|i| i.at);
        let state = item.fact.answer() == Some(UNAROUSABLE) && excluded(item).is_none();
        let counts = match arousal {
            _ if !state || self.before_infusion(item) => false,
            Arousal::Sedated => false,
            Arousal::Known { unarousable: true, .. } | Arousal::Unknown => true,
            // A newer word that the child is awake makes it old; an older one is outdated by it.
            Arousal::Known { .. } => Some(item.at) > consciousness,
        };
        if counts {
            domain.span = unable.grades;
            domain.because.push(self.reason(item, Some(unable), unable.grades, &Role::Counts));
            return;
        }
        let role = Role::LeftOut("counts as unknown", "視為未知");
        domain.because.push(self.reason(item, None, Span::NONE, &role));
        self.ask(domain, CAPD);
        if state && Some(item.at) == consciousness {
            self.ask(domain, CONSCIOUSNESS);
        }
    }

    /// CAPD that was tried and could not be done grades only when the patient's state was why.
    fn capd_without_score(&self, arousal: &Arousal, standing: Standing<'_, 'a>, domain: &mut Domain) {
        let Standing::NotAssessed(item) = standing else {
            return self.lacks(domain, CAPD, standing);
        };
        let state = matches!(arousal, Arousal::Known { unarousable: true, .. })
            || (*arousal == Arousal::Unknown && names_the_state(&item.fact.value));
        if !state {
            return self.lacks(domain, CAPD, standing);
        }
        let unable = &self.numbers.capd_unable;
        domain.span = unable.grades;
        domain.because.push(self.reason(&item, Some(unable), unable.grades, &Role::Counts));
    }

    /// Points of one CAPD item: an answer, or points already scored.
    fn capd_points(&self, fact: &Fact, most: i32) -> Option<i32> {
        if let Some(quantity) = fact.quantity() {
            return Some(whole(quantity.value, most));
        }
        let answer = fact.answer()?;
        let (_, points) = self.numbers.capd_points.iter().find(|(known, _)| *known == answer)?;
        let reverse =
            self.numbers.capd_items.iter().any(|(concept, reverse)| *concept == fact.concept && *reverse);
        Some(if reverse { most - points } else { *points })
    }

    fn leave_out(&self, domain: &mut Domain, score: &Score<'a>, _cause: Answer) {
        let role = Role::LeftOut("does not count: another cause was given", "不計入：另有原因");
        domain.because.push(self.reason(&score.item, None, Span::NONE, &role));
        domain.span = Span::NONE;
    }

    fn told(&self, domain: &mut Domain, score: &Score<'a>, span: Span, criterion: Option<&Criterion>) {
        domain.span = span;
        let mut reason = self.reason(&score.item, criterion, span, &Role::Counts);
        if score.from_items || score.low != score.high {
            let range = if score.low == score.high {
                score.low.to_string()
            } else {
                format!("{}–{}", score.low, score.high)
            };
            let score = Text::new(
                format!("score {range} from its items; last: "),
                format!("由各項合計 {range} 分；最後一項："),
            );
            reason.used = join(&score, &reason.used);
        }
        domain.because.push(reason);
    }
}

/// Whether the words for “not assessed” name the patient's state rather than circumstances.
fn names_the_state(value: &Value) -> bool {
    const WORDS: [&str; 8] = ["unarous", "coma", "stupor", "obtund", "昏迷", "無法喚醒", "叫不醒", "木僵"];
    let Value::NotAssessed(why) = value else {
        return false;
    };
    let why = why.to_lowercase();
    WORDS.iter().any(|word| why.contains(word))
}

/// A score as a whole number between nothing and the most there is.
fn whole(value: f64, most: i32) -> i32 {
    if value.is_nan() { 0 } else { (value.floor() as i32).clamp(0, most) }
}
