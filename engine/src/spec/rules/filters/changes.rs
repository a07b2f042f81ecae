//! What never matches the changes of a table.
//!
//! Their attributes are as in <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_AttributeValue.html>:
//! an object with the type, in which a number is a string.

use serde_json::{Map, Value};

use super::super::Cx;
use super::{asks_for_none, fields};
use crate::spec::{Problem, View};

/// The member of a change that holds the item.
pub(super) const PAYLOAD: &str = "dynamodb";

/// Warnings about what is below `dynamodb`.
pub(super) fn doubts(cx: &Cx<'_>, pattern: &Map<String, Value>, path: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (image, within, path) in below(pattern, path, PAYLOAD) {
        if !["Keys", "NewImage", "OldImage"].contains(&image) {
            continue;
        }
        problems.extend(unseen(cx, image, within, &path));
        for (attribute, value, path) in within.as_object().map(|of| fields(of, &path)).unwrap_or_default() {
            match value {
                Value::Array(_) if !asks_for_none(value) => problems.push(untyped(attribute, &path)),
                Value::Object(types) => problems.extend(numbers(types, &path)),
                _ => {}
            }
        }
    }
    problems
}

/// The fields of a member.
fn below<'a>(pattern: &'a Map<String, Value>, path: &str, member: &str) -> Vec<(&'a str, &'a Value, String)> {
    let of = fields(pattern, path).into_iter().filter(|(key, _, _)| *key == member);
    of.filter_map(|(_, value, path)| Some(fields(value.as_object()?, &path))).flatten().collect()
}

/// An image that the table's stream does not hold.
fn unseen(cx: &Cx<'_>, image: &str, value: &Value, path: &str) -> Option<Problem> {
    let (view, images): (_, &[&str]) = match cx.spec.table_changes()?.place.own()?.view {
        View::NewAndOldImages => return None,
        View::NewImage => ("new_image", &["Keys", "NewImage"]),
        View::OldImage => ("old_image", &["Keys", "OldImage"]),
        View::KeysOnly => ("keys_only", &["Keys"]),
    };
    if images.contains(&image) || asks_for_none(value) {
        return None;
    }
    let message = format!("with `view: {view}` changes come without `{image}`, so this matches nothing");
    Some(Problem::warning(path, message).hint("`view: new_and_old_images` has both").on_key())
}

fn untyped(attribute: &str, path: &str) -> Problem {
    let message =
        format!("an attribute is an object with its type, so a rule for `{attribute}` itself matches nothing");
    Problem::warning(path, message).hint(format!("name the type, as in `{attribute}: {{S: [order]}}`")).on_key()
}

/// Rules for numbers, which are text here.
fn numbers(types: &Map<String, Value>, path: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, value, path) in fields(types, path) {
        match value {
            Value::Object(deeper) => problems.extend(numbers(deeper, &path)),
            Value::Array(rules) if ["N", "NS"].contains(&name) && rules.iter().any(is_numeric) => {
                let message = "a table's numbers reach filters as text, so a rule for a number never matches";
                let hint = format!(
                    "ask for the text, as in `{name}: [\"42\", {{prefix: \"4\"}}]`, or compare in the function"
                );
                problems.push(Problem::warning(path, message).hint(hint));
            }
            _ => {}
        }
    }
    problems
}

fn is_numeric(rule: &Value) -> bool {
    rule.is_number() || rule.get("numeric").is_some()
}
