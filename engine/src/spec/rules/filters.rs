//! Rules of the mapping's filters, by the very parser that `pipe dev` filters with.
//!
//! AWS: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html>.

use pipe_local::poller::Filter;
use serde_json::{Map, Value};

use super::{At, Cx, STREAM};
use crate::spec::problem::segment;
use crate::spec::{Function, Problem};

mod changes;
mod feed;

use feed::Feed;

/// Characters of one pattern.
const PATTERN: usize = 4096;

/// Filters of a mapping, unless AWS raised the account's quota, and where it did; the schema refuses more.
const QUOTA: usize = 5;
const MOST: usize = 10;

/// The list whose objects are joined by *or*.
const OR: &str = "$or";

/// Patterns that Lambda would refuse, and those that match nothing.
pub(super) fn patterns(cx: &Cx<'_>, function: &At<'_, Function>) -> Vec<Problem> {
    let path = function.at("filters");
    if function.filters.is_empty() {
        return Vec::new();
    }
    let Some(feed) = Feed::of(cx) else {
        let message = "nothing feeds this function, so there is nothing to filter";
        let problem = Problem::error(path, message).hint("remove `filters`, or add a `stream`").on_key();
        return if cx.has(STREAM) || cx.spec.is_pushed() { Vec::new() } else { vec![problem] };
    };
    let each = function.filters.iter().enumerate();
    let mut problems: Vec<Problem> =
        each.flat_map(|(index, filter)| pattern(cx, &feed, &filter.0, &format!("{path}/{index}"))).collect();
    problems.extend(many(&path, function.filters.len()));
    problems.extend(feed.deletes.then(|| {
        let message =
            "a message that no filter matches is deleted from the queue: it reaches neither the function nor the dlq";
        Problem::note(path, message).on_key()
    }));
    problems
}

fn pattern(cx: &Cx<'_>, feed: &Feed, fields: &Map<String, Value>, path: &str) -> Vec<Problem> {
    let text = Value::Object(fields.clone()).to_string();
    let length = text.chars().count();
    if length > PATTERN {
        let message = format!("a pattern has at most {PATTERN} characters as JSON, but this one has {length}");
        return vec![Problem::error(path, message).hint("ask for less, or split it into several patterns")];
    }
    if let Err(wrong) = Filter::check(&text, feed.payload) {
        let message = format!("Lambda refuses this pattern: {wrong}");
        return vec![Problem::error(path, message).hint(feed.hint())];
    }
    let mut problems = feed.doubts(fields, path);
    if feed.payload == changes::PAYLOAD {
        problems.extend(changes::doubts(cx, fields, path));
    }
    problems
}

fn many(path: &str, count: usize) -> Option<Problem> {
    let message =
        format!("Lambda takes {count} filters of a mapping only where AWS raised the account's quota of {QUOTA}");
    let hint = "ask AWS for a higher quota, or join patterns: the rules of a field are joined by or";
    (QUOTA < count && count <= MOST).then(|| Problem::warning(path, message).hint(hint).on_key())
}

/// The fields that a pattern asks for, those in `$or` among them, each with its path.
fn fields<'a>(of: &'a Map<String, Value>, path: &str) -> Vec<(&'a str, &'a Value, String)> {
    let below = |(key, value): (&'a String, &'a Value)| {
        let path = format!("{path}/{}", segment(key));
        let Some(choices) = value.as_array().filter(|_| key == OR) else { return vec![(key.as_str(), value, path)] };
        let each = choices.iter().enumerate();
        each.filter_map(|(index, choice)| Some(fields(choice.as_object()?, &format!("{path}/{index}"))))
            .flatten()
            .collect()
    };
    of.iter().flat_map(below).collect()
}

/// Whether this asks for a field to be absent, so that it holds where there is none.
fn asks_for_none(value: &Value) -> bool {
    value.as_array().is_some_and(|rules| rules.iter().any(|rule| rule["exists"] == Value::Bool(false)))
}
