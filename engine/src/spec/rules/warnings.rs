//! What is legal but likely wrong.

use super::{AUTH, At, CONSUMER, Cx, DLQ, SINK, STREAM, queue, sources};
use crate::spec::names::ACCOUNT;
use crate::spec::problem::segment;
use crate::spec::{Function, Problem, Start};

/// Seconds of a sink's outage that retries should outlast.
const OUTAGE: u64 = 15 * 60;

/// Seconds that API Gateway waits for an answer
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>).
const LONGEST: u32 = 29;

/// Seconds below which a call of the bundled handler is too short.
const SHORT: u32 = 3;

/// Every warning between sections.
pub(super) fn all(cx: &Cx<'_>) -> Vec<Problem> {
    let mut problems = unused(cx);
    problems.extend(unbounded(cx));
    problems
}

/// Every warning about the consumer's function.
pub(super) fn function(cx: &Cx<'_>, function: &At<'_, Function>) -> Vec<Problem> {
    let mut some = vec![patience(cx, function)];
    // What is about records, where a stream has any.
    if matches!(cx.spec.feeding(), Some(crate::spec::Feeding::Asked(_))) {
        some.push(short(cx, function));
    } else if cx.spec.is_pushed() {
        some.extend([short(cx, function), sources::undead(cx, function)]);
    } else if cx.has(STREAM) || cx.spec.answered().next().is_none() {
        some.push(short(cx, function));
        match cx.spec.fed_queue() {
            Some(_) => some.push(queue::undead(cx)),
            None => some.extend([dlq(cx), start(function), retries(cx, function), age(cx, function)]),
        }
    }
    let secrets = function.environment.iter().filter(|(name, value)| secret(name, value)).map(|(name, _)| {
        let path = function.at(&format!("environment/{}", segment(name)));
        let message = format!("`{name}` looks like a secret, and everyone who sees the function sees it");
        Problem::warning(path, message).hint("keep it in Secrets Manager, and put its name here").on_key()
    });
    some.into_iter().flatten().chain(secrets).collect()
}

/// Sections that nothing uses.
fn unused(cx: &Cx<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, message) in [
        (SINK, "without a `consumer` nothing writes to the sink"),
        (DLQ, "without a `consumer` nothing goes to the dlq"),
    ] {
        if cx.has(path) && !cx.has(CONSUMER) && cx.has(STREAM) {
            let problem = Problem::warning(path, message).on_key();
            problems.push(problem.hint("add `consumer: { function: { handler: stream-to-table } }`, or take it out"));
        }
    }
    let routes = cx.spec.api().map_or(&[][..], |api| &api.routes);
    let open = routes.iter().all(|route| route.auth.as_deref() == Some("none"));
    if let Some((name, _)) = cx.spec.authorizers().next().filter(|_| !routes.is_empty() && open) {
        let path = format!("{AUTH}/{name}");
        let problem = Problem::warning(path, "every route says `auth: none`, so nobody is asked for credentials");
        problems.push(problem.hint("take `auth` out, or `auth: none` out of the routes that it guards").on_key());
    }
    problems
}

/// A stage with no limit of its own, which nobody chose.
fn unbounded(cx: &Cx<'_>) -> Option<Problem> {
    let api = cx.api()?;
    let sound = cx.sound(&api.path) && cx.kinesis().is_none_or(|kinesis| cx.sound(&kinesis.path));
    if cx.has(&api.at("throttle")) || cx.spec.throttle().is_some() || !sound {
        return None;
    }
    let message = format!(
        "nothing bounds what strangers can send, and cost, but the account's own limit: {} requests per second unless AWS raised it",
        ACCOUNT.0
    );
    let hint = "add `throttle: { rate_per_second: 1000, burst: 2000 }` with numbers of your own, or `throttle: off`";
    Some(Problem::warning(api.path, message).hint(hint).on_key())
}

/// A function that may answer when API Gateway has given up.
fn patience(cx: &Cx<'_>, function: &At<'_, Function>) -> Option<Problem> {
    let (path, seconds) = (function.at("timeout_seconds"), function.timeout_seconds);
    cx.spec.answered().next().filter(|_| seconds > LONGEST && cx.sound(&path))?;
    let message = format!(
        "API Gateway waits {LONGEST} seconds for the function's answer, then says 504, and the function may work on for {seconds}"
    );
    Some(Problem::warning(path, message).hint(format!("at most {LONGEST}")))
}

fn dlq(cx: &Cx<'_>) -> Option<Problem> {
    (!cx.has(DLQ)).then(|| {
        let message = "without a `dlq`, records that cannot be handled are dropped after their retries";
        Problem::warning(CONSUMER, message).hint("add `dlq: { queue: {} }`").on_key()
    })
}

fn start(function: &At<'_, Function>) -> Option<Problem> {
    let message = "with `start: newest`, what is sent before the mapping polls is never read";
    let problem = Problem::warning(function.at("batch/start"), message);
    (function.batch.start == Start::Newest).then(|| problem.hint("`start: oldest` loses nothing"))
}

/// Calls of which the bundled handler has hardly any time: half is kept for the answer, so that it leaves before Lambda ends the call.
fn short(cx: &Cx<'_>, function: &At<'_, Function>) -> Option<Problem> {
    let path = function.at("timeout_seconds");
    let seconds = function.timeout_seconds;
    if seconds >= SHORT || !function.is_bundled() || !cx.sound(&path) {
        return None;
    }
    let message = format!(
        "of a call of {seconds} s the bundled handler works {} ms: where the table answers later than that, nothing is written",
        seconds * 500
    );
    Some(Problem::warning(path, message).hint(format!("{SHORT} or more")))
}

fn retries(cx: &Cx<'_>, function: &At<'_, Function>) -> Option<Problem> {
    let path = function.at("failures/retries");
    let retries = cx.spec.retries();
    let timeout = function.timeout_seconds;
    if !cx.sound(&path) || !cx.sound(&function.at("timeout_seconds")) {
        return None;
    }
    let Ok(count) = u64::try_from(retries) else {
        let message = "with `retries: -1`, one bad record stops its shard until it is too old";
        return Some(
            Problem::warning(path, message).hint("give a number: 100 retries of 30 seconds outlast 50 minutes"),
        );
    };
    let lasts = count * u64::from(timeout);
    let fate = if cx.has(DLQ) { "reach the dlq as pointers" } else { "are dropped" };
    let least = OUTAGE.div_ceil(u64::from(timeout.max(1)));
    (lasts < OUTAGE).then(|| {
        let message = format!(
            "{retries} retries of {timeout} seconds last {}: in a longer outage of the sink, good records {fate}",
            duration(lasts)
        );
        Problem::warning(path, message).hint(format!("{least} or more outlast 15 minutes"))
    })
}

fn age(cx: &Cx<'_>, function: &At<'_, Function>) -> Option<Problem> {
    let path = function.at("failures/max_age_hours");
    let stream = cx.kinesis()?.own()?;
    let retention = stream.retention_hours;
    let age = cx.spec.max_age_hours();
    if age * 2 <= retention || !cx.sound(&path) || !cx.sound(&stream.at("retention_hours")) {
        return None;
    }
    let message = if age >= retention {
        format!("records are retried for {age} hours, but the stream forgets them after {retention}")
    } else {
        let left = retention - age;
        format!(
            "a record that fails is given up after {age} hours, and {left} hours later the stream forgets it \
             (`retention_hours: {retention}`): the dlq only says where it was"
        )
    };
    let hint = format!("at most {}, half of the retention, or `retention_hours: {}`", retention / 2, age * 2);
    Some(Problem::warning(path, message).hint(hint))
}

/// Tells whether a variable looks like a secret: by its name, unless it names where the secret is, or by its value.
fn secret(name: &str, value: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let words: Vec<&str> = name.split('_').collect();
    let pointer = words.last().is_some_and(|last| ["ARN", "NAME", "ID", "URL", "PATH", "FILE"].contains(last));
    let public = ["PUBLIC", "PARTITION", "SORT", "PRIMARY"].iter().any(|word| words.contains(word));
    let named = ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "CREDENTIAL"].iter().any(|word| name.contains(word));
    let key = !public && words.last().is_some_and(|last| last.ends_with("KEY"));
    let access_key = value.len() == 20 && (value.starts_with("AKIA") || value.starts_with("ASIA"));
    let by_name = (named || key) && !pointer && !value.starts_with("arn:");
    by_name || access_key || value.contains("-----BEGIN")
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds / 60),
    }
}
