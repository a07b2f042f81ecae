//! A record's JSON as a DynamoDB item.
//!
//! Numbers keep their text: every value is read as the piece of JSON that it is (serde_json's `RawValue`), never as a float.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::value::RawValue;

use super::failure::{Poison, Reason};
use super::measure::measure;
use super::number;

/// An item's attributes.
pub type Item = HashMap<String, AttributeValue>;

/// The names of the table's key attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    pub partition: String,
    pub sort: Option<String>,
}

/// One value of a key attribute, equal when DynamoDB's is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum KeyValue {
    Text(String),
    Number(String),
    Bytes(Vec<u8>),
}

/// What identifies an item: records with one of these are written in their order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TableKey(pub KeyValue, pub Option<KeyValue>);

/// A record's data that may be an item: a JSON object, with its key, that is neither too large nor too deep. The item itself may take
/// many times as much memory as its text; so it is made when it is written, and not before.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    json: &'a str,
    /// The bytes of memory that the item takes at most.
    pub memory: usize,
}

/// Looks through a record's data, and makes no more of it than its key.
///
/// # Errors
/// What no attempt could change.
pub fn scan<'a>(data: &'a [u8], keys: &Keys) -> Result<(TableKey, Text<'a>), Poison> {
    let json = std::str::from_utf8(data).map_err(|_| Poison::new(Reason::BadJson, "the data is not UTF-8"))?;
    let whole: &RawValue = serde_json::from_str(json).map_err(bad_json)?;
    if !whole.get().starts_with('{') {
        return Err(Poison::new(Reason::NotAnObject, "the data is JSON, but not an object"));
    }
    let memory = measure(whole.get())?;
    let members = members(json)?;
    let partition = key_value(&members, &keys.partition)?;
    let sort = keys.sort.as_deref().map(|name| key_value(&members, name)).transpose()?;
    Ok((TableKey(partition, sort), Text { json, memory }))
}

impl Text<'_> {
    /// Makes the item. Of an attribute given twice, the last counts.
    ///
    /// # Errors
    /// What no attempt could change. The table's own checks (key types and lengths, the exact size) are left to DynamoDB.
    pub fn item(&self) -> Result<Item, Poison> {
        object(self.json)
    }
}

fn key_value(members: &HashMap<String, &RawValue>, name: &str) -> Result<KeyValue, Poison> {
    let wrong = |what: &str| Poison::new(Reason::WrongKey, format!("the key attribute `{name}` is {what}"));
    let Some(raw) = members.get(name) else {
        return Err(Poison::new(Reason::NoKey, format!("the key attribute `{name}` is missing")));
    };
    match raw.get().as_bytes().first() {
        Some(b'"') => match text(raw.get())? {
            text if text.is_empty() => Err(wrong("empty")),
            text => Ok(KeyValue::Text(text)),
        },
        Some(b'-' | b'0'..=b'9') => Ok(KeyValue::Number(canonical(raw.get())?)),
        _ => Err(wrong("neither a string nor a number")),
    }
}

fn bad_json(error: serde_json::Error) -> Poison {
    Poison::new(Reason::BadJson, error.to_string())
}

/// The whole is JSON by now, so that a text of it can have but one fault. serde_json would tell a place within the fragment.
fn half(_: serde_json::Error) -> Poison {
    Poison::new(
        Reason::BadJson,
        "a text has one half of a surrogate pair, as in `\\ud83d` alone, which is not a letter",
    )
}

fn members(json: &str) -> Result<HashMap<String, &RawValue>, Poison> {
    serde_json::from_str(json).map_err(half)
}

fn object(json: &str) -> Result<Item, Poison> {
    let members = members(json)?;
    let mut item = Item::with_capacity(members.len());
    for (name, raw) in members {
        item.insert(name, value(raw.get())?);
    }
    Ok(item)
}

fn list(json: &str) -> Result<Vec<AttributeValue>, Poison> {
    let elements: Vec<&RawValue> = serde_json::from_str(json).map_err(half)?;
    let mut list = Vec::with_capacity(elements.len());
    for raw in elements {
        list.push(value(raw.get())?);
    }
    Ok(list)
}

/// Makes a value. There are few levels of them: `measure` has seen to it.
fn value(json: &str) -> Result<AttributeValue, Poison> {
    Ok(match json.as_bytes().first() {
        Some(b'{') => AttributeValue::M(object(json)?),
        Some(b'[') => AttributeValue::L(list(json)?),
        Some(b'"') => AttributeValue::S(text(json)?),
        Some(b'n') => AttributeValue::Null(true),
        Some(b't') => AttributeValue::Bool(true),
        Some(b'f') => AttributeValue::Bool(false),
        _ => canonical(json).map(|_| AttributeValue::N(json.to_owned()))?,
    })
}

fn text(json: &str) -> Result<String, Poison> {
    serde_json::from_str(json).map_err(half)
}

fn canonical(json: &str) -> Result<String, Poison> {
    number::canonical(json).map_err(|why| Poison::new(Reason::Number, why))
}

#[cfg(test)]
mod tests;
