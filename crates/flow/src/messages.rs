//! Every refusal of this crate in both languages: what is wrong, and what a
//! person can do about it. The Display of an error stays the English text.
//! Knows the errors, not what raises them.

use vena_base::{Lang, Text};

use crate::counts::CountError;
use crate::fcs::FcsError;
use crate::gating::GatingError;
use crate::panel::PanelError;
use crate::plot::PlotError;
use crate::report::FlowError;
use crate::spillover::SpilloverError;
use crate::tolerance::{Tolerance, UnknownTolerance};

/// Adds `text` and `message` to an error whose Chinese words `chinese` writes.
macro_rules! speaks {
    ($($error:ty),+ $(,)?) => {$(
        impl $error {
            /// The refusal in both languages.
            #[must_use]
            pub fn text(&self) -> Text {
                Text::new(self.to_string(), self.chinese())
            }

            /// The refusal in one language.
            #[must_use]
            pub fn message(&self, lang: Lang) -> String {
                match lang {
                    Lang::En => self.to_string(),
                    Lang::ZhTw => self.chinese(),
                }
            }
        }
    )+};
}

speaks!(
    FcsError,
    SpilloverError,
    GatingError,
    PlotError,
    FlowError,
    CountError,
    PanelError,
    UnknownTolerance
);

/// What would read the file all the same, or nothing.
fn hint(remedy: Option<Tolerance>) -> String {
    remedy.map_or_else(String::new, |tolerance| {
        format!("（同意容許項目「{}」即可讀取：{}）", tolerance.name(), tolerance.text().zh_tw)
    })
}

impl FcsError {
    fn chinese(&self) -> String {
        match self {
            Self::Io(error) => format!("讀取失敗，請再試一次：{error}"),
            Self::NotFcs { found } => {
                format!("不是 FCS 2.0、3.0、3.1 或 3.2 檔案：開頭是「{found}」；請由儀器匯出 FCS 檔")
            }
            Self::HeaderTruncated { at, bytes } => {
                format!("檔案在 HEADER 內就結束：位置 {at} 之後只有 {bytes} 個位元組，須有 58 個；請重新匯出")
            }
            Self::HeaderNumber { field, text } => format!("HEADER 的位置 {field} 是「{text}」，不是數字"),
            Self::SegmentOutside { segment, begin, end, file_bytes } => {
                format!(
                    "{segment} 區段標示在位元組 {begin} 至 {end}，但檔案只有 {file_bytes} 個位元組；檔案可能不完整，請重新匯出"
                )
            }
            Self::Text { problem, remedy } => format!("TEXT 區段：{}{}", problem.zh_tw, hint(*remedy)),
            Self::MissingKeyword { keyword, remedy } => format!("缺少必要關鍵字 {keyword}{}", hint(*remedy)),
            Self::KeywordValue { keyword, value, problem, remedy } => {
                format!("{keyword} 為「{value}」：{}{}", problem.zh_tw, hint(*remedy))
            }
            Self::OffsetsDiffer { header, text } => format!(
                "資料位置不一致：HEADER 為 {}–{}，$BEGINDATA/$ENDDATA 為 {}–{}{}",
                header.0,
                header.1,
                text.0,
                text.1,
                hint(Some(Tolerance::HeaderTextOffsetsDiffer))
            ),
            Self::DataLength { found, needed, events, event_bits, remedy } => format!(
                "DATA 區段有 {found} 個位元組；{events} 個事件、每個 {event_bits} 位元，須有 {needed} 個{}",
                hint(*remedy)
            ),
            Self::Unsupported { keyword, value } => {
                format!("{keyword} 為「{value}」；只讀列表模式（L）與資料型態 I、F、D，FCS 3.2 之前另可為 A")
            }
            Self::AsciiValue { channel, event, text } => {
                format!("DATA 中有「{text}」，應為整數（通道「{channel}」，第 {event} 個事件）")
            }
            Self::AsciiCount { bytes, values, channels, events } => format!(
                "DATA 的 {bytes} 個位元組中有 {values} 個值，與 {events} 個事件、{channels} 個通道不符"
            ),
            Self::Limit { what, found, limit } => format!("{}為 {found}，上限為 {limit}", what.zh_tw),
            Self::NonFinite { events, channel, first } => format!(
                "{events} 個事件含 NaN 或無限大（第一個：通道「{channel}」，事件 {first}）{}",
                hint(Some(Tolerance::NonFiniteEvents))
            ),
            Self::NextData { at, next, problem } => {
                format!("位元組 {at} 起之資料集的 $NEXTDATA 為 {next}：{}", problem.zh_tw)
            }
            Self::Analysis { problem } => {
                format!("ANALYSIS 區段：{}{}", problem.zh_tw, hint(Some(Tolerance::UnreadableAnalysis)))
            }
            Self::Unwritable(problem) => format!("無法寫入：{}", problem.zh_tw),
        }
    }
}

impl SpilloverError {
    fn chinese(&self) -> String {
        match self {
            Self::Malformed { origin, problem } => format!("補償矩陣 {origin}：{}", problem.zh_tw),
            Self::DecimalComma { origin } => {
                format!("{origin} 使用小數逗號{}", hint(Some(Tolerance::DecimalCommaInSpillover)))
            }
            Self::MissingChannel { origin, channel, present } => {
                format!("{origin} 列出通道「{channel}」，資料集沒有；資料集有：{present}")
            }
            Self::Singular { origin, ratio } => {
                format!("補償矩陣 {origin} 不可反轉（最小與最大奇異值之比為 {ratio:e}）；請檢查單染對照")
            }
            Self::NotFinite { origin } => format!("補償矩陣 {origin} 含有非有限數值"),
            Self::Underdetermined { origin, fluorochromes, detectors } => {
                format!("補償矩陣 {origin} 有 {fluorochromes} 種螢光，偵測器只有 {detectors} 個")
            }
            Self::TooLarge { origin, found, limit } => {
                format!("補償矩陣 {origin} 大小為 {found}，上限為 {limit}")
            }
            Self::OnlySpill => format!(
                "檔案只有 SPILL，沒有 $SPILLOVER{}，或另附補償矩陣檔",
                hint(Some(Tolerance::SpillKeyword))
            ),
            Self::OnlyOldKeyword { keyword } => {
                format!(
                    "檔案只有舊關鍵字 {keyword}，沒有 $SPILLOVER；依 FCS 2.0 與 3.0，該關鍵字記錄儀器已扣除的補償，且各儀器寫法不同，故不套用{}；或改用未補償通道圈選，或另附補償矩陣檔",
                    hint(Some(Tolerance::CompensatedByInstrument))
                )
            }
            Self::AlreadyCompensated { evidence } => {
                format!("事件已經補償過（{}）；不得再次補償", evidence.zh_tw)
            }
        }
    }
}

/// What a reference in Gating-ML leads to.
fn kind_zh(kind: &str) -> &str {
    match kind {
        "gate" => "圈選",
        "transformation" => "轉換",
        "ratio transformation" => "比值轉換",
        "spectrum matrix" => "光譜矩陣",
        "divider" => "分隔線",
        other => other,
    }
}

impl GatingError {
    fn chinese(&self) -> String {
        match self {
            Self::Xml { at, problem } => {
                format!("圈選檔在位元組 {at} 附近不是正確的 XML；請重新匯出（解析器訊息：{problem}）")
            }
            Self::DocumentType { at } => {
                format!("不讀文件類型宣告與自訂實體（位元組 {at}）；請移除後再試")
            }
            Self::Memory { problem } => format!("記憶體不足以計算數值：{problem}"),
            Self::Limit { what, found, limit } => format!("{}為 {found}，上限為 {limit}", what.zh_tw),
            Self::Grammar { line, problem } => format!("第 {line} 行：{}", problem.zh_tw),
            Self::DuplicateId { kind, id } => format!("{}「{id}」重複定義", kind_zh(kind)),
            Self::UnknownReference { gate, kind, reference } => {
                format!("圈選「{gate}」引用的{}「{reference}」並未定義", kind_zh(kind))
            }
            Self::QuadrantGateReference { gate, reference, quadrants } => {
                format!("圈選「{gate}」引用象限圈選「{reference}」；請指定其中一個象限：{quadrants}")
            }
            Self::Cycle { circle } => format!("圈選互相引用成環：{}", circle.join(" → ")),
            Self::MissingChannel { gate, channel, present } => {
                format!("圈選「{gate}」需要通道「{channel}」，資料集沒有；資料集有：{present}")
            }
            Self::MissingFluorochrome { gate, channel, matrix, present } => {
                format!("圈選「{gate}」需要螢光「{channel}」，矩陣「{matrix}」沒有；矩陣有：{present}")
            }
            Self::Shape { gate, problem } => format!("圈選「{gate}」：{}", problem.zh_tw),
            Self::Transform { id, source } => format!("轉換「{id}」：{}", source.text().zh_tw),
            Self::Compensation { gate, source } => format!("圈選「{gate}」：{}", source.chinese()),
        }
    }
}

impl PlotError {
    fn chinese(&self) -> String {
        match self {
            Self::Gating(error) => error.chinese(),
            Self::NoPlane(id) => format!("圈選「{id}」未定義，或沒有兩個可繪製的維度"),
            Self::TooFewChannels(found) => format!("繪圖須有兩個通道；資料集只有 {found} 個"),
            Self::Encoding(problem) => format!("圖片無法編碼：{problem}"),
            Self::Font => "所給字型不是 TrueType 或 OpenType".to_owned(),
        }
    }
}

impl FlowError {
    fn chinese(&self) -> String {
        match self {
            Self::Fcs(error) => format!("FCS 檔：{}", error.chinese()),
            Self::Gating(error) => format!("圈選檔：{}", error.chinese()),
            Self::Spillover(error) => format!("補償：{}", error.chinese()),
            Self::SeveralDataSets { events } => {
                let sizes: Vec<String> = (1..)
                    .zip(events)
                    .map(|(number, events): (usize, _)| format!("第 {number} 個：{events} 個事件"))
                    .collect();
                format!("檔案含 {} 個資料集（{}）；請指定其中一個", events.len(), sizes.join("、"))
            }
            Self::NoSuchDataSet { chosen, count } => {
                format!("指定了第 {chosen} 個資料集；檔案只有 {count} 個")
            }
        }
    }
}

impl CountError {
    fn chinese(&self) -> String {
        match self {
            Self::NoBeads => "沒有數到計數珠，無法換算濃度；請檢查珠子的圈選".to_owned(),
            Self::NotPositive { what, value } => format!("{}為 {value}；須為正數", what.zh_tw),
            Self::PartExceedsWhole { part, whole } => {
                format!("{whole} 個事件中有 {part} 個死細胞事件；請檢查圈選")
            }
            Self::NoSuchGate { gate, present } => format!("沒有圈選「{gate}」；有：{present}"),
            Self::OneViabilityGate => "存活率須指定一個圈選：死細胞或活細胞其中之一".to_owned(),
            Self::TwoPlatforms => "同時給了計數珠與分析儀濃度；總數僅能依其一計算".to_owned(),
            Self::OutsideNucleated { events, gate } => {
                format!("圈選「{gate}」有 {events} 個事件不在存活有核細胞之內；請檢查圈選")
            }
            Self::NoEvents => "沒有可計算比例的事件".to_owned(),
        }
    }
}

impl PanelError {
    fn chinese(&self) -> String {
        match self {
            Self::Toml(error) => format!("標記組合檔無法讀取：{error}"),
            Self::Criterion { panel, criterion, problem } => {
                format!("標記組合 {panel} 之準則 {criterion}：{}", problem.zh_tw)
            }
        }
    }
}

impl UnknownTolerance {
    fn chinese(&self) -> String {
        let known = Tolerance::ALL.map(Tolerance::name).join("、");
        format!("沒有名為「{}」的容許項目；可用的有：{known}", self.given)
    }
}
