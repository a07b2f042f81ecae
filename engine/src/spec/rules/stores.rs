//! Rules of what holds records and secrets.

use super::existing::{KINESIS, QUEUE, SECRET, TABLE, existing, wrong};
use super::keys::one_encryption;
use super::{At, Cx};
use crate::spec::stream::FIFO;
use crate::spec::{Basic, Kinesis, OwnOrExisting, Problem, Queue, QueueStream, Secret, Target};

/// KiB of a record whose event Lambda still takes: base64 makes 4 bytes of 3, and a call's event has at most 6 MB
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const HANDLED_KB: u32 = 4500;

/// KiB of a record that an API can send: its request to Kinesis holds it in base64, and has at most 10 MB
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>).
const SENT_KB: u32 = 7500;

/// Rules of a Kinesis stream.
pub(super) fn kinesis(cx: &Cx<'_>, kinesis: &At<'_, OwnOrExisting<Kinesis>>) -> Vec<Problem> {
    let mut problems: Vec<Problem> = existing(kinesis, &KINESIS).into_iter().collect();
    let shards = kinesis.at("shards");
    if kinesis.own().is_some_and(|own| own.on_demand) && cx.has(&shards) {
        let problem = Problem::error(shards, "`shards` does not go with `on_demand: true`");
        problems.push(problem.hint("take one of the two out: AWS sizes an on-demand stream").on_key());
    }
    problems.extend(kinesis.own().and_then(|own| one_encryption(cx, &own.at("key"), &own.at("encryption"))));
    problems.extend(larger(cx, kinesis));
    problems
}

/// Records that the stream takes, but not what is behind or before it.
fn larger(cx: &Cx<'_>, kinesis: &At<'_, OwnOrExisting<Kinesis>>) -> Option<Problem> {
    let (path, most) = (kinesis.at("max_record_kb"), kinesis.own()?.max_record_kb);
    let (message, hint) = if !cx.sound(&path) {
        return None;
    } else if most > HANDLED_KB && cx.spec.function().is_some() {
        let message = format!(
            "a record of more than about {HANDLED_KB} KiB never reaches the function: Lambda's event holds it in base64, and has at \
             most 6 MB. It is given up"
        );
        (message, HANDLED_KB)
    } else if most > SENT_KB && cx.spec.api().is_some() {
        let message = format!(
            "the API sends no record of more than about {SENT_KB} KiB: its request to the stream holds it in base64, and has at most \
             10 MB"
        );
        (message, SENT_KB)
    } else {
        return None;
    };
    Some(Problem::warning(path, message).hint(format!("at most {hint}, or senders that keep below it")))
}

/// Rules of a table.
pub(super) fn table(cx: &Cx<'_>, target: &At<'_, Target>) -> Vec<Problem> {
    let table = At { path: target.path.clone(), it: &target.it.table };
    let mut problems: Vec<Problem> = existing(&table, &TABLE).into_iter().collect();
    let Some(own) = table.own() else { return problems };
    if cx.file.pointer(&target.at("dev")).is_some() {
        let message = "`dev` gives the keys of an existing table, but this one is the pipeline's own";
        problems.push(Problem::error(target.at("dev"), message).hint("take `dev` out").on_key());
    }
    let twice = own.sort_key.as_ref().is_some_and(|key| key.name == own.partition_key.name);
    if twice && cx.sound(&own.at("partition_key")) && cx.sound(&own.at("sort_key")) {
        let message = "the sort key is the same attribute as the partition key";
        problems.push(Problem::error(own.at("sort_key"), message).hint("name another attribute, or take it out"));
    }
    problems.extend(one_encryption(cx, &own.at("key"), &own.at("encryption")));
    problems
}

/// Rules of the dlq's queue: messages move to a queue of their own sort alone.
pub(super) fn queue(cx: &Cx<'_>, queue: &At<'_, OwnOrExisting<Queue>>) -> Vec<Problem> {
    let fifo = queue.it.existing().map(|existing| existing.name().ends_with(FIFO));
    let moves = cx.spec.fed_queue().is_some();
    let (message, hint) = match fifo {
        Some(false) if cx.spec.is_fifo() => {
            ("messages of a FIFO queue move to a FIFO queue alone", "name one whose name ends with `.fifo`")
        }
        Some(true) if moves && !cx.spec.is_fifo() => {
            ("messages of a standard queue move to a standard queue alone", "name a standard queue")
        }
        Some(true) if !moves => ("a FIFO queue takes no records of an event source mapping", "name a standard queue"),
        _ => return existing(queue, &QUEUE).into_iter().collect(),
    };
    vec![Problem::error(queue.at("existing"), message).hint(hint)]
}

/// The name of an existing queue that feeds the consumer.
pub(super) fn feeding(queue: &At<'_, OwnOrExisting<QueueStream>>) -> Option<Problem> {
    existing(queue, &QUEUE)
}

/// Rules of the secret of basic authentication.
pub(super) fn basic(cx: &Cx<'_>, basic: &At<'_, Basic>) -> Vec<Problem> {
    let Some(Secret::Existing(secret)) = &basic.it.secret else { return Vec::new() };
    let mut problems: Vec<Problem> = wrong(&basic.below("secret/existing", secret), &SECRET).into_iter().collect();
    if cx.has(&basic.at("on_destroy")) {
        let message = "`on_destroy` does not go with an existing secret: the pipeline never deletes it";
        problems.push(Problem::error(basic.at("on_destroy"), message).hint("take `on_destroy` out").on_key());
    }
    problems
}
