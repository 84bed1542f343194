//! Names of facts and of the answers they take. The names themselves stand in the catalogue of
//! `knowledge/`; here they are only cheap to copy and compare.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{
    collections::BTreeSet,
    fmt,
    sync::{Mutex, OnceLock},
};

/// Keeps one copy of each name for the life of the program. Names come from the catalogue (a few
/// hundred), so what is leaked is bounded by it.
fn intern(name: &str) -> &'static str {
    static NAMES: OnceLock<Mutex<BTreeSet<&'static str>>> = OnceLock::new();
    let names = NAMES.get_or_init(|| Mutex::new(BTreeSet::new()));
    let mut names = names.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let kept: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(kept);
    kept
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(&'static str);

        impl $name {
            /// A name known when the program was written.
            pub const fn known(name: &'static str) -> Self {
                $name(name)
            }

            /// A name read from a catalogue or a stored event.
            pub fn of(name: &str) -> Self {
                $name(intern(name))
            }

            /// The name as text.
            pub const fn as_str(self) -> &'static str {
                self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = String::deserialize(deserializer)?;
                Ok($name::of(&name))
            }
        }
    )*};
}

names! {
    /// What a fact is about: an entry of the catalogue, such as `body-temperature`.
    Concept;
    /// One of the answers a concept takes, such as `nasal-cannula`.
    Answer;
}
