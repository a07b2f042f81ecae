//! Key attributes, of a table and of its indexes.

use aws_sdk_dynamodb::types::{AttributeDefinition, KeySchemaElement, KeyType, ScalarAttributeType};
use serde::{Deserialize, Serialize};

use super::unbuilt;
use crate::error::Result;

/// An attribute of a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// 1 to 255 characters.
    pub name: String,
    #[serde(rename = "type")]
    pub kind: KeyKind,
}

/// The type of a key attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    String,
    Number,
    Binary,
}

impl Key {
    /// Says it for people: its name and its type.
    pub(super) fn told(&self) -> String {
        format!("`{}` ({})", self.name, self.kind.word())
    }

    pub(super) fn definition(&self) -> Result<AttributeDefinition> {
        let definition = AttributeDefinition::builder().attribute_name(&self.name);
        definition.attribute_type(self.kind.scalar()).build().map_err(unbuilt)
    }
}

impl KeyKind {
    /// Its name for people.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Binary => "binary",
        }
    }

    fn scalar(self) -> ScalarAttributeType {
        match self {
            Self::String => ScalarAttributeType::S,
            Self::Number => ScalarAttributeType::N,
            Self::Binary => ScalarAttributeType::B,
        }
    }
}

/// The key as DynamoDB takes it: the partition key comes first.
pub fn schema(partition: &Key, sort: Option<&Key>) -> Result<Vec<KeySchemaElement>> {
    let element = |(key, role): (&Key, KeyType)| {
        KeySchemaElement::builder().attribute_name(&key.name).key_type(role).build().map_err(unbuilt)
    };
    let both = [Some((partition, KeyType::Hash)), sort.map(|sort| (sort, KeyType::Range))];
    both.into_iter().flatten().map(element).collect()
}

/// The key attribute of this role; nothing where there is none. Where several share a role, which no spec can ask for, its name is all of theirs.
pub fn of_role(schema: &[KeySchemaElement], role: &KeyType, attributes: &[AttributeDefinition]) -> Option<Key> {
    let names: Vec<&str> =
        schema.iter().filter(|element| element.key_type == *role).map(|element| element.attribute_name()).collect();
    let attribute =
        attributes.iter().find(|attribute| attribute.attribute_name == *names.first().copied().unwrap_or_default())?;
    let kind = match attribute.attribute_type {
        ScalarAttributeType::N => KeyKind::Number,
        ScalarAttributeType::B => KeyKind::Binary,
        _ => KeyKind::String,
    };
    Some(Key { name: names.join(" + "), kind })
}
