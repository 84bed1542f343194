//! Every refusal of this crate in both languages: what is wrong, and what a person can do about it.
//! The Display of an error stays the English text. Knows the errors, not what raises them.

use crate::assay_table::AssayTableError;
use crate::combine::CombineError;
use crate::endotoxin::EndotoxinError;
use crate::fit::FitError;
use crate::limits::LimitError;
use crate::lines::LineError;
use crate::method::MethodError;
use crate::potency::PotencyError;
use crate::probit::ProbitError;
use crate::qpcr::QpcrError;
use crate::qpcr_table::QpcrTableError;
use crate::standard_line::StandardLineError;
use crate::table::TableError;

/// Adds `text` and `message` to an error whose Chinese words `chinese` writes.
macro_rules! speaks {
    ($($error:ty),+ $(,)?) => {$(
        impl $error {
            /// The refusal in both languages.
            pub fn text(&self) -> vena_base::Text {
                vena_base::Text::new(self.to_string(), self.chinese())
            }

            /// The refusal in one language.
            pub fn message(&self, lang: vena_base::Lang) -> String {
                match lang {
                    vena_base::Lang::En => self.to_string(),
                    vena_base::Lang::ZhTw => self.chinese(),
                }
            }
        }
    )+};
}
pub(crate) use speaks;

speaks!(
    TableError,
    AssayTableError,
    QpcrTableError,
    QpcrError,
    PotencyError,
    EndotoxinError,
    FitError,
    StandardLineError,
    LineError,
    CombineError,
    MethodError,
    LimitError,
    ProbitError,
);

impl TableError {
    pub(crate) fn chinese(&self) -> String {
        match self {
            TableError::Empty => "表格是空的".into(),
            TableError::NoRows => "表格只有標題列，沒有資料".into(),
            TableError::TooLarge { what, found, max } => {
                format!("表格有 {found} {}；最多讀取 {max} {}", what.zh_tw, what.zh_tw)
            }
            TableError::NotUtf8 { line, offset } => {
                format!("第 {line} 列：不是 UTF-8 文字（第一個錯誤位元組在 {offset}）；請存成 UTF-8 CSV")
            }
            TableError::Binary { line } => {
                format!(
                    "第 {line} 列：檔案含有零位元組，不是文字表格（可能是 UTF-16 或試算表檔）；請存成 UTF-8 CSV"
                )
            }
            TableError::FieldCount { line, found, expected } => {
                format!("第 {line} 列：有 {found} 個欄位，標題列有 {expected} 個")
            }
            TableError::ColumnTwice(name) => format!("標題列的欄位「{name}」重複"),
            TableError::NoColumn { role, header, examples } => format!(
                "找不到{}的欄位；標題列為：{header}。請將欄位命名為 {}，或指定欄位名稱",
                role.zh_tw,
                examples.replace(" or ", " 或 ")
            ),
            TableError::SeveralColumns { role, candidates } => {
                format!("可能是{}的欄位不只一個：{candidates}。請指定其中一個", role.zh_tw)
            }
            TableError::NoSuchColumn { name, header } => {
                format!("沒有名為「{name}」的欄位；標題列為：{header}")
            }
            TableError::NotANumber { line, column, cell } => {
                format!("第 {line} 列，欄位 {column}：「{cell}」不是數字")
            }
            TableError::OutOfRange { line, column, cell } => {
                format!("第 {line} 列，欄位 {column}：「{cell}」超出可用範圍")
            }
            TableError::MixedDecimals { line, column, cell } => format!(
                "第 {line} 列，欄位 {column}：「{cell}」使用小數點，但此表其他數字使用逗號；請統一寫法，且不要用千分位符號"
            ),
            TableError::AmbiguousComma { line, column, cell } => format!(
                "第 {line} 列，欄位 {column}：「{cell}」的逗號可能是小數或千分位（表中每個逗號後皆恰為三位數字）；請用小數點，或去掉分隔符號"
            ),
            TableError::EmptyCell { line, column } => format!("第 {line} 列，欄位 {column}：空白"),
            TableError::NotYesNo { line, column, cell } => {
                format!("第 {line} 列，欄位 {column}：「{cell}」既非是也非否")
            }
            TableError::Malformed { line, message } => {
                format!("第 {line} 列：格式錯誤（讀取程式訊息：{message}）")
            }
        }
    }
}

impl AssayTableError {
    fn chinese(&self) -> String {
        match self {
            AssayTableError::Table(error) => error.chinese(),
            AssayTableError::NegativeDose { line, dose } => {
                format!("第 {line} 列：劑量 {dose} 為負；若欄位為對數值，請命名為 log10 dose 或 ln dose")
            }
            AssayTableError::BadWeight { line, weight } => format!("第 {line} 列：權重 {weight} 不是正數"),
            AssayTableError::DuplicateWell { plate, well, line, first_line } => format!(
                "第 {line} 列：孔盤「{plate}」的孔位 {well} 已在第 {first_line} 列讀過；請排除其中一個"
            ),
            AssayTableError::TooMany { what, found, max } => {
                format!("有 {found} 個{}；最多讀取 {max} 個", what.zh_tw)
            }
            AssayTableError::NothingUsable => "沒有可用的觀測值：所有列皆被排除或沒有反應值".into(),
        }
    }
}

impl QpcrTableError {
    fn chinese(&self) -> String {
        match self {
            QpcrTableError::Table(error) => error.chinese(),
            QpcrTableError::ImpossibleCq { line, cq } => {
                format!("第 {line} 列：Cq 值 {cq} 不可能；未擴增之孔請寫 Undetermined")
            }
            QpcrTableError::UnknownTask { line, task } => format!(
                "第 {line} 列：任務「{task}」無法辨識（可用 standard、unknown、ntc、positive control）"
            ),
            QpcrTableError::StandardWithoutQuantity { line } => {
                format!("第 {line} 列：標準品須有大於 0 的數量")
            }
            QpcrTableError::DuplicateWell { well, target, line, first_line } => {
                format!("第 {line} 列：孔位 {well} 標的「{target}」已在第 {first_line} 列讀過")
            }
            QpcrTableError::NothingUsable => "沒有可用的孔：所有列皆被排除或沒有 Cq 值".into(),
        }
    }
}

impl QpcrError {
    fn chinese(&self) -> String {
        match self {
            QpcrError::Table(error) => error.chinese(),
            QpcrError::Method(error) => error.chinese(),
            QpcrError::Limit(error) => error.chinese(),
            QpcrError::NoSuchTarget { name, found } => format!("表中沒有標的「{name}」；有：{found}"),
            QpcrError::BadOption { what, value } => {
                format!("{}為 {value}；須大於 0（比例最大為 1）", what.zh_tw)
            }
        }
    }
}

impl PotencyError {
    fn chinese(&self) -> String {
        match self {
            PotencyError::Table(error) => error.chinese(),
            PotencyError::Method(error) => error.chinese(),
            PotencyError::NoSuchReference { name, found } => {
                format!("表中沒有製劑「{name}」；有：{found}")
            }
            PotencyError::BadStandard(value) => format!("對照標準品的標示值 {value} 不是正數"),
            PotencyError::BadDate { what, written } => {
                format!("{}：「{written}」不是 YYYY-MM-DD 格式的日期", what.zh_tw)
            }
            PotencyError::NothingFitted(why) => format!("沒有任何曲線可以擬合：{}", why.zh_tw),
        }
    }
}

impl EndotoxinError {
    pub(crate) fn chinese(&self) -> String {
        match self {
            EndotoxinError::Method(error) => error.chinese(),
            EndotoxinError::Line(error) => error.chinese(),
            EndotoxinError::NotPositive { what, value } => format!("{}為 {value}；須大於 0", what.zh_tw),
        }
    }
}

impl FitError {
    fn chinese(&self) -> String {
        match self {
            FitError::TooFewDoses { found, needed } => {
                format!("只有 {found} 個不同劑量；曲線有 {needed} 個參數，至少須有 {needed} 個劑量")
            }
            FitError::TooFewObservations { found, parameters } => {
                format!("{found} 個觀測值、{parameters} 個參數，無法估計誤差；請增加重複孔")
            }
            FitError::AllResponsesEqual { count, response } => {
                format!("{count} 個反應值全為 {response}：沒有曲線可擬合")
            }
            FitError::BadObservation { index } => {
                format!("第 {index} 個觀測值：劑量、反應值與權重須為有限數字，劑量不可為負，權重須為正數")
            }
            FitError::NotConverged(why) => format!("擬合未收斂：{}", why.zh_tw),
        }
    }
}

impl StandardLineError {
    pub(crate) fn chinese(&self) -> String {
        match self {
            StandardLineError::TooFewLevels(found) => format!("標準品只有 {found} 個濃度；直線至少須 2 個"),
            StandardLineError::TooFewWells(found) => {
                format!("標準品只有 {found} 孔；帶誤差的直線至少須 3 孔")
            }
            StandardLineError::Flat => "標準品的反應不隨濃度改變；請檢查標準品".into(),
        }
    }
}

impl LineError {
    fn chinese(&self) -> String {
        match self {
            LineError::TooFewDoses { preparation, found } => {
                format!("第 {} 個製劑只有 {found} 個不同劑量；直線至少須 2 個", preparation + 1)
            }
            LineError::TooFewObservations { found, parameters } => {
                format!("{found} 個觀測值、{parameters} 個參數，無法估計誤差；請增加重複孔")
            }
            LineError::AllResponsesEqual => "所有反應值相同：直線沒有斜率".into(),
            LineError::Singular => "劑量不足以決定直線".into(),
        }
    }
}

impl CombineError {
    fn chinese(&self) -> String {
        match self {
            CombineError::TooFew(found) => format!("可合併的試驗只有 {found} 個；至少須 2 個"),
            CombineError::Unusable { name, potency, log_standard_error } => {
                format!("試驗 {name}：效價 {potency}、對數標準誤 {log_standard_error}，無法合併")
            }
        }
    }
}

impl MethodError {
    pub(crate) fn chinese(&self) -> String {
        match self {
            MethodError::Unreadable(why) => format!("方法檔無法讀取（讀取程式訊息：{why}）"),
            MethodError::NotANumber { id, value } => {
                format!("方法檔中 {id} 的值「{value}」不是有限的十進位數")
            }
            MethodError::NoSuchParameter { method, id } => format!("方法 {method} 沒有參數 {id}"),
            MethodError::NoSuchSource { id, source_id } => {
                format!("方法檔中 {id} 引用的來源「{source_id}」未列出")
            }
            MethodError::Twice(id) => format!("方法檔中 {id} 重複"),
        }
    }
}

impl LimitError {
    pub(crate) fn chinese(&self) -> String {
        match self {
            LimitError::BadCount { positive, tested } => format!("{tested} 個中有 {positive} 個陽性，不可能"),
            LimitError::BadLevel(level) => format!("{level} 不是介於 0 與 1 的機率"),
            LimitError::TooLarge { what, value, max } => {
                format!("{}為 {value}；最多可判讀 {max}", what.zh_tw)
            }
            LimitError::NotPositive { what, value } => format!("{}為 {value}；須大於 0", what.zh_tw),
        }
    }
}

impl ProbitError {
    pub(crate) fn chinese(&self) -> String {
        match self {
            ProbitError::Limit(error) => error.chinese(),
            ProbitError::TooFewAmounts(found) => format!("大於 0 的含量只有 {found} 個；probit 至少須 2 個"),
            ProbitError::Separated { between_low, between_high } => format!(
                "沒有部分陽性的含量，或只有一個：無法估計斜率；請在 {between_low} 與 {between_high} 之間增加含量"
            ),
            ProbitError::NotRising(slope) => format!("陽性比例未隨含量上升（斜率 {slope}）"),
            ProbitError::NotConverged => "probit 擬合未收斂".into(),
        }
    }
}
