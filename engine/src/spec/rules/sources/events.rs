//! Patterns of event buses (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html>).

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
    if let Err(wrong) = Filter::check(&text, "detail") {
        let message = format!("EventBridge refuses this pattern: {wrong}");
        problems.push(
            Problem::error(&path, message).hint("as in `{ source: [shop], detail: { kind: [order] } }`").on_key(),
        );
        return problems;
    }
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
            let unknown = input.values.keys().find(|name| !template.contains(&format!("<{name}>")));
            let message = |name: &String| format!("the template does not use `<{name}>`");
            unknown.map(|name| problem(message(name), "use it, or take it out of `values`")).unwrap_or_default()
        }
        _ => problem(
            "`input` has a `path`, or a `template` with its `values`".to_owned(),
            "as in `input: { path: $.detail }`",
        ),
    }
}
