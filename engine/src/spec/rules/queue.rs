//! Rules of a queue that feeds the consumer, and of what its mapping takes.

use super::{At, CONSUMER, Cx, DLQ, STREAM, keys, stores};
use crate::spec::stream::FIFO;
use crate::spec::wording::short;
use crate::spec::{Function, OwnOrExisting, Problem, QueueStream};

/// Characters of a queue's name at most, with what a FIFO queue's ends with.
const LONGEST_NAME: usize = 80;

/// Messages that Lambda takes at once from a FIFO queue, and from any without a window
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html>).
const AT_ONCE: u32 = 10;

/// How often a message should be handed over at least: receives that Lambda itself throttles count, too
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html>).
const RECEIVES: u32 = 5;

/// Calls that a queue makes at the same time at most.
const FEEDERS: u32 = 1000;

/// Keys of `consumer.function` that only a stream of records has.
const OF_RECORDS: [&str; 5] =
    ["batch/parallelization", "batch/start", "failures/retries", "failures/max_age_hours", "failures/bisect"];

/// Rules of the queue itself.
pub(super) fn queue(cx: &Cx<'_>, queue: &At<'_, OwnOrExisting<QueueStream>>) -> Vec<Problem> {
    let Some(own) = queue.own() else {
        return stores::feeding(queue).into_iter().chain(unmoved(cx)).chain(same(cx, &queue.path)).collect();
    };
    let some = [
        suffix(cx, &own),
        longest(&own.at("name"), &cx.spec.fed_queue_name()),
        cx.has(DLQ).then(|| longest(&format!("{DLQ}/queue/name"), &cx.spec.queue_name())).flatten(),
        hidden(cx, &own),
        unreceived(cx, &own),
        few(cx, &own),
        kept(cx, &own),
        same(cx, &own.path),
        deaf(cx, &own),
        keys::one_encryption(cx, &own.at("key"), &own.at("encryption")),
        keys::senders(cx, &own),
    ];
    some.into_iter().flatten().collect()
}

/// Nobody would move messages of a queue that the pipeline does not change.
fn unmoved(cx: &Cx<'_>) -> Option<Problem> {
    let message = "nothing goes to the dlq: an existing queue moves its messages where its own redrive policy says";
    let problem = Problem::warning(DLQ, message).on_key();
    cx.has(DLQ).then(|| problem.hint("set the redrive policy of the queue by hand, and take `dlq` out"))
}

/// A queue that is its own dlq would take back what fails.
fn same(cx: &Cx<'_>, path: &str) -> Option<Problem> {
    let name = cx.spec.queue_name();
    if !cx.has(DLQ) || name != cx.spec.fed_queue_name() || !cx.sound(path) || !cx.sound(DLQ) {
        return None;
    }
    let message =
        format!("the dlq is the queue `{}` that feeds the consumer: what fails would come back", short(&name));
    Some(Problem::error(DLQ, message).hint("name another queue").on_key())
}

/// Services send no deduplication id, and a FIFO queue takes no message without one
/// (<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_SqsParameters.html>).
fn deaf(cx: &Cx<'_>, queue: &At<'_, QueueStream>) -> Option<Problem> {
    let path = queue.at("allow");
    let service = queue.allow.iter().find(|sender| queue.fifo && sender.is_service())?;
    let message = format!(
        "`{}` cannot send to this FIFO queue: AWS's services send no deduplication id, and the queue wants one",
        service.as_str()
    );
    let hint = "use a standard queue, or let a function of yours send";
    cx.sound(&path).then(|| Problem::error(path, message).hint(hint))
}

/// Messages that a function turns away count as received
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>).
fn crowded(cx: &Cx<'_>, function: &At<'_, Function>) -> Option<Problem> {
    let kept = function.reserved_concurrency?;
    let path = function.at("reserved_concurrency");
    if function.batch.max_concurrency.is_some() || cx.spec.is_fifo() || kept >= FEEDERS || !cx.sound(&path) {
        return None;
    }
    let (message, hint) = match kept {
        0 => (
            "each message is turned away, which counts as received: good messages go to the dlq".to_owned(),
            "`enabled: false` lets them wait in the queue".to_owned(),
        ),
        _ => (
            format!(
                "the queue may make more than {kept} calls at a time: messages that are turned away count as received, and may go to the dlq"
            ),
            format!("add `batch: {{ max_concurrency: {} }}`", kept.max(2)),
        ),
    };
    Some(Problem::warning(path, message).hint(hint))
}

/// `.fifo` is of FIFO queues alone.
fn suffix(cx: &Cx<'_>, queue: &At<'_, QueueStream>) -> Option<Problem> {
    let name = queue.name.as_deref().filter(|name| name.ends_with(FIFO) && !queue.fifo)?;
    if !cx.sound(&queue.at("fifo")) {
        return None;
    }
    let message = format!("`{}` is the name of a FIFO queue, and this is none", short(name));
    Some(Problem::error(queue.at("name"), message).hint("add `fifo: true`, or take `.fifo` out"))
}

fn longest(path: &str, name: &str) -> Option<Problem> {
    let message = format!("`{}` has {} characters, and a queue's name at most {LONGEST_NAME}", short(name), name.len());
    let problem = || Problem::error(path, message).hint("`.fifo` counts, which every FIFO queue's name ends with");
    (name.len() > LONGEST_NAME).then(problem)
}

/// A message must not be handed over again while the function still works on it: Lambda refuses such a mapping.
fn hidden(cx: &Cx<'_>, queue: &At<'_, QueueStream>) -> Option<Problem> {
    let (said, function) = (queue.visibility_seconds?, cx.function()?);
    let timeout = function.timeout_seconds;
    // The time-out of one that exists is AWS's to say: the plan compares the two.
    if said >= timeout || function.existing().is_some() || !cx.sound(&function.at("timeout_seconds")) {
        return None;
    }
    let message = format!("a message would be hidden for {said} s, and the function may work on it for {timeout} s");
    let hint = format!("at least {timeout}; AWS advises {}, the default", timeout * 6 + function.batch.window_seconds);
    Some(Problem::error(queue.at("visibility_seconds"), message).hint(hint))
}

/// Without a dlq nothing counts receives.
fn unreceived(cx: &Cx<'_>, queue: &At<'_, QueueStream>) -> Option<Problem> {
    let path = queue.at("max_receives");
    let message = "`max_receives` says when a message moves to the dlq, and there is none";
    let problem = Problem::error(&path, message).hint("add `dlq: { queue: {} }`, or take it out").on_key();
    (cx.has(&path) && !cx.has(DLQ)).then_some(problem)
}

fn few(cx: &Cx<'_>, queue: &At<'_, QueueStream>) -> Option<Problem> {
    let receives = queue.max_receives;
    if receives >= RECEIVES || !cx.has(DLQ) {
        return None;
    }
    let times = if receives == 1 { "time".to_owned() } else { "times".to_owned() };
    let message = format!(
        "a message goes to the dlq after it was handed over {receives} {times}: what Lambda throttles counts, too, \
         so that good messages go there"
    );
    Some(Problem::warning(queue.at("max_receives"), message).hint(format!("{RECEIVES} or more")))
}

/// A message keeps the time that it was sent at when it moves to a standard queue.
fn kept(cx: &Cx<'_>, queue: &At<'_, QueueStream>) -> Option<Problem> {
    let dlq = cx.queue()?.own()?;
    let (here, there) = (queue.retention_days, dlq.retention_days);
    if queue.fifo || there > here || !cx.sound(&dlq.at("retention_days")) {
        return None;
    }
    let message = format!(
        "messages are {there} days old at most in the dlq, counted from when they were sent, and may be {here} days old when they \
         come there: SQS then deletes them unseen"
    );
    let path = if cx.has(&dlq.at("retention_days")) { dlq.at("retention_days") } else { queue.at("retention_days") };
    Some(Problem::warning(path, message).hint("keep them longer in the dlq than in the queue"))
}

/// What says how records are handed over is said of what feeds the function.
pub(super) fn feeds(cx: &Cx<'_>, function: &At<'_, Function>) -> Vec<Problem> {
    let problem = |key: &str, message: String, hint: &str| {
        Problem::error(function.at(key), message).hint(hint.to_owned()).on_key()
    };
    let last = |key: &str| key.rsplit('/').next().unwrap_or_default().to_owned();
    if cx.spec.fed_queue().is_some() {
        let said = OF_RECORDS.into_iter().filter(|key| cx.has(&function.at(key)));
        let mut all: Vec<Problem> = said.map(|key| wrong(function, key, &last(key))).collect();
        all.extend(batch(cx, function));
        all.extend(crowded(cx, function));
        return all;
    }
    let key = "batch/max_concurrency";
    if !cx.has(&function.at(key)) || !cx.has(STREAM) {
        return Vec::new();
    }
    let message = "`max_concurrency` belongs to a function that `stream.queue` feeds".to_owned();
    vec![problem(key, message, "take it out: `parallelization` says how many batches of a shard are handled at a time")]
}

fn wrong(function: &At<'_, Function>, key: &str, name: &str) -> Problem {
    let message =
        format!("`{name}` belongs to a function that `kinesis` or `table_changes` feeds, and a queue feeds this one");
    let hint = match name {
        "parallelization" => "take it out: `batch.max_concurrency` says how many calls there are at a time",
        "retries" | "max_age_hours" => "take it out: `stream.queue.max_receives` says when a message is given up",
        _ => "take it out",
    };
    Problem::error(function.at(key), message).hint(hint).on_key()
}

/// What Lambda takes at once from a queue.
fn batch(cx: &Cx<'_>, function: &At<'_, Function>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let (size, window) = (function.at("batch/size"), function.at("batch/window_seconds"));
    let many = cx.spec.batch_size() > AT_ONCE && cx.sound(&size);
    if cx.spec.is_fifo() {
        if many {
            let message = format!("a FIFO queue hands over at most {AT_ONCE} messages at once");
            problems.push(Problem::error(&size, message).hint(format!("at most {AT_ONCE}")));
        }
        if function.batch.window_seconds > 0 && cx.sound(&window) {
            let message = "a FIFO queue has no window: its messages are handed over as soon as they are there";
            problems.push(Problem::error(&window, message).hint("take it out").on_key());
        }
    } else if many && function.batch.window_seconds == 0 && cx.sound(&window) {
        let message = format!("more than {AT_ONCE} messages at once need a window in which they gather");
        let hint = format!("add `window_seconds: 1` to `batch`, or hand over at most {AT_ONCE}");
        problems.push(Problem::error(&size, message).hint(hint));
    }
    if let (Some(most), Some(kept)) = (function.batch.max_concurrency, function.reserved_concurrency)
        && most > kept
        && cx.sound(&function.at("reserved_concurrency"))
    {
        let message = format!(
            "the queue makes {most} calls at a time, and {kept} are kept for the function: messages that are turned away count as received"
        );
        let problem = Problem::error(function.at("batch/max_concurrency"), message);
        problems.push(problem.hint("at most `reserved_concurrency`"));
    }
    problems
}

/// What becomes of messages that fail for good where no dlq takes them.
pub(super) fn undead(cx: &Cx<'_>) -> Option<Problem> {
    let own = cx.fed_queue()?.own()?;
    let message = format!(
        "without a `dlq`, a message that cannot be handled comes again until it is {} days old, and is dropped then",
        own.retention_days
    );
    (!cx.has(DLQ)).then(|| Problem::warning(CONSUMER, message).hint("add `dlq: { queue: {} }`").on_key())
}
