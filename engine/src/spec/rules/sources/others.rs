//! Rules of buckets, log groups and IoT.

use super::{At, Cx};
use crate::spec::rules::{CONSUMER, DLQ};
use crate::spec::{Bucket, Function, Iot, Logs, Problem, Via};

/// What a bucket's events can come by, and what carries them.
pub(in crate::spec::rules) fn bucket(cx: &Cx<'_>, bucket: &At<'_, Bucket>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let path = bucket.at("events");
    if bucket.way() == Via::Events && cx.sound(&path) {
        let not_there = bucket.events.iter().filter(|event| event.on_bus().is_none());
        problems.extend(not_there.map(|event| {
            let message =
                format!("`{}` is a type of S3's own notifications, and the event bus has others", event.as_str());
            Problem::error(&path, message)
                .hint("say `created`, `removed`, `restored` or `tagged`, or `via: notification`")
        }));
    }
    if bucket.way() == Via::Notification && cx.has(DLQ) && cx.spec.is_pushed() {
        let message = "what S3 cannot deliver goes nowhere: its notifications have no dead letters, and the dlq takes only what the function fails on";
        problems.push(Problem::note(DLQ, message).on_key());
    }
    let own = cx.function().is_some_and(|function| !function.is_bundled());
    if bucket.way() == Via::Events && own {
        let message = "the handler gets an event of EventBridge, with `detail.bucket.name` and `detail.object.key`, and no `Records`";
        problems.push(
            Problem::note(if cx.has(&bucket.at("via")) { bucket.at("via") } else { bucket.path.clone() }, message)
                .on_key(),
        );
    }
    problems.extend(unread(cx, "bucket", "the object is not in the event"));
    problems
}

/// Lines that a function writes when it gets lines would come again, for ever.
pub(in crate::spec::rules) fn logs(cx: &Cx<'_>, logs: &At<'_, Logs>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let own = cx.spec.function().map(|_| format!("/aws/lambda/{}", cx.spec.consumer_name()));
    if own.as_deref() == Some(&logs.group) && cx.sound(&logs.at("group")) {
        let message = "this is the log of the consumer itself: each line that it writes would call it again, and AWS does not see such circles";
        problems.push(Problem::error(logs.at("group"), message).hint("take the log group of another function"));
    }
    let path = logs.at("match");
    if let Some(message) = unbalanced(&logs.pattern).filter(|_| cx.sound(&path)) {
        let hint = "as in `?ERROR ?WARN`, `{ $.level = \"ERROR\" }` or `[ip, user, status = 5*]`";
        problems.push(Problem::error(path, message).hint(hint));
    }
    if cx.has(DLQ) && cx.spec.is_pushed() {
        let message = "what CloudWatch Logs cannot deliver is lost: its filters have no dead letters, and the dlq takes only what the function fails on";
        problems.push(Problem::note(DLQ, message).on_key());
    }
    problems.extend(unread(cx, "logs", "its lines come packed, many in one event"));
    problems
}

/// What opens in a filter pattern and does not close; quoted text is any.
fn unbalanced(pattern: &str) -> Option<String> {
    let quoted = pattern.split('"').collect::<Vec<_>>();
    if quoted.len() % 2 == 0 {
        return Some("a `\"` of this pattern has no second one".to_owned());
    }
    let plain: String = quoted.into_iter().step_by(2).collect();
    let pairs = [('{', '}'), ('[', ']'), ('(', ')')];
    let open = pairs.into_iter().find(|(open, close)| plain.matches(*open).count() != plain.matches(*close).count());
    open.filter(|_| !plain.contains('%'))
        .map(|(open, close)| format!("this pattern has not as many `{close}` as `{open}`"))
}

/// A filter of MQTT: `+` is a level, and `#` the last one.
fn no_filter(topic: &str) -> Option<&'static str> {
    let levels: Vec<&str> = topic.split('/').collect();
    let alone = levels.iter().all(|level| level.len() == 1 || !level.contains(['+', '#']));
    let last = levels.iter().position(|level| *level == "#").is_none_or(|at| at + 1 == levels.len());
    match (alone, last) {
        (false, _) => Some("`+` and `#` are levels of their own: nothing else stands between two `/`"),
        (_, false) => Some("`#` is the last level: it takes all that follows"),
        _ => None,
    }
}

/// `topic`, or the whole statement.
pub(in crate::spec::rules) fn iot(cx: &Cx<'_>, iot: &At<'_, Iot>) -> Vec<Problem> {
    let parts = ["topic", "select", "where"].into_iter().find(|key| cx.has(&iot.at(key)));
    match (&iot.sql, &iot.topic, parts) {
        (Some(_), _, Some(part)) => {
            let message = format!("`sql` is the whole statement, and `{part}` a part of one");
            vec![Problem::error(iot.at("sql"), message).hint(format!("take `sql` out, or `{part}`")).on_key()]
        }
        (None, None, _) if cx.sound(&iot.at("topic")) && cx.sound(&iot.at("sql")) => {
            let message = "nothing says which messages: `topic` is absent";
            vec![Problem::error(&iot.path, message).hint("as in `topic: sensors/+/temp`").on_key()]
        }
        (_, Some(topic), _) if cx.sound(&iot.at("topic")) => {
            let wrong = no_filter(topic)
                .map(|why| Problem::error(iot.at("topic"), why).hint("as in `sensors/+/temp` or `sensors/#`"));
            wrong.into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// What the bundled handler cannot read.
fn unread(cx: &Cx<'_>, word: &str, why: &str) -> Option<Problem> {
    let function: At<'_, Function> = cx.function().filter(|function| function.is_bundled())?;
    let path = function.at("handler");
    let message = format!("`stream-to-table` cannot read what a `{word}` sends: {why}");
    let at = if cx.has(&path) { path } else { CONSUMER.to_owned() };
    cx.sound(&at).then(|| Problem::error(at, message).hint("bring a handler of your own"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_opens_closes() {
        for right in
            ["", "?ERROR ?WARN", "{ $.level = \"ERR{OR\" }", "[ip, status = 5*]", "{ ($.a = 1) && ($.b = 2) }", "%a{2%"]
        {
            assert_eq!(unbalanced(right), None, "{right}");
        }
        for wrong in ["{ $.level = ERROR", "[a, b", "\"one", "{ ($.a = 1 }"] {
            assert!(unbalanced(wrong).is_some(), "{wrong}");
        }
    }

    #[test]
    fn a_filter_has_its_wildcards_in_levels_of_their_own() {
        for right in ["sensors/+/temp", "sensors/#", "#", "+", "a/b", "$aws/things/+/shadow"] {
            assert_eq!(no_filter(right), None, "{right}");
        }
        for wrong in ["sensors/#/temp", "sensors/a+/temp", "a#"] {
            assert!(no_filter(wrong).is_some(), "{wrong}");
        }
    }
}
