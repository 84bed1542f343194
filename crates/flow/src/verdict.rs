//! A sample's counts against a panel: each criterion with its reason, and the
//! verdict. Knows no number of its own.

use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use vena_base::{Lang, Text};

use crate::gating::GateResult;
use crate::panel::{Combine, Comparison, Criterion, Panel};

impl Panel {
    /// Judges a sample.
    ///
    /// For `all`: one criterion missed is enough for "does not meet"; otherwise
    /// a missing marker makes it not assessable. For `any`: one criterion met
    /// is enough; otherwise a missing marker makes it not assessable.
    #[must_use]
    pub fn evaluate(&self, observations: &[MarkerObservation]) -> PanelReport {
        let outcomes: Vec<CriterionOutcome> =
            self.criteria.iter().map(|criterion| criterion.judge(observations)).collect();
        let judged = || outcomes.iter().filter(|outcome| outcome.comparison != Comparison::Report);
        let has = |wanted: Outcome| judged().any(|outcome| outcome.outcome == wanted);
        let verdict = match self.combine {
            _ if judged().next().is_none() => Verdict::NotAssessable,
            Combine::All if has(Outcome::NotMet) => Verdict::DoesNotMeet,
            Combine::Any if has(Outcome::Met) => Verdict::Meets,
            _ if has(Outcome::Missing) => Verdict::NotAssessable,
            Combine::All => Verdict::Meets,
            Combine::Any => Verdict::DoesNotMeet,
        };
        let missing = judged()
            .filter(|outcome| outcome.outcome == Outcome::Missing)
            .map(|outcome| outcome.marker.clone())
            .collect();
        PanelReport {
            panel: format!("{}@{}", self.id, self.version),
            status: self.status.clone(),
            en: self.en.clone(),
            zh_tw: self.zh_tw.clone(),
            verdict,
            missing,
            criteria: outcomes,
        }
    }
}

/// Counted events for one marker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkerObservation {
    /// The marker, by any name the panel knows.
    pub marker: String,
    /// Events positive for it.
    pub count: u64,
    /// Events it is a share of.
    pub of: u64,
    /// Where the counts come from (a gate's path).
    pub from: String,
}

/// Observations from gates: each gate's count among its parent's. A gate's id
/// is the marker's name, with or without a closing `+`; or the caller maps.
#[must_use]
pub fn observations(gates: &[GateResult], mapping: &[(String, String)]) -> Vec<MarkerObservation> {
    let observation = |marker: &str, gate: &GateResult| MarkerObservation {
        marker: marker.to_owned(),
        count: gate.count as u64,
        of: gate.parent_count as u64,
        from: gate.path.clone(),
    };
    if mapping.is_empty() {
        return gates.iter().map(|gate| observation(&gate.id, gate)).collect();
    }
    let find = |name: &str| {
        gates.iter().find(|gate| gate.path == name).or_else(|| gates.iter().find(|gate| gate.id == name))
    };
    mapping.iter().filter_map(|(marker, gate)| find(gate).map(|gate| observation(marker, gate))).collect()
}

/// What became of one criterion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Within its limit.
    Met,
    /// Outside its limit.
    NotMet,
    /// No observation, or one of no events, or two that differ.
    Missing,
    /// Observed; the panel sets no limit.
    Reported,
}

impl Outcome {
    /// The outcome in words.
    #[must_use]
    pub fn label(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Met, Lang::En) => "met",
            (Self::Met, Lang::ZhTw) => "符合",
            (Self::NotMet, Lang::En) => "not met",
            (Self::NotMet, Lang::ZhTw) => "不符合",
            (Self::Missing, Lang::En) => "missing",
            (Self::Missing, Lang::ZhTw) => "缺少資料",
            (Self::Reported, Lang::En) => "reported, without a limit",
            (Self::Reported, Lang::ZhTw) => "僅報告，無限值",
        }
    }
}

/// One criterion, judged.
#[derive(Clone, Debug, Serialize)]
pub struct CriterionOutcome {
    /// The criterion's id.
    pub id: String,
    /// The marker.
    pub marker: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Percentage observed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
    /// Events counted and events they are a share of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<(u64, u64)>,
    /// Gate the counts come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The comparison.
    pub comparison: Comparison,
    /// The limit as written in the panel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// Reason in English.
    pub because_en: String,
    /// Reason in Traditional Chinese.
    #[serde(rename = "because_zh-TW")]
    pub because_zh_tw: String,
    /// Source and place.
    pub source: String,
}

/// Identity verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The panel is met.
    Meets,
    /// The panel is not met.
    DoesNotMeet,
    /// Something is missing; see `missing`.
    NotAssessable,
}

impl Verdict {
    /// The verdict in words.
    #[must_use]
    pub fn label(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Meets, Lang::En) => "meets the panel",
            (Self::Meets, Lang::ZhTw) => "符合標記組合",
            (Self::DoesNotMeet, Lang::En) => "does not meet the panel",
            (Self::DoesNotMeet, Lang::ZhTw) => "不符合標記組合",
            (Self::NotAssessable, Lang::En) => "not assessable: something is missing",
            (Self::NotAssessable, Lang::ZhTw) => "無法判定：缺少資料",
        }
    }
}

/// A sample against a panel.
#[derive(Clone, Debug, Serialize)]
pub struct PanelReport {
    /// id@version of the panel.
    pub panel: String,
    /// The panel's status; provisional panels are marked on screen.
    pub status: String,
    /// Name in English.
    pub en: String,
    /// Name in Traditional Chinese.
    #[serde(rename = "zh-TW")]
    pub zh_tw: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Markers whose absence keeps criteria from being judged.
    pub missing: Vec<String>,
    /// Each criterion with its reason.
    pub criteria: Vec<CriterionOutcome>,
}

/// Lower case, letters and digits only: `CD105+` and `cd-105` are one name.
fn normalised(name: &str) -> String {
    name.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The population a share is really of: the panel says of which it should be, the gates decide.
fn among(path: &str) -> Text {
    match path.rsplit_once('/') {
        Some((parent, _)) if !parent.is_empty() => Text::new(parent, format!(" {parent} ")),
        _ => Text::new("all events", "全部事件"),
    }
}

impl Criterion {
    pub(crate) fn limit(&self) -> Option<Decimal> {
        self.value.as_deref().and_then(|value| Decimal::from_str(value).ok())
    }

    /// `CD105-` (or a negative gate's name ending in `−`) is not CD105.
    fn is_named(&self, name: &str) -> bool {
        let name = name.trim();
        if name.ends_with('-') || name.ends_with('\u{2212}') {
            return false;
        }
        let wanted = normalised(name);
        std::iter::once(&self.marker).chain(&self.aliases).any(|own| normalised(own) == wanted)
    }

    /// count ÷ of against the limit, in exact arithmetic: 95 of 100 is 95 %.
    fn holds(&self, count: u64, of: u64) -> Option<bool> {
        let (left, right) = (Decimal::from(count) * Decimal::ONE_HUNDRED, self.limit()? * Decimal::from(of));
        Some(match self.comparison {
            Comparison::AtLeast => left >= right,
            Comparison::MoreThan => left > right,
            Comparison::AtMost => left <= right,
            Comparison::LessThan => left < right,
            Comparison::Report => return None,
        })
    }

    fn judge(&self, observations: &[MarkerObservation]) -> CriterionOutcome {
        let mut named = observations.iter().filter(|observation| self.is_named(&observation.marker));
        let first = named.next();
        let ambiguous =
            first.is_some_and(|first| named.any(|other| (other.count, other.of) != (first.count, first.of)));
        let usable = first.filter(|first| !ambiguous && first.of > 0 && first.count <= first.of);
        let Some(observation) = usable else {
            let (en, zh_tw) = match first {
                None => ("no gate is named after this marker", "無以此標記命名之圈選"),
                Some(_) if ambiguous => (
                    "several gates are named after this marker and differ",
                    "以此標記命名之圈選不只一個且結果不同",
                ),
                Some(_) => ("there is no event to take a share of", "無可計算比例之事件"),
            };
            return self.outcome(Outcome::Missing, first.filter(|_| !ambiguous), en, zh_tw);
        };
        let outcome = match self.holds(observation.count, observation.of) {
            None => Outcome::Reported,
            Some(true) => Outcome::Met,
            Some(false) => Outcome::NotMet,
        };
        let limit = self
            .value
            .as_deref()
            .map_or_else(String::new, |value| format!(", {} {value} %", self.comparison.sign()));
        let among = among(&observation.from);
        let share = format!("{} / {}", observation.count, observation.of);
        #[allow(clippy::cast_precision_loss)]
        let percent = 100.0 * observation.count as f64 / observation.of as f64;
        let (en, zh_tw) = match outcome {
            Outcome::Met => ("met", "符合"),
            Outcome::NotMet => ("not met", "不符合"),
            _ => ("reported", "僅報告"),
        };
        self.outcome(
            outcome,
            Some(observation),
            &format!("{} {}: {percent:.4} % ({share} within {}){limit}: {en}", self.en, self.of_en, among.en),
            &format!(
                "{}（{}）：{percent:.4} %（{share}，於{}內）{limit}：{zh_tw}",
                self.zh_tw, self.of_zh_tw, among.zh_tw
            ),
        )
    }

    fn outcome(
        &self,
        outcome: Outcome,
        observation: Option<&MarkerObservation>,
        en: &str,
        zh_tw: &str,
    ) -> CriterionOutcome {
        #[allow(clippy::cast_precision_loss)]
        let percent =
            observation.filter(|seen| seen.of > 0).map(|seen| 100.0 * seen.count as f64 / seen.of as f64);
        CriterionOutcome {
            id: self.id.clone(),
            marker: self.marker.clone(),
            outcome,
            percent,
            counts: observation.map(|observation| (observation.count, observation.of)),
            from: observation.map(|observation| observation.from.clone()),
            comparison: self.comparison,
            limit: self.value.clone(),
            because_en: en.to_owned(),
            because_zh_tw: zh_tw.to_owned(),
            source: format!("{}, {}", self.source, self.at),
        }
    }
}
