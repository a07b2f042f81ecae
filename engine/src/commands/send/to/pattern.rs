//! Examples of what a pattern asks for: of EventBridge, or a filter policy of SNS, which is one too
//! (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>,
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html>).

use pipe_local::poller::Filter;
use serde_json::{Map, Number, Value};

/// What stands where any text does.
const ANY: &str = "pipe";

/// An object that fits, as far as that follows from each rule alone.
pub fn example(pattern: &Map<String, Value>) -> Map<String, Value> {
    let mut made = Map::new();
    for (name, wanted) in pattern {
        match wanted {
            Value::Array(choices) if name == "$or" => {
                let first = choices.iter().find_map(Value::as_object);
                first.into_iter().for_each(|choice| overlay(&mut made, example(choice)));
            }
            Value::Array(rules) => made.extend(rules.iter().find_map(one).map(|value| (name.clone(), value))),
            Value::Object(inner) => _ = made.insert(name.clone(), Value::Object(example(inner))),
            _ => {}
        }
    }
    made
}

/// Whether an object fits; also where nobody here understands the pattern.
pub fn fits(pattern: &Map<String, Value>, value: &Value) -> bool {
    let text = Value::Object(pattern.clone()).to_string();
    Filter::of_bus(&text).map_or(true, |filter| filter.matches(value))
}

/// Puts members over those of an object, into those that are objects themselves.
pub fn overlay(onto: &mut Map<String, Value>, over: Map<String, Value>) {
    for (name, value) in over {
        match (onto.get_mut(&name), value) {
            (Some(Value::Object(inner)), Value::Object(value)) => overlay(inner, value),
            (_, value) => _ = onto.insert(name, value),
        }
    }
}

/// A value that fits a rule; nothing where it asks for none.
fn one(rule: &Value) -> Option<Value> {
    let Some((operator, wanted)) = rule.as_object().and_then(|rule| rule.iter().next()) else {
        return Some(rule.clone());
    };
    let text = |text: &str| Some(Value::from(text));
    match (operator.as_str(), wanted) {
        ("exists", wanted) => (wanted == &Value::Bool(true)).then(|| ANY.into()),
        ("numeric", Value::Array(bounds)) => number(bounds),
        ("anything-but", wanted) => Some(another(wanted)),
        ("wildcard", Value::String(wanted)) => Some(filled(wanted).into()),
        ("cidr", Value::String(wanted)) => text(wanted.split('/').next()?),
        (_, Value::String(wanted)) => text(wanted),
        // `{ prefix: { equals-ignore-case: x } }`.
        (_, Value::Object(inner)) => text(inner.values().next()?.as_str()?),
        _ => None,
    }
}

/// A value that is none of these.
fn another(not: &Value) -> Value {
    let all = not.as_array().map_or(std::slice::from_ref(not), Vec::as_slice);
    let most = all.iter().filter_map(Value::as_f64).reduce(f64::max);
    match most {
        Some(most) => Number::from_f64(most.floor() + 1.0).map_or(Value::Null, Value::Number),
        None if all.iter().any(|one| one == ANY) => "another".into(),
        None => ANY.into(),
    }
}

/// A text that fits a wildcard: nothing stands for `*`, and what is behind a `\` stands for itself.
fn filled(wildcard: &str) -> String {
    let (mut text, mut escaped) = (String::new(), false);
    for letter in wildcard.chars() {
        match letter {
            '\\' if !escaped => escaped = true,
            '*' if !escaped => {}
            letter => {
                text.push(letter);
                escaped = false;
            }
        }
    }
    text
}

/// A number within bounds, as in `[">", 0, "<=", 5]`.
fn number(bounds: &[Value]) -> Option<Value> {
    let (mut low, mut high) = (None, None);
    for pair in bounds.chunks(2) {
        let [operator, bound] = pair else { return None };
        match operator.as_str()? {
            "=" => return Some(bound.clone()),
            operator @ (">" | ">=") => low = Some((bound, operator == ">=")),
            operator => high = Some((bound, operator == "<=")),
        }
    }
    match (low, high) {
        (Some((bound, true)), _) | (None, Some((bound, true))) => Some(bound.clone()),
        (Some((low, _)), Some((high, _))) => between(low, high),
        (Some((low, _)), None) => moved(low, 1),
        (None, Some((high, _))) => moved(high, -1),
        (None, None) => None,
    }
}

fn between(low: &Value, high: &Value) -> Option<Value> {
    match (low.as_i64(), high.as_i64()) {
        (Some(low), Some(high)) if high.saturating_sub(low) > 1 => Some((low + 1).into()),
        _ => Number::from_f64(f64::midpoint(low.as_f64()?, high.as_f64()?)).map(Value::Number),
    }
}

fn moved(bound: &Value, by: i8) -> Option<Value> {
    match bound.as_i64() {
        Some(whole) => Some(whole.saturating_add(by.into()).into()),
        None => Number::from_f64(bound.as_f64()? + f64::from(by)).map(Value::Number),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_example_fits_its_pattern() {
        let patterns = [
            json!({ "source": ["shop"], "detail-type": ["A", "B"] }),
            json!({ "source": [{ "prefix": "com." }], "detail": { "kind": [{ "suffix": ".csv" }], "n": [{ "numeric": [">", 0, "<", 2] }] } }),
            json!({ "detail": { "a": [{ "numeric": [">", 0, "<", 1] }], "b": [{ "numeric": ["<", 5] }], "c": [{ "numeric": ["=", 3.5] }] } }),
            json!({ "detail": { "a": [{ "anything-but": ["pipe", "x"] }], "b": [{ "anything-but": [1, 7] }] } }),
            json!({ "detail": { "a": [{ "exists": false }], "b": [{ "exists": true }], "c": [null], "d": [true] } }),
            json!({ "detail": { "k": [{ "wildcard": "in/*.csv" }], "e": [{ "equals-ignore-case": "Yes" }] } }),
            json!({ "$or": [{ "source": ["a"] }, { "detail-type": ["b"] }], "detail": { "x": { "y": [1] } } }),
        ];
        for pattern in patterns {
            let pattern = pattern.as_object().unwrap();
            let made = Value::Object(example(pattern));
            assert!(fits(pattern, &made), "{pattern:?}: {made}");
        }
    }

    #[test]
    fn what_cannot_be_made_is_seen() {
        let pattern = json!({ "detail": { "a": [{ "anything-but": { "prefix": "pi" } }] } });
        let pattern = pattern.as_object().unwrap();
        assert!(!fits(pattern, &json!({ "detail": { "a": "pipe" } })));
        assert!(!fits(json!({ "source": ["a"] }).as_object().unwrap(), &json!({ "source": "b" })));
    }

    #[test]
    fn what_is_laid_over_wins() {
        let mut onto = json!({ "a": { "b": 1, "c": 2 }, "d": 3 }).as_object().unwrap().clone();
        overlay(&mut onto, json!({ "a": { "b": 9 }, "d": [1] }).as_object().unwrap().clone());
        assert_eq!(Value::Object(onto), json!({ "a": { "b": 9, "c": 2 }, "d": [1] }));
    }
}
