//! Cases at, just below and just above each cut-off, and with the value missing. Knows the shape of
//! thresholds, no rule by name.

use crate::cases::{Case, CaseFact, CaseTime, Position};
use crate::rules::{Entry, RuleSet};
use rust_decimal::Decimal as Exact;
use vena_base::{Decimal, Text};

/// Spells out the generated cases of a rule set.
///
/// Where the cases file describes what else is true around a cut-off, each case is whole: a chart and
/// the finding it must give. For every other cut-off on a measured value the case tells only the
/// value and whether the entry is met ([`Case::holds`]).
pub fn generated_cases(rules: &RuleSet) -> Vec<Case> {
    let mut cases = Vec::new();
    for around in rules.arounds() {
        let Ok(entry) = rules.entry(&around.entry) else {
            continue;
        };
        for (position, expect) in &around.expect {
            if let Some(mut case) = spell(&around.base, entry, *position, around.step.as_ref(), &around.when)
            {
                case.expect.clone_from(expect);
                cases.push(case);
            }
        }
    }
    for entry in rules.entries() {
        if entry.threshold.is_none() || !entry.measured {
            continue;
        }
        let base = bare(rules, entry);
        for position in [Position::Below, Position::At, Position::Above, Position::Missing] {
            cases.extend(spell(&base, entry, position, None, &CaseTime::Day(0, None)));
        }
    }
    cases
}

fn bare(rules: &RuleSet, entry: &Entry) -> Case {
    Case {
        id: entry.id.clone(),
        rule: rules.name(),
        title: entry.label.clone(),
        using: Vec::new(),
        zone: "UTC".to_owned(),
        infusion_day: jiff::civil::Date::default(),
        facts: Vec::new(),
        at: CaseTime::Day(0, None),
        known_at: None,
        expect: Vec::new(),
        around: None,
        holds: None,
        place: entry.place.clone(),
    }
}

fn spell(
    base: &Case,
    entry: &Entry,
    position: Position,
    step: Option<&Decimal>,
    when: &CaseTime,
) -> Option<Case> {
    let threshold = entry.threshold.as_ref()?;
    let concept = entry.concept?;
    let exact = threshold.decimal.exact();
    let step = step.map_or_else(|| Exact::new(1, exact.scale()), Decimal::exact);
    let value = match position {
        Position::Below => Some(exact.checked_sub(step)?),
        Position::At => Some(exact),
        Position::Above => Some(exact.checked_add(step)?),
        Position::Missing => None,
    };
    let mut case = base.clone();
    let (en, zh) = match position {
        Position::Below => ("just below", "略低於"),
        Position::At => ("exactly at", "恰等於"),
        Position::Above => ("just above", "略高於"),
        Position::Missing => ("without a value for", "缺少"),
    };
    case.id = format!("{}/{}", base.id, position_id(position));
    case.title = Text::new(
        format!("{}: {en} {}", base.title.en, threshold.decimal),
        format!("{}：{zh} {}", base.title.zh_tw, threshold.decimal),
    );
    case.around = Some((entry.id.clone(), position));
    if let Some(value) = value {
        // The written value in the threshold's own unit, compared in that unit: no conversion here.
        let met =
            threshold.comparison.holds(vena_base::decimal::exact_to_f64(value), threshold.decimal.to_f64());
        let inside = entry.to.as_ref().is_none_or(|to| value <= to.decimal.exact());
        case.holds = Some(met && inside);
        case.facts.push(CaseFact {
            what: concept.as_str().to_owned(),
            time: when.clone(),
            value: value.to_string(),
            unit: Some(threshold.unit.clone()),
            until: None,
            recorded: None,
            cause: None,
        });
    }
    Some(case)
}

fn position_id(position: Position) -> &'static str {
    match position {
        Position::Below => "below",
        Position::At => "at",
        Position::Above => "above",
        Position::Missing => "missing",
    }
}
