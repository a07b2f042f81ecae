//! Rules of the consumer's function: its handler and its environment.

use std::time::SystemTime;

use aws_smithy_types::DateTime;

use super::{At, Cx, DLQ, SINK, STREAM};
use crate::kinds::function::steers::steers;
use crate::spec::problem::segment;
use crate::spec::wording::short;
use crate::spec::{Effect, Function, Problem, Spec, Start, Statement};

/// Handlers that `pipe` brings along and that a consumer may have.
pub const BUNDLED: [&str; 1] = ["stream-to-table"];

/// Bytes of a function's environment, measured as JSON (Lambda's quota of 4 KB).
const ENVIRONMENT: usize = 4096;

/// Names that Lambda keeps for itself ("Defined runtime environment variables").
const RESERVED: [&str; 22] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_MAX_CONCURRENCY",
    "AWS_LAMBDA_METADATA_API",
    "AWS_LAMBDA_METADATA_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "TZ",
];

/// Keys that say what a function is, and not how it is fed.
const OF_ONES_OWN: [&str; 12] = [
    "architecture",
    "environment",
    "handler",
    "log_days",
    "log_level",
    "memory_mb",
    "name",
    "recursion",
    "reserved_concurrency",
    "statements",
    "timeout_seconds",
    "xray",
];

/// What stands beside `existing` changes nothing of the function.
pub(super) fn existing(cx: &Cx<'_>, function: &At<'_, Function>) -> Vec<Problem> {
    let at = |key: &str| function.at(key);
    if !cx.has(&at("existing")) {
        let message =
            "`dev` says what `pipe dev` runs in place of an `existing` function, and this one is the pipeline's own";
        let lonely = cx.has(&at("dev")).then(|| Problem::error(at("dev"), message).hint("take `dev` out").on_key());
        return lonely.into_iter().collect();
    }
    let others = OF_ONES_OWN.into_iter().filter(|key| cx.has(&at(key)));
    let problem = |key: &str| {
        let message = format!("`{key}` would change the function that `existing` names, which the pipeline never does");
        Problem::error(at(key), message).hint(format!("take `{key}` out, or `existing`")).on_key()
    };
    others.map(problem).collect()
}

/// The environment fits, and its names are free.
pub(super) fn environment(cx: &Cx<'_>, function: &At<'_, Function>) -> Vec<Problem> {
    let refused = |name: &String| refused(name, &function.at("environment"));
    let mut problems: Vec<Problem> = function.environment.keys().filter_map(refused).collect();
    if function.is_bundled() {
        problems.extend(unread(function));
    }
    let own = serde_json::to_string(&function.environment).map_or(0, |json| json.len());
    let size = own + ours(cx.spec);
    if size > ENVIRONMENT && !function.environment.is_empty() {
        let message =
            format!("the environment has {size} bytes with pipe's own variables, but at most {ENVIRONMENT} fit");
        let hint = "put long values into a file of the handler, or into Parameter Store";
        problems.push(Problem::error(function.at("environment"), message).hint(hint).on_key());
    }
    problems
}

/// `pipe` sets all that a bundled handler reads. A variable that would steer it is an error; any other has no effect, which is a
/// warning.
fn unread(function: &At<'_, Function>) -> Vec<Problem> {
    let path = function.at("environment");
    let (handler, names) = (
        function.path().unwrap_or_default(),
        function.environment.keys().filter(|name| refused(name, &path).is_none()),
    );
    let (steering, idle): (Vec<_>, Vec<_>) = names.partition(|name| steers(name).is_some());
    let problem = |name: &String| {
        let message = format!("`{name}` would decide {}, which only `pipe` does for `{handler}`", steers(name)?);
        let hint = "take it out; only a handler of your own may have it";
        Some(Problem::error(format!("{path}/{name}"), message).hint(hint).on_key())
    };
    let mut problems: Vec<Problem> = steering.into_iter().filter_map(problem).collect();
    if !idle.is_empty() {
        let message = format!("`{handler}` reads none of these variables: `pipe` sets all that it needs");
        problems.push(Problem::warning(path, message).hint("take `environment` out").on_key());
    }
    problems
}

/// Only the user's own handlers take statements, and these name sections that the spec has.
pub(super) fn statements(cx: &Cx<'_>, function: &At<'_, Function>) -> Vec<Problem> {
    let at = function.at("statements");
    if function.is_bundled() && !function.statements.is_empty() {
        let message = "`statements` does not go with a bundled handler: it has all that it needs";
        return vec![Problem::error(at, message).hint("take `statements` out").on_key()];
    }
    owned(cx, &at, &function.statements, ("the handler", "its code"))
}

/// What statements name is there, and they are no right to do everything.
pub(super) fn owned(cx: &Cx<'_>, at: &str, statements: &[Statement], (whose, what): (&str, &str)) -> Vec<Problem> {
    let there = |word: &str| match word {
        "sink" => cx.has(SINK),
        "stream" => cx.has(STREAM),
        _ => cx.has(DLQ),
    };
    let mut problems = Vec::new();
    for (index, statement) in statements.iter().enumerate() {
        let absent = statement.own().into_iter().filter(|word| !there(word));
        problems.extend(absent.map(|word| {
            let message = format!("`{word}` is a resource of this statement, and the spec has no section `{word}`");
            Problem::error(format!("{at}/{index}/resources"), message).hint(format!("add `{word}`, or write an ARN"))
        }));
        if statement.effect == Effect::Allow
            && statement.actions.iter().any(|action| action == "*" || action == "iam:*")
        {
            let message =
                format!("this statement lets {whose} do everything: anyone who can change {what} is an administrator");
            problems.push(
                Problem::warning(format!("{at}/{index}/actions"), message).hint("name the actions that it calls"),
            );
        }
    }
    problems
}

/// The time to start at is one, and has come: Lambda refuses a later one, and by then the mapping before it would be gone.
pub(super) fn start(_: &Cx<'_>, function: &At<'_, Function>) -> Vec<Problem> {
    let start @ Start::At(time) = &function.batch.start else { return Vec::new() };
    let (message, hint) = match start.at() {
        None => ("is not a time", "write it in RFC 3339, as in `2026-01-31T12:00:00Z`"),
        Some(at) if at > DateTime::from(SystemTime::now()) => (
            "is in the future",
            "a stream is read from a time in the past; `newest` begins with the records that come from now on",
        ),
        Some(_) => return Vec::new(),
    };
    vec![Problem::error(function.at("batch/start/at"), format!("`{}` {message}", short(time))).hint(hint)]
}

/// Says why a variable of the environment at `path` cannot have this name.
fn refused(name: &str, path: &str) -> Option<Problem> {
    let path = format!("{path}/{}", segment(name));
    let letters = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    let (message, hint) = if RESERVED.contains(&name) || name.starts_with("LAMBDA_") {
        (format!("`{name}` is set by Lambda, and cannot be set here"), "choose another name")
    } else if name.starts_with("PIPE_") {
        (
            format!("`{}` begins with `PIPE_`, which pipe keeps for its own variables", short(name)),
            "choose another name",
        )
    } else if name.len() < 2 || !letters || !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        let message = format!("`{}` cannot be the name of an environment variable", short(name));
        (message, "two or more letters, digits or `_`, the first a letter")
    } else {
        return None;
    };
    Some(Problem::error(path, message).hint(hint).on_key())
}

/// Estimates the bytes of the variables that `pipe` sets: names, the table, its keys and the queue's URL.
fn ours(spec: &Spec) -> usize {
    let keys = spec
        .table()
        .and_then(|table| table.own())
        .map_or(0, |table| table.partition_key.name.len() + table.sort_key.as_ref().map_or(0, |key| key.name.len()));
    let table = if spec.sink.is_some() { spec.table_name().len() + keys } else { 0 };
    let queue = if spec.dlq.is_some() { spec.queue_name().len() + 70 } else { 0 };
    120 + table + queue
}
