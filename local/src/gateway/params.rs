//! Parameters and headers, as they are looked up and as functions get them.

use serde_json::{Map, Value, json};

/// Names to their last values.
pub fn single(all: &[(String, String)]) -> Map<String, Value> {
    all.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect()
}

/// Names to all of their values.
pub fn multi(all: &[(String, String)]) -> Map<String, Value> {
    let mut found = Map::new();
    for (name, value) in all {
        let values = found.entry(name.clone()).or_insert_with(|| json!([]));
        if let Value::Array(values) = values {
            values.push(Value::from(value.as_str()));
        }
    }
    found
}

/// The last value of a header, whatever the case of its name.
pub fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}
