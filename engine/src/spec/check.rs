//! What the schema says about a document, in words for people: one message for each place.

mod unknown;

use super::problem::{Problem, dotted, segment};
use super::schema::members;
use super::wording::{found, list, nearest, range, wanted};
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;
use std::collections::BTreeSet;
use unknown::unknown;

/// Below this path nothing of a value is shown: what stands there may be a secret by mistake.
pub(super) const ENVIRONMENT: &str = "/consumer/function/environment/";

/// Unknown keys of one mapping that are reported one by one.
const UNKNOWN: usize = 50;

/// Turns the schema's errors into problems, without the noise: a place has one message, and a missing key is not
/// reported beside the misspelt one that was meant for it.
pub(super) fn explain(errors: &[ValidationError<'_>], schema: &Value) -> Vec<Problem> {
    let errors = flat(errors);
    let mut problems = Vec::new();
    errors.iter().for_each(|error| one(error, schema, &mut problems));
    let mut seen = BTreeSet::new();
    problems
        .retain(|problem| !misspelt(problem, &errors, schema) && seen.insert((problem.path.clone(), problem.on_key)));
    problems
}

/// Returns the errors with those of a union replaced by the errors of the branch that was meant.
pub(super) fn flat<'e, 'i>(errors: &'e [ValidationError<'i>]) -> Vec<&'e ValidationError<'i>>
where
    'i: 'e,
{
    let branch = |error: &'e ValidationError<'i>| meant(error).map(flat);
    errors.iter().flat_map(|error| branch(error).unwrap_or_else(|| vec![error])).collect()
}

/// Returns the schema around an error: the one whose keyword was not met.
pub(super) fn around<'s>(error: &ValidationError<'_>, schema: &'s Value) -> &'s Value {
    let path = error.schema_path().as_str();
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let parent = parent.strip_suffix("/then").or_else(|| parent.strip_suffix("/else")).unwrap_or(parent);
    schema.pointer(parent).unwrap_or(&Value::Null)
}

/// Returns the branch of a union that the value was meant for: the only one of its type, and no list of words.
fn meant<'e>(error: &'e ValidationError<'_>) -> Option<&'e [ValidationError<'static>]> {
    let Kind::AnyOf { context } = error.kind() else {
        return None;
    };
    let here = error.instance_path().as_str();
    let other = |inner: &ValidationError<'_>| {
        matches!(inner.kind(), Kind::Type { .. } | Kind::Enum { .. }) && inner.instance_path().as_str() == here
    };
    let mut fitting = context.iter().filter(|branch| !branch.iter().any(other));
    fitting.next().filter(|_| fitting.next().is_none()).map(Vec::as_slice)
}

fn one(error: &ValidationError<'_>, schema: &Value, problems: &mut Vec<Problem>) {
    let at = error.instance_path().as_str();
    let part = around(error, schema);
    match error.kind() {
        Kind::AdditionalProperties { unexpected } => {
            problems.extend(unexpected.iter().take(UNKNOWN).map(|key| unknown(at, key, part)));
            if unexpected.len() > UNKNOWN {
                let message = format!("{} has {} more unknown keys", named(at), unexpected.len() - UNKNOWN);
                problems.push(Problem::error(at, message));
            }
        }
        Kind::Required { property } => problems.push(missing(at, property.as_str().unwrap_or_default(), part)),
        Kind::MaxProperties { .. } | Kind::MinProperties { .. } if members(part).is_some() => {
            let message = format!("{} must be {}", named(at), wanted(part));
            problems.push(Problem::error(at, message).on_key());
        }
        Kind::MaxProperties { limit: 1 } => problems.push(alone(at, "")),
        Kind::PropertyNames { .. } => problems.push(alone(at, &beside(part))),
        Kind::MaxProperties { .. } | Kind::MinProperties { .. } | Kind::MaxItems { .. } | Kind::MinItems { .. } => {
            problems.push(Problem::error(at, format!("{} must have {} entries", named(at), range(part))));
        }
        Kind::MaxLength { .. } | Kind::MinLength { .. } => {
            problems.push(Problem::error(at, format!("{} must have {} characters", named(at), range(part))));
        }
        // A mapping without keys, in which one stands.
        Kind::FalseSchema => problems.push(Problem::error(at, format!("{} takes no keys", named(at)))),
        _ => problems.push(mismatch(at, part, error.instance(), &wanted(part))),
    }
}

/// Says which keys may stand beside `existing`.
fn beside(part: &Value) -> String {
    let named = part.pointer("/then/propertyNames/enum").or(part.get("enum")).and_then(Value::as_array);
    let named = named.into_iter().flatten().filter_map(Value::as_str).filter(|name| *name != "existing");
    format!(" but {}", list(&named.collect::<Vec<_>>(), "and"))
}

/// Says that something stands beside `existing` that must not.
fn alone(at: &str, but: &str) -> Problem {
    let message = "`existing` stands alone: the pipeline never changes what it names";
    let problem = Problem::error(format!("{at}/existing"), message);
    problem.hint(format!("take out the other keys here{but}, or `existing`")).on_key()
}

fn named(at: &str) -> String {
    if at.is_empty() { "the spec".to_owned() } else { format!("`{}`", dotted(at)) }
}

fn missing(at: &str, key: &str, part: &Value) -> Problem {
    let message = format!("{} lacks the key `{key}`", named(at));
    let about = part.pointer(&format!("/properties/{}/description", segment(key))).and_then(Value::as_str);
    let problem = Problem::error(format!("{at}/{}", segment(key)), message);
    Problem {
        hint: about.map(|about| format!("`{key}`: {}", about.trim_end_matches(" Required."))),
        ..problem.on_key()
    }
}

/// Tells whether the problem is a missing key that stands there with a typing mistake, which is reported already.
fn misspelt(problem: &Problem, errors: &[&ValidationError<'_>], schema: &Value) -> bool {
    let Some((parent, key)) = problem.path.rsplit_once('/').filter(|_| problem.message.contains(" lacks the key "))
    else {
        return false;
    };
    let same = |error: &&&ValidationError<'_>| error.instance_path().as_str() == parent;
    let known = errors.iter().find(same).map_or(0, |error| properties(around(error, schema)).len());
    errors.iter().any(|error| match error.kind() {
        // A mapping with one known key says with the unknown one already what belongs there.
        Kind::AdditionalProperties { unexpected } if error.instance_path().as_str() == parent => {
            known == 1 || unexpected.iter().any(|other| nearest(other, &[key]).is_some())
        }
        _ => false,
    })
}

/// Says what is wanted and what was found.
fn mismatch(at: &str, part: &Value, instance: &Value, wanted: &str) -> Problem {
    let secret = at.starts_with(ENVIRONMENT);
    let is = if secret { String::new() } else { format!(", but is {}", found(instance)) };
    let problem = Problem::error(at, format!("{} must be {wanted}{is}", named(at)));
    match hint(at, part, instance) {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}

fn hint(at: &str, part: &Value, instance: &Value) -> Option<String> {
    // A topic has no key of one's own.
    if at.ends_with("/encryption") && !at.starts_with("/source/") {
        return Some("for a key of your own (KMS) write `key: ARN` instead of `encryption`".to_owned());
    }
    let key = at.rsplit('/').next().unwrap_or_default();
    match instance {
        Value::String(text) if at == "/dlq/queue/name" && text.ends_with(".fifo") => {
            let why =
                "only a FIFO queue's messages move to a FIFO queue, and `pipe` then adds `.fifo` itself: take it out";
            Some(why.to_owned())
        }
        Value::Bool(false) if super::wording::words(part).iter().any(|word| word == "off") => {
            Some("write `off`: some tools turn it into `false`".to_owned())
        }
        Value::String(text) if super::units::meant(key, text).is_some() => super::units::meant(key, text),
        Value::String(text) if at == "/name" && text.is_ascii() => {
            super::units::name(text).map(|near| format!("for example `{near}`"))
        }
        Value::String(text) if is_kind(part, &["boolean"]) && switch(text).is_some() => switch(text),
        Value::Null
            if part.get("properties").is_some() && part.get("required").is_none() && members(part).is_none() =>
        {
            Some("write `{}` for all defaults".to_owned())
        }
        Value::Null => Some("give it a value, or take the key out".to_owned()),
        Value::Number(_) | Value::Bool(_) if is_kind(part, &["string"]) => {
            part.get("enum").is_none().then(|| "write it in quotes".to_owned())
        }
        Value::String(text) if is_kind(part, &["integer", "number", "boolean"]) => {
            serde_yaml::from_str::<serde_yaml::Value>(text)
                .is_ok_and(|value| !value.is_string())
                .then(|| "write it without quotes".to_owned())
        }
        Value::String(text) => {
            let words = super::wording::words(part);
            nearest(text, &words.iter().map(String::as_str).collect::<Vec<_>>())
                .map(|near| format!("did you mean `{near}`?"))
        }
        _ => None,
    }
}

/// What words for yes and no are here.
fn switch(text: &str) -> Option<String> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "on" | "y" => Some("write `true`".to_owned()),
        "no" | "off" | "n" => Some("write `false`".to_owned()),
        _ => None,
    }
}

fn is_kind(part: &Value, kinds: &[&str]) -> bool {
    part.get("type").and_then(Value::as_str).is_some_and(|kind| kinds.contains(&kind))
}

fn properties(part: &Value) -> Vec<&str> {
    let properties = part.get("properties").and_then(Value::as_object);
    properties.into_iter().flatten().map(|(key, _)| key.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::repair::repair;
    use crate::spec::schema::tests::{House, house};

    /// The messages about a document whose one section has two members; it can be read once it is repaired.
    fn told(document: Value) -> Vec<String> {
        let schema = house();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let errors: Vec<_> = validator.iter_errors(&document).collect();
        let mut whole = document.clone();
        repair(&mut whole, &errors, &schema);
        serde_json::from_value::<House>(whole).unwrap_or_else(|error| panic!("{document}: {error}"));
        explain(&errors, &schema)
            .into_iter()
            .map(|problem| problem.message + "; " + &problem.hint.unwrap_or_default())
            .collect()
    }

    #[test]
    fn a_section_has_exactly_one_of_its_members() {
        let json = |text: &str| serde_json::from_str(text).unwrap();
        let one = "must be a mapping with one of `cat` and `dog`";
        assert_eq!(told(json(r#"{"pets": {"dog": {"age": 1}}}"#)), [""; 0]);
        assert_eq!(told(json(r#"{"pets": {}}"#)), [format!("`pets` {one}; ")]);
        assert_eq!(told(json(r#"{"pets": {"dog": {"age": 1}, "cat": {"age": 2}}}"#)), [format!("`pets` {one}; ")]);
        assert_eq!(
            told(json(r#"{"pets": {"dogg": {"age": 1}}}"#)),
            ["unknown key `dogg` in `pets`; did you mean `dog`?"]
        );
        assert_eq!(
            told(json(r#"{"pets": null}"#)),
            [format!("`pets` {one}, but is empty; give it a value, or take the key out")]
        );
        let within = told(json(r#"{"pets": {"cat": {"age": "x"}}}"#));
        assert_eq!(within, ["`pets.cat.age` must be a whole number, at least 0, but is the text `x`; "]);
    }
}
