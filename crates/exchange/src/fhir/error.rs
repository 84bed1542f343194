//! Why a FHIR document is refused, always with the path where that shows. Knows no resource.

use crate::encoding::EncodingError;
use vena_base::Lang;

/// Why a document cannot be read. Nothing of it is used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FhirError {
    /// Nothing, or nothing but white space.
    #[error("the file is empty")]
    Empty,
    /// XML.
    #[error("XML is not read yet; export FHIR as JSON")]
    Xml,
    /// Not text.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// Larger than the limit.
    #[error("the file has {bytes} bytes; the limit is {limit}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Brackets nested deeper than the limit.
    #[error("line {line}: nested deeper than {limit} levels (in {path})")]
    TooDeep {
        /// The line, from 1.
        line: u64,
        /// The limit.
        limit: usize,
        /// Where.
        path: String,
    },
    /// The text ends in the middle.
    #[error("the file ends in the middle of {path} (line {line}): it is truncated")]
    Truncated {
        /// Where it ends.
        path: String,
        /// The line, from 1.
        line: usize,
    },
    /// Not JSON, or not FHIR: a wrong type, a name given twice, no resourceType.
    #[error("{path} (line {line}, column {column}): {reason}")]
    Wrong {
        /// Where, e.g. `Bundle.entry[3].resource.valueQuantity.value`.
        path: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong there.
        reason: String,
    },
}

impl FhirError {
    /// The reason in one language.
    pub fn message(&self, lang: Lang) -> String {
        match (self, lang) {
            (FhirError::Encoding(error), lang) => error.message(lang),
            (error, Lang::En) => error.to_string(),
            (FhirError::Empty, Lang::ZhTw) => "檔案是空的".to_owned(),
            (FhirError::Xml, Lang::ZhTw) => "尚不讀取 XML；請將 FHIR 匯出為 JSON".to_owned(),
            (FhirError::TooLarge { bytes, limit }, Lang::ZhTw) => {
                format!("檔案有 {bytes} 位元組，上限為 {limit}")
            }
            (FhirError::TooDeep { line, limit, path }, Lang::ZhTw) => {
                format!("第 {line} 列：巢狀超過 {limit} 層（{path}）")
            }
            (FhirError::Truncated { path, line }, Lang::ZhTw) => {
                format!("檔案在 {path} 中間結束（第 {line} 列）：內容不完整")
            }
            (FhirError::Wrong { path, line, column, reason }, Lang::ZhTw) => {
                format!("{path}（第 {line} 列第 {column} 字）：{}", chinese(reason))
            }
        }
    }
}

/// The parser's reasons in Chinese; what is not among them stays as it is.
fn chinese(reason: &str) -> String {
    for (english, chinese) in [
        ("invalid type: ", "型別不符："),
        ("duplicate field ", "欄位重複："),
        ("missing field ", "缺少欄位："),
        ("invalid value: ", "值不合規："),
        ("trailing characters", "結尾後還有多餘內容"),
    ] {
        if let Some(rest) = reason.strip_prefix(english) {
            return format!("{chinese}{}", expected(rest));
        }
    }
    format!("不是有效的 JSON（{reason}）")
}

/// What was found and what should stand there, in Chinese.
fn expected(rest: &str) -> String {
    let Some((found, wanted)) = rest.split_once(", expected ") else {
        return rest.to_owned();
    };
    let words = [
        ("a FHIR resource or an array of them", "FHIR 資源或其清單"),
        ("a FHIR resource", "FHIR 資源"),
        ("a list of entries", "項目清單"),
        ("a Bundle entry", "Bundle 項目"),
        ("a number", "數字"),
        ("a resource", "資源"),
        ("a sequence", "清單"),
        ("a boolean", "true 或 false"),
        ("text", "文字"),
    ];
    let wanted = words.iter().find(|(english, _)| *english == wanted).map_or(wanted, |(_, chinese)| chinese);
    let kinds = [
        ("integer", "整數"),
        ("floating point", "小數"),
        ("string", "文字"),
        ("text", "文字"),
        ("boolean", "布林值"),
        ("sequence", "清單"),
        ("map", "物件"),
        ("null", "空值"),
        ("a word", "單字"),
    ];
    let kind = kinds.iter().find(|(english, _)| found.starts_with(english));
    let found =
        kind.map_or_else(|| found.to_owned(), |(english, chinese)| found.replacen(english, chinese, 1));
    format!("{found}，應為{wanted}")
}
