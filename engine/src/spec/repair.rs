//! A document with errors, made whole enough for the rules, so that one run reports everything.
//!
//! A value that the schema refuses is taken out or replaced by a stand-in, and its path is remembered: no rule says anything
//! about such a place.

use super::check::{around, flat};
use super::problem::segment;
use super::schema::members;
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::{Map, Value, json};

/// Repairs `value` where the errors say. Returns the paths of what is no longer as the file has it.
pub(super) fn repair(value: &mut Value, errors: &[ValidationError<'_>], schema: &Value) -> Vec<String> {
    let mut damaged = Vec::new();
    flat(errors).iter().for_each(|error| one(value, error, schema, &mut damaged));
    damaged
}

fn one(value: &mut Value, error: &ValidationError<'_>, schema: &Value, damaged: &mut Vec<String>) {
    let at = error.instance_path().as_str();
    let part = around(error, schema);
    let Some(place) = value.pointer_mut(at) else { return };
    match (error.kind(), place) {
        (Kind::AdditionalProperties { unexpected }, Value::Object(object)) => {
            for key in unexpected {
                object.remove(key);
                damaged.push(format!("{at}/{}", segment(key)));
            }
            if members(part).is_some() && object.is_empty() {
                fill(object, part);
                damaged.push(at.to_owned());
            }
        }
        (Kind::Required { property }, Value::Object(object)) => {
            let key = property.as_str().unwrap_or_default();
            let wanted = part.pointer(&format!("/properties/{}", segment(key))).unwrap_or(&Value::Null);
            object.insert(key.to_owned(), stand_in(wanted));
            damaged.push(format!("{at}/{}", segment(key)));
        }
        (Kind::MaxProperties { .. } | Kind::MinProperties { .. }, place) if members(part).is_some() => {
            *place = stand_in(part);
            damaged.push(at.to_owned());
        }
        (Kind::MaxProperties { limit: 1 } | Kind::PropertyNames { .. }, Value::Object(object)) => {
            object.retain(|key, _| key == "existing");
            damaged.push(at.to_owned());
        }
        (Kind::MaxProperties { .. } | Kind::MaxItems { .. } | Kind::MinItems { .. }, _) => {}
        (_, place) => {
            *place = part.get("default").cloned().unwrap_or_else(|| stand_in(part));
            damaged.push(at.to_owned());
        }
    }
}

/// Gives an empty section the first of its members.
fn fill(object: &mut Map<String, Value>, part: &Value) {
    if let Value::Object(first) = stand_in(part) {
        *object = first;
    }
}

/// Returns a value of the type that the schema wants.
fn stand_in(schema: &Value) -> Value {
    let first = |keyword: &str| schema.get(keyword).and_then(Value::as_array).and_then(|values| values.first());
    if let Some(branch) = first("anyOf") {
        return stand_in(branch);
    }
    if let Some(word) = first("enum") {
        return word.clone();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => {
            let keyword = |name: &str| schema.get(name).or_else(|| schema.get("else").and_then(|part| part.get(name)));
            let required = keyword("required").and_then(Value::as_array);
            let first = members(schema).unwrap_or_default().into_iter().take(1);
            let keys = required.into_iter().flatten().filter_map(Value::as_str).chain(first);
            let below = |key: &str| schema.pointer(&format!("/properties/{key}")).map_or(Value::Null, stand_in);
            Value::Object(keys.map(|key| (key.to_owned(), below(key))).collect::<Map<_, _>>())
        }
        Some("array") => json!([]),
        Some("boolean") => json!(false),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(0)),
        _ => json!(""),
    }
}
