//! Patterns of event buses (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html>).

use std::collections::BTreeMap;

use pipe_local::poller::Filter;
use serde_json::Value;

use super::{At, Cx};
use crate::spec::problem::segment;
use crate::spec::wording::{list, nearest};
use crate::spec::{BusEvents, LONGEST_PATTERN, Problem};

/// What every event has.
const MEMBERS: [&str; 9] =
    ["account", "detail", "detail-type", "id", "region", "resources", "source", "time", "version"];

/// A pattern that EventBridge takes, and that can match.
pub(in crate::spec::rules) fn events(cx: &Cx<'_>, events: &At<'_, BusEvents>) -> Vec<Problem> {
    let mut problems = input(cx, events);
    let path = events.at("match");
    if !cx.sound(&path) {
        return problems;
    }
    let text = Value::Object(events.pattern.clone()).to_string();
    let length = text.chars().count();
    if length > LONGEST_PATTERN {
        let message = format!("a pattern has at most {LONGEST_PATTERN} characters as JSON, but this one has {length}");
        problems.push(Problem::error(&path, message).hint("ask for less").on_key());
    }
    if let Err(wrong) = Filter::of_bus(&text) {
        let message = format!("EventBridge refuses this pattern: {wrong}");
        problems.push(
            Problem::error(&path, message).hint("as in `{ source: [shop], detail: { kind: [order] } }`").on_key(),
        );
        return problems;
    }
    problems.extend(numbers(&path, events));
    for key in events.pattern.keys().filter(|key| !MEMBERS.contains(&key.as_str()) && !key.starts_with('$')) {
        let message = format!("no event has `{key}` at its top, so nothing would match");
        let hint = match nearest(key, &MEMBERS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("what the sender sent is below `detail`; an event has {}", list(&MEMBERS, "and")),
        };
        problems.push(Problem::error(format!("{path}/{}", segment(key)), message).hint(hint).on_key());
    }
    problems
}

/// Texts of an event that YAML takes for a number where they have no quotes: nothing would match.
fn numbers(path: &str, events: &BusEvents) -> Vec<Problem> {
    let texts = MEMBERS.iter().filter(|member| !["detail", "resources"].contains(*member));
    let number = |member: &&&str| events.pattern.get(**member)?.as_array()?.iter().find(|one| one.is_number()).cloned();
    let wrong = texts.filter_map(|member| Some((member, number(&member)?)));
    let told = wrong.map(|(member, number)| {
        let message = format!("`{member}` of an event is a text, and {number} is a number: nothing would match");
        Problem::error(format!("{path}/{member}"), message).hint(format!("put it in quotes: `'{number}'`")).on_key()
    });
    told.collect()
}

/// What EventBridge refuses of a template and its values
/// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html>).
fn template_of(template: &str, values: &BTreeMap<String, String>) -> Option<(String, &'static str)> {
    let letter = |one: char| one.is_ascii_alphanumeric() || "_-".contains(one);
    for (name, value) in values {
        if name.is_empty() || !name.chars().all(letter) || name.starts_with("AWS") {
            let message = format!("`{name}` cannot be the name of a value");
            return Some((message, "a name has letters, digits, `_` and `-`, and does not begin with `AWS`"));
        }
        if !value.starts_with('$') {
            return Some((format!("the value of `{name}` is no JSON path"), "it begins with `$`, as in `$.detail.id`"));
        }
        if !template.contains(&format!("<{name}>")) {
            return Some((format!("the template does not use `<{name}>`"), "use it, or take it out of `values`"));
        }
    }
    let mut used = template.split('<').skip(1).filter_map(|rest| Some(rest.split_once('>')?.0));
    let is_name = |name: &&str| !name.is_empty() && name.chars().all(|one| letter(one) || one == '.');
    let known = |name: &str| values.contains_key(name) || name.starts_with("aws.events.");
    let unknown = used.find(|name| is_name(name) && !known(name))?;
    Some((format!("the template uses `<{unknown}>`, which is not among the `values`"), "add its JSON path to `values`"))
}

/// `path`, or a template with its values.
fn input(cx: &Cx<'_>, events: &At<'_, BusEvents>) -> Vec<Problem> {
    let (Some(input), at) = (&events.input, events.at("input")) else { return Vec::new() };
    if !cx.sound(&at) {
        return Vec::new();
    }
    let problem = |message: String, hint: &str| vec![Problem::error(&at, message).hint(hint.to_owned()).on_key()];
    match (&input.path, &input.template) {
        (Some(_), None) if input.values.is_empty() => Vec::new(),
        (None, Some(template)) => {
            template_of(template, &input.values).map(|(message, hint)| problem(message, hint)).unwrap_or_default()
        }
        _ => problem(
            "`input` has a `path`, or a `template` with its `values`".to_owned(),
            "as in `input: { path: $.detail }`",
        ),
    }
}
