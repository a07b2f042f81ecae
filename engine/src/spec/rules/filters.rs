//! Rules of the mapping's filters, by the very parser that `pipe dev` filters with.
//!
//! AWS: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html>.

use pipe_local::poller::Filter;
use serde_json::Value;

use super::{At, Cx};
use crate::spec::{Function, Problem};

/// Characters of one pattern.
const PATTERN: usize = 4096;

/// Patterns that Lambda would refuse.
pub(super) fn patterns(cx: &Cx<'_>, function: &At<'_, Function>) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !function.filters.is_empty() && cx.spec.stream.is_none() {
        let problem =
            Problem::error(function.at("filters"), "nothing feeds this function, so there is nothing to filter");
        problems.push(problem.hint("remove `filters`, or add a `stream`"));
    }
    for (index, filter) in function.filters.iter().enumerate() {
        let path = function.at(&format!("filters/{index}/pattern"));
        let pattern = Value::Object(filter.pattern.clone()).to_string();
        let length = pattern.chars().count();
        if length > PATTERN {
            let message = format!("a pattern has at most {PATTERN} characters as JSON, but this one has {length}");
            problems.push(Problem::error(path, message).hint("ask for less, or split it into several patterns"));
        } else if let Err(wrong) = Filter::check(&pattern, "data") {
            let hint = "a pattern is like `{data: {kind: [order, {prefix: x}]}}`";
            problems.push(Problem::error(path, format!("Lambda refuses this pattern: {wrong}")).hint(hint));
        }
    }
    problems
}
