//! The log channel: one JSON object a line on standard output, from where Lambda takes it to the function's log group.
//!
//! Callers pass ids, counts, reasons and error codes; never a payload, a header, or a message that may quote one.

use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
use serde_json::{Map, Value, json};

/// Severity, as Lambda's log-level filter spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Info,
    Warn,
    Error,
}

impl Level {
    fn as_str(self) -> &'static str {
        match self {
            Level::Info => "INFO",
            Level::Warn => "WARN",
            Level::Error => "ERROR",
        }
    }
}

/// Returns one log line as a JSON object: `fields`, with the time, the level and the message.
pub fn line(level: Level, message: &str, fields: Value) -> Value {
    let mut line = match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    line.insert("timestamp".into(), json!(rfc3339(now_millis())));
    line.insert("level".into(), json!(level.as_str()));
    line.insert("message".into(), json!(message));
    Value::Object(line)
}

/// Returns the member `_aws` that makes a log line a metric (CloudWatch embedded metric format): counts in the namespace
/// `pipe`, with the dimension `FunctionName`. The line must carry `FunctionName` and a number under each of `names`.
pub fn metrics(names: &[&str]) -> Value {
    let metrics: Vec<Value> = names.iter().map(|name| json!({ "Name": name, "Unit": "Count" })).collect();
    json!({
        "Timestamp": now_millis(),
        "CloudWatchMetrics": [{ "Namespace": "pipe", "Dimensions": [["FunctionName"]], "Metrics": metrics }],
    })
}

/// Writes one line. A log that cannot be written must not fail the invocation.
pub fn emit(line: &Value) {
    let mut text = line.to_string();
    text.push('\n');
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

/// Replaces the default panic hook, which would print the panic's message and with it, perhaps, a part of a payload.
pub fn panics_by_place_only() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        emit(&line(Level::Error, "a panic was caught", json!({ "place": place })));
    }));
}

/// Returns milliseconds since 1970 as RFC 3339 in UTC, for example `2019-11-14T00:38:04.835Z`.
pub fn rfc3339(millis: i64) -> String {
    DateTime::from_millis(millis).fmt(DateTimeFormat::DateTime).unwrap_or_default()
}

fn now_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_keeps_its_fields_and_gets_level_time_and_message() {
        let line = line(Level::Warn, "batch", json!({ "requestId": "r" }));
        assert_eq!(line["requestId"], "r");
        assert_eq!(line["level"], "WARN");
        assert_eq!(line["message"], "batch");
        assert!(line["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')));
    }

    #[test]
    fn metrics_follow_the_embedded_metric_format() {
        let metrics = metrics(&["RecordsIn"]);
        let set = &metrics["CloudWatchMetrics"][0];
        assert_eq!(set["Namespace"], "pipe");
        assert_eq!(set["Dimensions"], json!([["FunctionName"]]));
        assert_eq!(set["Metrics"], json!([{ "Name": "RecordsIn", "Unit": "Count" }]));
        assert!(metrics["Timestamp"].as_i64().is_some_and(|millis| millis > 1_500_000_000_000));
    }

    #[test]
    fn times_keep_their_milliseconds() {
        assert_eq!(rfc3339(1_573_691_884_835), "2019-11-14T00:38:04.835Z");
    }
}
