//! What is wrong with a function's answer to a batch, in words. [`super::outcome`] says what Lambda makes of such an answer.
//!
//! Nothing that the function answered is repeated but the names of keys that resemble the right ones.

use serde_json::{Map, Value};

use crate::invoke::Answer;

const LIST: &str = "batchItemFailures";
const NAME: &str = "itemIdentifier";

/// Says what is wrong with an answer to a batch with these sequence numbers; nothing of one that is right, or that is an error.
pub fn wrong(answer: &Answer, partial: bool, sequences: &[&str]) -> Option<String> {
    if answer.error.is_some() || answer.payload.trim_ascii().is_empty() {
        return None;
    }
    let parsed = serde_json::from_slice(&answer.payload);
    if !partial {
        let names = parsed.is_ok_and(|answer: Value| answer[LIST].as_array().is_some_and(|list| !list.is_empty()));
        return names.then(|| "it names failures, but Lambda ignores them: `failures.partial` is false".to_owned());
    }
    match parsed {
        Ok(Value::Object(fields)) => match fields.get(LIST) {
            Some(Value::Null) => None,
            Some(Value::Array(failures)) => list(failures, sequences),
            Some(other) => Some(format!("its `{LIST}` is {}, not a list", kind(other))),
            None => no_list(&fields, sequences),
        },
        Ok(Value::Null) => None,
        Ok(Value::String(text)) if text.is_empty() => None,
        Ok(Value::String(text)) if serde_json::from_str::<Map<String, Value>>(&text).is_ok() => {
            Some("it is a text that holds JSON: the answer was made JSON twice".to_owned())
        }
        Ok(Value::Array(list)) if list.is_empty() => None,
        Ok(other) => Some(format!("it is {}, but only an object can name failures", kind(&other))),
        Err(_) => Some("it is not JSON".to_owned()),
    }
}

/// An object without the list counts as success. It is wrong where it seems to mean one.
fn no_list(fields: &Map<String, Value>, sequences: &[&str]) -> Option<String> {
    let lost = "so all records count as done";
    if let Some(key) = fields.keys().find(|key| resembles(key, LIST)) {
        return Some(format!("it has `{key}` where Lambda reads `{LIST}`, {lost}"));
    }
    let named = fields.values().any(|value| mentions(value, sequences));
    named.then(|| format!("it names records, but not in a list `{LIST}` at its top, {lost}"))
}

fn list(failures: &[Value], sequences: &[&str]) -> Option<String> {
    let wrong = failures.iter().enumerate().find_map(|(n, failure)| {
        let what = entry(failure, sequences)?;
        Some(format!("entry {} of its `{LIST}` {what}", n + 1))
    });
    wrong.or_else(|| {
        let mut names: Vec<&str> = failures.iter().filter_map(|failure| failure[NAME].as_str()).collect();
        names.sort_unstable();
        names.windows(2).any(|two| two[0] == two[1]).then(|| format!("its `{LIST}` has a record twice"))
    })
}

fn entry(failure: &Value, sequences: &[&str]) -> Option<String> {
    let Value::Object(fields) = failure else {
        return Some(format!("is {}, not an object with `{NAME}`", kind(failure)));
    };
    match fields.get(NAME) {
        Some(Value::String(id)) if id.is_empty() => Some(format!("has an empty `{NAME}`")),
        Some(Value::String(id)) if sequences.contains(&id.as_str()) => None,
        Some(Value::String(id)) if id.rsplit_once(':').is_some_and(|(_, number)| sequences.contains(&number)) => {
            Some("has the event's id: the sequence number alone is meant".to_owned())
        }
        Some(Value::String(_)) => Some("has no sequence number of this batch".to_owned()),
        Some(other) => Some(format!("has {} as `{NAME}`, not a text", kind(other))),
        None => Some(match fields.keys().find(|key| resembles(key, NAME)) {
            Some(key) => format!("has `{key}` where Lambda reads `{NAME}`"),
            None => format!("has no `{NAME}`"),
        }),
    }
}

/// Whether a key is the right one but for its case, its underscores and its plural.
fn resembles(key: &str, right: &str) -> bool {
    let bare = |key: &str| {
        let letters: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
        letters.to_ascii_lowercase().trim_end_matches('s').to_owned()
    };
    bare(key) == bare(right)
}

fn mentions(value: &Value, sequences: &[&str]) -> bool {
    match value {
        Value::String(text) => sequences.iter().any(|sequence| text.contains(sequence)),
        Value::Array(list) => list.iter().any(|value| mentions(value, sequences)),
        Value::Object(fields) => fields.values().any(|value| mentions(value, sequences)),
        _ => false,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
