//! A fixed word or sentence in both languages, small enough to be part of an error. Knows nothing else.

use std::fmt;

use vena_base::{Lang, Text};

/// The same words in English and in Traditional Chinese.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// English.
    pub en: &'static str,
    /// Traditional Chinese.
    pub zh_tw: &'static str,
}

/// Shorthand for [`Words`].
pub const fn words(en: &'static str, zh_tw: &'static str) -> Words {
    Words { en, zh_tw }
}

impl Words {
    /// In one language.
    pub const fn get(self, lang: Lang) -> &'static str {
        match lang {
            Lang::En => self.en,
            Lang::ZhTw => self.zh_tw,
        }
    }

    /// As a text of its own.
    pub fn text(self) -> Text {
        Text::new(self.en, self.zh_tw)
    }
}

impl fmt::Display for Words {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.en)
    }
}
