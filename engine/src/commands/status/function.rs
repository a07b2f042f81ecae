//! A function: the consumer's, or one that stands before the API.
//!
//! IAM: lambda:GetFunction.

use aws_sdk_lambda::types::{LastUpdateStatus, State};

use super::figures::Stat::{Maximum, P99, Sum};
use super::figures::{Ask, Figures, Table, asks};
use super::station::{Station, station};
use super::time::duration;
use crate::aws::{Cx, nothing_if_absent};
use crate::error::Result;
use crate::event::status::Part;
use crate::event::status::Unit::{Count, Milliseconds};

/// What Lambda counts of every function
/// (<https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html>).
const OF_ALL: &Table = &[
    ("calls", "Invocations", Sum, Count),
    ("errors", "Errors", Sum, Count),
    ("throttles", "Throttles", Sum, Count),
    ("p99", "Duration", P99, Milliseconds),
];

/// What it counts of calls that nobody waits for.
const OF_PUSHED: &Table = &[
    ("given up", "AsyncEventsDropped", Sum, Count),
    ("longest wait", "AsyncEventAge", Maximum, Milliseconds),
    ("lost letters", "DestinationDeliveryFailures", Sum, Count),
];

/// What the bundled handler counts of its records, in its log, from which CloudWatch takes it.
const OF_BUNDLED: &Table = &[
    ("rows", "RecordsWritten", Sum, Count),
    ("retried", "RecordsRetried", Sum, Count),
    ("letters", "RecordsDeadLettered", Sum, Count),
];

/// What is known of a function beforehand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sort {
    /// Events are pushed to it.
    pub pushed: bool,
    /// It is the bundled handler.
    pub bundled: bool,
    /// Seconds after which Lambda ends a call.
    pub timeout_seconds: Option<u32>,
    /// It says who may call the API. To answer 401 it ends with an error, which any stranger can bring about.
    pub guards: bool,
}

/// What Lambda says of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub failed: bool,
    /// Why it is as it is, in Lambda's words.
    pub reason: String,
    /// Its last update failed, so that it runs as before.
    pub update_failed: bool,
    /// Calls at once that are reserved for it.
    pub reserved: Option<i32>,
}

pub fn at<'a>(cx: &'a Cx, id: &str, name: &'a str, sort: Sort) -> Station<'a> {
    let said = move |seen: Option<Seen>, figures: &Figures, part: &mut Part| judge(seen, sort, figures, part);
    station((id, name), figures(name, sort), look(cx, name), said)
}

fn figures(name: &str, sort: Sort) -> Vec<Ask> {
    let of = |namespace, table| asks(namespace, &[("FunctionName", name)], table);
    let mut all = of("AWS/Lambda", OF_ALL);
    all.extend(sort.pushed.then(|| of("AWS/Lambda", OF_PUSHED)).into_iter().flatten());
    all.extend(sort.bundled.then(|| of("pipe", OF_BUNDLED)).into_iter().flatten());
    all
}

async fn look(cx: &Cx, name: &str) -> Result<Option<Seen>> {
    let sent = cx.aws.lambda.get_function().function_name(name).send().await;
    let Some(answer) = nothing_if_absent(sent)? else { return Ok(None) };
    let reserved = answer.concurrency.and_then(|concurrency| concurrency.reserved_concurrent_executions);
    let Some(of) = answer.configuration else { return Ok(Some(Seen { reserved, ..Seen::default() })) };
    let update_failed = of.last_update_status == Some(LastUpdateStatus::Failed);
    let reason = if update_failed { of.last_update_status_reason } else { of.state_reason };
    Ok(Some(Seen {
        failed: of.state == Some(State::Failed),
        reason: reason.unwrap_or_default(),
        update_failed,
        reserved,
    }))
}

fn judge(seen: Option<Seen>, sort: Sort, figures: &Figures, part: &mut Part) {
    if let Some(seen) = seen {
        if seen.failed {
            part.needs_person(format!("Lambda cannot run it: {}", seen.reason), "`pipe apply` makes it anew");
        }
        if seen.update_failed {
            let message = format!("its last update failed, so that it runs as before: {}", seen.reason);
            part.needs_person(message, "`pipe diff` shows what is to change, and `pipe apply` does it");
        }
        if seen.reserved == Some(0) {
            let hint = "set `reserved_concurrency` in the spec, and apply it";
            part.needs_person("no call of it is let through: 0 are reserved for it", hint);
        }
    }
    let count = |name: &str| figures.value(name);
    if count("errors") > 0.0 && sort.guards {
        let all = format!("{} of {} calls ended with an error", count("errors"), count("calls"));
        part.note(format!("{all}: credentials that are refused do so, and what fails otherwise is a 5xx of the API"));
    } else if count("errors") > 0.0 {
        let message = format!("{} of {} calls failed", count("errors"), count("calls"));
        let hint = format!("its log says why: `pipe logs --part {}`", part.id);
        part.needs_person(message, hint);
    }
    if count("throttles") > 0.0 {
        let message = format!("{} calls were throttled: as many run as may", count("throttles"));
        part.needs_person(message, "raise `reserved_concurrency`, or the account's quota of concurrent executions");
    }
    if count("given up") > 0.0 {
        let were = if count("given up") > 1.0 { "events were" } else { "event was" };
        let message = format!("{} {were} given up", count("given up"));
        part.needs_person(
            message,
            "those that have a dlq are in it: `pipe dlq ls`, `pipe dlq redrive`; the others are lost",
        );
    }
    if count("lost letters") > 0.0 {
        let message = format!("{} letters could not be sent to the dlq, and are lost", count("lost letters"));
        part.needs_person(message, "`pipe diff` shows whether the function's role may still send to the dlq");
    }
    slow(sort, figures, part);
}

/// Says that calls come close to the time-out: beyond it they fail.
fn slow(sort: Sort, figures: &Figures, part: &mut Part) {
    let Some(seconds) = sort.timeout_seconds else { return };
    if figures.value("p99") > 0.8 * f64::from(seconds) * 1000.0 {
        let limit = duration(seconds.into());
        part.note(format!("1 % of its calls take more than four fifths of its time-out of {limit}"));
    }
}

#[cfg(test)]
mod tests;
