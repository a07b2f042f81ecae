//! What became of a batch.

use aws_lambda_events::streams::KinesisEventResponse;
use lambda_runtime::Diagnostic;
use serde_json::{Value, json};

use super::dead_letter::Encoding;
use super::failure::Reason;
use super::feed::{Ending, Record};
use crate::log::{self, Level};

/// The counts that become CloudWatch metrics: of each batch, `RecordsIn` is the sum of the other three.
const METRICS: [&str; 4] = ["RecordsIn", "RecordsWritten", "RecordsRetried", "RecordsDeadLettered"];

/// One record that went to the queue, without its payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    pub event_id: String,
    pub stream_arn: String,
    pub shard_id: String,
    pub sequence_number: String,
    pub reason: Reason,
    pub encoding: Encoding,
}

impl DeadLetter {
    pub fn new(record: &Record<'_>, reason: Reason, encoding: Encoding) -> Self {
        DeadLetter {
            event_id: record.origin.event_id.clone(),
            stream_arn: record.origin.stream_arn.clone(),
            shard_id: record.origin.shard_id.clone(),
            sequence_number: record.id.clone(),
            reason,
            encoding,
        }
    }
}

/// What became of a batch: the answer to Lambda, and what is logged.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    pub feed: &'static str,
    pub ending: Ending,
    pub records_in: usize,
    pub written: usize,
    /// How many of those written found an item under their key, which stays.
    pub kept: usize,
    /// How many of those written were nothing to do: a REMOVE where rows are not to be deleted.
    pub skipped: usize,
    pub dead_lettered: Vec<DeadLetter>,
    /// The sequence numbers or message ids of the records that are left for the next attempt, in their order. Of a stream, Lambda
    /// sends again everything from the first on; of a queue, these.
    pub unfinished: Vec<String>,
    /// How often a call was repeated within this invocation.
    pub repeated_calls: u32,
    /// The error code, or the reason, that stopped the first record that could not be finished.
    pub cause: Option<String>,
}

/// A pushed event that is not in the table: Lambda sends it again, and in the end to where the function's failures go.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the event was not written to the table: {0}")]
pub struct NotWritten(String);

/// The type of the error is its cause: what keeps the event keeps it beside the message.
impl From<NotWritten> for Diagnostic {
    fn from(not: NotWritten) -> Self {
        Self { error_message: not.to_string(), error_type: not.0 }
    }
}

impl Report {
    /// Returns the partial-batch answer; nothing for a pushed event, of which there is no part.
    ///
    /// # Errors
    /// A pushed event was not written.
    pub fn response(&self) -> Result<Option<KinesisEventResponse>, NotWritten> {
        if self.ending == Ending::Push {
            let cause = || NotWritten(self.cause.clone().unwrap_or_else(|| "unknown".to_owned()));
            return if self.unfinished.is_empty() { Ok(None) } else { Err(cause()) };
        }
        // A queue's answer has the same form as a stream's.
        let mut response = KinesisEventResponse::default();
        response.set_failures(&self.unfinished);
        Ok(Some(response))
    }

    /// Returns the log lines: one for each dead letter, and one for the invocation that carries the metrics.
    pub fn lines(&self, function: &str, request_id: &str) -> Vec<Value> {
        let mut lines: Vec<Value> =
            self.dead_lettered.iter().map(|letter| dead_letter_line(letter, request_id)).collect();
        let level = if self.unfinished.is_empty() && self.dead_lettered.is_empty() { Level::Info } else { Level::Warn };
        let fields = json!({
            "_aws": log::metrics(&METRICS),
            "FunctionName": function,
            "RecordsIn": self.records_in,
            "RecordsWritten": self.written,
            "RecordsRetried": self.unfinished.len(),
            "RecordsDeadLettered": self.dead_lettered.len(),
            "requestId": request_id,
            "feed": self.feed,
            "alreadyThere": self.kept,
            "skippedRemoves": self.skipped,
            "repeatedCalls": self.repeated_calls,
            "lowestUnfinished": self.unfinished.first(),
            "cause": self.cause,
        });
        lines.push(log::line(level, "batch", fields));
        lines
    }
}

fn dead_letter_line(letter: &DeadLetter, request_id: &str) -> Value {
    let fields = json!({
        "requestId": request_id,
        "eventID": letter.event_id,
        "streamArn": letter.stream_arn,
        "shardId": letter.shard_id,
        "sequenceNumber": letter.sequence_number,
        "reason": letter.reason.as_str(),
        "encoding": letter.encoding,
    });
    log::line(Level::Warn, "dead-lettered", fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_names_what_is_left() {
        let report = Report { unfinished: vec!["7".into(), "9".into()], ..Report::default() };
        let answer = serde_json::to_value(report.response().expect("an answer")).expect("json");
        assert_eq!(answer, json!({ "batchItemFailures": [{ "itemIdentifier": "7" }, { "itemIdentifier": "9" }] }));
        let nothing = serde_json::to_value(Report::default().response().expect("an answer")).expect("json");
        assert_eq!(nothing, json!({ "batchItemFailures": [] }));
    }

    #[test]
    fn a_pushed_event_is_written_or_an_error() {
        let pushed = Report { ending: Ending::Push, ..Report::default() };
        assert_eq!(serde_json::to_value(pushed.response().expect("an answer")).expect("json"), Value::Null);
        let failed = Report { unfinished: vec![String::new()], cause: Some("no-key".into()), ..pushed };
        let error = failed.response().expect_err("it is not written").to_string();
        assert_eq!(error, "the event was not written to the table: no-key");
    }

    fn letter() -> DeadLetter {
        DeadLetter {
            event_id: "shardId-0:8".into(),
            stream_arn: "arn".into(),
            shard_id: "shardId-0".into(),
            sequence_number: "8".into(),
            reason: Reason::BadJson,
            encoding: Encoding::GzipBase64,
        }
    }

    #[test]
    fn the_invocation_line_carries_the_metrics_and_each_dead_letter_has_its_own() {
        let report = Report {
            records_in: 4,
            written: 1,
            kept: 1,
            skipped: 0,
            feed: "kinesis",
            ending: Ending::Stream,
            dead_lettered: vec![letter()],
            unfinished: vec!["9".into(), "10".into()],
            repeated_calls: 3,
            cause: Some("ThrottlingException".into()),
        };
        let lines = report.lines("consumer", "r1");
        assert_eq!(lines.len(), 2);
        assert_eq!((&lines[0]["reason"], &lines[0]["encoding"]), (&json!("bad-json"), &json!("gzip+base64")));
        assert_eq!((&lines[0]["eventID"], &lines[0]["requestId"]), (&json!("shardId-0:8"), &json!("r1")));
        let batch = &lines[1];
        let counts = METRICS.map(|name| batch[name].as_u64().expect(name));
        assert_eq!(counts, [4, 1, 2, 1]);
        assert_eq!((&batch["FunctionName"], &batch["alreadyThere"]), (&json!("consumer"), &json!(1)));
        assert_eq!(batch["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().map(Vec::len), Some(4));
        assert_eq!((&batch["lowestUnfinished"], &batch["cause"]), (&json!("9"), &json!("ThrottlingException")));
    }
}
