//! Rules between sections: what needs what, and what excludes what.

use super::{AUTH, At, CONSUMER, Cx, DLQ, SINK, STREAM};
use crate::spec::{Function, KeyType, Problem};

/// What has no use without another section.
pub(super) fn sections(cx: &Cx<'_>) -> Vec<Problem> {
    let api = format!("{}/api", super::SOURCE);
    let stream = "add `stream: { kinesis: {} }`";
    let fed = "add `stream: { kinesis: {} }`, or a route with `to: function`";
    let both = "add `stream: { kinesis: {} }`, or say what each route calls with `to`";
    let needs = [
        (&*api, STREAM, "an `api` needs a `stream` that it puts the events on", both),
        (CONSUMER, STREAM, "a `consumer` needs a `stream` that it reads", fed),
        (DLQ, STREAM, "a `dlq` needs a `stream` whose records it takes", stream),
        (AUTH, &*api, "`auth` needs an api that it guards", "add `source: { api: ... }`, or take `auth` out"),
    ];
    let routes = cx.spec.api().map_or(&[][..], |api| &api.routes);
    // Each route says what it calls.
    let told = !routes.is_empty() && routes.iter().all(|route| route.to.is_some());
    let answers = cx.spec.answered().next().is_some();
    let met = |path: &str, needed: &str| {
        let without = (path == api && told) || (path == CONSUMER && answers);
        cx.has(needed) || ((without || cx.spec.pushing().is_some()) && needed == STREAM)
    };
    let lacking = needs.iter().filter(|(path, needed, ..)| cx.has(path) && !met(path, needed));
    lacking.map(|(path, _, message, hint)| Problem::error(*path, *message).hint(*hint).on_key()).collect()
}

/// Where the table stands that routes call.
pub(super) fn called(cx: &Cx<'_>) -> &'static str {
    match cx.spec.table_changes().filter(|_| cx.spec.calls_changing_table()) {
        Some(changes) if changes.own().is_some() => "stream.table_changes.table",
        Some(_) => "stream.table_changes",
        None => "sink.table",
    }
}

/// What says how records are handed over, where no stream has any.
pub(super) fn unfed(cx: &Cx<'_>, function: &At<'_, Function>) -> Vec<Problem> {
    if cx.has(STREAM) || cx.spec.answered().next().is_none() {
        return Vec::new();
    }
    let said = ["batch", "failures", "enabled"].into_iter().filter(|key| cx.has(&function.at(key)));
    let problem = |key: &str| {
        let message = format!("`{key}` is about the records of a stream, and this function answers requests only");
        Problem::error(function.at(key), message).hint("take it out, or add `stream: { kinesis: {} }`").on_key()
    };
    said.map(problem).collect()
}

/// What the bundled handler needs.
pub(super) fn handler(cx: &Cx<'_>, function: &At<'_, Function>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let path = function.at("handler");
    if !function.is_bundled() || !cx.sound(&path) {
        return problems;
    }
    if !cx.has(SINK) {
        let problem = Problem::error(path, "`stream-to-table` needs a `sink.table` that it writes to");
        problems.push(problem.hint("add `sink: { table: { partition_key: NAME } }`"));
    }
    if !function.failures.partial {
        let message = "`partial: false` does not go with a bundled handler: its answer names the records that failed";
        problems.push(Problem::error(function.at("failures/partial"), message).hint("take `partial` out"));
    }
    let Some((target, table)) = cx.target().and_then(|target| target.it.table.own().map(|own| (target, own))) else {
        return problems;
    };
    // Changes of a table have binary values as they are.
    if cx.table_changes().is_some() {
        return problems;
    }
    let keys = [("partition_key", Some(&table.partition_key)), ("sort_key", table.sort_key.as_ref())];
    for (name, _) in keys.iter().filter(|(_, key)| key.is_some_and(|key| key.kind == KeyType::Binary)) {
        let message = "`stream-to-table` cannot write a binary key: its records are JSON, which has no binary values";
        let hint = "make the key a `string` or a `number`, or bring a handler of your own";
        problems.push(Problem::error(target.at(&format!("{name}/type")), message).hint(hint));
    }
    problems
}

/// The user's own handler writes as it likes, and nobody else would keep what `overwrite` says.
pub(super) fn overwrite(cx: &Cx<'_>) -> Vec<Problem> {
    let Some(target) = cx.target().filter(|target| !target.overwrite) else { return Vec::new() };
    let kept = match cx.function() {
        Some(function) => function.is_bundled() || !cx.sound(&function.at("handler")),
        None => cx.has(CONSUMER),
    };
    if kept {
        return Vec::new();
    }
    let message = "`overwrite: false` needs the handler `stream-to-table`, which writes only where no row is";
    let hint = "take `overwrite` out; a handler of your own makes conditional puts itself";
    vec![Problem::error(target.at("overwrite"), message).hint(hint)]
}

/// No two functions of the pipeline have one name: the others of its kinds are single.
pub(super) fn names(cx: &Cx<'_>, function: &At<'_, Function>) -> Vec<Problem> {
    let (spec, name) = (cx.spec, cx.spec.consumer_name());
    if spec.basic().is_none() || name != spec.authorizer_name() {
        return Vec::new();
    }
    let message = format!("two functions would have the name `{name}`: the consumer and the authorizer");
    vec![Problem::error(function.at("name"), message).hint("name the consumer's function otherwise")]
}
