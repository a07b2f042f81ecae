//! What differs between desired and live, property by property; written once for all kinds.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// One property that differs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Field {
    /// Where it is: `memory_mb`, `environment.MODE`.
    pub path: String,
    /// Before; absent where there was nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// After; absent where there will be nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
    /// AWS cannot change it in place.
    pub forces_replacement: bool,
}

/// What stands instead of a value that looks like a secret.
const HIDDEN: &str = "(hidden)";

/// Words in a property's name that make its value nobody's business.
const SECRET_WORDS: &[&str] =
    &["password", "passwd", "secret", "token", "credential", "private_key", "api_key", "apikey"];

/// The properties in which two JSON objects differ, in the order of their paths. Empty exactly when they are equal.
pub fn diff(live: &Value, desired: &Value, replace_on: &[&str]) -> Vec<Field> {
    let mut fields = Vec::new();
    walk("", Some(live), Some(desired), &mut fields);
    for field in &mut fields {
        let top = field.path.split('.').next().unwrap_or_default();
        field.forces_replacement = replace_on.contains(&top);
    }
    fields
}

fn walk(path: &str, old: Option<&Value>, new: Option<&Value>, fields: &mut Vec<Field>) {
    if old == new {
        return;
    }
    if let (Some(Value::Object(old)), Some(Value::Object(new))) = (old, new) {
        let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
        keys.sort();
        keys.dedup();
        for key in keys {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            walk(&path, old.get(key), new.get(key), fields);
        }
        return;
    }
    let shown = |value: Option<&Value>| value.map(|value| shown(path, value));
    fields.push(Field { path: path.to_owned(), old: shown(old), new: shown(new), forces_replacement: false });
}

/// A value without what must not be shown in it.
fn shown(path: &str, value: &Value) -> Value {
    match value {
        _ if secret(path) => HIDDEN.into(),
        Value::Object(all) => {
            all.iter().map(|(key, value)| (key.clone(), shown(&format!("{path}.{key}"), value))).collect()
        }
        other => other.clone(),
    }
}

/// Whether the value at this path must not be shown: an environment variable may hold a value that belongs in a secret.
fn secret(path: &str) -> bool {
    let Some((_, name)) = path.rsplit_once("environment.") else { return false };
    let name = name.to_ascii_lowercase();
    !name.starts_with("pipe_") && SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// A short hash of a desired form: 12 hexadecimal digits, the same for equal JSON whatever the order of its members.
pub fn hash(desired: &Value) -> String {
    let mut canonical = desired.clone();
    canonical.sort_all_objects();
    let digest = Sha256::digest(canonical.to_string().as_bytes());
    hex::encode(&digest[..6])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_differs_is_named() {
        let fields = diff(&json!({"a": 1, "b": {"c": 1, "d": 2}}), &json!({"a": 1, "b": {"c": 3, "e": 4}}), &["b"]);
        let paths: Vec<_> = fields.iter().map(|field| (field.path.as_str(), field.forces_replacement)).collect();
        assert_eq!(paths, [("b.c", true), ("b.d", true), ("b.e", true)]);
    }

    #[test]
    fn what_looks_like_a_secret_is_told_apart_but_not_shown() {
        let fields =
            diff(&json!({"environment": {"DB_PASSWORD": "a"}}), &json!({"environment": {"DB_PASSWORD": "b"}}), &[]);
        assert_eq!(fields.len(), 1);
        assert_eq!(fields[0].old, Some(json!(HIDDEN)));
        let made = diff(&json!({}), &json!({"environment": {"DB_PASSWORD": "a", "MODE": "b"}}), &[]);
        assert_eq!(made[0].new, Some(json!({"DB_PASSWORD": HIDDEN, "MODE": "b"})));
    }

    #[test]
    fn the_order_of_members_does_not_change_the_hash() {
        let one: Value = serde_json::from_str(r#"{"a":1,"b":{"x":1,"y":2}}"#).unwrap();
        let other: Value = serde_json::from_str(r#"{"b":{"y":2,"x":1},"a":1}"#).unwrap();
        assert_eq!(hash(&one), hash(&other));
        assert_ne!(hash(&one), hash(&json!({"a": 2})));
    }
}
