//! Rules of what orders the messages that routes put on a queue.

use super::{At, Cx, routes};
use crate::spec::wording::{list, short};
use crate::spec::{Api, PartitionKey, Problem, Route};

/// What a route says of order is said of the stream that it sends to.
pub(super) fn groups(cx: &Cx<'_>, api: &At<'_, Api>) -> Vec<Problem> {
    let rules = |(index, route): (usize, &Route)| {
        let route = At { path: api.at(&format!("routes/{index}")), it: route };
        let queue = cx.spec.fed_queue().is_some() && cx.spec.calls_stream(route.it);
        let mut problems = if queue && cx.spec.is_fifo() { grouped(cx, &route) } else { Vec::new() };
        problems.extend(keyed(cx, &route).filter(|_| queue));
        if !(queue && cx.spec.is_fifo()) {
            problems.extend(idle(cx, &route, queue));
        }
        problems
    };
    api.it.routes.iter().enumerate().flat_map(rules).collect()
}

/// A queue has no partition keys.
fn keyed(cx: &Cx<'_>, route: &At<'_, Route>) -> Option<Problem> {
    let path = route.at("partition_key");
    let hint = if cx.spec.is_fifo() {
        "say it with `message_group`"
    } else {
        "take it out: a standard queue keeps no order; one with `fifo: true` does, by `message_group`"
    };
    let message = "`partition_key` orders the records of `stream.kinesis`, and this route sends to a queue";
    let problem = || Problem::error(&path, message).hint(hint).on_key();
    cx.has(&path).then(problem)
}

/// A FIFO queue takes no message without a group.
fn grouped(cx: &Cx<'_>, route: &At<'_, Route>) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !cx.has(&route.at("message_group")) {
        let message = "a FIFO queue keeps the order of each group of messages, and this route does not say the group";
        let hint = "add `message_group: header.NAME`, or `path.NAME`, `query.NAME`, `body.NAME` or `random`";
        problems.push(Problem::error(&route.path, message).hint(hint));
    }
    for (key, from) in [("message_group", &route.message_group), ("deduplication", &route.deduplication)] {
        problems.extend(unnamed(cx, route, key, from.as_ref()));
    }
    problems
}

/// A value from the path is of one of its parameters.
fn unnamed(cx: &Cx<'_>, route: &At<'_, Route>, key: &str, from: Option<&PartitionKey>) -> Option<Problem> {
    let Some(PartitionKey::Path(name)) = from else { return None };
    let known: Vec<&str> = routes::parameters(route.path()).collect();
    if known.contains(&name.as_str()) || !cx.sound(&route.at(route.method().key())) {
        return None;
    }
    let hint = match known.as_slice() {
        [] => format!("add `{{{name}}}` to the path, or take it from `header`, `query` or `body`"),
        known => format!("its parameters are {}", list(known, "and")),
    };
    let message = format!("`{}` has no parameter `{}`", short(route.it.path()), short(name));
    Some(Problem::error(route.at(key), message).hint(hint))
}

/// Groups are of FIFO queues alone.
fn idle(cx: &Cx<'_>, route: &At<'_, Route>, queue: bool) -> Vec<Problem> {
    let said = ["message_group", "deduplication"].into_iter().filter(|key| cx.has(&route.at(key)));
    let problem = |key: &str| {
        let (where_to, hint) = match queue {
            true => ("a standard queue", "add `fifo: true` to the queue, or take it out"),
            false if cx.spec.fed_queue().is_none() && cx.spec.calls_stream(route.it) => {
                ("another stream", "take it out: `partition_key` orders the records of `stream.kinesis`")
            }
            false => ("something else", "take it out"),
        };
        let message = format!("`{key}` belongs to a FIFO queue, and this route calls {where_to}");
        Problem::error(route.at(key), message).hint(hint).on_key()
    };
    said.map(problem).collect()
}
