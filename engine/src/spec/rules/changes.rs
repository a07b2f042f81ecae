//! Rules of a table whose changes are the stream.

use super::{At, Cx, DLQ, SINK, STREAM, indexes, stores};
use crate::spec::wording::short;
use crate::spec::{Function, Problem, Start, Table, TableChanges, Target, View};

/// Hours for which a change stays in the stream
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html>).
const KEPT: u32 = 24;

/// The table keeps the rules of every table.
pub(super) fn table(cx: &Cx<'_>, changes: &At<'_, TableChanges>) -> Vec<Problem> {
    let target = changes.as_target();
    let own = changes.own().is_some();
    let path = if own { changes.at("table") } else { changes.path.clone() };
    let target = At { path, it: &target };
    let mut problems = stores::table(cx, &target);
    problems.extend(indexes::table(cx, &target));
    if own && cx.has(&changes.at("dev")) {
        let message = "`dev` gives the keys of an existing table, but this one is the pipeline's own";
        problems.push(Problem::error(changes.at("dev"), message).hint("take `dev` out").on_key());
    }
    problems
}

/// No consumer writes to the very table whose changes it reads.
pub(super) fn endless(cx: &Cx<'_>) -> Option<Problem> {
    let (changes, target) = (cx.table_changes()?, cx.target()?);
    let name = cx.spec.stream_name();
    if name != cx.spec.table_name() || !cx.sound(&changes.path) || !cx.sound(&target.path) {
        return None;
    }
    let message = format!(
        "the sink is the table `{}` whose changes are the stream: each row that the consumer writes would call it again, without end",
        short(&name)
    );
    Some(Problem::error(SINK, message).hint("write to another table").on_key())
}

/// A table's stream can be read from its ends alone.
pub(super) fn start(cx: &Cx<'_>, function: &At<'_, Function>) -> Vec<Problem> {
    if cx.table_changes().is_none() || !matches!(function.batch.start, Start::At(_)) {
        return Vec::new();
    }
    let message = "the stream of a table has no times to start at: AWS knows its oldest and its newest record alone";
    let hint = "use `start: oldest`, which loses nothing: at most 24 hours are in it";
    vec![Problem::error(function.at("batch/start/at"), message).hint(hint).on_key()]
}

/// Only the bundled handler deletes rows, and only changes of a table say what was deleted.
pub(super) fn deletes(cx: &Cx<'_>) -> Vec<Problem> {
    let Some(target) = cx.target().filter(|target| target.deletes) else { return Vec::new() };
    let path = target.at("deletes");
    let own_handler = cx.function().is_some_and(|function| !function.is_bundled() && cx.sound(&function.at("handler")));
    let (message, hint) = match cx.table_changes() {
        None if !cx.sound(STREAM) => return Vec::new(),
        None => (
            "`deletes: true` needs `stream.table_changes`: no other events say that something was deleted",
            "take `deletes` out",
        ),
        Some(_) if own_handler => (
            "`deletes: true` needs the handler `stream-to-table`",
            "take `deletes` out; a handler of your own deletes rows itself",
        ),
        Some(changes) if lacks_old_keys(&changes, &target) => (
            "a deletion has only the old image of an item, and this view leaves it out: the sink's keys would not be known",
            "use `view: new_and_old_images`",
        ),
        Some(_) => return Vec::new(),
    };
    vec![Problem::error(path, message).hint(hint).on_key()]
}

/// Whether the keys of a deleted row cannot be told: those of the changing table do not have them, and the old image is left out.
fn lacks_old_keys(changes: &TableChanges, target: &Target) -> bool {
    let (Some(changed), Some(sink)) = (changes.place.own(), target.table.own()) else { return false };
    let names = |table: &Table| -> Vec<String> {
        let keys = [Some(&table.partition_key), table.sort_key.as_ref()];
        keys.into_iter().flatten().map(|key| key.name.clone()).collect()
    };
    let known = names(&changed.table.0);
    changed.view == View::NewImage && names(sink).iter().any(|key| !known.contains(key))
}

/// The bundled handler writes the item as it is after the change.
pub(super) fn images(cx: &Cx<'_>) -> Vec<Problem> {
    let (Some(changes), Some(function)) = (cx.table_changes(), cx.function()) else { return Vec::new() };
    let without = changes.place.own().is_some_and(|own| matches!(own.view, View::KeysOnly | View::OldImage));
    if !without || !function.is_bundled() {
        return Vec::new();
    }
    let message = "`stream-to-table` writes the item as it is after a change, and this view does not have it";
    let hint = "use `new_and_old_images` or `new_image`, or bring a handler of your own";
    vec![Problem::error(changes.at("view"), message).hint(hint)]
}

/// How long a record that fails may hold its shard, and where it is then.
pub(super) fn notes(cx: &Cx<'_>) -> Vec<Problem> {
    let Some(function) = cx.table_changes().and_then(|_| cx.function()) else { return Vec::new() };
    let (age, retries) = (cx.spec.max_age_hours(), cx.spec.retries());
    let path = function.at("failures/max_age_hours");
    if age > KEPT && cx.sound(&path) {
        let message =
            format!("records are retried for {age} hours, but the stream of a table forgets them after {KEPT}");
        return vec![Problem::warning(path, message).hint(format!("at most {KEPT}"))];
    }
    if function.is_bundled() {
        return Vec::new();
    }
    let tries = if retries < 0 { String::new() } else { format!(" or has failed {retries} times more") };
    let fate = match (cx.has(DLQ), KEPT.saturating_sub(age)) {
        (false, _) => "it is dropped then".to_owned(),
        (true, 0) => "the dlq then says where it was, and the stream forgets it about then".to_owned(),
        (true, left) => format!("the dlq then says where it is, and it stays there for {left} hours more"),
    };
    let message = format!(
        "a record on which your handler fails each time holds up its shard until it is {age} hours old{tries}; {fate}"
    );
    let hint = "fewer `failures.retries`, or a handler that sends what it can never handle to a queue of its own";
    vec![Problem::note(STREAM, message).hint(hint).on_key()]
}
