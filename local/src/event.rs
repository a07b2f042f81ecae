//! What moves on the data path, as facts. Payloads, headers and credentials are never in them, but for what a function itself says:
//! its log lines and the messages of its errors.

use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::mpsc::UnboundedSender;

/// Where the parts tell what happens. A receiver that is gone wants to know nothing.
pub type Events = UnboundedSender<Event>;

/// A fact of the data path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The gateway answered a request.
    Answered(Answered),
    /// A stream or a queue took records.
    Put(Put),
    /// A poller gave a batch to a function, and this came of it.
    Batch(Batch),
    /// A function wrote an item.
    Row(Row),
    /// A message went to a queue, by a function with its reason or by a mapping with its condition; or SQS itself will move it there.
    DeadLetter(DeadLetter),
    /// A function wrote a line to its log.
    Log(LogLine),
    /// A function is called again with an event, later.
    Retry(Retry),
    /// Nobody calls a function with this event any more.
    GivenUp(GivenUp),
    /// A role was refused a call.
    Denied(Denied),
    /// Something that the user should know and that stops nothing.
    Warning { message: String },
}

/// Where records are: in a stream or a queue, or in a part of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Location {
    /// The service that has them, as in `kinesis`.
    pub service: String,
    /// The name of the stream or queue there; absent where it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The part of it, of a Kinesis stream the shard's id; absent where it has no parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
}

impl Location {
    /// The location that an ARN names, as in `arn:aws:kinesis:eu-west-1:111122223333:stream/events`.
    #[must_use]
    pub fn of(arn: &str, part: Option<&str>) -> Self {
        let mut parts = arn.splitn(6, ':').skip(2);
        let (service, resource) = (parts.next().unwrap_or_default(), parts.nth(2).unwrap_or_default());
        let mut words = resource.split('/');
        let (first, second) = (words.next().unwrap_or_default(), words.next());
        let name = Some(second.unwrap_or(first).to_owned()).filter(|name| !name.is_empty());
        Self { service: service.to_owned(), name, part: part.map(str::to_owned) }
    }
}

/// The answer to a request. Location and id are there when a stream took what was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Answered {
    /// The request's method.
    pub method: String,
    /// The request's path.
    pub path: String,
    /// The answer's status.
    pub status: u16,
    /// Time that the answer took.
    pub milliseconds: u64,
    /// Where the record went; absent where no stream took one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The record's id there, of a stream its sequence number; absent where there is no record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// Why it was not taken: the name of a gateway response, or the integration's error code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Records that a stream or a queue took, whoever sent them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Put {
    /// Where they are now.
    pub location: Location,
    /// How many they are.
    pub records: usize,
}

/// A call of a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Batch {
    /// The function's name.
    pub function: String,
    /// Where the records come from.
    pub location: Location,
    /// How many records the batch has.
    pub records: usize,
    /// Time that the function took.
    pub milliseconds: u64,
    /// How old the last record was when the function was called, in milliseconds; absent where the source does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_milliseconds: Option<u64>,
    /// How many records are done with; the rest is tried again.
    pub succeeded: usize,
    /// The function's error, that it named failures, or why Lambda does not understand its answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What is wrong with an answer that Lambda takes nevertheless.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// The most memory that the function's process has had, in MB; absent where the system does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_mb: Option<u64>,
    /// What it may have at the most, in MB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mb: Option<u32>,
}

/// An item of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Row {
    /// The table's name.
    pub table: String,
    /// The item's key, as DynamoDB's JSON.
    pub key: String,
    /// Whether it was there before, and stays as it is (`overwrite: false`).
    pub kept: bool,
}

/// Records that a queue has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct DeadLetter {
    /// The queue's name.
    pub queue: String,
    /// The function's reason, or the mapping's condition; of a message that SQS moves itself, how often it was received, and when it is moved.
    pub reason: String,
    /// Where the records are from.
    pub location: Location,
    /// The first record's id there, of a stream its sequence number, of a queue the message's id.
    pub first: String,
    /// The last record's id there.
    pub last: String,
}

/// An event that a function failed to handle, or that did not reach it, and that is tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Retry {
    /// The function's name.
    pub function: String,
    /// Where the event comes from.
    pub location: Location,
    /// The event's id: that of Lambda's request.
    pub request: String,
    /// The function's error, or why the call did not reach it.
    pub reason: String,
    /// In how many seconds.
    pub seconds: u64,
}

/// An event that a function did not handle, was not let call, or that was not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct GivenUp {
    /// The function's name.
    pub function: String,
    /// Where the event comes from.
    pub location: Location,
    /// The event's id: that of Lambda's request.
    pub request: String,
    /// Lambda's condition, or why the event did not come so far.
    pub reason: String,
    /// The name of the queue, topic, bus or function that has it now; absent where it is lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// A call that a role has no right to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Denied {
    /// The role's name.
    pub role: String,
    /// The IAM action, as in `dynamodb:GetItem`.
    pub action: String,
    /// The ARN that it was called for; absent where the answer does not name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct LogLine {
    /// The function's name.
    pub function: String,
    /// The line.
    pub line: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_read_from_the_arn_of_a_stream_a_queue_or_a_table() {
        for (arn, service, name) in [
            ("arn:aws:kinesis:eu-west-1:111122223333:stream/events", "kinesis", Some("events")),
            ("arn:aws:sqs:eu-west-1:111122223333:orders.fifo", "sqs", Some("orders.fifo")),
            ("arn:aws:dynamodb:eu-west-1:111122223333:table/T/stream/2026-11-21T00:00:00.000", "dynamodb", Some("T")),
            ("no ARN", "", None),
        ] {
            let expected = Location { service: service.to_owned(), name: name.map(str::to_owned), part: None };
            assert_eq!(Location::of(arn, None), expected, "{arn}");
        }
        assert_eq!(Location::of("", Some("shard-1")).part.as_deref(), Some("shard-1"));
    }
}
