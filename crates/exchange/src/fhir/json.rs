//! The JSON under FHIR: borrowed text, numbers with their written form, resources told apart by a
//! `resourceType` that may stand anywhere, and a limit on depth. Knows no resource.

use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor,
    value::{CowStrDeserializer, MapAccessDeserializer},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, collections::VecDeque, fmt, ops::Deref};

/// Text, borrowed from the document where it holds no escapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Str<'a>(pub Cow<'a, str>);

impl Deref for Str<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Str<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Str<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Str<'de>, E> {
                Ok(Str(Cow::Borrowed(text)))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Str<'de>, E> {
                Ok(Str(Cow::Owned(text.to_owned())))
            }
            fn visit_string<E: de::Error>(self, text: String) -> Result<Str<'de>, E> {
                Ok(Str(Cow::Owned(text)))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// A number as it is written: `38.50` stays `38.50`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Num<'a>(pub &'a str);

impl<'de: 'a, 'a> Deserialize<'de> for Num<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw: &'de RawValue = Deserialize::deserialize(deserializer)?;
        let text = raw.get();
        match text.as_bytes().first() {
            Some(b'-' | b'0'..=b'9') => Ok(Num(text)),
            Some(b'"') => Err(de::Error::custom("invalid type: text, expected a number")),
            Some(b'{') => Err(de::Error::custom("invalid type: map, expected a number")),
            Some(b'[') => Err(de::Error::custom("invalid type: sequence, expected a number")),
            _ => Err(de::Error::custom("invalid type: a word, expected a number")),
        }
    }
}

/// A resource whose type is known, with all its other elements still to be read.
pub struct Typed<'de, A> {
    early: VecDeque<(Str<'de>, &'de RawValue)>,
    value: Option<(String, &'de RawValue)>,
    rest: A,
    tracked: bool,
}

/// Stands around a path in an error that came out of an element read a second time.
pub const PATH_MARK: char = '\u{1}';

/// Reads an object up to its `resourceType`; what stands before it is kept to be read again. With
/// `tracked` an error in what is read again carries its path between two [`PATH_MARK`]s.
///
/// # Errors
/// Whatever the document has wrong, or no `resourceType`.
pub fn typed<'de, A: MapAccess<'de>>(
    mut map: A,
    tracked: bool,
) -> Result<(Str<'de>, Typed<'de, A>), A::Error> {
    let mut early = VecDeque::new();
    while let Some(key) = map.next_key::<Str<'de>>()? {
        if &*key == "resourceType" {
            let name: Str<'de> = map.next_value()?;
            return Ok((name, Typed { early, value: None, rest: map, tracked }));
        }
        let value: &'de RawValue = map.next_value()?;
        early.push_back((key, value));
    }
    Err(de::Error::missing_field("resourceType"))
}

impl<'de, A: MapAccess<'de>> Typed<'de, A> {
    /// Reads the elements as one type.
    ///
    /// # Errors
    /// Whatever the document has wrong.
    pub fn read<T: Deserialize<'de>>(self) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(self))
    }

    /// Passes over all elements.
    ///
    /// # Errors
    /// Whatever the document has wrong.
    pub fn skip(mut self) -> Result<(), A::Error> {
        self.early.clear();
        while self.rest.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Typed<'de, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        match self.early.pop_front() {
            Some((key, value)) => {
                self.value = Some((if self.tracked { key.to_string() } else { String::new() }, value));
                seed.deserialize(CowStrDeserializer::new(key.0)).map(Some)
            }
            None => self.rest.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        match self.value.take() {
            Some((key, raw)) if self.tracked => {
                let mut json = serde_json::Deserializer::from_str(raw.get());
                let mut track = serde_path_to_error::Track::new();
                let read = seed.deserialize(serde_path_to_error::Deserializer::new(&mut json, &mut track));
                let path = track.path().to_string();
                let dot = if path.starts_with('[') { "" } else { "." };
                let path = if path == "." { key } else { format!("{key}{dot}{path}") };
                read.map_err(|error| de::Error::custom(format!("{PATH_MARK}{path}{PATH_MARK}{error}")))
            }
            Some((_, raw)) => {
                let mut json = serde_json::Deserializer::from_str(raw.get());
                seed.deserialize(&mut json).map_err(de::Error::custom)
            }
            None => self.rest.next_value_seed(seed),
        }
    }
}

/// The offset at which brackets are nested deeper than `limit`, if they are.
///
/// Reading what is passed over needs no stack, so without this a hostile document would only be slow;
/// it is refused all the same, because no FHIR resource nests like that.
pub fn too_deep(text: &str, limit: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = string_end(bytes, at + 1),
            b'{' | b'[' => {
                depth += 1;
                if depth > limit {
                    return Some(at);
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    None
}

/// The offset of the quote that closes a string, or the end.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        match memchr::memchr2(b'"', b'\\', rest) {
            None => return bytes.len(),
            Some(found) if rest.get(found) == Some(&b'"') => return at + found,
            Some(found) => at += found + 2,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn depth_is_counted_outside_strings() {
        assert_eq!(too_deep("[[[]]]", 3), None);
        assert_eq!(too_deep("[[[[]]]]", 3), Some(3));
        assert_eq!(too_deep(r#"["[[[[\"[[["]"#, 1), None);
        assert_eq!(too_deep(r#"["unclosed [[["#, 1), None);
        assert_eq!(too_deep(r#"["\"#, 1), None);
    }

    #[test]
    fn numbers_keep_their_text_and_nothing_else_passes() {
        assert_eq!(serde_json::from_str::<Num<'_>>(" 1.10e3 ").unwrap(), Num("1.10e3"));
        for wrong in ["\"1\"", "{}", "[1]", "true"] {
            assert!(serde_json::from_str::<Num<'_>>(wrong).is_err(), "{wrong}");
        }
    }
}
