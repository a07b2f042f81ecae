//! Rules of sources that send by themselves: what they can reach, and what a function takes that they call.

pub(super) mod alexa;
pub(super) mod endless;
pub(super) mod events;
mod filter;
pub(super) mod others;
pub(super) mod schedule;

use super::{At, CONSUMER, Cx, DLQ, SOURCE, STREAM};
use crate::spec::{Dlq, FIFO, Feeding, Function, OwnOrExisting, Problem, Source, Stream, Topic, Via};

/// Keys of `consumer.function` that only what is polled has.
const OF_POLLED: [&str; 7] =
    ["batch", "enabled", "fan_out", "failures/bisect", "failures/max_age_hours", "failures/partial", "filters"];

/// Retries of an asynchronous call at most
/// (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html>).
const RETRIES: i32 = 2;

/// A way that a source does not have: why, and the nearest that works.
struct NoWay {
    source: &'static str,
    stream: &'static str,
    why: &'static str,
    instead: &'static str,
}

/// What AWS cannot do.
const NO_WAYS: &[NoWay] = &[
    NoWay {
        source: "topic",
        stream: "kinesis",
        why: "a topic cannot send to a Kinesis stream: SNS has no such subscription",
        instead: "use `stream: { queue: {} }`, or no `stream` at all; or let the topic's function put the records",
    },
    NoWay {
        source: "bucket",
        stream: "kinesis",
        why: "a bucket cannot send to a Kinesis stream: S3 notifies functions, queues and topics",
        instead: "use `stream: { queue: {} }`, or no `stream` at all",
    },
    NoWay {
        source: "logs",
        stream: "queue",
        why: "a log group cannot send to a queue: CloudWatch Logs sends to functions and streams",
        instead: "use `stream: { kinesis: {} }`, or no `stream` at all",
    },
];

/// The source that sends by itself; none where the file has another, which the schema refused.
fn pushing<'a>(cx: &Cx<'a>) -> Option<&'a Source> {
    cx.spec.pushing().filter(|source| cx.file.pointer(&format!("{SOURCE}/{}", source.word())).is_some())
}

/// A source reaches what is next.
pub(super) fn ways(cx: &Cx<'_>) -> Vec<Problem> {
    let Some(source) = pushing(cx) else { return Vec::new() };
    let word = source.word();
    let at = format!("{SOURCE}/{word}");
    let mut problems = Vec::new();
    match &cx.spec.stream {
        None if !cx.has(CONSUMER) && !cx.has(STREAM) => {
            let message = format!("a `{word}` needs something that takes its events");
            let hint = "add `consumer: { function: { handler: PATH } }`, or a `stream`";
            problems.push(Problem::error(at, message).hint(hint).on_key());
        }
        // Its own rules refuse any.
        Some(_) if matches!(source, Source::Alexa(_)) => {}
        Some(Stream::TableChanges(_)) => {
            let message = format!("a `{word}` cannot write to a table, whose changes are the stream here");
            let hint = "let a function of another pipeline write to the table, or take `source` out";
            problems.push(Problem::error(at, message).hint(hint).on_key());
        }
        Some(Stream::Kinesis(_) | Stream::Queue(_)) => {
            problems.extend(no_way(cx, source));
            problems.extend(unordered(cx, source));
        }
        None => {}
    }
    problems
}

fn no_way(cx: &Cx<'_>, source: &Source) -> Option<Problem> {
    let Some(Feeding::Polled(stream)) = cx.spec.feeding() else { return None };
    let no = NO_WAYS.iter().find(|no| no.source == source.word() && no.stream == stream)?;
    Some(Problem::error(format!("{STREAM}/{stream}"), no.why).hint(no.instead).on_key())
}

/// Only a FIFO topic sends what a FIFO queue wants.
fn unordered(cx: &Cx<'_>, source: &Source) -> Option<Problem> {
    let ordered = cx.spec.topic().is_some_and(|_| cx.spec.topic_name().ends_with(FIFO));
    if !cx.spec.is_fifo() || ordered {
        return None;
    }
    let why = match source {
        Source::Schedule(_) | Source::Events(_) => "`pipe` gives what it sends no message group",
        _ => "AWS sends no message group and no deduplication id for it",
    };
    let message = format!("`source.{}` cannot send to a FIFO queue: {why}", source.word());
    let hint = match source {
        Source::Topic(_) => "use a standard queue, or an existing FIFO topic",
        _ => "use a standard queue",
    };
    Some(Problem::error(format!("{STREAM}/queue"), message).hint(hint).on_key())
}

/// What says how events are handed over is said of what feeds the function.
pub(super) fn feeds(cx: &Cx<'_>, function: &At<'_, Function>) -> Vec<Problem> {
    let key = "failures/max_age_minutes";
    let feeding = cx.spec.feeding().filter(|_| cx.spec.pushing().is_none() || pushing(cx).is_some());
    match feeding {
        Some(Feeding::Pushed(word) | Feeding::Asked(word)) => pushed(cx, function, word),
        Some(Feeding::Polled(word)) if cx.has(&function.at(key)) => {
            let message =
                format!("`max_age_minutes` belongs to a function that a source calls, and `{word}` feeds this one");
            let hint = if word == "queue" { "take it out" } else { "take it out: here it is `max_age_hours`" };
            vec![Problem::error(function.at(key), message).hint(hint).on_key()]
        }
        _ => Vec::new(),
    }
}

fn pushed(cx: &Cx<'_>, function: &At<'_, Function>, word: &str) -> Vec<Problem> {
    let said = OF_POLLED.into_iter().filter(|key| cx.has(&function.at(key)));
    let wrong = |key: &str| {
        let name = key.rsplit('/').next().unwrap_or_default();
        let message = format!("`{name}` belongs to a function that a `stream` feeds, and a {word} calls this one");
        let hint = match name {
            "max_age_hours" => "take it out: here it is `max_age_minutes`",
            "filters" if word == "topic" => "take it out: `source.topic.filter` says which messages come",
            _ => "take it out, or put a `stream` between the two",
        };
        Problem::error(function.at(key), message).hint(hint).on_key()
    };
    let mut problems: Vec<Problem> = said.map(wrong).collect();
    let retries = function.at("failures/retries");
    if function.failures.retries.is_some_and(|retries| !(0..=RETRIES).contains(&retries)) && cx.sound(&retries) {
        let message = format!("a call of a {word} is repeated at most {RETRIES} times");
        problems.push(Problem::error(retries, message).hint("0, 1 or 2; a `stream` between the two has more"));
    }
    if function.existing.is_some() && cx.has(&function.at("failures")) {
        let message = "`failures` would change the function that `existing` names, which the pipeline never does";
        let hint = "take it out: the function's own settings for asynchronous calls hold";
        problems.push(Problem::error(function.at("failures"), message).hint(hint).on_key());
    }
    problems
}

/// What becomes of events that fail for good where no dlq takes them.
pub(super) fn undead(cx: &Cx<'_>, function: &At<'_, Function>) -> Option<Problem> {
    let (at, message) = match (cx.has(DLQ), &function.existing) {
        (false, _) => (CONSUMER, "without a `dlq`, events that cannot be handled are dropped after their retries"),
        (true, Some(_)) => (
            DLQ,
            "what the existing function fails on goes where its own settings say: the dlq takes only what cannot be delivered",
        ),
        (true, None) => return None,
    };
    let problem = Problem::warning(at, message).on_key();
    Some(if at == CONSUMER { problem.hint("add `dlq: { queue: {} }`") } else { problem })
}

/// A queue that exists is sent to where its policy lets the source in, which the pipeline never changes. A link without tags would then be
/// nobody's: it is the statement in the policy that tells whose it is.
fn to_foreign(cx: &Cx<'_>, source: &Source, queue: &str) -> Option<Problem> {
    let by_notification = cx.spec.bucket().is_some_and(|bucket| bucket.way() == Via::Notification);
    let (what, hint) = match source {
        Source::Topic(_) => (
            "a topic's subscription",
            format!(
                "let the pipeline make the queue; or subscribe `{queue}` to the topic with the tool that made it, and take `source` out"
            ),
        ),
        Source::Bucket(_) if by_notification => (
            "a bucket's notification",
            "say `via: events`, whose rule has tags; or let the pipeline make the queue".to_owned(),
        ),
        Source::Bucket(_) | Source::Events(_) => {
            let word = source.word();
            let message =
                format!("the pipeline does not change the policy of `{queue}`: it must let the rule of `{word}` send");
            return Some(Problem::warning(format!("{STREAM}/queue"), message).on_key());
        }
        // They send with a role of the pipeline's.
        _ => return None,
    };
    let message = format!(
        "{what} cannot lead to a queue that exists: AWS gives it no tags, and the policy of `{queue}`, which would tell whose it is, is never changed"
    );
    Some(Problem::error(format!("{STREAM}/queue"), message).hint(hint).on_key())
}

/// A policy that is not the pipeline's must let the source in.
pub(super) fn foreign(cx: &Cx<'_>) -> Vec<Problem> {
    let Some(source) = pushing(cx) else { return Vec::new() };
    let word = source.word();
    let mut problems = Vec::new();
    let by_policy = matches!(source, Source::Topic(_) | Source::Bucket(_) | Source::Events(_));
    if let Some(Stream::Queue(OwnOrExisting::Existing(queue))) = &cx.spec.stream {
        problems.extend(to_foreign(cx, source, queue.name()));
    }
    let fed = cx.spec.fed_queue().and_then(OwnOrExisting::own).and_then(|own| own.key.as_ref());
    let dlq = cx.spec.queue().and_then(OwnOrExisting::own).and_then(|own| own.key.as_ref());
    for (path, _) in [(format!("{STREAM}/queue/key"), fed), (format!("{DLQ}/queue/key"), dlq)]
        .into_iter()
        .filter(|(_, key)| by_policy && key.is_some())
    {
        let message = format!(
            "a {word} sends to this queue as a service of AWS, which the key's own policy must let use the key"
        );
        let hint = "allow the service `kms:GenerateDataKey*` and `kms:Decrypt` there; the pipeline never changes a key";
        problems.push(Problem::warning(path, message).hint(hint).on_key());
    }
    // The others send there as their role, or nowhere at all.
    let brought = matches!(source, Source::Topic(_) | Source::Events(_))
        || cx.spec.bucket().is_some_and(|it| it.way() == Via::Events);
    if let Some(Dlq::Queue(OwnOrExisting::Existing(queue))) = cx.spec.dlq.as_ref().filter(|_| brought) {
        let message = format!(
            "what the {word} cannot deliver is lost: the pipeline does not change the policy of `{}`, which would have to let it send",
            queue.name()
        );
        problems.push(Problem::warning(DLQ, message).hint("let the pipeline make the dlq").on_key());
    }
    problems
}

/// What a topic sends, and what of that is taken.
pub(super) fn topic(cx: &Cx<'_>, topic: &At<'_, Topic>) -> Vec<Problem> {
    let mut problems = Vec::new();
    if topic.place.existing().is_some_and(|existing| existing.name().ends_with(".fifo")) && cx.spec.is_pushed() {
        let message = "a FIFO topic cannot call a function: SNS sends from it to queues alone";
        problems.push(
            Problem::error(topic.at("existing"), message).hint("put `stream: { queue: { fifo: true } }` between"),
        );
    }
    if cx.spec.fed_queue().is_some() {
        let message = "a message with more than 10 attributes does not come to the queue: SNS sends the message alone, and SQS takes no more attributes";
        problems.push(Problem::note(&topic.path, message).on_key());
    }
    let path = topic.at("filter");
    let Some(filter) = topic.filter.as_ref().filter(|_| cx.sound(&path)) else {
        if cx.has(&topic.at("filter_on")) && topic.filter.is_none() {
            let message = "`filter_on` says what a `filter` looks at, and there is none";
            problems.push(Problem::error(topic.at("filter_on"), message).hint("add `filter`, or take it out").on_key());
        }
        return problems;
    };
    problems.extend(filter::refused(&path, filter, topic.filter_on));
    problems
}
