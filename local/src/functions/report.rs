//! The lines that Lambda itself writes about calls: START, END, REPORT, or the same as JSON.
//!
//! Text as in "Viewing CloudWatch logs" of the developer guide, JSON as in the Telemetry API's schema. `platform.runtimeDone` and
//! the `platform.init*` lines are of the level DEBUG, below the default, and are left out.

use std::time::{Duration, SystemTime};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde_json::json;

use super::definition::Definition;
use super::failure::Failure;

/// What a call used.
pub(super) struct Usage {
    pub duration: Duration,
    /// How long the init before it took, if it was the first.
    pub init: Option<Duration>,
    pub memory_mb: u64,
}

/// The line before a call.
pub(super) fn start(definition: &Definition, id: &str) -> Option<String> {
    if !definition.log_json {
        return Some(format!("START RequestId: {id} Version: $LATEST"));
    }
    let record = json!({ "requestId": id, "version": "$LATEST" });
    (!only_failures(definition)).then(|| platform("platform.start", &record))
}

/// The lines after a call.
pub(super) fn end(definition: &Definition, id: &str, usage: &Usage, failure: Option<&Failure>) -> Vec<String> {
    let status = match failure {
        None => "success",
        Some(Failure::TimedOut) => "timeout",
        Some(_) => "error",
    };
    if definition.log_json {
        let hidden = failure.is_none() && only_failures(definition);
        return if hidden { Vec::new() } else { vec![json_report(definition, id, usage, status, failure)] };
    }
    let mut report = format!(
        "REPORT RequestId: {id}\tDuration: {:.2} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax Memory Used: {} MB\t",
        milliseconds(usage.duration),
        milliseconds(usage.duration).ceil(),
        definition.memory_mb,
        used(definition, usage),
    );
    if let Some(init) = usage.init {
        report.push_str(&format!("Init Duration: {:.2} ms\t", milliseconds(init)));
    }
    let mut lines = vec![format!("END RequestId: {id}")];
    match failure {
        None | Some(Failure::Reported(_)) => lines.push(report),
        Some(Failure::TimedOut) => {
            lines.push(format!("{report}Status: timeout"));
            let reason = Failure::TimedOut.reason(definition.timeout);
            lines.push(format!("{} {id} {reason}", timestamp(SystemTime::now())));
        }
        Some(failure) => {
            let kind = failure.error_type();
            lines.push(format!("RequestId: {id} Error: {}\n{kind}", failure.reason(definition.timeout)));
            lines.push(format!("{report}Status: error\tError Type: {kind}"));
        }
    }
    lines
}

/// The line about an init that went wrong.
pub(super) fn init(definition: &Definition, took: Duration, failure: &Failure) -> String {
    let status = if *failure == Failure::TimedOut { "timeout" } else { "error" };
    let kind = failure.error_type();
    if definition.log_json {
        let mut record = json!({
            "initializationType": "on-demand", "phase": "init", "status": status,
            "metrics": { "durationMs": milliseconds(took) },
        });
        if status == "error" {
            record["errorType"] = json!(kind);
        }
        return platform("platform.initReport", &record);
    }
    let line = format!("INIT_REPORT Init Duration: {:.2} ms\tPhase: init\tStatus: {status}", milliseconds(took));
    if status == "error" { format!("{line}\tError Type: {kind}") } else { line }
}

fn json_report(definition: &Definition, id: &str, usage: &Usage, status: &str, failure: Option<&Failure>) -> String {
    let mut record = json!({
        "requestId": id,
        "metrics": {
            "durationMs": milliseconds(usage.duration),
            "billedDurationMs": milliseconds(usage.duration).ceil() as u64,
            "memorySizeMB": definition.memory_mb,
            "maxMemoryUsedMB": used(definition, usage),
        },
        "status": status,
    });
    if let Some(init) = usage.init {
        record["metrics"]["initDurationMs"] = json!(milliseconds(init));
    }
    if let Some(failure) = failure.filter(|_| status == "error") {
        record["errorType"] = json!(failure.error_type());
    }
    platform("platform.report", &record)
}

/// Lambda ends what passes its memory before it has more.
fn used(definition: &Definition, usage: &Usage) -> u64 {
    usage.memory_mb.min(u64::from(definition.memory_mb))
}

/// A system log level of WARN leaves what went well out.
fn only_failures(definition: &Definition) -> bool {
    definition.system_log_level.as_deref() == Some("WARN")
}

fn platform(kind: &str, record: &serde_json::Value) -> String {
    json!({ "time": timestamp(SystemTime::now()), "type": kind, "record": record }).to_string()
}

/// Milliseconds, to the thousandth.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1_000.0
}

/// A moment as Lambda writes it: always three digits of a second.
pub(super) fn timestamp(at: SystemTime) -> String {
    let at = DateTime::from(at);
    let seconds = DateTime::from_secs(at.secs()).fmt(Format::DateTime).unwrap_or_default();
    format!("{}.{:03}Z", seconds.trim_end_matches('Z'), at.subsec_nanos() / 1_000_000)
}
