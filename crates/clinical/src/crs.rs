//! Cytokine release syndrome (ASTCT): fever opens an episode, pressure and oxygen grade it, the
//! worse of the two wins. The grade at an instant needs the episode and the drug log, not one row of
//! vital signs. Must not know management, and no number: they come from the rule set.

mod domains;
mod episode;
mod explain;
mod oxygen;
mod pressure;

pub(crate) use domains::other_cause;
pub use episode::{Ending, Episode, Waiver};

use crate::{
    finding::{Finding, Status},
    numbers::CrsNumbers,
    span::Span,
    timeline::{DrugTrack, InfusionDay, Track},
    words::{Lexicon, Route, told},
};
use domains::Inputs;
use episode::{State, Walk, walk};
use jiff::Timestamp;
use vena_base::{Concept, Fact, Text, View};

/// The scale's name in findings.
pub const SCALE: &str = "crs";

const HYPOTENSION: Concept = Concept::known("hypotension");
const INFUSION: Concept = Concept::known("infusion");

/// Classes of drugs after which fever is no longer needed.
const WAIVER_CLASSES: [&str; 3] = ["antipyretic", "anticytokine", "corticosteroid"];

/// How facts known only to the day are placed: each choice that could matter is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Placement {
    signs_late: bool,
    temperature_late: bool,
    drugs_late: bool,
    infusion_late: bool,
}

impl Placement {
    const FIRST: Placement =
        Placement { signs_late: false, temperature_late: false, drugs_late: false, infusion_late: false };

    fn all() -> impl Iterator<Item = Placement> {
        (0_u8..16).map(|bits| Placement {
            signs_late: bits & 1 != 0,
            temperature_late: bits & 2 != 0,
            drugs_late: bits & 4 != 0,
            infusion_late: bits & 8 != 0,
        })
    }
}

/// What a route makes of a drug against fever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// It reaches the whole body, or is taken to.
    Systemic,
    /// It may reach it.
    Open,
    /// It acts only where it is put.
    Local,
}

fn reach(fact: &Fact, numbers: &CrsNumbers, lexicon: &Lexicon) -> Reach {
    match lexicon.route(fact) {
        Route::Known(route) if numbers.site.local.contains(&route) => Reach::Local,
        Route::Known(route) if !numbers.site.systemic.contains(&route) => Reach::Open,
        Route::Known(_) | Route::Unsaid | Route::Unread => Reach::Systemic,
    }
}

/// Whether a vasopressor may be run by the route that was recorded.
fn vascular(fact: &Fact, numbers: &CrsNumbers, lexicon: &Lexicon) -> bool {
    match lexicon.route(fact) {
        Route::Known(route) => numbers.site.vascular.contains(&route),
        Route::Unsaid | Route::Unread => true,
    }
}

fn gather<'a>(
    view: &View<'a>,
    numbers: &'a CrsNumbers,
    lexicon: &Lexicon,
    place: Placement,
    infusion: &InfusionDay,
) -> Inputs<'a> {
    let track = |name: &'static str, late: bool| Track::new(view, Concept::known(name), lexicon, late);
    let sign = |name: &'static str| track(name, place.signs_late);
    let drugs = |class: &str, keep: &dyn Fn(&Fact) -> bool| -> Vec<DrugTrack<'a>> {
        let of_class = lexicon.class(class).iter();
        of_class
            .map(|c| DrugTrack::new(view, *c, HYPOTENSION, lexicon, place.drugs_late).only(keep))
            .filter(|d| !d.is_empty())
            .collect()
    };
    let pressors = |class: &str| -> Vec<DrugTrack<'a>> {
        let run = drugs(class, &|fact| vascular(fact, numbers, lexicon)).into_iter();
        run.map(|drug| match numbers.site.single_doses.contains(&drug.concept) {
            true => drug.infusions(),
            false => drug,
        })
        .collect()
    };
    let against_fever = |wanted: Reach| -> Vec<DrugTrack<'a>> {
        let of_reach = |fact: &Fact| reach(fact, numbers, lexicon) == wanted;
        WAIVER_CLASSES.iter().flat_map(|class| drugs(class, &of_reach)).collect()
    };
    let not_vascular = |fact: &Fact| !vascular(fact, numbers, lexicon);
    Inputs {
        numbers,
        // With only the day known it may lie anywhere in the part of the day that has passed.
        infusion: if place.infusion_late { infusion.end.min(view.at) } else { infusion.start },
        temperature: track("body-temperature", place.temperature_late),
        other_fever: track("other-cause-of-fever", place.temperature_late),
        closed: sign("crs-episode-closed"),
        statement: sign("hypotension"),
        vasopressor_need: sign("vasopressor-need"),
        hypotension_cause: sign("hypotension-cause"),
        pressures: ["systolic-pressure", "mean-pressure", "diastolic-pressure"].map(sign),
        device: sign("oxygen-device"),
        flow: sign("oxygen-flow"),
        saturation: sign("oxygen-saturation"),
        fraction: sign("fio2"),
        hypoxia_cause: sign("hypoxia-cause"),
        vasopressors: pressors("vasopressor"),
        vasopressin: pressors("vasopressin"),
        elsewhere: ["vasopressor", "vasopressin"].iter().flat_map(|c| drugs(c, &not_vascular)).collect(),
        waivers: against_fever(Reach::Systemic),
        open_waivers: against_fever(Reach::Open),
        local_drugs: against_fever(Reach::Local),
        antipyretic: track("antipyretic-therapy", place.drugs_late),
    }
}

/// Which placements could differ from the first one.
fn placements(inputs: &Inputs<'_>, infusion: &InfusionDay) -> Vec<Placement> {
    let signs = [
        &inputs.closed,
        &inputs.statement,
        &inputs.vasopressor_need,
        &inputs.hypotension_cause,
        &inputs.device,
        &inputs.flow,
        &inputs.saturation,
        &inputs.fraction,
        &inputs.hypoxia_cause,
    ];
    let signs = signs.into_iter().chain(&inputs.pressures).any(|track| track.dated);
    let day_only = infusion.start != infusion.end;
    let temperature = inputs.temperature.dated || inputs.other_fever.dated;
    let drugs = inputs.vasopressors.iter().chain(&inputs.vasopressin).chain(&inputs.waivers);
    let drugs = inputs.antipyretic.dated || drugs.chain(&inputs.open_waivers).any(DrugTrack::dated);
    Placement::all()
        .filter(|place| *place != Placement::FIRST)
        .filter(|p| {
            (signs || !p.signs_late)
                && (temperature || !p.temperature_late)
                && (drugs || !p.drugs_late)
                && (day_only || !p.infusion_late)
        })
        .collect()
}

/// The grade of CRS at the view's instant.
pub(crate) fn assess(
    view: &View<'_>,
    infusion: &InfusionDay,
    numbers: &CrsNumbers,
    lexicon: &Lexicon,
) -> Finding {
    let inputs = gather(view, numbers, lexicon, Placement::FIRST, infusion);
    let course = walk(&inputs, view.at);
    let mut placed = vec![(Placement::FIRST, course.span)];
    for place in placements(&inputs, infusion) {
        placed.push((place, walk(&gather(view, numbers, lexicon, place, infusion), view.at).span));
    }
    let span = placed.iter().map(|(_, span)| *span).fold(course.span, Span::or);
    let of = |place: Placement| placed.iter().find(|(p, _)| *p == place).map_or(course.span, |(_, s)| *s);
    let infusion_matters =
        placed.iter().any(|(place, span)| of(Placement { infusion_late: false, ..*place }) != *span);
    let order_matters = placed.iter().any(|(place, span)| {
        of(Placement { infusion_late: place.infusion_late, ..Placement::FIRST }) != *span
    });
    let mut finding = Finding::new(SCALE, &numbers.rule.name, Status::NotAssessable);
    finding.provisional = numbers.rule.provisional;
    finding.say(span, numbers.highest);
    if order_matters {
        finding.notes.push(Text::new(
            "Some facts are known only to the day; the order in which they happened changes the grade.",
            "部分事實僅記錄到日期；其先後順序會影響分級。",
        ));
    }
    if infusion_matters {
        finding.notes.push(Text::new(
            format!("The infusion is known only to the day ({}); whether a value of that day came before it changes the grade.", infusion.when),
            format!("輸注僅記錄到日期（{}）；當日數值在輸注前或後會影響分級。", infusion.when),
        ));
        finding.lacks(INFUSION);
        finding.ask(INFUSION, Text::new("At what time were the cells infused?", "細胞於幾點輸注？"));
    }
    finding.since = course.opening.map(|fact| fact.when);
    if course.state == State::Quiet
        && let Some(last) = course.episodes.last()
        && last.ending == Some(Ending::Quiet)
    {
        // The number of hours is the site's, and so is the answer that rests on it.
        finding.provisional = true;
        let began = told(last.start, view.zone());
        finding.notes.push(Text::new(
            format!(
                "The episode that began {} counts as ended: the site's number of quiet hours passed. A new fever would open another.",
                began
            ),
            format!("{} 開始的病程已視為結束：已達院方設定的無徵象時數。再次發燒才算新的病程。", began),
        ));
    }
    explain::explain(&mut finding, &course, &inputs, lexicon, view, span);
    if finding.status == Status::NotAssessable && finding.settled_by.is_empty() {
        // Only the order of what is known to the day leaves it open: the clock time settles it.
        finding.ask(
            Concept::known("body-temperature"),
            Text::new(
                "At what time of the day were the values taken that are known only to the day?",
                "僅記錄到日期的數值是當天幾點測得？",
            ),
        );
    }
    finding
}

/// The episodes of CRS up to the view's instant, in order; the last may still be open. Facts known
/// only to the day count from its first instant.
pub(crate) fn episodes(
    view: &View<'_>,
    infusion: &InfusionDay,
    numbers: &CrsNumbers,
    lexicon: &Lexicon,
) -> Vec<Episode> {
    walk(&gather(view, numbers, lexicon, Placement::FIRST, infusion), view.at).episodes
}

/// The steps of the course, as (from, grades), once for each way in which facts known only to the day
/// can be placed.
pub(crate) fn course_steps(
    view: &View<'_>,
    infusion: &InfusionDay,
    numbers: &CrsNumbers,
    lexicon: &Lexicon,
) -> Vec<Vec<(Timestamp, Span)>> {
    let inputs = gather(view, numbers, lexicon, Placement::FIRST, infusion);
    let steps = |inputs: &Inputs<'_>| {
        walk(inputs, view.at).steps.into_iter().map(|step| (step.from, step.span)).collect()
    };
    let mut all: Vec<Vec<(Timestamp, Span)>> = vec![steps(&inputs)];
    for place in placements(&inputs, infusion) {
        all.push(steps(&gather(view, numbers, lexicon, place, infusion)));
    }
    all
}

/// Whether the state needs the drug log to be settled.
fn log_matters(course: &Walk<'_>) -> bool {
    course.state == State::NeedsFever && course.hypotension.span.worst(course.hypoxia.span).high > 0
}
