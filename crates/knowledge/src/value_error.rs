//! Why a written value is refused, in both languages, with what was written. Knows no rule of reading.

use vena_base::{Lang, Text, units::UnitError};

/// Why a written value cannot be taken for a concept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// No value where one is needed.
    #[error("{} has no value", .concept.en)]
    NoValue {
        /// The concept's name.
        concept: Text,
    },
    /// A number without unit.
    #[error("{} has no unit; units are never assumed (for example {example})", .concept.en)]
    NoUnit {
        /// The concept's name.
        concept: Text,
        /// The unit Vena computes in, as an example.
        example: String,
    },
    /// A comma in a number: a decimal sign in some places, a thousands sign in others.
    #[error("“{written}” has a comma; write a decimal point and no thousands sign")]
    Comma {
        /// As written.
        written: String,
    },
    /// Not a number.
    #[error("“{written}” is not a number, and {} takes a number", .concept.en)]
    NotANumber {
        /// The concept's name.
        concept: Text,
        /// As written.
        written: String,
    },
    /// Too many digits to be kept exactly.
    #[error("“{written}” has more digits than can be kept exactly")]
    TooLong {
        /// As written.
        written: String,
    },
    /// A fraction where only whole numbers are possible.
    #[error("“{written}” is not a whole number, and {} takes only whole numbers", .concept.en)]
    NotWhole {
        /// The concept's name.
        concept: Text,
        /// As written.
        written: String,
    },
    /// The unit is unknown or of another kind.
    #[error("{}: {error}", .concept.en)]
    Unit {
        /// The concept's name.
        concept: Text,
        /// What is wrong with the unit.
        error: UnitError,
    },
    /// Moles of it are counted in two ways, and the number could be either.
    #[error("“{written}” could be {one} or {other}: moles of {} are counted in two ways; write {one_unit}", .concept.en)]
    TwoMolarMasses {
        /// The concept's name.
        concept: Text,
        /// As written.
        written: String,
        /// By the usual molar mass, in the canonical unit.
        one: String,
        /// By the other.
        other: String,
        /// The canonical unit.
        one_unit: String,
    },
    /// One value that must say several things, and does not.
    #[error("“{written}” does not say both numbers of {} (such as 90/60 with its unit); write both, or name the one it is", .concept.en)]
    Parts {
        /// The concept's name.
        concept: Text,
        /// As written.
        written: String,
    },
    /// Words that are none of the concept's answers, or could mean more than one.
    #[error("“{written}” is none of the answers of {}: {}", .concept.en, .known.en)]
    UnknownAnswer {
        /// The concept's name.
        concept: Text,
        /// As written.
        written: String,
        /// The answers there are.
        known: Text,
    },
    /// Words that could mean several of the concept's answers: which one, only the writer knows.
    #[error("“{written}” could be: {}; say which", .could_be.en)]
    Unclear {
        /// The concept's name.
        concept: Text,
        /// As written.
        written: String,
        /// The answers it could be.
        could_be: Text,
    },
    /// A dash, which may stand for “no” or for a field nobody filled.
    #[error("“{written}” may mean “no” or “not recorded”; write a word")]
    Dash {
        /// As written.
        written: String,
    },
    /// The unit where the value belongs and the other way round.
    #[error("“{value}” and “{unit}” seem to stand in each other's column")]
    Exchanged {
        /// What stands for the value.
        value: String,
        /// What stands for the unit.
        unit: String,
    },
    /// The words say that an event did not happen, or nothing known.
    #[error("“{written}” does not say that {} happened", .concept.en)]
    NotAnEvent {
        /// The concept's name.
        concept: Text,
        /// As written.
        written: String,
    },
    /// Not a date or time.
    #[error("“{written}” is not a date or time for {}", .concept.en)]
    NotATime {
        /// The concept's name.
        concept: Text,
        /// As written.
        written: String,
    },
}

impl ValueError {
    /// The error in one language.
    pub fn message(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            ValueError::NoValue { concept } => format!("{}沒有數值", concept.zh_tw),
            ValueError::NoUnit { concept, example } => {
                format!("{}沒有單位；單位不得推定（例如 {example}）", concept.zh_tw)
            }
            ValueError::Comma { written } => {
                format!("「{written}」含逗號；請用小數點，且不加千分位符號")
            }
            ValueError::NotANumber { concept, written } => {
                format!("「{written}」不是數字，而{}須為數字", concept.zh_tw)
            }
            ValueError::TooLong { written } => format!("「{written}」位數過多，無法精確保存"),
            ValueError::NotWhole { concept, written } => {
                format!("「{written}」不是整數，而{}只能是整數", concept.zh_tw)
            }
            ValueError::Unit { concept, error } => {
                format!("{}：{}", concept.zh_tw, unit_error_zh(error))
            }
            ValueError::TwoMolarMasses { concept, written, one, other, one_unit } => {
                format!(
                    "「{written}」可能是 {one} 或 {other}：{}的莫耳數有兩種算法；請改寫為 {one_unit}",
                    concept.zh_tw
                )
            }
            ValueError::Parts { concept, written } => {
                format!(
                    "「{written}」未寫出{}的兩個數值（如 90/60，並附單位）；請兩者皆寫，或註明是哪一項",
                    concept.zh_tw
                )
            }
            ValueError::UnknownAnswer { concept, written, known } => {
                format!("「{written}」不是{}的任何一個答案：{}", concept.zh_tw, known.zh_tw)
            }
            ValueError::Unclear { written, could_be, .. } => {
                format!("「{written}」可能是：{}；請寫明是哪一個", could_be.zh_tw)
            }
            ValueError::Dash { written } => {
                format!("「{written}」可能表示「無」，也可能是未填；請以文字寫明")
            }
            ValueError::Exchanged { value, unit } => {
                format!("「{value}」與「{unit}」似乎填反了欄位（數值與單位）")
            }
            ValueError::NotAnEvent { concept, written } => {
                format!("「{written}」並未表示{}已發生", concept.zh_tw)
            }
            ValueError::NotATime { concept, written } => {
                format!("「{written}」不是{}可用的日期或時間", concept.zh_tw)
            }
        }
    }
}

fn unit_error_zh(error: &UnitError) -> String {
    match error {
        UnitError::Unknown(unit) => format!("不認得單位「{unit}」"),
        UnitError::WrongKind { from, to } => format!("單位種類不同：{from} 不能換算成 {to}"),
        UnitError::NeedsMolarMass { from, to } => {
            format!("{from} 與 {to} 之間需要莫耳質量，目錄中沒有此項")
        }
        UnitError::OutOfRange => "數值超出可換算的範圍".to_owned(),
    }
}
