//! Rules between sections: what needs what, and what excludes what.

use super::Cx;
use crate::spec::{KeyType, Problem};

/// What has no use without another section.
pub(super) fn sections(cx: &Cx<'_>) -> Vec<Problem> {
    let stream = "add `stream: { kinesis: {} }`";
    let needs = [
        ("/source/api", "/stream", "an `api` needs a `stream` that it puts the events on", stream),
        ("/consumer", "/stream", "a `consumer` needs a `stream` that it reads", stream),
        ("/dlq", "/stream", "a `dlq` needs a `stream` whose records it takes", stream),
        (
            "/auth",
            "/source/api",
            "`auth` needs an api that it guards",
            "add `source: { api: ... }`, or take `auth` out",
        ),
    ];
    let lacking = needs.iter().filter(|(path, needed, ..)| cx.has(path) && !cx.has(needed));
    lacking.map(|(path, _, message, hint)| Problem::error(*path, *message).hint(*hint).on_key()).collect()
}

/// What the bundled handler needs.
pub(super) fn handler(cx: &Cx<'_>) -> Vec<Problem> {
    let Some(function) = cx.spec.function() else {
        return Vec::new();
    };
    let mut problems = Vec::new();
    let path = "/consumer/function/handler";
    if !function.is_bundled() || !cx.sound(path) {
        return problems;
    }
    if !cx.has("/sink/table") && !cx.has("/sink") {
        let problem = Problem::error(path, "`stream-to-table` needs a `sink.table` that it writes to");
        problems.push(problem.hint("add `sink: { table: { partition_key: NAME } }`"));
    }
    if !function.failures.partial {
        let message = "`partial: false` does not go with a bundled handler: its answer names the records that failed";
        problems.push(Problem::error("/consumer/function/failures/partial", message).hint("take `partial` out"));
    }
    let table = cx.spec.table().and_then(|table| table.own());
    let keys = [
        ("partition_key", table.map(|table| &table.partition_key)),
        ("sort_key", table.and_then(|t| t.sort_key.as_ref())),
    ];
    for (name, _) in keys.iter().filter(|(_, key)| key.is_some_and(|key| key.kind == KeyType::Binary)) {
        let message = "`stream-to-table` cannot write a binary key: its records are JSON, which has no binary values";
        let hint = "make the key a `string` or a `number`, or bring a handler of your own";
        problems.push(Problem::error(format!("/sink/table/{name}/type"), message).hint(hint));
    }
    problems
}

/// A handler of one's own writes as it likes, and nobody else would keep what `overwrite` says.
fn overwrite(cx: &Cx<'_>) -> Option<Problem> {
    let handler = "/consumer/function/handler";
    let kept = cx.spec.function().is_some_and(|function| function.is_bundled());
    if cx.spec.overwrites() || kept || !cx.sound(handler) || (cx.has("/consumer") && cx.spec.function().is_none()) {
        return None;
    }
    let message = "`overwrite: false` needs the handler `stream-to-table`, which writes only where no row is";
    let hint = "take `overwrite` out; a handler of your own makes conditional puts itself";
    Some(Problem::error("/sink/table/overwrite", message).hint(hint))
}

/// What excludes something else.
pub(super) fn pairs(cx: &Cx<'_>) -> Vec<Problem> {
    let spec = cx.spec;
    let mut problems: Vec<Problem> = overwrite(cx).into_iter().collect();
    let stream = spec.kinesis().and_then(|stream| stream.own());
    if stream.is_some_and(|stream| stream.on_demand) && cx.has("/stream/kinesis/shards") {
        let problem = Problem::error("/stream/kinesis/shards", "`shards` does not go with `on_demand: true`");
        problems.push(problem.hint("take one of the two out: AWS sizes an on-demand stream").on_key());
    }
    if cx.file.pointer("/sink/table/dev").is_some() && spec.table().is_some_and(|table| table.own().is_some()) {
        let message = "`dev` says the keys of an existing table, and this one is the pipeline's own";
        problems.push(Problem::error("/sink/table/dev", message).hint("take `dev` out").on_key());
    }
    if spec.existing_secret().is_some() && cx.has("/auth/basic/on_destroy") {
        let message = "`on_destroy` does not go with an existing secret: the pipeline never deletes it";
        problems.push(Problem::error("/auth/basic/on_destroy", message).hint("take `on_destroy` out").on_key());
    }
    let table = spec.table().and_then(|table| table.own());
    let twice =
        table.is_some_and(|table| table.sort_key.as_ref().is_some_and(|key| key.name == table.partition_key.name));
    if twice && cx.all_sound(&["/sink/table/partition_key", "/sink/table/sort_key"]) {
        let message = "the sort key is the same attribute as the partition key";
        problems.push(Problem::error("/sink/table/sort_key", message).hint("name another attribute, or take it out"));
    }
    problems
}

/// No two functions of the pipeline have one name: the others of its kinds are single.
pub(super) fn names(cx: &Cx<'_>) -> Vec<Problem> {
    let (spec, name) = (cx.spec, cx.spec.consumer_name());
    if spec.auth.is_none() || spec.function().is_none() || name != spec.authorizer_name() {
        return Vec::new();
    }
    let message = format!("two functions would have the name `{name}`: the consumer and the authorizer");
    vec![Problem::error("/consumer/function/name", message).hint("name the consumer's function otherwise")]
}
