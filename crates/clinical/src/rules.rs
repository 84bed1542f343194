//! The rule sets an assessment uses, read from the knowledge folder into the scales' typed numbers.
//! One function a scale. Knows no chart and no grade.

mod blood;

use crate::{
    numbers::{
        Criterion, CrsNumbers, HematotoxNumbers, IcahtNumbers, IcansNumbers, Limit, Reading, RuleName, Sign,
        SiteNumbers,
    },
    span::Span,
    words::Lexicon,
};
use blood::{hematotox_numbers, icaht_numbers};
use vena_base::{Answer, Concept, Lang, Text};
use vena_knowledge::{Bibliography, Comparison, Entry, Knowledge, Life, RuleError, RuleSet};

/// The readings of ICAHT that stand beside each other.
const ICAHT_READINGS: [(&str, Reading); 3] = [
    ("icaht/longest-run-plain", Reading::LongestRunPlain),
    ("icaht/longest-run-published", Reading::LongestRunPublished),
    ("icaht/cumulative", Reading::Cumulative),
];

/// Everything an assessment grades with.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// CRS.
    pub crs: CrsNumbers,
    /// ICANS.
    pub icans: IcansNumbers,
    /// ICAHT by the chosen reading.
    pub icaht: IcahtNumbers,
    /// ICAHT by every reading, for saying where another would differ.
    pub icaht_readings: Vec<IcahtNumbers>,
    /// CAR-HEMATOTOX.
    pub hematotox: HematotoxNumbers,
    /// Names, holding times, drug classes.
    pub lexicon: Lexicon,
}

impl Rules {
    /// The default rule sets, with those named in `using` (`id` or `id@version`) in their place. A reading
    /// of ICAHT may go by its own name alone: `cumulative` for `icaht/cumulative`.
    ///
    /// # Errors
    /// A rule set or version that does not exist or is none this crate grades with, or an entry
    /// that a scale needs and the rule set lacks.
    pub fn choose(knowledge: &Knowledge, using: &[&str]) -> Result<Rules, RuleError> {
        let in_full: Vec<String> = using.iter().map(|name| in_full(name)).collect();
        let using: Vec<&str> = in_full.iter().map(String::as_str).collect();
        let chosen = Chosen { knowledge, using: &using };
        chosen.check_names()?;
        let site = site_numbers(knowledge.rule("crs/site-defaults", chosen.version("crs/site-defaults"))?);
        let mut icaht_readings = Vec::new();
        let mut icaht = None;
        for (id, reading) in ICAHT_READINGS {
            let rule = knowledge.rule(id, chosen.version(id))?;
            let numbers = icaht_numbers(rule, &knowledge.sources, reading, &site)?;
            if icaht.is_none() || chosen.names(id) {
                icaht = Some(numbers.clone());
            }
            icaht_readings.push(numbers);
        }
        let icaht = icaht.ok_or_else(|| RuleError::NoSuchRule("icaht".to_owned()))?;
        Ok(Rules {
            crs: crs_numbers(chosen.rule("crs/astct")?, &knowledge.sources, &site)?,
            icans: icans_numbers(
                chosen.rule("icans/astct")?,
                chosen.rule("ice/lee")?,
                chosen.rule("capd/traube")?,
                &knowledge.sources,
                &site,
            )?,
            icaht,
            icaht_readings,
            hematotox: hematotox_numbers(chosen.rule("car-hematotox/rejeski")?, &knowledge.sources, &site)?,
            lexicon: lexicon(knowledge),
        })
    }
}

/// A reading's own name with the scale before it; any other name as it is.
fn in_full(name: &str) -> String {
    let own = name.split('@').next().unwrap_or(name);
    let is_own = |(id, _): &(&str, Reading)| id.strip_prefix("icaht/") == Some(own);
    if ICAHT_READINGS.iter().any(is_own) { format!("icaht/{name}") } else { name.to_owned() }
}

/// What `--using` asked for.
struct Chosen<'k, 'u> {
    knowledge: &'k Knowledge,
    using: &'u [&'u str],
}

impl<'k, 'u> Chosen<'k, 'u> {
    fn check_names(&self) -> Result<(), RuleError> {
        const USED: [&str; 6] = [
            "crs/astct",
            "crs/site-defaults",
            "icans/astct",
            "ice/lee",
            "capd/traube",
            "car-hematotox/rejeski",
        ];
        for name in self.using {
            let rule = self.knowledge.rule(name, None)?;
            let known =
                USED.contains(&rule.id.as_str()) || ICAHT_READINGS.iter().any(|(id, _)| *id == rule.id);
            if !known {
                return Err(RuleError::NoSuchRule((*name).to_owned()));
            }
        }
        Ok(())
    }

    fn named(&self, id: &str) -> Option<(&'u str, Option<&'u str>)> {
        let mut names = self.using.iter().rev().map(|name| match name.split_once('@') {
            Some((id, version)) => (id, Some(version)),
            None => (*name, None),
        });
        names.find(|(named, _)| *named == id)
    }

    fn names(&self, id: &str) -> bool {
        self.named(id).is_some()
    }

    fn version(&self, id: &str) -> Option<&'u str> {
        self.named(id).and_then(|(_, version)| version)
    }

    fn rule(&self, id: &str) -> Result<&'k RuleSet, RuleError> {
        self.knowledge.rule(id, self.version(id))
    }
}

fn name_of(rule: &RuleSet) -> RuleName {
    RuleName { name: rule.name(), provisional: rule.status == Life::Provisional }
}

fn lexicon(knowledge: &Knowledge) -> Lexicon {
    let mut lexicon =
        Lexicon { routes: knowledge.catalogue.find("drug-route").cloned(), ..Lexicon::default() };
    for info in knowledge.catalogue.iter() {
        lexicon.names.insert(info.concept, info.name.clone());
        for answer in &info.answers {
            lexicon.answers.insert((info.concept, answer.answer), answer.name.clone());
        }
        if let Some(hours) = info.holds_h {
            lexicon.holds_h.insert(info.concept, hours);
        }
        if let Some(class) = &info.class {
            lexicon.classes.entry(class.clone()).or_default().push(info.concept);
        }
    }
    lexicon
}

fn limit(entry: &Entry) -> Option<Limit> {
    let threshold = entry.threshold.as_ref()?;
    let sign = match threshold.comparison {
        Comparison::Lt => Sign::Lt,
        Comparison::Le => Sign::Le,
        Comparison::Eq => Sign::Eq,
        Comparison::Ge => Sign::Ge,
        Comparison::Gt => Sign::Gt,
    };
    Some(Limit { sign, value: threshold.value })
}

/// A line with its grade (or points). A line that says “none” gives no grade by itself, whatever the
/// table's cell is: the cell also needs the scale's other signs.
fn criterion(entry: &Entry, sources: &Bibliography) -> Criterion {
    const NONE: Answer = Answer::known("none");
    let low = entry.grade.or(entry.points).unwrap_or(0);
    let grades = if entry.answers.contains(&NONE) {
        Span::NONE
    } else {
        Span::between(low, entry.grade_high.unwrap_or(low))
    };
    let cites = |lang| entry.cites().map(|cite| cite.text(sources, lang)).collect::<Vec<_>>().join(" · ");
    Criterion {
        id: entry.id.clone(),
        label: entry.label.clone(),
        source: Text::new(cites(Lang::En), cites(Lang::ZhTw)),
        grades,
        limit: limit(entry),
        to: entry.to.as_ref().map(|to| to.decimal.to_f64()),
        answers: entry.answers.clone(),
        provisional: entry.provisional,
    }
}

/// A rule set with its bibliography at hand.
struct Reader<'k> {
    rule: &'k RuleSet,
    sources: &'k Bibliography,
}

impl Reader<'_> {
    fn line(&self, id: &str) -> Result<Criterion, RuleError> {
        Ok(criterion(self.rule.entry(id)?, self.sources))
    }

    fn value(&self, id: &str) -> Result<f64, RuleError> {
        Ok(self.rule.threshold(id)?.value)
    }

    /// A number that must be whole and fit.
    fn whole(&self, id: &str) -> Result<i32, RuleError> {
        let number = self.rule.number(id)?;
        whole(number).ok_or_else(|| RuleError::NoNumber { rule: self.rule.name(), entry: id.to_owned() })
    }

    fn highest(&self) -> Result<u8, RuleError> {
        let highest = self.whole("scale-maximum")?;
        u8::try_from(highest)
            .map_err(|_| RuleError::NoNumber { rule: self.rule.name(), entry: "scale-maximum".to_owned() })
    }

    /// Lines about a concept that answers meet.
    fn answered(&self, concept: &str) -> Vec<Criterion> {
        let about = |entry: &&Entry| {
            entry.concept.is_some_and(|c| c.as_str() == concept) && !entry.answers.is_empty()
        };
        self.rule.entries().iter().filter(about).map(|entry| criterion(entry, self.sources)).collect()
    }
}

fn whole(number: f64) -> Option<i32> {
    (number.fract() == 0.0 && number.abs() < f64::from(i32::MAX)).then_some(number as i32)
}

/// What a site sets; a value that is not set is not used.
fn site_numbers(rule: &RuleSet) -> SiteNumbers {
    let limit_of = |id: &str| rule.entry(id).ok().and_then(limit);
    let routes = |id: &str| rule.entry(id).map(|entry| entry.answers.clone()).unwrap_or_default();
    SiteNumbers {
        clean_hours: rule.number("episode-closes-after").ok(),
        low_pressure: limit_of("systolic-asks"),
        low_mean: limit_of("mean-pressure-asks"),
        low_diastolic: limit_of("diastolic-asks"),
        low_saturation: limit_of("saturation-asks"),
        doubt_min: rule.number("reading-doubts-statement").unwrap_or(0.0),
        above_air: limit_of("fraction-above-air"),
        systemic: routes("route-systemic"),
        local: routes("route-local"),
        vascular: routes("route-vascular"),
        single_doses: {
            let single = rule.entries().iter().filter(|entry| entry.id.starts_with("single-dose-"));
            single.filter_map(|entry| entry.concept).collect()
        },
        late_hours: rule.number("late-entry-after").ok(),
    }
}

fn crs_numbers(rule: &RuleSet, sources: &Bibliography, site: &SiteNumbers) -> Result<CrsNumbers, RuleError> {
    let read = Reader { rule, sources };
    Ok(CrsNumbers {
        rule: name_of(rule),
        fever: read.line("fever")?,
        hypotension: read.answered("hypotension"),
        vasopressin_alone: read.line("hypotension-vasopressin-alone")?,
        one_vasopressor: read.line("hypotension-vasopressor")?,
        several_vasopressors: read.line("hypotension-several-vasopressors")?,
        devices: read.answered("oxygen-device"),
        low_flow: read.line("hypoxia-low-flow")?,
        high_flow: read.line("hypoxia-high-flow")?,
        cannula_unknown: read.line("hypoxia-cannula-flow-unknown")?,
        bare_flow: read.line("hypoxia-flow-without-device")?,
        usual_onset_days: read.whole("onset-usual")?,
        usual_onset: read.line("onset-usual")?,
        highest: read.highest()?,
        site: site.clone(),
    })
}

fn icans_numbers(
    rule: &RuleSet,
    ice: &RuleSet,
    capd: &RuleSet,
    sources: &Bibliography,
    site: &SiteNumbers,
) -> Result<IcansNumbers, RuleError> {
    let read = Reader { rule, sources };
    let (ice, capd) = (Reader { rule: ice, sources }, Reader { rule: capd, sources });
    let best = ice.whole("total")?;
    let missing = |id: &str| RuleError::NoNumber { rule: rule.name(), entry: id.to_owned() };
    let years = whole(read.value("age-ice")?).and_then(|years| i16::try_from(years).ok());
    Ok(IcansNumbers {
        rule: name_of(rule),
        ice_from_years: years.ok_or_else(|| missing("age-ice"))?,
        ice_bands: ice_bands(&read, best),
        ice_unarousable: read.line("ice-unarousable")?,
        ice_best: best,
        ice_items: ice_items(ice.rule),
        capd_high: read.line("capd-high")?,
        capd_low: read.line("capd-low")?,
        capd_from: read.whole("capd-printed-from")?,
        capd_unable: read.line("capd-not-assessable")?,
        capd_items: capd_items(capd.rule),
        capd_points: capd_points(capd.rule)?,
        capd_item_most: capd.whole("item-maximum")?,
        ice_not_valid: read.line("ice-not-valid")?,
        arousal: consciousness(&read),
        seizure: read.answered("seizure"),
        motor: read.answered("motor"),
        pressure: read.answered("raised-icp-signs"),
        imaging: read.answered("neuroimaging"),
        highest: read.highest()?,
        site: site.clone(),
    })
}

/// The lines of consciousness itself, not those of a score that cannot be done.
fn consciousness(read: &Reader<'_>) -> Vec<Criterion> {
    let lines = read.answered("level-of-consciousness");
    lines.into_iter().filter(|line| line.id.starts_with("consciousness")).collect()
}

fn ice_bands(read: &Reader<'_>, best: i32) -> Vec<(i32, i32, Criterion)> {
    let scores =
        |entry: &&Entry| entry.concept.is_some_and(|c| c.as_str() == "ice-score") && entry.grade.is_some();
    let bands = read.rule.entries().iter().filter(scores).filter_map(|entry| {
        let from = whole(entry.threshold.as_ref()?.value)?;
        let to = entry.to.as_ref().map_or(Some(best), |to| whole(to.decimal.to_f64()))?;
        Some((from, to, criterion(entry, read.sources)))
    });
    bands.collect()
}

fn ice_items(rule: &RuleSet) -> Vec<(Concept, i32)> {
    let items = rule.entries().iter().filter_map(|entry| {
        let concept =
            entry.concept.filter(|c| c.as_str().starts_with("ice-") && c.as_str() != "ice-score")?;
        Some((concept, whole(entry.number.as_ref()?.to_f64())?))
    });
    items.collect()
}

fn capd_items(rule: &RuleSet) -> Vec<(Concept, bool)> {
    let items = rule.entries().iter().filter_map(|entry| {
        let concept = entry.concept.filter(|c| c.as_str().starts_with("capd-item-"))?;
        Some((concept, entry.reverse))
    });
    items.collect()
}

fn capd_points(rule: &RuleSet) -> Result<Vec<(Answer, i32)>, RuleError> {
    const ANSWERS: [&str; 5] = ["never", "rarely", "sometimes", "often", "always"];
    let points = |answer: &'static str| {
        let id = format!("points-{answer}");
        let points =
            rule.entry(&id)?.points.ok_or_else(|| RuleError::NoNumber { rule: rule.name(), entry: id })?;
        Ok((Answer::known(answer), i32::from(points)))
    };
    ANSWERS.into_iter().map(points).collect()
}
