//! A change of an item as an action on its document.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::version::version;

/// Search services take no longer id of a document.
const LONGEST_ID: usize = 512;

/// What is done to a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    pub id: String,
    pub version: u64,
    /// The document as JSON; nothing where the item was removed.
    pub document: Option<String>,
}

/// The sequence number of a record.
pub fn number(record: &Value) -> Option<&str> {
    record.pointer("/dynamodb/SequenceNumber")?.as_str().filter(|number| !number.is_empty())
}

/// The action of a record, else why there is none.
pub fn action(record: &Value, number: &str) -> Result<Action, String> {
    let version = version(number).ok_or("the sequence number is no number")?;
    let attributes = |name: &str| record["dynamodb"][name].as_object();
    let id = id(attributes("Keys").ok_or("the record has no keys")?)?;
    let document = match record["eventName"].as_str() {
        // Also of an item whose time to live was over.
        Some("REMOVE") => None,
        Some("INSERT" | "MODIFY") => {
            let image =
                attributes("NewImage").ok_or("the record has no new image: is the stream's `view` one with it?")?;
            let mut document = String::new();
            object(image, &mut document)?;
            Some(document)
        }
        _ => return Err("the record is no change that is known".to_owned()),
    };
    Ok(Action { id, version, document })
}

/// The id of an item's document: the value of its key attribute or, where there are two, both as a JSON list in the order of their
/// names. One that is too long is a hash.
fn id(keys: &Map<String, Value>) -> Result<String, String> {
    let text = |value: &Value| match one(value)? {
        ("S" | "N" | "B", Value::String(text)) => Ok(text.clone()),
        _ => Err("a key attribute is no text, number or bytes".to_owned()),
    };
    let mut sorted: Vec<(&String, &Value)> = keys.iter().collect();
    sorted.sort_by_key(|(name, _)| *name);
    let parts: Vec<String> = sorted.into_iter().map(|(_, value)| text(value)).collect::<Result<_, _>>()?;
    let id = match parts.as_slice() {
        [] => return Err("the record has no keys".to_owned()),
        [only] if !only.is_empty() => only.clone(),
        several => Value::from(several).to_string(),
    };
    Ok(if id.len() > LONGEST_ID { hash(&id) } else { id })
}

fn hash(id: &str) -> String {
    Sha256::digest(id).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Type and value of an attribute.
fn one(attribute: &Value) -> Result<(&str, &Value), String> {
    let mut members = attribute.as_object().ok_or("an attribute has no type")?.iter();
    match (members.next(), members.next()) {
        (Some((kind, value)), None) => Ok((kind, value)),
        _ => Err("an attribute has not one type".to_owned()),
    }
}

fn object(attributes: &Map<String, Value>, out: &mut String) -> Result<(), String> {
    out.push('{');
    for (at, (name, value)) in attributes.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        *out += &Value::from(name.as_str()).to_string();
        out.push(':');
        write(value, out)?;
    }
    out.push('}');
    Ok(())
}

/// An attribute as JSON: numbers with all their digits, sets as lists, bytes as their base64.
fn write(attribute: &Value, out: &mut String) -> Result<(), String> {
    let (kind, value) = one(attribute)?;
    match (kind, value) {
        ("S" | "B", Value::String(_)) | ("BOOL", Value::Bool(_)) => *out += &value.to_string(),
        ("NULL", _) => *out += "null",
        ("N", Value::String(number)) => number_of(number, out)?,
        ("M", Value::Object(members)) => object(members, out)?,
        ("L", Value::Array(parts)) => list(parts, out, write)?,
        ("SS" | "BS", Value::Array(parts)) => list(parts, out, |part, out| match part {
            Value::String(_) => {
                *out += &part.to_string();
                Ok(())
            }
            _ => Err("a set holds something else".to_owned()),
        })?,
        ("NS", Value::Array(parts)) => list(parts, out, |part, out| match part {
            Value::String(number) => number_of(number, out),
            _ => Err("a set holds something else".to_owned()),
        })?,
        _ => return Err("an attribute has another value than its type".to_owned()),
    }
    Ok(())
}

fn list(
    parts: &[Value],
    out: &mut String,
    each: impl Fn(&Value, &mut String) -> Result<(), String>,
) -> Result<(), String> {
    out.push('[');
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        each(part, out)?;
    }
    out.push(']');
    Ok(())
}

/// A number as it is written, where that is JSON: nothing else may get between the lines of the request.
fn number_of(number: &str, out: &mut String) -> Result<(), String> {
    let known = |letter: u8| letter.is_ascii_digit() || matches!(letter, b'-' | b'+' | b'.' | b'e' | b'E');
    if !number.bytes().all(known) || serde_json::from_str::<serde::de::IgnoredAny>(number).is_err() {
        return Err("a number is none".to_owned());
    }
    *out += number;
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(name: &str, keys: Value, image: Value) -> Value {
        json!({ "eventName": name, "dynamodb": { "Keys": keys, "NewImage": image, "SequenceNumber": "111" } })
    }

    fn document(image: Value) -> Result<Option<String>, String> {
        action(&record("MODIFY", json!({ "id": { "S": "1" } }), image), "111").map(|action| action.document)
    }

    #[test]
    fn an_item_is_a_document_with_every_digit() {
        // In the order of the names: in which one they stay depends on a feature of serde_json.
        let image = json!({
            "b": { "B": "/w==" }, "bs": { "BS": ["AA=="] }, "l": { "L": [{ "N": "1E+2" }, { "M": {} }, { "L": [] }] },
            "m": { "M": { "x\n": { "S": "" } } }, "n": { "N": "-12345678901234567890123456789012345678" },
            "ns": { "NS": ["1", "2.50"] }, "s": { "S": "a\n\"\u{1b}" }, "ss": { "SS": ["a", "b"] }, "t": { "BOOL": true },
            "z": { "NULL": true },
        });
        let expected = "{\"b\":\"/w==\",\"bs\":[\"AA==\"],\"l\":[1E+2,{},[]],\"m\":{\"x\\n\":\"\"},\
                        \"n\":-12345678901234567890123456789012345678,\"ns\":[1,2.50],\"s\":\"a\\n\\\"\\u001b\",\"ss\":[\"a\",\"b\"],\
                        \"t\":true,\"z\":null}";
        assert_eq!(document(image).unwrap().as_deref(), Some(expected));
    }

    #[test]
    fn an_item_that_is_removed_has_no_document() {
        let removed = action(&record("REMOVE", json!({ "id": { "S": "1" } }), Value::Null), "111").unwrap();
        assert_eq!(removed, Action { id: "1".into(), version: 111, document: None });
    }

    #[test]
    fn ids_of_two_items_are_never_the_same() {
        let id = |keys: Value| action(&record("REMOVE", keys, Value::Null), "1").map(|action| action.id);
        assert_eq!(id(json!({ "id": { "N": "7" } })).as_deref(), Ok("7"));
        assert_eq!(id(json!({ "b": { "S": "x" }, "a": { "S": "\",\"" } })).as_deref(), Ok(r#"["\",\"","x"]"#));
        assert_eq!(id(json!({ "b": { "S": "x" }, "a": { "N": "1" } })).as_deref(), Ok(r#"["1","x"]"#));
        let long = |letter: &str| id(json!({ "id": { "S": letter.repeat(2048) } })).unwrap();
        assert_eq!(long("a").len(), 64);
        assert_ne!(long("a"), long("b"));
    }

    #[test]
    fn what_is_no_change_is_told_and_nothing_panics() {
        let numbers = ["", "1\n{}", "NaN", "1 ", "0x1", "--1", "1,2", "[1]"];
        for number in numbers {
            assert_eq!(document(json!({ "n": { "N": number } })), Err("a number is none".into()), "{number}");
        }
        for attribute in [
            json!(1),
            json!({}),
            json!({ "S": "a", "N": "1" }),
            json!({ "S": 1 }),
            json!({ "X": "1" }),
            json!({ "SS": [1] }),
        ] {
            assert!(document(json!({ "a": attribute })).is_err(), "{attribute}");
        }
        assert!(document(Value::Null).unwrap_err().contains("view"));
        let keys = || json!({ "id": { "S": "1" } });
        assert!(action(&record("TRUNCATE", keys(), json!({})), "1").is_err());
        assert!(action(&record("INSERT", json!({}), json!({})), "1").is_err());
        assert!(action(&record("INSERT", json!({ "id": { "M": {} } }), json!({})), "1").is_err());
        assert!(action(&record("INSERT", keys(), json!({})), "x").is_err());
        for value in [Value::Null, json!([]), json!({ "dynamodb": [] }), json!({ "dynamodb": { "SequenceNumber": 7 } })]
        {
            assert_eq!(number(&value), None);
            assert!(action(&value, "1").is_err());
        }
    }
}
