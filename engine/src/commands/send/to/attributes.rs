//! JSON as an item: each type as DynamoDB has it, and numbers with all their digits.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::value::RawValue;

/// Levels of an attribute (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>).
const LEVELS: usize = 32;

const NO_OBJECT: &str = "the item must be a JSON object";
const TOO_DEEP: &str = "it nests deeper than the 32 levels of an attribute";

/// An item of a JSON object, else why there is none.
pub fn item(json: &[u8]) -> Result<HashMap<String, AttributeValue>, &'static str> {
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(json).map_err(|_| NO_OBJECT)?;
    members.into_iter().map(|(name, raw)| Ok((name, value(raw.get(), 1)?))).collect()
}

/// Makes a text bytes: a key attribute of bytes cannot come from JSON otherwise.
pub fn bytes(attributes: &mut HashMap<String, AttributeValue>, name: &str) {
    if let Some(held) = attributes.get_mut(name)
        && let AttributeValue::S(text) = held
    {
        let bytes = Blob::new(std::mem::take(text).into_bytes());
        *held = AttributeValue::B(bytes);
    }
}

fn value(raw: &str, level: usize) -> Result<AttributeValue, &'static str> {
    if level > LEVELS {
        return Err(TOO_DEEP);
    }
    let bad = |_| NO_OBJECT;
    Ok(match raw.as_bytes().first() {
        Some(b'"') => AttributeValue::S(serde_json::from_str(raw).map_err(bad)?),
        Some(b't') => AttributeValue::Bool(true),
        Some(b'f') => AttributeValue::Bool(false),
        Some(b'n') => AttributeValue::Null(true),
        Some(b'[') => {
            let parts: Vec<&RawValue> = serde_json::from_str(raw).map_err(bad)?;
            let parts = parts.into_iter().map(|part| value(part.get(), level + 1));
            AttributeValue::L(parts.collect::<Result<_, _>>()?)
        }
        Some(b'{') => {
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(raw).map_err(bad)?;
            let members = members.into_iter().map(|(name, part)| Ok((name, value(part.get(), level + 1)?)));
            AttributeValue::M(members.collect::<Result<_, &'static str>>()?)
        }
        _ => AttributeValue::N(raw.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_is_dynamodbs_and_numbers_keep_their_digits() {
        let json = br#" {"s":"a\"\u2603","n":-12345678901234567890123456789.10e-3,"t":true,"f":false,"z":null,
            "l":[1, "x",[ ]],"m":{"":{"a" : 2}},"e":"","d":1,"d":2} "#;
        let held = item(json).unwrap();
        let number = |text: &str| AttributeValue::N(text.into());
        assert_eq!(held["s"], AttributeValue::S("a\"☃".into()));
        assert_eq!(held["n"], number("-12345678901234567890123456789.10e-3"));
        assert_eq!((&held["t"], &held["f"]), (&AttributeValue::Bool(true), &AttributeValue::Bool(false)));
        assert_eq!((&held["z"], &held["e"]), (&AttributeValue::Null(true), &AttributeValue::S(String::new())));
        let list = AttributeValue::L(vec![number("1"), AttributeValue::S("x".into()), AttributeValue::L(Vec::new())]);
        assert_eq!(held["l"], list);
        let inner = AttributeValue::M(HashMap::from([("a".into(), number("2"))]));
        assert_eq!(held["m"], AttributeValue::M(HashMap::from([(String::new(), inner)])));
        assert_eq!((&held["d"], held.len()), (&number("2"), 9), "the last of a name counts");
    }

    #[test]
    fn what_is_no_item_is_refused_and_nothing_panics() {
        for json in ["", "{", "[]", "7", "null", "\"x\"", "{\"a\":}", "{\"a\":1}x", "\u{1b}", "{\"a\":\"\\ud800\"}"] {
            assert_eq!(item(json.as_bytes()), Err(NO_OBJECT), "{json}");
        }
        let nested = |levels: usize| format!("{{\"a\":{}1{}}}", "[".repeat(levels), "]".repeat(levels));
        assert!(item(nested(LEVELS - 1).as_bytes()).is_ok());
        assert_eq!(item(nested(LEVELS).as_bytes()), Err(TOO_DEEP));
        assert!(item(nested(100_000).as_bytes()).is_err());
        assert_eq!(item(&[0xff]), Err(NO_OBJECT));
    }

    #[test]
    fn a_text_becomes_bytes_where_the_key_is_of_bytes() {
        let mut held = item(br#"{"k":"ab","n":1}"#).unwrap();
        ["k", "n", "none"].iter().for_each(|name| bytes(&mut held, name));
        assert_eq!((&held["k"], &held["n"]), (&AttributeValue::B(Blob::new("ab")), &AttributeValue::N("1".into())));
    }
}
