//! Walks a FHIR document in one pass: a Bundle entry by entry, an array, or a single resource. What
//! is read becomes statements at once, so a document never stands in memory as resources. Knows no
//! resource's meaning.

use super::{
    collect::Collector,
    json::{Str, Typed, typed},
};
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::{fmt, sync::Arc};

/// A resource at a place in the document. Gives the name others may refer to it by.
pub struct ResourceSeed<'c, 'k> {
    pub collector: &'c mut Collector<'k>,
    /// The path; empty for the document itself, which is then named by its type.
    pub path: String,
    pub full_url: Option<String>,
}

impl<'de> DeserializeSeed<'de> for ResourceSeed<'_, '_> {
    type Value = Option<Arc<str>>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ResourceSeed<'_, '_> {
    type Value = Option<Arc<str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a FHIR resource")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let ResourceSeed { collector, path, full_url } = self;
        let (name, resource) = typed(map, collector.tracked)?;
        if &*name == "Bundle" {
            let path = if path.is_empty() || path.ends_with(": ") { format!("{path}Bundle") } else { path };
            collector.part.report.items += u64::from(path.contains('.'));
            return bundle(resource, collector, &path).map(|()| None);
        }
        collector.part.report.items += 1;
        let path = if path.is_empty() || path.ends_with(": ") { format!("{path}{}", &*name) } else { path };
        let place: Arc<str> = Arc::from(path);
        match &*name {
            "Patient" => {
                let patient: super::model::Patient<'de> = resource.read()?;
                let key: Arc<str> = match (patient.id.as_deref().filter(|id| !id.is_empty()), &full_url) {
                    (Some(id), _) => Arc::from(id),
                    (None, Some(url)) => Arc::from(super::join::bare(url)),
                    (None, None) => Arc::clone(&place),
                };
                collector.person(&place, &patient, Arc::clone(&key));
                return Ok(Some(key));
            }
            "Medication" => {
                let medication = resource.read()?;
                collector.medication(&medication, full_url.as_deref());
            }
            "Observation" => collector.observation(&place, resource.read()?),
            "MedicationAdministration" => collector.administration(&place, resource.read()?),
            "Procedure" => collector.procedure(&place, resource.read()?),
            "Condition" => collector.condition(&place, resource.read()?),
            other => {
                resource.skip()?;
                collector.unknown("resource", other, None, &place);
            }
        }
        Ok(None)
    }
}

fn bundle<'de, A: MapAccess<'de>>(
    mut resource: Typed<'de, A>,
    collector: &mut Collector<'_>,
    path: &str,
) -> Result<(), A::Error> {
    while let Some(key) = resource.next_key::<Str<'de>>()? {
        if &*key == "entry" {
            resource.next_value_seed(EntriesSeed { collector, path })?;
        } else {
            resource.next_value::<IgnoredAny>()?;
        }
    }
    Ok(())
}

struct EntriesSeed<'c, 'k> {
    collector: &'c mut Collector<'k>,
    path: &'c str,
}

impl<'de> DeserializeSeed<'de> for EntriesSeed<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for EntriesSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut index = 0_usize;
        loop {
            let path = format!("{}.entry[{index}]", self.path);
            if seq.next_element_seed(EntrySeed { collector: self.collector, path })?.is_none() {
                return Ok(());
            }
            index += 1;
        }
    }
}

struct EntrySeed<'c, 'k> {
    collector: &'c mut Collector<'k>,
    path: String,
}

impl<'de> DeserializeSeed<'de> for EntrySeed<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EntrySeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Bundle entry")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut full_url, mut person): (Option<String>, Option<Arc<str>>) = (None, None);
        let mut seen = false;
        while let Some(key) = map.next_key::<Str<'de>>()? {
            match &*key {
                "fullUrl" => full_url = Some(map.next_value::<Str<'de>>()?.0.into_owned()),
                "resource" if seen => return Err(de::Error::duplicate_field("resource")),
                "resource" => {
                    seen = true;
                    let collector = &mut *self.collector;
                    let path = format!("{}.resource", self.path);
                    person =
                        map.next_value_seed(ResourceSeed { collector, path, full_url: full_url.clone() })?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if let (Some(url), Some(key)) = (full_url.filter(|url| !url.is_empty()), person) {
            self.collector.part.aliases.insert(url, key);
        }
        Ok(())
    }
}

/// The whole document: an object or an array of objects.
pub struct DocumentSeed<'c, 'k> {
    pub collector: &'c mut Collector<'k>,
    /// What paths begin with (a line of NDJSON), or nothing.
    pub prefix: String,
}

impl<'de> DeserializeSeed<'de> for DocumentSeed<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for DocumentSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a FHIR resource or an array of them")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        ResourceSeed { collector: self.collector, path: self.prefix, full_url: None }
            .visit_map(map)
            .map(|_| ())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut index = 0_usize;
        loop {
            let path = format!("{}[{index}]: ", self.prefix);
            let seed = ResourceSeed { collector: self.collector, path, full_url: None };
            if seq.next_element_seed(seed)?.is_none() {
                return Ok(());
            }
            index += 1;
        }
    }
}
