//! What Lambda writes about calls, as text or as JSON: of START, END and REPORT the last one says all.
//!
//! Text: <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-view.html>; JSON:
//! <https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html>.

use serde_json::{Map, Value, json};

use crate::event::logs::Logged;

/// What a line is.
#[derive(Debug, PartialEq)]
pub(super) enum Read {
    /// The function's own.
    Other,
    /// About a call, and another line says the same.
    Folded,
    /// All about a call, or an init that went wrong.
    Call(Logged),
}

/// Events of which the report of the call says what people need.
const FOLDED: [&str; 8] = [
    "platform.initStart",
    "platform.initRuntimeDone",
    "platform.start",
    "platform.runtimeDone",
    "platform.restoreStart",
    "platform.restoreRuntimeDone",
    "platform.extension",
    "platform.telemetrySubscription",
];

/// What a call used; what is absent is not known.
#[derive(Debug, Default)]
struct Usage<'a> {
    request: Option<&'a str>,
    milliseconds: Option<f64>,
    init_milliseconds: Option<f64>,
    used_mb: Option<u64>,
    of_mb: Option<u64>,
    status: Option<&'a str>,
    error: Option<&'a str>,
}

pub(super) fn json(object: &Map<String, Value>) -> Read {
    let Some(kind) = object.get("type").and_then(Value::as_str) else { return Read::Other };
    let Some(record) = object.get("record").filter(|record| record.is_object()) else { return Read::Other };
    let metrics = &record["metrics"];
    let usage = Usage {
        request: record["requestId"].as_str(),
        milliseconds: metrics["durationMs"].as_f64(),
        init_milliseconds: metrics["initDurationMs"].as_f64(),
        used_mb: metrics["maxMemoryUsedMB"].as_u64(),
        of_mb: metrics["memorySizeMB"].as_u64(),
        status: record["status"].as_str(),
        error: record["errorType"].as_str(),
    };
    match kind {
        "platform.report" => Read::Call(usage.logged("call")),
        "platform.initReport" | "platform.restoreReport" if usage.is_good() => Read::Folded,
        "platform.initReport" | "platform.restoreReport" => Read::Call(usage.logged("init")),
        _ if FOLDED.contains(&kind) => Read::Folded,
        _ => Read::Other,
    }
}

pub(super) fn text(line: &str) -> Read {
    let line = line.trim_end();
    if line.starts_with("INIT_START Runtime Version: ")
        || is_mark(line, "START RequestId: ")
        || is_mark(line, "END RequestId: ")
    {
        return Read::Folded;
    }
    let (what, line) = match (line.strip_prefix("REPORT RequestId: "), line.strip_prefix("INIT_REPORT ")) {
        (Some(rest), _) => ("call", format!("RequestId: {rest}")),
        (None, Some(rest)) => ("init", rest.to_owned()),
        (None, None) => return Read::Other,
    };
    let value = |name: &str| line.split('\t').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix(": "));
    let number = |name: &str| value(name)?.split(' ').next()?.parse::<f64>().ok();
    let whole = |name: &str| value(name)?.split(' ').next()?.parse::<u64>().ok();
    let usage = Usage {
        request: value("RequestId"),
        milliseconds: number("Duration"),
        init_milliseconds: number("Init Duration"),
        used_mb: whole("Max Memory Used"),
        of_mb: whole("Memory Size"),
        status: value("Status"),
        error: value("Error Type"),
    };
    Read::Call(usage.logged(what))
}

/// Whether it is such a line of Lambda's, and no sentence of the function's that begins so.
fn is_mark(line: &str, mark: &str) -> bool {
    let id = line.strip_prefix(mark).and_then(|rest| rest.split(' ').next());
    id.is_some_and(|id| id.len() == 36 && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'))
}

impl Usage<'_> {
    fn is_good(&self) -> bool {
        self.status.is_none_or(|status| status == "success")
    }

    fn logged(&self, what: &str) -> Logged {
        let ended = match (self.status, self.error) {
            (None | Some("success"), _) => "done".to_owned(),
            (Some("timeout"), _) => "timed out".to_owned(),
            (Some(_), Some(error)) => format!("failed ({error})"),
            (Some(status), None) => format!("ended with {status}"),
        };
        let mut message = format!("{what} {ended}");
        if let Some(milliseconds) = self.milliseconds {
            message += &format!(" in {milliseconds} ms");
        }
        if let (Some(used), Some(of)) = (self.used_mb, self.of_mb) {
            message += &format!(", {used} of {of} MB");
        }
        if let Some(init) = self.init_milliseconds {
            message += &format!(", {} {init} ms", if what == "init" { "after" } else { "after an init of" });
        }
        let level = if self.is_good() { "INFO" } else { "ERROR" };
        let fields = self.request.map(|id| ("requestId".to_owned(), json!(id))).into_iter().collect();
        Logged { level: Some(level.to_owned()), message, fields, ..Logged::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";

    fn call(read: Read) -> (String, String) {
        let Read::Call(logged) = read else { panic!("{read:?}") };
        (logged.level.unwrap(), logged.message)
    }

    /// The lines of AWS's own page, but for the last.
    #[test]
    fn three_lines_of_text_are_one() {
        let report = format!(
            "REPORT RequestId: {ID}\tDuration: 76.82 ms\tBilled Duration: 100 ms\tMemory Size: 128 MB\tMax Memory Used: 95 MB\t\
             Init Duration: 319.87 ms\t"
        );
        for folded in [
            format!("START RequestId: {ID} Version: $LATEST"),
            format!("END RequestId: {ID}\n"),
            "INIT_START Runtime Version: python:3.13.v14\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:07"
                .to_owned(),
        ] {
            assert_eq!(text(&folded), Read::Folded, "{folded}");
        }
        assert_eq!(
            call(text(&report)),
            ("INFO".into(), "call done in 76.82 ms, 95 of 128 MB, after an init of 319.87 ms".into())
        );
        let failed = call(text(&format!("{report}Status: error\tError Type: Runtime.ExitError")));
        assert_eq!(failed.0, "ERROR");
        assert!(failed.1.starts_with("call failed (Runtime.ExitError) in 76.82 ms"), "{failed:?}");
        let init = call(text("INIT_REPORT Init Duration: 9.50 ms\tPhase: init\tStatus: timeout"));
        assert_eq!(init, ("ERROR".into(), "init timed out, after 9.5 ms".into()));
        for own in ["START RequestId: mine", "END of all", "START", "REPORT: all is well"] {
            assert_eq!(text(own), Read::Other, "{own}");
        }
    }

    #[test]
    fn three_lines_of_json_are_one() {
        let of = |kind: &str, record: Value| {
            let Value::Object(line) = json!({ "time": "t", "type": kind, "record": record }) else { panic!() };
            json(&line)
        };
        assert_eq!(of("platform.start", json!({ "requestId": ID })), Read::Folded);
        assert_eq!(of("platform.initReport", json!({ "status": "success" })), Read::Folded);
        let metrics = json!({ "durationMs": 1.5, "memorySizeMB": 128, "maxMemoryUsedMB": 30 });
        let done = of("platform.report", json!({ "requestId": ID, "status": "success", "metrics": metrics }));
        assert_eq!(call(done), ("INFO".into(), "call done in 1.5 ms, 30 of 128 MB".into()));
        let late = of("platform.report", json!({ "requestId": ID, "status": "timeout", "metrics": metrics }));
        assert_eq!(call(late).1, "call timed out in 1.5 ms, 30 of 128 MB");
        let init = of("platform.initReport", json!({ "status": "error", "errorType": "Runtime.ExitError" }));
        assert_eq!(call(init), ("ERROR".into(), "init failed (Runtime.ExitError)".into()));
        for (kind, record) in
            [("platform.logsDropped", json!({ "droppedRecords": 1 })), ("order", json!({})), ("x", json!(1))]
        {
            assert_eq!(of(kind, record), Read::Other, "{kind}");
        }
    }
}
