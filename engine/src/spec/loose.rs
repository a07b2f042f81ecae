//! YAML's values, read as serde_yaml reads them but for two things: of a key that is there twice the last value is
//! taken (`scan` reports it), and an integer beyond 64 bits is a float, so that its range can be reported.

use serde::Deserialize;
use serde::de::{Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde_yaml::value::{Tag, TaggedValue};
use serde_yaml::{Mapping, Value as Yaml};
use std::fmt;

/// A YAML value that says all that can be said about it in one run.
pub(super) struct Loose(pub(super) Yaml);

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Walk)
    }
}

struct Walk;

impl<'de> Visitor<'de> for Walk {
    type Value = Loose;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a YAML value")
    }

    fn visit_unit<E: Error>(self) -> Result<Loose, E> {
        Ok(Loose(Yaml::Null))
    }

    fn visit_none<E: Error>(self) -> Result<Loose, E> {
        Ok(Loose(Yaml::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Loose, D::Error> {
        Loose::deserialize(deserializer)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Loose, E> {
        Ok(Loose(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Loose, E> {
        Ok(Loose(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Loose, E> {
        Ok(Loose(value.into()))
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Loose, E> {
        Ok(Loose((value as f64).into()))
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Loose, E> {
        Ok(Loose((value as f64).into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Loose, E> {
        Ok(Loose(value.into()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Loose, E> {
        Ok(Loose(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Loose, A::Error> {
        let mut list = Vec::new();
        while let Some(Loose(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Loose(Yaml::Sequence(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Loose, A::Error> {
        let mut mapping = Mapping::new();
        while let Some((Loose(key), Loose(value))) = entries.next_entry()? {
            mapping.insert(key, value);
        }
        Ok(Loose(Yaml::Mapping(mapping)))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Loose, A::Error> {
        let (tag, content): (String, _) = data.variant()?;
        let Loose(value) = content.newtype_variant()?;
        Ok(Loose(Yaml::Tagged(Box::new(TaggedValue { tag: Tag::new(tag), value }))))
    }
}
