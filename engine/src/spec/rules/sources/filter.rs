//! Filter policies of SNS (<https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html>).

use pipe_local::poller::Filter;
use serde_json::{Map, Value};

use crate::spec::problem::segment;
use crate::spec::{FilterOn, Problem};

/// Keys at most, in all levels.
const KEYS: usize = 5;

/// Combinations of values at most.
const COMBINATIONS: usize = 150;

/// What SNS refuses when the topic is subscribed to.
pub(super) fn refused(path: &str, filter: &Map<String, Value>, on: FilterOn) -> Vec<Problem> {
    let unlisted = filter.iter().filter(|(key, wanted)| !key.starts_with('$') && !wanted.is_array());
    let unlisted = unlisted.filter(|(_, wanted)| on == FilterOn::Attributes || !wanted.is_object());
    let problems: Vec<Problem> = unlisted.map(|(key, wanted)| no_list(path, key, wanted)).collect();
    if !problems.is_empty() {
        return problems;
    }
    let (keys, combinations) = (keys(filter), combinations(filter, 1));
    let wrong = match Filter::of_bus(&Value::Object(filter.clone()).to_string()) {
        Err(wrong) => wrong,
        Ok(_) if keys > KEYS => format!("it has {keys} keys, and {KEYS} is the most"),
        Ok(_) if combinations > COMBINATIONS => {
            format!("its values make {combinations} combinations, and {COMBINATIONS} is the most")
        }
        Ok(_) => return Vec::new(),
    };
    let problem = Problem::error(path, format!("SNS refuses this filter policy: {wrong}"));
    vec![problem.hint("as in `{ kind: [order, { prefix: return- }] }`").on_key()]
}

fn no_list(path: &str, key: &str, wanted: &Value) -> Problem {
    let message = format!("what `{key}` must be is a list, as in `{key}: [order]`");
    let hint = if wanted.is_object() { "members within members need `filter_on: body`" } else { "put it in brackets" };
    Problem::error(format!("{path}/{}", segment(key)), message).hint(hint)
}

/// The keys with values, those of the choices of `$or` too.
fn keys(filter: &Map<String, Value>) -> usize {
    let each = filter.iter().map(|(key, wanted)| match wanted {
        Value::Object(inner) => keys(inner),
        Value::Array(choices) if key == "$or" => choices.iter().filter_map(Value::as_object).map(keys).sum(),
        _ => 1,
    });
    each.sum()
}

/// The combinations of values: of keys they are multiplied, of the choices of `$or` added up
/// (<https://docs.aws.amazon.com/sns/latest/dg/and-or-logic.html>).
fn combinations(filter: &Map<String, Value>, level: usize) -> usize {
    let each = filter.iter().map(|(key, wanted)| match wanted {
        Value::Object(inner) => combinations(inner, level + 1),
        Value::Array(choices) if key == "$or" => {
            let choices = choices.iter().filter_map(Value::as_object).map(|choice| combinations(choice, level));
            choices.fold(0, usize::saturating_add)
        }
        Value::Array(values) => values.len() * level,
        _ => 1,
    });
    each.fold(1, usize::saturating_mul)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(filter: Value, on: FilterOn) -> String {
        let Value::Object(filter) = filter else { return String::new() };
        refused("/source/topic/filter", &filter, on).into_iter().map(|problem| problem.message).collect()
    }

    fn many(count: usize) -> Vec<String> {
        (0..count).map(|at| at.to_string()).collect()
    }

    #[test]
    fn what_sns_takes_is_taken() {
        for filter in [
            json!({ "kind": ["order", { "prefix": "x" }, { "exists": false }, null, true, 1] }),
            json!({ "ip": [{ "cidr": "10.0.0.0/24" }], "n": [{ "numeric": [">", 0, "<=", 100] }] }),
            json!({ "$or": [{ "a": ["x"] }, { "b": ["y"] }] }),
            json!({ "source": many(4), "$or": [{ "a": many(6) }, { "b": many(3), "$or": [{ "c": many(4) }, { "d": many(2) }] }] }),
        ] {
            assert_eq!(told(filter, FilterOn::Attributes), "");
        }
        assert_eq!(told(json!({ "object": { "key": [{ "prefix": "auto-" }] } }), FilterOn::Body), "");
    }

    /// As SNS itself refuses them.
    #[test]
    fn what_sns_refuses_is_refused() {
        let rows = [
            (json!({ "key": [] }), "must hold an object or a list of rules"),
            (json!({ "key": [{ "wrong-operator": true }] }), "the operator `wrong-operator` is unknown"),
            (json!({ "key": [{ "suffix": "a", "prefix": "b" }] }), "a rule has one operator"),
            (json!({ "key": [["value"]] }), "a rule is not a list"),
            (
                json!({ "a": ["1"], "b": ["1"], "c": ["1"], "d": { "e": ["1"], "f": ["1"], "g": ["1"] } }),
                "it has 6 keys",
            ),
            (json!({ "a": many(50), "b": many(4) }), "200 combinations"),
            (json!({ "a": { "b": { "c": many(51) } } }), "153 combinations"),
        ];
        for (filter, why) in rows {
            let said = told(filter, FilterOn::Body);
            assert!(said.starts_with("SNS refuses this filter policy: ") && said.contains(why), "{said}");
        }
        assert!(told(json!({ "a": { "b": ["x"] } }), FilterOn::Attributes).contains("is a list"));
        assert!(told(json!({ "a": "x" }), FilterOn::Body).contains("is a list"));
    }
}
