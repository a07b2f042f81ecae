//! Rules of what routes call.

use super::{At, Cx, SINK, STREAM};
use crate::spec::wording::{list, short};
use crate::spec::{Api, Body, PartitionKey, Problem, Route, TableAction, To};

/// Every route calls something that is there, with what that takes.
pub(super) fn targets(cx: &Cx<'_>, api: &At<'_, Api>) -> Vec<Problem> {
    let rules = |(index, route): (usize, &Route)| {
        let route = At { path: api.at(&format!("routes/{index}")), it: route };
        match cx.spec.to(route.it) {
            Some(To::Stream) => stream(cx, &route),
            Some(To::Table(call)) => table(cx, &route, &call.action()),
            // What the file lacks is told of the whole API.
            None => Vec::new(),
        }
    };
    api.it.routes.iter().enumerate().flat_map(rules).collect()
}

fn stream(cx: &Cx<'_>, route: &At<'_, Route>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let method = route.method();
    if !cx.has(STREAM) && route.to.is_some() {
        let problem = Problem::error(route.at("to"), "`to: stream` needs a `stream` that it puts the body on");
        problems.push(problem.hint("add `stream: { kinesis: {} }`"));
    }
    if !method.has_body() && route.methods().count() == 1 {
        let message = format!("a {} request has no body that could go on the stream", method.name());
        let hint = "use `post`, `put` or `patch`, or say what the route calls with `to`";
        problems.push(Problem::error(route.at(method.key()), message).hint(hint).on_key());
    }
    problems
}

fn table(cx: &Cx<'_>, route: &At<'_, Route>, action: &TableAction) -> Vec<Problem> {
    if !cx.has(SINK) {
        let problem = Problem::error(route.at("to"), "`to: { table: ... }` needs a `sink.table`");
        return vec![problem.hint("add `sink: { table: { partition_key: NAME } }`")];
    }
    let mut problems: Vec<Problem> = body(route, action).into_iter().collect();
    problems.extend(parameters(cx, route, action));
    if route.partition_key != PartitionKey::Random {
        let problem =
            Problem::error(route.at("partition_key"), "`partition_key` orders a stream, and this route calls a table");
        problems.push(problem.hint("take it out").on_key());
    }
    problems
}

/// An action takes a body that a schema describes, or none.
fn body(route: &At<'_, Route>, action: &TableAction) -> Option<Problem> {
    let method = route.method();
    match (action.takes_body(), &route.body) {
        (true, _) if !method.has_body() => {
            let message = format!("a {} request has no body that could be written", method.name());
            Some(Problem::error(route.at(method.key()), message).hint("use `post`, `put` or `patch`").on_key())
        }
        (true, Body::Schema(_)) | (false, Body::Object) => None,
        (true, _) => {
            let message = format!("`{}` needs a schema: from it follow the types of the attributes", action.name());
            Some(Problem::error(route.at("to"), message).hint("add `body: { schema: FILE }`"))
        }
        (false, _) => {
            let message = format!("`{}` takes no body", action.name());
            Some(Problem::error(route.at("body"), message).hint("take `body` out").on_key())
        }
    }
}

/// The path names the key of the item, or the partition key of the items.
fn parameters(cx: &Cx<'_>, route: &At<'_, Route>, action: &TableAction) -> Option<Problem> {
    let (partition, sort) = cx.spec.keys()?;
    let wanted = match action {
        TableAction::Put(_) | TableAction::Scan(_) => return None,
        // An index has keys of its own.
        TableAction::Query(page) if page.index.is_some() => return None,
        TableAction::Query(_) => vec![partition],
        TableAction::Get(_) | TableAction::Update(_) | TableAction::Delete(_) => {
            [Some(partition), sort].into_iter().flatten().collect()
        }
    };
    let path = route.path();
    let lacking: Vec<&str> =
        wanted.iter().map(|key| key.name.as_str()).filter(|name| !path.contains(&format!("{{{name}}}"))).collect();
    if lacking.is_empty() || !cx.sound(&route.at(route.method().key())) {
        return None;
    }
    let message = format!("the path `{}` does not name the key {} of the table", short(path), list(&lacking, "and"));
    let parts: String = wanted.iter().map(|key| format!("/{{{}}}", key.name)).collect();
    Some(Problem::error(route.at(route.method().key()), message).hint(format!("let it end in `{parts}`")))
}
