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
    words::Lexicon,
};
use domains::Inputs;
use episode::{State, Step, Walk, walk};
use jiff::Timestamp;
use vena_base::{Concept, Text, View};

/// The scale's name in findings.
pub const SCALE: &str = "crs";

const HYPOTENSION: Concept = Concept::known("hypotension");

/// Classes of drugs after which fever is no longer needed.
const WAIVER_CLASSES: [&str; 3] = ["antipyretic", "anticytokine", "corticosteroid"];

/// How facts known only to the day are placed: each choice that could matter is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Placement {
    signs_late: bool,
    temperature_late: bool,
    drugs_late: bool,
}

impl Placement {
    const FIRST: Placement = Placement { signs_late: false, temperature_late: false, drugs_late: false };

    fn all() -> impl Iterator<Item = Placement> {
        (0_u8..8).map(|bits| Placement {
            signs_late: bits & 1 != 0,
            temperature_late: bits & 2 != 0,
            drugs_late: bits & 4 != 0,
        })
    }
}

fn gather<'a>(
    view: &View<'a>,
    numbers: &'a CrsNumbers,
    lexicon: &Lexicon,
    place: Placement,
    infusion: Timestamp,
) -> Inputs<'a> {
    let track = |name: &'static str, late: bool| Track::new(view, Concept::known(name), lexicon, late);
    let sign = |name: &'static str| track(name, place.signs_late);
    let drugs = |class: &str| -> Vec<DrugTrack<'a>> {
        let of_class = lexicon.class(class).iter();
        of_class
            .map(|c| DrugTrack::new(view, *c, HYPOTENSION, lexicon, place.drugs_late))
            .filter(|d| !d.is_empty())
            .collect()
    };
    Inputs {
        numbers,
        infusion,
        temperature: track("body-temperature", place.temperature_late),
        other_fever: track("other-cause-of-fever", place.temperature_late),
        closed: sign("crs-episode-closed"),
        statement: sign("hypotension"),
        vasopressor_need: sign("vasopressor-need"),
        hypotension_cause: sign("hypotension-cause"),
        pressure: sign("systolic-pressure"),
        device: sign("oxygen-device"),
        flow: sign("oxygen-flow"),
        saturation: sign("oxygen-saturation"),
        hypoxia_cause: sign("hypoxia-cause"),
        vasopressors: drugs("vasopressor"),
        vasopressin: drugs("vasopressin"),
        waivers: WAIVER_CLASSES.iter().flat_map(|class| drugs(class)).collect(),
        antipyretic: track("antipyretic-therapy", place.drugs_late),
    }
}

/// Which placements could differ from the first one.
fn placements(inputs: &Inputs<'_>) -> Vec<Placement> {
    let signs = [
        &inputs.closed,
        &inputs.statement,
        &inputs.vasopressor_need,
        &inputs.hypotension_cause,
        &inputs.pressure,
        &inputs.device,
        &inputs.flow,
        &inputs.saturation,
        &inputs.hypoxia_cause,
    ];
    let signs = signs.iter().any(|track| track.dated);
    let temperature = inputs.temperature.dated || inputs.other_fever.dated;
    let mut drugs = inputs.vasopressors.iter().chain(&inputs.vasopressin).chain(&inputs.waivers);
    let drugs = inputs.antipyretic.dated || drugs.any(DrugTrack::dated);
    Placement::all()
        .filter(|place| *place != Placement::FIRST)
        .filter(|p| {
            (signs || !p.signs_late) && (temperature || !p.temperature_late) && (drugs || !p.drugs_late)
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
    let from = infusion.start;
    let inputs = gather(view, numbers, lexicon, Placement::FIRST, from);
    let course = walk(&inputs, view.at);
    let (mut span, mut order_matters) = (course.span, false);
    for place in placements(&inputs) {
        let other = walk(&gather(view, numbers, lexicon, place, from), view.at).span;
        order_matters |= other != course.span;
        span = span.or(other);
    }
    let mut finding = Finding::new(SCALE, &numbers.rule.name, Status::NotAssessable);
    finding.provisional = numbers.rule.provisional;
    finding.say(span, numbers.highest);
    if order_matters {
        finding.notes.push(Text::new(
            "Some facts are known only to the day; the order in which they happened changes the grade.",
            "部分事實僅記錄到日期；其先後順序會影響分級。",
        ));
    }
    finding.since = course.opening.map(|fact| fact.when);
    if course.state == State::Quiet
        && let Some(last) = course.episodes.last()
        && last.ending == Some(Ending::Quiet)
    {
        // The number of hours is the site's, and so is the answer that rests on it.
        finding.provisional = true;
        finding.notes.push(Text::new(
            format!(
                "The episode that began {} counts as ended: the site's number of quiet hours passed. A new fever would open another.",
                last.start
            ),
            format!("{} 開始的病程已視為結束：已達院方設定的無徵象時數。再次發燒才算新的病程。", last.start),
        ));
    }
    explain::explain(&mut finding, &course, numbers, lexicon, view, span);
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
pub fn episodes(
    view: &View<'_>,
    infusion: Timestamp,
    numbers: &CrsNumbers,
    lexicon: &Lexicon,
) -> Vec<Episode> {
    walk(&gather(view, numbers, lexicon, Placement::FIRST, infusion), view.at).episodes
}

/// The grades over time up to the view's instant, one step a change.
pub(crate) fn steps(
    view: &View<'_>,
    infusion: &InfusionDay,
    numbers: &CrsNumbers,
    lexicon: &Lexicon,
) -> Vec<Step> {
    walk(&gather(view, numbers, lexicon, Placement::FIRST, infusion.start), view.at).steps
}

/// The steps of one course, as (from, grades).
pub(crate) fn course_steps(
    view: &View<'_>,
    infusion: &InfusionDay,
    numbers: &CrsNumbers,
    lexicon: &Lexicon,
) -> Vec<(Timestamp, Span)> {
    steps(view, infusion, numbers, lexicon).into_iter().map(|step| (step.from, step.span)).collect()
}

/// Whether the state needs the drug log to be settled.
fn log_matters(course: &Walk<'_>) -> bool {
    course.state == State::NeedsFever && course.hypotension.span.worst(course.hypoxia.span).high > 0
}
