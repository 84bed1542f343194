//! The named ways in which a file may leave the standard and still be read.
//! Nothing is tolerated unless the caller names it; this file knows no bytes.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use vena_base::{Lang, Text};

/// One departure from the FCS standard that the caller agrees to.
///
/// Each has a name in kebab case (`off-by-one-data-end`) for command lines and
/// reports; see [`Tolerance::name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tolerance {
    /// HEADER and TEXT give different DATA offsets; the pair that fits
    /// $TOT × event length is used.
    HeaderTextOffsetsDiffer,
    /// $BEGINDATA/$ENDDATA are absent or 0 in a 3.x file; the HEADER's are used.
    MissingTextOffsets,
    /// The DATA segment's end is given one byte too far (one past the last).
    OffByOneDataEnd,
    /// The DATA segment is longer than $TOT events need; the rest is left.
    DataSegmentLonger,
    /// Two delimiters in a row mean an empty value, not an escaped delimiter.
    EmptyKeywordValue,
    /// TEXT does not end with its delimiter.
    UnterminatedText,
    /// The same keyword appears twice with different values; the first counts.
    DuplicateKeyword,
    /// `$SPILLOVER` holds decimal commas (or semicolons between its fields).
    DecimalCommaInSpillover,
    /// `SPILL` (older instruments) is read where `$SPILLOVER` is absent.
    SpillKeyword,
    /// Only `$COMP` or `$DFCiTOj` is there: what the instrument subtracted before it stored the
    /// events, so they are taken as compensated already.
    CompensatedByInstrument,
    /// `$PnE` asks for log amplification on floating-point data; it is ignored.
    LogAmplificationOnFloats,
    /// A channel has no `$PnN` in a 3.1 or 3.2 file; it is named `P<n>`.
    MissingChannelName,
    /// Two channels share one `$PnN`; the later ones get `#2`, `#3` ….
    DuplicateChannelName,
    /// `$TIMESTEP` is not a number; the Time channel stays in ticks.
    UnreadableTimeStep,
    /// Events with NaN or infinite values are kept, counted, and outside every gate.
    NonFiniteEvents,
    /// The ANALYSIS segment cannot be read; its keywords are left out.
    UnreadableAnalysis,
}

impl Tolerance {
    /// Every tolerance there is, in the order reports list them.
    pub const ALL: [Self; 16] = [
        Self::HeaderTextOffsetsDiffer,
        Self::MissingTextOffsets,
        Self::OffByOneDataEnd,
        Self::DataSegmentLonger,
        Self::EmptyKeywordValue,
        Self::UnterminatedText,
        Self::DuplicateKeyword,
        Self::DecimalCommaInSpillover,
        Self::SpillKeyword,
        Self::CompensatedByInstrument,
        Self::LogAmplificationOnFloats,
        Self::MissingChannelName,
        Self::DuplicateChannelName,
        Self::UnreadableTimeStep,
        Self::NonFiniteEvents,
        Self::UnreadableAnalysis,
    ];

    /// The name used on the command line and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HeaderTextOffsetsDiffer => "header-text-offsets-differ",
            Self::MissingTextOffsets => "missing-text-offsets",
            Self::OffByOneDataEnd => "off-by-one-data-end",
            Self::DataSegmentLonger => "data-segment-longer",
            Self::EmptyKeywordValue => "empty-keyword-value",
            Self::UnterminatedText => "unterminated-text",
            Self::DuplicateKeyword => "duplicate-keyword",
            Self::DecimalCommaInSpillover => "decimal-comma-in-spillover",
            Self::SpillKeyword => "spill-keyword",
            Self::CompensatedByInstrument => "compensated-by-instrument",
            Self::LogAmplificationOnFloats => "log-amplification-on-floats",
            Self::MissingChannelName => "missing-channel-name",
            Self::DuplicateChannelName => "duplicate-channel-name",
            Self::UnreadableTimeStep => "unreadable-time-step",
            Self::NonFiniteEvents => "non-finite-events",
            Self::UnreadableAnalysis => "unreadable-analysis",
        }
    }

    /// What is agreed to, in one line.
    #[must_use]
    pub fn text(self) -> Text {
        let (en, zh_tw) = match self {
            Self::HeaderTextOffsetsDiffer => (
                "HEADER and TEXT place the events differently; the pair that fits $TOT is used",
                "HEADER 與 TEXT 的資料位置不同；採用與 $TOT 相符者",
            ),
            Self::MissingTextOffsets => (
                "TEXT does not say where the events lie; the HEADER's word is taken",
                "TEXT 未寫資料位置；採用 HEADER 所寫",
            ),
            Self::OffByOneDataEnd => ("the events' end is given one byte too far", "資料結尾多算一個位元組"),
            Self::DataSegmentLonger => {
                ("more bytes than the events need; the rest is left", "資料區段比事件所需更長；其餘不讀")
            }
            Self::EmptyKeywordValue => {
                ("two delimiters in a row are an empty value", "連續兩個分隔符視為空值")
            }
            Self::UnterminatedText => ("TEXT does not end with its delimiter", "TEXT 未以分隔符結尾"),
            Self::DuplicateKeyword => (
                "a keyword stands twice with different values; the first counts",
                "關鍵字重複且值不同；採用第一個",
            ),
            Self::DecimalCommaInSpillover => {
                ("decimal commas in the compensation matrix", "補償矩陣使用小數逗號")
            }
            Self::SpillKeyword => {
                ("the compensation matrix stands under the older name SPILL", "補償矩陣寫在舊關鍵字 SPILL")
            }
            Self::CompensatedByInstrument => (
                "$COMP or $DFCiTOj says what the instrument subtracted; the events count as compensated",
                "$COMP 或 $DFCiTOj 記錄儀器已扣除者；事件視為已補償",
            ),
            Self::LogAmplificationOnFloats => (
                "log amplification asked for on floating-point data is left out",
                "浮點資料要求對數放大；不套用",
            ),
            Self::MissingChannelName => {
                ("a channel has no name; it is called P and its number", "通道沒有名稱；以 P 加編號稱之")
            }
            Self::DuplicateChannelName => {
                ("two channels share a name; later ones get #2, #3", "通道同名；後者加 #2、#3")
            }
            Self::UnreadableTimeStep => {
                ("the time step is no number; Time stays in ticks", "時間步長不是數字；時間維持原始刻度")
            }
            Self::NonFiniteEvents => (
                "events with NaN or infinite values are kept, counted, and lie outside every gate",
                "含 NaN 或無限大的事件予以保留並計數，不屬於任何圈選",
            ),
            Self::UnreadableAnalysis => (
                "the ANALYSIS segment cannot be read; its keywords are left out",
                "ANALYSIS 區段無法讀取；略過其關鍵字",
            ),
        };
        Text::new(en, zh_tw)
    }

    /// [`Tolerance::text`] in one language.
    #[must_use]
    pub fn label(self, lang: Lang) -> String {
        self.text().get(lang).to_owned()
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A tolerance nobody knows; the message lists the ones there are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no tolerance is called {given:?}; there are: {}", known())]
pub struct UnknownTolerance {
    /// What was asked for.
    pub given: String,
}

fn known() -> String {
    Tolerance::ALL.map(Tolerance::name).join(", ")
}

impl FromStr for Tolerance {
    type Err = UnknownTolerance;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = text.trim().to_ascii_lowercase().replace('_', "-");
        Self::ALL
            .into_iter()
            .find(|tolerance| tolerance.name() == wanted)
            .ok_or_else(|| UnknownTolerance { given: text.to_owned() })
    }
}

/// The set of tolerances a caller agrees to. Empty (strict) by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tolerances(BTreeSet<Tolerance>);

impl Tolerances {
    /// No tolerance at all: the standard to the letter.
    #[must_use]
    pub fn strict() -> Self {
        Self::default()
    }

    /// True when the caller agreed to this departure.
    #[must_use]
    pub fn allows(&self, tolerance: Tolerance) -> bool {
        self.0.contains(&tolerance)
    }

    /// Adds one tolerance.
    #[must_use]
    pub fn with(mut self, tolerance: Tolerance) -> Self {
        self.0.insert(tolerance);
        self
    }

    /// The tolerances in the set, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = Tolerance> + '_ {
        self.0.iter().copied()
    }
}

impl FromIterator<Tolerance> for Tolerances {
    fn from_iter<I: IntoIterator<Item = Tolerance>>(tolerances: I) -> Self {
        Self(tolerances.into_iter().collect())
    }
}

impl FromStr for Tolerances {
    type Err = UnknownTolerance;

    /// Comma-separated names; an empty text is the strict set.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(',').filter(|name| !name.trim().is_empty()).map(Tolerance::from_str).collect()
    }
}

/// Keeps account while a file is read: which tolerances were needed, and what
/// else a person should know about the file.
#[derive(Debug)]
pub(crate) struct Judge<'a> {
    allowed: &'a Tolerances,
    pub(crate) used: Tolerances,
    pub(crate) notes: Vec<Text>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(allowed: &'a Tolerances) -> Self {
        Self { allowed, used: Tolerances::strict(), notes: Vec::new() }
    }

    /// Asks leave for a departure that is really there; records it if given.
    pub(crate) fn tolerate(&mut self, tolerance: Tolerance) -> bool {
        let allowed = self.allowed.allows(tolerance);
        if allowed {
            self.used.0.insert(tolerance);
        }
        allowed
    }

    pub(crate) fn note(&mut self, en: impl Into<String>, zh_tw: impl Into<String>) {
        self.notes.push(Text::new(en, zh_tw));
    }
}
