//! Typed identifiers. They are made outside (ids are arguments, like `now`) and only carried here.

use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// Why a text cannot be an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing but white space.
    #[error("an identifier cannot be empty")]
    Empty,
    /// Longer than [`MAX_ID_BYTES`].
    #[error("an identifier has at most {MAX_ID_BYTES} bytes, this has {0}")]
    TooLong(usize),
    /// A control character, which no scanner or person types on purpose.
    #[error("an identifier cannot hold the control character U+{0:04X}")]
    Control(u32),
}

/// Longest identifier taken, in bytes.
pub const MAX_ID_BYTES: usize = 200;

fn checked(text: &str) -> Result<Arc<str>, IdError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if text.len() > MAX_ID_BYTES {
        return Err(IdError::TooLong(text.len()));
    }
    if let Some(control) = text.chars().find(|c| c.is_control()) {
        return Err(IdError::Control(control as u32));
    }
    Ok(Arc::from(text))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes a text as this identifier.
            ///
            /// # Errors
            /// Empty, too long, or with a control character.
            pub fn new(text: &str) -> Result<Self, IdError> {
                checked(text).map($name)
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.to_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// The pseudonymous patient: never a record number or a name.
    PatientId;
    /// One journey from referral to follow-up; a patient may have several.
    JourneyId;
    /// A person who uses the program.
    UserId;
    /// A hospital site.
    SiteId;
    /// A product batch or bag as named by its maker.
    ProductUnitId;
    /// The chain-of-identity number that ties patient and cells together.
    ChainOfIdentity;
    /// One recorded event.
    EventId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_no_label_can_carry() {
        assert_eq!(JourneyId::new("  "), Err(IdError::Empty));
        assert_eq!(JourneyId::new("a\u{7}b"), Err(IdError::Control(7)));
        assert_eq!(JourneyId::new(&"x".repeat(201)), Err(IdError::TooLong(201)));
        assert_eq!(JourneyId::new(" J-1 ").map(String::from), Ok("J-1".to_owned()));
    }
}
