//! Immune effector cell-associated neurotoxicity syndrome (ASTCT): the worst of cognition (ICE or
//! CAPD), consciousness, seizures, motor findings and brain pressure. Must not know management, and
//! no number: they come from the rule set.

mod cognition;
mod signs;

use crate::{
    crs::other_cause,
    finding::{Finding, Reason, Status},
    late::is_late,
    numbers::{Criterion, IcansNumbers},
    span::Span,
    timeline::{DrugTrack, InfusionDay, Item, Standing, Track},
    words::{Lexicon, with},
};
use jiff::Timestamp;
use vena_base::{Answer, Concept, Text, View};

pub(crate) const SEDATION: Concept = Concept::known("sedation");

/// The scale's name in findings.
pub const SCALE: &str = "icans";

/// The chart as ICANS looks at it.
struct Scene<'v, 'a> {
    view: &'v View<'a>,
    numbers: &'v IcansNumbers,
    lexicon: &'v Lexicon,
    /// Facts known only to the day are placed at its end instead of its start.
    late: bool,
    /// A sign from before it is not the therapy's.
    infusion: Timestamp,
}

/// The grades one domain allows, and why.
struct Domain {
    span: Span,
    because: Vec<Reason>,
    missing: Vec<Concept>,
    asks: Vec<(Concept, Text)>,
    notes: Vec<Text>,
}

impl Domain {
    fn settled(span: Span) -> Domain {
        Domain { span, because: Vec::new(), missing: Vec::new(), asks: Vec::new(), notes: Vec::new() }
    }
}

/// How a fact entered.
enum Role<'t> {
    Counts,
    LeftOut(&'t str, &'t str),
}

impl<'a> Scene<'_, 'a> {
    fn track(&self, concept: Concept) -> Track<'a> {
        Track::new(self.view, concept, self.lexicon, self.late)
    }

    /// Whether a sign was there before the cells were.
    fn before_infusion(&self, item: &Item<'_>) -> bool {
        item.at < self.infusion
    }

    fn unknown(&self) -> Span {
        Span::unknown(self.numbers.highest)
    }

    fn reason(&self, item: &Item<'_>, criterion: Option<&Criterion>, span: Span, role: &Role<'_>) -> Reason {
        let fact = item.fact;
        let used = self.lexicon.used(fact, item.at, self.view.at);
        let (used, counts) = match role {
            Role::Counts => (used, true),
            Role::LeftOut(en, zh_tw) => (with(used, en, zh_tw), false),
        };
        Reason {
            criterion: criterion.map_or_else(|| fact.concept.to_string(), |c| c.id.clone()),
            label: criterion.map_or_else(|| self.lexicon.name(fact.concept), |c| c.label.clone()),
            used,
            when: Some(fact.when),
            late: is_late(fact, self.view, self.numbers.site.late_hours),
            grade_low: counts.then_some(span.low),
            grade_high: counts.then_some(span.high),
            deciding: false,
            attributed: fact.attributed_to,
            source: criterion.map_or_else(|| Text::same(""), |c| c.source.clone()),
        }
    }

    /// Leaves a domain unknown, with what was seen but cannot be used, and the question to ask.
    fn lacks(&self, domain: &mut Domain, concept: Concept, standing: Standing<'_, 'a>) {
        match standing {
            Standing::Stale(item) => {
                let role = Role::LeftOut("too old to stand for now", "時間過久，不能代表現況");
                domain.because.push(self.reason(&item, None, Span::NONE, &role));
            }
            Standing::NotAssessed(item) => {
                let role = Role::LeftOut("counts as unknown", "視為未知");
                domain.because.push(self.reason(&item, None, Span::NONE, &role));
            }
            Standing::Known(_) | Standing::Missing => {}
        }
        self.ask(domain, concept);
    }

    fn ask(&self, domain: &mut Domain, concept: Concept) {
        let name = self.lexicon.name(concept);
        domain.missing.push(concept);
        let question = match concept.as_str() {
            "birth-date" => Text::new("What is the birth date?", "出生日期為何？"),
            "developmental-delay" => Text::new("Is there a developmental delay?", "是否有發展遲緩？"),
            _ => Text::new(format!("Assess now: {}", name.en), format!("請評估：{}", name.zh_tw)),
        };
        domain.asks.push((concept, question));
    }

    /// The five domains.
    fn domains(&self) -> [Domain; 5] {
        let (state, consciousness) = self.consciousness();
        [self.cognition(&state), consciousness, self.seizure(), self.motor(), self.brain_pressure()]
    }
}

/// A cause other than the therapy, by which a finding is left out.
fn excluded(item: &Item<'_>) -> Option<Answer> {
    other_cause(item.fact.attributed_to)
}

/// Left out: seen before the infusion.
const BEFORE: Role<'static> = Role::LeftOut("from before the infusion: does not count", "輸注前所見：不計入");

/// Every way to place what is known only to the day: the facts, and the infusion.
fn placements(view: &View<'_>, infusion: &InfusionDay, lexicon: &Lexicon) -> Vec<(bool, Timestamp)> {
    let end = infusion.end.min(view.at);
    let starts = if end > infusion.start { vec![infusion.start, end] } else { vec![infusion.start] };
    let late: &[bool] = if dated(view, lexicon) { &[false, true] } else { &[false] };
    starts.iter().flat_map(|start| late.iter().map(|late| (*late, *start))).collect()
}

/// Whether a fact ICANS looks at is known only to the day.
fn dated(view: &View<'_>, lexicon: &Lexicon) -> bool {
    let mut tracks = CONCEPTS.iter().map(|concept| Track::new(view, *concept, lexicon, false));
    let mut sedatives = lexicon.class("sedative").iter();
    tracks.any(|track| track.dated)
        || sedatives.any(|drug| DrugTrack::new(view, *drug, SEDATION, lexicon, false).dated())
}

/// The grade of ICANS at the view's instant.
pub(crate) fn assess(
    view: &View<'_>,
    infusion: &InfusionDay,
    numbers: &IcansNumbers,
    lexicon: &Lexicon,
) -> Finding {
    let domains = Scene { view, numbers, lexicon, late: false, infusion: infusion.start }.domains();
    let mut finding = Finding::new(SCALE, &numbers.rule.name, Status::NotAssessable);
    finding.provisional = numbers.rule.provisional;
    let worst = |domains: &[Domain; 5]| domains.iter().map(|d| d.span).fold(Span::NONE, Span::worst);
    let mut span = worst(&domains);
    let placed = placements(view, infusion, lexicon);
    let others = placed.iter().skip(1);
    let others = others.map(|(late, infusion)| {
        worst(&Scene { view, numbers, lexicon, late: *late, infusion: *infusion }.domains())
    });
    let all = others.fold(span, Span::or);
    if all != span {
        span = all;
        finding.notes.push(Text::new(
            "Some facts are known only to the day; the order in which they happened changes the grade.",
            "部分事實僅記錄到日期；其先後順序會影響分級。",
        ));
        finding.ask(
            Concept::known("infusion"),
            Text::new(
                "At what time of the day did that happen which is known only to the day?",
                "僅記錄到日期者，發生於當天幾點？",
            ),
        );
    }
    finding.say(span, numbers.highest);
    for domain in domains {
        for mut reason in domain.because {
            reason.deciding =
                reason.grade_low == Some(span.low) && (span.low > 0 || reason.grade_high == Some(0));
            finding.because.push(reason);
        }
        if !span.settled() && !domain.span.settled() && domain.span.high > span.low {
            domain.missing.into_iter().for_each(|concept| finding.lacks(concept));
            domain.asks.into_iter().for_each(|(concept, question)| finding.ask(concept, question));
        }
        finding.notes.extend(domain.notes);
    }
    if finding.because.iter().any(|r| r.grade_high.is_some_and(|g| g > 0) && r.attributed.is_none()) {
        finding.notes.push(Text::new(
            "Findings without a stated cause count as ICANS.",
            "未註明原因的表現以 ICANS 計。",
        ));
    }
    finding
}

/// The grades allowed at the view's instant, without words.
pub(crate) fn grades(
    view: &View<'_>,
    infusion: &InfusionDay,
    numbers: &IcansNumbers,
    lexicon: &Lexicon,
) -> Span {
    let placed = placements(view, infusion, lexicon);
    let spans = placed.into_iter().map(|(late, infusion)| {
        let domains = Scene { view, numbers, lexicon, late, infusion }.domains();
        domains.iter().map(|d| d.span).fold(Span::NONE, Span::worst)
    });
    spans.reduce(Span::or).unwrap_or(Span::unknown(numbers.highest))
}

/// Every concept that can change the grade, for finding the instants at which it may change.
pub(crate) const CONCEPTS: [Concept; 25] = [
    Concept::known("ice-score"),
    Concept::known("ice-orientation"),
    Concept::known("ice-naming"),
    Concept::known("ice-command"),
    Concept::known("ice-writing"),
    Concept::known("ice-attention"),
    Concept::known("ice-baseline"),
    Concept::known("ice-validity"),
    Concept::known("capd-score"),
    Concept::known("capd-item-1"),
    Concept::known("capd-item-2"),
    Concept::known("capd-item-3"),
    Concept::known("capd-item-4"),
    Concept::known("capd-item-5"),
    Concept::known("capd-item-6"),
    Concept::known("capd-item-7"),
    Concept::known("capd-item-8"),
    Concept::known("capd-validity"),
    Concept::known("developmental-delay"),
    Concept::known("level-of-consciousness"),
    Concept::known("sedation"),
    Concept::known("seizure"),
    Concept::known("motor"),
    Concept::known("neuroimaging"),
    Concept::known("raised-icp-signs"),
];
