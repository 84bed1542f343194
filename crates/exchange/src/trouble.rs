//! Everything that can be wrong with one row or resource, with the offending value, in both
//! languages. Knows no file format; what is wrong with a whole file is an error of its reader.

use vena_base::{Lang, Text, time::TimeError};

/// What is wrong with, or was noticed about, one row or resource.
#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    /// A row without patient, time or what.
    MissingField {
        /// The column's name.
        column: &'static str,
    },
    /// More fields than the header has columns.
    TooManyFields {
        /// Fields found.
        found: usize,
        /// Columns in the header.
        expected: usize,
    },
    /// The catalogue knows no such thing.
    UnknownWhat {
        /// The word or code as written.
        what: String,
    },
    /// A value that cannot be read: no unit, the wrong kind of unit, no such answer, no number.
    Value {
        /// The concept.
        concept: Text,
        /// The value and unit as written.
        written: String,
        /// Why.
        reason: Text,
    },
    /// Outside what the catalogue holds for possible.
    Impossible {
        /// The concept.
        concept: Text,
        /// The value as written.
        written: String,
        /// The same number in usual units in which it would be plausible.
        meant: Vec<Text>,
    },
    /// Outside what the catalogue holds for plausible; kept and flagged.
    Implausible {
        /// The concept.
        concept: Text,
        /// The value as written.
        written: String,
        /// The same number in usual units in which it would be plausible.
        meant: Vec<Text>,
    },
    /// A cell of which only a part says something.
    ReadInPart {
        /// The concept.
        concept: Text,
        /// The cell as written.
        written: String,
        /// What is not said.
        reason: Text,
    },
    /// The printed unit of a FHIR quantity and its code are not the same unit; the value is refused.
    UnitsDisagree {
        /// The concept.
        concept: Text,
        /// The number as written.
        number: String,
        /// The printed unit.
        unit: String,
        /// The code.
        code: String,
    },
    /// The printed unit of a FHIR quantity is not known and could not be compared with its code.
    UnitNotCompared {
        /// The concept.
        concept: Text,
        /// The printed unit.
        unit: String,
        /// The code, which was used.
        code: String,
    },
    /// The time of recording is a date, and no zone was named: the end of that day is taken.
    RecordedToTheDay {
        /// How many facts.
        count: u64,
    },
    /// The source does not stand by it yet: preliminary, or it does not know.
    NotFinal {
        /// The status.
        status: String,
    },
    /// The source does not know whether it was done.
    StatusUnknown {
        /// The status.
        status: String,
    },
    /// A drug whose administration was halted.
    Halted {
        /// The drug.
        concept: Text,
        /// `on-hold` or `stopped`.
        status: String,
        /// Since when, as far as the source tells.
        since: Option<String>,
    },
    /// An earlier version of the same resource.
    Replaced {
        /// Type and id.
        resource: String,
        /// When the later version took its place; absent where the source does not say.
        since: Option<String>,
    },
    /// Versions of one resource that differ and cannot be put in order.
    VersionsUnordered {
        /// Type and id.
        resource: String,
    },
    /// Words that are none of the concept's answers; kept as words.
    KeptAsWords {
        /// The concept.
        concept: Text,
        /// The words as written.
        written: String,
    },
    /// A dose that cannot be read; that the drug was given is kept.
    DoseNotRead {
        /// The drug.
        concept: Text,
        /// The dose as written.
        written: String,
        /// Why.
        reason: Text,
    },
    /// Not a time, or a clock time without offset and zone.
    Time {
        /// Which time.
        field: &'static str,
        /// Why.
        error: TimeError,
    },
    /// Nothing says when it happened.
    NoTime,
    /// Nothing says what was found, nor why not.
    NoValue {
        /// The concept.
        concept: Text,
    },
    /// A kind of value that is not read (a range, a ratio, a picture).
    ValueKindNotRead {
        /// The concept.
        concept: Text,
        /// The FHIR element.
        element: &'static str,
    },
    /// Dated after now; kept and flagged.
    InTheFuture {
        /// The time as written.
        when: String,
    },
    /// Dated before birth; kept and flagged.
    BeforeBirth {
        /// The time as written.
        when: String,
        /// The birth date.
        birth: String,
    },
    /// Ends before it begins; kept and flagged.
    EndsBeforeStart {
        /// The beginning as written.
        from: String,
        /// The end as written.
        until: String,
    },
    /// Two values of what a person has only once (birth date, sex, death); all are withheld.
    Conflict {
        /// The concept.
        concept: Text,
        /// The values found.
        values: Vec<String>,
    },
    /// Said of somebody the document does not describe; kept under the name it gives.
    UnknownSubject {
        /// The reference as written.
        reference: String,
    },
    /// Said of nobody.
    NoSubject,
    /// A reference to something that is not in the document.
    BrokenReference {
        /// The reference as written.
        reference: String,
    },
    /// Died, without saying when.
    DeathWithoutDate,
    /// No instant with an offset and no zone named: days are counted in UTC.
    NoZone,
}

/// Every kind, with whether the fact is kept, and what it is called in Chinese.
const KINDS: [(&str, bool, &str); 30] = [
    ("read-in-part", true, "僅部分可讀"),
    ("units-disagree", false, "單位與代碼不一致"),
    ("unit-not-compared", true, "單位無法核對"),
    ("recorded-to-the-day", true, "記錄時間只有日期"),
    ("not-final", true, "非最終結果"),
    ("status-unknown", false, "狀態不明"),
    ("halted", true, "已停止或暫停"),
    ("replaced", true, "已有較新版本"),
    ("versions-unordered", true, "版本順序不明"),
    ("missing-field", false, "缺少欄位"),
    ("too-many-fields", true, "欄位過多"),
    ("unknown-what", false, "目錄中沒有的項目"),
    ("value", false, "無法讀取的值"),
    ("impossible", false, "不可能的值"),
    ("implausible", true, "不合常理的值"),
    ("kept-as-words", true, "以文字保留"),
    ("dose-not-read", true, "無法讀取的劑量"),
    ("time", false, "無法讀取的時間"),
    ("no-time", false, "沒有時間"),
    ("no-value", false, "沒有值"),
    ("value-kind-not-read", false, "不讀取的值類型"),
    ("in-the-future", true, "在未來"),
    ("before-birth", true, "早於出生"),
    ("ends-before-start", true, "結束早於開始"),
    ("conflict", false, "互相矛盾"),
    ("unknown-subject", true, "不明對象"),
    ("no-subject", false, "未指明對象"),
    ("broken-reference", false, "無法解析的參照"),
    ("death-without-date", false, "死亡無日期"),
    ("no-zone", true, "未指定時區"),
];

const NO_ZONE: &str = "no zone was named and no time carries an offset: days are counted in UTC";

impl Trouble {
    /// A stable name of the kind, as reports and JSON use it.
    pub fn kind(&self) -> &'static str {
        match self {
            Trouble::MissingField { .. } => "missing-field",
            Trouble::TooManyFields { .. } => "too-many-fields",
            Trouble::UnknownWhat { .. } => "unknown-what",
            Trouble::Value { .. } => "value",
            Trouble::Impossible { .. } => "impossible",
            Trouble::Implausible { .. } => "implausible",
            Trouble::ReadInPart { .. } => "read-in-part",
            Trouble::UnitsDisagree { .. } => "units-disagree",
            Trouble::UnitNotCompared { .. } => "unit-not-compared",
            Trouble::RecordedToTheDay { .. } => "recorded-to-the-day",
            Trouble::NotFinal { .. } => "not-final",
            Trouble::StatusUnknown { .. } => "status-unknown",
            Trouble::Halted { .. } => "halted",
            Trouble::Replaced { .. } => "replaced",
            Trouble::VersionsUnordered { .. } => "versions-unordered",
            Trouble::KeptAsWords { .. } => "kept-as-words",
            Trouble::DoseNotRead { .. } => "dose-not-read",
            Trouble::Time { .. } => "time",
            Trouble::NoTime => "no-time",
            Trouble::NoValue { .. } => "no-value",
            Trouble::ValueKindNotRead { .. } => "value-kind-not-read",
            Trouble::InTheFuture { .. } => "in-the-future",
            Trouble::BeforeBirth { .. } => "before-birth",
            Trouble::EndsBeforeStart { .. } => "ends-before-start",
            Trouble::Conflict { .. } => "conflict",
            Trouble::UnknownSubject { .. } => "unknown-subject",
            Trouble::NoSubject => "no-subject",
            Trouble::BrokenReference { .. } => "broken-reference",
            Trouble::DeathWithoutDate => "death-without-date",
            Trouble::NoZone => "no-zone",
        }
    }

    /// Whether the fact was kept all the same.
    pub fn is_kept(&self) -> bool {
        Trouble::kind_is_kept(self.kind())
    }

    /// Whether facts with this kind of trouble are kept.
    pub fn kind_is_kept(kind: &str) -> bool {
        KINDS.iter().find(|(name, ..)| *name == kind).is_none_or(|(_, kept, _)| *kept)
    }

    /// What a kind is called in Chinese.
    pub fn kind_in_chinese(kind: &str) -> &str {
        KINDS.iter().find(|(name, ..)| *name == kind).map_or(kind, |(.., chinese)| chinese)
    }

    /// The reason in one language.
    pub fn message(&self, lang: Lang) -> String {
        match lang {
            Lang::En => self.english(),
            Lang::ZhTw => self.chinese(),
        }
    }

    fn english(&self) -> String {
        match self {
            Trouble::MissingField { column } => format!("no {column}; the row is not used"),
            Trouble::TooManyFields { found, expected } => {
                format!("{found} fields where the header has {expected}; the surplus is not read")
            }
            Trouble::UnknownWhat { what } => format!("“{what}” is not in the catalogue; not used"),
            Trouble::Value { concept, written, reason } => {
                format!("{} “{written}”: {}; not used", concept.en, reason.en)
            }
            Trouble::Impossible { concept, written, meant } => {
                format!("{} “{written}” is impossible; not used{}", concept.en, asked(meant, Lang::En))
            }
            Trouble::Implausible { concept, written, meant } => {
                let asked = asked(meant, Lang::En);
                format!("{} “{written}” is implausible; kept, please check{asked}", concept.en)
            }
            Trouble::ReadInPart { concept, written, reason } => {
                format!("{} “{written}”: {}; the rest is used", concept.en, reason.en)
            }
            Trouble::UnitsDisagree { concept, number, unit, code } => format!(
                "{} {number}: the unit “{unit}” and its code “{code}” are not the same; not used",
                concept.en
            ),
            Trouble::UnitNotCompared { concept, unit, code } => format!(
                "{}: the unit “{unit}” is not known and is not compared with its code “{code}”; the code is used",
                concept.en
            ),
            Trouble::RecordedToTheDay { count } => format!(
                "{count} facts were recorded on a day without a time: the end of that day is taken; name the place with --zone"
            ),
            Trouble::NotFinal { status } => format!("its status is “{status}”; kept and marked"),
            Trouble::StatusUnknown { status } => {
                format!("its status is “{status}”: whether it was given is not said; not used")
            }
            Trouble::Halted { concept, status, since: Some(since) } => {
                format!("{} is “{status}”: not running from {since}", concept.en)
            }
            Trouble::Halted { concept, status, since: None } => {
                format!("{} is “{status}” and nothing says since when: not taken as running", concept.en)
            }
            Trouble::Replaced { resource, since: Some(since) } => {
                format!("an earlier version of {resource}: the later one stands from {since}")
            }
            Trouble::Replaced { resource, since: None } => {
                format!("an earlier version of {resource}: only the latest is used")
            }
            Trouble::VersionsUnordered { resource } => format!(
                "{resource} is there twice with different content and without version or time of update; both are kept"
            ),
            Trouble::KeptAsWords { concept, written } => {
                format!("{} “{written}” is none of the known answers; kept as words", concept.en)
            }
            Trouble::DoseNotRead { concept, written, reason } => {
                format!(
                    "{}: the dose “{written}” is not read ({}); that it was given is kept",
                    concept.en, reason.en
                )
            }
            Trouble::Time { field, error } => format!("{field}: {error}; not used"),
            Trouble::NoTime => "nothing says when; not used".to_owned(),
            Trouble::NoValue { concept } => format!("{} without a value; not used", concept.en),
            Trouble::ValueKindNotRead { concept, element } => {
                format!("{}: {element} is not read; not used", concept.en)
            }
            Trouble::InTheFuture { when } => format!("{when} is in the future; kept, please check"),
            Trouble::BeforeBirth { when, birth } => {
                format!("{when} is before the birth date {birth}; kept, please check")
            }
            Trouble::EndsBeforeStart { from, until } => {
                format!("ends ({until}) before it begins ({from}); kept, please check")
            }
            Trouble::Conflict { concept, values } => {
                format!("{}: {} contradict each other; none is used", concept.en, values.join(", "))
            }
            Trouble::UnknownSubject { reference } => {
                format!("the subject “{reference}” is not described here; kept under that name")
            }
            Trouble::NoSubject => "it is not said about whom; not used".to_owned(),
            Trouble::BrokenReference { reference } => {
                format!("“{reference}” is not in the document; not used")
            }
            Trouble::DeathWithoutDate => "died, without a date; not used".to_owned(),
            Trouble::NoZone => NO_ZONE.to_owned(),
        }
    }

    fn chinese(&self) -> String {
        match self {
            Trouble::MissingField { column } => format!("缺少{}，此列未採用", column_in_chinese(column)),
            Trouble::TooManyFields { found, expected } => {
                format!("有 {found} 個欄位，標題列只有 {expected} 欄；多出的部分未讀取")
            }
            Trouble::UnknownWhat { what } => format!("目錄中沒有「{what}」，未採用"),
            Trouble::Value { concept, written, reason } => {
                format!("{}「{written}」：{}，未採用", concept.zh_tw, reason.zh_tw)
            }
            Trouble::Impossible { concept, written, meant } => {
                format!("{}「{written}」不可能，未採用{}", concept.zh_tw, asked(meant, Lang::ZhTw))
            }
            Trouble::Implausible { concept, written, meant } => {
                let asked = asked(meant, Lang::ZhTw);
                format!("{}「{written}」不合常理；已保留，請確認{asked}", concept.zh_tw)
            }
            Trouble::ReadInPart { concept, written, reason } => {
                format!("{}「{written}」：{}；其餘已採用", concept.zh_tw, reason.zh_tw)
            }
            Trouble::UnitsDisagree { concept, number, unit, code } => {
                format!("{} {number}：單位「{unit}」與其代碼「{code}」不一致，未採用", concept.zh_tw)
            }
            Trouble::UnitNotCompared { concept, unit, code } => {
                format!("{}：不認得單位「{unit}」，無法與代碼「{code}」核對；採用代碼", concept.zh_tw)
            }
            Trouble::RecordedToTheDay { count } => {
                format!("{count} 筆資料的記錄時間只有日期：以該日結束時計；請以 --zone 指定時區")
            }
            Trouble::NotFinal { status } => format!("狀態為「{status}」；已保留並標示"),
            Trouble::StatusUnknown { status } => {
                format!("狀態為「{status}」，未說明是否已給予，未採用")
            }
            Trouble::Halted { concept, status, since: Some(since) } => {
                format!("{}狀態為「{status}」：自 {since} 起不視為使用中", concept.zh_tw)
            }
            Trouble::Halted { concept, status, since: None } => {
                format!("{}狀態為「{status}」，未說明自何時起：不視為使用中", concept.zh_tw)
            }
            Trouble::Replaced { resource, since: Some(since) } => {
                format!("{resource} 的較早版本：自 {since} 起以較新版本為準")
            }
            Trouble::Replaced { resource, since: None } => {
                format!("{resource} 的較早版本：只採用最新版本")
            }
            Trouble::VersionsUnordered { resource } => {
                format!("{resource} 出現兩次且內容不同，又無版本或更新時間；兩者皆保留")
            }
            Trouble::KeptAsWords { concept, written } => {
                format!("{}「{written}」不是已知選項；以文字保留", concept.zh_tw)
            }
            Trouble::DoseNotRead { concept, written, reason } => {
                format!("{}：劑量「{written}」無法讀取（{}）；給藥紀錄已保留", concept.zh_tw, reason.zh_tw)
            }
            Trouble::Time { field, error } => {
                format!("{}：{}，未採用", column_in_chinese(field), time_error_chinese(error))
            }
            Trouble::NoTime => "沒有發生時間，未採用".to_owned(),
            Trouble::NoValue { concept } => format!("{}沒有值，未採用", concept.zh_tw),
            Trouble::ValueKindNotRead { concept, element } => {
                format!("{}：不讀取 {element}，未採用", concept.zh_tw)
            }
            Trouble::InTheFuture { when } => format!("{when} 在未來；已保留，請確認"),
            Trouble::BeforeBirth { when, birth } => {
                format!("{when} 早於出生日期 {birth}；已保留，請確認")
            }
            Trouble::EndsBeforeStart { from, until } => {
                format!("結束（{until}）早於開始（{from}）；已保留，請確認")
            }
            Trouble::Conflict { concept, values } => {
                format!("{}互相矛盾（{}）；皆未採用", concept.zh_tw, values.join("、"))
            }
            Trouble::UnknownSubject { reference } => {
                format!("文件中沒有對象「{reference}」的資料；以此名稱保留")
            }
            Trouble::NoSubject => "未指明是哪位病人，未採用".to_owned(),
            Trouble::BrokenReference { reference } => format!("文件中沒有「{reference}」，未採用"),
            Trouble::DeathWithoutDate => "已死亡但沒有日期，未採用".to_owned(),
            Trouble::NoZone => "未指定時區，也沒有帶時差的時間：以 UTC 計日".to_owned(),
        }
    }
}

/// A column's or element's name in Chinese; an element of FHIR keeps its name.
fn column_in_chinese(column: &str) -> &str {
    match column {
        "patient" => "病人",
        "time" => "時間",
        "what" => "項目",
        "value" => "數值",
        "until" => "結束時間",
        "recorded" => "記錄時間",
        other => other,
    }
}

/// The question which unit was meant; nothing where no usual unit fits.
fn asked(meant: &[Text], lang: Lang) -> String {
    let each: Vec<&str> = meant.iter().map(|text| text.get(lang)).collect();
    match (each.as_slice(), lang) {
        ([], _) => String::new(),
        (each, Lang::En) => format!("; did you mean {}?", each.join(" or ")),
        (each, Lang::ZhTw) => format!("；是否應為 {}？", each.join(" 或 ")),
    }
}

/// A time error in Chinese; the English is the error's own.
pub fn time_error_chinese(error: &TimeError) -> String {
    match error {
        TimeError::NotATime(text) => {
            format!("「{text}」不是日期或時間（請寫 2026-01-31 或 2026-01-31T08:30+08:00）")
        }
        TimeError::RocYear { written, year } => {
            let western = i32::from(*year) + 1911;
            format!("「{written}」似為民國紀年（民國 {year} 年為西元 {western} 年）；請寫西元年")
        }
        TimeError::DayNumber(text) => {
            format!("「{text}」似為試算表的日期序號；匯出前請將該欄格式設為日期（2026-01-31）")
        }
        TimeError::YearNotFirst(text) => format!("「{text}」不以年份開頭：請寫 2026-01-31"),
        TimeError::NeedsZone(text) => format!("「{text}」沒有時差，請指定時區（例如 Asia/Taipei）"),
        TimeError::NoSuchZone(text) => format!("沒有「{text}」這個時區（例如 Asia/Taipei）"),
        TimeError::Skipped(text) => format!("「{text}」在此時區不存在：時鐘撥快跳過了這個時間"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_speaks_both_languages() {
        let name = Text::new("Body temperature", "體溫");
        let all = [
            Trouble::MissingField { column: "patient" },
            Trouble::Impossible { concept: name.clone(), written: "390 Cel".into(), meant: Vec::new() },
            Trouble::Conflict { concept: name, values: vec!["a".into(), "b".into()] },
            Trouble::Time { field: "time", error: TimeError::NeedsZone("2026-01-01 08:00".into()) },
            Trouble::NoSubject,
        ];
        for trouble in all {
            assert!(trouble.message(Lang::En).is_ascii() || trouble.message(Lang::En).contains('“'));
            assert!(!trouble.message(Lang::ZhTw).is_ascii());
            assert!(!trouble.is_kept(), "{}", trouble.kind());
        }
        assert!(Trouble::InTheFuture { when: "2999".into() }.is_kept());
    }
}
