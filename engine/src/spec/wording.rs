//! Words for values and for what the schema wants.

use super::schema::members;
use serde_json::Value;

/// Characters of a value that a message shows.
const SHOWN: usize = 60;

/// Names a value as it was found.
pub(super) fn found(value: &Value) -> String {
    match value {
        Value::Null => "empty".to_owned(),
        Value::Bool(flag) => format!("`{flag}`"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) if text.is_empty() => "empty text".to_owned(),
        Value::String(text) => format!("the text `{}`", short(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
    }
}

/// Returns the text as a message may show it: on one line, and not longer than 60 characters.
pub(super) fn short(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push_str("...");
    }
    shown.replace("\\'", "'").replace("\\\"", "\"")
}

/// Says what a schema wants: its own words, its list of values, its range, or its type.
pub(super) fn wanted(schema: &Value) -> String {
    if let Some(own) = schema.get("patternErrorMessage").and_then(Value::as_str) {
        return own.to_owned();
    }
    if let Some(branches) = schema.get("anyOf").and_then(Value::as_array) {
        return branches.iter().map(wanted).collect::<Vec<_>>().join(", or ");
    }
    let words = words(schema);
    if !words.is_empty() {
        return list(&words.iter().map(String::as_str).collect::<Vec<_>>(), "or");
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("integer") if schema.get("minimum").is_some() => format!("a whole number, {}", range(schema)),
        Some("number") if schema.get("minimum").is_some() => format!("a number, {}", range(schema)),
        Some("integer" | "number") => "a number".to_owned(),
        Some("boolean") => "`true` or `false`".to_owned(),
        Some("array") => "a list".to_owned(),
        Some("object") => mapping(schema),
        _ => "text".to_owned(),
    }
}

/// Returns the values that a schema lists, in its union too.
pub(super) fn words(schema: &Value) -> Vec<String> {
    let own = schema.get("enum").and_then(Value::as_array);
    let branches = schema.get("anyOf").and_then(Value::as_array);
    let own = own.into_iter().flatten().map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned));
    own.chain(branches.into_iter().flatten().flat_map(words)).collect()
}

/// Says the bounds of a number, of a text's length or of a container's size.
pub(super) fn range(schema: &Value) -> String {
    let bound = |names: [&str; 4]| names.iter().find_map(|name| schema.get(name)).filter(|bound| !bound.is_null());
    let low = bound(["minimum", "minLength", "minItems", "minProperties"]);
    let high = bound(["maximum", "maxLength", "maxItems", "maxProperties"]);
    match (low, high) {
        (Some(low), Some(high)) => format!("{low} to {high}"),
        (Some(low), None) => format!("at least {low}"),
        (None, Some(high)) => format!("at most {high}"),
        (None, None) => "other".to_owned(),
    }
}

/// Lists words: `a`, `b` or `c`.
pub(super) fn list(words: &[&str], last: &str) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((only, [])) => only.clone(),
        Some((end, rest)) => format!("{} {last} {end}", rest.join(", ")),
        None => "none".to_owned(),
    }
}

/// Returns the known word that was probably meant, if one is near.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    if word.len() > 64 {
        return None;
    }
    let allowed = (word.chars().count() / 3).max(1);
    let distances = known.iter().map(|other| (strsim::damerau_levenshtein(&word.to_lowercase(), other), *other));
    distances.filter(|(distance, _)| *distance <= allowed).min_by_key(|(distance, _)| *distance).map(|(_, near)| near)
}

fn mapping(schema: &Value) -> String {
    if let Some(members) = members(schema) {
        return format!("a mapping with one of {}", list(&members, "and"));
    }
    let required = schema.get("required").and_then(Value::as_array);
    let keys: Vec<&str> = required.into_iter().flatten().filter_map(Value::as_str).collect();
    if keys.is_empty() { "a mapping".to_owned() } else { format!("a mapping with {}", list(&keys, "and")) }
}
