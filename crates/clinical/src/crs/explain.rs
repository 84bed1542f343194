//! The reasons, the missing facts and the questions of a CRS grade, in words. Must not grade.

use super::{
    Reach,
    domains::{Ask, Domain, Evidence, Fever, Inputs, Role},
    episode::{State, Walk},
    log_matters, reach,
};
use crate::{
    finding::{Finding, Reason},
    late::is_late,
    numbers::CrsNumbers,
    span::Span,
    timeline::Doubt,
    words::{Lexicon, Route, with},
};
use vena_base::{Answer, Concept, Fact, Text, View, When, time::days_between};

/// Adds everything a reader needs to a finding whose grade is already said.
pub(super) fn explain(
    finding: &mut Finding,
    course: &Walk<'_>,
    inputs: &Inputs<'_>,
    lexicon: &Lexicon,
    view: &View<'_>,
    span: Span,
) {
    let teller = Teller { numbers: inputs.numbers, lexicon, view, span };
    episode_reasons(finding, course, &teller);
    route_reasons(finding, course, inputs, &teller);
    teller.domain(finding, &course.fever.1, true);
    teller.domain(finding, &course.hypotension, false);
    teller.domain(finding, &course.hypoxia, false);
    if !span.settled() {
        missing(finding, course);
        questions(finding, course, lexicon, view);
    }
    late_onset(finding, course, inputs, view);
    if finding.because.iter().any(|r| r.grade_high.is_some_and(|g| g > 0) && r.attributed.is_none()) {
        finding
            .notes
            .push(Text::new("Findings without a stated cause count as CRS.", "未註明原因的表現以 CRS 計。"));
    }
}

/// A fever that began later after the infusion than CRS usually does grades like any other, and asks
/// whether it has another cause. Where no fever was seen but may have been hidden, the signs ask.
fn late_onset(finding: &mut Finding, course: &Walk<'_>, inputs: &Inputs<'_>, view: &View<'_>) {
    const NONE: Answer = Answer::known("none");
    let signs = course.hypotension.span.worst(course.hypoxia.span).low > 0;
    let (when, fact) = match (course.opening, course.state) {
        (Some(fever), _) => (fever.when, Some(fever)),
        (None, State::Masked) if signs => (When::Date(view.zone().day_of(view.at)), None),
        _ => return,
    };
    let zone = view.zone();
    let day = days_between(zone.day_of(inputs.infusion), when.first_day(zone));
    let usual = inputs.numbers.usual_onset_days;
    if day <= usual {
        return;
    }
    let source = &inputs.numbers.usual_onset.source;
    finding.notes.push(Text::new(
        format!("Began on day {day}: CRS usually begins within {usual} days of the infusion, later onset is rare [{}]. The grade counts it as CRS all the same; another cause, infection first, must be looked for.", source.en),
        format!("於第 {day} 天開始：CRS 多於輸注後 {usual} 天內發生，較晚者少見［{}］。分級仍以 CRS 計，但應先查明有無其他原因，尤其感染。", source.zh_tw),
    ));
    let attributed = fact.is_some_and(|fact| fact.attributed_to.is_some());
    let cause = inputs.other_fever.standing(view.at);
    if attributed || cause.says(NONE) {
        return;
    }
    // Nobody has said that it is CRS: the grade rests on that assumption.
    finding.provisional = true;
    finding.ask(
        OTHER_CAUSE,
        Text::new(
            format!("The fever began on day {day} after the infusion: is there another cause (infection, drug, disease)?"),
            format!("發燒始於輸注後第 {day} 天：是否有其他原因（感染、藥物、疾病）？"),
        ),
    );
}

struct Teller<'t, 'a> {
    numbers: &'t CrsNumbers,
    lexicon: &'t Lexicon,
    view: &'t View<'a>,
    span: Span,
}

impl Teller<'_, '_> {
    fn domain(&self, finding: &mut Finding, domain: &Domain<'_>, fever: bool) {
        for evidence in &domain.evidence {
            finding.provisional |= evidence.criterion.is_some_and(|c| c.provisional);
            finding.because.push(self.reason(evidence, fever));
        }
    }

    fn reason(&self, evidence: &Evidence<'_>, fever: bool) -> Reason {
        let fact = evidence.item.fact;
        let used = self.lexicon.used(fact, evidence.item.at, self.view.at);
        let counts = matches!(evidence.role, Role::Counts | Role::MayRun(_));
        let used = match evidence.role {
            Role::Counts => used,
            Role::MayRun(Doubt::NoStop) => {
                with(used, "no stop recorded; may have ended", "未記錄停藥，可能已結束")
            }
            Role::MayRun(Doubt::EndDay) => {
                with(used, "its end is known only to this day", "停止時間僅記錄到當日")
            }
            Role::MayRun(Doubt::SingleDose) => with(
                used,
                "a dose without rate or end: it may not run",
                "僅有劑量，無速率或結束時間：未必持續輸注",
            ),
            Role::OtherRoute => {
                let name = self.lexicon.route_name(fact);
                with(
                    used,
                    &format!("{}: not run as a vasopressor, does not count", name.en),
                    &format!("{}：非升壓劑輸注，不計入", name.zh_tw),
                )
            }
            Role::OtherCause(cause) => {
                let name = self.lexicon.cause(fact.concept, cause);
                with(
                    used,
                    &format!("does not count: another cause ({})", name.en),
                    &format!("不計入：另有原因（{}）", name.zh_tw),
                )
            }
            Role::OutsideScale => with(used, "does not count on this scale", "不屬於本分級的項目"),
            Role::Stale => with(used, "too old to stand for now", "時間過久，不能代表現況"),
            Role::BeforeInfusion => {
                with(used, "from before the infusion: does not count", "輸注前所測：不計入")
            }
            Role::NotAssessed => used,
            Role::Asks => {
                with(used, "asks for the clinician's statement; grades nothing", "需臨床人員判斷；本身不分級")
            }
        };
        let deciding = counts
            && if self.span.low > 0 {
                evidence.span.low == self.span.low
            } else {
                fever && evidence.span.high == 0
            };
        Reason {
            criterion: evidence.criterion.map_or_else(|| fact.concept.to_string(), |c| c.id.clone()),
            label: evidence.criterion.map_or_else(|| self.lexicon.name(fact.concept), |c| c.label.clone()),
            used,
            when: Some(fact.when),
            late: is_late(fact, self.view, self.numbers.site.late_hours),
            grade_low: counts.then_some(evidence.span.low),
            grade_high: counts.then_some(evidence.span.high),
            deciding,
            attributed: fact.attributed_to,
            source: evidence.criterion.map_or_else(|| Text::same(""), |c| c.source.clone()),
        }
    }

    /// Says where the route of a drug against fever was not told and was taken as systemic.
    fn with_route(&self, used: Text, fact: &Fact) -> Text {
        let drug = |class: &str| self.lexicon.class(class).contains(&fact.concept);
        match self.lexicon.route(fact) {
            // Only these have forms that act where they are put.
            Route::Unsaid if drug("corticosteroid") || drug("antipyretic") => {
                with(used, "route not recorded: taken as systemic", "未記錄途徑：視為全身給藥")
            }
            Route::Unread => {
                let name = self.lexicon.route_name(fact);
                with(
                    used,
                    &format!("route {} not understood: taken as systemic", name.en),
                    &format!("途徑{}無法判讀：視為全身給藥", name.zh_tw),
                )
            }
            _ => used,
        }
    }

    fn plain(&self, id: &str, label: Text, used: Text, fact: &Fact) -> Reason {
        Reason {
            criterion: id.to_owned(),
            label,
            used,
            when: Some(fact.when),
            late: is_late(fact, self.view, self.numbers.site.late_hours),
            grade_low: None,
            grade_high: None,
            deciding: false,
            attributed: fact.attributed_to,
            source: self.numbers.fever.source.clone(),
        }
    }
}

/// The fever that opened the episode and what was given since.
fn episode_reasons(finding: &mut Finding, course: &Walk<'_>, teller: &Teller<'_, '_>) {
    let Some(fact) = course.opening else { return };
    let zone = teller.view.zone();
    let label = Text::new("The episode began with this fever", "本次發作由此發燒開始");
    let used = teller.lexicon.used(fact, fact.when.earliest(zone), teller.view.at);
    finding.because.push(teller.plain("episode", label, used, fact));
    let waiver = course.episodes.last().filter(|e| e.end.is_none()).and_then(|e| e.waiver);
    if let Some(waiver) = waiver {
        let systemic = |fact: &&Fact| reach(fact, teller.numbers, teller.lexicon) == Reach::Systemic;
        let given = teller.view.of(waiver.concept).filter(systemic).find(|fact| fact.when == waiver.when);
        let label = Text::new(
            "Given after the episode began: fever is no longer needed, pressure and oxygen grade",
            "發作開始後已給藥：不再需要發燒，改以血壓與氧氣需求分級",
        );
        if let Some(fact) = given {
            let used = teller.lexicon.used(fact, fact.when.earliest(zone), teller.view.at);
            finding.because.push(teller.plain("fever-waived", label, teller.with_route(used, fact), fact));
        }
    }
    if let Some(item) = course.none_given {
        let label = Text::new(
            "Nothing was given against the fever: fever is still needed",
            "未曾給予退燒等藥物：仍需有發燒",
        );
        let used = teller.lexicon.used(item.fact, item.at, teller.view.at);
        finding.because.push(teller.plain("fever-needed", label, used, item.fact));
    }
}

/// Drugs against fever that were given where they act only locally, or may not reach the whole body.
fn route_reasons(finding: &mut Finding, course: &Walk<'_>, inputs: &Inputs<'_>, teller: &Teller<'_, '_>) {
    if matches!(course.state, State::Treated) || (course.state == State::Quiet && course.opening.is_none()) {
        return;
    }
    let labels = [
        (
            &inputs.local_drugs,
            Text::new("Acts only where it is put: fever is still needed", "僅作用於局部：仍需有發燒"),
        ),
        (
            &inputs.open_waivers,
            Text::new(
                "May not reach the whole body: whether fever is still needed stays open",
                "未必及於全身：是否仍需有發燒未定",
            ),
        ),
    ];
    for (drugs, label) in labels {
        let newest = drugs.iter().filter_map(|drug| drug.newest(teller.view.at));
        for item in newest.filter(|item| item.at >= inputs.infusion) {
            let used = teller.lexicon.used(item.fact, item.at, teller.view.at);
            let name = teller.lexicon.route_name(item.fact);
            let used = with(used, &name.en, &name.zh_tw);
            finding.because.push(teller.plain("route", label.clone(), used, item.fact));
        }
    }
}

const TEMPERATURE: Concept = Concept::known("body-temperature");
const OTHER_CAUSE: Concept = Concept::known("other-cause-of-fever");
const HYPOTENSION: Concept = Concept::known("hypotension");
const DEVICE: Concept = Concept::known("oxygen-device");
const FLOW: Concept = Concept::known("oxygen-flow");
const ANTIPYRETIC: Concept = Concept::known("antipyretic-therapy");

fn missing(finding: &mut Finding, course: &Walk<'_>) {
    if course.fever.0 == Fever::Unknown {
        finding.lacks(TEMPERATURE);
    }
    if needs_log(course) {
        finding.lacks(ANTIPYRETIC);
    }
    for domain in [&course.hypotension, &course.hypoxia] {
        for ask in &domain.asks {
            finding.lacks(asks_for(ask));
        }
    }
}

fn needs_log(course: &Walk<'_>) -> bool {
    log_matters(course) && course.fever.0 != Fever::Yes
}

fn asks_for(ask: &Ask<'_>) -> Concept {
    match ask {
        Ask::Hypotension(_) | Ask::Vasopressors => HYPOTENSION,
        Ask::StillRuns(fact) | Ask::SingleDose(fact) => fact.concept,
        Ask::Device(_) => DEVICE,
        Ask::Flow => FLOW,
        Ask::Temperature => TEMPERATURE,
        Ask::Antipyretic => ANTIPYRETIC,
    }
}

fn questions(finding: &mut Finding, course: &Walk<'_>, lexicon: &Lexicon, view: &View<'_>) {
    let mut asks: Vec<Ask<'_>> = Vec::new();
    if needs_log(course) {
        asks.push(Ask::Antipyretic);
    }
    // With no episode open an afebrile patient has grade 0 whatever pressure and oxygen say.
    asks.extend(&course.fever.1.asks);
    if course.state != State::Quiet || course.fever.0 != Fever::No {
        asks.extend(course.hypotension.asks.iter().chain(&course.hypoxia.asks));
    }
    let signs = course.hypotension.span.worst(course.hypoxia.span);
    if course.state == State::Masked && signs.high > 0 {
        finding.ask(
            TEMPERATURE,
            Text::new(
                "Was there a fever since the infusion, before something against it was given?",
                "輸注後、給藥前是否曾發燒？",
            ),
        );
    }
    for ask in asks {
        finding.ask(asks_for(&ask), question(&ask, lexicon, view));
    }
}

fn question(ask: &Ask<'_>, lexicon: &Lexicon, view: &View<'_>) -> Text {
    let seen = |fact: &Fact| lexicon.used(fact, fact.when.earliest(view.zone()), view.at);
    match ask {
        Ask::Hypotension(None) => Text::new(
            "Is there hypotension, and does it need a vasopressor?",
            "是否有低血壓？是否需要升壓劑？",
        ),
        Ask::Hypotension(Some(fact)) => {
            let seen = seen(fact);
            Text::new(
                format!("{}: is this hypotension, and does it need a vasopressor?", seen.en),
                format!("{}：是否判定為低血壓？是否需要升壓劑？", seen.zh_tw),
            )
        }
        Ask::Vasopressors => Text::new("Which vasopressors are running?", "目前使用哪些升壓劑？"),
        Ask::StillRuns(fact) => {
            let name = lexicon.name(fact.concept);
            Text::new(format!("Is {} still running?", name.en), format!("{} 是否仍在使用？", name.zh_tw))
        }
        Ask::SingleDose(fact) => {
            let seen = seen(fact);
            Text::new(
                format!("{}: was this a single dose, or is it running?", seen.en),
                format!("{}：是單次給藥，還是持續輸注中？", seen.zh_tw),
            )
        }
        Ask::Device(None) => {
            Text::new("Is oxygen needed, and by which device and flow?", "是否需要氧氣？使用何種裝置與流量？")
        }
        Ask::Device(Some(fact)) => {
            let seen = seen(fact);
            Text::new(
                format!("{}: is oxygen needed, and by which device and flow?", seen.en),
                format!("{}：是否需要氧氣？使用何種裝置與流量？", seen.zh_tw),
            )
        }
        Ask::Flow => Text::new("At which oxygen flow?", "氧氣流量為何？"),
        Ask::Temperature => Text::new("What is the temperature now?", "目前體溫為何？"),
        Ask::Antipyretic => Text::new(
            "Since the fever began, was an antipyretic, an anticytokine drug or a corticosteroid given?",
            "發燒開始後，是否給予過退燒藥、抗細胞激素藥物或皮質類固醇？",
        ),
    }
}
