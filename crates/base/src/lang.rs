//! The two languages every text stands in. Knows no page and no translation file.

use serde::{Deserialize, Serialize};

/// A language the program speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Lang {
    /// English.
    #[default]
    #[serde(rename = "en")]
    En,
    /// Traditional Chinese as written in Taiwan.
    #[serde(rename = "zh-TW")]
    ZhTw,
}

impl Lang {
    /// Both languages.
    pub const ALL: [Lang; 2] = [Lang::En, Lang::ZhTw];

    /// The BCP 47 tag: `en` or `zh-TW`.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::ZhTw => "zh-TW",
        }
    }

    /// Reads a BCP 47 tag or a usual short form (`en`, `zh`, `zh-TW`, `zh-Hant`); `None` for others.
    pub fn parse(tag: &str) -> Option<Lang> {
        let tag = tag.to_ascii_lowercase();
        match tag.split(['-', '_']).next() {
            Some("en") => Some(Lang::En),
            Some("zh") => Some(Lang::ZhTw),
            _ => None,
        }
    }
}

/// One text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Text {
    /// English.
    pub en: String,
    /// Traditional Chinese.
    #[serde(rename = "zh-TW")]
    pub zh_tw: String,
}

impl Text {
    /// Both languages at once.
    pub fn new(en: impl Into<String>, zh_tw: impl Into<String>) -> Text {
        Text { en: en.into(), zh_tw: zh_tw.into() }
    }

    /// The same characters in both languages (numbers, codes, names as written).
    pub fn same(text: impl Into<String>) -> Text {
        let text = text.into();
        Text { zh_tw: text.clone(), en: text }
    }

    /// The text in one language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::ZhTw => &self.zh_tw,
        }
    }
}
