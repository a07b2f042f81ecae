//! Rules of KMS keys of one's own.

use super::domain::region;
use super::{At, Cx};
use crate::spec::{KmsKey, Problem, QueueStream};

/// All keys are of the account and region that is applied to, so they are of the same ones.
pub(super) fn places(cx: &Cx<'_>) -> Vec<Problem> {
    let mut keys = all(cx).into_iter().filter(|key| cx.sound(&key.path));
    let Some(first) = keys.next() else { return Vec::new() };
    let (here, at) = (region(first.arn()), first.path.trim_start_matches('/').replace('/', "."));
    let elsewhere = keys.filter(|key| region(key.arn()) != here);
    let told = elsewhere.map(|key| {
        let message = format!("this key is in `{}`, and `{at}` in `{here}`", region(key.arn()));
        Problem::error(&key.path, message).hint("both must be in the account and region that is applied to")
    });
    told.collect()
}

/// Every key of the spec, in the order that an event travels.
fn all<'a>(cx: &Cx<'a>) -> Vec<At<'a, KmsKey>> {
    let mut all = Vec::new();
    let mut add = |path: String, key: &'a Option<KmsKey>| all.extend(key.as_ref().map(|it| At { path, it }));
    if let Some(basic) = cx.basic() {
        add(basic.at("key"), &basic.it.key);
    }
    if let Some(own) = cx.kinesis().and_then(|stream| stream.own()) {
        add(own.at("key"), &own.it.key);
    }
    if let Some(own) = cx.fed_queue().and_then(|queue| queue.own()) {
        add(own.at("key"), &own.it.key);
    }
    if let Some((changes, own)) =
        cx.table_changes().and_then(|changes| Some((changes.at("table/key"), changes.it.own()?)))
    {
        add(changes, &own.key);
    }
    if let Some((path, own)) = cx.target().and_then(|target| Some((target.at("key"), target.it.table.own()?))) {
        add(path, &own.key);
    }
    if let Some(own) = cx.queue().and_then(|queue| queue.own()) {
        add(own.at("key"), &own.it.key);
    }
    all
}

/// A key of one's own says how to encrypt: `encryption` beside it says it again, or otherwise.
pub(super) fn one_encryption(cx: &Cx<'_>, key: &str, encryption: &str) -> Option<Problem> {
    let both = cx.file.pointer(key).is_some_and(|key| !key.is_null()) && cx.has(encryption);
    both.then(|| {
        let problem = Problem::error(encryption, "`encryption` does not go with `key`, which encrypts by itself");
        problem.hint("take one of the two out").on_key()
    })
}

/// The queue's policy lets others send, but not use its key
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html>).
pub(super) fn senders(cx: &Cx<'_>, queue: &At<'_, QueueStream>) -> Option<Problem> {
    let path = queue.at("allow");
    queue.key.as_ref().filter(|_| !queue.allow.is_empty() && cx.sound(&path))?;
    let message = "each of these also needs `kms:GenerateDataKey` and `kms:Decrypt` with the queue's key to send";
    let hint = "a role or user of this account gets that by its own policy, an AWS service and another account by the key's policy";
    Some(Problem::note(path, message).hint(hint).on_key())
}
