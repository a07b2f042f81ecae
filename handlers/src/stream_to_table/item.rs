//! A record's JSON as a DynamoDB item.
//!
//! Numbers keep their text: every value is read as the piece of JSON that it is (serde_json's `RawValue`), never as a float.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::value::RawValue;

use super::failure::{Poison, Reason};
use super::number;

/// An item's attributes.
pub type Item = HashMap<String, AttributeValue>;

/// Levels of a stored value, its innermost scalar counted: 31 maps around a scalar are taken and 32 are refused.
const MAX_LEVELS: usize = 32;
/// 400 KB, names included (DynamoDB quotas).
const MAX_ITEM_BYTES: usize = 400 * 1024;

/// The names of the table's key attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    pub partition: String,
    pub sort: Option<String>,
}

/// One value of a key attribute, equal when DynamoDB's is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum KeyValue {
    Text(String),
    Number(String),
}

/// What identifies an item: records with one of these are written in their order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TableKey(KeyValue, Option<KeyValue>);

/// Reads a record's data as an item of a table with these keys. Of an attribute given twice, the last counts.
///
/// # Errors
/// What no attempt could change. The table's own checks (key types and lengths, the exact size) are left to DynamoDB.
pub fn read(data: &[u8], keys: &Keys) -> Result<(TableKey, Item), Poison> {
    let text = std::str::from_utf8(data).map_err(|_| Poison::new(Reason::BadJson, "the data is not UTF-8"))?;
    let whole: &RawValue = serde_json::from_str(text).map_err(bad_json)?;
    if !whole.get().starts_with('{') {
        return Err(Poison::new(Reason::NotAnObject, "the data is JSON, but no object"));
    }
    let item = Reading { bytes: 0 }.object(whole.get(), 1)?;
    let partition = key_value(&item, &keys.partition)?;
    let sort = keys.sort.as_deref().map(|name| key_value(&item, name)).transpose()?;
    Ok((TableKey(partition, sort), item))
}

fn key_value(item: &Item, name: &str) -> Result<KeyValue, Poison> {
    let wrong = |what: &str| Poison::new(Reason::WrongKey, format!("the key attribute `{name}` is {what}"));
    match item.get(name) {
        None => Err(Poison::new(Reason::NoKey, format!("the key attribute `{name}` is missing"))),
        Some(AttributeValue::S(text)) if text.is_empty() => Err(wrong("empty")),
        Some(AttributeValue::S(text)) => Ok(KeyValue::Text(text.clone())),
        Some(AttributeValue::N(text)) => number::canonical(text).map(KeyValue::Number).map_err(wrong),
        Some(_) => Err(wrong("neither a string nor a number")),
    }
}

fn bad_json(error: serde_json::Error) -> Poison {
    Poison::new(Reason::BadJson, error.to_string())
}

/// A reading in progress, with the least size that the item will have in the table: a record of six megabytes can hold two
/// million small values, which would not fit the function's memory.
struct Reading {
    bytes: usize,
}

impl Reading {
    fn count(&mut self, bytes: usize) -> Result<(), Poison> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > MAX_ITEM_BYTES {
            return Err(Poison::new(Reason::ItemTooLarge, "the item is larger than 400 KB"));
        }
        Ok(())
    }

    /// Reads the members of an object, as values of this level.
    fn object(&mut self, text: &str, level: usize) -> Result<Item, Poison> {
        let members: HashMap<String, &RawValue> = serde_json::from_str(text).map_err(bad_json)?;
        let mut item = Item::with_capacity(members.len());
        for (name, raw) in members {
            self.count(name.len())?;
            item.insert(name, self.value(raw.get(), level)?);
        }
        Ok(item)
    }

    fn list(&mut self, text: &str, level: usize) -> Result<Vec<AttributeValue>, Poison> {
        let elements: Vec<&RawValue> = serde_json::from_str(text).map_err(bad_json)?;
        elements.into_iter().map(|raw| self.value(raw.get(), level)).collect()
    }

    fn value(&mut self, text: &str, level: usize) -> Result<AttributeValue, Poison> {
        if level > MAX_LEVELS {
            return Err(Poison::new(Reason::TooDeep, "the item is nested deeper than 32 levels"));
        }
        match text.as_bytes().first() {
            Some(b'{') => {
                self.count(1)?;
                Ok(AttributeValue::M(self.object(text, level + 1)?))
            }
            Some(b'[') => {
                self.count(1)?;
                Ok(AttributeValue::L(self.list(text, level + 1)?))
            }
            _ => self.scalar(text),
        }
    }

    fn scalar(&mut self, text: &str) -> Result<AttributeValue, Poison> {
        let value = match text {
            "null" => AttributeValue::Null(true),
            "true" => AttributeValue::Bool(true),
            "false" => AttributeValue::Bool(false),
            _ if text.starts_with('"') => {
                let content: String = serde_json::from_str(text).map_err(bad_json)?;
                self.count(content.len())?;
                return Ok(AttributeValue::S(content));
            }
            _ => {
                number::canonical(text).map_err(|why| Poison::new(Reason::Number, why))?;
                AttributeValue::N(text.to_owned())
            }
        };
        self.count(1)?;
        Ok(value)
    }
}

#[cfg(test)]
mod tests;
