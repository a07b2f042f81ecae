//! An item in DynamoDB's own JSON, as a change of a table carries it: `{"id": {"S": "a"}, "n": {"N": "1.50"}}`.
//!
//! Nothing is lost on the way: numbers stay the texts that they are, sets stay sets, and binary values are those bytes.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::failure::{Poison, Reason};
use super::item::{Item, KeyValue, Keys, TableKey};
use super::number;

/// As `measure` counts them, with the object around each value.
const MAX_LEVELS: usize = 32;
/// Memory of a value and of an element of a set, beside the text.
const MEMORY_OF_VALUE: usize = 384;
const MEMORY_OF_ELEMENT: usize = 64;
/// How often a text is in memory: as an attribute, and in a request that has grown to up to twice its size.
const COPIES_OF_TEXT: usize = 3;

/// An image with its key in the sink's table; the item is made when it is written.
#[derive(Debug, Clone, Copy)]
pub struct Image<'a> {
    raw: &'a RawValue,
    /// The bytes of memory that the item takes at most.
    pub memory: usize,
}

/// Reads no more of an image than the key that its item has in a table with these keys.
///
/// # Errors
/// What no attempt could change.
pub fn scan<'a>(raw: &'a RawValue, keys: &Keys) -> Result<(TableKey, Image<'a>), Poison> {
    let members = members(raw)?;
    let partition = key_value(&members, &keys.partition)?;
    let sort = keys.sort.as_deref().map(|name| key_value(&members, name)).transpose()?;
    Ok((TableKey(partition, sort), Image { raw, memory: memory(raw.get()) }))
}

impl Image<'_> {
    /// Makes the item.
    ///
    /// # Errors
    /// What no attempt could change.
    pub fn item(&self) -> Result<Item, Poison> {
        object(self.raw, 1)
    }

    /// Makes the key alone.
    ///
    /// # Errors
    /// What no attempt could change.
    pub fn key(&self, keys: &Keys) -> Result<Item, Poison> {
        let members = members(self.raw)?;
        let mut key = Item::with_capacity(2);
        for name in std::iter::once(&keys.partition).chain(&keys.sort) {
            if let Some(raw) = members.get(name) {
                key.insert(name.clone(), value(raw, 1)?);
            }
        }
        Ok(key)
    }
}

fn memory(json: &str) -> usize {
    let count = |wanted: u8| json.bytes().filter(|byte| *byte == wanted).count();
    count(b'{') * MEMORY_OF_VALUE + count(b',') * MEMORY_OF_ELEMENT + json.len() * COPIES_OF_TEXT
}

fn key_value(members: &HashMap<String, &RawValue>, name: &str) -> Result<KeyValue, Poison> {
    let wrong = |what: &str| Poison::new(Reason::WrongKey, format!("the key attribute `{name}` is {what}"));
    let Some(raw) = members.get(name) else {
        return Err(Poison::new(Reason::NoKey, format!("the key attribute `{name}` is missing in the change")));
    };
    match value(raw, 1)? {
        AttributeValue::S(text) if !text.is_empty() => Ok(KeyValue::Text(text)),
        AttributeValue::N(text) => Ok(KeyValue::Number(canonical(&text)?)),
        AttributeValue::B(bytes) if !bytes.as_ref().is_empty() => Ok(KeyValue::Bytes(bytes.into_inner())),
        AttributeValue::S(_) | AttributeValue::B(_) => Err(wrong("empty")),
        _ => Err(wrong("neither a string, a number nor binary")),
    }
}

fn canonical(text: &str) -> Result<String, Poison> {
    number::canonical(text).map_err(|why| Poison::new(Reason::Number, why))
}

/// serde_json's own words may quote a value.
fn bad<E>(_: E) -> Poison {
    Poison::new(Reason::BadJson, "an image of the change is not in DynamoDB's JSON")
}

fn parsed<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Result<T, Poison> {
    serde_json::from_str(raw.get()).map_err(bad)
}

fn members(raw: &RawValue) -> Result<HashMap<String, &RawValue>, Poison> {
    parsed(raw)
}

fn object(raw: &RawValue, level: usize) -> Result<Item, Poison> {
    let members = members(raw)?;
    let mut item = Item::with_capacity(members.len());
    for (name, raw) in members {
        item.insert(name, value(raw, level)?);
    }
    Ok(item)
}

fn list(raw: &RawValue, level: usize) -> Result<Vec<AttributeValue>, Poison> {
    let elements: Vec<&RawValue> = parsed(raw)?;
    let mut list = Vec::with_capacity(elements.len());
    for raw in elements {
        list.push(value(raw, level)?);
    }
    Ok(list)
}

/// Makes a value of the object with one member that says its type.
fn value(raw: &RawValue, level: usize) -> Result<AttributeValue, Poison> {
    if level > MAX_LEVELS {
        return Err(Poison::new(Reason::TooDeep, "the item is nested deeper than 32 levels"));
    }
    let typed = members(raw)?;
    let mut members = typed.iter();
    let (Some((name, raw)), None) = (members.next(), members.next()) else {
        return Err(bad(()));
    };
    Ok(match name.as_str() {
        "S" => AttributeValue::S(parsed(raw)?),
        "N" => AttributeValue::N(number(parsed(raw)?)?),
        "B" => AttributeValue::B(bytes(parsed(raw)?)?),
        "BOOL" => AttributeValue::Bool(parsed(raw)?),
        "NULL" => AttributeValue::Null(parsed(raw)?),
        "L" => AttributeValue::L(list(raw, level + 1)?),
        "M" => AttributeValue::M(object(raw, level + 1)?),
        "SS" => AttributeValue::Ss(parsed(raw)?),
        "NS" => AttributeValue::Ns(each(parsed(raw)?, number)?),
        "BS" => AttributeValue::Bs(each(parsed(raw)?, bytes)?),
        _ => return Err(bad(())),
    })
}

fn each<T>(texts: Vec<String>, make: fn(String) -> Result<T, Poison>) -> Result<Vec<T>, Poison> {
    texts.into_iter().map(make).collect()
}

/// A text that is no number passes for one until DynamoDB refuses it.
fn number(text: String) -> Result<String, Poison> {
    canonical(&text).map(|_| text)
}

fn bytes(text: String) -> Result<Blob, Poison> {
    STANDARD.decode(text).map(Blob::new).map_err(bad)
}

#[cfg(test)]
mod tests;
